/* SPDX-License-Identifier: MIT */
/*
 * The page walk (Intel SDM vol. 3 ch. 4): 32-bit, PAE, 4-level and 5-level paging.
 *
 * A paging mode is a row: how many levels, entries of 4 or 8 bytes, and which levels may hold a page. The walk goes down the
 * levels, gathers U/S, R/W and XD, and decides at the leaf.
 *
 * Accessed bits are set on the way down, in each entry that leads further, as the processor's page-miss handler does; those of the leaf, and
 * the dirty bit, only when the access is allowed. They are set by compare-and-swap: when someone changed the entry in
 * between, the walk starts again. The number of restarts is bounded, since another vCPU might change entries without end; giving
 * up reports a fault, which the guest's handler finds spurious and retries. An entry in ROM is used as it is.
 *
 * Tables are read through direct RAM pointers. An entry where there is no RAM reads as all ones, like an open bus.
 *
 * A page whose D bit is clear is given to the TLB without write permission, so that the first store walks again and sets it.
 * Permissions by protection keys are in the TLB's entries too: whoever changes PKRU flushes what depends on it (paging_flush.c).
 * Left out: memory types (PAT, MTRRs) have no effect, supervisor protection keys and shadow stacks are not built.
 */
#include "base/bits.h"
#include "target/x86/paging.h"

#define PTE_P 1ull
#define PTE_W 2ull
#define PTE_U 4ull
#define PTE_A 0x20ull
#define PTE_D 0x40ull
#define PTE_PS 0x80ull
#define PTE_G 0x100ull
#define PTE_XD (1ull << 63)
#define PTE_PKEY_SHIFT 59
#define MAX_RESTARTS 64

typedef enum WalkResult { WALK_OK, WALK_FAULT, WALK_RESTART } WalkResult;

/* What a walk takes from the control registers. */
typedef struct Mode {
    unsigned levels;        /* the top one is number levels; 1 holds 4 KiB pages */
    bool wide;              /* 8-byte entries, 9 index bits; else 4 and 10 */
    bool nx;                /* XD is in force, else reserved */
    bool pkeys;
    uint64_t address;       /* address bits of an entry */
    uint64_t reserved;      /* bits that every entry must have clear */
    bool large[6];          /* by level: PS makes it a page */
    bool ps_reserved[6];    /* by level: PS must be clear */
} Mode;

static Mode paging_mode(const X86CPU *cpu)
{
    const CPUX86State *env = &cpu->env;
    uint64_t physical = MASK64(cpu->phys_bits);
    Mode m = { .nx = env->efer & EFER_NXE, .pkeys = env->cr4 & CR4_PKE && env->efer & EFER_LMA };

    if (!(env->cr4 & CR4_PAE)) {
        m = (Mode){ .levels = 2, .address = 0xfffff000, .large[2] = env->cr4 & CR4_PSE };
        return m;
    }
    m.wide = true;
    m.address = physical & ~0xfffull;
    m.reserved = (MASK64(52) & ~physical) | (m.nx ? 0 : PTE_XD);
    m.large[2] = true;
    if (!(env->efer & EFER_LMA)) {
        m.levels = 2; /* the third level is in env->pdpte */
        m.reserved |= MASK64(63) & ~MASK64(52);
        return m;
    }
    m.levels = env->cr4 & CR4_LA57 ? 5 : 4;
    m.large[3] = x86_has(&cpu->features, X86_FEAT_PDPE1GB);
    m.ps_reserved[3] = !m.large[3];
    m.ps_reserved[4] = m.ps_reserved[5] = true;
    return m;
}

/* ---- entries in memory ---- */
/* The range of RAM that the last table was in: most often all of a walk's tables share it. */
typedef struct TableRam { hwaddr start; uint64_t size; uint8_t *host; RAMBlock *block; bool readonly; } TableRam; /* size: of the part where 8 bytes fit */

/* Host address of the entry at pa, which is aligned; NULL: not in RAM. */
static inline void *entry_host(TableRam *ram, hwaddr pa)
{
    if (UNLIKELY(pa - ram->start >= ram->size)) {
        const FlatRange *r = address_space_lookup(&address_space_memory, pa);
        if (!r || !r->mr->ram)
            return NULL;
        *ram = (TableRam){ r->addr, r->size >= 8 ? r->size - 7 : 0, (uint8_t *)memory_region_ram_ptr(r->mr) + r->offset_in_region, r->mr->ram, r->readonly };
        if (pa - ram->start >= ram->size)
            return NULL;
    }
    return ram->host + (pa - ram->start);
}

