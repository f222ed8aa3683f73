/* SPDX-License-Identifier: MIT */
/* 8254: the six modes' waveforms, latches, port 0x61. HPET: comparators, routing, legacy replacement. */
#include "hw/intc/apic.h"
#include "hw/timer/hpet.h"
#include "hw/timer/i8254.h"
#include "pc_fakes.h"

/* ---- 8254 ---- */
static Device *pit;
static Probe irq0;

/* The nanosecond at which so many clocks have gone by since the start. */
static int64_t clocks(int64_t n)
{
    return (n * NS_PER_SEC + I8254_HZ - 1) / I8254_HZ;
}

/* Starts at a whole second, where a clock begins, so that counts are exact. */
static void begin(void)
{
    int64_t now = clock_get_ns(CLOCK_VIRTUAL);

    advance(NS_PER_SEC - now % NS_PER_SEC);
    pit = device_new("i8254", NULL);
    irq0 = (Probe){ 0 };
    device_connect_irq(pit, "irq", 0, probe_line(&irq0));
    g_assert_true(device_realize(pit, NULL));
}

static int64_t at; /* clocks since program() */
static int64_t base_ns;

static void program(unsigned n, unsigned mode, unsigned count)
{
    int64_t now = clock_get_ns(CLOCK_VIRTUAL);

    if (now % NS_PER_SEC)
        advance(NS_PER_SEC - now % NS_PER_SEC);
    base_ns = clock_get_ns(CLOCK_VIRTUAL);
    at = 0;
    out8(pit, 0, 3, n << 6 | 0x30 | mode << 1);
    out8(pit, 0, n, count & 0xff);
    out8(pit, 0, n, count >> 8);
}

static void go_to(int64_t clock)
{
    advance(base_ns + clocks(clock) - clock_get_ns(CLOCK_VIRTUAL));
}

static unsigned count_of(unsigned n)
{
    unsigned low;

    out8(pit, 0, 3, n << 6);
    low = in8(pit, 0, n);
    return low | in8(pit, 0, n) << 8;
}

static void test_mode0(void)
{
    begin();
    program(0, 0, 1000);
    g_assert_cmpint(irq0.level, ==, 0);
    go_to(999);
    g_assert_cmpuint(count_of(0), ==, 1);
    g_assert_cmpint(irq0.level, ==, 0);
    go_to(1000);
    g_assert_cmpint(irq0.level, ==, 1);
    go_to(1002);
    g_assert_cmphex(count_of(0), ==, 0xfffe);
    out8(pit, 0, 0, 10); /* the first byte of a new count stops it and lowers the output */
    g_assert_cmpint(irq0.level, ==, 0);
    device_free(pit);
}

static void test_mode2(void)
{
    int changes;

    begin();
    program(0, 2, 1193);
    g_assert_cmpint(irq0.level, ==, 1);
    go_to(1192);
    g_assert_false(i8254_output(pit, 0)); /* low for the last clock */
    g_assert_cmpuint(count_of(0), ==, 1);
    changes = irq0.changes;
    go_to(1193 * 10 + 5);
    g_assert_cmpint(irq0.changes - changes, ==, 20);
    g_assert_cmpuint(count_of(0), ==, 1188);
    device_free(pit);
}

static void test_mode2_new_count(void)
{
    begin();
    program(0, 2, 1000);
    go_to(2500);
    out8(pit, 0, 0, 100);
    out8(pit, 0, 0, 0);
    g_assert_cmpuint(count_of(0), ==, 500); /* the period is finished first */
    go_to(3010);
    g_assert_cmpuint(count_of(0), ==, 90);
    device_free(pit);
}

static void test_mode3(void)
{
    begin();
    program(0, 3, 1001);
    go_to(500);
    g_assert_cmpint(irq0.level, ==, 1);
    go_to(501); /* (N + 1) / 2 */
    g_assert_cmpint(irq0.level, ==, 0);
    go_to(1001);
    g_assert_cmpint(irq0.level, ==, 1);
    program(2, 3, 1000);
    out8(pit, 1, 0, 1);
    go_to(100);
    g_assert_cmpuint(count_of(2), ==, 800); /* counts by two */
    device_free(pit);
}

