/* SPDX-License-Identifier: MIT */
/* Helpers of vector instructions: descriptors, prototypes, and the words that tell a helper what to do. */
#ifndef TARGET_X86_HELPER_VEC_H
#define TARGET_X86_HELPER_VEC_H

#include "accel/ir/helper.h"
#include "target/x86/cpu.h"

#define HELPER IR_HELPER_DECLARE
#include "target/x86/helper_vec.def"
#undef HELPER

void helper_fp_checked(CPUState *cpu, V128 *d, uint32_t word, const V128 *a, const V128 *b, const V128 *c);
uint64_t helper_cvt_checked(CPUState *cpu, uint32_t word, uint64_t a);
uint64_t helper_pcmpstr_index(uint32_t word, uint64_t la, uint64_t lb, const V128 *a, const V128 *b);
void helper_pcmpstr_mask(V128 *d, uint32_t word, uint64_t la, uint64_t lb, const V128 *a, const V128 *b);
void helper_check_aligned(CPUState *cpu, uint32_t seg, uint64_t ea, uint32_t log2_alignment);
void helper_mask_load(CPUState *cpu, V128 *d, uint64_t address, uint32_t word, const V128 *mask);
void helper_mask_probe(CPUState *cpu, uint64_t address, uint32_t word, const V128 *mask);
void helper_mask_store(CPUState *cpu, uint64_t address, uint32_t word, const V128 *mask, const V128 *v);
void helper_gather(CPUState *cpu, uint64_t ea, uint32_t word, uint32_t mo);

/* fp_checked: row, immediate; more: the instruction has another piece after this one, exceptions wait for it. */
#define FP_CHECKED(id, imm, more) ((uint32_t)(id) | (uint32_t)(imm) << 16 | (uint32_t)(more) << 24)
#define FP_CHECKED_ID(w) ((w) & 0xffff)
#define FP_CHECKED_IMM(w) ((w) >> 16 & 0xff)
#define FP_CHECKED_MORE(w) ((w) >> 24 & 1)

/* cvt_checked */
#define CVT_DOUBLE 1u      /* the floating-point side is F64 */
#define CVT_WIDE 2u        /* the integer has 64 bits */
#define CVT_TRUNCATE 4u    /* rounds to zero */
#define CVT_FROM_INTEGER 8u

/* pcmpstr_*: the immediate; explicit lengths */
#define PCMPSTR_EXPLICIT 0x100u

/* mask_*: a lane's memory operation; the segment, when the address is an effective one. */
#define MASK_HAS_SEG (1u << 16)
#define MASK_SEG(seg) (MASK_HAS_SEG | (uint32_t)(seg) << 17)
#define MASK_SEG_OF(w) ((w) >> 17 & 7)
#define MASK_MEMOP(w) ((w) & 0xffff)

/* gather: registers, scale, shape. Data lanes are of 4 or 8 bytes, index lanes too. */
#define GATHER_DST(w) ((w) & 15)
#define GATHER_INDEX(w) ((w) >> 4 & 15)
#define GATHER_MASK(w) ((w) >> 8 & 15)
#define GATHER_SHIFT(w) ((w) >> 12 & 3)
#define GATHER_SEG(w) ((w) >> 14 & 7)
#define GATHER_DATA8 (1u << 17)
#define GATHER_INDEX8 (1u << 18)
#define GATHER_WIDE (1u << 19)      /* VEX.L */
#define GATHER_ADDRESS32 (1u << 20)
#define GATHER_WORD(dst, index, mask, shift, seg) ((uint32_t)(dst) | (uint32_t)(index) << 4 | (uint32_t)(mask) << 8 | (uint32_t)(shift) << 12 | (uint32_t)(seg) << 14)

#endif
