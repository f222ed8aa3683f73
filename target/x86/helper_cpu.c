/* SPDX-License-Identifier: MIT */
/*
 * Helpers of instructions about the CPU itself: CPUID, the time-stamp counter, random numbers, cache lines.
 */
#include "base/entropy.h"
#include "target/x86/helper_int.h"

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

void helper_probe_read(CPUState *cs, uint64_t va, uint32_t mo)
{
    mmu_probe(cs, va, 1, MMU_DATA_LOAD, MO_IDX(mo), false, NULL, GETPC());
}
