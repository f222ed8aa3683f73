/* SPDX-License-Identifier: MIT */
/*
 * GICv3 (Arm IHI 0069): the state that its distributor, redistributors and CPU interfaces share.
 *
 * Affinity routing is always on (GICD_CTLR.ARE is RAO/WI), the CPU interface is reached by system registers only (ICC_SRE_EL1.SRE is
 * RAO/WI). Left out, and said to be absent in the ID registers: LPIs and the ITS, message-based SPIs, a second security
 * state, extended SPI ranges. GICR_WAKER is kept but does not hold interrupts back: a guest that forgot to wake its
 * redistributor gets them all the same.
 *
 * Locking. The distributor's lock (common.lock, LOCK_IRQCHIP) guards the SPIs. Each redistributor, with its CPU interface, has its
 * own (LOCK_CPU_IRQ, inside the distributor's): SGIs, PPIs and the CPU's own accesses take no other, so that CPUs meet only where one
 * sends to another. What a CPU needs to know of SPIs is kept in its own part: spi_best, the best that is ready for it. Whoever
 * changes an SPI, a route or a group's enable holds the distributor's lock and passes on the new spi_best under the CPU's.
 * So whenever the distributor's lock is free, each spi_best is right: an acknowledge that finds an SPI starts again with both locks,
 * looks anew at what is best, and takes each SPI once.
 *
 * Fields are marked (d) distributor's lock, (r) redistributor's; igrpen: written with both, read with either.
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

/* A redistributor and its CPU interface (r). No pointers: a snapshot copies it whole. */
typedef struct GicV3Cpu {
    GicBank bank;               /* SGIs and PPIs */
    uint32_t waker;
    uint32_t pmr, ctlr;
    uint32_t bpr[2], igrpen[2]; /* by group */
    uint32_t apr[2];            /* active priorities, by group */
    GicBest spi_best;           /* the best SPI that is ready for this CPU, kept by gicv3_update_spis */
    GicBest best;               /* highest priority pending interrupt, kept by gicv3_refresh */
    uint8_t pad[64];            /* keeps neighbours' cache lines apart */
} GicV3Cpu;

typedef struct GicV3Lock { Lock lock; uint8_t pad[64]; } GicV3Lock;

typedef struct GicV3 {
    Device parent;
    GicCommon common;
    MemoryRegion dist, redist[2];
    uint32_t num_cpu;           /* (c) */
    CPUState **cpu_link;        /* (c) num_cpu of them */
    uint32_t redist0_cpus;      /* (c) how many frames the first region holds; the rest are in the second */
    ArmGicCpuIf cpuif;          /* (c) */
    bool range_selector;        /* (c) some CPU has Aff0 over 15 */
    uint32_t *affinity;         /* (c) by CPU: Aff3.Aff2.Aff1.Aff0, 8 bits each */
    uint32_t ctlr;              /* (a) GICD_CTLR enables; written (d), and all CPUs are refreshed before that lock is released */
    GicBank spi[GIC_NB_SPI_BANKS]; /* (d) */
    uint64_t irouter[GIC_NB_SPIS]; /* (d) */
    int32_t spi_cpu[GIC_NB_SPIS];  /* (d) from irouter: CPU number, -1: none has that affinity */
    GicV3Cpu *cpu;
    GicV3Lock *cpu_lock;        /* (c) by CPU */
} GicV3;

static inline void gicv3_cpu_lock(GicV3 *g, unsigned cpu) { lock_acquire(&g->cpu_lock[cpu].lock); }
static inline void gicv3_cpu_unlock(GicV3 *g, unsigned cpu) { lock_release(&g->cpu_lock[cpu].lock); }
/* Chooses the best interrupt of a CPU anew. Its lock held. True: gic_deliver is to be called once no lock is held. */
bool gicv3_refresh(GicV3 *g, unsigned cpu);
/* Refreshes, releases the CPU's lock and drives its lines. No other lock held. */
void gicv3_cpu_finish(GicV3 *g, unsigned cpu);
/* Passes on what SPIs are ready: to one CPU, to the one that an SPI goes to, to all. Distributor's lock held, no CPU's. */
void gicv3_update_spis(GicV3 *g, unsigned cpu);
void gicv3_update_spis_locked(GicV3 *g, unsigned cpu); /* the CPU's lock held, too */
void gicv3_update_spi_target(GicV3 *g, unsigned spi);
void gicv3_update_all(GicV3 *g);
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
