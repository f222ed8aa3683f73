/* SPDX-License-Identifier: MIT */
/*
 * Atomic read-modify-write and compare-and-swap: a TLB write probe that also asks for natural alignment, then a locked
 * instruction; operations whose old value is wanted and that x86 has no instruction for are a cmpxchg loop. Anything else is mmu_atom_*.
 *
 * While one thread runs all guest code (host_one_thread), nothing is locked and nothing loops: no other vCPU can come between, and
 * devices load and store, they do not modify. What is lost with the lock is the order between the operation's store and later
 * loads, which a device might see. Arm's guests have barriers for that. An x86 guest uses XCHG, or an addition or OR of 0
 * to its stack, as a barrier (Linux's virtio drivers do): these stay locked.
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
    else if (rd != NOREG)
        mov_rm(a, type_w(in->type), rd, SLOW_FIELD(result));
    jmp_to(a, s->back);
}

static Probe probe_atomic(Ctx *c, unsigned size, int addr)
{
    Access acc = { .size = size, .align = MAX_OF(size, MO_ALIGN(cur_insn(c)->aux)), .write = true, .addr = addr, .keep = NOREG,
        .scratch = NOREG, .slow = stub_atomic };
    return emit_probe(c, &acc);
}

static void put_lock(Ctx *c, bool lock)
{
    if (lock)
        put8(&c->a, 0xf0);
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

static void emit_old(Asm *a, unsigned size, Mem m)
{
    if (size <= MO_16)
        ins_rm(a, movx_op(size, false, false), RAX, m);
    else
        mov_rm(a, size == MO_64, RAX, m);
}

static void emit_cmpxchg(Ctx *c, unsigned size, int v, Mem m)
{
    put_lock(c, !host_one_thread);
    ins_rm(&c->a, M_0F | sized(size, 0xb0), v, m);
}

/* rax = old value; t is scratch. */
static void emit_loop(Ctx *c, IRAtomic op, unsigned size, Mem m, int v, int t)
{
    Asm *a = &c->a;
    emit_old(a, size, m);
    uint8_t *again = a->p;
    emit_combine(a, op, size, t, v);
    if (host_one_thread) {
        ins_rm(a, sized(size, 0x88), t, m);
    } else {
        emit_cmpxchg(c, size, t, m);
        jcc_to(a, CC_NE, again);
    }
}

/* For its effect alone. */
static void emit_dead(Ctx *c, IRAtomic op, bool lock, unsigned size, Mem m, int v, int t)
{
    static const uint8_t alu[] = { [IR_AT_ADD] = ALU_ADD, [IR_AT_AND] = ALU_AND, [IR_AT_OR] = ALU_OR, [IR_AT_XOR] = ALU_XOR, [IR_AT_ANDN] = ALU_AND };
    Asm *a = &c->a;
    if (op == IR_AT_ANDN) {
        mov_rr(a, true, t, v);
        not_r(a, true, t);
        v = t;
    }
    put_lock(c, lock);
    ins_rm(a, sized(size, alu[op] << 3), v, m);
}

/* XCHG and ADD; rax = old value. */
static void emit_exchange(Ctx *c, IRAtomic op, bool lock, unsigned size, Mem m, int v)
{
    Asm *a = &c->a;
    if (op == IR_AT_XCHG && !lock) {
        emit_old(a, size, m);
        ins_rm(a, sized(size, 0x88), v, m);
        return;
    }
    mov_rr(a, true, RAX, v);
    put_lock(c, lock && op == IR_AT_ADD); /* xchg is locked by itself */
    ins_rm(a, op == IR_AT_ADD ? M_0F | sized(size, 0xc0) : sized(size, 0x86), RAX, m);
}

/* Whether the operation is to be a locked one: see above. */
static bool wants_lock(const Ctx *c, IRAtomic op)
{
    uint64_t k;
    if (!host_one_thread)
        return true;
    return jit_target->tso && (op == IR_AT_XCHG || (value_const(c, arg_root(c, 1), &k) && !k));
}

static void lower_rmw(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    unsigned size = MO_SIZE(in->aux);
    IRAtomic op = in->sz;
    bool lock = wants_lock(c, op), dead = c->next_use[c->i] == NO_USE && op != IR_AT_XCHG && op <= IR_AT_ANDN;
    if (!dead)
        take_reg(c, RAX);
    int ra = use_reg(c, 0), v = use_reg(c, 1);
    args_done(c);
    Probe p = probe_atomic(c, size, ra);
    p.stub->reg[1] = (int8_t)v;
    p.stub->reg[3] = dead ? NOREG : RAX;
    if (in->aux & MO_BSWAP)
        p.stub->jump[1] = jmp32(a);
    else if (dead)
        emit_dead(c, op, lock, size, p.host, v, p.tmp2);
    else if (op == IR_AT_ADD || op == IR_AT_XCHG)
        emit_exchange(c, op, lock, size, p.host, v);
    else
        emit_loop(c, op, size, p.host, v, p.tmp2);
    if (!dead)
        zero_extend(a, size, RAX);
    p.stub->back = a->p;
    if (!dead)
        def_fixed(c, RAX);
}

/* cmpxchg16b wants rbx, which is a guest register's. */
static void emit_cmpxchg16b(Ctx *c, const Probe *p, int rd, int v, int w)
{
    Asm *a = &c->a;
    lea(a, true, p->tmp, p->host);
    ins_rr(a, P66 | OP_W | 0x6e, XSCRATCH, RBX);
    ins_rr(a, P66 | OP_W | 0x7e, v & 15, RAX);
    ins_rri(a, X66_3A | OP_W | 0x16, v & 15, RDX, 1);
    ins_rr(a, P66 | OP_W | 0x7e, w & 15, RBX);
    ins_rri(a, X66_3A | OP_W | 0x16, w & 15, RCX, 1);
    put_lock(c, !host_one_thread);
    ins_rm(a, M_0F | OP_W | 0xc7, 1, mem_at(p->tmp, 0));
    ins_rr(a, P66 | OP_W | 0x7e, XSCRATCH, RBX);
    ins_rr(a, P66 | OP_W | 0x6e, rd & 15, RAX);
    ins_rri(a, X66_3A | OP_W | 0x22, rd & 15, RDX, 1);
}

static void lower_cas_vec(Ctx *c)
{
    take_reg(c, RAX);
    take_reg(c, RDX);
    take_reg(c, RCX);
    int ra = use_reg(c, 0), v = use_reg(c, 1), w = use_reg(c, 2);
    args_done(c);
    int rd = def_reg(c, NOREG);
    Probe p = probe_atomic(c, MO_128, ra);
    p.stub->reg[1] = (int8_t)v;
    p.stub->reg[2] = (int8_t)w;
    p.stub->reg[3] = (int8_t)rd;
    if (cur_insn(c)->aux & MO_BSWAP)
        p.stub->jump[1] = jmp32(&c->a);
    else
        emit_cmpxchg16b(c, &p, rd, v, w);
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
        emit_cmpxchg(c, size, v, p.host);
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
