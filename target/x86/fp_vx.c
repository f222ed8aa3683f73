/* SPDX-License-Identifier: MIT */
/*
 * References of vx.def's floating-point rows (TargetFpOps.vx): soft float under MXCSR, lane by lane.
 *
 * A row is a function with a parameter: the format (bit 0), whether it is a scalar instruction (bit 1: one lane; the others come from the
 * first argument), and what the function wants to know beside. Results are gathered apart, for d may be one of the arguments.
 */
#include "target/x86/fp_vx.h"

#include "base/bits.h"

/* ---- lanes ---- */
static uint64_t get_lane(const V128 *v, bool f64, unsigned i) { return f64 ? v->u64[i] : v->u32[i]; }

static void set_lane(V128 *v, bool f64, unsigned i, uint64_t x)
{
    if (f64)
        v->u64[i] = x;
    else
        v->u32[i] = (uint32_t)x;
}

static unsigned n_lanes(unsigned param) { return param & VX_SCALAR ? 1 : param & VX_F64 ? 2 : 4; }
static const FloatFormat *format(unsigned param) { return param & VX_F64 ? &float_f64 : &float_f32; }
/* Where a one-operand row finds its operand: the scalar instructions have it second, the upper lanes first. */
static const V128 *operand(unsigned param, const V128 *a, const V128 *b) { return param & VX_SCALAR ? b : a; }

/* ---- arithmetic ---- */
static uint64_t minmax(CPUState *cpu, const FloatFormat *f, uint64_t a, uint64_t b, bool max)
{
    FloatStatus s = x86_sse_status(x86_env(cpu));
    FloatRelation r = float_compare(f, a, b, true, &s);
    uint64_t first = float_flush(f, a, &s), second = float_flush(f, b, &s);
    if (r == FLOAT_UNORDERED)
        s.flags = FLOAT_INVALID;
    x86_sse_raise(x86_env(cpu), &s);
    return r == (max ? FLOAT_GREATER : FLOAT_LESS) ? first : second;
}

static uint64_t binary(CPUState *cpu, unsigned param, uint64_t a, uint64_t b)
{
    bool f64 = param & VX_F64;
    switch (VX_OP(param)) {
    case VX_ADD: return x86_fp_ops.add[f64](cpu, a, b);
    case VX_SUB: return x86_fp_ops.sub[f64](cpu, a, b);
    case VX_MUL: return x86_fp_ops.mul[f64](cpu, a, b);
    case VX_DIV: return x86_fp_ops.div[f64](cpu, a, b);
    default: return minmax(cpu, format(param), a, b, VX_OP(param) == VX_MAX);
    }
}

void x86_vx_binary(CPUState *cpu, unsigned param, V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    V128 r = *a;
    for (unsigned i = 0; i < n_lanes(param); i++)
        set_lane(&r, param & VX_F64, i, binary(cpu, param, get_lane(a, param & VX_F64, i), get_lane(b, param & VX_F64, i)));
    *d = r;
}

void x86_vx_sqrt(CPUState *cpu, unsigned param, V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    const V128 *x = operand(param, a, b);
    V128 r = *a;
    for (unsigned i = 0; i < n_lanes(param); i++)
        set_lane(&r, param & VX_F64, i, x86_fp_ops.sqrt[!!(param & VX_F64)](cpu, get_lane(x, param & VX_F64, i)));
    *d = r;
}

/* HADDPS and kin: pairs of a, then of b. */
void x86_vx_pairs(CPUState *cpu, unsigned param, V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    bool f64 = param & VX_F64;
    unsigned half = n_lanes(param) / 2;
    V128 r;
    for (unsigned i = 0; i < 2 * half; i++) {
        const V128 *from = i < half ? a : b;
        unsigned j = i % half * 2;
        set_lane(&r, f64, i, binary(cpu, param, get_lane(from, f64, j), get_lane(from, f64, j + 1)));
    }
    *d = r;
}

void x86_vx_addsub(CPUState *cpu, unsigned param, V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    bool f64 = param & VX_F64;
    V128 r;
    for (unsigned i = 0; i < n_lanes(param); i++) {
        uint64_t x = get_lane(a, f64, i), y = get_lane(b, f64, i);
        set_lane(&r, f64, i, (i & 1 ? x86_fp_ops.add : x86_fp_ops.sub)[f64](cpu, x, y));
    }
    *d = r;
}

/*
 * DPPS, DPPD: products that imm's upper half leaves out are +0. DPPS adds in each lane the neighbour's product and its own, then that sum and the
 * other pair's, DPPD its own product and the neighbour's: the order matters to NaNs alone.
 */
void x86_vx_dot(CPUState *cpu, unsigned param, V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    bool f64 = param & VX_F64;
    uint64_t (*add)(CPUState *, uint64_t, uint64_t) = x86_fp_ops.add[f64];
    unsigned n = n_lanes(param);
    uint64_t t[4], pair[4];
    V128 r;

    for (unsigned i = 0; i < n; i++)
        t[i] = imm >> (4 + i) & 1 ? x86_fp_ops.mul[f64](cpu, get_lane(a, f64, i), get_lane(b, f64, i)) : 0;
    for (unsigned i = 0; i < n; i++)
        pair[i] = n == 2 ? add(cpu, t[i], t[i ^ 1]) : add(cpu, t[i ^ 1], t[i]);
    for (unsigned i = 0; i < n; i++)
        set_lane(&r, f64, i, !(imm >> i & 1) ? 0 : n == 2 ? pair[i] : add(cpu, pair[i], pair[i ^ 2]));
    if (n == 4 && !(imm & 15))
        add(cpu, pair[0], pair[2]); /* the exceptions of a sum that goes nowhere */
    *d = r;
}

