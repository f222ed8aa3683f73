/* SPDX-License-Identifier: MIT */
/* As many vCPUs as there may be, started at once: each adds itself up, meets the others, and reaches them by interrupts. */
#include "smp.h"

static uint64_t sum, arrived;
static Barrier barrier;

static void add_self(unsigned cpu)
{
    __atomic_fetch_add(&sum, cpu + 1, __ATOMIC_RELAXED);
    barrier_wait(&barrier, smp_cpus);
    CHECK(__atomic_load_n(&sum, __ATOMIC_RELAXED) == smp_cpus * (smp_cpus + 1ul) / 2);
}

static void note_arrival(unsigned cpu) { __atomic_fetch_add(&arrived, 1, __ATOMIC_RELEASE); }

/* A ring: each sends to the next. */
static void send_on(unsigned cpu) { smp_ipi((cpu + 1) % smp_cpus, 4); }

void smp_main(void)
{
    note("%u vCPUs", smp_cpus);
    test_begin("each adds itself up");
    smp_run(smp_cpus, add_self);
    test_end();

    test_begin("a ring of interrupts");
    smp_on_ipi(4, note_arrival);
    smp_run(smp_cpus, send_on);
    SPIN_UNTIL(__atomic_load_n(&arrived, __ATOMIC_ACQUIRE) == smp_cpus);
    test_end();
}
