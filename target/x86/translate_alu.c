/* SPDX-License-Identifier: MIT */
/* Translating x86: addition, subtraction, logic, comparison, in registers and memory, and their locked forms. */
#include "target/x86/translate_alu.h"
#include "target/x86/helper_base.h"
#include "target/x86/translate.h"

/* ---- flags of what has been done: r = a op b ---- */
typedef struct AluValues { IRRef a, b, r, carry; } AluValues;

static IRRef alu_result(DisasContext *s, X86Alu op, AluValues *v)
{
    IRType t = ir_type(s->f, v->a);

    switch (op) {
    case ALU_ADD: return ir_add(s->f, v->a, v->b);
    case ALU_ADC: return ir_adc(s->f, v->a, v->b, v->carry);
    case ALU_SUB: return ir_sub(s->f, v->a, v->b);
    case ALU_SBB: return ir_sub(s->f, ir_sub(s->f, v->a, v->b), t == IR_I64 ? ir_zext(s->f, IR_I64, 2, v->carry) : v->carry);
    case ALU_AND: return ir_and(s->f, v->a, v->b);
    case ALU_OR: return ir_or(s->f, v->a, v->b);
    case ALU_XOR: return ir_xor(s->f, v->a, v->b);
    default: return IR_NONE; /* CMP */
    }
}

static void alu_flags(DisasContext *s, X86Alu op, unsigned bytes, const AluValues *v)
{
    unsigned size = log2_bytes(bytes);

    switch (op) {
    case ALU_ADD: set_cc(s, CC_OP_ADD + size, v->r, v->b, IR_NONE); break;
    case ALU_ADC: set_cc(s, CC_OP_ADC + size, v->r, v->b, v->carry); break;
    case ALU_SUB: set_cc(s, CC_OP_SUB + size, v->r, v->b, IR_NONE); break;
    case ALU_SBB: set_cc(s, CC_OP_SBB + size, v->r, v->b, v->carry); break;
    case ALU_CMP: set_cc(s, CC_OP_CMP + size, v->a, v->b, IR_NONE); return;
    default: set_cc(s, CC_OP_LOGIC + size, v->r, IR_NONE, IR_NONE); return;
    }
    s->cc.a = v->a;
}

/* ---- locked ---- */
/* The operation as an atomic one on memory: *operand is what it takes. */
static IRAtomic atomic_of(DisasContext *s, X86Alu op, const AluValues *v, IRRef *operand)
{
    IRType t = ir_type(s->f, v->b);
    IRRef carry = !v->carry ? IR_NONE : t == IR_I64 ? ir_zext(s->f, IR_I64, 2, v->carry) : v->carry;

    *operand = carry ? ir_add(s->f, v->b, carry) : v->b;
    switch (op) {
    case ALU_SUB: case ALU_SBB:
        *operand = ir_neg(s->f, *operand);
        return IR_AT_ADD;
    case ALU_AND: return IR_AT_AND;
    case ALU_OR: return IR_AT_OR;
    case ALU_XOR: return IR_AT_XOR;
    default: return IR_AT_ADD;
    }
}

static void locked_alu(DisasContext *s, const X86Insn *i, X86Alu op, AluValues *v)
{
    unsigned bytes = i->op[0].bytes;
    IRRef operand, addr = gen_mem(s, i, bytes, true);
    IRAtomic at = atomic_of(s, op, v, &operand);

    v->a = ir_atom_rmw(s->f, op_type(bytes), at, addr, operand, data_memop(s, bytes, false) | MO_RMW);
    v->r = alu_result(s, op, v);
    alu_flags(s, op, bytes, v);
}

/* ---- the eight ---- */
static bool same_register(const X86Insn *i)
{
    return i->op[0].kind == OPK_REG && i->op[1].kind == OPK_REG && i->op[0].reg == i->op[1].reg;
}

