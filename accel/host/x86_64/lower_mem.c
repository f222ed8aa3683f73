/* SPDX-License-Identifier: MIT */
/*
 * Guest memory. The TLB probe is inline:
 *
 *     lea  t, [addr + disp]          page index in bytes of TLB entries
 *     shr  t, 12 - CPU_TLB_ENTRY_BITS
 *     and  t, [rbp + tlb.mask]
 *     add  t, [rbp + tlb.table]
 *     lea  u, [addr + disp + adjust] page of the last byte, and the bits that must be aligned
 *     and  u, -4096 | alignment
 *     cmp  u, [t + addr_read]
 *     jne  stub
 *     mov  t, [t + addend]
 *     mov  d, [addr + t + disp]
 *
 * Registers are all allotted before the jne, so that stub and body agree about where everything is.
 */
#include "accel/host/x86_64/jit_internal.h"
#include "accel/mmu/mmu.h"

#define PAGE_BITS 12

Probe emit_probe(Ctx *c, unsigned size, unsigned align, bool write, int addr, int scratch, void (*slow)(Ctx *, Stub *))
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    unsigned idx = MO_IDX(in->aux);
    int64_t disp = (int64_t)in->imm;
    Probe p = { .addr = addr };
    p.tmp = tmp_int(c);
    p.tmp2 = scratch != NOREG ? scratch : tmp_int(c);
    int64_t adjust = align < size ? (1 << size) - (1 << align) : 0;
    bool far = disp != (int32_t)disp || disp + adjust != (int32_t)(disp + adjust);
    int base = far ? tmp_int(c) : addr;
    Stub *s = stub_new(c, slow);
    stub_snapshot(c, s);
    if (far) { /* no room in a disp32: the sum goes to a register for good */
        mov_ri(a, base, (uint64_t)disp);
        alu_rr(a, ALU_ADD, true, base, addr);
        disp = 0;
        p.addr = base;
    }
    s->reg[0] = (int8_t)base;
    s->imm = (uint64_t)disp;
    if (disp)
        lea(a, true, p.tmp, mem_at(base, (int32_t)disp));
    else
        mov_rr(a, true, p.tmp, base);
    shift_ri(a, SH_SHR, true, p.tmp, PAGE_BITS - CPU_TLB_ENTRY_BITS);
    alu_rm(a, ALU_AND, true, p.tmp, CPU_FIELD(tlb[idx].mask));
    alu_rm(a, ALU_ADD, true, p.tmp, CPU_FIELD(tlb[idx].table));
    if (disp + adjust)
        lea(a, true, p.tmp2, mem_at(base, (int32_t)(disp + adjust)));
    else
        mov_rr(a, true, p.tmp2, base);
    alu_ri(a, ALU_AND, true, p.tmp2, -(1 << PAGE_BITS) | (int32_t)((1u << align) - 1));
    alu_rm(a, ALU_CMP, true, p.tmp2, mem_at(p.tmp, write ? offsetof(CPUTLBEntry, addr_write) : offsetof(CPUTLBEntry, addr_read)));
    s->jump[0] = jcc32(a, CC_NE);
    mov_rm(a, true, p.tmp, mem_at(p.tmp, offsetof(CPUTLBEntry, addend)));
    p.host = mem_index(base, p.tmp, 0, (int32_t)disp);
    p.stub = s;
    c->hf.kind = HF_NONE;
    return p;
}

/* ---- stubs ---- */
static void store_va(Ctx *c, const Stub *s)
{
    Asm *a = &c->a;
    mov_mr(a, true, SLOW_FIELD(va), s->reg[0]);
    if (s->imm)
        alu_mi(a, ALU_ADD, true, SLOW_FIELD(va), (int32_t)s->imm);
    mov_mi(a, true, SLOW_FIELD(mo), c->f->insns[s->insn].aux);
}

static void load_result(Ctx *c, const Stub *s, int rd)
{
    Asm *a = &c->a;
    const IRInsn *in = &c->f->insns[s->insn];
    if (rd == NOREG)
        return;
    if (rd < 16)
        mov_rm(a, type_w(in->type), rd, SLOW_FIELD(result));
    else if (in->type == IR_V128)
        movups_load(a, rd, SLOW_FIELD(result));
    else
        ins_rm(a, (in->type == IR_F64 ? PF2 : PF3) | 0x10, rd & 15, SLOW_FIELD(result));
}

