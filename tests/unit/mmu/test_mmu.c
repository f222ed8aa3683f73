/* SPDX-License-Identifier: MIT */
/* The soft MMU by itself: fills, flushes, devices, page crossing, atomics. The toy guest lends its page tables. */
#include "tests/unit/exec/toy.h"

#define RW (PROT_R | PROT_W)
#define K (TOY_KERNEL << MO_IDX_SHIFT)
#define U (TOY_USER << MO_IDX_SHIFT)

static ToyCPU *c;
static CPUState *cpu;

static void fresh(void)
{
    toy_unmap_all();
    current_cpu = cpu;
    c->asid = 0;
    mmu_set_asid(cpu, 0);
    mmu_flush(cpu, ~0u);
    c->fills = c->bus_errors = c->unaligned = 0;
    memset(toy_ram, 0, TOY_RAM_SIZE);
}

/* Calls fn; true when it left by a guest fault. */
static bool faults(void (*fn)(void))
{
    c->fault_va = ~0ull;
    if (sigsetjmp(cpu->jmp_env, 0)) {
        cpu->exception_index = -1;
        return true;
    }
    fn();
    return false;
}

static uint64_t ld(uint64_t va, IRMemOp mo) { return mmu_ld(cpu, va, mo, 0); }
static void st(uint64_t va, uint64_t v, IRMemOp mo) { mmu_st(cpu, va, v, mo, 0); }
static uint64_t ram64(uint64_t pa) { return ldq_le_p(toy_ram + pa); }

/* ---- fills ---- */
static void test_fill_once(void)
{
    fresh();
    toy_map(0x5000, 0x2000, 12, RW, true, 0);
    st(0x5008, 0x1122334455667788, MO_64 | K);
    g_assert_cmphex(ram64(0x2008), ==, 0x1122334455667788);
    g_assert_cmphex(ld(0x5008, MO_32 | K), ==, 0x55667788);
    g_assert_cmphex(ld(0x500f, MO_8 | K), ==, 0x11);
    g_assert_cmpint(c->fills, ==, 1);
    ld(0x5008, MO_64 | U);
    g_assert_cmpint(c->fills, ==, 2); /* an index of its own */
}

static void test_fast_path_entry(void)
{
    fresh();
    toy_map(0x5000, 0x2000, 12, PROT_R, true, 0);
    ld(0x5000, MO_8 | K);
    CPUTLBEntry *e = (CPUTLBEntry *)((char *)cpu->tlb[TOY_KERNEL].table + ((0x5000 >> (12 - CPU_TLB_ENTRY_BITS)) & cpu->tlb[TOY_KERNEL].mask));
    g_assert_cmphex(e->addr_read, ==, 0x5000);
    g_assert_cmphex(e->addr_write, ==, ~0ull);
    g_assert_true((uint8_t *)(uintptr_t)(e->addend + 0x5123) == toy_ram + 0x2123);
}

static void store_5000(void) { st(0x5000, 1, MO_64 | K); }

static void test_permissions(void)
{
    fresh();
    toy_map(0x5000, 0x2000, 12, PROT_R, true, 0);
    ld(0x5000, MO_8 | K);
    g_assert_true(faults(store_5000));
    g_assert_cmphex(c->fault_va, ==, 0x5000);
    g_assert_cmphex(ram64(0x2000), ==, 0);
}

static void test_victims(void)
{
    fresh();
    /* Nine pages that want one place: eight victims and the table itself. */
    uint64_t step = (uint64_t)TLB_MAX_ENTRIES << 12;
    for (unsigned i = 0; i < 9; i++)
        toy_map(0x5000 + i * step, 0x2000 + i * 0x1000, 12, RW, true, 0);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 9; i++)
            st(0x5000 + i * step, i + 1, MO_64 | K);
    }
    g_assert_cmpint(c->fills, ==, 9);
    for (unsigned i = 0; i < 9; i++)
        g_assert_cmpuint(ram64(0x2000 + i * 0x1000), ==, i + 1);
}

static void test_size_follows_use(void)
{
    fresh();
    uint64_t before = cpu->tlb[TOY_KERNEL].mask;
    for (unsigned i = 0; i < 2000; i++)
        toy_map((uint64_t)i << 12, 0x1000, 12, RW, true, 0);
    for (unsigned round = 0; round < 4; round++) {
        for (unsigned i = 0; i < 2000; i++)
            ld((uint64_t)i << 12, MO_8 | K);
    }
    g_assert_cmpuint(cpu->tlb[TOY_KERNEL].mask, >=, before * 4);
    c->fills = 0;
    for (unsigned i = 0; i < 2000; i++)
        ld((uint64_t)i << 12, MO_8 | K);
    g_assert_cmpint(c->fills, ==, 0);
    for (unsigned i = 0; i < 400; i++)
        mmu_flush(cpu, ~0u);
    g_assert_cmpuint(cpu->tlb[TOY_KERNEL].mask, ==, (TLB_MIN_ENTRIES - 1) << CPU_TLB_ENTRY_BITS);
}

/* ---- watched pages ---- */
static void load_5ffc(void) { ld(0x5ffc, MO_64 | K); }
static void load_6010(void) { ld(0x6010, MO_32 | K); }
static void load_6020(void) { ld(0x6020, MO_32 | K); }
static void store_6010(void) { st(0x6010, 9, MO_64 | K); }
static void add_6010(void) { mmu_atom_rmw(cpu, 0x6010, IR_AT_ADD, 1, MO_64 | K, 0); }

