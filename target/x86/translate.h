/* SPDX-License-Identifier: MIT */
/*
 * Translating x86: what the trans_ functions share.
 *
 * A handler emits all of an instruction, in an order that leaves the guest's state as it was until the last access that may fault has
 * been made: loads, then stores, then puts. Operands come and go through the functions here, which know modes, segments and sizes.
 *
 * Integer values: an operand of 1 or 2 bytes is an I32 whose upper bits are unspecified unless said otherwise; 4 bytes an I32;
 * 8 bytes an I64. op_type tells.
 */
#ifndef TARGET_X86_TRANSLATE_H
#define TARGET_X86_TRANSLATE_H

#include "accel/ir/builder.h"
#include "target/x86/cc.h"
#include "target/x86/cpu.h"
#include "target/x86/decode.h"

/* What the flags were last made from, within this block; refs are good until the block ends. */
typedef struct CCState {
    uint8_t op;            /* CC_OP_*, CC_OP_DYNAMIC: not known */
    IRRef dst, src, src2;  /* as cc.h says, of op's size (I64 for CC_OP_x+3, else I32); IR_NONE when only the slots know them */
    IRRef a;               /* first operand of ADD and SUB when still at hand, or IR_NONE */
    uint8_t over;          /* with CC_OP_DYNAMIC: CC_OP_INC or CC_OP_DEC with its size when env->cc_op has CC_INC_OVER, whose result is inc */
    IRRef inc;
    IRRef cf;              /* FL: CF as 0 or 1 when it is at hand by itself, or IR_NONE */
} CCState;

typedef struct DisasContext {
    TransContext *t;
    IRFunc *f;
    X86CPU *cpu;
    uint64_t flags;        /* block flags, BF_* */
    uint64_t pc, next_pc;  /* linear, of this instruction and of the one after it */
    uint32_t cs_base;
    unsigned cpl, mmu_idx;
    bool code64, stack32;  /* stack32: ESP, without it SP (code64: RSP) */
    unsigned mode;         /* default operand size, log2 bytes; 3 in 64-bit mode */
    CCState cc;
    uint8_t cc_in_env;     /* what env->cc_op was last made to say; CC_OP_DYNAMIC: not known */
    uint32_t cc_put[3];    /* the IR insns that last put CC_DST, CC_SRC and CC_SRC2; 0: none that can be taken back */
    bool mmx_checked;      /* this block has made the x87 registers MMX ones (translate_mmx.c) */
    IRRef sti_shadow;      /* the instruction before was STI: BF_INHIBIT, as it would be when the block is cut here; IR_NONE: it was not */
    uint64_t window_pc;    /* code that has been read ahead */
    uint8_t window[16];
    unsigned window_len;
} DisasContext;

static inline IRType op_type(unsigned bytes) { return bytes == 8 ? IR_I64 : IR_I32; }
static inline unsigned log2_bytes(unsigned bytes) { return (unsigned)__builtin_ctz(bytes); }
static inline bool have(const DisasContext *s, unsigned feature) { return x86_has(&s->cpu->features, feature); }

/* ---- general registers ---- */
/* Register n's low bytes; 4: I32, 8: I64, less: I32 with anything above. */
static inline IRRef read_reg(DisasContext *s, unsigned n, unsigned bytes) { return ir_get(s->f, op_type(bytes), SLOT_RAX + n); }
/* 1 and 2 bytes merge, 4 zero-extends. */
void write_reg(DisasContext *s, unsigned n, unsigned bytes, IRRef v);

/* ---- operands ---- */
/* Effective address, cut to the address size, as I64: no segment base. */
IRRef gen_ea(DisasContext *s, const X86Insn *i);
/* Linear address of the memory operand, checked for an access of size bytes in the segmented modes. */
IRRef gen_mem(DisasContext *s, const X86Insn *i, unsigned bytes, bool write);
/* Linear address of offset (I64) in segment seg; the same checks. */
IRRef gen_linear(DisasContext *s, unsigned seg, IRRef offset, unsigned bytes, bool write);
/* Memory operation of a data access: index, size, sign. */
IRMemOp data_memop(const DisasContext *s, unsigned bytes, bool sign);
/* Value of an integer operand (register, memory, immediate). */
IRRef load_op(DisasContext *s, const X86Insn *i, unsigned n);
/* The same zero- or sign-extended to op_type(to). */
IRRef load_op_ext(DisasContext *s, const X86Insn *i, unsigned n, unsigned to, bool sign);
void store_op(DisasContext *s, const X86Insn *i, unsigned n, IRRef v);
/* Read-modify-write of one operand: *addr is the linear address when it is memory (for store_rmw), else IR_NONE. Write access is checked at the load. */
IRRef load_rmw(DisasContext *s, const X86Insn *i, unsigned n, IRRef *addr);
void store_rmw(DisasContext *s, const X86Insn *i, unsigned n, IRRef addr, IRRef v);

