/* SPDX-License-Identifier: MIT */
/*
 * AdvSIMD structures: LD1-LD4, ST1-ST4 of multiple and of single structures, LD1R-LD4R.
 *
 * Loads make all their accesses before a register is written, so that a fault leaves none changed; stores of several accesses may leave
 * earlier ones done when a later one faults, which the architecture allows.
 */
#include "a64_decode.h"
#include "target/arm/ldst.h"

/* Base writeback: Rm, or for 31 the number of bytes. */
static void post_index(DisasContext *s, bool p, unsigned rn, unsigned rm, IRRef base, unsigned bytes)
{
    if (!p)
        return;
    if (rm == 31)
        write_base(s, rn, base, bytes);
    else
        write_xsp(s, rn, ir_add(s->f, base, read_x(s, rm, true)));
}

static unsigned reg(unsigned rt, unsigned i) { return (rt + i) & 31; }

/* ---- multiple structures ---- */
/* LD1, ST1: whole registers in a row. Big-endian elements are swapped within a byte-ordered load. */
static IRRef order_elements(DisasContext *s, IRRef v, unsigned size)
{
    if (!(s->flags & BF_BIG_ENDIAN) || size == 0)
        return v;
    return ir_vrev(s->f, 0, v, size);
}

/* The access of whole registers is of bytes, aligned as an element. */
static IRMemOp bytes_memop(DisasContext *s, unsigned log2_bytes, unsigned size)
{
    IRMemOp mo = a64_data_memop(s, log2_bytes, false) & ~MO_BSWAP;
    return with_align(mo, s->flags & BF_ALIGN ? size : 0);
}

static void load_whole(DisasContext *s, IRRef base, unsigned n, bool q, unsigned size, IRRef out[4])
{
    for (unsigned i = 0; i < n; i++) {
        IRRef v = ir_ld(s->f, q ? IR_V128 : IR_F64, base, (int64_t)i * (q ? 16 : 8), bytes_memop(s, q ? 4 : 3, size));
        out[i] = order_elements(s, q ? v : ir_vfromf(s->f, v), size);
    }
}

static void store_whole(DisasContext *s, IRRef base, unsigned n, bool q, unsigned size, unsigned rt)
{
    for (unsigned i = 0; i < n; i++) {
        IRRef v = order_elements(s, read_v(s, reg(rt, i)), size);
        ir_st(s->f, base, (int64_t)i * (q ? 16 : 8), q ? v : ir_vgetl(s->f, IR_I64, 3, v, 0, false), bytes_memop(s, q ? 4 : 3, size));
    }
}

/* Two registers' worth of pairs to two vectors, and back, on full width. */
static void load_ld2_q(DisasContext *s, IRRef base, unsigned size, IRRef out[4])
{
    IRRef v[4];
    load_whole(s, base, 2, true, size, v);
    out[0] = ir_vuzp1(s->f, size, v[0], v[1]);
    out[1] = ir_vuzp2(s->f, size, v[0], v[1]);
}

/* Element e of register i lies at (e * selem + i) << size. */
static void load_elements(DisasContext *s, IRRef base, unsigned selem, bool q, unsigned size, IRRef out[4])
{
    unsigned elements = (q ? 16u : 8u) >> size;
    IRMemOp mo = a64_data_memop(s, size, false);

    for (unsigned i = 0; i < selem; i++)
        out[i] = ir_vconst(s->f, 0);
    for (unsigned e = 0; e < elements; e++) {
        for (unsigned i = 0; i < selem; i++) {
            IRRef x = ir_ld(s->f, size == 3 ? IR_I64 : IR_I32, base, (int64_t)(e * selem + i) << size, mo);
            out[i] = ir_vinsl(s->f, size, out[i], e, x);
        }
    }
}

static void store_elements(DisasContext *s, IRRef base, unsigned selem, bool q, unsigned size, unsigned rt)
{
    unsigned elements = (q ? 16u : 8u) >> size;
    IRMemOp mo = a64_data_memop(s, size, false);
    IRRef v[4];

    for (unsigned i = 0; i < selem; i++)
        v[i] = read_v(s, reg(rt, i));
    for (unsigned e = 0; e < elements; e++) {
        for (unsigned i = 0; i < selem; i++) {
            IRRef x = ir_vgetl(s->f, size == 3 ? IR_I64 : IR_I32, size, v[i], e, false);
            ir_st(s->f, base, (int64_t)(e * selem + i) << size, x, mo);
        }
    }
}

