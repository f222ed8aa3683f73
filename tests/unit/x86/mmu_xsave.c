/* SPDX-License-Identifier: MIT */
/*
 * State saving against the host processor: the same random image is loaded with XRSTOR and saved again in each way, here and
 * there, and every byte must agree. Then faults, PKRU, and areas that cross pages.
 */
#include <cpuid.h>
#include <string.h>

#include "base/bits.h"
#include "target/x86/helper_state.h"
#include "tests/unit/x86/mmu_fakes.h"

#define AREA 1024
#define AT 0x2000u /* in the fake RAM */

typedef enum Save { SAVE_X, SAVE_OPT, SAVE_C, SAVE_FX, N_SAVES } Save;

/* xcr0 for 64-bit code with AVX; the operand at AT. */
static X86CPU *new_cpu(void)
{
    X86CPU *cpu = fake_cpu("max");
    CPUX86State *env = &cpu->env;
    env->efer = EFER_LME | EFER_LMA;
    env->cr0 = CR0_PG | CR0_PE;
    env->cr4 = CR4_PAE | CR4_OSXSAVE | CR4_OSFXSR | CR4_PKE;
    env->segs[X86_SEG_CS].attr |= SEG_L;
    env->xcr0 = 7;
    x86_update_hflags(env);
    return cpu;
}

static bool host_has_xsavec(void)
{
    unsigned a, b, c, d;
    return __get_cpuid(1, &a, &b, &c, &d) && c >> 28 & 1 && __get_cpuid_count(0xd, 1, &a, &b, &c, &d) && (a & 3) == 3;
}

/* Loads from, saves to to, and leaves the host's floating point as C wants it. */
static void host_round_trip(const uint8_t *from, uint8_t *to, Save how, uint32_t load, uint32_t save)
{
    static const uint32_t mxcsr = 0x1f80;
#define TRIP(insn) \
    __asm__ volatile("xrstor64 (%0)\n\tmov %3, %%eax\n\t" insn " (%1)\n\tfninit\n\tvzeroall\n\tldmxcsr %4" \
                     : : "r"(from), "r"(to), "a"(load), "r"(save), "m"(mxcsr), "d"(0) : "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", \
                     "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15")
    switch (how) {
    case SAVE_X: TRIP("xsave64"); break;
    case SAVE_OPT: TRIP("xsaveopt64"); break;
    case SAVE_C: TRIP("xsavec64"); break;
    default: TRIP("fxsave64"); break;
    }
}

static void set_mask(X86CPU *cpu, uint64_t mask)
{
    cpu->env.regs[X86_RAX] = (uint32_t)mask;
    cpu->env.regs[X86_RDX] = mask >> 32;
}

static void save(X86CPU *cpu, Save how, uint64_t mask, uint32_t at)
{
    static void (*const fns[])(CPUState *, uint64_t, uint32_t) = { helper_xsave, helper_xsaveopt, helper_xsavec, helper_fxsave };
    set_mask(cpu, mask);
    fns[how](&cpu->parent, at, 1);
}

static void random_image(uint8_t *image, bool compacted)
{
    for (unsigned i = 0; i < AREA; i += 8)
        stq_le_p(image + i, fake_random());
    stl_le_p(image + 24, fake_random() & 0xffff);
    memset(image + 512, 0, 64);
    uint64_t layout = 1ull << 63 | (fake_random() & 7);
    stq_le_p(image + 512, fake_random() & 7 & (compacted ? layout : 7));
    stq_le_p(image + 520, compacted ? layout : 0);
}

/* Bytes before the first that differs, or AREA. */
static unsigned first_difference(const uint8_t *a, const uint8_t *b)
{
    unsigned k = 0;
    while (k < AREA && a[k] == b[k])
        k++;
    return k;
}

