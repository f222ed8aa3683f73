/* SPDX-License-Identifier: MIT */
/* The made-up guest's floating point: Arm's rules by soft float. */
#include "tests/unit/host/fake.h"

#include "target/fp/float.h"

static const FloatFormat *const format[2] = { &float_f32, &float_f64 };

static FloatStatus begin(CPUState *cpu)
{
    static const uint8_t rc[4] = { FLOAT_ROUND_EVEN, FLOAT_ROUND_DOWN, FLOAT_ROUND_UP, FLOAT_ROUND_ZERO };
    return (FloatStatus){ .round = rc[((FakeCPU *)cpu)->mxcsr >> 13 & 3] };
}
static uint64_t end(CPUState *cpu, const FloatStatus *s, uint64_t r)
{
    ((FakeCPU *)cpu)->fp_flags |= s->flags;
    return r;
}

/* name0 and name1: of F32 and F64. */
#define ONE(proto, name, n, ...) \
    static uint64_t name##n proto \
    { \
        FloatStatus s = begin(cpu); \
        const FloatFormat *f = format[n]; \
        (void)f; \
        return end(cpu, &s, __VA_ARGS__); \
    }
#define EACH(proto, name, ...) ONE(proto, name, 0, __VA_ARGS__) ONE(proto, name, 1, __VA_ARGS__)

EACH((CPUState *cpu, uint64_t a, uint64_t b), add, float_add(f, a, b, &s))
EACH((CPUState *cpu, uint64_t a, uint64_t b), sub, float_sub(f, a, b, &s))
EACH((CPUState *cpu, uint64_t a, uint64_t b), mul, float_mul(f, a, b, &s))
EACH((CPUState *cpu, uint64_t a, uint64_t b), div, float_div(f, a, b, &s))
EACH((CPUState *cpu, uint64_t a), sqrt, float_sqrt(f, a, &s))
EACH((CPUState *cpu, uint64_t a, uint64_t b, uint64_t c), madd, float_muladd(f, a, b, c, 0, &s))
EACH((CPUState *cpu, uint64_t a), cvt, float_convert(f, f == &float_f32 ? &float_f64 : &float_f32, a, &s))
EACH((CPUState *cpu, uint64_t a, bool is_signed), i2f, float_from_int(f, a, 0, is_signed, &s))
EACH((CPUState *cpu, uint64_t a, bool is_signed, IRRound r, unsigned width), f2i, float_to_int(f, a,
    r == IR_RND_CUR ? s.round : (FloatRound)r, 0, width, is_signed, &s))
EACH((CPUState *cpu, uint64_t a, IRRound r, bool exact), round, float_round_int(f, a, r == IR_RND_CUR ? s.round : (FloatRound)r, exact, &s))

static uint32_t compare(CPUState *cpu, const FloatFormat *f, uint64_t a, uint64_t b, bool signalling)
{
    static const uint16_t flags[] = { [FLOAT_LESS] = IR_FL_S | IR_FL_C, [FLOAT_EQUAL] = IR_FL_Z, [FLOAT_GREATER] = 0,
        [FLOAT_UNORDERED] = IR_FL_O };
    FloatStatus s = begin(cpu);
    FloatRelation r = float_compare(f, a, b, signalling, &s);
    end(cpu, &s, 0);
    return flags[r];
}
static uint32_t cmp0(CPUState *cpu, uint64_t a, uint64_t b, bool signalling) { return compare(cpu, &float_f32, a, b, signalling); }
static uint32_t cmp1(CPUState *cpu, uint64_t a, uint64_t b, bool signalling) { return compare(cpu, &float_f64, a, b, signalling); }

const TargetFpOps fake_fp_ops = {
    .add = { add0, add1 }, .sub = { sub0, sub1 }, .mul = { mul0, mul1 }, .div = { div0, div1 }, .sqrt = { sqrt0, sqrt1 },
        .madd = { madd0, madd1 },
    .cvt = { cvt0, cvt1 }, .cmp = { cmp0, cmp1 }, .i2f = { i2f0, i2f1 }, .f2i = { f2i0, f2i1 }, .round = { round0, round1 },
    .rule = FP_RULE_ARM, .mxcsr_offset = offsetof(FakeCPU, mxcsr),
};
