/* SPDX-License-Identifier: MIT */
/*
 * Code that is rewritten, or dropped for want of room, while other vCPUs run it. Forbidden outcomes are named at each test.
 *
 * A writer changes code and then says so: flag = k. A reader that has read flag and then runs the code must find change k or a
 * later one. That is what both architectures ask for once their ceremony is over (x86: a serialising instruction; Arm: DSB, ISB);
 * the toy guest has no ceremony, so the translator may not need it either.
 */
#include "tests/unit/exec/toy.h"

#define RWX (PROT_R | PROT_W | PROT_X)
#define CODE(pa, ...) toy_code((pa), (const uint32_t[]){ __VA_ARGS__ }, sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4)
#define TIMEOUT_US 100000000
#define N_CPUS 4
#define START(i) (0x1000u * ((i) + 1)) /* each vCPU's own code */
#define SHARED 0x10000u                /* code that changes */
#define FLAG(i) (0x50000u + 64 * (i))
#define TABLE 0x600000u
#define BULK 0x100000u                 /* code that does not fit the buffer */
#define BULK_END 0x500000u

static ToyCPU *c[N_CPUS];
static bool single;

static void start_at(CPUState *cpu, void *data)
{
    ToyCPU *t = (ToyCPU *)cpu;
    t->pc = (uintptr_t)data;
    t->flags = TOY_KERNEL;
    t->fault_va = ~0ull;
    mmu_flush(cpu, ~0u);
    __atomic_store_n(&cpu->halted, false, __ATOMIC_SEQ_CST);
}

static void start(unsigned i) { run_on_cpu(&c[i]->parent, start_at, (void *)(uintptr_t)START(i)); }
static bool is_halted(unsigned i) { return __atomic_load_n(&c[i]->parent.halted, __ATOMIC_SEQ_CST); }

static void wait_halted(unsigned first, unsigned last)
{
    for (unsigned i = first; i <= last; i++) {
        for (int us = 0; !is_halted(i); us += 200) {
            g_assert_cmpint(us, <, TIMEOUT_US);
            g_usleep(200);
        }
        g_assert_cmphex(c[i]->fault_va, ==, ~0ull);
    }
}

static void run_all(void)
{
    for (unsigned i = 0; i < N_CPUS; i++)
        start(i);
    wait_halted(0, N_CPUS - 1);
}

static void fresh(void)
{
    toy_unmap_all();
    for (uint64_t pa = 0; pa < TOY_RAM_SIZE; pa += 0x100000)
        toy_map(pa, pa, 20, RWX, true, 0);
    static const uint8_t zero[TOY_RAM_SIZE];
    address_space_write(&address_space_memory, 0, MEMTXATTRS_NONE, zero, sizeof zero);
    for (unsigned i = 0; i < N_CPUS; i++)
        memset(c[i]->r, 0, sizeof c[i]->r);
}

static int words_to(uint64_t from, uint64_t to) { return (int)((int64_t)(to - from) / 4); }

/* ---- readers and writers ---- */
/* vCPU i calls fn until the flag that it has read before is last. r9 = 1: fn had set r5 to less than the flag. */
static void reader(unsigned i, uint64_t flag, uint64_t fn, unsigned last)
{
    uint64_t at = START(i);
    CODE(at, TOY(TOY_LUI, 1, 0, flag >> 16), TOY(TOY_ADD, 1, 1, flag & 0xffff), TOY(TOY_LI, 8, 0, last), TOY(TOY_LD, 6, 1, 0),
         TOY(TOY_BL, 7, 0, words_to(at + 16, fn)), TOY(TOY_BLT, 5, 6, 4), TOY(TOY_ADD, 10, 10, 1), TOY(TOY_BNE, 6, 8, -4), TOY(TOY_HLT, 0, 0, 0),
         TOY(TOY_LI, 9, 0, 1), TOY(TOY_HLT, 0, 0, 0));
}

/* vCPU i makes r5 = 1, 2, ... last of the instruction at fn. */
static void writer(unsigned i, uint64_t flag, uint64_t fn, unsigned last)
{
    uint32_t li = TOY(TOY_LI, 5, 0, 0);
    CODE(fn, li, TOY(TOY_RET, 7, 0, 0));
    CODE(START(i), TOY(TOY_LUI, 1, 0, flag >> 16), TOY(TOY_ADD, 1, 1, flag & 0xffff), TOY(TOY_LUI, 2, 0, fn >> 16), TOY(TOY_ADD, 2, 2, fn & 0xffff),
         TOY(TOY_LI, 3, 0, li & 0xffff), TOY(TOY_LUI, 3, 0, li >> 16), TOY(TOY_LI, 8, 0, last), TOY(TOY_ADD, 4, 4, 1), TOY(TOY_ADD, 3, 3, 1),
         TOY(TOY_ST32, 3, 2, 0), TOY(TOY_ST, 4, 1, 0), TOY(TOY_BNE, 4, 8, -4), TOY(TOY_HLT, 0, 0, 0));
}

