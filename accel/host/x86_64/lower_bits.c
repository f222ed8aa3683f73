/* SPDX-License-Identifier: MIT */
/* Shifts, bit fields, extensions, counts and byte order. BMI2 and LZCNT are used where the host has them. */
#include "accel/host/x86_64/jit_internal.h"

static unsigned width(bool w) { return w ? 64 : 32; }

/* rd = argument 0 in a register that may be changed. */
static int copy_arg(Ctx *c, bool w)
{
    int ra = use_reg(c, 0);
    args_done(c);
    int rd = def_reg(c, ra);
    if (rd != ra)
        mov_rr(&c->a, w, rd, ra);
    return rd;
}

static void shift_const(Ctx *c, unsigned op, bool w, unsigned n)
{
    Asm *a = &c->a;
    n &= width(w) - 1;
    if (op == IR_rotr && host_features.bmi2) {
        int ra = use_reg(c, 0);
        args_done(c);
        int rd = def_reg(c, ra);
        vex_rrr(a, P_F2 | M_0F3A | 0xf0 | (w ? OP_W : 0), rd, 0, ra); /* rorx */
        put8(a, n);
        return;
    }
    if (op == IR_shl && n >= 1 && n <= 3) { /* lea when it saves the copy */
        int ra = use_reg(c, 0);
        args_done(c);
        int rd = def_reg(c, ra);
        if (rd == ra) {
            shift_ri(a, SH_SHL, w, rd, n);
        } else if (n == 1) {
            lea(a, w, rd, mem_index(ra, ra, 0, 0));
        } else {
            put_op(a, 0x8d | (w ? OP_W : 0), rd, ra, 0); /* [ra * 2^n + disp32] */
            put8(a, (rd & 7) << 3 | 4);
            put8(a, n << 6 | (ra & 7) << 3 | 5);
            put32(a, 0);
        }
        return;
    }
    static const uint8_t group[] = { SH_SHL, SH_SHR, SH_SAR, SH_ROR };
    int rd = copy_arg(c, w);
    if (n)
        shift_ri(a, group[op - IR_shl], w, rd, n);
    else if (!w)
        mov_rr(a, false, rd, rd);
}

static void lower_shift(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    bool w = type_w(in->type);
    uint64_t n;
    if (value_const(c, arg_root(c, 1), &n)) {
        shift_const(c, in->op, w, (unsigned)n & 63);
        return;
    }
    if (host_features.bmi2 && in->op != IR_rotr) {
        static const uint32_t op[] = { P_66, P_F2, P_F3 };
        int ra = use_reg(c, 0), rb = use_reg(c, 1);
        args_done(c);
        int rd = def_reg(c, ra);
        vex_rrr(a, op[in->op - IR_shl] | M_0F38 | 0xf7 | (w ? OP_W : 0), rd, rb, ra);
        return;
    }
    static const uint8_t group[] = { SH_SHL, SH_SHR, SH_SAR, SH_ROR };
    take_reg(c, RCX);
    int ra = use_reg(c, 0), rb = use_reg(c, 1);
    args_done(c);
    mov_rr(a, false, RCX, rb);
    int rd = def_reg(c, ra);
    if (rd != ra)
        mov_rr(a, w, rd, ra);
    shift_rc(a, group[in->op - IR_shl], w, rd);
}

static void lower_ext(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    bool sign = in->op == IR_sext, w = type_w(in->type);
    int ra = use_reg(c, 0);
    args_done(c);
    int rd = def_reg(c, ra);
    if (in->sz == 2 && !w)
        mov_rr(a, false, rd, ra);
    else
        ins_rr(a, movx_op(in->sz, sign, w), rd, ra);
}

