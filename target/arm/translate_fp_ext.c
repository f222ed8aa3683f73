/* SPDX-License-Identifier: MIT */
/* Extensions of AdvSIMD floating point: complex numbers (FEAT_FCMA), half to single (FEAT_FHM), BFloat16 (FEAT_BF16). */
#include "base/bits.h"
#include "target/arm/translate_fp.h"

/* ---- complex numbers: pairs of lanes, the real part in the even one ---- */
static bool complex_reserved(const DisasContext *s, unsigned size, bool q)
{
    return size == 0 || (size == 3 && !q) || (size == 1 && !have(s, ARM_FEAT_fp16));
}

/* Lanes of each pair exchanged. */
static IRRef swap_pairs(DisasContext *s, unsigned size, IRRef v)
{
    return size == 3 ? ir_vext(s->f, v, v, 8) : ir_vrev(s->f, size, v, size + 1);
}

/* The sign of the pairs' even or odd lanes, or both, inverted. */
static IRRef negate_lanes(DisasContext *s, unsigned size, IRRef v, bool even, bool odd)
{
    IRFunc *f = s->f;
    unsigned bits = 8u << size;

    if (size == 3)
        return ir_vxor(f, v, ir_vpair(f, ir_i64(f, even ? BIT(63) : 0), ir_i64(f, odd ? BIT(63) : 0)));
    uint64_t mask = (even ? BIT(bits - 1) : 0) | (odd ? BIT(2 * bits - 1) : 0);
    return ir_vxor(f, v, ir_vconst(f, size == 1 ? mask | mask << 32 : mask));
}

bool trans_FCADD_v(DisasContext *s, const arg_FCADD_v *a)
{
    unsigned size = (unsigned)a->size;

    if (complex_reserved(s, size, a->q))
        return false;
    if (!fp_access_check(s))
        return true;
    IRRef m = negate_lanes(s, size, swap_pairs(s, size, read_v(s, a->rm)), !a->rot, a->rot);
    write_v(s, a->rd, gen_fp_v2(s, FP2_ADD, size, a->q, read_v(s, a->rn), m));
    return true;
}

/* Rotation by 0 and 180 degrees takes Rn's real parts, by 90 and 270 its imaginary ones with Rm's parts exchanged. */
static void do_fcmla(DisasContext *s, bool q, unsigned size, unsigned rd, unsigned rn, IRRef m, unsigned rot)
{
    IRFunc *f = s->f;
    IRRef n = read_v(s, rn);

    if (rot & 1) {
        n = ir_vtrn2(f, size, n, n);
        m = swap_pairs(s, size, m);
    } else {
        n = ir_vtrn1(f, size, n, n);
    }
    if (rot)
        m = negate_lanes(s, size, m, rot != 3, rot != 1);
    write_v(s, rd, gen_fp_vfma(s, size, q, read_v(s, rd), n, m, false));
}

bool trans_FCMLA_v(DisasContext *s, const arg_FCMLA_v *a)
{
    if (complex_reserved(s, (unsigned)a->size, a->q))
        return false;
    if (fp_access_check(s))
        do_fcmla(s, a->q, (unsigned)a->size, a->rd, a->rn, read_v(s, a->rm), (unsigned)a->rot);
    return true;
}

bool trans_FCMLA_ve(DisasContext *s, const arg_FCMLA_ve *a)
{
    unsigned size = (unsigned)a->size, index = size == 1 ? (unsigned)(a->hi << 1 | a->l) : (unsigned)a->hi;

    if (complex_reserved(s, size, a->q) || (size == 1 && a->hi && !a->q))
        return false;
    if (fp_access_check(s))
        do_fcmla(s, a->q, size, a->rd, a->rn, ir_vduplane(s->f, size + 1, read_v(s, a->rm), index), (unsigned)a->rot);
    return true;
}

