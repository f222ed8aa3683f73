/* SPDX-License-Identifier: MIT */
/* cpus/work.c: run_on_cpu and its kin, on vCPUs that run, sleep, are paused, or wait for each other. */
#include "fake.h"

#define NB_CPUS 3

static void count(CPUState *cpu, void *data)
{
    g_assert_true(cpu_is_self(cpu) && current_cpu == cpu);
    g_assert_cmpint(__atomic_load_n(&fake(cpu)->inside, __ATOMIC_RELAXED), ==, 0);
    __atomic_fetch_add((int *)data, 1, __ATOMIC_SEQ_CST);
}

static void test_run_on_cpu(void)
{
    int n = 0;
    for (int i = 0; i < 200; i++) {
        run_on_cpu(cpus[i % NB_CPUS], count, &n);
        g_assert_cmpint(n, ==, i + 1);
        g_assert_true(bql_locked());
    }
}

static int order[300], n_order;

static void append(CPUState *cpu, void *data)
{
    order[n_order++] = GPOINTER_TO_INT(data);
}

static void check_order(int n)
{
    g_assert_cmpint(n_order, ==, n);
    for (int i = 0; i < n; i++)
        g_assert_cmpint(order[i], ==, i);
    n_order = 0;
}

static void test_keeps_order(void)
{
    for (int i = 0; i < 299; i++) {
        (i % 7 == 0 ? async_safe_run_on_cpu : async_run_on_cpu)(cpus[1], append, GINT_TO_POINTER(i));
        if (i % 50 == 0)
            fake_wait_round(1);
    }
    run_on_cpu(cpus[1], append, GINT_TO_POINTER(299));
    check_order(300);
}

static void test_asleep(void)
{
    int n = 0;
    fake_set_halted(2);
    for (int i = 0; i < 20; i++) {
        run_on_cpu(cpus[2], count, &n);
        g_usleep(i % 3 * 500); /* until it is asleep again, or not */
    }
    g_assert_cmpint(n, ==, 20);
    g_assert_true(cpus[2]->halted);
    fake_wake(2);
}

/* Paused: what nobody waits for waits until the resume, or until somebody waits for what comes after it. */
static void test_paused(void)
{
    int n = 0;
    pause_all_vcpus();
    async_run_on_cpu(cpus[1], append, GINT_TO_POINTER(0));
    async_safe_run_on_cpu(cpus[1], append, GINT_TO_POINTER(1));
    run_on_cpu(cpus[0], count, &n);
    g_usleep(5000);
    g_assert_cmpint(n_order, ==, 0);
    run_on_cpu(cpus[1], append, GINT_TO_POINTER(2));
    check_order(3);
    async_run_on_cpu(cpus[2], count, &n);
    g_usleep(2000);
    g_assert_cmpint(__atomic_load_n(&n, __ATOMIC_SEQ_CST), ==, 1);
    resume_all_vcpus();
    WAIT_UNTIL(__atomic_load_n(&n, __ATOMIC_SEQ_CST) == 2);
}

static int arrived, crossed; /* (a) */

/* Waits for the next vCPU, which at that time waits for the one after it. */
static void cross(CPUState *cpu, void *data)
{
    int n = 0;
    __atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST);
    while (!fake_single_thread && __atomic_load_n(&arrived, __ATOMIC_SEQ_CST) < NB_CPUS)
        g_usleep(10);
    run_on_cpu(cpus[(cpu->index + 1) % NB_CPUS], count, &n);
    g_assert_cmpint(n, ==, 1);
    __atomic_fetch_add(&crossed, 1, __ATOMIC_SEQ_CST);
}

static void test_crossing(void)
{
    for (int k = 0; k < 20; k++) {
        arrived = crossed = 0;
        for (int i = 0; i < NB_CPUS; i++)
            async_run_on_cpu(cpus[i], cross, NULL);
        WAIT_UNTIL(__atomic_load_n(&crossed, __ATOMIC_SEQ_CST) == NB_CPUS);
    }
}

typedef struct Chain { int left; int done; } Chain;

/* Queues its successor on the next vCPU, alone every third time. */
static void chain(CPUState *cpu, void *data)
{
    Chain *c = data;
    CPUState *next = cpus[(cpu->index + 1) % NB_CPUS];
    g_assert_cmpint(in_exclusive_section(), ==, c->left % 3 == 0 && c->left < 300);
    if (!--c->left)
        __atomic_store_n(&c->done, 1, __ATOMIC_SEQ_CST);
    else
        (c->left % 3 ? async_run_on_cpu : async_safe_run_on_cpu)(next, chain, data);
}

static void test_queues_work(void)
{
    Chain c = { .left = 300 };
    async_run_on_cpu(cpus[0], chain, &c);
    WAIT_UNTIL(__atomic_load_n(&c.done, __ATOMIC_SEQ_CST));
}

static void section(CPUState *cpu, void *data)
{
    start_exclusive();
    g_assert_false(fake_any_inside());
    end_exclusive();
    bql_lock(); /* the caller of run_on_cpu has dropped it */
    ++*(int *)data;
    bql_unlock();
}

/* Functions may start sections and take the big lock, in sections as well. */
static void test_sections_and_big_lock(void)
{
    int n = 0;
    for (int i = 0; i < 30; i++) {
        async_safe_run_on_cpu(cpus[i % NB_CPUS], section, &n);
        run_on_cpu(cpus[i % NB_CPUS], section, &n);
    }
    g_assert_cmpint(n, ==, 60);
}

static void run_on_oneself(CPUState *cpu, void *data)
{
    run_on_cpu(cpu, count, data);
    ++*(int *)data; /* it was done at once */
}

static void test_on_oneself(void)
{
    int n = 0;
    run_on_cpu(cpus[1], run_on_oneself, &n);
    g_assert_cmpint(n, ==, 2);
}

static int late; /* (a) */

/* Work that is queued when the threads end is done; later it runs in the caller. */
static int check_shutdown(int status)
{
    int n = 0;
    if (late != NB_CPUS)
        return 1;
    run_on_cpu(cpus[0], append, GINT_TO_POINTER(0));
    if (n_order != 1)
        return 1;
    return status + n;
}

int main(int argc, char **argv)
{
    fakes_init(&argc, &argv, NB_CPUS);
    g_test_add_func("/cpus/work/run-on-cpu", test_run_on_cpu);
    g_test_add_func("/cpus/work/keeps-order", test_keeps_order);
    g_test_add_func("/cpus/work/asleep", test_asleep);
    g_test_add_func("/cpus/work/paused-waits", test_paused);
    g_test_add_func("/cpus/work/crossing", test_crossing);
    g_test_add_func("/cpus/work/queues-work", test_queues_work);
    g_test_add_func("/cpus/work/sections-and-big-lock", test_sections_and_big_lock);
    g_test_add_func("/cpus/work/on-oneself", test_on_oneself);
    pause_all_vcpus();
    for (int i = 0; i < NB_CPUS; i++)
        async_run_on_cpu(cpus[i], count, &late);
    resume_all_vcpus();
    pause_all_vcpus();
    resume_all_vcpus();
    return check_shutdown(fakes_run());
}
