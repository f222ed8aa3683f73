/* SPDX-License-Identifier: MIT */
/*
 * Atomic read-modify-write and compare-and-swap: a TLB write probe that also asks for natural alignment, then a locked
 * instruction; operations that x86 has none for are a cmpxchg loop. Anything else is mmu_atom_*.
 */
#include "accel/host/x86_64/jit_internal.h"

static void store_args(Ctx *c, const Stub *s)
{
    Asm *a = &c->a;
    const IRInsn *in = &c->f->insns[s->insn];
    stub_store_dirty(c, s);
    mov_mr(a, true, SLOW_FIELD(va), s->reg[0]);
    if (s->imm)
        alu_mi(a, ALU_ADD, true, SLOW_FIELD(va), (int32_t)s->imm);
    mov_mi(a, true, SLOW_FIELD(mo), in->aux);
    mov_mi(a, true, SLOW_FIELD(op), in->sz);
    Mem cell[2] = { SLOW_FIELD(a), SLOW_FIELD(b) };
    for (unsigned k = 0; k < jit_nargs(in->op) - 1u; k++) {
        if (s->reg[1 + k] >= 16)
            movups_store(a, cell[k], s->reg[1 + k]);
        else
            mov_mr(a, true, cell[k], s->reg[1 + k]);
    }
}

static void stub_atomic(Ctx *c, Stub *s)
{
    Asm *a = &c->a;
    const IRInsn *in = &c->f->insns[s->insn];
    store_args(c, s);
    SlowFn *fn = in->op == IR_atom_rmw ? slow_atom_rmw : MO_SIZE(in->aux) == MO_128 ? slow_atom_cas16 : slow_atom_cas;
    stub_call(c, s, fn, true);
    stub_end_groups(c, s);
    int rd = s->reg[3];
    if (rd >= 16)
        movups_load(a, rd, SLOW_FIELD(result));
    else
        mov_rm(a, type_w(in->type), rd, SLOW_FIELD(result));
    jmp_to(a, s->back);
}

static Probe probe_atomic(Ctx *c, unsigned size, int addr)
{
    Access acc = { .size = size, .align = MAX_OF(size, MO_ALIGN(cur_insn(c)->aux)), .write = true, .addr = addr, .keep = NOREG,
        .scratch = NOREG, .slow = stub_atomic };
    return emit_probe(c, &acc);
}

static uint32_t sized(unsigned size, uint32_t byte_op)
{
    return size == MO_8 ? byte_op | OP_B : (byte_op + 1) | (size == MO_16 ? P_66 : size == MO_64 ? OP_W : 0);
}

/* The old value, zero-extended from its size. */
static void zero_extend(Asm *a, unsigned size, int r)
{
    if (size <= MO_16)
        ins_rr(a, movx_op(size, false, false), r, r);
    else if (size == MO_32)
        mov_rr(a, false, r, r);
}

/* t = rax op v. */
static void emit_combine(Asm *a, IRAtomic op, unsigned size, int t, int v)
{
    bool w = size == MO_64;
    static const uint8_t cc[] = { [IR_AT_SMAX] = CC_L, [IR_AT_SMIN] = CC_G, [IR_AT_UMAX] = CC_B, [IR_AT_UMIN] = CC_A };
    mov_rr(a, true, t, op == IR_AT_ANDN ? v : RAX);
    switch (op) {
    case IR_AT_AND: alu_rr(a, ALU_AND, w, t, v); break;
    case IR_AT_OR: alu_rr(a, ALU_OR, w, t, v); break;
    case IR_AT_XOR: alu_rr(a, ALU_XOR, w, t, v); break;
    case IR_AT_ANDN:
        not_r(a, w, t);
        alu_rr(a, ALU_AND, w, t, RAX);
        break;
    default:
        ins_rr(a, sized(size, ALU_CMP << 3 | 2) | (size == MO_8 ? OP_BRM : 0), t, v);
        cmov_rr(a, cc[op], true, t, v);
        break;
    }
}

static void emit_loop(Ctx *c, IRAtomic op, unsigned size, Mem m, int v, int t)
{
    Asm *a = &c->a;
    if (size <= MO_16)
        ins_rm(a, movx_op(size, false, false), RAX, m);
    else
        mov_rm(a, size == MO_64, RAX, m);
    uint8_t *again = a->p;
    emit_combine(a, op, size, t, v);
    put8(a, 0xf0);
    ins_rm(a, M_0F | sized(size, 0xb0), t, m); /* cmpxchg */
    jcc_to(a, CC_NE, again);
}

static void lower_rmw(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    unsigned size = MO_SIZE(in->aux);
    IRAtomic op = in->sz;
    bool loop = op != IR_AT_ADD && op != IR_AT_XCHG;
    take_reg(c, RAX);
    int ra = use_reg(c, 0), v = use_reg(c, 1);
    args_done(c);
    Probe p = probe_atomic(c, size, ra);
    p.stub->reg[1] = (int8_t)v;
    p.stub->reg[3] = RAX;
    if (in->aux & MO_BSWAP) {
        p.stub->jump[1] = jmp32(a);
    } else if (loop) {
        emit_loop(c, op, size, p.host, v, p.tmp2);
    } else {
        mov_rr(a, true, RAX, v);
        if (op == IR_AT_ADD) {
            put8(a, 0xf0);
            ins_rm(a, M_0F | sized(size, 0xc0), RAX, p.host);
        } else {
            ins_rm(a, sized(size, 0x86), RAX, p.host);
        }
    }
    zero_extend(a, size, RAX);
    p.stub->back = a->p;
    def_fixed(c, RAX);
}

static void lower_cas_vec(Ctx *c)
{
    int ra = use_reg(c, 0), v = use_reg(c, 1), w = use_reg(c, 2);
    args_done(c);
    int rd = def_reg(c, NOREG);
    Probe p = probe_atomic(c, MO_128, ra);
    p.stub->reg[1] = (int8_t)v;
    p.stub->reg[2] = (int8_t)w;
    p.stub->reg[3] = (int8_t)rd;
    p.stub->jump[1] = jmp32(&c->a);
    p.stub->back = c->a.p;
}

static void lower_cas(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    unsigned size = MO_SIZE(in->aux);
    take_reg(c, RAX);
    int ra = use_reg(c, 0), e = use_reg(c, 1), v = use_reg(c, 2);
    args_done(c);
    Probe p = probe_atomic(c, size, ra);
    p.stub->reg[1] = (int8_t)e;
    p.stub->reg[2] = (int8_t)v;
    p.stub->reg[3] = RAX;
    if (in->aux & MO_BSWAP) {
        p.stub->jump[1] = jmp32(a);
    } else {
        mov_rr(a, true, RAX, e);
        put8(a, 0xf0);
        ins_rm(a, M_0F | sized(size, 0xb0), v, p.host);
    }
    zero_extend(a, size, RAX);
    p.stub->back = a->p;
    def_fixed(c, RAX);
}

void lower_atomic(Ctx *c)
{
    if (cur_insn(c)->op == IR_atom_rmw)
        lower_rmw(c);
    else if (type_is_vec(cur_insn(c)->type))
        lower_cas_vec(c);
    else
        lower_cas(c);
}
