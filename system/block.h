/* SPDX-License-Identifier: MIT */
/* Opening block back ends (hw/core/block.h says what devices do with them). */
#ifndef SYSTEM_BLOCK_H
#define SYSTEM_BLOCK_H

#include "hw/core/block.h"

typedef enum BlockCache { BLOCK_CACHE_WRITEBACK, BLOCK_CACHE_WRITETHROUGH, BLOCK_CACHE_UNSAFE } BlockCache;

typedef struct BlockOpen {
    const char *id, *path;   /* path NULL: a drive without a medium */
    bool readonly;
    bool raw;                /* format=raw was said: the first bytes are not looked at */
    BlockCache cache;
} BlockOpen;

/*
 * Opens an image and locks it: any number of readers or one writer, in this process and others. NULL with an error that names the
 * file. Never closed: drives live as long as the machine.
 */
BlockBackend *block_open(const BlockOpen *how, GError **error);
/* Waits for all requests and flushes all images: at the end of the program. Big lock held. */
void block_close_all(void);

#endif
