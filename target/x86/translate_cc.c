/* SPDX-License-Identifier: MIT */
/*
 * Translating x86: lazy flags (cc.h).
 *
 * What made the flags is known within the block from the first instruction that sets them on, and conditions become comparisons of that: after CMP a, b
 * "below" is a < b. What no comparison says (parity, some of INC's) is asked of a flags value, made by the fl_ operations.
 * Flags that an earlier block left are computed by a helper once, and are then known by value.
 *
 * env->cc_op is written only where somebody may look: exits, and helpers that say so (sync_cc).
 */
#include <string.h>

#include "target/x86/helper_base.h"
#include "target/x86/translate_internal.h"

static unsigned cc_bytes(const CCState *c) { return c->op < CC_OP_ADD ? 4 : 1u << (c->op & 3); }
static unsigned cc_group(const CCState *c) { return c->op < CC_OP_ADD ? c->op : c->op & ~3u; }

static bool is_observer(const IRInsn *insn)
{
    return insn->op == IR_call || strpbrk(ir_op_info[insn->op].flags, "MX") != NULL;
}

/* Puts v, or, when the new flags have no use for the slot, takes back what this block put there since anybody could look. */
static void put_cc_slot(DisasContext *s, unsigned slot, IRRef v)
{
    uint32_t *last = &s->cc_put[slot - SLOT_CC_DST];

    if (v) {
        *last = s->f->n_insns;
        ir_put(s->f, slot, v);
        return;
    }
    for (uint32_t i = *last; i && i < s->f->n_insns; i++) {
        if (is_observer(&s->f->insns[i]))
            return;
    }
    if (*last && *last < s->f->n_insns)
        s->f->insns[*last] = (IRInsn){ .op = IR_nop };
    *last = 0;
}

void set_cc(DisasContext *s, unsigned op, IRRef dst, IRRef src, IRRef src2)
{
    s->cc = (CCState){ .op = (uint8_t)op, .dst = dst, .src = src, .src2 = src2 };
    put_cc_slot(s, SLOT_CC_DST, dst);
    put_cc_slot(s, SLOT_CC_SRC, src);
    put_cc_slot(s, SLOT_CC_SRC2, src2);
}

void set_cc_fl(DisasContext *s, IRRef fl) { set_cc(s, CC_OP_FL, fl, IR_NONE, IR_NONE); }

/* bit (I32, 0 or 1) moved to the place of a flag that is a power of two. */
static IRRef flag_of(DisasContext *s, IRRef bit, uint32_t flag)
{
    return flag == 1 ? bit : ir_shl(s->f, bit, ir_i32(s->f, log2_bytes(flag)));
}

void set_cf(DisasContext *s, IRRef cf)
{
    IRRef fl = get_fl(s);
    set_cc_fl(s, ir_or(s->f, ir_and(s->f, fl, ir_i32(s->f, 0xffff & ~IR_FL_C)), flag_of(s, cf, IR_FL_C)));
    s->cc.cf = cf;
}

void sync_cc(DisasContext *s)
{
    if (s->cc.op == CC_OP_DYNAMIC || s->cc_in_env == s->cc.op)
        return;
    ir_stenv(s->f, ENV_OFFSET(cc_op), 2, ir_i32(s->f, s->cc.op));
    s->cc_in_env = s->cc.op;
}

void forget_cc(DisasContext *s)
{
    s->cc = (CCState){ .op = CC_OP_DYNAMIC };
    s->cc_in_env = CC_OP_DYNAMIC;
}

/* Flags of an earlier block: from here on they are known by value. No access that may fault comes in between. */
static void resolve(DisasContext *s)
{
    if (s->cc.op != CC_OP_DYNAMIC)
        return;
    IRRef op = ir_ldenv(s->f, IR_I32, ENV_OFFSET(cc_op), 2, false), slot[3];
    for (unsigned n = 0; n < 3; n++)
        slot[n] = ir_get(s->f, IR_I64, SLOT_CC_DST + n);
    set_cc_fl(s, ir_call(s->f, &ir_helper_flags_of, op, slot[0], slot[1], slot[2], ir_get(s->f, IR_I64, SLOT_CC_INC)));
    sync_cc(s);
}

