/* SPDX-License-Identifier: MIT */
/*
 * 16550A UART (National PC16550D).
 *
 * Transmission takes no time: a byte goes to the character device at once, so THR and the transmitter are always empty. The THRE
 * interrupt is an edge nevertheless: it is raised when a byte has been written, or when ETBEI is set, and falls when IIR has
 * shown it. Reception goes through the 16-entry FIFO (one entry in 16450 mode); below the trigger level the character time-out
 * interrupt is raised four character times after the last byte came or was read, as the chip does at the programmed rate.
 *
 * A lock of its own (LOCK_DEVICE) guards the state, and IRQ is driven under it. A byte is sent after the lock is released, since a
 * terminal that is full holds the writer up; so is the back end told of room, which takes the big lock.
 */
#include <string.h>

#include "base/bits.h"
#include "base/clock.h"
#include "base/lock.h"
#include "hw/core/device.h"

enum { UART_DATA, UART_IER, UART_IIR, UART_LCR, UART_MCR, UART_LSR, UART_MSR, UART_SCR };

#define IER_RDA 0x01u
#define IER_THRE 0x02u
#define IER_LINE 0x04u
#define IER_MODEM 0x08u

#define IIR_NONE 0x01u
#define IIR_MODEM 0x00u
#define IIR_THRE 0x02u
#define IIR_RDA 0x04u
#define IIR_LINE 0x06u
#define IIR_TIMEOUT 0x0cu
#define IIR_FIFO 0xc0u

#define FCR_ENABLE 0x01u
#define FCR_CLEAR_RX 0x02u

#define LCR_BREAK 0x40u
#define LCR_DLAB 0x80u

#define MCR_DTR 0x01u
#define MCR_RTS 0x02u
#define MCR_OUT1 0x04u
#define MCR_OUT2 0x08u
#define MCR_LOOP 0x10u

#define LSR_DR 0x01u
#define LSR_OE 0x02u
#define LSR_BI 0x10u
#define LSR_ERRORS 0x1eu
#define LSR_THRE 0x20u
#define LSR_TEMT 0x40u
#define LSR_FIFO_ERROR 0x80u

#define MSR_CTS 0x10u
#define MSR_DSR 0x20u
#define MSR_RI 0x40u
#define MSR_DCD 0x80u

#define FIFO_DEPTH 16u
#define CLOCK_DIVIDED_HZ 115200u

typedef struct Serial {
    Device parent;
    MemoryRegion io;
    IrqLine irq;
    Chardev *chr;               /* (c) */
    Timer *timer;               /* (c) the character time-out */
    Lock lock;                  /* guards the rest */
    ChardevLater later;         /* for finish */
    uint16_t divisor;
    uint8_t ier, fcr, lcr, mcr, msr, scr;
    uint8_t line_errors;        /* LSR's OE, and the errors of the byte at the head */
    bool thre, timeout;         /* interrupts pending */
    uint16_t fifo[FIFO_DEPTH];  /* byte, and LSR's error bits << 8 */
    uint32_t head, count;
} Serial;

static unsigned depth(const Serial *s)
{
    return s->fcr & FCR_ENABLE ? FIFO_DEPTH : 1;
}

static unsigned trigger(const Serial *s)
{
    static const uint8_t levels[4] = { 1, 4, 8, 14 };

    return s->fcr & FCR_ENABLE ? levels[s->fcr >> 6] : 1;
}

/* Four characters of start, data, parity and stop bits. */
static int64_t timeout_ns(const Serial *s)
{
    unsigned bits = 1 + 5 + (s->lcr & 3) + (s->lcr >> 3 & 1) + 1 + (s->lcr >> 2 & 1);

    return 4 * bits * NS_PER_SEC / CLOCK_DIVIDED_HZ * MAX_OF(s->divisor, 1);
}

/* ---- interrupts ---- */
static uint8_t iir(const Serial *s)
{
    if ((s->ier & IER_LINE) && (s->line_errors & LSR_ERRORS))
        return IIR_LINE;
    if ((s->ier & IER_RDA) && s->count >= trigger(s))
        return IIR_RDA;
    if ((s->ier & IER_RDA) && s->timeout)
        return IIR_TIMEOUT;
    if ((s->ier & IER_THRE) && s->thre)
        return IIR_THRE;
    if ((s->ier & IER_MODEM) && (s->msr & 0xf))
        return IIR_MODEM;
    return IIR_NONE;
}

/* OUT2 gates the line on a PC's card, but not in loopback, where it is an input of the test. */
static void update_irq(Serial *s)
{
    irq_set(&s->irq, iir(s) != IIR_NONE && (s->mcr & MCR_OUT2) && !(s->mcr & MCR_LOOP));
}

/* Ends an access, or whatever else changed the state: releases the lock, then does what may wait for others. */
static void finish(Serial *s)
{
    ChardevLater later = s->later;

    s->later = (ChardevLater){ 0 };
    update_irq(s);
    lock_release(&s->lock);
    chardev_do_later(s->chr, &later);
}

