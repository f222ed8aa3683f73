/* SPDX-License-Identifier: MIT */
/* Control and debug registers, XCR0, breakpoints. */
#include "tests/unit/x86/sys_fakes.h"

typedef struct Write { unsigned n; uint64_t value; } Write;

static void write_cr(X86CPU *cpu, void *arg)
{
    const Write *w = arg;
    if (w->n == 0)
        x86_write_cr0(cpu, w->value, 0);
    else if (w->n == 3)
        x86_write_cr3(cpu, w->value, 0);
    else if (w->n == 4)
        x86_write_cr4(cpu, w->value, 0);
    else
        x86_write_cr8(cpu, w->value, 0);
}

static int cr(X86CPU *cpu, unsigned n, uint64_t value)
{
    return sys_try(cpu, write_cr, &(Write){ n, value });
}

static void write_dr(X86CPU *cpu, void *arg)
{
    const Write *w = arg;
    x86_write_dr(cpu, w->n, w->value, 0);
}

static int dr(X86CPU *cpu, unsigned n, uint64_t value)
{
    return sys_try(cpu, write_dr, &(Write){ n, value });
}

static void cr0_checks(void)
{
    X86CPU *cpu = sys_cpu(MODE_REAL);

    g_assert_cmpint(cr(cpu, 0, CR0_PG), ==, EXCP_GP);
    g_assert_cmpint(cr(cpu, 0, CR0_NW), ==, EXCP_GP);
    g_assert_cmpint(cr(cpu, 0, 1ull << 32), ==, EXCP_GP);
    g_assert_cmpint(cr(cpu, 0, CR0_PE), ==, -1);
    g_assert_cmphex(cpu->env.cr0, ==, CR0_PE | CR0_ET);
    g_assert_true(cpu->env.hflags & BF_PE);
}

static void long_mode_on_and_off(void)
{
    X86CPU *cpu = sys_cpu(MODE_PM32);
    CPUX86State *env = &cpu->env;

    env->cr0 &= ~(uint64_t)CR0_PG;
    env->efer = EFER_LME;
    g_assert_cmpint(cr(cpu, 0, CR0_PE | CR0_PG), ==, EXCP_GP); /* no PAE */
    env->cr4 = CR4_PAE;
    env->segs[X86_SEG_CS].attr |= SEG_L;
    g_assert_cmpint(cr(cpu, 0, CR0_PE | CR0_PG), ==, EXCP_GP); /* CS.L */
    env->segs[X86_SEG_CS].attr &= ~SEG_L;
    g_assert_cmpint(cr(cpu, 0, CR0_PE | CR0_PG), ==, -1);
    g_assert_true(env->efer & EFER_LMA);
    g_assert_cmpint(cr(cpu, 4, 0), ==, EXCP_GP); /* PAE must stay */
    g_assert_cmpint(cr(cpu, 0, CR0_PE), ==, -1);
    g_assert_false(env->efer & EFER_LMA);
    cpu = sys_cpu(MODE_LONG);
    g_assert_cmpint(cr(cpu, 0, CR0_PE), ==, EXCP_GP); /* not from 64-bit code */
}

static void cr3_and_cr4_checks(void)
{
    X86CPU *cpu = sys_cpu(MODE_LONG);

    g_assert_cmpint(cr(cpu, 3, 1ull << 40), ==, EXCP_GP);
    g_assert_cmpint(cr(cpu, 3, 0x1003), ==, -1);
    g_assert_cmpint(cr(cpu, 4, CR4_PAE | CR4_PCIDE), ==, EXCP_GP); /* CR3's low bits */
    g_assert_cmpint(cr(cpu, 3, 0x1000), ==, -1);
    g_assert_cmpint(cr(cpu, 4, CR4_PAE | CR4_PCIDE), ==, -1);
    g_assert_cmpint(cr(cpu, 3, 1ull << 63 | 0x2005), ==, -1);
    g_assert_cmphex(cpu->env.cr3, ==, 0x2005);
    g_assert_cmpint(cr(cpu, 4, CR4_PAE | 1ull << 13), ==, EXCP_GP); /* VMXE */
    x86_feature_set(&cpu->features, X86_FEAT_SMAP, false);
    g_assert_cmpint(cr(cpu, 4, CR4_PAE | CR4_SMAP), ==, EXCP_GP);
    g_assert_cmpint(cr(cpu, 4, CR4_PAE | CR4_LA57), ==, EXCP_GP); /* not while it is on */
}

static void cr8_is_the_apics(void)
{
    X86CPU *cpu = sys_cpu(MODE_LONG);

    g_assert_cmpint(cr(cpu, 8, 16), ==, EXCP_GP);
    g_assert_cmpint(cr(cpu, 8, 9), ==, -1);
    g_assert_cmpint(fake.cr8, ==, 9);
    g_assert_cmphex(x86_read_cr8(cpu), ==, 9);
}

static void xsetbv(X86CPU *cpu, void *arg)
{
    const Write *w = arg;
    x86_xsetbv(cpu, w->n, w->value, 0);
}

