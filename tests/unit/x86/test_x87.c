/* SPDX-License-Identifier: MIT */
/*
 * x87's helpers: the register stack and its faults, exceptions that wait, the environment's four layouts, packed decimals, constants.
 * Values of arithmetic are tested in tests/unit/fp/test_float80.c, whole instructions in tests/native. Memory is an array, va its index.
 */
#include <glib.h>
#include <setjmp.h>
#include <string.h>

#include "accel/mmu/mmu.h"
#include "base/lock.h"
#include "target/x86/helper_x87.h"
#include "target/x86/x87_host.h"
#include "target/x86/x87_internal.h"

static X86CPU cpu;
static CPUX86State *const env = &cpu.env;
static uint8_t memory[256];
static jmp_buf left;
static int raised, n_ferr;

#define INDEFINITE FLOAT80_DEFAULT_NAN
#define ONE float80_from_int(1)

/* ---- what the helpers call ---- */
void x86_raise(X86CPU *c, int vector, uintptr_t ra)
{
    raised = vector;
    longjmp(left, 1);
}
void cpu_loop_exit_restore(CPUState *c, uintptr_t ra)
{
    raised = c->exception_index;
    longjmp(left, 1);
}
uint64_t mmu_ld(CPUState *c, uint64_t va, IRMemOp mo, uintptr_t ra)
{
    uint64_t v = 0;
    memcpy(&v, memory + va, 1u << MO_SIZE(mo));
    return v;
}
void mmu_st(CPUState *c, uint64_t va, uint64_t v, IRMemOp mo, uintptr_t ra) { memcpy(memory + va, &v, 1u << MO_SIZE(mo)); }
void *mmu_probe(CPUState *c, uint64_t va, unsigned size, MMUAccess access, unsigned idx, bool probe, bool *fault, uintptr_t ra) { return memory + va; }
uint64_t x86_seg_linear(X86CPU *c, unsigned seg, uint64_t offset, unsigned size, bool write, uintptr_t ra)
{
    x86_raise(c, EXCP_GP, ra);
}
static void ferr(void *opaque) { n_ferr++; }

/* The vector that the call left by, or -1. */
#define RAISES(call) (raised = -1, setjmp(left) ? raised : ((call), -1))

static void reset(uint16_t cw)
{
    memset(&cpu, 0, sizeof cpu);
    memset(memory, 0, sizeof memory);
    x87_reset(env);
    env->fpuc = cw;
    env->cr0 = CR0_NE;
    n_ferr = 0;
}

static void push(int64_t v) { helper_x87_load(&cpu.parent, (uint64_t)v, X87_I64); }
static bool is(unsigned i, Float80 v) { return !x87_is_empty(env, i) && x87_get(env, i).frac == v.frac && x87_get(env, i).se == v.se; }

/* ---- the stack ---- */
static void test_push_pop(void)
{
    reset(0x37f);
    push(3);
    push(4);
    g_assert_cmphex(x87_get_fpus(env), ==, 6 << 11);
    g_assert_true(is(0, float80_from_int(4)) && is(1, float80_from_int(3)));
    helper_x87_arith(&cpu.parent, X87_SUB | 1 << X87_STI_SHIFT | X87_TO_STI | X87_POP); /* FSUBRP: ST(1) = ST(0) - ST(1) */
    g_assert_true(is(0, ONE) && x87_is_empty(env, 1));
    g_assert_cmphex(x87_get_tag_word(env), ==, 0x3fff);
}

static void test_overflow(void)
{
    reset(0x37f);
    for (unsigned i = 0; i < 8; i++)
        push(i);
    push(8);
    g_assert_true(is(0, INDEFINITE) && is(1, float80_from_int(7)));
    g_assert_cmphex(env->fpus, ==, FPX_I | FPUS_SF | FPUS_C1);

    reset(0x37e);
    for (unsigned i = 0; i < 9; i++)
        g_assert_cmpint(RAISES(push(i)), ==, -1);
    g_assert_true(is(0, float80_from_int(7))); /* unmasked: nothing is pushed */
    g_assert_cmphex(env->fpus, ==, FPX_I | FPUS_SF | FPUS_C1 | FPUS_ES | FPUS_B);
}