static void test_watched_page(void)
{
    fresh();
    c->watch_va = 0x6010;
    toy_map(0x5000, 0x2000, 12, RW, true, 0);
    toy_map(0x6000, 0x3000, 12, RW, true, 0);
    g_assert_false(faults(load_5ffc));
    g_assert_cmpint(c->watch_checks, ==, 1); /* the part on the watched page */
    g_assert_false(faults(load_6020));
    g_assert_true(faults(load_6010));
    g_assert_true(faults(store_6010));
    g_assert_cmpint(c->watch_access, ==, MMU_DATA_STORE);
    g_assert_true(faults(add_6010));
    g_assert_cmpint(c->watch_access, ==, MMU_DATA_LOAD);
    g_assert_cmphex(ram64(0x3010), ==, 0);
    g_assert_null(mmu_probe(cpu, 0x6800, 8, MMU_DATA_LOAD, TOY_KERNEL, false, NULL, 0));
    g_assert_null(mmu_probe_store(cpu, 0x6800, 8, TOY_KERNEL, 0));
    g_assert_nonnull(mmu_probe(cpu, 0x5800, 8, MMU_DATA_LOAD, TOY_KERNEL, false, NULL, 0));
    c->watch_va = 0;
    mmu_flush_range(cpu, 0x6000, 1, 12, MMU_ASID_ANY, ~0u);
    c->watch_checks = 0;
    g_assert_false(faults(store_6010));
    g_assert_cmpint(c->watch_checks, ==, 0);
}

/* A page that is watched when code is translated from it must lose its plain stores like any other. */
static void test_watched_code_page(void)
{
    fresh();
    c->watch_va = 0x6010;
    toy_map(0x6000, 0x3000, 12, RW, true, 0);
    st(0x6000, 1, MO_64 | K);
    CPUTLBEntry *e = &cpu->tlb[TOY_KERNEL].table[0x6000 >> 12 & cpu->tlb[TOY_KERNEL].mask >> CPU_TLB_ENTRY_BITS];
    g_assert_cmphex(e->addr_write, ==, 0x6000 | TLB_WATCH);
    g_assert_true(mmu_revoke_write(cpu, toy_ram + 0x3000));
    g_assert_cmphex(e->addr_write, ==, 0x6000 | TLB_WATCH | TLB_NOTDIRTY);
    c->watch_va = 0;
}

static void test_tagged_address(void)
{
    fresh();
    toy_map(0x5000, 0x2000, 12, RW, true, 0);
    st(0x3a00000000005010, 7, MO_64 | K);
    g_assert_cmpuint(ram64(0x2010), ==, 7);
    g_assert_cmpint(c->fills, ==, 1);
    ld(0x5010, MO_64 | K);
    g_assert_cmpint(c->fills, ==, 1);
}

/* ---- flushes ---- */
static int fills_of(uint64_t va, IRMemOp mo)
{
    int before = c->fills;
    ld(va, mo);
    return c->fills - before;
}

static void test_flush_page(void)
{
    fresh();
    for (unsigned i = 0; i < 4; i++)
        toy_map(0x5000 + i * 0x1000, 0x2000, 12, RW, true, 0);
    for (unsigned i = 0; i < 4; i++)
        ld(0x5000 + i * 0x1000, MO_8 | K);
    mmu_flush_range(cpu, 0x6000, 2, 12, MMU_ASID_ANY, 1u << TOY_KERNEL);
    g_assert_cmpint(fills_of(0x5000, MO_8 | K), ==, 0);
    g_assert_cmpint(fills_of(0x6000, MO_8 | K), ==, 1);
    g_assert_cmpint(fills_of(0x7000, MO_8 | K), ==, 1);
    g_assert_cmpint(fills_of(0x8000, MO_8 | K), ==, 0);
    mmu_flush_range(cpu, 0x5000, 1, 12, MMU_ASID_ANY, 1u << TOY_USER); /* another index */
    g_assert_cmpint(fills_of(0x5000, MO_8 | K), ==, 0);
    mmu_flush_range(cpu, 0x8000, 100, 12, MMU_ASID_ANY, 1u << TOY_KERNEL); /* more pages than are dropped one by one */
    g_assert_cmpint(fills_of(0x7000, MO_8 | K), ==, 0);
    g_assert_cmpint(fills_of(0x8000, MO_8 | K), ==, 1);
    mmu_flush_range(cpu, 0, ~0ull, 16, MMU_ASID_ANY, 1u << TOY_KERNEL); /* more than fits 64 bits of bytes */
    g_assert_cmpint(fills_of(0x5000, MO_8 | K), ==, 1);
}

static void test_flush_victim(void)
{
    fresh();
    uint64_t step = (uint64_t)TLB_MAX_ENTRIES << 12;
    toy_map(0x5000, 0x2000, 12, RW, true, 0);
    toy_map(0x5000 + step, 0x2000, 12, RW, true, 0);
    ld(0x5000, MO_8 | K);
    ld(0x5000 + step, MO_8 | K);
    mmu_flush_range(cpu, 0x5000, 1, 12, MMU_ASID_ANY, ~0u);
    g_assert_cmpint(fills_of(0x5000, MO_8 | K), ==, 1);
}

