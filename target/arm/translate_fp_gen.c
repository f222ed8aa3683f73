/* SPDX-License-Identifier: MIT */
/*
 * Emitting floating-point operations: IR where it has them, helper calls for the rest.
 *
 * Lanes beyond a 64-bit vector must not raise flags, whatever the registers hold there: inline operations get zeros in them, a
 * divisor ones. Operations that IR has for scalars only are done lane by lane, which still beats a helper.
 */
#include "target/arm/translate_fp.h"

static IRRef desc(DisasContext *s, unsigned op, unsigned size, unsigned lanes, unsigned param)
{
    return ir_i32(s->f, FPD(op, size, lanes, param));
}

/* ---- scalars ---- */
IRRef gen_fp_op1(DisasContext *s, FpOp1 op, unsigned size, unsigned param, IRRef a)
{
    IRRound round = (IRRound)(param & 7);
    bool flag = param >> 3 & 1;

    switch (op) {
    case FP1_SQRT: return ir_fsqrt(s->f, a);
    case FP1_ROUND: return ir_fround(s->f, a, round, flag);
    case FP1_TO_I32: return ir_ff2i(s->f, IR_I32, a, flag, round);
    case FP1_TO_I64: return ir_ff2i(s->f, IR_I64, a, flag, round);
    default: return ir_fi2f(s->f, fp_type(size), a, flag);
    }
}

void gen_fp_s1(DisasContext *s, FpOp1 op, unsigned size, unsigned param, unsigned rd, unsigned rn)
{
    IRRef r;

    if (!fp_op1_inline(s, op, size, param)) {
        r = ir_call(s->f, &ir_helper_fp_s1, read_fbits(s, rn), desc(s, op, size, 1, param));
        write_fbits(s, rd, r);
        return;
    }
    r = read_f(s, rn, fp_type(size));
    r = gen_fp_op1(s, op, size, param, op == FP1_FROM_LANE ? ir_fbits(s->f, r) : r);
    if (op == FP1_TO_I32 || op == FP1_TO_I64)
        r = ir_bitsf(s->f, r);
    write_v(s, rd, r);
}

static IRRef inline_op2(DisasContext *s, FpOp2 op, IRRef a, IRRef b)
{
    switch (op) {
    case FP2_ADD: return ir_fadd(s->f, a, b);
    case FP2_SUB: return ir_fsub(s->f, a, b);
    case FP2_MUL: return ir_fmul(s->f, a, b);
    case FP2_DIV: return ir_fdiv(s->f, a, b);
    default: return ir_fneg(s->f, ir_fmul(s->f, a, b));
    }
}

IRRef gen_fp_op2(DisasContext *s, FpOp2 op, unsigned size, IRRef a, IRRef b)
{
    if (fp_op2_inline(s, op, size))
        return inline_op2(s, op, a, b);
    return ir_bitsf(s->f, ir_call(s->f, &ir_helper_fp_s2, ir_fbits(s->f, a), ir_fbits(s->f, b), desc(s, op, size, 1, 0)));
}

IRRef gen_fp_op3(DisasContext *s, FpOp3 op, unsigned size, IRRef a, IRRef b, IRRef c)
{
    if (fp_inline(s, size)) {
        if (op == FP3_MSUB || op == FP3_NMADD)
            a = ir_fneg(s->f, a);
        if (op == FP3_NMADD || op == FP3_NMSUB)
            c = ir_fneg(s->f, c);
        return ir_fmadd(s->f, a, b, c);
    }
    return ir_bitsf(s->f, ir_call(s->f, &ir_helper_fp_s3, ir_fbits(s->f, a), ir_fbits(s->f, b), ir_fbits(s->f, c), desc(s, op, size, 1, 0)));
}

/* ---- vectors ---- */
static IRRef inline_v1(DisasContext *s, FpOp1 op, unsigned size, unsigned lanes, unsigned param, IRRef a)
{
    IRFunc *f = s->f;
    IRType it = int_type(size == 3);
    IRRef r = ir_vconst(f, 0);

    for (unsigned i = 0; i < lanes; i++) {
        IRRef x = op == FP1_FROM_LANE ? ir_vgetl(f, it, size, a, i, false) : fp_lane(s, fp_type(size), size, a, i);
        x = gen_fp_op1(s, op, size, param, x);
        if (op != FP1_TO_I32 && op != FP1_TO_I64)
            x = ir_fbits(f, x);
        r = ir_vinsl(f, size, r, i, x);
    }
    return r;
}

IRRef gen_fp_v1(DisasContext *s, FpOp1 op, unsigned size, bool q, unsigned param, IRRef a)
{
    if (fp_op1_inline(s, op, size, param))
        return inline_v1(s, op, size, fp_lanes(q, size), param, a);
    return ir_call(s->f, &ir_helper_fp_v1, a, desc(s, op, size, fp_lanes(q, size), param));
}

static IRRef inline_v2(DisasContext *s, FpOp2 op, unsigned size, IRRef a, IRRef b)
{
    switch (op) {
    case FP2_ADD: return ir_vfadd(s->f, size, a, b);
    case FP2_SUB: return ir_vfsub(s->f, size, a, b);
    case FP2_MUL: return ir_vfmul(s->f, size, a, b);
    default: return ir_vfdiv(s->f, size, a, b);
    }
}

IRRef gen_fp_v2(DisasContext *s, FpOp2 op, unsigned size, bool q, IRRef a, IRRef b)
{
    IRFunc *f = s->f;

    if (op > FP2_DIV || !fp_inline(s, size))
        return ir_call(f, &ir_helper_fp_v2, a, b, desc(s, op, size, fp_lanes(q, size), 0));
    if (q)
        return inline_v2(s, op, size, a, b);
    a = ir_vzlow(f, a);
    if (op == FP2_DIV)
        b = ir_vinsv(f, 3, b, 1, ir_vconst(f, 0x3f8000003f800000), 0);
    else
        b = ir_vzlow(f, b);
    return ir_vzlow(f, inline_v2(s, op, size, a, b)); /* 0 - 0 is -0 when rounding down */
}

IRRef gen_fp_vfma(DisasContext *s, unsigned size, bool q, IRRef acc, IRRef n, IRRef m, bool negate)
{
    IRFunc *f = s->f;

    if (!fp_inline(s, size))
        return ir_call(f, &ir_helper_fp_v3, n, m, acc, desc(s, negate ? FP3_MSUB : FP3_MADD, size, fp_lanes(q, size), 0));
    if (q)
        return ir_vfmla(f, size, acc, n, m, negate);
    return ir_vzlow(f, ir_vfmla(f, size, ir_vzlow(f, acc), ir_vzlow(f, n), ir_vzlow(f, m), negate));
}
