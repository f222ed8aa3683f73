/* SPDX-License-Identifier: MIT */
/* Page walks over tables built by hand in RAM. */
#include <string.h>

#include "base/bits.h"
#include "base/rcu.h"
#include "tests/unit/arm/sys_fakes.h"

#define VALID 1ull
#define TABLE 3ull
#define PAGE 3ull
#define AP_USER (1ull << 6)
#define AP_RO (1ull << 7)
#define AF (1ull << 10)
#define NG (1ull << 11)
#define GP (1ull << 50)
#define DBM (1ull << 51)
#define PXN (1ull << 53)
#define UXN (1ull << 54)
#define TCR_HA (1ull << 39)
#define TCR_HD (1ull << 40)
#define TCR_IPS_48 (5ull << 32)
#define TCR_IPS_52 (6ull << 32)
#define TG0_64K (1ull << 14)
#define TG0_16K (2ull << 14)

static uint64_t *at(uint64_t pa)
{
    return (uint64_t *)(sys_ram() + (pa - RAM_BASE));
}

/* Puts tables for va at RAM_BASE, one granule each, and leaf at the given level; returns the leaf's address. */
static uint64_t map(ArmCPU *cpu, unsigned page_bits, unsigned tsz, uint64_t va, unsigned level, uint64_t leaf, uint64_t table_bits)
{
    unsigned stride = page_bits - 3, in_bits = 64 - tsz, first = 3 - (in_bits - 1 - page_bits) / stride;
    uint64_t table = RAM_BASE;

    for (unsigned l = first;; l++) {
        unsigned low = page_bits + stride * (3 - l), n = l == first ? in_bits - low : stride;
        uint64_t entry = table + extract64(va, low, n) * 8;
        if (l == level) {
            *at(entry) = leaf;
            return entry;
        }
        table += 1ull << page_bits;
        *at(entry) = table | TABLE | table_bits;
    }
}

static void mmu_on(ArmCPU *cpu, unsigned tsz, uint64_t tcr)
{
    cpu->env.sctlr_el1 |= 1;
    cpu->env.tcr_el1 = tsz | (uint64_t)tsz << 16 | (2ull << 30) | tcr;
    cpu->env.ttbr0_el1 = RAM_BASE;
    cpu->env.mair_el1 = 0xff; /* index 0: Normal; 1: Device-nGnRnE */
}

static bool walk(ArmCPU *cpu, uint64_t va, unsigned idx, MMUAccess access, ArmWalk *w)
{
    *w = (ArmWalk){ .va = va, .mmu_idx = idx, .access = access };
    return arm_walk(cpu, w);
}

static void test_granules(void)
{
    static const struct { unsigned bits, tsz, level; uint64_t tcr; } cases[] = {
        { 12, 16, 3, 0 }, { 12, 16, 2, 0 }, { 12, 16, 1, 0 }, { 12, 25, 3, 0 }, { 12, 30, 2, 0 }, { 12, 39, 3, 0 }, { 12, 48, 3, 0 },
        { 14, 16, 3, TG0_16K }, { 14, 16, 2, TG0_16K }, { 14, 17, 3, TG0_16K }, { 14, 28, 2, TG0_16K }, { 14, 48, 3, TG0_16K },
        { 16, 16, 3, TG0_64K }, { 16, 16, 2, TG0_64K }, { 16, 22, 3, TG0_64K }, { 16, 12, 3, TG0_64K }, { 16, 47, 3, TG0_64K },
    };
    ArmCPU *cpu = sys_cpu("max");
    ArmWalk w;

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        unsigned size = cases[i].bits + (cases[i].bits - 3) * (3 - cases[i].level);
        uint64_t out = ALIGN_DOWN(0x123456789000ull, 1ull << size), va = 0x0000a5a5deadbeefull & MASK64(64 - cases[i].tsz);
        memset(sys_ram(), 0, RAM_SIZE);
        mmu_on(cpu, cases[i].tsz, cases[i].tcr | TCR_IPS_48);
        map(cpu, cases[i].bits, cases[i].tsz, va, cases[i].level, out | AF | (cases[i].level == 3 ? PAGE : VALID), 0);
        g_assert_true(walk(cpu, va, ARM_MMU_EL1, MMU_DATA_LOAD, &w));
        g_assert_cmphex(w.pa, ==, out | (va & MASK64(size)));
        g_assert_cmpuint(w.page_bits, ==, size);
    }
}

