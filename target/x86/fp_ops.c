/* SPDX-License-Identifier: MIT */
/* x86's floating-point rules for the translator (TargetOps.fp): soft float under MXCSR, flags to host_mxcsr. */
#include "target/fp/target_ops.h"
#include "target/x86/fp_status.h"

static FloatStatus fp_status(CPUState *cpu) { return x86_sse_status(x86_env(cpu)); }
static void fp_raise(CPUState *cpu, const FloatStatus *s) { x86_sse_raise(x86_env(cpu), s); }

static uint32_t op_cmp(CPUState *cpu, const FloatFormat *f, uint64_t a, uint64_t b, bool signalling)
{
    static const uint16_t flags[] = {
        [FLOAT_LESS] = IR_FL_C, [FLOAT_EQUAL] = IR_FL_Z, [FLOAT_GREATER] = 0, [FLOAT_UNORDERED] = IR_FL_Z | IR_FL_P | IR_FL_C,
    };
    FloatStatus s = fp_status(cpu);
    FloatRelation r = float_compare(f, a, b, signalling, &s);
    fp_raise(cpu, &s);
    return flags[r];
}
static uint32_t cmp_f32(CPUState *cpu, uint64_t a, uint64_t b, bool signalling) { return op_cmp(cpu, &float_f32, a, b, signalling); }
static uint32_t cmp_f64(CPUState *cpu, uint64_t a, uint64_t b, bool signalling) { return op_cmp(cpu, &float_f64, a, b, signalling); }

static FloatRound rounding(const FloatStatus *s, IRRound round)
{
    return round == IR_RND_CUR ? (FloatRound)s->round : (FloatRound)round;
}

/* Conversions to integers and to integral values raise no denormal exception. */
static uint64_t op_f2i(CPUState *cpu, const FloatFormat *f, uint64_t a, bool is_signed, IRRound round, unsigned width)
{
    FloatStatus s = fp_status(cpu);
    s.denormal_flag = false;
    uint64_t r = float_to_int(f, a, rounding(&s, round), 0, width, is_signed, &s);
    fp_raise(cpu, &s);
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
    FloatStatus s = fp_status(cpu);
    s.denormal_flag = false;
    uint64_t r = float_round_int(f, a, rounding(&s, round), exact, &s);
    fp_raise(cpu, &s);
    return r;
}
static uint64_t round_f32(CPUState *cpu, uint64_t a, IRRound round, bool exact) { return op_round(cpu, &float_f32, a, round, exact); }
static uint64_t round_f64(CPUState *cpu, uint64_t a, IRRound round, bool exact) { return op_round(cpu, &float_f64, a, round, exact); }

const TargetFpOps x86_fp_ops = {
    FP_COMMON_OPS,
    .cmp = { cmp_f32, cmp_f64 },
    .f2i = { f2i_f32, f2i_f64 },
    .round = { round_f32, round_f64 },
    .vx = x86_fp_vx,
    .rule = FP_RULE_X86,
    .mxcsr_offset = ENV_OFFSET(host_mxcsr),
};
