/* SPDX-License-Identifier: MIT */
/*
 * SSE and AVX: moves of whole vectors, of their halves and lowest lanes, to and from general registers.
 *
 * Non-temporal stores are stores, and MOVNTDQA is a load: caches are not modelled.
 */
#include "target/x86/translate_vec.h"

/* V = W */
void trans_vec_mov(DisasContext *s, const X86Insn *i)
{
    unsigned pieces = vec_pieces(&i->op[0]);
    vec_write(s, i, i->op[0].reg, pieces, vec_load(s, i, 1, pieces));
}

/* W = V */
void trans_vec_store(DisasContext *s, const X86Insn *i)
{
    unsigned pieces = vec_pieces(&i->op[1]);
    Vec v = vec_reg(s, i->op[1].reg, pieces);
    if (i->op[0].kind == OPK_VEC)
        vec_write(s, i, i->op[0].reg, pieces, v);
    else
        vec_store_mem(s, i, pieces, v);
}

/* Low 4 or 8 bytes, zero above: MOVSS and MOVSD from memory, MOVQ from either. */
void trans_vec_load_low(DisasContext *s, const X86Insn *i)
{
    IRRef v = vec_load_low(s, i, 1, i->op[1].bytes);
    vec_write1(s, i, i->op[0].reg, i->op[1].kind == OPK_VEC ? ir_vzlow(s->f, v) : v);
}

/* Low 4 or 8 bytes to memory, or MOVQ to a register. */
void trans_vec_store_low(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = i->op[0].bytes;
    IRRef v = read_xmm(s, i->op[1].reg);
    if (i->op[0].kind == OPK_VEC) {
        vec_write1(s, i, i->op[0].reg, ir_vzlow(s->f, v));
        return;
    }
    IRRef addr = gen_mem(s, i, bytes, true);
    ir_st(s->f, addr, 0, ir_vlow(s->f, bytes == 8 ? IR_F64 : IR_F32, v), data_memop(s, bytes, false));
}

/* V = H with the lowest lane (arg: log2 of its bytes) from a register U. */
void trans_vec_merge_low(DisasContext *s, const X86Insn *i)
{
    IRRef a = read_xmm(s, i->op[1].reg), b = read_xmm(s, i->op[2].reg);
    IRRef v = i->row->arg == 3 ? ir_vx(s->f, VX_shufpd, b, a, IR_NONE, 2) : ir_vx(s->f, VX_blendps, a, b, IR_NONE, 1);
    vec_write1(s, i, i->op[0].reg, v);
}

/* V = H with half arg from memory. */
void trans_vec_load_half(DisasContext *s, const X86Insn *i)
{
    IRRef b = vec_load_low(s, i, 2, 8), a = read_xmm(s, i->op[1].reg);
    vec_write1(s, i, i->op[0].reg, i->row->arg ? ir_vzip1(s->f, 3, a, b) : ir_vx(s->f, VX_shufpd, b, a, IR_NONE, 2));
}

/* Half arg of V to memory. */
void trans_vec_store_half(DisasContext *s, const X86Insn *i)
{
    IRRef v = read_xmm(s, i->op[1].reg), addr = gen_mem(s, i, 8, true);
    IRRef half = i->row->arg ? ir_vgetl(s->f, IR_I64, 3, v, 1, false) : ir_vlow(s->f, IR_F64, v);
    ir_st(s->f, addr, 0, half, data_memop(s, 8, false));
}

/* MOVD and MOVQ to a vector: V = E, zero above. */
void trans_vec_from_gpr(DisasContext *s, const X86Insn *i)
{
    if (i->op[1].kind == OPK_MEM) {
        vec_write1(s, i, i->op[0].reg, vec_load_low(s, i, 1, i->op[1].bytes));
        return;
    }
    IRRef x = load_op_ext(s, i, 1, 8, false);
    vec_write1(s, i, i->op[0].reg, ir_vpair(s->f, x, ir_i64(s->f, 0)));
}

