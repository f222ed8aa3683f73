/* SPDX-License-Identifier: MIT */
/* The descriptors by which generated code calls the integer AdvSIMD helpers. */
#include "target/arm/helper_simd.h"

#define PURE1(name) IR_HELPER_DEFINE(name, IR_CALL_PURE, IR_V128, 2, IR_V128, IR_I32)
#define PURE2(name) IR_HELPER_DEFINE(name, IR_CALL_PURE, IR_V128, 3, IR_V128, IR_V128, IR_I32)
#define PURE3(name) IR_HELPER_DEFINE(name, IR_CALL_PURE, IR_V128, 4, IR_V128, IR_V128, IR_V128, IR_I32)
#define SAT1(name) IR_HELPER_DEFINE(name, IR_CALL_ENV, IR_V128, 2, IR_V128, IR_I32)
#define SAT2(name) IR_HELPER_DEFINE(name, IR_CALL_ENV, IR_V128, 3, IR_V128, IR_V128, IR_I32)
#define SAT3(name) IR_HELPER_DEFINE(name, IR_CALL_ENV, IR_V128, 4, IR_V128, IR_V128, IR_V128, IR_I32)
#include "target/arm/helper_simd.def"
