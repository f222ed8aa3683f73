/* SPDX-License-Identifier: MIT */
/*
 * SSE and AVX: floating point that is not one row of vx.def for each piece: comparison to flags, fused multiply-add, conversions.
 *
 * While an exception is unmasked (BF_FP_SLOW) rows go through a helper that raises #XM before anything is written (vec_vx); what is
 * done by scalar IR operations here goes through helpers, or through a row with the same exceptions first.
 */
#include "target/x86/translate_vec.h"

static IRType float_type(unsigned bytes) { return bytes == 8 ? IR_F64 : IR_F32; }

/* Scalar operand n of 4 or 8 bytes. */
static IRRef load_scalar(DisasContext *s, const X86Insn *i, unsigned n)
{
    unsigned bytes = i->op[n].bytes;
    if (i->op[n].kind == OPK_VEC)
        return ir_vlow(s->f, float_type(bytes), read_xmm(s, i->op[n].reg));
    return ir_ld(s->f, float_type(bytes), gen_mem(s, i, bytes, false), 0, data_memop(s, bytes, false));
}

/* The scalar x in the low lane of a. */
static IRRef insert_low(IRFunc *f, IRRef a, IRRef x)
{
    IRRef v = ir_vfromf(f, x);
    return ir_type(f, x) == IR_F64 ? ir_vx(f, VX_shufpd, v, a, IR_NONE, 2) : ir_vx(f, VX_blendps, a, v, IR_NONE, 1);
}

/* COMISx (arg 1), UCOMISx (arg 0): V with W. A comparison with predicate LT_OS or EQ_OQ raises what they raise. */
void trans_vec_comis(DisasContext *s, const X86Insn *i)
{
    bool signalling = i->row->arg;
    unsigned bytes = i->op[1].bytes;
    IRRef b = load_scalar(s, i, 1), a = ir_vlow(s->f, float_type(bytes), read_xmm(s, i->op[0].reg));
    if (fp_slow(s))
        vec_vx(s, bytes == 8 ? VX_cmpsd : VX_cmpss, ir_vfromf(s->f, a), ir_vfromf(s->f, b), IR_NONE, signalling ? 1 : 0, false);
    set_cc_fl(s, ir_fl_comis(s->f, a, b, signalling));
}

/* The row adds its third argument and keeps that one's upper lanes; of NaNs it takes the first argument's. */
void trans_vec_fma(DisasContext *s, const X86Insn *i)
{
    static const uint8_t order[3][3] = { [FMA_132] = { 0, 2, 1 }, [FMA_213] = { 1, 0, 2 }, [FMA_231] = { 1, 2, 0 } };
    IRVx id = (IRVx)(i->row->arg & 0xffff);
    unsigned form = (unsigned)i->row->arg >> 16, pieces = vec_pieces(&i->op[0]), scalar = i->op[2].bytes < 16 ? i->op[2].bytes : 0;
    Vec v[3], r = { { IR_NONE, IR_NONE } };
    v[2] = scalar ? (Vec){ { vec_load_low(s, i, 2, scalar), IR_NONE } } : vec_load(s, i, 2, pieces);
    v[1] = vec_reg(s, i->op[1].reg, pieces);
    v[0] = vec_reg(s, i->op[0].reg, pieces);
    for (unsigned n = 0; n < pieces; n++)
        r.q[n] = vec_vx(s, id, v[order[form][0]].q[n], v[order[form][1]].q[n], v[order[form][2]].q[n], 0, n + 1 < pieces);
    if (scalar && form != FMA_231) /* the destination's upper lanes, not the addend's */
        r.q[0] = scalar == 8 ? ir_vx(s->f, VX_shufpd, r.q[0], v[0].q[0], IR_NONE, 2) : ir_vx(s->f, VX_blendps, v[0].q[0], r.q[0], IR_NONE, 1);
    vec_write(s, i, i->op[0].reg, pieces, r);
}

