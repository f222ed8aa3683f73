/* SPDX-License-Identifier: MIT */
/* GICv3 distributor (IHI 0069, 12.9). Reserved registers and wrong sizes read as zero and ignore writes, with a word in the log. */
#include <inttypes.h>

#include "base/log.h"
#include "hw/intc/gicv3_internal.h"

enum {
    GICD_CTLR = 0x0, GICD_TYPER = 0x4, GICD_IIDR = 0x8, GICD_TYPER2 = 0xc, GICD_STATUSR = 0x10,
    GICD_ITARGETSR = 0x800, GICD_ITARGETSR_END = 0xc00, GICD_IGRPMODR = 0xd00, GICD_NSACR_END = 0xf00, GICD_SGIR = 0xf00,
    GICD_IROUTER = 0x6000, GICD_IROUTER_END = 0x8000, GICD_ID_REGS = 0xffd0
};

static uint32_t typer(const GicV3 *g)
{
    return (GIC_NB_IRQS / 32 - 1)              /* ITLinesNumber */
           | 9u << 19                          /* IDbits: INTIDs have 10 bits */
           | 1u << 24                          /* A3V */
           | (uint32_t)g->range_selector << 26;/* RSS */
}

/* Registers that a guest may touch although they hold nothing here. */
static bool is_quiet(hwaddr offset)
{
    return offset == GICD_TYPER2 || offset == GICD_STATUSR || (offset >= GICD_ITARGETSR && offset < GICD_ITARGETSR_END) ||
           (offset >= GICD_IGRPMODR && offset < GICD_NSACR_END) || offset == GICD_SGIR;
}

static void log_bad(const char *what, hwaddr offset, unsigned size)
{
    log_printf(LOG_GUEST_ERROR, "gicv3 distributor: bad %s of %u bytes at 0x%" PRIx64 "\n", what, size, offset);
}

/* The SPI whose IROUTER offset lies in, or -1. */
static int irouter_spi(hwaddr offset, unsigned size)
{
    unsigned intid = (unsigned)((offset - GICD_IROUTER) >> 3);

    if (offset < GICD_IROUTER || offset >= GICD_IROUTER_END || size < 4 || (offset & (size - 1)) || intid < 32 || intid >= GIC_NB_IRQS)
        return -1;
    return (int)intid - 32;
}

static bool read_word(GicV3 *g, hwaddr offset, uint64_t *value)
{
    switch (offset) {
    case GICD_CTLR:
        *value = g->ctlr | GICD_CTLR_ARE | GICD_CTLR_DS;
        return true;
    case GICD_TYPER:
        *value = typer(g);
        return true;
    case GICD_IIDR:
        *value = GIC_IIDR;
        return true;
    }
    if (offset >= GICD_ID_REGS && !(offset & 3)) {
        *value = gic_id_register(offset - GICD_ID_REGS, 3);
        return true;
    }
    return is_quiet(offset);
}

/* Interrupts 0..31 are the redistributors' business: bank 0 reads as zero here. */
static bool read_locked(GicV3 *g, hwaddr offset, uint64_t *value, unsigned size)
{
    GicRegRef ref;
    int spi = irouter_spi(offset, size);

    if (gic_reg_decode(offset, size, &ref)) {
        if (ref.bank && ref.bank <= GIC_NB_SPI_BANKS)
            *value = gic_bank_reg_read(&g->spi[ref.bank - 1], ref);
        return true;
    }
    if (spi >= 0) {
        *value = g->irouter[spi] >> (offset & 4 ? 32 : 0);
        return true;
    }
    return size == 4 && read_word(g, offset, value);
}

static MemTxResult dist_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    GicV3 *g = opaque;

    *value = 0;
    gic_lock(&g->common);
    if (!read_locked(g, offset, value, size))
        log_bad("read", offset, size);
    gic_unlock(&g->common);
    return MEMTX_OK;
}

static void write_irouter(GicV3 *g, unsigned spi, hwaddr offset, uint64_t value, unsigned size)
{
    uint64_t r = size == 8 ? value : deposit64(g->irouter[spi], offset & 4 ? 32 : 0, 32, value);

    r &= GICD_IROUTER_MASK;
    g->irouter[spi] = r;
    g->spi_cpu[spi] = gicv3_cpu_of_affinity(g, (uint32_t)((r & 0xffffff) | (r >> 8 & 0xff000000)));
}

/* Registers with a bit an interrupt, as interrupt handling uses, concern only the CPUs that these interrupts go to. */
static void write_bank(GicV3 *g, GicRegRef ref, uint32_t value)
{
    unsigned bank = ref.bank - 1;

    if (!ref.bank || bank >= GIC_NB_SPI_BANKS)
        return;
    gic_bank_reg_write(&g->spi[bank], ref, value, 0);
    if (ref.reg == GIC_REG_GROUP || ref.reg == GIC_REG_PRIORITY || ref.reg == GIC_REG_CONFIG)
        gicv3_update_all(g);
    else
        for (; value; value &= value - 1)
            gicv3_update_spi_target(g, bank * 32 + (unsigned)__builtin_ctz(value));
}

static bool write_locked(GicV3 *g, hwaddr offset, uint64_t value, unsigned size)
{
    GicRegRef ref;
    int spi = irouter_spi(offset, size);

    if (gic_reg_decode(offset, size, &ref)) {
        write_bank(g, ref, (uint32_t)value);
        return true;
    }
    if (spi >= 0) {
        write_irouter(g, (unsigned)spi, offset, value, size);
        gicv3_update_all(g);
        return true;
    }
    if (offset == GICD_CTLR && size == 4) {
        __atomic_store_n(&g->ctlr, (uint32_t)value & (GICD_CTLR_ENABLE_GRP0 | GICD_CTLR_ENABLE_GRP1), __ATOMIC_RELAXED);
        gicv3_update_all(g);
        return true;
    }
    return size == 4 && is_quiet(offset);
}

static MemTxResult dist_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    GicV3 *g = opaque;

    gic_lock(&g->common);
    if (!write_locked(g, offset, value, size))
        log_bad("write", offset, size);
    gic_unlock(&g->common);
    return MEMTX_OK;
}

const MemoryRegionOps gicv3_dist_ops = { .read = dist_read, .write = dist_write, .valid = { 1, 8, false } };
