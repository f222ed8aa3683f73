/* SPDX-License-Identifier: MIT */
/* Translating x86: moves, exchanges, extensions, conditional moves, and instructions that do nothing here. */
#include "target/x86/translate_alu.h"
#include "target/x86/helper_int.h"
#include "target/x86/translate.h"

void trans_mov(DisasContext *s, const X86Insn *i) { store_op(s, i, 0, load_op(s, i, 1)); }

/* MOVZX, MOVSX, MOVSXD; arg: signed. */
void trans_movx(DisasContext *s, const X86Insn *i)
{
    unsigned to = i->op[0].bytes;
    write_reg(s, i->op[0].reg, to, load_op_ext(s, i, 1, to < 4 ? 4 : to, i->row->arg));
}

/* No segment base, no access; the address is cut to the operand size. */
void trans_lea(DisasContext *s, const X86Insn *i)
{
    IRRef ea = gen_ea(s, i);
    unsigned bytes = i->op[0].bytes;
    write_reg(s, i->op[0].reg, bytes, bytes == 8 ? ea : ir_trunc(s->f, ea));
}

/* With memory it is locked, with the prefix or without. */
void trans_xchg(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = i->op[0].bytes;
    IRRef b = load_op(s, i, 1), a;

    if (i->op[0].kind == OPK_MEM) {
        a = ir_atom_rmw(s->f, op_type(bytes), IR_AT_XCHG, gen_mem(s, i, bytes, true), b, data_memop(s, bytes, false) | MO_RMW);
    } else {
        a = load_op(s, i, 0);
        store_op(s, i, 0, b);
    }
    store_op(s, i, 1, a);
}

/* 90 is NOP: nothing is written, not even the upper half of RAX. */
void trans_xchg_acc(DisasContext *s, const X86Insn *i)
{
    if (i->op[1].reg != X86_RAX)
        trans_xchg(s, i);
}

/* CBW, CWDE, CDQE. */
void trans_cbw(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = 1u << i->osz;
    write_reg(s, X86_RAX, bytes, ir_sext(s->f, op_type(bytes), i->osz - 1u, read_reg(s, X86_RAX, bytes / 2)));
}

/* CWD, CDQ, CQO: rDX is the sign. */
void trans_cwd(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = 1u << i->osz;
    IRRef v = read_reg(s, X86_RAX, bytes);

    if (bytes == 2)
        v = ir_sext(s->f, IR_I32, 1, v);
    write_reg(s, X86_RDX, bytes, ir_sar(s->f, v, ir_i32(s->f, bytes == 8 ? 63 : 31)));
}

/* The source is read, and the destination's upper half zeroed, whatever the condition. */
void trans_cmov(DisasContext *s, const X86Insn *i)
{
    IRRef v = load_op(s, i, 1), old = read_reg(s, i->op[0].reg, i->op[0].bytes);
    write_reg(s, i->op[0].reg, i->op[0].bytes, gen_cmov(s, i->opcode & 15, v, old));
}

void trans_setcc(DisasContext *s, const X86Insn *i) { store_op(s, i, 0, gen_setcc(s, i->opcode & 15, IR_I32)); }

/* AL = [rBX + AL] */
void trans_xlat(DisasContext *s, const X86Insn *i)
{
    IRType t = op_type(1u << i->asz);
    IRRef at = ir_add(s->f, ir_get(s->f, t, SLOT_RAX + X86_RBX), ir_zext(s->f, t, 0, read_reg(s, X86_RAX, 1)));

    if (i->asz < 3)
        at = ir_zext(s->f, IR_I64, i->asz, at);
    IRRef addr = gen_linear(s, i->has_seg ? i->mem.seg : X86_SEG_DS, at, 1, false);
    write_reg(s, X86_RAX, 1, ir_ld(s->f, IR_I32, addr, 0, data_memop(s, 1, false)));
}

void trans_nop(DisasContext *s, const X86Insn *i) {}

/* A vCPU that waits for another may give way. Not in the blocks of one instruction, which end with more than the next one's address. */
void trans_pause(DisasContext *s, const X86Insn *i)
{
    if (!(s->flags & (BF_TF | BF_INHIBIT | BF_RF | BF_SLOW)))
        ir_call(s->f, &ir_helper_pause, ir_i64(s->f, s->next_pc));
}

/* arg: IR_FENCE_*. */
void trans_fence(DisasContext *s, const X86Insn *i) { ir_fence(s->f, (unsigned)i->row->arg); }

void trans_ud(DisasContext *s, const X86Insn *i) { gen_ud(s); }
