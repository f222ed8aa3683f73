/* SPDX-License-Identifier: MIT */
/* A thread's place to sleep: one word in three states, and a futex on it. */
#include "base/park.h"

#include "base/clock.h"
#include "base/futex.h"

enum { PARK_AWAKE, PARK_WOKEN, PARK_ASLEEP };

void park_begin(Park *p)
{
    __atomic_store_n(&p->state, PARK_AWAKE, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

bool park_woken(const Park *p)
{
    return __atomic_load_n(&p->state, __ATOMIC_ACQUIRE) == PARK_WOKEN;
}

static bool asleep(const Park *p)
{
    return __atomic_load_n(&p->state, __ATOMIC_ACQUIRE) == PARK_ASLEEP;
}

/* From one state to another, unless it is in a third. */
static bool change(Park *p, uint32_t from, uint32_t to)
{
    return __atomic_compare_exchange_n(&p->state, &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

void park_sleep(Park *p, int64_t ns)
{
    if (!ns || !change(p, PARK_AWAKE, PARK_ASLEEP))
        return;
    int64_t end = ns < 0 ? 0 : clock_get_ns(CLOCK_RT) + ns;
    while (asleep(p)) {
        int64_t left = ns < 0 ? -1 : end - clock_get_ns(CLOCK_RT);
        if (ns > 0 && left <= 0)
            break;
        futex_wait(&p->state, PARK_ASLEEP, left);
    }
    change(p, PARK_ASLEEP, PARK_AWAKE);
}

void park_wake(Park *p)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (park_woken(p))
        return; /* by another, whom the owner has not looked for yet */
    if (__atomic_exchange_n(&p->state, PARK_WOKEN, __ATOMIC_SEQ_CST) == PARK_ASLEEP)
        futex_wake(&p->state, 1);
}
