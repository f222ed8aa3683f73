/* SPDX-License-Identifier: MIT */
/* Exception entry, PSTATE and stack pointer banking, interrupts. */
#include "base/bits.h"
#include "tests/unit/arm/sys_fakes.h"

#define EL1H (1u << PSTATE_EL_SHIFT | PSTATE_SP)
#define DAIF (PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F)

static void test_entry_from_el0(void)
{
    ArmCPU *cpu = sys_cpu("max");
    CPUARMState *env = &cpu->env;

    env->sp = 0x1111;
    arm_set_pstate(cpu, PSTATE_N | PSTATE_C | PSTATE_DIT | PSTATE_SSBS | 2u << PSTATE_BTYPE_SHIFT); /* EL0t */
    g_assert_cmphex(env->sp_el[1], ==, 0x1111);
    env->sp = 0x2222;
    env->vbar_el1 = 0x80000;
    env->sctlr_el1 &= ~(1ull << 23); /* SPAN clear: PAN is set */
    env->exc.syndrome = ARM_SYN(EC_DABORT_LOWER, 0x45);
    env->exc.far = 0xdead;
    env->exc.far_valid = true;
    arm_take_exception(cpu, 0, 0x4000);
    g_assert_cmphex(env->pc, ==, 0x80400);
    g_assert_cmphex(env->elr_el1, ==, 0x4000);
    g_assert_cmphex(env->far_el1, ==, 0xdead);
    g_assert_cmphex(env->esr_el1, ==, ARM_SYN(EC_DABORT_LOWER, 0x45));
    g_assert_cmphex(env->spsr_el1, ==, PSTATE_N | PSTATE_C | PSTATE_DIT | PSTATE_SSBS | 2u << PSTATE_BTYPE_SHIFT);
    g_assert_cmphex(env->pstate, ==, EL1H | DAIF | PSTATE_PAN | PSTATE_DIT);
    g_assert_cmphex(env->sp, ==, 0x1111);
    g_assert_cmphex(env->sp_el[0], ==, 0x2222);
}

static void test_entry_from_el1(void)
{
    ArmCPU *cpu = sys_cpu("max");
    CPUARMState *env = &cpu->env;

    env->vbar_el1 = 0x1000;
    env->sctlr_el1 |= 1ull << 44; /* DSSBS */
    arm_set_pstate(cpu, EL1H | PSTATE_IL | PSTATE_SS | PSTATE_UAO);
    env->exc.syndrome = ARM_SYN(EC_IABORT_LOWER, 7);
    env->exc.far_valid = false;
    env->far_el1 = 0x77;
    arm_take_exception(cpu, 0, 4);
    g_assert_cmphex(env->pc, ==, 0x1200);
    g_assert_cmphex(env->esr_el1, ==, ARM_SYN(EC_IABORT_SAME, 7));
    g_assert_cmphex(env->far_el1, ==, 0x77);
    g_assert_cmphex(env->spsr_el1, ==, EL1H | PSTATE_IL | PSTATE_SS | PSTATE_UAO);
    g_assert_cmphex(env->pstate, ==, EL1H | DAIF | PSTATE_SSBS);
    arm_set_pstate(cpu, 1u << PSTATE_EL_SHIFT); /* EL1t: the vectors at offset 0 */
    arm_take_exception(cpu, 0x180, 4);
    g_assert_cmphex(env->pc, ==, 0x1180);
}

static void test_svc_clears_btype(void)
{
    ArmCPU *cpu = sys_cpu("max");

    arm_set_pstate(cpu, 1u << PSTATE_BTYPE_SHIFT);
    cpu->env.exc.syndrome = ARM_SYN(EC_SVC64, 0);
    arm_take_exception(cpu, 0, 4);
    g_assert_cmphex(cpu->env.spsr_el1, ==, 0);
}

