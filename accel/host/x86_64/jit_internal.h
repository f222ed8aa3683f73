/* SPDX-License-Identifier: MIT */
/*
 * The x86-64 back end's private parts.
 *
 * compile() makes three passes, all linear: scan.c resolves aliases forward (a get of a slot whose value is known, a mov, a
 * harmless width change are other names of their root value) and next uses backward; lower_*.c emit forward, with regs.c
 * handing out registers; stubs (slow paths, side exits) follow the body.
 *
 *   rbp         CPUState + CPU_BIAS, so that the TLB bases and exit_request are within a disp8
 *   rsp         16-byte aligned in the body; the frame below the saved registers holds spilled values
 *   pinned      rbx r12 r13 r14 r15 r8 r9 r10: the slots of highest IRSlot.pin, always current except inside calls
 *   temporaries rax rcx rdx rsi rdi r11, xmm0..13; nothing is in them at a block's boundary
 *   scratch     xmm14 xmm15, within one IR insn
 *
 * A value (root ref) lives in a register, in its spill cell, in the home (CPUState field) of a slot that it is the value of,
 * or is a constant. A slot is dirty when its value is not in its home. An I32 in a register may have anything above bit 31
 * unless value_clean says otherwise; F32 and F64 likewise in xmm registers.
 */
#ifndef ACCEL_HOST_X86_64_JIT_INTERNAL_H
#define ACCEL_HOST_X86_64_JIT_INTERNAL_H

#include "accel/host/host.h"
#include "accel/host/x86_64/emit.h"
#include "accel/ir/ir.h"
#include "accel/tb/tb.h"
#include "base/bits.h"
#include "cpus/cpu.h"
#include "target/api/target.h"

#define CPU_BIAS 128
#define NB_PINS 8
#define MAX_SLOTS 128
#define NB_SPILLS 2048
#define MAX_DIRTY 20
#define MAX_STUBS (3 * IR_MAX_INSNS)
#define CALL_CELLS 6 /* behind the spill cells: V128 arguments of calls */
#define NO_USE 0xffffu
#define XMM(n) (16 + (n))
#define XSCRATCH 14  /* xmm14 */
#define XSCRATCH2 15 /* xmm15 */
#define TEMP_INT_MASK (1u << RAX | 1u << RCX | 1u << RDX | 1u << RSI | 1u << RDI | 1u << R11)
#define TEMP_VEC_MASK (0x3fffu << 16)
#define CALLER_SAVED_PINS (1u << R8 | 1u << R9 | 1u << R10)

/* Field of CPUState through rbp. */
#define ENV(offset) mem_at(RBP, (int32_t)(offset) - CPU_BIAS)
#define CPU_FIELD(f) ENV(offsetof(CPUState, f))

/* How a slow path gets its arguments and gives its result: in CPUState.spill. */
typedef struct SlowFrame {
    void (*fn)(CPUState *cpu, uintptr_t ra);
    uint64_t va, mo, op;
    V128 a, b, c, result;
    const IRInsn *insn;
    uint64_t inside;      /* nonzero while MXCSR is the guest's */
    uint32_t mxcsr_tmp;
} SlowFrame;
static_assert(sizeof(SlowFrame) <= sizeof(((CPUState *)0)->spill), "spill holds a SlowFrame");
#define SLOW_OFFSET(f) (offsetof(CPUState, spill) + offsetof(SlowFrame, f))
#define SLOW_FIELD(f) ENV(SLOW_OFFSET(f))
static inline SlowFrame *slow_frame(CPUState *cpu) { return (SlowFrame *)(void *)cpu->spill; }
typedef void SlowFn(CPUState *cpu, uintptr_t ra);

/* What the host's flags hold. */
typedef enum HostFlagsKind { HF_NONE, HF_SUB, HF_ADD, HF_AND, HF_ADC, HF_SBB, HF_VALUE /* a flags value: .a */, HF_TEST,
    HF_FCMP /* ucomis for flags value .a; .w: operands swapped */ } HostFlagsKind;
typedef struct HostFlags { uint8_t kind; bool w; IRRef a, b, c; } HostFlags;

