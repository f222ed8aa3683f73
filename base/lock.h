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

/* LOCK_CLASS(constant, what reports call it) */
#define LOCK_CLASSES(X) \
    X(LOCK_EXCLUSIVE, "exclusive") /* held by the owner of an exclusive section, who waits for vCPUs that may want any other */ \
    X(LOCK_BIG, "big")             /* devices, memory topology, run state */ \
    X(LOCK_DEVICE, "device")       /* a device that opted out of the big lock */ \
    X(LOCK_IRQCHIP, "irqchip")     /* interrupt controllers */ \
    X(LOCK_CPU_IRQ, "cpu-irq")     /* a vCPU's own part of them: local APIC, redistributor */ \
    X(LOCK_TB_OUTSIDE, "tb-outside") /* translated blocks, handled by a thread that is not in guest code */ \
    X(LOCK_TB, "tb")               /* a page's blocks and links, the code buffer's chunks, numbers of flags: one at a time */ \
    X(LOCK_TLB, "tlb")             /* a vCPU's TLB, against flushes from others */ \
    X(LOCK_MONITOR, "monitor")     /* exclusive monitors: a page that they watch */ \
    X(LOCK_MEMORY, "memory")       /* RAM block list */ \
    X(LOCK_TIMER, "timer")         /* timer lists */ \
    X(LOCK_CPU_WORK, "cpu-work")   /* stops and starts of vCPUs */ \
    X(LOCK_BLOCK, "block")         /* requests to disk images */ \
    X(LOCK_CHARDEV, "chardev")     /* output queues */ \
    X(LOCK_LOG, "log")             /* the log */

typedef enum LockClass {
#define X(c, name) c,
    LOCK_CLASSES(X)
#undef X
    LOCK_NB_CLASSES
} LockClass;

typedef struct Lock {
    pthread_mutex_t mutex;
    LockClass class;
    const char *name;
    struct SyncEntry *profile_entry; /* mutex; base/sync_profile.h: where the holder is counted, and since when it holds */
    int64_t profile_since;           /* mutex; 0: not counted */
} Lock;

typedef struct Cond { pthread_cond_t cond; } Cond;

void lock_init(Lock *l, LockClass class, const char *name);
void lock_destroy(Lock *l);
void lock_acquire_at(Lock *l, const char *file, int line);
bool lock_try_acquire_at(Lock *l, const char *file, int line);
void lock_release(Lock *l);
/* Before a wait for other threads that may take any lock: a debug build aborts when this thread holds one. */
void lock_check_none_held(const char *what);
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
/* For what may be called with or without it: takes it when this thread does not hold it, and returns whether it did. */
bool bql_ensure_at(const char *file, int line);
#define bql_ensure() bql_ensure_at(__FILE__, __LINE__)
/* Waits for c with the big lock, which the caller holds, released. */
void bql_cond_wait(Cond *c);

#endif