static void test_against_host(void)
{
    static uint8_t from[AREA] __attribute__((aligned(64))), to[AREA] __attribute__((aligned(64)));
    X86CPU *cpu = new_cpu();

    if (!host_has_xsavec()) {
        g_test_skip("the host has no XSAVEC");
        return;
    }
    for (unsigned i = 0; i < 4000; i++) {
        uint32_t mask = fake_random() & 7, all = 7; /* all three are loaded, so that none is left over from C */
        Save how = fake_random() % N_SAVES;
        uint8_t *out = fake_ram() + AT + AREA;
        unsigned k = 0;
        random_image(from, fake_random() & 1);
        memcpy(fake_ram() + AT, from, AREA);
        memset(out, 0xa5, AREA);
        memset(out + 512, 0, 64);
        set_mask(cpu, all);
        helper_xrstor(&cpu->parent, AT, 1);
        save(cpu, how, mask, AT + AREA);
        /* An interrupt between load and save may leave the host with a component that is initial, but counts as in use. */
        for (unsigned tries = 0; tries < 4 && k < AREA; tries++) {
            memset(to, 0xa5, AREA);
            memset(to + 512, 0, 64);
            host_round_trip(from, to, how, all, mask);
            k = first_difference(out, to);
        }
        if (k < AREA)
            g_error("round %u, way %d, mask %u, loaded %u: byte %u is 0x%02x, on the host 0x%02x", i, how, mask, from[512], k, out[k], to[k]);
    }
}

typedef struct Call { void (*fn)(CPUState *, uint64_t, uint32_t); uint64_t va; } Call;

static void do_call(X86CPU *cpu, void *arg)
{
    Call *c = arg;
    c->fn(&cpu->parent, c->va, 0);
}

static int raises(X86CPU *cpu, void (*fn)(CPUState *, uint64_t, uint32_t), uint64_t va)
{
    Call c = { fn, va };
    set_mask(cpu, 7);
    return fake_raises(cpu, do_call, &c);
}

static void test_header_faults(void)
{
    static const struct { unsigned at; uint64_t value, layout; bool faults, compacted_only; } cases[] = {
        { 512, 7, 0, false, true }, { 512, 8, 0, true, true }, { 528, 1, 0, true, true }, { 536, 1, 0, false, true }, { 24, 0x10000, 0, true, true },
        { 512, 3, 3, false, false }, { 512, 4, 3, true, false }, { 512, 0, 0x203, true, false }, { 536, 1, 3, true, false }, { 568, 1ull << 60, 3, true, false },
        { 24, 0x10000, 3, false, false }, /* not loaded: XSTATE_BV is 0 */
    };
    X86CPU *cpu = new_cpu();

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        memset(fake_ram() + AT, 0, AREA);
        stq_le_p(fake_ram() + AT + 520, cases[i].layout ? cases[i].layout | 1ull << 63 : 0);
        stq_le_p(fake_ram() + AT + cases[i].at, cases[i].value);
        g_assert_cmpint(raises(cpu, helper_xrstor, AT), ==, cases[i].faults ? EXCP_GP : -1);
        g_assert_cmpint(raises(cpu, helper_xrstors, AT), ==, cases[i].faults || cases[i].compacted_only ? EXCP_GP : -1);
    }
}

static void test_gates(void)
{
    X86CPU *cpu = new_cpu();

    g_assert_cmpint(raises(cpu, helper_xsave, AT + 32), ==, EXCP_GP);
    g_assert_cmpint(raises(cpu, helper_fxsave, AT + 8), ==, EXCP_GP);
    g_assert_cmpint(raises(cpu, helper_fxsave, AT + 16), ==, -1);
    cpu->env.cr0 |= CR0_TS;
    g_assert_cmpint(raises(cpu, helper_xsave, AT), ==, EXCP_NM);
    g_assert_cmpint(raises(cpu, helper_fxrstor, AT), ==, EXCP_NM);
    cpu->env.cr4 &= ~(uint64_t)CR4_OSXSAVE;
    g_assert_cmpint(raises(cpu, helper_xrstor, AT), ==, EXCP_UD);
}

/* A fault on the second page leaves the first as it was. */
static void test_page_crossing(void)
{
    X86CPU *cpu = new_cpu();
    uint8_t *last = fake_ram() + RAM_SIZE - 576;

    memset(last, 0xa5, 576);
    cpu->env.vec[2].q[1].u64[0] = 5;
    g_assert_cmpint(raises(cpu, helper_xsave, RAM_SIZE - 576), ==, EXCP_PF);
    g_assert_cmphex(cpu->env.error_code, ==, PF_W);
    for (unsigned i = 0; i < 576; i++)
        g_assert_cmphex(last[i], ==, 0xa5);
    /* A page that cannot be reached directly, before and after the crossing. */
    for (uint64_t page = 0x2000; page <= 0x3000; page += 0x1000) {
        fake.no_host = page;
        memset(fake_ram() + 0x2fc0 - 512, 0, AREA);
        g_assert_cmpint(raises(cpu, helper_xsave, 0x3000 - 576), ==, -1);
        g_assert_cmphex(ldq_le_p(fake_ram() + 0x3000 + 32), ==, 5);
        cpu->env.vec[2].q[1].u64[0] = 0;
        g_assert_cmpint(raises(cpu, helper_xrstor, 0x3000 - 576), ==, -1);
        g_assert_cmphex(cpu->env.vec[2].q[1].u64[0], ==, 5);
    }
}

