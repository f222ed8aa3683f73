/* SPDX-License-Identifier: MIT */
/* Delivery of events, error codes, double and triple faults, and the returns from handlers. */
#include "cpus/runstate.h"
#include "tests/unit/x86/sys_fakes.h"

#define IF_ON (EF_1 | EF_IF)

typedef struct Int { int vector; uint64_t eip; } Int;

static void soft_int(X86CPU *cpu, void *arg)
{
    const Int *i = arg;
    x86_deliver(cpu, i->vector, true, 0, false, i->eip, false);
}

static void hard_int(X86CPU *cpu, void *arg)
{
    x86_do_interrupt(&cpu->parent, *(uint32_t *)arg);
}

static void do_iret(X86CPU *cpu, void *arg)
{
    x86_iret(cpu, *(unsigned *)arg, x86_get_eip(&cpu->env) + 1, 0);
}

static void iret(X86CPU *cpu, unsigned size)
{
    g_assert_cmpint(sys_try(cpu, do_iret, &size), ==, -1);
}

static int try_iret(X86CPU *cpu, unsigned size)
{
    return sys_try(cpu, do_iret, &size);
}

/* ---- long mode ---- */
static void long_frame(void)
{
    X86CPU *cpu = sys_cpu(MODE_LONG);
    CPUX86State *env = &cpu->env;
    unsigned size = 8;

    sys_user(cpu, 0x123456789a);
    set_gate(cpu, 14, 14, 0, CODE64, 0x4321, 0);
    g_assert_cmpint(sys_take(cpu, EXCP_PF, true, 6), ==, 1);
    /* RSP0 is 0x8ff8: aligned to 0x8ff0, then five words and the error code. */
    g_assert_cmphex(env->regs[X86_RSP], ==, 0x8ff0 - 48);
    g_assert_cmphex(rd(0x8fc0, 8), ==, 6);
    g_assert_cmphex(rd(0x8fc8, 8), ==, 0x123456789a);
    g_assert_cmphex(rd(0x8fd0, 8), ==, CODE64_3);
    g_assert_cmphex(rd(0x8fd8, 8), ==, IF_ON | EF_RF);
    g_assert_cmphex(rd(0x8fe0, 8), ==, 0x8000);
    g_assert_cmphex(rd(0x8fe8, 8), ==, DATA3);
    g_assert_cmphex(env->segs[X86_SEG_CS].selector, ==, CODE64);
    g_assert_cmphex(env->segs[X86_SEG_SS].selector, ==, 0);
    g_assert_cmphex(env->pc, ==, 0x4321);
    g_assert_cmpuint(x86_cpl(env), ==, 0);
    g_assert_false(env->eflags & EF_IF);
    env->regs[X86_RSP] += 8;
    iret(cpu, size);
    g_assert_cmphex(env->pc, ==, 0x123456789a);
    g_assert_cmphex(env->regs[X86_RSP], ==, 0x8000);
    g_assert_cmphex(env->segs[X86_SEG_SS].selector, ==, DATA3);
    g_assert_cmpuint(x86_cpl(env), ==, 3);
    g_assert_true(env->eflags & EF_IF);
}

static void long_ist(void)
{
    X86CPU *cpu = sys_cpu(MODE_LONG);

    set_gate(cpu, 2, 14, 0, CODE64, 0x5000, 3);
    uint32_t request = CPU_INTERRUPT_NMI;
    g_assert_cmpint(sys_try(cpu, hard_int, &request), ==, -1);
    g_assert_cmphex(cpu->env.regs[X86_RSP], ==, 0xc000 - 40);
    g_assert_true(cpu->env.nmi_masked);
    g_assert_cmphex(rd(0xc000 - 24, 8), ==, IF_ON); /* an interrupt does not push RF */
    g_assert_cmpint(sys_try(cpu, hard_int, &request), ==, -1);
    g_assert_cmphex(cpu->env.regs[X86_RSP], ==, 0xc000 - 40); /* masked */
    iret(cpu, 8);
    g_assert_false(cpu->env.nmi_masked);
    g_assert_cmphex(cpu->env.pc, ==, 0x4000);
}

