/* SPDX-License-Identifier: MIT */
/*
 * Addition, multiplication, division, square root, fused multiply-add.
 *
 * Each computes the exact result, or its leading bits with a sticky bit, in unpacked form; parts_pack rounds it once.
 */
#include "target/fp/float_internal.h"

static FloatParts nan2(const FloatParts *a, const FloatParts *b, FloatStatus *s)
{
    return parts_pick_nan((const FloatParts *const[]){ a, b }, 2, s);
}

/* Sum of two normal numbers. Operands leave low bits free, so that halving them for the carry loses none. */
static FloatParts add_normal(FloatParts a, FloatParts b, FloatStatus *s)
{
    if (a.exp < b.exp) {
        FloatParts t = a;
        a = b;
        b = t;
    }
    u128 x = shift_right_jam(a.sig, 1), y = shift_right_jam(b.sig, MIN_OF((unsigned)(a.exp - b.exp), 200u) + 1);
    a.exp++;
    if (a.sign == b.sign) {
        a.sig = x + y;
    } else if (x == y) {
        return parts_zero(s->round == FLOAT_ROUND_DOWN);
    } else if (x > y) {
        a.sig = x - y;
    } else {
        a.sig = y - x;
        a.sign = b.sign;
    }
    parts_normalise(&a);
    return a;
}

/* Sum where neither is NaN. */
static FloatParts add_parts(const FloatParts *a, const FloatParts *b, FloatStatus *s)
{
    if (a->cls == CLS_NORMAL && b->cls == CLS_NORMAL)
        return add_normal(*a, *b, s);
    if (a->cls == CLS_INF || b->cls == CLS_INF) {
        if (a->cls == b->cls && a->sign != b->sign)
            return parts_invalid(s);
        return a->cls == CLS_INF ? *a : *b;
    }
    if (a->cls == CLS_ZERO && b->cls == CLS_ZERO)
        return parts_zero(a->sign == b->sign ? a->sign : s->round == FLOAT_ROUND_DOWN);
    return a->cls == CLS_ZERO ? *b : *a;
}

/* b's sign is inverted by sub after NaNs are dealt with: they pass unchanged. */
FloatParts parts_addsub(const FloatParts *a, const FloatParts *b, bool sub, FloatStatus *s)
{
    if (parts_is_nan(a) || parts_is_nan(b))
        return nan2(a, b, s);
    FloatParts y = *b;
    y.sign ^= sub;
    return add_parts(a, &y, s);
}

static uint64_t addsub(const FloatFormat *f, uint64_t a, uint64_t b, bool sub, FloatStatus *s)
{
    FloatParts x = parts_unpack(f, a, s), y = parts_unpack(f, b, s), r = parts_addsub(&x, &y, sub, s);
    return parts_pack(f, &r, s);
}

uint64_t float_add(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s)
{
    return addsub(f, a, b, false, s);
}

uint64_t float_sub(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s)
{
    return addsub(f, a, b, true, s);
}

static bool inf_times_zero(const FloatParts *a, const FloatParts *b)
{
    return (a->cls == CLS_INF && b->cls == CLS_ZERO) || (a->cls == CLS_ZERO && b->cls == CLS_INF);
}

/* Exact product where neither is NaN and it is not infinity times zero. */
static FloatParts mul_parts(const FloatParts *a, const FloatParts *b)
{
    bool sign = a->sign ^ b->sign;

    if (a->cls == CLS_INF || b->cls == CLS_INF)
        return parts_inf(sign);
    if (a->cls == CLS_ZERO || b->cls == CLS_ZERO)
        return parts_zero(sign);
    FloatParts r = { .cls = CLS_NORMAL, .sign = sign, .exp = a->exp + b->exp + 1 };
    r.sig = (u128)(uint64_t)(a->sig >> 64) * (uint64_t)(b->sig >> 64);
    parts_normalise(&r);
    return r;
}

FloatParts parts_mul(const FloatParts *a, const FloatParts *b, FloatStatus *s)
{
    if (parts_is_nan(a) || parts_is_nan(b))
        return nan2(a, b, s);
    if (inf_times_zero(a, b))
        return parts_invalid(s);
    return mul_parts(a, b);
}

uint64_t float_mul(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s)
{
    FloatParts x = parts_unpack(f, a, s), y = parts_unpack(f, b, s), r = parts_mul(&x, &y, s);
    return parts_pack(f, &r, s);
}

