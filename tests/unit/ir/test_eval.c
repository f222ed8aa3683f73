/* SPDX-License-Identifier: MIT */
/* The reference evaluators against tables of known answers. */
#include <glib.h>
#include <stdint.h>

#include "accel/ir/ir.h"
#include "base/bits.h"

#define MIN64 0x8000000000000000ull
#define MIN32 0x80000000ull
#define ONES ~0ull

typedef struct IntRow { IROp op; IRType type; uint64_t a, b, c; unsigned sz; uint64_t imm, expected; } IntRow;

static const IntRow int_rows[] = {
    { IR_add, IR_I32, 0xffffffff, 2, 0, 0, 0, 1 },
    { IR_sub, IR_I32, 0, 1, 0, 0, 0, 0xffffffff },
    { IR_adc, IR_I64, ONES, 0, 1, 0, 0, 0 },
    { IR_mulhs, IR_I64, ONES, 2, 0, 0, 0, ONES },
    { IR_mulhu, IR_I64, ONES, 2, 0, 0, 0, 1 },
    { IR_mulhs, IR_I32, 0xffffffff, 2, 0, 0, 0, 0xffffffff },
    { IR_mulhu, IR_I32, 0xffffffff, 2, 0, 0, 0, 1 },
    { IR_divs, IR_I64, MIN64, ONES, 0, 0, 0, MIN64 },
    { IR_divs, IR_I32, MIN32, 0xffffffff, 0, 0, 0, MIN32 },
    { IR_divs, IR_I32, 0xfffffff9, 2, 0, 0, 0, 0xfffffffd },
    { IR_divs, IR_I64, 5, 0, 0, 0, 0, 0 },
    { IR_divu, IR_I64, 5, 0, 0, 0, 0, 0 },
    { IR_divu, IR_I32, 0xffffffff, 16, 0, 0, 0, 0x0fffffff },
    { IR_andn, IR_I32, 0xff, 0x0f, 0, 0, 0, 0xf0 },
    { IR_orn, IR_I32, 0, 0x0f, 0, 0, 0, 0xfffffff0 },
    { IR_eqv, IR_I32, 0xff, 0xff, 0, 0, 0, 0xffffffff },
    { IR_shl, IR_I32, 1, 33, 0, 0, 0, 2 },
    { IR_shr, IR_I64, MIN64, 127, 0, 0, 0, 1 },
    { IR_sar, IR_I32, MIN32, 31, 0, 0, 0, 0xffffffff },
    { IR_rotr, IR_I32, 1, 1, 0, 0, 0, MIN32 },
    { IR_rotr, IR_I64, 3, 64, 0, 0, 0, 3 },
    { IR_extr, IR_I32, 0x12345678, 0x9abcdef0, 0, 0, 8, 0xf0123456 },
    { IR_extr, IR_I64, 7, 1, 0, 0, 0, 7 },
    { IR_clz, IR_I32, 0, 0, 0, 0, 0, 32 },
    { IR_clz, IR_I32, 1, 0, 0, 0, 0, 31 },
    { IR_ctz, IR_I32, 0, 0, 0, 0, 0, 32 },
    { IR_ctz, IR_I64, 0, 0, 0, 0, 0, 64 },
    { IR_popcnt, IR_I64, ONES, 0, 0, 0, 0, 64 },
    { IR_rbit, IR_I32, 1, 0, 0, 0, 0, MIN32 },
    { IR_bswap, IR_I64, 0x0102030405060708, 0, 0, 3, 0, 0x0807060504030201 },
    { IR_bswap, IR_I64, 0x0102030405060708, 0, 0, 1, 0, 0x0201040306050807 },
    { IR_bswap, IR_I32, 0x01020304, 0, 0, 2, 0, 0x04030201 },
    { IR_sext, IR_I64, 0x80, 0, 0, 0, 0, 0xffffffffffffff80 },
    { IR_sext, IR_I32, 0x8000, 0, 0, 1, 0, 0xffff8000 },
    { IR_zext, IR_I64, ONES, 0, 0, 2, 0, 0xffffffff },
    { IR_trunc, IR_I32, 0x123456789, 0, 0, 0, 0, 0x23456789 },
    { IR_extract, IR_I64, 0xabcd, 0, 0, 0, 4 | 8 << 8, 0xbc },
    { IR_sextract, IR_I32, 0xabcd, 0, 0, 0, 4 | 8 << 8, 0xffffffbc },
    { IR_deposit, IR_I64, ONES, 0, 0, 0, 0 | 64 << 8, 0 },
    { IR_deposit, IR_I32, 0xffffffff, 0x5, 0, 0, 4 | 4 << 8, 0xffffff5f },
    { IR_fabs, IR_F32, 0xffc00001, 0, 0, 0, 0, 0x7fc00001 },
    { IR_fneg, IR_F64, 0, 0, 0, 0, 0, MIN64 },
};

