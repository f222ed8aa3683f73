/* SPDX-License-Identifier: MIT */
/*
 * Analysis before emission: aliases, next uses, dead insns, and hints for pinned registers.
 *
 * Forward: root[] maps each ref to the insn whose register it shares. A put whose value must first be zero-extended to the
 * slot's width is itself the root of the extended value. Backward: next_use[] and arg_next[] chain the uses of every root, and
 * pure insns without uses are dead.
 *
 * A hint says that value v, put to pinned slot s at j, may be made in the slot's register at once: between v and j nothing
 * looks at slots and s is not put otherwise. Whether the slot's old value is still needed is known at emission.
 */
#include "accel/host/x86_64/jit_internal.h"

const uint8_t jit_nargs_table[IR_NB_OPS] = {
#define OP(name, result, args, flags, meaning) [IR_##name] = sizeof(args) - 1,
#include "accel/ir/ops.def"
#undef OP
};

enum { F_PURE = 1, F_OBSERVES = 2 };
static uint8_t flags_of(const char *s)
{
    uint8_t r = 0;
    for (; *s; s++)
        r |= *s == 'P' ? F_PURE : *s == 'M' || *s == 'X' ? F_OBSERVES : 0;
    return r;
}

static uint8_t op_flags(unsigned op)
{
    static const char *const table[IR_NB_OPS] = {
#define OP(name, result, args, flags, meaning) [IR_##name] = flags,
#include "accel/ir/ops.def"
#undef OP
    };
    return op == IR_call ? F_OBSERVES : flags_of(table[op]);
}

bool op_is_pure(unsigned op) { return op_flags(op) & F_PURE; }

typedef struct Scan { Ctx *c; IRRef last_observer, last_put[MAX_SLOTS]; } Scan;

/* Gives ref i another root. */
static void alias(Ctx *c, IRRef i, IRRef of)
{
    c->root[i] = c->root[of];
}

static void scan_get(Scan *s, IRRef i)
{
    Ctx *c = s->c;
    const IRInsn *in = &c->f->insns[i];
    const IRSlot *slot = &c->f->target->slots[in->aux];
    IRRef v = c->cur[in->aux];
    if (type_is_vec(slot->type) != type_is_vec(in->type)) {
        s->last_observer = i;
        c->content[i] = in->type;
        c->clean[i] = true; /* made by a move of its own */
        return;
    }
    if (v) {
        alias(c, i, v);
        return;
    }
    c->cur[in->aux] = i;
    s->last_put[in->aux] = i; /* the register is wanted from here on */
    /* The whole slot is in the register, or loaded when used. */
    c->content[i] = slot->type;
    c->clean[i] = type_w(slot->type) || slot->type == IR_V128 || jit_slot_pin[in->aux] == NOREG;
}

static bool put_is_alias(const Ctx *c, const IRInsn *in, const IRSlot *slot)
{
    IRRef v = c->root[in->arg[0]];
    IRType t = ir_type(c->f, in->arg[0]);
    if (type_is_vec(slot->type) != type_is_vec(t))
        return false;
    if (t == slot->type || (type_w(t) && type_w(slot->type)))
        return true;
    if (slot->type == IR_I32) /* only the low half is ever stored */
        return true;
    return c->clean[v] && c->content[v] == t;
}

static void scan_put(Scan *s, IRRef i)
{
    Ctx *c = s->c;
    const IRInsn *in = &c->f->insns[i];
    const IRSlot *slot = &c->f->target->slots[in->aux];
    IRRef v = i;
    if (put_is_alias(c, in, slot)) {
        v = c->root[in->arg[0]];
        c->root[i] = v;
    } else {
        c->content[i] = slot->type;
        c->clean[i] = true;
    }
    if (jit_slot_pin[in->aux] != NOREG && !c->hint[v] && s->last_observer <= v && s->last_put[in->aux] <= v &&
        c->f->insns[v].op != IR_get && c->f->insns[v].op != IR_const)
        c->hint[v] = (uint8_t)(in->aux + 1);
    s->last_put[in->aux] = i;
    c->cur[in->aux] = v;
}

