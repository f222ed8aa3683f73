/* SPDX-License-Identifier: MIT */
/* Sine, cosine, tangent and arc tangent: reduction to a small argument, then the power series. */
#include "target/fp/float80_internal.h"
#include "target/fp/float80_trans.h"
#include "target/fp/float_wide.h"

#define SERIES_BITS 132 /* terms so far below the sum do not count */

/* The hardware's pi, in units of 2^-64: 66 bits. */
#define PI66 ((u128)3 << 64 | 0x243f6a8885a308d3ull)
/* The true one. */
#define WF_PI WF_CONST(0xc90fdaa22168c234ull, 0xc4c6628b80dc1cd1ull, 1)

static bool counts(WFloat term, WFloat sum) { return term.sig && term.exp > sum.exp - SERIES_BITS; }

/* sin: x - x^3/3! + ..., cos: 1 - x^2/2! + ...; from: the first term's power. */
static WFloat sincos_series(WFloat x, unsigned from)
{
    WFloat x2 = wf_mul(x, x), term = from ? x : wf_from_int(1), sum = term;

    for (unsigned n = from; counts(term, sum); n += 2) {
        term = wf_neg(wf_div_int(wf_mul(term, x2), (n + 1) * (n + 2)));
        sum = wf_add(sum, term);
    }
    return sum;
}

/* |x| = quadrant * pi/2 + *r, |*r| at most pi/4, by the hardware's pi; the quadrant's low two bits. x is below 2^63. */
static unsigned reduce(const FloatParts *x, WFloat *r)
{
    u128 rest = (uint64_t)(x->sig >> 64); /* units of pi/2's last bit, 2^-65 */
    unsigned q = 0;

    if (x->exp < -2) {
        *r = wf_from_parts(x);
        r->sign = false;
        return 0;
    }
    for (int n = x->exp + 2; n > 0; n--) {
        rest <<= 1;
        q <<= 1;
        if (rest >= PI66) {
            rest -= PI66;
            q |= 1;
        }
    }
    bool beyond = rest * 2 > PI66;
    *r = wf_normalise((WFloat){ .sig = beyond ? PI66 - rest : rest, .exp = 127 - 65, .sign = beyond });
    return (q + beyond) & 3;
}

/* sin(r + quadrant * pi/2). */
static WFloat sin_in(unsigned quadrant, WFloat r)
{
    WFloat v = sincos_series(r, quadrant & 1 ? 0 : 1);
    return quadrant & 2 ? wf_neg(v) : v;
}

static Float80 finish(WFloat v, FloatStatus *s)
{
    FloatParts p = wf_to_parts(v);
    p.sig |= p.sig != 0; /* never exact */
    return float80_pack(&p, 64, s);
}

/* NaN, unsupported, infinity: true, and *r is the result. */
static bool special(Float80 a, Float80 *r, FloatStatus *s)
{
    if (float80_is_inf(a))
        *r = float80_invalid(s);
    else if (float80_is_nan(a) || float80_is_unsupported(a))
        *r = float80_nan1(a, s);
    else
        return false;
    return true;
}

Float80 float80_sin(Float80 a, FloatStatus *s)
{
    Float80 r;
    WFloat rest;

    if (special(a, &r, s) || float80_is_zero(a))
        return float80_is_zero(a) ? a : r;
    FloatParts x = float80_unpack(a, s);
    unsigned quadrant = reduce(&x, &rest);
    WFloat v = sin_in(quadrant, rest);
    return finish(x.sign ? wf_neg(v) : v, s);
}

Float80 float80_cos(Float80 a, FloatStatus *s)
{
    Float80 r;
    WFloat rest;

    if (special(a, &r, s))
        return r;
    if (float80_is_zero(a))
        return float80_from_int(1);
    FloatParts x = float80_unpack(a, s);
    unsigned quadrant = reduce(&x, &rest);
    return finish(sin_in(quadrant + 1, rest), s);
}

Float80 float80_tan(Float80 a, FloatStatus *s)
{
    Float80 r;
    WFloat rest;

    if (special(a, &r, s) || float80_is_zero(a))
        return float80_is_zero(a) ? a : r;
    FloatParts x = float80_unpack(a, s);
    unsigned quadrant = reduce(&x, &rest);
    WFloat v = wf_div(sin_in(quadrant, rest), sin_in(quadrant + 1, rest));
    return finish(x.sign ? wf_neg(v) : v, s);
}

/* 0 <= z <= 1. */
static WFloat atan_wide(WFloat z)
{
    WFloat one = wf_from_int(1);
    bool upper = z.exp >= -1 && (z.exp >= 0 || z.sig > (u128)0xd413cccfe7799211ull << 64); /* above tan(pi/8) the complement to pi/4 is smaller */

    if (upper)
        z = wf_div(wf_sub(one, z), wf_add(one, z));
    WFloat z2 = wf_mul(z, z), power = z, sum = z, term = z;
    for (unsigned n = 3; counts(term, sum); n += 2) {
        power = wf_neg(wf_mul(power, z2));
        term = wf_div_int(power, n);
        sum = wf_add(sum, term);
    }
    return upper ? wf_sub(wf_scale(WF_PI, -2), sum) : sum;
}

/* Where x is infinite or one of them is zero: the angle in eighths of pi, or 0 for a zero. */
static int axis_angle(const FloatParts *y, const FloatParts *x)
{
    if (y->cls == CLS_INF)
        return x->cls != CLS_INF ? 4 : x->sign ? 6 : 2;
    if (y->cls == CLS_ZERO || x->cls == CLS_INF)
        return x->sign ? 8 : 0;
    return 4; /* x is 0 */
}

Float80 float80_atan2(Float80 b, Float80 a, FloatStatus *s)
{
    if (float80_is_unsupported(a) || float80_is_unsupported(b))
        return float80_invalid(s);
    FloatParts y = float80_unpack(b, s), x = float80_unpack(a, s);
    if (parts_is_nan(&x) || parts_is_nan(&y))
        return float80_nan2(a, b, s);
    WFloat v;
    if (y.cls != CLS_NORMAL || x.cls != CLS_NORMAL) {
        int n = axis_angle(&y, &x);
        if (!n)
            return float80_zero(y.sign);
        v = wf_scale(wf_mul(WF_PI, wf_from_int(n)), -3);
    } else {
        WFloat wy = wf_from_parts(&y), wx = wf_from_parts(&x);
        wy.sign = wx.sign = false;
        bool steep = wy.exp > wx.exp || (wy.exp == wx.exp && wy.sig > wx.sig);
        v = atan_wide(steep ? wf_div(wx, wy) : wf_div(wy, wx));
        if (steep)
            v = wf_sub(wf_scale(WF_PI, -1), v);
        if (x.sign)
            v = wf_sub(WF_PI, v);
    }
    v.sign = y.sign;
    return finish(v, s);
}