typedef struct Ctx Ctx;
typedef struct Stub {
    void (*emit)(Ctx *c, struct Stub *s);
    uint8_t *jump[3];         /* rel32s to point here */
    uint8_t *back;            /* where the body goes on */
    IRRef insn;
    uint16_t guest_insn;
    uint8_t n_dirty;
    bool save_vec;            /* xmm registers are live */
    uint16_t kill;            /* registers of groups alive at the jump */
    int8_t reg[6];            /* operands and result, as emit likes */
    uint8_t recent;           /* memory access by a recent page: its number + 1; addend and scratch are in reg[4], reg[5]; else 0 */
    uint8_t align;            /* of it, log2 */
    int16_t adjust;
    uint8_t *hit;             /* where its body goes on with the addend */
    int8_t group_reg;         /* memory access of a group: the register with the addend; else NOREG */
    uint64_t imm;
    struct { uint8_t slot; int8_t reg; IRRef value; } dirty[MAX_DIRTY];
} Stub;

/*
 * A run of accesses of one kind (loads, stores) at constant offsets [lo, hi) from one base value, which one probe covers. reg
 * holds the page's addend from the first access to the last; 0 after any of them, or another access in between, took a slow path.
 */
typedef struct Group {
    bool on;
    uint8_t idx;
    int8_t reg;
    IRRef base, last;
    int64_t lo, hi;
} Group;

/* Everything about one compilation; one a thread, reused. */
struct Ctx {
    Asm a;
    const IRFunc *f;
    TranslationBlock *tb;
    IRRef i;                  /* insn being lowered */
    uint32_t guest_insn;
    uint32_t lock;            /* registers that this insn uses */
    uint32_t reserved;        /* registers of groups */
    Group group[2];           /* loads, stores */
    uint32_t pins_stored;     /* pinned registers whose homes agree with them */
    IRRef rv[32];             /* value in each register */
    HostFlags hf;
    bool loops;               /* blocks that are likely to come round to themselves soon: loads go by recent pages */
    unsigned n_recent;        /* such loads so far */
    bool drained;             /* no store since a full fence, or an atomic, which is one */
    IRRef polled;             /* br whose poll has been made already */
    uint8_t *compare;         /* where the compare that set the host's flags begins, while it is the last instruction */
    unsigned n_links, n_stubs, n_unwind, n_free_spills, n_dying_spills;
    uint64_t dirty[MAX_SLOTS / 64];
    IRRef cur[MAX_SLOTS];     /* value of each slot, 0 unknown */
    uint16_t free_spills[NB_SPILLS];
    uint16_t dying_spills[NB_SPILLS]; /* of arguments that end here: this insn may still read them from memory; free at the next one */

    /* By ref. */
    IRRef root[IR_MAX_INSNS];
    uint16_t next_use[IR_MAX_INSNS]; /* of a root: next insn that uses it */
    uint16_t arg_next[IR_MAX_INSNS][4];
    uint16_t call_next[IR_MAX_CALL_ARGS];
    int8_t reg[IR_MAX_INSNS];
    int16_t spill[IR_MAX_INSNS];     /* -1: none */
    uint8_t home[IR_MAX_INSNS];      /* slot + 1 whose memory holds it */
    uint8_t n_dirty[IR_MAX_INSNS];   /* slots that are dirty with it */
    uint8_t content[IR_MAX_INSNS];   /* IRType of what the register holds: all above is zero when clean */
    bool clean[IR_MAX_INSNS];
    bool dead[IR_MAX_INSNS];
    bool scaled[IR_MAX_INSNS];       /* of add: its second argument is that of a shift left by 1..3, done by lea */
    uint16_t n_uses[IR_MAX_INSNS];   /* of a root, before anything is found dead */
    bool absolute[IR_MAX_INSNS];     /* of ldptr: the register holds the pointer itself, else its difference to the address */
    uint8_t hint[IR_MAX_INSNS];      /* slot + 1 whose pinned register the value had best be made in */

    TBUnwind unwind[IR_MAX_INSNS];
    Stub stubs[MAX_STUBS];
};

/* Set by init for the target; constant afterwards. */
extern const TargetOps *jit_target;
extern int8_t jit_slot_pin[MAX_SLOTS];  /* register, or NOREG */
extern uint8_t jit_pin_slot[16];        /* slot + 1 by register */
extern uint8_t *jit_thunk_enter, *jit_thunk_leave, *jit_thunk_slow[2], *jit_thunk_reload;

/* ---- scan.c ---- */
extern const uint8_t jit_nargs_table[IR_NB_OPS];
/* hld has its ldptr's address as a second, implied argument. */
static inline unsigned jit_nargs(unsigned op) { return op == IR_hld ? 2 : jit_nargs_table[op]; }
static inline IRRef jit_arg(const Ctx *c, IRRef i, unsigned k)
{
    const IRInsn *in = &c->f->insns[i];
    if (k == 1 && in->op == IR_add && c->scaled[i])
        return c->root[c->f->insns[c->root[in->arg[1]]].arg[0]];
    if (in->op != IR_hld || k == 0)
        return c->root[in->arg[k]];
    const IRInsn *ptr = &c->f->insns[c->root[in->arg[0]]];
    return c->root[ptr->op == IR_ldptr ? ptr->arg[0] : in->arg[0]];
}
void scan_block(Ctx *c);
bool op_is_pure(unsigned op);
static inline bool type_is_vec(unsigned t) { return t >= IR_F32; }
static inline bool type_w(unsigned t) { return t == IR_I64 || t == IR_PTR; }

