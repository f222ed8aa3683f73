/* SPDX-License-Identifier: MIT */
/*
 * Ranked locks over pthread mutexes, and the big lock. The rank check costs nothing unless CALQUE_DEBUG_LOCKS is set; counting
 * (base/sync_profile.h) costs a branch unless it is on.
 */
#include "base/lock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/sync_profile.h"

#define HELD_MAX 16

typedef struct HeldLock { const Lock *lock; const char *file; int line; } HeldLock;
static __thread HeldLock held[HELD_MAX];
static __thread unsigned n_held;

static void fatal(const char *what, int err)
{
    fprintf(stderr, "calque: %s: %s\n", what, strerror(err));
    abort();
}

/* A try never waits, so it cannot deadlock and may go against the order. */
static void held_push(const Lock *l, const char *file, int line, bool check_rank)
{
    if (!CALQUE_DEBUG_LOCKS)
        return;
    for (unsigned i = 0; check_rank && i < n_held; i++) {
        if (held[i].lock->class >= l->class) {
            fprintf(stderr, "calque: lock order: %s (rank %d) wanted at %s:%d while holding %s (rank %d) taken at %s:%d\n", l->name, l->class,
                    file, line, held[i].lock->name, held[i].lock->class, held[i].file, held[i].line);
            abort();
        }
    }
    if (n_held == HELD_MAX)
        fatal("too many locks held by one thread", 0);
    held[n_held++] = (HeldLock){ l, file, line };
}

static void held_pop(const Lock *l)
{
    if (!CALQUE_DEBUG_LOCKS)
        return;
    for (unsigned i = n_held; i-- > 0;) {
        if (held[i].lock == l) {
            memmove(&held[i], &held[i + 1], (n_held - i - 1) * sizeof *held);
            n_held--;
            return;
        }
    }
    fprintf(stderr, "calque: lock %s released by a thread that does not hold it\n", l->name);
    abort();
}

void lock_check_none_held(const char *what)
{
    if (!CALQUE_DEBUG_LOCKS || !n_held)
        return;
    const HeldLock *h = &held[n_held - 1];
    fprintf(stderr, "calque: lock order: %s while holding %s (rank %d) taken at %s:%d\n", what, h->lock->name, h->lock->class, h->file, h->line);
    abort();
}

void lock_init(Lock *l, LockClass class, const char *name)
{
    pthread_mutex_init(&l->mutex, NULL);
    l->class = class;
    l->name = name;
    l->profile_entry = NULL;
    l->profile_since = 0;
}

void lock_destroy(Lock *l)
{
    pthread_mutex_destroy(&l->mutex);
}

/* ---- counting ---- */
/* The lock has just been acquired, after waiting since the time since (0: at once). */
static void profile_acquired(Lock *l, const char *file, int line, int64_t since)
{
    l->profile_since = sync_now();
    l->profile_entry = sync_lock_acquired(l->class, l->name, file, line, since, l->profile_since);
}

static void profile_release(Lock *l)
{
    if (!sync_profiling() || !l->profile_since)
        return;
    sync_lock_held(l->profile_entry, l->profile_since);
    l->profile_since = 0;
}

/* The lock is held again after a wait for a condition: no new acquisition, but time that counts. */
static void profile_resume(Lock *l, struct SyncEntry *entry)
{
    if (!sync_profiling())
        return;
    l->profile_entry = entry;
    l->profile_since = sync_now();
}

static int profiled_lock(Lock *l, const char *file, int line)
{
    int64_t since = 0;
    int err = pthread_mutex_trylock(&l->mutex);
    if (err == EBUSY) {
        since = sync_now();
        err = pthread_mutex_lock(&l->mutex);
    }
    if (!err)
        profile_acquired(l, file, line, since);
    return err;
}

void lock_acquire_at(Lock *l, const char *file, int line)
{
    held_push(l, file, line, true);
    int err = sync_profiling() ? profiled_lock(l, file, line) : pthread_mutex_lock(&l->mutex);
    if (err)
        fatal(l->name, err);
}

bool lock_try_acquire_at(Lock *l, const char *file, int line)
{
    if (pthread_mutex_trylock(&l->mutex))
        return false;
    held_push(l, file, line, false);
    if (sync_profiling())
        profile_acquired(l, file, line, 0);
    return true;
}

void lock_release(Lock *l)
{
    held_pop(l);
    profile_release(l);
    pthread_mutex_unlock(&l->mutex);
}

void cond_init(Cond *c)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&c->cond, &attr);
    pthread_condattr_destroy(&attr);
}

void cond_wait(Cond *c, Lock *l)
{
    struct SyncEntry *entry = l->profile_entry;
    held_pop(l);
    profile_release(l);
    pthread_cond_wait(&c->cond, &l->mutex);
    held_push(l, __FILE__, __LINE__, false);
    profile_resume(l, entry);
}

bool cond_timedwait(Cond *c, Lock *l, int64_t ns)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    int64_t nsec = ts.tv_nsec + ns % 1000000000;
    ts.tv_sec += ns / 1000000000 + nsec / 1000000000;
    ts.tv_nsec = nsec % 1000000000;
    struct SyncEntry *entry = l->profile_entry;
    held_pop(l);
    profile_release(l);
    int err = pthread_cond_timedwait(&c->cond, &l->mutex, &ts);
    held_push(l, __FILE__, __LINE__, false);
    profile_resume(l, entry);
    return err != ETIMEDOUT;
}

void cond_signal(Cond *c)
{
    pthread_cond_signal(&c->cond);
}

void cond_broadcast(Cond *c)
{
    pthread_cond_broadcast(&c->cond);
}

static Lock big_lock = { .mutex = PTHREAD_MUTEX_INITIALIZER, .class = LOCK_BIG, .name = "big lock" };
static __thread bool big_lock_mine;

void bql_lock_at(const char *file, int line)
{
    lock_acquire_at(&big_lock, file, line);
    big_lock_mine = true;
}

void bql_unlock(void)
{
    big_lock_mine = false;
    lock_release(&big_lock);
}

bool bql_ensure_at(const char *file, int line)
{
    if (big_lock_mine)
        return false;
    bql_lock_at(file, line);
    return true;
}

bool bql_locked(void)
{
    return big_lock_mine;
}

void bql_cond_wait(Cond *c)
{
    big_lock_mine = false;
    cond_wait(c, &big_lock);
    big_lock_mine = true;
}
