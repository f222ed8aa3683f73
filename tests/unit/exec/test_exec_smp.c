/* SPDX-License-Identifier: MIT */
/*
 * Two vCPUs on their own threads (or, with --single, in turn on one): flushes that cross, code that one writes and the other
 * runs, and a code buffer that both fill. Forbidden outcomes are named at each test.
 */
#include "tests/unit/exec/toy.h"

#define RWX (PROT_R | PROT_W | PROT_X)
#define CODE(pa, ...) toy_code((pa), (const uint32_t[]){ __VA_ARGS__ }, sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4)
#define TIMEOUT_US 60000000

static ToyCPU *c[2];

static void start_at(CPUState *cpu, void *data)
{
    ToyCPU *t = (ToyCPU *)cpu;
    t->pc = (uintptr_t)data;
    t->fault_va = ~0ull;
    mmu_flush(cpu, ~0u);
    __atomic_store_n(&cpu->halted, false, __ATOMIC_SEQ_CST);
}

static bool both_halted(void)
{
    return __atomic_load_n(&c[0]->parent.halted, __ATOMIC_SEQ_CST) && __atomic_load_n(&c[1]->parent.halted, __ATOMIC_SEQ_CST);
}

static void wait_halted(void)
{
    for (int us = 0; !both_halted(); us += 500) {
        g_assert_cmpint(us, <, TIMEOUT_US);
        g_usleep(500);
    }
}

/* Code at 0x1000 runs on vCPU 0 and code at 0x2000 on vCPU 1, until both halt. */
static void run_both(void)
{
    run_on_cpu(&c[0]->parent, start_at, (void *)0x1000);
    run_on_cpu(&c[1]->parent, start_at, (void *)0x2000);
    wait_halted();
    for (int i = 0; i < 2; i++)
        g_assert_cmphex(c[i]->fault_va, ==, ~0ull);
}

static void fresh(void)
{
    toy_unmap_all();
    for (uint64_t pa = 0; pa < TOY_RAM_SIZE; pa += 0x100000)
        toy_map(pa, pa, 20, RWX, true, 0);
    memset(toy_ram, 0, TOY_RAM_SIZE);
    for (int i = 0; i < 2; i++)
        memset(c[i]->r, 0, sizeof c[i]->r);
}

/* vCPU 0 reads a page through a mapping that vCPU 1 has replaced and flushed. Forbidden: it sees what vCPU 1 wrote to the old page afterwards. */
static void test_cross_flush(void)
{
    for (int i = 0; i < 20; i++) {
        fresh();
        toy_map(0x700000, 0x30000, 12, RWX, true, 0);
        stq_le_p(toy_ram + 0x31000, 2);
        /* Reads 0 at first; 2 in the new page; 1 is forbidden. */
        CODE(0x1000, TOY(TOY_LUI, 1, 0, 0x70), TOY(TOY_LI, 2, 0, 2), TOY(TOY_LD, 3, 1, 0), TOY(TOY_LD, 3, 1, 0), TOY(TOY_BNE, 3, 0, 2),
             TOY(TOY_B, 0, 0, -3), TOY(TOY_HLT, 0, 0, 0));
        /* Flushes until vCPU 0's mapping has been replaced (by the test), then writes 1 to the old page. */
        CODE(0x2000, TOY(TOY_LUI, 1, 0, 0x70), TOY(TOY_LUI, 2, 0, 3), TOY(TOY_LI, 5, 0, 1), TOY(TOY_TLBI, 1, 0, 0), TOY(TOY_LD, 3, 1, 0),
             TOY(TOY_BNE, 3, 0, 2), TOY(TOY_B, 0, 0, -3), TOY(TOY_TLBI, 1, 0, 0), TOY(TOY_ST, 5, 2, 0), TOY(TOY_HLT, 0, 0, 0));
        run_on_cpu(&c[0]->parent, start_at, (void *)0x1000);
        run_on_cpu(&c[1]->parent, start_at, (void *)0x2000);
        g_usleep(i * 100);
        toy_map(0x700000, 0x31000, 12, RWX, true, 0);
        wait_halted();
        g_assert_cmpuint(c[0]->r[3], ==, 2);
    }
}

/*
 * vCPU 1 rewrites an instruction (r5 = k) and then says so (flag = k), for k = 1, 2, ... vCPU 0 reads the flag and then runs the
 * instruction. Forbidden: r5 < flag.
 */
