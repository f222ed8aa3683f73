/* SPDX-License-Identifier: MIT */
/*
 * Translating x86: registers, effective and linear addresses, operands.
 *
 * In 64-bit mode only FS and GS have bases. Outside it ES, SS, DS and CS are taken for flat unless BF_SEGMENTED says otherwise, and then
 * a helper checks and adds. FS and GS of flat 32-bit code point to a thread's or a CPU's data: most often they have a base, and 4 GiB that may be written;
 * where they have not is a slow exit.
 */
#include "target/x86/helper_base.h"
#include "target/x86/translate_internal.h"

/* ---- general registers ---- */
/* Replaces len bits from lsb of the register; v: I32. */
static void insert_reg(DisasContext *s, unsigned n, IRRef v, unsigned lsb, unsigned len)
{
    IRRef old = ir_get(s->f, IR_I64, SLOT_RAX + n);
    ir_put(s->f, SLOT_RAX + n, ir_deposit(s->f, old, ir_zext(s->f, IR_I64, 2, v), lsb, len));
}

void write_reg(DisasContext *s, unsigned n, unsigned bytes, IRRef v)
{
    if (bytes < 4)
        insert_reg(s, n, v, 0, bytes * 8);
    else
        ir_put(s->f, SLOT_RAX + n, v);
}

/* ---- addresses ---- */
IRRef address_of(DisasContext *s, IRRef v, unsigned log2_size)
{
    if (log2_size == 3)
        return v;
    return ir_zext(s->f, IR_I64, log2_size, v);
}

/* Sum of what the operand has of base, index and displacement, of type t. */
static IRRef ea_sum(DisasContext *s, const X86Mem *m, IRType t, uint64_t disp)
{
    IRRef sum = IR_NONE;

    if (m->base >= 0 && m->base != X86_BASE_RIP)
        sum = ir_get(s->f, t, SLOT_RAX + (unsigned)m->base);
    if (m->index >= 0) {
        IRRef x = ir_get(s->f, t, SLOT_RAX + (unsigned)m->index);
        if (m->shift)
            x = ir_shl(s->f, x, ir_i32(s->f, m->shift));
        sum = sum ? ir_add(s->f, sum, x) : x;
    }
    if (!sum)
        return ir_int(s->f, t, t == IR_I32 ? (uint32_t)disp : disp);
    return disp ? ir_add(s->f, sum, ir_int(s->f, t, t == IR_I32 ? (uint32_t)disp : disp)) : sum;
}

IRRef gen_ea(DisasContext *s, const X86Insn *i)
{
    uint64_t disp = (uint64_t)i->mem.disp + (i->mem.base == X86_BASE_RIP ? s->next_pc : 0);

    if (i->asz == 3)
        return ea_sum(s, &i->mem, IR_I64, disp);
    return address_of(s, ea_sum(s, &i->mem, IR_I32, disp), i->asz);
}

/* Nothing of this instruction has been emitted but reads, and flags known by value: a slow exit would be right. */
static bool only_read_so_far(const DisasContext *s)
{
    for (uint32_t i = s->f->n_insns - 1; i > 0 && s->f->insns[i].op != IR_insn_start; i--) {
        const IRInsn *insn = &s->f->insns[i];
        switch (insn->op) {
        case IR_st: case IR_st2: case IR_atom_rmw: case IR_atom_cas: case IR_call: case IR_stenv:
            return false;
        case IR_put:
            if (insn->aux < SLOT_CC_DST || insn->aux > SLOT_CC_SRC2)
                return false;
            break;
        default:
            break;
        }
    }
    return true;
}

/* offset in FS or GS, outside 64-bit mode, taking the segment for one of 4 GiB that may be read and written. */
static IRRef thread_segment(DisasContext *s, unsigned seg, IRRef offset)
{
    const uint32_t kind = SEG_P | SEG_CODE | SEG_E | SEG_W;
    IRRef attr = ir_ldenv(s->f, IR_I32, SEG_OFFSET(seg, attr), 2, false), limit = ir_ldenv(s->f, IR_I32, SEG_OFFSET(seg, limit), 2, false);
    IRRef odd = ir_xor(s->f, ir_and(s->f, attr, ir_i32(s->f, kind)), ir_i32(s->f, SEG_P | SEG_W));

    ir_br(s->f, IR_NE, ir_or(s->f, odd, ir_not(s->f, limit)), ir_i32(s->f, 0), slow_exit(s));
    IRRef base = ir_get(s->f, IR_I32, seg == X86_SEG_FS ? SLOT_FS_BASE : SLOT_GS_BASE);
    return ir_zext(s->f, IR_I64, 2, ir_add(s->f, ir_trunc(s->f, offset), base));
}

