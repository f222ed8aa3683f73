/* SPDX-License-Identifier: MIT */
/* Lazy flags computed (cc.h), and EFLAGS put together and taken apart. */
#include "target/x86/cc.h"
#include "base/bits.h"
#include "target/x86/cpu.h"

/* The operands of a flag-making instruction, cut to its width. */
typedef struct Operands { unsigned width; uint64_t dst, src, carry; } Operands;

static uint64_t cut(const Operands *o, uint64_t v) { return extract64(v, 0, o->width); }
static bool top(const Operands *o, uint64_t v) { return v >> (o->width - 1) & 1; }

/* S, Z and P. */
static uint32_t of_result(const Operands *o)
{
    uint64_t r = cut(o, o->dst);
    return (top(o, r) ? IR_FL_S : 0) | (r ? 0 : IR_FL_Z) | (__builtin_parity(r & 0xff) ? 0 : IR_FL_P);
}

static uint32_t carry_over_if(bool carry, bool over) { return (carry ? IR_FL_C : 0) | (over ? IR_FL_O : 0); }

/* dst = a + src + carry. */
static uint32_t fl_add(const Operands *o)
{
    uint64_t r = cut(o, o->dst), b = cut(o, o->src), a = cut(o, r - b - o->carry);
    bool carry = o->carry ? r <= a : r < a;
    return of_result(o) | carry_over_if(carry, top(o, (a ^ r) & (b ^ r))) | ((a ^ b ^ r) & 0x10 ? IR_FL_A : 0);
}

/* dst = a - src - carry. */
static uint32_t fl_sub(const Operands *o)
{
    uint64_t r = cut(o, o->dst), b = cut(o, o->src), a = cut(o, r + b + o->carry);
    bool borrow = o->carry ? a <= b : a < b;
    return of_result(o) | carry_over_if(borrow, top(o, (a ^ b) & (a ^ r))) | ((a ^ b ^ r) & 0x10 ? IR_FL_A : 0);
}

static uint32_t fl_cmp(Operands o)
{
    o.dst -= o.src;
    o.carry = 0;
    return fl_sub(&o);
}

/* The flags of dst = a + 1 or a - 1, but the carry given. */
static uint32_t fl_inc(Operands o, bool dec)
{
    bool carry = o.src & 1;
    o.src = 1;
    o.carry = 0;
    return ((dec ? fl_sub(&o) : fl_add(&o)) & ~IR_FL_C) | (carry ? IR_FL_C : 0);
}

static uint32_t fl_shl(const Operands *o) { return of_result(o) | carry_over_if(top(o, o->src), o->src & 1); }
static uint32_t fl_sar(const Operands *o) { return of_result(o) | carry_over_if(o->src & 1, top(o, o->src)); }

static uint32_t fl_mul(const Operands *o)
{
    bool wide = cut(o, o->src) != 0;
    return (of_result(o) & ~IR_FL_Z) | carry_over_if(wide, wide);
}

static uint32_t fl_blsr(const Operands *o) { return (of_result(o) & (IR_FL_S | IR_FL_Z)) | carry_over_if(o->src & 1, false); }

static uint32_t base_fl(const CPUX86State *env, unsigned op)
{
    Operands o = { 8u << (op & 3), env->cc_dst, env->cc_src, 0 };

    if (op < CC_OP_ADD)
        return (uint32_t)env->cc_dst;
    switch (op & ~3u) {
    case CC_OP_ADC: o.carry = env->cc_src2 & 1; return fl_add(&o);
    case CC_OP_ADD: return fl_add(&o);
    case CC_OP_SBB: o.carry = env->cc_src2 & 1; return fl_sub(&o);
    case CC_OP_SUB: return fl_sub(&o);
    case CC_OP_CMP: return fl_cmp(o);
    case CC_OP_INC: return fl_inc(o, false);
    case CC_OP_DEC: return fl_inc(o, true);
    case CC_OP_SHL: return fl_shl(&o);
    case CC_OP_SAR: return fl_sar(&o);
    case CC_OP_MUL: return fl_mul(&o);
    case CC_OP_BITCNT: return cut(&o, o.dst) ? 0 : IR_FL_Z;
    case CC_OP_BLSR: return fl_blsr(&o);
    default: return of_result(&o); /* LOGIC */
    }
}

uint32_t x86_compute_fl(const CPUX86State *env)
{
    uint32_t op = env->cc_op, fl = base_fl(env, op & CC_BASE);

    if (op & CC_INC_OVER)
        fl = fl_inc((Operands){ 8u << (op >> CC_INC_SIZE_SHIFT & 3), env->cc_inc, fl & IR_FL_C ? 1 : 0, 0 }, op & CC_INC_DEC);
    return fl;
}

/* ---- EFLAGS ---- */
/* The layout IR_FL_* is EFLAGS' low byte eight bits up, and OF in bit 0. */
static uint32_t eflags_of_fl(uint32_t fl)
{
    return (fl >> 8 & (EF_CF | EF_PF | EF_AF | EF_ZF | EF_SF)) | (fl & IR_FL_O ? EF_OF : 0);
}

static uint32_t fl_of_eflags(uint32_t ef)
{
    return (ef & (EF_CF | EF_PF | EF_AF | EF_ZF | EF_SF)) << 8 | (ef & EF_OF ? IR_FL_O : 0);
}

uint32_t x86_get_eflags(const CPUX86State *env)
{
    return (env->eflags & ~(EF_ARITH | EF_DF)) | EF_1 | eflags_of_fl(x86_compute_fl(env)) | (env->df < 0 ? EF_DF : 0);
}

void x86_set_eflags(CPUX86State *env, uint32_t value, uint32_t mask)
{
    const uint32_t elsewhere = EF_ARITH | EF_DF | EF_1;

    if (mask & EF_ARITH) {
        uint32_t keep = (mask & EF_ARITH) == EF_ARITH ? 0 : x86_compute_fl(env) & ~fl_of_eflags(mask);
        env->cc_dst = keep | fl_of_eflags(value & mask);
        env->cc_op = CC_OP_FL;
    }
    if (mask & EF_DF)
        env->df = value & EF_DF ? -1 : 1;
    mask &= ~elsewhere;
    env->eflags = ((env->eflags & ~mask) | (value & mask)) & ~elsewhere;
    x86_update_hflags(env);
}