static void test_cross_modifying(void)
{
    enum { N = 4000 };
    fresh();
    uint32_t li = TOY(TOY_LI, 5, 0, 0);
    CODE(0x40000, li, TOY(TOY_JR, 7, 0, 0));
    CODE(0x1000, TOY(TOY_LUI, 1, 0, 5), TOY(TOY_LUI, 2, 0, 4), TOY(TOY_LI, 7, 0, 0x1018), TOY(TOY_LI, 8, 0, N), /* flag, code, return address */
         TOY(TOY_LD, 6, 1, 0), TOY(TOY_JR, 2, 0, 0),
         TOY(TOY_BLT, 5, 6, 4), TOY(TOY_ADD, 10, 10, 1), TOY(TOY_BNE, 6, 8, -4), TOY(TOY_HLT, 0, 0, 0), TOY(TOY_LI, 9, 0, 1), TOY(TOY_HLT, 0, 0, 0));
    CODE(0x2000, TOY(TOY_LUI, 1, 0, 5), TOY(TOY_LUI, 2, 0, 4), TOY(TOY_LI, 3, 0, li & 0xffff), TOY(TOY_LUI, 3, 0, li >> 16), TOY(TOY_LI, 8, 0, N),
         TOY(TOY_ADD, 4, 4, 1), TOY(TOY_ADD, 3, 3, 1), TOY(TOY_ST32, 3, 2, 0), TOY(TOY_ST, 4, 1, 0), TOY(TOY_BNE, 4, 8, -4), TOY(TOY_HLT, 0, 0, 0));
    run_both();
    g_assert_cmpuint(c[0]->r[9], ==, 0);
    g_assert_cmpuint(c[0]->r[5], ==, N);
    g_assert_cmpuint(c[0]->r[10], >, 0);
}

/* Both add to words that are aligned, misaligned within a cache line, across lines and across pages. Forbidden: an addition is lost. */
static void test_atomics(void)
{
    enum { N = 300 };
    fresh();
    for (int i = 0; i < 2; i++)
        CODE(0x1000 + i * 0x1000, TOY(TOY_LUI, 1, 0, 5), TOY(TOY_ADD, 2, 1, 0xffc), TOY(TOY_ADD, 5, 1, 0x31), TOY(TOY_ADD, 6, 1, 0x7d),
             TOY(TOY_LI, 4, 0, N), TOY(TOY_ATOM, 3, 1, 1), TOY(TOY_ATOM, 3, 2, 1), TOY(TOY_ATOM, 3, 5, 1), TOY(TOY_ATOM, 3, 6, 1),
             TOY(TOY_ADD, 4, 4, -1), TOY(TOY_BNE, 4, 0, -5), TOY(TOY_HLT, 0, 0, 0));
    run_both();
    g_assert_cmpuint(ldq_le_p(toy_ram + 0x50000), ==, 2 * N);
    g_assert_cmpuint(ldq_le_p(toy_ram + 0x50ffc), ==, 2 * N);
    g_assert_cmpuint(ldq_le_p(toy_ram + 0x50031), ==, 2 * N);
    g_assert_cmpuint(ldq_le_p(toy_ram + 0x5007d), ==, 2 * N);
}

/*
 * A stack of nodes, linked through their first word; the second is 1 while a vCPU has the node. Both pop two, X and Y, then push X,
 * then Y. A pop that the other vCPU's pops and first push come into finds the head as it was, and its next pointer, Y, stale:
 * it must fail. Forbidden: r9, a node was popped that somebody has; afterwards, another number of nodes on the stack.
 */
