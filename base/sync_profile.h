/* SPDX-License-Identifier: MIT */
/*
 * Counts of what threads do to each other: locks by call site, exclusive sections, kicks, sleeps, and accesses to devices.
 *
 * Off until the monitor's "sync-profile on" or "-d sync"; off, each hook is a load of one flag that nobody writes and a branch.
 * On, a thread counts in a table of its own, so that counting adds no shared line to what it measures; a report sums the
 * tables. It adds a reading of the clock or two to each lock: shares stay right, sums grow by that.
 */
#ifndef BASE_SYNC_PROFILE_H
#define BASE_SYNC_PROFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* SYNC_EVENT(constant, what the report calls it). What has no duration has 0 there. */
#define SYNC_EVENTS(X) \
    X(SYNC_EXCLUSIVE_STOP, "exclusive section: until all have stopped") \
    X(SYNC_EXCLUSIVE_HELD, "exclusive section: until it ends") \
    X(SYNC_EXCLUSIVE_STALL, "vCPU waits for a section's end") \
    X(SYNC_STEP_ATOMIC, "instruction run in a section") \
    X(SYNC_WORK, "work item") \
    X(SYNC_KICK, "kick") \
    X(SYNC_INTERRUPT, "interrupt line raised by another thread") \
    X(SYNC_IPI, "interrupt sent to a vCPU by a vCPU") \
    X(SYNC_SLEEP, "vCPU sleeps") \
    X(SYNC_SPIN, "vCPU that polls sleeps") \
    X(SYNC_TLB_BROADCAST, "TLB flush of all vCPUs")

typedef enum SyncEvent {
#define X(c, name) c,
    SYNC_EVENTS(X)
#undef X
    SYNC_NB_EVENTS
} SyncEvent;

/* One place that is counted, in one thread. */
typedef struct SyncEntry SyncEntry;

extern bool sync_profile_on; /* (a) */
static inline bool sync_profiling(void) { return __builtin_expect(__atomic_load_n(&sync_profile_on, __ATOMIC_RELAXED), false); }

void sync_profile_enable(bool on);
void sync_profile_reset(void);
/* Prints the sums. max: this many rows of a table, 0: all. by_mean: the longest wait per time first, else the longest in sum. Any thread. */
void sync_profile_report(FILE *out, unsigned max, bool by_mean);

/* ---- events ---- */
/* The time, or 0 when nothing is counted: to be handed to sync_end. */
int64_t sync_now(void);
static inline int64_t sync_begin(void) { return sync_profiling() ? sync_now() : 0; }
void sync_count_slow(SyncEvent event, int64_t since);
/* Counts an event that began at since; what began while nothing was counted is left out. */
static inline void sync_end(SyncEvent event, int64_t since)
{
    if (__builtin_expect(since != 0, false))
        sync_count_slow(event, since);
}
static inline void sync_event(SyncEvent event)
{
    if (sync_profiling())
        sync_count_slow(event, 0);
}

/* ---- for base/lock.c and memory/dispatch.c ---- */
/* A lock of class was acquired at time now, after waiting since time since (0: at once). name and file are constants. */
SyncEntry *sync_lock_acquired(int class, const char *name, const char *file, int line, int64_t since, int64_t now);
void sync_lock_held(SyncEntry *entry, int64_t since);
/* An access to a device region, from time since until now; under the big lock or not. name is copied. */
void sync_region_accessed(const char *name, bool big_lock, int64_t since);

#endif
