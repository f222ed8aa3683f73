/* SPDX-License-Identifier: MIT */
/* The 8259A pair through its ports: priorities, EOIs, modes, spurious requests. */
#include "hw/intc/i8259.h"
#include "pc_fakes.h"

#define MASTER 0u
#define SLAVE 1u
#define ELCR 2u

static Device *pic;
static Probe intr;

static void irq(unsigned n, int level)
{
    IrqLine line = device_input(pic, "irq", n);

    irq_set(&line, level);
}

static void pulse(unsigned n)
{
    irq(n, 1);
    irq(n, 0);
}

/* As a PC's firmware does it: vectors 0x20 and 0x28, all unmasked. */
static void init(unsigned icw4)
{
    pic = device_new("i8259", NULL);
    intr = (Probe){ 0 };
    device_connect_irq(pic, "intr", 0, probe_line(&intr));
    g_assert_true(device_realize(pic, NULL));
    for (unsigned chip = 0; chip < 2; chip++) {
        out8(pic, chip, 0, 0x11);
        out8(pic, chip, 1, chip ? 0x28 : 0x20);
        out8(pic, chip, 1, chip ? 2 : 4);
        out8(pic, chip, 1, icw4);
        out8(pic, chip, 1, 0);
    }
}

static uint8_t isr(unsigned chip)
{
    out8(pic, chip, 0, 0x0b);
    return in8(pic, chip, 0);
}

static uint8_t irr(unsigned chip)
{
    out8(pic, chip, 0, 0x0a);
    return in8(pic, chip, 0);
}

static void test_priorities(void)
{
    init(1);
    pulse(5);
    g_assert_cmpint(intr.level, ==, 1);
    pulse(3);
    g_assert_cmphex(irr(MASTER), ==, 0x28);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x23);
    g_assert_cmpint(intr.level, ==, 0); /* 5 waits */
    pulse(1);
    g_assert_cmpint(intr.level, ==, 1); /* 1 preempts */
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x21);
    g_assert_cmphex(isr(MASTER), ==, 0x0a);
    out8(pic, MASTER, 0, 0x20);
    g_assert_cmphex(isr(MASTER), ==, 0x08); /* the non-specific EOI ends the highest */
    g_assert_cmpint(intr.level, ==, 0);
    out8(pic, MASTER, 0, 0x63);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x25);
    out8(pic, MASTER, 0, 0x20);
    device_free(pic);
}

static void test_cascade(void)
{
    init(1);
    pulse(12);
    pulse(3);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x2c); /* the slave stands at 2 */
    g_assert_cmphex(isr(MASTER), ==, 0x04);
    g_assert_cmphex(isr(SLAVE), ==, 0x10);
    pulse(8);
    g_assert_cmpint(intr.level, ==, 0); /* without special fully nested mode the slave is in service as a whole */
    out8(pic, SLAVE, 0, 0x20);
    out8(pic, MASTER, 0, 0x20);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x28);
    out8(pic, SLAVE, 0, 0x20);
    out8(pic, MASTER, 0, 0x20);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x23);
    device_free(pic);
}

static void test_fully_nested(void)
{
    init(0x11);
    pulse(12);
    i8259_acknowledge(pic);
    pulse(8);
    g_assert_cmpint(intr.level, ==, 1);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x28);
    device_free(pic);
}

static void test_mask(void)
{
    init(1);
    out8(pic, MASTER, 1, 0x08);
    g_assert_cmphex(in8(pic, MASTER, 1), ==, 0x08);
    pulse(3);
    g_assert_cmpint(intr.level, ==, 0);
    out8(pic, MASTER, 1, 0);
    g_assert_cmpint(intr.level, ==, 1);
    device_free(pic);
}

static void test_level(void)
{
    init(1);
    out8(pic, ELCR, 0, 0xff);
    out8(pic, ELCR, 1, 0xff);
    g_assert_cmphex(in8(pic, ELCR, 0), ==, 0xf8); /* timer, keyboard, cascade, RTC, FERR# are edges for good */
    g_assert_cmphex(in8(pic, ELCR, 1), ==, 0xde);
    irq(5, 1);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x25);
    out8(pic, MASTER, 0, 0x20);
    g_assert_cmpint(intr.level, ==, 1); /* still asserted */
    irq(5, 0);
    g_assert_cmpint(intr.level, ==, 0);
    irq(1, 1);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x21);
    out8(pic, MASTER, 0, 0x20);
    g_assert_cmpint(intr.level, ==, 0); /* an edge counts once */
    device_free(pic);
}

