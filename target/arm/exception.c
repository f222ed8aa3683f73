/* SPDX-License-Identifier: MIT */
/*
 * Exceptions and interrupts: entry to EL1, PSTATE as SPSR_EL1 holds it, what wakes and what interrupts a vCPU.
 *
 * irq_level is the truth about the interrupt lines: any thread changes it, then makes the bits of interrupt_request follow and
 * kicks. Whoever clears PSTATE.I or F while a line is high must make the vCPU look: arm_set_pstate does so by cpu_exit_settle.
 */
#include <inttypes.h>

#include "base/bits.h"
#include "base/log.h"
#include "target/arm/cpu.h"
#include "target/arm/internals.h"

#define SCTLR_SPAN (1ull << 23)
#define SCTLR_DSSBS (1ull << 44)

uint32_t arm_get_spsr(CPUARMState *env)
{
    return arm_nzcv_to_arch(env->nzcv) | (env->pstate & ~(PSTATE_N | PSTATE_Z | PSTATE_C | PSTATE_V));
}

static bool irq_line(const ArmCPU *cpu)
{
    return __atomic_load_n(&cpu->irq_level, __ATOMIC_ACQUIRE) & 1u << ARM_LINE_IRQ;
}

static bool fiq_line(const ArmCPU *cpu)
{
    return __atomic_load_n(&cpu->irq_level, __ATOMIC_ACQUIRE) & 1u << ARM_LINE_FIQ;
}

bool arm_interrupt_deliverable(const ArmCPU *cpu)
{
    return (irq_line(cpu) && !(cpu->env.pstate & PSTATE_I)) || (fiq_line(cpu) && !(cpu->env.pstate & PSTATE_F));
}

void arm_check_interrupts(ArmCPU *cpu)
{
    if (arm_interrupt_deliverable(cpu))
        cpu_exit_settle(&cpu->parent);
}

/* PSTATE bits that this CPU has; the others are RES0 in SPSR_EL1. */
uint32_t arm_pstate_mask(const ArmCPU *cpu)
{
    uint32_t mask = PSTATE_SP | 3u << PSTATE_EL_SHIFT | PSTATE_F | PSTATE_I | PSTATE_A | PSTATE_D | PSTATE_IL | PSTATE_SS;

    mask |= arm_has(cpu, ARM_FEAT_bti) ? PSTATE_BTYPE : 0;
    mask |= arm_has(cpu, ARM_FEAT_ssbs) ? PSTATE_SSBS : 0;
    mask |= arm_has(cpu, ARM_FEAT_pan) ? PSTATE_PAN : 0;
    mask |= arm_has(cpu, ARM_FEAT_uao) ? PSTATE_UAO : 0;
    mask |= arm_has(cpu, ARM_FEAT_dit) ? PSTATE_DIT : 0;
    return mask;
}

/* Which of SP_EL0 and SP_EL1 SLOT_SP is. */
static unsigned sp_bank(uint32_t pstate)
{
    return (pstate >> PSTATE_EL_SHIFT & 3) && (pstate & PSTATE_SP);
}

static void switch_pstate(CPUARMState *env, uint32_t pstate)
{
    unsigned from = sp_bank(env->pstate), to = sp_bank(pstate);

    if (from != to) {
        env->sp_el[from] = env->sp;
        env->sp = env->sp_el[to];
    }
    env->pstate = pstate;
}

void arm_set_pstate(ArmCPU *cpu, uint32_t spsr)
{
    switch_pstate(&cpu->env, spsr & arm_pstate_mask(cpu));
    cpu->env.nzcv = arm_nzcv_from_arch(spsr);
    arm_check_interrupts(cpu);
}

static bool ec_has_same_form(unsigned ec)
{
    switch (ec) {
    case EC_IABORT_LOWER:
    case EC_DABORT_LOWER:
    case EC_BKPT_LOWER:
    case EC_STEP_LOWER:
    case EC_WATCH_LOWER:
        return true;
    default:
        return false;
    }
}

static void log_exception(const ArmCPU *cpu, unsigned vector_kind, unsigned from_el)
{
    static const char *const kinds[] = { "sync", "IRQ", "FIQ", "SError" };
    const CPUARMState *env = &cpu->env;

    log_printf(LOG_INT,
               "cpu %d: %s exception from EL%u to EL1: ESR 0x%x (EC 0x%02x) ELR 0x%" PRIx64 " FAR 0x%" PRIx64 " SPSR 0x%x -> pc 0x%" PRIx64 "\n",
               cpu->parent.index, kinds[vector_kind >> 7 & 3], from_el, (unsigned)env->esr_el1, (unsigned)(env->esr_el1 >> 26 & 0x3f),
               env->elr_el1, env->far_el1, (unsigned)env->spsr_el1, env->pc);
}

