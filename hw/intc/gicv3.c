/* SPDX-License-Identifier: MIT */
/*
 * GICv3: the device, its input lines, and the choice of what to signal to each CPU.
 *
 * After every change the best pending interrupt of each CPU concerned is computed afresh: one word of bits for its own, and, when
 * SPIs have changed, eight for those, looked into only where a bit is ready. A shared interrupt goes to one CPU: that which IROUTER
 * names, or with IRM ("1 of N") the first CPU whose interface takes its group.
 */
#include "base/error.h"
#include "hw/intc/gic.h"
#include "hw/intc/gicv3_internal.h"

#define REGION_REDIST_MAX 123u /* frames between the virt board's redistributor base and its UART */

int gicv3_cpu_of_affinity(GicV3 *g, uint32_t affinity)
{
    for (unsigned i = 0; i < g->num_cpu; i++)
        if (g->affinity[i] == affinity)
            return (int)i;
    return -1;
}

static unsigned one_of_n_cpu(const GicV3 *g, unsigned group)
{
    for (unsigned i = 0; i < g->num_cpu; i++)
        if (g->cpu[i].igrpen[group])
            return i;
    return 0;
}

static int spi_target(const GicV3 *g, unsigned spi)
{
    if (g->irouter[spi] & GICD_IROUTER_IRM)
        return (int)one_of_n_cpu(g, g->spi[spi / 32].group >> spi % 32 & 1);
    return g->spi_cpu[spi];
}

/* Of the ready interrupts in mask, those in groups that both the distributor and the CPU's interface let through. */
static uint32_t in_enabled_groups(const GicV3 *g, const GicV3Cpu *c, const GicBank *b, uint32_t mask)
{
    uint32_t ctlr = __atomic_load_n(&g->ctlr, __ATOMIC_RELAXED);
    bool on0 = (ctlr & GICD_CTLR_ENABLE_GRP0) && c->igrpen[0], on1 = (ctlr & GICD_CTLR_ENABLE_GRP1) && c->igrpen[1];

    return mask & ((on0 ? ~b->group : 0) | (on1 ? b->group : 0));
}

/* The binary point that rules the best interrupt. Group 1's own is one more than group 0's for the same split. */
static unsigned binary_point(const GicV3Cpu *c)
{
    return c->best.group && !(c->ctlr & ICC_CTLR_CBPR) ? c->bpr[1] - 1 : c->bpr[0];
}

unsigned gicv3_best_group_priority(const GicV3Cpu *c)
{
    return gic_group_priority(c->best.priority, binary_point(c));
}

bool gicv3_cpu_can_signal(const GicV3Cpu *c)
{
    return c->best.intid != GIC_INTID_NONE && c->best.priority < c->pmr &&
           gic_preempts(c->best.priority, gic_apr_running(c->apr[0] | c->apr[1]), binary_point(c));
}

bool gicv3_refresh(GicV3 *g, unsigned cpu)
{
    GicV3Cpu *c = &g->cpu[cpu];
    GicBest best = GIC_BEST_NONE;
    uint32_t wanted = 0;

    gic_bank_best(&c->bank, in_enabled_groups(g, c, &c->bank, gic_bank_ready(&c->bank)), 0, &best);
    c->best = c->spi_best.priority < best.priority ? c->spi_best : best;
    if (gicv3_cpu_can_signal(c))
        wanted = c->best.group ? GIC_OUT_IRQ : GIC_OUT_FIQ;
    return gic_out_store(&g->common, cpu, wanted);
}

void gicv3_cpu_finish(GicV3 *g, unsigned cpu)
{
    bool changed = gicv3_refresh(g, cpu);

    gicv3_cpu_unlock(g, cpu);
    if (changed)
        gic_deliver(&g->common, cpu);
}

