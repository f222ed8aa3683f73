/* SPDX-License-Identifier: MIT */
/*
 * Dropping TLB entries: by index, by ASID, by address; and switching ASIDs.
 *
 * Sets. An index kept by ASID has 15 sets of tables, one for each of the last ASIDs; all such indexes use the same set number,
 * and the set number plus one is what jump_context holds (bits 62:59). A switch to a known ASID changes base pointers only; an unknown one takes
 * the set that was used longest ago and empties it. Global pages may have been filled into any set: they are looked for in
 * all of them, but only where there are some.
 *
 * An index that the target does not keep by ASID is kept so nevertheless when switches find it full of non-global entries and
 * little else: a kernel that hides from user code (KPTI) maps all of itself non-global and switches at each entry and exit. A
 * whole flush of the index ends that; it begins again when it must.
 *
 * Large pages are filled as single pages of 4 KiB, so dropping one address of a large page must drop what was filled from all
 * of it: a set remembers the ranges in which there may be such entries, and a flush that meets one looks at every entry, each
 * of which knows the size of its page. So no entry goes that was not named. Code of large pages is less exact: the jump cache
 * forgets the whole range.
 *
 * Everything that drops a page of code drops its jump cache entries too; whatever drops entries, or changes the set in use,
 * makes generated code forget the recent pages of the index.
 */
#include "accel/mmu/mmu_internal.h"
#include "accel/tb/tb_internal.h"

#define JUMP_PAGES_MAX 512u /* for longer ranges, the whole jump cache is looked at once */
#define LARGE_DROPS_MAX 4 /* ASID switches that find an index full of non-global entries, before it is kept by ASID */

static unsigned n_sets(const CpuMmu *m, unsigned idx)
{
    return tlb_by_asid(m, idx) ? TLB_ASID_SETS : 1;
}

static void flush_idx_locked(CPUState *cpu, unsigned idx)
{
    CpuMmu *m = cpu->mmu;
    for (unsigned i = 0; i < n_sets(m, idx); i++)
        tlb_set_flush_locked(&m->sets[idx][i]);
    tlb_forget_recent(cpu, idx);
    m->by_asid &= m->by_asid_set | ~(1u << idx);
    m->large_drops[idx] = 0;
    tlb_install_locked(cpu, idx);
}

#define FOREACH_IDX(cpu, idx, mask) \
    for (unsigned idx = 0; idx < (cpu)->target->n_mmu_modes; idx++) \
        if ((mask) >> idx & 1)

void mmu_flush(CPUState *cpu, uint32_t idx_mask)
{
    lock_acquire(&cpu->mmu->lock);
    FOREACH_IDX (cpu, idx, idx_mask)
        flush_idx_locked(cpu, idx);
    lock_release(&cpu->mmu->lock);
    jump_cache_flush(cpu);
}

/* ---- by address ---- */
typedef struct Span { uint64_t first, last; } Span;

static bool spans_meet(Span a, Span b)
{
    return a.first <= b.last && b.first <= a.last;
}

/* Page of an entry; ~0: empty. */
static uint64_t entry_page(const CPUTLBEntry *e)
{
    uint64_t tag = e->addr_read != TLB_EMPTY ? e->addr_read : e->addr_write != TLB_EMPTY ? e->addr_write : e->addr_code;
    return tag == TLB_EMPTY ? TLB_EMPTY : tag & MEM_PAGE_MASK;
}

/* The addresses of the guest's page that an entry was filled from. */
static Span entry_span(const CPUTLBEntry *e, const TlbFull *full)
{
    uint64_t mask = MASK64(MAX_OF(full->page_bits, MEM_PAGE_BITS)), at = entry_page(e);
    return (Span){ at & ~mask, at | mask };
}

static void drop_entry(TlbSet *s, CPUTLBEntry *e)
{
    tlb_entry_clear(e);
    if (e >= s->table && e < s->table + s->entries)
        s->used--;
}

static void drop(TlbSet *s, CPUTLBEntry *e, const TlbFull *full, Span span, bool only_global)
{
    if (!tlb_entry_empty(e) && !(only_global && !full->global) && spans_meet(entry_span(e, full), span))
        drop_entry(s, e);
}

static void drop_victims(TlbSet *s, Span span, bool only_global)
{
    for (unsigned i = 0; i < TLB_VICTIMS; i++)
        drop(s, &s->victim[i], &s->victim_full[i], span, only_global);
}

static Span large_span(const TlbSet *s, unsigned i)
{
    return (Span){ s->large[i].base, s->large[i].base | ~s->large[i].mask };
}

/* Large ranges that the span meets; *reach grows to take them in. */
static uint32_t find_large(const TlbSet *s, Span span, Span *reach)
{
    uint32_t found = 0;
    for (unsigned i = 0; i < s->n_large; i++) {
        Span large = large_span(s, i);
        if (!spans_meet(large, span))
            continue;
        found |= 1u << i;
        *reach = (Span){ MIN_OF(reach->first, large.first), MAX_OF(reach->last, large.last) };
    }
    return found;
}