/* Unsigned field: movzx, mask, or shift and mask. */
static void extract_unsigned(Ctx *c, bool w, unsigned lsb, unsigned len)
{
    Asm *a = &c->a;
    if (lsb == 0 && (len == 8 || len == 16 || len == 32)) {
        int ra = use_reg(c, 0);
        args_done(c);
        int rd = def_reg(c, ra);
        ins_rr(a, movx_op(len == 8 ? 0 : len == 16 ? 1 : 2, false, false), rd, ra);
        return;
    }
    int rd = copy_arg(c, lsb + len > 32);
    if (lsb + len == width(w) || lsb + len == 32) {
        shift_ri(a, SH_SHR, lsb + len > 32, rd, lsb);
        return;
    }
    bool wide = lsb + len > 32;
    if (len < 32) {
        if (lsb)
            shift_ri(a, SH_SHR, wide, rd, lsb);
        alu_ri(a, ALU_AND, false, rd, (int32_t)MASK64(len));
    } else {
        shift_ri(a, SH_SHL, true, rd, 64 - lsb - len);
        shift_ri(a, SH_SHR, true, rd, 64 - len);
    }
}

static void extract_signed(Ctx *c, bool w, unsigned lsb, unsigned len)
{
    Asm *a = &c->a;
    unsigned n = width(w);
    if (lsb == 0 && (len == 8 || len == 16 || (len == 32 && w))) {
        int ra = use_reg(c, 0);
        args_done(c);
        int rd = def_reg(c, ra);
        ins_rr(a, movx_op(len == 8 ? 0 : len == 16 ? 1 : 2, true, w), rd, ra);
        return;
    }
    int rd = copy_arg(c, w);
    if (n - lsb - len)
        shift_ri(a, SH_SHL, w, rd, n - lsb - len);
    if (n - len)
        shift_ri(a, SH_SAR, w, rd, n - len);
    else if (!w)
        mov_rr(a, false, rd, rd);
}

/* rd = a with b's low len bits at lsb. */
static void lower_deposit(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    bool w = type_w(in->type);
    unsigned lsb = in->imm & 0xff, len = in->imm >> 8 & 0xff, n = width(w);
    uint64_t mask = MASK64(len) << lsb, keep = ~mask & MASK64(n), ka, kb;
    bool zero_base = value_const(c, arg_root(c, 0), &ka) && !(ka & keep);
    bool const_b = value_const(c, arg_root(c, 1), &kb);
    int ra = zero_base ? NOREG : use_reg(c, 0), t = NOREG;
    if (!const_b || ((kb << lsb) & mask) != 0 || zero_base) {
        int rb = use_reg(c, 1);
        t = tmp_int(c); /* the field in its place */
        if (lsb + len == n) {
            mov_rr(a, w, t, rb);
            if (lsb)
                shift_ri(a, SH_SHL, w, t, lsb);
        } else if (len == 8 || len == 16 || len == 32) {
            ins_rr(a, movx_op(len == 8 ? 0 : len == 16 ? 1 : 2, false, false), t, rb);
            if (lsb)
                shift_ri(a, SH_SHL, w, t, lsb);
        } else {
            mov_rr(a, w, t, rb);
            shift_ri(a, SH_SHL, w, t, n - len);
            shift_ri(a, SH_SHR, w, t, n - len - lsb);
        }
    }
    args_done(c);
    int rd = def_reg(c, zero_base ? t : ra);
    if (zero_base) {
        if (rd != t)
            mov_rr(a, w, rd, t);
        return;
    }
    if (len == n) {
        if (t != NOREG)
            mov_rr(a, w, rd, t);
        else
            mov_ri(a, rd, 0);
        return;
    }
    if (rd != ra)
        mov_rr(a, w, rd, ra);
    if (!w || keep == (uint64_t)(int64_t)(int32_t)keep) {
        alu_ri(a, ALU_AND, w, rd, (int32_t)keep);
    } else if (keep == (uint32_t)keep) {
        if (keep == 0xffffffffu)
            mov_rr(a, false, rd, rd);
        else
            alu_ri(a, ALU_AND, false, rd, (int32_t)keep);
    } else {
        int k = tmp_int(c);
        mov_ri(a, k, keep);
        alu_rr(a, ALU_AND, true, rd, k);
    }
    if (t != NOREG)
        alu_rr(a, ALU_OR, w, rd, t);
}

static void lower_extr(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    bool w = type_w(in->type);
    int ra = use_reg(c, 0), rb = use_reg(c, 1);
    args_done(c);
    int rd = def_reg(c, ra);
    if (rd != ra)
        mov_rr(a, w, rd, ra);
    if (in->imm)
        ins_rri(a, M_0F | 0xac | (w ? OP_W : 0), rb, rd, (unsigned)in->imm); /* shrd */
    else if (!w)
        mov_rr(a, false, rd, rd);
}

