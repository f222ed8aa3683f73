/* SPDX-License-Identifier: MIT */
/*
 * Guest memory accesses of the interpreter: the same inline probe of the soft TLB as generated code makes, then mmu_*_slow.
 * Whatever is rare (big-endian data, 16-byte atomic accesses) takes the slow path always.
 *
 * Order: all loads acquire and all stores release. What keeps a load-acquire after an earlier store-release, as Arm's LDAR and STLR
 * ask, is CPUState.release_pending (docs/memory-order.md).
 */
#include "accel/interp/interp_internal.h"
#include "accel/mmu/mmu.h"
#include "accel/mmu/mmu_host.h"
#include "base/bits.h"

/* Host address for an access of 1 << size bytes at va when the TLB lets it through, else NULL. */
static void *probe(CPUState *cpu, uint64_t va, unsigned size, IRMemOp mo, bool store)
{
    const CPUTLBFast *fast = &cpu->tlb[MO_IDX(mo)];
    uint64_t align_mask = MASK64(MO_ALIGN(mo)), size_mask = MASK64(size);
    const CPUTLBEntry *e = (const CPUTLBEntry *)((const char *)fast->table + ((va >> (12 - CPU_TLB_ENTRY_BITS)) & fast->mask));
    uint64_t last = size_mask > align_mask ? va + (size_mask - align_mask) : va;
    uint64_t compare = last & (~0xfffull | align_mask);

    if (mo & (MO_BSWAP | MO_ATOM16))
        return NULL;
    return compare == __atomic_load_n(store ? &e->addr_write : &e->addr_read, __ATOMIC_RELAXED) ? (void *)(uintptr_t)(va + e->addend) : NULL;
}

#define ALIGNED(p, size) (((uintptr_t)(p) & MASK64(size)) == 0)

static uint64_t extend(IRType t, IRMemOp mo, uint64_t v)
{
    if (mo & MO_SIGN)
        v = (uint64_t)sextract64(v, 0, 8u << MO_SIZE(mo));
    return interp_type_bytes(t) == 4 ? (uint32_t)v : v;
}

/* 16 bytes; at once when aligned. */
static V128 load_wide(const char *p)
{
    return ALIGNED(p, MO_128) ? host_load16_vector(p) : (V128){ .u64 = { host_load(p, 8), host_load(p + 8, 8) } };
}

static void load(InterpRun *r, const IRInsn *insn, V128 *d, uint64_t va)
{
    IRMemOp mo = insn->aux;
    unsigned size = MO_SIZE(mo);
    const char *p = probe(r->cpu, va, size, mo, false);

    if (p && mo & MO_ACQ)
        order_acquire(r->cpu);
    if (size == MO_128) {
        if (p)
            *d = load_wide(p);
        else
            mmu_ld16_slow(r->cpu, va, mo, INTERP_RA(insn), d);
        return;
    }
    uint64_t v = p ? host_load(p, 1u << size) : mmu_ld_slow(r->cpu, va, mo, INTERP_RA(insn));
    cell_set(d, extend(insn->type, mo, v));
}

static void store_cell(char *p, unsigned size, const V128 *v)
{
    if (size == MO_128 && ALIGNED(p, MO_128)) {
        host_store16_vector(p, *v);
        return;
    }
    host_store(p, v->u64[0], 1u << MIN_OF(size, MO_64));
    if (size == MO_128)
        host_store(p + 8, v->u64[1], 8);
}

static void store(InterpRun *r, const IRInsn *insn, uint64_t va)
{
    IRMemOp mo = insn->aux;
    const V128 *v = &r->cells[insn->arg[1]];
    char *p = probe(r->cpu, va, MO_SIZE(mo), mo, true);

    if (p && mo & MO_REL)
        order_release(r->cpu);
    if (p)
        store_cell(p, MO_SIZE(mo), v);
    else if (MO_SIZE(mo) == MO_128)
        mmu_st16_slow(r->cpu, va, v, mo, INTERP_RA(insn));
    else
        mmu_st_slow(r->cpu, va, v->u64[0], mo, INTERP_RA(insn));
}

static void store_pair(InterpRun *r, const IRInsn *insn, uint64_t va)
{
    IRMemOp mo = insn->aux;
    unsigned size = MO_SIZE(mo);
    const V128 *v = &r->cells[insn->arg[1]], *w = &r->cells[insn->arg[2]];
    char *p = probe(r->cpu, va, size + 1, mo, true);

    if (p && mo & MO_REL)
        order_release(r->cpu);
    if (p) {
        store_cell(p, size, v);
        store_cell(p + (1u << size), size, w);
    } else {
        mmu_st2_slow(r->cpu, va, v, w, mo, INTERP_RA(insn));
    }
}

static void load_through_pointer(InterpRun *r, const IRInsn *insn, V128 *d)
{
    IRMemOp mo = insn->aux;
    const char *p = (const char *)(uintptr_t)(r->cells[insn->arg[0]].u64[0] + insn->imm);
    if (MO_SIZE(mo) == MO_128)
        *d = load_wide(p);
    else
        cell_set(d, extend(insn->type, mo, host_load(p, 1u << MO_SIZE(mo))));
}

static void compare_and_swap(InterpRun *r, const IRInsn *insn, V128 *d, uint64_t va)
{
    const V128 *expected = &r->cells[insn->arg[1]], *desired = &r->cells[insn->arg[2]];
    if (insn->type == IR_V128)
        *d = mmu_atom_cas16(r->cpu, va, expected, desired, insn->aux, INTERP_RA(insn));
    else
        cell_set(d, mmu_atom_cas(r->cpu, va, expected->u64[0], desired->u64[0], insn->aux, INTERP_RA(insn)));
}

/* Loads acquire and stores release, which leaves a store before a load. */
static void fence(uint32_t pairs)
{
    __atomic_thread_fence(pairs & IR_FENCE_ST_LD ? __ATOMIC_SEQ_CST : __ATOMIC_ACQ_REL);
}

void interp_memory(InterpRun *r, const IRInsn *insn, V128 *d)
{
    uint64_t va = r->cells[insn->arg[0]].u64[0] + insn->imm;

    switch (insn->op) {
    case IR_ld: load(r, insn, d, va); break;
    case IR_st: store(r, insn, va); break;
    case IR_st2: store_pair(r, insn, va); break;
    case IR_ldptr: {
        void *p = probe(r->cpu, va, MO_SIZE(insn->aux), insn->aux, false);
        cell_set(d, (uintptr_t)(p ? p : mmu_ldptr_slow(r->cpu, va, insn->aux, INTERP_RA(insn))));
        break;
    }
    case IR_hld: load_through_pointer(r, insn, d); break;
    case IR_atom_rmw: cell_set(d, mmu_atom_rmw(r->cpu, va, insn->sz, r->cells[insn->arg[1]].u64[0], insn->aux, INTERP_RA(insn))); break;
    case IR_atom_cas: compare_and_swap(r, insn, d, va); break;
    default: fence(insn->aux); break;
    }
}
