/* SPDX-License-Identifier: MIT */
/*
 * Repeated string instructions (SDM vol. 2, REP).
 *
 * They work on runs of elements that lie within one page, in both strings, through host pointers; what cannot be had so (an
 * element across pages, devices, pages with code or watchpoints) goes one element at a time. The registers are stored after each
 * run and before anything that may fault: a fault leaves them as of the element that caused it, and the instruction is simply run again. Flags of
 * CMPS and SCAS change at the end only, as the manual asks.
 *
 * Elements are copied in order: where the destination begins within the source, the copy repeats its beginning, as programs expect of it.
 *
 * After some elements the helper returns, for interrupts to be seen.
 */
#include <string.h>

#include "base/bits.h"
#include "target/x86/cc.h"
#include "target/x86/helper_int.h"
#include "target/x86/helper_string.h"

#define BUDGET_BYTES 65536u

/* ---- registers ---- */
static void set_reg(CPUX86State *env, unsigned n, uint64_t mask, uint64_t v)
{
    if (mask == 0xffff)
        env->regs[n] = (env->regs[n] & ~mask) | (v & mask);
    else
        env->regs[n] = v & mask; /* 32 bits zero the upper half */
}

void x86_string_begin(StringRun *r, CPUState *cs, uint32_t desc, uint64_t budget, uintptr_t ra)
{
    CPUX86State *env = x86_env(cs);

    if (desc & STR_ONE) { /* #DB comes after the element, with this instruction's pc: flags as well are of now from here on */
        cpu_restore_state(cs, ra);
        ra = 0;
    }
    *r = (StringRun){ .cpu = x86_cpu(cs), .env = env, .ra = ra, .lg = STR_LOG2(desc), .bytes = 1u << STR_LOG2(desc),
                      .seg = desc >> STR_SEG_SHIFT & 7, .idx = x86_data_mmu_index(env), .single = desc & STR_SINGLE, .one = desc & STR_ONE };
    r->mask = MASK64(8u << (desc >> STR_ASZ_SHIFT & 3));
    r->count = r->single ? 1 : env->regs[X86_RCX] & r->mask;
    r->budget = r->one ? 1 : budget;
}

void x86_string_done(StringRun *r, uint64_t n, bool si, bool di)
{
    CPUX86State *env = r->env;
    uint64_t step = (uint64_t)((int64_t)(n << r->lg) * env->df);

    if (si)
        set_reg(env, X86_RSI, r->mask, env->regs[X86_RSI] + step);
    if (di)
        set_reg(env, X86_RDI, r->mask, env->regs[X86_RDI] + step);
    r->count -= n;
    r->budget -= n;
    if (!r->single)
        set_reg(env, X86_RCX, r->mask, r->count);
}

uint32_t x86_string_end(StringRun *r)
{
    bool left = r->count && !r->single;

    if (left && r->one)
        x86_raise_db(r->cpu, DR6_BS, 0);
    return left;
}

/* ---- addresses ---- */
static uint64_t offset_of(const StringRun *r, unsigned reg) { return r->env->regs[reg] & r->mask; }
static unsigned seg_of(const StringRun *r, unsigned reg) { return reg == X86_RDI ? X86_SEG_ES : r->seg; }

/* No limit or type is to be checked, and bases of the first four segments are 0. */
static bool is_flat(const StringRun *r, unsigned seg)
{
    return r->env->hflags & BF_CS64 || (!(r->env->hflags & BF_SEGMENTED) && seg != X86_SEG_FS && seg != X86_SEG_GS);
}

uint64_t x86_string_linear(StringRun *r, unsigned reg, unsigned bytes, bool write)
{
    unsigned seg = seg_of(r, reg);
    uint64_t offset = offset_of(r, reg);

    if (!is_flat(r, seg))
        return x86_seg_linear(r->cpu, seg, offset, bytes, write, r->ra);
    if (r->env->hflags & BF_CS64)
        return offset + (seg == X86_SEG_FS || seg == X86_SEG_GS ? r->env->segs[seg].base : 0);
    return offset;
}

/*
 * How many elements from reg's lie in one page, not wrapping around the address size or leaving the segment; 0: the next one must be done by itself.
 * *va: the linear address of the first.
 */
