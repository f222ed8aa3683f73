/* SPDX-License-Identifier: MIT */
/* System registers: models and features, traps of EL0, RES0 bits, TLB maintenance, AT, cache operations, GIC forwarding. */
#include "base/bits.h"
#include "tests/unit/arm/sys_fakes.h"

#define REG(op1, crn, crm, op2) SYSREG_ENC(3, op1, crn, crm, op2)
#define TLBI(crm, op2) SYSREG_ENC(1, 0, 8, crm, op2)

static uint64_t mrs(ArmCPU *cpu, uint32_t enc)
{
    uint64_t v;
    g_assert_true(sys_mrs(cpu, enc, &v));
    return v;
}

static void test_models(void)
{
    for (unsigned i = 0; i < cpu_arch_aarch64.n_models; i++) {
        ArmCPU *cpu = sys_cpu(cpu_arch_aarch64.models[i].name);
        g_assert_cmphex(mrs(cpu, REG(0, 0, 0, 0)), ==, cpu->id.midr);
        uint64_t pfr0 = mrs(cpu, REG(0, 0, 4, 0));
        g_assert_cmphex(pfr0 & 0xff, ==, 0x11);          /* AArch64 only at EL0 and EL1 */
        g_assert_cmphex(pfr0 & 0xff00, ==, 0);           /* no EL2, EL3 */
        g_assert_cmphex(extract64(pfr0, 32, 4), ==, 0);  /* SVE */
        g_assert_cmphex(extract64(pfr0, 16, 4), ==, extract64(pfr0, 20, 4));
        g_assert_cmphex(extract64(mrs(cpu, REG(0, 0, 4, 1)), 8, 4), ==, 0); /* MTE */
        uint64_t isar0 = mrs(cpu, REG(0, 0, 6, 0)), isar1 = mrs(cpu, REG(0, 0, 6, 1));
        g_assert_cmpint(arm_has(cpu, ARM_FEAT_lse), ==, extract64(isar0, 20, 4) >= 2);
        g_assert_cmpint(arm_has(cpu, ARM_FEAT_pmull), ==, extract64(isar0, 4, 4) >= 2);
        g_assert_cmpint(arm_has(cpu, ARM_FEAT_pauth), ==, extract64(isar1, 4, 8) != 0);
        g_assert_cmpint(cpu->pauth != PAUTH_NONE, ==, arm_has(cpu, ARM_FEAT_pauth));
        g_assert_cmphex(mrs(cpu, REG(0, 0, 1, 0)), ==, 0); /* AArch32 ID space */
        g_assert_cmphex(mrs(cpu, REG(0, 0, 7, 7)), ==, 0); /* unallocated ID space */
    }
    g_assert_true(arm_has(sys_cpu("neoverse-n1"), ARM_FEAT_ssbs));
    g_assert_false(arm_has(sys_cpu("cortex-a53"), ARM_FEAT_pan));
    ArmCPU *max = sys_cpu("max");
    g_assert_cmphex(max->features, ==, MASK64(ARM_NB_FEATURES));
    g_assert_cmphex(mrs(max, REG(0, 0, 6, 1)), ==, 0x0010101110211502); /* impdef pointer authentication */
    g_assert_cmphex(mrs(sys_cpu("max,pauth-impdef=off"), REG(0, 0, 6, 1)), ==, 0x0010101101211052);
}

