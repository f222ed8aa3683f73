/* SPDX-License-Identifier: MIT */
/* MC146818: time, formats, rollover, holding, alarms, periodic and update interrupts, CMOS RAM. */
#include "hw/timer/mc146818rtc.h"
#include "pc_fakes.h"

static Device *rtc;
static Probe irq8;

static void begin(const char *base)
{
    rtc = device_new("mc146818rtc", NULL);
    irq8 = (Probe){ 0 };
    device_connect_irq(rtc, "irq", 0, probe_line(&irq8));
    g_assert_true(device_set_prop(rtc, "base", base, NULL));
    g_assert_true(device_realize(rtc, NULL));
}

static unsigned get(unsigned index)
{
    out8(rtc, 0, 0, index);
    return in8(rtc, 0, 1);
}

static void put(unsigned index, unsigned value)
{
    out8(rtc, 0, 0, index);
    out8(rtc, 0, 1, value);
}

static void check_time(unsigned century, unsigned year, unsigned month, unsigned day, unsigned hour, unsigned min, unsigned sec)
{
    g_assert_cmphex(get(0x32), ==, century);
    g_assert_cmphex(get(9), ==, year);
    g_assert_cmphex(get(8), ==, month);
    g_assert_cmphex(get(7), ==, day);
    g_assert_cmphex(get(4), ==, hour);
    g_assert_cmphex(get(2), ==, min);
    g_assert_cmphex(get(0), ==, sec);
}

static void test_base(void)
{
    GError *error = NULL;

    begin("utc");
    check_time(0x20, 0x06, 0x06, 0x17, 0x16, 0x01, 0x21);
    g_assert_cmphex(get(6), ==, 7); /* a Saturday */
    g_assert_cmphex(get(0x0d), ==, 0x80);
    device_free(rtc);
    begin("2024-02-29T23:59:58");
    check_time(0x20, 0x24, 0x02, 0x29, 0x23, 0x59, 0x58);
    device_free(rtc);
    rtc = device_new("mc146818rtc", NULL);
    g_assert_true(device_set_prop(rtc, "base", "2023-02-29", NULL));
    g_assert_false(device_realize(rtc, &error));
    g_assert_nonnull(strstr(error->message, "2023-02-29"));
    g_clear_error(&error);
    device_free(rtc);
}

static void test_rollover(void)
{
    begin("1999-12-31T23:59:59");
    advance(NS_PER_SEC);
    check_time(0x20, 0x00, 0x01, 0x01, 0x00, 0x00, 0x00);
    device_free(rtc);
    begin("2024-02-28T23:59:59");
    advance(NS_PER_SEC);
    check_time(0x20, 0x24, 0x02, 0x29, 0x00, 0x00, 0x00);
    device_free(rtc);
}

static void test_formats(void)
{
    begin("2026-11-21T00:30:45");
    put(0x0b, 0x04); /* binary, 12 hours */
    check_time(20, 26, 11, 21, 12, 30, 45);
    put(4, 0x80 | 3);
    put(0x0b, 0x02);
    g_assert_cmphex(get(4), ==, 0x15);
    device_free(rtc);
}

static void test_set(void)
{
    begin("utc");
    put(0x0b, 0x82);
    put(9, 0x38);
    put(8, 0x01);
    put(7, 0x19);
    put(6, 0x04); /* says Wednesday, although it is a Tuesday */
    put(4, 0x03);
    put(2, 0x14);
    put(0, 0x07);
    advance(5 * NS_PER_SEC);
    check_time(0x20, 0x38, 0x01, 0x19, 0x03, 0x14, 0x07); /* held */
    put(0x0b, 0x02);
    advance(NS_PER_SEC);
    check_time(0x20, 0x38, 0x01, 0x19, 0x03, 0x14, 0x08);
    g_assert_cmphex(get(6), ==, 4);
    put(0x0a, 0x76); /* divider in reset */
    advance(3 * NS_PER_SEC);
    g_assert_cmphex(get(0), ==, 0x08);
    put(0x0a, 0x26);
    advance(NS_PER_SEC / 2);
    g_assert_cmphex(get(0), ==, 0x09); /* half a second later */
    put(0x32, 0x99); /* the year 9938 is a time as well */
    g_assert_cmphex(get(0x32), ==, 0x99);
    g_assert_cmphex(get(9), ==, 0x38);
    device_free(rtc);
}

static void test_uip(void)
{
    begin("2026-01-01");
    put(0x0a, 0x76);
    put(0x0a, 0x26); /* half a second to go */
    advance(NS_PER_SEC / 2 - 300000);
    g_assert_cmphex(get(0x0a), ==, 0x26);
    advance(100000);
    g_assert_cmphex(get(0x0a), ==, 0xa6);
    advance(200000);
    g_assert_cmphex(get(0x0a), ==, 0x26);
    device_free(rtc);
}

