/* SPDX-License-Identifier: MIT */
/* Direct boot of an arm64 Linux kernel, after Documentation/arch/arm64/booting.rst. */
#ifndef HW_BOARD_ARM_BOOT_H
#define HW_BOARD_ARM_BOOT_H

#include "memory/memory.h"
#include "target/api/machine.h"

/* An Image, decompressed, and where it is to lie relative to a 2 MiB boundary. */
typedef struct ArmKernel {
    uint8_t *data;
    size_t len;
    uint64_t text_offset, image_size; /* bytes; image_size counts what the kernel uses past its file, at least len */
} ArmKernel;

/* Takes an Image, a gzip-compressed Image or an EFI zboot Image with gzip inside; what: the file's name for errors; limit: bytes of RAM. data is the caller's. */
bool arm_kernel_parse(const uint8_t *data, size_t len, const char *what, uint64_t limit, ArmKernel *kernel, GError **error);
void arm_kernel_free(ArmKernel *kernel);

/* What is put into RAM at each reset. */
typedef struct ArmBootInfo {
    hwaddr ram_base;
    uint64_t ram_bytes;
    const char *kernel, *initrd, *append; /* kernel is set */
    CPUState *cpu;                        /* the boot CPU */
    void *fdt;                            /* writable device tree with room for /chosen */
} ArmBootInfo;
/* Loads, places kernel, initrd and tree, completes /chosen, and does the same again at each machine reset. fdt's ownership passes (g_free). */
bool arm_boot_setup(const ArmBootInfo *info, GError **error);

#endif