static void test_flush_large(void)
{
    fresh();
    toy_map(0x200000, 0x200000, 21, RW, true, 0);
    toy_map(0x400000, 0x200000, 12, RW, true, 0);
    ld(0x201000, MO_8 | K);
    ld(0x203000, MO_8 | K);
    ld(0x400000, MO_8 | K);
    g_assert_cmpint(c->fills, ==, 3);
    mmu_flush_range(cpu, 0x3ff000, 1, 12, MMU_ASID_ANY, ~0u);
    g_assert_cmpint(fills_of(0x201000, MO_8 | K), ==, 1);
    g_assert_cmpint(fills_of(0x203000, MO_8 | K), ==, 1);
    g_assert_cmpint(fills_of(0x400000, MO_8 | K), ==, 0);
    mmu_flush_range(cpu, 0x3ff000 - 0x100000, 0x100, 12, MMU_ASID_ANY, ~0u);
    g_assert_cmpint(fills_of(0x201000, MO_8 | K), ==, 1);
    g_assert_cmpint(fills_of(0x400000, MO_8 | K), ==, 0);
}

static unsigned entries_in_use(void)
{
    const CPUTLBFast *t = &cpu->tlb[TOY_KERNEL];
    unsigned n = 0;
    for (uint64_t i = 0; i <= t->mask >> CPU_TLB_ENTRY_BITS; i++)
        n += !tlb_entry_empty(&t->table[i]);
    return n;
}

/* Small pages beside a large one in a range that was remembered for several, and a range that has none left. */
static void test_flush_large_exactly(void)
{
    fresh();
    for (uint64_t va = 0x40000000; va < 0x40000000 + 64ull * 0x40000000; va += 0x40000000)
        toy_map(va, 0, 21, RW, true, 0); /* more than are remembered one by one */
    toy_map(0x40300000, 0x3000, 12, RW, true, 0);
    for (uint64_t i = 1; i <= 64; i++)
        ld((i << 30) + (i << 12), MO_8 | K);
    ld(0x40300000, MO_8 | K);
    unsigned n = entries_in_use();
    mmu_flush_range(cpu, 0x40100000, 1, 12, MMU_ASID_ANY, ~0u); /* in the large page of 40000000 */
    g_assert_cmpuint(entries_in_use(), ==, n - 1);
    mmu_flush_range(cpu, 0x40400000, 1, 12, MMU_ASID_ANY, ~0u); /* in none */
    g_assert_cmpuint(entries_in_use(), ==, n - 1);
    mmu_flush_range(cpu, 0x40300000, 1, 12, MMU_ASID_ANY, ~0u); /* the small one alone */
    g_assert_cmpuint(entries_in_use(), ==, n - 2);
    mmu_flush(cpu, ~0u);
    ld(0x80000000, MO_8 | K);
    g_assert_cmpuint(cpu->mmu->sets[TOY_KERNEL][0].n_large, ==, 1);
    mmu_flush_range(cpu, 0x80001000, 1, 12, MMU_ASID_ANY, ~0u);
    g_assert_cmpuint(cpu->mmu->sets[TOY_KERNEL][0].n_large, ==, 0);
}

/* The last page of all is a page like others. */
static void test_flush_last_page(void)
{
    fresh();
    toy_map(0x5000, 0x2000, 12, RW, true, 0);
    ld(0x5000, MO_8 | K);
    mmu_flush_range(cpu, 0xfffffffffffff000, 1, 12, MMU_ASID_ANY, ~0u);
    g_assert_cmpint(fills_of(0x5000, MO_8 | K), ==, 0);
}

/* More large ranges than are remembered one by one. */
static void test_flush_many_large(void)
{
    fresh();
    for (uint64_t i = 0; i < 64; i++)
        toy_map(i << 30, 0, 21, RW, true, 0);
    for (uint64_t i = 0; i < 64; i++)
        ld(i << 30, MO_8 | K);
    for (uint64_t i = 0; i < 64; i++)
        mmu_flush_range(cpu, (i << 30) + 0x1ff000, 1, 12, MMU_ASID_ANY, ~0u);
    for (uint64_t i = 0; i < 64; i++)
        g_assert_cmpint(fills_of(i << 30, MO_8 | K), ==, 1);
}

static void set_asid(uint32_t asid)
{
    c->asid = asid;
    mmu_set_asid(cpu, asid);
}

static void map_asids(unsigned n)
{
    for (unsigned i = 1; i <= n; i++) {
        toy_map(0x5000, 0x10000 + i * 0x1000, 12, RW, false, i);
        stq_le_p(toy_ram + 0x10000 + i * 0x1000, i);
    }
}

static void test_asid_switch_keeps(void)
{
    fresh();
    map_asids(2);
    set_asid(1);
    g_assert_cmpuint(ld(0x5000, MO_64 | U), ==, 1);
    set_asid(2);
    g_assert_cmpuint(ld(0x5000, MO_64 | U), ==, 2);
    g_assert_cmpint(c->fills, ==, 2);
    set_asid(1);
    g_assert_cmpuint(ld(0x5000, MO_64 | U), ==, 1);
    g_assert_cmpint(c->fills, ==, 2);
}

