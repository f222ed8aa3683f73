/* SPDX-License-Identifier: MIT */
/*
 * Timers: a sorted list for each clock on each TimerList. Lists are short (a few timers a vCPU or device), so linear insertion
 * beats a heap. The list's lock guards the links and expiry times; callbacks run without it, so they may re-arm themselves.
 * The earliest time of each clock is published, so that those who only want to know how long to sleep take no lock: the
 * alarm thread asks for all vCPUs' lists.
 */
#include <glib.h>

#include "base/clock.h"
#include "base/lock.h"

struct Timer {
    TimerList *list;
    ClockType type;
    TimerFn *fn;
    void *opaque;
    int64_t expire; /* (a) written under the list lock; -1: not armed */
    uint64_t armed; /* list lock: the pass during or after which it was armed */
    Timer *next;    /* list lock */
};

struct TimerList {
    Lock lock;
    Timer *first[CLOCK_NB];      /* lock */
    int64_t earliest[CLOCK_NB];  /* (a) first's time, -1: none; written under the lock */
    uint64_t pass;               /* lock: number of runs that have begun */
    void (*notify)(void *opaque);
    void *opaque;
};

TimerList *timer_list_new(void (*notify)(void *opaque), void *opaque)
{
    TimerList *list = g_new0(TimerList, 1);
    lock_init(&list->lock, LOCK_TIMER, "timer list");
    for (int type = 0; type < CLOCK_NB; type++)
        list->earliest[type] = -1;
    list->notify = notify;
    list->opaque = opaque;
    return list;
}

void timer_list_free(TimerList *list)
{
    lock_destroy(&list->lock);
    g_free(list);
}

/* The main loop's own thread looks at the deadline before it sleeps: its callbacks re-arm their timers without a system call. */
static void main_list_notify(void *opaque)
{
    if (!g_main_context_is_owner(NULL))
        g_main_context_wakeup(NULL);
}

TimerList *timer_list_main(void)
{
    static TimerList *list;
    if (g_once_init_enter(&list)) {
        TimerList *fresh = timer_list_new(main_list_notify, NULL);
        g_once_init_leave(&list, fresh);
    }
    return list;
}

static bool clock_ticks(ClockType type)
{
    return type != CLOCK_VIRTUAL || clock_virtual_is_running();
}

int64_t timer_list_deadline_ns(TimerList *list)
{
    int64_t best = -1;
    for (int type = 0; type < CLOCK_NB; type++) {
        int64_t at = __atomic_load_n(&list->earliest[type], __ATOMIC_ACQUIRE);
        if (at < 0 || !clock_ticks(type))
            continue;
        int64_t left = at - clock_get_ns(type);
        left = left > 0 ? left : 0;
        if (best < 0 || left < best)
            best = left;
    }
    return best;
}

static void unlink_locked(Timer *t)
{
    if (t->expire < 0)
        return;
    for (Timer **p = &t->list->first[t->type]; *p; p = &(*p)->next) {
        if (*p == t) {
            *p = t->next;
            break;
        }
    }
    __atomic_store_n(&t->expire, -1, __ATOMIC_RELAXED);
}

static void publish_locked(TimerList *list, ClockType type)
{
    __atomic_store_n(&list->earliest[type], list->first[type] ? list->first[type]->expire : -1, __ATOMIC_RELEASE);
}

/* Takes the first timer off the list that is due and was not armed during this pass. */
static Timer *pop_due(TimerList *list, ClockType type, int64_t now)
{
    lock_acquire(&list->lock);
    Timer *t = list->first[type];
    while (t && t->expire <= now && t->armed == list->pass)
        t = t->next;
    if (t && t->expire <= now)
        unlink_locked(t);
    else
        t = NULL;
    publish_locked(list, type);
    lock_release(&list->lock);
    return t;
}

static void begin_pass(TimerList *list)
{
    lock_acquire(&list->lock);
    list->pass++;
    lock_release(&list->lock);
}

bool timer_list_run(TimerList *list)
{
    bool any = false, begun = false;
    for (int type = 0; type < CLOCK_NB; type++) {
        int64_t at = __atomic_load_n(&list->earliest[type], __ATOMIC_ACQUIRE);
        if (at < 0 || !clock_ticks(type))
            continue;
        /* A callback that re-arms itself in the past, as a guest's shortest period may, is served in the next pass, not for ever. */
        int64_t now = clock_get_ns(type);
        if (at > now)
            continue;
        if (!begun)
            begin_pass(list);
        begun = true;
        for (Timer *t; (t = pop_due(list, type, now));) {
            t->fn(t->opaque);
            any = true;
        }
    }
    return any;
}

Timer *timer_new(TimerList *list, ClockType type, TimerFn *fn, void *opaque)
{
    Timer *t = g_new0(Timer, 1);
    *t = (Timer){ .list = list, .type = type, .fn = fn, .opaque = opaque, .expire = -1 };
    return t;
}

void timer_free(Timer *t)
{
    if (!t)
        return;
    timer_del(t);
    g_free(t);
}

void timer_mod(Timer *t, int64_t expire_ns)
{
    TimerList *list = t->list;
    bool nearer = false;
    lock_acquire(&list->lock);
    unlink_locked(t);
    if (expire_ns != INT64_MAX) {
        __atomic_store_n(&t->expire, expire_ns > 0 ? expire_ns : 0, __ATOMIC_RELAXED);
        t->armed = list->pass;
        Timer **p = &list->first[t->type];
        while (*p && (*p)->expire <= t->expire)
            p = &(*p)->next;
        t->next = *p;
        *p = t;
        nearer = list->first[t->type] == t;
    }
    publish_locked(list, t->type);
    lock_release(&list->lock);
    if (nearer && list->notify)
        list->notify(list->opaque);
}

void timer_del(Timer *t)
{
    if (!timer_pending(t))
        return;
    lock_acquire(&t->list->lock);
    unlink_locked(t);
    publish_locked(t->list, t->type);
    lock_release(&t->list->lock);
}

bool timer_pending(const Timer *t)
{
    return timer_expire_ns(t) >= 0;
}

int64_t timer_expire_ns(const Timer *t)
{
    return __atomic_load_n(&t->expire, __ATOMIC_RELAXED);
}
