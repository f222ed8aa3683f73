/* SPDX-License-Identifier: MIT */
/*
 * The table of blocks: a hash of {pc, flags, ram address of the first byte} with chains.
 *
 * Readers take no lock: a block is complete before it is linked in (release), and one that is taken out keeps its hash_next, so
 * a reader that stands on it finds the rest of the chain. Its memory is used again only when nobody reads (code_buffer_evict).
 */
#include <string.h>

#include "accel/mmu/mmu_internal.h"
#include "accel/tb/tb_internal.h"
#include "base/bits.h"

static TranslationBlock **buckets; /* (a) */
static unsigned hash_bits;

Lock tb_lock = { .mutex = PTHREAD_MUTEX_INITIALIZER, .class = LOCK_TB, .name = "translation blocks" };
TbConfig tb_config;

void tb_table_init(uint64_t buffer_bytes)
{
    hash_bits = 64 - clz64(buffer_bytes / 1024); /* a block takes about 1 KiB */
    g_free(buckets);
    buckets = g_new0(TranslationBlock *, (size_t)1 << hash_bits);
}

void tb_table_reset(void)
{
    memset(buckets, 0, sizeof *buckets << hash_bits);
}

static TranslationBlock **bucket(uint64_t pc, uint64_t flags, ram_addr_t phys)
{
    uint64_t h = (phys ^ (pc >> 12) ^ flags * 0x9e3779b97f4a7c15ull) * 0xff51afd7ed558ccdull;
    return &buckets[h >> (64 - hash_bits)];
}

TranslationBlock *tb_table_lookup(uint64_t pc, uint64_t flags, ram_addr_t phys)
{
    TranslationBlock *tb = __atomic_load_n(bucket(pc, flags, phys), __ATOMIC_ACQUIRE);
    while (tb && (tb->pc != pc || tb->flags != flags || tb->phys != phys || __atomic_load_n(&tb->invalid, __ATOMIC_ACQUIRE)))
        tb = __atomic_load_n(&tb->hash_next, __ATOMIC_ACQUIRE);
    return tb;
}

void tb_table_insert_locked(TranslationBlock *tb)
{
    TranslationBlock **b = bucket(tb->pc, tb->flags, tb->phys);
    tb->hash_next = *b;
    __atomic_store_n(b, tb, __ATOMIC_RELEASE);
}

void tb_table_remove_locked(TranslationBlock *tb)
{
    TranslationBlock **p = bucket(tb->pc, tb->flags, tb->phys);
    while (*p && *p != tb)
        p = &(*p)->hash_next;
    if (*p)
        __atomic_store_n(p, tb->hash_next, __ATOMIC_RELEASE);
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
