/* SPDX-License-Identifier: MIT */
/*
 * Floating point by host instructions, by the rule of TargetOps.fp.
 *
 * The host's MXCSR holds the guest's rounding mode with all exceptions masked; flags gather there. For an Arm guest the
 * host's result is right unless it is a NaN (which one, and its sign, differ) or, where a result can be inexact and tiny, the
 * smallest normal number: Arm detects tininess before rounding and SSE after, so that a result that was rounded up to it raises
 * underflow on one only. Both are found by one ordered compare; the stub then calls the target's reference on the original
 * operands, which gives the exact result and adds its flags. What the host raised by then is a part of them.
 *
 * Conversions to integers: the host's own answer for NaN and out of range is "indefinite", MIN; ranges that the host cannot
 * tell without raising inexact as well are tested before.
 */
#include "accel/host/x86_64/jit_internal.h"

typedef struct FpArgs { int r[3]; int rd; bool d; } FpArgs;

static bool arm_rule(void) { return jit_target->fp && jit_target->fp->rule == FP_RULE_ARM; }

/* ---- cold path: the reference on the original operands ---- */
static void stub_fp(Ctx *c, Stub *s)
{
    Asm *a = &c->a;
    const IRInsn *in = &c->f->insns[s->insn];
    Mem cells[3] = { SLOW_FIELD(a), SLOW_FIELD(b), SLOW_FIELD(c) };
    IRInsn copy = *in;
    copy.arg[3] = (IRRef)ir_type(c->f, in->arg[0]);
    for (unsigned k = 0; k < jit_nargs(in->op); k++) {
        if (s->reg[k] >= 16)
            movups_store(a, cells[k], s->reg[k]);
        else
            mov_mr(a, true, cells[k], s->reg[k]);
    }
    uint8_t *over = jmp8(a);
    nops(a, -(uintptr_t)a->p & 7);
    uint64_t address = (uint64_t)(uintptr_t)(a->p + a->rx);
    memcpy(a->p, &copy, sizeof(copy));
    a->p += sizeof(copy);
    fix8(a, over);
    mov_mi(a, false, ENV(SLOW_OFFSET(insn)), (uint32_t)address);
    mov_mi(a, false, ENV(SLOW_OFFSET(insn) + 4), (uint32_t)(address >> 32));
    stub_call(c, s, slow_fp, false);
    int rd = s->reg[3];
    if (rd >= 16)
        movups_load(a, rd, SLOW_FIELD(result));
    else
        mov_rm(a, type_w(in->type), rd, SLOW_FIELD(result));
    jmp_to(a, s->back);
}

/* All operands are in registers apart from the result's. */
static FpArgs fp_args(Ctx *c, IRType t)
{
    FpArgs f = { .d = t == IR_F64 };
    unsigned n = jit_nargs(cur_insn(c)->op);
    c->hf.kind = HF_NONE;
    for (unsigned k = 0; k < n; k++)
        f.r[k] = use_reg(c, k);
    args_done(c);
    f.rd = def_reg(c, NOREG);
    return f;
}

static Stub *fp_stub(Ctx *c, const FpArgs *f)
{
    Stub *s = stub_new(c, stub_fp);
    s->save_vec = true;
    for (unsigned k = 0; k < 3; k++)
        s->reg[k] = (int8_t)f->r[k];
    s->reg[3] = (int8_t)f->rd;
    return s;
}

static uint32_t scalar_prefix(bool d) { return d ? PF2 : PF3; }
static uint32_t ucomis_op(bool d) { return (d ? P66 : M_0F) | 0x2e; }

/* To the stub when r is a NaN or (tiny) of the smallest normal magnitude; d: F64. */
static void check_result(Ctx *c, const FpArgs *f, int r, bool d, bool tiny)
{
    Asm *a = &c->a;
    Stub *s = fp_stub(c, f);
    if (tiny) {
        if (host_features.avx) {
            vex_const(a, M_0F | 0x54, XSCRATCH, r, &jit_consts->abs[d]);
        } else {
            v_load_const(a, XSCRATCH, &jit_consts->abs[d]);
            ins_rr(a, M_0F | 0x54, XSCRATCH, r & 15);
        }
        ins_const(a, ucomis_op(d), XSCRATCH, &jit_consts->min_normal[d]);
        s->jump[0] = jcc32(a, CC_E); /* unordered sets Z as well */
    } else {
        ins_rr(a, ucomis_op(d), r & 15, r & 15);
        s->jump[0] = jcc32(a, CC_P);
    }
    s->back = a->p;
}

