/* SPDX-License-Identifier: MIT */
/* SSE and AVX: access to operands, and the instructions that are one IR operation or one row of vx.def for each 128 bits. */
#include "target/x86/translate_vec.h"

/* log2 of the alignment that the row asks of a whole memory operand; 0: none. */
static unsigned row_alignment(const X86Insn *i)
{
    if (!(i->row->attr & (i->vex ? X86_ATTR_ALIGN_VEX : X86_ATTR_ALIGN)))
        return 0;
    return i->vex && i->vex_l ? 5 : 4;
}

IRMemOp vec_memop(const DisasContext *s, const X86Insn *i, unsigned bytes)
{
    IRMemOp mo = data_memop(s, bytes, false);
    if (bytes < 16)
        return mo;
    return (mo & ~(7u << MO_ALIGN_SHIFT)) | row_alignment(i) << MO_ALIGN_SHIFT; /* #AC is for smaller ones */
}

/* Linear address of a whole memory operand. Where the segment has a limit, misalignment goes before it. */
static IRRef vec_address(DisasContext *s, const X86Insn *i, unsigned bytes, bool write)
{
    bool segmented = !s->code64 && (s->flags & BF_SEGMENTED || i->mem.seg >= X86_SEG_FS);
    if (segmented && row_alignment(i))
        ir_call(s->f, &ir_helper_check_aligned, ir_i32(s->f, i->mem.seg), gen_ea(s, i), ir_i32(s->f, row_alignment(i)));
    return gen_mem(s, i, bytes, write);
}

Vec vec_load(DisasContext *s, const X86Insn *i, unsigned n, unsigned pieces)
{
    const X86Operand *op = &i->op[n];
    Vec v = { { IR_NONE, IR_NONE } };
    if (op->kind == OPK_VEC)
        return vec_reg(s, op->reg, pieces);
    IRRef addr = vec_address(s, i, pieces * 16, false);
    IRMemOp mo = vec_memop(s, i, 16);
    v.q[0] = ir_ld(s->f, IR_V128, addr, 0, mo);
    if (pieces > 1)
        v.q[1] = ir_ld(s->f, IR_V128, addr, 16, mo & ~(7u << MO_ALIGN_SHIFT));
    return v;
}

IRRef vec_load_low(DisasContext *s, const X86Insn *i, unsigned n, unsigned bytes)
{
    const X86Operand *op = &i->op[n];
    if (op->kind == OPK_VEC)
        return read_xmm(s, op->reg);
    IRRef addr = bytes == 16 ? vec_address(s, i, bytes, false) : gen_mem(s, i, bytes, false);
    IRMemOp mo = data_memop(s, bytes, false);
    switch (bytes) {
    case 16: return ir_ld(s->f, IR_V128, addr, 0, vec_memop(s, i, 16));
    case 8: return ir_vfromf(s->f, ir_ld(s->f, IR_F64, addr, 0, mo));
    case 4: return ir_vfromf(s->f, ir_ld(s->f, IR_F32, addr, 0, mo));
    default: return ir_vinsl(s->f, 2, vec_zero(s), 0, ir_ld(s->f, IR_I32, addr, 0, mo));
    }
}

void vec_store_mem(DisasContext *s, const X86Insn *i, unsigned pieces, Vec v)
{
    IRRef addr = vec_address(s, i, pieces * 16, true);
    IRMemOp mo = vec_memop(s, i, 16);
    if (pieces > 1)
        ir_st2(s->f, addr, 0, v.q[0], v.q[1], mo);
    else
        ir_st(s->f, addr, 0, v.q[0], mo);
}

void vec_write(DisasContext *s, const X86Insn *i, unsigned n, unsigned pieces, Vec v)
{
    ir_put(s->f, SLOT_XMM0 + n, v.q[0]);
    if (pieces > 1)
        ir_put(s->f, SLOT_YMMH0 + n, v.q[1]);
    else if (i->vex)
        ir_put(s->f, SLOT_YMMH0 + n, vec_zero(s));
}

