/* SPDX-License-Identifier: MIT */
/*
 * The intermediate representation of one translation block.
 *
 * A block is a straight line of insns with side exits: it is entered at the top, br and fl_br may leave it on the way, and
 * it ends with exit or exit_jump. A value is the index (IRRef) of the insn that makes it; every value is made once, before
 * its uses. There are no inner labels: what needs them is a select, a helper, or another block.
 *
 * Guest registers are slots: named, typed fields of CPUState that a back end may keep in host registers. get reads and put
 * writes one; in between nothing says where the value lives. A back end makes memory agree with the slots only where
 * somebody may look: in the slow path of an M op, around calls that say so (IR_CALL_READS, IR_CALL_WRITES, IR_CALL_FAULTS),
 * and at exits. CPUState fields that are not slots are reached by ldenv and stenv.
 *
 * Flags. Flag-making ops give an I32 in a host-friendly layout (IR_FL_*), which is x86's LAHF byte with OF below it; CF of a
 * subtraction is a borrow. A guest whose carry means "no borrow" (Arm) keeps its C inverted in the slot and sets
 * IR_FL_INVC on additions and logic, so that after a compare nothing needs converting. Consumers take a condition (IRCond).
 *
 * Floating-point ops follow the guest's rules, whose reference is a table of C functions (TargetOps.fp); a back end may use
 * host instructions where it can tell that the result is the same, and calls the reference otherwise. They are W because
 * they accumulate exception flags: never removed, but not ordered against memory.
 *
 * Second tier: regions with loops will be lists of such blocks with parameters; nothing here assumes one block a function
 * but IRFunc itself.
 */
#ifndef ACCEL_IR_IR_H
#define ACCEL_IR_IR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef uint16_t IRRef;              /* index of an insn in its function; 0 is never a value (insn 0 is a nop) */
#define IR_NONE ((IRRef)0)

typedef enum IRType {
    IR_VOID, IR_I32, IR_I64, IR_PTR, IR_F32, IR_F64, IR_V128, IR_V256 /* reserved for AVX guests */
} IRType;

typedef enum IROp {
#define OP(name, result, args, flags, meaning) IR_##name,
#include "accel/ir/ops.def"
#undef OP
    IR_NB_OPS
} IROp;

/* Conditions on a pair (a, b), or on a flags value as left by fl_sub(a, b). cc ^ 1 is the opposite. */
typedef enum IRCond {
    IR_EQ, IR_NE,               /* Z               */
    IR_LTU, IR_GEU,             /* C               */
    IR_LEU, IR_GTU,             /* C | Z           */
    IR_LT, IR_GE,               /* S != O          */
    IR_LE, IR_GT,               /* Z | S != O      */
    IR_MI, IR_PL,               /* S    flags only */
    IR_VS, IR_VC,               /* O    flags only */
    IR_TSTNE, IR_TSTEQ,         /* (a & b) != 0, == 0: on pairs only */
    IR_PE, IR_PO,               /* P    flags only, x86 guests */
} IRCond;

/* Layout of a flags value. All fl_ ops define A and P as x86 does; bits outside IR_FL_ALL may hold anything. */
#define IR_FL_S 0x8000u
#define IR_FL_Z 0x4000u
#define IR_FL_A 0x1000u
#define IR_FL_P 0x0400u
#define IR_FL_C 0x0100u
#define IR_FL_O 0x0001u
#define IR_FL_ALL (IR_FL_S | IR_FL_Z | IR_FL_A | IR_FL_P | IR_FL_C | IR_FL_O)
#define IR_FL_NZCV (IR_FL_S | IR_FL_Z | IR_FL_C | IR_FL_O) /* bits that an Arm guest defines; the others may hold anything */
#define IR_FL_INVC 1u                                      /* aux of fl_ ops */