/* ---- INC and DEC ---- */
IRRef inc_carry(DisasContext *s) { return s->cc.op == CC_OP_DYNAMIC ? IR_NONE : get_cf(s); }

/* Over flags that an earlier block left: where their carry comes from stays in env->cc_op. */
static void set_over(DisasContext *s, bool dec, unsigned size, IRRef r)
{
    uint32_t bits = CC_INC_OVER | (dec ? CC_INC_DEC : 0) | size << CC_INC_SIZE_SHIFT;
    uint8_t over = (uint8_t)((dec ? CC_OP_DEC : CC_OP_INC) + size);

    ir_put(s->f, SLOT_CC_INC, r);
    if (s->cc.over != over) {
        IRRef base = ir_and(s->f, ir_ldenv(s->f, IR_I32, ENV_OFFSET(cc_op), 2, false), ir_i32(s->f, CC_BASE));
        ir_stenv(s->f, ENV_OFFSET(cc_op), 2, ir_or(s->f, base, ir_i32(s->f, bits)));
    }
    s->cc = (CCState){ .op = CC_OP_DYNAMIC, .over = over, .inc = r };
}

void set_cc_inc(DisasContext *s, bool dec, unsigned bytes, IRRef r, IRRef carry)
{
    if (carry)
        set_cc(s, (dec ? CC_OP_DEC : CC_OP_INC) + log2_bytes(bytes), r, carry, IR_NONE);
    else
        set_over(s, dec, log2_bytes(bytes), r);
}

/* ---- the flags as a value ---- */
/* The carry in, of the operands' type. */
static IRRef carry_in(DisasContext *s)
{
    return cc_bytes(&s->cc) == 8 ? ir_zext(s->f, IR_I64, 2, s->cc.src2) : s->cc.src2;
}

/* The first operand of ADD, SUB and their kin. */
static IRRef first_operand(DisasContext *s)
{
    const CCState *c = &s->cc;

    if (c->a)
        return c->a;
    switch (cc_group(c)) {
    case CC_OP_CMP: return c->dst;
    case CC_OP_ADD: return ir_sub(s->f, c->dst, c->src);
    case CC_OP_SUB: return ir_add(s->f, c->dst, c->src);
    case CC_OP_ADC: return ir_sub(s->f, ir_sub(s->f, c->dst, c->src), carry_in(s));
    default: return ir_add(s->f, ir_add(s->f, c->dst, c->src), carry_in(s)); /* SBB */
    }
}

/* Bit n of v as an I32. */
static IRRef bit_of(DisasContext *s, IRRef v, unsigned n)
{
    IRRef b = ir_extract(s->f, v, n, 1);
    return ir_type(s->f, b) == IR_I64 ? ir_trunc(s->f, b) : b;
}

static IRRef result_flags(DisasContext *s) { return ir_fl_sized(s->f, IR_fl_and, cc_bytes(&s->cc), s->cc.dst, s->cc.dst, IR_NONE); }

/* INC, DEC: those of the addition, but for the carry. */
static IRRef fl_inc(DisasContext *s, bool dec)
{
    IRType t = ir_type(s->f, s->cc.dst);
    IRRef one = ir_int(s->f, t, 1), a = dec ? ir_add(s->f, s->cc.dst, one) : ir_sub(s->f, s->cc.dst, one);
    IRRef fl = ir_fl_sized(s->f, dec ? IR_fl_sub : IR_fl_add, cc_bytes(&s->cc), a, one, IR_NONE);
    return ir_deposit(s->f, fl, s->cc.src, 8, 1);
}

static IRRef fl_shift(DisasContext *s, bool left)
{
    unsigned top = cc_bytes(&s->cc) * 8 - 1;
    IRRef carry = bit_of(s, s->cc.src, left ? top : 0), over = bit_of(s, s->cc.src, left ? 0 : top);
    return ir_or(s->f, ir_or(s->f, result_flags(s), flag_of(s, carry, IR_FL_C)), over);
}

