/* SPDX-License-Identifier: MIT */
/*
 * What the vector operations mean, lane by lane in C: the reference for the interpreter, for back ends without an instruction
 * for an op, and for tests. Plain rather than fast. The result may be the same object as an argument.
 */
#include <string.h>

#include "accel/ir/ir.h"
#include "base/bits.h"

static uint64_t lane_get(const V128 *v, unsigned sz, unsigned i)
{
    switch (sz) {
    case 0: return v->u8[i];
    case 1: return v->u16[i];
    case 2: return v->u32[i];
    default: return v->u64[i];
    }
}

static void lane_set(V128 *v, unsigned sz, unsigned i, uint64_t x)
{
    switch (sz) {
    case 0: v->u8[i] = x; break;
    case 1: v->u16[i] = x; break;
    case 2: v->u32[i] = x; break;
    default: v->u64[i] = x; break;
    }
}

static int64_t lane_sext(unsigned sz, uint64_t x) { return sextract64(x, 0, 8u << sz); }

/* One lane of a two-argument op; a and b zero-extended. */
static uint64_t lane_binary(IROp op, unsigned sz, uint64_t a, uint64_t b)
{
    int64_t sa = lane_sext(sz, a), sb = lane_sext(sz, b);
    switch (op) {
    case IR_vadd: return a + b;
    case IR_vsub: return a - b;
    case IR_vmul: return a * b;
    case IR_vceq: return -(uint64_t)(a == b);
    case IR_vcgt: return -(uint64_t)(sa > sb);
    case IR_vcge: return -(uint64_t)(sa >= sb);
    case IR_vchi: return -(uint64_t)(a > b);
    case IR_vchs: return -(uint64_t)(a >= b);
    case IR_vsmin: return sa < sb ? a : b;
    case IR_vsmax: return sa > sb ? a : b;
    case IR_vumin: return a < b ? a : b;
    case IR_vumax: return a > b ? a : b;
    case IR_vuavg: return (a + b + 1) >> 1;
    case IR_vuabd: return a > b ? a - b : b - a;
    default: return sa > sb ? a - b : b - a; /* vsabd */
    }
}

static uint64_t lane_unary(const IRInsn *insn, uint64_t a)
{
    unsigned sz = insn->sz, width = 8u << sz;
    int64_t sa = lane_sext(sz, a);
    switch (insn->op) {
    case IR_vneg: return -a;
    case IR_vabs: return sa < 0 ? -a : a;
    case IR_vshli: return a << insn->imm;
    case IR_vshri: return insn->imm < width ? a >> insn->imm : 0;
    default: return (uint64_t)(sa >> MIN_OF(insn->imm, width - 1)); /* vsari */
    }
}

/* Which lane of which argument lands in lane i of a permutation: lanes 0..n-1 are a's, n..2n-1 are b's. */
static unsigned permutation(IROp op, unsigned n, unsigned i)
{
    switch (op) {
    case IR_vzip1: return i / 2 + (i & 1) * n;
    case IR_vzip2: return n / 2 + i / 2 + (i & 1) * n;
    case IR_vuzp1: return 2 * i;
    case IR_vuzp2: return 2 * i + 1;
    case IR_vtrn1: return (i & ~1u) + (i & 1) * n;
    default: return (i | 1u) + (i & 1) * n; /* vtrn2 */
    }
}

static V128 permute(const IRInsn *insn, const V128 *a, const V128 *b)
{
    unsigned n = 16u >> insn->sz;
    V128 r;
    for (unsigned i = 0; i < n; i++) {
        unsigned from = permutation(insn->op, n, i);
        lane_set(&r, insn->sz, i, lane_get(from < n ? a : b, insn->sz, from & (n - 1)));
    }
    return r;
}

static V128 pairwise_add(unsigned sz, const V128 *a, const V128 *b)
{
    unsigned n = 16u >> sz;
    V128 r;
    for (unsigned i = 0; i < n; i++) {
        const V128 *v = i < n / 2 ? a : b;
        unsigned j = 2 * i & (n - 1);
        lane_set(&r, sz, i, lane_get(v, sz, j) + lane_get(v, sz, j + 1));
    }
    return r;
}

/* Ops on bytes or on the whole. */
static V128 eval_bytes(const IRInsn *insn, const V128 *a, const V128 *b, const V128 *c)
{
    V128 r;
    uint8_t both[32];
    switch (insn->op) {
    case IR_vext:
        memcpy(both, a, 16);
        memcpy(both + 16, b, 16);
        memcpy(&r, both + (insn->imm & 15), 16);
        break;
    case IR_vtbl:
        for (unsigned i = 0; i < 16; i++)
            r.u8[i] = b->u8[i] < 16 ? a->u8[b->u8[i]] : 0;
        break;
    case IR_vpopcnt:
        for (unsigned i = 0; i < 16; i++)
            r.u8[i] = __builtin_popcount(a->u8[i]);
        break;
    case IR_vrev: {
        unsigned flip = (1u << (insn->imm - insn->sz)) - 1;
        for (unsigned i = 0; i < 16u >> insn->sz; i++)
            lane_set(&r, insn->sz, i, lane_get(a, insn->sz, i ^ flip));
        break;
    }
    default: /* vbsl */
        for (unsigned i = 0; i < 2; i++)
            r.u64[i] = (a->u64[i] & b->u64[i]) | (~a->u64[i] & c->u64[i]);
        break;
    }
    return r;
}

