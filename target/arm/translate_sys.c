/* SPDX-License-Identifier: MIT */
/*
 * System instructions: exception generation, hints, barriers, PSTATE fields, system registers, DC ZVA.
 *
 * What changes the block flags or drops translations ends the block. Unmasking interrupts does not: the helper leaves only when one is
 * waiting.
 */
#include "a64_decode.h"
#include "target/arm/helper_a64.h"

/* ---- exceptions ---- */
/* These return to the next instruction, with PSTATE as after this one. */
static void gen_call_exception(DisasContext *s, unsigned ec, unsigned imm)
{
    ir_call(s->f, &ir_helper_sync_exception, ir_i32(s->f, ARM_SYN(ec, imm)), ir_i64(s->f, s->pc + 4));
    ir_exit(s->f, ir_add_exit(s->f, (IRExit){ .kind = IR_EXIT_LOOKUP, .dynamic_pc = true }));
    s->t->ended = true;
}

bool trans_SVC(DisasContext *s, const arg_SVC *a)
{
    gen_call_exception(s, EC_SVC64, a->imm16);
    return true;
}

/* There is no EL2: HVC is UNDEFINED, but for the machine's own PSCI. */
bool trans_HVC(DisasContext *s, const arg_HVC *a)
{
    if (s->el == 0 || !s->cpu->psci_hvc)
        return false;
    ir_call(s->f, &ir_helper_hvc, ir_i32(s->f, a->imm16), ir_i64(s->f, s->pc + 4));
    ir_exit(s->f, ir_add_exit(s->f, (IRExit){ .kind = IR_EXIT_MAIN, .dynamic_pc = true }));
    s->t->ended = true;
    return true;
}

/* There is no EL3. */
bool trans_SMC(DisasContext *s, const arg_SMC *a) { return false; }

bool trans_BRK(DisasContext *s, const arg_BRK *a)
{
    gen_a64_exception(s, ARM_SYN(EC_BRK, a->imm16));
    return true;
}

/* ---- hints and barriers ---- */
bool trans_HINT(DisasContext *s, const arg_HINT *a) { return true; }

bool trans_WFE(DisasContext *s, const arg_WFE *a)
{
    ir_calln(s->f, &ir_helper_wfe, NULL);
    gen_a64_exit_next(s, true);
    return true;
}

bool trans_YIELD(DisasContext *s, const arg_YIELD *a)
{
    ir_calln(s->f, &ir_helper_yield, NULL);
    return true;
}

bool trans_SEV(DisasContext *s, const arg_SEV *a)
{
    ir_calln(s->f, &ir_helper_sev, NULL);
    return true;
}

bool trans_SEVL(DisasContext *s, const arg_SEVL *a)
{
    ir_calln(s->f, &ir_helper_sevl, NULL);
    return true;
}

bool trans_WFI(DisasContext *s, const arg_WFI *a)
{
    ir_calln(s->f, &ir_helper_wfi, NULL);
    gen_a64_exit_next(s, true);
    return true;
}

bool trans_CLREX(DisasContext *s, const arg_CLREX *a)
{
    ir_stenv(s->f, ENV_OFFSET(exclusive), 3, ir_i64(s->f, EXCLUSIVE_OPEN));
    return true;
}

/* CRm<1:0>: 1 loads before loads and stores, 2 stores before after_stores, 3 and 0 (reserved) all. */
static void gen_barrier(DisasContext *s, unsigned crm, unsigned after_stores)
{
    const unsigned pairs[4] = { IR_FENCE_ALL, IR_FENCE_LD_LD | IR_FENCE_LD_ST, after_stores, IR_FENCE_ALL };
    ir_fence(s->f, pairs[crm & 3]);
}

bool trans_DMB(DisasContext *s, const arg_DMB *a)
{
    gen_barrier(s, a->crm, IR_FENCE_ST_ST);
    return true;
}

#define TLB_SYNC_OFFSET offsetof(CPUState, tlb_sync)

/*
 * A DSB for loads and stores completes the TLBIs before it (B2.3.12); those were sent to none but this PE if its domain is
 * non-shareable. Rarely is there anything to wait for: the fast form looks, and leaves for one that comes back through the loop.
 */
