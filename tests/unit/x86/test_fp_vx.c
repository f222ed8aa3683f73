/* SPDX-License-Identifier: MIT */
/*
 * The floating-point references (TargetFpOps) against the host's SSE and AVX instructions: results and MXCSR's flags, in all rounding
 * modes, with and without DAZ and FTZ, NaNs and denormals among the operands. Every row of vx.def is run from its own encoding
 * columns; the scalar operations by the instructions that they stand for.
 */
#include <glib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/bits.h"
#include "target/x86/fp_status.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define CASES 4000

static uint64_t rng_state = 0x853c49e6748fea9bull;

static uint64_t rng(void)
{
    rng_state ^= rng_state << 13;
    rng_state ^= rng_state >> 7;
    rng_state ^= rng_state << 17;
    return rng_state * 0x2545f4914f6cdd1dull;
}

static unsigned cases(void) { return g_test_thorough() ? CASES * 100 : CASES; }

static X86CPU cpu;

/* ---- operands ---- */
static uint64_t number(const FloatFormat *f)
{
    static const int8_t near[] = { 0, 1, -1, 2, -2 };
    uint64_t r = rng(), v = rng();

    switch (r >> 60) {
    case 0: v = float_inf(f, r & 1) + (r >> 8 & 1) * (v & MASK64(f->frac_bits)); break; /* infinities, NaNs */
    case 1: v = float_inf(f, r & 1) | 1ull << (f->frac_bits - 1) | (v & 0xff); break;
    case 2: v = float_zero(f, r & 1); break;
    case 3: v = float_zero(f, r & 1) | (v & MASK64(f->frac_bits)); break; /* denormals */
    case 4: v = (1ull << f->frac_bits) + (uint64_t)near[r % 5]; break;
    case 5: v = float_inf(f, r & 1) - 1 - (r & 7); break;
    case 6: v = float_pow2(f, (int)(r % 70) - 3) + (uint64_t)near[(r >> 8) % 5]; break; /* integers and what lies beside them */
    case 7: case 8: case 9: case 10: v = float_pow2(f, (int)(r % 12) - 6) | (v & MASK64(f->frac_bits)) | float_zero(f, r >> 20 & 1); break;
    case 11: v = float_pow2(f, (int)(r % 20)) | (v & MASK64(f->frac_bits) & ~MASK64(f->frac_bits / 2)) | float_zero(f, r >> 20 & 1); break;
    case 12: v = float_zero(f, v & 1) | float_pow2(f, -float_bias(f) / 2 - (int)(r & 15)) | (v & MASK64(f->frac_bits)); break; /* products that are tiny */
    default: break;
    }
    return v & MASK64(float_width(f));
}

static V128 vector(bool f64)
{
    V128 v;
    for (unsigned i = 0; i < 4; i++)
        v.u32[i] = (uint32_t)number(&float_f32);
    for (unsigned i = 0; f64 && i < 2; i++)
        v.u64[i] = number(&float_f64);
    return v;
}

static uint32_t random_mxcsr(void)
{
    uint64_t r = rng();
    return (uint32_t)(MXCSR_RESET | (r & 3) << MXCSR_RC_SHIFT | (r >> 2 & 1 ? MXCSR_DAZ : 0) | (r >> 3 & 1 ? MXCSR_FTZ : 0));
}

/* ---- the host's instruction ---- */
typedef struct Row { const char *name; unsigned n_args; const char *flags; unsigned prefix, map, opcode; const char *host; } Row;

#define BASE "avx"
#define AVX "avx"
#define AVX2 "avx2"
#define NONE "none"
#define AES "none"
#define PCLMUL "none"
#define SHA "none"
#define GFNI "none"
#define F16C "f16c"
#define FMA "fma"
static const Row rows[IR_NB_VX] = {
#define VX(name, n, flags, host, prefix, map, opcode, meaning) { #name, n, "", prefix, map, opcode, NULL },
#define VXF(name, n, flags, host, prefix, map, opcode, meaning) { #name, n, flags, prefix, map, opcode, host },
#include "accel/ir/vx.def"
#undef VX
#undef VXF
};

typedef void Thunk(V128 *d, const V128 *a, const V128 *b, const V128 *c, uint32_t *mxcsr);
static uint8_t *code;