static void long_gate_errors(void)
{
    X86CPU *cpu = sys_cpu(MODE_LONG);
    Int i = { 0x30, 0x4002 };

    sys_user(cpu, 0x4000);
    set_gate(cpu, 0x30, 14, 0, CODE64, 0x5000, 0);
    g_assert_cmpint(sys_try(cpu, soft_int, &i), ==, EXCP_GP); /* DPL 0 */
    g_assert_cmphex(cpu->env.error_code, ==, 0x30 * 8 + 2);
    set_gate(cpu, 0x30, 14, 3, CODE64, 0x5000, 0);
    ram[IDT + 0x30 * 16 + 5] &= 0x7f;
    g_assert_cmpint(sys_try(cpu, soft_int, &i), ==, EXCP_NP);
    g_assert_cmphex(cpu->env.error_code, ==, 0x30 * 8 + 2);
    set_gate(cpu, 0x30, 5, 3, CODE64, 0x5000, 0); /* there are no task gates */
    g_assert_cmpint(sys_try(cpu, soft_int, &i), ==, EXCP_GP);
    set_gate(cpu, 0x30, 14, 3, CODE0, 0x5000, 0); /* not 64-bit code */
    g_assert_cmpint(sys_try(cpu, soft_int, &i), ==, EXCP_GP);
    g_assert_cmphex(cpu->env.error_code, ==, CODE0);
    set_gate(cpu, 0x30, 14, 3, CODE64, 0x800000000000, 0);
    g_assert_cmpint(sys_try(cpu, soft_int, &i), ==, EXCP_GP);
    g_assert_cmphex(cpu->env.error_code, ==, 0);
    i.vector = 0xff;
    cpu->env.idt.limit = 0xffe;
    g_assert_cmpint(sys_try(cpu, soft_int, &i), ==, EXCP_GP);
    g_assert_cmphex(cpu->env.error_code, ==, 0xff * 8 + 2);
    g_assert_cmphex(cpu->env.pc, ==, 0x4000);
    g_assert_cmphex(cpu->env.regs[X86_RSP], ==, 0x8000);
}

/* A stack that is not there makes #PF of a #PF: #DF by its own stack; without a gate for that, shutdown. */
static void double_fault(void)
{
    X86CPU *cpu = sys_cpu(MODE_LONG);

    sys_user(cpu, 0x4000);
    fake.absent = 0x8000;
    set_gate(cpu, 14, 14, 0, CODE64, 0x5000, 0);
    set_gate(cpu, 8, 14, 0, CODE64, 0x6000, 1);
    g_assert_cmpint(sys_take(cpu, EXCP_PF, true, 4), ==, 2);
    g_assert_cmphex(cpu->env.pc, ==, 0x6000);
    g_assert_cmphex(rd(cpu->env.regs[X86_RSP], 8), ==, 0);
    g_assert_cmphex(rd(cpu->env.regs[X86_RSP] + 8, 8), ==, 0x4000);
    g_assert_cmpint(cpu->env.delivering, ==, -1);
}

static void triple_fault(void)
{
    X86CPU *cpu = sys_cpu(MODE_LONG);
    int status;

    g_assert_cmpint(sys_take(cpu, EXCP_GP, true, 0), ==, -1);
    g_assert_cmpint(runstate_take_request(&status), ==, RUN_REQ_RESET);
    g_assert_true(cpu->parent.halted);
    g_assert_false(x86_has_work(&cpu->parent));
}

/* #BP and INT n are benign: a fault of their delivery stands alone. */
static void benign(void)
{
    X86CPU *cpu = sys_cpu(MODE_LONG);
    Int i = { 0x40, 0x4002 };

    set_gate(cpu, 13, 14, 0, CODE64, 0x7000, 0);
    g_assert_cmpint(sys_try(cpu, soft_int, &i), ==, EXCP_GP);
    g_assert_cmpint(sys_take_raised(cpu), ==, 1);
    g_assert_cmphex(cpu->env.pc, ==, 0x7000);
    g_assert_cmphex(rd(cpu->env.regs[X86_RSP] + 8, 8), ==, 0x4000); /* the INT itself */
}

