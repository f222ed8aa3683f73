/* SPDX-License-Identifier: MIT */
/*
 * Operations that only Arm has: reciprocal and square-root estimates and their Newton steps, FMULX, FRECPX, FRINT32/64,
 * JavaScript's conversion. Names in comments are the manual's functions (J1.3).
 */
#include "base/bits.h"
#include "target/arm/fp_status.h"

static unsigned exp_field(const FloatFormat *f, uint64_t a) { return (unsigned)extract64(a, f->frac_bits, f->exp_bits); }
/* The fraction as 52 bits, whatever the format. */
static uint64_t frac52(const FloatFormat *f, uint64_t a) { return (a & MASK64(f->frac_bits)) << (52 - f->frac_bits); }

static uint64_t assemble(const FloatFormat *f, bool sign, unsigned exp, uint64_t frac)
{
    return float_zero(f, sign) | (uint64_t)exp << f->frac_bits | frac >> (52 - f->frac_bits);
}

/* RecipEstimate: a is 256..511 for [0.5, 1.0), the result 256..511 for [1.0, 2.0). */
static unsigned recip_estimate(unsigned a)
{
    a = a * 2 + 1;
    return ((1u << 19) / a + 1) / 2;
}

/* RecipSqrtEstimate: a is 128..511 for [0.25, 1.0), the result 256..511. */
static unsigned rsqrt_estimate(unsigned a)
{
    unsigned b = 512;

    a = a < 256 ? a * 2 + 1 : ((a >> 1 << 1) + 1) * 2;
    while ((uint64_t)a * (b + 1) * (b + 1) < 1u << 28)
        b++;
    return (b + 1) / 2;
}

/* The reciprocal of a number so small that it overflows. */
static uint64_t recip_overflow(const FloatFormat *f, bool sign, FloatStatus *s)
{
    s->flags |= FLOAT_OVERFLOW | FLOAT_INEXACT;
    bool to_inf = s->round == FLOAT_ROUND_EVEN || s->round == (sign ? FLOAT_ROUND_DOWN : FLOAT_ROUND_UP);
    return to_inf ? float_inf(f, sign) : float_max_normal(f, sign);
}

uint64_t arm_fp_recip_estimate(const FloatFormat *f, uint64_t a, FloatStatus *s)
{
    a = float_flush(f, a, s);
    bool sign = float_is_neg(f, a);
    int bias = float_bias(f), exp = (int)exp_field(f, a);
    uint64_t frac = frac52(f, a);

    if (float_is_nan(f, a))
        return float_nan1(f, a, s);
    if (float_is_inf(f, a))
        return float_zero(f, sign);
    if (!float_abs(f, a)) {
        s->flags |= FLOAT_DIVBYZERO;
        return float_inf(f, sign);
    }
    if (exp == 0 && frac < BIT(50)) /* below 2^(-bias - 1) */
        return recip_overflow(f, sign, s);
    if (s->flush_outputs && exp >= 2 * bias - 1) { /* 2^(bias - 1) and up: the result would be denormal */
        s->flags |= FLOAT_UNDERFLOW;
        return float_zero(f, sign);
    }
    if (exp == 0) {
        if (!(frac & BIT(51))) {
            exp = -1;
            frac <<= 1;
        }
        frac = frac << 1 & MASK64(52);
    }
    int result_exp = 2 * bias - 1 - exp;
    uint64_t r = (uint64_t)(recip_estimate(256 | (unsigned)(frac >> 44)) & 255) << 44;
    if (result_exp == 0) {
        r = BIT(51) | r >> 1;
    } else if (result_exp == -1) {
        r = BIT(50) | r >> 2;
        result_exp = 0;
    }
    return assemble(f, sign, (unsigned)result_exp, r);
}

uint64_t arm_fp_rsqrt_estimate(const FloatFormat *f, uint64_t a, FloatStatus *s)
{
    a = float_flush(f, a, s);
    bool sign = float_is_neg(f, a);
    int bias = float_bias(f), exp = (int)exp_field(f, a);
    uint64_t frac = frac52(f, a);

    if (float_is_nan(f, a))
        return float_nan1(f, a, s);
    if (!float_abs(f, a)) {
        s->flags |= FLOAT_DIVBYZERO;
        return float_inf(f, sign);
    }
    if (sign) {
        s->flags |= FLOAT_INVALID;
        return float_default_nan(f);
    }
    if (float_is_inf(f, a))
        return 0;
    if (exp == 0) {
        while (!(frac & BIT(51))) {
            frac <<= 1;
            exp--;
        }
        frac = frac << 1 & MASK64(52);
    }
    unsigned scaled = exp & 1 ? 128 | (unsigned)(frac >> 45) : 256 | (unsigned)(frac >> 44);
    int result_exp = (3 * bias - 1 - exp) / 2;
    return assemble(f, false, (unsigned)result_exp, (uint64_t)(rsqrt_estimate(scaled) & 255) << 44);
}

