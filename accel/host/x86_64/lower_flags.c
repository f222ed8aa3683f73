/* SPDX-License-Identifier: MIT */
/*
 * Conditions and flags values.
 *
 * Conditions on pairs become cmp or test and a condition code. HostFlags remembers what the host's flags were made from, so
 * that sub, fl_sub and br on the same pair compare once: mov, lea, lahf and setcc do not touch them.
 *
 * A flags value (IR_FL_*) is made by lahf and seto in eax. Its consumers test its bits; only the signed conditions need more.
 */
#include "accel/host/x86_64/jit_internal.h"

static const uint8_t cond_cc[] = {
    [IR_EQ] = CC_E, [IR_NE] = CC_NE, [IR_LTU] = CC_B, [IR_GEU] = CC_AE, [IR_LEU] = CC_BE, [IR_GTU] = CC_A, [IR_LT] = CC_L,
    [IR_GE] = CC_GE, [IR_LE] = CC_LE, [IR_GT] = CC_G, [IR_MI] = CC_S, [IR_PL] = CC_NS, [IR_VS] = CC_O, [IR_VC] = CC_NO,
    [IR_TSTNE] = CC_NE, [IR_TSTEQ] = CC_E, [IR_PE] = CC_P, [IR_PO] = CC_NP,
};

/* The condition for (b, a). */
static IRCond cond_swap(IRCond cc)
{
    switch (cc) {
    case IR_LTU: return IR_GTU;
    case IR_GTU: return IR_LTU;
    case IR_LEU: return IR_GEU;
    case IR_GEU: return IR_LEU;
    case IR_LT: return IR_GT;
    case IR_GT: return IR_LT;
    case IR_LE: return IR_GE;
    case IR_GE: return IR_LE;
    default: return cc;
    }
}

static bool hf_is(const Ctx *c, HostFlagsKind kind, bool w, IRRef a, IRRef b)
{
    return c->hf.kind == kind && c->hf.w == w && c->hf.a == a && c->hf.b == b;
}

static void emit_test(Ctx *c, bool w, unsigned k)
{
    Opnd o = use_opnd(c, k + 1, w);
    int r = use_reg(c, k);
    if (o.kind == OPND_IMM)
        test_ri(&c->a, w, r, (uint32_t)o.imm);
    else if (o.kind == OPND_MEM)
        ins_rm(&c->a, 0x85 | (w ? OP_W : 0), r, o.mem);
    else
        test_rr(&c->a, w, r, o.reg);
}

/* test_ri's byte form sees the sign bit of the byte only when the immediate has it. */
static unsigned emit_pair_test(Ctx *c, IRCond cc, bool w, unsigned k)
{
    use_opnd(c, k, w);
    use_opnd(c, k + 1, w);
    unsigned other = value_is_const(c, arg_root(c, k)) ? 1 : 0;
    if (other && !value_is_const(c, arg_root(c, k + 1))) { /* the constant comes second */
        Opnd o = use_opnd(c, k, w);
        int r = use_reg(c, k + 1);
        if (o.kind == OPND_IMM)
            test_ri(&c->a, w, r, (uint32_t)o.imm);
        else
            test_rr(&c->a, w, r, o.reg);
    } else {
        emit_test(c, w, k);
    }
    c->hf = (HostFlags){ HF_TEST, w, arg_root(c, k), arg_root(c, k + 1), 0 };
    return cond_cc[cc];
}

static void emit_cmp(Ctx *c, bool w, unsigned k, unsigned l)
{
    Opnd o = use_opnd(c, l, w);
    IRRef v = arg_root(c, k);
    if (o.kind == OPND_IMM) {
        Opnd x = use_opnd(c, k, w);
        if (x.kind == OPND_MEM) {
            alu_mi(&c->a, ALU_CMP, w, x.mem, o.imm);
            return;
        }
        int r = value_reg(c, v);
        if (o.imm == 0)
            test_rr(&c->a, w, r, r);
        else
            alu_ri(&c->a, ALU_CMP, w, r, o.imm);
        return;
    }
    int r = value_reg(c, v);
    if (o.kind == OPND_MEM)
        alu_rm(&c->a, ALU_CMP, w, r, o.mem);
    else
        alu_rr(&c->a, ALU_CMP, w, r, o.reg);
}

/* Loads what must be in registers, so that the compare is one instruction. */
static void get_operands_early(Ctx *c, unsigned k)
{
    bool w = type_w(arg_type(c, k));
    Opnd x = use_opnd(c, k, w), y = use_opnd(c, k + 1, w);
    if (x.kind != OPND_REG && y.kind != OPND_REG && !(x.kind == OPND_MEM && y.kind == OPND_IMM))
        value_reg(c, arg_root(c, k));
}

