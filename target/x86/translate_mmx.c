/* SPDX-License-Identifier: MIT */
/*
 * MMX: 64-bit vectors in the significands of the physical x87 registers (SDM vol. 1 ch. 9).
 *
 * A value is a V128 with a zero upper half; the lanes above cost nothing and raise nothing, so that 128-bit operations serve. Each
 * instruction sets TOP to 0 and all tags to valid (EMMS: empty), once a block and after its last fault; a pending x87 exception comes first.
 */
#include "target/x86/translate_mmx.h"

#include "base/bits.h"
#include "target/x86/helper_mmx.h"
#include "target/x86/helper_x87.h"
#include "target/x86/translate_vec.h"

static size_t mm_offset(unsigned n) { return ENV_OFFSET(fpregs[0]) + (n & 7) * sizeof(X87Reg); }

/* First of an instruction: a pending exception. */
static void begin(DisasContext *s)
{
    if (!s->mmx_checked)
        ir_call(s->f, &ir_helper_x87_wait);
}

static void reset_top(DisasContext *s)
{
    if (!s->mmx_checked)
        ir_stenv(s->f, ENV_OFFSET(fpstt), 2, ir_i32(s->f, 0));
}

/* After the last fault. (Stores reset TOP before theirs, as Intel's parts do.) */
static void enter(DisasContext *s)
{
    if (s->mmx_checked)
        return;
    reset_top(s);
    ir_stenv(s->f, ENV_OFFSET(fptag_valid), 0, ir_i32(s->f, 0xff));
    s->mmx_checked = true;
}

static IRRef read_mm(DisasContext *s, unsigned n)
{
    return ir_ldenv(s->f, IR_V128, mm_offset(n) + offsetof(X87Reg, frac), 3, false);
}

/* The last of an instruction; the upper half of v does not count. A written register has an exponent of ones. */
static void write_mm(DisasContext *s, unsigned n, IRRef v)
{
    enter(s);
    ir_stenv(s->f, mm_offset(n) + offsetof(X87Reg, frac), 3, v);
    ir_stenv(s->f, mm_offset(n) + offsetof(X87Reg, se), 1, ir_i32(s->f, 0xffff));
}


static IRRef load64(DisasContext *s, const X86Insn *i)
{
    return ir_vfromf(s->f, ir_ld(s->f, IR_F64, gen_mem(s, i, 8, false), 0, data_memop(s, 8, false)));
}

/* MMX operand n: a register, or 4 or 8 bytes of memory. */
static IRRef load_mm(DisasContext *s, const X86Insn *i, unsigned n)
{
    if (i->op[n].kind == OPK_MMX)
        return read_mm(s, i->op[n].reg);
    if (i->op[n].bytes == 4)
        return ir_vfromf(s->f, ir_ld(s->f, IR_F32, gen_mem(s, i, 4, false), 0, data_memop(s, 4, false)));
    return load64(s, i);
}

static IRRef high_half(DisasContext *s, IRRef v) { return ir_vext(s->f, v, ir_vconst(s->f, 0), 8); }

/* ---- two operands ---- */
void trans_mmx_op(DisasContext *s, const X86Insn *i)
{
    uint32_t arg = (uint32_t)i->row->arg;
    begin(s);
    IRRef b = load_mm(s, i, 1), a = read_mm(s, i->op[0].reg), r;

    if (arg & MMX_PAIR)
        a = b = ir_vzip1(s->f, 3, a, b);
    if (arg & MMX_SWAP) {
        IRRef t = a;
        a = b;
        b = t;
    }
    if (arg & MMX_VX)
        r = ir_vx(s->f, (IRVx)(arg & 0xffff), a, b, IR_NONE, 0);
    else
        r = ir_emit(s->f, (IROp)(arg & 0xffff), IR_V128, a, b, IR_NONE, IR_NONE, arg >> 16 & 3, 0, 0);
    write_mm(s, i->op[0].reg, arg & MMX_HIGH ? high_half(s, r) : r);
}

void trans_mmx_abs(DisasContext *s, const X86Insn *i)
{
    begin(s);
    write_mm(s, i->op[0].reg, ir_vabs(s->f, (unsigned)i->row->arg, load_mm(s, i, 1)));
}

