/* SPDX-License-Identifier: MIT */
/*
 * Floating point in integer C: IEEE 754-2008 arithmetic, exact to the last bit and flag on every host.
 *
 * It is the reference for generated code, the slow path where the host's own instructions differ from the guest's, and the
 * only path for formats that the host lacks. It never touches the host's floating-point registers: while helpers run, those hold
 * the guest's rounding mode and sticky flags.
 *
 * A number is its bits in the low part of a uint64_t; bits above the format's width are ignored in operands and 0 in results.
 * The format is a parameter: one core serves all. Inside, numbers are unpacked to a 128-bit significand (float_internal.h),
 * which has room for x87's 80-bit format.
 *
 * Nothing here knows of a guest; what guests do differently is in FloatStatus.
 */
#ifndef TARGET_FP_FLOAT_H
#define TARGET_FP_FLOAT_H

#include <stdbool.h>
#include <stdint.h>

/* The first five have IRRound's values. */
typedef enum FloatRound {
    FLOAT_ROUND_EVEN,    /* to nearest, ties to even */
    FLOAT_ROUND_UP,      /* towards +infinity */
    FLOAT_ROUND_DOWN,    /* towards -infinity */
    FLOAT_ROUND_ZERO,
    FLOAT_ROUND_AWAY,    /* to nearest, ties away from zero */
    FLOAT_ROUND_ODD,     /* inexact results get an odd significand; overflow gives the largest finite number */
    FLOAT_ROUND_ODD_INF, /* the same, but overflow gives infinity */
} FloatRound;

/* Exception flags; the values are those of Arm's FPSR. */
#define FLOAT_INVALID 0x01u
#define FLOAT_DIVBYZERO 0x02u
#define FLOAT_OVERFLOW 0x04u
#define FLOAT_UNDERFLOW 0x08u
#define FLOAT_INEXACT 0x10u
#define FLOAT_DENORMAL 0x20u       /* x86: an operand was denormal and counted; not with a NaN or an invalid operation. For FloatStatus.denormal_flag */
#define FLOAT_ROUNDED_UP 0x40u     /* x87: the result's magnitude exceeds the exact one's (C1) */
#define FLOAT_INPUT_DENORMAL 0x80u /* a denormal operand was taken as zero */

/* Which NaN operand an operation returns, made quiet, when default_nan is off. */
typedef enum FloatNanRule {
    FLOAT_NAN_ARM, /* the first signalling one, else the first quiet one; in a * b + c the order is c, a, b */
    FLOAT_NAN_SSE, /* the first one; in a * b + c the order is a, b, c, and infinity times zero plus a quiet NaN is that NaN. The default NaN is negative */
    FLOAT_NAN_X87, /* a quiet one rather than a signalling one, then the larger significand, then the positive one. The default NaN is negative */
} FloatNanRule;

typedef enum FloatFlush {
    FLOAT_FLUSH_NO,
    FLOAT_FLUSH_SILENT, /* denormal operands count as zero */
    FLOAT_FLUSH_FLAG,   /* the same, and raise FLOAT_INPUT_DENORMAL */
} FloatFlush;

typedef struct FloatStatus {
    uint8_t round;         /* FloatRound */
    uint8_t flags;         /* FLOAT_*, or-ed to; with denormal_flag each operation wants a fresh status, for an invalid one takes FLOAT_DENORMAL back */
    uint8_t flush_inputs;  /* FloatFlush */
    uint8_t nan_rule;      /* FloatNanRule */
    bool flush_outputs;    /* tiny results become zero and raise underflow (and with tiny_after inexact) */
    bool default_nan;      /* NaN results are always the default NaN */
    bool tiny_after;       /* tininess is detected after rounding (x86), else before (Arm) */
    bool denormal_flag;    /* denormal operands that are not flushed raise FLOAT_DENORMAL */
    uint8_t unmasked;      /* FLOAT_OVERFLOW, FLOAT_UNDERFLOW that trap: tiny results underflow though exact, and inexact is told as if exponents had no end. Such results are unspecified, 80-bit ones have an adjusted exponent (float80.h) */
    uint8_t precision;     /* 80-bit arithmetic: bits of the significand that results are rounded to, 24, 53 or 64 */
} FloatStatus;

typedef struct FloatFormat {
    uint8_t exp_bits, frac_bits;
    bool no_special;       /* Arm's alternative half precision: the largest exponent is an ordinary one */
} FloatFormat;

extern const FloatFormat float_f16, float_f16_alt, float_bf16, float_f32, float_f64;

