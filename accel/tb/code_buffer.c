/* SPDX-License-Identifier: MIT */
/*
 * The code buffer: where blocks and their code live.
 *
 * One memfd is mapped twice: writable, and executable. No page is ever both through one mapping, and the two addresses differ by
 * a constant. The buffer is cut into chunks; a vCPU thread owns a chunk at a time and fills it without a lock, so translation
 * runs in parallel. Chunks are handed out in a ring; when none is free, the next ones in the ring, which were filled longest
 * ago, are emptied while no vCPU is in generated code (code_buffer_evict).
 *
 *   | host's shared code | chunk 0 ... | chunk 1 | chunk 2 | ...
 *                          | code and unwind table, code ... ->  free  <- ... links, block and TBInsns |
 *
 * Code is only run and blocks are only read, so that each page of a full chunk is wanted in one of the two mappings alone: the
 * writable pages of its code are given back (they stay in the memfd, and come back if a link is patched there).
 *
 * Each chunk has a list of its blocks in address order, so that a host pc is found by binary search. Only the owner appends;
 * anyone may read.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "accel/tb/tb_internal.h"
#include "base/bits.h"
#include "base/error.h"

#define BUFFER_MIN (1ull << 20)
#define BUFFER_MAX (2ull << 30) /* a rel32 must span it */
#define BUFFER_DEFAULT_MAX (256ull << 20)
#define CHUNK_MAX (1ull << 20)
#define CHUNK_MIN (64ull << 10)
#define CHUNKS_WANTED 32       /* as long as they are not smaller, or larger, than that */
#define EVICT_MAX 4            /* chunks at a time: none shall stop for long */

typedef struct CodeChunk {
    uint32_t n;                /* (a) */
    TranslationBlock **blocks; /* sorted by address */
} CodeChunk;

static uint8_t *rw_base, *rx_base; /* (c) */
static uint64_t buffer_size, chunk_size;
static unsigned n_chunks;
static CodeChunk *chunks;
static uint8_t *first_free;        /* (c) after the host's shared code */
static unsigned next_chunk, n_free; /* tb_lock: chunks next_chunk .. next_chunk + n_free - 1, around the ring, are free */

/* A limit in a cgroup file, or UINT64_MAX. */
static uint64_t read_limit(const char *path)
{
    FILE *f = fopen(path, "r");
    uint64_t limit = UINT64_MAX;
    unsigned long long v;
    if (f && fscanf(f, "%llu", &v) == 1)
        limit = v;
    if (f)
        fclose(f);
    return limit;
}

/* The limit of this process's own group and those above it (a container sees its own as the root). */
static uint64_t cgroup_limit(void)
{
    uint64_t limit = MIN_OF(read_limit("/sys/fs/cgroup/memory.max"), read_limit("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
    FILE *f = fopen("/proc/self/cgroup", "r");
    char line[512];
    while (f && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "0::", 3))
            continue;
        for (char *end; *(line + 3); *end = '\0') {
            g_autofree char *path = g_strdup_printf("/sys/fs/cgroup%s/memory.max", line + 3);
            limit = MIN_OF(limit, read_limit(path));
            end = strrchr(line + 3, '/');
            if (!end)
                break;
        }
    }
    if (f)
        fclose(f);
    return limit;
}

static uint64_t default_size(void)
{
    uint64_t memory = MIN_OF(cgroup_limit(), (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE));
    return MAX_OF(MIN_OF(memory / 8, BUFFER_DEFAULT_MAX), 4 * BUFFER_MIN);
}

static bool map_twice(GError **error)
{
    int fd = memfd_create("calque-code", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, (off_t)buffer_size)) {
        int err = errno;
        if (fd >= 0)
            close(fd);
        return error_set(error, "code buffer of %" G_GUINT64_FORMAT " MiB: %s", buffer_size >> 20, strerror(err));
    }
    void *rw = mmap(NULL, buffer_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    void *rx = rw == MAP_FAILED ? MAP_FAILED : mmap(NULL, buffer_size, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_NORESERVE, fd, 0);
    int err = errno;
    close(fd);
    if (rx == MAP_FAILED) {
        if (rw != MAP_FAILED)
            munmap(rw, buffer_size);
        return error_set(error, "code buffer: mapping %" G_GUINT64_FORMAT " MiB: %s", buffer_size >> 20, strerror(err));
    }
    rw_base = rw;
    rx_base = rx;
    return true;
}

bool code_buffer_init(uint64_t size, GError **error)
{
    if (size && (size < BUFFER_MIN || size > BUFFER_MAX))
        return error_set(error, "tb-size: %" G_GUINT64_FORMAT " bytes is not possible; from 1 MiB to 2048 MiB are", size);
    buffer_size = ALIGN_DOWN(size ? size : default_size(), CHUNK_MIN);
    for (chunk_size = CHUNK_MIN; chunk_size < CHUNK_MAX && chunk_size * CHUNKS_WANTED * 2 <= buffer_size;)
        chunk_size *= 2;
    n_chunks = n_free = (unsigned)(buffer_size / chunk_size);
    if (!map_twice(error))
        return false;
    chunks = g_new0(CodeChunk, n_chunks);
    first_free = rw_base;
    return true;
}

