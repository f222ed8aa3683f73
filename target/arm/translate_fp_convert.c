/* SPDX-License-Identifier: MIT */
/* Conversions between a general register and scalar floating point: integer (C4.1.96.35) and fixed point (C4.1.96.34), FJCVTZS. */
#include "target/arm/translate_fp.h"

static bool do_to_int(DisasContext *s, bool sf, unsigned size, unsigned rd, unsigned rn, IRRound round, bool is_signed, unsigned fbits)
{
    FpOp1 op = sf ? FP1_TO_I64 : FP1_TO_I32;
    unsigned param = FPP(round, is_signed, fbits);

    if (!fp_access_check(s))
        return true;
    if (fp_op1_inline(s, op, size, param))
        write_x(s, rd, gen_fp_op1(s, op, size, param, read_f(s, rn, fp_type(size))));
    else
        write_x(s, rd, ir_call(s->f, &ir_helper_fp_s1, read_fbits(s, rn), ir_i32(s->f, FPD(op, size, 1, param))));
    return true;
}

#define TRANS_TO_INT(name, round, is_signed) \
    bool trans_##name(DisasContext *s, const arg_##name *a) { return do_to_int(s, a->sf, FP_SIZE(a), a->rd, a->rn, round, is_signed, 0); }
TRANS_TO_INT(FCVTNS_f, IR_RND_EVEN, true)
TRANS_TO_INT(FCVTNU_f, IR_RND_EVEN, false)
TRANS_TO_INT(FCVTPS_f, IR_RND_UP, true)
TRANS_TO_INT(FCVTPU_f, IR_RND_UP, false)
TRANS_TO_INT(FCVTMS_f, IR_RND_DOWN, true)
TRANS_TO_INT(FCVTMU_f, IR_RND_DOWN, false)
TRANS_TO_INT(FCVTZS_f, IR_RND_ZERO, true)
TRANS_TO_INT(FCVTZU_f, IR_RND_ZERO, false)
TRANS_TO_INT(FCVTAS_f, IR_RND_AWAY, true)
TRANS_TO_INT(FCVTAU_f, IR_RND_AWAY, false)

static bool do_from_int(DisasContext *s, bool sf, unsigned size, unsigned rd, unsigned rn, bool is_signed, unsigned fbits)
{
    IRFunc *f = s->f;

    if (!fp_access_check(s))
        return true;
    IRRef x = read_x(s, rn, sf);
    if (fp_inline(s, size) && !fbits) {
        write_v(s, rd, ir_fi2f(f, fp_type(size), x, is_signed));
        return true;
    }
    if (!sf)
        x = is_signed ? ir_sext(f, IR_I64, 2, x) : ir_zext(f, IR_I64, 2, x);
    write_fbits(s, rd, ir_call(f, &ir_helper_fp_s1, x, ir_i32(f, FPD(FP1_FROM_I64, size, 1, FPP(0, is_signed, fbits)))));
    return true;
}

#define TRANS_FROM_INT(name, is_signed) \
    bool trans_##name(DisasContext *s, const arg_##name *a) { return do_from_int(s, a->sf, FP_SIZE(a), a->rd, a->rn, is_signed, 0); }
TRANS_FROM_INT(SCVTF_f, true)
TRANS_FROM_INT(UCVTF_f, false)

/* Fixed point: fbits is 64 - scale, and at most 32 for W registers. */
#define FIXED_UNDEFINED(a) (!(a)->sf && (a)->scale < 32)
#define FIXED_FBITS(a) (64u - (unsigned)(a)->scale)

#define TRANS_FIXED_FROM(name, is_signed) \
    bool trans_##name(DisasContext *s, const arg_##name *a) \
    { \
        return !FIXED_UNDEFINED(a) && do_from_int(s, a->sf, FP_SIZE(a), a->rd, a->rn, is_signed, FIXED_FBITS(a)); \
    }
TRANS_FIXED_FROM(SCVTF_x, true)
TRANS_FIXED_FROM(UCVTF_x, false)

#define TRANS_FIXED_TO(name, is_signed) \
    bool trans_##name(DisasContext *s, const arg_##name *a) \
    { \
        return !FIXED_UNDEFINED(a) && do_to_int(s, a->sf, FP_SIZE(a), a->rd, a->rn, IR_RND_ZERO, is_signed, FIXED_FBITS(a)); \
    }
TRANS_FIXED_TO(FCVTZS_x, true)
TRANS_FIXED_TO(FCVTZU_x, false)

bool trans_FJCVTZS(DisasContext *s, const arg_FJCVTZS *a)
{
    IRFunc *f = s->f;

    if (!fp_access_check(s))
        return true;
    IRRef r = ir_call(f, &ir_helper_fp_jcvt, read_fbits(s, a->rn));
    IRRef exact = ir_extract(f, r, 32, 1);
    write_x(s, a->rd, ir_trunc(f, r));
    /* NZCV is 0 Z 0 0; the slot's C is inverted. */
    ir_put(f, SLOT_NZCV, ir_select(f, IR_NE, exact, ir_i64(f, 0), ir_i32(f, IR_FL_C | IR_FL_Z), ir_i32(f, IR_FL_C)));
    return true;
}
