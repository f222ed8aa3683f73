/* SPDX-License-Identifier: MIT */
/*
 * PL031 real-time clock (Arm DDI 0224): a counter of seconds with a match register.
 *
 * The counter is the host's wall clock plus an offset, which a write of RTCLR sets; it always runs (RTCCR reads 1). The offset
 * outlives a reset, as a battery would have it. A match is an equality: one timer stands at the next time it will hold.
 */
#include <inttypes.h>

#include "base/bits.h"
#include "base/clock.h"
#include "base/log.h"
#include "hw/core/device.h"

enum { RTCDR = 0x00, RTCMR = 0x04, RTCLR = 0x08, RTCCR = 0x0c, RTCIMSC = 0x10, RTCRIS = 0x14, RTCMIS = 0x18, RTCICR = 0x1c, RTC_ID_REGS = 0xfe0 };

typedef struct Pl031 {
    Device parent;
    MemoryRegion mmio;
    IrqLine irq;
    Timer *timer;
    uint32_t offset; /* RTCDR - host seconds, modulo 2^32 */
    uint32_t match, load, imsc, ris;
} Pl031;

static uint32_t counter(const Pl031 *s)
{
    return (uint32_t)(clock_get_ns(CLOCK_HOST) / NS_PER_SEC) + s->offset;
}

static void update_irq(Pl031 *s)
{
    irq_set(&s->irq, s->ris & s->imsc);
}

/* The counter reaches the match value within 2^32 seconds; at once when it stands there. */
static void arm_match(Pl031 *s)
{
    int64_t now = clock_get_ns(CLOCK_HOST);
    uint32_t ahead = s->match - counter(s);

    if (!ahead) {
        s->ris = 1;
        timer_del(s->timer);
        update_irq(s);
    } else {
        timer_mod(s->timer, (now / NS_PER_SEC + ahead) * NS_PER_SEC);
    }
}

static void on_match(void *opaque)
{
    Pl031 *s = opaque;

    s->ris = 1;
    update_irq(s);
}

static const uint8_t pl031_ids[] = { 0x31, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

static MemTxResult pl031_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    Pl031 *s = opaque;

    *value = 0;
    switch (offset) {
    case RTCDR: *value = counter(s); break;
    case RTCMR: *value = s->match; break;
    case RTCLR: *value = s->load; break;
    case RTCCR: *value = 1; break;
    case RTCIMSC: *value = s->imsc; break;
    case RTCRIS: *value = s->ris; break;
    case RTCMIS: *value = s->ris & s->imsc; break;
    case RTCICR: break;
    default:
        if (offset >= RTC_ID_REGS && !(offset & 3))
            *value = pl031_ids[(offset - RTC_ID_REGS) / 4];
        else
            log_printf(LOG_GUEST_ERROR, "pl031: bad read at 0x%" PRIx64 "\n", offset);
    }
    return MEMTX_OK;
}

static MemTxResult pl031_write(void *opaque, hwaddr offset, uint64_t value64, unsigned size, MemTxAttrs attrs)
{
    Pl031 *s = opaque;
    uint32_t value = (uint32_t)value64;

    switch (offset) {
    case RTCMR:
        s->match = value;
        arm_match(s);
        break;
    case RTCLR:
        s->load = value;
        s->offset += value - counter(s);
        arm_match(s);
        break;
    case RTCCR: break; /* stays on until a reset */
    case RTCIMSC: s->imsc = value & 1; break;
    case RTCICR: s->ris &= ~value; break;
    default: log_printf(LOG_GUEST_ERROR, "pl031: bad write at 0x%" PRIx64 "\n", offset);
    }
    update_irq(s);
    return MEMTX_OK;
}

static void pl031_reset(Device *dev)
{
    Pl031 *s = (Pl031 *)dev;

    s->match = s->load = s->imsc = s->ris = 0;
    timer_del(s->timer);
    update_irq(s);
}

static bool pl031_realize(Device *dev, GError **error)
{
    Pl031 *s = (Pl031 *)dev;

    s->timer = timer_new(timer_list_main(), CLOCK_HOST, on_match, s);
    return true;
}

static void pl031_unrealize(Device *dev)
{
    timer_free(((Pl031 *)dev)->timer);
}

static void pl031_post_load(Device *dev)
{
    arm_match((Pl031 *)dev);
    update_irq((Pl031 *)dev);
}

static const MemoryRegionOps pl031_ops = { .read = pl031_read, .write = pl031_write, .valid = { 4, 4, false } };
static const DeviceRegion pl031_regions[] = { { "pl031", offsetof(Pl031, mmio), &pl031_ops, 0x1000, false }, { NULL } };
static const DeviceOutput pl031_outputs[] = { { "irq", offsetof(Pl031, irq), 1 }, { NULL } };
static const SnapshotField pl031_fields[] = {
    SNAP(Pl031, offset), SNAP(Pl031, match), SNAP(Pl031, load), SNAP(Pl031, imsc), SNAP(Pl031, ris), { NULL },
};

const DeviceClass pl031_class = {
    .name = "pl031",
    .description = "Arm PL031 real-time clock",
    .instance_size = sizeof(Pl031),
    .regions = pl031_regions,
    .outputs = pl031_outputs,
    .fields = pl031_fields,
    .realize = pl031_realize,
    .unrealize = pl031_unrealize,
    .reset = pl031_reset,
    .post_load = pl031_post_load,
};
