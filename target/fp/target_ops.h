/* SPDX-License-Identifier: MIT */
/*
 * The functions of TargetFpOps that every guest has alike, over soft float.
 *
 * A target's fp_ops.c includes this, defines the two functions that tell how its CPU's state becomes a status and takes the flags
 * back, and writes FP_COMMON_OPS into its table. Comparisons, conversions to integers and rounding to integral values are its own:
 * guests differ there.
 */
#ifndef TARGET_FP_TARGET_OPS_H
#define TARGET_FP_TARGET_OPS_H

#include "target/fp/float.h"

typedef struct CPUState CPUState; /* cpus/cpu.h */

/* Defined by the file that includes this. */
static FloatStatus fp_status(CPUState *cpu);
static void fp_raise(CPUState *cpu, const FloatStatus *s);

#define FP_PAIR(name) \
    static inline uint64_t name##_f32(CPUState *cpu, uint64_t a) { return fp_##name(cpu, &float_f32, a); } \
    static inline uint64_t name##_f64(CPUState *cpu, uint64_t a) { return fp_##name(cpu, &float_f64, a); }

#define FP_BINARY(name) \
    static inline uint64_t fp_##name(CPUState *cpu, const FloatFormat *f, uint64_t a, uint64_t b) \
    { \
        FloatStatus s = fp_status(cpu); \
        uint64_t r = float_##name(f, a, b, &s); \
        fp_raise(cpu, &s); \
        return r; \
    } \
    static inline uint64_t name##_f32(CPUState *cpu, uint64_t a, uint64_t b) { return fp_##name(cpu, &float_f32, a, b); } \
    static inline uint64_t name##_f64(CPUState *cpu, uint64_t a, uint64_t b) { return fp_##name(cpu, &float_f64, a, b); }

FP_BINARY(add)
FP_BINARY(sub)
FP_BINARY(mul)
FP_BINARY(div)

static inline uint64_t fp_sqrt(CPUState *cpu, const FloatFormat *f, uint64_t a)
{
    FloatStatus s = fp_status(cpu);
    uint64_t r = float_sqrt(f, a, &s);
    fp_raise(cpu, &s);
    return r;
}
FP_PAIR(sqrt)

static inline uint64_t fp_madd(CPUState *cpu, const FloatFormat *f, uint64_t a, uint64_t b, uint64_t c)
{
    FloatStatus s = fp_status(cpu);
    uint64_t r = float_muladd(f, a, b, c, 0, &s);
    fp_raise(cpu, &s);
    return r;
}
static inline uint64_t madd_f32(CPUState *cpu, uint64_t a, uint64_t b, uint64_t c) { return fp_madd(cpu, &float_f32, a, b, c); }
static inline uint64_t madd_f64(CPUState *cpu, uint64_t a, uint64_t b, uint64_t c) { return fp_madd(cpu, &float_f64, a, b, c); }

static inline uint64_t fp_cvt(CPUState *cpu, const FloatFormat *to, uint64_t a)
{
    FloatStatus s = fp_status(cpu);
    uint64_t r = float_convert(to, to == &float_f32 ? &float_f64 : &float_f32, a, &s);
    fp_raise(cpu, &s);
    return r;
}
FP_PAIR(cvt)

static inline uint64_t fp_i2f(CPUState *cpu, const FloatFormat *f, uint64_t a, bool is_signed)
{
    FloatStatus s = fp_status(cpu);
    uint64_t r = float_from_int(f, a, 0, is_signed, &s);
    fp_raise(cpu, &s);
    return r;
}
static inline uint64_t i2f_f32(CPUState *cpu, uint64_t a, bool is_signed) { return fp_i2f(cpu, &float_f32, a, is_signed); }
static inline uint64_t i2f_f64(CPUState *cpu, uint64_t a, bool is_signed) { return fp_i2f(cpu, &float_f64, a, is_signed); }

#define FP_COMMON_OPS \
    .add = { add_f32, add_f64 }, .sub = { sub_f32, sub_f64 }, .mul = { mul_f32, mul_f64 }, .div = { div_f32, div_f64 }, \
    .sqrt = { sqrt_f32, sqrt_f64 }, .madd = { madd_f32, madd_f64 }, .cvt = { cvt_f32, cvt_f64 }, .i2f = { i2f_f32, i2f_f64 }

#endif