/* FPRecpX: the exponent inverted, the fraction cleared. */
uint64_t arm_fp_recpx(const FloatFormat *f, uint64_t a, FloatStatus *s)
{
    unsigned max = (1u << f->exp_bits) - 1, exp = exp_field(f, a);

    if (float_is_nan(f, a))
        return float_nan1(f, a, s);
    float_flush(f, a, s); /* for the flag: the result is that of a zero exponent anyway */
    return assemble(f, float_is_neg(f, a), exp == 0 ? max - 1 : max - exp, 0);
}

static bool inf_times_zero(const FloatFormat *f, uint64_t a, uint64_t b)
{
    return (float_is_inf(f, a) && !float_abs(f, b)) || (!float_abs(f, a) && float_is_inf(f, b));
}

/* FPRecipStepFused: 2 - a * b. */
uint64_t arm_fp_recip_step(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s)
{
    a = float_neg(f, float_flush(f, a, s));
    b = float_flush(f, b, s);
    if (inf_times_zero(f, a, b))
        return float_pow2(f, 1);
    return float_muladd(f, a, b, float_pow2(f, 1), 0, s);
}

/* FPRSqrtStepFused: (3 - a * b) / 2. */
uint64_t arm_fp_rsqrt_step(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s)
{
    uint64_t half_bit = 1ull << (f->frac_bits - 1);

    a = float_neg(f, float_flush(f, a, s));
    b = float_flush(f, b, s);
    if (inf_times_zero(f, a, b))
        return float_pow2(f, 0) | half_bit;
    return float_muladd(f, a, b, float_pow2(f, 1) | half_bit, -1, s);
}

/* FPMulX: infinity times zero is 2. */
uint64_t arm_fp_mulx(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s)
{
    a = float_flush(f, a, s);
    b = float_flush(f, b, s);
    if (inf_times_zero(f, a, b))
        return float_zero(f, float_is_neg(f, a) != float_is_neg(f, b)) | float_pow2(f, 1);
    return float_mul(f, a, b, s);
}

/* FPRoundIntN: what does not fit a signed integer of so many bits becomes its minimum. */
uint64_t arm_fp_round_int_n(const FloatFormat *f, uint64_t a, FloatRound round, unsigned bits, FloatStatus *s)
{
    uint64_t min = float_neg(f, float_pow2(f, (int)bits - 1));
    FloatStatus t = *s;

    if (!float_is_nan(f, a) && !float_is_inf(f, a)) {
        uint64_t r = float_round_int(f, a, round, true, &t);
        if (float_abs(f, r) < float_abs(f, min) || r == min) {
            s->flags |= t.flags;
            return r;
        }
    }
    s->flags |= FLOAT_INVALID;
    return min;
}

/* FPToFixedJS: towards zero, then modulo 2^32. */
uint32_t arm_fp_to_js_int(uint64_t a, bool *exact, FloatStatus *s)
{
    int exp = (int)exp_field(&float_f64, a) - 1023;
    uint64_t sig = (a & MASK64(52)) | BIT(52), mag = 0;
    uint8_t before = s->flags;
    FloatStatus t = *s;

    t.flags = 0;
    float_to_int(&float_f64, a, FLOAT_ROUND_ZERO, 0, 32, true, &t);
    s->flags = before | t.flags;
    /* -0 is not an int32 of JavaScript's; a flushed number is the zero that it was flushed to. */
    bool zero = !(a & ~float_sign_bit(&float_f64)) || t.flags & FLOAT_INPUT_DENORMAL;
    *exact = !(t.flags & ~FLOAT_INPUT_DENORMAL) && !(zero && float_is_neg(&float_f64, a));
    if (exp >= 0 && exp <= 52)
        mag = sig >> (52 - exp);
    else if (exp > 52 && exp < 52 + 32)
        mag = sig << (exp - 52); /* bits lost above do not matter modulo 2^32 */
    return (uint32_t)(float_is_neg(&float_f64, a) ? -mag : mag);
}
