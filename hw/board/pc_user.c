/* SPDX-License-Identifier: MIT */
/*
 * Devices that the user chose: graphics adapter, drives, firmware flash, -device.
 *
 * -device NAME,key=value: id names it, bus and addr place a PCI function (addr=SLOT or SLOT.FUNCTION, in hexadecimal); the rest are
 * its properties. An ISA device is one with a property "iobase".
 */
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "hw/block/pflash.h"
#include "hw/board/pc_internal.h"
#include "hw/core/keyval.h"
#include "hw/ide/ide.h"
#include "hw/misc/isa.h"

#define ISA_BIOS_MAX 0x20000u
#define MIB (1ull << 20)
#define PFLASH_MAX (8 * MIB)
#define IDE_DEVFN PCI_DEVFN(1, 1)
#define AHCI_DEVFN PCI_DEVFN(31, 2)

/* ---- PCI functions ---- */
bool pc_add_function(PcBoard *b, Device *dev, int devfn, GError **error)
{
    if (!pci_place((PCIDevice *)dev, b->bus, devfn, error))
        return false;
    if (device_realize(dev, error))
        return true;
    pci_remove((PCIDevice *)dev);
    return false;
}

static bool create_vga(PcBoard *b, GError **error)
{
    Device *vga;

    if (b->config->no_defaults ? !b->config->vga : b->config->vga && !strcmp(b->config->vga, "none"))
        return true;
    vga = device_new("VGA", error);
    device_set_link(vga, "window-memory", &b->pci_memory);
    return pc_add_function(b, vga, b->chipset->q35 ? PCI_DEVFN(1, 0) : PCI_DEVFN(2, 0), error);
}

/* ---- drives ---- */
static bool is_disk(const Drive *d)
{
    return d->interface == DRIVE_IF_IDE || d->interface == DRIVE_IF_DEFAULT;
}

static bool create_disks(PcBoard *b, GError **error)
{
    Device *dev = device_new(b->chipset->q35 ? "ich9-ahci" : "piix3-ide", error);

    for (unsigned i = 0; i < 2 && !b->chipset->q35; i++)
        device_connect_irq(dev, "irq", i, pc_gsi_line(b, 14 + i));
    if (!pc_add_function(b, dev, b->chipset->q35 ? AHCI_DEVFN : IDE_DEVFN, error))
        return false;
    for (unsigned i = 0; i < b->config->n_drives; i++) {
        const Drive *d = &b->config->drives[i];

        if (is_disk(d) && !ide_controller_attach(dev, d->index, d->blk, d->cdrom, error))
            return false;
    }
    return true;
}

/* Flash chips end at 4 GiB, one below the other; the first also shows its end below 1 MiB. */
static bool create_flash(PcBoard *b, const Drive *drive, uint64_t *top, GError **error)
{
    uint64_t size = block_size(drive->blk), isa = MIN_OF(size, ISA_BIOS_MAX);
    Device *dev = device_new("cfi.pflash01", error);

    if (!size || size % 0x1000 || size > PFLASH_MAX || PC_HIGH_RAM - *top + size > PFLASH_MAX)
        return error_set(error, "-drive if=pflash,id=%s: %" G_GUINT64_FORMAT " bytes; flash is a multiple of 4 KiB, up to 8 MiB together",
                         block_id(drive->blk), size);
    device_set_link(dev, "drive", drive->blk);
    if (!device_realize(dev, error))
        return false;
    memory_region_add_subregion(memory_system_root(), *top - size, pflash_memory(dev));
    if (*top == PC_HIGH_RAM) {
        memory_region_init_alias(&b->isa_bios, "isa-bios", pflash_memory(dev), size - isa, isa);
        memory_region_add_subregion(&b->pci_memory, MIB - isa, &b->isa_bios);
        b->has_bios = true;
    }
    *top -= size;
    return true;
}

static bool create_flashes(PcBoard *b, GError **error)
{
    uint64_t top = PC_HIGH_RAM;

    for (unsigned unit = 0; unit < 2; unit++)
        for (unsigned i = 0; i < b->config->n_drives; i++) {
            const Drive *d = &b->config->drives[i];

            if (d->interface == DRIVE_IF_PFLASH && d->index == unit && !create_flash(b, d, &top, error))
                return false;
        }
    if (b->has_bios && (b->config->bios || b->config->kernel))
        return error_set(error, "%s and firmware in flash (-drive if=pflash): give one of the two", b->config->bios ? "-bios" : "-kernel");
    return true;
}

/* ---- -device ---- */
static bool has_property(const Device *dev, const char *name)
{
    for (const Property *p = dev->class->properties; p && p->name; p++)
        if (!strcmp(p->name, name))
            return true;
    return false;
}

/* "1f.2", "5": slot and function. */
static bool parse_addr(const char *text, int *devfn, GError **error)
{
    char *end;
    guint64 slot = g_ascii_strtoull(text, &end, 16), fn = *end == '.' ? g_ascii_strtoull(end + 1, &end, 16) : 0;

    if (!g_ascii_isxdigit(*text) || *end || slot > 31 || fn > 7)
        return error_set(error, "-device addr=%s: write a slot, 0 to 1f, or slot.function", text);
    *devfn = PCI_DEVFN((int)slot, (int)fn);
    return true;
}

static bool set_properties(PcBoard *b, Device *dev, const GArray *items, int *devfn, GError **error)
{
    bool pci = dev->class->bus == DEVICE_PCI;

    for (unsigned i = 1; i < items->len; i++) {
        const KeyVal *item = &g_array_index(items, KeyVal, i);
        const char *value = item->value ? item->value : "on";

        if (!strcmp(item->key, "id")) {
            g_free(dev->id);
            dev->id = g_strdup(value);
        } else if (pci && !strcmp(item->key, "addr")) {
            if (!parse_addr(value, devfn, error))
                return false;
        } else if (pci && !strcmp(item->key, "bus")) {
            if (pci_bus_find(value) != b->bus)
                return error_set(error, "-device %s,bus=%s: the machine's bus is %s", dev->class->name, value, b->chipset->bus);
        } else if (!device_set_prop(dev, item->key, value, error)) {
            return false;
        }
    }
    return true;
}

static bool add_user_device(PcBoard *b, const char *text, GError **error)
{
    g_autoptr(GArray) items = keyval_parse(text);
    Device *dev = device_new(g_array_index(items, KeyVal, 0).key, error);
    int devfn = -1;

    if (!dev || !set_properties(b, dev, items, &devfn, error)) {
        device_free(dev);
        return false;
    }
    if (has_property(dev, "window-memory"))
        device_set_link(dev, "window-memory", &b->pci_memory);
    if (dev->class->bus == DEVICE_PCI ? pc_add_function(b, dev, devfn, error) : device_realize(dev, error)) {
        if (has_property(dev, "iobase"))
            isa_place(dev);
        return true;
    }
    device_free(dev);
    return false;
}

bool pc_create_user_devices(PcBoard *b, GError **error)
{
    if (!create_vga(b, error) || !create_disks(b, error) || !create_flashes(b, error))
        return false;
    for (unsigned i = 0; b->config->devices && i < b->config->devices->len; i++)
        if (!add_user_device(b, b->config->devices->pdata[i], error))
            return false;
    return true;
}
