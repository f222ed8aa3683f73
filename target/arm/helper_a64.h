/* SPDX-License-Identifier: MIT */
/* Helpers that translation of base instructions calls. */
#ifndef TARGET_ARM_HELPER_A64_H
#define TARGET_ARM_HELPER_A64_H

#include "accel/ir/helper.h"
#include "target/arm/cpu.h"

#define HELPER IR_HELPER_DECLARE
#include "target/arm/helper_a64.def"
#include "target/arm/helper_sys.def"
#undef HELPER

/* helper_except.c */
void helper_sync_exception(CPUState *cs, uint32_t syndrome, uint64_t pc);
void helper_exception_far(CPUState *cs, uint32_t syndrome, uint64_t pc, uint64_t far);
void helper_step_exception(CPUState *cs, uint64_t pc);
void helper_breakpoint_check(CPUState *cs, uint64_t pc);
void helper_hvc(CPUState *cs, uint32_t imm, uint64_t pc);
void helper_eret(CPUState *cs, uint64_t elr);
void helper_check_sp(CPUState *cs, uint64_t sp);
void helper_daif_write(CPUState *cs, uint32_t pstate);
void helper_spsel(CPUState *cs, uint32_t value);
/* helper_a64.c. row: const ARMSysReg * */
uint64_t helper_mrs(CPUState *cs, uint64_t row, uint32_t syndrome);
uint64_t helper_mrs_flags(CPUState *cs, uint64_t row, uint32_t syndrome);
void helper_msr(CPUState *cs, uint64_t row, uint64_t value, uint32_t syndrome);
void helper_dc_zva(CPUState *cs, uint64_t va, uint32_t mo);
uint64_t helper_pac_add(CPUState *cs, uint64_t ptr, uint64_t modifier, uint32_t key);
uint64_t helper_pac_auth(CPUState *cs, uint64_t ptr, uint64_t modifier, uint32_t key, uint32_t combined);
uint64_t helper_pac_strip(CPUState *cs, uint64_t ptr, uint32_t data);
uint64_t helper_pac_generic(CPUState *cs, uint64_t x, uint64_t y);
/* helper_exclusive.c; the stores: Ws */
uint64_t helper_ld_exclusive(CPUState *cs, uint64_t va, uint32_t mo);
void helper_ld_exclusive16(CPUState *cs, V128 *v, uint64_t va, uint32_t mo);
uint32_t helper_st_exclusive(CPUState *cs, uint64_t va, uint64_t value, uint32_t mo);
uint32_t helper_st_exclusive16(CPUState *cs, uint64_t va, const V128 *value, uint32_t mo);
/* helper_a64.c */
uint32_t helper_crc32(uint32_t crc, uint64_t data, uint32_t bytes);
uint32_t helper_crc32c(uint32_t crc, uint64_t data, uint32_t bytes);

#endif
