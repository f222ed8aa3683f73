/* SPDX-License-Identifier: MIT */
/*
 * x87's transcendental functions in software: computed with 128 bits and rounded once, so within half a unit in the last place and a little.
 *
 * Arguments of the trigonometric ones are reduced by a pi of 66 bits, as the hardware does (SDM vol. 1, 8.3.8). Domain errors are invalid; where
 * the manual leaves results undefined, the function goes on as mathematics has it. The precision control does not apply.
 */
#ifndef TARGET_FP_FLOAT80_TRANS_H
#define TARGET_FP_FLOAT80_TRANS_H

#include "target/fp/float80.h"

/* |a| is 2^63 or more, and a number: the trigonometric functions leave it. */
static inline bool float80_trig_too_big(Float80 a) { return float80_exp(a) >= FLOAT80_BIAS + 63 && float80_exp(a) < FLOAT80_MAX_EXP && a.frac >> 63; }
Float80 float80_sin(Float80 a, FloatStatus *s);
Float80 float80_cos(Float80 a, FloatStatus *s);
Float80 float80_tan(Float80 a, FloatStatus *s);
Float80 float80_atan2(Float80 y, Float80 x, FloatStatus *s);
Float80 float80_exp2m1(Float80 a, FloatStatus *s);             /* 2^a - 1 */
Float80 float80_ylog2(Float80 y, Float80 x, FloatStatus *s);   /* y * log2(x) */
Float80 float80_ylog2p1(Float80 y, Float80 x, FloatStatus *s); /* y * log2(x + 1) */

#endif
