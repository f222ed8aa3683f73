/* SPDX-License-Identifier: MIT */
/*
 * The unpacked form that the operations work on.
 *
 * A normal number is sig * 2^(exp - 127) with bit 127 of sig set; denormals are normalised, exp being as wide as needed. Bit 0
 * doubles as the sticky bit: an operation that drops ones below it leaves it set, so that rounding sees "a little more". A NaN
 * keeps its fraction left-aligned, the quiet bit at 126; the payload thus moves between formats by itself.
 *
 * Operands have at most 64 significant bits (f64: 53, x87: 64): products are exact in 128 bits, and the low half of an
 * operand's sig is 0. A 113-bit format would need a 256-bit product and quotient here, and nothing else.
 */
#ifndef TARGET_FP_FLOAT_INTERNAL_H
#define TARGET_FP_FLOAT_INTERNAL_H

#include "base/bits.h"
#include "target/fp/float.h"

typedef unsigned __int128 u128;

typedef enum FloatClass { CLS_ZERO, CLS_NORMAL, CLS_INF, CLS_QNAN, CLS_SNAN } FloatClass;

typedef struct FloatParts {
    u128 sig;
    int32_t exp;
    uint8_t cls; /* FloatClass */
    bool sign;
} FloatParts;

#define PARTS_TOP ((u128)1 << 127)
#define PARTS_QUIET ((u128)1 << 126)

static inline bool parts_is_nan(const FloatParts *p) { return p->cls >= CLS_QNAN; }
static inline FloatParts parts_zero(bool sign) { return (FloatParts){ .cls = CLS_ZERO, .sign = sign }; }
static inline FloatParts parts_inf(bool sign) { return (FloatParts){ .cls = CLS_INF, .sign = sign }; }
static inline FloatParts parts_default_nan(const FloatStatus *s)
{
    return (FloatParts){ .sig = PARTS_QUIET, .cls = CLS_QNAN, .sign = s->nan_rule != FLOAT_NAN_ARM };
}

static inline unsigned clz128(u128 x)
{
    return (uint64_t)(x >> 64) ? clz64((uint64_t)(x >> 64)) : 64 + clz64((uint64_t)x);
}

/* x >> n for n >= 0, any one that falls out kept as bit 0. */
static inline u128 shift_right_jam(u128 x, unsigned n)
{
    if (n == 0)
        return x;
    if (n >= 128)
        return x != 0;
    return x >> n | ((x << (128 - n)) != 0);
}

/* A normal number of any alignment: moves the leading one to bit 127. sig is not 0. */
static inline void parts_normalise(FloatParts *p)
{
    unsigned n = clz128(p->sig);
    p->sig <<= n;
    p->exp -= (int32_t)n;
}

/* Whether rounding adds one unit in the last place; rest: the bits below it, half: the weight of a tie. */
static inline bool round_up(FloatRound round, bool sign, bool odd, u128 rest, u128 half)
{
    switch (round) {
    case FLOAT_ROUND_EVEN: return rest > half || (rest == half && odd);
    case FLOAT_ROUND_AWAY: return rest >= half;
    case FLOAT_ROUND_UP: return !sign && rest;
    case FLOAT_ROUND_DOWN: return sign && rest;
    case FLOAT_ROUND_ODD:
    case FLOAT_ROUND_ODD_INF: return !odd && rest;
    case FLOAT_ROUND_ZERO: break;
    }
    return false;
}

/* Flushes a denormal operand and raises its flag as the status says. */
FloatParts parts_unpack(const FloatFormat *f, uint64_t a, FloatStatus *s);
/* Rounds to the format, raises overflow, underflow and inexact. */
uint64_t parts_pack(const FloatFormat *f, const FloatParts *p, FloatStatus *s);
/* The NaN that comes of operands of which at least one is NaN; n: 1 to 3, in the order of priority. */
FloatParts parts_pick_nan(const FloatParts *const p[], unsigned n, FloatStatus *s);
/* Invalid operation: the flag and the default NaN. */
FloatParts parts_invalid(FloatStatus *s);
/* Results before rounding, NaNs and invalid operations included. */
FloatParts parts_addsub(const FloatParts *a, const FloatParts *b, bool sub, FloatStatus *s);
FloatParts parts_mul(const FloatParts *a, const FloatParts *b, FloatStatus *s);
FloatParts parts_div(const FloatParts *a, const FloatParts *b, FloatStatus *s);
FloatParts parts_sqrt(const FloatParts *a, FloatStatus *s);
/* The integer nearest to a normal p by the rounding mode, p.exp at most 64; *inexact tells whether it differs. */
u128 parts_to_integer(const FloatParts *p, FloatRound round, bool *inexact);

#endif
