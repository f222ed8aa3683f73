/* SPDX-License-Identifier: MIT */
/*
 * How the optimiser works, and what its files share.
 *
 * One walk forward rebuilds the function: each insn is taken from a copy, its arguments are replaced by what they have become,
 * and it is emitted again through opt_emit, where each rule may answer with a value that exists already or with simpler insns.
 * So a rule always sees arguments that are as simple as they get, and can insert freely. One walk backward then drops what
 * nobody needs, and a last one closes the gaps. All of it is linear in the size of the block.
 *
 *     forward:  slots.c    gets become the values that were put or got before
 *               fold.c     constants, and identities of integers         vector.c  identities of vectors and scalars
 *               flags.c    conditions on flags become conditions on what the flags were made from
 *               address.c  additions of constants move into displacements
 *               cse.c      what was computed before is not computed again
 *     backward: dead.c     puts that are overwritten unseen, values that are not used
 *
 * Nothing is moved: an insn that is kept stays in the order it was in.
 */
#ifndef ACCEL_OPT_OPT_INTERNAL_H
#define ACCEL_OPT_OPT_INTERNAL_H

#include "accel/ir/ir.h"
#include "accel/opt/opt.h"

#define OPT_MAX_SLOTS 256   /* slots beyond are left alone */
/* A larger function is left as it is: an insn becomes at most four, so that rebuilding a smaller one never runs out of room. */
#define OPT_MAX_INSNS (IR_MAX_INSNS / 4)
#define OPT_CSE_SIZE 1024

typedef struct OptSlot {
    IRRef value;    /* IR_NONE: nothing is known */
    bool whole;     /* value, zero-extended, is all of the slot; else its low bytes only */
} OptSlot;

typedef struct Opt {
    IRFunc *f;                      /* being rebuilt */
    IRRef map[IR_MAX_INSNS];        /* what an insn has become: of the copy while rebuilding, of the result while compacting */
    uint8_t bits[IR_MAX_INSNS];     /* of a value: bits from this one up are known to be 0 */
    bool in_slot[IR_MAX_INSNS];     /* the value was put into a slot, so a register holds it anyway */
    bool used[IR_MAX_INSNS];        /* dead.c */
    OptSlot slots[OPT_MAX_SLOTS];
    unsigned n_slots;
    IRRef cse[OPT_CSE_SIZE];        /* by hash; what is found is compared, so leftovers of other blocks do no harm */
    IRInsn in[OPT_MAX_INSNS];       /* copy of the function as it was */
} Opt;

/* An op's row in a form that is quick to ask. */
#define OPT_PURE 1u
#define OPT_COMMUTES 2u
#define OPT_MEMORY 4u
#define OPT_EXIT 8u
typedef struct OptOp { uint8_t flags, n_args; } OptOp;
extern OptOp opt_ops[IR_NB_OPS];

static inline const IRInsn *opt_def(const Opt *o, IRRef r) { return &o->f->insns[r]; }
static inline bool opt_is_const(const Opt *o, IRRef r) { return opt_def(o, r)->op == IR_const; }
static inline uint64_t opt_value(const Opt *o, IRRef r) { return opt_def(o, r)->imm; }
static inline IRType opt_type(const Opt *o, IRRef r) { return (IRType)opt_def(o, r)->type; }
static inline bool opt_is_int(IRType t) { return t == IR_I32 || t == IR_I64; }
static inline unsigned opt_type_bytes(IRType t) { return t == IR_I32 || t == IR_F32 ? 4 : t == IR_V128 ? 16 : 8; }
static inline uint64_t opt_type_mask(IRType t) { return opt_type_bytes(t) == 4 ? UINT32_MAX : UINT64_MAX; }

/* Emits insn after all rules, and returns its value. */
IRRef opt_emit(Opt *o, IRInsn insn);
IRRef opt_emit1(Opt *o, IROp op, IRType t, unsigned sz, IRRef a);
IRRef opt_emit2(Opt *o, IROp op, IRType t, IRRef a, IRRef b);
IRRef opt_const(Opt *o, IRType t, uint64_t v);

/* Rules: what insn may be replaced by, or IR_NONE. They may change insn to an equal one. */
IRRef opt_fold(Opt *o, IRInsn *insn);
IRRef opt_fold_vector(Opt *o, IRInsn *insn);
IRRef opt_fold_flags(Opt *o, IRInsn *insn);
/* The same for branches. True: never taken. */
bool opt_fold_branch(Opt *o, IRInsn *insn);
/* br and select on a setcc or fl_cc compare what those compare. */
void opt_fold_condition(Opt *o, IRInsn *insn);
void opt_fold_address(Opt *o, IRInsn *insn);

IRRef opt_cse_find(Opt *o, const IRInsn *insn);
void opt_cse_add(Opt *o, IRRef r);
/* How many low bits of the value that insn makes may be set (V128: 64 when the high half is zero). */
unsigned opt_known_bits(const Opt *o, const IRInsn *insn);

void opt_slots_init(Opt *o);
void opt_slots_forget(Opt *o);
IRRef opt_slots_get(Opt *o, const IRInsn *insn);
void opt_slots_put(Opt *o, const IRInsn *insn);

/* Turns dead insns into nops. */
void opt_dead(Opt *o);
/* Removes nops and renumbers. */
void opt_compact(Opt *o);

#endif