static IRRef is_zero(DisasContext *s, IRRef v, IRCond cc)
{
    unsigned bytes = cc_bytes(&s->cc);
    if (bytes < 4)
        v = ir_zext(s->f, IR_I32, log2_bytes(bytes), v);
    return ir_setcc(s->f, IR_I32, cc, v, ir_int(s->f, ir_type(s->f, v), 0));
}

static IRRef fl_mul(DisasContext *s)
{
    IRRef wide = is_zero(s, s->cc.src, IR_NE), fl = ir_and(s->f, result_flags(s), ir_i32(s->f, IR_FL_S | IR_FL_P));
    return ir_or(s->f, ir_or(s->f, fl, flag_of(s, wide, IR_FL_C)), wide);
}

static IRRef fl_blsr(DisasContext *s)
{
    IRRef fl = ir_and(s->f, result_flags(s), ir_i32(s->f, IR_FL_S | IR_FL_Z));
    return ir_or(s->f, fl, flag_of(s, s->cc.src, IR_FL_C));
}

IRRef get_fl(DisasContext *s)
{
    const CCState *c = &s->cc;

    resolve(s);
    unsigned bytes = cc_bytes(c);
    switch (cc_group(c)) {
    case CC_OP_ADD: return ir_fl_sized(s->f, IR_fl_add, bytes, first_operand(s), c->src, IR_NONE);
    case CC_OP_ADC: return ir_fl_sized(s->f, IR_fl_adc, bytes, first_operand(s), c->src, c->src2);
    case CC_OP_SUB: case CC_OP_CMP: return ir_fl_sized(s->f, IR_fl_sub, bytes, first_operand(s), c->src, IR_NONE);
    case CC_OP_SBB: return ir_fl_sized(s->f, IR_fl_sbb, bytes, first_operand(s), c->src, c->src2);
    case CC_OP_LOGIC: return result_flags(s);
    case CC_OP_INC: return fl_inc(s, false);
    case CC_OP_DEC: return fl_inc(s, true);
    case CC_OP_SHL: return fl_shift(s, true);
    case CC_OP_SAR: return fl_shift(s, false);
    case CC_OP_MUL: return fl_mul(s);
    case CC_OP_BITCNT: return flag_of(s, is_zero(s, c->dst, IR_EQ), IR_FL_Z);
    case CC_OP_BLSR: return fl_blsr(s);
    default: return c->dst; /* FL */
    }
}

/* ---- conditions ---- */
typedef struct Condition { bool on_flags; IRCond cc; IRRef a, b; } Condition;

static Condition pair(IRCond cc, IRRef a, IRRef b) { return (Condition){ false, cc, a, b }; }
static Condition never_or_always(DisasContext *s, bool truth)
{
    IRRef zero = ir_i32(s->f, 0);
    return pair(truth ? IR_EQ : IR_NE, zero, zero);
}

/* v as a number of its type, by the operation's size. */
static IRRef whole(DisasContext *s, IRRef v, bool sign)
{
    unsigned bytes = cc_bytes(&s->cc);
    if (bytes >= 4)
        return v;
    return sign ? ir_sext(s->f, IR_I32, log2_bytes(bytes), v) : ir_zext(s->f, IR_I32, log2_bytes(bytes), v);
}

static bool is_signed_cc(IRCond cc) { return cc >= IR_LT && cc <= IR_GT; }

static Condition compare(DisasContext *s, IRCond cc, IRRef a, IRRef b)
{
    bool sign = is_signed_cc(cc);
    return pair(cc, whole(s, a, sign), whole(s, b, sign));
}

/* x as a constant of the operation's type. */
static IRRef like(DisasContext *s, int64_t x)
{
    return cc_bytes(&s->cc) == 8 ? ir_i64(s->f, (uint64_t)x) : ir_i32(s->f, (uint32_t)x);
}

static Condition against_zero(DisasContext *s, IRCond cc, IRRef v) { return compare(s, cc, v, like(s, 0)); }

