/* SPDX-License-Identifier: MIT */
/*
 * Direct boot of x86 kernels: files become pieces of memory and the state of the first CPU, placed again at each reset.
 *
 * Low memory, which the guest may reuse once it has started:
 *
 *   70000  page tables: identity map of 4 GiB
 *   80000  command line, multiboot information
 *   90000  boot parameters ("zero page"), 91000 GDT, 92000 further setup data
 *   9fc00  end of low RAM in the memory map
 */
#ifndef HW_BOARD_X86_BOOT_H
#define HW_BOARD_X86_BOOT_H

#include "hw/board/pc_internal.h"

#define X86_BOOT_TABLES 0x70000u
#define X86_BOOT_TEXT 0x80000u
#define X86_BOOT_TEXT_END 0x90000u
#define X86_BOOT_PARAMS 0x90000u
#define X86_BOOT_GDT 0x91000u
#define X86_BOOT_DATA 0x92000u
#define X86_BOOT_LOW_END PC_EBDA
#define X86_BOOT_CS 0x10u
#define X86_BOOT_DS 0x18u

typedef struct X86BootInfo {
    const char *kernel, *initrd, *append; /* kernel is set; its name stands in messages */
    const PcE820 *e820;
    unsigned n_e820;
    uint64_t low_ram;                     /* bytes of RAM below 4 GiB */
    hwaddr rsdp;                          /* ACPI's root pointer; 0: none */
    bool long_mode;                       /* the CPU has it */
} X86BootInfo;

typedef struct X86BootPiece { hwaddr at; uint8_t *data; size_t len; } X86BootPiece; /* data is owned */
typedef struct X86BootImage {
    GArray *pieces;                       /* of X86BootPiece */
    X86BootState start;
} X86BootImage;

/* A file in memory. */
typedef struct X86BootFile { const char *name; uint8_t *data; size_t len; } X86BootFile;

/* Reads kernel and initrd and finds out what they are. image is empty at first. */
bool x86_boot_load(const X86BootInfo *info, X86BootImage *image, GError **error);
void x86_boot_free(X86BootImage *image);
/* Copies the pieces and sets the CPU's start. */
void x86_boot_place(const X86BootImage *image, CPUState *cpu);

/* ---- for the formats' loaders ---- */
/* A piece of its own memory: data is copied. */
void x86_boot_add(X86BootImage *image, hwaddr at, const void *data, size_t len);
/* Adds what both modes need and fills in start: long mode with the identity map, or flat protected mode. */
void x86_boot_start(X86BootImage *image, bool long_mode, hwaddr rip, hwaddr rsi);
/* Each is false with an error. mine becomes false, and nothing else happens, when the file is of another format. */
bool x86_bzimage_load(const X86BootInfo *info, const X86BootFile *kernel, const X86BootFile *initrd, X86BootImage *image, bool *mine, GError **error);
bool x86_multiboot_load(const X86BootInfo *info, const X86BootFile *kernel, X86BootImage *image, bool *mine, GError **error);
bool x86_pvh_load(const X86BootInfo *info, const X86BootFile *kernel, const X86BootFile *initrd, X86BootImage *image, bool *mine, GError **error);

#endif
