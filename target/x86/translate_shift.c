/* SPDX-License-Identifier: MIT */
/*
 * Shifts and rotates (SDM vol. 2: SAL/SAR/SHL/SHR, RCL/RCR/ROL/ROR, SHLD/SHRD; BMI2's flagless forms).
 *
 * A masked count of 0 changes no flag. Counts that are constants decide that here. For a count in CL the flags would have to be a choice
 * between the old and the new ones, which would make both be computed: instead a count of 0, which is rare, leaves the block
 * for the next instruction, and what follows knows that it was not 0. A single-stepped instruction must not leave so; it takes the choice.
 *
 * OF after a shift or rotate by more than 1 is undefined: what Intel's parts leave is that of the same operation by 1 on the same
 * operand (a rotation of a register by a constant leaves it alone), and AF after a shift is 0. SRC of the lazy flags (cc.h) carries CF in the bit that the last step
 * shifts out, and OF in one that is free.
 */
#include "base/bits.h"
#include "target/x86/translate_int.h"

/* A count after masking: known, or an I32. */
typedef struct Count { bool known; unsigned n; IRRef ref; } Count;

static Count read_count(DisasContext *s, const X86Insn *i, unsigned op, unsigned mask)
{
    if (i->op[op].kind == OPK_IMM) {
        unsigned n = (unsigned)i->op[op].imm & mask;
        return (Count){ true, n, ir_i32(s->f, n) };
    }
    return (Count){ .ref = ir_and(s->f, read_reg(s, X86_RCX, 1), ir_i32(s->f, mask)) };
}

static unsigned count_mask(unsigned bytes) { return bytes == 8 ? 63 : 31; }

/* The count less 1. Where the count is 0 the result is not used. */
static IRRef count_less_1(DisasContext *s, const Count *c)
{
    return c->known ? ir_i32(s->f, c->n - 1) : ir_sub(s->f, c->ref, ir_i32(s->f, 1));
}

/* set_cc unless the count is 0: then the flags stay. */
static void set_cc_count(DisasContext *s, const Count *c, unsigned op, IRRef dst, IRRef src, IRRef src2)
{
    if (c->known) {
        if (c->n)
            set_cc(s, op, dst, src, src2);
    } else if (is_slow(s)) {
        IRRef old = get_fl(s);
        set_cc(s, op, dst, src, src2);
        IRRef new = get_fl(s);
        set_cc_fl(s, ir_select(s->f, IR_EQ, c->ref, ir_i32(s->f, 0), old, new));
    } else {
        sync_cc(s);
        ir_br(s->f, IR_EQ, c->ref, ir_i32(s->f, 0), exit_to_eip(s, next_eip(s)));
        set_cc(s, op, dst, src, src2);
    }
}

/* ---- SHL, SHR, SAR ---- */
typedef IRRef ShiftFn(IRFunc *f, IRRef a, IRRef n);

/* v with bit n replaced by bit 0 of b. */
static IRRef with_bit(DisasContext *s, IRRef v, unsigned n, IRRef b) { return ir_deposit(s->f, v, b, n, 1); }

/* Bit n of v at the bottom, other bits above: as the last argument of with_bit. */
static IRRef bit_down(DisasContext *s, IRRef v, unsigned n) { return ir_shr(s->f, v, ir_i32(s->f, n)); }

/* Whether the top bit changes when a goes left by 1. */
static IRRef left_of(DisasContext *s, IRRef a, unsigned top) { return bit_down(s, ir_xor(s->f, a, ir_shl(s->f, a, ir_i32(s->f, 1))), top); }

typedef enum ShiftKind { SHIFT_SHL, SHIFT_SHR, SHIFT_SAR } ShiftKind;

/* What cc.h wants in SRC: the operand shifted by one less, with OF put in. */
static IRRef shift_source(DisasContext *s, ShiftKind kind, IRRef a, unsigned bytes, IRRef less)
{
    unsigned top = bytes * 8 - 1;
    switch (kind) {
    case SHIFT_SHL: return with_bit(s, ir_shl(s->f, a, less), 0, left_of(s, a, top));
    case SHIFT_SHR: return ir_sar(s->f, extend(s, a, bytes, true), less); /* the sign stays at the top: OF */
    default: return with_bit(s, ir_sar(s->f, a, less), top, zero_of(s, a));
    }
}

