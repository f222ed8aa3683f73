/* SPDX-License-Identifier: MIT */
/*
 * Lane arithmetic, logic, compares and shifts on vectors.
 *
 * Most are one host instruction by lane size (the table below); the others are short sequences in xmm14 and xmm15. 64-bit
 * minimum, maximum and absolute difference are left to ir_eval_vec.
 */
#include "accel/host/x86_64/jit_internal.h"

/* Opcode by lane size, 0: none. */
static const uint32_t *lane_ops(unsigned op)
{
    static const uint32_t table[IR_NB_OPS][4] = {
        [IR_vadd] = { P66 | 0xfc, P66 | 0xfd, P66 | 0xfe, P66 | 0xd4 },
        [IR_vsub] = { P66 | 0xf8, P66 | 0xf9, P66 | 0xfa, P66 | 0xfb },
        [IR_vmul] = { 0, P66 | 0xd5, X66_38 | 0x40, 0 },
        [IR_vceq] = { P66 | 0x74, P66 | 0x75, P66 | 0x76, X66_38 | 0x29 },
        [IR_vcgt] = { P66 | 0x64, P66 | 0x65, P66 | 0x66, X66_38 | 0x37 },
        [IR_vsmin] = { X66_38 | 0x38, P66 | 0xea, X66_38 | 0x39, 0 },
        [IR_vsmax] = { X66_38 | 0x3c, P66 | 0xee, X66_38 | 0x3d, 0 },
        [IR_vumin] = { P66 | 0xda, X66_38 | 0x3a, X66_38 | 0x3b, 0 },
        [IR_vumax] = { P66 | 0xde, X66_38 | 0x3e, X66_38 | 0x3f, 0 },
        [IR_vuavg] = { P66 | 0xe0, P66 | 0xe3, 0, 0 },
        [IR_vand] = { P66 | 0xdb, P66 | 0xdb, P66 | 0xdb, P66 | 0xdb },
        [IR_vor] = { P66 | 0xeb, P66 | 0xeb, P66 | 0xeb, P66 | 0xeb },
        [IR_vxor] = { P66 | 0xef, P66 | 0xef, P66 | 0xef, P66 | 0xef },
        [IR_vzip1] = { P66 | 0x60, P66 | 0x61, P66 | 0x62, P66 | 0x6c },
        [IR_vzip2] = { P66 | 0x68, P66 | 0x69, P66 | 0x6a, P66 | 0x6d },
        [IR_vuzp1] = { 0, 0, 0, P66 | 0x6c },
        [IR_vuzp2] = { 0, 0, 0, P66 | 0x6d },
        [IR_vtrn1] = { 0, 0, 0, P66 | 0x6c },
        [IR_vtrn2] = { 0, 0, 0, P66 | 0x6d },
        [IR_vpadd] = { 0, X66_38 | 0x01, X66_38 | 0x02, 0 },
    };
    return table[op];
}

#define PXOR (P66 | 0xef)
#define PAND (P66 | 0xdb)
#define PANDN (P66 | 0xdf)
#define POR (P66 | 0xeb)
#define PCMPEQD (P66 | 0x76)
#define PCMPGTQ (X66_38 | 0x37)
#define XS XSCRATCH
#define XT XSCRATCH2

static void ones(Asm *a, int x) { v3(a, PCMPEQD, x, x, x); }
static void invert(Asm *a, int d)
{
    ones(a, XT);
    v3(a, PXOR, d, d, XT);
}

typedef struct V2 { int a, b, d; unsigned sz; } V2;

/* Both operands in registers, the result apart from b. */
static V2 get2(Ctx *c)
{
    V2 v = { .sz = cur_insn(c)->sz };
    v.a = use_reg(c, 0);
    v.b = use_reg(c, 1);
    args_done(c);
    v.d = def_reg(c, v.a == v.b ? NOREG : v.a);
    return v;
}

static bool simple(Ctx *c, uint32_t op)
{
    Opnd o = use_vopnd(c, 1);
    int x = use_reg(c, 0);
    args_done(c);
    int d = def_reg(c, x);
    if (o.kind == OPND_REG && o.reg == x && d == x && !host_features.avx) {
        ins_rr(&c->a, op, d & 15, d & 15);
        return true;
    }
    v3_opnd(&c->a, op, d, x, o);
    return true;
}

