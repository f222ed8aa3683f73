/* SPDX-License-Identifier: MIT */
/* Lazy flags computed (cc.h), and EFLAGS put together and taken apart. */
#include "target/x86/cc.h"
#include "base/bits.h"
#include "target/x86/cpu.h"

/* width: of the operation, in bits. Values are cut to it here. */
static bool top(unsigned width, uint64_t v) { return v >> (width - 1) & 1; }

/* S, Z and P of a result. */
static uint32_t of_result(unsigned width, uint64_t v)
{
    uint64_t r = extract64(v, 0, width);
    return (top(width, r) ? IR_FL_S : 0) | (r ? 0 : IR_FL_Z) | (__builtin_parity(r & 0xff) ? 0 : IR_FL_P);
}

static uint32_t carry_over_if(bool carry, bool over) { return (carry ? IR_FL_C : 0) | (over ? IR_FL_O : 0); }

/* dst = a + src + carry. */
static uint32_t fl_add(unsigned width, uint64_t dst, uint64_t src, bool carry)
{
    uint64_t r = extract64(dst, 0, width), b = extract64(src, 0, width), a = extract64(r - b - carry, 0, width);
    bool out = carry ? r <= a : r < a;
    return of_result(width, r) | carry_over_if(out, top(width, (a ^ r) & (b ^ r))) | ((a ^ b ^ r) & 0x10 ? IR_FL_A : 0);
}

/* dst = a - src - carry. */
static uint32_t fl_sub(unsigned width, uint64_t dst, uint64_t src, bool carry)
{
    uint64_t r = extract64(dst, 0, width), b = extract64(src, 0, width), a = extract64(r + b + carry, 0, width);
    bool borrow = carry ? a <= b : a < b;
    return of_result(width, r) | carry_over_if(borrow, top(width, (a ^ b) & (a ^ r))) | ((a ^ b ^ r) & 0x10 ? IR_FL_A : 0);
}

/* The flags of dst = a + 1 or a - 1, but the carry given. */
static uint32_t fl_inc(uint32_t fl, uint64_t carry) { return (fl & ~IR_FL_C) | (carry & 1 ? IR_FL_C : 0); }

static uint32_t fl_mul(unsigned width, uint64_t dst, uint64_t src)
{
    bool wide = extract64(src, 0, width) != 0;
    return (of_result(width, dst) & ~IR_FL_Z) | carry_over_if(wide, wide);
}

static uint32_t base_flags(uint32_t cc_op, uint64_t dst, uint64_t src, uint64_t src2)
{
    unsigned width = 8u << (cc_op & 3);

    if (cc_op < CC_OP_ADD)
        return (uint32_t)dst;
    switch (cc_op & ~3u) {
    case CC_OP_ADD: return fl_add(width, dst, src, false);
    case CC_OP_ADC: return fl_add(width, dst, src, src2 & 1);
    case CC_OP_SUB: return fl_sub(width, dst, src, false);
    case CC_OP_SBB: return fl_sub(width, dst, src, src2 & 1);
    case CC_OP_CMP: return fl_sub(width, dst - src, src, false);
    case CC_OP_INC: return fl_inc(fl_add(width, dst, 1, false), src);
    case CC_OP_DEC: return fl_inc(fl_sub(width, dst, 1, false), src);
    case CC_OP_SHL: return of_result(width, dst) | carry_over_if(top(width, src), src & 1);
    case CC_OP_SAR: return of_result(width, dst) | carry_over_if(src & 1, top(width, src));
    case CC_OP_MUL: return fl_mul(width, dst, src);
    case CC_OP_BITCNT: return extract64(dst, 0, width) ? 0 : IR_FL_Z;
    case CC_OP_BLSR: return (of_result(width, dst) & (IR_FL_S | IR_FL_Z)) | carry_over_if(src & 1, false);
    default: return of_result(width, dst); /* LOGIC */
    }
}

uint32_t x86_flags_of(uint32_t cc_op, uint64_t dst, uint64_t src, uint64_t src2, uint64_t inc)
{
    uint32_t fl = base_flags(cc_op & CC_BASE, dst, src, src2);
    unsigned width = 8u << (cc_op >> CC_INC_SIZE_SHIFT & 3);

    if (!(cc_op & CC_INC_OVER))
        return fl;
    return fl_inc(cc_op & CC_INC_DEC ? fl_sub(width, inc, 1, false) : fl_add(width, inc, 1, false), fl & IR_FL_C ? 1 : 0);
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
