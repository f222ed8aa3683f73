/* SPDX-License-Identifier: MIT */
/* Random blocks over the made-up guest: many live values, all ops, slots put and got at every width, memory fast and slow. */
#include "tests/unit/host/fake.h"

#include "base/bits.h"

typedef struct Gen {
    IRFunc *f;
    uint64_t state;
    IRRef w[64], x[64], v[64]; /* I32, I64, V128 */
    IRRef base;                /* an address used before, for accesses near each other */
    unsigned nw, nx, nv, n_guest;
} Gen;

static uint64_t rnd(Gen *g)
{
    g->state = g->state * 6364136223846793005ull + 1442695040888963407ull;
    uint64_t z = g->state ^ g->state >> 29;
    z *= 0xbf58476d1ce4e5b9ull;
    return z ^ z >> 32;
}
static unsigned below(Gen *g, unsigned n) { return (unsigned)(rnd(g) >> 16) % n; }

static uint64_t odd_number(Gen *g)
{
    static const uint64_t nice[] = { 0, 1, 2, 0xff, 0x7fffffff, 0x80000000, 0xffffffff, 0x7fffffffffffffff, 0x8000000000000000, ~0ull,
        ~0ull - 1, 0xffffffff80000000 };
    return below(g, 2) ? nice[below(g, ARRAY_SIZE(nice))] : rnd(g) >> below(g, 64);
}

static void keep(Gen *g, IRRef r)
{
    unsigned t = ir_type(g->f, r);
    if (t == IR_I32)
        g->w[g->nw < 64 ? g->nw++ : below(g, 64)] = r;
    else if (t == IR_I64)
        g->x[g->nx < 64 ? g->nx++ : below(g, 64)] = r;
    else
        g->v[g->nv < 64 ? g->nv++ : below(g, 64)] = r;
}

/* A value: mostly a recent one. */
static IRRef pick(Gen *g, IRType t)
{
    IRRef *a = t == IR_I32 ? g->w : t == IR_I64 ? g->x : g->v;
    unsigned n = t == IR_I32 ? g->nw : t == IR_I64 ? g->nx : g->nv;
    if (t != IR_V128 && below(g, 6) == 0)
        return ir_int(g->f, t, t == IR_I32 ? (uint32_t)odd_number(g) : odd_number(g));
    return below(g, 3) ? a[n - 1 - below(g, n < 8 ? n : 8)] : a[below(g, n)];
}

static IRType int_type(Gen *g) { return below(g, 2) ? IR_I64 : IR_I32; }
static IRCond cond_pair(Gen *g)
{
    IRCond c = below(g, 12);
    return c >= 10 ? IR_TSTNE + (c & 1) : c;
}
static IRCond cond_fl(Gen *g)
{
    IRCond c = below(g, 16);
    return c >= 14 ? IR_PE + (c & 1) : c;
}

static void gen_get(Gen *g)
{
    unsigned s = below(g, FAKE_NB_SLOTS);
    if (s == FAKE_FLAGS) /* only the bits that matter, so that the reference agrees */
        keep(g, ir_and(g->f, ir_get(g->f, IR_I32, s), ir_i32(g->f, IR_FL_ALL)));
    else if (s < FAKE_FLAGS)
        keep(g, ir_get(g->f, int_type(g), s));
    else if (below(g, 4) == 0)
        keep(g, ir_fbits(g->f, ir_get(g->f, below(g, 2) ? IR_F64 : IR_F32, s)));
    else
        keep(g, ir_get(g->f, IR_V128, s));
}

static IRRef gen_flags(Gen *g)
{
    IRFunc *f = g->f;
    IRType t = int_type(g);
    IRRef a = pick(g, t), b = pick(g, t);
    if (below(g, 4) == 0) {
        static const IROp ops[] = { IR_fl_add, IR_fl_sub, IR_fl_and, IR_fl_adc, IR_fl_sbb };
        unsigned n = below(g, 5);
        return ir_fl_sized(f, ops[n], 1 + below(g, 2), a, b, n > 2 ? ir_and(f, pick(g, IR_I32), ir_i32(f, 1)) : IR_NONE);
    }
    switch (below(g, 6)) {
    case 0: return ir_fl_add(f, a, b, below(g, 2));
    case 1:
        if (below(g, 2))
            keep(g, ir_sub(f, a, b));
        return ir_fl_sub(f, a, b, below(g, 2));
    case 2: return ir_fl_and(f, a, b, below(g, 2));
    case 3: return ir_fl_adc(f, a, b, ir_and(f, pick(g, IR_I32), ir_i32(f, 1)), below(g, 2));
    case 4: return ir_fl_sbb(f, a, b, ir_and(f, pick(g, IR_I32), ir_i32(f, 1)), below(g, 2));
    default: return ir_fl_sub(f, a, b, 0);
    }
}

