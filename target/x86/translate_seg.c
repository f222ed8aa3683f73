/* SPDX-License-Identifier: MIT */
/*
 * Translating segment registers, far transfers, software interrupts and descriptor tables.
 *
 * The work is done by helpers, which see and set all of the CPU's state. Loading a data segment in 64-bit mode changes nothing that
 * translation depends on; elsewhere it ends the block. After a load of SS comes a block of one instruction without interrupts or traps (BF_INHIBIT).
 */
#include "target/x86/helper_sys.h"
#include "target/x86/translate_system.h"

/* ---- segment registers ---- */
static IRRef selector_of(DisasContext *s, unsigned seg)
{
    return ir_ldenv(s->f, IR_I32, SEG_OFFSET(seg, selector), 1, false);
}

/* selector: I32. Ends the block where it must; done: SS's pops have moved the stack pointer already. */
static void gen_load_seg(DisasContext *s, unsigned seg, IRRef selector)
{
    ir_call(s->f, &ir_helper_x86_load_seg, ir_i32(s->f, seg), selector);
}

static void end_load_seg(DisasContext *s, unsigned seg)
{
    if (seg == X86_SEG_SS) {
        sync_cc(s);
        ir_stenv(s->f, ENV_OFFSET(pc), 3, ir_i64(s->f, s->next_pc));
        end_event(s, true); /* no #DB between this and the next, even when stepping */
    } else if (!s->code64) {
        gen_exit_next(s, false);
    }
}

/* A push of 4 bytes writes the low two alone and leaves what was above. */
static void push_selector32(DisasContext *s, IRRef selector)
{
    IRRef sp = ir_sub(s->f, read_reg(s, X86_RSP, 4), ir_i32(s->f, 4));
    IRRef offset = ir_zext(s->f, IR_I64, s->stack32 ? 2 : 1, sp);

    ir_st(s->f, gen_linear(s, X86_SEG_SS, offset, 2, true), 0, selector, data_memop(s, 2, false));
    write_reg(s, X86_RSP, s->stack32 ? 4 : 2, sp);
}

void trans_push_sreg(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = 1u << i->osz;
    IRRef v = selector_of(s, i->op[0].reg);

    if (bytes == 4)
        push_selector32(s, v);
    else
        gen_push(s, bytes == 8 ? ir_zext(s->f, IR_I64, 2, v) : v, bytes);
}

void trans_pop_sreg(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = 1u << i->osz, seg = i->op[0].reg;
    IRRef v = gen_pop(s, bytes);

    sync_cc(s);
    gen_load_seg(s, seg, bytes == 8 ? ir_trunc(s->f, v) : v);
    gen_pop_done(s, bytes);
    end_load_seg(s, seg);
}

void trans_mov_from_sreg(DisasContext *s, const X86Insn *i)
{
    IRRef v = selector_of(s, i->op[1].reg);

    store_op(s, i, 0, i->op[0].bytes == 8 ? ir_zext(s->f, IR_I64, 2, v) : v);
}

void trans_mov_to_sreg(DisasContext *s, const X86Insn *i)
{
    unsigned seg = i->op[0].reg;

    if (seg == X86_SEG_CS) {
        gen_ud(s);
        return;
    }
    IRRef v = load_op(s, i, 1);
    sync_cc(s);
    gen_load_seg(s, seg, v);
    end_load_seg(s, seg);
}

static void load_far_pointer(DisasContext *s, const X86Insn *i, IRRef *selector, IRRef *offset)
{
    unsigned bytes = 1u << i->osz;
    IRRef addr = gen_mem(s, i, bytes + 2, false);

    *offset = ir_ld(s->f, IR_I64, addr, 0, data_memop(s, bytes, false));
    *selector = ir_ld(s->f, IR_I32, addr, bytes, data_memop(s, 2, false));
}

void trans_load_far(DisasContext *s, const X86Insn *i)
{
    unsigned seg = (unsigned)i->row->arg, bytes = 1u << i->osz;
    IRRef selector, offset;

    load_far_pointer(s, i, &selector, &offset);
    sync_cc(s);
    gen_load_seg(s, seg, selector);
    write_reg(s, i->op[0].reg, bytes, bytes == 8 ? offset : ir_trunc(s->f, offset));
    end_load_seg(s, seg);
}

