/* SPDX-License-Identifier: MIT */
/* Calling the MMX helpers. */
#ifndef TARGET_X86_HELPER_MMX_H
#define TARGET_X86_HELPER_MMX_H

#include "accel/ir/helper.h"
#include "cpus/cpu.h"

/* Stores the bytes of data whose bytes in mask have the top bit set; mo: of one byte. */
void helper_mmx_maskmov(CPUState *cpu, uint64_t va, uint64_t data, uint64_t mask, uint32_t mo);

#define HELPER IR_HELPER_DECLARE
#include "target/x86/helper_mmx.def"
#undef HELPER

#endif
