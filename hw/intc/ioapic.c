/* SPDX-License-Identifier: MIT */
/*
 * I/O APIC (Intel 82093AA, with the EOI register of the later ICHs).
 *
 * A pin's input is its asserted state: polarity, which the entry keeps, is the board's concern. An edge on a masked pin is lost. A
 * level-triggered pin delivers once, sets remote IRR, and delivers again when an EOI of its vector finds it still asserted.
 *
 * Each has a lock (LOCK_IRQCHIP), held while it sends, so that a pin's messages and its remote IRR agree; local APICs rank after it.
 * An EOI that a vCPU writes for one message therefore comes before or after all of another pin change, never in its midst.
 */
#include <inttypes.h>

#include "base/bits.h"
#include "base/lock.h"
#include "base/log.h"
#include "hw/intc/apic.h"
#include "hw/intc/ioapic.h"

enum { IOREGSEL = 0x00, IOWIN = 0x10, IOEOI = 0x40 };
enum { REG_ID = 0x00, REG_VERSION = 0x01, REG_ARBITRATION = 0x02, REG_REDIRECTION = 0x10 };

#define VERSION (0x20u | (IOAPIC_NB_PINS - 1) << 16)
#define ENTRY_LOGICAL (1ull << 11)
#define ENTRY_REMOTE_IRR (1ull << 14)
#define ENTRY_LEVEL (1ull << 15)
#define ENTRY_MASKED (1ull << 16)
#define ENTRY_WRITABLE 0xff0000000001afffull
#define DELIVERY_MODE(e) ((e) >> 8 & 7)
#define DM_SMI 2u

typedef struct IoApic {
    Device parent;
    MemoryRegion mmio;
    struct IoApic *next;      /* list of all */
    uint32_t initial_id;      /* (c) */
    Lock lock;                /* guards the rest */
    uint32_t id, select, levels;
    uint64_t entry[IOAPIC_NB_PINS];
} IoApic;

static IoApic *first; /* (c) while the machine runs */

/* Modes other than fixed and lowest priority are edges whatever the entry says. */
static bool is_level(uint64_t entry)
{
    return (entry & ENTRY_LEVEL) && DELIVERY_MODE(entry) < DM_SMI;
}

static void send(uint64_t entry)
{
    apic_send_msi(APIC_DEFAULT_BASE | (entry >> 56) << 12 | (entry & ENTRY_LOGICAL ? 4 : 0),
                  (uint32_t)(entry & 0x7ff) | 1u << 14 | (is_level(entry) ? 1u << 15 : 0));
}

/* A level-triggered pin that is asserted and waits for no EOI. */
static void service_level(IoApic *s, unsigned pin)
{
    uint64_t *e = &s->entry[pin];

    if (!is_level(*e) || (*e & (ENTRY_MASKED | ENTRY_REMOTE_IRR)) || !(s->levels >> pin & 1))
        return;
    *e |= ENTRY_REMOTE_IRR;
    send(*e);
}

static void input_gsi(void *opaque, int n, int level)
{
    IoApic *s = opaque;
    unsigned pin = (unsigned)n;
    bool rising;

    lock_acquire(&s->lock);
    rising = level && !(s->levels >> pin & 1);
    s->levels = (uint32_t)deposit64(s->levels, pin, 1, level != 0);
    if (is_level(s->entry[pin]))
        service_level(s, pin);
    else if (rising && !(s->entry[pin] & ENTRY_MASKED))
        send(s->entry[pin]);
    lock_release(&s->lock);
}

static void eoi(IoApic *s, uint8_t vector)
{
    lock_acquire(&s->lock);
    for (unsigned i = 0; i < IOAPIC_NB_PINS; i++) {
        if ((uint8_t)s->entry[i] != vector || !(s->entry[i] & ENTRY_REMOTE_IRR))
            continue;
        s->entry[i] &= ~ENTRY_REMOTE_IRR;
        service_level(s, i);
    }
    lock_release(&s->lock);
}

void ioapic_broadcast_eoi(uint8_t vector)
{
    for (IoApic *s = first; s; s = s->next)
        eoi(s, vector);
}

