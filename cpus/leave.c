/* SPDX-License-Identifier: MIT */
/*
 * Waiting until another vCPU has left the guest code that it runs, without stopping it.
 *
 * A waiter names what is enough for it beside the vCPU's being outside cpu_exec_start..end: a condition that the vCPU makes true
 * between blocks and that then stays so. It sleeps on the vCPU's leave_cond; who sleeps is counted in leave_waiters:
 *
 *     waiter:  leave_waiters++; fence; look              vCPU:  change what is looked at; fence; read leave_waiters
 *
 * so either the waiter sees the change, or the vCPU sees the waiter and takes leave_lock to wake it, which the waiter holds from
 * its look until it sleeps. The vCPU pays a load of a line of its own while nobody waits.
 *
 * A waiter is itself outside cpu_exec_start..end, or two that waited for each other would never end; and it holds no lock
 * that the other may want before it leaves.
 */
#include <assert.h>

#include "cpus/cpus_internal.h"

static bool has_left(CPUState *cpu, CpuLeftFn *enough, uint64_t arg)
{
    return !__atomic_load_n(&cpu->running, __ATOMIC_SEQ_CST) || enough(cpu, arg);
}

void cpu_wait_left(CPUState *cpu, CpuLeftFn *enough, uint64_t arg)
{
    assert(!bql_locked() && !(current_cpu && __atomic_load_n(&current_cpu->running, __ATOMIC_RELAXED)));
    if (has_left(cpu, enough, arg))
        return;
    lock_acquire(&cpu->leave_lock);
    __atomic_fetch_add(&cpu->leave_waiters, 1, __ATOMIC_SEQ_CST);
    while (!has_left(cpu, enough, arg))
        cond_wait(&cpu->leave_cond, &cpu->leave_lock);
    __atomic_fetch_sub(&cpu->leave_waiters, 1, __ATOMIC_SEQ_CST);
    lock_release(&cpu->leave_lock);
}

void cpu_wake_leave_waiters(CPUState *cpu)
{
    lock_acquire(&cpu->leave_lock);
    cond_broadcast(&cpu->leave_cond);
    lock_release(&cpu->leave_lock);
}
