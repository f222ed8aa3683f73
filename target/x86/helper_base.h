/* SPDX-License-Identifier: MIT */
/* Helpers that the translation frame and the core instructions call. */
#ifndef TARGET_X86_HELPER_BASE_H
#define TARGET_X86_HELPER_BASE_H

#include "accel/ir/helper.h"
#include "target/x86/cpu.h"

#define HELPER IR_HELPER_DECLARE
#include "target/x86/helper_base.def"
#undef HELPER

#define SEG_LINEAR_WRITE 0x10000u

/* Raise, at the instruction that calls. */
void helper_exception(CPUState *cs, uint32_t vector);
void helper_exception_error(CPUState *cs, uint32_t vector, uint32_t error);
/* The instruction has been done, env->pc is right: #DB of EFLAGS.TF. */
void helper_single_step(CPUState *cs);
void helper_breakpoint(CPUState *cs, uint64_t pc);
/* #GP(0) when eip lies beyond CS's limit, or is not canonical. */
void helper_check_limit(CPUState *cs, uint64_t eip);
void helper_check_canonical(CPUState *cs, uint64_t eip);
/* x86_seg_linear; access: bytes, SEG_LINEAR_WRITE. */
uint64_t helper_seg_linear(CPUState *cs, uint32_t seg, uint64_t offset, uint32_t access);
uint32_t helper_flags_of(uint32_t cc_op, uint64_t dst, uint64_t src, uint64_t src2, uint64_t inc);
/* The old value. */
uint64_t helper_lock_neg(CPUState *cs, uint64_t va, uint32_t mo);
/* The image that PUSHF pushes in virtual-8086 mode with IOPL < 3; #GP(0) where VME does not let it. */
uint32_t helper_pushf(CPUState *cs, uint32_t bytes);
void helper_popf(CPUState *cs, uint32_t image, uint32_t bytes);

#endif
