/* SPDX-License-Identifier: MIT */
/*
 * The x87 register stack and its exceptions, for the helpers (SDM vol. 1, 8.4, 8.5).
 *
 * An operation computes with a fresh FloatStatus, then asks x87_report whether its result may be written. Exceptions that come before
 * the result (invalid, denormal, division by zero) leave the operands when they are unmasked; those after it (overflow, underflow,
 * precision) do not keep a register from being written, but a memory operand from overflow and underflow. An unmasked exception sets
 * ES; the next waiting instruction (x87_begin) then raises #MF, or FERR# without CR0.NE.
 */
#ifndef TARGET_X86_X87_INTERNAL_H
#define TARGET_X86_X87_INTERNAL_H

#include "base/bits.h"
#include "target/x86/fp_status.h"
#include "target/x86/x87.h"

#define FPX_BEFORE (FPX_I | FPX_D | FPX_Z)

/* ---- registers; i counts from the top ---- */
static inline unsigned x87_phys(const CPUX86State *env, unsigned i) { return (env->fpstt + i) & 7; }
static inline bool x87_is_empty(const CPUX86State *env, unsigned i) { return !(env->fptag_valid >> x87_phys(env, i) & 1); }
static inline Float80 x87_get(const CPUX86State *env, unsigned i)
{
    const X87Reg *r = &env->fpregs[x87_phys(env, i)];
    return (Float80){ r->frac, r->se };
}
static inline void x87_set(CPUX86State *env, unsigned i, Float80 v)
{
    X87Reg *r = &env->fpregs[x87_phys(env, i)];
    r->frac = v.frac;
    r->se = v.se;
    env->fptag_valid |= (uint8_t)(1u << x87_phys(env, i));
}
static inline void x87_free(CPUX86State *env, unsigned i) { env->fptag_valid &= (uint8_t)~(1u << x87_phys(env, i)); }
static inline void x87_pop(CPUX86State *env)
{
    x87_free(env, 0);
    env->fpstt = (env->fpstt + 1) & 7;
}
static inline void x87_push(CPUX86State *env, Float80 v)
{
    env->fpstt = (env->fpstt - 1) & 7;
    x87_set(env, 0, v);
}
static inline void x87_set_cc(CPUX86State *env, unsigned cc, unsigned mask) { env->fpus = (uint16_t)((env->fpus & ~mask) | cc); }

/* ---- exceptions (x87_except.c) ---- */
void x87_pending(X86CPU *cpu, uintptr_t ra);
/* At the start of a waiting instruction. */
static inline void x87_begin(CPUState *cpu, uintptr_t ra)
{
    if (UNLIKELY(x86_env(cpu)->fpus & FPUS_ES))
        x87_pending(x86_cpu(cpu), ra);
}
/* Records exceptions (FPX_*, FPUS_SF) and sets C1 to c1. */
void x87_except(CPUX86State *env, unsigned exceptions, bool c1);
/* After a change of the control or status word: ES and B from the flags and masks. */
void x87_update_es(CPUX86State *env);
/* Records what an operation raised; false when an unmasked exception keeps its result from a register. */
bool x87_report_slow(CPUX86State *env, unsigned flags);
static inline bool x87_report(CPUX86State *env, const FloatStatus *s)
{
    unsigned raised = s->flags;
    if (LIKELY(!(raised & ~(FLOAT_INEXACT | FLOAT_ROUNDED_UP)) && ((env->fpuc & FPX_P) || !(raised & FLOAT_INEXACT)))) {
        env->fpus = (uint16_t)((env->fpus & ~FPUS_C1) | (raised & FLOAT_INEXACT ? FPX_P : 0) | (raised & FLOAT_ROUNDED_UP ? FPUS_C1 : 0));
        return true;
    }
    return x87_report_slow(env, raised);
}
/* The same of a status word's exceptions and C1. */
static inline bool x87_report_sw(CPUX86State *env, unsigned sw)
{
    if (UNLIKELY(sw & ~env->fpuc & FPX_BEFORE)) {
        x87_except(env, sw & FPX_BEFORE, false);
        return false;
    }
    if (UNLIKELY(sw & ~env->fpuc & FPX_ALL))
        x87_except(env, sw & FPX_ALL, sw & FPUS_C1);
    else
        env->fpus = (uint16_t)((env->fpus & ~FPUS_C1) | (sw & (FPX_ALL | FPUS_C1)));
    return true;
}
/* The same for a result that goes to memory. */
bool x87_report_store(CPUX86State *env, const FloatStatus *s);
/* Stack faults: true when the invalid exception is masked, and the result is the indefinite value. */
bool x87_underflow(CPUX86State *env);
bool x87_overflow(CPUX86State *env);

#endif
