/* SPDX-License-Identifier: MIT */
/*
 * Soft float against the host's SSE unit: values and flags, in all four rounding modes, on corner cases and random bits.
 *
 * Tininess is taken after rounding here, as SSE does; /fp/float/arm-* cover what differs on Arm. NaN operands are tested apart:
 * the host's rule for them is another.
 */
#include <glib.h>
#include <immintrin.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "target/fp/float.h"

#define ROUNDS_PER_OP 150000

static uint64_t rng_state = 0x9e3779b97f4a7c15ull;

static uint64_t rng(void)
{
    rng_state ^= rng_state << 13;
    rng_state ^= rng_state >> 7;
    rng_state ^= rng_state << 17;
    return rng_state * 0x2545f4914f6cdd1dull;
}

/* Bits that are interesting to arithmetic: corners, neighbours in exponent, short significands, and anything. */
static uint64_t operand(const FloatFormat *f)
{
    static const int8_t near[] = { 0, 1, -1, 2, -2 };
    uint64_t r = rng(), mask = MASK64(float_width(f)), v;
    int n;

    switch (r >> 60) {
    case 0: v = float_inf(f, false) - (r & 3); break;
    case 1: v = r & 7; break;
    case 2: v = (1ull << f->frac_bits) + (uint64_t)near[r % 5]; break;
    case 3: v = float_pow2(f, (int)(r % 20) - 10) + (uint64_t)near[(r >> 8) % 5]; break;
    case 4: v = (r >> 20) & MASK64(f->frac_bits); break;
    case 5: case 6: case 7: v = float_pow2(f, (int)(r % 12) - 6) | (rng() & MASK64(f->frac_bits)); break;
    case 8: case 9:
        n = (int)(r % 130) - 65;
        v = float_pow2(f, abs(n) < float_bias(f) ? n : 0) | (rng() & MASK64(f->frac_bits) & ~MASK64(f->frac_bits / 2));
        break;
    default: v = rng() & mask; break;
    }
    if (float_is_nan(f, v))
        v = float_inf(f, false);
    return (r >> 59 & 1 ? float_neg(f, v) : v) & mask;
}

static const unsigned host_round[4] = { _MM_ROUND_NEAREST, _MM_ROUND_UP, _MM_ROUND_DOWN, _MM_ROUND_TOWARD_ZERO };

/* MXCSR's sticky bits in our order; the denormal-operand flag is x86's own. */
static unsigned host_flags(unsigned csr)
{
    return (csr & 1 ? FLOAT_INVALID : 0) | (csr & 4 ? FLOAT_DIVBYZERO : 0) | (csr & 8 ? FLOAT_OVERFLOW : 0) | (csr & 16 ? FLOAT_UNDERFLOW : 0) | (csr & 32 ? FLOAT_INEXACT : 0);
}

typedef enum Op { OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_SQRT, OP_MULADD, OP_NB } Op;
static const char *const op_names[] = { "add", "sub", "mul", "div", "sqrt", "muladd" };

#define HOST_OP(name, type, bits_type, sqrt_expr, fma_fn) \
    __attribute__((noinline, target("fma"))) static uint64_t name(Op op, uint64_t a, uint64_t b, uint64_t c, unsigned round, unsigned *flags) \
    { \
        volatile type x, y, z, r = 0; \
        bits_type ba = (bits_type)a, bb = (bits_type)b, bc = (bits_type)c; \
        memcpy((void *)&x, &ba, sizeof x); \
        memcpy((void *)&y, &bb, sizeof y); \
        memcpy((void *)&z, &bc, sizeof z); \
        unsigned saved = _mm_getcsr(); \
        _mm_setcsr(0x1f80 | host_round[round]); \
        switch (op) { \
        case OP_ADD: r = x + y; break; \
        case OP_SUB: r = x - y; break; \
        case OP_MUL: r = x * y; break; \
        case OP_DIV: r = x / y; break; \
        case OP_SQRT: r = sqrt_expr; break; \
        default: r = fma_fn(x, y, z); break; \
        } \
        *flags = host_flags(_mm_getcsr()); \
        _mm_setcsr(saved); \
        bits_type out; \
        memcpy(&out, (void *)&r, sizeof out); \
        return out; \
    }
