/* SPDX-License-Identifier: MIT */
/*
 * The inline TLB probe.
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
 *     ...  [addr + t + disp]
 *
 * Loops. Where a block comes round to itself, or dispatches, each load has a recent page of its own (CPUState.recent), which most
 * often is the one wanted: the addend then does not wait for the address, and there is less to do.
 *
 *     lea  u, [addr + disp]          these four where the access may cross into another page: the recent one may be the second
 *     and  u, 4095
 *     cmp  u, 4095 - adjust
 *     ja   stub
 *     lea  u, [addr + disp + adjust]
 *     and  u, -4096 | alignment
 *     cmp  u, [rbp + recent.page]
 *     jne  stub                      the probe above, and what it finds becomes the recent page
 *     mov  t, [rbp + recent.addend]
 *
 * Stores have none: their pages are taken away by other threads.
 *
 * Registers are all allotted before the jne, so that stub and body agree about where everything is.
 *
 * Groups. Where more accesses of the kind follow, at constant offsets from the same base value, the first one's probe covers them
 * all: disp is that of the lowest byte and adjust reaches the highest. t is kept, and each further access is
 *
 *     test t, t
 *     je   stub
 *     ...  [addr + t + disp]
 *
 * (t serves every address in the page, whatever register holds it). A stub of a group first probes for its own access, since the
 * run may lie across two pages. Any slow path zeroes t: it may have taken the entry from the TLB, and then nobody else would
 * know any more that this vCPU writes to the page (accel/tb/code_page.c). Nothing else can end an entry's right to be used before
 * generated code is left: flushes by other vCPUs wait for that.
 */
#include "accel/host/x86_64/jit_internal.h"

#define PAGE_BITS 12
#define GROUP_SPAN 512    /* bytes: wider ones would often lie across pages */
#define GROUP_WINDOW 96u  /* insns looked at */
#define MAX_DISP (1 << 30)

/* ---- groups ---- */
void groups_begin_insn(Ctx *c)
{
    for (unsigned k = 0; k < 2; k++)
        if (c->group[k].on && c->i > c->group[k].last)
            groups_drop(c, 1u << c->group[k].reg);
}

bool groups_drop(Ctx *c, uint32_t regs)
{
    bool any = false;
    for (unsigned k = 0; k < 2; k++) {
        Group *g = &c->group[k];
        if (!g->on || !(regs >> g->reg & 1))
            continue;
        g->on = false;
        c->reserved &= ~(1u << g->reg);
        c->lock &= ~(1u << g->reg);
        any = true;
    }
    return any;
}

void stub_end_groups(Ctx *c, const Stub *s)
{
    for (int r = 0; r < 16; r++)
        if (s->kill >> r & 1)
            alu_rr(&c->a, ALU_XOR, false, r, r);
}

/* v as a base value and a constant. */
static IRRef split_address(const Ctx *c, IRRef v, int64_t *disp)
{
    for (unsigned steps = 0; steps < 8; steps++) {
        const IRInsn *in = &c->f->insns[v];
        uint64_t k;
        if (in->op == IR_add && type_w(in->type) && value_const(c, c->root[in->arg[1]], &k)) {
            v = c->root[in->arg[0]];
        } else if (in->op == IR_sub && type_w(in->type) && value_const(c, c->root[in->arg[1]], &k)) {
            v = c->root[in->arg[0]];
            k = -k;
        } else {
            break;
        }
        *disp = (int64_t)((uint64_t)*disp + k);
    }
    return v;
}

typedef struct Range { IRRef base; bool write; int64_t lo, hi; } Range;

/* Whether insn i is an access that may be in a group, and what it covers. */
static bool in_group(const Ctx *c, IRRef i, Range *r)
{
    const IRInsn *in = &c->f->insns[i];
    unsigned size = MO_SIZE(in->aux);
    if (in->op != IR_ld && in->op != IR_ldptr && in->op != IR_st && in->op != IR_st2)
        return false;
    if (MO_ALIGN(in->aux) || (in->aux & (MO_BSWAP | MO_REL | MO_ATOM16)))
        return false;
    r->write = in->op == IR_st || in->op == IR_st2;
    r->lo = (int64_t)in->imm;
    r->base = split_address(c, c->root[in->arg[0]], &r->lo);
    r->hi = (int64_t)((uint64_t)r->lo + (1u << (size + (in->op == IR_st2))));
    return r->lo > -MAX_DISP && r->hi < MAX_DISP;
}

/* Grows r over accesses that follow. Returns the last of them, 0: none. */
static IRRef group_look_ahead(const Ctx *c, Range *r, unsigned idx)
{
    IRRef last = 0;
    for (unsigned j = c->i + 1u; j < c->f->n_insns && j < c->i + GROUP_WINDOW; j++) {
        const IRInsn *in = &c->f->insns[j];
        Range n;
        if (in->op == IR_call && !c->dead[j])
            break;
        if (!in_group(c, (IRRef)j, &n) || n.write != r->write || n.base != r->base || MO_IDX(in->aux) != idx)
            continue;
        int64_t lo = MIN_OF(r->lo, n.lo), hi = MAX_OF(r->hi, n.hi);
        if (hi - lo > GROUP_SPAN)
            continue;
        r->lo = lo;
        r->hi = hi;
        last = (IRRef)j;
    }
    return last;
}