static uint32_t read_window(const IoApic *s)
{
    unsigned n = s->select - REG_REDIRECTION;

    if (n < 2 * IOAPIC_NB_PINS)
        return (uint32_t)(s->entry[n / 2] >> (n & 1) * 32);
    switch (s->select) {
    case REG_ID: case REG_ARBITRATION: return s->id << 24;
    case REG_VERSION: return VERSION;
    default: return 0;
    }
}

/* An entry made edge-triggered forgets its remote IRR: kernels use that as an EOI. */
static void write_window(IoApic *s, uint32_t value)
{
    unsigned n = s->select - REG_REDIRECTION;
    uint64_t *e = &s->entry[n / 2 % IOAPIC_NB_PINS], new;

    if (s->select == REG_ID)
        s->id = value >> 24 & 0xf;
    if (n >= 2 * IOAPIC_NB_PINS)
        return;
    new = deposit64(*e, (n & 1) * 32, 32, value);
    *e = (new & ENTRY_WRITABLE) | (*e & ENTRY_REMOTE_IRR);
    if (!is_level(*e))
        *e &= ~ENTRY_REMOTE_IRR;
    service_level(s, n / 2);
}

static MemTxResult ioapic_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    IoApic *s = opaque;

    lock_acquire(&s->lock);
    switch (offset) {
    case IOREGSEL: *value = s->select; break;
    case IOWIN: *value = read_window(s); break;
    default: *value = 0; break;
    }
    lock_release(&s->lock);
    return MEMTX_OK;
}

static MemTxResult ioapic_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    IoApic *s = opaque;

    if (offset == IOEOI) {
        eoi(s, (uint8_t)value);
        return MEMTX_OK;
    }
    lock_acquire(&s->lock);
    switch (offset) {
    case IOREGSEL: s->select = value & 0xff; break;
    case IOWIN: write_window(s, (uint32_t)value); break;
    default: log_printf(LOG_GUEST_ERROR, "ioapic: bad write at 0x%" PRIx64 "\n", offset);
    }
    lock_release(&s->lock);
    return MEMTX_OK;
}

static void ioapic_reset(Device *dev)
{
    IoApic *s = (IoApic *)dev;

    lock_acquire(&s->lock);
    s->id = s->initial_id & 0xf;
    s->select = 0;
    for (unsigned i = 0; i < IOAPIC_NB_PINS; i++)
        s->entry[i] = ENTRY_MASKED;
    lock_release(&s->lock);
}

static bool ioapic_realize(Device *dev, GError **error)
{
    IoApic *s = (IoApic *)dev;

    lock_init(&s->lock, LOCK_IRQCHIP, "ioapic");
    s->next = first;
    first = s;
    return true;
}

static void ioapic_unrealize(Device *dev)
{
    IoApic **p = &first;

    while (*p != (IoApic *)dev)
        p = &(*p)->next;
    *p = (*p)->next;
    lock_destroy(&((IoApic *)dev)->lock);
}

static const MemoryRegionOps ioapic_ops = { .read = ioapic_read, .write = ioapic_write, .valid = { 1, 8, true }, .impl = { 4, 4, false } };
static const Property ioapic_properties[] = { { "id", PROP_U32, offsetof(IoApic, initial_id), "0", "APIC id" }, { NULL } };
static const DeviceRegion ioapic_regions[] = { { "ioapic", offsetof(IoApic, mmio), &ioapic_ops, 0x1000, true }, { NULL } };
static const DeviceInput ioapic_inputs[] = { { "gsi", input_gsi, IOAPIC_NB_PINS }, { NULL } };
static const SnapshotField ioapic_fields[] = {
    SNAP(IoApic, id), SNAP(IoApic, select), SNAP(IoApic, levels), SNAP_ARRAY(IoApic, entry), { NULL },
};

const DeviceClass ioapic_class = {
    .name = "ioapic",
    .description = "x86 I/O APIC",
    .instance_size = sizeof(IoApic),
    .properties = ioapic_properties,
    .regions = ioapic_regions,
    .inputs = ioapic_inputs,
    .fields = ioapic_fields,
    .realize = ioapic_realize,
    .unrealize = ioapic_unrealize,
    .reset = ioapic_reset,
};
