/* SPDX-License-Identifier: MIT */
/*
 * Linux/x86 bzImages (Documentation/arch/x86/boot.rst), from boot protocol 2.06.
 *
 * The real-mode part is left out but for its header, which goes into the boot parameters; the protected-mode part is placed where it
 * wants to run, and entered in 64-bit mode at its start + 0x200 where kernel and CPU can, else in 32-bit mode at its start.
 */
#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "base/entropy.h"
#include "base/error.h"
#include "hw/board/x86_boot.h"

/* Offsets in the file and in the boot parameters alike. */
enum {
    BP_ACPI_RSDP_ADDR = 0x070, BP_EXT_RAMDISK_IMAGE = 0x0c0, BP_ALT_MEM_K = 0x1e0, BP_E820_ENTRIES = 0x1e8, HDR_START = 0x1f1,
    HDR_SETUP_SECTS = 0x1f1, HDR_SYSSIZE = 0x1f4, HDR_BOOT_FLAG = 0x1fe, HDR_JUMP = 0x200, HDR_MAGIC = 0x202, HDR_VERSION = 0x206,
    HDR_TYPE_OF_LOADER = 0x210, HDR_LOADFLAGS = 0x211, HDR_CODE32_START = 0x214, HDR_RAMDISK_IMAGE = 0x218, HDR_RAMDISK_SIZE = 0x21c, HDR_HEAP_END_PTR = 0x224,
    HDR_CMD_LINE_PTR = 0x228, HDR_INITRD_ADDR_MAX = 0x22c, HDR_KERNEL_ALIGNMENT = 0x230, HDR_RELOCATABLE = 0x234, HDR_XLOADFLAGS = 0x236,
    HDR_CMDLINE_SIZE = 0x238, HDR_SETUP_DATA = 0x250, HDR_PREF_ADDRESS = 0x258, HDR_INIT_SIZE = 0x260, HDR_MIN_END = 0x264, BP_E820_TABLE = 0x2d0,
};
#define BP_SIZE 4096u
#define BP_MAX_E820 128u
#define HDR_MAX_END 0x290u           /* what follows in the boot parameters is not the header's */
#define LOADED_HIGH 0x01u
#define XLF_KERNEL_64 0x0001u
#define LOADER_UNDEFINED 0xffu
#define VERSION_MIN 0x206u
#define VERSION_SETUP_DATA 0x209u
#define VERSION_INIT_SIZE 0x20au
#define VERSION_XLOADFLAGS 0x20cu
#define LOAD_DEFAULT 0x100000u
#define ENTRY_64 0x200u
#define SETUP_RNG_SEED 9u
#define SEED_BYTES 32u

typedef struct BzImage {
    const X86BootInfo *info;
    const X86BootFile *kernel, *initrd;
    const uint8_t *hdr;              /* the file: offsets as above */
    unsigned version;
    size_t code_at, code_len;        /* protected-mode part in the file */
    uint64_t load, end;              /* where it is placed, and the end of what it uses */
    uint64_t initrd_at;
} BzImage;

static bool parse(BzImage *z, GError **error)
{
    const char *name = z->kernel->name;
    size_t setup = z->hdr[HDR_SETUP_SECTS] ? z->hdr[HDR_SETUP_SECTS] : 4;
    uint64_t needed;

    z->version = lduw_le_p(z->hdr + HDR_VERSION);
    if (z->version < VERSION_MIN)
        return error_set(error, "%s: boot protocol %u.%02u; at least 2.06 is needed", name, z->version >> 8, z->version & 0xff);
    if (!(z->hdr[HDR_LOADFLAGS] & LOADED_HIGH))
        return error_set(error, "%s: a zImage, loaded below 1 MiB; only bzImages boot", name);
    z->code_at = (setup + 1) * 512;
    if (z->code_at >= z->kernel->len)
        return error_set(error, "%s: truncated: its protected-mode part starts at %zu, the file ends at %zu", name, z->code_at, z->kernel->len);
    z->code_len = z->kernel->len - z->code_at;
    needed = (uint64_t)ldl_le_p(z->hdr + HDR_SYSSIZE) * 16;
    if (needed > z->code_len)
        return error_set(error, "%s: truncated: its protected-mode part has %" PRIu64 " bytes, the file %zu of them", name, needed, z->code_len);
    return true;
}

static uint64_t init_size(const BzImage *z)
{
    uint64_t size = z->version >= VERSION_INIT_SIZE ? ldl_le_p(z->hdr + HDR_INIT_SIZE) : 0;

    return MAX_OF(size, z->code_len);
}

/* The preferred address; where RAM does not reach that far and the kernel can be moved, the lowest that its alignment allows. */
static bool place_kernel(BzImage *z, GError **error)
{
    uint32_t align = ldl_le_p(z->hdr + HDR_KERNEL_ALIGNMENT);
    bool relocatable = z->hdr[HDR_RELOCATABLE];

    z->load = z->version >= VERSION_INIT_SIZE ? ldq_le_p(z->hdr + HDR_PREF_ADDRESS) : LOAD_DEFAULT;
    if (z->load < LOAD_DEFAULT || z->load > UINT32_MAX || !is_power_of_2(align ? align : 1))
        return error_set(error, "%s: broken header: preferred address 0x%" PRIx64 ", alignment 0x%x", z->kernel->name, z->load, align);
    if (z->load + init_size(z) > z->info->low_ram && relocatable && align)
        z->load = ALIGN_UP((uint64_t)LOAD_DEFAULT, align);
    z->end = z->load + init_size(z);
    if (z->end > z->info->low_ram)
        return error_set(error, "%s: the kernel needs RAM up to %" PRIu64 " MiB, there are %" PRIu64 " MiB (-m)", z->kernel->name,
                         (z->end + (1 << 20) - 1) >> 20, z->info->low_ram >> 20);
    return true;
}

