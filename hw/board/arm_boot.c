/* SPDX-License-Identifier: MIT */
/*
 * Placing kernel, initrd and device tree in RAM, and starting the boot CPU there.
 *
 *   ram_base + 2 MiB + text_offset   kernel (with text_offset of 2 MiB or more: ram_base + text_offset)
 *   then, no lower than half of RAM or 128 MiB, whichever is less: initrd, page-aligned
 *   then, on a 2 MiB boundary: device tree
 *
 * All pieces are kept and copied again at every reset, since the guest may have overwritten them.
 */
#include <inttypes.h>
#include <libfdt.h>
#include <string.h>

#include "base/bits.h"
#include "base/entropy.h"
#include "base/error.h"
#include "cpus/runstate.h"
#include "hw/board/arm_boot.h"
#include "hw/board/read_file.h"

#define BLOCK (2ull << 20) /* the kernel's base, and the tree's largest size */
#define INITRD_OFFSET_MAX (128ull << 20)

typedef struct BootState {
    ArmBootInfo info;
    ArmKernel kernel;
    uint8_t *initrd;
    size_t initrd_len;
    hwaddr kernel_at, initrd_at, fdt_at;
} BootState;

static bool load_files(BootState *b, GError **error)
{
    const ArmBootInfo *info = &b->info;
    g_autofree uint8_t *file = NULL;
    size_t len;

    file = board_read_file(info->kernel, info->ram_bytes, &len, error);
    if (!file || !arm_kernel_parse(file, len, info->kernel, info->ram_bytes, &b->kernel, error))
        return false;
    if (info->initrd)
        b->initrd = board_read_file(info->initrd, info->ram_bytes, &b->initrd_len, error);
    return b->initrd || !info->initrd;
}

/* Offsets from the start of RAM; the sums cannot overflow: each part is no larger than RAM (255 GiB). */
static bool place(BootState *b, GError **error)
{
    const ArmBootInfo *info = &b->info;
    uint64_t kernel = b->kernel.text_offset + (b->kernel.text_offset < BLOCK ? BLOCK : 0), kernel_end = kernel + b->kernel.image_size;
    uint64_t initrd = ALIGN_UP(MAX_OF(kernel_end, MIN_OF(info->ram_bytes / 2, INITRD_OFFSET_MAX)), MEM_PAGE_SIZE);
    uint64_t fdt = ALIGN_UP(initrd + b->initrd_len, BLOCK), end = fdt + fdt_totalsize(info->fdt);

    if (kernel_end > info->ram_bytes)
        return error_set(error, "%s: the kernel ends %" PRIu64 " MiB into RAM, which has %" PRIu64 " MiB (-m)", info->kernel,
                         (kernel_end + (1 << 20) - 1) >> 20, info->ram_bytes >> 20);
    if (b->initrd && initrd + b->initrd_len > info->ram_bytes)
        return error_set(error, "%s: the initrd ends %" PRIu64 " MiB into RAM, which has %" PRIu64 " MiB (-m)", info->initrd,
                         (initrd + b->initrd_len + (1 << 20) - 1) >> 20, info->ram_bytes >> 20);
    if (end > info->ram_bytes)
        return error_set(error, "%s: no room for the device tree after kernel and initrd in %" PRIu64 " MiB of RAM (-m)", info->kernel,
                         info->ram_bytes >> 20);
    b->kernel_at = info->ram_base + kernel;
    b->initrd_at = info->ram_base + initrd;
    b->fdt_at = info->ram_base + fdt;
    return true;
}

static bool fdt_failed(GError **error, int code)
{
    return error_set(error, "device tree: cannot fill in /chosen: %s", fdt_strerror(code));
}

static bool fill_chosen(BootState *b, GError **error)
{
    void *fdt = b->info.fdt;
    int node = fdt_path_offset(fdt, "/chosen"), r = 0;

    if (node < 0)
        node = fdt_add_subnode(fdt, 0, "chosen");
    if (node < 0)
        return fdt_failed(error, node);
    if (b->info.append)
        r = fdt_setprop_string(fdt, node, "bootargs", b->info.append);
    if (!r && b->initrd)
        r = fdt_setprop_u64(fdt, node, "linux,initrd-start", b->initrd_at);
    if (!r && b->initrd)
        r = fdt_setprop_u64(fdt, node, "linux,initrd-end", b->initrd_at + b->initrd_len);
    return r ? fdt_failed(error, r) : true;
}

/* New seeds for each boot; trees that came without these properties get none. */
static void renew_seeds(void *fdt)
{
    int node = fdt_path_offset(fdt, "/chosen"), len;
    uint8_t seed[64];

    for (unsigned i = 0; node >= 0 && i < 2; i++) {
        const char *name = i ? "rng-seed" : "kaslr-seed";

        if (fdt_getprop(fdt, node, name, &len) && len > 0 && (size_t)len <= sizeof(seed)) {
            entropy_bytes(seed, (size_t)len);
            fdt_setprop_inplace(fdt, node, name, seed, len);
        }
    }
}

/* As the machine's reset handler, after the devices' and CPUs'. */
static void load_into_ram(void *opaque)
{
    BootState *b = opaque;

    renew_seeds(b->info.fdt);
    address_space_write_rom(&address_space_memory, b->kernel_at, b->kernel.data, b->kernel.len);
    if (b->initrd)
        address_space_write_rom(&address_space_memory, b->initrd_at, b->initrd, b->initrd_len);
    address_space_write_rom(&address_space_memory, b->fdt_at, b->info.fdt, fdt_totalsize(b->info.fdt));
    arm_cpu_set_boot(b->info.cpu, b->kernel_at, b->fdt_at);
}

static void boot_free(BootState *b)
{
    arm_kernel_free(&b->kernel);
    g_free(b->initrd);
    g_free(b->info.fdt);
    g_free(b);
}

bool arm_boot_setup(const ArmBootInfo *info, GError **error)
{
    BootState *b = g_new0(BootState, 1);

    b->info = *info;
    if (!load_files(b, error) || !place(b, error) || !fill_chosen(b, error)) {
        boot_free(b);
        return false;
    }
    load_into_ram(b);
    runstate_add_reset(load_into_ram, b);
    return true;
}
