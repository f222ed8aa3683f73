/* SPDX-License-Identifier: MIT */
/* Conversations with the keyboard controller, the keyboard and the mouse. */
#include "cpus/runstate.h"
#include "hw/input/i8042.h"
#include "pc_fakes.h"

#define DATA 0u
#define COMMAND 1u

static Device *kbc;
static Probe kbd, mouse, a20;

static unsigned status(void)
{
    return in8(kbc, COMMAND, 0);
}

/* The byte that waits, which must be from the mouse or not. */
static unsigned take(bool aux)
{
    g_assert_cmphex(status() & 0x21, ==, aux ? 0x21 : 0x01);
    return in8(kbc, DATA, 0);
}

static void expect(bool aux, unsigned n, ...)
{
    va_list ap;

    va_start(ap, n);
    for (unsigned i = 0; i < n; i++)
        g_assert_cmphex(take(aux), ==, va_arg(ap, unsigned));
    va_end(ap);
    g_assert_cmphex(status() & 1, ==, 0);
}

static void command(unsigned c)
{
    out8(kbc, COMMAND, 0, c);
}

static void data(unsigned d)
{
    out8(kbc, DATA, 0, d);
}

static void to_mouse(unsigned d)
{
    command(0xd4);
    data(d);
}

static void begin(void)
{
    kbc = device_new("i8042", NULL);
    kbd = mouse = a20 = (Probe){ 0 };
    device_connect_irq(kbc, "kbd", 0, probe_line(&kbd));
    device_connect_irq(kbc, "mouse", 0, probe_line(&mouse));
    device_connect_irq(kbc, "a20", 0, probe_line(&a20));
    g_assert_true(device_realize(kbc, NULL));
}

static void press(const char *name, bool down)
{
    int code = i8042_key_code(name);

    g_assert_cmpint(code, >=, 0);
    i8042_key(kbc, code, down);
}

static void test_controller(void)
{
    begin();
    command(0xaa);
    expect(false, 1, 0x55);
    g_assert_cmphex(status(), ==, 0x1c); /* system flag, last write a command */
    command(0xab);
    expect(false, 1, 0x00);
    command(0xa9);
    expect(false, 1, 0x00);
    command(0x60);
    data(0x47);
    g_assert_cmphex(status() & 8, ==, 0);
    command(0x20);
    expect(false, 1, 0x47);
    command(0xa7);
    command(0x20);
    expect(false, 1, 0x67); /* AUX disabled */
    command(0xa8);
    command(0xad);
    command(0x20);
    expect(false, 1, 0x57);
    command(0x71);
    data(0x99);
    command(0x31);
    expect(false, 1, 0x99);
    command(0xd3);
    data(0x12);
    expect(true, 1, 0x12);
    device_free(kbc);
}

static void test_keys(void)
{
    begin();
    press("a", true);
    g_assert_cmpint(kbd.level, ==, 1);
    press("a", false);
    expect(false, 2, 0x1e, 0x9e); /* translated to set 1 */
    g_assert_cmpint(kbd.level, ==, 0);
    g_assert_cmpint(kbd.changes, ==, 4); /* an edge each */
    press("up", true);
    press("up", false);
    expect(false, 4, 0xe0, 0x48, 0xe0, 0xc8);
    press("f7", true);
    expect(false, 1, 0x41);
    press("pause", true);
    expect(false, 6, 0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5);
    command(0x60);
    data(0x05); /* no translation */
    press("a", true);
    press("a", false);
    expect(false, 3, 0x1c, 0xf0, 0x1c);
    g_assert_cmpint(i8042_key_code("any"), ==, -1);
    device_free(kbc);
}

static void test_keyboard_commands(void)
{
    begin();
    data(0xff);
    expect(false, 2, 0xfa, 0xaa);
    data(0xf2);
    expect(false, 3, 0xfa, 0xab, 0x41);
    data(0xed);
    expect(false, 1, 0xfa);
    data(0x07);
    expect(false, 1, 0xfa);
    data(0xf3);
    data(0x20);
    expect(false, 2, 0xfa, 0xfa);
    data(0xee);
    expect(false, 1, 0xee);
    data(0xf0);
    data(0x00);
    expect(false, 3, 0xfa, 0xfa, 0x41); /* set 2, translated */
    data(0xf0);
    data(0x03);
    expect(false, 2, 0xfa, 0xfe);
    data(0xf5);
    expect(false, 1, 0xfa);
    press("a", true); /* not scanning */
    g_assert_cmphex(status() & 1, ==, 0);
    data(0xf4);
    expect(false, 1, 0xfa);
    data(0x01);
    expect(false, 1, 0xfe);
    data(0xfe);
    expect(false, 1, 0xfe);
    device_free(kbc);
}

