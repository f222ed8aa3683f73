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
 * of it: a set remembers the ranges.
 *
 * Everything that drops a page of code drops its jump cache entries too; whatever drops entries, or changes the set in use,
 * makes generated code forget the recent pages of the index.
 */
#include "accel/mmu/mmu_internal.h"
#include "accel/tb/tb_internal.h"

#define RANGE_MAX_PAGES 32u /* for longer ranges, all entries are looked at once */
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
/* Page of an entry; ~0: empty. */
static uint64_t entry_page(const CPUTLBEntry *e)
{
    uint64_t tag = e->addr_read != TLB_EMPTY ? e->addr_read : e->addr_write != TLB_EMPTY ? e->addr_write : e->addr_code;
    return tag == TLB_EMPTY ? TLB_EMPTY : tag & MEM_PAGE_MASK;
}

static void drop(TlbSet *s, CPUTLBEntry *e, uint64_t page, uint64_t mask, bool only_global, bool global)
{
    uint64_t at = entry_page(e);
    if (at == TLB_EMPTY || ((at ^ page) & mask & MEM_PAGE_MASK) || (only_global && !global))
        return;
    tlb_entry_clear(e);
    if (e >= s->table && e < s->table + s->entries)
        s->used--;
}

/* Drops what lies in the naturally aligned range of mask around page. */
static void drop_range(CPUState *cpu, TlbSet *s, uint64_t page, uint64_t mask, bool only_global)
{
    for (uint32_t i = 0; i < s->entries; i++)
        drop(s, &s->table[i], page, mask, only_global, s->full[i].global);
    for (unsigned i = 0; i < TLB_VICTIMS; i++)
        drop(s, &s->victim[i], page, mask, only_global, s->victim_full[i].global);
    jump_cache_flush_span(cpu, page & mask, page | ~mask);
}

static void drop_page(CPUState *cpu, TlbSet *s, uint64_t page, bool only_global)
{
    for (unsigned i = 0; i < s->n_large; i++) {
        if (!((page ^ s->large[i].base) & s->large[i].mask)) {
            drop_range(cpu, s, page, s->large[i].mask, only_global);
            return;
        }
    }
    uint32_t k = tlb_index(s, page);
    drop(s, &s->table[k], page, MEM_PAGE_MASK, only_global, s->full[k].global);
    for (unsigned i = 0; i < TLB_VICTIMS; i++)
        drop(s, &s->victim[i], page, MEM_PAGE_MASK, only_global, s->victim_full[i].global);
}

typedef struct Span { uint64_t first, last; } Span;

/* Drops what lies in the span, which grows by the large pages that reach into it. */
static void drop_span(CPUState *cpu, TlbSet *s, Span *span, bool only_global)
{
    uint64_t first = span->first, last = span->last;
    for (unsigned i = 0; i < s->n_large; i++) {
        uint64_t base = s->large[i].base, end = base | ~s->large[i].mask;
        if (base <= span->last && span->first <= end) {
            first = MIN_OF(first, base);
            last = MAX_OF(last, end);
        }
    }
    for (uint32_t i = 0; i < s->entries; i++) {
        uint64_t page = entry_page(&s->table[i]);
        if (page >= first && page <= last)
            drop(s, &s->table[i], page, MEM_PAGE_MASK, only_global, s->full[i].global);
    }
    for (unsigned i = 0; i < TLB_VICTIMS; i++) {
        uint64_t page = entry_page(&s->victim[i]);
        if (page >= first && page <= last)
            drop(s, &s->victim[i], page, MEM_PAGE_MASK, only_global, s->victim_full[i].global);
    }
    *span = (Span){ first, last };
}

/* Calls fn for the sets that a flush of addresses of asid concerns; of other ASIDs' sets only the global pages. */
static void foreach_concerned(CPUState *cpu, uint32_t idx_mask, uint32_t asid, void (*fn)(CPUState *, TlbSet *, Span *, bool only_global), Span *span)
{
    CpuMmu *m = cpu->mmu;
    FOREACH_IDX (cpu, idx, idx_mask) {
        tlb_forget_recent(cpu, idx);
        for (unsigned i = 0; i < n_sets(m, idx); i++) {
            TlbSet *s = &m->sets[idx][i];
            bool only_global = tlb_by_asid(m, idx) && asid != MMU_ASID_ANY && asid != m->asid[i];
            if (s->table && (!only_global || s->n_global))
                fn(cpu, s, span, only_global);
        }
    }
}

static void drop_first_page(CPUState *cpu, TlbSet *s, Span *span, bool only_global)
{
    drop_page(cpu, s, span->first, only_global);
}

void mmu_flush_range(CPUState *cpu, uint64_t va, uint64_t n_pages, unsigned page_bits, uint32_t asid, uint32_t idx_mask)
{
    unsigned shift = page_bits - MEM_PAGE_BITS;
    uint64_t n = n_pages << shift;
    va &= ~MASK64(page_bits);
    if (n >> shift != n_pages || n > (UINT64_MAX - va) >> MEM_PAGE_BITS) {
        mmu_flush(cpu, idx_mask);
        return;
    }
    lock_acquire(&cpu->mmu->lock);
    if (n > RANGE_MAX_PAGES) {
        Span span = { va, va + (n << MEM_PAGE_BITS) - 1 };
        foreach_concerned(cpu, idx_mask, asid, drop_span, &span);
        jump_cache_flush_span(cpu, span.first, span.last);
    } else {
        for (uint64_t i = 0; i < n; i++) {
            Span span = { va + (i << MEM_PAGE_BITS), 0 };
            foreach_concerned(cpu, idx_mask, asid, drop_first_page, &span);
            jump_cache_flush_page(cpu, span.first);
        }
    }
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
        if (!s->full[k].global)
            drop(s, &s->table[k], page, MEM_PAGE_MASK, false, false);
        for (unsigned v = 0; v < TLB_VICTIMS; v++) {
            if (!s->victim_full[v].global)
                drop(s, &s->victim[v], page, MEM_PAGE_MASK, false, false);
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
