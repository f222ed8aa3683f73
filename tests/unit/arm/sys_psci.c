/* SPDX-License-Identifier: MIT */
/* PSCI calls between two vCPUs whose work queues the test runs by hand. */
#include "base/bits.h"
#include "cpus/runstate.h"
#include "target/arm/psci.h"
#include "tests/unit/arm/sys_fakes.h"

#define CPU_ON64 0xc4000003u
#define AFFINITY_INFO64 0xc4000004u

static int64_t call(ArmCPU *cpu, uint64_t fn, uint64_t x1, uint64_t x2, uint64_t x3)
{
    cpu->env.x[0] = fn;
    cpu->env.x[1] = x1;
    cpu->env.x[2] = x2;
    cpu->env.x[3] = x3;
    g_assert_true(arm_psci_call(cpu));
    return (int64_t)cpu->env.x[0];
}

static void suspend(ArmCPU *cpu, void *arg)
{
    arm_psci_call(cpu);
}

static void test_queries(void)
{
    ArmCPU *cpu = sys_cpu("max");

    g_assert_cmpint(call(cpu, 0x84000000, 0, 0, 0), ==, 0x10001);
    g_assert_cmpint(call(cpu, 0x84000006, 0, 0, 0), ==, 2);
    g_assert_cmpint(call(cpu, 0x8400000a, CPU_ON64, 0, 0), ==, 0);
    g_assert_cmpint(call(cpu, 0x8400000a, 0x80000000, 0, 0), ==, 0);
    g_assert_cmpint(call(cpu, 0x8400000a, 0x84000005, 0, 0), ==, -1); /* MIGRATE */
    g_assert_cmpint(call(cpu, 0x80000000, 0, 0, 0), ==, 0x10001);
    cpu->env.x[0] = 0xc4000001; /* CPU_SUSPEND waits for an interrupt */
    g_assert_true(sys_leaves(cpu, suspend, NULL));
    g_assert_true(cpu->parent.halted);
    g_assert_cmpint((int64_t)cpu->env.x[0], ==, 0);
    arm_cpu_set_irq(&cpu->parent, ARM_LINE_IRQ, true);
    g_assert_true(arm_has_work(&cpu->parent));
    g_assert_cmpint(call(cpu, 0xc4000001, 0, 0, 0), ==, 0); /* pending: it does not wait */
    arm_cpu_set_irq(&cpu->parent, ARM_LINE_IRQ, false);
    cpu->env.x[0] = 0x12345;
    g_assert_false(arm_psci_call(cpu));
    g_assert_cmphex(cpu->env.x[0], ==, ~0ull);
}

static void off(ArmCPU *cpu, void *arg)
{
    call(cpu, *(uint32_t *)arg, 0, 0, 0);
}

static void test_on_off(void)
{
    ArmCPU *first = sys_cpu("max"), *second = sys_cpu("max");
    uint32_t cpu_off = 0x84000002;
    uint64_t target = arm_cpu_mpidr(&second->parent) & 0xff00ffffff;

    g_assert_cmpint(call(first, CPU_ON64, target, 0x1000, 0), ==, -4);       /* ALREADY_ON */
    g_assert_cmpint(call(first, CPU_ON64, 0x12345678, 0x1000, 0), ==, -2);   /* no such CPU */
    g_assert_true(sys_leaves(second, off, &cpu_off));
    g_assert_true(second->parent.halted && !arm_is_on(second));
    g_assert_cmpint(second->parent.exception_index, ==, EXCP_HLT);
    g_assert_cmpint(call(first, AFFINITY_INFO64, target, 0, 0), ==, 1);
    second->env.sctlr_el1 |= 1;
    g_assert_cmpint(call(first, CPU_ON64, target, 0x40001000, 0xc0de), ==, 0);
    g_assert_cmpint(call(first, CPU_ON64, target, 0x40001000, 0xc0de), ==, -5); /* ON_PENDING */
    g_assert_cmpint(call(first, AFFINITY_INFO64, target, 0, 0), ==, 2);
    g_assert_false(arm_has_work(&second->parent));
    cpu_process_work(&second->parent);
    g_assert_cmpint(call(first, AFFINITY_INFO64, target, 0, 0), ==, 0);
    g_assert_cmphex(second->env.pc, ==, 0x40001000);
    g_assert_cmphex(second->env.x[0], ==, 0xc0de);
    g_assert_cmphex(second->env.sctlr_el1 & 1, ==, 0);
    g_assert_false(second->parent.halted);
}