static void test_underflow(void)
{
    reset(0x37f);
    env->fpus = FPUS_C1;
    helper_x87_arith(&cpu.parent, X87_ADD | 1 << X87_STI_SHIFT);
    g_assert_true(is(0, INDEFINITE));
    g_assert_cmphex(env->fpus, ==, FPX_I | FPUS_SF);

    reset(0x37e);
    helper_x87_store(&cpu.parent, 16, X87_F64 | X87_POP, MO_64);
    g_assert_cmpuint(ldq_le_p(memory + 16), ==, 0); /* unmasked: nothing is stored or popped */
    g_assert_cmpuint(env->fpstt, ==, 0);
}

static void test_tags(void)
{
    static const Float80 values[] = { { 0, 0 }, { 1, 0 }, { 0x8000000000000000ull, 0x3fff }, { 0x8000000000000000ull, 0x7fff }, { 0x1000, 0x3fff } };
    static const unsigned tags[] = { 1, 2, 0, 2, 2 };

    reset(0x37f);
    for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
        x87_set(env, i, values[i]);
        g_assert_cmpuint(x87_get_tag_word(env) >> (2 * i) & 3, ==, tags[i]);
    }
}

/* ---- exceptions ---- */
static void divide_by_zero(void)
{
    push(0);
    push(1);
    helper_x87_arith(&cpu.parent, X87_DIV | 1 << X87_STI_SHIFT);
}

static void test_waits(void)
{
    reset(0x37b);
    env->fp_insn_op = 0x6f1;
    divide_by_zero();
    g_assert_true(is(0, ONE)); /* the operand stays */
    g_assert_cmphex(env->fpus, ==, FPX_Z | FPUS_ES | FPUS_B);
    g_assert_cmphex(env->fpop, ==, 0x6f1);
    g_assert_cmpint(RAISES(helper_x87_wait(&cpu.parent)), ==, EXCP_MF);
    g_assert_cmpint(RAISES(push(1)), ==, EXCP_MF);
    g_assert_cmpint(RAISES(helper_x87_env(&cpu.parent, 0, X87_STENV, MO_16)), ==, -1); /* does not wait, and masks */
    g_assert_cmphex(env->fpuc, ==, 0x37f);
    g_assert_cmpint(RAISES(helper_x87_wait(&cpu.parent)), ==, -1);
    helper_x87_ldcw(&cpu.parent, 0x37b);
    g_assert_cmpint(RAISES(helper_x87_wait(&cpu.parent)), ==, EXCP_MF); /* unmasked again: pending again */
    helper_x87_control(&cpu.parent, X87_CLEX);
    g_assert_cmpint(RAISES(helper_x87_wait(&cpu.parent)), ==, -1);
}

/* Without CR0.NE: FERR# once, a chance for its interrupt, then the instruction goes on. */
static void test_ferr(void)
{
    reset(0x37b);
    env->cr0 = 0;
    cpu.hooks.ferr = ferr;
    divide_by_zero();
    g_assert_cmpint(RAISES(helper_x87_wait(&cpu.parent)), ==, EXCP_INTERRUPT);
    g_assert_cmpint(n_ferr, ==, 1);
    g_assert_cmpint(RAISES(helper_x87_wait(&cpu.parent)), ==, -1);
    helper_x87_control(&cpu.parent, X87_CLEX);
    divide_by_zero();
    g_assert_cmpint(RAISES(helper_x87_wait(&cpu.parent)), ==, EXCP_INTERRUPT);
    g_assert_cmpint(n_ferr, ==, 2);
}

/* An unmasked overflow writes a register, with its exponent moved, but not memory. */
static void test_overflow_traps(void)
{
    reset(0x377);
    x87_push(env, float80_make(false, 0x7000, FLOAT80_INTEGER));
    x87_push(env, float80_make(false, 0x7000, FLOAT80_INTEGER));
    helper_x87_store(&cpu.parent, 8, X87_F32, MO_32);
    g_assert_cmpuint(ldl_le_p(memory + 8), ==, 0);
    g_assert_cmphex(env->fpus, ==, FPX_O | FPUS_ES | FPUS_B);
    helper_x87_control(&cpu.parent, X87_CLEX);
    helper_x87_arith(&cpu.parent, X87_MUL | 1 << X87_STI_SHIFT);
    g_assert_cmphex(x87_get(env, 0).se, ==, 0x7000 + 0x7000 - FLOAT80_BIAS - FLOAT80_TRAP_BIAS);
    g_assert_cmphex(env->fpus, ==, FPX_O | FPUS_ES | FPUS_B);
}

