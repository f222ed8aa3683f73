/* SPDX-License-Identifier: MIT */
/* Probes: host pointers for helpers that touch many bytes, and where code comes from. */
#include "accel/mmu/mmu_internal.h"
#include "accel/tb/tb_internal.h"

/* The entry for the access, or NULL when it would fault and probe is set. */
static CPUTLBEntry *probe_entry(CPUState *cpu, uint64_t va, unsigned size, MMUAccess access, unsigned idx, bool probe, uintptr_t ra, TlbFull **full)
{
    assert((va & ~MEM_PAGE_MASK) + size <= MEM_PAGE_SIZE);
    return tlb_get(cpu, va, size, access, idx, probe, ra, full);
}

void *mmu_probe(CPUState *cpu, uint64_t va, unsigned size, MMUAccess access, unsigned idx, bool probe, bool *fault, uintptr_t ra)
{
    TlbFull *full;
    va = mmu_strip(cpu, va, idx);
    CPUTLBEntry *e = probe_entry(cpu, va, size, access, idx, probe, ra, &full);
    if (fault)
        *fault = !e;
    if (!e)
        return NULL;
    if (access == MMU_DATA_STORE && tlb_tag_load(e, access) & TLB_NOTDIRTY)
        tlb_try_make_fast(cpu, va, idx);
    return tlb_tag_load(e, access) & TLB_FLAGS ? NULL : (void *)(uintptr_t)(va + e->addend);
}

/* On a page with code the pointer may only be handed out when the page is free of code and the entry is fast: then a
 * translation that starts meanwhile knows of this vCPU (code_page.c). All its blocks go when the bytes overlap any of them;
 * bytes beside the code are stored one by one, by the caller's slow path. */
void *mmu_probe_store(CPUState *cpu, uint64_t va, unsigned size, unsigned idx, uintptr_t ra)
{
    TlbFull *full;
    va = mmu_strip(cpu, va, idx);
    CPUTLBEntry *e = probe_entry(cpu, va, size, MMU_DATA_STORE, idx, false, ra, &full);
    if (full->device && e->addr_write & TLB_MMIO)
        cpu->target->unaligned_access(cpu, va ^ cpu->mmu->tag, MMU_DATA_STORE, idx, ra);
    if (e->addr_write & TLB_WATCH)
        return NULL;
    if (e->addr_write & TLB_NOTDIRTY && !tlb_try_make_fast(cpu, va, idx)) {
        ram_addr_t addr = full->ram + (va & ~MEM_PAGE_MASK);
        if (!code_page_overlaps(addr, size))
            return NULL;
        tb_store_begin(cpu, addr, size, ra);
        tb_invalidate(full->ram, MEM_PAGE_SIZE);
        code_page_release(full->ram, true);
        tlb_try_make_fast(cpu, va, idx);
    }
    return e->addr_write & TLB_FLAGS ? NULL : (void *)(uintptr_t)(va + e->addend);
}

uint8_t mmu_code_target_bits(CPUState *cpu, uint64_t va, unsigned idx, uintptr_t ra)
{
    TlbFull *full;
    tlb_get(cpu, va, 4, MMU_INST_FETCH, idx, false, ra, &full);
    return full->target_bits;
}

bool mmu_code_page(CPUState *cpu, uint64_t va, unsigned idx, bool fill, MmuCode *out)
{
    TlbFull *full;
    CPUTLBEntry *e = fill ? tlb_get(cpu, va, 1, MMU_INST_FETCH, idx, false, 0, &full) : tlb_find(cpu, va, MMU_INST_FETCH, idx, &full);
    if (!e)
        return false;
    out->global = full->global;
    out->host = e->addr_code & TLB_MMIO ? NULL : (const uint8_t *)(uintptr_t)((va & MEM_PAGE_MASK) + e->addend);
    out->ram = out->host ? full->ram + (va & ~MEM_PAGE_MASK) : RAM_ADDR_INVALID;
    return true;
}

uint64_t mmu_fetch_io(CPUState *cpu, uint64_t va, unsigned size, unsigned idx)
{
    MmuRef ref;
    mmu_ref(cpu, va, size, MMU_INST_FETCH, idx, 0, &ref);
    return ref.host ? 0 : io_readx(cpu, &ref, va, size, MMU_INST_FETCH, idx, 0);
}
