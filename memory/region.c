/* SPDX-License-Identifier: MIT */
/* Making regions and placing them in containers. Changes of topology run under the big lock inside a transaction. */
#include <assert.h>

#include "memory/memory_internal.h"

void memory_region_init(MemoryRegion *mr, const char *name, uint64_t size)
{
    *mr = (MemoryRegion){ .type = MR_CONTAINER, .name = name, .size = size, .enabled = true, .subregions = g_ptr_array_new() };
}

void memory_region_init_io(MemoryRegion *mr, const MemoryRegionOps *ops, void *opaque, const char *name, uint64_t size)
{
    memory_region_init(mr, name, size);
    mr->type = MR_IO;
    mr->ops = ops;
    mr->opaque = opaque;
}

bool memory_region_init_ram(MemoryRegion *mr, const char *name, uint64_t size, GError **error)
{
    RAMBlock *ram;
    if (!ram_block_new(name, size, &ram, error))
        return false;
    memory_region_init(mr, name, size);
    mr->type = MR_RAM;
    mr->ram = ram;
    return true;
}

bool memory_region_init_rom(MemoryRegion *mr, const char *name, uint64_t size, GError **error)
{
    if (!memory_region_init_ram(mr, name, size, error))
        return false;
    mr->type = MR_ROM;
    return true;
}

void memory_region_init_alias(MemoryRegion *mr, const char *name, MemoryRegion *target, hwaddr offset, uint64_t size)
{
    memory_region_init(mr, name, size);
    mr->type = MR_ALIAS;
    mr->alias = target;
    mr->alias_offset = offset;
}

void memory_region_destroy(MemoryRegion *mr)
{
    assert(!mr->container);
    if (mr->subregions) {
        for (unsigned i = 0; i < mr->subregions->len; i++)
            ((MemoryRegion *)mr->subregions->pdata[i])->container = NULL;
        g_ptr_array_free(mr->subregions, TRUE);
        mr->subregions = NULL;
    }
    if (mr->ram) {
        ram_block_free(mr->ram);
        mr->ram = NULL;
    }
}

void memory_region_set_readonly(MemoryRegion *alias)
{
    assert(alias->type == MR_ALIAS);
    alias->readonly = true;
}

void memory_region_set_lockless(MemoryRegion *mr)
{
    mr->lockless = true;
}

void memory_region_add_subregion_overlap(MemoryRegion *mr, hwaddr offset, MemoryRegion *sub, int priority)
{
    assert(!sub->container);
    memory_transaction_begin();
    sub->container = mr;
    sub->addr = offset;
    sub->priority = priority;
    unsigned i = 0;
    while (i < mr->subregions->len && ((MemoryRegion *)mr->subregions->pdata[i])->priority > priority)
        i++;
    g_ptr_array_insert(mr->subregions, (int)i, sub);
    memory_transaction_commit();
}

void memory_region_add_subregion(MemoryRegion *mr, hwaddr offset, MemoryRegion *sub)
{
    memory_region_add_subregion_overlap(mr, offset, sub, 0);
}

void memory_region_del_subregion(MemoryRegion *mr, MemoryRegion *sub)
{
    assert(sub->container == mr);
    memory_transaction_begin();
    g_ptr_array_remove(mr->subregions, sub);
    sub->container = NULL;
    memory_transaction_commit();
}

void memory_region_set_enabled(MemoryRegion *mr, bool enabled)
{
    if (mr->enabled == enabled)
        return;
    memory_transaction_begin();
    mr->enabled = enabled;
    memory_transaction_commit();
}

void memory_region_set_address(MemoryRegion *mr, hwaddr addr)
{
    if (mr->addr == addr)
        return;
    memory_transaction_begin();
    mr->addr = addr;
    memory_transaction_commit();
}
