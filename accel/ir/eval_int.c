/* SPDX-License-Identifier: MIT */
/*
 * What the integer and flag operations mean, in C: the reference for folding, for the interpreter and for tests of back ends.
 * Values travel zero-extended in 64 bits. Scalar floats that are only moved or have their sign changed count as integers here.
 */
#include "accel/ir/ir.h"
#include "base/bits.h"

static unsigned type_width(IRType t) { return t == IR_I32 || t == IR_F32 ? 32 : 64; }
static uint64_t narrow(IRType t, uint64_t v) { return type_width(t) == 32 ? (uint32_t)v : v; }
static int64_t as_signed(IRType t, uint64_t v) { return type_width(t) == 32 ? (int32_t)v : (int64_t)v; }

static uint64_t mul_high(IRType t, uint64_t a, uint64_t b, bool is_signed)
{
    unsigned w = type_width(t);
    if (is_signed)
        return (uint64_t)((__int128)as_signed(t, a) * as_signed(t, b) >> w);
    return (uint64_t)((unsigned __int128)a * b >> w);
}

static uint64_t div_signed(IRType t, uint64_t a, uint64_t b)
{
    int64_t x = as_signed(t, a), y = as_signed(t, b);
    if (y == 0)
        return 0;
    return y == -1 ? -(uint64_t)x : (uint64_t)(x / y);
}

static uint64_t rotate_right(IRType t, uint64_t a, unsigned n)
{
    if (type_width(t) == 64)
        return ror64(a, n);
    n &= 31;
    return n ? (uint32_t)a >> n | (uint32_t)a << (32 - n) : a;
}

static uint64_t reverse_bits(IRType t, uint64_t a)
{
    uint64_t r = 0;
    for (unsigned i = 0; i < 64; i++)
        r |= (a >> i & 1) << (63 - i);
    return r >> (64 - type_width(t));
}

static uint64_t reverse_bytes(uint64_t a, unsigned lane_log2)
{
    uint64_t r = 0;
    for (unsigned i = 0; i < 8; i++)
        r |= (a >> (8 * i) & 0xff) << (8 * (i ^ ((1u << lane_log2) - 1)));
    return r;
}

/* S, Z and P of result r of w bits. */
static uint32_t flags_of_result(unsigned w, uint64_t r)
{
    return (r >> (w - 1) & 1 ? IR_FL_S : 0) | (extract64(r, 0, w) == 0 ? IR_FL_Z : 0) | (__builtin_parity(r & 0xff) ? 0 : IR_FL_P);
}

static uint32_t flags_add(unsigned w, uint64_t a, uint64_t b, unsigned carry)
{
    uint64_t r = a + b + carry;
    bool c = ((unsigned __int128)extract64(a, 0, w) + extract64(b, 0, w) + carry) >> w;
    bool o = ((a ^ r) & (b ^ r)) >> (w - 1) & 1;
    return flags_of_result(w, r) | (c ? IR_FL_C : 0) | (o ? IR_FL_O : 0) | ((a ^ b ^ r) & 0x10 ? IR_FL_A : 0);
}

static uint32_t flags_sub(unsigned w, uint64_t a, uint64_t b, unsigned borrow)
{
    uint64_t r = a - b - borrow;
    bool c = (unsigned __int128)extract64(a, 0, w) < (unsigned __int128)extract64(b, 0, w) + borrow;
    bool o = ((a ^ b) & (a ^ r)) >> (w - 1) & 1;
    return flags_of_result(w, r) | (c ? IR_FL_C : 0) | (o ? IR_FL_O : 0) | ((a ^ b ^ r) & 0x10 ? IR_FL_A : 0);
}

static uint32_t eval_flags(const IRInsn *insn, IRType t, uint64_t a, uint64_t b, uint64_t c)
{
    uint32_t fl;
    unsigned w = insn->sz ? insn->sz * 8u : type_width(t);
    switch (insn->op) {
    case IR_fl_add: fl = flags_add(w, a, b, 0); break;
    case IR_fl_adc: fl = flags_add(w, a, b, c & 1); break;
    case IR_fl_sub: fl = flags_sub(w, a, b, 0); break;
    case IR_fl_sbb: fl = flags_sub(w, a, b, c & 1); break;
    default: fl = flags_of_result(w, a & b); break;
    }
    return insn->aux & IR_FL_INVC ? fl ^ IR_FL_C : fl;
}

static uint64_t eval_bits(const IRInsn *insn, uint64_t a, uint64_t b)
{
    IRType t = insn->type;
    unsigned w = type_width(t), lsb = insn->imm & 0xff, len = insn->imm >> 8 & 0xff;

    switch (insn->op) {
    case IR_clz: return a ? clz64(a) - (64 - w) : w;
    case IR_ctz: return a ? ctz64(a) : w;
    case IR_popcnt: return __builtin_popcountll(a);
    case IR_rbit: return reverse_bits(t, a);
    case IR_bswap: return reverse_bytes(a, insn->sz);
    case IR_sext: return (uint64_t)sextract64(a, 0, 8u << insn->sz);
    case IR_zext: return extract64(a, 0, 8u << insn->sz);
    case IR_trunc: return (uint32_t)a;
    case IR_extract: return extract64(a, lsb, len);
    case IR_sextract: return (uint64_t)sextract64(a, lsb, len);
    case IR_deposit: return deposit64(a, lsb, len, b);
    case IR_extr: return insn->imm ? a >> insn->imm | b << (w - insn->imm) : a;
    case IR_fabs: return a & ~BIT(w - 1);
    default: return a ^ BIT(w - 1); /* fneg */
    }
}

uint64_t ir_eval_int(const IRInsn *insn, IRType arg_type, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    IRType t = insn->type;
    unsigned n = b & (type_width(t) - 1);
    uint64_t r;

    switch (insn->op) {
    case IR_const: r = insn->imm; break;
    case IR_mov: case IR_fbits: case IR_bitsf: r = a; break;
    case IR_add: r = a + b; break;
    case IR_sub: r = a - b; break;
    case IR_adc: r = a + b + c; break;
    case IR_mul: r = a * b; break;
    case IR_mulhs: r = mul_high(t, a, b, true); break;
    case IR_mulhu: r = mul_high(t, a, b, false); break;
    case IR_divs: r = div_signed(t, a, b); break;
    case IR_divu: r = b ? a / b : 0; break;
    case IR_and: r = a & b; break;
    case IR_or: r = a | b; break;
    case IR_xor: r = a ^ b; break;
    case IR_andn: r = a & ~b; break;
    case IR_orn: r = a | ~b; break;
    case IR_eqv: r = a ^ ~b; break;
    case IR_not: r = ~a; break;
    case IR_neg: r = -a; break;
    case IR_shl: r = a << n; break;
    case IR_shr: r = a >> n; break;
    case IR_sar: r = (uint64_t)(as_signed(t, a) >> n); break;
    case IR_rotr: r = rotate_right(t, a, n); break;
    case IR_setcc: r = ir_eval_cc(insn->aux, arg_type, a, b); break;
    case IR_select: r = ir_eval_cc(insn->aux, arg_type, a, b) ? c : d; break;
    case IR_fl_cc: r = ir_eval_fl_cc(insn->aux, a); break;
    case IR_fl_select: r = ir_eval_fl_cc(insn->aux, a) ? b : c; break;
    case IR_fl_add: case IR_fl_sub: case IR_fl_and: case IR_fl_adc: case IR_fl_sbb: r = eval_flags(insn, arg_type, a, b, c); break;
    default: r = eval_bits(insn, a, b); break;
    }
    return narrow(t, r);
}
