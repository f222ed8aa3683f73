/* SPDX-License-Identifier: MIT */
/*
 * Double extended soft float against the host's x87 unit: values, exceptions and C1, for all precisions and rounding modes, on corner
 * cases (denormals, pseudo-denormals, unnormals, NaNs of both kinds) and random bits. Overflow and underflow are tested unmasked too.
 *
 * Transcendental functions are compared within a unit in the last place: the hardware's own are not correctly rounded.
 *
 *   test_float80 [-p path] -m thorough    runs a hundred times as many operands
 */
#include <glib.h>
#include <string.h>

#include "base/bits.h"
#include "target/fp/float80.h"
#include "target/fp/float80_trans.h"

#if defined(__x86_64__)

#define CASES 40000

static uint64_t rng_state = 0x9e3779b97f4a7c15ull;

static uint64_t rng(void)
{
    rng_state ^= rng_state << 13;
    rng_state ^= rng_state >> 7;
    rng_state ^= rng_state << 17;
    return rng_state * 0x2545f4914f6cdd1dull;
}

static unsigned cases(void) { return g_test_thorough() ? CASES * 100 : CASES; }

/* ---- operands ---- */
static uint64_t fraction(void)
{
    uint64_t r = rng();
    switch (r >> 61) {
    case 0: return FLOAT80_INTEGER + (r & 3);
    case 1: return ~(r & 3);
    case 2: return FLOAT80_INTEGER | (rng() & ~MASK64(11 + (r & 1) * 29)); /* of f64 or f32 */
    case 3: return FLOAT80_INTEGER | (rng() & ~MASK64(11 + (r & 1) * 29)) | 1ull << (10 + (r & 1) * 29); /* a tie of one */
    case 4: return FLOAT80_INTEGER | (rng() & rng() & rng() & rng() & rng());
    default: return FLOAT80_INTEGER | rng();
    }
}

static Float80 operand(void)
{
    uint64_t r = rng();
    Float80 v = { fraction(), 0 };
    unsigned exp;

    switch (r >> 60) {
    case 0: exp = (unsigned)(r & 3); break;
    case 1: exp = 0x7ffc + (unsigned)(r & 3); break;
    case 2: exp = 0, v.frac >>= r & 63; break;
    case 3: exp = FLOAT80_MAX_EXP, v.frac = r & 4 ? v.frac : FLOAT80_INTEGER | (r & 1) << 62; break;
    case 4: exp = FLOAT80_BIAS + 60 + (unsigned)(r & 7); break;
    case 5: exp = (unsigned)(r & 0x7fff); break;
    case 6: exp = FLOAT80_BIAS - 1030 + (unsigned)(r & 31); break; /* around f64's denormals */
    case 7: exp = FLOAT80_BIAS + (r & 32 ? 1020 : -155) + (unsigned)(r & 31); break;
    case 8: v.frac = 0, exp = r & 15 ? 0 : 0x1234; break;
    default: exp = FLOAT80_BIAS - 16 + (unsigned)(r & 31); break;
    }
    if ((r >> 40 & 63) == 0)
        v.frac &= ~FLOAT80_INTEGER; /* unnormal, pseudo-NaN ... */
    v.se = (uint16_t)(exp | (r >> 32 & 1) << 15);
    return v;
}

static uint64_t narrow_operand(const FloatFormat *f)
{
    uint64_t r = rng(), mask = MASK64(float_width(f)), v = rng() & mask;
    switch (r & 7) {
    case 0: v = float_inf(f, r & 8) + (r >> 4 & 3); break;
    case 1: v = rng() & MASK64(f->frac_bits); break;
    case 2: v = float_inf(f, r & 8) | (rng() & MASK64(f->frac_bits)); break;
    default: break;
    }
    return v & mask;
}

/* ---- the host ---- */
typedef struct Host { Float80 a, b, r, second; uint16_t cw, sw; uint64_t bits; } Host;

