/* SPDX-License-Identifier: MIT */
/* Helpers of the translation frame and the core instructions. */
#include "target/x86/helper_base.h"

#include "base/bits.h"

void helper_exception(CPUState *cs, uint32_t vector) { x86_raise(x86_cpu(cs), (int)vector, GETPC()); }
void helper_exception_error(CPUState *cs, uint32_t vector, uint32_t error) { x86_raise_error(x86_cpu(cs), (int)vector, error, GETPC()); }

/* After MOV SS and POP SS, whose shadow has just begun, the trap is lost (SDM vol. 3, 6.8.3). */
void helper_single_step(CPUState *cs)
{
    if (!(x86_env(cs)->hflags & BF_INHIBIT))
        x86_raise_db(x86_cpu(cs), DR6_BS, 0);
}

void helper_breakpoint(CPUState *cs, uint64_t pc) { x86_check_breakpoint(x86_cpu(cs), pc, GETPC()); }

void helper_check_limit(CPUState *cs, uint64_t eip)
{
    if (eip > x86_env(cs)->segs[X86_SEG_CS].limit)
        x86_raise_gp0(x86_cpu(cs), GETPC());
}

void helper_check_canonical(CPUState *cs, uint64_t eip)
{
    if (!x86_is_canonical(x86_env(cs), eip))
        x86_raise_gp0(x86_cpu(cs), GETPC());
}

uint64_t helper_seg_linear(CPUState *cs, uint32_t seg, uint64_t offset, uint32_t access)
{
    return x86_seg_linear(x86_cpu(cs), seg, offset, access & 0xffff, access & SEG_LINEAR_WRITE, GETPC());
}

uint32_t helper_flags_of(uint32_t cc_op, uint64_t dst, uint64_t src, uint64_t src2, uint64_t inc) { return x86_flags_of(cc_op, dst, src, src2, inc); }

uint64_t helper_lock_neg(CPUState *cs, uint64_t va, uint32_t mo)
{
    uintptr_t ra = GETPC();
    uint64_t old = mmu_ld(cs, va, mo, ra), seen;

    while ((seen = mmu_atom_cas(cs, va, old, extract64(-old, 0, 8u << MO_SIZE(mo)), mo, ra)) != old)
        old = seen;
    return old;
}

/* ---- PUSHF and POPF (SDM vol. 2) ---- */
/* Virtual-8086 mode with IOPL < 3: only the 16-bit forms, only with VME, and then IF is VIF. */
static bool needs_vme(const CPUX86State *env) { return env->hflags & BF_VM && !(env->hflags & BF_IOPL_OK); }

uint32_t helper_pushf(CPUState *cs, uint32_t bytes)
{
    const CPUX86State *env = x86_env(cs);
    uint32_t ef = x86_get_eflags(env) & ~(EF_VM | EF_RF);

    if (!(env->cr4 & CR4_VME) || bytes != 2)
        x86_raise_gp0(x86_cpu(cs), GETPC());
    return (ef & ~EF_IF) | EF_IOPL | (ef & EF_VIF ? EF_IF : 0);
}

static void popf_vme(CPUState *cs, uint32_t image, uintptr_t ra)
{
    CPUX86State *env = x86_env(cs);
    uint32_t mask = EF_ARITH | EF_DF | EF_TF | EF_NT;

    if (image & EF_TF || (image & EF_IF && env->eflags & EF_VIP))
        x86_raise_gp0(x86_cpu(cs), ra);
    image = (image & ~EF_VIF) | (image & EF_IF ? EF_VIF : 0);
    x86_set_eflags(env, image, mask | EF_VIF);
}

void helper_popf(CPUState *cs, uint32_t image, uint32_t bytes)
{
    CPUX86State *env = x86_env(cs);
    uint32_t mask = EF_ARITH | EF_DF | EF_TF | EF_NT;

    if (needs_vme(env)) {
        if (!(env->cr4 & CR4_VME) || bytes != 2)
            x86_raise_gp0(x86_cpu(cs), GETPC());
        popf_vme(cs, image, GETPC());
        return;
    }
    if (env->hflags & BF_IOPL_OK)
        mask |= EF_IF;
    if (x86_cpl(env) == 0)
        mask |= EF_IOPL;
    if (bytes > 2)
        mask |= EF_AC | EF_ID;
    x86_set_eflags(env, image & ~EF_RF, mask | (bytes > 2 ? EF_RF : 0));
}

#define HELPER IR_HELPER_DEFINE
#include "target/x86/helper_base.def"
#undef HELPER