static void test_mode1(void)
{
    begin();
    program(2, 1, 100);
    g_assert_cmphex(in8(pit, 1, 0) & 0x20, ==, 0x20);
    out8(pit, 1, 0, 1); /* the gate's rise triggers */
    g_assert_cmphex(in8(pit, 1, 0) & 0x21, ==, 0x01);
    go_to(50);
    out8(pit, 1, 0, 0);
    out8(pit, 1, 0, 1); /* and again */
    go_to(149);
    g_assert_cmphex(in8(pit, 1, 0) & 0x20, ==, 0);
    go_to(150);
    g_assert_cmphex(in8(pit, 1, 0) & 0x20, ==, 0x20);
    device_free(pit);
}

static void test_strobes(void)
{
    begin();
    program(0, 4, 100);
    g_assert_cmpint(irq0.level, ==, 1);
    go_to(100);
    g_assert_false(i8254_output(pit, 0));
    irq0.changes = 0;
    go_to(101);
    g_assert_cmpint(irq0.changes, ==, 2); /* a pulse */
    g_assert_cmpint(irq0.level, ==, 1);
    go_to(70000);
    g_assert_cmpint(irq0.changes, ==, 2); /* once */
    program(2, 5, 10);
    out8(pit, 1, 0, 1);
    go_to(10);
    g_assert_cmphex(in8(pit, 1, 0) & 0x20, ==, 0);
    go_to(11);
    g_assert_cmphex(in8(pit, 1, 0) & 0x20, ==, 0x20);
    device_free(pit);
}

static void test_gate(void)
{
    begin();
    out8(pit, 1, 0, 1);
    program(2, 0, 1000);
    go_to(300);
    out8(pit, 1, 0, 0);
    go_to(5000);
    g_assert_cmpuint(count_of(2), ==, 700);
    out8(pit, 1, 0, 1);
    go_to(5699);
    g_assert_cmphex(in8(pit, 1, 0) & 0x20, ==, 0);
    go_to(5701);
    g_assert_cmphex(in8(pit, 1, 0) & 0x20, ==, 0x20);
    device_free(pit);
}

static void test_read_back(void)
{
    begin();
    program(0, 2, 0x1234);
    go_to(4);
    out8(pit, 0, 3, 0xc2); /* count and status of counter 0 */
    go_to(1000);
    g_assert_cmphex(in8(pit, 0, 0), ==, 0xb4); /* output high, both bytes, mode 2 */
    g_assert_cmphex(in8(pit, 0, 0), ==, 0x30);
    g_assert_cmphex(in8(pit, 0, 0), ==, 0x12);
    out8(pit, 0, 3, 0x34);
    out8(pit, 0, 3, 0xe2);
    g_assert_cmphex(in8(pit, 0, 0), ==, 0xf4); /* null count */
    device_free(pit);
}

static void test_bcd(void)
{
    begin();
    program(0, 2, 0);
    out8(pit, 0, 3, 0x35);
    out8(pit, 0, 0, 0x00);
    out8(pit, 0, 0, 0x10);
    go_to(1);
    g_assert_cmphex(count_of(0), ==, 0x0999);
    device_free(pit);
}

static void test_disable(void)
{
    IrqLine disable;

    begin();
    disable = device_input(pit, "irq-disable", 0);
    program(0, 2, 1000);
    irq_set(&disable, 1);
    g_assert_cmpint(irq0.level, ==, 0);
    irq0.changes = 0;
    go_to(10000);
    g_assert_cmpint(irq0.changes, ==, 0);
    irq_set(&disable, 0);
    go_to(12000);
    g_assert_cmpint(irq0.changes, >, 2);
    device_free(pit);
}

static void test_port61(void)
{
    unsigned first;

    begin();
    out8(pit, 1, 0, 0xfe);
    g_assert_cmphex(in8(pit, 1, 0) & 0xcf, ==, 0x0e);
    first = in8(pit, 1, 0) & 0x10;
    advance(15085);
    g_assert_cmphex(in8(pit, 1, 0) & 0x10, !=, first);
    device_free(pit);
}

/* ---- HPET ---- */
enum { CAP = 0, CONFIG = 0x10, STATUS = 0x20, COUNTER = 0xf0, T0 = 0x100, T1 = 0x120, T2 = 0x140, CMP = 8, FSB = 0x10 };

static Device *hpet;
static Probe pin2, pin20, legacy0, mode;

static void put(unsigned reg, uint64_t value)
{
    wr(device_region(hpet, 0), reg, value, 8, 0);
}

static uint64_t get(unsigned reg)
{
    return rd(device_region(hpet, 0), reg, 8, 0);
}

