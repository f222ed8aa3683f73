/* SPDX-License-Identifier: MIT */
/*
 * Exclusive monitors: a store-exclusive fails when another observer has stored to the location since its load-exclusive, whatever
 * the value is now (Arm ARM B2.12).
 *
 * Most pairs of the two need nothing of this: the target makes them a compare-and-swap (target/arm/translate_exclusive.c). For the
 * others, stores are counted. The page of a load-exclusive is watched, RAM_PAGE_MONITOR: as with pages of code, no TLB entry
 * lets generated code store to it, so each store comes through mmu_store_begin and mmu_store_end, which bracket it with a lock
 * of the page and count it in the sequence number of its granule, 16 bytes. The load notes the number, under the lock, and the
 * store-exclusive stores, under the lock, only if the number is the same. Hence:
 *
 * - A store that took the lock before the load-exclusive did: its bytes are what the load read.
 * - One that took it between the two: the number has changed, and the store-exclusive fails.
 * - A store by a fast TLB entry: there is none while the page is watched. A page comes to be watched in an exclusive section, so
 *   that no such store is in flight, and all entries for it are taken away there under the vCPUs' TLB locks, under which
 *   entries are filled also.
 * - A device's write calls mmu_monitor_written when its bytes are there already: the store-exclusive compares the value too, so
 *   that only a write that is not over, and whose bytes come to what they were, can be missed. The device looks at the
 *   page's flags after a fence, the load-exclusive sets them, with a fence, before it reads: the one that misses the other
 *   is the earlier.
 * - A page is watched no longer after many slow stores without a load-exclusive. All its numbers change first, under the lock, so
 *   a store-exclusive whose load came before fails, although stores are not counted any more.
 *
 * A vCPU's own stores do not open its monitor: it takes the new number over. Numbers are shared by granules with the same hash, and
 * locks by pages, so a store-exclusive may fail for nothing, but only after somebody has stored: some vCPU goes on.
 *
 * A machine that never has a second vCPU watches nothing: a value that a device has changed is seen, one that it has changed back
 * is not.
 */
#include "accel/mmu/mmu_host.h"
#include "accel/mmu/mmu_internal.h"
#include "accel/tb/tb_internal.h"

#define GRANULE_BITS 4
#define GRANULES 4096u
#define PAGE_LOCKS 64u
#define IDLE_STORES 2048 /* cost about as much as it does to make a page watched again */

static uint64_t sequence[GRANULES]; /* (a) written under the lock of a page whose granule it is */

static struct PageLock {
    Lock lock;
    uint32_t stores; /* (a) slow stores since the last load-exclusive; written under lock */
} __attribute__((aligned(64))) page_locks[PAGE_LOCKS] = {
    [0 ... PAGE_LOCKS - 1] = { .lock = { .mutex = PTHREAD_MUTEX_INITIALIZER, .class = LOCK_MONITOR, .name = "exclusive monitor" } },
};

static struct PageLock *page_lock(ram_addr_t addr) { return &page_locks[(addr >> MEM_PAGE_BITS) % PAGE_LOCKS]; }

/* Neighbours have different ones: all granules of a page, 256, do. */
static unsigned granule(ram_addr_t addr) { return (unsigned)((addr >> GRANULE_BITS) ^ (addr >> 24)) % GRANULES; }

static bool is_watched(RAMBlock *block, ram_addr_t addr)
{
    return __atomic_load_n(ram_page_flags(block, addr), __ATOMIC_ACQUIRE) & RAM_PAGE_MONITOR;
}

/* ---- counting stores ---- */
/* cpu: whose store it is, or NULL. */
static void count_locked(CPUState *cpu, ram_addr_t addr, uint64_t len)
{
    for (ram_addr_t a = ALIGN_DOWN(addr, 1u << GRANULE_BITS); a < addr + len; a += 1u << GRANULE_BITS) {
        unsigned g = granule(a);
        uint64_t old = __atomic_fetch_add(&sequence[g], 1, __ATOMIC_RELAXED);
        Monitor *m = cpu ? &cpu->mmu->monitor : NULL;
        if (m && m->granule == g && m->sequence == old)
            m->sequence++;
    }
}

static void unwatch_locked(RAMBlock *block, ram_addr_t addr)
{
    ram_addr_t page = addr & MEM_PAGE_MASK;
    count_locked(NULL, page, MEM_PAGE_SIZE);
    __atomic_fetch_and(ram_page_flags(block, page), (uint8_t)~RAM_PAGE_MONITOR, __ATOMIC_SEQ_CST);
}

