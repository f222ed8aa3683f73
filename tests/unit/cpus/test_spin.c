/* SPDX-License-Identifier: MIT */
/* Guests that wait by polling: who sleeps and for how long, and a machine of pollers with one vCPU that works. */
#include <glib.h>
#include <sched.h>

#include "base/bits.h"
#include "base/rcu.h"
#include "cpus/cpu.h"

#define NB_CPUS 24
#define NB_POLLS 1000
#define SHORTEST_NS 50000

static CPUState *cpus[NB_CPUS];
static uint64_t polls[NB_CPUS]; /* (a) rounds of 32 hints */
static int64_t left_ns[NB_CPUS]; /* when it last left to sleep; its own thread */
static int early;               /* (a) how often one came back before it should have */
static uint64_t work;           /* (a) what the first vCPU does */
static bool single;

/* ---- by hand, without threads ---- */
static bool leaves(CPUState *cpu)
{
    bool left = false;

    for (int i = 0; i < NB_POLLS; i++)
        left |= cpu_spin_poll(cpu, CPU_SPIN_POLL);
    return left;
}

static void test_when(void)
{
    int cores = (int)g_get_num_processors();

    g_assert_false(leaves(cpus[0]));
    cpu_spin_count_awake(cores);
    g_assert_false(leaves(cpus[0])); /* a core for each */
    cpu_spin_count_awake(1);
    g_assert_true(leaves(cpus[0]));
    cpus[0]->spin.polls = 0;
    for (int i = 0; i < 31; i++)
        g_assert_false(cpu_spin_poll(cpus[0], CPU_SPIN_POLL));
    g_assert_true(cpu_spin_poll(cpus[0], CPU_SPIN_POLL));
    for (int i = 0; i < 3; i++)
        g_assert_false(cpu_spin_poll(cpus[0], CPU_SPIN_WAIT));
    g_assert_true(cpu_spin_poll(cpus[0], CPU_SPIN_WAIT));
    cpu_spin_count_awake(-cores - 1);
}

/* Another vCPU that is awake on the same core of the host: it cannot be running. */
static void test_same_core(void)
{
    cpu_set_t all, one;

    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    g_assert_cmpint(sched_getaffinity(0, sizeof all, &all), ==, 0);
    if (sched_setaffinity(0, sizeof one, &one)) {
        g_test_skip("the host does not let a thread choose its core");
        return;
    }
    cpu_spin_enter(cpus[2]);
    g_assert_false(leaves(cpus[2])); /* it is itself */
    g_assert_true(leaves(cpus[3]));
    cpu_spin_count_awake(1);
    cpu_spin_sleeps(cpus[2]);
    g_assert_false(leaves(cpus[3]));
    sched_setaffinity(0, sizeof all, &all);
}

/* Longer while the same wait goes on, up to a limit; short again for the next. Sleepers do not count as awake. */
static void test_how_long(void)
{
    CPUState *cpu = cpus[1];
    int64_t first, last = 0;

    cpu_spin_count_awake((int)g_get_num_processors() + 1);
    first = cpu_spin_begin(cpu);
    g_assert_false(leaves(cpu));
    cpu_spin_end(cpu);
    g_assert_true(leaves(cpu));
    for (int i = 0; i < 20; i++) {
        cpu->spin.ended_ns = clock_get_ns(CLOCK_RT) + NS_PER_SEC; /* just now, however slow the host is */
        last = cpu_spin_begin(cpu);
        cpu_spin_end(cpu);
    }
    g_assert_cmpint(last, >, first);
    g_assert_cmpint(last, <=, 4000000);
    cpu->spin.ended_ns -= 10 * NS_PER_SEC;
    g_assert_cmpint(cpu_spin_begin(cpu), ==, first);
    cpu_spin_end(cpu);
    cpu_spin_may_sleep(cpu, 12345);
    g_assert_cmpint(cpu_spin_begin(cpu), ==, 12345);
    cpu_spin_end(cpu);
    cpu->spin.ended_ns -= 10 * NS_PER_SEC;
    g_assert_cmpint(cpu_spin_begin(cpu), ==, first);
    cpu_spin_end(cpu);
    cpu_spin_count_awake(-(int)g_get_num_processors() - 1);
}

