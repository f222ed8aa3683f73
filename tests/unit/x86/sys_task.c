/* SPDX-License-Identifier: MIT */
/* Hardware task switches. */
#include "tests/unit/x86/sys_fakes.h"

typedef struct Switch { uint16_t selector; int source; bool has_error; uint32_t error; } Switch;

static void switch_to(X86CPU *cpu, void *arg)
{
    const Switch *s = arg;
    x86_task_switch(cpu, s->selector, s->source, s->has_error, s->error, x86_get_eip(&cpu->env) + 7, 0);
}

static void iret(X86CPU *cpu, void *arg)
{
    x86_iret(cpu, 4, x86_get_eip(&cpu->env) + 1, 0);
}

static void fill_tss2(void)
{
    static const uint16_t segs[] = { DATA0, CODE0, DATA0, DATA3, 0, DATA0 };

    wr(TSS2 + 0x1c, 0x77000, 4);
    wr(TSS2 + 0x20, 0x6000, 4);
    wr(TSS2 + 0x24, EF_1 | EF_ID, 4);
    for (unsigned i = 0; i < 8; i++)
        wr(TSS2 + 0x28 + 4 * i, 0x1000 * (i + 1), 4);
    wr(TSS2 + 0x28 + 16, 0xa000, 4);
    for (unsigned i = 0; i < 6; i++)
        wr(TSS2 + 0x48 + 4 * i, segs[i], 4);
}

static uint8_t type_of(uint16_t selector)
{
    return ram[GDT + selector + 5] & 15;
}

static void call_and_return(void)
{
    X86CPU *cpu = sys_cpu(MODE_PM32);
    CPUX86State *env = &cpu->env;
    Switch s = { TSS2_SEL, X86_TASK_CALL, false, 0 };

    fill_tss2();
    env->regs[X86_RBX] = 0xb0b0;
    env->cr3 = 0x55000;
    wr(TSS + 0x1c, 0x55000, 4);
    wr(TSS + 0x60, 0, 4);
    g_assert_cmpint(sys_try(cpu, switch_to, &s), ==, -1);
    g_assert_cmphex(env->pc, ==, 0x6000);
    g_assert_cmphex(env->cr3, ==, 0x77000);
    g_assert_cmphex(env->regs[X86_RSP], ==, 0xa000);
    g_assert_cmphex(env->regs[X86_RDI], ==, 0x8000);
    g_assert_cmphex(x86_get_eflags(env), ==, EF_1 | EF_ID | EF_NT);
    g_assert_cmphex(env->tr.selector, ==, TSS2_SEL);
    g_assert_true(env->cr0 & CR0_TS);
    g_assert_cmpuint(type_of(TSS2_SEL), ==, 11);
    g_assert_cmpuint(type_of(TSS_SEL), ==, 11); /* nested: the caller stays busy */
    g_assert_cmphex(rd(TSS2, 2), ==, TSS_SEL);
    g_assert_cmphex(rd(TSS + 0x20, 4), ==, 0x4007);
    g_assert_cmphex(rd(TSS + 0x34, 4), ==, 0xb0b0);
    g_assert_cmpint(sys_try(cpu, iret, NULL), ==, -1);
    g_assert_cmphex(env->tr.selector, ==, TSS_SEL);
    g_assert_cmphex(env->pc, ==, 0x4007);
    g_assert_cmphex(env->regs[X86_RBX], ==, 0xb0b0);
    g_assert_cmphex(env->cr3, ==, 0x55000);
    g_assert_false(env->eflags & EF_NT);
    g_assert_cmpuint(type_of(TSS2_SEL), ==, 9);
    g_assert_false(rd(TSS2 + 0x24, 4) & EF_NT);
}

static void jump(void)
{
    X86CPU *cpu = sys_cpu(MODE_PM32);
    Switch s = { TSS2_SEL, X86_TASK_JMP, false, 0 };

    fill_tss2();
    g_assert_cmpint(sys_try(cpu, switch_to, &s), ==, -1);
    g_assert_cmpuint(type_of(TSS_SEL), ==, 9);
    g_assert_cmpuint(type_of(TSS2_SEL), ==, 11);
    g_assert_false(cpu->env.eflags & EF_NT);
}

/* #DF through a task gate, as kernels of 32 bits have it: the error code is on the new task's stack. */
static void gate_of_exception(void)
{
    X86CPU *cpu = sys_cpu(MODE_PM32);

    fill_tss2();
    sys_user(cpu, 0x4000);
    set_gate(cpu, 8, 5, 0, TSS2_SEL, 0, 0);
    g_assert_cmpint(sys_take(cpu, EXCP_DF, true, 0), ==, 1);
    g_assert_cmphex(cpu->env.pc, ==, 0x6000);
    g_assert_cmphex(cpu->env.regs[X86_RSP], ==, 0xa000 - 4);
    g_assert_cmphex(rd(TSS + 0x20, 4), ==, 0x4000);
    g_assert_cmphex(rd(TSS + 0x4c, 2), ==, CODE3);
}