/* Memory operations: aux of ld, st, ldptr, hld, st2, atom_*. */
typedef uint32_t IRMemOp;
#define MO_8 0u
#define MO_16 1u
#define MO_32 2u
#define MO_64 3u
#define MO_128 4u
#define MO_SIZE(m) ((m) & 7u)            /* log2 bytes; ldptr and st2's whole may reach 6 */
#define MO_SIGN 8u
#define MO_IDX_SHIFT 4
#define MO_IDX(m) (((m) >> MO_IDX_SHIFT) & 15u) /* MMU index */
#define MO_ALIGN_SHIFT 8
#define MO_ALIGN(m) (((m) >> MO_ALIGN_SHIFT) & 7u) /* log2 of the alignment that the access must have, else alignment fault */
#define MO_BSWAP 0x800u                  /* big-endian guest data */
#define MO_ACQ 0x1000u                   /* load: later accesses stay after it, and it stays after earlier MO_REL stores (Arm LDAR: RCsc) */
#define MO_REL 0x2000u                   /* store: earlier accesses stay before it */
#define MO_ACQ_PC 0x10000u               /* load: later accesses stay after it; MO_REL stores may be seen later (Arm LDAPR: RCpc) */
#define MO_ATOM16 0x4000u                /* a 16-byte access that must be single-copy atomic */
#define MO_RMW 0x8000u                   /* ld, atom_*: a store to the same bytes belongs to it: a fault is reported as a store's */

typedef enum IRAtomic { IR_AT_XCHG, IR_AT_ADD, IR_AT_AND, IR_AT_OR, IR_AT_XOR, IR_AT_ANDN, IR_AT_SMAX, IR_AT_SMIN, IR_AT_UMAX, IR_AT_UMIN } IRAtomic;

#define IR_FENCE_LD_LD 1u
#define IR_FENCE_LD_ST 2u
#define IR_FENCE_ST_ST 4u
#define IR_FENCE_ST_LD 8u
#define IR_FENCE_ALL 15u

typedef enum IRRound { IR_RND_EVEN, IR_RND_UP, IR_RND_DOWN, IR_RND_ZERO, IR_RND_AWAY /* ties away */, IR_RND_CUR } IRRound;

/*
 * A C function that generated code calls. Types are those of the C prototype: I32/I64/F32-as-uint32_t/F64-as-uint64_t by
 * value, CPUState * where IR_CALL_ENV is set (always first), V128 by const pointer; a V128 result goes through a leading
 * V128 * (after the CPUState *). At most six arguments after these.
 */
typedef struct IRHelper {
    const char *name;
    void (*fn)(void);
    uint8_t flags;      /* IR_CALL_* */
    uint8_t ret;        /* IRType */
    uint8_t nargs;
    uint8_t args[6];    /* IRType */
} IRHelper;
#define IR_CALL_ENV 1u     /* takes the CPUState */
#define IR_CALL_PURE 2u    /* result depends on arguments alone; no effect */
#define IR_CALL_READS 4u   /* reads slots in memory: they are written back before */
#define IR_CALL_WRITES 8u  /* writes slots in memory: they are re-read after (implies READS) */
#define IR_CALL_FAULTS 16u /* may leave by cpu_loop_exit_restore or an MMU fault: slots written back before, pc by the return address */
#define IR_CALL_NORETURN 32u

typedef union V128 {
    uint8_t u8[16]; int8_t s8[16];
    uint16_t u16[8]; int16_t s16[8];
    uint32_t u32[4]; int32_t s32[4];
    uint64_t u64[2]; int64_t s64[2];
} __attribute__((aligned(16))) V128;

/* A guest register. A target gives a constant array of these. */
typedef struct IRSlot {
    const char *name;
    uint32_t offset;    /* bytes from the start of CPUState; aligned to its size */
    uint8_t type;       /* IRType of its storage */
    uint8_t pin;        /* > 0: worth a host register of its own for good; higher first */
} IRSlot;

typedef enum IRExitKind {
    IR_EXIT_CHAIN,  /* to .pc; linked directly within the page, through the jump cache across pages */
    IR_EXIT_LOOKUP, /* to .pc, or to CPUState's own pc when dynamic_pc; block flags are computed afresh from the CPU's state */
    IR_EXIT_MAIN,   /* as LOOKUP, but through the main loop, which looks at interrupts and exceptions first */
    IR_EXIT_JUMP,   /* indirect branch */
    IR_EXIT_CALL,   /* indirect call; .ret_pc is the return address, for the return stack */
    IR_EXIT_RET,    /* return: predicted by the return stack */
} IRExitKind;