/* Operands of 1 and 2 bytes are shifted as extended to 32 bits: counts reach 31 there. */
static void gen_shift(DisasContext *s, const X86Insn *i, ShiftKind kind)
{
    static ShiftFn *const shifts[] = { ir_shl, ir_shr, ir_sar };
    unsigned bytes = i->op[0].bytes;
    Count c = read_count(s, i, 1, count_mask(bytes));
    IRRef addr, a = extend(s, load_rmw(s, i, 0, &addr), bytes, kind == SHIFT_SAR), res = shifts[kind](s->f, a, c.ref);

    store_rmw(s, i, 0, addr, res);
    if (c.known && !c.n)
        return;
    IRRef src = shift_source(s, kind, a, bytes, count_less_1(s, &c));
    if (kind == SHIFT_SHR && bytes < 4) /* beyond the width no sign comes out */
        src = ir_or(s->f, ir_and(s->f, src, ir_i32(s->f, 1u << (bytes * 8 - 1))), ir_extract(s->f, ir_shr(s->f, a, count_less_1(s, &c)), 0, 1));
    set_cc_count(s, &c, (kind == SHIFT_SHL ? CC_OP_SHL : CC_OP_SAR) + log2_bytes(bytes), res, src, IR_NONE);
}

void trans_shl(DisasContext *s, const X86Insn *i) { gen_shift(s, i, SHIFT_SHL); }
void trans_shr(DisasContext *s, const X86Insn *i) { gen_shift(s, i, SHIFT_SHR); }
void trans_sar(DisasContext *s, const X86Insn *i) { gen_shift(s, i, SHIFT_SAR); }

/* ---- ROL, ROR ---- */
/* An operand of 1 or 2 bytes repeated through 32 bits: rotating that rotates each copy. */
static IRRef spread(DisasContext *s, IRRef a, unsigned bytes)
{
    if (bytes >= 4)
        return a;
    return ir_mul(s->f, extend(s, a, bytes, false), ir_i32(s->f, bytes == 1 ? 0x01010101u : 0x00010001u));
}

/* OF of a rotation of a by 1: whether the top bit changes, to bit next. */
static IRRef rotate_of(DisasContext *s, IRRef a, unsigned top, IRRef next) { return ir_xor(s->f, bit_of(s, a, top), next); }

/* CF and OF become cf and of unless the count is 0. */
static void set_cf_of_count(DisasContext *s, const Count *c, IRRef cf, IRRef of)
{
    IRRef old = get_fl(s), new = replace_flags(s, old, IR_FL_C | IR_FL_O, ir_or(s->f, flag_if(s, cf, IR_FL_C), of));
    set_cc_fl(s, c->known ? new : ir_select(s->f, IR_EQ, c->ref, ir_i32(s->f, 0), old, new));
    s->cc.cf = c->known ? cf : IR_NONE;
}

static void gen_rotate(DisasContext *s, const X86Insn *i, bool left)
{
    unsigned bytes = i->op[0].bytes, top = bytes * 8 - 1;
    Count c = read_count(s, i, 1, count_mask(bytes));
    IRRef addr, a = load_rmw(s, i, 0, &addr), wide = spread(s, a, bytes);
    IRRef n = !left ? c.ref : c.known ? ir_i32(s->f, -c.n & 63) : ir_neg(s->f, c.ref);
    IRRef res = ir_rotr(s->f, wide, n);

    store_rmw(s, i, 0, addr, res);
    if (c.known && !c.n)
        return;
    IRRef of = c.known && c.n != 1 && i->op[0].kind != OPK_MEM ? bit_of(s, get_fl(s), 0) : rotate_of(s, a, top, bit_of(s, a, left ? top - 1 : 0));
    set_cf_of_count(s, &c, bit_of(s, res, left ? 0 : top), of);
}

void trans_rol(DisasContext *s, const X86Insn *i) { gen_rotate(s, i, true); }
void trans_ror(DisasContext *s, const X86Insn *i) { gen_rotate(s, i, false); }

/* ---- RCL, RCR ---- */
/* By 1, which is nearly all that programs use. */
static void gen_rotate_carry_1(DisasContext *s, const X86Insn *i, bool left)
{
    unsigned bytes = i->op[0].bytes, top = bytes * 8 - 1;
    IRRef addr, a = load_rmw(s, i, 0, &addr), cf = get_cf(s), fl = get_fl(s), res, out, of;
    IRRef carry = bytes == 8 ? ir_zext(s->f, IR_I64, 2, cf) : cf, one = ir_i32(s->f, 1);

    if (left) {
        res = ir_or(s->f, ir_shl(s->f, a, one), carry);
        out = bit_of(s, a, top);
        of = rotate_of(s, a, top, bit_of(s, a, top - 1));
    } else {
        res = ir_or(s->f, ir_shr(s->f, extend(s, a, bytes, false), one), ir_shl(s->f, carry, ir_i32(s->f, top)));
        out = bit_of(s, a, 0);
        of = rotate_of(s, a, top, cf);
    }
    store_rmw(s, i, 0, addr, res);
    set_cc_fl(s, replace_flags(s, fl, IR_FL_C | IR_FL_O, ir_or(s->f, flag_if(s, out, IR_FL_C), of)));
    s->cc.cf = out;
}