static void test_properties(void)
{
    ArmCPU *cpu = sys_cpu("max,lse=off,pauth=off,pmu=off,sve=off,sha512=off,fp16=off");
    g_autoptr(GError) error = NULL;
    static const char *const bad[] = { "cortex-a5", "max,lze=on", "max,lse=maybe", "max,sve=on", "max,aarch64=off", "" };
    uint64_t v;

    g_assert_false(arm_has(cpu, ARM_FEAT_lse));
    g_assert_false(arm_has(cpu, ARM_FEAT_pauth));
    g_assert_false(arm_has(cpu, ARM_FEAT_sha512));
    g_assert_true(arm_has(cpu, ARM_FEAT_sha256));
    g_assert_cmphex(mrs(cpu, REG(0, 0, 4, 0)) & 0xff0000, ==, 0);
    g_assert_cmphex(mrs(cpu, REG(0, 0, 6, 1)) & 0xff000ff0, ==, 0);
    g_assert_false(arm_cpu_has_pmu(&cpu->parent));
    g_assert_false(sys_mrs(cpu, REG(3, 9, 12, 0), &v)); /* PMCR_EL0 */
    g_assert_null(arm_sysreg_find(cpu, REG(0, 2, 1, 0))); /* APIAKeyLo_EL1 */
    g_assert_true(arm_has(sys_cpu("cortex-a53,lse=on"), ARM_FEAT_lse));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        g_assert_false(cpu_arch_aarch64.check(bad[i], &error));
        g_assert_nonnull(error);
        if (i == 0)
            g_assert_nonnull(strstr(error->message, "-cpu help"));
        g_clear_error(&error);
    }
}

/* Access at EL0 traps unless the register's enable bit is set. */
static void test_el0_traps(void)
{
    ArmCPU *cpu = sys_cpu("max");
    CPUARMState *env = &cpu->env;
    struct { uint32_t enc; uint64_t *control; uint64_t enable; } cases[] = {
        { REG(3, 14, 0, 1), &env->cntkctl_el1, 1 << 0 },  { REG(3, 14, 0, 2), &env->cntkctl_el1, 1 << 1 },
        { REG(3, 14, 2, 1), &env->cntkctl_el1, 1 << 9 },  { REG(3, 14, 3, 1), &env->cntkctl_el1, 1 << 8 },
        { REG(3, 14, 0, 0), &env->cntkctl_el1, 1 << 1 },  { REG(3, 0, 0, 1), &env->sctlr_el1, 1 << 15 },
        { REG(3, 4, 2, 1), &env->sctlr_el1, 1 << 9 },     { REG(3, 9, 13, 0), &env->pmuserenr, 1 << 2 },
        { REG(3, 9, 13, 0), &env->pmuserenr, 1 << 0 },    { REG(3, 14, 8, 1), &env->pmuserenr, 1 << 3 },
        { REG(3, 9, 12, 0), &env->pmuserenr, 1 << 0 },
    };
    uint64_t v;

    arm_set_pstate(cpu, 0);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        *cases[i].control = 0;
        g_assert_false(sys_mrs(cpu, cases[i].enc, &v));
        g_assert_cmphex(env->exc.syndrome, ==, SYS_TRAP);
        *cases[i].control = cases[i].enable;
        g_assert_true(sys_mrs(cpu, cases[i].enc, &v));
        *cases[i].control = 0;
    }
    g_assert_true(sys_mrs(cpu, REG(3, 13, 0, 2), &v));                 /* TPIDR_EL0 */
    g_assert_true(sys_mrs(cpu, REG(3, 13, 0, 3), &v));                 /* TPIDRRO_EL0 */
    g_assert_false(sys_msr(cpu, REG(3, 13, 0, 3), 1));
    g_assert_cmphex(env->exc.syndrome, ==, ARM_SYN(EC_UNKNOWN, 0));
    g_assert_false(sys_mrs(cpu, REG(0, 1, 0, 0), &v));                 /* SCTLR_EL1 */
    g_assert_cmphex(env->exc.syndrome, ==, ARM_SYN(EC_UNKNOWN, 0));
    g_assert_false(sys_mrs(cpu, REG(0, 0, 4, 0), &v));                 /* ID space, FEAT_IDST */
    g_assert_cmphex(env->exc.syndrome, ==, SYS_TRAP);
    g_assert_false(sys_msr(cpu, REG(3, 4, 4, 0), 0));                  /* FPCR with CPACR.FPEN 0 */
    g_assert_cmphex(env->exc.syndrome, ==, ARM_SYN(EC_FP_TRAP, 0x1e00000));
    env->mdscr_el1 = 1 << 12;
    g_assert_false(sys_mrs(cpu, SYSREG_ENC(2, 3, 0, 1, 0), &v));       /* MDCCSR_EL0, TDCC */
    cpu = sys_cpu("cortex-a72");
    arm_set_pstate(cpu, 0);
    g_assert_false(sys_mrs(cpu, REG(0, 0, 4, 0), &v));
    g_assert_cmphex(cpu->env.exc.syndrome, ==, ARM_SYN(EC_UNKNOWN, 0));
}