static void arm_timeout(Serial *s)
{
    s->timeout = false;
    if (s->count && (s->fcr & FCR_ENABLE) && (s->ier & IER_RDA) && s->count < trigger(s))
        timer_mod(s->timer, clock_get_ns(CLOCK_VIRTUAL) + timeout_ns(s));
    else
        timer_del(s->timer);
}

static void on_timeout(void *opaque)
{
    Serial *s = opaque;

    lock_acquire(&s->lock);
    s->timeout = s->count;
    finish(s);
}

/* ---- receiving ---- */
/* The errors of the byte that became the head show in LSR. */
static void head_changed(Serial *s)
{
    if (s->count)
        s->line_errors |= (uint8_t)(s->fifo[s->head] >> 8);
}

static void rx_put(Serial *s, uint16_t entry)
{
    if (s->count >= depth(s)) {
        s->line_errors |= LSR_OE;
        if (!(s->fcr & FCR_ENABLE))
            s->fifo[s->head] = entry; /* the new byte overwrites */
        return;
    }
    s->fifo[(s->head + s->count++) % FIFO_DEPTH] = entry;
    if (s->count == 1)
        head_changed(s);
    arm_timeout(s);
}

static uint8_t rx_take(Serial *s)
{
    uint8_t byte = (uint8_t)s->fifo[s->head];

    if (!s->count)
        return byte;
    s->head = (s->head + 1) % FIFO_DEPTH;
    s->count--;
    head_changed(s);
    arm_timeout(s);
    s->later.room = true;
    return byte;
}

static void rx_flush(Serial *s)
{
    s->head = s->count = 0;
    arm_timeout(s);
    s->later.room = true;
}

static size_t can_receive(void *opaque)
{
    Serial *s = opaque;
    size_t n;

    lock_acquire(&s->lock);
    n = s->mcr & MCR_LOOP ? 0 : depth(s) - MIN_OF(s->count, depth(s));
    lock_release(&s->lock);
    return n;
}

static void receive(void *opaque, const uint8_t *buf, size_t len)
{
    Serial *s = opaque;

    lock_acquire(&s->lock);
    for (size_t i = 0; i < len; i++)
        rx_put(s, buf[i]);
    finish(s);
}

static void event(void *opaque, ChardevEvent e)
{
    Serial *s = opaque;

    lock_acquire(&s->lock);
    if (e == CHR_EVENT_BREAK && !(s->mcr & MCR_LOOP))
        rx_put(s, LSR_BI << 8);
    finish(s);
}

/* ---- registers ---- */
static void transmit(Serial *s, uint8_t byte)
{
    if (s->mcr & MCR_LOOP) {
        rx_put(s, byte);
    } else {
        s->later.send = true;
        s->later.byte = byte;
    }
    s->thre = true;
}

static uint8_t lsr(const Serial *s)
{
    uint8_t value = LSR_THRE | LSR_TEMT | s->line_errors | (s->count ? LSR_DR : 0);

    if (s->fcr & FCR_ENABLE)
        for (unsigned i = 0; i < s->count; i++)
            value |= s->fifo[(s->head + i) % FIFO_DEPTH] >> 8 ? LSR_FIFO_ERROR : 0;
    return value;
}

static uint8_t read_lsr(Serial *s)
{
    uint8_t value = lsr(s);

    s->line_errors = 0;
    if (s->count)
        s->fifo[s->head] &= 0xff;
    return value;
}

static uint8_t read_iir(Serial *s)
{
    uint8_t value = iir(s);

    if (value == IIR_THRE)
        s->thre = false;
    return value | (s->fcr & FCR_ENABLE ? IIR_FIFO : 0);
}

/* In loopback the modem outputs come back as inputs; otherwise a peer is always ready. */
static uint8_t modem_lines(const Serial *s)
{
    if (!(s->mcr & MCR_LOOP))
        return MSR_CTS | MSR_DSR | MSR_DCD;
    return (uint8_t)((s->mcr & MCR_RTS ? MSR_CTS : 0) | (s->mcr & MCR_DTR ? MSR_DSR : 0) | (s->mcr & MCR_OUT1 ? MSR_RI : 0) |
                     (s->mcr & MCR_OUT2 ? MSR_DCD : 0));
}

/* The deltas: changes of CTS, DSR, DCD, and RI's trailing edge. */
static void modem_changed(Serial *s)
{
    uint8_t now = modem_lines(s), changed = (now ^ s->msr) & 0xf0, delta = changed >> 4;

    if (now & MSR_RI)
        delta &= (uint8_t)~(MSR_RI >> 4);
    s->msr = (s->msr & 0xf) | now | delta;
}

static uint8_t read_msr(Serial *s)
{
    uint8_t value = s->msr;

    s->msr &= 0xf0;
    return value;
}

static void write_ier(Serial *s, uint8_t value)
{
    if ((value & IER_THRE) && !(s->ier & IER_THRE))
        s->thre = true;
    s->ier = value & 0xf;
    arm_timeout(s);
}

/* Switching the FIFO on or off empties it; the other bits count only together with the enable bit. */
static void write_fcr(Serial *s, uint8_t value)
{
    bool flush = ((value ^ s->fcr) & FCR_ENABLE) || ((value & FCR_ENABLE) && (value & FCR_CLEAR_RX));

    s->fcr = value & FCR_ENABLE ? value & 0xc9 : 0;
    if (flush)
        rx_flush(s);
    else
        arm_timeout(s);
}

