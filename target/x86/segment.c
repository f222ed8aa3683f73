/* SPDX-License-Identifier: MIT */
/*
 * Segment registers and descriptors: reading, checking and loading (Intel SDM vol. 3 ch. 3 and 5), and accesses through segments.
 *
 * Real mode and virtual-8086 mode have no descriptors. A load in real mode changes selector and base only, so that limits set
 * in protected mode stay ("big real mode"), which firmware relies on; in virtual-8086 mode the hidden part is always the same.
 * The DPL in the hidden part of SS is the CPL: whoever loads SS keeps it so.
 */
#include "target/x86/segment_internal.h"

#define ATTR_REAL_DATA (SEG_P | SEG_S | SEG_W | SEG_A)
#define ATTR_VM86 (ATTR_REAL_DATA | 3u << SEG_DPL_SHIFT)

/* ---- descriptor tables ---- */
static uint64_t system_va(const CPUX86State *env, uint64_t va)
{
    return x86_lma(env) ? va : (uint32_t)va;
}

static IRMemOp system_memop(const CPUX86State *env, unsigned size)
{
    return size | x86_system_mmu_index(env) << MO_IDX_SHIFT;
}

uint64_t x86_ld_system(X86CPU *cpu, uint64_t va, unsigned size, uintptr_t ra)
{
    return mmu_ld(&cpu->parent, system_va(&cpu->env, va), system_memop(&cpu->env, size), ra);
}

void x86_st_system(X86CPU *cpu, uint64_t va, uint64_t value, unsigned size, uintptr_t ra)
{
    mmu_st(&cpu->parent, system_va(&cpu->env, va), value, system_memop(&cpu->env, size), ra);
}

static bool read_desc_at(X86CPU *cpu, uint16_t selector, unsigned bytes, X86Desc *d, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    bool local = selector & 4;
    uint64_t base = local ? env->ldt.base : env->gdt.base;
    uint32_t limit = local ? env->ldt.limit : env->gdt.limit, offset = selector & 0xfff8u;

    if ((local && !(env->ldt.attr & SEG_P)) || offset + bytes - 1 > limit)
        return false;
    uint64_t raw = x86_ld_system(cpu, base + offset, MO_64, ra);
    *d = (X86Desc){ .addr = base + offset, .lo = (uint32_t)raw, .hi = raw >> 32, .selector = selector };
    return true;
}

bool x86_read_desc(X86CPU *cpu, uint16_t selector, X86Desc *d, uintptr_t ra)
{
    return read_desc_at(cpu, selector, 8, d, ra);
}

void x86_need_desc(X86CPU *cpu, uint16_t selector, uint32_t ext, X86Desc *d, uintptr_t ra)
{
    if (x86_sel_null(selector))
        x86_raise_error(cpu, EXCP_GP, ext, ra);
    if (!x86_read_desc(cpu, selector, d, ra))
        x86_raise_error(cpu, EXCP_GP, x86_sel_error(selector) | ext, ra);
}

uint32_t x86_desc_limit(const X86Desc *d)
{
    uint32_t limit = (d->lo & 0xffff) | (d->hi & 0xf0000);
    return d->hi & SEG_G ? limit << 12 | 0xfff : limit;
}

uint32_t x86_desc_base32(const X86Desc *d)
{
    return d->lo >> 16 | (d->hi & 0xff) << 16 | (d->hi & 0xff000000);
}

X86Segment x86_desc_segment(const X86Desc *d, uint16_t selector)
{
    return (X86Segment){ .base = x86_desc_base32(d), .limit = x86_desc_limit(d), .attr = d->hi & SEG_ATTR_MASK, .selector = selector };
}

/* The byte with type and accessed bit: five bytes in, so always aligned. Tables in ROM stay as they are. */
static void change_type(X86CPU *cpu, const X86Desc *d, uint8_t set, uint8_t clear, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    uint64_t va = system_va(env, d->addr + 5);
    uint8_t *p = mmu_probe_store(&cpu->parent, va, 1, x86_system_mmu_index(env), ra);

    if (!p)
        x86_st_system(cpu, va, ((d->hi >> 8 & 0xff) | set) & ~clear, MO_8, ra);
    else if (set)
        __atomic_fetch_or(p, set, __ATOMIC_SEQ_CST);
    else
        __atomic_fetch_and(p, (uint8_t)~clear, __ATOMIC_SEQ_CST);
}

