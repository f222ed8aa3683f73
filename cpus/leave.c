/* SPDX-License-Identifier: MIT */
/*
 * Waiting until another vCPU has left the guest code that it runs, without stopping it.
 *
 * A waiter names what is enough for it beside the vCPU's being outside cpu_exec_start..end: a condition that the vCPU makes true
 * between blocks and that then stays so. Who sleeps is counted in leave_waiters, and sleeps on leave_wakes, a futex:
 *
 *     waiter:  leave_waiters++; w = leave_wakes; look; sleep while leave_wakes is w
 *     vCPU:    change what is looked at; read leave_waiters; not 0: leave_wakes++, wake
 *
 * All of these are sequentially consistent. So either the waiter sees the change, or the vCPU sees the waiter, and what it then
 * adds to leave_wakes, which the waiter had read before it looked, ends the sleep or keeps it from beginning. The vCPU pays one
 * load, of a line that it writes itself, while nobody waits.
 *
 * A waiter is itself outside cpu_exec_start..end, or two that waited for each other would never end; and it holds no lock
 * that the other may want before it leaves.
 */
#include <assert.h>
#include <limits.h>

#include "base/futex.h"
#include "cpus/cpus_internal.h"

static bool has_left(CPUState *cpu, CpuLeftFn *enough, uint64_t arg)
{
    return __atomic_load_n(&cpu->running, __ATOMIC_SEQ_CST) == CPU_OUTSIDE || enough(cpu, arg);
}

void cpu_wait_left(CPUState *cpu, CpuLeftFn *enough, uint64_t arg)
{
    assert(!cpu_self_in_exec());
    lock_check_none_held("cpu_wait_left");
    if (has_left(cpu, enough, arg))
        return;
    __atomic_fetch_add(&cpu->leave_waiters, 1, __ATOMIC_SEQ_CST);
    for (;;) {
        uint32_t wakes = __atomic_load_n(&cpu->leave_wakes, __ATOMIC_SEQ_CST);
        if (has_left(cpu, enough, arg))
            break;
        futex_wait(&cpu->leave_wakes, wakes, -1);
    }
    __atomic_fetch_sub(&cpu->leave_waiters, 1, __ATOMIC_SEQ_CST);
}

void cpu_wake_leave_waiters(CPUState *cpu)
{
    __atomic_fetch_add(&cpu->leave_wakes, 1, __ATOMIC_SEQ_CST);
    futex_wake(&cpu->leave_wakes, INT_MAX);
}