static void scan_forward(Ctx *c)
{
    const IRFunc *f = c->f;
    Scan s = { .c = c };
    for (IRRef i = 1; i < f->n_insns; i++) {
        const IRInsn *in = &f->insns[i];
        c->root[i] = i;
        c->n_uses[i] = 0;
        c->scaled[i] = false;
        for (unsigned k = 0; k < jit_nargs_table[in->op]; k++)
            c->n_uses[c->root[in->arg[k]]]++;
        c->content[i] = in->type;
        c->clean[i] = in->type == IR_I32 || in->type == IR_V128 || type_w(in->type);
        c->hint[i] = 0;
        switch (in->op) {
        case IR_mov:
        case IR_trunc:
            alias(c, i, in->arg[0]);
            break;
        case IR_zext:
            if (in->sz == 2 && c->clean[c->root[in->arg[0]]] && c->content[c->root[in->arg[0]]] == IR_I32)
                alias(c, i, in->arg[0]);
            break;
        case IR_vlow:
            alias(c, i, in->arg[0]);
            break;
        case IR_ld:
        case IR_hld:
        case IR_bitsf:
            c->clean[i] = true;
            break;
        case IR_fi2f: /* into a cleared register; unsigned ones have a slow path */
            c->clean[i] = in->aux & 1;
            break;
        case IR_vfromf:
            if (c->clean[c->root[in->arg[0]]] && c->content[c->root[in->arg[0]]] == ir_type(f, in->arg[0]))
                alias(c, i, in->arg[0]);
            break;
        case IR_get:
            scan_get(&s, i);
            break;
        case IR_put:
            scan_put(&s, i);
            break;
        case IR_call:
            for (unsigned k = 0; k < ((const IRHelper *)(uintptr_t)in->imm)->nargs; k++)
                c->n_uses[c->root[f->call_args[in->aux + k]]]++;
            if (((const IRHelper *)(uintptr_t)in->imm)->flags & IR_CALL_WRITES)
                memset(c->cur, 0, sizeof(c->cur));
            break;
        default:
            break;
        }
        if (op_flags(in->op) & F_OBSERVES)
            s.last_observer = i;
    }
}

static void scan_call_uses(Ctx *c, IRRef i)
{
    const IRInsn *in = &c->f->insns[i];
    const IRHelper *h = (const IRHelper *)(uintptr_t)in->imm;
    for (unsigned k = h->nargs; k-- > 0;) {
        IRRef v = c->root[c->f->call_args[in->aux + k]];
        c->call_next[in->aux + k] = c->next_use[v];
        c->next_use[v] = i;
    }
}

/* a + (b << n), the shift having no other use, is one lea. */
static bool is_scaled(const Ctx *c, const IRInsn *add)
{
    IRRef s = c->root[add->arg[1]];
    const IRInsn *shl = &c->f->insns[s];
    uint64_t n;
    return shl->op == IR_shl && shl->type == add->type && c->n_uses[s] == 1 && value_const(c, c->root[shl->arg[1]], &n) &&
           n >= 1 && n <= 3 && !value_is_const(c, c->root[add->arg[0]]) && !value_is_const(c, c->root[shl->arg[0]]);
}

static void scan_backward(Ctx *c)
{
    const IRFunc *f = c->f;
    for (IRRef i = (IRRef)f->n_insns; i-- > 1;) {
        const IRInsn *in = &f->insns[i];
        bool is_root = c->root[i] == i;
        bool pure_call = in->op == IR_call && (((const IRHelper *)(uintptr_t)in->imm)->flags & IR_CALL_PURE);
        c->dead[i] = in->op == IR_put ? false : !is_root || ((op_flags(in->op) & F_PURE || pure_call) && c->next_use[i] == NO_USE);
        if (c->dead[i])
            continue;
        if (in->op == IR_call)
            scan_call_uses(c, i);
        if (in->op == IR_add)
            c->scaled[i] = is_scaled(c, in);
        for (unsigned k = jit_nargs(in->op); k-- > 0;) {
            IRRef v = jit_arg(c, i, k);
            c->arg_next[i][k] = c->next_use[v];
            c->next_use[v] = i;
        }
    }
}

void scan_block(Ctx *c)
{
    const IRFunc *f = c->f;
    memset(c->cur, 0, sizeof(c->cur));
    memset(c->next_use, 0xff, f->n_insns * sizeof(c->next_use[0]));
    memset(c->reg, NOREG, f->n_insns);
    memset(c->spill, 0xff, f->n_insns * sizeof(c->spill[0]));
    memset(c->home, 0, f->n_insns);
    memset(c->n_dirty, 0, f->n_insns);
    c->root[0] = 0;
    scan_forward(c);
    scan_backward(c);
    memset(c->cur, 0, sizeof(c->cur));
}
