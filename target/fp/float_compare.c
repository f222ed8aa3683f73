/* SPDX-License-Identifier: MIT */
/* Comparing, minimum and maximum: on the packed bits, whose order is that of the numbers but for the sign. */
#include "target/fp/float_internal.h"

/* Order of two numbers that are not NaN; -0 sorts below +0. */
static int64_t order(const FloatFormat *f, uint64_t a)
{
    int64_t magnitude = (int64_t)float_abs(f, a);
    return float_is_neg(f, a) ? ~magnitude : magnitude;
}

FloatRelation float_compare(const FloatFormat *f, uint64_t a, uint64_t b, bool signalling, FloatStatus *s)
{
    a = float_flush(f, a, s);
    b = float_flush(f, b, s);
    if (float_is_nan(f, a) || float_is_nan(f, b)) {
        if (signalling || float_is_snan(f, a) || float_is_snan(f, b))
            s->flags |= FLOAT_INVALID;
        s->flags &= (uint8_t)~FLOAT_DENORMAL;
        return FLOAT_UNORDERED;
    }
    if (a == b || !float_abs(f, a | b))
        return FLOAT_EQUAL;
    return order(f, a) < order(f, b) ? FLOAT_LESS : FLOAT_GREATER;
}

static uint64_t minmax(const FloatFormat *f, uint64_t a, uint64_t b, bool max, bool num, FloatStatus *s)
{
    a = float_flush(f, a, s);
    b = float_flush(f, b, s);
    if (float_is_nan(f, a) || float_is_nan(f, b)) {
        if (num && !float_is_nan(f, b) && !float_is_snan(f, a))
            return b;
        if (num && !float_is_nan(f, a) && !float_is_snan(f, b))
            return a;
        return float_nan2(f, a, b, s);
    }
    return (order(f, a) < order(f, b)) == max ? b : a;
}

uint64_t float_min(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s)
{
    return minmax(f, a, b, false, false, s);
}

uint64_t float_max(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s)
{
    return minmax(f, a, b, true, false, s);
}

uint64_t float_min_num(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s)
{
    return minmax(f, a, b, false, true, s);
}

uint64_t float_max_num(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s)
{
    return minmax(f, a, b, true, true, s);
}
