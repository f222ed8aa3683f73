/* SPDX-License-Identifier: MIT */
/*
 * Integer AdvSIMD helpers against the manual's arithmetic on unbounded integers.
 *
 * The references below compute with 128-bit integers and saturate at the end, as the pseudocode does; the helpers avoid such
 * widths. Vectors mix random lanes with the values where saturation and rounding change.
 */
#include <glib.h>
#include <inttypes.h>

#include "target/arm/cpu.h"
#include "accel/ir/crypto.h"
#include "target/arm/helper_simd.h"

typedef __int128 Wide;
typedef Wide Ref1(Wide a, unsigned n);
typedef Wide Ref2(Wide a, Wide b);
typedef Wide Ref3(Wide acc, Wide a, Wide b, unsigned bits);
typedef void PureFn1(V128 *, const V128 *, SimdDesc);
typedef void PureFn2(V128 *, const V128 *, const V128 *, SimdDesc);
typedef void PureFn3(V128 *, const V128 *, const V128 *, const V128 *, SimdDesc);
typedef void SatFn1(CPUState *, V128 *, const V128 *, SimdDesc);
typedef void SatFn2(CPUState *, V128 *, const V128 *, const V128 *, SimdDesc);
typedef void SatFn3(CPUState *, V128 *, const V128 *, const V128 *, const V128 *, SimdDesc);

#define ROUNDS 3000

static uint64_t random_state = 0x9e3779b97f4a7c15;

