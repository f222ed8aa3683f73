/* SPDX-License-Identifier: MIT */
/*
 * Branches: immediate, conditional, to a register (with pointer authentication too), exception return.
 *
 * BTYPE (D8.4.4): BLR leaves 2, BR leaves 3, or 1 when its register is X16 or X17 or its own page is not guarded; others 0. It travels
 * in the block flags of the exit, and in PSTATE for whoever looks at the state in between.
 */
#include "a64_decode.h"
#include "accel/mmu/mmu.h"
#include "base/bits.h"
#include "target/arm/a64_cond.h"
#include "target/arm/helper_a64.h"

/* ---- direct ---- */
#define MAX_SIDE_EXITS 4 /* beside them a block has one or two exits at its end, and links are few */

static uint64_t target_of(const DisasContext *s, int offset) { return s->pc + (uint64_t)((int64_t)offset * 4); }

static unsigned exit_to(DisasContext *s, uint64_t pc)
{
    return ir_add_exit(s->f, (IRExit){ .kind = IR_EXIT_CHAIN, .pc = pc, .flags = next_flags(s) });
}

bool trans_B(DisasContext *s, const arg_B *a)
{
    gen_goto(s, target_of(s, a->imm26));
    return true;
}

bool trans_BL(DisasContext *s, const arg_BL *a)
{
    IRExit e = { .kind = IR_EXIT_CHAIN, .is_call = true, .pc = target_of(s, a->imm26), .ret_pc = s->pc + 4, .flags = next_flags(s),
                 .ret_flags = next_flags(s) };

    write_x(s, 30, ir_i64(s->f, s->pc + 4));
    ir_exit(s->f, ir_add_exit(s->f, e));
    s->t->ended = true;
    return true;
}

/*
 * After a conditional branch the block goes on with the next instruction when the branch is a forward one: most of these skip
 * a rare case, and what the block knows (registers, checked bases) holds on. A backward branch closes a loop: the block ends.
 */
static void not_taken(DisasContext *s, int offset)
{
    if (offset <= 0 || s->f->n_exits >= MAX_SIDE_EXITS)
        gen_goto(s, s->pc + 4);
}

bool trans_CBZ(DisasContext *s, const arg_CBZ *a)
{
    IRRef x = read_x(s, a->rt, a->sf);
    ir_br(s->f, a->nz ? IR_NE : IR_EQ, x, ir_int(s->f, int_type(a->sf), 0), exit_to(s, target_of(s, a->imm19)));
    not_taken(s, a->imm19);
    return true;
}

bool trans_TBZ(DisasContext *s, const arg_TBZ *a)
{
    IRRef x = read_x(s, a->rt, a->b5);
    ir_br(s->f, a->nz ? IR_TSTNE : IR_TSTEQ, x, ir_int(s->f, int_type(a->b5), BIT(a->b5 << 5 | a->b40)), exit_to(s, target_of(s, a->imm14)));
    not_taken(s, a->imm14);
    return true;
}

bool trans_B_cond(DisasContext *s, const arg_B_cond *a)
{
    if (a->cond >= 14) {
        gen_goto(s, target_of(s, a->imm19));
        return true;
    }
    ir_fl_br(s->f, a64_cond(a->cond), ir_get(s->f, IR_I32, SLOT_NZCV), exit_to(s, target_of(s, a->imm19)));
    not_taken(s, a->imm19);
    return true;
}

/* ---- to a register ---- */
/* AArch64.BranchAddr: the tag goes where TBI is on for the address's half. */
static IRRef branch_addr(DisasContext *s, IRRef pc)
{
    unsigned tbi = s->flags >> BF_TBI_SHIFT & 3;

    if (!tbi)
        return pc;
    IRRef stripped = ir_sextract(s->f, pc, 0, 56);
    if (tbi == 3)
        return stripped;
    return ir_select(s->f, tbi == 2 ? IR_TSTNE : IR_TSTEQ, pc, ir_i64(s->f, BIT(55)), stripped, pc);
}

static void set_btype(DisasContext *s, unsigned btype)
{
    if (!btype)
        return;
    IRRef p = ir_ldenv(s->f, IR_I32, ENV_OFFSET(pstate), 2, false);
    ir_stenv(s->f, ENV_OFFSET(pstate), 2, ir_or(s->f, p, ir_i32(s->f, btype << PSTATE_BTYPE_SHIFT)));
}

/* Branches to wherever pc is, by a look-up in the table of blocks, which meets the fault of a bad address. */
static void gen_jump_slow(DisasContext *s, IRRef pc, IRExitKind kind)
{
    if (kind == IR_EXIT_CALL)
        write_x(s, 30, ir_i64(s->f, s->pc + 4));
    ir_stenv(s->f, ENV_OFFSET(pc), 3, pc);
    ir_exit(s->f, ir_add_exit(s->f, (IRExit){ .kind = IR_EXIT_LOOKUP, .dynamic_pc = true }));
}

