/* SPDX-License-Identifier: MIT */
/* Double extended numbers: unpacking, rounding and packing. */
#include "target/fp/float80_internal.h"

FloatParts float80_unpack(Float80 a, FloatStatus *s)
{
    unsigned exp = float80_exp(a);
    FloatParts p = { .sig = (u128)a.frac << 64, .exp = (int32_t)exp - FLOAT80_BIAS, .cls = CLS_NORMAL, .sign = float80_is_neg(a) };

    if (exp == FLOAT80_MAX_EXP) {
        p.sig &= ~PARTS_TOP;
        p.cls = !p.sig ? CLS_INF : p.sig & PARTS_QUIET ? CLS_QNAN : CLS_SNAN;
    } else if (exp == 0) {
        if (!a.frac)
            return parts_zero(p.sign);
        if (s->denormal_flag)
            s->flags |= FLOAT_DENORMAL;
        p.exp++;
        parts_normalise(&p);
    }
    return p;
}

typedef struct Rounded { uint64_t frac; bool carry, inexact, up; } Rounded;

/* The leading precision bits of sig, rounded, in the upper bits of frac; carry: it became 2^64, frac is 2^63. */
static Rounded round_sig(u128 sig, unsigned precision, bool sign, FloatRound round)
{
    unsigned drop = 128 - precision;
    u128 rest = sig & (((u128)1 << drop) - 1);
    uint64_t ulp = 1ull << (64 - precision), q = (uint64_t)(sig >> 64) & -ulp;
    Rounded r = { .inexact = rest != 0 };

    r.up = round_up(round, sign, (q & ulp) != 0, rest, (u128)1 << (drop - 1));
    r.frac = q + (r.up ? ulp : 0);
    r.carry = r.up && !r.frac;
    if (r.carry)
        r.frac = FLOAT80_INTEGER;
    return r;
}

static void note(FloatStatus *s, const Rounded *r)
{
    if (r->inexact)
        s->flags |= FLOAT_INEXACT | (r->up ? FLOAT_ROUNDED_UP : 0);
}

/* biased: of the rounded result r. */
static Float80 pack_overflow(bool sign, int biased, const Rounded *r, unsigned precision, FloatStatus *s)
{
    s->flags |= FLOAT_OVERFLOW;
    if ((s->unmasked & FLOAT_OVERFLOW) && biased - FLOAT80_TRAP_BIAS < FLOAT80_MAX_EXP) {
        note(s, r);
        return float80_make(sign, (unsigned)(biased - FLOAT80_TRAP_BIAS), r->frac);
    }
    s->flags |= FLOAT_INEXACT;
    if (!(s->unmasked & FLOAT_OVERFLOW) && (s->round == FLOAT_ROUND_ZERO || s->round == (sign ? FLOAT_ROUND_UP : FLOAT_ROUND_DOWN)))
        return float80_make(sign, FLOAT80_MAX_EXP - 1, -(1ull << (64 - precision)));
    s->flags |= FLOAT_ROUNDED_UP;
    return float80_inf(sign);
}

/* The exponent field is to be 0, or 1 when rounding carries into the integer bit. r: p rounded as if the range had no end. */
static Float80 pack_tiny(const FloatParts *p, int biased, const Rounded *r, unsigned precision, FloatStatus *s)
{
    bool tiny = biased < 0 || !r->carry;

    if (tiny && (s->unmasked & FLOAT_UNDERFLOW)) {
        s->flags |= FLOAT_UNDERFLOW;
        if (biased + FLOAT80_TRAP_BIAS + r->carry <= 0) { /* FSCALE went too far */
            s->flags |= FLOAT_INEXACT;
            return float80_zero(p->sign);
        }
        note(s, r);
        return float80_make(p->sign, (unsigned)(biased + FLOAT80_TRAP_BIAS + r->carry), r->frac);
    }
    Rounded d = round_sig(shift_right_jam(p->sig, (unsigned)(1 - biased)), precision, p->sign, s->round);
    note(s, &d);
    if (tiny && d.inexact)
        s->flags |= FLOAT_UNDERFLOW;
    return float80_make(p->sign, d.frac >> 63, d.frac);
}

static Float80 pack_normal(const FloatParts *p, unsigned precision, FloatStatus *s)
{
    int biased = p->exp + FLOAT80_BIAS;
    Rounded r = round_sig(p->sig, precision, p->sign, s->round);

    if (biased <= 0)
        return pack_tiny(p, biased, &r, precision, s);
    biased += r.carry;
    if (biased >= FLOAT80_MAX_EXP)
        return pack_overflow(p->sign, biased, &r, precision, s);
    note(s, &r);
    return float80_make(p->sign, (unsigned)biased, r.frac);
}

Float80 float80_pack(const FloatParts *p, unsigned precision, FloatStatus *s)
{
    switch (p->cls) {
    case CLS_NORMAL: return pack_normal(p, precision, s);
    case CLS_ZERO: return float80_zero(p->sign);
    case CLS_INF: return float80_inf(p->sign);
    default: return float80_make(p->sign, FLOAT80_MAX_EXP, (uint64_t)(p->sig >> 64) | FLOAT80_INTEGER);
    }
}

Float80 float80_nan2(Float80 a, Float80 b, FloatStatus *s)
{
    if (float80_is_unsupported(a) || float80_is_unsupported(b))
        return float80_invalid(s);
    FloatParts x = float80_unpack(a, s), y = float80_unpack(b, s);
    FloatParts r = parts_pick_nan((const FloatParts *const[]){ &x, &y }, 2, s);
    return float80_pack(&r, 64, s);
}

Float80 float80_nan1(Float80 a, FloatStatus *s)
{
    return float80_nan2(a, a, s);
}
