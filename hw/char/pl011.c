/* SPDX-License-Identifier: MIT */
/*
 * PL011 UART (Arm DDI 0183).
 *
 * Transmission takes no time: a byte written goes to the character device at once, so the transmit FIFO is always empty and the transmit
 * interrupt's raw state is set from the first byte on. Reception goes through the 16-entry FIFO (1 entry with FEN clear). The receive
 * interrupt follows the level in IFLS; since the line's 32-bit-period time-out has no meaning here, the time-out interrupt
 * is raised whenever bytes wait below that level. Baud rate and DMA registers only hold what is written.
 *
 * A lock of its own (LOCK_DEVICE) guards the state, and IRQ is driven under it. A byte is sent after the lock is released, since a
 * terminal that is full holds the writer up; so is the back end told of room, which takes the big lock.
 */
#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "base/lock.h"
#include "base/log.h"
#include "hw/core/device.h"

enum {
    UARTDR = 0x00, UARTRSR = 0x04, UARTFR = 0x18, UARTILPR = 0x20, UARTIBRD = 0x24, UARTFBRD = 0x28, UARTLCR_H = 0x2c, UARTCR = 0x30,
    UARTIFLS = 0x34, UARTIMSC = 0x38, UARTRIS = 0x3c, UARTMIS = 0x40, UARTICR = 0x44, UARTDMACR = 0x48, UART_ID_REGS = 0xfe0
};

#define FR_CTS 0x01u
#define FR_DSR 0x02u
#define FR_DCD 0x04u
#define FR_RXFE 0x10u
#define FR_RXFF 0x40u
#define FR_TXFE 0x80u
#define FR_RI 0x100u

#define LCR_BRK 0x01u
#define LCR_FEN 0x10u

#define CR_UARTEN 0x001u
#define CR_LBE 0x080u
#define CR_TXE 0x100u
#define CR_RXE 0x200u
#define CR_DTR 0x400u
#define CR_RTS 0x800u
#define CR_OUT1 0x1000u
#define CR_OUT2 0x2000u

#define INT_RI 0x001u
#define INT_CTS 0x002u
#define INT_DCD 0x004u
#define INT_DSR 0x008u
#define INT_RX 0x010u
#define INT_TX 0x020u
#define INT_RT 0x040u
#define INT_FE 0x080u
#define INT_PE 0x100u
#define INT_BE 0x200u
#define INT_OE 0x400u
#define INT_MODEM (INT_RI | INT_CTS | INT_DCD | INT_DSR)

#define DR_BE 0x400u
#define DR_OE 0x800u

#define FIFO_DEPTH 16u

typedef struct Pl011 {
    Device parent;
    MemoryRegion mmio;
    IrqLine irq;
    Chardev *chr;               /* (c) */
    Lock lock;                  /* guards the rest */
    ChardevLater later;         /* for finish */
    uint32_t rsr, lcr, cr, ifls, imsc, ris, ilpr, ibrd, fbrd, dmacr;
    uint32_t fifo[FIFO_DEPTH]; /* data and error bits as UARTDR shows them */
    uint32_t head, count;
    bool overrun;              /* the next entry that is stored carries OE */
} Pl011;

static unsigned depth(const Pl011 *s)
{
    return s->lcr & LCR_FEN ? FIFO_DEPTH : 1;
}

/* Entries at which the receive interrupt is raised. IFLS: 1/8, 1/4, 1/2, 3/4, 7/8. */
static unsigned rx_trigger(const Pl011 *s)
{
    static const uint8_t levels[8] = { 2, 4, 8, 12, 14, 14, 14, 14 };

    return s->lcr & LCR_FEN ? levels[s->ifls >> 3 & 7] : 1;
}

static void update_irq(Pl011 *s)
{
    irq_set(&s->irq, (s->ris & s->imsc) != 0);
}

/* Ends an access, or whatever else changed the state: releases the lock, then does what may wait for others. */
static void finish(Pl011 *s)
{
    ChardevLater later = s->later;

    s->later = (ChardevLater){ 0 };
    update_irq(s);
    lock_release(&s->lock);
    chardev_do_later(s->chr, &later);
}

/* In loopback the modem outputs come back as inputs; otherwise a peer is always ready. */
static uint32_t modem_lines(const Pl011 *s)
{
    if (!(s->cr & CR_LBE))
        return FR_CTS | FR_DSR | FR_DCD;
    return (s->cr & CR_RTS ? FR_CTS : 0) | (s->cr & CR_DTR ? FR_DSR : 0) | (s->cr & CR_OUT1 ? FR_DCD : 0) | (s->cr & CR_OUT2 ? FR_RI : 0);
}

