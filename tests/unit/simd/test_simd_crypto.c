/* SPDX-License-Identifier: MIT */
/*
 * The cryptographic helpers, by whole algorithms: AES-128 of FIPS 197's example, and SHA digests against glib's, each
 * composed of the instructions as libraries do.
 */
#include <glib.h>
#include <string.h>

#include "accel/ir/crypto.h"
#include "target/arm/helper_simd.h"

#define FULL SIMD_DESC(0, 16)

/* FIPS 197, appendices A.1 and B. */
static const uint8_t aes_key[16] = { 0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c };
static const uint8_t aes_plain[16] = { 0x32, 0x43, 0xf6, 0xa8, 0x88, 0x5a, 0x30, 0x8d, 0x31, 0x31, 0x98, 0xa2, 0xe0, 0x37, 0x07, 0x34 };
static const uint8_t aes_cipher[16] = { 0x39, 0x25, 0x84, 0x1d, 0x02, 0xdc, 0x09, 0xfb, 0xdc, 0x11, 0x85, 0x97, 0x19, 0x6a, 0x0b, 0x32 };

/* SubBytes of a word: AESE of a state whose columns are all alike, so that ShiftRows changes nothing. */
static uint32_t aes_sub_word(uint32_t w)
{
    V128 a = { .u32 = { w, w, w, w } }, zero = { 0 }, r;
    helper_aese(&r, &a, &zero, FULL);
    return r.u32[0];
}

static void aes_expand_key(V128 *keys)
{
    uint32_t *w = keys->u32, rcon = 1;
    memcpy(w, aes_key, 16);
    for (unsigned i = 4; i < 44; i++) {
        uint32_t t = w[i - 1];
        if (i % 4 == 0) {
            t = aes_sub_word(t >> 8 | t << 24) ^ rcon;
            rcon = rcon << 1 ^ (rcon & 0x80 ? 0x11b : 0);
        }
        w[i] = w[i - 4] ^ t;
    }
}

static void test_aes_encrypt(void)
{
    V128 keys[11], x;
    aes_expand_key(keys);
    memcpy(&x, aes_plain, 16);
    for (unsigned i = 0; i < 10; i++) {
        helper_aese(&x, &x, &keys[i], FULL);
        if (i < 9)
            helper_aesmc(&x, &x, FULL);
    }
    x.u64[0] ^= keys[10].u64[0];
    x.u64[1] ^= keys[10].u64[1];
    g_assert_cmpmem(&x, 16, aes_cipher, 16);
}

static void test_aes_decrypt(void)
{
    V128 keys[11], x;
    aes_expand_key(keys);
    memcpy(&x, aes_cipher, 16);
    for (unsigned i = 10; i > 0; i--) {
        V128 key = keys[i];
        if (i < 10)
            helper_aesimc(&key, &key, FULL);
        helper_aesd(&x, &x, &key, FULL);
        if (i > 1)
            helper_aesimc(&x, &x, FULL);
    }
    x.u64[0] ^= keys[0].u64[0];
    x.u64[1] ^= keys[0].u64[1];
    g_assert_cmpmem(&x, 16, aes_plain, 16);
}

/* Whatever the host offers, plain C says the same. */
static void test_aes_portable(void)
{
    V128 a = { .u64 = { 0x0123456789abcdef, 0xfedcba9876543210 } }, zero = { 0 }, r, p;
    for (unsigned i = 0; i < 300; i++) {
        helper_aese(&r, &a, &zero, FULL);
        p = aes_encrypt_last_portable(a);
        g_assert_cmpmem(&r, 16, &p, 16);
        helper_aesd(&r, &a, &zero, FULL);
        p = aes_decrypt_last_portable(a);
        g_assert_cmpmem(&r, 16, &p, 16);
        helper_aesimc(&r, &a, FULL);
        p = aes_inv_mix_columns_portable(a);
        g_assert_cmpmem(&r, 16, &p, 16);
        helper_aesmc(&r, &a, FULL);
        p = aes_mix_columns_portable(a);
        g_assert_cmpmem(&r, 16, &p, 16);
        a.u64[0] = r.u64[0] + i;
        a.u64[1] = r.u64[1];
    }
}

