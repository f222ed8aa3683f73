/* SPDX-License-Identifier: MIT */
/* memory/: flat views, dispatch, RAM blocks, without any CPU. */
#include <glib.h>
#include <string.h>

#include "base/lock.h"
#include "base/rcu.h"
#include "memory/memory.h"

typedef struct Recorder { MemoryRegion mr; uint64_t last_offset, last_value; unsigned last_size, calls; bool saw_big_lock; } Recorder;

static MemTxResult rec_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    Recorder *r = opaque;
    r->last_offset = offset;
    r->last_size = size;
    r->calls++;
    r->saw_big_lock = bql_locked();
    *value = 0x8877665544332211ull >> (offset & 7) * 8;
    return MEMTX_OK;
}

static MemTxResult rec_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    Recorder *r = opaque;
    r->last_offset = offset;
    r->last_value = value;
    r->last_size = size;
    r->calls++;
    return MEMTX_OK;
}

static const MemoryRegionOps any_ops = { rec_read, rec_write };
static const MemoryRegionOps word_ops = { rec_read, rec_write, .valid = { 1, 8 }, .impl = { 4, 4 } };
static const MemoryRegionOps strict_ops = { rec_read, rec_write, .valid = { 4, 4 }, .impl = { 4, 4 } };
static const MemoryRegionOps big_ops = { rec_read, rec_write, DEVICE_BIG_ENDIAN, .valid = { 1, 4 }, .impl = { 1, 4 } };

static const char *name_at(AddressSpace *as, hwaddr addr)
{
    rcu_read_lock();
    const FlatRange *r = address_space_lookup(as, addr);
    rcu_read_unlock();
    return r ? r->mr->name : NULL;
}

static void test_priority(void)
{
    MemoryRegion root, low, high, same;
    AddressSpace as;
    memory_region_init(&root, "root", UINT64_MAX);
    memory_region_init_io(&low, &any_ops, NULL, "low", 0x3000);
    memory_region_init_io(&high, &any_ops, NULL, "high", 0x1000);
    memory_region_init_io(&same, &any_ops, NULL, "same", 0x800);
    address_space_init(&as, &root, "t");
    memory_region_add_subregion_overlap(&root, 0x2000, &high, 5);
    memory_region_add_subregion(&root, 0x1000, &low);
    memory_region_add_subregion(&root, 0x1000, &same); /* equal priority: the later one wins */
    g_assert_cmpstr(name_at(&as, 0x1000), ==, "same");
    g_assert_cmpstr(name_at(&as, 0x1800), ==, "low");
    g_assert_cmpstr(name_at(&as, 0x2fff), ==, "high");
    g_assert_cmpstr(name_at(&as, 0x3000), ==, "low");
    g_assert_null(name_at(&as, 0x4000));
    memory_region_set_enabled(&high, false);
    g_assert_cmpstr(name_at(&as, 0x2000), ==, "low");
    memory_region_set_enabled(&high, true);
    memory_region_set_address(&high, 0x9000);
    g_assert_cmpstr(name_at(&as, 0x2000), ==, "low");
    g_assert_cmpstr(name_at(&as, 0x9fff), ==, "high");
    memory_region_del_subregion(&root, &high);
    g_assert_null(name_at(&as, 0x9000));
    address_space_destroy(&as);
}

static void test_alias_and_container(void)
{
    MemoryRegion root, box, window, io;
    AddressSpace as;
    memory_region_init(&root, "root", UINT64_MAX);
    memory_region_init(&box, "box", 0x1000);
    memory_region_init_io(&io, &any_ops, NULL, "io", 0x10000);
    memory_region_init_alias(&window, "window", &io, 0x8000, 0x4000);
    address_space_init(&as, &root, "t");
    memory_region_add_subregion(&box, 0x800, &window); /* clipped by its container */
    memory_region_add_subregion(&root, 0x10000, &box);
    rcu_read_lock();
    const FlatRange *r = address_space_lookup(&as, 0x10900);
    g_assert_cmpstr(r->mr->name, ==, "io");
    g_assert_cmphex(r->offset_in_region + (0x10900 - r->addr), ==, 0x8100);
    rcu_read_unlock();
    g_assert_null(name_at(&as, 0x107ff));
    g_assert_null(name_at(&as, 0x11000));
    address_space_destroy(&as);
}

