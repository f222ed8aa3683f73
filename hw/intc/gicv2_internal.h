/* SPDX-License-Identifier: MIT */
/*
 * GICv2 (Arm IHI 0048): the state that the distributor and the CPU interfaces share.
 *
 * Registers are banked by the CPU that makes the access. SGIs are pending once for each CPU that sent them. Left out: Security
 * Extensions, Virtualization Extensions, the bypass lines.
 */
#ifndef HW_INTC_GICV2_INTERNAL_H
#define HW_INTC_GICV2_INTERNAL_H

#include "hw/intc/gic.h"
#include "hw/intc/gic_internal.h"

#define GICC_CTLR_ENABLE_GRP0 1u
#define GICC_CTLR_ENABLE_GRP1 2u
#define GICC_CTLR_ACKCTL 4u
#define GICC_CTLR_FIQEN 8u
#define GICC_CTLR_CBPR 0x10u
#define GICC_CTLR_EOIMODE 0x200u
#define GICC_CTLR_MASK 0x3ffu

typedef struct GicV2Cpu {
    GicBank bank;                   /* SGIs and PPIs */
    uint8_t sgi_from[GIC_NB_SGIS];  /* who has made each SGI pending: a bit a CPU. bank.pending follows */
    uint32_t ctlr, pmr, bpr, abpr;
    uint32_t apr, nsapr;            /* active priorities of all, and which of them are of group 1 */
    GicBest best;
} GicV2Cpu;

typedef struct GicV2 {
    Device parent;
    GicCommon common;
    MemoryRegion dist, cpuif;
    uint32_t num_cpu;               /* (c) */
    CPUState **cpu_link;            /* (c) */
    /* The rest under common.lock. */
    uint32_t ctlr;                  /* GICD_CTLR */
    GicBank spi[GIC_NB_SPI_BANKS];
    uint8_t target[GIC_NB_SPIS];    /* ITARGETSR: a bit a CPU */
    GicV2Cpu cpu[GICV2_MAX_CPUS];
} GicV2;

/* Lock held. */
void gicv2_update_cpu(GicV2 *g, unsigned cpu);
void gicv2_update_all(GicV2 *g);
GicBank *gicv2_bank(GicV2 *g, unsigned cpu, unsigned intid);
bool gicv2_cpu_can_signal(const GicV2Cpu *c);
unsigned gicv2_best_group_priority(const GicV2Cpu *c);
/* sgi_from[sgi] changed: brings the pending bit in step. */
void gicv2_sgi_changed(GicV2Cpu *c, unsigned sgi);

extern const MemoryRegionOps gicv2_dist_ops, gicv2_cpuif_ops;

#endif