static void put_stack_code(uint64_t pc, uint64_t head, unsigned rounds)
{
    CODE(pc, TOY(TOY_LUI, 1, 0, head >> 16), TOY(TOY_LI, 4, 0, rounds), TOY(TOY_LI, 8, 0, 1),
         TOY(TOY_LI, 14, 0, pc + 20), TOY(TOY_B, 0, 0, 14), TOY(TOY_ADD, 10, 2, 0), TOY(TOY_LI, 14, 0, pc + 32), TOY(TOY_B, 0, 0, 11),
         TOY(TOY_ADD, 11, 2, 0), TOY(TOY_ADD, 2, 10, 0), TOY(TOY_LI, 14, 0, pc + 48), TOY(TOY_B, 0, 0, 20), TOY(TOY_ADD, 2, 11, 0),
         TOY(TOY_LI, 14, 0, pc + 60), TOY(TOY_B, 0, 0, 17), TOY(TOY_ADD, 4, 4, -1), TOY(TOY_BNE, 4, 0, -13), TOY(TOY_HLT, 0, 0, 0),
         /* 18: pop r2, with some time between load and store */
         TOY(TOY_LDX, 2, 1, 0), TOY(TOY_BNE, 2, 0, 2), TOY(TOY_B, 0, 0, -2), TOY(TOY_LD, 3, 2, 0), TOY(TOY_LI, 12, 0, 40), TOY(TOY_ADD, 12, 12, -1),
         TOY(TOY_BNE, 12, 0, -1), TOY(TOY_STX, 3, 1, 0), TOY(TOY_BNE, 15, 0, -8), TOY(TOY_LD, 7, 2, 8), TOY(TOY_BNE, 7, 0, 9),
         TOY(TOY_ST, 8, 2, 8), TOY(TOY_JR, 14, 0, 0),
         /* 31: push r2 */
         TOY(TOY_ST, 0, 2, 8), TOY(TOY_LDX, 3, 1, 0), TOY(TOY_ST, 3, 2, 0), TOY(TOY_STX, 2, 1, 0), TOY(TOY_BNE, 15, 0, -3), TOY(TOY_JR, 14, 0, 0),
         TOY(TOY_LI, 9, 0, 1), TOY(TOY_HLT, 0, 0, 0));
}

static void test_stack(void)
{
    enum { N = 4000, NODES = 3, HEAD = 0x50000, NODE = 0x60000 };
    unsigned n = 0;
    fresh();
    for (uint64_t i = 0; i < NODES; i++)
        stq_le_p(toy_ram + NODE + i * 64, i + 1 < NODES ? NODE + (i + 1) * 64 : 0);
    stq_le_p(toy_ram + HEAD, NODE);
    put_stack_code(0x1000, HEAD, N);
    put_stack_code(0x2000, HEAD, N);
    run_both();
    for (uint64_t p = ldq_le_p(toy_ram + HEAD); p && n <= NODES; p = ldq_le_p(toy_ram + p))
        n++;
    g_assert_cmpuint(n, ==, NODES);
    for (int i = 0; i < 2; i++) {
        g_assert_cmpuint(c[i]->r[9], ==, 0);
        g_assert_cmpuint(c[i]->r[4], ==, 0);
    }
}

/* Both run more code than the buffer holds. */
static void test_overflow(void)
{
    fresh();
    TBStats before, after;
    tb_get_stats(&before);
    for (uint64_t pa = 0x100000; pa < 0x500000; pa += 0x100)
        CODE(pa, TOY(TOY_ADD, 5, 5, 1), TOY(TOY_ADD, 2, 2, 0x100), TOY(TOY_BNE, 2, 3, 2), TOY(TOY_HLT, 0, 0, 0), TOY(TOY_JR, 2, 0, 0));
    CODE(0x1000, TOY(TOY_LUI, 2, 0, 0x10), TOY(TOY_LUI, 3, 0, 0x50), TOY(TOY_JR, 2, 0, 0));
    CODE(0x2000, TOY(TOY_LUI, 2, 0, 0x18), TOY(TOY_LUI, 3, 0, 0x50), TOY(TOY_JR, 2, 0, 0));
    run_both();
    g_assert_cmpuint(c[0]->r[5], ==, 0x4000);
    g_assert_cmpuint(c[1]->r[5], ==, 0x3800);
    tb_get_stats(&after);
    g_assert_cmpuint(after.retired, >, before.retired);
}

int main(int argc, char **argv)
{
    bool single = toy_single(&argc, &argv);
    g_test_init(&argc, &argv, NULL);
    toy_start(c, 2, 1 << 20, single);
    g_test_add_func("/exec/smp/cross-flush", test_cross_flush);
    g_test_add_func("/exec/smp/cross-modifying-code", test_cross_modifying);
    g_test_add_func("/exec/smp/atomics", test_atomics);
    g_test_add_func("/exec/smp/exclusive-stack", test_stack);
    g_test_add_func("/exec/smp/buffer-overflow", test_overflow);
    return toy_run_tests();
}
