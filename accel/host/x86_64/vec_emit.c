/* SPDX-License-Identifier: MIT */
/* Emission of xmm instructions in SSE or AVX form, and the constants that lowered code refers to by rip. */
#include "accel/host/x86_64/jit_internal.h"

JitConsts *jit_consts;

void v3(Asm *a, uint32_t op, int d, int x, int y)
{
    if (host_features.avx) {
        vex_rrr(a, op, d & 15, x & 15, y & 15);
        return;
    }
    g_assert((d & 15) == (x & 15) || (d & 15) != (y & 15));
    if ((d & 15) != (x & 15))
        movaps_rr(a, d, x);
    ins_rr(a, op, d & 15, y & 15);
}

void v3_opnd(Asm *a, uint32_t op, int d, int x, Opnd y)
{
    if (y.kind == OPND_REG) {
        v3(a, op, d, x, y.reg);
    } else if (host_features.avx) {
        vex_rrm(a, op, d & 15, x & 15, y.mem);
    } else {
        if ((d & 15) != (x & 15))
            movaps_rr(a, d, x);
        ins_rm(a, op, d & 15, y.mem);
    }
}

void v3i(Asm *a, uint32_t op, int d, int x, int y, unsigned imm8)
{
    v3(a, op, d, x, y);
    put8(a, imm8);
}

void v2(Asm *a, uint32_t op, int d, int s)
{
    if (host_features.avx)
        vex_rrr(a, op, d & 15, 0, s & 15);
    else
        ins_rr(a, op, d & 15, s & 15);
}

void v2i(Asm *a, uint32_t op, int d, int s, unsigned imm8)
{
    v2(a, op, d, s);
    put8(a, imm8);
}

void vshift(Asm *a, uint32_t op, unsigned n, int d, int s, unsigned count)
{
    if (host_features.avx) {
        vex_rrr(a, op, n, d & 15, s & 15);
    } else {
        if ((d & 15) != (s & 15))
            movaps_rr(a, d, s);
        ins_rr(a, op, n, d & 15);
    }
    put8(a, count);
}

void ins_const(Asm *a, uint32_t op, int reg, const void *k)
{
    put_op(a, op, reg & 15, 0, 0);
    put8(a, (reg & 7) << 3 | 5);
    put32(a, 0);
    fix32(a->p - 4, k);
}

void vex_const(Asm *a, uint32_t op, int reg, int v, const void *k)
{
    put_vex(a, op, reg & 15, v & 15, 0, 0);
    put8(a, (reg & 7) << 3 | 5);
    put32(a, 0);
    fix32(a->p - 4, k);
}

void v_load_const(Asm *a, int d, const void *k) { ins_const(a, M_0F | 0x28, d, k); }

static void fill32(V128 *v, uint32_t x)
{
    for (unsigned i = 0; i < 4; i++)
        v->u32[i] = x;
}

static void fill64(V128 *v, uint64_t x) { v->u64[0] = v->u64[1] = x; }

static void init_rev(JitConsts *k)
{
    for (unsigned sz = 0; sz < 3; sz++)
        for (unsigned imm = sz + 1; imm < 4; imm++)
            for (unsigned i = 0; i < 16; i++) {
                unsigned group = i >> imm << imm, elem = (i - group) >> sz, n = 1u << (imm - sz);
                k->rev[sz][imm].u8[i] = (uint8_t)(group + ((n - 1 - elem) << sz) + (i & ((1u << sz) - 1)));
            }
}

/* ucomis a, b: unordered ZF PF CF, less CF, equal ZF. lahf's byte has bit 1 set always. */
static void init_fcmp(JitConsts *k)
{
    static const struct { uint8_t ah; uint16_t straight, swapped; } rows[] = {
        { 0x47, IR_FL_O, IR_FL_O }, { 0x03, IR_FL_S | IR_FL_C, 0 }, { 0x42, IR_FL_Z, IR_FL_Z }, { 0x02, 0, IR_FL_S | IR_FL_C },
    };
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        k->fcmp[0][rows[i].ah] = rows[i].straight;
        k->fcmp[1][rows[i].ah] = rows[i].swapped;
    }
}

void jit_consts_init(JitConsts *k)
{
    memset(k, 0, sizeof(*k));
    fill32(&k->abs[0], 0x7fffffff);
    fill64(&k->abs[1], ~0ull >> 1);
    fill32(&k->sign[0], 0x80000000);
    fill64(&k->sign[1], 1ull << 63);
    fill32(&k->min_normal[0], 0x00800000);
    fill64(&k->min_normal[1], 1ull << 52);
    fill32(&k->two30[0], 0x4e800000);
    fill64(&k->two30[1], 0x41d0000000000000);
    fill32(&k->two31[0], 0x4f000000);
    fill64(&k->two31[1], 0x41e0000000000000);
    fill32(&k->two32[0], 0x4f800000);
    fill64(&k->two32[1], 0x41f0000000000000);
    fill32(&k->two63[0], 0x5f000000);
    fill64(&k->two63[1], 0x43e0000000000000);
    fill32(&k->low_bytes, 0x00ff00ff);
    fill32(&k->low_words, 0x0000ffff);
    fill32(&k->nibbles, 0x0f0f0f0f);
    fill32(&k->tbl_bias, 0x70707070);
    for (unsigned i = 0; i < 16; i++)
        k->popcnt.u8[i] = (uint8_t)__builtin_popcount(i);
    for (unsigned n = 0; n < 8; n++) {
        memset(&k->shl_b[n], 0xff << n & 0xff, 16);
        memset(&k->shr_b[n], 0xff >> n, 16);
        memset(&k->sar_b[n], 0x80 >> n, 16);
    }
    init_rev(k);
    init_fcmp(k);
}