/* ---- FMLAL, FMLAL2, FMLSL, FMLSL2 ---- */
static void do_fmlal(DisasContext *s, bool q, unsigned rd, unsigned rn, IRRef m, unsigned how)
{
    IRRef d = ir_i32(s->f, FPD(0, 2, fp_lanes(q, 2), how));
    write_v(s, rd, ir_call(s->f, &ir_helper_fp_mlal, read_v(s, rd), read_v(s, rn), m, d));
}

bool trans_FMLAL_v(DisasContext *s, const arg_FMLAL_v *a)
{
    unsigned how = (a->part2 ? FP_MLAL_HIGH_N | FP_MLAL_HIGH_M : 0) | (a->sub ? FP_MLAL_SUB : 0);

    if (fp_access_check(s))
        do_fmlal(s, a->q, a->rd, a->rn, read_v(s, a->rm), how);
    return true;
}

bool trans_FMLAL_ve(DisasContext *s, const arg_FMLAL_ve *a)
{
    unsigned how = (a->part2 ? FP_MLAL_HIGH_N : 0) | (a->sub ? FP_MLAL_SUB : 0);

    if (fp_access_check(s))
        do_fmlal(s, a->q, a->rd, a->rn, ir_vduplane(s->f, 1, read_v(s, a->rm), (unsigned)(a->hi << 2 | a->l << 1 | a->m)), how);
    return true;
}

/* ---- BFloat16 ---- */
static void do_bfdot(DisasContext *s, bool q, unsigned rd, unsigned rn, IRRef m)
{
    IRRef d = ir_i32(s->f, FPD(FP3_BFDOT, 2, fp_lanes(q, 2), 0));
    write_v(s, rd, ir_call(s->f, &ir_helper_fp_v3, read_v(s, rn), m, read_v(s, rd), d));
}

bool trans_BFDOT_v(DisasContext *s, const arg_BFDOT_v *a)
{
    if (fp_access_check(s))
        do_bfdot(s, a->q, a->rd, a->rn, read_v(s, a->rm));
    return true;
}

bool trans_BFDOT_ve(DisasContext *s, const arg_BFDOT_ve *a)
{
    if (fp_access_check(s))
        do_bfdot(s, a->q, a->rd, a->rn, ir_vduplane(s->f, 2, read_v(s, a->rm), (unsigned)(a->hi << 1 | a->l)));
    return true;
}

bool trans_BFMMLA_v(DisasContext *s, const arg_BFMMLA_v *a)
{
    if (fp_access_check(s))
        write_v(s, a->rd, ir_call(s->f, &ir_helper_bf_mmla, read_v(s, a->rd), read_v(s, a->rn), read_v(s, a->rm)));
    return true;
}

/* The even (bottom) or odd (top) BFloat16 lanes as singles: their bits in the upper half. */
static IRRef bf_lanes(DisasContext *s, bool top, IRRef v)
{
    return top ? ir_vand(s->f, v, ir_vconst(s->f, 0xffff0000ffff0000)) : ir_vshli(s->f, 2, v, 16);
}

static void do_bfmlal(DisasContext *s, bool top, unsigned rd, unsigned rn, IRRef m)
{
    write_v(s, rd, gen_fp_vfma(s, 2, true, read_v(s, rd), bf_lanes(s, top, read_v(s, rn)), m, false));
}

bool trans_BFMLAL_v(DisasContext *s, const arg_BFMLAL_v *a)
{
    if (fp_access_check(s))
        do_bfmlal(s, a->top, a->rd, a->rn, bf_lanes(s, a->top, read_v(s, a->rm)));
    return true;
}

bool trans_BFMLAL_ve(DisasContext *s, const arg_BFMLAL_ve *a)
{
    unsigned index = (unsigned)(a->hi << 2 | a->l << 1 | a->m);

    if (fp_access_check(s))
        do_bfmlal(s, a->top, a->rd, a->rn, ir_vshli(s->f, 2, ir_vduplane(s->f, 1, read_v(s, a->rm), index), 16));
    return true;
}
