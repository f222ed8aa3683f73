/* SPDX-License-Identifier: MIT */
/*
 * MC146818A real-time clock with 256 bytes of CMOS RAM (Motorola MC146818A/D; the upper bank as in Intel's ICH).
 *
 * The time is virtual time plus an offset; the time registers in cmos[] are filled in when they are read, and count for something only
 * while the clock is held (SET, or the divider in reset). The flags of register C are likewise brought up to date when
 * somebody looks: an interrupt that is enabled has a timer of its own that looks in time. Time and CMOS outlive a reset.
 */
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/clock.h"
#include "base/error.h"
#include "hw/timer/calendar.h"
#include "hw/timer/mc146818rtc.h"

enum {
    RTC_SEC, RTC_SEC_ALARM, RTC_MIN, RTC_MIN_ALARM, RTC_HOUR, RTC_HOUR_ALARM, RTC_WEEKDAY, RTC_DAY, RTC_MONTH, RTC_YEAR, RTC_A, RTC_B,
    RTC_C, RTC_D, RTC_CENTURY = 0x32
};

#define A_UIP 0x80u
#define B_SET 0x80u
#define B_PIE 0x40u
#define B_AIE 0x20u
#define B_UIE 0x10u
#define B_SQWE 0x08u
#define B_BINARY 0x04u
#define B_24H 0x02u
#define C_IRQF 0x80u
#define C_PF 0x40u
#define C_AF 0x20u
#define C_UF 0x10u
#define D_VALID 0x80u

#define UIP_NS 244000              /* before an update UIP is set so long */
#define ALARM_ANY 0xc0u            /* both upper bits: any value matches */
#define HALF_SEC (NS_PER_SEC / 2)
#define CRYSTAL_HZ 32768
#define SECONDS_PER_DAY 86400

typedef struct Rtc {
    Device parent;
    MemoryRegion io[2];
    IrqLine irq;
    char *base;                    /* (c) */
    Timer *periodic, *second;      /* (c) */
    uint8_t cmos[256];
    uint8_t index[2];
    bool disabled;                 /* HPET drives the line */
    int64_t offset;                /* seconds of the calendar (since 1970) - those of virtual time + phase */
    int64_t phase;                 /* ns, 0..NS_PER_SEC - 1 */
    int64_t seen_second;           /* up to which AF and UF have been looked at */
    int64_t seen_period;           /* PF, in periods */
    uint8_t weekday_shift;         /* what the guest says the weekday is, less the calendar's */
} Rtc;

/* ---- the calendar ---- */
/* Seconds since 1970, and the part of the current one that has gone by. Nanoseconds since then would not hold all years. */
static int64_t calendar_seconds(const Rtc *s)
{
    return (clock_get_ns(CLOCK_VIRTUAL) + s->phase) / NS_PER_SEC + s->offset;
}

static int64_t fraction_ns(const Rtc *s)
{
    return (clock_get_ns(CLOCK_VIRTUAL) + s->phase) % NS_PER_SEC;
}

static void set_calendar(Rtc *s, int64_t seconds, int64_t ns)
{
    int64_t now = clock_get_ns(CLOCK_VIRTUAL);

    s->phase = ((ns - now) % NS_PER_SEC + NS_PER_SEC) % NS_PER_SEC;
    s->offset = seconds - (now + s->phase) / NS_PER_SEC;
    s->seen_second = seconds;
}

static bool is_held(const Rtc *s)
{
    return (s->cmos[RTC_B] & B_SET) || (s->cmos[RTC_A] & 0x60) == 0x60;
}

static uint8_t encode(const Rtc *s, int v)
{
    return (uint8_t)(s->cmos[RTC_B] & B_BINARY ? v : v / 10 << 4 | v % 10);
}

static int decode(const Rtc *s, uint8_t v)
{
    return s->cmos[RTC_B] & B_BINARY ? v : (v >> 4) * 10 + (v & 15);
}