static void gen_put(Gen *g)
{
    unsigned s = below(g, FAKE_NB_SLOTS);
    if (s == FAKE_FLAGS)
        ir_put(g->f, s, gen_flags(g));
    else if (s < FAKE_FLAGS)
        ir_put(g->f, s, pick(g, int_type(g)));
    else if (below(g, 4) == 0)
        ir_put(g->f, s, ir_bitsf(g->f, pick(g, int_type(g))));
    else if (below(g, 4) == 0)
        ir_put(g->f, s, ir_vlow(g->f, below(g, 2) ? IR_F32 : IR_F64, pick(g, IR_V128)));
    else
        ir_put(g->f, s, pick(g, IR_V128));
}

static void gen_int(Gen *g)
{
    IRFunc *f = g->f;
    IRType t = int_type(g);
    unsigned width = t == IR_I64 ? 64 : 32, lsb = below(g, width), len = 1 + below(g, width - lsb);
    IRRef a = pick(g, t), b = pick(g, t), n = below(g, 2) ? pick(g, int_type(g)) : ir_i32(f, below(g, 64)), r;
    switch (below(g, 40)) {
    case 0: case 1: case 2: r = ir_add(f, a, b); break;
    case 3: case 4: r = ir_sub(f, a, b); break;
    case 5: r = ir_mul(f, a, b); break;
    case 6: r = ir_mulhs(f, a, b); break;
    case 7: r = ir_mulhu(f, a, b); break;
    case 8: r = ir_divs(f, a, b); break;
    case 9: r = ir_divu(f, a, b); break;
    case 10: r = ir_and(f, a, b); break;
    case 11: r = ir_or(f, a, b); break;
    case 12: r = ir_xor(f, a, b); break;
    case 13: r = ir_andn(f, a, b); break;
    case 14: r = ir_orn(f, a, b); break;
    case 15: r = ir_eqv(f, a, b); break;
    case 16: r = ir_not(f, a); break;
    case 17: r = ir_neg(f, a); break;
    case 18: r = ir_shl(f, a, n); break;
    case 19: r = ir_shr(f, a, n); break;
    case 20: r = ir_sar(f, a, n); break;
    case 21: r = ir_rotr(f, a, n); break;
    case 22: r = ir_extr(f, a, b, below(g, width)); break;
    case 23: r = ir_clz(f, a); break;
    case 24: r = ir_ctz(f, a); break;
    case 25: r = ir_popcnt(f, a); break;
    case 26: r = ir_rbit(f, a); break;
    case 27: r = ir_bswap(f, 1 + below(g, t == IR_I64 ? 3 : 2), a); break;
    case 28: r = ir_sext(f, t, below(g, 3), pick(g, int_type(g))); break;
    case 29: r = ir_zext(f, t, below(g, 3), pick(g, int_type(g))); break;
    case 30: r = ir_trunc(f, pick(g, IR_I64)); break;
    case 31: r = ir_extract(f, a, lsb, len); break;
    case 32: r = ir_sextract(f, a, lsb, len); break;
    case 33: r = ir_deposit(f, a, b, lsb, len); break;
    case 34: r = ir_setcc(f, int_type(g), cond_pair(g), a, b); break;
    case 35: r = ir_select(f, cond_pair(g), a, b, pick(g, t), pick(g, t)); break;
    case 36: r = ir_fl_cc(f, t, cond_fl(g), gen_flags(g)); break;
    case 37: r = ir_fl_select(f, cond_fl(g), gen_flags(g), a, b); break;
    case 38: r = ir_adc(f, a, b, ir_and(f, pick(g, IR_I32), ir_i32(f, 1))); break;
    default: r = ir_mov(f, a); break;
    }
    keep(g, r);
}