static void test_52_bits(void)
{
    ArmCPU *cpu = sys_cpu("max");
    uint64_t va = 0x000f123456780000ull;
    ArmWalk w;

    mmu_on(cpu, 12, TG0_64K | TCR_IPS_52);
    map(cpu, 16, 12, va, 3, 0x00003456789a0000ull >> 16 << 16 | 0xbull << 12 | AF | PAGE, 0);
    g_assert_true(walk(cpu, va + 0x1234, ARM_MMU_EL1, MMU_DATA_LOAD, &w));
    g_assert_cmphex(w.pa, ==, 0x000b3456789a1234ull);
    cpu->env.tcr_el1 &= ~0x3full;
    cpu->env.tcr_el1 |= 11; /* below the least T0SZ */
    g_assert_false(walk(cpu, 0, ARM_MMU_EL1, MMU_DATA_LOAD, &w));
    g_assert_cmphex(w.fsc, ==, FSC_TRANSLATION);
}

static void test_translation_faults(void)
{
    ArmCPU *cpu = sys_cpu("max");
    uint64_t va = 0x12345000;
    ArmWalk w;

    mmu_on(cpu, 16, TCR_IPS_48);
    for (unsigned level = 0; level < 4; level++) {
        memset(sys_ram(), 0, RAM_SIZE);
        map(cpu, 12, 16, va, level, 0, 0);
        g_assert_false(walk(cpu, va, ARM_MMU_EL1, MMU_DATA_LOAD, &w));
        g_assert_cmphex(w.fsc, ==, FSC_TRANSLATION | level);
    }
    map(cpu, 12, 16, va, 3, RAM_BASE | AF | VALID, 0); /* a "block" at level 3 */
    g_assert_false(walk(cpu, va, ARM_MMU_EL1, MMU_DATA_LOAD, &w));
    g_assert_cmphex(w.fsc, ==, FSC_TRANSLATION | 3);
    map(cpu, 12, 16, va, 0, RAM_BASE | AF | VALID, 0); /* no blocks at level 0 */
    g_assert_false(walk(cpu, va, ARM_MMU_EL1, MMU_DATA_LOAD, &w));
    g_assert_cmphex(w.fsc, ==, FSC_TRANSLATION);
    g_assert_false(walk(cpu, 1ull << 48, ARM_MMU_EL1, MMU_DATA_LOAD, &w)); /* between the halves */
    g_assert_cmphex(w.fsc, ==, FSC_TRANSLATION);
    cpu->env.tcr_el1 |= 1 << 7; /* EPD0 */
    g_assert_false(walk(cpu, va, ARM_MMU_EL1, MMU_DATA_LOAD, &w));
    g_assert_cmphex(w.fsc, ==, FSC_TRANSLATION);
}

static void test_address_size_and_external(void)
{
    ArmCPU *cpu = sys_cpu("max");
    ArmWalk w;

    mmu_on(cpu, 25, 0); /* IPS: 32 bits */
    map(cpu, 12, 25, 0x1000, 3, 1ull << 32 | AF | PAGE, 0);
    g_assert_false(walk(cpu, 0x1000, ARM_MMU_EL1, MMU_DATA_LOAD, &w));
    g_assert_cmphex(w.fsc, ==, FSC_ADDRESS_SIZE | 3);
    *at(RAM_BASE) = 0x10000000 | TABLE; /* no RAM there */
    g_assert_false(walk(cpu, 0x1000, ARM_MMU_EL1, MMU_DATA_LOAD, &w));
    g_assert_cmphex(w.fsc, ==, FSC_EXTERNAL_WALK | 2);
    cpu->env.ttbr0_el1 = 1ull << 40;
    g_assert_false(walk(cpu, 0x1000, ARM_MMU_EL1, MMU_DATA_LOAD, &w));
    g_assert_cmphex(w.fsc, ==, FSC_ADDRESS_SIZE);
}

