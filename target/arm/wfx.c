/* SPDX-License-Identifier: MIT */
/*
 * WFI and WFE.
 *
 * WFI halts the vCPU until an interrupt is pending, masked or not. WFE returns to the loop without halting: the event register
 * is taken to be always set, which the architecture allows, and the vCPU gives way to the others instead of spinning.
 */
#include <sched.h>

#include "accel/ir/helper.h"
#include "target/arm/cpu.h"
#include "target/arm/wfx.h"

#define SCTLR_NTWI (1ull << 16)
#define SCTLR_NTWE (1ull << 18)
#define ISS_COND_ALWAYS 0x1e00000u /* CV = 1, COND = 0b1110 */

/* Makes pc the next instruction's, whether or not the caller stored it: generated code is unwound to this one first. */
static void finish_insn(CPUState *cs, uintptr_t ra)
{
    if (ra && cpu_restore_state(cs, ra))
        arm_env(cs)->pc += 4;
    arm_env(cs)->pstate &= ~(PSTATE_BTYPE | PSTATE_SS);
}

void helper_wfi(CPUState *cs)
{
    uintptr_t ra = GETPC();
    ArmCPU *cpu = arm_cpu(cs);

    if (arm_el(&cpu->env) == 0 && !(cpu->env.sctlr_el1 & SCTLR_NTWI))
        arm_raise_sync(cpu, ARM_SYN(EC_WFX, ISS_COND_ALWAYS), NULL, ra);
    if (arm_has_work(cs))
        return;
    finish_insn(cs, ra);
    cs->halted = true;
    cs->exception_index = EXCP_HLT;
    cpu_loop_exit(cs);
}

void helper_wfe(CPUState *cs)
{
    uintptr_t ra = GETPC();
    ArmCPU *cpu = arm_cpu(cs);

    if (arm_el(&cpu->env) == 0 && !(cpu->env.sctlr_el1 & SCTLR_NTWE))
        arm_raise_sync(cpu, ARM_SYN(EC_WFX, ISS_COND_ALWAYS | 1), NULL, ra);
    finish_insn(cs, ra);
    sched_yield();
    cs->exception_index = EXCP_INTERRUPT;
    cpu_loop_exit(cs);
}

#define HELPER IR_HELPER_DEFINE
#include "target/arm/helper_sys.def"
#undef HELPER
