/* SPDX-License-Identifier: MIT */
/* Data processing with immediates: addresses, add and subtract, logical, wide moves, bit fields, extract. */
#include "a64_decode.h"
#include "base/bits.h"

static uint64_t width_mask(bool sf) { return sf ? ~0ull : 0xffffffffull; }

bool trans_ADR(DisasContext *s, const arg_ADR *a)
{
    int64_t imm = (int64_t)a->immhi * 4 + a->immlo;
    uint64_t base = s->pc;

    if (a->op) {
        base &= ~0xfffull;
        imm *= 4096;
    }
    write_x(s, a->rd, ir_i64(s->f, base + (uint64_t)imm));
    return true;
}

/* Rd = Rn +- imm, where 31 is SP for Rn and, without flags, for Rd. */
static bool gen_addsub_imm(DisasContext *s, bool sub, bool sf, bool setflags, unsigned rd, unsigned rn, uint64_t imm)
{
    IRRef n = read_xsp(s, rn, sf), m = ir_int(s->f, int_type(sf), imm);

    if (setflags) {
        write_x(s, rd, sub ? ir_sub(s->f, n, m) : ir_add(s->f, n, m));
        ir_put(s->f, SLOT_NZCV, sub ? ir_fl_sub(s->f, n, m, 0) : ir_fl_add(s->f, n, m, IR_FL_INVC));
        return true;
    }
    bool still_aligned = rd == 31 && rn == 31 && sf && s->sp_aligned && (imm & 15) == 0;
    write_xsp(s, rd, imm == 0 ? n : sub ? ir_sub(s->f, n, m) : ir_add(s->f, n, m));
    if (still_aligned)
        s->sp_aligned = true;
    return true;
}

bool trans_ADD_imm(DisasContext *s, const arg_ADD_imm *a)
{
    return gen_addsub_imm(s, false, a->sf, a->setflags, a->rd, a->rn, (uint64_t)a->imm12 << (a->sh ? 12 : 0));
}

bool trans_SUB_imm(DisasContext *s, const arg_SUB_imm *a)
{
    return gen_addsub_imm(s, true, a->sf, a->setflags, a->rd, a->rn, (uint64_t)a->imm12 << (a->sh ? 12 : 0));
}

/* DecodeBitMasks for logical immediates: false when reserved. */
static bool logical_imm(bool sf, unsigned n, unsigned imms, unsigned immr, uint64_t *out)
{
    unsigned sel = n << 6 | (~imms & 0x3f), len, size, ones, rotate;

    if ((!sf && n) || sel < 2)
        return false;
    len = 63 - clz64(sel);
    size = 1u << len;
    ones = (imms & (size - 1)) + 1;
    rotate = immr & (size - 1);
    if (ones == size)
        return false;
    uint64_t elem = MASK64(ones);
    if (rotate)
        elem = (elem >> rotate | elem << (size - rotate)) & MASK64(size);
    for (unsigned w = size; w < 64; w *= 2)
        elem |= elem << w;
    *out = elem & width_mask(sf);
    return true;
}

bool trans_AND_imm(DisasContext *s, const arg_AND_imm *a)
{
    uint64_t imm;

    if (!logical_imm(a->sf, a->n, a->imms, a->immr, &imm))
        return false;
    IRRef n = read_x(s, a->rn, a->sf), m = ir_int(s->f, int_type(a->sf), imm);
    if (a->setflags) {
        if (a->rd != 31)
            write_x(s, a->rd, ir_and(s->f, n, m));
        ir_put(s->f, SLOT_NZCV, ir_fl_and(s->f, n, m, IR_FL_INVC));
    } else {
        write_xsp(s, a->rd, ir_and(s->f, n, m));
        if (a->rd == 31 && (imm & 15) == 0)
            s->sp_aligned = true;
    }
    return true;
}

bool trans_ORR_imm(DisasContext *s, const arg_ORR_imm *a)
{
    uint64_t imm;

    if (!logical_imm(a->sf, a->n, a->imms, a->immr, &imm))
        return false;
    IRRef m = ir_int(s->f, int_type(a->sf), imm);
    write_xsp(s, a->rd, a->rn == 31 ? m : ir_or(s->f, read_x(s, a->rn, a->sf), m));
    return true;
}

