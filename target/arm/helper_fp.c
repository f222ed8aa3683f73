/* SPDX-License-Identifier: MIT */
/*
 * Floating-point helpers: an operation on a number (helper_fp.h names them), applied to scalars and to lanes.
 *
 * Comparisons give all ones or zero in the width of the lane.
 */
#include "base/bits.h"
#include "target/arm/fp_status.h"
#include "target/arm/helper_fp.h"

typedef uint64_t Fp1(const FloatFormat *f, uint64_t a, unsigned param, FloatStatus *s);
typedef uint64_t Fp2(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s);
typedef uint64_t Fp3(const FloatFormat *f, uint64_t a, uint64_t b, uint64_t c, FloatStatus *s);

/* ---- lanes ---- */
static inline uint64_t get_lane(const V128 *v, unsigned size, unsigned i)
{
    return size == 1 ? v->u16[i] : size == 2 ? v->u32[i] : v->u64[i];
}

static inline void set_lane(V128 *v, unsigned size, unsigned i, uint64_t x)
{
    if (size == 1)
        v->u16[i] = (uint16_t)x;
    else if (size == 2)
        v->u32[i] = (uint32_t)x;
    else
        v->u64[i] = x;
}

static uint64_t all_ones_if(const FloatFormat *f, bool yes) { return yes ? MASK64(float_width(f)) : 0; }

/* ---- one operand ---- */
static FloatRound param_round(unsigned param, const FloatStatus *s)
{
    unsigned r = param & 7;
    return r == IR_RND_CUR ? (FloatRound)s->round : (FloatRound)r;
}
static bool param_flag(unsigned param) { return param >> 3 & 1; }
static unsigned param_fbits(unsigned param) { return param >> 4; }

static uint64_t do_sqrt(const FloatFormat *f, uint64_t a, unsigned param, FloatStatus *s) { return float_sqrt(f, a, s); }
static uint64_t do_recpe(const FloatFormat *f, uint64_t a, unsigned param, FloatStatus *s) { return arm_fp_recip_estimate(f, a, s); }
static uint64_t do_rsqrte(const FloatFormat *f, uint64_t a, unsigned param, FloatStatus *s) { return arm_fp_rsqrt_estimate(f, a, s); }
static uint64_t do_recpx(const FloatFormat *f, uint64_t a, unsigned param, FloatStatus *s) { return arm_fp_recpx(f, a, s); }

static uint64_t do_cmeq0(const FloatFormat *f, uint64_t a, unsigned param, FloatStatus *s)
{
    return all_ones_if(f, float_compare(f, a, 0, false, s) == FLOAT_EQUAL);
}
static uint64_t do_cmge0(const FloatFormat *f, uint64_t a, unsigned param, FloatStatus *s)
{
    FloatRelation r = float_compare(f, a, 0, true, s);
    return all_ones_if(f, r == FLOAT_EQUAL || r == FLOAT_GREATER);
}
static uint64_t do_cmgt0(const FloatFormat *f, uint64_t a, unsigned param, FloatStatus *s)
{
    return all_ones_if(f, float_compare(f, a, 0, true, s) == FLOAT_GREATER);
}
static uint64_t do_cmle0(const FloatFormat *f, uint64_t a, unsigned param, FloatStatus *s)
{
    FloatRelation r = float_compare(f, a, 0, true, s);
    return all_ones_if(f, r == FLOAT_EQUAL || r == FLOAT_LESS);
}
static uint64_t do_cmlt0(const FloatFormat *f, uint64_t a, unsigned param, FloatStatus *s)
{
    return all_ones_if(f, float_compare(f, a, 0, true, s) == FLOAT_LESS);
}

static uint64_t do_round(const FloatFormat *f, uint64_t a, unsigned param, FloatStatus *s)
{
    return float_round_int(f, a, param_round(param, s), param_flag(param), s);
}
static uint64_t do_round32(const FloatFormat *f, uint64_t a, unsigned param, FloatStatus *s)
{
    return arm_fp_round_int_n(f, a, param_round(param, s), 32, s);
}
static uint64_t do_round64(const FloatFormat *f, uint64_t a, unsigned param, FloatStatus *s)
{
    return arm_fp_round_int_n(f, a, param_round(param, s), 64, s);
}