static uint8_t encode_hour(const Rtc *s, int hour)
{
    if (s->cmos[RTC_B] & B_24H)
        return encode(s, hour);
    return encode(s, hour % 12 ? hour % 12 : 12) | (hour >= 12 ? 0x80 : 0);
}

static int decode_hour(const Rtc *s, uint8_t v)
{
    if (s->cmos[RTC_B] & B_24H)
        return decode(s, v);
    return decode(s, v & 0x7f) % 12 + (v & 0x80 ? 12 : 0);
}

/* Fills in the time registers. */
static void show_time(Rtc *s)
{
    int64_t t = calendar_seconds(s), days = calendar_floor_div(t, SECONDS_PER_DAY);
    int of_day = (int)(t - days * SECONDS_PER_DAY), year, month, day;

    if (is_held(s))
        return;
    calendar_date(days, &year, &month, &day);
    s->cmos[RTC_SEC] = encode(s, of_day % 60);
    s->cmos[RTC_MIN] = encode(s, of_day / 60 % 60);
    s->cmos[RTC_HOUR] = encode_hour(s, of_day / 3600);
    s->cmos[RTC_WEEKDAY] = encode(s, (int)((days + 4 + s->weekday_shift) % 7 + 7) % 7 + 1);
    s->cmos[RTC_DAY] = encode(s, day);
    s->cmos[RTC_MONTH] = encode(s, month);
    s->cmos[RTC_YEAR] = encode(s, year % 100);
    s->cmos[RTC_CENTURY] = encode(s, year / 100);
}

/* The time registers become the time; ns: how much of the second has gone by. */
static void take_time(Rtc *s, int64_t ns)
{
    int year = decode(s, s->cmos[RTC_CENTURY]) * 100 + decode(s, s->cmos[RTC_YEAR]);
    int64_t days = calendar_days(year, MIN_OF(decode(s, s->cmos[RTC_MONTH]), 12), decode(s, s->cmos[RTC_DAY]));
    int64_t t = days * SECONDS_PER_DAY + decode_hour(s, s->cmos[RTC_HOUR]) * 3600 + decode(s, s->cmos[RTC_MIN]) * 60 +
                decode(s, s->cmos[RTC_SEC]);

    set_calendar(s, t, ns);
    s->weekday_shift = (uint8_t)((decode(s, s->cmos[RTC_WEEKDAY]) - 1 - (days + 4)) % 7 + 7) % 7;
}

/* ---- flags and interrupts ---- */
/* Periods of the crystal for a rate; 0: off. Rates 1 and 2 repeat 8 and 9. */
static int64_t rate_ticks(const Rtc *s)
{
    unsigned rate = s->cmos[RTC_A] & 15;

    return rate ? 1ll << ((rate <= 2 ? rate + 7 : rate) - 1) : 0;
}

static int64_t crystal_now(void)
{
    return (int64_t)((unsigned __int128)clock_get_ns(CLOCK_VIRTUAL) * CRYSTAL_HZ / NS_PER_SEC);
}

static bool alarm_matches(int wanted, int value)
{
    return wanted < 0 || wanted == value;
}

/* The first second after t at which the alarm goes off, INT64_MAX: never. Skips hours and minutes that do not match. */
static int64_t next_alarm(const Rtc *s, int64_t t)
{
    uint8_t h = s->cmos[RTC_HOUR_ALARM], m = s->cmos[RTC_MIN_ALARM], sec = s->cmos[RTC_SEC_ALARM];
    int hour = (h & ALARM_ANY) == ALARM_ANY ? -1 : decode_hour(s, h), min = (m & ALARM_ANY) == ALARM_ANY ? -1 : decode(s, m);
    int second = (sec & ALARM_ANY) == ALARM_ANY ? -1 : decode(s, sec);

    t++;
    for (unsigned steps = 0; steps < 25 + 61 + 61; steps++) {
        int of_day = (int)(t - calendar_floor_div(t, SECONDS_PER_DAY) * SECONDS_PER_DAY);

        if (!alarm_matches(hour, of_day / 3600))
            t += 3600 - of_day % 3600;
        else if (!alarm_matches(min, of_day / 60 % 60))
            t += 60 - of_day % 60;
        else if (!alarm_matches(second, of_day % 60))
            t++;
        else
            return t;
    }
    return INT64_MAX;
}

