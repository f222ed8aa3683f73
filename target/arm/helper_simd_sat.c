/* SPDX-License-Identifier: MIT */
/*
 * Saturating AdvSIMD arithmetic: SignedSatQ and UnsignedSatQ of the manual, gathering FPSR.QC.
 *
 * Results of lanes up to 32 bits fit 64 bits before saturation; 64-bit lanes detect overflow by the compiler's builtins.
 */
#include "target/arm/simd_lanes.h"
#include "target/arm/simd_sat.h"

static int64_t lane_sqadd(int64_t a, int64_t b, unsigned sz, bool *qc)
{
    int64_t r;
    if (__builtin_add_overflow(a, b, &r))
        return saturate_signed_to(a < 0, sz, qc);
    return ssat(r, sz, qc);
}

static int64_t lane_sqsub(int64_t a, int64_t b, unsigned sz, bool *qc)
{
    int64_t r;
    if (__builtin_sub_overflow(a, b, &r))
        return saturate_signed_to(a < 0, sz, qc);
    return ssat(r, sz, qc);
}

static int64_t lane_uqadd(int64_t a, int64_t b, unsigned sz, bool *qc)
{
    uint64_t r;
    if (__builtin_add_overflow((uint64_t)a, (uint64_t)b, &r)) {
        *qc = true;
        return -1;
    }
    return usat(r, sz, qc);
}

