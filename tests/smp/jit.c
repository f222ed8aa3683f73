/* SPDX-License-Identifier: MIT */
/*
 * Code that one vCPU rewrites while others run it.
 *
 * Patch: one instruction within an aligned word is replaced while it is being run, without any agreement: a branch (Arm ARM B2.2.5
 * lets B be replaced by B; on x86 it is an aligned store of 8 bytes). A call must get what one of the targets returns, not an
 * older one than had been published when the call was prepared (the caller synchronises after it has read what is published), and none
 * that has not been written yet.
 *
 * Body: a function that crosses a page is written anew, all of it, between two handshakes; after the architecture's rules for the
 * writer and ISB or a serialising instruction for the caller, all of it must be the new one.
 *
 * Neighbours: two writers rewrite functions in one page, each for a vCPU of its own that runs them.
 */
#include "smp.h"

#define TARGETS 64u
#define TARGET_BYTES 16u

static uint64_t deadline;
static uint64_t calls[SMP_MAX_CPUS], rewrites;

/* ---- patch ---- */
static char *patch_page;                     /* a branch, then the targets */
static struct { unsigned starting ALIGNED(CACHE_LINE), published ALIGNED(CACHE_LINE), over; } patch;

static void write_branch(char *at, const char *target)
{
#ifdef __aarch64__
    __atomic_store_n((uint32_t *)at, 0x14000000u | (uint32_t)((target - at) / 4), __ATOMIC_RELAXED);
#else
    __atomic_store_n((uint64_t *)at, 0xcccccc00000000e9u | (uint64_t)(uint32_t)(target - at - 5) << 8, __ATOMIC_RELAXED);
#endif
}

static char *patch_target(unsigned n) { return patch_page + 1024 + n % TARGETS * TARGET_BYTES; }

static void patch_writer(void)
{
    unsigned n = 0;
    while (smp_ticks() < deadline || n < 100) {
        n++;
        __atomic_store_n(&patch.starting, n, __ATOMIC_RELEASE);
        write_branch(patch_page, patch_target(n));
        smp_code_written(patch_page, 8);
        __atomic_store_n(&patch.published, n, __ATOMIC_RELEASE);
        rewrites++;
        if (n % 256 == 0)
            smp_relax();
    }
    __atomic_store_n(&patch.over, 1, __ATOMIC_RELEASE);
}

/* The n in from .. to that target value stands for. */
static bool in_range(unsigned value, unsigned from, unsigned to)
{
    return to - from >= TARGETS || (value - from) % TARGETS <= to - from;
}

static void patch_caller(unsigned cpu)
{
    while (!__atomic_load_n(&patch.over, __ATOMIC_ACQUIRE)) {
        unsigned from = __atomic_load_n(&patch.published, __ATOMIC_ACQUIRE);
        smp_code_sync();
        uint32_t got = ((uint32_t (*)(void))patch_page)();
        unsigned to = __atomic_load_n(&patch.starting, __ATOMIC_ACQUIRE);
        CHECK(got < TARGETS && in_range(got, from, to));
        calls[cpu]++;
    }
}

static void patch_loop(unsigned cpu)
{
    if (cpu == 0)
        patch_writer();
    else
        patch_caller(cpu);
}

static void test_patch(void)
{
    patch_page = smp_pages(1);
    for (unsigned n = 0; n < TARGETS; n++)
        smp_write_return(patch_target(n), n);
    write_branch(patch_page, patch_target(0));
    smp_code_written(patch_page, PAGE);
    smp_run(smp_cpus, patch_loop);
}

/* ---- body ---- */
#define BODY_ADDS 32u
static char *body;                           /* its middle is at a page's start */
static struct { unsigned round ALIGNED(CACHE_LINE), ready ALIGNED(CACHE_LINE), value; } handshake;

/* A function that returns BODY_ADDS times value; value < 128. Its length. */
static size_t write_body(char *at, uint32_t value)
{
#ifdef __aarch64__
    uint32_t *p = (uint32_t *)at;
    *p++ = 0x52800000u;                              /* movz w0, #0 */
    for (unsigned i = 0; i < BODY_ADDS; i++)
        *p++ = 0x11000000u | value << 10;            /* add w0, w0, #value */
    *p++ = 0xd65f03c0u;                              /* ret */
    return (size_t)((char *)p - at);
#else
    uint8_t *p = (uint8_t *)at;
    *p++ = 0x31;                                     /* xor %eax, %eax */
    *p++ = 0xc0;
    for (unsigned i = 0; i < BODY_ADDS; i++) {
        *p++ = 0x83;                                 /* add $value, %eax */
        *p++ = 0xc0;
        *p++ = (uint8_t)value;
    }
    *p++ = 0xc3;                                     /* ret */
    return (size_t)(p - (uint8_t *)at);
#endif
}

