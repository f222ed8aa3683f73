/* SPDX-License-Identifier: MIT */
/* Additions of constants to an address move into the access's displacement, as far as hosts can encode it. */
#include "accel/opt/opt_internal.h"

void opt_fold_address(Opt *o, IRInsn *insn)
{
    const IRInsn *def = opt_def(o, insn->arg[0]);
    /* A sum that a slot holds is in a register as it is; the old base would have to be kept alive beside it. */
    if (def->op != IR_add || !opt_is_const(o, def->arg[1]) || o->in_slot[insn->arg[0]])
        return;
    uint64_t displacement = insn->imm + opt_value(o, def->arg[1]);
    if ((int64_t)displacement != (int32_t)displacement)
        return;
    insn->arg[0] = def->arg[0];
    insn->imm = displacement;
}
