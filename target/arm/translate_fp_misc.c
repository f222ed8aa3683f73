/* SPDX-License-Identifier: MIT */
/*
 * AdvSIMD floating point with one operand: two-register miscellaneous, its scalar forms, fixed point; MOVI and FMOV (vector,
 * immediate).
 */
#include "base/bits.h"
#include "target/arm/translate_fp.h"

static bool reserved(unsigned size, bool q) { return size == 3 && !q; }

/* ---- lane by lane ---- */
static bool do_misc(DisasContext *s, bool q, unsigned size, unsigned rd, unsigned rn, FpOp1 op, unsigned param)
{
    if (reserved(size, q))
        return false;
    if (fp_access_check(s))
        write_v(s, rd, gen_fp_v1(s, op, size, q, param, read_v(s, rn)));
    return true;
}

static bool do_misc_scalar(DisasContext *s, unsigned size, unsigned rd, unsigned rn, FpOp1 op, unsigned param)
{
    if (fp_access_check(s))
        gen_fp_s1(s, op, size, param, rd, rn);
    return true;
}

/* To an integer of the lane's width. */
static FpOp1 to_lane(unsigned size) { return (FpOp1)(FP1_TO_I16 + size - 1); }

#define TRANS_V(name, size, op, param) \
    bool trans_##name(DisasContext *s, const arg_##name *a) { return do_misc(s, a->q, size, a->rd, a->rn, op, param); }
#define TRANS_S(name, size, op, param) \
    bool trans_##name(DisasContext *s, const arg_##name *a) { return do_misc_scalar(s, size, a->rd, a->rn, op, param); }
