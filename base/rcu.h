/* SPDX-License-Identifier: MIT */
/*
 * Read-copy-update, by liburcu (membarrier flavour: readers pay nothing).
 *
 * A thread that calls rcu_read_lock must have called rcu_register_thread. A vCPU holds the read side while it runs guest
 * code, so whoever waits for a grace period must not hold what a vCPU may need, and kicks the vCPUs when in a hurry.
 */
#ifndef BASE_RCU_H
#define BASE_RCU_H

#include <urcu.h>

#endif