static void hpet_begin(void)
{
    int64_t now = clock_get_ns(CLOCK_VIRTUAL);

    advance((10 - now % 10) % 10); /* where a tick begins */
    hpet = device_new("hpet", NULL);
    pin2 = pin20 = legacy0 = mode = (Probe){ 0 };
    device_connect_irq(hpet, "irq", 2, probe_line(&pin2));
    device_connect_irq(hpet, "irq", 20, probe_line(&pin20));
    device_connect_irq(hpet, "legacy", 0, probe_line(&legacy0));
    device_connect_irq(hpet, "legacy-mode", 0, probe_line(&mode));
    g_assert_true(device_realize(hpet, NULL));
}

static void test_hpet_counter(void)
{
    hpet_begin();
    g_assert_cmphex(get(CAP), ==, 0x009896808086a201);
    advance(1000);
    g_assert_cmpuint(get(COUNTER), ==, 0);
    put(COUNTER, 500);
    put(CONFIG, 1);
    advance(1000);
    g_assert_cmpuint(get(COUNTER), ==, 600);
    put(CONFIG, 0);
    advance(1000);
    g_assert_cmpuint(get(COUNTER), ==, 600);
    g_assert_cmphex(in32(hpet, 0, 4), ==, 10000000);
    device_free(hpet);
}

static void test_hpet_one_shot(void)
{
    hpet_begin();
    put(T0, 2u << 9 | 4); /* pin 2, edge */
    put(T0 + CMP, 100);
    put(CONFIG, 1);
    advance(999);
    g_assert_cmpint(pin2.changes, ==, 0);
    advance(1);
    g_assert_cmpint(pin2.changes, ==, 2);
    advance(1000000);
    g_assert_cmpint(pin2.changes, ==, 2);
    put(T0 + CMP, 50); /* passed: by equality it does not come before the counter wraps */
    advance(1000000);
    g_assert_cmpint(pin2.changes, ==, 2);
    device_free(hpet);
}

static void test_hpet_periodic(void)
{
    hpet_begin();
    put(T1, 2u << 9 | 4 | 8 | 0x40); /* periodic, VAL_SET */
    put(T1 + CMP, 1000);             /* the comparator */
    put(T1 + CMP, 3000);             /* the period */
    put(CONFIG, 1);
    advance(10000);
    g_assert_cmpint(pin2.changes, ==, 2);
    advance(30000);
    g_assert_cmpint(pin2.changes, ==, 4);
    g_assert_cmpuint(get(T1 + CMP), ==, 7000);
    jump(300000);
    advance(29999);
    g_assert_cmpint(pin2.changes, ==, 6); /* missed ones are not made up for */
    advance(1);
    g_assert_cmpint(pin2.changes, ==, 8);
    g_assert_cmphex(get(T1) & 0x40, ==, 0);
    device_free(hpet);
}

/* With its interrupt off a periodic timer needs no wake-ups, and yet its comparator stays in step, over half round of the counter too. */
static void test_hpet_quiet(void)
{
    hpet_begin();
    put(T1, 2u << 9 | 8 | 0x40 | 0x100); /* periodic, VAL_SET, 32 bits */
    put(T1 + CMP, 1000);
    put(T1 + CMP, 3000);
    put(CONFIG, 1);
    g_assert_cmpint(timer_list_deadline_ns(timer_list_main()), >, NS_PER_SEC);
    advance(40000);
    g_assert_cmpuint(get(T1 + CMP), ==, 7000);
    advance(30 * NS_PER_SEC); /* 3 * 10^9 ticks, and 1000 more periods' worth */
    g_assert_cmpint(pin2.changes, ==, 0);
    g_assert_cmpuint(get(T1 + CMP), ==, 3000007000u);
    put(T1, 2u << 9 | 4 | 8 | 0x100);
    advance(29990);
    g_assert_cmpint(pin2.changes, ==, 0);
    advance(10);
    g_assert_cmpint(pin2.changes, ==, 2);
    device_free(hpet);
}

/* Readers take no lock (this thread has the big one all the time); what they see is never made of the old and the new. */
static void *read_counter(void *arg)
{
    for (int i = 0; i < 200000; i++) {
        uint64_t v = get(COUNTER);
        g_assert_true(v >> 63 || v < 1u << 30);
    }
    return NULL;
}

