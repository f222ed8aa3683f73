/* SPDX-License-Identifier: MIT */
/* Double extended numbers in unpacked form (float_internal.h). */
#ifndef TARGET_FP_FLOAT80_INTERNAL_H
#define TARGET_FP_FLOAT80_INTERNAL_H

#include "target/fp/float80.h"
#include "target/fp/float_internal.h"

/* a is not unsupported. */
FloatParts float80_unpack(Float80 a, FloatStatus *s);
/* Rounds to precision bits, raises overflow, underflow and inexact. */
Float80 float80_pack(const FloatParts *p, unsigned precision, FloatStatus *s);
static inline Float80 float80_invalid(FloatStatus *s)
{
    parts_invalid(s);
    return FLOAT80_DEFAULT_NAN;
}

#endif
