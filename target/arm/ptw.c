/* SPDX-License-Identifier: MIT */
/*
 * The stage 1 table walk of the EL1&0 regime (D8.2 to D8.4).
 *
 * Tables are read through direct RAM pointers; a descriptor outside RAM is an external abort. The walk keeps all parameters
 * in locals and touches the descriptor in RAM only to set the access flag (TCR_EL1.HA) or the dirty state (HD and DBM), by
 * compare-and-swap: when another agent changed the descriptor in between, the walk starts again. The number of restarts is
 * bounded, since another vCPU might change it without end; giving up reports an access-flag fault, which the guest retries.
 *
 * The contiguous bit is a hint and is not used: entries are as large as the descriptor's own block. Memory attributes matter
 * only as Device or not, and for PAR_EL1. Left out: stage 2, EL2 and EL3 regimes, 52-bit addresses with 4K and 16K granules.
 */
#include "base/bits.h"
#include "target/arm/ptw.h"

#define DESC_VALID 1ull
#define DESC_TABLE 2ull
#define DESC_AP1 (1ull << 6) /* EL0 may access */
#define DESC_AP2 (1ull << 7) /* read-only; clear is "dirty" with DBM */
#define DESC_AF (1ull << 10)
#define DESC_NG (1ull << 11)
#define DESC_GP (1ull << 50)
#define DESC_DBM (1ull << 51)
#define DESC_PXN (1ull << 53)
#define DESC_UXN (1ull << 54)
#define TABLE_PXN (1ull << 59)
#define TABLE_UXN (1ull << 60)
#define TABLE_AP1 (1ull << 61) /* no EL0 access below */
#define TABLE_AP2 (1ull << 62) /* read-only below */
#define MAX_RESTARTS 64

typedef enum WalkResult { WALK_OK, WALK_FAULT, WALK_RESTART } WalkResult;

static WalkResult fail(ArmWalk *w, unsigned fsc)
{
    w->fsc = fsc;
    return WALK_FAULT;
}

/* The range of RAM that the last table was in: most often all of a walk's tables share it. */
typedef struct TableRam { hwaddr start; uint64_t size; uint8_t *host; } TableRam; /* size: of the part where 8 bytes fit */

/* Host address of the descriptor at pa, which is aligned; NULL: not in RAM. */
static inline const uint64_t *descriptor(TableRam *ram, hwaddr pa)
{
    if (UNLIKELY(pa - ram->start >= ram->size)) {
        const FlatRange *range = address_space_lookup(&address_space_memory, pa);
        if (!range || !range->mr->ram)
            return NULL;
        *ram = (TableRam){ range->addr, range->size >= 8 ? range->size - 7 : 0, (uint8_t *)memory_region_ram_ptr(range->mr) + range->offset_in_region };
        if (pa - ram->start >= ram->size)
            return NULL;
    }
    return (const uint64_t *)(ram->host + (pa - ram->start));
}

