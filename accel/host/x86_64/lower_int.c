/* SPDX-License-Identifier: MIT */
/* Integer arithmetic and logic, moves between slots and values, and CPUState fields that are no slots. */
#include "accel/host/x86_64/jit_internal.h"

static void alu_o(Asm *a, unsigned n, bool w, int rd, Opnd o)
{
    if (o.kind == OPND_IMM)
        alu_ri(a, n, w, rd, o.imm);
    else if (o.kind == OPND_MEM)
        alu_rm(a, n, w, rd, o.mem);
    else
        alu_rr(a, n, w, rd, o.reg);
}

static void hf_set(Ctx *c, HostFlagsKind kind, bool w, IRRef a, IRRef b, IRRef x) { c->hf = (HostFlags){ kind, w, a, b, x }; }

/* Whether one of the next few insns asks for the flags of this very operation. */
static bool flags_follow(const Ctx *c, unsigned op)
{
    const IRInsn *in = cur_insn(c);
    for (unsigned j = c->i + 1u; j < c->f->n_insns && j < c->i + 4u; j++) {
        const IRInsn *n = &c->f->insns[j];
        if (n->op == op && !c->dead[j] && c->root[n->arg[0]] == c->root[in->arg[0]] && c->root[n->arg[1]] == c->root[in->arg[1]])
            return true;
    }
    return false;
}

/* rd = a op b for an op that commutes or whose rd is never b. */
static void binary(Ctx *c, unsigned n, bool commutes)
{
    Asm *a = &c->a;
    bool w = type_w(cur_insn(c)->type);
    IRRef va = arg_root(c, 0), vb = arg_root(c, 1);
    unsigned k = 0;
    if (commutes && value_is_const(c, va) && !value_is_const(c, vb))
        k = 1;
    Opnd o = use_opnd(c, !k, w);
    int ra = use_reg(c, k);
    args_done(c);
    if (commutes && o.kind == OPND_REG && o.reg != ra) {
        int hinted = c->hint[c->i] ? jit_slot_pin[c->hint[c->i] - 1] : NOREG;
        if (hinted == o.reg || (hinted != ra && !c->rv[o.reg] && c->rv[ra])) { /* the other operand's register is the better one */
            int t = ra;
            ra = o.reg;
            o.reg = t;
        }
    }
    int rd = def_reg(c, ra);
    if (rd != ra)
        mov_rr(a, w, rd, ra);
    alu_o(a, n, w, rd, o);
    if (n == ALU_SUB || n == ALU_AND)
        hf_set(c, n == ALU_SUB ? HF_SUB : HF_AND, w, va, vb, 0);
    else
        hf_set(c, HF_TEST, w, 0, 0, 0);
}

static void lower_scaled_add(Ctx *c)
{
    const IRInsn *shl = &c->f->insns[c->root[cur_insn(c)->arg[1]]];
    int ra = use_reg(c, 0), rb = use_reg(c, 1);
    args_done(c);
    int rd = def_reg(c, ra);
    lea(&c->a, type_w(cur_insn(c)->type), rd, mem_index(ra, rb, (unsigned)c->f->insns[c->root[shl->arg[1]]].imm, 0));
}

static void lower_add(Ctx *c)
{
    Asm *a = &c->a;
    bool w = type_w(cur_insn(c)->type);
    if (c->scaled[c->i]) {
        lower_scaled_add(c);
        return;
    }
    IRRef va = arg_root(c, 0), vb = arg_root(c, 1);
    unsigned k = value_is_const(c, va) && !value_is_const(c, vb) ? 1 : 0;
    bool flags = flags_follow(c, IR_fl_add);
    Opnd o = use_opnd(c, !k, w);
    int ra = use_reg(c, k);
    args_done(c);
    int rd = def_reg(c, ra);
    if (rd == ra || flags || o.kind == OPND_MEM) {
        if (rd != ra)
            mov_rr(a, w, rd, ra);
        alu_o(a, ALU_ADD, w, rd, o);
        hf_set(c, HF_ADD, w, va, vb, 0);
    } else if (o.kind == OPND_IMM) {
        lea(a, w, rd, mem_at(ra, o.imm));
    } else {
        lea(a, w, rd, mem_index(ra, o.reg, 0, 0));
    }
}

