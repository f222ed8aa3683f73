/* SPDX-License-Identifier: MIT */
/* 16550A: interrupts and their priorities, FIFO and time-out, loopback, modem lines. */
#include <string.h>

#include "pc_fakes.h"

enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR };
#define FCR IIR

static Device *uart;
static Probe irq;

static void begin(void)
{
    uart = device_new("isa-serial", NULL);
    irq = (Probe){ 0 };
    n_kept = 0;
    device_connect_irq(uart, "irq", 0, probe_line(&irq));
    device_set_link(uart, "chardev", &keep_chr);
    g_assert_true(device_realize(uart, NULL));
    out8(uart, 0, MCR, 0x0b);
    out8(uart, 0, LCR, 0x83);
    out8(uart, 0, DATA, 1); /* 115200 baud */
    out8(uart, 0, IER, 0);
    out8(uart, 0, LCR, 3);
}

static unsigned get(unsigned reg)
{
    return in8(uart, 0, reg);
}

static void put(unsigned reg, unsigned value)
{
    out8(uart, 0, reg, value);
}

static void feed(const char *text)
{
    g_assert_cmpuint(chardev_be_receive(&keep_chr, (const uint8_t *)text, strlen(text)), ==, strlen(text));
}

static void test_output(void)
{
    begin();
    g_assert_cmphex(get(LSR), ==, 0x60);
    put(DATA, 'h');
    put(DATA, 'i');
    g_assert_cmpmem(kept, n_kept, "hi", 2);
    g_assert_cmphex(get(LSR), ==, 0x60);
    device_free(uart);
}

static void test_thre(void)
{
    begin();
    g_assert_cmphex(get(IIR), ==, 0x01);
    put(IER, 2); /* setting ETBEI raises it */
    g_assert_cmpint(irq.level, ==, 1);
    g_assert_cmphex(get(IIR), ==, 0x02);
    g_assert_cmpint(irq.level, ==, 0); /* reading IIR ends it */
    g_assert_cmphex(get(IIR), ==, 0x01);
    put(IER, 2);
    g_assert_cmpint(irq.level, ==, 0);
    put(DATA, 'x');
    g_assert_cmpint(irq.level, ==, 1);
    put(IER, 0);
    g_assert_cmpint(irq.level, ==, 0);
    put(IER, 2);
    g_assert_cmphex(get(IIR), ==, 0x02);
    device_free(uart);
}

static void test_priorities(void)
{
    begin();
    put(FCR, 1);
    put(IER, 0xf);
    put(MCR, 0x1b);
    put(MCR, 0x19);
    put(MCR, 0x0b); /* modem lines have changed */
    feed("a");
    chardev_be_event(&keep_chr, CHR_EVENT_BREAK);
    g_assert_cmphex(get(IIR), ==, 0xc4);
    g_assert_cmphex(get(LSR), ==, 0xe1); /* the break is further back */
    g_assert_cmphex(get(DATA), ==, 'a');
    g_assert_cmphex(get(IIR), ==, 0xc6); /* it is at the head: line status goes first */
    g_assert_cmphex(get(LSR), ==, 0xf1);
    g_assert_cmphex(get(LSR), ==, 0x61);
    g_assert_cmphex(get(IIR), ==, 0xc4);
    g_assert_cmphex(get(DATA), ==, 0);
    g_assert_cmphex(get(IIR), ==, 0xc2);
    g_assert_cmphex(get(IIR), ==, 0xc0);
    g_assert_cmphex(get(MSR) & 0xf0, ==, 0xb0);
    g_assert_cmphex(get(MSR), ==, 0xb0);
    g_assert_cmphex(get(IIR), ==, 0xc1);
    g_assert_cmpint(irq.level, ==, 0);
    device_free(uart);
}

static void test_fifo(void)
{
    begin();
    put(FCR, 0x81); /* trigger level 8 */
    put(IER, 1);
    g_assert_cmpuint(chardev_be_can_receive(&keep_chr), ==, 16);
    feed("1234567");
    g_assert_cmpint(irq.level, ==, 0);
    feed("8");
    g_assert_cmpint(irq.level, ==, 1);
    feed("abcdefgh");
    g_assert_cmpuint(chardev_be_can_receive(&keep_chr), ==, 0);
    for (const char *c = "12345678abcdefgh"; *c; c++)
        g_assert_cmphex(get(DATA), ==, *c);
    g_assert_cmphex(get(LSR), ==, 0x60);
    g_assert_cmpint(irq.level, ==, 0);
    feed("xyz");
    put(FCR, 0x83); /* clears */
    g_assert_cmphex(get(LSR), ==, 0x60);
    put(FCR, 0);
    g_assert_cmphex(get(IIR), ==, 0x01);
    g_assert_cmpuint(chardev_be_can_receive(&keep_chr), ==, 1);
    device_free(uart);
}

static void test_timeout(void)
{
    begin();
    put(FCR, 0xc1);
    put(IER, 1);
    feed("ab");
    advance(340000);
    g_assert_cmpint(irq.level, ==, 0);
    advance(10000); /* four characters of ten bits: 347 us */
    g_assert_cmphex(get(IIR), ==, 0xcc);
    g_assert_cmphex(get(DATA), ==, 'a');
    g_assert_cmpint(irq.level, ==, 0);
    advance(350000);
    g_assert_cmphex(get(IIR), ==, 0xcc);
    g_assert_cmphex(get(DATA), ==, 'b');
    advance(350000);
    g_assert_cmphex(get(IIR), ==, 0xc1);
    device_free(uart);
}

static void test_loopback(void)
{
    begin();
    put(MCR, 0x10);
    g_assert_cmphex(get(MSR) & 0xf0, ==, 0);
    put(MCR, 0x1a);
    g_assert_cmphex(get(MSR) & 0xf0, ==, 0x90); /* RTS is CTS, OUT2 is DCD */
    put(MCR, 0x15);
    g_assert_cmphex(get(MSR) & 0xf0, ==, 0x60);
    put(DATA, 0xa5);
    g_assert_cmpuint(n_kept, ==, 0);
    g_assert_cmphex(get(DATA), ==, 0xa5);
    put(DATA, 1);
    put(DATA, 2);
    g_assert_cmphex(get(LSR), ==, 0x63); /* overrun of the single register */
    g_assert_cmphex(get(DATA), ==, 2);
    device_free(uart);
}

static void test_registers(void)
{
    begin();
    put(SCR, 0x5a);
    g_assert_cmphex(get(SCR), ==, 0x5a);
    put(LCR, 0x80);
    g_assert_cmphex(get(DATA), ==, 1);
    put(IER, 0x12);
    g_assert_cmphex(get(IER), ==, 0x12);
    put(LCR, 0);
    g_assert_cmphex(get(IER), ==, 0);
    put(MCR, 0xff);
    g_assert_cmphex(get(MCR), ==, 0x1f);
    put(IER, 2);
    put(MCR, 0);
    g_assert_cmpint(irq.level, ==, 0); /* OUT2 gates the line */
    put(MCR, 8);
    g_assert_cmpint(irq.level, ==, 1);
    device_free(uart);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    pc_fakes_init();
    g_test_add_func("/pc/serial/output", test_output);
    g_test_add_func("/pc/serial/thre-is-an-edge", test_thre);
    g_test_add_func("/pc/serial/priorities", test_priorities);
    g_test_add_func("/pc/serial/fifo", test_fifo);
    g_test_add_func("/pc/serial/timeout", test_timeout);
    g_test_add_func("/pc/serial/loopback", test_loopback);
    g_test_add_func("/pc/serial/registers", test_registers);
    return g_test_run();
}