/* The best SPI that is ready for a CPU. Distributor's lock held. */
static GicBest best_spi(GicV3 *g, unsigned cpu)
{
    const GicV3Cpu *c = &g->cpu[cpu];
    GicBest best = GIC_BEST_NONE;

    for (unsigned n = 0; n < GIC_NB_SPI_BANKS; n++) {
        const GicBank *b = &g->spi[n];
        uint32_t mine = 0;

        for (uint32_t left = in_enabled_groups(g, c, b, gic_bank_ready(b)); left; left &= left - 1)
            if (spi_target(g, n * 32 + (unsigned)__builtin_ctz(left)) == (int)cpu)
                mine |= left & -left;
        gic_bank_best(b, mine, 32 + n * 32, &best);
    }
    return best;
}

void gicv3_update_spis_locked(GicV3 *g, unsigned cpu)
{
    g->cpu[cpu].spi_best = best_spi(g, cpu);
    if (gicv3_refresh(g, cpu))
        gic_out_mark(&g->common, cpu);
}

void gicv3_update_spis(GicV3 *g, unsigned cpu)
{
    gicv3_cpu_lock(g, cpu);
    gicv3_update_spis_locked(g, cpu);
    gicv3_cpu_unlock(g, cpu);
}

void gicv3_update_spi_target(GicV3 *g, unsigned spi)
{
    int target = spi_target(g, spi);

    if (target >= 0)
        gicv3_update_spis(g, (unsigned)target);
}

void gicv3_update_all(GicV3 *g)
{
    for (unsigned i = 0; i < g->num_cpu; i++)
        gicv3_update_spis(g, i);
}

static void input_spi(void *opaque, int n, int level)
{
    GicV3 *g = opaque;

    gic_lock(&g->common);
    if (gic_bank_set_level(&g->spi[n / 32], (unsigned)n % 32, level))
        gicv3_update_spi_target(g, (unsigned)n);
    gic_unlock(&g->common);
}

/* n: CPU * 32 + INTID. */
static void input_ppi(void *opaque, int n, int level)
{
    GicV3 *g = opaque;
    unsigned cpu = (unsigned)n / 32;

    g_assert(cpu < g->num_cpu);
    gicv3_cpu_lock(g, cpu);
    gic_bank_set_level(&g->cpu[cpu].bank, (unsigned)n % 32, level);
    gicv3_cpu_finish(g, cpu);
}

/* Lines keep their level over a reset: their drivers are reset by themselves. */
static void reset_bank(GicBank *b, uint32_t edge)
{
    *b = (GicBank){ .level = b->level, .edge = edge };
}

static void gicv3_reset(Device *dev)
{
    GicV3 *g = (GicV3 *)dev;

    gic_lock(&g->common);
    __atomic_store_n(&g->ctlr, 0, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < g->num_cpu; i++) {
        gicv3_cpu_lock(g, i);
        reset_bank(&g->cpu[i].bank, 0xffff);
        g->cpu[i].waker = 6; /* ProcessorSleep, ChildrenAsleep */
        gicv3_reset_cpuif(&g->cpu[i]);
        gicv3_cpu_unlock(g, i);
    }
    for (unsigned i = 0; i < GIC_NB_SPI_BANKS; i++)
        reset_bank(&g->spi[i], 0);
    for (unsigned i = 0; i < GIC_NB_SPIS; i++) {
        g->irouter[i] = 0;
        g->spi_cpu[i] = gicv3_cpu_of_affinity(g, 0);
    }
    gicv3_update_all(g);
    gic_unlock(&g->common);
}

static void init_cpus(GicV3 *g)
{
    g->cpu = g_new0(GicV3Cpu, g->num_cpu);
    g->cpu_lock = g_new0(GicV3Lock, g->num_cpu);
    g->affinity = g_new0(uint32_t, g->num_cpu);
    g->cpuif = (ArmGicCpuIf){ gicv3_icc_read, gicv3_icc_write, g };
    for (unsigned i = 0; i < g->num_cpu; i++) {
        uint64_t mpidr = arm_cpu_mpidr(g->cpu_link[i]);

        lock_init(&g->cpu_lock[i].lock, LOCK_CPU_IRQ, "gicv3 redistributor");
        g->affinity[i] = (uint32_t)((mpidr & 0xffffff) | (mpidr >> 8 & 0xff000000));
        g->range_selector |= (mpidr & 0xff) > 15;
        arm_cpu_set_gic(g->cpu_link[i], &g->cpuif);
    }
}

