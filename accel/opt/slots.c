/* SPDX-License-Identifier: MIT */
/*
 * Slot forwarding: what a slot holds is known after a put, or after a get, until the next put or a call that writes slots. A
 * get of any width then becomes that value, narrowed or widened.
 */
#include "accel/opt/opt_internal.h"
#include "target/api/target.h"

void opt_slots_init(Opt *o)
{
    const TargetOps *target = o->f->target;
    o->n_slots = target && target->n_slots < OPT_MAX_SLOTS ? target->n_slots : OPT_MAX_SLOTS;
    opt_slots_forget(o);
}

void opt_slots_forget(Opt *o)
{
    for (unsigned i = 0; i < o->n_slots; i++)
        o->slots[i].value = IR_NONE;
}

/* The integer of v's size that has v's bits; v is an integer or a scalar float. */
static IRRef as_int(Opt *o, IRRef v)
{
    IRType t = opt_type(o, v);
    return opt_is_int(t) ? v : opt_emit1(o, IR_fbits, t == IR_F32 ? IR_I32 : IR_I64, 0, v);
}

/* The low bits of v, zero-extended where v is narrower, as an integer of type t. */
static IRRef to_int(Opt *o, IRRef v, IRType t)
{
    if (opt_type(o, v) == IR_V128)
        v = opt_emit1(o, IR_vlow, t == IR_I32 ? IR_F32 : IR_F64, 0, v);
    v = as_int(o, v);
    if (opt_type(o, v) == t)
        return v;
    return t == IR_I32 ? opt_emit1(o, IR_trunc, IR_I32, 0, v) : opt_emit1(o, IR_zext, IR_I64, 2, v);
}

static IRRef to_float(Opt *o, IRRef v, IRType t)
{
    if (opt_type(o, v) == IR_V128)
        return opt_emit1(o, IR_vlow, t, 0, v);
    return opt_emit1(o, IR_bitsf, t, 0, to_int(o, v, t == IR_F32 ? IR_I32 : IR_I64));
}

static IRRef to_vector(Opt *o, IRRef v)
{
    IRType t = opt_type(o, v);
    if (opt_is_int(t))
        v = opt_emit1(o, IR_bitsf, t == IR_I32 ? IR_F32 : IR_F64, 0, v);
    return opt_emit1(o, IR_vfromf, IR_V128, 0, v);
}

static IRRef convert(Opt *o, IRRef v, IRType t)
{
    if (opt_type(o, v) == t)
        return v;
    switch (t) {
    case IR_I32: case IR_I64: return to_int(o, v, t);
    case IR_F32: case IR_F64: return to_float(o, v, t);
    default: return to_vector(o, v);
    }
}

/* Pointers in slots are passed on only as what they are. */
static bool convertible(IRType from, IRType to) { return from == to || (from != IR_PTR && to != IR_PTR); }

IRRef opt_slots_get(Opt *o, const IRInsn *insn)
{
    if (insn->aux >= o->n_slots)
        return opt_emit(o, *insn);
    OptSlot *s = &o->slots[insn->aux];
    IRType from = s->value ? opt_type(o, s->value) : IR_VOID;
    if (s->value && convertible(from, insn->type) && (s->whole || opt_type_bytes(insn->type) <= opt_type_bytes(from)))
        return convert(o, s->value, insn->type);
    IRRef r = opt_emit(o, *insn);
    const TargetOps *target = o->f->target;
    *s = (OptSlot){ .value = r, .whole = target && opt_type_bytes(insn->type) == opt_type_bytes(target->slots[insn->aux].type) };
    o->in_slot[r] = true;
    return r;
}

void opt_slots_put(Opt *o, const IRInsn *insn)
{
    IRRef v = insn->arg[0];
    if (insn->aux < o->n_slots) {
        OptSlot *s = &o->slots[insn->aux];
        if (s->value == v && s->whole)
            return; /* holds it already */
        *s = (OptSlot){ .value = v, .whole = true };
    }
    o->in_slot[v] = true;
    opt_emit(o, *insn);
}
