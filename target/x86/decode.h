/* SPDX-License-Identifier: MIT */
/*
 * Decoding x86: rows of the opcode maps, and a decoded instruction.
 *
 * The rows are data, in target/x86/rows/ *.rows; tools/x86decodegen.py makes x86_rows.c (the table), x86_handlers.h (prototypes of the
 * handlers that the rows name) and x86_instructions.md (the reference page). A row is one line of five fields:
 *
 *   MAP OPCODE [constraint...] : MNEMONIC [operands] : feature : attributes : handler[(arg)]
 *
 *   0f  58  np            : ADDPS   Vx,Hx,Wx    : SSE/AVX         : sse          : vec_fp(VFP_ADD_PS)
 *   0f  fe  66            : PADDD   Vx,Hx,Wx    : SSE2/AVX/AVX2   : sse          : vec_int3(...)
 *   1   00                : ADD     Eb,Gb       : -               : lock         : alu(ALU_ADD)
 *   1   c1  /4            : SHL     Ev,Ib       : -               :              : shift(SHIFT_SHL)
 *   1   50+r              : PUSH    Zv          : -               : d64          : push
 *   0f  01  mod3 rm1 /0   : VMCALL              : NEVER           :              : ud
 *
 * A line "include PATH" names a header that the rows' arguments need. "#" begins a comment.
 *
 * MAP: 1 (one byte), 0f, 0f38, 0f3a. OPCODE: two hex digits; "+r": eight opcodes, the register in the low bits; "a..b": a range.
 * Constraints: np 66 f3 f2 (the mandatory prefix; several: any of them; a row without one takes any. 66 is seen as operand size, F3/F2 as REP, whatever the row says of them),
 *   /n (ModRM.reg), mod3 or mem, rmN, w0 w1 (VEX.W or REX.W), l0 l1 (VEX.L; legacy forms are l0), o16 o32 o64 (operand size), a16 a32 a64 (address size), m64 (64-bit mode only),
 *   m32 (not in 64-bit mode), vex (only VEX), novex (only legacy). Whether VEX applies at all is told by the feature field.
 * Operands: SDM vol. 2 appendix A's letters: addressing
 *     A far pointer   B VEX.vvvv, integer   C control register   D debug register   E ModRM.rm, register or memory   F ST(0)   f ST(ModRM.rm)   G ModRM.reg
 *     H VEX.vvvv, vector; in a legacy instruction the first operand once more: one row serves ADDPS and VADDPS, and its handler sees three operands
 *     I immediate   J branch displacement   L vector in imm8[7:4]   M ModRM.rm, memory only   N ModRM.rm, MMX only   O moffs   P ModRM.reg, MMX   Q ModRM.rm, MMX or memory
 *     R ModRM.rm, register only   S segment register   U ModRM.rm, vector only   V ModRM.reg, vector   W ModRM.rm, vector or memory   X DS:rSI   Y ES:rDI   Z register in the opcode's low bits
 *   (M N U R f constrain mod by themselves), and size
 *     b w d q (1 2 4 8 bytes)   v (operand size)   z (operand size, 4 for 8)   y (8 for operand size 8, else 4)   dq (16)   qq (32)   x (16, VEX.256: 32)   xh xq xe (half, a quarter, an eighth of x)
 *     t (10)   ss sd (d q)   ps pd (x)   db dw vw (register of the first size, memory of the second: SLDT Evw)   p s a or none (0: the handler knows)
 *   I: Ib Iw Id unsigned; Iv of 8 bytes whole; Is a byte and Iz, sign-extended to the operand size, which is then the operand's bytes.
 *   "1" and register names (AL CL AX DX rAX rCX: operand size, eAX: z, ES, XMM0) as they stand.
 * feature: one of features.def, or "-"; "!X": only where X is missing (BSF where F3 would make it TZCNT); "SSE2/AVX" and "SSE2/AVX/AVX2": the legacy form's, VEX.128's and VEX.256's;
 *   "-" in the first place of several: no legacy form; VEX.256's left out: AVX for both (l0: there is none).
 * attributes: lock (LOCK is allowed with a memory destination), d64 (operand size 64 by default in 64-bit mode), f64 (and no other),
 *   priv (CPL 0, else #GP(0)), sse (SSE or AVX state is needed: #UD, #NM), mmx, fpu (x87), align (the memory operand must be aligned to its size, else #GP(0), the VEX form's too),
 *   unal (sse rows with x or dq memory operands are aligned in their legacy form unless it says so), rep (F3/F2 repeat it), io, end (ends the block), vsib (the memory operand's index is a vector),
 *   novvvv (VEX.vvvv must be 1111b: rows without H or B get it), serial (a serialising instruction: stores before it are seen before what follows is run).
 * handler: trans_<handler>(DisasContext *s, const X86Insn *i) is called; arg, a C constant expression, is in i->row->arg.
 *
 * Rows of one opcode must not overlap: the generator proves it. A missing row is #UD.
 *
 * EVEX (62 in 64-bit mode, or where ModRM.mod would be 3) is no instruction yet.
 */
