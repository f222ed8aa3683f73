/* SPDX-License-Identifier: MIT */
/*
 * Exclusive monitors by themselves: which stores between a load-exclusive and its store-exclusive make it fail, and when a page is
 * watched. Each store writes what is there already, so that a comparison of values would not see it.
 */
#include "tests/unit/exec/toy.h"

#define RW (PROT_R | PROT_W)
#define K (TOY_KERNEL << MO_IDX_SHIFT)
#define VA 0x5040u
#define PA 0x2040u
#define SLOW_STORES 2048

static CPUState *cpu, *other;
static RAMBlock *ram;

static void fresh(void)
{
    toy_unmap_all();
    toy_map(0x5000, 0x2000, 12, RW, true, 0);
    toy_map(0x6000, 0x3000, 12, RW, true, 0);
    toy_map(0x7000, TOY_MMIO, 12, RW, true, 0);
    mmu_flush(cpu, ~0u);
    mmu_flush(other, ~0u);
    memset(toy_ram, 0, TOY_RAM_SIZE);
}

static bool watched(void) { return *ram_page_flags(ram, ram->offset + PA) & RAM_PAGE_MONITOR; }

/* In an exclusive section, as the first load of a page is. */
static V128 load(uint64_t va, IRMemOp mo)
{
    V128 v = { .u64 = { 0, 0 } };
    start_exclusive();
    g_assert_true(mmu_ld_exclusive(cpu, va, mo, 0, &v));
    end_exclusive();
    return v;
}

static ExclusiveResult store(uint64_t va, uint64_t value, IRMemOp mo) { return mmu_st_exclusive(cpu, va, &(V128){ .u64 = { value } }, mo, 0); }

/* ---- stores between; by: whose ---- */
static void nothing(CPUState *by) {}
static void store_64(CPUState *by) { mmu_st(by, VA, 0, MO_64 | K, 0); }
static void store_byte(CPUState *by) { mmu_st(by, VA + 15, 0, MO_8 | K, 0); }
static void store_before(CPUState *by) { mmu_st(by, VA - 8, 0, MO_64 | K, 0); }
static void store_behind(CPUState *by) { mmu_st(by, VA + 16, 0, MO_64 | K, 0); }
static void store_into(CPUState *by) { mmu_st(by, VA - 4, 0, MO_64 | K, 0); }
static void store_page(CPUState *by) { mmu_st(by, VA + 0x1000, 0, MO_64 | K, 0); }
static void store_16(CPUState *by) { mmu_st16(by, VA, &(V128){ .u64 = { 0, 0 } }, MO_128 | MO_ATOM16 | K, 0); }
static void store_bytes_16(CPUState *by) { mmu_st16(by, VA - 9, &(V128){ .u64 = { 0, 0 } }, MO_128 | K, 0); }
static void store_pair(CPUState *by) { mmu_st2_slow(by, VA - 16, &(V128){ .u64 = { 0, 0 } }, &(V128){ .u64 = { 0, 0 } }, MO_128 | K, 0); }
static void add(CPUState *by) { mmu_atom_rmw(by, VA + 4, IR_AT_ADD, 0, MO_32 | K, 0); }
static void swap_16(CPUState *by) { mmu_atom_cas16(by, VA, &(V128){ .u64 = { 0, 0 } }, &(V128){ .u64 = { 0, 0 } }, MO_128 | K, 0); }
static void device(CPUState *by) { address_space_st(&address_space_memory, PA, 0, 4, MEMTXATTRS_NONE, NULL); }
static void device_beside(CPUState *by) { address_space_st(&address_space_memory, PA + 16, 0, 4, MEMTXATTRS_NONE, NULL); }

static void exclusive(CPUState *by)
{
    V128 v;
    g_assert_true(mmu_ld_exclusive(by, VA, MO_64 | K, 0, &v));
    g_assert_cmpint(mmu_st_exclusive(by, VA, &v, MO_64 | K, 0), ==, EXCLUSIVE_STORED);
}

static const struct { const char *name; void (*store)(CPUState *by); bool opens; } between[] = {
    { "nothing", nothing, false },       { "the word", store_64, true },          { "a byte of the granule", store_byte, true },
    { "before", store_before, false },   { "behind", store_behind, false },       { "into, misaligned", store_into, true },
    { "next page", store_page, false },  { "16 bytes", store_16, true },          { "misaligned 16 bytes", store_bytes_16, true },
    { "32 bytes", store_pair, true },    { "atomic add", add, true },             { "atomic 16 bytes", swap_16, true },
    { "a device", device, true },        { "a device beside", device_beside, false }, { "an exclusive pair", exclusive, true },
};

