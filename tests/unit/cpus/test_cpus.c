/* SPDX-License-Identifier: MIT */
/* cpus/: threads, kicks, halts, work queues, exclusive sections, with an exec function that stands for guest code. */
#include <glib.h>
#include <string.h>

#include "base/lock.h"
#include "base/rcu.h"
#include "cpus/cpu.h"

#define NB_CPUS 3

static CPUState *cpus[NB_CPUS];
static int inside[NB_CPUS];          /* (a) running guest code */
static uint64_t rounds[NB_CPUS];     /* (a) */
static bool want_work[NB_CPUS];      /* (a) has_work says so */

static int fake_exec(CPUState *cpu)
{
    if (cpu->halted && !__atomic_load_n(&want_work[cpu->index], __ATOMIC_SEQ_CST))
        return EXCP_HALTED;
    cpu->halted = false;
    cpu_exec_start(cpu);
    __atomic_store_n(&inside[cpu->index], 1, __ATOMIC_SEQ_CST);
    while (!__atomic_load_n(&cpu->exit_request, __ATOMIC_SEQ_CST))
        __atomic_fetch_add(&rounds[cpu->index], 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&inside[cpu->index], 0, __ATOMIC_SEQ_CST);
    cpu_exec_end(cpu);
    return EXCP_INTERRUPT;
}

static bool fake_has_work(CPUState *cpu)
{
    return __atomic_load_n(&want_work[cpu->index], __ATOMIC_SEQ_CST);
}

static void no_init(CPUState *cpu)
{
}

static const CpuExecOps fake_ops = { .exec = fake_exec, .has_work = fake_has_work, .thread_init = no_init };

static void wait_for_round(int i)
{
    uint64_t seen = __atomic_load_n(&rounds[i], __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&rounds[i], __ATOMIC_SEQ_CST) == seen)
        g_usleep(100);
}

static void count_work(CPUState *cpu, void *data)
{
    g_assert_true(cpu_is_self(cpu));
    g_assert_cmpint(inside[cpu->index], ==, 0);
    ++*(int *)data;
}

static void test_run_on_cpu(void)
{
    int n = 0;
    for (int i = 0; i < 200; i++)
        run_on_cpu(cpus[i % NB_CPUS], count_work, &n);
    g_assert_cmpint(n, ==, 200);
}

static int order[100], n_order;

static void append(CPUState *cpu, void *data)
{
    order[n_order++] = GPOINTER_TO_INT(data);
}

static void test_async_keeps_order(void)
{
    int n = 0;
    for (int i = 0; i < 100; i++)
        async_run_on_cpu(cpus[1], append, GINT_TO_POINTER(i));
    run_on_cpu(cpus[1], count_work, &n);
    g_assert_cmpint(n_order, ==, 100);
    for (int i = 0; i < 100; i++)
        g_assert_cmpint(order[i], ==, i);
}

static void check_alone(CPUState *cpu, void *data)
{
    g_assert_true(in_exclusive_section());
    for (int k = 0; k < 50; k++) {
        for (int i = 0; i < NB_CPUS; i++)
            g_assert_cmpint(__atomic_load_n(&inside[i], __ATOMIC_SEQ_CST), ==, 0);
    }
    __atomic_fetch_add((int *)data, 1, __ATOMIC_SEQ_CST);
}

static void test_exclusive(void)
{
    int n = 0;
    for (int i = 0; i < 300; i++)
        async_safe_run_on_cpu(cpus[i % NB_CPUS], check_alone, &n);
    while (__atomic_load_n(&n, __ATOMIC_SEQ_CST) < 300)
        g_usleep(100);
    bql_unlock();
    for (int i = 0; i < 100; i++) {
        start_exclusive(); /* a thread that is no vCPU may do it too */
        check_alone(NULL, &n);
        end_exclusive();
    }
    bql_lock();
    for (int i = 0; i < NB_CPUS; i++)
        wait_for_round(i);
}

