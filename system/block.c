/* SPDX-License-Identifier: MIT */
/*
 * Raw disk images behind hw/core/block.h.
 *
 * A request goes to a pool of threads that do plain pread and pwrite; a thread that has finished one hands it to the main loop,
 * which calls back with the big lock held. block_lock guards the lists and a request's state: it is taken by pool threads, which hold no
 * other lock. A request is on its back end's list from submission until its callback is called (or, cancelled, until it is known to
 * have ended); a request that block_drain has delivered is freed by the main loop later, when its turn comes.
 *
 * An image that is no multiple of a sector long reads as zero behind its end, and grows to a whole sector when that is written.
 */
#include "system/block.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/error.h"
#include "base/lock.h"
#include "base/tsan.h"

#define POOL_THREADS 4

typedef enum BlockOp { OP_READ, OP_WRITE, OP_FLUSH } BlockOp;

typedef struct BlockRequest {
    BlockBackend *blk;       /* (c) */
    BlockOp op;              /* (c) */
    uint64_t number, offset, len; /* (c) bytes */
    void *buf;               /* (c) the device's */
    BlockDoneFn *done;       /* (B) NULL: cancelled or delivered */
    void *opaque;            /* (c) */
    int error;               /* block_lock */
    bool finished;           /* block_lock */
    struct BlockRequest *next; /* (B) in blk->requests */
} BlockRequest;

struct BlockBackend {
    char *id, *path;         /* (c) */
    int fd;                  /* (c) -1: no medium */
    uint64_t size;           /* (c) bytes, whole sectors */
    bool readonly;           /* (c) */
    BlockCache cache;        /* (c) */
    char *user;              /* (B) the device that has taken it, or NULL */
    BlockRequest *requests;  /* (B) */
    BlockBackend *next;      /* (B) */
};

static BlockBackend *backends;  /* (B) */
static GThreadPool *pool;       /* (B) */
static uint64_t last_number;    /* (B) */
static Lock block_lock;
static Cond block_cond;         /* a request has finished */

