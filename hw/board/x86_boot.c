/* SPDX-License-Identifier: MIT */
/* Loading a kernel of whichever format, and what all formats need in low memory: see x86_boot.h. */
#include "hw/board/x86_boot.h"

#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "hw/board/read_file.h"

#define PAGE_PRESENT 1u
#define PAGE_WRITE 2u
#define PAGE_LARGE 0x80u
#define PAGE_TABLE_BYTES 4096u
#define NB_DIRECTORIES 4u            /* of 1 GiB */
#define CODE_64 0x00af9a000000ffffull
#define CODE_32 0x00cf9a000000ffffull
#define DATA_FLAT 0x00cf92000000ffffull
#define BDA_EBDA_SEGMENT 0x40eu      /* BIOS data area: segment of the EBDA, KiB of low memory */
#define BDA_MEMORY_SIZE 0x413u

void x86_boot_add(X86BootImage *image, hwaddr at, const void *data, size_t len)
{
    X86BootPiece p = { at, g_memdup2(data, len), len };

    if (!image->pieces)
        image->pieces = g_array_new(FALSE, FALSE, sizeof(X86BootPiece));
    g_array_append_val(image->pieces, p);
}

static void add_page_tables(X86BootImage *image)
{
    static uint64_t tables[(2 + NB_DIRECTORIES) * 512];

    tables[0] = (X86_BOOT_TABLES + PAGE_TABLE_BYTES) | PAGE_PRESENT | PAGE_WRITE;
    for (unsigned i = 0; i < NB_DIRECTORIES; i++)
        tables[512 + i] = (X86_BOOT_TABLES + (2 + i) * PAGE_TABLE_BYTES) | PAGE_PRESENT | PAGE_WRITE;
    for (unsigned i = 0; i < NB_DIRECTORIES * 512; i++)
        tables[1024 + i] = (uint64_t)i << 21 | PAGE_PRESENT | PAGE_WRITE | PAGE_LARGE;
    x86_boot_add(image, X86_BOOT_TABLES, tables, sizeof(tables));
}

void x86_boot_start(X86BootImage *image, bool long_mode, hwaddr rip, hwaddr rsi)
{
    const uint64_t gdt[4] = { 0, 0, long_mode ? CODE_64 : CODE_32, DATA_FLAT };
    uint8_t bda[2];

    stw_le_p(bda, PC_EBDA >> 4);
    x86_boot_add(image, BDA_EBDA_SEGMENT, bda, 2);
    stw_le_p(bda, PC_EBDA >> 10);
    x86_boot_add(image, BDA_MEMORY_SIZE, bda, 2);
    x86_boot_add(image, X86_BOOT_GDT, gdt, sizeof(gdt));
    if (long_mode)
        add_page_tables(image);
    image->start = (X86BootState){ .mode = long_mode ? X86_BOOT_LONG : X86_BOOT_PM32, .rip = rip, .rsi = rsi, .rsp = X86_BOOT_TABLES,
                                   .cr3 = long_mode ? X86_BOOT_TABLES : 0, .gdt_base = X86_BOOT_GDT, .gdt_limit = sizeof(gdt) - 1,
                                   .cs = X86_BOOT_CS, .ds = X86_BOOT_DS };
}

static const char *foreign_format(const X86BootFile *f)
{
    if (f->len >= 0x3c && ldl_le_p(f->data + 0x38) == 0x644d5241)
        return "an arm64 Image";
    if (f->len >= 4 && !memcmp(f->data, "\x7f" "ELF", 4))
        return "an ELF file without a multiboot header or a PVH entry note; arch/x86/boot/bzImage is what boots";
    if (f->len >= 2 && f->data[0] == 0x1f && f->data[1] == 0x8b)
        return "a gzip file";
    if (f->len < 1024)
        return "a file of less than 1 KiB";
    return "something else (no \"HdrS\" at offset 0x202)";
}

static bool load(const X86BootInfo *info, const X86BootFile *kernel, const X86BootFile *initrd, X86BootImage *image, GError **error)
{
    bool mine;

    if (!x86_bzimage_load(info, kernel, initrd, image, &mine, error))
        return false;
    if (!mine && !x86_multiboot_load(info, kernel, image, &mine, error))
        return false;
    if (!mine && !x86_pvh_load(info, kernel, initrd, image, &mine, error))
        return false;
    if (mine)
        return true;
    return error_set(error, "%s: not an x86 kernel (bzImage, multiboot, PVH) but %s", info->kernel, foreign_format(kernel));
}

bool x86_boot_load(const X86BootInfo *info, X86BootImage *image, GError **error)
{
    X86BootFile kernel = { info->kernel }, initrd = { info->initrd };
    bool multiboot_modules = info->initrd && strpbrk(info->initrd, ", ");
    bool ok = false;

    kernel.data = board_read_file(info->kernel, info->low_ram, &kernel.len, error);
    if (!kernel.data)
        return false;
    if (info->initrd && !multiboot_modules)
        initrd.data = board_read_file(info->initrd, info->low_ram, &initrd.len, error);
    if (initrd.data || !info->initrd || multiboot_modules)
        ok = load(info, &kernel, &initrd, image, error);
    g_free(kernel.data);
    g_free(initrd.data);
    if (!ok)
        x86_boot_free(image);
    return ok;
}

void x86_boot_free(X86BootImage *image)
{
    for (unsigned i = 0; image->pieces && i < image->pieces->len; i++)
        g_free(g_array_index(image->pieces, X86BootPiece, i).data);
    g_clear_pointer(&image->pieces, g_array_unref);
}

void x86_boot_place(const X86BootImage *image, CPUState *cpu)
{
    for (unsigned i = 0; i < image->pieces->len; i++) {
        const X86BootPiece *p = &g_array_index(image->pieces, X86BootPiece, i);

        address_space_write_rom(&address_space_memory, p->at, p->data, p->len);
    }
    x86_cpu_set_boot(cpu, &image->start);
}
