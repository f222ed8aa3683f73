/* SPDX-License-Identifier: MIT */
/* x87 arithmetic and comparisons. */
#include "target/x86/helper_x87.h"

#include "target/x86/x87_host.h"
#include "target/x86/x87_internal.h"

#define FPUS_UNORDERED (FPUS_C0 | FPUS_C2 | FPUS_C3)

/* a: ST(0), b: the other operand. */
static Float80 compute(unsigned op, Float80 a, Float80 b, FloatStatus *s)
{
    switch (op) {
    case X87_ADD: return float80_add(a, b, s);
    case X87_MUL: return float80_mul(a, b, s);
    case X87_SUB: return float80_sub(a, b, s);
    case X87_SUBR: return float80_sub(b, a, s);
    case X87_DIV: return float80_div(a, b, s);
    default: return float80_div(b, a, s);
    }
}

/* The same with what it raises; false: *r is not to be written. flags: what reading b raised. */
static bool arith(CPUX86State *env, unsigned op, Float80 a, Float80 b, unsigned flags, Float80 *r)
{
    FloatStatus s = x87_status(env);
    uint16_t sw;

    if (!flags && x87_host_arith(op, a, b, env->fpuc, env->fpus, r, &sw))
        return x87_report_sw(env, sw);
    s.flags = (uint8_t)flags;
    *r = compute(op, a, b, &s);
    return x87_report(env, &s);
}

static bool is_compare(unsigned op) { return op == X87_COM || op == X87_COMP || op == X87_UCOM || op == X87_UCOMP; }
static bool compare_pops(unsigned op) { return op == X87_COMP || op == X87_UCOMP; }
static bool compare_signals(unsigned op) { return op == X87_COM || op == X87_COMP; }

/* s: with what reading b raised. False: an unmasked exception, nothing is popped. */
static bool compare(CPUX86State *env, unsigned op, Float80 b, FloatStatus *s)
{
    static const uint16_t cc[] = { [FLOAT_LESS] = FPUS_C0, [FLOAT_EQUAL] = FPUS_C3, [FLOAT_GREATER] = 0, [FLOAT_UNORDERED] = FPUS_UNORDERED };
    FloatRelation r = float80_compare(x87_get(env, 0), b, compare_signals(op), s);

    if (r == FLOAT_UNORDERED)
        s->flags &= (uint8_t)~FLOAT_DENORMAL;
    x87_set_cc(env, cc[r], FPUS_UNORDERED);
    return x87_report(env, s);
}

/* An operand of a comparison is missing. */
static bool compare_empty(CPUX86State *env)
{
    x87_set_cc(env, FPUS_UNORDERED, FPUS_UNORDERED);
    return x87_underflow(env);
}

static void arith_reg(CPUX86State *env, uint32_t desc)
{
    unsigned op = X87_OP(desc), i = X87_STI(desc), to = desc & X87_TO_STI ? i : 0;
    Float80 r;

    if (x87_is_empty(env, 0) || x87_is_empty(env, i)) {
        if (!x87_underflow(env))
            return;
        x87_set(env, to, FLOAT80_DEFAULT_NAN);
    } else {
        if (!arith(env, op, x87_get(env, 0), x87_get(env, i), 0, &r))
            return;
        x87_set(env, to, r);
    }
    if (desc & X87_POP)
        x87_pop(env);
}

void helper_x87_arith(CPUState *cpu, uint32_t desc)
{
    CPUX86State *env = x86_env(cpu);
    unsigned op = X87_OP(desc), i = X87_STI(desc);

    x87_begin(cpu, GETPC());
    if (!is_compare(op)) {
        arith_reg(env, desc);
        return;
    }
    FloatStatus s = x87_status(env);
    bool empty = x87_is_empty(env, 0) || x87_is_empty(env, i);
    if (!(empty ? compare_empty(env) : compare(env, op, x87_get(env, i), &s)))
        return;
    if (compare_pops(op))
        x87_pop(env);
    if (desc & X87_POP)
        x87_pop(env);
}

/* A memory operand as a number; a signalling NaN stays one for the operation. */
static Float80 from_memory(uint64_t value, unsigned kind, FloatStatus *s)
{
    switch (kind) {
    case X87_F32: return float80_widen(&float_f32, value, s);
    case X87_F64: return float80_widen(&float_f64, value, s);
    default: return float80_from_int((int64_t)value);
    }
}

void helper_x87_arith_mem(CPUState *cpu, uint64_t value, uint32_t desc)
{
    CPUX86State *env = x86_env(cpu);
    unsigned op = X87_OP(desc);
    FloatStatus s = x87_status(env);

    x87_begin(cpu, GETPC());
    if (is_compare(op)) {
        if ((x87_is_empty(env, 0) ? compare_empty(env) : compare(env, op, from_memory(value, X87_KIND(desc), &s), &s)) && compare_pops(op))
            x87_pop(env);
        return;
    }
    if (x87_is_empty(env, 0)) {
        if (x87_underflow(env))
            x87_set(env, 0, FLOAT80_DEFAULT_NAN);
        return;
    }
    Float80 b = from_memory(value, X87_KIND(desc), &s), r;
    if (arith(env, op, x87_get(env, 0), b, s.flags, &r))
        x87_set(env, 0, r);
}

/* FCOMI and kin: the flags, which change whatever is raised; C1 stays. */
uint32_t helper_x87_comi(CPUState *cpu, uint32_t desc)
{
    static const uint16_t flags[] = { [FLOAT_LESS] = IR_FL_C, [FLOAT_EQUAL] = IR_FL_Z, [FLOAT_GREATER] = 0, [FLOAT_UNORDERED] = IR_FL_Z | IR_FL_P | IR_FL_C };
    CPUX86State *env = x86_env(cpu);
    unsigned i = X87_STI(desc);
    FloatRelation r = FLOAT_UNORDERED;
    uint16_t c1 = env->fpus & FPUS_C1;
    bool done;

    x87_begin(cpu, GETPC());
    if (x87_is_empty(env, 0) || x87_is_empty(env, i)) {
        done = x87_underflow(env);
    } else {
        FloatStatus s = x87_status(env);
        r = float80_compare(x87_get(env, 0), x87_get(env, i), compare_signals(X87_OP(desc)), &s);
        done = x87_report(env, &s);
        env->fpus |= c1;
    }
    if (done && (desc & X87_POP))
        x87_pop(env);
    return flags[r];
}
