/* SPDX-License-Identifier: MIT */
/*
 * Translating x86: the stack, and the instructions that move it.
 *
 * The stack pointer is RSP, ESP or SP: by the mode, not by the instruction. It moves after the access, so that a fault leaves it.
 */
#include "target/x86/helper_base.h"
#include "target/x86/translate_internal.h"

unsigned stack_bytes(const DisasContext *s) { return s->code64 ? 8 : s->stack32 ? 4 : 2; }

static IRType stack_type(const DisasContext *s) { return op_type(stack_bytes(s)); }

/* rSP + delta, of the stack's type, uncut. */
static IRRef sp_plus(DisasContext *s, int64_t delta)
{
    IRType t = stack_type(s);
    IRRef sp = ir_get(s->f, t, SLOT_RAX + X86_RSP);
    return delta ? ir_add(s->f, sp, ir_int(s->f, t, t == IR_I32 ? (uint32_t)delta : (uint64_t)delta)) : sp;
}

static IRRef stack_address(DisasContext *s, IRRef sp) { return address_of(s, sp, log2_bytes(stack_bytes(s))); }

static IRRef stack_linear(DisasContext *s, IRRef sp, unsigned bytes, bool write)
{
    return gen_linear(s, X86_SEG_SS, stack_address(s, sp), bytes, write);
}

static void write_sp(DisasContext *s, IRRef v) { write_reg(s, X86_RSP, stack_bytes(s), v); }

void gen_push_store(DisasContext *s, IRRef v, unsigned bytes)
{
    ir_st(s->f, stack_linear(s, sp_plus(s, -(int64_t)bytes), bytes, true), 0, v, data_memop(s, bytes, false));
}

void gen_push(DisasContext *s, IRRef v, unsigned bytes)
{
    gen_push_store(s, v, bytes);
    write_sp(s, sp_plus(s, -(int64_t)bytes));
}

static IRRef load_stack(DisasContext *s, int64_t offset, unsigned bytes)
{
    return ir_ld(s->f, op_type(bytes), stack_linear(s, sp_plus(s, offset), bytes, false), 0, data_memop(s, bytes, false));
}

IRRef gen_pop(DisasContext *s, unsigned bytes) { return load_stack(s, 0, bytes); }

void gen_pop_done(DisasContext *s, unsigned bytes) { write_sp(s, sp_plus(s, bytes)); }

/* ---- PUSH, POP ---- */
void trans_push(DisasContext *s, const X86Insn *i)
{
    gen_push(s, load_op(s, i, 0), 1u << i->osz);
}

/* A memory destination's address is computed with the stack pointer moved already. */
void trans_pop(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = 1u << i->osz;
    IRRef v = gen_pop(s, bytes);

    if (i->op[0].kind == OPK_MEM) {
        X86Insn moved = *i;
        moved.mem.disp += i->mem.base == X86_RSP ? (int64_t)bytes : 0;
        store_op(s, &moved, 0, v);
        gen_pop_done(s, bytes);
    } else {
        gen_pop_done(s, bytes);
        store_op(s, i, 0, v);
    }
}

/* AX CX DX BX SP BP SI DI, each below the one before it; SP as it was. */
void trans_pusha(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = 1u << i->osz;

    for (unsigned n = 0; n < 8; n++) {
        IRRef at = stack_linear(s, sp_plus(s, -(int64_t)(bytes * (n + 1))), bytes, true);
        ir_st(s->f, at, 0, read_reg(s, n, bytes), data_memop(s, bytes, false));
    }
    write_sp(s, sp_plus(s, -(int64_t)(bytes * 8)));
}

void trans_popa(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = 1u << i->osz;
    IRRef v[8];

    for (unsigned n = 8; n-- > 0;) /* from the lowest address up */
        v[n] = n == X86_RSP ? IR_NONE : load_stack(s, (int64_t)bytes * (7 - n), bytes);
    for (unsigned n = 0; n < 8; n++) {
        if (n != X86_RSP)
            write_reg(s, n, bytes, v[n]);
    }
    write_sp(s, sp_plus(s, (int64_t)bytes * 8));
}

