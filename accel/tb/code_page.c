/* SPDX-License-Identifier: MIT */
/*
 * Pages of RAM that hold translated code, and the invalidation of blocks when they are written.
 *
 * A page with RAM_PAGE_CODE has no fast-write TLB entry (they carry TLB_NOTDIRTY), so each store to it comes through
 * tb_store_begin and tb_store_end, and each write by a device through ram_notify_write. A bit map with a bit for each four bytes
 * tells stores beside the code, which cost no lock, from stores to it. No block may outlive the bytes it was made from:
 *
 * 1. A store that takes the slow path while the page is being translated. The writer stores, then (fence) looks at the bit map;
 *    the translator marks the bit map, then (fence) reads the bytes. So either the writer sees the mark, and under tb_lock
 *    invalidates the published block or poisons the translation that has not been published yet; or the translator sees the
 *    new bytes.
 * 2. A store that took the fast path because its vCPU had a fast-write entry when the page became a code page. code_page_begin
 *    sets RAM_PAGE_CODE, then takes that entry away under the vCPU's TLB lock, under which entries are also filled: none can
 *    be made fast again. But the vCPU may have read the entry just before and be about to store. It is therefore sent a piece
 *    of work, which it does only after it has left generated code, the store done. Until all such vCPUs have answered the page
 *    is settling: what is translated from it is run once and not published, so the next execution reads the bytes again. A vCPU
 *    that is outside cpu_exec_start..end has no store in flight: the entry's removal and its cpu->running pair by fences.
 *    One that held no fast-write entry cannot have a store in flight either: only its own thread, which would have finished
 *    the store, or an earlier code_page_begin, whose answer is then still awaited, takes entries away.
 *
 * When a page's last block goes, RAM_PAGE_CODE stays at first: whoever rewrites code is likely to run it next, and making the page
 * a code page again would search all TLBs. Only after a number of stores without a translation in between is it cleared
 * (code_page_release), and TLB entries become fast again at their next slow store.
 *
 * RAM_PAGE_FAST tells code_page_begin whether there may be fast-write entries at all: most pages of code have none, and the
 * search for them through all TLBs is slow.
 */
#include <string.h>

#include "accel/mmu/mmu_internal.h"
#include "accel/tb/tb_internal.h"
#include "base/bits.h"

#define LEAF_BITS 12
#define TOP_BITS 20 /* 16 TiB of ram_addr_t */
#define IDLE_STORES 16 /* as many words of code as a small patch writes */

static CodePage **top[1u << TOP_BITS]; /* (a) leaves of pointers (a) to pages */
static unsigned n_top;                 /* tb_lock: leaves lie below it */

static CodePage **leaf_of(ram_addr_t addr)
{
    uint64_t i = addr >> (MEM_PAGE_BITS + LEAF_BITS);
    return i < ARRAY_SIZE(top) ? __atomic_load_n(&top[i], __ATOMIC_ACQUIRE) : NULL;
}

static unsigned leaf_index(ram_addr_t addr)
{
    return (addr >> MEM_PAGE_BITS) & ((1u << LEAF_BITS) - 1);
}

static CodePage *page_find(ram_addr_t addr)
{
    CodePage **leaf = leaf_of(addr);
    return leaf ? __atomic_load_n(&leaf[leaf_index(addr)], __ATOMIC_ACQUIRE) : NULL;
}

static CodePage *page_get_locked(ram_addr_t addr)
{
    CodePage **leaf = leaf_of(addr);
    if (!leaf) {
        leaf = g_new0(CodePage *, 1u << LEAF_BITS);
        unsigned i = (unsigned)(addr >> (MEM_PAGE_BITS + LEAF_BITS));
        __atomic_store_n(&top[i], leaf, __ATOMIC_RELEASE);
        n_top = MAX_OF(n_top, i + 1);
    }
    CodePage **p = &leaf[leaf_index(addr)];
    if (!*p) {
        CodePage *page = g_new0(CodePage, 1);
        page->addr = addr & MEM_PAGE_MASK;
        __atomic_store_n(p, page, __ATOMIC_RELEASE);
    }
    return *p;
}

/* ---- the bit map ---- */
static bool any_marked(const CodePage *page, unsigned offset, unsigned len)
{
    for (unsigned w = offset / 4, last = (offset + len - 1) / 4; w <= last; w++) {
        if (__atomic_load_n(&page->words[w / 64], __ATOMIC_RELAXED) & BIT(w % 64))
            return true;
    }
    return false;
}

bool code_page_overlaps(ram_addr_t addr, unsigned len)
{
    const CodePage *page = page_find(addr);
    return page && any_marked(page, addr & ~MEM_PAGE_MASK, len);
}