/* A store asks its segment only when it stores. */
static void test_segment_of_store(void)
{
    reset(0x37f);
    push(1);
    g_assert_cmpint(RAISES(helper_x87_store(&cpu.parent, 8, X87_I32 | X87_OFFSET | X87_POP, MO_32)), ==, EXCP_GP);
    g_assert_cmpuint(env->fpstt, ==, 7); /* not popped */
    reset(0x37e);
    g_assert_cmpint(RAISES(helper_x87_store(&cpu.parent, 8, X87_I32 | X87_OFFSET, MO_32)), ==, -1);
    g_assert_cmphex(env->fpus, ==, FPX_I | FPUS_SF | FPUS_ES | FPUS_B);
}

/* ---- the environment ---- */
static void fill(void)
{
    reset(0x27f);
    push(5);
    env->fpus |= FPUS_C3;
    env->fpip = 0x12345678;
    env->fpcs = 0x10;
    env->fpop = 0x5aa;
    env->fpdp = 0x9abcdef0;
    env->fpds = 0x18;
}

static void test_env_layouts(void)
{
    static const uint32_t protected32[7] = { 0xffff027f, 0xffff7800, 0xffff3fff, 0x12345678, 0x05aa0010, 0x9abcdef0, 0xffff0018 };
    static const uint16_t protected16[7] = { 0x027f, 0x7800, 0x3fff, 0x5678, 0x0010, 0xdef0, 0x0018 };
    static const uint32_t real32[7] = { 0xffff027f, 0xffff7800, 0xffff3fff, 0xffff5778, 0x012345aa, 0xffffe070, 0x09abc000 };
    static const uint16_t real16[7] = { 0x027f, 0x7800, 0x3fff, 0x5778, 0x45aa, 0xe070, 0xc000 };

    fill();
    helper_x87_env(&cpu.parent, 4, X87_STENV, MO_16);
    g_assert_true(!memcmp(memory + 4, protected32, 28));
    fill();
    helper_x87_env(&cpu.parent, 4, X87_STENV | X87_ENV16, MO_16);
    g_assert_true(!memcmp(memory + 4, protected16, 14) && !memory[18]);
    fill();
    helper_x87_env(&cpu.parent, 4, X87_STENV | X87_ENV_REAL, MO_16);
    g_assert_true(!memcmp(memory + 4, real32, 28));
    fill();
    helper_x87_env(&cpu.parent, 4, X87_STENV | X87_ENV16 | X87_ENV_REAL, MO_16);
    g_assert_true(!memcmp(memory + 4, real16, 14));
}

static void test_save_restore(void)
{
    for (unsigned kind = 0; kind < 4; kind++) {
        uint32_t layout = (kind & 1 ? X87_ENV16 : 0) | (kind & 2 ? X87_ENV_REAL : 0);
        fill();
        if (kind & 2)
            env->fpcs = env->fpds = 0;
        push(-7);
        CPUX86State before = *env;
        helper_x87_env(&cpu.parent, 0, X87_SAVE | layout, MO_16);
        g_assert_cmphex(env->fpuc, ==, 0x37f);
        g_assert_cmphex(x87_get_tag_word(env), ==, 0xffff);
        helper_x87_env(&cpu.parent, 0, X87_RSTOR | layout, MO_16);
        g_assert_true(is(0, float80_from_int(-7)) && is(1, float80_from_int(5)) && x87_is_empty(env, 2));
        g_assert_cmphex(env->fpuc, ==, before.fpuc);
        g_assert_cmphex(x87_get_fpus(env), ==, x87_get_fpus(&before));
        g_assert_cmphex(env->fpip, ==, kind & 1 ? before.fpip & (kind & 2 ? 0xfffff : 0xffff) : before.fpip);
    }
}

/* ---- operands ---- */
static void test_decimal(void)
{
    reset(0x37f);
    push(-1234567890123456789ll / 10);
    helper_x87_store(&cpu.parent, 0, X87_BCD | X87_POP, MO_64);
    g_assert_cmphex(ldq_le_p(memory), ==, 0x3456789012345678ull);
    g_assert_cmphex(lduw_le_p(memory + 8), ==, 0x8012);
    helper_x87_load80(&cpu.parent, ldq_le_p(memory), lduw_le_p(memory + 8), X87_BCD);
    g_assert_true(is(0, float80_from_int(-123456789012345678ll)));
    push(1000000000000000000ll); /* 19 digits */
    helper_x87_store(&cpu.parent, 0, X87_BCD, MO_64);
    g_assert_cmphex(ldq_le_p(memory), ==, 0xc000000000000000ull);
    g_assert_cmphex(lduw_le_p(memory + 8), ==, 0xffff);
    g_assert_cmphex(env->fpus & FPX_ALL, ==, FPX_I);
}