/* One padded block of a short message; words of `width` bytes come out in host order. */
static void sha_block(const char *message, uint8_t *block, unsigned size, unsigned width)
{
    size_t length = strlen(message);
    memset(block, 0, size);
    memcpy(block, message, length);
    block[length] = 0x80;
    block[size - 2] = (uint8_t)(length * 8 >> 8);
    block[size - 1] = (uint8_t)(length * 8);
    for (unsigned i = 0; i < size; i += width)
        for (unsigned j = 0; j < width / 2; j++) {
            uint8_t t = block[i + j];
            block[i + j] = block[i + width - 1 - j];
            block[i + width - 1 - j] = t;
        }
}

static void assert_digest(GChecksumType type, const char *message, const uint64_t *words, unsigned n, unsigned digits)
{
    g_autofree char *want = g_compute_checksum_for_string(type, message, -1);
    g_autoptr(GString) got = g_string_new(NULL);
    for (unsigned i = 0; i < n; i++)
        g_string_append_printf(got, "%0*" G_GINT64_MODIFIER "x", (int)digits, words[i]);
    g_assert_cmpstr(got->str, ==, want);
}

static const char *const messages[] = { "", "abc", "message digest of some forty bytes" };

static uint32_t rotate(uint32_t x, unsigned n) { return x << n | x >> (32 - n); }

typedef void Sha1Rounds(V128 *, const V128 *, const V128 *, const V128 *, SimdDesc);

static void sha1_digest(const char *message)
{
    static Sha1Rounds *const rounds[4] = { helper_sha1c, helper_sha1p, helper_sha1m, helper_sha1p };
    static const uint32_t k[4] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6 };
    V128 w[20], abcd = { .u32 = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 } }, start = abcd, e = { .u32 = { 0xc3d2e1f0 } };
    sha_block(message, w[0].u8, 64, 4);
    for (unsigned i = 4; i < 20; i++) {
        helper_sha1su0(&w[i], &w[i - 4], &w[i - 3], &w[i - 2], FULL);
        helper_sha1su1(&w[i], &w[i], &w[i - 1], FULL);
    }
    for (unsigned i = 0; i < 20; i++) {
        V128 wk = w[i], next = { .u32 = { rotate(abcd.u32[0], 30) } };
        for (unsigned j = 0; j < 4; j++)
            wk.u32[j] += k[i / 5];
        rounds[i / 5](&abcd, &abcd, &e, &wk, FULL);
        e = next;
    }
    uint64_t digest[5] = { 0, 0, 0, 0, (uint32_t)(e.u32[0] + 0xc3d2e1f0) };
    for (unsigned j = 0; j < 4; j++)
        digest[j] = (uint32_t)(abcd.u32[j] + start.u32[j]);
    assert_digest(G_CHECKSUM_SHA1, message, digest, 5, 8);
}

static void test_sha1(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(messages); i++)
        sha1_digest(messages[i]);
}

/* The constants are the first bits of cube roots (round keys) and square roots (initial hash) of primes, found by bisection. */
static uint64_t root_fraction(unsigned prime, unsigned power)
{
    uint64_t r = 0; /* fraction bits of the root, 64 of them; the integral part is found first */
    unsigned whole = 0;
    while ((power == 2 ? (whole + 1) * (whole + 1) : (whole + 1) * (whole + 1) * (whole + 1)) <= prime)
        whole++;
    for (int bit = 63; bit >= 0; bit--) {
        uint64_t t = r | 1ull << bit;
        /* (whole + t / 2^64) ^ power <= prime, in limbs of 32 bits */
        uint64_t x[3] = { t & 0xffffffff, t >> 32, whole }, product[10] = { 1 };
        for (unsigned p = 0; p < power; p++) {
            uint64_t next[10] = { 0 };
            for (unsigned i = 0; i < 7; i++) {
                uint64_t carry = 0;
                for (unsigned j = 0; j < 3; j++) {
                    unsigned __int128 s = (unsigned __int128)product[i] * x[j] + next[i + j] + carry;
                    next[i + j] = (uint64_t)s & 0xffffffff;
                    carry = (uint64_t)(s >> 32);
                }
                next[i + 3] += carry;
            }
            memcpy(product, next, sizeof(product));
        }
        uint64_t integral = product[2 * power] | product[2 * power + 1] << 32;
        bool exact = true;
        for (unsigned i = 0; i < 2 * power; i++)
            exact &= product[i] == 0;
        if (integral < prime || (integral == prime && exact))
            r = t;
    }
    return r;
}

static void sha2_constants(uint64_t *keys, uint64_t *hash)
{
    unsigned n = 0;
    for (unsigned p = 2; n < 80; p++) {
        bool prime = true;
        for (unsigned d = 2; d * d <= p; d++)
            prime &= p % d != 0;
        if (!prime)
            continue;
        if (n < 8)
            hash[n] = root_fraction(p, 2);
        keys[n++] = root_fraction(p, 3);
    }
}

