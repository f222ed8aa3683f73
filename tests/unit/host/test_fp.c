/* SPDX-License-Identifier: MIT */
/*
 * Floating point of the x86-64 back end against soft float: results to the bit and exception flags, over numbers near every edge
 * and all rounding modes.
 */
#include <glib.h>
#include <string.h>

#include "target/fp/float.h"
#include "tests/unit/host/fake.h"

static IRFunc func;
static TranslationBlock tb __attribute__((aligned(64)));
static uint64_t rnd_state = 88172645463325252ull;

static uint64_t rnd(void)
{
    rnd_state ^= rnd_state << 13;
    rnd_state ^= rnd_state >> 7;
    return rnd_state ^= rnd_state << 17;
}

static uint64_t number(bool d)
{
    const FloatFormat *f = d ? &float_f64 : &float_f32;
    static const int exps[] = { 0, 0, 1, 2, 3, 20, 23, 24, 29, 30, 31, 32, 33, 51, 52, 53, 62, 63, 64, 65, -1, -2, -30 };
    uint64_t sign = rnd() & 1 ? float_sign_bit(f) : 0, frac = rnd() & ((1ull << f->frac_bits) - 1);
    if (rnd() & 1)
        frac = rnd() & 1 ? 0 : rnd() & 1 ? (1ull << f->frac_bits) - 1 : frac & ~0ull << (f->frac_bits - 4);
    switch (rnd() % 10) {
    case 0: return sign;
    case 1: return sign | float_inf(f, false);
    case 2: return sign | float_inf(f, false) | frac;
    case 3: return sign | frac;
    case 4: return sign | 1ull << f->frac_bits | frac;
    case 5: return (d ? rnd() : (uint32_t)rnd());
    case 6: return sign | (uint64_t)(float_bias(f) / 2 + (int)(rnd() % 4)) << f->frac_bits | frac;
    default: return sign | float_pow2(f, exps[rnd() % G_N_ELEMENTS(exps)]) | frac;
    }
}

static uint32_t flags_of_mxcsr(uint32_t m)
{
    return (m & 1 ? FLOAT_INVALID : 0) | (m & 4 ? FLOAT_DIVBYZERO : 0) | (m & 8 ? FLOAT_OVERFLOW : 0) |
           (m & 16 ? FLOAT_UNDERFLOW : 0) | (m & 32 ? FLOAT_INEXACT : 0);
}

typedef struct Case { unsigned op; bool d; unsigned param; uint64_t a, b, c; } Case;

/* v3 = op(v0, v1, v2), or an integer in x5, or flags. */
static void build(const Case *k)
{
    IRFunc *f = &func;
    IRType t = k->d ? IR_F64 : IR_F32;
    ir_reset(f, &fake_target, 0x1000, 0);
    ir_insn_start(f, 0x1000, 0);
    IRRef a = ir_get(f, t, FAKE_V0), b = ir_get(f, t, FAKE_V0 + 1), c = ir_get(f, t, FAKE_V0 + 2), r;
    switch (k->op) {
    case IR_fsqrt: r = ir_fsqrt(f, a); break;
    case IR_fmadd: r = ir_fmadd(f, a, b, c); break;
    case IR_fcvt: r = ir_fcvt(f, k->d ? IR_F32 : IR_F64, a); break;
    case IR_fi2f: r = ir_fi2f(f, t, ir_get(f, k->param & 2 ? IR_I64 : IR_I32, 6), k->param & 1); break;
    case IR_ff2i: r = ir_ff2i(f, k->param & 2 ? IR_I64 : IR_I32, a, k->param & 1, k->param >> 2); break;
    case IR_fround: r = ir_fround(f, a, k->param >> 2, k->param & 1); break;
    case IR_fl_fcmp: r = ir_fl_fcmp(f, a, b, k->param & 1); break;
    default: r = ir_emit(f, k->op, t, a, b, 0, 0, 0, 0, 0); break;
    }
    if (k->op == IR_fl_fcmp) {
        ir_put(f, FAKE_FLAGS, r);
        ir_put(f, 6, ir_fl_cc(f, IR_I64, k->param >> 2, r));
    } else {
        ir_put(f, k->op == IR_ff2i ? 5 : FAKE_V0 + 3, r);
    }
    ir_exit(f, ir_add_exit(f, (IRExit){ .kind = IR_EXIT_MAIN, .pc = 0x2000 }));
}