IRRef vec_vx(DisasContext *s, IRVx id, IRRef a, IRRef b, IRRef c, unsigned imm, bool more)
{
    const IRVxInfo *info = &ir_vx_info[id];
    if (!info->fp || !fp_slow(s))
        return ir_vx(s->f, id, a, b, c, imm);
    IRRef what = ir_i32(s->f, FP_CHECKED(id, imm, more));
    return ir_call(s->f, &ir_helper_fp_checked, what, a, info->nargs > 1 ? b : a, info->nargs > 2 ? c : a);
}

/* ---- one operation for each piece ---- */
/* V, H, W: V = op(H, W); V, W: V = op(W). */
void trans_vec_op(DisasContext *s, const X86Insn *i)
{
    unsigned op = i->row->arg & 0xffff, sz = i->row->arg >> 16 & 3, pieces = vec_pieces(&i->op[0]);
    bool swap = i->row->arg >> 20 & 1, binary = i->n_operands == 3;
    Vec b = vec_load(s, i, binary ? 2 : 1, pieces), a = binary ? vec_reg(s, i->op[1].reg, pieces) : b, r = { { IR_NONE, IR_NONE } };
    for (unsigned n = 0; n < pieces; n++)
        r.q[n] = ir_emit(s->f, (IROp)op, IR_V128, swap ? b.q[n] : a.q[n], binary ? (swap ? a.q[n] : b.q[n]) : IR_NONE, 0, 0, sz, 0, 0);
    vec_write(s, i, i->op[0].reg, pieces, r);
}

/* The immediate that is the last operand, or 0. */
static unsigned last_imm(const X86Insn *i)
{
    const X86Operand *op = &i->op[i->n_operands - 1];
    return op->kind == OPK_IMM ? op->imm & 0xff : 0;
}

/* CMPxx has 8 predicates in its legacy form, 32 in VEX's. */
static unsigned used_imm(const X86Insn *i, IRVx id)
{
    bool compare = id == VX_cmpps || id == VX_cmppd || id == VX_cmpss || id == VX_cmpsd;
    return last_imm(i) & (compare ? (i->vex ? 31 : 7) : 0xff);
}

/* V, H, W [, I]: V = row(H, W); V, W [, I]: V = row(W). A scalar W of 4 or 8 bytes is read as such. */
void trans_vec_vx(DisasContext *s, const X86Insn *i)
{
    IRVx id = (IRVx)(i->row->arg & 0xffff);
    unsigned shift = i->row->arg >> 16, imm = used_imm(i, id), pieces = vec_pieces(&i->op[0]);
    bool binary = ir_vx_info[id].nargs == 2;
    unsigned source = binary ? 2 : 1;
    Vec b, a, r = { { IR_NONE, IR_NONE } };
    if (i->op[source].bytes < 16)
        b = (Vec){ { vec_load_low(s, i, source, i->op[source].bytes), IR_NONE } };
    else
        b = vec_load(s, i, source, pieces);
    a = binary ? vec_reg(s, i->op[1].reg, pieces) : b;
    for (unsigned n = 0; n < pieces; n++)
        r.q[n] = vec_vx(s, id, a.q[n], b.q[n], IR_NONE, imm >> n * shift, n + 1 < pieces);
    vec_write(s, i, i->op[0].reg, pieces, r);
}

/* V, H, W with a third argument in a register: V = row(H, W, L), or XMM0 in the legacy form. The mask is the last operand. */
void trans_vec_blendv(DisasContext *s, const X86Insn *i)
{
    IRVx id = (IRVx)i->row->arg;
    unsigned pieces = vec_pieces(&i->op[0]);
    Vec b = vec_load(s, i, 2, pieces), a = vec_reg(s, i->op[1].reg, pieces), mask = vec_reg(s, i->op[3].reg, pieces), r = { { IR_NONE, IR_NONE } };
    for (unsigned n = 0; n < pieces; n++)
        r.q[n] = ir_vx(s->f, id, a.q[n], b.q[n], mask.q[n], 0);
    vec_write(s, i, i->op[0].reg, pieces, r);
}
