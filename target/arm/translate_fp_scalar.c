/* SPDX-License-Identifier: MIT */
/* Scalar floating point (C3.2.9 ff.): moves, arithmetic, comparisons, selection. */
#include "base/bits.h"
#include "target/arm/translate_fp.h"

/* ---- two and three sources ---- */
static bool do_2src(DisasContext *s, unsigned size, unsigned rd, unsigned rn, unsigned rm, FpOp2 op)
{
    IRType t = fp_op2_type(s, op, size);

    if (fp_access_check(s))
        write_v(s, rd, gen_fp_op2(s, op, size, read_f(s, rn, t), read_f(s, rm, t)));
    return true;
}

#define TRANS_2SRC(name, op) \
    bool trans_##name(DisasContext *s, const arg_##name *a) { return do_2src(s, FP_SIZE(a), a->rd, a->rn, a->rm, op); }
TRANS_2SRC(FADD_f, FP2_ADD)
TRANS_2SRC(FSUB_f, FP2_SUB)
TRANS_2SRC(FMUL_f, FP2_MUL)
TRANS_2SRC(FDIV_f, FP2_DIV)
TRANS_2SRC(FNMUL_f, FP2_NMUL)
TRANS_2SRC(FMAX_f, FP2_MAX)
TRANS_2SRC(FMIN_f, FP2_MIN)
TRANS_2SRC(FMAXNM_f, FP2_MAXNM)
TRANS_2SRC(FMINNM_f, FP2_MINNM)

static bool do_3src(DisasContext *s, unsigned size, unsigned rd, unsigned rn, unsigned rm, unsigned ra, FpOp3 op)
{
    IRType t = fp_op3_type(s, size);

    if (fp_access_check(s))
        write_v(s, rd, gen_fp_op3(s, op, size, read_f(s, rn, t), read_f(s, rm, t), read_f(s, ra, t)));
    return true;
}

#define TRANS_3SRC(name, op) \
    bool trans_##name(DisasContext *s, const arg_##name *a) { return do_3src(s, FP_SIZE(a), a->rd, a->rn, a->rm, a->ra, op); }
TRANS_3SRC(FMADD_f, FP3_MADD)
TRANS_3SRC(FMSUB_f, FP3_MSUB)
TRANS_3SRC(FNMADD_f, FP3_NMADD)
TRANS_3SRC(FNMSUB_f, FP3_NMSUB)

/* ---- one source ---- */
static bool do_1src(DisasContext *s, unsigned size, unsigned rd, unsigned rn, FpOp1 op, unsigned param)
{
    if (fp_access_check(s))
        gen_fp_s1(s, op, size, param, rd, rn);
    return true;
}

#define TRANS_1SRC(name, size, op, param) \
    bool trans_##name(DisasContext *s, const arg_##name *a) { return do_1src(s, size, a->rd, a->rn, op, param); }
TRANS_1SRC(FSQRT_f, FP_SIZE(a), FP1_SQRT, 0)
TRANS_1SRC(FRINTN_f, FP_SIZE(a), FP1_ROUND, FPP(IR_RND_EVEN, 0, 0))
TRANS_1SRC(FRINTP_f, FP_SIZE(a), FP1_ROUND, FPP(IR_RND_UP, 0, 0))
TRANS_1SRC(FRINTM_f, FP_SIZE(a), FP1_ROUND, FPP(IR_RND_DOWN, 0, 0))
TRANS_1SRC(FRINTZ_f, FP_SIZE(a), FP1_ROUND, FPP(IR_RND_ZERO, 0, 0))
TRANS_1SRC(FRINTA_f, FP_SIZE(a), FP1_ROUND, FPP(IR_RND_AWAY, 0, 0))
TRANS_1SRC(FRINTX_f, FP_SIZE(a), FP1_ROUND, FPP(IR_RND_CUR, 1, 0))
TRANS_1SRC(FRINTI_f, FP_SIZE(a), FP1_ROUND, FPP(IR_RND_CUR, 0, 0))
TRANS_1SRC(FRINT32Z_f, 2u + (unsigned)a->sz, FP1_ROUND32, FPP(IR_RND_ZERO, 0, 0))
TRANS_1SRC(FRINT32X_f, 2u + (unsigned)a->sz, FP1_ROUND32, FPP(IR_RND_CUR, 0, 0))
TRANS_1SRC(FRINT64Z_f, 2u + (unsigned)a->sz, FP1_ROUND64, FPP(IR_RND_ZERO, 0, 0))
TRANS_1SRC(FRINT64X_f, 2u + (unsigned)a->sz, FP1_ROUND64, FPP(IR_RND_CUR, 0, 0))
TRANS_1SRC(BFCVT_f, 2, FP1_TO_BF16, 0)

