/* SPDX-License-Identifier: MIT */
/* Sleeping on a word of memory: Linux's futex, for what a mutex and a condition would cost a lock more. */
#ifndef BASE_FUTEX_H
#define BASE_FUTEX_H

#include <stdint.h>

/* Sleeps while *word is expected, ns nanoseconds at most (below 0: for ever). May return early for no reason: the caller looks again. */
void futex_wait(uint32_t *word, uint32_t expected, int64_t ns);
/* Wakes up to n threads that sleep on word. The memory is not touched, so it may be gone by now. */
void futex_wake(uint32_t *word, int n);

#endif