static void lower_count(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    bool w = type_w(in->type);
    uint32_t wide = w ? OP_W : 0;
    int ra = use_reg(c, 0);
    args_done(c);
    int rd = def_reg(c, NOREG);
    if (in->op == IR_popcnt) {
        ins_rr(a, PF3 | 0xb8 | wide, rd, ra);
    } else if (in->op == IR_clz && host_features.lzcnt) {
        ins_rr(a, PF3 | 0xbd | wide, rd, ra);
    } else if (in->op == IR_ctz && host_features.bmi1) {
        ins_rr(a, PF3 | 0xbc | wide, rd, ra);
    } else { /* bsr and bsf leave the result undefined for 0 */
        int t = tmp_int(c);
        mov_ri(a, t, in->op == IR_clz ? 2 * width(w) - 1 : width(w));
        ins_rr(a, M_0F | (in->op == IR_clz ? 0xbd : 0xbc) | wide, rd, ra);
        cmov_rr(a, CC_E, w, rd, t);
        if (in->op == IR_clz)
            alu_ri(a, ALU_XOR, w, rd, (int32_t)width(w) - 1);
    }
}

static void swap_bits(Ctx *c, bool w, int rd, int t, uint64_t mask, unsigned n)
{
    Asm *a = &c->a;
    int m = t;
    mov_rr(a, w, t, rd);
    shift_ri(a, SH_SHR, w, rd, n);
    if (w) {
        m = tmp_int(c);
        mov_ri(a, m, mask);
        alu_rr(a, ALU_AND, true, t, m);
        alu_rr(a, ALU_AND, true, rd, m);
        c->lock &= ~(1u << m);
    } else {
        alu_ri(a, ALU_AND, false, t, (int32_t)mask);
        alu_ri(a, ALU_AND, false, rd, (int32_t)mask);
    }
    shift_ri(a, SH_SHL, w, t, n);
    alu_rr(a, ALU_OR, w, rd, t);
}

static void lower_rbit(Ctx *c)
{
    bool w = type_w(cur_insn(c)->type);
    int t = tmp_int(c);
    int rd = copy_arg(c, w);
    if (c->next_use[c->i] == NO_USE)
        c->lock |= 1u << rd;
    bswap_r(&c->a, w, rd);
    swap_bits(c, w, rd, t, 0x0f0f0f0f0f0f0f0full, 4);
    swap_bits(c, w, rd, t, 0x3333333333333333ull, 2);
    swap_bits(c, w, rd, t, 0x5555555555555555ull, 1);
}

static void lower_bswap(Ctx *c)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    bool w = type_w(in->type);
    if (in->sz == 3 || (in->sz == 2 && !w)) {
        bswap_r(a, w, copy_arg(c, w));
        return;
    }
    if (in->sz == 2) { /* both words of 64 bits: swap all, then the halves */
        int rd = copy_arg(c, true);
        bswap_r(a, true, rd);
        shift_ri(a, SH_ROR, true, rd, 32);
        return;
    }
    int t = tmp_int(c);
    int rd = copy_arg(c, w);
    swap_bits(c, w, rd, t, 0x00ff00ff00ff00ffull, 8);
}

void lower_bits(Ctx *c)
{
    const IRInsn *in = cur_insn(c);
    bool w = type_w(in->type);
    unsigned lsb = in->imm & 0xff, len = in->imm >> 8 & 0xff;
    c->hf.kind = HF_NONE;
    switch (in->op) {
    case IR_shl:
    case IR_shr:
    case IR_sar:
    case IR_rotr: lower_shift(c); break;
    case IR_sext:
    case IR_zext: lower_ext(c); break;
    case IR_extract: extract_unsigned(c, w, lsb, len); break;
    case IR_sextract: extract_signed(c, w, lsb, len); break;
    case IR_deposit: lower_deposit(c); break;
    case IR_extr: lower_extr(c); break;
    case IR_clz:
    case IR_ctz:
    case IR_popcnt: lower_count(c); break;
    case IR_rbit: lower_rbit(c); break;
    default: lower_bswap(c); break;
    }
}