#define TWO_OPERANDS(insn) \
    __asm__ volatile("fninit\n\tfldcw %[cw]\n\tfldt %[b]\n\tfldt %[a]\n\t" insn "\n\tfnstsw %[sw]\n\tfnclex\n\tfldcw %[all]\n\tfstpt %[r]\n\tfninit" \
                     : [r] "=m"(*(char(*)[10])&h->r), [sw] "=m"(h->sw) : [cw] "m"(h->cw), [a] "m"(*(char(*)[10])&h->a), [b] "m"(*(char(*)[10])&h->b), [all] "m"(all_masked))

static const uint16_t all_masked = 0x37f;

typedef enum Op {
    OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_SCALE, OP_PREM, OP_PREM1, OP_SQRT, OP_RNDINT, OP_COM, OP_UCOM, OP_NB_EXACT,
    OP_SIN = OP_NB_EXACT, OP_COS, OP_TAN, OP_ATAN, OP_2XM1, OP_YL2X, OP_YL2XP1, OP_NB
} Op;
static const char *const op_names[OP_NB] = {
    "add", "sub", "mul", "div", "scale", "prem", "prem1", "sqrt", "rndint", "com", "ucom", "sin", "cos", "tan", "atan2", "exp2m1", "ylog2", "ylog2p1",
};

/* ST(0) is a, ST(1) is b. */
static void host_run(Op op, Host *h)
{
    switch (op) {
    case OP_ADD: TWO_OPERANDS("fadd %%st(1), %%st"); break;
    case OP_SUB: TWO_OPERANDS("fsub %%st(1), %%st"); break;
    case OP_MUL: TWO_OPERANDS("fmul %%st(1), %%st"); break;
    case OP_DIV: TWO_OPERANDS("fdiv %%st(1), %%st"); break;
    case OP_SCALE: TWO_OPERANDS("fscale"); break;
    case OP_PREM: TWO_OPERANDS("fprem"); break;
    case OP_PREM1: TWO_OPERANDS("fprem1"); break;
    case OP_SQRT: TWO_OPERANDS("fsqrt"); break;
    case OP_RNDINT: TWO_OPERANDS("frndint"); break;
    case OP_COM: TWO_OPERANDS("fcom"); break;
    case OP_UCOM: TWO_OPERANDS("fucom"); break;
    case OP_SIN: TWO_OPERANDS("fsin"); break;
    case OP_COS: TWO_OPERANDS("fcos"); break;
    case OP_TAN: TWO_OPERANDS("fptan\n\tfstp %%st(0)"); break;
    case OP_ATAN: TWO_OPERANDS("fpatan"); break;
    case OP_2XM1: TWO_OPERANDS("f2xm1"); break;
    case OP_YL2X: TWO_OPERANDS("fyl2x"); break;
    case OP_YL2XP1: TWO_OPERANDS("fyl2xp1"); break;
    default: g_assert_not_reached();
    }
}

/* ---- ours ---- */
static FloatStatus status(uint16_t cw)
{
    static const uint8_t round[4] = { FLOAT_ROUND_EVEN, FLOAT_ROUND_DOWN, FLOAT_ROUND_UP, FLOAT_ROUND_ZERO }, precision[4] = { 24, 64, 53, 64 };
    return (FloatStatus){ .round = round[cw >> 10 & 3], .precision = precision[cw >> 8 & 3], .nan_rule = FLOAT_NAN_X87, .tiny_after = true, .denormal_flag = true,
                          .unmasked = (uint8_t)((cw & 8 ? 0 : FLOAT_OVERFLOW) | (cw & 16 ? 0 : FLOAT_UNDERFLOW)) };
}

static unsigned exceptions(unsigned f)
{
    return (f & FLOAT_INVALID ? 1 : 0) | (f & FLOAT_DENORMAL ? 2 : 0) | (f & FLOAT_DIVBYZERO ? 4 : 0) | (f & FLOAT_OVERFLOW ? 8 : 0) |
           (f & FLOAT_UNDERFLOW ? 16 : 0) | (f & FLOAT_INEXACT ? 32 : 0);
}