static void body_writer(void)
{
    unsigned others = smp_cpus - 1;
    for (unsigned round = 1; smp_ticks() < deadline || round < 100; round++) {
        handshake.value = (uint32_t)smp_random() & 127;
        smp_code_written(body, write_body(body, handshake.value));
        rewrites++;
        __atomic_store_n(&handshake.ready, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&handshake.round, round, __ATOMIC_RELEASE);
        SPIN_UNTIL(__atomic_load_n(&handshake.ready, __ATOMIC_ACQUIRE) == others);
    }
    __atomic_store_n(&handshake.round, ~0u, __ATOMIC_RELEASE);
}

static void body_caller(unsigned cpu)
{
    for (unsigned seen = 0, round;; seen = round) {
        SPIN_UNTIL((round = __atomic_load_n(&handshake.round, __ATOMIC_ACQUIRE)) != seen);
        if (round == ~0u)
            return;
        smp_code_sync();
        for (unsigned i = 0; i < 4; i++)
            CHECK(((uint32_t (*)(void))body)() == BODY_ADDS * handshake.value);
        calls[cpu] += 4;
        __atomic_fetch_add(&handshake.ready, 1, __ATOMIC_ACQ_REL);
    }
}

static void body_loop(unsigned cpu)
{
    if (cpu == 0)
        body_writer();
    else
        body_caller(cpu);
}

static void test_body(void)
{
    body = (char *)smp_pages(2) + PAGE - BODY_ADDS / 2 * 4;
    smp_run(smp_cpus, body_loop);
}

/* ---- neighbours: writers 0 and 1, callers 2 and 3 ---- */
static char *shared_page;
static struct { unsigned published ALIGNED(CACHE_LINE), starting, over; } pair[2];

static void neighbour_writer(unsigned n)
{
    char *at = shared_page + n * 8;
    for (unsigned v = 1; smp_ticks() < deadline || v < 100; v = v % 60000 + 1) {
        __atomic_store_n(&pair[n].starting, v, __ATOMIC_RELEASE);
        smp_write_return(at, v);
        smp_code_written(at, RETURN_CODE_BYTES);
        __atomic_store_n(&pair[n].published, v, __ATOMIC_RELEASE);
        __atomic_fetch_add(&rewrites, 1, __ATOMIC_RELAXED);
    }
    __atomic_store_n(&pair[n].over, 1, __ATOMIC_RELEASE);
}

/* The writer goes on meanwhile, which is the architecture's limit: what a call got is one of the values, no older than was published. */
static void neighbour_caller(unsigned n, unsigned cpu)
{
    unsigned last = 0;
    while (!__atomic_load_n(&pair[n].over, __ATOMIC_ACQUIRE)) {
        unsigned from = __atomic_load_n(&pair[n].published, __ATOMIC_ACQUIRE);
        smp_code_sync();
        unsigned got = ((uint32_t (*)(void))(shared_page + n * 8))(), to = __atomic_load_n(&pair[n].starting, __ATOMIC_ACQUIRE);
        CHECK(from > to || (got >= from && got <= to));
        CHECK(got <= 60000);
        last = got;
        calls[cpu]++;
    }
    CHECK(last || !calls[cpu]);
}

static void neighbour_loop(unsigned cpu)
{
    if (cpu < 2)
        neighbour_writer(cpu);
    else
        neighbour_caller(cpu - 2, cpu);
}

static void test_neighbours(void)
{
    shared_page = smp_pages(1);
    for (unsigned n = 0; n < 2; n++) {
        smp_write_return(shared_page + n * 8, 1);
        pair[n].starting = pair[n].published = 1;
    }
    smp_code_written(shared_page, 16);
    smp_run(4, neighbour_loop);
}

static void run(const char *name, void (*fn)(void))
{
    uint64_t sum = 0;
    rewrites = 0;
    for (unsigned i = 0; i < SMP_MAX_CPUS; i++)
        calls[i] = 0;
    deadline = smp_deadline();
    test_begin(name);
    fn();
    for (unsigned i = 0; i < smp_cpus; i++)
        sum += calls[i];
    note("%s: %lu rewrites, %lu calls", name, rewrites, sum);
    CHECK(rewrites > 0);
    test_end();
}

void smp_main(void)
{
    run("a branch is patched under way", test_patch);
    run("a function across two pages is written anew", test_body);
    if (smp_cpus >= 4)
        run("neighbours in one page", test_neighbours);
}