static void check_readers(unsigned first, unsigned last)
{
    for (unsigned i = first; i <= last; i++) {
        g_assert_cmpuint(c[i]->r[9], ==, 0);
        g_assert_cmpuint(c[i]->r[10], >, 0);
    }
}

/* Two vCPUs rewrite neighbouring functions of one page while two others run them. Forbidden: an old function after its flag. */
static void test_neighbours(void)
{
    unsigned n = single ? 300 : 3000;
    fresh();
    for (unsigned i = 0; i < 2; i++) {
        writer(i, FLAG(i), SHARED + 16 * i, n);
        reader(2 + i, FLAG(i), SHARED + 16 * i, n);
    }
    run_all();
    check_readers(2, 3);
}

/* One vCPU rewrites, three run. */
static void test_one_writer(void)
{
    unsigned n = single ? 300 : 3000;
    fresh();
    writer(0, FLAG(0), SHARED, n);
    for (unsigned i = 1; i < N_CPUS; i++)
        reader(i, FLAG(0), SHARED, n);
    run_all();
    check_readers(1, N_CPUS - 1);
}

/* A device rewrites code and sets the flag. Forbidden: as above. */
static void test_dma(void)
{
    enum { N = 1000 };
    fresh();
    CODE(SHARED, TOY(TOY_LI, 5, 0, 0), TOY(TOY_RET, 7, 0, 0));
    for (unsigned i = 0; i < N_CPUS; i++) {
        reader(i, FLAG(0), SHARED, N);
        start(i);
    }
    for (uint64_t k = 1; k <= N; k++) {
        CODE(SHARED, TOY(TOY_LI, 5, 0, k));
        address_space_write(&address_space_memory, FLAG(0), MEMTXATTRS_NONE, &k, sizeof k);
        if (k % 64 == 0)
            g_usleep(100);
    }
    wait_halted(0, N_CPUS - 1);
    check_readers(0, N_CPUS - 1);
}

/* Two instructions, r5 = k and r6 = k, are replaced by one aligned store of eight bytes. Forbidden: r5 != r6. */
static void test_eight_bytes(void)
{
    unsigned n = single ? 500 : 20000;
    fresh();
    uint64_t pair = (uint64_t)TOY(TOY_LI, 6, 0, 0) << 32 | TOY(TOY_LI, 5, 0, 0);
    for (uint64_t k = 0; k < n; k++)
        stq_le_p(toy_ram + TABLE + 8 * k, pair + (k + 1) + ((k + 1) << 32));
    CODE(SHARED, (uint32_t)pair, (uint32_t)(pair >> 32), TOY(TOY_RET, 7, 0, 0));
    CODE(START(0), TOY(TOY_LUI, 1, 0, TABLE >> 16), TOY(TOY_LUI, 2, 0, SHARED >> 16), TOY(TOY_LI, 8, 0, n), TOY(TOY_LD, 3, 1, 0), TOY(TOY_ADD, 1, 1, 8),
         TOY(TOY_ADD, 4, 4, 1), TOY(TOY_ST, 3, 2, 0), TOY(TOY_BNE, 4, 8, -4), TOY(TOY_HLT, 0, 0, 0));
    for (unsigned i = 1; i < N_CPUS; i++)
        CODE(START(i), TOY(TOY_LI, 8, 0, n), TOY(TOY_BL, 7, 0, words_to(START(i) + 4, SHARED)), TOY(TOY_BNE, 5, 6, 4), TOY(TOY_ADD, 10, 10, 1),
             TOY(TOY_BNE, 5, 8, -3), TOY(TOY_HLT, 0, 0, 0), TOY(TOY_LI, 9, 0, 1), TOY(TOY_HLT, 0, 0, 0));
    run_all();
    check_readers(1, N_CPUS - 1);
}

/*
 * An instruction lies across two pages: the low byte of its immediate on the first, the rest on the second, which is rewritten.
 * Forbidden: an old one after its flag.
 */
