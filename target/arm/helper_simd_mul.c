/* SPDX-License-Identifier: MIT */
/*
 * AdvSIMD products that are not plain: polynomials over GF(2), dot products of bytes, 2x8 by 8x2 byte matrices.
 *
 * A 64-bit polynomial product uses the host's carry-less multiplier where there is one: GHASH lives on it.
 */
#include "accel/ir/crypto.h"
#include "target/arm/simd_lanes.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* PolynomialMult of bytes: the product has 15 bits. */
static uint16_t polynomial_product_8(uint8_t a, uint8_t b)
{
    uint16_t r = 0;
    for (unsigned i = 0; i < 8; i++)
        r ^= b >> i & 1 ? (uint16_t)(a << i) : 0;
    return r;
}

void helper_pmul(V128 *d, const V128 *a, const V128 *b, SimdDesc desc)
{
    V128 r = { 0 };
    for (unsigned i = 0; i < simd_desc_bytes(desc); i++)
        r.u8[i] = (uint8_t)polynomial_product_8(a->u8[i], b->u8[i]);
    *d = r;
}

/* The low eight bytes of each operand. */
void helper_pmull_8(V128 *d, const V128 *a, const V128 *b, SimdDesc desc)
{
    V128 r;
    for (unsigned i = 0; i < 8; i++)
        r.u16[i] = polynomial_product_8(a->u8[i], b->u8[i]);
    *d = r;
}

#if defined(__x86_64__)
__attribute__((target("pclmul,sse2"))) static V128 polynomial_product_64_clmul(uint64_t a, uint64_t b)
{
    V128 r;
    _mm_store_si128((__m128i *)&r, _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)a), _mm_cvtsi64_si128((int64_t)b), 0));
    return r;
}
#endif

/* The low doubleword of each operand. */
void helper_pmull_64(V128 *d, const V128 *a, const V128 *b, SimdDesc desc)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("pclmul")) {
        *d = polynomial_product_64_clmul(a->u64[0], b->u64[0]);
        return;
    }
#endif
    *d = polynomial_product_64_portable(a->u64[0], b->u64[0]);
}

/* Four byte products are added to each word; sums wrap. */
SIMD_INLINE void dot(V128 *d, const V128 *acc, const V128 *a, const V128 *b, SimdDesc desc, LaneSign sign_a, LaneSign sign_b)
{
    V128 r = { 0 };
    for (unsigned i = 0; i < simd_desc_bytes(desc); i++) {
        if (i % 4 == 0)
            r.u32[i / 4] = acc->u32[i / 4];
        r.u32[i / 4] += (uint32_t)(lane_get(a, 0, i, sign_a) * lane_get(b, 0, i, sign_b));
    }
    *d = r;
}

#define DOT_HELPER(name, sign_a, sign_b) \
    void helper_##name(V128 *d, const V128 *acc, const V128 *a, const V128 *b, SimdDesc desc) { dot(d, acc, a, b, desc, sign_a, sign_b); }
DOT_HELPER(sdot, LANES_SIGNED, LANES_SIGNED)
DOT_HELPER(udot, LANES_UNSIGNED, LANES_UNSIGNED)
DOT_HELPER(usdot, LANES_UNSIGNED, LANES_SIGNED)

/* MatMulAdd: row i of a times row j of b (each eight bytes) is added to word 2i + j. */
SIMD_INLINE void matrix(V128 *d, const V128 *acc, const V128 *a, const V128 *b, LaneSign sign_a, LaneSign sign_b)
{
    V128 r = *acc;
    for (unsigned i = 0; i < 2; i++)
        for (unsigned j = 0; j < 2; j++)
            for (unsigned k = 0; k < 8; k++)
                r.u32[2 * i + j] += (uint32_t)(lane_get(a, 0, 8 * i + k, sign_a) * lane_get(b, 0, 8 * j + k, sign_b));
    *d = r;
}

#define MATRIX_HELPER(name, sign_a, sign_b) \
    void helper_##name(V128 *d, const V128 *acc, const V128 *a, const V128 *b, SimdDesc desc) { matrix(d, acc, a, b, sign_a, sign_b); }
MATRIX_HELPER(smmla, LANES_SIGNED, LANES_SIGNED)
MATRIX_HELPER(ummla, LANES_UNSIGNED, LANES_UNSIGNED)
MATRIX_HELPER(usmmla, LANES_UNSIGNED, LANES_SIGNED)
