/* SPDX-License-Identifier: MIT */
/* x86's floating-point rules for the translator (TargetOps.fp): soft float under MXCSR, flags to host_mxcsr. */
#include "target/x86/fp_status.h"

#define FP_UNARY(name) \
    static uint64_t name##_f32(CPUState *cpu, uint64_t a) { return op_##name(cpu, &float_f32, a); } \
    static uint64_t name##_f64(CPUState *cpu, uint64_t a) { return op_##name(cpu, &float_f64, a); }

#define FP_BINARY(name) \
    static uint64_t op_##name(CPUState *cpu, const FloatFormat *f, uint64_t a, uint64_t b) \
    { \
        FloatStatus s = x86_sse_status(x86_env(cpu)); \
        uint64_t r = float_##name(f, a, b, &s); \
        x86_sse_raise(x86_env(cpu), &s); \
        return r; \
    } \
    static uint64_t name##_f32(CPUState *cpu, uint64_t a, uint64_t b) { return op_##name(cpu, &float_f32, a, b); } \
    static uint64_t name##_f64(CPUState *cpu, uint64_t a, uint64_t b) { return op_##name(cpu, &float_f64, a, b); }

FP_BINARY(add)
FP_BINARY(sub)
FP_BINARY(mul)
FP_BINARY(div)

static uint64_t op_sqrt(CPUState *cpu, const FloatFormat *f, uint64_t a)
{
    FloatStatus s = x86_sse_status(x86_env(cpu));
    uint64_t r = float_sqrt(f, a, &s);
    x86_sse_raise(x86_env(cpu), &s);
    return r;
}
FP_UNARY(sqrt)

static uint64_t op_madd(CPUState *cpu, const FloatFormat *f, uint64_t a, uint64_t b, uint64_t c)
{
    FloatStatus s = x86_sse_status(x86_env(cpu));
    uint64_t r = float_muladd(f, a, b, c, 0, &s);
    x86_sse_raise(x86_env(cpu), &s);
    return r;
}
static uint64_t madd_f32(CPUState *cpu, uint64_t a, uint64_t b, uint64_t c) { return op_madd(cpu, &float_f32, a, b, c); }
static uint64_t madd_f64(CPUState *cpu, uint64_t a, uint64_t b, uint64_t c) { return op_madd(cpu, &float_f64, a, b, c); }

static uint64_t op_cvt(CPUState *cpu, const FloatFormat *to, uint64_t a)
{
    FloatStatus s = x86_sse_status(x86_env(cpu));
    uint64_t r = float_convert(to, to == &float_f32 ? &float_f64 : &float_f32, a, &s);
    x86_sse_raise(x86_env(cpu), &s);
    return r;
}
FP_UNARY(cvt)

static uint32_t op_cmp(CPUState *cpu, const FloatFormat *f, uint64_t a, uint64_t b, bool signalling)
{
    static const uint16_t flags[] = {
        [FLOAT_LESS] = IR_FL_C, [FLOAT_EQUAL] = IR_FL_Z, [FLOAT_GREATER] = 0, [FLOAT_UNORDERED] = IR_FL_Z | IR_FL_P | IR_FL_C,
    };
    FloatStatus s = x86_sse_status(x86_env(cpu));
    FloatRelation r = float_compare(f, a, b, signalling, &s);
    x86_sse_raise(x86_env(cpu), &s);
    return flags[r];
}
static uint32_t cmp_f32(CPUState *cpu, uint64_t a, uint64_t b, bool signalling) { return op_cmp(cpu, &float_f32, a, b, signalling); }
static uint32_t cmp_f64(CPUState *cpu, uint64_t a, uint64_t b, bool signalling) { return op_cmp(cpu, &float_f64, a, b, signalling); }

static uint64_t op_i2f(CPUState *cpu, const FloatFormat *f, uint64_t a, bool is_signed)
{
    FloatStatus s = x86_sse_status(x86_env(cpu));
    uint64_t r = float_from_int(f, a, 0, is_signed, &s);
    x86_sse_raise(x86_env(cpu), &s);
    return r;
}
static uint64_t i2f_f32(CPUState *cpu, uint64_t a, bool is_signed) { return op_i2f(cpu, &float_f32, a, is_signed); }
static uint64_t i2f_f64(CPUState *cpu, uint64_t a, bool is_signed) { return op_i2f(cpu, &float_f64, a, is_signed); }

static FloatRound rounding(const FloatStatus *s, IRRound round)
{
    return round == IR_RND_CUR ? (FloatRound)s->round : (FloatRound)round;
}

/* Conversions to integers and to integral values raise no denormal exception. */
static uint64_t op_f2i(CPUState *cpu, const FloatFormat *f, uint64_t a, bool is_signed, IRRound round, unsigned width)
{
    FloatStatus s = x86_sse_status(x86_env(cpu));
    s.denormal_flag = false;
    uint64_t r = float_to_int(f, a, rounding(&s, round), 0, width, is_signed, &s);
    x86_sse_raise(x86_env(cpu), &s);
    if (s.flags & FLOAT_INVALID) /* the integer indefinite value */
        return is_signed ? 1ull << (width - 1) : ~0ull >> (64 - width);
    return r;
}
static uint64_t f2i_f32(CPUState *cpu, uint64_t a, bool is_signed, IRRound round, unsigned width)
{
    return op_f2i(cpu, &float_f32, a, is_signed, round, width);
}
static uint64_t f2i_f64(CPUState *cpu, uint64_t a, bool is_signed, IRRound round, unsigned width)
{
    return op_f2i(cpu, &float_f64, a, is_signed, round, width);
}

static uint64_t op_round(CPUState *cpu, const FloatFormat *f, uint64_t a, IRRound round, bool exact)
{
    FloatStatus s = x86_sse_status(x86_env(cpu));
    s.denormal_flag = false;
    uint64_t r = float_round_int(f, a, rounding(&s, round), exact, &s);
    x86_sse_raise(x86_env(cpu), &s);
    return r;
}
static uint64_t round_f32(CPUState *cpu, uint64_t a, IRRound round, bool exact) { return op_round(cpu, &float_f32, a, round, exact); }
static uint64_t round_f64(CPUState *cpu, uint64_t a, IRRound round, bool exact) { return op_round(cpu, &float_f64, a, round, exact); }

const TargetFpOps x86_fp_ops = {
    .add = { add_f32, add_f64 },
    .sub = { sub_f32, sub_f64 },
    .mul = { mul_f32, mul_f64 },
    .div = { div_f32, div_f64 },
    .sqrt = { sqrt_f32, sqrt_f64 },
    .madd = { madd_f32, madd_f64 },
    .cvt = { cvt_f32, cvt_f64 },
    .cmp = { cmp_f32, cmp_f64 },
    .i2f = { i2f_f32, i2f_f64 },
    .f2i = { f2i_f32, f2i_f64 },
    .round = { round_f32, round_f64 },
    .vx = x86_fp_vx,
    .rule = FP_RULE_X86,
    .mxcsr_offset = ENV_OFFSET(host_mxcsr),
};