static Condition test_bit(DisasContext *s, IRRef v, unsigned bit, bool negate)
{
    IRRef mask = ir_int(s->f, ir_type(s->f, v), 1ull << bit);
    return pair(negate ? IR_TSTEQ : IR_TSTNE, v, mask);
}

/* The flags' IRCond of a condition code. */
static IRCond fl_cond(unsigned cond)
{
    static const uint8_t map[8] = { IR_VS, IR_LTU, IR_EQ, IR_LEU, IR_MI, IR_PE, IR_LT, IR_LE };
    return (IRCond)(map[cond >> 1 & 7] ^ (cond & 1));
}

static Condition on_flags(DisasContext *s, unsigned cond) { return (Condition){ true, fl_cond(cond), get_fl(s), IR_NONE }; }

enum { COND_O, COND_B, COND_Z, COND_BE, COND_S, COND_P, COND_L, COND_LE }; /* cond >> 1 */

/* Zero and sign, which all but FL and BITCNT have of the result. */
static bool of_result(DisasContext *s, unsigned cond, IRRef result, Condition *out)
{
    if (cond >> 1 == COND_Z)
        *out = against_zero(s, IR_EQ ^ (cond & 1), result);
    else if (cond >> 1 == COND_S)
        *out = against_zero(s, IR_LT ^ (cond & 1), result);
    else
        return false;
    return true;
}

static Condition cond_sub(DisasContext *s, unsigned cond)
{
    const CCState *c = &s->cc;
    bool cmp = cc_group(c) == CC_OP_CMP;
    Condition r;

    switch (cond >> 1) {
    case COND_Z: case COND_B: case COND_BE: case COND_L: case COND_LE:
        return compare(s, fl_cond(cond), first_operand(s), c->src);
    case COND_S:
        of_result(s, cond, cmp ? ir_sub(s->f, c->dst, c->src) : c->dst, &r);
        return r;
    default:
        return on_flags(s, cond);
    }
}

static Condition cond_add(DisasContext *s, unsigned cond)
{
    Condition r;

    if (of_result(s, cond, s->cc.dst, &r))
        return r;
    if (cond >> 1 == COND_B)
        return compare(s, IR_LTU ^ (cond & 1), s->cc.dst, s->cc.src);
    return on_flags(s, cond);
}

static Condition cond_logic(DisasContext *s, unsigned cond)
{
    IRRef dst = s->cc.dst;
    unsigned no = cond & 1;

    switch (cond >> 1) {
    case COND_O: case COND_B: return never_or_always(s, no);
    case COND_Z: case COND_BE: return against_zero(s, IR_EQ ^ no, dst);
    case COND_S: case COND_L: return against_zero(s, IR_LT ^ no, dst);
    case COND_LE: return against_zero(s, IR_LE ^ no, dst);
    default: return on_flags(s, cond);
    }
}

/* The operand was dst -+ 1: less than 0 after adding 1 means less than -1 before. */
static Condition cond_inc(DisasContext *s, unsigned cond, bool dec)
{
    const CCState *c = &s->cc;
    unsigned no = cond & 1, top = cc_bytes(c) * 8 - 1;
    Condition r;

    if (of_result(s, cond, c->dst, &r))
        return r;
    switch (cond >> 1) {
    case COND_B: return pair(IR_NE ^ no, c->src, ir_i32(s->f, 0));
    case COND_O: return compare(s, IR_EQ ^ no, c->dst, like(s, (int64_t)(dec ? (1ull << top) - 1 : 1ull << top)));
    case COND_L: case COND_LE: return compare(s, fl_cond(cond), ir_add(s->f, c->dst, like(s, dec ? 1 : -1)), like(s, dec ? 1 : -1));
    default: return on_flags(s, cond);
    }
}