/* Permissions that a leaf gives at an index, as "rwx" by separate accesses. */
static unsigned perms(ArmCPU *cpu, uint64_t leaf, uint64_t table_bits, unsigned idx)
{
    unsigned prot = 0;
    ArmWalk w;

    memset(sys_ram(), 0, RAM_SIZE);
    map(cpu, 12, 25, 0x1000, 3, RAM_BASE | AF | PAGE | leaf, table_bits);
    for (MMUAccess a = MMU_DATA_LOAD; a <= MMU_INST_FETCH; a++) {
        unsigned bit = a == MMU_DATA_LOAD ? PROT_R : a == MMU_DATA_STORE ? PROT_W : PROT_X;
        if (walk(cpu, 0x1000, idx, a, &w)) {
            g_assert_cmpuint(w.prot & bit, ==, bit);
            prot |= bit;
        } else {
            g_assert_cmphex(w.fsc, ==, FSC_PERMISSION | 3);
        }
    }
    return prot;
}

#define RW_ (PROT_R | PROT_W)
#define RWX (PROT_R | PROT_W | PROT_X)
#define R_X (PROT_R | PROT_X)

static void test_permissions(void)
{
    static const struct { uint64_t leaf, table; unsigned el0, el1, pan; } cases[] = {
        { 0, 0, PROT_X, RWX, RWX },
        { AP_USER, 0, RWX, RW_, 0 },  /* writable at EL0: not executable at EL1 */
        { AP_RO, 0, PROT_X, R_X, R_X },
        { AP_USER | AP_RO, 0, R_X, R_X, PROT_X },
        { AP_USER | AP_RO | UXN, 0, PROT_R, R_X, PROT_X },
        { AP_RO | PXN, 0, PROT_X, PROT_R, PROT_R },
        { UXN | PXN, 0, 0, RW_, RW_ },
        { AP_USER, 1ull << 61, PROT_X, RWX, RWX },       /* APTable: no EL0 access */
        { AP_USER, 1ull << 62, R_X, R_X, PROT_X },       /* APTable: read-only */
        { 0, 1ull << 60 | 1ull << 59, 0, RW_, RW_ },     /* UXNTable, PXNTable */
    };
    ArmCPU *cpu = sys_cpu("max");

    mmu_on(cpu, 25, TCR_IPS_48);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        g_assert_cmpuint(perms(cpu, cases[i].leaf, cases[i].table, ARM_MMU_EL0), ==, cases[i].el0);
        g_assert_cmpuint(perms(cpu, cases[i].leaf, cases[i].table, ARM_MMU_EL1), ==, cases[i].el1);
        g_assert_cmpuint(perms(cpu, cases[i].leaf, cases[i].table, ARM_MMU_EL1_PAN), ==, cases[i].pan);
    }
    cpu->env.tcr_el1 |= 1ull << 41; /* HPD0: table bits do not count */
    g_assert_cmpuint(perms(cpu, AP_USER, 1ull << 61, ARM_MMU_EL0), ==, RWX);
    cpu->env.sctlr_el1 |= 1 << 19; /* WXN */
    g_assert_cmpuint(perms(cpu, AP_USER, 0, ARM_MMU_EL0), ==, RW_);
    g_assert_cmpuint(perms(cpu, 0, 0, ARM_MMU_EL1), ==, RW_);
    g_assert_cmpuint(perms(cpu, AP_RO, 0, ARM_MMU_EL1), ==, R_X);
    cpu->env.tcr_el1 |= 1ull << 55; /* E0PD0 */
    ArmWalk w;
    g_assert_false(walk(cpu, 0x1000, ARM_MMU_EL0, MMU_DATA_LOAD, &w));
    g_assert_cmphex(w.fsc, ==, FSC_TRANSLATION);
}

