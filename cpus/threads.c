/* SPDX-License-Identifier: MIT */
/*
 * vCPU threads: one for each vCPU (mttcg), or one for all in turn (rr).
 *
 * The loop does, in this order: queued work, timers, a stop if one was asked for, guest code, sleep when there is nothing to
 * do. The big lock is not held around it; devices take it for themselves. exit_request is cleared before the reasons for it are
 * looked at, so a request made later is seen by the next poll in generated code.
 *
 * Sleep. A sleeper holds halt_lock from its last look at the reasons until it waits, and cpu_kick takes that lock after the
 * reason was stored, so no wake-up is lost. Deadlines of timers are read before the lock is taken (its rank is inside the
 * timers'); a timer that is moved meanwhile kicks.
 */
#include <glib.h>

#include "base/rcu.h"
#include "cpus/cpus_internal.h"

bool cpus_single_thread;

static Lock rr_lock = { .mutex = PTHREAD_MUTEX_INITIALIZER, .class = LOCK_CPU_WORK, .name = "rr halt" };
static Cond rr_cond;
static pthread_t rr_thread;
static CPUState *rr_current; /* (a) the vCPU that the rr thread is running */

#define RR_SLICE_NS 10000000

bool cpu_is_self(const CPUState *cpu)
{
    return cpu->created && pthread_equal(cpu->thread, pthread_self());
}

void cpu_exit(CPUState *cpu)
{
    __atomic_store_n(&cpu->exit_request, CPU_EXIT_LEAVE, __ATOMIC_SEQ_CST);
}

void cpu_exit_settle(CPUState *cpu)
{
    if (!(__atomic_load_n(&cpu->exit_request, __ATOMIC_SEQ_CST) & CPU_EXIT_SETTLE))
        __atomic_fetch_or(&cpu->exit_request, CPU_EXIT_SETTLE, __ATOMIC_SEQ_CST);
}

void cpu_kick(CPUState *cpu)
{
    cpu_exit(cpu);
    if (cpus_single_thread) {
        CPUState *running = __atomic_load_n(&rr_current, __ATOMIC_ACQUIRE);
        if (running && running != cpu)
            cpu_exit(running);
    }
    lock_acquire(cpu->halt_lock);
    __atomic_store_n(&cpu->thread_kicked, true, __ATOMIC_RELEASE);
    cond_broadcast(cpu->halt_cond);
    lock_release(cpu->halt_lock);
}

void cpu_interrupt(CPUState *cpu, uint32_t mask)
{
    __atomic_fetch_or(&cpu->interrupt_request, mask, __ATOMIC_SEQ_CST);
    if (!cpu_is_self(cpu))
        cpu_kick(cpu);
    else
        cpu_exit(cpu);
}

void cpu_reset_interrupt(CPUState *cpu, uint32_t mask)
{
    __atomic_fetch_and(&cpu->interrupt_request, ~mask, __ATOMIC_SEQ_CST);
}

/* A vCPU with queued work whose thread this is: cpu itself, or in rr any. */
static CPUState *find_work(CPUState *cpu)
{
    if (!cpus_single_thread)
        return cpu_has_queued_work(cpu) ? cpu : NULL;
    CPU_FOREACH (other) {
        if (cpu_has_queued_work(other))
            return other;
    }
    return NULL;
}

/* Stops here while a stop is asked for; work is done meanwhile. */
static void wait_while_stopped(CPUState *cpu)
{
    lock_acquire(&cpu->work_lock);
    while (cpu->stop && !cpu->unplug) {
        if (!cpu->stopped) {
            cpu->stopped = true;
            cond_broadcast(&cpu->work_cond);
        }
        CPUState *busy = find_work(cpu);
        if (!busy) {
            cond_wait(&cpu->work_cond, &cpu->work_lock);
            continue;
        }
        lock_release(&cpu->work_lock);
        cpu_process_work(busy);
        lock_acquire(&cpu->work_lock);
    }
    cpu->stopped = false;
    lock_release(&cpu->work_lock);
}

