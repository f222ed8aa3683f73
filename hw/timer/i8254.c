/* SPDX-License-Identifier: MIT */
/*
 * Intel 8254 programmable interval timer (231164) and the PC's port 0x61.
 *
 * Time is the number of input clocks (1.193182 MHz) of virtual time. A counter remembers the clock at which its count was loaded;
 * its value and its output are functions of the clocks that have gone by, so only counter 0's interrupt needs a timer: it stands at
 * the next rise or fall of the output. In mode 2 the output is low for one clock only; there the line is pulsed when it rises.
 * Missed interrupts are not made up for.
 */
#include "base/bits.h"
#include "base/clock.h"
#include "hw/timer/i8254.h"

#define NB_COUNTERS 3u
#define RW_LSB 1u
#define RW_MSB 2u
#define RW_BOTH 3u
#define PORT61_GATE2 0x01u
#define PORT61_WRITABLE 0x0fu
#define REFRESH_NS 15085
/* What a guest can ask for at most; faster counters are served at this rate. */
#define MIN_INTERVAL_NS 5000

typedef struct Counter {
    int64_t start;         /* clock at which count was loaded; stopped: clocks that it has counted */
    uint32_t count;        /* 1..65536 */
    uint32_t next_count;   /* takes effect at the end of the period or at the next trigger; 0: none */
    uint16_t latch;
    uint8_t mode, rw, status, written_lsb;
    uint8_t latched;       /* bytes of latch still to be read */
    bool bcd, gate, loaded, running, status_latched, read_msb, write_msb;
} Counter;

typedef struct I8254 {
    Device parent;
    MemoryRegion io, port61;
    IrqLine irq;
    Timer *timer;
    Counter counter[NB_COUNTERS];
    uint8_t control61;
    bool disabled;
} I8254;

static int64_t now_clocks(void)
{
    return (int64_t)((unsigned __int128)clock_get_ns(CLOCK_VIRTUAL) * I8254_HZ / NS_PER_SEC);
}

/* The first nanosecond of a clock. */
static int64_t clocks_to_ns(int64_t clocks)
{
    return (int64_t)(((unsigned __int128)clocks * NS_PER_SEC + I8254_HZ - 1) / I8254_HZ);
}

static bool is_periodic(const Counter *c)
{
    return c->mode == 2 || c->mode == 3;
}

static bool is_triggered_by_gate(const Counter *c)
{
    return c->mode == 1 || c->mode == 5;
}

static int64_t elapsed(const Counter *c, int64_t now)
{
    return c->running ? now - c->start : c->start;
}

/* Takes up a count that waits for the end of the period. */
static void catch_up(Counter *c, int64_t now)
{
    if (!c->next_count || !is_periodic(c) || !c->running || elapsed(c, now) < c->count)
        return;
    c->start += c->count;
    c->count = c->next_count;
    c->next_count = 0;
}

static bool output(Counter *c, int64_t now)
{
    int64_t d;

    catch_up(c, now);
    d = elapsed(c, now);
    if (!c->loaded || (is_periodic(c) && !c->gate))
        return c->mode != 0;
    switch (c->mode) {
    case 0: return d >= c->count;
    case 1: return !c->running || d >= c->count;
    case 2: return d % c->count != c->count - 1;
    case 3: return d % c->count < (c->count + 1) / 2;
    default: return !c->running || d != c->count;
    }
}

static uint16_t to_bcd(uint32_t v)
{
    return (uint16_t)(v % 10 | v / 10 % 10 << 4 | v / 100 % 10 << 8 | v / 1000 % 10 << 12);
}

static uint32_t from_bcd(uint32_t v)
{
    return (v & 15) + (v >> 4 & 15) * 10 + (v >> 8 & 15) * 100 + (v >> 12 & 15) * 1000;
}

/* The counting element, as it is read. Modes other than 2 and 3 count on past zero. */
static uint16_t value(Counter *c, int64_t now)
{
    uint32_t wrap = c->bcd ? 10000 : 65536, left;
    int64_t d;

    catch_up(c, now);
    d = c->loaded ? elapsed(c, now) : 0;
    switch (c->mode) {
    case 2: left = c->count - (uint32_t)(d % c->count); break;
    case 3: left = c->count - (uint32_t)(2 * d % c->count); break;
    default: left = (c->count + wrap - (uint32_t)(d % wrap)) % wrap; break;
    }
    return c->bcd ? to_bcd(left) : (uint16_t)left;
}

/* ---- the interrupt ---- */
/* The clock at which the output of a running counter changes next in a way that matters to an edge-triggered input; -1: never. */
static int64_t next_edge(Counter *c, int64_t now)
{
    int64_t d, half = (c->count + 1) / 2;

    catch_up(c, now);
    if (!c->loaded || !c->running)
        return -1;
    d = now - c->start;
    switch (c->mode) {
    case 2: return c->start + (d / c->count + 1) * c->count;
    case 3: return now - d % c->count + (d % c->count < half ? half : c->count);
    case 0: case 1: return d < c->count ? c->start + c->count : -1;
    default: return d <= c->count ? c->start + c->count + 1 : -1;
    }
}