static void test_features_mask_pstate(void)
{
    ArmCPU *cpu = sys_cpu("cortex-a53");

    arm_set_pstate(cpu, EL1H | PSTATE_PAN | PSTATE_UAO | PSTATE_DIT | PSTATE_SSBS | PSTATE_BTYPE | PSTATE_TCO | PSTATE_Z);
    g_assert_cmphex(arm_get_spsr(&cpu->env), ==, EL1H | PSTATE_Z);
    for (uint32_t f = 0; f < 16; f++)
        g_assert_cmphex(arm_nzcv_to_arch(arm_nzcv_from_arch(f << 28)), ==, f << 28);
}

static void test_interrupts(void)
{
    ArmCPU *cpu = sys_cpu("max");
    CPUState *cs = &cpu->parent;

    g_assert_false(arm_has_work(cs));
    arm_cpu_set_irq(cs, ARM_LINE_IRQ, true);
    g_assert_true(arm_has_work(cs));
    g_assert_cmphex(cs->interrupt_request & CPU_INTERRUPT_HARD, ==, CPU_INTERRUPT_HARD);
    g_assert_false(arm_do_interrupt(cs, cs->interrupt_request)); /* masked after reset */
    cs->exit_request = 0;
    arm_set_pstate(cpu, PSTATE_F);
    g_assert_cmpuint(cs->exit_request, ==, CPU_EXIT_SETTLE);
    cpu->env.pc = 0x5000;
    cpu->env.esr_el1 = 0x99;
    g_assert_true(arm_do_interrupt(cs, cs->interrupt_request));
    g_assert_cmphex(cpu->env.pc, ==, 0x480);
    g_assert_cmphex(cpu->env.elr_el1, ==, 0x5000);
    g_assert_cmphex(cpu->env.esr_el1, ==, 0x99);
    arm_cpu_set_irq(cs, ARM_LINE_FIQ, true);
    arm_set_pstate(cpu, 0);
    g_assert_true(arm_do_interrupt(cs, cs->interrupt_request)); /* FIQ before IRQ */
    g_assert_cmphex(cpu->env.pc, ==, 0x500);
    arm_cpu_set_irq(cs, ARM_LINE_FIQ, false);
    arm_cpu_set_irq(cs, ARM_LINE_IRQ, false);
    g_assert_false(arm_has_work(cs));
    g_assert_cmphex(cs->interrupt_request, ==, 0);
    arm_set_pstate(cpu, 0);
    g_assert_false(arm_do_interrupt(cs, 0));
    arm_cpu_set_irq(cs, ARM_LINE_IRQ, true);
    cpu->power = ARM_POWER_OFF;
    g_assert_false(arm_has_work(cs));
    arm_cpu_set_irq(cs, ARM_LINE_IRQ, false);
}

static void raise_pc_align(ArmCPU *cpu, void *arg)
{
    uint64_t far = 0x1234;
    arm_raise_sync(cpu, ARM_SYN(EC_PC_ALIGN, 0), &far, 0);
}

static void test_raise_and_do_exception(void)
{
    ArmCPU *cpu = sys_cpu("max");

    cpu->env.pc = 0x1234;
    g_assert_true(sys_leaves(cpu, raise_pc_align, NULL));
    g_assert_cmpint(cpu->parent.exception_index, ==, ARM_EXCP_SYNC);
    arm_do_exception(&cpu->parent);
    g_assert_cmpint(cpu->parent.exception_index, ==, -1);
    g_assert_cmphex(cpu->env.far_el1, ==, 0x1234);
    g_assert_cmphex(cpu->env.elr_el1, ==, 0x1234);
    g_assert_cmphex(cpu->env.pc, ==, 0x200);
}

void sys_add_exception_tests(void)
{
    g_test_add_func("/arm/exception/from-el0", test_entry_from_el0);
    g_test_add_func("/arm/exception/from-el1", test_entry_from_el1);
    g_test_add_func("/arm/exception/svc-clears-btype", test_svc_clears_btype);
    g_test_add_func("/arm/exception/pstate-by-features", test_features_mask_pstate);
    g_test_add_func("/arm/exception/interrupts", test_interrupts);
    g_test_add_func("/arm/exception/raise", test_raise_and_do_exception);
}
