/* SPDX-License-Identifier: MIT */
/* Reading in pieces: what is read may be a pipe, which has no size. */
#include "hw/board/read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/error.h"

#define CHUNK (1u << 20)

/* A named pipe that nobody has open for writing is empty: waiting for a writer would be a hang that nothing explains. */
static int open_to_read(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd >= 0)
        fcntl(fd, F_SETFL, 0);
    return fd;
}

/* Appends up to CHUNK bytes; returns how many, or -1. */
static ssize_t read_chunk(int fd, GByteArray *to)
{
    guint old = to->len;
    ssize_t n;

    g_byte_array_set_size(to, old + CHUNK);
    do
        n = read(fd, to->data + old, CHUNK);
    while (n < 0 && errno == EINTR);
    g_byte_array_set_size(to, old + (n > 0 ? (guint)n : 0));
    return n;
}

uint8_t *board_read_file(const char *path, uint64_t limit, size_t *len, GError **error)
{
    uint64_t max = MIN_OF(limit, (uint64_t)G_MAXUINT - 2 * CHUNK);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    int fd = open_to_read(path);
    ssize_t n;

    if (fd < 0) {
        error_set(error, "%s: %s", path, strerror(errno));
        return NULL;
    }
    while ((n = read_chunk(fd, bytes)) > 0 && bytes->len <= max)
        continue;
    if (n < 0)
        error_set(error, "%s: %s", path, strerror(errno));
    else if (bytes->len > max)
        error_set(error, "%s: larger than the %" PRIu64 " MiB there is room for", path, max >> 20);
    close(fd);
    if (n < 0 || bytes->len > max)
        return NULL;
    *len = bytes->len;
    return g_byte_array_free(g_steal_pointer(&bytes), FALSE);
}
