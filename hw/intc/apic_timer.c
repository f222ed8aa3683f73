/* SPDX-License-Identifier: MIT */
/*
 * The local APIC's timer (SDM vol. 3, 10.5.4).
 *
 * The count is not kept: timer_end is the virtual time at which it reaches zero, and the current count follows from it. The host's
 * timer, on the vCPU's own list, is armed only while an expiry would raise an interrupt. TSC-deadline mode is the guest's main tick:
 * a write of the MSR costs one timer_mod, an expiry one callback on the thread that is to take the interrupt.
 */
#include "hw/intc/apic_internal.h"

#define NS_PER_TICK (NS_PER_SEC / APIC_BUS_HZ)
static_assert(NS_PER_TICK * APIC_BUS_HZ == NS_PER_SEC, "a tick is a whole number of nanoseconds");

/* The shortest period that is served one by one: a guest may ask for a nanosecond, and still has to make progress. */
#define MIN_PERIOD_NS 5000

static unsigned mode(const Apic *a)
{
    return a->lvt[LVT_TIMER] >> 17 & 3;
}

/* Divide configuration: bits 3, 1, 0 are 0..6 for 2..128, 7 for 1. */
static int64_t tick_ns(const Apic *a)
{
    unsigned code = (a->divide >> 1 & 4) | (a->divide & 3);

    return NS_PER_TICK << (code == 7 ? 0 : code + 1);
}

static int64_t period_ns(const Apic *a)
{
    return a->initial_count * tick_ns(a);
}

/* Where the count has run out: it stops, or starts again (periods that went by unseen are skipped). */
static void catch_up(Apic *a, int64_t now)
{
    int64_t period = period_ns(a);

    if (a->timer_end == INT64_MAX || a->timer_end > now)
        return;
    if (mode(a) == TIMER_PERIODIC && period)
        a->timer_end += ((now - a->timer_end) / period + 1) * period;
    else
        a->timer_end = INT64_MAX;
}

void apic_timer_arm(Apic *a)
{
    int64_t now, at = INT64_MAX;

    if (mode(a) == TIMER_TSC_DEADLINE) {
        if (a->tsc_deadline)
            at = x86_cpu_tsc_to_ns(a->cpu, a->tsc_deadline);
    } else if (a->timer_end != INT64_MAX && !(a->lvt[LVT_TIMER] & APIC_LVT_MASKED)) {
        now = clock_get_ns(CLOCK_VIRTUAL);
        at = mode(a) == TIMER_PERIODIC && period_ns(a) < MIN_PERIOD_NS ? now + MIN_PERIOD_NS : a->timer_end;
    }
    if (at != INT64_MAX)
        timer_mod(a->timer, at);
    else if (timer_pending(a->timer))
        timer_del(a->timer);
}

static void expire_deadline(Apic *a)
{
    a->tsc_deadline = 0;
    apic_local_interrupt(a, LVT_TIMER);
}

/* The registers may have changed since the timer was taken off its list, so look whether it is time. */
static void expire(Apic *a)
{
    int64_t now = clock_get_ns(CLOCK_VIRTUAL);

    if (mode(a) == TIMER_TSC_DEADLINE) {
        if (a->tsc_deadline && x86_cpu_read_tsc(a->cpu) >= a->tsc_deadline)
            expire_deadline(a);
    } else if (a->timer_end <= now) {
        catch_up(a, now);
        apic_local_interrupt(a, LVT_TIMER);
    }
    apic_timer_arm(a);
}

static void on_timer(void *opaque)
{
    Apic *a = opaque;

    lock_acquire(&a->lock);
    expire(a);
    lock_release(&a->lock);
}

void apic_timer_lvt_changed(Apic *a, uint32_t old)
{
    bool was_deadline = (old >> 17 & 3) == TIMER_TSC_DEADLINE, is_deadline = mode(a) == TIMER_TSC_DEADLINE;

    if (was_deadline != is_deadline) { /* either way the timer is disarmed */
        a->tsc_deadline = 0;
        a->initial_count = 0;
        a->timer_end = INT64_MAX;
    }
    catch_up(a, clock_get_ns(CLOCK_VIRTUAL));
    apic_timer_arm(a);
}

void apic_timer_set_initial(Apic *a, uint32_t count)
{
    if (mode(a) == TIMER_TSC_DEADLINE)
        return;
    a->initial_count = count;
    a->timer_end = count ? clock_get_ns(CLOCK_VIRTUAL) + period_ns(a) : INT64_MAX;
    apic_timer_arm(a);
}

uint32_t apic_timer_current(Apic *a)
{
    int64_t now = clock_get_ns(CLOCK_VIRTUAL), left;

    catch_up(a, now);
    if (a->timer_end == INT64_MAX)
        return 0;
    left = (a->timer_end - now + tick_ns(a) - 1) / tick_ns(a);
    return (uint32_t)MIN_OF(left, (int64_t)UINT32_MAX);
}

/* The count goes on from where it is, at the new rate. */
void apic_timer_set_divide(Apic *a, uint32_t value)
{
    uint32_t left = apic_timer_current(a);

    a->divide = value & 0xb;
    if (a->timer_end != INT64_MAX)
        a->timer_end = clock_get_ns(CLOCK_VIRTUAL) + left * tick_ns(a);
    apic_timer_arm(a);
}

uint64_t apic_timer_get_deadline(const Apic *a)
{
    return mode(a) == TIMER_TSC_DEADLINE ? a->tsc_deadline : 0;
}

void apic_timer_set_deadline(Apic *a, uint64_t tsc)
{
    if (mode(a) != TIMER_TSC_DEADLINE)
        return;
    a->tsc_deadline = tsc;
    if (tsc && x86_cpu_read_tsc(a->cpu) >= tsc)
        expire_deadline(a);
    apic_timer_arm(a);
}

void apic_timer_reset(Apic *a)
{
    a->divide = a->initial_count = 0;
    a->timer_end = INT64_MAX;
    a->tsc_deadline = 0;
    apic_timer_arm(a);
}

void apic_timer_init(Apic *a)
{
    a->timer = timer_new(a->cpu->timers, CLOCK_VIRTUAL, on_timer, a);
}