static void store_st2_q(DisasContext *s, IRRef base, unsigned size, unsigned rt)
{
    IRRef a = read_v(s, rt), b = read_v(s, reg(rt, 1));
    IRRef v[2] = { ir_vzip1(s->f, size, a, b), ir_vzip2(s->f, size, a, b) };

    for (unsigned i = 0; i < 2; i++)
        ir_st(s->f, base, 16 * i, order_elements(s, v[i], size), bytes_memop(s, 4, size));
}

/* opcode: registers in all, and elements of a structure. */
static bool multiple_form(unsigned opcode, unsigned *n, unsigned *selem)
{
    static const struct { uint8_t n, selem; } forms[16] = {
        [0] = { 4, 4 }, [2] = { 4, 1 }, [4] = { 3, 3 }, [6] = { 3, 1 }, [7] = { 1, 1 }, [8] = { 2, 2 }, [10] = { 2, 1 },
    };
    *n = forms[opcode].n;
    *selem = forms[opcode].selem;
    return *n != 0;
}

bool trans_LD_multiple(DisasContext *s, const arg_LD_multiple *a)
{
    unsigned n, selem;
    IRRef v[4];

    if (!multiple_form(a->opcode, &n, &selem) || (selem > 1 && a->size == 3 && !a->q))
        return false;
    if (!fp_access_check(s))
        return true;
    IRRef base = read_base(s, a->rn);
    if (!a->l) {
        if (selem == 1)
            store_whole(s, base, n, a->q, a->size, a->rt);
        else if (selem == 2 && a->q)
            store_st2_q(s, base, a->size, a->rt);
        else
            store_elements(s, base, selem, a->q, a->size, a->rt);
    } else if (selem == 1) {
        load_whole(s, base, n, a->q, a->size, v);
    } else if (selem == 2 && a->q) {
        load_ld2_q(s, base, a->size, v);
    } else {
        load_elements(s, base, selem, a->q, a->size, v);
    }
    post_index(s, a->p, a->rn, a->rm, base, n * (a->q ? 16 : 8));
    for (unsigned i = 0; a->l && i < n; i++)
        write_v(s, reg(a->rt, i), v[i]);
    return true;
}

/* ---- single structures ---- */
/* Element size and lane index from opcode<2:1>, Q, S and size; false: reserved. */
static bool single_form(const arg_LD_single *a, unsigned *size, unsigned *lane)
{
    unsigned bits = (unsigned)a->q << 3 | (unsigned)a->s << 2 | (unsigned)a->size;

    *size = a->opcode >> 1;
    *lane = bits;
    switch (*size) {
    case 0:
        return true;
    case 1:
        *lane = bits >> 1;
        return !(a->size & 1);
    case 2:
        if (a->size & 2)
            return false;
        if (a->size & 1) {
            if (a->s)
                return false;
            *size = 3;
            *lane = a->q;
        } else {
            *lane = bits >> 2;
        }
        return true;
    default:
        return false;
    }
}

static void load_replicate(DisasContext *s, const arg_LD_single *a, unsigned selem)
{
    IRRef base = read_base(s, a->rn), v[4];

    for (unsigned i = 0; i < selem; i++)
        v[i] = ir_ld(s->f, a->size == 3 ? IR_I64 : IR_I32, base, (int64_t)i << a->size, a64_data_memop(s, a->size, false));
    post_index(s, a->p, a->rn, a->rm, base, selem << a->size);
    for (unsigned i = 0; i < selem; i++)
        write_vq(s, reg(a->rt, i), ir_vdup(s->f, a->size, v[i]), a->q);
}

bool trans_LD_single(DisasContext *s, const arg_LD_single *a)
{
    unsigned selem = ((unsigned)a->opcode & 1) * 2 + (unsigned)a->r + 1, size, lane;
    IRRef v[4];

    if (a->opcode >= 6) {
        if (!a->l || a->s)
            return false;
        if (fp_access_check(s))
            load_replicate(s, a, selem);
        return true;
    }
    if (!single_form(a, &size, &lane))
        return false;
    if (!fp_access_check(s))
        return true;
    IRRef base = read_base(s, a->rn);
    IRMemOp mo = a64_data_memop(s, size, false);
    IRType t = size == 3 ? IR_I64 : IR_I32;
    for (unsigned i = 0; i < selem; i++) {
        if (a->l)
            v[i] = ir_ld(s->f, t, base, (int64_t)i << size, mo);
        else
            ir_st(s->f, base, (int64_t)i << size, ir_vgetl(s->f, t, size, read_v(s, reg(a->rt, i)), lane, false), mo);
    }
    post_index(s, a->p, a->rn, a->rm, base, selem << size);
    for (unsigned i = 0; a->l && i < selem; i++)
        write_v(s, reg(a->rt, i), ir_vinsl(s->f, size, read_v(s, reg(a->rt, i)), lane, v[i]));
    return true;
}