bool trans_FCVT_f(DisasContext *s, const arg_FCVT_f *a)
{
    unsigned from = (unsigned)a->from, to = (unsigned)a->to;

    if (!fp_access_check(s))
        return true;
    if (fp_inline(s, MIN_OF(from, to)))
        write_v(s, a->rd, ir_fcvt(s->f, fp_type(to), read_f(s, a->rn, fp_type(from))));
    else
        gen_fp_s1(s, (FpOp1)(FP1_FROM_H + from - 1), to, 0, a->rd, a->rn);
    return true;
}

/* Halves as bits: the low 16 of Vn as an I32. */
static IRRef read_h(DisasContext *s, unsigned n) { return ir_vgetl(s->f, IR_I32, 1, read_v(s, n), 0, false); }
static void write_h(DisasContext *s, unsigned d, IRRef bits) { write_v(s, d, ir_bitsf(s->f, bits)); }

bool trans_FMOV_f(DisasContext *s, const arg_FMOV_f *a)
{
    if (!fp_access_check(s))
        return true;
    if (a->h)
        write_h(s, a->rd, read_h(s, a->rn));
    else
        write_v(s, a->rd, read_f(s, a->rn, fp_type(FP_SIZE(a))));
    return true;
}

bool trans_FABS_f(DisasContext *s, const arg_FABS_f *a)
{
    if (!fp_access_check(s))
        return true;
    if (a->h)
        write_h(s, a->rd, ir_and(s->f, read_h(s, a->rn), ir_i32(s->f, 0x7fff)));
    else
        write_v(s, a->rd, ir_fabs(s->f, read_f(s, a->rn, fp_type(FP_SIZE(a)))));
    return true;
}

bool trans_FNEG_f(DisasContext *s, const arg_FNEG_f *a)
{
    if (!fp_access_check(s))
        return true;
    if (a->h)
        write_h(s, a->rd, ir_xor(s->f, read_h(s, a->rn), ir_i32(s->f, 0x8000)));
    else
        write_v(s, a->rd, ir_fneg(s->f, read_f(s, a->rn, fp_type(FP_SIZE(a)))));
    return true;
}

bool trans_FMOV_imm(DisasContext *s, const arg_FMOV_imm *a)
{
    if (fp_access_check(s))
        write_fbits(s, a->rd, ir_i64(s->f, fp_expand_imm(arm_fp_format[FP_SIZE(a)], (unsigned)a->imm8)));
    return true;
}

/* ---- between general and SIMD&FP registers ---- */
bool trans_FMOV_to_x(DisasContext *s, const arg_FMOV_to_x *a)
{
    if (!fp_access_check(s))
        return true;
    if (a->top)
        write_x(s, a->rd, ir_vgetl(s->f, IR_I64, 3, read_v(s, a->rn), 1, false));
    else if (a->size == 1)
        write_x(s, a->rd, read_h(s, a->rn));
    else
        write_x(s, a->rd, ir_fbits(s->f, read_f(s, a->rn, fp_type((unsigned)a->size))));
    return true;
}

