/* SPDX-License-Identifier: MIT */
/* Pictures of the screen as files. */
#ifndef SYSTEM_SCREENDUMP_H
#define SYSTEM_SCREENDUMP_H

#include <glib.h>
#include <stdbool.h>

/* Writes the screen to path: format "ppm" or "png"; NULL: by the name's end, else ppm. Big lock held. */
bool screendump(const char *path, const char *format, GError **error);

#endif