void x86_desc_set(X86CPU *cpu, const X86Desc *d, uint8_t bits, uintptr_t ra)
{
    change_type(cpu, d, bits, 0, ra);
}

void x86_desc_clear(X86CPU *cpu, const X86Desc *d, uint8_t bits, uintptr_t ra)
{
    change_type(cpu, d, 0, bits, ra);
}

void x86_desc_set_accessed(X86CPU *cpu, const X86Desc *d, uintptr_t ra)
{
    if (!(d->hi & SEG_A))
        x86_desc_set(cpu, d, SEG_A >> 8, ra);
}

X86Segment x86_null_stack(uint16_t selector, unsigned dpl)
{
    return (X86Segment){ .limit = 0xffffffff, .selector = selector,
                         .attr = SEG_P | SEG_S | SEG_W | SEG_A | SEG_DB | SEG_G | dpl << SEG_DPL_SHIFT };
}

X86Segment x86_vm86_segment(uint16_t selector)
{
    return (X86Segment){ .base = (uint32_t)selector << 4, .limit = 0xffff, .attr = ATTR_VM86, .selector = selector };
}

uint64_t x86_system_base(X86CPU *cpu, const X86Desc *d, uintptr_t ra)
{
    uint64_t base = x86_desc_base32(d);
    if (!x86_lma(&cpu->env))
        return base;
    uint64_t upper = x86_ld_system(cpu, d->addr + 8, MO_64, ra);
    if (upper >> 40 & 0x1f)
        x86_raise_error(cpu, EXCP_GP, x86_sel_error(d->selector), ra);
    base |= upper << 32;
    if (!x86_is_canonical(&cpu->env, base))
        x86_raise_error(cpu, EXCP_GP, x86_sel_error(d->selector), ra);
    return base;
}

/* ---- loading ---- */
void x86_set_seg(CPUX86State *env, unsigned seg, uint16_t selector, uint64_t base, uint32_t limit, uint32_t attr)
{
    env->segs[seg] = (X86Segment){ base, limit, attr, selector };
    x86_update_hflags(env);
}

static void load_real(CPUX86State *env, unsigned seg, uint16_t selector)
{
    X86Segment *s = &env->segs[seg];

    if (env->eflags & EF_VM) {
        *s = x86_vm86_segment(selector);
    } else {
        s->attr = (s->attr & (SEG_DB | SEG_G)) | ATTR_REAL_DATA;
        s->selector = selector;
        s->base = (uint32_t)selector << 4;
    }
    x86_update_hflags(env);
}

static void load_null(X86CPU *cpu, unsigned seg, uint16_t selector, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    unsigned cpl = x86_cpl(env);

    if (seg != X86_SEG_SS) {
        env->segs[seg] = x86_null_segment(selector);
    } else {
        if (!(env->hflags & BF_CS64) || cpl == 3 || (selector & 3) != cpl)
            x86_raise_gp0(cpu, ra);
        env->segs[seg] = x86_null_stack(selector, cpl);
    }
    x86_update_hflags(env);
}

static void check_stack_segment(X86CPU *cpu, const X86Desc *d, uintptr_t ra)
{
    unsigned cpl = x86_cpl(&cpu->env);
    uint32_t error = x86_sel_error(d->selector);

    if ((d->selector & 3) != cpl || !x86_desc_is_stack(d) || SEG_DPL(d->hi) != cpl)
        x86_raise_error(cpu, EXCP_GP, error, ra);
    if (!(d->hi & SEG_P))
        x86_raise_error(cpu, EXCP_SS, error, ra);
}

static bool code_is_conforming(uint32_t attr)
{
    return (attr & (SEG_CODE | SEG_E)) == (SEG_CODE | SEG_E);
}

