/* SPDX-License-Identifier: MIT */
/* Scalar and vector floating point. */
#include "accel/host/x86_64/jit_internal.h"

/* Between the register files. */
static void lower_move(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    IRType t = arg_type(c, 0);
    int ra = use_reg(c, 0);
    args_done(c);
    if (in->op == IR_fbits) {
        int rd = def_reg(c, NOREG);
        ins_rr(a, P66 | 0x7e | (t == IR_F64 ? OP_W : 0), ra & 15, rd);
    } else if (in->op == IR_bitsf) {
        int rd = def_reg(c, NOREG);
        ins_rr(a, P66 | 0x6e | (t == IR_I64 ? OP_W : 0), rd & 15, ra);
    } else { /* vfromf */
        int rd = def_reg(c, NOREG);
        if (t == IR_F64) {
            ins_rr(a, PF3 | 0x7e, rd & 15, ra & 15);
        } else {
            ins_rr(a, M_0F | 0x57, rd & 15, rd & 15);
            ins_rr(a, PF3 | 0x10, rd & 15, ra & 15);
        }
    }
}

/* Sign bit cleared or inverted by a mask made from all ones. */
static void lower_sign(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    bool d = in->type == IR_F64, neg = in->op == IR_fneg;
    int ra = use_reg(c, 0);
    args_done(c);
    int rd = def_reg(c, ra);
    if (rd != ra)
        movaps_rr(a, rd, ra);
    ins_rr(a, P66 | 0x76, XSCRATCH, XSCRATCH); /* pcmpeqd */
    unsigned n = d ? 63 : 31;
    ins_rri(a, P66 | (d ? 0x73 : 0x72), neg ? 6 : 2, XSCRATCH, neg ? n : 1); /* psll or psrl */
    ins_rr(a, M_0F | (neg ? 0x57 : 0x54), rd & 15, XSCRATCH);
}

void lower_fp(Ctx *c)
{
    switch (cur_insn(c)->op) {
    case IR_fbits:
    case IR_bitsf:
    case IR_vfromf: lower_move(c); break;
    case IR_fabs:
    case IR_fneg: lower_sign(c); break;
    default: lower_fp_call(c); break;
    }
}