static void stub_ld(Ctx *c, Stub *s)
{
    const IRInsn *in = &c->f->insns[s->insn];
    stub_store_dirty(c, s);
    store_va(c, s);
    stub_call(c, s, in->op == IR_ldptr ? slow_ldptr : MO_SIZE(in->aux) == MO_128 ? slow_ld16 : slow_ld, true);
    load_result(c, s, s->reg[1]);
    jmp_to(&c->a, s->back);
}

static void store_operand(Ctx *c, Mem m, int r, IRRef v)
{
    uint64_t k;
    if (r == NOREG) {
        g_assert(value_const(c, v, &k));
        mov_mi(&c->a, false, m, (uint32_t)k);
        m.disp += 4;
        mov_mi(&c->a, false, m, (uint32_t)(k >> 32));
    } else if (r < 16) {
        mov_mr(&c->a, true, m, r);
    } else {
        movups_store(&c->a, m, r);
    }
}

static void stub_st(Ctx *c, Stub *s)
{
    const IRInsn *in = &c->f->insns[s->insn];
    stub_store_dirty(c, s);
    store_va(c, s);
    store_operand(c, SLOW_FIELD(a), s->reg[1], c->root[in->arg[1]]);
    if (in->op == IR_st2)
        store_operand(c, SLOW_FIELD(b), s->reg[2], c->root[in->arg[2]]);
    stub_call(c, s, in->op == IR_st2 ? slow_st2 : MO_SIZE(in->aux) == MO_128 ? slow_st16 : slow_st, true);
    jmp_to(&c->a, s->back);
}

/* ---- loads ---- */
/* Loads 1 << size bytes at m into rd, extended to the insn's type. */
static void emit_load(Ctx *c, int rd, Mem m)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    unsigned size = MO_SIZE(in->aux);
    bool sign = in->aux & MO_SIGN, swap = in->aux & MO_BSWAP, w = type_w(in->type);
    if (rd >= 16) {
        if (size == MO_128)
            movups_load(a, rd, m);
        else if (size == MO_64)
            ins_rm(a, PF2 | 0x10, rd & 15, m);
        else
            ins_rm(a, PF3 | 0x10, rd & 15, m);
        return;
    }
    if (size == MO_64 || (size == MO_32 && !(sign && w && !swap)))
        mov_rm(a, size == MO_64, rd, m);
    else
        ins_rm(a, movx_op(size, sign && !swap, w), rd, m);
    if (!swap || size == MO_8) {
        if (swap && sign)
            ins_rr(a, movx_op(0, true, w), rd, rd);
        return;
    }
    bswap_r(a, size == MO_64, rd);
    if (size == MO_16)
        shift_ri(a, sign ? SH_SAR : SH_SHR, false, rd, 16);
    if (sign && w && size <= MO_32)
        ins_rr(a, movx_op(2, true, true), rd, rd);
}

/* What the fast path cannot do goes to the stub always: the condition never holds. */
static bool always_slow(const IRInsn *in, unsigned size, bool vec)
{
    return vec && ((in->aux & MO_BSWAP) || size < MO_32 || (size == MO_128 && (in->aux & MO_ATOM16) && !host_features.avx));
}

static unsigned probe_align(const IRInsn *in, unsigned size)
{
    unsigned align = MO_ALIGN(in->aux);
    return size == MO_128 && (in->aux & MO_ATOM16) && align < MO_128 ? MO_128 : align;
}

static void force_slow(Ctx *c, Probe *p)
{
    p->stub->jump[1] = jmp32(&c->a);
}

static void lower_ld(Ctx *c)
{
    const IRInsn *in = cur_insn(c);
    unsigned size = MO_SIZE(in->aux);
    int ra = use_reg(c, 0);
    args_done(c);
    int rd = def_reg(c, ra);
    bool pinned = rd < 16 && jit_pin_slot[rd];
    Probe p = emit_probe(c, size, probe_align(in, size), false, ra, rd < 16 && !pinned && rd != ra ? rd : NOREG, stub_ld);
    p.stub->reg[1] = (int8_t)rd;
    if (always_slow(in, size, rd >= 16))
        force_slow(c, &p);
    else
        emit_load(c, rd, p.host);
    p.stub->back = c->a.p;
}

static void lower_ldptr(Ctx *c)
{
    const IRInsn *in = cur_insn(c);
    int ra = use_reg(c, 0);
    args_done(c);
    int rd = def_reg(c, NOREG);
    Probe p = emit_probe(c, MO_SIZE(in->aux), MO_ALIGN(in->aux), false, ra, rd, stub_ld);
    p.stub->reg[1] = (int8_t)rd;
    lea(&c->a, true, rd, p.host);
    p.stub->back = c->a.p;
}