HOST_OP(host_f32, float, uint32_t, _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x))), __builtin_fmaf)
HOST_OP(host_f64, double, uint64_t, _mm_cvtsd_f64(_mm_sqrt_sd(_mm_set_sd(0), _mm_set_sd(x))), __builtin_fma)

static uint64_t soft_op(const FloatFormat *f, Op op, uint64_t a, uint64_t b, uint64_t c, FloatStatus *s)
{
    switch (op) {
    case OP_ADD: return float_add(f, a, b, s);
    case OP_SUB: return float_sub(f, a, b, s);
    case OP_MUL: return float_mul(f, a, b, s);
    case OP_DIV: return float_div(f, a, b, s);
    case OP_SQRT: return float_sqrt(f, a, s);
    default: return float_muladd(f, a, b, c, 0, s);
    }
}

/* data: Op * 2 + is_f64. */
static void test_against_host(gconstpointer data)
{
    unsigned what = GPOINTER_TO_UINT(data);
    const FloatFormat *f = what & 1 ? &float_f64 : &float_f32;
    Op op = (Op)(what >> 1);

    if (op == OP_MULADD && !__builtin_cpu_supports("fma")) {
        g_test_skip("the host has no FMA");
        return;
    }
    for (unsigned i = 0; i < ROUNDS_PER_OP; i++) {
        unsigned round = i & 3, hflags;
        uint64_t a = operand(f), b = operand(f), c = operand(f);
        if (op == OP_MULADD && (i & 0x70) == 0) /* cancellation: c near -(a * b) */
            c = float_neg(f, (what & 1 ? host_f64 : host_f32)(OP_MUL, a, b, 0, round, &hflags));
        if (float_is_nan(f, c))
            c = 0;
        uint64_t h = (what & 1 ? host_f64 : host_f32)(op, a, b, c, round, &hflags);
        FloatStatus s = { .round = (uint8_t)round, .tiny_after = true };
        uint64_t r = soft_op(f, op, a, b, c, &s);
        bool same = float_is_nan(f, h) ? r == float_default_nan(f) : r == h;
        if (!same || s.flags != hflags)
            g_error("%s a=%#lx b=%#lx c=%#lx round %u: %#lx flags %#x, the host has %#lx flags %#x", op_names[op], a, b, c, round, r, s.flags, h, hflags);
    }
}

static double as_f64(uint64_t a) { double d; memcpy(&d, &a, 8); return d; }
static uint64_t f64_bits(double d) { uint64_t a; memcpy(&a, &d, 8); return a; }
static float as_f32(uint64_t a) { uint32_t v = (uint32_t)a; float d; memcpy(&d, &v, 4); return d; }
static uint64_t f32_bits(float d) { uint32_t a; memcpy(&a, &d, 4); return a; }

__attribute__((noinline)) static uint64_t host_narrow(uint64_t a, unsigned round, unsigned *flags)
{
    volatile double x = as_f64(a);
    unsigned saved = _mm_getcsr();
    _mm_setcsr(0x1f80 | host_round[round]);
    volatile float r = (float)x;
    *flags = host_flags(_mm_getcsr());
    _mm_setcsr(saved);
    return f32_bits(r);
}

static void test_narrow(void)
{
    for (unsigned i = 0; i < ROUNDS_PER_OP; i++) {
        unsigned hflags;
        uint64_t a = operand(&float_f64);
        if (i & 8) /* in and about the range of f32 */
            a = (a & ~(0x7ffull << 52)) | (uint64_t)(1023 - 160 + (int)(rng() % 320)) << 52;
        uint64_t h = host_narrow(a, i & 3, &hflags);
        FloatStatus s = { .round = (uint8_t)(i & 3), .tiny_after = true };
        uint64_t r = float_convert(&float_f32, &float_f64, a, &s);
        g_assert_cmphex(r, ==, h);
        g_assert_cmphex(s.flags, ==, hflags);
        s.flags = 0;
        g_assert_cmphex(float_convert(&float_f64, &float_f32, h, &s), ==, f64_bits(as_f32(h)));
        g_assert_cmphex(s.flags, ==, 0);
    }
}