static void gen_rotate_carry(DisasContext *s, const X86Insn *i, bool left)
{
    unsigned bytes = i->op[0].bytes;
    Count c = read_count(s, i, 1, count_mask(bytes));
    if (c.known && c.n == 1) {
        gen_rotate_carry_1(s, i, left);
        return;
    }
    IRRef addr, a = load_rmw(s, i, 0, &addr), fl = get_fl(s);
    IRRef wide = bytes == 8 ? a : ir_zext(s->f, IR_I64, 2, a), desc = ir_i32(s->f, bytes | (left ? 0x100u : 0));
    IRRef res = ir_call(s->f, &ir_helper_rotate_carry, wide, c.ref, fl, desc);
    IRRef new = ir_call(s->f, &ir_helper_rotate_carry_fl, wide, c.ref, fl, desc);
    store_rmw(s, i, 0, addr, bytes == 8 ? res : ir_trunc(s->f, res));
    set_cc_fl(s, new);
}

void trans_rcl(DisasContext *s, const X86Insn *i) { gen_rotate_carry(s, i, true); }
void trans_rcr(DisasContext *s, const X86Insn *i) { gen_rotate_carry(s, i, false); }

/* ---- SHLD, SHRD ---- */
/* a shifted by n (0..width-1), b's bits coming in. */
static IRRef shift_double(DisasContext *s, IRRef a, IRRef b, IRRef n, bool left)
{
    IRRef one = ir_i32(s->f, 1), rest = ir_xor(s->f, n, ir_i32(s->f, ir_type(s->f, a) == IR_I64 ? 63 : 31));

    if (left)
        return ir_or(s->f, ir_shl(s->f, a, n), ir_shr(s->f, ir_shr(s->f, b, one), rest));
    return ir_or(s->f, ir_shr(s->f, a, n), ir_shl(s->f, ir_shl(s->f, b, one), rest));
}

/* 16 bits: counts above 16 go round to the first operand's bits again: a funnel of a:b:a, of which 32 bits (48 for a count of 31) matter. */
static IRRef shift_double_16(DisasContext *s, IRRef a, IRRef b, IRRef n, bool left)
{
    IRRef lo = ir_zext(s->f, IR_I64, 1, a), mid = ir_zext(s->f, IR_I64, 1, b);
    IRRef funnel = ir_or(s->f, ir_or(s->f, lo, ir_shl(s->f, mid, ir_i32(s->f, 16))), ir_shl(s->f, lo, ir_i32(s->f, 32)));

    if (left)
        return ir_trunc(s->f, ir_shr(s->f, ir_shl(s->f, funnel, n), ir_i32(s->f, 32)));
    return ir_trunc(s->f, ir_shr(s->f, funnel, n));
}

static void gen_shift_double(DisasContext *s, const X86Insn *i, bool left)
{
    unsigned bytes = i->op[0].bytes;
    Count c = read_count(s, i, 2, count_mask(bytes));
    IRRef addr, a = load_rmw(s, i, 0, &addr), b = read_reg(s, i->op[1].reg, bytes);
    IRRef (*shift)(DisasContext *, IRRef, IRRef, IRRef, bool) = bytes == 2 ? shift_double_16 : shift_double;
    IRRef res = shift(s, a, b, c.ref, left);

    store_rmw(s, i, 0, addr, res);
    if (c.known && !c.n)
        return;
    unsigned top = bytes * 8 - 1;
    IRRef prev = c.known && c.n == 1 ? a : shift(s, a, b, count_less_1(s, &c), left), of;
    of = left ? left_of(s, a, top) : ir_xor(s->f, bit_down(s, a, top), b);
    set_cc_count(s, &c, (left ? CC_OP_SHL : CC_OP_SAR) + log2_bytes(bytes), res, with_bit(s, prev, left ? 0 : top, of), IR_NONE);
}

void trans_shld(DisasContext *s, const X86Insn *i) { gen_shift_double(s, i, true); }
void trans_shrd(DisasContext *s, const X86Insn *i) { gen_shift_double(s, i, false); }

/* ---- BMI2: no flags; the count is cut by the width ---- */
static void gen_shift_flagless(DisasContext *s, const X86Insn *i, ShiftFn *shift)
{
    IRRef a = load_op(s, i, 1), n = read_reg(s, i->op[2].reg, i->op[0].bytes);
    write_reg(s, i->op[0].reg, i->op[0].bytes, shift(s->f, a, n));
}

void trans_shlx(DisasContext *s, const X86Insn *i) { gen_shift_flagless(s, i, ir_shl); }
void trans_shrx(DisasContext *s, const X86Insn *i) { gen_shift_flagless(s, i, ir_shr); }
void trans_sarx(DisasContext *s, const X86Insn *i) { gen_shift_flagless(s, i, ir_sar); }

void trans_rorx(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = i->op[0].bytes;
    write_reg(s, i->op[0].reg, bytes, ir_rotr(s->f, load_op(s, i, 1), ir_i32(s->f, (uint32_t)i->op[2].imm & (bytes * 8 - 1))));
}
