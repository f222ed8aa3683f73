/* SPDX-License-Identifier: MIT */
/* x87 instructions on ST(0), or ST(0) and ST(1), without operands of their own; the transcendental ones are in helper_x87_trans.c. */
#include "target/x86/helper_x87.h"

#include "target/x86/x87_host.h"
#include "target/x86/x87_trans.h"

/* The result of a one-operand instruction. */
static void replace(CPUX86State *env, Float80 r, const FloatStatus *s)
{
    if (x87_report(env, s))
        x87_set(env, 0, r);
}

static void examine(CPUX86State *env)
{
    Float80 a = x87_get(env, 0);
    unsigned cc;

    if (x87_is_empty(env, 0))
        cc = FPUS_C3 | FPUS_C0;
    else if (float80_is_unsupported(a))
        cc = 0;
    else if (float80_is_nan(a))
        cc = FPUS_C0;
    else if (float80_is_inf(a))
        cc = FPUS_C2 | FPUS_C0;
    else if (float80_is_zero(a))
        cc = FPUS_C3;
    else
        cc = float80_exp(a) ? FPUS_C2 : FPUS_C3 | FPUS_C2;
    x87_set_cc(env, cc | (float80_is_neg(a) ? FPUS_C1 : 0), FPUS_CC);
}

static void test(CPUX86State *env, FloatStatus *s)
{
    static const uint16_t cc[] = { [FLOAT_LESS] = FPUS_C0, [FLOAT_EQUAL] = FPUS_C3, [FLOAT_GREATER] = 0, [FLOAT_UNORDERED] = FPUS_C0 | FPUS_C2 | FPUS_C3 };
    FloatRelation r = float80_compare(x87_get(env, 0), float80_zero(false), true, s);
    x87_set_cc(env, cc[r], FPUS_C0 | FPUS_C2 | FPUS_C3);
    x87_report(env, s);
}

static void square_root(CPUX86State *env, Float80 a, FloatStatus *s)
{
    Float80 r;
    uint16_t sw;

    if (!x87_host_arith(X87_HOST_SQRT, a, a, env->fpuc, env->fpus, &r, &sw))
        replace(env, float80_sqrt(a, s), s);
    else if (x87_report_sw(env, sw))
        x87_set(env, 0, r);
}

static void remainder80(CPUX86State *env, bool nearest, FloatStatus *s)
{
    bool partial;
    unsigned q;
    Float80 r = float80_rem(x87_get(env, 0), x87_get(env, 1), nearest, &partial, &q, s);

    x87_set_cc(env, 0, FPUS_C2);
    if (!x87_report(env, s))
        return;
    x87_set(env, 0, r);
    if (float80_is_nan(r))
        return;
    x87_set_cc(env, (q & 4 ? FPUS_C0 : 0) | (q & 1 ? FPUS_C1 : 0) | (q & 2 ? FPUS_C3 : 0) | (partial ? FPUS_C2 : 0), FPUS_CC);
}

static void extract80(CPUX86State *env, FloatStatus *s)
{
    Float80 exponent, a = float80_extract(x87_get(env, 0), &exponent, s);

    if (!x87_is_empty(env, 7)) {
        if (x87_overflow(env)) {
            x87_set(env, 0, FLOAT80_DEFAULT_NAN);
            x87_push(env, FLOAT80_DEFAULT_NAN);
        }
        return;
    }
    if (!x87_report(env, s))
        return;
    x87_set(env, 0, exponent);
    x87_push(env, a);
}

static void dispatch(CPUX86State *env, unsigned op)
{
    FloatStatus s = x87_status(env);
    Float80 a = x87_get(env, 0);

    switch (op) {
    case X87_CHS:
    case X87_ABS:
        x87_set_cc(env, 0, FPUS_C1);
        a.se = op == X87_CHS ? a.se ^ 0x8000 : a.se & 0x7fff;
        x87_set(env, 0, a);
        break;
    case X87_TST: test(env, &s); break;
    case X87_SQRT: square_root(env, a, &s); break;
    case X87_RNDINT: replace(env, float80_round_int(a, &s), &s); break;
    case X87_SCALE: replace(env, float80_scale(a, x87_get(env, 1), &s), &s); break;
    case X87_PREM: remainder80(env, false, &s); break;
    case X87_PREM1: remainder80(env, true, &s); break;
    case X87_XTRACT: extract80(env, &s); break;
    default: x87_transcendental(env, op, &s); break;
    }
}

static bool takes_two(unsigned op)
{
    return op == X87_SCALE || op == X87_PREM || op == X87_PREM1 || op == X87_YL2X || op == X87_YL2XP1 || op == X87_PATAN;
}

/* Instructions that tell by C2 whether they are done; they are when an operand is missing. */
static bool clears_c2(unsigned op)
{
    return op == X87_PREM || op == X87_PREM1 || op == X87_PTAN || op == X87_SIN || op == X87_COS || op == X87_SINCOS;
}

/* An operand is missing and the exception masked: indefinite results where the instruction has them. */
static void fill_indefinite(CPUX86State *env, unsigned op)
{
    switch (op) {
    case X87_XTRACT:
    case X87_PTAN:
    case X87_SINCOS:
        x87_set(env, 0, FLOAT80_DEFAULT_NAN);
        x87_push(env, FLOAT80_DEFAULT_NAN);
        break;
    case X87_YL2X:
    case X87_YL2XP1:
    case X87_PATAN:
        x87_set(env, 1, FLOAT80_DEFAULT_NAN);
        x87_pop(env);
        break;
    default: x87_set(env, 0, FLOAT80_DEFAULT_NAN); break;
    }
}

void helper_x87_unary(CPUState *cpu, uint32_t op)
{
    CPUX86State *env = x86_env(cpu);

    x87_begin(cpu, GETPC());
    if (op == X87_XAM) {
        examine(env);
        return;
    }
    if (x87_is_empty(env, 0) || (takes_two(op) && x87_is_empty(env, 1))) {
        if (clears_c2(op))
            x87_set_cc(env, 0, FPUS_C2);
        if (op == X87_TST)
            x87_set_cc(env, FPUS_C0 | FPUS_C2 | FPUS_C3, FPUS_C0 | FPUS_C2 | FPUS_C3);
        if (x87_underflow(env) && op != X87_TST)
            fill_indefinite(env, op);
        return;
    }
    dispatch(env, op);
}