/* Every half is a float; widening and narrowing agree with the host's conversion instructions. */
__attribute__((target("f16c"))) static void test_half(void)
{
    if (!__builtin_cpu_supports("avx2")) { /* not every compiler knows F16C by name; it came before AVX2 */
        g_test_skip("the host has no F16C");
        return;
    }
    FloatStatus s = { .tiny_after = true };
    for (uint32_t h = 0; h < 0x10000; h++) {
        if (float_is_nan(&float_f16, h))
            continue;
        uint64_t w = float_convert(&float_f32, &float_f16, h, &s);
        g_assert_cmphex(w, ==, f32_bits(_cvtsh_ss((unsigned short)h)));
        g_assert_cmphex(float_convert(&float_f16, &float_f32, w, &s), ==, h);
    }
    g_assert_cmphex(s.flags, ==, 0);
    for (unsigned i = 0; i < ROUNDS_PER_OP; i++) {
        uint64_t a = operand(&float_f32);
        if (i & 8)
            a = (a & ~(0xffull << 23)) | (uint64_t)(127 - 30 + (int)(rng() % 50)) << 23;
        unsigned saved = _mm_getcsr();
        _mm_setcsr(0x1f80);
        volatile float x = as_f32(a);
        volatile uint64_t h = _cvtss_sh(x, _MM_FROUND_TO_NEAREST_INT); /* volatile: before the flags are read */
        unsigned hflags = host_flags(_mm_getcsr());
        _mm_setcsr(saved);
        s.flags = 0;
        g_assert_cmphex(float_convert(&float_f16, &float_f32, a, &s), ==, h);
        g_assert_cmphex(s.flags, ==, hflags);
    }
}

/* Half-precision arithmetic: float computes it with bits to spare, one rounding to half then is right (innocuous double rounding). */
static void test_half_arith(void)
{
    for (unsigned i = 0; i < ROUNDS_PER_OP; i++) {
        unsigned ignored;
        Op op = (Op)(i % 4);
        FloatStatus s = { 0 }, t = { 0 };
        uint64_t a = operand(&float_f16), b = operand(&float_f16);
        uint64_t wide = host_f32(op, float_convert(&float_f32, &float_f16, a, &t), float_convert(&float_f32, &float_f16, b, &t), 0, 0, &ignored);
        uint64_t want = float_is_nan(&float_f32, wide) ? float_default_nan(&float_f16) : float_convert(&float_f16, &float_f32, wide, &t);
        g_assert_cmphex(soft_op(&float_f16, op, a, b, 0, &s), ==, want);
    }
}

static void test_to_int(void)
{
    for (unsigned i = 0; i < ROUNDS_PER_OP; i++) {
        uint64_t a = operand(&float_f64);
        if (i & 8)
            a = (a & ~(0x7ffull << 52)) | (uint64_t)(1023 - 3 + (int)(rng() % 72)) << 52;
        unsigned round = i & 3, saved = _mm_getcsr();
        volatile double x = as_f64(a);
        _mm_setcsr(0x1f80 | host_round[round]);
        int64_t h;
        __asm__ volatile("cvtsd2si %1, %0" : "=r"(h) : "m"(x));
        unsigned hflags = host_flags(_mm_getcsr());
        _mm_setcsr(saved);
        FloatStatus s = { 0 };
        uint64_t r = float_to_int(&float_f64, a, (FloatRound)round, 0, 64, true, &s);
        g_assert_cmphex(s.flags, ==, hflags);
        if (hflags & FLOAT_INVALID)
            g_assert_cmphex(r, ==, float_is_neg(&float_f64, a) ? BIT(63) : BIT(63) - 1);
        else
            g_assert_cmphex(r, ==, (uint64_t)h);

        volatile double up = nearbyint(x);
        g_assert_cmphex(float_round_int(&float_f64, a, FLOAT_ROUND_EVEN, false, &s), ==, f64_bits(up));
        volatile double away = round == 0 ? __builtin_round(x) : 0;
        if (round == 0)
            g_assert_cmphex(float_round_int(&float_f64, a, FLOAT_ROUND_AWAY, false, &s), ==, f64_bits(away));
    }
}