/* Scalars out of vectors and back, cold paths included. */
static void gen_fp(Gen *g)
{
    IRFunc *f = g->f;
    IRType t = below(g, 2) ? IR_F64 : IR_F32;
    IRRef a = ir_vlow(f, t, pick(g, IR_V128)), b = ir_vlow(f, t, pick(g, IR_V128));
    switch (below(g, 4)) {
    case 0: keep(g, ir_vfromf(f, ir_fadd(f, a, b))); break;
    case 1: keep(g, ir_vfromf(f, ir_fmul(f, a, ir_fneg(f, b)))); break;
    case 2: keep(g, ir_fbits(f, ir_fadd(f, ir_fabs(f, a), b))); break;
    default: {
        IRRef fl = ir_fl_fcmp(f, a, b, false);
        ir_put(f, FAKE_FLAGS, fl);
        keep(g, ir_fl_cc(f, int_type(g), cond_fl(g), fl));
        break;
    }
    }
}

static void gen_vec(Gen *g)
{
    IRFunc *f = g->f;
    IRRef a = pick(g, IR_V128), b = pick(g, IR_V128), c = pick(g, IR_V128), r;
    unsigned sz = below(g, 4), lanes = 16 >> sz;
    static const uint16_t lane_bin[] = { IR_vadd, IR_vsub, IR_vceq, IR_vcgt, IR_vcge, IR_vchi, IR_vchs, IR_vsmin, IR_vsmax, IR_vumin,
        IR_vumax,
        IR_vuabd, IR_vsabd, IR_vpadd, IR_vzip1, IR_vzip2, IR_vuzp1, IR_vuzp2, IR_vtrn1, IR_vtrn2 };
    if (below(g, 8) == 0) {
        unsigned id = below(g, IR_NB_VX);
        if (!ir_vx_info[id].fp)
            keep(g, ir_vx(f, id, a, b, c, ir_vx_info[id].imm ? below(g, 256) : 0));
        return;
    }
    switch (below(g, 27)) {
    case 0: r = ir_vconst(f, odd_number(g)); break;
    case 1: r = ir_vpair(f, pick(g, IR_I64), pick(g, IR_I64)); break;
    case 2: r = ir_vzlow(f, a); break;
    case 3: r = ir_vand(f, a, b); break;
    case 4: r = ir_vor(f, a, b); break;
    case 5: r = ir_vxor(f, a, b); break;
    case 6: r = ir_vandn(f, a, b); break;
    case 7: r = ir_vorn(f, a, b); break;
    case 8: r = ir_vnot(f, a); break;
    case 9: r = ir_vbsl(f, a, b, c); break;
    case 10: r = ir_vmul(f, below(g, 3), a, b); break;
    case 11: r = ir_vneg(f, sz, a); break;
    case 12: r = ir_vabs(f, sz, a); break;
    case 13: r = ir_vshli(f, sz, a, below(g, 8u << sz)); break;
    case 14: r = below(g, 2) ? ir_vshri(f, sz, a, below(g, (8u << sz) + 1)) : ir_vsari(f, sz, a, below(g, (8u << sz) + 1)); break;
    case 15: r = ir_vuavg(f, below(g, 2), a, b); break;
    case 16: r = ir_vpopcnt(f, a); break;
    case 17: sz = below(g, 3); r = ir_vrev(f, sz, a, sz + 1 + below(g, 3 - sz)); break;
    case 18: r = ir_vdup(f, sz, pick(g, sz == 3 ? IR_I64 : IR_I32)); break;
    case 19: r = ir_vduplane(f, sz, a, below(g, lanes)); break;
    case 20: r = ir_vgetl(f, sz == 3 ? IR_I64 : int_type(g), sz, a, below(g, lanes), below(g, 2)); break;
    case 21: r = ir_vinsl(f, sz, a, below(g, lanes), pick(g, sz == 3 ? IR_I64 : IR_I32)); break;
    case 22: r = ir_vinsv(f, sz, a, below(g, lanes), b, below(g, lanes)); break;
    case 23: r = below(g, 2) ? ir_vext(f, a, b, below(g, 16)) : ir_vtbl(f, a, b); break;
    case 24: sz = below(g, 3); r = below(g, 3) == 0 ? ir_vsxtl(f, sz, a) : below(g, 2) ? ir_vuxtl(f, sz, a) : ir_vxtn(f, sz, a); break;
    case 25: r = ir_vmask(f, sz == 1 ? 0 : sz, a); break;
    default: r = ir_emit(f, lane_bin[below(g, ARRAY_SIZE(lane_bin))], IR_V128, a, b, 0, 0, sz, 0, 0); break;
    }
    keep(g, r);
}

