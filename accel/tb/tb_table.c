/* SPDX-License-Identifier: MIT */
/*
 * The table of blocks: a hash of {pc, flags, ram address of the first byte} with chains.
 *
 * Nobody takes a lock. A block is complete before it becomes the head of a chain (compare-and-swap), and nothing is ever put in
 * anywhere else. One that is taken out is marked first, in the low bit of its hash_next, which from then on does not change:
 * whoever would unlink its successor by it fails, begins again, and unlinks the marked one on the way. A reader that stands on a
 * block which is taken out finds the rest of the chain. Its memory is used again only when nobody reads (code_buffer.c).
 */
#include <string.h>

#include "accel/mmu/mmu_internal.h"
#include "accel/tb/tb_internal.h"
#include "base/bits.h"

#define OUT ((uintptr_t)1) /* in hash_next: the block is taken out */

static uintptr_t *buckets; /* (a) */
static unsigned hash_bits;

TbConfig tb_config;

void tb_table_init(uint64_t buffer_bytes)
{
    hash_bits = 64 - clz64(buffer_bytes / 1024); /* a block takes about 1 KiB */
    g_free(buckets);
    buckets = g_new0(uintptr_t, (size_t)1 << hash_bits);
}

void tb_table_reset(void)
{
    memset(buckets, 0, sizeof *buckets << hash_bits);
}

static uintptr_t *bucket(uint64_t pc, uint64_t flags, ram_addr_t phys)
{
    uint64_t h = (phys ^ (pc >> 12) ^ flags * 0x9e3779b97f4a7c15ull) * 0xff51afd7ed558ccdull;
    return &buckets[h >> (64 - hash_bits)];
}

static TranslationBlock *chain_next(uintptr_t p)
{
    return (TranslationBlock *)(p & ~OUT);
}

/* The first block of the chain that is the one asked for and valid. */
static TranslationBlock *chain_find(TranslationBlock *tb, uint64_t pc, uint64_t flags, ram_addr_t phys)
{
    while (tb && (tb->pc != pc || tb->flags != flags || tb->phys != phys || __atomic_load_n(&tb->invalid, __ATOMIC_ACQUIRE)))
        tb = chain_next(__atomic_load_n(&tb->hash_next, __ATOMIC_ACQUIRE));
    return tb;
}

TranslationBlock *tb_table_lookup(uint64_t pc, uint64_t flags, ram_addr_t phys)
{
    return chain_find(chain_next(__atomic_load_n(bucket(pc, flags, phys), __ATOMIC_ACQUIRE)), pc, flags, phys);
}

TranslationBlock *tb_table_insert(TranslationBlock *tb)
{
    uintptr_t *head = bucket(tb->pc, tb->flags, tb->phys), first = __atomic_load_n(head, __ATOMIC_ACQUIRE);
    do {
        TranslationBlock *twin = chain_find(chain_next(first), tb->pc, tb->flags, tb->phys);
        if (twin && twin->phys2 == tb->phys2 && twin->n_guest >= tb->n_guest)
            return twin;
        __atomic_store_n(&tb->hash_next, first, __ATOMIC_RELAXED);
    } while (!__atomic_compare_exchange_n(head, &first, (uintptr_t)tb, false, __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE));
    return tb;
}

/* Unlinks what is marked in the chain, up to tb. False: another thread was quicker somewhere, so all is to be looked at again. */
static bool unlink_marked(uintptr_t *head, const TranslationBlock *tb)
{
    uintptr_t *from = head, p = __atomic_load_n(from, __ATOMIC_SEQ_CST);
    while (p) {
        TranslationBlock *at = chain_next(p);
        uintptr_t next = __atomic_load_n(&at->hash_next, __ATOMIC_ACQUIRE);
        if (next & OUT) {
            if (!__atomic_compare_exchange_n(from, &p, next & ~OUT, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
                return false;
            if (at == tb)
                return true;
        } else {
            from = &at->hash_next;
        }
        p = next & ~OUT;
    }
    return true;
}

void tb_table_remove(TranslationBlock *tb)
{
    uintptr_t *head = bucket(tb->pc, tb->flags, tb->phys);
    __atomic_fetch_or(&tb->hash_next, OUT, __ATOMIC_SEQ_CST);
    while (!unlink_marked(head, tb))
        ;
}

/* Whether the page that follows pc's is still the one that tb's tail came from. */
static bool second_page_matches(CPUState *cpu, const TranslationBlock *tb, bool fill)
{
    if (tb->phys2 == RAM_ADDR_INVALID)
        return true;
    MmuCode code;
    uint64_t va = (tb->pc & MEM_PAGE_MASK) + MEM_PAGE_SIZE;
    return mmu_code_page(cpu, va, cpu->target->code_mmu_index(tb->flags), fill, &code) && (code.ram & MEM_PAGE_MASK) == (tb->phys2 & MEM_PAGE_MASK);
}

static TranslationBlock *find_mapped(CPUState *cpu, uint64_t pc, uint64_t flags, const MmuCode *code, bool fill)
{
    if (code->ram == RAM_ADDR_INVALID)
        return NULL;
    TranslationBlock *tb = tb_table_lookup(pc, flags, code->ram);
    if (!tb || !second_page_matches(cpu, tb, fill))
        return NULL;
    jump_cache_insert(cpu, tb, code->global);
    return tb;
}

TranslationBlock *tb_lookup(CPUState *cpu, uint64_t pc, uint64_t flags)
{
    TranslationBlock *tb = jump_cache_lookup(cpu, pc, flags);
    MmuCode code;
    if (tb)
        return tb;
    return mmu_code_page(cpu, pc, cpu->target->code_mmu_index(flags), false, &code) ? find_mapped(cpu, pc, flags, &code, false) : NULL;
}

TranslationBlock *tb_find(CPUState *cpu, uint64_t pc, uint64_t flags)
{
    TranslationBlock *tb = jump_cache_lookup(cpu, pc, flags);
    if (tb)
        return tb;
    MmuCode code;
    mmu_code_page(cpu, pc, cpu->target->code_mmu_index(flags), true, &code);
    tb = find_mapped(cpu, pc, flags, &code, true);
    if (tb)
        return tb;
    tb = tb_translate(cpu, pc, flags, tb_config.max_insns, false);
    if (!tb->no_cache)
        jump_cache_insert(cpu, tb, code.global);
    return tb;
}