static void test_readonly_alias(void)
{
    MemoryRegion root, ram, window;
    AddressSpace as;
    uint8_t in = 0x5a, out = 0;
    memory_region_init(&root, "root", UINT64_MAX);
    g_assert_true(memory_region_init_ram(&ram, "ram", 0x4000, NULL));
    memory_region_init_alias(&window, "shadow", &ram, 0x1000, 0x1000);
    memory_region_set_readonly(&window);
    address_space_init(&as, &root, "t");
    memory_region_add_subregion(&root, 0, &ram);
    memory_region_add_subregion_overlap(&root, 0x1000, &window, 1);
    for (hwaddr at = 0x800; at <= 0x2800; at += 0x1000)
        address_space_write(&as, at, MEMTXATTRS_NONE, &in, 1);
    for (hwaddr at = 0x800; at <= 0x2800; at += 0x1000) {
        address_space_read(&as, at, MEMTXATTRS_NONE, &out, 1);
        g_assert_cmphex(out, ==, at == 0x1800 ? 0 : 0x5a);
    }
    address_space_write_rom(&as, 0x1800, &in, 1);
    g_assert_cmphex(((uint8_t *)memory_region_ram_ptr(&ram))[0x1800], ==, 0x5a);
    address_space_destroy(&as);
}

static void test_whole_space(void)
{
    MemoryRegion root;
    AddressSpace as;
    memory_region_init_io(&root, &any_ops, NULL, "all", UINT64_MAX);
    address_space_init(&as, &root, "t");
    g_assert_cmpstr(name_at(&as, 0), ==, "all");
    g_assert_cmpstr(name_at(&as, UINT64_MAX), ==, "all");
    address_space_destroy(&as);
}

static void test_dispatch(void)
{
    Recorder r = { 0 };
    uint64_t v;
    memory_region_init_io(&r.mr, &word_ops, &r, "words", 0x100);
    g_assert_cmpint(memory_region_dispatch_write(&r.mr, 8, 0x1122334455667788, 8, MEMTXATTRS_NONE), ==, MEMTX_OK);
    g_assert_cmpuint(r.calls, ==, 2); /* split */
    g_assert_cmphex(r.last_offset, ==, 12);
    g_assert_cmphex(r.last_value, ==, 0x11223344);
    g_assert_cmpint(memory_region_dispatch_read(&r.mr, 2, &v, 1, MEMTXATTRS_NONE), ==, MEMTX_OK);
    g_assert_cmpuint(r.last_size, ==, 4); /* widened */
    g_assert_cmphex(r.last_offset, ==, 0);
    g_assert_cmphex(v, ==, 0x33);
    g_assert_true(r.saw_big_lock);
    memory_region_set_lockless(&r.mr);
    memory_region_dispatch_read(&r.mr, 0, &v, 4, MEMTXATTRS_NONE);
    g_assert_false(r.saw_big_lock);
    r.mr.ops = &strict_ops;
    r.calls = 0;
    g_assert_cmpint(memory_region_dispatch_read(&r.mr, 0, &v, 2, MEMTXATTRS_NONE), ==, MEMTX_ERROR);
    g_assert_cmpint(memory_region_dispatch_read(&r.mr, 2, &v, 4, MEMTXATTRS_NONE), ==, MEMTX_ERROR);
    g_assert_cmpint(memory_region_dispatch_read(&r.mr, 0x100, &v, 4, MEMTXATTRS_NONE), ==, MEMTX_ERROR);
    g_assert_cmpuint(r.calls, ==, 0);
    r.mr.ops = &big_ops;
    memory_region_dispatch_read(&r.mr, 0, &v, 4, MEMTXATTRS_NONE);
    g_assert_cmphex(v, ==, 0x11223344);
    memory_region_dispatch_write(&r.mr, 0, 0x1234, 2, MEMTXATTRS_NONE);
    g_assert_cmphex(r.last_value, ==, 0x3412);
}

static ram_addr_t hook_addr;
static uint64_t hook_len;

