/* SPDX-License-Identifier: MIT */
/* Helpers of integer, string and I/O instructions. */
#ifndef TARGET_X86_HELPER_INT_H
#define TARGET_X86_HELPER_INT_H

#include "accel/ir/helper.h"
#include "target/x86/cpu.h"

#define HELPER IR_HELPER_DECLARE
#include "target/x86/helper_int.def"
#undef HELPER

/* helper_int.c. desc: bytes, and 0x100 for left or signed. fl: IR_FL_*. */
uint64_t helper_rotate_carry(uint64_t a, uint32_t count, uint32_t fl, uint32_t desc);
uint32_t helper_rotate_carry_fl(uint64_t a, uint32_t count, uint32_t fl, uint32_t desc);
uint32_t helper_x86_crc32(uint32_t crc, uint64_t data, uint32_t bytes);
uint64_t helper_pdep(uint64_t a, uint64_t mask);
uint64_t helper_pext(uint64_t a, uint64_t mask);
uint32_t helper_daa(uint32_t ax, uint32_t fl); /* AX | flags << 16 */
uint32_t helper_das(uint32_t ax, uint32_t fl);
uint32_t helper_aaa(uint32_t ax, uint32_t fl);
uint32_t helper_aas(uint32_t ax, uint32_t fl);
void helper_divide(CPUState *cs, uint64_t divisor, uint32_t desc);
void helper_bound(CPUState *cs, uint32_t outside);
/* helper_string.c, helper_io.c. desc: STR_* (helper_string.h); 1 when elements are left */
uint32_t helper_rep_movs(CPUState *cs, uint32_t desc);
uint32_t helper_rep_stos(CPUState *cs, uint32_t desc);
uint32_t helper_rep_lods(CPUState *cs, uint32_t desc);
uint32_t helper_rep_cmps(CPUState *cs, uint32_t desc);
uint32_t helper_rep_scas(CPUState *cs, uint32_t desc);
uint32_t helper_rep_ins(CPUState *cs, uint32_t desc);
uint32_t helper_rep_outs(CPUState *cs, uint32_t desc);
uint32_t helper_in(CPUState *cs, uint32_t port, uint32_t bytes);
void helper_out(CPUState *cs, uint32_t port, uint32_t value, uint32_t bytes);
/* helper_cpu.c */
void helper_cpuid(CPUState *cs);
uint64_t helper_rdtsc(CPUState *cs);
void helper_rdpmc(CPUState *cs);
uint64_t helper_random(void);
void helper_monitor(CPUState *cs, uint64_t va);
void helper_mwait(CPUState *cs, uint64_t next_pc);
void helper_pause(CPUState *cs, uint64_t next_pc);
void helper_probe_read(CPUState *cs, uint64_t va, uint32_t mo);

#endif
