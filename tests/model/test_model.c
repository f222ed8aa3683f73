/* SPDX-License-Identifier: MIT */
/*
 * The protocol of exclusive sections, work queues and pauses, in every interleaving of a few small schedules; and mistakes, each
 * of which must be found.
 */
#include <glib.h>
#include <string.h>

#include "protocol.h"

#define NOBODY (-1)
#define NOTHING { .fn = "nothing", .waiter = NOBODY }
#define SAFE { .fn = "nothing", .exclusive = true, .waiter = NOBODY }
#define WAITED(who) { .fn = "nothing", .waited = true, .waiter = who }

/* Script words, and a script without any. */
#define LOOPS { { NULL, 0, 0 } }
#define DEVICE { "device", 0, 0 }
#define HALT { "halt", 0, 0 }
#define STEP { "step atomic", 0, 0 }
#define WAIT_ALL { "wait for all", 0, 0 }
#define SECTION_OF_ANY { "section", 0, 0 }
#define PAUSE { "pause", 0, 0 }
#define INTERRUPT(cpu) { "cpu_interrupt", cpu, 0 }
#define SEND(cpu, item) { "async_run_on_cpu", cpu, item }
#define WAIT_FOR(cpu, item) { "run_on_cpu", cpu, item }

/* With vCPUs first, then other threads. */
static const Scenario right[] = {
    { "exclusive/one-vcpu", 1, 2, .script = { { DEVICE }, { SECTION_OF_ANY, SECTION_OF_ANY } } },
    { "exclusive/two-vcpus", 2, 3, .script = { { DEVICE }, { DEVICE }, { SECTION_OF_ANY } } },
    { "exclusive/vcpus-step", 2, 2, .script = { { STEP, DEVICE }, { STEP } } },
    { "exclusive/vcpus-and-other-step", 2, 3, .settled = true, .script = { { STEP }, { STEP }, { SECTION_OF_ANY } } },
    { "exclusive/three-vcpus-in-guest-code", 3, 4, .script = { LOOPS, LOOPS, LOOPS, { SECTION_OF_ANY } }, .settled = true },
    { "exclusive/three-vcpus-two-asleep", 3, 4, .script = { LOOPS, LOOPS, LOOPS, { INTERRUPT(1), SECTION_OF_ANY } }, .settled = true, .halted = 1 },
    { "exclusive/three-vcpus-one-steps", 3, 3, .script = { { STEP }, LOOPS, LOOPS }, .settled = true },
    { "leave/two-wait-for-each-other", 2, 2, .script = { { WAIT_ALL }, { WAIT_ALL } } },
    { "leave/against-section", 2, 3, .script = { { WAIT_ALL }, LOOPS, { SECTION_OF_ANY } }, .settled = true },
    { "leave/against-sleep", 2, 2, .script = { { WAIT_ALL, INTERRUPT(1) }, { HALT } } },
    { "leave/three-vcpus", 3, 3, .script = { { WAIT_ALL }, { WAIT_ALL }, LOOPS }, .settled = true },
    { "sleep/interrupt", 1, 2, .script = { { HALT }, { INTERRUPT(0), INTERRUPT(0) } } },
    { "sleep/interrupts-between-vcpus", 2, 2, .script = { { HALT, INTERRUPT(1) }, { INTERRUPT(0), HALT } } },
    { "sleep/work", 1, 2, .script = { { HALT }, { SEND(0, 1), WAIT_FOR(0, 2) } }, .items = { [1] = NOTHING, WAITED(NOBODY) } },
    { "work/two-threads", 1, 3, .script = { { DEVICE }, { { "run_on_cpu with the big lock", 0, 1 } }, { WAIT_FOR(0, 2) } }, .items = { [1] = WAITED(NOBODY), WAITED(NOBODY) } },
    { "work/crossing", 2, 3, .settled = true, .script = { LOOPS, LOOPS, { SEND(0, 1), SEND(1, 2) } },
      .items = { [1] = { .fn = "run_on_cpu", .arg = { 0, 1, 3 }, .waiter = NOBODY }, { .fn = "run_on_cpu", .arg = { 0, 0, 4 }, .waiter = NOBODY }, WAITED(0), WAITED(1) } },
    { "work/safe-crossing", 2, 3, .settled = true, .script = { { { "ask for a section", 0, 1 } }, { { "ask for a section", 1, 2 } }, { WAIT_FOR(0, 3) } },
      .items = { [1] = SAFE, SAFE, WAITED(NOBODY) } },
    { "work/safe-against-waiting", 2, 3, .settled = true, .script = { LOOPS, LOOPS, { SEND(0, 1), SEND(1, 2) } },
      .items = { [1] = { .fn = "run_on_cpu", .arg = { 0, 1, 3 }, .waiter = NOBODY }, SAFE, WAITED(0) } },
    { "work/section-from-function", 2, 3, .script = { { DEVICE }, { STEP }, { SEND(0, 1) } }, .items = { [1] = { .fn = "section", .waiter = NOBODY } } },
    { "pause/one-vcpu", 1, 2, .script = { { DEVICE, HALT }, { { "pause with the big lock", 0, 0 } } } },
    { "pause/two-pausers", 1, 3, .script = { LOOPS, { PAUSE }, { PAUSE } } },
    { "pause/two-vcpus", 2, 3, .settled = true, .script = { LOOPS, { STEP }, { PAUSE } } },
    { "pause/against-section", 1, 3, .script = { LOOPS, { SECTION_OF_ANY }, { PAUSE } } },
    { "pause/against-safe-work", 2, 3, .settled = true, .script = { { { "ask for a section", 0, 1 } }, LOOPS, { PAUSE } }, .items = { [1] = SAFE } },
    { "pause/work-while-paused", 1, 2, .script = { { HALT }, { SEND(0, 1), { "pause and ask", 0, 2 } } }, .items = { [1] = NOTHING, WAITED(NOBODY) } },
    { "pause/by-guest-code", 2, 3, .script = { { { "begin_pause", 0, 0 } }, LOOPS, { { "resume when paused", 0, 0 } } } },
    { "pause/by-function-that-others-wait-for", 2, 3, .settled = true, .script = { LOOPS, LOOPS, { SEND(1, 1), { "resume when paused", 0, 0 } } },
      .items = { [1] = { .fn = "run_on_cpu", .arg = { 0, 0, 2 }, .waiter = NOBODY }, { .fn = "begin_pause", .waited = true, .waiter = 1 } } },
};