unsigned emit_compare(Ctx *c, IRCond cc, unsigned k)
{
    bool w = type_w(arg_type(c, k));
    IRRef a = arg_root(c, k), b = arg_root(c, k + 1);
    if (cc == IR_TSTNE || cc == IR_TSTEQ) {
        if (hf_is(c, HF_TEST, w, a, b) || hf_is(c, HF_AND, w, a, b))
            return cond_cc[cc];
        return emit_pair_test(c, cc, w, k);
    }
    if (hf_is(c, HF_SUB, w, a, b))
        return cond_cc[cc];
    if (hf_is(c, HF_SUB, w, b, a))
        return cond_cc[cond_swap(cc)];
    get_operands_early(c, k);
    c->compare = c->a.p;
    if (value_is_const(c, a) && !value_is_const(c, b)) {
        emit_cmp(c, w, k + 1, k);
        c->hf = (HostFlags){ HF_SUB, w, b, a, 0 };
        return cond_cc[cond_swap(cc)];
    }
    emit_cmp(c, w, k, k + 1);
    c->hf = (HostFlags){ HF_SUB, w, a, b, 0 };
    return cond_cc[cc];
}

/* The condition on what ucomis left (unordered: Z P C), or -1 when one jump cannot tell. */
static int fcmp_cc(const Ctx *c, IRCond cc, IRRef v)
{
    static const int8_t straight[] = { [IR_EQ] = -1, -1, -1, -1, -1, -1, CC_B, CC_AE, CC_BE, CC_A, -1, -1, CC_P, CC_NP, -1, -1, -1, -1 };
    static const int8_t swapped[] = { [IR_EQ] = -1, -1, CC_A, CC_BE, CC_AE, CC_B, -1, -1, -1, -1, CC_A, CC_BE, CC_P, CC_NP, -1,
        -1, -1, -1 };
    if (c->hf.kind != HF_FCMP || c->hf.a != v)
        return -1;
    return c->hf.w ? swapped[cc] : straight[cc];
}

unsigned emit_flags_test(Ctx *c, IRCond cc, unsigned k)
{
    static const uint16_t mask[] = {
        [IR_EQ] = IR_FL_Z, [IR_LTU] = IR_FL_C, [IR_LEU] = IR_FL_C | IR_FL_Z, [IR_MI] = IR_FL_S, [IR_VS] = IR_FL_O, [IR_PE] = IR_FL_P,
    };
    if (c->hf.kind == HF_VALUE && c->hf.a == arg_root(c, k))
        return cond_cc[cc];
    int fcmp = fcmp_cc(c, cc, arg_root(c, k));
    if (fcmp >= 0)
        return (unsigned)fcmp;
    IRCond base = cc & ~1u;
    bool inverse = cc & 1;
    if (cc == IR_GE || cc == IR_LT) {
        base = IR_LT;
        inverse = cc == IR_GE;
    } else if (cc == IR_LE || cc == IR_GT) {
        base = IR_LE;
        inverse = cc == IR_GT;
    }
    int r = use_reg(c, k);
    Asm *a = &c->a;
    c->hf.kind = HF_NONE;
    if (base == IR_LT || base == IR_LE) { /* bit 15 of t: S ^ O; bit 14: Z */
        int t = tmp_int(c);
        mov_rr(a, false, t, r);
        shift_ri(a, SH_SHL, false, t, 15);
        alu_rr(a, ALU_XOR, false, t, r);
        test_ri(a, false, t, base == IR_LT ? IR_FL_S : IR_FL_S | IR_FL_Z);
    } else {
        test_ri(a, false, r, mask[base]);
    }
    c->hf.kind = HF_TEST; /* of nothing that anybody can ask for: only keeps load_value from using xor */
    c->hf.a = c->hf.b = 0;
    return inverse ? CC_E : CC_NE;
}

/* setcc into rd with condition cc of the host. The flags survive. */
static void emit_setcc(Ctx *c, unsigned cc)
{
    args_done(c);
    c->lock = c->reserved;
    int rd = def_reg(c, NOREG);
    setcc_r(&c->a, cc, rd);
    ins_rr(&c->a, movx_op(0, false, false), rd, rd);
}

/* rd = cc ? argument k : argument k + 1, after the flags were set. */
static void emit_select(Ctx *c, unsigned cc, unsigned k)
{
    Asm *a = &c->a;
    bool vec = type_is_vec(cur_insn(c)->type);
    int x = use_reg(c, k), y = use_reg(c, k + 1);
    args_done(c);
    c->lock = c->reserved | 1u << x | 1u << y; /* what was compared is free to be overwritten */
    if (vec) {
        int rd = def_reg(c, NOREG);
        movaps_rr(a, rd, x);
        uint8_t *j = jcc8(a, cc);
        movaps_rr(a, rd, y);
        fix8(a, j);
        return;
    }
    bool w = type_w(cur_insn(c)->type);
    int rd = def_reg(c, y);
    if (rd == y) {
        cmov_rr(a, cc, w, rd, x);
        if (!w) /* cmov writes the upper half in any case */
            return;
    } else {
        mov_rr(a, w, rd, y);
        cmov_rr(a, cc, w, rd, x);
    }
}

