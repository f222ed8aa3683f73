/* SPDX-License-Identifier: MIT */
/*
 * Lane loops for AdvSIMD helpers.
 *
 * A helper is written once for all lane sizes, as a function of 64-bit values that is told the size; the loops below are
 * inlined with a constant size and a constant function, so that the compiler makes a loop for each size. Signed lanes are
 * handed over sign-extended, unsigned ones zero-extended; only the low bits of the function's result are kept.
 */
#ifndef TARGET_ARM_SIMD_LANES_H
#define TARGET_ARM_SIMD_LANES_H

#include "base/bits.h"
#include "target/arm/helper_simd.h"

#define SIMD_INLINE static inline __attribute__((always_inline))

typedef enum LaneSign { LANES_UNSIGNED, LANES_SIGNED } LaneSign;

/* Lane functions; sz as in SimdDesc, *qc set to true when the result saturated. */
typedef int64_t LaneFn1(int64_t a, unsigned sz, bool *qc);
typedef int64_t LaneFn2(int64_t a, int64_t b, unsigned sz, bool *qc);
typedef int64_t LaneFn3(int64_t acc, int64_t a, int64_t b, unsigned sz, bool *qc);

static inline unsigned lane_bits(unsigned sz) { return 8u << sz; }

SIMD_INLINE int64_t lane_get(const V128 *v, unsigned sz, unsigned i, LaneSign sign)
{
    switch (sz) {
    case 0: return sign ? v->s8[i] : v->u8[i];
    case 1: return sign ? v->s16[i] : v->u16[i];
    case 2: return sign ? (int64_t)v->s32[i] : (int64_t)v->u32[i];
    default: return v->s64[i];
    }
}

SIMD_INLINE void lane_set(V128 *v, unsigned sz, unsigned i, int64_t x)
{
    switch (sz) {
    case 0: v->s8[i] = (int8_t)x; break;
    case 1: v->s16[i] = (int16_t)x; break;
    case 2: v->s32[i] = (int32_t)x; break;
    default: v->s64[i] = x; break;
    }
}

/* x reduced to a lane of size sz and extended again. */
SIMD_INLINE int64_t lane_wrap(int64_t x, unsigned sz, LaneSign sign)
{
    unsigned n = 64 - lane_bits(sz);
    return sign ? (int64_t)((uint64_t)x << n) >> n : (int64_t)((uint64_t)x << n >> n);
}

SIMD_INLINE V128 lanes_map1(const V128 *a, unsigned sz, unsigned bytes, LaneSign sign, LaneFn1 *fn, bool *qc)
{
    V128 r = { 0 };
    for (unsigned i = 0; i < bytes >> sz; i++)
        lane_set(&r, sz, i, fn(lane_get(a, sz, i, sign), sz, qc));
    return r;
}

SIMD_INLINE V128 lanes_map2(const V128 *a, const V128 *b, unsigned sz, unsigned bytes, LaneSign sign_a, LaneSign sign_b, LaneFn2 *fn,
                            bool *qc)
{
    V128 r = { 0 };
    for (unsigned i = 0; i < bytes >> sz; i++)
        lane_set(&r, sz, i, fn(lane_get(a, sz, i, sign_a), lane_get(b, sz, i, sign_b), sz, qc));
    return r;
}

SIMD_INLINE V128 lanes_map3(const V128 *c, const V128 *a, const V128 *b, unsigned sz, unsigned bytes, LaneSign sign, LaneFn3 *fn, bool *qc)
{
    V128 r = { 0 };
    for (unsigned i = 0; i < bytes >> sz; i++)
        lane_set(&r, sz, i, fn(lane_get(c, sz, i, sign), lane_get(a, sz, i, sign), lane_get(b, sz, i, sign), sz, qc));
    return r;
}

/* The same, by the descriptor's size. */
SIMD_INLINE V128 lanes1(const V128 *a, SimdDesc desc, LaneSign sign, LaneFn1 *fn, bool *qc)
{
    unsigned bytes = simd_desc_bytes(desc);
    switch (simd_desc_sz(desc)) {
    case 0: return lanes_map1(a, 0, bytes, sign, fn, qc);
    case 1: return lanes_map1(a, 1, bytes, sign, fn, qc);
    case 2: return lanes_map1(a, 2, bytes, sign, fn, qc);
    default: return lanes_map1(a, 3, bytes, sign, fn, qc);
    }
}

SIMD_INLINE V128 lanes2(const V128 *a, const V128 *b, SimdDesc desc, LaneSign sign_a, LaneSign sign_b, LaneFn2 *fn, bool *qc)
{
    unsigned bytes = simd_desc_bytes(desc);
    switch (simd_desc_sz(desc)) {
    case 0: return lanes_map2(a, b, 0, bytes, sign_a, sign_b, fn, qc);
    case 1: return lanes_map2(a, b, 1, bytes, sign_a, sign_b, fn, qc);
    case 2: return lanes_map2(a, b, 2, bytes, sign_a, sign_b, fn, qc);
    default: return lanes_map2(a, b, 3, bytes, sign_a, sign_b, fn, qc);
    }
}

SIMD_INLINE V128 lanes3(const V128 *c, const V128 *a, const V128 *b, SimdDesc desc, LaneSign sign, LaneFn3 *fn, bool *qc)
{
    unsigned bytes = simd_desc_bytes(desc);
    switch (simd_desc_sz(desc)) {
    case 0: return lanes_map3(c, a, b, 0, bytes, sign, fn, qc);
    case 1: return lanes_map3(c, a, b, 1, bytes, sign, fn, qc);
    case 2: return lanes_map3(c, a, b, 2, bytes, sign, fn, qc);
    default: return lanes_map3(c, a, b, 3, bytes, sign, fn, qc);
    }
}

#endif
