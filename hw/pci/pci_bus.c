/* SPDX-License-Identifier: MIT */
/*
 * Buses: which function is where, and configuration cycles to it.
 *
 * Each bus is a root bus, number 0: there are no bridges to others. A bus resets its functions' common registers with the machine;
 * what else a function has is its own reset's.
 */
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "cpus/runstate.h"
#include "hw/pci/pci_internal.h"

static GPtrArray *buses; /* (B) */

static void bus_reset(void *opaque)
{
    PCIBus *bus = opaque;

    memory_transaction_begin();
    for (unsigned i = 0; i < ARRAY_SIZE(bus->devices); i++)
        if (bus->devices[i])
            pci_config_reset(bus->devices[i]);
    memory_transaction_commit();
}

PCIBus *pci_bus_new(const PCIBusConfig *config)
{
    PCIBus *bus = g_new0(PCIBus, 1);

    bus->config = *config;
    if (!buses)
        buses = g_ptr_array_new();
    g_ptr_array_add(buses, bus);
    runstate_add_reset(bus_reset, bus);
    return bus;
}

PCIBus *pci_bus_find(const char *name)
{
    for (unsigned i = 0; buses && i < buses->len; i++) {
        PCIBus *bus = buses->pdata[i];

        if (!strcmp(bus->config.name, name))
            return bus;
    }
    return NULL;
}

static int free_slot(const PCIBus *bus)
{
    for (int slot = 1; slot < 32; slot++) {
        bool taken = false;

        for (int fn = 0; fn < 8; fn++)
            taken |= bus->devices[PCI_DEVFN(slot, fn)] != NULL;
        if (!taken)
            return PCI_DEVFN(slot, 0);
    }
    return -1;
}

/* A slot has several functions exactly when function 0 says so. */
static void mark_multi_function(PCIBus *bus, int slot)
{
    PCIDevice *first = bus->devices[PCI_DEVFN(slot, 0)];

    for (int fn = 1; first && fn < 8; fn++)
        if (bus->devices[PCI_DEVFN(slot, fn)])
            first->config[PCI_HEADER_TYPE] |= PCI_HEADER_MULTI_FUNCTION;
}

bool pci_place(PCIDevice *dev, PCIBus *bus, int devfn, GError **error)
{
    if (devfn < 0)
        devfn = free_slot(bus);
    if (devfn < 0)
        return error_set(error, "%s: bus %s has no free slot", dev->parent.class->name, bus->config.name);
    if (devfn >= (int)ARRAY_SIZE(bus->devices) || bus->devices[devfn])
        return error_set(error, "%s: bus %s has %s at %02x.%x", dev->parent.class->name, bus->config.name,
                         devfn >= (int)ARRAY_SIZE(bus->devices) ? "no place" : bus->devices[devfn]->parent.class->name, (unsigned)devfn >> 3,
                         (unsigned)devfn & 7);
    dev->bus = bus;
    dev->devfn = (uint8_t)devfn;
    bus->devices[devfn] = dev;
    pci_config_init(dev);
    mark_multi_function(bus, devfn >> 3);
    return true;
}

void pci_remove(PCIDevice *dev)
{
    dev->intx_level = 0;
    pci_intx_update(dev);
    pci_bars_remove(dev);
    pci_msi_free(dev);
    dev->bus->devices[dev->devfn] = NULL;
}

PCIDevice *pci_bus_device(PCIBus *bus, unsigned devfn)
{
    return devfn < ARRAY_SIZE(bus->devices) ? bus->devices[devfn] : NULL;
}

/* A function is seen once it is realized. Accesses are naturally aligned, so they stay within its space. */
static PCIDevice *cycle_target(PCIBus *bus, unsigned bus_nr, unsigned devfn, unsigned offset, unsigned size)
{
    PCIDevice *dev = bus_nr ? NULL : pci_bus_device(bus, devfn);

    if (!dev || !dev->parent.realized || (offset & (size - 1)) || offset + size > (dev->express ? PCIE_CONFIG_SIZE : PCI_CONFIG_SIZE))
        return NULL;
    return dev;
}

uint32_t pci_config_cycle_read(PCIBus *bus, unsigned bus_nr, unsigned devfn, unsigned offset, unsigned size)
{
    PCIDevice *dev = cycle_target(bus, bus_nr, devfn, offset, size);

    return dev ? pci_config_read(dev, offset, size) : (uint32_t)MASK64(size * 8);
}

void pci_config_cycle_write(PCIBus *bus, unsigned bus_nr, unsigned devfn, unsigned offset, uint32_t value, unsigned size)
{
    PCIDevice *dev = cycle_target(bus, bus_nr, devfn, offset, size);

    if (dev)
        pci_config_write(dev, offset, value, size);
}