static void test_res0_and_existence(void)
{
    ArmCPU *cpu = sys_cpu("cortex-a53");
    uint64_t v;

    g_assert_true(sys_msr(cpu, REG(0, 1, 0, 0), ~0ull));
    v = mrs(cpu, REG(0, 1, 0, 0));
    g_assert_cmphex(v & (1ull << 31 | 1ull << 27 | 1ull << 44 | 3ull << 35), ==, 0); /* no pauth, ssbs, bti */
    g_assert_cmphex(v & 0x30d00800, ==, 0x30d00800);
    g_assert_true(sys_msr(cpu, REG(0, 1, 0, 0), 0));
    g_assert_cmphex(mrs(cpu, REG(0, 1, 0, 0)), ==, 0x30d00800);
    g_assert_true(sys_msr(cpu, REG(0, 12, 0, 0), 0x12345fff));
    g_assert_cmphex(mrs(cpu, REG(0, 12, 0, 0)), ==, 0x12345800);
    g_assert_null(arm_sysreg_find(cpu, REG(0, 4, 2, 3)));             /* PAN */
    g_assert_null(arm_sysreg_find(cpu, REG(4, 1, 0, 0)));             /* SCTLR_EL2 */
    g_assert_nonnull(arm_sysreg_find(cpu, SYSREG_ENC(2, 0, 0, 5, 4))); /* six breakpoints, four watchpoints */
    g_assert_null(arm_sysreg_find(cpu, SYSREG_ENC(2, 0, 0, 6, 4)));
    g_assert_null(arm_sysreg_find(cpu, SYSREG_ENC(2, 0, 0, 4, 6)));
    g_assert_nonnull(arm_sysreg_find(cpu, REG(3, 14, 8, 5)));         /* six event counters */
    g_assert_null(arm_sysreg_find(cpu, REG(3, 14, 8, 6)));
    g_assert_cmphex(mrs(cpu, SYSREG_ENC(2, 0, 1, 1, 4)), ==, 0xa);    /* OSLSR: locked at reset */
    g_assert_true(sys_msr(cpu, SYSREG_ENC(2, 0, 1, 0, 4), 0));
    g_assert_cmphex(mrs(cpu, SYSREG_ENC(2, 0, 1, 1, 4)), ==, 8);
    g_assert_false(sys_mrs(cpu, SYSREG_ENC(2, 0, 1, 0, 4), &v));      /* OSLAR is write-only */
    g_assert_false(sys_msr(cpu, TLBI(1, 0), 0));                      /* no OS forms before v8.4 */
}

