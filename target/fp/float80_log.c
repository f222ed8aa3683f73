/* SPDX-License-Identifier: MIT */
/* 2^x - 1, and logarithms to base 2: power series of the exponential and of the inverse hyperbolic tangent. */
#include "target/fp/float80_internal.h"
#include "target/fp/float80_trans.h"
#include "target/fp/float_wide.h"

#define SERIES_BITS 132 /* terms so far below the sum do not count */
#define WF_LN2 WF_CONST(0xb17217f7d1cf79abull, 0xc9e3b39803f2f6afull, -1)
#define WF_LOG2E WF_CONST(0xb8aa3b295c17f0bbull, 0xbe87fed0691d3e88ull, 0)
#define SQRT2_SIG 0xb504f333f9de6484ull

static bool counts(WFloat term, WFloat sum) { return term.sig && term.exp > sum.exp - SERIES_BITS; }

/* exact: it happens to be; the hardware says inexact all the same. */
static Float80 finish(WFloat v, bool exact, FloatStatus *s)
{
    FloatParts p = wf_to_parts(v);
    p.sig |= p.sig != 0 && !exact;
    s->flags |= FLOAT_INEXACT;
    return float80_pack(&p, 64, s);
}

Float80 float80_exp2m1(Float80 a, FloatStatus *s)
{
    if (float80_is_unsupported(a))
        return float80_invalid(s);
    FloatParts x = float80_unpack(a, s);
    if (parts_is_nan(&x))
        return float80_nan1(a, s);
    if (x.cls == CLS_ZERO)
        return a;
    if (x.cls == CLS_INF)
        return x.sign ? float80_make(true, FLOAT80_BIAS, FLOAT80_INTEGER) : a;
    if (x.exp >= 0) /* the domain is -1 to 1 */
        return x.exp == 0 && x.sig == PARTS_TOP ? (x.sign ? float80_make(true, FLOAT80_BIAS - 1, FLOAT80_INTEGER) : a) : a;
    WFloat y = wf_mul(wf_from_parts(&x), WF_LN2), term = y, sum = y;
    for (unsigned n = 2; counts(term, sum); n++) {
        term = wf_div_int(wf_mul(term, y), n);
        sum = wf_add(sum, term);
    }
    return finish(sum, false, s);
}

/* log2((1 + t) / (1 - t)) for small t. */
static WFloat log2_ratio(WFloat t)
{
    WFloat t2 = wf_mul(t, t), power = t, sum = t, term = t;

    for (unsigned n = 3; counts(term, sum); n += 2) {
        power = wf_mul(power, t2);
        term = wf_div_int(power, n);
        sum = wf_add(sum, term);
    }
    return wf_mul(wf_scale(sum, 1), WF_LOG2E);
}

/* Of a positive number. */
static WFloat log2_wide(WFloat x)
{
    WFloat one = wf_from_int(1);
    int32_t e = x.exp + ((uint64_t)(x.sig >> 64) > SQRT2_SIG); /* m in [sqrt(1/2), sqrt(2)] */

    x.exp -= e;
    WFloat t = wf_div(wf_sub(x, one), wf_add(x, one));
    return wf_add(wf_from_int(e), t.sig ? log2_ratio(t) : t);
}

/* y * log2(x) where x is zero or infinite, or y: l is the logarithm's sign, and whether it is zero or infinite. */
static Float80 product_special(const FloatParts *y, const FloatParts *l, FloatStatus *s)
{
    FloatParts r = parts_mul(y, l, s);
    return float80_pack(&r, 64, s);
}

Float80 float80_ylog2(Float80 b, Float80 a, FloatStatus *s)
{
    if (float80_is_unsupported(a) || float80_is_unsupported(b))
        return float80_invalid(s);
    FloatParts y = float80_unpack(b, s), x = float80_unpack(a, s);
    if (parts_is_nan(&x) || parts_is_nan(&y))
        return float80_nan2(a, b, s);
    if (x.sign && x.cls != CLS_ZERO)
        return float80_invalid(s);
    if (x.cls == CLS_ZERO) {
        if (y.cls == CLS_ZERO)
            return float80_invalid(s);
        if (y.cls == CLS_NORMAL)
            s->flags = (uint8_t)((s->flags & ~FLOAT_DENORMAL) | FLOAT_DIVBYZERO);
        return float80_inf(!y.sign);
    }
    FloatParts l = parts_inf(false);
    WFloat log = { 0 };
    if (x.cls == CLS_NORMAL) {
        log = log2_wide(wf_from_parts(&x));
        l = wf_to_parts(log);
    }
    if (y.cls != CLS_NORMAL || l.cls != CLS_NORMAL)
        return product_special(&y, &l, s);
    return finish(wf_mul(wf_from_parts(&y), log), x.sig == PARTS_TOP, s);
}

Float80 float80_ylog2p1(Float80 b, Float80 a, FloatStatus *s)
{
    if (float80_is_unsupported(a) || float80_is_unsupported(b))
        return float80_invalid(s);
    FloatParts y = float80_unpack(b, s), x = float80_unpack(a, s), l = x;
    if (parts_is_nan(&x) || parts_is_nan(&y))
        return float80_nan2(a, b, s);
    if (x.sign && (x.cls == CLS_INF || (x.cls == CLS_NORMAL && x.exp >= 0)))
        return float80_invalid(s); /* x + 1 is not positive */
    WFloat log = { 0 };
    if (x.cls == CLS_NORMAL) {
        WFloat w = wf_from_parts(&x);
        log = x.exp < -1 ? log2_ratio(wf_div(w, wf_add(w, wf_from_int(2)))) : log2_wide(wf_add(w, wf_from_int(1)));
        l = wf_to_parts(log);
    }
    if (y.cls != CLS_NORMAL || l.cls != CLS_NORMAL)
        return product_special(&y, &l, s);
    return finish(wf_mul(wf_from_parts(&y), log), false, s);
}