#ifndef TARGET_X86_DECODE_H
#define TARGET_X86_DECODE_H

#include <stdbool.h>
#include <stdint.h>

struct DisasContext;
struct X86Insn;

typedef enum X86OperandKind {
    OPK_NONE,
    OPK_REG,   /* general register reg */
    OPK_REG8H, /* AH CH DH BH: bits 15:8 of register reg (0..3) */
    OPK_MEM,   /* X86Insn.mem */
    OPK_IMM,   /* imm, sign-extended as the row says */
    OPK_SEG, OPK_CR, OPK_DR,
    OPK_VEC,   /* xmm or ymm reg */
    OPK_MMX, OPK_ST,
    OPK_REL,   /* imm: displacement of a branch */
    OPK_FAR,   /* imm: offset, reg: selector */
    OPK_STR_X, OPK_STR_Y, /* DS:rSI (or its override), ES:rDI */
    OPK_MOFFS, /* imm: address; segment in mem.seg */
} X86OperandKind;

typedef struct X86Operand {
    uint8_t kind;
    uint8_t bytes;     /* 1, 2, 4, 8, 10, 16, 32; 0: the row does not say (M) */
    uint16_t reg;
    uint64_t imm;
} X86Operand;

#define X86_NO_REG (-1)
/* A memory operand (SDM vol. 1, 3.7.5). The effective address is cut to asz; RIP-relative ones have base X86_BASE_RIP and disp relative to the next instruction. */
#define X86_BASE_RIP 16
typedef struct X86Mem {
    int8_t base, index;  /* 0..15, X86_NO_REG, X86_BASE_RIP; vsib: index is a vector's number */
    uint8_t shift;       /* index << shift; 3 bits */
    uint8_t seg;         /* X86_SEG_*: the override or the default (SS for bases rSP and rBP) */
    int64_t disp;
} X86Mem;

enum { X86_ATTR_LOCK = 1, X86_ATTR_PRIV = 2, X86_ATTR_SSE = 4, X86_ATTR_MMX = 8, X86_ATTR_FPU = 16, X86_ATTR_ALIGN = 32, X86_ATTR_REP = 64,
       X86_ATTR_D64 = 128, X86_ATTR_F64 = 256, X86_ATTR_END = 512, X86_ATTR_IO = 1024,
       X86_ATTR_ALIGN_VEX = 2048, X86_ATTR_VSIB = 4096, X86_ATTR_SERIAL = 8192 };

#define X86_MAX_OPERANDS 5
#define X86_FEATURE_ABSENT 0x8000u
typedef struct X86Row {
    const char *mnemonic;
    void (*trans)(struct DisasContext *s, const struct X86Insn *i);
    int32_t arg;
    uint32_t attr;              /* X86_ATTR_* */
    uint16_t feature[3];        /* X86Feature: legacy, VEX.128, VEX.256; or-ed with X86_FEATURE_ABSENT: it must be missing */
    uint64_t match;             /* constraints, as the generator packs them (decode.c) */
    uint8_t operand[X86_MAX_OPERANDS]; /* operand codes, as the generator numbers them */
} X86Row;

typedef struct X86Insn {
    const X86Row *row;
    uint8_t length;             /* bytes */
    uint8_t opcode;
    uint8_t n_operands;
    uint8_t osz;                /* operand size, log2 bytes: 1, 2, 3 */
    uint8_t asz;                /* address size, log2 bytes: 1, 2, 3 */
    bool lock, rep, repne;      /* F0; F3, F2 (the last one wins), mandatory prefixes or not */
    bool data16;                /* a 66 prefix was there, mandatory or not */
    bool has_seg;               /* a segment override counts */
    uint8_t rex;                /* 0, or 0x40 | WRXB */
    bool vex;                   /* VEX-encoded */
    uint8_t vex_l;              /* 0: 128 bits, 1: 256 */
    uint8_t vvvv;               /* register number */
    bool w;                     /* REX.W or VEX.W */
    uint8_t modrm, mod, reg, rm;/* reg and rm with REX bits; mod 3: rm is a register */
    X86Mem mem;                 /* when mod != 3 */
    X86Operand op[X86_MAX_OPERANDS];
} X86Insn;

typedef enum X86DecodeResult {
    X86_DECODED,
    X86_DECODE_UD,              /* no such instruction: #UD. length is what was read */
    X86_DECODE_TOO_LONG,        /* more than 15 bytes: #GP(0) */
    X86_DECODE_NEXT_PAGE,       /* it reaches a page that must not be fetched now: end the block before it */
} X86DecodeResult;

/* Where bytes come from. fetch returns false to stop with X86_DECODE_NEXT_PAGE. */
typedef struct X86Fetch { bool (*byte)(void *opaque, unsigned offset, uint8_t *out); void *opaque; } X86Fetch;
/* mode: log2 bytes of the default operand size, 1 (16-bit code), 2, 3 (64-bit mode). has: whether a feature is there. */
X86DecodeResult x86_decode(const X86Fetch *fetch, unsigned mode, bool (*has)(const void *opaque, unsigned feature), const void *has_opaque, X86Insn *out);

#endif