static uint32_t flags(const Pl011 *s)
{
    return modem_lines(s) | FR_TXFE | (s->count ? 0 : FR_RXFE) | (s->count == depth(s) ? FR_RXFF : 0);
}

static void rx_levels_changed(Pl011 *s)
{
    s->ris &= ~(INT_RX | INT_RT);
    if (s->count >= rx_trigger(s))
        s->ris |= INT_RX;
    else if (s->count)
        s->ris |= INT_RT;
}

static void rx_put(Pl011 *s, uint32_t entry)
{
    if (s->count == depth(s)) {
        s->overrun = true;
        s->ris |= INT_OE;
        s->rsr |= DR_OE >> 8;
        return;
    }
    s->fifo[(s->head + s->count++) % FIFO_DEPTH] = entry | (s->overrun ? DR_OE : 0);
    s->overrun = false;
    if (entry & DR_BE)
        s->ris |= INT_BE;
    rx_levels_changed(s);
}

static uint32_t rx_take(Pl011 *s)
{
    uint32_t entry = s->fifo[s->head];

    if (!s->count)
        return 0;
    s->head = (s->head + 1) % FIFO_DEPTH;
    s->count--;
    s->rsr = entry >> 8;
    rx_levels_changed(s);
    s->later.room = true;
    return entry;
}

static void rx_flush(Pl011 *s)
{
    s->head = s->count = 0;
    rx_levels_changed(s);
}

static size_t can_receive(void *opaque)
{
    Pl011 *s = opaque;
    size_t n;

    lock_acquire(&s->lock);
    n = s->cr & CR_LBE ? 0 : depth(s) - MIN_OF(s->count, depth(s));
    lock_release(&s->lock);
    return n;
}

/* What arrives before the guest has switched the receiver on waits in the FIFO: drivers find what was typed early. */
static void receive(void *opaque, const uint8_t *buf, size_t len)
{
    Pl011 *s = opaque;

    lock_acquire(&s->lock);
    for (size_t i = 0; i < len; i++)
        rx_put(s, buf[i]);
    finish(s);
}

static void event(void *opaque, ChardevEvent e)
{
    Pl011 *s = opaque;

    lock_acquire(&s->lock);
    if (e == CHR_EVENT_BREAK && !(s->cr & CR_LBE))
        rx_put(s, DR_BE);
    finish(s);
}

static void transmit(Pl011 *s, uint8_t byte)
{
    if (s->cr & CR_LBE) {
        rx_put(s, byte);
    } else {
        s->later.send = true;
        s->later.byte = byte;
    }
    s->ris |= INT_TX;
}

static void write_lcr(Pl011 *s, uint32_t value)
{
    if ((s->lcr ^ value) & LCR_FEN) {
        s->lcr = value & 0xff;
        rx_flush(s);
        s->later.room = true;
    }
    if ((s->cr & CR_LBE) && !(s->lcr & LCR_BRK) && (value & LCR_BRK))
        rx_put(s, DR_BE);
    s->lcr = value & 0xff;
}

static void write_cr(Pl011 *s, uint32_t value)
{
    uint32_t before = modem_lines(s), changed;

    s->cr = value & 0xff87;
    changed = before ^ modem_lines(s);
    s->ris |= (changed & FR_CTS ? INT_CTS : 0) | (changed & FR_DSR ? INT_DSR : 0) | (changed & FR_DCD ? INT_DCD : 0) |
              (changed & FR_RI ? INT_RI : 0);
    s->later.room = true;
}

/* PeriphID0..3: part 0x011, Arm, revision 1; PCellID0..3. */
static const uint8_t pl011_ids[] = { 0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

static MemTxResult pl011_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    Pl011 *s = opaque;

    *value = 0;
    lock_acquire(&s->lock);
    switch (offset) {
    case UARTDR: *value = rx_take(s); break;
    case UARTRSR: *value = s->rsr; break;
    case UARTFR: *value = flags(s); break;
    case UARTILPR: *value = s->ilpr; break;
    case UARTIBRD: *value = s->ibrd; break;
    case UARTFBRD: *value = s->fbrd; break;
    case UARTLCR_H: *value = s->lcr; break;
    case UARTCR: *value = s->cr; break;
    case UARTIFLS: *value = s->ifls; break;
    case UARTIMSC: *value = s->imsc; break;
    case UARTRIS: *value = s->ris; break;
    case UARTMIS: *value = s->ris & s->imsc; break;
    case UARTICR: break;
    case UARTDMACR: *value = s->dmacr; break;
    default:
        if (offset >= UART_ID_REGS && !(offset & 3))
            *value = pl011_ids[(offset - UART_ID_REGS) / 4];
        else
            log_printf(LOG_GUEST_ERROR, "pl011: bad read at 0x%" PRIx64 "\n", offset);
    }
    finish(s);
    return MEMTX_OK;
}

