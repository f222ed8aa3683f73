/* SPDX-License-Identifier: MIT */
/*
 * High Precision Event Timers (IA-PC HPET Specification 1.0a).
 *
 * The main counter is virtual time in units of 10 ns plus an offset, or a frozen value while it is stopped. A comparator matches by
 * equality, as in the chip: a value that was passed already comes again only when the counter wraps. A periodic timer's comparator is moved
 * ahead at each match; periods that nobody saw are skipped, and a very short one is served at MIN_INTERVAL_NS. Systems leave a
 * periodic timer running with its interrupt off: one whose matches nobody can see is moved ahead when it is looked at, and now
 * and then lest the counter laps it.
 *
 * The main counter is read without a lock, since systems may use it as their clock on all CPUs at once. What it follows from is
 * published under a sequence counter. All else is under the big lock, which the handlers take.
 */
#include <inttypes.h>

#include "base/bits.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/log.h"
#include "hw/intc/apic.h"
#include "hw/timer/hpet.h"

#define NS_PER_TICK (HPET_PERIOD_FS / 1000000u)
#define MIN_INTERVAL_NS 5000
#define QUIET_INTERVAL_NS (5 * NS_PER_SEC) /* a quarter of the time in which a 32-bit counter gets half round */

enum { HPET_CAP = 0x000, HPET_CONFIG = 0x010, HPET_STATUS = 0x020, HPET_COUNTER = 0x0f0, HPET_TIMERS = 0x100 };
enum { TN_CONFIG = 0x00, TN_COMPARATOR = 0x08, TN_FSB = 0x10 };

#define CONFIG_ENABLE 1u
#define CONFIG_LEGACY 2u

#define TN_LEVEL (1u << 1)
#define TN_ENABLE (1u << 2)
#define TN_PERIODIC (1u << 3)
#define TN_PERIODIC_CAP (1u << 4)
#define TN_SIZE_CAP (1u << 5)
#define TN_VAL_SET (1u << 6)
#define TN_32BIT (1u << 8)
#define TN_ROUTE(config) ((config) >> 9 & 31)
#define TN_FSB_ENABLE (1u << 14)
#define TN_FSB_CAP (1u << 15)
#define TN_WRITABLE (TN_LEVEL | TN_ENABLE | TN_PERIODIC | TN_VAL_SET | TN_32BIT | 31u << 9 | TN_FSB_ENABLE)

typedef struct HpetTimer {
    uint64_t config;       /* the writable bits, in the low half */
    uint64_t comparator, period;
    uint64_t fsb;          /* address << 32 | data */
} HpetTimer;

typedef struct Hpet {
    Device parent;
    MemoryRegion mmio;
    IrqLine irq[24], legacy[2], legacy_mode[2];
    Timer *timer[HPET_NB_TIMERS]; /* (c) */
    uint32_t routes;              /* (c) */
    bool msi;                     /* (c) */
    uint32_t seq;                 /* (a) odd while config and counter are being changed */
    uint32_t config, status;      /* config: (a), written with counter */
    uint64_t counter;             /* (a) stopped: the value; running: the value less virtual time */
    HpetTimer t[HPET_NB_TIMERS];
} Hpet;

static uint64_t ticks_now(void)
{
    return (uint64_t)clock_get_ns(CLOCK_VIRTUAL) / NS_PER_TICK;
}

static bool is_running(const Hpet *s)
{
    return s->config & CONFIG_ENABLE;
}

static uint64_t counter(const Hpet *s)
{
    return is_running(s) ? s->counter + ticks_now() : s->counter;
}

