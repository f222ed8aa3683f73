/* SPDX-License-Identifier: MIT */
/*
 * AdvSIMD helpers that depend on their lanes alone: shifts by register, bit counts, reciprocal estimates.
 */
#include "target/arm/simd_lanes.h"
#include "target/arm/simd_shift.h"

static int64_t lane_sshl(int64_t a, int64_t b, unsigned sz, bool *qc) { return shift_by_register(a, b, LANES_SIGNED, false); }
static int64_t lane_ushl(int64_t a, int64_t b, unsigned sz, bool *qc) { return shift_by_register(a, b, LANES_UNSIGNED, false); }
static int64_t lane_srshl(int64_t a, int64_t b, unsigned sz, bool *qc) { return shift_by_register(a, b, LANES_SIGNED, true); }
static int64_t lane_urshl(int64_t a, int64_t b, unsigned sz, bool *qc) { return shift_by_register(a, b, LANES_UNSIGNED, true); }

#define SHIFT_HELPER(name, sign) \
    void helper_##name(V128 *d, const V128 *a, const V128 *b, SimdDesc desc) \
    { \
        *d = lanes2(a, b, desc, sign, LANES_SIGNED, lane_##name, NULL); \
    }
SHIFT_HELPER(sshl, LANES_SIGNED)
SHIFT_HELPER(ushl, LANES_UNSIGNED)
SHIFT_HELPER(srshl, LANES_SIGNED)
SHIFT_HELPER(urshl, LANES_UNSIGNED)

static int64_t lane_clz(int64_t a, unsigned sz, bool *qc) { return clz64((uint64_t)a) - (64 - lane_bits(sz)); }

/* Bits equal to the sign bit that follow it: a ^ (a >> 1) has its leading one where they end. */
static int64_t lane_cls(int64_t a, unsigned sz, bool *qc) { return clz64((uint64_t)(a ^ a >> 1)) - (64 - lane_bits(sz)) - 1; }

void helper_clz(V128 *d, const V128 *a, SimdDesc desc) { *d = lanes1(a, desc, LANES_UNSIGNED, lane_clz, NULL); }
void helper_cls(V128 *d, const V128 *a, SimdDesc desc) { *d = lanes1(a, desc, LANES_SIGNED, lane_cls, NULL); }

static uint64_t rbit_in_bytes(uint64_t x)
{
    x = (x >> 1 & 0x5555555555555555) | (x & 0x5555555555555555) << 1;
    x = (x >> 2 & 0x3333333333333333) | (x & 0x3333333333333333) << 2;
    return (x >> 4 & 0x0f0f0f0f0f0f0f0f) | (x & 0x0f0f0f0f0f0f0f0f) << 4;
}

void helper_rbit_bytes(V128 *d, const V128 *a, SimdDesc desc)
{
    uint64_t hi = simd_desc_bytes(desc) == 16 ? rbit_in_bytes(a->u64[1]) : 0;
    *d = (V128){ .u64 = { rbit_in_bytes(a->u64[0]), hi } };
}

/* UnsignedRecipEstimate and UnsignedRSqrtEstimate, with RecipEstimate and RecipSqrtEstimate (shared/functions/float). */
static int64_t lane_urecpe(int64_t a, unsigned sz, bool *qc)
{
    if (!(a & 0x80000000))
        return 0xffffffff;
    uint32_t x = extract32((uint32_t)a, 23, 9) * 2 + 1;
    uint32_t b = (1u << 19) / x;
    return (int64_t)((b + 1) / 2) << 23;
}

static int64_t lane_ursqrte(int64_t a, unsigned sz, bool *qc)
{
    if (!(a & 0xc0000000))
        return 0xffffffff;
    uint32_t x = extract32((uint32_t)a, 23, 9);
    x = x < 256 ? x * 2 + 1 : ((x >> 1 << 1) + 1) * 2;
    uint32_t b = 512;
    while (x * (b + 1) * (b + 1) < 1u << 28)
        b++;
    return (int64_t)((b + 1) / 2) << 23;
}

void helper_urecpe(V128 *d, const V128 *a, SimdDesc desc) { *d = lanes1(a, desc, LANES_UNSIGNED, lane_urecpe, NULL); }
void helper_ursqrte(V128 *d, const V128 *a, SimdDesc desc) { *d = lanes1(a, desc, LANES_UNSIGNED, lane_ursqrte, NULL); }
