/* SPDX-License-Identifier: MIT */
/* The ciphers of pointer authentication, for tests; the instructions' functions are in cpu.h. */
#ifndef TARGET_ARM_PAUTH_H
#define TARGET_ARM_PAUTH_H

#include "target/arm/cpu.h"

uint64_t arm_pac_qarma5(uint64_t data, uint64_t modifier, uint64_t key_hi, uint64_t key_lo);
uint64_t arm_pac_impdef(uint64_t data, uint64_t modifier, uint64_t key_hi, uint64_t key_lo);

#endif
