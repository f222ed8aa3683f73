/* SPDX-License-Identifier: MIT */
/*
 * AdvSIMD integer instructions on one vector: two-register miscellaneous (C4.1.96.17), scalar kin, and across lanes.
 */
#include "target/arm/a64_decode.h"
#include "target/arm/translate_simd.h"

#define FORM(a) \
    (SimdForm) { .sz = (a)->size, .bytes = simd_bytes((a)->scalar, (a)->q, (a)->size), .rd = (a)->rd, .rn = (a)->rn, .rm = (a)->rn }

#define TWO(name, sizes, gen) \
    bool trans_##name(DisasContext *s, const arg_##name *a) \
    { \
        return simd_size_ok(sizes, a->size, a->scalar, a->q) && simd_two(s, &FORM(a), gen); \
    }
#define TWO_CALL(name, sizes, helper) \
    bool trans_##name(DisasContext *s, const arg_##name *a) \
    { \
        return simd_size_ok(sizes, a->size, a->scalar, a->q) && simd_call_two(s, &FORM(a), &ir_helper_##helper, 0); \
    }

/* ---- lane by lane ---- */
static IRRef gen_rev64(IRFunc *f, unsigned sz, IRRef a) { return ir_vrev(f, sz, a, 3); }
static IRRef gen_rev32(IRFunc *f, unsigned sz, IRRef a) { return ir_vrev(f, sz, a, 2); }
static IRRef gen_rev16(IRFunc *f, unsigned sz, IRRef a) { return ir_vrev(f, sz, a, 1); }
static IRRef gen_cnt(IRFunc *f, unsigned sz, IRRef a) { return ir_vpopcnt(f, a); }
static IRRef gen_not(IRFunc *f, unsigned sz, IRRef a) { return ir_vnot(f, a); }
static IRRef gen_cmgt0(IRFunc *f, unsigned sz, IRRef a) { return ir_vcgt(f, sz, a, simd_zero(f)); }
static IRRef gen_cmge0(IRFunc *f, unsigned sz, IRRef a) { return ir_vcge(f, sz, a, simd_zero(f)); }
static IRRef gen_cmeq0(IRFunc *f, unsigned sz, IRRef a) { return ir_vceq(f, sz, a, simd_zero(f)); }
static IRRef gen_cmle0(IRFunc *f, unsigned sz, IRRef a) { return ir_vcge(f, sz, simd_zero(f), a); }
static IRRef gen_cmlt0(IRFunc *f, unsigned sz, IRRef a) { return ir_vcgt(f, sz, simd_zero(f), a); }
TWO(REV64_v, SZ_BHS, gen_rev64)
TWO(REV32_v, SZ_BH, gen_rev32)
TWO(REV16_v, SZ_B, gen_rev16)
TWO(CNT, SZ_B, gen_cnt)
TWO(NOT_v, SZ_B, gen_not)
TWO(ABS_v, SZ_BHSD, ir_vabs)
TWO(NEG_v, SZ_BHSD, ir_vneg)
TWO(CMGT_0, SZ_BHSD, gen_cmgt0)
TWO(CMGE_0, SZ_BHSD, gen_cmge0)
TWO(CMEQ_0, SZ_BHSD, gen_cmeq0)
TWO(CMLE_0, SZ_BHSD, gen_cmle0)
TWO(CMLT_0, SZ_BHSD, gen_cmlt0)
TWO_CALL(CLS_v, SZ_BHS, cls)
TWO_CALL(CLZ_v, SZ_BHS, clz)
TWO_CALL(RBIT_v, SZ_B, rbit_bytes)
TWO_CALL(SQABS, SZ_BHSD, sqabs)
TWO_CALL(SQNEG, SZ_BHSD, sqneg)
TWO_CALL(URECPE, SZ_S, urecpe)
TWO_CALL(URSQRTE, SZ_S, ursqrte)

/* SUQADD and USQADD accumulate into rd: the helper's operands are rd, then rn. */
static bool accumulate_call(DisasContext *s, SimdForm m, const IRHelper *h)
{
    m.rn = m.rd;
    return simd_call_three(s, &m, h);
}
#define MIXED(name, helper) \
    bool trans_##name(DisasContext *s, const arg_##name *a) \
    { \
        return simd_size_ok(SZ_BHSD, a->size, a->scalar, a->q) && accumulate_call(s, FORM(a), &ir_helper_##helper); \
    }
MIXED(SUQADD, suqadd)
MIXED(USQADD, usqadd)

/* ---- pairs summed into lanes of twice the size ---- */
static IRRef gen_saddlp(IRFunc *f, unsigned sz, IRRef a)
{
    unsigned n = 8u << sz;
    return ir_vadd(f, sz + 1, ir_vsari(f, sz + 1, ir_vshli(f, sz + 1, a, n), n), ir_vsari(f, sz + 1, a, n));
}

static IRRef gen_uaddlp(IRFunc *f, unsigned sz, IRRef a)
{
    unsigned n = 8u << sz;
    return ir_vadd(f, sz + 1, ir_vand(f, a, simd_const(f, sz + 1, MASK64(n))), ir_vshri(f, sz + 1, a, n));
}

static IRRef gen_sadalp(IRFunc *f, unsigned sz, IRRef d, IRRef a, IRRef same) { return ir_vadd(f, sz + 1, d, gen_saddlp(f, sz, a)); }
static IRRef gen_uadalp(IRFunc *f, unsigned sz, IRRef d, IRRef a, IRRef same) { return ir_vadd(f, sz + 1, d, gen_uaddlp(f, sz, a)); }
#define PAIRS(name, group, gen) \
    bool trans_##name(DisasContext *s, const arg_##name *a) { return a->size < 3 && group(s, &FORM(a), gen); }
PAIRS(SADDLP, simd_two, gen_saddlp)
PAIRS(UADDLP, simd_two, gen_uaddlp)
PAIRS(SADALP, simd_accumulate, gen_sadalp)
PAIRS(UADALP, simd_accumulate, gen_uadalp)

/* ---- narrowing and widening; size is that of the narrow lane ---- */
bool trans_XTN(DisasContext *s, const arg_XTN *a)
{
    if (a->size == 3)
        return false;
    if (fp_access_check(s))
        simd_write_narrow(s, a->rd, a->q, ir_vxtn(s->f, a->size, read_v(s, a->rn)));
    return true;
}

static bool saturating_narrow(DisasContext *s, const SimdForm *m, bool high, const IRHelper *h)
{
    if (m->sz == 3)
        return false;
    if (!fp_access_check(s))
        return true;
    IRRef r = ir_call(s->f, h, read_v(s, m->rn), ir_i32(s->f, SIMD_DESC(m->sz, MIN_OF(m->bytes, 8u))));
    simd_write_narrow(s, m->rd, high, r);
    return true;
}

#define NARROW(name, helper) \
    bool trans_##name(DisasContext *s, const arg_##name *a) { return saturating_narrow(s, &FORM(a), a->q, &ir_helper_##helper); }
NARROW(SQXTN, sqshrn)
NARROW(UQXTN, uqshrn)
NARROW(SQXTUN, sqshrun)

bool trans_SHLL(DisasContext *s, const arg_SHLL *a)
{
    if (a->size == 3)
        return false;
    if (!fp_access_check(s))
        return true;
    IRRef v = simd_half(s->f, read_v(s, a->rn), a->q), zero = simd_zero(s->f);
    write_v(s, a->rd, ir_vzip1(s->f, a->size, zero, v)); /* a shift by the lane's whole size: zeros come below it */
    return true;
}

/* ---- across lanes: halves are folded onto each other until one lane is left ---- */
typedef struct AcrossOp {
    Gen2 *gen;
    enum { KEEP, WIDEN_SIGNED, WIDEN_UNSIGNED } width; /* widening forms first sum pairs into lanes of twice the size */
} AcrossOp;

/* Lane 0 of the result, as an integer; a narrow vector's upper half is never folded in. */
static IRRef fold(IRFunc *f, unsigned sz, IRRef v, unsigned bytes, Gen2 *gen)
{
    for (unsigned n = bytes / 2; n >= 1u << sz; n /= 2)
        v = gen(f, sz, v, ir_vext(f, v, v, n));
    return ir_vgetl(f, sz == 3 ? IR_I64 : IR_I32, sz, v, 0, false);
}

static bool across(DisasContext *s, unsigned sz, bool q, unsigned rd, unsigned rn, AcrossOp op)
{
    if (sz == 3 || (sz == 2 && !q))
        return false;
    if (!fp_access_check(s))
        return true;
    IRRef v = read_v(s, rn);
    if (op.width != KEEP) {
        v = op.width == WIDEN_SIGNED ? gen_saddlp(s->f, sz, v) : gen_uaddlp(s->f, sz, v);
        sz++;
    }
    write_v(s, rd, fold(s->f, sz, v, q ? 16 : 8, op.gen));
    return true;
}

#define ACROSS(name, ...) \
    bool trans_##name(DisasContext *s, const arg_##name *a) { return across(s, a->size, a->q, a->rd, a->rn, (AcrossOp){ __VA_ARGS__ }); }
ACROSS(ADDV, ir_vadd, KEEP)
ACROSS(SADDLV, ir_vadd, WIDEN_SIGNED)
ACROSS(UADDLV, ir_vadd, WIDEN_UNSIGNED)
ACROSS(SMAXV, ir_vsmax, KEEP)
ACROSS(UMAXV, ir_vumax, KEEP)
ACROSS(SMINV, ir_vsmin, KEEP)
ACROSS(UMINV, ir_vumin, KEEP)