static void test_asid_recycled(void)
{
    fresh();
    map_asids(20);
    for (unsigned i = 1; i <= 20; i++) {
        set_asid(i);
        g_assert_cmpuint(ld(0x5000, MO_64 | U), ==, i);
    }
    c->fills = 0;
    set_asid(20);
    g_assert_cmpuint(ld(0x5000, MO_64 | U), ==, 20);
    g_assert_cmpint(c->fills, ==, 0);
    set_asid(1);
    g_assert_cmpuint(ld(0x5000, MO_64 | U), ==, 1);
    g_assert_cmpint(c->fills, ==, 1);
}

static void test_asid_flush(void)
{
    fresh();
    map_asids(2);
    toy_map(0x9000, 0x3000, 12, RW, true, 0);
    set_asid(2);
    ld(0x5000, MO_64 | U);
    set_asid(1);
    ld(0x5000, MO_64 | U);
    ld(0x9000, MO_64 | U);
    mmu_flush_asid(cpu, 1, ~0u);
    g_assert_cmpint(fills_of(0x5000, MO_64 | U), ==, 1);
    g_assert_cmpint(fills_of(0x9000, MO_64 | U), ==, 0); /* global */
    set_asid(2);
    g_assert_cmpint(fills_of(0x5000, MO_64 | U), ==, 0);
    mmu_flush_asid(cpu, 1, ~0u); /* not the current one */
    g_assert_cmpint(fills_of(0x5000, MO_64 | U), ==, 0);
    mmu_flush_range(cpu, 0x5000, 1, 12, 1, ~0u);
    g_assert_cmpint(fills_of(0x5000, MO_64 | U), ==, 0);
    mmu_flush_range(cpu, 0x5000, 1, 12, MMU_ASID_ANY, ~0u);
    g_assert_cmpint(fills_of(0x5000, MO_64 | U), ==, 1);
}

static void test_global_in_every_set(void)
{
    fresh();
    toy_map(0x9000, 0x3000, 12, RW, true, 0);
    set_asid(1);
    ld(0x9000, MO_64 | U);
    set_asid(2);
    mmu_flush_range(cpu, 0x9000, 1, 12, 2, ~0u);
    set_asid(1);
    g_assert_cmpint(fills_of(0x9000, MO_64 | U), ==, 1);
}

/* The kernel's index is not kept by ASID: its non-global entries go at a switch. */
static void test_nonglobal_dropped_at_switch(void)
{
    for (unsigned n = 1; n <= 64; n *= 8) {
        fresh();
        for (unsigned i = 0; i < n; i++) {
            toy_map(0x100000 + i * 0x1000, 0x20000, 12, RW, false, 1);
            toy_map(0x100000 + i * 0x1000, 0x21000, 12, RW, false, 2);
        }
        toy_map(0x9000, 0x3000, 12, RW, true, 0);
        stq_le_p(toy_ram + 0x20000, 1);
        stq_le_p(toy_ram + 0x21000, 2);
        set_asid(1);
        ld(0x9000, MO_64 | K);
        for (unsigned i = 0; i < n; i++)
            g_assert_cmpuint(ld(0x100000 + i * 0x1000, MO_64 | K), ==, 1);
        set_asid(2);
        for (unsigned i = 0; i < n; i++)
            g_assert_cmpuint(ld(0x100000 + i * 0x1000, MO_64 | K), ==, 2);
        g_assert_cmpint(fills_of(0x9000, MO_64 | K), ==, 0);
    }
}

/* But when it holds little else it is kept by ASID, until it is flushed. */
static void test_nonglobal_kept_by_asid(void)
{
    const unsigned n = 64;
    fresh();
    for (unsigned i = 0; i < n; i++) {
        toy_map(0x100000 + i * 0x1000, 0x20000, 12, RW, false, 1);
        toy_map(0x100000 + i * 0x1000, 0x21000, 12, RW, false, 2);
    }
    stq_le_p(toy_ram + 0x20000, 1);
    stq_le_p(toy_ram + 0x21000, 2);
    for (unsigned round = 0; round < 10; round++) {
        if (round == 9)
            c->fills = 0;
        for (unsigned asid = 1; asid <= 2; asid++) {
            set_asid(asid);
            for (unsigned i = 0; i < n; i++)
                g_assert_cmpuint(ld(0x100000 + i * 0x1000, MO_64 | K), ==, asid);
        }
    }
    g_assert_cmpint(c->fills, ==, 0);
    mmu_flush_asid(cpu, 1, ~0u);
    mmu_flush_range(cpu, 0x101000, 1, 12, 2, ~0u);
    g_assert_cmpint(fills_of(0x100000, MO_64 | K), ==, 0);
    g_assert_cmpint(fills_of(0x101000, MO_64 | K), ==, 1);
    set_asid(1);
    g_assert_cmpint(fills_of(0x100000, MO_64 | K), ==, 1);
    mmu_flush(cpu, ~0u);
    ld(0x100000, MO_64 | K);
    set_asid(2);
    g_assert_cmpuint(ld(0x100000, MO_64 | K), ==, 2);
    set_asid(1);
    g_assert_cmpint(fills_of(0x100000, MO_64 | K), ==, 1);
}

/* ---- flushes that reach all vCPUs ---- */
static ToyCPU *other_cpu(void)
{
    static ToyCPU *other;
    if (!other)
        other = toy_new_cpu(1);
    return other;
}

static int other_fills(uint64_t va)
{
    ToyCPU *other = other_cpu();
    other->fills = 0;
    mmu_ld(&other->parent, va, MO_8 | K, 0);
    return other->fills;
}

