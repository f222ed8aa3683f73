/* SPDX-License-Identifier: MIT */
/*
 * x87 instructions: the arguments of rows and helpers.
 *
 * A helper gets one descriptor, a constant of the block: operation or kind of operand, the number i of ST(i), and flags.
 */
#ifndef TARGET_X86_X87_H
#define TARGET_X86_X87_H

/* ModRM.reg's order in D8 and DC. The operands are ST(0) and the other, in this order; R: in reverse. */
enum { X87_ADD, X87_MUL, X87_COM, X87_COMP, X87_SUB, X87_SUBR, X87_DIV, X87_DIVR, X87_UCOM, X87_UCOMP };
/* Operands in memory. */
enum { X87_F32 = 0x10, X87_F64 = 0x20, X87_F80 = 0x30, X87_I16 = 0x40, X87_I32 = 0x50, X87_I64 = 0x60, X87_BCD = 0x70 };
/* On ST(0), and ST(1) where they have two operands. */
enum { X87_CHS, X87_ABS, X87_TST, X87_XAM, X87_XTRACT, X87_PREM, X87_PREM1, X87_SQRT, X87_RNDINT, X87_SCALE,
       X87_2XM1, X87_YL2X, X87_YL2XP1, X87_PTAN, X87_PATAN, X87_SIN, X87_COS, X87_SINCOS };
enum { X87_NOP, X87_INCSTP, X87_DECSTP, X87_FREE, X87_MOVE }; /* MOVE: to ST(i), nothing when empty */
enum { X87_INIT, X87_CLEX };
enum { X87_LDENV, X87_STENV, X87_RSTOR, X87_SAVE };

/* Bytes of an operand. */
static inline unsigned x87_kind_bytes(unsigned kind)
{
    switch (kind) {
    case X87_I16: return 2;
    case X87_F32:
    case X87_I32: return 4;
    case X87_F64:
    case X87_I64: return 8;
    default: return 10;
    }
}

#define X87_OP(desc) ((desc) & 0xfu)
#define X87_KIND(desc) ((desc) & 0x70u)
#define X87_TO_STI 0x100u /* the result goes to ST(i) */
#define X87_POP 0x200u    /* pops, after what the operation itself pops */
#define X87_TRUNC 0x400u  /* FISTTP */
#define X87_OFFSET 0x800u /* x87_store: the address is an offset in a segment, to be checked when something is stored */
#define X87_SEG_SHIFT 16
#define X87_SEG(desc) ((desc) >> X87_SEG_SHIFT & 7u)
#define X87_STI_SHIFT 12
#define X87_STI(desc) ((desc) >> X87_STI_SHIFT & 7u)
/* x87_env: how the environment is laid out. */
#define X87_ENV16 0x100u  /* 14 bytes, else 28 */
#define X87_ENV_REAL 0x200u /* linear addresses, as in real-address and virtual-8086 mode */

#endif
