/* SPDX-License-Identifier: MIT */
/*
 * AdvSIMD floating point with two and three operands: three same, scalar three same, pairwise, across lanes, by element.
 *
 * Double precision in a 64-bit vector (sz = 1, Q = 0) is UNDEFINED throughout.
 */
#include "target/arm/translate_fp.h"

static bool reserved(unsigned size, bool q) { return size == 3 && !q; }

/* ---- three same ---- */
static bool do_3same(DisasContext *s, bool q, unsigned size, unsigned rd, unsigned rn, unsigned rm, FpOp2 op)
{
    if (reserved(size, q))
        return false;
    if (fp_access_check(s))
        write_v(s, rd, gen_fp_v2(s, op, size, q, read_v(s, rn), read_v(s, rm)));
    return true;
}

#define TRANS_3SAME(name, op) \
    bool trans_##name(DisasContext *s, const arg_##name *a) { return do_3same(s, a->q, FP_SIZE(a), a->rd, a->rn, a->rm, op); }
TRANS_3SAME(FADD_v, FP2_ADD)
TRANS_3SAME(FSUB_v, FP2_SUB)
TRANS_3SAME(FMUL_v, FP2_MUL)
TRANS_3SAME(FDIV_v, FP2_DIV)
TRANS_3SAME(FMULX_v, FP2_MULX)
TRANS_3SAME(FMAX_v, FP2_MAX)
TRANS_3SAME(FMIN_v, FP2_MIN)
TRANS_3SAME(FMAXNM_v, FP2_MAXNM)
TRANS_3SAME(FMINNM_v, FP2_MINNM)
TRANS_3SAME(FABD_v, FP2_ABD)
TRANS_3SAME(FRECPS_v, FP2_RECPS)
TRANS_3SAME(FRSQRTS_v, FP2_RSQRTS)
TRANS_3SAME(FCMEQ_v, FP2_CMEQ)
TRANS_3SAME(FCMGE_v, FP2_CMGE)
TRANS_3SAME(FCMGT_v, FP2_CMGT)
TRANS_3SAME(FACGE_v, FP2_ACGE)
TRANS_3SAME(FACGT_v, FP2_ACGT)

static bool do_fmla(DisasContext *s, bool q, unsigned size, unsigned rd, unsigned rn, unsigned rm, bool negate)
{
    if (reserved(size, q))
        return false;
    if (fp_access_check(s))
        write_v(s, rd, gen_fp_vfma(s, size, q, read_v(s, rd), read_v(s, rn), read_v(s, rm), negate));
    return true;
}
bool trans_FMLA_v(DisasContext *s, const arg_FMLA_v *a) { return do_fmla(s, a->q, FP_SIZE(a), a->rd, a->rn, a->rm, false); }
bool trans_FMLS_v(DisasContext *s, const arg_FMLS_v *a) { return do_fmla(s, a->q, FP_SIZE(a), a->rd, a->rn, a->rm, true); }

static bool do_3same_scalar(DisasContext *s, unsigned size, unsigned rd, unsigned rn, unsigned rm, FpOp2 op)
{
    IRType t = fp_op2_type(s, op, size);

    if (fp_access_check(s))
        write_v(s, rd, gen_fp_op2(s, op, size, read_f(s, rn, t), read_f(s, rm, t)));
    return true;
}

#define TRANS_3SAME_SCALAR(name, op) \
    bool trans_##name(DisasContext *s, const arg_##name *a) { return do_3same_scalar(s, FP_SIZE(a), a->rd, a->rn, a->rm, op); }
TRANS_3SAME_SCALAR(FMULX_s, FP2_MULX)
TRANS_3SAME_SCALAR(FABD_s, FP2_ABD)
TRANS_3SAME_SCALAR(FRECPS_s, FP2_RECPS)
TRANS_3SAME_SCALAR(FRSQRTS_s, FP2_RSQRTS)
TRANS_3SAME_SCALAR(FCMEQ_s, FP2_CMEQ)
TRANS_3SAME_SCALAR(FCMGE_s, FP2_CMGE)
TRANS_3SAME_SCALAR(FCMGT_s, FP2_CMGT)
TRANS_3SAME_SCALAR(FACGE_s, FP2_ACGE)
TRANS_3SAME_SCALAR(FACGT_s, FP2_ACGT)