static void gen_start(Gen *g)
{
    if (g->n_guest < TB_MAX_GUEST_INSNS) {
        ir_insn_start(g->f, 0x1000 + 4 * g->n_guest, 0);
        g->n_guest++;
    }
}

/* An address in the three pages; the second half of the room is for displacements and sizes. */
static IRRef gen_addr(Gen *g, int64_t *disp, unsigned align)
{
    IRRef off = ir_and(g->f, pick(g, IR_I64), ir_i64(g->f, 0x2e3f & ~(uint64_t)((1 << align) - 1)));
    *disp = below(g, 3) ? (int64_t)below(g, 256) << align & 0xff : 0;
    if (g->base && below(g, 2)) {
        *disp = *disp & ~(int64_t)((1 << align) - 1);
        return below(g, 2) ? g->base : ir_add(g->f, g->base, ir_i64(g->f, below(g, 4) * 16 & ~((1u << align) - 1)));
    }
    int64_t bias = below(g, 8) ? 0 : (int64_t)(rnd(g) & ~0xfffull);
    *disp -= bias;
    IRRef r = ir_add(g->f, off, ir_i64(g->f, FAKE_MEM_BASE + (uint64_t)bias));
    if (!bias && align >= 3)
        g->base = r;
    return r;
}

/* Some results are for nobody; some compare-and-swaps succeed. */
static void gen_atomic(Gen *g, IRType t, unsigned size)
{
    IRFunc *f = g->f;
    int64_t disp;
    bool wide = below(g, 5) == 0;
    IRRef a = gen_addr(g, &disp, wide ? 4 : size), r;
    a = ir_add(f, a, ir_i64(f, (uint64_t)disp));
    if (wide)
        r = ir_atom_cas(f, IR_V128, a, below(g, 2) ? ir_ld(f, IR_V128, a, 0, MO_128) : pick(g, IR_V128), pick(g, IR_V128),
                        MO_128 | MO_ATOM16 | (below(g, 8) == 0 ? MO_BSWAP : 0));
    else if (below(g, 3))
        r = ir_atom_rmw(f, t, below(g, IR_AT_UMIN + 1), a, pick(g, t), size | (below(g, 8) == 0 ? MO_BSWAP : 0));
    else
        r = ir_atom_cas(f, t, a, below(g, 2) ? ir_ld(f, t, a, 0, size) : pick(g, t), pick(g, t), size);
    if (below(g, 3))
        keep(g, r);
}

static void gen_mem(Gen *g)
{
    IRFunc *f = g->f;
    int64_t disp;
    unsigned size = below(g, 4);
    IRType t = size == 3 ? IR_I64 : int_type(g);
    IRMemOp mo = size | (below(g, 2) ? MO_SIGN : 0) | (below(g, 8) == 0 ? MO_BSWAP : 0);
    gen_start(g);
    switch (below(g, 10)) {
    case 0: case 1: case 2: {
        IRRef a = gen_addr(g, &disp, below(g, 4));
        keep(g, ir_ld(f, t, a, disp, mo));
        break;
    }
    case 3: case 4: {
        IRRef a = gen_addr(g, &disp, below(g, 4));
        ir_st(f, a, disp, pick(g, t), (mo & ~MO_SIGN) | (below(g, 8) == 0 ? MO_REL : 0));
        break;
    }
    case 5: {
        IRRef a = gen_addr(g, &disp, 0);
        keep(g, ir_ld(f, IR_V128, a, disp, MO_128));
        break;
    }
    case 6: {
        IRRef a = gen_addr(g, &disp, 0);
        ir_st(f, a, disp, pick(g, IR_V128), MO_128);
        break;
    }
    case 7: {
        IRRef a = gen_addr(g, &disp, 0);
        IRRef p = ir_ldptr(f, a, disp, MO_128);
        IRRef lo = ir_hld(f, t, p, 0, mo), hi = ir_hld(f, t, p, 8, mo);
        keep(g, lo);
        keep(g, hi);
        break;
    }
    case 8: {
        IRRef a = gen_addr(g, &disp, 0);
        ir_st2(f, a, disp, pick(g, IR_I64), pick(g, IR_I64), 2 + below(g, 2));
        break;
    }
    default:
        gen_atomic(g, t, size);
        break;
    }
}

