/* SPDX-License-Identifier: MIT */
/*
 * AdvSIMD three-different instructions (C4.1.96.19): long, wide and narrow forms.
 *
 * Q chooses the half: of the narrow operands for long and wide forms (SADDL2 reads the upper halves), of the result for
 * narrow ones (ADDHN2 writes the upper half and keeps the lower).
 */
#include "target/arm/a64_decode.h"
#include "target/arm/translate_simd.h"

/* The narrow operand's chosen half, extended to lanes of twice the size. */
static IRRef extend_half(IRFunc *f, unsigned sz, IRRef v, bool high, bool sign)
{
    if (sign)
        return ir_vsxtl(f, sz, simd_half(f, v, high));
    return high ? ir_vzip2(f, sz, v, simd_zero(f)) : ir_vuxtl(f, sz, v);
}

typedef struct WideOp {
    Gen2 *gen;   /* on lanes of twice the size */
    bool sign;
    bool wide;   /* rn is wide already */
} WideOp;

static bool add_long(DisasContext *s, unsigned size, bool q, unsigned rd, unsigned rn, unsigned rm, WideOp op)
{
    if (size == 3)
        return false;
    if (!fp_access_check(s))
        return true;
    IRRef a = read_v(s, rn), b = read_v(s, rm);
    if (!op.wide)
        a = extend_half(s->f, size, a, q, op.sign);
    write_v(s, rd, op.gen(s->f, size + 1, a, extend_half(s->f, size, b, q, op.sign)));
    return true;
}

#define LONG(name, ...) \
    bool trans_##name(DisasContext *s, const arg_##name *a) \
    { \
        return add_long(s, a->size, a->q, a->rd, a->rn, a->rm, (WideOp){ __VA_ARGS__ }); \
    }
LONG(SADDL, ir_vadd, .sign = true)
LONG(UADDL, ir_vadd, .sign = false)
LONG(SADDW, ir_vadd, .sign = true, .wide = true)
LONG(UADDW, ir_vadd, .sign = false, .wide = true)
LONG(SSUBL, ir_vsub, .sign = true)
LONG(USUBL, ir_vsub, .sign = false)
LONG(SSUBW, ir_vsub, .sign = true, .wide = true)
LONG(USUBW, ir_vsub, .sign = false, .wide = true)

/* Products and differences are made of the chosen half's narrow lanes, then accumulated. */
static bool product_long(DisasContext *s, unsigned size, bool q, unsigned rd, unsigned rn, unsigned rm, Gen2 *product, Gen2 *accumulate)
{
    if (size == 3)
        return false;
    if (!fp_access_check(s))
        return true;
    IRRef a = simd_half(s->f, read_v(s, rn), q), b = simd_half(s->f, read_v(s, rm), q);
    IRRef r = product(s->f, size, a, b);
    write_v(s, rd, accumulate ? accumulate(s->f, size + 1, read_v(s, rd), r) : r);
    return true;
}

/* An absolute difference fits its lane when taken as unsigned. */
static IRRef gen_sabdl(IRFunc *f, unsigned sz, IRRef a, IRRef b) { return ir_vuxtl(f, sz, ir_vsabd(f, sz, a, b)); }
static IRRef gen_uabdl(IRFunc *f, unsigned sz, IRRef a, IRRef b) { return ir_vuxtl(f, sz, ir_vuabd(f, sz, a, b)); }

#define PRODUCT(name, product, accumulate) \
    bool trans_##name(DisasContext *s, const arg_##name *a) \
    { \
        return product_long(s, a->size, a->q, a->rd, a->rn, a->rm, product, accumulate); \
    }
PRODUCT(SABDL, gen_sabdl, NULL)
PRODUCT(UABDL, gen_uabdl, NULL)
PRODUCT(SABAL, gen_sabdl, ir_vadd)
PRODUCT(UABAL, gen_uabdl, ir_vadd)
PRODUCT(SMULL_v, simd_gen_smull, NULL)
PRODUCT(UMULL_v, simd_gen_umull, NULL)
PRODUCT(SMLAL, simd_gen_smull, ir_vadd)
PRODUCT(UMLAL, simd_gen_umull, ir_vadd)
PRODUCT(SMLSL, simd_gen_smull, ir_vsub)
PRODUCT(UMLSL, simd_gen_umull, ir_vsub)

/* High halves of sums: the odd lanes of the narrow size. */
static bool narrow_high(DisasContext *s, unsigned size, bool q, unsigned rd, unsigned rn, unsigned rm, Gen2 *gen, bool round)
{
    if (size == 3)
        return false;
    if (!fp_access_check(s))
        return true;
    IRRef r = gen(s->f, size + 1, read_v(s, rn), read_v(s, rm));
    if (round)
        r = ir_vadd(s->f, size + 1, r, simd_const(s->f, size + 1, 1ull << ((8u << size) - 1)));
    simd_write_narrow(s, rd, q, ir_vuzp2(s->f, size, r, simd_zero(s->f)));
    return true;
}

#define NARROW(name, gen, round) \
    bool trans_##name(DisasContext *s, const arg_##name *a) { return narrow_high(s, a->size, a->q, a->rd, a->rn, a->rm, gen, round); }
NARROW(ADDHN, ir_vadd, false)
NARROW(RADDHN, ir_vadd, true)
NARROW(SUBHN, ir_vsub, false)
NARROW(RSUBHN, ir_vsub, true)

/* Saturating doubling products: vectors of halves, or one lane. */
static bool saturating_long(DisasContext *s, const SimdForm *m, bool high, const IRHelper *h, bool accumulate)
{
    if (!(SZ_HS >> m->sz & 1))
        return false;
    if (!fp_access_check(s))
        return true;
    SimdDesc desc = SIMD_DESC(m->sz, m->bytes);
    IRRef a = simd_half(s->f, read_v(s, m->rn), high), b = simd_half(s->f, read_v(s, m->rm), high);
    write_v(s, m->rd, accumulate ? simd_call3(s, h, read_v(s, m->rd), a, b, desc) : simd_call2(s, h, a, b, desc));
    return true;
}

#define LONG_FORM(a) \
    (SimdForm) { .sz = (a)->size, .bytes = (a)->scalar ? 2u << (a)->size : 16, .rd = (a)->rd, .rn = (a)->rn, .rm = (a)->rm }
#define SATURATING(name, helper, accumulate) \
    bool trans_##name(DisasContext *s, const arg_##name *a) \
    { \
        return saturating_long(s, &LONG_FORM(a), a->q, &ir_helper_##helper, accumulate); \
    }
SATURATING(SQDMULL, sqdmull, false)
SATURATING(SQDMLAL, sqdmlal, true)
SATURATING(SQDMLSL, sqdmlsl, true)

static bool polynomial(DisasContext *s, unsigned rd, unsigned rn, unsigned rm, bool high, const IRHelper *h)
{
    if (!fp_access_check(s))
        return true;
    IRRef a = simd_half(s->f, read_v(s, rn), high), b = simd_half(s->f, read_v(s, rm), high);
    write_v(s, rd, simd_call2(s, h, a, b, SIMD_DESC(0, 16)));
    return true;
}

bool trans_PMULL_8(DisasContext *s, const arg_PMULL_8 *a) { return polynomial(s, a->rd, a->rn, a->rm, a->q, &ir_helper_pmull_8); }
bool trans_PMULL_64(DisasContext *s, const arg_PMULL_64 *a) { return polynomial(s, a->rd, a->rn, a->rm, a->q, &ir_helper_pmull_64); }