/* ---- regs.c: registers are 0..15, xmm ones 16..31 (emit takes them & 15) ---- */
typedef struct Opnd { enum { OPND_REG, OPND_MEM, OPND_IMM } kind; int reg; Mem mem; int32_t imm; } Opnd;

static inline const IRInsn *cur_insn(const Ctx *c) { return &c->f->insns[c->i]; }
static inline IRRef arg_root(const Ctx *c, unsigned k) { return jit_arg(c, c->i, k); }
static inline IRType arg_type(const Ctx *c, unsigned k) { return ir_type(c->f, c->f->insns[c->i].arg[k]); }
bool value_const(const Ctx *c, IRRef v, uint64_t *out);
bool value_is_const(const Ctx *c, IRRef v);
void regs_start(Ctx *c);
/* Register of a value, loaded if need be; locked until the next insn. */
int value_reg(Ctx *c, IRRef v);
int use_reg(Ctx *c, unsigned k);
/* Argument k as register, imm32 or (last use only) memory; w: 64 bits are read. */
Opnd use_opnd(Ctx *c, unsigned k, bool w);
/* The same for xmm operands of at most 16 bytes; only registers and memory. */
Opnd use_vopnd(Ctx *c, unsigned k);
/* All arguments have been obtained: registers of those that die become free (but stay locked). */
void args_done(Ctx *c);
/* Register for the insn's result: ok (an argument's register, which may be reused if its value died) or one apart from all arguments. */
int def_reg(Ctx *c, int ok);
int def_fixed(Ctx *c, int reg);
int tmp_int(Ctx *c);
int tmp_vec(Ctx *c);
/* Makes reg free and locks it; a value in it moves elsewhere. Call before the arguments are used. */
void take_reg(Ctx *c, int reg);
void put_slot(Ctx *c, unsigned slot, IRRef v);
/* Stores one slot's value to its home. */
void store_home(Ctx *c, unsigned slot, IRRef v, int reg);
void flush_dirty(Ctx *c);
/* Before a call: temporaries are emptied, live values are in memory. writes: homes will change as well. */
void spill_temps(Ctx *c, bool writes);
void load_value(Ctx *c, IRRef v, int reg);
Mem spill_mem(int n);

/* ---- stubs ---- */
Stub *stub_new(Ctx *c, void (*emit)(Ctx *, Stub *));
/* Remembers which slots are dirty, and whether xmm registers are live: for stubs that call. */
void stub_snapshot(Ctx *c, Stub *s);
void stub_store_dirty(Ctx *c, const Stub *s);
/* Calls fn through the slow thunk; unwind entry when may_fault. */
void stub_call(Ctx *c, const Stub *s, SlowFn *fn, bool may_fault);
void unwind_here(Ctx *c, uint32_t guest_insn);

/* ---- lowering; each handles c->i ---- */
void lower_int(Ctx *c);       /* lower_int.c */
void lower_bits(Ctx *c);      /* lower_bits.c: shifts, fields, counts, extensions */
void lower_flags(Ctx *c);     /* lower_flags.c */
/* Compares arguments k and k + 1, and returns the host's condition for cc. */
unsigned emit_compare(Ctx *c, IRCond cc, unsigned k);
/* Tests flags argument k. */
unsigned emit_flags_test(Ctx *c, IRCond cc, unsigned k);
void lower_mem(Ctx *c);       /* lower_mem.c */
void lower_atomic(Ctx *c);    /* lower_atomic.c */
void lower_call(Ctx *c);      /* lower_call.c */
void lower_exit(Ctx *c);      /* lower_exit.c */
/* When flags are made for a loop's back edge: polls now, so that the compare need not be repeated after the poll. */
void poll_before_flags(Ctx *c);
void lower_vec(Ctx *c);       /* lower_vec.c */
void lower_fp(Ctx *c);        /* lower_fp.c */
void lower_vx(Ctx *c);        /* lower_vx.c */
/* Any vector op by ir_eval_vec. */
void lower_vec_call(Ctx *c);
/* Any row of vx.def by its reference. */
void lower_vx_call(Ctx *c);
/* Any floating-point op by TargetOps.fp. */
void lower_fp_call(Ctx *c);