/* Flushes n pages that cannot be made one range, 5000 among them. */
static void flush_pages_all(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        mmu_flush_range_all(cpu, 0x5000 + (uint64_t)i * 0x2000, 1, 12, MMU_ASID_ANY, 1u << TOY_KERNEL);
    g_assert_cmphex(cpu->tlb_sync, ==, CPU_SYNC_UNSENT);
    mmu_sync(cpu);
    g_assert_true(mmu_sync_try(cpu)); /* nobody runs */
    g_assert_cmphex(cpu->tlb_sync, ==, 0);
}

/* A flush for all reaches a vCPU that is not running when it looks at the log; a vCPU that was left behind by more than the log holds flushes everything. */
static void test_flush_all(void)
{
    static const unsigned counts[] = { 1, TLB_BATCH + 1, 200, 3 * TLB_LOG_SIZE };
    for (unsigned k = 0; k < ARRAY_SIZE(counts); k++) {
        fresh();
        toy_map(0x5000, 0x2000, 12, RW, true, 0);
        toy_map(0x6000, 0x2000, 12, RW, true, 0);
        other_fills(0x5000);
        other_fills(0x6000);
        ld(0x5000, MO_8 | K);
        flush_pages_all(counts[k]);
        g_assert_cmpint(fills_of(0x5000, MO_8 | K), ==, 1);
        g_assert_cmpint(other_fills(0x5000), ==, 0);
        mmu_apply_pending(&other_cpu()->parent);
        g_assert_cmpint(other_fills(0x5000), ==, 1);
        g_assert_cmpint(other_fills(0x6000), ==, counts[k] > TLB_LOG_SIZE);
        mmu_flush(&other_cpu()->parent, ~0u);
    }
}

/* Neighbouring pages become a range, for each ASID of a loop; what was not named stays. */
static void test_flush_all_merges(void)
{
    fresh();
    other_cpu();
    for (unsigned i = 0; i < 100; i++)
        toy_map(0x100000 + i * 0x1000, 0x2000, 12, RW, true, 0);
    for (unsigned i = 0; i < 100; i++)
        other_fills(0x100000 + i * 0x1000);
    uint64_t before = tlb_log_tail();
    for (unsigned i = 10; i < 90; i++) {
        mmu_flush_range_all(cpu, 0x100000 + i * 0x1000, 1, 12, 1, ~0u);
        mmu_flush_range_all(cpu, 0x100000 + i * 0x1000, 1, 12, 2, ~0u);
    }
    mmu_sync(cpu);
    g_assert_true(mmu_sync_try(cpu));
    g_assert_cmpuint(tlb_log_tail() - before, ==, 2);
    mmu_apply_pending(&other_cpu()->parent);
    for (unsigned i = 0; i < 100; i++)
        g_assert_cmpint(other_fills(0x100000 + i * 0x1000), ==, i >= 10 && i < 90);
}

/* ---- devices ---- */
static void test_mmio(void)
{
    fresh();
    toy_map(0x7000, TOY_MMIO, 12, RW, true, 0);
    toy_regs[1] = 0x8877665544332211;
    g_assert_cmphex(ld(0x7008, MO_64 | K), ==, 0x8877665544332211);
    g_assert_cmphex(ld(0x700a, MO_16 | K), ==, 0x4433);
    g_assert_cmpuint(toy_last_size, ==, 2);
    g_assert_cmphex(ld(0x700f, MO_8 | MO_SIGN | K), ==, 0xffffffffffffff88);
    st(0x7010, 0x12345678, MO_32 | MO_BSWAP | K);
    g_assert_cmphex(toy_regs[2], ==, 0x78563412);
    g_assert_cmphex(ld(0x7010, MO_32 | MO_BSWAP | K), ==, 0x12345678);
    V128 v = { .u64 = { 1, 2 } };
    mmu_st16(cpu, 0x7020, &v, K | MO_128, 0);
    g_assert_cmphex(toy_regs[5], ==, 2);
    g_assert_cmphex(mmu_ld16(cpu, 0x7020, K | MO_128, 0).u64[1], ==, 2);
    g_assert_false(bql_locked());
    g_assert_cmphex(cpu->mem_io_pc, ==, 0);
}

static void test_mmio_less_than_a_page(void)
{
    fresh();
    toy_map(0x7000, TOY_SMALL_MMIO, 12, RW, true, 0);
    toy_regs[3] = 5;
    g_assert_cmphex(ld(0x7018, MO_64 | K), ==, 5);
    g_assert_cmpint(c->bus_errors, ==, 0);
    g_assert_cmphex(ld(0x7200, MO_64 | K), ==, 0);
    g_assert_cmpint(c->bus_errors, ==, 1);
    st(0x7200, 1, MO_64 | K);
    g_assert_cmpint(c->bus_errors, ==, 2);
}

static void test_topology_change(void)
{
    fresh();
    toy_map(0x7000, 0x100000, 12, RW, true, 0);
    stq_le_p(toy_ram + 0x100000, 77);
    g_assert_cmpuint(ld(0x7000, MO_64 | K), ==, 77);
    static MemoryRegion cover;
    bql_lock();
    g_assert_true(memory_region_init_ram(&cover, "cover", 0x1000, NULL));
    memory_region_add_subregion_overlap(memory_system_root(), 0x100000, &cover, 1);
    bql_unlock();
    g_assert_cmpuint(ld(0x7000, MO_64 | K), ==, 0);
    bql_lock();
    memory_region_del_subregion(memory_system_root(), &cover);
    bql_unlock();
    g_assert_cmpuint(ld(0x7000, MO_64 | K), ==, 77);
}

