/* SPDX-License-Identifier: MIT */
/*
 * Running blocks: an insn after the other, and from block to block through links and the jump cache until an exit leaves.
 *
 * Slots live in CPUState all the time, so there is nothing to write back or re-read around calls and faults.
 */
#include <string.h>

#include "accel/interp/interp_internal.h"
#include "base/bits.h"

/* Who executes an op. */
typedef enum OpClass { CLASS_INT, CLASS_VEC, CLASS_FLOAT, CLASS_MEMORY, CLASS_STATE, CLASS_CONTROL } OpClass;

static OpClass class_of(IROp op)
{
    switch (op) {
    case IR_nop: case IR_insn_start: case IR_get: case IR_put: case IR_ldenv: case IR_stenv: case IR_call: return CLASS_STATE;
    case IR_ld: case IR_st: case IR_st2: case IR_ldptr: case IR_hld: case IR_atom_rmw: case IR_atom_cas: case IR_fence: return CLASS_MEMORY;
    case IR_br: case IR_fl_br: case IR_exit: case IR_exit_jump: return CLASS_CONTROL;
    case IR_vx: case IR_vxf: case IR_fl_comis: case IR_fl_fcmp: case IR_fadd: case IR_fsub: case IR_fmul: case IR_fdiv: case IR_fsqrt: case IR_fmadd: case IR_fcvt: case IR_fi2f: case IR_ff2i:
    case IR_fround: case IR_vfadd: case IR_vfsub: case IR_vfmul: case IR_vfdiv: case IR_vfmla: return CLASS_FLOAT;
    case IR_fabs: case IR_fneg: case IR_fbits: case IR_bitsf: return CLASS_INT;
    default: return op >= IR_vlow ? CLASS_VEC : CLASS_INT; /* vector ops close the table */
    }
}

static uint8_t op_class[IR_NB_OPS];

static void __attribute__((constructor)) fill_op_class(void)
{
    for (unsigned op = 0; op < IR_NB_OPS; op++)
        op_class[op] = class_of(op);
}

/* A thread's values; refs are at most IR_MAX_INSNS. */
static V128 *thread_cells(void)
{
    static __thread V128 *cells;
    if (UNLIKELY(!cells)) {
        cells = aligned_alloc(16, IR_MAX_INSNS * sizeof(V128));
        if (!cells)
            g_error("no memory for the interpreter's values");
        memset(cells, 0, sizeof(V128));
    }
    return cells;
}

static IRType type_of_arg(const InterpRun *r, const IRInsn *insn) { return r->block->insns[insn->arg[0]].type; }

/* mov, select or fl_select of a vector: which argument it is. */
static unsigned chosen_arg(const InterpRun *r, const IRInsn *insn)
{
    uint64_t a = r->cells[insn->arg[0]].u64[0], b = r->cells[insn->arg[1]].u64[0];
    switch (insn->op) {
    case IR_select: return ir_eval_cc(insn->aux, type_of_arg(r, insn), a, b) ? 2 : 3;
    case IR_fl_select: return ir_eval_fl_cc(insn->aux, a) ? 1 : 2;
    default: return 0;
    }
}

static void exec_int(InterpRun *r, const IRInsn *insn, V128 *d)
{
    const V128 *v = r->cells;
    if (insn->type == IR_V128)
        *d = v[insn->arg[chosen_arg(r, insn)]];
    else
        cell_set(d, ir_eval_int(insn, type_of_arg(r, insn), v[insn->arg[0]].u64[0], v[insn->arg[1]].u64[0], v[insn->arg[2]].u64[0], v[insn->arg[3]].u64[0]));
}

static void exec_vec(InterpRun *r, const IRInsn *insn, V128 *d)
{
    const V128 *a = &r->cells[insn->arg[0]], *b = &r->cells[insn->arg[1]];
    uint64_t x = insn->op == IR_vinsl ? b->u64[0] : a->u64[0];
    uint64_t v = ir_eval_vec(insn, d, a, b, &r->cells[insn->arg[2]], x, b->u64[0]);
    if (insn->type != IR_V128)
        cell_set(d, v);
}

static void load_env(InterpRun *r, const IRInsn *insn, V128 *d)
{
    V128 v = { .u64 = { 0, 0 } };
    memcpy(&v, (const char *)r->cpu + insn->imm, 1u << insn->sz);
    if (insn->aux & 1 && insn->sz < 3) {
        v.u64[0] = (uint64_t)sextract64(v.u64[0], 0, 8u << insn->sz);
        if (insn->type == IR_I32)
            v.u64[0] = v.u32[0];
    }
    *d = v;
}

static void exec_state(InterpRun *r, const IRInsn *insn, V128 *d)
{
    const IRSlot *slot;
    switch (insn->op) {
    case IR_get:
        slot = &r->block->target->slots[insn->aux];
        cell_set(d, 0);
        memcpy(d, (const char *)r->cpu + slot->offset, interp_type_bytes(insn->type));
        break;
    case IR_put:
        slot = &r->block->target->slots[insn->aux];
        memcpy((char *)r->cpu + slot->offset, &r->cells[insn->arg[0]], interp_type_bytes(slot->type));
        break;
    case IR_ldenv: load_env(r, insn, d); break;
    case IR_stenv: memcpy((char *)r->cpu + insn->imm, &r->cells[insn->arg[0]], 1u << insn->sz); break;
    case IR_call: interp_call(r, insn, d); break;
    default: break; /* nop, insn_start */
    }
}