/* What has to be done before guest code can run. */
static void prepare(CPUState *cpu)
{
    __atomic_store_n(&cpu->thread_kicked, false, __ATOMIC_SEQ_CST);
    __atomic_store_n(&cpu->exit_request, 0, __ATOMIC_SEQ_CST);
    cpu_process_work(cpu);
    timer_list_run(cpu->timers);
}

static bool is_idle(CPUState *cpu)
{
    return cpu->halted && !cpu_exec_ops->has_work(cpu);
}

static void run(CPUState *cpu)
{
    int why = cpu_exec_ops->exec(cpu);
    if (why == EXCP_ATOMIC)
        cpu_exec_ops->exec_step_atomic(cpu);
    else if (why == EXCP_DEBUG && cpu_exec_ops->debug_stop)
        cpu_exec_ops->debug_stop(cpu);
}

static void thread_begin(CPUState *cpu)
{
    cpu->thread = pthread_self();
    cpu_exec_ops->thread_init(cpu);
    lock_acquire(&cpu->work_lock);
    cpu->created = true;
    cond_broadcast(&cpu->work_cond);
    lock_release(&cpu->work_lock);
}

static void sleep_until_kicked(CPUState *cpu, int64_t ns)
{
    lock_acquire(cpu->halt_lock);
    if (!__atomic_load_n(&cpu->thread_kicked, __ATOMIC_ACQUIRE)) {
        if (ns < 0)
            cond_wait(cpu->halt_cond, cpu->halt_lock);
        else if (ns > 0)
            cond_timedwait(cpu->halt_cond, cpu->halt_lock, ns);
    }
    lock_release(cpu->halt_lock);
}

static void *mttcg_thread(void *arg)
{
    CPUState *cpu = arg;
    rcu_register_thread();
    current_cpu = cpu;
    thread_begin(cpu);
    while (!cpu->unplug) {
        wait_while_stopped(cpu);
        prepare(cpu);
        if (cpu->stop)
            continue;
        if (!is_idle(cpu))
            run(cpu);
        else
            sleep_until_kicked(cpu, timer_list_deadline_ns(cpu->timers));
    }
    rcu_unregister_thread();
    return NULL;
}

/* One turn of all vCPUs. Returns how long to sleep: 0 not at all, -1 until kicked. */
static int64_t rr_turn(Timer *slice)
{
    int64_t sleep_ns = -1;
    bool any = false;
    CPU_FOREACH (cpu) {
        current_cpu = cpu;
        if (cpu == cpu_first())
            wait_while_stopped(cpu); /* the one thread stops here for all */
        __atomic_store_n(&rr_current, cpu, __ATOMIC_SEQ_CST);
        prepare(cpu);
        if (!cpu->stop && !cpu->unplug && !is_idle(cpu)) {
            any = true;
            if (cpu_count() > 1)
                timer_mod(slice, clock_get_ns(CLOCK_RT) + RR_SLICE_NS);
            run(cpu);
        }
        int64_t left = timer_list_deadline_ns(cpu->timers);
        if (left >= 0 && (sleep_ns < 0 || left < sleep_ns))
            sleep_ns = left;
        if (cpu->stop || cpu->unplug)
            any = true;
    }
    __atomic_store_n(&rr_current, NULL, __ATOMIC_SEQ_CST);
    timer_del(slice);
    return any ? 0 : sleep_ns;
}

static bool rr_any_kicked(void)
{
    CPU_FOREACH (cpu) {
        if (__atomic_load_n(&cpu->thread_kicked, __ATOMIC_ACQUIRE))
            return true;
    }
    return false;
}

/* Nothing to do: that the alarm got the running vCPU out of guest code is all that was wanted. */
static void rr_slice_over(void *opaque)
{
}

