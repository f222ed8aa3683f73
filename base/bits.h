/* SPDX-License-Identifier: MIT */
/* Bit fields, alignment and small integer helpers. */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(n) (1ull << (n))
#define MASK64(len) ((len) >= 64 ? ~0ull : (1ull << (len)) - 1)
#define CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))
#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))
#define ALIGN_DOWN(x, n) ((x) & ~((uint64_t)(n) - 1))
#define ALIGN_UP(x, n) ALIGN_DOWN((x) + (n) - 1, n)
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Bits [lsb, lsb + len) of x; len 1..64. */
static inline uint64_t extract64(uint64_t x, unsigned lsb, unsigned len) { return (x >> lsb) & MASK64(len); }
static inline uint32_t extract32(uint32_t x, unsigned lsb, unsigned len) { return (uint32_t)extract64(x, lsb, len); }
/* The same, sign-extended. */
static inline int64_t sextract64(uint64_t x, unsigned lsb, unsigned len) { return (int64_t)(x << (64 - len - lsb)) >> (64 - len); }
/* x with bits [lsb, lsb + len) replaced by the low bits of v. */
static inline uint64_t deposit64(uint64_t x, unsigned lsb, unsigned len, uint64_t v)
{
    uint64_t mask = MASK64(len) << lsb;
    return (x & ~mask) | ((v << lsb) & mask);
}
static inline bool is_power_of_2(uint64_t x) { return x && !(x & (x - 1)); }
static inline unsigned clz64(uint64_t x) { return x ? (unsigned)__builtin_clzll(x) : 64; }
static inline unsigned ctz64(uint64_t x) { return x ? (unsigned)__builtin_ctzll(x) : 64; }
static inline uint64_t ror64(uint64_t x, unsigned n) { return (n & 63) ? x >> (n & 63) | x << (64 - (n & 63)) : x; }

/* Unaligned little-endian and big-endian access to host memory. */
static inline uint32_t ldl_le_p(const void *p) { uint32_t v; __builtin_memcpy(&v, p, 4); return v; }
static inline uint64_t ldq_le_p(const void *p) { uint64_t v; __builtin_memcpy(&v, p, 8); return v; }
static inline uint16_t lduw_le_p(const void *p) { uint16_t v; __builtin_memcpy(&v, p, 2); return v; }
static inline void stw_le_p(void *p, uint16_t v) { __builtin_memcpy(p, &v, 2); }
static inline void stl_le_p(void *p, uint32_t v) { __builtin_memcpy(p, &v, 4); }
static inline void stq_le_p(void *p, uint64_t v) { __builtin_memcpy(p, &v, 8); }

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "calque runs on little-endian hosts");

#endif