static void test_pkru_component(void)
{
    X86CPU *cpu = new_cpu();
    CPUX86State *env = &cpu->env;

    env->xcr0 = 0x207;
    env->pkru = 0x12345678;
    save(cpu, SAVE_C, 0x200, AT);
    g_assert_cmphex(ldq_le_p(fake_ram() + AT + 576), ==, 0x12345678); /* compacted: right after the header */
    save(cpu, SAVE_X, 0x200, AT + AREA);
    g_assert_cmphex(ldq_le_p(fake_ram() + AT + AREA + 832), ==, 0x12345678);
    env->pkru = 0;
    set_mask(cpu, 0x200);
    helper_xrstor(&cpu->parent, AT + AREA, 0);
    g_assert_cmphex(env->pkru, ==, 0x12345678);
    stq_le_p(fake_ram() + AT + 512, 0);
    helper_xrstor(&cpu->parent, AT, 0); /* the initial state */
    g_assert_cmphex(env->pkru, ==, 0);
}

static void do_wrpkru(X86CPU *cpu, void *arg) { helper_wrpkru(&cpu->parent); }
static void do_rdpkru(X86CPU *cpu, void *arg) { helper_rdpkru(&cpu->parent); }

static void test_pkru_instructions(void)
{
    X86CPU *cpu = new_cpu();
    CPUX86State *env = &cpu->env;

    env->regs[X86_RAX] = 0xffff5555aaaaull;
    g_assert_cmpint(fake_raises(cpu, do_wrpkru, NULL), ==, EXCP_GP); /* RDX from reset is not 0 */
    env->regs[X86_RDX] = 1ull << 32;
    g_assert_cmpint(fake_raises(cpu, do_wrpkru, NULL), ==, -1);
    g_assert_cmphex(env->pkru, ==, 0x5555aaaa);
    g_assert_cmpint(fake_raises(cpu, do_rdpkru, NULL), ==, -1);
    g_assert_cmphex(env->regs[X86_RAX], ==, 0x5555aaaa);
    g_assert_cmphex(env->regs[X86_RDX], ==, 0);
    env->regs[X86_RCX] = 1;
    g_assert_cmpint(fake_raises(cpu, do_rdpkru, NULL), ==, EXCP_GP);
    env->cr4 &= ~(uint64_t)CR4_PKE;
    g_assert_cmpint(fake_raises(cpu, do_rdpkru, NULL), ==, EXCP_UD);
}

/* Outside 64-bit mode only eight vector registers take part. */
static void test_32_bit(void)
{
    X86CPU *cpu = new_cpu();
    CPUX86State *env = &cpu->env;

    env->segs[X86_SEG_CS].attr &= ~SEG_L;
    x86_update_hflags(env);
    env->vec[7].q[0].u64[0] = 7;
    env->vec[8].q[0].u64[0] = 8;
    env->fpip = 0x123456789a;
    env->fpcs = 0x23;
    helper_fxsave(&cpu->parent, AT, 0);
    g_assert_cmphex(ldq_le_p(fake_ram() + AT + 160 + 7 * 16), ==, 7);
    g_assert_cmphex(ldq_le_p(fake_ram() + AT + 160 + 8 * 16), ==, 0);
    g_assert_cmphex(ldq_le_p(fake_ram() + AT + 8), ==, 0x233456789aull);
    helper_fxrstor(&cpu->parent, AT, 0);
    g_assert_cmphex(env->vec[8].q[0].u64[0], ==, 8);
}

void add_xsave_tests(void)
{
    g_test_add_func("/x86/xsave/random-images-match-host", test_against_host);
    g_test_add_func("/x86/xsave/header-faults", test_header_faults);
    g_test_add_func("/x86/xsave/gates", test_gates);
    g_test_add_func("/x86/xsave/page-crossing", test_page_crossing);
    g_test_add_func("/x86/xsave/pkru-component", test_pkru_component);
    g_test_add_func("/x86/xsave/pkru-instructions", test_pkru_instructions);
    g_test_add_func("/x86/xsave/32-bit-mode", test_32_bit);
}