/* ---- a machine ---- */
/* The first vCPU works until it is told to leave, the others poll. */
static int fake_exec(CPUState *cpu)
{
    int why = EXCP_INTERRUPT;

    if (left_ns[cpu->index] && clock_get_ns(CLOCK_RT) < left_ns[cpu->index] + SHORTEST_NS)
        __atomic_fetch_add(&early, 1, __ATOMIC_RELAXED);
    left_ns[cpu->index] = 0;
    cpu_exec_start(cpu);
    while (!__atomic_load_n(&cpu->exit_request, __ATOMIC_SEQ_CST)) {
        if (!cpu->index) {
            __atomic_fetch_add(&work, 1, __ATOMIC_RELAXED);
        } else if (cpu_spin_poll(cpu, CPU_SPIN_WAIT)) {
            __atomic_fetch_add(&polls[cpu->index], 1, __ATOMIC_RELAXED);
            left_ns[cpu->index] = clock_get_ns(CLOCK_RT);
            why = EXCP_YIELD;
            break;
        }
    }
    cpu_exec_end(cpu);
    return why;
}

static bool fake_has_work(CPUState *cpu)
{
    return false;
}

static void no_init(CPUState *cpu)
{
}

static const CpuExecOps fake_ops = { .exec = fake_exec, .has_work = fake_has_work, .thread_init = no_init };

static void note(CPUState *cpu, void *data)
{
    *(CPUState **)data = cpu;
}

static uint64_t all_polls(void)
{
    uint64_t n = 0;

    for (int i = 1; i < NB_CPUS; i++)
        n += __atomic_load_n(&polls[i], __ATOMIC_RELAXED);
    return n;
}

/*
 * Pollers come back (they are not asleep for good), work queued to them is done, the one that works gets on. With a thread each,
 * a poller that gave way does not come back at once, unless a kick wakes it: there are few.
 */
static void test_machine(void)
{
    cpus_start(single);
    resume_all_vcpus();
    bool crowded = single || (int)g_get_num_processors() < NB_CPUS; /* else nobody has to give way */
    while ((crowded && all_polls() < 40 * NB_CPUS) || !__atomic_load_n(&work, __ATOMIC_RELAXED))
        g_usleep(1000);
    if (!single)
        g_assert_cmpint(__atomic_load_n(&early, __ATOMIC_RELAXED), <=, 4 * NB_CPUS);
    for (int i = 0; i < NB_CPUS; i++) {
        CPUState *seen = NULL;
        run_on_cpu(cpus[i], note, &seen);
        g_assert_true(seen == cpus[i]);
    }
    pause_all_vcpus();
    g_assert_true(all_vcpus_paused());
    cpus_shutdown();
}

int main(int argc, char **argv)
{
    single = argc > 1 && g_str_equal(argv[1], "--single");
    g_test_init(&argc, &argv, NULL);
    rcu_register_thread();
    cpus_set_exec_ops(&fake_ops);
    bql_lock();
    for (int i = 0; i < NB_CPUS; i++) {
        cpus[i] = g_malloc0(sizeof(CPUState) + 64);
        cpu_init_common(cpus[i], NULL, i);
    }
    if (!single) {
        g_test_add_func("/cpus/spin/when", test_when);
        g_test_add_func("/cpus/spin/same-core", test_same_core);
        g_test_add_func("/cpus/spin/how-long", test_how_long);
    }
    g_test_add_func("/cpus/spin/machine", test_machine);
    int status = g_test_run();
    bql_unlock();
    rcu_unregister_thread();
    return status;
}