/* ---- emission ---- */
static uint32_t tag_offset(bool write) { return write ? offsetof(CPUTLBEntry, addr_write) : offsetof(CPUTLBEntry, addr_read); }

static void lea_or_mov(Asm *a, int d, int base, int64_t disp)
{
    if (disp)
        lea(a, true, d, mem_at(base, (int32_t)disp));
    else
        mov_rr(a, true, d, base);
}

/* Compares for the bytes [first, last] from base; the flags say whether the entry, to which t points, is right. */
static void emit_match(Asm *a, unsigned idx, bool write, int base, int64_t first, int64_t last, unsigned align, int t, int u)
{
    lea_or_mov(a, t, base, first);
    shift_ri(a, SH_SHR, true, t, PAGE_BITS - CPU_TLB_ENTRY_BITS);
    alu_rm(a, ALU_AND, true, t, CPU_FIELD(tlb[idx].mask));
    alu_rm(a, ALU_ADD, true, t, CPU_FIELD(tlb[idx].table));
    lea_or_mov(a, u, base, last);
    alu_ri(a, ALU_AND, true, u, -(1 << PAGE_BITS) | (int32_t)((1u << align) - 1));
    alu_rm(a, ALU_CMP, true, u, mem_at(t, (int32_t)tag_offset(write)));
}

static Stub *access_stub(Ctx *c, const Access *acc, int base, int64_t disp)
{
    Stub *s = stub_new(c, acc->slow);
    stub_snapshot(c, s);
    s->reg[0] = (int8_t)base;
    s->imm = (uint64_t)disp;
    return s;
}

/* An access that the group's register serves. */
static Probe probe_reuse(Ctx *c, const Access *acc, const Group *g, int64_t disp)
{
    Asm *a = &c->a;
    Probe p = { .tmp = g->reg, .tmp2 = NOREG, .host = mem_index(acc->addr, g->reg, 0, (int32_t)disp) };
    p.stub = access_stub(c, acc, acc->addr, disp);
    p.stub->group_reg = g->reg;
    test_rr(a, true, g->reg, g->reg);
    p.stub->jump[0] = jcc32(a, CC_E);
    return p;
}

/* The first access of a new group that covers r; own: where this one begins. */
static Probe probe_group(Ctx *c, const Access *acc, const Range *r, int64_t own, IRRef last, int64_t disp)
{
    Asm *a = &c->a;
    Group *g = &c->group[acc->write];
    unsigned idx = MO_IDX(cur_insn(c)->aux);
    Probe p = { .tmp = tmp_int(c) };
    p.tmp2 = acc->scratch != NOREG ? acc->scratch : tmp_int(c);
    c->reserved |= 1u << p.tmp;
    *g = (Group){ .on = true, .idx = (uint8_t)idx, .reg = (int8_t)p.tmp, .base = r->base, .last = last, .lo = r->lo, .hi = r->hi };
    p.stub = access_stub(c, acc, acc->addr, disp);
    p.stub->group_reg = g->reg;
    emit_match(a, idx, acc->write, acc->addr, disp + r->lo - own, disp + r->hi - 1 - own, 0, p.tmp, p.tmp2);
    p.stub->jump[0] = jcc32(a, CC_NE);
    mov_rm(a, true, p.tmp, mem_at(p.tmp, offsetof(CPUTLBEntry, addend)));
    p.host = mem_index(acc->addr, p.tmp, 0, (int32_t)disp);
    return p;
}

static Mem recent_field(const Ctx *c, const Stub *s, size_t field)
{
    unsigned idx = MO_IDX(c->f->insns[s->insn].aux);
    return ENV(offsetof(CPUState, recent) + (idx * CPU_RECENT_PAGES + s->recent - 1u) * sizeof(CPURecentPage) + field);
}

/* c->loops: the loads of a block have places of their own as far as there are enough; different loops begin at different ones. */
static void probe_recent(Ctx *c, Probe *p, int base, int64_t disp, int64_t adjust, unsigned align)
{
    Asm *a = &c->a;
    Stub *s = p->stub;
    s->recent = (uint8_t)(((c->f->pc >> 3) * 5 + c->n_recent++) % CPU_RECENT_PAGES + 1);
    s->reg[4] = (int8_t)p->tmp;
    s->reg[5] = (int8_t)p->tmp2;
    if (adjust) { /* the last byte's page says nothing of the first's: no table entry has been chosen by it */
        lea_or_mov(a, p->tmp2, base, disp);
        alu_ri(a, ALU_AND, false, p->tmp2, (1 << PAGE_BITS) - 1);
        alu_ri(a, ALU_CMP, false, p->tmp2, (1 << PAGE_BITS) - 1 - (int32_t)adjust);
        s->jump[1] = jcc32(a, CC_A);
    }
    lea_or_mov(a, p->tmp2, base, disp + adjust);
    alu_ri(a, ALU_AND, true, p->tmp2, -(1 << PAGE_BITS) | (int32_t)((1u << align) - 1));
    alu_rm(a, ALU_CMP, true, p->tmp2, recent_field(c, s, offsetof(CPURecentPage, page)));
    s->jump[0] = jcc32(a, CC_NE);
    mov_rm(a, true, p->tmp, recent_field(c, s, offsetof(CPURecentPage, addend)));
    s->hit = a->p;
}

