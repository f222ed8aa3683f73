/* SPDX-License-Identifier: MIT */
/*
 * AESE, AESD, AESMC, AESIMC: the steps of FIPS 197, on the host's AES instructions where it has them.
 *
 * AESE is AddRoundKey, ShiftRows, SubBytes; AESMC is MixColumns alone. The host's last-round instruction does the first pair with
 * the key added at the end instead, so it gets a key of zero. What runs without such instructions is in accel/ir/vx_aes.c.
 */
#include "accel/ir/crypto.h"
#include "target/arm/helper_simd.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static V128 add_round_key(const V128 *a, const V128 *b) { return (V128){ .u64 = { a->u64[0] ^ b->u64[0], a->u64[1] ^ b->u64[1] } }; }

#if defined(__x86_64__)
#define HOST_AES __attribute__((target("aes,sse2")))

HOST_AES static V128 host_aese(V128 a)
{
    _mm_store_si128((__m128i *)&a, _mm_aesenclast_si128(_mm_load_si128((const __m128i *)&a), _mm_setzero_si128()));
    return a;
}

HOST_AES static V128 host_aesd(V128 a)
{
    _mm_store_si128((__m128i *)&a, _mm_aesdeclast_si128(_mm_load_si128((const __m128i *)&a), _mm_setzero_si128()));
    return a;
}

/* The host mixes columns in a full round only: the last inverse round before it undoes the rest. */
HOST_AES static V128 host_aesmc(V128 a)
{
    __m128i zero = _mm_setzero_si128(), undone = _mm_aesdeclast_si128(_mm_load_si128((const __m128i *)&a), zero);
    _mm_store_si128((__m128i *)&a, _mm_aesenc_si128(undone, zero));
    return a;
}

HOST_AES static V128 host_aesimc(V128 a)
{
    _mm_store_si128((__m128i *)&a, _mm_aesimc_si128(_mm_load_si128((const __m128i *)&a)));
    return a;
}

static bool host_has_aes(void) { return __builtin_cpu_supports("aes"); }
#else
static bool host_has_aes(void) { return false; }
static V128 host_aese(V128 a) { return a; }
static V128 host_aesd(V128 a) { return a; }
static V128 host_aesmc(V128 a) { return a; }
static V128 host_aesimc(V128 a) { return a; }
#endif

void helper_aese(V128 *d, const V128 *a, const V128 *b, SimdDesc desc)
{
    V128 x = add_round_key(a, b);
    *d = host_has_aes() ? host_aese(x) : aes_encrypt_last_portable(x);
}

void helper_aesd(V128 *d, const V128 *a, const V128 *b, SimdDesc desc)
{
    V128 x = add_round_key(a, b);
    *d = host_has_aes() ? host_aesd(x) : aes_decrypt_last_portable(x);
}

void helper_aesmc(V128 *d, const V128 *a, SimdDesc desc) { *d = host_has_aes() ? host_aesmc(*a) : aes_mix_columns_portable(*a); }
void helper_aesimc(V128 *d, const V128 *a, SimdDesc desc) { *d = host_has_aes() ? host_aesimc(*a) : aes_inv_mix_columns_portable(*a); }
