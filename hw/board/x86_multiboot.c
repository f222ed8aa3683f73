/* SPDX-License-Identifier: MIT */
/*
 * Multiboot 1 kernels (Multiboot Specification 0.6.96): ELF files, or raw ones whose header gives addresses (flag 16).
 *
 * Information structure, command lines, module list and memory map go into low memory one after another. -initrd names the modules:
 * "FILE ARGUMENTS,FILE ARGUMENTS".
 */
#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "hw/board/read_file.h"
#include "hw/board/x86_elf.h"

#define MAGIC 0x1badb002u
#define LOADED_MAGIC 0x2badb002u
#define SEARCH 8192u
#define FLAG_ADDRESSES 0x10000u
#define LOAD_MIN 0x100000u
enum { HDR_FLAGS = 4, HDR_CHECKSUM = 8, HDR_ADDR = 12, HDR_LOAD = 16, HDR_LOAD_END = 20, HDR_BSS_END = 24, HDR_ENTRY = 28, HDR_SIZE = 32 };
enum { MBI_FLAGS = 0, MBI_MEM_LOWER = 4, MBI_MEM_UPPER = 8, MBI_CMDLINE = 16, MBI_MODS_COUNT = 20, MBI_MODS_ADDR = 24, MBI_MMAP_LENGTH = 44,
       MBI_MMAP_ADDR = 48, MBI_LOADER_NAME = 64, MBI_SIZE = 88 };
#define MBI_HAS (0x001u | 0x004u | 0x008u | 0x040u | 0x200u) /* memory, command line, modules, memory map, loader name */
#define MMAP_ENTRY 24u

typedef struct Multiboot {
    const X86BootInfo *info;
    const X86BootFile *kernel;
    X86BootImage *image;
    const uint8_t *hdr;    /* in the kernel's file */
    size_t hdr_at;
    uint64_t entry, end;   /* end: of what is placed from 1 MiB up */
    hwaddr low;            /* next free byte of the low area */
} Multiboot;

static bool find_header(Multiboot *m)
{
    for (size_t at = 0; at < SEARCH && at + 12 <= m->kernel->len; at += 4) {
        const uint8_t *h = m->kernel->data + at;

        if (ldl_le_p(h) == MAGIC && MAGIC + ldl_le_p(h + HDR_FLAGS) + ldl_le_p(h + HDR_CHECKSUM) == 0) {
            m->hdr = h;
            m->hdr_at = at;
            return true;
        }
    }
    return false;
}

/* The "a.out kludge": the header says where everything goes. */
static bool load_raw(Multiboot *m, GError **error)
{
    uint64_t header, load, load_end, bss_end, start, len, size;
    g_autofree uint8_t *bytes = NULL;

    if (m->hdr_at + HDR_SIZE > m->kernel->len)
        return error_set(error, "%s: truncated multiboot header", m->kernel->name);
    header = ldl_le_p(m->hdr + HDR_ADDR), load = ldl_le_p(m->hdr + HDR_LOAD), load_end = ldl_le_p(m->hdr + HDR_LOAD_END);
    bss_end = ldl_le_p(m->hdr + HDR_BSS_END);
    start = m->hdr_at - (header - load);
    if (header < load || header - load > m->hdr_at || start > m->kernel->len)
        return error_set(error, "%s: broken multiboot header: load address 0x%" PRIx64 ", header's 0x%" PRIx64, m->kernel->name, load, header);
    len = load_end ? load_end - load : m->kernel->len - start;
    size = MAX_OF(len, bss_end > load ? bss_end - load : 0);
    if (load < LOAD_MIN || load_end > UINT32_MAX || (load_end && load_end < load) || len > m->kernel->len - start || load > m->info->low_ram ||
        size > m->info->low_ram - load)
        return error_set(error, "%s: wants %" PRIu64 " KiB at 0x%" PRIx64 "; there is RAM from 1 MiB to %" PRIu64 " MiB (-m)", m->kernel->name,
                         size >> 10, load, m->info->low_ram >> 20);
    bytes = g_malloc0(size + !size);
    memcpy(bytes, m->kernel->data + start, len);
    x86_boot_add(m->image, load, bytes, size);
    m->entry = ldl_le_p(m->hdr + HDR_ENTRY);
    m->end = load + size;
    return true;
}

static bool load_kernel(Multiboot *m, GError **error)
{
    X86Elf elf;

    if (ldl_le_p(m->hdr + HDR_FLAGS) & FLAG_ADDRESSES)
        return load_raw(m, error);
    if (!x86_elf_open(&elf, m->kernel))
        return error_set(error, "%s: a multiboot kernel that is neither ELF nor gives its addresses", m->kernel->name);
    if (elf.is_64)
        return error_set(error, "%s: a 64-bit ELF file; multiboot kernels are 32-bit (objcopy -O elf32-i386)", m->kernel->name);
    m->entry = elf.entry;
    return x86_elf_load(&elf, m->info, m->image, &m->end, error);
}