static bool gicv3_realize(Device *dev, GError **error)
{
    GicV3 *g = (GicV3 *)dev;
    unsigned n0;

    if (!g->num_cpu || g->num_cpu > GIC_MAX_CPUS || !g->cpu_link)
        return error_set(error, "gicv3: %u CPUs; it serves 1 to %u", g->num_cpu, GIC_MAX_CPUS);
    gic_common_init(&g->common, g->cpu_link, g->num_cpu, "gicv3");
    g->redist0_cpus = n0 = MIN_OF(g->num_cpu, REGION_REDIST_MAX);
    init_cpus(g);
    for (unsigned r = 0; r < 2; r++) {
        unsigned n = r ? g->num_cpu - n0 : n0;

        /* An empty second region has one frame's size, and its board leaves it out. */
        memory_region_init_io(&g->redist[r], &gicv3_redist_ops[r], g, r ? "gicv3-redist-high" : "gicv3-redist",
                              (uint64_t)MAX_OF(n, 1u) * GICV3_REDIST_STRIDE);
        memory_region_set_lockless(&g->redist[r]);
    }
    return true;
}

MemoryRegion *gicv3_redist_region(Device *dev, unsigned n)
{
    GicV3 *g = (GicV3 *)dev;

    return n == 0 || g->num_cpu > g->redist0_cpus ? &g->redist[n] : NULL;
}

static void gicv3_unrealize(Device *dev)
{
    GicV3 *g = (GicV3 *)dev;

    memory_region_destroy(&g->redist[0]);
    memory_region_destroy(&g->redist[1]);
    gic_common_destroy(&g->common);
    for (unsigned i = 0; i < g->num_cpu; i++)
        lock_destroy(&g->cpu_lock[i].lock);
    g_free(g->cpu_lock);
    g_free(g->affinity);
    g_free(g->cpu);
}

static void gicv3_post_load(Device *dev)
{
    GicV3 *g = (GicV3 *)dev;

    gic_lock(&g->common);
    gicv3_update_all(g);
    gic_unlock(&g->common);
}

static const Property gicv3_properties[] = {
    { "num-cpu", PROP_U32, offsetof(GicV3, num_cpu), "1", "number of CPUs, at most 512" },
    { "cpus", PROP_LINK, offsetof(GicV3, cpu_link), NULL, "array of the CPUs" },
    { NULL },
};
static const DeviceRegion gicv3_regions[] = {
    { "gicv3-dist", offsetof(GicV3, dist), &gicv3_dist_ops, 0x10000, true },
    { NULL },
};
static const DeviceInput gicv3_inputs[] = {
    { "spi", input_spi, GIC_NB_SPIS },
    { "ppi", input_ppi, GIC_MAX_CPUS * 32 },
    { NULL },
};
static const SnapshotField gicv3_fields[] = {
    SNAP(GicV3, ctlr), SNAP_ARRAY(GicV3, spi), SNAP_ARRAY(GicV3, irouter), SNAP_ARRAY(GicV3, spi_cpu), SNAP_PTR(GicV3, cpu, num_cpu), { NULL },
};

const DeviceClass gicv3_class = {
    .name = "arm-gicv3",
    .description = "Arm GICv3 interrupt controller",
    .instance_size = sizeof(GicV3),
    .properties = gicv3_properties,
    .regions = gicv3_regions,
    .inputs = gicv3_inputs,
    .fields = gicv3_fields,
    .realize = gicv3_realize,
    .unrealize = gicv3_unrealize,
    .reset = gicv3_reset,
    .post_load = gicv3_post_load,
};
