/* SPDX-License-Identifier: MIT */
/*
 * The generic timer's EL1 physical and virtual timers (D12.2).
 *
 * The system counter is CLOCK_VIRTUAL at 62.5 MHz: a tick is 16 ns. There is no EL2, so the virtual counter is the physical
 * one. Each timer keeps a deadline on the vCPU's own timer list only while its condition is still false and its interrupt is
 * enabled; ISTATUS is computed when CTL is read. The event stream is computed when a WFE waits for it (wfx.c).
 */
#include "base/bits.h"
#include "target/arm/internals.h"
#include "target/arm/timer.h"

#define CTL_ENABLE 1u
#define CTL_IMASK 2u
#define CTL_ISTATUS 4u

uint64_t arm_counter(ArmCPU *cpu)
{
    return (uint64_t)clock_get_ns(CLOCK_VIRTUAL) / ARM_TIMER_PERIOD_NS;
}

static uint64_t *cval_of(ArmCPU *cpu, ArmTimerLine line)
{
    return line == ARM_TIMER_PHYS ? &cpu->env.cntp_cval : &cpu->env.cntv_cval;
}

static uint64_t *ctl_of(ArmCPU *cpu, ArmTimerLine line)
{
    return line == ARM_TIMER_PHYS ? &cpu->env.cntp_ctl : &cpu->env.cntv_ctl;
}

static Timer *deadline_of(ArmCPU *cpu, ArmTimerLine line)
{
    return line == ARM_TIMER_PHYS ? cpu->phys_timer : cpu->virt_timer;
}

void arm_timer_update(ArmCPU *cpu, ArmTimerLine line)
{
    uint64_t cval = *cval_of(cpu, line), ctl = *ctl_of(cpu, line);
    bool met = arm_counter(cpu) >= cval;

    if ((ctl & (CTL_ENABLE | CTL_IMASK)) == CTL_ENABLE && !met)
        timer_mod(deadline_of(cpu, line), cval < (uint64_t)INT64_MAX / ARM_TIMER_PERIOD_NS ? (int64_t)(cval * ARM_TIMER_PERIOD_NS) : INT64_MAX);
    else
        timer_del(deadline_of(cpu, line));
    arm_set_output(cpu, line, (ctl & (CTL_ENABLE | CTL_IMASK)) == CTL_ENABLE && met);
}

uint64_t arm_timer_get_ctl(ArmCPU *cpu, ArmTimerLine line)
{
    uint64_t ctl = *ctl_of(cpu, line);
    return (ctl & CTL_ENABLE) && arm_counter(cpu) >= *cval_of(cpu, line) ? ctl | CTL_ISTATUS : ctl;
}

void arm_timer_set_ctl(ArmCPU *cpu, ArmTimerLine line, uint64_t value)
{
    *ctl_of(cpu, line) = value & (CTL_ENABLE | CTL_IMASK);
    arm_timer_update(cpu, line);
}

void arm_timer_set_cval(ArmCPU *cpu, ArmTimerLine line, uint64_t value)
{
    *cval_of(cpu, line) = value;
    arm_timer_update(cpu, line);
}

uint64_t arm_timer_get_tval(ArmCPU *cpu, ArmTimerLine line)
{
    return (uint32_t)(*cval_of(cpu, line) - arm_counter(cpu));
}

void arm_timer_set_tval(ArmCPU *cpu, ArmTimerLine line, uint64_t value)
{
    arm_timer_set_cval(cpu, line, arm_counter(cpu) + (uint64_t)(int64_t)(int32_t)value);
}

static void phys_due(void *opaque)
{
    arm_timer_update(opaque, ARM_TIMER_PHYS);
}

static void virt_due(void *opaque)
{
    arm_timer_update(opaque, ARM_TIMER_VIRT);
}

void arm_timers_init(ArmCPU *cpu)
{
    cpu->phys_timer = timer_new(cpu->parent.timers, CLOCK_VIRTUAL, phys_due, cpu);
    cpu->virt_timer = timer_new(cpu->parent.timers, CLOCK_VIRTUAL, virt_due, cpu);
}

/* After the registers have been cleared. */
void arm_timers_reset(ArmCPU *cpu)
{
    cpu->env.cntfrq = ARM_TIMER_HZ;
    arm_timer_update(cpu, ARM_TIMER_PHYS);
    arm_timer_update(cpu, ARM_TIMER_VIRT);
}

uint64_t arm_timer_frequency_hz(CPUState *cs)
{
    return ARM_TIMER_HZ;
}