static void test_access_flag(void)
{
    ArmCPU *cpu = sys_cpu("max");
    uint64_t entry;
    ArmWalk w;

    mmu_on(cpu, 25, TCR_IPS_48);
    entry = map(cpu, 12, 25, 0x1000, 3, RAM_BASE | PAGE, 0);
    g_assert_false(walk(cpu, 0x1000, ARM_MMU_EL1, MMU_DATA_LOAD, &w));
    g_assert_cmphex(w.fsc, ==, FSC_ACCESS_FLAG | 3);
    cpu->env.tcr_el1 |= TCR_HA;
    w = (ArmWalk){ .va = 0x1000, .mmu_idx = ARM_MMU_EL1, .no_side_effects = true };
    g_assert_true(arm_walk(cpu, &w));
    g_assert_cmphex(*at(entry) & AF, ==, 0);
    g_assert_true(walk(cpu, 0x1000, ARM_MMU_EL1, MMU_DATA_LOAD, &w));
    g_assert_cmphex(*at(entry), ==, RAM_BASE | PAGE | AF);
}

static void test_dirty_state(void)
{
    ArmCPU *cpu = sys_cpu("max");
    uint64_t entry;
    ArmWalk w;

    mmu_on(cpu, 25, TCR_IPS_48 | TCR_HA | TCR_HD);
    entry = map(cpu, 12, 25, 0x1000, 3, RAM_BASE | PAGE | AF | AP_RO | DBM, 0);
    g_assert_true(walk(cpu, 0x1000, ARM_MMU_EL1, MMU_DATA_LOAD, &w));
    g_assert_cmpuint(w.prot & PROT_W, ==, 0);
    g_assert_cmphex(*at(entry) & AP_RO, ==, AP_RO);
    g_assert_false(walk(cpu, 0x1000, ARM_MMU_EL0, MMU_DATA_STORE, &w));
    g_assert_cmphex(*at(entry) & AP_RO, ==, AP_RO); /* a refused store leaves no trace */
    g_assert_true(walk(cpu, 0x1000, ARM_MMU_EL1, MMU_DATA_STORE, &w));
    g_assert_cmpuint(w.prot & PROT_W, ==, PROT_W);
    g_assert_cmphex(*at(entry) & AP_RO, ==, 0);
    *at(entry) |= AP_RO;
    cpu->env.tcr_el1 &= ~TCR_HD;
    g_assert_false(walk(cpu, 0x1000, ARM_MMU_EL1, MMU_DATA_STORE, &w));
    g_assert_cmphex(w.fsc, ==, FSC_PERMISSION | 3);
}

/*
 * Two vCPUs walk for stores while a third party counts in the leaf's software bits and takes the access flag and the dirty state away again, by
 * compare-and-swap. Forbidden: a walker puts back a count that was there before.
 */
#define RACE_COUNT (0xfull << 55)
#define RACE_ROUNDS 20000
typedef struct Race { ArmCPU *cpu; bool *stop; unsigned walks; } Race;

static void *race_walker(void *opaque)
{
    Race *r = opaque;
    rcu_register_thread();
    do {
        ArmWalk w;
        rcu_read_lock();
        walk(r->cpu, 0x1000, ARM_MMU_EL1, MMU_DATA_STORE, &w);
        rcu_read_unlock();
        r->walks++;
    } while (!__atomic_load_n(r->stop, __ATOMIC_RELAXED));
    rcu_unregister_thread();
    return NULL;
}

