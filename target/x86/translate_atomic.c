/* SPDX-License-Identifier: MIT */
/*
 * XADD, CMPXCHG and their wide kin.
 *
 * Without LOCK they are loads and stores. CMPXCHG always writes its destination, with what it holds when the comparison fails: a page that may not be
 * written faults either way, which the atomic forms do by asking for write access.
 */
#include "target/x86/translate_int.h"

static bool is_locked(const X86Insn *i) { return i->lock && i->op[0].kind == OPK_MEM; }

/* The source register gets the destination's old value first: with one register for both, the sum stays. */
void trans_xadd(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = i->op[0].bytes;
    IRRef b = load_op(s, i, 1), addr = IR_NONE, a;

    if (is_locked(i))
        a = ir_atom_rmw(s->f, op_type(bytes), IR_AT_ADD, gen_mem(s, i, bytes, true), b, data_memop(s, bytes, false) | MO_RMW);
    else
        a = load_rmw(s, i, 0, &addr);
    IRRef sum = ir_add(s->f, a, b);
    if (addr)
        store_rmw(s, i, 0, addr, sum);
    store_op(s, i, 1, a);
    if (i->op[0].kind != OPK_MEM)
        store_op(s, i, 0, sum);
    set_cc(s, CC_OP_ADD + log2_bytes(bytes), sum, b, IR_NONE);
}

/* rAX when it equals the destination's old value stays as it is, its upper half too. */
static void load_accumulator(DisasContext *s, IRRef a, IRRef x, IRRef old, unsigned bytes)
{
    IRRef rax = read_reg(s, X86_RAX, 8), wide;

    if (bytes == 8)
        wide = old;
    else
        wide = bytes == 4 ? ir_zext(s->f, IR_I64, 2, old) : ir_deposit(s->f, rax, ir_zext(s->f, IR_I64, 2, old), 0, bytes * 8);
    write_reg(s, X86_RAX, 8, ir_select(s->f, IR_EQ, a, x, rax, wide));
}

void trans_cmpxchg(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = i->op[0].bytes;
    IRRef b = load_op(s, i, 1), a = extend(s, read_reg(s, X86_RAX, bytes), bytes, false), addr = IR_NONE, old, x;

    if (is_locked(i))
        old = ir_atom_cas(s->f, op_type(bytes), gen_mem(s, i, bytes, true), a, b, data_memop(s, bytes, false) | MO_RMW);
    else
        old = load_rmw(s, i, 0, &addr);
    x = extend(s, old, bytes, false);
    IRRef result = ir_select(s->f, IR_EQ, a, x, b, old);
    if (addr)
        store_rmw(s, i, 0, addr, result);
    load_accumulator(s, a, x, old, bytes);
    if (i->op[0].kind != OPK_MEM && bytes < 4)
        store_op(s, i, 0, result);
    else if (i->op[0].kind != OPK_MEM) /* a failing 32-bit one leaves the register's upper half */
        write_reg(s, i->op[0].reg, 8, ir_select(s->f, IR_EQ, a, x, bytes == 8 ? b : ir_zext(s->f, IR_I64, 2, b), read_reg(s, i->op[0].reg, 8)));
    set_cc(s, CC_OP_CMP + log2_bytes(bytes), a, x, IR_NONE);
}

static IRRef join(DisasContext *s, unsigned low, unsigned high)
{
    IRRef lo = ir_zext(s->f, IR_I64, 2, read_reg(s, low, 4)), hi = ir_zext(s->f, IR_I64, 2, read_reg(s, high, 4));
    return ir_or(s->f, lo, ir_shl(s->f, hi, ir_i32(s->f, 32)));
}

static void set_zf_only(DisasContext *s, IRRef equal) { set_cc_fl(s, replace_flags(s, get_fl(s), IR_FL_Z, flag_if(s, equal, IR_FL_Z))); }

void trans_cmpxchg8b(DisasContext *s, const X86Insn *i)
{
    IRRef expected = join(s, X86_RAX, X86_RDX), desired = join(s, X86_RBX, X86_RCX), addr = gen_mem(s, i, 8, true), old;
    IRMemOp mo = data_memop(s, 8, false);

    if (i->lock) {
        old = ir_atom_cas(s->f, IR_I64, addr, expected, desired, mo | MO_RMW);
    } else {
        old = load_for_write(s, addr, 8);
        ir_st(s->f, addr, 0, ir_select(s->f, IR_EQ, old, expected, desired, old), mo);
    }
    IRRef low = ir_zext(s->f, IR_I64, 2, ir_trunc(s->f, old)), high = ir_shr(s->f, old, ir_i32(s->f, 32));
    IRRef equal = ir_setcc(s->f, IR_I32, IR_EQ, old, expected);
    write_reg(s, X86_RAX, 8, ir_select(s->f, IR_EQ, old, expected, read_reg(s, X86_RAX, 8), low));
    write_reg(s, X86_RDX, 8, ir_select(s->f, IR_EQ, old, expected, read_reg(s, X86_RDX, 8), high));
    set_zf_only(s, equal);
}

/* Atomic with LOCK or without. Registers that compare equal are written with what they hold. */
void trans_cmpxchg16b(DisasContext *s, const X86Insn *i)
{
    IRRef a = read_reg(s, X86_RAX, 8), d = read_reg(s, X86_RDX, 8), addr = gen_mem(s, i, 16, true);
    IRRef expected = ir_vpair(s->f, a, d), desired = ir_vpair(s->f, read_reg(s, X86_RBX, 8), read_reg(s, X86_RCX, 8));
    IRMemOp mo = data_memop(s, 16, false) | 4u << MO_ALIGN_SHIFT | MO_ATOM16 | MO_RMW;
    IRRef old = ir_atom_cas(s->f, IR_V128, addr, expected, desired, mo);
    IRRef low = ir_vgetl(s->f, IR_I64, 3, old, 0, false), high = ir_vgetl(s->f, IR_I64, 3, old, 1, false);
    IRRef differ = ir_or(s->f, ir_xor(s->f, low, a), ir_xor(s->f, high, d));

    write_reg(s, X86_RAX, 8, low);
    write_reg(s, X86_RDX, 8, high);
    set_zf_only(s, ir_setcc(s->f, IR_I32, IR_EQ, differ, ir_i64(s->f, 0)));
}
