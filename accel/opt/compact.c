/* SPDX-License-Identifier: MIT */
/* Closes the gaps that dead code left, so that back ends walk over live insns only. */
#include "accel/opt/opt_internal.h"

void opt_compact(Opt *o)
{
    IRFunc *f = o->f;
    uint32_t out = 1;

    for (uint32_t i = 1; i < f->n_insns; i++) {
        IRInsn insn = f->insns[i];
        if (insn.op == IR_nop)
            continue;
        for (unsigned k = 0; k < opt_ops[insn.op].n_args; k++)
            insn.arg[k] = o->map[insn.arg[k]];
        if (insn.op == IR_call) {
            const IRHelper *h = (const IRHelper *)(uintptr_t)insn.imm;
            for (unsigned k = 0; k < h->nargs; k++)
                f->call_args[insn.aux + k] = o->map[f->call_args[insn.aux + k]];
        }
        o->map[i] = out;
        f->insns[out++] = insn;
    }
    f->n_insns = out;
}