static void race_count(uint64_t *entry, uint64_t clear, uint64_t set)
{
    uint64_t count = 0, old = __atomic_load_n(entry, __ATOMIC_SEQ_CST), new;
    for (unsigned i = 0; i < RACE_ROUNDS; i++) {
        uint64_t next = (count + (RACE_COUNT & -RACE_COUNT)) & RACE_COUNT;
        do {
            g_assert_cmphex(old & RACE_COUNT, ==, count);
            new = (old & ~(RACE_COUNT | clear)) | set | next;
        } while (!__atomic_compare_exchange_n(entry, &old, new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
        count = next;
        old = new;
        if (i % 64 == 0) { /* the host may have one CPU */
            g_usleep(1);
            old = __atomic_load_n(entry, __ATOMIC_SEQ_CST);
        }
    }
}

static void test_walkers_race(void)
{
    ArmCPU *cpus[2] = { sys_cpu("max"), sys_cpu("max") };
    bool stop = false;
    Race races[2];
    GThread *threads[2];
    uint64_t *entry = at(map(cpus[0], 12, 25, 0x1000, 3, RAM_BASE | PAGE | AP_RO | DBM, 0));

    for (unsigned i = 0; i < 2; i++) {
        mmu_on(cpus[i], 25, TCR_IPS_48 | TCR_HA | TCR_HD);
        races[i] = (Race){ cpus[i], &stop, 0 };
        threads[i] = g_thread_new("walker", race_walker, &races[i]);
    }
    race_count(entry, AF, AP_RO);
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < 2; i++) {
        g_thread_join(threads[i]);
        g_assert_cmpuint(races[i].walks, >, 0);
    }
    ArmWalk w;
    g_assert_true(walk(cpus[0], 0x1000, ARM_MMU_EL1, MMU_DATA_STORE, &w));
    g_assert_cmphex(*entry & (AF | AP_RO), ==, AF);
}

static void test_big_endian_tables(void)
{
    ArmCPU *cpu = sys_cpu("max");
    uint64_t entry;
    ArmWalk w;

    mmu_on(cpu, 39, TCR_IPS_48 | TCR_HA);
    cpu->env.sctlr_el1 |= 1 << 25;
    entry = map(cpu, 12, 39, 0x1000, 2, __builtin_bswap64((RAM_BASE + 0x1000) | TABLE), 0);
    *at(RAM_BASE + 0x1008) = __builtin_bswap64(RAM_BASE | PAGE);
    g_assert_cmphex(entry, ==, RAM_BASE);
    g_assert_true(walk(cpu, 0x1234, ARM_MMU_EL1, MMU_DATA_LOAD, &w));
    g_assert_cmphex(w.pa, ==, RAM_BASE + 0x234);
    g_assert_cmphex(*at(RAM_BASE + 0x1008), ==, __builtin_bswap64(RAM_BASE | PAGE | AF));
}

static void test_upper_half_tags_attributes(void)
{
    ArmCPU *cpu = sys_cpu("max");
    uint64_t va = 0xffff800000001000ull;
    ArmWalk w;

    mmu_on(cpu, 16, TCR_IPS_48);
    cpu->env.ttbr0_el1 = 0;
    cpu->env.ttbr1_el1 = RAM_BASE;
    map(cpu, 12, 16, va & MASK64(48), 3, RAM_BASE | PAGE | AF | NG | GP | 1 << 2 | UXN, 0);
    g_assert_true(walk(cpu, va, ARM_MMU_EL1, MMU_DATA_LOAD, &w));
    g_assert_false(w.global);
    g_assert_cmphex(w.target_bits, ==, ARM_PAGE_GUARDED | ARM_PAGE_DEVICE);
    g_assert_false(walk(cpu, va ^ 1ull << 60, ARM_MMU_EL1, MMU_DATA_LOAD, &w));
    cpu->env.tcr_el1 |= 1ull << 38 | 1ull << 52; /* TBI1, for data only */
    g_assert_true(walk(cpu, va ^ 1ull << 60, ARM_MMU_EL1, MMU_DATA_LOAD, &w));
    g_assert_false(walk(cpu, va ^ 1ull << 60, ARM_MMU_EL1, MMU_INST_FETCH, &w));
    g_assert_cmphex(arm_strip_address(&cpu->parent, va ^ 1ull << 60, ARM_MMU_EL1), ==, va);
    g_assert_cmphex(arm_strip_address(&cpu->parent, 1ull << 60, ARM_MMU_EL1), ==, 1ull << 60);
}

static void test_mmu_off(void)
{
    ArmCPU *cpu = sys_cpu("cortex-a53"); /* 40 bits */
    ArmWalk w;

    g_assert_true(walk(cpu, 0x123456789a, ARM_MMU_EL1, MMU_DATA_STORE, &w));
    g_assert_cmphex(w.pa, ==, 0x123456789a);
    g_assert_cmphex(w.target_bits, ==, ARM_PAGE_DEVICE);
    g_assert_false(walk(cpu, 1ull << 40, ARM_MMU_EL1, MMU_DATA_LOAD, &w));
    g_assert_cmphex(w.fsc, ==, FSC_ADDRESS_SIZE);
}

typedef struct Fill { uint64_t va; MMUAccess access; unsigned idx; } Fill;

static void do_fill(ArmCPU *cpu, void *arg)
{
    Fill *f = arg;
    arm_tlb_fill(&cpu->parent, f->va, 1, f->access, f->idx, false, 0);
}

static void test_fill(void)
{
    ArmCPU *cpu = sys_cpu("max");
    Fill f = { 0x1000, MMU_DATA_STORE, ARM_MMU_EL1 };

    mmu_on(cpu, 25, TCR_IPS_48);
    map(cpu, 12, 25, 0x1000, 3, RAM_BASE | AF | PAGE | AP_RO, 0);
    g_assert_false(arm_tlb_fill(&cpu->parent, f.va, 1, f.access, f.idx, true, 0));
    g_assert_true(sys_leaves(cpu, do_fill, &f));
    g_assert_cmphex(cpu->env.exc.syndrome, ==, ARM_SYN(EC_DABORT_SAME, 1 << 6 | FSC_PERMISSION | 3));
    g_assert_cmphex(cpu->env.exc.far, ==, 0x1000);
    f = (Fill){ 0x5000, MMU_INST_FETCH, ARM_MMU_EL0 };
    cpu->env.pstate = 0;
    g_assert_true(sys_leaves(cpu, do_fill, &f));
    g_assert_cmphex(cpu->env.exc.syndrome, ==, ARM_SYN(EC_IABORT_LOWER, FSC_TRANSLATION | 3));
    f = (Fill){ 0x1234, MMU_DATA_LOAD, ARM_MMU_EL1 };
    g_assert_false(sys_leaves(cpu, do_fill, &f));
    g_assert_cmphex(ALIGN_DOWN(fake.page.pa, 4096), ==, RAM_BASE);
    g_assert_cmpuint(fake.page.prot, ==, R_X);
    g_assert_cmpuint(fake.page_idx, ==, ARM_MMU_EL1);
    g_assert_true(fake.page.global);
    g_assert_cmphex(arm_debug_translate(&cpu->parent, 0x1fff), ==, RAM_BASE);
    g_assert_cmphex(arm_debug_translate(&cpu->parent, 0x2000), ==, ~0ull);
}

void sys_add_ptw_tests(void)
{
    g_test_add_func("/arm/ptw/granules-and-levels", test_granules);
    g_test_add_func("/arm/ptw/52-bit-addresses", test_52_bits);
    g_test_add_func("/arm/ptw/translation-faults", test_translation_faults);
    g_test_add_func("/arm/ptw/address-size-and-external-aborts", test_address_size_and_external);
    g_test_add_func("/arm/ptw/permission-matrix", test_permissions);
    g_test_add_func("/arm/ptw/access-flag", test_access_flag);
    g_test_add_func("/arm/ptw/dirty-state", test_dirty_state);
    g_test_add_func("/arm/ptw/walkers-race", test_walkers_race);
    g_test_add_func("/arm/ptw/big-endian-tables", test_big_endian_tables);
    g_test_add_func("/arm/ptw/upper-half-tags-attributes", test_upper_half_tags_attributes);
    g_test_add_func("/arm/ptw/mmu-off", test_mmu_off);
    g_test_add_func("/arm/ptw/tlb-fill-and-aborts", test_fill);
}
