/* SPDX-License-Identifier: MIT */
/*
 * What the files of accel/mmu share, and what they offer to accel/tb.
 *
 * A vCPU's TLB is used by its own thread alone, with one exception: another thread that starts to translate from a page takes
 * fast-write entries for it away (mmu_revoke_write). CpuMmu.lock (LOCK_TLB) therefore guards every change of an entry or table.
 * The owner reads without it: generated code may see the entry of just before, which code_page.c reckons with.
 */
#ifndef ACCEL_MMU_MMU_INTERNAL_H
#define ACCEL_MMU_MMU_INTERNAL_H

#include <string.h>

#include "accel/mmu/mmu.h"
#include "base/bits.h"
#include "base/lock.h"

#define TLB_VICTIMS 8
#define TLB_ASID_SETS 15 /* their numbers plus one fit four bits of jump_context */
#define TLB_MIN_ENTRIES 64u
#define TLB_START_ENTRIES 256u
#define TLB_MAX_ENTRIES 16384u
#define TLB_LARGE_RANGES 16
#define TLB_NONGLOBALS 16
#define TLB_FLAGS (TLB_MMIO | TLB_NOTDIRTY | TLB_WATCH)
#define TLB_EMPTY (~0ull)

/* What a TLB entry stands for beyond what the fast path needs. */
typedef struct TlbFull {
    hwaddr pa;           /* of the page */
    ram_addr_t ram;      /* of the page, or RAM_ADDR_INVALID: not (wholly) RAM or ROM */
    RAMBlock *block;
    MemTxAttrs attrs;
    uint8_t prot, page_bits, target_bits;
    bool global, device; /* as in MMUPage */
} TlbFull;

/* The tables of one MMU index (for one ASID, if it is kept by ASID). Written under CpuMmu.lock. */
typedef struct TlbSet {
    CPUTLBEntry *table;  /* NULL: not in use yet */
    TlbFull *full;       /* parallel to table */
    uint32_t entries, used;
    uint32_t evictions;  /* since the last change of size or flush */
    uint32_t max_used, flushes; /* highest use seen at the last flushes */
    uint32_t n_global;   /* global pages filled since the last flush: an upper bound */
    uint32_t next_victim;
    CPUTLBEntry victim[TLB_VICTIMS];
    TlbFull victim_full[TLB_VICTIMS];
    uint32_t n_large;    /* ranges in which there may be entries of large pages: a flush of an address in one looks at all entries */
    struct { uint64_t base, mask; } large[TLB_LARGE_RANGES];
    uint32_t n_nonglobal; /* pages to drop at an ASID switch (indexes not kept by ASID); above TLB_NONGLOBALS: look at all */
    uint64_t nonglobal[TLB_NONGLOBALS];
} TlbSet;

/* A flush that all vCPUs make. */
typedef struct FlushRequest {
    enum { FLUSH_WHOLE, FLUSH_ASID, FLUSH_RANGE } kind;
    unsigned page_bits;  /* FLUSH_RANGE */
    int32_t source;      /* index of the vCPU that asked for it, and has made it */
    uint32_t asid, idx_mask, unused;
    uint64_t va, n_pages; /* FLUSH_RANGE */
} FlushRequest;
#define TLB_BATCH 16
#define TLB_LOG_SIZE 1024u /* requests, a power of two */

/* What the last load-exclusive that watches has read; monitor.c. (v) */
typedef struct Monitor {
    ram_addr_t addr;
    uint64_t sequence;
    V128 value;          /* as in memory */
    unsigned size, granule;
} Monitor;

