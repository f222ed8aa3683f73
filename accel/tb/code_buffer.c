/* SPDX-License-Identifier: MIT */
/*
 * The code buffer: where blocks and their code live.
 *
 * One memfd is mapped twice: writable, and executable. No page is ever both through one mapping, and the two addresses differ by
 * a constant. The buffer is cut into chunks; a vCPU thread owns a chunk at a time and fills it without a lock, so translation
 * runs in parallel.
 *
 * Making room. A chunk is open (a vCPU fills it), then full, then retired, then free. Whoever takes a free chunk while few are left
 * retires those that became full longest ago: kills their blocks, so that nobody enters them any more, counts (n_retired), and
 * has the vCPUs leave generated code for a moment. Before it goes on, each drops what it knows of code in retired chunks
 * (exec_settle) and says how far it has counted (TbThread.settled). A retired chunk is free when no vCPU is inside
 * cpu_exec_start..end that has not come that far: one that is outside will settle before it runs guest code. So room is made ahead
 * of need, by the vCPUs that translate, while all others run. Only when somebody wants a chunk before one has become free,
 * chunks are freed in an exclusive section, where all vCPUs are outside (code_buffer_evict).
 *
 *     vCPU:  running = 1; fence; read n_retired        who frees:  n_retired grows; fence; read running, settled
 *
 * Threads that are not in cpu_exec_start..end hold tb_outside_lock while they handle blocks; it is taken once before a chunk is
 * freed, when none of its blocks can be found any more.
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
#define RECLAIM_MAX 16         /* freed at a time */

typedef struct CodeChunk {
    uint32_t n;                /* (a) */
    TranslationBlock **blocks; /* sorted by address */
    uint64_t retired;          /* (a) n_retired after it was retired last; 0: never */
    TbThread *owner;           /* (C) chunks_lock: who fills it */
} CodeChunk;

/* Numbers of chunks, first in first out. */
typedef struct ChunkQueue { unsigned *item, first, n; } ChunkQueue;

static uint8_t *rw_base, *rx_base; /* (c) */
static uint64_t buffer_size, chunk_size;
static unsigned n_chunks;
static CodeChunk *chunks;
static uint8_t *first_free;        /* (c) after the host's shared code */
static Lock chunks_lock = { .mutex = PTHREAD_MUTEX_INITIALIZER, .class = LOCK_TB, .name = "code buffer" };
static ChunkQueue free_chunks, full_chunks, retired_chunks; /* (C) */
static uint64_t n_retired;         /* (a), written under chunks_lock */
static unsigned *retired_log;      /* [k % n_chunks]: the chunk that was retired as number k + 1; written before n_retired says so */

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

static void queue_put(ChunkQueue *q, unsigned i)
{
    q->item[(q->first + q->n++) % n_chunks] = i;
}

/* Not from an empty queue. */
static unsigned queue_get(ChunkQueue *q)
{
    unsigned i = q->item[q->first];
    q->first = (q->first + 1) % n_chunks;
    q->n--;
    return i;
}