static uint64_t to_int(const FloatFormat *f, uint64_t a, unsigned param, unsigned width, FloatStatus *s)
{
    return float_to_int(f, a, param_round(param, s), param_fbits(param), width, param_flag(param), s);
}
static uint64_t do_to_i16(const FloatFormat *f, uint64_t a, unsigned param, FloatStatus *s) { return to_int(f, a, param, 16, s); }
static uint64_t do_to_i32(const FloatFormat *f, uint64_t a, unsigned param, FloatStatus *s) { return to_int(f, a, param, 32, s); }
static uint64_t do_to_i64(const FloatFormat *f, uint64_t a, unsigned param, FloatStatus *s) { return to_int(f, a, param, 64, s); }

static uint64_t do_from_i64(const FloatFormat *f, uint64_t a, unsigned param, FloatStatus *s)
{
    return float_from_int(f, a, param_fbits(param), param_flag(param), s);
}
static uint64_t do_from_lane(const FloatFormat *f, uint64_t a, unsigned param, FloatStatus *s)
{
    unsigned width = float_width(f);
    return do_from_i64(f, param_flag(param) ? (uint64_t)sextract64(a, 0, width) : extract64(a, 0, width), param, s);
}

/* ---- two operands ---- */
static uint64_t do_nmul(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s)
{
    return float_neg(f, float_mul(f, a, b, s));
}
static uint64_t do_abd(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s)
{
    return float_abs(f, float_sub(f, a, b, s));
}
static uint64_t do_cmeq(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s)
{
    return all_ones_if(f, float_compare(f, a, b, false, s) == FLOAT_EQUAL);
}
static uint64_t do_cmge(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s)
{
    FloatRelation r = float_compare(f, a, b, true, s);
    return all_ones_if(f, r == FLOAT_EQUAL || r == FLOAT_GREATER);
}
static uint64_t do_cmgt(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s)
{
    return all_ones_if(f, float_compare(f, a, b, true, s) == FLOAT_GREATER);
}
static uint64_t do_acge(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s)
{
    return do_cmge(f, float_abs(f, a), float_abs(f, b), s);
}
static uint64_t do_acgt(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s)
{
    return do_cmgt(f, float_abs(f, a), float_abs(f, b), s);
}

/* ---- three operands: negation comes before NaNs are looked at ---- */
static uint64_t do_madd(const FloatFormat *f, uint64_t a, uint64_t b, uint64_t c, FloatStatus *s)
{
    return float_muladd(f, a, b, c, 0, s);
}
static uint64_t do_msub(const FloatFormat *f, uint64_t a, uint64_t b, uint64_t c, FloatStatus *s)
{
    return float_muladd(f, float_neg(f, a), b, c, 0, s);
}
static uint64_t do_nmadd(const FloatFormat *f, uint64_t a, uint64_t b, uint64_t c, FloatStatus *s)
{
    return float_muladd(f, float_neg(f, a), b, float_neg(f, c), 0, s);
}
static uint64_t do_nmsub(const FloatFormat *f, uint64_t a, uint64_t b, uint64_t c, FloatStatus *s)
{
    return float_muladd(f, a, b, float_neg(f, c), 0, s);
}

/* BFDotAdd without FEAT_EBF16: rounds to odd after each step, flushes denormals, raises no flags whatever FPCR says. */
static uint64_t do_bfdot(const FloatFormat *f, uint64_t a, uint64_t b, uint64_t c, FloatStatus *unused)
{
    FloatStatus s = { .round = FLOAT_ROUND_ODD_INF, .flush_inputs = FLOAT_FLUSH_SILENT, .flush_outputs = true, .default_nan = true };
    uint64_t even = float_mul(f, a << 16 & 0xffff0000u, b << 16 & 0xffff0000u, &s);
    uint64_t odd = float_mul(f, a & 0xffff0000u, b & 0xffff0000u, &s);
    return float_add(f, c, float_add(f, even, odd, &s), &s);
}