static void store_pc(const InterpRun *r, uint64_t pc) { memcpy((char *)r->cpu + r->block->target->pc_offset, &pc, sizeof(pc)); }

static bool exit_requested(CPUState *cpu) { return __atomic_load_n(&cpu->exit_request, __ATOMIC_ACQUIRE) != 0; } /* pairs with cpu_exit */

/* What the jump cache knows about pc, or NULL. */
static const InterpBlock *jump_cache_probe(const InterpRun *r, const InterpExit *e, uint64_t pc)
{
    const CPUState *cpu = r->cpu;
    const TargetOps *target = r->block->target;
    if (r->block->alone)
        return NULL;
    const CPUJumpEntry *entry = (const CPUJumpEntry *)((const char *)cpu->jump_cache + tb_jump_offset(pc));
    uint64_t tag = e->tag_base ^ pc;
    if (!target->jump_is_global(pc, e->exit.flags))
        tag ^= cpu->jump_context;
    return entry->tag == tag ? entry->code : NULL;
}

/* Where taking an exit leads: the next block, or NULL with *result set. */
static const InterpBlock *take_chain(InterpRun *r, const InterpExit *e, uint64_t *result)
{
    const InterpBlock *next;
    if (e->poll && exit_requested(r->cpu)) {
        store_pc(r, e->exit.pc);
        *result = HOST_EXIT_POLL;
        return NULL;
    }
    if (e->link >= 0)
        next = __atomic_load_n(&r->block->link[e->link], __ATOMIC_ACQUIRE); /* pairs with interp_patch */
    else
        next = jump_cache_probe(r, e, e->exit.pc);
    if (!next) {
        store_pc(r, e->exit.pc);
        *result = e->link >= 0 ? (uintptr_t)r->block->tb | (unsigned)e->link : HOST_EXIT_LOOKUP;
    }
    return next;
}

static const InterpBlock *take_jump(InterpRun *r, const InterpExit *e, uint64_t pc, uint64_t *result)
{
    const InterpBlock *next = NULL;
    *result = HOST_EXIT_POLL;
    if (!exit_requested(r->cpu)) {
        next = jump_cache_probe(r, e, pc);
        *result = HOST_EXIT_LOOKUP;
    }
    if (!next)
        store_pc(r, pc);
    return next;
}

static const InterpBlock *take_exit(InterpRun *r, const IRInsn *insn, uint64_t *result)
{
    const InterpExit *e = &r->block->exits[insn->aux];
    switch (e->exit.kind) {
    case IR_EXIT_CHAIN: return take_chain(r, e, result);
    case IR_EXIT_LOOKUP: case IR_EXIT_MAIN:
        if (!e->exit.dynamic_pc)
            store_pc(r, e->exit.pc);
        *result = e->exit.kind == IR_EXIT_MAIN ? HOST_EXIT_MAIN : HOST_EXIT_LOOKUP;
        return NULL;
    default: return take_jump(r, e, r->cells[insn->arg[0]].u64[0], result);
    }
}

static bool branch_taken(const InterpRun *r, const IRInsn *insn)
{
    uint64_t a = r->cells[insn->arg[0]].u64[0], b = r->cells[insn->arg[1]].u64[0];
    switch (insn->op) {
    case IR_br: return ir_eval_cc(insn->sz, type_of_arg(r, insn), a, b);
    case IR_fl_br: return ir_eval_fl_cc(insn->sz, a);
    default: return true;
    }
}

/* Runs the block up to the exit that it takes, and returns that insn. */
static const IRInsn *run_block(InterpRun *r)
{
    const InterpBlock *block = r->block;
    for (uint32_t i = 1;; i++) {
        const IRInsn *insn = &block->insns[i];
        V128 *d = &r->cells[i];
        switch ((OpClass)op_class[insn->op]) {
        case CLASS_INT: exec_int(r, insn, d); break;
        case CLASS_VEC: exec_vec(r, insn, d); break;
        case CLASS_FLOAT: interp_float(r, insn, d); break;
        case CLASS_MEMORY: interp_memory(r, insn, d); break;
        case CLASS_STATE: exec_state(r, insn, d); break;
        case CLASS_CONTROL:
            if (branch_taken(r, insn))
                return insn;
            break;
        }
    }
}

uint64_t interp_enter(CPUState *cpu, const void *code)
{
    InterpRun r = { .cpu = cpu, .block = code, .cells = thread_cells() };
    uint64_t result = 0;

    cpu->interp_ra = 0; /* a helper that left by cpu_loop_exit had no chance to clear it */
    while (r.block) {
        if (UNLIKELY(__atomic_load_n(&r.block->killed, __ATOMIC_ACQUIRE))) /* pairs with interp_kill */
            return (uintptr_t)r.block->tb | TB_EXIT_STALE;
        const IRInsn *insn = run_block(&r);
        const InterpBlock *next = take_exit(&r, insn, &result);
        r.block = next;
    }
    return result;
}