/* ---- probe.c ---- */
typedef struct Access {
    unsigned size, align;     /* log2; the alignment that must hold */
    bool write, group;        /* group: may share a probe */
    int addr;                 /* register of argument 0 */
    int keep, scratch;        /* registers to use, or NOREG: keep gets the addend */
    void (*slow)(Ctx *, Stub *);
} Access;
typedef struct Probe { Mem host; int tmp, tmp2; Stub *stub; } Probe;
/* TLB probe for argument 0 (+ imm): host is where the bytes are; misses go to the stub. All registers must have been allotted before. */
Probe emit_probe(Ctx *c, const Access *acc);
/* In a grouped access's stub: the access's own probe. Returns the jump to take when it misses too. */
uint8_t *stub_probe_again(Ctx *c, const Stub *s, unsigned size, bool write, Mem *host);
/* In the stub of a load by a recent page: looks the page up in the TLB and makes it recent. Returns the jump to take when it is not there. */
uint8_t *stub_probe_recent(Ctx *c, const Stub *s);
/* Before an insn and when its register is needed for something else. */
void groups_begin_insn(Ctx *c);
bool groups_drop(Ctx *c, uint32_t regs);
/* Zeroes the registers of groups that the stub's slow path ends. */
void stub_end_groups(Ctx *c, const Stub *s);

/* ---- slow.c: C ends of slow paths ---- */
SlowFn slow_ld, slow_ld16, slow_ldptr, slow_st, slow_st16, slow_st2, slow_atom_rmw, slow_atom_cas, slow_atom_cas16, slow_vec, slow_vx, slow_fp;

/* ---- thunks.c ---- */
/* Where a stub calls fn: the frame's fn is set on the way. */
uint8_t *jit_slow_thunk(SlowFn *fn, bool save_vec);
bool emit_thunks(CodeBuf *buf, const TargetOps *target, GError **error);

#define P66 (P_66 | M_0F)
#define PF3 (P_F3 | M_0F)
#define PF2 (P_F2 | M_0F)
#define X66_38 (P_66 | M_0F38)
#define X66_3A (P_66 | M_0F3A)
static inline void movups_load(Asm *a, unsigned x, Mem m) { ins_rm(a, M_0F | 0x10, x & 15, m); }
static inline void movups_store(Asm *a, Mem m, unsigned x) { ins_rm(a, M_0F | 0x11, x & 15, m); }
static inline void movaps_rr(Asm *a, unsigned d, unsigned s) { ins_rr(a, M_0F | 0x28, d & 15, s & 15); }

/* ---- constants behind the thunks, and vector emission (vec_emit.c) ---- */
typedef struct JitConsts {
    V128 abs[2], sign[2], min_normal[2];     /* by F32, F64: in all lanes */
    V128 two30[2], two31[2], two32[2], two63[2]; /* powers of two, low lane */
    V128 low_bytes, low_words, nibbles, popcnt, tbl_bias;
    V128 shl_b[8], shr_b[8], sar_b[8];       /* masks for byte shifts; 0x80 >> n */
    V128 rev[3][4];                          /* [sz][imm]: pshufb masks */
    uint16_t fcmp[2][0x48];                  /* lahf's byte after ucomis -> flags value; [1]: operands swapped */
} __attribute__((aligned(64))) JitConsts;
extern JitConsts *jit_consts; /* in the code buffer, writable mapping's address */
void jit_consts_init(JitConsts *k);

/* d = a op b, in xmm registers; d is not b unless it is a. */
void v3(Asm *a, uint32_t op, int d, int x, int y);
void v3_opnd(Asm *a, uint32_t op, int d, int x, Opnd y);
void v3i(Asm *a, uint32_t op, int d, int x, int y, unsigned imm8);
/* d = op s, of two-operand encodings. */
void v2(Asm *a, uint32_t op, int d, int s);
void v2i(Asm *a, uint32_t op, int d, int s, unsigned imm8);
/* d = s shifted by a constant: op 0F 71/72/73 /n. */
void vshift(Asm *a, uint32_t op, unsigned n, int d, int s, unsigned count);
/* op reg, [constant]: no immediate may follow. */
void ins_const(Asm *a, uint32_t op, int reg, const void *k);
void vex_const(Asm *a, uint32_t op, int reg, int v, const void *k);
void v_load_const(Asm *a, int d, const void *k);
bool lower_vec_perm(Ctx *c);
bool lower_vec_arith(Ctx *c);

#endif
