/* SPDX-License-Identifier: MIT */
/*
 * String instructions. One element is inline; with a repeat prefix a helper does many (helper_string.c) and says whether some are left:
 * then the block goes to itself, so that interrupts are seen between pieces.
 */
#include "target/x86/helper_string.h"
#include "target/x86/translate_int.h"

static unsigned source_seg(const X86Insn *i) { return i->has_seg ? i->mem.seg : X86_SEG_DS; }

/* rSI or rDI cut to the address size. */
static IRRef string_offset(DisasContext *s, const X86Insn *i, unsigned reg)
{
    IRRef r = read_reg(s, reg, 8);
    return i->asz == 3 ? r : ir_zext(s->f, IR_I64, i->asz, r);
}

static IRRef string_address(DisasContext *s, const X86Insn *i, unsigned reg, unsigned bytes, bool write)
{
    return gen_linear(s, reg == X86_RDI ? X86_SEG_ES : source_seg(i), string_offset(s, i, reg), bytes, write);
}

/* The register moves on by one element, in the direction of DF. */
static void advance(DisasContext *s, const X86Insn *i, unsigned reg, unsigned bytes)
{
    IRRef step = ir_shl(s->f, ir_ldenv(s->f, IR_I64, ENV_OFFSET(df), 2, true), ir_i32(s->f, log2_bytes(bytes)));
    IRRef sum = ir_add(s->f, read_reg(s, reg, 8), step);
    write_reg(s, reg, 1u << i->asz, i->asz == 3 ? sum : ir_trunc(s->f, sum));
}

/* ---- one element ---- */
static void movs_one(DisasContext *s, const X86Insn *i, unsigned bytes)
{
    IRMemOp mo = data_memop(s, bytes, false);
    IRRef v = ir_ld(s->f, op_type(bytes), string_address(s, i, X86_RSI, bytes, false), 0, mo);
    ir_st(s->f, string_address(s, i, X86_RDI, bytes, true), 0, v, mo);
    advance(s, i, X86_RSI, bytes);
    advance(s, i, X86_RDI, bytes);
}

static void stos_one(DisasContext *s, const X86Insn *i, unsigned bytes)
{
    ir_st(s->f, string_address(s, i, X86_RDI, bytes, true), 0, read_reg(s, X86_RAX, bytes), data_memop(s, bytes, false));
    advance(s, i, X86_RDI, bytes);
}

static void lods_one(DisasContext *s, const X86Insn *i, unsigned bytes)
{
    IRRef v = ir_ld(s->f, op_type(bytes), string_address(s, i, X86_RSI, bytes, false), 0, data_memop(s, bytes, false));
    write_reg(s, X86_RAX, bytes, v);
    advance(s, i, X86_RSI, bytes);
}

/* The second operand is read first, as Intel's parts do. */
static void cmps_one(DisasContext *s, const X86Insn *i, unsigned bytes)
{
    IRMemOp mo = data_memop(s, bytes, false);
    IRRef b = ir_ld(s->f, op_type(bytes), string_address(s, i, X86_RDI, bytes, false), 0, mo);
    IRRef a = ir_ld(s->f, op_type(bytes), string_address(s, i, X86_RSI, bytes, false), 0, mo);
    advance(s, i, X86_RSI, bytes);
    advance(s, i, X86_RDI, bytes);
    set_cc(s, CC_OP_CMP + log2_bytes(bytes), a, b, IR_NONE);
}

static void scas_one(DisasContext *s, const X86Insn *i, unsigned bytes)
{
    IRRef a = read_reg(s, X86_RAX, bytes);
    IRRef b = ir_ld(s->f, op_type(bytes), string_address(s, i, X86_RDI, bytes, false), 0, data_memop(s, bytes, false));
    advance(s, i, X86_RDI, bytes);
    set_cc(s, CC_OP_CMP + log2_bytes(bytes), a, b, IR_NONE);
}

/* ---- many ---- */
static void gen_repeat(DisasContext *s, const X86Insn *i, unsigned bytes, const IRHelper *helper, bool flags)
{
    uint32_t desc = log2_bytes(bytes) | (uint32_t)i->asz << STR_ASZ_SHIFT | source_seg(i) << STR_SEG_SHIFT;

    desc |= i->repne ? STR_REPNE : 0;
    desc |= s->flags & BF_TF ? STR_ONE : 0;
    if (flags)
        sync_cc(s);
    IRRef left = ir_call(s->f, helper, ir_i32(s->f, desc));
    if (flags)
        forget_cc(s);
    else
        sync_cc(s);
    ir_br(s->f, IR_NE, left, ir_i32(s->f, 0), exit_to_eip(s, this_eip(s)));
}

static void gen_string(DisasContext *s, const X86Insn *i, unsigned bytes, void (*one)(DisasContext *, const X86Insn *, unsigned), const IRHelper *helper, bool flags)
{
    if (i->rep || i->repne)
        gen_repeat(s, i, bytes, helper, flags);
    else
        one(s, i, bytes);
}

void trans_movs(DisasContext *s, const X86Insn *i) { gen_string(s, i, i->op[0].bytes, movs_one, &ir_helper_rep_movs, false); }
void trans_stos(DisasContext *s, const X86Insn *i) { gen_string(s, i, i->op[0].bytes, stos_one, &ir_helper_rep_stos, false); }
void trans_lods(DisasContext *s, const X86Insn *i) { gen_string(s, i, i->op[0].bytes, lods_one, &ir_helper_rep_lods, false); }
void trans_cmps(DisasContext *s, const X86Insn *i) { gen_string(s, i, i->op[0].bytes, cmps_one, &ir_helper_rep_cmps, true); }
void trans_scas(DisasContext *s, const X86Insn *i) { gen_string(s, i, i->op[0].bytes, scas_one, &ir_helper_rep_scas, true); }

/* ---- INS, OUTS: always by the helper, without a prefix for one element; the block ends, since a device was at work ---- */
static void gen_port_string(DisasContext *s, const X86Insn *i, unsigned bytes, const IRHelper *helper)
{
    bool repeat = i->rep || i->repne;
    uint32_t desc = log2_bytes(bytes) | (uint32_t)i->asz << STR_ASZ_SHIFT | source_seg(i) << STR_SEG_SHIFT;

    desc |= repeat ? 0 : STR_SINGLE;
    desc |= s->flags & BF_TF ? STR_ONE : 0;
    IRRef left = ir_call(s->f, helper, ir_i32(s->f, desc));
    sync_cc(s);
    if (repeat)
        ir_br(s->f, IR_NE, left, ir_i32(s->f, 0), exit_to_eip(s, this_eip(s)));
    gen_exit_next(s, true);
}

void trans_ins(DisasContext *s, const X86Insn *i) { gen_port_string(s, i, i->op[0].bytes, &ir_helper_rep_ins); }
void trans_outs(DisasContext *s, const X86Insn *i) { gen_port_string(s, i, i->op[1].bytes, &ir_helper_rep_outs); }