static void lower_binary(Ctx *c)
{
    static const uint8_t op[] = { [IR_fadd - IR_fadd] = 0x58, [IR_fsub - IR_fadd] = 0x5c, [IR_fmul - IR_fadd] = 0x59,
        [IR_fdiv - IR_fadd] = 0x5e };
    const IRInsn *in = cur_insn(c);
    FpArgs f = fp_args(c, in->type);
    v3(&c->a, scalar_prefix(f.d) | op[in->op - IR_fadd], f.rd, f.r[0], f.r[1]);
    if (arm_rule())
        check_result(c, &f, f.rd, f.d, in->op == IR_fmul || in->op == IR_fdiv);
}

static void lower_sqrt(Ctx *c)
{
    FpArgs f = fp_args(c, cur_insn(c)->type);
    v3(&c->a, scalar_prefix(f.d) | 0x51, f.rd, f.r[0], f.r[0]);
    if (arm_rule())
        check_result(c, &f, f.rd, f.d, false);
}

/* rd = c; rd += a * b. */
static void lower_madd(Ctx *c)
{
    if (!host_features.fma) {
        lower_fp_call(c);
        return;
    }
    FpArgs f = fp_args(c, cur_insn(c)->type);
    movaps_rr(&c->a, f.rd, f.r[2]);
    vex_rrr(&c->a, X66_38 | 0xb9 | (f.d ? OP_W : 0), f.rd & 15, f.r[0] & 15, f.r[1] & 15); /* vfmadd231s */
    if (arm_rule())
        check_result(c, &f, f.rd, f.d, true);
}

static void lower_cvt(Ctx *c)
{
    IRType from = arg_type(c, 0), to = cur_insn(c)->type;
    if (from == to) {
        lower_fp_call(c);
        return;
    }
    FpArgs f = fp_args(c, from);
    v3(&c->a, scalar_prefix(f.d) | 0x5a, f.rd, f.r[0], f.r[0]);
    if (arm_rule())
        check_result(c, &f, f.rd, !f.d, f.d);
}

static void lower_i2f(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    bool sign = in->aux & 1, w = type_w(arg_type(c, 0)), d = in->type == IR_F64;
    FpArgs f = fp_args(c, in->type);
    Stub *s = NULL;
    if (!sign && w) {
        s = fp_stub(c, &f);
        test_rr(a, true, f.r[0], f.r[0]);
        s->jump[0] = jcc32(a, CC_S);
    }
    int r = f.r[0];
    if (!sign && !w) { /* a 64-bit conversion of what must be zero-extended */
        r = tmp_int(c);
        mov_rr(a, false, r, f.r[0]);
    }
    ins_rr(a, M_0F | 0x57, f.rd & 15, f.rd & 15);
    ins_rr(a, scalar_prefix(d) | 0x2a | (w || !sign ? OP_W : 0), f.rd & 15, r);
    if (s)
        s->back = a->p;
}

/* roundss/roundsd: mode bits; -1 when the host has none. */
static int round_mode(IRRound r)
{
    static const int8_t mode[] = { [IR_RND_EVEN] = 0, [IR_RND_UP] = 2, [IR_RND_DOWN] = 1, [IR_RND_ZERO] = 3, [IR_RND_AWAY] = -1,
        [IR_RND_CUR] = 4 };
    return mode[r];
}

static void lower_round(Ctx *c)
{
    const IRInsn *in = cur_insn(c);
    int mode = round_mode((IRRound)in->imm);
    if (mode < 0) {
        lower_fp_call(c);
        return;
    }
    FpArgs f = fp_args(c, in->type);
    v3i(&c->a, X66_3A | (f.d ? 0x0b : 0x0a), f.rd, f.r[0], f.r[0], (unsigned)mode | (in->aux & 1 ? 0 : 8));
    if (arm_rule())
        check_result(c, &f, f.rd, f.d, false);
}

/* Jumps to s unless 0 <= x < limit (unsigned) or |x| < limit. */
static void check_range(Ctx *c, const FpArgs *f, Stub *s, const V128 *limit, bool sign)
{
    Asm *a = &c->a;
    int x = f->r[0] & 15;
    if (sign) {
        v_load_const(a, XSCRATCH2, &jit_consts->abs[f->d]);
        ins_rr(a, M_0F | 0x54, XSCRATCH2, x);
        x = XSCRATCH2;
    }
    v_load_const(a, XSCRATCH, limit);
    ins_rr(a, ucomis_op(f->d), XSCRATCH, x);
    s->jump[0] = jcc32(a, CC_BE);
    if (!sign) {
        int t = tmp_int(c);
        ins_rr(a, M_0F | 0x50, t, x); /* movmskps: bit 0 is an F32's sign, bit 1 an F64's */
        test_ri(a, false, t, f->d ? 2 : 1);
        s->jump[1] = jcc32(a, CC_NE);
    }
}