/* ---- far transfers ---- */
static void gen_far(DisasContext *s, const X86Insn *i, const IRHelper *helper)
{
    IRRef selector, offset;

    if (i->op[0].kind == OPK_FAR) {
        selector = ir_i32(s->f, i->op[0].reg);
        offset = ir_i64(s->f, i->op[0].imm);
    } else {
        load_far_pointer(s, i, &selector, &offset);
    }
    sync_cc(s);
    ir_call(s->f, helper, selector, offset, ir_i32(s->f, 1u << i->osz), ir_i64(s->f, next_eip(s)));
    end_system(s, false);
}

void trans_jmp_far(DisasContext *s, const X86Insn *i) { gen_far(s, i, &ir_helper_x86_far_jump); }
void trans_call_far(DisasContext *s, const X86Insn *i) { gen_far(s, i, &ir_helper_x86_far_call); }

void trans_ret_far(DisasContext *s, const X86Insn *i)
{
    uint32_t pop = i->n_operands ? (uint16_t)i->op[0].imm : 0;

    sync_cc(s);
    ir_call(s->f, &ir_helper_x86_far_return, ir_i32(s->f, 1u << i->osz), ir_i32(s->f, pop));
    end_system(s, false);
}

void trans_iret(DisasContext *s, const X86Insn *i)
{
    sync_cc(s);
    ir_call(s->f, &ir_helper_x86_iret, ir_i32(s->f, 1u << i->osz), ir_i64(s->f, next_eip(s)));
    end_system(s, false);
}

/* ---- software interrupts: what delivery clears includes TF, so no #DB follows ---- */
static void gen_event(DisasContext *s, const IRHelper *helper)
{
    sync_cc(s);
    ir_call(s->f, helper, ir_i64(s->f, next_eip(s)));
    forget_cc(s);
    end_event(s, false);
}

void trans_int(DisasContext *s, const X86Insn *i)
{
    sync_cc(s);
    ir_call(s->f, &ir_helper_x86_int, ir_i32(s->f, (uint8_t)i->op[0].imm), ir_i64(s->f, next_eip(s)));
    forget_cc(s);
    end_event(s, false);
}

void trans_int3(DisasContext *s, const X86Insn *i) { gen_event(s, &ir_helper_x86_int3); }
void trans_into(DisasContext *s, const X86Insn *i) { gen_event(s, &ir_helper_x86_into); }
void trans_int1(DisasContext *s, const X86Insn *i) { gen_event(s, &ir_helper_x86_int1); }

/* ---- descriptor tables ---- */
/* Instructions that exist in protected mode alone. */
static bool protected_only(DisasContext *s)
{
    if ((s->flags & BF_PE) && !(s->flags & BF_VM))
        return true;
    gen_ud(s);
    return false;
}

static bool protected_and_privileged(DisasContext *s)
{
    if (!protected_only(s))
        return false;
    if (s->cpl == 0)
        return true;
    gen_exception_error(s, EXCP_GP, 0);
    return false;
}

void trans_lldt(DisasContext *s, const X86Insn *i)
{
    if (protected_and_privileged(s))
        ir_call(s->f, &ir_helper_x86_lldt, load_op_ext(s, i, 0, 4, false));
}

void trans_ltr(DisasContext *s, const X86Insn *i)
{
    if (protected_and_privileged(s))
        ir_call(s->f, &ir_helper_x86_ltr, load_op_ext(s, i, 0, 4, false));
}

void check_umip(DisasContext *s)
{
    if (s->cpl)
        ir_call(s->f, &ir_helper_x86_check_umip);
}

/* SLDT (arg 0) and STR. */
void trans_store_selector(DisasContext *s, const X86Insn *i)
{
    size_t offset = i->row->arg ? ENV_OFFSET(tr.selector) : ENV_OFFSET(ldt.selector);

    if (!protected_only(s))
        return;
    check_umip(s);
    IRRef v = ir_ldenv(s->f, IR_I32, offset, 1, false);
    store_op(s, i, 0, i->op[0].bytes == 8 ? ir_zext(s->f, IR_I64, 2, v) : v);
}

