/* SPDX-License-Identifier: MIT */
/*
 * Load-exclusive and store-exclusive.
 *
 * A store-exclusive must fail when another observer has stored to the location since the load-exclusive, even if the value is what
 * it was. Two ways to do it:
 *
 * Light. When a block executes the load, then nothing but operations on registers and branches not taken, then the store, the
 * store is a compare-and-swap against the value that the load gave. That is exact: the vCPU makes no other access between the
 * two, so everything is as if the load had been made at the moment of the compare-and-swap, and nothing could have come between.
 * Nearly all atomic operations, spin locks and compare-exchange loops are such pairs. They are found while the block is
 * translated: s->pair is set by the load and forgotten by the first instruction that is_pure does not know.
 *
 * Strict. Any other store is a helper that knows from env->exclusive how its load was made. If that was watching (mmu_ld_exclusive),
 * mmu_st_exclusive decides. If it was light, nobody has watched: the store fails, and the load is translated anew as one that
 * watches (mmu_exclusive_make_strict), so that the next time round is the last. Loads whose store comes after something
 * impure are mostly known beforehand by a look at the code ahead; the look decides only which way is tried first.
 *
 * A block that is nearly full, or out of side exits, ends before a load-exclusive, so that a pair is seldom divided.
 *
 * The monitor is open after a store-exclusive, CLREX, an exception's entry and its return. The location is the physical one;
 * a store of another size or to another address fails. Exclusive accesses to what is not RAM abort, as the architecture lets them. A
 * store-exclusive is sequentially consistent, whatever it asks for.
 */
#include <string.h>

#include "a64_decode.h"
#include "accel/mmu/mmu.h"
#include "target/arm/helper_a64.h"
#include "target/arm/translate_atomic.h"

#define LOOK_AHEAD 16 /* instructions */

/* ---- what may lie between the two ---- */
/* Load-exclusive class: LDXR, LDAXR, and their pairs (of words and doublewords; the others' encodings are CASP). */
bool is_load_exclusive(uint32_t insn)
{
    return (insn & 0x3fc00000u) == 0x08400000u && (!(insn & 1u << 21) || insn >> 31);
}

static bool is_store_exclusive(uint32_t insn)
{
    return (insn & 0x3fc00000u) == 0x08000000u && (!(insn & 1u << 21) || insn >> 31);
}

static bool is_pure_register_op(uint32_t insn)
{
    unsigned opcode = insn >> 10 & 0x3f;

    if (!(insn & 1u << 28)) /* logical; add and subtract */
        return true;
    switch (insn >> 21 & 15) {
    case 0: case 2: case 4: /* with carry, flags; conditional compare; conditional select */
        return true;
    case 6: /* of pointer authentication and memory tags nothing is said here */
        if (insn & 1u << 30)
            return !(insn >> 16 & 31);
        return opcode == 2 || opcode == 3 || (opcode >= 8 && opcode < 12);
    default:
        return insn & 1u << 24; /* three sources */
    }
}

/* Conditional branches, and what reads and writes general registers and flags alone. Nothing here can raise an exception. */
static bool is_pure(uint32_t insn)
{
    switch (insn >> 25 & 15) {
    case 8: case 9: /* immediate; op 3 has memory tags */
        return (insn >> 23 & 7) != 3;
    case 5: case 13:
        return is_pure_register_op(insn);
    case 10: case 11: /* CBZ, TBZ; B.cond; NOP */
        return (insn & 0x7c000000u) == 0x34000000u || (insn & 0xff000010u) == 0x54000000u || insn == 0xd503201fu;
    default:
        return false;
    }
}

/* Whether insn may change Xn or SP: the destination field is taken for one even where it is none. */
static bool may_write(uint32_t insn, unsigned rn) { return (insn & 31) == rn && (insn >> 26 & 7) != 5; }

void exclusive_note_insn(DisasContext *s)
{
    if (s->pair.on && !is_store_exclusive(s->insn) && (!is_pure(s->insn) || may_write(s->insn, s->pair.rn)))
        s->pair.on = false;
}

bool exclusive_wants_new_block(const DisasContext *s)
{
    return is_load_exclusive(s->insn) && (s->f->n_exits > 1 || s->t->n_insns + LOOK_AHEAD > s->t->max_insns);
}

/* Does the next store-exclusive, as far as one looks, come after something impure, or in another block? */
static bool divided_ahead(const DisasContext *s, unsigned rn)
{
    uint8_t bytes[LOOK_AHEAD * 4];
    unsigned n = trans_fetch_ahead(s->t, s->pc + 4, bytes, sizeof bytes) / 4;
    bool pure = true;

    for (unsigned i = 0; i < n; i++) {
        uint32_t insn;
        memcpy(&insn, bytes + i * 4, 4);
        if (is_load_exclusive(insn))
            return false;
        if (is_store_exclusive(insn))
            return !pure || s->t->n_insns + i + 2 > s->t->max_insns;
        pure &= is_pure(insn) && !may_write(insn, rn);
    }
    return false;
}

