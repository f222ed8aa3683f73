/* SPDX-License-Identifier: MIT */
/*
 * GICv2: the device, its input lines, and the choice of what to signal to each CPU. A shared interrupt is a candidate for every CPU
 * in its ITARGETSR; the first to acknowledge it gets it.
 */
#include "base/error.h"
#include "hw/intc/gicv2_internal.h"

GicBank *gicv2_bank(GicV2 *g, unsigned cpu, unsigned intid)
{
    if (intid < 32)
        return &g->cpu[cpu].bank;
    return intid < GIC_NB_IRQS ? &g->spi[intid / 32 - 1] : NULL;
}

void gicv2_sgi_changed(GicV2Cpu *c, unsigned sgi)
{
    c->bank.pending = (uint32_t)deposit64(c->bank.pending, sgi, 1, c->sgi_from[sgi] != 0);
}

/* The binary point that rules the best interrupt. Group 1's own is one more than group 0's for the same split. */
static unsigned binary_point(const GicV2Cpu *c)
{
    return c->best.group && !(c->ctlr & GICC_CTLR_CBPR) ? c->abpr - 1 : c->bpr;
}

unsigned gicv2_best_group_priority(const GicV2Cpu *c)
{
    return gic_group_priority(c->best.priority, binary_point(c));
}

bool gicv2_cpu_can_signal(const GicV2Cpu *c)
{
    return c->best.intid != GIC_INTID_NONE && c->best.priority < c->pmr &&
           gic_preempts(c->best.priority, gic_apr_running(c->apr), binary_point(c));
}

/* GICD_CTLR and GICC_CTLR enable groups by the same two bits. */
static uint32_t in_enabled_groups(const GicV2 *g, const GicV2Cpu *c, const GicBank *b, uint32_t mask)
{
    uint32_t on = g->ctlr & c->ctlr;

    return mask & ((on & GICC_CTLR_ENABLE_GRP0 ? ~b->group : 0) | (on & GICC_CTLR_ENABLE_GRP1 ? b->group : 0));
}

void gicv2_update_cpu(GicV2 *g, unsigned cpu)
{
    GicV2Cpu *c = &g->cpu[cpu];
    GicBest best = GIC_BEST_NONE;
    uint32_t wanted = 0;

    gic_bank_best(&c->bank, in_enabled_groups(g, c, &c->bank, gic_bank_ready(&c->bank)), 0, &best);
    for (unsigned n = 0; n < GIC_NB_SPI_BANKS; n++) {
        const GicBank *b = &g->spi[n];
        uint32_t mine = 0;

        for (uint32_t left = in_enabled_groups(g, c, b, gic_bank_ready(b)); left; left &= left - 1)
            if (g->target[n * 32 + (unsigned)__builtin_ctz(left)] >> cpu & 1)
                mine |= left & -left;
        gic_bank_best(b, mine, 32 + n * 32, &best);
    }
    c->best = best;
    if (gicv2_cpu_can_signal(c))
        wanted = best.group == 0 && (c->ctlr & GICC_CTLR_FIQEN) ? GIC_OUT_FIQ : GIC_OUT_IRQ;
    gic_out_set(&g->common, cpu, wanted);
}

void gicv2_update_all(GicV2 *g)
{
    for (unsigned i = 0; i < g->num_cpu; i++)
        gicv2_update_cpu(g, i);
}

static void input_spi(void *opaque, int n, int level)
{
    GicV2 *g = opaque;

    gic_lock(&g->common);
    if (gic_bank_set_level(&g->spi[n / 32], (unsigned)n % 32, level))
        gicv2_update_all(g);
    gic_unlock(&g->common);
}

/* n: CPU * 32 + INTID. */
static void input_ppi(void *opaque, int n, int level)
{
    GicV2 *g = opaque;
    unsigned cpu = (unsigned)n / 32;

    g_assert(cpu < g->num_cpu);
    gic_lock(&g->common);
    if (gic_bank_set_level(&g->cpu[cpu].bank, (unsigned)n % 32, level))
        gicv2_update_cpu(g, cpu);
    gic_unlock(&g->common);
}

static void reset_bank(GicBank *b, uint32_t edge)
{
    *b = (GicBank){ .level = b->level, .edge = edge };
}

static void gicv2_reset(Device *dev)
{
    GicV2 *g = (GicV2 *)dev;

    gic_lock(&g->common);
    g->ctlr = 0;
    for (unsigned i = 0; i < g->num_cpu; i++) {
        GicV2Cpu *c = &g->cpu[i];
        GicBank bank = c->bank;

        reset_bank(&bank, 0xffff);
        bank.enabled = 0xffff; /* SGIs are always enabled */
        *c = (GicV2Cpu){ .bank = bank, .bpr = GIC_MIN_BPR, .abpr = GIC_MIN_BPR + 1, .best = GIC_BEST_NONE };
    }
    for (unsigned i = 0; i < GIC_NB_SPI_BANKS; i++)
        reset_bank(&g->spi[i], 0);
    /* A single CPU gets everything: its ITARGETSR is RAZ/WI. */
    for (unsigned i = 0; i < GIC_NB_SPIS; i++)
        g->target[i] = g->num_cpu == 1;
    gicv2_update_all(g);
    gic_unlock(&g->common);
}

static bool gicv2_realize(Device *dev, GError **error)
{
    GicV2 *g = (GicV2 *)dev;

    if (!g->num_cpu || g->num_cpu > GICV2_MAX_CPUS || !g->cpu_link)
        return error_set(error, "arm-gic: %u CPUs; GICv2 serves 1 to %u", g->num_cpu, GICV2_MAX_CPUS);
    gic_common_init(&g->common, g->cpu_link, g->num_cpu, "gicv2");
    return true;
}

static void gicv2_unrealize(Device *dev)
{
    gic_common_destroy(&((GicV2 *)dev)->common);
}

static void gicv2_post_load(Device *dev)
{
    GicV2 *g = (GicV2 *)dev;

    gic_lock(&g->common);
    gicv2_update_all(g);
    gic_unlock(&g->common);
}

static const Property gicv2_properties[] = {
    { "num-cpu", PROP_U32, offsetof(GicV2, num_cpu), "1", "number of CPUs, at most 8" },
    { "cpus", PROP_LINK, offsetof(GicV2, cpu_link), NULL, "array of the CPUs" },
    { NULL },
};
static const DeviceRegion gicv2_regions[] = {
    { "gicv2-dist", offsetof(GicV2, dist), &gicv2_dist_ops, 0x1000, true },
    { "gicv2-cpu", offsetof(GicV2, cpuif), &gicv2_cpuif_ops, 0x2000, true },
    { NULL },
};
static const DeviceInput gicv2_inputs[] = {
    { "spi", input_spi, GIC_NB_SPIS },
    { "ppi", input_ppi, GICV2_MAX_CPUS * 32 },
    { NULL },
};
static const SnapshotField gicv2_fields[] = {
    SNAP(GicV2, ctlr), SNAP_ARRAY(GicV2, spi), SNAP_ARRAY(GicV2, target), SNAP_ARRAY(GicV2, cpu), { NULL },
};

const DeviceClass gicv2_class = {
    .name = "arm-gic",
    .description = "Arm GICv2 interrupt controller",
    .instance_size = sizeof(GicV2),
    .properties = gicv2_properties,
    .regions = gicv2_regions,
    .inputs = gicv2_inputs,
    .fields = gicv2_fields,
    .realize = gicv2_realize,
    .unrealize = gicv2_unrealize,
    .reset = gicv2_reset,
    .post_load = gicv2_post_load,
};
