/* SPDX-License-Identifier: MIT */
/* base/lock.c with its checks on, whatever the build has: a violation of the order aborts, and says who held what. base/park.c. */
#include <glib.h>
#include <sched.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/park.h"

static Lock device, work, other_device;

static void init_locks(void)
{
    lock_init(&device, LOCK_DEVICE, "a device");
    lock_init(&other_device, LOCK_DEVICE, "another device");
    lock_init(&work, LOCK_CPU_WORK, "work");
}

static void test_order_kept(void)
{
    bql_lock();
    lock_acquire(&device);
    lock_acquire(&work);
    lock_release(&device); /* in any order */
    lock_release(&work);
    bql_unlock();
    lock_check_none_held("nothing");
}

static void test_try_against_order(void)
{
    lock_acquire(&work);
    g_assert_true(lock_try_acquire(&device));
    lock_release(&device);
    lock_release(&work);
}

static void wrong_order(void)
{
    lock_acquire(&work);
    bql_lock();
}

static void same_class(void)
{
    lock_acquire(&device);
    lock_acquire(&other_device);
}

static void not_held(void)
{
    lock_release(&device);
}

static void waits_with_lock(void)
{
    lock_acquire(&device);
    lock_check_none_held("waiting for a vCPU");
}

typedef struct Violation { const char *path; void (*commit)(void); const char *says; } Violation;
static const Violation violations[] = {
    { "/base/lock/against-order-aborts", wrong_order, "*lock order: big lock (rank *) wanted at *test_locks.c:* while holding work (rank *) taken at *test_locks.c:*" },
    { "/base/lock/same-class-aborts", same_class, "*lock order: another device*while holding a device*" },
    { "/base/lock/not-held-aborts", not_held, "*lock a device released by a thread that does not hold it*" },
    { "/base/lock/wait-aborts", waits_with_lock, "*lock order: waiting for a vCPU while holding a device*" },
};

static void test_violation(gconstpointer data)
{
    const Violation *v = data;
    if (g_test_subprocess()) {
        v->commit();
        return;
    }
    g_test_trap_subprocess(v->path, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr(v->says);
}

/* ---- park ---- */
static Park park;
static int tokens; /* (a) */

static void test_park_time(void)
{
    park_begin(&park);
    int64_t begin = clock_get_ns(CLOCK_RT);
    park_sleep(&park, 0);
    park_sleep(&park, 3000000);
    g_assert_cmpint(clock_get_ns(CLOCK_RT) - begin, >=, 3000000);
    g_assert_false(park_woken(&park));
}

static void test_park_woken_before(void)
{
    park_begin(&park);
    park_wake(&park);
    park_wake(&park);
    g_assert_true(park_woken(&park));
    park_sleep(&park, -1); /* does not */
    park_begin(&park);
    g_assert_false(park_woken(&park));
}

#define ROUNDS 20000

static gpointer waker(gpointer data)
{
    for (int i = 0; i < ROUNDS; i++) {
        __atomic_fetch_add(&tokens, 1, __ATOMIC_RELAXED);
        park_wake(&park);
        if (i % 64 == 0)
            sched_yield();
    }
    return NULL;
}

/* Two threads make tokens; the sleeper never sleeps while there is one, or it would not wake. */
static void test_park_loses_none(void)
{
    GThread *threads[2];
    for (int i = 0; i < 2; i++)
        threads[i] = g_thread_new("waker", waker, NULL);
    for (int taken = 0; taken < 2 * ROUNDS;) {
        park_begin(&park);
        int n = __atomic_exchange_n(&tokens, 0, __ATOMIC_RELAXED);
        taken += n;
        if (!n)
            park_sleep(&park, -1);
    }
    for (int i = 0; i < 2; i++)
        g_thread_join(threads[i]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    init_locks();
    g_test_add_func("/base/lock/order-kept", test_order_kept);
    g_test_add_func("/base/lock/try-against-order", test_try_against_order);
    for (unsigned i = 0; i < G_N_ELEMENTS(violations); i++)
        g_test_add_data_func(violations[i].path, &violations[i], test_violation);
    g_test_add_func("/base/park/time", test_park_time);
    g_test_add_func("/base/park/woken-before", test_park_woken_before);
    g_test_add_func("/base/park/loses-none", test_park_loses_none);
    return g_test_run();
}
