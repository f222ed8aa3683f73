/* SPDX-License-Identifier: MIT */
/*
 * The ICH9's TCO watchdog: a count of ticks of 0.6 s. When it reaches zero a first time TIMEOUT is set and it starts again; the second
 * time SECOND_TO_STS is set. The chip would then reset the machine unless it is strapped not to (NO_REBOOT), as here: drivers
 * find the strap in the root complex' registers, and leave the watchdog alone.
 */
#include "hw/acpi/acpi_internal.h"

#include "base/bits.h"

enum { TCO_RLD = 0x00, TCO_DAT_IN = 0x02, TCO_DAT_OUT = 0x03, TCO1_STS = 0x04, TCO2_STS = 0x06, TCO1_CNT = 0x08, TCO2_CNT = 0x0a,
       TCO_MESSAGE = 0x0c, TCO_WDCNT = 0x0e, TCO_IRQ_GEN = 0x10, TCO_TMR = 0x12 };

#define TICK_NS 600000000ll
#define STS1_TIMEOUT 0x08u
#define STS1_W1C 0x1f0fu    /* less the read-only NEWCENTURY bit 7 */
#define STS2_SECOND 0x02u
#define STS2_W1C 0x17u
#define CNT1_HALT 0x0800u
#define CNT1_LOCK 0x1000u
#define CNT1_WRITABLE 0x1a00u

static int64_t period(const AcpiTco *t)
{
    return MAX_OF(t->reload & 0x3ff, 2) * TICK_NS;
}

static bool is_halted(const AcpiTco *t)
{
    return t->cnt1 & CNT1_HALT;
}

void acpi_tco_arm(AcpiTco *t)
{
    if (is_halted(t))
        timer_del(t->timer);
    else
        timer_mod(t->timer, t->end);
}

static void on_timer(void *opaque)
{
    AcpiTco *t = opaque;

    if (t->expired_once)
        t->sts2 |= STS2_SECOND;
    t->sts1 |= STS1_TIMEOUT;
    t->expired_once = true;
    t->end = clock_get_ns(CLOCK_VIRTUAL) + period(t);
    acpi_tco_arm(t);
}

static void reload(AcpiTco *t)
{
    t->expired_once = false;
    t->end = (is_halted(t) ? 0 : clock_get_ns(CLOCK_VIRTUAL)) + period(t);
    acpi_tco_arm(t);
}

static uint16_t ticks_left(const AcpiTco *t)
{
    int64_t left = is_halted(t) ? t->end : t->end - clock_get_ns(CLOCK_VIRTUAL);

    return left > 0 ? (uint16_t)(left / TICK_NS & 0x3ff) : 0;
}

/* The lock bit stays once it is set, and then HALT too. */
static void write_cnt1(AcpiTco *t, uint16_t value)
{
    bool was = is_halted(t);
    int64_t now = clock_get_ns(CLOCK_VIRTUAL);

    if (t->cnt1 & CNT1_LOCK)
        value = (uint16_t)((value & ~CNT1_HALT) | CNT1_LOCK | (t->cnt1 & CNT1_HALT));
    t->cnt1 = value & CNT1_WRITABLE;
    if (was != is_halted(t))
        t->end += was ? now : -now;
    acpi_tco_arm(t);
}

static uint16_t *word_register(AcpiTco *t, unsigned offset)
{
    switch (offset) {
    case TCO1_STS: return &t->sts1;
    case TCO2_STS: return &t->sts2;
    case TCO1_CNT: return &t->cnt1;
    case TCO2_CNT: return &t->cnt2;
    case TCO_TMR: return &t->reload;
    default: return NULL;
    }
}

static uint8_t *byte_register(AcpiTco *t, unsigned offset)
{
    switch (offset) {
    case TCO_DAT_IN: return &t->data_in;
    case TCO_DAT_OUT: return &t->data_out;
    case TCO_MESSAGE: case TCO_MESSAGE + 1: return &t->message[offset - TCO_MESSAGE];
    case TCO_WDCNT: return &t->wdcnt;
    case TCO_IRQ_GEN: return &t->irq_generation;
    default: return NULL;
    }
}

uint8_t acpi_tco_read(AcpiTco *t, unsigned offset)
{
    unsigned shift = (offset & 1) * 8;
    uint16_t *w = word_register(t, offset & ~1u);
    uint8_t *b = byte_register(t, offset);

    if ((offset & ~1u) == TCO_RLD)
        return (uint8_t)(ticks_left(t) >> shift);
    return b ? *b : w ? (uint8_t)(*w >> shift) : 0;
}

void acpi_tco_write(AcpiTco *t, unsigned offset, uint8_t value)
{
    unsigned reg = offset & ~1u, shift = (offset & 1) * 8;
    uint16_t *w = word_register(t, reg), written = (uint16_t)(value << shift);
    uint8_t *b = byte_register(t, offset);

    if (b)
        *b = value;
    else if (offset == TCO_RLD)
        reload(t);
    else if (reg == TCO1_STS)
        t->sts1 &= (uint16_t)~(written & STS1_W1C);
    else if (reg == TCO2_STS)
        t->sts2 &= (uint16_t)~(written & STS2_W1C);
    else if (reg == TCO1_CNT)
        write_cnt1(t, (uint16_t)deposit64(t->cnt1, shift, 8, value));
    else if (w)
        *w = (uint16_t)deposit64(*w, shift, 8, value);
}

void acpi_tco_reset(AcpiTco *t)
{
    t->sts1 = t->sts2 = t->cnt2 = 0;
    t->cnt1 = CNT1_HALT; /* firmware halts it before an operating system starts */
    t->reload = 4;
    t->data_in = t->data_out = t->message[0] = t->message[1] = t->wdcnt = 0;
    t->irq_generation = 3;
    reload(t);
}

void acpi_tco_init(AcpiTco *t)
{
    t->timer = timer_new(timer_list_main(), CLOCK_VIRTUAL, on_timer, t);
}

void acpi_tco_destroy(AcpiTco *t)
{
    timer_free(t->timer);
}