typedef struct CpuMmu {
    Lock lock;
    uint64_t applied __attribute__((aligned(64))); /* (a) written by the owner: requests of the log that this TLB has seen */
    uint64_t sync_pos __attribute__((aligned(64))); /* (v) what others must have applied for the barrier to be complete */
    FlushRequest batch[TLB_BATCH]; /* (v) broadcasts that were not sent yet */
    unsigned n_batch;    /* (v) */
    Monitor monitor;
    uint64_t tag;        /* (v) what mmu_strip took from the data access's address, as a difference */
    uint32_t by_asid;    /* (v), written under lock: mask of indexes kept by ASID now */
    uint32_t by_asid_set; /* (c) of those that the target asked for */
    uint32_t large_drops[CPU_NB_MMU_MODES]; /* (v) ASID switches since the last flush that found the index full of non-global entries */
    unsigned current;    /* (v) the ASID set in use */
    uint32_t asid[TLB_ASID_SETS]; /* (v) MMU_ASID_ANY: unused */
    uint64_t stamp[TLB_ASID_SETS], clock; /* (v) for least recently used */
    TlbSet sets[CPU_NB_MMU_MODES][TLB_ASID_SETS]; /* an index that is not kept by ASID uses [0] */
} CpuMmu;

/* ---- tlb.c ---- */
static inline bool tlb_by_asid(const CpuMmu *m, unsigned idx) { return m->by_asid >> idx & 1; }
static inline TlbSet *tlb_set(CpuMmu *m, unsigned idx) { return &m->sets[idx][tlb_by_asid(m, idx) ? m->current : 0]; }
static inline uint32_t tlb_index(const TlbSet *s, uint64_t va) { return (uint32_t)(va >> MEM_PAGE_BITS) & (s->entries - 1); }
static inline bool tlb_tag_hits(uint64_t tag, uint64_t page) { return (tag & (MEM_PAGE_MASK | TLB_INVALID)) == page; }
static inline uint64_t *tlb_tag(CPUTLBEntry *e, MMUAccess access)
{
    return access == MMU_DATA_LOAD ? &e->addr_read : access == MMU_DATA_STORE ? &e->addr_write : &e->addr_code;
}
/* The owner's reading of it: others may take the right to write fast away at any time (mmu_revoke_write). */
static inline uint64_t tlb_tag_load(const CPUTLBEntry *e, MMUAccess access)
{
    return __atomic_load_n(tlb_tag((CPUTLBEntry *)e, access), __ATOMIC_RELAXED);
}
/* Whether e maps page for any access. */
static inline bool tlb_entry_is(const CPUTLBEntry *e, uint64_t page)
{
    return tlb_tag_hits(e->addr_read, page) || tlb_tag_hits(e->addr_write, page) || tlb_tag_hits(e->addr_code, page);
}
static inline bool tlb_entry_empty(const CPUTLBEntry *e) { return (e->addr_read & e->addr_write & e->addr_code) == TLB_EMPTY; }
void tlb_entry_clear(CPUTLBEntry *e);
/* Generated code forgets the pages of idx that its loops found last. Whenever entries that may be among them go for good; the owner's thread. */
static inline void tlb_forget_recent(CPUState *cpu, unsigned idx) { memset(cpu->recent[idx], 0xff, sizeof cpu->recent[idx]); }
/* Empties a set; adapts its size. Lock held. */
void tlb_set_flush_locked(TlbSet *s);
/* Makes the set's table what generated code sees for idx. Lock held. */
void tlb_install_locked(CPUState *cpu, unsigned idx);
/* The entry of idx that maps va for access, brought into the table; NULL: none. The owner's thread. */
CPUTLBEntry *tlb_find(CPUState *cpu, uint64_t va, MMUAccess access, unsigned idx, TlbFull **full);
/* Like tlb_find, after a fill when needed. NULL only when probe and the guest would fault. */
CPUTLBEntry *tlb_get(CPUState *cpu, uint64_t va, unsigned size, MMUAccess access, unsigned idx, bool probe, uintptr_t ra, TlbFull **full);
/* The store entry of a page that no longer holds code, nor is watched, becomes fast; false: it still does or is. */
bool tlb_try_make_fast(CPUState *cpu, uint64_t va, unsigned idx);