static uint64_t run_length(StringRun *r, unsigned reg, bool write, uint64_t *va)
{
    unsigned seg = seg_of(r, reg);
    uint64_t offset = offset_of(r, reg), in_page, room;

    *va = x86_string_linear(r, reg, r->bytes, write);
    in_page = *va & ~MEM_PAGE_MASK;
    if (r->env->df > 0) {
        room = MEM_PAGE_SIZE - in_page;
        room = MIN_OF(room - 1, r->mask - offset) + 1;
    } else {
        if (in_page + r->bytes > MEM_PAGE_SIZE)
            return 0;
        room = MIN_OF(in_page, offset) + r->bytes;
    }
    if (!is_flat(r, seg)) {
        const X86Segment *sg = &r->env->segs[seg];
        bool simple = !(sg->attr & SEG_E) || sg->attr & SEG_CODE; /* not expand-down: all up to the limit */
        if (!simple)
            return 0;
        if (r->env->df > 0)
            room = MIN_OF(room, (uint64_t)sg->limit + 1 - offset);
    }
    return MIN_OF(room >> r->lg, MIN_OF(r->count, r->budget));
}

static IRMemOp memop(const StringRun *r) { return r->lg | r->idx << MO_IDX_SHIFT; }

/* Host pointer to the lowest byte of a run of n elements whose first is at va; NULL: one at a time. */
static void *run_pointer(StringRun *r, uint64_t va, uint64_t n, bool write)
{
    CPUState *cs = &r->cpu->parent;
    unsigned size = (unsigned)(n << r->lg);

    if (r->env->df < 0) { /* a fault names the first element */
        mmu_probe(cs, va, r->bytes, write ? MMU_DATA_STORE : MMU_DATA_LOAD, r->idx, false, NULL, r->ra);
        va -= size - r->bytes;
    }
    if (write)
        return mmu_probe_store(cs, va, size, r->idx, r->ra);
    return mmu_probe(cs, va, size, MMU_DATA_LOAD, r->idx, false, NULL, r->ra);
}

static uint64_t load_element(const uint8_t *p, unsigned lg)
{
    switch (lg) {
    case 0: return *p;
    case 1: return lduw_le_p(p);
    case 2: return ldl_le_p(p);
    default: return ldq_le_p(p);
    }
}

static void store_element(uint8_t *p, unsigned lg, uint64_t v)
{
    switch (lg) {
    case 0: *p = (uint8_t)v; break;
    case 1: stw_le_p(p, (uint16_t)v); break;
    case 2: stl_le_p(p, (uint32_t)v); break;
    default: stq_le_p(p, v); break;
    }
}

/*
 * A 32-bit count loses its upper half even when it is 0 or the first element faults; so do the pointers of MOVS and STOS (Intel's parts).
 */
static void begin(StringRun *r, CPUState *cs, uint32_t desc, bool si, bool di, uintptr_t ra)
{
    x86_string_begin(r, cs, desc, BUDGET_BYTES >> STR_LOG2(desc), ra);
    x86_string_done(r, 0, si, di);
}

/* The first operand's faults come before the second's segment is looked at. */
static void touch_first(StringRun *r, uint64_t va, unsigned second)
{
    if (!is_flat(r, seg_of(r, second)))
        mmu_probe(&r->cpu->parent, va, 1, MMU_DATA_LOAD, r->idx, false, NULL, r->ra);
}

/* ---- MOVS ---- */
static void copy_run(const StringRun *r, uint8_t *d, const uint8_t *src, uint64_t n)
{
    size_t size = (size_t)(n << r->lg);
    bool apart = d + size <= src || src + size <= d;

    if (apart || (r->env->df > 0 && d <= src)) {
        memmove(d, src, size);
    } else if (r->env->df > 0) {
        for (size_t i = 0; i < size; i += r->bytes)
            store_element(d + i, r->lg, load_element(src + i, r->lg));
    } else {
        for (size_t i = size; i; i -= r->bytes)
            store_element(d + i - r->bytes, r->lg, load_element(src + i - r->bytes, r->lg));
    }
}

static void movs_element(StringRun *r, uint64_t src, uint64_t dst)
{
    CPUState *cs = &r->cpu->parent;
    mmu_st(cs, dst, mmu_ld(cs, src, memop(r), r->ra), memop(r), r->ra);
    x86_string_done(r, 1, true, true);
}

