/* SPDX-License-Identifier: MIT */
/*
 * Guest memory accesses of the interpreter: the same inline probe of the soft TLB as generated code makes, then mmu_*_slow.
 * Whatever is rare (big-endian data, 16-byte atomic accesses) takes the slow path always.
 *
 * Order: an acquiring load and a releasing store are sequentially consistent, which keeps a load-acquire after an earlier
 * store-release, as Arm's LDAR and STLR ask.
 */
#include <string.h>

#include "accel/interp/interp_internal.h"
#include "accel/mmu/mmu.h"
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
    return compare == (store ? e->addr_write : e->addr_read) ? (void *)(uintptr_t)(va + e->addend) : NULL;
}

#define ALIGNED(p, size) (((uintptr_t)(p) & MASK64(size)) == 0)

/* Reads 1 << size bytes (up to 8), single-copy atomic when aligned. */
static uint64_t host_load(const void *p, unsigned size, bool ordered)
{
    uint64_t v = 0;
    if (ordered)
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (ALIGNED(p, size)) {
        switch (size) {
        case 0: v = __atomic_load_n((const uint8_t *)p, __ATOMIC_RELAXED); break;
        case 1: v = __atomic_load_n((const uint16_t *)p, __ATOMIC_RELAXED); break;
        case 2: v = __atomic_load_n((const uint32_t *)p, __ATOMIC_RELAXED); break;
        default: v = __atomic_load_n((const uint64_t *)p, __ATOMIC_RELAXED); break;
        }
    } else {
        memcpy(&v, p, 1u << size);
    }
    if (ordered)
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return v;
}

static void host_store(void *p, unsigned size, uint64_t v, bool ordered)
{
    if (ordered)
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (ALIGNED(p, size)) {
        switch (size) {
        case 0: __atomic_store_n((uint8_t *)p, v, __ATOMIC_RELAXED); break;
        case 1: __atomic_store_n((uint16_t *)p, v, __ATOMIC_RELAXED); break;
        case 2: __atomic_store_n((uint32_t *)p, v, __ATOMIC_RELAXED); break;
        default: __atomic_store_n((uint64_t *)p, v, __ATOMIC_RELAXED); break;
        }
    } else {
        memcpy(p, &v, 1u << size);
    }
}

static uint64_t extend(IRType t, IRMemOp mo, uint64_t v)
{
    if (mo & MO_SIGN)
        v = (uint64_t)sextract64(v, 0, 8u << MO_SIZE(mo));
    return interp_type_bytes(t) == 4 ? (uint32_t)v : v;
}

static void load(InterpRun *r, const IRInsn *insn, V128 *d, uint64_t va)
{
    IRMemOp mo = insn->aux;
    unsigned size = MO_SIZE(mo);
    const char *p = probe(r->cpu, va, size, mo, false);

    if (size == MO_128) {
        if (p)
            *d = (V128){ .u64 = { host_load(p, MO_64, mo & MO_ACQ), host_load(p + 8, MO_64, mo & MO_ACQ) } };
        else
            mmu_ld16_slow(r->cpu, va, mo, INTERP_RA(insn), d);
        return;
    }
    uint64_t v = p ? host_load(p, size, mo & MO_ACQ) : mmu_ld_slow(r->cpu, va, mo, INTERP_RA(insn));
    cell_set(d, extend(insn->type, mo, v));
}

static void host_store_cell(char *p, unsigned size, const V128 *v, bool ordered)
{
    host_store(p, MIN_OF(size, MO_64), v->u64[0], ordered);
    if (size == MO_128)
        host_store(p + 8, MO_64, v->u64[1], ordered);
}

static void store(InterpRun *r, const IRInsn *insn, uint64_t va)
{
    IRMemOp mo = insn->aux;
    const V128 *v = &r->cells[insn->arg[1]];
    char *p = probe(r->cpu, va, MO_SIZE(mo), mo, true);

    if (p)
        host_store_cell(p, MO_SIZE(mo), v, mo & MO_REL);
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

    if (p) {
        host_store_cell(p, size, v, mo & MO_REL);
        host_store_cell(p + (1u << size), size, w, mo & MO_REL);
    } else {
        mmu_st2_slow(r->cpu, va, v, w, mo, INTERP_RA(insn));
    }
}

static void load_through_pointer(InterpRun *r, const IRInsn *insn, V128 *d)
{
    IRMemOp mo = insn->aux;
    const char *p = (const char *)(uintptr_t)(r->cells[insn->arg[0]].u64[0] + insn->imm);
    if (MO_SIZE(mo) == MO_128)
        *d = (V128){ .u64 = { host_load(p, MO_64, false), host_load(p + 8, MO_64, false) } };
    else
        cell_set(d, extend(insn->type, mo, host_load(p, MO_SIZE(mo), false)));
}

static void compare_and_swap(InterpRun *r, const IRInsn *insn, V128 *d, uint64_t va)
{
    const V128 *expected = &r->cells[insn->arg[1]], *desired = &r->cells[insn->arg[2]];
    if (insn->type == IR_V128)
        *d = mmu_atom_cas16(r->cpu, va, expected, desired, insn->aux, INTERP_RA(insn));
    else
        cell_set(d, mmu_atom_cas(r->cpu, va, expected->u64[0], desired->u64[0], insn->aux, INTERP_RA(insn)));
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
    default: __atomic_thread_fence(__ATOMIC_SEQ_CST); break; /* fence */
    }
}