static void inhibit_and_priority(void)
{
    X86CPU *cpu = sys_cpu(MODE_LONG);
    CPUX86State *env = &cpu->env;
    uint32_t request = CPU_INTERRUPT_HARD;

    set_gate(cpu, 0x50, 14, 0, CODE64, 0x5000, 0);
    set_gate(cpu, 2, 14, 0, CODE64, 0x6000, 0);
    fake.interrupt = 0x50;
    env->hflags |= BF_INHIBIT;
    sys_try(cpu, hard_int, &request);
    g_assert_cmphex(env->pc, ==, 0x4000);
    env->hflags &= ~BF_INHIBIT;
    env->eflags &= ~EF_IF;
    sys_try(cpu, hard_int, &request);
    g_assert_cmphex(env->pc, ==, 0x4000);
    env->eflags |= EF_IF;
    request |= CPU_INTERRUPT_NMI;
    sys_try(cpu, hard_int, &request);
    g_assert_cmphex(env->pc, ==, 0x6000);
    iret(cpu, 8);
    request = CPU_INTERRUPT_HARD;
    sys_try(cpu, hard_int, &request);
    g_assert_cmphex(env->pc, ==, 0x5000);
}

/* ---- legacy protected mode ---- */
static void legacy_inner(void)
{
    X86CPU *cpu = sys_cpu(MODE_PM32);
    CPUX86State *env = &cpu->env;

    sys_user(cpu, 0x4000);
    set_gate(cpu, 13, 15, 0, CODE0, 0x5000, 0); /* a trap gate */
    g_assert_cmpint(sys_take(cpu, EXCP_GP, true, 0x18), ==, 1);
    g_assert_cmphex(env->regs[X86_RSP], ==, 0x9000 - 24);
    g_assert_cmphex(rd(0x9000 - 24, 4), ==, 0x18);
    g_assert_cmphex(rd(0x9000 - 20, 4), ==, 0x4000);
    g_assert_cmphex(rd(0x9000 - 16, 4), ==, CODE3);
    g_assert_cmphex(rd(0x9000 - 12, 4), ==, IF_ON | EF_RF);
    g_assert_cmphex(rd(0x9000 - 8, 4), ==, 0x8000);
    g_assert_cmphex(rd(0x9000 - 4, 4), ==, DATA3);
    g_assert_cmphex(env->segs[X86_SEG_SS].selector, ==, DATA0);
    g_assert_true(env->eflags & EF_IF);
    g_assert_true(ram[GDT + DATA0 + 5] & 1); /* accessed */
    env->regs[X86_RSP] += 4;
    iret(cpu, 4);
    g_assert_cmphex(env->segs[X86_SEG_CS].selector, ==, CODE3);
    g_assert_cmphex(env->regs[X86_RSP], ==, 0x8000);
}

/* What is wrong with the inner stack is #TS or #SS of its selector. */
static void legacy_bad_stack(void)
{
    X86CPU *cpu = sys_cpu(MODE_PM32);
    Int i = { 0x30, 0x4002 };

    sys_user(cpu, 0x4000);
    set_gate(cpu, 0x30, 14, 3, CODE0, 0x5000, 0);
    wr(TSS + 8, READONLY, 4);
    g_assert_cmpint(sys_try(cpu, soft_int, &i), ==, EXCP_TS);
    g_assert_cmphex(cpu->env.error_code, ==, READONLY);
    wr(TSS + 8, 0, 4);
    g_assert_cmpint(sys_try(cpu, soft_int, &i), ==, EXCP_TS);
    g_assert_cmphex(cpu->env.error_code, ==, 0);
    wr(TSS + 8, DATA0, 4);
    ram[GDT + DATA0 + 5] &= 0x7f;
    g_assert_cmpint(sys_try(cpu, soft_int, &i), ==, EXCP_SS);
    g_assert_cmphex(cpu->env.error_code, ==, DATA0);
    cpu->env.tr.limit = 8;
    g_assert_cmpint(sys_try(cpu, soft_int, &i), ==, EXCP_TS);
    g_assert_cmphex(cpu->env.error_code, ==, TSS_SEL);
}

static void legacy_16bit_gate(void)
{
    X86CPU *cpu = sys_cpu(MODE_PM32);
    Int i = { 0x30, 0x4002 };

    set_gate(cpu, 0x30, 6, 0, CODE0, 0xfff5000, 0);
    g_assert_cmpint(sys_try(cpu, soft_int, &i), ==, -1);
    g_assert_cmphex(cpu->env.pc, ==, 0x5000);
    g_assert_cmphex(cpu->env.regs[X86_RSP], ==, 0x9000 - 6);
    g_assert_cmphex(rd(0x9000 - 6, 2), ==, 0x4002);
    iret(cpu, 2);
    g_assert_cmphex(cpu->env.pc, ==, 0x4002);
}

