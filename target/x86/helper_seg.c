/* SPDX-License-Identifier: MIT */
/*
 * Helpers about segments and descriptors: loads, LAR and its kin, LLDT and LTR, far transfers, software interrupts.
 */
#include "target/x86/helper_sys.h"
#include "target/x86/segment_internal.h"

void helper_x86_load_seg(CPUState *cs, uint32_t seg, uint32_t selector)
{
    CPUX86State *env = x86_env(cs);

    x86_load_seg(x86_cpu(cs), seg, (uint16_t)selector, GETPC());
    if (seg == X86_SEG_SS)
        env->hflags |= BF_INHIBIT; /* so that the stack pointer can be loaded too */
}

/* ---- far transfers ---- */
void helper_x86_far_jump(CPUState *cs, uint32_t selector, uint64_t offset, uint32_t size, uint64_t next_eip)
{
    x86_far_jump(x86_cpu(cs), (uint16_t)selector, offset, size, next_eip, GETPC());
}

void helper_x86_far_call(CPUState *cs, uint32_t selector, uint64_t offset, uint32_t size, uint64_t next_eip)
{
    x86_far_call(x86_cpu(cs), (uint16_t)selector, offset, size, next_eip, GETPC());
}

void helper_x86_far_return(CPUState *cs, uint32_t size, uint32_t pop_bytes)
{
    x86_far_return(x86_cpu(cs), size, pop_bytes, GETPC());
}

void helper_x86_iret(CPUState *cs, uint32_t size, uint64_t next_eip)
{
    x86_iret(x86_cpu(cs), size, next_eip, GETPC());
}

/* ---- software interrupts: delivered at once; a fault of the delivery is this instruction's ---- */
static void software(CPUState *cs, int vector, bool checks_dpl, uint64_t next_eip, uintptr_t ra)
{
    cpu_restore_state(cs, ra);
    x86_deliver(x86_cpu(cs), vector, checks_dpl, 0, false, next_eip, !checks_dpl);
}

void helper_x86_int(CPUState *cs, uint32_t vector, uint64_t next_eip)
{
    X86CPU *cpu = x86_cpu(cs);
    CPUX86State *env = &cpu->env;
    uintptr_t ra = GETPC();

    if (env->eflags & EF_VM) {
        if ((env->cr4 & CR4_VME) && x86_vme_redirect(cpu, (int)vector, next_eip, ra))
            return;
        if ((env->eflags & EF_IOPL) != EF_IOPL)
            x86_raise_gp0(cpu, ra);
    }
    software(cs, (int)vector, true, next_eip, ra);
}

void helper_x86_int3(CPUState *cs, uint64_t next_eip)
{
    software(cs, EXCP_BP, true, next_eip, GETPC());
}

void helper_x86_into(CPUState *cs, uint64_t next_eip)
{
    CPUX86State *env = x86_env(cs);

    if (x86_get_eflags(env) & EF_OF)
        software(cs, EXCP_OF, true, next_eip, GETPC());
    else
        x86_set_eip(env, next_eip);
}

void helper_x86_int1(CPUState *cs, uint64_t next_eip)
{
    software(cs, EXCP_DB, false, next_eip, GETPC());
}

/* ---- LDTR and TR ---- */
static void need_gdt_desc(X86CPU *cpu, uint16_t selector, X86Desc *d, uintptr_t ra)
{
    uint32_t room = x86_lma(&cpu->env) ? 15 : 7;

    if (x86_sel_null(selector) || (selector & 4) || (selector & 0xfff8u) + room > cpu->env.gdt.limit)
        x86_raise_error(cpu, EXCP_GP, x86_sel_error(selector), ra);
    x86_need_desc(cpu, selector, 0, d, ra);
}

void helper_x86_lldt(CPUState *cs, uint32_t selector)
{
    X86CPU *cpu = x86_cpu(cs);
    uintptr_t ra = GETPC();
    X86Desc d;

    if (x86_sel_null((uint16_t)selector)) {
        cpu->env.ldt = x86_null_segment((uint16_t)selector);
        return;
    }
    need_gdt_desc(cpu, (uint16_t)selector, &d, ra);
    if ((d.hi & SEG_S) || x86_sys_type(&d) != SYS_LDT)
        x86_raise_error(cpu, EXCP_GP, x86_sel_error((uint16_t)selector), ra);
    if (!(d.hi & SEG_P))
        x86_raise_error(cpu, EXCP_NP, x86_sel_error((uint16_t)selector), ra);
    uint64_t base = x86_system_base(cpu, &d, ra);
    cpu->env.ldt = x86_desc_segment(&d, (uint16_t)selector);
    cpu->env.ldt.base = base;
}

