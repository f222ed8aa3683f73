/* SPDX-License-Identifier: MIT */
/* Model-specific registers: the table itself, and what each kind of row does. */
#include "base/bits.h"
#include "tests/unit/x86/mmu_fakes.h"

static bool rd(X86CPU *cpu, uint32_t index, uint64_t *v)
{
    *v = 0xdeadbeef;
    return x86_read_msr(cpu, index, v);
}

static void test_table(void)
{
    X86CPU *cpu = fake_cpu("max,+auto-ibrs");
    size_t n;
    const MsrRow *rows = x86_msr_rows(&n);

    for (size_t i = 0; i < n; i++) {
        g_assert_cmpuint(rows[i].count, >, 0);
        if (i)
            g_assert_cmpuint(rows[i].index, >=, rows[i - 1].index + rows[i - 1].count);
        if (x86_has(&cpu->features, rows[i].feature))
            for (uint32_t k = 0; k < rows[i].count; k++)
                g_assert_true(x86_msr_find(cpu, rows[i].index + k) == &rows[i]);
        g_assert_true(x86_msr_find(cpu, rows[i].index + rows[i].count) != &rows[i]);
        if ((rows[i].kind == MSR_FIELD && !rows[i].read) || rows[i].kind == MSR_CANONICAL)
            g_assert_cmpuint(rows[i].offset, >, 0);
    }
}

static void test_values(void)
{
    static const struct { uint32_t index; uint64_t good, bad; } cases[] = {
        { 0xc0000082, 0xffffffff81000000, 0x8000000000000000 }, /* LSTAR */
        { 0xc0000084, 0x47700, 1ull << 32 },                    /* FMASK */
        { 0xc0000103, 3, 1ull << 32 },                          /* TSC_AUX */
        { 0xc0000100, 0x7fffffffffff, 0x800000000000 },         /* FS_BASE */
        { 0xc0000080, EFER_SCE | EFER_LME | EFER_NXE, 2 },      /* EFER */
        { 0x277, 0x0007040600070406, 2 },                       /* PAT */
        { 0x2ff, 0xc06, 0x1000 },                               /* MTRR_DEF_TYPE */
        { 0x200, 0xc0000000, 0xc0000002 },                      /* MTRR_PHYSBASE0 */
        { 0x201, 0xffc0000800, 1ull << 40 | 0x800 },            /* MTRR_PHYSMASK0 */
        { 0x250, 0x0606060606060606, 0x0602060606060606 },      /* MTRR_FIX64K */
        { 0x26f, 0x0505050505050505, 0x07 },                    /* MTRR_FIX4K_F8000 */
        { 0x48, 5, 2 },                                         /* SPEC_CTRL */
        { 0x17a, 4, 8 },                                        /* MCG_STATUS */
        { 0x400, ~0ull, 0 },                                    /* MC0_CTL */
        { 0xda0, 0, 1 },                                        /* XSS */
        { 0x174, 0x10, 0 },                                     /* SYSENTER_CS */
    };
    X86CPU *cpu = fake_cpu("max");
    uint64_t v;

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        g_assert_true(x86_write_msr(cpu, cases[i].index, cases[i].good));
        g_assert_true(rd(cpu, cases[i].index, &v));
        g_assert_cmphex(v, ==, cases[i].good);
        if (cases[i].bad) {
            g_assert_false(x86_write_msr(cpu, cases[i].index, cases[i].bad));
            g_assert_true(rd(cpu, cases[i].index, &v));
            g_assert_cmphex(v, ==, cases[i].good);
        }
    }
    g_assert_cmphex(cpu->env.mtrr_fixed[10], ==, 0x0505050505050505);
    g_assert_cmphex(cpu->env.segs[X86_SEG_FS].base, ==, 0x7fffffffffff);
}

static void test_refused(void)
{
    X86CPU *cpu = fake_cpu("max"), *old = fake_cpu("qemu64");
    uint64_t v;

    g_assert_false(rd(cpu, 0x12345, &v));
    g_assert_false(x86_write_msr(cpu, 0xfe, 0));        /* MTRRCAP */
    g_assert_false(rd(cpu, 0x49, &v));                  /* PRED_CMD */
    g_assert_true(x86_write_msr(cpu, 0x49, 1));
    g_assert_false(x86_write_msr(cpu, 0x401, 1));       /* MC0_STATUS */
    g_assert_true(x86_write_msr(cpu, 0x401, 0));
    g_assert_false(rd(cpu, 0x400 + 4 * X86_MC_BANKS, &v));
    g_assert_false(rd(cpu, 0x1b, &v));                  /* no APIC is wired */
    g_assert_false(rd(cpu, 0x9e, &v));                  /* SMBASE outside SMM */
    cpu->env.smm = true;
    g_assert_true(rd(cpu, 0x9e, &v));
    g_assert_cmphex(v, ==, 0x30000);
    g_assert_false(rd(cpu, 0xc0010015, &v));            /* HWCR is AMD's */
    g_assert_true(rd(old, 0xc0010015, &v));
    g_assert_false(rd(old, 0x10a, &v));                 /* no ARCH_CAPABILITIES */
    g_assert_false(rd(old, 0xc0000103, &v));            /* no RDTSCP */
}