/* ---- conversions ---- */
/* V (16 bytes) = row(W), W of 16 or 32: the results of two pieces side by side. */
void trans_vec_narrow(DisasContext *s, const X86Insn *i)
{
    IRVx id = (IRVx)i->row->arg;
    unsigned pieces = vec_pieces(&i->op[1]);
    Vec a = vec_load(s, i, 1, pieces);
    IRRef r = vec_vx(s, id, a.q[0], IR_NONE, IR_NONE, 0, pieces > 1);
    if (pieces > 1)
        r = ir_vzip1(s->f, 3, r, vec_vx(s, id, a.q[1], IR_NONE, IR_NONE, 0, false));
    vec_write1(s, i, i->op[0].reg, r);
}

/* VCVTPS2PH: W (8 or 16 bytes) = V, by I. */
void trans_vec_cvtps2ph(DisasContext *s, const X86Insn *i)
{
    unsigned pieces = vec_pieces(&i->op[1]), imm = i->op[2].imm & 0xff;
    Vec a = vec_reg(s, i->op[1].reg, pieces);
    bool to_memory = i->op[0].kind == OPK_MEM;
    IRRef r = vec_vx(s, VX_vcvtps2ph, a.q[0], IR_NONE, IR_NONE, imm, pieces > 1);
    if (pieces > 1)
        r = ir_vzip1(s->f, 3, r, vec_vx(s, VX_vcvtps2ph, a.q[1], IR_NONE, IR_NONE, imm, false));
    IRRef addr = to_memory ? gen_mem(s, i, pieces * 8, true) : IR_NONE; /* its faults come after the flags */
    if (!to_memory)
        vec_write1(s, i, i->op[0].reg, r);
    else if (pieces > 1)
        ir_st(s->f, addr, 0, r, vec_memop(s, i, 16));
    else
        ir_st(s->f, addr, 0, ir_vlow(s->f, IR_F64, r), data_memop(s, 8, false));
}

/* CVTSI2Sx: the low lane of V (arg: its bytes) from E, the rest from H. */
void trans_vec_cvt_from_int(DisasContext *s, const X86Insn *i)
{
    IRFunc *f = s->f;
    bool wide = i->op[2].bytes == 8, to_double = i->row->arg == 8;
    IRRef x = load_op(s, i, 2), a = read_xmm(s, i->op[1].reg), r;
    if (fp_slow(s)) {
        IRRef word = ir_i32(f, CVT_FROM_INTEGER | (to_double ? CVT_DOUBLE : 0) | (wide ? CVT_WIDE : 0));
        IRRef bits = ir_call(f, &ir_helper_cvt_checked, word, wide ? x : ir_sext(f, IR_I64, 2, x));
        r = ir_bitsf(f, to_double ? bits : ir_trunc(f, bits));
    } else {
        r = ir_fi2f(f, to_double ? IR_F64 : IR_F32, x, true);
    }
    vec_write1(s, i, i->op[0].reg, insert_low(f, a, r));
}

/* CVTSx2SI, CVTTSx2SI (arg CVT_TRUNCATE): G = W. */
void trans_vec_cvt_to_int(DisasContext *s, const X86Insn *i)
{
    IRFunc *f = s->f;
    bool truncate = i->row->arg, wide = i->op[0].bytes == 8, from_double = i->op[1].bytes == 8;
    IRRef x = load_scalar(s, i, 1), r;
    if (fp_slow(s)) {
        IRRef word = ir_i32(f, (truncate ? CVT_TRUNCATE : 0) | (from_double ? CVT_DOUBLE : 0) | (wide ? CVT_WIDE : 0));
        IRRef bits = ir_fbits(f, x);
        r = ir_call(f, &ir_helper_cvt_checked, word, from_double ? bits : ir_zext(f, IR_I64, 2, bits));
        r = wide ? r : ir_trunc(f, r);
    } else {
        r = ir_ff2i(f, wide ? IR_I64 : IR_I32, x, true, truncate ? IR_RND_ZERO : IR_RND_CUR);
    }
    write_reg(s, i->op[0].reg, i->op[0].bytes, r);
}