static void test_update_interrupt(void)
{
    begin("2026-01-01");
    put(0x0a, 0x20); /* no periodic flag */
    put(0x0b, 0x12);
    get(0x0c);
    irq8.changes = 0;
    advance(NS_PER_SEC);
    g_assert_cmpint(irq8.level, ==, 1);
    advance(3 * NS_PER_SEC);
    g_assert_cmpint(irq8.changes, ==, 1); /* until register C is read */
    g_assert_cmphex(get(0x0c), ==, 0x90);
    g_assert_cmpint(irq8.level, ==, 0);
    g_assert_cmphex(get(0x0c), ==, 0);
    advance(NS_PER_SEC);
    g_assert_cmpint(irq8.level, ==, 1);
    put(0x0b, 0x02);
    g_assert_cmpint(irq8.level, ==, 0);
    get(0x0c);
    advance(NS_PER_SEC);
    g_assert_cmphex(get(0x0c), ==, 0x10); /* the flag is there without the interrupt */
    device_free(rtc);
}

static void test_alarm(void)
{
    begin("2026-01-01T10:00:00");
    put(1, 0x05);
    put(3, 0x02);
    put(5, 0xff); /* any hour */
    put(0x0a, 0x20);
    put(0x0b, 0x22);
    get(0x0c);
    advance(124 * NS_PER_SEC);
    g_assert_cmpint(irq8.level, ==, 0);
    advance(2 * NS_PER_SEC);
    g_assert_cmpint(irq8.level, ==, 1);
    g_assert_cmphex(get(0x0c), ==, 0xb0);
    put(5, 0x09); /* tomorrow */
    advance(22 * 3600 * NS_PER_SEC);
    g_assert_cmpint(irq8.level, ==, 0);
    advance(3600 * NS_PER_SEC);
    g_assert_cmpint(irq8.level, ==, 1);
    get(0x0c);
    put(1, 0x99); /* a second that never comes */
    advance(48 * 3600 * NS_PER_SEC);
    g_assert_cmpint(irq8.level, ==, 0);
    device_free(rtc);
}

static void test_periodic(void)
{
    unsigned n = 0;

    begin("utc");
    put(0x0a, 0x26); /* 1024 Hz */
    put(0x0b, 0x42);
    get(0x0c);
    for (unsigned i = 0; i < 2000; i++) {
        advance(500000);
        if (irq8.level) {
            g_assert_cmphex(get(0x0c) & 0xc0, ==, 0xc0);
            n++;
        }
    }
    g_assert_cmpuint(n, >=, 1023);
    g_assert_cmpuint(n, <=, 1025);
    put(0x0a, 0x20);
    get(0x0c);
    advance(NS_PER_SEC / 10);
    g_assert_cmphex(get(0x0c) & 0x40, ==, 0);
    device_free(rtc);
}

static void test_hpet_takes_line(void)
{
    IrqLine disable;

    begin("utc");
    disable = device_input(rtc, "irq-disable", 0);
    irq_set(&disable, 1);
    put(0x0b, 0x42);
    advance(NS_PER_SEC);
    g_assert_cmpint(irq8.level, ==, 0);
    g_assert_cmphex(get(0x0c) & 0xc0, ==, 0xc0);
    device_free(rtc);
}

static void test_cmos(void)
{
    begin("utc");
    rtc_set_cmos(rtc, 0x34, 0x5a);
    g_assert_cmphex(get(0x34), ==, 0x5a);
    put(0x7f, 0x11);
    out8(rtc, 1, 0, 0x7f);
    out8(rtc, 1, 1, 0x22); /* the upper bank is another byte */
    g_assert_cmphex(get(0xff), ==, 0x11); /* bit 7 masks NMI */
    g_assert_cmphex(in8(rtc, 1, 1), ==, 0x22);
    g_assert_cmphex(rtc_get_cmos(rtc, 0xff), ==, 0x22);
    put(0x0b, 0x72);
    rtc->class->reset(rtc);
    g_assert_cmphex(get(0x0b), ==, 0x02);
    g_assert_cmphex(get(0x34), ==, 0x5a);
    device_free(rtc);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    pc_fakes_init();
    g_test_add_func("/pc/rtc/base", test_base);
    g_test_add_func("/pc/rtc/rollover", test_rollover);
    g_test_add_func("/pc/rtc/formats", test_formats);
    g_test_add_func("/pc/rtc/set-holds", test_set);
    g_test_add_func("/pc/rtc/uip", test_uip);
    g_test_add_func("/pc/rtc/update-interrupt", test_update_interrupt);
    g_test_add_func("/pc/rtc/alarm", test_alarm);
    g_test_add_func("/pc/rtc/periodic", test_periodic);
    g_test_add_func("/pc/rtc/irq-disable", test_hpet_takes_line);
    g_test_add_func("/pc/rtc/cmos", test_cmos);
    return g_test_run();
}