/* ---- the stack ---- */
void gen_push(DisasContext *s, IRRef v, unsigned bytes);
/* Loads the top without moving the stack pointer; gen_pop_done moves it. */
IRRef gen_pop(DisasContext *s, unsigned bytes);
void gen_pop_done(DisasContext *s, unsigned bytes);

/* ---- flags ---- */
/* The last of an instruction's effects: flags become op of these (IR_NONE where cc.h has none). */
void set_cc(DisasContext *s, unsigned op, IRRef dst, IRRef src, IRRef src2);
/* Flags of INC (dec: DEC) with result r: the carry stays. Before the instruction's effects inc_carry finds the carry, or leaves it unknown (IR_NONE). */
IRRef inc_carry(DisasContext *s);
void set_cc_inc(DisasContext *s, bool dec, unsigned bytes, IRRef r, IRRef carry);
/* Flags by value, IR_FL_* layout, I32. */
void set_cc_fl(DisasContext *s, IRRef fl);
/* CF becomes cf (I32, 0 or 1), the others stay. */
void set_cf(DisasContext *s, IRRef cf);
/* All arithmetic flags as an I32 in the IR_FL_* layout; CF alone as 0 or 1 (before anything of the instruction has been done but reads: it may use slow_exit). */
IRRef get_fl(DisasContext *s);
IRRef get_cf(DisasContext *s);
/* Condition code 0..15 (SDM vol. 1 app. B) as 0 or 1; as a branch to an exit; as a selection. */
IRRef gen_setcc(DisasContext *s, unsigned cond, IRType t);
void gen_jcc(DisasContext *s, unsigned cond, unsigned exit);
IRRef gen_cmov(DisasContext *s, unsigned cond, IRRef yes, IRRef no);
/* Before a call that reads or changes flags through CPUState: cc_op and the slots are right in memory for IR_CALL_READS helpers. */
void sync_cc(DisasContext *s);
/* After a call that may have changed flags. */
void forget_cc(DisasContext *s);

/* ---- exceptions and ways out ---- */
void gen_exception(DisasContext *s, int vector);             /* at this instruction; ends the block */
void gen_exception_error(DisasContext *s, int vector, uint32_t error);
static inline void gen_ud(DisasContext *s) { gen_exception(s, EXCP_UD); }
/* Direct jump to eip (an offset in CS, cut to the operand size); link: a CALL's prediction for the return to next_pc. Ends the block. */
void gen_goto_eip(DisasContext *s, uint64_t eip, bool is_call);
/* Index of an exit to eip, for branches. */
unsigned exit_to_eip(DisasContext *s, uint64_t eip);
/* Indirect near jump to eip (I64, already cut): checks limit or canonical form. Ends the block. */
void gen_jump_eip(DisasContext *s, IRRef eip, IRExitKind kind);
/* Ends the block after state changed: pc is next_pc (main: through the main loop). dynamic: a helper has set env->pc. */
void gen_exit_next(DisasContext *s, bool main);
void gen_exit_dynamic(DisasContext *s, bool main);
/* Index of an exit to this same instruction with BF_SLOW, only while nothing of it has been emitted but reads. */
unsigned slow_exit(DisasContext *s);
static inline bool is_slow(const DisasContext *s) { return (s->flags & (BF_SLOW | BF_TF | BF_INHIBIT)) || s->t->max_insns == 1; }
/* EIP of the next instruction as pushed by CALL. */
static inline uint64_t next_eip(const DisasContext *s) { return s->code64 ? s->next_pc : (uint32_t)(s->next_pc - s->cs_base); }

/* ---- coprocessor checks: emit the exception and return false when the state may not be used here ---- */
bool check_sse(DisasContext *s, const X86Insn *i);           /* by i->vex: AVX or SSE */
bool check_fpu(DisasContext *s);
bool check_mmx(DisasContext *s);

/* ---- vector registers (translate_vec.c) ---- */
static inline IRRef read_xmm(DisasContext *s, unsigned n) { return ir_get(s->f, IR_V128, SLOT_XMM0 + n); }
static inline IRRef read_ymmh(DisasContext *s, unsigned n) { return ir_get(s->f, IR_V128, SLOT_YMMH0 + n); }

#include "target/x86/x86_handlers.h" /* generated: void trans_<handler>(DisasContext *, const X86Insn *) */

#endif
