/* SPDX-License-Identifier: MIT */
/*
 * AdvSIMD integer shifts by immediate (C4.1.96.15 and its scalar kin).
 *
 * The rows give the lane size (for narrowing and widening forms the narrow one) and imm, the encoded amount without the
 * size's bit: left shifts by imm, right shifts by the lane's width less imm. A right shift may thus be by the whole width.
 */
#include "target/arm/a64_decode.h"
#include "target/arm/translate_simd.h"

typedef struct Shift {
    SimdForm m;
    unsigned n;
} Shift;

typedef IRRef GenShift(IRFunc *f, unsigned sz, IRRef a, unsigned n);
typedef IRRef GenShiftInto(IRFunc *f, unsigned sz, IRRef d, IRRef a, unsigned n);

#define FORM(a) { .sz = (a)->sz, .bytes = simd_bytes((a)->scalar, (a)->q, (a)->sz), .rd = (a)->rd, .rn = (a)->rn }
#define LEFT(a) ((Shift){ FORM(a), (a)->imm })
#define RIGHT(a) ((Shift){ FORM(a), (8u << (a)->sz) - (a)->imm })

/* Bit n - 1, which a right shift by n drops last, decides the rounding. */
static IRRef rounding_bit(IRFunc *f, unsigned sz, IRRef a, unsigned n)
{
    return ir_vand(f, ir_vshri(f, sz, a, n - 1), simd_const(f, sz, 1));
}
static IRRef gen_srshr(IRFunc *f, unsigned sz, IRRef a, unsigned n)
{
    return ir_vadd(f, sz, ir_vsari(f, sz, a, n), rounding_bit(f, sz, a, n));
}
static IRRef gen_urshr(IRFunc *f, unsigned sz, IRRef a, unsigned n)
{
    return ir_vadd(f, sz, ir_vshri(f, sz, a, n), rounding_bit(f, sz, a, n));
}

/* A 64-bit vector has no doubleword lanes: that encoding is reserved. */
static bool reserved(bool q, bool scalar, unsigned sz) { return sz == 3 && !q && !scalar; }

static bool shift(DisasContext *s, Shift h, GenShift *gen, bool accumulate)
{
    if (!fp_access_check(s))
        return true;
    IRRef r = gen(s->f, h.m.sz, read_v(s, h.m.rn), h.n);
    simd_write(s, &h.m, accumulate ? ir_vadd(s->f, h.m.sz, read_v(s, h.m.rd), r) : r);
    return true;
}

#define SHIFT(name, amount, gen, accumulate) \
    bool trans_##name(DisasContext *s, const arg_##name *a) \
    { \
        return !reserved(a->q, a->scalar, a->sz) && shift(s, amount(a), gen, accumulate); \
    }
SHIFT(SHL, LEFT, ir_vshli, false)
SHIFT(SSHR, RIGHT, ir_vsari, false)
SHIFT(USHR, RIGHT, ir_vshri, false)
SHIFT(SRSHR, RIGHT, gen_srshr, false)
SHIFT(URSHR, RIGHT, gen_urshr, false)
SHIFT(SSRA, RIGHT, ir_vsari, true)
SHIFT(USRA, RIGHT, ir_vshri, true)
SHIFT(SRSRA, RIGHT, gen_srshr, true)
SHIFT(URSRA, RIGHT, gen_urshr, true)

/* ---- insertion: bits that the shift vacates keep rd's ---- */
static IRRef gen_sli(IRFunc *f, unsigned sz, IRRef d, IRRef a, unsigned n)
{
    return ir_vor(f, ir_vshli(f, sz, a, n), ir_vand(f, d, simd_const(f, sz, MASK64(n))));
}

static IRRef gen_sri(IRFunc *f, unsigned sz, IRRef d, IRRef a, unsigned n)
{
    uint64_t lane = MASK64(8u << sz);
    uint64_t kept = n == 8u << sz ? lane : lane & ~(lane >> n);
    return ir_vor(f, ir_vshri(f, sz, a, n), ir_vand(f, d, simd_const(f, sz, kept)));
}

static bool shift_into(DisasContext *s, Shift h, GenShiftInto *gen)
{
    if (fp_access_check(s))
        simd_write(s, &h.m, gen(s->f, h.m.sz, read_v(s, h.m.rd), read_v(s, h.m.rn), h.n));
    return true;
}

