/* SPDX-License-Identifier: MIT */
/* Translating x86: instructions on the flags themselves. */
#include "target/x86/translate_alu.h"
#include "target/x86/translate.h"

/* AH is the low byte of EFLAGS: the flags' layout with the overflow left out. */
#define FL_IN_AH (IR_FL_S | IR_FL_Z | IR_FL_A | IR_FL_P | IR_FL_C)

static IRRef read_ah(DisasContext *s) { return ir_and(s->f, read_reg(s, X86_RAX, 4), ir_i32(s->f, 0xff00)); }

void trans_lahf(DisasContext *s, const X86Insn *i)
{
    IRRef ah = ir_or(s->f, ir_and(s->f, get_fl(s), ir_i32(s->f, FL_IN_AH)), ir_i32(s->f, EF_1 << 8));
    IRRef old = ir_get(s->f, IR_I64, SLOT_RAX);
    ir_put(s->f, SLOT_RAX, ir_deposit(s->f, old, ir_zext(s->f, IR_I64, 2, ir_shr(s->f, ah, ir_i32(s->f, 8))), 8, 8));
}

void trans_sahf(DisasContext *s, const X86Insn *i)
{
    IRRef over = ir_and(s->f, get_fl(s), ir_i32(s->f, IR_FL_O));
    set_cc_fl(s, ir_or(s->f, over, ir_and(s->f, read_ah(s), ir_i32(s->f, FL_IN_AH))));
}

/* CLC, STC, CMC. */
void trans_carry(DisasContext *s, const X86Insn *i)
{
    IRRef one = ir_i32(s->f, 1);

    set_cf(s, i->row->arg == CARRY_CMC ? ir_xor(s->f, get_cf(s), one) : i->row->arg == CARRY_STC ? one : ir_i32(s->f, 0));
}

/* CLD, STD. */
void trans_direction(DisasContext *s, const X86Insn *i)
{
    ir_stenv(s->f, ENV_OFFSET(df), 2, ir_i32(s->f, (uint32_t)i->row->arg));
}