static void test_to_int_edges(void)
{
    static const struct { double d; unsigned fbits, width; bool is_signed; uint64_t want; unsigned flags; } cases[] = {
        { 4294967295.0, 0, 32, false, 0xffffffff, 0 },
        { 4294967295.5, 0, 32, false, 0xffffffff, FLOAT_INEXACT },
        { 4294967296.0, 0, 32, false, 0xffffffff, FLOAT_INVALID },
        { -0.5, 0, 32, false, 0, FLOAT_INEXACT },
        { -1.0, 0, 32, false, 0, FLOAT_INVALID },
        { -2147483648.9, 0, 32, true, 0x80000000, FLOAT_INEXACT },
        { -2147483649.0, 0, 32, true, 0x80000000, FLOAT_INVALID },
        { 18446744073709549568.0, 0, 64, false, 0xfffffffffffff800, 0 },
        { 18446744073709551616.0, 0, 64, false, ~0ull, FLOAT_INVALID },
        { 1.75, 2, 32, true, 7, 0 },
        { 1.80, 2, 32, true, 7, FLOAT_INEXACT },
        { 0x1p-60, 64, 64, false, 16, 0 },
        { -40000.0, 0, 16, true, 0x8000, FLOAT_INVALID },
        { INFINITY, 0, 64, true, BIT(63) - 1, FLOAT_INVALID },
        { NAN, 0, 64, true, 0, FLOAT_INVALID },
    };
    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        FloatStatus s = { 0 };
        uint64_t r = float_to_int(&float_f64, f64_bits(cases[i].d), FLOAT_ROUND_ZERO, cases[i].fbits, cases[i].width, cases[i].is_signed, &s);
        g_assert_cmphex(r, ==, cases[i].want);
        g_assert_cmphex(s.flags, ==, cases[i].flags);
    }
}

static void test_from_int(void)
{
    for (unsigned i = 0; i < ROUNDS_PER_OP; i++) {
        uint64_t v = rng() >> (rng() & 63);
        unsigned round = i & 3, saved = _mm_getcsr();
        volatile int64_t x = i & 4 ? -(int64_t)v : (int64_t)v;
        _mm_setcsr(0x1f80 | host_round[round]);
        volatile double d = (double)x;
        volatile float e = (float)x;
        _mm_setcsr(saved);
        FloatStatus s = { .round = (uint8_t)round };
        g_assert_cmphex(float_from_int(&float_f64, (uint64_t)x, 0, true, &s), ==, f64_bits(d));
        g_assert_cmphex(float_from_int(&float_f32, (uint64_t)x, 0, true, &s), ==, f32_bits(e));
        uint64_t scaled = float_from_int(&float_f64, (uint64_t)x, 13, true, &s);
        g_assert_cmphex(scaled, ==, f64_bits(ldexp(d, -13)));
    }
    FloatStatus s = { 0 };
    g_assert_cmphex(float_from_int(&float_f64, ~0ull, 0, false, &s), ==, f64_bits(18446744073709551616.0));
    g_assert_cmphex(s.flags, ==, FLOAT_INEXACT);
}