static void lower_hld(Ctx *c)
{
    const IRInsn *in = cur_insn(c);
    int ra = use_reg(c, 0);
    args_done(c);
    int rd = def_reg(c, ra);
    emit_load(c, rd, mem_at(ra, (int32_t)in->imm));
}

/* ---- stores ---- */
/* Stores the low bytes of r. t: a temporary for byte swapping and xchg. */
static void emit_store(Ctx *c, int r, unsigned size, Mem m, int t)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    bool release = in->aux & MO_REL;
    if (r >= 16) {
        if (size == MO_128)
            movups_store(a, m, r);
        else
            ins_rm(a, (size == MO_64 ? PF2 : PF3) | 0x11, r & 15, m);
    } else {
        if (t != NOREG) {
            mov_rr(a, true, t, r);
            if (in->aux & MO_BSWAP && size > MO_8) {
                bswap_r(a, size == MO_64, t);
                if (size == MO_16)
                    shift_ri(a, SH_SHR, false, t, 16);
            }
            r = t;
        }
        uint32_t op = release ? 0x87 : 0x89; /* xchg orders as a full fence */
        if (size == MO_8)
            ins_rm(a, (op - 1) | OP_B, r, m);
        else
            ins_rm(a, op | (size == MO_16 ? P_66 : size == MO_64 ? OP_W : 0), r, m);
        return;
    }
    if (release) {
        put8(a, 0xf0); /* lock or dword [rsp], 0 */
        alu_mi(a, ALU_OR, false, mem_at(RSP, -8), 0);
    }
}

static bool store_imm(const Ctx *c, IRRef v, unsigned size, bool plain)
{
    uint64_t k;
    return plain && value_const(c, v, &k) && c->reg[v] == NOREG && (size < MO_64 || k == (uint64_t)(int64_t)(int32_t)k);
}

static void emit_store_imm(Ctx *c, uint64_t k, unsigned size, Mem m)
{
    Asm *a = &c->a;
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

static void lower_st(Ctx *c)
{
    const IRInsn *in = cur_insn(c);
    unsigned size = MO_SIZE(in->aux);
    IRRef v = arg_root(c, 1);
    bool plain = !(in->aux & (MO_REL | MO_BSWAP)), imm = store_imm(c, v, size, plain);
    int rv = imm ? NOREG : use_reg(c, 1);
    int ra = use_reg(c, 0);
    args_done(c);
    Probe p = emit_probe(c, size, probe_align(in, size), true, ra, NOREG, stub_st);
    p.stub->reg[1] = (int8_t)rv;
    if (rv >= 16 && always_slow(in, size, true))
        force_slow(c, &p);
    else if (imm)
        emit_store_imm(c, c->f->insns[v].imm, size, p.host);
    else
        emit_store(c, rv, size, p.host, plain ? NOREG : p.tmp2);
    p.stub->back = c->a.p;
}

static void lower_st2(Ctx *c)
{
    const IRInsn *in = cur_insn(c);
    unsigned size = MO_SIZE(in->aux);
    IRRef v = arg_root(c, 1), w = arg_root(c, 2);
    bool plain = !(in->aux & (MO_REL | MO_BSWAP));
    bool imm1 = store_imm(c, v, size, plain), imm2 = store_imm(c, w, size, plain);
    int r1 = imm1 ? NOREG : use_reg(c, 1), r2 = imm2 ? NOREG : use_reg(c, 2);
    int ra = use_reg(c, 0);
    args_done(c);
    Probe p = emit_probe(c, size + 1, MO_ALIGN(in->aux), true, ra, NOREG, stub_st);
    p.stub->reg[1] = (int8_t)r1;
    p.stub->reg[2] = (int8_t)r2;
    Mem second = p.host;
    second.disp += 1 << size;
    if (!plain) {
        force_slow(c, &p);
    } else {
        if (imm1)
            emit_store_imm(c, c->f->insns[v].imm, size, p.host);
        else
            emit_store(c, r1, size, p.host, NOREG);
        if (imm2)
            emit_store_imm(c, c->f->insns[w].imm, size, second);
        else
            emit_store(c, r2, size, second, NOREG);
    }
    p.stub->back = c->a.p;
}

static void lower_fence(Ctx *c)
{
    if (!(cur_insn(c)->aux & IR_FENCE_ST_LD))
        return; /* TSO keeps the rest */
    c->hf.kind = HF_NONE;
    put8(&c->a, 0xf0);
    alu_mi(&c->a, ALU_OR, false, mem_at(RSP, -8), 0);
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
