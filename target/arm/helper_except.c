/* SPDX-License-Identifier: MIT */
/*
 * Helpers of exception-generating instructions, ERET, and PSTATE changes that may let an interrupt in.
 *
 * Exceptions are taken here at once, without a long jump: the block then leaves by the CPU's new state.
 */
#include "base/bits.h"
#include "base/log.h"
#include "target/arm/debug.h"
#include "target/arm/helper_a64.h"
#include "target/arm/internals.h"
#include "target/arm/psci.h"

void helper_sync_exception(CPUState *cs, uint32_t syndrome, uint64_t pc)
{
    CPUARMState *env = arm_env(cs);

    env->exc.syndrome = syndrome;
    env->exc.far_valid = false;
    arm_take_exception(arm_cpu(cs), 0, pc);
}

void helper_exception_far(CPUState *cs, uint32_t syndrome, uint64_t pc, uint64_t far)
{
    CPUARMState *env = arm_env(cs);

    env->exc.syndrome = syndrome;
    env->exc.far = far;
    env->exc.far_valid = true;
    arm_take_exception(arm_cpu(cs), 0, pc);
}

/* The software step exception: its syndrome tells what was stepped before (D2.12.7). */
void helper_step_exception(CPUState *cs, uint64_t pc)
{
    helper_sync_exception(cs, ARM_SYN(EC_STEP_LOWER, arm_env(cs)->step_iss | DEBUG_FSC), pc);
}

/* bp_filter says that a breakpoint may match the instruction at pc, which is about to run. */
void helper_breakpoint_check(CPUState *cs, uint64_t pc)
{
    if (arm_breakpoint_matches(arm_cpu(cs), pc))
        arm_raise_sync(arm_cpu(cs), ARM_SYN(EC_BKPT_LOWER, DEBUG_FSC), NULL, GETPC());
}

/* HVC with PSCI behind it. pc: of the next instruction, stored first since some calls do not return. */
void helper_hvc(CPUState *cs, uint32_t imm, uint64_t pc)
{
    arm_env(cs)->pc = pc;
    arm_psci_call(arm_cpu(cs));
}

void helper_check_sp(CPUState *cs, uint64_t sp)
{
    if (sp & 15)
        arm_raise_sync(arm_cpu(cs), ARM_SYN(EC_SP_ALIGN, 0), NULL, GETPC());
}

/* Sets PSTATE, of which only DAIF differs from before. */
void helper_daif_write(CPUState *cs, uint32_t pstate)
{
    ArmCPU *cpu = arm_cpu(cs);
    CPUARMState *env = &cpu->env;
    uintptr_t ra = GETPC();
    bool debug = (env->pstate & ~pstate & PSTATE_D) && (env->mdscr_el1 & MDSCR_KDE) && ((env->mdscr_el1 & MDSCR_SS) || env->bp_filter[1]);

    if (env->pstate & PSTATE_D)
        env->step_iss = 0; /* this instruction is not stepped, if the next one is */
    env->pstate = pstate;
    if (!debug && !arm_interrupt_deliverable(cpu))
        return;
    /* Leave now: a window of unmasked interrupts may close before the block's next poll. */
    if (cpu_restore_state(cs, ra))
        env->pc += 4;
    env->pstate = pstate;
    cpu_loop_exit(cs);
}

void helper_spsel(CPUState *cs, uint32_t value)
{
    ArmCPU *cpu = arm_cpu(cs);
    arm_set_pstate(cpu, (arm_get_spsr(&cpu->env) & ~PSTATE_SP) | (value ? PSTATE_SP : 0));
}

/* DebugExceptionReturnSS (D2.12.4): PSTATE.SS after a return to el. */
static bool return_ss(const CPUARMState *env, uint32_t spsr, unsigned el)
{
    if (!(env->mdscr_el1 & MDSCR_SS) || arm_debug_enabled(env, 1, env->pstate))
        return false;
    return arm_debug_enabled(env, el, spsr) && (spsr & PSTATE_SS);
}

/* An SPSR that names no state to which EL1 may return (D1.4.4): AArch32, a higher EL, or EL0 with SP_EL1. */
static bool return_is_illegal(uint32_t spsr)
{
    return (spsr & 0x12) || (spsr >> PSTATE_EL_SHIFT & 3) > 1 || (spsr & 0xf) == 1;
}

void helper_eret(CPUState *cs, uint64_t elr)
{
    ArmCPU *cpu = arm_cpu(cs);
    CPUARMState *env = &cpu->env;
    uint32_t spsr = (uint32_t)env->spsr_el1, keep = PSTATE_SP | 3u << PSTATE_EL_SHIFT;

    if (return_is_illegal(spsr)) {
        keep |= PSTATE_SSBS;
        spsr = (spsr & ~(keep | PSTATE_BTYPE)) | (env->pstate & keep) | PSTATE_IL;
    }
    if (!return_ss(env, spsr, spsr >> PSTATE_EL_SHIFT & 3))
        spsr &= ~PSTATE_SS;
    if (!arm_step_active(env))
        env->step_iss = 0;
    env->exclusive = EXCLUSIVE_OPEN;
    env->pc = elr;
    arm_set_pstate(cpu, spsr);
    if (log_enabled(LOG_INT))
        log_printf(LOG_INT, "cpu %d: return to EL%u at 0x%llx, SPSR 0x%x\n", cs->index, arm_el(env), (unsigned long long)elr, spsr);
}
