/* SPDX-License-Identifier: MIT */
/* The condition field of A64 as the IR's condition on the flags slot (C1.2.4). */
#ifndef TARGET_ARM_A64_COND_H
#define TARGET_ARM_A64_COND_H

#include "accel/ir/ir.h"

/* cond 0..13; 14 and 15 are "always" and the caller's matter. */
static inline IRCond a64_cond(unsigned cond)
{
    static const uint8_t map[14] = { IR_EQ, IR_NE, IR_GEU, IR_LTU, IR_MI, IR_PL, IR_VS, IR_VC, IR_GTU, IR_LEU, IR_GE, IR_LT, IR_GT, IR_LE };
    return map[cond];
}

#endif
