/* SPDX-License-Identifier: MIT */
/* SSE and AVX: fixed shuffles, broadcasts, and AVX's moves across the halves of a register. */
#include "target/x86/translate_vec.h"

/* V = W's doublewords chosen by arg: MOVSLDUP, MOVSHDUP, and MOVDDUP of a whole operand. */
void trans_vec_pshufd(DisasContext *s, const X86Insn *i)
{
    unsigned pieces = vec_pieces(&i->op[0]);
    Vec a = vec_load(s, i, 1, pieces), r = { { IR_NONE, IR_NONE } };
    for (unsigned n = 0; n < pieces; n++)
        r.q[n] = ir_vx(s->f, VX_pshufd, a.q[n], IR_NONE, IR_NONE, (unsigned)i->row->arg);
    vec_write(s, i, i->op[0].reg, pieces, r);
}

/* V = U:H's halves: the high one of U low, the high one of H high. */
void trans_vec_movhlps(DisasContext *s, const X86Insn *i)
{
    vec_write1(s, i, i->op[0].reg, ir_vzip2(s->f, 3, read_xmm(s, i->op[2].reg), read_xmm(s, i->op[1].reg)));
}

/* V = shuffle row (arg: VXI) of one operand W with itself by I: VPERMILPx. */
void trans_vec_permil(DisasContext *s, const X86Insn *i)
{
    unsigned pieces = vec_pieces(&i->op[0]), shift = i->row->arg >> 16;
    Vec a = vec_load(s, i, 1, pieces), r = { { IR_NONE, IR_NONE } };
    for (unsigned n = 0; n < pieces; n++)
        r.q[n] = ir_vx(s->f, (IRVx)(i->row->arg & 0xffff), a.q[n], a.q[n], IR_NONE, (i->op[2].imm & 0xff) >> n * shift);
    vec_write(s, i, i->op[0].reg, pieces, r);
}

/* V = W's lowest lane everywhere. */
void trans_vec_broadcast(DisasContext *s, const X86Insn *i)
{
    unsigned pieces = vec_pieces(&i->op[0]), bytes = i->op[1].bytes, sz = log2_bytes(bytes);
    IRRef v;
    if (i->op[1].kind == OPK_MEM && bytes < 4)
        v = ir_vdup(s->f, sz, ir_ld(s->f, IR_I32, gen_mem(s, i, bytes, false), 0, data_memop(s, bytes, false)));
    else
        v = ir_vduplane(s->f, sz, vec_load_low(s, i, 1, bytes), 0);
    vec_write(s, i, i->op[0].reg, pieces, (Vec){ { v, v } });
}

/* V = 16 bytes of memory twice. */
void trans_vec_broadcast128(DisasContext *s, const X86Insn *i)
{
    IRRef v = vec_load_low(s, i, 1, 16);
    vec_write(s, i, i->op[0].reg, 2, (Vec){ { v, v } });
}

/* VPERMQ, VPERMPD: V's quadword n is W's quadword I >> 2n & 3. */
void trans_vec_permq(DisasContext *s, const X86Insn *i)
{
    unsigned imm = i->op[2].imm & 0xff;
    Vec a = vec_load(s, i, 1, 2), r;
    for (unsigned n = 0; n < 2; n++) {
        unsigned lo = imm >> 4 * n & 3, hi = imm >> (4 * n + 2) & 3;
        r.q[n] = ir_vx(s->f, VX_shufpd, a.q[lo >> 1], a.q[hi >> 1], IR_NONE, (lo & 1) | (hi & 1) << 1);
    }
    vec_write(s, i, i->op[0].reg, 2, r);
}

/* VPERMD, VPERMPS: V's doubleword n is W's, by the low three bits of H's n. */
void trans_vec_permd(DisasContext *s, const X86Insn *i)
{
    Vec a = vec_load(s, i, 2, 2), index = vec_reg(s, i->op[1].reg, 2), r;
    for (unsigned n = 0; n < 2; n++) {
        IRRef lo = ir_vx(s->f, VX_permilps, a.q[0], index.q[n], IR_NONE, 0);
        IRRef hi = ir_vx(s->f, VX_permilps, a.q[1], index.q[n], IR_NONE, 0);
        r.q[n] = ir_vx(s->f, VX_blendvps, lo, hi, ir_vshli(s->f, 2, index.q[n], 29), 0);
    }
    vec_write(s, i, i->op[0].reg, 2, r);
}

/* VPERM2F128: each half is one of H's or W's, or 0. */
void trans_vec_perm128(DisasContext *s, const X86Insn *i)
{
    Vec b = vec_load(s, i, 2, 2), a = vec_reg(s, i->op[1].reg, 2), r;
    for (unsigned n = 0; n < 2; n++) {
        unsigned field = i->op[3].imm >> 4 * n & 15;
        r.q[n] = field & 8 ? vec_zero(s) : (field & 2 ? b : a).q[field & 1];
    }
    vec_write(s, i, i->op[0].reg, 2, r);
}

/* V = H with half I & 1 from W. */
void trans_vec_insert128(DisasContext *s, const X86Insn *i)
{
    IRRef b = vec_load_low(s, i, 2, 16);
    Vec r = vec_reg(s, i->op[1].reg, 2);
    r.q[i->op[3].imm & 1] = b;
    vec_write(s, i, i->op[0].reg, 2, r);
}

/* W = half I & 1 of V. */
void trans_vec_extract128(DisasContext *s, const X86Insn *i)
{
    Vec v = { { vec_reg(s, i->op[1].reg, 2).q[i->op[2].imm & 1], IR_NONE } };
    if (i->op[0].kind == OPK_VEC)
        vec_write(s, i, i->op[0].reg, 1, v);
    else
        vec_store_mem(s, i, 1, v);
}

/* V = the register U's lowest lane of 1 << arg bytes everywhere. */
void trans_vec_broadcast_reg(DisasContext *s, const X86Insn *i)
{
    IRRef v = ir_vduplane(s->f, (unsigned)i->row->arg, read_xmm(s, i->op[1].reg), 0);
    vec_write(s, i, i->op[0].reg, vec_pieces(&i->op[0]), (Vec){ { v, v } });
}

/* INSERTPS: from memory there is one lane to choose. */
void trans_vec_insertps(DisasContext *s, const X86Insn *i)
{
    IRRef b = vec_load_low(s, i, 2, 4), a = read_xmm(s, i->op[1].reg);
    unsigned imm = i->op[3].imm & (i->op[2].kind == OPK_MEM ? 0x3f : 0xff);
    vec_write1(s, i, i->op[0].reg, ir_vx(s->f, VX_insertps, a, b, IR_NONE, imm));
}