/* Millions of states. */
static const Scenario large[] = {
    { "exclusive/three-vcpus", 3, 4, .script = { LOOPS, LOOPS, LOOPS, { SECTION_OF_ANY } } },
    { "exclusive/three-vcpus-step", 3, 3, .script = { { STEP }, { STEP }, { STEP } } },
    { "exclusive/three-vcpus-two-halted", 3, 4, .script = { LOOPS, LOOPS, LOOPS, { INTERRUPT(1), SECTION_OF_ANY } }, .halted = 1 },
    { "exclusive/two-owners", 2, 4, .script = { LOOPS, LOOPS, { SECTION_OF_ANY }, { SECTION_OF_ANY } } },
    { "work/crossing-asleep", 2, 3, .script = { { HALT }, { HALT }, { SEND(0, 1), SEND(1, 2) } },
      .items = { [1] = { .fn = "run_on_cpu", .arg = { 0, 1, 3 }, .waiter = NOBODY }, { .fn = "run_on_cpu", .arg = { 0, 0, 4 }, .waiter = NOBODY }, WAITED(0), WAITED(1) } },
    { "work/crossing-twice", 2, 3, .script = { LOOPS, LOOPS, { SEND(0, 1), SEND(1, 2), SEND(0, 5) } },
      .items = { [1] = { .fn = "run_on_cpu", .arg = { 0, 1, 3 }, .waiter = NOBODY }, { .fn = "run_on_cpu", .arg = { 0, 0, 4 }, .waiter = NOBODY }, WAITED(0), WAITED(1),
        { .fn = "run_on_cpu", .arg = { 0, 1, 6 }, .waiter = NOBODY }, WAITED(0) } },
    { "pause/three-vcpus", 3, 4, .script = { LOOPS, LOOPS, LOOPS, { PAUSE } }, .settled = true, .halted = 2 },
    { "leave/against-pause", 2, 3, .script = { { WAIT_ALL }, { STEP }, { PAUSE } }, .settled = true },
    { "work/three-vcpus-in-a-ring", 3, 4, .script = { LOOPS, LOOPS, LOOPS, { SEND(0, 1) } }, .settled = true, .halted = 2,
      .items = { [1] = { .fn = "run_on_cpu", .arg = { 0, 1, 2 }, .waiter = NOBODY }, { .fn = "run_on_cpu", .arg = { 0, 2, 3 }, .waited = true, .waiter = 0 },
                 { .fn = "run_on_cpu", .arg = { 0, 0, 4 }, .waited = true, .waiter = 1 }, WAITED(2) } },
    { "work/crossing-from-the-start", 2, 3, .script = { LOOPS, LOOPS, { SEND(0, 1), SEND(1, 2) } },
      .items = { [1] = { .fn = "run_on_cpu", .arg = { 0, 1, 3 }, .waiter = NOBODY }, { .fn = "run_on_cpu", .arg = { 0, 0, 4 }, .waiter = NOBODY }, WAITED(0), WAITED(1) } },
    { "work/safe-against-waiting-from-the-start", 2, 3, .script = { LOOPS, LOOPS, { SEND(0, 1), SEND(1, 2) } },
      .items = { [1] = { .fn = "run_on_cpu", .arg = { 0, 1, 3 }, .waiter = NOBODY }, SAFE, WAITED(0) } },
    { "pause/against-safe-work-from-the-start", 2, 3, .script = { { { "ask for a section", 0, 1 } }, LOOPS, { PAUSE } }, .items = { [1] = SAFE } },
    { "pause/two-vcpus-from-the-start", 2, 3, .script = { LOOPS, { STEP }, { PAUSE } } },
    { "work/safe-crossing-from-the-start", 2, 3, .script = { { { "ask for a section", 0, 1 } }, { { "ask for a section", 1, 2 } }, { WAIT_FOR(0, 3) } },
      .items = { [1] = SAFE, SAFE, WAITED(NOBODY) } },
    { "pause/by-function-that-others-wait-for-from-the-start", 2, 3, .script = { LOOPS, LOOPS, { SEND(1, 1), { "resume when paused", 0, 0 } } },
      .items = { [1] = { .fn = "run_on_cpu", .arg = { 0, 0, 2 }, .waiter = NOBODY }, { .fn = "begin_pause", .waited = true, .waiter = 1 } } },
    { "exclusive/vcpus-and-other-step-from-the-start", 2, 3, .script = { { STEP }, { STEP }, { SECTION_OF_ANY } } },
};

