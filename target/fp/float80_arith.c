/* SPDX-License-Identifier: MIT */
/* Double extended arithmetic, comparing and converting: the cores of float_arith.c between unpacking and packing. */
#include "target/fp/float80_internal.h"

static bool either_unsupported(Float80 a, Float80 b)
{
    return float80_is_unsupported(a) || float80_is_unsupported(b);
}

static Float80 addsub(Float80 a, Float80 b, bool sub, FloatStatus *s)
{
    if (either_unsupported(a, b))
        return float80_invalid(s);
    FloatParts x = float80_unpack(a, s), y = float80_unpack(b, s), r = parts_addsub(&x, &y, sub, s);
    return float80_pack(&r, s->precision, s);
}

Float80 float80_add(Float80 a, Float80 b, FloatStatus *s) { return addsub(a, b, false, s); }
Float80 float80_sub(Float80 a, Float80 b, FloatStatus *s) { return addsub(a, b, true, s); }

Float80 float80_mul(Float80 a, Float80 b, FloatStatus *s)
{
    if (either_unsupported(a, b))
        return float80_invalid(s);
    FloatParts x = float80_unpack(a, s), y = float80_unpack(b, s), r = parts_mul(&x, &y, s);
    return float80_pack(&r, s->precision, s);
}

Float80 float80_div(Float80 a, Float80 b, FloatStatus *s)
{
    if (either_unsupported(a, b))
        return float80_invalid(s);
    FloatParts x = float80_unpack(a, s), y = float80_unpack(b, s), r = parts_div(&x, &y, s);
    return float80_pack(&r, s->precision, s);
}

Float80 float80_sqrt(Float80 a, FloatStatus *s)
{
    if (float80_is_unsupported(a))
        return float80_invalid(s);
    FloatParts x = float80_unpack(a, s), r = parts_sqrt(&x, s);
    return float80_pack(&r, s->precision, s);
}

FloatRelation float80_compare(Float80 a, Float80 b, bool signalling, FloatStatus *s)
{
    if (either_unsupported(a, b) || float80_is_nan(a) || float80_is_nan(b)) {
        if (signalling || either_unsupported(a, b) || float80_is_snan(a) || float80_is_snan(b))
            s->flags |= FLOAT_INVALID;
        return FLOAT_UNORDERED;
    }
    if (s->denormal_flag && (float80_is_denormal(a) || float80_is_denormal(b)))
        s->flags |= FLOAT_DENORMAL;
    if (float80_is_zero(a) && float80_is_zero(b))
        return FLOAT_EQUAL;
    if (float80_is_neg(a) != float80_is_neg(b))
        return float80_is_neg(a) ? FLOAT_LESS : FLOAT_GREATER;
    /* A denormal with the integer bit has the exponent of the smallest normal numbers. */
    unsigned x = float80_exp(a) + (float80_exp(a) == 0 && a.frac >> 63), y = float80_exp(b) + (float80_exp(b) == 0 && b.frac >> 63);
    if (x == y && a.frac == b.frac)
        return FLOAT_EQUAL;
    bool less = x < y || (x == y && a.frac < b.frac);
    return less != float80_is_neg(a) ? FLOAT_LESS : FLOAT_GREATER;
}

/* A number of the normal range of f is only moved; others go by the unpacked form. */
static bool widen_normal(const FloatFormat *f, uint64_t a, Float80 *r)
{
    unsigned exp = (unsigned)(a >> f->frac_bits) & ((1u << f->exp_bits) - 1);

    if (exp == 0 || exp == (1u << f->exp_bits) - 1)
        return false;
    *r = float80_make(float_is_neg(f, a), exp - (unsigned)float_bias(f) + FLOAT80_BIAS, FLOAT80_INTEGER | a << (63 - f->frac_bits));
    return true;
}

Float80 float80_widen(const FloatFormat *f, uint64_t a, FloatStatus *s)
{
    Float80 r;

    if (widen_normal(f, a, &r))
        return r;
    FloatParts x = parts_unpack(f, a, s);
    return float80_pack(&x, 64, s);
}

