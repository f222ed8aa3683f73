/* SPDX-License-Identifier: MIT */
/*
 * Translating A64: the frame around the trans_ functions.
 *
 * PSTATE.BTYPE and PSTATE.SS concern a block's first instruction alone: they are part of the block flags, are cleared in the
 * CPU's state when that instruction starts (if they were set), and come back through ir_insn_start's extra word if it faults.
 *
 * Rare cases that need a branch inside an instruction leave the block, before the instruction has done anything, for a block
 * of that one instruction with BF_SLOW set, where a helper does what is needed: a misaligned stack pointer, and branches to
 * addresses whose top bits differ, which must fault and must never meet the jump cache (its tags use these bits). A stepped
 * instruction is alone anyway and does it at once.
 *
 * Whether a page is guarded (BTI) is looked at when a block is translated. A guest that changes only GP in a page's descriptor
 * after having run code from it may keep the old answer until the block goes.
 */
#include "accel/mmu/mmu.h"
#include "base/bits.h"
#include "target/arm/debug.h"
#include "target/arm/helper_a64.h"
#include "target/arm/translate.h"

#define BREAK_MAX_INSNS 32 /* each takes an exit, of IR_MAX_EXITS */

static __thread DisasContext disas_context;

uint64_t next_flags(const DisasContext *s)
{
    return s->flags & ~(uint64_t)(3u << BF_BTYPE_SHIFT | BF_SS_PSTATE | BF_SLOW);
}

void gen_goto(DisasContext *s, uint64_t pc)
{
    ir_exit(s->f, ir_add_exit(s->f, (IRExit){ .kind = IR_EXIT_CHAIN, .pc = pc, .flags = next_flags(s) }));
    s->t->ended = true;
}

void gen_a64_exit_next(DisasContext *s, bool main)
{
    ir_exit(s->f, ir_add_exit(s->f, (IRExit){ .kind = main ? IR_EXIT_MAIN : IR_EXIT_LOOKUP, .pc = s->pc + 4 }));
    s->t->ended = true;
}

unsigned a64_slow_exit(DisasContext *s)
{
    return ir_add_exit(s->f, (IRExit){ .kind = IR_EXIT_CHAIN, .pc = s->pc, .flags = next_flags(s) | BF_SLOW });
}

/* Sets PSTATE bits set and clears clear in the CPU's state. */
static void gen_change_pstate(DisasContext *s, uint32_t clear, uint32_t set)
{
    IRRef p = ir_ldenv(s->f, IR_I32, ENV_OFFSET(pstate), 2, false);

    if (clear)
        p = ir_and(s->f, p, ir_i32(s->f, ~clear));
    if (set)
        p = ir_or(s->f, p, ir_i32(s->f, set));
    ir_stenv(s->f, ENV_OFFSET(pstate), 2, p);
}

/* A breakpoint may match this instruction. Nothing of it has been emitted; first: PSTATE still has the block's BTYPE and SS. */
static void gen_breakpoint_check(DisasContext *s, bool first)
{
    if (is_slow(s)) {
        ir_call(s->f, &ir_helper_breakpoint_check, ir_i64(s->f, s->pc));
        return;
    }
    uint64_t flags = (first ? s->flags : next_flags(s)) | BF_SLOW;
    IRRef filter = ir_ldenv(s->f, IR_I64, ENV_OFFSET(bp_filter) + s->el * 8, 3, false);
    ir_br(s->f, IR_TSTNE, filter, ir_i64(s->f, arm_breakpoint_bit(s->pc)),
          ir_add_exit(s->f, (IRExit){ .kind = IR_EXIT_CHAIN, .pc = s->pc, .flags = flags }));
}

/* An exception that the instruction raises for itself: the PSTATE bits taken away at its start are part of the state. */
static void exception_state(DisasContext *s)
{
    if (s->extra)
        gen_change_pstate(s, 0, s->extra);
}

static void end_with_exception(DisasContext *s)
{
    ir_exit(s->f, ir_add_exit(s->f, (IRExit){ .kind = IR_EXIT_LOOKUP, .dynamic_pc = true }));
    s->t->ended = true;
}

void gen_a64_exception(DisasContext *s, uint32_t syndrome)
{
    exception_state(s);
    ir_call(s->f, &ir_helper_sync_exception, ir_i32(s->f, syndrome), ir_i64(s->f, s->pc));
    end_with_exception(s);
}

void gen_exception_far(DisasContext *s, uint32_t syndrome, uint64_t far)
{
    exception_state(s);
    ir_call(s->f, &ir_helper_exception_far, ir_i32(s->f, syndrome), ir_i64(s->f, s->pc), ir_i64(s->f, far));
    end_with_exception(s);
}

bool fp_access_check(DisasContext *s)
{
    if (s->fp_checked)
        return true;
    if (s->flags & BF_FP_TRAP) {
        gen_a64_exception(s, ARM_SYN(EC_FP_TRAP, 0x1e00000)); /* CV = 1, COND = 0b1110 */
        return false;
    }
    s->fp_checked = true;
    return true;
}

IRMemOp a64_data_memop(const DisasContext *s, unsigned size, bool sign)
{
    return size | (sign ? MO_SIGN : 0) | s->mmu_idx << MO_IDX_SHIFT | (s->flags & BF_ALIGN ? size << MO_ALIGN_SHIFT : 0) |
           (s->flags & BF_BIG_ENDIAN ? MO_BSWAP : 0);
}

