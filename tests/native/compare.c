/* SPDX-License-Identifier: MIT */
/* Comparing outcomes; which instructions are not tested, and what of others is not compared, with the reasons. */
#include <capstone/capstone.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "target/x86/cpu.h"
#include "target/x86/decode_internal.h"
#include "tests/native/native.h"

/* ---- not tested ---- */
/* Regular expressions of whole mnemonics. */
static const struct { const char *mnemonics, *why; } skipped[] = {
    { "RDTSCP?|RDRAND|RDSEED|RDPID|RDPMC|CPUID|XGETBV", "gives what the machine is, not what the instruction does" },
    { "SYSCALL|SYSENTER", "enters the host's kernel" },
    { "IRET.?", "may set TF, AC and NT, and segments" },
    { "(CALL|JMP|RET)F|L[DEFGS]S|JMP_FAR|CALL_FAR|RET_FAR", "loads segments of the host's tables" },
    { "S[GIL]DT|STR|SMSW|LAR|LSL|VER[RW]", "shows the host's tables" },
    { "XSAVE.*|XRSTOR.*|RDPKRU|WRPKRU", "state that the host's kernel owns" },
    { "FXSAVE.*|FXRSTOR.*|FN?STENV|FN?SAVE|FLDENV|FRSTOR", "last instruction's and operand's addresses, which parts keep differently" },
    { "INT|INT[13O]", "is delivered within the instruction, which this test does not do" },
    { "VMCALL|VMMCALL", "is for a hypervisor" },
    { "MONITOR|MWAIT|CLFLUSH.*|CLWB", "nothing to see" },
};

static bool is_segment(const X86Row *row, unsigned k)
{
    unsigned how = x86_operand_specs[row->operand[k]].addressing;
    return how == X86_AM_S || how == X86_AM_SEGNAME;
}

const char *native_skip_reason(const X86Row *row)
{
    if (is_segment(row, 0) && strcmp(row->mnemonic, "PUSH"))
        return "loads segments of the host's tables";
    for (unsigned i = 0; i < sizeof(skipped) / sizeof(skipped[0]); i++) {
        g_autofree char *whole = g_strdup_printf("(%s)$", skipped[i].mnemonics);
        if (g_regex_match_simple(whole, row->mnemonic, G_REGEX_ANCHORED, 0))
            return skipped[i].why;
    }
    return NULL;
}

/* ---- printing ---- */
static void print_instructions(const NativeCase *c)
{
    csh cs;
    cs_insn *insns;
    if (cs_open(CS_ARCH_X86, native_bits == 64 ? CS_MODE_64 : native_bits == 32 ? CS_MODE_32 : CS_MODE_16, &cs) != CS_ERR_OK)
        return;
    for (unsigned k = 0; k < c->n_insns; k++) {
        unsigned at = c->offset[k], n = c->offset[k + 1] - at;
        printf("#   %llx %-10s", (unsigned long long)(c->code_at + at), c->rows[k]->mnemonic);
        for (unsigned b = 0; b < n; b++)
            printf(" %02x", c->code[at + b]);
        size_t got = cs_disasm(cs, c->code + at, n, c->code_at + at, 1, &insns);
        if (got) {
            printf("   %s %s", insns[0].mnemonic, insns[0].op_str);
            cs_free(insns, got);
        }
        printf("\n");
    }
    cs_close(&cs);
}

static void print_bytes(const uint8_t *p, unsigned n)
{
    while (n--)
        printf("%02x", p[n]);
}

void native_print_case(const NativeCase *c)
{
    const NativeState *s = &c->in;
    print_instructions(c);
    for (unsigned i = 0; i < 16; i++)
        printf("%s r%-2u %016llx%s", i % 4 ? "" : "#  ", i, (unsigned long long)s->regs[i], i % 4 == 3 ? "\n" : "");
    printf("#   flags %llx fs %llx gs %llx fcw %02x%02x fsw %02x%02x ftw %02x mxcsr %02x%02x\n", (unsigned long long)s->rflags, (unsigned long long)s->fs_base,
           (unsigned long long)s->gs_base, s->fx[1], s->fx[0], s->fx[3], s->fx[2], s->fx[4], s->fx[25], s->fx[24]);
}

/* ---- comparing ---- */
typedef struct Compare { const NativeCase *c; bool print, same; } Compare;

static void differ(Compare *m, const char *what, const void *in, const void *host, const void *guest, unsigned n)
{
    m->same = false;
    if (!m->print)
        return;
    printf("#   %-8s in ", what);
    print_bytes(in, n);
    printf(" host ");
    print_bytes(host, n);
    printf(" guest ");
    print_bytes(guest, n);
    printf("\n");
}

static void bytes(Compare *m, const char *what, const void *in, const void *host, const void *guest, unsigned n)
{
    if (memcmp(host, guest, n))
        differ(m, what, in, host, guest, n);
}

static void numbered(Compare *m, const char *name, unsigned i, const void *in, const void *host, const void *guest, unsigned n)
{
    char what[24];
    snprintf(what, sizeof(what), "%s%u", name, i);
    bytes(m, what, in, host, guest, n);
}