static void test_int(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(int_rows); i++) {
        const IntRow *r = &int_rows[i];
        IRInsn insn = { .op = r->op, .type = r->type, .sz = r->sz, .imm = r->imm };
        uint64_t v = ir_eval_int(&insn, r->type, r->a, r->b, r->c, 0);
        if (v != r->expected)
            g_error("row %u, %s: 0x%" G_GINT64_MODIFIER "x", i, ir_op_info[r->op].name, v);
    }
}

static uint32_t flags_of(IROp op, IRType t, uint64_t a, uint64_t b, uint64_t c, unsigned aux)
{
    IRInsn insn = { .op = op, .type = IR_I32, .aux = aux };
    return ir_eval_int(&insn, t, a, b, c, 0) & IR_FL_NZCV;
}

static void test_flags(void)
{
    g_assert_cmphex(flags_of(IR_fl_sub, IR_I64, 1, 1, 0, 0), ==, IR_FL_Z);
    g_assert_cmphex(flags_of(IR_fl_sub, IR_I64, 1, 1, 0, IR_FL_INVC), ==, IR_FL_Z | IR_FL_C);
    g_assert_cmphex(flags_of(IR_fl_sub, IR_I32, 0, 1, 0, 0), ==, IR_FL_S | IR_FL_C);
    g_assert_cmphex(flags_of(IR_fl_sub, IR_I32, MIN32, 1, 0, 0), ==, IR_FL_O);
    g_assert_cmphex(flags_of(IR_fl_add, IR_I32, 0x7fffffff, 1, 0, 0), ==, IR_FL_S | IR_FL_O);
    g_assert_cmphex(flags_of(IR_fl_add, IR_I64, ONES, 1, 0, 0), ==, IR_FL_Z | IR_FL_C);
    g_assert_cmphex(flags_of(IR_fl_and, IR_I64, MIN64, ONES, 0, IR_FL_INVC), ==, IR_FL_S | IR_FL_C);
    g_assert_cmphex(flags_of(IR_fl_adc, IR_I64, ONES, ONES, 1, 0), ==, IR_FL_S | IR_FL_C);
    g_assert_cmphex(flags_of(IR_fl_sbb, IR_I64, 5, ONES, 1, 0), ==, IR_FL_C);
    g_assert_cmphex(flags_of(IR_fl_sbb, IR_I32, 0, 0xffffffff, 1, 0), ==, IR_FL_Z | IR_FL_C);
}

