/* SPDX-License-Identifier: MIT */
/*
 * AdvSIMD three-same integer instructions (C4.1.96.21 and its scalar and "extra" kin), and bitwise logic.
 */
#include "target/arm/a64_decode.h"
#include "target/arm/translate_simd.h"

#define FORM(a) \
    (SimdForm) { .sz = (a)->size, .bytes = simd_bytes((a)->scalar, (a)->q, (a)->size), .rd = (a)->rd, .rn = (a)->rn, .rm = (a)->rm }

/* One row an instruction: its allowed sizes, then the function or helper that makes its lanes. */
#define ROW(name, sizes, group, how) \
    bool trans_##name(DisasContext *s, const arg_##name *a) \
    { \
        return simd_size_ok(sizes, a->size, a->scalar, a->q) && group(s, &FORM(a), how); \
    }
#define THREE(name, sizes, gen) ROW(name, sizes, simd_three, gen)
#define ACCUMULATE(name, sizes, gen) ROW(name, sizes, simd_accumulate, gen)
#define PAIRS(name, sizes, gen) ROW(name, sizes, pairwise, gen)
#define THREE_CALL(name, sizes, helper) ROW(name, sizes, simd_call_three, &ir_helper_##helper)
#define ACCUMULATE_CALL(name, sizes, helper) ROW(name, sizes, simd_call_accumulate, &ir_helper_##helper)

/* ---- averages and half differences: no lane may overflow, so carries are kept apart from the sum ---- */
static IRRef gen_half_xor(IRFunc *f, unsigned sz, IRRef a, IRRef b, bool sign)
{
    IRRef x = ir_vxor(f, a, b);
    return sign ? ir_vsari(f, sz, x, 1) : ir_vshri(f, sz, x, 1);
}
static IRRef gen_shadd(IRFunc *f, unsigned sz, IRRef a, IRRef b)
{
    return ir_vadd(f, sz, ir_vand(f, a, b), gen_half_xor(f, sz, a, b, true));
}
static IRRef gen_uhadd(IRFunc *f, unsigned sz, IRRef a, IRRef b)
{
    return ir_vadd(f, sz, ir_vand(f, a, b), gen_half_xor(f, sz, a, b, false));
}
static IRRef gen_shsub(IRFunc *f, unsigned sz, IRRef a, IRRef b)
{
    return ir_vsub(f, sz, gen_half_xor(f, sz, a, b, true), ir_vandn(f, b, a));
}
static IRRef gen_uhsub(IRFunc *f, unsigned sz, IRRef a, IRRef b)
{
    return ir_vsub(f, sz, gen_half_xor(f, sz, a, b, false), ir_vandn(f, b, a));
}
static IRRef gen_srhadd(IRFunc *f, unsigned sz, IRRef a, IRRef b)
{
    return ir_vsub(f, sz, ir_vor(f, a, b), gen_half_xor(f, sz, a, b, true));
}
static IRRef gen_urhadd(IRFunc *f, unsigned sz, IRRef a, IRRef b)
{
    return sz < 2 ? ir_vuavg(f, sz, a, b) : ir_vsub(f, sz, ir_vor(f, a, b), gen_half_xor(f, sz, a, b, false));
}
THREE(SHADD, SZ_BHS, gen_shadd)
THREE(UHADD, SZ_BHS, gen_uhadd)
THREE(SHSUB, SZ_BHS, gen_shsub)
THREE(UHSUB, SZ_BHS, gen_uhsub)
THREE(SRHADD, SZ_BHS, gen_srhadd)
THREE(URHADD, SZ_BHS, gen_urhadd)

