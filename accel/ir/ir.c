/* SPDX-License-Identifier: MIT */
/* The table of operations as data, and emptying a function. */
#include "accel/ir/ir.h"

const IROpInfo ir_op_info[IR_NB_OPS] = {
#define OP(name, result, args, flags, meaning) [IR_##name] = { #name, args, flags, meaning, (#result)[0] },
#include "accel/ir/ops.def"
#undef OP
};

void ir_reset(IRFunc *f, const struct TargetOps *target, uint64_t pc, uint64_t flags)
{
    f->target = target;
    f->pc = pc;
    f->flags = flags;
    f->insns[0] = (IRInsn){ .op = IR_nop };
    f->n_insns = 1;
    f->n_guest = f->n_call_args = f->n_exits = 0;
    f->overflow = f->alone = false;
}
