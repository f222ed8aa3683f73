/* SPDX-License-Identifier: MIT */
/*
 * Task management (Intel SDM vol. 3 ch. 7): stacks out of the TSS, and the hardware task switch.
 *
 * A switch has two halves. Up to the commit everything that may fault is done in the old task's context: the checks, the
 * reading of the new TSS, the saving into the old one. From then on the CPU is in the new task, with selectors loaded and hidden parts not
 * yet: each segment is checked in turn, and a fault is delivered there.
 */
#include "target/x86/segment_internal.h"

#define TSS32_TYPE 0x800u /* in attr: a 32-bit TSS */
#define DR7_LOCAL 0x155u
#define DB_TASK_SWITCH DR6_BT

typedef struct TaskState {
    uint32_t cr3, eip, eflags, regs[8];
    uint16_t segs[X86_NB_SEGS], ldt;
    bool trap;
} TaskState;

typedef struct Switch {
    int source;
    uint32_t ext;
    uintptr_t ra;
    X86Desc desc;       /* of the new TSS */
    X86Segment tr;
    TaskState state;
} Switch;

/* ---- stacks of inner levels ---- */
static bool tss_is32(const X86Segment *tr)
{
    return tr->attr & TSS32_TYPE;
}

static void tss_stack64(X86CPU *cpu, unsigned level, uint64_t *sp, uint32_t error, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    unsigned offset = level < 3 ? 4 + 8 * level : 0x24 + 8 * (level - 4);

    if (offset + 7 > env->tr.limit)
        x86_raise_error(cpu, EXCP_TS, error, ra);
    *sp = x86_ld_system(cpu, env->tr.base + offset, MO_64, ra);
}

void x86_tss_stack(X86CPU *cpu, unsigned level, uint16_t *ss, uint64_t *sp, uint32_t ext, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    uint32_t error = x86_sel_error(env->tr.selector) | ext;
    bool is32 = tss_is32(&env->tr);
    unsigned offset = is32 ? 4 + 8 * level : 2 + 4 * level, size = is32 ? 4 : 2;

    *ss = 0;
    if (x86_lma(env)) {
        tss_stack64(cpu, level, sp, error, ra);
        return;
    }
    if (offset + size + 1 > env->tr.limit)
        x86_raise_error(cpu, EXCP_TS, error, ra);
    *sp = x86_ld_system(cpu, env->tr.base + offset, is32 ? MO_32 : MO_16, ra);
    *ss = (uint16_t)x86_ld_system(cpu, env->tr.base + offset + size, MO_16, ra);
}

void x86_check_inner_ss(X86CPU *cpu, uint16_t selector, unsigned cpl, uint32_t ext, X86Desc *d, uintptr_t ra)
{
    uint32_t error = x86_sel_error(selector) | ext;

    if (x86_sel_null(selector) || !x86_read_desc(cpu, selector, d, ra))
        x86_raise_error(cpu, EXCP_TS, error, ra);
    if ((selector & 3u) != cpl || !x86_desc_is_stack(d) || SEG_DPL(d->hi) != cpl)
        x86_raise_error(cpu, EXCP_TS, error, ra);
    if (!(d->hi & SEG_P))
        x86_raise_error(cpu, EXCP_SS, error, ra);
}

/* ---- the first half ---- */
static void find_new_tss(X86CPU *cpu, Switch *s, uint16_t selector)
{
    int excp = s->source == X86_TASK_IRET ? EXCP_TS : EXCP_GP;
    uint32_t error = x86_sel_error(selector) | s->ext;
    X86Desc *d = &s->desc;

    if (x86_sel_null(selector) || (selector & 4) || !x86_read_desc(cpu, selector, d, s->ra))
        x86_raise_error(cpu, excp, error, s->ra);
    unsigned type = d->hi & SEG_S ? 0 : x86_sys_type(d) & ~8u;
    if (type != (s->source == X86_TASK_IRET ? SYS_TSS16_BUSY : SYS_TSS16))
        x86_raise_error(cpu, excp, error, s->ra);
    if (!(d->hi & SEG_P))
        x86_raise_error(cpu, EXCP_NP, error, s->ra);
    s->tr = x86_desc_segment(d, selector);
    if (s->tr.limit < (tss_is32(&s->tr) ? 0x67 : 0x2b))
        x86_raise_error(cpu, EXCP_TS, error, s->ra);
}

