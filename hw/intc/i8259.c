/* SPDX-License-Identifier: MIT */
/*
 * Two cascaded 8259A interrupt controllers (Intel 231468) with the edge/level control registers of the EISA bridge.
 *
 * The slave's INT is input 2 of the master; it is looked at as a level, so that the master's request for it always says what the
 * slave would answer now. An edge is latched until it is acknowledged, even when its line has fallen again: devices may pulse. LTIM
 * of ICW1 is ignored, as the bridges do, in favour of ELCR; so are the 8080 mode and buffered mode. Vectors: x86 mode only.
 *
 * One lock (LOCK_IRQCHIP) for both chips. INT is driven under it, so that its levels arrive in order, and only when it changes: at
 * its far end are all local APICs, whose locks rank after this one.
 */
#include "base/bits.h"
#include "base/lock.h"
#include "base/log.h"
#include "hw/intc/i8259.h"

#define CASCADE 2u
#define ICW1 0x10u
#define ICW1_IC4 0x01u
#define ICW1_SNGL 0x02u
#define ICW4_AEOI 0x02u
#define ICW4_SFNM 0x10u
#define OCW3 0x08u
#define OCW3_RIS 0x01u
#define OCW3_RR 0x02u
#define OCW3_POLL 0x04u
#define OCW3_SMM 0x20u
#define OCW3_ESMM 0x40u

typedef struct Pic {
    uint8_t level;         /* the lines */
    uint8_t irr, isr, imr, elcr;
    uint8_t base;          /* ICW2 */
    uint8_t lowest;        /* the line with the lowest priority; the one after it has the highest */
    uint8_t next_icw;      /* 2, 3, 4: the initialisation command word awaited; 0: none */
    bool icw4, single, auto_eoi, rotate_auto_eoi, fully_nested, special_mask, poll, read_isr;
} Pic;

typedef struct I8259 {
    Device parent;
    MemoryRegion io[2], elcr;
    IrqLine intr;
    Lock lock;             /* guards the rest */
    bool driven;           /* the level of intr; not saved: driven anew after loading */
    Pic pic[2];            /* master, slave */
} I8259;

static const uint8_t elcr_mask[2] = { 0xf8, 0xde };

/* The line of set with the highest priority, or -1. */
static int first_of(const Pic *p, uint8_t set)
{
    for (unsigned i = 1; i <= 8; i++)
        if (set >> ((p->lowest + i) & 7) & 1)
            return (p->lowest + i) & 7;
    return -1;
}

static unsigned rank(const Pic *p, int line)
{
    return line < 0 ? 8 : (unsigned)(line - p->lowest - 1) & 7;
}

/* The request to be signalled, or -1: the best one unmasked that goes before all that is in service. */
static int request(const I8259 *s, unsigned chip)
{
    const Pic *p = &s->pic[chip];
    uint8_t in_service = p->isr;
    int best;

    if (p->special_mask)
        in_service &= (uint8_t)~p->imr;
    if (p->fully_nested && chip == 0)
        in_service &= (uint8_t)~(1u << CASCADE);
    best = first_of(p, p->irr & ~p->imr & (uint8_t)(p->special_mask ? ~p->isr : 0xff));
    return rank(p, best) < rank(p, first_of(p, in_service)) ? best : -1;
}

static void update(I8259 *s)
{
    if (request(s, 1) >= 0)
        s->pic[0].irr |= 1u << CASCADE;
    else
        s->pic[0].irr &= (uint8_t)~(1u << CASCADE);
    if (s->driven == (request(s, 0) >= 0))
        return;
    s->driven = !s->driven;
    irq_set(&s->intr, s->driven);
}

bool i8259_pending(Device *dev)
{
    I8259 *s = (I8259 *)dev;
    bool pending;

    lock_acquire(&s->lock);
    pending = request(s, 0) >= 0;
    lock_release(&s->lock);
    return pending;
}

static void set_line(Pic *p, unsigned n, bool level)
{
    uint8_t bit = (uint8_t)(1u << n), was = p->level;

    p->level = (uint8_t)deposit64(p->level, n, 1, level);
    if (p->elcr & bit)
        p->irr = (uint8_t)((p->irr & ~bit) | (p->level & bit));
    else if (level && !(was & bit))
        p->irr |= bit;
}

