/* SPDX-License-Identifier: MIT */
/* From -drive, -hda..-hdd, -cdrom and -pflash to what boards build devices of. */
#ifndef SYSTEM_DRIVE_H
#define SYSTEM_DRIVE_H

#include "hw/core/block.h"
#include "system/options.h"

/* One -drive or its short form, as given. */
typedef struct DriveOption {
    const char *option; /* "drive", "hda", "cdrom", ... */
    const char *text;
} DriveOption;

/* Opens them all. *drives is the caller's (g_free). The message names option and value. */
bool drives_open(const DriveOption *given, unsigned n, Drive **drives, GError **error);

#endif