/* What is forbidden, or a step left out. */
static const Scenario mistakes[] = {
    { "section-with-big-lock", 1, 2, .script = { { DEVICE }, { { "section with the big lock", 0, 0 } } } },
    { "run-on-cpu-from-guest-code", 2, 2, .script = { { WAIT_FOR(1, 1) }, { STEP } }, .items = { [1] = WAITED(0) } },
    { "section-from-guest-code", 2, 2, .script = { { SECTION_OF_ANY }, { SECTION_OF_ANY } } },
    { "run-on-cpu-keeps-big-lock", 1, 2, .script = { { DEVICE }, { { "run_on_cpu with the big lock", 0, 1 } } }, .items = { [1] = WAITED(NOBODY) }, .mistake = "keep-big-lock" },
    { "pause-keeps-big-lock", 1, 2, .script = { { DEVICE }, { { "pause with the big lock", 0, 0 } } }, .mistake = "keep-big-lock" },
    { "no-fence-in-exec-start", 1, 2, .script = { LOOPS, { SECTION_OF_ANY } }, .mistake = "exec-start-fence" },
    { "no-fence-in-start-exclusive", 1, 2, .script = { LOOPS, { SECTION_OF_ANY } }, .mistake = "section-fence" },
    { "no-fence-in-end-exclusive", 1, 2, .script = { LOOPS, { SECTION_OF_ANY } }, .mistake = "end-fence" },
    { "exec-end-not-atomic", 1, 2, .script = { LOOPS, { SECTION_OF_ANY } }, .mistake = "exec-end-plain" },
    { "no-fence-in-park-begin", 1, 2, .script = { { HALT }, { SEND(0, 1) } }, .items = { [1] = NOTHING }, .mistake = "park-begin-fence" },
    { "wait-left-uncounted", 2, 2, .script = { { WAIT_ALL }, LOOPS }, .mistake = "wait-left-uncounted" },
    { "kick-before-push", 1, 2, .script = { { HALT }, { SEND(0, 1) } }, .items = { [1] = NOTHING }, .mistake = "kick-first" },
    { "wait-without-serving", 2, 3, .script = { LOOPS, LOOPS, { SEND(0, 1), SEND(1, 2) } },
      .items = { [1] = { .fn = "run_on_cpu", .arg = { 0, 1, 3 }, .waiter = NOBODY }, { .fn = "run_on_cpu", .arg = { 0, 0, 4 }, .waiter = NOBODY }, WAITED(0), WAITED(1) },
      .mistake = "wait-without-serving" },
    { "wake-up-taken-by-inner-wait", 2, 3, .script = { LOOPS, LOOPS, { SEND(0, 1), SEND(0, 5) } },
      .items = { [1] = { .fn = "run_on_cpu", .arg = { 0, 1, 3 }, .waiter = NOBODY }, [3] = WAITED(0),
        [5] = { .fn = "run_on_cpu", .arg = { 0, 1, 6 }, .waiter = NOBODY }, WAITED(0) }, .mistake = "keep-wake-up" },
    { "stop-without-telling", 1, 2, .script = { LOOPS, { PAUSE } }, .mistake = "tell-nobody" },
};

