/* SPDX-License-Identifier: MIT */
/*
 * MXCSR.
 *
 * env->mxcsr holds masks, rounding and modes; the sticky flags are in env->host_mxcsr, and in the host's register itself while
 * generated code runs. host_mxcsr masks every exception: with one that the guest has unmasked, blocks are translated with BF_FP_SLOW
 * and operations go through helpers.
 */
#include "target/x86/fp_status.h"

#define MXCSR_MASKS (FPX_ALL << MXCSR_MASKS_SHIFT)

uint32_t x86_get_mxcsr(CPUState *cpu)
{
    CPUX86State *env = x86_env(cpu);
    host_fp_harvest(cpu);
    return env->mxcsr | (env->host_mxcsr & FPX_ALL);
}

void x86_set_mxcsr(CPUState *cpu, uint32_t value)
{
    CPUX86State *env = x86_env(cpu);
    env->mxcsr = value & MXCSR_VALID & ~FPX_ALL;
    env->host_mxcsr = (value & MXCSR_VALID) | MXCSR_MASKS;
    host_fp_reload(cpu);
    x86_update_hflags(env);
}
