/* SPDX-License-Identifier: MIT */
/* Loading segment registers, far jumps, calls through gates, far returns, SYSCALL and its kin. */
#include "tests/unit/x86/sys_fakes.h"

typedef struct Load { unsigned seg; uint16_t selector; } Load;
typedef struct Far { uint16_t selector; uint64_t offset; unsigned size, pop; } Far;

static void load(X86CPU *cpu, void *arg)
{
    const Load *l = arg;
    x86_load_seg(cpu, l->seg, l->selector, 0);
}

static void jump(X86CPU *cpu, void *arg)
{
    const Far *f = arg;
    x86_far_jump(cpu, f->selector, f->offset, f->size, x86_get_eip(&cpu->env) + 7, 0);
}

static void call(X86CPU *cpu, void *arg)
{
    const Far *f = arg;
    x86_far_call(cpu, f->selector, f->offset, f->size, x86_get_eip(&cpu->env) + 7, 0);
}

static void ret(X86CPU *cpu, void *arg)
{
    const Far *f = arg;
    x86_far_return(cpu, f->size, f->pop, 0);
}

/* ---- loads ---- */
static void load_checks(void)
{
    static const struct { bool user; unsigned seg; uint16_t selector; int vector; uint32_t error; } rows[] = {
        { false, X86_SEG_DS, 0, -1, 0 },
        { false, X86_SEG_SS, 0, EXCP_GP, 0 },
        { false, X86_SEG_SS, DATA0, -1, 0 },
        { false, X86_SEG_SS, READONLY, EXCP_GP, READONLY },
        { false, X86_SEG_SS, DATA3, EXCP_GP, DATA3 & ~3u },
        { false, X86_SEG_DS, READONLY, -1, 0 },
        { false, X86_SEG_DS, GDT_BYTES, EXCP_GP, GDT_BYTES },
        { false, X86_SEG_DS, DATA0 | 4, EXCP_GP, DATA0 | 4 }, /* no LDT */
        { false, X86_SEG_DS, TSS_SEL, EXCP_GP, TSS_SEL },
        { false, X86_SEG_DS, CODE_ABSENT, EXCP_NP, CODE_ABSENT },
        { false, X86_SEG_DS, DATA0 | 3, EXCP_GP, DATA0 },     /* RPL above DPL */
        { true, X86_SEG_DS, DATA0, EXCP_GP, DATA0 },
        { true, X86_SEG_DS, CONFORMING, -1, 0 },
        { true, X86_SEG_ES, DATA3, -1, 0 },
        { true, X86_SEG_SS, DATA3 & ~3u, EXCP_GP, DATA3 & ~3u },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        X86CPU *cpu = sys_cpu(MODE_PM32);
        Load l = { rows[i].seg, rows[i].selector };
        if (rows[i].user)
            sys_user(cpu, 0x4000);
        g_assert_cmpint(sys_try(cpu, load, &l), ==, rows[i].vector);
        if (rows[i].vector >= 0)
            g_assert_cmphex(cpu->env.error_code, ==, rows[i].error);
        else
            g_assert_cmphex(cpu->env.segs[l.seg].selector, ==, l.selector);
    }
}

static void load_sets_accessed(void)
{
    X86CPU *cpu = sys_cpu(MODE_PM32);
    Load l = { X86_SEG_FS, DATA0 };

    g_assert_cmpint(sys_try(cpu, load, &l), ==, -1);
    g_assert_true(ram[GDT + DATA0 + 5] & 1);
    g_assert_true(cpu->env.segs[X86_SEG_FS].attr & SEG_A);
}

/* A limit set in protected mode outlives a load in real mode. */
static void load_big_real(void)
{
    X86CPU *cpu = sys_cpu(MODE_REAL);
    Load l = { X86_SEG_DS, 0x1234 };

    cpu->env.segs[X86_SEG_DS].limit = 0xffffffff;
    sys_try(cpu, load, &l);
    g_assert_cmphex(cpu->env.segs[X86_SEG_DS].base, ==, 0x12340);
    g_assert_cmphex(cpu->env.segs[X86_SEG_DS].limit, ==, 0xffffffff);
}