bool code_buffer_init(uint64_t size, GError **error)
{
    if (size && (size < BUFFER_MIN || size > BUFFER_MAX))
        return error_set(error, "tb-size: %" G_GUINT64_FORMAT " bytes is not possible; from 1 MiB to 2048 MiB are", size);
    buffer_size = ALIGN_DOWN(size ? size : default_size(), CHUNK_MIN);
    for (chunk_size = CHUNK_MIN; chunk_size < CHUNK_MAX && chunk_size * CHUNKS_WANTED * 2 <= buffer_size;)
        chunk_size *= 2;
    n_chunks = (unsigned)(buffer_size / chunk_size);
    if (!map_twice(error))
        return false;
    chunks = g_new0(CodeChunk, n_chunks);
    ChunkQueue *queues[] = { &free_chunks, &full_chunks, &retired_chunks };
    for (unsigned i = 0; i < ARRAY_SIZE(queues); i++)
        queues[i]->item = g_new(unsigned, n_chunks);
    retired_log = g_new0(unsigned, n_chunks);
    for (unsigned i = 0; i < n_chunks; i++)
        queue_put(&free_chunks, i);
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
    lock_acquire(&chunks_lock);
    uint64_t used = (n_chunks - free_chunks.n) * chunk_size;
    lock_release(&chunks_lock);
    return used;
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

/* ---- retiring ---- */
uint64_t code_buffer_retired(void)
{
    return __atomic_load_n(&n_retired, __ATOMIC_SEQ_CST);
}

static unsigned chunk_of(const void *code)
{
    return (unsigned)(((uintptr_t)code - (uintptr_t)rx_base) / chunk_size);
}

bool code_buffer_is_retired(const void *code, uint64_t since)
{
    unsigned i = chunk_of(code);
    return i < n_chunks && __atomic_load_n(&chunks[i].retired, __ATOMIC_RELAXED) > since;
}

bool code_buffer_foreach_retired(uint64_t since, uint64_t now, void (*fn)(CPUState *cpu, const TranslationBlock *tb), CPUState *cpu)
{
    if (now - since > n_chunks)
        return false;
    for (; since < now; since++) {
        const CodeChunk *c = &chunks[__atomic_load_n(&retired_log[since % n_chunks], __ATOMIC_RELAXED)];
        for (uint32_t k = 0; k < __atomic_load_n(&c->n, __ATOMIC_ACQUIRE); k++)
            fn(cpu, c->blocks[k]);
    }
    return true;
}

/* Ends the blocks of chunk i, which is in no queue. */
static void retire(unsigned i, void (*fn)(TranslationBlock *tb))
{
    for (uint32_t k = 0; k < chunks[i].n; k++)
        fn(chunks[i].blocks[k]);
    lock_acquire(&chunks_lock);
    __atomic_store_n(&chunks[i].retired, n_retired + 1, __ATOMIC_RELAXED);
    __atomic_store_n(&retired_log[n_retired % n_chunks], i, __ATOMIC_RELAXED);
    __atomic_store_n(&n_retired, n_retired + 1, __ATOMIC_SEQ_CST);
    queue_put(&retired_chunks, i);
    lock_release(&chunks_lock);
}

/* The oldest full chunk, to be retired; -1: none. */
static int oldest_full(void)
{
    lock_acquire(&chunks_lock);
    int i = full_chunks.n ? (int)queue_get(&full_chunks) : -1;
    lock_release(&chunks_lock);
    return i;
}

static bool has_settled(const CPUState *cpu, uint64_t count)
{
    return __atomic_load_n(&cpu->running, __ATOMIC_SEQ_CST) == CPU_OUTSIDE || !cpu->tb || __atomic_load_n(&cpu->tb->settled, __ATOMIC_ACQUIRE) >= count;
}

static bool all_settled(uint64_t count)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    CPU_FOREACH (cpu) {
        if (!has_settled(cpu, count))
            return false;
    }
    return true;
}

static void ask_to_settle(uint64_t count)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    CPU_FOREACH (cpu) {
        if (!has_settled(cpu, count))
            cpu_exit_settle(cpu);
    }
}

/* Threads outside guest code have finished what they were doing with blocks. */
static void wait_outside(void)
{
    lock_acquire(&tb_outside_lock);
    lock_release(&tb_outside_lock);
}

/* Some retired chunks that nobody can know any more become free. */
static void reclaim(void)
{
    unsigned got[RECLAIM_MAX], n = 0;
    lock_acquire(&chunks_lock);
    while (n < RECLAIM_MAX && retired_chunks.n && all_settled(chunks[retired_chunks.item[retired_chunks.first]].retired))
        got[n++] = queue_get(&retired_chunks);
    lock_release(&chunks_lock);
    if (!n)
        return;
    wait_outside();
    lock_acquire(&chunks_lock);
    while (n) {
        __atomic_store_n(&chunks[got[--n]].n, 0, __ATOMIC_RELEASE);
        queue_put(&free_chunks, got[n]);
    }
    lock_release(&chunks_lock);
}

