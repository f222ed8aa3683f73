/* SPDX-License-Identifier: MIT */
/*
 * GICv3 (Arm IHI 0069): the state that its distributor, redistributors and CPU interfaces share.
 *
 * Affinity routing is always on (GICD_CTLR.ARE is RAO/WI), the CPU interface is reached by system registers only (ICC_SRE_EL1.SRE is
 * RAO/WI). Left out, and said to be absent in the ID registers: LPIs and the ITS, message-based SPIs, a second security
 * state, extended SPI ranges. GICR_WAKER is kept but does not hold interrupts back: a guest that forgot to wake its
 * redistributor gets them all the same.
 */
#ifndef HW_INTC_GICV3_INTERNAL_H
#define HW_INTC_GICV3_INTERNAL_H

#include "hw/intc/gic_internal.h"

#define GICV3_REDIST_STRIDE 0x20000u

#define GICD_CTLR_ENABLE_GRP0 1u
#define GICD_CTLR_ENABLE_GRP1 2u
#define GICD_CTLR_ARE (1u << 4)
#define GICD_CTLR_DS (1u << 6)

#define GICD_IROUTER_IRM (1ull << 31)
#define GICD_IROUTER_MASK 0xff80ffffffull

#define ICC_CTLR_CBPR 1u
#define ICC_CTLR_EOIMODE 2u
#define ICC_CTLR_PMHE (1u << 6)

/* A redistributor and its CPU interface. No pointers: a snapshot copies it whole. */
typedef struct GicV3Cpu {
    GicBank bank;               /* SGIs and PPIs */
    uint32_t affinity;          /* Aff3.Aff2.Aff1.Aff0, 8 bits each (c) */
    uint32_t waker;
    uint32_t pmr, ctlr;
    uint32_t bpr[2], igrpen[2]; /* by group */
    uint32_t apr[2];            /* active priorities, by group */
    GicBest best;               /* highest priority pending interrupt, kept by gicv3_update_* */
} GicV3Cpu;

typedef struct GicV3 {
    Device parent;
    GicCommon common;
    MemoryRegion dist, redist[2];
    uint32_t num_cpu;           /* (c) */
    CPUState **cpu_link;        /* (c) num_cpu of them */
    uint32_t redist0_cpus;      /* (c) how many frames the first region holds; the rest are in the second */
    ArmGicCpuIf cpuif;          /* (c) */
    bool range_selector;        /* (c) some CPU has Aff0 over 15 */
    /* The rest under common.lock. */
    uint32_t ctlr;              /* GICD_CTLR enables */
    GicBank spi[GIC_NB_SPI_BANKS];
    uint64_t irouter[GIC_NB_SPIS];
    int32_t spi_cpu[GIC_NB_SPIS]; /* from irouter: CPU number, -1: none has that affinity */
    GicV3Cpu *cpu;
} GicV3;

/* Lock held, all of these. Recompute what is pending for one CPU, for those that interrupt intid may go to, for all. */
void gicv3_update_cpu(GicV3 *g, unsigned cpu);
void gicv3_update_all(GicV3 *g);
/* The bank of interrupt intid as CPU cpu sees it, or NULL when intid does not exist. */
GicBank *gicv3_bank(GicV3 *g, unsigned cpu, unsigned intid);
/* The CPU whose affinity is this, or -1. */
int gicv3_cpu_of_affinity(GicV3 *g, uint32_t affinity);
/* Whether the best pending interrupt of c may be signalled now: masks and running priority. */
bool gicv3_cpu_can_signal(const GicV3Cpu *c);
/* What of the best interrupt's priority counts for preemption. */
unsigned gicv3_best_group_priority(const GicV3Cpu *c);
void gicv3_reset_cpuif(GicV3Cpu *c);

extern const MemoryRegionOps gicv3_dist_ops, gicv3_redist_ops[2]; /* by region */
bool gicv3_icc_read(void *opaque, CPUState *cpu, uint32_t enc, uint64_t *value);
bool gicv3_icc_write(void *opaque, CPUState *cpu, uint32_t enc, uint64_t value);

#endif
