/* SPDX-License-Identifier: MIT */
/*
 * The alarm thread: wakes vCPUs that run guest code when a timer of theirs is due.
 *
 * A vCPU's timers are run by its own thread, which must be got out of generated code in time. This thread sleeps until the
 * earliest deadline of all vCPUs, and kicks whose is due. It is woken early only when a deadline moves before the one it sleeps
 * for, which it has published in asleep_until; others need no more than a look at that, and no lock:
 *
 *     alarm:   asleep_until = for ever; fence; look at all lists; asleep_until = the earliest; sleep, unless woken since
 *     others:  change a list; fence; deadline nearer than asleep_until? wake
 *
 * A list that was changed after the alarm had looked at it is thus compared with "for ever" or with what the alarm found.
 */
#include "cpus/cpus_internal.h"

#define FOR_EVER INT64_MAX
#define NOT_RUNNING INT64_MIN
#define RE_KICK_NS 1000000 /* a vCPU that was kicked is given this long before it is kicked again */

static pthread_t thread;
static Park park;
static bool stop;                           /* (a) */
static int64_t asleep_until = NOT_RUNNING;  /* (a) CLOCK_RT */

static int64_t next_deadline(void)
{
    int64_t best = FOR_EVER, now = clock_get_ns(CLOCK_RT);
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

static void sleep_until(int64_t until)
{
    int64_t left = until == FOR_EVER ? -1 : until - clock_get_ns(CLOCK_RT);
    if (until == FOR_EVER || left > 0)
        park_sleep(&park, left);
}

static void *alarm_thread(void *arg)
{
    for (;;) {
        __atomic_store_n(&asleep_until, FOR_EVER, __ATOMIC_RELAXED);
        park_begin(&park);
        if (__atomic_load_n(&stop, __ATOMIC_ACQUIRE))
            return NULL;
        int64_t until = next_deadline();
        __atomic_store_n(&asleep_until, until, __ATOMIC_RELAXED);
        sleep_until(until);
    }
}

void cpu_alarm_update(void *opaque)
{
    CPUState *cpu = opaque;
    int64_t left = timer_list_deadline_ns(cpu->timers);
    if (left < 0)
        return;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (clock_get_ns(CLOCK_RT) + left < __atomic_load_n(&asleep_until, __ATOMIC_RELAXED))
        park_wake(&park);
    if (!cpu_is_self(cpu))
        cpu_kick(cpu); /* it may be asleep until a later deadline */
}

void cpu_alarm_start(void)
{
    __atomic_store_n(&stop, false, __ATOMIC_RELAXED);
    pthread_create(&thread, NULL, alarm_thread, NULL);
    pthread_setname_np(thread, "alarm");
}

void cpu_alarm_stop(void)
{
    __atomic_store_n(&stop, true, __ATOMIC_RELEASE);
    park_wake(&park);
    pthread_join(thread, NULL);
    __atomic_store_n(&asleep_until, NOT_RUNNING, __ATOMIC_RELAXED);
}
