/* SPDX-License-Identifier: MIT */
/*
 * Flag fusion: a condition on flags whose making is known becomes a comparison of what they were made from, so that the flags
 * themselves are often not needed.
 *
 * After fl_sub(a, b) a condition is by definition that on (a, b); with IR_FL_INVC the carry conditions swap. fl_add(a, k) sets
 * flags as fl_sub(a, -k) does, carry inverted, when k is neither 0 (no carry against no borrow) nor the smallest integer (the
 * overflow differs). fl_and, and fl_add with 0, leave no carry and no overflow, so that a comparison of the result with 0
 * says the same. Of other flags only what needs the result alone is used.
 */
#include "accel/opt/opt_internal.h"
#include "base/bits.h"

typedef enum FusionKind { FUSE_NOT, FUSE_PAIR, FUSE_NEVER, FUSE_ALWAYS } FusionKind;
typedef struct Fusion { FusionKind kind; IRCond cc; IRRef a, b; } Fusion;

static Fusion pair(IRCond cc, IRRef a, IRRef b) { return (Fusion){ FUSE_PAIR, cc, a, b }; }
static Fusion constant(bool truth) { return (Fusion){ .kind = truth ? FUSE_ALWAYS : FUSE_NEVER }; }

/* cc when C is the inverse of the borrow. C | Z is then "no borrow", as Z implies that. */
static Fusion pair_inverted(IRCond cc, IRRef a, IRRef b)
{
    switch (cc) {
    case IR_LTU: case IR_LEU: return pair(IR_GEU, a, b);
    case IR_GEU: case IR_GTU: return pair(IR_LTU, a, b);
    default: return pair(cc, a, b);
    }
}

/* Flags of result r with O = 0 and C = carry. */
static Fusion fuse_result(Opt *o, IRCond cc, IRRef r, bool carry)
{
    bool negated = cc & 1;
    switch (cc & ~1u) {
    case IR_VS: return constant(negated);
    case IR_LTU: return constant(carry ^ negated);
    case IR_LEU:
        if (carry)
            return constant(!negated);
        cc = IR_EQ | negated;
        break;
    case IR_MI: cc = IR_LT | negated; break;
    case IR_PE: return (Fusion){ .kind = FUSE_NOT };
    default: break; /* EQ, LT, LE and their opposites mean the same against 0 */
    }
    return pair(cc, r, opt_const(o, opt_type(o, r), 0));
}

static Fusion fuse_sub(Opt *o, IRCond cc, const IRInsn *fl)
{
    IRRef a = fl->arg[0], b = fl->arg[1];
    bool inverted = fl->aux & IR_FL_INVC;
    if (opt_is_const(o, b) && opt_value(o, b) == 0)
        return fuse_result(o, cc, a, inverted);
    if (cc >= IR_MI)
        return (Fusion){ .kind = FUSE_NOT };
    return inverted ? pair_inverted(cc, a, b) : pair(cc, a, b);
}

static Fusion fuse_add(Opt *o, IRCond cc, const IRInsn *fl)
{
    IRRef a = fl->arg[0], b = fl->arg[1];
    IRType t = opt_type(o, a);
    bool inverted = fl->aux & IR_FL_INVC;

    if (opt_is_const(o, b)) {
        uint64_t k = opt_value(o, b);
        if (k == 0)
            return fuse_result(o, cc, a, inverted);
        if (k != (opt_type_mask(t) >> 1) + 1 && cc < IR_MI) {
            IRRef minus_k = opt_const(o, t, -k);
            return inverted ? pair(cc, a, minus_k) : pair_inverted(cc, a, minus_k);
        }
    }
    if (cc > IR_NE && (cc & ~1u) != IR_MI)
        return (Fusion){ .kind = FUSE_NOT };
    return fuse_result(o, cc, opt_emit2(o, IR_add, t, a, b), false);
}

static Fusion fuse_and(Opt *o, IRCond cc, const IRInsn *fl)
{
    IRRef a = fl->arg[0], b = fl->arg[1];
    bool carry = fl->aux & IR_FL_INVC;
    if (cc == IR_EQ || cc == IR_NE)
        return a == b ? fuse_result(o, cc, a, carry) : pair(cc == IR_EQ ? IR_TSTEQ : IR_TSTNE, a, b);
    if ((cc & ~1u) == IR_PE)
        return (Fusion){ .kind = FUSE_NOT };
    return fuse_result(o, cc, opt_emit2(o, IR_and, opt_type(o, a), a, b), carry);
}

static Fusion fuse(Opt *o, IRCond cc, IRRef flags)
{
    IRInsn fl = *opt_def(o, flags);
    if (fl.sz && fl.op != IR_const)
        return (Fusion){ .kind = FUSE_NOT }; /* of bytes or words: the translator compares what it can itself */
    switch (fl.op) {
    case IR_const: return constant(ir_eval_fl_cc(cc, fl.imm));
    case IR_fl_sub: return fuse_sub(o, cc, &fl);
    case IR_fl_add: return fuse_add(o, cc, &fl);
    case IR_fl_and: return fuse_and(o, cc, &fl);
    default: return (Fusion){ .kind = FUSE_NOT };
    }
}