bool code_buffer_init_host(const TargetOps *target, GError **error)
{
    CodeBuf buf = { .rw = rw_base, .end = rw_base + chunk_size, .rx_delta = rx_base - rw_base };
    if (!host_ops->init(&buf, target, error))
        return false;
    first_free = buf.rw;
    return true;
}

uint64_t code_buffer_size(void)
{
    return buffer_size;
}

uint64_t code_buffer_used(void)
{
    return (n_chunks - __atomic_load_n(&n_free, __ATOMIC_RELAXED)) * chunk_size;
}

ptrdiff_t code_buffer_rx_delta(void)
{
    return rx_base - rw_base;
}

/* th's chunk is full. A small buffer would only take the pages back at once. */
static void forget_writable_code(const TbThread *th)
{
    if (chunk_size < CHUNK_MAX)
        return;
    uintptr_t from = ALIGN_UP((uintptr_t)rw_base + th->chunk * chunk_size, 4096), to = ALIGN_DOWN((uintptr_t)th->buf.rw, 4096);
    if (to > from)
        madvise((void *)from, to - from, MADV_DONTNEED);
}

bool code_buffer_next_chunk(TbThread *th)
{
    if (th->buf.rw)
        forget_writable_code(th);
    lock_acquire(&tb_lock);
    unsigned i = next_chunk, free = n_free;
    if (free) {
        next_chunk = (i + 1) % n_chunks;
        __atomic_store_n(&n_free, free - 1, __ATOMIC_RELAXED);
    }
    lock_release(&tb_lock);
    if (!free)
        return false;
    if (!chunks[i].blocks)
        chunks[i].blocks = g_new(TranslationBlock *, chunk_size / sizeof(TranslationBlock) + 1);
    th->chunk = i;
    th->buf = (CodeBuf){ .rw = i ? rw_base + i * chunk_size : first_free, .end = rw_base + (i + 1) * chunk_size, .rx_delta = rx_base - rw_base };
    return true;
}

void code_buffer_add(TbThread *th, TranslationBlock *tb)
{
    CodeChunk *c = &chunks[th->chunk];
    c->blocks[c->n] = tb;
    __atomic_store_n(&c->n, c->n + 1, __ATOMIC_RELEASE);
}

void code_buffer_drop(TbThread *th, TranslationBlock *tb)
{
    CodeChunk *c = &chunks[th->chunk];
    if (!th->buf.rw || !c->n || c->blocks[c->n - 1] != tb)
        return;
    __atomic_store_n(&c->n, c->n - 1, __ATOMIC_RELEASE);
    th->buf = th->before_last;
}

/* Chunk i holds nothing any more. A vCPU that is still filling it must ask for another. */
static void empty_chunk(unsigned i)
{
    __atomic_store_n(&chunks[i].n, 0, __ATOMIC_RELEASE);
    CPU_FOREACH (cpu) {
        if (cpu->tb && cpu->tb->chunk == i)
            cpu->tb->buf = (CodeBuf){ 0 };
    }
}

void code_buffer_evict(void (*fn)(TranslationBlock *tb))
{
    unsigned want = MIN_OF(MAX_OF(n_chunks / 8, 1u), (unsigned)EVICT_MAX);
    want = MAX_OF(want, MIN_OF((unsigned)cpu_count(), n_chunks / 2)); /* all vCPUs may want one */
    for (; n_free < want; __atomic_store_n(&n_free, n_free + 1, __ATOMIC_RELAXED)) {
        unsigned i = (next_chunk + n_free) % n_chunks;
        for (uint32_t k = 0; k < chunks[i].n; k++)
            fn(chunks[i].blocks[k]);
        empty_chunk(i);
    }
}

void code_buffer_reset(void)
{
    for (unsigned i = 0; i < n_chunks; i++)
        empty_chunk(i);
    next_chunk = 0;
    __atomic_store_n(&n_free, n_chunks, __ATOMIC_RELAXED);
}

TranslationBlock *tb_of_host_pc(uintptr_t pc)
{
    uint64_t offset = pc - (uintptr_t)rx_base;
    if (!rx_base || offset >= n_chunks * chunk_size)
        return NULL;
    const CodeChunk *c = &chunks[offset / chunk_size];
    uint32_t lo = 0, hi = __atomic_load_n(&c->n, __ATOMIC_ACQUIRE);
    while (lo < hi) { /* the last block whose code starts at or before pc */
        uint32_t mid = (lo + hi) / 2;
        if ((uintptr_t)c->blocks[mid]->code <= pc)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (!lo)
        return NULL;
    TranslationBlock *tb = c->blocks[lo - 1];
    return pc - (uintptr_t)tb->code <= tb->code_size ? tb : NULL;
}
