/* SPDX-License-Identifier: MIT */
/*
 * LDP, LDPSW, LDNP, STP, STNP, of general and of SIMD&FP registers.
 *
 * A pair is one access: one check, one host pointer, two loads through it. Big-endian data takes two loads, and both are made
 * before a register is written. Only the parts need be aligned (SCTLR.A), not the whole. Where
 * registers coincide (CONSTRAINED UNPREDICTABLE) the base wins over Rt, and Rt over Rt2; of
 * SIMD&FP registers Rt2 wins.
 */
#include "a64_decode.h"
#include "target/arm/ldst.h"

/* The two values at addr + offset, each of 1 << size bytes. */
static void load_pair(DisasContext *s, IRType t, IRRef addr, int64_t offset, unsigned size, bool sign, IRRef out[2])
{
    IRMemOp mo = a64_data_memop(s, size, sign);

    if (mo & MO_BSWAP) {
        for (unsigned i = 0; i < 2; i++)
            out[i] = ir_ld(s->f, t, addr, offset + (int64_t)(i << size), mo);
        return;
    }
    IRRef p = ir_ldptr(s->f, addr, offset, (mo & ~(7u | MO_SIGN)) | (size + 1));
    for (unsigned i = 0; i < 2; i++)
        out[i] = ir_hld(s->f, t, p, i << size, size | (sign ? MO_SIGN : 0));
}

/* Offsets of the access and, with writeback, of the base: w as in the decode rows. */
static int64_t access_offset(int w, int64_t offset) { return w == 1 ? 0 : offset; }

bool trans_LDP(DisasContext *s, const arg_LDP *a)
{
    unsigned size = a->sf ? 3 : 2;
    int64_t offset = (int64_t)a->imm7 * (1 << size);
    IRRef base = read_base(s, a->rn), v[2];

    load_pair(s, int_type(a->sf || a->sign), base, access_offset(a->w, offset), size, a->sign, v);
    write_x(s, a->rt2, v[1]);
    write_x(s, a->rt, v[0]);
    if (a->w)
        write_base(s, a->rn, base, offset);
    return true;
}

bool trans_STP(DisasContext *s, const arg_STP *a)
{
    unsigned size = a->sf ? 3 : 2;
    int64_t offset = (int64_t)a->imm7 * (1 << size);
    IRRef base = read_base(s, a->rn);

    ir_st2(s->f, base, access_offset(a->w, offset), read_x(s, a->rt, a->sf), read_x(s, a->rt2, a->sf), a64_data_memop(s, size, false));
    if (a->w)
        write_base(s, a->rn, base, offset);
    return true;
}

/* ---- SIMD&FP: opc 0 S, 1 D, 2 Q ---- */
static void load_pair_v(DisasContext *s, IRRef addr, int64_t offset, unsigned size, IRRef out[2])
{
    static const uint8_t types[] = { [2] = IR_F32, [3] = IR_F64, [4] = IR_V128 };
    IRMemOp mo = a64_data_memop(s, size, false);

    if (mo & MO_BSWAP) {
        for (unsigned i = 0; i < 2; i++)
            out[i] = load_v(s, addr, offset + (int64_t)(i << size), size, mo);
        return;
    }
    load_pair(s, (IRType)types[size], addr, offset, size, false, out);
}

bool trans_LDP_v(DisasContext *s, const arg_LDP_v *a)
{
    unsigned size = 2 + a->opc;
    int64_t offset = (int64_t)a->imm7 * (1 << size);
    IRRef v[2];

    if (a->opc == 3)
        return false;
    if (!fp_access_check(s))
        return true;
    IRRef base = read_base(s, a->rn);
    load_pair_v(s, base, access_offset(a->w, offset), size, v);
    write_v(s, a->rt, v[0]);
    write_v(s, a->rt2, v[1]);
    if (a->w)
        write_base(s, a->rn, base, offset);
    return true;
}

static void store_pair_v(DisasContext *s, IRRef addr, int64_t offset, unsigned size, unsigned rt, unsigned rt2)
{
    static const uint8_t types[] = { [2] = IR_F32, [3] = IR_F64, [4] = IR_V128 };
    IRMemOp mo = a64_data_memop(s, size, false);

    if (mo & MO_BSWAP) {
        store_v(s, addr, offset, rt, size, mo);
        store_v(s, addr, offset + (int64_t)(1u << size), rt2, size, mo);
        return;
    }
    ir_st2(s->f, addr, offset, read_f(s, rt, (IRType)types[size]), read_f(s, rt2, (IRType)types[size]), mo);
}

bool trans_STP_v(DisasContext *s, const arg_STP_v *a)
{
    unsigned size = 2 + a->opc;
    int64_t offset = (int64_t)a->imm7 * (1 << size);

    if (a->opc == 3)
        return false;
    if (!fp_access_check(s))
        return true;
    IRRef base = read_base(s, a->rn);
    store_pair_v(s, base, access_offset(a->w, offset), size, a->rt, a->rt2);
    if (a->w)
        write_base(s, a->rn, base, offset);
    return true;
}
