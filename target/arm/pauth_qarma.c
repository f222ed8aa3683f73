/* SPDX-License-Identifier: MIT */
/*
 * QARMA5, the architected cipher of pointer authentication (D8.8, ComputePAC2).
 *
 * A guest that uses it computes two codes a function call, so it has to be quick: the cell permutations are linear, hence eight
 * table look-ups by byte (16 KiB a permutation), and the S-boxes are looked up a byte at a time. The tables are made from the
 * definitions when the program starts.
 */
#include "base/bits.h"
#include "target/arm/pauth.h"

/* ---- QARMA5; a cell is a nibble, cell 0 the lowest ---- */
static const uint64_t qarma_alpha = 0xc0ac29b7c97c50ddull;
static const uint64_t qarma_rc[5] = { 0, 0x13198a2e03707344ull, 0xa4093822299f31d0ull, 0x082efa98ec4e6c89ull, 0x452821e638d01377ull };
static const uint8_t qarma_sub[16] = { 0xb, 0x6, 0x8, 0xf, 0xc, 0x0, 0x9, 0xe, 0x3, 0x7, 0x4, 0x5, 0xd, 0x2, 0x1, 0xa };
static const uint8_t qarma_inv_sub[16] = { 0x5, 0xe, 0xd, 0x8, 0xa, 0xb, 0x1, 0x9, 0x2, 0x6, 0xf, 0x0, 0x4, 0xc, 0x7, 0x3 };
static const uint8_t qarma_shuffle[16] = { 13, 6, 11, 0, 7, 12, 1, 10, 8, 3, 14, 5, 2, 9, 4, 15 };
static const uint8_t qarma_tweak[16] = { 4, 5, 6, 7, 11, 2, 3, 8, 12, 13, 14, 15, 0, 1, 10, 9 };
#define QARMA_TWEAK_ROT 0xd894u /* cells of the shuffled tweak that are also rotated: 2, 4, 7, 11, 12, 14, 15 */

static inline unsigned cell(uint64_t x, unsigned i) { return x >> (4 * i) & 15; }

static uint64_t substitute_cells(uint64_t x, const uint8_t *box)
{
    uint64_t out = 0;
    for (unsigned i = 0; i < 16; i++)
        out |= (uint64_t)box[cell(x, i)] << (4 * i);
    return out;
}

static uint64_t cell_shuffle_slow(uint64_t x)
{
    uint64_t out = 0;
    for (unsigned i = 0; i < 16; i++)
        out |= (uint64_t)cell(x, qarma_shuffle[i]) << (4 * i);
    return out;
}

static uint64_t cell_inv_shuffle_slow(uint64_t x)
{
    uint64_t out = 0;
    for (unsigned i = 0; i < 16; i++)
        out |= (uint64_t)cell(x, i) << (4 * qarma_shuffle[i]);
    return out;
}

static uint64_t tweak_shuffle_slow(uint64_t x)
{
    uint64_t out = 0;
    for (unsigned i = 0; i < 16; i++) {
        unsigned c = cell(x, qarma_tweak[i]);
        if (QARMA_TWEAK_ROT >> i & 1)
            c = c >> 1 | ((c ^ c >> 1) & 1) << 3;
        out |= (uint64_t)c << (4 * i);
    }
    return out;
}

static uint64_t tweak_inv_shuffle_slow(uint64_t x)
{
    uint64_t out = 0;
    for (unsigned i = 0; i < 16; i++) {
        unsigned c = cell(x, i);
        if (QARMA_TWEAK_ROT >> i & 1)
            c = (c << 1 & 14) | ((c ^ c >> 3) & 1);
        out |= (uint64_t)c << (4 * qarma_tweak[i]);
    }
    return out;
}

/* ---- tables ---- */
typedef uint64_t Permutation[8][256];
static Permutation shuffle_table, inv_shuffle_table, tweak_table, inv_tweak_table;
static uint8_t sub_table[256], inv_sub_table[256];

