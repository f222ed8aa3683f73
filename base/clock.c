/* SPDX-License-Identifier: MIT */
/*
 * The one gate to time. Host clocks are read here and nowhere else, so that a replay can feed recorded values instead.
 *
 * Virtual time is monotonic time plus an offset while the machine runs, and a frozen value while it is stopped; both are
 * published under a sequence counter so that readers take no lock.
 */
#include "base/clock.h"

#include <stdatomic.h>
#include <time.h>

#include "base/lock.h"

static atomic_uint virtual_seq;
static _Atomic int64_t virtual_offset; /* running: virtual - monotonic; stopped: the frozen time */
static atomic_bool virtual_running;

static int64_t host_clock_ns(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

static int64_t virtual_ns(void)
{
    for (;;) {
        unsigned seq = atomic_load_explicit(&virtual_seq, memory_order_acquire);
        if (seq & 1)
            continue;
        int64_t offset = atomic_load_explicit(&virtual_offset, memory_order_relaxed);
        bool running = atomic_load_explicit(&virtual_running, memory_order_relaxed);
        atomic_thread_fence(memory_order_acquire);
        if (atomic_load_explicit(&virtual_seq, memory_order_relaxed) == seq)
            return running ? host_clock_ns(CLOCK_MONOTONIC) + offset : offset;
    }
}

int64_t clock_get_ns(ClockType type)
{
    switch (type) {
    case CLOCK_VIRTUAL:
        return virtual_ns();
    case CLOCK_HOST:
        return host_clock_ns(CLOCK_REALTIME);
    default:
        return host_clock_ns(CLOCK_MONOTONIC);
    }
}

void clock_virtual_set_running(bool running)
{
    if (running == atomic_load(&virtual_running))
        return;
    int64_t now = host_clock_ns(CLOCK_MONOTONIC), offset = atomic_load(&virtual_offset);
    atomic_fetch_add(&virtual_seq, 1);
    atomic_store(&virtual_offset, running ? offset - now : now + offset);
    atomic_store(&virtual_running, running);
    atomic_fetch_add(&virtual_seq, 1);
}

bool clock_virtual_is_running(void)
{
    return atomic_load(&virtual_running);
}
