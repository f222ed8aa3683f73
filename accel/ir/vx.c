/* SPDX-License-Identifier: MIT */
/* The table of vx.def. The references of its pure rows are in the other vx_*.c, those of the floating ones in TargetFpOps.vx. */
#include "accel/ir/vx_internal.h"

#define HAS_FLAG(flags, c) ((flags "...")[0] == (c) || (flags "...")[1] == (c) || (flags "...")[2] == (c))
const IRVxInfo ir_vx_info[IR_NB_VX] = {
#define VX(name, n, flags, host, prefix, map, opcode, meaning) { #name, meaning, n, false, HAS_FLAG(flags, 'I'), vx_##name },
#define VXF(name, n, flags, host, prefix, map, opcode, meaning) { #name, meaning, n, true, HAS_FLAG(flags, 'I'), NULL },
#include "accel/ir/vx.def"
#undef VX
};