static void input_irq(void *opaque, int n, int level)
{
    I8259 *s = opaque;

    if (n == CASCADE)
        return;
    lock_acquire(&s->lock);
    set_line(&s->pic[n / 8], (unsigned)n % 8, level);
    update(s);
    lock_release(&s->lock);
}

/* The end of the INTA sequence for one chip. */
static void acknowledge(Pic *p, unsigned line)
{
    if (!p->auto_eoi)
        p->isr |= (uint8_t)(1u << line);
    else if (p->rotate_auto_eoi)
        p->lowest = (uint8_t)line;
    if (!(p->elcr >> line & 1))
        p->irr &= (uint8_t)~(1u << line);
}

static int acknowledge_locked(I8259 *s)
{
    int line = request(s, 0), vector, slave_line;

    if (line < 0) {
        vector = s->pic[0].base + 7;
    } else if (line == CASCADE && !s->pic[0].single) {
        slave_line = request(s, 1);
        acknowledge(&s->pic[0], CASCADE);
        if (slave_line >= 0)
            acknowledge(&s->pic[1], (unsigned)slave_line);
        vector = s->pic[1].base + (slave_line < 0 ? 7 : slave_line);
    } else {
        acknowledge(&s->pic[0], (unsigned)line);
        vector = s->pic[0].base + line;
    }
    update(s);
    return vector;
}

int i8259_acknowledge(Device *dev)
{
    I8259 *s = (I8259 *)dev;
    int vector;

    lock_acquire(&s->lock);
    vector = acknowledge_locked(s);
    lock_release(&s->lock);
    return vector;
}

/* ---- commands ---- */
static void write_icw1(Pic *p, uint8_t value)
{
    uint8_t level = p->level, elcr = p->elcr;

    /* Edges must come anew; levels are seen again. */
    *p = (Pic){ .level = level, .elcr = elcr, .irr = level & elcr, .lowest = 7, .next_icw = 2, .base = p->base };
    p->icw4 = value & ICW1_IC4;
    p->single = value & ICW1_SNGL;
}

/* R, SL and EOI of OCW2. */
static void write_ocw2(Pic *p, uint8_t value)
{
    uint8_t command = value >> 5;
    int line = value & 7;

    switch (command) {
    case 0: case 4: p->rotate_auto_eoi = command == 4; break;
    case 6: p->lowest = (uint8_t)line; break;
    case 1: case 5: /* non-specific */
        line = first_of(p, p->special_mask ? p->isr & ~p->imr : p->isr);
        if (line < 0)
            break;
        /* fall through */
    case 3: case 7:
        p->isr &= (uint8_t)~(1u << line);
        if (command >= 5)
            p->lowest = (uint8_t)line;
        break;
    default: break;
    }
}

static void write_ocw3(Pic *p, uint8_t value)
{
    if (value & OCW3_POLL)
        p->poll = true;
    if (value & OCW3_RR)
        p->read_isr = value & OCW3_RIS;
    if (value & OCW3_ESMM)
        p->special_mask = value & OCW3_SMM;
}

static void write_icw(Pic *p, uint8_t value)
{
    switch (p->next_icw) {
    case 2:
        p->base = value & 0xf8;
        p->next_icw = p->single ? (p->icw4 ? 4 : 0) : 3;
        break;
    case 3: p->next_icw = p->icw4 ? 4 : 0; break; /* the wiring of the cascade is fixed */
    default:
        p->auto_eoi = value & ICW4_AEOI;
        p->fully_nested = value & ICW4_SFNM;
        p->next_icw = 0;
    }
}

static MemTxResult pic_write(I8259 *s, unsigned chip, hwaddr port, uint8_t value)
{
    Pic *p = &s->pic[chip];

    lock_acquire(&s->lock);
    if (port == 0 && (value & ICW1))
        write_icw1(p, value);
    else if (port == 0 && (value & OCW3))
        write_ocw3(p, value);
    else if (port == 0)
        write_ocw2(p, value);
    else if (p->next_icw)
        write_icw(p, value);
    else
        p->imr = value;
    update(s);
    lock_release(&s->lock);
    return MEMTX_OK;
}

