/* SPDX-License-Identifier: MIT */
/*
 * Calls of helpers. Live temporaries go to memory before; pinned registers that the callee may change, or all when it reads
 * slots, go to their homes. Arguments are then moved to the registers of the System V ABI, all at once.
 */
#include "accel/host/x86_64/jit_internal.h"

static const int8_t arg_regs[6] = { RDI, RSI, RDX, RCX, R8, R9 };

typedef struct Move { enum { MV_DONE, MV_REG, MV_XMM, MV_MEM, MV_LEA, MV_IMM } kind; int dst, src; bool w; Mem mem; uint64_t imm; } Move;

static bool blocked(const Move *m, unsigned n, unsigned k)
{
    for (unsigned j = 0; j < n; j++)
        if (j != k && m[j].kind == MV_REG && m[j].src == m[k].dst)
            return true;
    return false;
}

static void emit_move(Asm *a, const Move *m)
{
    switch (m->kind) {
    case MV_REG:
        if (m->dst != m->src)
            mov_rr(a, true, m->dst, m->src);
        break;
    case MV_XMM: ins_rr(a, P66 | 0x7e | (m->w ? OP_W : 0), m->src & 15, m->dst); break;
    case MV_MEM: mov_rm(a, m->w, m->dst, m->mem); break;
    case MV_LEA: lea(a, true, m->dst, m->mem); break;
    default: mov_ri(a, m->dst, m->imm); break;
    }
}

/* Moves in parallel: one whose target nobody waits for first; cycles by xchg. */
static void emit_moves(Asm *a, Move *m, unsigned n)
{
    for (unsigned left = n; left;) {
        bool progress = false;
        for (unsigned k = 0; k < n; k++) {
            if (m[k].kind == MV_DONE || blocked(m, n, k))
                continue;
            emit_move(a, &m[k]);
            m[k].kind = MV_DONE;
            left--;
            progress = true;
        }
        for (unsigned k = 0; k < n && !progress; k++) {
            if (m[k].kind != MV_REG)
                continue;
            int d = m[k].dst, s = m[k].src;
            ins_rr(a, 0x87 | OP_W, d, s);
            m[k].kind = MV_DONE;
            left--;
            progress = true;
            for (unsigned j = 0; j < n; j++)
                if (m[j].kind == MV_REG)
                    m[j].src = m[j].src == d ? s : m[j].src == s ? d : m[j].src;
        }
    }
}

static Mem value_home(const Ctx *c, IRRef v)
{
    return c->spill[v] >= 0 ? spill_mem(c->spill[v]) : ENV(jit_target->slots[c->home[v] - 1u].offset);
}

/* Where argument v of type t comes from, before temporaries are spilled. */
static Move find_arg(Ctx *c, IRRef v, IRType t, unsigned k)
{
    Move m = { .dst = NOREG, .w = t == IR_F64 || type_w(t) };
    if (value_const(c, v, &m.imm)) {
        m.kind = MV_IMM;
        return m;
    }
    if (t == IR_V128) { /* by pointer to a copy */
        int x = c->reg[v] != NOREG ? c->reg[v] : XMM(XSCRATCH);
        if (x == XMM(XSCRATCH))
            movups_load(&c->a, x, value_home(c, v));
        m.kind = MV_LEA;
        m.mem = spill_mem(NB_SPILLS + (int)k);
        movups_store(&c->a, m.mem, x);
        return m;
    }
    m.kind = c->reg[v] == NOREG ? MV_MEM : c->reg[v] < 16 ? MV_REG : MV_XMM;
    m.src = c->reg[v];
    if (m.kind == MV_MEM)
        m.mem = value_home(c, v);
    return m;
}

static void store_pins(Ctx *c, uint32_t mask)
{
    for (int r = 0; r < 16; r++)
        if (jit_pin_slot[r] && (mask >> r & 1) && !(c->pins_stored >> r & 1)) {
            const IRSlot *s = &jit_target->slots[jit_pin_slot[r] - 1u];
            mov_mr(&c->a, type_w(s->type), ENV(s->offset), r);
            c->pins_stored |= 1u << r;
        }
}

static void load_pins(Ctx *c, uint32_t mask)
{
    for (int r = 0; r < 16; r++)
        if (jit_pin_slot[r] && (mask >> r & 1)) {
            const IRSlot *s = &jit_target->slots[jit_pin_slot[r] - 1u];
            mov_rm(&c->a, type_w(s->type), r, ENV(s->offset));
        }
}

static void call_result(Ctx *c, const IRHelper *h)
{
    Asm *a = &c->a;
    c->lock = 0;
    if (h->ret == IR_V128) {
        movups_load(a, 0, SLOW_FIELD(result));
        def_fixed(c, XMM(0));
    } else if (h->ret == IR_F32 || h->ret == IR_F64) {
        ins_rr(a, P66 | 0x6e | (h->ret == IR_F64 ? OP_W : 0), 0, RAX);
        def_fixed(c, XMM(0));
    } else if (h->ret != IR_VOID) {
        if (h->ret == IR_I32) /* the ABI leaves the upper half open */
            mov_rr(a, false, RAX, RAX);
        def_fixed(c, RAX);
    }
}

void lower_call(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    const IRHelper *h = (const IRHelper *)(uintptr_t)in->imm;
    bool writes = h->flags & IR_CALL_WRITES;
    bool looks = h->flags & (IR_CALL_READS | IR_CALL_WRITES | IR_CALL_FAULTS | IR_CALL_NORETURN);
    Move m[8];
    groups_drop(c, ~0u);
    unsigned n = 0;
    if (h->flags & IR_CALL_ENV)
        m[n++] = (Move){ .kind = MV_LEA, .mem = ENV(0) };
    if (h->ret == IR_V128)
        m[n++] = (Move){ .kind = MV_LEA, .mem = SLOW_FIELD(result) };
    for (unsigned k = 0; k < h->nargs; k++)
        m[n++] = find_arg(c, c->root[c->f->call_args[in->aux + k]], (IRType)h->args[k], k);
    g_assert(n <= ARRAY_SIZE(arg_regs));
    for (unsigned k = 0; k < h->nargs; k++)
        c->next_use[c->root[c->f->call_args[in->aux + k]]] = c->call_next[in->aux + k];
    c->lock = 0;
    store_pins(c, looks ? 0xffffu : CALLER_SAVED_PINS);
    spill_temps(c, writes);
    for (unsigned k = 0; k < n; k++)
        m[k].dst = arg_regs[k];
    emit_moves(a, m, n);
    mov_ri(a, RAX, (uint64_t)(uintptr_t)h->fn);
    call_r(a, RAX);
    if (!(h->flags & IR_CALL_PURE))
        unwind_here(c, c->guest_insn);
    c->hf.kind = HF_NONE;
    if (h->flags & IR_CALL_NORETURN)
        return;
    if (writes) {
        call_to(a, jit_thunk_reload);
        c->pins_stored = 0xffff;
        memset(c->cur, 0, sizeof(c->cur));
    } else {
        load_pins(c, CALLER_SAVED_PINS);
    }
    call_result(c, h);
}
