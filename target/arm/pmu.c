/* SPDX-License-Identifier: MIT */
/*
 * The performance monitors' counters (D13).
 *
 * The cycle counter counts virtual time at 1 GHz, and so does an event counter programmed for CPU_CYCLES; SW_INCR counts
 * writes to PMSWINC_EL0. Other events count nothing, as PMCEIDn_EL0 says. Counters are brought up to date when somebody looks
 * (arm_pmu_sync): the time since pmccntr_base is added to those that are enabled, an overflow sets its bit in PMOVS, and a
 * timer is set for the next one that would interrupt.
 *
 * Filters by exception level are stored; a counter that counts neither at EL0 nor at EL1 stands still, otherwise both count.
 */
#include "base/bits.h"
#include "target/arm/internals.h"
#include "target/arm/pmu.h"

#define PMCR_E 1u
#define PMCR_D 8u
#define PMCR_LC 0x40u
#define FILTER_BOTH (3ull << 30) /* P and U: counts at no level */

bool arm_pmu_present(const ArmCPU *cpu)
{
    unsigned version = extract64(cpu->id.aa64dfr0, 8, 4);
    return version != 0 && version != 0xf;
}

static bool counts_time(const CPUARMState *env, unsigned n)
{
    if (!(env->pmcr & PMCR_E) || !(env->pmcnten >> n & 1))
        return false;
    if (n == PMU_CYCLE_COUNTER)
        return (env->pmccfiltr & FILTER_BOTH) != FILTER_BOTH;
    return (env->pmevtyper[n] & 0xffff) == PMU_EVENT_CPU_CYCLES && (env->pmevtyper[n] & FILTER_BOTH) != FILTER_BOTH;
}

static bool is_64_bit(const CPUARMState *env, unsigned n)
{
    return n == PMU_CYCLE_COUNTER && (env->pmcr & PMCR_LC);
}

static unsigned time_shift(const CPUARMState *env, unsigned n)
{
    return n == PMU_CYCLE_COUNTER && (env->pmcr & (PMCR_D | PMCR_LC)) == PMCR_D ? 6 : 0;
}

static uint64_t *counter_of(CPUARMState *env, unsigned n)
{
    return n == PMU_CYCLE_COUNTER ? &env->pmccntr : &env->pmevcntr[n];
}

/* Event counters are 32 bits wide; the cycle counter has 64, of which PMCR_EL0.LC says where it overflows. */
void arm_pmu_add(ArmCPU *cpu, unsigned n, uint64_t count)
{
    CPUARMState *env = &cpu->env;
    uint64_t *p = counter_of(env, n), old = *p;
    bool wide = is_64_bit(env, n);
    bool overflow = wide ? old + count < old : count >= (1ull << 32) - (uint32_t)old;

    *p = n == PMU_CYCLE_COUNTER ? old + count : (uint32_t)(old + count);
    if (overflow)
        env->pmovs |= 1ull << n;
}

/* Nanoseconds until counter n overflows, or a large value. */
static uint64_t time_to_overflow(CPUARMState *env, unsigned n)
{
    uint64_t value = *counter_of(env, n);
    uint64_t left = is_64_bit(env, n) ? -value : (1ull << 32) - (uint32_t)value;
    unsigned shift = time_shift(env, n);

    return left == 0 || left > (1ull << 62) >> shift ? 1ull << 62 : left << shift;
}

static void update_outputs(ArmCPU *cpu, uint64_t counters, uint64_t now)
{
    CPUARMState *env = &cpu->env;
    uint64_t next = 1ull << 62;

    arm_set_output(cpu, ARM_PMU_IRQ, (env->pmcr & PMCR_E) && (env->pmovs & env->pminten));
    for (uint64_t left = counters & env->pminten & ~env->pmovs; left; left &= left - 1) {
        unsigned n = ctz64(left);
        if (counts_time(env, n))
            next = MIN_OF(next, time_to_overflow(env, n));
    }
    if (next < 1ull << 61)
        timer_mod(cpu->pmu_timer, (int64_t)(now + next));
    else
        timer_del(cpu->pmu_timer);
}

uint64_t arm_pmu_counter_mask(const ArmCPU *cpu)
{
    return 1ull << PMU_CYCLE_COUNTER | MASK64(cpu->id.n_pmu_counters);
}

void arm_pmu_sync(ArmCPU *cpu)
{
    CPUARMState *env = &cpu->env;
    uint64_t now = (uint64_t)clock_get_ns(CLOCK_VIRTUAL), counters = arm_pmu_counter_mask(cpu);
    uint64_t elapsed = now - env->pmccntr_base;

    if (!arm_pmu_present(cpu))
        return;
    for (uint64_t left = counters; left; left &= left - 1) {
        unsigned n = ctz64(left);
        if (counts_time(env, n))
            arm_pmu_add(cpu, n, elapsed >> time_shift(env, n));
    }
    env->pmccntr_base = now;
    update_outputs(cpu, counters, now);
}

static void overflow_due(void *opaque)
{
    arm_pmu_sync(opaque);
}

void arm_pmu_init(ArmCPU *cpu)
{
    cpu->pmu_timer = timer_new(cpu->parent.timers, CLOCK_VIRTUAL, overflow_due, cpu);
}

void arm_pmu_reset(ArmCPU *cpu)
{
    cpu->env.pmcr = 0;
    cpu->env.pmccntr_base = (uint64_t)clock_get_ns(CLOCK_VIRTUAL);
    arm_pmu_sync(cpu);
    arm_set_output(cpu, ARM_PMU_IRQ, false);
}