static bool gen_complete_tlbi(DisasContext *s, unsigned crm)
{
    bool one_type = (crm & 3) == 1 || (crm & 3) == 2, non_shareable = crm >> 2 == 1;
    if (one_type || non_shareable)
        return false;
    IRRef sync = ir_ldenv(s->f, IR_I32, TLB_SYNC_OFFSET, 2, false);
    if (!is_slow(s)) {
        ir_br(s->f, IR_NE, sync, ir_i32(s->f, 0), a64_slow_exit(s));
        return false;
    }
    ir_stenv(s->f, TLB_SYNC_OFFSET, 2, ir_or(s->f, sync, ir_i32(s->f, CPU_SYNC_WAIT)));
    return true;
}

/* Nothing that follows is executed before a DSB is complete, loads neither, also when it waits for stores only (Arm ARM B2.3.12). */
bool trans_DSB(DisasContext *s, const arg_DSB *a)
{
    bool waits = gen_complete_tlbi(s, a->crm);
    gen_barrier(s, a->crm, IR_FENCE_ST_ST | IR_FENCE_ST_LD);
    if (waits)
        gen_a64_exit_next(s, true);
    return true;
}

bool trans_SB(DisasContext *s, const arg_SB *a) { return true; }

/* What follows may be code that this block has just written. */
bool trans_ISB(DisasContext *s, const arg_ISB *a)
{
    gen_goto(s, s->pc + 4);
    return true;
}

/* ---- PSTATE ---- */
static void gen_set_bits(DisasContext *s, uint32_t bits, bool set)
{
    IRRef p = ir_ldenv(s->f, IR_I32, ENV_OFFSET(pstate), 2, false);
    p = set ? ir_or(s->f, p, ir_i32(s->f, bits)) : ir_and(s->f, p, ir_i32(s->f, ~bits));
    ir_stenv(s->f, ENV_OFFSET(pstate), 2, p);
}

/* Goes on at the next instruction with block flags that are known to be these. */
static void gen_goto_flags(DisasContext *s, uint64_t clear, uint64_t set)
{
    uint64_t flags = (next_flags(s) & ~clear) | set;

    ir_exit(s->f, ir_add_exit(s->f, (IRExit){ .kind = IR_EXIT_CHAIN, .pc = s->pc + 4, .flags = flags }));
    s->t->ended = true;
}

bool trans_MSR_UAO(DisasContext *s, const arg_MSR_UAO *a)
{
    if (s->el == 0)
        return false;
    gen_set_bits(s, PSTATE_UAO, a->crm & 1);
    gen_goto_flags(s, BF_UNPRIV_EL1, a->crm & 1 ? BF_UNPRIV_EL1 : 0);
    return true;
}

bool trans_MSR_PAN(DisasContext *s, const arg_MSR_PAN *a)
{
    if (s->el == 0)
        return false;
    gen_set_bits(s, PSTATE_PAN, a->crm & 1);
    gen_goto_flags(s, 15ull << BF_MMU_SHIFT, (uint64_t)(a->crm & 1 ? ARM_MMU_EL1_PAN : ARM_MMU_EL1) << BF_MMU_SHIFT);
    return true;
}

bool trans_MSR_SPSel(DisasContext *s, const arg_MSR_SPSel *a)
{
    if (s->el == 0)
        return false;
    ir_call(s->f, &ir_helper_spsel, ir_i32(s->f, a->crm & 1));
    gen_goto_flags(s, BF_SPSEL, a->crm & 1 ? BF_SPSEL : 0);
    return true;
}

bool trans_MSR_SSBS(DisasContext *s, const arg_MSR_SSBS *a)
{
    gen_set_bits(s, PSTATE_SSBS, a->crm & 1);
    return true;
}

bool trans_MSR_DIT(DisasContext *s, const arg_MSR_DIT *a)
{
    gen_set_bits(s, PSTATE_DIT, a->crm & 1);
    return true;
}

static uint32_t sysreg_syndrome(bool is_read, unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2, unsigned rt)
{
    return ARM_SYN(EC_SYSREG, op0 << 20 | op2 << 17 | op1 << 14 | crn << 10 | rt << 5 | crm << 1 | (is_read ? 1 : 0));
}

