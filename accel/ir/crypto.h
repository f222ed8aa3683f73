/* SPDX-License-Identifier: MIT */
/*
 * Cryptographic steps in plain C, for the references of vx.def and for targets' helpers: what runs on a host without instructions
 * for them, and what the tests hold those against.
 */
#ifndef ACCEL_IR_CRYPTO_H
#define ACCEL_IR_CRYPTO_H

#include "accel/ir/ir.h"

/* AES (FIPS 197); the state's byte i is row i % 4, column i / 4. ShiftRows and SubBytes, and their inverses. */
V128 aes_encrypt_last_portable(V128 a);
V128 aes_decrypt_last_portable(V128 a);
V128 aes_mix_columns_portable(V128 a);
V128 aes_inv_mix_columns_portable(V128 a);
/* The 127-bit product over GF(2). */
V128 polynomial_product_64_portable(uint64_t a, uint64_t b);

#endif