/* The condition codes where the operation makes them, else C1. */
static Float80 our_run(Op op, const Host *h, unsigned *sw)
{
    static const uint16_t relation[] = { [FLOAT_LESS] = 0x100, [FLOAT_EQUAL] = 0x4000, [FLOAT_GREATER] = 0, [FLOAT_UNORDERED] = 0x4500 };
    FloatStatus s = status(h->cw);
    Float80 r = h->a;
    bool partial;
    unsigned q, cc = 0;

    switch (op) {
    case OP_ADD: r = float80_add(h->a, h->b, &s); break;
    case OP_SUB: r = float80_sub(h->a, h->b, &s); break;
    case OP_MUL: r = float80_mul(h->a, h->b, &s); break;
    case OP_DIV: r = float80_div(h->a, h->b, &s); break;
    case OP_SCALE: r = float80_scale(h->a, h->b, &s); break;
    case OP_PREM:
    case OP_PREM1:
        r = float80_rem(h->a, h->b, op == OP_PREM1, &partial, &q, &s);
        cc = (q & 4 ? 0x100 : 0) | (q & 1 ? 0x200 : 0) | (q & 2 ? 0x4000 : 0) | (partial ? 0x400 : 0);
        break;
    case OP_SQRT: r = float80_sqrt(h->a, &s); break;
    case OP_RNDINT: r = float80_round_int(h->a, &s); break;
    case OP_COM: cc = relation[float80_compare(h->a, h->b, true, &s)]; break;
    case OP_UCOM: cc = relation[float80_compare(h->a, h->b, false, &s)]; break;
    case OP_SIN: r = float80_sin(h->a, &s); break;
    case OP_COS: r = float80_cos(h->a, &s); break;
    case OP_TAN: r = float80_tan(h->a, &s); break;
    case OP_ATAN: r = float80_atan2(h->b, h->a, &s); break;
    case OP_2XM1: r = float80_exp2m1(h->a, &s); break;
    case OP_YL2X: r = float80_ylog2(h->b, h->a, &s); break;
    case OP_YL2XP1: r = float80_ylog2p1(h->b, h->a, &s); break;
    default: g_assert_not_reached();
    }
    *sw = exceptions(s.flags) | (s.flags & FLOAT_ROUNDED_UP ? 0x200 : 0) | cc;
    return r;
}

static uint16_t control_word(bool traps)
{
    uint64_t r = rng();
    return (uint16_t)(0x7f | (r & 3) << 10 | (r >> 2 & 3) << 8) & (uint16_t)~(traps ? (r >> 4 & 3) << 3 : 0);
}

static bool same(Float80 a, Float80 b) { return a.frac == b.frac && a.se == b.se; }

static void report(Op op, const Host *h, Float80 r, unsigned sw)
{
    g_test_message("%s cw %04x a %04x:%016lx b %04x:%016lx: host %04x:%016lx sw %04x, ours %04x:%016lx sw %04x", op_names[op], h->cw, h->a.se, h->a.frac, h->b.se, h->b.frac,
                   h->r.se, h->r.frac, h->sw, r.se, r.frac, sw);
}

static bool condition_codes(Op op) { return op == OP_COM || op == OP_UCOM || op == OP_PREM || op == OP_PREM1; }

/* Exact operations: everything agrees. */
static void test_exact(gconstpointer arg)
{
    Op op = (Op)GPOINTER_TO_UINT(arg);
    unsigned bad = 0;

    for (unsigned n = 0; n < cases() && bad < 20; n++) {
        Host h = { .a = operand(), .b = operand(), .cw = control_word(n & 1) };
        unsigned sw, mask = condition_codes(op) ? 0x473f : 0x23f;
        host_run(op, &h);
        if (condition_codes(op) && (op == OP_PREM || op == OP_PREM1)) {
            if (h.sw & 5)
                mask = 0x3f;
        }
        Float80 r = our_run(op, &h, &sw);
        if (!same(r, h.r) || (sw & mask) != (h.sw & mask)) {
            report(op, &h, r, sw);
            bad++;
        }
    }
    g_assert_cmpuint(bad, ==, 0);
}

