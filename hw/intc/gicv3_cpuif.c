/* SPDX-License-Identifier: MIT */
/*
 * GICv3 CPU interface: the ICC_* system registers (IHI 0069, 12.2).
 *
 * Running priority. Taking an interrupt sets the bit of its group priority in its group's active-priorities register; the lowest bit
 * set in either is the running priority. A write of EOIR clears that lowest bit when it belongs to EOIR's group (priority drop)
 * and, unless EOImode splits the two, deactivates the interrupt; else DIR does.
 */
#include <inttypes.h>

#include "base/log.h"
#include "base/sync_profile.h"
#include "hw/intc/gicv3_internal.h"

#define ENC(op1, crn, crm, op2) (3u << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
enum {
    ICC_PMR = ENC(0, 4, 6, 0),
    ICC_IAR0 = ENC(0, 12, 8, 0), ICC_EOIR0 = ENC(0, 12, 8, 1), ICC_HPPIR0 = ENC(0, 12, 8, 2), ICC_BPR0 = ENC(0, 12, 8, 3),
    ICC_AP0R0 = ENC(0, 12, 8, 4), ICC_AP1R0 = ENC(0, 12, 9, 0),
    ICC_DIR = ENC(0, 12, 11, 1), ICC_RPR = ENC(0, 12, 11, 3), ICC_SGI1R = ENC(0, 12, 11, 5), ICC_ASGI1R = ENC(0, 12, 11, 6),
    ICC_SGI0R = ENC(0, 12, 11, 7),
    ICC_IAR1 = ENC(0, 12, 12, 0), ICC_EOIR1 = ENC(0, 12, 12, 1), ICC_HPPIR1 = ENC(0, 12, 12, 2), ICC_BPR1 = ENC(0, 12, 12, 3),
    ICC_CTLR = ENC(0, 12, 12, 4), ICC_SRE = ENC(0, 12, 12, 5), ICC_IGRPEN0 = ENC(0, 12, 12, 6), ICC_IGRPEN1 = ENC(0, 12, 12, 7),
};

void gicv3_reset_cpuif(GicV3Cpu *c)
{
    c->pmr = c->ctlr = 0;
    c->bpr[0] = GIC_MIN_BPR;
    c->bpr[1] = GIC_MIN_BPR + 1;
    c->igrpen[0] = c->igrpen[1] = 0;
    c->apr[0] = c->apr[1] = 0;
    c->best = c->spi_best = GIC_BEST_NONE;
}

/* The interrupt that IAR would take: the best, when it is of this group and may be signalled. */
static unsigned acknowledgeable(const GicV3Cpu *c, unsigned group)
{
    return gicv3_cpu_can_signal(c) && c->best.group == group ? c->best.intid : GIC_INTID_NONE;
}

static void set_active_priority(GicV3Cpu *c, unsigned group)
{
    c->apr[group] |= gic_apr_bit(gicv3_best_group_priority(c));
}

/* With both locks. By now another interrupt may be the best, one of the CPU's own, or none. */
static unsigned acknowledge_spi(GicV3 *g, unsigned cpu, unsigned group)
{
    GicV3Cpu *c = &g->cpu[cpu];
    unsigned intid;

    gic_lock(&g->common);
    gicv3_cpu_lock(g, cpu);
    intid = acknowledgeable(c, group);
    if (intid != GIC_INTID_NONE) {
        set_active_priority(c, group);
        gic_bank_acknowledge(intid < 32 ? &c->bank : &g->spi[intid / 32 - 1], intid % 32);
    }
    gicv3_update_spis_locked(g, cpu);
    gicv3_cpu_unlock(g, cpu);
    gic_unlock(&g->common);
    return intid;
}

static uint32_t acknowledge(GicV3 *g, unsigned cpu, unsigned group)
{
    GicV3Cpu *c = &g->cpu[cpu];
    unsigned intid;

    gicv3_cpu_lock(g, cpu);
    intid = acknowledgeable(c, group);
    if (intid < 32) {
        set_active_priority(c, group);
        gic_bank_acknowledge(&c->bank, intid);
    }
    gicv3_cpu_finish(g, cpu);
    return intid >= 32 && intid < GIC_NB_IRQS ? acknowledge_spi(g, cpu, group) : intid;
}

