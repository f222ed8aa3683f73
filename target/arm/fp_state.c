/* SPDX-License-Identifier: MIT */
/*
 * FPCR and FPSR.
 *
 * FPSR's cumulative flags are in three places: env->fpsr (soft float), env->mxcsr (host instructions; the host's register
 * itself while generated code runs) and env->qc (saturating instructions). Reading gathers them, writing sets env->fpsr and
 * clears the others. FPCR's rounding mode is mirrored in env->mxcsr, from where the host loads it.
 */
#include "target/arm/fp_status.h"

#define MXCSR_MASK_ALL 0x1f80u
#define MXCSR_STICKY 0x3fu
#define MXCSR_RC_SHIFT 13

#define FPSR_FLAGS (FPSR_IOC | FPSR_DZC | FPSR_OFC | FPSR_UFC | FPSR_IXC | FPSR_IDC | FPSR_QC)
#define FPCR_RMODE (3u << FPCR_RMODE_SHIFT)

/* RMode RN, RP, RM, RZ in MXCSR.RC. */
static const uint8_t mxcsr_rc[4] = { 0, 2, 1, 3 };

/* MXCSR's denormal flag is dropped: it says that an operand was denormal, FPSR.IDC that one was flushed. */
static uint32_t fpsr_from_mxcsr(uint32_t m)
{
    return (m & 1 ? FPSR_IOC : 0) | (m & 4 ? FPSR_DZC : 0) | (m & 8 ? FPSR_OFC : 0) | (m & 16 ? FPSR_UFC : 0) | (m & 32 ? FPSR_IXC : 0);
}

static void set_mxcsr(CPUState *cpu, uint32_t sticky)
{
    CPUARMState *env = arm_env(cpu);
    env->mxcsr = MXCSR_MASK_ALL | (uint32_t)mxcsr_rc[env->fpcr >> FPCR_RMODE_SHIFT & 3] << MXCSR_RC_SHIFT | sticky;
    host_fp_reload(cpu);
}

uint32_t arm_fpsr_get(CPUState *cpu)
{
    CPUARMState *env = arm_env(cpu);
    host_fp_harvest(cpu);
    return (env->fpsr | fpsr_from_mxcsr(env->mxcsr) | (env->qc ? FPSR_QC : 0)) & FPSR_FLAGS;
}

void arm_fpsr_set(CPUState *cpu, uint32_t value)
{
    CPUARMState *env = arm_env(cpu);
    env->fpsr = value & FPSR_FLAGS;
    env->qc = 0;
    set_mxcsr(cpu, 0);
}

uint32_t arm_fpcr_get(CPUState *cpu)
{
    return arm_env(cpu)->fpcr;
}

/* Trap enables and the features that are not there (AH, NEP, FIZ, EBF) are RES0. */
void arm_fpcr_set(CPUState *cpu, uint32_t value)
{
    CPUARMState *env = arm_env(cpu);
    uint32_t writable = FPCR_RMODE | FPCR_FZ | FPCR_DN | FPCR_AHP;

    if (arm_has(arm_cpu(cpu), ARM_FEAT_fp16))
        writable |= FPCR_FZ16;
    host_fp_harvest(cpu);
    env->fpcr = value & writable;
    set_mxcsr(cpu, env->mxcsr & MXCSR_STICKY);
}
