/* SPDX-License-Identifier: MIT */
/*
 * Locks with a class and a rank, and the big lock.
 *
 * Each lock belongs to a class; a thread may take a lock only when its class ranks above all that it holds. A debug build
 * (CALQUE_DEBUG_LOCKS) keeps the stack of held locks with the sites where they were taken, and aborts with both names on a
 * violation. The order, outermost first, is the enum below.
 */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum LockClass {
    LOCK_BIG,        /* devices, memory topology, run state */
    LOCK_CPU_LIST,   /* exclusive sections, the vCPU list */
    LOCK_DEVICE,     /* a device that opted out of the big lock */
    LOCK_IRQCHIP,    /* interrupt controllers */
    LOCK_TB_OUTSIDE, /* translated blocks, handled by a thread that is not in guest code */
    LOCK_TB,         /* a page's blocks and links, the code buffer's chunks, numbers of flags: one at a time */
    LOCK_TLB,        /* a vCPU's TLB, against flushes from others */
    LOCK_MEMORY,     /* RAM block list */
    LOCK_TIMER,      /* timer lists */
    LOCK_CPU_WORK,   /* a vCPU's work queue and halt condition: taken by every kick, so inside nearly all others */
    LOCK_BLOCK,      /* requests to disk images */
    LOCK_CHARDEV,    /* output queues */
    LOCK_LOG,        /* the log */
    LOCK_NB_CLASSES
} LockClass;

typedef struct Lock {
    pthread_mutex_t mutex;
    LockClass class;
    const char *name;
} Lock;

typedef struct Cond { pthread_cond_t cond; } Cond;

void lock_init(Lock *l, LockClass class, const char *name);
void lock_destroy(Lock *l);
void lock_acquire_at(Lock *l, const char *file, int line);
bool lock_try_acquire_at(Lock *l, const char *file, int line);
void lock_release(Lock *l);
#define lock_acquire(l) lock_acquire_at((l), __FILE__, __LINE__)
#define lock_try_acquire(l) lock_try_acquire_at((l), __FILE__, __LINE__)

void cond_init(Cond *c);
void cond_wait(Cond *c, Lock *l);
/* Waits at most ns nanoseconds of monotonic time. Returns false on time-out. */
bool cond_timedwait(Cond *c, Lock *l, int64_t ns);
void cond_signal(Cond *c);
void cond_broadcast(Cond *c);

/* The big lock. Never held in generated code. bql_locked says whether this thread holds it. */
void bql_lock_at(const char *file, int line);
void bql_unlock(void);
bool bql_locked(void);
#define bql_lock() bql_lock_at(__FILE__, __LINE__)
/* Waits for c with the big lock, which the caller holds, released. */
void bql_cond_wait(Cond *c);

#endif
