/* SPDX-License-Identifier: MIT */
/*
 * Data processing with registers: logical, add and subtract, carry, multiply, divide, shifts, bit operations.
 *
 * Flags: SLOT_NZCV holds IR_FL_* with C inverted, so that SUBS is fl_sub as it is; additions and logic ask for IR_FL_INVC.
 */
#include "a64_decode.h"
#include "base/bits.h"

/* Rm shifted by a constant: LSL, LSR, ASR, ROR. */
static IRRef read_shifted(DisasContext *s, unsigned rm, bool sf, unsigned type, unsigned amount)
{
    IRRef m = read_x(s, rm, sf);

    if (amount == 0)
        return m;
    IRRef n = ir_i32(s->f, amount);
    switch (type) {
    case 0:
        return ir_shl(s->f, m, n);
    case 1:
        return ir_shr(s->f, m, n);
    case 2:
        return ir_sar(s->f, m, n);
    default:
        return ir_rotr(s->f, m, n);
    }
}

IRRef read_extended(DisasContext *s, unsigned rm, unsigned option, unsigned shift, bool sf)
{
    unsigned size = option & 3;
    IRType t = int_type(sf);
    IRRef m;

    if (size == 3 || (size == 2 && !sf))
        m = read_x(s, rm, sf);
    else if (option & 4)
        m = ir_sext(s->f, t, size, read_x(s, rm, false));
    else
        m = ir_zext(s->f, t, size, read_x(s, rm, false));
    return shift ? ir_shl(s->f, m, ir_i32(s->f, shift)) : m;
}

/* ---- logical ---- */
bool trans_AND_sh(DisasContext *s, const arg_AND_sh *a)
{
    if (!a->sf && a->imm6 > 31)
        return false;
    IRRef n = read_x(s, a->rn, a->sf), m = read_shifted(s, a->rm, a->sf, a->sh, a->imm6);
    if (!a->setflags) {
        write_x(s, a->rd, a->n ? ir_andn(s->f, n, m) : ir_and(s->f, n, m));
        return true;
    }
    if (a->n)
        m = ir_not(s->f, m);
    if (a->rd != 31)
        write_x(s, a->rd, ir_and(s->f, n, m));
    ir_put(s->f, SLOT_NZCV, ir_fl_and(s->f, n, m, IR_FL_INVC));
    return true;
}

bool trans_ORR_sh(DisasContext *s, const arg_ORR_sh *a)
{
    if (!a->sf && a->imm6 > 31)
        return false;
    IRRef m = read_shifted(s, a->rm, a->sf, a->sh, a->imm6);
    if (a->rn == 31) /* MOV, MVN */
        m = a->n ? ir_not(s->f, m) : m;
    else if (a->n)
        m = ir_orn(s->f, read_x(s, a->rn, a->sf), m);
    else
        m = ir_or(s->f, read_x(s, a->rn, a->sf), m);
    write_x(s, a->rd, m);
    return true;
}

bool trans_EOR_sh(DisasContext *s, const arg_EOR_sh *a)
{
    if (!a->sf && a->imm6 > 31)
        return false;
    IRRef n = read_x(s, a->rn, a->sf), m = read_shifted(s, a->rm, a->sf, a->sh, a->imm6);
    write_x(s, a->rd, a->n ? ir_eqv(s->f, n, m) : ir_xor(s->f, n, m));
    return true;
}

/* ---- add and subtract ---- */
static void gen_addsub(DisasContext *s, bool sub, bool setflags, unsigned rd, IRRef n, IRRef m)
{
    if (rd != 31)
        write_x(s, rd, sub ? ir_sub(s->f, n, m) : ir_add(s->f, n, m));
    if (setflags)
        ir_put(s->f, SLOT_NZCV, sub ? ir_fl_sub(s->f, n, m, 0) : ir_fl_add(s->f, n, m, IR_FL_INVC));
}

bool trans_ADD_sh(DisasContext *s, const arg_ADD_sh *a)
{
    if (a->sh == 3 || (!a->sf && a->imm6 > 31))
        return false;
    gen_addsub(s, false, a->setflags, a->rd, read_x(s, a->rn, a->sf), read_shifted(s, a->rm, a->sf, a->sh, a->imm6));
    return true;
}

bool trans_SUB_sh(DisasContext *s, const arg_SUB_sh *a)
{
    if (a->sh == 3 || (!a->sf && a->imm6 > 31))
        return false;
    IRRef m = read_shifted(s, a->rm, a->sf, a->sh, a->imm6);
    if (a->rn == 31 && !a->setflags)
        write_x(s, a->rd, ir_neg(s->f, m));
    else
        gen_addsub(s, true, a->setflags, a->rd, read_x(s, a->rn, a->sf), m);
    return true;
}

static bool gen_addsub_ext(DisasContext *s, bool sub, const arg_ADD_ext *a)
{
    if (a->imm3 > 4)
        return false;
    IRRef n = read_xsp(s, a->rn, a->sf), m = read_extended(s, a->rm, a->option, a->imm3, a->sf);
    if (a->setflags)
        gen_addsub(s, sub, true, a->rd, n, m);
    else
        write_xsp(s, a->rd, sub ? ir_sub(s->f, n, m) : ir_add(s->f, n, m));
    return true;
}

bool trans_ADD_ext(DisasContext *s, const arg_ADD_ext *a) { return gen_addsub_ext(s, false, a); }