static uint64_t random64(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* A lane value: random, or next to a limit. */
static uint64_t random_lane(void)
{
    static const uint64_t edges[] = {
        0, 1, ~0ull, 0x7f, 0x80, 0x7fff, 0x8000, 0x7fffffff, 0x80000000, 0x7fffffffffffffff, 0x8000000000000000,
        0x8080808080808080, 0x8000800080008000, 0x8000000080000000, 0x7f7f7f7f7f7f7f7f,
    };
    uint64_t r = random64();
    return r & 1 ? random64() : edges[(r >> 8) % G_N_ELEMENTS(edges)] + (r >> 16 & 1);
}

static V128 random_vector(unsigned sz)
{
    V128 v;
    for (unsigned i = 0; i < 16; i += 1u << sz) {
        uint64_t x = random_lane();
        memcpy(&v.u8[i], &x, 1u << sz);
    }
    return v;
}

static Wide get(const V128 *v, unsigned bits, unsigned i, bool sign)
{
    uint64_t x = 0;
    memcpy(&x, &v->u8[i * bits / 8], bits / 8);
    return sign && x >> (bits - 1) & 1 ? (Wide)x - ((Wide)1 << bits) : (Wide)x;
}

static void put(V128 *v, unsigned bits, unsigned i, Wide x)
{
    uint64_t low = (uint64_t)x;
    memcpy(&v->u8[i * bits / 8], &low, bits / 8);
}

static Wide saturate(Wide x, unsigned bits, bool sign, bool *qc)
{
    Wide max = ((Wide)1 << (sign ? bits - 1 : bits)) - 1, min = sign ? -max - 1 : 0;
    *qc |= x > max || x < min;
    return x > max ? max : x < min ? min : x;
}

/* floor(x / 2^n), rounding to nearest when asked; n may exceed every width. */
static Wide shift_down(Wide x, unsigned n, bool round)
{
    if (n > 100)
        return round ? 0 : x < 0 ? -1 : 0;
    return (x + (round && n ? (Wide)1 << (n - 1) : 0)) >> n;
}

static void assert_vector(const char *what, unsigned bits, const V128 *got, const V128 *want)
{
    if (memcmp(got, want, 16))
        g_error("%s, %u-bit lanes: got %016" PRIx64 ":%016" PRIx64 ", want %016" PRIx64 ":%016" PRIx64, what, bits,
                got->u64[1], got->u64[0], want->u64[1], want->u64[0]);
}

/* What is run: QC and result are compared. */
static ArmCPU *the_cpu;

static void check_qc(const char *what, bool want)
{
    if ((the_cpu->env.qc != 0) != want)
        g_error("%s: QC is %u, want %u", what, the_cpu->env.qc, want);
    the_cpu->env.qc = 0;
}

/* The result's size: 16, 8, or one lane. */
static unsigned random_bytes(unsigned sz)
{
    switch (random64() % 3) {
    case 0: return 16;
    case 1: return 8;
    default: return 1u << sz;
    }
}

/* ---- saturating, two operands ---- */
static Wide ref_add(Wide a, Wide b) { return a + b; }
static Wide ref_sub(Wide a, Wide b) { return a - b; }

typedef struct Sat2 {
    const char *name;
    SatFn2 *fn;
    Ref2 *ref;
    bool sign_a, sign_b;
} Sat2;
static const Sat2 sat2_rows[] = {
    { "sqadd", helper_sqadd, ref_add, true, true },    { "uqadd", helper_uqadd, ref_add, false, false },
    { "sqsub", helper_sqsub, ref_sub, true, true },    { "uqsub", helper_uqsub, ref_sub, false, false },
    { "suqadd", helper_suqadd, ref_add, true, false }, { "usqadd", helper_usqadd, ref_add, false, true },
};

static void test_add_sub(void)
{
    for (unsigned k = 0; k < G_N_ELEMENTS(sat2_rows); k++)
        for (unsigned n = 0; n < ROUNDS; n++) {
            const Sat2 *row = &sat2_rows[k];
            unsigned sz = n % 4, bits = 8u << sz, bytes = random_bytes(sz);
            V128 a = random_vector(sz), b = random_vector(sz), want = { 0 }, got;
            bool qc = false;
            for (unsigned i = 0; i < bytes >> sz; i++) {
                Wide r = row->ref(get(&a, bits, i, row->sign_a), get(&b, bits, i, row->sign_b));
                put(&want, bits, i, saturate(r, bits, row->sign_a, &qc));
            }
            row->fn(&the_cpu->parent, &got, &a, &b, SIMD_DESC(sz, bytes));
            assert_vector(row->name, bits, &got, &want);
            check_qc(row->name, qc);
            row->fn(&the_cpu->parent, &a, &a, &b, SIMD_DESC(sz, bytes)); /* the result may be an operand */
            assert_vector(row->name, bits, &a, &want);
            the_cpu->env.qc = 0;
        }
}

static void test_abs_neg(void)
{
    for (unsigned n = 0; n < ROUNDS; n++) {
        unsigned sz = n % 4, bits = 8u << sz, bytes = random_bytes(sz);
        V128 a = random_vector(sz), negated = { 0 }, absolute = { 0 }, got;
        bool qc_neg = false, qc_abs = false;
        for (unsigned i = 0; i < bytes >> sz; i++) {
            Wide x = get(&a, bits, i, true);
            put(&negated, bits, i, saturate(-x, bits, true, &qc_neg));
            put(&absolute, bits, i, saturate(x < 0 ? -x : x, bits, true, &qc_abs));
        }
        helper_sqneg(&the_cpu->parent, &got, &a, SIMD_DESC(sz, bytes));
        assert_vector("sqneg", bits, &got, &negated);
        check_qc("sqneg", qc_neg);
        helper_sqabs(&the_cpu->parent, &got, &a, SIMD_DESC(sz, bytes));
        assert_vector("sqabs", bits, &got, &absolute);
        check_qc("sqabs", qc_abs);
    }
}

/* ---- shifts by register ---- */
typedef struct RegisterShift {
    const char *name;
    PureFn2 *pure;
    SatFn2 *sat;
    bool sign, round;
} RegisterShift;
static const RegisterShift shift_rows[] = {
    { "sshl", helper_sshl, NULL, true, false },   { "ushl", helper_ushl, NULL, false, false },
    { "srshl", helper_srshl, NULL, true, true },  { "urshl", helper_urshl, NULL, false, true },
    { "sqshl", NULL, helper_sqshl, true, false }, { "uqshl", NULL, helper_uqshl, false, false },
    { "sqrshl", NULL, helper_sqrshl, true, true }, { "uqrshl", NULL, helper_uqrshl, false, true },
};

/* a shifted left by n, which may be so far that only a's sign is known. */
static Wide shift_up(Wide a, int n, bool saturating)
{
    if (n < 64)
        return a * ((Wide)1 << n);
    return saturating ? (a > 0 ? (Wide)1 << 120 : a < 0 ? -((Wide)1 << 120) : 0) : 0;
}

static Wide ref_register_shift(const RegisterShift *row, Wide a, int n, unsigned bits, bool *qc)
{
    if (n < 0)
        return shift_down(a, (unsigned)-n, row->round);
    Wide r = shift_up(a, n, row->sat != NULL);
    return row->sat ? saturate(r, bits, row->sign, qc) : r;
}

static void test_register_shifts(void)
{
    for (unsigned k = 0; k < G_N_ELEMENTS(shift_rows); k++)
        for (unsigned n = 0; n < ROUNDS; n++) {
            const RegisterShift *row = &shift_rows[k];
            unsigned sz = n % 4, bits = 8u << sz, bytes = random_bytes(sz);
            V128 a = random_vector(sz), b = random_vector(sz), want = { 0 }, got;
            bool qc = false;
            for (unsigned i = 0; i < 16; i += 1u << sz)
                if (random64() & 3)
                    b.s8[i] = (int8_t)(random64() % (2 * bits + 5)) - (int)bits - 2;
            for (unsigned i = 0; i < bytes >> sz; i++)
                put(&want, bits, i, ref_register_shift(row, get(&a, bits, i, row->sign), b.s8[i << sz], bits, &qc));
            if (row->sat)
                row->sat(&the_cpu->parent, &got, &a, &b, SIMD_DESC(sz, bytes));
            else
                row->pure(&got, &a, &b, SIMD_DESC(sz, bytes));
            assert_vector(row->name, bits, &got, &want);
            check_qc(row->name, qc);
        }
}

/* ---- shifts by immediate ---- */
typedef struct ImmediateShift {
    const char *name;
    SatFn1 *fn;
    bool sign_from, sign_to;
} ImmediateShift;
static const ImmediateShift left_rows[] = {
    { "sqshl_imm", helper_sqshl_imm, true, true },
    { "uqshl_imm", helper_uqshl_imm, false, false },
    { "sqshlu_imm", helper_sqshlu_imm, true, false },
};
static const ImmediateShift narrow_rows[] = {
    { "sqshrn", helper_sqshrn, true, true }, { "uqshrn", helper_uqshrn, false, false }, { "sqshrun", helper_sqshrun, true, false },
};

static void test_left_immediate(void)
{
    for (unsigned k = 0; k < G_N_ELEMENTS(left_rows); k++)
        for (unsigned n = 0; n < ROUNDS; n++) {
            const ImmediateShift *row = &left_rows[k];
            unsigned sz = n % 4, bits = 8u << sz, bytes = random_bytes(sz), shift = random64() % bits;
            V128 a = random_vector(sz), want = { 0 }, got;
            bool qc = false;
            for (unsigned i = 0; i < bytes >> sz; i++)
                put(&want, bits, i, saturate(shift_up(get(&a, bits, i, row->sign_from), (int)shift, true), bits, row->sign_to, &qc));
            row->fn(&the_cpu->parent, &got, &a, SIMD_DESC(sz, bytes) | SIMD_DESC_SHIFT(shift));
            assert_vector(row->name, bits, &got, &want);
            check_qc(row->name, qc);
        }
}

static void test_narrow(void)
{
    for (unsigned k = 0; k < G_N_ELEMENTS(narrow_rows); k++)
        for (unsigned n = 0; n < 2 * ROUNDS; n++) {
            const ImmediateShift *row = &narrow_rows[k];
            unsigned sz = n % 3, bits = 8u << sz, bytes = n & 1 ? 8 : 1u << sz, shift = random64() % (bits + 1);
            bool round = shift && random64() & 1, qc = false;
            V128 a = random_vector(sz + 1), want = { 0 }, got;
            for (unsigned i = 0; i < bytes >> sz; i++)
                put(&want, bits, i, saturate(shift_down(get(&a, 2 * bits, i, row->sign_from), shift, round), bits, row->sign_to, &qc));
            row->fn(&the_cpu->parent, &got, &a, SIMD_DESC(sz, bytes) | SIMD_DESC_SHIFT(shift) | (round ? SIMD_DESC_ROUND : 0));
            assert_vector(row->name, bits, &got, &want);
            check_qc(row->name, qc);
        }
}

/* ---- doubling products ---- */
static Wide ref_sqdmulh(Wide acc, Wide a, Wide b, unsigned bits) { return (2 * a * b) >> bits; }
static Wide ref_sqrdmulh(Wide acc, Wide a, Wide b, unsigned bits) { return (2 * a * b + ((Wide)1 << (bits - 1))) >> bits; }
static Wide ref_sqrdmlah(Wide acc, Wide a, Wide b, unsigned bits)
{
    return (acc * ((Wide)1 << bits) + 2 * a * b + ((Wide)1 << (bits - 1))) >> bits;
}
static Wide ref_sqrdmlsh(Wide acc, Wide a, Wide b, unsigned bits) { return ref_sqrdmlah(acc, -a, b, bits); }

static const struct { const char *name; SatFn2 *fn2; SatFn3 *fn3; Ref3 *ref; } mulh_rows[] = {
    { "sqdmulh", helper_sqdmulh, NULL, ref_sqdmulh },
    { "sqrdmulh", helper_sqrdmulh, NULL, ref_sqrdmulh },
    { "sqrdmlah", NULL, helper_sqrdmlah, ref_sqrdmlah },
    { "sqrdmlsh", NULL, helper_sqrdmlsh, ref_sqrdmlsh },
};

static void test_doubling_high(void)
{
    for (unsigned k = 0; k < G_N_ELEMENTS(mulh_rows); k++)
        for (unsigned n = 0; n < ROUNDS; n++) {
            unsigned sz = 1 + n % 2, bits = 8u << sz, bytes = random_bytes(sz);
            V128 c = random_vector(sz), a = random_vector(sz), b = random_vector(sz), want = { 0 }, got;
            bool qc = false;
            for (unsigned i = 0; i < bytes >> sz; i++) {
                Wide r = mulh_rows[k].ref(get(&c, bits, i, true), get(&a, bits, i, true), get(&b, bits, i, true), bits);
                put(&want, bits, i, saturate(r, bits, true, &qc));
            }
            if (mulh_rows[k].fn2)
                mulh_rows[k].fn2(&the_cpu->parent, &got, &a, &b, SIMD_DESC(sz, bytes));
            else
                mulh_rows[k].fn3(&the_cpu->parent, &got, &c, &a, &b, SIMD_DESC(sz, bytes));
            assert_vector(mulh_rows[k].name, bits, &got, &want);
            check_qc(mulh_rows[k].name, qc);
        }
}

static void test_doubling_long(void)
{
    for (unsigned n = 0; n < 3 * ROUNDS; n++) {
        unsigned sz = 1 + n % 2, bits = 8u << sz, bytes = n & 2 ? 16 : 2u << sz, op = n % 3;
        V128 c = random_vector(sz + 1), a = random_vector(sz), b = random_vector(sz), want = { 0 }, got;
        bool qc = false;
        for (unsigned i = 0; i < bytes >> (sz + 1); i++) {
            Wide product = saturate(2 * get(&a, bits, i, true) * get(&b, bits, i, true), 2 * bits, true, &qc);
            Wide acc = get(&c, 2 * bits, i, true);
            put(&want, 2 * bits, i, op == 0 ? product : saturate(op == 1 ? acc + product : acc - product, 2 * bits, true, &qc));
        }
        SimdDesc desc = SIMD_DESC(sz, bytes);
        if (op == 0)
            helper_sqdmull(&the_cpu->parent, &got, &a, &b, desc);
        else
            (op == 1 ? helper_sqdmlal : helper_sqdmlsl)(&the_cpu->parent, &got, &c, &a, &b, desc);
        assert_vector("sqdml", bits, &got, &want);
        check_qc("sqdml", qc);
    }
}

/* ---- bit counts, reversal, estimates ---- */
static Wide ref_clz(Wide a, unsigned bits)
{
    unsigned n = 0;
    while (n < bits && !(a >> (bits - 1 - n) & 1))
        n++;
    return n;
}

static Wide ref_cls(Wide a, unsigned bits)
{
    unsigned n = 0;
    while (n < bits - 1 && (a >> (bits - 2 - n) & 1) == (a >> (bits - 1) & 1))
        n++;
    return n;
}

static Wide ref_rbit(Wide a, unsigned bits)
{
    Wide r = 0;
    for (unsigned i = 0; i < bits; i++)
        r |= (a >> i & 1) << (bits - 1 - i);
    return r;
}

static const struct { const char *name; PureFn1 *fn; Ref1 *ref; unsigned max_sz; } count_rows[] = {
    { "clz", helper_clz, ref_clz, 2 },
    { "cls", helper_cls, ref_cls, 2 },
    { "rbit", helper_rbit_bytes, ref_rbit, 0 },
};

static void test_counts(void)
{
    for (unsigned k = 0; k < G_N_ELEMENTS(count_rows); k++)
        for (unsigned n = 0; n < ROUNDS; n++) {
            unsigned sz = n % (count_rows[k].max_sz + 1), bits = 8u << sz, bytes = n & 1 ? 8 : 16;
            V128 a = random_vector(sz), want = { 0 }, got;
            a.u64[0] >>= random64() % 40;
            for (unsigned i = 0; i < bytes >> sz; i++)
                put(&want, bits, i, count_rows[k].ref(get(&a, bits, i, false), bits));
            count_rows[k].fn(&got, &a, SIMD_DESC(sz, bytes));
            assert_vector(count_rows[k].name, bits, &got, &want);
        }
}

/* The estimates are within 1/256 of the value they stand for; both ends of the range are known from the manual's text. */
static void test_estimates(void)
{
    for (unsigned n = 0; n < ROUNDS; n++) {
        V128 a = { .u32 = { (uint32_t)random64() | 0x80000000u, 0x80000000u, 0xffffffffu, 0x7fffffffu } }, got;
        helper_urecpe(&got, &a, SIMD_DESC(2, 16));
        double x = a.u32[0] / 4294967296.0, estimate = got.u32[0] / 2147483648.0;
        g_assert_true(estimate * x > 1 - 1 / 256.0 && estimate * x < 1 + 1 / 256.0);
        g_assert_cmphex(got.u32[1], ==, 0xff800000);
        g_assert_cmphex(got.u32[2], ==, 0x80000000);
        g_assert_cmphex(got.u32[3], ==, 0xffffffff);
        a.u32[0] |= random64() & 1 ? 0xc0000000u : 0x40000000u;
        a.u32[3] = 0x3fffffffu;
        helper_ursqrte(&got, &a, SIMD_DESC(2, 16));
        x = a.u32[0] / 4294967296.0, estimate = got.u32[0] / 2147483648.0;
        g_assert_true(estimate * estimate * x > 1 - 1 / 128.0 && estimate * estimate * x < 1 + 1 / 128.0);
        g_assert_cmphex(got.u32[2], ==, 0x80000000);
        g_assert_cmphex(got.u32[3], ==, 0xffffffff);
    }
}

/* ---- polynomials, dot products, matrices ---- */
static Wide polynomial(uint64_t a, uint64_t b)
{
    unsigned __int128 r = 0;
    for (unsigned i = 0; i < 64; i++)
        if (b >> i & 1)
            r ^= (unsigned __int128)a << i;
    return (Wide)r;
}

static void test_polynomials(void)
{
    for (unsigned n = 0; n < ROUNDS; n++) {
        V128 a = random_vector(3), b = random_vector(3), want = { 0 }, want_long, got;
        for (unsigned i = 0; i < 16; i++)
            put(&want, 8, i, polynomial(a.u8[i], b.u8[i]));
        helper_pmul(&got, &a, &b, SIMD_DESC(0, 16));
        assert_vector("pmul", 8, &got, &want);
        for (unsigned i = 0; i < 8; i++)
            put(&want_long, 16, i, polynomial(a.u8[i], b.u8[i]));
        helper_pmull_8(&got, &a, &b, SIMD_DESC(0, 16));
        assert_vector("pmull", 8, &got, &want_long);
        Wide product = polynomial(a.u64[0], b.u64[0]);
        memcpy(&want, &product, 16);
        helper_pmull_64(&got, &a, &b, SIMD_DESC(0, 16));
        assert_vector("pmull", 64, &got, &want);
        got = polynomial_product_64_portable(a.u64[0], b.u64[0]);
        assert_vector("portable pmull", 64, &got, &want);
    }
}

static const struct { const char *name; PureFn3 *dot, *matrix; bool sign_a, sign_b; } dot_rows[] = {
    { "sdot/smmla", helper_sdot, helper_smmla, true, true },
    { "udot/ummla", helper_udot, helper_ummla, false, false },
    { "usdot/usmmla", helper_usdot, helper_usmmla, false, true },
};

static Wide sum_products(const V128 *a, unsigned i, bool sign_a, const V128 *b, unsigned j, bool sign_b, unsigned n)
{
    Wide sum = 0;
    for (unsigned k = 0; k < n; k++)
        sum += get(a, 8, i + k, sign_a) * get(b, 8, j + k, sign_b);
    return sum;
}

static void test_dots(void)
{
    for (unsigned r = 0; r < G_N_ELEMENTS(dot_rows); r++)
        for (unsigned n = 0; n < ROUNDS; n++) {
            bool sa = dot_rows[r].sign_a, sb = dot_rows[r].sign_b;
            unsigned bytes = n & 1 ? 8 : 16;
            V128 c = random_vector(2), a = random_vector(0), b = random_vector(0), want = { 0 }, got;
            for (unsigned i = 0; i < bytes / 4; i++)
                put(&want, 32, i, get(&c, 32, i, true) + sum_products(&a, 4 * i, sa, &b, 4 * i, sb, 4));
            dot_rows[r].dot(&got, &c, &a, &b, SIMD_DESC(0, bytes));
            assert_vector(dot_rows[r].name, 32, &got, &want);
            for (unsigned i = 0; i < 4; i++)
                put(&want, 32, i, get(&c, 32, i, true) + sum_products(&a, i / 2 * 8, sa, &b, i % 2 * 8, sb, 8));
            dot_rows[r].matrix(&got, &c, &a, &b, SIMD_DESC(0, 16));
            assert_vector(dot_rows[r].name, 32, &got, &want);
        }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    the_cpu = g_malloc0(sizeof(*the_cpu));
    g_test_add_func("/simd/lanes/saturating-add-sub", test_add_sub);
    g_test_add_func("/simd/lanes/saturating-abs-neg", test_abs_neg);
    g_test_add_func("/simd/lanes/shift-by-register", test_register_shifts);
    g_test_add_func("/simd/lanes/saturating-left-by-immediate", test_left_immediate);
    g_test_add_func("/simd/lanes/saturating-narrow", test_narrow);
    g_test_add_func("/simd/lanes/doubling-high", test_doubling_high);
    g_test_add_func("/simd/lanes/doubling-long", test_doubling_long);
    g_test_add_func("/simd/lanes/bit-counts", test_counts);
    g_test_add_func("/simd/lanes/reciprocal-estimates", test_estimates);
    g_test_add_func("/simd/lanes/polynomials", test_polynomials);
    g_test_add_func("/simd/lanes/dot-products", test_dots);
    int r = g_test_run();
    g_free(the_cpu);
    return r;
}
