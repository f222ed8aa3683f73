/* SPDX-License-Identifier: MIT */
/*
 * Integer AdvSIMD helpers: prototypes, descriptors, and the word that tells a helper its lanes.
 */
#ifndef TARGET_ARM_HELPER_SIMD_H
#define TARGET_ARM_HELPER_SIMD_H

#include "accel/ir/helper.h"
#include "cpus/cpu.h"

/*
 * SimdDesc: what a helper works on. Lanes beyond `bytes` are not looked at, set no QC, and are zero in the result: so one
 * helper serves the 128-bit, the 64-bit and the scalar form.
 *
 *   bits 1:0    log2 of the lane's bytes; of the narrow lane where two sizes are involved
 *   bits 8:4    bytes of the result: 1..16
 *   bits 22:16  shift amount of forms with an immediate
 *   bit  24     round (narrowing shifts)
 */
typedef uint32_t SimdDesc;
#define SIMD_DESC(sz, bytes) ((SimdDesc)((sz) | (unsigned)(bytes) << 4))
#define SIMD_DESC_SHIFT(n) ((SimdDesc)(n) << 16)
#define SIMD_DESC_ROUND (1u << 24)

static inline unsigned simd_desc_sz(SimdDesc d) { return d & 3; }
static inline unsigned simd_desc_bytes(SimdDesc d) { return d >> 4 & 31; }
static inline unsigned simd_desc_shift(SimdDesc d) { return d >> 16 & 127; }
static inline bool simd_desc_round(SimdDesc d) { return d & SIMD_DESC_ROUND; }

#define PURE1(name) void helper_##name(V128 *d, const V128 *a, SimdDesc desc);
#define PURE2(name) void helper_##name(V128 *d, const V128 *a, const V128 *b, SimdDesc desc);
#define PURE3(name) void helper_##name(V128 *d, const V128 *acc, const V128 *a, const V128 *b, SimdDesc desc);
#define SAT1(name) void helper_##name(CPUState *cpu, V128 *d, const V128 *a, SimdDesc desc);
#define SAT2(name) void helper_##name(CPUState *cpu, V128 *d, const V128 *a, const V128 *b, SimdDesc desc);
#define SAT3(name) void helper_##name(CPUState *cpu, V128 *d, const V128 *acc, const V128 *a, const V128 *b, SimdDesc desc);
#include "target/arm/helper_simd.def"
#undef PURE1
#undef PURE2
#undef PURE3
#undef SAT1
#undef SAT2
#undef SAT3

#define PURE1 IR_HELPER_DECLARE
#define PURE2 IR_HELPER_DECLARE
#define PURE3 IR_HELPER_DECLARE
#define SAT1 IR_HELPER_DECLARE
#define SAT2 IR_HELPER_DECLARE
#define SAT3 IR_HELPER_DECLARE
#include "target/arm/helper_simd.def"
#undef PURE1
#undef PURE2
#undef PURE3
#undef SAT1
#undef SAT2
#undef SAT3

#endif