static void lower_f2i(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    IRRound round = (IRRound)in->imm;
    bool sign = in->aux & 1, w = type_w(in->type), direct = round == IR_RND_ZERO || round == IR_RND_CUR;
    if (round_mode(round) < 0 || (!arm_rule() && (!sign || !direct))) {
        lower_fp_call(c);
        return;
    }
    if (!arm_rule()) { /* "indefinite" and its flag are what the guest wants */
        FpArgs f = fp_args(c, arg_type(c, 0));
        ins_rr(a, scalar_prefix(f.d) | (round == IR_RND_CUR ? 0x2d : 0x2c) | (w ? OP_W : 0), f.rd, f.r[0] & 15);
        return;
    }
    FpArgs f = fp_args(c, arg_type(c, 0));
    if (!sign) { /* a temporary must be free before the stub's jumps */
        int t = tmp_int(c);
        c->lock &= ~(1u << t);
    }
    Stub *s = fp_stub(c, &f);
    if (!sign)
        check_range(c, &f, s, (w ? jit_consts->two63 : round == IR_RND_ZERO ? jit_consts->two32 : jit_consts->two31) + f.d, false);
    else if (!direct && !w)
        check_range(c, &f, s, &jit_consts->two30[f.d], true);
    int x = f.r[0];
    if (!direct) {
        x = XMM(XSCRATCH);
        v3i(a, X66_3A | (f.d ? 0x0b : 0x0a), x, f.r[0], f.r[0], (unsigned)round_mode(round));
    }
    ins_rr(a, scalar_prefix(f.d) | (round == IR_RND_CUR ? 0x2d : 0x2c) | (w || !sign ? OP_W : 0), f.rd, x & 15);
    if (sign) {
        alu_ri(a, ALU_CMP, w, f.rd, 1);
        s->jump[2] = jcc32(a, CC_O);
    }
    s->back = a->p;
}

/* ---- compare ---- */
/* Whether the first consumer of the flags wants the operands swapped: a condition that is false when unordered and is "less". */
static bool wants_swap(const Ctx *c)
{
    for (unsigned j = c->i + 1u; j < c->f->n_insns && j < c->i + 12u; j++) {
        const IRInsn *n = &c->f->insns[j];
        if (c->dead[j] || (n->op != IR_fl_br && n->op != IR_fl_cc && n->op != IR_fl_select) || c->root[n->arg[0]] != c->i)
            continue;
        IRCond cc = n->op == IR_fl_br ? n->sz : n->aux;
        return cc == IR_MI || cc == IR_PL || (cc >= IR_LTU && cc <= IR_GTU);
    }
    return false;
}

/* COMIS: what the host's own leaves is the flags value. */
static void lower_comis(Ctx *c)
{
    Asm *a = &c->a;
    bool signalling = cur_insn(c)->aux & 2, d = arg_type(c, 0) == IR_F64;
    take_reg(c, RAX);
    int x = use_reg(c, 0), y = use_reg(c, 1);
    args_done(c);
    ins_rr(a, ucomis_op(d) | signalling, x & 15, y & 15);
    c->hf = (HostFlags){ HF_VALUE, false, c->i, 0, 0 };
    if (c->next_use[c->i] == NO_USE)
        return;
    put8(a, 0x9f); /* lahf */
    setcc_r(a, CC_O, RAX);
    def_fixed(c, RAX);
}

static void lower_fcmp(Ctx *c)
{
    Asm *a = &c->a;
    bool signalling = cur_insn(c)->aux & 2, d = arg_type(c, 0) == IR_F64, swap = wants_swap(c);
    take_reg(c, RAX);
    int x = use_reg(c, 0), y = use_reg(c, 1), t = tmp_int(c);
    args_done(c);
    ins_rr(a, ucomis_op(d) | signalling, (swap ? y : x) & 15, (swap ? x : y) & 15);
    c->hf = (HostFlags){ HF_FCMP, swap, c->i, 0, 0 };
    if (c->next_use[c->i] == NO_USE)
        return;
    put8(a, 0x9f); /* lahf */
    put_op(a, M_0F | 0xb6, RAX, 0, 0); /* movzx eax, ah */
    put8(a, 0xc4);
    put_op(a, 0x8d | OP_W, t, 0, 0); /* lea t, [rip + table] */
    put8(a, (t & 7) << 3 | 5);
    put32(a, 0);
    fix32(a->p - 4, (const uint8_t *)jit_consts->fcmp[swap]);
    ins_rm(a, M_0F | 0xb7, RAX, mem_index(t, RAX, 1, 0));
    def_fixed(c, RAX);
}

