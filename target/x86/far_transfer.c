/* SPDX-License-Identifier: MIT */
/*
 * Far JMP and CALL: to code segments, through call gates, to tasks (Intel SDM vol. 3, 5.8; vol. 2, CALL and JMP).
 *
 * In IA-32e mode call gates are 16 bytes with a 64-bit offset and lead to 64-bit code only, and there are no tasks.
 * op_size is in bytes.
 */
#include "target/x86/segment_internal.h"

typedef struct CallGate {
    uint16_t selector;
    uint64_t offset;
    unsigned size, n_params; /* bytes of a stack item; items to copy */
} CallGate;

static uint64_t cut(uint64_t value, unsigned bytes)
{
    return bytes == 8 ? value : value & ((1ull << bytes * 8) - 1);
}

static void enter_code(CPUX86State *env, const X86Segment *cs, uint64_t eip)
{
    env->segs[X86_SEG_CS] = *cs;
    x86_update_hflags(env);
    x86_set_eip(env, eip);
}

/* CS as loaded from d with the RPL that says at which level it runs. */
static X86Segment code_segment(const X86Desc *d, unsigned cpl)
{
    X86Segment cs = x86_desc_segment(d, (d->selector & ~3u) | cpl);
    cs.attr |= SEG_A;
    return cs;
}

static void check_direct_target(X86CPU *cpu, const X86Desc *d, uintptr_t ra)
{
    unsigned cpl = x86_cpl(&cpu->env), dpl = SEG_DPL(d->hi);
    bool ok = d->hi & SEG_E ? dpl <= cpl : dpl == cpl && (d->selector & 3u) <= cpl;

    if (!ok)
        x86_raise_error(cpu, EXCP_GP, x86_sel_error(d->selector), ra);
    x86_check_code_mode(cpu, d, 0, ra);
}

/* Gates and TSSs are used at CPL and RPL up to their DPL. */
static void check_system_access(X86CPU *cpu, const X86Desc *d, uintptr_t ra)
{
    unsigned dpl = SEG_DPL(d->hi);

    if (x86_cpl(&cpu->env) > dpl || (d->selector & 3u) > dpl)
        x86_raise_error(cpu, EXCP_GP, x86_sel_error(d->selector), ra);
    if (!(d->hi & SEG_P))
        x86_raise_error(cpu, EXCP_NP, x86_sel_error(d->selector), ra);
}

/* ---- real and virtual-8086 mode ---- */
static void set_code_real(CPUX86State *env, uint16_t selector, uint64_t eip)
{
    X86Segment *cs = &env->segs[X86_SEG_CS];

    cs->selector = selector;
    cs->base = (uint32_t)selector << 4;
    x86_update_hflags(env);
    x86_set_eip(env, eip);
}

/* ---- gates ---- */
static CallGate read_gate(X86CPU *cpu, const X86Desc *d, uintptr_t ra)
{
    CallGate g = { .selector = d->lo >> 16, .offset = d->lo & 0xffff, .n_params = d->hi & 31, .size = 2 };

    if (x86_sys_type(d) == SYS_CALL_GATE16)
        return g;
    g.offset |= d->hi & 0xffff0000;
    g.size = 4;
    if (!x86_lma(&cpu->env))
        return g;
    const X86Table *gdt = &cpu->env.gdt;
    uint32_t limit = d->selector & 4 ? cpu->env.ldt.limit : gdt->limit;
    if ((d->selector & 0xfff8u) + 15 > limit)
        x86_raise_error(cpu, EXCP_GP, x86_sel_error(d->selector), ra);
    uint64_t upper = x86_ld_system(cpu, d->addr + 8, MO_64, ra);
    if (upper >> 40 & 0x1f)
        x86_raise_error(cpu, EXCP_GP, x86_sel_error(d->selector), ra);
    g.offset |= upper << 32;
    g.size = 8;
    g.n_params = 0;
    return g;
}

