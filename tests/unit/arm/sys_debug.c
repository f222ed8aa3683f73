/* SPDX-License-Identifier: MIT */
/* Breakpoint and watchpoint registers: what they enable, what they flush, what matches. tests/insn/debug.S runs them. */
#include "target/arm/debug.h"
#include "tests/unit/arm/sys_fakes.h"

#define BVR(n) SYSREG_ENC(2, 0, 0, n, 4)
#define BCR(n) SYSREG_ENC(2, 0, 0, n, 5)
#define WVR(n) SYSREG_ENC(2, 0, 0, n, 6)
#define WCR(n) SYSREG_ENC(2, 0, 0, n, 7)
#define MDSCR SYSREG_ENC(2, 0, 0, 2, 2)
#define OSLAR SYSREG_ENC(2, 0, 1, 0, 4)
#define OSDLR SYSREG_ENC(2, 0, 1, 3, 4)
#define ADDR 0xffff800010001234ull

static void set(ArmCPU *cpu, uint32_t enc, uint64_t value) { g_assert_true(sys_msr(cpu, enc, value)); }

static ArmCPU *debugged(void)
{
    ArmCPU *cpu = sys_cpu("max");

    set(cpu, OSLAR, 0);
    set(cpu, MDSCR, MDSCR_MDE | MDSCR_KDE);
    cpu->env.pstate &= ~PSTATE_D;
    return cpu;
}

static bool has_flag(ArmCPU *cpu, uint64_t flag)
{
    uint64_t pc, flags;
    arm_get_block_state(&cpu->parent, &pc, &flags);
    return flags & flag;
}

static void test_break_flag(void)
{
    ArmCPU *cpu = debugged();

    g_assert_false(has_flag(cpu, BF_BREAK));
    set(cpu, BVR(2), ADDR);
    set(cpu, BCR(2), 1 | 1 << 1);
    g_assert_true(has_flag(cpu, BF_BREAK));
    g_assert_false(has_flag(cpu, BF_SLOW));
    cpu->env.pc = ADDR + 0x100; /* the same bit of the filter */
    g_assert_true(has_flag(cpu, BF_SLOW));
    g_assert_true(arm_breakpoint_matches(cpu, ADDR));
    g_assert_false(arm_breakpoint_matches(cpu, ADDR + 0x100));
    cpu->env.pstate |= PSTATE_D;
    g_assert_false(has_flag(cpu, BF_BREAK));
    g_assert_false(arm_breakpoint_matches(cpu, ADDR));
    cpu->env.pstate &= ~PSTATE_D;
    set(cpu, OSDLR, 1);
    g_assert_false(has_flag(cpu, BF_BREAK));
    set(cpu, OSDLR, 0);
    g_assert_true(has_flag(cpu, BF_BREAK));
    set(cpu, MDSCR, MDSCR_KDE);
    g_assert_false(has_flag(cpu, BF_BREAK));
}

static void test_break_types(void)
{
    ArmCPU *cpu = debugged();

    set(cpu, BVR(5), 0x77);
    set(cpu, BCR(5), 2 << 20 | 1 | 1 << 1); /* any instruction of a context */
    cpu->env.contextidr_el1 = 0x77;
    g_assert_true(arm_breakpoint_matches(cpu, ADDR));
    g_assert_cmphex(cpu->env.bp_filter[1], ==, ~0ull);
    g_assert_cmphex(cpu->env.bp_filter[0], ==, 0);
    cpu->env.contextidr_el1 = 0x76;
    g_assert_false(arm_breakpoint_matches(cpu, ADDR));
    set(cpu, BCR(5), 0);
    set(cpu, BVR(0), 0x76);
    set(cpu, BCR(0), 2 << 20 | 1 | 1 << 1); /* not context-aware */
    g_assert_false(arm_breakpoint_matches(cpu, ADDR));
    set(cpu, BVR(0), ADDR);
    for (unsigned type = 4; type < 16; type++) {
        set(cpu, BCR(0), type << 20 | 1 | 1 << 1);
        g_assert_false(arm_breakpoint_matches(cpu, ADDR));
    }
    set(cpu, BCR(0), 1 | 1 << 1 | 1 << 13); /* HMC: there is no EL2 */
    g_assert_false(arm_breakpoint_matches(cpu, ADDR));
    set(cpu, BCR(0), 1 | 1 << 1);
    g_assert_true(arm_breakpoint_matches(cpu, ADDR));
}

