/* SPDX-License-Identifier: MIT */
/*
 * "apic": local APICs (xAPIC and x2APIC), one device a CPU, and the message bus between them, I/O APICs and MSI senders.
 *
 * A board creates one for each CPU, in the order of their indexes: device_new("apic"), device_set_link(dev, "cpu", cpu),
 * device_realize; that gives the CPU its X86ApicOps. Inputs "lint" 0 and 1 are the pins; apic_connect_pic takes care of LINT0.
 * The register page is one region for all, which acts for the CPU that makes the access. Creating and connecting needs the big lock;
 * inputs and messages may come from any thread, which holds no lock that ranks after LOCK_IRQCHIP.
 */
#ifndef HW_INTC_APIC_H
#define HW_INTC_APIC_H

#include "hw/core/device.h"

#define APIC_DEFAULT_BASE 0xfee00000ull
#define APIC_REGION_SIZE 0x100000ull
#define APIC_BUS_HZ 1000000000u   /* what the APIC timer counts, before its divider; CPUID leaf 0x15's crystal may say it */

/* The window at APIC_DEFAULT_BASE: registers for CPUs, messages (MSI) for everyone else. The same region at each call. */
MemoryRegion *apic_create_region(void);
/* Wires the PIC's "intr" to LINT0 of each APIC that exists; the CPU's acknowledge then reaches the PIC (ExtINT). */
void apic_connect_pic(Device *i8259);
/* An interrupt message: address 0xfeeXXXXX and data as the SDM's "Message Signalled Interrupts" lays them out. */
void apic_send_msi(uint64_t address, uint32_t data);

#endif