/* XOR and SUB of a register with itself. */
static bool clears(const X86Insn *i, X86Alu op) { return (op == ALU_XOR || op == ALU_SUB) && same_register(i) && i->op[0].bytes >= 4; }

static void clear_register(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = i->op[0].bytes;
    IRRef zero = ir_int(s->f, op_type(bytes), 0);

    store_op(s, i, 0, zero);
    set_cc(s, CC_OP_LOGIC + log2_bytes(bytes), zero, IR_NONE, IR_NONE);
}

void trans_alu(DisasContext *s, const X86Insn *i)
{
    X86Alu op = (X86Alu)i->row->arg;
    unsigned bytes = i->op[0].bytes;
    AluValues v = { 0 };
    IRRef addr;

    if (clears(i, op)) {
        clear_register(s, i);
        return;
    }
    if (op == ALU_ADC || op == ALU_SBB)
        v.carry = get_cf(s);
    v.b = load_op(s, i, 1);
    if (i->lock) {
        locked_alu(s, i, op, &v);
        return;
    }
    v.a = op == ALU_CMP ? load_op(s, i, 0) : load_rmw(s, i, 0, &addr);
    v.r = alu_result(s, op, &v);
    if (op != ALU_CMP)
        store_rmw(s, i, 0, addr, v.r);
    alu_flags(s, op, bytes, &v);
}

void trans_test(DisasContext *s, const X86Insn *i)
{
    IRRef a = load_op(s, i, 0), b = load_op(s, i, 1);
    set_cc(s, CC_OP_LOGIC + log2_bytes(i->op[0].bytes), same_register(i) ? a : ir_and(s->f, a, b), IR_NONE, IR_NONE);
}

/* ---- of one operand ---- */
void trans_not(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = i->op[0].bytes;
    IRRef addr;

    if (i->lock) {
        ir_atom_rmw(s->f, op_type(bytes), IR_AT_XOR, gen_mem(s, i, bytes, true), ir_int(s->f, op_type(bytes), bytes == 8 ? ~0ull : 0xffffffffu),
                    data_memop(s, bytes, false) | MO_RMW);
        return;
    }
    IRRef a = load_rmw(s, i, 0, &addr);
    store_rmw(s, i, 0, addr, ir_not(s->f, a));
}

/* Flags of 0 - a. */
void trans_neg(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = i->op[0].bytes;
    IRRef addr, a, r;

    if (i->lock) {
        addr = gen_mem(s, i, bytes, true);
        a = ir_call(s->f, &ir_helper_lock_neg, addr, ir_i32(s->f, data_memop(s, bytes, false) | MO_RMW));
        a = bytes == 8 ? a : ir_trunc(s->f, a);
        r = ir_neg(s->f, a);
    } else {
        a = load_rmw(s, i, 0, &addr);
        r = ir_neg(s->f, a);
        store_rmw(s, i, 0, addr, r);
    }
    set_cc(s, CC_OP_SUB + log2_bytes(bytes), r, a, IR_NONE);
    s->cc.a = ir_int(s->f, op_type(bytes), 0);
}

/* The carry stays. */
void trans_incdec(DisasContext *s, const X86Insn *i)
{
    bool inc = i->row->arg == ALU_ADD;
    unsigned bytes = i->op[0].bytes;
    IRType t = op_type(bytes);
    IRRef carry = inc_carry(s), addr, r, by = ir_int(s->f, t, inc ? 1 : t == IR_I64 ? ~0ull : 0xffffffffu);

    if (i->lock) {
        addr = gen_mem(s, i, bytes, true);
        r = ir_add(s->f, ir_atom_rmw(s->f, t, IR_AT_ADD, addr, by, data_memop(s, bytes, false) | MO_RMW), by);
    } else {
        r = ir_add(s->f, load_rmw(s, i, 0, &addr), by);
        store_rmw(s, i, 0, addr, r);
    }
    set_cc_inc(s, !inc, bytes, r, carry);
}