/* ---- page crossing, alignment ---- */
static void store_cross(void) { st(0x5ffc, 0x1122334455667788, MO_64 | K); }

static void test_page_crossing(void)
{
    fresh();
    toy_map(0x5000, 0x2000, 12, RW, true, 0);
    toy_map(0x6000, 0x9000, 12, RW, true, 0);
    store_cross();
    g_assert_cmphex(ldl_le_p(toy_ram + 0x2ffc), ==, 0x55667788);
    g_assert_cmphex(ldl_le_p(toy_ram + 0x9000), ==, 0x11223344);
    g_assert_cmphex(ld(0x5ffc, MO_64 | K), ==, 0x1122334455667788);
    g_assert_cmphex(ld(0x5fff, MO_16 | MO_BSWAP | K), ==, 0x5544);
    toy_map(0x6000, TOY_MMIO, 12, RW, true, 0);
    mmu_flush(cpu, ~0u);
    toy_regs[0] = 0;
    st(0x5ffe, 0xaabbccdd, MO_32 | K);
    g_assert_cmphex(toy_regs[0], ==, 0xaabb);
    g_assert_cmphex(ld(0x5ffe, MO_32 | K), ==, 0xaabbccdd);
    V128 *p = mmu_ldptr_slow(cpu, 0x5ffc, K | 5, 0);
    g_assert_true((void *)p == cpu->bounce);
    g_assert_cmphex(p->u32[0], ==, 0xccdd7788);
}

static void test_page_crossing_faults_whole(void)
{
    fresh();
    toy_map(0x5000, 0x2000, 12, RW, true, 0);
    g_assert_true(faults(store_cross));
    g_assert_cmphex(c->fault_va, ==, 0x6000);
    g_assert_cmphex(ram64(0x2ff8), ==, 0);
}

static void store_misaligned(void) { st(0x5004, 1, MO_64 | 3 << MO_ALIGN_SHIFT | K); }

static void test_alignment(void)
{
    fresh();
    toy_map(0x5000, 0x2000, 12, RW, true, 0);
    g_assert_true(faults(store_misaligned));
    g_assert_cmpint(c->unaligned, ==, 1);
    st(0x5004, 1, MO_64 | 2 << MO_ALIGN_SHIFT | K);
    g_assert_cmpint(c->unaligned, ==, 1);
}

static void test_store_pair(void)
{
    fresh();
    toy_map(0x5000, 0x2000, 12, RW, true, 0);
    toy_map(0x6000, 0x9000, 12, RW, true, 0);
    V128 v = { .u64 = { 0x1111111122222222, 3 } }, w = { .u64 = { 0x4444444455555555, 6 } };
    mmu_st2_slow(cpu, 0x5ff8, &v, &w, MO_64 | K, 0);
    g_assert_cmphex(ram64(0x2ff8), ==, v.u64[0]);
    g_assert_cmphex(ram64(0x9000), ==, w.u64[0]);
    mmu_st2_slow(cpu, 0x5100, &v, &w, MO_32 | MO_BSWAP | K, 0);
    g_assert_cmphex(ram64(0x2100), ==, 0x5555555522222222);
    mmu_st2_slow(cpu, 0x5200, &v, &w, MO_128 | K, 0);
    g_assert_cmphex(ram64(0x2208), ==, 3);
    g_assert_cmphex(ram64(0x2218), ==, 6);
}

/* ---- atomics ---- */
static const struct { IRAtomic op; uint64_t a, b, result; } atomics[] = {
    { IR_AT_XCHG, 0x80, 0x7f, 0x7f }, { IR_AT_ADD, 0x80, 0x90, 0x10 }, { IR_AT_AND, 0x3c, 0x0f, 0x0c }, { IR_AT_OR, 0x3c, 0x0f, 0x3f },
    { IR_AT_XOR, 0x3c, 0x0f, 0x33 }, { IR_AT_ANDN, 0x3c, 0x0f, 0x30 }, { IR_AT_SMAX, 0x80, 0x01, 0x01 }, { IR_AT_SMIN, 0x80, 0x01, 0x80 },
    { IR_AT_UMAX, 0x80, 0x01, 0x80 }, { IR_AT_UMIN, 0x80, 0x01, 0x01 },
};

static void test_atomic_rmw(void)
{
    fresh();
    toy_map(0x5000, 0x2000, 12, RW, true, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(atomics); i++) {
        for (unsigned size = MO_8; size <= MO_64; size++) {
            for (unsigned swap = 0; swap < 2; swap++) {
                /* The byte at the top of the value, so that sign and carry are those of the width. */
                unsigned top = (8u << size) - 8;
                IRMemOp mo = size | K | (swap ? MO_BSWAP : 0);
                stq_le_p(toy_ram + 0x2008, ~0ull);
                st(0x5008, atomics[i].a << top, mo);
                g_assert_cmphex(mmu_atom_rmw(cpu, 0x5008, atomics[i].op, atomics[i].b << top, mo, 0), ==, atomics[i].a << top);
                g_assert_cmphex(ld(0x5008, mo), ==, atomics[i].result << top);
                if (size < MO_64)
                    g_assert_cmphex(toy_ram[0x200f], ==, 0xff);
            }
        }
    }
}

