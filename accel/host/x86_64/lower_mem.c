/* SPDX-License-Identifier: MIT */
/*
 * Guest memory: loads, stores, and pointers to what is loaded. A stub holds what its access needs (operand registers, insn), so
 * that the access itself is emitted by one function for body and stub.
 *
 * ldptr's value is the host pointer less the guest address, so that hld can address through the guest address's register and a
 * displacement; it is the pointer itself only for far displacements (Ctx.absolute).
 */
#include "accel/host/x86_64/jit_internal.h"
#include "accel/mmu/mmu.h"

/* ---- the access itself ---- */
/* Loads 1 << size bytes at m into rd, extended to the insn's type. */
static void emit_load(Ctx *c, const IRInsn *in, int rd, Mem m)
{
    Asm *a = &c->a;
    unsigned size = MO_SIZE(in->aux);
    bool sign = in->aux & MO_SIGN, swap = (in->aux & MO_BSWAP) && size > MO_8, w = type_w(in->type);
    if (rd >= 16) {
        if (size == MO_128)
            movups_load(a, rd, m);
        else
            ins_rm(a, (size == MO_64 ? PF2 : PF3) | 0x10, rd & 15, m);
        return;
    }
    if (size == MO_64 || (size == MO_32 && !(sign && w && !swap)))
        mov_rm(a, size == MO_64, rd, m);
    else
        ins_rm(a, movx_op(size, sign && !swap, w), rd, m);
    if (!swap)
        return;
    bswap_r(a, size == MO_64, rd);
    if (size == MO_16)
        shift_ri(a, sign ? SH_SAR : SH_SHR, false, rd, 16);
    if (sign && w && size <= MO_32)
        ins_rr(a, movx_op(2, true, true), rd, rd);
}

/* Stores the low bytes of r. */
static void emit_store(Asm *a, int r, unsigned size, Mem m)
{
    if (r >= 16) {
        if (size == MO_128)
            movups_store(a, m, r);
        else
            ins_rm(a, (size == MO_64 ? PF2 : PF3) | 0x11, r & 15, m);
        return;
    }
    if (size == MO_8)
        ins_rm(a, 0x88 | OP_B, r, m);
    else
        ins_rm(a, 0x89 | (size == MO_16 ? P_66 : size == MO_64 ? OP_W : 0), r, m);
}

static void emit_store_imm(Asm *a, uint64_t k, unsigned size, Mem m)
{
    if (size == MO_8) {
        ins_rm(a, 0xc6, 0, m);
        put8(a, k & 0xff);
    } else if (size == MO_16) {
        ins_rm(a, P_66 | 0xc7, 0, m);
        put8(a, k & 0xff);
        put8(a, k >> 8 & 0xff);
    } else {
        mov_mi(a, size == MO_64, m, (uint32_t)k);
    }
}

/* A store's operand k: a register, or a constant when it has none. */
static void emit_store_operand(Ctx *c, const Stub *s, unsigned k, Mem m)
{
    const IRInsn *in = &c->f->insns[s->insn];
    if (s->reg[k] == NOREG)
        emit_store_imm(&c->a, c->f->insns[c->root[in->arg[k]]].imm, MO_SIZE(in->aux), m);
    else
        emit_store(&c->a, s->reg[k], MO_SIZE(in->aux), m);
}

/* The access of a plain ld, ldptr, st or st2 at m. */
static void emit_access(Ctx *c, const Stub *s, Mem m)
{
    Asm *a = &c->a;
    const IRInsn *in = &c->f->insns[s->insn];
    switch (in->op) {
    case IR_ld:
        emit_load(c, in, s->reg[1], m);
        break;
    case IR_ldptr:
        if (c->absolute[s->insn])
            lea(a, true, s->reg[1], m);
        else if (m.index != s->reg[1])
            mov_rr(a, true, s->reg[1], m.index);
        break;
    case IR_st:
        emit_store_operand(c, s, 1, m);
        break;
    default:
        emit_store_operand(c, s, 1, m);
        m.disp += 1 << MO_SIZE(in->aux);
        emit_store_operand(c, s, 2, m);
        break;
    }
}

