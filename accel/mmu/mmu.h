/* SPDX-License-Identifier: MIT */
/*
 * The soft MMU: guest virtual address to host pointer, for generated code and for helpers.
 *
 * Each vCPU has a table of CPUTLBEntry for each MMU index (privilege, PAN); sizes are dynamic, changed only at a flush.
 * The fast path, which generated code does inline:
 *
 *     e = tlb[idx].table + ((va >> 12) & entries-1)
 *     hit when ((va + adjust) & (page mask | alignment bits)) == e->addr_read (addr_write)
 *
 * where adjust is size - 1 minus the required alignment's slack, so that an access that crosses into another page, or is less
 * aligned than MO_ALIGN asks, never hits. Everything else is mmu_*_slow: victim table, walk (TargetOps.tlb_fill), MMIO
 * (io_readx, io_writex), pages with translated code, watchpoints, page crossing, tagged addresses (strip_address).
 *
 * Address-space ids. An index marked by-ASID keeps a set of tables for each of the last ASIDs; mmu_set_asid swaps the base
 * pointers, so that a context switch flushes nothing. Entries of other indexes hold for every ASID if filled as global; the
 * non-global ones among them are dropped at a switch. The same call sets CPUState.jump_context.
 *
 * All functions act on the calling vCPU's own TLB unless they end in _all: those reach every vCPU. They have taken effect on the
 * caller's at once; on all others, with no access by an old entry under way, when the guest's barrier is behind it. A barrier's
 * code looks at CPUState.tlb_sync: if it is not 0, it calls mmu_sync (or does the same inline) and leaves by IR_EXIT_MAIN.
 */
#ifndef ACCEL_MMU_MMU_H
#define ACCEL_MMU_MMU_H

#include "accel/ir/ir.h"
#include "cpus/cpu.h"
#include "memory/memory.h"
#include "target/api/target.h"

/* Reasons for the slow path, low bits of a tag. */
#define TLB_INVALID 0x800u
#define TLB_MMIO 0x400u
#define TLB_NOTDIRTY 0x200u  /* the page holds translated code, or is watched by an exclusive monitor: stores tell these */
#define TLB_WATCH 0x100u    /* the page holds watched addresses: each access asks TargetOps.check_watch */

#define PROT_R 1u
#define PROT_W 2u
#define PROT_X 4u

typedef struct MMUPage {
    uint64_t va, pa;        /* of the page, or of any byte in it */
    unsigned page_bits;     /* of the mapping that the walk found: 12 and up */
    unsigned prot;          /* PROT_*: what is allowed now; PROT_W without dirty state is left out */
    bool global;            /* holds for all ASIDs */
    bool device;            /* the target's attributes say so: where it is not RAM, accesses must be aligned to their size */
    bool watched;           /* TargetOps.check_watch is to be asked about each data access */
    uint8_t target_bits;    /* the target's own, from mmu_page_target_bits (Arm: guarded page, memory attributes) */
    MemTxAttrs attrs;
} MMUPage;

void mmu_init_cpu(CPUState *cpu);
/* Which indexes keep tables by ASID: a mask of indexes. Called once by the target after mmu_init_cpu. */
void mmu_set_by_asid(CPUState *cpu, uint32_t idx_mask);
/* Adds an entry; called by TargetOps.tlb_fill. */
void mmu_set_page(CPUState *cpu, unsigned mmu_idx, const MMUPage *page);
/* Current ASID (any 32-bit key that names it, VMID included). */
void mmu_set_asid(CPUState *cpu, uint32_t asid);

/* ---- flushes; idx_mask: MMU indexes ---- */
#define MMU_ASID_ANY 0xffffffffu
void mmu_flush(CPUState *cpu, uint32_t idx_mask);                     /* everything, all ASIDs */
void mmu_flush_asid(CPUState *cpu, uint32_t asid, uint32_t idx_mask); /* the non-global entries of one ASID */
/* n_pages pages of 1 << page_bits bytes from va, for one ASID and global entries, or MMU_ASID_ANY. */
void mmu_flush_range(CPUState *cpu, uint64_t va, uint64_t n_pages, unsigned page_bits, uint32_t asid, uint32_t idx_mask);
void mmu_flush_all(CPUState *src, uint32_t idx_mask);
void mmu_flush_asid_all(CPUState *src, uint32_t asid, uint32_t idx_mask);
void mmu_flush_range_all(CPUState *src, uint64_t va, uint64_t n_pages, unsigned page_bits, uint32_t asid, uint32_t idx_mask);
/* A barrier that completes broadcasts: the loop's top waits before it runs guest code again. */
void mmu_sync(CPUState *cpu);