void mmu_monitor_release(const TlbFull *full)
{
    struct PageLock *p = page_lock(full->ram);
    if (LIKELY(!is_watched(full->block, full->ram)) || __atomic_load_n(&p->stores, __ATOMIC_RELAXED) < IDLE_STORES)
        return;
    lock_acquire(&p->lock);
    if (p->stores >= IDLE_STORES && is_watched(full->block, full->ram)) {
        __atomic_store_n(&p->stores, 0, __ATOMIC_RELAXED);
        unwatch_locked(full->block, full->ram);
    }
    lock_release(&p->lock);
}

void mmu_monitor_enter(CPUState *cpu, MmuRef *ref, unsigned len)
{
    ref->watched = is_watched(ref->full.block, ref->full.ram);
    if (LIKELY(!ref->watched))
        return;
    struct PageLock *p = page_lock(ref->full.ram);
    lock_acquire(&p->lock);
    __atomic_store_n(&p->stores, p->stores + 1, __ATOMIC_RELAXED);
    count_locked(cpu, mmu_ref_ram(ref), len);
}

void mmu_monitor_leave(const MmuRef *ref)
{
    if (UNLIKELY(ref->watched))
        lock_release(&page_lock(ref->full.ram)->lock);
}

void mmu_monitor_written(ram_addr_t addr, uint64_t len)
{
    RAMBlock *block = ram_block_of(addr);
    while (block && len) {
        uint64_t chunk = MIN_OF(len, MEM_PAGE_SIZE - (addr & ~MEM_PAGE_MASK));
        if (is_watched(block, addr)) {
            lock_acquire(&page_lock(addr)->lock);
            count_locked(NULL, addr, chunk);
            lock_release(&page_lock(addr)->lock);
        }
        addr += chunk;
        len -= chunk;
    }
}

/* ---- watching ---- */
static uint64_t n_watched; /* (a) pages that came to be watched */

uint64_t mmu_pages_watched(void) { return __atomic_load_n(&n_watched, __ATOMIC_RELAXED); }

/* In an exclusive section. */
static void watch(RAMBlock *block, ram_addr_t page)
{
    uint8_t *flags = ram_page_flags(block, page);
    bool fast = __atomic_fetch_or(flags, RAM_PAGE_MONITOR, __ATOMIC_SEQ_CST) & RAM_PAGE_FAST;
    const uint8_t *host = block->host + (page - block->offset);
    CPU_FOREACH (cpu) {
        if (fast && cpu->mmu)
            mmu_revoke_write(cpu, host);
    }
    __atomic_fetch_and(flags, (uint8_t)~RAM_PAGE_FAST, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&n_watched, 1, __ATOMIC_RELAXED);
}

/* Locks the page, which is watched then. May leave for an exclusive section. */
static struct PageLock *lock_watched(CPUState *cpu, const TlbFull *full, uintptr_t ra)
{
    struct PageLock *p = page_lock(full->ram);
    lock_acquire(&p->lock);
    if (tb_config.one_vcpu || LIKELY(is_watched(full->block, full->ram)))
        return p;
    lock_release(&p->lock);
    if (!in_exclusive_section())
        cpu_loop_exit_atomic(cpu, ra);
    watch(full->block, full->ram);
    lock_acquire(&p->lock);
    return p;
}

/* ---- the accesses ---- */
static V128 swap_value(V128 v, IRMemOp mo)
{
    unsigned size = MO_SIZE(mo);
    if (!(mo & MO_BSWAP))
        return v;
    if (size == MO_128)
        return (V128){ .u64 = { __builtin_bswap64(v.u64[1]), __builtin_bswap64(v.u64[0]) } };
    return (V128){ .u64 = { __builtin_bswap64(v.u64[0]) >> (64 - (8u << size)) } };
}

/* Looks an exclusive access up. False: no RAM is there. */
static bool exclusive_ref(CPUState *cpu, uint64_t va, IRMemOp mo, MMUAccess access, uintptr_t ra, MmuRef *ref)
{
    unsigned idx = MO_IDX(mo);
    mmu_check_align(cpu, va, mo, access, ra);
    mmu_ref(cpu, mmu_strip(cpu, va, idx), 1u << MO_SIZE(mo), access, idx, ra, ref);
    return ref->host;
}

