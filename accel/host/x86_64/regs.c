/* SPDX-License-Identifier: MIT */
/*
 * Registers: where values are while a block is emitted.
 *
 * One forward pass; the next use of every value is known (scan.c), so that the value that is used last in the future is
 * evicted first. Evicting a value that is dirty for slots stores it to their homes, after which they are clean; another
 * goes to a spill cell. Nothing here clobbers the host's flags unless HostFlags say that they hold nothing.
 *
 * A pinned register always holds its slot's value once put_slot has run. A value that lives in a pinned register and is
 * still wanted when the slot gets another value moves out first (vacate).
 */
#include "accel/host/x86_64/jit_internal.h"

bool value_const(const Ctx *c, IRRef v, uint64_t *out)
{
    if (c->f->insns[v].op != IR_const)
        return false;
    *out = c->f->insns[v].imm;
    return true;
}

bool value_is_const(const Ctx *c, IRRef v) { return c->f->insns[v].op == IR_const; }

Mem spill_mem(int n) { return mem_at(RSP, n * 16); }

void regs_start(Ctx *c)
{
    memset(c->rv, 0, sizeof(c->rv));
    memset(c->dirty, 0, sizeof(c->dirty));
    c->n_free_spills = c->n_dying_spills = 0;
    for (unsigned n = NB_SPILLS; n-- > 0;)
        c->free_spills[c->n_free_spills++] = (uint16_t)n;
    c->lock = 0;
    c->pins_stored = c->reserved = 0;
    c->polled = 0;
    c->group[0].on = c->group[1].on = false;
    c->hf.kind = HF_NONE;
}

/* ---- memory ---- */
static void load_mem(Ctx *c, unsigned type, Mem m, int reg)
{
    Asm *a = &c->a;
    if (reg < 16)
        mov_rm(a, type_w(type), reg, m);
    else if (type == IR_V128)
        movups_load(a, reg, m);
    else
        ins_rm(a, (type == IR_F64 ? PF2 : PF3) | 0x10, reg & 15, m);
}

static void store_mem(Ctx *c, unsigned type, Mem m, int reg)
{
    Asm *a = &c->a;
    if (reg < 16)
        mov_mr(a, type_w(type), m, reg);
    else if (type == IR_V128)
        movups_store(a, m, reg);
    else
        ins_rm(a, (type == IR_F64 ? PF2 : PF3) | 0x11, reg & 15, m);
}

static const IRSlot *slot_of(unsigned s) { return &jit_target->slots[s]; }

void store_home(Ctx *c, unsigned slot, IRRef v, int reg)
{
    const IRSlot *s = slot_of(slot);
    uint64_t k;
    if (reg == NOREG && value_const(c, v, &k)) {
        bool w = type_w(s->type);
        if (!w || k == (uint64_t)(int64_t)(int32_t)k) {
            mov_mi(&c->a, w, ENV(s->offset), (uint32_t)k);
        } else {
            mov_mi(&c->a, false, ENV(s->offset), (uint32_t)k);
            mov_mi(&c->a, false, ENV(s->offset + 4), (uint32_t)(k >> 32));
        }
        return;
    }
    store_mem(c, s->type, ENV(s->offset), reg);
}

/* Stores v to the homes of all slots that are dirty with it. */
static void clean_value(Ctx *c, IRRef v)
{
    if (!c->n_dirty[v])
        return;
    for (unsigned w = 0; w < ARRAY_SIZE(c->dirty); w++) {
        for (uint64_t bits = c->dirty[w]; bits; bits &= bits - 1) {
            unsigned s = w * 64 + ctz64(bits);
            if (c->cur[s] != v)
                continue;
            store_home(c, s, v, c->reg[v]);
            c->dirty[w] &= ~BIT(s & 63);
            if (slot_of(s)->type == c->content[v] || type_w(slot_of(s)->type) || slot_of(s)->type == IR_V128)
                c->home[v] = (uint8_t)(s + 1);
        }
    }
    c->n_dirty[v] = 0;
}

void flush_dirty(Ctx *c)
{
    for (unsigned w = 0; w < ARRAY_SIZE(c->dirty); w++)
        while (c->dirty[w])
            clean_value(c, c->cur[w * 64 + ctz64(c->dirty[w])]);
}

