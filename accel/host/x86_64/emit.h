/* SPDX-License-Identifier: MIT */
/*
 * The assembler: x86-64 instructions as inline functions over a byte cursor.
 *
 * An opcode is one word: the opcode byte, its map (0F, 0F38, 0F3A), its mandatory prefix and flags (Intel SDM vol. 2, ch. 2).
 * Room is not checked here: the lowering checks before each IR insn and each stub that EMIT_MARGIN bytes are left, and no
 * insn or stub needs more.
 */
#ifndef ACCEL_HOST_X86_64_EMIT_H
#define ACCEL_HOST_X86_64_EMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define EMIT_MARGIN 8192

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };
#define NOREG (-1)

#define M_0F 0x100u
#define M_0F38 0x200u
#define M_0F3A 0x300u
#define M_MASK 0x300u
#define P_66 0x1000u
#define P_F3 0x2000u
#define P_F2 0x3000u
#define P_MASK 0x3000u
#define OP_W 0x10000u   /* REX.W or VEX.W */
#define OP_B 0x20000u   /* reg is a byte register */
#define OP_BRM 0x40000u /* rm is a byte register */
#define OP_L 0x80000u   /* VEX.L: 256 bits */

/* Condition codes of jcc, setcc, cmovcc. */
enum { CC_O, CC_NO, CC_B, CC_AE, CC_E, CC_NE, CC_BE, CC_A, CC_S, CC_NS, CC_P, CC_NP, CC_L, CC_GE, CC_LE, CC_G };

/* The arithmetic group: opcode n << 3 | 3 (r, r/m), 81 /n, 83 /n. */
enum { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP };
/* The shift group: C1 /n, D3 /n. */
enum { SH_ROL, SH_ROR, SH_SHL = 4, SH_SHR, SH_SAR = 7 };

typedef struct Asm {
    uint8_t *p;     /* cursor, writable mapping */
    uint8_t *start; /* of the block */
    uint8_t *end;
    ptrdiff_t rx;   /* executable - writable */
} Asm;

typedef struct Mem {
    int8_t base, index; /* index: NOREG or a register but RSP */
    uint8_t scale;      /* log2 */
    int32_t disp;
} Mem;

static inline Mem mem_at(int base, int32_t disp) { return (Mem){ (int8_t)base, NOREG, 0, disp }; }
static inline Mem mem_index(int base, int index, unsigned scale, int32_t disp)
{
    return (Mem){ (int8_t)base, (int8_t)index, (uint8_t)scale, disp };
}

static inline void put8(Asm *a, unsigned v) { *a->p++ = (uint8_t)v; }
static inline void put32(Asm *a, uint32_t v) { memcpy(a->p, &v, 4); a->p += 4; }
static inline void put64(Asm *a, uint64_t v) { memcpy(a->p, &v, 8); a->p += 8; }

/* Prefix, REX, map and opcode. */
static inline void put_op(Asm *a, uint32_t op, unsigned reg, unsigned index, unsigned rm)
{
    static const uint8_t prefix[4] = { 0, 0x66, 0xf3, 0xf2 };
    if (op & P_MASK)
        put8(a, prefix[(op & P_MASK) >> 12]);
    unsigned rex = (op & OP_W ? 8 : 0) | (reg >> 3 & 1) << 2 | (index >> 3 & 1) << 1 | (rm >> 3 & 1);
    bool force = ((op & OP_B) && reg >= 4) || ((op & OP_BRM) && rm >= 4);
    if (rex || force)
        put8(a, 0x40 | rex);
    if (op & M_MASK)
        put8(a, 0x0f);
    if ((op & M_MASK) == M_0F38)
        put8(a, 0x38);
    if ((op & M_MASK) == M_0F3A)
        put8(a, 0x3a);
    put8(a, op & 0xff);
}

static inline void put_mem(Asm *a, unsigned reg, Mem m)
{
    unsigned r = (reg & 7) << 3, b = m.base & 7;
    bool sib = m.index != NOREG || b == RSP;
    unsigned mod = m.disp == 0 && b != RBP ? 0 : m.disp == (int8_t)m.disp ? 1 : 2;
    put8(a, mod << 6 | r | (sib ? 4 : b));
    if (sib)
        put8(a, m.scale << 6 | (m.index == NOREG ? 4 : m.index & 7) << 3 | b);
    if (mod == 1)
        put8(a, m.disp & 0xff);
    else if (mod == 2)
        put32(a, (uint32_t)m.disp);
}

static inline void ins_rr(Asm *a, uint32_t op, unsigned reg, unsigned rm)
{
    put_op(a, op, reg, 0, rm);
    put8(a, 0xc0 | (reg & 7) << 3 | (rm & 7));
}
static inline void ins_rm(Asm *a, uint32_t op, unsigned reg, Mem m)
{
    put_op(a, op & ~OP_BRM, reg, m.index == NOREG ? 0 : m.index, m.base);
    put_mem(a, reg, m);
}
static inline void ins_rri(Asm *a, uint32_t op, unsigned reg, unsigned rm, unsigned imm8) { ins_rr(a, op, reg, rm); put8(a, imm8); }
static inline void ins_rmi(Asm *a, uint32_t op, unsigned reg, Mem m, unsigned imm8) { ins_rm(a, op, reg, m); put8(a, imm8); }