/* ---- handing out ---- */
/* How many chunks should be free or on their way, for vCPUs to take while others settle. They hold nothing, so few. */
static unsigned reserve(void)
{
    return MIN_OF(MAX_OF(n_chunks / 16, 1u), (unsigned)RECLAIM_MAX - 1);
}

/* th owns chunk i, which is empty. */
static void open_chunk(TbThread *th, unsigned i)
{
    if (!chunks[i].blocks)
        chunks[i].blocks = g_new(TranslationBlock *, chunk_size / sizeof(TranslationBlock) + 1);
    th->chunk = i;
    th->buf = (CodeBuf){ .rw = i ? rw_base + i * chunk_size : first_free, .end = rw_base + (i + 1) * chunk_size, .rx_delta = rx_base - rw_base };
}

/* A free chunk for th, -1: there is none. *low: more should be retired. */
static int take_free(TbThread *th, bool *low)
{
    lock_acquire(&chunks_lock);
    int i = free_chunks.n ? (int)queue_get(&free_chunks) : -1;
    if (i >= 0)
        chunks[i].owner = th;
    *low = free_chunks.n + retired_chunks.n < reserve();
    lock_release(&chunks_lock);
    return i;
}

/* th's chunk is full. */
static void close_chunk(TbThread *th)
{
    forget_writable_code(th);
    lock_acquire(&chunks_lock);
    chunks[th->chunk].owner = NULL;
    queue_put(&full_chunks, th->chunk);
    lock_release(&chunks_lock);
    th->buf = (CodeBuf){ 0 };
}

bool code_buffer_next_chunk(TbThread *th, void (*fn)(TranslationBlock *tb))
{
    bool low;
    if (th->buf.rw)
        close_chunk(th);
    int i = take_free(th, &low), old;
    if (i < 0) {
        reclaim();
        i = take_free(th, &low);
    }
    if (i >= 0)
        open_chunk(th, (unsigned)i);
    if (low && (old = oldest_full()) >= 0) {
        retire((unsigned)old, fn);
        ask_to_settle(chunks[old].retired);
    }
    if (low)
        reclaim();
    return i >= 0;
}

/* Takes away a chunk that a vCPU is filling. */
static int steal_open(void)
{
    int found = -1;
    lock_acquire(&chunks_lock);
    for (unsigned i = 0; i < n_chunks && found < 0; i++) {
        if (!chunks[i].owner)
            continue;
        found = (int)i;
        chunks[i].owner->buf = (CodeBuf){ 0 };
        chunks[i].owner = NULL;
    }
    lock_release(&chunks_lock);
    return found;
}

void code_buffer_evict(void (*fn)(TranslationBlock *tb))
{
    unsigned want = reserve() + 1;
    for (int i = 0; i >= 0 && free_chunks.n + retired_chunks.n < want;) {
        i = oldest_full();
        if (i < 0)
            i = steal_open();
        if (i >= 0)
            retire((unsigned)i, fn);
    }
    reclaim();
}

void code_buffer_reset(void)
{
    lock_acquire(&chunks_lock);
    free_chunks.n = full_chunks.n = retired_chunks.n = 0;
    __atomic_store_n(&n_retired, n_retired + n_chunks + 1, __ATOMIC_SEQ_CST); /* more than the log tells of */
    for (unsigned i = 0; i < n_chunks; i++) {
        if (chunks[i].owner)
            chunks[i].owner->buf = (CodeBuf){ 0 };
        chunks[i].owner = NULL;
        chunks[i].retired = n_retired;
        __atomic_store_n(&chunks[i].n, 0, __ATOMIC_RELEASE);
        queue_put(&free_chunks, i);
    }
    lock_release(&chunks_lock);
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
    if (!th->buf.rw || tb->listed || !c->n || c->blocks[c->n - 1] != tb)
        return;
    __atomic_store_n(&c->n, c->n - 1, __ATOMIC_RELEASE);
    th->buf = th->before_last;
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
