/* SPDX-License-Identifier: MIT */
/* References of vx.def: the SHA extensions (FIPS 180-4; Intel SDM vol. 2). Lane 3 holds what the SDM writes first. */
#include "accel/ir/vx_internal.h"

static uint32_t rol(uint32_t x, unsigned n) { return x << n | x >> (32 - n); }
static uint32_t ror(uint32_t x, unsigned n) { return rol(x, 32 - n); }
static uint32_t choose(uint32_t x, uint32_t y, uint32_t z) { return (x & y) ^ (~x & z); }
static uint32_t majority(uint32_t x, uint32_t y, uint32_t z) { return (x & y) ^ (x & z) ^ (y & z); }
static uint32_t small_sigma0(uint32_t x) { return ror(x, 7) ^ ror(x, 18) ^ x >> 3; }
static uint32_t small_sigma1(uint32_t x) { return ror(x, 17) ^ ror(x, 19) ^ x >> 10; }
static uint32_t big_sigma0(uint32_t x) { return ror(x, 2) ^ ror(x, 13) ^ ror(x, 22); }
static uint32_t big_sigma1(uint32_t x) { return ror(x, 6) ^ ror(x, 11) ^ ror(x, 25); }

void vx_sha1nexte(V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    uint32_t e = rol(a->u32[3], 30);
    *d = *b;
    d->u32[3] += e;
}

void vx_sha1msg1(V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    *d = (V128){ .u64 = { a->u64[0] ^ b->u64[1], a->u64[1] ^ a->u64[0] } };
}

void vx_sha1msg2(V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    uint32_t w16 = rol(a->u32[3] ^ b->u32[2], 1);
    *d = (V128){ .u32 = { rol(a->u32[0] ^ w16, 1), rol(a->u32[1] ^ b->u32[0], 1), rol(a->u32[2] ^ b->u32[1], 1), w16 } };
}

static uint32_t sha1_f(unsigned phase, uint32_t b, uint32_t c, uint32_t d)
{
    return phase == 0 ? choose(b, c, d) : phase == 2 ? majority(b, c, d) : b ^ c ^ d;
}

/* a: A B C D; b: W0 + E, W1, W2, W3. */
void vx_sha1rnds4(V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    static const uint32_t k[4] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6 };
    uint32_t s[5] = { a->u32[3], a->u32[2], a->u32[1], a->u32[0], 0 };
    for (unsigned i = 0; i < 4; i++) {
        uint32_t next = sha1_f(imm & 3, s[1], s[2], s[3]) + rol(s[0], 5) + b->u32[3 - i] + s[4] + k[imm & 3];
        s[4] = s[3];
        s[3] = s[2];
        s[2] = rol(s[1], 30);
        s[1] = s[0];
        s[0] = next;
    }
    *d = (V128){ .u32 = { s[3], s[2], s[1], s[0] } };
}

/* a: C D G H; b: A B E F; c: the two words W + K. */
void vx_sha256rnds2(V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    uint32_t s[8] = { b->u32[3], b->u32[2], a->u32[3], a->u32[2], b->u32[1], b->u32[0], a->u32[1], a->u32[0] };
    for (unsigned i = 0; i < 2; i++) {
        uint32_t t1 = choose(s[4], s[5], s[6]) + big_sigma1(s[4]) + c->u32[i] + s[7];
        uint32_t t2 = majority(s[0], s[1], s[2]) + big_sigma0(s[0]);
        for (unsigned j = 7; j > 0; j--)
            s[j] = s[j - 1];
        s[4] += t1;
        s[0] = t1 + t2;
    }
    *d = (V128){ .u32 = { s[5], s[4], s[1], s[0] } };
}

void vx_sha256msg1(V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    *d = (V128){ .u32 = { a->u32[0] + small_sigma0(a->u32[1]), a->u32[1] + small_sigma0(a->u32[2]), a->u32[2] + small_sigma0(a->u32[3]), a->u32[3] + small_sigma0(b->u32[0]) } };
}

void vx_sha256msg2(V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    uint32_t w16 = a->u32[0] + small_sigma1(b->u32[2]), w17 = a->u32[1] + small_sigma1(b->u32[3]);
    *d = (V128){ .u32 = { w16, w17, a->u32[2] + small_sigma1(w16), a->u32[3] + small_sigma1(w17) } };
}