static void write_lcr(Serial *s, uint8_t value)
{
    if ((s->mcr & MCR_LOOP) && !(s->lcr & LCR_BREAK) && (value & LCR_BREAK))
        rx_put(s, LSR_BI << 8);
    s->lcr = value;
}

static uint8_t serial_read_reg(Serial *s, unsigned reg)
{
    bool dlab = s->lcr & LCR_DLAB;

    switch (reg) {
    case UART_DATA: return dlab ? (uint8_t)s->divisor : rx_take(s);
    case UART_IER: return dlab ? (uint8_t)(s->divisor >> 8) : s->ier;
    case UART_IIR: return read_iir(s);
    case UART_LCR: return s->lcr;
    case UART_MCR: return s->mcr;
    case UART_LSR: return read_lsr(s);
    case UART_MSR: return read_msr(s);
    default: return s->scr;
    }
}

static void serial_write_reg(Serial *s, unsigned reg, uint8_t value)
{
    bool dlab = s->lcr & LCR_DLAB;

    switch (reg) {
    case UART_DATA:
        if (dlab)
            s->divisor = (s->divisor & 0xff00) | value;
        else
            transmit(s, value);
        break;
    case UART_IER:
        if (dlab)
            s->divisor = (uint16_t)((s->divisor & 0xff) | value << 8);
        else
            write_ier(s, value);
        break;
    case UART_IIR: write_fcr(s, value); break;
    case UART_LCR: write_lcr(s, value); break;
    case UART_MCR:
        s->mcr = value & 0x1f;
        modem_changed(s);
        s->later.room = true;
        break;
    case UART_SCR: s->scr = value; break;
    default: break; /* LSR and MSR: factory tests */
    }
}

static MemTxResult serial_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    Serial *s = opaque;

    lock_acquire(&s->lock);
    *value = serial_read_reg(s, (unsigned)offset);
    finish(s);
    return MEMTX_OK;
}

static MemTxResult serial_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    Serial *s = opaque;

    lock_acquire(&s->lock);
    serial_write_reg(s, (unsigned)offset, (uint8_t)value);
    finish(s);
    return MEMTX_OK;
}

static void serial_reset(Device *dev)
{
    Serial *s = (Serial *)dev;

    lock_acquire(&s->lock);
    s->ier = s->fcr = s->lcr = s->mcr = s->scr = s->line_errors = 0;
    s->msr = modem_lines(s);
    s->divisor = 12; /* 9600 baud */
    s->thre = false;
    rx_flush(s);
    finish(s);
}

static bool serial_realize(Device *dev, GError **error)
{
    Serial *s = (Serial *)dev;

    lock_init(&s->lock, LOCK_DEVICE, "isa-serial");
    s->timer = timer_new(timer_list_main(), CLOCK_VIRTUAL, on_timeout, s);
    chardev_set_handlers(s->chr, can_receive, receive, event, s);
    return true;
}

static void serial_unrealize(Device *dev)
{
    Serial *s = (Serial *)dev;

    chardev_set_handlers(s->chr, NULL, NULL, NULL, NULL);
    timer_free(s->timer);
    lock_destroy(&s->lock);
}

static void serial_post_load(Device *dev)
{
    Serial *s = (Serial *)dev;

    lock_acquire(&s->lock);
    s->head %= FIFO_DEPTH;
    s->count = MIN_OF(s->count, depth(s));
    arm_timeout(s);
    s->later.room = true;
    finish(s);
}

static const MemoryRegionOps serial_ops = { .read = serial_read, .write = serial_write, .valid = { 1, 4, true }, .impl = { 1, 1, false } };
static const Property serial_properties[] = {
    { "chardev", PROP_CHARDEV, offsetof(Serial, chr), NULL, "where its bytes go" },
    { NULL },
};
static const DeviceRegion serial_regions[] = { { "serial", offsetof(Serial, io), &serial_ops, 8, true }, { NULL } };
static const DeviceOutput serial_outputs[] = { { "irq", offsetof(Serial, irq), 1 }, { NULL } };
static const SnapshotField serial_fields[] = {
    SNAP(Serial, divisor), SNAP(Serial, ier), SNAP(Serial, fcr), SNAP(Serial, lcr), SNAP(Serial, mcr), SNAP(Serial, msr),
    SNAP(Serial, scr), SNAP(Serial, line_errors), SNAP(Serial, thre), SNAP(Serial, timeout), SNAP_ARRAY(Serial, fifo),
    SNAP(Serial, head), SNAP(Serial, count), { NULL },
};

const DeviceClass isa_serial_class = {
    .name = "isa-serial",
    .description = "16550A UART",
    .instance_size = sizeof(Serial),
    .properties = serial_properties,
    .regions = serial_regions,
    .outputs = serial_outputs,
    .fields = serial_fields,
    .realize = serial_realize,
    .unrealize = serial_unrealize,
    .reset = serial_reset,
    .post_load = serial_post_load,
};