/* MOVD and MOVQ from a vector: E = V. */
void trans_vec_to_gpr(DisasContext *s, const X86Insn *i)
{
    bool wide = i->op[0].bytes == 8;
    if (i->op[0].kind == OPK_MEM) {
        trans_vec_store_low(s, i);
        return;
    }
    store_op(s, i, 0, ir_vgetl(s->f, wide ? IR_I64 : IR_I32, wide ? 3 : 2, read_xmm(s, i->op[1].reg), 0, false));
}

/* V = H with lane I (of arg, log2 bytes; -1: as the operand size says) from E. */
void trans_vec_pinsr(DisasContext *s, const X86Insn *i)
{
    unsigned sz = i->row->arg < 0 ? log2_bytes(i->op[2].bytes) : (unsigned)i->row->arg;
    IRRef x = load_op(s, i, 2), a = read_xmm(s, i->op[1].reg);
    vec_write1(s, i, i->op[0].reg, ir_vinsl(s->f, sz, a, i->op[3].imm & (15u >> sz), x));
}

/* E = lane I of V, zero-extended. */
void trans_vec_pextr(DisasContext *s, const X86Insn *i)
{
    unsigned sz = i->row->arg < 0 ? log2_bytes(i->op[0].bytes) : (unsigned)i->row->arg;
    store_op(s, i, 0, ir_vgetl(s->f, sz == 3 ? IR_I64 : IR_I32, sz, read_xmm(s, i->op[1].reg), i->op[2].imm & (15u >> sz), false));
}

/* G = top bits of U's lanes of 1 << arg bytes. */
void trans_vec_movmsk(DisasContext *s, const X86Insn *i)
{
    unsigned sz = (unsigned)i->row->arg, pieces = vec_pieces(&i->op[1]);
    Vec v = vec_reg(s, i->op[1].reg, pieces);
    IRRef m = ir_vmask(s->f, sz, v.q[0]);
    if (pieces > 1)
        m = ir_or(s->f, m, ir_shl(s->f, ir_vmask(s->f, sz, v.q[1]), ir_i32(s->f, 16u >> sz)));
    write_reg(s, i->op[0].reg, 4, m);
}

void trans_movnti(DisasContext *s, const X86Insn *i) { store_op(s, i, 0, load_op(s, i, 1)); }

/* MASKMOVDQU: the bytes of V that U's top bits choose, to DS:rDI. All 16 must be writable, the upper eight first, as Intel's parts have it. */
void trans_vec_maskmovdqu(DisasContext *s, const X86Insn *i)
{
    IRRef offset = read_reg(s, X86_RDI, 8);
    if (i->asz < 3)
        offset = ir_zext(s->f, IR_I64, i->asz, offset);
    IRRef addr = gen_linear(s, i->mem.seg, offset, 16, true);
    IRRef mo = ir_i32(s->f, data_memop(s, 1, false)), mask = read_xmm(s, i->op[1].reg);
    IRRef low = ir_vzlow(s->f, ir_vconst(s->f, ~0ull)), mo8 = ir_i32(s->f, data_memop(s, 8, false) & ~(7u << MO_ALIGN_SHIFT));
    ir_call(s->f, &ir_helper_mask_probe, ir_add(s->f, addr, ir_i64(s->f, 8)), mo8, low);
    ir_call(s->f, &ir_helper_mask_probe, addr, mo8, low);
    ir_call(s->f, &ir_helper_mask_store, addr, mo, mask, read_xmm(s, i->op[0].reg));
}

static void clear_upper(DisasContext *s, bool all)
{
    for (unsigned n = 0; n < (s->code64 ? 16u : 8u); n++) {
        if (all)
            ir_put(s->f, SLOT_XMM0 + n, vec_zero(s));
        ir_put(s->f, SLOT_YMMH0 + n, vec_zero(s));
    }
}
void trans_vzeroupper(DisasContext *s, const X86Insn *i) { clear_upper(s, false); }
void trans_vzeroall(DisasContext *s, const X86Insn *i) { clear_upper(s, true); }
