/* SPDX-License-Identifier: MIT */
/*
 * Exclusive sections: one thread runs while no vCPU is between cpu_exec_start and cpu_exec_end.
 *
 * The owner holds section_lock from start to end, so there is one section at a time. pending tells vCPUs to stay out. Neither side
 * takes a lock to go in or out; each vCPU writes its own cpu->running only, and reads pending, which changes with sections alone.
 *
 *     vCPU goes in:   running = INSIDE; fence; read pending          owner:  pending = 1; fence; read running
 *
 * By the fences at least one sees the other: a vCPU that read pending as 0 is seen by the owner as INSIDE. That one the owner
 * counts in to_leave and turns to AWAITED by compare-and-swap; cpu_exec_end exchanges running for OUTSIDE. Both are
 * read-modify-writes of one word, so the vCPU either finds AWAITED, and reports, or has left before the owner's swap, which then
 * fails and is not counted. to_leave is raised before the swap and starts at 1, so no report can bring it to 0 too early.
 *
 * What a vCPU did inside happens before the section: cpu_exec_end's exchange releases; the owner acquires by reading OUTSIDE, or
 * by to_leave's last decrement. What the section did happens before vCPUs go in again: pending = 0 releases, the read of it in
 * cpu_exec_start acquires. A vCPU that the owner's walk of the list misses was added after pending was set, and will read it.
 *
 * Deadlock: a thread inside cpu_exec_start..end that waits for the owner. Hence neither start_exclusive nor run_on_cpu from
 * there: two vCPUs in the middle of their blocks that both wait for the other to have left its block can never both be served. And
 * the owner holds no lock while it waits, since a vCPU inside may want it: section_lock ranks before all others.
 */
#include <assert.h>
#include <limits.h>

#include "base/futex.h"
#include "base/sync_profile.h"
#include "cpus/cpus_internal.h"

static Lock section_lock = { .mutex = PTHREAD_MUTEX_INITIALIZER, .class = LOCK_EXCLUSIVE, .name = "exclusive section" };
/* Read by every vCPU that goes in: nothing else that is written is near. */
static struct {
    uint32_t pending __attribute__((aligned(64))); /* (a) 1: stay out. Written by the owner, slept on by vCPUs */
    uint32_t to_leave __attribute__((aligned(64))); /* (a) vCPUs that have yet to report; slept on by the owner */
    uint32_t held_back;                            /* (a) vCPUs that sleep until pending is 0, or are about to */
} gate;
static __thread unsigned depth; /* of this thread's sections */
static int64_t held_since;      /* section_lock; when the section began, if that is counted */

/* Has cpu report when it leaves, if it is inside. */
static void ask_to_leave(CPUState *cpu)
{
    uint32_t inside = CPU_INSIDE;
    if (__atomic_load_n(&cpu->running, __ATOMIC_ACQUIRE) == CPU_OUTSIDE)
        return;
    __atomic_fetch_add(&gate.to_leave, 1, __ATOMIC_RELAXED);
    if (__atomic_compare_exchange_n(&cpu->running, &inside, CPU_INSIDE_AWAITED, false, __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE))
        cpu_exit(cpu);
    else
        __atomic_fetch_sub(&gate.to_leave, 1, __ATOMIC_RELAXED);
}

static void wait_until_left(void)
{
    uint32_t left = __atomic_sub_fetch(&gate.to_leave, 1, __ATOMIC_ACQ_REL);
    while (left) {
        futex_wait(&gate.to_leave, left, -1);
        left = __atomic_load_n(&gate.to_leave, __ATOMIC_ACQUIRE);
    }
}

void start_exclusive(void)
{
    if (depth++)
        return;
    assert(!cpu_self_in_exec());
    lock_check_none_held("start_exclusive");
    int64_t since = sync_begin();
    lock_acquire(&section_lock);
    __atomic_store_n(&gate.pending, 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n(&gate.to_leave, 1, __ATOMIC_RELAXED);
    CPU_FOREACH (cpu)
        ask_to_leave(cpu);
    wait_until_left();
    sync_end(SYNC_EXCLUSIVE_STOP, since);
    held_since = sync_begin();
}

void end_exclusive(void)
{
    assert(depth);
    if (--depth)
        return;
    sync_end(SYNC_EXCLUSIVE_HELD, held_since);
    __atomic_store_n(&gate.pending, 0, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* pairs with wait_for_end: the sleeper is seen, or sees pending */
    if (__atomic_load_n(&gate.held_back, __ATOMIC_RELAXED))
        futex_wake(&gate.pending, INT_MAX);
    lock_release(&section_lock);
}

static void wait_for_end(void)
{
    int64_t since = sync_begin();
    __atomic_fetch_add(&gate.held_back, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&gate.pending, __ATOMIC_SEQ_CST))
        futex_wait(&gate.pending, 1, -1);
    __atomic_fetch_sub(&gate.held_back, 1, __ATOMIC_RELAXED);
    sync_end(SYNC_EXCLUSIVE_STALL, since);
}

void cpu_exec_start(CPUState *cpu)
{
    for (;;) {
        __atomic_store_n(&cpu->running, CPU_INSIDE, __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (__builtin_expect(!__atomic_load_n(&gate.pending, __ATOMIC_ACQUIRE), 1))
            return;
        cpu_exec_end(cpu);
        wait_for_end();
    }
}

void cpu_exec_end(CPUState *cpu)
{
    if (__builtin_expect(__atomic_exchange_n(&cpu->running, CPU_OUTSIDE, __ATOMIC_SEQ_CST) == CPU_INSIDE_AWAITED, 0)
        && !__atomic_sub_fetch(&gate.to_leave, 1, __ATOMIC_ACQ_REL))
        futex_wake(&gate.to_leave, 1);
    cpu_left(cpu);
}

bool in_exclusive_section(void)
{
    return depth;
}