static void test_keyboard_disabled(void)
{
    begin();
    command(0xad);
    press("a", true);
    g_assert_cmphex(status() & 1, ==, 0);
    command(0xae);
    expect(false, 1, 0x1e);
    command(0x60);
    data(0x44); /* no interrupt */
    kbd.changes = 0;
    press("b", true);
    expect(false, 1, 0x30);
    g_assert_cmpint(kbd.changes, ==, 0);
    device_free(kbc);
}

/* What does not fit is lost, and the answers to commands still fit. */
static void test_overrun(void)
{
    unsigned n = 0;

    begin();
    for (unsigned i = 0; i < 1000; i++)
        press("a", i & 1);
    while (status() & 1) {
        in8(kbc, DATA, 0);
        n++;
    }
    g_assert_cmpuint(n, <, 64);
    data(0xee);
    expect(false, 1, 0xee);
    for (unsigned i = 0; i < 1000; i++)
        data(0xf2);
    device_free(kbc);
}

static void test_mouse(void)
{
    begin();
    command(0x60);
    data(0x47);
    to_mouse(0xff);
    g_assert_cmpint(mouse.level, ==, 1);
    expect(true, 3, 0xfa, 0xaa, 0x00);
    i8042_mouse(kbc, 5, 0, 0, 0); /* not enabled */
    g_assert_cmphex(status() & 1, ==, 0);
    to_mouse(0xf4);
    expect(true, 1, 0xfa);
    i8042_mouse(kbc, 5, 3, 0, 1);
    expect(true, 3, 0x29, 0x05, 0xfd); /* up is positive */
    i8042_mouse(kbc, -300, 0, 0, 0);
    expect(true, 6, 0x18, 0x01, 0x00, 0x18, 0xd3, 0x00);
    to_mouse(0xe9);
    expect(true, 4, 0xfa, 0x20, 0x02, 0x64);
    device_free(kbc);
}

static void test_wheel(void)
{
    begin();
    for (unsigned i = 0; i < 3; i++) {
        to_mouse(0xf3);
        to_mouse((unsigned[]){ 200, 100, 80 }[i]);
        expect(true, 2, 0xfa, 0xfa);
    }
    to_mouse(0xf2);
    expect(true, 2, 0xfa, 0x03);
    to_mouse(0xf4);
    expect(true, 1, 0xfa);
    i8042_mouse(kbc, 0, 0, -1, 4);
    expect(true, 4, 0x0c, 0x00, 0x00, 0xff);
    to_mouse(0xf0); /* remote: only when asked */
    expect(true, 1, 0xfa);
    i8042_mouse(kbc, 1, 0, 0, 0);
    g_assert_cmphex(status() & 1, ==, 0);
    to_mouse(0xeb);
    expect(true, 5, 0xfa, 0x08, 0x01, 0x00, 0x00);
    device_free(kbc);
}

static void test_a20_and_reset(void)
{
    int ignored;

    begin();
    g_assert_cmpint(a20.level, ==, 1);
    command(0xd1);
    data(0xdd);
    g_assert_cmpint(a20.level, ==, 0);
    command(0xd0);
    expect(false, 1, 0xcd); /* the interrupt lines are down */
    command(0xdf);
    g_assert_cmpint(a20.level, ==, 1);
    g_assert_cmpint(runstate_take_request(&ignored), ==, RUN_REQ_NONE);
    command(0xfe);
    g_assert_cmpint(runstate_take_request(&ignored), ==, RUN_REQ_RESET);
    command(0xd1);
    data(0x02);
    g_assert_cmpint(runstate_take_request(&ignored), ==, RUN_REQ_RESET);
    command(0xff);
    g_assert_cmpint(runstate_take_request(&ignored), ==, RUN_REQ_NONE);
    device_free(kbc);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    pc_fakes_init();
    g_test_add_func("/pc/i8042/controller", test_controller);
    g_test_add_func("/pc/i8042/keys", test_keys);
    g_test_add_func("/pc/i8042/keyboard-commands", test_keyboard_commands);
    g_test_add_func("/pc/i8042/keyboard-disabled", test_keyboard_disabled);
    g_test_add_func("/pc/i8042/overrun", test_overrun);
    g_test_add_func("/pc/i8042/mouse", test_mouse);
    g_test_add_func("/pc/i8042/wheel", test_wheel);
    g_test_add_func("/pc/i8042/a20-and-reset", test_a20_and_reset);
    return g_test_run();
}