/* ---- data access for helpers; ra = GETPC() of the helper, so that a fault names the right instruction ---- */
uint64_t mmu_ld(CPUState *cpu, uint64_t va, IRMemOp mo, uintptr_t ra);             /* size up to 8, zero- or sign-extended by mo */
void mmu_st(CPUState *cpu, uint64_t va, uint64_t value, IRMemOp mo, uintptr_t ra);
V128 mmu_ld16(CPUState *cpu, uint64_t va, IRMemOp mo, uintptr_t ra);
void mmu_st16(CPUState *cpu, uint64_t va, const V128 *value, IRMemOp mo, uintptr_t ra);
/* Atomic on naturally aligned RAM; elsewhere through cpu_loop_exit_atomic. Old value. */
uint64_t mmu_atom_rmw(CPUState *cpu, uint64_t va, IRAtomic op, uint64_t value, IRMemOp mo, uintptr_t ra);
uint64_t mmu_atom_cas(CPUState *cpu, uint64_t va, uint64_t expected, uint64_t desired, IRMemOp mo, uintptr_t ra);
V128 mmu_atom_cas16(CPUState *cpu, uint64_t va, const V128 *expected, const V128 *desired, IRMemOp mo, uintptr_t ra);
/*
 * A load-exclusive that watches for stores by others, and its store-exclusive (monitor.c says when and how). Sizes up to MO_128, a
 * shorter value in .u64[0], zero-extended. False, EXCLUSIVE_UNSUPPORTED: it is not RAM. Leave by a fault or by cpu_loop_exit_atomic.
 * The monitor is the last load's; whether it is still set is the target's to know.
 */
typedef enum ExclusiveResult { EXCLUSIVE_FAILED, EXCLUSIVE_STORED, EXCLUSIVE_UNSUPPORTED } ExclusiveResult;
bool mmu_ld_exclusive(CPUState *cpu, uint64_t va, IRMemOp mo, uintptr_t ra, V128 *out);
ExclusiveResult mmu_st_exclusive(CPUState *cpu, uint64_t va, const V128 *value, IRMemOp mo, uintptr_t ra);
/* Whether the load-exclusive at pc is to watch: a set (that may hold more) of those that a store-exclusive found not to have. */
bool mmu_exclusive_is_strict(uint64_t pc);
/* Adds pc, and drops its blocks. */
void mmu_exclusive_make_strict(CPUState *cpu, uint64_t pc, unsigned mmu_idx);
/* How often a page came to be watched, for "info jit". */
uint64_t mmu_pages_watched(void);
/* Host pointer to size bytes (within a page) that the access may use directly, or NULL when they are a device's, watched, or hold code (stores). Faults are raised unless probe (then NULL, *fault says so). */
void *mmu_probe(CPUState *cpu, uint64_t va, unsigned size, MMUAccess access, unsigned mmu_idx, bool probe, bool *fault, uintptr_t ra);
/* Host pointer to len bytes within a page where generated code would need no help for the access, else NULL (ask mmu_probe). va is stripped. */
static inline void *mmu_fast_host(const CPUState *cpu, uint64_t va, uint64_t len, bool write, unsigned mmu_idx)
{
    const CPUTLBFast *t = &cpu->tlb[mmu_idx];
    const CPUTLBEntry *e = (const CPUTLBEntry *)((const char *)t->table + ((va >> (MEM_PAGE_BITS - CPU_TLB_ENTRY_BITS)) & t->mask));
    bool hit = (va & MEM_PAGE_MASK) == (write ? e->addr_write : e->addr_read) && (va & ~MEM_PAGE_MASK) + len <= MEM_PAGE_SIZE;
    return hit ? (void *)(uintptr_t)(va + e->addend) : (void *)0;
}
/* Like mmu_probe for stores, but invalidates code on the page first, so it is NULL only for watched pages and bytes beside code. MMUPage.device: faults as an unaligned access. For DC ZVA, memset and memcpy helpers. */
void *mmu_probe_store(CPUState *cpu, uint64_t va, unsigned size, unsigned mmu_idx, uintptr_t ra);
/* Target bits and global-ness of the page that code at va was last fetched from (its TLB entry), filling it if needed. */
uint8_t mmu_code_target_bits(CPUState *cpu, uint64_t va, unsigned mmu_idx, uintptr_t ra);

/* ---- for generated code: the slow paths that back ends call. Same results as above. out is written in full. ---- */
uint64_t mmu_ld_slow(CPUState *cpu, uint64_t va, IRMemOp mo, uintptr_t ra);
void mmu_ld16_slow(CPUState *cpu, uint64_t va, IRMemOp mo, uintptr_t ra, V128 *out);
void *mmu_ldptr_slow(CPUState *cpu, uint64_t va, IRMemOp mo, uintptr_t ra); /* pointer, or cpu->bounce with the bytes */
void mmu_st_slow(CPUState *cpu, uint64_t va, uint64_t value, IRMemOp mo, uintptr_t ra);
void mmu_st16_slow(CPUState *cpu, uint64_t va, const V128 *value, IRMemOp mo, uintptr_t ra);
void mmu_st2_slow(CPUState *cpu, uint64_t va, const V128 *v, const V128 *w, IRMemOp mo, uintptr_t ra); /* MO_SIZE of each; values in the low bytes */

#endif
