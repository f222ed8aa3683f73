/* SPDX-License-Identifier: MIT */
/*
 * Control registers, XCR0, and the moves to and from debug registers (Intel SDM vol. 3, 2.5, 2.6, 17.2; vol. 2, MOV).
 *
 * Each write checks all that raises #GP first. IA-32e mode begins and ends here: EFER.LMA follows CR0.PG while EFER.LME is set.
 */
#include "target/x86/segment_internal.h"

#define CR0_DEFINED (CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG)
#define CR3_NO_FLUSH (1ull << 63)
#define TSS32_TYPE 0x800u
#define DR6_WRITABLE 0xe00full
#define DR7_ZERO 0xd000ull

static bool uses_pdptes(uint64_t cr0, uint64_t cr4, uint64_t efer)
{
    return (cr0 & CR0_PG) && (cr4 & CR4_PAE) && !(efer & EFER_LME);
}

/* ---- CR0 ---- */
/* What setting PG asks for beside PE. */
static bool may_enable_paging(CPUX86State *env)
{
    if (!(env->efer & EFER_LME))
        return true;
    return (env->cr4 & CR4_PAE) && !(env->segs[X86_SEG_CS].attr & SEG_L) && (!(env->tr.attr & SEG_P) || (env->tr.attr & TSS32_TYPE));
}

static void check_cr0(X86CPU *cpu, uint64_t value, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    bool enables = (value & CR0_PG) && !(env->cr0 & CR0_PG), disables = !(value & CR0_PG) && (env->cr0 & CR0_PG);

    if (value >> 32 || ((value & CR0_PG) && !(value & CR0_PE)) || ((value & CR0_NW) && !(value & CR0_CD)))
        x86_raise_gp0(cpu, ra);
    if (enables && !may_enable_paging(env))
        x86_raise_gp0(cpu, ra);
    if (disables && ((env->hflags & BF_CS64) || (env->cr4 & CR4_PCIDE)))
        x86_raise_gp0(cpu, ra);
}

void x86_write_cr0(X86CPU *cpu, uint64_t value, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;

    check_cr0(cpu, value, ra);
    value = (value & CR0_DEFINED) | CR0_ET;
    uint64_t changed = value ^ env->cr0;
    if ((changed & (CR0_PG | CR0_CD | CR0_NW)) && uses_pdptes(value, env->cr4, env->efer) && !x86_load_pdptes(cpu, env->cr3))
        x86_raise_gp0(cpu, ra);
    env->cr0 = value;
    if ((changed & CR0_PG) && (env->efer & EFER_LME))
        x86_set_efer(cpu, value & CR0_PG ? env->efer | EFER_LMA : env->efer & ~(uint64_t)EFER_LMA);
    x86_update_hflags(env);
    if (changed & (CR0_PG | CR0_WP | CR0_PE)) {
        x86_paging_flush(cpu, true);
        x86_paging_new_cr3(cpu, false);
    }
}

/* LMSW sets PE but never clears it. */
void x86_load_msw(X86CPU *cpu, uint16_t value, uintptr_t ra)
{
    uint64_t cr0 = cpu->env.cr0;
    x86_write_cr0(cpu, (cr0 & ~0xeull) | (value & 0xf), ra);
}

/* ---- CR3 ---- */
void x86_write_cr3(X86CPU *cpu, uint64_t value, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    bool keep = (env->cr4 & CR4_PCIDE) && (value & CR3_NO_FLUSH);

    if (env->cr4 & CR4_PCIDE)
        value &= ~CR3_NO_FLUSH;
    if (x86_lma(env) && value >> cpu->phys_bits)
        x86_raise_gp0(cpu, ra);
    if (uses_pdptes(env->cr0, env->cr4, env->efer) && !x86_load_pdptes(cpu, value))
        x86_raise_gp0(cpu, ra);
    env->cr3 = value;
    x86_paging_new_cr3(cpu, keep);
}

/* ---- CR4 ---- */
uint64_t x86_cr4_reserved(const X86CPU *cpu)
{
    static const struct { uint32_t bit; uint16_t feature; } rows[] = {
        { CR4_VME | CR4_PVI, X86_FEAT_VME }, { CR4_TSD, X86_FEAT_TSC },           { CR4_DE, X86_FEAT_DE },       { CR4_PSE, X86_FEAT_PSE },
        { CR4_PAE, X86_FEAT_PAE },           { CR4_MCE, X86_FEAT_MCE },           { CR4_PGE, X86_FEAT_PGE },     { CR4_OSFXSR, X86_FEAT_FXSR },
        { CR4_OSXMMEXCPT, X86_FEAT_SSE },    { CR4_UMIP, X86_FEAT_UMIP },         { CR4_LA57, X86_FEAT_LA57 },   { CR4_FSGSBASE, X86_FEAT_FSGSBASE },
        { CR4_PCIDE, X86_FEAT_PCID },        { CR4_OSXSAVE, X86_FEAT_XSAVE },     { CR4_SMEP, X86_FEAT_SMEP },   { CR4_SMAP, X86_FEAT_SMAP },
        { CR4_PKE, X86_FEAT_PKU },
    };
    uint64_t valid = CR4_PCE;

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        valid |= x86_has(&cpu->features, rows[i].feature) ? rows[i].bit : 0;
    return ~valid;
}

