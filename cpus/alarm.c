/* SPDX-License-Identifier: MIT */
/*
 * The alarm thread: wakes vCPUs that run guest code when a timer of theirs is due.
 *
 * A vCPU's timers are run by its own thread, which must be got out of generated code in time. This thread sleeps until the
 * earliest deadline of all vCPUs that are not asleep themselves, and kicks whose is due. It is woken early only when a deadline
 * moves before the one it sleeps for.
 */
#include "cpus/cpus_internal.h"

static Lock lock = { .mutex = PTHREAD_MUTEX_INITIALIZER, .class = LOCK_CPU_WORK, .name = "vCPU alarm" };
static Cond cond;
static pthread_t thread;
static bool started, stop;     /* lock */
static int64_t sleeping_until; /* lock; CLOCK_RT; INT64_MAX: for ever */
static bool dirty;             /* lock */

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
        int64_t until = next_deadline();
        lock_acquire(&lock);
        if (dirty || stop)
            continue;
        sleeping_until = until;
        if (until == INT64_MAX)
            cond_wait(&cond, &lock);
        else if (until > clock_get_ns(CLOCK_RT))
            cond_timedwait(&cond, &lock, until - clock_get_ns(CLOCK_RT));
        sleeping_until = 0;
    }
    lock_release(&lock);
    return NULL;
}

void cpu_alarm_update(void *opaque)
{
    CPUState *cpu = opaque;
    int64_t left = timer_list_deadline_ns(cpu->timers);
    if (left < 0)
        return;
    int64_t at = clock_get_ns(CLOCK_RT) + left;
    lock_acquire(&lock);
    dirty = true;
    bool wake = started && at < sleeping_until;
    if (wake)
        cond_signal(&cond);
    lock_release(&lock);
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