/* xmm0 = op(xmm1, xmm2, xmm0) in VEX form. */
static Thunk *make_thunk(const Row *row, unsigned imm)
{
    static const uint8_t head[] = { 0x0f, 0x10, 0x0e, 0x0f, 0x10, 0x12, 0x0f, 0x10, 0x01, 0x41, 0x0f, 0xae, 0x10 }; /* movups (rsi), (rdx), (rcx) to xmm1, 2, 0; ldmxcsr (r8) */
    static const uint8_t tail[] = { 0x41, 0x0f, 0xae, 0x18, 0x0f, 0x11, 0x07, 0xc3 };
    bool reversed = !strcmp(row->name, "vcvtps2ph");
    unsigned vvvv = row->n_args == 1 ? 15 : 14, rm = row->n_args == 1 ? 1 : 2, w = row->prefix >> 2 & 1;
    uint8_t *p = code;

    memcpy(p, head, sizeof head);
    p += sizeof head;
    *p++ = 0xc4;
    *p++ = (uint8_t)(0xe0 | row->map);
    *p++ = (uint8_t)(w << 7 | vvvv << 3 | (row->prefix & 3));
    *p++ = (uint8_t)row->opcode;
    *p++ = (uint8_t)(0xc0 | (reversed ? 1 << 3 : rm));
    if (strchr(row->flags, 'I'))
        *p++ = (uint8_t)imm;
    memcpy(p, tail, sizeof tail);
    return (Thunk *)(void *)code;
}

static bool host_has(const char *feature)
{
    if (!feature)
        return false;
    return !strcmp(feature, "avx") ? __builtin_cpu_supports("avx") : !strcmp(feature, "fma") ? __builtin_cpu_supports("fma") : !strcmp(feature, "f16c") && __builtin_cpu_supports("avx2");
}

static unsigned immediates(const Row *row)
{
    return !strchr(row->flags, 'I') ? 1 : !strncmp(row->name, "cmp", 3) ? 32 : !strncmp(row->name, "dp", 2) ? 256 : !strncmp(row->name, "round", 5) ? 16 : 8;
}

static bool reads_f64(const Row *row) { return g_str_has_suffix(row->name, "d") && strcmp(row->name, "cvtss2sd") ? true : strstr(row->name, "pd2") || strstr(row->name, "sd2"); }

static bool check(const Row *row, unsigned id, unsigned imm, uint32_t mxcsr)
{
    bool f64 = reads_f64(row) && strcmp(row->name, "cvtps2pd") && strcmp(row->name, "cvtdq2pd");
    V128 a = vector(f64), b = vector(f64), c = vector(f64), host, ours;
    uint32_t csr = mxcsr;

    make_thunk(row, imm)(&host, &a, &b, &c, &csr);
    _mm_setcsr(MXCSR_RESET);
    cpu.env.mxcsr = mxcsr;
    cpu.env.host_mxcsr = 0;
    x86_fp_ops.vx(&cpu.parent, id, &ours, &a, &b, &c, imm);
    if (!memcmp(&host, &ours, sizeof host) && (csr & FPX_ALL) == cpu.env.host_mxcsr)
        return true;
    g_test_message("%s imm %02x mxcsr %04x a %016lx%016lx b %016lx%016lx c %016lx%016lx: host %016lx%016lx %02x, ours %016lx%016lx %02x", row->name, imm, mxcsr, a.u64[1], a.u64[0],
                   b.u64[1], b.u64[0], c.u64[1], c.u64[0], host.u64[1], host.u64[0], csr & FPX_ALL, ours.u64[1], ours.u64[0], cpu.env.host_mxcsr);
    return false;
}

static void test_row(gconstpointer arg)
{
    unsigned id = GPOINTER_TO_UINT(arg), bad = 0, n_imm = immediates(&rows[id]);

    if (!host_has(rows[id].host)) {
        g_test_skip("the host has no such instruction");
        return;
    }
    for (unsigned n = 0; n < cases() && bad < 5; n++)
        bad += !check(&rows[id], id, (unsigned)rng() % n_imm, random_mxcsr());
    g_assert_cmpuint(bad, ==, 0);
}

/* ---- scalar operations that have no row ---- */
static uint32_t host_flags(void)
{
    uint32_t f = _mm_getcsr() & FPX_ALL;
    _mm_setcsr(MXCSR_RESET);
    return f;
}

#define HOST_F2I(name, insn, out, in) \
    static uint64_t name(uint64_t x, uint32_t mxcsr) \
    { \
        out r; \
        in v = (in)x; \
        __asm__ volatile("ldmxcsr %[c]\n\t" insn : [r] "=r"(r) : [v] "m"(v), [c] "m"(mxcsr)); \
        return (uint64_t)r; \
    }
HOST_F2I(cvtss2si32, "cvtss2sil %[v], %[r]", uint32_t, uint32_t)
HOST_F2I(cvtss2si64, "cvtss2siq %[v], %[r]", uint64_t, uint32_t)
HOST_F2I(cvtsd2si32, "cvtsd2sil %[v], %[r]", uint32_t, uint64_t)
HOST_F2I(cvtsd2si64, "cvtsd2siq %[v], %[r]", uint64_t, uint64_t)
HOST_F2I(cvttss2si32, "cvttss2sil %[v], %[r]", uint32_t, uint32_t)
HOST_F2I(cvttss2si64, "cvttss2siq %[v], %[r]", uint64_t, uint32_t)
HOST_F2I(cvttsd2si32, "cvttsd2sil %[v], %[r]", uint32_t, uint64_t)
HOST_F2I(cvttsd2si64, "cvttsd2siq %[v], %[r]", uint64_t, uint64_t)

