/* SPDX-License-Identifier: MIT */
/*
 * vCPUs that are turned off and on again, a hundred times, while the others work: PSCI CPU_OFF, CPU_ON and AFFINITY_INFO; INIT and
 * SIPI. One that comes back does its part, has its interrupts, and sees what was written while it was away.
 */
#include "smp.h"

#ifndef TIMES
#define TIMES 100u
#endif

static unsigned over, arrived;
static uint64_t turns[SMP_MAX_CPUS], message, reply;

static void load(unsigned cpu)
{
    static uint64_t shared;
    while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE)) {
        __atomic_fetch_add(&shared, 1, __ATOMIC_RELAXED);
        if (++turns[cpu] % 1024 == 0)
            smp_relax();
    }
}

static void answer(unsigned cpu) { __atomic_store_n(&reply, __atomic_load_n(&message, __ATOMIC_RELAXED) + cpu, __ATOMIC_RELEASE); }

static void note_arrival(unsigned cpu) { __atomic_fetch_add(&arrived, 1, __ATOMIC_RELEASE); }

static void turn(unsigned cpu, unsigned i)
{
    smp_cpu_off(cpu);
    message = i * 1000;
    smp_cpu_on(cpu);
    smp_start(cpu, answer);
    smp_wait(cpu);
    CHECK(__atomic_load_n(&reply, __ATOMIC_ACQUIRE) == i * 1000 + cpu);
    smp_ipi(cpu, 2);
    SPIN_UNTIL(__atomic_load_n(&arrived, __ATOMIC_ACQUIRE) == i + 1);
}

void smp_main(void)
{
    unsigned last = smp_cpus - 1;
    smp_on_ipi(2, note_arrival);
    test_begin("off and on, while others work");
    for (unsigned cpu = 1; cpu + 1 < last; cpu++)
        smp_start(cpu, load);
    for (unsigned i = 0; i < TIMES; i++)
        turn(i % 2 && last > 1 ? last - 1 : last, i);
    __atomic_store_n(&over, 1, __ATOMIC_RELEASE);
    for (unsigned cpu = 1; cpu + 1 < last; cpu++)
        smp_wait(cpu);
    test_end();
}