/* VEX: reg, vvvv, rm. */
static inline void put_vex(Asm *a, uint32_t op, unsigned reg, unsigned v, unsigned index, unsigned rm)
{
    unsigned map = (op & M_MASK) >> 8, pp = (op & P_MASK) >> 12;
    unsigned last = (~v & 15) << 3 | (op & OP_L ? 4 : 0) | (pp == 3 ? 3 : pp == 2 ? 2 : pp);
    if (map == 1 && !(op & OP_W) && rm < 8 && index < 8) {
        put8(a, 0xc5);
        put8(a, (reg < 8 ? 0x80 : 0) | last);
    } else {
        put8(a, 0xc4);
        put8(a, (reg < 8 ? 0x80 : 0) | (index < 8 ? 0x40 : 0) | (rm < 8 ? 0x20 : 0) | map);
        put8(a, (op & OP_W ? 0x80 : 0) | last);
    }
    put8(a, op & 0xff);
}
static inline void vex_rrr(Asm *a, uint32_t op, unsigned reg, unsigned v, unsigned rm)
{
    put_vex(a, op, reg, v, 0, rm);
    put8(a, 0xc0 | (reg & 7) << 3 | (rm & 7));
}
static inline void vex_rrm(Asm *a, uint32_t op, unsigned reg, unsigned v, Mem m)
{
    put_vex(a, op, reg, v, m.index == NOREG ? 0 : m.index, m.base);
    put_mem(a, reg, m);
}

/* ---- moves ---- */
static inline void mov_rr(Asm *a, bool w, unsigned d, unsigned s) { ins_rr(a, 0x8b | (w ? OP_W : 0), d, s); }
static inline void mov_rm(Asm *a, bool w, unsigned d, Mem m) { ins_rm(a, 0x8b | (w ? OP_W : 0), d, m); }
static inline void mov_mr(Asm *a, bool w, Mem m, unsigned s) { ins_rm(a, 0x89 | (w ? OP_W : 0), s, m); }
/* Leaves the flags alone. */
static inline void mov_ri(Asm *a, unsigned d, uint64_t v)
{
    if (v == (uint32_t)v) {
        put_op(a, 0xb8 | (d & 7), 0, 0, d);
        put32(a, (uint32_t)v);
    } else if (v == (uint64_t)(int64_t)(int32_t)v) {
        ins_rr(a, 0xc7 | OP_W, 0, d);
        put32(a, (uint32_t)v);
    } else {
        put_op(a, 0xb8 | (d & 7) | OP_W, 0, 0, d);
        put64(a, v);
    }
}
/* Stores a constant: sign-extended imm32 when w. */
static inline void mov_mi(Asm *a, bool w, Mem m, uint32_t v)
{
    ins_rm(a, 0xc7 | (w ? OP_W : 0), 0, m);
    put32(a, v);
}
static inline void lea(Asm *a, bool w, unsigned d, Mem m) { ins_rm(a, 0x8d | (w ? OP_W : 0), d, m); }

