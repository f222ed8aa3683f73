/* SPDX-License-Identifier: MIT */
/*
 * What functions do while they run: interrupts by pin, and bus mastering.
 *
 * intx_level is what the function wants; the line that the host bridge sees is driven only on changes, so that bridges may keep sets.
 */
#include <string.h>

#include "base/bits.h"
#include "hw/pci/pci_internal.h"

static uint16_t command(const PCIDevice *dev)
{
    return lduw_le_p(dev->config + PCI_COMMAND);
}

void pci_intx_update(PCIDevice *dev)
{
    bool level = dev->intx_level && !(command(dev) & PCI_COMMAND_INTX_DISABLE);
    unsigned pin = dev->config[PCI_INTERRUPT_PIN];

    if (dev->intx_level)
        dev->config[PCI_STATUS] |= PCI_STATUS_INTERRUPT;
    else
        dev->config[PCI_STATUS] &= (uint8_t)~PCI_STATUS_INTERRUPT;
    if (level == dev->intx_driven || !pin)
        return;
    dev->intx_driven = level;
    if (dev->bus->config.set_intx)
        dev->bus->config.set_intx(dev->bus->config.opaque, dev->devfn, pin - 1, level);
}

void pci_set_irq(PCIDevice *dev, int level)
{
    dev->intx_level = !!level;
    pci_intx_update(dev);
}

static MemTxAttrs attrs_of(const PCIDevice *dev)
{
    return (MemTxAttrs){ .memory = 1, .requester_id = dev->devfn };
}

MemTxResult pci_dma_read(PCIDevice *dev, hwaddr addr, void *buf, uint64_t len)
{
    if (command(dev) & PCI_COMMAND_MASTER)
        return address_space_read(&address_space_memory, addr, attrs_of(dev), buf, len);
    memset(buf, 0, len);
    return MEMTX_ERROR;
}

MemTxResult pci_dma_write(PCIDevice *dev, hwaddr addr, const void *buf, uint64_t len)
{
    if (command(dev) & PCI_COMMAND_MASTER)
        return address_space_write(&address_space_memory, addr, attrs_of(dev), buf, len);
    return MEMTX_ERROR;
}
