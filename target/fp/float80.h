/* SPDX-License-Identifier: MIT */
/*
 * x87's double extended format: 64 bits of significand with an explicit integer bit, 15 of exponent.
 *
 * FloatStatus.precision is the control word's PC: results of add, sub, mul, div and sqrt are rounded to so many bits, in the full range
 * of exponents. nan_rule is FLOAT_NAN_X87. FLOAT_ROUNDED_UP tells C1.
 *
 * With FLOAT_OVERFLOW or FLOAT_UNDERFLOW in FloatStatus.unmasked a result that is out of range has its exponent moved by 24576 into it,
 * rounded as if the range had no end (SDM vol. 1, 8.5.4 and 8.5.5).
 *
 * Encodings that the 8087 knew and later parts refuse (an exponent without the integer bit, and infinities and NaNs without it) make
 * every operation invalid; denormals with the integer bit set count with the smallest exponent.
 */
#ifndef TARGET_FP_FLOAT80_H
#define TARGET_FP_FLOAT80_H

#include "target/fp/float.h"

typedef struct Float80 { uint64_t frac; uint16_t se; } Float80; /* se: sign, exponent */

#define FLOAT80_BIAS 16383
#define FLOAT80_MAX_EXP 0x7fff
#define FLOAT80_TRAP_BIAS 24576
#define FLOAT80_INTEGER (1ull << 63)
#define FLOAT80_DEFAULT_NAN ((Float80){ 0xc000000000000000ull, 0xffff }) /* "real indefinite" */

static inline bool float80_is_neg(Float80 a) { return a.se >> 15; }
static inline unsigned float80_exp(Float80 a) { return a.se & 0x7fffu; }
static inline Float80 float80_make(bool sign, unsigned exp, uint64_t frac) { return (Float80){ frac, (uint16_t)(exp | (unsigned)sign << 15) }; }
static inline Float80 float80_zero(bool sign) { return float80_make(sign, 0, 0); }
static inline Float80 float80_inf(bool sign) { return float80_make(sign, FLOAT80_MAX_EXP, FLOAT80_INTEGER); }
static inline bool float80_is_zero(Float80 a) { return !float80_exp(a) && !a.frac; }
static inline bool float80_is_unsupported(Float80 a) { return float80_exp(a) && !(a.frac >> 63); }
static inline bool float80_is_inf(Float80 a) { return float80_exp(a) == FLOAT80_MAX_EXP && a.frac == FLOAT80_INTEGER; }
static inline bool float80_is_nan(Float80 a) { return float80_exp(a) == FLOAT80_MAX_EXP && a.frac << 1 && a.frac >> 63; }
static inline bool float80_is_snan(Float80 a) { return float80_is_nan(a) && !(a.frac >> 62 & 1); }
static inline bool float80_is_denormal(Float80 a) { return !float80_exp(a) && a.frac; }

Float80 float80_add(Float80 a, Float80 b, FloatStatus *s);
Float80 float80_sub(Float80 a, Float80 b, FloatStatus *s);
Float80 float80_mul(Float80 a, Float80 b, FloatStatus *s);
Float80 float80_div(Float80 a, Float80 b, FloatStatus *s);
Float80 float80_sqrt(Float80 a, FloatStatus *s);
/* Quiet: only a signalling NaN (or an unsupported encoding) is invalid. */
FloatRelation float80_compare(Float80 a, Float80 b, bool signalling, FloatStatus *s);

/* Of narrower formats; exact. widen: a signalling NaN stays one and raises nothing, for operands of arithmetic; load: FLD, makes it quiet. */
Float80 float80_widen(const FloatFormat *f, uint64_t a, FloatStatus *s);
Float80 float80_load(const FloatFormat *f, uint64_t a, FloatStatus *s);
uint64_t float80_narrow(const FloatFormat *f, Float80 a, FloatStatus *s);
Float80 float80_from_int(int64_t a);
/* Of width 16, 32 or 64, signed; the integer indefinite (the least number) with FLOAT_INVALID when it does not fit. */
uint64_t float80_to_int(Float80 a, FloatRound round, unsigned width, FloatStatus *s);
Float80 float80_round_int(Float80 a, FloatStatus *s); /* FRNDINT */

Float80 float80_scale(Float80 a, Float80 b, FloatStatus *s); /* FSCALE: a * 2^trunc(b) */
/* FPREM (quotient truncated) and FPREM1 (to nearest): *partial, no more than 63 bits were reduced and it is to be repeated; else *quotient's low three bits. */
Float80 float80_rem(Float80 a, Float80 b, bool nearest, bool *partial, unsigned *quotient, FloatStatus *s);
/* FXTRACT: the significand as a number in [1, 2); *exponent the exponent as a number. */
Float80 float80_extract(Float80 a, Float80 *exponent, FloatStatus *s);
/* What one operand makes of an operation when it is NaN or unsupported (float80_nan2: either of two). */
Float80 float80_nan1(Float80 a, FloatStatus *s);
Float80 float80_nan2(Float80 a, Float80 b, FloatStatus *s);

#endif
