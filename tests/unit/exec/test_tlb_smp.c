/* SPDX-License-Identifier: MIT */
/*
 * TLB maintenance between vCPUs on threads of their own (or, with --single, in turn on one).
 *
 * vCPU 0 makes the flushes. Forbidden: that an access by an old mapping happens, on any vCPU, after vCPU 0's barrier; that barriers
 * and exclusive sections wait for each other for ever; that a vCPU which does not run guest code is waited for or woken.
 */
#include "tests/unit/exec/toy.h"

#define RWX (PROT_R | PROT_W | PROT_X)
#define CODE(pa, ...) toy_code((pa), (const uint32_t[]){ __VA_ARGS__ }, sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4)
#define TIMEOUT_US 60000000
#define N_CPUS 4
#define PAGE 0x700000u       /* the page that moves ... */
#define FRAME(n) (0x400000u + ((n) & 7) * 0x1000) /* ... from frame to frame */
#define STOP 0x50000u        /* nonzero: everybody ends */
#define POISON 0xdeadull
#define ROUNDS 500

static ToyCPU *c[N_CPUS];
static bool single;
static int stale, blocked, go_on, sections; /* (a) */

static void start_at(CPUState *cpu, void *data)
{
    ToyCPU *t = (ToyCPU *)cpu;
    t->pc = (uintptr_t)data;
    t->fault_va = ~0ull;
    __atomic_store_n(&cpu->halted, false, __ATOMIC_SEQ_CST);
}

static bool is_halted(unsigned i) { return __atomic_load_n(&c[i]->parent.halted, __ATOMIC_SEQ_CST); }

static void wait_until(bool (*done)(unsigned), unsigned arg)
{
    for (int us = 0; !done(arg); us += 200) {
        g_assert_cmpint(us, <, TIMEOUT_US);
        g_usleep(200);
    }
}

static void start(unsigned i, uint64_t pc)
{
    run_on_cpu(&c[i]->parent, start_at, (void *)(uintptr_t)pc);
}

static void wait_all_halted(void)
{
    for (unsigned i = 0; i < N_CPUS; i++) {
        wait_until(is_halted, i);
        g_assert_cmphex(c[i]->fault_va, ==, ~0ull);
    }
}

static void flush_now(CPUState *cpu, void *data) { mmu_flush(cpu, ~0u); }

static void fresh(void)
{
    toy_unmap_all();
    for (uint64_t pa = 0; pa < TOY_RAM_SIZE; pa += 0x100000)
        toy_map(pa, pa, 20, RWX, true, 0);
    toy_map(PAGE, FRAME(0), 12, RWX, true, 0);
    for (unsigned i = 0; i < N_CPUS; i++) {
        run_on_cpu(&c[i]->parent, flush_now, NULL);
        memset(c[i]->r, 0, sizeof c[i]->r);
    }
    memset(toy_ram, 0, TOY_RAM_SIZE);
    stale = blocked = go_on = 0;
}

/* ---- the page that moves ---- */
static uint64_t *frame_word(unsigned n, unsigned word) { return (uint64_t *)(toy_ram + FRAME(n)) + word; }

/* vCPU 0, before the flush of round n: the page moves from frame n to frame n + 1. */
static void before_flush(unsigned n)
{
    for (unsigned word = 0; word < N_CPUS; word++)
        __atomic_store_n(frame_word(n + 1, word), 0, __ATOMIC_RELAXED);
    toy_remap(PAGE, FRAME(n + 1));
}

/* After it: nobody can tell that frame n is poisoned, nor write to it. */
static void after_flush(unsigned n)
{
    for (unsigned word = 0; word < N_CPUS; word++) {
        __atomic_store_n(frame_word(n, word), POISON, __ATOMIC_SEQ_CST);
        if (n >= 4)
            stale += __atomic_load_n(frame_word(n - 4, word), __ATOMIC_SEQ_CST) != POISON;
    }
}

static void move_hook(ToyCPU *cpu, uint64_t n, uint64_t when)
{
    if (when)
        after_flush((unsigned)n);
    else
        before_flush((unsigned)n);
}

