/* SPDX-License-Identifier: MIT */
/* The transcendental x87 instructions: what they do to the stack. The functions are the host's, or those of target/fp/float80_trans.h. */
#include "target/x86/x87_trans.h"

#include "target/fp/float80_trans.h"
#include "target/x86/x87_host.h"

static void replace(CPUX86State *env, Float80 r, const FloatStatus *s)
{
    if (x87_report(env, s))
        x87_set(env, 0, r);
}

/* The result replaces ST(1), ST(0) is popped. */
static void replace_pop(CPUX86State *env, Float80 r, const FloatStatus *s)
{
    if (!x87_report(env, s))
        return;
    x87_set(env, 1, r);
    x87_pop(env);
}

/* FPTAN, FSINCOS: r replaces ST(0), then second is pushed. */
static void replace_push(CPUX86State *env, Float80 r, Float80 second, const FloatStatus *s)
{
    if (!x87_report(env, s))
        return;
    x87_set(env, 0, r);
    x87_push(env, second);
}

/* Pushing instructions need ST(7). */
static bool no_room(CPUX86State *env)
{
    if (x87_is_empty(env, 7))
        return false;
    x87_set_cc(env, 0, FPUS_C2);
    if (x87_overflow(env)) {
        x87_set(env, 0, FLOAT80_DEFAULT_NAN);
        x87_push(env, FLOAT80_DEFAULT_NAN);
    }
    return true;
}

static void trigonometric(CPUX86State *env, unsigned op, FloatStatus *s)
{
    Float80 a = x87_get(env, 0), r;

    if (float80_trig_too_big(a)) {
        x87_set_cc(env, FPUS_C2, FPUS_C2 | FPUS_C1);
        return;
    }
    x87_set_cc(env, 0, FPUS_C2);
    switch (op) {
    case X87_SIN: replace(env, float80_sin(a, s), s); break;
    case X87_COS: replace(env, float80_cos(a, s), s); break;
    case X87_PTAN:
        r = float80_tan(a, s);
        replace_push(env, r, s->flags & FLOAT_INVALID || float80_is_nan(a) ? r : float80_from_int(1), s);
        break;
    default:
        r = float80_cos(a, s);
        replace_push(env, float80_sin(a, s), r, s);
        break;
    }
}

static bool pops(unsigned op) { return op == X87_YL2X || op == X87_YL2XP1 || op == X87_PATAN; }
static bool pushes(unsigned op) { return op == X87_PTAN || op == X87_SINCOS; }

/* False: it is to be done in software. */
static bool on_host(CPUX86State *env, unsigned op)
{
    X87HostResult r;

    if (!x87_host_run(op, x87_get(env, 0), x87_get(env, 1), env->fpuc, &r))
        return false;
    if (op >= X87_PTAN && op != X87_PATAN)
        x87_set_cc(env, r.sw & FPUS_C2, FPUS_C2);
    if (!x87_report_sw(env, r.sw) || (pushes(op) && (r.sw & FPUS_C2)))
        return true;
    if (pushes(op)) {
        x87_set(env, 0, r.second);
        x87_push(env, r.top);
        return true;
    }
    if (pops(op))
        x87_pop(env);
    x87_set(env, 0, r.top);
    return true;
}

static void in_software(CPUX86State *env, unsigned op, FloatStatus *s)
{
    Float80 a = x87_get(env, 0), b = x87_get(env, 1);

    switch (op) {
    case X87_2XM1: replace(env, float80_exp2m1(a, s), s); break;
    case X87_YL2X: replace_pop(env, float80_ylog2(b, a, s), s); break;
    case X87_YL2XP1: replace_pop(env, float80_ylog2p1(b, a, s), s); break;
    case X87_PATAN: replace_pop(env, float80_atan2(b, a, s), s); break;
    default: trigonometric(env, op, s); break;
    }
}

void x87_transcendental(CPUX86State *env, unsigned op, FloatStatus *s)
{
    if (pushes(op) && no_room(env))
        return;
    if (!on_host(env, op))
        in_software(env, op, s);
}
