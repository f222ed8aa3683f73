/* SPDX-License-Identifier: MIT */
/* The optimiser's driver: the walk forward that rebuilds the function, and emission through the rules. See opt_internal.h. */
#include <glib.h>
#include <string.h>

#include "accel/opt/opt_internal.h"
#include "base/bits.h"

OptOp opt_ops[IR_NB_OPS];

static void __attribute__((constructor)) fill_ops(void)
{
    for (unsigned op = 0; op < IR_NB_OPS; op++) {
        const char *flags = ir_op_info[op].flags;
        opt_ops[op].n_args = strlen(ir_op_info[op].args);
        opt_ops[op].flags = (strchr(flags, 'P') ? OPT_PURE : 0) | (strchr(flags, 'C') ? OPT_COMMUTES : 0) | (strchr(flags, 'M') ? OPT_MEMORY : 0) |
                            (strchr(flags, 'X') ? OPT_EXIT : 0);
    }
}

static IRRef append(Opt *o, const IRInsn *insn)
{
    IRFunc *f = o->f;
    IRRef r = f->n_insns++;
    f->insns[r] = *insn;
    o->in_slot[r] = false;
    o->bits[r] = opt_known_bits(o, insn);
    return r;
}

/* A constant goes second; of two others the older goes first, so that equal sums look equal. */
static void order_args(Opt *o, IRInsn *insn)
{
    IRRef a = insn->arg[0], b = insn->arg[1];
    bool swap = opt_is_const(o, a) != opt_is_const(o, b) ? opt_is_const(o, a) : a > b;
    if (swap) {
        insn->arg[0] = b;
        insn->arg[1] = a;
    }
}

IRRef opt_emit(Opt *o, IRInsn insn)
{
    IRRef r;

    if (!(opt_ops[insn.op].flags & OPT_PURE))
        return append(o, &insn);
    if (opt_ops[insn.op].flags & OPT_COMMUTES)
        order_args(o, &insn);
    if (insn.op >= IR_fabs)
        r = opt_fold_vector(o, &insn);
    else if (insn.op >= IR_fl_add)
        r = opt_fold_flags(o, &insn);
    else
        r = opt_fold(o, &insn);
    if (r || (r = opt_cse_find(o, &insn)))
        return r;
    r = append(o, &insn);
    opt_cse_add(o, r);
    return r;
}

IRRef opt_emit1(Opt *o, IROp op, IRType t, unsigned sz, IRRef a) { return opt_emit(o, (IRInsn){ .op = op, .type = t, .sz = sz, .arg = { a } }); }
IRRef opt_emit2(Opt *o, IROp op, IRType t, IRRef a, IRRef b) { return opt_emit(o, (IRInsn){ .op = op, .type = t, .arg = { a, b } }); }

IRRef opt_const(Opt *o, IRType t, uint64_t v) { return opt_emit(o, (IRInsn){ .op = IR_const, .type = t, .imm = v & opt_type_mask(t) }); }

static void rebuild_call(Opt *o, const IRInsn *insn)
{
    const IRHelper *h = (const IRHelper *)(uintptr_t)insn->imm;
    for (unsigned i = 0; i < h->nargs; i++) {
        IRRef *arg = &o->f->call_args[insn->aux + i];
        *arg = o->map[*arg];
    }
    if (h->flags & IR_CALL_WRITES)
        opt_slots_forget(o);
}

static IRRef rebuild_insn(Opt *o, IRInsn insn)
{
    for (unsigned k = 0; k < opt_ops[insn.op].n_args; k++)
        insn.arg[k] = o->map[insn.arg[k]];
    switch (insn.op) {
    case IR_nop: return IR_NONE;
    case IR_get: return opt_slots_get(o, &insn);
    case IR_put: opt_slots_put(o, &insn); return IR_NONE;
    case IR_call: rebuild_call(o, &insn); break;
    case IR_br: case IR_fl_br:
        if (opt_fold_branch(o, &insn))
            return IR_NONE;
        break;
    case IR_ld: case IR_st: case IR_st2: case IR_ldptr: opt_fold_address(o, &insn); break;
    default: break;
    }
    return opt_emit(o, insn);
}

static void rebuild(Opt *o)
{
    IRFunc *f = o->f;
    uint32_t n = f->n_insns;

    memcpy(o->in, f->insns, n * sizeof(IRInsn));
    f->n_insns = 1;
    o->map[0] = IR_NONE;
    o->bits[0] = 0;
    opt_slots_init(o);
    for (uint32_t i = 1; i < n; i++)
        o->map[i] = rebuild_insn(o, o->in[i]);
}

void ir_optimise(IRFunc *f)
{
    static __thread Opt *opt;

    if (f->n_insns >= OPT_MAX_INSNS || f->overflow)
        return;
    if (!opt)
        opt = g_new0(Opt, 1);
    opt->f = f;
    rebuild(opt);
    opt_dead(opt);
    opt_compact(opt);
}
