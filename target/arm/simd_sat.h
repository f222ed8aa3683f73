/* SPDX-License-Identifier: MIT */
/* Saturation of one lane: SignedSatQ and UnsignedSatQ. */
#ifndef TARGET_ARM_SIMD_SAT_H
#define TARGET_ARM_SIMD_SAT_H

#include "target/arm/cpu.h"
#include "target/arm/simd_lanes.h"

static inline int64_t lane_signed_max(unsigned sz) { return (int64_t)MASK64(lane_bits(sz) - 1); }
static inline int64_t lane_signed_min(unsigned sz) { return -lane_signed_max(sz) - 1; }

/* The signed limit on the side told, with QC. */
static inline int64_t saturate_signed_to(bool negative, unsigned sz, bool *qc)
{
    *qc = true;
    return negative ? lane_signed_min(sz) : lane_signed_max(sz);
}

static inline int64_t ssat(int64_t x, unsigned sz, bool *qc)
{
    if (x < lane_signed_min(sz) || x > lane_signed_max(sz))
        return saturate_signed_to(x < 0, sz, qc);
    return x;
}

static inline int64_t usat(uint64_t x, unsigned sz, bool *qc)
{
    if (x > MASK64(lane_bits(sz))) {
        *qc = true;
        return -1;
    }
    return (int64_t)x;
}

/* FPSR.QC is sticky. */
static inline void gather_qc(CPUState *cpu, bool qc)
{
    if (qc)
        arm_env(cpu)->qc = 1;
}

#endif