static MemTxResult pl011_write(void *opaque, hwaddr offset, uint64_t value64, unsigned size, MemTxAttrs attrs)
{
    Pl011 *s = opaque;
    uint32_t value = (uint32_t)value64;

    lock_acquire(&s->lock);
    switch (offset) {
    case UARTDR: transmit(s, (uint8_t)value); break;
    case UARTRSR: s->rsr = 0; break;
    case UARTFR: break;
    case UARTILPR: s->ilpr = value & 0xff; break;
    case UARTIBRD: s->ibrd = value & 0xffff; break;
    case UARTFBRD: s->fbrd = value & 0x3f; break;
    case UARTLCR_H: write_lcr(s, value); break;
    case UARTCR: write_cr(s, value); break;
    case UARTIFLS:
        s->ifls = value & 0x3f;
        rx_levels_changed(s);
        break;
    case UARTIMSC: s->imsc = value & 0x7ff; break;
    case UARTICR: s->ris &= ~value; break;
    case UARTDMACR: s->dmacr = value & 7; break;
    default:
        log_printf(LOG_GUEST_ERROR, "pl011: bad write at 0x%" PRIx64 "\n", offset);
    }
    finish(s);
    return MEMTX_OK;
}

static void pl011_reset(Device *dev)
{
    Pl011 *s = (Pl011 *)dev;

    lock_acquire(&s->lock);
    s->rsr = s->lcr = s->imsc = s->ris = s->ilpr = s->ibrd = s->fbrd = s->dmacr = 0;
    s->cr = CR_TXE | CR_RXE;
    s->ifls = 0x12;
    s->overrun = false;
    rx_flush(s);
    s->later.room = true;
    finish(s);
}

static bool pl011_realize(Device *dev, GError **error)
{
    Pl011 *s = (Pl011 *)dev;

    lock_init(&s->lock, LOCK_DEVICE, "pl011");
    chardev_set_handlers(s->chr, can_receive, receive, event, s);
    return true;
}

static void pl011_unrealize(Device *dev)
{
    Pl011 *s = (Pl011 *)dev;

    chardev_set_handlers(s->chr, NULL, NULL, NULL, NULL);
    lock_destroy(&s->lock);
}

static void pl011_post_load(Device *dev)
{
    Pl011 *s = (Pl011 *)dev;

    lock_acquire(&s->lock);
    s->head %= FIFO_DEPTH;
    s->count = MIN_OF(s->count, depth(s));
    s->later.room = true;
    finish(s);
}

static const MemoryRegionOps pl011_ops = { .read = pl011_read, .write = pl011_write, .valid = { 1, 4, false } };
static const Property pl011_properties[] = {
    { "chardev", PROP_CHARDEV, offsetof(Pl011, chr), NULL, "where its bytes go" },
    { NULL },
};
static const DeviceRegion pl011_regions[] = { { "pl011", offsetof(Pl011, mmio), &pl011_ops, 0x1000, true }, { NULL } };
static const DeviceOutput pl011_outputs[] = { { "irq", offsetof(Pl011, irq), 1 }, { NULL } };
static const SnapshotField pl011_fields[] = {
    SNAP(Pl011, rsr), SNAP(Pl011, lcr), SNAP(Pl011, cr), SNAP(Pl011, ifls), SNAP(Pl011, imsc), SNAP(Pl011, ris), SNAP(Pl011, ilpr),
    SNAP(Pl011, ibrd), SNAP(Pl011, fbrd), SNAP(Pl011, dmacr), SNAP_ARRAY(Pl011, fifo), SNAP(Pl011, head), SNAP(Pl011, count),
    SNAP(Pl011, overrun), { NULL },
};

const DeviceClass pl011_class = {
    .name = "pl011",
    .description = "Arm PL011 UART",
    .instance_size = sizeof(Pl011),
    .properties = pl011_properties,
    .regions = pl011_regions,
    .outputs = pl011_outputs,
    .fields = pl011_fields,
    .realize = pl011_realize,
    .unrealize = pl011_unrealize,
    .reset = pl011_reset,
    .post_load = pl011_post_load,
};
