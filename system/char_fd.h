/* SPDX-License-Identifier: MIT */
/* The state of a character device over file descriptors, for those that build on it. */
#ifndef SYSTEM_CHAR_FD_H
#define SYSTEM_CHAR_FD_H

#include <glib.h>

#include "base/lock.h"
#include "hw/core/chardev.h"

typedef struct CharFd CharFd;
struct CharFd {
    Chardev chr;               /* first */
    Lock lock;                 /* output side; taken by writers on any thread */
    int fd_in, fd_out;         /* -1: none. fd_out under lock, fd_in under the big lock */
    GByteArray *queue;         /* (lock) bytes that the descriptor would not take */
    guint out_watch;           /* (lock) */
    guint in_watch;            /* (B) */
    bool in_closed;            /* (B) end of input was seen */
    bool wait_when_full;       /* (c) */
    void (*hung_up)(CharFd *c);/* (c) end of input; big lock held */
};

void char_fd_init(CharFd *c, const char *label, int fd_in, int fd_out);
/* A peer came (fd is owned from now on), or is let go. Big lock held. */
void char_fd_attach(CharFd *c, int fd);
void char_fd_detach(CharFd *c);

/* Its back-end operations, for reuse. */
size_t char_fd_write(Chardev *chr, const uint8_t *buf, size_t len);
void char_fd_accept_input(Chardev *chr);
void char_fd_set_open(Chardev *chr, bool open);

#endif