typedef enum FloatRelation { FLOAT_LESS, FLOAT_EQUAL, FLOAT_GREATER, FLOAT_UNORDERED } FloatRelation;

/* ---- facts about formats and numbers ---- */
static inline unsigned float_width(const FloatFormat *f) { return 1 + f->exp_bits + f->frac_bits; }
static inline int float_bias(const FloatFormat *f) { return (1 << (f->exp_bits - 1)) - 1; }
static inline uint64_t float_sign_bit(const FloatFormat *f) { return 1ull << (f->exp_bits + f->frac_bits); }
static inline uint64_t float_zero(const FloatFormat *f, bool sign) { return sign ? float_sign_bit(f) : 0; }
static inline uint64_t float_inf(const FloatFormat *f, bool sign)
{
    return float_zero(f, sign) | ((1ull << f->exp_bits) - 1) << f->frac_bits;
}
static inline uint64_t float_max_normal(const FloatFormat *f, bool sign) { return float_inf(f, sign) - 1; }
/* 2^n, n within the normal range. */
static inline uint64_t float_pow2(const FloatFormat *f, int n) { return (uint64_t)(n + float_bias(f)) << f->frac_bits; }
static inline uint64_t float_default_nan(const FloatFormat *f) { return float_inf(f, false) | 1ull << (f->frac_bits - 1); }
static inline uint64_t float_abs(const FloatFormat *f, uint64_t a) { return a & (float_sign_bit(f) - 1); }
static inline uint64_t float_neg(const FloatFormat *f, uint64_t a)
{
    return (a ^ float_sign_bit(f)) & (float_sign_bit(f) * 2 - 1);
}
static inline bool float_is_neg(const FloatFormat *f, uint64_t a) { return (a & float_sign_bit(f)) != 0; }
static inline bool float_is_inf(const FloatFormat *f, uint64_t a) { return float_abs(f, a) == float_inf(f, false); }
static inline bool float_is_nan(const FloatFormat *f, uint64_t a) { return float_abs(f, a) > float_inf(f, false); }
static inline bool float_is_snan(const FloatFormat *f, uint64_t a)
{
    return float_is_nan(f, a) && !(a >> (f->frac_bits - 1) & 1);
}
/* a as an operation sees it: a denormal becomes zero when the status says so, with its flag. */
uint64_t float_flush(const FloatFormat *f, uint64_t a, FloatStatus *s);
/* What an operation returns whose operands a and b include a NaN (float_nan1: a alone). */
uint64_t float_nan1(const FloatFormat *f, uint64_t a, FloatStatus *s);
uint64_t float_nan2(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s);

/* ---- arithmetic (float_arith.c) ---- */
uint64_t float_add(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s);
uint64_t float_sub(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s);
uint64_t float_mul(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s);
uint64_t float_div(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s);
uint64_t float_sqrt(const FloatFormat *f, uint64_t a, FloatStatus *s);
/* (a * b + c) * 2^scale with one rounding. Infinity times zero plus a quiet NaN is as nan_rule says (Arm: invalid, the default NaN). */
uint64_t float_muladd(const FloatFormat *f, uint64_t a, uint64_t b, uint64_t c, int scale, FloatStatus *s);

/* ---- comparing (float_compare.c) ---- */
/* Quiet: only a signalling NaN is invalid; signalling: every NaN is. */
FloatRelation float_compare(const FloatFormat *f, uint64_t a, uint64_t b, bool signalling, FloatStatus *s);
/* The smaller or larger; -0 < +0; a NaN operand makes the result NaN. */
uint64_t float_min(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s);
uint64_t float_max(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s);
/* minNum and maxNum: a number beats a quiet NaN. */
uint64_t float_min_num(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s);
uint64_t float_max_num(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s);

/* ---- converting (float_convert.c) ---- */
uint64_t float_convert(const FloatFormat *to, const FloatFormat *from, uint64_t a, FloatStatus *s);
/* a * 2^fbits rounded to an integer of width 16, 32 or 64 bits (zero-extended); saturates with invalid; NaN gives 0 with invalid. */
uint64_t float_to_int(const FloatFormat *f, uint64_t a, FloatRound round, unsigned fbits, unsigned width, bool is_signed, FloatStatus *s);
/* a * 2^-fbits, a being a 64-bit integer. */
uint64_t float_from_int(const FloatFormat *f, uint64_t a, unsigned fbits, bool is_signed, FloatStatus *s);
/* To an integral value of the same format; raises inexact only when exact. */
uint64_t float_round_int(const FloatFormat *f, uint64_t a, FloatRound round, bool exact, FloatStatus *s);

#endif