static void test_compare(void)
{
    for (unsigned i = 0; i < ROUNDS_PER_OP; i++) {
        uint64_t a = operand(&float_f64), b = i & 1 ? operand(&float_f64) : a ^ (rng() & 3);
        if (float_is_nan(&float_f64, b))
            continue;
        double x = as_f64(a), y = as_f64(b);
        FloatStatus s = { 0 };
        FloatRelation want = x < y ? FLOAT_LESS : x > y ? FLOAT_GREATER : FLOAT_EQUAL;
        g_assert_cmpint(float_compare(&float_f64, a, b, true, &s), ==, want);
        if (want != FLOAT_EQUAL) {
            g_assert_cmphex(float_max(&float_f64, a, b, &s), ==, want == FLOAT_LESS ? b : a);
            g_assert_cmphex(float_min(&float_f64, a, b, &s), ==, want == FLOAT_LESS ? a : b);
        }
        g_assert_cmphex(s.flags, ==, 0);
    }
    FloatStatus s = { 0 };
    g_assert_cmphex(float_max(&float_f32, 0, 0x80000000, &s), ==, 0);
    g_assert_cmphex(float_min(&float_f32, 0, 0x80000000, &s), ==, 0x80000000);
    g_assert_cmpint(float_compare(&float_f32, 0, 0x7fc00000, false, &s), ==, FLOAT_UNORDERED);
    g_assert_cmphex(s.flags, ==, 0);
    g_assert_cmpint(float_compare(&float_f32, 0, 0x7f800001, false, &s), ==, FLOAT_UNORDERED);
    g_assert_cmphex(s.flags, ==, FLOAT_INVALID);
}

static void test_arm_nan(void)
{
    const uint64_t q1 = 0x7fc00011, q2 = 0xffc00022, s1 = 0x7f800033, s2 = 0xff800044, one = 0x3f800000;
    FloatStatus s = { 0 };

    g_assert_cmphex(float_add(&float_f32, q1, q2, &s), ==, q1);
    g_assert_cmphex(float_sub(&float_f32, one, q2, &s), ==, q2);
    g_assert_cmphex(s.flags, ==, 0);
    g_assert_cmphex(float_mul(&float_f32, q1, s2, &s), ==, 0xffc00044);
    g_assert_cmphex(s.flags, ==, FLOAT_INVALID);
    g_assert_cmphex(float_div(&float_f32, s1, s2, &s), ==, 0x7fc00033);
    /* a * b + c: c comes first; an invalid product hides a quiet c, not a signalling one. */
    g_assert_cmphex(float_muladd(&float_f32, s1, s2, q1, 0, &s), ==, 0x7fc00033);
    g_assert_cmphex(float_muladd(&float_f32, q1, one, q2, 0, &s), ==, q2);
    g_assert_cmphex(float_muladd(&float_f32, 0, 0x7f800000, q2, 0, &s), ==, 0x7fc00000);
    g_assert_cmphex(float_muladd(&float_f32, 0, 0x7f800000, s2, 0, &s), ==, 0xffc00044);
    g_assert_cmphex(float_max_num(&float_f32, q1, one, &s), ==, one);
    g_assert_cmphex(float_max_num(&float_f32, s1, one, &s), ==, 0x7fc00033);
    g_assert_cmphex(float_convert(&float_f64, &float_f32, s2, &s), ==, 0xfff8000880000000);
    s.default_nan = true;
    g_assert_cmphex(float_add(&float_f32, q2, one, &s), ==, 0x7fc00000);
}

