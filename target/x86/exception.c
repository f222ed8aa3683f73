/* SPDX-License-Identifier: MIT */
/*
 * Exceptions and interrupts: raising, double and triple faults, what wakes and what interrupts a vCPU.
 *
 * A helper or the MMU raises by leaving for the top of cpu_exec with the vector in exception_index; x86_do_exception delivers
 * it there. While it does, env->delivering is the vector: a fault of the delivery comes back here and is combined with it
 * (SDM vol. 3 table 6-5). Events that are benign (interrupts, INT n, #DB ...) are delivered without that mark.
 *
 * interrupt_request stays set while an interrupt is masked; whoever sets IF calls x86_check_interrupts.
 */
#include <inttypes.h>

#include "base/bits.h"
#include "base/log.h"
#include "cpus/runstate.h"
#include "target/x86/segment_internal.h"

/* ---- raising ---- */
static void __attribute__((noreturn)) leave(X86CPU *cpu, int vector, uint32_t error, bool has_error, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;

    env->error_code = error;
    env->has_error_code = has_error;
    env->is_soft_int = false;
    cpu->parent.exception_index = vector;
    cpu_loop_exit_restore(&cpu->parent, ra);
}

void x86_raise(X86CPU *cpu, int vector, uintptr_t ra)
{
    leave(cpu, vector, 0, false, ra);
}

void x86_raise_error(X86CPU *cpu, int vector, uint32_t error, uintptr_t ra)
{
    leave(cpu, vector, error, true, ra);
}

void x86_shutdown(X86CPU *cpu)
{
    log_printf(LOG_INT | LOG_GUEST_ERROR, "cpu %d: triple fault at pc 0x%" PRIx64 ": reset\n", cpu->parent.index, cpu->env.pc);
    cpu->env.delivering = -1;
    cpu->env.wait_for_sipi = true; /* nothing but INIT or the reset that follows runs it again */
    runstate_request(RUN_REQ_RESET);
    cpu->parent.halted = true;
    cpu->parent.exception_index = EXCP_HLT;
    cpu_loop_exit(&cpu->parent);
}

/* ---- combining ---- */
static bool is_contributory(int vector)
{
    return vector == EXCP_DE || (vector >= EXCP_TS && vector <= EXCP_GP);
}

/* What is delivered when second was raised while first was being delivered; EXCP_TRIPLE: nothing can be. */
static int combine(int first, int second)
{
    bool serious = is_contributory(second) || second == EXCP_PF;

    if (first == EXCP_DF && serious)
        return EXCP_TRIPLE;
    if (first == EXCP_PF && serious)
        return EXCP_DF;
    if (first >= 0 && is_contributory(first) && is_contributory(second))
        return EXCP_DF;
    return second;
}

void x86_do_exception(CPUState *cs)
{
    X86CPU *cpu = x86_cpu(cs);
    CPUX86State *env = &cpu->env;
    int raised = cs->exception_index, vector = combine(env->delivering, raised);
    bool soft = env->is_soft_int;

    if (vector == EXCP_TRIPLE)
        x86_shutdown(cpu);
    if (vector == EXCP_DF && raised != EXCP_DF) {
        env->error_code = 0;
        env->has_error_code = true;
    }
    env->is_soft_int = false;
    env->delivering = soft ? -1 : vector;
    x86_deliver(cpu, vector, soft, env->error_code, env->has_error_code, x86_get_eip(env), false);
}

/* ---- interrupts ---- */
static bool intr_deliverable(const CPUX86State *env)
{
    return (env->eflags & EF_IF) && !(env->hflags & BF_INHIBIT);
}

void x86_check_interrupts(X86CPU *cpu)
{
    const CPUX86State *env = &cpu->env;
    uint32_t takes = (env->eflags & EF_IF ? CPU_INTERRUPT_HARD : 0) | (env->nmi_masked ? 0 : CPU_INTERRUPT_NMI) |
                     (env->smm ? 0 : CPU_INTERRUPT_SMI | CPU_INTERRUPT_INIT);

    if (__atomic_load_n(&cpu->parent.interrupt_request, __ATOMIC_ACQUIRE) & takes)
        cpu_exit_settle(&cpu->parent);
}

static void __attribute__((noreturn)) sleep_until_work(CPUState *cs)
{
    cs->halted = true;
    cs->exception_index = EXCP_HLT;
    cpu_loop_exit(cs);
}