static void test_second_page(void)
{
    enum { N = 250 };
    const uint64_t fn = SHARED + 0xfff;
    uint32_t li = TOY(TOY_LI, 5, 0, 0), ret = TOY(TOY_RET, 7, 0, 0), tail = li >> 8 | ret << 24;
    for (unsigned round = 0; round < (single ? 1 : 8); round++) {
        fresh();
        address_space_write(&address_space_memory, fn, MEMTXATTRS_NONE, &li, 4);
        address_space_write(&address_space_memory, fn + 4, MEMTXATTRS_NONE, &ret, 4);
        CODE(START(0), TOY(TOY_LUI, 1, 0, 5), TOY(TOY_LUI, 2, 0, (fn + 1) >> 16), TOY(TOY_ADD, 2, 2, (fn + 1) & 0xffff), TOY(TOY_LI, 3, 0, tail & 0xffff),
             TOY(TOY_LUI, 3, 0, tail >> 16), TOY(TOY_LI, 8, 0, N << 8), TOY(TOY_ADD, 4, 4, 256), TOY(TOY_ADD, 3, 3, 1), TOY(TOY_ST32, 3, 2, 0),
             TOY(TOY_ST, 4, 1, 0), TOY(TOY_BNE, 4, 8, -4), TOY(TOY_HLT, 0, 0, 0));
        for (unsigned i = 1; i < N_CPUS; i++)
            CODE(START(i), TOY(TOY_LUI, 1, 0, 5), TOY(TOY_LI, 2, 0, fn & 0xffff), TOY(TOY_LUI, 2, 0, fn >> 16), TOY(TOY_LI, 8, 0, N << 8),
                 TOY(TOY_LI, 7, 0, START(i) + 28), TOY(TOY_LD, 6, 1, 0), TOY(TOY_JR, 2, 0, 0), TOY(TOY_BLT, 5, 6, 4), TOY(TOY_ADD, 10, 10, 1),
                 TOY(TOY_BNE, 6, 8, -4), TOY(TOY_HLT, 0, 0, 0), TOY(TOY_LI, 9, 0, 1), TOY(TOY_HLT, 0, 0, 0));
        run_all();
        check_readers(1, N_CPUS - 1);
    }
}

/* ---- room ---- */
static TBStats stats(void)
{
    TBStats s;
    tb_get_stats(&s);
    return s;
}

static void fill_bulk(void)
{
    for (uint64_t pa = BULK; pa < BULK_END; pa += 0x100)
        CODE(pa, TOY(TOY_ADD, 5, 5, 1), TOY(TOY_ADD, 2, 2, 0x100), TOY(TOY_BNE, 2, 3, 2), TOY(TOY_HLT, 0, 0, 0), TOY(TOY_JR, 2, 0, 0));
}

/* vCPU i runs all of it from start on. */
static void bulk_runner(unsigned i, uint64_t start)
{
    CODE(START(i), TOY(TOY_LUI, 2, 0, start >> 16), TOY(TOY_LUI, 3, 0, BULK_END >> 16), TOY(TOY_JR, 2, 0, 0));
}

static uint64_t bulk_blocks(uint64_t start) { return (BULK_END - start) / 0x100; }

/* Three vCPUs run more code than the buffer holds; one goes round in a loop and never comes out by itself. Forbidden: that they wait for it. */
static void test_room_beside_a_loop(void)
{
    const uint64_t one = 1;
    fresh();
    fill_bulk();
    uint64_t retired = stats().retired;
    CODE(START(0), TOY(TOY_LUI, 1, 0, 5), TOY(TOY_LI, 8, 0, 1), TOY(TOY_LD, 6, 1, 0), TOY(TOY_ADD, 10, 10, 1), TOY(TOY_BNE, 6, 8, -2), TOY(TOY_HLT, 0, 0, 0));
    start(0);
    for (unsigned i = 1; i < N_CPUS; i++) {
        bulk_runner(i, BULK + 0x10000 * i);
        start(i);
    }
    wait_halted(1, N_CPUS - 1);
    g_assert_cmpuint(stats().retired, >, retired);
    address_space_write(&address_space_memory, FLAG(0), MEMTXATTRS_NONE, &one, sizeof one);
    wait_halted(0, 0);
    for (unsigned i = 1; i < N_CPUS; i++)
        g_assert_cmpuint(c[i]->r[5], ==, bulk_blocks(BULK + 0x10000 * i));
}

static void request_flush(CPUState *cpu, void *data) { tb_flush_request(cpu); }