static void *rr_thread_fn(void *arg)
{
    rcu_register_thread();
    CPU_FOREACH (cpu) {
        current_cpu = cpu;
        thread_begin(cpu);
    }
    /* The slice timer lives on the first vCPU's list: the alarm thread kicks, and the kick reaches whoever runs. */
    CPUState *head = cpu_first();
    Timer *slice = timer_new(head->timers, CLOCK_RT, rr_slice_over, NULL);
    while (!head->unplug) {
        int64_t ns = rr_turn(slice);
        if (ns == 0)
            continue;
        lock_acquire(&rr_lock);
        if (!rr_any_kicked()) {
            if (ns < 0)
                cond_wait(&rr_cond, &rr_lock);
            else
                cond_timedwait(&rr_cond, &rr_lock, ns);
        }
        lock_release(&rr_lock);
    }
    timer_free(slice);
    rcu_unregister_thread();
    return NULL;
}

static void wait_created(CPUState *cpu)
{
    lock_acquire(&cpu->work_lock);
    while (!cpu->created)
        cond_wait(&cpu->work_cond, &cpu->work_lock);
    lock_release(&cpu->work_lock);
}

void cpus_start(bool single_thread)
{
    cpus_single_thread = single_thread;
    CPU_FOREACH (cpu) {
        cpu->stop = true;
        if (single_thread) {
            cpu->halt_lock = &rr_lock;
            cpu->halt_cond = &rr_cond;
        }
    }
    cpu_alarm_start();
    if (single_thread) {
        cond_init(&rr_cond);
        pthread_create(&rr_thread, NULL, rr_thread_fn, NULL);
        pthread_setname_np(rr_thread, "vCPUs");
    }
    CPU_FOREACH (cpu) {
        if (!single_thread) {
            g_autofree char *name = g_strdup_printf("vCPU %d", cpu->index);
            pthread_create(&cpu->thread, NULL, mttcg_thread, cpu);
            pthread_setname_np(cpu->thread, name);
        }
        wait_created(cpu);
    }
}

/* Asks cpu's thread to stop, or to go on. */
static void set_stop(CPUState *cpu, bool stop)
{
    lock_acquire(&cpu->work_lock);
    __atomic_store_n(&cpu->stop, stop, __ATOMIC_SEQ_CST);
    cond_broadcast(&cpu->work_cond);
    lock_release(&cpu->work_lock);
    cpu_kick(cpu);
}

/* In rr the first vCPU stands for all. */
static bool is_stopped_locked(const CPUState *cpu)
{
    return cpu->stopped || (cpus_single_thread && cpu != cpu_first());
}

void pause_all_vcpus(void)
{
    CPU_FOREACH (cpu)
        set_stop(cpu, true);
    bql_unlock();
    CPU_FOREACH (cpu) {
        lock_acquire(&cpu->work_lock);
        while (!is_stopped_locked(cpu))
            cond_wait(&cpu->work_cond, &cpu->work_lock);
        lock_release(&cpu->work_lock);
    }
    bql_lock();
}

void resume_all_vcpus(void)
{
    /* Backwards: the rr thread waits at the first vCPU, and the others must be free when it goes on. */
    for (int i = cpu_count() - 1; i >= 0; i--)
        set_stop(cpu_by_index(i), false);
}

bool all_vcpus_paused(void)
{
    bool all = true;
    CPU_FOREACH (cpu) {
        lock_acquire(&cpu->work_lock);
        all &= is_stopped_locked(cpu) && cpu->stop;
        lock_release(&cpu->work_lock);
    }
    return all;
}

void cpus_shutdown(void)
{
    CPU_FOREACH (cpu) {
        lock_acquire(&cpu->work_lock);
        __atomic_store_n(&cpu->unplug, true, __ATOMIC_SEQ_CST);
        cond_broadcast(&cpu->work_cond);
        lock_release(&cpu->work_lock);
        cpu_kick(cpu);
    }
    bql_unlock();
    CPU_FOREACH (cpu) {
        if (!cpus_single_thread)
            pthread_join(cpu->thread, NULL);
    }
    if (cpus_single_thread)
        pthread_join(rr_thread, NULL);
    cpu_alarm_stop();
    bql_lock();
}
