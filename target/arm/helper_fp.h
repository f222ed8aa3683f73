/* SPDX-License-Identifier: MIT */
/*
 * Calling the floating-point helpers.
 *
 * A helper has the shape of its operands (s: scalars as bits in an I64, v: vectors; 1 to 3 of them); which operation, on which
 * lanes, is in a descriptor, a constant of the translated block. A vector's lanes beyond the descriptor's number are not read
 * and become 0: they raise no flags.
 */
#ifndef TARGET_ARM_HELPER_FP_H
#define TARGET_ARM_HELPER_FP_H

#include "accel/ir/helper.h"

/* One operand. param: FPP(). */
typedef enum FpOp1 {
    FP1_SQRT, FP1_RECPE, FP1_RSQRTE, FP1_RECPX,
    FP1_CMEQ0, FP1_CMGE0, FP1_CMGT0, FP1_CMLE0, FP1_CMLT0,
    FP1_ROUND,              /* round, flag: raise inexact */
    FP1_ROUND32, FP1_ROUND64, /* round */
    FP1_TO_I16, FP1_TO_I32, FP1_TO_I64, /* round, flag: signed, fbits */
    FP1_FROM_LANE,          /* flag: signed, fbits: of an integer as wide as the lane */
    FP1_FROM_I64,           /* the same of 64 bits */
    FP1_FROM_H, FP1_FROM_S, FP1_FROM_D, /* precision converted to that of the lane */
    FP1_TO_BF16,
    FP1_NB
} FpOp1;

typedef enum FpOp2 {
    FP2_ADD, FP2_SUB, FP2_MUL, FP2_DIV, FP2_NMUL, FP2_MULX, FP2_MAX, FP2_MIN, FP2_MAXNM, FP2_MINNM,
    FP2_ABD, FP2_RECPS, FP2_RSQRTS, FP2_CMEQ, FP2_CMGE, FP2_CMGT, FP2_ACGE, FP2_ACGT,
    FP2_NB
} FpOp2;

/* a, b, c: c + a * b and its negations, as FMADD FMSUB FNMADD FNMSUB name them. BFDOT: c + the dot product of a's and b's pairs. */
typedef enum FpOp3 { FP3_MADD, FP3_MSUB, FP3_NMADD, FP3_NMSUB, FP3_BFDOT, FP3_NB } FpOp3;

/* Descriptor: operation, log2 of the lane's bytes, number of lanes, parameter. */
#define FPD(op, size, lanes, param) ((uint32_t)(op) | (uint32_t)(size) << 8 | (uint32_t)(lanes) << 12 | (uint32_t)(param) << 20)
#define FPD_OP(d) ((d) & 255u)
#define FPD_SIZE(d) ((d) >> 8 & 3u)
#define FPD_LANES(d) ((d) >> 12 & 31u)
#define FPD_PARAM(d) ((d) >> 20)
#define FPP(round, flag, fbits) ((unsigned)(round) | (unsigned)(flag) << 3 | (unsigned)(fbits) << 4)

/* fp_cmp: log2 of bytes, FCMPE. */
#define FP_CMP_SIGNALLING 0x100u
/* fp_widen: size is the source's, param its first lane. fp_narrow: size is the result's; param: how. */
enum { FP_NARROW, FP_NARROW_ODD, FP_NARROW_BF16 };
/* fp_mlal: lanes of the result; param: these or-ed. */
#define FP_MLAL_HIGH_N 1u /* Rn's lanes from the upper half of the operand */
#define FP_MLAL_HIGH_M 2u
#define FP_MLAL_SUB 4u

#define HELPER IR_HELPER_DECLARE
#include "target/arm/helper_fp.def"
#undef HELPER

#endif