static void read_tss32(X86CPU *cpu, Switch *s)
{
    TaskState *t = &s->state;
    uint64_t base = s->tr.base;

    t->cr3 = (uint32_t)x86_ld_system(cpu, base + 0x1c, MO_32, s->ra);
    t->eip = (uint32_t)x86_ld_system(cpu, base + 0x20, MO_32, s->ra);
    t->eflags = (uint32_t)x86_ld_system(cpu, base + 0x24, MO_32, s->ra);
    for (unsigned i = 0; i < 8; i++)
        t->regs[i] = (uint32_t)x86_ld_system(cpu, base + 0x28 + 4 * i, MO_32, s->ra);
    for (unsigned i = 0; i < X86_NB_SEGS; i++)
        t->segs[i] = (uint16_t)x86_ld_system(cpu, base + 0x48 + 4 * i, MO_16, s->ra);
    t->ldt = (uint16_t)x86_ld_system(cpu, base + 0x60, MO_16, s->ra);
    t->trap = x86_ld_system(cpu, base + 0x64, MO_8, s->ra) & 1;
}

/* Registers' upper halves, which a 16-bit TSS does not hold, are ones as the 80386 left them. */
static void read_tss16(X86CPU *cpu, Switch *s)
{
    TaskState *t = &s->state;
    uint64_t base = s->tr.base;

    t->eip = (uint32_t)x86_ld_system(cpu, base + 0x0e, MO_16, s->ra);
    t->eflags = (uint32_t)x86_ld_system(cpu, base + 0x10, MO_16, s->ra);
    for (unsigned i = 0; i < 8; i++)
        t->regs[i] = 0xffff0000u | (uint32_t)x86_ld_system(cpu, base + 0x12 + 2 * i, MO_16, s->ra);
    for (unsigned i = 0; i <= X86_SEG_DS; i++)
        t->segs[i] = (uint16_t)x86_ld_system(cpu, base + 0x22 + 2 * i, MO_16, s->ra);
    t->ldt = (uint16_t)x86_ld_system(cpu, base + 0x2a, MO_16, s->ra);
}

static void save_tss32(X86CPU *cpu, uint32_t eip, uint32_t eflags, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    uint64_t base = env->tr.base;

    x86_st_system(cpu, base + 0x20, eip, MO_32, ra);
    x86_st_system(cpu, base + 0x24, eflags, MO_32, ra);
    for (unsigned i = 0; i < 8; i++)
        x86_st_system(cpu, base + 0x28 + 4 * i, env->regs[i], MO_32, ra);
    for (unsigned i = 0; i < X86_NB_SEGS; i++)
        x86_st_system(cpu, base + 0x48 + 4 * i, env->segs[i].selector, MO_16, ra);
}

static void save_tss16(X86CPU *cpu, uint32_t eip, uint32_t eflags, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    uint64_t base = env->tr.base;

    x86_st_system(cpu, base + 0x0e, eip, MO_16, ra);
    x86_st_system(cpu, base + 0x10, eflags, MO_16, ra);
    for (unsigned i = 0; i < 8; i++)
        x86_st_system(cpu, base + 0x12 + 2 * i, env->regs[i], MO_16, ra);
    for (unsigned i = 0; i <= X86_SEG_DS; i++)
        x86_st_system(cpu, base + 0x22 + 2 * i, env->segs[i].selector, MO_16, ra);
}

static bool nests(int source)
{
    return source == X86_TASK_CALL || source == X86_TASK_GATE || source == X86_TASK_SOFT_INT;
}