static void load_null_ss64(void)
{
    X86CPU *cpu = sys_cpu(MODE_LONG);
    Load l = { X86_SEG_SS, 0 };

    g_assert_cmpint(sys_try(cpu, load, &l), ==, -1);
    g_assert_cmpuint(x86_cpl(&cpu->env), ==, 0);
    l.selector = 3;
    g_assert_cmpint(sys_try(cpu, load, &l), ==, EXCP_GP);
}

typedef struct Access { unsigned seg; uint64_t offset; unsigned size; bool write; uint64_t va; } Access;

static void access_seg(X86CPU *cpu, void *arg)
{
    Access *a = arg;
    a->va = x86_seg_linear(cpu, a->seg, a->offset, a->size, a->write, 0);
}

static void limits(void)
{
    X86CPU *cpu = sys_cpu(MODE_PM32);
    X86Segment *ds = &cpu->env.segs[X86_SEG_DS], *ss = &cpu->env.segs[X86_SEG_SS];
    Access a = { X86_SEG_DS, 0xffc, 4, true, 0 };

    *ds = (X86Segment){ 0x10000, 0xfff, SEG_P | SEG_S | SEG_W, 8 };
    g_assert_cmpint(sys_try(cpu, access_seg, &a), ==, -1);
    g_assert_cmphex(a.va, ==, 0x10ffc);
    a.offset++;
    g_assert_cmpint(sys_try(cpu, access_seg, &a), ==, EXCP_GP);
    ds->attr |= SEG_E; /* expand-down: above the limit, to 64 KiB */
    g_assert_cmpint(sys_try(cpu, access_seg, &a), ==, EXCP_GP);
    a.offset = 0x1000;
    g_assert_cmpint(sys_try(cpu, access_seg, &a), ==, -1);
    a.offset = 0xfffd;
    g_assert_cmpint(sys_try(cpu, access_seg, &a), ==, EXCP_GP);
    ds->attr |= SEG_DB;
    g_assert_cmpint(sys_try(cpu, access_seg, &a), ==, -1);
    ds->attr &= ~SEG_W;
    g_assert_cmpint(sys_try(cpu, access_seg, &a), ==, EXCP_GP);
    a.write = false;
    g_assert_cmpint(sys_try(cpu, access_seg, &a), ==, -1);
    *ds = x86_null_segment(0);
    g_assert_cmpint(sys_try(cpu, access_seg, &a), ==, EXCP_GP);
    a.seg = X86_SEG_SS;
    ss->limit = 0xfff;
    g_assert_cmpint(sys_try(cpu, access_seg, &a), ==, EXCP_SS);
}

