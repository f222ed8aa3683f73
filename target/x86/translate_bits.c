/* SPDX-License-Identifier: MIT */
/*
 * Bit instructions: tests of bits, scans, counts, byte order, BMI, CRC32, ADCX and ADOX.
 *
 * A bit number in a register reaches beyond a memory operand: its upper bits move the address, by whole operands (SDM vol. 2, BT).
 * Undefined flags are as Intel's parts leave them: BT leaves them alone; the scans clear all but ZF, and PF is that of the
 * index; the counts clear them.
 */
#include "base/bits.h"
#include "target/x86/translate_int.h"

/* ---- BT, BTS, BTR, BTC ---- */
typedef enum BitOp { BIT_TEST, BIT_SET, BIT_RESET, BIT_COMPLEMENT } BitOp;

static IRRef cut_address(DisasContext *s, const X86Insn *i, IRRef a)
{
    return i->asz == 3 ? a : ir_zext(s->f, IR_I64, i->asz, a);
}

/* Linear address of the operand that bit n (a register's value) is in. */
static IRRef bit_string_address(DisasContext *s, const X86Insn *i, IRRef n, bool write)
{
    unsigned bytes = i->op[0].bytes, lg = log2_bytes(bytes);
    IRRef wide = bytes == 8 ? n : ir_sext(s->f, IR_I64, lg, n);
    IRRef step = ir_shl(s->f, ir_sar(s->f, wide, ir_i32(s->f, lg + 3)), ir_i32(s->f, lg));
    return gen_linear(s, i->mem.seg, cut_address(s, i, ir_add(s->f, gen_ea(s, i), step)), bytes, write);
}

static IRRef bit_result(DisasContext *s, BitOp op, IRRef a, IRRef mask)
{
    return op == BIT_SET ? ir_or(s->f, a, mask) : op == BIT_RESET ? ir_andn(s->f, a, mask) : ir_xor(s->f, a, mask);
}

static IRRef bit_locked(DisasContext *s, BitOp op, IRRef addr, IRRef mask, unsigned bytes)
{
    static const uint8_t atomic[] = { [BIT_SET] = IR_AT_OR, [BIT_RESET] = IR_AT_ANDN, [BIT_COMPLEMENT] = IR_AT_XOR };
    return ir_atom_rmw(s->f, op_type(bytes), (IRAtomic)atomic[op], addr, mask, data_memop(s, bytes, false) | MO_RMW);
}

/* Does it to the operand in memory; returns the old value. */
static IRRef bit_memory(DisasContext *s, const X86Insn *i, BitOp op, IRRef n, IRRef mask)
{
    unsigned bytes = i->op[0].bytes;
    bool string = i->op[1].kind == OPK_REG, write = op != BIT_TEST;
    IRRef addr = string ? bit_string_address(s, i, n, write) : gen_mem(s, i, bytes, write), a;

    if (op == BIT_TEST)
        return ir_ld(s->f, op_type(bytes), addr, 0, data_memop(s, bytes, false));
    if (i->lock)
        return bit_locked(s, op, addr, mask, bytes);
    a = load_for_write(s, addr, bytes);
    ir_st(s->f, addr, 0, bit_result(s, op, a, mask), data_memop(s, bytes, false));
    return a;
}

static void gen_bit(DisasContext *s, const X86Insn *i, BitOp op)
{
    unsigned bytes = i->op[0].bytes, top = bytes * 8 - 1;
    bool known = i->op[1].kind == OPK_IMM;
    IRRef n = known ? ir_i32(s->f, (uint32_t)i->op[1].imm & top) : read_reg(s, i->op[1].reg, bytes);
    IRRef index = known ? n : ir_and(s->f, bytes == 8 ? ir_trunc(s->f, n) : n, ir_i32(s->f, top));
    IRRef mask = ir_shl(s->f, ir_int(s->f, op_type(bytes), 1), index), a;

    if (i->op[0].kind == OPK_MEM) {
        a = bit_memory(s, i, op, n, mask);
    } else {
        a = load_op(s, i, 0);
        if (op != BIT_TEST)
            store_op(s, i, 0, bit_result(s, op, a, mask));
    }
    set_cf(s, bit_of(s, ir_shr(s->f, a, index), 0));
}

void trans_bt(DisasContext *s, const X86Insn *i) { gen_bit(s, i, BIT_TEST); }
void trans_bts(DisasContext *s, const X86Insn *i) { gen_bit(s, i, BIT_SET); }
void trans_btr(DisasContext *s, const X86Insn *i) { gen_bit(s, i, BIT_RESET); }
void trans_btc(DisasContext *s, const X86Insn *i) { gen_bit(s, i, BIT_COMPLEMENT); }

