/* SPDX-License-Identifier: MIT */
/* What the decoder and its generated tables share. */
#ifndef TARGET_X86_DECODE_INTERNAL_H
#define TARGET_X86_DECODE_INTERNAL_H

#include "target/x86/decode.h"

/* Dimensions of X86Row.match: first bit of each (tools/x86decodegen.py: DIMS). */
enum {
    X86_MATCH_PFX = 0,   /* none, 66, F3, F2 */
    X86_MATCH_MOD = 4,   /* memory, register */
    X86_MATCH_REG = 6,
    X86_MATCH_RM = 14,
    X86_MATCH_W = 22,
    X86_MATCH_L = 24,
    X86_MATCH_ENC = 26,  /* legacy, VEX */
    X86_MATCH_OSZ = 28,  /* 16, 32, 64 bits */
    X86_MATCH_ASZ = 31,
    X86_MATCH_MODE = 34, /* not 64-bit, 64-bit */
};
#define X86_MATCH_HAS_MODRM (1ull << 36)
#define X86_MATCH_NO_VVVV (1ull << 37)

/* Addressing and size letters of an operand (decode.h). */
typedef enum X86Addressing {
    X86_AM_NONE, X86_AM_A, X86_AM_B, X86_AM_C, X86_AM_D, X86_AM_E, X86_AM_F, X86_AM_STI, X86_AM_G, X86_AM_H, X86_AM_I, X86_AM_J, X86_AM_L, X86_AM_M,
    X86_AM_N, X86_AM_O, X86_AM_P, X86_AM_Q, X86_AM_R, X86_AM_S, X86_AM_U, X86_AM_V, X86_AM_W, X86_AM_X, X86_AM_Y, X86_AM_Z,
    X86_AM_ONE, X86_AM_GPR, X86_AM_SEGNAME, X86_AM_XMM,
} X86Addressing;
typedef enum X86SizeLetter {
    X86_SZ_none, X86_SZ_b, X86_SZ_w, X86_SZ_d, X86_SZ_q, X86_SZ_v, X86_SZ_z, X86_SZ_y, X86_SZ_x, X86_SZ_dq, X86_SZ_qq, X86_SZ_t, X86_SZ_xh, X86_SZ_xq,
    X86_SZ_xe, X86_SZ_db, X86_SZ_dw, X86_SZ_vw, X86_SZ_s,
} X86SizeLetter;
typedef struct X86OperandSpec { uint8_t addressing, size, reg; } X86OperandSpec;

extern const X86OperandSpec x86_operand_specs[];
extern const X86Row x86_rows[];
extern const unsigned x86_nb_rows;
extern const uint16_t x86_row_first[4 * 256 + 1];

#endif
