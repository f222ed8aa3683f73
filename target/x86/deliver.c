/* SPDX-License-Identifier: MIT */
/*
 * Delivery of exceptions, interrupts and INT n through the IDT (Intel SDM vol. 3 ch. 6; 20.1.4 and 20.3 for real and
 * virtual-8086 mode).
 *
 * A fault during delivery raises from here with the state still that of the interrupted program; x86_do_exception then makes
 * a #DF of the two, or not. Error codes have EXT set unless the event was a software interrupt.
 */
#include <inttypes.h>

#include "base/log.h"
#include "target/x86/segment_internal.h"

typedef struct Event {
    int vector;
    bool soft, has_error;
    uint32_t error, ext;    /* ext: the EXT bit of error codes that delivery raises */
    uint64_t return_eip;
    uint32_t flags;         /* EFLAGS as pushed */
} Event;

typedef struct Gate {
    uint16_t selector;
    uint64_t offset;
    unsigned size;          /* bytes of a stack item: 2, 4, 8 */
    unsigned ist;
    bool clears_if;
} Gate;

/* After the handler's CS, SS and RSP are in place. */
static void enter_handler(CPUX86State *env, uint64_t eip, bool clears_if)
{
    env->hflags &= ~BF_INHIBIT;
    x86_set_eflags(env, 0, EF_TF | EF_NT | EF_RF | EF_VM | (clears_if ? EF_IF : 0));
    x86_update_hflags(env);
    x86_set_eip(env, eip);
}

/* ---- real mode, and virtual-8086 mode by the 8086 program's own table ---- */
static void deliver_by_ivt(X86CPU *cpu, const Event *e, uint64_t table, uint32_t flags, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    X86Stack st = x86_current_stack(env);
    uint32_t entry = (uint32_t)x86_ld_system(cpu, table + (unsigned)e->vector * 4, MO_32, ra);

    x86_stack_push(cpu, &st, flags, 2, ra);
    x86_stack_push(cpu, &st, env->segs[X86_SEG_CS].selector, 2, ra);
    x86_stack_push(cpu, &st, e->return_eip, 2, ra);
    x86_set_sp(env, &st);
    env->segs[X86_SEG_CS].selector = entry >> 16;
    env->segs[X86_SEG_CS].base = entry >> 16 << 4;
    env->hflags &= ~BF_INHIBIT;
    x86_update_hflags(env);
    x86_set_eip(env, entry & 0xffff);
}

static void deliver_real(X86CPU *cpu, const Event *e, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;

    if ((unsigned)e->vector * 4 + 3 > env->idt.limit)
        x86_raise_error(cpu, EXCP_GP, (unsigned)e->vector * 8 + 2, ra);
    deliver_by_ivt(cpu, e, env->idt.base, e->flags, ra);
    x86_set_eflags(env, 0, EF_IF | EF_TF | EF_AC | EF_RF);
}

/* Whether the redirection bitmap below the I/O bitmap leaves vector to the 8086 program. */
static bool redirected(X86CPU *cpu, int vector, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;

    if (!(env->tr.attr & 0x800) || env->tr.limit < 0x67)
        return false;
    unsigned map = (unsigned)x86_ld_system(cpu, env->tr.base + 0x66, MO_16, ra);
    if (map < 32 || map - 32 + (unsigned)vector / 8 > env->tr.limit)
        return false;
    uint64_t byte = x86_ld_system(cpu, env->tr.base + map - 32 + (unsigned)vector / 8, MO_8, ra);
    return !(byte >> (vector & 7) & 1);
}

bool x86_vme_redirect(X86CPU *cpu, int vector, uint64_t next_eip, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    uint32_t flags = x86_get_eflags(env), clear = EF_TF | EF_NT | EF_RF;
    Event e = { .vector = vector, .soft = true, .return_eip = next_eip };

    if (!redirected(cpu, vector, ra))
        return false;
    if ((flags & EF_IOPL) == EF_IOPL) {
        clear |= EF_IF;
    } else {
        flags = (flags & ~EF_IF) | EF_IOPL | (flags & EF_VIF ? EF_IF : 0);
        clear |= EF_VIF;
    }
    deliver_by_ivt(cpu, &e, 0, flags, ra);
    x86_set_eflags(env, 0, clear);
    return true;
}

/* ---- protected and long mode ---- */
static bool gate_type_ok(unsigned type, bool lma)
{
    switch (type) {
    case SYS_INT_GATE32:
    case SYS_TRAP_GATE32:
        return true;
    case SYS_TASK_GATE:
    case SYS_INT_GATE16:
    case SYS_TRAP_GATE16:
        return !lma;
    default:
        return false;
    }
}

