/* SPDX-License-Identifier: MIT */
/*
 * The rows of vx.def: the host's own instruction, by the encoding in the row, where the host has it; the reference elsewhere.
 *
 * Without AVX the legacy form is used, whose destination is its first operand. The upper halves of the host's ymm registers are
 * always zero here (VEX.128 clears them), so that mixing both forms costs nothing. Without AVX, rows that do not exist before it
 * (FMA, is4 blends, F16C) go to the reference.
 */
#include "accel/host/x86_64/jit_internal.h"

enum { HOST_NONE, HOST_BASE, HOST_AVX, HOST_AVX2, HOST_AES, HOST_PCLMUL, HOST_SHA, HOST_GFNI, HOST_F16C, HOST_FMA };

static const struct { uint8_t host, pp, map, opcode; } rows[IR_NB_VX] = {
#define VX(name, nargs, flags, host, prefix, map, opcode, meaning) [VX_##name] = { HOST_##host, prefix, map, opcode },
#include "accel/ir/vx.def"
#undef VX
};

static bool host_has(unsigned need)
{
    switch (need) {
    case HOST_BASE: return true;
    case HOST_AVX: return host_features.avx;
    case HOST_AVX2: return host_features.avx2;
    case HOST_AES: return host_features.aes;
    case HOST_PCLMUL: return host_features.pclmul;
    case HOST_SHA: return host_features.sha;
    case HOST_GFNI: return host_features.gfni;
    case HOST_F16C: return host_features.f16c;
    case HOST_FMA: return host_features.fma;
    default: return false;
    }
}

static uint32_t row_op(unsigned id)
{
    return rows[id].opcode | (uint32_t)rows[id].map << 8 | (uint32_t)(rows[id].pp & 3) << 12 | (rows[id].pp & 4 ? OP_W : 0);
}

/* The variable blends: four operands in VEX form. */
static bool is_blend(unsigned id) { return rows[id].map == 3 && rows[id].opcode >= 0x4a && rows[id].opcode <= 0x4c; }

static bool is_compare(unsigned id) { return rows[id].map == 1 && rows[id].opcode == 0xc2; }

static bool can_lower(unsigned id, unsigned imm)
{
    bool needs_vex = (ir_vx_info[id].nargs == 3 && rows[id].host != HOST_SHA) || (is_compare(id) && imm > 7);
    return host_has(rows[id].host) && (!needs_vex || host_features.avx);
}

/* VCVTPS2PH has its result in the rm field. */
static bool is_reversed(uint32_t op) { return (op & (M_MASK | 0xff)) == (M_0F3A | 0x1d); }

static void emit_unary(Ctx *c, uint32_t op, bool vex)
{
    int a = use_reg(c, 0);
    args_done(c);
    int d = def_reg(c, a);
    if (is_reversed(op))
        vex_rrr(&c->a, op, a & 15, 0, d & 15);
    else if (vex)
        vex_rrr(&c->a, op, d & 15, 0, a & 15);
    else
        ins_rr(&c->a, op, d & 15, a & 15);
}

static void emit_binary(Ctx *c, uint32_t op, bool vex)
{
    int a = use_reg(c, 0), b = use_reg(c, 1);
    args_done(c);
    int d = def_reg(c, a);
    if (vex) {
        vex_rrr(&c->a, op, d & 15, a & 15, b & 15);
        return;
    }
    if (d != a)
        movaps_rr(&c->a, d, a);
    ins_rr(&c->a, op, d & 15, b & 15);
}

static void emit_ternary(Ctx *c, uint32_t op, bool blend)
{
    int a = use_reg(c, 0), b = use_reg(c, 1), x = use_reg(c, 2);
    args_done(c);
    int d = def_reg(c, blend ? a : x);
    if (!blend && d != x)
        movaps_rr(&c->a, d, x);
    vex_rrr(&c->a, op, d & 15, a & 15, b & 15);
    if (blend)
        put8(&c->a, (unsigned)(x & 15) << 4);
}

/* SHA256RNDS2: result and a in one register, c in XMM0, which is lent for it. */
static void emit_by_xmm0(Ctx *c, uint32_t op)
{
    int a = use_reg(c, 0), b = use_reg(c, 1), x = use_reg(c, 2);
    args_done(c);
    int d = def_reg(c, NOREG);
    movaps_rr(&c->a, XSCRATCH2, a);
    movaps_rr(&c->a, XSCRATCH, 0);
    movaps_rr(&c->a, 0, x);
    ins_rr(&c->a, op, XSCRATCH2, (b & 15) == 0 ? XSCRATCH : b & 15);
    movaps_rr(&c->a, 0, XSCRATCH);
    movaps_rr(&c->a, d, XSCRATCH2);
}

void lower_vx(Ctx *c)
{
    const IRInsn *in = cur_insn(c);
    unsigned id = in->aux;
    const IRVxInfo *info = &ir_vx_info[id];
    if (!can_lower(id, (unsigned)in->imm)) {
        lower_vx_call(c);
        return;
    }
    bool vex = host_features.avx && rows[id].host != HOST_SHA;
    if (info->nargs == 1)
        emit_unary(c, row_op(id), vex);
    else if (info->nargs == 2)
        emit_binary(c, row_op(id), vex);
    else if (rows[id].host == HOST_SHA)
        emit_by_xmm0(c, row_op(id));
    else
        emit_ternary(c, row_op(id), is_blend(id));
    if (info->imm)
        put8(&c->a, (unsigned)in->imm & 0xff);
}