/* All vCPUs run more code than the buffer holds, while a device rewrites it (with what is there) and everything is emptied now and then. Forbidden: a block that runs twice or not at all. */
static void test_everything(void)
{
    uint32_t seed = 1;
    fresh();
    fill_bulk();
    for (unsigned i = 0; i < N_CPUS; i++) {
        bulk_runner(i, BULK + 0x10000 * i);
        start(i);
    }
    for (unsigned n = 0; !is_halted(0) || !is_halted(1) || !is_halted(2) || !is_halted(3); n++) {
        seed = seed * 1664525 + 1013904223;
        CODE(BULK + (seed >> 8) % (BULK_END - BULK) / 0x100 * 0x100, TOY(TOY_ADD, 5, 5, 1));
        if (n % 64 == 0)
            g_usleep(100);
        if (n % 4096 == 0)
            run_on_cpu(&c[n / 4096 % N_CPUS]->parent, request_flush, NULL);
    }
    wait_halted(0, N_CPUS - 1);
    for (unsigned i = 0; i < N_CPUS; i++)
        g_assert_cmpuint(c[i]->r[5], ==, bulk_blocks(BULK + 0x10000 * i));
}

static void set_flags(ToyCPU *t, uint64_t a, uint64_t imm)
{
    t->flags = TOY_KERNEL | (a & 1023) << 8;
}

/* All vCPUs go through more sets of block flags than there are numbers for them. */
static void test_flag_numbers(void)
{
    unsigned n = single ? 300 : 700;
    fresh();
    toy_hook = set_flags;
    uint64_t stops = stats().stops;
    for (unsigned i = 0; i < N_CPUS; i++) {
        CODE(START(i), TOY(TOY_LI, 8, 0, n), TOY(TOY_ADD, 5, 5, 1), TOY(TOY_HOOK, 5, 0, 0), TOY(TOY_SVC, 0, 0, 0), TOY(TOY_BNE, 5, 8, -3), TOY(TOY_HLT, 0, 0, 0));
        c[i]->svcs = 0;
    }
    run_all();
    for (unsigned i = 0; i < N_CPUS; i++) {
        g_assert_cmpuint(c[i]->r[5], ==, n);
        g_assert_cmpint(c[i]->svcs, ==, (int)n);
    }
    g_assert_cmpuint(stats().stops, >, stops);
}

/* A device rewrites code of which nothing is running. Forbidden: that vCPUs which run other code are made to leave it. */
static void test_nobody_is_disturbed(void)
{
    const uint64_t one = 1;
    fresh();
    for (unsigned i = 0; i < N_CPUS; i++) {
        CODE(START(i), TOY(TOY_BL, 7, 0, words_to(START(i), SHARED)), TOY(TOY_LUI, 1, 0, 5), TOY(TOY_LI, 8, 0, 1), TOY(TOY_LD, 6, 1, 0), TOY(TOY_ADD, 10, 10, 1),
             TOY(TOY_BNE, 6, 8, -2), TOY(TOY_HLT, 0, 0, 0));
        CODE(SHARED, TOY(TOY_LI, 5, 0, 1), TOY(TOY_RET, 7, 0, 0));
        start(i);
        g_usleep(2000);
    }
    uint64_t before = stats().invalidations;
    unsigned disturbed = 0;
    CODE(SHARED, TOY(TOY_LI, 5, 0, 2));
    for (unsigned i = 0; i < N_CPUS && !single; i++)
        disturbed += __atomic_load_n(&c[i]->parent.exit_request, __ATOMIC_SEQ_CST) != 0;
    address_space_write(&address_space_memory, FLAG(0), MEMTXATTRS_NONE, &one, sizeof one);
    wait_halted(0, N_CPUS - 1);
    g_assert_cmpuint(stats().invalidations, >, before);
    g_assert_cmpuint(disturbed, ==, 0);
}

int main(int argc, char **argv)
{
    single = toy_single(&argc, &argv);
    g_test_init(&argc, &argv, NULL);
    toy_start(c, N_CPUS, 1 << 20, single);
    g_test_add_func("/exec/code/one-writer", test_one_writer);
    g_test_add_func("/exec/code/neighbours-on-a-page", test_neighbours);
    g_test_add_func("/exec/code/device-writes", test_dma);
    g_test_add_func("/exec/code/eight-bytes-at-once", test_eight_bytes);
    g_test_add_func("/exec/code/second-page", test_second_page);
    g_test_add_func("/exec/code/room-beside-a-loop", test_room_beside_a_loop);
    g_test_add_func("/exec/code/room-and-rewriting", test_everything);
    g_test_add_func("/exec/code/flag-numbers-run-out", test_flag_numbers);
    g_test_add_func("/exec/code/invalidation-disturbs-nobody", test_nobody_is_disturbed);
    return toy_run_tests();
}
