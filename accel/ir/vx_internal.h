/* SPDX-License-Identifier: MIT */
/* References of vx.def's pure rows: vx_<name>(d, a, b, c, imm). d may be one of the arguments. */
#ifndef ACCEL_IR_VX_INTERNAL_H
#define ACCEL_IR_VX_INTERNAL_H

#include "accel/ir/ir.h"

typedef void VxEval(V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm);
#define VX(name, ...) VxEval vx_##name;
#define VXF(name, ...)
#include "accel/ir/vx.def"
#undef VX

/* A reference that makes lane i of n by expr, from a, b, c, imm, the values that vx.def names. */
#define VX_LANES(name, lane, n, expr) \
    void vx_##name(V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm) \
    { \
        V128 r; \
        for (unsigned i = 0; i < (n); i++) \
            r.lane[i] = (expr); \
        *d = r; \
    }

static inline int32_t vx_clamp(int32_t v, int32_t lo, int32_t hi) { return v < lo ? lo : v > hi ? hi : v; }
static inline int8_t vx_sat_s8(int32_t v) { return (int8_t)vx_clamp(v, INT8_MIN, INT8_MAX); }
static inline uint8_t vx_sat_u8(int32_t v) { return (uint8_t)vx_clamp(v, 0, UINT8_MAX); }
static inline int16_t vx_sat_s16(int32_t v) { return (int16_t)vx_clamp(v, INT16_MIN, INT16_MAX); }
static inline uint16_t vx_sat_u16(int32_t v) { return (uint16_t)vx_clamp(v, 0, UINT16_MAX); }

#endif