/* ---- mmu_access.c ---- */
/* A page of an access: what its bytes are reached by. */
typedef struct MmuRef {
    uint8_t *host;       /* of the first byte; NULL: through the memory system */
    uint64_t va;
    unsigned flags;      /* TLB_* */
    bool watched;        /* between mmu_monitor_enter and leave: its lock is held */
    TlbFull full;        /* a copy */
} MmuRef;
/* Where in RAM its first byte is. */
static inline ram_addr_t mmu_ref_ram(const MmuRef *ref) { return ref->full.ram + (ref->va & ~MEM_PAGE_MASK); }
uint64_t mmu_strip(CPUState *cpu, uint64_t va, unsigned idx);
/* Looks up len bytes within a page; a fault or a watchpoint leaves from here. */
void mmu_ref(CPUState *cpu, uint64_t va, unsigned len, MMUAccess access, unsigned idx, uintptr_t ra, MmuRef *ref);
void mmu_check_align(CPUState *cpu, uint64_t va, IRMemOp mo, MMUAccess access, uintptr_t ra);
/* Around a store of len bytes through ref, which follows at once: true from begin: call end. One at a time. */
bool mmu_store_begin(CPUState *cpu, MmuRef *ref, unsigned len, unsigned idx, uintptr_t ra);
void mmu_store_end(const MmuRef *ref, unsigned len);

/* ---- monitor.c ---- */
/* A slow store to the page is coming: it is watched no longer if there have been many. */
void mmu_monitor_release(const TlbFull *full);
/* Around the bytes' way to memory. One at a time. */
void mmu_monitor_enter(CPUState *cpu, MmuRef *ref, unsigned len);
void mmu_monitor_leave(const MmuRef *ref);
/* A device has written. Any thread. */
void mmu_monitor_written(ram_addr_t addr, uint64_t len);

/* ---- mmu_io.c ---- */
uint64_t io_readx(CPUState *cpu, const MmuRef *ref, uint64_t va, unsigned size, MMUAccess access, unsigned idx, uintptr_t ra);
void io_writex(CPUState *cpu, const MmuRef *ref, uint64_t va, uint64_t value, unsigned size, unsigned idx, uintptr_t ra);

/* ---- for accel/tb ---- */
typedef struct MmuCode {
    const uint8_t *host; /* of the page's first byte; NULL: not RAM */
    ram_addr_t ram;      /* of the byte at va, or RAM_ADDR_INVALID */
    bool global;
} MmuCode;
/* Where code at va comes from. fill: walks when needed, and a fault leaves from here; else false when it is not in the TLB. */
bool mmu_code_page(CPUState *cpu, uint64_t va, unsigned idx, bool fill, MmuCode *out);
/* Reads code that is not in RAM. */
uint64_t mmu_fetch_io(CPUState *cpu, uint64_t va, unsigned size, unsigned idx);
/* Of page ram: cpu may get a fast-write entry; before its flags are looked at, TLB lock held. */
void tlb_writers_add(const CPUState *cpu, ram_addr_t ram);
/* Empties the mask of vCPUs that may have one and returns it; after the flag that forbids them was set, and all of them must be searched (mmu_revoke_write). */
uint64_t tlb_writers_take(ram_addr_t ram);
bool tlb_writers_has(uint64_t mask, const CPUState *cpu);
/* Takes away fast-write entries for the page at host; any thread. True: there were some. */
bool mmu_revoke_write(CPUState *cpu, const uint8_t *host);

/* ---- tlb_log.c ---- */
/* Appends n requests; a full fence comes after it. Returns the position behind the last. */
uint64_t tlb_log_append(const FlushRequest *r, unsigned n);
uint64_t tlb_log_tail(void);
void tlb_flush_request_apply(CPUState *cpu, const FlushRequest *r);

/* ---- for accel/exec ---- */
/* Carries out the flushes that others asked for. The owner, where no access of its own is under way. */
void mmu_apply_pending(CPUState *cpu);
/* At the loop's top, when tlb_sync has CPU_SYNC_WAIT: whether the broadcasts are complete now. */
bool mmu_sync_try(CPUState *cpu);
/* Waits until they are. Outside cpu_exec_start..end. */
void mmu_sync_wait(CPUState *cpu);
/* Memory's topology changed: all vCPUs forget what they know. The calling vCPU does before this returns; its next pass of the loop's top waits for the others. */
void mmu_commit_listener(void *opaque);

#endif
