/* SPDX-License-Identifier: MIT */
/* What the translators of loads and stores share. */
#ifndef TARGET_ARM_LDST_H
#define TARGET_ARM_LDST_H

#include "target/arm/translate.h"

/* A SIMD&FP register's low 1 << size bytes (size 0..4) from and to addr + offset. What load_v gives is to be put in the slot. */
IRRef load_v(DisasContext *s, IRRef addr, int64_t offset, unsigned size, IRMemOp mo);
void store_v(DisasContext *s, IRRef addr, int64_t offset, unsigned rt, unsigned size, IRMemOp mo);

#endif
