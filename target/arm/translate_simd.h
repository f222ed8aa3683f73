/* SPDX-License-Identifier: MIT */
/*
 * Translating integer AdvSIMD: what the instruction groups share.
 *
 * An instruction is a trans_ function of one line: its allowed sizes and a function that makes the IR of full 128-bit lanes
 * (Gen1..Gen3), or a helper. The group's function (simd_two, simd_three, ...) checks the sizes, asks for FP access, reads the
 * operands, and cuts the result to what the form writes. Inline IR computes all 128 bits of 64-bit and scalar forms, which
 * is harmless since it has no side effect; helpers are told how many bytes count, and zero the rest themselves.
 */
#ifndef TARGET_ARM_TRANSLATE_SIMD_H
#define TARGET_ARM_TRANSLATE_SIMD_H

#include "base/bits.h"
#include "target/arm/helper_simd.h"
#include "target/arm/translate.h"

/* Sizes that an instruction allows. */
enum { SZ_B = 1, SZ_H = 2, SZ_S = 4, SZ_D = 8, SZ_BH = SZ_B | SZ_H, SZ_HS = SZ_H | SZ_S, SZ_BHS = SZ_BH | SZ_S, SZ_BHSD = SZ_BHS | SZ_D };

/* The fields of a form. bytes: what it writes of rd, 16, 8, or the one lane of a scalar form. */
typedef struct SimdForm {
    unsigned sz, bytes;
    unsigned rd, rn, rm;
} SimdForm;

typedef IRRef Gen1(IRFunc *f, unsigned sz, IRRef a);
typedef IRRef Gen2(IRFunc *f, unsigned sz, IRRef a, IRRef b);
typedef IRRef Gen3(IRFunc *f, unsigned sz, IRRef d, IRRef a, IRRef b);

static inline unsigned simd_bytes(bool scalar, bool q, unsigned sz) { return scalar ? 1u << sz : q ? 16 : 8; }
/* The size is one of sizes, and a vector of doublewords has two of them. */
static inline bool simd_size_ok(unsigned sizes, unsigned sz, bool scalar, bool q) { return (sizes >> sz & 1) && (sz != 3 || q || scalar); }

/* Writes the first `bytes` bytes of v. Inline scalar forms exist for doublewords only. */
static inline void simd_write(DisasContext *s, const SimdForm *m, IRRef v) { write_vq(s, m->rd, v, m->bytes == 16); }

/* A value of the low 64 bits of lo and of hi; the 128-bit operation's operand for 64-bit forms that work across lanes. */
static inline IRRef simd_join_low(IRFunc *f, IRRef lo, IRRef hi) { return ir_vzip1(f, 3, lo, hi); }
/* The high half in the low half's place, for the "2" forms; the low half itself otherwise. The upper half may hold anything. */
static inline IRRef simd_half(IRFunc *f, IRRef v, bool high) { return high ? ir_vext(f, v, v, 8) : v; }
static inline IRRef simd_zero(IRFunc *f) { return ir_vconst(f, 0); }
/* x in each lane of size sz. */
IRRef simd_const(IRFunc *f, unsigned sz, uint64_t x);

/* Writes the narrowed low half `v` (upper half zero): to rd, or to its upper half for the "2" forms. */
void simd_write_narrow(DisasContext *s, unsigned rd, bool high, IRRef v);

/* Inline groups: rd = gen(rn), gen(rn, rm), gen(rd, rn, rm). They return what the trans_ function has to. */
bool simd_two(DisasContext *s, const SimdForm *m, Gen1 *gen);
bool simd_three(DisasContext *s, const SimdForm *m, Gen2 *gen);
bool simd_accumulate(DisasContext *s, const SimdForm *m, Gen3 *gen);
/* The same by helpers; desc is added to the form's own. */
bool simd_call_two(DisasContext *s, const SimdForm *m, const IRHelper *h, SimdDesc desc);
bool simd_call_three(DisasContext *s, const SimdForm *m, const IRHelper *h);
bool simd_call_accumulate(DisasContext *s, const SimdForm *m, const IRHelper *h);
/* Helper calls on values: no access check, no write. */
IRRef simd_call2(DisasContext *s, const IRHelper *h, IRRef a, IRRef b, SimdDesc desc);
IRRef simd_call3(DisasContext *s, const IRHelper *h, IRRef acc, IRRef a, IRRef b, SimdDesc desc);

/* Widening products of the low lanes, into lanes of twice the size. */
IRRef simd_gen_smull(IRFunc *f, unsigned sz, IRRef a, IRRef b);
IRRef simd_gen_umull(IRFunc *f, unsigned sz, IRRef a, IRRef b);
/* d + a * b and d - a * b. */
IRRef simd_gen_mla(IRFunc *f, unsigned sz, IRRef d, IRRef a, IRRef b);
IRRef simd_gen_mls(IRFunc *f, unsigned sz, IRRef d, IRRef a, IRRef b);

#endif