/* Sets the flags for what has happened since the last look. */
static void catch_up(Rtc *s)
{
    int64_t second = calendar_seconds(s), ticks = rate_ticks(s);

    if (ticks && crystal_now() / ticks != s->seen_period) {
        s->seen_period = crystal_now() / ticks;
        s->cmos[RTC_C] |= C_PF;
    }
    if (is_held(s) || second <= s->seen_second)
        return;
    s->cmos[RTC_C] |= C_UF;
    if (next_alarm(s, s->seen_second) <= second)
        s->cmos[RTC_C] |= C_AF;
    s->seen_second = second;
}

static void drive(Rtc *s)
{
    uint8_t active = s->cmos[RTC_C] & s->cmos[RTC_B] & (C_PF | C_AF | C_UF);

    s->cmos[RTC_C] = (uint8_t)((s->cmos[RTC_C] & ~C_IRQF) | (active ? C_IRQF : 0));
    if (!s->disabled)
        irq_set(&s->irq, active != 0);
}

static void arm_second(Rtc *s)
{
    uint8_t b = s->cmos[RTC_B];
    int64_t at = INT64_MAX;

    if (!is_held(s) && (b & B_UIE) && !(s->cmos[RTC_C] & C_UF))
        at = calendar_seconds(s) + 1;
    else if (!is_held(s) && (b & B_AIE) && !(s->cmos[RTC_C] & C_AF))
        at = next_alarm(s, calendar_seconds(s));
    timer_mod(s->second, at == INT64_MAX ? INT64_MAX : (at - s->offset) * NS_PER_SEC - s->phase);
}

/* The next period begins at a whole number of periods of the crystal. */
static void arm_periodic(Rtc *s)
{
    int64_t ticks = rate_ticks(s), at;

    if (!ticks || !(s->cmos[RTC_B] & B_PIE) || (s->cmos[RTC_C] & C_PF)) {
        timer_del(s->periodic);
        return;
    }
    at = (crystal_now() / ticks + 1) * ticks;
    timer_mod(s->periodic, (int64_t)(((unsigned __int128)at * NS_PER_SEC + CRYSTAL_HZ - 1) / CRYSTAL_HZ));
}

static void arm(Rtc *s)
{
    arm_second(s);
    arm_periodic(s);
}

static void on_timer(void *opaque)
{
    Rtc *s = opaque;

    catch_up(s);
    drive(s);
    arm(s);
}

/* ---- registers ---- */
static uint8_t read_a(const Rtc *s)
{
    return s->cmos[RTC_A] | (!is_held(s) && fraction_ns(s) >= NS_PER_SEC - UIP_NS ? A_UIP : 0);
}

static uint8_t read_c(Rtc *s)
{
    uint8_t value;

    catch_up(s);
    drive(s);
    value = s->cmos[RTC_C];
    s->cmos[RTC_C] = 0;
    drive(s);
    arm(s);
    return value;
}

static uint8_t rtc_read_reg(Rtc *s, unsigned index)
{
    switch (index) {
    case RTC_A: return read_a(s);
    case RTC_C: return read_c(s);
    case RTC_D: return D_VALID;
    default:
        show_time(s);
        return s->cmos[index];
    }
}

