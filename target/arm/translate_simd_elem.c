/* SPDX-License-Identifier: MIT */
/*
 * AdvSIMD integer instructions by element (C4.1.96.27 and its scalar kin): the lane is spread to a vector, and the
 * instruction is then its three-register form.
 */
#include "target/arm/a64_decode.h"
#include "target/arm/translate_simd.h"

/* What the l, m, rm and h fields say for this size. */
typedef struct Element {
    unsigned sz, index, rm;
} Element;

static Element element_decode(unsigned size, unsigned l, unsigned m, unsigned rm, unsigned h)
{
    if (size == 1)
        return (Element){ 1, h << 2 | l << 1 | m, rm };
    return (Element){ size, h << 1 | l, m << 4 | rm };
}

static IRRef element_spread(DisasContext *s, Element e) { return ir_vduplane(s->f, e.sz, read_v(s, e.rm), e.index); }

#define ELEMENT(a) element_decode((a)->size, (a)->l, (a)->m, (a)->rm, (a)->h)
#define FORM(a) \
    (SimdForm) { .sz = (a)->size, .bytes = simd_bytes((a)->scalar, (a)->q, (a)->size), .rd = (a)->rd, .rn = (a)->rn }
#define LONG_FORM(a) \
    (SimdForm) { .sz = (a)->size, .bytes = (a)->scalar ? 2u << (a)->size : 16, .rd = (a)->rd, .rn = (a)->rn }

static bool by_element(DisasContext *s, const SimdForm *m, Element e, Gen2 *gen, Gen3 *accumulate)
{
    if (!(SZ_HS >> m->sz & 1))
        return false;
    if (!fp_access_check(s))
        return true;
    IRRef a = read_v(s, m->rn), b = element_spread(s, e);
    simd_write(s, m, gen ? gen(s->f, m->sz, a, b) : accumulate(s->f, m->sz, read_v(s, m->rd), a, b));
    return true;
}

bool trans_MUL_e(DisasContext *s, const arg_MUL_e *a) { return by_element(s, &FORM(a), ELEMENT(a), ir_vmul, NULL); }
bool trans_MLA_e(DisasContext *s, const arg_MLA_e *a) { return by_element(s, &FORM(a), ELEMENT(a), NULL, simd_gen_mla); }
bool trans_MLS_e(DisasContext *s, const arg_MLS_e *a) { return by_element(s, &FORM(a), ELEMENT(a), NULL, simd_gen_mls); }

static bool long_by_element(DisasContext *s, const SimdForm *m, bool high, Element e, Gen2 *product, Gen2 *accumulate)
{
    if (!(SZ_HS >> m->sz & 1))
        return false;
    if (!fp_access_check(s))
        return true;
    IRRef r = product(s->f, m->sz, simd_half(s->f, read_v(s, m->rn), high), element_spread(s, e));
    write_v(s, m->rd, accumulate ? accumulate(s->f, m->sz + 1, read_v(s, m->rd), r) : r);
    return true;
}

#define LONG(name, product, accumulate) \
    bool trans_##name(DisasContext *s, const arg_##name *a) \
    { \
        return long_by_element(s, &LONG_FORM(a), a->q, ELEMENT(a), product, accumulate); \
    }
LONG(SMULL_e, simd_gen_smull, NULL)
LONG(UMULL_e, simd_gen_umull, NULL)
LONG(SMLAL_e, simd_gen_smull, ir_vadd)
LONG(UMLAL_e, simd_gen_umull, ir_vadd)
LONG(SMLSL_e, simd_gen_smull, ir_vsub)
LONG(UMLSL_e, simd_gen_umull, ir_vsub)

static bool call_by_element(DisasContext *s, const SimdForm *m, bool high, Element e, const IRHelper *h, bool accumulate)
{
    if (!(SZ_HS >> m->sz & 1))
        return false;
    if (!fp_access_check(s))
        return true;
    SimdDesc desc = SIMD_DESC(m->sz, m->bytes);
    IRRef a = simd_half(s->f, read_v(s, m->rn), high), b = element_spread(s, e);
    write_v(s, m->rd, accumulate ? simd_call3(s, h, read_v(s, m->rd), a, b, desc) : simd_call2(s, h, a, b, desc));
    return true;
}

#define CALL(name, helper, accumulate) \
    bool trans_##name(DisasContext *s, const arg_##name *a) \
    { \
        return call_by_element(s, &FORM(a), false, ELEMENT(a), &ir_helper_##helper, accumulate); \
    }
#define CALL_LONG(name, helper, accumulate) \
    bool trans_##name(DisasContext *s, const arg_##name *a) \
    { \
        return call_by_element(s, &LONG_FORM(a), a->q, ELEMENT(a), &ir_helper_##helper, accumulate); \
    }
CALL(SQDMULH_e, sqdmulh, false)
CALL(SQRDMULH_e, sqrdmulh, false)
CALL(SQRDMLAH_e, sqrdmlah, true)
CALL(SQRDMLSH_e, sqrdmlsh, true)
CALL_LONG(SQDMULL_e, sqdmull, false)
CALL_LONG(SQDMLAL_e, sqdmlal, true)
CALL_LONG(SQDMLSL_e, sqdmlsl, true)

/* Dot products: the element is a word of four bytes. */
static bool dot_by_element(DisasContext *s, unsigned rd, unsigned rn, bool q, Element e, const IRHelper *h, bool element_first)
{
    if (!fp_access_check(s))
        return true;
    IRRef acc = read_v(s, rd), a = read_v(s, rn), b = element_spread(s, e);
    SimdDesc desc = SIMD_DESC(0, q ? 16 : 8);
    write_v(s, rd, element_first ? simd_call3(s, h, acc, b, a, desc) : simd_call3(s, h, acc, a, b, desc));
    return true;
}

#define DOT(name, helper, element_first) \
    bool trans_##name(DisasContext *s, const arg_##name *a) \
    { \
        return dot_by_element(s, a->rd, a->rn, a->q, ELEMENT(a), &ir_helper_##helper, element_first); \
    }
DOT(SDOT_e, sdot, false)
DOT(UDOT_e, udot, false)
DOT(USDOT_e, usdot, false)
DOT(SUDOT_e, usdot, true)