static void check_cr4(X86CPU *cpu, uint64_t value, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    uint64_t changed = value ^ env->cr4;
    bool bad = value & x86_cr4_reserved(cpu);

    if (x86_lma(env))
        bad = bad || !(value & CR4_PAE) || (changed & CR4_LA57);
    if (changed & value & CR4_PCIDE)
        bad = bad || !x86_lma(env) || (env->cr3 & 0xfff);
    if (bad)
        x86_raise_gp0(cpu, ra);
}

void x86_write_cr4(X86CPU *cpu, uint64_t value, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    uint64_t changed = value ^ env->cr4, paging = CR4_PSE | CR4_PAE | CR4_PGE | CR4_PCIDE | CR4_SMEP | CR4_SMAP | CR4_PKE | CR4_LA57;

    check_cr4(cpu, value, ra);
    if ((changed & (CR4_PGE | CR4_PSE | CR4_PAE | CR4_SMEP)) && uses_pdptes(env->cr0, value, env->efer)) {
        uint64_t old = env->cr4;
        env->cr4 = value;
        if (!x86_load_pdptes(cpu, env->cr3)) {
            env->cr4 = old;
            x86_raise_gp0(cpu, ra);
        }
    }
    env->cr4 = value;
    x86_update_hflags(env);
    if (changed & (CR4_DE))
        x86_debug_update(cpu);
    if (changed & paging) {
        x86_paging_flush(cpu, true);
        x86_paging_new_cr3(cpu, false);
    }
}

/* ---- CR8: the APIC's task priority ---- */
uint64_t x86_read_cr8(X86CPU *cpu)
{
    uint64_t value = 0;

    if (cpu->apic.get_cr8)
        value = cpu->apic.get_cr8(cpu->apic.opaque);
    return value;
}

void x86_write_cr8(X86CPU *cpu, uint64_t value, uintptr_t ra)
{
    if (value > 15)
        x86_raise_gp0(cpu, ra);
    if (cpu->apic.set_cr8)
        cpu->apic.set_cr8(cpu->apic.opaque, (uint8_t)value);
}

/* ---- XCR0 ---- */
static uint64_t xcr0_supported(const X86CPU *cpu)
{
    uint64_t mask = XCR0_X87 | XCR0_SSE;
    mask |= x86_has(&cpu->features, X86_FEAT_AVX) ? XCR0_AVX : 0;
    mask |= x86_has(&cpu->features, X86_FEAT_PKU) ? XCR0_PKRU : 0;
    return mask;
}

static void check_osxsave(X86CPU *cpu, uintptr_t ra)
{
    if (!(cpu->env.cr4 & CR4_OSXSAVE))
        x86_raise(cpu, EXCP_UD, ra);
}

/* Index 1 asks which components are in use: all that are enabled, as the architecture allows. */
uint64_t x86_xgetbv(X86CPU *cpu, uint32_t index, uintptr_t ra)
{
    check_osxsave(cpu, ra);
    if (index > 1 || (index == 1 && !x86_has(&cpu->features, X86_FEAT_XGETBV1)))
        x86_raise_gp0(cpu, ra);
    return cpu->env.xcr0;
}

void x86_xsetbv(X86CPU *cpu, uint32_t index, uint64_t value, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;

    check_osxsave(cpu, ra);
    bool ok = index == 0 && (value & XCR0_X87) && !(value & ~xcr0_supported(cpu)) && (!(value & XCR0_AVX) || (value & XCR0_SSE));
    if (!ok)
        x86_raise_gp0(cpu, ra);
    env->xcr0 = value;
    x86_update_hflags(env);
}

/* ---- debug registers ---- */
/* DR4 and DR5 are other names of DR6 and DR7, unless CR4.DE takes them away; DR7.GD guards all. */
static unsigned check_dr(X86CPU *cpu, unsigned n, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;

    if (n > 7 || ((n == 4 || n == 5) && (env->cr4 & CR4_DE)))
        x86_raise(cpu, EXCP_UD, ra);
    if (env->dr[7] & DR7_GD) {
        env->dr[7] &= ~(uint64_t)DR7_GD;
        env->dr[6] |= DR6_BD;
        x86_raise(cpu, EXCP_DB, ra);
    }
    return n == 4 || n == 5 ? n + 2 : n;
}

uint64_t x86_read_dr(X86CPU *cpu, unsigned n, uintptr_t ra)
{
    return cpu->env.dr[check_dr(cpu, n, ra)];
}

void x86_write_dr(X86CPU *cpu, unsigned n, uint64_t value, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;

    n = check_dr(cpu, n, ra);
    if (n >= 6 && value >> 32)
        x86_raise_gp0(cpu, ra);
    if (n == 6)
        value = (value & DR6_WRITABLE) | DR6_FIXED1;
    else if (n == 7)
        value = (value & ~DR7_ZERO) | DR7_FIXED1;
    env->dr[n] = value;
    if (n != 6)
        x86_debug_update(cpu);
    x86_update_hflags(env);
}
