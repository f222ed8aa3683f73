/* SPDX-License-Identifier: MIT */
/* The table of vx.def, and the references of its pure rows. */
#include <stdlib.h>
#include <string.h>

#include "accel/ir/vx_internal.h"

#define INFO(name, n, flags, host, prefix, map, opcode, meaning) { #name, meaning, n, has_flag(flags, 'F'), has_flag(flags, 'I'), vx_##name },
#define has_flag(flags, c) ((flags)[0] == (c) || ((flags)[0] && (flags)[1] == (c)))
const IRVxInfo ir_vx_info[IR_NB_VX] = {
#define VX INFO
#include "accel/ir/vx.def"
#undef VX
};