/* The common case, in haste: 64-bit addresses, forward, within a page. Bytes to move; 0: not such a case. */
static uint64_t quick_bytes(const CPUX86State *env, uint32_t desc)
{
    const uint32_t plain = 3u << STR_ASZ_SHIFT;
    bool is_plain = (desc & (STR_ONE | 3u << STR_ASZ_SHIFT)) == plain && (desc >> STR_SEG_SHIFT & 7) < X86_SEG_FS && env->df > 0;

    return is_plain && env->regs[X86_RCX] <= MEM_PAGE_SIZE >> STR_LOG2(desc) ? env->regs[X86_RCX] << STR_LOG2(desc) : 0;
}

static bool movs_quick(CPUState *cs, CPUX86State *env, uint32_t desc)
{
    uint64_t size = quick_bytes(env, desc), src = env->regs[X86_RSI], dst = env->regs[X86_RDI];
    unsigned idx = x86_data_mmu_index(env);
    const uint8_t *p = size ? mmu_fast_host(cs, src, size, false, idx) : NULL;
    uint8_t *q = p ? mmu_fast_host(cs, dst, size, true, idx) : NULL;

    if (!q || (uintptr_t)q - (uintptr_t)p < size)
        return false;
    memmove(q, p, size);
    env->regs[X86_RSI] = src + size;
    env->regs[X86_RDI] = dst + size;
    env->regs[X86_RCX] = 0;
    return true;
}

uint32_t helper_rep_movs(CPUState *cs, uint32_t desc)
{
    StringRun r;
    if (movs_quick(cs, x86_env(cs), desc))
        return 0;
    begin(&r, cs, desc, true, true, GETPC());
    while (r.count && r.budget) {
        uint64_t src, dst, n = run_length(&r, X86_RSI, false, &src);
        touch_first(&r, src, X86_RDI);
        uint64_t m = run_length(&r, X86_RDI, true, &dst);
        n = MIN_OF(n, m);
        uint8_t *p = n ? run_pointer(&r, src, n, false) : NULL, *q = p ? run_pointer(&r, dst, n, true) : NULL;
        if (!q) {
            movs_element(&r, src, dst);
            continue;
        }
        copy_run(&r, q, p, n);
        x86_string_done(&r, n, true, true);
    }
    return x86_string_end(&r);
}

/* ---- STOS, LODS ---- */
static void fill_run(uint8_t *p, unsigned lg, uint64_t v, uint64_t n)
{
    static const uint64_t repeat[] = { 0x0101010101010101ull, 0x0001000100010001ull, 0x0000000100000001ull, 1 };
    uint64_t pattern = (v & MASK64(8u << lg)) * repeat[lg];
    size_t size = (size_t)(n << lg), i = 0;

    if (pattern == (pattern & 0xff) * repeat[0]) {
        memset(p, (int)(pattern & 0xff), size);
        return;
    }
    for (; i + 8 <= size; i += 8)
        stq_le_p(p + i, pattern);
    for (; i < size; i += 1u << lg)
        store_element(p + i, lg, v);
}

static bool stos_quick(CPUState *cs, CPUX86State *env, uint32_t desc)
{
    uint64_t size = quick_bytes(env, desc), dst = env->regs[X86_RDI];
    uint8_t *p = size ? mmu_fast_host(cs, dst, size, true, x86_data_mmu_index(env)) : NULL;

    if (!p)
        return false;
    fill_run(p, STR_LOG2(desc), env->regs[X86_RAX], env->regs[X86_RCX]);
    env->regs[X86_RDI] = dst + size;
    env->regs[X86_RCX] = 0;
    return true;
}

uint32_t helper_rep_stos(CPUState *cs, uint32_t desc)
{
    StringRun r;
    if (stos_quick(cs, x86_env(cs), desc))
        return 0;
    uint64_t dst, value = x86_env(cs)->regs[X86_RAX];
    begin(&r, cs, desc, false, true, GETPC());
    while (r.count && r.budget) {
        uint64_t n = run_length(&r, X86_RDI, true, &dst);
        uint8_t *p = n ? run_pointer(&r, dst, n, true) : NULL;
        if (p) {
            fill_run(p, r.lg, value, n);
        } else {
            mmu_st(cs, dst, value, memop(&r), r.ra);
            n = 1;
        }
        x86_string_done(&r, n, false, true);
    }
    return x86_string_end(&r);
}

