/* SPDX-License-Identifier: MIT */
/* Row arguments of the MMX handlers. */
#ifndef TARGET_X86_TRANSLATE_MMX_H
#define TARGET_X86_TRANSLATE_MMX_H

#include "accel/ir/ir.h"

/* An IR operation on lanes of 1 << sz bytes, or a row of vx.def. */
#define MOP(op, sz) (IR_##op | (sz) << 16)
#define MVX(name) (VX_##name | MMX_VX)
#define MMX_VX (1 << 20)
#define MMX_SWAP (1 << 21)  /* operands the other way around */
#define MMX_PAIR (1 << 22)  /* both operands are one vector of 128 bits, of which the operation takes the first as both: packs, horizontal sums */
#define MMX_HIGH (1 << 23)  /* the result is the upper half of the 128-bit operation's */

#endif
