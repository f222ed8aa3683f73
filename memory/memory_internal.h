/* SPDX-License-Identifier: MIT */
/* What the files of memory/ share. */
#ifndef MEMORY_MEMORY_INTERNAL_H
#define MEMORY_MEMORY_INTERNAL_H

#include <inttypes.h>

#include "memory/memory.h"

/* Renders root into a new view. */
FlatView *flatview_render(MemoryRegion *root);
void flatview_free(FlatView *view);
/* Index of the range that holds addr, or -1. */
int flatview_find(const FlatView *view, hwaddr addr);

bool ram_block_new(const char *name, uint64_t size, RAMBlock **block, GError **error);
void ram_block_free(RAMBlock *block);

/* The last address of size bytes from addr, where UINT64_MAX bytes stand for all up to 2^64 - 1. */
static inline hwaddr range_last(hwaddr addr, uint64_t size)
{
    return size == UINT64_MAX || size - 1 > UINT64_MAX - addr ? UINT64_MAX : addr + size - 1;
}

#endif
