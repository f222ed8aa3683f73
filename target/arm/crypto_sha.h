/* SPDX-License-Identifier: MIT */
/* Functions that SHA-1 and SHA-256 share (FIPS 180-4, 4.1). */
#ifndef TARGET_ARM_CRYPTO_SHA_H
#define TARGET_ARM_CRYPTO_SHA_H

#include <stdint.h>

static inline uint32_t ror32(uint32_t x, unsigned n) { return x >> n | x << (32 - n); } /* n in 1..31 */
static inline uint32_t sha_choose(uint32_t x, uint32_t y, uint32_t z) { return ((y ^ z) & x) ^ z; }
static inline uint32_t sha_majority(uint32_t x, uint32_t y, uint32_t z) { return (x & y) | ((x | y) & z); }

#endif
