/* SPDX-License-Identifier: MIT */
/* Helpers that save and load processor state, see helper_state.def. */
#ifndef TARGET_X86_HELPER_STATE_H
#define TARGET_X86_HELPER_STATE_H

#include "accel/ir/helper.h"
#include "target/x86/cpu.h"

#define HELPER IR_HELPER_DECLARE
#include "target/x86/helper_state.def"
#undef HELPER

void helper_fxsave(CPUState *cpu, uint64_t va, uint32_t wide);
void helper_fxrstor(CPUState *cpu, uint64_t va, uint32_t wide);
void helper_xsave(CPUState *cpu, uint64_t va, uint32_t wide);
void helper_xsaveopt(CPUState *cpu, uint64_t va, uint32_t wide);
void helper_xsavec(CPUState *cpu, uint64_t va, uint32_t wide);
void helper_xsaves(CPUState *cpu, uint64_t va, uint32_t wide);
void helper_xrstor(CPUState *cpu, uint64_t va, uint32_t wide);
void helper_xrstors(CPUState *cpu, uint64_t va, uint32_t wide);
void helper_ldmxcsr(CPUState *cpu, uint32_t value);
uint32_t helper_stmxcsr(CPUState *cpu);
void helper_rdpkru(CPUState *cpu);
void helper_wrpkru(CPUState *cpu);

#endif