static void compare_fp(Compare *m, const uint8_t *in, const uint8_t *h, const uint8_t *g)
{
    bytes(m, "fcw", in + FX_FCW, h + FX_FCW, g + FX_FCW, 2);
    bytes(m, "fsw", in + FX_FSW, h + FX_FSW, g + FX_FSW, 2);
    bytes(m, "ftw", in + FX_FTW, h + FX_FTW, g + FX_FTW, 1);
    bytes(m, "mxcsr", in + FX_MXCSR, h + FX_MXCSR, g + FX_MXCSR, 4);
    for (unsigned i = 0; i < 8; i++)
        numbered(m, "st", i, in + FX_ST0 + 16 * i, h + FX_ST0 + 16 * i, g + FX_ST0 + 16 * i, 10);
    for (unsigned i = 0; i < 16; i++)
        numbered(m, "xmm", i, in + FX_XMM0 + 16 * i, h + FX_XMM0 + 16 * i, g + FX_XMM0 + 16 * i, 16);
}

static void compare_memory(Compare *m, const NativeState *in, const NativeState *h, const NativeState *g)
{
    unsigned shown = 0;
    if (!memcmp(h->mem, g->mem, NATIVE_DATA_SIZE))
        return;
    m->same = false;
    for (unsigned at = 0; m->print && at < NATIVE_DATA_SIZE && shown < 8; at += 8) {
        char what[24];
        if (!memcmp(h->mem + at, g->mem + at, 8))
            continue;
        snprintf(what, sizeof(what), "%llx", (unsigned long long)(NATIVE_DATA + at));
        differ(m, what, in->mem + at, h->mem + at, g->mem + at, 8);
        shown++;
    }
}

/* ---- what is the host's own ---- */
/* The instruction that the host stopped at, or NULL. */
static const X86Row *row_at_end(const NativeCase *c, const NativeOutcome *host)
{
    for (unsigned k = 0; k < c->n_insns; k++) {
        if (c->code_at + c->offset[k] - native_code_base() == host->state.rip)
            return c->rows[k];
    }
    return NULL;
}

/* Address sanitizer's shadow of memory, where 32-bit jumps reach. */
static bool in_shadow(uint64_t address)
{
#ifdef __SANITIZE_ADDRESS__
    return address >= 0x7fff8000ull && address < 0x10007fff8000ull;
#else
    (void)address;
    return false;
#endif
}

/* Makes parts of the guest's outcome the host's where what the host leaves is not the instruction's doing. */
static void excuse(const NativeCase *c, const NativeOutcome *host, NativeOutcome *guest)
{
    const X86Row *last = row_at_end(c, host);
    if (host->vector == EXCP_GP && guest->vector == EXCP_SS && last && last->attr & X86_ATTR_ALIGN) /* misaligned and beyond the stack's limit: either may win */
        guest->vector = EXCP_GP;
    if (host->vector != EXCP_PF || guest->vector != EXCP_PF)
        return;
    if (host->cr2 >> 63 || in_shadow(host->cr2)) /* the host's kernel, or the sanitizer, has a page there */
        guest->error = (guest->error & ~PF_P) | (host->error & PF_P);
    if (last && strstr(last->mnemonic, "MASKMOV") && !((host->cr2 ^ guest->cr2) >> 12)) /* masked stores name no byte in particular */
        guest->cr2 = host->cr2;
}

bool native_compare(const NativeCase *c, const NativeOutcome *host, NativeOutcome *guest, bool print)
{
    if (host->vector == EXCP_GP && host->error) /* a selector's: a jump found an instruction that is not tested within another */
        return true;
    excuse(c, host, guest);
    Compare m = { c, print, true };
    const NativeState *in = &c->in, *h = &host->state, *g = &guest->state;
    if (host->vector != guest->vector || host->error != guest->error || host->cr2 != guest->cr2 || guest->hung) {
        m.same = false;
        if (print)
            printf("#   vector host %u error %x cr2 %llx guest %u error %x cr2 %llx%s\n", host->vector, host->error, (unsigned long long)host->cr2, guest->vector, guest->error,
                   (unsigned long long)guest->cr2, guest->hung ? " hung" : "");
    }
    for (unsigned i = 0; i < 16; i++)
        numbered(&m, "r", i, &in->regs[i], &h->regs[i], &g->regs[i], 8);
    bytes(&m, "rip", &in->rip, &h->rip, &g->rip, 8);
    bytes(&m, "rflags", &in->rflags, &h->rflags, &g->rflags, 8);
    if (native_bits == 64) {
        bytes(&m, "fs", &in->fs_base, &h->fs_base, &g->fs_base, 8);
        bytes(&m, "gs", &in->gs_base, &h->gs_base, &g->gs_base, 8);
    }
    compare_fp(&m, in->fx, h->fx, g->fx);
    for (unsigned i = 0; i < 16; i++)
        numbered(&m, "ymmh", i, in->ymmh[i], h->ymmh[i], g->ymmh[i], 16);
    compare_memory(&m, in, h, g);
    return m.same;
}