static void lower_sub(Ctx *c)
{
    Asm *a = &c->a;
    bool w = type_w(cur_insn(c)->type);
    uint64_t k;
    if (value_const(c, arg_root(c, 1), &k) && !value_is_const(c, arg_root(c, 0)) && k + 0x7fffffffu < 0xffffffffu &&
        !flags_follow(c, IR_fl_sub)) {
        int ra = use_reg(c, 0);
        args_done(c);
        int rd = def_reg(c, ra);
        if (rd != ra) {
            lea(a, w, rd, mem_at(ra, (int32_t)-(int64_t)(int32_t)k));
        } else {
            alu_ri(a, ALU_SUB, w, rd, (int32_t)k);
            hf_set(c, HF_SUB, w, arg_root(c, 0), arg_root(c, 1), 0);
        }
        return;
    }
    binary(c, ALU_SUB, false);
}

/* mul's two-operand form, or the three-operand one with a constant. */
static void lower_mul(Ctx *c)
{
    Asm *a = &c->a;
    bool w = type_w(cur_insn(c)->type);
    unsigned k = value_is_const(c, arg_root(c, 0)) && !value_is_const(c, arg_root(c, 1)) ? 1 : 0;
    Opnd o = use_opnd(c, !k, w);
    int ra = use_reg(c, k);
    args_done(c);
    c->hf.kind = HF_NONE;
    int rd = def_reg(c, ra);
    if (o.kind == OPND_IMM) {
        ins_rr(a, (o.imm == (int8_t)o.imm ? 0x6b : 0x69) | (w ? OP_W : 0), rd, ra);
        if (o.imm == (int8_t)o.imm)
            put8(a, o.imm & 0xff);
        else
            put32(a, (uint32_t)o.imm);
        return;
    }
    if (rd != ra)
        mov_rr(a, w, rd, ra);
    if (o.kind == OPND_MEM)
        ins_rm(a, M_0F | 0xaf | (w ? OP_W : 0), rd, o.mem);
    else
        ins_rr(a, M_0F | 0xaf | (w ? OP_W : 0), rd, o.reg);
}

static void lower_mulh(Ctx *c)
{
    Asm *a = &c->a;
    bool w = type_w(cur_insn(c)->type), sign = cur_insn(c)->op == IR_mulhs;
    c->hf.kind = HF_NONE;
    take_reg(c, RAX);
    take_reg(c, RDX);
    int ra = use_reg(c, 0), rb = use_reg(c, 1);
    args_done(c);
    mov_rr(a, w, RAX, ra);
    ins_rr(a, 0xf7 | (w ? OP_W : 0), sign ? 5 : 4, rb);
    def_fixed(c, RDX);
}

/* Quotients; the cases on which the host would trap are answered around it. */
static void lower_div(Ctx *c)
{
    Asm *a = &c->a;
    bool w = type_w(cur_insn(c)->type), sign = cur_insn(c)->op == IR_divs;
    c->hf.kind = HF_NONE;
    take_reg(c, RAX);
    take_reg(c, RDX);
    int ra = use_reg(c, 0), rb = use_reg(c, 1);
    args_done(c);
    uint8_t *minus = NULL;
    alu_rr(a, ALU_XOR, false, RAX, RAX);
    test_rr(a, w, rb, rb);
    uint8_t *zero = jcc8(a, CC_E);
    mov_rr(a, w, RAX, ra);
    if (sign) {
        alu_ri(a, ALU_CMP, w, rb, -1);
        minus = jcc8(a, CC_E);
        put_op(a, 0x99 | (w ? OP_W : 0), 0, 0, 0); /* cdq, cqo */
    } else {
        alu_rr(a, ALU_XOR, false, RDX, RDX);
    }
    ins_rr(a, 0xf7 | (w ? OP_W : 0), sign ? 7 : 6, rb);
    if (sign) {
        uint8_t *done = jmp8(a);
        fix8(a, minus);
        neg_r(a, w, RAX);
        fix8(a, done);
    }
    fix8(a, zero);
    def_fixed(c, RAX);
}

