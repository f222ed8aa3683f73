/* SPDX-License-Identifier: MIT */
/*
 * "PIIX4_PM": the PCI function that places machine pc's ACPI hardware (Intel 82371AB function 3), 8086:7113.
 *
 * The registers themselves are the device "acpi-pm"'s. Its SMBus host is not there: SMBHSTCFG reads as disabled.
 */
#include "base/bits.h"
#include "hw/acpi/acpi_pm.h"
#include "hw/pci/pci.h"

#define PMBA 0x40u
#define PMBA_MASK 0xffc0u
#define PMBA_IO 1u
#define DEVACTB 0x58u
#define DEVACTB_APMC_EN (1u << 25)
#define PMREGMISC 0x80u
#define PMREGMISC_PMIOSE 1u

typedef struct Piix4Pm {
    PCIDevice pci;
    Device *pm;         /* (c) acpi-pm */
    MemoryRegion *io;   /* (c) where its ports go */
} Piix4Pm;

static void update(Piix4Pm *s)
{
    MemoryRegion *mr = device_region(s->pm, 0);
    unsigned base = ldl_le_p(s->pci.config + PMBA) & PMBA_MASK;

    acpi_pm_set_apmc_smi(s->pm, ldl_le_p(s->pci.config + DEVACTB) & DEVACTB_APMC_EN);
    memory_transaction_begin();
    memory_region_set_address(mr, base);
    memory_region_set_enabled(mr, base && (s->pci.config[PMREGMISC] & PMREGMISC_PMIOSE));
    memory_transaction_commit();
}

static void config_written(PCIDevice *dev, unsigned offset, unsigned size)
{
    if (offset <= PMREGMISC && offset + size > PMBA)
        update((Piix4Pm *)dev);
}

static const PCIOps piix4_pm_ops = { .config_written = config_written };

static bool piix4_pm_realize(Device *dev, GError **error)
{
    Piix4Pm *s = (Piix4Pm *)dev;

    s->pci.ops = &piix4_pm_ops;
    pci_config_set_ids(&s->pci, 0x8086, 0x7113, 0x1af4, 0x1100, 0x068000, 0x03);
    pci_config_set_pin(&s->pci, 1);
    stw_le_p(s->pci.wmask + PMBA, PMBA_MASK);
    stl_le_p(s->pci.wmask + DEVACTB, ~0u);
    s->pci.wmask[PMREGMISC] = PMREGMISC_PMIOSE;
    memory_region_add_subregion(s->io, 0, device_region(s->pm, 0));
    return true;
}

static void piix4_pm_reset(Device *dev)
{
    Piix4Pm *s = (Piix4Pm *)dev;

    pci_config_set_long(&s->pci, PMBA, PMBA_IO);
    pci_config_set_long(&s->pci, DEVACTB, 0);
    s->pci.config[PMREGMISC] = 0;
    update(s);
}

static const Property piix4_pm_properties[] = {
    { "pm", PROP_LINK, offsetof(Piix4Pm, pm), NULL, "the acpi-pm device" },
    { "io", PROP_LINK, offsetof(Piix4Pm, io), NULL, "I/O ports" },
    { NULL },
};
static const SnapshotField piix4_pm_fields[] = { SNAP(Piix4Pm, pci.config), { NULL } };

const DeviceClass piix4_pm_class = {
    .name = "PIIX4_PM",
    .description = "power management of machine pc",
    .instance_size = sizeof(Piix4Pm),
    .properties = piix4_pm_properties,
    .fields = piix4_pm_fields,
    .realize = piix4_pm_realize,
    .reset = piix4_pm_reset,
};
