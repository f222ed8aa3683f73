/* SPDX-License-Identifier: MIT */
/*
 * vCPU threads: one for each vCPU (mttcg) here, or one for all in turn (rr.c). Their beginning and end.
 *
 * A round of the loop: forget kicks; stop if that is asked for; queued work; timers; guest code, or sleep when there is nothing to
 * do. Kicks are forgotten first, so what comes in later keeps the vCPU out of guest code and out of sleep, and it looks again.
 * The big lock is not held around the loop: devices take it for themselves.
 */
#include <assert.h>
#include <glib.h>

#include "base/rcu.h"
#include "base/sync_profile.h"
#include "cpus/cpus_internal.h"

bool cpus_single_thread;
static bool quitting; /* (a) */

bool cpus_quitting(void)
{
    return __atomic_load_n(&quitting, __ATOMIC_ACQUIRE);
}

bool cpu_is_idle(CPUState *cpu)
{
    return cpu->halted && !cpu_exec_ops->has_work(cpu);
}

int cpu_run(CPUState *cpu)
{
    int why = cpu_exec_ops->exec(cpu);
    if (why == EXCP_ATOMIC) {
        sync_event(SYNC_STEP_ATOMIC);
        cpu_exec_ops->exec_step_atomic(cpu);
    } else if (why == EXCP_DEBUG && cpu_exec_ops->debug_stop) {
        cpu_exec_ops->debug_stop(cpu);
    }
    return why;
}

void cpu_thread_begin(CPUState *cpu)
{
    current_cpu = cpu;
    cpu_exec_ops->thread_init(cpu);
    cpu_pause_created(cpu, true);
}

void cpu_thread_end(CPUState *cpu)
{
    current_cpu = cpu;
    cpu_work_close(cpu);
    cpu_pause_created(cpu, false);
}

static void sleep_idle(CPUState *cpu)
{
    int64_t since = sync_begin();
    cpu_spin_sleeps(cpu);
    park_sleep(cpu->park, timer_list_deadline_ns(cpu->timers));
    cpu_spin_count_awake(1);
    sync_end(SYNC_SLEEP, since);
}

static void sleep_spinning(CPUState *cpu)
{
    int64_t ns = cpu_spin_begin(cpu), due = timer_list_deadline_ns(cpu->timers), since = sync_begin();
    park_sleep(cpu->park, due >= 0 && due < ns ? due : ns);
    sync_end(SYNC_SPIN, since);
    cpu_spin_end(cpu);
}

static void *mttcg_thread(void *arg)
{
    CPUState *cpu = arg;
    rcu_register_thread();
    cpu_thread_begin(cpu);
    cpu_spin_count_awake(1);
    for (;;) {
        cpu_forget_kick(cpu);
        park_begin(cpu->park);
        if (cpus_quitting())
            break;
        if (cpu_stop_here(cpu)) {
            park_sleep(cpu->park, -1);
            continue;
        }
        cpu_process_work(cpu);
        timer_list_run(cpu->timers);
        if (cpu_is_idle(cpu)) {
            sleep_idle(cpu);
            continue;
        }
        cpu_spin_enter(cpu);
        if (cpu_run(cpu) == EXCP_YIELD)
            sleep_spinning(cpu);
    }
    cpu_spin_sleeps(cpu);
    cpu_thread_end(cpu);
    rcu_unregister_thread();
    return NULL;
}

static void mttcg_start(CPUState *cpu)
{
    g_autofree char *name = g_strdup_printf("vCPU %d", cpu->index);
    pthread_create(&cpu->thread, NULL, mttcg_thread, cpu);
    pthread_setname_np(cpu->thread, name);
}

void cpu_start(CPUState *cpu)
{
    cpu_pause_join(cpu);
    cpu_work_open(cpu);
    if (cpus_single_thread)
        rr_adopt(cpu);
    else
        mttcg_start(cpu);
    cpu_pause_wait_created(cpu);
}

void cpus_start(bool single_thread)
{
    cpus_single_thread = single_thread;
    cpu_alarm_start();
    if (single_thread)
        rr_init();
    CPU_FOREACH (cpu)
        cpu_start(cpu);
}

void cpus_shutdown(void)
{
    assert(!current_cpu);
    __atomic_store_n(&quitting, true, __ATOMIC_RELEASE);
    CPU_FOREACH (cpu)
        cpu_kick(cpu);
    bql_unlock();
    CPU_FOREACH (cpu) {
        if (!cpus_single_thread)
            pthread_join(cpu->thread, NULL);
    }
    if (cpus_single_thread)
        rr_join();
    cpu_alarm_stop();
    bql_lock();
}
