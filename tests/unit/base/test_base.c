/* SPDX-License-Identifier: MIT */
/* base/: bits, sizes, suggestions, log filters, timers, virtual time. */
#include <glib.h>
#include <string.h>

#include "base/bits.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

static void test_bits(void)
{
    g_assert_cmphex(extract64(0x123456789abcdef0, 4, 8), ==, 0xef);
    g_assert_cmphex(extract64(~0ull, 0, 64), ==, ~0ull);
    g_assert_cmpint(sextract64(0x80, 0, 8), ==, -128);
    g_assert_cmphex(deposit64(0, 60, 4, 0xff), ==, 0xf000000000000000);
    g_assert_cmphex(ror64(1, 1), ==, 1ull << 63);
    g_assert_cmphex(ror64(5, 64), ==, 5);
    g_assert_cmpuint(clz64(0), ==, 64);
}

static void test_sizes(void)
{
    uint64_t v;
    g_assert_true(parse_size("1G", 1 << 20, &v) && v == 1ull << 30);
    g_assert_true(parse_size("512", 1 << 20, &v) && v == 512ull << 20);
    g_assert_true(parse_size("1.5k", 1, &v) && v == 1536);
    g_assert_true(parse_size("0x10", 1, &v) && v == 16);
    g_assert_false(parse_size("", 1, &v));
    g_assert_false(parse_size("12Q", 1, &v));
    g_assert_false(parse_size("-1", 1, &v));
    g_assert_false(parse_size("99999999999E", 1, &v));
}

static void test_nearest(void)
{
    const char *names[] = { "virtio-rng-pci", "virtio-net-pci", "pl011" };
    g_assert_cmpstr(error_nearest("virtio-rgn-pci", names, 3), ==, "virtio-rng-pci");
    g_assert_cmpstr(error_nearest("PL011", names, 3), ==, "pl011");
    g_assert_null(error_nearest("something else", names, 3));
    g_assert_null(error_nearest("", names, 3));
}

static void test_log_filter(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(log_set_filter("0x1000..0x1fff,0x4000+0x100,0x8000-0x10", &error));
    g_assert_true(log_in_filter(0x1000) && log_in_filter(0x1fff) && !log_in_filter(0x2000));
    g_assert_true(log_in_filter(0x40ff) && !log_in_filter(0x4100));
    g_assert_true(log_in_filter(0x8000) && log_in_filter(0x7ff1) && !log_in_filter(0x7ff0));
    g_assert_false(log_set_filter("12..", &error));
    g_assert_nonnull(strstr(error->message, "12.."));
    g_assert_true(log_in_filter(0x1000)); /* a bad filter changes nothing */
}

static void test_log_items(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(log_set_mask("in_asm,int", &error));
    g_assert_cmphex(log_mask, ==, LOG_IN_ASM | LOG_INT);
    g_assert_false(log_set_mask("in_amd", &error));
    g_assert_nonnull(strstr(error->message, "in_asm"));
    log_mask = 0;
}

static int order[8], n_order;

static void record(void *opaque)
{
    order[n_order++] = GPOINTER_TO_INT(opaque);
}

static void rearm_in_the_past(void *opaque)
{
    Timer **t = opaque;
    g_assert_cmpint(n_order, <, 3);
    record(GINT_TO_POINTER(9));
    timer_mod(*t, 1);
}

/* One call a pass, however far behind the timer is. */
static void test_timer_in_the_past(void)
{
    TimerList *list = timer_list_new(NULL, NULL);
    Timer *t = timer_new(list, CLOCK_RT, rearm_in_the_past, &t);
    n_order = 0;
    timer_mod(t, 1);
    g_assert_true(timer_list_run(list));
    g_assert_cmpint(n_order, ==, 1);
    g_assert_cmpint(timer_list_deadline_ns(list), ==, 0);
    g_assert_true(timer_list_run(list));
    g_assert_cmpint(n_order, ==, 2);
    timer_free(t);
    timer_list_free(list);
}

static void test_timer_order(void)
{
    TimerList *list = timer_list_new(NULL, NULL);
    Timer *a = timer_new(list, CLOCK_RT, record, GINT_TO_POINTER(1)), *b = timer_new(list, CLOCK_RT, record, GINT_TO_POINTER(2));
    Timer *c = timer_new(list, CLOCK_RT, record, GINT_TO_POINTER(3));
    int64_t now = clock_get_ns(CLOCK_RT);
    g_assert_cmpint(timer_list_deadline_ns(list), ==, -1);
    timer_mod(a, now - 10);
    timer_mod(b, now - 20);
    timer_mod(c, now + NS_PER_SEC * 1000);
    g_assert_cmpint(timer_list_deadline_ns(list), ==, 0);
    n_order = 0;
    g_assert_true(timer_list_run(list));
    g_assert_cmpint(n_order, ==, 2);
    g_assert_cmpint(order[0], ==, 2);
    g_assert_cmpint(order[1], ==, 1);
    g_assert_true(timer_pending(c) && !timer_pending(a));
    g_assert_cmpint(timer_list_deadline_ns(list), >, 999 * NS_PER_SEC);
    timer_del(c);
    g_assert_cmpint(timer_list_deadline_ns(list), ==, -1);
    timer_free(a);
    timer_free(b);
    timer_free(c);
    timer_list_free(list);
}

static void test_virtual_time_stands_still(void)
{
    TimerList *list = timer_list_new(NULL, NULL);
    Timer *t = timer_new(list, CLOCK_VIRTUAL, record, GINT_TO_POINTER(9));
    int64_t frozen = clock_get_ns(CLOCK_VIRTUAL);
    g_usleep(2000);
    g_assert_cmpint(clock_get_ns(CLOCK_VIRTUAL), ==, frozen);
    timer_mod(t, frozen);
    g_assert_cmpint(timer_list_deadline_ns(list), ==, -1); /* its clock does not run */
    n_order = 0;
    g_assert_false(timer_list_run(list));
    clock_virtual_set_running(true);
    g_usleep(2000);
    g_assert_cmpint(clock_get_ns(CLOCK_VIRTUAL), >, frozen);
    g_assert_true(timer_list_run(list));
    clock_virtual_set_running(false);
    timer_free(t);
    timer_list_free(list);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/bits/fields", test_bits);
    g_test_add_func("/base/error/sizes", test_sizes);
    g_test_add_func("/base/error/nearest-name", test_nearest);
    g_test_add_func("/base/log/filter", test_log_filter);
    g_test_add_func("/base/log/items", test_log_items);
    g_test_add_func("/base/timer/order", test_timer_order);
    g_test_add_func("/base/timer/past-waits-a-pass", test_timer_in_the_past);
    g_test_add_func("/base/clock/virtual-stands-still", test_virtual_time_stands_still);
    return g_test_run();
}
