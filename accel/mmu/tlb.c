/* SPDX-License-Identifier: MIT */
/*
 * The TLB's tables: filling, finding, sizes, victims.
 *
 * A set is a direct-mapped table with a parallel array of details and eight victims. What is thrown out of the table by a fill
 * becomes a victim; a hit there changes places with what is in the table. A table's size follows its use: it doubles when more
 * than 70 % of it is in use at a flush, or when fills keep throwing out entries of a table that full; it halves when less
 * than 30 % was in use at each of the last flushes.
 */
#include <stdlib.h>
#include <string.h>

#include "accel/mmu/mmu_internal.h"
#include "accel/tb/tb.h"

#define FLUSHES_TO_SHRINK 16

void tlb_entry_clear(CPUTLBEntry *e)
{
    __atomic_store_n(&e->addr_read, TLB_EMPTY, __ATOMIC_RELAXED);
    __atomic_store_n(&e->addr_write, TLB_EMPTY, __ATOMIC_RELAXED);
    __atomic_store_n(&e->addr_code, TLB_EMPTY, __ATOMIC_RELAXED);
}

/* ---- sizes ---- */
static void set_alloc(TlbSet *s, uint32_t entries)
{
    g_free(s->table);
    g_free(s->full);
    s->entries = entries;
    s->table = g_new(CPUTLBEntry, entries);
    s->full = g_new0(TlbFull, entries);
    memset(s->table, 0xff, sizeof *s->table * entries);
    s->used = s->evictions = 0;
}

static void set_clear(TlbSet *s)
{
    if (s->used)
        memset(s->table, 0xff, sizeof *s->table * s->entries);
    memset(s->victim, 0xff, sizeof s->victim);
    s->used = s->evictions = s->n_global = s->n_large = s->n_nonglobal = 0;
}

void tlb_set_flush_locked(TlbSet *s)
{
    if (!s->table)
        return;
    s->max_used = MAX_OF(s->max_used, s->used);
    uint32_t want = s->entries;
    if (s->used > s->entries / 10 * 7 && s->entries < TLB_MAX_ENTRIES) {
        want = s->entries * 2;
    } else if (++s->flushes >= FLUSHES_TO_SHRINK) {
        if (s->max_used < s->entries / 10 * 3 && s->entries > TLB_MIN_ENTRIES)
            want = s->entries / 2;
        s->flushes = s->max_used = 0;
    }
    set_clear(s);
    if (want != s->entries) {
        set_alloc(s, want);
        s->flushes = s->max_used = 0;
    }
}

/* Doubles the table; what is in it stays. */
static void set_grow(TlbSet *s)
{
    CPUTLBEntry *table = s->table;
    TlbFull *full = s->full;
    uint32_t n = s->entries, used = s->used;
    s->table = NULL;
    s->full = NULL;
    set_alloc(s, n * 2);
    for (uint32_t i = 0; i < n; i++) {
        const CPUTLBEntry *e = &table[i];
        uint64_t tag = e->addr_read != TLB_EMPTY ? e->addr_read : e->addr_write != TLB_EMPTY ? e->addr_write : e->addr_code;
        if (tag == TLB_EMPTY)
            continue;
        uint32_t k = tlb_index(s, tag);
        s->table[k] = *e;
        s->full[k] = full[i];
    }
    s->used = used;
    g_free(table);
    g_free(full);
}

void tlb_install_locked(CPUState *cpu, unsigned idx)
{
    TlbSet *s = tlb_set(cpu->mmu, idx);
    if (!s->table) {
        set_alloc(s, TLB_START_ENTRIES);
        set_clear(s);
    }
    cpu->tlb[idx] = (CPUTLBFast){ .mask = (uint64_t)(s->entries - 1) << CPU_TLB_ENTRY_BITS, .table = s->table };
}

void mmu_init_cpu(CPUState *cpu)
{
    if (cpu->mmu)
        return;
    CpuMmu *m = aligned_alloc(_Alignof(CpuMmu), sizeof(CpuMmu));
    assert(m); /* as g_malloc, which does not align */
    memset(m, 0, sizeof *m);
    m->applied = tlb_log_tail();
    lock_init(&m->lock, LOCK_TLB, "TLB");
    for (unsigned i = 0; i < TLB_ASID_SETS; i++)
        m->asid[i] = MMU_ASID_ANY;
    __atomic_store_n(&cpu->mmu, m, __ATOMIC_RELEASE);
    lock_acquire(&m->lock);
    for (unsigned idx = 0; idx < cpu->target->n_mmu_modes; idx++) {
        tlb_install_locked(cpu, idx);
        tlb_forget_recent(cpu, idx);
    }
    lock_release(&m->lock);
}

/* ---- filling ---- */
/* Remembers the range that a large page covers; when there is no room, the range that grows least to take it in does. */
static void note_large(TlbSet *s, uint64_t va, unsigned page_bits)
{
    uint64_t mask = ~MASK64(page_bits), best_mask = 0;
    unsigned best = 0;
    for (unsigned i = 0; i < s->n_large; i++) {
        uint64_t m = s->large[i].mask & mask;
        while ((va ^ s->large[i].base) & m)
            m <<= 1;
        if (m == s->large[i].mask)
            return;
        if (m >= best_mask) {
            best_mask = m;
            best = i;
        }
    }
    if (s->n_large < TLB_LARGE_RANGES) {
        best = s->n_large++;
        best_mask = mask;
    }
    s->large[best].mask = best_mask;
    s->large[best].base = va & best_mask;
}