static void test_right(gconstpointer data)
{
    Result r = model_search(data, protocol, protocol_length);
    g_test_message("%" G_GUINT64_FORMAT " states, %u steps at most", r.states, r.depth);
    if (r.wrong)
        g_test_message("%s: %s", r.wrong, r.where);
    g_assert_cmpstr(r.wrong, ==, NULL);
}

static void test_mistake(gconstpointer data)
{
    Result r = model_search(data, protocol, protocol_length);
    g_test_message("found after %" G_GUINT64_FORMAT " states: %s: %s", r.states, r.wrong, r.where);
    g_assert_nonnull(r.wrong);
}

static void add(const Scenario *s, unsigned n, const char *prefix, void (*fn)(gconstpointer data))
{
    for (unsigned i = 0; i < n; i++) {
        g_autofree char *path = g_strdup_printf("/model/%s%s", prefix, s[i].name);
        g_test_add_data_func(path, &s[i], fn);
    }
}

int main(int argc, char **argv)
{
    bool want_large = argc > 1 && !strcmp(argv[1], "--large");
    g_test_init(&argc, &argv, NULL);
    if (want_large)
        add(large, G_N_ELEMENTS(large), "", test_right);
    else
        add(right, G_N_ELEMENTS(right), "", test_right);
    add(mistakes, G_N_ELEMENTS(mistakes), "finds/", test_mistake);
    return g_test_run();
}
