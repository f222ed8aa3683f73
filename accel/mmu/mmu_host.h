/* SPDX-License-Identifier: MIT */
/*
 * Host accesses to guest RAM, one host instruction each: single-copy atomic when naturally aligned, and as far as the host goes when not
 * (x86: within a cache line, which is what an x86 guest expects, SDM 9.1.1).
 */
#ifndef ACCEL_MMU_MMU_HOST_H
#define ACCEL_MMU_MMU_HOST_H

#include "accel/ir/ir.h"
#include "cpus/cpu.h"

/*
 * Around a store of MO_REL and before a load of MO_ACQ: the load is made when the store has been seen. release_pending says that there
 * was such a store since the last full barrier; the barrier is paid for by a load that needs it, not by each store.
 */
static inline void order_release(CPUState *cpu)
{
    cpu->release_pending = 1;
}
static inline void order_acquire(CPUState *cpu)
{
    if (cpu->release_pending) {
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        cpu->release_pending = 0;
    }
}

/* volatile: the compiler neither splits nor repeats them. */
typedef uint16_t HostU16 __attribute__((aligned(1), may_alias));
typedef uint32_t HostU32 __attribute__((aligned(1), may_alias));
typedef uint64_t HostU64 __attribute__((aligned(1), may_alias));

static inline uint64_t host_load_misaligned(const void *p, unsigned size)
{
    switch (size) {
    case 2: return *(const volatile HostU16 *)p;
    case 4: return *(const volatile HostU32 *)p;
    default: return *(const volatile HostU64 *)p;
    }
}

static inline uint64_t host_load(const void *p, unsigned size)
{
    if ((uintptr_t)p & (size - 1))
        return host_load_misaligned(p, size);
    switch (size) {
    case 1: return __atomic_load_n((const uint8_t *)p, __ATOMIC_ACQUIRE);
    case 2: return __atomic_load_n((const uint16_t *)p, __ATOMIC_ACQUIRE);
    case 4: return __atomic_load_n((const uint32_t *)p, __ATOMIC_ACQUIRE);
    default: return __atomic_load_n((const uint64_t *)p, __ATOMIC_ACQUIRE);
    }
}

static inline void host_store_misaligned(void *p, uint64_t v, unsigned size)
{
    switch (size) {
    case 2: *(volatile HostU16 *)p = (uint16_t)v; break;
    case 4: *(volatile HostU32 *)p = (uint32_t)v; break;
    default: *(volatile HostU64 *)p = v; break;
    }
}

static inline void host_store(void *p, uint64_t v, unsigned size)
{
    if ((uintptr_t)p & (size - 1)) {
        host_store_misaligned(p, v, size);
        return;
    }
    switch (size) {
    case 1: __atomic_store_n((uint8_t *)p, (uint8_t)v, __ATOMIC_RELEASE); break;
    case 2: __atomic_store_n((uint16_t *)p, (uint16_t)v, __ATOMIC_RELEASE); break;
    case 4: __atomic_store_n((uint32_t *)p, (uint32_t)v, __ATOMIC_RELEASE); break;
    default: __atomic_store_n((uint64_t *)p, v, __ATOMIC_RELEASE); break;
    }
}

/* Compare-and-swap of size bytes; the old value. Naturally aligned, or anywhere within HOST_ATOMIC_LINE bytes. */
#if defined(__x86_64__)
#define HOST_ATOMIC_LINE 64u
static inline uint64_t host_cas(void *p, uint64_t expected, uint64_t desired, unsigned size)
{
    switch (size) { /* not the builtins: to these a misaligned pointer is undefined */
    case 1: __asm__ volatile("lock cmpxchgb %b2, %0" : "+m"(*(uint8_t *)p), "+a"(expected) : "q"(desired) : "memory", "cc"); break;
    case 2: __asm__ volatile("lock cmpxchgw %w2, %0" : "+m"(*(uint16_t *)p), "+a"(expected) : "r"(desired) : "memory", "cc"); break;
    case 4: __asm__ volatile("lock cmpxchgl %k2, %0" : "+m"(*(uint32_t *)p), "+a"(expected) : "r"(desired) : "memory", "cc"); break;
    default: __asm__ volatile("lock cmpxchgq %2, %0" : "+m"(*(uint64_t *)p), "+a"(expected) : "r"(desired) : "memory", "cc"); break;
    }
    return size < 8 ? expected & ~(~0ull << size * 8) : expected;
}
#else
#define HOST_ATOMIC_LINE 0u
static inline uint64_t host_cas(void *p, uint64_t expected, uint64_t desired, unsigned size)
{
    switch (size) {
    case 1: return __sync_val_compare_and_swap((uint8_t *)p, (uint8_t)expected, (uint8_t)desired);
    case 2: return __sync_val_compare_and_swap((uint16_t *)p, (uint16_t)expected, (uint16_t)desired);
    case 4: return __sync_val_compare_and_swap((uint32_t *)p, (uint32_t)expected, (uint32_t)desired);
    default: return __sync_val_compare_and_swap((uint64_t *)p, expected, desired);
    }
}
#endif

/* 16 bytes at a 16-byte boundary. RAM is always mapped writable, so a compare-and-swap may serve as a load. */
V128 host_cas16(void *p, V128 expected, V128 desired);
static inline V128 host_load16(void *p)
{
    V128 zero = { .u64 = { 0, 0 } };
    return host_cas16(p, zero, zero);
}
static inline void host_store16(void *p, V128 v)
{
    V128 old = host_load16(p), seen;
    while (seen = host_cas16(p, old, v), seen.u64[0] != old.u64[0] || seen.u64[1] != old.u64[1])
        old = seen;
}

/*
 * The same by one vector access, for whoever did not ask for MO_ATOM16: single-copy atomic where the host says so (x86 with AVX, Arm with
 * LSE2), as the inline access is. An x86 guest with AVX expects it of MOVAPS.
 */
typedef uint64_t HostVector __attribute__((vector_size(16), may_alias));
static inline V128 host_load16_vector(const void *p)
{
    V128 v;
    *(HostVector *)&v = *(const volatile HostVector *)p;
    return v;
}
static inline void host_store16_vector(void *p, V128 v)
{
    *(volatile HostVector *)p = *(const HostVector *)&v;
}

#endif