/* Reads and checks the IDT's entry. True: a task gate, whose selector is all that counts. */
static bool read_gate(X86CPU *cpu, const Event *e, Gate *g, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    bool lma = x86_lma(env);
    unsigned bytes = lma ? 16 : 8, offset = (unsigned)e->vector * bytes;
    uint32_t error = (unsigned)e->vector * 8 + 2 + e->ext;

    if (offset + bytes - 1 > env->idt.limit)
        x86_raise_error(cpu, EXCP_GP, error, ra);
    uint64_t raw = x86_ld_system(cpu, env->idt.base + offset, MO_64, ra);
    uint32_t lo = (uint32_t)raw, hi = raw >> 32;
    unsigned type = hi >> 8 & 31;
    if (!gate_type_ok(type, lma) || (e->soft && SEG_DPL(hi) < x86_cpl(env)))
        x86_raise_error(cpu, EXCP_GP, error, ra);
    if (!(hi & SEG_P))
        x86_raise_error(cpu, EXCP_NP, error, ra);
    *g = (Gate){ .selector = lo >> 16, .offset = (lo & 0xffff) | (type & 8 ? hi & 0xffff0000 : 0), .size = type & 8 ? 4 : 2, .clears_if = !(type & 1) };
    if (lma) {
        g->offset |= x86_ld_system(cpu, env->idt.base + offset + 8, MO_32, ra) << 32;
        g->ist = hi & 7;
        g->size = 8;
    }
    return type == SYS_TASK_GATE;
}

/* The handler's code segment; returns the level that it runs at. */
static unsigned check_handler(X86CPU *cpu, const Gate *g, const Event *e, X86Desc *code, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    unsigned cpl = x86_cpl(env);

    x86_need_desc(cpu, g->selector, e->ext, code, ra);
    unsigned dpl = SEG_DPL(code->hi);
    bool ok = x86_desc_is_code(code) && dpl <= cpl;
    if (ok && x86_lma(env))
        ok = (code->hi & (SEG_L | SEG_DB)) == SEG_L;
    if (!ok)
        x86_raise_error(cpu, EXCP_GP, x86_sel_error(g->selector) | e->ext, ra);
    if (!(code->hi & SEG_P))
        x86_raise_error(cpu, EXCP_NP, x86_sel_error(g->selector) | e->ext, ra);
    bool to_level0 = !(code->hi & SEG_E) && dpl == 0;
    if ((env->eflags & EF_VM) && !to_level0)
        x86_raise_error(cpu, EXCP_GP, x86_sel_error(g->selector) | e->ext, ra);
    return code->hi & SEG_E ? cpl : dpl;
}

static void push_frame(X86CPU *cpu, X86Stack *st, const Event *e, unsigned size, bool with_ss, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;

    if (with_ss) {
        x86_stack_push(cpu, st, env->segs[X86_SEG_SS].selector, size, ra);
        x86_stack_push(cpu, st, env->regs[X86_RSP], size, ra);
    }
    x86_stack_push(cpu, st, e->flags, size, ra);
    x86_stack_push(cpu, st, env->segs[X86_SEG_CS].selector, size, ra);
    x86_stack_push(cpu, st, e->return_eip, size, ra);
    if (e->has_error)
        x86_stack_push(cpu, st, e->error, size, ra);
}

static void push_vm86_segments(X86CPU *cpu, X86Stack *st, unsigned size, uintptr_t ra)
{
    static const uint8_t order[] = { X86_SEG_GS, X86_SEG_FS, X86_SEG_DS, X86_SEG_ES };

    for (unsigned i = 0; i < sizeof(order); i++)
        x86_stack_push(cpu, st, cpu->env.segs[order[i]].selector, size, ra);
}

static void enter_gate(X86CPU *cpu, const Gate *g, const X86Desc *code, const X86Segment *ss, const X86Stack *st, unsigned cpl)
{
    CPUX86State *env = &cpu->env;

    if (env->eflags & EF_VM) {
        static const uint8_t data[] = { X86_SEG_GS, X86_SEG_FS, X86_SEG_DS, X86_SEG_ES };
        for (unsigned i = 0; i < sizeof(data); i++)
            env->segs[data[i]] = x86_null_segment(0);
    }
    env->segs[X86_SEG_SS] = *ss;
    env->segs[X86_SEG_CS] = x86_desc_segment(code, (uint16_t)((g->selector & ~3u) | cpl));
    env->segs[X86_SEG_CS].attr |= SEG_A;
    x86_set_sp(env, st);
    enter_handler(env, g->offset, g->clears_if);
}