static void test_atomic_cas(void)
{
    fresh();
    toy_map(0x5000, 0x2000, 12, RW, true, 0);
    st(0x5000, 0x1234, MO_16 | K);
    g_assert_cmphex(mmu_atom_cas(cpu, 0x5000, 0xff1234, 0x5678, MO_16 | K, 0), ==, 0x1234);
    g_assert_cmphex(mmu_atom_cas(cpu, 0x5000, 0x1234, 0x9999, MO_16 | K, 0), ==, 0x5678);
    g_assert_cmphex(ld(0x5000, MO_64 | K), ==, 0x5678);
    V128 v = { .u64 = { 1, 2 } }, w = { .u64 = { 3, 4 } };
    mmu_st16(cpu, 0x5010, &v, MO_128 | MO_ATOM16 | K, 0);
    g_assert_cmphex(mmu_atom_cas16(cpu, 0x5010, &v, &w, MO_128 | K, 0).u64[1], ==, 2);
    g_assert_cmphex(mmu_atom_cas16(cpu, 0x5010, &v, &v, MO_128 | K, 0).u64[1], ==, 4);
    g_assert_cmphex(mmu_ld16(cpu, 0x5010, MO_128 | MO_ATOM16 | K, 0).u64[0], ==, 3);
    g_assert_cmphex(mmu_ld16(cpu, 0x5010, MO_128 | MO_BSWAP | K, 0).u64[0], ==, 0x0400000000000000);
}

/* What the operations come to, in plain arithmetic. */
static uint64_t plain(IRAtomic op, uint64_t a, uint64_t b, unsigned bits)
{
    int64_t x = sextract64(a, 0, bits), y = sextract64(b, 0, bits);
    uint64_t m = MASK64(bits);
    b &= m;
    switch (op) {
    case IR_AT_XCHG: return b;
    case IR_AT_ADD: return (a + b) & m;
    case IR_AT_AND: return a & b;
    case IR_AT_OR: return a | b;
    case IR_AT_XOR: return a ^ b;
    case IR_AT_ANDN: return a & ~b;
    case IR_AT_SMAX: return (uint64_t)MAX_OF(x, y) & m;
    case IR_AT_SMIN: return (uint64_t)MIN_OF(x, y) & m;
    case IR_AT_UMAX: return MAX_OF(a, b);
    default: return MIN_OF(a, b);
    }
}

/* Anywhere across two pages that are not neighbours in RAM. Only what crosses a cache line needs an exclusive section. */
static void test_atomic_misaligned(void)
{
    fresh();
    toy_map(0x5000, 0x2000, 12, RW, true, 0);
    toy_map(0x6000, 0x9000, 12, RW, true, 0);
    for (unsigned i = 0; i < 20000; i++) {
        unsigned size = (unsigned)g_test_rand_int_range(0, 4), n = 1u << size;
        uint64_t va = 0x6000 - 128 + (uint64_t)g_test_rand_int_range(0, 256), a = 0, b = (uint64_t)g_test_rand_int() << 32 | (uint32_t)g_test_rand_int();
        IRAtomic op = (IRAtomic)g_test_rand_int_range(0, IR_AT_UMIN + 1);
        bool alone = (va & 63) + n > 64, cas = i % 4 == 0, hit = i % 8 == 0;
        for (unsigned k = 0; k < n; k++)
            a |= ld(va + k, MO_8 | K) << k * 8;
        if (alone)
            start_exclusive();
        uint64_t seen = cas ? mmu_atom_cas(cpu, va, hit ? a : ~a, b, size | K, 0) : mmu_atom_rmw(cpu, va, op, b, size | K, 0);
        if (alone)
            end_exclusive();
        g_assert_cmphex(seen, ==, a);
        uint64_t want = cas ? (hit ? b : a) : plain(op, a, b, n * 8);
        for (unsigned k = 0; k < n; k++)
            g_assert_cmphex(ld(va + k, MO_8 | K), ==, want >> k * 8 & 0xff);
    }
}

static void atomic_split(void) { mmu_atom_rmw(cpu, 0x503d, IR_AT_ADD, 1, MO_64 | K, 0); }

static void test_atomic_split(void)
{
    fresh();
    toy_map(0x5000, 0x2000, 12, RW, true, 0);
    cpu->exception_index = -1;
    g_assert_true(faults(atomic_split)); /* it asks for an exclusive section, and has done nothing */
    g_assert_cmphex(ld(0x503d, MO_64 | K), ==, 0);
    start_exclusive();
    atomic_split();
    end_exclusive();
    g_assert_cmphex(ld(0x503d, MO_64 | K), ==, 1);
}

static void atomic_read_only(void) { mmu_atom_rmw(cpu, 0x5000, IR_AT_ADD, 1, MO_64 | K, 0); }
static void atomic_device(void) { mmu_atom_rmw(cpu, 0x7000, IR_AT_ADD, 1, MO_64 | K, 0); }

static void test_atomic_elsewhere(void)
{
    fresh();
    toy_map(0x5000, 0x2000, 12, PROT_R, true, 0);
    toy_map(0x7000, TOY_MMIO, 12, RW, true, 0);
    g_assert_true(faults(atomic_read_only));
    g_assert_cmphex(c->fault_va, ==, 0x5000);
    toy_regs[0] = 41;
    g_assert_true(faults(atomic_device));
    g_assert_cmphex(c->fault_va, ==, ~0ull);
    g_assert_cmphex(toy_regs[0], ==, 41);
    start_exclusive();
    atomic_device();
    end_exclusive();
    g_assert_cmphex(toy_regs[0], ==, 42);
}