/* x negated, but not a NaN: FNMADD and kin hand those on as they are. */
static uint64_t negate(const FloatFormat *f, uint64_t x, bool yes)
{
    return yes && !float_is_nan(f, x) ? float_neg(f, x) : x;
}

void x86_vx_fma(CPUState *cpu, unsigned param, V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    const FloatFormat *f = format(param);
    bool f64 = param & VX_F64;
    V128 r = *c;
    for (unsigned i = 0; i < n_lanes(param); i++) {
        bool neg_c = VX_OP(param) & (i & 1 ? VX_FMA_SUB_ODD : VX_FMA_SUB_EVEN);
        uint64_t x = negate(f, get_lane(a, f64, i), VX_OP(param) & VX_FMA_NEG), z = negate(f, get_lane(c, f64, i), neg_c);
        set_lane(&r, f64, i, x86_fp_ops.madd[f64](cpu, x, get_lane(b, f64, i), z));
    }
    *d = r;
}

/* ---- comparing ---- */
/* Predicates 0..15 (SDM vol. 2, CMPPD): true for less 1, equal 2, greater 4, unordered 8; 16..31 are the same. */
static const uint8_t predicate[16] = { 2, 1, 3, 8, 13, 14, 12, 7, 10, 9, 11, 0, 5, 6, 4, 15 };
#define PREDICATE_SIGNALS 0x6666u /* of 0..15; 16..31 are the opposite */

void x86_vx_cmp(CPUState *cpu, unsigned param, V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    bool f64 = param & VX_F64, signalling = (PREDICATE_SIGNALS >> (imm & 15) & 1) ^ (imm >> 4 & 1);
    V128 r = *a;
    for (unsigned i = 0; i < n_lanes(param); i++) {
        FloatStatus s = x86_sse_status(x86_env(cpu));
        FloatRelation rel = float_compare(format(param), get_lane(a, f64, i), get_lane(b, f64, i), signalling, &s);
        static const uint8_t bit[] = { [FLOAT_LESS] = 1, [FLOAT_EQUAL] = 2, [FLOAT_GREATER] = 4, [FLOAT_UNORDERED] = 8 };
        x86_sse_raise(x86_env(cpu), &s);
        set_lane(&r, f64, i, predicate[imm & 15] & bit[rel] ? ~0ull : 0);
    }
    *d = r;
}

/* ---- to integral values and integers ---- */
static IRRound imm_round(unsigned imm) { return imm & 4 ? IR_RND_CUR : (IRRound)x86_round(imm); }

void x86_vx_round(CPUState *cpu, unsigned param, V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    const V128 *x = operand(param, a, b);
    bool f64 = param & VX_F64;
    V128 r = *a;
    for (unsigned i = 0; i < n_lanes(param); i++)
        set_lane(&r, f64, i, x86_fp_ops.round[f64](cpu, get_lane(x, f64, i), imm_round(imm), !(imm & 8)));
    *d = r;
}

/* CVTPS2DQ, CVTPD2DQ and truncating; two doubles give two doublewords and zeros. */
void x86_vx_to_int(CPUState *cpu, unsigned param, V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    bool f64 = param & VX_F64;
    V128 r = { .u64 = { 0, 0 } };
    for (unsigned i = 0; i < n_lanes(param); i++)
        r.u32[i] = (uint32_t)x86_fp_ops.f2i[f64](cpu, get_lane(a, f64, i), true, VX_OP(param) ? IR_RND_ZERO : IR_RND_CUR, 32);
    *d = r;
}

void x86_vx_from_int(CPUState *cpu, unsigned param, V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    bool f64 = param & VX_F64;
    V128 r;
    for (unsigned i = 0; i < n_lanes(param); i++)
        set_lane(&r, f64, i, x86_fp_ops.i2f[f64](cpu, (uint64_t)a->s32[i], true));
    *d = r;
}

/* ---- between formats; the parameter's format is the result's ---- */
void x86_vx_convert(CPUState *cpu, unsigned param, V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    bool to64 = param & VX_F64;
    const V128 *x = operand(param, a, b);
    V128 r = param & VX_SCALAR ? *a : (V128){ .u64 = { 0, 0 } };
    for (unsigned i = 0; i < (param & VX_SCALAR ? 1 : 2); i++)
        set_lane(&r, to64, i, x86_fp_ops.cvt[to64](cpu, get_lane(x, !to64, i)));
    *d = r;
}

/* VCVTPH2PS: denormal halves are exact whatever DAZ says, and raise nothing. */
void x86_vx_from_half(CPUState *cpu, unsigned param, V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    V128 r;
    for (unsigned i = 0; i < 4; i++) {
        FloatStatus s = x86_sse_status(x86_env(cpu));
        s.flush_inputs = FLOAT_FLUSH_NO;
        s.denormal_flag = false;
        r.u32[i] = (uint32_t)float_convert(&float_f32, &float_f16, a->u16[i], &s);
        x86_sse_raise(x86_env(cpu), &s);
    }
    *d = r;
}

/* VCVTPS2PH: tiny halves are never flushed; a denormal operand is always inexact, though underflow traps. */
void x86_vx_to_half(CPUState *cpu, unsigned param, V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    V128 r = { .u64 = { 0, 0 } };
    for (unsigned i = 0; i < 4; i++) {
        FloatStatus s = x86_sse_status(x86_env(cpu));
        s.flush_outputs = false;
        if (!(imm & 4))
            s.round = (uint8_t)x86_round(imm);
        r.u16[i] = (uint16_t)float_convert(&float_f16, &float_f32, a->u32[i], &s);
        if (s.flags & FLOAT_DENORMAL)
            s.flags |= FLOAT_INEXACT;
        x86_sse_raise(x86_env(cpu), &s);
    }
    *d = r;
}