static void lower_adc(Ctx *c)
{
    Asm *a = &c->a;
    bool w = type_w(cur_insn(c)->type);
    IRRef v0 = arg_root(c, 0), v1 = arg_root(c, 1), v2 = arg_root(c, 2);
    c->hf.kind = HF_NONE;
    Opnd o = use_opnd(c, 1, w);
    int ra = use_reg(c, 0), rc = use_reg(c, 2);
    args_done(c);
    ins_rri(a, M_0F | 0xba, 4, rc, 0); /* bt rc, 0 */
    int rd = def_reg(c, ra);
    if (rd != ra)
        mov_rr(a, w, rd, ra);
    alu_o(a, ALU_ADC, w, rd, o);
    hf_set(c, HF_ADC, w, v0, v1, v2);
}

/* a & ~b and friends. */
static void lower_not_logic(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    bool w = type_w(in->type);
    uint64_t k;
    c->hf.kind = HF_NONE;
    unsigned n = in->op == IR_andn ? ALU_AND : in->op == IR_orn ? ALU_OR : ALU_XOR;
    if (value_const(c, arg_root(c, 1), &k) && (!w || ~k == (uint64_t)(int64_t)(int32_t)~k)) {
        int ra = use_reg(c, 0);
        args_done(c);
        int rd = def_reg(c, ra);
        if (rd != ra)
            mov_rr(a, w, rd, ra);
        alu_ri(a, n, w, rd, (int32_t)~k);
        return;
    }
    int ra = use_reg(c, 0), rb = use_reg(c, 1);
    args_done(c);
    if (in->op == IR_andn && host_features.bmi1) {
        int rd = def_reg(c, ra);
        vex_rrr(a, M_0F38 | 0xf2 | (w ? OP_W : 0), rd, rb, ra);
        return;
    }
    int rd = def_reg(c, rb);
    if (rd == ra && ra != rb)
        g_assert_not_reached();
    if (rd != rb)
        mov_rr(a, w, rd, rb);
    if (ra == rb) { /* a & ~a = 0, the others all ones */
        mov_ri(a, rd, n == ALU_AND ? 0 : w ? ~0ull : 0xffffffffu);
        return;
    }
    not_r(a, w, rd);
    alu_rr(a, n, w, rd, ra);
}

static void lower_unary(Ctx *c)
{
    bool w = type_w(cur_insn(c)->type);
    c->hf.kind = HF_NONE;
    int ra = use_reg(c, 0);
    args_done(c);
    int rd = def_reg(c, ra);
    if (rd != ra)
        mov_rr(&c->a, w, rd, ra);
    if (cur_insn(c)->op == IR_not)
        not_r(&c->a, w, rd);
    else
        neg_r(&c->a, w, rd);
}

/* ---- slots ---- */
static void lower_get(Ctx *c)
{
    const IRInsn *in = cur_insn(c);
    const IRSlot *slot = &jit_target->slots[in->aux];
    int p = jit_slot_pin[in->aux];
    if (type_is_vec(slot->type) != type_is_vec(in->type)) { /* between the register files: by way of the value or the home */
        IRRef v = c->cur[in->aux];
        uint32_t op = P66 | 0x6e | (type_w(in->type) || in->type == IR_F64 ? OP_W : 0);
        if (p == NOREG && (!v || !c->n_dirty[v])) {
            int rd = def_reg(c, NOREG);
            if (rd < 16)
                mov_rm(&c->a, type_w(in->type), rd, ENV(slot->offset));
            else
                ins_rm(&c->a, (in->type == IR_F32 ? PF3 : PF2) | 0x10, rd & 15, ENV(slot->offset));
            return;
        }
        int rs = p != NOREG ? p : value_reg(c, v);
        int rd = def_reg(c, NOREG);
        if (rd < 16)
            ins_rr(&c->a, (op & ~0xffu) | 0x7e, rs & 15, rd);
        else
            ins_rr(&c->a, op, rd & 15, rs);
        return;
    }
    c->cur[in->aux] = c->i;
    if (p != NOREG) {
        c->rv[p] = c->i;
        c->reg[c->i] = (int8_t)p;
    } else {
        c->home[c->i] = (uint8_t)(in->aux + 1);
    }
}

