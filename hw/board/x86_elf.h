/* SPDX-License-Identifier: MIT */
/* ELF files as kernels: program headers of either class, for x86_multiboot.c and x86_pvh.c. */
#ifndef HW_BOARD_X86_ELF_H
#define HW_BOARD_X86_ELF_H

#include "hw/board/x86_boot.h"

typedef struct X86Elf {
    const X86BootFile *file;
    bool is_64;
    uint64_t entry, phoff;
    unsigned phentsize, phnum;
} X86Elf;

/* Whether it is an ELF executable for x86. */
bool x86_elf_open(X86Elf *elf, const X86BootFile *file);
/* Adds the PT_LOAD segments at their physical addresses; *end: the highest address used, from 1 MiB up. */
bool x86_elf_load(const X86Elf *elf, const X86BootInfo *info, X86BootImage *image, uint64_t *end, GError **error);
/* The 32-bit value of a note of owner "Xen" in a PT_NOTE segment; false: there is none. */
bool x86_elf_xen_note(const X86Elf *elf, uint32_t type, uint32_t *value);

#endif