static void sha256_digest(const char *message, const uint64_t *keys, const uint64_t *hash)
{
    V128 w[16], x, y;
    for (unsigned j = 0; j < 4; j++) {
        x.u32[j] = (uint32_t)(hash[j] >> 32);
        y.u32[j] = (uint32_t)(hash[4 + j] >> 32);
    }
    sha_block(message, w[0].u8, 64, 4);
    for (unsigned i = 4; i < 16; i++) {
        helper_sha256su0(&w[i], &w[i - 4], &w[i - 3], FULL);
        helper_sha256su1(&w[i], &w[i], &w[i - 2], &w[i - 1], FULL);
    }
    for (unsigned i = 0; i < 16; i++) {
        V128 wk = w[i], before = x;
        for (unsigned j = 0; j < 4; j++)
            wk.u32[j] += (uint32_t)(keys[4 * i + j] >> 32);
        helper_sha256h(&x, &x, &y, &wk, FULL);
        helper_sha256h2(&y, &y, &before, &wk, FULL);
    }
    uint64_t digest[8];
    for (unsigned j = 0; j < 4; j++) {
        digest[j] = (uint32_t)(x.u32[j] + (hash[j] >> 32));
        digest[4 + j] = (uint32_t)(y.u32[j] + (hash[4 + j] >> 32));
    }
    assert_digest(G_CHECKSUM_SHA256, message, digest, 8, 8);
}

/* Two rounds: the state is ab, cd, ef, gh, each with its first letter in the low half. */
static void sha512_rounds(V128 s[4], const V128 *wk)
{
    V128 t;
    V128 fg = { .u64 = { s[2].u64[1], s[3].u64[0] } }, de = { .u64 = { s[1].u64[1], s[2].u64[0] } };
    V128 gh_wk = { .u64 = { s[3].u64[0] + wk->u64[1], s[3].u64[1] + wk->u64[0] } };
    helper_sha512h(&t, &gh_wk, &fg, &de, FULL);
    V128 ef = { .u64 = { s[1].u64[0] + t.u64[0], s[1].u64[1] + t.u64[1] } }, ab;
    helper_sha512h2(&ab, &t, &s[1], &s[0], FULL);
    s[3] = s[2];
    s[2] = ef;
    s[1] = s[0];
    s[0] = ab;
}

static void sha512_digest(const char *message, const uint64_t *keys, const uint64_t *hash)
{
    V128 w[40], s[4];
    for (unsigned j = 0; j < 8; j++)
        s[j / 2].u64[j % 2] = hash[j];
    sha_block(message, w[0].u8, 128, 8);
    for (unsigned i = 8; i < 40; i++) {
        V128 middle = { .u64 = { w[i - 4].u64[1], w[i - 3].u64[0] } };
        helper_sha512su0(&w[i], &w[i - 8], &w[i - 7], FULL);
        helper_sha512su1(&w[i], &w[i], &w[i - 1], &middle, FULL);
    }
    for (unsigned i = 0; i < 40; i++) {
        V128 wk = { .u64 = { w[i].u64[0] + keys[2 * i], w[i].u64[1] + keys[2 * i + 1] } };
        sha512_rounds(s, &wk);
    }
    uint64_t digest[8];
    for (unsigned j = 0; j < 8; j++)
        digest[j] = s[j / 2].u64[j % 2] + hash[j];
    assert_digest(G_CHECKSUM_SHA512, message, digest, 8, 16);
}

static void test_sha2(void)
{
    uint64_t keys[80], hash[8];
    sha2_constants(keys, hash);
    g_assert_cmphex(keys[0], ==, 0x428a2f98d728ae22);
    for (unsigned i = 0; i < G_N_ELEMENTS(messages); i++) {
        sha256_digest(messages[i], keys, hash);
        sha512_digest(messages[i], keys, hash);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/simd/crypto/aes-encrypts-fips197-example", test_aes_encrypt);
    g_test_add_func("/simd/crypto/aes-decrypts-fips197-example", test_aes_decrypt);
    g_test_add_func("/simd/crypto/aes-portable-agrees", test_aes_portable);
    g_test_add_func("/simd/crypto/sha1-digests", test_sha1);
    g_test_add_func("/simd/crypto/sha2-digests", test_sha2);
    return g_test_run();
}
