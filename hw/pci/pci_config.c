/* SPDX-License-Identifier: MIT */
/*
 * Configuration space: bytes with write masks.
 *
 * A write changes the bits in wmask, clears those of w1cmask that are written as ones, and then looks at what it has touched: base
 * addresses and command bits move BARs, INTx disable moves the line, MSI registers may release pending messages. A function's own
 * config_written comes last and sees the result.
 */
#include <string.h>

#include "base/bits.h"
#include "hw/pci/pci_internal.h"

void pci_config_set_word(PCIDevice *dev, unsigned offset, uint16_t value)
{
    g_assert(offset + 2 <= PCIE_CONFIG_SIZE);
    stw_le_p(dev->config + offset, value);
}

void pci_config_set_long(PCIDevice *dev, unsigned offset, uint32_t value)
{
    g_assert(offset + 4 <= PCIE_CONFIG_SIZE);
    stl_le_p(dev->config + offset, value);
}

void pci_config_set_pin(PCIDevice *dev, uint8_t pin)
{
    g_assert(pin <= 4);
    dev->config[PCI_INTERRUPT_PIN] = pin;
}

void pci_config_set_ids(PCIDevice *dev, uint16_t vendor, uint16_t device, uint16_t subsystem_vendor, uint16_t subsystem, uint32_t class_code,
                        uint8_t revision)
{
    pci_config_set_word(dev, PCI_VENDOR_ID, vendor);
    pci_config_set_word(dev, PCI_DEVICE_ID, device);
    pci_config_set_word(dev, PCI_SUBSYSTEM_VENDOR_ID, subsystem_vendor);
    pci_config_set_word(dev, PCI_SUBSYSTEM_ID, subsystem);
    dev->config[PCI_REVISION_ID] = revision;
    for (unsigned i = 0; i < 3; i++)
        dev->config[PCI_CLASS_PROG + i] = (uint8_t)(class_code >> 8 * i);
}

void pci_config_init(PCIDevice *dev)
{
    stw_le_p(dev->wmask + PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY | PCI_COMMAND_SERR |
                                           PCI_COMMAND_INTX_DISABLE);
    stw_le_p(dev->w1cmask + PCI_STATUS, PCI_STATUS_ERRORS);
    dev->wmask[PCI_CACHE_LINE_SIZE] = 0xff;
    dev->wmask[PCI_LATENCY_TIMER] = 0xff;
    dev->wmask[PCI_INTERRUPT_LINE] = 0xff;
}

void pci_config_reset(PCIDevice *dev)
{
    pci_config_set_word(dev, PCI_COMMAND, 0);
    pci_config_set_word(dev, PCI_STATUS, lduw_le_p(dev->config + PCI_STATUS) & PCI_STATUS_CAP_LIST);
    dev->config[PCI_CACHE_LINE_SIZE] = 0;
    dev->config[PCI_LATENCY_TIMER] = 0;
    dev->config[PCI_INTERRUPT_LINE] = 0;
    dev->intx_level = 0;
    pci_intx_update(dev);
    pci_msi_reset(dev);
    pci_bars_reset(dev);
}

unsigned pci_add_capability(PCIDevice *dev, uint8_t id, uint8_t size)
{
    unsigned at = PCI_FIRST_CAPABILITY, next = dev->config[PCI_CAPABILITY_LIST];

    g_assert(size >= 2);
    for (unsigned c = next; c; c = dev->config[c + 1])
        at = MAX_OF(at, c + dev->cap_sizes[c / 4] * 4u);
    g_assert(at + size <= PCI_CONFIG_SIZE);
    dev->cap_sizes[at / 4] = (uint8_t)((size + 3) / 4);
    dev->config[at] = id;
    dev->config[at + 1] = (uint8_t)next;
    dev->config[PCI_CAPABILITY_LIST] = (uint8_t)at;
    dev->config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
    return at;
}

uint32_t pci_config_get(const PCIDevice *dev, unsigned offset, unsigned size)
{
    uint32_t value = 0;

    memcpy(&value, dev->config + offset, size);
    return value;
}

uint32_t pci_config_read(PCIDevice *dev, unsigned offset, unsigned size)
{
    uint32_t value = pci_config_get(dev, offset, size);

    return dev->ops && dev->ops->config_read ? dev->ops->config_read(dev, offset, size, value) : value;
}

void pci_config_write(PCIDevice *dev, unsigned offset, uint32_t value, unsigned size)
{
    if (dev->ops && dev->ops->config_filter)
        value = dev->ops->config_filter(dev, offset, size, value);
    for (unsigned i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)(value >> 8 * i), *at = &dev->config[offset + i], mask = dev->wmask[offset + i];

        *at = (uint8_t)((*at & ~mask) | (byte & mask));
        *at &= (uint8_t)~(byte & dev->w1cmask[offset + i]);
    }
    if (pci_bars_touched(offset, size))
        pci_bars_update(dev);
    if (offset < PCI_COMMAND + 2 && offset + size > PCI_COMMAND)
        pci_intx_update(dev);
    pci_msi_config_written(dev, offset, size);
    if (dev->ops && dev->ops->config_written)
        dev->ops->config_written(dev, offset, size);
}