bool trans_FMOV_from_x(DisasContext *s, const arg_FMOV_from_x *a)
{
    if (!fp_access_check(s))
        return true;
    if (a->top)
        write_v(s, a->rd, ir_vinsl(s->f, 3, read_v(s, a->rd), 1, read_x(s, a->rn, true)));
    else if (a->size == 1)
        write_h(s, a->rd, ir_zext(s->f, IR_I32, 1, read_x(s, a->rn, false)));
    else
        write_v(s, a->rd, ir_bitsf(s->f, read_x(s, a->rn, a->size == 3)));
    return true;
}

/* ---- compare and select ---- */
/* Condition codes on flags in borrow polarity; AL and NV, 14 and 15, are always true. */
static const uint8_t fp_cond[14] = { IR_EQ, IR_NE, IR_GEU, IR_LTU, IR_MI, IR_PL, IR_VS, IR_VC, IR_GTU, IR_LEU, IR_GE, IR_LT, IR_GT, IR_LE };

static IRRef gen_compare(DisasContext *s, unsigned size, IRRef a, IRRef b, bool signalling)
{
    if (fp_inline(s, size))
        return ir_fl_fcmp(s->f, a, b, signalling);
    return ir_call(s->f, &ir_helper_fp_cmp, ir_fbits(s->f, a), ir_fbits(s->f, b), ir_i32(s->f, size | (signalling ? FP_CMP_SIGNALLING : 0)));
}

bool trans_FCMP_f(DisasContext *s, const arg_FCMP_f *a)
{
    IRType t = fp_op3_type(s, FP_SIZE(a));

    if (!fp_access_check(s))
        return true;
    IRRef b = a->zero ? ir_bitsf(s->f, ir_int(s->f, int_type(t == IR_F64), 0)) : read_f(s, a->rm, t);
    ir_put(s->f, SLOT_NZCV, gen_compare(s, FP_SIZE(a), read_f(s, a->rn, t), b, a->e));
    return true;
}

/* When the condition fails nothing is compared, and no flag raised: zeros stand in for the operands. */
bool trans_FCCMP_f(DisasContext *s, const arg_FCCMP_f *a)
{
    IRFunc *f = s->f;
    IRType t = fp_op3_type(s, FP_SIZE(a));

    if (!fp_access_check(s))
        return true;
    IRRef n = read_f(s, a->rn, t), m = read_f(s, a->rm, t);
    if (a->cond >= 14) {
        ir_put(f, SLOT_NZCV, gen_compare(s, FP_SIZE(a), n, m, a->e));
        return true;
    }
    IRCond cc = (IRCond)fp_cond[a->cond];
    IRRef nzcv = ir_get(f, IR_I32, SLOT_NZCV), zero = ir_int(f, int_type(t == IR_F64), 0);
    n = ir_bitsf(f, ir_fl_select(f, cc, nzcv, ir_fbits(f, n), zero));
    m = ir_bitsf(f, ir_fl_select(f, cc, nzcv, ir_fbits(f, m), zero));
    IRRef flags = gen_compare(s, FP_SIZE(a), n, m, a->e);
    IRRef imm = ir_i32(f, arm_nzcv_from_arch((uint32_t)a->nzcv << 28));
    ir_put(f, SLOT_NZCV, ir_fl_select(f, cc, nzcv, flags, imm));
    return true;
}

bool trans_FCSEL_f(DisasContext *s, const arg_FCSEL_f *a)
{
    IRFunc *f = s->f;
    IRType t = FP_SIZE(a) == 3 ? IR_F64 : IR_F32;

    if (!fp_access_check(s))
        return true;
    IRRef r = ir_fbits(f, read_f(s, a->rn, t));
    if (a->cond < 14) {
        IRRef m = ir_fbits(f, read_f(s, a->rm, t));
        r = ir_fl_select(f, (IRCond)fp_cond[a->cond], ir_get(f, IR_I32, SLOT_NZCV), r, m);
    }
    if (a->h)
        r = ir_zext(f, IR_I32, 1, r);
    write_v(s, a->rd, ir_bitsf(f, r));
    return true;
}
