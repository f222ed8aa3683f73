/* SPDX-License-Identifier: MIT */
/* The block flags: everything in the CPU's state, pc excepted, that translation depends on. One bit each, see BF_* in cpu.h. */
#include "base/bits.h"
#include "target/arm/cpu.h"
#include "target/arm/debug.h"

#define SCTLR_A BIT(1)
#define SCTLR_SA BIT(3)
#define SCTLR_SA0 BIT(4)
#define SCTLR_DZE BIT(14)
#define SCTLR_E0E BIT(24)
#define SCTLR_EE BIT(25)
#define SCTLR_UCI BIT(26)
#define SCTLR_BT0 BIT(35)
#define SCTLR_BT1 BIT(36)
#define TCR_TBI0_SHIFT 37
#define TCR_TBID0_SHIFT 51
#define FPCR_SLOW (BIT(24) | BIT(19)) /* FZ, FZ16 */

static uint64_t sctlr_flags(const ArmCPU *cpu, unsigned el)
{
    uint64_t sctlr = cpu->env.sctlr_el1, flags = 0;

    flags |= sctlr & SCTLR_A ? BF_ALIGN : 0;
    flags |= sctlr & (el ? SCTLR_SA : SCTLR_SA0) ? BF_ALIGN_SP : 0;
    flags |= sctlr & (el ? SCTLR_EE : SCTLR_E0E) ? BF_BIG_ENDIAN : 0;
    if (arm_has(cpu, ARM_FEAT_bti))
        flags |= sctlr & (el ? SCTLR_BT1 : SCTLR_BT0) ? BF_BT : 0;
    if (!el)
        flags |= (sctlr & SCTLR_UCI ? BF_UCI : 0) | (sctlr & SCTLR_DZE ? BF_DZE : 0);
    if (arm_has(cpu, ARM_FEAT_pauth)) /* EnIA 31, EnIB 30, EnDA 27, EnDB 13 */
        flags |= ((sctlr >> 31 & 1) | (sctlr >> 30 & 1) << 1 | (sctlr >> 27 & 1) << 2 | (sctlr >> 13 & 1) << 3) << BF_PAUTH_SHIFT;
    return flags;
}

/* Instruction addresses ignore the top byte where TBI is set and TBID is not. TBID is part of pointer authentication. */
static uint64_t tbi_flags(const ArmCPU *cpu)
{
    uint64_t tcr = cpu->env.tcr_el1, tbi = tcr >> TCR_TBI0_SHIFT & 3;

    if (arm_has(cpu, ARM_FEAT_pauth))
        tbi &= ~(tcr >> TCR_TBID0_SHIFT);
    return (tbi & 3) << BF_TBI_SHIFT;
}

static bool fp_traps(const CPUARMState *env, unsigned el)
{
    unsigned fpen = env->cpacr_el1 >> 20 & 3;
    return !(fpen & 1) || (fpen == 1 && el == 0);
}

void arm_get_block_state(CPUState *cs, uint64_t *pc, uint64_t *flags)
{
    const ArmCPU *cpu = arm_cpu(cs);
    const CPUARMState *env = &cpu->env;
    uint32_t pstate = env->pstate;
    unsigned el = arm_el(env);
    uint64_t f = (uint64_t)el << BF_EL_SHIFT | (uint64_t)arm_data_mmu_index(env) << BF_MMU_SHIFT;

    f |= (uint64_t)((pstate & PSTATE_BTYPE) >> PSTATE_BTYPE_SHIFT) << BF_BTYPE_SHIFT;
    f |= fp_traps(env, el) ? BF_FP_TRAP : 0;
    f |= env->fpcr & FPCR_SLOW ? BF_FP_SLOW : 0;
    f |= pstate & PSTATE_IL ? BF_IL : 0;
    f |= el && (pstate & PSTATE_UAO) ? BF_UNPRIV_EL1 : 0;
    f |= pstate & PSTATE_SP ? BF_SPSEL : 0;
    f |= el && cs->high_by_asid ? BF_HIGH_ASID : 0;
    if (UNLIKELY(env->bp_filter[el]) && arm_debug_enabled(env, el, pstate))
        f |= BF_BREAK | (env->bp_filter[el] & arm_breakpoint_bit(env->pc) ? BF_SLOW : 0);
    if (arm_step_active(env))
        f |= BF_SS | (pstate & PSTATE_SS ? BF_SS_PSTATE : 0);
    f |= sctlr_flags(cpu, el) | tbi_flags(cpu);
    /* An exit to the slow block may come through here, when it could not be a direct link. */
    if (UNLIKELY(env->sp & 15) && (f & BF_ALIGN_SP))
        f |= BF_SLOW;
    *flags = f;
    *pc = env->pc;
}