static void test_pstate_registers(void)
{
    ArmCPU *cpu = sys_cpu("max");
    CPUARMState *env = &cpu->env;
    uint64_t v;

    g_assert_cmphex(mrs(cpu, REG(0, 4, 2, 2)), ==, 4); /* CurrentEL */
    g_assert_true(sys_msr(cpu, REG(3, 4, 2, 0), 0xa0000000));
    g_assert_cmphex(mrs(cpu, REG(3, 4, 2, 0)), ==, 0xa0000000);
    g_assert_true(sys_msr(cpu, REG(3, 4, 2, 1), PSTATE_I));
    g_assert_cmphex(mrs(cpu, REG(3, 4, 2, 1)), ==, PSTATE_I);
    g_assert_true(sys_msr(cpu, REG(0, 4, 2, 3), ~0ull));
    g_assert_cmphex(env->pstate & PSTATE_PAN, ==, PSTATE_PAN);
    g_assert_cmphex(env->pstate & (PSTATE_D | PSTATE_UAO), ==, 0);
    env->sp = 0x111;
    g_assert_true(sys_msr(cpu, REG(0, 4, 1, 0), 0x222)); /* SP_EL0 */
    g_assert_true(sys_msr(cpu, REG(0, 4, 2, 0), 0));     /* SPSel */
    g_assert_cmphex(env->sp, ==, 0x222);
    g_assert_false(sys_mrs(cpu, REG(0, 4, 1, 0), &v));
    g_assert_true(sys_mrs(cpu, REG(3, 2, 4, 0), &v)); /* RNDR */
    g_assert_cmphex(v, !=, mrs(cpu, REG(3, 2, 4, 0)));
    g_assert_cmphex(mrs(cpu, REG(3, 4, 2, 0)), ==, 0);
}

static void expect_flush(const char *kind, uint64_t va, uint64_t n, unsigned bits, uint32_t asid)
{
    g_assert_cmpstr(fake.flush, ==, kind);
    g_assert_cmphex(fake.flush_va, ==, va);
    g_assert_cmphex(fake.flush_pages, ==, n);
    g_assert_cmpuint(fake.flush_page_bits, ==, bits);
    g_assert_cmphex(fake.flush_asid, ==, asid);
}

static void test_tlbi(void)
{
    ArmCPU *cpu = sys_cpu("max");

    cpu->env.tcr_el1 = 1ull << 36 | 2ull << 30 | 16 | 16 << 16; /* AS, 4K */
    g_assert_true(sys_msr(cpu, TLBI(7, 0), 0));
    expect_flush("all", 0, 0, 0, 0);
    g_assert_true(sys_msr(cpu, TLBI(3, 0), 0));
    expect_flush("all*", 0, 0, 0, 0);
    g_assert_true(sys_msr(cpu, TLBI(3, 2), 0x1234ull << 48));
    expect_flush("asid*", 0, 0, 0, 0x1234);
    g_assert_true(sys_msr(cpu, TLBI(7, 1), 0x1234ull << 48 | 0xfull << 44 | 0xff800000001ull));
    expect_flush("range", 0xffff800000001000ull, 1, 12, 0x1234);
    g_assert_true(sys_msr(cpu, TLBI(3, 7), 0x5555ull << 48 | 0x1234));
    expect_flush("range*", 0x1234000, 1, 12, MMU_ASID_ANY);
    /* RVAE1IS: TG 4K, SCALE 1, NUM 2: 3 << 6 pages */
    g_assert_true(sys_msr(cpu, TLBI(2, 1), 7ull << 48 | 1ull << 46 | 1ull << 44 | 2ull << 39 | 0x1fffff0000ull));
    expect_flush("range*", 0xfffffffff0000000ull, 192, 12, 7);
    g_assert_true(sys_msr(cpu, TLBI(6, 3), 3ull << 46 | 0x12));
    expect_flush("range", 0x120000, 2, 16, MMU_ASID_ANY);
    cpu->env.tcr_el1 &= ~(1ull << 36);
    g_assert_true(sys_msr(cpu, TLBI(7, 2), 0x1234ull << 48));
    expect_flush("asid", 0, 0, 0, 0x34);
}

