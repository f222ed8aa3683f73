/* SPDX-License-Identifier: MIT */
/*
 * Interrupt messages: who is meant, and what the receiver is to do (SDM vol. 3, 10.6 and 10.11).
 *
 * Messages take no time: each is delivered before the write that sends it has ended, so the ICR's delivery status is always idle.
 * A lowest-priority message goes to the candidate whose processor priority is lowest; among equals they take turns.
 */
#include <inttypes.h>

#include "base/log.h"
#include "hw/intc/apic_internal.h"

static unsigned next_lowest; /* (B) where the search for a lowest-priority receiver starts */

/* x2APIC: cluster in the upper half, a bit within it in the lower. xAPIC: the model that DFR selects. */
static bool matches_logical(const Apic *a, uint32_t destination)
{
    unsigned ldr = a->ldr >> 24;

    if (apic_is_x2(a))
        return destination >> 16 == a->ldr >> 16 && (destination & a->ldr & 0xffff);
    if (a->dfr >> 28 == 0xf)
        return destination & ldr & 0xff;
    if (a->dfr >> 28 == 0) /* cluster */
        return ((destination >> 4 & 0xf) == 0xf || (destination >> 4 & 0xf) == ldr >> 4) && (destination & ldr & 0xf);
    return false;
}

static bool matches(const Apic *a, const ApicMessage *m)
{
    if (!apic_is_enabled(a))
        return false;
    if (m->broadcast)
        return true;
    if (m->logical)
        return matches_logical(a, m->destination);
    return m->destination == (apic_is_x2(a) ? a->initial_id : a->initial_id & 0xff);
}

static Apic *lowest_priority(const ApicMessage *m)
{
    Apic *best = NULL;

    for (unsigned i = 0; i < apic_limit(); i++) {
        Apic *a = apic_of((next_lowest + i) % apic_limit());

        if (a && matches(a, m) && apic_is_software_enabled(a) && (!best || apic_ppr(a) < apic_ppr(best)))
            best = a;
    }
    if (best)
        next_lowest = (unsigned)best->cpu->index + 1;
    return best;
}

void apic_send(const ApicMessage *m)
{
    if (m->mode == DM_LOWEST) {
        Apic *a = lowest_priority(m);

        if (a)
            apic_accept(a, DM_FIXED, m->vector, m->level);
        return;
    }
    for (unsigned i = 0; i < apic_limit(); i++) {
        Apic *a = apic_of(i);

        if (a && matches(a, m))
            apic_accept(a, m->mode, m->vector, m->level);
    }
}

/* Shorthands: 1 self, 2 all including self, 3 all but self. */
static void send_by_shorthand(Apic *self, unsigned shorthand, const ApicMessage *m)
{
    if (shorthand == 1) {
        apic_accept(self, m->mode, m->vector, m->level);
        return;
    }
    for (unsigned i = 0; i < apic_limit(); i++) {
        Apic *a = apic_of(i);

        if (a && (shorthand == 2 || a != self))
            apic_accept(a, m->mode == DM_LOWEST ? DM_FIXED : m->mode, m->vector, m->level);
    }
}

void apic_send_ipi(Apic *a)
{
    unsigned shorthand = a->icr_low >> 18 & 3;
    ApicMessage m = {
        .destination = apic_is_x2(a) ? a->icr_high : a->icr_high >> 24, .logical = a->icr_low >> 11 & 1,
        .mode = a->icr_low >> 8 & 7, .vector = (uint8_t)a->icr_low,
    };

    m.broadcast = m.destination == (apic_is_x2(a) ? UINT32_MAX : 0xff);
    if (m.mode == DM_INIT && (a->icr_low >> 14 & 3) == 2) /* level-triggered de-assert: only synchronises arbitration */
        return;
    if ((m.mode == DM_FIXED || m.mode == DM_LOWEST) && m.vector < 16) {
        apic_error(a, APIC_ESR_SEND_VECTOR);
        return;
    }
    if (shorthand)
        send_by_shorthand(a, shorthand, &m);
    else
        apic_send(&m);
}

void apic_send_msi(uint64_t address, uint32_t data)
{
    ApicMessage m = {
        .destination = (uint32_t)(address >> 12 & 0xff), .logical = address >> 2 & 1, .mode = data >> 8 & 7, .vector = (uint8_t)data,
        .level = (data >> 15 & 1) && (data >> 14 & 1),
    };

    if (address >> 20 != APIC_DEFAULT_BASE >> 20) {
        log_printf(LOG_GUEST_ERROR, "apic: a message to 0x%" PRIx64 " goes nowhere\n", address);
        return;
    }
    m.broadcast = m.destination == 0xff;
    if (m.mode == DM_FIXED && (address >> 3 & 1)) /* redirection hint */
        m.mode = DM_LOWEST;
    apic_send(&m);
}
