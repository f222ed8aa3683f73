/* SPDX-License-Identifier: MIT */
/*
 * Translating SSE and AVX: operands of vector instructions, and the arguments that rows give to their handlers.
 *
 * One row serves the legacy and the VEX form: operand H is the destination in the one and VEX.vvvv in the other. Values are made
 * piece by piece, 128 bits each; the number of pieces is that of the destination operand. All memory is read before a register is
 * written, since a load may fault. A VEX instruction clears what its destination has above the pieces written; a legacy one keeps it.
 */
#ifndef TARGET_X86_TRANSLATE_VEC_H
#define TARGET_X86_TRANSLATE_VEC_H

#include "target/x86/helper_vec.h"
#include "target/x86/translate.h"

#define VEC_MAX_PIECES 2 /* of 128 bits, up to AVX */

/* An operand or a result, lowest piece first. */
typedef struct Vec { IRRef q[VEC_MAX_PIECES]; } Vec;

/* Row arguments of vec_op: an IR operation on lanes of 1 << sz bytes; VOP_SWAP: operands the other way around. */
#define VOP(op, sz) (IR_##op | (sz) << 16)
#define VOP_SWAP(op, sz) (VOP(op, sz) | 1 << 20)
/* Of vec_vx: a row of vx.def; VXI: piece n uses imm >> (n * shift). */
#define VXI(name, shift) (VX_##name | (shift) << 16)
#define VXN(name) (VX_##name)
/* Of vec_widen: a row of vx.def or an IR operation that reads 1/2^log of a piece. */
#define WIDEN_VX(name, log) (VX_##name | (log) << 16 | 1 << 20)
#define WIDEN_OP(op, sz) (IR_##op | 1 << 16 | (sz) << 21)

/* Of vec_pcmpstr, beside PCMPSTR_EXPLICIT: the result is the mask in XMM0. */
#define PCMPSTR_MASK 0x200
/* Of vec_fma: a row of vx.def and the order of its operands. */
enum { FMA_132, FMA_213, FMA_231 };
#define FMA(name, form) (VX_##name | FMA_##form << 16)
/* Of vec_gather */
#define GATHER(data8, index8) ((data8) | (index8) << 1)

/* Pieces of an operand of so many bytes. */
static inline unsigned vec_pieces(const X86Operand *op) { return op->bytes == 32 ? 2 : 1; }

/* Register n's pieces. */
static inline Vec vec_reg(DisasContext *s, unsigned n, unsigned pieces)
{
    return (Vec){ { read_xmm(s, n), pieces > 1 ? read_ymmh(s, n) : IR_NONE } };
}
static inline IRRef vec_zero(DisasContext *s) { return ir_vconst(s->f, 0); }

/* Memory operation of an access of so many bytes by i: what the row says of alignment included. */
IRMemOp vec_memop(const DisasContext *s, const X86Insn *i, unsigned bytes);
/* Whole vector operand n: a register's pieces or 16 bytes for each from memory. */
Vec vec_load(DisasContext *s, const X86Insn *i, unsigned n, unsigned pieces);
/* Operand n of bytes 2..8 (or a piece), in the low part of a vector. From memory what is above is zero; from a register anything. */
IRRef vec_load_low(DisasContext *s, const X86Insn *i, unsigned n, unsigned bytes);
void vec_store_mem(DisasContext *s, const X86Insn *i, unsigned pieces, Vec v);
/* Writes register n; a VEX instruction clears the rest. */
void vec_write(DisasContext *s, const X86Insn *i, unsigned n, unsigned pieces, Vec v);
static inline void vec_write1(DisasContext *s, const X86Insn *i, unsigned n, IRRef v) { vec_write(s, i, n, 1, (Vec){ { v, IR_NONE } }); }

/* A row of vx.def on one piece; with exceptions unmasked, through the checking helper. more: another piece of the same instruction follows. */
IRRef vec_vx(DisasContext *s, IRVx id, IRRef a, IRRef b, IRRef c, unsigned imm, bool more);
static inline bool fp_slow(const DisasContext *s) { return s->flags & BF_FP_SLOW; }

#endif