static void free_spill(Ctx *c, IRRef v)
{
    if (c->spill[v] >= 0) {
        c->dying_spills[c->n_dying_spills++] = (uint16_t)c->spill[v];
        c->spill[v] = -1;
    }
}

static void store_spill(Ctx *c, IRRef v, int reg)
{
    g_assert(c->n_free_spills > 0);
    int n = c->free_spills[--c->n_free_spills];
    c->spill[v] = (int16_t)n;
    store_mem(c, reg < 16 ? IR_I64 : IR_V128, spill_mem(n), reg);
}

void load_value(Ctx *c, IRRef v, int reg)
{
    uint64_t k;
    if (value_const(c, v, &k)) {
        if (k == 0 && c->hf.kind == HF_NONE)
            alu_rr(&c->a, ALU_XOR, false, reg, reg);
        else
            mov_ri(&c->a, reg, k);
    } else if (c->spill[v] >= 0) {
        load_mem(c, reg < 16 ? IR_I64 : IR_V128, spill_mem(c->spill[v]), reg);
    } else {
        g_assert(c->home[v]);
        const IRSlot *s = slot_of(c->home[v] - 1u);
        load_mem(c, s->type, ENV(s->offset), reg);
    }
}

static void move_reg(Ctx *c, int d, int s)
{
    if (d < 16)
        mov_rr(&c->a, true, d, s);
    else
        movaps_rr(&c->a, d, s);
}

/* ---- eviction ---- */
/* Makes sure that v can be found again when its register is lost. */
static void secure(Ctx *c, IRRef v)
{
    clean_value(c, v);
    if (c->next_use[v] != NO_USE && !c->home[v] && c->spill[v] < 0 && !value_is_const(c, v))
        store_spill(c, v, c->reg[v]);
}

static void evict(Ctx *c, int reg)
{
    IRRef v = c->rv[reg];
    secure(c, v);
    c->rv[reg] = 0;
    c->reg[v] = NOREG;
}

/* Higher: better to evict. */
static unsigned evict_score(const Ctx *c, IRRef v)
{
    if (c->next_use[v] == NO_USE)
        return 0x20000; /* only dirty: one store, and done */
    unsigned score = c->next_use[v];
    if (value_is_const(c, v) || c->home[v] || c->spill[v] >= 0)
        score += 16;
    return score;
}

static int alloc(Ctx *c, uint32_t mask)
{
    uint32_t usable = mask & ~c->lock;
    int best = NOREG;
    unsigned best_score = 0;
    for (uint32_t m = usable; m; m &= m - 1) {
        int r = __builtin_ctz(m);
        if (!c->rv[r]) {
            c->lock |= 1u << r;
            return r;
        }
        unsigned score = evict_score(c, c->rv[r]) + 1;
        if (score > best_score) {
            best_score = score;
            best = r;
        }
    }
    if (best == NOREG) {
        g_assert(groups_drop(c, mask));
        return alloc(c, mask);
    }
    evict(c, best);
    c->lock |= 1u << best;
    return best;
}

int tmp_int(Ctx *c) { return alloc(c, TEMP_INT_MASK); }
int tmp_vec(Ctx *c) { return alloc(c, TEMP_VEC_MASK); }

static uint32_t class_mask(const Ctx *c, IRRef v) { return type_is_vec(c->content[v]) ? TEMP_VEC_MASK : TEMP_INT_MASK; }

/* A free unlocked temporary, or NOREG. */
static int find_free(const Ctx *c, uint32_t mask)
{
    for (uint32_t m = mask & ~c->lock; m; m &= m - 1)
        if (!c->rv[__builtin_ctz(m)])
            return __builtin_ctz(m);
    return NOREG;
}

void take_reg(Ctx *c, int reg)
{
    groups_drop(c, 1u << reg);
    IRRef v = c->rv[reg];
    if (v) {
        int to = find_free(c, class_mask(c, v) & ~(1u << reg));
        if (to != NOREG && c->next_use[v] != NO_USE) {
            move_reg(c, to, reg);
            c->rv[to] = v;
            c->reg[v] = (int8_t)to;
            c->rv[reg] = 0;
        } else {
            evict(c, reg);
        }
    }
    c->lock |= 1u << reg;
}

