/* SPDX-License-Identifier: MIT */
/*
 * RAM blocks: host memory, named for good by ram_addr_t.
 *
 * The memory is private and anonymous, since hosts give large pages to nothing else by default: fewer faults while a guest boots, fewer TLB misses
 * in generated code, and the end of the process need not free each small page. A back end in another process would need a
 * shared block, from memfd_create, and only the blocks that it maps should pay for that.
 *
 * Blocks are created and freed under LOCK_MEMORY; readers scan a small array with acquire loads. A freed block's place in the
 * ram_addr space is not used again, so a stale address finds nothing instead of something else.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/bits.h"
#include "base/error.h"
#include "base/lock.h"
#include "base/rcu.h"
#include "memory/memory_internal.h"

#define MAX_BLOCKS 256
#define BLOCK_ALIGN (2ull << 20)

static Lock blocks_lock = { .mutex = PTHREAD_MUTEX_INITIALIZER, .class = LOCK_MEMORY, .name = "RAM blocks" };
static RAMBlock *blocks[MAX_BLOCKS]; /* (a) */
static unsigned n_blocks;            /* (a) */
static ram_addr_t next_offset;       /* blocks_lock */
static void (*write_hook)(ram_addr_t addr, uint64_t len);

static bool publish(RAMBlock *block)
{
    lock_acquire(&blocks_lock);
    unsigned i = 0;
    while (i < n_blocks && blocks[i])
        i++;
    bool room = i < MAX_BLOCKS;
    if (room) {
        block->offset = next_offset;
        /* A hole after each block keeps an address that ran over its end from meaning another block. */
        next_offset = ALIGN_UP(next_offset + block->size, BLOCK_ALIGN) + BLOCK_ALIGN;
        __atomic_store_n(&blocks[i], block, __ATOMIC_RELEASE);
        if (i == n_blocks)
            __atomic_store_n(&n_blocks, n_blocks + 1, __ATOMIC_RELEASE);
    }
    lock_release(&blocks_lock);
    return room;
}

bool ram_block_new(const char *name, uint64_t size, RAMBlock **block, GError **error)
{
    if (!size || size > (1ull << 52))
        return error_set(error, "RAM '%s': a size of %" G_GUINT64_FORMAT " bytes is not possible", name, size);
    uint64_t rounded = ALIGN_UP(size, MEM_PAGE_SIZE);
    void *host = mmap(NULL, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (host == MAP_FAILED)
        return error_set(error, "RAM '%s': mapping %" G_GUINT64_FORMAT " MiB: %s", name, rounded >> 20, strerror(errno));
    tsan_ignore_races(host, rounded);
    madvise(host, rounded, MADV_HUGEPAGE); /* a host without them refuses: no harm */
    RAMBlock *b = g_new0(RAMBlock, 1);
    *b = (RAMBlock){ .host = host, .size = rounded, .page_flags = g_malloc0(rounded >> MEM_PAGE_BITS), .name = g_strdup(name) };
    if (!publish(b)) {
        ram_block_free(b);
        return error_set(error, "RAM '%s': more than %d RAM blocks", name, MAX_BLOCKS);
    }
    *block = b;
    return true;
}

void ram_block_free(RAMBlock *block)
{
    lock_acquire(&blocks_lock);
    for (unsigned i = 0; i < n_blocks; i++) {
        if (blocks[i] == block)
            __atomic_store_n(&blocks[i], NULL, __ATOMIC_RELEASE);
    }
    lock_release(&blocks_lock);
    synchronize_rcu();
    munmap(block->host, block->size);
    g_free(block->page_flags);
    g_free(block->name);
    g_free(block);
}

RAMBlock *ram_block_of(ram_addr_t addr)
{
    unsigned n = __atomic_load_n(&n_blocks, __ATOMIC_ACQUIRE);
    for (unsigned i = 0; i < n; i++) {
        RAMBlock *b = __atomic_load_n(&blocks[i], __ATOMIC_ACQUIRE);
        if (b && addr - b->offset < b->size)
            return b;
    }
    return NULL;
}

void ram_set_write_hook(void (*hook)(ram_addr_t addr, uint64_t len))
{
    write_hook = hook;
}

void ram_notify_write(RAMBlock *b, ram_addr_t addr, uint64_t len)
{
    /* The bytes are visible before the flags are read: a translator sets the flag before it reads the bytes. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    while (len) {
        uint64_t chunk = MIN_OF(len, MEM_PAGE_SIZE - (addr & (MEM_PAGE_SIZE - 1)));
        uint8_t *flags = ram_page_flags(b, addr);
        uint8_t old = __atomic_load_n(flags, __ATOMIC_ACQUIRE);
        if (!(old & RAM_PAGE_DIRTY))
            __atomic_fetch_or(flags, RAM_PAGE_DIRTY, __ATOMIC_RELAXED);
        if ((old & (RAM_PAGE_CODE | RAM_PAGE_MONITOR)) && write_hook)
            write_hook(addr, chunk);
        addr += chunk;
        len -= chunk;
    }
}