static void deactivate(GicV3 *g, unsigned cpu, uint64_t intid)
{
    if (intid < 32) {
        gicv3_cpu_lock(g, cpu);
        g->cpu[cpu].bank.active &= ~(1u << intid);
        gicv3_cpu_finish(g, cpu);
    } else if (intid < GIC_NB_IRQS) {
        gic_lock(&g->common);
        g->spi[intid / 32 - 1].active &= ~(1u << intid % 32);
        gicv3_update_spi_target(g, (unsigned)intid - 32);
        gic_unlock(&g->common);
    } else {
        log_printf(LOG_GUEST_ERROR, "gicv3: CPU %u deactivates INTID %" PRIu64 ", which does not exist\n", cpu, intid);
    }
}

/* Priority drop. True: the interrupt is to be deactivated, too. */
static bool drop_priority(GicV3 *g, unsigned cpu, unsigned group)
{
    GicV3Cpu *c = &g->cpu[cpu];
    uint32_t *apr = &c->apr[group];

    if (gic_apr_running(*apr) >= gic_apr_running(c->apr[!group])) {
        log_printf(LOG_GUEST_ERROR, "gicv3: CPU %u writes EOIR%u while the running priority is not of its group\n", cpu, group);
        return false;
    }
    *apr &= *apr - 1;
    return !(c->ctlr & ICC_CTLR_EOIMODE);
}

static void end_of_interrupt(GicV3 *g, unsigned cpu, unsigned group, uint64_t value)
{
    bool and_deactivate;

    value &= 0xffffff;
    if (value >= 1020 && value < 1024)
        return;
    gicv3_cpu_lock(g, cpu);
    and_deactivate = drop_priority(g, cpu, group);
    if (and_deactivate && value < 32)
        g->cpu[cpu].bank.active &= ~(1u << value);
    gicv3_cpu_finish(g, cpu);
    if (and_deactivate && value >= 32)
        deactivate(g, cpu, value);
}

static void set_pending_sgi(GicV3 *g, unsigned cpu, unsigned intid, unsigned group)
{
    GicBank *b = &g->cpu[cpu].bank;

    sync_event(SYNC_IPI);
    gicv3_cpu_lock(g, cpu);
    if ((b->group >> intid & 1) == group)
        b->pending |= 1u << intid;
    gicv3_cpu_finish(g, cpu);
}

/* SGI0R, SGI1R, ASGI1R: with one security state the last reaches no interrupt that the second does not. */
static void generate_sgi(GicV3 *g, unsigned self, uint64_t value, unsigned group)
{
    unsigned intid = (unsigned)extract64(value, 24, 4);
    uint32_t cluster = (uint32_t)(extract64(value, 48, 8) << 24 | extract64(value, 32, 8) << 16 | extract64(value, 16, 8) << 8);
    unsigned first = (unsigned)extract64(value, 44, 4) * 16;

    for (unsigned i = 0; i < g->num_cpu; i++) {
        uint32_t aff = g->affinity[i], aff0 = aff & 0xff;
        bool hit = extract64(value, 40, 1) ? i != self
                                           : (aff & ~0xffu) == cluster && aff0 >= first && aff0 < first + 16 && (value >> (aff0 - first) & 1);

        if (hit)
            set_pending_sgi(g, i, intid, group);
    }
}

static uint32_t read_ctlr(const GicV3 *g, const GicV3Cpu *c)
{
    return c->ctlr | 4u << 8 /* PRIbits: 5 */ | 1u << 15 /* A3V */ | (uint32_t)g->range_selector << 18 /* RSS */;
}

static uint32_t read_bpr1(const GicV3Cpu *c)
{
    return c->ctlr & ICC_CTLR_CBPR ? MIN_OF(c->bpr[0] + 1, 7) : c->bpr[1];
}

static uint32_t read_hppir(const GicV3Cpu *c, unsigned group)
{
    return c->best.intid != GIC_INTID_NONE && c->best.group == group ? c->best.intid : GIC_INTID_NONE;
}