static void deliver_legacy(X86CPU *cpu, const Event *e, const Gate *g, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    X86Desc code, ssd = { .hi = SEG_A };
    unsigned cpl = check_handler(cpu, g, e, &code, ra);
    X86Segment ss = env->segs[X86_SEG_SS], cs = x86_desc_segment(&code, g->selector);
    bool inner = cpl < x86_cpl(env);
    X86Stack st = x86_current_stack(env);

    if (inner) {
        uint16_t selector;
        uint64_t sp;
        x86_tss_stack(cpu, cpl, &selector, &sp, e->ext, ra);
        x86_check_inner_ss(cpu, selector, cpl, e->ext, &ssd, ra);
        ss = x86_desc_segment(&ssd, selector);
        ss.attr |= SEG_A;
        st = x86_new_stack(env, &ss, sp, cpl, false);
        st.error = x86_sel_error(selector);
    }
    st.error |= e->ext;
    if (env->eflags & EF_VM)
        push_vm86_segments(cpu, &st, g->size, ra);
    push_frame(cpu, &st, e, g->size, inner, ra);
    x86_check_code_offset(cpu, &cs, g->offset, e->ext, ra);
    x86_desc_set_accessed(cpu, &ssd, ra);
    x86_desc_set_accessed(cpu, &code, ra);
    enter_gate(cpu, g, &code, &ss, &st, cpl);
}

/* SDM vol. 3, 6.14: the stack pointer always moves to a boundary of 16 bytes, and SS:RSP is always pushed. */
static void deliver_long(X86CPU *cpu, const Event *e, const Gate *g, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    X86Desc code;
    unsigned cpl = check_handler(cpu, g, e, &code, ra);
    X86Segment ss = env->segs[X86_SEG_SS], cs = x86_desc_segment(&code, g->selector);
    uint64_t sp = env->regs[X86_RSP];
    uint16_t none;

    if (cpl < x86_cpl(env))
        ss = x86_null_stack((uint16_t)cpl, cpl);
    if (g->ist)
        x86_tss_stack(cpu, 3 + g->ist, &none, &sp, e->ext, ra);
    else if (cpl < x86_cpl(env))
        x86_tss_stack(cpu, cpl, &none, &sp, e->ext, ra);
    X86Stack st = x86_new_stack(env, &ss, sp & ~15ull, cpl, true);
    st.error = e->ext;
    push_frame(cpu, &st, e, 8, true, ra);
    x86_check_code_offset(cpu, &cs, g->offset, e->ext, ra);
    x86_desc_set_accessed(cpu, &code, ra);
    enter_gate(cpu, g, &code, &ss, &st, cpl);
}

static void deliver_protected(X86CPU *cpu, const Event *e, uintptr_t ra)
{
    Gate g;

    if (read_gate(cpu, e, &g, ra))
        x86_task_switch(cpu, g.selector, e->soft ? X86_TASK_SOFT_INT : X86_TASK_GATE, e->has_error, e->error, e->return_eip, ra);
    else if (x86_lma(&cpu->env))
        deliver_long(cpu, e, &g, ra);
    else
        deliver_legacy(cpu, e, &g, ra);
}

/* Faults push RF = 1, so that an instruction breakpoint does not trap again on return; #DB, traps and interrupts push it as it is. */
static bool pushes_rf(int vector, bool is_soft, bool is_hw)
{
    return !is_soft && !is_hw && vector != EXCP_DB && vector != EXCP_NMI && vector != EXCP_BP && vector != EXCP_OF && vector != EXCP_DF;
}

static void log_delivery(const X86CPU *cpu, const Event *e, uint64_t from)
{
    const CPUX86State *env = &cpu->env;

    log_printf(LOG_INT, "cpu %d: vector 0x%02x%s error 0x%x at pc 0x%" PRIx64 " CR2 0x%" PRIx64 " -> %04x:0x%" PRIx64 " RSP 0x%" PRIx64 " CPL %u\n",
               cpu->parent.index, (unsigned)e->vector, e->soft ? " (INT)" : "", e->has_error ? e->error : 0, from, env->cr2,
               env->segs[X86_SEG_CS].selector, env->pc, env->regs[X86_RSP], x86_cpl(env));
}

void x86_deliver(X86CPU *cpu, int vector, bool is_soft, uint32_t error, bool has_error, uint64_t return_eip, bool is_hw)
{
    CPUX86State *env = &cpu->env;
    Event e = { .vector = vector, .soft = is_soft, .has_error = has_error, .error = error, .ext = !is_soft, .return_eip = return_eip };
    uint64_t from = env->pc;

    env->watch_step = false;
    if (vector == EXCP_DB && !is_soft)
        env->dr[7] &= ~(uint64_t)DR7_GD;
    e.flags = x86_get_eflags(env) | (pushes_rf(vector, is_soft, is_hw) ? EF_RF : 0);
    if (env->cr0 & CR0_PE)
        deliver_protected(cpu, &e, 0);
    else
        deliver_real(cpu, &e, 0);
    env->delivering = -1;
    if (log_enabled(LOG_INT))
        log_delivery(cpu, &e, from);
}
