/* SPDX-License-Identifier: MIT */
/*
 * Multiplication, division, decimal adjustment, BOUND.
 *
 * A division is inline where the quotient is sure to fit and the host can do it in one step; the rest (#DE, and 128-bit dividends that use
 * the upper half) is in a helper, which a slow block calls. Flags after a division are undefined: Intel's parts leave them alone.
 * After a multiplication SF and PF are the low half's, ZF and AF are 0.
 */
#include "target/x86/translate_int.h"

/* ---- MUL, IMUL, MULX ---- */
/* Full product of two operands of up to 4 bytes, as I64; 1 and 2 bytes: the product fits an I32. */
static IRRef wide_product(DisasContext *s, IRRef a, IRRef b, unsigned bytes, bool sign)
{
    unsigned lg = log2_bytes(bytes);
    if (sign)
        return ir_mul(s->f, ir_sext(s->f, IR_I64, lg, a), ir_sext(s->f, IR_I64, lg, b));
    return ir_mul(s->f, ir_zext(s->f, IR_I64, lg, a), ir_zext(s->f, IR_I64, lg, b));
}

/* What cc.h wants in SRC: 0 when high is the extension of low. */
static IRRef excess(DisasContext *s, IRRef low, IRRef high, unsigned bytes, bool sign)
{
    if (!sign)
        return high;
    IRRef spread = bytes == 8 ? ir_sar(s->f, low, ir_i32(s->f, 63)) : ir_sar(s->f, extend(s, low, bytes, true), ir_i32(s->f, 31));
    return ir_xor(s->f, high, spread);
}

/* low and high halves of the product, of op_type(bytes). */
static void product(DisasContext *s, IRRef a, IRRef b, unsigned bytes, bool sign, IRRef *low, IRRef *high)
{
    if (bytes == 8) {
        *low = ir_mul(s->f, a, b);
        *high = sign ? ir_mulhs(s->f, a, b) : ir_mulhu(s->f, a, b);
    } else {
        IRRef full = wide_product(s, a, b, bytes, sign);
        *low = ir_trunc(s->f, full);
        *high = ir_trunc(s->f, ir_shr(s->f, full, ir_i32(s->f, bytes * 8)));
    }
}

/* One operand: rAX times it, into AX or rDX:rAX. */
static void gen_mul(DisasContext *s, const X86Insn *i, bool sign)
{
    unsigned bytes = i->op[0].bytes;
    IRRef b = load_op(s, i, 0), low, high;

    product(s, read_reg(s, X86_RAX, bytes), b, bytes, sign, &low, &high);
    if (bytes == 1) {
        write_reg(s, X86_RAX, 2, low);
    } else {
        write_reg(s, X86_RAX, bytes, low);
        write_reg(s, X86_RDX, bytes, high);
    }
    set_cc(s, CC_OP_MUL + log2_bytes(bytes), low, excess(s, low, high, bytes, sign), IR_NONE);
}

void trans_mul(DisasContext *s, const X86Insn *i) { gen_mul(s, i, false); }
void trans_imul(DisasContext *s, const X86Insn *i) { gen_mul(s, i, true); }

/* Two or three operands: the first is written only. */
void trans_imul2(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = i->op[0].bytes, last = i->n_operands - 1u;
    IRRef low, high;

    product(s, load_op(s, i, last - 1), load_op(s, i, last), bytes, true, &low, &high);
    write_reg(s, i->op[0].reg, bytes, low);
    set_cc(s, CC_OP_MUL + log2_bytes(bytes), low, excess(s, low, high, bytes, true), IR_NONE);
}

/* The high half wins when both go to one register. */
void trans_mulx(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = i->op[0].bytes;
    IRRef b = load_op(s, i, 2), low, high;

    product(s, read_reg(s, X86_RDX, bytes), b, bytes, false, &low, &high);
    write_reg(s, i->op[1].reg, bytes, low);
    write_reg(s, i->op[0].reg, bytes, high);
}