static void test_stores_between(void)
{
    fresh();
    for (unsigned i = 0; i < ARRAY_SIZE(between); i++) {
        g_test_message("%s", between[i].name);
        between[i].store(other); /* fills TLB entries, fast ones at first */
        g_assert_cmphex(load(VA, MO_64 | K).u64[0], ==, 0);
        between[i].store(other);
        g_assert_cmpint(store(VA, 0, MO_64 | K), ==, between[i].opens ? EXCLUSIVE_FAILED : EXCLUSIVE_STORED);
    }
}

/* A vCPU's own stores are no other observer's. */
static void test_own_stores(void)
{
    fresh();
    for (unsigned i = 0; i < ARRAY_SIZE(between); i++) {
        bool own = between[i].store != device && between[i].store != exclusive;
        g_test_message("%s", between[i].name);
        load(VA, MO_64 | K);
        between[i].store(cpu);
        if (own)
            g_assert_cmpint(store(VA, 0, MO_64 | K), ==, EXCLUSIVE_STORED);
    }
}

static void test_same_location(void)
{
    fresh();
    load(VA, MO_64 | K);
    g_assert_cmpint(store(VA + 8, 1, MO_64 | K), ==, EXCLUSIVE_FAILED);
    load(VA, MO_64 | K);
    g_assert_cmpint(store(VA, 1, MO_32 | K), ==, EXCLUSIVE_FAILED);
    toy_map(0x9000, 0x2000, 12, RW, true, 0);
    load(VA, MO_64 | K);
    g_assert_cmpint(store(0x9040, 1, MO_64 | K), ==, EXCLUSIVE_STORED); /* by another mapping of it */
    g_assert_cmphex(ldq_le_p(toy_ram + PA), ==, 1);
}

static void test_sizes(void)
{
    fresh();
    for (unsigned size = MO_8; size <= MO_64; size++) {
        for (unsigned swap = 0; swap < 2; swap++) {
            IRMemOp mo = size | K | (swap ? MO_BSWAP : 0);
            uint64_t mask = MASK64(8u << size), value = 0x0102030405060708 & mask;
            stq_le_p(toy_ram + PA, ~0ull);
            g_assert_cmphex(load(VA, mo).u64[0], ==, mask);
            g_assert_cmpint(store(VA, value, mo), ==, EXCLUSIVE_STORED);
            g_assert_cmphex(mmu_ld(cpu, VA, mo, 0), ==, value);
            g_assert_cmphex(mmu_ld(cpu, VA, MO_64 | K, 0) | mask, ==, ~0ull);
            g_assert_cmphex(load(VA, mo).u64[0], ==, value);
        }
    }
    V128 v = { .u64 = { 5, 6 } };
    mmu_st16(cpu, VA, &v, MO_128 | K, 0);
    g_assert_cmphex(load(VA, MO_128 | K).u64[1], ==, 6);
    v.u64[1] = 7;
    g_assert_cmpint(mmu_st_exclusive(cpu, VA, &v, MO_128 | K, 0), ==, EXCLUSIVE_STORED);
    g_assert_cmphex(ldq_le_p(toy_ram + PA + 8), ==, 7);
}

/* ---- pages ---- */
static void load_outside(void)
{
    V128 v;
    mmu_ld_exclusive(cpu, VA, MO_64 | K, 0, &v);
}

static void test_page_is_watched(void)
{
    fresh();
    *ram_page_flags(ram, ram->offset + PA) &= (uint8_t)~RAM_PAGE_MONITOR;
    store_64(other);
    g_assert_nonnull(mmu_fast_host(other, VA, 8, true, TOY_KERNEL));
    cpu->exception_index = -1;
    if (!sigsetjmp(cpu->jmp_env, 0)) {
        load_outside();
        g_assert_not_reached();
    }
    g_assert_cmpint(cpu->exception_index, ==, EXCP_ATOMIC); /* it asks for an exclusive section */
    cpu->exception_index = -1;
    g_assert_false(watched());
    uint64_t before = mmu_pages_watched();
    load(VA, MO_64 | K);
    load_outside();
    g_assert_true(watched());
    g_assert_cmpuint(mmu_pages_watched(), ==, before + 1);
    g_assert_null(mmu_fast_host(other, VA, 8, true, TOY_KERNEL));
    g_assert_nonnull(mmu_fast_host(other, VA, 8, false, TOY_KERNEL));
    g_assert_null(mmu_probe_store(other, VA, 8, TOY_KERNEL, 0));
    mmu_flush(other, ~0u);
    store_64(other);
    g_assert_null(mmu_fast_host(other, VA, 8, true, TOY_KERNEL));
}