/* ---- pairwise: even elements of Vm:Vn against odd ones ---- */
static bool do_pairwise(DisasContext *s, bool q, unsigned size, unsigned rd, unsigned rn, unsigned rm, FpOp2 op)
{
    IRFunc *f = s->f;

    if (reserved(size, q))
        return false;
    if (!fp_access_check(s))
        return true;
    IRRef n = read_v(s, rn), m = read_v(s, rm);
    if (!q) /* both halves in one register, and again as the second: the low half is right */
        n = m = ir_vinsv(f, 3, n, 1, m, 0);
    write_v(s, rd, gen_fp_v2(s, op, size, q, ir_vuzp1(f, size, n, m), ir_vuzp2(f, size, n, m)));
    return true;
}

#define TRANS_PAIRWISE(name, op) \
    bool trans_##name(DisasContext *s, const arg_##name *a) { return do_pairwise(s, a->q, FP_SIZE(a), a->rd, a->rn, a->rm, op); }
TRANS_PAIRWISE(FADDP_v, FP2_ADD)
TRANS_PAIRWISE(FMAXP_v, FP2_MAX)
TRANS_PAIRWISE(FMINP_v, FP2_MIN)
TRANS_PAIRWISE(FMAXNMP_v, FP2_MAXNM)
TRANS_PAIRWISE(FMINNMP_v, FP2_MINNM)

static bool do_pairwise_scalar(DisasContext *s, unsigned size, unsigned rd, unsigned rn, FpOp2 op)
{
    IRType t = fp_op2_type(s, op, size);

    if (!fp_access_check(s))
        return true;
    IRRef n = read_v(s, rn);
    write_v(s, rd, gen_fp_op2(s, op, size, fp_lane(s, t, size, n, 0), fp_lane(s, t, size, n, 1)));
    return true;
}

#define TRANS_PAIRWISE_SCALAR(name, op) \
    bool trans_##name(DisasContext *s, const arg_##name *a) { return do_pairwise_scalar(s, FP_SIZE(a), a->rd, a->rn, op); }
TRANS_PAIRWISE_SCALAR(FADDP_s, FP2_ADD)
TRANS_PAIRWISE_SCALAR(FMAXP_s, FP2_MAX)
TRANS_PAIRWISE_SCALAR(FMINP_s, FP2_MIN)
TRANS_PAIRWISE_SCALAR(FMAXNMP_s, FP2_MAXNM)
TRANS_PAIRWISE_SCALAR(FMINNMP_s, FP2_MINNM)

/* ---- across lanes ---- */
static bool do_across(DisasContext *s, bool q, unsigned size, unsigned rd, unsigned rn, FpOp2 op)
{
    if (fp_access_check(s))
        write_fbits(s, rd, ir_call(s->f, &ir_helper_fp_reduce, read_v(s, rn), ir_i32(s->f, FPD(op, size, fp_lanes(q, size), 0))));
    return true;
}

#define TRANS_ACROSS(name, op) \
    bool trans_##name(DisasContext *s, const arg_##name *a) { return do_across(s, a->q, a->h ? 1 : 2, a->rd, a->rn, op); }
TRANS_ACROSS(FMAXV, FP2_MAX)
TRANS_ACROSS(FMINV, FP2_MIN)
TRANS_ACROSS(FMAXNMV, FP2_MAXNM)
TRANS_ACROSS(FMINNMV, FP2_MINNM)