static uint64_t reference(const Case *k)
{
    const TargetFpOps *fp = &fake_fp_ops;
    CPUState *cpu = &fake_cpu.parent;
    switch (k->op) {
    case IR_fadd: return fp->add[k->d](cpu, k->a, k->b);
    case IR_fsub: return fp->sub[k->d](cpu, k->a, k->b);
    case IR_fmul: return fp->mul[k->d](cpu, k->a, k->b);
    case IR_fdiv: return fp->div[k->d](cpu, k->a, k->b);
    case IR_fsqrt: return fp->sqrt[k->d](cpu, k->a);
    case IR_fmadd: return fp->madd[k->d](cpu, k->a, k->b, k->c);
    case IR_fcvt: return fp->cvt[!k->d](cpu, k->a);
    case IR_fi2f: return fp->i2f[k->d](cpu, k->param & 2 ? k->c : k->param & 1 ? (uint64_t)(int32_t)k->c : (uint32_t)k->c, k->param & 1);
    case IR_ff2i: return fp->f2i[k->d](cpu, k->a, k->param & 1, k->param >> 2, k->param & 2 ? 64 : 32);
    case IR_fround: return fp->round[k->d](cpu, k->a, k->param >> 2, k->param & 1);
    default: return fp->cmp[k->d](cpu, k->a, k->b, k->param & 1);
    }
}

static void run_case(const Case *k, unsigned rounding)
{
    uint32_t mxcsr = 0x1f80 | rounding << 13;
    fake_cpu.mxcsr = mxcsr;
    fake_cpu.fp_flags = 0;
    uint64_t want = reference(k);
    uint32_t want_flags = fake_cpu.fp_flags;
    fake_cpu.fp_flags = 0;
    fake_cpu.s.v[0] = (V128){ .u64 = { k->a, rnd() } };
    fake_cpu.s.v[1] = (V128){ .u64 = { k->b, rnd() } };
    fake_cpu.s.v[2] = (V128){ .u64 = { k->c, rnd() } };
    fake_cpu.s.x[6] = k->c;
    build(k);
    fake_compile_run(&func, &tb);
    uint64_t got = k->op == IR_ff2i ? fake_cpu.s.x[5] : k->op == IR_fl_fcmp ? fake_cpu.s.flags & IR_FL_NZCV : fake_cpu.s.v[3].u64[0];
    uint32_t flags = fake_cpu.fp_flags | flags_of_mxcsr(fake_cpu.mxcsr);
    if (got != want || flags != want_flags)
        g_error("%s.f%u param %u rounding %u: %lx %lx %lx -> %lx flags %x, should be %lx flags %x", ir_op_info[k->op].name,
            k->d ? 64 : 32, k->param, rounding,
            k->a, k->b, k->c, got, flags, want, want_flags);
    if (k->op == IR_fl_fcmp)
        g_assert_cmpuint(fake_cpu.s.x[6], ==, ir_eval_fl_cc(k->param >> 2, (uint32_t)want));
    g_assert_cmphex(fake_cpu.mxcsr & ~0x3fu, ==, mxcsr);
    g_assert_cmphex(__builtin_ia32_stmxcsr() & ~0x3fu, ==, 0x1f80);
}

static void test_op(const void *data)
{
    unsigned op = GPOINTER_TO_UINT(data);
    for (unsigned n = 0; n < 6000; n++) {
        bool d = rnd() & 1;
        Case k = { op, d, 0, number(d), number(d), number(d) };
        if (op == IR_fi2f || op == IR_ff2i)
            k.param = rnd() % 24;
        if (op == IR_fi2f) {
            k.param &= 3;
            k.c = rnd() & 1 ? rnd() : (uint64_t)((int64_t)rnd() >> (rnd() & 63));
        }
        if (op == IR_fround)
            k.param = rnd() % 6 << 2 | (rnd() & 1);
        if (op == IR_fl_fcmp)
            k.param = rnd() % 14 << 2 | (rnd() & 1);
        if (op == IR_fl_fcmp && rnd() % 4 == 0)
            k.b = k.a;
        run_case(&k, rnd() & 3);
    }
}

static void test_baseline(const void *data)
{
    host_features_init("none", NULL);
    test_op(data);
    host_features_init(NULL, NULL);
}