/* ---- scans and counts ---- */
static IRRef as_i32(DisasContext *s, IRRef v) { return ir_type(s->f, v) == IR_I64 ? ir_trunc(s->f, v) : v; }
static IRRef is_zero(DisasContext *s, IRRef v) { return ir_setcc(s->f, IR_I32, IR_EQ, v, zero_of(s, v)); }

/* TZCNT, LZCNT: CF when the operand is 0, ZF when the result is. */
static void gen_count_zeros(DisasContext *s, const X86Insn *i, bool trailing)
{
    unsigned bytes = i->op[0].bytes;
    IRRef a = extend(s, load_op(s, i, 1), bytes, false), res;

    if (trailing)
        res = ir_ctz(s->f, bytes == 2 ? ir_or(s->f, a, ir_i32(s->f, 0x10000)) : a);
    else
        res = bytes == 2 ? ir_sub(s->f, ir_clz(s->f, a), ir_i32(s->f, 16)) : ir_clz(s->f, a);
    IRRef fl = ir_or(s->f, flag_if(s, is_zero(s, a), IR_FL_C), flag_if(s, is_zero(s, res), IR_FL_Z));
    write_reg(s, i->op[0].reg, bytes, res);
    set_cc_fl(s, fl);
}

/* BSF, BSR: the destination stays as it is, all of it, when the operand is 0. */
static void gen_scan(DisasContext *s, const X86Insn *i, bool forward)
{
    unsigned bytes = i->op[0].bytes, reg = i->op[0].reg;
    IRRef a = extend(s, load_op(s, i, 1), bytes, false), zero = zero_of(s, a), wide;
    IRRef index = forward ? ir_ctz(s->f, a) : ir_xor(s->f, ir_clz(s->f, a), ir_int(s->f, ir_type(s->f, a), bytes == 8 ? 63 : 31));
    IRRef shown = ir_select(s->f, IR_EQ, a, zero, zero, index), fl = ir_fl_and(s->f, shown, shown, 0);

    if (bytes == 2)
        wide = ir_deposit(s->f, read_reg(s, reg, 8), ir_zext(s->f, IR_I64, 2, index), 0, 16);
    else
        wide = bytes == 4 ? ir_zext(s->f, IR_I64, 2, index) : index;
    write_reg(s, reg, 8, ir_select(s->f, IR_EQ, a, zero, read_reg(s, reg, 8), wide));
    set_cc_fl(s, ir_or(s->f, ir_and(s->f, fl, ir_i32(s->f, IR_FL_P)), flag_if(s, is_zero(s, a), IR_FL_Z)));
}

void trans_tzcnt(DisasContext *s, const X86Insn *i) { gen_count_zeros(s, i, true); }
void trans_lzcnt(DisasContext *s, const X86Insn *i) { gen_count_zeros(s, i, false); }
void trans_bsf(DisasContext *s, const X86Insn *i) { gen_scan(s, i, true); }
void trans_bsr(DisasContext *s, const X86Insn *i) { gen_scan(s, i, false); }

void trans_popcnt(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = i->op[0].bytes;
    IRRef res = ir_popcnt(s->f, extend(s, load_op(s, i, 1), bytes, false));

    write_reg(s, i->op[0].reg, bytes, res);
    set_cc(s, CC_OP_BITCNT + log2_bytes(bytes), res, IR_NONE, IR_NONE);
}

/* ---- byte order ---- */
/* Of a 16-bit register BSWAP makes 0: undefined, and what parts do. */
void trans_bswap(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = i->op[0].bytes;
    IRRef res = bytes == 2 ? ir_i32(s->f, 0) : ir_bswap(s->f, log2_bytes(bytes), load_op(s, i, 0));
    store_op(s, i, 0, res);
}

void trans_movbe(DisasContext *s, const X86Insn *i) { store_op(s, i, 0, ir_bswap(s->f, log2_bytes(i->op[0].bytes), load_op(s, i, 1))); }

/* ---- CRC32 (of Castagnoli's polynomial) ---- */
void trans_crc32(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = i->op[1].bytes;
    IRRef v = load_op(s, i, 1), crc = read_reg(s, i->op[0].reg, 4);

    if (bytes < 8)
        v = ir_zext(s->f, IR_I64, 2, v);
    write_reg(s, i->op[0].reg, 4, ir_call(s->f, &ir_helper_x86_crc32, crc, v, ir_i32(s->f, bytes)));
}

/* ---- ADCX, ADOX: a sum whose carry comes from one flag and goes back there, the others staying ---- */
static void gen_add_carry(DisasContext *s, const X86Insn *i, uint32_t flag)
{
    unsigned bytes = i->op[0].bytes;
    IRRef a = load_op(s, i, 0), b = load_op(s, i, 1), fl = get_fl(s), carry = ir_extract(s->f, fl, (unsigned)__builtin_ctz(flag), 1);
    IRRef res = ir_adc(s->f, a, b, carry), out = ir_extract(s->f, ir_fl_adc(s->f, a, b, carry, 0), 8, 1);

    write_reg(s, i->op[0].reg, bytes, res);
    set_cc_fl(s, replace_flags(s, fl, flag, flag_if(s, out, flag)));
}