static IRRef fold_fl_cc(Opt *o, const IRInsn *insn)
{
    Fusion u = fuse(o, insn->aux, insn->arg[0]);
    if (u.kind == FUSE_PAIR)
        return opt_emit(o, (IRInsn){ .op = IR_setcc, .type = insn->type, .arg = { u.a, u.b }, .aux = u.cc });
    return u.kind == FUSE_NOT ? IR_NONE : opt_const(o, insn->type, u.kind == FUSE_ALWAYS);
}

static IRRef fold_fl_select(Opt *o, const IRInsn *insn)
{
    if (insn->arg[1] == insn->arg[2])
        return insn->arg[1];
    Fusion u = fuse(o, insn->aux, insn->arg[0]);
    if (u.kind == FUSE_PAIR)
        return opt_emit(o, (IRInsn){ .op = IR_select, .type = insn->type, .arg = { u.a, u.b, insn->arg[1], insn->arg[2] }, .aux = u.cc });
    return u.kind == FUSE_NOT ? IR_NONE : insn->arg[u.kind == FUSE_ALWAYS ? 1 : 2];
}

IRRef opt_fold_flags(Opt *o, IRInsn *insn)
{
    if (insn->op == IR_fl_cc)
        return fold_fl_cc(o, insn);
    if (insn->op == IR_fl_select)
        return fold_fl_select(o, insn);
    uint64_t v[3] = { 0 };
    for (unsigned k = 0; k < opt_ops[insn->op].n_args; k++) {
        if (!opt_is_const(o, insn->arg[k]))
            return IR_NONE;
        v[k] = opt_value(o, insn->arg[k]);
    }
    return opt_const(o, IR_I32, ir_eval_int(insn, opt_type(o, insn->arg[0]), v[0], v[1], v[2], 0));
}

/* cc on the pair with its sides exchanged. */
static IRCond swapped(IRCond cc)
{
    switch (cc) {
    case IR_LTU: return IR_GTU;
    case IR_GTU: return IR_LTU;
    case IR_LEU: return IR_GEU;
    case IR_GEU: return IR_LEU;
    case IR_LT: return IR_GT;
    case IR_GT: return IR_LT;
    case IR_LE: return IR_GE;
    case IR_GE: return IR_LE;
    default: return cc;
    }
}

static IRCond condition_of(const IRInsn *insn) { return insn->op == IR_br ? insn->sz : (IRCond)insn->aux; }

static void set_condition(IRInsn *insn, IRCond cc)
{
    if (insn->op == IR_br || insn->op == IR_fl_br)
        insn->sz = cc;
    else
        insn->aux = cc;
}

/* insn tests a truth value that flags gave: it tests the flags instead. */
static void test_flags(IRInsn *insn, IRCond cc, IRRef flags)
{
    static const uint16_t on_flags[IR_NB_OPS] = { [IR_br] = IR_fl_br, [IR_setcc] = IR_fl_cc, [IR_select] = IR_fl_select };
    insn->op = on_flags[insn->op];
    insn->arg[0] = flags;
    insn->arg[1] = insn->op == IR_fl_select ? insn->arg[2] : IR_NONE;
    insn->arg[2] = insn->op == IR_fl_select ? insn->arg[3] : IR_NONE;
    insn->arg[3] = IR_NONE;
    set_condition(insn, cc);
}

void opt_fold_condition(Opt *o, IRInsn *insn)
{
    IRRef a = insn->arg[0], b = insn->arg[1];
    IRCond cc = condition_of(insn);

    if (opt_is_const(o, a) && !opt_is_const(o, b)) {
        cc = swapped(cc);
        insn->arg[0] = b;
        insn->arg[1] = a;
        set_condition(insn, cc);
        a = insn->arg[0], b = insn->arg[1];
    }
    if (!opt_is_const(o, b) || opt_value(o, b) != 0 || (cc != IR_EQ && cc != IR_NE))
        return;
    const IRInsn *def = opt_def(o, a);
    if (def->op == IR_setcc) {
        insn->arg[0] = def->arg[0];
        insn->arg[1] = def->arg[1];
        set_condition(insn, def->aux ^ (cc == IR_EQ));
    } else if (def->op == IR_fl_cc) {
        test_flags(insn, def->aux ^ (cc == IR_EQ), def->arg[0]);
    } else if (def->op == IR_and && opt_type(o, a) == opt_type(o, def->arg[0])) {
        insn->arg[0] = def->arg[0];
        insn->arg[1] = def->arg[1];
        set_condition(insn, cc == IR_EQ ? IR_TSTEQ : IR_TSTNE);
    }
}

static bool never_taken(const Opt *o, const IRInsn *insn)
{
    IRRef a = insn->arg[0], b = insn->arg[1];
    return opt_is_const(o, a) && opt_is_const(o, b) && !ir_eval_cc(insn->sz, opt_type(o, a), opt_value(o, a), opt_value(o, b));
}

bool opt_fold_branch(Opt *o, IRInsn *insn)
{
    if (insn->op == IR_br)
        opt_fold_condition(o, insn);
    if (insn->op == IR_fl_br) {
        Fusion u = fuse(o, insn->sz, insn->arg[0]);
        if (u.kind == FUSE_NEVER)
            return true;
        if (u.kind == FUSE_PAIR)
            *insn = (IRInsn){ .op = IR_br, .arg = { u.a, u.b }, .sz = u.cc, .aux = insn->aux };
        if (insn->op == IR_br)
            opt_fold_condition(o, insn);
    }
    return insn->op == IR_br && never_taken(o, insn);
}
