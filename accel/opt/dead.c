/* SPDX-License-Identifier: MIT */
/*
 * Dead code, from the end backward: puts into slots that are put again before anybody looks, and pure values without a use.
 *
 * Somebody looks at all slots in an op that accesses guest memory (it may fault), at every way out, and in calls that say so.
 * The end of a block looks at all of them.
 */
#include <string.h>

#include "accel/opt/opt_internal.h"

static const IRHelper *helper_of(const IRInsn *insn) { return (const IRHelper *)(uintptr_t)insn->imm; }

static bool observes_slots(const IRInsn *insn)
{
    if (insn->op == IR_call)
        return helper_of(insn)->flags & (IR_CALL_READS | IR_CALL_WRITES | IR_CALL_FAULTS | IR_CALL_NORETURN);
    return opt_ops[insn->op].flags & (OPT_MEMORY | OPT_EXIT);
}

static bool removable(const IRInsn *insn)
{
    if (insn->op == IR_call)
        return helper_of(insn)->flags & IR_CALL_PURE && !observes_slots(insn);
    return opt_ops[insn->op].flags & OPT_PURE;
}

static void mark_args(Opt *o, const IRInsn *insn)
{
    for (unsigned k = 0; k < opt_ops[insn->op].n_args; k++)
        o->used[insn->arg[k]] = true;
    if (insn->op == IR_call) {
        for (unsigned i = 0; i < helper_of(insn)->nargs; i++)
            o->used[o->f->call_args[insn->aux + i]] = true;
    }
}

/* Notes what insn does to slots; true: a put that nobody sees. */
static bool dead_put(const Opt *o, const IRInsn *insn, bool overwritten[OPT_MAX_SLOTS])
{
    if (insn->op == IR_put && insn->aux < o->n_slots) {
        bool dead = overwritten[insn->aux];
        overwritten[insn->aux] = true;
        return dead;
    }
    if (insn->op == IR_get && insn->aux < o->n_slots)
        overwritten[insn->aux] = false;
    else if (observes_slots(insn))
        memset(overwritten, 0, o->n_slots * sizeof(bool));
    return false;
}

void opt_dead(Opt *o)
{
    IRFunc *f = o->f;
    bool overwritten[OPT_MAX_SLOTS] = { false };

    memset(o->used, 0, f->n_insns * sizeof(bool));
    for (uint32_t i = f->n_insns - 1; i > 0; i--) {
        IRInsn *insn = &f->insns[i];
        if ((removable(insn) && !o->used[i]) || dead_put(o, insn, overwritten))
            *insn = (IRInsn){ .op = IR_nop };
        else
            mark_args(o, insn);
    }
}
