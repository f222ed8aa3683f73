/* SPDX-License-Identifier: MIT */
/*
 * Interrupt controllers as boards see them: "arm-gic" (version 2) and "arm-gicv3".
 *
 * Both have the link "cpus", the number "num-cpu", inputs "spi" (n: INTID - 32) and "ppi" (n: CPU * 32 + INTID).
 */
#ifndef HW_INTC_GIC_H
#define HW_INTC_GIC_H

#include "hw/core/device.h"

#define GICV2_MAX_CPUS 8u
#define GICV3_MAX_CPUS 512u

/* Regions: 0 is the distributor. GICv2: 1 is the CPU interface. */
#define GIC_REGION_DIST 0u
#define GICV2_REGION_CPUIF 1u
/* GICv3: redistributor frames; n 0 or 1, NULL when there are none in it. The first holds at most 123. */
MemoryRegion *gicv3_redist_region(Device *dev, unsigned n);

#endif
