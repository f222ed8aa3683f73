/* SPDX-License-Identifier: MIT */
/*
 * Conventional PCI and PCI Express configuration: functions, buses, base addresses, interrupts (PCI Local Bus 3.0, PCI Express 5.0 ch. 7).
 *
 * A function is a Device whose state starts with a PCIDevice. Its realize fills in the class through pci_config_*, registers its
 * regions as BARs, and adds capabilities; the core does configuration space (write masks, BAR sizing and mapping, command
 * register, ROM), INTx routing through the bus's host bridge, MSI and MSI-X. All under the big lock.
 *
 * BARs are placed in the bus's memory and I/O windows when the command register enables them. Bus mastering: a function reads
 * and writes guest memory through pci_dma_*, which honours the command register's bus-master bit. It reaches memory only: a guest that
 * points a device at registers, its own among them, would call it in the middle of its work.
 */
#ifndef HW_PCI_PCI_H
#define HW_PCI_PCI_H

#include "hw/core/device.h"

#define PCI_CONFIG_SIZE 256
#define PCIE_CONFIG_SIZE 4096
#define PCI_NB_BARS 6
#define PCI_ROM_BAR 6
#define PCI_DEVFN(slot, fn) ((slot) << 3 | (fn))

typedef struct PCIBus PCIBus;
typedef struct PCIDevice PCIDevice;

/* Answers to configuration accesses beyond the core's, each may be NULL. */
typedef struct PCIOps {
    /* Before the core applies a write: may change its value (registers with locks). */
    uint32_t (*config_filter)(PCIDevice *dev, unsigned offset, unsigned size, uint32_t value);
    /* After the core has applied a write: config[] has the new bytes. */
    void (*config_written)(PCIDevice *dev, unsigned offset, unsigned size);
    /* Value as the core would give it; may change it. */
    uint32_t (*config_read)(PCIDevice *dev, unsigned offset, unsigned size, uint32_t value);
} PCIOps;

typedef struct PCIBar {
    MemoryRegion *region;   /* NULL: not there */
    uint64_t size;          /* bytes, a power of two */
    uint8_t flags;          /* PCI_BAR_* */
    bool mapped;
} PCIBar;
#define PCI_BAR_IO 1u
#define PCI_BAR_64 4u
#define PCI_BAR_PREFETCH 8u

struct PCIDevice {
    Device parent;          /* first */
    PCIBus *bus;            /* (c) after pci_place */
    uint8_t devfn;          /* (c) */
    const PCIOps *ops;      /* (c) after realize */
    uint8_t config[PCIE_CONFIG_SIZE];   /* (B) */
    uint8_t wmask[PCIE_CONFIG_SIZE];    /* (c) after realize: bits that a write changes */
    uint8_t w1cmask[PCIE_CONFIG_SIZE];  /* (c) bits that writing 1 clears */
    PCIBar bars[PCI_NB_BARS + 1];       /* the last is the expansion ROM */
    bool express;           /* 4096 bytes of configuration space */
    int intx_level;         /* (B) what the function drives */
    bool intx_driven;       /* (B) what the bus was told: not while INTx is disabled */
    uint8_t cap_sizes[PCI_CONFIG_SIZE / 4]; /* (c) after realize: dwords of the capability that starts at this dword */
    struct PCIMsix *msix;   /* NULL: no MSI-X */
    uint8_t msi_cap;        /* offset of the MSI capability, 0: none */
};

/* Properties that every PCI function has: { PCI_PROPERTIES(MyState, pci) , ... } is not needed: "addr" and "bus" are taken by pci_place's caller. */

/* ---- for functions, in realize ---- */
void pci_config_set_ids(PCIDevice *dev, uint16_t vendor, uint16_t device, uint16_t subsystem_vendor, uint16_t subsystem, uint32_t class_code /* 24 bits */, uint8_t revision);
void pci_config_set_word(PCIDevice *dev, unsigned offset, uint16_t value);
void pci_config_set_long(PCIDevice *dev, unsigned offset, uint32_t value);
/* Interrupt pin 1..4 (INTA..INTD). */
void pci_config_set_pin(PCIDevice *dev, uint8_t pin);
void pci_register_bar(PCIDevice *dev, unsigned n, uint8_t flags, MemoryRegion *region);
/* Offset of a new capability of size bytes (header included), its bytes zero after the header. */
unsigned pci_add_capability(PCIDevice *dev, uint8_t id, uint8_t size);
bool pci_msi_init(PCIDevice *dev, unsigned n_vectors, bool is_64, GError **error);
bool pci_msix_init(PCIDevice *dev, unsigned n_vectors, unsigned bar, uint32_t table_offset, uint32_t pba_offset, GError **error);

/* ---- for functions, running ---- */
void pci_set_irq(PCIDevice *dev, int level);        /* INTx; nothing while INTx is disabled or MSI(-X) is enabled by the driver: the caller chooses */
bool pci_msi_enabled(const PCIDevice *dev);
void pci_msi_notify(PCIDevice *dev, unsigned vector);
bool pci_msix_enabled(const PCIDevice *dev);
void pci_msix_notify(PCIDevice *dev, unsigned vector);
MemTxResult pci_dma_read(PCIDevice *dev, hwaddr addr, void *buf, uint64_t len);
MemTxResult pci_dma_write(PCIDevice *dev, hwaddr addr, const void *buf, uint64_t len);

/* ---- for host bridges and boards ---- */
typedef struct PCIBusConfig {
    const char *name;                         /* "pci.0", "pcie.0" */
    MemoryRegion *memory, *io;                /* where BARs are placed: containers of the host bridge */
    /* INTx of pin 0..3 of devfn changed: map and drive. */
    void (*set_intx)(void *opaque, unsigned devfn, unsigned pin, int level);
    /* A function sends an MSI. */
    void (*send_msi)(void *opaque, uint64_t address, uint32_t data, uint16_t requester);
    void *opaque;
} PCIBusConfig;
PCIBus *pci_bus_new(const PCIBusConfig *config);
PCIBus *pci_bus_find(const char *name);
/* Puts a new (unrealized) function on the bus; devfn < 0: the next free slot. Then device_realize. */
bool pci_place(PCIDevice *dev, PCIBus *bus, int devfn, GError **error);
/* Takes a function that was placed off its bus, before device_free. */
void pci_remove(PCIDevice *dev);
PCIDevice *pci_bus_device(PCIBus *bus, unsigned devfn);
/* Configuration cycles: bus number, devfn, offset; all ones and ignored where nothing is. size 1, 2, 4. */
uint32_t pci_config_cycle_read(PCIBus *bus, unsigned bus_nr, unsigned devfn, unsigned offset, unsigned size);
void pci_config_cycle_write(PCIBus *bus, unsigned bus_nr, unsigned devfn, unsigned offset, uint32_t value, unsigned size);

#endif