/* Counts of a lane's width and more give zeros, or all sign bits. */
void trans_mmx_shift(DisasContext *s, const X86Insn *i)
{
    uint32_t arg = (uint32_t)i->row->arg;
    IROp op = (IROp)(arg & 0xffff);
    unsigned sz = arg >> 16 & 3, width = 8u << sz, n = (unsigned)i->op[1].imm & 0xff;
    begin(s);
    IRRef a = read_mm(s, i->op[0].reg), r;

    if (n >= width && op != IR_vsari)
        r = ir_vconst(s->f, 0);
    else
        r = ir_emit(s->f, op, IR_V128, a, IR_NONE, IR_NONE, IR_NONE, sz, 0, MIN_OF(n, width - (op == IR_vshli)));
    write_mm(s, i->op[0].reg, r);
}

void trans_mmx_pshufw(DisasContext *s, const X86Insn *i)
{
    begin(s);
    write_mm(s, i->op[0].reg, ir_vx(s->f, VX_pshuflw, load_mm(s, i, 1), IR_NONE, IR_NONE, (unsigned)i->op[2].imm & 0xff));
}

/* An index has three bits here. */
void trans_mmx_pshufb(DisasContext *s, const X86Insn *i)
{
    begin(s);
    IRRef index = ir_vand(s->f, load_mm(s, i, 1), ir_vconst(s->f, 0x8787878787878787ull));
    write_mm(s, i->op[0].reg, ir_vx(s->f, VX_pshufb, read_mm(s, i->op[0].reg), index, IR_NONE, 0));
}

void trans_mmx_palignr(DisasContext *s, const X86Insn *i)
{
    unsigned n = (unsigned)i->op[2].imm & 0xff;
    begin(s);
    IRRef both = ir_vzip1(s->f, 3, load_mm(s, i, 1), read_mm(s, i->op[0].reg)), zero = ir_vconst(s->f, 0);
    write_mm(s, i->op[0].reg, n > 15 ? zero : ir_vext(s->f, both, zero, n));
}

/* ---- moves ---- */
void trans_mmx_movd_load(DisasContext *s, const X86Insn *i)
{
    begin(s);
    IRRef v = load_op(s, i, 1);
    if (i->op[1].bytes == 4)
        v = ir_zext(s->f, IR_I64, 2, v);
    write_mm(s, i->op[0].reg, v);
}

void trans_mmx_movd_store(DisasContext *s, const X86Insn *i)
{
    begin(s);
    unsigned bytes = i->op[0].bytes;
    reset_top(s);
    store_op(s, i, 0, ir_ldenv(s->f, op_type(bytes), mm_offset(i->op[1].reg) + offsetof(X87Reg, frac), log2_bytes(bytes), false));
    enter(s);
}

void trans_mmx_movq_load(DisasContext *s, const X86Insn *i)
{
    begin(s);
    write_mm(s, i->op[0].reg, load_mm(s, i, 1));
}

void trans_mmx_movq_store(DisasContext *s, const X86Insn *i)
{
    begin(s);
    if (i->op[0].kind == OPK_MMX) {
        write_mm(s, i->op[0].reg, read_mm(s, i->op[1].reg));
        return;
    }
    IRRef v = ir_ldenv(s->f, IR_I64, mm_offset(i->op[1].reg) + offsetof(X87Reg, frac), 3, false);
    reset_top(s);
    ir_st(s->f, gen_mem(s, i, 8, true), 0, v, data_memop(s, 8, false));
    enter(s);
}

/* Bytes of mm that the other's top bits choose, to DS:rDI (or the override's segment). */
void trans_mmx_maskmov(DisasContext *s, const X86Insn *i)
{
    IRRef offset = read_reg(s, X86_RDI, 8), data, mask;
    begin(s);
    if (i->asz < 3)
        offset = i->asz == 2 ? ir_zext(s->f, IR_I64, 2, offset) : ir_zext(s->f, IR_I64, 1, offset);
    data = ir_ldenv(s->f, IR_I64, mm_offset(i->op[0].reg) + offsetof(X87Reg, frac), 3, false);
    mask = ir_ldenv(s->f, IR_I64, mm_offset(i->op[1].reg) + offsetof(X87Reg, frac), 3, false);
    IRRef va = gen_linear(s, i->has_seg ? i->mem.seg : X86_SEG_DS, offset, 8, true);
    enter(s);
    ir_call(s->f, &ir_helper_mmx_maskmov, va, data, mask, ir_i32(s->f, data_memop(s, 1, false)));
}