static void gen_call(Gen *g)
{
    IRFunc *f = g->f;
    switch (below(g, 6)) {
    case 0: case 1: keep(g, ir_call(f, &fake_helper_pure, pick(g, IR_I64), pick(g, IR_I32), pick(g, IR_I64))); break;
    case 2:
        gen_start(g);
        ir_call(f, &fake_helper_reads, pick(g, IR_I64));
        break;
    case 3: keep(g, ir_call(f, &fake_helper_writes, pick(g, IR_I64), pick(g, IR_I32))); break;
    case 4: keep(g, ir_call(f, &fake_helper_vec, pick(g, IR_V128), pick(g, IR_V128), pick(g, IR_I64))); break;
    default: {
        IRRef a[6];
        for (unsigned k = 0; k < 6; k++)
            a[k] = pick(g, IR_I64);
        keep(g, ir_calln(f, &fake_helper_many, a));
        break;
    }
    }
}

static void gen_branch(Gen *g)
{
    IRFunc *f = g->f;
    if (f->n_exits >= 12)
        return;
    uint64_t pc = below(g, 2) ? f->pc + 64 + 4 * below(g, 64) : f->pc + 0x10000;
    unsigned e = ir_add_exit(f, (IRExit){ .kind = IR_EXIT_CHAIN, .pc = pc });
    IRType t = int_type(g);
    if (below(g, 2)) {
        IRRef a = pick(g, t), b = pick(g, t);
        if (below(g, 2))
            ir_put(f, FAKE_FLAGS, ir_fl_sub(f, a, b, 0));
        ir_br(f, cond_pair(g), a, b, e);
    } else {
        ir_fl_br(f, cond_fl(g), gen_flags(g), e);
    }
}

static void gen_end(Gen *g)
{
    IRFunc *f = g->f;
    static const uint8_t kinds[] = { IR_EXIT_CHAIN, IR_EXIT_CHAIN, IR_EXIT_LOOKUP, IR_EXIT_MAIN, IR_EXIT_JUMP, IR_EXIT_CALL, IR_EXIT_RET };
    uint8_t kind = kinds[below(g, ARRAY_SIZE(kinds))];
    unsigned e = ir_add_exit(f, (IRExit){ .kind = kind, .pc = f->pc + (below(g, 2) ? 0x80 : 0x123456000ull), .ret_pc = f->pc + 4,
        .is_call = below(g, 2) });
    if (kind >= IR_EXIT_JUMP)
        ir_exit_jump(f, pick(g, IR_I64), e);
    else
        ir_exit(f, e);
}

void random_ir(IRFunc *f, uint64_t seed)
{
    Gen gen = { .f = f, .state = seed * 0x9e3779b97f4a7c15ull + 1 }, *g = &gen;
    ir_reset(f, &fake_target, 0x400000, 0);
    gen_start(g);
    keep(g, ir_i32(f, 7));
    keep(g, ir_get(f, IR_I64, 0));
    keep(g, ir_get(f, IR_V128, FAKE_V0));
    unsigned n = 1 + below(g, below(g, 8) ? 60 : 400), vecs = below(g, 3) ? 0 : 8, calls = below(g, 2);
    while (n-- && !f->overflow) {
        unsigned k = below(g, 24 + vecs);
        if (k < 4)
            gen_get(g);
        else if (k < 9)
            gen_put(g);
        else if (k < 19)
            gen_int(g);
        else if (k < 22)
            gen_mem(g);
        else if (k < 23)
            gen_branch(g);
        else if (k < 24) {
            if (calls)
                gen_call(g);
        } else if (below(g, 5) == 0) {
            gen_fp(g);
        } else {
            gen_vec(g);
        }
    }
    gen_end(g);
    f->n_guest = g->n_guest;
}
