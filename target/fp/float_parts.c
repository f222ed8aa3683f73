/* SPDX-License-Identifier: MIT */
/* Unpacking, rounding and packing, NaNs: what all operations share. */
#include "target/fp/float_internal.h"

const FloatFormat float_f16 = { .exp_bits = 5, .frac_bits = 10 };
const FloatFormat float_f16_alt = { .exp_bits = 5, .frac_bits = 10, .no_special = true };
const FloatFormat float_bf16 = { .exp_bits = 8, .frac_bits = 7 };
const FloatFormat float_f32 = { .exp_bits = 8, .frac_bits = 23 };
const FloatFormat float_f64 = { .exp_bits = 11, .frac_bits = 52 };

FloatParts parts_unpack(const FloatFormat *f, uint64_t a, FloatStatus *s)
{
    uint32_t max_exp = (1u << f->exp_bits) - 1;
    uint32_t exp = (uint32_t)(a >> f->frac_bits) & max_exp;
    uint64_t frac = a & MASK64(f->frac_bits);
    FloatParts p = { .sig = (u128)frac << (127 - f->frac_bits), .exp = (int32_t)exp - float_bias(f), .cls = CLS_NORMAL, .sign = float_is_neg(f, a) };

    if (exp == 0) {
        if (frac && s->flush_inputs) {
            if (s->flush_inputs == FLOAT_FLUSH_FLAG)
                s->flags |= FLOAT_INPUT_DENORMAL;
            frac = 0;
        }
        if (!frac)
            return parts_zero(p.sign);
        if (s->denormal_flag)
            s->flags |= FLOAT_DENORMAL;
        p.exp++;
        parts_normalise(&p);
    } else if (exp == max_exp && !f->no_special) {
        p.cls = !frac ? CLS_INF : p.sig & PARTS_QUIET ? CLS_QNAN : CLS_SNAN;
    } else {
        p.sig |= PARTS_TOP;
    }
    return p;
}

/* inexact: were there no end to the exponents. */
static uint64_t pack_overflow(const FloatFormat *f, bool sign, bool inexact, FloatStatus *s)
{
    if (f->no_special) {
        s->flags |= FLOAT_INVALID;
        return float_zero(f, sign) | (float_sign_bit(f) - 1);
    }
    s->flags |= FLOAT_OVERFLOW | (inexact || !(s->unmasked & FLOAT_OVERFLOW) ? FLOAT_INEXACT : 0);
    bool finite = s->round == FLOAT_ROUND_ZERO || s->round == FLOAT_ROUND_ODD || s->round == (sign ? FLOAT_ROUND_UP : FLOAT_ROUND_DOWN);
    if (!finite && s->nan_rule == FLOAT_NAN_X87)
        s->flags |= FLOAT_ROUNDED_UP;
    return finite ? float_max_normal(f, sign) : float_inf(f, sign);
}

/* An inexact result was found to be q, of which floor is the truncated significand. */
static void note_inexact(FloatStatus *s, uint64_t q, uint64_t floor)
{
    s->flags |= FLOAT_INEXACT;
    if (q != floor && s->nan_rule == FLOAT_NAN_X87)
        s->flags |= FLOAT_ROUNDED_UP;
}

/* sig rounded to frac_bits + 1 bits. */
static uint64_t round_sig(const FloatFormat *f, u128 sig, bool sign, FloatRound round, bool *inexact)
{
    unsigned drop = 127 - f->frac_bits;
    u128 rest = sig & (((u128)1 << drop) - 1);
    uint64_t q = (uint64_t)(sig >> drop);
    *inexact = rest != 0;
    return q + round_up(round, sign, q & 1, rest, (u128)1 << (drop - 1));
}

/* Below the normal range. The exponent field is 0, or 1 when rounding carries into it. */
static uint64_t pack_tiny(const FloatFormat *f, const FloatParts *p, int biased, FloatStatus *s)
{
    bool inexact, tiny = true;

    if (s->tiny_after && (biased == 0 || s->unmasked)) { /* not tiny when it reaches the smallest normal with unbounded exponent */
        bool carry = round_sig(f, p->sig, p->sign, s->round, &inexact) >> (f->frac_bits + 1);
        tiny = biased < 0 || !carry;
        if (tiny && (s->unmasked & FLOAT_UNDERFLOW)) { /* a trap's handler wants that result's exceptions, and no other */
            s->flags |= FLOAT_UNDERFLOW | (inexact ? FLOAT_INEXACT : 0);
            return float_zero(f, p->sign);
        }
    }
    if (s->flush_outputs && tiny) {
        s->flags |= FLOAT_UNDERFLOW | (s->tiny_after ? FLOAT_INEXACT : 0);
        return float_zero(f, p->sign);
    }
    u128 sig = shift_right_jam(p->sig, (unsigned)(1 - biased));
    uint64_t q = round_sig(f, sig, p->sign, s->round, &inexact);
    if (tiny && (s->unmasked & FLOAT_UNDERFLOW)) /* as with unbounded exponent */
        round_sig(f, p->sig, p->sign, s->round, &inexact);
    if (inexact)
        note_inexact(s, q, (uint64_t)(sig >> (127 - f->frac_bits)));
    if (tiny && inexact)
        s->flags |= FLOAT_UNDERFLOW;
    return float_zero(f, p->sign) | q;
}

