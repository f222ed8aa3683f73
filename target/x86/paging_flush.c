/* SPDX-License-Identifier: MIT */
/*
 * What changes of paging do to the TLB (SDM vol. 3, 4.10).
 *
 * The TLB's key of an address space is its PCID, 0 while CR4.PCIDE is clear. The USER index keeps entries by key; those of the
 * supervisor's indexes live across switches when they are global. A change of anything that permissions or formats depend on
 * (CR0.PG, CR0.WP, CR4.PSE PAE PGE LA57 PCIDE SMEP SMAP PKE, EFER.NXE) is a flush of everything.
 *
 * PKRU's rights are part of entries. tlb_pkeys gathers the keys of all pages filled since the last whole flush: a write that
 * changes the rights of none of them, as the one of each context switch of a system where nobody uses keys, flushes nothing.
 */
#include "base/bits.h"
#include "target/x86/paging.h"

#define ALL_INDEXES ((1u << X86_NB_MMU) - 1)

uint32_t x86_asid(const CPUX86State *env)
{
    return env->cr4 & CR4_PCIDE ? env->cr3 & 0xfff : 0;
}

static void flush_everything(X86CPU *cpu)
{
    cpu->tlb_pkeys = 0;
    mmu_flush(&cpu->parent, ALL_INDEXES);
}

void x86_paging_new_cr3(X86CPU *cpu, bool keep_tlb)
{
    uint32_t asid = x86_asid(&cpu->env);

    mmu_set_asid(&cpu->parent, asid);
    if (!keep_tlb)
        mmu_flush_asid(&cpu->parent, asid, ALL_INDEXES);
}

void x86_paging_flush(X86CPU *cpu, bool global)
{
    mmu_set_asid(&cpu->parent, x86_asid(&cpu->env));
    if (global)
        flush_everything(cpu);
    else
        mmu_flush_asid(&cpu->parent, x86_asid(&cpu->env), ALL_INDEXES);
}

bool x86_load_pdptes(X86CPU *cpu, uint64_t cr3)
{
    CPUX86State *env = &cpu->env;
    uint64_t reserved = ~MASK64(cpu->phys_bits) | 0x1e6, table = (cr3 & 0xffffffe0) & (0xffffffff00000000ull | env->a20_mask_low), pdpte[4];

    for (unsigned i = 0; i < ARRAY_SIZE(pdpte); i++) {
        MemTxResult result;
        pdpte[i] = address_space_ld(&address_space_memory, table + i * 8, 8, MEMTXATTRS_NONE, &result);
        if (result != MEMTX_OK)
            pdpte[i] = ~0ull; /* as an open bus reads */
        if (pdpte[i] & 1 && pdpte[i] & reserved)
            return false;
    }
    __builtin_memcpy(env->pdpte, pdpte, sizeof(pdpte));
    return true;
}

void x86_invlpg(X86CPU *cpu, uint64_t va)
{
    if (!(cpu->env.efer & EFER_LMA))
        va = (uint32_t)va;
    else if (!x86_is_canonical(&cpu->env, va))
        return;
    mmu_flush_range(&cpu->parent, va, 1, MEM_PAGE_BITS, x86_asid(&cpu->env), ALL_INDEXES);
}

enum { INVPCID_ADDRESS, INVPCID_CONTEXT, INVPCID_ALL, INVPCID_ALL_NON_GLOBAL };

void x86_invpcid(X86CPU *cpu, unsigned type, uint64_t pcid, uint64_t va, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    bool named = type == INVPCID_ADDRESS || type == INVPCID_CONTEXT;

    if (type > INVPCID_ALL_NON_GLOBAL || pcid > 0xfff || (named && pcid && !(env->cr4 & CR4_PCIDE)))
        x86_raise_gp0(cpu, ra);
    if (type == INVPCID_ADDRESS) {
        if (!x86_is_canonical(env, va))
            x86_raise_gp0(cpu, ra);
        mmu_flush_range(&cpu->parent, va, 1, MEM_PAGE_BITS, (uint32_t)pcid, ALL_INDEXES);
    } else if (type == INVPCID_CONTEXT) {
        mmu_flush_asid(&cpu->parent, (uint32_t)pcid, ALL_INDEXES);
    } else {
        flush_everything(cpu); /* what is global may go, too */
    }
}

void x86_set_pkru(X86CPU *cpu, uint32_t value)
{
    uint32_t changed = cpu->env.pkru ^ value, stale = 0;

    cpu->env.pkru = value;
    for (unsigned key = 0; changed; key++, changed >>= 2)
        stale |= changed & 3 ? 1u << key : 0;
    if (stale & cpu->tlb_pkeys)
        flush_everything(cpu);
}
