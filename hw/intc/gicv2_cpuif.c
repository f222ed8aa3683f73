/* SPDX-License-Identifier: MIT */
/*
 * GICv2 CPU interface (IHI 0048, 4.4).
 *
 * The running priority is the lowest bit of the active-priorities word; nsapr says which bits belong to group 1. EOIR drops the
 * running priority and, unless GICC_CTLR.EOImode splits the two, deactivates; else DIR does.
 */
#include <inttypes.h>

#include "base/log.h"
#include "hw/intc/gicv2_internal.h"

enum {
    GICC_CTLR = 0x0, GICC_PMR = 0x4, GICC_BPR = 0x8, GICC_IAR = 0xc, GICC_EOIR = 0x10, GICC_RPR = 0x14, GICC_HPPIR = 0x18,
    GICC_ABPR = 0x1c, GICC_AIAR = 0x20, GICC_AEOIR = 0x24, GICC_AHPPIR = 0x28, GICC_APR0 = 0xd0, GICC_APR_END = 0xe0,
    GICC_NSAPR0 = 0xe0, GICC_NSAPR_END = 0xf0, GICC_IIDR = 0xfc, GICC_DIR = 0x1000
};

/* What IAR (aliased: AIAR) and HPPIR may show of the best interrupt: its INTID, or why not. */
static unsigned visible_intid(const GicV2Cpu *c, bool aliased)
{
    if (c->best.intid == GIC_INTID_NONE)
        return GIC_INTID_NONE;
    if (aliased)
        return c->best.group ? c->best.intid : GIC_INTID_NONE;
    return c->best.group && !(c->ctlr & GICC_CTLR_ACKCTL) ? GIC_INTID_GROUP1 : c->best.intid;
}

/* SGIs carry the number of the CPU that sent them: the lowest that waits. */
static uint32_t sgi_source(const GicV2Cpu *c, unsigned intid)
{
    return intid < GIC_NB_SGIS && c->sgi_from[intid] ? (uint32_t)__builtin_ctz(c->sgi_from[intid]) << 10 : 0;
}

static uint32_t acknowledge(GicV2 *g, unsigned cpu, bool aliased)
{
    GicV2Cpu *c = &g->cpu[cpu];
    unsigned intid = visible_intid(c, aliased);
    uint32_t bit, value;

    if (!gicv2_cpu_can_signal(c))
        return GIC_INTID_NONE;
    if (intid >= GIC_NB_IRQS)
        return intid;
    bit = gic_apr_bit(gicv2_best_group_priority(c));
    c->apr |= bit;
    c->nsapr = c->best.group ? c->nsapr | bit : c->nsapr & ~bit;
    value = intid | sgi_source(c, intid);
    gic_bank_acknowledge(gicv2_bank(g, cpu, intid), intid % 32);
    if (intid < GIC_NB_SGIS) {
        c->sgi_from[intid] &= c->sgi_from[intid] - 1;
        gicv2_sgi_changed(c, intid);
    }
    gicv2_update_all(g);
    return value;
}

static void deactivate(GicV2 *g, unsigned cpu, unsigned intid)
{
    GicBank *b = gicv2_bank(g, cpu, intid);

    if (b)
        b->active &= ~(1u << intid % 32);
    else
        log_printf(LOG_GUEST_ERROR, "gicv2: CPU %u deactivates INTID %u, which does not exist\n", cpu, intid);
}

static void end_of_interrupt(GicV2 *g, unsigned cpu, unsigned intid, bool aliased)
{
    GicV2Cpu *c = &g->cpu[cpu];
    uint32_t bit = c->apr & -c->apr;
    bool group1 = c->nsapr & bit;

    if (intid >= 1020)
        return;
    if (!bit || (aliased && !group1) || (!aliased && group1 && !(c->ctlr & GICC_CTLR_ACKCTL))) {
        log_printf(LOG_GUEST_ERROR, "gicv2: CPU %u ends INTID %u, but no interrupt of that group runs\n", cpu, intid);
        return;
    }
    c->apr &= ~bit;
    c->nsapr &= ~bit;
    if (!(c->ctlr & GICC_CTLR_EOIMODE))
        deactivate(g, cpu, intid);
}