/* ---- stubs ---- */
/* A group's member, or a load by a recent page: again with a probe of its own. Returns the jump to the slow path. */
static uint8_t *stub_again(Ctx *c, Stub *s)
{
    const IRInsn *in = &c->f->insns[s->insn];
    Mem m;
    if (s->recent)
        return stub_probe_recent(c, s);
    if (s->group_reg == NOREG)
        return NULL;
    uint8_t *miss = stub_probe_again(c, s, MO_SIZE(in->aux) + (in->op == IR_st2), in->op == IR_st || in->op == IR_st2, &m);
    emit_access(c, s, m);
    alu_rr(&c->a, ALU_XOR, false, s->group_reg, s->group_reg);
    jmp_to(&c->a, s->back);
    return miss;
}

static void stub_begin_slow(Ctx *c, const Stub *s, uint8_t *miss)
{
    Asm *a = &c->a;
    if (miss)
        fix32(miss, a->p);
    stub_store_dirty(c, s);
    mov_mr(a, true, SLOW_FIELD(va), s->reg[0]);
    if (s->imm)
        alu_mi(a, ALU_ADD, true, SLOW_FIELD(va), (int32_t)s->imm);
    mov_mi(a, true, SLOW_FIELD(mo), c->f->insns[s->insn].aux);
}

static void load_result(Ctx *c, const Stub *s)
{
    Asm *a = &c->a;
    const IRInsn *in = &c->f->insns[s->insn];
    int rd = s->reg[1];
    if (rd >= 16 && in->type == IR_V128) {
        movups_load(a, rd, SLOW_FIELD(result));
    } else if (rd >= 16) {
        ins_rm(a, (in->type == IR_F64 ? PF2 : PF3) | 0x10, rd & 15, SLOW_FIELD(result));
    } else {
        mov_rm(a, type_w(in->type), rd, SLOW_FIELD(result));
        if (in->op == IR_ldptr && !c->absolute[s->insn]) {
            alu_rr(a, ALU_SUB, true, rd, s->reg[0]);
            if (s->imm)
                alu_ri(a, ALU_SUB, true, rd, (int32_t)s->imm);
        }
    }
}

static void stub_ld(Ctx *c, Stub *s)
{
    const IRInsn *in = &c->f->insns[s->insn];
    uint8_t *miss = stub_again(c, s);
    stub_begin_slow(c, s, miss);
    stub_call(c, s, in->op == IR_ldptr ? slow_ldptr : MO_SIZE(in->aux) == MO_128 ? slow_ld16 : slow_ld, true);
    stub_end_groups(c, s);
    load_result(c, s);
    jmp_to(&c->a, s->back);
}

static void store_operand(Ctx *c, Mem m, int r, IRRef v)
{
    uint64_t k;
    if (r >= 16) {
        movups_store(&c->a, m, r);
    } else if (r != NOREG) {
        mov_mr(&c->a, true, m, r);
    } else {
        g_assert(value_const(c, v, &k));
        mov_mi(&c->a, false, m, (uint32_t)k);
        m.disp += 4;
        mov_mi(&c->a, false, m, (uint32_t)(k >> 32));
    }
}

static void stub_st(Ctx *c, Stub *s)
{
    const IRInsn *in = &c->f->insns[s->insn];
    uint8_t *miss = stub_again(c, s);
    stub_begin_slow(c, s, miss);
    store_operand(c, SLOW_FIELD(a), s->reg[1], c->root[in->arg[1]]);
    if (in->op == IR_st2)
        store_operand(c, SLOW_FIELD(b), s->reg[2], c->root[in->arg[2]]);
    stub_call(c, s, in->op == IR_st2 ? slow_st2 : MO_SIZE(in->aux) == MO_128 ? slow_st16 : slow_st, true);
    stub_end_groups(c, s);
    jmp_to(&c->a, s->back);
}