static bool read_locked(GicV3 *g, unsigned cpu, uint32_t enc, uint64_t *value)
{
    GicV3Cpu *c = &g->cpu[cpu];

    switch (enc) {
    case ICC_PMR: *value = c->pmr; return true;
    case ICC_HPPIR0: *value = read_hppir(c, 0); return true;
    case ICC_HPPIR1: *value = read_hppir(c, 1); return true;
    case ICC_BPR0: *value = c->bpr[0]; return true;
    case ICC_BPR1: *value = read_bpr1(c); return true;
    case ICC_AP0R0: *value = c->apr[0]; return true;
    case ICC_AP1R0: *value = c->apr[1]; return true;
    case ICC_RPR: *value = gic_apr_running(c->apr[0] | c->apr[1]); return true;
    case ICC_CTLR: *value = read_ctlr(g, c); return true;
    case ICC_SRE: *value = 7; return true; /* SRE, DFB, DIB */
    case ICC_IGRPEN0: *value = c->igrpen[0]; return true;
    case ICC_IGRPEN1: *value = c->igrpen[1]; return true;
    default: return false;
    }
}

static void write_bpr1(GicV3Cpu *c, uint64_t value)
{
    if (!(c->ctlr & ICC_CTLR_CBPR))
        c->bpr[1] = MAX_OF((uint32_t)value & 7, GIC_MIN_BPR + 1);
}

/* 1-of-N interrupts may move when an interface opens or closes: all CPUs are looked at. */
static void write_igrpen(GicV3 *g, unsigned cpu, unsigned group, uint64_t value)
{
    gic_lock(&g->common);
    gicv3_cpu_lock(g, cpu);
    g->cpu[cpu].igrpen[group] = value & 1;
    gicv3_cpu_unlock(g, cpu);
    gicv3_update_all(g);
    gic_unlock(&g->common);
}

/* Registers of this CPU's interface alone. */
static bool write_locked(GicV3 *g, unsigned cpu, uint32_t enc, uint64_t value)
{
    GicV3Cpu *c = &g->cpu[cpu];

    switch (enc) {
    case ICC_PMR: c->pmr = value & GIC_PRIORITY_MASK; break;
    case ICC_BPR0: c->bpr[0] = MAX_OF((uint32_t)value & 7, GIC_MIN_BPR); break;
    case ICC_BPR1: write_bpr1(c, value); break;
    case ICC_AP0R0: c->apr[0] = (uint32_t)value; break;
    case ICC_AP1R0: c->apr[1] = (uint32_t)value; break;
    case ICC_CTLR: c->ctlr = value & (ICC_CTLR_CBPR | ICC_CTLR_EOIMODE | ICC_CTLR_PMHE); break;
    case ICC_SRE: break;
    default: return false;
    }
    return true;
}

/* What may reach beyond the CPU's own part; no lock held. False: it is another register. */
static bool write_beyond(GicV3 *g, unsigned cpu, uint32_t enc, uint64_t value)
{
    switch (enc) {
    case ICC_EOIR0: end_of_interrupt(g, cpu, 0, value); break;
    case ICC_EOIR1: end_of_interrupt(g, cpu, 1, value); break;
    case ICC_DIR:
        if (g->cpu[cpu].ctlr & ICC_CTLR_EOIMODE) /* written by this CPU alone */
            deactivate(g, cpu, value & 0xffffff);
        break;
    case ICC_SGI0R: generate_sgi(g, cpu, value, 0); break;
    case ICC_SGI1R:
    case ICC_ASGI1R: generate_sgi(g, cpu, value, 1); break;
    case ICC_IGRPEN0: write_igrpen(g, cpu, 0, value); break;
    case ICC_IGRPEN1: write_igrpen(g, cpu, 1, value); break;
    default: return false;
    }
    return true;
}

bool gicv3_icc_read(void *opaque, CPUState *cpu, uint32_t enc, uint64_t *value)
{
    GicV3 *g = opaque;
    unsigned n = (unsigned)cpu->index;
    bool known;

    if (enc == ICC_IAR0 || enc == ICC_IAR1) {
        *value = acknowledge(g, n, enc == ICC_IAR1);
        return true;
    }
    gicv3_cpu_lock(g, n);
    known = read_locked(g, n, enc, value);
    gicv3_cpu_unlock(g, n);
    return known;
}

bool gicv3_icc_write(void *opaque, CPUState *cpu, uint32_t enc, uint64_t value)
{
    GicV3 *g = opaque;
    unsigned n = (unsigned)cpu->index;
    bool known;

    if (write_beyond(g, n, enc, value))
        return true;
    gicv3_cpu_lock(g, n);
    known = write_locked(g, n, enc, value);
    gicv3_cpu_finish(g, n);
    return known;
}