void helper_x86_ltr(CPUState *cs, uint32_t selector)
{
    X86CPU *cpu = x86_cpu(cs);
    uint32_t error = x86_sel_error((uint16_t)selector);
    uintptr_t ra = GETPC();
    X86Desc d;

    if (x86_sel_null((uint16_t)selector))
        x86_raise_gp0(cpu, ra);
    need_gdt_desc(cpu, (uint16_t)selector, &d, ra);
    unsigned type = d.hi & SEG_S ? 0 : x86_sys_type(&d);
    if (type != SYS_TSS32 && (type != SYS_TSS16 || x86_lma(&cpu->env)))
        x86_raise_error(cpu, EXCP_GP, error, ra);
    if (!(d.hi & SEG_P))
        x86_raise_error(cpu, EXCP_NP, error, ra);
    uint64_t base = x86_system_base(cpu, &d, ra);
    x86_desc_set(cpu, &d, SEG_BUSY >> 8, ra);
    cpu->env.tr = x86_desc_segment(&d, (uint16_t)selector);
    cpu->env.tr.base = base;
    cpu->env.tr.attr |= SEG_BUSY;
}

void helper_x86_load_table(CPUState *cs, uint32_t idt, uint64_t base, uint32_t limit)
{
    CPUX86State *env = x86_env(cs);

    if ((env->hflags & BF_CS64) && !x86_is_canonical(env, base))
        x86_raise_gp0(x86_cpu(cs), GETPC());
    *(idt ? &env->idt : &env->gdt) = (X86Table){ base, limit & 0xffff };
}

/* ---- looking at descriptors ---- */
/* Which system descriptors LAR and LSL know: masks of types, by IA-32e mode. */
#define LAR_LEGACY 0x1a3eu /* 1-5, 9, 11, 12 */
#define LAR_LONG 0x1a04u   /* 2, 9, 11, 12 */
#define LSL_LEGACY 0x0a0eu /* 1, 2, 3, 9, 11 */
#define LSL_LONG 0x0a04u   /* 2, 9, 11 */

static bool visible(X86CPU *cpu, uint16_t selector, uint32_t system_types, X86Desc *d, uintptr_t ra)
{
    unsigned cpl = x86_cpl(&cpu->env), rpl = selector & 3;

    if (x86_sel_null(selector) || !x86_read_desc(cpu, selector, d, ra))
        return false;
    if (!(d->hi & SEG_S) && !(system_types >> x86_sys_type(d) & 1))
        return false;
    bool conforming = (d->hi & (SEG_S | SEG_CODE | SEG_E)) == (SEG_S | SEG_CODE | SEG_E);
    return conforming || (SEG_DPL(d->hi) >= cpl && SEG_DPL(d->hi) >= rpl);
}

uint64_t helper_x86_lar(CPUState *cs, uint32_t selector)
{
    X86CPU *cpu = x86_cpu(cs);
    X86Desc d;

    if (!visible(cpu, (uint16_t)selector, x86_lma(&cpu->env) ? LAR_LONG : LAR_LEGACY, &d, GETPC()))
        return 0;
    return X86_LAR_OK | (d.hi & 0xffff00);
}

uint64_t helper_x86_lsl(CPUState *cs, uint32_t selector)
{
    X86CPU *cpu = x86_cpu(cs);
    X86Desc d;

    if (!visible(cpu, (uint16_t)selector, x86_lma(&cpu->env) ? LSL_LONG : LSL_LEGACY, &d, GETPC()))
        return 0;
    return X86_LAR_OK | x86_desc_limit(&d);
}

uint32_t helper_x86_arpl(CPUState *cs, uint32_t seg, uint64_t offset, uint32_t src)
{
    X86CPU *cpu = x86_cpu(cs);
    uintptr_t ra = GETPC();
    IRMemOp mo = MO_16 | x86_data_mmu_index(&cpu->env) << MO_IDX_SHIFT;
    uint32_t dst = (uint32_t)mmu_ld(cs, x86_seg_linear(cpu, seg, offset, 2, false, ra), mo, ra);

    if ((dst & 3) >= (src & 3))
        return 0;
    mmu_st(cs, x86_seg_linear(cpu, seg, offset, 2, true, ra), (dst & ~3u) | (src & 3), mo, ra);
    return 1;
}

uint32_t helper_x86_verify(CPUState *cs, uint32_t selector, uint32_t write)
{
    X86Desc d;

    if (!visible(x86_cpu(cs), (uint16_t)selector, 0, &d, GETPC()))
        return 0;
    if (write)
        return (d.hi & (SEG_CODE | SEG_W)) == SEG_W;
    return (d.hi & (SEG_CODE | SEG_W)) != SEG_CODE;
}
