/* SPDX-License-Identifier: MIT */
/*
 * The harness of the litmus tests.
 *
 * A batch is many independent instances of one test, in arrays: all threads walk them in the same random order, with nothing
 * between two instances that orders memory, so that an instance's accesses are in flight when the next one's begin. What brings
 * the threads together is loose: two meet before a batch, so that both are on a host core; every few instances each looks where the
 * others are and waits for those behind, then a few random turns of nothing. All that waiting is bounded: the host may be busy.
 * After a barrier each thread counts the outcomes of a part of the instances.
 *
 * Each test runs on plain memory, and for fewer rounds with one location's accesses on slow paths: on pages that hold translated
 * code (stores are helper calls) and on watched pages (loads are, too).
 */
#include "litmus.h"

#ifndef ROUNDS
#define ROUNDS 100000u
#endif
#define SLOW_ROUNDS (ROUNDS / 10)
#define MORE_ROUNDS 20u      /* how many times as many until SEEN is given up */
#define PATIENCE 100000u    /* polls in a batch */
#define MEETING_US 1000u    /* how long one waits for the other before a batch; for SEEN so many times as long */
#define SEEN_LONGER 50u

#define INSTANCES 4096u     /* a power of two */
#define CHUNK 8u
#define CELL 64u            /* an instance's location is at the start of a cell; at CODE_AT within a page's first is a function */
#define SLOW_CELL 16u
#define CODE_AT 8u
#define WATCHES 4u

typedef enum Place { PLAIN, CODE_X, CODE_Y, WATCH_X, WATCH_Y, N_PLACES } Place;
static const char *const place_names[] = { "", ", x among code", ", y among code", ", x on watched pages", ", y on watched pages" };

static char *location[3];                                   /* x, y and z: INSTANCES cells */
static uint32_t *result[LITMUS_THREADS];
static struct { unsigned at; } ALIGNED(CACHE_LINE) progress[LITMUS_THREADS];
static Barrier barrier;

/* The run in progress, constant while threads are in it. */
static const Litmus *test;
static Place place;
static unsigned instances, cell_bytes, batches;
static uint64_t meeting_ticks;
static struct { unsigned word; } ALIGNED(CACHE_LINE) meeting[2];
static struct { uint32_t start, stride; } order[2];         /* of this batch and the next */
static uint64_t hits;

static uint32_t *cell(unsigned loc, uint32_t i) { return (uint32_t *)(location[loc] + i * cell_bytes); }

static void waste_time(unsigned turns)
{
    for (unsigned i = 0; i < turns; i++)
        __asm__ volatile("");
}

/* Waits for the others to come to instance i, while there is patience. */
static void come_together(unsigned t, unsigned i, unsigned *patience)
{
    __atomic_store_n(&progress[t].at, i, __ATOMIC_RELAXED);
    for (unsigned other = 0; other < test->n; other++) {
        while (*patience && __atomic_load_n(&progress[other].at, __ATOMIC_RELAXED) < i)
            --*patience;
    }
}

/* Threads 0 and 1 answer each other a few times, which only those can that run now. */
static void meet(unsigned t, unsigned batch)
{
    uint64_t limit = smp_ticks() + meeting_ticks;
    if (test->n != 2)
        return;
    for (unsigned word = batch * 16 + 1; word < batch * 16 + 8; word++) {
        __atomic_store_n(&meeting[t].word, word, __ATOMIC_RELAXED);
        while ((int)(__atomic_load_n(&meeting[!t].word, __ATOMIC_RELAXED) - word) < 0) {
            if (smp_ticks() > limit)
                return;
        }
    }
}

static void walk(unsigned t, uint32_t start, uint32_t stride)
{
    uint32_t (*thread)(uint32_t *, uint32_t *, uint32_t *) = test->thread[t];
    unsigned patience = PATIENCE;
    uint64_t chance = smp_random();
    for (unsigned n = 0; n < instances; n++) {
        uint32_t i = (start + n * stride) & (instances - 1);
        if (n % CHUNK == 0) {
            come_together(t, n, &patience);
            chance = chance * 6364136223846793005u + 1442695040888963407u;
            waste_time((unsigned)(chance >> 59));
        }
        result[t][i] = thread(cell(0, i), cell(1, i), cell(2, i));
    }
    __atomic_store_n(&progress[t].at, instances, __ATOMIC_RELAXED);
}

