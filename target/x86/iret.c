/* SPDX-License-Identifier: MIT */
/*
 * Far returns: RETF and IRET in every mode (Intel SDM vol. 2, RET and IRET; vol. 3, 6.12 and 20.3).
 *
 * IRET in 64-bit mode always pops SS:RSP. To virtual-8086 mode it goes only from level 0 in legacy mode. With NT set it ends a
 * nested task. It unmasks NMIs however it ends.
 */
#include "target/x86/segment_internal.h"

#define FL_USER (EF_ARITH | EF_TF | EF_DF | EF_NT) /* what IRET changes at any privilege */

static uint64_t cut(uint64_t value, unsigned bytes)
{
    return bytes == 8 ? value : value & ((1ull << bytes * 8) - 1);
}

static void gp_selector(X86CPU *cpu, uint16_t selector, uintptr_t ra)
{
    x86_raise_error(cpu, EXCP_GP, x86_sel_error(selector), ra);
}

/* ---- to protected mode ---- */
static void need_return_code(X86CPU *cpu, uint16_t selector, X86Desc *d, uintptr_t ra)
{
    unsigned rpl = selector & 3;

    x86_need_desc(cpu, selector, 0, d, ra);
    unsigned dpl = SEG_DPL(d->hi);
    if (!x86_desc_is_code(d) || rpl < x86_cpl(&cpu->env) || (d->hi & SEG_E ? dpl > rpl : dpl != rpl))
        gp_selector(cpu, selector, ra);
    x86_check_code_mode(cpu, d, 0, ra);
}

/* SS of the level that is returned to; a null one only for 64-bit code above level 3. */
static X86Segment outer_ss(X86CPU *cpu, uint16_t selector, unsigned cpl, bool code64, X86Desc *d, uintptr_t ra)
{
    if (x86_sel_null(selector)) {
        if (!code64 || cpl == 3 || (selector & 3u) != cpl)
            x86_raise_gp0(cpu, ra);
        d->hi = SEG_A;
        return x86_null_stack(selector, cpl);
    }
    x86_need_desc(cpu, selector, 0, d, ra);
    if ((selector & 3u) != cpl || !x86_desc_is_stack(d) || SEG_DPL(d->hi) != cpl)
        gp_selector(cpu, selector, ra);
    if (!(d->hi & SEG_P))
        x86_raise_error(cpu, EXCP_SS, x86_sel_error(selector), ra);
    X86Segment ss = x86_desc_segment(d, selector);
    ss.attr |= SEG_A;
    return ss;
}

void x86_return_to(X86CPU *cpu, X86Stack *st, uint16_t selector, uint64_t eip, unsigned op_size, unsigned pop_bytes, bool is_iret, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    unsigned old_cpl = x86_cpl(env), cpl = selector & 3;
    X86Desc code, ssd = { .hi = SEG_A };
    X86Segment ss = env->segs[X86_SEG_SS];
    bool pops_ss = cpl > old_cpl || (is_iret && (env->hflags & BF_CS64));
    uint64_t new_sp;

    need_return_code(cpu, selector, &code, ra);
    X86Segment cs = x86_desc_segment(&code, selector);
    cs.attr |= SEG_A;
    bool code64 = x86_seg_is_code64(env, &cs);
    st->sp = (st->sp & ~st->mask) | ((st->sp + pop_bytes) & st->mask);
    if (pops_ss) {
        new_sp = x86_stack_pop(cpu, st, op_size, ra);
        ss = outer_ss(cpu, (uint16_t)x86_stack_pop(cpu, st, op_size, ra), cpl, code64, &ssd, ra);
        *st = x86_new_stack(env, &ss, new_sp, cpl, code64);
        if (cpl > old_cpl)
            st->sp = (st->sp & ~st->mask) | ((st->sp + pop_bytes) & st->mask);
    }
    x86_check_code_offset(cpu, &cs, eip, 0, ra);
    x86_desc_set_accessed(cpu, &code, ra);
    x86_desc_set_accessed(cpu, &ssd, ra);
    env->segs[X86_SEG_CS] = cs;
    env->segs[X86_SEG_SS] = ss;
    if (pops_ss && op_size > 2 && st->mask == 0xffff)
        env->regs[X86_RSP] = new_sp; /* a 16-bit stack: the popped upper half is loaded too */
    x86_set_sp(env, st);
    if (cpl > old_cpl)
        x86_drop_data_segments(env, cpl);
    x86_update_hflags(env);
    x86_set_eip(env, eip);
}

/* ---- real and virtual-8086 mode ---- */
static void return_real(X86CPU *cpu, X86Stack *st, uint16_t selector, uint64_t eip, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;

    x86_check_code_offset(cpu, &env->segs[X86_SEG_CS], eip, 0, ra);
    env->segs[X86_SEG_CS].selector = selector;
    env->segs[X86_SEG_CS].base = (uint32_t)selector << 4;
    x86_set_sp(env, st);
    x86_update_hflags(env);
    x86_set_eip(env, eip);
}

void x86_far_return(X86CPU *cpu, unsigned op_size, unsigned pop_bytes, uintptr_t ra)
{
    X86Stack st = x86_current_stack(&cpu->env);
    uint64_t eip = x86_stack_pop(cpu, &st, op_size, ra);
    uint16_t selector = (uint16_t)x86_stack_pop(cpu, &st, op_size, ra);

    if (!x86_real_or_vm(&cpu->env)) {
        x86_return_to(cpu, &st, selector, eip, op_size, pop_bytes, false, ra);
        return;
    }
    st.sp = (st.sp & ~st.mask) | ((st.sp + pop_bytes) & st.mask);
    return_real(cpu, &st, selector, eip, ra);
}