static void checks(void)
{
    X86CPU *cpu = sys_cpu(MODE_PM32);
    Switch s = { TSS_SEL, X86_TASK_CALL, false, 0 };

    fill_tss2();
    g_assert_cmpint(sys_try(cpu, switch_to, &s), ==, EXCP_GP); /* busy */
    g_assert_cmphex(cpu->env.error_code, ==, TSS_SEL);
    s.selector = TSS2_SEL;
    set_desc(TSS2_SEL, TSS2, 0x66, SEG_P | 9u << 8);
    g_assert_cmpint(sys_try(cpu, switch_to, &s), ==, EXCP_TS);
    g_assert_cmphex(cpu->env.error_code, ==, TSS2_SEL);
    set_desc(TSS2_SEL, TSS2, 0x67, 9u << 8);
    g_assert_cmpint(sys_try(cpu, switch_to, &s), ==, EXCP_NP);
    g_assert_cmphex(cpu->env.pc, ==, 0x4000);
    s = (Switch){ TSS2_SEL, X86_TASK_IRET, false, 0 };
    set_desc(TSS2_SEL, TSS2, 0x67, SEG_P | 9u << 8);
    g_assert_cmpint(sys_try(cpu, switch_to, &s), ==, EXCP_TS); /* not busy */
}

/* A segment of the new task that is wrong faults in the new task. */
static void fault_in_new_task(void)
{
    X86CPU *cpu = sys_cpu(MODE_PM32);
    Switch s = { TSS2_SEL, X86_TASK_JMP, false, 0 };

    fill_tss2();
    wr(TSS2 + 0x54, CODE_ABSENT, 4); /* DS */
    g_assert_cmpint(sys_try(cpu, switch_to, &s), ==, EXCP_NP);
    g_assert_cmphex(cpu->env.error_code, ==, CODE_ABSENT);
    g_assert_cmphex(cpu->env.tr.selector, ==, TSS2_SEL);
    g_assert_cmphex(cpu->env.pc, ==, 0x6000);
}

static void trap_bit(void)
{
    X86CPU *cpu = sys_cpu(MODE_PM32);
    Switch s = { TSS2_SEL, X86_TASK_JMP, false, 0 };

    fill_tss2();
    wr(TSS2 + 0x64, 1, 2);
    g_assert_cmpint(sys_try(cpu, switch_to, &s), ==, EXCP_DB);
    g_assert_true(cpu->env.dr[6] & DR6_BT);
    g_assert_cmphex(cpu->env.pc, ==, 0x6000);
}

static void tss16(void)
{
    X86CPU *cpu = sys_cpu(MODE_PM32);
    Switch s = { TSS2_SEL, X86_TASK_CALL, false, 0 };

    set_desc(TSS2_SEL, TSS2, 0x2b, SEG_P | 1u << 8);
    wr(TSS2 + 0x0e, 0x6000, 2);
    wr(TSS2 + 0x10, 2, 2);
    wr(TSS2 + 0x1a, 0xa000, 2);
    wr(TSS2 + 0x22, DATA16, 2);
    wr(TSS2 + 0x24, CODE16, 2);
    wr(TSS2 + 0x26, DATA16, 2);
    wr(TSS2 + 0x28, DATA16, 2);
    g_assert_cmpint(sys_try(cpu, switch_to, &s), ==, -1);
    g_assert_cmphex(cpu->env.pc, ==, 0x6000);
    g_assert_cmphex(cpu->env.regs[X86_RSP] & 0xffff, ==, 0xa000);
    g_assert_cmphex(cpu->env.segs[X86_SEG_FS].selector, ==, 0);
    g_assert_cmpint(sys_try(cpu, iret, NULL), ==, -1);
    g_assert_cmphex(cpu->env.pc, ==, 0x4007);
    g_assert_cmphex(rd(TSS2 + 0x0e, 2), ==, 0x6001);
}

void add_task_tests(void)
{
    g_test_add_func("/x86/task/call-and-return", call_and_return);
    g_test_add_func("/x86/task/jump", jump);
    g_test_add_func("/x86/task/gate-of-exception", gate_of_exception);
    g_test_add_func("/x86/task/checks", checks);
    g_test_add_func("/x86/task/fault-in-new-task", fault_in_new_task);
    g_test_add_func("/x86/task/trap-bit", trap_bit);
    g_test_add_func("/x86/task/tss16", tss16);
}
