/* SPDX-License-Identifier: MIT */
/*
 * The interpreter's own view of a block, and what its files share.
 *
 * In the code buffer a block is
 *
 *     InterpBlock | IRInsn[n_insns] | InterpExit[n_exits] | IRRef call_args[] || TBUnwind[]
 *     ^ tb->code                                          ^ tb->code_size
 *
 * tb->code points to the InterpBlock through the buffer's executable mapping (which is merely read). The address by which an
 * insn that may fault or call is known outside is INTERP_RA: within its record, so it lies in the block's code range and is
 * unique; the unwind table holds its offset. There is no return stack: returns find their block through the jump cache.
 */
#ifndef ACCEL_INTERP_INTERP_INTERNAL_H
#define ACCEL_INTERP_INTERP_INTERNAL_H

#include <ffi.h>

#include "accel/host/host.h"
#include "accel/ir/ir.h"
#include "accel/tb/tb.h"
#include "cpus/cpu.h"
#include "target/api/target.h"

typedef struct InterpExit {
    IRExit exit;
    uint64_t tag_base;  /* jump-cache tag of pc 0 with the exit's flags, without a context */
    int8_t link;        /* number of the direct link, or -1 */
    bool poll;          /* goes backward: looks at exit_request */
} InterpExit;

typedef struct InterpBlock {
    TranslationBlock *tb;
    const TargetOps *target;
    const InterpExit *exits;
    const IRRef *call_args;
    uint32_t n_insns, n_exits, n_call_args;
    bool alone;                     /* as in IRFunc */
    uint32_t killed;                /* (a) looked at when the block is entered; release and acquire */
    const void *link[TB_MAX_LINKS]; /* (a) written by patch, read when an exit is taken; release and acquire */
    IRInsn insns[];                 /* as in IRFunc, but a call's imm is its InterpCall */
} InterpBlock;

/* A helper prepared for libffi. One for each IRHelper, made once, never freed. helper comes first: ir_dump reads imm as an IRHelper. */
typedef struct InterpCall {
    IRHelper helper;
    ffi_cif cif;
    ffi_type *types[8];
} InterpCall;

typedef struct InterpRun {
    CPUState *cpu;
    const InterpBlock *block;
    V128 *cells;        /* value of each insn, zero above its type's size */
} InterpRun;

#define INTERP_RA(insn) ((uintptr_t)(insn) + 16)

static inline void cell_set(V128 *cell, uint64_t v) { *cell = (V128){ .u64 = { v, 0 } }; }
static inline unsigned interp_type_bytes(IRType t) { return t == IR_I32 || t == IR_F32 ? 4 : t == IR_V128 ? 16 : 8; }

/* The prepared form of h. Any thread. */
const InterpCall *interp_call_of(const IRHelper *h);
/* Executes a call insn. */
void interp_call(InterpRun *r, const IRInsn *insn, V128 *d);
/* Executes an op that accesses guest memory, hld and fence included. */
void interp_memory(InterpRun *r, const IRInsn *insn, V128 *d);
/* Executes a floating-point op, scalar or vector, by the target's tables. */
void interp_float(InterpRun *r, const IRInsn *insn, V128 *d);
/* HostOps.enter */
uint64_t interp_enter(CPUState *cpu, const void *code);

#endif
