/* SPDX-License-Identifier: MIT */
/*
 * Base addresses: sizing by write masks, and the places of their regions in the bus's windows.
 *
 * A BAR is mapped while the command register's bit for its space is set and its address makes sense: not zero, and not up to the end of
 * the 32-bit (64-bit) space, which is what software writes there to learn the size. All moves of one write are one transaction.
 */
#include <inttypes.h>

#include "base/bits.h"
#include "hw/pci/pci_internal.h"

#define IO_SPACE_END 0x10000u

static unsigned bar_offset(unsigned n)
{
    return n == PCI_ROM_BAR ? PCI_ROM_ADDRESS : PCI_BASE_ADDRESS_0 + 4 * n;
}

void pci_register_bar(PCIDevice *dev, unsigned n, uint8_t flags, MemoryRegion *region)
{
    PCIBar *bar = &dev->bars[n];
    uint64_t mask = ~(region->size - 1);
    unsigned at = bar_offset(n);

    g_assert(n <= PCI_ROM_BAR && !bar->region && is_power_of_2(region->size) && region->size >= (flags & PCI_BAR_IO ? 4 : 16));
    *bar = (PCIBar){ .region = region, .size = region->size, .flags = flags };
    if (n == PCI_ROM_BAR)
        mask |= PCI_ROM_ADDRESS_ENABLE;
    else
        pci_config_set_long(dev, at, flags);
    stl_le_p(dev->wmask + at, (uint32_t)mask);
    if (flags & PCI_BAR_64)
        stl_le_p(dev->wmask + at + 4, (uint32_t)(mask >> 32));
}

bool pci_bars_touched(unsigned offset, unsigned size)
{
    unsigned end = offset + size;

    return (offset < PCI_COMMAND + 2 && end > PCI_COMMAND) || (offset < PCI_BASE_ADDRESS_0 + 4 * PCI_NB_BARS && end > PCI_BASE_ADDRESS_0) ||
           (offset < PCI_ROM_ADDRESS + 4 && end > PCI_ROM_ADDRESS);
}

/* Where BAR n is to be mapped; false: nowhere. */
static bool wanted_address(const PCIDevice *dev, unsigned n, hwaddr *addr)
{
    const PCIBar *bar = &dev->bars[n];
    uint16_t command = lduw_le_p(dev->config + PCI_COMMAND);
    uint32_t low = ldl_le_p(dev->config + bar_offset(n));
    uint64_t last, limit = bar->flags & PCI_BAR_IO ? IO_SPACE_END - 1 : UINT32_MAX - 1ull;

    if (!(command & (bar->flags & PCI_BAR_IO ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY)))
        return false;
    if (n == PCI_ROM_BAR && !(low & PCI_ROM_ADDRESS_ENABLE))
        return false;
    *addr = low & ~(bar->size - 1);
    if (bar->flags & PCI_BAR_64) {
        *addr |= ((uint64_t)ldl_le_p(dev->config + bar_offset(n) + 4) << 32) & ~(bar->size - 1);
        limit = UINT64_MAX - 1;
    }
    last = *addr + bar->size - 1;
    return *addr && last >= *addr && last <= limit;
}

static void bar_place(PCIDevice *dev, PCIBar *bar, bool map, hwaddr addr)
{
    MemoryRegion *window = bar->flags & PCI_BAR_IO ? dev->bus->config.io : dev->bus->config.memory;

    if (bar->mapped && map && bar->region->addr == addr)
        return;
    if (bar->mapped)
        memory_region_del_subregion(window, bar->region);
    if (map)
        memory_region_add_subregion_overlap(window, addr, bar->region, 1);
    bar->mapped = map;
}

void pci_bars_update(PCIDevice *dev)
{
    memory_transaction_begin();
    for (unsigned n = 0; n <= PCI_ROM_BAR; n++) {
        hwaddr addr = 0;
        bool map = dev->bars[n].region && wanted_address(dev, n, &addr);

        if (dev->bars[n].region)
            bar_place(dev, &dev->bars[n], map, addr);
    }
    memory_transaction_commit();
}

void pci_bars_reset(PCIDevice *dev)
{
    for (unsigned n = 0; n <= PCI_ROM_BAR; n++) {
        if (!dev->bars[n].region)
            continue;
        pci_config_set_long(dev, bar_offset(n), n == PCI_ROM_BAR ? 0 : dev->bars[n].flags);
        if (dev->bars[n].flags & PCI_BAR_64)
            pci_config_set_long(dev, bar_offset(n) + 4, 0);
    }
    pci_bars_update(dev);
}

void pci_bars_remove(PCIDevice *dev)
{
    for (unsigned n = 0; n <= PCI_ROM_BAR; n++)
        if (dev->bars[n].mapped)
            bar_place(dev, &dev->bars[n], false, 0);
}