static void test_hpet_counter_unlocked(void)
{
    pthread_t t[2];
    hpet_begin();
    for (int i = 0; i < 2; i++)
        pthread_create(&t[i], NULL, read_counter, NULL);
    for (int i = 0; i < 20000; i++) { /* stopped with a huge value, or running from a small one */
        put(CONFIG, 0);
        put(COUNTER, 1ull << 63);
        put(COUNTER, 0);
        put(CONFIG, 1);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    device_free(hpet);
}

static void test_hpet_level(void)
{
    hpet_begin();
    put(T2, 20u << 9 | 4 | 2);
    put(T2 + CMP, 10);
    put(CONFIG, 1);
    advance(100);
    g_assert_cmpint(pin20.level, ==, 1);
    g_assert_cmphex(get(STATUS), ==, 4);
    put(STATUS, 1);
    g_assert_cmpint(pin20.level, ==, 1);
    put(STATUS, 4);
    g_assert_cmpint(pin20.level, ==, 0);
    put(T2, 7u << 9 | 4); /* a pin that is not allowed */
    g_assert_cmphex(get(T2) >> 9 & 31, ==, 20);
    device_free(hpet);
}

static void test_hpet_legacy(void)
{
    hpet_begin();
    put(T0, 20u << 9 | 4);
    put(T0 + CMP, 100);
    put(CONFIG, 3);
    g_assert_cmpint(mode.level, ==, 1);
    advance(1000);
    g_assert_cmpint(legacy0.changes, ==, 2);
    g_assert_cmpint(pin20.changes, ==, 0);
    put(CONFIG, 1);
    g_assert_cmpint(mode.level, ==, 0);
    device_free(hpet);
}

static void test_hpet_32bit(void)
{
    hpet_begin();
    put(T0, 2u << 9 | 4 | 0x100);
    put(T0 + CMP, 0xffffffff00000010);
    g_assert_cmphex(get(T0 + CMP), ==, 0x10);
    put(COUNTER, 0xfffffff0);
    put(CONFIG, 1);
    advance(320);
    g_assert_cmpint(pin2.changes, ==, 2); /* matches past the wrap of the low half */
    device_free(hpet);
}

static void test_hpet_msi(void)
{
    Device *apic = device_new("apic", NULL);

    device_set_link(apic, "cpu", &fake_x86[1]->cpu);
    g_assert_true(device_realize(apic, NULL));
    current_cpu = &fake_x86[1]->cpu;
    wr(apic_create_region(), 0xf0, 0x1ff, 4, 1);
    current_cpu = NULL;
    hpet_begin();
    g_assert_cmphex(get(T1) & 0x8000, ==, 0x8000);
    put(T1, 0x4000 | 4);
    put(T1 + FSB, 0xfee0100000000000 | 0x66);
    put(T1 + CMP, 10);
    put(CONFIG, 1);
    advance(100);
    g_assert_true(fake_x86[1]->intr);
    g_assert_cmphex(fake_x86[1]->apic.get_interrupt(fake_x86[1]->apic.opaque), ==, 0x66);
    device_free(hpet);
    device_free(apic);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    pc_fakes_init();
    g_test_add_func("/pc/i8254/mode-0", test_mode0);
    g_test_add_func("/pc/i8254/mode-1-by-gate", test_mode1);
    g_test_add_func("/pc/i8254/mode-2", test_mode2);
    g_test_add_func("/pc/i8254/mode-2-new-count", test_mode2_new_count);
    g_test_add_func("/pc/i8254/mode-3", test_mode3);
    g_test_add_func("/pc/i8254/modes-4-and-5", test_strobes);
    g_test_add_func("/pc/i8254/gate-stops-mode-0", test_gate);
    g_test_add_func("/pc/i8254/read-back", test_read_back);
    g_test_add_func("/pc/i8254/bcd", test_bcd);
    g_test_add_func("/pc/i8254/irq-disable", test_disable);
    g_test_add_func("/pc/i8254/port-61", test_port61);
    g_test_add_func("/pc/hpet/counter", test_hpet_counter);
    g_test_add_func("/pc/hpet/one-shot", test_hpet_one_shot);
    g_test_add_func("/pc/hpet/periodic", test_hpet_periodic);
    g_test_add_func("/pc/hpet/quiet-needs-no-wake-ups", test_hpet_quiet);
    g_test_add_func("/pc/hpet/counter-without-lock", test_hpet_counter_unlocked);
    g_test_add_func("/pc/hpet/level", test_hpet_level);
    g_test_add_func("/pc/hpet/legacy-replacement", test_hpet_legacy);
    g_test_add_func("/pc/hpet/32-bit-wraps", test_hpet_32bit);
    g_test_add_func("/pc/hpet/msi", test_hpet_msi);
    return g_test_run();
}
