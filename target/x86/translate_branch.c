/* SPDX-License-Identifier: MIT */
/* Translating x86: near branches. */
#include "target/x86/translate_alu.h"
#include "target/x86/translate_internal.h"

#define MAX_SIDE_EXITS 4 /* beside them a block has one or two exits at its end, and links are few */

/* ---- direct ---- */
void trans_jmp(DisasContext *s, const X86Insn *i) { gen_goto_eip(s, rel_eip(s, i), false); }

static IRRef return_address(DisasContext *s, const X86Insn *i)
{
    uint64_t eip = next_eip(s);
    return i->osz == 3 ? ir_i64(s->f, eip) : ir_i32(s->f, (uint32_t)eip);
}

/* CALL to the next instruction is how position-independent code learns its address: nothing returns from there. */
void trans_call(DisasContext *s, const X86Insn *i)
{
    uint64_t eip = rel_eip(s, i);

    if (s->flags & BF_SEGMENTED) /* the stack's faults come before the target's */
        gen_push_store(s, return_address(s, i), 1u << i->osz);
    if (!gen_check_eip_const(s, eip))
        return;
    gen_push(s, return_address(s, i), 1u << i->osz);
    gen_goto_checked(s, eip, i->op[0].imm != 0);
}

/* ---- conditional ---- */
/* After a forward branch the block goes on: most of these skip a rare case. A backward one closes a loop. */
static void not_taken(DisasContext *s, const X86Insn *i)
{
    if ((int64_t)i->op[0].imm <= 0 || s->f->n_exits >= MAX_SIDE_EXITS)
        gen_goto_pc(s, s->next_pc, false);
}

/* The branch cannot be a side exit: its target is chosen and checked like an indirect one's. */
static bool needs_choice(const DisasContext *s, uint64_t eip)
{
    return must_leave(s) || (s->code64 ? !is_canonical48(eip) : (s->flags & BF_SEGMENTED) != 0);
}

void trans_jcc(DisasContext *s, const X86Insn *i)
{
    uint64_t eip = rel_eip(s, i);

    if (needs_choice(s, eip)) {
        gen_jump_eip(s, gen_cmov(s, i->opcode & 15, ir_i64(s->f, eip), ir_i64(s->f, next_eip(s))), IR_EXIT_JUMP);
        return;
    }
    gen_jcc(s, i->opcode & 15, exit_to_eip(s, eip));
    not_taken(s, i);
}

/* 1 when the branch is taken, 0 when not; count: rCX as it will be, of the address size. */
static IRRef loop_taken(DisasContext *s, const X86Insn *i, IRRef count)
{
    bool jcxz = i->row->arg == LOOP_JCXZ;
    IRRef c = i->asz == 1 ? ir_zext(s->f, IR_I32, 1, count) : count;
    IRRef taken = ir_setcc(s->f, IR_I32, jcxz ? IR_EQ : IR_NE, c, ir_int(s->f, ir_type(s->f, c), 0));

    if (i->row->arg == LOOP_E || i->row->arg == LOOP_NE)
        taken = ir_and(s->f, taken, gen_setcc(s, i->row->arg == LOOP_E ? 4 : 5, IR_I32));
    return taken;
}

/* LOOPcc and JrCXZ. A fault of the target comes before rCX changes. */
void trans_loop(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = 1u << i->asz;
    uint64_t eip = rel_eip(s, i);
    IRType t = op_type(bytes);
    IRRef count = read_reg(s, X86_RCX, bytes), zero = ir_i32(s->f, 0);

    if (i->row->arg != LOOP_JCXZ)
        count = ir_sub(s->f, count, ir_int(s->f, t, 1));
    IRRef taken = loop_taken(s, i, count);
    if (needs_choice(s, eip)) {
        IRRef to = ir_select(s->f, IR_NE, taken, zero, ir_i64(s->f, eip), ir_i64(s->f, next_eip(s)));
        gen_check_eip(s, to);
        if (i->row->arg != LOOP_JCXZ)
            write_reg(s, X86_RCX, bytes, count);
        gen_jump_checked(s, to, IR_EXIT_JUMP);
        return;
    }
    if (i->row->arg != LOOP_JCXZ)
        write_reg(s, X86_RCX, bytes, count);
    ir_br(s->f, IR_NE, taken, zero, exit_to_eip(s, eip));
    not_taken(s, i);
}

/* ---- indirect ---- */
static IRRef target_operand(DisasContext *s, const X86Insn *i) { return load_op_ext(s, i, 0, 8, false); }

void trans_jmp_ind(DisasContext *s, const X86Insn *i) { gen_jump_eip(s, target_operand(s, i), IR_EXIT_JUMP); }

void trans_call_ind(DisasContext *s, const X86Insn *i)
{
    IRRef eip = target_operand(s, i);

    if (is_slow(s) || s->flags & BF_SEGMENTED)
        gen_push_store(s, return_address(s, i), 1u << i->osz);
    gen_check_eip(s, eip);
    gen_push(s, return_address(s, i), 1u << i->osz);
    gen_jump_checked(s, eip, IR_EXIT_CALL);
}

void trans_ret(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = 1u << i->osz;
    IRRef eip = gen_pop(s, bytes);

    if (bytes < 8)
        eip = ir_zext(s->f, IR_I64, i->osz, eip);
    gen_check_eip(s, eip);
    gen_pop_done(s, bytes + (i->n_operands ? (unsigned)i->op[0].imm : 0));
    gen_jump_checked(s, eip, IR_EXIT_RET);
}