/* SGDT (arg 0) and SIDT. */
void trans_store_table(DisasContext *s, const X86Insn *i)
{
    size_t offset = i->row->arg ? ENV_OFFSET(idt) : ENV_OFFSET(gdt);
    unsigned bytes = s->code64 ? 8 : 4;

    check_umip(s);
    IRRef addr = gen_mem(s, i, bytes + 2, true);
    IRRef limit = ir_ldenv(s->f, IR_I32, offset + offsetof(X86Table, limit), 2, false);
    IRRef base = ir_ldenv(s->f, IR_I64, offset + offsetof(X86Table, base), 3, false);
    ir_st(s->f, addr, 0, limit, data_memop(s, 2, false));
    ir_st(s->f, addr, 2, base, data_memop(s, bytes, false));
}

/* LGDT (arg 0) and LIDT. A base loaded with a 16-bit operand size has 24 bits. */
void trans_load_table(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = s->code64 ? 8 : 4;
    IRRef addr = gen_mem(s, i, bytes + 2, false);
    IRRef limit = ir_ld(s->f, IR_I32, addr, 0, data_memop(s, 2, false));
    IRRef base = ir_ld(s->f, IR_I64, addr, 2, data_memop(s, bytes, false));

    if (i->osz == 1 && !s->code64)
        base = ir_and(s->f, base, ir_i64(s->f, 0xffffff));
    ir_call(s->f, &ir_helper_x86_load_table, ir_i32(s->f, (uint32_t)i->row->arg), base, limit);
}

/* ---- looking at descriptors: ZF tells whether one may ---- */
/* ok: I32, 0 or 1. */
static void set_zf(DisasContext *s, IRRef ok)
{
    IRRef fl = ir_and(s->f, get_fl(s), ir_i32(s->f, (IR_FL_S | IR_FL_A | IR_FL_P | IR_FL_C | IR_FL_O)));
    set_cc_fl(s, ir_or(s->f, fl, ir_shl(s->f, ok, ir_i32(s->f, 14))));
}

void trans_lar_lsl(DisasContext *s, const X86Insn *i)
{
    const IRHelper *helper = i->row->arg ? &ir_helper_x86_lsl : &ir_helper_x86_lar;
    unsigned bytes = i->op[0].bytes, reg = i->op[0].reg;

    if (!protected_only(s))
        return;
    IRRef r = ir_call(s->f, helper, load_op_ext(s, i, 1, 4, false));
    IRRef ok = ir_trunc(s->f, ir_shr(s->f, r, ir_i32(s->f, 63)));
    IRRef old = read_reg(s, reg, 8), v = ir_zext(s->f, IR_I64, 2, r);
    if (bytes == 2)
        v = ir_deposit(s->f, old, r, 0, 16);
    write_reg(s, reg, 8, ir_select(s->f, IR_NE, ok, ir_i32(s->f, 0), v, old));
    set_zf(s, ok);
}

/* VERR (arg 0) and VERW. */
void trans_verify(DisasContext *s, const X86Insn *i)
{
    if (protected_only(s))
        set_zf(s, ir_call(s->f, &ir_helper_x86_verify, load_op_ext(s, i, 0, 4, false), ir_i32(s->f, (uint32_t)i->row->arg)));
}

/* Memory is stored to only when the RPL is raised. */
void trans_arpl(DisasContext *s, const X86Insn *i)
{
    if (!protected_only(s))
        return;
    IRRef src = load_op(s, i, 1), three = ir_i32(s->f, 3);
    if (i->op[0].kind == OPK_MEM) {
        set_zf(s, ir_call(s->f, &ir_helper_x86_arpl, ir_i32(s->f, i->mem.seg), gen_ea(s, i), src));
        return;
    }
    IRRef dst = load_op(s, i, 0), have_rpl = ir_and(s->f, dst, three), want = ir_and(s->f, src, three);
    IRRef raised = ir_or(s->f, ir_and(s->f, dst, ir_i32(s->f, ~3u)), want);
    IRRef lower = ir_setcc(s->f, IR_I32, IR_LTU, have_rpl, want);
    store_op(s, i, 0, ir_select(s->f, IR_LTU, have_rpl, want, raised, dst));
    set_zf(s, lower);
}
