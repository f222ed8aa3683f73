/* SPDX-License-Identifier: MIT */
/* Integers: constants are folded by the reference evaluator, and algebraic identities are applied. */
#include "accel/opt/opt_internal.h"
#include "base/bits.h"

static bool all_const(const Opt *o, const IRInsn *insn)
{
    unsigned n = opt_ops[insn->op].n_args;
    for (unsigned k = 0; k < n; k++) {
        if (!opt_is_const(o, insn->arg[k]))
            return false;
    }
    return n > 0 && opt_is_int(insn->type);
}

static IRRef evaluate(Opt *o, const IRInsn *insn)
{
    uint64_t v[4] = { 0 };
    for (unsigned k = 0; k < opt_ops[insn->op].n_args; k++)
        v[k] = opt_value(o, insn->arg[k]);
    return opt_const(o, insn->type, ir_eval_int(insn, opt_type(o, insn->arg[0]), v[0], v[1], v[2], v[3]));
}

static IRRef replace1(Opt *o, const IRInsn *insn, IROp op, unsigned sz, IRRef a) { return opt_emit1(o, op, insn->type, sz, a); }

/* a + k. Sums of constants are gathered unless the inner sum sits in a register anyway. */
static IRRef fold_add(Opt *o, const IRInsn *insn, uint64_t k)
{
    const IRInsn *def = opt_def(o, insn->arg[0]);
    if (k == 0)
        return insn->arg[0];
    if (def->op == IR_add && opt_is_const(o, def->arg[1]) && !o->in_slot[insn->arg[0]]) {
        IRRef base = def->arg[0];
        return opt_emit2(o, IR_add, insn->type, base, opt_const(o, insn->type, opt_value(o, def->arg[1]) + k));
    }
    return IR_NONE;
}

static IRRef fold_and(Opt *o, const IRInsn *insn, uint64_t k)
{
    IRRef a = insn->arg[0];
    uint64_t may_be_set = MASK64(o->bits[a]);
    if (k == 0)
        return insn->arg[1];
    if ((k & may_be_set) == may_be_set)
        return a;
    switch (k) {
    case 0xff: return replace1(o, insn, IR_zext, 0, a);
    case 0xffff: return replace1(o, insn, IR_zext, 1, a);
    case 0xffffffff: return replace1(o, insn, IR_zext, 2, a);
    default: return IR_NONE;
    }
}

/* Ops whose second argument is constant k. */
static IRRef fold_right_const(Opt *o, const IRInsn *insn, uint64_t k)
{
    IRRef a = insn->arg[0];
    IRType t = insn->type;
    uint64_t ones = opt_type_mask(t);

    switch (insn->op) {
    case IR_add: return fold_add(o, insn, k);
    case IR_sub: return opt_emit2(o, IR_add, t, a, opt_const(o, t, -k));
    case IR_and: return fold_and(o, insn, k);
    case IR_andn: return opt_emit2(o, IR_and, t, a, opt_const(o, t, ~k));
    case IR_orn: return opt_emit2(o, IR_or, t, a, opt_const(o, t, ~k));
    case IR_eqv: return opt_emit2(o, IR_xor, t, a, opt_const(o, t, ~k));
    case IR_or: return k == 0 ? a : k == ones ? insn->arg[1] : IR_NONE;
    case IR_xor: return k == 0 ? a : k == ones ? replace1(o, insn, IR_not, 0, a) : IR_NONE;
    case IR_shl: case IR_shr: case IR_sar: case IR_rotr: return k & (8 * opt_type_bytes(t) - 1) ? IR_NONE : a;
    case IR_mul:
        if (k == 0 || k == 1)
            return k ? a : insn->arg[1];
        return is_power_of_2(k) ? opt_emit2(o, IR_shl, t, a, opt_const(o, t, ctz64(k))) : IR_NONE;
    case IR_divu:
        if (!is_power_of_2(k))
            return IR_NONE;
        return k == 1 ? a : opt_emit2(o, IR_shr, t, a, opt_const(o, t, ctz64(k)));
    case IR_divs: return k == 1 ? a : k == 0 ? insn->arg[1] : IR_NONE;
    default: return IR_NONE;
    }
}