static void halt(CPUState *cpu, void *data)
{
    cpu->halted = true;
}

static void test_halt_and_wake(void)
{
    __atomic_store_n(&want_work[2], false, __ATOMIC_SEQ_CST);
    run_on_cpu(cpus[2], halt, NULL);
    g_usleep(20000);
    uint64_t seen = __atomic_load_n(&rounds[2], __ATOMIC_SEQ_CST);
    g_usleep(20000);
    g_assert_cmpuint(__atomic_load_n(&rounds[2], __ATOMIC_SEQ_CST), ==, seen); /* asleep */
    for (int i = 0; i < 20; i++) {
        __atomic_store_n(&want_work[2], true, __ATOMIC_SEQ_CST);
        cpu_interrupt(cpus[2], CPU_INTERRUPT_HARD);
        wait_for_round(2);
        g_assert_cmphex(cpus[2]->interrupt_request & CPU_INTERRUPT_HARD, !=, 0);
        cpu_reset_interrupt(cpus[2], CPU_INTERRUPT_HARD);
        __atomic_store_n(&want_work[2], i == 19, __ATOMIC_SEQ_CST);
        run_on_cpu(cpus[2], halt, NULL);
    }
    wait_for_round(2);
}

static void timer_fired(void *opaque)
{
    __atomic_store_n((int *)opaque, cpu_is_self(cpus[0]) ? 1 : 2, __ATOMIC_SEQ_CST);
}

static void test_timer_on_its_thread(void)
{
    int fired = 0;
    Timer *t = timer_new(cpus[0]->timers, CLOCK_RT, timer_fired, &fired);
    timer_mod(t, clock_get_ns(CLOCK_RT) + 5000000);
    while (!__atomic_load_n(&fired, __ATOMIC_SEQ_CST))
        g_usleep(100); /* the alarm must get it out of its endless "guest code" */
    g_assert_cmpint(fired, ==, 1);
    timer_free(t);
}

static void test_pause(void)
{
    for (int k = 0; k < 20; k++) {
        pause_all_vcpus();
        g_assert_true(all_vcpus_paused());
        uint64_t seen[NB_CPUS];
        for (int i = 0; i < NB_CPUS; i++)
            seen[i] = __atomic_load_n(&rounds[i], __ATOMIC_SEQ_CST);
        int n = 0;
        run_on_cpu(cpus[k % NB_CPUS], count_work, &n); /* work is done while paused */
        g_assert_cmpint(n, ==, 1);
        for (int i = 0; i < NB_CPUS; i++)
            g_assert_cmpuint(__atomic_load_n(&rounds[i], __ATOMIC_SEQ_CST), ==, seen[i]);
        resume_all_vcpus();
        for (int i = 0; i < NB_CPUS; i++)
            wait_for_round(i);
    }
}

int main(int argc, char **argv)
{
    bool single = argc > 1 && !strcmp(argv[1], "--single");
    g_test_init(&argc, &argv, NULL);
    rcu_register_thread();
    cpus_set_exec_ops(&fake_ops);
    bql_lock();
    for (int i = 0; i < NB_CPUS; i++) {
        cpus[i] = g_malloc0(sizeof(CPUState) + 64);
        want_work[i] = true;
        cpu_init_common(cpus[i], NULL, i);
    }
    cpus_start(single);
    resume_all_vcpus();
    g_test_add_func("/cpus/work/run-on-cpu", test_run_on_cpu);
    g_test_add_func("/cpus/work/async-keeps-order", test_async_keeps_order);
    g_test_add_func("/cpus/exclusive/nobody-runs", test_exclusive);
    g_test_add_func("/cpus/halt/wakes", test_halt_and_wake);
    g_test_add_func("/cpus/timer/own-thread", test_timer_on_its_thread);
    g_test_add_func("/cpus/pause/stops-and-resumes", test_pause);
    int status = g_test_run();
    cpus_shutdown();
    bql_unlock();
    rcu_unregister_thread();
    return status;
}
