/* SPDX-License-Identifier: MIT */
/* What the files of the translation frame share among themselves. */
#ifndef TARGET_X86_TRANSLATE_INTERNAL_H
#define TARGET_X86_TRANSLATE_INTERNAL_H

#include "target/x86/translate.h"

/* Block flags after this instruction when nothing special happens. */
static inline uint64_t next_flags(const DisasContext *s) { return s->flags & ~(uint64_t)(BF_SLOW | BF_INHIBIT | BF_RF); }
/* The block's one instruction is followed by something that a direct exit would miss: a #DB, a look at interrupts. */
static inline bool must_leave(const DisasContext *s) { return s->flags & (BF_TF | BF_INHIBIT); }
/* Linear address of eip. */
static inline uint64_t pc_of_eip(const DisasContext *s, uint64_t eip) { return s->code64 ? eip : (uint32_t)(s->cs_base + eip); }
/* An address that may go into the jump cache: canonical in 48 bits. */
static inline bool is_canonical48(uint64_t va) { return (uint64_t)((int64_t)(va << 16) >> 16) == va; }

/* Ends the block right behind STI, with the shadow that its next instruction would have been in (translate_sys.c). */
void cut_after_sti(DisasContext *s);
/* Direct jump to a linear address that needs no check. Ends the block. */
void gen_goto_pc(DisasContext *s, uint64_t pc, bool is_call);
/* The limit or canonical form of a branch target, before anything of the instruction has been done but reads. False: it faults for certain, and the block has ended. */
bool gen_check_eip_const(DisasContext *s, uint64_t eip);
void gen_check_eip(DisasContext *s, IRRef eip);
/* gen_goto_eip and gen_jump_eip after these checks. */
void gen_goto_checked(DisasContext *s, uint64_t eip, bool is_call);
void gen_jump_checked(DisasContext *s, IRRef eip, IRExitKind kind);
/* A branch target cut to the operand size. */
static inline uint64_t cut_eip(const X86Insn *i, uint64_t eip) { return i->osz == 1 ? (uint16_t)eip : i->osz == 2 ? (uint32_t)eip : eip; }
/* Target of a relative branch. */
static inline uint64_t rel_eip(const DisasContext *s, const X86Insn *i) { return cut_eip(i, next_eip(s) + i->op[0].imm); }

/* A register of asz or stack size as an I64 address. */
IRRef address_of(DisasContext *s, IRRef v, unsigned log2_size);
/* The stack pointer as an address, and its new value written with the stack's width. */
unsigned stack_bytes(const DisasContext *s);

/* Stores what gen_push would, without moving the stack pointer. */
void gen_push_store(DisasContext *s, IRRef v, unsigned bytes);

#endif
