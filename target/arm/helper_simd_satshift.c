/* SPDX-License-Identifier: MIT */
/*
 * Saturating AdvSIMD shifts: left by register or immediate, and right with narrowing (whose shift of 0 is SQXTN and its kin).
 */
#include "target/arm/simd_lanes.h"
#include "target/arm/simd_sat.h"
#include "target/arm/simd_shift.h"

/* a << n with n in 0..127: it fits when shifting back within the lane gives a again. */
static int64_t left_signed(int64_t a, unsigned n, unsigned sz, bool *qc)
{
    if (n < lane_bits(sz)) {
        int64_t r = lane_wrap((int64_t)((uint64_t)a << n), sz, LANES_SIGNED);
        return r >> n == a ? r : saturate_signed_to(a < 0, sz, qc);
    }
    return a ? saturate_signed_to(a < 0, sz, qc) : 0;
}

static int64_t left_unsigned(int64_t a, unsigned n, unsigned sz, bool *qc)
{
    if (n < lane_bits(sz)) {
        uint64_t r = (uint64_t)lane_wrap((int64_t)((uint64_t)a << n), sz, LANES_UNSIGNED);
        if (r >> n == (uint64_t)a)
            return (int64_t)r;
    }
    *qc |= a != 0;
    return a ? -1 : 0;
}

static int64_t left_signed_to_unsigned(int64_t a, unsigned n, unsigned sz, bool *qc)
{
    if (a >= 0)
        return left_unsigned(a, n, sz, qc);
    *qc = true;
    return 0;
}

static inline int64_t shift_register_signed(int64_t a, int64_t b, unsigned sz, bool round, bool *qc)
{
    int n = (int8_t)b;
    return n >= 0 ? left_signed(a, (unsigned)n, sz, qc) : shift_right(a, (unsigned)-n, LANES_SIGNED, round);
}

static inline int64_t shift_register_unsigned(int64_t a, int64_t b, unsigned sz, bool round, bool *qc)
{
    int n = (int8_t)b;
    return n >= 0 ? left_unsigned(a, (unsigned)n, sz, qc) : shift_right(a, (unsigned)-n, LANES_UNSIGNED, round);
}

static int64_t lane_sqshl(int64_t a, int64_t b, unsigned sz, bool *qc) { return shift_register_signed(a, b, sz, false, qc); }
static int64_t lane_sqrshl(int64_t a, int64_t b, unsigned sz, bool *qc) { return shift_register_signed(a, b, sz, true, qc); }
static int64_t lane_uqshl(int64_t a, int64_t b, unsigned sz, bool *qc) { return shift_register_unsigned(a, b, sz, false, qc); }
static int64_t lane_uqrshl(int64_t a, int64_t b, unsigned sz, bool *qc) { return shift_register_unsigned(a, b, sz, true, qc); }

#define REGISTER_HELPER(name, sign) \
    void helper_##name(CPUState *cpu, V128 *d, const V128 *a, const V128 *b, SimdDesc desc) \
    { \
        bool qc = false; \
        *d = lanes2(a, b, desc, sign, LANES_SIGNED, lane_##name, &qc); \
        gather_qc(cpu, qc); \
    }
REGISTER_HELPER(sqshl, LANES_SIGNED)
REGISTER_HELPER(uqshl, LANES_UNSIGNED)
REGISTER_HELPER(sqrshl, LANES_SIGNED)
REGISTER_HELPER(uqrshl, LANES_UNSIGNED)

typedef int64_t ImmediateFn(int64_t a, unsigned n, unsigned sz, bool *qc);

static void by_immediate(CPUState *cpu, V128 *d, const V128 *a, SimdDesc desc, LaneSign sign, ImmediateFn *fn)
{
    V128 r = { 0 };
    unsigned sz = simd_desc_sz(desc);
    bool qc = false;
    for (unsigned i = 0; i < simd_desc_bytes(desc) >> sz; i++)
        lane_set(&r, sz, i, fn(lane_get(a, sz, i, sign), simd_desc_shift(desc), sz, &qc));
    *d = r;
    gather_qc(cpu, qc);
}

#define IMMEDIATE_HELPER(name, sign, fn) \
    void helper_##name(CPUState *cpu, V128 *d, const V128 *a, SimdDesc desc) { by_immediate(cpu, d, a, desc, sign, fn); }
IMMEDIATE_HELPER(sqshl_imm, LANES_SIGNED, left_signed)
IMMEDIATE_HELPER(uqshl_imm, LANES_UNSIGNED, left_unsigned)
IMMEDIATE_HELPER(sqshlu_imm, LANES_SIGNED, left_signed_to_unsigned)

typedef int64_t NarrowFn(int64_t x, unsigned sz, bool *qc);

static int64_t narrow_unsigned(int64_t x, unsigned sz, bool *qc) { return usat((uint64_t)x, sz, qc); }

static int64_t narrow_signed_to_unsigned(int64_t x, unsigned sz, bool *qc)
{
    if (x >= 0)
        return usat((uint64_t)x, sz, qc);
    *qc = true;
    return 0;
}

/* Lanes of twice the descriptor's size, shifted right and saturated to that size, into the low lanes. At most 8 bytes. */
static void narrow(CPUState *cpu, V128 *d, const V128 *a, SimdDesc desc, LaneSign sign, NarrowFn *fn)
{
    V128 r = { 0 };
    unsigned sz = simd_desc_sz(desc);
    bool qc = false;
    for (unsigned i = 0; i < simd_desc_bytes(desc) >> sz; i++) {
        int64_t x = shift_right(lane_get(a, sz + 1, i, sign), simd_desc_shift(desc), sign, simd_desc_round(desc));
        lane_set(&r, sz, i, fn(x, sz, &qc));
    }
    *d = r;
    gather_qc(cpu, qc);
}

#define NARROW_HELPER(name, sign, fn) \
    void helper_##name(CPUState *cpu, V128 *d, const V128 *a, SimdDesc desc) { narrow(cpu, d, a, desc, sign, fn); }
NARROW_HELPER(sqshrn, LANES_SIGNED, ssat)
NARROW_HELPER(uqshrn, LANES_UNSIGNED, narrow_unsigned)
NARROW_HELPER(sqshrun, LANES_SIGNED, narrow_signed_to_unsigned)