static void check_data_segment(X86CPU *cpu, const X86Desc *d, uintptr_t ra)
{
    unsigned dpl = SEG_DPL(d->hi), rpl = d->selector & 3;
    uint32_t error = x86_sel_error(d->selector);

    if (!(d->hi & SEG_S) || (d->hi & (SEG_CODE | SEG_W)) == SEG_CODE)
        x86_raise_error(cpu, EXCP_GP, error, ra);
    if (!code_is_conforming(d->hi) && (rpl > dpl || x86_cpl(&cpu->env) > dpl))
        x86_raise_error(cpu, EXCP_GP, error, ra);
    if (!(d->hi & SEG_P))
        x86_raise_error(cpu, EXCP_NP, error, ra);
}

void x86_load_seg(X86CPU *cpu, unsigned seg, uint16_t selector, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    X86Desc d;

    if (x86_real_or_vm(env)) {
        load_real(env, seg, selector);
        return;
    }
    if (x86_sel_null(selector)) {
        load_null(cpu, seg, selector, ra);
        return;
    }
    x86_need_desc(cpu, selector, 0, &d, ra);
    if (seg == X86_SEG_SS)
        check_stack_segment(cpu, &d, ra);
    else
        check_data_segment(cpu, &d, ra);
    x86_desc_set_accessed(cpu, &d, ra);
    env->segs[seg] = x86_desc_segment(&d, selector);
    env->segs[seg].attr |= SEG_A;
    x86_update_hflags(env);
}

void x86_drop_data_segments(CPUX86State *env, unsigned cpl)
{
    static const uint8_t data[] = { X86_SEG_ES, X86_SEG_DS, X86_SEG_FS, X86_SEG_GS };

    for (unsigned i = 0; i < sizeof(data); i++) {
        X86Segment *s = &env->segs[data[i]];
        if ((s->attr & SEG_P) && SEG_DPL(s->attr) < cpl && !code_is_conforming(s->attr))
            *s = x86_null_segment(0);
    }
}

/* ---- accesses ---- */
static bool within_limit(const X86Segment *s, uint32_t offset, unsigned size)
{
    uint64_t last = (uint64_t)offset + size - 1;

    if ((s->attr & (SEG_CODE | SEG_E)) == SEG_E)
        return offset > s->limit && last <= (s->attr & SEG_DB ? 0xffffffffu : 0xffffu);
    return last <= s->limit;
}

/* In protected mode; a null segment is not present. */
static bool type_allows(const X86Segment *s, bool write)
{
    if (!(s->attr & SEG_P))
        return false;
    if (s->attr & SEG_CODE)
        return !write && (s->attr & SEG_W);
    return !write || (s->attr & SEG_W);
}

static uint64_t linear64(X86CPU *cpu, unsigned seg, uint64_t offset, unsigned size, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    uint64_t va = offset + (seg == X86_SEG_FS || seg == X86_SEG_GS ? env->segs[seg].base : 0);

    if (!x86_is_canonical(env, va) || !x86_is_canonical(env, va + size - 1))
        x86_raise_error(cpu, seg == X86_SEG_SS ? EXCP_SS : EXCP_GP, 0, ra);
    return va;
}

uint64_t x86_seg_linear(X86CPU *cpu, unsigned seg, uint64_t offset, unsigned size, bool write, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    const X86Segment *s = &env->segs[seg];

    if (env->hflags & BF_CS64)
        return linear64(cpu, seg, offset, size, ra);
    if (!x86_real_or_vm(env) && !type_allows(s, write))
        x86_raise_error(cpu, seg == X86_SEG_SS ? EXCP_SS : EXCP_GP, 0, ra);
    if (!within_limit(s, (uint32_t)offset, size))
        x86_raise_error(cpu, seg == X86_SEG_SS ? EXCP_SS : EXCP_GP, 0, ra);
    return (uint32_t)(s->base + offset);
}

