/* SPDX-License-Identifier: MIT */
/*
 * Declaring C helpers for generated code.
 *
 * A .def file holds one row a helper:
 *
 *   HELPER(name, flags, ret, nargs, types...)      e.g. HELPER(crc32, IR_CALL_PURE, IR_I32, 3, IR_I32, IR_I64, IR_I32)
 *
 * A header defines HELPER as IR_HELPER_DECLARE and includes it: "extern const IRHelper ir_helper_<name>". The source file with
 * the C functions helper_<name> defines HELPER as IR_HELPER_DEFINE and includes it again: the descriptors.
 */
#ifndef ACCEL_IR_HELPER_H
#define ACCEL_IR_HELPER_H

#include "accel/ir/ir.h"

#define IR_HELPER_DECLARE(hname, ...) extern const IRHelper ir_helper_##hname;
#define IR_HELPER_DEFINE(hname, fl, rtype, n, ...) \
    const IRHelper ir_helper_##hname = { #hname, (void (*)(void))helper_##hname, (fl), (rtype), (n), { __VA_ARGS__ } };

#endif