static void test_ttbr_asid(void)
{
    ArmCPU *cpu = sys_cpu("max");
    unsigned flushes;

    g_assert_true(sys_msr(cpu, REG(0, 2, 0, 2), 1ull << 36 | 16 | 16 << 16 | 2ull << 30));
    flushes = fake.flushes;
    g_assert_true(sys_msr(cpu, REG(0, 2, 0, 0), 0x1234ull << 48 | RAM_BASE));
    g_assert_cmphex(fake.asid, ==, 0x1234);
    g_assert_cmpuint(fake.flushes, ==, flushes); /* a context switch flushes nothing */
    g_assert_true(sys_msr(cpu, REG(0, 2, 0, 1), 0x4321ull << 48 | RAM_BASE));
    g_assert_cmphex(fake.asid, ==, 0x1234);
    g_assert_true(sys_msr(cpu, REG(0, 2, 0, 2), cpu->env.tcr_el1 | 1 << 22)); /* A1 */
    g_assert_cmphex(fake.asid, ==, 0x4321);
    g_assert_cmpuint(fake.flushes, >, flushes);
    flushes = fake.flushes;
    g_assert_true(sys_msr(cpu, REG(0, 1, 0, 0), cpu->env.sctlr_el1 | 1));
    g_assert_cmpuint(fake.flushes, >, flushes);
}

static void test_at_and_cache(void)
{
    ArmCPU *cpu = sys_cpu("max");
    CPUARMState *env = &cpu->env;
    uint64_t *table = (uint64_t *)sys_ram();

    env->tcr_el1 = 39 | 39 << 16 | 2ull << 30 | 5ull << 32;
    env->ttbr0_el1 = RAM_BASE;
    env->mair_el1 = 0xff;
    env->sctlr_el1 |= 1;
    table[0] = (RAM_BASE + 0x1000) | 3;
    table[512 + 5] = (RAM_BASE + 0x7000) | 0x783 | 1ull << 54; /* AF, SH inner, read-only, EL1 only, UXN */
    g_assert_true(sys_msr(cpu, SYSREG_ENC(1, 0, 7, 8, 0), 0x5123));
    g_assert_cmphex(env->par_el1, ==, 0xffull << 56 | (RAM_BASE + 0x7000) | 1 << 11 | 3 << 7);
    g_assert_true(sys_msr(cpu, SYSREG_ENC(1, 0, 7, 8, 1), 0x5123));
    g_assert_cmphex(env->par_el1, ==, 1 << 11 | (FSC_PERMISSION | 3) << 1 | 1);
    g_assert_true(sys_msr(cpu, SYSREG_ENC(1, 0, 7, 8, 2), 0x5123));
    g_assert_cmphex(env->par_el1 & 1, ==, 1);
    table[512 + 5] |= 1 << 6;
    env->pstate |= PSTATE_PAN;
    g_assert_true(sys_msr(cpu, SYSREG_ENC(1, 0, 7, 8, 0), 0x5123));
    g_assert_cmphex(env->par_el1 & 1, ==, 0);
    g_assert_true(sys_msr(cpu, SYSREG_ENC(1, 0, 7, 9, 0), 0x5123));
    g_assert_cmphex(env->par_el1 & 1, ==, 1);
    env->pstate &= ~PSTATE_PAN;

    fake.probe_faults = true;
    g_assert_true(sys_msr(cpu, SYSREG_ENC(1, 3, 7, 10, 1), 0x5000)); /* DC CVAC */
    g_assert_false(sys_msr(cpu, SYSREG_ENC(1, 3, 7, 10, 1), 0x6000));
    g_assert_cmphex(env->exc.syndrome, ==, ARM_SYN(EC_DABORT_SAME, 1 << 8 | 1 << 6 | FSC_TRANSLATION | 3));
    g_assert_cmphex(env->exc.far, ==, 0x6000);
    g_assert_false(sys_msr(cpu, SYSREG_ENC(1, 0, 7, 6, 1), 0x5000)); /* DC IVAC of a read-only page */
    arm_set_pstate(cpu, 0);
    g_assert_false(sys_msr(cpu, SYSREG_ENC(1, 3, 7, 11, 1), 0x5000)); /* DC CVAU, UCI clear */
    g_assert_cmphex(env->exc.syndrome, ==, SYS_TRAP);
    env->sctlr_el1 |= 1 << 26;
    g_assert_true(sys_msr(cpu, SYSREG_ENC(1, 3, 7, 11, 1), 0x5000));
}

