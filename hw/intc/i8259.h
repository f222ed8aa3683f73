/* SPDX-License-Identifier: MIT */
/*
 * "i8259": the PC's two interrupt controllers, cascaded.
 *
 * Regions: 0 the master (0x20, 2 ports), 1 the slave (0xa0, 2 ports), 2 the edge/level control registers (0x4d0, 2 ports).
 * Inputs "irq" 0..15 (2 is the cascade and goes nowhere). Output "intr": a level, to the CPU or the local APICs' LINT0
 * (apic_connect_pic does that). Lines and acknowledge: any thread, no lock held that ranks at or after LOCK_IRQCHIP.
 */
#ifndef HW_INTC_I8259_H
#define HW_INTC_I8259_H

#include "hw/core/device.h"

#define I8259_REGION_MASTER 0u
#define I8259_REGION_SLAVE 1u
#define I8259_REGION_ELCR 2u

/* The two INTA cycles: the vector. A request that has gone away meanwhile gives the spurious vector of IRQ 7 or 15. */
int i8259_acknowledge(Device *dev);
/* The level of "intr". */
bool i8259_pending(Device *dev);

#endif