/* Busy bits, the old task's image, the back link. */
static void leave_old_task(X86CPU *cpu, const Switch *s, uint32_t eip)
{
    CPUX86State *env = &cpu->env;
    uint32_t eflags = x86_get_eflags(env);
    X86Desc old;

    if (s->source == X86_TASK_IRET)
        eflags &= ~EF_NT;
    if (tss_is32(&env->tr))
        save_tss32(cpu, eip, eflags, s->ra);
    else
        save_tss16(cpu, eip, eflags, s->ra);
    if (nests(s->source))
        x86_st_system(cpu, s->tr.base, env->tr.selector, MO_16, s->ra);
    else if (x86_read_desc(cpu, env->tr.selector & ~4, &old, s->ra))
        x86_desc_clear(cpu, &old, SEG_BUSY >> 8, s->ra);
    if (s->source != X86_TASK_IRET)
        x86_desc_set(cpu, &s->desc, SEG_BUSY >> 8, s->ra);
}

/* ---- the second half ---- */
/* Hidden parts that hold until each segment has been checked. */
static void provisional_segments(CPUX86State *env, const TaskState *t, bool is32)
{
    unsigned cpl = t->eflags & EF_VM ? 3 : t->segs[X86_SEG_CS] & 3;
    uint32_t attr = SEG_P | SEG_S | SEG_W | SEG_A | cpl << SEG_DPL_SHIFT | (is32 ? SEG_DB | SEG_G : 0);

    for (unsigned i = 0; i < X86_NB_SEGS; i++)
        env->segs[i] = t->eflags & EF_VM ? x86_vm86_segment(t->segs[i]) : x86_null_segment(t->segs[i]);
    if (t->eflags & EF_VM)
        return;
    env->segs[X86_SEG_CS] = (X86Segment){ .limit = 0xffffffff, .attr = attr | SEG_CODE, .selector = t->segs[X86_SEG_CS] };
    env->segs[X86_SEG_SS] = (X86Segment){ .limit = 0xffffffff, .attr = attr, .selector = t->segs[X86_SEG_SS] };
}

static void commit(X86CPU *cpu, const Switch *s)
{
    CPUX86State *env = &cpu->env;
    const TaskState *t = &s->state;
    bool is32 = tss_is32(&s->tr);

    env->tr = s->tr;
    env->tr.attr |= SEG_BUSY;
    env->cr0 |= CR0_TS;
    for (unsigned i = 0; i < 8; i++)
        env->regs[i] = t->regs[i];
    env->ldt = x86_null_segment(t->ldt);
    provisional_segments(env, t, is32);
    env->hflags &= ~BF_INHIBIT;
    x86_set_eflags(env, t->eflags | (nests(s->source) ? EF_NT : 0), is32 ? EF_ALL : 0xffff | EF_VM | EF_RF);
    x86_update_hflags(env);
    x86_set_eip(env, t->eip);
    env->dr[7] &= ~(uint64_t)DR7_LOCAL;
    x86_debug_update(cpu);
}

static void load_cr3(X86CPU *cpu, const Switch *s)
{
    CPUX86State *env = &cpu->env;

    if (!tss_is32(&s->tr) || !(env->cr0 & CR0_PG))
        return;
    if ((env->cr4 & CR4_PAE) && !x86_load_pdptes(cpu, s->state.cr3))
        x86_raise_error(cpu, EXCP_TS, x86_sel_error(s->tr.selector) | s->ext, 0);
    env->cr3 = s->state.cr3;
    x86_paging_new_cr3(cpu, false);
}

static void load_ldt(X86CPU *cpu, uint16_t selector, uint32_t ext)
{
    X86Desc d;

    if (x86_sel_null(selector))
        return;
    if ((selector & 4) || !x86_read_desc(cpu, selector, &d, 0) || (d.hi & SEG_S) || x86_sys_type(&d) != SYS_LDT || !(d.hi & SEG_P))
        x86_raise_error(cpu, EXCP_TS, x86_sel_error(selector) | ext, 0);
    cpu->env.ldt = x86_desc_segment(&d, selector);
}

