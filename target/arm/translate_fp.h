/* SPDX-License-Identifier: MIT */
/*
 * Translating floating point: what translate_fp_*.c share.
 *
 * Single and double precision become IR operations unless FPCR asks for what those do not do (BF_FP_SLOW); all else becomes
 * helper calls. Scalars travel to helpers as the low 64 bits of the V register; bits above the format's width are ignored
 * there. Sizes are log2 of bytes: 1 half, 2 single, 3 double.
 */
#ifndef TARGET_ARM_TRANSLATE_FP_H
#define TARGET_ARM_TRANSLATE_FP_H

#include "a64_decode.h"
#include "target/arm/helper_fp.h"
#include "target/arm/translate.h"
#include "target/fp/float.h"

/* Of a decoded row with fields h and sz. */
#define FP_SIZE(a) ((a)->h ? 1u : 2u + (unsigned)(a)->sz)

extern const FloatFormat *const arm_fp_format[4];

static inline bool fp_inline(const DisasContext *s, unsigned size) { return size >= 2 && !(s->flags & BF_FP_SLOW); }
static inline IRType fp_type(unsigned size) { return size == 3 ? IR_F64 : IR_F32; }
static inline unsigned fp_lanes(bool q, unsigned size) { return (q ? 16u : 8u) >> size; }

/* The low 64 bits of Vn; an I64 written to Vd, zero above. */
static inline IRRef read_fbits(DisasContext *s, unsigned n) { return ir_fbits(s->f, read_f(s, n, IR_F64)); }
static inline void write_fbits(DisasContext *s, unsigned d, IRRef bits) { write_v(s, d, ir_bitsf(s->f, bits)); }

/* VFPExpandImm: a sign, three bits of exponent about 0, four of fraction. */
static inline uint64_t fp_expand_imm(const FloatFormat *f, unsigned imm8)
{
    int exp = (int)(imm8 >> 4 & 3) + (imm8 & 0x40 ? -3 : 1);
    return float_zero(f, imm8 >> 7) | float_pow2(f, exp) | (uint64_t)(imm8 & 15) << (f->frac_bits - 4);
}

/*
 * Scalar operations, inline when they can be. An operand is of the type that the op's fp_opN_type tells: F32 or F64 when it is
 * inline, else F64 with the operand in the low bits. The result is to be written to a V register.
 */
static inline bool fp_op1_inline(const DisasContext *s, FpOp1 op, unsigned size, unsigned param)
{
    bool can = op == FP1_SQRT || op == FP1_ROUND || ((op == FP1_TO_I32 || op == FP1_TO_I64 || op == FP1_FROM_LANE) && !(param >> 4));
    return can && fp_inline(s, size);
}
static inline bool fp_op2_inline(const DisasContext *s, FpOp2 op, unsigned size) { return op <= FP2_NMUL && fp_inline(s, size); }
static inline IRType fp_op2_type(const DisasContext *s, FpOp2 op, unsigned size) { return fp_op2_inline(s, op, size) ? fp_type(size) : IR_F64; }
static inline IRType fp_op3_type(const DisasContext *s, unsigned size) { return fp_inline(s, size) ? fp_type(size) : IR_F64; }

/* Lane i of v in the low bits of an F32 or F64. */
static inline IRRef fp_lane(DisasContext *s, IRType t, unsigned size, IRRef v, unsigned i)
{
    return ir_vlow(s->f, t, i ? ir_vduplane(s->f, size, v, i) : v);
}

/* translate_fp_gen.c. */
/* a: F32 or F64, or I32 or I64 for FROM_LANE; result the same, the other way round. Only when fp_op1_inline. */
IRRef gen_fp_op1(DisasContext *s, FpOp1 op, unsigned size, unsigned param, IRRef a);
IRRef gen_fp_op2(DisasContext *s, FpOp2 op, unsigned size, IRRef a, IRRef b);
IRRef gen_fp_op3(DisasContext *s, FpOp3 op, unsigned size, IRRef a, IRRef b, IRRef c);
/* Scalar op1 from Vn to Vd. */
void gen_fp_s1(DisasContext *s, FpOp1 op, unsigned size, unsigned param, unsigned rd, unsigned rn);
/* Lane-wise; the result's lanes beyond the vector are 0. */
IRRef gen_fp_v1(DisasContext *s, FpOp1 op, unsigned size, bool q, unsigned param, IRRef a);
IRRef gen_fp_v2(DisasContext *s, FpOp2 op, unsigned size, bool q, IRRef a, IRRef b);
/* acc + n * m, or acc - n * m. */
IRRef gen_fp_vfma(DisasContext *s, unsigned size, bool q, IRRef acc, IRRef n, IRRef m, bool negate);

#endif
