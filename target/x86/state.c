/* SPDX-License-Identifier: MIT */
/*
 * The block flags: what of the CPU's state, beside pc, translation depends on (BF_* in cpu.h).
 *
 * They are kept in env->hflags by whoever changes what they are made of, so that looking up a block costs nothing. BF_INHIBIT lives there only.
 * RF matters for breakpoints alone: where none is enabled it is dropped at once, as the next instruction would do.
 */
#include "base/bits.h"
#include "target/x86/cpu.h"

#define MXCSR_MASKS 0x1f80u
#define DR7_ENABLES 0xffu

static bool is_vm86(const CPUX86State *env) { return (env->eflags & EF_VM) && (env->cr0 & CR0_PE); }

static unsigned current_cpl(const CPUX86State *env)
{
    if (!(env->cr0 & CR0_PE))
        return 0;
    return env->eflags & EF_VM ? 3 : SEG_DPL(env->segs[X86_SEG_SS].attr);
}

/* Base 0, 4 GiB. */
static bool covers_all(const X86Segment *seg) { return seg->base == 0 && seg->limit == 0xffffffff; }

/* Any access that is no fetch is allowed through it, at its offset. */
static bool is_flat_data(const CPUX86State *env, unsigned n)
{
    const X86Segment *seg = &env->segs[n];
    uint32_t need = SEG_P | SEG_W;

    if (!(env->cr0 & CR0_PE) || is_vm86(env))
        return covers_all(seg);
    return covers_all(seg) && (seg->attr & need) == need && !(seg->attr & SEG_CODE) && !(seg->attr & SEG_E);
}

/* Loads with a CS override, and fetches. */
static bool is_flat_code(const CPUX86State *env)
{
    const X86Segment *seg = &env->segs[X86_SEG_CS];
    return covers_all(seg) && (!(env->cr0 & CR0_PE) || is_vm86(env) || (seg->attr & SEG_W));
}

static bool is_segmented(const CPUX86State *env)
{
    return !is_flat_data(env, X86_SEG_ES) || !is_flat_data(env, X86_SEG_SS) || !is_flat_data(env, X86_SEG_DS) || !is_flat_code(env);
}

static uint32_t mode_flags(const CPUX86State *env)
{
    uint32_t f = 0, cs = env->segs[X86_SEG_CS].attr;

    if (env->efer & EFER_LMA)
        f |= BF_LMA | (cs & SEG_L ? BF_CS64 : 0);
    if (!(f & BF_CS64)) {
        f |= cs & SEG_DB ? BF_CS32 : 0;
        f |= env->segs[X86_SEG_SS].attr & SEG_DB ? BF_SS32 : 0;
        f |= is_segmented(env) ? BF_SEGMENTED : 0;
    }
    f |= env->cr0 & CR0_PE ? BF_PE : 0;
    f |= is_vm86(env) ? BF_VM : 0;
    f |= env->cr4 & CR4_LA57 && f & BF_CS64 ? BF_LA57 : 0;
    f |= env->smm ? BF_SMM : 0;
    return f;
}

static uint32_t mmu_index(const CPUX86State *env, unsigned cpl)
{
    if (cpl == 3)
        return X86_MMU_USER;
    return env->cr4 & CR4_SMAP && !(env->eflags & EF_AC) ? X86_MMU_KERNEL_SMAP : X86_MMU_KERNEL;
}

static uint32_t privilege_flags(const CPUX86State *env)
{
    unsigned cpl = current_cpl(env), iopl = (env->eflags & EF_IOPL) >> EF_IOPL_SHIFT;
    uint32_t f = cpl << BF_CPL_SHIFT | mmu_index(env, cpl) << BF_MMU_SHIFT;

    f |= cpl <= iopl || !(env->cr0 & CR0_PE) ? BF_IOPL_OK : 0;
    f |= env->cr0 & CR0_AM && env->eflags & EF_AC && cpl == 3 ? BF_ALIGN : 0;
    return f;
}

static uint32_t fp_flags(const CPUX86State *env)
{
    uint32_t f = 0;

    f |= env->cr0 & CR0_EM ? BF_EM : 0;
    f |= env->cr0 & CR0_TS ? BF_TS : 0;
    f |= env->cr0 & CR0_MP ? BF_MP : 0;
    f |= env->cr4 & CR4_OSFXSR ? BF_OSFXSR : 0;
    f |= env->cr4 & CR4_OSXSAVE && (env->xcr0 & (XCR0_SSE | XCR0_AVX)) == (XCR0_SSE | XCR0_AVX) ? BF_AVX : 0;
    f |= (env->mxcsr & MXCSR_MASKS) != MXCSR_MASKS ? BF_FP_SLOW : 0;
    return f;
}

/* An enabled breakpoint of DR7 whose R/W field is kind. */
static bool has_breakpoint(const CPUX86State *env, unsigned kind)
{
    uint64_t dr7 = env->dr[7];

    for (unsigned n = 0; dr7 & DR7_ENABLES && n < 4; n++) {
        if (dr7 >> n * 2 & 3 && (dr7 >> (16 + n * 4) & 3) == kind)
            return true;
    }
    return false;
}

static uint32_t debug_flags(CPUX86State *env)
{
    uint32_t f = env->eflags & EF_TF || env->watch_step ? BF_TF : 0;

    f |= has_breakpoint(env, 0) ? BF_BREAK : 0;
    f |= env->cr4 & CR4_DE && has_breakpoint(env, 2) ? BF_IOBREAK : 0;
    if (!(f & BF_BREAK))
        env->eflags &= ~EF_RF;
    return f | (env->eflags & EF_RF ? BF_RF : 0);
}

void x86_update_hflags(CPUX86State *env)
{
    env->hflags = (env->hflags & BF_INHIBIT) | mode_flags(env) | privilege_flags(env) | fp_flags(env) | debug_flags(env);
}

bool x86_is_canonical(const CPUX86State *env, uint64_t va)
{
    unsigned unused = env->cr4 & CR4_LA57 ? 64 - 57 : 64 - 48;
    return (uint64_t)((int64_t)(va << unused) >> unused) == va;
}

void x86_get_block_state(CPUState *cs, uint64_t *pc, uint64_t *flags)
{
    const CPUX86State *env = x86_env(cs);

    *pc = env->pc;
    *flags = env->hflags;
    if (!(env->hflags & BF_CS64))
        *flags |= (uint64_t)(uint32_t)env->segs[X86_SEG_CS].base << 32;
    if (cs->high_by_asid && x86_cpl(env) != 3)
        *flags |= BF_HIGH_ASID;
}
