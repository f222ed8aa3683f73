/* SPDX-License-Identifier: MIT */
/* The loop, the block table and invalidation, with the toy guest on this thread. */
#include "tests/unit/exec/toy.h"

#define RWX (PROT_R | PROT_W | PROT_X)
#define CODE(pa, ...) toy_code((pa), (const uint32_t[]){ __VA_ARGS__ }, sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4)

static ToyCPU *c;

static TBStats stats(void)
{
    TBStats s;
    tb_get_stats(&s);
    return s;
}

/* Identity mapping of all RAM, no translations. */
static void fresh(void)
{
    toy_unmap_all();
    for (uint64_t pa = 0; pa < TOY_RAM_SIZE; pa += 0x1000)
        toy_map(pa, pa, 12, RWX, true, 0);
    toy_map(TOY_MMIO, TOY_MMIO, 12, RWX, true, 0);
    tb_flush_now();
    mmu_flush(&c->parent, ~0u);
    memset(c->r, 0, sizeof c->r);
    c->flags = TOY_KERNEL;
    c->svcs = 0;
}

static uint64_t ram64(uint64_t pa) { return ldq_le_p(toy_ram + pa); }

static void test_loop(void)
{
    fresh();
    CODE(0x1000, TOY(TOY_LI, 1, 0, 1000), TOY(TOY_ADD, 2, 2, 3), TOY(TOY_ADD, 1, 1, -1), TOY(TOY_BNE, 1, 0, -2), TOY(TOY_HLT, 0, 0, 0));
    toy_run(c, 0x1000);
    g_assert_cmpuint(c->r[2], ==, 3000);
    g_assert_cmpuint(c->pc, ==, 0x1014);
}

static void test_link(void)
{
    fresh();
    CODE(0x1000, TOY(TOY_LI, 1, 0, 5), TOY(TOY_B, 0, 0, 3));
    CODE(0x1010, TOY(TOY_ADD, 1, 1, -1), TOY(TOY_BNE, 1, 0, -1), TOY(TOY_HLT, 0, 0, 0));
    toy_run(c, 0x1000);
    TranslationBlock *a = tb_lookup(&c->parent, 0x1000, TOY_KERNEL), *b = tb_lookup(&c->parent, 0x1010, TOY_KERNEL);
    g_assert_nonnull(a);
    g_assert_nonnull(b);
    g_assert_true(a->links[0].to == b);
    g_assert_true(b->links[0].to == b);
    tb_invalidate(b->phys, 4);
    g_assert_true(b->invalid);
    g_assert_null(a->links[0].to);
    g_assert_null(b->incoming);
    g_assert_null(tb_lookup(&c->parent, 0x1010, TOY_KERNEL));
    toy_run(c, 0x1000);
    g_assert_nonnull(a->links[0].to);
}

static void test_fault_is_precise(void)
{
    fresh();
    CODE(0x1000, TOY(TOY_LI, 1, 0, 7), TOY(TOY_LUI, 2, 0, 0x7000), TOY(TOY_LD, 3, 2, 8), TOY(TOY_LI, 1, 0, 9), TOY(TOY_HLT, 0, 0, 0));
    toy_run(c, 0x1000);
    g_assert_cmphex(c->fault_va, ==, 0x70000008);
    g_assert_cmphex(c->fault_pc, ==, 0x1008);
    g_assert_cmpuint(c->r[1], ==, 7);
}

static void test_exception(void)
{
    fresh();
    CODE(0x1000, TOY(TOY_SVC, 0, 0, 0), TOY(TOY_SVC, 0, 0, 0), TOY(TOY_HLT, 0, 0, 0));
    toy_run(c, 0x1000);
    g_assert_cmpint(c->svcs, ==, 2);
}

/* The second instruction's successor is overwritten by the second, in the same block. */
static void test_store_into_own_block(void)
{
    fresh();
    uint32_t new = TOY(TOY_LI, 5, 0, 2);
    CODE(0x1000, TOY(TOY_LI, 1, 0, new & 0xffff), TOY(TOY_LUI, 1, 0, new >> 16), TOY(TOY_LI, 2, 0, 0x1010), TOY(TOY_ST32, 1, 2, 0),
         TOY(TOY_LI, 5, 0, 1), TOY(TOY_HLT, 0, 0, 0));
    toy_run(c, 0x1000);
    g_assert_cmpuint(c->r[5], ==, 2);
    g_assert_cmpuint(stats().invalidations, >, 0);
}