static void arm(I8254 *s)
{
    int64_t at = next_edge(&s->counter[0], now_clocks());

    if (at < 0 || s->disabled)
        timer_del(s->timer);
    else
        timer_mod(s->timer, MAX_OF(clocks_to_ns(at), clock_get_ns(CLOCK_VIRTUAL) + MIN_INTERVAL_NS));
}

static void drive(I8254 *s)
{
    if (!s->disabled)
        irq_set(&s->irq, output(&s->counter[0], now_clocks()));
}

static void on_timer(void *opaque)
{
    I8254 *s = opaque;

    if (s->counter[0].mode != 0 && s->counter[0].mode != 3 && !s->disabled)
        irq_set(&s->irq, 0);
    drive(s);
    arm(s);
}

static void counter_changed(I8254 *s, unsigned n)
{
    if (n)
        return;
    drive(s);
    arm(s);
}

/* ---- gates ---- */
static void start(Counter *c, int64_t now)
{
    c->start = now;
    c->running = true;
    if (c->next_count)
        c->count = c->next_count;
    c->next_count = 0;
}

static void set_gate(Counter *c, bool gate, int64_t now)
{
    bool rising = gate && !c->gate, falling = !gate && c->gate;

    catch_up(c, now);
    c->gate = gate;
    if (!c->loaded)
        return;
    if (rising && (is_triggered_by_gate(c) || is_periodic(c))) {
        start(c, now);
    } else if (rising && !c->running) {
        c->start = now - c->start;
        c->running = true;
    } else if (falling && !is_triggered_by_gate(c) && c->running) {
        c->start = now - c->start;
        c->running = false;
    }
}

/* ---- registers ---- */
static void load(Counter *c, uint16_t written, int64_t now)
{
    uint32_t count = c->bcd ? from_bcd(written) : written;

    if (!count)
        count = c->bcd ? 10000 : 65536;
    if (c->loaded && (is_periodic(c) || is_triggered_by_gate(c))) {
        catch_up(c, now);
        if (is_periodic(c) && c->running)
            c->start = now - elapsed(c, now) % c->count; /* this period's */
        c->next_count = count;
        return;
    }
    c->count = count;
    c->loaded = true;
    c->running = c->gate && !is_triggered_by_gate(c);
    c->start = c->running ? now : 0;
}

static void write_counter(I8254 *s, unsigned n, uint8_t byte)
{
    Counter *c = &s->counter[n];

    if (c->rw == RW_BOTH && !c->write_msb) {
        c->written_lsb = byte;
        c->write_msb = true;
        if (c->mode == 0) /* the first byte stops the counting */
            c->loaded = false;
    } else {
        c->write_msb = false;
        load(c, (uint16_t)(c->rw == RW_LSB ? byte : c->rw == RW_MSB ? byte << 8 : byte << 8 | c->written_lsb), now_clocks());
    }
    counter_changed(s, n);
}

static void latch_count(Counter *c)
{
    if (c->latched)
        return;
    c->latch = value(c, now_clocks());
    c->latched = c->rw == RW_BOTH ? 2 : 1;
    c->read_msb = false;
}

static void latch_status(Counter *c)
{
    bool null_count = !c->loaded || c->next_count;

    if (c->status_latched)
        return;
    c->status = (uint8_t)(output(c, now_clocks()) << 7 | null_count << 6 | c->rw << 4 | c->mode << 1 | c->bcd);
    c->status_latched = true;
}

static void read_back(I8254 *s, uint8_t command)
{
    for (unsigned i = 0; i < NB_COUNTERS; i++) {
        if (!(command >> (i + 1) & 1))
            continue;
        if (!(command & 0x20))
            latch_count(&s->counter[i]);
        if (!(command & 0x10))
            latch_status(&s->counter[i]);
    }
}

static void write_control(I8254 *s, uint8_t command)
{
    unsigned n = command >> 6;
    Counter *c = &s->counter[n % NB_COUNTERS];

    if (n == 3) {
        read_back(s, command);
    } else if (!(command & 0x30)) {
        latch_count(c);
    } else {
        c->rw = command >> 4 & 3;
        c->mode = (command >> 1 & 7) > 5 ? command >> 1 & 3 : command >> 1 & 7;
        c->bcd = command & 1;
        c->loaded = c->running = c->read_msb = c->write_msb = c->status_latched = false;
        c->latched = 0;
        c->next_count = 0;
        c->start = 0;
        counter_changed(s, n);
    }
}