/* ---- logic ---- */
static bool logic(Ctx *c)
{
    Asm *a = &c->a;
    V2 v = get2(c);
    if (cur_insn(c)->op == IR_vandn) { /* pandn inverts its first operand */
        if (v.d == v.a && !host_features.avx) {
            movaps_rr(a, XS, v.b);
            ins_rr(a, PANDN, XS, v.a & 15);
            movaps_rr(a, v.d, XS);
        } else {
            v3(a, PANDN, v.d, v.b, v.a);
        }
        return true;
    }
    ones(a, XS); /* a | ~b */
    v3(a, PXOR, XS, XS, v.b);
    v3(a, POR, v.d, v.a, XS);
    return true;
}

/* c ^ (a & (b ^ c)) */
static bool select_bits(Ctx *c)
{
    Asm *a = &c->a;
    int m = use_reg(c, 0), x = use_reg(c, 1), y = use_reg(c, 2);
    args_done(c);
    int d = def_reg(c, y);
    v3(a, PXOR, XS, x, y);
    v3(a, PAND, XS, XS, m);
    v3(a, PXOR, d, y, XS);
    return true;
}

static bool unary(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    static const uint32_t abs_op[] = { X66_38 | 0x1c, X66_38 | 0x1d, X66_38 | 0x1e, 0 };
    int x = use_reg(c, 0);
    args_done(c);
    int d = def_reg(c, NOREG);
    switch (in->op) {
    case IR_vnot:
        ones(a, XS);
        v3(a, PXOR, d, x, XS);
        break;
    case IR_vneg:
        v3(a, PXOR, XS, XS, XS);
        v3(a, lane_ops(IR_vsub)[in->sz], d, XS, x);
        break;
    case IR_vzlow:
        ins_rr(a, PF3 | 0x7e, d & 15, x & 15); /* movq */
        break;
    case IR_vabs:
        if (in->sz < 3) {
            v2(a, abs_op[in->sz], d, x);
            break;
        }
        v3(a, PXOR, XS, XS, XS);
        v3(a, PCMPGTQ, XS, XS, x); /* all ones where negative */
        v3(a, PXOR, d, x, XS);
        v3(a, P66 | 0xfb, d, d, XS);
        break;
    default: /* vpopcnt: a table of nibbles */
        v_load_const(a, XS, &jit_consts->nibbles);
        movaps_rr(a, XT, x);
        ins_rri(a, P66 | 0x71, 2, XT, 4);
        v3(a, PAND, XT, XT, XS);
        v3(a, PAND, XS, XS, x);
        v_load_const(a, d, &jit_consts->popcnt);
        ins_rr(a, X66_38 | 0x00, d & 15, XS);
        v_load_const(a, XS, &jit_consts->popcnt);
        ins_rr(a, X66_38 | 0x00, XS, XT);
        v3(a, P66 | 0xfc, d, d, XS);
        break;
    }
    return true;
}

/* ---- compares that the host lacks ---- */
static bool compare(Ctx *c)
{
    Asm *a = &c->a;
    unsigned op = cur_insn(c)->op, sz = cur_insn(c)->sz;
    V2 v = get2(c);
    bool sign = op == IR_vcge, ge = op != IR_vchi;
    if (sz == 3) {
        int x = v.a, y = v.b;
        if (!sign) { /* the order of unsigned is that of signed with the top bit flipped */
            v_load_const(a, XS, &jit_consts->sign[1]);
            v3(a, PXOR, XT, v.b, XS);
            v3(a, PXOR, XS, XS, v.a);
            x = XS;
            y = XT;
        }
        if (ge) { /* not b > a */
            if (y != XT)
                movaps_rr(a, XT, y);
            v3(a, PCMPGTQ, XT, XT, x);
            ones(a, XS);
            v3(a, PXOR, v.d, XT, XS);
        } else {
            v3(a, PCMPGTQ, v.d, x, y);
        }
        return true;
    }
    /* a >= b: max(a, b) == a;  a > b: not min(a, b) == a */
    v3(a, lane_ops(ge ? (sign ? IR_vsmax : IR_vumax) : IR_vumin)[sz], XS, v.a, v.b);
    v3(a, lane_ops(IR_vceq)[sz], v.d, v.a, XS);
    if (!ge)
        invert(a, v.d);
    return true;
}

static bool abs_difference(Ctx *c)
{
    Asm *a = &c->a;
    bool sign = cur_insn(c)->op == IR_vsabd;
    if (cur_insn(c)->sz == 3)
        return false;
    V2 v = get2(c);
    v3(a, lane_ops(sign ? IR_vsmin : IR_vumin)[v.sz], XS, v.a, v.b);
    v3(a, lane_ops(sign ? IR_vsmax : IR_vumax)[v.sz], v.d, v.a, v.b);
    v3(a, lane_ops(IR_vsub)[v.sz], v.d, v.d, XS);
    return true;
}

