/* SPDX-License-Identifier: MIT */
/*
 * What GICv2 and GICv3 share: state of 32 interrupts at a time, the registers that show it, and the lines into the CPUs.
 *
 * Security: a single security state (GICD_CTLR.DS is 1 on GICv3; no Security Extensions on GICv2). Group 0 and group 1 both exist;
 * nothing is shifted or hidden. Five bits of priority are implemented: 32 levels, so one active-priorities register.
 *
 * Pending. An interrupt is pending when its latch is set (an edge, a write of ISPENDR, an SGI) or when it is level-sensitive and
 * its line is high. Acknowledging clears the latch only: a line that is still high at the end makes it pending again.
 *
 * Locking. One lock (LOCK_IRQCHIP) guards a GICv2, and a GICv3's distributor, whose redistributors have their own
 * (gicv3_internal.h). The inputs of a CPU are driven outside of them, so that a CPU that is woken does not find them taken: under
 * the lock gic_out_set stores what each CPU should see and marks it, and gic_unlock then calls gic_deliver for the marked ones. Two
 * threads may get there in the wrong order; therefore each deliverer looks again after its call and repeats when the wish has
 * changed meanwhile: whoever calls last sees the last wish.
 */
#ifndef HW_INTC_GIC_INTERNAL_H
#define HW_INTC_GIC_INTERNAL_H

#include "base/bits.h"
#include "base/lock.h"
#include "hw/core/device.h"
#include "target/api/machine.h"

#define GIC_NB_SPIS 256u
#define GIC_NB_SPI_BANKS (GIC_NB_SPIS / 32)
#define GIC_NB_IRQS (32 + GIC_NB_SPIS)
#define GIC_NB_SGIS 16u
#define GIC_MAX_CPUS 512u
#define GIC_INTID_GROUP1 1022u     /* GICv2: the pending interrupt is in group 1, use the aliased register */
#define GIC_INTID_NONE 1023u
#define GIC_PRIORITY_MASK 0xf8u    /* implemented bits */
#define GIC_PRIORITY_IDLE 0xffu    /* running priority when nothing is active */
#define GIC_MIN_BPR 2u             /* 7 - preemption bits */
#define GIC_IIDR 0x43bu            /* implementer Arm */

/* Guarded by the controller's lock. Bit n is interrupt n of the bank. */
typedef struct GicBank {
    uint32_t group;    /* 1: group 1 */
    uint32_t enabled;
    uint32_t pending;  /* the latch */
    uint32_t active;
    uint32_t level;    /* the input lines */
    uint32_t edge;     /* edge-triggered; clear: level-sensitive */
    uint8_t priority[32];
} GicBank;

static inline uint32_t gic_bank_pending(const GicBank *b) { return b->pending | (b->level & ~b->edge); }
/* Those that could be signalled, priorities aside. */
static inline uint32_t gic_bank_ready(const GicBank *b) { return gic_bank_pending(b) & b->enabled & ~b->active; }

/* The best candidate so far. */
typedef struct GicBest { unsigned intid, priority, group; } GicBest;
#define GIC_BEST_NONE ((GicBest){ GIC_INTID_NONE, 0x100, 0 })
/* Considers the interrupts of bank b (whose first is first_intid) that are in mask. */
void gic_bank_best(const GicBank *b, uint32_t mask, unsigned first_intid, GicBest *best);
/* An input line changed. Returns whether anything did. */
bool gic_bank_set_level(GicBank *b, unsigned n, bool level);
/* Acknowledge: pending to active. */
static inline void gic_bank_acknowledge(GicBank *b, unsigned n)
{
    b->active |= 1u << n;
    b->pending &= ~(1u << n);
}

/* Registers of banks: the same offsets in both versions' distributors and in GICv3's SGI frames. */
typedef enum GicReg {
    GIC_REG_GROUP, GIC_REG_SET_ENABLE, GIC_REG_CLEAR_ENABLE, GIC_REG_SET_PENDING, GIC_REG_CLEAR_PENDING,
    GIC_REG_SET_ACTIVE, GIC_REG_CLEAR_ACTIVE, GIC_REG_PRIORITY, GIC_REG_CONFIG
} GicReg;
typedef struct GicRegRef {
    GicReg reg;
    unsigned bank;  /* 0: SGIs and PPIs */
    unsigned first; /* PRIORITY, CONFIG: the first interrupt of the bank that the access covers */
    unsigned size;
} GicRegRef;
/* False: offset is no such register, or size is not one it can be accessed with. */
bool gic_reg_decode(hwaddr offset, unsigned size, GicRegRef *ref);
uint32_t gic_bank_reg_read(const GicBank *b, GicRegRef ref);
/* fixed_pending: bits whose pending state these registers cannot change. SGIs' configuration is fixed too. */
void gic_bank_reg_write(GicBank *b, GicRegRef ref, uint32_t value, uint32_t fixed_pending);

/* Preemption (GICv3 architecture 4.8): the bits of a priority that count, for a binary point as BPR0 (or GICC_BPR) encodes it. */
static inline unsigned gic_group_priority(unsigned priority, unsigned bpr) { return priority & (0xff00u >> (7 - bpr)) & 0xff; }
/* Active priorities: a bit for each of the 32 levels, the lowest bit is the most urgent. */
static inline uint32_t gic_apr_bit(unsigned group_priority) { return 1u << (group_priority >> 3); }
static inline unsigned gic_apr_running(uint32_t apr) { return apr ? (unsigned)__builtin_ctz(apr) << 3 : GIC_PRIORITY_IDLE; }

/* Whether a priority may interrupt what runs: only group priorities are compared. */
static inline bool gic_preempts(unsigned priority, unsigned running, unsigned bpr)
{
    return running == GIC_PRIORITY_IDLE || gic_group_priority(priority, bpr) < gic_group_priority(running, bpr);
}

/* ---- lines into the CPUs ---- */
#define GIC_OUT_IRQ 1u
#define GIC_OUT_FIQ 2u
typedef struct GicOut {
    CPUState *cpu;     /* (c) */
    uint32_t wanted;   /* (a) GIC_OUT_*; written under the lock of who decides for this CPU, read by gic_deliver */
} GicOut;

typedef struct GicCommon {
    Lock lock;
    uint32_t n_cpus;                       /* (c) */
    GicOut *out;                           /* (c) one a CPU */
    uint64_t dirty[GIC_MAX_CPUS / 64];     /* under the lock: CPUs to deliver to */
} GicCommon;

void gic_common_init(GicCommon *g, CPUState **cpus, unsigned n_cpus, const char *name);
void gic_common_destroy(GicCommon *g);
static inline void gic_lock(GicCommon *g) { lock_acquire(&g->lock); }
/* What cpu should see now. True: that is new, and gic_deliver is to be called once no lock is held. */
bool gic_out_store(GicCommon *g, unsigned cpu, uint32_t wanted);
void gic_deliver(GicCommon *g, unsigned cpu);
/* Both by gic_unlock. Lock held. */
void gic_out_mark(GicCommon *g, unsigned cpu);
void gic_out_set(GicCommon *g, unsigned cpu, uint32_t wanted);
/* Releases the lock, then drives the lines that changed. */
void gic_unlock(GicCommon *g);
/* The vCPU that makes an access; accesses by others (debuggers) count as CPU 0's. */
unsigned gic_requester(const GicCommon *g, MemTxAttrs attrs);

/* Peripheral and component ID registers at the top of each frame, 0xffd0.. or 0xfd0.. (offset from there). */
uint32_t gic_id_register(hwaddr offset, unsigned arch_revision);

#endif