/* Results that are rounded up to the smallest normal: tiny before rounding, not after. */
static void test_tiny(void)
{
    run_case(&(Case){ IR_fmul, true, 0, 0x0010000000000001, 0x3feffffffffffffe, 0 }, 0);
    run_case(&(Case){ IR_fmul, true, 0, 0x001fffffffffffff, 0x3fe0000000000000, 0 }, 2);
    run_case(&(Case){ IR_fmul, false, 0, 0x00ffffff, 0x3f000000, 0 }, 0);
    run_case(&(Case){ IR_fcvt, true, 0, 0x380fffffffffffff, 0, 0 }, 0);
}

static void test_vector(const void *features)
{
    host_features_init(features, NULL);
    for (unsigned n = 0; n < 20000; n++) {
        unsigned op = IR_vfadd + rnd() % 5, sz = 2 + (rnd() & 1), negate = op == IR_vfmla ? rnd() & 1 : 0;
        bool d = sz == 3;
        IRFunc *f = &func;
        ir_reset(f, &fake_target, 0x1000, 0);
        ir_insn_start(f, 0x1000, 0);
        IRRef v[3];
        for (unsigned i = 0; i < 3; i++) {
            v[i] = ir_get(f, IR_V128, FAKE_V0 + i);
            for (unsigned l = 0; l < 16u >> sz; l++)
                if (d)
                    fake_cpu.s.v[i].u64[l] = rnd() & 7 ? number(d) : 0x3ff0000000000000;
                else
                    fake_cpu.s.v[i].u32[l] = rnd() & 7 ? (uint32_t)number(d) : 0x3f800000;
        }
        ir_put(f, FAKE_V0 + 3, op == IR_vfmla ? ir_vfmla(f, sz, v[0], v[1], v[2], negate) : ir_emit(f, op, IR_V128, v[0], v[1], 0, 0, sz,
            0, 0));
        ir_exit(f, ir_add_exit(f, (IRExit){ .kind = IR_EXIT_MAIN, .pc = 0x2000 }));
        fake_cpu.mxcsr = 0x1f80 | (rnd() & 3) << 13;
        fake_cpu.fp_flags = 0;
        V128 want;
        for (unsigned l = 0; l < 16u >> sz; l++) {
            uint64_t x[3];
            for (unsigned i = 0; i < 3; i++)
                x[i] = d ? fake_cpu.s.v[i].u64[l] : fake_cpu.s.v[i].u32[l];
            Case k = { op - IR_vfadd + IR_fadd, d, 0, x[0], x[1], 0 };
            if (op == IR_vfmla)
                k = (Case){ IR_fmadd, d, 0, x[1] ^ (negate ? d ? 1ull << 63 : 1ull << 31 : 0), x[2], x[0] };
            uint64_t r = reference(&k);
            if (d)
                want.u64[l] = r;
            else
                want.u32[l] = (uint32_t)r;
        }
        uint32_t want_flags = fake_cpu.fp_flags;
        fake_cpu.fp_flags = 0;
        fake_compile_run(f, &tb);
        g_assert_cmpmem(&fake_cpu.s.v[3], 16, &want, 16);
        g_assert_cmphex(fake_cpu.fp_flags | flags_of_mxcsr(fake_cpu.mxcsr), ==, want_flags);
    }
    host_features_init(NULL, NULL);
}

int main(int argc, char **argv)
{
    static const uint16_t ops[] = { IR_fadd, IR_fsub, IR_fmul, IR_fdiv, IR_fsqrt, IR_fmadd, IR_fcvt, IR_fi2f, IR_ff2i, IR_fround,
        IR_fl_fcmp };
    g_test_init(&argc, &argv, NULL);
    host_features_init(NULL, NULL);
    fake_init();
    for (unsigned i = 0; i < G_N_ELEMENTS(ops); i++) {
        g_autofree char *name = g_strdup_printf("/host/fp/%s", ir_op_info[ops[i]].name), *base = g_strdup_printf("/host/fp/%s-baseline",
            ir_op_info[ops[i]].name);
        g_test_add_data_func(name, GUINT_TO_POINTER(ops[i]), test_op);
        g_test_add_data_func(base, GUINT_TO_POINTER(ops[i]), test_baseline);
    }
    g_test_add_func("/host/fp/tiny-before-rounding", test_tiny);
    g_test_add_data_func("/host/fp/vector", NULL, test_vector);
    g_test_add_data_func("/host/fp/vector-baseline", "none", test_vector);
    return g_test_run();
}