/* A condition on a pair and the same on the flags of its difference agree; so do opposites. */
static void test_conditions(void)
{
    static const uint64_t values[] = { 0, 1, 2, 0x7fffffff, MIN32, 0xffffffff, 0x7fffffffffffffff, MIN64, ONES };
    for (unsigned i = 0; i < ARRAY_SIZE(values) * ARRAY_SIZE(values); i++) {
        for (IRType t = IR_I32; t <= IR_I64; t++) {
            uint64_t mask = t == IR_I32 ? UINT32_MAX : UINT64_MAX;
            uint64_t a = values[i / ARRAY_SIZE(values)] & mask, b = values[i % ARRAY_SIZE(values)] & mask;
            uint32_t fl = flags_of(IR_fl_sub, t, a, b, 0, 0);
            for (IRCond cc = IR_EQ; cc <= IR_GT; cc++) {
                g_assert_cmpint(ir_eval_cc(cc, t, a, b), ==, ir_eval_fl_cc(cc, fl));
                g_assert_cmpint(ir_eval_cc(cc, t, a, b), !=, ir_eval_cc(cc ^ 1, t, a, b));
            }
            g_assert_cmpint(ir_eval_cc(IR_TSTNE, t, a, b), ==, (a & b) != 0);
        }
    }
    g_assert_true(ir_eval_fl_cc(IR_MI, IR_FL_S) && ir_eval_fl_cc(IR_VS, IR_FL_O) && ir_eval_fl_cc(IR_PE, IR_FL_P));
    g_assert_true(ir_eval_cc(IR_LT, IR_I32, MIN32, 0) && !ir_eval_cc(IR_LTU, IR_I32, MIN32, 0));
}

typedef struct VecRow { IROp op; unsigned sz; uint64_t imm; uint64_t a[2], b[2], expected[2]; } VecRow;

#define A { 0x0706050403020100, 0x0f0e0d0c0b0a0908 }
#define B { 0x1716151413121110, 0x1f1e1d1c1b1a1918 }
static const VecRow vec_rows[] = {
    { IR_vzip1, 0, 0, A, B, { 0x1303120211011000, 0x1707160615051404 } },
    { IR_vzip2, 2, 0, A, B, { 0x1b1a19180b0a0908, 0x1f1e1d1c0f0e0d0c } },
    { IR_vuzp1, 1, 0, A, B, { 0x0d0c090805040100, 0x1d1c191815141110 } },
    { IR_vuzp2, 3, 0, A, B, { 0x0f0e0d0c0b0a0908, 0x1f1e1d1c1b1a1918 } },
    { IR_vtrn1, 0, 0, A, B, { 0x1606140412021000, 0x1e0e1c0c1a0a1808 } },
    { IR_vtrn2, 0, 0, A, B, { 0x1707150513031101, 0x1f0f1d0d1b0b1909 } },
    { IR_vext, 0, 3, A, B, { 0x0a09080706050403, 0x1211100f0e0d0c0b } },
    { IR_vtbl, 0, 0, A, { 0xff100f0001020304, 0 }, { 0x00000f0001020304, 0 } },
    { IR_vrev, 0, 2, A, A, { 0x0405060700010203, 0x0c0d0e0f08090a0b } },
    { IR_vrev, 1, 3, A, A, { 0x0100030205040706, 0x09080b0a0d0c0f0e } },
    { IR_vpadd, 3, 0, A, B, { 0x161412100e0c0a08, 0x363432302e2c2a28 } },
    { IR_vsxtl, 0, 0, { 0x80ff7f0001020304, 1 }, A, { 0x0001000200030004, 0xff80ffff007f0000 } },
    { IR_vuxtl, 2, 0, { 0x80ff7f0001020304, 1 }, A, { 0x01020304, 0x80ff7f00 } },
    { IR_vxtn, 2, 0, A, A, { 0x0b0a090803020100, 0 } },
    { IR_vshri, 3, 64, A, A, { 0, 0 } },
    { IR_vsari, 0, 8, { 0x80017f00, 0 }, A, { 0xff000000, 0 } },
    { IR_vshli, 1, 15, { 0x0003000200010000, 0 }, A, { 0x8000000080000000, 0 } },
    { IR_vcgt, 0, 0, { 0x80, 1 }, { 0, 0 }, { 0, 0xff } },
    { IR_vchi, 0, 0, { 0x80, 1 }, { 0, 0 }, { 0xff, 0xff } },
    { IR_vcge, 3, 0, { MIN64, 1 }, { MIN64, 2 }, { ONES, 0 } },
    { IR_vuavg, 0, 0, { 0xff01, 0 }, { 0xff02, 0 }, { 0xff02, 0 } },
    { IR_vsabd, 0, 0, { 0x80, 0 }, { 0x7f, 0 }, { 0xff, 0 } },
    { IR_vuabd, 3, 0, { 1, 5 }, { 3, 1 }, { 2, 4 } },
    { IR_vabs, 3, 0, { MIN64, ONES }, A, { MIN64, 1 } },
    { IR_vsmin, 3, 0, { MIN64, 1 }, { 0, 2 }, { MIN64, 1 } },
    { IR_vumin, 3, 0, { MIN64, 1 }, { 0, 2 }, { 0, 1 } },
    { IR_vpopcnt, 0, 0, { 0xff0f, 0 }, A, { 0x0804, 0 } },
    { IR_vinsv, 1, 7 | 0 << 8, A, B, { 0x0706050403020100, 0x11100d0c0b0a0908 } },
    { IR_vduplane, 0, 15, A, A, { 0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f } },
    { IR_vzlow, 0, 0, A, A, { 0x0706050403020100, 0 } },
    { IR_vorn, 0, 0, { 0, 1 }, { ONES, 0 }, { 0, ONES } },
};
#undef A
#undef B

