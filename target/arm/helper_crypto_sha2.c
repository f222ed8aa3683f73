/* SPDX-License-Identifier: MIT */
/*
 * SHA-256 and SHA-512 (FIPS 180-4, 6.2 and 6.4): rounds of hash update, and the schedule's steps.
 */
#include "base/bits.h"
#include "target/arm/crypto_sha.h"
#include "target/arm/helper_simd.h"

static uint32_t big_sigma0(uint32_t x) { return ror32(x, 2) ^ ror32(x, 13) ^ ror32(x, 22); }
static uint32_t big_sigma1(uint32_t x) { return ror32(x, 6) ^ ror32(x, 11) ^ ror32(x, 25); }
static uint32_t sigma0(uint32_t x) { return ror32(x, 7) ^ ror32(x, 18) ^ x >> 3; }
static uint32_t sigma1(uint32_t x) { return ror32(x, 17) ^ ror32(x, 19) ^ x >> 10; }

/* Four rounds on x (A to D) and y (E to H). */
static void hash256(V128 *x, V128 *y, const V128 *wk)
{
    for (unsigned i = 0; i < 4; i++) {
        uint32_t t1 = y->u32[3] + big_sigma1(y->u32[0]) + sha_choose(y->u32[0], y->u32[1], y->u32[2]) + wk->u32[i];
        uint32_t t2 = big_sigma0(x->u32[0]) + sha_majority(x->u32[0], x->u32[1], x->u32[2]);
        uint32_t e = x->u32[3] + t1;
        *x = (V128){ .u32 = { t1 + t2, x->u32[0], x->u32[1], x->u32[2] } };
        *y = (V128){ .u32 = { e, y->u32[0], y->u32[1], y->u32[2] } };
    }
}

void helper_sha256h(V128 *d, const V128 *acc, const V128 *a, const V128 *b, SimdDesc desc)
{
    V128 x = *acc, y = *a;
    hash256(&x, &y, b);
    *d = x;
}

void helper_sha256h2(V128 *d, const V128 *acc, const V128 *a, const V128 *b, SimdDesc desc)
{
    V128 x = *a, y = *acc;
    hash256(&x, &y, b);
    *d = y;
}

void helper_sha256su0(V128 *d, const V128 *a, const V128 *b, SimdDesc desc)
{
    V128 r;
    for (unsigned i = 0; i < 4; i++)
        r.u32[i] = a->u32[i] + sigma0(i < 3 ? a->u32[i + 1] : b->u32[0]);
    *d = r;
}

void helper_sha256su1(V128 *d, const V128 *acc, const V128 *a, const V128 *b, SimdDesc desc)
{
    V128 r;
    for (unsigned i = 0; i < 4; i++) {
        uint32_t two_before = i < 2 ? b->u32[i + 2] : r.u32[i - 2];
        r.u32[i] = acc->u32[i] + sigma1(two_before) + (i < 3 ? a->u32[i + 1] : b->u32[0]);
    }
    *d = r;
}

static uint64_t big_sigma0_64(uint64_t x) { return ror64(x, 28) ^ ror64(x, 34) ^ ror64(x, 39); }
static uint64_t big_sigma1_64(uint64_t x) { return ror64(x, 14) ^ ror64(x, 18) ^ ror64(x, 41); }
static uint64_t sigma0_64(uint64_t x) { return ror64(x, 1) ^ ror64(x, 8) ^ x >> 7; }
static uint64_t sigma1_64(uint64_t x) { return ror64(x, 19) ^ ror64(x, 61) ^ x >> 6; }
static uint64_t choose_64(uint64_t x, uint64_t y, uint64_t z) { return ((y ^ z) & x) ^ z; }
static uint64_t majority_64(uint64_t x, uint64_t y, uint64_t z) { return (x & y) | ((x | y) & z); }

void helper_sha512h(V128 *d, const V128 *acc, const V128 *a, const V128 *b, SimdDesc desc)
{
    uint64_t hi = choose_64(b->u64[1], a->u64[0], a->u64[1]) + big_sigma1_64(b->u64[1]) + acc->u64[1];
    uint64_t e = hi + b->u64[0];
    uint64_t lo = choose_64(e, b->u64[1], a->u64[0]) + big_sigma1_64(e) + acc->u64[0];
    *d = (V128){ .u64 = { lo, hi } };
}

void helper_sha512h2(V128 *d, const V128 *acc, const V128 *a, const V128 *b, SimdDesc desc)
{
    uint64_t hi = majority_64(a->u64[0], b->u64[1], b->u64[0]) + big_sigma0_64(b->u64[0]) + acc->u64[1];
    uint64_t lo = majority_64(hi, b->u64[0], b->u64[1]) + big_sigma0_64(hi) + acc->u64[0];
    *d = (V128){ .u64 = { lo, hi } };
}

void helper_sha512su0(V128 *d, const V128 *a, const V128 *b, SimdDesc desc)
{
    *d = (V128){ .u64 = { a->u64[0] + sigma0_64(a->u64[1]), a->u64[1] + sigma0_64(b->u64[0]) } };
}

void helper_sha512su1(V128 *d, const V128 *acc, const V128 *a, const V128 *b, SimdDesc desc)
{
    *d = (V128){ .u64 = { acc->u64[0] + sigma1_64(a->u64[0]) + b->u64[0], acc->u64[1] + sigma1_64(a->u64[1]) + b->u64[1] } };
}
