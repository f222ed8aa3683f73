/* SPDX-License-Identifier: MIT */
/* x87 loads, stores, constants, and moves within the stack. */
#include "target/x86/helper_x87.h"

#include "accel/mmu/mmu.h"
#include "target/x86/x87_bcd.h"
#include "target/x86/x87_internal.h"

/* Pushes v unless ST(7) is taken or an exception forbids; a denormal is none that does. */
static void load(CPUX86State *env, Float80 v, const FloatStatus *s)
{
    if (!x87_is_empty(env, 7)) {
        if (x87_overflow(env))
            x87_push(env, FLOAT80_DEFAULT_NAN);
    } else if (x87_report(env, s) || !(s->flags & FLOAT_INVALID)) {
        x87_push(env, v);
    }
}

void helper_x87_load(CPUState *cpu, uint64_t value, uint32_t kind)
{
    CPUX86State *env = x86_env(cpu);
    FloatStatus s = x87_status(env);
    Float80 v;

    x87_begin(cpu, GETPC());
    switch (kind) {
    case X87_F32: v = float80_load(&float_f32, value, &s); break;
    case X87_F64: v = float80_load(&float_f64, value, &s); break;
    default: v = float80_from_int((int64_t)value); break;
    }
    load(env, v, &s);
}

void helper_x87_load80(CPUState *cpu, uint64_t frac, uint32_t se, uint32_t kind)
{
    CPUX86State *env = x86_env(cpu);
    FloatStatus s = x87_status(env);

    x87_begin(cpu, GETPC());
    load(env, kind == X87_BCD ? x87_from_bcd(frac, (uint16_t)se) : (Float80){ frac, (uint16_t)se }, &s);
}

void helper_x87_load_st(CPUState *cpu, uint32_t i)
{
    CPUX86State *env = x86_env(cpu);
    FloatStatus s = x87_status(env);

    x87_begin(cpu, GETPC());
    if (x87_is_empty(env, i)) {
        if (x87_underflow(env))
            x87_push(env, FLOAT80_DEFAULT_NAN);
        return;
    }
    load(env, x87_get(env, i), &s);
}

/* FLD1 and its kin: truncated significands, the next bits, and by RC whether to round up. */
void helper_x87_constant(CPUState *cpu, uint32_t n)
{
    static const struct { Float80 v; bool above_half, inexact; } constant[] = {
        { { 0x8000000000000000ull, 0x3fff }, false, false }, /* 1 */
        { { 0xd49a784bcd1b8afeull, 0x4000 }, false, true },  /* log2 10 */
        { { 0xb8aa3b295c17f0bbull, 0x3fff }, true, true },   /* log2 e */
        { { 0xc90fdaa22168c234ull, 0x4000 }, true, true },   /* pi */
        { { 0x9a209a84fbcff798ull, 0x3ffd }, true, true },   /* log10 2 */
        { { 0xb17217f7d1cf79abull, 0x3ffe }, true, true },   /* ln 2 */
        { { 0, 0 }, false, false },
    };
    CPUX86State *env = x86_env(cpu);
    FloatStatus s = x87_status(env);
    Float80 v = constant[n].v;

    x87_begin(cpu, GETPC());
    if (constant[n].inexact && (s.round == FLOAT_ROUND_UP || (s.round == FLOAT_ROUND_EVEN && constant[n].above_half)))
        v.frac++;
    load(env, v, &s);
}

/* ---- stores ---- */
/* Memory operation of an operand's part of 1 << size bytes, without mo's alignment. */
static IRMemOp part_memop(IRMemOp mo, unsigned size) { return (mo & ~(7u | 7u << MO_ALIGN_SHIFT)) | size; }

static uint64_t linear(CPUState *cpu, uint64_t va, uint32_t desc, unsigned bytes, uintptr_t ra)
{
    return desc & X87_OFFSET ? x86_seg_linear(x86_cpu(cpu), X87_SEG(desc), va, bytes, true, ra) : va;
}

/* Ten bytes, in two stores: the second may fault after the first is made, as on hardware. */
static void store80(CPUState *cpu, uint64_t va, uint64_t frac, uint16_t se, uint32_t desc, IRMemOp mo, uintptr_t ra)
{
    mmu_st(cpu, linear(cpu, va, desc, 8, ra), frac, part_memop(mo, MO_64), ra);
    mmu_st(cpu, linear(cpu, va + 8, desc, 2, ra), se, part_memop(mo, MO_16), ra);
}

/* The value to store as bits; *se: its upper part where the operand has ten bytes. */
static uint64_t convert(Float80 v, uint32_t desc, uint16_t *se, FloatStatus *s)
{
    FloatRound round = desc & X87_TRUNC ? FLOAT_ROUND_ZERO : (FloatRound)s->round;

    s->denormal_flag = false;
    switch (X87_KIND(desc)) {
    case X87_F32: return float80_narrow(&float_f32, v, s);
    case X87_F64: return float80_narrow(&float_f64, v, s);
    case X87_I16: return float80_to_int(v, round, 16, s);
    case X87_I32: return float80_to_int(v, round, 32, s);
    case X87_I64: return float80_to_int(v, round, 64, s);
    case X87_BCD: return x87_to_bcd(v, se, s);
    default:
        *se = v.se;
        return v.frac;
    }
}

