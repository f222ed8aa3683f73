/* SPDX-License-Identifier: MIT */
/* GError as calque uses it, and the nearest known name for a mistyped one. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define CALQUE_ERROR (calque_error_quark())
GQuark calque_error_quark(void);

/* Sets *error (which may be NULL) and returns false: "return error_set(error, "...", ...)". */
bool error_set(GError **error, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
/* The name among n names nearest to word by edit distance, or NULL when none is near enough to suggest. */
const char *error_nearest(const char *word, const char *const *names, size_t n);
/* Parses "64", "0x40", "1.5G", "512M", "4k" (binary multiples; no suffix: units of default_unit bytes). False: not a size or over 64 bits. */
bool parse_size(const char *text, uint64_t default_unit, uint64_t *bytes);

#endif
