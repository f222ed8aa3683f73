/* SPDX-License-Identifier: MIT */
/*
 * The cryptographic extensions: AES, SHA-1, SHA-2 by helpers; SHA-3's are a few vector operations each.
 */
#include "target/arm/a64_decode.h"
#include "target/arm/translate_simd.h"

#define FORM(a, n, m) (SimdForm) { .bytes = 16, .rd = (a)->rd, .rn = (n), .rm = (m) }

/* One operand; rd and one operand; rd and two operands. */
#define CRYPTO1(name, helper) \
    bool trans_##name(DisasContext *s, const arg_##name *a) { return simd_call_two(s, &FORM(a, a->rn, 0), &ir_helper_##helper, 0); }
#define CRYPTO2(name, helper) \
    bool trans_##name(DisasContext *s, const arg_##name *a) { return simd_call_three(s, &FORM(a, a->rd, a->rn), &ir_helper_##helper); }
#define CRYPTO3(name, helper) \
    bool trans_##name(DisasContext *s, const arg_##name *a) { return simd_call_accumulate(s, &FORM(a, a->rn, a->rm), &ir_helper_##helper); }

CRYPTO2(AESE, aese)
CRYPTO2(AESD, aesd)
CRYPTO1(AESMC, aesmc)
CRYPTO1(AESIMC, aesimc)

CRYPTO3(SHA1C, sha1c)
CRYPTO3(SHA1P, sha1p)
CRYPTO3(SHA1M, sha1m)
CRYPTO3(SHA1SU0, sha1su0)
CRYPTO2(SHA1SU1, sha1su1)
CRYPTO3(SHA256H, sha256h)
CRYPTO3(SHA256H2, sha256h2)
CRYPTO2(SHA256SU0, sha256su0)
CRYPTO3(SHA256SU1, sha256su1)
CRYPTO3(SHA512H, sha512h)
CRYPTO3(SHA512H2, sha512h2)
CRYPTO2(SHA512SU0, sha512su0)
CRYPTO3(SHA512SU1, sha512su1)

/* A fixed rotation of the one word. */
bool trans_SHA1H(DisasContext *s, const arg_SHA1H *a)
{
    if (fp_access_check(s))
        write_v(s, a->rd, ir_rotr(s->f, ir_vgetl(s->f, IR_I32, 2, read_v(s, a->rn), 0, false), ir_i32(s->f, 2)));
    return true;
}

/* ---- SHA-3 ---- */
static IRRef rotate_right(IRFunc *f, IRRef v, unsigned n)
{
    return n ? ir_vor(f, ir_vshri(f, 3, v, n), ir_vshli(f, 3, v, 64 - n)) : v;
}

bool trans_EOR3(DisasContext *s, const arg_EOR3 *a)
{
    if (fp_access_check(s))
        write_v(s, a->rd, ir_vxor(s->f, ir_vxor(s->f, read_v(s, a->rn), read_v(s, a->rm)), read_v(s, a->ra)));
    return true;
}

bool trans_BCAX(DisasContext *s, const arg_BCAX *a)
{
    if (fp_access_check(s))
        write_v(s, a->rd, ir_vxor(s->f, read_v(s, a->rn), ir_vandn(s->f, read_v(s, a->rm), read_v(s, a->ra))));
    return true;
}

bool trans_RAX1(DisasContext *s, const arg_RAX1 *a)
{
    if (fp_access_check(s))
        write_v(s, a->rd, ir_vxor(s->f, read_v(s, a->rn), rotate_right(s->f, read_v(s, a->rm), 63)));
    return true;
}

bool trans_XAR(DisasContext *s, const arg_XAR *a)
{
    if (fp_access_check(s))
        write_v(s, a->rd, rotate_right(s->f, ir_vxor(s->f, read_v(s, a->rn), read_v(s, a->rm)), a->imm));
    return true;
}