bool trans_SUB_ext(DisasContext *s, const arg_SUB_ext *a)
{
    const arg_ADD_ext b = { .sf = a->sf, .setflags = a->setflags, .rm = a->rm, .option = a->option, .imm3 = a->imm3, .rn = a->rn, .rd = a->rd };
    return gen_addsub_ext(s, true, &b);
}

/* 1 when the slot says borrow, which is C = 0. */
static IRRef read_borrow(DisasContext *s) { return ir_fl_cc(s->f, IR_I32, IR_LTU, ir_get(s->f, IR_I32, SLOT_NZCV)); }

bool trans_ADC(DisasContext *s, const arg_ADC *a)
{
    IRRef n = read_x(s, a->rn, a->sf), m = read_x(s, a->rm, a->sf);
    IRRef c = ir_fl_cc(s->f, IR_I32, IR_GEU, ir_get(s->f, IR_I32, SLOT_NZCV));

    write_x(s, a->rd, ir_adc(s->f, n, m, c));
    if (a->setflags)
        ir_put(s->f, SLOT_NZCV, ir_fl_adc(s->f, n, m, c, IR_FL_INVC));
    return true;
}

/* n - m - borrow is n + ~m + C. */
bool trans_SBC(DisasContext *s, const arg_SBC *a)
{
    IRRef n = read_x(s, a->rn, a->sf), m = read_x(s, a->rm, a->sf);

    if (a->rd != 31) {
        IRRef c = ir_fl_cc(s->f, IR_I32, IR_GEU, ir_get(s->f, IR_I32, SLOT_NZCV));
        write_x(s, a->rd, ir_adc(s->f, n, ir_not(s->f, m), c));
    }
    if (a->setflags)
        ir_put(s->f, SLOT_NZCV, ir_fl_sbb(s->f, n, m, read_borrow(s), 0));
    return true;
}

/* ---- multiply and divide ---- */
bool trans_MADD(DisasContext *s, const arg_MADD *a)
{
    IRRef p = ir_mul(s->f, read_x(s, a->rn, a->sf), read_x(s, a->rm, a->sf));
    write_x(s, a->rd, a->ra == 31 ? p : ir_add(s->f, read_x(s, a->ra, a->sf), p));
    return true;
}

bool trans_MSUB(DisasContext *s, const arg_MSUB *a)
{
    IRRef p = ir_mul(s->f, read_x(s, a->rn, a->sf), read_x(s, a->rm, a->sf));
    write_x(s, a->rd, a->ra == 31 ? ir_neg(s->f, p) : ir_sub(s->f, read_x(s, a->ra, a->sf), p));
    return true;
}

static IRRef gen_mull(DisasContext *s, unsigned rn, unsigned rm, bool is_unsigned)
{
    IRRef n = read_x(s, rn, false), m = read_x(s, rm, false);

    if (is_unsigned)
        return ir_mul(s->f, ir_zext(s->f, IR_I64, 2, n), ir_zext(s->f, IR_I64, 2, m));
    return ir_mul(s->f, ir_sext(s->f, IR_I64, 2, n), ir_sext(s->f, IR_I64, 2, m));
}

bool trans_MADDL(DisasContext *s, const arg_MADDL *a)
{
    IRRef p = gen_mull(s, a->rn, a->rm, a->u);
    write_x(s, a->rd, a->ra == 31 ? p : ir_add(s->f, read_x(s, a->ra, true), p));
    return true;
}

bool trans_MSUBL(DisasContext *s, const arg_MSUBL *a)
{
    write_x(s, a->rd, ir_sub(s->f, read_x(s, a->ra, true), gen_mull(s, a->rn, a->rm, a->u)));
    return true;
}

bool trans_MULH(DisasContext *s, const arg_MULH *a)
{
    IRRef n = read_x(s, a->rn, true), m = read_x(s, a->rm, true);
    write_x(s, a->rd, a->u ? ir_mulhu(s->f, n, m) : ir_mulhs(s->f, n, m));
    return true;
}

#define TRANS_2SRC(name, op) \
    bool trans_##name(DisasContext *s, const arg_##name *a) \
    { \
        write_x(s, a->rd, op(s->f, read_x(s, a->rn, a->sf), read_x(s, a->rm, a->sf))); \
        return true; \
    }
TRANS_2SRC(UDIV, ir_divu)
TRANS_2SRC(SDIV, ir_divs)
TRANS_2SRC(LSLV, ir_shl)
TRANS_2SRC(LSRV, ir_shr)
TRANS_2SRC(ASRV, ir_sar)
TRANS_2SRC(RORV, ir_rotr)

/* ---- one source ---- */
bool trans_RBIT(DisasContext *s, const arg_RBIT *a)
{
    write_x(s, a->rd, ir_rbit(s->f, read_x(s, a->rn, a->sf)));
    return true;
}

bool trans_REV(DisasContext *s, const arg_REV *a)
{
    write_x(s, a->rd, ir_bswap(s->f, a->sz, read_x(s, a->rn, a->sf)));
    return true;
}

bool trans_CLZ(DisasContext *s, const arg_CLZ *a)
{
    write_x(s, a->rd, ir_clz(s->f, read_x(s, a->rn, a->sf)));
    return true;
}

/* Leading bits that equal the sign, it not counted: the zeros of (x ^ x >> 1), less the top one. */
bool trans_CLS(DisasContext *s, const arg_CLS *a)
{
    IRRef n = read_x(s, a->rn, a->sf);
    IRRef x = ir_xor(s->f, n, ir_sar(s->f, n, ir_i32(s->f, 1)));

    write_x(s, a->rd, ir_sub(s->f, ir_clz(s->f, x), ir_int(s->f, int_type(a->sf), 1)));
    return true;
}
