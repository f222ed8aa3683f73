/* SPDX-License-Identifier: MIT */
/*
 * Exclusive, ordered and atomic accesses.
 *
 * The exclusive monitor is an address and the value read there; a store-exclusive is a compare and swap against that value.
 * It therefore succeeds when another observer has changed the location and changed it back (ABA), which the architecture
 * does not allow: a known limit, to be lifted by tracking stores to monitored pages. The address is the virtual one. A monitor set
 * by an access of another size is not told apart, which is CONSTRAINED UNPREDICTABLE.
 *
 * A store-exclusive that finds the monitor elsewhere leaves the block with its status set; the status register gets its old
 * value back before the access, which may fault. Atomic instructions and store-exclusives are sequentially consistent,
 * whatever they ask for.
 */
#include "a64_decode.h"
#include "target/arm/helper_a64.h"

static void set_exclusive_addr(DisasContext *s, IRRef addr) { ir_stenv(s->f, ENV_OFFSET(exclusive_addr), 3, addr); }

static IRMemOp atomic_memop(const DisasContext *s, unsigned size) { return with_align(a64_data_memop(s, size, false), size); }

/* ---- load-exclusive ---- */
bool trans_LDXR(DisasContext *s, const arg_LDXR *a)
{
    IRRef addr = read_base(s, a->rn);
    IRRef v = ir_ld(s->f, int_type(a->sz == 3), addr, 0, atomic_memop(s, a->sz) | (a->o0 ? MO_ACQ : 0));

    ir_stenv(s->f, ENV_OFFSET(exclusive_val), 3, a->sz == 3 ? v : ir_zext(s->f, IR_I64, 2, v));
    set_exclusive_addr(s, addr);
    write_x(s, a->rt, v);
    return true;
}

/* Two registers in one atomic value: the first is at the lower address, which is the high half of big-endian data. */
static IRRef join32(DisasContext *s, IRRef first, IRRef second)
{
    IRRef lo = s->flags & BF_BIG_ENDIAN ? second : first, hi = s->flags & BF_BIG_ENDIAN ? first : second;
    return ir_or(s->f, ir_zext(s->f, IR_I64, 2, lo), ir_shl(s->f, ir_zext(s->f, IR_I64, 2, hi), ir_i32(s->f, 32)));
}

static void split32(DisasContext *s, IRRef v, IRRef out[2])
{
    unsigned first = s->flags & BF_BIG_ENDIAN ? 1 : 0;
    out[first] = ir_trunc(s->f, v);
    out[first ^ 1] = ir_trunc(s->f, ir_shr(s->f, v, ir_i32(s->f, 32)));
}

/* 16-byte values are in memory's order of bytes; each half is swapped for big-endian data. */
static IRRef join64(DisasContext *s, IRRef first, IRRef second)
{
    bool be = s->flags & BF_BIG_ENDIAN;
    return ir_vpair(s->f, be ? ir_bswap(s->f, 3, first) : first, be ? ir_bswap(s->f, 3, second) : second);
}

static void split64(DisasContext *s, IRRef v, IRRef out[2])
{
    for (unsigned i = 0; i < 2; i++) {
        out[i] = ir_vgetl(s->f, IR_I64, 3, v, i, false);
        if (s->flags & BF_BIG_ENDIAN)
            out[i] = ir_bswap(s->f, 3, out[i]);
    }
}

static IRMemOp memop16(const DisasContext *s) { return (atomic_memop(s, 4) & ~MO_BSWAP) | MO_ATOM16; }

bool trans_LDXP(DisasContext *s, const arg_LDXP *a)
{
    IRRef addr = read_base(s, a->rn), out[2];
    uint32_t acq = a->o0 ? MO_ACQ : 0;

    if (a->sz) {
        IRRef v = ir_ld(s->f, IR_V128, addr, 0, memop16(s) | acq);
        ir_stenv(s->f, ENV_OFFSET(exclusive_val), 3, ir_vgetl(s->f, IR_I64, 3, v, 0, false));
        ir_stenv(s->f, ENV_OFFSET(exclusive_high), 3, ir_vgetl(s->f, IR_I64, 3, v, 1, false));
        split64(s, v, out);
    } else {
        IRRef v = ir_ld(s->f, IR_I64, addr, 0, atomic_memop(s, 3) | acq);
        ir_stenv(s->f, ENV_OFFSET(exclusive_val), 3, v);
        split32(s, v, out);
    }
    set_exclusive_addr(s, addr);
    write_x(s, a->rt, out[0]);
    write_x(s, a->rt2, out[1]);
    return true;
}

/* ---- store-exclusive ---- */
/* Goes on only when the monitor covers addr; else Ws = 1. The monitor is open afterwards either way. */
static void check_monitor(DisasContext *s, IRRef addr, unsigned rs)
{
    IRRef monitor = ir_ldenv(s->f, IR_I64, ENV_OFFSET(exclusive_addr), 3, false), old = read_x(s, rs, true);

    set_exclusive_addr(s, ir_i64(s->f, ~0ull));
    write_x(s, rs, ir_i32(s->f, 1));
    ir_br(s->f, IR_NE, monitor, addr,
          ir_add_exit(s->f, (IRExit){ .kind = IR_EXIT_CHAIN, .pc = s->pc + 4, .flags = next_flags(s) }));
    write_x(s, rs, old);
}

bool trans_STXR(DisasContext *s, const arg_STXR *a)
{
    IRType t = int_type(a->sz == 3);
    IRRef addr = read_base(s, a->rn), v = read_x(s, a->rt, a->sz == 3);

    check_monitor(s, addr, a->rs);
    IRRef expected = ir_ldenv(s->f, t, ENV_OFFSET(exclusive_val), a->sz == 3 ? 3 : 2, false);
    IRRef old = ir_atom_cas(s->f, t, addr, expected, v, atomic_memop(s, a->sz));
    write_x(s, a->rs, ir_setcc(s->f, IR_I32, IR_NE, old, expected));
    return true;
}

static IRRef gen_cas16(DisasContext *s, IRRef addr, IRRef expected, IRRef desired)
{
    return ir_call(s->f, &ir_helper_cas16, addr, expected, desired, ir_i32(s->f, memop16(s)));
}

/* 1 when two 16-byte values differ. */
static IRRef differ16(DisasContext *s, IRRef a, IRRef b)
{
    IRRef x = ir_vxor(s->f, a, b);
    IRRef any = ir_or(s->f, ir_vgetl(s->f, IR_I64, 3, x, 0, false), ir_vgetl(s->f, IR_I64, 3, x, 1, false));
    return ir_setcc(s->f, IR_I32, IR_NE, any, ir_i64(s->f, 0));
}

bool trans_STXP(DisasContext *s, const arg_STXP *a)
{
    IRRef addr = read_base(s, a->rn), v = read_x(s, a->rt, a->sz), w = read_x(s, a->rt2, a->sz), status;

    check_monitor(s, addr, a->rs);
    IRRef expected = ir_ldenv(s->f, IR_I64, ENV_OFFSET(exclusive_val), 3, false);
    if (a->sz) {
        expected = ir_vpair(s->f, expected, ir_ldenv(s->f, IR_I64, ENV_OFFSET(exclusive_high), 3, false));
        status = differ16(s, gen_cas16(s, addr, expected, join64(s, v, w)), expected);
    } else {
        IRRef old = ir_atom_cas(s->f, IR_I64, addr, expected, join32(s, v, w), atomic_memop(s, 3));
        status = ir_setcc(s->f, IR_I32, IR_NE, old, expected);
    }
    write_x(s, a->rs, status);
    return true;
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
