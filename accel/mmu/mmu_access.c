/* SPDX-License-Identifier: MIT */
/*
 * Loads and stores that the inline probe did not serve, and those of helpers.
 *
 * The order within an access: alignment, then both pages are looked up (a fault leaves before anything is written), then blocks
 * that a store overwrites are dropped, then the bytes move. Naturally aligned accesses of up to 16 bytes to RAM are single
 * host accesses. What crosses a page, or goes to a device, moves in the largest aligned pieces
 * that fit.
 */
#include <string.h>

#include "accel/mmu/mmu_internal.h"
#include "accel/mmu/mmu_host.h"
#include "accel/tb/tb_internal.h"

/* The access goes on with the address as the TLB knows it; a fault reports the tag as well (tlb_get). */
uint64_t mmu_strip(CPUState *cpu, uint64_t va, unsigned idx)
{
    uint64_t stripped = cpu->target->strip_address ? cpu->target->strip_address(cpu, va, idx) : va;
    cpu->mmu->tag = va ^ stripped;
    return stripped;
}

/* The address where an access that began at a stripped address goes on, with the tag of the whole. */
static uint64_t strip_rest(CPUState *cpu, uint64_t va, unsigned idx)
{
    uint64_t tag = cpu->mmu->tag;
    va = mmu_strip(cpu, va, idx);
    cpu->mmu->tag = tag;
    return va;
}

void mmu_check_align(CPUState *cpu, uint64_t va, IRMemOp mo, MMUAccess access, uintptr_t ra)
{
    if (UNLIKELY(va & MASK64(MO_ALIGN(mo))))
        cpu->target->unaligned_access(cpu, va, access, MO_IDX(mo), ra);
}

static void set_ref(MmuRef *ref, uint64_t va, const CPUTLBEntry *e, uint64_t tag, const TlbFull *full)
{
    ref->va = va;
    ref->flags = tag & TLB_FLAGS;
    ref->watched = false;
    ref->host = tag & TLB_MMIO ? NULL : (uint8_t *)(uintptr_t)(va + e->addend);
    ref->full = *full;
}

void mmu_ref(CPUState *cpu, uint64_t va, unsigned len, MMUAccess access, unsigned idx, uintptr_t ra, MmuRef *ref)
{
    TlbFull *full;
    CPUTLBEntry *e = tlb_get(cpu, va, len, access, idx, false, ra, &full);
    if (UNLIKELY(full->device && (tlb_tag_load(e, access) & TLB_MMIO) && len <= 8 && (va & (len - 1))))
        cpu->target->unaligned_access(cpu, va ^ cpu->mmu->tag, access, idx, ra);
    set_ref(ref, va, e, tlb_tag_load(e, access), full);
    if (UNLIKELY(ref->flags & TLB_WATCH))
        cpu->target->check_watch(cpu, va, len, access, idx, ra);
}

/* The part of mmu_store_begin that may leave. True: slow, call code_end after the store. */
static bool code_begin(CPUState *cpu, MmuRef *ref, unsigned len, unsigned idx, uintptr_t ra)
{
    if (LIKELY(!(ref->flags & TLB_NOTDIRTY)))
        return false;
    code_page_release(ref->full.ram, false);
    mmu_monitor_release(&ref->full);
    if (!(__atomic_load_n(ram_page_flags(ref->full.block, ref->full.ram), __ATOMIC_ACQUIRE) & (RAM_PAGE_CODE | RAM_PAGE_MONITOR)) &&
        tlb_try_make_fast(cpu, ref->va, idx))
        return false;
    tb_store_begin(cpu, mmu_ref_ram(ref), len, ra);
    return true;
}

static void code_end(const MmuRef *ref, unsigned len)
{
    tb_store_end(mmu_ref_ram(ref), len);
}

bool mmu_store_begin(CPUState *cpu, MmuRef *ref, unsigned len, unsigned idx, uintptr_t ra)
{
    bool slow = code_begin(cpu, ref, len, idx, ra);
    if (UNLIKELY(slow))
        mmu_monitor_enter(cpu, ref, len);
    return slow;
}

void mmu_store_end(const MmuRef *ref, unsigned len)
{
    mmu_monitor_leave(ref);
    code_end(ref, len);
}