/* ---- by element: H:L:M, H:L or H by size ---- */
#define ELEMENT(a) ((a)->h ? (unsigned)((a)->hi << 2 | (a)->l << 1 | (a)->m) : (a)->sz ? (unsigned)(a)->hi : (unsigned)((a)->hi << 1 | (a)->l))

static IRRef element(DisasContext *s, unsigned size, unsigned rm, unsigned index)
{
    return ir_vduplane(s->f, size, read_v(s, rm), index);
}

static bool do_mul_element(DisasContext *s, bool q, unsigned size, unsigned rd, unsigned rn, unsigned rm, unsigned index, FpOp2 op)
{
    if (reserved(size, q))
        return false;
    if (fp_access_check(s))
        write_v(s, rd, gen_fp_v2(s, op, size, q, read_v(s, rn), element(s, size, rm, index)));
    return true;
}
bool trans_FMUL_ve(DisasContext *s, const arg_FMUL_ve *a)
{
    return do_mul_element(s, a->q, FP_SIZE(a), a->rd, a->rn, a->rm, ELEMENT(a), FP2_MUL);
}
bool trans_FMULX_ve(DisasContext *s, const arg_FMULX_ve *a)
{
    return do_mul_element(s, a->q, FP_SIZE(a), a->rd, a->rn, a->rm, ELEMENT(a), FP2_MULX);
}

static bool do_fmla_element(DisasContext *s, bool q, unsigned size, unsigned rd, unsigned rn, unsigned rm, unsigned index, bool negate)
{
    if (reserved(size, q))
        return false;
    if (fp_access_check(s))
        write_v(s, rd, gen_fp_vfma(s, size, q, read_v(s, rd), read_v(s, rn), element(s, size, rm, index), negate));
    return true;
}
bool trans_FMLA_ve(DisasContext *s, const arg_FMLA_ve *a)
{
    return do_fmla_element(s, a->q, FP_SIZE(a), a->rd, a->rn, a->rm, ELEMENT(a), false);
}
bool trans_FMLS_ve(DisasContext *s, const arg_FMLS_ve *a)
{
    return do_fmla_element(s, a->q, FP_SIZE(a), a->rd, a->rn, a->rm, ELEMENT(a), true);
}

static bool do_mul_element_scalar(DisasContext *s, unsigned size, unsigned rd, unsigned rn, unsigned rm, unsigned index, FpOp2 op)
{
    IRType t = fp_op2_type(s, op, size);

    if (fp_access_check(s))
        write_v(s, rd, gen_fp_op2(s, op, size, read_f(s, rn, t), fp_lane(s, t, size, read_v(s, rm), index)));
    return true;
}
bool trans_FMUL_se(DisasContext *s, const arg_FMUL_se *a)
{
    return do_mul_element_scalar(s, FP_SIZE(a), a->rd, a->rn, a->rm, ELEMENT(a), FP2_MUL);
}
bool trans_FMULX_se(DisasContext *s, const arg_FMULX_se *a)
{
    return do_mul_element_scalar(s, FP_SIZE(a), a->rd, a->rn, a->rm, ELEMENT(a), FP2_MULX);
}

static bool do_fmla_element_scalar(DisasContext *s, unsigned size, unsigned rd, unsigned rn, unsigned rm, unsigned index, FpOp3 op)
{
    IRType t = fp_op3_type(s, size);

    if (fp_access_check(s))
        write_v(s, rd, gen_fp_op3(s, op, size, read_f(s, rn, t), fp_lane(s, t, size, read_v(s, rm), index), read_f(s, rd, t)));
    return true;
}
bool trans_FMLA_se(DisasContext *s, const arg_FMLA_se *a)
{
    return do_fmla_element_scalar(s, FP_SIZE(a), a->rd, a->rn, a->rm, ELEMENT(a), FP3_MADD);
}
bool trans_FMLS_se(DisasContext *s, const arg_FMLS_se *a)
{
    return do_fmla_element_scalar(s, FP_SIZE(a), a->rd, a->rn, a->rm, ELEMENT(a), FP3_MSUB);
}