static void test_instruction_overwrites_itself(void)
{
    fresh();
    uint32_t new = TOY(TOY_LI, 5, 0, 2);
    CODE(0x1000, TOY(TOY_LI, 1, 0, new & 0xffff), TOY(TOY_LUI, 1, 0, new >> 16), TOY(TOY_LI, 2, 0, 0x100c), TOY(TOY_ST32, 1, 2, 0),
         TOY(TOY_ADD, 6, 6, 1), TOY(TOY_HLT, 0, 0, 0));
    toy_run(c, 0x1000);
    g_assert_cmpuint(c->r[6], ==, 1);
    toy_run(c, 0x100c);
    g_assert_cmpuint(c->r[5], ==, 2);
}

static void run_patched(uint32_t word)
{
    CODE(0x2000, TOY(TOY_LI, 5, 0, 1), TOY(TOY_HLT, 0, 0, 0));
    CODE(0x1000, TOY(TOY_LI, 1, 0, word & 0xffff), TOY(TOY_LUI, 1, 0, word >> 16), TOY(TOY_LI, 2, 0, 0x2000), TOY(TOY_ST32, 1, 2, 0),
         TOY(TOY_JR, 2, 0, 0));
    toy_run(c, 0x2000);
    g_assert_cmpuint(c->r[5], ==, 1);
    toy_run(c, 0x1000);
}

static void test_store_into_other_block(void)
{
    fresh();
    run_patched(TOY(TOY_LI, 5, 0, 9));
    g_assert_cmpuint(c->r[5], ==, 9);
}

static void test_atomic_into_code(void)
{
    fresh();
    CODE(0x2000, TOY(TOY_LI, 5, 0, 1), TOY(TOY_HLT, 0, 0, 0));
    CODE(0x1000, TOY(TOY_LI, 2, 0, 0x2000), TOY(TOY_ATOM, 1, 2, 4), TOY(TOY_JR, 2, 0, 0));
    toy_run(c, 0x2000);
    toy_run(c, 0x1000);
    g_assert_cmpuint(c->r[5], ==, 5);
}

static void test_data_beside_code(void)
{
    fresh();
    CODE(0x2000, TOY(TOY_LI, 5, 0, 1), TOY(TOY_HLT, 0, 0, 0));
    toy_run(c, 0x2000);
    uint64_t before = stats().invalidations;
    CODE(0x1000, TOY(TOY_LI, 2, 0, 0x2008), TOY(TOY_LI, 1, 0, 100), TOY(TOY_ST, 1, 2, 0), TOY(TOY_ADD, 1, 1, -1), TOY(TOY_BNE, 1, 0, -2),
         TOY(TOY_HLT, 0, 0, 0));
    toy_run(c, 0x1000);
    g_assert_cmpuint(ram64(0x2008), ==, 1);
    g_assert_cmpuint(stats().invalidations, ==, before);
    g_assert_nonnull(tb_lookup(&c->parent, 0x2000, TOY_KERNEL));
}

static uint64_t write_tag(uint64_t va) { return c->parent.tlb[TOY_KERNEL].table[va >> 12 & 63].addr_write; }

/* Sixteen of them make a page without code common again. */
static void store_idly(uint64_t va, unsigned n)
{
    while (n--)
        mmu_st(&c->parent, va, n, MO_64 | TOY_KERNEL << MO_IDX_SHIFT, 0);
}

static void test_code_flag_comes_and_goes(void)
{
    fresh();
    RAMBlock *ram = toy_ram_mr.ram;
    CODE(0x2000, TOY(TOY_LI, 5, 0, 1), TOY(TOY_HLT, 0, 0, 0));
    store_idly(0x2100, 16);
    g_assert_cmphex(write_tag(0x2000), ==, 0x2000);
    toy_run(c, 0x2000);
    g_assert_true(*ram_page_flags(ram, ram->offset + 0x2000) & RAM_PAGE_CODE);
    g_assert_cmphex(write_tag(0x2000), ==, 0x2000 | TLB_NOTDIRTY);
    CODE(0x2000, TOY(TOY_HLT, 0, 0, 0));
    store_idly(0x2100, 15);
    g_assert_true(*ram_page_flags(ram, ram->offset + 0x2000) & RAM_PAGE_CODE);
    g_assert_cmphex(write_tag(0x2000), ==, 0x2000 | TLB_NOTDIRTY);
    store_idly(0x2100, 1);
    g_assert_false(*ram_page_flags(ram, ram->offset + 0x2000) & RAM_PAGE_CODE);
    g_assert_cmphex(write_tag(0x2000), ==, 0x2000);
}