uint8_t *stub_probe_recent(Ctx *c, const Stub *s)
{
    Asm *a = &c->a;
    int64_t disp = (int64_t)s->imm;
    int t = s->reg[4], u = s->reg[5];
    emit_match(a, MO_IDX(c->f->insns[s->insn].aux), false, s->reg[0], disp, disp + s->adjust, s->align, t, u);
    uint8_t *miss = jcc32(a, CC_NE);
    mov_rm(a, true, t, mem_at(t, offsetof(CPUTLBEntry, addend)));
    mov_mr(a, true, recent_field(c, s, offsetof(CPURecentPage, page)), u);
    mov_mr(a, true, recent_field(c, s, offsetof(CPURecentPage, addend)), t);
    jmp_to(a, s->hit);
    return miss;
}

static Probe probe_single(Ctx *c, const Access *acc, int64_t disp)
{
    Asm *a = &c->a;
    unsigned idx = MO_IDX(cur_insn(c)->aux);
    int64_t adjust = acc->align < acc->size ? (1 << acc->size) - (1 << acc->align) : 0;
    bool far = disp <= -MAX_DISP || disp >= MAX_DISP;
    Probe p = { .tmp = acc->keep != NOREG ? acc->keep : tmp_int(c) };
    p.tmp2 = acc->scratch != NOREG ? acc->scratch : tmp_int(c);
    int base = far ? tmp_int(c) : acc->addr;
    p.stub = access_stub(c, acc, base, far ? 0 : disp);
    if (far) { /* the sum goes to a register for good */
        mov_ri(a, base, (uint64_t)disp);
        alu_rr(a, ALU_ADD, true, base, acc->addr);
        disp = 0;
    }
    if (c->loops && acc->group && !acc->write) {
        p.stub->align = (uint8_t)acc->align;
        p.stub->adjust = (int16_t)adjust;
        probe_recent(c, &p, base, disp, adjust, acc->align);
    } else {
        emit_match(a, idx, acc->write, base, disp, disp + adjust, acc->align, p.tmp, p.tmp2);
        p.stub->jump[0] = jcc32(a, CC_NE);
        mov_rm(a, true, p.tmp, mem_at(p.tmp, offsetof(CPUTLBEntry, addend)));
    }
    p.host = mem_index(base, p.tmp, 0, (int32_t)disp);
    return p;
}

Probe emit_probe(Ctx *c, const Access *acc)
{
    const IRInsn *in = cur_insn(c);
    int64_t disp = (int64_t)in->imm;
    Group *g = &c->group[acc->write];
    Range r;
    c->hf.kind = HF_NONE;
    if (!acc->group || !in_group(c, c->i, &r) || disp <= -MAX_DISP || disp >= MAX_DISP)
        return probe_single(c, acc, disp);
    if (g->on && g->base == r.base && g->idx == MO_IDX(in->aux) && r.lo >= g->lo && r.hi <= g->hi)
        return probe_reuse(c, acc, g, disp);
    int64_t own = r.lo;
    IRRef last = group_look_ahead(c, &r, MO_IDX(in->aux));
    if (!last)
        return probe_single(c, acc, disp);
    if (g->on)
        groups_drop(c, 1u << g->reg);
    return probe_group(c, acc, &r, own, last, disp);
}

uint8_t *stub_probe_again(Ctx *c, const Stub *s, unsigned size, bool write, Mem *host)
{
    Asm *a = &c->a;
    uint32_t busy = 1u << s->group_reg | 1u << s->reg[0];
    for (unsigned k = 1; k < 3; k++)
        if (s->reg[k] != NOREG)
            busy |= 1u << s->reg[k];
    int u = __builtin_ctz(TEMP_INT_MASK & ~busy), t = s->group_reg;
    int64_t disp = (int64_t)s->imm;
    mov_mr(a, true, SLOW_FIELD(va), u);
    emit_match(a, MO_IDX(c->f->insns[s->insn].aux), write, s->reg[0], disp, disp + (1 << size) - 1, 0, t, u);
    mov_rm(a, true, u, SLOW_FIELD(va)); /* the flags stay */
    uint8_t *miss = jcc32(a, CC_NE);
    mov_rm(a, true, t, mem_at(t, offsetof(CPUTLBEntry, addend)));
    *host = mem_index(s->reg[0], t, 0, (int32_t)disp);
    return miss;
}