/* ---- DIV, IDIV ---- */
/* All cases, #DE among them. */
static void gen_divide_slow(DisasContext *s, IRRef d, unsigned bytes, bool sign)
{
    IRRef wide = bytes == 8 ? d : ir_zext(s->f, IR_I64, 2, d);
    ir_call(s->f, &ir_helper_divide, wide, ir_i32(s->f, bytes | (sign ? 0x100u : 0)));
}

static void write_quotient(DisasContext *s, unsigned bytes, IRRef q, IRRef r)
{
    if (bytes == 1) { /* AL and AH */
        write_reg(s, X86_RAX, 2, ir_deposit(s->f, q, r, 8, 8));
    } else {
        write_reg(s, X86_RAX, bytes, q);
        write_reg(s, X86_RDX, bytes, r);
    }
}

/* AX, DX:AX or EDX:EAX in op_type(2 * bytes), extended. */
static IRRef dividend(DisasContext *s, unsigned bytes, bool sign)
{
    IRRef a = read_reg(s, X86_RAX, bytes == 1 ? 2 : bytes), d;

    if (bytes == 1)
        return extend(s, a, 2, sign);
    d = read_reg(s, X86_RDX, bytes);
    if (bytes == 2)
        return ir_deposit(s->f, a, d, 16, 16);
    return ir_or(s->f, ir_zext(s->f, IR_I64, 2, a), ir_shl(s->f, ir_zext(s->f, IR_I64, 2, d), ir_i32(s->f, 32)));
}

/* 1, 2 and 4 bytes: divided in twice the width, or in 32 bits. */
static void gen_divide_narrow(DisasContext *s, IRRef d, unsigned bytes, bool sign)
{
    IRType t = bytes == 4 ? IR_I64 : IR_I32;
    unsigned lg = log2_bytes(bytes), slow = slow_exit(s);
    IRRef a = dividend(s, bytes, sign), q;

    d = sign ? ir_sext(s->f, t, lg, d) : ir_zext(s->f, t, lg, d);
    if (sign) {
        ir_br(s->f, IR_EQ, d, ir_int(s->f, t, 0), slow);
        q = ir_divs(s->f, a, d);
        ir_br(s->f, IR_NE, q, ir_sext(s->f, t, lg, q), slow);
    } else {
        ir_br(s->f, IR_GEU, ir_shr(s->f, a, ir_i32(s->f, bytes * 8)), d, slow); /* d = 0 too */
        q = ir_divu(s->f, a, d);
    }
    IRRef r = ir_sub(s->f, a, ir_mul(s->f, q, d));
    write_quotient(s, bytes, bytes == 4 ? ir_trunc(s->f, q) : q, bytes == 4 ? ir_trunc(s->f, r) : r);
}

/* 8 bytes: when the upper half is the extension of the lower one. -1 is left to the helper, for MIN / -1. */
static void gen_divide_64(DisasContext *s, IRRef d, bool sign)
{
    IRRef a = read_reg(s, X86_RAX, 8), high = read_reg(s, X86_RDX, 8), q;
    unsigned slow = slow_exit(s);

    if (sign) {
        ir_br(s->f, IR_NE, high, ir_sar(s->f, a, ir_i32(s->f, 63)), slow);
        ir_br(s->f, IR_LEU, ir_add(s->f, d, ir_i64(s->f, 1)), ir_i64(s->f, 1), slow); /* 0, -1 */
        q = ir_divs(s->f, a, d);
    } else {
        ir_br(s->f, IR_NE, high, ir_i64(s->f, 0), slow);
        ir_br(s->f, IR_EQ, d, ir_i64(s->f, 0), slow);
        q = ir_divu(s->f, a, d);
    }
    write_quotient(s, 8, q, ir_sub(s->f, a, ir_mul(s->f, q, d)));
}

static void gen_divide(DisasContext *s, const X86Insn *i, bool sign)
{
    unsigned bytes = i->op[0].bytes;
    IRRef d = load_op(s, i, 0);

    if (is_slow(s))
        gen_divide_slow(s, d, bytes, sign);
    else if (bytes == 8)
        gen_divide_64(s, d, sign);
    else
        gen_divide_narrow(s, d, bytes, sign);
}

