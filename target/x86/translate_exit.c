/* SPDX-License-Identifier: MIT */
/*
 * Translating x86: exceptions, and ways out of a block.
 *
 * A near branch faults at itself when its target is not canonical (64-bit mode) or beyond CS's limit, so the target is checked first. In flat code there is no limit.
 * Indirect targets in 64-bit mode: code branches within its half of the address space, so one comparison of the upper bits tells
 * that the target is canonical in 48 bits, which is also what the jump cache can hold. All else (the other half, 57-bit addresses, bad ones) is a slow exit.
 */
#include "target/x86/helper_base.h"
#include "target/x86/translate_internal.h"

/* ---- exceptions ---- */
static void end_dynamic(DisasContext *s, bool main)
{
    ir_exit(s->f, ir_add_exit(s->f, (IRExit){ .kind = main ? IR_EXIT_MAIN : IR_EXIT_LOOKUP, .dynamic_pc = true }));
    s->t->ended = true;
}

void gen_exception(DisasContext *s, int vector)
{
    ir_call(s->f, &ir_helper_exception, ir_i32(s->f, (uint32_t)vector));
    end_dynamic(s, false);
}

void gen_exception_error(DisasContext *s, int vector, uint32_t error)
{
    ir_call(s->f, &ir_helper_exception_error, ir_i32(s->f, (uint32_t)vector), ir_i32(s->f, error));
    end_dynamic(s, false);
}

/* ---- leaving by the CPU's state ---- */
void gen_exit_dynamic(DisasContext *s, bool main)
{
    sync_cc(s);
    if (s->flags & BF_TF)
        ir_call(s->f, &ir_helper_single_step);
    end_dynamic(s, main || must_leave(s));
}

/* pc: I64, linear. */
static void gen_exit_to(DisasContext *s, IRRef pc, bool main)
{
    ir_stenv(s->f, ENV_OFFSET(pc), 3, pc);
    gen_exit_dynamic(s, main);
}

void gen_exit_next(DisasContext *s, bool main)
{
    if (must_leave(s)) {
        gen_exit_to(s, ir_i64(s->f, s->next_pc), true);
        return;
    }
    sync_cc(s);
    ir_exit(s->f, ir_add_exit(s->f, (IRExit){ .kind = main ? IR_EXIT_MAIN : IR_EXIT_LOOKUP, .pc = s->next_pc }));
    s->t->ended = true;
}

unsigned slow_exit(DisasContext *s)
{
    sync_cc(s);
    return ir_add_exit(s->f, (IRExit){ .kind = IR_EXIT_CHAIN, .pc = s->pc, .flags = next_flags(s) | BF_SLOW });
}

/* ---- direct ---- */
static IRExit chain_to(const DisasContext *s, uint64_t pc, bool is_call)
{
    return (IRExit){ .kind = IR_EXIT_CHAIN, .is_call = is_call, .pc = pc, .ret_pc = s->next_pc, .flags = next_flags(s), .ret_flags = next_flags(s) };
}

void gen_goto_pc(DisasContext *s, uint64_t pc, bool is_call)
{
    if (must_leave(s)) {
        gen_exit_to(s, ir_i64(s->f, pc), true);
        return;
    }
    sync_cc(s);
    if (is_canonical48(pc))
        ir_exit(s->f, ir_add_exit(s->f, chain_to(s, pc, is_call && is_canonical48(s->next_pc))));
    else
        ir_exit(s->f, ir_add_exit(s->f, (IRExit){ .kind = IR_EXIT_LOOKUP, .pc = pc }));
    s->t->ended = true;
}

static bool legal_target(const DisasContext *s, uint64_t eip)
{
    return is_canonical48(eip) || (s->flags & BF_LA57 && (uint64_t)((int64_t)(eip << 7) >> 7) == eip);
}

bool gen_check_eip_const(DisasContext *s, uint64_t eip)
{
    if (s->code64 ? legal_target(s, eip) : !(s->flags & BF_SEGMENTED))
        return true;
    if (s->code64)
        gen_exception_error(s, EXCP_GP, 0);
    else
        ir_call(s->f, &ir_helper_check_limit, ir_i64(s->f, eip));
    return !s->code64;
}

void gen_goto_checked(DisasContext *s, uint64_t eip, bool is_call) { gen_goto_pc(s, pc_of_eip(s, eip), is_call); }

void gen_goto_eip(DisasContext *s, uint64_t eip, bool is_call)
{
    if (gen_check_eip_const(s, eip))
        gen_goto_checked(s, eip, is_call);
}

unsigned exit_to_eip(DisasContext *s, uint64_t eip)
{
    sync_cc(s);
    return ir_add_exit(s->f, chain_to(s, pc_of_eip(s, eip), false));
}

/* ---- indirect ---- */
void gen_check_eip(DisasContext *s, IRRef eip)
{
    if (!s->code64) {
        if (s->flags & BF_SEGMENTED)
            ir_call(s->f, &ir_helper_check_limit, eip);
        return;
    }
    if (is_slow(s)) {
        ir_call(s->f, &ir_helper_check_canonical, eip);
        return;
    }
    IRRef n = ir_i32(s->f, 47);
    unsigned slow = slow_exit(s);
    if (s->pc >> 63)
        ir_br(s->f, IR_NE, ir_sar(s->f, eip, n), ir_i64(s->f, ~0ull), slow);
    else
        ir_br(s->f, IR_NE, ir_shr(s->f, eip, n), ir_i64(s->f, 0), slow);
}

void gen_jump_checked(DisasContext *s, IRRef eip, IRExitKind kind)
{
    IRRef pc = eip;

    if (!s->code64 && s->cs_base)
        pc = ir_zext(s->f, IR_I64, 2, ir_add(s->f, ir_trunc(s->f, eip), ir_i32(s->f, s->cs_base)));
    if (is_slow(s)) {
        gen_exit_to(s, pc, false);
        return;
    }
    sync_cc(s);
    IRExit e = { .kind = kind, .flags = next_flags(s), .ret_pc = s->next_pc, .ret_flags = next_flags(s) };
    if (kind == IR_EXIT_CALL && !is_canonical48(s->next_pc))
        e.kind = IR_EXIT_JUMP;
    ir_exit_jump(s->f, pc, ir_add_exit(s->f, e));
    s->t->ended = true;
}

void gen_jump_eip(DisasContext *s, IRRef eip, IRExitKind kind)
{
    gen_check_eip(s, eip);
    gen_jump_checked(s, eip, kind);
}
