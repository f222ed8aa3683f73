/* SPDX-License-Identifier: MIT */
/* SHA-1 (FIPS 180-4, 6.1): four rounds of hash update, and the schedule's two steps. */
#include "target/arm/crypto_sha.h"
#include "target/arm/helper_simd.h"

static uint32_t parity(uint32_t x, uint32_t y, uint32_t z) { return x ^ y ^ z; }

/* acc is A, B, C, D; e's low word E; wk the schedule's words with the round constant added. */
static V128 hash_update(const V128 *acc, const V128 *e, const V128 *wk, uint32_t (*fn)(uint32_t, uint32_t, uint32_t))
{
    V128 x = *acc;
    uint32_t y = e->u32[0];
    for (unsigned i = 0; i < 4; i++) {
        y += ror32(x.u32[0], 27) + fn(x.u32[1], x.u32[2], x.u32[3]) + wk->u32[i];
        uint32_t last = x.u32[3];
        x = (V128){ .u32 = { y, x.u32[0], ror32(x.u32[1], 2), x.u32[2] } };
        y = last;
    }
    return x;
}

void helper_sha1c(V128 *d, const V128 *acc, const V128 *a, const V128 *b, SimdDesc desc) { *d = hash_update(acc, a, b, sha_choose); }
void helper_sha1p(V128 *d, const V128 *acc, const V128 *a, const V128 *b, SimdDesc desc) { *d = hash_update(acc, a, b, parity); }
void helper_sha1m(V128 *d, const V128 *acc, const V128 *a, const V128 *b, SimdDesc desc) { *d = hash_update(acc, a, b, sha_majority); }

void helper_sha1su0(V128 *d, const V128 *acc, const V128 *a, const V128 *b, SimdDesc desc)
{
    *d = (V128){ .u64 = { acc->u64[1] ^ acc->u64[0] ^ b->u64[0], a->u64[0] ^ acc->u64[1] ^ b->u64[1] } };
}

/* The last word also needs the first one of the new schedule. */
void helper_sha1su1(V128 *d, const V128 *a, const V128 *b, SimdDesc desc)
{
    V128 r;
    for (unsigned i = 0; i < 4; i++)
        r.u32[i] = ror32(a->u32[i] ^ (i < 3 ? b->u32[i + 1] : 0), 31);
    r.u32[3] ^= ror32(r.u32[0], 31);
    *d = r;
}
