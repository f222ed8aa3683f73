/* SPDX-License-Identifier: MIT */
/* The functions behind fp_vx_table.c's rows, and their parameters. */
#ifndef TARGET_X86_FP_VX_H
#define TARGET_X86_FP_VX_H

#include "target/x86/fp_status.h"

#define VX_F64 1u
#define VX_SCALAR 2u
#define VX_OP_SHIFT 2
#define VX_OP(param) ((param) >> VX_OP_SHIFT)
enum { VX_ADD, VX_SUB, VX_MUL, VX_DIV, VX_MIN, VX_MAX };
/* Of x86_vx_fma: the product, or the addend of even or odd lanes, is negated. */
enum { VX_FMA_NEG = 1, VX_FMA_SUB_EVEN = 2, VX_FMA_SUB_ODD = 4 };

typedef void X86VxFp(CPUState *cpu, unsigned param, V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm);
X86VxFp x86_vx_binary, x86_vx_sqrt, x86_vx_pairs, x86_vx_addsub, x86_vx_dot, x86_vx_fma, x86_vx_cmp, x86_vx_round;
X86VxFp x86_vx_to_int, x86_vx_from_int, x86_vx_convert, x86_vx_from_half, x86_vx_to_half;
X86VxFp x86_vx_rcp, x86_vx_rsqrt; /* fp_approx.c */

#endif