static void write_accumulator(CPUX86State *env, unsigned lg, uint64_t v)
{
    if (lg >= 2)
        env->regs[X86_RAX] = v;
    else
        env->regs[X86_RAX] = deposit64(env->regs[X86_RAX], 0, 8u << lg, v);
}

/* Only devices see any but the last load; they see them all. */
uint32_t helper_rep_lods(CPUState *cs, uint32_t desc)
{
    StringRun r;
    uint64_t src;
    begin(&r, cs, desc, false, false, GETPC());
    while (r.count && r.budget) {
        uint64_t n = run_length(&r, X86_RSI, false, &src), v;
        uint8_t *p = n ? run_pointer(&r, src, n, false) : NULL;
        if (p) {
            v = load_element(r.env->df > 0 ? p + ((n - 1) << r.lg) : p, r.lg);
        } else {
            v = mmu_ld(cs, src, memop(&r), r.ra);
            n = 1;
        }
        write_accumulator(r.env, r.lg, v);
        x86_string_done(&r, n, true, false);
    }
    return x86_string_end(&r);
}

/* ---- CMPS, SCAS ---- */
/* What the last comparison was of. */
typedef struct Compared { uint64_t a, b; bool any; } Compared;

static bool goes_on(const Compared *c, uint32_t desc) { return (c->a == c->b) != !!(desc & STR_REPNE); }

/* Compares up to n elements at p (NULL: value) and q. Returns how many were looked at. */
static uint64_t compare_run(const StringRun *r, Compared *c, const uint8_t *p, uint64_t value, const uint8_t *q, uint64_t n, uint32_t desc)
{
    ptrdiff_t step = (ptrdiff_t)r->bytes * r->env->df, first = r->env->df > 0 ? 0 : (ptrdiff_t)((n - 1) << r->lg), at = first;

    c->any = true;
    for (uint64_t i = 0; i < n; i++, at += step) {
        c->a = p ? load_element(p + at, r->lg) : value;
        c->b = load_element(q + at, r->lg);
        if (!goes_on(c, desc))
            return i + 1;
    }
    return n;
}

static uint32_t compare_end(StringRun *r, const Compared *c, bool finished)
{
    if (c->any) {
        r->env->cc_dst = c->a;
        r->env->cc_src = c->b;
        r->env->cc_op = CC_OP_CMP + r->lg;
    }
    return finished ? 0 : x86_string_end(r);
}

uint32_t helper_rep_cmps(CPUState *cs, uint32_t desc)
{
    StringRun r;
    Compared c = { 0 };
    bool finished = false;
    begin(&r, cs, desc, false, false, GETPC());
    while (r.count && r.budget && !finished) {
        uint64_t src, dst, n = run_length(&r, X86_RDI, false, &dst);
        touch_first(&r, dst, X86_RSI);
        uint64_t m = run_length(&r, X86_RSI, false, &src);
        n = MIN_OF(n, m);
        uint8_t *q = n ? run_pointer(&r, dst, n, false) : NULL, *p = q ? run_pointer(&r, src, n, false) : NULL;
        if (p) {
            n = compare_run(&r, &c, p, 0, q, n, desc);
        } else {
            uint64_t b = mmu_ld(cs, dst, memop(&r), r.ra); /* rDI's is read first */
            c = (Compared){ .a = mmu_ld(cs, src, memop(&r), r.ra), .b = b, .any = true };
            n = 1;
        }
        finished = !goes_on(&c, desc);
        x86_string_done(&r, n, true, true);
    }
    return compare_end(&r, &c, finished);
}

uint32_t helper_rep_scas(CPUState *cs, uint32_t desc)
{
    StringRun r;
    Compared c = { 0 };
    bool finished = false;
    begin(&r, cs, desc, false, false, GETPC());
    uint64_t dst, value = r.env->regs[X86_RAX] & MASK64(8u << r.lg);
    while (r.count && r.budget && !finished) {
        uint64_t n = run_length(&r, X86_RDI, false, &dst);
        uint8_t *q = n ? run_pointer(&r, dst, n, false) : NULL;
        if (q) {
            n = compare_run(&r, &c, NULL, value, q, n, desc);
        } else {
            c = (Compared){ .a = value, .b = mmu_ld(cs, dst, memop(&r), r.ra), .any = true };
            n = 1;
        }
        finished = !goes_on(&c, desc);
        x86_string_done(&r, n, false, true);
    }
    return compare_end(&r, &c, finished);
}