/* What a masked stack underflow stores. */
static uint64_t indefinite(uint32_t desc, uint16_t *se)
{
    *se = 0xffff;
    switch (X87_KIND(desc)) {
    case X87_F32: return 0xffc00000u;
    case X87_F64: return 0xfff8000000000000ull;
    case X87_I16: return 0x8000u;
    case X87_I32: return 0x80000000u;
    case X87_I64: return 1ull << 63;
    default: return 0xc000000000000000ull; /* F80, BCD */
    }
}

static void store(CPUState *cpu, uint64_t va, uint64_t v, uint16_t se, uint32_t desc, IRMemOp mo, uintptr_t ra)
{
    if (X87_KIND(desc) == X87_F80 || X87_KIND(desc) == X87_BCD)
        store80(cpu, va, v, se, desc, mo, ra);
    else
        mmu_st(cpu, linear(cpu, va, desc, x87_kind_bytes(X87_KIND(desc)), ra), v, mo, ra);
}

/* The store comes before all else that changes, since it may fault. */
void helper_x87_store(CPUState *cpu, uint64_t va, uint32_t desc, uint32_t mo)
{
    CPUX86State *env = x86_env(cpu);
    FloatStatus s = x87_status(env);
    uint16_t se = 0;
    uint64_t v;

    x87_begin(cpu, GETPC());
    bool empty = x87_is_empty(env, 0);
    v = empty ? indefinite(desc, &se) : convert(x87_get(env, 0), desc, &se, &s);
    unsigned stops = FPX_BEFORE | FPX_O | FPX_U, raised = empty ? FPX_I : x86_fp_exceptions(s.flags);
    if (!(raised & ~env->fpuc & stops))
        store(cpu, va, v, se, desc, mo, GETPC());
    if ((empty ? x87_underflow(env) : x87_report_store(env, &s)) && (desc & X87_POP))
        x87_pop(env);
}

void helper_x87_store_st(CPUState *cpu, uint32_t desc)
{
    CPUX86State *env = x86_env(cpu);

    x87_begin(cpu, GETPC());
    if (x87_is_empty(env, 0)) {
        if (!x87_underflow(env))
            return;
        x87_set(env, X87_STI(desc), FLOAT80_DEFAULT_NAN);
    } else {
        x87_set_cc(env, 0, FPUS_C1);
        x87_set(env, X87_STI(desc), x87_get(env, 0));
    }
    if (desc & X87_POP)
        x87_pop(env);
}

/* ---- within the stack ---- */
void helper_x87_exchange(CPUState *cpu, uint32_t i)
{
    CPUX86State *env = x86_env(cpu);

    x87_begin(cpu, GETPC());
    if (x87_is_empty(env, 0) || x87_is_empty(env, i)) {
        if (!x87_underflow(env))
            return;
        if (x87_is_empty(env, 0))
            x87_set(env, 0, FLOAT80_DEFAULT_NAN);
        if (x87_is_empty(env, i))
            x87_set(env, i, FLOAT80_DEFAULT_NAN);
    } else {
        x87_set_cc(env, 0, FPUS_C1);
    }
    Float80 v = x87_get(env, 0);
    x87_set(env, 0, x87_get(env, i));
    x87_set(env, i, v);
}

void helper_x87_cmov(CPUState *cpu, uint32_t condition, uint32_t i)
{
    CPUX86State *env = x86_env(cpu);

    x87_begin(cpu, GETPC());
    if (x87_is_empty(env, 0) || x87_is_empty(env, i)) {
        if (x87_underflow(env))
            x87_set(env, 0, FLOAT80_DEFAULT_NAN);
        return;
    }
    if (condition)
        x87_set(env, 0, x87_get(env, i));
}

static void move(CPUX86State *env, unsigned i)
{
    if (!x87_is_empty(env, 0))
        x87_set(env, i, x87_get(env, 0));
}

void helper_x87_stack(CPUState *cpu, uint32_t desc)
{
    CPUX86State *env = x86_env(cpu);

    x87_begin(cpu, GETPC());
    switch (X87_OP(desc)) {
    case X87_INCSTP: env->fpstt = (env->fpstt + 1) & 7; break;
    case X87_DECSTP: env->fpstt = (env->fpstt - 1) & 7; break;
    case X87_FREE: x87_free(env, X87_STI(desc)); break;
    case X87_MOVE: move(env, X87_STI(desc)); break;
    default: return;
    }
    x87_set_cc(env, 0, FPUS_C1);
    if (desc & X87_POP)
        x87_pop(env);
}