static void test_spurious(void)
{
    init(1);
    out8(pic, ELCR, 0, 0x20);
    irq(5, 1);
    irq(5, 0);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x27);
    g_assert_cmphex(isr(MASTER), ==, 0);
    device_free(pic);
}

static void test_auto_eoi(void)
{
    init(3);
    out8(pic, MASTER, 0, 0x80); /* rotate on automatic EOI */
    pulse(0);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x20);
    g_assert_cmphex(isr(MASTER), ==, 0);
    pulse(0);
    pulse(7);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x27); /* 0 has become the lowest */
    device_free(pic);
}

static void test_rotate(void)
{
    init(1);
    out8(pic, MASTER, 0, 0xc4); /* 4 is the lowest now, 5 the highest */
    pulse(4);
    pulse(3);
    pulse(6);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x26);
    out8(pic, MASTER, 0, 0xa0); /* rotate on non-specific EOI */
    pulse(7);
    pulse(6);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x27);
    out8(pic, MASTER, 0, 0xe3); /* rotate on specific EOI of 3: 7 stays in service */
    g_assert_cmphex(isr(MASTER), ==, 0x80);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x24);
    device_free(pic);
}

static void test_special_mask(void)
{
    init(1);
    pulse(3);
    i8259_acknowledge(pic);
    pulse(6);
    g_assert_cmpint(intr.level, ==, 0);
    out8(pic, MASTER, 1, 0x08);
    out8(pic, MASTER, 0, 0x68);
    g_assert_cmpint(intr.level, ==, 1); /* what is masked does not hold back lower ones */
    out8(pic, MASTER, 0, 0x48);
    g_assert_cmpint(intr.level, ==, 0);
    device_free(pic);
}

static void test_poll(void)
{
    init(1);
    out8(pic, MASTER, 0, 0x0c);
    g_assert_cmphex(in8(pic, MASTER, 0), ==, 0);
    pulse(6);
    out8(pic, MASTER, 0, 0x0c);
    g_assert_cmphex(in8(pic, MASTER, 0), ==, 0x86);
    g_assert_cmphex(isr(MASTER), ==, 0x40);
    device_free(pic);
}

static void test_icw1(void)
{
    init(1);
    out8(pic, MASTER, 1, 0xfb);
    irq(4, 1);
    i8259_acknowledge(pic);
    out8(pic, MASTER, 0, 0x11);
    out8(pic, MASTER, 1, 0x40);
    out8(pic, MASTER, 1, 4);
    out8(pic, MASTER, 1, 1);
    g_assert_cmphex(in8(pic, MASTER, 1), ==, 0); /* the mask is cleared */
    g_assert_cmpint(intr.level, ==, 0);          /* a line that is high is no edge */
    irq(4, 0);
    irq(4, 1);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x44);
    device_free(pic);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    pc_fakes_init();
    g_test_add_func("/pc/i8259/priorities", test_priorities);
    g_test_add_func("/pc/i8259/cascade", test_cascade);
    g_test_add_func("/pc/i8259/special-fully-nested", test_fully_nested);
    g_test_add_func("/pc/i8259/masked-edge-is-kept", test_mask);
    g_test_add_func("/pc/i8259/level-by-elcr", test_level);
    g_test_add_func("/pc/i8259/spurious-is-7", test_spurious);
    g_test_add_func("/pc/i8259/auto-eoi-rotates", test_auto_eoi);
    g_test_add_func("/pc/i8259/rotate", test_rotate);
    g_test_add_func("/pc/i8259/special-mask", test_special_mask);
    g_test_add_func("/pc/i8259/poll", test_poll);
    g_test_add_func("/pc/i8259/icw1-clears", test_icw1);
    return g_test_run();
}