/* ---- converting between precisions: half precision is never flushed and may be the alternative one (FPConvert) ---- */
static const FloatFormat *half_format(const CPUARMState *env) { return env->fpcr & FPCR_AHP ? &float_f16_alt : &float_f16; }

static uint64_t convert(CPUARMState *env, const FloatFormat *to, const FloatFormat *from, uint64_t a, FloatStatus *s)
{
    FloatStatus t = *s;
    uint64_t r;

    if (from == &float_f16) {
        t.flush_inputs = FLOAT_FLUSH_NO;
        from = half_format(env);
    }
    if (to == &float_f16) {
        t.flush_outputs = false;
        to = half_format(env);
    }
    r = float_convert(to, from, a, &t);
    s->flags |= t.flags;
    return r;
}

static uint64_t convert_op(CPUARMState *env, unsigned op, const FloatFormat *f, uint64_t a)
{
    FloatStatus s = arm_fp_status(env);
    uint64_t r = op == FP1_TO_BF16 ? convert(env, &float_bf16, &float_f32, a, &s) : convert(env, f, arm_fp_format[op - FP1_FROM_H + 1], a, &s);
    arm_fp_raise(env, &s);
    return r;
}

/* ---- tables; entries that are NULL are convert_op's ---- */
static Fp1 *const fp1[FP1_NB] = {
    [FP1_SQRT] = do_sqrt, [FP1_RECPE] = do_recpe, [FP1_RSQRTE] = do_rsqrte, [FP1_RECPX] = do_recpx,
    [FP1_CMEQ0] = do_cmeq0, [FP1_CMGE0] = do_cmge0, [FP1_CMGT0] = do_cmgt0, [FP1_CMLE0] = do_cmle0, [FP1_CMLT0] = do_cmlt0,
    [FP1_ROUND] = do_round, [FP1_ROUND32] = do_round32, [FP1_ROUND64] = do_round64,
    [FP1_TO_I16] = do_to_i16, [FP1_TO_I32] = do_to_i32, [FP1_TO_I64] = do_to_i64,
    [FP1_FROM_LANE] = do_from_lane, [FP1_FROM_I64] = do_from_i64,
};
static Fp2 *const fp2[FP2_NB] = {
    [FP2_ADD] = float_add, [FP2_SUB] = float_sub, [FP2_MUL] = float_mul, [FP2_DIV] = float_div, [FP2_NMUL] = do_nmul,
    [FP2_MULX] = arm_fp_mulx, [FP2_MAX] = float_max, [FP2_MIN] = float_min, [FP2_MAXNM] = float_max_num, [FP2_MINNM] = float_min_num,
    [FP2_ABD] = do_abd, [FP2_RECPS] = arm_fp_recip_step, [FP2_RSQRTS] = arm_fp_rsqrt_step,
    [FP2_CMEQ] = do_cmeq, [FP2_CMGE] = do_cmge, [FP2_CMGT] = do_cmgt, [FP2_ACGE] = do_acge, [FP2_ACGT] = do_acgt,
};
static Fp3 *const fp3[FP3_NB] = {
    [FP3_MADD] = do_madd, [FP3_MSUB] = do_msub, [FP3_NMADD] = do_nmadd, [FP3_NMSUB] = do_nmsub, [FP3_BFDOT] = do_bfdot,
};

/* ---- the helpers ---- */
static uint64_t helper_fp_s1(CPUState *cpu, uint64_t a, uint32_t d)
{
    CPUARMState *env = arm_env(cpu);
    Fp1 *fn = fp1[FPD_OP(d)];

    if (!fn)
        return convert_op(env, FPD_OP(d), arm_fp_format[FPD_SIZE(d)], a);
    FloatStatus s = arm_fp_status_sized(env, FPD_SIZE(d));
    uint64_t r = fn(arm_fp_format[FPD_SIZE(d)], a, FPD_PARAM(d), &s);
    arm_fp_raise(env, &s);
    return r;
}

