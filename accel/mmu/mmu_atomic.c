/* SPDX-License-Identifier: MIT */
/*
 * Atomic read-modify-write on guest memory.
 *
 * On naturally aligned RAM the host's own atomics serve; on x86 hosts also on misaligned RAM, as long as it lies in one cache
 * line. (Beyond, they are atomic too, but stop the whole host, or trap.) What they cannot serve is a plain load and store while
 * no other vCPU runs: where several threads run guest code, the first attempt leaves with EXCP_ATOMIC, for an exclusive section.
 * Big-endian data is swapped around the operation: those that are not bitwise go through compare-and-swap.
 */
#include "accel/host/host.h"
#include "accel/mmu/mmu_host.h"
#include "accel/mmu/mmu_internal.h"

V128 host_cas16(void *p, V128 expected, V128 desired)
{
#if defined(__x86_64__) /* not the builtin: without -mcx16 it is a call to libatomic */
    __asm__ volatile("lock cmpxchg16b %0"
                     : "+m"(*(V128 *)p), "+a"(expected.u64[0]), "+d"(expected.u64[1])
                     : "b"(desired.u64[0]), "c"(desired.u64[1])
                     : "memory", "cc");
    return expected;
#else
    unsigned __int128 old = (unsigned __int128)expected.u64[1] << 64 | expected.u64[0];
    unsigned __int128 new = (unsigned __int128)desired.u64[1] << 64 | desired.u64[0];
    unsigned __int128 seen = __sync_val_compare_and_swap((unsigned __int128 *)p, old, new);
    return (V128){ .u64 = { (uint64_t)seen, (uint64_t)(seen >> 64) } };
#endif
}

static uint64_t swap(uint64_t v, IRMemOp mo)
{
    return mo & MO_BSWAP ? __builtin_bswap64(v) >> (64 - (8u << MO_SIZE(mo))) : v;
}

/* The new value; a and b are of size bytes, zero-extended, as the guest sees them. */
static uint64_t combine(IRAtomic op, uint64_t a, uint64_t b, unsigned bits)
{
    int64_t sa = sextract64(a, 0, bits), sb = sextract64(b, 0, bits);
    switch (op) {
    case IR_AT_XCHG: return b;
    case IR_AT_ADD: return a + b;
    case IR_AT_AND: return a & b;
    case IR_AT_OR: return a | b;
    case IR_AT_XOR: return a ^ b;
    case IR_AT_ANDN: return a & ~b;
    case IR_AT_SMAX: return sa > sb ? a : b;
    case IR_AT_SMIN: return sa < sb ? a : b;
    case IR_AT_UMAX: return a > b ? a : b;
    case IR_AT_UMIN: return a < b ? a : b;
    }
    return a;
}

/*
 * Looks the operand up for reading and writing. A fault that a read would have is reported as a read's (of Arm, WnR is then 0), unless MO_RMW says otherwise.
 * False: the host's atomics do not serve it, and no other vCPU runs.
 */
static bool atomic_ref(CPUState *cpu, uint64_t va, unsigned size, IRMemOp mo, uintptr_t ra, MmuRef *ref)
{
    unsigned idx = MO_IDX(mo);
    if (!(va & (size - 1)) || (va & (HOST_ATOMIC_LINE - 1)) + size <= HOST_ATOMIC_LINE) {
        if (!(mo & MO_RMW))
            mmu_ref(cpu, va, size, MMU_DATA_LOAD, idx, ra, ref);
        mmu_ref(cpu, va, size, MMU_DATA_STORE, idx, ra, ref);
        if (ref->host)
            return true;
    }
    if (!host_one_thread && !in_exclusive_section())
        cpu_loop_exit_atomic(cpu, ra);
    return false;
}

static uint64_t rmw_host(void *p, IRAtomic op, uint64_t value, IRMemOp mo)
{
    unsigned size = 1u << MO_SIZE(mo), bits = size * 8;
    uint64_t seen = host_load(p, size), old;
    do {
        old = seen;
        uint64_t new = combine(op, swap(old, mo), value & MASK64(bits), bits);
        seen = host_cas(p, old, swap(new & MASK64(bits), mo), size);
    } while (seen != old);
    return swap(old, mo);
}

uint64_t mmu_atom_rmw(CPUState *cpu, uint64_t va, IRAtomic op, uint64_t value, IRMemOp mo, uintptr_t ra)
{
    unsigned size = 1u << MO_SIZE(mo), idx = MO_IDX(mo), bits = size * 8;
    MmuRef ref;
    mmu_check_align(cpu, va, mo, MMU_DATA_LOAD, ra);
    va = mmu_strip(cpu, va, idx);
    mo &= ~MO_SIGN;
    if (!atomic_ref(cpu, va, size, mo, ra, &ref)) {
        uint64_t old = mmu_ld(cpu, va, mo, ra);
        mmu_st(cpu, va, combine(op, old, value & MASK64(bits), bits), mo, ra);
        return old;
    }
    bool code = mmu_store_begin(cpu, &ref, size, idx, ra);
    uint64_t old = rmw_host(ref.host, op, value, mo);
    if (code)
        mmu_store_end(&ref, size);
    return old;
}

uint64_t mmu_atom_cas(CPUState *cpu, uint64_t va, uint64_t expected, uint64_t desired, IRMemOp mo, uintptr_t ra)
{
    unsigned size = 1u << MO_SIZE(mo), idx = MO_IDX(mo);
    uint64_t mask = MASK64(size * 8);
    MmuRef ref;
    mmu_check_align(cpu, va, mo, MMU_DATA_LOAD, ra);
    va = mmu_strip(cpu, va, idx);
    mo &= ~MO_SIGN;
    if (!atomic_ref(cpu, va, size, mo, ra, &ref)) {
        uint64_t old = mmu_ld(cpu, va, mo, ra);
        if (old == (expected & mask))
            mmu_st(cpu, va, desired, mo, ra);
        return old;
    }
    bool code = mmu_store_begin(cpu, &ref, size, idx, ra);
    uint64_t old = host_cas(ref.host, swap(expected & mask, mo), swap(desired & mask, mo), size);
    if (code)
        mmu_store_end(&ref, size);
    return swap(old, mo);
}

static V128 swap16(V128 v, IRMemOp mo)
{
    if (!(mo & MO_BSWAP))
        return v;
    return (V128){ .u64 = { __builtin_bswap64(v.u64[1]), __builtin_bswap64(v.u64[0]) } };
}

V128 mmu_atom_cas16(CPUState *cpu, uint64_t va, const V128 *expected, const V128 *desired, IRMemOp mo, uintptr_t ra)
{
    unsigned idx = MO_IDX(mo);
    MmuRef ref;
    mmu_check_align(cpu, va, mo, MMU_DATA_LOAD, ra);
    va = mmu_strip(cpu, va, idx);
    if (!atomic_ref(cpu, va, 16, mo, ra, &ref)) {
        V128 old = mmu_ld16(cpu, va, mo, ra);
        if (old.u64[0] == expected->u64[0] && old.u64[1] == expected->u64[1])
            mmu_st16(cpu, va, desired, mo, ra);
        return old;
    }
    bool code = mmu_store_begin(cpu, &ref, 16, idx, ra);
    V128 old = host_cas16(ref.host, swap16(*expected, mo), swap16(*desired, mo));
    if (code)
        mmu_store_end(&ref, 16);
    return swap16(old, mo);
}