static bool read_locked(GicV2 *g, unsigned cpu, hwaddr offset, uint64_t *value)
{
    GicV2Cpu *c = &g->cpu[cpu];
    unsigned intid;

    switch (offset) {
    case GICC_CTLR: *value = c->ctlr; return true;
    case GICC_PMR: *value = c->pmr; return true;
    case GICC_BPR: *value = c->bpr; return true;
    case GICC_ABPR: *value = c->abpr; return true;
    case GICC_IAR: *value = acknowledge(g, cpu, false); return true;
    case GICC_AIAR: *value = acknowledge(g, cpu, true); return true;
    case GICC_RPR: *value = gic_apr_running(c->apr); return true;
    case GICC_HPPIR:
    case GICC_AHPPIR:
        intid = visible_intid(c, offset == GICC_AHPPIR);
        *value = intid | sgi_source(c, intid);
        return true;
    case GICC_APR0: *value = c->apr & ~c->nsapr; return true;
    case GICC_NSAPR0: *value = c->apr & c->nsapr; return true;
    case GICC_IIDR: *value = 0x2043b; return true; /* architecture version 2, Arm */
    default: return (offset > GICC_APR0 && offset < GICC_NSAPR_END) || offset == GICC_EOIR || offset == GICC_AEOIR || offset == GICC_DIR;
    }
}

static MemTxResult cpuif_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    GicV2 *g = opaque;

    *value = 0;
    gic_lock(&g->common);
    if (!read_locked(g, gic_requester(&g->common, attrs), offset, value))
        log_printf(LOG_GUEST_ERROR, "gicv2 CPU interface: bad read at 0x%" PRIx64 "\n", offset);
    gic_unlock(&g->common);
    return MEMTX_OK;
}

static void write_apr(GicV2Cpu *c, uint32_t value, bool group1)
{
    c->apr = (group1 ? c->apr & ~c->nsapr : c->apr & c->nsapr) | value;
    c->nsapr = group1 ? value : c->nsapr & ~value;
}

static bool write_locked(GicV2 *g, unsigned cpu, hwaddr offset, uint32_t value)
{
    GicV2Cpu *c = &g->cpu[cpu];

    switch (offset) {
    case GICC_CTLR: c->ctlr = value & GICC_CTLR_MASK; break;
    case GICC_PMR: c->pmr = value & GIC_PRIORITY_MASK; break;
    case GICC_BPR: c->bpr = MAX_OF(value & 7, GIC_MIN_BPR); break;
    case GICC_ABPR: c->abpr = MAX_OF(value & 7, GIC_MIN_BPR + 1); break;
    case GICC_EOIR: end_of_interrupt(g, cpu, value & 0x3ff, false); break;
    case GICC_AEOIR: end_of_interrupt(g, cpu, value & 0x3ff, true); break;
    case GICC_DIR:
        if (c->ctlr & GICC_CTLR_EOIMODE)
            deactivate(g, cpu, value & 0x3ff);
        break;
    case GICC_APR0: write_apr(c, value, false); break;
    case GICC_NSAPR0: write_apr(c, value, true); break;
    default: return offset > GICC_APR0 && offset < GICC_NSAPR_END;
    }
    gicv2_update_all(g);
    return true;
}

static MemTxResult cpuif_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    GicV2 *g = opaque;

    gic_lock(&g->common);
    if (!write_locked(g, gic_requester(&g->common, attrs), offset, (uint32_t)value))
        log_printf(LOG_GUEST_ERROR, "gicv2 CPU interface: bad write at 0x%" PRIx64 "\n", offset);
    gic_unlock(&g->common);
    return MEMTX_OK;
}

const MemoryRegionOps gicv2_cpuif_ops = { .read = cpuif_read, .write = cpuif_write, .valid = { 4, 4, false } };