/* Ops whose first argument is constant k; those that commute have it second. */
static IRRef fold_left_const(Opt *o, const IRInsn *insn, uint64_t k)
{
    IRRef b = insn->arg[1];
    switch (insn->op) {
    case IR_sub: return k == 0 ? replace1(o, insn, IR_neg, 0, b) : IR_NONE;
    case IR_andn: return k == 0 ? insn->arg[0] : k == opt_type_mask(insn->type) ? replace1(o, insn, IR_not, 0, b) : IR_NONE;
    case IR_orn: return k == 0 ? replace1(o, insn, IR_not, 0, b) : k == opt_type_mask(insn->type) ? insn->arg[0] : IR_NONE;
    case IR_shl: case IR_shr: case IR_sar: case IR_rotr: return k == 0 ? insn->arg[0] : IR_NONE;
    default: return IR_NONE;
    }
}

/* Ops whose two arguments are one value. */
static IRRef fold_same(Opt *o, const IRInsn *insn)
{
    switch (insn->op) {
    case IR_and: case IR_or: return insn->arg[0];
    case IR_sub: case IR_xor: case IR_andn: return opt_const(o, insn->type, 0);
    case IR_orn: case IR_eqv: return opt_const(o, insn->type, -1);
    default: return IR_NONE;
    }
}

static IRRef fold_binary(Opt *o, const IRInsn *insn)
{
    IRRef a = insn->arg[0], b = insn->arg[1], r = IR_NONE;
    if (opt_is_const(o, b))
        r = fold_right_const(o, insn, opt_value(o, b));
    else if (opt_is_const(o, a))
        r = fold_left_const(o, insn, opt_value(o, a));
    if (!r && a == b)
        r = fold_same(o, insn);
    return r;
}

static IRRef fold_zext(Opt *o, IRInsn *insn)
{
    IRRef a = insn->arg[0];
    const IRInsn *def = opt_def(o, a);
    unsigned width = 8u << insn->sz;

    if (o->bits[a] <= width && insn->type == def->type)
        return a;
    if (def->op == IR_zext && def->sz <= insn->sz)
        return replace1(o, insn, IR_zext, def->sz, def->arg[0]);
    if (def->op == IR_trunc)
        return replace1(o, insn, IR_zext, insn->sz, def->arg[0]);
    return IR_NONE;
}

static IRRef fold_sext(Opt *o, IRInsn *insn)
{
    IRRef a = insn->arg[0];
    if (insn->type == opt_type(o, a) && 8u << insn->sz == 8 * opt_type_bytes(insn->type))
        return a;
    if (o->bits[a] < 8u << insn->sz)
        return replace1(o, insn, IR_zext, insn->sz, a);
    if (opt_def(o, a)->op == IR_trunc)
        return replace1(o, insn, IR_sext, insn->sz, opt_def(o, a)->arg[0]);
    return IR_NONE;
}

static IRRef fold_trunc(Opt *o, const IRInsn *insn)
{
    const IRInsn *def = opt_def(o, insn->arg[0]);
    if ((def->op == IR_zext || def->op == IR_sext) && opt_type(o, def->arg[0]) == IR_I32)
        return def->sz == 2 ? def->arg[0] : replace1(o, insn, def->op, def->sz, def->arg[0]);
    return IR_NONE;
}

/* A field put at the bottom of 0 is an extension. */
static IRRef fold_deposit(Opt *o, const IRInsn *insn, unsigned lsb, unsigned len)
{
    if (lsb || !opt_is_const(o, insn->arg[0]) || opt_value(o, insn->arg[0]))
        return IR_NONE;
    if (o->bits[insn->arg[1]] <= len)
        return insn->arg[1];
    switch (len) {
    case 8: return replace1(o, insn, IR_zext, 0, insn->arg[1]);
    case 16: return replace1(o, insn, IR_zext, 1, insn->arg[1]);
    case 32: return replace1(o, insn, IR_zext, 2, insn->arg[1]);
    default: return IR_NONE;
    }
}

