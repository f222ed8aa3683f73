/* SPDX-License-Identifier: MIT */
/*
 * AdvSIMD moves of whole lanes: copy (C4.1.96.3), permute, extract and table look-up.
 */
#include "target/arm/a64_decode.h"
#include "target/arm/translate_simd.h"

/* imm5 is index:1:zeros(size). 16 and 0 have no size: reserved. */
static bool copy_size(unsigned imm5, unsigned *sz, unsigned *index)
{
    *sz = ctz64(imm5 | 16);
    *index = imm5 >> (*sz + 1);
    return *sz < 4;
}

bool trans_DUP_v(DisasContext *s, const arg_DUP_v *a)
{
    unsigned sz, index;
    if (!copy_size(a->imm5, &sz, &index) || !simd_size_ok(SZ_BHSD, sz, a->scalar, a->q))
        return false;
    if (!fp_access_check(s))
        return true;
    if (a->scalar)
        write_v(s, a->rd, ir_vgetl(s->f, sz == 3 ? IR_I64 : IR_I32, sz, read_v(s, a->rn), index, false));
    else
        write_vq(s, a->rd, ir_vduplane(s->f, sz, read_v(s, a->rn), index), a->q);
    return true;
}

bool trans_DUP_x(DisasContext *s, const arg_DUP_x *a)
{
    unsigned sz, index;
    if (!copy_size(a->imm5, &sz, &index) || !simd_size_ok(SZ_BHSD, sz, false, a->q))
        return false;
    if (fp_access_check(s))
        write_vq(s, a->rd, ir_vdup(s->f, sz, read_x(s, a->rn, sz == 3)), a->q);
    return true;
}

/* Q is the width of the general register here. */
bool trans_SMOV(DisasContext *s, const arg_SMOV *a)
{
    unsigned sz, index;
    if (!copy_size(a->imm5, &sz, &index) || sz >= (a->q ? 3u : 2u))
        return false;
    if (fp_access_check(s))
        write_x(s, a->rd, ir_vgetl(s->f, int_type(a->q), sz, read_v(s, a->rn), index, true));
    return true;
}

bool trans_UMOV(DisasContext *s, const arg_UMOV *a)
{
    unsigned sz, index;
    if (!copy_size(a->imm5, &sz, &index) || (sz == 3) != (a->q != 0))
        return false;
    if (fp_access_check(s))
        write_x(s, a->rd, ir_vgetl(s->f, int_type(a->q), sz, read_v(s, a->rn), index, false));
    return true;
}

bool trans_INS_x(DisasContext *s, const arg_INS_x *a)
{
    unsigned sz, index;
    if (!copy_size(a->imm5, &sz, &index))
        return false;
    if (fp_access_check(s))
        write_v(s, a->rd, ir_vinsl(s->f, sz, read_v(s, a->rd), index, read_x(s, a->rn, sz == 3)));
    return true;
}

/* imm4's low bits below the size are ignored. */
bool trans_INS_v(DisasContext *s, const arg_INS_v *a)
{
    unsigned sz, index;
    if (!copy_size(a->imm5, &sz, &index))
        return false;
    if (fp_access_check(s))
        write_v(s, a->rd, ir_vinsv(s->f, sz, read_v(s, a->rd), index, read_v(s, a->rn), a->imm4 >> sz));
    return true;
}

/* ---- permutes ----
 * 64-bit forms: ZIP1 and TRN of full vectors have the narrow result in their low half, ZIP2's is in ZIP1's high half; UZP
 * works on both low halves joined.
 */
static IRRef narrow_zip2(IRFunc *f, unsigned sz, IRRef a, IRRef b)
{
    IRRef z = ir_vzip1(f, sz, a, b);
    return ir_vext(f, z, z, 8);
}
static IRRef narrow_uzp1(IRFunc *f, unsigned sz, IRRef a, IRRef b)
{
    IRRef t = simd_join_low(f, a, b);
    return ir_vuzp1(f, sz, t, t);
}
static IRRef narrow_uzp2(IRFunc *f, unsigned sz, IRRef a, IRRef b)
{
    IRRef t = simd_join_low(f, a, b);
    return ir_vuzp2(f, sz, t, t);
}

#define PERMUTE(name, full, narrow) \
    bool trans_##name(DisasContext *s, const arg_##name *a) \
    { \
        SimdForm m = { .sz = a->size, .bytes = a->q ? 16 : 8, .rd = a->rd, .rn = a->rn, .rm = a->rm }; \
        return simd_size_ok(SZ_BHSD, a->size, false, a->q) && simd_three(s, &m, a->q ? full : narrow); \
    }
PERMUTE(ZIP1, ir_vzip1, ir_vzip1)
PERMUTE(ZIP2, ir_vzip2, narrow_zip2)
PERMUTE(UZP1, ir_vuzp1, narrow_uzp1)
PERMUTE(UZP2, ir_vuzp2, narrow_uzp2)
PERMUTE(TRN1, ir_vtrn1, ir_vtrn1)
PERMUTE(TRN2, ir_vtrn2, ir_vtrn2)

bool trans_EXT(DisasContext *s, const arg_EXT *a)
{
    if (!a->q && a->imm >= 8)
        return false;
    if (!fp_access_check(s))
        return true;
    IRRef lo = read_v(s, a->rn), hi = read_v(s, a->rm);
    if (!a->q)
        lo = hi = simd_join_low(s->f, lo, hi);
    write_vq(s, a->rd, ir_vext(s->f, lo, hi, a->imm), a->q);
    return true;
}

/* Bytes of the table that starts at rn, 0 where the index lies beyond it: each register answers to the indexes that reach it when its
 * place is subtracted. */
static IRRef table_lookup(DisasContext *s, unsigned rn, unsigned len, IRRef index)
{
    IRRef r = ir_vtbl(s->f, read_v(s, rn), index);
    for (unsigned i = 1; i <= len; i++) {
        IRRef local = ir_vsub(s->f, 0, index, simd_const(s->f, 0, 16 * i));
        r = ir_vor(s->f, r, ir_vtbl(s->f, read_v(s, (rn + i) % 32), local));
    }
    return r;
}

bool trans_TBL(DisasContext *s, const arg_TBL *a)
{
    if (fp_access_check(s))
        write_vq(s, a->rd, table_lookup(s, a->rn, a->len, read_v(s, a->rm)), a->q);
    return true;
}

/* TBX keeps rd's byte where the index lies beyond the table. */
bool trans_TBX(DisasContext *s, const arg_TBX *a)
{
    if (!fp_access_check(s))
        return true;
    IRRef index = read_v(s, a->rm);
    IRRef beyond = ir_vchi(s->f, 0, index, simd_const(s->f, 0, 16 * a->len + 15));
    IRRef kept = ir_vand(s->f, read_v(s, a->rd), beyond);
    write_vq(s, a->rd, ir_vor(s->f, kept, table_lookup(s, a->rn, a->len, index)), a->q);
    return true;
}