/* After many stores the page is let go, and what was monitored before is not any more. */
static void test_page_is_released(void)
{
    fresh();
    load(VA, MO_64 | K);
    for (unsigned i = 0; i < SLOW_STORES + 10; i++)
        store_behind(other);
    g_assert_false(watched());
    g_assert_nonnull(mmu_fast_host(other, VA, 8, true, TOY_KERNEL));
    g_assert_cmpint(store(VA, 1, MO_64 | K), ==, EXCLUSIVE_FAILED);
    load(VA, MO_64 | K);
    g_assert_true(watched());
    g_assert_cmpint(store(VA, 1, MO_64 | K), ==, EXCLUSIVE_STORED);
}

/* Loads in between keep it. */
static void test_page_stays(void)
{
    fresh();
    for (unsigned i = 0; i < SLOW_STORES * 3; i++) {
        if (i % 1000 == 0)
            load(VA, MO_64 | K);
        store_behind(other);
    }
    g_assert_true(watched());
}

/* A page of code may be watched, too; either keeps stores slow. */
static void test_code_page(void)
{
    fresh();
    toy_map(0x6000, 0x3000, 12, RW | PROT_X, true, 0);
    uint32_t code[] = { TOY(TOY_LI, 5, 0, 1), TOY(TOY_HLT, 0, 0, 0) };
    toy_code(0x3000, code, 2);
    toy_run((ToyCPU *)cpu, 0x6000);
    g_assert_cmphex(load(0x6000, MO_32 | K).u64[0], ==, code[0]);
    g_assert_cmpint(store(0x6000, TOY(TOY_LI, 5, 0, 2), MO_32 | K), ==, EXCLUSIVE_STORED);
    toy_run((ToyCPU *)cpu, 0x6000);
    g_assert_cmpuint(((ToyCPU *)cpu)->r[5], ==, 2);
    load(0x6000, MO_32 | K);
    mmu_st(other, 0x6000, code[0], MO_32 | K, 0);
    g_assert_cmpint(store(0x6000, 0, MO_32 | K), ==, EXCLUSIVE_FAILED);
    toy_run((ToyCPU *)cpu, 0x6000);
    g_assert_cmpuint(((ToyCPU *)cpu)->r[5], ==, 1);
}

static void test_not_ram(void)
{
    V128 v;
    fresh();
    g_assert_false(mmu_ld_exclusive(cpu, 0x7000, MO_64 | K, 0, &v));
    g_assert_cmpint(store(0x7000, 0, MO_64 | K), ==, EXCLUSIVE_UNSUPPORTED);
}

/* ---- which loads are to watch ---- */
static void test_filter(void)
{
    fresh();
    toy_map(0x6000, 0x3000, 12, RW | PROT_X, true, 0);
    uint32_t code[] = { TOY(TOY_LI, 5, 0, 1), TOY(TOY_HLT, 0, 0, 0) };
    toy_code(0x3000, code, 2);
    toy_run((ToyCPU *)cpu, 0x6000);
    g_assert_nonnull(tb_lookup(cpu, 0x6000, TOY_KERNEL));
    g_assert_false(mmu_exclusive_is_strict(0x6000));
    mmu_exclusive_make_strict(cpu, 0x6000, TOY_KERNEL);
    g_assert_true(mmu_exclusive_is_strict(0x6000));
    g_assert_null(tb_lookup(cpu, 0x6000, TOY_KERNEL));
    for (uint64_t pc = 0; pc < 0x100000; pc += 4) /* whatever a guest does, the set is not full */
        mmu_exclusive_make_strict(cpu, 0x40000000 + pc * 3, TOY_KERNEL);
    unsigned n = 0;
    for (uint64_t pc = 0; pc < 0x10000; pc += 4)
        n += mmu_exclusive_is_strict(pc);
    g_assert_cmpuint(n, <=, 0x4000 / 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    toy_init(1 << 20);
    cpu = &toy_new_cpu(0)->parent;
    other = &toy_new_cpu(1)->parent;
    current_cpu = cpu;
    ram = toy_ram_mr.ram;
    g_test_add_func("/mmu/monitor/stores-between", test_stores_between);
    g_test_add_func("/mmu/monitor/own-stores", test_own_stores);
    g_test_add_func("/mmu/monitor/same-location", test_same_location);
    g_test_add_func("/mmu/monitor/sizes", test_sizes);
    g_test_add_func("/mmu/monitor/page-is-watched", test_page_is_watched);
    g_test_add_func("/mmu/monitor/page-is-released", test_page_is_released);
    g_test_add_func("/mmu/monitor/page-stays", test_page_stays);
    g_test_add_func("/mmu/monitor/code-page", test_code_page);
    g_test_add_func("/mmu/monitor/not-ram", test_not_ram);
    g_test_add_func("/mmu/monitor/filter", test_filter);
    return g_test_run();
}
