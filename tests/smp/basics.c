/* SPDX-License-Identifier: MIT */
/* The runtime itself: work for all, barriers, interrupts, mappings, code, vCPUs off and on. */
#include "smp.h"

static uint64_t counter;
static Barrier barrier;
static unsigned arrived[SMP_MAX_CPUS], slots[SMP_MAX_CPUS];

static void count(unsigned cpu)
{
    for (unsigned i = 0; i < 1000; i++)
        __atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED);
}

static void rounds(unsigned cpu)
{
    for (unsigned round = 1; round <= 50; round++) {
        __atomic_store_n(&slots[cpu], round, __ATOMIC_RELAXED);
        barrier_wait(&barrier, smp_cpus);
        for (unsigned i = 0; i < smp_cpus; i++)
            CHECK(__atomic_load_n(&slots[i], __ATOMIC_RELAXED) == round);
        barrier_wait(&barrier, smp_cpus);
    }
}

static void note_arrival(unsigned cpu) { __atomic_fetch_add(&arrived[cpu], 1, __ATOMIC_RELEASE); }

static void test_memory(void)
{
    uint64_t *a = smp_pages(1), *b = smp_pages(1), va = WINDOW + 5 * PAGE, v = 0;
    a[3] = 1;
    b[3] = 2;
    CHECK(!smp_try_load(va + 24, &v));
    smp_map(va, a);
    CHECK(smp_try_load(va + 24, &v) && v == 1);
    smp_unmap(va);
    CHECK(!smp_try_load(va + 24, &v));
    smp_map(va, b);
    CHECK(smp_try_load(va + 24, &v) && v == 2);
}

static void test_code(void)
{
    void *p = smp_pages(1);
    for (uint32_t i = 0; i < 100; i++) {
        smp_write_return(p, i);
        smp_code_written(p, RETURN_CODE_BYTES);
        CHECK(((uint32_t (*)(void))p)() == i);
    }
}

void smp_main(void)
{
    test_begin("work for all");
    smp_run(smp_cpus, count);
    CHECK(counter == 1000ul * smp_cpus);
    test_end();

    test_begin("barriers");
    smp_run(smp_cpus, rounds);
    test_end();

    test_begin("interrupts");
    smp_on_ipi(3, note_arrival);
    for (unsigned i = 0; i < smp_cpus; i++) {
        smp_ipi(i, 3);
        SPIN_UNTIL(__atomic_load_n(&arrived[i], __ATOMIC_ACQUIRE) == 1);
    }
    test_end();

    test_begin("map, unmap");
    test_memory();
    test_end();

    test_begin("written code");
    test_code();
    test_end();

    test_begin("off and on");
    smp_cpu_off(smp_cpus - 1);
    smp_cpu_on(smp_cpus - 1);
    counter = 0;
    smp_run(smp_cpus, count);
    CHECK(counter == 1000ul * smp_cpus);
    test_end();
}