/* ---- arithmetic ---- */
static inline void alu_rr(Asm *a, unsigned n, bool w, unsigned d, unsigned s) { ins_rr(a, n << 3 | 3 | (w ? OP_W : 0), d, s); }
static inline void alu_rm(Asm *a, unsigned n, bool w, unsigned d, Mem m) { ins_rm(a, n << 3 | 3 | (w ? OP_W : 0), d, m); }
static inline void alu_ri(Asm *a, unsigned n, bool w, unsigned d, int32_t v)
{
    ins_rr(a, (v == (int8_t)v ? 0x83 : 0x81) | (w ? OP_W : 0), n, d);
    if (v == (int8_t)v)
        put8(a, v & 0xff);
    else
        put32(a, (uint32_t)v);
}
static inline void alu_mi(Asm *a, unsigned n, bool w, Mem m, int32_t v)
{
    ins_rm(a, (v == (int8_t)v ? 0x83 : 0x81) | (w ? OP_W : 0), n, m);
    if (v == (int8_t)v)
        put8(a, v & 0xff);
    else
        put32(a, (uint32_t)v);
}
static inline void test_rr(Asm *a, bool w, unsigned x, unsigned y) { ins_rr(a, 0x85 | (w ? OP_W : 0), x, y); }
static inline void test_ri(Asm *a, bool w, unsigned x, uint32_t v)
{
    if (!(v & ~0x7fu)) { /* the sign bit of the byte is clear: Z is the same for all widths, and S as well */
        ins_rr(a, 0xf6 | OP_BRM, 0, x);
        put8(a, v);
    } else {
        ins_rr(a, 0xf7 | (w ? OP_W : 0), 0, x);
        put32(a, v);
    }
}
static inline void shift_ri(Asm *a, unsigned n, bool w, unsigned d, unsigned count)
{
    ins_rri(a, 0xc1 | (w ? OP_W : 0), n, d, count);
}
static inline void shift_rc(Asm *a, unsigned n, bool w, unsigned d) { ins_rr(a, 0xd3 | (w ? OP_W : 0), n, d); }
static inline void neg_r(Asm *a, bool w, unsigned d) { ins_rr(a, 0xf7 | (w ? OP_W : 0), 3, d); }
static inline void not_r(Asm *a, bool w, unsigned d) { ins_rr(a, 0xf7 | (w ? OP_W : 0), 2, d); }
static inline void bswap_r(Asm *a, bool w, unsigned d) { put_op(a, M_0F | 0xc8 | (d & 7) | (w ? OP_W : 0), 0, 0, d); }
static inline void setcc_r(Asm *a, unsigned cc, unsigned d) { ins_rr(a, M_0F | 0x90 | cc | OP_BRM, 0, d); }
static inline void cmov_rr(Asm *a, unsigned cc, bool w, unsigned d, unsigned s) { ins_rr(a, M_0F | 0x40 | cc | (w ? OP_W : 0), d, s); }
static inline void cmov_rm(Asm *a, unsigned cc, bool w, unsigned d, Mem m) { ins_rm(a, M_0F | 0x40 | cc | (w ? OP_W : 0), d, m); }

/* Extensions: of the low 1 << sz bytes, sz 0..2; 32-bit destination unless w. */
static inline uint32_t movx_op(unsigned sz, bool sign, bool w)
{
    if (sz == 2)
        return sign ? 0x63 | OP_W : 0x8b;
    return (M_0F | (sign ? 0xbe : 0xb6) | (sz ? 1 : OP_BRM)) | (w && sign ? OP_W : 0);
}

/* ---- control ---- */
static inline void push_r(Asm *a, unsigned r) { put_op(a, 0x50 | (r & 7), 0, 0, r); }
static inline void pop_r(Asm *a, unsigned r) { put_op(a, 0x58 | (r & 7), 0, 0, r); }
static inline void jmp_m(Asm *a, Mem m) { ins_rm(a, 0xff, 4, m); }
static inline void jmp_r(Asm *a, unsigned r) { ins_rr(a, 0xff, 4, r); }
static inline void call_r(Asm *a, unsigned r) { ins_rr(a, 0xff, 2, r); }
static inline void call_m(Asm *a, Mem m) { ins_rm(a, 0xff, 2, m); }
static inline void ret(Asm *a) { put8(a, 0xc3); }

/* Jumps whose target is not known yet: the place of the rel32 or rel8, for fix32 and fix8. */
static inline uint8_t *jcc32(Asm *a, unsigned cc) { put8(a, 0x0f); put8(a, 0x80 | cc); put32(a, 0); return a->p - 4; }
static inline uint8_t *jmp32(Asm *a) { put8(a, 0xe9); put32(a, 0); return a->p - 4; }
static inline uint8_t *jcc8(Asm *a, unsigned cc) { put8(a, 0x70 | cc); put8(a, 0); return a->p - 1; }
static inline uint8_t *jmp8(Asm *a) { put8(a, 0xeb); put8(a, 0); return a->p - 1; }
static inline void fix32(uint8_t *at, const uint8_t *target) { int32_t d = (int32_t)(target - (at + 4)); memcpy(at, &d, 4); }
static inline void fix8(Asm *a, uint8_t *at) { *at = (uint8_t)(a->p - (at + 1)); }
/* To writable-mapping addresses in this buffer. */
static inline void jmp_to(Asm *a, const uint8_t *target) { fix32(jmp32(a), target); }
static inline void jcc_to(Asm *a, unsigned cc, const uint8_t *target) { fix32(jcc32(a, cc), target); }
static inline void call_to(Asm *a, const uint8_t *target) { put8(a, 0xe8); put32(a, 0); fix32(a->p - 4, target); }
/* n bytes of nothing, n up to 9 an instruction. */
static inline void nops(Asm *a, unsigned n)
{
    static const uint8_t seq[9][9] = { { 0x90 }, { 0x66, 0x90 }, { 0x0f, 0x1f, 0 }, { 0x0f, 0x1f, 0x40, 0 }, { 0x0f, 0x1f, 0x44, 0, 0 },
        { 0x66, 0x0f, 0x1f, 0x44, 0, 0 }, { 0x0f, 0x1f, 0x80, 0, 0, 0, 0 }, { 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0 },
        { 0x66, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0 } };
    while (n) {
        unsigned k = n < 9 ? n : 9;
        memcpy(a->p, seq[k - 1], k);
        a->p += k;
        n -= k;
    }
}

#endif