/* Puts bytes into the low area; 0 with an error when it is full. */
static hwaddr put_low(Multiboot *m, const void *data, size_t len, GError **error)
{
    hwaddr at = m->low;

    if (len > X86_BOOT_TEXT_END - at) {
        error_set(error, "%s: command lines and modules do not fit into %u KiB", m->kernel->name, (X86_BOOT_TEXT_END - X86_BOOT_TEXT) >> 10);
        return 0;
    }
    x86_boot_add(m->image, at, data, len);
    m->low = ALIGN_UP(at + len, 8);
    return at;
}

static hwaddr put_text(Multiboot *m, const char *text, GError **error)
{
    return put_low(m, text, strlen(text) + 1, error);
}

/* One module: "FILE ARGUMENTS"; entry: u32 start, end, string, 0. */
static bool add_module(Multiboot *m, const char *text, uint8_t *entry, GError **error)
{
    g_autofree char *path = g_strndup(text, strcspn(text, " "));
    uint64_t at = ALIGN_UP(m->end, MEM_PAGE_SIZE), room = m->info->low_ram > at ? m->info->low_ram - at : 0;
    g_autofree uint8_t *data = NULL;
    size_t len;
    hwaddr string;

    if (!room)
        return error_set(error, "%s: no RAM is left for it (-m)", path);
    data = board_read_file(path, room, &len, error);
    string = data ? put_text(m, text, error) : 0;
    if (!string)
        return false;
    x86_boot_add(m->image, at, data, len);
    m->end = at + len;
    stl_le_p(entry, (uint32_t)at);
    stl_le_p(entry + 4, (uint32_t)(at + len));
    stl_le_p(entry + 8, (uint32_t)string);
    return true;
}

static bool add_modules(Multiboot *m, uint8_t *mbi, GError **error)
{
    g_auto(GStrv) modules = m->info->initrd ? g_strsplit(m->info->initrd, ",", -1) : NULL;
    unsigned n = modules ? g_strv_length(modules) : 0;
    g_autofree uint8_t *list = g_malloc0(16 * n + 16);
    hwaddr at;

    for (unsigned i = 0; i < n; i++)
        if (!add_module(m, modules[i], list + 16 * i, error))
            return false;
    at = put_low(m, list, 16 * n + 16, error);
    stl_le_p(mbi + MBI_MODS_COUNT, n);
    stl_le_p(mbi + MBI_MODS_ADDR, (uint32_t)at);
    return at != 0;
}

static bool add_memory_map(Multiboot *m, uint8_t *mbi, GError **error)
{
    g_autofree uint8_t *map = g_malloc0(m->info->n_e820 * MMAP_ENTRY);
    hwaddr at;

    for (unsigned i = 0; i < m->info->n_e820; i++) {
        uint8_t *e = map + i * MMAP_ENTRY;

        stl_le_p(e, MMAP_ENTRY - 4);
        stq_le_p(e + 4, m->info->e820[i].base);
        stq_le_p(e + 12, m->info->e820[i].size);
        stl_le_p(e + 20, m->info->e820[i].type);
    }
    at = put_low(m, map, m->info->n_e820 * MMAP_ENTRY, error);
    stl_le_p(mbi + MBI_MMAP_LENGTH, m->info->n_e820 * MMAP_ENTRY);
    stl_le_p(mbi + MBI_MMAP_ADDR, (uint32_t)at);
    return at != 0;
}

static bool add_information(Multiboot *m, hwaddr *at, GError **error)
{
    g_autofree char *line = g_strconcat(m->kernel->name, m->info->append ? " " : NULL, m->info->append, NULL);
    hwaddr cmdline = put_text(m, line, error), name = put_text(m, "calque", error);
    uint8_t mbi[MBI_SIZE] = { 0 };

    if (!cmdline || !name || !add_modules(m, mbi, error) || !add_memory_map(m, mbi, error))
        return false;
    stl_le_p(mbi + MBI_FLAGS, MBI_HAS);
    stl_le_p(mbi + MBI_MEM_LOWER, PC_EBDA >> 10);
    stl_le_p(mbi + MBI_MEM_UPPER, (uint32_t)((m->info->low_ram - (1 << 20)) >> 10));
    stl_le_p(mbi + MBI_CMDLINE, (uint32_t)cmdline);
    stl_le_p(mbi + MBI_LOADER_NAME, (uint32_t)name);
    *at = put_low(m, mbi, sizeof(mbi), error);
    return *at != 0;
}

bool x86_multiboot_load(const X86BootInfo *info, const X86BootFile *kernel, X86BootImage *image, bool *mine, GError **error)
{
    Multiboot m = { .info = info, .kernel = kernel, .image = image, .low = X86_BOOT_TEXT };
    hwaddr at;

    *mine = find_header(&m);
    if (!*mine)
        return true;
    if (!load_kernel(&m, error) || !add_information(&m, &at, error))
        return false;
    x86_boot_start(image, false, m.entry, 0);
    image->start.rax = LOADED_MAGIC;
    image->start.rbx = at;
    return true;
}