#define TRANS_VS(name, op, param) \
    TRANS_V(name##_v, FP_SIZE(a), op, param) \
    TRANS_S(name##_s, FP_SIZE(a), op, param)

TRANS_V(FSQRT_v, FP_SIZE(a), FP1_SQRT, 0)
TRANS_V(FRINTN_v, FP_SIZE(a), FP1_ROUND, FPP(IR_RND_EVEN, 0, 0))
TRANS_V(FRINTM_v, FP_SIZE(a), FP1_ROUND, FPP(IR_RND_DOWN, 0, 0))
TRANS_V(FRINTP_v, FP_SIZE(a), FP1_ROUND, FPP(IR_RND_UP, 0, 0))
TRANS_V(FRINTZ_v, FP_SIZE(a), FP1_ROUND, FPP(IR_RND_ZERO, 0, 0))
TRANS_V(FRINTA_v, FP_SIZE(a), FP1_ROUND, FPP(IR_RND_AWAY, 0, 0))
TRANS_V(FRINTX_v, FP_SIZE(a), FP1_ROUND, FPP(IR_RND_CUR, 1, 0))
TRANS_V(FRINTI_v, FP_SIZE(a), FP1_ROUND, FPP(IR_RND_CUR, 0, 0))
TRANS_V(FRINT32Z_v, 2u + (unsigned)a->sz, FP1_ROUND32, FPP(IR_RND_ZERO, 0, 0))
TRANS_V(FRINT32X_v, 2u + (unsigned)a->sz, FP1_ROUND32, FPP(IR_RND_CUR, 0, 0))
TRANS_V(FRINT64Z_v, 2u + (unsigned)a->sz, FP1_ROUND64, FPP(IR_RND_ZERO, 0, 0))
TRANS_V(FRINT64X_v, 2u + (unsigned)a->sz, FP1_ROUND64, FPP(IR_RND_CUR, 0, 0))
TRANS_VS(FCVTNS, to_lane(FP_SIZE(a)), FPP(IR_RND_EVEN, 1, 0))
TRANS_VS(FCVTNU, to_lane(FP_SIZE(a)), FPP(IR_RND_EVEN, 0, 0))
TRANS_VS(FCVTMS, to_lane(FP_SIZE(a)), FPP(IR_RND_DOWN, 1, 0))
TRANS_VS(FCVTMU, to_lane(FP_SIZE(a)), FPP(IR_RND_DOWN, 0, 0))
TRANS_VS(FCVTPS, to_lane(FP_SIZE(a)), FPP(IR_RND_UP, 1, 0))
TRANS_VS(FCVTPU, to_lane(FP_SIZE(a)), FPP(IR_RND_UP, 0, 0))
TRANS_VS(FCVTZS, to_lane(FP_SIZE(a)), FPP(IR_RND_ZERO, 1, 0))
TRANS_VS(FCVTZU, to_lane(FP_SIZE(a)), FPP(IR_RND_ZERO, 0, 0))
TRANS_VS(FCVTAS, to_lane(FP_SIZE(a)), FPP(IR_RND_AWAY, 1, 0))
TRANS_VS(FCVTAU, to_lane(FP_SIZE(a)), FPP(IR_RND_AWAY, 0, 0))
TRANS_VS(SCVTF, FP1_FROM_LANE, FPP(0, 1, 0))
TRANS_VS(UCVTF, FP1_FROM_LANE, FPP(0, 0, 0))
TRANS_VS(FCMEQ0, FP1_CMEQ0, 0)
TRANS_VS(FCMGE0, FP1_CMGE0, 0)
TRANS_VS(FCMGT0, FP1_CMGT0, 0)
TRANS_VS(FCMLE0, FP1_CMLE0, 0)
TRANS_VS(FCMLT0, FP1_CMLT0, 0)
TRANS_VS(FRECPE, FP1_RECPE, 0)
TRANS_VS(FRSQRTE, FP1_RSQRTE, 0)
TRANS_S(FRECPX_s, FP_SIZE(a), FP1_RECPX, 0)

/* Fixed point: a row's imm is immh:immb without the bit that tells the size; fbits counts down from the lane's width. */
#define LANE_FBITS(a) ((8u << (a)->size) - (unsigned)(a)->imm)
#define TRANS_FIXED(name, op, round, is_signed) \
    TRANS_V(name##_vx, (unsigned)a->size, op, FPP(round, is_signed, LANE_FBITS(a))) \
    TRANS_S(name##_sx, (unsigned)a->size, op, FPP(round, is_signed, LANE_FBITS(a)))
TRANS_FIXED(SCVTF, FP1_FROM_LANE, 0, 1)
TRANS_FIXED(UCVTF, FP1_FROM_LANE, 0, 0)
TRANS_FIXED(FCVTZS, to_lane((unsigned)a->size), IR_RND_ZERO, 1)
TRANS_FIXED(FCVTZU, to_lane((unsigned)a->size), IR_RND_ZERO, 0)

/* ---- sign bits ---- */
static uint64_t sign_mask(unsigned size)
{
    return size == 1 ? 0x8000800080008000 : size == 2 ? 0x8000000080000000 : BIT(63);
}

bool trans_FABS_v(DisasContext *s, const arg_FABS_v *a)
{
    if (reserved(FP_SIZE(a), a->q))
        return false;
    if (fp_access_check(s))
        write_vq(s, a->rd, ir_vand(s->f, read_v(s, a->rn), ir_vconst(s->f, ~sign_mask(FP_SIZE(a)))), a->q);
    return true;
}

bool trans_FNEG_v(DisasContext *s, const arg_FNEG_v *a)
{
    if (reserved(FP_SIZE(a), a->q))
        return false;
    if (fp_access_check(s))
        write_vq(s, a->rd, ir_vxor(s->f, read_v(s, a->rn), ir_vconst(s->f, sign_mask(FP_SIZE(a)))), a->q);
    return true;
}

/* ---- widening and narrowing; Q: the upper half of the narrow register ---- */
bool trans_FCVTL_v(DisasContext *s, const arg_FCVTL_v *a)
{
    IRFunc *f = s->f;
    unsigned size = 1 + (unsigned)a->sz, lanes = 8u >> size, first = a->q ? lanes : 0;

    if (!fp_access_check(s))
        return true;
    IRRef n = read_v(s, a->rn), r;
    if (fp_inline(s, size)) {
        IRRef lo = ir_fcvt(f, IR_F64, fp_lane(s, IR_F32, 2, n, first)), hi = ir_fcvt(f, IR_F64, fp_lane(s, IR_F32, 2, n, first + 1));
        r = ir_vpair(f, ir_fbits(f, lo), ir_fbits(f, hi));
    } else {
        r = ir_call(f, &ir_helper_fp_widen, n, ir_i32(f, FPD(0, size, lanes, first)));
    }
    write_v(s, a->rd, r);
    return true;
}

/* r holds the narrowed lanes in its low half. */
static void write_narrow(DisasContext *s, bool q, unsigned rd, IRRef r)
{
    write_v(s, rd, q ? ir_vinsv(s->f, 3, read_v(s, rd), 1, r, 0) : r);
}

static bool do_narrow(DisasContext *s, bool q, unsigned size, unsigned rd, unsigned rn, unsigned how)
{
    if (fp_access_check(s))
        write_narrow(s, q, rd, ir_call(s->f, &ir_helper_fp_narrow, read_v(s, rn), ir_i32(s->f, FPD(0, size, 8u >> size, how))));
    return true;
}

bool trans_FCVTN_v(DisasContext *s, const arg_FCVTN_v *a)
{
    IRFunc *f = s->f;

    if (!a->sz || !fp_inline(s, 2))
        return do_narrow(s, a->q, 1 + (unsigned)a->sz, a->rd, a->rn, FP_NARROW);
    if (!fp_access_check(s))
        return true;
    IRRef n = read_v(s, a->rn);
    IRRef lo = ir_fcvt(f, IR_F32, fp_lane(s, IR_F64, 3, n, 0)), hi = ir_fcvt(f, IR_F32, fp_lane(s, IR_F64, 3, n, 1));
    write_narrow(s, a->q, a->rd, ir_vinsl(f, 2, ir_vfromf(f, lo), 1, ir_fbits(f, hi)));
    return true;
}

bool trans_FCVTXN_v(DisasContext *s, const arg_FCVTXN_v *a) { return do_narrow(s, a->q, 2, a->rd, a->rn, FP_NARROW_ODD); }
bool trans_BFCVTN_v(DisasContext *s, const arg_BFCVTN_v *a) { return do_narrow(s, a->q, 1, a->rd, a->rn, FP_NARROW_BF16); }

bool trans_FCVTXN_s(DisasContext *s, const arg_FCVTXN_s *a)
{
    if (fp_access_check(s))
        write_v(s, a->rd, ir_call(s->f, &ir_helper_fp_narrow, read_v(s, a->rn), ir_i32(s->f, FPD(0, 2, 1, FP_NARROW_ODD))));
    return true;
}

/* ---- AdvSIMD modified immediate ---- */
static uint64_t expand_bytes(unsigned imm8)
{
    uint64_t r = 0;
    for (unsigned i = 0; i < 8; i++)
        if (imm8 >> i & 1)
            r |= 0xffull << 8 * i;
    return r;
}

#define REP16(x) ((uint64_t)(x) * 0x0001000100010001u)
#define REP32(x) ((uint64_t)(x) * 0x0000000100000001u)

/* AdvSIMDExpandImm. */
static uint64_t expand_imm(bool op, unsigned cmode, unsigned imm8)
{
    switch (cmode >> 1) {
    case 0: case 1: case 2: case 3: return REP32(imm8 << (cmode >> 1) * 8);
    case 4: case 5: return REP16(imm8 << (cmode >> 1 & 1) * 8);
    case 6: return REP32(cmode & 1 ? imm8 << 16 | 0xffff : imm8 << 8 | 0xff);
    }
    if (!(cmode & 1))
        return op ? expand_bytes(imm8) : imm8 * 0x0101010101010101u;
    return op ? fp_expand_imm(&float_f64, imm8) : REP32(fp_expand_imm(&float_f32, imm8));
}

/* Bits 3 and 2 of cmode not both set: the low one says ORR or BIC with Vd instead of a move. op inverts but for cmode 1110 and 1111. */
bool trans_MOVI_v(DisasContext *s, const arg_MOVI_v *a)
{
    unsigned cmode = (unsigned)a->cmode;
    uint64_t imm = expand_imm(a->op, cmode, (unsigned)(a->abc << 5 | a->defgh));

    if (a->op && cmode == 15 && !a->q)
        return false;
    if (!fp_access_check(s))
        return true;
    IRRef r = ir_vconst(s->f, a->op && cmode < 14 && !(cmode & 1 && cmode < 12) ? ~imm : imm);
    if (cmode & 1 && cmode < 12)
        r = a->op ? ir_vandn(s->f, read_v(s, a->rd), r) : ir_vor(s->f, read_v(s, a->rd), r);
    write_vq(s, a->rd, r, a->q);
    return true;
}

bool trans_FMOV_vh(DisasContext *s, const arg_FMOV_vh *a)
{
    if (fp_access_check(s))
        write_vq(s, a->rd, ir_vconst(s->f, REP16(fp_expand_imm(&float_f16, (unsigned)(a->abc << 5 | a->defgh)))), a->q);
    return true;
}