bool trans_EOR_imm(DisasContext *s, const arg_EOR_imm *a)
{
    uint64_t imm;

    if (!logical_imm(a->sf, a->n, a->imms, a->immr, &imm))
        return false;
    write_xsp(s, a->rd, ir_xor(s->f, read_x(s, a->rn, a->sf), ir_int(s->f, int_type(a->sf), imm)));
    return true;
}

static bool gen_mov_wide(DisasContext *s, bool sf, unsigned hw, unsigned rd, uint64_t imm, bool invert)
{
    if (!sf && hw > 1)
        return false;
    imm <<= 16 * hw;
    write_x(s, rd, ir_int(s->f, int_type(sf), (invert ? ~imm : imm) & width_mask(sf)));
    return true;
}

bool trans_MOVN(DisasContext *s, const arg_MOVN *a) { return gen_mov_wide(s, a->sf, a->hw, a->rd, a->imm16, true); }
bool trans_MOVZ(DisasContext *s, const arg_MOVZ *a) { return gen_mov_wide(s, a->sf, a->hw, a->rd, a->imm16, false); }

bool trans_MOVK(DisasContext *s, const arg_MOVK *a)
{
    if (!a->sf && a->hw > 1)
        return false;
    if (a->rd != 31)
        write_x(s, a->rd, ir_deposit(s->f, read_x(s, a->rd, a->sf), ir_int(s->f, int_type(a->sf), a->imm16), 16 * a->hw, 16));
    return true;
}

bool trans_SBFM(DisasContext *s, const arg_SBFM *a)
{
    unsigned width = a->sf ? 64 : 32, r = a->immr, t = a->imms;
    IRRef n = read_x(s, a->rn, a->sf), v;

    if (t < r) /* SBFIZ */
        v = ir_shl(s->f, ir_sextract(s->f, n, 0, t + 1), ir_i32(s->f, width - r));
    else if (t == width - 1) /* ASR */
        v = r ? ir_sar(s->f, n, ir_i32(s->f, r)) : n;
    else if (r == 0 && (t == 7 || t == 15 || t == 31)) /* SXTB, SXTH, SXTW */
        v = ir_sext(s->f, int_type(a->sf), t == 7 ? 0 : t == 15 ? 1 : 2, n);
    else
        v = ir_sextract(s->f, n, r, t - r + 1);
    write_x(s, a->rd, v);
    return true;
}

bool trans_UBFM(DisasContext *s, const arg_UBFM *a)
{
    unsigned width = a->sf ? 64 : 32, r = a->immr, t = a->imms;
    IRRef n = read_x(s, a->rn, a->sf), v;

    if (t + 1 == r) /* LSL */
        v = ir_shl(s->f, n, ir_i32(s->f, width - r));
    else if (t < r) /* UBFIZ */
        v = ir_shl(s->f, ir_extract(s->f, n, 0, t + 1), ir_i32(s->f, width - r));
    else if (t == width - 1) /* LSR */
        v = r ? ir_shr(s->f, n, ir_i32(s->f, r)) : n;
    else
        v = ir_extract(s->f, n, r, t - r + 1);
    write_x(s, a->rd, v);
    return true;
}

bool trans_BFM(DisasContext *s, const arg_BFM *a)
{
    unsigned width = a->sf ? 64 : 32, r = a->immr, t = a->imms;
    IRRef n = read_x(s, a->rn, a->sf), d = read_x(s, a->rd, a->sf), v;

    if (t < r) /* BFI */
        v = ir_deposit(s->f, d, n, width - r, t + 1);
    else /* BFXIL */
        v = ir_deposit(s->f, d, r ? ir_shr(s->f, n, ir_i32(s->f, r)) : n, 0, t - r + 1);
    write_x(s, a->rd, v);
    return true;
}

bool trans_EXTR(DisasContext *s, const arg_EXTR *a)
{
    IRRef m = read_x(s, a->rm, a->sf), v;

    if (a->imms == 0)
        v = m;
    else if (a->rn == a->rm)
        v = ir_rotr(s->f, m, ir_i32(s->f, a->imms));
    else
        v = ir_extr(s->f, m, read_x(s, a->rn, a->sf), a->imms);
    write_x(s, a->rd, v);
    return true;
}