/* AArch64.TakeException (D1.3): the syndrome of a synchronous exception or SError is in env->exc. */
void arm_take_exception(ArmCPU *cpu, unsigned vector_kind, uint64_t return_pc)
{
    CPUARMState *env = &cpu->env;
    unsigned from_el = arm_el(env), offset = from_el == 0 ? 0x400 : sp_bank(env->pstate) ? 0x200 : 0;
    uint32_t spsr = arm_get_spsr(env), pstate = env->pstate;

    if (vector_kind == 0 || vector_kind == 0x180) {
        unsigned ec = env->exc.syndrome >> 26;
        env->esr_el1 = env->exc.syndrome;
        if (from_el && ec_has_same_form(ec))
            env->esr_el1 |= 1ull << 26;
        if (env->exc.far_valid)
            env->far_el1 = env->exc.far;
        /* The return address is past these, where BTYPE is 0. */
        if (vector_kind == 0 && (ec == EC_SVC64 || ec == EC_HVC64 || ec == EC_SMC64))
            spsr &= ~PSTATE_BTYPE;
    }
    pstate &= PSTATE_PAN | PSTATE_DIT;
    pstate |= 1u << PSTATE_EL_SHIFT | PSTATE_SP | PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F;
    if (arm_has(cpu, ARM_FEAT_pan) && !(env->sctlr_el1 & SCTLR_SPAN))
        pstate |= PSTATE_PAN;
    if (arm_has(cpu, ARM_FEAT_ssbs) && (env->sctlr_el1 & SCTLR_DSSBS))
        pstate |= PSTATE_SSBS;
    env->spsr_el1 = spsr;
    env->elr_el1 = return_pc;
    switch_pstate(env, pstate);
    env->pc = env->vbar_el1 + vector_kind + offset;
    env->exclusive = EXCLUSIVE_OPEN;
    env->step_iss = 0; /* what runs before a step exception now is not stepped, or ERET */
    env->exc.far_valid = false;
    if (log_enabled(LOG_INT))
        log_exception(cpu, vector_kind, from_el);
}

void arm_raise_sync(ArmCPU *cpu, uint32_t syndrome, const uint64_t *far, uintptr_t ra)
{
    cpu->env.exc.syndrome = syndrome;
    cpu->env.exc.far_valid = far != NULL;
    cpu->env.exc.far = far ? *far : 0;
    cpu->parent.exception_index = ARM_EXCP_SYNC;
    cpu_loop_exit_restore(&cpu->parent, ra);
}

void arm_raise_undefined(ArmCPU *cpu, uintptr_t ra)
{
    arm_raise_sync(cpu, ARM_SYN(EC_UNKNOWN, 0), NULL, ra);
}

void arm_do_exception(CPUState *cs)
{
    static const uint16_t kinds[] = { [ARM_EXCP_SYNC] = 0, [ARM_EXCP_IRQ] = 0x80, [ARM_EXCP_FIQ] = 0x100, [ARM_EXCP_SERROR] = 0x180 };

    assert(cs->exception_index >= 0 && cs->exception_index <= ARM_EXCP_SERROR);
    arm_take_exception(arm_cpu(cs), kinds[cs->exception_index], arm_env(cs)->pc);
    cs->exception_index = -1;
}

bool arm_do_interrupt(CPUState *cs, uint32_t request)
{
    ArmCPU *cpu = arm_cpu(cs);

    if (fiq_line(cpu) && !(cpu->env.pstate & PSTATE_F)) {
        arm_take_exception(cpu, 0x100, cpu->env.pc);
        return true;
    }
    if (irq_line(cpu) && !(cpu->env.pstate & PSTATE_I)) {
        arm_take_exception(cpu, 0x80, cpu->env.pc);
        return true;
    }
    return false;
}

/* WFI ends with a pending interrupt even when PSTATE masks it (D1.6.2), WFE with one that can be taken, or an event. */
bool arm_has_work(CPUState *cs)
{
    const ArmCPU *cpu = arm_cpu(cs);
    if (__atomic_load_n(&cpu->waiting_event, __ATOMIC_RELAXED) && cs->halted && arm_is_on(cpu))
        return __atomic_load_n(&cpu->event, __ATOMIC_SEQ_CST) || arm_interrupt_deliverable(cpu);
    return arm_is_on(cpu) && (irq_line(cpu) || fiq_line(cpu));
}

void arm_cpu_set_irq(CPUState *cs, ArmIrqLine line, bool level)
{
    static const uint32_t request[] = { [ARM_LINE_IRQ] = CPU_INTERRUPT_HARD, [ARM_LINE_FIQ] = CPU_INTERRUPT_TGT(0) };
    ArmCPU *cpu = arm_cpu(cs);
    uint32_t bit = 1u << line;

    if (line != ARM_LINE_IRQ && line != ARM_LINE_FIQ)
        return; /* virtual interrupts need EL2 */
    if (level) {
        __atomic_fetch_or(&cpu->irq_level, bit, __ATOMIC_SEQ_CST);
        cpu_interrupt(cs, request[line]);
        return;
    }
    __atomic_fetch_and(&cpu->irq_level, ~bit, __ATOMIC_SEQ_CST);
    cpu_reset_interrupt(cs, request[line]);
    if (__atomic_load_n(&cpu->irq_level, __ATOMIC_SEQ_CST) & bit)
        cpu_interrupt(cs, request[line]); /* raised in between by another thread */
}