void trans_div(DisasContext *s, const X86Insn *i) { gen_divide(s, i, false); }
void trans_idiv(DisasContext *s, const X86Insn *i) { gen_divide(s, i, true); }

/* ---- decimal ---- */
/* The helper takes AX and the flags; its result is AX with the flags above it. */
static void gen_decimal(DisasContext *s, const IRHelper *helper)
{
    IRRef r = ir_call(s->f, helper, read_reg(s, X86_RAX, 2), get_fl(s));
    write_reg(s, X86_RAX, 2, r);
    set_cc_fl(s, ir_shr(s->f, r, ir_i32(s->f, 16)));
}

void trans_daa(DisasContext *s, const X86Insn *i) { gen_decimal(s, &ir_helper_daa); }
void trans_das(DisasContext *s, const X86Insn *i) { gen_decimal(s, &ir_helper_das); }
void trans_aaa(DisasContext *s, const X86Insn *i) { gen_decimal(s, &ir_helper_aaa); }
void trans_aas(DisasContext *s, const X86Insn *i) { gen_decimal(s, &ir_helper_aas); }

void trans_aam(DisasContext *s, const X86Insn *i)
{
    if (!(i->op[0].imm & 0xff)) {
        gen_exception(s, EXCP_DE);
        return;
    }
    IRRef base = ir_i32(s->f, (uint32_t)i->op[0].imm & 0xff), al = ir_zext(s->f, IR_I32, 0, read_reg(s, X86_RAX, 1));
    IRRef ah = ir_divu(s->f, al, base), rest = ir_sub(s->f, al, ir_mul(s->f, ah, base));
    write_reg(s, X86_RAX, 2, ir_or(s->f, ir_shl(s->f, ah, ir_i32(s->f, 8)), rest));
    set_cc(s, CC_OP_LOGIC, rest, IR_NONE, IR_NONE);
}

/* The flags are those of the addition. */
void trans_aad(DisasContext *s, const X86Insn *i)
{
    IRRef ax = read_reg(s, X86_RAX, 2), base = ir_i32(s->f, (uint32_t)i->op[0].imm & 0xff);
    IRRef tens = ir_mul(s->f, ir_extract(s->f, ax, 8, 8), base), al = ir_add(s->f, ax, tens);
    write_reg(s, X86_RAX, 2, ir_zext(s->f, IR_I32, 0, al));
    set_cc(s, CC_OP_ADD, al, tens, IR_NONE);
}

/* AL = CF ? 0xff : 0 (undocumented, on all parts). */
void trans_salc(DisasContext *s, const X86Insn *i) { write_reg(s, X86_RAX, 1, ir_neg(s->f, get_cf(s))); }

/* ---- BOUND ---- */
/* #BR when index cc limit. */
static void check_bound(DisasContext *s, IRCond cc, IRRef index, IRRef limit)
{
    if (is_slow(s))
        ir_call(s->f, &ir_helper_bound, ir_setcc(s->f, IR_I32, cc, index, limit));
    else
        ir_br(s->f, cc, index, limit, slow_exit(s));
}

/* The upper limit is not read when the index is below the lower one. */
void trans_bound(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = i->op[0].bytes;
    IRMemOp mo = data_memop(s, bytes, true);
    IRRef ea = gen_ea(s, i), index = extend(s, read_reg(s, i->op[0].reg, bytes), bytes, true);

    check_bound(s, IR_LT, index, ir_ld(s->f, IR_I32, gen_linear(s, i->mem.seg, ea, bytes, false), 0, mo));
    ea = ir_zext(s->f, IR_I64, i->asz, ir_add(s->f, ea, ir_i64(s->f, bytes)));
    check_bound(s, IR_GT, index, ir_ld(s->f, IR_I32, gen_linear(s, i->mem.seg, ea, bytes, false), 0, mo));
}