static uint64_t pack_normal(const FloatFormat *f, const FloatParts *p, FloatStatus *s)
{
    int biased = p->exp + float_bias(f);
    int max_exp = (1 << f->exp_bits) - (f->no_special ? 0 : 1);
    bool inexact;

    if (biased <= 0)
        return pack_tiny(f, p, biased, s);
    uint64_t q = round_sig(f, p->sig, p->sign, s->round, &inexact), unrounded = (uint64_t)(p->sig >> (127 - f->frac_bits)), rounded = q;
    if (q >> (f->frac_bits + 1)) {
        q >>= 1;
        biased++;
    }
    if (biased >= max_exp)
        return pack_overflow(f, p->sign, inexact, s);
    if (inexact)
        note_inexact(s, rounded, unrounded);
    return float_zero(f, p->sign) | (uint64_t)biased << f->frac_bits | (q & MASK64(f->frac_bits));
}

uint64_t parts_pack(const FloatFormat *f, const FloatParts *p, FloatStatus *s)
{
    switch (p->cls) {
    case CLS_NORMAL: return pack_normal(f, p, s);
    case CLS_ZERO: return float_zero(f, p->sign);
    case CLS_INF: return float_inf(f, p->sign);
    default: return float_inf(f, p->sign) | (uint64_t)(p->sig >> (127 - f->frac_bits));
    }
}

FloatParts parts_invalid(FloatStatus *s)
{
    s->flags |= FLOAT_INVALID;
    s->flags &= (uint8_t)~FLOAT_DENORMAL;
    return parts_default_nan(s);
}

static const FloatParts *nan_arm(const FloatParts *const p[], unsigned n)
{
    const FloatParts *pick = NULL;

    for (unsigned i = n; i-- > 0;)
        if (p[i]->cls == CLS_QNAN)
            pick = p[i];
    for (unsigned i = n; i-- > 0;)
        if (p[i]->cls == CLS_SNAN)
            pick = p[i];
    return pick;
}

static const FloatParts *nan_sse(const FloatParts *const p[], unsigned n)
{
    unsigned i = 0;
    while (i < n - 1 && !parts_is_nan(p[i]))
        i++;
    return p[i];
}

/* SDM vol. 1 table 4-7; of two operands at most. */
static const FloatParts *nan_x87(const FloatParts *const p[], unsigned n)
{
    if (n == 1 || !parts_is_nan(p[1]))
        return p[0];
    if (!parts_is_nan(p[0]))
        return p[1];
    if (p[0]->cls != p[1]->cls)
        return p[0]->cls == CLS_QNAN ? p[0] : p[1];
    if (p[0]->sig != p[1]->sig)
        return p[0]->sig > p[1]->sig ? p[0] : p[1];
    return p[0]->sign ? p[1] : p[0];
}

FloatParts parts_pick_nan(const FloatParts *const p[], unsigned n, FloatStatus *s)
{
    s->flags &= (uint8_t)~FLOAT_DENORMAL;
    for (unsigned i = 0; i < n; i++)
        if (p[i]->cls == CLS_SNAN)
            s->flags |= FLOAT_INVALID;
    if (s->default_nan)
        return parts_default_nan(s);
    FloatParts r = *(s->nan_rule == FLOAT_NAN_ARM ? nan_arm(p, n) : s->nan_rule == FLOAT_NAN_SSE ? nan_sse(p, n) : nan_x87(p, n));
    r.cls = CLS_QNAN;
    r.sig |= PARTS_QUIET;
    return r;
}

u128 parts_to_integer(const FloatParts *p, FloatRound round, bool *inexact)
{
    /* Two bits below the point: a half, and sticky. */
    u128 v = shift_right_jam(p->sig, (unsigned)(125 - p->exp));
    *inexact = v & 3;
    return (v >> 2) + round_up(round, p->sign, v >> 2 & 1, v & 3, 2);
}

uint64_t float_flush(const FloatFormat *f, uint64_t a, FloatStatus *s)
{
    a &= float_sign_bit(f) * 2 - 1;
    if (a >> f->frac_bits & ((1u << f->exp_bits) - 1))
        return a;
    return parts_unpack(f, a, s).cls == CLS_ZERO ? float_zero(f, float_is_neg(f, a)) : a;
}

uint64_t float_nan1(const FloatFormat *f, uint64_t a, FloatStatus *s)
{
    return float_nan2(f, a, a, s);
}

uint64_t float_nan2(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s)
{
    FloatParts x = parts_unpack(f, a, s), y = parts_unpack(f, b, s);
    FloatParts r = parts_pick_nan((const FloatParts *const[]){ &x, &y }, 2, s);
    return parts_pack(f, &r, s);
}
