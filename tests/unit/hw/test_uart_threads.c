/* SPDX-License-Identifier: MIT */
/*
 * Serial ports used by CPUs' threads while input comes: nothing is lost or doubled, and output needs no big lock.
 *
 * Two threads write and take what has come; the first thread, with the big lock, feeds bytes as a back end does. While it still
 * waits for the first bytes, it keeps that lock.
 */
#include <sched.h>
#include <stdlib.h>

#include "fakes.h"

#define THREADS 2u
#define WRITES 3000u
#define INPUT 3000u

typedef struct Uart {
    const char *name;
    unsigned data, status, ready_bit, ready_value; /* ready: status & ready_bit == ready_value */
    unsigned fifo, fifo_on;                        /* register and value */
} Uart;
static const Uart uarts[] = {
    { "pl011", 0x00, 0x18, 0x10, 0, 0x2c, 0x70 },
    { "isa-serial", 0, 5, 1, 1, 2, 1 },
};

static const Uart *uart;
static Device *dev;
static unsigned sent, taken; /* (a) */
static gint64 deadline;

static size_t count_sent(Chardev *chr, const uint8_t *buf, size_t len)
{
    __atomic_fetch_add(&sent, (unsigned)len, __ATOMIC_SEQ_CST);
    return len;
}

/* Room is told with the big lock held and no other. */
static void expect_big_lock(Chardev *chr)
{
    g_assert_true(bql_locked());
}

static const ChardevOps ops = { .write = count_sent, .accept_input = expect_big_lock };
static Chardev chr = { .ops = &ops, .label = "test" };

static unsigned get(const unsigned *p) { return __atomic_load_n(p, __ATOMIC_SEQ_CST); }

static void in_time(void)
{
    g_assert_cmpint(g_get_monotonic_time(), <, deadline);
    sched_yield();
}

/* One thread takes input, as a driver's lock sees to. */
static bool take(MemoryRegion *mr)
{
    if ((rd(mr, uart->status, 1, 0) & uart->ready_bit) != uart->ready_value)
        return false;
    rd(mr, uart->data, 1, 0);
    __atomic_fetch_add(&taken, 1, __ATOMIC_SEQ_CST);
    return true;
}

static void *use(void *first)
{
    MemoryRegion *mr = device_region(dev, 0);

    for (unsigned i = 0; i < WRITES; i++) {
        wr(mr, uart->data, i & 0xff, 1, 0);
        if (first)
            take(mr);
    }
    while (first && get(&taken) < INPUT)
        if (!take(mr))
            in_time();
    return NULL;
}

static void feed_all(void)
{
    for (unsigned fed = 0; fed < INPUT;) {
        uint8_t bytes[3] = { 0 };

        bql_lock();
        fed += (unsigned)chardev_be_receive(&chr, bytes, MIN(sizeof bytes, INPUT - fed));
        bql_unlock();
        in_time();
    }
}

static void test_threads(const void *data)
{
    pthread_t t[THREADS];
    const char *slower = getenv("CALQUE_TEST_SLOWER");

    uart = data;
    sent = taken = 0;
    deadline = g_get_monotonic_time() + 60 * G_USEC_PER_SEC * (slower ? atoi(slower) : 1);
    dev = device_new(uart->name, NULL);
    device_set_link(dev, "chardev", &chr);
    g_assert_true(device_realize(dev, NULL));
    wr(device_region(dev, 0), uart->fifo, uart->fifo_on, 1, 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_create(&t[i], NULL, use, i ? NULL : &t);
    while (get(&sent) < WRITES / 2)
        in_time();
    bql_unlock();
    feed_all();
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    bql_lock();
    g_assert_cmpuint(sent, ==, THREADS * WRITES);
    g_assert_cmpuint(taken, ==, INPUT);
    g_assert_false(take(device_region(dev, 0)));
    device_free(dev);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fakes_init();
    for (size_t i = 0; i < G_N_ELEMENTS(uarts); i++) {
        g_autofree char *path = g_strconcat("/hw/uart-threads/", uarts[i].name, NULL);
        g_test_add_data_func(path, &uarts[i], test_threads);
    }
    return g_test_run();
}
