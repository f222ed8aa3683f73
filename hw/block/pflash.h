/* SPDX-License-Identifier: MIT */
/* "cfi.pflash01": a parallel flash chip (Intel command set) whose contents are a drive's; link "drive" (BlockBackend *). Region 0, of the drive's size, is placed by the board. */
#ifndef HW_BLOCK_PFLASH_H
#define HW_BLOCK_PFLASH_H

#include "hw/core/block.h"
#include "hw/core/device.h"

#define PFLASH_SECTOR 4096 /* bytes that an erase clears; images are whole sectors */

/* The chip's contents, for a board that shows them elsewhere too. */
MemoryRegion *pflash_memory(Device *dev);

#endif