static IRRef fold_field(Opt *o, IRInsn *insn)
{
    unsigned lsb = insn->imm & 0xff, len = insn->imm >> 8, width = 8 * opt_type_bytes(insn->type);
    IROp op = insn->op == IR_extract ? IR_zext : IR_sext;

    if (len == width)
        return insn->op == IR_deposit ? insn->arg[1] : insn->arg[0];
    if (insn->op == IR_deposit)
        return fold_deposit(o, insn, lsb, len);
    if (lsb != 0)
        return IR_NONE;
    if (insn->op == IR_extract && o->bits[insn->arg[0]] <= len)
        return insn->arg[0];
    switch (len) {
    case 8: return replace1(o, insn, op, 0, insn->arg[0]);
    case 16: return replace1(o, insn, op, 1, insn->arg[0]);
    case 32: return replace1(o, insn, op, 2, insn->arg[0]);
    default: return IR_NONE;
    }
}

static IRRef fold_unary(Opt *o, IRInsn *insn)
{
    const IRInsn *def = opt_def(o, insn->arg[0]);
    switch (insn->op) {
    case IR_mov: return insn->arg[0];
    case IR_not: case IR_neg: return def->op == insn->op ? def->arg[0] : IR_NONE;
    case IR_zext: return fold_zext(o, insn);
    case IR_sext: return fold_sext(o, insn);
    case IR_trunc: return fold_trunc(o, insn);
    case IR_extract: case IR_sextract: case IR_deposit: return fold_field(o, insn);
    case IR_extr: return insn->imm == 0 ? insn->arg[0] : IR_NONE;
    default: return IR_NONE;
    }
}

static IRRef fold_select(Opt *o, IRInsn *insn)
{
    IRRef a = insn->arg[0], b = insn->arg[1];
    if (insn->arg[2] == insn->arg[3])
        return insn->arg[2];
    if (opt_is_const(o, a) && opt_is_const(o, b))
        return insn->arg[ir_eval_cc(insn->aux, opt_type(o, a), opt_value(o, a), opt_value(o, b)) ? 2 : 3];
    return IR_NONE;
}

/* A bit that is compared with 0 is the bit, in the type that is wanted. */
static IRRef fold_setcc(Opt *o, IRInsn *insn)
{
    IRRef a = insn->arg[0], b = insn->arg[1];
    if (insn->aux != IR_NE || !opt_is_const(o, b) || opt_value(o, b) != 0 || o->bits[a] > 1)
        return IR_NONE;
    if (opt_type(o, a) == insn->type)
        return a;
    return insn->type == IR_I32 ? opt_emit1(o, IR_trunc, IR_I32, 0, a) : opt_emit1(o, IR_zext, IR_I64, 2, a);
}

IRRef opt_fold(Opt *o, IRInsn *insn)
{
    IRRef r;
    switch (insn->op) {
    case IR_get: case IR_const: return IR_NONE;
    case IR_setcc:
        if ((r = fold_setcc(o, insn)))
            return r;
        opt_fold_condition(o, insn);
        break;
    case IR_select: opt_fold_condition(o, insn); break;
    default: break;
    }
    if (insn->op == IR_fl_cc || insn->op == IR_fl_select) /* what the condition has turned it into */
        return opt_emit(o, *insn);
    if (all_const(o, insn))
        return evaluate(o, insn);
    switch (insn->op) {
    case IR_select: return fold_select(o, insn);
    case IR_adc:
        return opt_is_const(o, insn->arg[2]) && opt_value(o, insn->arg[2]) == 0 ? opt_emit2(o, IR_add, insn->type, insn->arg[0], insn->arg[1]) : IR_NONE;
    case IR_mov: case IR_not: case IR_neg: case IR_zext: case IR_sext: case IR_trunc: case IR_extract: case IR_sextract: case IR_deposit: case IR_extr:
        return fold_unary(o, insn);
    default:
        return opt_ops[insn->op].n_args == 2 ? fold_binary(o, insn) : IR_NONE;
    }
}