static void take_init(X86CPU *cpu)
{
    log_printf(LOG_INT, "cpu %d: INIT at pc 0x%" PRIx64 "\n", cpu->parent.index, cpu->env.pc);
    cpu_reset_interrupt(&cpu->parent, CPU_INTERRUPT_INIT);
    x86_init_signal(cpu);
    if (cpu->env.wait_for_sipi)
        sleep_until_work(&cpu->parent);
}

static void take_sipi(X86CPU *cpu)
{
    log_printf(LOG_INT, "cpu %d: start-up interrupt, vector 0x%02x%s\n", cpu->parent.index, cpu->sipi_vector, cpu->env.wait_for_sipi ? "" : ": not waited for");
    cpu_reset_interrupt(&cpu->parent, CPU_INTERRUPT_SIPI);
    x86_sipi(cpu);
}

static bool take_hard(X86CPU *cpu)
{
    int vector = -1;

    if (cpu->apic.get_interrupt)
        vector = cpu->apic.get_interrupt(cpu->apic.opaque);
    if (vector < 0)
        return false;
    cpu->env.delivering = -1;
    x86_deliver(cpu, vector & 0xff, false, 0, false, x86_get_eip(&cpu->env), true);
    return true;
}

static bool take_nmi(X86CPU *cpu)
{
    cpu_reset_interrupt(&cpu->parent, CPU_INTERRUPT_NMI);
    cpu->env.nmi_masked = true;
    cpu->env.delivering = -1;
    x86_deliver(cpu, EXCP_NMI, false, 0, false, x86_get_eip(&cpu->env), true);
    return true;
}

/* A processor that waits for SIPI, or has shut down, sees nothing else. */
static bool take_while_waiting(X86CPU *cpu, uint32_t request)
{
    if (request & CPU_INTERRUPT_INIT)
        take_init(cpu);
    if (request & CPU_INTERRUPT_SIPI)
        take_sipi(cpu);
    if (cpu->env.wait_for_sipi)
        sleep_until_work(&cpu->parent);
    return true;
}

/* Priorities of SDM vol. 3 table 6-2. */
bool x86_do_interrupt(CPUState *cs, uint32_t request)
{
    X86CPU *cpu = x86_cpu(cs);
    CPUX86State *env = &cpu->env;

    if (request & CPU_INTERRUPT_POLL)
        cpu_reset_interrupt(cs, CPU_INTERRUPT_POLL);
    if (env->wait_for_sipi)
        return take_while_waiting(cpu, request);
    if ((request & CPU_INTERRUPT_SMI) && !env->smm && !(env->hflags & BF_INHIBIT)) {
        cpu_reset_interrupt(cs, CPU_INTERRUPT_SMI);
        x86_enter_smm(cpu);
        return true;
    }
    if ((request & CPU_INTERRUPT_INIT) && !env->smm) {
        take_init(cpu);
        return true;
    }
    if (request & CPU_INTERRUPT_SIPI)
        take_sipi(cpu);
    if ((request & CPU_INTERRUPT_NMI) && !env->nmi_masked && !(env->hflags & BF_INHIBIT))
        return take_nmi(cpu);
    return (request & CPU_INTERRUPT_HARD) && intr_deliverable(env) && take_hard(cpu);
}

/* INTR may be high for what the APIC's priorities hold back meanwhile: HLT must not end for that. */
static bool has_interrupt(CPUState *cs)
{
    const X86ApicOps *apic = &x86_cpu(cs)->apic;

    return !apic->has_interrupt || apic->has_interrupt(apic->opaque);
}

bool x86_has_work(CPUState *cs)
{
    const CPUX86State *env = x86_env(cs);
    uint32_t request = __atomic_load_n(&cs->interrupt_request, __ATOMIC_ACQUIRE);

    if (env->wait_for_sipi)
        return request & (CPU_INTERRUPT_SIPI | CPU_INTERRUPT_INIT);
    if (!env->smm && (request & (CPU_INTERRUPT_SMI | CPU_INTERRUPT_INIT)))
        return true;
    if ((request & CPU_INTERRUPT_NMI) && !env->nmi_masked)
        return true;
    return ((request & CPU_INTERRUPT_HARD) && (env->eflags & EF_IF) && has_interrupt(cs)) || x86_mwait_is_over(x86_cpu(cs));
}