/* ---- the pool's threads ---- */
static int read_all(int fd, uint8_t *buf, uint64_t len, uint64_t offset)
{
    while (len) {
        ssize_t n = pread(fd, buf, len, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (n == 0) {
            memset(buf, 0, len);
            return 0;
        }
        buf += n, offset += (uint64_t)n, len -= (uint64_t)n;
    }
    return 0;
}

static int write_all(int fd, const uint8_t *buf, uint64_t len, uint64_t offset)
{
    while (len) {
        ssize_t n = pwrite(fd, buf, len, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : EIO;
        buf += n, offset += (uint64_t)n, len -= (uint64_t)n;
    }
    return 0;
}

static int sync_image(const BlockBackend *blk) { return blk->readonly || blk->cache == BLOCK_CACHE_UNSAFE || !fdatasync(blk->fd) ? 0 : errno; }

static int execute(const BlockBackend *blk, BlockOp op, void *buf, uint64_t len, uint64_t offset)
{
    int error;
    switch (op) {
    case OP_READ: return read_all(blk->fd, buf, len, offset);
    case OP_WRITE:
        error = write_all(blk->fd, buf, len, offset);
        return error || blk->cache != BLOCK_CACHE_WRITETHROUGH ? error : sync_image(blk);
    default: return sync_image(blk);
    }
}

static void unlink_request(BlockRequest *r)
{
    for (BlockRequest **p = &r->blk->requests; *p; p = &(*p)->next) {
        if (*p == r) {
            *p = r->next;
            return;
        }
    }
}

/* Calls back, once. Big lock held. */
static void deliver(BlockRequest *r)
{
    BlockDoneFn *done = r->done;
    unlink_request(r);
    r->done = NULL;
    if (done)
        done(r->opaque, r->error);
}

static gboolean deliver_in_main_loop(gpointer data)
{
    tsan_acquire(data);
    deliver(data);
    g_free(data);
    return G_SOURCE_REMOVE;
}

static void pool_run(gpointer data, gpointer unused)
{
    BlockRequest *r = data;
    tsan_acquire(r);
    int error = execute(r->blk, r->op, r->buf, r->len, r->offset);
    lock_acquire(&block_lock);
    r->error = error;
    r->finished = true;
    cond_broadcast(&block_cond);
    lock_release(&block_lock);
    tsan_release(r);
    g_idle_add_full(G_PRIORITY_DEFAULT, deliver_in_main_loop, r, NULL);
}

/* ---- requests ---- */
static bool in_range(const BlockBackend *blk, uint64_t offset, uint64_t len)
{
    return !(offset % BLOCK_SECTOR_SIZE) && !(len % BLOCK_SECTOR_SIZE) && offset <= blk->size && len <= blk->size - offset;
}

static uint64_t submit(BlockBackend *blk, BlockOp op, uint64_t offset, void *buf, uint64_t len, BlockDoneFn *done, void *opaque)
{
    BlockRequest *r = g_new0(BlockRequest, 1);
    *r = (BlockRequest){ .blk = blk, .op = op, .number = ++last_number, .offset = offset, .len = len, .buf = buf, .done = done, .opaque = opaque,
                         .next = blk->requests };
    blk->requests = r;
    if (blk->fd < 0)
        r->error = ENOMEDIUM;
    else if (op == OP_WRITE && blk->readonly)
        r->error = EROFS;
    else if (!in_range(blk, offset, len))
        r->error = EINVAL;
    if (r->error) {
        r->finished = true;
        g_idle_add_full(G_PRIORITY_DEFAULT, deliver_in_main_loop, r, NULL);
    } else {
        tsan_release(r); /* GLib's queues hand it over, unseen by the tool; so below */
        g_thread_pool_push(pool, r, NULL);
    }
    return r->number;
}

uint64_t block_read(BlockBackend *blk, uint64_t offset, void *buf, uint64_t len, BlockDoneFn *done, void *opaque)
{
    return submit(blk, OP_READ, offset, buf, len, done, opaque);
}

uint64_t block_write(BlockBackend *blk, uint64_t offset, const void *buf, uint64_t len, BlockDoneFn *done, void *opaque)
{
    return submit(blk, OP_WRITE, offset, (void *)buf, len, done, opaque);
}

uint64_t block_flush(BlockBackend *blk, BlockDoneFn *done, void *opaque)
{
    return submit(blk, OP_FLUSH, 0, NULL, 0, done, opaque);
}

static void wait_finished(const BlockRequest *r)
{
    lock_acquire(&block_lock);
    while (!r->finished)
        cond_wait(&block_cond, &block_lock);
    lock_release(&block_lock);
}

void block_cancel(BlockBackend *blk, uint64_t request)
{
    for (BlockRequest *r = blk->requests; r; r = r->next) {
        if (r->number == request) {
            wait_finished(r);
            r->done = NULL;
            unlink_request(r);
            return;
        }
    }
}

void block_drain(BlockBackend *blk)
{
    while (blk->requests) {
        BlockRequest *r = blk->requests;
        wait_finished(r);
        deliver(r);
    }
}

static bool now(BlockBackend *blk, BlockOp op, uint64_t offset, void *buf, uint64_t len, GError **error)
{
    if (blk->fd < 0 || !in_range(blk, offset, len) || (op == OP_WRITE && blk->readonly))
        return error_set(error, "drive '%s': %s", blk->id, blk->fd < 0 ? "there is no medium" : "outside the image, or read-only");
    int e = execute(blk, op, buf, len, offset);
    return !e || error_set(error, "%s: %s", blk->path, strerror(e));
}

bool block_read_now(BlockBackend *blk, uint64_t offset, void *buf, uint64_t len, GError **error) { return now(blk, OP_READ, offset, buf, len, error); }
bool block_write_now(BlockBackend *blk, uint64_t offset, const void *buf, uint64_t len, GError **error)
{
    return now(blk, OP_WRITE, offset, (void *)buf, len, error);
}

/* ---- back ends ---- */
BlockBackend *block_find(const char *id)
{
    for (BlockBackend *b = backends; b; b = b->next) {
        if (!strcmp(b->id, id))
            return b;
    }
    return NULL;
}

const char *block_id(const BlockBackend *blk) { return blk->id; }
uint64_t block_size(const BlockBackend *blk) { return blk->size; }
bool block_readonly(const BlockBackend *blk) { return blk->readonly; }

bool block_attach(BlockBackend *blk, const char *user, GError **error)
{
    if (blk->user)
        return error_set(error, "drive '%s' is in use by %s already", blk->id, blk->user);
    blk->user = g_strdup(user);
    return true;
}

void block_detach(BlockBackend *blk)
{
    block_drain(blk);
    g_clear_pointer(&blk->user, g_free);
}

/* Whole-file locks of the open file description, so that the same file opened twice here conflicts as well. */
static bool lock_image(const BlockBackend *blk, GError **error)
{
    struct flock lock = { .l_type = blk->readonly ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET };
    if (!fcntl(blk->fd, F_OFD_SETLK, &lock) || (errno != EAGAIN && errno != EACCES)) /* a file system without locks is no reason to stop */
        return true;
    return error_set(error, "%s: another emulator, or another drive of this one, has this image open%s; stop it, or make both readonly=on", blk->path,
                     blk->readonly ? " for writing" : "");
}

/* Formats that hold a disk rather than are one: their bytes must not be taken for the disk's. */
static const char *foreign_format(int fd)
{
    static const struct { const char *name, *magic; size_t len; } formats[] = {
        { "qcow2", "QFI\xfb", 4 }, { "vmdk", "KDMV", 4 }, { "vhdx", "vhdxfile", 8 }, { "vdi", "<<< ", 4 }, { "qed", "QED\0", 4 },
    };
    char head[8] = { 0 };
    if (pread(fd, head, sizeof(head), 0) < 4)
        return NULL;
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        if (!memcmp(head, formats[i].magic, formats[i].len))
            return formats[i].name;
    }
    return NULL;
}

static bool open_image(BlockBackend *blk, bool raw, GError **error)
{
    struct stat st;
    blk->fd = open(blk->path, (blk->readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK); /* a named pipe would wait for its writer */
    if (blk->fd < 0)
        return error_set(error, "%s: %s%s", blk->path, strerror(errno), errno == EACCES || errno == EROFS ? " (readonly=on opens an image that cannot be written)" : "");
    if (fstat(blk->fd, &st) || !(S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)))
        return error_set(error, "%s: a disk image is a file or a block device", blk->path);
    const char *format = raw ? NULL : foreign_format(blk->fd);
    if (format)
        return error_set(error, "%s: this is a %s image; only raw images are built: 'qemu-img convert -O raw %s DISK.img' makes one (format=raw uses its bytes as they are)",
                         blk->path, format, blk->path);
    off_t end = lseek(blk->fd, 0, SEEK_END);
    if (end < 0)
        return error_set(error, "%s: its size cannot be told: %s", blk->path, strerror(errno));
    blk->size = ALIGN_UP((uint64_t)end, BLOCK_SECTOR_SIZE);
    return lock_image(blk, error);
}

static void start_pool(void)
{
    if (pool)
        return;
    lock_init(&block_lock, LOCK_BLOCK, "block");
    cond_init(&block_cond);
    pool = g_thread_pool_new(pool_run, NULL, POOL_THREADS, FALSE, NULL);
}

BlockBackend *block_open(const BlockOpen *how, GError **error)
{
    if (block_find(how->id)) {
        error_set(error, "drive id=%s: there is one of this name already", how->id);
        return NULL;
    }
    BlockBackend *blk = g_new0(BlockBackend, 1);
    *blk = (BlockBackend){ .id = g_strdup(how->id), .path = g_strdup(how->path), .fd = -1, .readonly = how->readonly, .cache = how->cache };
    if (how->path && !open_image(blk, how->raw, error)) {
        if (blk->fd >= 0)
            close(blk->fd);
        g_free(blk->id);
        g_free(blk->path);
        g_free(blk);
        return NULL;
    }
    start_pool();
    blk->next = backends;
    backends = blk;
    return blk;
}

void block_close_all(void)
{
    for (BlockBackend *b = backends; b; b = b->next) {
        block_drain(b);
        if (b->fd >= 0)
            sync_image(b);
    }
}
