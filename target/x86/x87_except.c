/* SPDX-License-Identifier: MIT */
/* x87 exceptions: recording them, and taking them (SDM vol. 1, 8.5 and 8.7). */
#include "base/lock.h"
#include "target/x86/x87_internal.h"

/*
 * An exception waits. Without CR0.NE the machine is told by FERR#, once, and gets a chance to interrupt before this instruction: it runs
 * again, and goes on as with IGNNE# if the exception is still there.
 */
void x87_pending(X86CPU *cpu, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;

    if (env->cr0 & CR0_NE)
        x86_raise(cpu, EXCP_MF, ra);
    if (!cpu->hooks.ferr || env->fp_ferr)
        return;
    env->fp_ferr = true;
    bql_lock();
    cpu->hooks.ferr(cpu->hooks.opaque);
    bql_unlock();
    cpu->parent.exception_index = EXCP_INTERRUPT;
    cpu_loop_exit_restore(&cpu->parent, ra);
}

void x87_update_es(CPUX86State *env)
{
    if (env->fpus & ~env->fpuc & FPX_ALL) {
        env->fpus |= FPUS_ES | FPUS_B;
    } else {
        env->fpus &= (uint16_t)~(FPUS_ES | FPUS_B);
        env->fp_ferr = false;
    }
}

void x87_except(CPUX86State *env, unsigned exceptions, bool c1)
{
    env->fpus = (uint16_t)((env->fpus & ~FPUS_C1) | exceptions | (c1 ? FPUS_C1 : 0));
    if (exceptions & ~env->fpuc & FPX_ALL) {
        env->fpus |= FPUS_ES | FPUS_B;
        env->fp_ferr = false;
        env->fpop = env->fp_insn_op;
        env->fpdp = env->fp_insn_dp;
        env->fpds = env->fp_insn_ds;
    }
}

bool x87_report_slow(CPUX86State *env, unsigned flags)
{
    unsigned x = x86_fp_exceptions(flags);

    if (x & ~env->fpuc & FPX_BEFORE) {
        x87_except(env, x & FPX_BEFORE, false);
        return false;
    }
    x87_except(env, x, flags & FLOAT_ROUNDED_UP);
    return true;
}

bool x87_report_store(CPUX86State *env, const FloatStatus *s)
{
    unsigned x = x86_fp_exceptions(s->flags), stop = x & ~env->fpuc & (FPX_BEFORE | FPX_O | FPX_U);

    if (stop) {
        x87_except(env, stop, false);
        return false;
    }
    x87_except(env, x, s->flags & FLOAT_ROUNDED_UP);
    return true;
}

bool x87_underflow(CPUX86State *env)
{
    x87_except(env, FPX_I | FPUS_SF, false);
    return env->fpuc & FPX_I;
}

bool x87_overflow(CPUX86State *env)
{
    x87_except(env, FPX_I | FPUS_SF, true);
    return env->fpuc & FPX_I;
}
