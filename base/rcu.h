/* SPDX-License-Identifier: MIT */
/*
 * Read-copy-update, by liburcu (membarrier flavour: readers pay nothing).
 *
 * A thread that calls rcu_read_lock must have called rcu_register_thread. A vCPU holds the read side while it runs guest
 * code, so whoever waits for a grace period must not hold what a vCPU may need, and kicks the vCPUs when in a hurry.
 *
 * Pointers are published and read by rcu_assign_pointer and rcu_dereference, here in terms of the compiler's atomics.
 */
#ifndef BASE_RCU_H
#define BASE_RCU_H

#include <urcu.h>

#include "base/tsan.h"

#undef rcu_assign_pointer
#define rcu_assign_pointer(p, v) __atomic_store_n(&(p), (v), __ATOMIC_RELEASE)
#undef rcu_dereference
#define rcu_dereference(p) __atomic_load_n(&(p), __ATOMIC_CONSUME)

extern char rcu_grace;
#if CALQUE_TSAN
/* Every read side ends before the grace period that it delays does. */
#undef rcu_read_unlock
#define rcu_read_unlock() (tsan_release(&rcu_grace), urcu_memb_read_unlock())
#undef synchronize_rcu
#define synchronize_rcu() (urcu_memb_synchronize_rcu(), tsan_acquire(&rcu_grace))
#endif

/* At the start of a function given to call_rcu: what readers did before the grace period is over. */
#define rcu_callback_begin(head) (tsan_acquire(&rcu_grace), tsan_acquire(head))
/* Calls fn(head) after a grace period, on another thread. */
#define rcu_call(head, fn) (tsan_release(head), call_rcu((head), (fn)))

#endif
