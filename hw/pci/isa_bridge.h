/* SPDX-License-Identifier: MIT */
/* An ISA (LPC) bridge as boards use it: where PCI's interrupt pins go. */
#ifndef HW_PCI_ISA_BRIDGE_H
#define HW_PCI_ISA_BRIDGE_H

#include "hw/pci/pci.h"

typedef struct IsaBridge {
    const DeviceClass *class;
    /* Pin 0..3 of a function changed. Outputs "irq" 0..15 (ISA interrupts) and, on the ICH9, "gsi" 0..7 (I/O APIC pins 16..23) follow. */
    void (*set_intx)(Device *dev, unsigned devfn, unsigned pin, int level);
} IsaBridge;
extern const IsaBridge piix3_bridge, ich9_lpc_bridge;

#endif
