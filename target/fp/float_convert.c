/* SPDX-License-Identifier: MIT */
/* Between formats, to and from integers and fixed point, to integral values. */
#include "target/fp/float_internal.h"

uint64_t float_convert(const FloatFormat *to, const FloatFormat *from, uint64_t a, FloatStatus *s)
{
    FloatParts x = parts_unpack(from, a, s);

    if (parts_is_nan(&x)) {
        x = parts_pick_nan((const FloatParts *const[]){ &x }, 1, s);
        if (to->no_special) { /* has no NaN: zero of its sign */
            s->flags |= FLOAT_INVALID;
            return float_zero(to, float_is_neg(from, a));
        }
    } else if (x.cls == CLS_INF && to->no_special) {
        s->flags |= FLOAT_INVALID;
        return float_zero(to, x.sign) | (float_sign_bit(to) - 1);
    }
    return parts_pack(to, &x, s);
}

uint64_t float_to_int(const FloatFormat *f, uint64_t a, FloatRound round, unsigned fbits, unsigned width, bool is_signed, FloatStatus *s)
{
    FloatParts x = parts_unpack(f, a, s);
    bool inexact = false;
    u128 v = 0;

    if (parts_is_nan(&x)) {
        s->flags |= FLOAT_INVALID;
        return 0;
    }
    if (x.cls == CLS_NORMAL)
        x.exp += (int32_t)fbits;
    if (x.cls == CLS_INF || (x.cls == CLS_NORMAL && x.exp > 64))
        v = (u128)1 << 100; /* beyond every width */
    else if (x.cls == CLS_NORMAL)
        v = parts_to_integer(&x, round, &inexact);

    u128 limit; /* largest magnitude that fits */
    if (is_signed)
        limit = ((u128)1 << (width - 1)) - !x.sign;
    else
        limit = x.sign ? 0 : ((u128)1 << width) - 1;
    if (v > limit) {
        s->flags |= FLOAT_INVALID;
        v = limit;
    } else if (inexact) {
        s->flags |= FLOAT_INEXACT;
    }
    return (x.sign ? -(uint64_t)v : (uint64_t)v) & MASK64(width);
}

uint64_t float_from_int(const FloatFormat *f, uint64_t a, unsigned fbits, bool is_signed, FloatStatus *s)
{
    FloatParts x = { .cls = CLS_NORMAL, .sign = is_signed && (int64_t)a < 0, .exp = 63 - (int32_t)fbits };

    if (!a)
        return 0;
    x.sig = (u128)(x.sign ? -a : a) << 64;
    parts_normalise(&x);
    return parts_pack(f, &x, s);
}

uint64_t float_round_int(const FloatFormat *f, uint64_t a, FloatRound round, bool exact, FloatStatus *s)
{
    FloatParts x = parts_unpack(f, a, s);
    bool inexact;

    if (parts_is_nan(&x)) {
        x = parts_pick_nan((const FloatParts *const[]){ &x }, 1, s);
    } else if (x.cls == CLS_NORMAL && x.exp < f->frac_bits) {
        u128 v = parts_to_integer(&x, round, &inexact);
        if (inexact && exact)
            s->flags |= FLOAT_INEXACT;
        if (v) {
            x.sig = v;
            x.exp = 127;
            parts_normalise(&x);
        } else {
            x = parts_zero(x.sign);
        }
    }
    return parts_pack(f, &x, s);
}
