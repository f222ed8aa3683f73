/* SPDX-License-Identifier: MIT */
/* Scalar floats and vectors: moves between lanes, scalars and integers are undone where they meet; logic on equal or zero arguments. */
#include "accel/opt/opt_internal.h"

static bool is_vconst(const Opt *o, IRRef r, uint64_t v) { return opt_def(o, r)->op == IR_vconst && opt_def(o, r)->imm == v; }
static IRRef vconst(Opt *o, uint64_t v) { return opt_emit(o, (IRInsn){ .op = IR_vconst, .type = IR_V128, .imm = v }); }

static IRRef fold_vlow(Opt *o, IRInsn *insn)
{
    const IRInsn *def = opt_def(o, insn->arg[0]);
    switch (def->op) {
    case IR_vfromf: return opt_type(o, def->arg[0]) == insn->type ? def->arg[0] : IR_NONE;
    case IR_vzlow: return opt_emit1(o, IR_vlow, insn->type, 0, def->arg[0]);
    case IR_vpair: return insn->type == IR_F64 ? opt_emit1(o, IR_bitsf, IR_F64, 0, def->arg[0]) : IR_NONE;
    default: return IR_NONE;
    }
}

static IRRef fold_move(Opt *o, IRInsn *insn)
{
    IRRef a = insn->arg[0];
    const IRInsn *def = opt_def(o, a);
    switch (insn->op) {
    case IR_fneg: return def->op == IR_fneg ? def->arg[0] : IR_NONE;
    case IR_fabs: return def->op == IR_fabs ? a : def->op == IR_fneg ? opt_emit1(o, IR_fabs, insn->type, 0, def->arg[0]) : IR_NONE;
    case IR_fbits: return def->op == IR_bitsf ? def->arg[0] : IR_NONE;
    case IR_bitsf: return def->op == IR_fbits ? def->arg[0] : IR_NONE;
    case IR_vlow: return fold_vlow(o, insn);
    case IR_vfromf: return def->op == IR_vlow && def->type == IR_F64 ? opt_emit1(o, IR_vzlow, IR_V128, 0, def->arg[0]) : IR_NONE;
    default: return o->bits[a] <= 64 ? a : IR_NONE; /* vzlow */
    }
}

/* The low lane of a vector that was made from a scalar of the lane's size. */
static IRRef fold_vgetl(Opt *o, IRInsn *insn)
{
    const IRInsn *def = opt_def(o, insn->arg[0]);
    if (def->op == IR_vpair && insn->sz == 3)
        return def->arg[insn->imm & 1];
    if (def->op == IR_vfromf && insn->imm == 0 && opt_type_bytes(opt_type(o, def->arg[0])) == 1u << insn->sz && opt_type_bytes(insn->type) == 1u << insn->sz)
        return opt_emit1(o, IR_fbits, insn->type, 0, def->arg[0]);
    return IR_NONE;
}

static IRRef fold_vdup(Opt *o, IRInsn *insn)
{
    if (!opt_is_const(o, insn->arg[0]))
        return IR_NONE;
    V128 v;
    ir_eval_vec(insn, &v, NULL, NULL, NULL, opt_value(o, insn->arg[0]), 0);
    return vconst(o, v.u64[0]);
}

static IRRef fold_vpair(Opt *o, IRInsn *insn)
{
    IRRef a = insn->arg[0], b = insn->arg[1];
    if (opt_is_const(o, a) && opt_is_const(o, b) && opt_value(o, a) == opt_value(o, b))
        return vconst(o, opt_value(o, a));
    return IR_NONE;
}

static IRRef fold_logic(Opt *o, IRInsn *insn)
{
    IRRef a = insn->arg[0], b = insn->arg[1];
    if (a == b) {
        switch (insn->op) {
        case IR_vand: case IR_vor: return a;
        case IR_vxor: case IR_vandn: return vconst(o, 0);
        default: return vconst(o, ~0ull); /* vorn */
        }
    }
    if (is_vconst(o, b, 0)) {
        switch (insn->op) {
        case IR_vand: return b;
        case IR_vorn: return vconst(o, ~0ull);
        default: return a;
        }
    }
    if (is_vconst(o, a, 0) && (insn->op == IR_vor || insn->op == IR_vxor))
        return b;
    return IR_NONE;
}

IRRef opt_fold_vector(Opt *o, IRInsn *insn)
{
    IRRef a = insn->arg[0];
    switch (insn->op) {
    case IR_fabs: case IR_fneg: case IR_fbits: case IR_bitsf: case IR_vlow: case IR_vfromf: case IR_vzlow: return fold_move(o, insn);
    case IR_vgetl: return fold_vgetl(o, insn);
    case IR_vdup: return fold_vdup(o, insn);
    case IR_vpair: return fold_vpair(o, insn);
    case IR_vand: case IR_vor: case IR_vxor: case IR_vandn: case IR_vorn: return fold_logic(o, insn);
    case IR_vnot: return opt_def(o, a)->op == IR_vnot ? opt_def(o, a)->arg[0] : IR_NONE;
    case IR_vshli: case IR_vshri: case IR_vsari: return insn->imm == 0 ? a : IR_NONE;
    case IR_vext: return insn->imm == 0 ? a : IR_NONE;
    default: return IR_NONE;
    }
}
