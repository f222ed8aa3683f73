/* SPDX-License-Identifier: MIT */
/*
 * Pages of RAM that hold translated code, and the invalidation of blocks when they are written.
 *
 * Each page has a lock, so that vCPUs that translate or rewrite different pages do not meet. A block on two pages is in both
 * lists; no thread ever holds both locks.
 *
 * A page with RAM_PAGE_CODE has no fast-write TLB entry (they carry TLB_NOTDIRTY), so each store to it comes through
 * tb_store_begin and tb_store_end, and each write by a device through ram_notify_write. A bit map with a bit for each four bytes
 * tells stores beside the code, which cost no lock, from stores to it. No block may outlive the bytes it was made from:
 *
 * 1. A store that takes the slow path while the page is being translated. The writer stores, then (fence) looks at the bit map;
 *    the translator marks the bit map, then (fence) reads the bytes. So either the writer sees the mark, and under the page's
 *    lock kills the block that is in the page's list or counts the page as overwritten; or the translator sees the new bytes.
 *    The translator puts its block into the list under the same lock, and only when that count is what it was at the beginning.
 * 2. A store that took the fast path because its vCPU had a fast-write entry when the page became a code page. code_page_begin
 *    sets RAM_PAGE_CODE, then takes that entry away under the vCPU's TLB lock, under which entries are also filled: none can
 *    be made fast again. But the vCPU may have read the entry just before and be about to store. It is therefore sent a piece
 *    of work, which it does only after it has left generated code, the store done. Until all such vCPUs have answered the page
 *    is settling: what is translated from it is run once and not published, so the next execution reads the bytes again. A vCPU
 *    that is outside cpu_exec_start..end has no store in flight: the entry's removal and its cpu->running pair by fences.
 *    One that held no fast-write entry cannot have a store in flight either: only its own thread, which would have finished
 *    the store, or an earlier code_page_begin, whose answer is then still awaited, takes entries away.
 *
 * No killed block can run. Whoever overwrites bytes finds each block over them in the page's list and kills it (HostOps.kill)
 * under the page's lock, before its store is done (tb_store_begin) and again after it (tb_store_end): a block leaves the list only
 * after it was killed, so the thread that finds it gone finds it dead. What the guest does to tell another vCPU of the new code
 * comes later still. All ways into a block go through its first instruction, which is by then a jump to the loop: links, jump
 * caches, return stacks, and whatever a vCPU has looked up and is about to enter. A vCPU that is inside the block goes on to its
 * end, as a processor does with what it has fetched: instructions that make it fetch anew (ISB, serialising ones, taken
 * interrupts) end blocks. The writer's own vCPU, from which x86 wants more, is seen to in tb_store.c and forgets the block by
 * itself, since a processor need not notice at once that it has rewritten its own code through another address.
 *
 * The rest is tidiness, and done by the one who set tb->invalid first (bury): links into the block are undone, so that nobody
 * comes to the loop by them every time; it leaves the lists and the table. A vCPU that publishes or links a block meanwhile looks
 * at tb->invalid under the same lock.
 *
 * Threads outside cpu_exec_start..end (DMA) take tb_outside_lock while they invalidate: the memory of blocks is used again when all
 * vCPUs have settled (code_buffer.c), and these threads are no part of that.
 *
 * When a page's last block goes, RAM_PAGE_CODE stays at first: whoever rewrites code is likely to run it next, and making the page
 * a code page again would search all TLBs. Only after a number of stores without a translation in between is it cleared
 * (code_page_release), and TLB entries become fast again at their next slow store.
 *
 * RAM_PAGE_FAST tells code_page_begin whether there may be fast-write entries at all: most pages of code have none, and the
 * search for them is slow. tlb_writers_take says in whose TLBs.
 */
#include <string.h>

#include "accel/mmu/mmu_internal.h"
#include "accel/tb/tb_internal.h"
#include "base/bits.h"
#include "base/tsan.h"

#define LEAF_BITS 12
#define TOP_BITS 20 /* 16 TiB of ram_addr_t */
#define IDLE_STORES 16 /* as many words of code as a small patch writes */

static CodePage **top[1u << TOP_BITS]; /* (a) leaves of pointers (a) to pages */
static unsigned n_top;                 /* (a) leaves lie below it */
Lock tb_outside_lock = { .mutex = PTHREAD_MUTEX_INITIALIZER, .class = LOCK_TB_OUTSIDE, .name = "blocks, from outside guest code" };

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

