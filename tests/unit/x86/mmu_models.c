/* SPDX-License-Identifier: MIT */
/* CPU models: parsing, errors, and CPUID that agrees with itself. */
#include <string.h>

#include "base/bits.h"
#include "tests/unit/x86/mmu_fakes.h"

static void cpuid(X86CPU *cpu, uint32_t leaf, uint32_t subleaf, uint32_t r[4]) { x86_cpu_cpuid(&cpu->parent, leaf, subleaf, r); }

static void check_features(X86CPU *cpu)
{
    for (unsigned f = 1; f < X86_FEAT_NEVER; f++) {
        const X86FeatureInfo *i = &x86_feature_info[f];
        uint32_t r[4];
        cpuid(cpu, i->leaf, i->subleaf, r);
        bool says = i->leaf <= cpu->id.level || (i->leaf >> 31 && i->leaf <= cpu->id.xlevel) ? r[i->reg] >> i->bit & 1 : false;
        if (f != X86_FEAT_HT) /* follows the number of CPUs */
            g_assert_cmpint(says, ==, x86_has(&cpu->features, f));
        for (unsigned n = 0; x86_has(&cpu->features, f) && x86_feature_need(f, n) != X86_FEAT_NONE; n++)
            g_assert_true(x86_has(&cpu->features, x86_feature_need(f, n)));
    }
}

static void check_names(X86CPU *cpu)
{
    uint32_t r[4], brand[12];
    cpuid(cpu, 0, 0, r);
    g_assert_cmpuint(r[0], ==, cpu->id.level);
    uint32_t vendor[3] = { r[1], r[3], r[2] };
    g_assert_cmpmem(vendor, 12, cpu->id.vendor, 12);
    for (unsigned i = 0; i < 3; i++)
        cpuid(cpu, 0x80000002 + i, 0, brand + 4 * i);
    g_assert_cmpstr((char *)brand, ==, cpu->id.brand);
    cpuid(cpu, 1, 0, r);
    unsigned family = (r[0] >> 8 & 15) == 15 ? 15 + (r[0] >> 20 & 255) : r[0] >> 8 & 15;
    g_assert_cmpuint(family, ==, cpu->id.family);
    g_assert_cmpuint((r[0] >> 4 & 15) | (r[0] >> 12 & 0xf0), ==, cpu->id.model);
    cpuid(cpu, 0x40000000, 0, r);
    g_assert_cmpmem(&r[1], 12, "calqueCalque", 12);
}

/* Leaf 0xd: each component is inside the area that subleaf 0 tells of, and none overlaps another. */
static void check_xsave(X86CPU *cpu)
{
    uint32_t all[4], r[4], end = 576;
    cpuid(cpu, 0xd, 0, all);
    if (!x86_has(&cpu->features, X86_FEAT_XSAVE)) {
        if (cpu->id.level >= 0xd)
            g_assert_cmphex(all[0], ==, 0);
        return;
    }
    g_assert_cmphex(all[0], ==, x86_xcr0_supported(cpu));
    for (unsigned i = 2; i < 32; i++) {
        cpuid(cpu, 0xd, i, r);
        g_assert_cmpint(r[0] != 0, ==, all[0] >> i & 1);
        if (!r[0])
            continue;
        g_assert_cmpuint(r[1], >=, end);
        end = r[1] + r[0];
    }
    g_assert_cmpuint(all[2], ==, end);
    g_assert_cmpuint(all[1], ==, 576); /* XCR0 is 1 */
}

static void check_caches(X86CPU *cpu)
{
    uint32_t r[4], l2 = 0;
    for (unsigned i = 0;; i++) {
        cpuid(cpu, 4, i, r);
        if (!(r[0] & 31))
            break;
        if ((r[0] >> 5 & 7) == 2)
            l2 = ((r[1] >> 22) + 1) * ((r[1] & 0xfff) + 1) * (r[2] + 1) / 1024;
    }
    if (!l2)
        return;
    cpuid(cpu, 0x80000006, 0, r);
    g_assert_cmpuint(r[2] >> 16, ==, l2);
}

static void test_consistent(void)
{
    for (size_t i = 0; i < cpu_arch_x86_64.n_models; i++) {
        X86CPU *cpu = fake_cpu(cpu_arch_x86_64.models[i].name);
        uint32_t r[4];
        check_features(cpu);
        check_names(cpu);
        check_xsave(cpu);
        check_caches(cpu);
        cpuid(cpu, 0x80000008, 0, r);
        g_assert_cmpuint(r[0] & 0xff, ==, 40);
        cpuid(cpu, 0xb, 0, r);
        if (cpu->id.level >= 0xb)
            g_assert_cmpuint(r[3], ==, cpu->apic_id);
    }
}

