/* SPDX-License-Identifier: MIT */
/*
 * Translating x86: the frame around the trans_ functions.
 *
 * An instruction is decoded first; what its row says of privilege, LOCK and the coprocessors is checked here, and its handler emits the rest.
 * Faults are precise: ir_insn_start's word tells how the flags stood, and handlers change state only after their last access.
 *
 * Blocks of one instruction, whose flags say why: BF_TF (a #DB follows it), BF_INHIBIT (the shadow of STI and MOV SS, cleared before it), BF_RF (no
 * breakpoint on it), BF_SLOW (rare cases are done in place, by helpers; others leave for such a block before they have done anything). Only BF_TF holds
 * on for the next block.
 *
 * Outside 64-bit mode CS has a limit. Where code may reach it (BF_SEGMENTED) a block begins by comparing it with the end of its page; should it
 * be lower, instructions are checked one by one. In flat code none of that is there.
 *
 * Slow exits must be direct links, since only links carry BF_SLOW: a block has few other exits.
 */
#include "base/bits.h"
#include "target/x86/helper_base.h"
#include "target/x86/translate_internal.h"

#define SEGMENTED_MAX_INSNS 64
#define MAX_EXITS_BEFORE 5 /* of TB_MAX_LINKS: an instruction may add three */

static __thread DisasContext disas_context;

void x86_trans_init(TransContext *t)
{
    DisasContext *s = &disas_context;
    uint64_t flags = t->flags;

    *s = (DisasContext){
        .t = t, .f = t->f, .cpu = x86_cpu(t->cpu), .flags = flags, .cs_base = BF_CS_BASE(flags),
        .cpl = flags >> BF_CPL_SHIFT & 3, .mmu_idx = flags >> BF_MMU_SHIFT & 3, .code64 = flags & BF_CS64, .stack32 = flags & BF_SS32,
        .mode = flags & BF_CS64 ? 3 : flags & BF_CS32 ? 2 : 1, .cc = { .op = CC_OP_DYNAMIC },
    };
    if (flags & (BF_TF | BF_INHIBIT | BF_RF | BF_SLOW))
        t->max_insns = 1;
    else if (flags & BF_SEGMENTED)
        t->max_insns = MIN_OF(t->max_insns, SEGMENTED_MAX_INSNS);
    t->target_data = s;
}

/* ---- fetching ---- */
static bool fetch_byte(void *opaque, unsigned offset, uint8_t *out)
{
    DisasContext *s = opaque;
    uint64_t at = s->pc + offset;

    if (!s->code64)
        at = (uint32_t)at;
    if (at - s->window_pc >= s->window_len) {
        s->window_pc = at;
        s->window_len = trans_fetch_ahead(s->t, at, s->window, sizeof s->window);
    }
    if (s->window_len) {
        *out = s->window[at - s->window_pc];
        return true;
    }
    if (s->t->n_insns > 0 && !trans_same_page(s->t, at))
        return false;
    *out = trans_fetch8(s->t, at);
    return true;
}

static bool has_feature(const void *opaque, unsigned feature) { return feature != X86_FEAT_NEVER && x86_has(opaque, feature); }

/* ---- checks before an instruction ---- */
/* The last byte's offset in CS that this block may fetch; the instruction has been decoded. */
static uint64_t last_fetched_eip(const DisasContext *s, unsigned length)
{
    uint64_t eip = (uint32_t)(s->pc - s->cs_base);
    unsigned page_rest = is_slow(s) ? 0 : (unsigned)(MEM_PAGE_SIZE - 1 - (s->pc & (MEM_PAGE_SIZE - 1)));
    return eip + MAX_OF(length - 1, page_rest);
}

static void gen_fetch_limit(DisasContext *s, unsigned length)
{
    uint64_t last = last_fetched_eip(s, length);

    if (is_slow(s)) {
        ir_call(s->f, &ir_helper_check_limit, ir_i64(s->f, last));
        return;
    }
    IRRef limit = ir_ldenv(s->f, IR_I32, SEG_OFFSET(X86_SEG_CS, limit), 2, false);
    if (last >> 32)
        ir_br(s->f, IR_EQ, limit, limit, slow_exit(s));
    else
        ir_br(s->f, IR_LTU, limit, ir_i32(s->f, (uint32_t)last), slow_exit(s));
}

static void gen_clear_env32(DisasContext *s, size_t offset, uint32_t bits)
{
    IRRef v = ir_ldenv(s->f, IR_I32, offset, 2, false);
    ir_stenv(s->f, offset, 2, ir_and(s->f, v, ir_i32(s->f, ~bits)));
}

/* What the block's flags ask of its first instruction. */
static void gen_first(DisasContext *s, unsigned length)
{
    if (s->flags & (BF_INHIBIT | BF_RF))
        gen_clear_env32(s, ENV_OFFSET(hflags), BF_INHIBIT | BF_RF);
    if (s->flags & BF_RF)
        gen_clear_env32(s, ENV_OFFSET(eflags), EF_RF);
    if (s->flags & BF_SEGMENTED)
        gen_fetch_limit(s, length);
}

