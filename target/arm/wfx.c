/* SPDX-License-Identifier: MIT */
/*
 * WFI, WFE, SEV and YIELD (D1.6).
 *
 * WFI halts the vCPU until an interrupt is pending, masked or not. WFE consumes the event register; without an event it waits, as
 * long as what may wake it allows:
 *
 *   the exclusive monitor is armed    another CPU's store to the location is an event, which nothing here sees: the loop around the
 *                                     WFE polls, and sleeps only when others want the host's core (cpus/spin.c)
 *   the event stream is on            until the counter's next edge
 *   neither                           it halts: only SEV and interrupts can end it
 *
 * A WFE may end early; what is not done is to lose an event. The sleeper stores waiting_event, then looks at the event register; SEV stores the
 * event, then looks at waiting_event, both sequentially consistent: one of the two sees the other.
 */
#include "accel/ir/helper.h"
#include "base/bits.h"
#include "target/arm/internals.h"
#include "target/arm/timer.h"
#include "target/arm/wfx.h"

#define SCTLR_NTWI (1ull << 16)
#define SCTLR_NTWE (1ull << 18)
#define CNTKCTL_EVNTEN (1u << 2)
#define CNTKCTL_EVNTDIR (1u << 3)
#define ISS_COND_ALWAYS 0x1e00000u /* CV = 1, COND = 0b1110 */

/* Makes pc the next instruction's, whether or not the caller stored it: generated code is unwound to this one first. */
static void finish_insn(CPUState *cs, uintptr_t ra)
{
    if (ra && cpu_restore_state(cs, ra))
        arm_env(cs)->pc += 4;
    arm_env(cs)->pstate &= ~(PSTATE_BTYPE | PSTATE_SS);
}

static void __attribute__((noreturn)) leave(CPUState *cs, int why)
{
    cs->halted = why == EXCP_HLT;
    cs->exception_index = why;
    cpu_loop_exit(cs);
}

void helper_wfi(CPUState *cs)
{
    uintptr_t ra = GETPC();
    ArmCPU *cpu = arm_cpu(cs);

    if (arm_el(&cpu->env) == 0 && !(cpu->env.sctlr_el1 & SCTLR_NTWI))
        arm_raise_sync(cpu, ARM_SYN(EC_WFX, ISS_COND_ALWAYS), NULL, ra);
    __atomic_store_n(&cpu->waiting_event, false, __ATOMIC_RELAXED);
    if (arm_has_work(cs))
        return;
    finish_insn(cs, ra);
    leave(cs, EXCP_HLT);
}

/* ---- events ---- */
/* CNTKCTL_EL1 (D17.11.13): bit EVNTI of the counter rises, or falls with EVNTDIR. ns until then. */
static int64_t until_event_stream(ArmCPU *cpu)
{
    uint64_t ctl = cpu->env.cntkctl_el1, period = 2ull << extract64(ctl, 4, 4), edge = ctl & CNTKCTL_EVNTDIR ? 0 : period / 2;

    return (int64_t)((period - (arm_counter(cpu) - edge) % period) * ARM_TIMER_PERIOD_NS);
}

/* Nothing but SEV and interrupts can come. An interrupt that is masked ends no WFE. */
static void __attribute__((noreturn)) halt_for_event(ArmCPU *cpu)
{
    __atomic_store_n(&cpu->waiting_event, true, __ATOMIC_SEQ_CST);
    leave(&cpu->parent, EXCP_HLT); /* arm_has_work looks at the event register before the thread sleeps */
}

void helper_wfe(CPUState *cs)
{
    uintptr_t ra = GETPC();
    ArmCPU *cpu = arm_cpu(cs);

    if (__atomic_exchange_n(&cpu->event, false, __ATOMIC_SEQ_CST))
        return;
    if (arm_el(&cpu->env) == 0 && !(cpu->env.sctlr_el1 & SCTLR_NTWE))
        arm_raise_sync(cpu, ARM_SYN(EC_WFX, ISS_COND_ALWAYS | 1), NULL, ra);
    if (arm_interrupt_deliverable(cpu))
        return;
    bool armed = cpu->env.exclusive != EXCLUSIVE_OPEN, stream = cpu->env.cntkctl_el1 & CNTKCTL_EVNTEN;
    if (armed && !cpu_spin_poll(cs, CPU_SPIN_WAIT))
        return;
    finish_insn(cs, ra);
    if (!armed && !stream)
        halt_for_event(cpu);
    if (!armed)
        cpu_spin_may_sleep(cs, until_event_stream(cpu));
    leave(cs, EXCP_YIELD);
}

void helper_sev(CPUState *cs)
{
    CPU_FOREACH (other) {
        __atomic_store_n(&arm_cpu(other)->event, true, __ATOMIC_SEQ_CST);
        if (__atomic_load_n(&arm_cpu(other)->waiting_event, __ATOMIC_SEQ_CST))
            cpu_kick(other);
    }
}

void helper_sevl(CPUState *cs)
{
    __atomic_store_n(&arm_cpu(cs)->event, true, __ATOMIC_RELAXED);
}

void helper_yield(CPUState *cs)
{
    if (!cpu_spin_poll(cs, CPU_SPIN_POLL))
        return;
    finish_insn(cs, GETPC());
    leave(cs, EXCP_YIELD);
}

#define HELPER IR_HELPER_DEFINE
#include "target/arm/helper_sys.def"
#undef HELPER