/* ---- operands ---- */
int value_reg(Ctx *c, IRRef v)
{
    if (c->reg[v] == NOREG) {
        int r = alloc(c, class_mask(c, v));
        load_value(c, v, r);
        c->reg[v] = (int8_t)r;
        c->rv[r] = v;
    }
    c->lock |= 1u << c->reg[v];
    return c->reg[v];
}

int use_reg(Ctx *c, unsigned k) { return value_reg(c, arg_root(c, k)); }

static bool value_mem(const Ctx *c, IRRef v, unsigned k, Mem *m)
{
    if (c->arg_next[c->i][k] != NO_USE || c->n_dirty[v])
        return false;
    if (c->spill[v] >= 0) {
        *m = spill_mem(c->spill[v]);
        return true;
    }
    if (!c->home[v])
        return false;
    *m = ENV(slot_of(c->home[v] - 1u)->offset);
    return true;
}

Opnd use_opnd(Ctx *c, unsigned k, bool w)
{
    IRRef v = arg_root(c, k);
    uint64_t imm;
    if (value_const(c, v, &imm) && (!w || imm == (uint64_t)(int64_t)(int32_t)imm))
        return (Opnd){ .kind = OPND_IMM, .imm = (int32_t)imm };
    Mem m;
    if (c->reg[v] == NOREG && !value_is_const(c, v) && value_mem(c, v, k, &m) &&
        (!w || c->spill[v] >= 0 || type_w(slot_of(c->home[v] - 1u)->type)))
        return (Opnd){ .kind = OPND_MEM, .mem = m };
    return (Opnd){ .kind = OPND_REG, .reg = value_reg(c, v) };
}

Opnd use_vopnd(Ctx *c, unsigned k)
{
    IRRef v = arg_root(c, k);
    Mem m;
    if (c->reg[v] == NOREG && value_mem(c, v, k, &m))
        return (Opnd){ .kind = OPND_MEM, .mem = m };
    return (Opnd){ .kind = OPND_REG, .reg = value_reg(c, v) };
}

static void release_if_dead(Ctx *c, IRRef v)
{
    if (c->next_use[v] != NO_USE)
        return;
    free_spill(c, v);
    int r = c->reg[v];
    if (r == NOREG || c->n_dirty[v] || (r < 16 && jit_pin_slot[r]))
        return;
    c->rv[r] = 0;
    c->reg[v] = NOREG;
}

void args_done(Ctx *c)
{
    const IRInsn *in = cur_insn(c);
    unsigned n = jit_nargs(in->op);
    for (unsigned k = 0; k < n; k++)
        c->next_use[arg_root(c, k)] = c->arg_next[c->i][k];
    for (unsigned k = 0; k < n; k++)
        release_if_dead(c, arg_root(c, k));
}

/* ---- pinned registers ---- */
/* Another pinned register that holds v as well, or NOREG. */
static int pinned_copy(const Ctx *c, IRRef v, int but)
{
    for (int r = 0; r < 16; r++)
        if (r != but && jit_pin_slot[r] && c->rv[r] == v)
            return r;
    return NOREG;
}

/* The pinned register is about to get another value: what is in it moves out if it is wanted. */
static void vacate(Ctx *c, int reg)
{
    IRRef v = c->rv[reg];
    if (!v || c->reg[v] != reg) {
        c->rv[reg] = 0;
        return;
    }
    int copy = pinned_copy(c, v, reg);
    if (copy != NOREG) {
        c->reg[v] = (int8_t)copy;
    } else {
        clean_value(c, v);
        c->reg[v] = NOREG;
        if (c->next_use[v] != NO_USE && !c->home[v] && c->spill[v] < 0 && !value_is_const(c, v)) {
            int t = alloc(c, TEMP_INT_MASK);
            move_reg(c, t, reg);
            c->rv[t] = v;
            c->reg[v] = (int8_t)t;
        }
    }
    c->rv[reg] = 0;
}

static void bind(Ctx *c, int reg)
{
    c->pins_stored &= ~(1u << reg);
    c->rv[reg] = c->i;
    c->reg[c->i] = (int8_t)reg;
    c->lock |= 1u << reg;
}