/* Who may write to a page fast is known, until it becomes a code page. */
static void test_writers(void)
{
    fresh();
    ram_addr_t page = toy_ram_mr.ram->offset + 0x2000;
    tlb_writers_take(page);
    mmu_ld(&c->parent, 0x2100, MO_64 | TOY_KERNEL << MO_IDX_SHIFT, 0);
    CODE(0x2000, TOY(TOY_LI, 5, 0, 1), TOY(TOY_HLT, 0, 0, 0));
    store_idly(0x2100, 16);
    g_assert_cmphex(write_tag(0x2000), ==, 0x2000);
    g_assert_cmphex(tlb_writers_take(page), ==, 1);
    g_assert_cmphex(tlb_writers_take(page), ==, 0);
    tlb_writers_add(&c->parent, page);
    toy_run(c, 0x2000);
    g_assert_cmphex(write_tag(0x2000), ==, 0x2000 | TLB_NOTDIRTY);
    g_assert_cmphex(tlb_writers_take(page), ==, 0);
    g_assert_true(tlb_writers_has(1, &c->parent));
    g_assert_false(tlb_writers_has(2, &c->parent));
    g_assert_cmphex(tlb_writers_take(~0ull << 12), ==, ~0ull);
}

/* Code that is rewritten and run in turn: its page stays a code page, for fewer stores than make it one no longer come in between. */
static void test_rewritten_code_stays_slow(void)
{
    fresh();
    store_idly(0x2100, 16);
    for (unsigned i = 0; i < 20; i++) {
        mmu_st(&c->parent, 0x2000, TOY(TOY_LI, 5, 0, i), MO_32 | TOY_KERNEL << MO_IDX_SHIFT, 0);
        mmu_st(&c->parent, 0x2004, TOY(TOY_HLT, 0, 0, 0), MO_32 | TOY_KERNEL << MO_IDX_SHIFT, 0);
        g_assert_cmphex(write_tag(0x2000), ==, 0x2000 | (i ? TLB_NOTDIRTY : 0));
        toy_run(c, 0x2000);
        g_assert_cmpuint(c->r[5], ==, i);
    }
}

/* When blocks go for want of room their page stays a code page, until it is written. */
static void test_code_flag_outlives_blocks(void)
{
    fresh();
    RAMBlock *ram = toy_ram_mr.ram;
    uint8_t *flags = ram_page_flags(ram, ram->offset + 0x2000);
    CODE(0x2000, TOY(TOY_LI, 5, 0, 1), TOY(TOY_HLT, 0, 0, 0));
    store_idly(0x2100, 16);
    g_assert_true(*flags & RAM_PAGE_FAST);
    toy_run(c, 0x2000);
    g_assert_cmphex(*flags & (RAM_PAGE_CODE | RAM_PAGE_FAST), ==, RAM_PAGE_CODE);
    tb_flush_now();
    g_assert_cmphex(*flags & (RAM_PAGE_CODE | RAM_PAGE_FAST), ==, RAM_PAGE_CODE);
    toy_run(c, 0x2000);
    mmu_st(&c->parent, 0x2100, 1, MO_64 | TOY_KERNEL << MO_IDX_SHIFT, 0);
    g_assert_cmphex(*flags & (RAM_PAGE_CODE | RAM_PAGE_FAST), ==, RAM_PAGE_CODE);
    tb_flush_now();
    store_idly(0x2100, 16);
    g_assert_cmphex(*flags & (RAM_PAGE_CODE | RAM_PAGE_FAST), ==, RAM_PAGE_FAST);
    g_assert_cmphex(write_tag(0x2000), ==, 0x2000);
}

/* ---- recent pages ---- */
static void pretend_recent(void)
{
    c->parent.recent[TOY_KERNEL][3] = (CPURecentPage){ .page = 0x3000, .addend = 1 };
    c->parent.recent[TOY_USER][3] = (CPURecentPage){ .page = 0x3000, .addend = 1 };
}

static bool forgotten(unsigned idx) { return c->parent.recent[idx][3].page == TLB_EMPTY; }

static void test_recent_pages_are_forgotten(void)
{
    fresh();
    pretend_recent();
    mmu_flush_range(&c->parent, 0x7000, 1, 12, MMU_ASID_ANY, 1u << TOY_KERNEL);
    g_assert_true(forgotten(TOY_KERNEL) && !forgotten(TOY_USER));
    pretend_recent();
    mmu_flush(&c->parent, 1u << TOY_USER);
    g_assert_true(!forgotten(TOY_KERNEL) && forgotten(TOY_USER));
    pretend_recent();
    mmu_flush_asid(&c->parent, c->asid, ~0u);
    g_assert_true(forgotten(TOY_KERNEL) && forgotten(TOY_USER));
    pretend_recent();
    mmu_set_asid(&c->parent, 5);
    g_assert_true(forgotten(TOY_KERNEL) && forgotten(TOY_USER));
    mmu_set_asid(&c->parent, 0);
    pretend_recent();
    mmu_ld(&c->parent, 0x3000, MO_64 | TOY_KERNEL << MO_IDX_SHIFT, 0);
    g_assert_true(forgotten(TOY_KERNEL) && !forgotten(TOY_USER));
}