static uint32_t gic_enc;
static bool gic_read(void *opaque, CPUState *cpu, uint32_t enc, uint64_t *value)
{
    gic_enc = enc;
    *value = 0xabc;
    return (enc & 7) != 5;
}
static bool gic_write(void *opaque, CPUState *cpu, uint32_t enc, uint64_t value)
{
    gic_enc = enc;
    return true;
}

static void test_gic(void)
{
    ArmCPU *cpu = sys_cpu("max");
    const ArmGicCpuIf gic = { gic_read, gic_write, NULL };
    uint64_t v;

    g_assert_null(arm_sysreg_find(cpu, REG(0, 12, 12, 0)));
    g_assert_cmphex(extract64(mrs(cpu, REG(0, 0, 4, 0)), 24, 4), ==, 0);
    arm_cpu_set_gic(&cpu->parent, &gic);
    g_assert_cmphex(extract64(mrs(cpu, REG(0, 0, 4, 0)), 24, 4), ==, 1);
    g_assert_cmphex(mrs(cpu, REG(0, 12, 12, 0)), ==, 0xabc);
    g_assert_true(sys_msr(cpu, REG(0, 4, 6, 0), 0xf0));
    g_assert_cmphex(gic_enc, ==, REG(0, 4, 6, 0));
    g_assert_false(sys_mrs(cpu, REG(0, 12, 8, 5), &v)); /* the interface says: no such register */
    g_assert_false(sys_msr(cpu, REG(0, 12, 12, 0), 0));  /* ICC_IAR1_EL1 is read-only */
}

/* Every encoding: no crash, and rows agree with what they say of themselves. */
static void test_all_encodings(void)
{
    ArmCPU *cpu = sys_cpu("max");
    unsigned found = 0;

    for (uint32_t enc = 0; enc < 1u << 16; enc++) {
        const ARMSysReg *r = arm_sysreg_find(cpu, enc);
        uint64_t v;
        if (!r)
            continue;
        found++;
        if (r->flags & SYSREG_PLAIN)
            g_assert_true(r->env_offset && !r->read && !r->write && !r->mask && !r->check);
        arm_set_pstate(cpu, (enc & 1 ? 1u << PSTATE_EL_SHIFT : 0) | PSTATE_I);
        sys_msr(cpu, enc, ~0ull);
        sys_mrs(cpu, enc, &v);
        arm_set_pstate(cpu, 1u << PSTATE_EL_SHIFT | PSTATE_SP);
        sys_msr(cpu, enc, 0);
        sys_mrs(cpu, enc, &v);
    }
    g_assert_cmpuint(found, >, 250);
}

void sys_add_register_tests(void)
{
    g_test_add_func("/arm/sysreg/models-consistent", test_models);
    g_test_add_func("/arm/sysreg/cpu-properties", test_properties);
    g_test_add_func("/arm/sysreg/el0-traps", test_el0_traps);
    g_test_add_func("/arm/sysreg/res0-and-existence", test_res0_and_existence);
    g_test_add_func("/arm/sysreg/pstate-fields", test_pstate_registers);
    g_test_add_func("/arm/sysreg/tlbi-decoding", test_tlbi);
    g_test_add_func("/arm/sysreg/ttbr-sets-asid", test_ttbr_asid);
    g_test_add_func("/arm/sysreg/at-and-cache-operations", test_at_and_cache);
    g_test_add_func("/arm/sysreg/gic-cpu-interface", test_gic);
    g_test_add_func("/arm/sysreg/all-encodings", test_all_encodings);
}
