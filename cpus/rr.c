/* SPDX-License-Identifier: MIT */
/*
 * Round robin: one thread runs all vCPUs in turn (thread=single).
 *
 * A vCPU runs for a slice of time, over as many entries to guest code as that takes: leaving it to look at an interrupt costs it
 * nothing. The slice ends early when it goes idle, when it says that it spins (EXCP_YIELD), and when
 * another vCPU is kicked, which is then served after at most the short slices of those between. A vCPU whose turn comes while
 * another has been kicked gets a short slice, so that kicks can starve none. Idle vCPUs are only looked at. With one busy
 * vCPU there is no slice, and no timer.
 *
 * All of them sleep in one place, which any kick ends. A kick of the vCPU that runs, or of one while none runs, need not end a slice.
 */
#include "base/rcu.h"
#include "cpus/cpus_internal.h"

#define SLICE_NS 10000000
#define SHORT_SLICE_NS 1000000

static pthread_t thread;
static bool thread_there;       /* (B) */
static Park park;               /* of the thread, and so of all vCPUs */
static CPUState *running;       /* (a) the vCPU whose turn it is */
static bool give_way;           /* (a) another was kicked since the slice began */
static Timer *slice_over;       /* on the first vCPU's list: the alarm kicks that one, and so gets out whoever runs */
static __thread bool is_rr;

bool rr_is_self(void)
{
    return is_rr;
}

Park *rr_park(void)
{
    return &park;
}

void rr_kick(CPUState *cpu)
{
    CPUState *now = __atomic_load_n(&running, __ATOMIC_ACQUIRE);
    if (!now || now == cpu)
        return;
    __atomic_store_n(&give_way, true, __ATOMIC_RELEASE);
    cpu_exit(now);
}

static bool is_there(const CPUState *cpu)
{
    return __atomic_load_n(&cpu->created, __ATOMIC_RELAXED);
}

static bool is_runnable(CPUState *cpu)
{
    return is_there(cpu) && !cpu_is_idle(cpu) && !__atomic_load_n(&cpu->stop, __ATOMIC_ACQUIRE);
}

/* When cpu's slice ends, by CLOCK_RT; INT64_MAX: nobody else wants to run. */
static int64_t slice_end(const CPUState *self)
{
    bool others = false;
    CPU_FOREACH (cpu) {
        if (cpu == self || !is_there(cpu))
            continue;
        if (__atomic_load_n(&cpu->exit_request, __ATOMIC_ACQUIRE))
            return clock_get_ns(CLOCK_RT) + SHORT_SLICE_NS;
        others |= is_runnable(cpu);
    }
    return others ? clock_get_ns(CLOCK_RT) + SLICE_NS : INT64_MAX;
}

/* What a vCPU's turn begins with, and each return to guest code within it. True: it may run. */
static bool prepare(CPUState *cpu)
{
    cpu_forget_kick(cpu);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (cpus_quitting() || cpu_stop_here(cpu))
        return false;
    cpu_process_work(cpu);
    timer_list_run(cpu->timers);
    return !cpu_is_idle(cpu);
}

/* The guest's hint that it waits for another CPU. */
static bool spins(int why)
{
    return why == EXCP_YIELD;
}

/* cpu's turn. Returns whether it ran. */
static bool take_turn(CPUState *cpu)
{
    current_cpu = cpu;
    if (!prepare(cpu))
        return false;
    __atomic_store_n(&give_way, false, __ATOMIC_RELAXED);
    __atomic_store_n(&running, cpu, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* who was kicked before is seen by slice_end; who is later sets give_way */
    int64_t end = slice_end(cpu);
    timer_mod(slice_over, end);
    int why;
    do
        why = cpu_run(cpu);
    while (!spins(why) && !__atomic_load_n(&give_way, __ATOMIC_ACQUIRE) && (end == INT64_MAX || clock_get_ns(CLOCK_RT) < end) && prepare(cpu));
    __atomic_store_n(&running, NULL, __ATOMIC_RELEASE);
    timer_del(slice_over);
    return true;
}

static int64_t nearer(int64_t a, int64_t b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* A turn for each. Returns how long to sleep then: 0 not at all, -1 until kicked. */
static int64_t round_of_all(void)
{
    int64_t sleep_ns = -1;
    bool any = false;
    CPU_FOREACH (cpu) {
        if (!__atomic_load_n(&cpu->started, __ATOMIC_ACQUIRE))
            continue;
        if (!is_there(cpu))
            cpu_thread_begin(cpu);
        any |= take_turn(cpu);
        if (!__atomic_load_n(&cpu->stop, __ATOMIC_ACQUIRE))
            sleep_ns = nearer(sleep_ns, timer_list_deadline_ns(cpu->timers));
    }
    return any ? 0 : sleep_ns;
}

/* Nothing to do: that the alarm got the running vCPU out of guest code is all that was wanted. */
static void slice_is_over(void *opaque)
{
}

static void *rr_thread(void *arg)
{
    is_rr = true;
    rcu_register_thread();
    while (!cpus_quitting()) {
        park_begin(&park);
        park_sleep(&park, round_of_all());
    }
    CPU_FOREACH (cpu) {
        if (is_there(cpu))
            cpu_thread_end(cpu);
    }
    rcu_unregister_thread();
    return NULL;
}

void rr_init(void)
{
    CPUState *first = cpu_first();
    if (!first)
        return;
    CPU_FOREACH (cpu)
        cpu->park = &park;
    slice_over = timer_new(first->timers, CLOCK_RT, slice_is_over, NULL);
    pthread_create(&thread, NULL, rr_thread, NULL);
    pthread_setname_np(thread, "vCPUs");
    thread_there = true;
}

void rr_adopt(CPUState *cpu)
{
    __atomic_store_n(&cpu->started, true, __ATOMIC_RELEASE);
    cpu_kick(cpu);
}

void rr_join(void)
{
    if (!thread_there)
        return;
    pthread_join(thread, NULL);
    timer_free(slice_over);
}
