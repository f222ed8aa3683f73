/* SPDX-License-Identifier: MIT */
/* Whole files for boot loaders. */
#ifndef HW_BOARD_READ_FILE_H
#define HW_BOARD_READ_FILE_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/* Reads a file of at most limit bytes; NULL with an error that names file and limit. g_free it. */
uint8_t *board_read_file(const char *path, uint64_t limit, size_t *len, GError **error);

#endif