static uint8_t read_counter(Counter *c)
{
    uint16_t v;
    bool msb = c->rw == RW_MSB || (c->rw == RW_BOTH && c->read_msb);

    if (c->status_latched) {
        c->status_latched = false;
        return c->status;
    }
    v = c->latched ? c->latch : value(c, now_clocks());
    if (c->latched)
        c->latched--;
    c->read_msb = c->rw == RW_BOTH && !c->read_msb;
    return (uint8_t)(msb ? v >> 8 : v);
}

bool i8254_output(Device *dev, unsigned counter)
{
    g_assert(counter < NB_COUNTERS);
    return output(&((I8254 *)dev)->counter[counter], now_clocks());
}

static MemTxResult i8254_read(void *opaque, hwaddr offset, uint64_t *value_out, unsigned size, MemTxAttrs attrs)
{
    I8254 *s = opaque;

    *value_out = offset < NB_COUNTERS ? read_counter(&s->counter[offset]) : 0xff;
    return MEMTX_OK;
}

static MemTxResult i8254_write(void *opaque, hwaddr offset, uint64_t v, unsigned size, MemTxAttrs attrs)
{
    I8254 *s = opaque;

    if (offset < NB_COUNTERS)
        write_counter(s, (unsigned)offset, (uint8_t)v);
    else
        write_control(s, (uint8_t)v);
    return MEMTX_OK;
}

/* Bit 4 toggles with each memory refresh: old software times short delays by it. */
static MemTxResult port61_read(void *opaque, hwaddr offset, uint64_t *value_out, unsigned size, MemTxAttrs attrs)
{
    I8254 *s = opaque;

    *value_out = s->control61 | (uint64_t)(clock_get_ns(CLOCK_VIRTUAL) / REFRESH_NS & 1) << 4 |
                 (uint64_t)output(&s->counter[2], now_clocks()) << 5;
    return MEMTX_OK;
}

static MemTxResult port61_write(void *opaque, hwaddr offset, uint64_t v, unsigned size, MemTxAttrs attrs)
{
    I8254 *s = opaque;

    s->control61 = v & PORT61_WRITABLE;
    set_gate(&s->counter[2], v & PORT61_GATE2, now_clocks());
    return MEMTX_OK;
}

static void input_disable(void *opaque, int n, int level)
{
    I8254 *s = opaque;

    if (level && !s->disabled)
        irq_set(&s->irq, 0);
    s->disabled = level;
    counter_changed(s, 0);
}

static void i8254_reset(Device *dev)
{
    I8254 *s = (I8254 *)dev;

    for (unsigned i = 0; i < NB_COUNTERS; i++)
        s->counter[i] = (Counter){ .count = 65536, .mode = 3, .rw = RW_BOTH, .gate = i != 2 };
    s->control61 = 0;
    counter_changed(s, 0);
}

static bool i8254_realize(Device *dev, GError **error)
{
    I8254 *s = (I8254 *)dev;

    s->timer = timer_new(timer_list_main(), CLOCK_VIRTUAL, on_timer, s);
    return true;
}

static void i8254_unrealize(Device *dev)
{
    timer_free(((I8254 *)dev)->timer);
}

/* Counts that would be divided by zero cannot come from a counter. */
static void i8254_post_load(Device *dev)
{
    I8254 *s = (I8254 *)dev;

    for (unsigned i = 0; i < NB_COUNTERS; i++)
        s->counter[i].count = MIN_OF(MAX_OF(s->counter[i].count, 1u), 65536u);
    counter_changed(s, 0);
}

static const MemoryRegionOps i8254_ops = { .read = i8254_read, .write = i8254_write, .valid = { 1, 4, true }, .impl = { 1, 1, false } };
static const MemoryRegionOps port61_ops = { .read = port61_read, .write = port61_write, .valid = { 1, 1, false } };
static const DeviceRegion i8254_regions[] = {
    { "i8254", offsetof(I8254, io), &i8254_ops, 4, false },
    { "port61", offsetof(I8254, port61), &port61_ops, 1, false },
    { NULL },
};
static const DeviceOutput i8254_outputs[] = { { "irq", offsetof(I8254, irq), 1 }, { NULL } };
static const DeviceInput i8254_inputs[] = { { "irq-disable", input_disable, 1 }, { NULL } };
static const SnapshotField i8254_fields[] = {
    SNAP_ARRAY(I8254, counter), SNAP(I8254, control61), SNAP(I8254, disabled), { NULL },
};

const DeviceClass i8254_class = {
    .name = "i8254",
    .description = "8254 interval timer of the PC, and port 0x61",
    .instance_size = sizeof(I8254),
    .regions = i8254_regions,
    .outputs = i8254_outputs,
    .inputs = i8254_inputs,
    .fields = i8254_fields,
    .realize = i8254_realize,
    .unrealize = i8254_unrealize,
    .reset = i8254_reset,
    .post_load = i8254_post_load,
};