/* ---- PUSHF, POPF ---- */
/* EFLAGS: what env holds of it, the arithmetic flags (IR_FL_*: its low byte eight bits up, OF in bit 0), DF, which is 1 or -1 there, and bit 1. */
static IRRef eflags_image(DisasContext *s)
{
    IRRef fl = get_fl(s), df = ir_and(s->f, ir_ldenv(s->f, IR_I32, ENV_OFFSET(df), 2, false), ir_i32(s->f, EF_DF));
    IRRef low = ir_and(s->f, ir_shr(s->f, fl, ir_i32(s->f, 8)), ir_i32(s->f, EF_ARITH & 0xff));
    IRRef over = ir_shl(s->f, ir_and(s->f, fl, ir_i32(s->f, IR_FL_O)), ir_i32(s->f, 11));
    IRRef rest = ir_and(s->f, ir_ldenv(s->f, IR_I32, ENV_OFFSET(eflags), 2, false), ir_i32(s->f, ~(EF_VM | EF_RF)));
    IRRef image = ir_or(s->f, ir_or(s->f, low, over), ir_or(s->f, df, rest));
    return ir_or(s->f, image, ir_i32(s->f, EF_1));
}

void trans_pushf(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = 1u << i->osz;
    IRRef image;

    if (s->flags & BF_VM && !(s->flags & BF_IOPL_OK)) {
        sync_cc(s);
        image = ir_call(s->f, &ir_helper_pushf, ir_i32(s->f, bytes));
    } else {
        image = eflags_image(s);
    }
    gen_push(s, bytes == 8 ? ir_zext(s->f, IR_I64, 2, image) : image, bytes);
}

/* TF, IF, AC and more may have changed: the next block is looked up, and interrupts are looked at. */
void trans_popf(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = 1u << i->osz;
    IRRef v = gen_pop(s, bytes);

    sync_cc(s);
    ir_call(s->f, &ir_helper_popf, bytes == 8 ? ir_trunc(s->f, v) : v, ir_i32(s->f, bytes));
    forget_cc(s);
    gen_pop_done(s, bytes);
    gen_exit_next(s, true);
}

/* ---- ENTER, LEAVE (SDM vol. 1, 6.6) ---- */
/* rBP as an address in the stack segment, moved by delta. */
static IRRef frame_linear(DisasContext *s, int64_t delta, unsigned bytes)
{
    IRType t = stack_type(s);
    IRRef bp = ir_add(s->f, ir_get(s->f, t, SLOT_RAX + X86_RBP), ir_int(s->f, t, t == IR_I32 ? (uint32_t)delta : (uint64_t)delta));
    return stack_linear(s, bp, bytes, false);
}

static void store_below(DisasContext *s, unsigned n, unsigned bytes, IRRef v)
{
    ir_st(s->f, stack_linear(s, sp_plus(s, -(int64_t)(bytes * n)), bytes, true), 0, v, data_memop(s, bytes, false));
}

/* Pushes rBP, then level - 1 frame pointers of the enclosing procedures, then the new frame's address. */
void trans_enter(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = 1u << i->osz, level = i->op[1].imm & 31, pushed = 1;
    IRMemOp mo = data_memop(s, bytes, false);

    store_below(s, pushed, bytes, read_reg(s, X86_RBP, bytes));
    IRRef frame = sp_plus(s, -(int64_t)bytes);
    for (unsigned n = 1; n < level; n++) {
        IRRef v = ir_ld(s->f, op_type(bytes), frame_linear(s, -(int64_t)(bytes * n), bytes), 0, mo);
        store_below(s, ++pushed, bytes, v);
    }
    if (level)
        store_below(s, ++pushed, bytes, bytes < 8 && s->code64 ? ir_trunc(s->f, frame) : frame);
    IRRef sp = sp_plus(s, -(int64_t)(bytes * pushed) - (int64_t)i->op[0].imm);
    ir_ld(s->f, op_type(bytes), stack_linear(s, sp, bytes, true), 0, mo | MO_RMW); /* the frame's end must be writable */
    if (stack_bytes(s) == 2) /* SP within ESP */
        frame = ir_deposit(s->f, read_reg(s, X86_RSP, 4), frame, 0, 16);
    write_reg(s, X86_RBP, bytes, frame);
    write_sp(s, sp);
}

void trans_leave(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = 1u << i->osz;
    IRType t = stack_type(s);
    IRRef bp = ir_get(s->f, t, SLOT_RAX + X86_RBP);
    IRRef v = ir_ld(s->f, op_type(bytes), stack_linear(s, bp, bytes, false), 0, data_memop(s, bytes, false));

    write_sp(s, ir_add(s->f, bp, ir_int(s->f, t, bytes)));
    write_reg(s, X86_RBP, bytes, v);
}