/* Whether a task may have d in seg; presence apart. */
static bool segment_ok(const X86Desc *d, unsigned seg, unsigned cpl)
{
    unsigned dpl = SEG_DPL(d->hi), rpl = d->selector & 3;
    bool conforming = (d->hi & (SEG_CODE | SEG_E)) == (SEG_CODE | SEG_E);

    if (seg == X86_SEG_CS)
        return x86_desc_is_code(d) && (conforming ? dpl <= rpl : dpl == rpl);
    if (seg == X86_SEG_SS)
        return x86_desc_is_stack(d) && dpl == cpl && rpl == cpl;
    if (!(d->hi & SEG_S) || (d->hi & (SEG_CODE | SEG_W)) == SEG_CODE)
        return false;
    return conforming || (dpl >= cpl && dpl >= rpl);
}

static void load_segment(X86CPU *cpu, unsigned seg, uint32_t ext)
{
    CPUX86State *env = &cpu->env;
    uint16_t selector = env->segs[seg].selector;
    uint32_t error = x86_sel_error(selector) | ext;
    unsigned cpl = env->segs[X86_SEG_CS].selector & 3;
    X86Desc d;

    if (x86_sel_null(selector) && seg != X86_SEG_CS && seg != X86_SEG_SS)
        return;
    if (x86_sel_null(selector) || !x86_read_desc(cpu, selector, &d, 0) || !segment_ok(&d, seg, cpl))
        x86_raise_error(cpu, EXCP_TS, error, 0);
    if (!(d.hi & SEG_P))
        x86_raise_error(cpu, seg == X86_SEG_SS ? EXCP_SS : EXCP_NP, error, 0);
    x86_desc_set_accessed(cpu, &d, 0);
    uint64_t eip = x86_get_eip(env);
    env->segs[seg] = x86_desc_segment(&d, selector);
    env->segs[seg].attr |= SEG_A;
    x86_update_hflags(env);
    if (seg == X86_SEG_CS)
        x86_set_eip(env, eip);
}

static void load_segments(X86CPU *cpu, const Switch *s)
{
    static const uint8_t order[] = { X86_SEG_CS, X86_SEG_SS, X86_SEG_ES, X86_SEG_DS, X86_SEG_FS, X86_SEG_GS };

    load_ldt(cpu, s->state.ldt, s->ext);
    if (cpu->env.eflags & EF_VM)
        return;
    for (unsigned i = 0; i < sizeof(order); i++)
        load_segment(cpu, order[i], s->ext);
}

static void push_error(X86CPU *cpu, uint32_t error, bool is32)
{
    X86Stack st = x86_current_stack(&cpu->env);

    x86_stack_push(cpu, &st, error, is32 ? 4 : 2, 0);
    x86_set_sp(&cpu->env, &st);
}

void x86_task_switch(X86CPU *cpu, uint16_t tss_selector, int source, bool has_error, uint32_t error, uint64_t next_eip, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    Switch s = { .source = source, .ext = source == X86_TASK_GATE, .ra = ra };

    find_new_tss(cpu, &s, tss_selector);
    if (tss_is32(&s.tr))
        read_tss32(cpu, &s);
    else
        read_tss16(cpu, &s);
    leave_old_task(cpu, &s, (uint32_t)next_eip);
    commit(cpu, &s);
    load_cr3(cpu, &s);
    load_segments(cpu, &s);
    x86_check_code_offset(cpu, &env->segs[X86_SEG_CS], s.state.eip, s.ext, 0);
    if (has_error)
        push_error(cpu, error, tss_is32(&s.tr));
    x86_check_interrupts(cpu);
    if (s.state.trap)
        x86_raise_db(cpu, DB_TASK_SWITCH, 0);
}