static void make_permutation(Permutation t, uint64_t (*f)(uint64_t))
{
    for (unsigned byte = 0; byte < 8; byte++)
        for (unsigned v = 0; v < 256; v++)
            t[byte][v] = f((uint64_t)v << (8 * byte));
}

static void __attribute__((constructor)) make_tables(void)
{
    make_permutation(shuffle_table, cell_shuffle_slow);
    make_permutation(inv_shuffle_table, cell_inv_shuffle_slow);
    make_permutation(tweak_table, tweak_shuffle_slow);
    make_permutation(inv_tweak_table, tweak_inv_shuffle_slow);
    for (unsigned v = 0; v < 256; v++) {
        sub_table[v] = (uint8_t)substitute_cells(v, qarma_sub);
        inv_sub_table[v] = (uint8_t)substitute_cells(v, qarma_inv_sub);
    }
}

/* Written out: compilers keep loops with variable shifts, which costs half the speed. */
#define BYTE_OF(x, n) ((x) >> (8 * (n)) & 255)

static inline uint64_t permute(const Permutation t, uint64_t x)
{
    return t[0][BYTE_OF(x, 0)] ^ t[1][BYTE_OF(x, 1)] ^ t[2][BYTE_OF(x, 2)] ^ t[3][BYTE_OF(x, 3)] ^ t[4][BYTE_OF(x, 4)] ^ t[5][BYTE_OF(x, 5)] ^
           t[6][BYTE_OF(x, 6)] ^ t[7][BYTE_OF(x, 7)];
}

static inline uint64_t substitute(uint64_t x, const uint8_t *box)
{
#define SUB(n) ((uint64_t)box[BYTE_OF(x, n)] << (8 * (n)))
    return SUB(0) | SUB(1) | SUB(2) | SUB(3) | SUB(4) | SUB(5) | SUB(6) | SUB(7);
#undef SUB
}

/* Each cell rotated left by n (1 or 2), all sixteen at once. */
static inline uint64_t rot_cells(uint64_t x, unsigned n)
{
    uint64_t low = n == 1 ? 0x7777777777777777ull : 0x3333333333333333ull;
    return (x & low) << n | (x & ~low) >> (4 - n);
}

/* Cells i, i+4, i+8, i+12 form a column; M is circulant (0, rot 1, rot 2, rot 1) over the columns' rows. */
static inline uint64_t mix_columns(uint64_t x)
{
    uint64_t r1 = ror64(x, 16), r2 = ror64(x, 32), r3 = ror64(x, 48);
    return rot_cells(r1, 1) ^ rot_cells(r2, 2) ^ rot_cells(r3, 1);
}

uint64_t arm_pac_qarma5(uint64_t data, uint64_t modifier, uint64_t key_hi, uint64_t key_lo)
{
    uint64_t mod_key = key_hi << 63 | key_hi >> 1;
    uint64_t tweak = modifier, x = data ^ key_hi;

    mod_key ^= key_hi >> 63;
    for (unsigned i = 0; i < 5; i++) {
        x ^= key_lo ^ tweak ^ qarma_rc[i];
        if (i > 0)
            x = mix_columns(permute(shuffle_table, x));
        x = substitute(x, sub_table);
        tweak = permute(tweak_table, tweak);
    }
    x ^= mod_key ^ tweak;
    x = substitute(mix_columns(permute(shuffle_table, x)), sub_table);
    x = mix_columns(permute(shuffle_table, x)) ^ key_lo;
    x = substitute(permute(inv_shuffle_table, x), inv_sub_table);
    x = permute(inv_shuffle_table, mix_columns(x)) ^ key_hi ^ tweak;
    for (unsigned i = 0; i < 5; i++) {
        x = substitute(x, inv_sub_table);
        if (i < 4)
            x = permute(inv_shuffle_table, mix_columns(x));
        tweak = permute(inv_tweak_table, tweak);
        x ^= qarma_rc[4 - i] ^ key_lo ^ tweak ^ qarma_alpha;
    }
    return x ^ mod_key;
}
