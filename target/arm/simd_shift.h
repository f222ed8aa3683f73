/* SPDX-License-Identifier: MIT */
/*
 * Shifts of one lane: shared by the plain and the saturating forms.
 *
 * Lanes come extended to 64 bits, so that right shifts need not know the lane's width. The manual computes with unbounded
 * integers; here each step says why 64 bits are enough.
 */
#ifndef TARGET_ARM_SIMD_SHIFT_H
#define TARGET_ARM_SIMD_SHIFT_H

#include "target/arm/simd_lanes.h"

/* (a + (round ? 1 << (n - 1) : 0)) >> n for n in 0..128: the rounding constant carries into bit n exactly when bit n - 1 is set. */
SIMD_INLINE int64_t shift_right(int64_t a, unsigned n, LaneSign sign, bool round)
{
    if (n == 0)
        return a;
    int64_t beyond = sign && a < 0 ? -1 : 0; /* what the bits above 63 hold */
    int64_t bit = n <= 64 ? (sign ? a >> (n - 1) : (int64_t)((uint64_t)a >> (n - 1))) : beyond;
    int64_t r = n < 64 ? (sign ? a >> n : (int64_t)((uint64_t)a >> n)) : beyond;
    return (int64_t)((uint64_t)r + (round ? (uint64_t)bit & 1 : 0));
}

/* SSHL and its kin: left by the signed low byte of b, or right when that is negative. The lane's width cuts the result. */
SIMD_INLINE int64_t shift_by_register(int64_t a, int64_t b, LaneSign sign, bool round)
{
    int n = (int8_t)b;
    if (n < 0)
        return shift_right(a, (unsigned)-n, sign, round);
    return n < 64 ? (int64_t)((uint64_t)a << n) : 0;
}

#endif