/* ---- bytes: len of them within ref's page ---- */
/* The largest access that is aligned at va and fits. */
static unsigned piece(uint64_t va, unsigned len)
{
    unsigned n = 8;
    while (n > len || (va & (n - 1)))
        n /= 2;
    return n;
}

static void read_bytes(CPUState *cpu, const MmuRef *ref, uint8_t *buf, unsigned len, unsigned idx, uintptr_t ra)
{
    for (unsigned i = 0, n; i < len; i += n) {
        n = piece(ref->va + i, len - i);
        uint64_t v = ref->host ? host_load(ref->host + i, n) : io_readx(cpu, ref, ref->va + i, n, MMU_DATA_LOAD, idx, ra);
        memcpy(buf + i, &v, n);
    }
}

static void write_bytes(CPUState *cpu, MmuRef *ref, const uint8_t *buf, unsigned len, unsigned idx, uintptr_t ra)
{
    for (unsigned i = 0, n; i < len; i += n) {
        uint64_t v = 0;
        n = piece(ref->va + i, len - i);
        memcpy(&v, buf + i, n);
        if (ref->host)
            host_store(ref->host + i, v, n);
        else
            io_writex(cpu, ref, ref->va + i, v, n, idx, ra);
    }
}

static void write_part(CPUState *cpu, MmuRef *ref, bool slow, const uint8_t *buf, unsigned len, unsigned idx, uintptr_t ra)
{
    if (slow)
        mmu_monitor_enter(cpu, ref, len);
    write_bytes(cpu, ref, buf, len, idx, ra);
    if (slow)
        mmu_monitor_leave(ref);
}

/* Bytes of [va, va + len) on va's page. */
static unsigned first_part(uint64_t va, unsigned len)
{
    uint64_t room = MEM_PAGE_SIZE - (va & ~MEM_PAGE_MASK);
    return room < len ? (unsigned)room : len;
}

/* A load of MO_RMW: whatever a store would fault for is raised now. va is stripped. */
static void check_writable(CPUState *cpu, uint64_t va, unsigned len, unsigned idx, uintptr_t ra)
{
    unsigned n = first_part(va, len);
    TlbFull *full;
    tlb_get(cpu, va, n, MMU_DATA_STORE, idx, false, ra, &full);
    if (n < len)
        tlb_get(cpu, strip_rest(cpu, va + n, idx), len - n, MMU_DATA_STORE, idx, false, ra, &full);
}

/* len bytes anywhere. va is stripped. */
static void load_bytes(CPUState *cpu, uint64_t va, void *buf, unsigned len, unsigned idx, uintptr_t ra)
{
    unsigned n = first_part(va, len);
    MmuRef a, b;
    mmu_ref(cpu, va, n, MMU_DATA_LOAD, idx, ra, &a);
    if (n < len)
        mmu_ref(cpu, strip_rest(cpu, va + n, idx), len - n, MMU_DATA_LOAD, idx, ra, &b);
    read_bytes(cpu, &a, buf, n, idx, ra);
    if (n < len)
        read_bytes(cpu, &b, (uint8_t *)buf + n, len - n, idx, ra);
}

static void store_bytes(CPUState *cpu, uint64_t va, const void *buf, unsigned len, unsigned idx, uintptr_t ra)
{
    unsigned n = first_part(va, len);
    MmuRef a, b;
    mmu_ref(cpu, va, n, MMU_DATA_STORE, idx, ra, &a);
    if (n < len)
        mmu_ref(cpu, strip_rest(cpu, va + n, idx), len - n, MMU_DATA_STORE, idx, ra, &b);
    bool a_slow = code_begin(cpu, &a, n, idx, ra), b_slow = n < len && code_begin(cpu, &b, len - n, idx, ra);
    write_part(cpu, &a, a_slow, buf, n, idx, ra);
    if (n < len)
        write_part(cpu, &b, b_slow, (const uint8_t *)buf + n, len - n, idx, ra);
    if (a_slow)
        code_end(&a, n);
    if (b_slow)
        code_end(&b, len - n);
}

