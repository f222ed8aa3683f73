/* SPDX-License-Identifier: MIT */
/*
 * The host's own x87 unit, where it has one: the transcendental instructions have no exact definition, and give on it what they give
 * on hardware. Elsewhere, and where a test asks, soft float does them.
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
 * The host's x87 registers, which are empty between functions, and its control word are left as they were.
 */
bool x87_host_run(unsigned op, Float80 a, Float80 b, uint16_t cw, X87HostResult *r);

#endif