/* Zero-extends argument 0 to all of the slot's register: the put is the root of the result. */
static void widen(Ctx *c)
{
    Asm *a = &c->a;
    IRType t = arg_type(c, 0);
    bool to_vec = type_is_vec(c->content[c->i]);
    int rs = use_reg(c, 0);
    args_done(c);
    if (!to_vec) {
        int rd = def_reg(c, rs);
        if (rs < 16)
            mov_rr(a, type_w(t), rd, rs);
        else
            ins_rr(a, P66 | 0x7e | (t == IR_F64 ? OP_W : 0), rs & 15, rd);
        return;
    }
    int rd = def_reg(c, NOREG);
    if (rs < 16) {
        ins_rr(a, P66 | 0x6e | (type_w(t) ? OP_W : 0), rd & 15, rs);
    } else if (t == IR_F64) {
        ins_rr(a, PF3 | 0x7e, rd & 15, rs & 15); /* movq */
    } else {
        ins_rr(a, M_0F | 0x57, rd & 15, rd & 15);
        ins_rr(a, PF3 | 0x10, rd & 15, rs & 15); /* movss keeps the zeros */
    }
}

static void lower_put(Ctx *c)
{
    const IRInsn *in = cur_insn(c);
    if (c->root[c->i] == c->i) {
        widen(c);
        put_slot(c, in->aux, c->i);
        if (c->next_use[c->i] == NO_USE && !c->n_dirty[c->i] && jit_slot_pin[in->aux] == NOREG)
            c->rv[c->reg[c->i]] = 0;
        return;
    }
    put_slot(c, in->aux, c->root[c->i]);
    args_done(c);
}

static void lower_ldenv(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    bool sign = in->aux & 1, w = type_w(in->type);
    int rd = def_reg(c, NOREG);
    Mem m = ENV(in->imm);
    if (rd >= 16) {
        if (in->sz == 4)
            movups_load(a, rd, m);
        else
            ins_rm(a, (in->sz == 3 ? PF2 : PF3) | 0x10, rd & 15, m);
    } else if (in->sz == 3 || (in->sz == 2 && !(sign && w))) {
        mov_rm(a, in->sz == 3, rd, m);
    } else {
        ins_rm(a, movx_op(in->sz, sign, w), rd, m);
    }
}

static void lower_stenv(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    Mem m = ENV(in->imm);
    Opnd o = type_is_vec(arg_type(c, 0)) ? (Opnd){ .kind = OPND_REG, .reg = use_reg(c, 0) } : use_opnd(c, 0, in->sz == 3);
    if (o.kind == OPND_MEM)
        o = (Opnd){ .kind = OPND_REG, .reg = use_reg(c, 0) };
    args_done(c);
    if (o.kind == OPND_IMM && in->sz >= 2) {
        mov_mi(a, in->sz == 3, m, (uint32_t)o.imm);
        return;
    }
    int r = o.reg;
    if (o.kind == OPND_IMM) {
        r = tmp_int(c);
        mov_ri(a, r, (uint32_t)o.imm);
    }
    if (r >= 16) {
        if (in->sz == 4)
            movups_store(a, m, r);
        else
            ins_rm(a, (in->sz == 3 ? PF2 : PF3) | 0x11, r & 15, m);
    } else if (in->sz == 0) {
        ins_rm(a, 0x88 | OP_B, r, m);
    } else {
        ins_rm(a, 0x89 | (in->sz == 1 ? P_66 : in->sz == 3 ? OP_W : 0), r, m);
    }
}

void lower_int(Ctx *c)
{
    switch (cur_insn(c)->op) {
    case IR_const: break;
    case IR_get: lower_get(c); break;
    case IR_put: lower_put(c); break;
    case IR_ldenv: lower_ldenv(c); break;
    case IR_stenv: lower_stenv(c); break;
    case IR_add: lower_add(c); break;
    case IR_sub: lower_sub(c); break;
    case IR_adc: lower_adc(c); break;
    case IR_and: binary(c, ALU_AND, true); break;
    case IR_or: binary(c, ALU_OR, true); break;
    case IR_xor: binary(c, ALU_XOR, true); break;
    case IR_andn:
    case IR_orn:
    case IR_eqv: lower_not_logic(c); break;
    case IR_not:
    case IR_neg: lower_unary(c); break;
    case IR_mul: lower_mul(c); break;
    case IR_mulhs:
    case IR_mulhu: lower_mulh(c); break;
    default: lower_div(c); break;
    }
}