/* The same without the lock. Pairs with publish. */
static uint64_t counter_unlocked(const Hpet *s)
{
    uint64_t value;
    uint32_t seq, config;

    do {
        seq = __atomic_load_n(&s->seq, __ATOMIC_ACQUIRE);
        config = __atomic_load_n(&s->config, __ATOMIC_RELAXED);
        value = __atomic_load_n(&s->counter, __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while ((seq & 1) || __atomic_load_n(&s->seq, __ATOMIC_RELAXED) != seq);
    return config & CONFIG_ENABLE ? value + ticks_now() : value;
}

static void publish(Hpet *s, uint32_t config, uint64_t value)
{
    __atomic_store_n(&s->seq, s->seq + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    __atomic_store_n(&s->config, config, __ATOMIC_RELAXED);
    __atomic_store_n(&s->counter, config & CONFIG_ENABLE ? value - ticks_now() : value, __ATOMIC_RELAXED);
    __atomic_store_n(&s->seq, s->seq + 1, __ATOMIC_RELEASE);
}

static uint64_t width_mask(const HpetTimer *t)
{
    return t->config & TN_32BIT ? UINT32_MAX : UINT64_MAX;
}

/* ---- interrupts ---- */
static const IrqLine *line_of(const Hpet *s, unsigned n)
{
    unsigned route = (unsigned)TN_ROUTE(s->t[n].config);

    if ((s->config & CONFIG_LEGACY) && n < 2)
        return &s->legacy[n];
    return s->routes >> route & 1 && route < ARRAY_SIZE(s->irq) ? &s->irq[route] : NULL;
}

static bool asserts(const Hpet *s, unsigned n)
{
    return (s->t[n].config & TN_ENABLE) && (s->t[n].config & TN_LEVEL) && (s->status >> n & 1) && is_running(s);
}

/* Several timers may share a pin: it is high while one of them wants it so. */
static void drive_level(const Hpet *s, const IrqLine *line)
{
    bool level = false;

    for (unsigned i = 0; i < HPET_NB_TIMERS; i++)
        level |= asserts(s, i) && line_of(s, i) == line;
    irq_set(line, level);
}

static void fire(Hpet *s, unsigned n)
{
    const HpetTimer *t = &s->t[n];
    const IrqLine *line = line_of(s, n);

    if (t->config & TN_LEVEL)
        s->status |= 1u << n;
    if (!(t->config & TN_ENABLE))
        return;
    if (s->msi && (t->config & TN_FSB_ENABLE))
        apic_send_msi(t->fsb >> 32, (uint32_t)t->fsb);
    else if (line && (t->config & TN_LEVEL))
        drive_level(s, line);
    else if (line)
        irq_pulse(line);
}

/* ---- comparators ---- */
/* Moves a periodic comparator past the counter. */
static void advance(Hpet *s, HpetTimer *t)
{
    uint64_t mask = width_mask(t), behind = (counter(s) - t->comparator) & mask, period = t->period & mask;

    if ((t->config & TN_PERIODIC) && period && behind <= mask / 2)
        t->comparator = (t->comparator + (behind / period + 1) * period) & mask;
}

/* Whether a match would be seen: by an interrupt, or in the status register. */
static bool is_visible(const HpetTimer *t)
{
    return t->config & (TN_ENABLE | TN_LEVEL);
}

static void arm(Hpet *s, unsigned n)
{
    const HpetTimer *t = &s->t[n];
    uint64_t left = (t->comparator - counter(s)) & width_mask(t);
    int64_t now = clock_get_ns(CLOCK_VIRTUAL);

    if (!left) /* it has matched just now */
        left = width_mask(t);
    if (is_running(s) && !is_visible(t) && (t->config & TN_PERIODIC))
        timer_mod(s->timer[n], now + QUIET_INTERVAL_NS);
    else if (is_running(s) && is_visible(t) && left < (uint64_t)(INT64_MAX - now) / NS_PER_TICK)
        timer_mod(s->timer[n], MAX_OF((now / NS_PER_TICK + (int64_t)left) * NS_PER_TICK,
                                      t->config & TN_PERIODIC ? now + MIN_INTERVAL_NS : 0));
    else
        timer_del(s->timer[n]);
}

static void on_timer(Hpet *s, unsigned n)
{
    if (!is_running(s))
        return;
    advance(s, &s->t[n]);
    fire(s, n);
    arm(s, n);
}

static void on_timer_0(void *opaque) { on_timer(opaque, 0); }
static void on_timer_1(void *opaque) { on_timer(opaque, 1); }
static void on_timer_2(void *opaque) { on_timer(opaque, 2); }
static TimerFn *const on_timers[] = { on_timer_0, on_timer_1, on_timer_2 };
static_assert(ARRAY_SIZE(on_timers) == HPET_NB_TIMERS, "a callback for each timer");

/* ---- registers ---- */
static uint64_t read_timer(const Hpet *s, const HpetTimer *t, unsigned reg)
{
    uint32_t cap = TN_PERIODIC_CAP | TN_SIZE_CAP | (s->msi ? TN_FSB_CAP : 0);

    switch (reg) {
    case TN_CONFIG: return (uint64_t)s->routes << 32 | cap | t->config;
    case TN_COMPARATOR: return t->comparator & width_mask(t);
    case TN_FSB: return t->fsb;
    default: return 0;
    }
}

static uint64_t read_reg(const Hpet *s, unsigned offset)
{
    if (offset >= HPET_TIMERS)
        return (offset - HPET_TIMERS) / 0x20 < HPET_NB_TIMERS ? read_timer(s, &s->t[(offset - HPET_TIMERS) / 0x20], offset & 0x18) : 0;
    switch (offset) {
    case HPET_CAP: return (uint64_t)HPET_PERIOD_FS << 32 | HPET_ID;
    case HPET_CONFIG: return s->config;
    case HPET_STATUS: return s->status;
    case HPET_COUNTER: return counter(s);
    default: return 0;
    }
}

/* Brings the comparators that may lag behind up to date. */
static void catch_up(Hpet *s)
{
    for (unsigned i = 0; is_running(s) && i < HPET_NB_TIMERS; i++)
        if (!is_visible(&s->t[i]))
            advance(s, &s->t[i]);
}

/* A route that the pin mask does not allow is not taken; a timer that becomes edge-triggered has no status. */
static void write_timer_config(Hpet *s, unsigned n, uint32_t value)
{
    HpetTimer *t = &s->t[n];
    const IrqLine *before = line_of(s, n), *after;

    value &= TN_WRITABLE & (s->msi ? ~0u : ~TN_FSB_ENABLE);
    if (!(s->routes >> TN_ROUTE(value) & 1))
        value = (uint32_t)deposit64(value, 9, 5, TN_ROUTE(t->config));
    t->config = value;
    if (value & TN_32BIT) {
        t->comparator = (uint32_t)t->comparator;
        t->period = (uint32_t)t->period;
    }
    if (!(value & TN_LEVEL))
        s->status &= ~(1u << n);
    after = line_of(s, n);
    if (before && before != after)
        drive_level(s, before);
    if (after)
        drive_level(s, after);
    arm(s, n);
}

/* Periodic: a write sets the period, and with VAL_SET (which it clears) the comparator as well. */
static void write_comparator(Hpet *s, unsigned n, uint64_t value)
{
    HpetTimer *t = &s->t[n];

    value &= width_mask(t);
    if (t->config & TN_PERIODIC)
        t->period = value;
    if (!(t->config & TN_PERIODIC) || (t->config & TN_VAL_SET))
        t->comparator = value;
    t->config &= ~TN_VAL_SET;
    arm(s, n);
}

static void write_timer(Hpet *s, unsigned n, unsigned reg, uint64_t value)
{
    switch (reg) {
    case TN_CONFIG: write_timer_config(s, n, (uint32_t)value); break;
    case TN_COMPARATOR: write_comparator(s, n, value); break;
    case TN_FSB: s->t[n].fsb = value; break;
    default: break;
    }
}

static void drive_all(Hpet *s)
{
    for (unsigned i = 0; i < ARRAY_SIZE(s->irq); i++)
        if (s->routes >> i & 1)
            drive_level(s, &s->irq[i]);
    if (s->config & CONFIG_LEGACY) {
        drive_level(s, &s->legacy[0]);
        drive_level(s, &s->legacy[1]);
    }
}

static void write_config(Hpet *s, uint32_t value)
{
    uint64_t now = counter(s);
    bool was_legacy = s->config & CONFIG_LEGACY;

    publish(s, value & (CONFIG_ENABLE | CONFIG_LEGACY), now);
    if (was_legacy != !!(s->config & CONFIG_LEGACY)) {
        for (unsigned i = 0; i < 2; i++) {
            if (was_legacy)
                irq_set(&s->legacy[i], 0);
            irq_set(&s->legacy_mode[i], !was_legacy);
        }
    }
    drive_all(s);
    for (unsigned i = 0; i < HPET_NB_TIMERS; i++)
        arm(s, i);
}

static void write_reg(Hpet *s, unsigned offset, uint64_t value)
{
    switch (offset) {
    case HPET_CONFIG: write_config(s, (uint32_t)value); break;
    case HPET_STATUS:
        s->status &= ~(uint32_t)value;
        drive_all(s);
        break;
    case HPET_COUNTER:
        publish(s, s->config, value);
        for (unsigned i = 0; i < HPET_NB_TIMERS; i++)
            arm(s, i);
        break;
    default:
        if (offset >= HPET_TIMERS && (offset - HPET_TIMERS) / 0x20 < HPET_NB_TIMERS)
            write_timer(s, (offset - HPET_TIMERS) / 0x20, offset & 0x18, value);
        else
            log_printf(LOG_GUEST_ERROR, "hpet: bad write at 0x%x\n", offset);
    }
}

static MemTxResult hpet_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    Hpet *s = opaque;
    unsigned reg = (unsigned)offset & ~7u;
    bool locked;

    if (reg == HPET_COUNTER) {
        *value = counter_unlocked(s) >> (offset & 4 ? 32 : 0);
        return MEMTX_OK;
    }
    locked = bql_ensure();
    catch_up(s);
    *value = read_reg(s, reg) >> (offset & 4 ? 32 : 0);
    if (locked)
        bql_unlock();
    return MEMTX_OK;
}

/* Half a register: the other half keeps what it has. For the period of a periodic comparator that is the period, not the comparator. */
static MemTxResult hpet_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    Hpet *s = opaque;
    unsigned reg = (unsigned)offset & ~7u, n = (reg - HPET_TIMERS) / 0x20;
    uint64_t old;
    bool locked = bql_ensure();

    catch_up(s);
    if (size == 4) {
        bool period = reg >= HPET_TIMERS && n < HPET_NB_TIMERS && (reg & 0x18) == TN_COMPARATOR && (s->t[n].config & TN_PERIODIC) &&
                      !(s->t[n].config & TN_VAL_SET);

        old = reg == HPET_STATUS ? 0 : period ? s->t[n].period : read_reg(s, reg);
        value = deposit64(old, offset & 4 ? 32 : 0, 32, value);
    }
    write_reg(s, reg, value);
    if (locked)
        bql_unlock();
    return MEMTX_OK;
}

static void hpet_reset(Device *dev)
{
    Hpet *s = (Hpet *)dev;

    for (unsigned i = 0; i < HPET_NB_TIMERS; i++)
        s->t[i] = (HpetTimer){ .comparator = UINT64_MAX, .config = (s->routes ? (unsigned)__builtin_ctz(s->routes) : 0) << 9 };
    s->status = 0;
    write_config(s, 0);
    publish(s, 0, 0);
}

static bool hpet_realize(Device *dev, GError **error)
{
    Hpet *s = (Hpet *)dev;

    for (unsigned i = 0; i < HPET_NB_TIMERS; i++)
        s->timer[i] = timer_new(timer_list_main(), CLOCK_VIRTUAL, on_timers[i], s);
    return true;
}

static void hpet_unrealize(Device *dev)
{
    for (unsigned i = 0; i < HPET_NB_TIMERS; i++)
        timer_free(((Hpet *)dev)->timer[i]);
}

static void hpet_post_load(Device *dev)
{
    Hpet *s = (Hpet *)dev;

    drive_all(s);
    for (unsigned i = 0; i < HPET_NB_TIMERS; i++)
        arm(s, i);
}

static const MemoryRegionOps hpet_ops = { .read = hpet_read, .write = hpet_write, .valid = { 1, 8, false }, .impl = { 4, 8, false } };
static const Property hpet_properties[] = {
    { "routes", PROP_U32, offsetof(Hpet, routes), "0xff0104", "mask of the I/O APIC pins that timers may use" },
    { "msi", PROP_BOOL, offsetof(Hpet, msi), "on", "timers can send messages" },
    { NULL },
};
static const DeviceRegion hpet_regions[] = { { "hpet", offsetof(Hpet, mmio), &hpet_ops, 0x400, true }, { NULL } };
static const DeviceOutput hpet_outputs[] = {
    { "irq", offsetof(Hpet, irq), 24 },
    { "legacy", offsetof(Hpet, legacy), 2 },
    { "legacy-mode", offsetof(Hpet, legacy_mode), 2 },
    { NULL },
};
static const SnapshotField hpet_fields[] = { SNAP(Hpet, config), SNAP(Hpet, status), SNAP(Hpet, counter), SNAP_ARRAY(Hpet, t), { NULL } };

const DeviceClass hpet_class = {
    .name = "hpet",
    .description = "high precision event timers",
    .instance_size = sizeof(Hpet),
    .properties = hpet_properties,
    .regions = hpet_regions,
    .outputs = hpet_outputs,
    .fields = hpet_fields,
    .realize = hpet_realize,
    .unrealize = hpet_unrealize,
    .reset = hpet_reset,
    .post_load = hpet_post_load,
};