bool check_sse(DisasContext *s, const X86Insn *i)
{
    if (i->vex ? !(s->flags & BF_AVX) : (s->flags & BF_EM) || !(s->flags & BF_OSFXSR)) {
        gen_ud(s);
        return false;
    }
    if (s->flags & BF_TS) {
        gen_exception(s, EXCP_NM);
        return false;
    }
    return true;
}

bool check_fpu(DisasContext *s)
{
    if (s->flags & (BF_EM | BF_TS)) {
        gen_exception(s, EXCP_NM);
        return false;
    }
    return true;
}

bool check_mmx(DisasContext *s)
{
    if (s->flags & BF_EM) {
        gen_ud(s);
        return false;
    }
    return check_fpu(s);
}

static bool lock_is_legal(const X86Insn *i) { return !i->lock || ((i->row->attr & X86_ATTR_LOCK) && i->op[0].kind == OPK_MEM); }

/* True: the instruction may be translated. */
static bool check_row(DisasContext *s, const X86Insn *i)
{
    uint32_t attr = i->row->attr;

    if (!lock_is_legal(i) || (i->vex && (!(s->flags & BF_PE) || s->flags & BF_VM))) {
        gen_ud(s);
        return false;
    }
    if (attr & X86_ATTR_PRIV && s->cpl) {
        gen_exception_error(s, EXCP_GP, 0);
        return false;
    }
    return !(attr & X86_ATTR_SSE && !check_sse(s, i)) && !(attr & X86_ATTR_MMX && !check_mmx(s)) && !(attr & X86_ATTR_FPU && !check_fpu(s));
}

/* ---- one instruction ---- */
static uint32_t extra_word(const DisasContext *s, const X86Insn *i, X86DecodeResult r)
{
    uint32_t extra = s->cc.op;
    bool has_mem = false;

    if (r != X86_DECODED)
        return extra;
    for (unsigned n = 0; n < i->n_operands; n++)
        has_mem |= i->op[n].kind == OPK_MEM;
    bool stack = i->row->attr & (X86_ATTR_D64 | X86_ATTR_F64);
    if (has_mem ? i->mem.seg == X86_SEG_SS : stack)
        extra |= EXTRA_STACK;
    else if (stack)
        extra |= EXTRA_STACK_TOO;
    if (i->row->attr & (i->vex ? X86_ATTR_ALIGN_VEX : X86_ATTR_ALIGN))
        extra |= EXTRA_ALIGN;
    return extra;
}

/* A serialising instruction's successors run when all stores before it have been seen (SDM 9.3). */
static void trans_checked(DisasContext *s, const X86Insn *i)
{
    if (i->row->attr & X86_ATTR_SERIAL)
        ir_fence(s->f, IR_FENCE_ALL);
    i->row->trans(s, i);
}

static void trans_decoded(DisasContext *s, const X86Insn *i, X86DecodeResult r)
{
    ir_insn_start(s->f, s->pc, extra_word(s, i, r));
    if (s->t->n_insns == 0)
        gen_first(s, i->length);
    s->sti_shadow = IR_NONE;
    if (s->flags & BF_BREAK && !(s->flags & BF_RF))
        ir_call(s->f, &ir_helper_breakpoint, ir_i64(s->f, s->pc));
    if (r == X86_DECODE_UD)
        gen_ud(s);
    else if (r == X86_DECODE_TOO_LONG)
        gen_exception_error(s, EXCP_GP, 0);
    else if (check_row(s, i))
        trans_checked(s, i);
}

/* Ends the block before the instruction at pc, which nothing leads to but going on. */
static void gen_cut(DisasContext *s, uint64_t pc)
{
    if (s->sti_shadow)
        cut_after_sti(s);
    else
        gen_goto_pc(s, pc, false);
}

void x86_trans_insn(TransContext *t)
{
    DisasContext *s = t->target_data;
    X86Fetch fetch = { fetch_byte, s };
    X86Insn i;

    s->f = t->f;
    s->pc = t->pc;
    X86DecodeResult r = t->f->n_exits > MAX_EXITS_BEFORE ? X86_DECODE_NEXT_PAGE : x86_decode(&fetch, s->mode, has_feature, &s->cpu->features, &i);
    if (r == X86_DECODE_NEXT_PAGE) { /* not before the first instruction: the loop counts this one, which is not there */
        gen_cut(s, s->pc);
        t->n_insns--;
        return;
    }
    trans_fetched(t, s->pc, i.length);
    s->next_pc = s->code64 ? s->pc + i.length : (uint32_t)(s->pc + i.length);
    t->pc = s->next_pc;
    trans_decoded(s, &i, r);
}

void x86_trans_end(TransContext *t)
{
    DisasContext *s = t->target_data;

    if (t->n_insns == 0) {
        /* Nothing was translated: the exit's flags are the block's own. */
        ir_exit(s->f, ir_add_exit(s->f, (IRExit){ .kind = IR_EXIT_LOOKUP, .pc = t->pc }));
        t->ended = true;
        return;
    }
    gen_cut(s, t->pc);
}
