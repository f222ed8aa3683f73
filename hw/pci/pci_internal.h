/* SPDX-License-Identifier: MIT */
/* Between the files of hw/pci: the bus, and offsets in configuration space (PCI Local Bus 3.0 ch. 6). */
#ifndef HW_PCI_PCI_INTERNAL_H
#define HW_PCI_PCI_INTERNAL_H

#include "hw/pci/pci.h"
#include "hw/pci/pci_regs.h"

struct PCIBus {
    PCIBusConfig config;
    PCIDevice *devices[256]; /* (B) by devfn */
};

/* ---- pci_config.c ---- */
/* Write masks of what every function has. */
void pci_config_init(PCIDevice *dev);
void pci_config_reset(PCIDevice *dev);
uint32_t pci_config_get(const PCIDevice *dev, unsigned offset, unsigned size);
/* As a guest reads and writes; within the function's space. */
uint32_t pci_config_read(PCIDevice *dev, unsigned offset, unsigned size);
void pci_config_write(PCIDevice *dev, unsigned offset, uint32_t value, unsigned size);

/* ---- pci_bar.c ---- */
/* Brings the regions' places in step with command register and base addresses. */
void pci_bars_update(PCIDevice *dev);
void pci_bars_reset(PCIDevice *dev);
void pci_bars_remove(PCIDevice *dev);
/* Whether a write of size bytes at offset touches what decides about mapping. */
bool pci_bars_touched(unsigned offset, unsigned size);

/* ---- pci.c ---- */
/* Drives the bus's line after intx_level or the command register changed. */
void pci_intx_update(PCIDevice *dev);

/* ---- pci_msi.c ---- */
void pci_msi_config_written(PCIDevice *dev, unsigned offset, unsigned size);
void pci_msi_reset(PCIDevice *dev);
void pci_msi_free(PCIDevice *dev);

#endif
