/* SPDX-License-Identifier: MIT */
/* References of vx.def: arithmetic of polynomials over GF(2): carry-less products, GF(2^8) as AES has it (modulo 0x11b), affine maps. */
#include "accel/ir/crypto.h"
#include "accel/ir/vx_internal.h"

static uint8_t gf_mul(uint8_t a, uint8_t b)
{
    unsigned r = 0, x = a;
    for (unsigned i = 0; i < 8; i++) {
        r ^= b >> i & 1 ? x : 0;
        x = x << 1 ^ (x & 0x80 ? 0x11b : 0);
    }
    return (uint8_t)r;
}

/* a^254: the inverse, and 0 for 0. */
static uint8_t gf_inverse(uint8_t a)
{
    uint8_t r = 1, power = a;
    for (unsigned i = 1; i < 8; i++) {
        power = gf_mul(power, power);
        r = gf_mul(r, power);
    }
    return r;
}

/* Bit i of the result is the parity of x and row 7 - i of the matrix, inverted by bit i of add. */
static uint8_t gf_affine(uint64_t matrix, uint8_t x, unsigned add)
{
    uint8_t r = 0;
    for (unsigned i = 0; i < 8; i++) {
        uint8_t row = (uint8_t)(matrix >> (7 - i) * 8);
        r |= (uint8_t)((unsigned)__builtin_parity(row & x) << i);
    }
    return (uint8_t)(r ^ add);
}

VX_LANES(gf2p8mulb, u8, 16, gf_mul(a->u8[i], b->u8[i]))
VX_LANES(gf2p8affineqb, u8, 16, gf_affine(b->u64[i / 8], a->u8[i], imm))
VX_LANES(gf2p8affineinvqb, u8, 16, gf_affine(b->u64[i / 8], gf_inverse(a->u8[i]), imm))

V128 polynomial_product_64_portable(uint64_t a, uint64_t b)
{
    unsigned __int128 sum = 0;
    for (unsigned i = 0; i < 64; i++)
        if (b >> i & 1)
            sum ^= (unsigned __int128)a << i;
    return (V128){ .u64 = { (uint64_t)sum, (uint64_t)(sum >> 64) } };
}

void vx_pclmulqdq(V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    *d = polynomial_product_64_portable(a->u64[imm & 1], b->u64[imm >> 4 & 1]);
}