static uint64_t half_logic(IROp op, uint64_t a, uint64_t b)
{
    switch (op) {
    case IR_vand: return a & b;
    case IR_vor: return a | b;
    case IR_vxor: return a ^ b;
    case IR_vandn: return a & ~b;
    default: return a | ~b; /* vorn */
    }
}

/* Widening and narrowing. */
static V128 resize(const IRInsn *insn, const V128 *a)
{
    V128 r = { .u64 = { 0, 0 } };
    unsigned sz = insn->sz;
    for (unsigned i = 0; i < 8u >> sz; i++) {
        if (insn->op == IR_vxtn)
            lane_set(&r, sz, i, lane_get(a, sz + 1, i));
        else
            lane_set(&r, sz + 1, i, insn->op == IR_vsxtl ? (uint64_t)lane_sext(sz, lane_get(a, sz, i)) : lane_get(a, sz, i));
    }
    return r;
}

static V128 eval_moves(const IRInsn *insn, const V128 *a, const V128 *b, uint64_t x, uint64_t y)
{
    V128 r = { .u64 = { x, 0 } }; /* vfromf */
    unsigned sz = insn->sz;
    switch (insn->op) {
    case IR_vconst: r.u64[0] = r.u64[1] = insn->imm; break;
    case IR_vpair: r.u64[1] = y; break;
    case IR_vzlow: r.u64[0] = a->u64[0]; break;
    case IR_vdup: case IR_vduplane:
        for (unsigned i = 0; i < 16u >> sz; i++)
            lane_set(&r, sz, i, insn->op == IR_vdup ? x : lane_get(a, sz, insn->imm));
        break;
    case IR_vinsl:
        r = *a;
        lane_set(&r, sz, insn->imm, x);
        break;
    case IR_vinsv:
        r = *a;
        lane_set(&r, sz, insn->imm & 0xff, lane_get(b, sz, insn->imm >> 8 & 0xff));
        break;
    default: break;
    }
    return r;
}

uint64_t ir_eval_vec(const IRInsn *insn, V128 *d, const V128 *a, const V128 *b, const V128 *c, uint64_t x, uint64_t y)
{
    V128 r;
    unsigned sz = insn->sz;

    switch (insn->op) {
    case IR_vgetl: {
        uint64_t v = lane_get(a, sz, insn->imm);
        v = insn->aux & 1 ? (uint64_t)lane_sext(sz, v) : v;
        return insn->type == IR_I32 ? (uint32_t)v : v;
    }
    case IR_vmask: {
        uint64_t mask = 0;
        for (unsigned i = 0; i < 16u >> sz; i++)
            mask |= (lane_get(a, sz, i) >> ((8u << sz) - 1) & 1) << i;
        return mask;
    }
    case IR_vlow:
        return insn->type == IR_F32 ? a->u32[0] : a->u64[0];
    case IR_vconst: case IR_vpair: case IR_vzlow: case IR_vfromf: case IR_vdup: case IR_vduplane: case IR_vinsl: case IR_vinsv:
        r = eval_moves(insn, a, b, x, y);
        break;
    case IR_vand: case IR_vor: case IR_vxor: case IR_vandn: case IR_vorn:
        for (unsigned i = 0; i < 2; i++)
            r.u64[i] = half_logic(insn->op, a->u64[i], b->u64[i]);
        break;
    case IR_vnot:
        r = (V128){ .u64 = { ~a->u64[0], ~a->u64[1] } };
        break;
    case IR_vneg: case IR_vabs: case IR_vshli: case IR_vshri: case IR_vsari:
        for (unsigned i = 0; i < 16u >> sz; i++)
            lane_set(&r, sz, i, lane_unary(insn, lane_get(a, sz, i)));
        break;
    case IR_vpadd:
        r = pairwise_add(sz, a, b);
        break;
    case IR_vzip1: case IR_vzip2: case IR_vuzp1: case IR_vuzp2: case IR_vtrn1: case IR_vtrn2:
        r = permute(insn, a, b);
        break;
    case IR_vsxtl: case IR_vuxtl: case IR_vxtn:
        r = resize(insn, a);
        break;
    case IR_vext: case IR_vtbl: case IR_vpopcnt: case IR_vrev: case IR_vbsl:
        r = eval_bytes(insn, a, b, c);
        break;
    default:
        for (unsigned i = 0; i < 16u >> sz; i++)
            lane_set(&r, sz, i, lane_binary(insn->op, sz, lane_get(a, sz, i), lane_get(b, sz, i)));
        break;
    }
    *d = r;
    return 0;
}
