/* SPDX-License-Identifier: MIT */
/*
 * The host's own x87 unit, where it has one: the transcendental instructions have no exact definition, and give on it what they give
 * on hardware; arithmetic is several times as fast. Elsewhere, and where a test asks, soft float does them, which is the reference.
 *
 * The host's x87 registers are empty between functions, its control word is the ABI's and its exceptions are masked; all stay so.
 */
#ifndef TARGET_X86_X87_HOST_H
#define TARGET_X86_X87_HOST_H

#include "target/x86/x87_internal.h"

extern bool x87_host_off; /* for tests: soft float always */

typedef struct X87HostResult {
    Float80 top, second; /* ST(0) and ST(1) after the instruction */
    uint16_t sw;         /* exceptions and condition codes */
} X87HostResult;

/*
 * Runs op (X87_2XM1 and those after it) on ST(0) = a and ST(1) = b under control word cw, with the exceptions masked that would keep it from a result. An
 * unmasked overflow or underflow gives the adjusted exponent; its trap never comes, for it would be at the next waiting instruction. False: not here.
 */
bool x87_host_run(unsigned op, Float80 a, Float80 b, uint16_t cw, X87HostResult *r);

/*
 * Operations X87_ADD .. X87_DIVR (x87.h) on ST(0) = a and the other operand b, and the square root of a (X87_HOST_SQRT), under the guest's control word. *sw: what it
 * raises and C1; of guest_sw's exceptions any may be among them. False: not here, or an unmasked overflow or underflow is to be looked for.
 */
#define X87_HOST_SQRT 16u
bool x87_host_arith(unsigned op, Float80 a, Float80 b, uint16_t guest_cw, uint16_t guest_sw, Float80 *r, uint16_t *sw);

#endif
