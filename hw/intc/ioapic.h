/* SPDX-License-Identifier: MIT */
/*
 * "ioapic": an 82093AA-like I/O APIC, version 0x20 with its EOI register. Region 0 (4 KiB at IOAPIC_DEFAULT_BASE), inputs "gsi" 0..23,
 * property "id". Several may exist; local APICs' EOI messages reach all.
 */
#ifndef HW_INTC_IOAPIC_H
#define HW_INTC_IOAPIC_H

#include "hw/core/device.h"

#define IOAPIC_DEFAULT_BASE 0xfec00000ull
#define IOAPIC_NB_PINS 24u

/* A local APIC's EOI of a level-triggered vector: drops remote IRR where it matches, and delivers again what is still asserted. */
void ioapic_broadcast_eoi(uint8_t vector);

#endif