bool mmu_ld_exclusive(CPUState *cpu, uint64_t va, IRMemOp mo, uintptr_t ra, V128 *out)
{
    unsigned size = 1u << MO_SIZE(mo);
    Monitor *m = &cpu->mmu->monitor;
    MmuRef ref;
    order_acquire(cpu); /* it may be a load-acquire */
    if (!exclusive_ref(cpu, va, mo, MMU_DATA_LOAD, ra, &ref))
        return false;
    ram_addr_t addr = mmu_ref_ram(&ref);
    struct PageLock *p = lock_watched(cpu, &ref.full, ra);
    __atomic_store_n(&p->stores, 0, __ATOMIC_RELAXED);
    *m = (Monitor){ .addr = addr, .size = size, .granule = granule(addr) };
    m->sequence = __atomic_load_n(&sequence[m->granule], __ATOMIC_RELAXED);
    if (size == 16)
        m->value = host_load16(ref.host);
    else
        m->value.u64[0] = host_load(ref.host, size);
    lock_release(&p->lock);
    *out = swap_value(m->value, mo);
    return true;
}

static bool swap_if_same(void *host, const Monitor *m, V128 v)
{
    if (m->size < 16)
        return host_cas(host, m->value.u64[0], v.u64[0], m->size) == m->value.u64[0];
    V128 old = host_cas16(host, m->value, v);
    return old.u64[0] == m->value.u64[0] && old.u64[1] == m->value.u64[1];
}

ExclusiveResult mmu_st_exclusive(CPUState *cpu, uint64_t va, const V128 *value, IRMemOp mo, uintptr_t ra)
{
    unsigned size = 1u << MO_SIZE(mo);
    const Monitor *m = &cpu->mmu->monitor;
    MmuRef ref;
    if (!exclusive_ref(cpu, va, mo, MMU_DATA_STORE, ra, &ref))
        return EXCLUSIVE_UNSUPPORTED;
    ram_addr_t addr = mmu_ref_ram(&ref);
    if (addr != m->addr || size != m->size)
        return EXCLUSIVE_FAILED;
    bool slow = ref.flags & TLB_NOTDIRTY;
    if (slow)
        tb_store_begin(cpu, addr, size, 0); /* what follows in this block may be stale until an ISB */
    struct PageLock *p = page_lock(addr);
    lock_acquire(&p->lock);
    bool same = m->sequence == __atomic_load_n(&sequence[m->granule], __ATOMIC_RELAXED) && swap_if_same(ref.host, m, swap_value(*value, mo));
    if (same)
        count_locked(NULL, addr, size);
    lock_release(&p->lock);
    if (slow)
        tb_store_end(addr, size);
    return same ? EXCLUSIVE_STORED : EXCLUSIVE_FAILED;
}

/* ---- which load-exclusives need it ---- */
#define FILTER_BITS 14
#define FILTER_FULL (1u << (FILTER_BITS - 2))

static uint64_t filter[(1u << FILTER_BITS) / 64]; /* (a) by a hash of the guest pc */
static uint32_t n_in_filter;                      /* (a) */

static unsigned filter_bit(uint64_t pc) { return (unsigned)(((pc >> 2) ^ (pc >> 16) ^ (pc >> 32)) & ((1u << FILTER_BITS) - 1)); }

bool mmu_exclusive_is_strict(uint64_t pc)
{
    unsigned b = filter_bit(pc);
    return __atomic_load_n(&filter[b / 64], __ATOMIC_ACQUIRE) & BIT(b % 64);
}

/* Forgetting costs a failed store-exclusive each, remembering everything would make all of them slow. */
static void filter_add(unsigned b)
{
    if (__atomic_load_n(&n_in_filter, __ATOMIC_RELAXED) >= FILTER_FULL) {
        for (unsigned i = 0; i < ARRAY_SIZE(filter); i++)
            __atomic_store_n(&filter[i], 0, __ATOMIC_RELAXED);
        __atomic_store_n(&n_in_filter, 0, __ATOMIC_RELAXED);
    }
    if (!(__atomic_fetch_or(&filter[b / 64], BIT(b % 64), __ATOMIC_SEQ_CST) & BIT(b % 64)))
        __atomic_fetch_add(&n_in_filter, 1, __ATOMIC_RELAXED);
}

void mmu_exclusive_make_strict(CPUState *cpu, uint64_t pc, unsigned idx)
{
    MmuCode code;
    filter_add(filter_bit(pc));
    if (mmu_code_page(cpu, pc, idx, false, &code) && code.ram != RAM_ADDR_INVALID)
        tb_invalidate(code.ram, 4); /* a translation that has not looked at the filter yet will, one that has is among these */
}
