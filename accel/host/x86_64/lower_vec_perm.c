/* SPDX-License-Identifier: MIT */
/* Vectors: constants, moves between lanes and registers, permutations, widening and narrowing. */
#include "accel/host/x86_64/jit_internal.h"

#define PXOR (P66 | 0xef)
#define PAND (P66 | 0xdb)
#define POR (P66 | 0xeb)
#define PSHUFB (X66_38 | 0x00)
#define PSHUFD (P66 | 0x70)
#define XS XSCRATCH
#define XT XSCRATCH2

/* Eight bytes behind the code, for movddup. */
static void stub_data8(Ctx *c, Stub *s)
{
    nops(&c->a, -(uintptr_t)c->a.p & 7);
    fix32(s->jump[0], c->a.p);
    put64(&c->a, s->imm);
}

static bool vconst(Ctx *c)
{
    Asm *a = &c->a;
    uint64_t k = cur_insn(c)->imm;
    int d = def_reg(c, NOREG);
    if (k == 0) {
        v3(a, PXOR, d, d, d);
    } else if (k == ~0ull) {
        v3(a, P66 | 0x76, d, d, d);
    } else {
        Stub *s = stub_new(c, stub_data8);
        s->imm = k;
        put_op(a, PF2 | 0x12, d & 15, 0, 0); /* movddup d, [rip + data] */
        put8(a, (d & 7) << 3 | 5);
        put32(a, 0);
        s->jump[0] = a->p - 4;
    }
    return true;
}

static bool vpair(Ctx *c)
{
    uint64_t k;
    bool high_zero = value_const(c, arg_root(c, 1), &k) && k == 0;
    int lo = use_reg(c, 0), hi = high_zero ? NOREG : use_reg(c, 1);
    args_done(c);
    int d = def_reg(c, NOREG);
    ins_rr(&c->a, P66 | 0x6e | OP_W, d & 15, lo);
    if (!high_zero)
        ins_rri(&c->a, X66_3A | 0x22 | OP_W, d & 15, hi, 1); /* pinsrq */
    return true;
}

/* Lane 0 of x to all lanes of d; d may be x. */
static void broadcast(Asm *a, unsigned sz, int d, int x)
{
    static const uint8_t op[] = { 0x78, 0x79, 0x58, 0x59 };
    if (host_features.avx2) {
        vex_rrr(a, X66_38 | op[sz], d & 15, 0, x & 15);
    } else if (sz == 3) {
        ins_rri(a, PSHUFD, d & 15, x & 15, 0x44);
    } else if (sz == 2) {
        ins_rri(a, PSHUFD, d & 15, x & 15, 0);
    } else if (sz == 1) {
        ins_rri(a, PF2 | 0x70, d & 15, x & 15, 0); /* pshuflw */
        ins_rri(a, PSHUFD, d & 15, d & 15, 0);
    } else {
        if (d != x)
            movaps_rr(a, d, x);
        ins_rr(a, PXOR, XT, XT);
        ins_rr(a, PSHUFB, d & 15, XT);
    }
}

static bool vdup(Ctx *c)
{
    const IRInsn *in = cur_insn(c);
    int r = use_reg(c, 0);
    args_done(c);
    int d = def_reg(c, NOREG);
    ins_rr(&c->a, P66 | 0x6e | (in->sz == 3 ? OP_W : 0), d & 15, r);
    broadcast(&c->a, in->sz, d, d);
    return true;
}

static bool vduplane(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    unsigned lane = (unsigned)in->imm;
    int x = use_reg(c, 0);
    args_done(c);
    int d = def_reg(c, NOREG);
    if (in->sz == 3) {
        v2i(a, PSHUFD, d, x, lane ? 0xee : 0x44);
    } else if (in->sz == 2) {
        v2i(a, PSHUFD, d, x, lane * 0x55);
    } else {
        if (lane)
            vshift(a, P66 | 0x73, 3, d, x, lane << in->sz); /* psrldq */
        broadcast(a, in->sz, d, lane ? d : x);
    }
    return true;
}

static bool vgetl(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    unsigned lane = (unsigned)in->imm;
    bool sign = in->aux & 1, w = type_w(in->type);
    int x = use_reg(c, 0) & 15;
    args_done(c);
    int d = def_reg(c, NOREG);
    if (in->sz >= 2 && lane == 0)
        ins_rr(a, P66 | 0x7e | (in->sz == 3 ? OP_W : 0), x, d);
    else if (in->sz >= 2)
        ins_rri(a, X66_3A | 0x16 | (in->sz == 3 ? OP_W : 0), x, d, lane);
    else if (in->sz == 1)
        ins_rri(a, P66 | 0xc5, d, x, lane);
    else
        ins_rri(a, X66_3A | 0x14, x, d, lane);
    if (sign && (in->sz < 2 || (in->sz == 2 && w)))
        ins_rr(a, movx_op(in->sz, true, w), d, d);
    return true;
}