/* ---- virtual-8086 and real mode ---- */
static void vm86_round_trip(void)
{
    X86CPU *cpu = sys_cpu(MODE_PM32);
    CPUX86State *env = &cpu->env;

    sys_vm86(cpu, 0x400, 0x10);
    set_gate(cpu, 13, 14, 0, CODE0, 0x5000, 0);
    g_assert_cmpint(sys_take(cpu, EXCP_GP, true, 0), ==, 1);
    g_assert_cmphex(env->regs[X86_RSP], ==, 0x9000 - 40);
    g_assert_cmphex(rd(0x9000 - 4, 4), ==, 0x700 + X86_SEG_GS);
    g_assert_cmphex(rd(0x9000 - 16, 4), ==, 0x700 + X86_SEG_ES);
    g_assert_cmphex(rd(0x9000 - 28, 4), ==, IF_ON | EF_VM | EF_RF);
    g_assert_false(env->eflags & EF_VM);
    g_assert_cmphex(env->segs[X86_SEG_DS].selector, ==, 0);
    env->regs[X86_RSP] += 4;
    iret(cpu, 4);
    g_assert_true(env->eflags & EF_VM);
    g_assert_cmphex(env->pc, ==, 0x4010);
    g_assert_cmphex(env->segs[X86_SEG_GS].base, ==, (0x700 + X86_SEG_GS) << 4);
    g_assert_cmphex(env->regs[X86_RSP], ==, 0xffe);
    g_assert_cmpuint(x86_cpl(env), ==, 3);
}

static void vm86_needs_level0(void)
{
    X86CPU *cpu = sys_cpu(MODE_PM32);

    sys_vm86(cpu, 0x400, 0x10);
    Int i = { 0x30, 0x12 };
    set_gate(cpu, 0x30, 14, 3, CONFORMING, 0x5000, 0);
    g_assert_cmpint(sys_try(cpu, soft_int, &i), ==, EXCP_GP);
    g_assert_cmphex(cpu->env.error_code, ==, CONFORMING);
}

static void vme_redirect(X86CPU *cpu, void *arg)
{
    *(bool *)arg = x86_vme_redirect(cpu, 0x21, 0x12, 0);
}

/* With VME a clear bit leaves INT n to the program's own table, VIF standing for IF. */
static void vme_bitmap(void)
{
    X86CPU *cpu = sys_cpu(MODE_PM32);
    CPUX86State *env = &cpu->env;
    bool redirected;

    sys_vm86(cpu, 0x400, 0x10);
    env->cr4 |= CR4_VME;
    env->eflags |= EF_VIF;
    wr(TSS + 0x66, 0x100, 2);
    wr(0x21 * 4, 0x05000123, 4);
    g_assert_cmpint(sys_try(cpu, vme_redirect, &redirected), ==, -1);
    g_assert_true(redirected);
    g_assert_cmphex(env->pc, ==, 0x5123);
    g_assert_cmphex(rd(0x7020 + 0xffe - 2, 2), ==, EF_1 | EF_IF | EF_IOPL);
    g_assert_false(env->eflags & EF_VIF);
    g_assert_true(env->eflags & EF_IF);
    iret(cpu, 2);
    g_assert_true(env->eflags & EF_VIF);
    g_assert_cmphex(env->pc, ==, 0x4012);
    wr(TSS + 0x100 - 32 + 4, 2, 1);
    g_assert_cmpint(sys_try(cpu, vme_redirect, &redirected), ==, -1);
    g_assert_false(redirected);
}

static void real_mode(void)
{
    X86CPU *cpu = sys_cpu(MODE_REAL);
    CPUX86State *env = &cpu->env;

    wr(0, 0x0f000100, 4);
    g_assert_cmpint(sys_take(cpu, EXCP_DE, false, 0), ==, 1);
    g_assert_cmphex(env->pc, ==, 0xf100);
    g_assert_cmphex(env->segs[X86_SEG_CS].selector, ==, 0xf00);
    g_assert_cmphex(env->regs[X86_RSP], ==, 0x9000 - 6);
    g_assert_cmphex(rd(0x9000 - 6, 2), ==, 0x4000);
    g_assert_false(env->eflags & EF_IF);
    iret(cpu, 2);
    g_assert_cmphex(env->pc, ==, 0x4000);
    g_assert_true(env->eflags & EF_IF);
}

