/* SPDX-License-Identifier: MIT */
/*
 * Stopping all vCPUs, and letting them go on.
 *
 * A pause sets stop in each vCPU and kicks it; the vCPU's thread says stopped when it is outside guest code and has nothing to do
 * that somebody waits for, and sleeps until it is resumed. Pauses are counted, so two threads that pause at once, or one that
 * pauses what is paused already, need not know of each other; a resume that brings the count to zero ends the wait of whoever is
 * still waiting for a pause. stop, stopped and the count change together, under stop_lock.
 *
 * A vCPU's thread may pause, too, but only asks, and stops itself when its block or function ends. Inside cpu_exec_start..end it
 * cannot wait: another vCPU may be waiting for an exclusive section, until this one has left its block. Outside it would have to
 * count as stopped while it waits, and then goes on with its function while another who pauses believes that it stands still.
 *
 * The owner of an exclusive section must not wait here: a vCPU held back at cpu_exec_start cannot say that it has stopped.
 */
#include <assert.h>

#include "cpus/cpus_internal.h"

static Lock stop_lock = { .mutex = PTHREAD_MUTEX_INITIALIZER, .class = LOCK_CPU_WORK, .name = "vCPU stops" };
static Cond changed = { PTHREAD_COND_INITIALIZER }; /* a vCPU has stopped or been created, or the count has become zero */
static unsigned pauses = 1;                         /* stop_lock; vCPUs start paused */

static bool all_stopped_locked(void)
{
    CPU_FOREACH (cpu) {
        if (__atomic_load_n(&cpu->created, __ATOMIC_RELAXED) && !cpu->stopped)
            return false;
    }
    return true;
}

void cpu_pause_join(CPUState *cpu)
{
    lock_acquire(&stop_lock);
    __atomic_store_n(&cpu->stop, pauses > 0, __ATOMIC_RELAXED);
    lock_release(&stop_lock);
}

void cpu_pause_created(CPUState *cpu, bool created)
{
    lock_acquire(&stop_lock);
    __atomic_store_n(&cpu->created, created, __ATOMIC_RELEASE);
    cond_broadcast(&changed);
    lock_release(&stop_lock);
}

void cpu_pause_wait_created(CPUState *cpu)
{
    lock_acquire(&stop_lock);
    while (!__atomic_load_n(&cpu->created, __ATOMIC_RELAXED))
        cond_wait(&changed, &stop_lock);
    lock_release(&stop_lock);
}

/* cpu runs nothing any more, unless it was resumed meanwhile. */
static void report_stopped(CPUState *cpu)
{
    lock_acquire(&stop_lock);
    if (cpu->stop && !cpu->stopped) {
        cpu->stopped = true;
        cond_broadcast(&changed);
    }
    lock_release(&stop_lock);
}

bool cpu_stop_here(CPUState *cpu)
{
    if (!__atomic_load_n(&cpu->stop, __ATOMIC_ACQUIRE))
        return false;
    cpu_process_waited_work(cpu);
    report_stopped(cpu);
    return true;
}

static void set_stop_locked(bool stop)
{
    CPU_FOREACH (cpu) {
        __atomic_store_n(&cpu->stop, stop, __ATOMIC_RELEASE);
        cpu->stopped = false;
        cpu_kick(cpu);
    }
}

static void wait_until_stopped(void)
{
    lock_acquire(&stop_lock);
    while (pauses && !all_stopped_locked())
        cond_wait(&changed, &stop_lock);
    lock_release(&stop_lock);
}

void pause_all_vcpus(void)
{
    assert(!in_exclusive_section());
    lock_acquire(&stop_lock);
    if (!pauses++)
        set_stop_locked(true);
    lock_release(&stop_lock);
    if (current_cpu)
        return;
    bool had_big_lock = bql_locked();
    if (had_big_lock)
        bql_unlock();
    lock_check_none_held("pause_all_vcpus");
    wait_until_stopped();
    if (had_big_lock)
        bql_lock();
}

void resume_all_vcpus(void)
{
    lock_acquire(&stop_lock);
    assert(pauses);
    if (!--pauses) {
        set_stop_locked(false);
        cond_broadcast(&changed);
    }
    lock_release(&stop_lock);
}

bool all_vcpus_paused(void)
{
    lock_acquire(&stop_lock);
    bool all = pauses && all_stopped_locked();
    lock_release(&stop_lock);
    return all;
}