int def_reg(Ctx *c, int ok)
{
    IRRef v = c->i;
    if (c->next_use[v] == NO_USE && !c->hint[v] && cur_insn(c)->op != IR_put)
        return alloc(c, class_mask(c, v));
    if (c->hint[v]) {
        int p = jit_slot_pin[c->hint[v] - 1];
        if (p == ok || !(c->lock >> p & 1)) {
            vacate(c, p);
            bind(c, p);
            return p;
        }
    }
    if (ok != NOREG && !c->rv[ok] && (class_mask(c, v) >> ok & 1)) {
        bind(c, ok);
        return ok;
    }
    int r = alloc(c, class_mask(c, v));
    bind(c, r);
    return r;
}

int def_fixed(Ctx *c, int reg)
{
    if (c->next_use[c->i] != NO_USE)
        bind(c, reg);
    return reg;
}

/* ---- slots ---- */
static bool slot_dirty(const Ctx *c, unsigned s) { return c->dirty[s / 64] >> (s & 63) & 1; }

void put_slot(Ctx *c, unsigned s, IRRef v)
{
    int p = jit_slot_pin[s];
    if (p != NOREG) {
        c->cur[s] = v;
        if (c->rv[p] == v)
            return;
        if (c->reg[v] != NOREG)
            c->lock |= 1u << c->reg[v];
        vacate(c, p);
        c->pins_stored &= ~(1u << p);
        if (c->reg[v] == NOREG) {
            load_value(c, v, p);
            c->reg[v] = (int8_t)p;
        } else {
            int r = c->reg[v];
            move_reg(c, p, r);
            if (!jit_pin_slot[r]) { /* the temporary is free now */
                c->rv[r] = 0;
                c->reg[v] = (int8_t)p;
            }
        }
        c->rv[p] = v;
        return;
    }
    IRRef old = c->cur[s];
    if (old == v)
        return;
    if (slot_dirty(c, s)) {
        c->n_dirty[old]--;
        c->dirty[s / 64] &= ~BIT(s & 63);
        c->cur[s] = v;
        release_if_dead(c, old);
    }
    c->cur[s] = v;
    if (old && c->home[old] == s + 1) {
        if (c->next_use[old] != NO_USE && c->reg[old] == NOREG && c->spill[old] < 0)
            value_reg(c, old);
        c->home[old] = 0;
    }
    c->dirty[s / 64] |= BIT(s & 63);
    c->n_dirty[v]++;
    if (c->reg[v] == NOREG && !value_is_const(c, v))
        value_reg(c, v);
}

/* Eight bytes by way of the stack: no register is needed. */
static void copy_mem(Ctx *c, Mem to, Mem from)
{
    ins_rm(&c->a, 0xff, 6, from);
    ins_rm(&c->a, 0x8f, 0, to); /* rsp counts after the pop */
}

/* Values that are only in homes are copied, since the homes are about to change. */
static void leave_homes(Ctx *c)
{
    for (unsigned s = 0; s < jit_target->n_slots; s++) {
        IRRef v = c->cur[s];
        if (!v || c->home[v] != s + 1)
            continue;
        if (c->next_use[v] != NO_USE && c->spill[v] < 0 && !value_is_const(c, v) && c->reg[v] == NOREG) {
            g_assert(c->n_free_spills > 0);
            int n = c->free_spills[--c->n_free_spills];
            c->spill[v] = (int16_t)n;
            copy_mem(c, spill_mem(n), ENV(slot_of(s)->offset));
            if (type_is_vec(c->content[v]))
                copy_mem(c, mem_at(RSP, n * 16 + 8), ENV(slot_of(s)->offset + 8));
        }
        c->home[v] = 0;
    }
}

void spill_temps(Ctx *c, bool writes)
{
    groups_drop(c, ~0u);
    flush_dirty(c);
    if (writes)
        leave_homes(c);
    for (int r = 0; r < 32; r++) {
        IRRef v = c->rv[r];
        if (!v)
            continue;
        bool pinned = r < 16 && jit_pin_slot[r];
        if (pinned && !writes)
            continue;
        if (c->next_use[v] != NO_USE && c->spill[v] < 0 && !value_is_const(c, v) && (writes || !c->home[v]) && c->reg[v] == r)
            store_spill(c, v, r);
        c->rv[r] = 0;
        if (c->reg[v] == r)
            c->reg[v] = NOREG;
    }
}