/* A and B decide whether the clock runs. When the divider comes out of reset the first second is half a second long. */
static void write_control(Rtc *s, unsigned reg, uint8_t value)
{
    bool was_held = is_held(s), was_divider = (s->cmos[RTC_A] & 0x60) == 0x60;
    int64_t ns = fraction_ns(s);

    catch_up(s);
    show_time(s);
    s->cmos[reg] = value & (reg == RTC_A ? 0x7f : 0xff);
    if (reg == RTC_A)
        s->seen_period = rate_ticks(s) ? crystal_now() / rate_ticks(s) : 0;
    if (was_held && !is_held(s))
        take_time(s, was_divider ? HALF_SEC : ns);
    if (reg == RTC_B && (value & B_SET))
        s->cmos[RTC_B] &= (uint8_t)~B_UIE;
    drive(s);
    arm(s);
}

/* While the clock runs the new value takes effect at once. */
static void write_time(Rtc *s, unsigned reg, uint8_t value)
{
    int64_t ns = fraction_ns(s);

    show_time(s);
    s->cmos[reg] = value;
    if (!is_held(s))
        take_time(s, ns);
    arm(s);
}

static void rtc_write_reg(Rtc *s, unsigned index, uint8_t value)
{
    switch (index) {
    case RTC_SEC: case RTC_MIN: case RTC_HOUR: case RTC_WEEKDAY: case RTC_DAY: case RTC_MONTH: case RTC_YEAR: case RTC_CENTURY:
        write_time(s, index, value);
        break;
    case RTC_SEC_ALARM: case RTC_MIN_ALARM: case RTC_HOUR_ALARM:
        catch_up(s);
        s->cmos[index] = value;
        drive(s);
        arm(s);
        break;
    case RTC_A: case RTC_B: write_control(s, index, value); break;
    case RTC_C: case RTC_D: break;
    default: s->cmos[index] = value; break;
    }
}

void rtc_set_cmos(Device *dev, unsigned index, uint8_t value)
{
    g_assert(index > RTC_D && index < 256);
    ((Rtc *)dev)->cmos[index] = value;
}

uint8_t rtc_get_cmos(Device *dev, unsigned index)
{
    g_assert(index < 256);
    return rtc_read_reg((Rtc *)dev, index);
}

/* bank 1: the upper 128 bytes. The index ports cannot be read back. */
static uint8_t port_read(Rtc *s, unsigned bank, hwaddr offset)
{
    return offset ? rtc_read_reg(s, s->index[bank] | bank << 7) : 0xff;
}

static void port_write(Rtc *s, unsigned bank, hwaddr offset, uint8_t value)
{
    if (offset)
        rtc_write_reg(s, s->index[bank] | bank << 7, value);
    else
        s->index[bank] = value & 0x7f;
}

static MemTxResult low_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    *value = port_read(opaque, 0, offset);
    return MEMTX_OK;
}

static MemTxResult low_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    port_write(opaque, 0, offset, (uint8_t)value);
    return MEMTX_OK;
}

static MemTxResult high_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    *value = port_read(opaque, 1, offset);
    return MEMTX_OK;
}

static MemTxResult high_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    port_write(opaque, 1, offset, (uint8_t)value);
    return MEMTX_OK;
}

static void input_disable(void *opaque, int n, int level)
{
    Rtc *s = opaque;

    if (level && !s->disabled)
        irq_set(&s->irq, 0);
    s->disabled = level;
    drive(s);
}

/* ---- life ---- */
/* The calendar's second at which the machine starts. */
static bool parse_base(const char *base, int64_t *seconds)
{
    int64_t host = clock_get_ns(CLOCK_HOST) / NS_PER_SEC;
    g_autoptr(GDateTime) local = NULL;
    int year, month, day, hour = 0, min = 0, sec = 0, end = 0;

    *seconds = host;
    if (!base || !strcmp(base, "utc"))
        return true;
    if (!strcmp(base, "localtime")) {
        local = g_date_time_new_from_unix_local(host);
        if (local)
            *seconds += g_date_time_get_utc_offset(local) / 1000000;
        return true;
    }
    if (sscanf(base, "%4d-%2d-%2d%n", &year, &month, &day, &end) != 3 || year < 1970)
        return false;
    if (base[end] == 'T') {
        base += end;
        if (sscanf(base, "T%2d:%2d:%2d%n", &hour, &min, &sec, &end) != 3)
            return false;
    }
    if (base[end] || !g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year) || hour < 0 || hour > 23 || min < 0 || min > 59 ||
        sec < 0 || sec > 59)
        return false;
    *seconds = calendar_days(year, month, day) * SECONDS_PER_DAY + hour * 3600 + min * 60 + sec;
    return true;
}