static void note_nonglobal(TlbSet *s, uint64_t page)
{
    if (s->n_nonglobal < TLB_NONGLOBALS)
        s->nonglobal[s->n_nonglobal] = page;
    s->n_nonglobal = MIN_OF(s->n_nonglobal + 1, TLB_NONGLOBALS + 1);
}

static void drop_victims_of(TlbSet *s, uint64_t page)
{
    for (unsigned i = 0; i < TLB_VICTIMS; i++) {
        if (tlb_entry_is(&s->victim[i], page))
            tlb_entry_clear(&s->victim[i]);
    }
}

/* The place for page in the table; what was there becomes a victim. */
static CPUTLBEntry *make_place(CPUState *cpu, TlbSet *s, uint64_t page, unsigned idx)
{
    if (s->evictions > 2 * s->entries && s->used > s->entries / 10 * 7 && s->entries < TLB_MAX_ENTRIES) {
        set_grow(s);
        tlb_install_locked(cpu, idx);
    }
    CPUTLBEntry *e = &s->table[tlb_index(s, page)];
    if (tlb_entry_empty(e)) {
        s->used++;
    } else if (!tlb_entry_is(e, page)) {
        unsigned v = s->next_victim++ % TLB_VICTIMS;
        s->victim[v] = *e;
        s->victim_full[v] = s->full[e - s->table];
        s->evictions++;
    }
    drop_victims_of(s, page);
    return e;
}

/* Finds out what lies at pa. */
static void resolve(TlbFull *full, uint8_t **host, bool *readonly)
{
    const FlatRange *r = address_space_lookup(&address_space_memory, full->pa);
    full->ram = RAM_ADDR_INVALID;
    *host = NULL;
    if (!r || !r->mr->ram || full->pa < r->addr || r->size - (full->pa - r->addr) < MEM_PAGE_SIZE)
        return;
    full->block = r->mr->ram;
    *host = full->block->host + r->offset_in_region + (full->pa - r->addr);
    *readonly = r->readonly;
    /* A page of RAM that does not start on one of the block's pages has no flags of its own. */
    full->ram = ram_block_addr(full->block, *host);
    if (full->ram & ~MEM_PAGE_MASK) {
        full->ram = RAM_ADDR_INVALID;
        *host = NULL;
    }
}

/*
 * The low bits of a store's tag. Lock held, so that mmu_revoke_write comes before or after: whoever makes the page a code page
 * sees RAM_PAGE_FAST, or RAM_PAGE_CODE is seen here. A watched page (monitor.c) likewise.
 */
static uint64_t write_flags(const CPUState *cpu, const TlbFull *full, bool readonly)
{
    const uint8_t fast = RAM_PAGE_DIRTY | RAM_PAGE_FAST, slow = RAM_PAGE_CODE | RAM_PAGE_MONITOR;
    if (readonly)
        return TLB_MMIO;
    tlb_writers_add(cpu, full->ram);
    uint8_t *flags = ram_page_flags(full->block, full->ram), old = __atomic_load_n(flags, __ATOMIC_SEQ_CST);
    if (!(old & slow) && (old & fast) != fast)
        old = __atomic_fetch_or(flags, fast, __ATOMIC_SEQ_CST);
    else if (!(old & RAM_PAGE_DIRTY))
        __atomic_fetch_or(flags, RAM_PAGE_DIRTY, __ATOMIC_RELAXED);
    return old & slow ? TLB_NOTDIRTY : 0;
}

/* A page that is filled again may be another one: what a fault has changed needs no flush. */
static void forget_recent_page(CPUState *cpu, unsigned idx, uint64_t page)
{
    for (unsigned i = 0; i < CPU_RECENT_PAGES; i++) {
        if (cpu->recent[idx][i].page == page)
            cpu->recent[idx][i].page = TLB_EMPTY;
    }
}

void mmu_set_page(CPUState *cpu, unsigned idx, const MMUPage *p)
{
    CpuMmu *m = cpu->mmu;
    uint64_t page = p->va & MEM_PAGE_MASK;
    TlbFull full = {
        .pa = p->pa & MEM_PAGE_MASK, .attrs = p->attrs, .prot = p->prot, .page_bits = p->page_bits,
        .target_bits = p->target_bits, .global = p->global, .device = p->device,
    };
    uint8_t *host;
    bool readonly = false;
    resolve(&full, &host, &readonly);
    lock_acquire(&m->lock);
    TlbSet *s = tlb_set(m, idx);
    CPUTLBEntry *e = make_place(cpu, s, page, idx);
    forget_recent_page(cpu, idx, page);
    uint64_t tag = page | (host ? 0 : TLB_MMIO), data = tag | (p->watched ? TLB_WATCH : 0);
    *e = (CPUTLBEntry){
        .addr_read = p->prot & PROT_R ? data : TLB_EMPTY,
        .addr_write = p->prot & PROT_W ? data | (host ? write_flags(cpu, &full, readonly) : 0) : TLB_EMPTY,
        .addr_code = p->prot & PROT_X ? tag : TLB_EMPTY,
        .addend = host ? (uintptr_t)host - page : 0,
    };
    s->full[e - s->table] = full;
    if (p->page_bits > MEM_PAGE_BITS)
        note_large(s, page, p->page_bits);
    if (p->global)
        s->n_global++;
    else if (!tlb_by_asid(m, idx))
        note_nonglobal(s, page);
    lock_release(&m->lock);
}

