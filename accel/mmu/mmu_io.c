/* SPDX-License-Identifier: MIT */
/*
 * Accesses that do not end in plain RAM: device registers, ROM that is written, addresses where nothing is.
 *
 * What lies at an address is looked up for each access, under the RCU read lock that a vCPU holds while it runs: nothing about
 * the topology is remembered in the TLB but "not RAM".
 */
#include "accel/mmu/mmu_internal.h"

/* The device that takes the whole access, or NULL: general memory access then. */
static const FlatRange *device_range(hwaddr pa, unsigned size, bool write)
{
    const FlatRange *r = address_space_lookup(&address_space_memory, pa);
    if (!r || !r->mr->ops || (r->mr->ram && !write) || r->size - (pa - r->addr) < size)
        return NULL;
    return r;
}

uint64_t io_readx(CPUState *cpu, const MmuRef *ref, uint64_t va, unsigned size, MMUAccess access, unsigned idx, uintptr_t ra)
{
    hwaddr pa = ref->full.pa + (va & ~MEM_PAGE_MASK);
    const FlatRange *r = device_range(pa, size, false);
    MemTxResult result;
    uint64_t value = 0;
    cpu->mem_io_pc = cpu_code_ra(cpu, ra);
    if (r)
        result = memory_region_dispatch_read(r->mr, r->offset_in_region + (pa - r->addr), &value, size, ref->full.attrs);
    else
        value = address_space_ld(&address_space_memory, pa, size, ref->full.attrs, &result);
    cpu->mem_io_pc = 0;
    if (result != MEMTX_OK) {
        cpu->target->bus_error(cpu, va, pa, size, access, idx, result, ra);
        if (cpu->target->open_bus_ones)
            value = ~0ull >> (64 - size * 8);
    }
    return value;
}

void io_writex(CPUState *cpu, const MmuRef *ref, uint64_t va, uint64_t value, unsigned size, unsigned idx, uintptr_t ra)
{
    hwaddr pa = ref->full.pa + (va & ~MEM_PAGE_MASK);
    const FlatRange *r = device_range(pa, size, true);
    MemTxResult result;
    cpu->mem_io_pc = cpu_code_ra(cpu, ra);
    if (r)
        result = memory_region_dispatch_write(r->mr, r->offset_in_region + (pa - r->addr), value, size, ref->full.attrs);
    else
        address_space_st(&address_space_memory, pa, value, size, ref->full.attrs, &result);
    cpu->mem_io_pc = 0;
    if (result != MEMTX_OK)
        cpu->target->bus_error(cpu, va, pa, size, MMU_DATA_STORE, idx, result, ra);
}