typedef struct IRExit {
    uint8_t kind;
    bool dynamic_pc;
    bool is_call;       /* CHAIN that is a call (BL): ret_pc is pushed on the return stack */
    uint64_t pc;
    uint64_t ret_pc;
    uint64_t flags;     /* block flags that hold there (CHAIN, JUMP, CALL, RET) */
    uint64_t ret_flags; /* block flags that will hold at ret_pc */
} IRExit;

typedef struct IRInsn {
    uint16_t op;    /* IROp */
    uint8_t type;   /* IRType of the result, or of the values that T stands for */
    uint8_t sz;     /* log2 of the lane or access size, or as the op's row says */
    IRRef arg[4];
    uint32_t aux;
    uint64_t imm;
} IRInsn;

#define IR_MAX_INSNS 16384
#define IR_MAX_CALL_ARGS 4096
#define IR_MAX_EXITS 64

struct TargetOps;

/* One block under construction or finished. Owned and reused by one thread; reset by ir_reset. */
typedef struct IRFunc {
    const struct TargetOps *target;
    uint64_t pc, flags;         /* of the block's first instruction */
    uint32_t n_insns;           /* IR insns, insn 0 being the nop */
    uint32_t n_guest;           /* guest instructions */
    uint32_t n_call_args, n_exits;
    bool overflow;              /* the builder ran out of room: the block must be cut shorter */
    bool alone;                 /* one instruction, for one use: no exit may lead to another block by itself */
    IRInsn insns[IR_MAX_INSNS];
    IRRef call_args[IR_MAX_CALL_ARGS];
    IRExit exits[IR_MAX_EXITS];
} IRFunc;

typedef struct IROpInfo { const char *name, *args, *flags, *meaning; char result; } IROpInfo;
extern const IROpInfo ir_op_info[IR_NB_OPS];

/* The operations of vx and vxf: rows of vx.def. */
typedef enum IRVx {
#define VX(name, ...) VX_##name,
#include "accel/ir/vx.def"
#undef VX
    IR_NB_VX
} IRVx;
typedef struct IRVxInfo {
    const char *name, *meaning;
    uint8_t nargs;
    bool fp, imm;      /* fp: by TargetFpOps.vx; imm: takes an immediate */
    /* The reference of those that are not fp. */
    void (*eval)(V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm);
} IRVxInfo;
extern const IRVxInfo ir_vx_info[IR_NB_VX];

/* Empties f for a block of target that starts at pc. */
void ir_reset(IRFunc *f, const struct TargetOps *target, uint64_t pc, uint64_t flags);
/* Prints f as text, one insn a line, as in "v12 = add.i64 v3, v11". */
void ir_dump(const IRFunc *f, FILE *out);
/* Checks types, order of definition, imm ranges and the shape of the block. Returns NULL, or a malloc'ed sentence that names the insn. */
char *ir_verify(const IRFunc *f);
/* Evaluates cc on a pair of width 32 or 64. */
bool ir_eval_cc(IRCond cc, IRType type, uint64_t a, uint64_t b);
/* Evaluates cc on a flags value. */
bool ir_eval_fl_cc(IRCond cc, uint32_t flags);
/* Evaluates a pure integer or flag op whose arguments are constants; the reference for folding and for the interpreter. */
uint64_t ir_eval_int(const IRInsn *insn, IRType arg_type, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
/* Evaluates a vector op that is not floating point; the reference for every host. x: the integer argument or value, if any. Returns vgetl's result. */
uint64_t ir_eval_vec(const IRInsn *insn, V128 *d, const V128 *a, const V128 *b, const V128 *c, uint64_t x, uint64_t y);

static inline IRType ir_type(const IRFunc *f, IRRef r) { return (IRType)f->insns[r].type; }

#endif
