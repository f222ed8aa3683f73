/* SPDX-License-Identifier: MIT */
/*
 * Requests to a vCPU, and how its thread comes to see them.
 *
 * exit_request gets it out of guest code, its Park out of sleep. Who asks publishes the reason, then (fence) looks at both and sets
 * what is not set. The vCPU's thread clears both (cpu_forget_kick, park_begin), then (fence) looks at the reasons. So it
 * either sees the reason or finds itself kicked when it enters guest code or wants to sleep. A kick takes no lock; it writes
 * nothing to the cache lines of a vCPU that was kicked and has not looked yet, and makes a system call only when it is asleep.
 *
 * For interrupts, and for what other vCPUs leave to be settled, the way out ends at the top of cpu_exec's loop, which looks at
 * interrupt_request and goes on: CPU_EXIT_SETTLE. All else is the thread's own: CPU_EXIT_LEAVE.
 */
#include "base/sync_profile.h"
#include "cpus/cpus_internal.h"

void cpu_exit(CPUState *cpu)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!(__atomic_load_n(&cpu->exit_request, __ATOMIC_RELAXED) & CPU_EXIT_LEAVE))
        __atomic_store_n(&cpu->exit_request, CPU_EXIT_LEAVE, __ATOMIC_RELEASE);
}

/* One that is asked already has not looked at the reasons yet: it takes the bit away before it does. */
void cpu_exit_settle(CPUState *cpu)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!(__atomic_load_n(&cpu->exit_request, __ATOMIC_RELAXED) & CPU_EXIT_SETTLE))
        __atomic_fetch_or(&cpu->exit_request, CPU_EXIT_SETTLE, __ATOMIC_SEQ_CST);
}

void cpu_forget_kick(CPUState *cpu)
{
    __atomic_store_n(&cpu->exit_request, 0, __ATOMIC_RELAXED);
}

static void wake(CPUState *cpu)
{
    if (cpus_single_thread)
        rr_kick(cpu);
    park_wake(cpu->park);
}

void cpu_kick(CPUState *cpu)
{
    sync_event(SYNC_KICK);
    cpu_exit(cpu);
    wake(cpu);
}

void cpu_interrupt(CPUState *cpu, uint32_t mask)
{
    __atomic_fetch_or(&cpu->interrupt_request, mask, __ATOMIC_SEQ_CST);
    if (cpu != current_cpu) {
        sync_event(SYNC_INTERRUPT);
        cpu_exit_settle(cpu);
        wake(cpu);
    } else {
        cpu_exit_settle(cpu);
    }
}

void cpu_reset_interrupt(CPUState *cpu, uint32_t mask)
{
    __atomic_fetch_and(&cpu->interrupt_request, ~mask, __ATOMIC_SEQ_CST);
}
