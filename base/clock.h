/* SPDX-License-Identifier: MIT */
/*
 * The one gate to time, and timers.
 *
 * Nothing outside base/clock.c reads a host clock. All times are nanoseconds. CLOCK_VIRTUAL stands still while the machine is
 * stopped and can later be driven by counted instructions; CLOCK_HOST is the host's wall clock; CLOCK_RT never stops.
 *
 * A timer lives on a TimerList: the main loop's, or a vCPU's own (its thread then runs the callbacks, so that the guest's tick
 * needs no other thread). timer_mod and timer_del may be called from any thread; a callback runs without the list's lock.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

typedef enum ClockType { CLOCK_RT, CLOCK_VIRTUAL, CLOCK_HOST, CLOCK_NB } ClockType;

#define NS_PER_SEC 1000000000ll

int64_t clock_get_ns(ClockType type);
/* Stops and restarts CLOCK_VIRTUAL. Big lock held. */
void clock_virtual_set_running(bool running);
bool clock_virtual_is_running(void);

typedef struct TimerList TimerList;
typedef struct Timer Timer;
typedef void TimerFn(void *opaque);

/* notify is called (any thread, no locks) when the list's earliest deadline came nearer. */
TimerList *timer_list_new(void (*notify)(void *opaque), void *opaque);
void timer_list_free(TimerList *list);
/* The main loop's list. */
TimerList *timer_list_main(void);
/* Nanoseconds until the first timer is due: 0 when due, -1 when there is none. */
int64_t timer_list_deadline_ns(TimerList *list);
/* Runs the callbacks of what is due. Returns whether any ran. */
bool timer_list_run(TimerList *list);

Timer *timer_new(TimerList *list, ClockType type, TimerFn *fn, void *opaque);
void timer_free(Timer *t);
/* (Re)arms for the absolute time expire_ns of the timer's clock; a time gone by is due at once. INT64_MAX disarms. */
void timer_mod(Timer *t, int64_t expire_ns);
void timer_del(Timer *t);
bool timer_pending(const Timer *t);
/* Absolute time for which it is armed, or -1. */
int64_t timer_expire_ns(const Timer *t);

#endif
