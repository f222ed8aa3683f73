/* SPDX-License-Identifier: MIT */
/*
 * GICv3 redistributors (IHI 0069, 12.10 and 12.11): two 64 KiB frames a CPU, RD_base and SGI_base.
 * The frames of all CPUs lie in one region, or in two when there are many CPUs; "Last" marks the end of each.
 */
#include <inttypes.h>

#include "base/log.h"
#include "hw/intc/gicv3_internal.h"

enum {
    GICR_CTLR = 0x0, GICR_IIDR = 0x4, GICR_TYPER = 0x8, GICR_TYPER_HIGH = 0xc, GICR_STATUSR = 0x10, GICR_WAKER = 0x14,
    GICR_PROPBASER = 0x70, GICR_PENDBASER_END = 0x80, GICR_ID_REGS = 0xffd0,
    SGI_FRAME = 0x10000, GICR_IGRPMODR0 = 0xd00, GICR_NSACR = 0xe00
};
#define WAKER_PROCESSOR_SLEEP 2u
#define WAKER_CHILDREN_ASLEEP 4u

static uint64_t typer(const GicV3 *g, unsigned cpu)
{
    bool last = cpu == g->num_cpu - 1 || cpu == g->redist0_cpus - 1;

    return (uint64_t)g->affinity[cpu] << 32 | (uint64_t)cpu << 8 | (last ? 1u << 4 : 0);
}

static bool rd_read(GicV3 *g, unsigned cpu, hwaddr offset, uint64_t *value, unsigned size)
{
    if (size == 8) {
        *value = offset == GICR_TYPER ? typer(g, cpu) : 0;
        return offset == GICR_TYPER || (offset >= GICR_PROPBASER && offset < GICR_PENDBASER_END);
    }
    if (size != 4 || (offset & 3))
        return false;
    switch (offset) {
    case GICR_IIDR:
        *value = GIC_IIDR;
        return true;
    case GICR_TYPER:
        *value = (uint32_t)typer(g, cpu);
        return true;
    case GICR_TYPER_HIGH:
        *value = typer(g, cpu) >> 32;
        return true;
    case GICR_WAKER:
        *value = g->cpu[cpu].waker;
        return true;
    }
    if (offset >= GICR_ID_REGS)
        *value = gic_id_register(offset - GICR_ID_REGS, 3);
    return offset >= GICR_ID_REGS || offset == GICR_CTLR || offset == GICR_STATUSR ||
           (offset >= GICR_PROPBASER && offset < GICR_PENDBASER_END);
}

static bool rd_write(GicV3 *g, unsigned cpu, hwaddr offset, uint64_t value, unsigned size)
{
    if (offset == GICR_WAKER && size == 4) {
        g->cpu[cpu].waker = value & WAKER_PROCESSOR_SLEEP ? WAKER_PROCESSOR_SLEEP | WAKER_CHILDREN_ASLEEP : 0;
        return true;
    }
    return offset == GICR_CTLR || offset == GICR_STATUSR || (offset >= GICR_PROPBASER && offset < GICR_PENDBASER_END);
}

static bool sgi_reg(hwaddr offset, unsigned size, GicRegRef *ref)
{
    return gic_reg_decode(offset, size, ref) && ref->bank == 0;
}

static bool sgi_is_quiet(hwaddr offset, unsigned size)
{
    return size == 4 && (offset == GICR_IGRPMODR0 || offset == GICR_NSACR);
}

static bool read_locked(GicV3 *g, unsigned cpu, hwaddr offset, uint64_t *value, unsigned size)
{
    GicRegRef ref;

    if (offset < SGI_FRAME)
        return rd_read(g, cpu, offset, value, size);
    offset -= SGI_FRAME;
    if (sgi_reg(offset, size, &ref)) {
        *value = gic_bank_reg_read(&g->cpu[cpu].bank, ref);
        return true;
    }
    return sgi_is_quiet(offset, size);
}

static bool write_locked(GicV3 *g, unsigned cpu, hwaddr offset, uint64_t value, unsigned size)
{
    GicRegRef ref;

    if (offset < SGI_FRAME)
        return rd_write(g, cpu, offset, value, size);
    offset -= SGI_FRAME;
    if (sgi_reg(offset, size, &ref)) {
        gic_bank_reg_write(&g->cpu[cpu].bank, ref, (uint32_t)value, 0);
        return true;
    }
    return sgi_is_quiet(offset, size);
}

static MemTxResult redist_read(GicV3 *g, unsigned cpu, hwaddr offset, uint64_t *value, unsigned size)
{
    *value = 0;
    if (cpu >= g->num_cpu)
        return MEMTX_DECODE_ERROR;
    gicv3_cpu_lock(g, cpu);
    if (!read_locked(g, cpu, offset, value, size))
        log_printf(LOG_GUEST_ERROR, "gicv3 redistributor %u: bad read of %u bytes at 0x%" PRIx64 "\n", cpu, size, offset);
    gicv3_cpu_unlock(g, cpu);
    return MEMTX_OK;
}

static MemTxResult redist_write(GicV3 *g, unsigned cpu, hwaddr offset, uint64_t value, unsigned size)
{
    if (cpu >= g->num_cpu)
        return MEMTX_DECODE_ERROR;
    gicv3_cpu_lock(g, cpu);
    if (!write_locked(g, cpu, offset, value, size))
        log_printf(LOG_GUEST_ERROR, "gicv3 redistributor %u: bad write of %u bytes at 0x%" PRIx64 "\n", cpu, size, offset);
    gicv3_cpu_finish(g, cpu);
    return MEMTX_OK;
}

static MemTxResult low_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    return redist_read(opaque, (unsigned)(offset / GICV3_REDIST_STRIDE), offset % GICV3_REDIST_STRIDE, value, size);
}

static MemTxResult low_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    return redist_write(opaque, (unsigned)(offset / GICV3_REDIST_STRIDE), offset % GICV3_REDIST_STRIDE, value, size);
}

static MemTxResult high_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    GicV3 *g = opaque;

    return redist_read(g, g->redist0_cpus + (unsigned)(offset / GICV3_REDIST_STRIDE), offset % GICV3_REDIST_STRIDE, value, size);
}

static MemTxResult high_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    GicV3 *g = opaque;

    return redist_write(g, g->redist0_cpus + (unsigned)(offset / GICV3_REDIST_STRIDE), offset % GICV3_REDIST_STRIDE, value, size);
}

/* [0] for the first region, [1] for the second. */
const MemoryRegionOps gicv3_redist_ops[2] = {
    { .read = low_read, .write = low_write, .valid = { 1, 8, false } },
    { .read = high_read, .write = high_write, .valid = { 1, 8, false } },
};