static void raise_n_top(unsigned n)
{
    unsigned old = __atomic_load_n(&n_top, __ATOMIC_RELAXED);
    while (old < n && !__atomic_compare_exchange_n(&n_top, &old, n, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

/* Puts new where nothing is yet; else frees it. Returns what is there. */
static void *install(void **place, void *new)
{
    void *old = NULL;
    if (__atomic_compare_exchange_n(place, &old, new, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return new;
    g_free(new);
    return old;
}

static CodePage *page_new(ram_addr_t addr)
{
    CodePage *page = g_new0(CodePage, 1);
    page->addr = addr & MEM_PAGE_MASK;
    lock_init(&page->lock, LOCK_TB, "code page");
    return page;
}

static CodePage *page_get(ram_addr_t addr)
{
    CodePage **leaf = leaf_of(addr), *page;
    if (!leaf) {
        unsigned i = (unsigned)(addr >> (MEM_PAGE_BITS + LEAF_BITS));
        leaf = install((void **)&top[i], g_new0(CodePage *, 1u << LEAF_BITS));
        raise_n_top(i + 1);
    }
    page = page_find(addr);
    return page ? page : install((void **)&leaf[leaf_index(addr)], page_new(addr));
}

Lock *code_page_lock_of(const TranslationBlock *tb)
{
    return &page_find(tb->phys)->lock;
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

static void list_set(CodePage *page, uintptr_t first)
{
    __atomic_store_n(&page->blocks, first, __ATOMIC_RELAXED);
}

static void list_add_locked(CodePage *page, TranslationBlock *tb, unsigned n)
{
    tb->page_next[n] = (TranslationBlock *)page->blocks;
    tb->listed = true;
    list_set(page, (uintptr_t)tb | n);
    page->n_blocks++;
}

static void list_remove_locked(CodePage *page, TranslationBlock *tb, unsigned n)
{
    uintptr_t want = (uintptr_t)tb | n, p = page->blocks, before = 0;
    while (p && p != want) {
        before = p;
        p = list_next(p);
    }
    if (!p)
        return;
    if (before)
        list_block(before)->page_next[before & 1] = tb->page_next[n];
    else
        list_set(page, (uintptr_t)tb->page_next[n]);
    page->n_blocks--;
}

static void mark_extent(uint64_t *words, unsigned start, unsigned end)
{
    for (unsigned w = start / 4; start < end && w <= (end - 1) / 4; w++)
        words[w / 64] |= BIT(w % 64);
}

/*
 * Marks exactly what the blocks cover, unless something is being read just now. Nobody sets marks meanwhile, and those of the
 * blocks that stay are there all the time: writers look at them without the lock.
 */
static void tidy_locked(CodePage *page)
{
    uint64_t words[CODE_PAGE_WORDS / 64] = { 0 };
    if (page->translators)
        return;
    for (uintptr_t p = page->blocks; p; p = list_next(p)) {
        unsigned start, end;
        block_extent(p, &start, &end);
        mark_extent(words, start, end);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
        __atomic_store_n(&page->words[i], words[i], __ATOMIC_RELAXED);
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
    lock_acquire(&page->lock);
    disarm_locked(page);
    lock_release(&page->lock);
}

/* ---- invalidation ---- */
/* Nobody enters tb after this. True: the caller is the one to bury it. */
static bool end_block(TranslationBlock *tb)
{
    bool first = !__atomic_exchange_n(&tb->invalid, 1, __ATOMIC_SEQ_CST);
    host_ops->kill(tb, (uint8_t *)tb->code - code_buffer_rx_delta());
    return first;
}

/* Takes tb out of its first page, whose lock is held, and out of the table. */
static void bury_locked(CodePage *page, TranslationBlock *tb)
{
    tb_unlink_locked(tb);
    list_remove_locked(page, tb, 0);
    tb_table_remove(tb);
}

static void bury(TranslationBlock *tb)
{
    CodePage *page = page_find(tb->phys);
    lock_acquire(&page->lock);
    bury_locked(page, tb);
    lock_release(&page->lock);
    if (tb->phys2 == RAM_ADDR_INVALID)
        return;
    page = page_find(tb->phys2);
    lock_acquire(&page->lock);
    list_remove_locked(page, tb, 1);
    lock_release(&page->lock);
}

void code_page_retire(TranslationBlock *tb)
{
    if (tb->listed && end_block(tb)) {
        bury(tb);
        tb_count_removed(false);
    }
}

/* Kills what overlaps the bytes, and buries what lies on this page alone. Returns the others. */
static TranslationBlock *kill_overlapping_locked(CodePage *page, unsigned offset, unsigned len)
{
    TranslationBlock *doomed = NULL;
    for (uintptr_t p = page->blocks, next; p; p = next) {
        TranslationBlock *tb = list_block(p);
        unsigned start, end;
        next = list_next(p);
        block_extent(p, &start, &end);
        if (start >= offset + len || offset >= end)
            continue;
        bool mine = end_block(tb);
        if (current_cpu)
            jump_cache_forget(current_cpu, tb);
        if (!mine)
            continue;
        tb_count_removed(true);
        if (tb->phys2 == RAM_ADDR_INVALID) {
            bury_locked(page, tb);
        } else {
            tb->doomed = doomed;
            doomed = tb;
        }
    }
    return doomed;
}

static void invalidate(CodePage *page, unsigned offset, unsigned len)
{
    lock_acquire(&page->lock);
    TranslationBlock *doomed = kill_overlapping_locked(page, offset, len);
    __atomic_store_n(&page->overwritten, page->overwritten + 1, __ATOMIC_RELAXED);
    tidy_locked(page);
    lock_release(&page->lock);
    for (TranslationBlock *tb = doomed, *next; tb; tb = next) {
        next = tb->doomed;
        bury(tb);
    }
}

static bool outside(void)
{
    return !current_cpu || __atomic_load_n(&current_cpu->running, __ATOMIC_RELAXED) == CPU_OUTSIDE;
}

void tb_invalidate(ram_addr_t addr, uint64_t len)
{
    while (len) {
        unsigned offset = addr & ~MEM_PAGE_MASK, chunk = MIN_OF(len, MEM_PAGE_SIZE - offset);
        CodePage *page = page_find(addr);
        if (page) {
            __atomic_thread_fence(__ATOMIC_SEQ_CST); /* the bytes were written before the marks are looked at */
            if (any_marked(page, offset, chunk)) {
                bool from_outside = outside();
                if (from_outside)
                    lock_acquire(&tb_outside_lock);
                invalidate(page, offset, chunk);
                if (from_outside)
                    lock_release(&tb_outside_lock);
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

/* Makes page a code page: no vCPU may write to it fast. Page lock held. */
static void arm_locked(CodePage *page, RAMBlock *ram)
{
    uint8_t *flags = ram_page_flags(ram, page->addr);
    if (!(__atomic_fetch_or(flags, RAM_PAGE_CODE, __ATOMIC_SEQ_CST) & RAM_PAGE_FAST))
        return;
    const uint8_t *host = ram->host + (page->addr - ram->offset);
    uint64_t writers = tlb_writers_take(page->addr);
    CPU_FOREACH (cpu) {
        bool had = cpu->mmu && tlb_writers_has(writers, cpu) && mmu_revoke_write(cpu, host);
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
    CodePage *page = page_get(addr);
    lock_acquire(&page->lock);
    page->translators++;
    __atomic_store_n(&page->idle_stores, 0, __ATOMIC_RELAXED);
    th->pages[slot] = page;
    th->overwritten[slot] = page->overwritten;
    if (!(__atomic_load_n(ram_page_flags(ram, addr), __ATOMIC_SEQ_CST) & RAM_PAGE_CODE))
        arm_locked(page, ram);
    lock_release(&page->lock);
}

/* Whether what was read of the page is what it holds, and no store to it is in flight: for certain under the page's lock. */
static bool is_unchanged(const TbThread *th, unsigned slot)
{
    const CodePage *page = th->pages[slot];
    return !page || (__atomic_load_n(&page->overwritten, __ATOMIC_RELAXED) == th->overwritten[slot] && !__atomic_load_n(&page->settling, __ATOMIC_SEQ_CST));
}

/* Ends the translation's reading of a page, and lists tb there when that may be done. False: it may not. */
static bool end_page(TbThread *th, unsigned slot, TranslationBlock *tb)
{
    CodePage *page = th->pages[slot];
    lock_acquire(&page->lock);
    bool ok = tb && is_unchanged(th, slot) && !__atomic_load_n(&tb->invalid, __ATOMIC_SEQ_CST);
    if (ok)
        list_add_locked(page, tb, slot);
    page->translators--;
    if (!ok)
        tidy_locked(page);
    lock_release(&page->lock);
    th->pages[slot] = NULL;
    return ok;
}

/* tb is in the lists of its pages, or of the first alone when not ok. Who killed it meanwhile may have looked for it in the table too early. */
static TranslationBlock *publish(TranslationBlock *tb, bool ok)
{
    tsan_release(tb); /* other vCPUs get it from generated code as well, which the tool does not see: note_exit */
    TranslationBlock *there = ok ? tb_table_insert(tb) : NULL;
    if (there == tb) {
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (__atomic_load_n(&tb->invalid, __ATOMIC_RELAXED))
            tb_table_remove(tb);
    } else {
        code_page_retire(tb);
    }
    return there;
}

/* An equal block that another thread published first. */
static TranslationBlock *find_twin(const TranslationBlock *tb)
{
    TranslationBlock *twin = tb_table_lookup(tb->pc, tb->flags, tb->phys);
    return twin && twin->phys2 == tb->phys2 && twin->n_guest >= tb->n_guest ? twin : NULL;
}

TranslationBlock *code_page_end(TbThread *th, TranslationBlock *tb)
{
    bool ok = tb && th->pages[0] && is_unchanged(th, 0) && is_unchanged(th, 1);
    TranslationBlock *twin = ok ? find_twin(tb) : NULL;
    ok &= !twin;
    for (unsigned i = 0; i < 2; i++) {
        if (th->pages[i])
            ok &= end_page(th, i, ok ? tb : NULL);
    }
    if (!tb || !tb->listed)
        return twin;
    tb_count_added();
    return publish(tb, ok);
}

void code_pages_reset(void)
{
    for (unsigned i = 0; i < __atomic_load_n(&n_top, __ATOMIC_RELAXED); i++) {
        for (unsigned k = 0; top[i] && k < 1u << LEAF_BITS; k++) {
            CodePage *page = top[i][k];
            if (!page)
                continue;
            list_set(page, 0);
            page->n_blocks = 0;
            memset(page->words, 0, sizeof page->words);
        }
    }
}