/* ---- probes ---- */
static void test_probe(void)
{
    fresh();
    bool fault;
    toy_map(0x5000, 0x2000, 12, PROT_R, true, 0);
    toy_map(0x6000, 0x3000, 12, RW, true, 0);
    toy_map(0x7000, TOY_MMIO, 12, RW, true, 0);
    g_assert_true(mmu_probe(cpu, 0x5010, 16, MMU_DATA_LOAD, TOY_KERNEL, true, &fault, 0) == toy_ram + 0x2010 && !fault);
    g_assert_true(!mmu_probe(cpu, 0x5010, 16, MMU_DATA_STORE, TOY_KERNEL, true, &fault, 0) && fault);
    g_assert_true(!mmu_probe(cpu, 0x7010, 16, MMU_DATA_LOAD, TOY_KERNEL, true, &fault, 0) && !fault);
    g_assert_true(mmu_probe_store(cpu, 0x6040, 64, TOY_KERNEL, 0) == toy_ram + 0x3040);
    g_assert_null(mmu_probe_store(cpu, 0x7040, 64, TOY_KERNEL, 0));
}

/* A probed store over code: the blocks go, and the page is fast. */
static void test_probe_store_code(void)
{
    fresh();
    toy_map(0x6000, 0x3000, 12, RW | PROT_X, true, 0);
    uint32_t code[] = { TOY(TOY_LI, 5, 0, 1), TOY(TOY_HLT, 0, 0, 0) };
    toy_code(0x3000, code, 2);
    toy_run(c, 0x6000);
    g_assert_null(mmu_probe_store(cpu, 0x6800, 64, TOY_KERNEL, 0)); /* beside it */
    g_assert_nonnull(tb_lookup(cpu, 0x6000, TOY_KERNEL));
    uint32_t *p = mmu_probe_store(cpu, 0x6000, 64, TOY_KERNEL, 0);
    g_assert_nonnull(p);
    *p = TOY(TOY_LI, 5, 0, 2);
    toy_run(c, 0x6000);
    g_assert_cmpuint(c->r[5], ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    toy_init(1 << 20);
    c = toy_new_cpu(0);
    cpu = &c->parent;
    g_test_add_func("/mmu/fill/once", test_fill_once);
    g_test_add_func("/mmu/fill/fast-path-entry", test_fast_path_entry);
    g_test_add_func("/mmu/fill/permissions", test_permissions);
    g_test_add_func("/mmu/fill/victims", test_victims);
    g_test_add_func("/mmu/fill/size-follows-use", test_size_follows_use);
    g_test_add_func("/mmu/fill/tagged-address", test_tagged_address);
    g_test_add_func("/mmu/watch/page", test_watched_page);
    g_test_add_func("/mmu/watch/code-page", test_watched_code_page);
    g_test_add_func("/mmu/flush/page", test_flush_page);
    g_test_add_func("/mmu/flush/victim", test_flush_victim);
    g_test_add_func("/mmu/flush/large-page", test_flush_large);
    g_test_add_func("/mmu/flush/many-large-pages", test_flush_many_large);
    g_test_add_func("/mmu/flush/large-exactly", test_flush_large_exactly);
    g_test_add_func("/mmu/flush/last-page", test_flush_last_page);
    g_test_add_func("/mmu/flush/all", test_flush_all);
    g_test_add_func("/mmu/flush/all-merges", test_flush_all_merges);
    g_test_add_func("/mmu/asid/switch-keeps", test_asid_switch_keeps);
    g_test_add_func("/mmu/asid/recycled", test_asid_recycled);
    g_test_add_func("/mmu/asid/flush", test_asid_flush);
    g_test_add_func("/mmu/asid/global-in-every-set", test_global_in_every_set);
    g_test_add_func("/mmu/asid/nonglobal-dropped-at-switch", test_nonglobal_dropped_at_switch);
    g_test_add_func("/mmu/asid/nonglobal-kept-by-asid", test_nonglobal_kept_by_asid);
    g_test_add_func("/mmu/io/dispatch", test_mmio);
    g_test_add_func("/mmu/io/less-than-a-page", test_mmio_less_than_a_page);
    g_test_add_func("/mmu/io/topology-change", test_topology_change);
    g_test_add_func("/mmu/access/page-crossing", test_page_crossing);
    g_test_add_func("/mmu/access/page-crossing-faults-whole", test_page_crossing_faults_whole);
    g_test_add_func("/mmu/access/alignment", test_alignment);
    g_test_add_func("/mmu/access/store-pair", test_store_pair);
    g_test_add_func("/mmu/atomic/rmw", test_atomic_rmw);
    g_test_add_func("/mmu/atomic/misaligned", test_atomic_misaligned);
    g_test_add_func("/mmu/atomic/split", test_atomic_split);
    g_test_add_func("/mmu/atomic/cas", test_atomic_cas);
    g_test_add_func("/mmu/atomic/elsewhere", test_atomic_elsewhere);
    g_test_add_func("/mmu/probe/pointers", test_probe);
    g_test_add_func("/mmu/probe/store-over-code", test_probe_store_code);
    return g_test_run();
}