/* The machine is reset between CPU_ON and the work that it sent: the CPU stays off, and the next CPU_ON counts. */
static void test_on_overtaken(void)
{
    ArmCPU *first = sys_cpu("max"), *second = sys_cpu("max");
    uint32_t cpu_off = 0x84000002;
    uint64_t target = arm_cpu_mpidr(&second->parent) & 0xff00ffffff;

    second->start_powered_off = true;
    g_assert_true(sys_leaves(second, off, &cpu_off));
    g_assert_cmpint(call(first, CPU_ON64, target, 0x40001000, 1), ==, 0);
    arm_reset(&second->parent);
    cpu_process_work(&second->parent);
    g_assert_cmpint(call(first, AFFINITY_INFO64, target, 0, 0), ==, 1);
    g_assert_true(second->parent.halted);
    g_assert_cmpint(call(first, CPU_ON64, target, 0x40001000, 1), ==, 0);
    arm_reset(&second->parent);
    g_assert_cmpint(call(first, CPU_ON64, target, 0x40002000, 2), ==, 0);
    cpu_process_work(&second->parent);
    g_assert_cmphex(second->env.pc, ==, 0x40002000);
    g_assert_cmphex(second->env.x[0], ==, 2);
    g_assert_cmpint(call(first, CPU_ON64, target, 0x40003000, 3), ==, -4);
}

static void test_system(void)
{
    ArmCPU *cpu = sys_cpu("max");
    uint32_t system_off = 0x84000008, system_reset = 0x84000009;
    int status;

    g_assert_true(sys_leaves(cpu, off, &system_off));
    g_assert_cmpint(runstate_take_request(&status), ==, RUN_REQ_SHUTDOWN);
    g_assert_true(sys_leaves(cpu, off, &system_reset));
    g_assert_cmpint(runstate_take_request(&status), ==, RUN_REQ_RESET);
    g_assert_cmpint(call(cpu, 0x84000012, 0x80000001, 0, 0), ==, -2); /* SYSTEM_RESET2, vendor */
    arm_cpu_set_boot(&cpu->parent, 0x40080000, 0x44000000);
    arm_reset(&cpu->parent);
    g_assert_false(cpu->parent.halted);
    g_assert_cmphex(cpu->env.pc, ==, 0x40080000);
    g_assert_cmphex(cpu->env.x[0], ==, 0x44000000);
    g_assert_cmphex(cpu->env.pstate, ==, 0x3c5);
}

/* Without threads, CPUs come in groups of 16; with threads, Aff0 counts those of a core, then come its core and cluster. */
static void test_affinity(void)
{
    static const struct { CpuTopology t; unsigned index; uint64_t mpidr; } cases[] = {
        { { 1, 1, 1, 1, 1, 1 }, 0, 0xc0000000 },    { { 64, 2, 1, 2, 16, 1 }, 15, 0x8000000f }, { { 64, 2, 1, 2, 16, 1 }, 16, 0x80000100 },
        { { 64, 2, 1, 2, 16, 1 }, 63, 0x8000030f }, { { 12, 1, 1, 2, 3, 2 }, 0, 0x81000000 },   { { 12, 1, 1, 2, 3, 2 }, 5, 0x81000201 },
        { { 12, 1, 1, 2, 3, 2 }, 11, 0x81010201 },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
        g_assert_cmphex(arm_mpidr_of(&cases[i].t, cases[i].index), ==, cases[i].mpidr);
}

void sys_add_psci_tests(void)
{
    g_test_add_func("/arm/psci/affinity", test_affinity);
    g_test_add_func("/arm/psci/queries", test_queries);
    g_test_add_func("/arm/psci/cpu-on-off", test_on_off);
    g_test_add_func("/arm/psci/cpu-on-overtaken-by-reset", test_on_overtaken);
    g_test_add_func("/arm/psci/system-off-reset", test_system);
}
