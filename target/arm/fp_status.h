/* SPDX-License-Identifier: MIT */
/*
 * FPCR and FPSR as floating-point helpers see them.
 *
 * A helper derives a FloatStatus from FPCR (a few shifts), computes, and or-s the flags into FPSR. Half precision has a
 * control of its own (FPCR.FZ16), and flushing its operands raises no flag (FPUnpackBase).
 */
#ifndef TARGET_ARM_FP_STATUS_H
#define TARGET_ARM_FP_STATUS_H

#include "target/arm/cpu.h"
#include "target/fp/float.h"

#define FPCR_FZ16 (1u << 19)
#define FPCR_RMODE_SHIFT 22
#define FPCR_FZ (1u << 24)
#define FPCR_DN (1u << 25)
#define FPCR_AHP (1u << 26)

#define FPSR_IOC 0x01u
#define FPSR_DZC 0x02u
#define FPSR_OFC 0x04u
#define FPSR_UFC 0x08u
#define FPSR_IXC 0x10u
#define FPSR_IDC 0x80u
#define FPSR_QC (1u << 27)

/* The formats by log2 of their bytes; [0] is not one. */
extern const FloatFormat *const arm_fp_format[4];

/* For single and double precision. FPCR.RMode has FloatRound's order. */
static inline FloatStatus arm_fp_status(const CPUARMState *env)
{
    uint32_t fpcr = env->fpcr;
    return (FloatStatus){
        .round = fpcr >> FPCR_RMODE_SHIFT & 3,
        .flush_inputs = fpcr & FPCR_FZ ? FLOAT_FLUSH_FLAG : FLOAT_FLUSH_NO,
        .flush_outputs = fpcr & FPCR_FZ,
        .default_nan = fpcr & FPCR_DN,
    };
}

/* For arithmetic on lanes of 1 << size bytes. */
static inline FloatStatus arm_fp_status_sized(const CPUARMState *env, unsigned size)
{
    FloatStatus s = arm_fp_status(env);
    if (size == 1) {
        s.flush_inputs = env->fpcr & FPCR_FZ16 ? FLOAT_FLUSH_SILENT : FLOAT_FLUSH_NO;
        s.flush_outputs = env->fpcr & FPCR_FZ16;
    }
    return s;
}

static inline void arm_fp_raise(CPUARMState *env, const FloatStatus *s) { env->fpsr |= s->flags; }

/* A comparison's result as fl_fcmp leaves it: carry in borrow polarity. */
uint32_t arm_fp_flags(FloatRelation r);

/* fp_estimate.c: what the manual defines step by step. They raise flags in s. */
uint64_t arm_fp_recip_estimate(const FloatFormat *f, uint64_t a, FloatStatus *s);       /* FRECPE */
uint64_t arm_fp_rsqrt_estimate(const FloatFormat *f, uint64_t a, FloatStatus *s);       /* FRSQRTE */
uint64_t arm_fp_recpx(const FloatFormat *f, uint64_t a, FloatStatus *s);                /* FRECPX */
uint64_t arm_fp_recip_step(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s); /* FRECPS */
uint64_t arm_fp_rsqrt_step(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s); /* FRSQRTS */
uint64_t arm_fp_mulx(const FloatFormat *f, uint64_t a, uint64_t b, FloatStatus *s);     /* FMULX */
uint64_t arm_fp_round_int_n(const FloatFormat *f, uint64_t a, FloatRound round, unsigned bits, FloatStatus *s); /* FRINT32, FRINT64 */
/* FJCVTZS: the result, and whether it is exact (PSTATE.Z). */
uint32_t arm_fp_to_js_int(uint64_t a, bool *exact, FloatStatus *s);

#endif