Float80 float80_load(const FloatFormat *f, uint64_t a, FloatStatus *s)
{
    Float80 r;

    if (widen_normal(f, a, &r))
        return r;
    FloatParts x = parts_unpack(f, a, s);
    if (parts_is_nan(&x))
        x = parts_pick_nan((const FloatParts *const[]){ &x }, 1, s);
    return float80_pack(&x, 64, s);
}

static void note_rounding(bool inexact, bool up, FloatStatus *s)
{
    if (inexact)
        s->flags |= FLOAT_INEXACT | (up ? FLOAT_ROUNDED_UP : 0);
}

/* Within f's normal range, rounding included. */
static bool narrow_normal(const FloatFormat *f, Float80 a, uint64_t *r, FloatStatus *s)
{
    int exp = (int)float80_exp(a) - FLOAT80_BIAS + float_bias(f);
    unsigned drop = 63 - f->frac_bits;
    uint64_t q = a.frac >> drop, rest = a.frac & MASK64(drop);

    if (exp < 1 || exp >= (1 << f->exp_bits) - 2 || !(a.frac >> 63))
        return false;
    bool up = round_up(s->round, float80_is_neg(a), q & 1, rest, 1ull << (drop - 1));
    note_rounding(rest, up, s);
    *r = float_zero(f, float80_is_neg(a)) + ((uint64_t)(exp - 1) << f->frac_bits) + q + up; /* q's integer bit is one in the exponent */
    return true;
}

uint64_t float80_narrow(const FloatFormat *f, Float80 a, FloatStatus *s)
{
    FloatParts x;
    uint64_t r;

    if (narrow_normal(f, a, &r, s))
        return r;

    if (float80_is_unsupported(a)) {
        x = parts_invalid(s);
    } else {
        x = float80_unpack(a, s);
        if (parts_is_nan(&x))
            x = parts_pick_nan((const FloatParts *const[]){ &x }, 1, s);
    }
    return parts_pack(f, &x, s);
}

Float80 float80_from_int(int64_t a)
{
    if (!a)
        return float80_zero(false);
    uint64_t magnitude = a < 0 ? -(uint64_t)a : (uint64_t)a;
    unsigned n = clz64(magnitude);
    return float80_make(a < 0, FLOAT80_BIAS + 63 - n, magnitude << n);
}

uint64_t float80_to_int(Float80 a, FloatRound round, unsigned width, FloatStatus *s)
{
    uint64_t indefinite = 1ull << (width - 1);

    if (float80_is_unsupported(a) || float80_exp(a) >= FLOAT80_BIAS + 64) {
        s->flags |= FLOAT_INVALID;
        return indefinite;
    }
    int below = FLOAT80_BIAS + 63 - (int)float80_exp(a); /* bits below the point */
    uint64_t floor = below < 64 ? a.frac >> below : 0;
    uint64_t rest = below == 0 ? 0 : below <= 64 ? a.frac << (64 - below) : a.frac != 0; /* half is the top bit */
    bool sign = float80_is_neg(a), up = round_up(round, sign, floor & 1, rest, 1ull << 63);
    if (floor + up > indefinite - !sign || floor + up < floor) {
        s->flags |= FLOAT_INVALID;
        return indefinite;
    }
    note_rounding(rest, up, s);
    return (sign ? -(floor + up) : floor + up) & MASK64(width);
}

Float80 float80_round_int(Float80 a, FloatStatus *s)
{
    bool inexact;

    if (float80_is_unsupported(a))
        return float80_invalid(s);
    FloatParts x = float80_unpack(a, s);
    if (parts_is_nan(&x))
        return float80_nan1(a, s);
    if (x.cls != CLS_NORMAL || x.exp >= 63)
        return a;
    u128 v = parts_to_integer(&x, s->round, &inexact), floor = x.exp < 0 ? 0 : x.sig >> (127 - x.exp);
    if (inexact)
        s->flags |= FLOAT_INEXACT | (v > floor ? FLOAT_ROUNDED_UP : 0);
    if (!v)
        return float80_zero(x.sign);
    FloatParts r = { .sig = v, .exp = 127, .cls = CLS_NORMAL, .sign = x.sign };
    parts_normalise(&r);
    return float80_pack(&r, 64, s);
}