/* r4 = 0.. is moved in; the others load word 0 of the page (poison ends them with r9 = 1) and store to a word each. */
static void move_code(void)
{
    CODE(0x1000, TOY(TOY_LUI, 1, 0, PAGE >> 16), TOY(TOY_LI, 8, 0, ROUNDS), TOY(TOY_LUI, 6, 0, STOP >> 16),
         TOY(TOY_HOOK, 4, 0, 0), TOY(TOY_TLBI, 1, 0, 0), TOY(TOY_HOOK, 4, 0, 1), TOY(TOY_ADD, 4, 4, 1), TOY(TOY_BNE, 4, 8, -4),
         TOY(TOY_ST, 8, 6, 0), TOY(TOY_HLT, 0, 0, 0));
    for (unsigned i = 1; i < N_CPUS; i++) {
        CODE(0x1000 + i * 0x1000, TOY(TOY_LUI, 1, 0, PAGE >> 16), TOY(TOY_LI, 2, 0, POISON), TOY(TOY_LUI, 6, 0, STOP >> 16), TOY(TOY_LI, 7, 0, i),
             TOY(TOY_LD, 3, 1, 0), TOY(TOY_BLT, 3, 2, 3), TOY(TOY_LI, 9, 0, 1), TOY(TOY_HLT, 0, 0, 0),
             TOY(TOY_ST, 7, 1, i * 8), TOY(TOY_ADD, 10, 10, 1), TOY(TOY_LD, 5, 6, 0), TOY(TOY_BNE, 5, 0, 2), TOY(TOY_B, 0, 0, -8), TOY(TOY_HLT, 0, 0, 0));
    }
}

static void test_no_stale_access(void)
{
    fresh();
    toy_hook = move_hook;
    move_code();
    for (unsigned i = N_CPUS; i--;)
        start(i, 0x1000 + i * 0x1000);
    wait_all_halted();
    g_assert_cmpint(stale, ==, 0);
    for (unsigned i = 1; i < N_CPUS; i++)
        g_assert_cmpuint(c[i]->r[9], ==, 0);
}

/* ---- storms ---- */
static void count_section(CPUState *cpu, void *data)
{
    CPU_FOREACH (other)
        g_assert_cmpuint(__atomic_load_n(&other->running, __ATOMIC_SEQ_CST), ==, 0);
    sections++;
}

static bool have_sections(unsigned n) { return __atomic_load_n(&sections, __ATOMIC_SEQ_CST) >= (int)n; }

/* Everybody flushes and waits for everybody, while exclusive sections come from a vCPU's queue, from step_atomic and from outside. */
static void test_storm(void)
{
    enum { N = 100 };
    fresh();
    sections = 0;
    for (unsigned i = 0; i < N_CPUS; i++) {
        CODE(0x1000 + i * 0x1000, TOY(TOY_LUI, 1, 0, PAGE >> 16), TOY(TOY_LI, 8, 0, N), TOY(TOY_LUI, 2, 0, 6), TOY(TOY_ADD, 2, 2, 0xffc),
             TOY(TOY_TLBI, 1, 0, 0), TOY(TOY_LD, 3, 1, 0), TOY(TOY_ATOM, 3, 2, 1), TOY(TOY_ADD, 4, 4, 1), TOY(TOY_BNE, 4, 8, -4), TOY(TOY_HLT, 0, 0, 0));
        start(i, 0x1000 + i * 0x1000);
    }
    for (unsigned n = 0; n < 10; n++) {
        async_safe_run_on_cpu(&c[n % N_CPUS]->parent, count_section, NULL);
        start_exclusive();
        g_usleep(50);
        end_exclusive();
    }
    wait_all_halted();
    wait_until(have_sections, 10);
    g_assert_cmpuint(ldq_le_p(toy_ram + 0x60ffc), ==, N_CPUS * N);
}

/* Pauses and resumes hit vCPUs wherever they wait. */
static void test_storm_paused(void)
{
    fresh();
    for (unsigned i = 0; i < N_CPUS; i++) {
        CODE(0x1000 + i * 0x1000, TOY(TOY_LUI, 1, 0, PAGE >> 16), TOY(TOY_LI, 8, 0, 300), TOY(TOY_TLBI, 1, 0, 0), TOY(TOY_ADD, 4, 4, 1), TOY(TOY_BNE, 4, 8, -2),
             TOY(TOY_HLT, 0, 0, 0));
        start(i, 0x1000 + i * 0x1000);
    }
    for (unsigned n = 0; n < 10; n++) {
        bql_lock();
        pause_all_vcpus();
        g_assert_true(all_vcpus_paused());
        resume_all_vcpus();
        bql_unlock();
    }
    wait_all_halted();
}

