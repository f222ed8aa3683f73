/* SPDX-License-Identifier: MIT */
/*
 * PL061 GPIO (Arm DDI 0190): eight pins, each an input or an output, with interrupts on edges or levels.
 *
 * Pins that nobody drives read 0. The virt board wires its power key to pin 3. Mode control (AFSEL) only holds what is written.
 */
#include <inttypes.h>

#include "base/log.h"
#include "hw/core/device.h"

enum {
    GPIODATA_END = 0x400, GPIODIR = 0x400, GPIOIS = 0x404, GPIOIBE = 0x408, GPIOIEV = 0x40c, GPIOIE = 0x410, GPIORIS = 0x414,
    GPIOMIS = 0x418, GPIOIC = 0x41c, GPIOAFSEL = 0x420, GPIO_ID_REGS = 0xfe0
};

#define NB_PINS 8u

typedef struct Pl061 {
    Device parent;
    MemoryRegion mmio;
    IrqLine irq, out[NB_PINS];
    uint32_t in;        /* levels that others drive */
    uint32_t data;      /* levels that the guest drives, where dir says output */
    uint32_t dir, is, ibe, iev, ie, afsel;
    uint32_t latched;   /* edge interrupts seen */
    uint32_t last;      /* pin levels at the last look */
} Pl061;

static uint32_t pins(const Pl061 *s)
{
    return (s->data & s->dir) | (s->in & ~s->dir);
}

/* GPIORIS: edges stay until cleared, levels follow the pin. Output pins raise nothing. */
static uint32_t raw_status(const Pl061 *s)
{
    uint32_t at_level = ~(pins(s) ^ s->iev) & ~s->dir & 0xff;

    return (s->latched & ~s->is) | (at_level & s->is);
}

/* Something may have changed: looks for edges, drives outputs and the interrupt. */
static void update(Pl061 *s)
{
    uint32_t now = pins(s), changed = (now ^ s->last) & ~s->dir & ~s->is;

    s->latched |= changed & (s->ibe | ~(now ^ s->iev));
    for (unsigned i = 0; i < NB_PINS; i++)
        if (((now ^ s->last) & s->dir) >> i & 1)
            irq_set(&s->out[i], now >> i & 1);
    s->last = now;
    irq_set(&s->irq, (raw_status(s) & s->ie) != 0);
}

static void input_pin(void *opaque, int n, int level)
{
    Pl061 *s = opaque;

    s->in = level ? s->in | 1u << n : s->in & ~(1u << n);
    update(s);
}

static const uint8_t pl061_ids[] = { 0x61, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

static MemTxResult pl061_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    Pl061 *s = opaque;

    *value = 0;
    if (offset < GPIODATA_END) {
        *value = pins(s) & offset >> 2; /* address bits 9:2 are a mask */
        return MEMTX_OK;
    }
    switch (offset) {
    case GPIODIR: *value = s->dir; break;
    case GPIOIS: *value = s->is; break;
    case GPIOIBE: *value = s->ibe; break;
    case GPIOIEV: *value = s->iev; break;
    case GPIOIE: *value = s->ie; break;
    case GPIORIS: *value = raw_status(s); break;
    case GPIOMIS: *value = raw_status(s) & s->ie; break;
    case GPIOIC: break;
    case GPIOAFSEL: *value = s->afsel; break;
    default:
        if (offset >= GPIO_ID_REGS && !(offset & 3))
            *value = pl061_ids[(offset - GPIO_ID_REGS) / 4];
        else
            log_printf(LOG_GUEST_ERROR, "pl061: bad read at 0x%" PRIx64 "\n", offset);
    }
    return MEMTX_OK;
}

static MemTxResult pl061_write(void *opaque, hwaddr offset, uint64_t value64, unsigned size, MemTxAttrs attrs)
{
    Pl061 *s = opaque;
    uint32_t value = (uint32_t)value64 & 0xff, mask = (uint32_t)(offset >> 2) & s->dir;

    if (offset < GPIODATA_END) {
        s->data = (s->data & ~mask) | (value & mask);
        update(s);
        return MEMTX_OK;
    }
    switch (offset) {
    case GPIODIR: s->dir = value; break;
    case GPIOIS: s->is = value; break;
    case GPIOIBE: s->ibe = value; break;
    case GPIOIEV: s->iev = value; break;
    case GPIOIE: s->ie = value; break;
    case GPIOIC: s->latched &= ~value; break;
    case GPIOAFSEL: s->afsel = value; break;
    default: log_printf(LOG_GUEST_ERROR, "pl061: bad write at 0x%" PRIx64 "\n", offset);
    }
    update(s);
    return MEMTX_OK;
}

static void pl061_reset(Device *dev)
{
    Pl061 *s = (Pl061 *)dev;

    s->data = s->dir = s->is = s->ibe = s->iev = s->ie = s->afsel = s->latched = 0;
    s->last = pins(s);
    update(s);
}

static void pl061_post_load(Device *dev)
{
    update((Pl061 *)dev);
}

static const MemoryRegionOps pl061_ops = { .read = pl061_read, .write = pl061_write, .valid = { 1, 4, false } };
static const DeviceRegion pl061_regions[] = { { "pl061", offsetof(Pl061, mmio), &pl061_ops, 0x1000, false }, { NULL } };
static const DeviceOutput pl061_outputs[] = { { "irq", offsetof(Pl061, irq), 1 }, { "pin", offsetof(Pl061, out), NB_PINS }, { NULL } };
static const DeviceInput pl061_inputs[] = { { "pin", input_pin, NB_PINS }, { NULL } };
static const SnapshotField pl061_fields[] = {
    SNAP(Pl061, in), SNAP(Pl061, data), SNAP(Pl061, dir), SNAP(Pl061, is), SNAP(Pl061, ibe), SNAP(Pl061, iev), SNAP(Pl061, ie),
    SNAP(Pl061, afsel), SNAP(Pl061, latched), SNAP(Pl061, last), { NULL },
};

const DeviceClass pl061_class = {
    .name = "pl061",
    .description = "Arm PL061 GPIO",
    .instance_size = sizeof(Pl061),
    .regions = pl061_regions,
    .outputs = pl061_outputs,
    .inputs = pl061_inputs,
    .fields = pl061_fields,
    .reset = pl061_reset,
    .post_load = pl061_post_load,
};