void trans_adcx(DisasContext *s, const X86Insn *i) { gen_add_carry(s, i, IR_FL_C); }
void trans_adox(DisasContext *s, const X86Insn *i) { gen_add_carry(s, i, IR_FL_O); }

/* ---- BMI1, BMI2. SF and ZF follow the result, CF is cf (I32) or 0 ---- */
static void finish_bmi(DisasContext *s, const X86Insn *i, IRRef res, IRRef cf)
{
    unsigned bytes = i->op[0].bytes;

    write_reg(s, i->op[0].reg, bytes, res);
    cf = cf ? cf : ir_i32(s->f, 0);
    set_cc(s, CC_OP_BLSR + log2_bytes(bytes), res, cf, IR_NONE);
}

void trans_andn(DisasContext *s, const X86Insn *i)
{
    IRRef b = load_op(s, i, 2);
    finish_bmi(s, i, ir_andn(s->f, b, load_op(s, i, 1)), IR_NONE);
}

void trans_blsr(DisasContext *s, const X86Insn *i)
{
    IRRef a = load_op(s, i, 1), less = ir_sub(s->f, a, ir_int(s->f, ir_type(s->f, a), 1));
    finish_bmi(s, i, ir_and(s->f, a, less), is_zero(s, a));
}

void trans_blsmsk(DisasContext *s, const X86Insn *i)
{
    IRRef a = load_op(s, i, 1), less = ir_sub(s->f, a, ir_int(s->f, ir_type(s->f, a), 1));
    finish_bmi(s, i, ir_xor(s->f, a, less), is_zero(s, a));
}

void trans_blsi(DisasContext *s, const X86Insn *i)
{
    IRRef a = load_op(s, i, 1);
    finish_bmi(s, i, ir_and(s->f, a, ir_neg(s->f, a)), ir_xor(s->f, is_zero(s, a), ir_i32(s->f, 1)));
}

/* v with the bits from n (I32, below 256) up cleared; n may be the width and more. */
static IRRef low_bits(DisasContext *s, IRRef v, IRRef n)
{
    IRType t = ir_type(s->f, v);
    IRRef ones = ir_int(s->f, t, t == IR_I64 ? ~0ull : 0xffffffffu);
    IRRef kept = ir_andn(s->f, v, ir_shl(s->f, ones, n));
    return ir_select(s->f, IR_GEU, n, ir_i32(s->f, t == IR_I64 ? 64 : 32), v, kept);
}

/* Start in bits 7:0 of the third operand, length in bits 15:8. */
void trans_bextr(DisasContext *s, const X86Insn *i)
{
    IRRef a = load_op(s, i, 1), control = as_i32(s, read_reg(s, i->op[2].reg, i->op[0].bytes));
    IRRef start = ir_zext(s->f, IR_I32, 0, control), length = ir_extract(s->f, control, 8, 8);
    IRRef width = ir_i32(s->f, i->op[0].bytes * 8);
    IRRef shifted = ir_select(s->f, IR_GEU, start, width, zero_of(s, a), ir_shr(s->f, a, start));
    IRRef res = low_bits(s, shifted, length);
    write_reg(s, i->op[0].reg, i->op[0].bytes, res);
    set_cc(s, CC_OP_BITCNT + log2_bytes(i->op[0].bytes), res, IR_NONE, IR_NONE); /* SF too is 0 */
}

void trans_bzhi(DisasContext *s, const X86Insn *i)
{
    IRRef a = load_op(s, i, 1), n = ir_zext(s->f, IR_I32, 0, as_i32(s, read_reg(s, i->op[2].reg, i->op[0].bytes)));
    finish_bmi(s, i, low_bits(s, a, n), ir_setcc(s->f, IR_I32, IR_GEU, n, ir_i32(s->f, i->op[0].bytes * 8)));
}

static void gen_bits_helper(DisasContext *s, const X86Insn *i, const IRHelper *helper)
{
    bool wide = i->op[0].bytes == 8;
    IRRef a = read_reg(s, i->op[1].reg, i->op[0].bytes), mask = load_op(s, i, 2);

    if (!wide) {
        a = ir_zext(s->f, IR_I64, 2, a);
        mask = ir_zext(s->f, IR_I64, 2, mask);
    }
    IRRef res = ir_call(s->f, helper, a, mask);
    write_reg(s, i->op[0].reg, i->op[0].bytes, wide ? res : ir_trunc(s->f, res));
}

void trans_pdep(DisasContext *s, const X86Insn *i) { gen_bits_helper(s, i, &ir_helper_pdep); }
void trans_pext(DisasContext *s, const X86Insn *i) { gen_bits_helper(s, i, &ir_helper_pext); }