/* ---- lowering ---- */
/* What the fast path cannot do. */
static bool always_slow(const IRInsn *in, unsigned size, bool vec)
{
    return vec && ((in->aux & MO_BSWAP) || size < MO_32 || (size == MO_128 && (in->aux & MO_ATOM16) && !host_features.avx));
}

static unsigned probe_align(const IRInsn *in, unsigned size)
{
    unsigned align = MO_ALIGN(in->aux);
    return size == MO_128 && (in->aux & MO_ATOM16) && align < MO_128 ? MO_128 : align;
}

static void force_slow(Ctx *c, Probe *p) { p->stub->jump[1] = jmp32(&c->a); }

/* Drains the store buffer: cheaper than mfence. */
static void emit_full_fence(Ctx *c)
{
    c->hf.kind = HF_NONE;
    put8(&c->a, 0xf0);
    alu_mi(&c->a, ALU_OR, false, mem_at(RSP, -8), 0);
}

/* Before a load of MO_ACQ: a store of MO_REL is seen first. */
static void emit_acquire(Ctx *c)
{
    c->hf.kind = HF_NONE;
    alu_mi(&c->a, ALU_CMP, false, CPU_FIELD(release_pending), 0);
    uint8_t *none = jcc8(&c->a, CC_E);
    emit_full_fence(c);
    mov_mi(&c->a, false, CPU_FIELD(release_pending), 0);
    fix8(&c->a, none);
}

static void lower_ld(Ctx *c)
{
    const IRInsn *in = cur_insn(c);
    unsigned size = MO_SIZE(in->aux);
    if (in->aux & MO_ACQ)
        emit_acquire(c);
    int ra = use_reg(c, 0);
    args_done(c);
    int rd = def_reg(c, ra);
    bool vec = rd >= 16, scratch = !vec && !jit_pin_slot[rd] && rd != ra, slow = always_slow(in, size, vec);
    Access acc = { .size = size, .align = probe_align(in, size), .group = !slow, .addr = ra, .keep = NOREG,
        .scratch = scratch ? rd : NOREG, .slow = stub_ld };
    Probe p = emit_probe(c, &acc);
    p.stub->reg[1] = (int8_t)rd;
    p.stub->reg[2] = NOREG;
    if (slow)
        force_slow(c, &p);
    else
        emit_access(c, p.stub, p.host);
    p.stub->back = c->a.p;
}

static void lower_ldptr(Ctx *c)
{
    const IRInsn *in = cur_insn(c);
    int ra = use_reg(c, 0);
    args_done(c);
    int rd = def_reg(c, NOREG);
    c->absolute[c->i] = (int64_t)in->imm + 64 >= 1 << 30 || (int64_t)in->imm <= -(1 << 30);
    Access acc = { .size = MO_SIZE(in->aux), .align = MO_ALIGN(in->aux), .group = true, .addr = ra, .keep = rd, .scratch = NOREG,
        .slow = stub_ld };
    Probe p = emit_probe(c, &acc);
    p.stub->reg[1] = (int8_t)rd;
    p.stub->reg[2] = NOREG;
    emit_access(c, p.stub, p.host);
    p.stub->back = c->a.p;
}

static void lower_hld(Ctx *c)
{
    const IRInsn *in = cur_insn(c);
    IRRef ptr = arg_root(c, 0);
    bool relative = c->f->insns[ptr].op == IR_ldptr && !c->absolute[ptr];
    int rp = use_reg(c, 0), ra = relative ? use_reg(c, 1) : NOREG;
    args_done(c);
    int rd = def_reg(c, rp);
    Mem m = mem_at(rp, (int32_t)in->imm);
    if (relative)
        m = mem_index(ra, rp, 0, (int32_t)(in->imm + c->f->insns[ptr].imm));
    emit_load(c, in, rd, m);
}

