/* SPDX-License-Identifier: MIT */
/* base/sync_profile: what a report says of locks, events and regions that several threads used. */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/sync_profile.h"

#define THREADS 4
#define ROUNDS 1000

static char *report(void)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    sync_profile_report(f, 0, false);
    fclose(f);
    return text;
}

/* The first line that holds both texts: what stands after b's last word. */
static bool find_row(const char *text, const char *a, const char *b, char **rest)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **l = lines; *l; l++) {
        const char *at = strstr(*l, b);
        if (!strstr(*l, a) || !at)
            continue;
        at += strcspn(at, " ");
        *rest = g_strdup(at);
        return true;
    }
    return false;
}

static uint64_t number(const char *rest, unsigned n)
{
    uint64_t v = 0;
    char *end = (char *)rest;
    for (unsigned i = 0; i <= n; i++)
        v = (uint64_t)strtod(end, &end);
    return v;
}

static Lock shared;

static void *take_often(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        lock_acquire(&shared);
        lock_release(&shared);
        sync_event(SYNC_KICK);
    }
    return NULL;
}

static void use_from_threads(void)
{
    pthread_t t[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&t[i], NULL, take_often, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
}

static void test_sums_threads(void)
{
    g_autofree char *lock = NULL, *event = NULL;
    lock_init(&shared, LOCK_DEVICE, "shared-lock");
    sync_profile_enable(true);
    sync_profile_reset();
    use_from_threads();
    sync_profile_enable(false);
    g_autofree char *text = report();
    g_assert_true(find_row(text, "shared-lock", "test_sync_profile.c", &lock));
    g_assert_cmpuint(number(lock, 0), ==, THREADS * ROUNDS);
    g_assert_true(find_row(text, "kick", "kick", &event));
    g_assert_cmpuint(number(event, 0), ==, THREADS * ROUNDS);
    g_assert_nonnull(strstr(text, "device     shared-lock"));
}

static void test_off_and_reset(void)
{
    sync_profile_enable(true);
    lock_init(&shared, LOCK_DEVICE, "forgotten");
    take_often(NULL);
    sync_profile_reset();
    g_autofree char *after_reset = report();
    g_assert_null(strstr(after_reset, "forgotten"));
    sync_profile_enable(false);
    take_often(NULL);
    g_autofree char *off = report();
    g_assert_null(strstr(off, "forgotten"));
}

static void *hold(void *arg)
{
    lock_acquire(&shared);
    g_atomic_int_set((int *)arg, 1);
    g_usleep(20000);
    lock_release(&shared);
    return NULL;
}

static void contend_once(void)
{
    pthread_t t;
    int held = 0;
    pthread_create(&t, NULL, hold, &held);
    while (!g_atomic_int_get(&held))
        g_usleep(100);
    lock_acquire(&shared);
    lock_release(&shared);
    pthread_join(t, NULL);
}

/* A busy host may let the holder go before the other has come: then once more. */
static void test_contention(void)
{
    lock_init(&shared, LOCK_DEVICE, "contended");
    sync_profile_enable(true);
    sync_profile_reset();
    for (int round = 1;; round++) {
        g_autofree char *row = NULL;
        contend_once();
        g_autofree char *text = report();
        g_assert_true(find_row(text, "device     contended", "contended ", &row)); /* the sum of its sites */
        g_assert_cmpuint(number(row, 0), ==, 2 * round);
        g_assert_cmpuint(number(row, 4), >=, 20); /* held, ms */
        if (number(row, 1) >= 1 && number(row, 2) >= 1) /* contended; waited, ms */
            break;
        g_assert_cmpint(round, <, 200);
    }
    sync_profile_enable(false);
}

/* Time in a wait for a condition is not time held. */
static void test_condition_is_not_held(void)
{
    Cond c;
    g_autofree char *row = NULL;
    cond_init(&c);
    lock_init(&shared, LOCK_DEVICE, "waiter");
    sync_profile_enable(true);
    sync_profile_reset();
    lock_acquire(&shared);
    cond_timedwait(&c, &shared, 50000000);
    sync_profile_enable(false);
    lock_release(&shared);
    g_autofree char *text = report();
    g_assert_true(find_row(text, "waiter", "test_sync_profile.c", &row));
    g_assert_cmpuint(number(row, 0), ==, 1);
    g_assert_cmpuint(number(row, 4), <, 50);
}

static void test_regions_and_durations(void)
{
    char name[] = "a-region";
    g_autofree char *row = NULL, *slept = NULL;
    sync_profile_enable(true);
    sync_profile_reset();
    int64_t since = sync_begin();
    g_usleep(3000);
    sync_region_accessed(name, true, since);
    sync_region_accessed(name, false, since);
    sync_end(SYNC_SLEEP, since);
    sync_end(SYNC_SLEEP, 0); /* began while nothing was counted */
    memset(name, 'x', sizeof name - 1);
    sync_profile_enable(false);
    g_autofree char *text = report();
    g_assert_true(find_row(text, "a-region", "a-region", &row));
    g_assert_cmpuint(number(row, 0), ==, 2);
    g_assert_cmpuint(number(row, 1), ==, 1);
    g_assert_cmpuint(number(row, 2), >=, 6);
    g_assert_true(find_row(text, "vCPU sleeps", "sleeps", &slept));
    g_assert_cmpuint(number(slept, 0), ==, 1);
    g_assert_cmpuint(number(slept, 1), >=, 3);
}

/* More places than a table has rows: the rest is counted as lost. */
static void test_full_table(void)
{
    sync_profile_enable(true);
    sync_profile_reset();
    for (int line = 0; line < 2000; line++)
        sync_lock_acquired(LOCK_DEVICE, "many", __FILE__, line, 0, sync_now());
    sync_profile_enable(false);
    g_autofree char *text = report();
    g_assert_nonnull(strstr(text, "more had no row"));
}

static void count_call(void *opaque)
{
    ++*(int *)opaque;
}

/* A vCPU asks its list at each turn of its loop, and the alarm thread asks all lists. */
static void test_waiting_timers_take_no_lock(void)
{
    int calls = 0;
    TimerList *list = timer_list_new(NULL, NULL);
    Timer *t = timer_new(list, CLOCK_RT, count_call, &calls);
    timer_mod(t, clock_get_ns(CLOCK_RT) + 3600 * NS_PER_SEC);
    sync_profile_enable(true);
    sync_profile_reset();
    g_assert_false(timer_list_run(list));
    g_assert_cmpint(timer_list_deadline_ns(list), >, 3000 * NS_PER_SEC);
    sync_profile_enable(false);
    g_autofree char *text = report();
    g_assert_null(strstr(text, "timer list"));
    timer_mod(t, 0);
    g_assert_cmpint(timer_list_deadline_ns(list), ==, 0);
    g_assert_true(timer_list_run(list));
    g_assert_cmpint(calls, ==, 1);
    g_assert_cmpint(timer_list_deadline_ns(list), ==, -1);
    timer_free(t);
    timer_list_free(list);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/sync-profile/sums-threads", test_sums_threads);
    g_test_add_func("/base/sync-profile/off-and-reset", test_off_and_reset);
    g_test_add_func("/base/sync-profile/contention", test_contention);
    g_test_add_func("/base/sync-profile/condition-is-not-held", test_condition_is_not_held);
    g_test_add_func("/base/sync-profile/regions-and-durations", test_regions_and_durations);
    g_test_add_func("/base/timer/waiting-takes-no-lock", test_waiting_timers_take_no_lock);
    g_test_add_func("/base/sync-profile/full-table", test_full_table);
    return g_test_run();
}
