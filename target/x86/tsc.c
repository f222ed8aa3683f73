/* SPDX-License-Identifier: MIT */
/*
 * The time-stamp counter: the virtual clock at tsc_hz, plus what the guest has written.
 *
 * The clock starts at 0 with the machine and is the same for all CPUs; a reset leaves it alone, so the counters of all CPUs agree to the tick
 * unless the guest moves one. The default rate of 1 GHz makes a tick a nanosecond: nothing is lost in conversion.
 */
#include "base/bits.h"
#include "base/clock.h"
#include "target/x86/cpu.h"

static uint64_t ns_to_ticks(const X86CPU *cpu, int64_t ns)
{
    if (LIKELY(cpu->tsc_hz == NS_PER_SEC))
        return (uint64_t)ns;
    return (uint64_t)((unsigned __int128)(uint64_t)ns * cpu->tsc_hz / NS_PER_SEC);
}

uint64_t x86_read_tsc(X86CPU *cpu)
{
    return ns_to_ticks(cpu, clock_get_ns(CLOCK_VIRTUAL)) + cpu->env.tsc_offset;
}

uint64_t x86_cpu_tsc_hz(CPUState *cs)
{
    return x86_cpu(cs)->tsc_hz;
}

uint64_t x86_cpu_read_tsc(CPUState *cs)
{
    return x86_read_tsc(x86_cpu(cs));
}

/* Rounds up: at that time the counter has reached tsc. What has been reached gives now, what never comes INT64_MAX. */
int64_t x86_cpu_tsc_to_ns(CPUState *cs, uint64_t tsc)
{
    X86CPU *cpu = x86_cpu(cs);
    int64_t now = clock_get_ns(CLOCK_VIRTUAL);
    uint64_t counter = ns_to_ticks(cpu, now) + cpu->env.tsc_offset;
    unsigned __int128 ns;

    if (tsc <= counter)
        return now;
    ns = ((unsigned __int128)(tsc - counter) * NS_PER_SEC + cpu->tsc_hz - 1) / cpu->tsc_hz;
    return ns > (unsigned __int128)(INT64_MAX - now) ? INT64_MAX : now + (int64_t)ns;
}