/* What is left: zero and sign of the result, a carry that is one bit. */
static Condition cond_other(DisasContext *s, unsigned cond)
{
    const CCState *c = &s->cc;
    unsigned group = cc_group(c), no = cond & 1;
    Condition r;

    if (group == CC_OP_BITCNT)
        return cond >> 1 == COND_Z || cond >> 1 == COND_BE || cond >> 1 == COND_LE ? against_zero(s, IR_EQ ^ no, c->dst) : never_or_always(s, no);
    if (group == CC_OP_MUL && cond >> 1 == COND_Z)
        return never_or_always(s, no);
    if (of_result(s, cond, c->dst, &r))
        return r;
    if (cond >> 1 != COND_B)
        return on_flags(s, cond);
    switch (group) {
    case CC_OP_SHL: return test_bit(s, c->src, cc_bytes(c) * 8 - 1, no);
    case CC_OP_SAR: return test_bit(s, c->src, 0, no);
    case CC_OP_MUL: return against_zero(s, IR_NE ^ no, c->src);
    case CC_OP_BLSR: return pair(IR_NE ^ no, c->src, ir_i32(s->f, 0));
    default: return on_flags(s, cond); /* ADC, SBB */
    }
}

/* After an INC over unknown flags: what does not ask for the carry or the parity. */
static bool cond_over(DisasContext *s, unsigned cond, Condition *out)
{
    CCState before = s->cc;

    if (!before.over || cond >> 1 == COND_B || cond >> 1 == COND_BE || cond >> 1 == COND_P)
        return false;
    s->cc = (CCState){ .op = before.over, .dst = before.inc };
    *out = cond_inc(s, cond, before.over >= CC_OP_DEC);
    s->cc = before;
    return true;
}

static Condition condition(DisasContext *s, unsigned cond)
{
    Condition c;

    if (cond_over(s, cond, &c))
        return c;
    resolve(s);
    switch (cc_group(&s->cc)) {
    case CC_OP_FL: return s->cc.cf && cond >> 1 == COND_B ? pair(IR_NE ^ (cond & 1), s->cc.cf, ir_i32(s->f, 0)) : on_flags(s, cond);
    case CC_OP_SUB: case CC_OP_CMP: return cond_sub(s, cond);
    case CC_OP_ADD: return cond_add(s, cond);
    case CC_OP_LOGIC: return cond_logic(s, cond);
    case CC_OP_INC: return cond_inc(s, cond, false);
    case CC_OP_DEC: return cond_inc(s, cond, true);
    default: return cond_other(s, cond);
    }
}

IRRef gen_setcc(DisasContext *s, unsigned cond, IRType t)
{
    Condition c = condition(s, cond);
    return c.on_flags ? ir_fl_cc(s->f, t, c.cc, c.a) : ir_setcc(s->f, t, c.cc, c.a, c.b);
}

/*
 * The carry alone, when an earlier block left the flags: most often a loop whose DEC closed it has come round, which handed it on as it is. The others are
 * a slow exit.
 */
static IRRef handed_on_carry(DisasContext *s)
{
    IRRef op = ir_ldenv(s->f, IR_I32, ENV_OFFSET(cc_op), 2, false);
    ir_br(s->f, IR_GEU, ir_sub(s->f, op, ir_i32(s->f, CC_OP_INC)), ir_i32(s->f, CC_OP_SHL - CC_OP_INC), slow_exit(s));
    return ir_get(s->f, IR_I32, SLOT_CC_SRC);
}

IRRef get_cf(DisasContext *s)
{
    if (s->cc.op == CC_OP_DYNAMIC && !s->cc.over && !is_slow(s))
        return handed_on_carry(s);
    return gen_setcc(s, COND_B << 1, IR_I32);
}

void gen_jcc(DisasContext *s, unsigned cond, unsigned exit)
{
    Condition c = condition(s, cond);
    sync_cc(s);
    if (c.on_flags)
        ir_fl_br(s->f, c.cc, c.a, exit);
    else
        ir_br(s->f, c.cc, c.a, c.b, exit);
}

IRRef gen_cmov(DisasContext *s, unsigned cond, IRRef yes, IRRef no)
{
    Condition c = condition(s, cond);
    return c.on_flags ? ir_fl_select(s->f, c.cc, c.a, yes, no) : ir_select(s->f, c.cc, c.a, c.b, yes, no);
}