void check_sp_alignment(DisasContext *s, unsigned rn)
{
    if (rn != 31 || s->sp_aligned || !(s->flags & BF_ALIGN_SP))
        return;
    if (is_slow(s))
        ir_call(s->f, &ir_helper_check_sp, read_xsp(s, 31, true));
    else
        ir_br(s->f, IR_TSTNE, read_xsp(s, 31, true), ir_i64(s->f, 15), a64_slow_exit(s));
    s->sp_aligned = true;
}

/* ---- one instruction ---- */
/* The branch target exception (D8.4.4): may insn be where a branch with this BTYPE lands on a guarded page? */
static bool is_landing_pad(const DisasContext *s, uint32_t insn)
{
    if ((insn & 0xfffff01fu) == 0xd503201fu) { /* the hint space */
        switch (insn >> 5 & 0x7f) {
        case 0x19: /* PACIASP */
        case 0x1b: /* PACIBSP */
            return s->btype != 3 || !(s->flags & BF_BT);
        case 0x22: /* BTI c */
            return s->btype != 3;
        case 0x24: /* BTI j */
            return s->btype != 2;
        case 0x26: /* BTI jc */
            return true;
        default:
            return false;
        }
    }
    return (insn & 0xffe0001fu) == 0xd4200000u || (insn & 0xffe0001fu) == 0xd4400000u; /* BRK, HLT */
}

static bool bti_fails(DisasContext *s)
{
    if (!s->btype || is_landing_pad(s, s->insn))
        return false;
    return mmu_code_target_bits(s->t->cpu, s->pc, target_aarch64.code_mmu_index(s->flags), 0) & ARM_PAGE_GUARDED;
}

/* What comes before the instruction itself: true when an exception took its place. */
static bool gen_first_checks(DisasContext *s)
{
    if ((s->flags & BF_SS) && !(s->flags & BF_SS_PSTATE)) {
        ir_call(s->f, &ir_helper_step_exception, ir_i64(s->f, s->pc));
        end_with_exception(s);
    } else if (s->pc & 3) {
        gen_exception_far(s, ARM_SYN(EC_PC_ALIGN, 0), s->pc);
    } else {
        s->insn = trans_fetch32(s->t, s->pc);
        if (s->flags & BF_BREAK)
            gen_breakpoint_check(s, true);
        if (s->flags & BF_IL)
            gen_a64_exception(s, ARM_SYN(EC_ILLEGAL, 0));
        else if (bti_fails(s))
            gen_a64_exception(s, ARM_SYN(EC_BTI, s->btype));
    }
    return s->t->ended;
}

void arm_trans_init(TransContext *t)
{
    DisasContext *s = &disas_context;

    *s = (DisasContext){
        .t = t, .f = t->f, .cpu = arm_cpu(t->cpu), .flags = t->flags,
        .el = t->flags >> BF_EL_SHIFT & 3, .mmu_idx = t->flags >> BF_MMU_SHIFT & 15,
    };
    if (t->flags & (BF_SS | BF_SLOW))
        t->max_insns = 1;
    else if (t->flags & BF_BREAK)
        t->max_insns = MIN_OF(t->max_insns, BREAK_MAX_INSNS);
    t->target_data = s;
}

static void start_insn(DisasContext *s)
{
    bool first = s->t->n_insns == 0;

    s->f = s->t->f;
    s->pc = s->t->pc;
    s->btype = first ? s->flags >> BF_BTYPE_SHIFT & 3 : 0;
    s->extra = s->btype << PSTATE_BTYPE_SHIFT | (first && (s->flags & BF_SS_PSTATE) ? PSTATE_SS : 0);
    ir_insn_start(s->f, s->pc, s->extra);
}

/* The step exception after this instruction will say this of it; an exception that it raises takes it back. */
static void gen_step_iss(DisasContext *s)
{
    ir_stenv(s->f, ENV_OFFSET(step_iss), 2, ir_i32(s->f, SS_ISV | (is_load_exclusive(s->insn) ? SS_EX : 0)));
}

void arm_trans_insn(TransContext *t)
{
    DisasContext *s = t->target_data;
    bool first = t->n_insns == 0;

    start_insn(s);
    t->pc += 4;
    if (first) {
        uint32_t extra = s->extra;
        s->extra = 0; /* not cleared yet */
        if (gen_first_checks(s))
            return;
        s->extra = extra;
        if (extra)
            gen_change_pstate(s, extra, 0);
        if (extra & PSTATE_SS)
            gen_step_iss(s);
    } else {
        s->insn = trans_fetch32(t, s->pc);
        if (exclusive_wants_new_block(s)) {
            gen_goto(s, s->pc);
            return;
        }
        if (s->flags & BF_BREAK)
            gen_breakpoint_check(s, false);
    }
    exclusive_note_insn(s);
    if (!a64_decode(s, s->insn))
        gen_a64_exception(s, ARM_SYN(EC_UNKNOWN, 0));
    if (!t->ended && !trans_same_page(t, t->pc))
        gen_goto(s, t->pc);
}

void arm_trans_end(TransContext *t)
{
    DisasContext *s = t->target_data;

    if (t->n_insns == 0) {
        /* Nothing was translated: the exit's flags are the block's own. */
        ir_exit(s->f, ir_add_exit(s->f, (IRExit){ .kind = IR_EXIT_LOOKUP, .pc = t->pc }));
        t->ended = true;
        return;
    }
    gen_goto(s, t->pc);
}