static void test_watch_flushes(void)
{
    ArmCPU *cpu = debugged();

    fake.flushes = 0;
    set(cpu, WVR(1), ADDR & ~7ull);
    g_assert_cmpuint(fake.flushes, ==, 0);
    set(cpu, WCR(1), 0xff << 5 | 3 << 3 | 1 << 1 | 1);
    g_assert_cmpuint(fake.flushes, ==, 1);
    g_assert_cmphex(fake.flush_va, ==, ADDR & ~0xfffull);
    g_assert_cmpuint(fake.flush_pages, ==, 1);
    g_assert_true(arm_page_watched(cpu, ADDR + 0x800));
    g_assert_false(arm_page_watched(cpu, ADDR + 0x1000));
    set(cpu, WVR(1), ADDR + 0x5000); /* the old page and the new */
    g_assert_cmpuint(fake.flushes, ==, 3);
    g_assert_true(arm_page_watched(cpu, ADDR + 0x5000));
    g_assert_false(arm_page_watched(cpu, ADDR));
    set(cpu, OSLAR, 1);
    g_assert_cmpuint(fake.flushes, ==, 4);
    g_assert_false(arm_page_watched(cpu, ADDR + 0x5000));
    set(cpu, OSLAR, 0);
    set(cpu, WCR(1), 14u << 24 | 0xff << 5 | 3 << 3 | 1 << 1 | 1);
    g_assert_cmpuint(fake.flush_pages, ==, 4);
    set(cpu, WCR(1), 2u << 24 | 0xff << 5 | 3 << 3 | 1 << 1 | 1); /* a reserved mask */
    g_assert_cmphex(cpu->env.watch_active, ==, 0);
}

static void store_16(ArmCPU *cpu, void *va)
{
    arm_check_watch(&cpu->parent, *(uint64_t *)va, 16, MMU_DATA_STORE, ARM_MMU_EL1, 0);
}

static void test_watch_far(void)
{
    ArmCPU *cpu = debugged();
    uint64_t va = (ADDR & ~7ull) - 8;

    set(cpu, WVR(0), ADDR & ~7ull);
    set(cpu, WCR(0), 0x30 << 5 | 2 << 3 | 1 << 1 | 1);
    g_assert_true(sys_leaves(cpu, store_16, &va));
    g_assert_cmphex(cpu->env.exc.syndrome, ==, ARM_SYN(EC_WATCH_LOWER, 0x62));
    g_assert_cmphex(cpu->env.exc.far, ==, va + 12);
    va -= 8;
    g_assert_false(sys_leaves(cpu, store_16, &va));
    va += 8;
    cpu->env.pstate |= PSTATE_D;
    g_assert_false(sys_leaves(cpu, store_16, &va));
}

static void test_step_syndrome(void)
{
    ArmCPU *cpu = debugged();

    cpu->env.step_iss = SS_ISV;
    set(cpu, MDSCR, MDSCR_KDE | MDSCR_SS); /* step was not active: what comes is not after a stepped instruction */
    g_assert_cmphex(cpu->env.step_iss, ==, 0);
    cpu->env.step_iss = SS_ISV;
    cpu->env.exc.syndrome = ARM_SYN(EC_SVC64, 0);
    arm_take_exception(cpu, 0, 0);
    g_assert_cmphex(cpu->env.step_iss, ==, 0);
}

void sys_add_debug_tests(void)
{
    g_test_add_func("/arm/debug/break-flag", test_break_flag);
    g_test_add_func("/arm/debug/break-types", test_break_types);
    g_test_add_func("/arm/debug/watch-flushes", test_watch_flushes);
    g_test_add_func("/arm/debug/watch-far", test_watch_far);
    g_test_add_func("/arm/debug/step-syndrome", test_step_syndrome);
}