/* pmovmskb, movmskps, movmskpd */
static bool vmask(Ctx *c)
{
    static const uint32_t op[] = { P66 | 0xd7, 0, M_0F | 0x50, P66 | 0x50 };
    int x = use_reg(c, 0);
    args_done(c);
    ins_rr(&c->a, op[cur_insn(c)->sz], def_reg(c, NOREG), x & 15);
    return true;
}

static void insert(Asm *a, unsigned sz, int d, int r, unsigned lane)
{
    static const uint32_t op[] = { X66_3A | 0x20, P66 | 0xc4, X66_3A | 0x22, X66_3A | 0x22 | OP_W };
    ins_rri(a, op[sz], d & 15, r, lane);
}

static bool vinsl(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    int x = use_reg(c, 0), r = use_reg(c, 1);
    args_done(c);
    int d = def_reg(c, x);
    if (d != x)
        movaps_rr(a, d, x);
    insert(a, in->sz, d, r, (unsigned)in->imm);
    return true;
}

static bool vinsv(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    unsigned dst = in->imm & 0xff, src = in->imm >> 8 & 0xff;
    int x = use_reg(c, 0), y = use_reg(c, 1), t = in->sz < 2 ? tmp_int(c) : NOREG;
    args_done(c);
    int d = def_reg(c, x);
    if (in->sz == 3 && dst == 0) { /* low half from y, high from x */
        if (src)
            v2i(a, PSHUFD, XS, y, 0xee);
        else
            movaps_rr(a, XS, y);
        if (d != x)
            movaps_rr(a, d, x);
        ins_rr(a, PF2 | 0x10, d & 15, XS); /* movsd keeps the high half */
    } else if (in->sz == 3) {
        if (d != x)
            movaps_rr(a, d, x);
        if (src)
            ins_rri(a, P66 | 0xc6, d & 15, y & 15, 2); /* shufpd */
        else
            ins_rr(a, P66 | 0x6c, d & 15, y & 15);
    } else if (in->sz == 2) {
        if (d != x)
            movaps_rr(a, d, x);
        ins_rri(a, X66_3A | 0x21, d & 15, y & 15, src << 6 | dst << 4); /* insertps */
    } else {
        if (in->sz)
            ins_rri(a, P66 | 0xc5, t, y & 15, src);
        else
            ins_rri(a, X66_3A | 0x14, y & 15, t, src);
        if (d != x)
            movaps_rr(a, d, x);
        insert(a, in->sz, d, t, dst);
    }
    return true;
}

/* ---- two vectors to one ---- */
/* Even or odd lanes of both. */
static void unzip(Asm *a, unsigned sz, bool odd, int d, int x, int y)
{
    if (sz == 2) {
        v3i(a, M_0F | 0xc6, d, x, y, odd ? 0xdd : 0x88);
        return;
    }
    uint32_t group = P66 | (sz ? 0x72 : 0x71);
    if (odd) {
        vshift(a, group, 2, XS, x, 8u << sz);
        vshift(a, group, 2, XT, y, 8u << sz);
    } else {
        v_load_const(a, XS, sz ? &jit_consts->low_words : &jit_consts->low_bytes);
        movaps_rr(a, XT, XS);
        v3(a, PAND, XS, XS, x);
        v3(a, PAND, XT, XT, y);
    }
    v3(a, sz ? X66_38 | 0x2b : P66 | 0x67, XS, XS, XT); /* packus */
    movaps_rr(a, d, XS);
}

/* Even lanes (or odd ones) of both, interleaved. */
static void transpose(Asm *a, unsigned sz, bool odd, int d, int x, int y)
{
    if (sz == 2) {
        if (odd) {
            v2i(a, PSHUFD, XS, x, 0xf5);
            v3i(a, X66_3A | 0x0e, XS, XS, y, 0xcc); /* pblendw */
            movaps_rr(a, d, XS);
        } else {
            v2i(a, PSHUFD, XS, y, 0xa0);
            v3i(a, X66_3A | 0x0e, d, x, XS, 0xcc);
        }
    } else if (sz == 1) {
        if (odd) {
            vshift(a, P66 | 0x72, 2, XS, x, 16);
            v3i(a, X66_3A | 0x0e, XS, XS, y, 0xaa);
            movaps_rr(a, d, XS);
        } else {
            vshift(a, P66 | 0x72, 6, XS, y, 16);
            v3i(a, X66_3A | 0x0e, d, x, XS, 0xaa);
        }
    } else {
        v_load_const(a, XT, &jit_consts->low_bytes);
        if (odd) {
            vshift(a, P66 | 0x71, 2, XS, x, 8);
            v3(a, P66 | 0xdf, XT, XT, y); /* pandn */
            v3(a, POR, XS, XS, XT);
            movaps_rr(a, d, XS);
        } else {
            vshift(a, P66 | 0x71, 6, XS, y, 8);
            v3(a, PAND, XT, XT, x);
            v3(a, POR, XS, XS, XT);
            movaps_rr(a, d, XS);
        }
    }
}