/* Thread t's part of the instances: their outcomes are counted, their locations 0 again. */
static void count(unsigned t)
{
    uint64_t n = 0;
    for (uint32_t i = t; i < instances; i += test->n) {
        uint32_t r = 0;
        for (unsigned k = 0; k < test->n; k++)
            r |= result[k][i];
        n += test->condition(r & 0xff, r >> 8 & 0xff, r >> 16 & 0xff, r >> 24, *cell(0, i), *cell(1, i), *cell(2, i));
        for (unsigned k = 0; k < 3; k++)
            __atomic_store_n(cell(k, i), 0, __ATOMIC_RELAXED);
    }
    __atomic_fetch_add(&hits, n, __ATOMIC_RELAXED);
}

/* The functions among the location's cells are run, so that their pages hold translated code. */
static void run_code(unsigned loc)
{
    for (unsigned at = 0; at < instances * cell_bytes; at += PAGE)
        CHECK(((uint32_t (*)(void))(location[loc] + at + CODE_AT))() == at / PAGE);
}

static void watch(unsigned loc)
{
    char *at[WATCHES];
    for (unsigned i = 0; i < WATCHES; i++)
        at[i] = location[loc] + i * PAGE + CODE_AT;
    litmus_watch(at, WATCHES);
}

static void new_order(unsigned batch)
{
    uint64_t r = smp_random();
    order[batch & 1].start = (uint32_t)r;
    order[batch & 1].stride = (uint32_t)(r >> 32) | 1;
}

static void run_thread(unsigned t)
{
    if (place == WATCH_X || place == WATCH_Y)
        watch(place - WATCH_X);
    barrier_wait(&barrier, test->n);
    for (unsigned batch = 0; batch < batches; batch++) {
        if (place == CODE_X || place == CODE_Y)
            run_code(place - CODE_X);
        if (t == 0)
            new_order(batch + 1);
        barrier_wait(&barrier, test->n);
        meet(t, batch);
        walk(t, order[batch & 1].start, order[batch & 1].stride);
        barrier_wait(&barrier, test->n);
        count(t);
        __atomic_store_n(&progress[t].at, 0, __ATOMIC_RELAXED);
    }
    litmus_watch(NULL, 0);
}

/* Runs about so many rounds; returns how many met the condition. */
static uint64_t run(const Litmus *l, Place p, uint64_t rounds)
{
    test = l;
    place = p;
    cell_bytes = p == PLAIN ? CELL : SLOW_CELL;
    instances = p == PLAIN ? INSTANCES : WATCHES * PAGE / SLOW_CELL;
    meeting_ticks = MEETING_US * smp_ticks_per_ms() / 1000 * (l->verdict == SEEN ? SEEN_LONGER : 1);
    meeting[0].word = meeting[1].word = 0;
    batches = (unsigned)((rounds + instances - 1) / instances);
    hits = 0;
    new_order(0);
    smp_run(l->n, run_thread);
    return hits;
}

static void note_hits(const Litmus *l, Place p, uint64_t n)
{
    if (n)
        note("%s%s: %s%lu of %lu", l->name, place_names[p], l->verdict == NEVER ? "FORBIDDEN " : "", n, (uint64_t)batches * instances);
}

static void check_test(const Litmus *l)
{
    static const char *const verdicts[] = { "never", "allowed", "seen" };
    uint64_t plain = 0;
    test_begin(l->name);
    for (Place p = PLAIN; p < N_PLACES; p++) {
        uint64_t n = run(l, p, p == PLAIN ? ROUNDS : SLOW_ROUNDS);
        for (unsigned again = 0; p == PLAIN && l->verdict == SEEN && !n && again < MORE_ROUNDS; again++)
            n = run(l, p, ROUNDS);
        note_hits(l, p, n);
        CHECK(l->verdict != NEVER || n == 0);
        plain = p == PLAIN ? n : plain;
    }
#ifdef STRICT
    CHECK(l->verdict != SEEN || plain > 0);
#endif
    if (l->verdict == SEEN && !plain)
        note("%s: not met; either threads do not run at the same time, or the harness is too tame", l->name);
    test_end_as(verdicts[l->verdict]);
}

static void prepare(void)
{
    for (unsigned k = 0; k < 3; k++) {
        location[k] = smp_pages(INSTANCES * CELL / PAGE);
        for (unsigned at = 0; at < INSTANCES * CELL; at += PAGE)
            smp_write_return(location[k] + at + CODE_AT, at / PAGE);
        smp_code_written(location[k], INSTANCES * CELL);
    }
    for (unsigned t = 0; t < LITMUS_THREADS; t++)
        result[t] = smp_pages(INSTANCES * sizeof(uint32_t) / PAGE);
}

void smp_main(void)
{
    prepare();
    for (unsigned i = 0; i < litmus_count; i++) {
        if (litmus_table[i].n <= smp_cpus)
            check_test(&litmus_table[i]);
    }
}