/* The read that follows a poll command stands for INTA: bit 7 says whether there was a request. */
static uint8_t read_poll(I8259 *s, unsigned chip)
{
    int line = request(s, chip);

    s->pic[chip].poll = false;
    if (line < 0)
        return 0;
    acknowledge(&s->pic[chip], (unsigned)line);
    update(s);
    return (uint8_t)(0x80 | line);
}

static MemTxResult pic_read(I8259 *s, unsigned chip, hwaddr port, uint64_t *value)
{
    Pic *p = &s->pic[chip];

    lock_acquire(&s->lock);
    if (p->poll)
        *value = read_poll(s, chip);
    else
        *value = port ? p->imr : p->read_isr ? p->isr : p->irr;
    lock_release(&s->lock);
    return MEMTX_OK;
}

static MemTxResult master_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    return pic_read(opaque, 0, offset, value);
}

static MemTxResult master_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    return pic_write(opaque, 0, offset, (uint8_t)value);
}

static MemTxResult slave_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    return pic_read(opaque, 1, offset, value);
}

static MemTxResult slave_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    return pic_write(opaque, 1, offset, (uint8_t)value);
}

static MemTxResult elcr_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    I8259 *s = opaque;

    lock_acquire(&s->lock);
    *value = s->pic[offset].elcr;
    lock_release(&s->lock);
    return MEMTX_OK;
}

static MemTxResult elcr_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    I8259 *s = opaque;
    Pic *p = &s->pic[offset];

    lock_acquire(&s->lock);
    p->elcr = (uint8_t)value & elcr_mask[offset];
    p->irr = (uint8_t)((p->irr & ~p->elcr) | (p->level & p->elcr));
    update(s);
    lock_release(&s->lock);
    return MEMTX_OK;
}

static void i8259_reset(Device *dev)
{
    I8259 *s = (I8259 *)dev;

    lock_acquire(&s->lock);
    for (unsigned i = 0; i < 2; i++)
        s->pic[i] = (Pic){ .level = s->pic[i].level, .lowest = 7 };
    update(s);
    lock_release(&s->lock);
}

static bool i8259_realize(Device *dev, GError **error)
{
    lock_init(&((I8259 *)dev)->lock, LOCK_IRQCHIP, "i8259");
    return true;
}

static void i8259_unrealize(Device *dev)
{
    lock_destroy(&((I8259 *)dev)->lock);
}

static void i8259_post_load(Device *dev)
{
    I8259 *s = (I8259 *)dev;

    lock_acquire(&s->lock);
    s->driven = !(request(s, 0) >= 0);
    update(s);
    lock_release(&s->lock);
}

static const MemoryRegionOps master_ops = { .read = master_read, .write = master_write, .valid = { 1, 4, true }, .impl = { 1, 1, false } };
static const MemoryRegionOps slave_ops = { .read = slave_read, .write = slave_write, .valid = { 1, 4, true }, .impl = { 1, 1, false } };
static const MemoryRegionOps elcr_ops = { .read = elcr_read, .write = elcr_write, .valid = { 1, 4, true }, .impl = { 1, 1, false } };
static const DeviceRegion i8259_regions[] = {
    { "i8259-master", offsetof(I8259, io[0]), &master_ops, 2, true },
    { "i8259-slave", offsetof(I8259, io[1]), &slave_ops, 2, true },
    { "i8259-elcr", offsetof(I8259, elcr), &elcr_ops, 2, true },
    { NULL },
};
static const DeviceOutput i8259_outputs[] = { { "intr", offsetof(I8259, intr), 1 }, { NULL } };
static const DeviceInput i8259_inputs[] = { { "irq", input_irq, 16 }, { NULL } };
static const SnapshotField i8259_fields[] = { SNAP_ARRAY(I8259, pic), { NULL } };

const DeviceClass i8259_class = {
    .name = "i8259",
    .description = "8259A interrupt controllers of the PC",
    .instance_size = sizeof(I8259),
    .regions = i8259_regions,
    .outputs = i8259_outputs,
    .inputs = i8259_inputs,
    .fields = i8259_fields,
    .realize = i8259_realize,
    .unrealize = i8259_unrealize,
    .reset = i8259_reset,
    .post_load = i8259_post_load,
};