static void test_efer(void)
{
    X86CPU *cpu = fake_cpu("max");

    g_assert_true(x86_write_msr(cpu, 0xc0000080, EFER_LME | EFER_LMA | EFER_NXE));
    g_assert_cmphex(cpu->env.efer, ==, EFER_LME | EFER_NXE); /* LMA is not software's */
    g_assert_cmpstr(fake.flush, ==, "all");
    cpu->env.cr0 |= CR0_PG;
    cpu->env.efer |= EFER_LMA;
    g_assert_false(x86_write_msr(cpu, 0xc0000080, EFER_NXE));
    g_assert_true(x86_write_msr(cpu, 0xc0000080, EFER_LME | EFER_SCE | EFER_NXE));
    g_assert_cmphex(cpu->env.efer, ==, EFER_LME | EFER_LMA | EFER_SCE | EFER_NXE);
}

/* ---- the APIC ---- */
typedef struct FakeApic { uint64_t base, deadline; unsigned writes; } FakeApic;
static uint64_t get_base(void *opaque) { return ((FakeApic *)opaque)->base; }

static bool set_base(void *opaque, uint64_t value)
{
    ((FakeApic *)opaque)->base = value;
    return !(value & 1);
}

static bool apic_read(void *opaque, uint32_t index, uint64_t *value)
{
    *value = index == 0x6e0 ? ((FakeApic *)opaque)->deadline : index;
    return index != 0x8ff;
}

static bool apic_write(void *opaque, uint32_t index, uint64_t value)
{
    FakeApic *a = opaque;
    if (index == 0x6e0)
        a->deadline = value;
    a->writes++;
    return true;
}

static void test_apic(void)
{
    X86CPU *cpu = fake_cpu("max");
    FakeApic a = { 0xfee00900, 0, 0 };
    X86ApicOps ops = { .get_base = get_base, .set_base = set_base, .msr_read = apic_read, .msr_write = apic_write, .opaque = &a };
    uint64_t v;

    x86_cpu_set_apic(&cpu->parent, &ops);
    g_assert_true(rd(cpu, 0x1b, &v));
    g_assert_cmphex(v, ==, 0xfee00900);
    g_assert_false(x86_write_msr(cpu, 0x1b, 1));
    g_assert_true(x86_write_msr(cpu, 0x1b, 0xfee00000));
    g_assert_true(cpu->apic_off);
    g_assert_true(rd(cpu, 0x808, &v));
    g_assert_cmphex(v, ==, 0x808);
    g_assert_false(rd(cpu, 0x8ff, &v));
    /* A jump of the TSC lets the APIC look at its deadline again. */
    a.writes = 0;
    g_assert_true(x86_write_msr(cpu, 0x3b, 100));
    g_assert_cmpuint(a.writes, ==, 0);
    g_assert_true(x86_write_msr(cpu, 0x6e0, 12345));
    g_assert_true(x86_write_msr(cpu, 0x3b, 200));
    g_assert_cmpuint(a.writes, ==, 2);
}

static void test_tsc(void)
{
    X86CPU *cpu = fake_cpu("max,tsc-frequency=3000000000");
    uint64_t v;

    /* The virtual clock stands still. */
    g_assert_true(x86_write_msr(cpu, 0x10, 6000));
    g_assert_true(rd(cpu, 0x10, &v));
    g_assert_cmpuint(v, ==, 6000);
    g_assert_true(rd(cpu, 0x3b, &v));
    g_assert_cmpuint(v, ==, 6000);
    g_assert_true(x86_write_msr(cpu, 0x3b, 5000));
    g_assert_cmpuint(x86_cpu_read_tsc(&cpu->parent), ==, 5000);
    int64_t now = clock_get_ns(CLOCK_VIRTUAL);
    g_assert_cmpint(x86_cpu_tsc_to_ns(&cpu->parent, 5000), ==, now);
    g_assert_cmpint(x86_cpu_tsc_to_ns(&cpu->parent, 10), ==, now);
    g_assert_cmpint(x86_cpu_tsc_to_ns(&cpu->parent, 5001), ==, now + 1);
    g_assert_cmpint(x86_cpu_tsc_to_ns(&cpu->parent, 5000 + 3000000000), ==, now + 1000000000);
    g_assert_cmpint(x86_cpu_tsc_to_ns(&cpu->parent, ~0ull), ==, now + (int64_t)((~0ull - 5000 + 2) / 3));
}

void add_msr_tests(void)
{
    g_test_add_func("/x86/msr/table-is-sorted-and-found", test_table);
    g_test_add_func("/x86/msr/values", test_values);
    g_test_add_func("/x86/msr/refused", test_refused);
    g_test_add_func("/x86/msr/efer", test_efer);
    g_test_add_func("/x86/msr/apic", test_apic);
    g_test_add_func("/x86/msr/tsc", test_tsc);
}