/* ---- jumps ---- */
static void jump_checks(void)
{
    static const struct { bool user; uint16_t selector; uint64_t offset; int vector; uint32_t error; } rows[] = {
        { false, 0, 0, EXCP_GP, 0 },
        { false, CODE0, 0x123456, -1, 0 },
        { false, DATA0, 0, EXCP_GP, DATA0 },
        { false, CODE3, 0, EXCP_GP, CODE3 & ~3u },
        { false, CODE_ABSENT, 0, EXCP_NP, CODE_ABSENT },
        { false, CODE16, 0x10000, EXCP_GP, 0 },
        { true, CODE0, 0, EXCP_GP, CODE0 },
        { true, CONFORMING, 0x4444, -1, 0 },
        { true, CODE3, 0x4444, -1, 0 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        X86CPU *cpu = sys_cpu(MODE_PM32);
        Far f = { rows[i].selector, rows[i].offset, 4, 0 };
        if (rows[i].user)
            sys_user(cpu, 0x4000);
        g_assert_cmpint(sys_try(cpu, jump, &f), ==, rows[i].vector);
        if (rows[i].vector >= 0) {
            g_assert_cmphex(cpu->env.error_code, ==, rows[i].error);
            g_assert_cmphex(cpu->env.pc, ==, 0x4000);
        } else {
            g_assert_cmphex(cpu->env.pc, ==, f.offset);
            g_assert_cmpuint(x86_cpl(&cpu->env), ==, rows[i].user ? 3 : 0);
            g_assert_cmpuint(cpu->env.segs[X86_SEG_CS].selector & 3, ==, rows[i].user ? 3 : 0);
        }
    }
}

/* From compatibility mode to 64-bit mode and back, as a kernel's start does. */
static void jump_64(void)
{
    X86CPU *cpu = sys_cpu(MODE_LONG);
    Far f = { CODE0, 0x5000, 4, 0 };

    g_assert_cmpint(sys_try(cpu, jump, &f), ==, -1);
    g_assert_true(cpu->env.hflags & BF_CS32);
    f = (Far){ CODE64, 0x6000, 4, 0 };
    g_assert_cmpint(sys_try(cpu, jump, &f), ==, -1);
    g_assert_true(cpu->env.hflags & BF_CS64);
    set_desc(CODE64, 0, ~0u, SEG_P | SEG_S | SEG_CODE | SEG_L | SEG_DB);
    g_assert_cmpint(sys_try(cpu, jump, &f), ==, EXCP_GP);
    g_assert_cmphex(cpu->env.error_code, ==, CODE64);
}

static void real_mode(void)
{
    X86CPU *cpu = sys_cpu(MODE_REAL);
    Far f = { 0x500, 0x1234, 2, 0 };

    g_assert_cmpint(sys_try(cpu, call, &f), ==, -1);
    g_assert_cmphex(cpu->env.pc, ==, 0x6234);
    g_assert_cmphex(rd(0x9000 - 4, 4), ==, 0x4007);
    f.pop = 6;
    g_assert_cmpint(sys_try(cpu, ret, &f), ==, -1);
    g_assert_cmphex(cpu->env.pc, ==, 0x4007);
    g_assert_cmphex(cpu->env.regs[X86_RSP], ==, 0x9006);
    f = (Far){ 0x500, 0x10000, 4, 0 };
    g_assert_cmpint(sys_try(cpu, jump, &f), ==, EXCP_GP);
}

/* ---- gates ---- */
static void set_call_gate(unsigned type, unsigned dpl, uint16_t selector, uint64_t offset, unsigned params)
{
    uint64_t hi = (offset & 0xffff0000) | 0x8000 | dpl << 13 | type << 8 | params;
    wr(GDT + GATE, (offset & 0xffff) | (uint64_t)selector << 16 | hi << 32, 8);
    wr(GDT + GATE + 8, offset >> 32, 8);
}

static void gate_with_params(void)
{
    X86CPU *cpu = sys_cpu(MODE_PM32);
    CPUX86State *env = &cpu->env;
    Far f = { GATE | 3, 0xdead, 4, 0 };

    sys_user(cpu, 0x4000);
    set_call_gate(12, 3, CODE0, 0x5000, 2);
    wr(0x8000, 0x22222222, 4);
    wr(0x8004, 0x11111111, 4);
    g_assert_cmpint(sys_try(cpu, call, &f), ==, -1);
    g_assert_cmphex(env->pc, ==, 0x5000);
    g_assert_cmphex(env->segs[X86_SEG_CS].selector, ==, CODE0);
    g_assert_cmphex(env->regs[X86_RSP], ==, 0x9000 - 24);
    g_assert_cmphex(rd(0x9000 - 24, 4), ==, 0x4007);
    g_assert_cmphex(rd(0x9000 - 16, 4), ==, 0x22222222);
    g_assert_cmphex(rd(0x9000 - 12, 4), ==, 0x11111111);
    g_assert_cmphex(rd(0x9000 - 8, 4), ==, 0x8000);
    Load l = { X86_SEG_ES, DATA0 };
    sys_try(cpu, load, &l);
    f.pop = 8;
    g_assert_cmpint(sys_try(cpu, ret, &f), ==, -1);
    g_assert_cmphex(env->pc, ==, 0x4007);
    g_assert_cmphex(env->regs[X86_RSP], ==, 0x8008);
    g_assert_cmphex(env->segs[X86_SEG_ES].selector, ==, 0); /* was of level 0 */
    g_assert_cmphex(env->segs[X86_SEG_DS].selector, ==, DATA3);
}

static void gate_checks(void)
{
    X86CPU *cpu = sys_cpu(MODE_PM32);
    Far f = { GATE | 3, 0, 4, 0 };

    sys_user(cpu, 0x4000);
    set_call_gate(12, 0, CODE0, 0x5000, 0);
    g_assert_cmpint(sys_try(cpu, call, &f), ==, EXCP_GP);
    g_assert_cmphex(cpu->env.error_code, ==, GATE);
    set_call_gate(12, 3, 0, 0x5000, 0);
    g_assert_cmpint(sys_try(cpu, call, &f), ==, EXCP_GP);
    g_assert_cmphex(cpu->env.error_code, ==, 0);
    set_call_gate(12, 3, CODE_ABSENT, 0x5000, 0);
    g_assert_cmpint(sys_try(cpu, call, &f), ==, EXCP_NP);
    g_assert_cmphex(cpu->env.error_code, ==, CODE_ABSENT);
    set_call_gate(12, 3, CODE0, 0x5000, 0);
    g_assert_cmpint(sys_try(cpu, jump, &f), ==, EXCP_GP); /* a jump does not change the level */
    g_assert_cmphex(cpu->env.error_code, ==, CODE0);
    ram[GDT + GATE + 5] &= 0x7f;
    g_assert_cmpint(sys_try(cpu, call, &f), ==, EXCP_NP);
    g_assert_cmphex(cpu->env.error_code, ==, GATE);
}

static void gate_long(void)
{
    X86CPU *cpu = sys_cpu(MODE_LONG);
    Far f = { GATE | 3, 0, 4, 0 };

    sys_user(cpu, 0x4000);
    set_call_gate(12, 3, CODE64, 0x123456789a, 0);
    g_assert_cmpint(sys_try(cpu, call, &f), ==, -1);
    g_assert_cmphex(cpu->env.pc, ==, 0x123456789a);
    g_assert_cmphex(cpu->env.regs[X86_RSP], ==, 0x8ff8 - 32);
    g_assert_cmphex(rd(0x8ff8 - 8, 8), ==, DATA3);
    f.size = 8;
    g_assert_cmpint(sys_try(cpu, ret, &f), ==, -1);
    g_assert_cmphex(cpu->env.pc, ==, 0x4007);
    g_assert_cmpuint(x86_cpl(&cpu->env), ==, 3);
    set_call_gate(12, 3, CODE0, 0x5000, 0); /* only to 64-bit code */
    g_assert_cmpint(sys_try(cpu, call, &f), ==, EXCP_GP);
    wr(GDT + GATE + 12, 0x0c00, 4); /* the upper half's type must be 0 */
    g_assert_cmpint(sys_try(cpu, call, &f), ==, EXCP_GP);
    g_assert_cmphex(cpu->env.error_code, ==, GATE);
}

/* ---- system calls ---- */
static void syscall_insn(X86CPU *cpu, void *arg)
{
    x86_syscall(cpu, 0x4002, 0);
}

static void sysret_insn(X86CPU *cpu, void *arg)
{
    x86_sysret(cpu, *(unsigned *)arg, 0);
}

static void sysenter_insn(X86CPU *cpu, void *arg)
{
    x86_sysenter(cpu, 0);
}

static void sysexit_insn(X86CPU *cpu, void *arg)
{
    x86_sysexit(cpu, *(unsigned *)arg, 0);
}

static void syscall_sysret(void)
{
    X86CPU *cpu = sys_cpu(MODE_LONG);
    CPUX86State *env = &cpu->env;
    unsigned size = 8;

    sys_user(cpu, 0x4000);
    g_assert_cmpint(sys_try(cpu, syscall_insn, NULL), ==, EXCP_UD);
    env->efer |= EFER_SCE;
    env->star = 0x0010ull << 32 | 0x0033ull << 48;
    env->lstar = 0xffff800000001000;
    env->sfmask = EF_IF;
    g_assert_cmpint(sys_try(cpu, syscall_insn, NULL), ==, -1);
    g_assert_cmphex(env->pc, ==, 0xffff800000001000);
    g_assert_cmphex(env->regs[X86_RCX], ==, 0x4002);
    g_assert_cmphex(env->regs[11], ==, EF_1 | EF_IF);
    g_assert_cmphex(env->segs[X86_SEG_CS].selector, ==, 0x10);
    g_assert_cmphex(env->segs[X86_SEG_SS].selector, ==, 0x18);
    g_assert_false(env->eflags & EF_IF);
    g_assert_cmpuint(x86_cpl(env), ==, 0);
    env->regs[X86_RCX] = 1ull << 47;
    g_assert_cmpint(sys_try(cpu, sysret_insn, &size), ==, EXCP_GP);
    g_assert_cmpuint(x86_cpl(env), ==, 0);
    env->regs[X86_RCX] = 0x4002;
    g_assert_cmpint(sys_try(cpu, sysret_insn, &size), ==, -1);
    g_assert_cmphex(env->segs[X86_SEG_CS].selector, ==, 0x43);
    g_assert_cmphex(env->segs[X86_SEG_SS].selector, ==, 0x3b);
    g_assert_cmphex(env->pc, ==, 0x4002);
    g_assert_true(env->eflags & EF_IF);
    g_assert_cmpint(sys_try(cpu, sysret_insn, &size), ==, EXCP_GP); /* CPL 3 */
}

static void sysenter_sysexit(void)
{
    X86CPU *cpu = sys_cpu(MODE_LONG);
    CPUX86State *env = &cpu->env;
    unsigned size = 4;

    sys_user(cpu, 0x4000);
    g_assert_cmpint(sys_try(cpu, sysenter_insn, NULL), ==, EXCP_GP);
    env->sysenter_cs = 0x10;
    env->sysenter_eip = 0xffff800000002000;
    env->sysenter_esp = 0xffff800000003000;
    g_assert_cmpint(sys_try(cpu, sysenter_insn, NULL), ==, -1);
    g_assert_cmphex(env->pc, ==, 0xffff800000002000);
    g_assert_cmphex(env->regs[X86_RSP], ==, 0xffff800000003000);
    g_assert_false(env->eflags & EF_IF);
    env->regs[X86_RDX] = 0x100004444;
    env->regs[X86_RCX] = 0x100008888;
    g_assert_cmpint(sys_try(cpu, sysexit_insn, &size), ==, -1);
    g_assert_cmphex(env->segs[X86_SEG_CS].selector, ==, 0x23);
    g_assert_cmphex(env->segs[X86_SEG_SS].selector, ==, 0x2b);
    g_assert_cmphex(env->pc, ==, 0x4444);
    g_assert_cmphex(env->regs[X86_RSP], ==, 0x8888);
}

void add_transfer_tests(void)
{
    g_test_add_func("/x86/segment/load-checks", load_checks);
    g_test_add_func("/x86/segment/load-sets-accessed", load_sets_accessed);
    g_test_add_func("/x86/segment/big-real-mode", load_big_real);
    g_test_add_func("/x86/segment/null-ss-in-64-bit-mode", load_null_ss64);
    g_test_add_func("/x86/segment/limits", limits);
    g_test_add_func("/x86/far/jump-checks", jump_checks);
    g_test_add_func("/x86/far/jump-64", jump_64);
    g_test_add_func("/x86/far/real-mode", real_mode);
    g_test_add_func("/x86/far/gate-with-params", gate_with_params);
    g_test_add_func("/x86/far/gate-checks", gate_checks);
    g_test_add_func("/x86/far/gate-long", gate_long);
    g_test_add_func("/x86/syscall/syscall-sysret", syscall_sysret);
    g_test_add_func("/x86/syscall/sysenter-sysexit", sysenter_sysexit);
}