static uint32_t flags_mask(const CPUX86State *env, unsigned cpl, unsigned op_size)
{
    uint32_t mask = FL_USER;

    if (cpl <= (env->eflags >> EF_IOPL_SHIFT & 3))
        mask |= EF_IF;
    if (cpl == 0)
        mask |= EF_IOPL;
    if (op_size > 2) {
        mask |= EF_RF | EF_AC | EF_ID;
        if (cpl == 0)
            mask |= EF_VIF | EF_VIP;
    }
    return mask;
}

static void iret_real(X86CPU *cpu, unsigned op_size, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    X86Stack st = x86_current_stack(env);
    uint64_t eip = x86_stack_pop(cpu, &st, op_size, ra);
    uint16_t selector = (uint16_t)x86_stack_pop(cpu, &st, op_size, ra);
    uint32_t flags = (uint32_t)x86_stack_pop(cpu, &st, op_size, ra);
    uint32_t mask = FL_USER | EF_IF | (op_size > 2 ? EF_RF | EF_AC | EF_ID : 0);

    if (!(env->eflags & EF_VM))
        mask |= EF_IOPL;
    return_real(cpu, &st, selector, eip, ra);
    x86_set_eflags(env, flags, mask);
}

/* CR4.VME, 16-bit operand size, IOPL below 3: IF's part is played by VIF (SDM vol. 3, 20.3.3.4). */
static void iret_vme(X86CPU *cpu, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    X86Stack st = x86_current_stack(env);
    uint64_t eip = x86_stack_pop(cpu, &st, 2, ra);
    uint16_t selector = (uint16_t)x86_stack_pop(cpu, &st, 2, ra);
    uint32_t flags = (uint32_t)x86_stack_pop(cpu, &st, 2, ra);

    if ((flags & EF_TF) || ((flags & EF_IF) && (env->eflags & EF_VIP)))
        x86_raise_gp0(cpu, ra);
    return_real(cpu, &st, selector, eip, ra);
    x86_set_eflags(env, (flags & ~EF_VIF) | (flags & EF_IF ? EF_VIF : 0), FL_USER | EF_VIF);
}

static void iret_vm86(X86CPU *cpu, unsigned op_size, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;

    if ((env->eflags & EF_IOPL) == EF_IOPL)
        iret_real(cpu, op_size, ra);
    else if ((env->cr4 & CR4_VME) && op_size == 2)
        iret_vme(cpu, ra);
    else
        x86_raise_gp0(cpu, ra);
}

/* Return to virtual-8086 mode: ESP, SS, ES, DS, FS, GS follow. */
static void return_to_vm86(X86CPU *cpu, X86Stack *st, uint16_t selector, uint32_t eip, uint32_t flags, uintptr_t ra)
{
    static const uint8_t order[] = { X86_SEG_SS, X86_SEG_ES, X86_SEG_DS, X86_SEG_FS, X86_SEG_GS };
    CPUX86State *env = &cpu->env;
    X86Segment segs[sizeof(order)], cs = x86_vm86_segment(selector);
    uint32_t esp = (uint32_t)x86_stack_pop(cpu, st, 4, ra);

    for (unsigned i = 0; i < sizeof(order); i++)
        segs[i] = x86_vm86_segment((uint16_t)x86_stack_pop(cpu, st, 4, ra));
    x86_check_code_offset(cpu, &cs, eip & 0xffff, 0, ra);
    for (unsigned i = 0; i < sizeof(order); i++)
        env->segs[order[i]] = segs[i];
    env->segs[X86_SEG_CS] = cs;
    env->regs[X86_RSP] = esp;
    x86_set_eflags(env, flags, FL_USER | EF_IF | EF_IOPL | EF_RF | EF_AC | EF_ID | EF_VIF | EF_VIP | EF_VM);
    x86_update_hflags(env);
    x86_set_eip(env, eip & 0xffff);
}

/* The back link of the TSS names the task that the nested one was called from. */
static void iret_task(X86CPU *cpu, uint64_t next_eip, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;

    if (x86_lma(env))
        x86_raise_gp0(cpu, ra);
    uint16_t link = (uint16_t)x86_ld_system(cpu, env->tr.base, MO_16, ra);
    x86_task_switch(cpu, link, X86_TASK_IRET, false, 0, next_eip, ra);
}

static void iret_protected(X86CPU *cpu, unsigned op_size, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    X86Stack st = x86_current_stack(env);
    uint64_t eip = x86_stack_pop(cpu, &st, op_size, ra);
    uint16_t selector = (uint16_t)x86_stack_pop(cpu, &st, op_size, ra);
    uint32_t flags = (uint32_t)x86_stack_pop(cpu, &st, op_size, ra);
    unsigned cpl = x86_cpl(env);

    if ((flags & EF_VM) && cpl == 0 && op_size == 4 && !x86_lma(env)) {
        return_to_vm86(cpu, &st, selector, (uint32_t)eip, flags, ra);
        return;
    }
    uint32_t mask = flags_mask(env, cpl, op_size);
    x86_return_to(cpu, &st, selector, cut(eip, op_size), op_size, 0, true, ra);
    x86_set_eflags(env, flags, mask);
}

void x86_iret(X86CPU *cpu, unsigned op_size, uint64_t next_eip, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;

    env->nmi_masked = false;
    if (!(env->cr0 & CR0_PE))
        iret_real(cpu, op_size, ra);
    else if (env->eflags & EF_VM)
        iret_vm86(cpu, op_size, ra);
    else if (env->eflags & EF_NT)
        iret_task(cpu, next_eip, ra);
    else
        iret_protected(cpu, op_size, ra);
    x86_check_interrupts(cpu);
}