void code_page_mark(CodePage *page, unsigned offset, unsigned len)
{
    for (unsigned w = offset / 4, last = (offset + len - 1) / 4; w <= last; w++) {
        if (!(__atomic_load_n(&page->words[w / 64], __ATOMIC_RELAXED) & BIT(w % 64)))
            __atomic_fetch_or(&page->words[w / 64], BIT(w % 64), __ATOMIC_SEQ_CST);
    }
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* ---- lists ---- */
static TranslationBlock *list_block(uintptr_t p)
{
    return (TranslationBlock *)(p & ~(uintptr_t)1);
}

static uintptr_t list_next(uintptr_t p)
{
    return (uintptr_t)list_block(p)->page_next[p & 1];
}

/* Bytes of the block within the page of list element p. */
static void block_extent(uintptr_t p, unsigned *start, unsigned *end)
{
    const TranslationBlock *tb = list_block(p);
    unsigned first = tb->phys & ~MEM_PAGE_MASK;
    *start = p & 1 ? 0 : first;
    *end = p & 1 ? first + tb->size - MEM_PAGE_SIZE : MIN_OF(first + tb->size, MEM_PAGE_SIZE);
}

static void list_add_locked(CodePage *page, TranslationBlock *tb, unsigned n)
{
    tb->page_next[n] = (TranslationBlock *)page->blocks;
    page->blocks = (uintptr_t)tb | n;
    page->n_blocks++;
}

static void list_remove_locked(CodePage *page, TranslationBlock *tb, unsigned n)
{
    uintptr_t want = (uintptr_t)tb | n, *p = &page->blocks;
    while (*p && *p != want)
        p = (uintptr_t *)&list_block(*p)->page_next[*p & 1];
    if (*p) {
        *p = (uintptr_t)tb->page_next[n];
        page->n_blocks--;
    }
}

/* Marks exactly what the blocks cover, unless something is being read just now. */
static void tidy_locked(CodePage *page)
{
    if (page->translators)
        return;
    memset(page->words, 0, sizeof page->words);
    for (uintptr_t p = page->blocks; p; p = list_next(p)) {
        unsigned start, end;
        block_extent(p, &start, &end);
        if (end > start)
            code_page_mark(page, start, end - start);
    }
}

static void disarm_locked(CodePage *page)
{
    RAMBlock *ram = ram_block_of(page->addr);
    if (page->blocks || page->translators)
        return;
    tidy_locked(page);
    if (ram)
        __atomic_fetch_and(ram_page_flags(ram, page->addr), (uint8_t)~RAM_PAGE_CODE, __ATOMIC_SEQ_CST);
}

void code_page_release(ram_addr_t addr, bool all)
{
    CodePage *page = page_find(addr);
    if (!page || __atomic_load_n(&page->blocks, __ATOMIC_RELAXED))
        return;
    if (__atomic_add_fetch(&page->idle_stores, 1, __ATOMIC_RELAXED) < IDLE_STORES && !all)
        return;
    lock_acquire(&tb_lock);
    disarm_locked(page);
    lock_release(&tb_lock);
}

/* ---- invalidation ---- */
void code_page_evict_locked(TranslationBlock *tb)
{
    __atomic_store_n(&tb->invalid, 1, __ATOMIC_SEQ_CST);
    tb_table_remove_locked(tb);
    tb_unlink_locked(tb);
    list_remove_locked(page_find(tb->phys), tb, 0);
    if (tb->phys2 != RAM_ADDR_INVALID)
        list_remove_locked(page_find(tb->phys2), tb, 1);
}

static void kill_locked(TranslationBlock *tb)
{
    code_page_evict_locked(tb);
    jump_cache_forget(tb);
    tb_count(&tb_stats.invalidations);
}

static void poison_locked(const CodePage *page)
{
    CPU_FOREACH (cpu) {
        TbThread *th = cpu->tb;
        if (th && (th->pages[0] == page || th->pages[1] == page))
            th->poisoned = true;
    }
}

static void invalidate_locked(CodePage *page, unsigned offset, unsigned len)
{
    for (uintptr_t p = page->blocks, next; p; p = next) {
        unsigned start, end;
        next = list_next(p);
        block_extent(p, &start, &end);
        if (start < offset + len && offset < end)
            kill_locked(list_block(p));
    }
    poison_locked(page);
    tidy_locked(page);
}

void tb_invalidate(ram_addr_t addr, uint64_t len)
{
    while (len) {
        unsigned offset = addr & ~MEM_PAGE_MASK, chunk = MIN_OF(len, MEM_PAGE_SIZE - offset);
        CodePage *page = page_find(addr);
        if (page) {
            __atomic_thread_fence(__ATOMIC_SEQ_CST); /* the bytes were written before the marks are looked at */
            if (any_marked(page, offset, chunk)) {
                lock_acquire(&tb_lock);
                invalidate_locked(page, offset, chunk);
                lock_release(&tb_lock);
            }
        }
        addr += chunk;
        len -= chunk;
    }
}

/* ---- translation ---- */
static void settled(CPUState *cpu, void *data)
{
    CodePage *page = data;
    __atomic_fetch_sub(&page->settling, 1, __ATOMIC_SEQ_CST);
}

/* Makes page a code page: no vCPU may write to it fast. */
static void arm_locked(CodePage *page, RAMBlock *ram)
{
    uint8_t *flags = ram_page_flags(ram, page->addr);
    if (!(__atomic_fetch_or(flags, RAM_PAGE_CODE, __ATOMIC_SEQ_CST) & RAM_PAGE_FAST))
        return;
    const uint8_t *host = ram->host + (page->addr - ram->offset);
    CPU_FOREACH (cpu) {
        bool had = cpu->mmu && mmu_revoke_write(cpu, host);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (had && cpu != current_cpu && __atomic_load_n(&cpu->running, __ATOMIC_SEQ_CST)) {
            __atomic_fetch_add(&page->settling, 1, __ATOMIC_SEQ_CST);
            async_run_on_cpu(cpu, settled, page);
        }
    }
    __atomic_fetch_and(flags, (uint8_t)~RAM_PAGE_FAST, __ATOMIC_SEQ_CST); /* none can be made while it is a code page */
}

bool code_page_possible(ram_addr_t addr)
{
    return addr >> (MEM_PAGE_BITS + LEAF_BITS) < ARRAY_SIZE(top);
}

void code_page_begin(TbThread *th, unsigned slot, ram_addr_t addr)
{
    RAMBlock *ram = ram_block_of(addr);
    lock_acquire(&tb_lock);
    CodePage *page = page_get_locked(addr);
    page->translators++;
    __atomic_store_n(&page->idle_stores, 0, __ATOMIC_RELAXED);
    th->pages[slot] = page;
    if (!slot)
        th->poisoned = false;
    if (!(__atomic_load_n(ram_page_flags(ram, addr), __ATOMIC_SEQ_CST) & RAM_PAGE_CODE))
        arm_locked(page, ram);
    lock_release(&tb_lock);
}

static bool may_publish_locked(const TbThread *th)
{
    bool ok = !th->poisoned;
    for (unsigned i = 0; i < 2; i++)
        ok &= !th->pages[i] || !__atomic_load_n(&th->pages[i]->settling, __ATOMIC_SEQ_CST);
    return ok;
}

/* An equal block that another thread published first. */
static TranslationBlock *twin_locked(const TranslationBlock *tb)
{
    TranslationBlock *twin = tb_table_lookup(tb->pc, tb->flags, tb->phys);
    return twin && twin->phys2 == tb->phys2 && twin->n_guest >= tb->n_guest ? twin : NULL;
}

static TranslationBlock *publish_locked(TbThread *th, TranslationBlock *tb)
{
    TranslationBlock *twin = twin_locked(tb);
    if (twin)
        return twin;
    for (unsigned i = 0; i < 2; i++) {
        if (th->pages[i])
            list_add_locked(th->pages[i], tb, i);
    }
    tb_table_insert_locked(tb);
    tb_count(&tb_stats.blocks);
    return tb;
}

TranslationBlock *code_page_end(TbThread *th, TranslationBlock *tb)
{
    lock_acquire(&tb_lock);
    TranslationBlock *result = tb && th->pages[0] && may_publish_locked(th) ? publish_locked(th, tb) : NULL;
    for (unsigned i = 0; i < 2; i++) {
        CodePage *page = th->pages[i];
        th->pages[i] = NULL;
        if (page && !--page->translators && !result)
            tidy_locked(page);
    }
    lock_release(&tb_lock);
    return result;
}

void code_pages_reset(void)
{
    lock_acquire(&tb_lock);
    for (unsigned i = 0; i < n_top; i++) {
        for (unsigned k = 0; top[i] && k < 1u << LEAF_BITS; k++) {
            CodePage *page = top[i][k];
            if (!page)
                continue;
            page->blocks = page->n_blocks = 0;
            memset(page->words, 0, sizeof page->words);
        }
    }
    lock_release(&tb_lock);
}
