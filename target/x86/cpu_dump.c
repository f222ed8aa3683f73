/* SPDX-License-Identifier: MIT */
/* The CPU's registers as text, for -d cpu and "info registers": laid out as users of other emulators know it. */
#include <inttypes.h>

#include "base/bits.h"
#include "target/x86/cpu.h"

static const char *const names[16] = { "AX", "BX", "CX", "DX", "SI", "DI", "BP", "SP", "8 ", "9 ", "10", "11", "12", "13", "14", "15" };
static const uint8_t order[16] = { X86_RAX, X86_RBX, X86_RCX, X86_RDX, X86_RSI, X86_RDI, X86_RBP, X86_RSP, 8, 9, 10, 11, 12, 13, 14, 15 };

static void dump_general(const CPUX86State *env, FILE *out)
{
    bool wide = env->hflags & BF_CS64;

    for (unsigned i = 0; i < (wide ? 16u : 8u); i++) {
        if (wide)
            fprintf(out, "R%s=%016" PRIx64 "%s", names[i], env->regs[order[i]], i % 4 == 3 ? "\n" : " ");
        else
            fprintf(out, "E%s=%08" PRIx32 "%s", names[i], (uint32_t)env->regs[order[i]], i % 4 == 3 ? "\n" : " ");
    }
}

static void dump_flags(const CPUState *cs, const CPUX86State *env, FILE *out)
{
    uint32_t f = x86_get_eflags(env);

    fprintf(out, env->hflags & BF_CS64 ? "RIP=%016" PRIx64 " RFL=" : "EIP=%08" PRIx64 " EFL=", x86_get_eip(env));
    fprintf(out, "%08x [%c%c%c%c%c%c%c] CPL=%u II=%u A20=%u SMM=%u HLT=%u\n", f, f & EF_DF ? 'D' : '-', f & EF_OF ? 'O' : '-', f & EF_SF ? 'S' : '-',
            f & EF_ZF ? 'Z' : '-', f & EF_AF ? 'A' : '-', f & EF_PF ? 'P' : '-', f & EF_CF ? 'C' : '-', x86_cpl(env), !!(env->hflags & BF_INHIBIT),
            env->a20_mask_low >> 20 & 1, env->smm, cs->halted);
}

static void dump_segment(const char *name, const X86Segment *s, bool wide, FILE *out)
{
    fprintf(out, "%-3s=%04x %0*" PRIx64 " %08x %08x DPL=%u%s\n", name, s->selector, wide ? 16 : 8, s->base, s->limit, s->attr, SEG_DPL(s->attr),
            s->attr & SEG_P ? "" : " not present");
}

static void dump_system(const CPUX86State *env, FILE *out)
{
    static const char *const segs[] = { "ES", "CS", "SS", "DS", "FS", "GS" };
    bool wide = env->efer & EFER_LMA;
    int w = wide ? 16 : 8;

    for (unsigned i = 0; i < X86_NB_SEGS; i++)
        dump_segment(segs[i], &env->segs[i], wide, out);
    dump_segment("LDT", &env->ldt, wide, out);
    dump_segment("TR", &env->tr, wide, out);
    fprintf(out, "GDT=     %0*" PRIx64 " %08x\nIDT=     %0*" PRIx64 " %08x\n", w, env->gdt.base, env->gdt.limit, w, env->idt.base, env->idt.limit);
    fprintf(out, "CR0=%08" PRIx64 " CR2=%0*" PRIx64 " CR3=%0*" PRIx64 " CR4=%08" PRIx64 "\n", env->cr0, w, env->cr2, w, env->cr3, env->cr4);
    for (unsigned i = 0; i < 4; i++)
        fprintf(out, "DR%u=%0*" PRIx64 "%s", i, w, env->dr[i], i == 3 ? "\n" : " ");
    fprintf(out, "DR6=%0*" PRIx64 " DR7=%0*" PRIx64 "\nEFER=%016" PRIx64 "\n", w, env->dr[6], w, env->dr[7], env->efer);
}

static void dump_vectors(CPUState *cs, const CPUX86State *env, FILE *out)
{
    unsigned n = env->hflags & BF_CS64 ? 16 : 8;

    fprintf(out, "FCW=%04x FSW=%04x [ST=%u] FTW=%02x MXCSR=%08x\n", env->fpuc, x87_get_fpus(env), env->fpstt, env->fptag_valid, x86_get_mxcsr(cs));
    for (unsigned i = 0; i < 8; i++)
        fprintf(out, "FPR%u=%016" PRIx64 " %04x%s", i, env->fpregs[i].frac, env->fpregs[i].se, i % 2 ? "\n" : " ");
    if (env->xcr0 & XCR0_AVX) {
        for (unsigned i = 0; i < n; i++)
            fprintf(out, "YMM%02u=%016" PRIx64 " %016" PRIx64 " %016" PRIx64 " %016" PRIx64 "\n", i, env->vec[i].q[1].u64[1], env->vec[i].q[1].u64[0],
                    env->vec[i].q[0].u64[1], env->vec[i].q[0].u64[0]);
        return;
    }
    for (unsigned i = 0; i < n; i++)
        fprintf(out, "XMM%02u=%016" PRIx64 "%016" PRIx64 "%s", i, env->vec[i].q[0].u64[1], env->vec[i].q[0].u64[0], i % 2 ? "\n" : " ");
}

void x86_dump(CPUState *cs, FILE *out)
{
    const CPUX86State *env = x86_env(cs);

    dump_general(env, out);
    dump_flags(cs, env, out);
    dump_system(env, out);
    dump_vectors(cs, env, out);
}
