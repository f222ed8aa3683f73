/* SPDX-License-Identifier: MIT */
/* Packed decimal operands of FBLD and FBSTP: 18 digits in frac and se's low byte, the sign in se's top bit (SDM vol. 1, 4.7). */
#ifndef TARGET_X86_X87_BCD_H
#define TARGET_X86_X87_BCD_H

#include "target/fp/float80.h"

/* Digits above 9 count with their value. */
Float80 x87_from_bcd(uint64_t frac, uint16_t se);
/* Rounded to an integer; the packed decimal indefinite with FLOAT_INVALID when it has more than 18 digits. */
uint64_t x87_to_bcd(Float80 v, uint16_t *se, FloatStatus *s);

#endif
