/* SPDX-License-Identifier: MIT */
/*
 * cpus/: everything at once.
 *
 * Invariants: nobody is in guest code during a section; a paused machine stands still; what is waited for has been done; what is
 * queued is done in the end. Forbidden: that it does not end. vCPUs ask each other for work, sections, steps and wake-ups from
 * their own functions and from guest code, halt and wake, while other threads pause, start sections and wait for work.
 */
#include "fake.h"

#define NB_CPUS 6
#define NB_THREADS 3
#define ROUNDS 2000

static int queued, done;      /* (a) functions sent without waiting */
static int waited, waited_for;/* (a) and with */
static uint32_t seed = 12345; /* (a) */

static uint32_t chance(uint32_t n)
{
    static __thread uint32_t x;
    if (!x)
        x = __atomic_fetch_add(&seed, 0x9e3779b9, __ATOMIC_RELAXED) | 1;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return x % n;
}

static CPUState *any_cpu(void)
{
    return cpus[chance(NB_CPUS)];
}

static void work(CPUState *cpu, void *data);
static void alone(CPUState *cpu, void *data);

static void send(CPUState *cpu)
{
    bool safe = chance(4) == 0;
    __atomic_fetch_add(&queued, 1, __ATOMIC_RELAXED);
    (safe ? async_safe_run_on_cpu : async_run_on_cpu)(cpu, safe ? alone : work, NULL);
}

static void served(CPUState *cpu, void *data)
{
    g_assert_true(cpu_is_self(cpu));
    *(bool *)data = true;
    __atomic_fetch_add(&waited, 1, __ATOMIC_RELAXED);
}

static void wait_for(CPUState *cpu)
{
    bool did = false;
    run_on_cpu(cpu, served, &did);
    g_assert_true(did);
    __atomic_fetch_add(&waited_for, 1, __ATOMIC_RELAXED);
}

static void section(void)
{
    start_exclusive();
    g_assert_false(fake_any_inside());
    if (chance(2))
        send(any_cpu());
    g_assert_false(fake_any_inside());
    end_exclusive();
}

/* On cpu's thread, between blocks. */
static void work(CPUState *cpu, void *data)
{
    switch (chance(12)) {
    case 0:
        wait_for(any_cpu());
        break;
    case 1:
        section();
        break;
    case 2:
        send(any_cpu());
        break;
    case 3:
        cpu->halted = true;
        __atomic_store_n(&fake(cpu)->want_work, false, __ATOMIC_RELEASE);
        break;
    case 4:
        pause_all_vcpus(); /* only asks */
        resume_all_vcpus();
        break;
    }
    __atomic_fetch_add(&done, 1, __ATOMIC_RELAXED);
}

static void alone(CPUState *cpu, void *data)
{
    g_assert_true(in_exclusive_section());
    g_assert_false(fake_any_inside());
    if (chance(4) == 0)
        send(any_cpu());
    __atomic_fetch_add(&done, 1, __ATOMIC_RELAXED);
}

/* In guest code, as a device's function may. */
static void in_guest_code(CPUState *cpu)
{
    switch (chance(2000)) {
    case 0:
        async_safe_run_on_cpu(cpu, alone, NULL);
        __atomic_fetch_add(&queued, 1, __ATOMIC_RELAXED);
        break;
    case 1:
        __atomic_store_n(&fake(cpu)->step, true, __ATOMIC_RELAXED);
        break;
    case 2:
        fake_wake((int)chance(NB_CPUS));
        break;
    case 3:
        bql_lock();
        bql_unlock();
        break;
    }
}

static void check_still(void)
{
    uint64_t seen[NB_CPUS];
    for (int i = 0; i < NB_CPUS; i++)
        seen[i] = fake_rounds(i);
    wait_for(any_cpu());
    for (int i = 0; i < NB_CPUS; i++)
        g_assert_cmpuint(fake_rounds(i), ==, seen[i]);
}

static gpointer pester(gpointer data)
{
    for (int k = 0; k < ROUNDS; k++) {
        switch (chance(6)) {
        case 0:
            wait_for(any_cpu());
            break;
        case 1:
            section();
            break;
        case 2:
        case 3:
            send(any_cpu());
            break;
        case 4:
            fake_wake((int)chance(NB_CPUS));
            break;
        case 5:
            pause_all_vcpus();
            check_still();
            resume_all_vcpus();
            break;
        }
    }
    return NULL;
}

static void test_mix(void)
{
    GThread *threads[NB_THREADS];
    for (int i = 0; i < NB_CPUS; i++)
        __atomic_store_n(&fake(cpus[i])->each_round, in_guest_code, __ATOMIC_RELEASE);
    bql_unlock();
    for (int i = 0; i < NB_THREADS; i++)
        threads[i] = g_thread_new("pester", pester, NULL);
    for (int i = 0; i < NB_THREADS; i++)
        g_thread_join(threads[i]);
    bql_lock();
    for (int i = 0; i < NB_CPUS; i++)
        __atomic_store_n(&fake(cpus[i])->each_round, NULL, __ATOMIC_RELEASE);
    WAIT_UNTIL(__atomic_load_n(&done, __ATOMIC_SEQ_CST) == __atomic_load_n(&queued, __ATOMIC_SEQ_CST));
    g_assert_cmpint(waited, ==, waited_for);
    for (int i = 0; i < NB_CPUS; i++) {
        fake_wake(i);
        fake_wait_round(i);
    }
    g_test_message("%d functions queued, %d waited for", queued, waited);
}

int main(int argc, char **argv)
{
    fakes_init(&argc, &argv, NB_CPUS);
    g_test_add_func("/cpus/stress/mix", test_mix);
    return fakes_run();
}
