/* SPDX-License-Identifier: MIT */
/*
 * The references of vx.def's pure rows against the host's own instructions, on random operands with many zeros, ones, signs and small
 * numbers. Rows that the host has not are skipped; every row must be listed here.
 */
#include <glib.h>
#include <inttypes.h>
#include <string.h>

#include "accel/ir/ir.h"

#if defined(__x86_64__)

typedef void HostOp(V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm);
typedef long long Lanes __attribute__((vector_size(16)));

static Lanes lanes(const V128 *v)
{
    Lanes r;
    memcpy(&r, v, 16);
    return r;
}

#define ROW1(name) static void host_##name(V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm) \
    { Lanes r; __asm__("v" #name " %1, %0" : "=x"(r) : "x"(lanes(a))); memcpy(d, &r, 16); }
#define ROW2(name) static void host_##name(V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm) \
    { Lanes r; __asm__("v" #name " %2, %1, %0" : "=x"(r) : "x"(lanes(a)), "x"(lanes(b))); memcpy(d, &r, 16); }
#define ROW3(name) static void host_##name(V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm) \
    { Lanes r; __asm__("v" #name " %3, %2, %1, %0" : "=x"(r) : "x"(lanes(a)), "x"(lanes(b)), "x"(lanes(c))); memcpy(d, &r, 16); }
#define LEGACY2(name) static void host_##name(V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm) \
    { Lanes r = lanes(a); __asm__(#name " %1, %0" : "+x"(r) : "x"(lanes(b))); memcpy(d, &r, 16); }
/* Immediates are constants of the code: these stand for all. */
static const uint8_t imms[] = { 0x00, 0x01, 0x1b, 0x38, 0x4e, 0x93, 0xc6, 0xff };
#define IMM_CASE(k, text, ...) case k: __asm__(text : "=x"(r) : __VA_ARGS__, "i"(imms_##k)); break;
enum { imms_0 = 0x00, imms_1 = 0x01, imms_2 = 0x1b, imms_3 = 0x38, imms_4 = 0x4e, imms_5 = 0x93, imms_6 = 0xc6, imms_7 = 0xff };
#define IMM_ALL(text, ...) Lanes r = { 0 }; switch (imm) { \
    IMM_CASE(0, text, __VA_ARGS__) IMM_CASE(1, text, __VA_ARGS__) IMM_CASE(2, text, __VA_ARGS__) IMM_CASE(3, text, __VA_ARGS__) \
    IMM_CASE(4, text, __VA_ARGS__) IMM_CASE(5, text, __VA_ARGS__) IMM_CASE(6, text, __VA_ARGS__) IMM_CASE(7, text, __VA_ARGS__) } memcpy(d, &r, 16);
#define ROW1I(name) static void host_##name(V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm) { IMM_ALL("v" #name " %2, %1, %0", "x"(lanes(a))) }
#define ROW2I(name) static void host_##name(V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm) { IMM_ALL("v" #name " %3, %2, %1, %0", "x"(lanes(a)), "x"(lanes(b))) }
#define LEGACY2I(name) static void host_##name(V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm) { IMM_ALL(#name " %3, %2, %0", "0"(lanes(a)), "x"(lanes(b))) }
#define SHA_RNDS2(name) static void host_##name(V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm) \
    { Lanes r = lanes(a), y = lanes(b); register Lanes x __asm__("xmm0") = lanes(c); __asm__(#name " %%xmm0, %1, %0" : "+x"(r) : "x"(y), "x"(x)); memcpy(d, &r, 16); }

#define ALL_ROWS \
    X(ROW2, paddsb) X(ROW2, paddsw) X(ROW2, paddusb) X(ROW2, paddusw) X(ROW2, psubsb) X(ROW2, psubsw) X(ROW2, psubusb) X(ROW2, psubusw) \
    X(ROW2, pmulhw) X(ROW2, pmulhuw) X(ROW2, pmuludq) X(ROW2, pmaddwd) X(ROW2, psadbw) X(ROW2, packsswb) X(ROW2, packssdw) X(ROW2, packuswb) \
    X(ROW2, packusdw) X(ROW2, pmuldq) X(ROW2, pmulhrsw) X(ROW2, pmaddubsw) X(ROW2, psignb) X(ROW2, psignw) X(ROW2, psignd) X(ROW2, phaddsw) \
    X(ROW2, phsubw) X(ROW2, phsubd) X(ROW2, phsubsw) X(ROW1, phminposuw) X(ROW2I, mpsadbw) X(ROW2, psllw) X(ROW2, pslld) X(ROW2, psllq) \
    X(ROW2, psrlw) X(ROW2, psrld) X(ROW2, psrlq) X(ROW2, psraw) X(ROW2, psrad) X(ROW2, pshufb) X(ROW1I, pshufd) X(ROW1I, pshufhw) X(ROW1I, pshuflw) \
    X(ROW2I, shufps) X(ROW2I, shufpd) X(ROW2, permilps) X(ROW2, permilpd) X(ROW2I, blendps) X(ROW2I, blendpd) X(ROW2I, pblendw) \
    X(ROW3, blendvps) X(ROW3, blendvpd) X(ROW3, pblendvb) X(ROW2I, insertps) X(ROW1, pmovsxbd) X(ROW1, pmovsxbq) X(ROW1, pmovsxwq) \
    X(ROW1, pmovzxbd) X(ROW1, pmovzxbq) X(ROW1, pmovzxwq) X(ROW2, aesenc) X(ROW2, aesenclast) X(ROW2, aesdec) X(ROW2, aesdeclast) X(ROW1, aesimc) \
    X(ROW1I, aeskeygenassist) X(ROW2I, pclmulqdq) X(ROW2, gf2p8mulb) X(ROW2I, gf2p8affineqb) X(ROW2I, gf2p8affineinvqb) \
    X(LEGACY2, sha1nexte) X(LEGACY2, sha1msg1) X(LEGACY2, sha1msg2) X(LEGACY2I, sha1rnds4) X(SHA_RNDS2, sha256rnds2) X(LEGACY2, sha256msg1) X(LEGACY2, sha256msg2) \
    X(ROW2, psllvd) X(ROW2, psllvq) X(ROW2, psrlvd) X(ROW2, psrlvq) X(ROW2, psravd)

#define X(how, name) how(name)
ALL_ROWS
#undef X

static HostOp *const host_ops[IR_NB_VX] = {
#define X(how, name) [VX_##name] = host_##name,
    ALL_ROWS
#undef X
};

static bool cpuid_bit(unsigned leaf, unsigned reg, unsigned bit)
{
    uint32_t r[4];
    __asm__("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3]) : "a"(leaf), "c"(0));
    return r[reg] >> bit & 1;
}

/* The tests use VEX forms, so that all rows need AVX. */
enum { HOST_BASE, HOST_AVX, HOST_AVX2, HOST_AES, HOST_PCLMUL, HOST_SHA, HOST_GFNI, HOST_F16C, HOST_FMA };
static bool host_has(unsigned need)
{
    if (!__builtin_cpu_supports("avx"))
        return false;
    switch (need) {
    case HOST_SHA: return cpuid_bit(7, 1, 29);
    case HOST_AVX2: return __builtin_cpu_supports("avx2");
    case HOST_AES: return cpuid_bit(1, 2, 25);
    case HOST_PCLMUL: return cpuid_bit(1, 2, 1);
    case HOST_GFNI: return cpuid_bit(7, 2, 8);
    default: return true;
    }
}

static const uint8_t needs[IR_NB_VX] = {
#define VX(name, nargs, flags, host, ...) [VX_##name] = HOST_##host,
#include "accel/ir/vx.def"
#undef VX
};

static uint64_t rnd(void)
{
    static uint64_t x = 88172645463325252ull;
    x ^= x << 13;
    x ^= x >> 7;
    return x ^= x << 17;
}

static uint64_t draw_half(void)
{
    static const uint64_t corners[] = { 0, ~0ull, 1, 0x8000800080008000, 0x7fff7fff7fff7fff, 0x8080808080808080, 0x7f7f7f7f7f7f7f7f, 0x8000000080000000,
                                        0x00ff00ff00ff00ff, 0xff80ff80ff80ff80, 63, 31, 15, 64, 32, 16 };
    switch (rnd() % 4) {
    case 0: return corners[rnd() % G_N_ELEMENTS(corners)];
    case 1: return rnd() & 0x1f1f1f1f1f1f1f1f;
    default: return rnd();
    }
}
static V128 draw(void) { return (V128){ .u64 = { draw_half(), draw_half() } }; }

static void test_row(const void *data)
{
    IRVx id = (IRVx)GPOINTER_TO_UINT(data);
    const IRVxInfo *info = &ir_vx_info[id];
    if (!host_has(needs[id])) {
        g_test_skip("the host has no such instruction");
        return;
    }
    for (unsigned n = 0; n < 2000; n++) {
        V128 a = draw(), b = draw(), c = draw(), want, got;
        unsigned k = n % G_N_ELEMENTS(imms);
        host_ops[id](&want, &a, &b, &c, k);
        info->eval(&got, &a, &b, &c, info->imm ? imms[k] : 0);
        if (memcmp(&want, &got, 16))
            g_error("%s imm %02x of %016" PRIx64 "%016" PRIx64 " %016" PRIx64 "%016" PRIx64 ": %016" PRIx64 "%016" PRIx64 ", should be %016" PRIx64 "%016" PRIx64, info->name,
                    imms[k], a.u64[1], a.u64[0], b.u64[1], b.u64[0], got.u64[1], got.u64[0], want.u64[1], want.u64[0]);
        got = a; /* the result in place of an argument */
        info->eval(&got, &got, &b, &c, info->imm ? imms[k] : 0);
        g_assert_cmpmem(&got, 16, &want, 16);
    }
}

static void test_all_listed(void)
{
    for (unsigned id = 0; id < IR_NB_VX; id++)
        g_assert_true(ir_vx_info[id].fp || host_ops[id]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/x86/vx/every-row-is-tested", test_all_listed);
    for (unsigned id = 0; id < IR_NB_VX; id++) {
        g_autofree char *path = g_strdup_printf("/x86/vx/%s", ir_vx_info[id].name);
        if (host_ops[id])
            g_test_add_data_func(path, GUINT_TO_POINTER(id), test_row);
    }
    return g_test_run();
}

#else

int main(int argc, char **argv)
{
    g_print("1..0 # skip not an x86-64 host\n");
    return 0;
}

#endif