static uint64_t helper_fp_s2(CPUState *cpu, uint64_t a, uint64_t b, uint32_t d)
{
    FloatStatus s = arm_fp_status_sized(arm_env(cpu), FPD_SIZE(d));
    uint64_t r = fp2[FPD_OP(d)](arm_fp_format[FPD_SIZE(d)], a, b, &s);
    arm_fp_raise(arm_env(cpu), &s);
    return r;
}

static uint64_t helper_fp_s3(CPUState *cpu, uint64_t a, uint64_t b, uint64_t c, uint32_t d)
{
    FloatStatus s = arm_fp_status_sized(arm_env(cpu), FPD_SIZE(d));
    uint64_t r = fp3[FPD_OP(d)](arm_fp_format[FPD_SIZE(d)], a, b, c, &s);
    arm_fp_raise(arm_env(cpu), &s);
    return r;
}

/* The result may be one of the operands: it is built aside. */
static void helper_fp_v1(CPUState *cpu, V128 *result, const V128 *a, uint32_t d)
{
    unsigned size = FPD_SIZE(d);
    FloatStatus s = arm_fp_status_sized(arm_env(cpu), size);
    V128 r = { 0 };

    for (unsigned i = 0; i < FPD_LANES(d); i++)
        set_lane(&r, size, i, fp1[FPD_OP(d)](arm_fp_format[size], get_lane(a, size, i), FPD_PARAM(d), &s));
    arm_fp_raise(arm_env(cpu), &s);
    *result = r;
}

static void helper_fp_v2(CPUState *cpu, V128 *result, const V128 *a, const V128 *b, uint32_t d)
{
    unsigned size = FPD_SIZE(d);
    FloatStatus s = arm_fp_status_sized(arm_env(cpu), size);
    V128 r = { 0 };

    for (unsigned i = 0; i < FPD_LANES(d); i++)
        set_lane(&r, size, i, fp2[FPD_OP(d)](arm_fp_format[size], get_lane(a, size, i), get_lane(b, size, i), &s));
    arm_fp_raise(arm_env(cpu), &s);
    *result = r;
}

static void helper_fp_v3(CPUState *cpu, V128 *result, const V128 *a, const V128 *b, const V128 *c, uint32_t d)
{
    unsigned size = FPD_SIZE(d);
    FloatStatus s = arm_fp_status_sized(arm_env(cpu), size);
    V128 r = { 0 };

    for (unsigned i = 0; i < FPD_LANES(d); i++)
        set_lane(&r, size, i, fp3[FPD_OP(d)](arm_fp_format[size], get_lane(a, size, i), get_lane(b, size, i), get_lane(c, size, i), &s));
    arm_fp_raise(arm_env(cpu), &s);
    *result = r;
}

/* Reduce: halves are reduced, then joined, down to neighbours: for NaNs the order matters. */
static uint64_t helper_fp_reduce(CPUState *cpu, const V128 *a, uint32_t d)
{
    unsigned size = FPD_SIZE(d);
    FloatStatus s = arm_fp_status_sized(arm_env(cpu), size);
    V128 v = *a;

    for (unsigned n = FPD_LANES(d) / 2; n; n /= 2)
        for (unsigned i = 0; i < n; i++)
            set_lane(&v, size, i, fp2[FPD_OP(d)](arm_fp_format[size], get_lane(&v, size, 2 * i), get_lane(&v, size, 2 * i + 1), &s));
    arm_fp_raise(arm_env(cpu), &s);
    return get_lane(&v, size, 0);
}

static uint32_t helper_fp_cmp(CPUState *cpu, uint64_t a, uint64_t b, uint32_t how)
{
    FloatStatus s = arm_fp_status_sized(arm_env(cpu), how & 3);
    FloatRelation r = float_compare(arm_fp_format[how & 3], a, b, how & FP_CMP_SIGNALLING, &s);
    arm_fp_raise(arm_env(cpu), &s);
    return arm_fp_flags(r);
}

