/* SPDX-License-Identifier: MIT */
/* Calling the x87 helpers. */
#ifndef TARGET_X86_HELPER_X87_H
#define TARGET_X86_HELPER_X87_H

#include "accel/ir/helper.h"
#include "cpus/cpu.h"
#include "target/x86/x87.h"

void helper_x87_arith(CPUState *cpu, uint32_t desc);
void helper_x87_arith_mem(CPUState *cpu, uint64_t value, uint32_t desc);
uint32_t helper_x87_comi(CPUState *cpu, uint32_t desc);
void helper_x87_unary(CPUState *cpu, uint32_t op);
void helper_x87_load(CPUState *cpu, uint64_t value, uint32_t kind);
void helper_x87_load80(CPUState *cpu, uint64_t frac, uint32_t se, uint32_t kind);
void helper_x87_load_st(CPUState *cpu, uint32_t i);
void helper_x87_constant(CPUState *cpu, uint32_t n);
void helper_x87_store(CPUState *cpu, uint64_t va, uint32_t desc, uint32_t mo);
void helper_x87_store_st(CPUState *cpu, uint32_t desc);
void helper_x87_exchange(CPUState *cpu, uint32_t i);
void helper_x87_cmov(CPUState *cpu, uint32_t condition, uint32_t i);
void helper_x87_stack(CPUState *cpu, uint32_t desc);
void helper_x87_control(CPUState *cpu, uint32_t op);
void helper_x87_wait(CPUState *cpu);
void helper_x87_ldcw(CPUState *cpu, uint32_t value);
uint32_t helper_x87_stsw(CPUState *cpu);
void helper_x87_env(CPUState *cpu, uint64_t va, uint32_t desc, uint32_t mo);

#define HELPER IR_HELPER_DECLARE
#include "target/x86/helper_x87.def"
#undef HELPER

#endif