/* Replaces the descriptor old by new at pa. False: it has changed, or is not in writable RAM. */
static bool update_descriptor(hwaddr pa, uint64_t old, uint64_t new, bool *writable)
{
    const FlatRange *range = address_space_lookup(&address_space_memory, pa);
    uint64_t *p = address_space_ram_ptr(&address_space_memory, pa, 8, true);

    *writable = p && range;
    if (!*writable)
        return false;
    bool done = __atomic_compare_exchange_n(p, &old, new, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    if (done)
        ram_notify_write(range->mr->ram, ram_block_addr(range->mr->ram, p), 8);
    return done;
}

/* Permissions of a leaf for the walk's index, as PROT_*; dirty: whether stores need no dirty-state update. */
static unsigned leaf_prot(const ArmCPU *cpu, const ArmWalk *w, uint64_t desc, uint64_t table, bool dbm, bool *dirty)
{
    bool user = (desc & DESC_AP1) && !(table & TABLE_AP1);
    bool write = (!(desc & DESC_AP2) || dbm) && !(table & TABLE_AP2);
    bool wxn = cpu->env.sctlr_el1 >> 19 & 1;
    unsigned prot = 0;

    *dirty = !(desc & DESC_AP2);
    if (w->mmu_idx == ARM_MMU_EL0) {
        if (user)
            prot = PROT_R | (write ? PROT_W : 0);
        if (!((desc & DESC_UXN) || (table & TABLE_UXN)) && !(wxn && (prot & PROT_W)))
            prot |= PROT_X;
        return prot;
    }
    prot = PROT_R | (write ? PROT_W : 0);
    if (!((desc & DESC_PXN) || (table & TABLE_PXN)) && !(user && write) && !(wxn && write))
        prot |= PROT_X;
    if (user && w->mmu_idx == ARM_MMU_EL1_PAN)
        prot &= ~(PROT_R | PROT_W);
    return prot;
}

static unsigned prot_needed(MMUAccess access)
{
    return access == MMU_DATA_LOAD ? PROT_R : access == MMU_DATA_STORE ? PROT_W : PROT_X;
}

static void set_attributes(const ArmCPU *cpu, ArmWalk *w, uint64_t desc)
{
    w->mair_attr = cpu->env.mair_el1 >> (extract64(desc, 2, 3) * 8);
    w->shareability = extract64(desc, 8, 2);
    w->target_bits = (w->mair_attr & 0xf0) == 0 ? ARM_PAGE_DEVICE : 0;
    if ((desc & DESC_GP) && arm_has(cpu, ARM_FEAT_bti))
        w->target_bits |= ARM_PAGE_GUARDED;
}

/* A valid block or page descriptor at desc_pa: checks, hardware updates, results. */
static WalkResult finish_leaf(ArmCPU *cpu, ArmWalk *w, const ArmVaParams *p, hwaddr desc_pa, uint64_t desc, uint64_t out, uint64_t table,
                              unsigned level)
{
    bool big_endian = cpu->env.sctlr_el1 >> 25 & 1;
    bool dbm = p->hd && (desc & DESC_DBM), dirty, writable;
    uint64_t new = desc;

    if (!(desc & DESC_AF) && !w->no_side_effects) {
        if (!p->ha)
            return fail(w, FSC_ACCESS_FLAG | level);
        new |= DESC_AF;
    }
    w->prot = leaf_prot(cpu, w, desc, table, dbm, &dirty);
    if (!(w->prot & prot_needed(w->access)) && !w->no_side_effects)
        return fail(w, FSC_PERMISSION | level);
    if (dbm && !dirty && w->access == MMU_DATA_STORE && !w->no_side_effects) {
        new &= ~DESC_AP2;
        dirty = true;
    }
    if (new != desc) {
        bool done = big_endian ? update_descriptor(desc_pa, __builtin_bswap64(desc), __builtin_bswap64(new), &writable)
                               : update_descriptor(desc_pa, desc, new, &writable);
        if (!writable)
            return fail(w, FSC_EXTERNAL_WALK | level);
        if (!done)
            return WALK_RESTART;
    }
    if (!dirty)
        w->prot &= ~PROT_W; /* the first store comes here again and sets the dirty state */
    w->page_bits = p->page_bits + (p->page_bits - 3) * (3 - level);
    w->pa = out | (w->va & MASK64(w->page_bits));
    w->global = !(desc & DESC_NG);
    set_attributes(cpu, w, desc);
    return WALK_OK;
}

/* Output address of a descriptor: bits 47:low, and 51:48 from bits 15:12 with 64K pages. */
static uint64_t output_address(const ArmVaParams *p, uint64_t desc, unsigned low)
{
    uint64_t out = desc & MASK64(48) & ~MASK64(low);
    if (p->page_bits == 16 && p->pa_bits > 48)
        out |= extract64(desc, 12, 4) << 48;
    return out;
}

/* With 64K pages and less than 52 bits of output, descriptor bits 15:12 are RES0 and do not fault. */
static bool exceeds(uint64_t pa, unsigned bits)
{
    return pa >> bits != 0;
}

static bool block_allowed(const ArmCPU *cpu, const ArmVaParams *p, unsigned level)
{
    if (p->page_bits == 12)
        return level == 1 || level == 2;
    if (p->page_bits == 16 && level == 1)
        return extract64(cpu->id.aa64mmfr0, 0, 4) >= 6;
    return level == 2;
}

static WalkResult walk_once(ArmCPU *cpu, ArmWalk *w, const ArmVaParams *p, uint64_t ttbr)
{
    bool big_endian = cpu->env.sctlr_el1 >> 25 & 1;
    unsigned stride = p->page_bits - 3, in_bits = 64 - p->tsz;
    unsigned level = 3 - (in_bits - 1 - p->page_bits) / stride;
    unsigned top = in_bits - (p->page_bits + stride * (3 - level)); /* index bits of the first level */
    uint64_t base = ttbr & MASK64(48) & ~1ull, table = 0;
    TableRam ram = { 0 };

    if (p->page_bits == 16 && p->pa_bits > 48)
        base = (base & ~MASK64(6)) | extract64(ttbr, 2, 4) << 48;
    base &= ~MASK64(top + 3);
    if (exceeds(base, p->pa_bits))
        return fail(w, FSC_ADDRESS_SIZE);
    for (unsigned index_bits = top;; index_bits = stride, level++) {
        unsigned low = p->page_bits + stride * (3 - level);
        hwaddr desc_pa = base + extract64(w->va, low, index_bits) * 8;
        const uint64_t *host = descriptor(&ram, desc_pa);
        if (!host)
            return fail(w, FSC_EXTERNAL_WALK | level);
        uint64_t desc = __atomic_load_n(host, __ATOMIC_ACQUIRE);
        if (big_endian)
            desc = __builtin_bswap64(desc);
        bool leaf = level == 3 || !(desc & DESC_TABLE);
        if (!(desc & DESC_VALID) || (level == 3 ? !(desc & DESC_TABLE) : leaf && !block_allowed(cpu, p, level)))
            return fail(w, FSC_TRANSLATION | level);
        base = output_address(p, desc, leaf ? low : p->page_bits);
        if (exceeds(base, p->pa_bits))
            return fail(w, FSC_ADDRESS_SIZE | level);
        if (leaf)
            return finish_leaf(cpu, w, p, desc_pa, desc, base, table, level);
        if (!p->hpd)
            table |= desc & (TABLE_PXN | TABLE_UXN | TABLE_AP1 | TABLE_AP2);
    }
}

/* SCTLR_EL1.M clear (D8.2.10): flat, data is Device-nGnRnE, fetches Normal. */
static bool walk_mmu_off(const ArmCPU *cpu, ArmWalk *w, const ArmVaParams *p)
{
    bool fetch = w->access == MMU_INST_FETCH, tbi = fetch ? p->tbi_insn : p->tbi_data;
    uint64_t va = tbi ? w->va & MASK64(56) : w->va;

    if (tbi && (va >> 55 & 1) == 0)
        va &= MASK64(55);
    if (exceeds(va, p->pa_max_bits)) {
        w->fsc = FSC_ADDRESS_SIZE;
        return false;
    }
    w->pa = va;
    w->page_bits = MEM_PAGE_BITS;
    w->prot = PROT_R | PROT_W | PROT_X;
    w->global = true;
    w->mair_attr = fetch ? 0x44 : 0;
    w->shareability = 2;
    w->target_bits = fetch ? 0 : ARM_PAGE_DEVICE;
    return true;
}

/* The bits above the region must equal bit 55; with TBI those of the top byte do not count. */
static bool va_in_region(const ArmVaParams *p, uint64_t va, bool tbi)
{
    unsigned in_bits = 64 - p->tsz, top = tbi ? 56 : 64;
    int64_t above = sextract64(va, in_bits, top - in_bits);
    return above == 0 ? !(va >> 55 & 1) : above == -1 && (va >> 55 & 1);
}

bool arm_walk(ArmCPU *cpu, ArmWalk *w)
{
    const CPUARMState *env = &cpu->env;
    bool upper = w->va >> 55 & 1;
    ArmVaParams p = arm_va_params(cpu, upper);
    bool tbi = w->access == MMU_INST_FETCH ? p.tbi_insn : p.tbi_data;

    if (!(env->sctlr_el1 & 1))
        return walk_mmu_off(cpu, w, &p);
    if (p.tsz_bad || p.epd || (p.e0pd && w->mmu_idx == ARM_MMU_EL0) || !va_in_region(&p, w->va, tbi)) {
        w->fsc = FSC_TRANSLATION;
        return false;
    }
    for (unsigned i = 0; i < MAX_RESTARTS; i++) {
        WalkResult r = walk_once(cpu, w, &p, upper ? env->ttbr1_el1 : env->ttbr0_el1);
        if (r != WALK_RESTART)
            return r == WALK_OK;
    }
    w->fsc = FSC_ACCESS_FLAG | 3;
    return false;
}