static void check_gate_target(X86CPU *cpu, const X86Desc *code, bool is_call, uintptr_t ra)
{
    unsigned cpl = x86_cpl(&cpu->env), dpl = SEG_DPL(code->hi);
    bool ok = x86_desc_is_code(code) && (is_call || (code->hi & SEG_E) ? dpl <= cpl : dpl == cpl);

    if (ok && x86_lma(&cpu->env))
        ok = (code->hi & (SEG_L | SEG_DB)) == SEG_L;
    if (!ok)
        x86_raise_error(cpu, EXCP_GP, x86_sel_error(code->selector), ra);
    if (!(code->hi & SEG_P))
        x86_raise_error(cpu, EXCP_NP, x86_sel_error(code->selector), ra);
}

static void push_return(X86CPU *cpu, X86Stack *st, unsigned bytes, uint64_t next_eip, uintptr_t ra)
{
    x86_stack_push(cpu, st, cpu->env.segs[X86_SEG_CS].selector, bytes, ra);
    x86_stack_push(cpu, st, cut(next_eip, bytes), bytes, ra);
}

static void call_same(X86CPU *cpu, const X86Desc *code, const CallGate *g, uint64_t next_eip, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    X86Segment cs = code_segment(code, x86_cpl(env));
    X86Stack st = x86_current_stack(env);

    /* The pushes are those of the target's mode: from compatibility mode, RSP is used in full. */
    if (g->size == 8)
        st = x86_new_stack(env, &env->segs[X86_SEG_SS], env->regs[X86_RSP], x86_cpl(env), true);
    push_return(cpu, &st, g->size, next_eip, ra);
    x86_check_code_offset(cpu, &cs, g->offset, 0, ra);
    x86_desc_set_accessed(cpu, code, ra);
    x86_set_sp(env, &st);
    enter_code(env, &cs, g->offset);
}

static void copy_params(X86CPU *cpu, X86Stack *to, const CallGate *g, uintptr_t ra)
{
    uint64_t params[32];
    X86Stack from = x86_current_stack(&cpu->env);

    for (unsigned i = 0; i < g->n_params; i++)
        params[i] = x86_stack_pop(cpu, &from, g->size, ra);
    for (unsigned i = g->n_params; i-- > 0;)
        x86_stack_push(cpu, to, params[i], g->size, ra);
}

static void call_inner(X86CPU *cpu, const X86Desc *code, const CallGate *g, uint64_t next_eip, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    unsigned cpl = SEG_DPL(code->hi);
    X86Segment cs = code_segment(code, cpl), ss;
    X86Desc ssd = { .hi = SEG_A };
    uint16_t selector;
    uint64_t sp;

    x86_tss_stack(cpu, cpl, &selector, &sp, 0, ra);
    if (x86_lma(env)) {
        ss = x86_null_stack((uint16_t)cpl, cpl);
    } else {
        x86_check_inner_ss(cpu, selector, cpl, 0, &ssd, ra);
        ss = x86_desc_segment(&ssd, selector);
        ss.attr |= SEG_A;
    }
    X86Stack st = x86_new_stack(env, &ss, sp, cpl, x86_lma(env));
    st.error = x86_sel_error(selector);
    x86_stack_push(cpu, &st, env->segs[X86_SEG_SS].selector, g->size, ra);
    x86_stack_push(cpu, &st, cut(env->regs[X86_RSP], g->size), g->size, ra);
    copy_params(cpu, &st, g, ra);
    push_return(cpu, &st, g->size, next_eip, ra);
    x86_check_code_offset(cpu, &cs, g->offset, 0, ra);
    x86_desc_set_accessed(cpu, &ssd, ra);
    x86_desc_set_accessed(cpu, code, ra);
    env->segs[X86_SEG_SS] = ss;
    x86_set_sp(env, &st);
    enter_code(env, &cs, g->offset);
}