/* ---- who is waited for ---- */
static void block_hook(ToyCPU *cpu, uint64_t a, uint64_t imm)
{
    __atomic_store_n(&blocked, 1, __ATOMIC_SEQ_CST);
    while (!__atomic_load_n(&go_on, __ATOMIC_SEQ_CST))
        g_usleep(100);
}

static bool is_blocked(unsigned arg) { return __atomic_load_n(&blocked, __ATOMIC_SEQ_CST); }
static bool gave_way(unsigned i) { return __atomic_load_n(&c[i]->parent.spin.ended_ns, __ATOMIC_SEQ_CST) != 0; }
static bool has_two_waiters(unsigned i) { return __atomic_load_n(&c[i]->parent.leave_waiters, __ATOMIC_SEQ_CST) == 2; }

/*
 * vCPU 1 is in guest code, and in a helper: vCPU 0's barrier sleeps until it comes back. vCPU 2 waits for it at the same time.
 * Having kept them asleep, vCPU 1 gives way for a moment, and then goes on.
 */
static void test_waits_for_running(void)
{
    fresh();
    toy_hook = block_hook;
    CODE(0x1000, TOY(TOY_LUI, 1, 0, PAGE >> 16), TOY(TOY_TLBI, 1, 0, 0), TOY(TOY_LI, 9, 0, 7), TOY(TOY_HLT, 0, 0, 0));
    CODE(0x2000, TOY(TOY_LUI, 6, 0, STOP >> 16), TOY(TOY_HOOK, 0, 0, 0), TOY(TOY_LD, 5, 6, 0), TOY(TOY_BNE, 5, 0, 2), TOY(TOY_B, 0, 0, -2),
         TOY(TOY_HLT, 0, 0, 0));
    c[1]->parent.spin.ended_ns = 0;
    start(1, 0x2000);
    wait_until(is_blocked, 0);
    start(0, 0x1000);
    start(2, 0x1000);
    wait_until(has_two_waiters, 1);
    g_assert_false(is_halted(0) || is_halted(2));
    g_assert_cmpuint(c[0]->parent.running + c[2]->parent.running, ==, 0);
    go_on = 1;
    wait_until(is_halted, 0);
    wait_until(is_halted, 2);
    wait_until(gave_way, 1);
    __atomic_store_n((uint64_t *)(toy_ram + STOP), 1, __ATOMIC_SEQ_CST);
    wait_all_halted();
    g_assert_cmpuint(c[0]->r[9] + c[2]->r[9], ==, 14);
}

/* vCPUs that are halted neither hear of flushes nor delay them. */
static void test_leaves_idle_alone(void)
{
    fresh();
    uint64_t applied = c[2]->parent.mmu->applied, tail = tlb_log_tail();
    CODE(0x1000, TOY(TOY_LUI, 1, 0, PAGE >> 16), TOY(TOY_LI, 8, 0, 100), TOY(TOY_TLBI, 1, 0, 0), TOY(TOY_ADD, 4, 4, 1), TOY(TOY_BNE, 4, 8, -2),
         TOY(TOY_HLT, 0, 0, 0));
    start(0, 0x1000);
    wait_until(is_halted, 0);
    g_assert_cmpuint(tlb_log_tail() - tail, ==, 100);
    g_assert_cmpuint(c[2]->parent.mmu->applied, ==, applied);
    g_assert_cmpuint(c[2]->parent.exit_request & CPU_EXIT_SETTLE, ==, 0);
}

int main(int argc, char **argv)
{
    single = toy_single(&argc, &argv);
    g_test_init(&argc, &argv, NULL);
    toy_start(c, N_CPUS, 4 << 20, single);
    g_test_add_func("/exec/tlb/no-stale-access", test_no_stale_access);
    g_test_add_func("/exec/tlb/storm", test_storm);
    g_test_add_func("/exec/tlb/storm-paused", test_storm_paused);
    if (!single)
        g_test_add_func("/exec/tlb/waits-for-running", test_waits_for_running);
    g_test_add_func("/exec/tlb/leaves-idle-alone", test_leaves_idle_alone);
    return toy_run_tests();
}