/* ---- what IRET refuses ---- */
static void push_frame(X86CPU *cpu, uint64_t ip, uint16_t cs, uint64_t flags, uint64_t sp, uint16_t ss)
{
    uint64_t v[] = { ip, cs, flags, sp, ss };

    cpu->env.regs[X86_RSP] = 0x9000 - 40;
    for (unsigned i = 0; i < 5; i++)
        wr(0x9000 - 40 + 8 * i, v[i], 8);
}

static void iret_checks(void)
{
    static const struct { uint64_t ip; uint16_t cs, ss; int vector; uint32_t error; } rows[] = {
        { 0x4000, 0, DATA0, EXCP_GP, 0 },                        /* null CS */
        { 0x4000, GDT_BYTES, DATA0, EXCP_GP, GDT_BYTES },        /* outside the table */
        { 0x4000, DATA0, DATA0, EXCP_GP, DATA0 },                /* not code */
        { 0x4000, CODE_ABSENT, DATA0, EXCP_NP, CODE_ABSENT },
        { 0x800000000000, CODE64, DATA0, EXCP_GP, 0 },           /* not canonical */
        { 0x4000, CODE64_3, DATA0, EXCP_GP, DATA0 },             /* SS of another level */
        { 0x4000, CODE64_3, 3, EXCP_GP, 0 },                     /* null SS at level 3 */
        { 0x4000, CODE64, 0, -1, 0 },                            /* null SS above */
        { 0x100000000, CODE3, DATA3, EXCP_GP, 0 },               /* beyond a compatibility-mode limit */
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        X86CPU *cpu = sys_cpu(MODE_LONG);
        push_frame(cpu, rows[i].ip, rows[i].cs, 2, 0x8000, rows[i].ss);
        g_assert_cmpint(try_iret(cpu, 8), ==, rows[i].vector);
        if (rows[i].vector >= 0) {
            g_assert_cmphex(cpu->env.error_code, ==, rows[i].error);
            g_assert_cmphex(cpu->env.regs[X86_RSP], ==, 0x9000 - 40);
        }
    }
}

static void iret_to_compat(void)
{
    X86CPU *cpu = sys_cpu(MODE_LONG);

    push_frame(cpu, 0x4000, CODE3, 0x3202, 0xffff00008000, DATA3);
    iret(cpu, 8);
    g_assert_cmphex(cpu->env.regs[X86_RSP], ==, 0x8000);
    g_assert_false(cpu->env.hflags & BF_CS64);
    g_assert_true(cpu->env.hflags & BF_CS32);
    g_assert_cmpuint(x86_cpl(&cpu->env), ==, 3);
}

/* At level 3, IRET changes neither IOPL nor IF. */
static void iret_keeps_flags(void)
{
    X86CPU *cpu = sys_cpu(MODE_PM32);

    sys_user(cpu, 0x4000);
    wr(0x8000, 0x4444, 4);
    wr(0x8004, CODE3, 4);
    wr(0x8008, EF_1 | EF_IOPL | EF_ID | EF_DF, 4);
    iret(cpu, 4);
    g_assert_cmphex(x86_get_eflags(&cpu->env), ==, EF_1 | EF_IF | EF_ID | EF_DF);
}

void add_deliver_tests(void)
{
    g_test_add_func("/x86/deliver/long-frame", long_frame);
    g_test_add_func("/x86/deliver/long-ist", long_ist);
    g_test_add_func("/x86/deliver/long-gate-errors", long_gate_errors);
    g_test_add_func("/x86/deliver/double-fault", double_fault);
    g_test_add_func("/x86/deliver/triple-fault", triple_fault);
    g_test_add_func("/x86/deliver/benign", benign);
    g_test_add_func("/x86/deliver/inhibit-and-priority", inhibit_and_priority);
    g_test_add_func("/x86/deliver/legacy-inner", legacy_inner);
    g_test_add_func("/x86/deliver/legacy-bad-stack", legacy_bad_stack);
    g_test_add_func("/x86/deliver/legacy-16bit-gate", legacy_16bit_gate);
    g_test_add_func("/x86/deliver/vm86-round-trip", vm86_round_trip);
    g_test_add_func("/x86/deliver/vm86-needs-level0", vm86_needs_level0);
    g_test_add_func("/x86/deliver/vme-bitmap", vme_bitmap);
    g_test_add_func("/x86/deliver/real-mode", real_mode);
    g_test_add_func("/x86/iret/checks", iret_checks);
    g_test_add_func("/x86/iret/to-compatibility-mode", iret_to_compat);
    g_test_add_func("/x86/iret/keeps-flags", iret_keeps_flags);
}
