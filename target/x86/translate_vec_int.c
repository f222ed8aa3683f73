/* SPDX-License-Identifier: MIT */
/* SSE and AVX: integer shifts, widening, tests, string comparison. */
#include "target/x86/translate_vec.h"

/* V = row(H, count): one count of 64 bits, in the low half of a 16-byte operand, for all pieces. */
void trans_vec_shift(DisasContext *s, const X86Insn *i)
{
    unsigned pieces = vec_pieces(&i->op[0]);
    IRRef count = vec_load(s, i, 2, 1).q[0];
    Vec a = vec_reg(s, i->op[1].reg, pieces), r = { { IR_NONE, IR_NONE } };
    for (unsigned n = 0; n < pieces; n++)
        r.q[n] = ir_vx(s->f, (IRVx)i->row->arg, a.q[n], count, IR_NONE, 0);
    vec_write(s, i, i->op[0].reg, pieces, r);
}

/* a shifted by an immediate that may be too large. */
static IRRef shift_imm(IRFunc *f, IROp op, unsigned sz, IRRef a, unsigned n)
{
    unsigned width = 8u << sz;
    if (op == IR_vsari)
        return ir_vsari(f, sz, a, MIN(n, width));
    if (n >= width)
        return ir_vconst(f, 0);
    return op == IR_vshli ? ir_vshli(f, sz, a, n) : ir_vshri(f, sz, a, n);
}

/* Shifts of the opcode groups 12 to 14, "H, U, I": the legacy form's destination is U. */
static void shift_group(DisasContext *s, const X86Insn *i, IRRef (*shift)(IRFunc *f, IROp op, unsigned sz, IRRef a, unsigned n), IROp op, unsigned sz)
{
    unsigned pieces = vec_pieces(&i->op[1]), dst = i->vex ? i->op[0].reg : i->op[1].reg;
    Vec a = vec_reg(s, i->op[1].reg, pieces), r = { { IR_NONE, IR_NONE } };
    for (unsigned n = 0; n < pieces; n++)
        r.q[n] = shift(s->f, op, sz, a.q[n], i->op[2].imm & 0xff);
    vec_write(s, i, dst, pieces, r);
}

void trans_vec_shift_imm(DisasContext *s, const X86Insn *i)
{
    shift_group(s, i, shift_imm, (IROp)(i->row->arg & 0xffff), i->row->arg >> 16);
}

static IRRef shift_bytes_right(IRFunc *f, IROp op, unsigned sz, IRRef a, unsigned n)
{
    return n > 15 ? ir_vconst(f, 0) : ir_vext(f, a, ir_vconst(f, 0), n);
}
static IRRef shift_bytes_left(IRFunc *f, IROp op, unsigned sz, IRRef a, unsigned n)
{
    return n > 15 ? ir_vconst(f, 0) : n == 0 ? a : ir_vext(f, ir_vconst(f, 0), a, 16 - n);
}
void trans_vec_psrldq(DisasContext *s, const X86Insn *i) { shift_group(s, i, shift_bytes_right, IR_nop, 0); }
void trans_vec_pslldq(DisasContext *s, const X86Insn *i) { shift_group(s, i, shift_bytes_left, IR_nop, 0); }

/* PALIGNR: bytes I.. of H:W, in each piece. */
void trans_vec_palignr(DisasContext *s, const X86Insn *i)
{
    unsigned pieces = vec_pieces(&i->op[0]), k = i->op[3].imm & 0xff;
    Vec b = vec_load(s, i, 2, pieces), a = vec_reg(s, i->op[1].reg, pieces), r = { { IR_NONE, IR_NONE } };
    for (unsigned n = 0; n < pieces; n++)
        r.q[n] = k < 16 ? ir_vext(s->f, b.q[n], a.q[n], k) : shift_bytes_right(s->f, IR_nop, 0, a.q[n], k - 16);
    vec_write(s, i, i->op[0].reg, pieces, r);
}