void trans_mmx_movq2dq(DisasContext *s, const X86Insn *i)
{
    begin(s);
    IRRef v = read_mm(s, i->op[1].reg);
    enter(s);
    ir_put(s->f, SLOT_XMM0 + i->op[0].reg, v);
}

void trans_mmx_movdq2q(DisasContext *s, const X86Insn *i)
{
    begin(s);
    write_mm(s, i->op[0].reg, read_xmm(s, i->op[1].reg));
}

/* The bytes' top bits: a product gathers them in its top byte. */
void trans_mmx_movmsk(DisasContext *s, const X86Insn *i)
{
    begin(s);
    IRRef v = ir_ldenv(s->f, IR_I64, mm_offset(i->op[1].reg) + offsetof(X87Reg, frac), 3, false);
    v = ir_and(s->f, ir_shr(s->f, v, ir_i32(s->f, 7)), ir_i64(s->f, 0x0101010101010101ull));
    v = ir_extract(s->f, ir_mul(s->f, v, ir_i64(s->f, 0x0102040810204080ull)), 56, 8);
    enter(s);
    write_reg(s, i->op[0].reg, 4, ir_trunc(s->f, v));
}

void trans_mmx_pinsrw(DisasContext *s, const X86Insn *i)
{
    begin(s);
    IRRef v = load_op(s, i, 1);
    write_mm(s, i->op[0].reg, ir_vinsl(s->f, 1, read_mm(s, i->op[0].reg), (unsigned)i->op[2].imm & 3, v));
}

void trans_mmx_pextrw(DisasContext *s, const X86Insn *i)
{
    begin(s);
    IRRef v = ir_vgetl(s->f, IR_I32, 1, read_mm(s, i->op[1].reg), (unsigned)i->op[2].imm & 3, false);
    enter(s);
    write_reg(s, i->op[0].reg, 4, v);
}

void trans_mmx_emms(DisasContext *s, const X86Insn *i)
{
    begin(s);
    ir_stenv(s->f, ENV_OFFSET(fpstt), 2, ir_i32(s->f, 0));
    ir_stenv(s->f, ENV_OFFSET(fptag_valid), 0, ir_i32(s->f, 0));
    s->mmx_checked = false;
}

/* ---- conversions: MMX's state comes before their exceptions ---- */
/* With a memory operand these two have nothing to do with MMX's state. False: it may not be used, nothing is to follow. */
static bool enter_for_source(DisasContext *s, const X86Insn *i)
{
    if (i->op[1].kind != OPK_MMX)
        return true;
    if (!check_mmx(s))
        return false;
    begin(s);
    enter(s);
    return true;
}

void trans_mmx_cvtpi2ps(DisasContext *s, const X86Insn *i)
{
    if (!enter_for_source(s, i))
        return;
    IRRef r = vec_vx(s, VX_cvtdq2ps, load_mm(s, i, 1), IR_NONE, IR_NONE, 0, false);
    ir_put(s->f, SLOT_XMM0 + i->op[0].reg, ir_vinsv(s->f, 3, read_xmm(s, i->op[0].reg), 0, r, 0));
}

void trans_mmx_cvtpi2pd(DisasContext *s, const X86Insn *i)
{
    if (!enter_for_source(s, i))
        return;
    IRRef r = vec_vx(s, VX_cvtdq2pd, load_mm(s, i, 1), IR_NONE, IR_NONE, 0, false);
    ir_put(s->f, SLOT_XMM0 + i->op[0].reg, r);
}

/* Only the low two of CVTPS2PI's source count. */
void trans_mmx_cvt2pi(DisasContext *s, const X86Insn *i)
{
    IRVx id = (IRVx)i->row->arg;
    begin(s);
    IRRef a = id == VX_cvtps2dq || id == VX_cvttps2dq ? ir_vzlow(s->f, vec_load_low(s, i, 1, 8)) : vec_load(s, i, 1, 1).q[0];
    enter(s);
    write_mm(s, i->op[0].reg, vec_vx(s, id, a, IR_NONE, IR_NONE, 0, false));
}
