/* SPDX-License-Identifier: MIT */
/* The transcendental x87 instructions. */
#ifndef TARGET_X86_X87_TRANS_H
#define TARGET_X86_X87_TRANS_H

#include "target/x86/x87_internal.h"

/* op: X87_2XM1 and those after it; operands are there. */
void x87_transcendental(CPUX86State *env, unsigned op, FloatStatus *s);

#endif
