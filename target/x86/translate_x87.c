/* SPDX-License-Identifier: MIT */
/*
 * x87: each instruction is a helper call (x87.h has their descriptors).
 *
 * Operands are loaded here, after a look for a pending exception, whose #MF comes before the load's fault. Stores are made by helpers, since
 * what is stored depends on what it raises. The instruction pointer is kept after the helper, for a pending exception names the
 * instruction before; the opcode and the operand's address are staged before it, and become FOP and FDP when the helper records an
 * unmasked exception.
 */
#include "target/x86/fp_status.h"
#include "target/x86/helper_x87.h"
#include "target/x86/translate.h"

static uint64_t this_eip(const DisasContext *s) { return s->code64 ? s->pc : (uint32_t)(s->pc - s->cs_base); }
static uint32_t sti(const X86Insn *i) { return (uint32_t)(i->rm & 7) << X87_STI_SHIFT; }
static IRRef imm(DisasContext *s, uint32_t v) { return ir_i32(s->f, v); }

static bool is_real(const DisasContext *s) { return !(s->flags & BF_PE) || s->flags & BF_VM; }

/* Without protected mode the environment holds linear pointers, and needs the selectors whatever CPUID says of them. */
static void copy_selector(DisasContext *s, unsigned seg, size_t to)
{
    if (!have(s, X86_FEAT_ZERO_FCS_FDS) || is_real(s))
        ir_stenv(s->f, to, 1, ir_ldenv(s->f, IR_I32, SEG_OFFSET(seg, selector), 1, false));
}

static void begin(DisasContext *s, const X86Insn *i)
{
    ir_stenv(s->f, ENV_OFFSET(fp_insn_op), 1, imm(s, (i->opcode & 7u) << 8 | i->modrm));
    if (i->mod == 3)
        return;
    ir_stenv(s->f, ENV_OFFSET(fp_insn_dp), 3, gen_ea(s, i));
    copy_selector(s, i->mem.seg, ENV_OFFSET(fp_insn_ds));
}

static void end(DisasContext *s, const X86Insn *i)
{
    ir_stenv(s->f, ENV_OFFSET(fpip), 3, ir_i64(s->f, this_eip(s)));
    copy_selector(s, X86_SEG_CS, ENV_OFFSET(fpcs));
    if (i->mod != 3 && !have(s, X86_FEAT_FDP_EXCPTN_ONLY)) {
        ir_stenv(s->f, ENV_OFFSET(fpdp), 3, gen_ea(s, i));
        copy_selector(s, i->mem.seg, ENV_OFFSET(fpds));
    }
    s->mmx_checked = false;
}

/* Before a load: a pending exception is left to the instruction translated alone. */
static void check_pending(DisasContext *s)
{
    if (is_slow(s)) {
        ir_call(s->f, &ir_helper_x87_wait);
        return;
    }
    IRRef es = ir_and(s->f, ir_ldenv(s->f, IR_I32, ENV_OFFSET(fpus), 1, false), ir_i32(s->f, FPUS_ES));
    ir_br(s->f, IR_NE, es, ir_i32(s->f, 0), slow_exit(s));
}

/* A memory operand of 2 to 8 bytes as I64, integers sign-extended. */
static IRRef load(DisasContext *s, const X86Insn *i, unsigned kind)
{
    unsigned bytes = x87_kind_bytes(kind);
    check_pending(s);
    return ir_ld(s->f, IR_I64, gen_mem(s, i, bytes, false), 0, data_memop(s, bytes, kind >= X87_I16 && kind <= X87_I32));
}

void trans_x87_arith(DisasContext *s, const X86Insn *i)
{
    begin(s, i);
    ir_call(s->f, &ir_helper_x87_arith, imm(s, (uint32_t)i->row->arg | sti(i)));
    end(s, i);
}

void trans_x87_arith_mem(DisasContext *s, const X86Insn *i)
{
    uint32_t desc = (uint32_t)i->row->arg;
    IRRef v = load(s, i, X87_KIND(desc));
    begin(s, i);
    ir_call(s->f, &ir_helper_x87_arith_mem, v, imm(s, desc));
    end(s, i);
}

void trans_x87_comi(DisasContext *s, const X86Insn *i)
{
    begin(s, i);
    set_cc_fl(s, ir_call(s->f, &ir_helper_x87_comi, imm(s, (uint32_t)i->row->arg | sti(i))));
    end(s, i);
}

void trans_x87_unary(DisasContext *s, const X86Insn *i)
{
    begin(s, i);
    ir_call(s->f, &ir_helper_x87_unary, imm(s, (uint32_t)i->row->arg));
    end(s, i);
}

/* ---- moves ---- */
void trans_x87_load(DisasContext *s, const X86Insn *i)
{
    uint32_t kind = (uint32_t)i->row->arg;
    IRRef v = load(s, i, kind);
    begin(s, i);
    ir_call(s->f, &ir_helper_x87_load, v, imm(s, kind));
    end(s, i);
}

void trans_x87_load80(DisasContext *s, const X86Insn *i)
{
    check_pending(s);
    IRRef va = gen_mem(s, i, 10, false);
    IRRef frac = ir_ld(s->f, IR_I64, va, 0, data_memop(s, 8, false)), se = ir_ld(s->f, IR_I32, va, 8, data_memop(s, 2, false));
    begin(s, i);
    ir_call(s->f, &ir_helper_x87_load80, frac, se, imm(s, (uint32_t)i->row->arg));
    end(s, i);
}

