/* SPDX-License-Identifier: MIT */
/*
 * Interrupt messages: who is meant, and what the receiver is to do (SDM vol. 3, 10.6 and 10.11).
 *
 * Messages take no time: each is delivered before the write that sends it has ended, so the ICR's delivery status is always idle.
 * A lowest-priority message goes to the candidate whose processor priority is lowest; among equals they take turns.
 *
 * No lock: what is compared is read as it stands, and a receiver that changes its ids meanwhile may or may not be meant, as on a bus.
 */
#include <inttypes.h>

#include "base/log.h"
#include "base/sync_profile.h"
#include "hw/intc/apic_internal.h"

static unsigned next_lowest;         /* (a) where the search for a lowest-priority receiver starts */
static Apic *by_id[APIC_MAX_CPUS];   /* (c) by initial id */
static unsigned n_wide_ids;          /* (c) how many APICs have an id that by_id cannot hold */

void apic_bus_add(Apic *a)
{
    if (a->initial_id < APIC_MAX_CPUS)
        by_id[a->initial_id] = a;
    else
        n_wide_ids++;
}

void apic_bus_remove(Apic *a)
{
    if (a->initial_id < APIC_MAX_CPUS)
        by_id[a->initial_id] = NULL;
    else
        n_wide_ids--;
}

/* x2APIC: cluster in the upper half, a bit within it in the lower. xAPIC: the model that DFR selects. */
static bool matches_logical(const Apic *a, uint32_t destination)
{
    uint32_t whole = APIC_GET(a->ldr), model = APIC_GET(a->dfr) >> 28;
    unsigned ldr = whole >> 24;

    if (apic_is_x2(a))
        return destination >> 16 == whole >> 16 && (destination & whole & 0xffff);
    if (model == 0xf)
        return destination & ldr & 0xff;
    if (model == 0) /* cluster */
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
    unsigned start = APIC_GET(next_lowest);

    for (unsigned i = 0; i < apic_limit(); i++) {
        Apic *a = apic_of((start + i) % apic_limit());

        if (a && matches(a, m) && apic_is_software_enabled(a) && (!best || apic_ppr(a) < apic_ppr(best)))
            best = a;
    }
    if (best)
        APIC_SET(next_lowest, (unsigned)best->cpu->index + 1);
    return best;
}

/* One receiver named by its id, as most messages have: found without asking all. */
static bool send_to_id(const ApicMessage *m)
{
    Apic *a;

    if (m->logical || m->broadcast || m->destination >= APIC_MAX_CPUS || n_wide_ids)
        return false;
    a = by_id[m->destination];
    if (a && matches(a, m))
        apic_accept(a, m->mode, m->vector, m->level);
    return true;
}

void apic_send(const ApicMessage *m)
{
    if (m->mode == DM_LOWEST) {
        Apic *a = lowest_priority(m);

        if (a)
            apic_accept(a, DM_FIXED, m->vector, m->level);
        return;
    }
    if (send_to_id(m))
        return;
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

/* The ICR's message. False: there is none to send. */
static bool write_icr_locked(Apic *a, uint32_t icr_low, ApicMessage *m)
{
    a->icr_low = icr_low;
    *m = (ApicMessage){
        .destination = apic_is_x2(a) ? a->icr_high : a->icr_high >> 24, .logical = icr_low >> 11 & 1, .mode = icr_low >> 8 & 7,
        .vector = (uint8_t)icr_low,
    };
    m->broadcast = m->destination == (apic_is_x2(a) ? UINT32_MAX : 0xff);
    if (m->mode == DM_INIT && (icr_low >> 14 & 3) == 2) /* level-triggered de-assert: only synchronises arbitration */
        return false;
    if ((m->mode == DM_FIXED || m->mode == DM_LOWEST) && m->vector < 16) {
        apic_error_locked(a, APIC_ESR_SEND_VECTOR);
        return false;
    }
    return true;
}

void apic_send_ipi(Apic *a, uint32_t icr_low)
{
    unsigned shorthand = icr_low >> 18 & 3;
    ApicMessage m;
    bool send;

    lock_acquire(&a->lock);
    send = write_icr_locked(a, icr_low, &m);
    lock_release(&a->lock);
    if (!send)
        return;
    sync_event(SYNC_IPI);
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
