/* SPDX-License-Identifier: MIT */
/*
 * Which vCPUs may hold a fast-write TLB entry for a page of RAM: a mask for each page, so that who takes such entries away searches
 * the TLBs of these vCPUs alone, and not of all. Most pages are written by one or two.
 *
 * A vCPU adds itself before it looks at the page's flags (under its TLB's lock), and who takes entries away takes the mask after it
 * has set the flag that forbids new ones: so the vCPU sees the flag, or is found in the mask and searched when it has let go of
 * its lock. The mask may say too much, never too little. vCPUs whose numbers differ by 64 share a bit.
 */
#include "accel/mmu/mmu_internal.h"
#include "base/bits.h"

#define LEAF_BITS 12
#define TOP_BITS 20 /* 16 TiB of ram_addr_t */

static uint64_t *top[1u << TOP_BITS]; /* (a) leaves of masks (a); made when needed, never freed */

/* The mask of ram's page; NULL: there is none. */
static uint64_t *mask_of(ram_addr_t ram)
{
    uint64_t page = ram >> MEM_PAGE_BITS, i = page >> LEAF_BITS;
    uint64_t *leaf = i < ARRAY_SIZE(top) ? __atomic_load_n(&top[i], __ATOMIC_ACQUIRE) : NULL;
    return leaf ? &leaf[page & MASK64(LEAF_BITS)] : NULL;
}

static uint64_t *mask_make(ram_addr_t ram)
{
    uint64_t i = ram >> (MEM_PAGE_BITS + LEAF_BITS), *none = NULL;
    if (i >= ARRAY_SIZE(top))
        return NULL;
    uint64_t *leaf = g_new0(uint64_t, 1u << LEAF_BITS);
    if (!__atomic_compare_exchange_n(&top[i], &none, leaf, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        g_free(leaf);
    return mask_of(ram);
}

static uint64_t bit_of(const CPUState *cpu)
{
    return BIT(cpu->index % 64);
}

void tlb_writers_add(const CPUState *cpu, ram_addr_t ram)
{
    uint64_t *mask = mask_of(ram);
    if (UNLIKELY(!mask))
        mask = mask_make(ram);
    if (mask && !(__atomic_load_n(mask, __ATOMIC_SEQ_CST) & bit_of(cpu)))
        __atomic_fetch_or(mask, bit_of(cpu), __ATOMIC_SEQ_CST);
}

uint64_t tlb_writers_take(ram_addr_t ram)
{
    uint64_t *mask = mask_of(ram);
    if (ram >> (MEM_PAGE_BITS + LEAF_BITS) >= ARRAY_SIZE(top))
        return ~0ull; /* too far up to be followed */
    return mask ? __atomic_exchange_n(mask, 0, __ATOMIC_SEQ_CST) : 0;
}

bool tlb_writers_has(uint64_t mask, const CPUState *cpu)
{
    return mask & bit_of(cpu);
}
