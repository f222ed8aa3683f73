/* SPDX-License-Identifier: MIT */
/* What a board puts into its firmware configuration device ("fw_cfg_mmio", "fw_cfg_io"). Before the machine runs; the data is copied. */
#ifndef HW_MISC_FW_CFG_H
#define HW_MISC_FW_CFG_H

#include "hw/core/device.h"

enum {
    FW_CFG_SIGNATURE = 0x00, FW_CFG_ID = 0x01, FW_CFG_NB_CPUS = 0x05, FW_CFG_KERNEL_SIZE = 0x08, FW_CFG_INITRD_SIZE = 0x0b,
    FW_CFG_MAX_CPUS = 0x0f, FW_CFG_KERNEL_DATA = 0x11, FW_CFG_INITRD_DATA = 0x12, FW_CFG_CMDLINE_SIZE = 0x14,
    FW_CFG_CMDLINE_DATA = 0x15, FW_CFG_FILE_DIR = 0x19, FW_CFG_FILE_FIRST = 0x20,
    FW_CFG_LOCAL = 0x8000 /* architecture-specific items from here on: eight */
};

/* key below FW_CFG_FILE_FIRST, or from FW_CFG_LOCAL; a second call replaces the first. */
void fw_cfg_add_bytes(Device *dev, unsigned key, const void *data, size_t len);
/* Little-endian numbers. */
void fw_cfg_add_u16(Device *dev, unsigned key, uint16_t value);
void fw_cfg_add_u32(Device *dev, unsigned key, uint32_t value);
/* A file in the directory; name has at most 55 bytes and is new. False: the directory is full. */
bool fw_cfg_add_file(Device *dev, const char *name, const void *data, size_t len, GError **error);

/* For files whose contents depend on what the guest has set up: fn is called when the file is selected, and may update it. */
void fw_cfg_on_select(Device *dev, const char *name, void (*fn)(void *opaque), void *opaque);
/* New contents for a file, as far as its size reaches: that was published when it was added. */
void fw_cfg_update_file(Device *dev, const char *name, const void *data, size_t len);

#endif