/* ---- vectors ---- */
static void check_lanes(Ctx *c, const FpArgs *f, bool tiny)
{
    Asm *a = &c->a;
    bool d = f->d;
    uint32_t pd = d ? P_66 : 0;
    Stub *s = fp_stub(c, f);
    if (host_features.avx) {
        if (tiny) {
            vex_const(a, M_0F | 0x54, XSCRATCH, f->rd, &jit_consts->abs[d]);
            v_load_const(a, XSCRATCH2, &jit_consts->min_normal[d]);
            vex_rrr(a, M_0F | 0xc2 | pd, XSCRATCH, XSCRATCH, XSCRATCH2);
            put8(a, 8); /* EQ_UQ */
        } else {
            vex_rrr(a, M_0F | 0xc2 | pd, XSCRATCH, f->rd & 15, f->rd & 15);
            put8(a, 3); /* UNORD_Q */
        }
        vex_rrr(a, X66_38 | (d ? 0x0f : 0x0e), XSCRATCH, 0, XSCRATCH); /* vtestps, vtestpd */
        s->jump[0] = jcc32(a, CC_NE);
        s->back = a->p;
        return;
    }
    movaps_rr(a, XSCRATCH, f->rd);
    ins_rri(a, M_0F | 0xc2 | pd, XSCRATCH, XSCRATCH, 3);
    if (tiny) {
        v_load_const(a, XSCRATCH2, &jit_consts->abs[d]);
        ins_rr(a, M_0F | 0x54, XSCRATCH2, f->rd & 15);
        ins_const(a, d ? X66_38 | 0x29 : P66 | 0x76, XSCRATCH2, &jit_consts->min_normal[d]); /* pcmpeq */
        ins_rr(a, M_0F | 0x56, XSCRATCH, XSCRATCH2);
    }
    ins_rr(a, X66_38 | 0x17, XSCRATCH, XSCRATCH); /* ptest */
    s->jump[0] = jcc32(a, CC_NE);
    s->back = a->p;
}

static void lower_vf(Ctx *c)
{
    static const uint8_t op[] = { 0x58, 0x5c, 0x59, 0x5e };
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    bool d = in->sz == 3;
    if (in->op == IR_vfmla && !host_features.fma) {
        lower_fp_call(c);
        return;
    }
    FpArgs f = fp_args(c, d ? IR_F64 : IR_F32);
    if (in->op == IR_vfmla) {
        movaps_rr(a, f.rd, f.r[0]);
        vex_rrr(a, X66_38 | (in->aux & 1 ? 0xbc : 0xb8) | (d ? OP_W : 0), f.rd & 15, f.r[1] & 15, f.r[2] & 15); /* vf(n)madd231p */
    } else {
        v3(a, M_0F | (d ? P_66 : 0) | op[in->op - IR_vfadd], f.rd, f.r[0], f.r[1]);
    }
    if (arm_rule())
        check_lanes(c, &f, in->op >= IR_vfmul);
}

/* ---- moves and signs ---- */
static void lower_move(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    IRType t = arg_type(c, 0);
    int ra = use_reg(c, 0);
    args_done(c);
    int rd = def_reg(c, NOREG);
    if (in->op == IR_fbits) {
        ins_rr(a, P66 | 0x7e | (t == IR_F64 ? OP_W : 0), ra & 15, rd);
    } else if (in->op == IR_bitsf) {
        ins_rr(a, P66 | 0x6e | (t == IR_I64 ? OP_W : 0), rd & 15, ra);
    } else if (t == IR_F64) { /* vfromf */
        ins_rr(a, PF3 | 0x7e, rd & 15, ra & 15);
    } else {
        ins_rr(a, M_0F | 0x57, rd & 15, rd & 15);
        ins_rr(a, PF3 | 0x10, rd & 15, ra & 15);
    }
}

static void lower_sign(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    bool d = in->type == IR_F64, neg = in->op == IR_fneg;
    int ra = use_reg(c, 0);
    args_done(c);
    int rd = def_reg(c, ra);
    const V128 *mask = neg ? &jit_consts->sign[d] : &jit_consts->abs[d];
    uint32_t op = M_0F | (neg ? 0x57 : 0x54);
    if (host_features.avx) {
        vex_const(a, op, rd, ra, mask);
        return;
    }
    if (rd != ra)
        movaps_rr(a, rd, ra);
    ins_const(a, op, rd, mask);
}

void lower_fp(Ctx *c)
{
    switch (cur_insn(c)->op) {
    case IR_fbits:
    case IR_bitsf:
    case IR_vfromf: lower_move(c); break;
    case IR_fabs:
    case IR_fneg: lower_sign(c); break;
    case IR_fadd:
    case IR_fsub:
    case IR_fmul:
    case IR_fdiv: lower_binary(c); break;
    case IR_fsqrt: lower_sqrt(c); break;
    case IR_fmadd: lower_madd(c); break;
    case IR_fcvt: lower_cvt(c); break;
    case IR_fi2f: lower_i2f(c); break;
    case IR_ff2i: lower_f2i(c); break;
    case IR_fround: lower_round(c); break;
    case IR_fl_fcmp: lower_fcmp(c); break;
    case IR_fl_comis: lower_comis(c); break;
    default: lower_vf(c); break;
    }
}