static void xcr0(void)
{
    X86CPU *cpu = sys_cpu(MODE_LONG);

    g_assert_cmpint(sys_try(cpu, xsetbv, &(Write){ 0, 1 }), ==, EXCP_UD);
    cpu->env.cr4 |= CR4_OSXSAVE;
    g_assert_cmpint(sys_try(cpu, xsetbv, &(Write){ 0, 2 }), ==, EXCP_GP);
    g_assert_cmpint(sys_try(cpu, xsetbv, &(Write){ 0, 5 }), ==, EXCP_GP);
    g_assert_cmpint(sys_try(cpu, xsetbv, &(Write){ 1, 1 }), ==, EXCP_GP);
    g_assert_cmpint(sys_try(cpu, xsetbv, &(Write){ 0, 7 }), ==, -1);
    g_assert_true(cpu->env.hflags & BF_AVX);
}

static void debug_registers(void)
{
    X86CPU *cpu = sys_cpu(MODE_LONG);
    CPUX86State *env = &cpu->env;

    g_assert_cmpint(dr(cpu, 7, 1ull << 32), ==, EXCP_GP);
    g_assert_cmpint(dr(cpu, 5, 0), ==, -1); /* DR7 */
    g_assert_cmphex(env->dr[7], ==, DR7_FIXED1);
    env->cr4 |= CR4_DE;
    g_assert_cmpint(dr(cpu, 5, 0), ==, EXCP_UD);
    g_assert_cmpint(dr(cpu, 7, DR7_GD), ==, -1);
    g_assert_cmpint(dr(cpu, 0, 0x1000), ==, EXCP_DB);
    g_assert_true(env->dr[6] & DR6_BD);
    g_assert_cmpint(dr(cpu, 0, 0x1000), ==, -1); /* GD is off again */
}

static void at_breakpoint(X86CPU *cpu, void *arg)
{
    x86_check_breakpoint(cpu, *(uint64_t *)arg, 0);
}

static void breakpoints(void)
{
    X86CPU *cpu = sys_cpu(MODE_LONG);
    uint64_t pc = 0x5000;

    dr(cpu, 2, 0x5000);
    g_assert_cmpint(sys_try(cpu, at_breakpoint, &pc), ==, -1);
    dr(cpu, 7, 1u << 5); /* G2 */
    g_assert_true(cpu->env.hflags & BF_BREAK);
    g_assert_cmpint(sys_try(cpu, at_breakpoint, &pc), ==, EXCP_DB);
    g_assert_cmphex(cpu->env.dr[6] & 15, ==, 4);
    pc++;
    g_assert_cmpint(sys_try(cpu, at_breakpoint, &pc), ==, -1);
}

typedef struct Touch { uint64_t va; unsigned size; MMUAccess access; } Touch;

static void touch(X86CPU *cpu, void *arg)
{
    const Touch *t = arg;
    x86_check_watch(&cpu->parent, t->va, t->size, t->access, 0, 1);
}

static void step_ends(X86CPU *cpu, void *arg)
{
    x86_raise_db(cpu, DR6_BS, 0);
}

/* The first hit abandons the instruction; run again alone, its end raises the trap. */
static void watchpoints(void)
{
    X86CPU *cpu = sys_cpu(MODE_LONG);
    CPUX86State *env = &cpu->env;
    Touch t = { 0x7006, 2, MMU_DATA_STORE };

    dr(cpu, 1, 0x7004);
    dr(cpu, 7, 1u << 3 | 13u << 20); /* G1, writes, 4 bytes */
    g_assert_true(x86_page_watched(cpu, 0x7fff));
    g_assert_false(x86_page_watched(cpu, 0x8000));
    sys_try(cpu, touch, &t);
    g_assert_cmpuint(fake.exits, ==, 1);
    g_assert_true(env->hflags & BF_TF);
    sys_try(cpu, touch, &t);
    g_assert_cmpuint(fake.exits, ==, 1);
    g_assert_cmpint(sys_try(cpu, step_ends, NULL), ==, EXCP_DB);
    g_assert_cmphex(env->dr[6] & (15 | DR6_BS), ==, 2);
    g_assert_false(env->hflags & BF_TF);
    t.access = MMU_DATA_LOAD;
    fake.exits = 0;
    sys_try(cpu, touch, &t);
    t = (Touch){ 0x7008, 8, MMU_DATA_STORE };
    sys_try(cpu, touch, &t);
    g_assert_cmpuint(fake.exits, ==, 0);
}

void add_control_tests(void)
{
    g_test_add_func("/x86/control/cr0-checks", cr0_checks);
    g_test_add_func("/x86/control/long-mode-on-and-off", long_mode_on_and_off);
    g_test_add_func("/x86/control/cr3-and-cr4-checks", cr3_and_cr4_checks);
    g_test_add_func("/x86/control/cr8", cr8_is_the_apics);
    g_test_add_func("/x86/control/xcr0", xcr0);
    g_test_add_func("/x86/debug/registers", debug_registers);
    g_test_add_func("/x86/debug/breakpoints", breakpoints);
    g_test_add_func("/x86/debug/watchpoints", watchpoints);
}