/* Rounded by RC: down and to nearest differ for pi, up and to nearest for log2 10. */
static void test_constants(void)
{
    static const struct { uint16_t cw; unsigned n; uint64_t frac; } cases[] = {
        { 0x37f, 3, 0xc90fdaa22168c235ull }, { 0x77f, 3, 0xc90fdaa22168c234ull }, { 0xb7f, 3, 0xc90fdaa22168c235ull }, { 0xf7f, 3, 0xc90fdaa22168c234ull },
        { 0x37f, 1, 0xd49a784bcd1b8afeull }, { 0xb7f, 1, 0xd49a784bcd1b8affull }, { 0x77f, 0, FLOAT80_INTEGER }, { 0xb7f, 6, 0 },
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        reset(cases[i].cw);
        helper_x87_constant(&cpu.parent, cases[i].n);
        g_assert_cmphex(x87_get(env, 0).frac, ==, cases[i].frac);
        g_assert_cmphex(env->fpus, ==, 0);
    }
}

/* The same to the last but one place by the host's unit and in software. */
static void test_host_and_software(void)
{
    static const uint16_t ops[] = { X87_2XM1, X87_YL2X, X87_YL2XP1, X87_PTAN, X87_PATAN, X87_SIN, X87_COS, X87_SINCOS };
    for (unsigned i = 0; i < G_N_ELEMENTS(ops); i++) {
        Float80 top[2];
        unsigned depth[2];
        for (unsigned off = 0; off < 2; off++) {
            reset(0x37f);
            x87_host_off = off;
            push(3);
            x87_push(env, float80_make(false, FLOAT80_BIAS - 3, 0xabcdef0123456789ull));
            helper_x87_unary(&cpu.parent, ops[i]);
            top[off] = x87_get(env, 0);
            depth[off] = env->fpstt;
        }
        g_assert_cmphex(top[0].se, ==, top[1].se);
        g_assert_cmpuint(top[0].frac - top[1].frac + 1, <=, 2);
        g_assert_cmpuint(depth[0], ==, depth[1]);
    }
    x87_host_off = false;
}

/* Flags that arithmetic leaves in the host's unit do not trap there when the guest unmasks them for the next instruction. */
static void test_flags_left_on_host(void)
{
    Float80 big = float80_make(false, FLOAT80_MAX_EXP - 1, ~0ull), r;
    X87HostResult result;
    uint16_t sw;

    if (!x87_host_arith(X87_MUL, big, big, 0x37f, 0, &r, &sw))
        return; /* no such unit */
    g_assert_cmphex(sw & FPX_O, ==, FPX_O);
    g_assert_true(x87_host_run(X87_2XM1, float80_make(false, FLOAT80_BIAS - 3, FLOAT80_INTEGER), big, 0x37f & ~FPX_ALL, &result));
    g_assert_cmphex(result.sw & FPX_O, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/x86/x87/push-and-pop", test_push_pop);
    g_test_add_func("/x86/x87/stack-overflow", test_overflow);
    g_test_add_func("/x86/x87/stack-underflow", test_underflow);
    g_test_add_func("/x86/x87/tag-word", test_tags);
    g_test_add_func("/x86/x87/exceptions-wait", test_waits);
    g_test_add_func("/x86/x87/ferr-without-ne", test_ferr);
    g_test_add_func("/x86/x87/overflow-traps", test_overflow_traps);
    g_test_add_func("/x86/x87/segment-of-a-store", test_segment_of_store);
    g_test_add_func("/x86/x87/environment-layouts", test_env_layouts);
    g_test_add_func("/x86/x87/save-and-restore", test_save_restore);
    g_test_add_func("/x86/x87/packed-decimal", test_decimal);
    g_test_add_func("/x86/x87/constants-round", test_constants);
    g_test_add_func("/x86/x87/host-and-software-agree", test_host_and_software);
    g_test_add_func("/x86/x87/flags-left-on-host", test_flags_left_on_host);
    return g_test_run();
}