static void test_follows_state(void)
{
    X86CPU *cpu = fake_cpu("max");
    uint32_t r[4];

    cpuid(cpu, 1, 0, r);
    g_assert_false(r[2] >> 27 & 1);
    cpu->env.cr4 |= CR4_OSXSAVE | CR4_PKE;
    cpuid(cpu, 1, 0, r);
    g_assert_true(r[2] >> 27 & 1);
    cpuid(cpu, 7, 0, r);
    g_assert_true(r[2] >> 4 & 1);
    cpuid(cpu, 0x80000001, 0x12345678, r); /* ECX counts only where there are subleaves */
    g_assert_true(r[3] >> 29 & 1);
    cpu->env.xcr0 = 7;
    cpuid(cpu, 0xd, 0, r);
    g_assert_cmpuint(r[1], ==, 832);
    cpu->apic_off = true;
    cpuid(cpu, 1, 0, r);
    g_assert_false(r[3] >> 9 & 1);
}

/* What makes Linux take clocks from CPUID and leave its mitigations off. */
static void test_max(void)
{
    X86CPU *cpu = fake_cpu("max");
    uint32_t r[4];
    uint64_t caps;

    cpuid(cpu, 0x15, 0, r);
    g_assert_cmpuint((uint64_t)r[2] * r[1] / r[0], ==, x86_cpu_tsc_hz(&cpu->parent));
    g_assert_true(x86_read_msr(cpu, 0x10a, &caps));
    g_assert_cmphex(caps & 0x43, ==, 0x43); /* RDCL_NO, IBRS_ALL, PSCHANGE_MC_NO */
    g_assert_cmphex(caps & BIT(5), ==, BIT(5)); /* MDS_NO */
    g_assert_true(x86_cpu_has_feature(&cpu->parent, "invtsc"));
    g_assert_false(x86_cpu_has_feature(&cpu->parent, "monitor"));
    g_assert_false(x86_cpu_has_feature(&cpu->parent, "no-such"));
}

static void test_last_leaf(void)
{
    X86CPU *intel = fake_cpu("Haswell"), *amd = fake_cpu("EPYC");
    uint32_t r[4], last[4];

    cpuid(intel, 0x1234, 0, r);
    cpuid(intel, 0xd, 0, last);
    g_assert_cmpmem(r, 16, last, 16);
    cpuid(amd, 0x1234, 0, r);
    g_assert_cmphex(r[0] | r[1] | r[2] | r[3], ==, 0);
}

static bool parse(const char *spec, X86ModelConfig *m, char **message)
{
    GError *error = NULL;
    bool ok = x86_model_parse(spec, m, &error);
    g_assert_cmpint(ok, ==, error == NULL);
    *message = error ? g_strdup(error->message) : NULL;
    g_clear_error(&error);
    return ok;
}

static void test_parse(void)
{
    X86ModelConfig m;
    char *message;

    g_assert_true(parse("qemu64,+avx,+xsave,+sse4_2,+sse4_1,+ssse3,cx16=off,phys-bits=46,tsc-frequency=2500000000,vendor=GenuineIntel,model-id=test", &m, &message));
    g_assert_true(x86_has(&m.features, X86_FEAT_AVX));
    g_assert_false(x86_has(&m.features, X86_FEAT_CX16));
    g_assert_cmpuint(m.phys_bits, ==, 46);
    g_assert_cmpuint(m.tsc_hz, ==, 2500000000);
    g_assert_cmpstr(m.id.vendor, ==, "GenuineIntel");
    g_assert_cmpstr(m.id.brand, ==, "test");
    g_assert_cmpuint(m.id.level, >=, 0xd);
    g_assert_true(parse("Nehalem,+avx2,+avx,+xsave", &m, &message));
    g_assert_cmpuint(m.id.level, ==, 0xd);
    g_assert_true(parse("max,+auto-ibrs", &m, &message));
    g_assert_cmphex(m.id.xlevel, ==, 0x80000021);
}

static void test_errors(void)
{
    static const struct { const char *spec, *part; } cases[] = {
        { "haswel", "did you mean 'Haswell'" },
        { "max,+avx3", "did you mean 'avx'" },
        { "max,+hle", "'-cpu help' lists them" },
        { "max,avx=maybe", "'avx' takes on or off, not 'maybe'" },
        { "max,phys-bits=60", "from 36 to 52, not '60'" },
        { "max,vendor=x", "12 characters" },
        { "Haswell,-avx", "'avx' is off, and cannot be while these are on: fma, f16c, avx2; add '+avx' or '-fma,-f16c,-avx2'" },
        { "qemu64,+avx2", "'avx' is off" },
        { "", "no CPU model ''" },
    };
    X86ModelConfig m;

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        g_autofree char *message = NULL;
        g_assert_false(parse(cases[i].spec, &m, &message));
        if (!strstr(message, cases[i].part))
            g_error("\"%s\" does not say \"%s\"", message, cases[i].part);
    }
}

