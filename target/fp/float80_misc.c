/* SPDX-License-Identifier: MIT */
/* FSCALE, FPREM, FPREM1, FXTRACT (SDM vol. 2): what x87 has beyond the usual arithmetic; all exact but FSCALE out of range. */
#include "target/fp/float80_internal.h"

/* An operand as a result: a denormal with the integer bit gets the exponent that it counts with. */
static Float80 unchanged(Float80 a)
{
    a.se += !float80_exp(a) && a.frac >> 63;
    return a;
}

/* b truncated, clipped to what moves every number out of range. */
static int32_t scale_amount(const FloatParts *b)
{
    if (b->cls == CLS_ZERO || b->exp < 0)
        return 0;
    int32_t n = b->exp > 16 ? 1 << 17 : (int32_t)(b->sig >> (127 - b->exp));
    return b->sign ? -n : n;
}

Float80 float80_scale(Float80 a, Float80 b, FloatStatus *s)
{
    if (float80_is_unsupported(a) || float80_is_unsupported(b))
        return float80_invalid(s);
    FloatParts x = float80_unpack(a, s), y = float80_unpack(b, s);
    if (parts_is_nan(&x) || parts_is_nan(&y))
        return float80_nan2(a, b, s);
    if (y.cls == CLS_INF) {
        if (y.sign ? x.cls == CLS_INF : x.cls == CLS_ZERO)
            return float80_invalid(s);
        return y.sign ? float80_zero(x.sign) : float80_inf(x.sign);
    }
    if (x.cls != CLS_NORMAL || y.cls == CLS_ZERO)
        return unchanged(a);
    x.exp += scale_amount(&y);
    return float80_pack(&x, 64, s);
}

Float80 float80_extract(Float80 a, Float80 *exponent, FloatStatus *s)
{
    if (float80_is_unsupported(a))
        return *exponent = float80_invalid(s);
    FloatParts x = float80_unpack(a, s);
    if (parts_is_nan(&x))
        return *exponent = float80_nan1(a, s);
    if (x.cls == CLS_INF) {
        *exponent = float80_inf(false);
        return a;
    }
    if (x.cls == CLS_ZERO) {
        s->flags |= FLOAT_DIVBYZERO;
        *exponent = float80_inf(true);
        return a;
    }
    *exponent = float80_from_int(x.exp);
    x.exp = 0;
    return float80_pack(&x, 64, s);
}

/* Partial step: how many bits of the quotient a repetition takes when d, the difference of the exponents, is above 63; the hardware's choice. */
static int partial_bits(int d) { return 32 + d % 32; }

/* |x| < 2 |y| remains, in units of 2^(unit - 63): rounds the quotient to nearest. r < y. */
static void round_quotient(u128 *r, u128 y, bool *sign, unsigned *q)
{
    if (*r * 2 > y || (*r * 2 == y && (*q & 1))) {
        *r = y - *r;
        *sign = !*sign;
        ++*q;
    }
}

static FloatParts from_rest(u128 r, int32_t unit, bool sign)
{
    if (!r)
        return parts_zero(sign);
    FloatParts p = { .sig = r, .exp = unit + 64, .cls = CLS_NORMAL, .sign = sign };
    parts_normalise(&p);
    return p;
}

/* Both normal. */
static FloatParts rem_normal(const FloatParts *x, const FloatParts *y, bool nearest, bool *partial, unsigned *quotient)
{
    uint64_t xs = (uint64_t)(x->sig >> 64), ys = (uint64_t)(y->sig >> 64);
    int d = x->exp - y->exp;
    bool sign = x->sign;
    u128 r;

    if (d < -1 || (d < 0 && !nearest))
        return *x;
    if (d == -1) {
        r = xs;
        round_quotient(&r, (u128)ys << 1, &sign, quotient);
        return from_rest(r, x->exp, sign);
    }
    *partial = d > 63;
    int n = *partial ? partial_bits(d) : d;
    u128 wide = (u128)xs << n;
    r = wide % ys;
    *quotient = (unsigned)(wide / ys);
    if (*partial)
        *quotient = 0;
    else if (nearest)
        round_quotient(&r, ys, &sign, quotient);
    return from_rest(r, x->exp - n, sign);
}

Float80 float80_rem(Float80 a, Float80 b, bool nearest, bool *partial, unsigned *quotient, FloatStatus *s)
{
    *partial = false;
    *quotient = 0;
    if (float80_is_unsupported(a) || float80_is_unsupported(b))
        return float80_invalid(s);
    FloatParts x = float80_unpack(a, s), y = float80_unpack(b, s);
    if (parts_is_nan(&x) || parts_is_nan(&y))
        return float80_nan2(a, b, s);
    if (x.cls == CLS_INF || y.cls == CLS_ZERO)
        return float80_invalid(s);
    if (x.cls != CLS_NORMAL || y.cls != CLS_NORMAL)
        return unchanged(a);
    x = rem_normal(&x, &y, nearest, partial, quotient);
    *quotient &= 7;
    return float80_pack(&x, 64, s);
}
