/* SPDX-License-Identifier: MIT */
/*
 * Translating A64: what the trans_ functions share.
 *
 * Decode rows (a64_*.decode) name a handler; tools/decodegen.py makes a64_decode.inc: a struct arg_<handler> with the rows'
 * fields, the prototypes "static bool trans_<handler>(DisasContext *s, const arg_<handler> *a)" are in the generated header as
 * non-static ones, and a64_decode() calls them. A handler that returns false says UNDEFINED.
 */
#ifndef TARGET_ARM_TRANSLATE_H
#define TARGET_ARM_TRANSLATE_H

#include "accel/ir/builder.h"
#include "target/arm/cpu.h"

/* A load-exclusive of this block that a store-exclusive may pair with as translate_exclusive.c says. */
typedef struct ExclusivePair {
    bool on;
    unsigned rn, size;     /* base register; log2 */
    IRRef value;
} ExclusivePair;

typedef struct DisasContext {
    TransContext *t;
    IRFunc *f;
    ArmCPU *cpu;
    uint64_t flags;        /* block flags, BF_* */
    uint64_t pc;           /* of this instruction */
    uint32_t insn;
    unsigned el, mmu_idx;
    unsigned btype;        /* PSTATE.BTYPE before this instruction */
    uint32_t extra;        /* of ir_insn_start: PSTATE bits (BTYPE, SS) that were cleared at this instruction's start and hold if it faults */
    bool fp_checked;       /* this block has passed fp_access_check */
    bool sp_aligned;       /* SP is known to be a multiple of 16 */
    ExclusivePair pair;
} DisasContext;

static inline IRType int_type(bool sf) { return sf ? IR_I64 : IR_I32; }
/* Xn or Wn (zero register for 31). */
static inline IRRef read_x(DisasContext *s, unsigned n, bool sf)
{
    return n == 31 ? ir_int(s->f, int_type(sf), 0) : ir_get(s->f, int_type(sf), SLOT_X0 + n);
}
/* Xn or Wn, the stack pointer for 31. */
static inline IRRef read_xsp(DisasContext *s, unsigned n, bool sf) { return ir_get(s->f, int_type(sf), SLOT_X0 + n); }
/* Writes Xn; an I32 zero-extends; n 31: discarded. */
static inline void write_x(DisasContext *s, unsigned n, IRRef v)
{
    if (n != 31)
        ir_put(s->f, SLOT_X0 + n, v);
}
static inline void write_xsp(DisasContext *s, unsigned n, IRRef v)
{
    if (n == 31)
        s->sp_aligned = false;
    ir_put(s->f, SLOT_X0 + n, v);
}

/* V registers: the whole, or the low lane as F32/F64; writing less than 128 bits zeroes the rest. */
static inline IRRef read_v(DisasContext *s, unsigned n) { return ir_get(s->f, IR_V128, SLOT_V0 + n); }
static inline IRRef read_f(DisasContext *s, unsigned n, IRType t) { return ir_get(s->f, t, SLOT_V0 + n); }
static inline void write_v(DisasContext *s, unsigned n, IRRef v) { ir_put(s->f, SLOT_V0 + n, v); }
/* Writes v, its high half zeroed unless q (64-bit vector forms). */
static inline void write_vq(DisasContext *s, unsigned n, IRRef v, bool q) { ir_put(s->f, SLOT_V0 + n, q ? v : ir_vzlow(s->f, v)); }

static inline bool have(const DisasContext *s, ARMFeature feat) { return arm_has(s->cpu, feat); }

/* Emits the trap and returns false when FP and SIMD are disabled here; the handler then returns true at once. */
bool fp_access_check(DisasContext *s);
/* Memory operation for data accesses of this block: index, alignment (SCTLR.A), endianness, size and sign. */
IRMemOp a64_data_memop(const DisasContext *s, unsigned size, bool sign);
/* Emits a synchronous exception at this instruction and ends the block. */
void gen_a64_exception(DisasContext *s, uint32_t syndrome);
/* Emits the exit to pc (direct) with block flags as they are (BTYPE 0) and ends the block. */
void gen_goto(DisasContext *s, uint64_t pc);
/* Ends the block after state changed: the next one is looked up by the CPU's state (main: through the main loop). */
void gen_a64_exit_next(DisasContext *s, bool main);

/* The same with FAR_EL1 set. */
void gen_exception_far(DisasContext *s, uint32_t syndrome, uint64_t far);
/* Block flags after this instruction when nothing special happens: BTYPE 0, step done. */
uint64_t next_flags(const DisasContext *s);
/* Index of an exit to the same instruction with BF_SLOW; only while nothing of the instruction has been emitted but reads. */
unsigned a64_slow_exit(DisasContext *s);
/* Whether the rare cases are to be done in place, by helpers: in a block of one instruction anyway, which must not be left undone. */
static inline bool is_slow(const DisasContext *s) { return (s->flags & (BF_SLOW | BF_SS)) || s->t->max_insns == 1; }
/* SP alignment check, before the first access of an instruction whose base is Xn (rn 31: SP). */
void check_sp_alignment(DisasContext *s, unsigned rn);
/* Xn or SP as a base address, checked. */
IRRef read_base(DisasContext *s, unsigned rn);
/* Writes back rn = base + offset, a constant. */
void write_base(DisasContext *s, unsigned rn, IRRef base, int64_t offset);
/* Rm extended by option and shifted (DecodeRegExtend); I64 or, for sf 0, I32. */
IRRef read_extended(DisasContext *s, unsigned rm, unsigned option, unsigned shift, bool sf);
/* Memory operation of one or several accesses with an alignment (log2) that must hold whatever SCTLR.A says. */
static inline IRMemOp with_align(IRMemOp mo, unsigned align) { return (mo & ~(7u << MO_ALIGN_SHIFT)) | align << MO_ALIGN_SHIFT; }

/* Branches to a register: pc is taken as BranchTo does (tags removed). kind: IR_EXIT_JUMP, CALL or RET; btype for the target. Ends the block. */
void gen_jump(DisasContext *s, IRRef pc, IRExitKind kind, unsigned btype);
/* ERET to ELR, which is given. Ends the block. */
void gen_eret(DisasContext *s, IRRef elr);
/* Whether pointer authentication with key (0..3: IA IB DA DB) is on here, and its emission. */
bool pauth_enabled(const DisasContext *s, unsigned key);
IRRef gen_pac(DisasContext *s, IRRef ptr, IRRef modifier, unsigned key);
IRRef gen_auth(DisasContext *s, IRRef ptr, IRRef modifier, unsigned key, bool combined);

bool is_load_exclusive(uint32_t insn);
/* Before each instruction is translated: forgets s->pair when it does not go on. */
void exclusive_note_insn(DisasContext *s);
/* The instruction is a load-exclusive, and there is little room left in this block. */
bool exclusive_wants_new_block(const DisasContext *s);

/* Generated by tools/decodegen.py. False: UNDEFINED. */
bool a64_decode(DisasContext *s, uint32_t insn);

#endif