static int emit_flags_value(Ctx *c)
{
    Asm *a = &c->a;
    put8(a, 0x9f); /* lahf */
    setcc_r(a, CC_O, RAX);
    return def_fixed(c, RAX);
}

/* Carry of argument k (0 or 1) into CF. */
static void emit_carry(Ctx *c, unsigned k)
{
    int r = use_reg(c, k);
    ins_rri(&c->a, M_0F | 0xba, 4, r, 0); /* bt r, 0 */
    c->hf.kind = HF_TEST;
    c->hf.a = c->hf.b = 0;
}

/* The arithmetic that makes the flags, on a copy of a. */
static void emit_flags_arith(Ctx *c, unsigned n, bool w, bool carry)
{
    Asm *a = &c->a;
    Opnd o = use_opnd(c, 1, w);
    int r = use_reg(c, 0), t = tmp_int(c);
    if (carry)
        emit_carry(c, 2);
    mov_rr(a, w, t, r);
    if (o.kind == OPND_IMM)
        alu_ri(a, n, w, t, o.imm);
    else if (o.kind == OPND_MEM)
        alu_rm(a, n, w, t, o.mem);
    else
        alu_rr(a, n, w, t, o.reg);
}

/* Flags of the low byte or word: the host's 8- or 16-bit instruction on a copy. */
static void lower_fl_narrow(Ctx *c)
{
    static const uint8_t alu[] = { ALU_ADD, ALU_SUB, ALU_AND, ALU_ADC, ALU_SBB };
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    unsigned n = in->op - IR_fl_add;
    bool carry = in->op == IR_fl_adc || in->op == IR_fl_sbb;
    take_reg(c, RAX);
    int y = use_reg(c, 1), x = use_reg(c, 0), t = tmp_int(c);
    if (carry)
        emit_carry(c, 2);
    mov_rr(a, false, t, x);
    ins_rr(a, in->sz == 1 ? (uint32_t)(alu[n] << 3 | 2) | OP_B | OP_BRM : (uint32_t)(alu[n] << 3 | 3) | P_66, t, y);
    if (in->aux & IR_FL_INVC)
        put8(a, 0xf5); /* cmc */
    c->hf = (HostFlags){ HF_VALUE, false, c->i, 0, 0 };
    args_done(c);
    emit_flags_value(c);
}

static void lower_fl(Ctx *c)
{
    const IRInsn *in = cur_insn(c);
    if (in->sz) {
        lower_fl_narrow(c);
        return;
    }
    bool w = type_w(arg_type(c, 0));
    IRRef x = arg_root(c, 0), y = arg_root(c, 1);
    static const struct { uint8_t kind, alu; bool carry; } how[] = {
        { HF_ADD, ALU_ADD, false }, { HF_SUB, ALU_SUB, false }, { HF_AND, ALU_AND, false }, { HF_ADC, ALU_ADC, true },
        { HF_SBB, ALU_SBB, true },
    };
    unsigned n = in->op - IR_fl_add;
    HostFlags want = { how[n].kind, w, x, y, how[n].carry ? arg_root(c, 2) : 0 };
    if (in->op == IR_fl_sub && !(in->aux & IR_FL_INVC))
        poll_before_flags(c);
    take_reg(c, RAX);
    bool have = hf_is(c, want.kind, w, x, y) && c->hf.c == want.c;
    if (in->op == IR_fl_and && hf_is(c, HF_TEST, w, x, y) && x)
        have = true;
    if (!have) {
        if (in->op == IR_fl_sub && !value_is_const(c, x))
            emit_cmp(c, w, 0, 1);
        else if (in->op == IR_fl_and && !value_is_const(c, x))
            emit_test(c, w, 0);
        else
            emit_flags_arith(c, how[n].alu, w, how[n].carry);
    }
    c->hf = want;
    if (in->aux & IR_FL_INVC) {
        put8(&c->a, 0xf5); /* cmc */
        c->hf = (HostFlags){ HF_VALUE, w, c->i, 0, 0 };
    }
    args_done(c);
    emit_flags_value(c);
}

void lower_flags(Ctx *c)
{
    const IRInsn *in = cur_insn(c);
    switch (in->op) {
    case IR_setcc:
        emit_setcc(c, emit_compare(c, in->aux, 0));
        break;
    case IR_select: {
        unsigned cc = emit_compare(c, in->aux, 0);
        emit_select(c, cc, 2);
        break;
    }
    case IR_fl_cc:
        emit_setcc(c, emit_flags_test(c, in->aux, 0));
        break;
    case IR_fl_select: {
        unsigned cc = emit_flags_test(c, in->aux, 0);
        emit_select(c, cc, 1);
        break;
    }
    default:
        lower_fl(c);
        break;
    }
}