static bool store_imm(const Ctx *c, IRRef v, unsigned size, bool plain)
{
    uint64_t k;
    return plain && value_const(c, v, &k) && c->reg[v] == NOREG && (size < MO_64 || k == (uint64_t)(int64_t)(int32_t)k);
}

/* Byte-swapped: by way of a register that may be changed. */
static void store_by_copy(Ctx *c, int rv, unsigned size, Mem m, int t)
{
    Asm *a = &c->a;
    if (rv < 16) {
        mov_rr(a, true, t, rv);
        if (size > MO_8) {
            bswap_r(a, size == MO_64, t);
            if (size == MO_16)
                shift_ri(a, SH_SHR, false, t, 16);
        }
        rv = t;
    }
    emit_store(a, rv, size, m);
}

static void lower_st(Ctx *c)
{
    const IRInsn *in = cur_insn(c);
    unsigned size = MO_SIZE(in->aux);
    IRRef v = arg_root(c, 1);
    bool plain = !(in->aux & MO_BSWAP);
    int rv = store_imm(c, v, size, plain) ? NOREG : use_reg(c, 1);
    int ra = use_reg(c, 0);
    args_done(c);
    bool slow = rv >= 16 && always_slow(in, size, true);
    Access acc = { .size = size, .align = probe_align(in, size), .write = true, .group = plain && !(in->aux & MO_REL) && !slow, .addr = ra, .keep = NOREG,
        .scratch = NOREG, .slow = stub_st };
    Probe p = emit_probe(c, &acc);
    p.stub->reg[1] = (int8_t)rv;
    p.stub->reg[2] = NOREG;
    if (in->aux & MO_REL)
        mov_mi(&c->a, false, CPU_FIELD(release_pending), 1);
    if (slow)
        force_slow(c, &p);
    else if (plain)
        emit_access(c, p.stub, p.host);
    else
        store_by_copy(c, rv, size, p.host, p.tmp2);
    p.stub->back = c->a.p;
}

static void lower_st2(Ctx *c)
{
    const IRInsn *in = cur_insn(c);
    unsigned size = MO_SIZE(in->aux);
    IRRef v = arg_root(c, 1), w = arg_root(c, 2);
    bool plain = !(in->aux & (MO_REL | MO_BSWAP)), vec = type_is_vec(arg_type(c, 1)), slow = !plain || (vec && size < MO_32);
    int r1 = store_imm(c, v, size, plain) ? NOREG : use_reg(c, 1), r2 = store_imm(c, w, size, plain) ? NOREG : use_reg(c, 2);
    int ra = use_reg(c, 0);
    args_done(c);
    Access acc = { .size = size + 1, .align = MO_ALIGN(in->aux), .write = true, .group = !slow, .addr = ra, .keep = NOREG,
        .scratch = NOREG, .slow = stub_st };
    Probe p = emit_probe(c, &acc);
    p.stub->reg[1] = (int8_t)r1;
    p.stub->reg[2] = (int8_t)r2;
    if (slow)
        force_slow(c, &p);
    else
        emit_access(c, p.stub, p.host);
    p.stub->back = c->a.p;
}

static void lower_fence(Ctx *c)
{
    if (!(cur_insn(c)->aux & IR_FENCE_ST_LD) || c->drained)
        return; /* TSO keeps the rest */
    emit_full_fence(c);
    c->drained = true;
}

void lower_mem(Ctx *c)
{
    switch (cur_insn(c)->op) {
    case IR_ld: lower_ld(c); break;
    case IR_st: lower_st(c); break;
    case IR_st2: lower_st2(c); break;
    case IR_ldptr: lower_ldptr(c); break;
    case IR_hld: lower_hld(c); break;
    default: lower_fence(c); break;
    }
}
