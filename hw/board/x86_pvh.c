/* SPDX-License-Identifier: MIT */
/*
 * ELF kernels with a PVH entry (Xen's "x86/HVM direct boot ABI"): an uncompressed vmlinux, and BSD and other kernels.
 *
 * The note XEN_ELFNOTE_PHYS32_ENTRY gives the entry in flat protected mode; EBX points to hvm_start_info.
 */
#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "hw/board/x86_elf.h"

#define XEN_ELFNOTE_PHYS32_ENTRY 18u
#define START_MAGIC 0x336ec578u
enum { SI_MAGIC = 0, SI_VERSION = 4, SI_NR_MODULES = 12, SI_MODLIST = 16, SI_CMDLINE = 24, SI_RSDP = 32, SI_MEMMAP = 40, SI_MEMMAP_ENTRIES = 48, SI_SIZE = 56 };
#define MODULE_SIZE 32u
#define MEMMAP_ENTRY 24u
#define AT_MODULE (X86_BOOT_PARAMS + 0x100)
#define AT_MEMMAP (X86_BOOT_PARAMS + 0x200)
#define MAX_MEMMAP 64u

static bool add_initrd(const X86BootInfo *info, const X86BootFile *initrd, X86BootImage *image, uint64_t kernel_end, uint8_t *start, GError **error)
{
    uint8_t module[MODULE_SIZE] = { 0 };
    uint64_t at = initrd->len < info->low_ram ? ALIGN_DOWN(info->low_ram - initrd->len, MEM_PAGE_SIZE) : 0;

    if (at < kernel_end)
        return error_set(error, "%s: no room for %zu KiB after the kernel's end at %" PRIu64 " MiB (-m)", initrd->name, initrd->len >> 10, kernel_end >> 20);
    x86_boot_add(image, at, initrd->data, initrd->len);
    stq_le_p(module, at);
    stq_le_p(module + 8, initrd->len);
    x86_boot_add(image, AT_MODULE, module, sizeof(module));
    stl_le_p(start + SI_NR_MODULES, 1);
    stq_le_p(start + SI_MODLIST, AT_MODULE);
    return true;
}

static void add_memory_map(const X86BootInfo *info, X86BootImage *image, uint8_t *start)
{
    unsigned n = MIN_OF(info->n_e820, MAX_MEMMAP);
    uint8_t map[MAX_MEMMAP * MEMMAP_ENTRY] = { 0 };

    for (unsigned i = 0; i < n; i++) {
        stq_le_p(map + i * MEMMAP_ENTRY, info->e820[i].base);
        stq_le_p(map + i * MEMMAP_ENTRY + 8, info->e820[i].size);
        stl_le_p(map + i * MEMMAP_ENTRY + 16, info->e820[i].type);
    }
    x86_boot_add(image, AT_MEMMAP, map, n * MEMMAP_ENTRY);
    stq_le_p(start + SI_MEMMAP, AT_MEMMAP);
    stl_le_p(start + SI_MEMMAP_ENTRIES, n);
}

bool x86_pvh_load(const X86BootInfo *info, const X86BootFile *kernel, const X86BootFile *initrd, X86BootImage *image, bool *mine, GError **error)
{
    const char *text = info->append ? info->append : "";
    uint8_t start[SI_SIZE] = { 0 };
    uint32_t entry = 0;
    uint64_t end;
    X86Elf elf;

    *mine = x86_elf_open(&elf, kernel) && x86_elf_xen_note(&elf, XEN_ELFNOTE_PHYS32_ENTRY, &entry);
    if (!*mine)
        return true;
    if (!x86_elf_load(&elf, info, image, &end, error))
        return false;
    if (strlen(text) >= X86_BOOT_TEXT_END - X86_BOOT_TEXT)
        return error_set(error, "-append: %zu characters; %s takes at most %u", strlen(text), kernel->name, X86_BOOT_TEXT_END - X86_BOOT_TEXT - 1);
    if (initrd->data && !add_initrd(info, initrd, image, end, start, error))
        return false;
    x86_boot_add(image, X86_BOOT_TEXT, text, strlen(text) + 1);
    add_memory_map(info, image, start);
    stl_le_p(start + SI_MAGIC, START_MAGIC);
    stl_le_p(start + SI_VERSION, 1);
    stq_le_p(start + SI_CMDLINE, X86_BOOT_TEXT);
    stq_le_p(start + SI_RSDP, info->rsdp);
    x86_boot_add(image, X86_BOOT_PARAMS, start, sizeof(start));
    x86_boot_start(image, false, entry, 0);
    image->start.rbx = X86_BOOT_PARAMS;
    return true;
}