/* ---- narrow formats and integers ---- */
#define HOST_LOAD(name, insn, type) \
    static void name(Host *h, type v) \
    { \
        __asm__ volatile("fninit\n\tfldcw %[cw]\n\t" insn " %[v]\n\tfnstsw %[sw]\n\tfnclex\n\tfldcw %[all]\n\tfstpt %[r]\n\tfninit" \
                         : [r] "=m"(*(char(*)[10])&h->r), [sw] "=m"(h->sw) : [cw] "m"(h->cw), [v] "m"(v), [all] "m"(all_masked)); \
    }
HOST_LOAD(host_fld32, "flds", uint32_t)
HOST_LOAD(host_fld64, "fldl", uint64_t)
HOST_LOAD(host_fild64, "fildll", int64_t)

#define HOST_STORE(name, insn) \
    static void name(Host *h) \
    { \
        __asm__ volatile("fninit\n\tfldcw %[cw]\n\tfldt %[a]\n\t" insn " %[v]\n\tfnstsw %[sw]\n\tfninit" \
                         : [v] "=m"(h->bits), [sw] "=m"(h->sw) : [cw] "m"(h->cw), [a] "m"(*(char(*)[10])&h->a)); \
    }
HOST_STORE(host_fst32, "fstps")
HOST_STORE(host_fst64, "fstpl")
HOST_STORE(host_fist16, "fistps")
HOST_STORE(host_fist32, "fistpl")
HOST_STORE(host_fist64, "fistpll")
HOST_STORE(host_fisttp16, "fisttps")
HOST_STORE(host_fisttp32, "fisttpl")
HOST_STORE(host_fisttp64, "fisttpll")

static void test_load(void)
{
    for (unsigned n = 0; n < cases(); n++) {
        bool f64 = n & 1;
        uint64_t v = narrow_operand(f64 ? &float_f64 : &float_f32);
        Host h = { .cw = control_word(false) };
        FloatStatus s = status(h.cw);
        f64 ? host_fld64(&h, v) : host_fld32(&h, (uint32_t)v);
        Float80 r = float80_load(f64 ? &float_f64 : &float_f32, v, &s);
        g_assert_true(same(r, h.r));
        g_assert_cmphex(exceptions(s.flags), ==, h.sw & 0x3f);
        host_fild64(&h, (int64_t)v);
        g_assert_true(same(float80_from_int((int64_t)v), h.r));
    }
}

static void test_store(void)
{
    static void (*const host[])(Host *) = { host_fst32, host_fst64, host_fist16, host_fist32, host_fist64, host_fisttp16, host_fisttp32, host_fisttp64 };
    unsigned bad = 0;

    for (unsigned n = 0; n < cases() && bad < 20; n++) {
        Host h = { .a = operand(), .cw = control_word(false) };
        unsigned kind = n & 7;
        FloatStatus s = status(h.cw);
        uint64_t r;
        s.denormal_flag = false;
        host[kind](&h);
        if (kind < 2)
            r = float80_narrow(kind ? &float_f64 : &float_f32, h.a, &s);
        else
            r = float80_to_int(h.a, kind < 5 ? (FloatRound)s.round : FLOAT_ROUND_ZERO, 16u << (kind - 2) % 3, &s);
        unsigned sw = exceptions(s.flags) | (s.flags & FLOAT_ROUNDED_UP ? 0x200 : 0);
        if (r != h.bits || sw != (h.sw & 0x23f)) {
            g_test_message("store %u cw %04x a %04x:%016lx: host %016lx sw %04x, ours %016lx sw %04x", kind, h.cw, h.a.se, h.a.frac, h.bits, h.sw, r, sw);
            bad++;
        }
    }
    g_assert_cmpuint(bad, ==, 0);
}

