/* SPDX-License-Identifier: MIT */
/* Helpers of system instructions, for the translator. Offsets next_eip are those of the following instruction in CS; sizes are in bytes. */
#ifndef TARGET_X86_HELPER_SYS_H
#define TARGET_X86_HELPER_SYS_H

#include "accel/ir/helper.h"
#include "target/x86/cpu.h"

void helper_x86_load_seg(CPUState *cs, uint32_t seg, uint32_t selector);
void helper_x86_far_jump(CPUState *cs, uint32_t selector, uint64_t offset, uint32_t size, uint64_t next_eip);
void helper_x86_far_call(CPUState *cs, uint32_t selector, uint64_t offset, uint32_t size, uint64_t next_eip);
void helper_x86_far_return(CPUState *cs, uint32_t size, uint32_t pop_bytes);
void helper_x86_iret(CPUState *cs, uint32_t size, uint64_t next_eip);
void helper_x86_int(CPUState *cs, uint32_t vector, uint64_t next_eip);
void helper_x86_int3(CPUState *cs, uint64_t next_eip);
void helper_x86_into(CPUState *cs, uint64_t next_eip);
void helper_x86_int1(CPUState *cs, uint64_t next_eip);
void helper_x86_hlt(CPUState *cs, uint64_t next_pc);
uint32_t helper_x86_arpl(CPUState *cs, uint32_t seg, uint64_t offset, uint32_t src); /* of memory; 1: RPL was raised */
void helper_x86_cli(CPUState *cs);
void helper_x86_sti(CPUState *cs);
void helper_x86_lldt(CPUState *cs, uint32_t selector);
void helper_x86_ltr(CPUState *cs, uint32_t selector);
void helper_x86_load_table(CPUState *cs, uint32_t idt, uint64_t base, uint32_t limit);
void helper_x86_check_umip(CPUState *cs);
/* Bit 63: the descriptor may be looked at; the value in the low half. */
#define X86_LAR_OK (1ull << 63)
uint64_t helper_x86_lar(CPUState *cs, uint32_t selector);
uint64_t helper_x86_lsl(CPUState *cs, uint32_t selector);
uint32_t helper_x86_verify(CPUState *cs, uint32_t selector, uint32_t write);
uint64_t helper_x86_read_cr8(CPUState *cs);
void helper_x86_write_cr(CPUState *cs, uint32_t n, uint64_t value);
uint64_t helper_x86_read_dr(CPUState *cs, uint32_t n);
void helper_x86_write_dr(CPUState *cs, uint32_t n, uint64_t value);
void helper_x86_lmsw(CPUState *cs, uint32_t value);
void helper_x86_clts(CPUState *cs);
void helper_x86_invlpg(CPUState *cs, uint64_t va);
void helper_x86_invpcid(CPUState *cs, uint64_t type, uint64_t pcid, uint64_t va);
void helper_x86_rdmsr(CPUState *cs);
void helper_x86_wrmsr(CPUState *cs);
void helper_x86_xgetbv(CPUState *cs);
void helper_x86_xsetbv(CPUState *cs);
void helper_x86_check_fsgsbase(CPUState *cs);
void helper_x86_check_base(CPUState *cs, uint64_t base);
void helper_x86_syscall(CPUState *cs, uint64_t next_eip);
void helper_x86_sysret(CPUState *cs, uint32_t size);
void helper_x86_sysenter(CPUState *cs);
void helper_x86_sysexit(CPUState *cs, uint32_t size);
void helper_x86_rsm(CPUState *cs);

#define HELPER IR_HELPER_DECLARE
#include "target/x86/helper_sys.def"
#undef HELPER

#endif