/* The 32-bit result, above it whether it is exact. */
static uint64_t helper_fp_jcvt(CPUState *cpu, uint64_t a)
{
    FloatStatus s = arm_fp_status(arm_env(cpu));
    bool exact;
    uint64_t r = arm_fp_to_js_int(a, &exact, &s);
    arm_fp_raise(arm_env(cpu), &s);
    return r | (uint64_t)exact << 32;
}

static void helper_fp_widen(CPUState *cpu, V128 *result, const V128 *a, uint32_t d)
{
    unsigned size = FPD_SIZE(d);
    FloatStatus s = arm_fp_status(arm_env(cpu));
    V128 r = { 0 };

    for (unsigned i = 0; i < FPD_LANES(d); i++)
        set_lane(&r, size + 1, i, convert(arm_env(cpu), arm_fp_format[size + 1], arm_fp_format[size], get_lane(a, size, FPD_PARAM(d) + i), &s));
    arm_fp_raise(arm_env(cpu), &s);
    *result = r;
}

static void helper_fp_narrow(CPUState *cpu, V128 *result, const V128 *a, uint32_t d)
{
    unsigned size = FPD_SIZE(d);
    const FloatFormat *to = FPD_PARAM(d) == FP_NARROW_BF16 ? &float_bf16 : arm_fp_format[size];
    FloatStatus s = arm_fp_status(arm_env(cpu));
    V128 r = { 0 };

    if (FPD_PARAM(d) == FP_NARROW_ODD)
        s.round = FLOAT_ROUND_ODD;
    for (unsigned i = 0; i < FPD_LANES(d); i++)
        set_lane(&r, size, i, convert(arm_env(cpu), to, arm_fp_format[size + 1], get_lane(a, size + 1, i), &s));
    arm_fp_raise(arm_env(cpu), &s);
    *result = r;
}

/* A half as a single without a trace: NaNs keep their kind, denormals become normal unless FPCR.FZ16 flushes them. */
static uint64_t half_to_single(const CPUARMState *env, uint64_t h)
{
    FloatStatus s = { 0 };

    if (float_is_nan(&float_f16, h))
        return (h & 0x8000) << 16 | 0x7f800000 | (h & 0x3ff) << 13;
    if (env->fpcr & FPCR_FZ16)
        s.flush_inputs = FLOAT_FLUSH_SILENT;
    return float_convert(&float_f32, &float_f16, h, &s);
}

static void helper_fp_mlal(CPUState *cpu, V128 *result, const V128 *acc, const V128 *n, const V128 *m, uint32_t d)
{
    CPUARMState *env = arm_env(cpu);
    FloatStatus s = arm_fp_status(env);
    unsigned how = FPD_PARAM(d), lanes = FPD_LANES(d);
    const uint16_t *a = n->u16 + (how & FP_MLAL_HIGH_N ? lanes : 0), *b = m->u16 + (how & FP_MLAL_HIGH_M ? lanes : 0);
    V128 r = { 0 };

    for (unsigned i = 0; i < lanes; i++) {
        uint64_t x = half_to_single(env, how & FP_MLAL_SUB ? a[i] ^ 0x8000u : a[i]);
        r.u32[i] = (uint32_t)float_muladd(&float_f32, x, half_to_single(env, b[i]), acc->u32[i], 0, &s);
    }
    arm_fp_raise(env, &s);
    *result = r;
}

/* BFMatMulAdd: acc[2][2] += n[2][4] * m[2][4] transposed, two pairs after each other. */
static void helper_bf_mmla(CPUState *cpu, V128 *result, const V128 *acc, const V128 *n, const V128 *m)
{
    V128 r;

    for (unsigned i = 0; i < 4; i++) {
        const uint32_t *row = n->u32 + (i >> 1) * 2, *col = m->u32 + (i & 1) * 2;
        uint64_t sum = do_bfdot(&float_f32, row[0], col[0], acc->u32[i], NULL);
        r.u32[i] = (uint32_t)do_bfdot(&float_f32, row[1], col[1], sum, NULL);
    }
    *result = r;
}

#define HELPER IR_HELPER_DEFINE
#include "target/arm/helper_fp.def"