static int64_t lane_uqsub(int64_t a, int64_t b, unsigned sz, bool *qc)
{
    if ((uint64_t)a < (uint64_t)b) {
        *qc = true;
        return 0;
    }
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

/* SUQADD: signed a plus unsigned b; the builtin takes them as they are. */
static int64_t lane_suqadd(int64_t a, int64_t b, unsigned sz, bool *qc)
{
    int64_t r;
    if (__builtin_add_overflow(a, (uint64_t)b, &r))
        return saturate_signed_to(false, sz, qc);
    return ssat(r, sz, qc);
}

/* USQADD: unsigned a plus signed b. */
static int64_t lane_usqadd(int64_t a, int64_t b, unsigned sz, bool *qc)
{
    uint64_t r;
    if (__builtin_add_overflow((uint64_t)a, b, &r)) {
        *qc = true;
        return b < 0 ? 0 : -1;
    }
    return usat(r, sz, qc);
}

static int64_t lane_sqneg(int64_t a, unsigned sz, bool *qc)
{
    return a == lane_signed_min(sz) ? saturate_signed_to(false, sz, qc) : -a;
}

static int64_t lane_sqabs(int64_t a, unsigned sz, bool *qc) { return a < 0 ? lane_sqneg(a, sz, qc) : a; }

/* 2ab >> esize, as ab >> (esize - 1); of 16- and 32-bit lanes only. */
static int64_t lane_sqdmulh(int64_t a, int64_t b, unsigned sz, bool *qc) { return ssat((a * b) >> (lane_bits(sz) - 1), sz, qc); }

static int64_t rounding_half(int64_t sum, unsigned sz) { return (sum + (1ll << (lane_bits(sz) - 2))) >> (lane_bits(sz) - 1); }

static int64_t lane_sqrdmulh(int64_t a, int64_t b, unsigned sz, bool *qc) { return ssat(rounding_half(a * b, sz), sz, qc); }

/* ((acc << esize) +- 2ab + round) >> esize, everything halved: |acc << 31| and |ab| are at most 2^62, and the sum stays in range. */
static int64_t lane_sqrdmlah(int64_t acc, int64_t a, int64_t b, unsigned sz, bool *qc)
{
    return ssat(rounding_half(acc * (1ll << (lane_bits(sz) - 1)) + a * b, sz), sz, qc);
}

static int64_t lane_sqrdmlsh(int64_t acc, int64_t a, int64_t b, unsigned sz, bool *qc)
{
    return ssat(rounding_half(acc * (1ll << (lane_bits(sz) - 1)) - a * b, sz), sz, qc);
}

/* The helpers proper: a loop over the lanes, then QC. */
#define SAT1_HELPER(name) \
    void helper_##name(CPUState *cpu, V128 *d, const V128 *a, SimdDesc desc) \
    { \
        bool qc = false; \
        *d = lanes1(a, desc, LANES_SIGNED, lane_##name, &qc); \
        gather_qc(cpu, qc); \
    }
#define SAT2_HELPER(name, sign_a, sign_b) \
    void helper_##name(CPUState *cpu, V128 *d, const V128 *a, const V128 *b, SimdDesc desc) \
    { \
        bool qc = false; \
        *d = lanes2(a, b, desc, sign_a, sign_b, lane_##name, &qc); \
        gather_qc(cpu, qc); \
    }
#define SAT3_HELPER(name) \
    void helper_##name(CPUState *cpu, V128 *d, const V128 *acc, const V128 *a, const V128 *b, SimdDesc desc) \
    { \
        bool qc = false; \
        *d = lanes3(acc, a, b, desc, LANES_SIGNED, lane_##name, &qc); \
        gather_qc(cpu, qc); \
    }
SAT2_HELPER(sqadd, LANES_SIGNED, LANES_SIGNED)
SAT2_HELPER(uqadd, LANES_UNSIGNED, LANES_UNSIGNED)
SAT2_HELPER(sqsub, LANES_SIGNED, LANES_SIGNED)
SAT2_HELPER(uqsub, LANES_UNSIGNED, LANES_UNSIGNED)
SAT2_HELPER(suqadd, LANES_SIGNED, LANES_UNSIGNED)
SAT2_HELPER(usqadd, LANES_UNSIGNED, LANES_SIGNED)
SAT1_HELPER(sqabs)
SAT1_HELPER(sqneg)
SAT2_HELPER(sqdmulh, LANES_SIGNED, LANES_SIGNED)
SAT2_HELPER(sqrdmulh, LANES_SIGNED, LANES_SIGNED)
SAT3_HELPER(sqrdmlah)
SAT3_HELPER(sqrdmlsh)

/* SignedSat(2ab) in lanes of twice the size. */
static int64_t sqdmull_lane(const V128 *a, const V128 *b, unsigned sz, unsigned i, bool *qc)
{
    int64_t product = lane_get(a, sz, i, LANES_SIGNED) * lane_get(b, sz, i, LANES_SIGNED);
    return lane_sqadd(product, product, sz + 1, qc);
}

/* The long forms take the low lanes of a and b, of 16 or 32 bits; the accumulation saturates once more. */
static void sqdml(CPUState *cpu, V128 *d, const V128 *acc, const V128 *a, const V128 *b, SimdDesc desc, LaneFn2 *accumulate)
{
    V128 r = { 0 };
    unsigned sz = simd_desc_sz(desc);
    bool qc = false;
    for (unsigned i = 0; i < simd_desc_bytes(desc) >> (sz + 1); i++) {
        int64_t product = sqdmull_lane(a, b, sz, i, &qc);
        lane_set(&r, sz + 1, i, accumulate ? accumulate(lane_get(acc, sz + 1, i, LANES_SIGNED), product, sz + 1, &qc) : product);
    }
    *d = r;
    gather_qc(cpu, qc);
}

void helper_sqdmull(CPUState *cpu, V128 *d, const V128 *a, const V128 *b, SimdDesc desc) { sqdml(cpu, d, NULL, a, b, desc, NULL); }

void helper_sqdmlal(CPUState *cpu, V128 *d, const V128 *acc, const V128 *a, const V128 *b, SimdDesc desc)
{
    sqdml(cpu, d, acc, a, b, desc, lane_sqadd);
}

void helper_sqdmlsl(CPUState *cpu, V128 *d, const V128 *acc, const V128 *a, const V128 *b, SimdDesc desc)
{
    sqdml(cpu, d, acc, a, b, desc, lane_sqsub);
}