/* ---- values ---- */
static uint64_t extend(uint64_t v, IRMemOp mo)
{
    unsigned bits = 8u << MO_SIZE(mo);
    return mo & MO_SIGN && bits < 64 ? (uint64_t)sextract64(v, 0, bits) : v;
}

static uint64_t swap(uint64_t v, IRMemOp mo)
{
    return mo & MO_BSWAP ? __builtin_bswap64(v) >> (64 - (8u << MO_SIZE(mo))) : v;
}

static V128 swap16(V128 v, IRMemOp mo)
{
    if (!(mo & MO_BSWAP))
        return v;
    return (V128){ .u64 = { __builtin_bswap64(v.u64[1]), __builtin_bswap64(v.u64[0]) } };
}

static void order_load(CPUState *cpu, IRMemOp mo)
{
    if (UNLIKELY(mo & MO_ACQ))
        order_acquire(cpu);
}

static void order_store(CPUState *cpu, IRMemOp mo)
{
    if (UNLIKELY(mo & MO_REL))
        order_release(cpu);
}

/* What generated code does inline, for helpers: the host address of an access that is aligned and hits, else NULL. */
static inline uint8_t *fast_host(CPUState *cpu, uint64_t va, IRMemOp mo, MMUAccess access)
{
    const CPUTLBFast *t = &cpu->tlb[MO_IDX(mo)];
    CPUTLBEntry *e = (CPUTLBEntry *)((char *)t->table + ((va >> (MEM_PAGE_BITS - CPU_TLB_ENTRY_BITS)) & t->mask));
    uint64_t align = MASK64(MAX_OF(MO_SIZE(mo), MO_ALIGN(mo)));
    return (va & (MEM_PAGE_MASK | align)) == tlb_tag_load(e, access) ? (uint8_t *)(uintptr_t)(va + e->addend) : NULL;
}

uint64_t mmu_ld(CPUState *cpu, uint64_t va, IRMemOp mo, uintptr_t ra)
{
    unsigned size = 1u << MO_SIZE(mo), idx = MO_IDX(mo);
    uint64_t v = 0;
    const uint8_t *host = fast_host(cpu, va, mo, MMU_DATA_LOAD);
    order_load(cpu, mo);
    if (LIKELY(host))
        return extend(swap(host_load(host, size), mo), mo);
    mmu_check_align(cpu, va, mo, MMU_DATA_LOAD, ra);
    va = mmu_strip(cpu, va, idx);
    if (mo & MO_RMW)
        check_writable(cpu, va, size, idx, ra);
    if (LIKELY(first_part(va, size) == size)) {
        MmuRef ref;
        mmu_ref(cpu, va, size, MMU_DATA_LOAD, idx, ra, &ref);
        v = ref.host ? host_load(ref.host, size) : io_readx(cpu, &ref, va, size, MMU_DATA_LOAD, idx, ra);
    } else {
        load_bytes(cpu, va, &v, size, idx, ra);
    }
    return extend(swap(v, mo), mo);
}

void mmu_st(CPUState *cpu, uint64_t va, uint64_t value, IRMemOp mo, uintptr_t ra)
{
    unsigned size = 1u << MO_SIZE(mo), idx = MO_IDX(mo);
    uint8_t *host = fast_host(cpu, va, mo, MMU_DATA_STORE);
    value = swap(value, mo);
    if (LIKELY(host)) {
        host_store(host, value, size);
        order_store(cpu, mo);
        return;
    }
    mmu_check_align(cpu, va, mo, MMU_DATA_STORE, ra);
    va = mmu_strip(cpu, va, idx);
    if (LIKELY(first_part(va, size) == size)) {
        MmuRef ref;
        mmu_ref(cpu, va, size, MMU_DATA_STORE, idx, ra, &ref);
        bool code = mmu_store_begin(cpu, &ref, size, idx, ra);
        if (ref.host)
            host_store(ref.host, value, size);
        else
            io_writex(cpu, &ref, va, value & MASK64(size * 8), size, idx, ra);
        if (code)
            mmu_store_end(&ref, size);
    } else {
        store_bytes(cpu, va, &value, size, idx, ra);
    }
    order_store(cpu, mo);
}

