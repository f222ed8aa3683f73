/* SPDX-License-Identifier: MIT */
/* Translating integer AdvSIMD: the shared shapes of instructions. See translate_simd.h. */
#include "target/arm/translate_simd.h"

IRRef simd_const(IRFunc *f, unsigned sz, uint64_t x)
{
    for (unsigned bits = 8u << sz; bits < 64; bits *= 2)
        x = (x & MASK64(bits)) | x << bits;
    return ir_vconst(f, x);
}

void simd_write_narrow(DisasContext *s, unsigned rd, bool high, IRRef v)
{
    write_v(s, rd, high ? simd_join_low(s->f, read_v(s, rd), v) : v);
}

bool simd_two(DisasContext *s, const SimdForm *m, Gen1 *gen)
{
    if (fp_access_check(s))
        simd_write(s, m, gen(s->f, m->sz, read_v(s, m->rn)));
    return true;
}

bool simd_three(DisasContext *s, const SimdForm *m, Gen2 *gen)
{
    if (fp_access_check(s)) {
        IRRef a = read_v(s, m->rn), b = read_v(s, m->rm);
        simd_write(s, m, gen(s->f, m->sz, a, b));
    }
    return true;
}

bool simd_accumulate(DisasContext *s, const SimdForm *m, Gen3 *gen)
{
    if (fp_access_check(s)) {
        IRRef d = read_v(s, m->rd), a = read_v(s, m->rn), b = read_v(s, m->rm);
        simd_write(s, m, gen(s->f, m->sz, d, a, b));
    }
    return true;
}

IRRef simd_call2(DisasContext *s, const IRHelper *h, IRRef a, IRRef b, SimdDesc desc)
{
    return ir_call(s->f, h, a, b, ir_i32(s->f, desc));
}

IRRef simd_call3(DisasContext *s, const IRHelper *h, IRRef acc, IRRef a, IRRef b, SimdDesc desc)
{
    return ir_call(s->f, h, acc, a, b, ir_i32(s->f, desc));
}

bool simd_call_two(DisasContext *s, const SimdForm *m, const IRHelper *h, SimdDesc desc)
{
    if (fp_access_check(s)) {
        IRRef a = read_v(s, m->rn);
        write_v(s, m->rd, ir_call(s->f, h, a, ir_i32(s->f, SIMD_DESC(m->sz, m->bytes) | desc)));
    }
    return true;
}

bool simd_call_three(DisasContext *s, const SimdForm *m, const IRHelper *h)
{
    if (fp_access_check(s)) {
        IRRef a = read_v(s, m->rn), b = read_v(s, m->rm);
        write_v(s, m->rd, simd_call2(s, h, a, b, SIMD_DESC(m->sz, m->bytes)));
    }
    return true;
}

bool simd_call_accumulate(DisasContext *s, const SimdForm *m, const IRHelper *h)
{
    if (fp_access_check(s)) {
        IRRef d = read_v(s, m->rd), a = read_v(s, m->rn), b = read_v(s, m->rm);
        write_v(s, m->rd, simd_call3(s, h, d, a, b, SIMD_DESC(m->sz, m->bytes)));
    }
    return true;
}

/* 32-bit products through integer registers: lanes of 64 bits have no vector multiplication. */
static IRRef mull_words(IRFunc *f, IRRef a, IRRef b, bool sign)
{
    IRRef r[2];
    for (unsigned i = 0; i < 2; i++)
        r[i] = ir_mul(f, ir_vgetl(f, IR_I64, 2, a, i, sign), ir_vgetl(f, IR_I64, 2, b, i, sign));
    return ir_vpair(f, r[0], r[1]);
}

IRRef simd_gen_smull(IRFunc *f, unsigned sz, IRRef a, IRRef b)
{
    return sz == 2 ? mull_words(f, a, b, true) : ir_vmul(f, sz + 1, ir_vsxtl(f, sz, a), ir_vsxtl(f, sz, b));
}

IRRef simd_gen_umull(IRFunc *f, unsigned sz, IRRef a, IRRef b)
{
    return sz == 2 ? mull_words(f, a, b, false) : ir_vmul(f, sz + 1, ir_vuxtl(f, sz, a), ir_vuxtl(f, sz, b));
}

IRRef simd_gen_mla(IRFunc *f, unsigned sz, IRRef d, IRRef a, IRRef b) { return ir_vadd(f, sz, d, ir_vmul(f, sz, a, b)); }
IRRef simd_gen_mls(IRFunc *f, unsigned sz, IRRef d, IRRef a, IRRef b) { return ir_vsub(f, sz, d, ir_vmul(f, sz, a, b)); }