/* V = W's lanes made wider: piece n from W's bytes n * (16 >> log).. */
void trans_vec_widen(DisasContext *s, const X86Insn *i)
{
    unsigned id = i->row->arg & 0xffff, log = i->row->arg >> 16 & 15, pieces = vec_pieces(&i->op[0]);
    bool is_vx = i->row->arg >> 20 & 1;
    IRRef x = vec_load_low(s, i, 1, i->op[1].bytes);
    Vec r = { { IR_NONE, IR_NONE } };
    for (unsigned n = 0; n < pieces; n++) {
        IRRef part = n ? ir_vext(s->f, x, x, n * (16u >> log)) : x;
        if (is_vx)
            r.q[n] = vec_vx(s, (IRVx)id, part, IR_NONE, IR_NONE, 0, n + 1 < pieces);
        else
            r.q[n] = ir_emit(s->f, (IROp)id, IR_V128, part, 0, 0, 0, i->row->arg >> 21, 0, 0);
    }
    vec_write(s, i, i->op[0].reg, pieces, r);
}

/* Flags of PTEST and VTESTPx: ZF when x is 0, CF when y is 0; integers of one type. */
static void test_flags(DisasContext *s, IRRef x, IRRef y)
{
    IRFunc *f = s->f;
    IRRef zero = ir_int(f, ir_type(f, x), 0);
    IRRef zf = ir_shl(f, ir_setcc(f, IR_I32, IR_EQ, x, zero), ir_i32(f, 14));
    IRRef cf = ir_shl(f, ir_setcc(f, IR_I32, IR_EQ, y, zero), ir_i32(f, 8));
    set_cc_fl(s, ir_or(f, zf, cf));
}

/* W & V and W & ~V, all pieces together. */
static void test_operands(DisasContext *s, const X86Insn *i, IRRef *both, IRRef *rest)
{
    unsigned pieces = vec_pieces(&i->op[0]);
    Vec b = vec_load(s, i, 1, pieces), a = vec_reg(s, i->op[0].reg, pieces);
    for (unsigned n = 0; n < pieces; n++) {
        IRRef x = ir_vand(s->f, b.q[n], a.q[n]), y = ir_vandn(s->f, b.q[n], a.q[n]);
        *both = n ? ir_vor(s->f, *both, x) : x;
        *rest = n ? ir_vor(s->f, *rest, y) : y;
    }
}

static IRRef or_halves(IRFunc *f, IRRef v) { return ir_or(f, ir_vgetl(f, IR_I64, 3, v, 0, false), ir_vgetl(f, IR_I64, 3, v, 1, false)); }

void trans_vec_ptest(DisasContext *s, const X86Insn *i)
{
    IRRef both = IR_NONE, rest = IR_NONE;
    test_operands(s, i, &both, &rest);
    test_flags(s, or_halves(s->f, both), or_halves(s->f, rest));
}

/* Sign bits alone, of lanes of 1 << arg bytes. */
void trans_vec_vtest(DisasContext *s, const X86Insn *i)
{
    unsigned sz = (unsigned)i->row->arg;
    IRRef both = IR_NONE, rest = IR_NONE;
    test_operands(s, i, &both, &rest);
    test_flags(s, ir_vmask(s->f, sz, both), ir_vmask(s->f, sz, rest));
}

/* ---- PCMPxSTRx: V with W. Explicit lengths are in EAX and EDX, with W in RAX and RDX (64-bit mode only). ---- */
static IRRef length_of(DisasContext *s, const X86Insn *i, unsigned reg)
{
    return i->w && s->code64 ? read_reg(s, reg, 8) : ir_sext(s->f, IR_I64, 2, read_reg(s, reg, 4));
}

void trans_vec_pcmpstr(DisasContext *s, const X86Insn *i)
{
    IRFunc *f = s->f;
    bool is_explicit = i->row->arg & PCMPSTR_EXPLICIT, mask = i->row->arg & PCMPSTR_MASK;
    IRRef b = vec_load_low(s, i, 1, 16), a = read_xmm(s, i->op[0].reg), zero = ir_i64(f, 0);
    IRRef word = ir_i32(f, (i->op[2].imm & 0xff) | (is_explicit ? PCMPSTR_EXPLICIT : 0));
    IRRef la = is_explicit ? length_of(s, i, X86_RAX) : zero, lb = is_explicit ? length_of(s, i, X86_RDX) : zero;
    IRRef r = ir_call(f, &ir_helper_pcmpstr_index, word, la, lb, a, b);
    if (mask)
        vec_write1(s, i, 0, ir_call(f, &ir_helper_pcmpstr_mask, word, la, lb, a, b));
    else
        write_reg(s, X86_RCX, 4, ir_trunc(f, r));
    set_cc_fl(s, ir_trunc(f, ir_shr(f, r, ir_i64(f, 32))));
}