static void test_arm_flush(void)
{
    FloatStatus s = { .flush_inputs = FLOAT_FLUSH_FLAG, .flush_outputs = true };

    g_assert_cmphex(float_add(&float_f32, 0x80000001, 0, &s), ==, 0);
    g_assert_cmphex(s.flags, ==, FLOAT_INPUT_DENORMAL);
    s.flags = 0;
    g_assert_cmphex(float_mul(&float_f32, 0x80800000, 0x3f000000, &s), ==, 0x80000000);
    g_assert_cmphex(s.flags, ==, FLOAT_UNDERFLOW);
    /* Just below the smallest normal before rounding: still flushed. */
    s.flags = 0;
    g_assert_cmphex(float_mul(&float_f32, 0x00ffffff, 0x3f000000, &s), ==, 0);
    g_assert_cmphex(s.flags, ==, FLOAT_UNDERFLOW);
    FloatStatus before = { 0 }, after = { .tiny_after = true };
    g_assert_cmphex(float_mul(&float_f32, 0x00ffffff, 0x3f000000, &before), ==, 0x00800000);
    g_assert_cmphex(float_mul(&float_f32, 0x00ffffff, 0x3f000000, &after), ==, 0x00800000);
    g_assert_cmphex(before.flags, ==, FLOAT_UNDERFLOW | FLOAT_INEXACT);
    g_assert_cmphex(after.flags, ==, FLOAT_UNDERFLOW | FLOAT_INEXACT);
    before.flags = after.flags = 0; /* 0x1.fffffffffffffp-127 narrowed: reaches 2^-126 even at full precision */
    g_assert_cmphex(float_convert(&float_f32, &float_f64, 0x380fffffffffffff, &before), ==, 0x00800000);
    g_assert_cmphex(float_convert(&float_f32, &float_f64, 0x380fffffffffffff, &after), ==, 0x00800000);
    g_assert_cmphex(before.flags, ==, FLOAT_UNDERFLOW | FLOAT_INEXACT);
    g_assert_cmphex(after.flags, ==, FLOAT_INEXACT);
}

static void test_odd_and_alt(void)
{
    FloatStatus s = { .round = FLOAT_ROUND_ODD };

    g_assert_cmphex(float_convert(&float_f32, &float_f64, f64_bits(1.0 + 0x1p-40), &s), ==, 0x3f800001);
    g_assert_cmphex(float_convert(&float_f32, &float_f64, f64_bits(1e300), &s), ==, 0x7f7fffff);
    s.round = FLOAT_ROUND_ODD_INF;
    g_assert_cmphex(float_convert(&float_f32, &float_f64, f64_bits(1e300), &s), ==, 0x7f800000);
    s = (FloatStatus){ 0 };
    g_assert_cmphex(float_convert(&float_f16_alt, &float_f32, f32_bits(131008.0f), &s), ==, 0x7fff);
    g_assert_cmphex(s.flags, ==, 0);
    g_assert_cmphex(float_convert(&float_f32, &float_f16_alt, 0x7c00, &s), ==, f32_bits(65536.0f));
    g_assert_cmphex(float_convert(&float_f16_alt, &float_f32, f32_bits(-200000.0f), &s), ==, 0xffff);
    g_assert_cmphex(s.flags, ==, FLOAT_INVALID);
    g_assert_cmphex(float_convert(&float_f16_alt, &float_f32, 0xffc00000, &s), ==, 0x8000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < OP_NB * 2; i++) {
        g_autofree char *name = g_strdup_printf("/fp/float/%s-%s-as-host", op_names[i / 2], i & 1 ? "f64" : "f32");
        g_test_add_data_func(name, GUINT_TO_POINTER(i), test_against_host);
    }
    g_test_add_func("/fp/float/f64-f32-as-host", test_narrow);
    g_test_add_func("/fp/float/f16-f32-as-host", test_half);
    g_test_add_func("/fp/float/f16-arith-as-f32-rounded", test_half_arith);
    g_test_add_func("/fp/float/to-int-as-host", test_to_int);
    g_test_add_func("/fp/float/to-int-saturates", test_to_int_edges);
    g_test_add_func("/fp/float/from-int-as-host", test_from_int);
    g_test_add_func("/fp/float/compare-as-host", test_compare);
    g_test_add_func("/fp/float/arm-nan-rule", test_arm_nan);
    g_test_add_func("/fp/float/arm-flush-and-tininess", test_arm_flush);
    g_test_add_func("/fp/float/round-to-odd-and-alternative-half", test_odd_and_alt);
    return g_test_run();
}
