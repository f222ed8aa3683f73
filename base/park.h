/* SPDX-License-Identifier: MIT */
/*
 * A place where one thread sleeps until some other has something for it.
 *
 *     owner:  park_begin; look for work; none: park_sleep         others:  publish work; park_wake
 *
 * A wake-up after park_begin ends the next park_sleep, or keeps it from sleeping at all, so none is lost: park_begin stores, then
 * (fence) the owner looks; the other publishes, then (fence) looks at the state. Either the owner sees the work or the other
 * sees that the owner began, and marks it woken. Waking a thread that is awake makes no system call, and writes nothing when
 * it is marked already.
 */
#ifndef BASE_PARK_H
#define BASE_PARK_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Park { uint32_t state; /* (a) PARK_*; zero is a good start */ } Park;

/* Owner: forgets earlier wake-ups; what they were for is to be looked at after this. A full fence. */
void park_begin(Park *p);
/* Owner: sleeps until woken, ns nanoseconds at most (below 0: for ever; 0: not at all). */
void park_sleep(Park *p, int64_t ns);
/* Owner: whether it was woken since park_begin. Acquires what the waker published. */
bool park_woken(const Park *p);
/* Any thread. A full fence. After a wake-up the owner may free p: no access follows that could make it see the wake-up. */
void park_wake(Park *p);

#endif
