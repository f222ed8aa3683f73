/* SPDX-License-Identifier: MIT */
/*
 * Block back ends: disk and CD images as devices see them.
 *
 * A BlockBackend is opened by -drive (system/block_*.c), has an id, and is taken by one device at a time. Requests are asynchronous:
 * the callback runs later in the main loop's thread with the big lock held, never from within the call. Offsets and lengths are in
 * bytes, multiples of BLOCK_SECTOR_SIZE, and must lie within the image: a request outside fails with EINVAL.
 */
#ifndef HW_CORE_BLOCK_H
#define HW_CORE_BLOCK_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define BLOCK_SECTOR_SIZE 512

typedef struct BlockBackend BlockBackend;
typedef void BlockDoneFn(void *opaque, int error); /* 0, or an errno value */

/* By id; NULL when there is none. */
BlockBackend *block_find(const char *id);
const char *block_id(const BlockBackend *blk);
/* Takes it for a device; false when another has it. */
bool block_attach(BlockBackend *blk, const char *user, GError **error);
void block_detach(BlockBackend *blk);
uint64_t block_size(const BlockBackend *blk);    /* bytes, a multiple of BLOCK_SECTOR_SIZE; 0: no medium */
bool block_readonly(const BlockBackend *blk);
/* buf stays the caller's and must live until done. The returned number cancels; 0 is never one. */
uint64_t block_read(BlockBackend *blk, uint64_t offset, void *buf, uint64_t len, BlockDoneFn *done, void *opaque);
uint64_t block_write(BlockBackend *blk, uint64_t offset, const void *buf, uint64_t len, BlockDoneFn *done, void *opaque);
uint64_t block_flush(BlockBackend *blk, BlockDoneFn *done, void *opaque);
/* Waits until the request has ended; its callback is not called. For resets. */
void block_cancel(BlockBackend *blk, uint64_t request);
/* Waits for all of the back end's requests, calling their callbacks. */
void block_drain(BlockBackend *blk);
/* At once, for firmware images and flash: false on an error. */
bool block_read_now(BlockBackend *blk, uint64_t offset, void *buf, uint64_t len, GError **error);
bool block_write_now(BlockBackend *blk, uint64_t offset, const void *buf, uint64_t len, GError **error);

/* What -drive, -hda, -cdrom asked for, for boards to build devices of. */
typedef enum DriveInterface { DRIVE_IF_DEFAULT, DRIVE_IF_IDE, DRIVE_IF_PFLASH, DRIVE_IF_NONE, DRIVE_IF_VIRTIO } DriveInterface;
typedef struct Drive {
    BlockBackend *blk;
    DriveInterface interface;
    bool cdrom;
    unsigned index;          /* bus * units + unit of its interface; pflash: unit */
} Drive;

#endif
