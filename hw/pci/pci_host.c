/* SPDX-License-Identifier: MIT */
/*
 * "pci-host": configuration mechanism #1, ports 0xcf8 (address, 32-bit accesses only) and 0xcfc (data).
 *
 * Regions: 0 the address register, 1 the data window. Port 0xcf9 within the former is the reset control register, see hw/misc/isa.h.
 */
#include "base/bits.h"
#include "hw/misc/isa.h"
#include "hw/pci/pci.h"

#define ADDRESS_ENABLE 0x80000000u
#define ADDRESS_WRITABLE 0x80fffffcu
#define RESET_PORT 1u               /* 0xcf9 - 0xcf8 */

typedef struct PciHost {
    Device parent;
    MemoryRegion address_mr, data_mr;
    PCIBus *bus;                    /* (c) */
    Device *reset_control;          /* (c) may be NULL */
    uint32_t address;               /* (B) */
} PciHost;

static MemTxResult address_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    PciHost *s = opaque;

    *value = MASK64(size * 8);
    if (size == 4 && !offset)
        *value = s->address;
    else if (size == 1 && offset == RESET_PORT && s->reset_control)
        *value = reset_control_read(s->reset_control);
    return MEMTX_OK;
}

static MemTxResult address_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    PciHost *s = opaque;

    if (size == 4 && !offset)
        s->address = (uint32_t)value & ADDRESS_WRITABLE;
    else if (size == 1 && offset == RESET_PORT && s->reset_control)
        reset_control_write(s->reset_control, (uint8_t)value);
    return MEMTX_OK;
}

static MemTxResult data_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    PciHost *s = opaque;

    *value = MASK64(size * 8);
    if (s->address & ADDRESS_ENABLE)
        *value = pci_config_cycle_read(s->bus, s->address >> 16 & 0xff, s->address >> 8 & 0xff, (s->address & 0xfc) | (unsigned)offset, size);
    return MEMTX_OK;
}

static MemTxResult data_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    PciHost *s = opaque;

    if (s->address & ADDRESS_ENABLE)
        pci_config_cycle_write(s->bus, s->address >> 16 & 0xff, s->address >> 8 & 0xff, (s->address & 0xfc) | (unsigned)offset, (uint32_t)value, size);
    return MEMTX_OK;
}

static void pci_host_reset(Device *dev)
{
    ((PciHost *)dev)->address = 0;
}

static const MemoryRegionOps address_ops = { address_read, address_write, .valid = { 1, 4, true }, .impl = { 1, 4, true } };
static const MemoryRegionOps data_ops = { data_read, data_write, .valid = { 1, 4, true }, .impl = { 1, 4 } };
static const DeviceRegion pci_host_regions[] = {
    { "pci-conf-address", offsetof(PciHost, address_mr), &address_ops, 4, false },
    { "pci-conf-data", offsetof(PciHost, data_mr), &data_ops, 4, false },
    { NULL },
};
static const Property pci_host_properties[] = {
    { "bus", PROP_LINK, offsetof(PciHost, bus), NULL, "root bus" },
    { "reset-control", PROP_LINK, offsetof(PciHost, reset_control), NULL, "device that serves port 0xcf9" },
    { NULL },
};
static const SnapshotField pci_host_fields[] = { SNAP(PciHost, address), { NULL } };

const DeviceClass pci_host_class = {
    .name = "pci-host",
    .description = "PCI configuration ports",
    .instance_size = sizeof(PciHost),
    .properties = pci_host_properties,
    .regions = pci_host_regions,
    .fields = pci_host_fields,
    .reset = pci_host_reset,
};
