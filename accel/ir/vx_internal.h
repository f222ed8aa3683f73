/* SPDX-License-Identifier: MIT */
/* References of vx.def's pure rows: vx_<name>(d, a, b, c, imm). d may be one of the arguments. */
#ifndef ACCEL_IR_VX_INTERNAL_H
#define ACCEL_IR_VX_INTERNAL_H

#include "accel/ir/ir.h"

typedef void VxEval(V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm);
#define VX(name, ...) VxEval vx_##name;
#include "accel/ir/vx.def"
#undef VX

#endif