/* EL0 may change DAIF when SCTLR_EL1.UMA lets it: the register's own check decides. False: EL1, go on. */
static bool gen_daif_from_el0(DisasContext *s, unsigned op2)
{
    const ARMSysReg *r = arm_sysreg_find(s->cpu, SYSREG_ENC(3, 3, 4, 2, 1));

    if (s->el || !r)
        return false;
    /* The check is all that is wanted of this read. */
    uint32_t syndrome = sysreg_syndrome(false, 0, 3, 4, (s->insn >> 8) & 15, op2, 31);
    ir_call(s->f, &ir_helper_mrs, ir_i64(s->f, (uintptr_t)r), ir_i32(s->f, syndrome));
    return true;
}

/* Debug exceptions may be masked by D now; helper_daif_write sees to it that they begin. */
static void end_if_debugged(DisasContext *s)
{
    if (s->flags & (BF_SS | BF_BREAK))
        gen_a64_exit_next(s, false);
}

bool trans_DAIFSet(DisasContext *s, const arg_DAIFSet *a)
{
    gen_daif_from_el0(s, 6);
    gen_set_bits(s, (uint32_t)a->crm << 6, true);
    end_if_debugged(s);
    return true;
}

bool trans_DAIFClr(DisasContext *s, const arg_DAIFClr *a)
{
    gen_daif_from_el0(s, 7);
    IRRef p = ir_ldenv(s->f, IR_I32, ENV_OFFSET(pstate), 2, false);
    ir_call(s->f, &ir_helper_daif_write, ir_and(s->f, p, ir_i32(s->f, ~((uint32_t)a->crm << 6))));
    end_if_debugged(s);
    return true;
}

/* ---- system registers and instructions ---- */
#define ENC_NZCV SYSREG_ENC(3, 3, 4, 2, 0)
#define ENC_DAIF SYSREG_ENC(3, 3, 4, 2, 1)
#define ENC_SPSEL SYSREG_ENC(3, 0, 4, 2, 0)
#define ENC_CURRENTEL SYSREG_ENC(3, 0, 4, 2, 2)
#define ENC_SP_EL0 SYSREG_ENC(3, 0, 4, 1, 0)
#define ENC_RNDR SYSREG_ENC(3, 3, 2, 4, 0)
#define ENC_RNDRRS SYSREG_ENC(3, 3, 2, 4, 1)
#define PSTATE_DAIF (PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F)

/* Architectural NZCV from the slot: N 0x8000 to 31, Z 0x4000 to 30, inverted C 0x100 to 29, V 1 to 28. */
static IRRef gen_read_nzcv(DisasContext *s)
{
    IRRef fl = ir_xor(s->f, ir_get(s->f, IR_I32, SLOT_NZCV), ir_i32(s->f, IR_FL_C));
    IRRef nz = ir_shl(s->f, ir_and(s->f, fl, ir_i32(s->f, IR_FL_S | IR_FL_Z)), ir_i32(s->f, 16));
    IRRef c = ir_shl(s->f, ir_and(s->f, fl, ir_i32(s->f, IR_FL_C)), ir_i32(s->f, 21));
    IRRef v = ir_shl(s->f, fl, ir_i32(s->f, 31)); /* bit 0 alone */

    return ir_or(s->f, ir_or(s->f, nz, c), ir_shr(s->f, v, ir_i32(s->f, 3)));
}

static void gen_write_nzcv(DisasContext *s, IRRef x)
{
    IRRef nz = ir_and(s->f, ir_shr(s->f, x, ir_i32(s->f, 16)), ir_i32(s->f, IR_FL_S | IR_FL_Z));
    IRRef c = ir_and(s->f, ir_shr(s->f, ir_not(s->f, x), ir_i32(s->f, 21)), ir_i32(s->f, IR_FL_C));
    IRRef v = ir_and(s->f, ir_shr(s->f, x, ir_i32(s->f, 28)), ir_i32(s->f, IR_FL_O));

    ir_put(s->f, SLOT_NZCV, ir_or(s->f, ir_or(s->f, nz, c), v));
}

/* A field of the CPU's state without side effects, or that the block flags show to be one here. */
static bool is_plain_field(const DisasContext *s, const ARMSysReg *r, bool has_function)
{
    if (r->enc == ENC_SP_EL0)
        return s->flags & BF_SPSEL;
    return r->env_offset && !r->check && ((r->flags & SYSREG_PLAIN) || !has_function);
}