static void through_gate(X86CPU *cpu, const X86Desc *d, bool is_call, uint64_t next_eip, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    X86Desc code;

    check_system_access(cpu, d, ra);
    CallGate g = read_gate(cpu, d, ra);
    x86_need_desc(cpu, g.selector, 0, &code, ra);
    check_gate_target(cpu, &code, is_call, ra);
    if (!is_call) {
        X86Segment cs = code_segment(&code, x86_cpl(env));
        x86_check_code_offset(cpu, &cs, g.offset, 0, ra);
        x86_desc_set_accessed(cpu, &code, ra);
        enter_code(env, &cs, g.offset);
    } else if (!(code.hi & SEG_E) && SEG_DPL(code.hi) < x86_cpl(env)) {
        call_inner(cpu, &code, &g, next_eip, ra);
    } else {
        call_same(cpu, &code, &g, next_eip, ra);
    }
}

static void to_system(X86CPU *cpu, const X86Desc *d, bool is_call, uint64_t next_eip, uintptr_t ra)
{
    unsigned type = d->hi & SEG_S ? 0 : x86_sys_type(d);
    int source = is_call ? X86_TASK_CALL : X86_TASK_JMP;
    bool legacy = !x86_lma(&cpu->env);

    if (type == SYS_CALL_GATE32 || (legacy && type == SYS_CALL_GATE16)) {
        through_gate(cpu, d, is_call, next_eip, ra);
    } else if (legacy && type == SYS_TASK_GATE) {
        check_system_access(cpu, d, ra);
        x86_task_switch(cpu, d->lo >> 16, source, false, 0, next_eip, ra);
    } else if (legacy && (type == SYS_TSS16 || type == SYS_TSS32)) {
        check_system_access(cpu, d, ra);
        x86_task_switch(cpu, d->selector, source, false, 0, next_eip, ra);
    } else {
        x86_raise_error(cpu, EXCP_GP, x86_sel_error(d->selector), ra);
    }
}

/* ---- the instructions ---- */
void x86_far_jump(X86CPU *cpu, uint16_t selector, uint64_t offset, unsigned op_size, uint64_t next_eip, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    X86Desc d;

    offset = cut(offset, op_size);
    if (x86_real_or_vm(env)) {
        x86_check_code_offset(cpu, &env->segs[X86_SEG_CS], offset, 0, ra);
        set_code_real(env, selector, offset);
        return;
    }
    x86_need_desc(cpu, selector, 0, &d, ra);
    if (!x86_desc_is_code(&d)) {
        to_system(cpu, &d, false, next_eip, ra);
        return;
    }
    check_direct_target(cpu, &d, ra);
    X86Segment cs = code_segment(&d, x86_cpl(env));
    x86_check_code_offset(cpu, &cs, offset, 0, ra);
    x86_desc_set_accessed(cpu, &d, ra);
    enter_code(env, &cs, offset);
}

void x86_far_call(X86CPU *cpu, uint16_t selector, uint64_t offset, unsigned op_size, uint64_t next_eip, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    X86Stack st = x86_current_stack(env);
    X86Desc d;

    offset = cut(offset, op_size);
    if (x86_real_or_vm(env)) {
        push_return(cpu, &st, op_size, next_eip, ra);
        x86_check_code_offset(cpu, &env->segs[X86_SEG_CS], offset, 0, ra);
        x86_set_sp(env, &st);
        set_code_real(env, selector, offset);
        return;
    }
    x86_need_desc(cpu, selector, 0, &d, ra);
    if (!x86_desc_is_code(&d)) {
        to_system(cpu, &d, true, next_eip, ra);
        return;
    }
    check_direct_target(cpu, &d, ra);
    X86Segment cs = code_segment(&d, x86_cpl(env));
    push_return(cpu, &st, op_size, next_eip, ra);
    x86_check_code_offset(cpu, &cs, offset, 0, ra);
    x86_desc_set_accessed(cpu, &d, ra);
    x86_set_sp(env, &st);
    enter_code(env, &cs, offset);
}
