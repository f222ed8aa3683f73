/* SPDX-License-Identifier: MIT */
/*
 * Helpers of instructions about the CPU itself: CPUID, the time-stamp counter, random numbers, MONITOR and MWAIT, cache lines.
 *
 * MWAIT waits for a store to the monitored line, which nothing here watches. It may always end early, so where another vCPU could be
 * the one that stores, it sleeps briefly; with one vCPU it halts until an interrupt, if interrupts are on.
 */
#include "base/entropy.h"
#include "target/x86/helper_int.h"

#define MWAIT_NS 1000000

void helper_cpuid(CPUState *cs)
{
    CPUX86State *env = x86_env(cs);
    uint32_t out[4];

    x86_cpuid(x86_cpu(cs), (uint32_t)env->regs[X86_RAX], (uint32_t)env->regs[X86_RCX], out);
    env->regs[X86_RAX] = out[0];
    env->regs[X86_RBX] = out[1];
    env->regs[X86_RCX] = out[2];
    env->regs[X86_RDX] = out[3];
}

uint64_t helper_rdtsc(CPUState *cs)
{
    X86CPU *cpu = x86_cpu(cs);

    if (cpu->env.cr4 & CR4_TSD && x86_cpl(&cpu->env))
        x86_raise_gp0(cpu, GETPC());
    return x86_read_tsc(cpu);
}

/* There are no performance counters: any number is out of range. */
void helper_rdpmc(CPUState *cs) { x86_raise_gp0(x86_cpu(cs), GETPC()); }

uint64_t helper_random(void)
{
    uint64_t v;
    entropy_bytes(&v, sizeof(v));
    return v;
}

void helper_monitor(CPUState *cs, uint64_t va)
{
    CPUX86State *env = x86_env(cs);
    uintptr_t ra = GETPC();

    if ((uint32_t)env->regs[X86_RCX])
        x86_raise_gp0(x86_cpu(cs), ra);
    mmu_probe(cs, va, 1, MMU_DATA_LOAD, x86_data_mmu_index(env), false, NULL, ra);
    env->monitor_address = va;
    env->monitor_armed = true;
}

/* Leaves with why, to go on at next_pc. */
static void __attribute__((noreturn)) leave_to(CPUState *cs, int why, uint64_t next_pc, uintptr_t ra)
{
    cpu_restore_state(cs, ra); /* cc_op */
    x86_env(cs)->pc = next_pc;
    cs->exception_index = why;
    cpu_loop_exit(cs);
}

/* ECX bit 0: a masked interrupt ends it too, which it does anyway. */
void helper_mwait(CPUState *cs, uint64_t next_pc)
{
    CPUX86State *env = x86_env(cs);
    uintptr_t ra = GETPC();

    if ((uint32_t)env->regs[X86_RCX] & ~1u)
        x86_raise_gp0(x86_cpu(cs), ra);
    env->monitor_armed = false;
    if (cpu_count() > 1 || !(env->eflags & EF_IF)) {
        cpu_spin_may_sleep(cs, MWAIT_NS);
        leave_to(cs, EXCP_YIELD, next_pc, ra);
    }
    cs->halted = true;
    leave_to(cs, EXCP_HLT, next_pc, ra);
}

void helper_pause(CPUState *cs, uint64_t next_pc)
{
    if (cpu_spin_poll(cs, CPU_SPIN_POLL))
        leave_to(cs, EXCP_YIELD, next_pc, GETPC());
}

void helper_probe_read(CPUState *cs, uint64_t va, uint32_t mo)
{
    mmu_probe(cs, va, 1, MMU_DATA_LOAD, MO_IDX(mo), false, NULL, GETPC());
}
