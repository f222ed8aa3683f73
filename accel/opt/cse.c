/* SPDX-License-Identifier: MIT */
/*
 * Common subexpressions: a hash table of pure insns that were emitted. An entry is only a hint, compared before use, so that
 * the table needs no clearing between blocks and a collision costs no more than a missed chance.
 */
#include <string.h>

#include "accel/opt/opt_internal.h"

static unsigned hash(const IRInsn *insn)
{
    uint64_t h = insn->op | (uint64_t)insn->type << 16 | (uint64_t)insn->sz << 24 | (uint64_t)insn->arg[0] << 32 | (uint64_t)insn->arg[1] << 48;
    h ^= insn->imm * 0x9e3779b97f4a7c15ull ^ (uint64_t)insn->aux << 20 ^ (uint64_t)insn->arg[2] << 8;
    h *= 0xd6e8feb86659fd93ull;
    return (unsigned)(h >> 40) % OPT_CSE_SIZE;
}

IRRef opt_cse_find(Opt *o, const IRInsn *insn)
{
    if (insn->op == IR_get)
        return IR_NONE; /* depends on the puts between: slots.c */
    IRRef r = o->cse[hash(insn)];
    return r < o->f->n_insns && memcmp(opt_def(o, r), insn, sizeof(*insn)) == 0 ? r : IR_NONE;
}

void opt_cse_add(Opt *o, IRRef r) { o->cse[hash(opt_def(o, r))] = r; }
