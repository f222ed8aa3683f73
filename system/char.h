/* SPDX-License-Identifier: MIT */
/* Back ends of character devices: what -serial and -monitor name. */
#ifndef SYSTEM_CHAR_H
#define SYSTEM_CHAR_H

#include <glib.h>
#include <stdbool.h>

#include "hw/core/chardev.h"

/*
 * Opens what text names: stdio, mon:stdio, null, none (*chr becomes NULL), pty, file:PATH, tcp:HOST:PORT[,server][,nowait],
 * unix:PATH[,server][,nowait], chardev:ID. label names it in messages. Big lock held. A server without nowait waits for its first client.
 */
bool char_open(const char *text, const char *label, Chardev **chr, GError **error);

/* Creates the files that file: named. Until then nothing is made on disk, so that a refused command line leaves nothing behind. */
bool char_open_files(GError **error);

/* Sends what is still queued, waiting a little for slow readers: before the program ends. Big lock held. */
void char_flush_all(void);

/* char_fd.c: bytes to and from file descriptors. fd_in may be -1. Owns both. terminal: fd_in is standard input. */
Chardev *char_fd_new(const char *label, int fd_in, int fd_out, bool terminal);
bool char_pty_new(const char *label, Chardev **chr, GError **error);

/* char_socket.c: "tcp:..." and "unix:..." */
bool char_socket_new(const char *text, const char *label, Chardev **chr, GError **error);

/* char_mux.c: one back end shared by a serial port and the monitor; Ctrl-A commands. Gives the port's side; the monitor's is attached. */
Chardev *char_mux_new(const char *label, Chardev *back_end);

#endif