/* The NaN of a * b + c, or of infinity times zero. */
static FloatParts muladd_nan(const FloatParts *x, const FloatParts *y, const FloatParts *z, FloatStatus *s)
{
    if (s->nan_rule != FLOAT_NAN_ARM) {
        if (inf_times_zero(x, y) && !parts_is_nan(z))
            return parts_invalid(s);
        return parts_pick_nan((const FloatParts *const[]){ x, y, z }, 3, s);
    }
    if (inf_times_zero(x, y) && z->cls != CLS_SNAN)
        return parts_invalid(s);
    return parts_pick_nan((const FloatParts *const[]){ z, x, y }, 3, s);
}

uint64_t float_muladd(const FloatFormat *f, uint64_t a, uint64_t b, uint64_t c, int scale, FloatStatus *s)
{
    FloatParts z = parts_unpack(f, c, s), x = parts_unpack(f, a, s), y = parts_unpack(f, b, s), r;

    if (inf_times_zero(&x, &y) || parts_is_nan(&x) || parts_is_nan(&y) || parts_is_nan(&z)) {
        r = muladd_nan(&x, &y, &z, s);
    } else {
        FloatParts product = mul_parts(&x, &y);
        r = add_parts(&product, &z, s);
        r.exp += scale;
    }
    return parts_pack(f, &r, s);
}

/* Quotient of normal numbers: 128 bits in two steps of 64, and sticky. */
static FloatParts div_normal(const FloatParts *a, const FloatParts *b, bool sign)
{
    uint64_t d = (uint64_t)(b->sig >> 64);
    u128 n = a->sig >> 1, q = n / d;
    u128 rest = (n - q * d) << 64, q2 = rest / d;
    FloatParts r = { .cls = CLS_NORMAL, .sign = sign, .exp = a->exp - b->exp };

    r.sig = q << 64 | q2 | (rest != q2 * d);
    parts_normalise(&r);
    return r;
}

FloatParts parts_div(const FloatParts *a, const FloatParts *b, FloatStatus *s)
{
    bool sign = a->sign ^ b->sign;

    if (parts_is_nan(a) || parts_is_nan(b))
        return nan2(a, b, s);
    if (a->cls == b->cls && a->cls != CLS_NORMAL)
        return parts_invalid(s); /* 0 / 0, inf / inf */
    if (a->cls == CLS_INF || b->cls == CLS_ZERO) {
        if (a->cls != CLS_INF) {
            s->flags |= FLOAT_DIVBYZERO;
            s->flags &= (uint8_t)~FLOAT_DENORMAL;
        }
        return parts_inf(sign);
    }
    if (a->cls == CLS_ZERO || b->cls == CLS_INF)
        return parts_zero(sign);
    return div_normal(a, b, sign);
}

uint64_t float_div(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s)
{
    FloatParts x = parts_unpack(f, a, s), y = parts_unpack(f, b, s), r = parts_div(&x, &y, s);
    return parts_pack(f, &r, s);
}

/* floor(sqrt(n)) for n >= 2^126, a bit at a time; *rest is what is left, n - root^2. */
static uint64_t isqrt128(u128 n, u128 *left)
{
    u128 root = 0, rest = n;

    for (int i = 126; i >= 0; i -= 2) { /* root holds the bits found so far, doubled and shifted as the classic method has it */
        u128 trial = root | (u128)1 << i;
        root >>= 1;
        if (rest >= trial) {
            rest -= trial;
            root |= (u128)1 << i;
        }
    }
    *left = rest;
    return (uint64_t)root;
}

FloatParts parts_sqrt(const FloatParts *a, FloatStatus *s)
{
    FloatParts x = *a;
    u128 left;

    if (parts_is_nan(a))
        return parts_pick_nan((const FloatParts *const[]){ a }, 1, s);
    if (a->cls != CLS_ZERO && a->sign)
        return parts_invalid(s);
    if (a->cls == CLS_NORMAL) {
        /* The radicand is in [1, 4): an odd exponent leaves a factor 2 with the significand. The bit after the root's 64 is 1 when what is left exceeds the root. */
        uint64_t root = isqrt128(a->exp & 1 ? a->sig : a->sig >> 1, &left);
        x.sig = (u128)root << 64 | (u128)(left > root) << 63 | (left != 0);
        x.exp >>= 1;
    }
    return x;
}

uint64_t float_sqrt(const FloatFormat *f, uint64_t a, FloatStatus *s)
{
    FloatParts x = parts_unpack(f, a, s), r = parts_sqrt(&x, s);
    return parts_pack(f, &r, s);
}
