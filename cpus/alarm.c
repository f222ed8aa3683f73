/* SPDX-License-Identifier: MIT */
/*
 * The alarm thread: wakes vCPUs that run guest code when a timer of theirs is due.
 *
 * A vCPU's timers are run by its own thread, which must be got out of generated code in time. This thread sleeps until the
 * earliest deadline of all vCPUs that are not asleep themselves, and kicks whose is due. It is woken early only when a deadline
 * moves before the one it sleeps for.
 *
 * With many vCPUs most deadlines come later than the earliest of all, and then nothing has to be told: the thread wakes before, and
 * looks at all of them. That case takes no lock:
 *
 *     vCPU:   store deadline; fence; read sleeping_until     thread:  sleeping_until = AWAKE; fence; read deadlines
 *
 * Either the thread reads the new deadline, or the vCPU reads AWAKE, and then says under the lock that the thread must look again.
 */
#include "cpus/cpus_internal.h"

static Lock lock = { .mutex = PTHREAD_MUTEX_INITIALIZER, .class = LOCK_CPU_WORK, .name = "vCPU alarm" };
static Cond cond;
static pthread_t thread;
static bool started, stop;     /* lock */
static int64_t sleeping_until; /* (a) written under the lock; CLOCK_RT; INT64_MAX: for ever; AWAKE: looks at the deadlines, or will */
static bool dirty;             /* lock */

#define AWAKE 0
#define RE_KICK_NS 1000000 /* a vCPU that was kicked is given this long before it is kicked again */

static int64_t next_deadline(void)
{
    int64_t best = INT64_MAX, now = clock_get_ns(CLOCK_RT);
    CPU_FOREACH (cpu) {
        int64_t left = timer_list_deadline_ns(cpu->timers);
        if (left < 0)
            continue;
        if (left == 0) {
            cpu_kick(cpu);
            left = RE_KICK_NS;
        }
        if (now + left < best)
            best = now + left;
    }
    return best;
}

static void *alarm_thread(void *arg)
{
    lock_acquire(&lock);
    while (!stop) {
        dirty = false;
        lock_release(&lock);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        int64_t until = next_deadline();
        lock_acquire(&lock);
        if (dirty || stop)
            continue;
        __atomic_store_n(&sleeping_until, until, __ATOMIC_RELEASE);
        if (until == INT64_MAX)
            cond_wait(&cond, &lock);
        else if (until > clock_get_ns(CLOCK_RT))
            cond_timedwait(&cond, &lock, until - clock_get_ns(CLOCK_RT));
        __atomic_store_n(&sleeping_until, AWAKE, __ATOMIC_RELAXED);
    }
    lock_release(&lock);
    return NULL;
}

/* Whether the thread, asleep, wakes before at by itself. */
static bool wakes_before(int64_t at)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    int64_t until = __atomic_load_n(&sleeping_until, __ATOMIC_ACQUIRE);
    return until != AWAKE && until <= at;
}

static void tell_thread(int64_t at)
{
    lock_acquire(&lock);
    dirty = true;
    if (started && at < sleeping_until)
        cond_signal(&cond);
    lock_release(&lock);
}

void cpu_alarm_update(void *opaque)
{
    CPUState *cpu = opaque;
    int64_t left = timer_list_deadline_ns(cpu->timers);
    if (left < 0)
        return;
    int64_t at = clock_get_ns(CLOCK_RT) + left;
    if (!wakes_before(at))
        tell_thread(at);
    if (!cpu_is_self(cpu))
        cpu_kick(cpu); /* it may be asleep until a later deadline */
}

void cpu_alarm_start(void)
{
    cond_init(&cond);
    stop = false;
    started = true;
    pthread_create(&thread, NULL, alarm_thread, NULL);
    pthread_setname_np(thread, "alarm");
}

void cpu_alarm_stop(void)
{
    if (!started)
        return;
    lock_acquire(&lock);
    stop = true;
    started = false;
    cond_signal(&cond);
    lock_release(&lock);
    pthread_join(thread, NULL);
}
