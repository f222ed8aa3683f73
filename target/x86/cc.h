/* SPDX-License-Identifier: MIT */
/*
 * Lazy flags: CC_OP_x + size (0..3: 1, 2, 4, 8 bytes) says how CF PF AF ZF SF OF follow from cc_dst, cc_src and cc_src2.
 * Values above the operation's size may be anything: whoever computes cuts them.
 */
#ifndef TARGET_X86_CC_H
#define TARGET_X86_CC_H

enum {
    CC_OP_DYNAMIC,     /* translator only: env->cc_op says */
    CC_OP_FL,          /* DST: the flags in the layout IR_FL_* (ir.h), nothing else set */
    CC_OP_ADD = 4,     /* DST: result, SRC: second operand */
    CC_OP_ADC = 8,     /* DST: result, SRC: second operand, SRC2: carry in */
    CC_OP_SUB = 12,    /* DST: result, SRC: second operand (the first was DST + SRC) */
    CC_OP_CMP = 16,    /* DST: first operand, SRC: second (the same flags as SUB, without a result) */
    CC_OP_SBB = 20,    /* DST: result, SRC: second operand, SRC2: carry in */
    CC_OP_LOGIC = 24,  /* DST: result. CF = OF = AF = 0 */
    CC_OP_INC = 28,    /* DST: result, SRC: CF as before (0 or 1) */
    CC_OP_DEC = 32,    /* DST: result, SRC: CF as before (0 or 1) */
    CC_OP_SHL = 36,    /* DST: result, SRC: top bit CF, bit 0 OF. AF = 0 */
    CC_OP_SAR = 40,    /* DST: result, SRC: bit 0 CF, top bit OF. AF = 0 */
    CC_OP_MUL = 44,    /* DST: low half of the result, SRC: 0 when the upper half is its extension. CF = OF = SRC != 0. ZF = AF = 0 */
    CC_OP_BITCNT = 48, /* DST: 0 gives ZF, else no flag at all (POPCNT) */
    CC_OP_BLSR = 52,   /* DST: result, SRC: CF (0 or 1). OF = AF = PF = 0: BLSR, BLSI, BLSMSK; BZHI; ANDN's kin */
    CC_OP_NB = 56
};

/*
 * INC and DEC keep CF. Where it is not known (an earlier block left the flags) cc_op keeps saying where CF comes from, and these bits above it say that all
 * other flags are those of an INC or DEC whose result is in cc_inc.
 */
#define CC_BASE 0x3fu
#define CC_INC_OVER 0x40u
#define CC_INC_DEC 0x80u           /* with CC_INC_OVER: DEC */
#define CC_INC_SIZE_SHIFT 8        /* 2 bits */

#endif
