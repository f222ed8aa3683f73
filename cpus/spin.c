/* SPDX-License-Identifier: MIT */
/*
 * Guests that wait by polling.
 *
 * A guest's CPUs are taken to run all the time: a kernel that waits for another CPU (a lock, an answer to an IPI, all CPUs in
 * stop_machine) polls, with a hint in the loop: PAUSE, YIELD, WFE. With more vCPUs awake than host cores the thread that polls keeps a
 * core from the one it waits for, for a whole time slice of the host, and with 64 vCPUs seconds pass where a machine takes microseconds.
 * Giving the core away (sched_yield) does not help: a fair scheduler soon finds that those who polled briefly have had less than their share.
 *
 * So after SPIN_POLLS hints with too many vCPUs awake, a vCPU sleeps: SPIN_FIRST_NS at first, twice as long each time while it goes on polling, up
 * to a limit that lets all those that poll together take a small part of the cores for looking again. What it waits for may have happened meanwhile:
 * late by a sleep at most. Any kick wakes it, so interrupts, work and stops are not held up. As sleepers do not count as awake, as many vCPUs go
 * on polling as there are cores.
 *
 * The host has other things to do, too: then a core may have two of the vCPUs while others are busy with something else. It happens to the pair that
 * matters, since a thread that wakes another is likely to be put off that moment for the woken one, inside the guest's lock that the woken one polls
 * for next (a guest sends its IPIs under locks). So a vCPU that finds another on its own core, awake but not running since it is itself, sleeps as
 * well. Where a vCPU runs is noted as it enters guest code, and may be outdated; that too costs a needless sleep or poll.
 *
 * The counts are written when a thread goes to sleep or wakes, never on the way of running code, and are read by vCPUs that poll. They need no order: a
 * stale count costs a needless sleep or poll.
 */
#include "cpus/spin.h"

#include <glib.h>
#include <sched.h>

#include "base/bits.h"
#include "cpus/cpus_internal.h"

#define SPIN_POLLS 32u
#define SPIN_FIRST_NS 50000
#define SPIN_SAME_NS 100000       /* polling again within this time is the same wait */
#define SPIN_LOOK_NS 100000       /* a host core is asked to look again this seldom */
#define SPIN_LONGEST_NS 4000000

static int n_awake;    /* (a) vCPU threads that are not asleep */
static int n_spinning; /* (a) those that sleep because they poll */

static int host_cores(void)
{
    static int n; /* (a) the same whoever stores it */
    int cores = __atomic_load_n(&n, __ATOMIC_RELAXED);

    if (!cores) {
        cores = (int)g_get_num_processors();
        __atomic_store_n(&n, cores, __ATOMIC_RELAXED);
    }
    return cores;
}

void cpu_spin_count_awake(int change)
{
    __atomic_fetch_add(&n_awake, change, __ATOMIC_RELAXED);
}

void cpu_spin_enter(CPUState *cpu)
{
    int core = sched_getcpu() + 1;

    if (cpu->spin.core != core)
        __atomic_store_n(&cpu->spin.core, core, __ATOMIC_RELAXED);
}

void cpu_spin_sleeps(CPUState *cpu)
{
    __atomic_store_n(&cpu->spin.core, 0, __ATOMIC_RELAXED);
    cpu_spin_count_awake(-1);
}

static bool shares_core(const CPUState *cpu)
{
    int core = sched_getcpu() + 1;

    CPU_FOREACH (other) {
        if (other != cpu && core && __atomic_load_n(&other->spin.core, __ATOMIC_RELAXED) == core)
            return true;
    }
    return false;
}

bool cpu_spin_poll(CPUState *cpu, unsigned weight)
{
    cpu->spin.polls += weight;
    if (cpu->spin.polls < SPIN_POLLS)
        return false;
    cpu->spin.polls = 0;
    if (cpus_single_thread)
        return cpu_count() > 1;
    return __atomic_load_n(&n_awake, __ATOMIC_RELAXED) > host_cores() || shares_core(cpu);
}

/* A guest that asks for 0 polls on. */
void cpu_spin_may_sleep(CPUState *cpu, int64_t ns)
{
    cpu->spin.may_sleep = ns > 0;
    if (ns > 0)
        cpu->spin.sleep_ns = ns;
}

static int64_t longest_ns(void)
{
    int64_t ns = (int64_t)SPIN_LOOK_NS * (__atomic_load_n(&n_spinning, __ATOMIC_RELAXED) + 1) / host_cores();

    return MIN_OF(MAX_OF(ns, SPIN_LOOK_NS), SPIN_LONGEST_NS);
}

int64_t cpu_spin_begin(CPUState *cpu)
{
    CpuSpin *s = &cpu->spin;

    if (!s->may_sleep) {
        bool same = clock_get_ns(CLOCK_RT) - s->ended_ns < SPIN_SAME_NS;
        s->sleep_ns = same ? MIN_OF(s->sleep_ns * 2, longest_ns()) : SPIN_FIRST_NS;
    }
    s->may_sleep = false;
    __atomic_fetch_add(&n_spinning, 1, __ATOMIC_RELAXED);
    cpu_spin_sleeps(cpu);
    return s->sleep_ns;
}

void cpu_spin_end(CPUState *cpu)
{
    cpu_spin_count_awake(1);
    __atomic_fetch_sub(&n_spinning, 1, __ATOMIC_RELAXED);
    cpu->spin.ended_ns = clock_get_ns(CLOCK_RT);
}
