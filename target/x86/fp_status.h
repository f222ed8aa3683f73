/* SPDX-License-Identifier: MIT */
/*
 * MXCSR and the x87 control word as soft float sees them (SDM vol. 1, 8.1.5, 10.2.3).
 *
 * A helper derives a FloatStatus from the control register, computes one operation, and or-s the flags where they belong: SSE's into
 * host_mxcsr, x87's into the status word.
 */
#ifndef TARGET_X86_FP_STATUS_H
#define TARGET_X86_FP_STATUS_H

#include "target/fp/float80.h"
#include "target/x86/cpu.h"

/* Exceptions, in MXCSR's, the status word's and the control word's order. */
#define FPX_I 0x01u
#define FPX_D 0x02u
#define FPX_Z 0x04u
#define FPX_O 0x08u
#define FPX_U 0x10u
#define FPX_P 0x20u
#define FPX_ALL 0x3fu

#define MXCSR_DAZ 0x40u
#define MXCSR_MASKS_SHIFT 7
#define MXCSR_OM 0x400u
#define MXCSR_UM 0x800u
#define MXCSR_RC_SHIFT 13
#define MXCSR_FTZ 0x8000u
#define MXCSR_RESET 0x1f80u

/* The status word's other bits. */
#define FPUS_SF 0x40u
#define FPUS_ES 0x80u
#define FPUS_C0 0x100u
#define FPUS_C1 0x200u
#define FPUS_C2 0x400u
#define FPUS_C3 0x4000u
#define FPUS_CC (FPUS_C0 | FPUS_C1 | FPUS_C2 | FPUS_C3)
#define FPUS_TOP_SHIFT 11
#define FPUS_TOP 0x3800u
#define FPUS_B 0x8000u
#define FPUC_RESET 0x37fu
#define FPUC_VALID 0x1f7fu /* bit 6 is always set, bit 12 (infinity control) is kept and does nothing */

/* RC's encoding, in all three registers and in ROUNDPS's immediate. */
static inline FloatRound x86_round(unsigned rc)
{
    static const uint8_t round[4] = { FLOAT_ROUND_EVEN, FLOAT_ROUND_DOWN, FLOAT_ROUND_UP, FLOAT_ROUND_ZERO };
    return (FloatRound)round[rc & 3];
}

static inline unsigned x86_fp_exceptions(unsigned flags)
{
    return (flags & FLOAT_INVALID ? FPX_I : 0) | (flags & FLOAT_DENORMAL ? FPX_D : 0) | (flags & FLOAT_DIVBYZERO ? FPX_Z : 0) |
           (flags & FLOAT_OVERFLOW ? FPX_O : 0) | (flags & FLOAT_UNDERFLOW ? FPX_U : 0) | (flags & FLOAT_INEXACT ? FPX_P : 0);
}

static inline FloatStatus x86_sse_status(const CPUX86State *env)
{
    uint32_t m = env->mxcsr;
    return (FloatStatus){
        .round = (uint8_t)x86_round(m >> MXCSR_RC_SHIFT),
        .nan_rule = FLOAT_NAN_SSE,
        .flush_inputs = m & MXCSR_DAZ ? FLOAT_FLUSH_SILENT : FLOAT_FLUSH_NO,
        .flush_outputs = (m & MXCSR_FTZ) && (m & MXCSR_UM),
        .tiny_after = true,
        .denormal_flag = true,
        .unmasked = (uint8_t)((m & MXCSR_OM ? 0 : FLOAT_OVERFLOW) | (m & MXCSR_UM ? 0 : FLOAT_UNDERFLOW)),
    };
}
static inline void x86_sse_raise(CPUX86State *env, const FloatStatus *s) { env->host_mxcsr |= x86_fp_exceptions(s->flags); }

static inline FloatStatus x87_status(const CPUX86State *env)
{
    static const uint8_t precision[4] = { 24, 64, 53, 64 };
    uint16_t cw = env->fpuc;
    return (FloatStatus){
        .round = (uint8_t)x86_round(cw >> 10),
        .nan_rule = FLOAT_NAN_X87,
        .tiny_after = true,
        .denormal_flag = true,
        .unmasked = (uint8_t)((cw & FPX_O ? 0 : FLOAT_OVERFLOW) | (cw & FPX_U ? 0 : FLOAT_UNDERFLOW)),
        .precision = precision[cw >> 8 & 3],
    };
}

/* fp_vx.c: TargetFpOps.vx. */
void x86_fp_vx(CPUState *cpu, unsigned id, V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm);

#endif