static void test_help(void)
{
    g_autoptr(GString) text = g_string_new(NULL);

    cpu_arch_x86_64.help(text);
    for (size_t i = 0; i < cpu_arch_x86_64.n_models; i++)
        g_assert_nonnull(strstr(text->str, cpu_arch_x86_64.models[i].name));
    g_assert_nonnull(strstr(text->str, "tsc-deadline"));
}

static void test_reset(void)
{
    X86CPU *cpu = fake_cpu("max");
    CPUX86State *env = &cpu->env;

    g_assert_cmphex(env->pc, ==, 0xfffffff0);
    g_assert_cmphex(env->segs[X86_SEG_CS].base, ==, 0xffff0000);
    g_assert_cmphex(env->cr0, ==, 0x60000010);
    g_assert_cmphex(env->regs[X86_RDX], !=, 0);
    env->cr0 = CR0_PG | CR0_PE | CR0_ET | CR0_CD;
    env->vec[3].q[0].u64[0] = 1;
    env->lstar = 5;
    x86_init_signal(cpu);
    g_assert_cmphex(env->cr0, ==, CR0_ET | CR0_CD);
    g_assert_cmphex(env->vec[3].q[0].u64[0], ==, 1);
    g_assert_cmphex(env->lstar, ==, 5);
    g_assert_true(env->wait_for_sipi); /* index is not 0 */
    __atomic_store_n(&cpu->sipi_vector, 0x9a, __ATOMIC_RELAXED);
    x86_sipi(cpu);
    g_assert_cmphex(env->pc, ==, 0x9a000);
    g_assert_cmphex(env->segs[X86_SEG_CS].selector, ==, 0x9a00);
    g_assert_false(cpu->parent.halted);
    env->pc = 1;
    x86_sipi(cpu); /* it runs already */
    g_assert_cmphex(env->pc, ==, 1);
}

/* A start-up interrupt that was sent before an INIT does not serve that INIT's wait. */
static void test_stale_sipi(void)
{
    CPUState *cs = &fake_cpu("max")->parent;

    x86_cpu_sipi(cs, 0x9f);
    x86_cpu_init(cs);
    g_assert_cmphex(cs->interrupt_request & (CPU_INTERRUPT_INIT | CPU_INTERRUPT_SIPI), ==, CPU_INTERRUPT_INIT);
    x86_cpu_sipi(cs, 0x87);
    g_assert_cmphex(cs->interrupt_request & (CPU_INTERRUPT_INIT | CPU_INTERRUPT_SIPI), ==, CPU_INTERRUPT_INIT | CPU_INTERRUPT_SIPI);
}

static void test_boot_state(void)
{
    X86CPU *other = fake_cpu("max"), *cpu = x86_cpu(cpu_first());
    X86BootState b = { .mode = X86_BOOT_LONG, .rip = 0x1000200, .rsi = 0x90000, .rsp = 0x8000, .cr3 = 0x2000, .gdt_base = 0x500, .gdt_limit = 0x1f, .cs = 0x10, .ds = 0x18 };

    x86_cpu_set_boot(&cpu->parent, &b);
    for (unsigned i = 0; i < 2; i++, x86_reset(&cpu->parent)) { /* it holds over resets */
        g_assert_cmphex(cpu->env.pc, ==, 0x1000200);
        g_assert_cmphex(cpu->env.regs[X86_RSI], ==, 0x90000);
        g_assert_cmphex(cpu->env.efer, ==, EFER_LME | EFER_LMA);
        g_assert_true(cpu->env.hflags & BF_CS64);
        g_assert_cmphex(cpu->env.segs[X86_SEG_DS].selector, ==, 0x18);
        g_assert_cmphex(cpu->env.gdt.limit, ==, 0x1f);
        g_assert_cmphex(cpu->env.mtrr_def_type, ==, 0xc06);
    }
    g_assert_cmphex(other->env.mtrr_def_type, ==, 0xc06);
    g_assert_cmphex(other->env.pc, ==, 0xfffffff0);
    b.mode = X86_BOOT_RESET;
    x86_cpu_set_boot(&cpu->parent, &b);
    g_assert_cmphex(cpu->env.pc, ==, 0xfffffff0);
    g_assert_cmphex(cpu->env.mtrr_def_type, ==, 0);
}

void add_model_tests(void)
{
    g_test_add_func("/x86/model/cpuid-agrees-with-itself", test_consistent);
    g_test_add_func("/x86/model/cpuid-follows-state", test_follows_state);
    g_test_add_func("/x86/model/max-needs-no-calibration-nor-mitigation", test_max);
    g_test_add_func("/x86/model/past-the-last-leaf", test_last_leaf);
    g_test_add_func("/x86/model/parse", test_parse);
    g_test_add_func("/x86/model/errors", test_errors);
    g_test_add_func("/x86/model/help", test_help);
    g_test_add_func("/x86/cpu/reset-init-sipi", test_reset);
    g_test_add_func("/x86/cpu/stale-sipi", test_stale_sipi);
    g_test_add_func("/x86/cpu/boot-state", test_boot_state);
}