/* ---- plain arithmetic and comparisons ---- */
static IRRef gen_cmtst(IRFunc *f, unsigned sz, IRRef a, IRRef b) { return ir_vnot(f, ir_vceq(f, sz, ir_vand(f, a, b), simd_zero(f))); }
static IRRef gen_saba(IRFunc *f, unsigned sz, IRRef d, IRRef a, IRRef b) { return ir_vadd(f, sz, d, ir_vsabd(f, sz, a, b)); }
static IRRef gen_uaba(IRFunc *f, unsigned sz, IRRef d, IRRef a, IRRef b) { return ir_vadd(f, sz, d, ir_vuabd(f, sz, a, b)); }
THREE(ADD_v, SZ_BHSD, ir_vadd)
THREE(SUB_v, SZ_BHSD, ir_vsub)
THREE(MUL_v, SZ_BHS, ir_vmul)
ACCUMULATE(MLA, SZ_BHS, simd_gen_mla)
ACCUMULATE(MLS, SZ_BHS, simd_gen_mls)
THREE(CMTST, SZ_BHSD, gen_cmtst)
THREE(CMEQ_v, SZ_BHSD, ir_vceq)
THREE(CMGT_v, SZ_BHSD, ir_vcgt)
THREE(CMGE_v, SZ_BHSD, ir_vcge)
THREE(CMHI, SZ_BHSD, ir_vchi)
THREE(CMHS, SZ_BHSD, ir_vchs)
THREE(SMAX_v, SZ_BHS, ir_vsmax)
THREE(UMAX_v, SZ_BHS, ir_vumax)
THREE(SMIN_v, SZ_BHS, ir_vsmin)
THREE(UMIN_v, SZ_BHS, ir_vumin)
THREE(SABD, SZ_BHS, ir_vsabd)
THREE(UABD, SZ_BHS, ir_vuabd)
ACCUMULATE(SABA, SZ_BHS, gen_saba)
ACCUMULATE(UABA, SZ_BHS, gen_uaba)
THREE_CALL(PMUL, SZ_B, pmul)

/* ---- pairwise: a 64-bit form pairs the lanes of both low halves, joined to one vector ---- */
static bool pairwise(DisasContext *s, const SimdForm *m, Gen2 *gen)
{
    if (!fp_access_check(s))
        return true;
    IRRef a = read_v(s, m->rn), b = read_v(s, m->rm);
    if (m->bytes == 8)
        a = b = simd_join_low(s->f, a, b);
    simd_write(s, m, gen(s->f, m->sz, a, b));
    return true;
}

static IRRef gen_on_pairs(IRFunc *f, unsigned sz, IRRef a, IRRef b, Gen2 *op)
{
    return op(f, sz, ir_vuzp1(f, sz, a, b), ir_vuzp2(f, sz, a, b));
}
static IRRef gen_smaxp(IRFunc *f, unsigned sz, IRRef a, IRRef b) { return gen_on_pairs(f, sz, a, b, ir_vsmax); }
static IRRef gen_umaxp(IRFunc *f, unsigned sz, IRRef a, IRRef b) { return gen_on_pairs(f, sz, a, b, ir_vumax); }
static IRRef gen_sminp(IRFunc *f, unsigned sz, IRRef a, IRRef b) { return gen_on_pairs(f, sz, a, b, ir_vsmin); }
static IRRef gen_uminp(IRFunc *f, unsigned sz, IRRef a, IRRef b) { return gen_on_pairs(f, sz, a, b, ir_vumin); }
PAIRS(ADDP_v, SZ_BHSD, ir_vpadd)
PAIRS(SMAXP, SZ_BHS, gen_smaxp)
PAIRS(UMAXP, SZ_BHS, gen_umaxp)
PAIRS(SMINP, SZ_BHS, gen_sminp)
PAIRS(UMINP, SZ_BHS, gen_uminp)

bool trans_ADDP_s(DisasContext *s, const arg_ADDP_s *a)
{
    if (fp_access_check(s)) {
        IRRef v = read_v(s, a->rn);
        write_vq(s, a->rd, ir_vadd(s->f, 3, v, ir_vext(s->f, v, v, 8)), false);
    }
    return true;
}