/* ---- stacks ---- */
/* Index of explicit accesses at privilege cpl. */
static unsigned stack_mmu_index(const CPUX86State *env, unsigned cpl)
{
    if (cpl == 3)
        return X86_MMU_USER;
    return (env->cr4 & CR4_SMAP) && !(env->eflags & EF_AC) ? X86_MMU_KERNEL_SMAP : X86_MMU_KERNEL;
}

X86Stack x86_new_stack(const CPUX86State *env, const X86Segment *ss, uint64_t sp, unsigned cpl, bool flat64)
{
    return (X86Stack){
        .base = flat64 ? 0 : ss->base, .sp = sp, .limit = ss->limit, .attr = ss->attr,
        .mask = flat64 ? ~0ull : ss->attr & SEG_DB ? 0xffffffffull : 0xffffull,
        .mmu_idx = stack_mmu_index(env, cpl), .flat64 = flat64,
    };
}

X86Stack x86_current_stack(const CPUX86State *env)
{
    return x86_new_stack(env, &env->segs[X86_SEG_SS], env->regs[X86_RSP], x86_cpl(env), env->hflags & BF_CS64);
}

static uint64_t stack_linear(X86CPU *cpu, const X86Stack *st, uint64_t sp, unsigned bytes, uintptr_t ra)
{
    bool fits;

    if (st->flat64)
        fits = x86_is_canonical(&cpu->env, sp) && x86_is_canonical(&cpu->env, sp + bytes - 1);
    else
        fits = within_limit(&(X86Segment){ .limit = st->limit, .attr = st->attr }, (uint32_t)sp, bytes);
    if (!fits)
        x86_raise_error(cpu, EXCP_SS, st->error, ra);
    return st->flat64 ? sp : (uint32_t)(st->base + sp);
}

static IRMemOp stack_memop(const X86Stack *st, unsigned bytes)
{
    return (unsigned)__builtin_ctz(bytes) | st->mmu_idx << MO_IDX_SHIFT;
}

void x86_stack_push(X86CPU *cpu, X86Stack *st, uint64_t value, unsigned bytes, uintptr_t ra)
{
    uint64_t sp = (st->sp - bytes) & st->mask;

    mmu_st(&cpu->parent, stack_linear(cpu, st, sp, bytes, ra), value, stack_memop(st, bytes), ra);
    st->sp = (st->sp & ~st->mask) | sp;
}

uint64_t x86_stack_pop(X86CPU *cpu, X86Stack *st, unsigned bytes, uintptr_t ra)
{
    uint64_t va = stack_linear(cpu, st, st->sp & st->mask, bytes, ra);
    uint64_t value = mmu_ld(&cpu->parent, va, stack_memop(st, bytes), ra);

    st->sp = (st->sp & ~st->mask) | ((st->sp + bytes) & st->mask);
    return value;
}

void x86_set_sp(CPUX86State *env, const X86Stack *st)
{
    uint64_t old = env->regs[X86_RSP];

    if (st->mask == 0xffff)
        env->regs[X86_RSP] = (old & ~0xffffull) | (st->sp & 0xffff);
    else
        env->regs[X86_RSP] = st->sp & st->mask;
}

/* ---- code ---- */
void x86_check_code_mode(X86CPU *cpu, const X86Desc *d, uint32_t ext, uintptr_t ra)
{
    uint32_t error = x86_sel_error(d->selector) | ext;

    if (x86_lma(&cpu->env) && (d->hi & (SEG_L | SEG_DB)) == (SEG_L | SEG_DB))
        x86_raise_error(cpu, EXCP_GP, error, ra);
    if (!(d->hi & SEG_P))
        x86_raise_error(cpu, EXCP_NP, error, ra);
}

void x86_check_code_offset(X86CPU *cpu, const X86Segment *cs, uint64_t offset, uint32_t error, uintptr_t ra)
{
    bool ok = x86_seg_is_code64(&cpu->env, cs) ? x86_is_canonical(&cpu->env, offset) : offset <= cs->limit;
    if (!ok)
        x86_raise_error(cpu, EXCP_GP, error, ra);
}
