/* SPDX-License-Identifier: MIT */
/* The fake guest of the tests of cpus/. */
#include "fake.h"

#include <sched.h>
#include <string.h>

#include "base/rcu.h"

CPUState *cpus[FAKE_MAX];
int n_cpus;
bool fake_single_thread;

static void run_guest(CPUState *cpu)
{
    Fake *f = fake(cpu);
    do {
        void (*hook)(CPUState *) = __atomic_exchange_n(&f->hook, NULL, __ATOMIC_ACQ_REL);
        void (*each)(CPUState *) = __atomic_load_n(&f->each_round, __ATOMIC_ACQUIRE);
        if (hook)
            hook(cpu);
        if (each)
            each(cpu);
        if (__atomic_add_fetch(&f->rounds, 1, __ATOMIC_RELAXED) % 16 == 0)
            sched_yield(); /* the host may have fewer cores, and other work */
    } while (!__atomic_load_n(&cpu->exit_request, __ATOMIC_ACQUIRE) && !__atomic_load_n(&f->yields, __ATOMIC_RELAXED)
             && !__atomic_load_n(&f->step, __ATOMIC_RELAXED));
}

static int fake_exec(CPUState *cpu)
{
    Fake *f = fake(cpu);
    __atomic_fetch_add(&f->entries, 1, __ATOMIC_RELAXED);
    if (cpu->halted && !__atomic_load_n(&f->want_work, __ATOMIC_ACQUIRE))
        return EXCP_HALTED;
    cpu->halted = false;
    cpu_exec_start(cpu);
    __atomic_store_n(&f->inside, 1, __ATOMIC_SEQ_CST);
    if (!__atomic_load_n(&cpu->exit_request, __ATOMIC_ACQUIRE))
        run_guest(cpu);
    __atomic_store_n(&f->inside, 0, __ATOMIC_SEQ_CST);
    cpu_exec_end(cpu);
    if (__atomic_load_n(&f->step, __ATOMIC_RELAXED))
        return EXCP_ATOMIC;
    return __atomic_load_n(&f->yields, __ATOMIC_RELAXED) ? EXCP_YIELD : EXCP_INTERRUPT;
}

static void fake_step(CPUState *cpu)
{
    start_exclusive();
    g_assert_false(fake_any_inside());
    __atomic_store_n(&fake(cpu)->step, false, __ATOMIC_RELAXED);
    __atomic_fetch_add(&fake(cpu)->steps, 1, __ATOMIC_RELAXED);
    g_assert_false(fake_any_inside());
    end_exclusive();
}

static bool fake_has_work(CPUState *cpu)
{
    return __atomic_load_n(&fake(cpu)->want_work, __ATOMIC_ACQUIRE);
}

static void fake_thread_init(CPUState *cpu)
{
    g_assert_true(cpu_is_self(cpu) && current_cpu == cpu);
}

static const CpuExecOps fake_ops = { .exec = fake_exec, .exec_step_atomic = fake_step, .has_work = fake_has_work, .thread_init = fake_thread_init };

bool fake_any_inside(void)
{
    CPU_FOREACH (cpu) {
        if (__atomic_load_n(&fake(cpu)->inside, __ATOMIC_SEQ_CST))
            return true;
    }
    return false;
}

CPUState *fake_new(int index)
{
    Fake *f = cpu_alloc(sizeof(Fake), index, NULL);
    f->want_work = true;
    cpu_init_common(&f->parent, NULL, index);
    cpus[index] = &f->parent;
    __atomic_store_n(&n_cpus, index + 1, __ATOMIC_RELEASE);
    return &f->parent;
}

void fakes_init(int *argc, char ***argv, int n)
{
    fake_single_thread = *argc > 1 && !strcmp((*argv)[1], "--single");
    g_test_init(argc, argv, NULL);
    rcu_register_thread();
    cpus_set_exec_ops(&fake_ops);
    bql_lock();
    for (int i = 0; i < n; i++)
        fake_new(i);
    cpus_start(fake_single_thread);
    resume_all_vcpus();
}

int fakes_run(void)
{
    int status = g_test_run();
    cpus_shutdown();
    bql_unlock();
    rcu_unregister_thread();
    return status;
}

uint64_t fake_rounds(int i)
{
    return __atomic_load_n(&fake(cpus[i])->rounds, __ATOMIC_SEQ_CST);
}

void fake_wait_round(int i)
{
    uint64_t seen = fake_rounds(i);
    WAIT_UNTIL(fake_rounds(i) > seen + 1);
}

static void halt(CPUState *cpu, void *data)
{
    cpu->halted = true;
}

void fake_set_halted(int i)
{
    __atomic_store_n(&fake(cpus[i])->want_work, false, __ATOMIC_RELEASE);
    run_on_cpu(cpus[i], halt, NULL);
}

void fake_wake(int i)
{
    __atomic_store_n(&fake(cpus[i])->want_work, true, __ATOMIC_RELEASE);
    cpu_interrupt(cpus[i], CPU_INTERRUPT_HARD);
}