static void rtc_reset(Device *dev)
{
    Rtc *s = (Rtc *)dev;

    s->cmos[RTC_B] &= (uint8_t)~(B_PIE | B_AIE | B_UIE | B_SQWE);
    s->cmos[RTC_C] = 0;
    s->index[0] = s->index[1] = 0;
    drive(s);
    arm(s);
}

static bool rtc_realize(Device *dev, GError **error)
{
    Rtc *s = (Rtc *)dev;
    int64_t seconds;

    if (!parse_base(s->base, &seconds))
        return error_set(error, "mc146818rtc: '%s' is not a time: give utc, localtime, or a date as 2006-06-17 or 2006-06-17T16:01:21",
                         s->base);
    set_calendar(s, seconds, clock_get_ns(CLOCK_HOST) % NS_PER_SEC);
    s->cmos[RTC_A] = 0x26;
    s->cmos[RTC_B] = B_24H;
    s->periodic = timer_new(timer_list_main(), CLOCK_VIRTUAL, on_timer, s);
    s->second = timer_new(timer_list_main(), CLOCK_VIRTUAL, on_timer, s);
    return true;
}

static void rtc_unrealize(Device *dev)
{
    timer_free(((Rtc *)dev)->periodic);
    timer_free(((Rtc *)dev)->second);
}

static void rtc_post_load(Device *dev)
{
    drive((Rtc *)dev);
    arm((Rtc *)dev);
}

static const MemoryRegionOps low_ops = { .read = low_read, .write = low_write, .valid = { 1, 4, true }, .impl = { 1, 1, false } };
static const MemoryRegionOps high_ops = { .read = high_read, .write = high_write, .valid = { 1, 4, true }, .impl = { 1, 1, false } };
static const Property rtc_properties[] = {
    { "base", PROP_STRING, offsetof(Rtc, base), "utc", "time at the start: utc, localtime or a date" }, { NULL },
};
static const DeviceRegion rtc_regions[] = {
    { "rtc", offsetof(Rtc, io[0]), &low_ops, 2, false },
    { "rtc-high", offsetof(Rtc, io[1]), &high_ops, 2, false },
    { NULL },
};
static const DeviceOutput rtc_outputs[] = { { "irq", offsetof(Rtc, irq), 1 }, { NULL } };
static const DeviceInput rtc_inputs[] = { { "irq-disable", input_disable, 1 }, { NULL } };
static const SnapshotField rtc_fields[] = {
    SNAP_ARRAY(Rtc, cmos), SNAP_ARRAY(Rtc, index), SNAP(Rtc, disabled), SNAP(Rtc, offset), SNAP(Rtc, phase), SNAP(Rtc, seen_second),
    SNAP(Rtc, seen_period), SNAP(Rtc, weekday_shift), { NULL },
};

const DeviceClass mc146818rtc_class = {
    .name = "mc146818rtc",
    .description = "MC146818 real-time clock and CMOS RAM of the PC",
    .instance_size = sizeof(Rtc),
    .properties = rtc_properties,
    .regions = rtc_regions,
    .outputs = rtc_outputs,
    .inputs = rtc_inputs,
    .fields = rtc_fields,
    .realize = rtc_realize,
    .unrealize = rtc_unrealize,
    .reset = rtc_reset,
    .post_load = rtc_post_load,
};