static IRRef gen_sysreg_read(DisasContext *s, const ARMSysReg *r, uint32_t syndrome)
{
    const IRHelper *helper = &ir_helper_mrs;

    switch (r->enc) {
    case ENC_NZCV:
        return gen_read_nzcv(s);
    case ENC_DAIF:
        if (s->el)
            return ir_and(s->f, ir_ldenv(s->f, IR_I32, ENV_OFFSET(pstate), 2, false), ir_i32(s->f, PSTATE_DAIF));
        break;
    case ENC_SPSEL:
        return ir_i64(s->f, s->flags & BF_SPSEL ? 1 : 0);
    case ENC_CURRENTEL:
        return ir_i64(s->f, s->el << PSTATE_EL_SHIFT);
    case ENC_RNDR:
    case ENC_RNDRRS:
        helper = &ir_helper_mrs_flags;
        break;
    default:
        break;
    }
    if (is_plain_field(s, r, r->read != NULL))
        return ir_ldenv(s->f, IR_I64, r->env_offset, 3, false);
    if (!r->env_offset && !r->read && !r->check)
        return ir_i64(s->f, r->reset);
    return ir_call(s->f, helper, ir_i64(s->f, (uintptr_t)r), ir_i32(s->f, syndrome));
}

/* MSR DAIF at EL1: as DAIFSet and DAIFClr, it ends no block. */
static void gen_write_daif(DisasContext *s, unsigned rt)
{
    IRRef p = ir_and(s->f, ir_ldenv(s->f, IR_I32, ENV_OFFSET(pstate), 2, false), ir_i32(s->f, ~PSTATE_DAIF));
    IRRef v = ir_and(s->f, read_x(s, rt, false), ir_i32(s->f, PSTATE_DAIF));

    ir_call(s->f, &ir_helper_daif_write, ir_or(s->f, p, v));
    end_if_debugged(s);
}

static void gen_sysreg_write(DisasContext *s, const ARMSysReg *r, unsigned rt, uint32_t syndrome)
{
    if (r->enc == ENC_NZCV) {
        gen_write_nzcv(s, read_x(s, rt, false));
    } else if (r->enc == ENC_DAIF && s->el) {
        gen_write_daif(s, rt);
        return;
    } else if (is_plain_field(s, r, r->write != NULL)) {
        IRRef v = read_x(s, rt, true);
        ir_stenv(s->f, r->env_offset, 3, r->mask ? ir_and(s->f, v, ir_i64(s->f, r->mask)) : v);
    } else {
        ir_call(s->f, &ir_helper_msr, ir_i64(s->f, (uintptr_t)r), read_x(s, rt, true), ir_i32(s->f, syndrome));
    }
    if (r->flags & (SYSREG_EXIT | SYSREG_NEXT))
        gen_a64_exit_next(s, r->flags & SYSREG_EXIT);
}

bool trans_SYS(DisasContext *s, const arg_SYS *a)
{
    const ARMSysReg *r = arm_sysreg_find(s->cpu, SYSREG_ENC(a->op0, a->op1, a->crn, a->crm, a->op2));

    if (!r || s->el < (a->l ? r->min_el_read : r->min_el_write))
        return false;
    if ((r->flags & SYSREG_NOP) && !r->check)
        return true;
    uint32_t syndrome = sysreg_syndrome(a->l, a->op0, a->op1, a->crn, a->crm, a->op2, a->rt);
    if (a->l)
        write_x(s, a->rt, gen_sysreg_read(s, r, syndrome));
    else
        gen_sysreg_write(s, r, a->rt, syndrome);
    return true;
}

bool trans_DC_ZVA(DisasContext *s, const arg_DC_ZVA *a)
{
    if (s->el == 0 && !(s->flags & BF_DZE)) {
        gen_a64_exception(s, sysreg_syndrome(false, 1, 3, 7, 4, 1, a->rt));
        return true;
    }
    if (s->cpu->id.dczid & 16) /* DZP */
        return false;
    ir_call(s->f, &ir_helper_dc_zva, read_x(s, a->rt, true), ir_i32(s->f, a64_data_memop(s, 3, false)));
    return true;
}