IRRef gen_linear(DisasContext *s, unsigned seg, IRRef offset, unsigned bytes, bool write)
{
    if (s->code64) {
        if (seg < X86_SEG_FS)
            return offset;
        return ir_add(s->f, offset, ir_get(s->f, IR_I64, seg == X86_SEG_FS ? SLOT_FS_BASE : SLOT_GS_BASE));
    }
    if (seg < X86_SEG_FS && !(s->flags & BF_SEGMENTED) && !(seg == X86_SEG_CS && write))
        return offset;
    if (seg >= X86_SEG_FS && !(s->flags & BF_SEGMENTED) && !is_slow(s) && only_read_so_far(s))
        return thread_segment(s, seg, offset);
    return ir_call(s->f, &ir_helper_seg_linear, ir_i32(s->f, seg), offset, ir_i32(s->f, bytes | (write ? SEG_LINEAR_WRITE : 0)));
}

IRRef gen_mem(DisasContext *s, const X86Insn *i, unsigned bytes, bool write) { return gen_linear(s, i->mem.seg, gen_ea(s, i), bytes, write); }

IRMemOp data_memop(const DisasContext *s, unsigned bytes, bool sign)
{
    unsigned size = log2_bytes(bytes);
    return size | (sign ? MO_SIGN : 0) | s->mmu_idx << MO_IDX_SHIFT | (s->flags & BF_ALIGN ? size << MO_ALIGN_SHIFT : 0);
}

/* ---- operands ---- */
/* Linear address of a memory operand of either kind. */
static IRRef operand_address(DisasContext *s, const X86Insn *i, const X86Operand *op, bool write)
{
    if (op->kind == OPK_MOFFS)
        return gen_linear(s, i->mem.seg, ir_i64(s->f, op->imm), op->bytes, write);
    return gen_mem(s, i, op->bytes, write);
}

static bool is_memory(const X86Operand *op) { return op->kind == OPK_MEM || op->kind == OPK_MOFFS; }

static IRRef const_of(DisasContext *s, unsigned bytes, uint64_t v) { return bytes == 8 ? ir_i64(s->f, v) : ir_i32(s->f, (uint32_t)v); }

IRRef load_op(DisasContext *s, const X86Insn *i, unsigned n)
{
    const X86Operand *op = &i->op[n];

    if (is_memory(op))
        return ir_ld(s->f, op_type(op->bytes), operand_address(s, i, op, false), 0, data_memop(s, op->bytes, false));
    if (op->kind == OPK_IMM)
        return const_of(s, op->bytes, op->imm);
    if (op->kind == OPK_REG8H)
        return ir_extract(s->f, ir_get(s->f, IR_I32, SLOT_RAX + op->reg), 8, 8);
    return read_reg(s, op->reg, op->bytes);
}

static IRRef extend(DisasContext *s, IRRef v, unsigned from, unsigned to, bool sign)
{
    if (from == to && from >= 4)
        return v;
    return sign ? ir_sext(s->f, op_type(to), log2_bytes(from), v) : ir_zext(s->f, op_type(to), log2_bytes(from), v);
}

IRRef load_op_ext(DisasContext *s, const X86Insn *i, unsigned n, unsigned to, bool sign)
{
    const X86Operand *op = &i->op[n];

    if (is_memory(op) && op->bytes <= to)
        return ir_ld(s->f, op_type(to), operand_address(s, i, op, false), 0, data_memop(s, op->bytes, sign));
    if (op->kind == OPK_IMM)
        return const_of(s, to, op->imm);
    return extend(s, load_op(s, i, n), op->bytes, to, sign);
}

static void store_register(DisasContext *s, const X86Operand *op, IRRef v)
{
    if (op->kind == OPK_REG8H)
        insert_reg(s, op->reg, v, 8, 8);
    else
        write_reg(s, op->reg, op->bytes, v);
}

void store_op(DisasContext *s, const X86Insn *i, unsigned n, IRRef v)
{
    const X86Operand *op = &i->op[n];

    if (is_memory(op))
        ir_st(s->f, operand_address(s, i, op, true), 0, v, data_memop(s, op->bytes, false));
    else
        store_register(s, op, v);
}

IRRef load_rmw(DisasContext *s, const X86Insn *i, unsigned n, IRRef *addr)
{
    const X86Operand *op = &i->op[n];

    *addr = IR_NONE;
    if (!is_memory(op))
        return load_op(s, i, n);
    *addr = operand_address(s, i, op, true);
    return ir_ld(s->f, op_type(op->bytes), *addr, 0, data_memop(s, op->bytes, false) | MO_RMW);
}

void store_rmw(DisasContext *s, const X86Insn *i, unsigned n, IRRef addr, IRRef v)
{
    const X86Operand *op = &i->op[n];

    if (is_memory(op))
        ir_st(s->f, addr, 0, v, data_memop(s, op->bytes, false));
    else
        store_register(s, op, v);
}
