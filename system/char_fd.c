/* SPDX-License-Identifier: MIT */
/*
 * Character devices over file descriptors: terminal, pipe, file, pseudo-terminal, connected socket.
 *
 * Output: written at once while the descriptor takes it (poll first, at most PIPE_BUF bytes, so that a blocking descriptor is
 * never waited on and its mode, which is shared with the user's shell, is left alone); the rest is queued and sent from the main
 * loop. A full queue makes the writer wait a little for a terminal or file, whose output somebody wants; then bytes are dropped.
 *
 * Input: read in the main loop, as much as the front end has room for; no watch while it has none.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/error.h"
#include "base/lock.h"
#include "system/char.h"
#include "system/char_fd.h"

#define QUEUE_MAX (1u << 20)
#define FULL_WAIT_MS 1000

static GPtrArray *all; /* (B) every CharFd, for the last flush */

static void update_input(CharFd *c);

static bool writable_now(int fd, int ms)
{
    struct pollfd p = { .fd = fd, .events = POLLOUT };
    return poll(&p, 1, ms) > 0 && (p.revents & POLLOUT);
}

/* Sends what the descriptor takes without waiting. Returns bytes sent; an error counts as all sent (nobody will read them). */
static size_t send_some(CharFd *c, const uint8_t *buf, size_t len)
{
    size_t done = 0;
    while (done < len && writable_now(c->fd_out, 0)) {
        ssize_t n = write(c->fd_out, buf + done, MIN_OF(len - done, PIPE_BUF));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            break;
        if (n <= 0)
            return len;
        done += (size_t)n;
    }
    return done;
}

static gboolean output_ready(gint fd, GIOCondition condition, gpointer opaque)
{
    CharFd *c = opaque;
    lock_acquire(&c->lock);
    size_t n = send_some(c, c->queue->data, c->queue->len);
    if (n)
        g_byte_array_remove_range(c->queue, 0, (guint)n);
    bool more = c->queue->len > 0 && !(condition & (G_IO_ERR | G_IO_NVAL));
    if (!more) {
        g_byte_array_set_size(c->queue, 0);
        c->out_watch = 0;
    }
    lock_release(&c->lock);
    return more;
}

static void wait_for_room(CharFd *c)
{
    if (!writable_now(c->fd_out, FULL_WAIT_MS))
        return;
    size_t n = send_some(c, c->queue->data, c->queue->len);
    if (n)
        g_byte_array_remove_range(c->queue, 0, (guint)n);
}

size_t char_fd_write(Chardev *chr, const uint8_t *buf, size_t len)
{
    CharFd *c = (CharFd *)chr;
    lock_acquire(&c->lock);
    size_t done = 0;
    if (c->fd_out >= 0) {
        done = c->queue->len ? 0 : send_some(c, buf, len);
        if (done < len && c->queue->len + len > QUEUE_MAX && c->wait_when_full)
            wait_for_room(c);
        if (done < len && c->queue->len + (len - done) <= QUEUE_MAX) {
            g_byte_array_append(c->queue, buf + done, (guint)(len - done));
            if (!c->out_watch)
                c->out_watch = g_unix_fd_add(c->fd_out, G_IO_OUT | G_IO_ERR | G_IO_HUP, output_ready, c);
        }
    }
    lock_release(&c->lock);
    return len;
}

static gboolean input_ready(gint fd, GIOCondition condition, gpointer opaque)
{
    CharFd *c = opaque;
    uint8_t buf[4096];
    size_t room = chardev_be_can_receive(&c->chr);
    if (!room) {
        c->in_watch = 0; /* chardev_accept_input sets it again */
        return G_SOURCE_REMOVE;
    }
    ssize_t n = read(fd, buf, MIN_OF(room, sizeof buf));
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return G_SOURCE_CONTINUE;
    if (n <= 0) {
        c->in_watch = 0;
        c->in_closed = true;
        if (c->hung_up)
            c->hung_up(c);
        return G_SOURCE_REMOVE;
    }
    chardev_be_receive(&c->chr, buf, (size_t)n);
    return G_SOURCE_CONTINUE;
}