static void test_device_write(void)
{
    fresh();
    CODE(0x2000, TOY(TOY_LI, 5, 0, 1), TOY(TOY_HLT, 0, 0, 0));
    toy_run(c, 0x2000);
    CODE(0x2000, TOY(TOY_LI, 5, 0, 3));
    toy_run(c, 0x2000);
    g_assert_cmpuint(c->r[5], ==, 3);
}

/* ---- stores while a block is being translated ---- */
static void overwrite_pair(uint64_t pc)
{
    if (pc != 0x2004)
        return;
    toy_trans_hook = NULL;
    CODE(0x2000, TOY(TOY_LI, 5, 0, 2), TOY(TOY_LI, 6, 0, 2));
}

/* Two instructions in eight aligned bytes are replaced when the translation has read the first: it must not mix old and new, and not last. */
static void test_translation_reads_once(void)
{
    fresh();
    CODE(0x2000, TOY(TOY_LI, 5, 0, 1), TOY(TOY_LI, 6, 0, 1), TOY(TOY_HLT, 0, 0, 0));
    toy_trans_hook = overwrite_pair;
    toy_run(c, 0x2000);
    g_assert_null(toy_trans_hook);
    g_assert_cmpuint(c->r[5], ==, 1);
    g_assert_cmpuint(c->r[6], ==, 1);
    g_assert_null(tb_lookup(&c->parent, 0x2000, TOY_KERNEL));
    toy_run(c, 0x2000);
    g_assert_cmpuint(c->r[5], ==, 2);
    g_assert_cmpuint(c->r[6], ==, 2);
    g_assert_nonnull(tb_lookup(&c->parent, 0x2000, TOY_KERNEL));
}

/* The second of two pages is overwritten while the block is translated. */
static void overwrite_second(uint64_t pc)
{
    if (pc != 0x3002)
        return;
    toy_trans_hook = NULL;
    uint16_t high = TOY(TOY_LI, 6, 0, 0) >> 16;
    address_space_write(&address_space_memory, 0x3000, MEMTXATTRS_NONE, &high, 2);
}

static void test_second_page_overwritten(void)
{
    fresh();
    uint32_t words[] = { TOY(TOY_LI, 5, 0, 7), TOY(TOY_HLT, 0, 0, 0) };
    address_space_write(&address_space_memory, 0x2ffe, MEMTXATTRS_NONE, words, 8);
    toy_trans_hook = overwrite_second;
    toy_run(c, 0x2ffe);
    toy_trans_hook = NULL;
    c->r[5] = 0;
    toy_run(c, 0x2ffe);
    overwrite_second(0x3002);
    c->r[5] = c->r[6] = 0;
    toy_run(c, 0x2ffe);
    g_assert_cmpuint(c->r[5], ==, 0);
    g_assert_cmpuint(c->r[6], ==, 7);
}

/* One page of RAM seen at two neighbouring addresses: a block may lie on it twice. */
static void test_page_twice(void)
{
    fresh();
    toy_map(0x20000, 0x6000, 12, RWX, true, 0);
    toy_map(0x21000, 0x6000, 12, RWX, true, 0);
    uint32_t li = TOY(TOY_LI, 5, 0, 7), hlt = TOY(TOY_HLT, 0, 0, 0);
    address_space_write(&address_space_memory, 0x6ffe, MEMTXATTRS_NONE, &li, 2);
    address_space_write(&address_space_memory, 0x6000, MEMTXATTRS_NONE, (uint8_t *)&li + 2, 2);
    address_space_write(&address_space_memory, 0x6002, MEMTXATTRS_NONE, &hlt, 4);
    for (unsigned i = 0; i < 2; i++) {
        toy_run(c, 0x20ffe);
        g_assert_cmpuint(c->r[5], ==, 7);
    }
    uint16_t high = TOY(TOY_LI, 6, 0, 0) >> 16;
    address_space_write(&address_space_memory, 0x6000, MEMTXATTRS_NONE, &high, 2);
    c->r[5] = 0;
    toy_run(c, 0x20ffe);
    g_assert_cmpuint(c->r[5], ==, 0);
    g_assert_cmpuint(c->r[6], ==, 7);
}

static int marks_missed, marks_asked, marks_done; /* (a) */

