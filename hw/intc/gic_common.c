/* SPDX-License-Identifier: MIT */
/* Interrupt banks, their registers, and the lines into the CPUs: see gic_internal.h. */
#include "hw/intc/gic_internal.h"

#define SGI_MASK 0xffffu

void gic_bank_best(const GicBank *b, uint32_t mask, unsigned first_intid, GicBest *best)
{
    for (; mask; mask &= mask - 1) {
        unsigned n = (unsigned)__builtin_ctz(mask);

        if (b->priority[n] < best->priority)
            *best = (GicBest){ first_intid + n, b->priority[n], b->group >> n & 1 };
    }
}

bool gic_bank_set_level(GicBank *b, unsigned n, bool level)
{
    uint32_t bit = 1u << n;

    if (!!(b->level & bit) == level)
        return false;
    b->level ^= bit;
    if (level)
        b->pending |= bit & b->edge;
    return true;
}

bool gic_reg_decode(hwaddr offset, unsigned size, GicRegRef *ref)
{
    if (offset >= 0x80 && offset < 0x400) {
        *ref = (GicRegRef){ (GicReg)((offset >> 7) - 1), (offset & 0x7f) >> 2, 0, size };
        return size == 4 && !(offset & 3);
    }
    if (offset >= 0x400 && offset < 0x800) {
        *ref = (GicRegRef){ GIC_REG_PRIORITY, (offset - 0x400) >> 5, offset & 31, size };
        return size <= 4 && !(offset & (size - 1));
    }
    if (offset >= 0xc00 && offset < 0xd00) {
        *ref = (GicRegRef){ GIC_REG_CONFIG, (offset - 0xc00) >> 3, (offset & 4) << 2, size };
        return size == 4 && !(offset & 3);
    }
    return false;
}

static uint32_t read_priorities(const GicBank *b, GicRegRef ref)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < ref.size; i++)
        value |= (uint32_t)b->priority[ref.first + i] << (8 * i);
    return value;
}

/* ICFGR: two bits an interrupt, the upper one says edge. */
static uint32_t read_config(const GicBank *b, GicRegRef ref)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < 16; i++)
        value |= (b->edge >> (ref.first + i) & 1) << (2 * i + 1);
    return value;
}

static void write_config(GicBank *b, GicRegRef ref, uint32_t value)
{
    for (unsigned i = 0; i < 16; i++) {
        uint32_t bit = 1u << (ref.first + i);

        if (ref.bank == 0 && (bit & SGI_MASK))
            continue;
        b->edge = value & 2u << (2 * i) ? b->edge | bit : b->edge & ~bit;
    }
}

uint32_t gic_bank_reg_read(const GicBank *b, GicRegRef ref)
{
    switch (ref.reg) {
    case GIC_REG_GROUP:
        return b->group;
    case GIC_REG_SET_ENABLE:
    case GIC_REG_CLEAR_ENABLE:
        return b->enabled;
    case GIC_REG_SET_PENDING:
    case GIC_REG_CLEAR_PENDING:
        return gic_bank_pending(b);
    case GIC_REG_SET_ACTIVE:
    case GIC_REG_CLEAR_ACTIVE:
        return b->active;
    case GIC_REG_PRIORITY:
        return read_priorities(b, ref);
    case GIC_REG_CONFIG:
        return read_config(b, ref);
    }
    return 0;
}

void gic_bank_reg_write(GicBank *b, GicRegRef ref, uint32_t value, uint32_t fixed_pending)
{
    switch (ref.reg) {
    case GIC_REG_GROUP:
        b->group = value;
        break;
    case GIC_REG_SET_ENABLE:
        b->enabled |= value;
        break;
    case GIC_REG_CLEAR_ENABLE:
        b->enabled &= ~value;
        break;
    case GIC_REG_SET_PENDING:
        b->pending |= value & ~fixed_pending;
        break;
    case GIC_REG_CLEAR_PENDING:
        b->pending &= ~value | fixed_pending;
        break;
    case GIC_REG_SET_ACTIVE:
        b->active |= value;
        break;
    case GIC_REG_CLEAR_ACTIVE:
        b->active &= ~value;
        break;
    case GIC_REG_PRIORITY:
        for (unsigned i = 0; i < ref.size; i++)
            b->priority[ref.first + i] = value >> (8 * i) & GIC_PRIORITY_MASK;
        break;
    case GIC_REG_CONFIG:
        write_config(b, ref, value);
        break;
    }
}

void gic_common_init(GicCommon *g, CPUState **cpus, unsigned n_cpus, const char *name)
{
    lock_init(&g->lock, LOCK_IRQCHIP, name);
    g->n_cpus = n_cpus;
    g->out = g_new0(GicOut, n_cpus);
    for (unsigned i = 0; i < n_cpus; i++)
        g->out[i].cpu = cpus[i];
}

void gic_common_destroy(GicCommon *g)
{
    g_free(g->out);
    lock_destroy(&g->lock);
}

bool gic_out_store(GicCommon *g, unsigned cpu, uint32_t wanted)
{
    GicOut *out = &g->out[cpu];

    if (__atomic_load_n(&out->wanted, __ATOMIC_RELAXED) == wanted)
        return false;
    __atomic_store_n(&out->wanted, wanted, __ATOMIC_SEQ_CST); /* pairs with the loads in gic_deliver */
    return true;
}

void gic_out_mark(GicCommon *g, unsigned cpu)
{
    g->dirty[cpu / 64] |= 1ull << cpu % 64;
}

void gic_out_set(GicCommon *g, unsigned cpu, uint32_t wanted)
{
    if (gic_out_store(g, cpu, wanted))
        gic_out_mark(g, cpu);
}

void gic_deliver(GicCommon *g, unsigned cpu)
{
    GicOut *out = &g->out[cpu];
    uint32_t now = __atomic_load_n(&out->wanted, __ATOMIC_SEQ_CST), sent;

    do {
        sent = now;
        arm_cpu_set_irq(out->cpu, ARM_LINE_IRQ, sent & GIC_OUT_IRQ);
        arm_cpu_set_irq(out->cpu, ARM_LINE_FIQ, sent & GIC_OUT_FIQ);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        now = __atomic_load_n(&out->wanted, __ATOMIC_SEQ_CST);
    } while (now != sent);
}

void gic_unlock(GicCommon *g)
{
    uint64_t dirty[ARRAY_SIZE(g->dirty)];
    unsigned n_words = (g->n_cpus + 63) / 64;

    for (unsigned w = 0; w < n_words; w++) {
        dirty[w] = g->dirty[w];
        g->dirty[w] = 0;
    }
    lock_release(&g->lock);
    for (unsigned w = 0; w < n_words; w++)
        for (; dirty[w]; dirty[w] &= dirty[w] - 1)
            gic_deliver(g, w * 64 + ctz64(dirty[w]));
}

unsigned gic_requester(const GicCommon *g, MemTxAttrs attrs)
{
    return !attrs.unspecified && attrs.requester_id < g->n_cpus ? attrs.requester_id : 0;
}

uint32_t gic_id_register(hwaddr offset, unsigned arch_revision)
{
    /* PIDR4..7, PIDR0..3, CIDR0..3 */
    static const uint8_t ids[] = { 0x44, 0, 0, 0, 0x92, 0xb4, 0x0b, 0, 0x0d, 0xf0, 0x05, 0xb1 };
    unsigned n = (unsigned)(offset >> 2);

    if (n >= ARRAY_SIZE(ids))
        return 0;
    return n == 6 ? ids[n] | arch_revision << 4 : ids[n];
}
