/* SPDX-License-Identifier: MIT */
/*
 * Ordered and atomic accesses. Atomic instructions are sequentially consistent, whatever they ask for. Exclusive accesses are in
 * translate_exclusive.c.
 */
#include "a64_decode.h"
#include "target/arm/translate_atomic.h"

/* ---- pairs ---- */
IRRef join32(DisasContext *s, IRRef first, IRRef second)
{
    IRRef lo = s->flags & BF_BIG_ENDIAN ? second : first, hi = s->flags & BF_BIG_ENDIAN ? first : second;
    return ir_or(s->f, ir_zext(s->f, IR_I64, 2, lo), ir_shl(s->f, ir_zext(s->f, IR_I64, 2, hi), ir_i32(s->f, 32)));
}

void split32(DisasContext *s, IRRef v, IRRef out[2])
{
    unsigned first = s->flags & BF_BIG_ENDIAN ? 1 : 0;
    out[first] = ir_trunc(s->f, v);
    out[first ^ 1] = ir_trunc(s->f, ir_shr(s->f, v, ir_i32(s->f, 32)));
}

IRRef join64(DisasContext *s, IRRef first, IRRef second)
{
    bool be = s->flags & BF_BIG_ENDIAN;
    return ir_vpair(s->f, be ? ir_bswap(s->f, 3, first) : first, be ? ir_bswap(s->f, 3, second) : second);
}

void split64(DisasContext *s, IRRef v, IRRef out[2])
{
    for (unsigned i = 0; i < 2; i++) {
        out[i] = ir_vgetl(s->f, IR_I64, 3, v, i, false);
        if (s->flags & BF_BIG_ENDIAN)
            out[i] = ir_bswap(s->f, 3, out[i]);
    }
}

IRRef gen_cas16(DisasContext *s, IRRef addr, IRRef expected, IRRef desired)
{
    return ir_atom_cas(s->f, IR_V128, addr, expected, desired, memop16(s));
}

/* ---- ordered ---- */
/* Load-acquire; the forms without o0 (LDLAR, STLLR) are those of limited ordering regions, treated as the full ones. */
static bool gen_load_acquire(DisasContext *s, unsigned sz, unsigned rn, unsigned rt, IRMemOp order)
{
    write_x(s, rt, ir_ld(s->f, int_type(sz == 3), read_base(s, rn), 0, atomic_memop(s, sz) | order));
    return true;
}

bool trans_LDAR(DisasContext *s, const arg_LDAR *a) { return (a->o0 || have(s, ARM_FEAT_lor)) && gen_load_acquire(s, a->sz, a->rn, a->rt, MO_ACQ); }
bool trans_LDAPR(DisasContext *s, const arg_LDAPR *a) { return gen_load_acquire(s, a->sz, a->rn, a->rt, MO_ACQ_PC); }

bool trans_STLR(DisasContext *s, const arg_STLR *a)
{
    if (!a->o0 && !have(s, ARM_FEAT_lor))
        return false;
    IRRef addr = read_base(s, a->rn);
    ir_st(s->f, addr, 0, read_x(s, a->rt, a->sz == 3), atomic_memop(s, a->sz) | MO_REL);
    return true;
}

/* ---- LSE ---- */
bool trans_CAS(DisasContext *s, const arg_CAS *a)
{
    IRType t = int_type(a->sz == 3);
    IRRef addr = read_base(s, a->rn);

    write_x(s, a->rs, ir_atom_cas(s->f, t, addr, read_x(s, a->rs, a->sz == 3), read_x(s, a->rt, a->sz == 3), atomic_memop(s, a->sz)));
    return true;
}

bool trans_CASP(DisasContext *s, const arg_CASP *a)
{
    if ((a->rs | a->rt) & 1)
        return false;
    IRRef addr = read_base(s, a->rn), out[2];
    IRRef c0 = read_x(s, a->rs, a->sz), c1 = read_x(s, a->rs + 1, a->sz), n0 = read_x(s, a->rt, a->sz), n1 = read_x(s, a->rt + 1, a->sz);

    if (a->sz)
        split64(s, gen_cas16(s, addr, join64(s, c0, c1), join64(s, n0, n1)), out);
    else
        split32(s, ir_atom_cas(s->f, IR_I64, addr, join32(s, c0, c1), join32(s, n0, n1), atomic_memop(s, 3)), out);
    write_x(s, a->rs, out[0]);
    write_x(s, a->rs + 1, out[1]);
    return true;
}

static bool gen_rmw(DisasContext *s, IRAtomic op, unsigned sz, unsigned rs, unsigned rn, unsigned rt)
{
    IRType t = int_type(sz == 3);
    IRRef addr = read_base(s, rn);

    write_x(s, rt, ir_atom_rmw(s->f, t, op, addr, read_x(s, rs, sz == 3), atomic_memop(s, sz)));
    return true;
}

#define TRANS_RMW(name, op) \
    bool trans_##name(DisasContext *s, const arg_##name *a) { return gen_rmw(s, op, a->sz, a->rs, a->rn, a->rt); }
TRANS_RMW(LDADD, IR_AT_ADD)
TRANS_RMW(LDCLR, IR_AT_ANDN)
TRANS_RMW(LDEOR, IR_AT_XOR)
TRANS_RMW(LDSET, IR_AT_OR)
TRANS_RMW(LDSMAX, IR_AT_SMAX)
TRANS_RMW(LDSMIN, IR_AT_SMIN)
TRANS_RMW(LDUMAX, IR_AT_UMAX)
TRANS_RMW(LDUMIN, IR_AT_UMIN)
TRANS_RMW(SWP, IR_AT_XCHG)