/* ---- load ---- */
static bool is_strict(const DisasContext *s, unsigned rn) { return mmu_exclusive_is_strict(s->pc) || divided_ahead(s, rn); }

/* The value, of 1 << size bytes; rt, rt2: registers that it goes to. */
static IRRef gen_load(DisasContext *s, IRType t, unsigned size, unsigned rn, unsigned rt, unsigned rt2, bool acquire)
{
    IRRef addr = read_base(s, rn), v;
    IRMemOp mo = size == 4 ? memop16(s) : atomic_memop(s, size);

    s->pair.on = false;
    if (is_strict(s, rn))
        return size == 4 ? ir_call(s->f, &ir_helper_ld_exclusive16, addr, ir_i32(s->f, mo)) :
               t == IR_I64 ? ir_call(s->f, &ir_helper_ld_exclusive, addr, ir_i32(s->f, mo)) :
               ir_trunc(s->f, ir_call(s->f, &ir_helper_ld_exclusive, addr, ir_i32(s->f, mo)));
    v = ir_ld(s->f, t, addr, 0, mo | (acquire ? MO_ACQ : 0));
    ir_stenv(s->f, ENV_OFFSET(exclusive), 3, ir_i64(s->f, s->pc | EXCLUSIVE_LIGHT));
    s->pair = (ExclusivePair){ .on = rt != rn && rt2 != rn, .rn = rn, .size = size, .value = v };
    return v;
}

bool trans_LDXR(DisasContext *s, const arg_LDXR *a)
{
    write_x(s, a->rt, gen_load(s, int_type(a->sz == 3), a->sz, a->rn, a->rt, a->rt, a->o0));
    return true;
}

bool trans_LDXP(DisasContext *s, const arg_LDXP *a)
{
    IRRef out[2];

    if (a->sz)
        split64(s, gen_load(s, IR_V128, 4, a->rn, a->rt, a->rt2, a->o0), out);
    else
        split32(s, gen_load(s, IR_I64, 3, a->rn, a->rt, a->rt2, a->o0), out);
    write_x(s, a->rt, out[0]);
    write_x(s, a->rt2, out[1]);
    return true;
}

/* ---- store ---- */
/* 1 when two 16-byte values differ. */
static IRRef differ16(DisasContext *s, IRRef a, IRRef b)
{
    IRRef x = ir_vxor(s->f, a, b);
    IRRef any = ir_or(s->f, ir_vgetl(s->f, IR_I64, 3, x, 0, false), ir_vgetl(s->f, IR_I64, 3, x, 1, false));
    return ir_setcc(s->f, IR_I32, IR_NE, any, ir_i64(s->f, 0));
}

static void gen_store_light(DisasContext *s, IRType t, unsigned rs, IRRef addr, IRRef v, IRMemOp mo)
{
    IRRef seen = ir_atom_cas(s->f, t, addr, s->pair.value, v, mo | MO_RMW);

    ir_stenv(s->f, ENV_OFFSET(exclusive), 3, ir_i64(s->f, EXCLUSIVE_OPEN));
    write_x(s, rs, t == IR_V128 ? differ16(s, seen, s->pair.value) : ir_setcc(s->f, IR_I32, IR_NE, seen, s->pair.value));
}

static void gen_store(DisasContext *s, IRType t, unsigned size, unsigned rs, unsigned rn, IRRef v)
{
    IRRef addr = read_base(s, rn);
    IRMemOp mo = size == 4 ? memop16(s) : atomic_memop(s, size);

    if (s->pair.on && s->pair.rn == rn && s->pair.size == size)
        gen_store_light(s, t, rs, addr, v, mo);
    else if (size == 4)
        write_x(s, rs, ir_call(s->f, &ir_helper_st_exclusive16, addr, v, ir_i32(s->f, mo)));
    else
        write_x(s, rs, ir_call(s->f, &ir_helper_st_exclusive, addr, t == IR_I64 ? v : ir_zext(s->f, IR_I64, 2, v), ir_i32(s->f, mo)));
    s->pair.on = false;
}

bool trans_STXR(DisasContext *s, const arg_STXR *a)
{
    gen_store(s, int_type(a->sz == 3), a->sz, a->rs, a->rn, read_x(s, a->rt, a->sz == 3));
    return true;
}

bool trans_STXP(DisasContext *s, const arg_STXP *a)
{
    IRRef v = read_x(s, a->rt, a->sz), w = read_x(s, a->rt2, a->sz);

    if (a->sz)
        gen_store(s, IR_V128, 4, a->rs, a->rn, join64(s, v, w));
    else
        gen_store(s, IR_I64, 3, a->rs, a->rn, join32(s, v, w));
    return true;
}