static void test_to_int(void)
{
    static uint64_t (*const host[2][2][2])(uint64_t, uint32_t) = {
        { { cvtss2si32, cvtss2si64 }, { cvttss2si32, cvttss2si64 } }, { { cvtsd2si32, cvtsd2si64 }, { cvttsd2si32, cvttsd2si64 } },
    };
    for (unsigned n = 0; n < cases() * 8; n++) {
        bool f64 = n & 1, truncate = n >> 1 & 1, wide = n >> 2 & 1;
        uint64_t x = number(f64 ? &float_f64 : &float_f32), h;
        cpu.env.mxcsr = random_mxcsr();
        cpu.env.host_mxcsr = 0;
        h = host[f64][truncate][wide](x, cpu.env.mxcsr);
        uint32_t flags = host_flags();
        g_assert_cmphex(x86_fp_ops.f2i[f64](&cpu.parent, x, true, truncate ? IR_RND_ZERO : IR_RND_CUR, wide ? 64 : 32), ==, h);
        g_assert_cmphex(cpu.env.host_mxcsr, ==, flags);
    }
}

static uint64_t host_i2f(bool f64, uint64_t x, uint32_t mxcsr)
{
    V128 v;
    if (f64)
        __asm__ volatile("ldmxcsr %[c]\n\tcvtsi2sdq %[x], %%xmm0\n\tmovups %%xmm0, %[v]" : [v] "=m"(v) : [x] "r"(x), [c] "m"(mxcsr) : "xmm0");
    else
        __asm__ volatile("ldmxcsr %[c]\n\tcvtsi2ssq %[x], %%xmm0\n\tmovups %%xmm0, %[v]" : [v] "=m"(v) : [x] "r"(x), [c] "m"(mxcsr) : "xmm0");
    return f64 ? v.u64[0] : v.u32[0];
}

static void test_from_int(void)
{
    for (unsigned n = 0; n < cases() * 4; n++) {
        uint64_t x = (uint64_t)((int64_t)rng() >> (rng() & 63)), h;
        cpu.env.mxcsr = random_mxcsr();
        cpu.env.host_mxcsr = 0;
        h = host_i2f(n & 1, x, cpu.env.mxcsr);
        uint32_t flags = host_flags();
        g_assert_cmphex(x86_fp_ops.i2f[n & 1](&cpu.parent, x, true), ==, h);
        g_assert_cmphex(cpu.env.host_mxcsr, ==, flags);
    }
}

#define HOST_COMIS(name, insn, type) \
    static uint32_t name(uint64_t x, uint64_t y, uint32_t mxcsr) \
    { \
        type a = (type)x, b = (type)y; \
        V128 v = { .u64 = { a, 0 } }; \
        uint64_t f; \
        __asm__ volatile("ldmxcsr %[c]\n\tmovups %[v], %%xmm0\n\t" insn " %[b], %%xmm0\n\tlahf\n\tmovq %%rax, %[f]" \
                         : [f] "=r"(f) : [v] "m"(v), [b] "m"(b), [c] "m"(mxcsr) : "xmm0", "rax", "cc"); \
        return (uint32_t)f & (IR_FL_Z | IR_FL_P | IR_FL_C); \
    }
HOST_COMIS(comiss, "comiss", uint32_t)
HOST_COMIS(ucomiss, "ucomiss", uint32_t)
HOST_COMIS(comisd, "comisd", uint64_t)
HOST_COMIS(ucomisd, "ucomisd", uint64_t)

static void test_comis(void)
{
    static uint32_t (*const host[2][2])(uint64_t, uint64_t, uint32_t) = { { ucomiss, comiss }, { ucomisd, comisd } };
    for (unsigned n = 0; n < cases() * 4; n++) {
        bool f64 = n & 1, signalling = n >> 1 & 1;
        const FloatFormat *f = f64 ? &float_f64 : &float_f32;
        uint64_t x = number(f), y = n & 12 ? number(f) : x;
        cpu.env.mxcsr = random_mxcsr();
        cpu.env.host_mxcsr = 0;
        uint32_t h = host[f64][signalling](x, y, cpu.env.mxcsr), flags = host_flags();
        g_assert_cmphex(x86_fp_ops.cmp[f64](&cpu.parent, x, y, signalling), ==, h);
        g_assert_cmphex(cpu.env.host_mxcsr, ==, flags);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g_assert(code != MAP_FAILED);
    for (unsigned id = 0; id < IR_NB_VX; id++) {
        if (!rows[id].host)
            continue;
        g_autofree char *path = g_strdup_printf("/x86/fp-vx/%s", rows[id].name);
        g_test_add_data_func(path, GUINT_TO_POINTER(id), test_row);
    }
    g_test_add_func("/x86/fp-ops/to-int", test_to_int);
    g_test_add_func("/x86/fp-ops/from-int", test_from_int);
    g_test_add_func("/x86/fp-ops/comis", test_comis);
    return g_test_run();
}

#else
int main(void) { return 77; }
#endif