void trans_x87_load_st(DisasContext *s, const X86Insn *i)
{
    begin(s, i);
    ir_call(s->f, &ir_helper_x87_load_st, imm(s, i->rm & 7));
    end(s, i);
}

void trans_x87_constant(DisasContext *s, const X86Insn *i)
{
    begin(s, i);
    ir_call(s->f, &ir_helper_x87_constant, imm(s, (uint32_t)i->row->arg));
    end(s, i);
}

/* Where segments are checked, that is for the helper: an unmasked exception stores nothing, and leaves the operand's segment alone. */
void trans_x87_store(DisasContext *s, const X86Insn *i)
{
    uint32_t desc = (uint32_t)i->row->arg;
    unsigned bytes = x87_kind_bytes(X87_KIND(desc)), seg = i->mem.seg;
    bool checked = !s->code64 && ((s->flags & BF_SEGMENTED) || seg >= X86_SEG_FS || seg == X86_SEG_CS);
    IRRef va = checked ? gen_ea(s, i) : gen_mem(s, i, bytes, true);

    if (checked)
        desc |= X87_OFFSET | (uint32_t)seg << X87_SEG_SHIFT;
    begin(s, i);
    ir_call(s->f, &ir_helper_x87_store, va, imm(s, desc), imm(s, data_memop(s, bytes == 10 ? 8 : bytes, false)));
    end(s, i);
}

void trans_x87_store_st(DisasContext *s, const X86Insn *i)
{
    begin(s, i);
    ir_call(s->f, &ir_helper_x87_store_st, imm(s, (uint32_t)i->row->arg | sti(i)));
    end(s, i);
}

void trans_x87_exchange(DisasContext *s, const X86Insn *i)
{
    begin(s, i);
    ir_call(s->f, &ir_helper_x87_exchange, imm(s, i->rm & 7));
    end(s, i);
}

void trans_x87_cmov(DisasContext *s, const X86Insn *i)
{
    IRRef condition = gen_setcc(s, (unsigned)i->row->arg, IR_I32);
    begin(s, i);
    ir_call(s->f, &ir_helper_x87_cmov, condition, imm(s, i->rm & 7));
    end(s, i);
}

void trans_x87_stack(DisasContext *s, const X86Insn *i)
{
    begin(s, i);
    ir_call(s->f, &ir_helper_x87_stack, imm(s, (uint32_t)i->row->arg | sti(i)));
    end(s, i);
}

/* ---- control: these leave the pointers ---- */
void trans_x87_control(DisasContext *s, const X86Insn *i)
{
    ir_call(s->f, &ir_helper_x87_control, imm(s, (uint32_t)i->row->arg));
    s->mmx_checked = false;
}

/* What told the 8087 and 80287 something, and later parts nothing. */
void trans_x87_old_nop(DisasContext *s, const X86Insn *i)
{
}

/* CR0.EM does not matter to it (SDM vol. 3, table 2-2). */
void trans_x87_wait(DisasContext *s, const X86Insn *i)
{
    if ((s->flags & (BF_MP | BF_TS)) == (BF_MP | BF_TS)) {
        gen_exception(s, EXCP_NM);
        return;
    }
    ir_call(s->f, &ir_helper_x87_wait);
}

void trans_x87_ldcw(DisasContext *s, const X86Insn *i)
{
    check_pending(s);
    IRRef v = ir_ld(s->f, IR_I32, gen_mem(s, i, 2, false), 0, data_memop(s, 2, false));
    ir_call(s->f, &ir_helper_x87_ldcw, v);
    s->mmx_checked = false;
}

void trans_x87_stcw(DisasContext *s, const X86Insn *i)
{
    IRRef va = gen_mem(s, i, 2, true);
    ir_st(s->f, va, 0, ir_ldenv(s->f, IR_I32, ENV_OFFSET(fpuc), 1, false), data_memop(s, 2, false));
}

void trans_x87_stsw(DisasContext *s, const X86Insn *i)
{
    if (i->mod == 3) {
        write_reg(s, X86_RAX, 2, ir_call(s->f, &ir_helper_x87_stsw));
        return;
    }
    IRRef va = gen_mem(s, i, 2, true);
    ir_st(s->f, va, 0, ir_call(s->f, &ir_helper_x87_stsw), data_memop(s, 2, false));
}

void trans_x87_env(DisasContext *s, const X86Insn *i)
{
    uint32_t op = (uint32_t)i->row->arg, desc = op;
    bool all = op == X87_SAVE || op == X87_RSTOR, write = op == X87_SAVE || op == X87_STENV;
    unsigned bytes = (i->osz == 1 ? 14 : 28) + (all ? 80 : 0);

    if (i->osz == 1)
        desc |= X87_ENV16;
    if (is_real(s))
        desc |= X87_ENV_REAL;
    IRRef va = gen_mem(s, i, bytes, write);
    ir_call(s->f, &ir_helper_x87_env, va, imm(s, desc), imm(s, data_memop(s, 2, false)));
    s->mmx_checked = false;
}