static void test_vec(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(vec_rows); i++) {
        const VecRow *r = &vec_rows[i];
        IRInsn insn = { .op = r->op, .type = IR_V128, .sz = r->sz, .imm = r->imm };
        V128 a = { .u64 = { r->a[0], r->a[1] } }, b = { .u64 = { r->b[0], r->b[1] } };
        ir_eval_vec(&insn, &a, &a, &b, &b, 0, 0); /* in place: the result may be an argument */
        if (a.u64[0] != r->expected[0] || a.u64[1] != r->expected[1])
            g_error("row %u, %s: %016" G_GINT64_MODIFIER "x %016" G_GINT64_MODIFIER "x", i, ir_op_info[r->op].name, a.u64[1], a.u64[0]);
    }
}

static void test_vec_int(void)
{
    V128 a = { .u64 = { 0x8100, 0x80ull << 56 } }, d;
    g_assert_cmphex(ir_eval_vec(&(IRInsn){ .op = IR_vgetl, .type = IR_I64, .sz = 0, .imm = 15, .aux = 1 }, NULL, &a, NULL, NULL, 0, 0), ==, 0xffffffffffffff80);
    g_assert_cmphex(ir_eval_vec(&(IRInsn){ .op = IR_vgetl, .type = IR_I32, .sz = 1, .imm = 0, .aux = 1 }, NULL, &a, NULL, NULL, 0, 0), ==, 0xffff8100);
    ir_eval_vec(&(IRInsn){ .op = IR_vinsl, .type = IR_V128, .sz = 2, .imm = 1 }, &d, &a, NULL, NULL, 0x1122334455667788, 0);
    g_assert_cmphex(d.u64[0], ==, 0x5566778800008100);
    ir_eval_vec(&(IRInsn){ .op = IR_vdup, .type = IR_V128, .sz = 1 }, &d, NULL, NULL, NULL, 0x51234, 0);
    g_assert_cmphex(d.u64[1], ==, 0x1234123412341234);
    ir_eval_vec(&(IRInsn){ .op = IR_vpair, .type = IR_V128 }, &d, NULL, NULL, NULL, 1, 2);
    g_assert_cmphex(d.u64[1], ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ir/eval/integers", test_int);
    g_test_add_func("/ir/eval/flags", test_flags);
    g_test_add_func("/ir/eval/conditions", test_conditions);
    g_test_add_func("/ir/eval/vectors", test_vec);
    g_test_add_func("/ir/eval/lanes-and-integers", test_vec_int);
    return g_test_run();
}
