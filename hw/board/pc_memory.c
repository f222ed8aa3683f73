/* SPDX-License-Identifier: MIT */
/*
 * A PC's memory: RAM below and above the hole that PCI and the chipset take under 4 GiB, and the firmware's ROM.
 *
 *   0           low RAM; host bridge windows show PCI in a0000-bffff (VGA) and, until firmware opens them, in c0000-fffff
 *   low_ram     PCI: base addresses, q35's configuration window at b0000000, I/O APIC fec00000, HPET fed00000, local APICs fee00000
 *   4G - size   the firmware's ROM; its last 128 KiB are also at e0000-fffff of PCI
 *   4G          the rest of RAM
 *
 * RAM lies at priority 0, PCI's memory beneath everything at -1: a base address never hides RAM or the chipset.
 */
#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "hw/board/pc_internal.h"
#include "hw/board/read_file.h"

#define MIB (1ull << 20)
#define ISA_BIOS_MAX 0x20000u
#define BIOS_MAX (16 * MIB)
#define BIOS_UNIT 0x10000u

bool pc_create_memory(PcBoard *b, GError **error)
{
    MemoryRegion *root = memory_system_root();

    if (!memory_region_init_ram(&b->ram, "ram", b->ram_bytes, error))
        return false;
    memory_region_init(&b->pci_memory, "pci", UINT64_MAX);
    memory_region_init(&b->pci_io, "pci-io", 0x10000);
    memory_region_init_alias(&b->low_alias, "ram-below-4g", &b->ram, 0, b->low_ram);
    memory_region_add_subregion(root, 0, &b->low_alias);
    if (b->high_ram) {
        memory_region_init_alias(&b->high_alias, "ram-above-4g", &b->ram, b->low_ram, b->high_ram);
        memory_region_add_subregion(root, PC_HIGH_RAM, &b->high_alias);
    }
    memory_region_add_subregion_overlap(root, 0, &b->pci_memory, -1);
    memory_region_add_subregion_overlap(memory_io_root(), 0, &b->pci_io, -1);
    return true;
}

/* ---- firmware ---- */
/* -bios FILE may be a path or the name of a file that a package has installed. */
static char *find_bios(const char *name)
{
    static const char *const folders[] = { "/usr/share/seabios", "/usr/share/qemu", "/usr/share/ovmf", "/usr/share/OVMF" };

    if (g_file_test(name, G_FILE_TEST_EXISTS))
        return g_strdup(name);
    for (unsigned i = 0; !strchr(name, '/') && i < ARRAY_SIZE(folders); i++) {
        g_autofree char *path = g_build_filename(folders[i], name, NULL);

        if (g_file_test(path, G_FILE_TEST_EXISTS))
            return g_steal_pointer(&path);
    }
    return NULL;
}

static bool place_bios(PcBoard *b, const uint8_t *data, size_t len, const char *path, GError **error)
{
    uint64_t isa = MIN_OF(len, ISA_BIOS_MAX);

    if (!len || len % BIOS_UNIT)
        return error_set(error, "%s: a firmware image has a multiple of 64 KiB, this file has %zu bytes", path, len);
    if (!memory_region_init_rom(&b->bios, "bios", len, error))
        return false;
    memcpy(memory_region_ram_ptr(&b->bios), data, len);
    memory_region_add_subregion(memory_system_root(), PC_HIGH_RAM - len, &b->bios);
    memory_region_init_alias(&b->isa_bios, "isa-bios", &b->bios, len - isa, isa);
    memory_region_add_subregion(&b->pci_memory, MIB - isa, &b->isa_bios);
    b->has_bios = true;
    return true;
}

bool pc_load_bios(PcBoard *b, GError **error)
{
    const char *name = b->config->bios ? b->config->bios : "bios-256k.bin";
    g_autofree char *path = find_bios(name);
    g_autofree uint8_t *data = NULL;
    size_t len;

    if (!path && b->config->bios)
        return error_set(error, "-bios %s: no such file, here or among the installed firmware (packages seabios and ovmf)", name);
    if (!path)
        return error_set(error, "no firmware is installed: install the package seabios, name a file with -bios, or boot a kernel with -kernel");
    data = board_read_file(path, BIOS_MAX, &len, error);
    return data && place_bios(b, data, len, path, error);
}

/* ---- memory map ---- */
PcE820 *pc_e820(const PcBoard *b, bool direct, unsigned *n)
{
    GArray *map = g_array_new(FALSE, FALSE, sizeof(PcE820));
    const PcE820 all[] = {
        { 0, direct ? PC_EBDA : b->low_ram, E820_RAM },
        { PC_EBDA, direct ? 0xa0000 - PC_EBDA : 0, E820_RESERVED },
        { PC_TABLES, direct ? PC_TABLES_END - PC_TABLES : 0, E820_RESERVED },
        { PC_TABLES_END, direct ? b->low_ram - PC_TABLES_END : 0, E820_RAM },
        { PC_ECAM_BASE, direct && b->chipset->q35 ? PC_ECAM_SIZE : 0, E820_RESERVED },
        { PC_RCBA_BASE, direct && b->chipset->q35 ? 0x4000 : 0, E820_RESERVED },
        { PC_HIGH_RAM, b->high_ram, E820_RAM },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
        if (all[i].size)
            g_array_append_val(map, all[i]);
    *n = map->len;
    return (PcE820 *)(void *)g_array_free(map, FALSE);
}