/* Takes out of ranges those that hold e, an entry of a large page. */
static uint32_t without_holders(const TlbSet *s, uint32_t ranges, const CPUTLBEntry *e, const TlbFull *full)
{
    if (full->page_bits <= MEM_PAGE_BITS || tlb_entry_empty(e))
        return ranges;
    Span span = entry_span(e, full);
    for (unsigned i = 0; i < s->n_large; i++) {
        if (spans_meet(large_span(s, i), span))
            ranges &= ~(1u << i);
    }
    return ranges;
}

/* Looks at everything. Of the ranges given, those that have no entry left are forgotten: the caller sees to their jump cache entries. */
static void drop_from_all(TlbSet *s, Span span, bool only_global, uint32_t ranges)
{
    for (uint32_t i = 0; i < s->entries; i++) {
        drop(s, &s->table[i], &s->full[i], span, only_global);
        ranges = without_holders(s, ranges, &s->table[i], &s->full[i]);
    }
    for (unsigned i = 0; i < TLB_VICTIMS; i++) {
        drop(s, &s->victim[i], &s->victim_full[i], span, only_global);
        ranges = without_holders(s, ranges, &s->victim[i], &s->victim_full[i]);
    }
    for (unsigned i = s->n_large; i--;) {
        if (ranges >> i & 1)
            s->large[i] = s->large[--s->n_large];
    }
}

static void drop_page_by_page(TlbSet *s, Span span, bool only_global)
{
    for (uint64_t i = 0, n = (span.last - span.first) >> MEM_PAGE_BITS; i <= n; i++) {
        uint32_t k = tlb_index(s, span.first + (i << MEM_PAGE_BITS));
        drop(s, &s->table[k], &s->full[k], span, only_global);
    }
    drop_victims(s, span, only_global);
}

static void drop_span(TlbSet *s, Span span, Span *reach, bool only_global)
{
    uint32_t large = find_large(s, span, reach);
    if (large || (span.last - span.first) >> MEM_PAGE_BITS >= s->entries)
        drop_from_all(s, span, only_global, large);
    else
        drop_page_by_page(s, span, only_global);
}

/* In the sets that asid concerns; of other ASIDs' sets only the global pages. */
static void drop_span_of_asid(CPUState *cpu, Span span, Span *reach, uint32_t asid, uint32_t idx_mask)
{
    CpuMmu *m = cpu->mmu;
    FOREACH_IDX (cpu, idx, idx_mask) {
        tlb_forget_recent(cpu, idx);
        for (unsigned i = 0; i < n_sets(m, idx); i++) {
            TlbSet *s = &m->sets[idx][i];
            bool only_global = tlb_by_asid(m, idx) && asid != MMU_ASID_ANY && asid != m->asid[i];
            if (s->table && (!only_global || s->n_global))
                drop_span(s, span, reach, only_global);
        }
    }
}

static void flush_jumps(CPUState *cpu, Span reach)
{
    uint64_t n = (reach.last - reach.first) >> MEM_PAGE_BITS;
    if (n > JUMP_PAGES_MAX) {
        jump_cache_flush_span(cpu, reach.first, reach.last);
        return;
    }
    for (uint64_t i = 0; i <= n; i++)
        jump_cache_flush_page(cpu, reach.first + (i << MEM_PAGE_BITS));
}

void mmu_flush_range(CPUState *cpu, uint64_t va, uint64_t n_pages, unsigned page_bits, uint32_t asid, uint32_t idx_mask)
{
    uint64_t mask = MASK64(page_bits);
    va &= ~mask;
    if (!n_pages)
        return;
    if (n_pages - 1 > (UINT64_MAX - va) >> page_bits) {
        mmu_flush(cpu, idx_mask);
        return;
    }
    Span span = { va, (va + ((n_pages - 1) << page_bits)) | mask }, reach = span;
    lock_acquire(&cpu->mmu->lock);
    drop_span_of_asid(cpu, span, &reach, asid, idx_mask);
    flush_jumps(cpu, reach);
    lock_release(&cpu->mmu->lock);
}

/* ---- by ASID ---- */
/* CPUState.jump_context of a set: never 0, which tags of global code have. */
static uint64_t context_of(unsigned set)
{
    return (uint64_t)(set + 1) << 59;
}

static int set_of_asid(const CpuMmu *m, uint32_t asid)
{
    for (unsigned i = 0; i < TLB_ASID_SETS; i++) {
        if (m->asid[i] == asid)
            return (int)i;
    }
    return -1;
}

static void drop_nonglobal_all(TlbSet *s)
{
    for (uint32_t i = 0; s->table && i < s->entries; i++) {
        if (!s->full[i].global && !tlb_entry_empty(&s->table[i])) {
            tlb_entry_clear(&s->table[i]);
            s->used--;
        }
    }
    for (unsigned i = 0; i < TLB_VICTIMS; i++) {
        if (!s->victim_full[i].global)
            tlb_entry_clear(&s->victim[i]);
    }
    s->n_nonglobal = 0;
}

