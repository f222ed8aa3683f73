/* SPDX-License-Identifier: MIT */
/*
 * SYSCALL, SYSRET, SYSENTER, SYSEXIT (Intel SDM vol. 2; AMD APM vol. 3).
 *
 * The segments are fixed: nothing is read from descriptor tables. SYSCALL and SYSRET outside 64-bit mode are AMD's, SYSENTER and SYSEXIT in
 * IA-32e mode Intel's: on models of the other maker they are #UD there. SYSRET to a non-canonical address faults at level 0, as Intel's does.
 */
#include "target/x86/segment_internal.h"

#define ATTR_CODE (SEG_P | SEG_S | SEG_CODE | SEG_W | SEG_A | SEG_G)
#define ATTR_CODE64 (ATTR_CODE | SEG_L)
#define ATTR_CODE32 (ATTR_CODE | SEG_DB)
#define ATTR_DATA (SEG_P | SEG_S | SEG_W | SEG_A | SEG_G | SEG_DB)
#define SYSRET_FLAGS (EF_ALL & ~EF_VM) /* RF becomes 0 */

static void set_flat(CPUX86State *env, uint16_t cs, uint16_t ss, bool code64, unsigned cpl)
{
    uint32_t dpl = cpl << SEG_DPL_SHIFT;

    env->segs[X86_SEG_CS] = (X86Segment){ 0, 0xffffffff, (code64 ? ATTR_CODE64 : ATTR_CODE32) | dpl, (uint16_t)((cs & ~3u) | cpl) };
    env->segs[X86_SEG_SS] = (X86Segment){ 0, 0xffffffff, ATTR_DATA | dpl, (uint16_t)((ss & ~3u) | cpl) };
}

void x86_syscall(X86CPU *cpu, uint64_t next_eip, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    bool from64 = env->hflags & BF_CS64, long_mode = x86_lma(env);
    uint16_t cs = (uint16_t)(env->star >> 32);

    if (!(env->efer & EFER_SCE) || (!from64 && !cpu->is_amd) || !(env->cr0 & CR0_PE))
        x86_raise(cpu, EXCP_UD, ra);
    env->regs[X86_RCX] = next_eip;
    if (long_mode)
        env->regs[11] = x86_get_eflags(env) & ~EF_RF;
    set_flat(env, cs, (uint16_t)((cs & ~3u) + 8), long_mode, 0);
    env->hflags &= ~BF_INHIBIT;
    x86_set_eflags(env, 0, long_mode ? ((uint32_t)env->sfmask & EF_ALL) | EF_RF : EF_IF | EF_RF | EF_VM);
    x86_update_hflags(env);
    x86_set_eip(env, !long_mode ? (uint32_t)env->star : from64 ? env->lstar : env->cstar);
}

void x86_sysret(X86CPU *cpu, unsigned op_size, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    bool from64 = env->hflags & BF_CS64, to64 = from64 && op_size == 8;
    uint16_t base = (uint16_t)(env->star >> 48);
    uint64_t target = env->regs[X86_RCX];

    if (!(env->efer & EFER_SCE) || (!from64 && !cpu->is_amd) || !(env->cr0 & CR0_PE))
        x86_raise(cpu, EXCP_UD, ra);
    if (x86_cpl(env) != 0 || (to64 && !x86_is_canonical(env, target)))
        x86_raise_gp0(cpu, ra);
    set_flat(env, (uint16_t)(to64 ? base + 16 : base), (uint16_t)(base + 8), to64, 3);
    if (x86_lma(env))
        x86_set_eflags(env, (uint32_t)env->regs[11] & ~EF_RF, SYSRET_FLAGS);
    else
        x86_set_eflags(env, EF_IF, EF_IF);
    x86_update_hflags(env);
    x86_set_eip(env, to64 ? target : (uint32_t)target);
    x86_check_interrupts(cpu);
}

void x86_sysenter(X86CPU *cpu, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    bool long_mode = x86_lma(env);
    uint16_t cs = (uint16_t)env->sysenter_cs & 0xfffc;

    if (long_mode && cpu->is_amd)
        x86_raise(cpu, EXCP_UD, ra);
    if (!(env->cr0 & CR0_PE) || !cs)
        x86_raise_gp0(cpu, ra);
    set_flat(env, cs, (uint16_t)(cs + 8), long_mode, 0);
    env->hflags &= ~BF_INHIBIT;
    x86_set_eflags(env, 0, EF_VM | EF_IF | EF_RF);
    x86_update_hflags(env);
    env->regs[X86_RSP] = long_mode ? env->sysenter_esp : (uint32_t)env->sysenter_esp;
    x86_set_eip(env, long_mode ? env->sysenter_eip : (uint32_t)env->sysenter_eip);
}

void x86_sysexit(X86CPU *cpu, unsigned op_size, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    bool to64 = op_size == 8;
    uint16_t cs = (uint16_t)env->sysenter_cs & 0xfffc;
    uint64_t rip = env->regs[X86_RDX], rsp = env->regs[X86_RCX];

    if (x86_lma(env) && cpu->is_amd)
        x86_raise(cpu, EXCP_UD, ra);
    if (!(env->cr0 & CR0_PE) || !cs || x86_cpl(env) != 0)
        x86_raise_gp0(cpu, ra);
    if (to64 && (!x86_is_canonical(env, rip) || !x86_is_canonical(env, rsp)))
        x86_raise_gp0(cpu, ra);
    set_flat(env, (uint16_t)(cs + (to64 ? 32 : 16)), (uint16_t)(cs + (to64 ? 40 : 24)), to64, 3);
    x86_update_hflags(env);
    env->regs[X86_RSP] = to64 ? rsp : (uint32_t)rsp;
    x86_set_eip(env, to64 ? rip : (uint32_t)rip);
}