/* ---- saturating arithmetic, shifts by register ---- */
THREE_CALL(SQADD, SZ_BHSD, sqadd)
THREE_CALL(UQADD, SZ_BHSD, uqadd)
THREE_CALL(SQSUB, SZ_BHSD, sqsub)
THREE_CALL(UQSUB, SZ_BHSD, uqsub)
THREE_CALL(SSHL, SZ_BHSD, sshl)
THREE_CALL(USHL, SZ_BHSD, ushl)
THREE_CALL(SRSHL, SZ_BHSD, srshl)
THREE_CALL(URSHL, SZ_BHSD, urshl)
THREE_CALL(SQSHL_v, SZ_BHSD, sqshl)
THREE_CALL(UQSHL_v, SZ_BHSD, uqshl)
THREE_CALL(SQRSHL, SZ_BHSD, sqrshl)
THREE_CALL(UQRSHL, SZ_BHSD, uqrshl)
THREE_CALL(SQDMULH, SZ_HS, sqdmulh)
THREE_CALL(SQRDMULH, SZ_HS, sqrdmulh)
ACCUMULATE_CALL(SQRDMLAH, SZ_HS, sqrdmlah)
ACCUMULATE_CALL(SQRDMLSH, SZ_HS, sqrdmlsh)

/* ---- bitwise ---- */
#define LOGIC_FORM(a) (SimdForm) { .bytes = (a)->q ? 16 : 8, .rd = (a)->rd, .rn = (a)->rn, .rm = (a)->rm }
#define LOGIC(name, gen) \
    bool trans_##name(DisasContext *s, const arg_##name *a) { return simd_three(s, &LOGIC_FORM(a), gen); }
#define SELECT(name, gen) \
    bool trans_##name(DisasContext *s, const arg_##name *a) { return simd_accumulate(s, &LOGIC_FORM(a), gen); }

static IRRef gen_and(IRFunc *f, unsigned sz, IRRef a, IRRef b) { return ir_vand(f, a, b); }
static IRRef gen_bic(IRFunc *f, unsigned sz, IRRef a, IRRef b) { return ir_vandn(f, a, b); }
static IRRef gen_orr(IRFunc *f, unsigned sz, IRRef a, IRRef b) { return ir_vor(f, a, b); }
static IRRef gen_orn(IRFunc *f, unsigned sz, IRRef a, IRRef b) { return ir_vorn(f, a, b); }
static IRRef gen_eor(IRFunc *f, unsigned sz, IRRef a, IRRef b) { return ir_vxor(f, a, b); }
static IRRef gen_bsl(IRFunc *f, unsigned sz, IRRef d, IRRef a, IRRef b) { return ir_vbsl(f, d, a, b); }
static IRRef gen_bit(IRFunc *f, unsigned sz, IRRef d, IRRef a, IRRef b) { return ir_vbsl(f, b, a, d); }
static IRRef gen_bif(IRFunc *f, unsigned sz, IRRef d, IRRef a, IRRef b) { return ir_vbsl(f, b, d, a); }
LOGIC(AND_v, gen_and)
LOGIC(BIC_v, gen_bic)
LOGIC(ORN_v, gen_orn)
LOGIC(EOR_v, gen_eor)
SELECT(BSL, gen_bsl)
SELECT(BIT, gen_bit)
SELECT(BIF, gen_bif)

/* ORR of a register with itself is MOV: compilers emit it all the time. */
bool trans_ORR_v(DisasContext *s, const arg_ORR_v *a)
{
    if (a->rn != a->rm)
        return simd_three(s, &LOGIC_FORM(a), gen_orr);
    if (fp_access_check(s))
        write_vq(s, a->rd, read_v(s, a->rn), a->q);
    return true;
}

/* ---- dot products and matrices ---- */
#define DOT(name, helper) \
    bool trans_##name(DisasContext *s, const arg_##name *a) { return simd_call_accumulate(s, &LOGIC_FORM(a), &ir_helper_##helper); }
#define MATRIX(name, helper) \
    bool trans_##name(DisasContext *s, const arg_##name *a) \
    { \
        return simd_call_accumulate(s, &(SimdForm){ .bytes = 16, .rd = a->rd, .rn = a->rn, .rm = a->rm }, &ir_helper_##helper); \
    }
DOT(SDOT, sdot)
DOT(UDOT, udot)
DOT(USDOT, usdot)
MATRIX(SMMLA, smmla)
MATRIX(UMMLA, ummla)
MATRIX(USMMLA, usmmla)
