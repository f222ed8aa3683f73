/* SPDX-License-Identifier: MIT */
/* Packed decimal operands of FBLD and FBSTP. */
#include "target/x86/x87_bcd.h"

#define BCD_LIMIT 1000000000000000000ull /* 10^18 */

Float80 x87_from_bcd(uint64_t frac, uint16_t se)
{
    uint64_t v = 0;

    for (int i = 1; i >= 0; i--)
        v = v * 10 + (se >> (4 * i) & 15u);
    for (int i = 15; i >= 0; i--)
        v = v * 10 + (frac >> (4 * i) & 15u);
    Float80 r = float80_from_int((int64_t)v);
    r.se |= se & 0x8000u;
    return r;
}

static uint64_t digits(uint64_t v, unsigned n)
{
    uint64_t r = 0;
    for (unsigned i = 0; i < n; i++, v /= 10)
        r |= v % 10 << (4 * i);
    return r;
}

uint64_t x87_to_bcd(Float80 v, uint16_t *se, FloatStatus *s)
{
    int64_t n = (int64_t)float80_to_int(v, (FloatRound)s->round, 64, s);
    uint64_t magnitude = n < 0 ? -(uint64_t)n : (uint64_t)n;

    if (magnitude >= BCD_LIMIT) {
        s->flags = FLOAT_INVALID;
        *se = 0xffff;
        return 0xc000000000000000ull;
    }
    *se = (uint16_t)(digits(magnitude / 10000000000000000ull, 2) | (v.se & 0x8000u));
    return digits(magnitude % 10000000000000000ull, 16);
}
