/* SPDX-License-Identifier: MIT */
/* The descriptors of x87's helpers. */
#include "target/x86/helper_x87.h"

#define HELPER IR_HELPER_DEFINE
#include "target/x86/helper_x87.def"
#undef HELPER