/* FXTRACT has two results. */
static void test_extract(void)
{
    for (unsigned n = 0; n < cases(); n++) {
        Host h = { .a = operand(), .cw = control_word(false) };
        FloatStatus s = status(h.cw);
        __asm__ volatile("fninit\n\tfldcw %[cw]\n\tfldt %[a]\n\tfxtract\n\tfnstsw %[sw]\n\tfstpt %[r]\n\tfstpt %[e]\n\tfninit"
                         : [r] "=m"(*(char(*)[10])&h.r), [e] "=m"(*(char(*)[10])&h.second), [sw] "=m"(h.sw) : [cw] "m"(h.cw), [a] "m"(*(char(*)[10])&h.a));
        Float80 e, r = float80_extract(h.a, &e, &s);
        g_assert_true(same(r, h.r) && same(e, h.second));
        g_assert_cmphex(exceptions(s.flags), ==, h.sw & 0x3f);
    }
}

/* ---- transcendental functions ---- */
/* Distance in units of the last place, or a lot. */
static uint64_t distance(Float80 a, Float80 b)
{
    if (same(a, b))
        return 0;
    if ((a.se ^ b.se) >> 15 || float80_exp(a) > float80_exp(b) + 1 || float80_exp(b) > float80_exp(a) + 1)
        return ~0ull;
    unsigned __int128 x = (unsigned __int128)a.frac, y = (unsigned __int128)b.frac;
    int d = (int)float80_exp(a) - (int)float80_exp(b);
    if (d > 0 && float80_exp(b))
        x *= 2;
    if (d < 0 && float80_exp(a))
        y *= 2;
    return (uint64_t)(x > y ? x - y : y - x);
}

/* Arguments that the manual defines: |a| <= 1 for F2XM1, -(1 - sqrt(1/2)) .. sqrt(2) - 1 for FYL2XP1. */
static bool in_domain(Op op, Float80 a)
{
    if (op == OP_2XM1)
        return float80_exp(a) < FLOAT80_BIAS || float80_exp(a) == FLOAT80_MAX_EXP;
    if (op == OP_YL2XP1)
        return float80_exp(a) < FLOAT80_BIAS - 2 || (float80_exp(a) == FLOAT80_MAX_EXP && !(float80_is_inf(a) && float80_is_neg(a)));
    return op == OP_ATAN || op == OP_YL2X || !float80_trig_too_big(a);
}

static void test_transcendental(gconstpointer arg)
{
    Op op = (Op)GPOINTER_TO_UINT(arg);
    unsigned bad = 0;

    for (unsigned n = 0; n < cases() / 8 && bad < 20; n++) {
        Host h = { .a = operand(), .b = operand(), .cw = control_word(false) };
        unsigned sw;
        if (!in_domain(op, h.a))
            continue;
        host_run(op, &h);
        Float80 r = our_run(op, &h, &sw);
        unsigned mask = float80_exp(h.r) <= 1 ? 0x2f : float80_exp(h.r) >= FLOAT80_MAX_EXP - 1 ? 0x37 : 0x3f; /* within that distance a result is out of range or not */
        if (distance(r, h.r) > 2 || (sw & mask) != (h.sw & mask)) {
            report(op, &h, r, sw);
            bad++;
        }
    }
    g_assert_cmpuint(bad, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned op = 0; op < OP_NB; op++) {
        g_autofree char *path = g_strdup_printf("/fp/float80/%s", op_names[op]);
        g_test_add_data_func(path, GUINT_TO_POINTER(op), op < OP_NB_EXACT ? test_exact : test_transcendental);
    }
    g_test_add_func("/fp/float80/load", test_load);
    g_test_add_func("/fp/float80/store", test_store);
    g_test_add_func("/fp/float80/extract", test_extract);
    return g_test_run();
}

#else
int main(void) { return 77; }
#endif