void gen_jump(DisasContext *s, IRRef pc, IRExitKind kind, unsigned btype)
{
    uint64_t flags = next_flags(s);

    if (!have(s, ARM_FEAT_bti))
        btype = 0;
    s->t->ended = true;
    if (is_slow(s)) {
        set_btype(s, btype);
        gen_jump_slow(s, branch_addr(s, pc), kind);
        return;
    }
    /* Without a tag, canonical, and in this half of the address space: what BranchAddr would not change, and what the back end takes for the jump cache as it is. */
    IRRef n = ir_i32(s->f, 52);
    if (s->pc >> 63)
        ir_br(s->f, IR_NE, ir_sar(s->f, pc, n), ir_i64(s->f, ~0ull), a64_slow_exit(s));
    else
        ir_br(s->f, IR_NE, ir_shr(s->f, pc, n), ir_i64(s->f, 0), a64_slow_exit(s));
    set_btype(s, btype);
    if (kind == IR_EXIT_CALL)
        write_x(s, 30, ir_i64(s->f, s->pc + 4));
    IRExit e = { .kind = kind, .flags = flags | (uint64_t)btype << BF_BTYPE_SHIFT, .ret_pc = s->pc + 4, .ret_flags = flags };
    ir_exit_jump(s->f, pc, ir_add_exit(s->f, e));
}

static unsigned br_btype(DisasContext *s, unsigned rn)
{
    if (rn == 16 || rn == 17 || !have(s, ARM_FEAT_bti))
        return 1;
    return mmu_code_target_bits(s->t->cpu, s->pc, target_aarch64.code_mmu_index(s->flags), 0) & ARM_PAGE_GUARDED ? 3 : 1;
}

bool trans_BR(DisasContext *s, const arg_BR *a)
{
    gen_jump(s, read_x(s, a->rn, true), IR_EXIT_JUMP, br_btype(s, a->rn));
    return true;
}

bool trans_BLR(DisasContext *s, const arg_BLR *a)
{
    gen_jump(s, read_x(s, a->rn, true), IR_EXIT_CALL, 2);
    return true;
}

bool trans_RET(DisasContext *s, const arg_RET *a)
{
    gen_jump(s, read_x(s, a->rn, true), IR_EXIT_RET, 0);
    return true;
}

/* ---- with authentication; m: key B ---- */
/* The modifier: zero (z, then rm must be 31) or Xm|SP. */
static IRRef bra_modifier(DisasContext *s, bool z, unsigned rm) { return z ? ir_i64(s->f, 0) : read_xsp(s, rm, true); }

bool trans_BRA(DisasContext *s, const arg_BRA *a)
{
    IRRef pc = gen_auth(s, read_x(s, a->rn, true), bra_modifier(s, a->z, a->rm), a->m, true);
    gen_jump(s, pc, IR_EXIT_JUMP, br_btype(s, a->rn));
    return true;
}

bool trans_BLRA(DisasContext *s, const arg_BLRA *a)
{
    IRRef pc = gen_auth(s, read_x(s, a->rn, true), bra_modifier(s, a->z, a->rm), a->m, true);
    gen_jump(s, pc, IR_EXIT_CALL, 2);
    return true;
}

bool trans_RETA(DisasContext *s, const arg_RETA *a)
{
    IRRef pc = gen_auth(s, read_x(s, 30, true), read_xsp(s, 31, true), a->m, true);
    gen_jump(s, pc, IR_EXIT_RET, 0);
    return true;
}

/* ---- exception return ---- */
void gen_eret(DisasContext *s, IRRef elr)
{
    ir_call(s->f, &ir_helper_eret, elr);
    ir_exit(s->f, ir_add_exit(s->f, (IRExit){ .kind = IR_EXIT_LOOKUP, .dynamic_pc = true }));
    s->t->ended = true;
}

bool trans_ERET(DisasContext *s, const arg_ERET *a)
{
    if (s->el == 0)
        return false;
    gen_eret(s, ir_ldenv(s->f, IR_I64, ENV_OFFSET(elr_el1), 3, false));
    return true;
}

bool trans_ERETA(DisasContext *s, const arg_ERETA *a)
{
    if (s->el == 0)
        return false;
    IRRef elr = ir_ldenv(s->f, IR_I64, ENV_OFFSET(elr_el1), 3, false);
    gen_eret(s, gen_auth(s, elr, read_xsp(s, 31, true), a->m, true));
    return true;
}