/* ---- finding ---- */
static bool find_victim(CPUState *cpu, uint64_t page, MMUAccess access, unsigned idx)
{
    CpuMmu *m = cpu->mmu;
    TlbSet *s = tlb_set(m, idx);
    for (unsigned i = 0; i < TLB_VICTIMS; i++) {
        if (!tlb_tag_hits(*tlb_tag(&s->victim[i], access), page))
            continue;
        lock_acquire(&m->lock);
        CPUTLBEntry *e = &s->table[tlb_index(s, page)], entry = *e;
        TlbFull *f = &s->full[e - s->table], full = *f;
        s->used += tlb_entry_empty(e);
        *e = s->victim[i];
        *f = s->victim_full[i];
        s->victim[i] = entry;
        s->victim_full[i] = full;
        lock_release(&m->lock);
        return true;
    }
    return false;
}

CPUTLBEntry *tlb_find(CPUState *cpu, uint64_t va, MMUAccess access, unsigned idx, TlbFull **full)
{
    TlbSet *s = tlb_set(cpu->mmu, idx);
    uint64_t page = va & MEM_PAGE_MASK;
    CPUTLBEntry *e = &s->table[tlb_index(s, page)];
    if (!tlb_tag_hits(*tlb_tag(e, access), page) && !find_victim(cpu, page, access, idx))
        return NULL;
    *full = &s->full[e - s->table];
    return e;
}

CPUTLBEntry *tlb_get(CPUState *cpu, uint64_t va, unsigned size, MMUAccess access, unsigned idx, bool probe, uintptr_t ra, TlbFull **full)
{
    CPUTLBEntry *e = tlb_find(cpu, va, access, idx, full);
    if (e)
        return e;
    uint64_t tag = access == MMU_INST_FETCH ? 0 : cpu->mmu->tag;
    if (!cpu->target->tlb_fill(cpu, va ^ tag, size, access, idx, probe, ra)) {
        assert(probe); /* otherwise tlb_fill has left */
        return NULL;
    }
    e = tlb_find(cpu, va, access, idx, full);
    assert(e); /* tlb_fill said that the access is allowed */
    return e;
}

/* ---- code pages ---- */
static bool revoke_entry(CPUTLBEntry *e, uint64_t host)
{
    uint64_t tag = e->addr_write;
    if ((tag & ~(MEM_PAGE_MASK | TLB_WATCH)) || (tag & MEM_PAGE_MASK) + e->addend != host)
        return false;
    __atomic_store_n(&e->addr_write, tag | TLB_NOTDIRTY, __ATOMIC_SEQ_CST);
    return true;
}

static bool revoke_set(TlbSet *s, uint64_t host)
{
    bool any = false;
    for (uint32_t i = 0; s->used && i < s->entries; i++)
        any |= revoke_entry(&s->table[i], host);
    for (unsigned i = 0; s->table && i < TLB_VICTIMS; i++)
        any |= revoke_entry(&s->victim[i], host);
    return any;
}

bool mmu_revoke_write(CPUState *cpu, const uint8_t *host)
{
    CpuMmu *m = cpu->mmu;
    bool any = false;
    lock_acquire(&m->lock);
    for (unsigned idx = 0; idx < cpu->target->n_mmu_modes; idx++) {
        for (unsigned i = 0; i < (tlb_by_asid(m, idx) ? TLB_ASID_SETS : 1); i++)
            any |= revoke_set(&m->sets[idx][i], (uintptr_t)host);
    }
    lock_release(&m->lock);
    return any;
}

bool tlb_try_make_fast(CPUState *cpu, uint64_t va, unsigned idx)
{
    CpuMmu *m = cpu->mmu;
    TlbSet *s = tlb_set(m, idx);
    lock_acquire(&m->lock);
    CPUTLBEntry *e = &s->table[tlb_index(s, va)];
    const TlbFull *full = &s->full[e - s->table];
    uint64_t tag = e->addr_write;
    bool fast = tlb_tag_hits(tag, va & MEM_PAGE_MASK) && full->ram != RAM_ADDR_INVALID && !(tag & TLB_MMIO);
    if (fast && !write_flags(cpu, full, false))
        __atomic_store_n(&e->addr_write, tag & ~(uint64_t)TLB_NOTDIRTY, __ATOMIC_RELAXED);
    else
        fast = false;
    lock_release(&m->lock);
    return fast;
}
