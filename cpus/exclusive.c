/* SPDX-License-Identifier: MIT */
/*
 * Exclusive sections: one thread runs while no vCPU is between cpu_exec_start and cpu_exec_end.
 *
 * cpu->running is set and cleared without a lock; the fences pair so that either the vCPU sees that a section is pending, or
 * the section's owner sees the vCPU running, never neither:
 *
 *     vCPU:   running = 1; fence; read pending        owner:  pending = 1; fence; read running
 *
 * pending is 0 when no section is wanted; else 1 + the number of vCPUs still to be waited for. A vCPU that the owner counted
 * (has_waiter) reports at its next cpu_exec_end; one that comes late waits in cpu_exec_start until the section is over.
 * Deadlock: a thread inside cpu_exec_start..end that waits for a section's owner. Hence start_exclusive and run_on_cpu must not
 * be called from there, and the big lock must not be held by the owner while it waits (a vCPU may want it for a device).
 */
#include <assert.h>

#include "cpus/cpus_internal.h"

static Lock list_lock = { .mutex = PTHREAD_MUTEX_INITIALIZER, .class = LOCK_CPU_LIST, .name = "exclusive sections" };
static Cond all_left = { PTHREAD_COND_INITIALIZER };  /* pending went down to 1 */
static Cond resumed = { PTHREAD_COND_INITIALIZER };   /* pending went to 0 */
static int pending;                                   /* (a), written under list_lock */
static __thread bool exclusive;

void start_exclusive(void)
{
    assert(!exclusive && !bql_locked());
    lock_acquire(&list_lock);
    while (pending)
        cond_wait(&resumed, &list_lock);
    __atomic_store_n(&pending, 1, __ATOMIC_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    int running = 0;
    CPU_FOREACH (cpu) {
        if (__atomic_load_n(&cpu->running, __ATOMIC_SEQ_CST)) {
            cpu->has_waiter = true;
            running++;
            cpu_exit(cpu);
        }
    }
    __atomic_store_n(&pending, running + 1, __ATOMIC_SEQ_CST);
    while (pending > 1)
        cond_wait(&all_left, &list_lock);
    lock_release(&list_lock);
    exclusive = true;
}

void end_exclusive(void)
{
    exclusive = false;
    lock_acquire(&list_lock);
    __atomic_store_n(&pending, 0, __ATOMIC_SEQ_CST);
    cond_broadcast(&resumed);
    lock_release(&list_lock);
}

void cpu_exec_start(CPUState *cpu)
{
    __atomic_store_n(&cpu->running, 1, __ATOMIC_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__builtin_expect(__atomic_load_n(&pending, __ATOMIC_SEQ_CST) == 0, 1))
        return;
    lock_acquire(&list_lock);
    if (!cpu->has_waiter) {
        /* Not counted: the section has begun or will begin without this vCPU. */
        __atomic_store_n(&cpu->running, 0, __ATOMIC_SEQ_CST);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        cpu_left(cpu);
        while (pending)
            cond_wait(&resumed, &list_lock);
        __atomic_store_n(&cpu->running, 1, __ATOMIC_SEQ_CST);
    }
    lock_release(&list_lock);
}

void cpu_exec_end(CPUState *cpu)
{
    __atomic_store_n(&cpu->running, 0, __ATOMIC_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    cpu_left(cpu);
    if (__builtin_expect(__atomic_load_n(&pending, __ATOMIC_SEQ_CST) == 0, 1))
        return;
    lock_acquire(&list_lock);
    if (cpu->has_waiter) {
        cpu->has_waiter = false;
        __atomic_store_n(&pending, pending - 1, __ATOMIC_SEQ_CST);
        if (pending == 1)
            cond_signal(&all_left);
    }
    lock_release(&list_lock);
}

bool in_exclusive_section(void)
{
    return exclusive;
}