static uint64_t read_entry(const Mode *m, const void *host)
{
    if (!host)
        return m->wide ? ~0ull : 0xffffffff;
    return m->wide ? __atomic_load_n((const uint64_t *)host, __ATOMIC_ACQUIRE) : __atomic_load_n((const uint32_t *)host, __ATOMIC_ACQUIRE);
}

/* Sets bits in the entry, which was old. False: it has changed meanwhile. */
static bool set_bits(const Mode *m, const TableRam *ram, void *host, uint64_t old, uint64_t bits)
{
    uint32_t old32 = (uint32_t)old;
    bool done;

    if ((old & bits) == bits || !host || ram->readonly)
        return true;
    done = m->wide ? __atomic_compare_exchange_n((uint64_t *)host, &old, old | bits, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)
                   : __atomic_compare_exchange_n((uint32_t *)host, &old32, old32 | (uint32_t)bits, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    if (done)
        ram_notify_write(ram->block, ram_block_addr(ram->block, host), m->wide ? 8 : 4);
    return done;
}

/* ---- faults and permissions ---- */
static WalkResult fail(const X86CPU *cpu, X86Walk *w, uint32_t error)
{
    const CPUX86State *env = &cpu->env;

    error |= w->access == MMU_DATA_STORE ? PF_W : 0;
    error |= w->mmu_idx == X86_MMU_USER ? PF_U : 0;
    if (w->access == MMU_INST_FETCH && ((env->cr4 & CR4_PAE && env->efer & EFER_NXE) || env->cr4 & CR4_SMEP))
        error |= PF_I;
    w->error = error;
    return WALK_FAULT;
}

/* PROT_* that PKRU takes from data accesses to a user page. */
static unsigned pkey_denies(const CPUX86State *env, const X86Walk *w)
{
    unsigned rights = env->pkru >> (w->pkey * 2) & 3;

    if (rights & 1)
        return PROT_R | PROT_W;
    return rights & 2 && (w->mmu_idx == X86_MMU_USER || env->cr0 & CR0_WP) ? PROT_W : 0;
}

/* SDM vol. 3, 4.6: rights holds the U and W bits that all levels have, xd that of any. */
static unsigned permissions(const CPUX86State *env, const X86Walk *w, uint64_t rights, bool xd)
{
    bool write = rights & PTE_W;
    unsigned prot = PROT_R | PROT_W | PROT_X;

    if (w->mmu_idx == X86_MMU_USER) {
        if (!w->user)
            return 0;
    } else {
        write |= !(env->cr0 & CR0_WP);
        if (w->user && w->mmu_idx == X86_MMU_KERNEL_SMAP)
            prot &= ~(PROT_R | PROT_W);
        if (w->user && env->cr4 & CR4_SMEP)
            prot &= ~PROT_X;
    }
    if (!write)
        prot &= ~PROT_W;
    if (xd)
        prot &= ~PROT_X;
    return prot;
}

static unsigned prot_needed(MMUAccess access)
{
    return access == MMU_DATA_LOAD ? PROT_R : access == MMU_DATA_STORE ? PROT_W : PROT_X;
}

/* Address of a page from its entry; *reserved: bits that must be clear because of the page's size. */
static uint64_t page_address(const X86CPU *cpu, const Mode *m, uint64_t entry, unsigned low, uint64_t *reserved)
{
    *reserved = 0;
    if (low == 12)
        return entry & m->address;
    if (m->wide) {
        *reserved = MASK64(low) & ~MASK64(13); /* bit 12 is PAT */
        return entry & m->address & ~MASK64(low);
    }
    /* 4 MiB pages; PSE-36: bits 20:13 are address bits 39:32 */
    unsigned high = x86_has(&cpu->features, X86_FEAT_PSE36) ? MIN_OF(cpu->phys_bits, 40u) - 32 : 0;
    *reserved = MASK64(22) & ~MASK64(13 + high);
    return (entry & 0xffc00000) | extract64(entry, 13, 8) << 32;
}

/* ---- the walk ---- */
typedef struct Leaf { TableRam *ram; void *host; uint64_t entry, rights; unsigned low; bool xd; } Leaf;

static WalkResult finish_leaf(X86CPU *cpu, X86Walk *w, const Mode *m, const Leaf *l)
{
    const CPUX86State *env = &cpu->env;
    uint64_t reserved, base = page_address(cpu, m, l->entry, l->low, &reserved), bits = PTE_A;
    unsigned needed = prot_needed(w->access), denied = 0;

    if (l->entry & reserved)
        return fail(cpu, w, PF_P | PF_RSVD);
    w->user = l->rights & PTE_U;
    w->pkey = m->pkeys && w->user ? extract64(l->entry, PTE_PKEY_SHIFT, 4) : 0;
    w->prot = permissions(env, w, l->rights, l->xd);
    if (m->pkeys && w->user)
        denied = pkey_denies(env, w);
    if (!w->no_side_effects) {
        if (!(w->prot & ~denied & needed))
            return fail(cpu, w, PF_P | (denied & needed ? PF_PK : 0));
        bits |= w->access == MMU_DATA_STORE ? PTE_D : 0;
        if (!set_bits(m, l->ram, l->host, l->entry, bits))
            return WALK_RESTART;
    }
    w->prot &= ~denied;
    if (!((l->entry | bits) & PTE_D))
        w->prot &= ~PROT_W; /* the first store comes here again */
    w->page_bits = l->low;
    w->pa = base | (w->va & MASK64(l->low));
    w->global = l->entry & PTE_G && env->cr4 & CR4_PGE;
    return WALK_OK;
}

static hwaddr a20(const CPUX86State *env, hwaddr pa)
{
    return pa & (0xffffffff00000000ull | env->a20_mask_low);
}

/* Where the top table is, or for PAE the page directory that a PDPTE names. False: it is not present. */
static bool top_table(const X86CPU *cpu, const X86Walk *w, const Mode *m, uint64_t *base)
{
    const CPUX86State *env = &cpu->env;

    if (!m->wide) {
        *base = env->cr3 & 0xfffff000;
        return true;
    }
    if (m->levels > 2) {
        *base = env->cr3 & m->address;
        return true;
    }
    *base = env->pdpte[extract64(w->va, 30, 2)];
    if (!(*base & PTE_P))
        return false;
    *base &= m->address;
    return true;
}

static WalkResult walk_once(X86CPU *cpu, X86Walk *w, const Mode *m)
{
    const CPUX86State *env = &cpu->env;
    unsigned stride = m->wide ? 9 : 10;
    uint64_t base, rights = PTE_U | PTE_W;
    TableRam ram = { 0 };
    bool xd = false;

    if (!top_table(cpu, w, m, &base))
        return fail(cpu, w, 0);
    for (unsigned level = m->levels;; level--) {
        unsigned low = 12 + stride * (level - 1);
        void *host = entry_host(&ram, a20(env, base + (extract64(w->va, low, stride) << (m->wide ? 3 : 2))));
        uint64_t entry = read_entry(m, host);

        if (!(entry & PTE_P))
            return fail(cpu, w, 0);
        if (entry & m->reserved || (entry & PTE_PS && m->ps_reserved[level]))
            return fail(cpu, w, PF_P | PF_RSVD);
        rights &= entry;
        xd |= m->nx && entry & PTE_XD;
        if (level == 1 || (entry & PTE_PS && m->large[level]))
            return finish_leaf(cpu, w, m, &(Leaf){ &ram, host, entry, rights, low, xd });
        if (!w->no_side_effects && !set_bits(m, &ram, host, entry, PTE_A))
            return WALK_RESTART;
        base = entry & m->address;
    }
}

static void walk_paging_off(X86Walk *w)
{
    w->pa = (uint32_t)w->va;
    w->page_bits = MEM_PAGE_BITS;
    w->prot = PROT_R | PROT_W | PROT_X;
    w->global = true;
    w->user = false;
    w->pkey = 0;
}

bool x86_walk(X86CPU *cpu, X86Walk *w)
{
    const CPUX86State *env = &cpu->env;
    WalkResult r = WALK_RESTART;
    Mode m;

    w->error = 0;
    if (!(env->cr0 & CR0_PG)) {
        walk_paging_off(w);
        w->pa = a20(env, w->pa);
        return true;
    }
    m = paging_mode(cpu);
    for (unsigned i = 0; i < MAX_RESTARTS && r == WALK_RESTART; i++)
        r = walk_once(cpu, w, &m);
    if (r == WALK_RESTART)
        r = fail(cpu, w, PF_P);
    w->pa = a20(env, w->pa);
    return r == WALK_OK;
}