bool trans_SLI(DisasContext *s, const arg_SLI *a) { return !reserved(a->q, a->scalar, a->sz) && shift_into(s, LEFT(a), gen_sli); }
bool trans_SRI(DisasContext *s, const arg_SRI *a) { return !reserved(a->q, a->scalar, a->sz) && shift_into(s, RIGHT(a), gen_sri); }

/* ---- saturating left shifts ---- */
#define SATURATING(name, helper) \
    bool trans_##name(DisasContext *s, const arg_##name *a) \
    { \
        return !reserved(a->q, a->scalar, a->sz) && simd_call_two(s, &LEFT(a).m, &ir_helper_##helper, SIMD_DESC_SHIFT(a->imm)); \
    }
SATURATING(SQSHL_i, sqshl_imm)
SATURATING(UQSHL_i, uqshl_imm)
SATURATING(SQSHLU, sqshlu_imm)

/* ---- narrowing: from lanes of twice the size, into rd's lower or (Q) upper half ---- */
static IRRef gen_shrn(IRFunc *f, unsigned sz, IRRef a, unsigned n) { return ir_vxtn(f, sz, ir_vshri(f, sz + 1, a, n)); }
/* The sum may wrap in the wide lane: only its low bits are kept, and the carry would land above them. */
static IRRef gen_rshrn(IRFunc *f, unsigned sz, IRRef a, unsigned n)
{
    return gen_shrn(f, sz, ir_vadd(f, sz + 1, a, simd_const(f, sz + 1, 1ull << (n - 1))), n);
}

static bool narrow(DisasContext *s, Shift h, bool high, GenShift *gen)
{
    if (fp_access_check(s))
        simd_write_narrow(s, h.m.rd, high, gen(s->f, h.m.sz, read_v(s, h.m.rn), h.n));
    return true;
}

bool trans_SHRN(DisasContext *s, const arg_SHRN *a) { return narrow(s, RIGHT(a), a->q, gen_shrn); }
bool trans_RSHRN(DisasContext *s, const arg_RSHRN *a) { return narrow(s, RIGHT(a), a->q, gen_rshrn); }

static bool saturating_narrow(DisasContext *s, Shift h, bool high, const IRHelper *helper, SimdDesc round)
{
    if (!fp_access_check(s))
        return true;
    SimdDesc desc = SIMD_DESC(h.m.sz, MIN_OF(h.m.bytes, 8u)) | SIMD_DESC_SHIFT(h.n) | round;
    simd_write_narrow(s, h.m.rd, high, ir_call(s->f, helper, read_v(s, h.m.rn), ir_i32(s->f, desc)));
    return true;
}

#define NARROW(name, helper, round) \
    bool trans_##name(DisasContext *s, const arg_##name *a) { return saturating_narrow(s, RIGHT(a), a->q, &ir_helper_##helper, round); }
NARROW(SQSHRN, sqshrn, 0)
NARROW(UQSHRN, uqshrn, 0)
NARROW(SQSHRUN, sqshrun, 0)
NARROW(SQRSHRN, sqshrn, SIMD_DESC_ROUND)
NARROW(UQRSHRN, uqshrn, SIMD_DESC_ROUND)
NARROW(SQRSHRUN, sqshrun, SIMD_DESC_ROUND)

/* ---- widening: of rn's lower or (Q) upper half; by 0 they are SXTL and UXTL ---- */
static bool widen(DisasContext *s, unsigned sz, unsigned rd, unsigned rn, unsigned n, bool high, bool sign)
{
    if (!fp_access_check(s))
        return true;
    IRRef v = simd_half(s->f, read_v(s, rn), high);
    v = sign ? ir_vsxtl(s->f, sz, v) : ir_vuxtl(s->f, sz, v);
    write_v(s, rd, n ? ir_vshli(s->f, sz + 1, v, n) : v);
    return true;
}

bool trans_SSHLL(DisasContext *s, const arg_SSHLL *a) { return widen(s, a->sz, a->rd, a->rn, a->imm, a->q, true); }
bool trans_USHLL(DisasContext *s, const arg_USHLL *a) { return widen(s, a->sz, a->rd, a->rn, a->imm, a->q, false); }