static void update_input(CharFd *c)
{
    if (c->fd_in < 0 || c->in_watch || c->in_closed || !chardev_in_use(&c->chr) || !chardev_be_can_receive(&c->chr))
        return;
    c->in_watch = g_unix_fd_add(c->fd_in, G_IO_IN | G_IO_HUP | G_IO_ERR, input_ready, c);
}

void char_fd_accept_input(Chardev *chr)
{
    update_input((CharFd *)chr);
}

void char_fd_set_open(Chardev *chr, bool open)
{
    CharFd *c = (CharFd *)chr;
    if (open && c->fd_out >= 0)
        chardev_be_event(chr, CHR_EVENT_OPENED); /* the front end came later than the connection */
    if (open)
        update_input(c);
}

static const ChardevOps fd_ops = { .write = char_fd_write, .accept_input = char_fd_accept_input, .set_open = char_fd_set_open };

void char_fd_init(CharFd *c, const char *label, int fd_in, int fd_out)
{
    c->chr.ops = &fd_ops;
    c->chr.label = g_strdup(label);
    c->fd_in = fd_in;
    c->fd_out = fd_out;
    c->queue = g_byte_array_new();
    lock_init(&c->lock, LOCK_CHARDEV, "character device");
    if (!all)
        all = g_ptr_array_new();
    g_ptr_array_add(all, c);
}

void char_flush_all(void)
{
    for (unsigned i = 0; all && i < all->len; i++) {
        CharFd *c = all->pdata[i];
        lock_acquire(&c->lock);
        while (c->fd_out >= 0 && c->queue->len && writable_now(c->fd_out, FULL_WAIT_MS)) {
            size_t n = send_some(c, c->queue->data, c->queue->len);
            g_byte_array_remove_range(c->queue, 0, (guint)n);
        }
        lock_release(&c->lock);
    }
}

void char_fd_attach(CharFd *c, int fd)
{
    lock_acquire(&c->lock);
    c->fd_in = c->fd_out = fd;
    c->in_closed = false;
    lock_release(&c->lock);
    update_input(c);
}

void char_fd_detach(CharFd *c)
{
    lock_acquire(&c->lock);
    if (c->in_watch)
        g_source_remove(c->in_watch);
    if (c->out_watch)
        g_source_remove(c->out_watch);
    c->in_watch = c->out_watch = 0;
    g_byte_array_set_size(c->queue, 0);
    if (c->fd_in >= 0)
        close(c->fd_in);
    c->fd_in = c->fd_out = -1;
    lock_release(&c->lock);
}

Chardev *char_fd_new(const char *label, int fd_in, int fd_out, bool terminal)
{
    CharFd *c = g_new0(CharFd, 1);
    char_fd_init(c, label, fd_in, fd_out);
    c->wait_when_full = true;
    return &c->chr;
}

/* Nobody may have the other end open: reads then fail, so look again later. */
static gboolean pty_retry(gpointer opaque)
{
    CharFd *c = opaque;
    c->in_closed = false;
    update_input(c);
    return G_SOURCE_REMOVE;
}

static void pty_hung_up(CharFd *c)
{
    g_timeout_add(200, pty_retry, c);
}

bool char_pty_new(const char *label, Chardev **chr, GError **error)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    char name[128];
    struct termios t;
    if (fd < 0 || grantpt(fd) || unlockpt(fd) || ptsname_r(fd, name, sizeof name)) {
        int err = errno;
        if (fd >= 0)
            close(fd);
        return error_set(error, "%s: no pseudo-terminal: %s", label, strerror(err));
    }
    if (!tcgetattr(fd, &t)) {
        cfmakeraw(&t);
        tcsetattr(fd, TCSANOW, &t);
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    CharFd *c = g_new0(CharFd, 1);
    char_fd_init(c, label, fd, fd);
    c->hung_up = pty_hung_up;
    fprintf(stderr, "char device redirected to %s (label %s)\n", name, label);
    *chr = &c->chr;
    return true;
}