static void code_hook(ram_addr_t addr, uint64_t len)
{
    hook_addr = addr;
    hook_len = len;
}

static void test_ram(void)
{
    MemoryRegion root, ram, rom;
    AddressSpace as;
    char buf[32] = { 0 };
    memory_region_init(&root, "root", UINT64_MAX);
    g_assert_true(memory_region_init_ram(&ram, "ram", 0x10000, NULL));
    g_assert_true(memory_region_init_rom(&rom, "rom", 0x1000, NULL));
    address_space_init(&as, &root, "t");
    memory_region_add_subregion(&root, 0, &ram);
    memory_region_add_subregion(&root, 0x10000, &rom);
    g_assert_cmpint(address_space_write(&as, 0xfff8, MEMTXATTRS_NONE, "0123456789abcdef", 16), ==, MEMTX_OK); /* half is ROM: ignored */
    address_space_read(&as, 0xfff8, MEMTXATTRS_NONE, buf, 16);
    g_assert_cmpmem(buf, 16, "01234567\0\0\0\0\0\0\0\0", 16);
    address_space_write_rom(&as, 0x10000, "ROM", 4);
    g_assert_cmpstr((char *)memory_region_ram_ptr(&rom), ==, "ROM");
    g_assert_cmpint(address_space_read(&as, 0x11000, MEMTXATTRS_NONE, buf, 8), ==, MEMTX_DECODE_ERROR);
    g_assert_cmpint(buf[0], ==, 0);
    rcu_read_lock();
    g_assert_nonnull(address_space_ram_ptr(&as, 0xff00, 0x100, true));
    g_assert_null(address_space_ram_ptr(&as, 0xff00, 0x101, true));
    g_assert_null(address_space_ram_ptr(&as, 0x10000, 8, true));
    rcu_read_unlock();
    ram_set_write_hook(code_hook);
    RAMBlock *b = ram.ram;
    g_assert_true(ram_block_of(b->offset + 0xffff) == b);
    g_assert_null(ram_block_of(b->offset + 0x10000));
    *ram_page_flags(b, b->offset + 0x2000) |= RAM_PAGE_CODE;
    address_space_st(&as, 0x1ffc, 0, 4, MEMTXATTRS_NONE, NULL);
    g_assert_cmpuint(hook_len, ==, 0);
    address_space_write(&as, 0x1ff0, MEMTXATTRS_NONE, buf, 32);
    g_assert_cmphex(hook_addr, ==, b->offset + 0x2000);
    g_assert_cmphex(hook_len, ==, 16);
    ram_set_write_hook(NULL);
    memory_region_del_subregion(&root, &ram);
    address_space_destroy(&as);
    memory_region_destroy(&ram);
}

static unsigned commits;

static void on_commit(void *opaque)
{
    commits++;
}

static void test_transactions(void)
{
    MemoryRegion root, io;
    AddressSpace as;
    memory_region_init(&root, "root", UINT64_MAX);
    memory_region_init_io(&io, &any_ops, NULL, "io", 0x1000);
    address_space_init(&as, &root, "t");
    memory_add_commit_listener(on_commit, NULL);
    memory_transaction_begin();
    memory_region_add_subregion(&root, 0, &io);
    memory_region_set_address(&io, 0x5000);
    g_assert_null(name_at(&as, 0));
    g_assert_cmpuint(commits, ==, 0);
    memory_transaction_commit();
    g_assert_cmpuint(commits, ==, 1);
    g_assert_cmpstr(name_at(&as, 0x5000), ==, "io");
    address_space_destroy(&as);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    rcu_register_thread();
    g_test_add_func("/memory/flatview/overlap-priority-wins", test_priority);
    g_test_add_func("/memory/flatview/alias-in-container", test_alias_and_container);
    g_test_add_func("/memory/flatview/readonly-alias", test_readonly_alias);
    g_test_add_func("/memory/flatview/whole-space", test_whole_space);
    g_test_add_func("/memory/dispatch/widths", test_dispatch);
    g_test_add_func("/memory/ram/access-and-code-hook", test_ram);
    g_test_add_func("/memory/transaction/published-at-commit", test_transactions);
    int status = g_test_run();
    rcu_unregister_thread();
    return status;
}