static bool is_zero_vector(const Ctx *c, unsigned k)
{
    const IRInsn *def = &c->f->insns[arg_root(c, k)];
    return def->op == IR_vconst && def->imm == 0;
}

/* Bytes n.. of y:x; with zeros in one half it is a byte shift. */
static bool extract_bytes(Ctx *c)
{
    Asm *a = &c->a;
    unsigned n = (unsigned)cur_insn(c)->imm;
    bool right = is_zero_vector(c, 1), left = !right && n && is_zero_vector(c, 0);
    if (right || left) {
        int x = use_reg(c, left);
        args_done(c);
        vshift(a, P66 | 0x73, right ? 3 : 7, def_reg(c, x), x, right ? n : 16 - n); /* psrldq, pslldq */
        return true;
    }
    int x = use_reg(c, 0), y = use_reg(c, 1);
    args_done(c);
    int d = def_reg(c, x == y ? NOREG : x);
    if (host_features.avx) {
        v3i(a, X66_3A | 0x0f, d, y, x, n); /* palignr's first operand is the high half */
    } else {
        movaps_rr(a, XS, y);
        ins_rri(a, X66_3A | 0x0f, XS, x & 15, n);
        movaps_rr(a, d, XS);
    }
    return true;
}

static bool shuffle2(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    int x = use_reg(c, 0), y = use_reg(c, 1);
    args_done(c);
    int d = def_reg(c, x == y ? NOREG : x);
    switch (in->op) {
    case IR_vtbl: /* an index above 15 gets bit 7 by the saturating sum */
        v_load_const(a, XS, &jit_consts->tbl_bias);
        v3(a, P66 | 0xdc, XS, XS, y); /* paddusb */
        v3(a, PSHUFB, d, x, XS);
        break;
    case IR_vuzp1:
    case IR_vuzp2: unzip(a, in->sz, in->op == IR_vuzp2, d, x, y); break;
    default: transpose(a, in->sz, in->op == IR_vtrn2, d, x, y); break;
    }
    return true;
}

static bool widen(Ctx *c)
{
    const IRInsn *in = cur_insn(c);
    static const uint8_t op[] = { 0x20, 0x23, 0x25 };
    int x = use_reg(c, 0);
    args_done(c);
    int d = def_reg(c, NOREG);
    v2(&c->a, X66_38 | (op[in->sz] + (in->op == IR_vuxtl ? 0x10 : 0)), d, x);
    return true;
}

static bool narrow(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    int x = use_reg(c, 0);
    args_done(c);
    int d = def_reg(c, NOREG);
    if (in->sz == 2) {
        v2i(a, PSHUFD, d, x, 0x08);
        ins_rr(a, PF3 | 0x7e, d & 15, d & 15);
        return true;
    }
    v_load_const(a, d, in->sz ? &jit_consts->low_words : &jit_consts->low_bytes);
    v3(a, PAND, d, d, x);
    v3(a, PXOR, XS, XS, XS);
    v3(a, in->sz ? X66_38 | 0x2b : P66 | 0x67, d, d, XS);
    return true;
}

static bool reverse(Ctx *c)
{
    const IRInsn *in = cur_insn(c);
    int x = use_reg(c, 0);
    args_done(c);
    int d = def_reg(c, x);
    v_load_const(&c->a, XS, &jit_consts->rev[in->sz][in->imm]);
    v3(&c->a, PSHUFB, d, x, XS);
    return true;
}

bool lower_vec_perm(Ctx *c)
{
    switch (cur_insn(c)->op) {
    case IR_vconst: return vconst(c);
    case IR_vpair: return vpair(c);
    case IR_vdup: return vdup(c);
    case IR_vduplane: return vduplane(c);
    case IR_vgetl: return vgetl(c);
    case IR_vmask: return vmask(c);
    case IR_vinsl: return vinsl(c);
    case IR_vinsv: return vinsv(c);
    case IR_vrev: return reverse(c);
    case IR_vext: return extract_bytes(c);
    case IR_vtbl:
    case IR_vuzp1:
    case IR_vuzp2:
    case IR_vtrn1:
    case IR_vtrn2: return shuffle2(c);
    case IR_vsxtl:
    case IR_vuxtl: return widen(c);
    case IR_vxtn: return narrow(c);
    default: return false;
    }
}