/* As high as the kernel allows. */
static bool place_initrd(BzImage *z, GError **error)
{
    uint64_t top = MIN_OF((uint64_t)ldl_le_p(z->hdr + HDR_INITRD_ADDR_MAX) + 1, z->info->low_ram);

    if (!z->initrd->data)
        return true;
    if (z->initrd->len > top || ALIGN_DOWN(top - z->initrd->len, MEM_PAGE_SIZE) < z->end)
        return error_set(error, "%s: no room for %zu KiB between the kernel's end at %" PRIu64 " MiB and %" PRIu64 " MiB (-m)", z->initrd->name,
                         z->initrd->len >> 10, z->end >> 20, top >> 20);
    z->initrd_at = ALIGN_DOWN(top - z->initrd->len, MEM_PAGE_SIZE);
    return true;
}

static bool add_command_line(const BzImage *z, X86BootImage *image, GError **error)
{
    const char *text = z->info->append ? z->info->append : "";
    size_t most = MIN_OF(ldl_le_p(z->hdr + HDR_CMDLINE_SIZE), X86_BOOT_TEXT_END - X86_BOOT_TEXT - 1);

    if (strlen(text) > most)
        return error_set(error, "-append: %zu characters; %s takes at most %zu", strlen(text), z->kernel->name, most);
    x86_boot_add(image, X86_BOOT_TEXT, text, strlen(text) + 1);
    return true;
}

/* struct setup_data { u64 next; u32 type, len; u8 data[] } with a seed for the kernel's random numbers. */
static void add_seed(const BzImage *z, X86BootImage *image, uint8_t *params)
{
    uint8_t node[16 + SEED_BYTES] = { 0 };

    if (z->version < VERSION_SETUP_DATA)
        return;
    stl_le_p(node + 8, SETUP_RNG_SEED);
    stl_le_p(node + 12, SEED_BYTES);
    entropy_bytes(node + 16, SEED_BYTES);
    x86_boot_add(image, X86_BOOT_DATA, node, sizeof(node));
    stq_le_p(params + HDR_SETUP_DATA, X86_BOOT_DATA);
}

static void fill_params(const BzImage *z, uint8_t *params)
{
    const X86BootInfo *info = z->info;
    size_t end = MIN_OF(MAX_OF((size_t)HDR_MAGIC + z->hdr[HDR_JUMP + 1], (size_t)HDR_MIN_END), (size_t)HDR_MAX_END);
    unsigned n = MIN_OF(info->n_e820, BP_MAX_E820);

    memcpy(params + HDR_START, z->hdr + HDR_START, end - HDR_START);
    stq_le_p(params + BP_ACPI_RSDP_ADDR, info->rsdp);
    stl_le_p(params + BP_ALT_MEM_K, (uint32_t)((info->low_ram - (1 << 20)) >> 10));
    params[HDR_TYPE_OF_LOADER] = LOADER_UNDEFINED;
    stl_le_p(params + HDR_CODE32_START, (uint32_t)z->load);
    stl_le_p(params + HDR_RAMDISK_IMAGE, (uint32_t)z->initrd_at);
    stl_le_p(params + HDR_RAMDISK_SIZE, (uint32_t)z->initrd->len);
    stl_le_p(params + HDR_CMD_LINE_PTR, X86_BOOT_TEXT);
    params[BP_E820_ENTRIES] = (uint8_t)n;
    for (unsigned i = 0; i < n; i++) {
        uint8_t *e = params + BP_E820_TABLE + 20 * i;

        stq_le_p(e, info->e820[i].base);
        stq_le_p(e + 8, info->e820[i].size);
        stl_le_p(e + 16, info->e820[i].type);
    }
}

static bool enters_64(const BzImage *z)
{
    return z->info->long_mode && z->version >= VERSION_XLOADFLAGS && (lduw_le_p(z->hdr + HDR_XLOADFLAGS) & XLF_KERNEL_64);
}

bool x86_bzimage_load(const X86BootInfo *info, const X86BootFile *kernel, const X86BootFile *initrd, X86BootImage *image, bool *mine, GError **error)
{
    BzImage z = { .info = info, .kernel = kernel, .initrd = initrd, .hdr = kernel->data };
    uint8_t params[BP_SIZE] = { 0 };

    *mine = kernel->len >= HDR_MAX_END && !memcmp(kernel->data + HDR_MAGIC, "HdrS", 4) && lduw_le_p(kernel->data + HDR_BOOT_FLAG) == 0xaa55;
    if (!*mine)
        return true;
    if (!parse(&z, error) || !place_kernel(&z, error) || !place_initrd(&z, error) || !add_command_line(&z, image, error))
        return false;
    fill_params(&z, params);
    add_seed(&z, image, params);
    x86_boot_add(image, X86_BOOT_PARAMS, params, sizeof(params));
    x86_boot_add(image, z.load, kernel->data + z.code_at, z.code_len);
    if (initrd->data)
        x86_boot_add(image, z.initrd_at, initrd->data, initrd->len);
    x86_boot_start(image, enters_64(&z), z.load + (enters_64(&z) ? ENTRY_64 : 0), X86_BOOT_PARAMS);
    return true;
}