V128 mmu_ld16(CPUState *cpu, uint64_t va, IRMemOp mo, uintptr_t ra)
{
    V128 v;
    unsigned idx = MO_IDX(mo);
    order_load(cpu, mo);
    mmu_check_align(cpu, va, mo, MMU_DATA_LOAD, ra);
    va = mmu_strip(cpu, va, idx);
    if (!(va & 15)) {
        MmuRef ref;
        mmu_ref(cpu, va, 16, MMU_DATA_LOAD, idx, ra, &ref);
        if (ref.host)
            return swap16(mo & MO_ATOM16 ? host_load16(ref.host) : host_load16_vector(ref.host), mo);
    }
    load_bytes(cpu, va, &v, 16, idx, ra);
    return swap16(v, mo);
}

void mmu_st16(CPUState *cpu, uint64_t va, const V128 *value, IRMemOp mo, uintptr_t ra)
{
    V128 v = swap16(*value, mo);
    unsigned idx = MO_IDX(mo);
    mmu_check_align(cpu, va, mo, MMU_DATA_STORE, ra);
    va = mmu_strip(cpu, va, idx);
    MmuRef ref = { 0 };
    if (!(va & 15))
        mmu_ref(cpu, va, 16, MMU_DATA_STORE, idx, ra, &ref);
    if (ref.host) {
        bool code = mmu_store_begin(cpu, &ref, 16, idx, ra);
        (mo & MO_ATOM16 ? host_store16 : host_store16_vector)(ref.host, v);
        if (code)
            mmu_store_end(&ref, 16);
    } else {
        store_bytes(cpu, va, &v, 16, idx, ra);
    }
    order_store(cpu, mo);
}

/* ---- for generated code ---- */
uint64_t mmu_ld_slow(CPUState *cpu, uint64_t va, IRMemOp mo, uintptr_t ra)
{
    return mmu_ld(cpu, va, mo, ra);
}

void mmu_ld16_slow(CPUState *cpu, uint64_t va, IRMemOp mo, uintptr_t ra, V128 *out)
{
    *out = mmu_ld16(cpu, va, mo, ra);
}

void mmu_st_slow(CPUState *cpu, uint64_t va, uint64_t value, IRMemOp mo, uintptr_t ra)
{
    mmu_st(cpu, va, value, mo, ra);
}

void mmu_st16_slow(CPUState *cpu, uint64_t va, const V128 *value, IRMemOp mo, uintptr_t ra)
{
    mmu_st16(cpu, va, value, mo, ra);
}

void *mmu_ldptr_slow(CPUState *cpu, uint64_t va, IRMemOp mo, uintptr_t ra)
{
    unsigned size = 1u << MO_SIZE(mo), idx = MO_IDX(mo);
    mmu_check_align(cpu, va, mo, MMU_DATA_LOAD, ra);
    va = mmu_strip(cpu, va, idx);
    if (first_part(va, size) == size) {
        MmuRef ref;
        mmu_ref(cpu, va, size, MMU_DATA_LOAD, idx, ra, &ref);
        if (ref.host)
            return ref.host;
    }
    load_bytes(cpu, va, cpu->bounce, size, idx, ra);
    return cpu->bounce;
}

void mmu_st2_slow(CPUState *cpu, uint64_t va, const V128 *v, const V128 *w, IRMemOp mo, uintptr_t ra)
{
    unsigned size = 1u << MO_SIZE(mo), idx = MO_IDX(mo);
    uint8_t buf[32];
    V128 both[2] = { *v, *w };
    mmu_check_align(cpu, va, mo, MMU_DATA_STORE, ra);
    va = mmu_strip(cpu, va, idx);
    for (unsigned i = 0; i < 2; i++) {
        if (size == 16)
            both[i] = swap16(both[i], mo);
        else
            both[i].u64[0] = swap(both[i].u64[0], mo);
        memcpy(buf + i * size, &both[i], size);
    }
    if (size == 8 && mo & MO_ATOM16 && !(va & 15)) {
        V128 whole;
        memcpy(&whole, buf, 16);
        mmu_st16(cpu, va, &whole, mo & ~(MO_BSWAP | 7u), ra);
        return;
    }
    store_bytes(cpu, va, buf, 2 * size, idx, ra);
    order_store(cpu, mo);
}
