/* SPDX-License-Identifier: MIT */
/*
 * Cryptographic steps in plain C: what runs on a host without instructions for them, and what the tests hold those against.
 */
#ifndef TARGET_ARM_CRYPTO_PORTABLE_H
#define TARGET_ARM_CRYPTO_PORTABLE_H

#include "accel/ir/ir.h"

/* ShiftRows and SubBytes, and their inverses. */
V128 aes_encrypt_last_portable(V128 a);
V128 aes_decrypt_last_portable(V128 a);
V128 aes_mix_columns_portable(V128 a);
V128 aes_inv_mix_columns_portable(V128 a);
/* The 127-bit product over GF(2). */
V128 polynomial_product_64_portable(uint64_t a, uint64_t b);

#endif