/* Even and odd bytes apart, as words. */
static bool multiply_bytes(Ctx *c)
{
    Asm *a = &c->a;
    V2 v = get2(c);
    vshift(a, P66 | 0x71, 2, XS, v.a, 8);
    vshift(a, P66 | 0x71, 2, XT, v.b, 8);
    v3(a, P66 | 0xd5, XS, XS, XT);
    ins_rri(a, P66 | 0x71, 6, XS, 8);
    v3(a, P66 | 0xd5, v.d, v.a, v.b);
    v_load_const(a, XT, &jit_consts->low_bytes);
    v3(a, PAND, v.d, v.d, XT);
    v3(a, POR, v.d, v.d, XS);
    return true;
}

/* Sums of byte pairs and of the two quads. */
static bool pairwise(Ctx *c)
{
    Asm *a = &c->a;
    V2 v = get2(c);
    if (v.sz == 3) {
        v3(a, P66 | 0x6d, XS, v.a, v.b);
        v3(a, P66 | 0x6c, v.d, v.a, v.b);
        v3(a, P66 | 0xd4, v.d, v.d, XS);
        return true;
    }
    vshift(a, P66 | 0x71, 2, XS, v.a, 8);
    v3(a, P66 | 0xfd, XS, XS, v.a);
    vshift(a, P66 | 0x71, 2, XT, v.b, 8);
    v3(a, P66 | 0xfd, XT, XT, v.b);
    v_load_const(a, v.d, &jit_consts->low_bytes);
    v3(a, PAND, XS, XS, v.d);
    v3(a, PAND, XT, XT, v.d);
    v3(a, P66 | 0x67, XS, XS, XT);
    movaps_rr(a, v.d, XS);
    return true;
}

/* ---- shifts by constants ---- */
static void shift_bytes(Ctx *c, unsigned op, int d, int x, unsigned n)
{
    Asm *a = &c->a;
    if (op == IR_vsari && n == 8)
        n = 7;
    vshift(a, P66 | 0x71, op == IR_vshli ? 6 : 2, d, x, n);
    v_load_const(a, XS, op == IR_vshli ? &jit_consts->shl_b[n] : &jit_consts->shr_b[n]);
    v3(a, PAND, d, d, XS);
    if (op == IR_vsari) { /* sign bit now at 7 - n: (x ^ m) - m */
        v_load_const(a, XS, &jit_consts->sar_b[n]);
        v3(a, PXOR, d, d, XS);
        v3(a, P66 | 0xf8, d, d, XS);
    }
}

static bool shift(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    static const uint8_t group[] = { [IR_vshli - IR_vshli] = 6, [IR_vshri - IR_vshli] = 2, [IR_vsari - IR_vshli] = 4 };
    unsigned n = (unsigned)in->imm, bits = 8u << in->sz;
    int x = use_reg(c, 0);
    args_done(c);
    int d = def_reg(c, x);
    if (in->op == IR_vshri && n == bits) {
        v3(a, PXOR, d, d, d);
    } else if (in->sz == 0) {
        shift_bytes(c, in->op, d, x, n);
    } else if (in->sz == 3 && in->op == IR_vsari) {
        v3(a, PXOR, XS, XS, XS);
        v3(a, PCMPGTQ, XS, XS, x);
        if (n == 64) {
            movaps_rr(a, d, XS);
        } else if (n) {
            vshift(a, P66 | 0x73, 6, XS, XS, 64 - n);
            vshift(a, P66 | 0x73, 2, d, x, n);
            v3(a, POR, d, d, XS);
        } else if (d != x) {
            movaps_rr(a, d, x);
        }
    } else {
        vshift(a, P66 | (0x70 + in->sz), group[in->op - IR_vshli], d, x, n);
    }
    return true;
}

bool lower_vec_arith(Ctx *c)
{
    const IRInsn *in = cur_insn(c);
    uint32_t op = lane_ops(in->op)[in->sz & 3];
    if (op)
        return simple(c, op);
    switch (in->op) {
    case IR_vandn:
    case IR_vorn: return logic(c);
    case IR_vbsl: return select_bits(c);
    case IR_vnot:
    case IR_vneg:
    case IR_vabs:
    case IR_vzlow:
    case IR_vpopcnt: return unary(c);
    case IR_vcge:
    case IR_vchi:
    case IR_vchs: return compare(c);
    case IR_vuabd:
    case IR_vsabd: return abs_difference(c);
    case IR_vmul: return multiply_bytes(c);
    case IR_vpadd: return pairwise(c);
    case IR_vshli:
    case IR_vshri:
    case IR_vsari: return shift(c);
    default: return false;
    }
}
