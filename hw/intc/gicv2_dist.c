/* SPDX-License-Identifier: MIT */
/* GICv2 distributor (IHI 0048, 4.3). Reserved registers and wrong sizes read as zero and ignore writes, with a word in the log. */
#include <inttypes.h>

#include "base/log.h"
#include "hw/intc/gicv2_internal.h"

enum {
    GICD_CTLR = 0x0, GICD_TYPER = 0x4, GICD_IIDR = 0x8, GICD_ITARGETSR = 0x800, GICD_ITARGETSR_END = 0xc00,
    GICD_NSACR = 0xe00, GICD_SGIR = 0xf00, GICD_CPENDSGIR = 0xf10, GICD_SPENDSGIR = 0xf20, GICD_SPENDSGIR_END = 0xf30,
    GICD_ID_REGS = 0xfd0
};

static void log_bad(const char *what, hwaddr offset, unsigned size)
{
    log_printf(LOG_GUEST_ERROR, "gicv2 distributor: bad %s of %u bytes at 0x%" PRIx64 "\n", what, size, offset);
}

static bool in_range(hwaddr offset, unsigned size, hwaddr from, hwaddr end)
{
    return offset >= from && offset < end && size <= 4 && !(offset & (size - 1));
}

/* The bank that ref means for this CPU, or NULL beyond the last interrupt. */
static GicBank *bank_of(GicV2 *g, unsigned cpu, GicRegRef ref)
{
    return ref.bank <= GIC_NB_SPI_BANKS ? gicv2_bank(g, cpu, ref.bank * 32) : NULL;
}

/* SGIs and PPIs target the CPU that reads; a single CPU sees zero. */
static uint8_t read_target(const GicV2 *g, unsigned cpu, unsigned intid)
{
    if (g->num_cpu == 1 || intid >= GIC_NB_IRQS)
        return 0;
    return intid < 32 ? (uint8_t)(1u << cpu) : g->target[intid - 32];
}

static void write_target(GicV2 *g, unsigned intid, uint8_t value)
{
    if (g->num_cpu > 1 && intid >= 32 && intid < GIC_NB_IRQS)
        g->target[intid - 32] = value & MASK64(g->num_cpu);
}

static bool read_bytes(GicV2 *g, unsigned cpu, hwaddr offset, uint64_t *value, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        uint64_t byte = offset >= GICD_CPENDSGIR ? g->cpu[cpu].sgi_from[(offset + i) & 15]
                                                 : read_target(g, cpu, (unsigned)(offset - GICD_ITARGETSR + i));

        *value |= byte << (8 * i);
    }
    return true;
}

static bool read_locked(GicV2 *g, unsigned cpu, hwaddr offset, uint64_t *value, unsigned size)
{
    GicRegRef ref;

    if (gic_reg_decode(offset, size, &ref)) {
        GicBank *b = bank_of(g, cpu, ref);

        *value = b ? gic_bank_reg_read(b, ref) : 0;
        return true;
    }
    if (in_range(offset, size, GICD_ITARGETSR, GICD_ITARGETSR_END) || in_range(offset, size, GICD_CPENDSGIR, GICD_SPENDSGIR_END))
        return read_bytes(g, cpu, offset, value, size);
    if (size != 4 || (offset & 3))
        return false;
    switch (offset) {
    case GICD_CTLR:
        *value = g->ctlr;
        return true;
    case GICD_TYPER:
        *value = (GIC_NB_IRQS / 32 - 1) | (g->num_cpu - 1) << 5;
        return true;
    case GICD_IIDR:
        *value = GIC_IIDR;
        return true;
    }
    if (offset >= GICD_ID_REGS)
        *value = gic_id_register(offset - GICD_ID_REGS, 2);
    return offset >= GICD_ID_REGS || (offset >= GICD_NSACR && offset < GICD_SGIR);
}

static MemTxResult dist_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    GicV2 *g = opaque;

    *value = 0;
    gic_lock(&g->common);
    if (!read_locked(g, gic_requester(&g->common, attrs), offset, value, size))
        log_bad("read", offset, size);
    gic_unlock(&g->common);
    return MEMTX_OK;
}

static void generate_sgi(GicV2 *g, unsigned self, uint32_t value)
{
    unsigned sgi = value & 15, targets;

    switch (value >> 24 & 3) {
    case 0:
        targets = value >> 16 & 0xff;
        break;
    case 1:
        targets = 0xff & ~(1u << self);
        break;
    case 2:
        targets = 1u << self;
        break;
    default:
        return;
    }
    for (unsigned i = 0; i < g->num_cpu; i++) {
        if (targets >> i & 1) {
            g->cpu[i].sgi_from[sgi] |= 1u << self;
            gicv2_sgi_changed(&g->cpu[i], sgi);
        }
    }
}

static void write_sgi_pending(GicV2 *g, unsigned cpu, hwaddr offset, uint64_t value, unsigned size)
{
    GicV2Cpu *c = &g->cpu[cpu];

    for (unsigned i = 0; i < size; i++) {
        unsigned sgi = (offset + i) & 15;
        uint8_t bits = (value >> (8 * i)) & MASK64(g->num_cpu);

        c->sgi_from[sgi] = offset >= GICD_SPENDSGIR ? c->sgi_from[sgi] | bits : c->sgi_from[sgi] & ~bits;
        gicv2_sgi_changed(c, sgi);
    }
}

static void write_bank(GicV2 *g, unsigned cpu, GicRegRef ref, uint32_t value)
{
    GicBank *b = bank_of(g, cpu, ref);

    if (!b)
        return;
    gic_bank_reg_write(b, ref, value, ref.bank ? 0 : 0xffff);
    if (!ref.bank)
        b->enabled |= 0xffff;
}

static bool write_locked(GicV2 *g, unsigned cpu, hwaddr offset, uint64_t value, unsigned size)
{
    GicRegRef ref;

    if (gic_reg_decode(offset, size, &ref)) {
        write_bank(g, cpu, ref, (uint32_t)value);
    } else if (in_range(offset, size, GICD_ITARGETSR, GICD_ITARGETSR_END)) {
        for (unsigned i = 0; i < size; i++)
            write_target(g, (unsigned)(offset - GICD_ITARGETSR + i), (uint8_t)(value >> (8 * i)));
    } else if (in_range(offset, size, GICD_CPENDSGIR, GICD_SPENDSGIR_END)) {
        write_sgi_pending(g, cpu, offset, value, size);
    } else if (offset == GICD_CTLR && size == 4) {
        g->ctlr = value & 3;
    } else if (offset == GICD_SGIR && size == 4) {
        generate_sgi(g, cpu, (uint32_t)value);
    } else {
        return size == 4 && offset >= GICD_NSACR && offset < GICD_SGIR;
    }
    gicv2_update_all(g);
    return true;
}

static MemTxResult dist_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    GicV2 *g = opaque;

    gic_lock(&g->common);
    if (!write_locked(g, gic_requester(&g->common, attrs), offset, value, size))
        log_bad("write", offset, size);
    gic_unlock(&g->common);
    return MEMTX_OK;
}

const MemoryRegionOps gicv2_dist_ops = { .read = dist_read, .write = dist_write, .valid = { 1, 4, false } };
