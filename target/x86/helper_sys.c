/* SPDX-License-Identifier: MIT */
/*
 * Helpers of the other system instructions: control registers, MSRs, interrupt flag, HLT, system calls, RSM.
 */
#include "target/x86/helper_sys.h"
#include "target/x86/segment_internal.h"

/* ---- the interrupt flag where IOPL does not allow it ---- */
/* Whether VIF stands for IF: CR4.VME in virtual-8086 mode, CR4.PVI at CPL 3. */
static bool virtual_if(const CPUX86State *env)
{
    if (env->eflags & EF_VM)
        return env->cr4 & CR4_VME;
    return (env->cr4 & CR4_PVI) && x86_cpl(env) == 3;
}

void helper_x86_cli(CPUState *cs)
{
    CPUX86State *env = x86_env(cs);

    if (!virtual_if(env))
        x86_raise_gp0(x86_cpu(cs), GETPC());
    env->eflags &= ~EF_VIF;
}

void helper_x86_sti(CPUState *cs)
{
    CPUX86State *env = x86_env(cs);

    if (!virtual_if(env) || (env->eflags & EF_VIP))
        x86_raise_gp0(x86_cpu(cs), GETPC());
    env->eflags |= EF_VIF;
}

void helper_x86_hlt(CPUState *cs, uint64_t next_pc)
{
    x86_env(cs)->pc = next_pc;
    x86_cpu(cs)->monitor.waiting = false;
    cs->halted = true;
    cs->exception_index = EXCP_HLT;
    cpu_loop_exit(cs);
}

/* ---- control and debug registers ---- */
void helper_x86_check_umip(CPUState *cs)
{
    if (x86_env(cs)->cr4 & CR4_UMIP)
        x86_raise_gp0(x86_cpu(cs), GETPC());
}

uint64_t helper_x86_read_cr8(CPUState *cs)
{
    return x86_read_cr8(x86_cpu(cs));
}

void helper_x86_write_cr(CPUState *cs, uint32_t n, uint64_t value)
{
    X86CPU *cpu = x86_cpu(cs);
    uintptr_t ra = GETPC();

    if (n == 0)
        x86_write_cr0(cpu, value, ra);
    else if (n == 2)
        cpu->env.cr2 = value;
    else if (n == 3)
        x86_write_cr3(cpu, value, ra);
    else if (n == 4)
        x86_write_cr4(cpu, value, ra);
    else
        x86_write_cr8(cpu, value, ra);
}

uint64_t helper_x86_read_dr(CPUState *cs, uint32_t n)
{
    return x86_read_dr(x86_cpu(cs), n, GETPC());
}

void helper_x86_write_dr(CPUState *cs, uint32_t n, uint64_t value)
{
    x86_write_dr(x86_cpu(cs), n, value, GETPC());
}

void helper_x86_lmsw(CPUState *cs, uint32_t value)
{
    x86_load_msw(x86_cpu(cs), (uint16_t)value, GETPC());
}

void helper_x86_clts(CPUState *cs)
{
    CPUX86State *env = x86_env(cs);

    env->cr0 &= ~(uint64_t)CR0_TS;
    x86_update_hflags(env);
}

void helper_x86_invlpg(CPUState *cs, uint64_t va)
{
    x86_invlpg(x86_cpu(cs), va);
}

void helper_x86_invpcid(CPUState *cs, uint64_t type, uint64_t pcid, uint64_t va)
{
    X86CPU *cpu = x86_cpu(cs);
    uintptr_t ra = GETPC();

    if (type > 3)
        x86_raise_gp0(cpu, ra);
    x86_invpcid(cpu, (unsigned)type, pcid, va, ra);
}

/* ---- EDX:EAX by ECX ---- */
static void set_edx_eax(CPUX86State *env, uint64_t value)
{
    env->regs[X86_RAX] = (uint32_t)value;
    env->regs[X86_RDX] = value >> 32;
}

static uint64_t edx_eax(const CPUX86State *env)
{
    return env->regs[X86_RDX] << 32 | (uint32_t)env->regs[X86_RAX];
}

void helper_x86_rdmsr(CPUState *cs)
{
    X86CPU *cpu = x86_cpu(cs);
    uint64_t value;

    if (!x86_read_msr(cpu, (uint32_t)cpu->env.regs[X86_RCX], &value))
        x86_raise_gp0(cpu, GETPC());
    set_edx_eax(&cpu->env, value);
}

void helper_x86_wrmsr(CPUState *cs)
{
    X86CPU *cpu = x86_cpu(cs);

    if (!x86_write_msr(cpu, (uint32_t)cpu->env.regs[X86_RCX], edx_eax(&cpu->env)))
        x86_raise_gp0(cpu, GETPC());
}

void helper_x86_xgetbv(CPUState *cs)
{
    CPUX86State *env = x86_env(cs);
    set_edx_eax(env, x86_xgetbv(x86_cpu(cs), (uint32_t)env->regs[X86_RCX], GETPC()));
}

void helper_x86_xsetbv(CPUState *cs)
{
    const CPUX86State *env = x86_env(cs);
    x86_xsetbv(x86_cpu(cs), (uint32_t)env->regs[X86_RCX], edx_eax(env), GETPC());
}

/* ---- bases ---- */
void helper_x86_check_fsgsbase(CPUState *cs)
{
    if (!(x86_env(cs)->cr4 & CR4_FSGSBASE))
        x86_raise(x86_cpu(cs), EXCP_UD, GETPC());
}

void helper_x86_check_base(CPUState *cs, uint64_t base)
{
    if (!x86_is_canonical(x86_env(cs), base))
        x86_raise_gp0(x86_cpu(cs), GETPC());
}

/* ---- system calls, SMM ---- */
void helper_x86_syscall(CPUState *cs, uint64_t next_eip)
{
    x86_syscall(x86_cpu(cs), next_eip, GETPC());
}

void helper_x86_sysret(CPUState *cs, uint32_t size)
{
    x86_sysret(x86_cpu(cs), size, GETPC());
}

void helper_x86_sysenter(CPUState *cs)
{
    x86_sysenter(x86_cpu(cs), GETPC());
}

void helper_x86_sysexit(CPUState *cs, uint32_t size)
{
    x86_sysexit(x86_cpu(cs), size, GETPC());
}

void helper_x86_rsm(CPUState *cs)
{
    x86_leave_smm(x86_cpu(cs), GETPC());
}

#define HELPER IR_HELPER_DEFINE
#include "target/x86/helper_sys.def"
#undef HELPER