static gpointer watch_marks(gpointer data)
{
    while (!__atomic_load_n(&marks_done, __ATOMIC_ACQUIRE)) {
        if (!code_page_overlaps(toy_ram_mr.ram->offset + 0x2ffc, 4))
            __atomic_fetch_add(&marks_missed, 1, __ATOMIC_RELAXED);
        __atomic_fetch_add(&marks_asked, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

/* Translations of a page that come to nothing have its marks tidied; who asks without a lock always finds those of the block that stays. */
static void test_marks_stay(void)
{
    fresh();
    CODE(0x2ffc, TOY(TOY_HLT, 0, 0, 0));
    toy_run(c, 0x2ffc);
    GThread *watcher = g_thread_new("watcher", watch_marks, NULL);
    for (unsigned i = 0; i < 10000 || __atomic_load_n(&marks_asked, __ATOMIC_RELAXED) < 10000; i++) {
        code_page_begin(c->parent.tb, 0, toy_ram_mr.ram->offset + 0x2000);
        code_page_end(c->parent.tb, NULL);
    }
    __atomic_store_n(&marks_done, 1, __ATOMIC_RELEASE);
    g_thread_join(watcher);
    g_assert_cmpint(marks_missed, ==, 0);
}

/* An invalidated block stays in the jump cache; who jumps there by it does not run it, and the entry is gone then. */
static void test_stale_entry(void)
{
    fresh();
    CODE(0x2000, TOY(TOY_LI, 5, 0, 1), TOY(TOY_HLT, 0, 0, 0));
    CODE(0x1000, TOY(TOY_LI, 2, 0, 0x2000), TOY(TOY_JR, 2, 0, 0));
    toy_run(c, 0x1000);
    toy_run(c, 0x1000);
    const CPUJumpEntry *e = (const CPUJumpEntry *)((const char *)c->parent.jump_cache + tb_jump_offset(0x2000));
    TranslationBlock *tb = tb_lookup(&c->parent, 0x2000, TOY_KERNEL);
    g_assert_true(tb && e->code == tb->code && e->tag != ~0ull);
    current_cpu = NULL;
    CODE(0x2000, TOY(TOY_LI, 5, 0, 2));
    g_assert_true(e->tag != ~0ull);
    g_assert_cmpuint(host_ops->enter(&c->parent, e->code), ==, (uintptr_t)tb | TB_EXIT_STALE);
    toy_run(c, 0x1000);
    g_assert_cmpuint(c->r[5], ==, 2);
    g_assert_true(e->code != tb->code);
}

/* A page's mapping changes under a warm jump cache. */
static void test_jump_cache_flush(void)
{
    fresh();
    CODE(0x3000, TOY(TOY_LI, 5, 0, 1), TOY(TOY_HLT, 0, 0, 0));
    CODE(0x4000, TOY(TOY_LI, 5, 0, 2), TOY(TOY_HLT, 0, 0, 0));
    CODE(0x1000, TOY(TOY_LI, 2, 0, 0x3000), TOY(TOY_JR, 2, 0, 0));
    toy_run(c, 0x1000);
    toy_run(c, 0x1000);
    g_assert_cmpuint(c->r[5], ==, 1);
    toy_map(0x3000, 0x4000, 12, RWX, true, 0);
    toy_run(c, 0x1000);
    g_assert_cmpuint(c->r[5], ==, 1); /* not flushed yet */
    mmu_flush_range(&c->parent, 0x3000, 1, 12, MMU_ASID_ANY, ~0u);
    toy_run(c, 0x1000);
    g_assert_cmpuint(c->r[5], ==, 2);
}

static bool in_jump_cache(uint64_t va)
{
    return jump_cache_lookup(&c->parent, va, c->flags);
}

/* More pages of code than the jump cache has records of: none is missed, and a flush of one page is no other's. */
static void test_jump_cache_pages(void)
{
    enum { PAGES = 6000, FIRST = 0x40000000 };
    fresh();
    CODE(0x3000, TOY(TOY_LI, 5, 0, 1), TOY(TOY_HLT, 0, 0, 0));
    for (uint64_t i = 0; i < PAGES; i++) {
        toy_unmap_all();
        toy_map(FIRST + (i << 12), 0x3000, 12, RWX, true, 0);
        toy_run(c, FIRST + (i << 12));
    }
    unsigned n = 0;
    for (uint64_t i = 0; i < PAGES; i++) {
        uint64_t va = FIRST + (i << 12);
        bool was = in_jump_cache(va);
        n += was;
        jump_cache_flush_page(&c->parent, va - 0x1000);
        g_assert_cmpint(in_jump_cache(va), ==, was);
        jump_cache_flush_page(&c->parent, va + 0xfff);
        g_assert_false(in_jump_cache(va));
    }
    g_assert_cmpuint(n, >, 0);
}

/* Code of two address spaces at one address; the jump cache tells them apart. */
static void test_asid_code(void)
{
    fresh();
    toy_unmap_all();
    for (unsigned asid = 0; asid < 20; asid++) {
        CODE(0x8000 + asid * 0x1000, TOY(TOY_LI, 5, 0, asid), TOY(TOY_HLT, 0, 0, 0));
        toy_map(0x3000, 0x8000 + asid * 0x1000, 12, RWX, false, asid);
    }
    c->flags = TOY_USER;
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned asid = 0; asid < 20; asid++) {
            c->asid = asid;
            mmu_set_asid(&c->parent, asid);
            toy_run(c, 0x3000);
            g_assert_cmpuint(c->r[5], ==, asid);
        }
    }
    int fills = c->fills;
    for (unsigned asid = 10; asid < 20; asid++) {
        c->asid = asid;
        mmu_set_asid(&c->parent, asid);
        toy_run(c, 0x3000);
        g_assert_cmpuint(c->r[5], ==, asid);
    }
    g_assert_cmpint(c->fills, ==, fills);
}

/* The same for a kernel that is mapped by ASID: after some switches they flush nothing any more. */
static void test_high_code_by_asid(void)
{
    const uint64_t va = 0xffff000000003000;
    fresh();
    toy_unmap_all();
    for (unsigned asid = 1; asid <= 2; asid++) {
        CODE(0x8000 + asid * 0x1000, TOY(TOY_LI, 5, 0, asid), TOY(TOY_HLT, 0, 0, 0));
        toy_map(va, 0x8000 + asid * 0x1000, 12, RWX, false, asid);
    }
    g_assert_false(c->parent.high_by_asid);
    for (unsigned i = 0; i < 60; i++) {
        c->asid = 1 + i % 2;
        mmu_set_asid(&c->parent, c->asid);
        toy_run(c, va);
        g_assert_cmpuint(c->r[5], ==, c->asid);
        g_assert_true(c->parent.high_by_asid || i < 20);
    }
    mmu_set_asid(&c->parent, 1);
    mmu_set_asid(&c->parent, 2);
    g_assert_nonnull(jump_cache_lookup(&c->parent, va, TOY_KERNEL | TOY_HIGH_ASID));
    mmu_set_asid(&c->parent, 1);
    g_assert_null(jump_cache_lookup(&c->parent, va, TOY_KERNEL | TOY_HIGH_ASID));
    c->parent.high_by_asid = false;
    c->asid = 0;
    mmu_set_asid(&c->parent, 0);
}

static void test_code_in_device(void)
{
    fresh();
    uint32_t words[] = { TOY(TOY_LI, 5, 0, 77), TOY(TOY_HLT, 0, 0, 0) };
    memcpy(toy_regs, words, sizeof words);
    toy_run(c, TOY_MMIO);
    g_assert_cmpuint(c->r[5], ==, 77);
    g_assert_null(tb_lookup(&c->parent, TOY_MMIO, TOY_KERNEL));
    words[0] = TOY(TOY_LI, 5, 0, 78);
    memcpy(toy_regs, words, sizeof words);
    toy_run(c, TOY_MMIO);
    g_assert_cmpuint(c->r[5], ==, 78);
}

static void test_misaligned_atomic(void)
{
    fresh();
    stq_le_p(toy_ram + 0x5ffc, 40);
    CODE(0x1000, TOY(TOY_LI, 2, 0, 0x5ffc), TOY(TOY_ATOM, 1, 2, 2), TOY(TOY_HLT, 0, 0, 0));
    toy_run(c, 0x1000);
    g_assert_cmpuint(c->r[1], ==, 40);
    g_assert_cmpuint(ram64(0x5ffc), ==, 42);
}

static unsigned hooks, exclusive_hooks;

static void note_exclusive(ToyCPU *cpu, uint64_t a, uint64_t imm)
{
    hooks++;
    exclusive_hooks += in_exclusive_section();
}

/* What follows an instruction that runs alone does not, though the jump cache leads there. */
static void test_alone_is_one_instruction(void)
{
    fresh();
    toy_hook = note_exclusive;
    hooks = exclusive_hooks = 0;
    CODE(0x1ffc, TOY(TOY_ATOM, 1, 2, 2), TOY(TOY_HOOK, 0, 0, 0), TOY(TOY_HLT, 0, 0, 0));
    for (unsigned i = 1; i <= 4; i++) {
        c->r[2] = i & 1 ? 0x5ff8 : 0x5ffc; /* one way or the other */
        toy_run(c, 0x1ffc);
        g_assert_cmpuint(hooks, ==, i);
    }
    g_assert_cmpuint(exclusive_hooks, ==, 0);
}

/* An instruction that runs alone, by a form that only its common form leads to. */
static void test_alone_in_rare_form(void)
{
    fresh();
    CODE(0x1000, TOY(TOY_LI, 2, 0, 0x5ffc), TOY(TOY_RARE, 1, 2, 2), TOY(TOY_HLT, 0, 0, 0));
    stq_le_p(toy_ram + 0x5ffc, 40);
    toy_run(c, 0x1000);
    g_assert_cmpuint(c->r[1], ==, 40);
    g_assert_cmpuint(ram64(0x5ffc), ==, 42);
}

/* A fault of an instruction that runs alone, before and while it does. */
static void test_alone_faults(void)
{
    fresh();
    CODE(0x1000, TOY(TOY_LUI, 2, 0, 0x7f), TOY(TOY_ADD, 2, 2, 0x7ffc), TOY(TOY_ADD, 2, 2, 0x7fff), TOY(TOY_ADD, 2, 2, 1), TOY(TOY_ATOM, 1, 2, 2),
         TOY(TOY_HLT, 0, 0, 0));
    toy_run(c, 0x1000); /* the second half lies behind the end of RAM */
    g_assert_cmphex(c->fault_pc, ==, 0x1010);
    g_assert_false(in_exclusive_section());
    toy_unmap_all();
    mmu_flush(&c->parent, ~0u);
    c->pc = 0x1010;
    current_cpu = &c->parent;
    cpu_exec_step_atomic(&c->parent);
    g_assert_cmpint(c->parent.exception_index, ==, TOY_EXCP_FAULT);
    c->parent.exception_index = -1;
    g_assert_false(in_exclusive_section());
}

#define BULK_START 0x100000u
#define BULK_END 0x700000u

static unsigned blocks_present(void)
{
    unsigned n = 0;
    for (uint64_t pa = BULK_START; pa < BULK_END; pa += 4)
        n += tb_table_lookup(pa, TOY_KERNEL, toy_ram_mr.ram->offset + pa) != NULL;
    return n;
}

/* Much more code than the buffer of 1 MiB holds, run twice. Room is made by dropping the oldest blocks only. */
static void test_buffer_overflow(void)
{
    fresh();
    uint64_t retired = stats().retired;
    for (uint64_t pa = BULK_START; pa < BULK_END; pa += 0x100)
        CODE(pa, TOY(TOY_ADD, 5, 5, 1), TOY(TOY_ADD, 2, 2, 0x100), TOY(TOY_BNE, 2, 3, 2), TOY(TOY_HLT, 0, 0, 0), TOY(TOY_JR, 2, 0, 0));
    for (int i = 0; i < 2; i++) {
        c->r[2] = BULK_START;
        c->r[3] = BULK_END;
        c->r[5] = 0;
        toy_run(c, BULK_START);
        g_assert_cmpuint(c->r[5], ==, (BULK_END - BULK_START) / 0x100);
    }
    g_assert_cmpuint(stats().retired, >, retired + 2);
    g_assert_cmpuint(stats().code_bytes, <=, stats().buffer_bytes);
    g_assert_cmpuint(stats().code_bytes, >, stats().buffer_bytes / 2);
    unsigned before = blocks_present();
    g_assert_cmpuint(before, ==, stats().blocks);
    for (unsigned i = 0; i < 3; i++)
        g_assert_true(code_buffer_next_chunk(c->parent.tb, code_page_retire));
    tb_evict_now();
    g_assert_cmpuint(blocks_present(), <, before);
    g_assert_cmpuint(blocks_present(), >, before / 2);
    g_assert_cmpuint(blocks_present(), ==, stats().blocks);
    g_assert_nonnull(tb_table_lookup(BULK_END - 0x100, TOY_KERNEL, toy_ram_mr.ram->offset + BULK_END - 0x100));
}

/* More sets of block flags than there are numbers for them. */
static void test_flag_numbers(void)
{
    fresh();
    CODE(0x2000, TOY(TOY_ADD, 5, 5, 1), TOY(TOY_HLT, 0, 0, 0));
    for (unsigned i = 0; i < 1000; i++) {
        c->flags = TOY_KERNEL | i << 8;
        toy_run(c, 0x2000);
    }
    g_assert_cmpuint(c->r[5], ==, 1000);
    c->flags = TOY_KERNEL;
}

static void test_single_step(void)
{
    fresh();
    CODE(0x2000, TOY(TOY_ADD, 5, 5, 1), TOY(TOY_ADD, 5, 5, 1), TOY(TOY_HLT, 0, 0, 0));
    current_cpu = &c->parent;
    c->parent.singlestep = CPU_STEP_ENABLE;
    c->parent.halted = false;
    c->parent.exit_request = 0;
    c->pc = 0x2000;
    g_assert_cmpint(cpu_exec(&c->parent), ==, EXCP_DEBUG);
    g_assert_cmphex(c->pc, ==, 0x2004);
    g_assert_cmpuint(c->r[5], ==, 1);
    c->parent.singlestep = 0;
}

static int step_once(void)
{
    current_cpu = &c->parent;
    c->parent.singlestep = CPU_STEP_ENABLE;
    c->parent.halted = false;
    c->parent.exit_request = 0;
    int why = cpu_exec(&c->parent);
    if (why == EXCP_ATOMIC) {
        cpu_exec_step_atomic(&c->parent);
        why = cpu_exec(&c->parent);
    }
    c->parent.singlestep = 0;
    return why;
}

/* A step is one instruction, be it a jump to code that is known, a rare one, or one that runs alone. */
static void test_steps(void)
{
    fresh();
    CODE(0x2000, TOY(TOY_ADD, 5, 5, 1), TOY(TOY_RARE, 6, 3, 1), TOY(TOY_ATOM, 7, 4, 1), TOY(TOY_HLT, 0, 0, 0));
    CODE(0x1000, TOY(TOY_LI, 2, 0, 0x2000), TOY(TOY_JR, 2, 0, 0));
    c->r[3] = 0x5000;
    c->r[4] = 0x5ffc;
    for (unsigned i = 0; i < 3; i++)
        toy_run(c, 0x1000);
    static const uint64_t pcs[] = { 0x1004, 0x2000, 0x2004, 0x2008, 0x200c };
    c->pc = 0x1000;
    for (unsigned i = 0; i < G_N_ELEMENTS(pcs); i++) {
        g_assert_cmpint(step_once(), ==, EXCP_DEBUG);
        g_assert_cmphex(c->pc, ==, pcs[i]);
    }
    g_assert_cmpuint(c->r[5], ==, 4);
    g_assert_cmpuint(ram64(0x5000), ==, 4);
    g_assert_cmpuint(ram64(0x5ffc), ==, 4);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    toy_init(1 << 20);
    c = toy_new_cpu(0);
    g_test_add_func("/exec/loop/counts", test_loop);
    g_test_add_func("/exec/loop/fault-is-precise", test_fault_is_precise);
    g_test_add_func("/exec/loop/exception", test_exception);
    g_test_add_func("/exec/loop/single-step", test_single_step);
    g_test_add_func("/exec/loop/steps", test_steps);
    g_test_add_func("/exec/loop/misaligned-atomic-runs-alone", test_misaligned_atomic);
    g_test_add_func("/exec/alone/one-instruction", test_alone_is_one_instruction);
    g_test_add_func("/exec/alone/rare-form", test_alone_in_rare_form);
    g_test_add_func("/exec/alone/faults", test_alone_faults);
    g_test_add_func("/exec/tb/link-and-unlink", test_link);
    g_test_add_func("/exec/tb/buffer-overflow", test_buffer_overflow);
    g_test_add_func("/exec/tb/flag-numbers-run-out", test_flag_numbers);
    g_test_add_func("/exec/tb/code-in-device", test_code_in_device);
    g_test_add_func("/exec/jump-cache/page-flush", test_jump_cache_flush);
    g_test_add_func("/exec/jump-cache/many-pages", test_jump_cache_pages);
    g_test_add_func("/exec/jump-cache/asid", test_asid_code);
    g_test_add_func("/exec/jump-cache/high-code-by-asid", test_high_code_by_asid);
    g_test_add_func("/exec/smc/store-into-own-block", test_store_into_own_block);
    g_test_add_func("/exec/smc/instruction-overwrites-itself", test_instruction_overwrites_itself);
    g_test_add_func("/exec/smc/store-into-other-block", test_store_into_other_block);
    g_test_add_func("/exec/smc/atomic-into-code", test_atomic_into_code);
    g_test_add_func("/exec/smc/data-beside-code", test_data_beside_code);
    g_test_add_func("/exec/smc/code-flag-comes-and-goes", test_code_flag_comes_and_goes);
    g_test_add_func("/exec/smc/writers-are-known", test_writers);
    g_test_add_func("/exec/smc/rewritten-code-stays-slow", test_rewritten_code_stays_slow);
    g_test_add_func("/exec/smc/code-flag-outlives-blocks", test_code_flag_outlives_blocks);
    g_test_add_func("/exec/tlb/recent-pages-are-forgotten", test_recent_pages_are_forgotten);
    g_test_add_func("/exec/smc/device-write", test_device_write);
    g_test_add_func("/exec/smc/translation-reads-eight-bytes-once", test_translation_reads_once);
    g_test_add_func("/exec/smc/second-page-overwritten-meanwhile", test_second_page_overwritten);
    g_test_add_func("/exec/smc/page-seen-twice", test_page_twice);
    g_test_add_func("/exec/smc/marks-stay", test_marks_stay);
    g_test_add_func("/exec/jump-cache/stale-entry-is-not-run", test_stale_entry);
    return g_test_run();
}