/*
 * Drops the non-global entries of the current ASID from an index that is not kept by ASID. The caller sees to the jump cache:
 * what is not global has its context in the tag, or has set nonglobal_high.
 */
static void drop_nonglobal(TlbSet *s)
{
    if (s->n_nonglobal > TLB_NONGLOBALS) {
        drop_nonglobal_all(s);
        return;
    }
    for (unsigned i = 0; i < s->n_nonglobal; i++) {
        uint64_t page = s->nonglobal[i];
        uint32_t k = tlb_index(s, page);
        if (!s->full[k].global && entry_page(&s->table[k]) == page)
            drop_entry(s, &s->table[k]);
        for (unsigned v = 0; v < TLB_VICTIMS; v++) {
            if (!s->victim_full[v].global && entry_page(&s->victim[v]) == page)
                drop_entry(s, &s->victim[v]);
        }
    }
    s->n_nonglobal = 0;
}

/* Keeps idx by ASID from now on. The caller installs the tables. */
static void promote_locked(CpuMmu *m, unsigned idx)
{
    tlb_set_flush_locked(&m->sets[idx][0]);
    m->by_asid |= 1u << idx;
    m->large_drops[idx] = 0;
}

/* The ASID changes: the non-global entries of idx, which is not kept by ASID, go. */
static void leave_asid_locked(CpuMmu *m, unsigned idx)
{
    TlbSet *s = &m->sets[idx][0];
    bool many = s->n_nonglobal > TLB_NONGLOBALS;
    uint32_t used = s->used;
    drop_nonglobal(s);
    if (many && s->used <= used / 4 && ++m->large_drops[idx] >= LARGE_DROPS_MAX)
        promote_locked(m, idx);
}

void mmu_flush_asid(CPUState *cpu, uint32_t asid, uint32_t idx_mask)
{
    CpuMmu *m = cpu->mmu;
    lock_acquire(&m->lock);
    int set = set_of_asid(m, asid);
    FOREACH_IDX (cpu, idx, idx_mask) {
        tlb_forget_recent(cpu, idx);
        if (!tlb_by_asid(m, idx)) {
            if (set == (int)m->current)
                drop_nonglobal(&m->sets[idx][0]);
        } else if (set >= 0) {
            TlbSet *s = &m->sets[idx][set];
            if (s->n_global)
                drop_nonglobal_all(s);
            else
                tlb_set_flush_locked(s);
            tlb_install_locked(cpu, idx);
        }
    }
    lock_release(&m->lock);
    if (set >= 0)
        jump_cache_flush_context(cpu, context_of((unsigned)set));
}

/* ---- switching ---- */
void mmu_set_by_asid(CPUState *cpu, uint32_t idx_mask)
{
    mmu_flush(cpu, ~0u); /* of the sets that were in use so far */
    cpu->mmu->by_asid = cpu->mmu->by_asid_set = idx_mask;
    cpu->jump_context = context_of(cpu->mmu->current);
    mmu_flush(cpu, ~0u);
}

/* Empties and returns the set that was used longest ago. */
static unsigned recycle_set_locked(CPUState *cpu, uint32_t asid)
{
    CpuMmu *m = cpu->mmu;
    unsigned oldest = 0;
    for (unsigned i = 1; i < TLB_ASID_SETS; i++) {
        if (m->stamp[i] < m->stamp[oldest])
            oldest = i;
    }
    bool was_used = m->asid[oldest] != MMU_ASID_ANY || m->stamp[oldest];
    for (unsigned idx = 0; was_used && idx < cpu->target->n_mmu_modes; idx++) {
        if (tlb_by_asid(m, idx))
            tlb_set_flush_locked(&m->sets[idx][oldest]);
    }
    if (was_used)
        jump_cache_flush_context(cpu, context_of(oldest));
    m->asid[oldest] = asid;
    return oldest;
}

void mmu_set_asid(CPUState *cpu, uint32_t asid)
{
    CpuMmu *m = cpu->mmu;
    if (m->asid[m->current] == asid)
        return;
    lock_acquire(&m->lock);
    int known = set_of_asid(m, asid);
    m->stamp[m->current] = ++m->clock;
    for (unsigned idx = 0; idx < cpu->target->n_mmu_modes; idx++) {
        if (!tlb_by_asid(m, idx) && m->sets[idx][0].n_nonglobal)
            leave_asid_locked(m, idx);
    }
    m->current = known >= 0 ? (unsigned)known : recycle_set_locked(cpu, asid);
    m->stamp[m->current] = ++m->clock;
    cpu->jump_context = context_of(m->current);
    for (unsigned idx = 0; idx < cpu->target->n_mmu_modes; idx++) {
        tlb_install_locked(cpu, idx);
        tlb_forget_recent(cpu, idx);
    }
    lock_release(&m->lock);
    jump_cache_switch(cpu);
}
