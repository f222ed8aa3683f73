/* SPDX-License-Identifier: MIT */
/* Pointer authentication: QARMA5's published vector, properties of the hash, AddPAC, Auth and Strip at each level. */
#include "base/bits.h"
#include "target/arm/pauth.h"
#include "tests/unit/arm/sys_fakes.h"

#define VA_UPPER 0xffff800012345678ull
#define VA_LOWER 0x00007f0012345678ull

static void test_qarma5(void)
{
    /* R. Avanzi, "The QARMA Block Cipher Family", appendix: r = 5, S-box sigma 2. */
    g_assert_cmphex(arm_pac_qarma5(0xfb623599da6e8127, 0x477d469dec0b8762, 0x84be85ce9804e94b, 0xec2802d4e0a488e9), ==, 0xc003b93999b33765);
}

/* Flipping an input bit flips about half of the output bits. */
static void test_hash_diffusion(void)
{
    uint64_t in[4] = { VA_UPPER, 0x1234, 0x0123456789abcdef, 0xfedcba9876543210 };
    uint64_t base = arm_pac_impdef(in[0], in[1], in[2], in[3]);
    unsigned total = 0;

    for (unsigned bit = 0; bit < 256; bit++) {
        in[bit / 64] ^= 1ull << (bit % 64);
        unsigned changed = __builtin_popcountll(base ^ arm_pac_impdef(in[0], in[1], in[2], in[3]));
        in[bit / 64] ^= 1ull << (bit % 64);
        g_assert_cmpuint(changed, >=, bit == 64 ? 0 : 8);
        total += changed;
    }
    g_assert_cmpuint(total / 256, >=, 28);
    g_assert_cmpuint(total / 256, <=, 36);
}

static ArmCPU *cpu_with_keys(const char *spec)
{
    ArmCPU *cpu = sys_cpu(spec);
    cpu->env.tcr_el1 = 16 | 16 << 16 | 2ull << 30;
    arm_pauth_refresh(cpu);
    cpu->env.key_ia.lo = 0x1111222233334444;
    cpu->env.key_ia.hi = 0x5555666677778888;
    cpu->env.key_ib.lo = 99;
    cpu->env.key_ga.hi = 7;
    return cpu;
}

typedef struct Auth { uint64_t ptr, modifier, result; bool combined; } Auth;

static void auth(ArmCPU *cpu, void *arg)
{
    Auth *a = arg;
    a->result = arm_pac_auth(cpu, a->ptr, a->modifier, 0, false, a->combined, 0);
}

static void set_level(ArmCPU *cpu, unsigned level)
{
    cpu->id.aa64isar1 = deposit64(cpu->id.aa64isar1, cpu->pauth == PAUTH_QARMA5 ? 4 : 8, 4, level);
    arm_pauth_refresh(cpu);
}

static void check_levels(ArmCPU *cpu, uint64_t va)
{
    for (unsigned level = 1; level <= 5; level++) {
        set_level(cpu, level);
        uint64_t signed_ptr = arm_pac_add(cpu, va, 42, 0, false);
        g_assert_cmphex(signed_ptr, !=, va);
        g_assert_cmphex(signed_ptr >> 55 & 1, ==, va >> 55 & 1);
        g_assert_cmphex(signed_ptr & MASK64(48), ==, va & MASK64(48));
        g_assert_cmphex(arm_pac_strip(cpu, signed_ptr, false), ==, va);
        for (unsigned combined = 0; combined < 2; combined++) {
            Auth a = { signed_ptr, 42, 0, combined };
            g_assert_false(sys_leaves(cpu, auth, &a));
            g_assert_cmphex(a.result, ==, va);
            a.modifier = 43;
            bool faults = level == 5 || (level == 4 && !combined);
            g_assert_cmpint(sys_leaves(cpu, auth, &a), ==, faults);
            if (faults)
                g_assert_cmphex(cpu->env.exc.syndrome, ==, ARM_SYN(EC_PAC_FAIL, 0));
            else if (level < 3)
                g_assert_cmphex(a.result, ==, deposit64(va, 61, 2, 1));
            else
                g_assert_cmphex(a.result, !=, va);
        }
    }
}

static void test_add_auth_strip(void)
{
    ArmCPU *impdef = cpu_with_keys("max"), *qarma = cpu_with_keys("max,pauth-impdef=off");

    g_assert_cmpint(impdef->pauth, ==, PAUTH_IMPDEF);
    g_assert_cmpint(qarma->pauth, ==, PAUTH_QARMA5);
    check_levels(impdef, VA_UPPER);
    check_levels(impdef, VA_LOWER);
    check_levels(qarma, VA_UPPER);
    check_levels(qarma, VA_LOWER);
    g_assert_cmphex(arm_pac_generic(qarma, 1, 2), ==, arm_pac_qarma5(1, 2, 7, 0) & ~MASK64(32));
}

/* With TBI the top byte is the program's, and the code fits below it. */
static void test_tagged(void)
{
    ArmCPU *cpu = cpu_with_keys("max");
    uint64_t va = 0xab00000012345678ull;

    cpu->env.tcr_el1 |= 1ull << 37;
    set_level(cpu, 1);
    uint64_t ptr = arm_pac_add(cpu, va, 1, 0, false);
    g_assert_cmphex(ptr >> 56, ==, 0xab);
    g_assert_cmphex(ptr & 0x00ff000000000000, !=, 0);
    g_assert_cmphex(arm_pac_auth(cpu, ptr, 1, 0, false, false, 0), ==, va);
    g_assert_cmphex(arm_pac_auth(cpu, ptr, 2, 1, false, false, 0), ==, deposit64(va, 53, 2, 2)); /* key B: 0b10 */
    cpu->env.tcr_el1 |= 1ull << 51; /* TBID0: not for instruction keys */
    arm_pauth_refresh(cpu);
    g_assert_cmphex(arm_pac_add(cpu, va, 1, 0, false) >> 56, !=, 0xab);
}

/* A pointer that was not canonical gives a code that does not authenticate. */
static void test_non_canonical(void)
{
    ArmCPU *cpu = cpu_with_keys("max");
    uint64_t bad = VA_LOWER | 1ull << 50;

    set_level(cpu, 1);
    uint64_t ptr = arm_pac_add(cpu, bad, 1, 0, false);
    g_assert_cmphex(arm_pac_auth(cpu, ptr, 1, 0, false, false, 0), !=, VA_LOWER);
    set_level(cpu, 2);
    g_assert_cmphex(arm_pac_add(cpu, bad, 1, 0, false), ==, VA_LOWER);
}

void sys_add_pauth_tests(void)
{
    g_test_add_func("/arm/pauth/qarma5-vector", test_qarma5);
    g_test_add_func("/arm/pauth/hash-diffusion", test_hash_diffusion);
    g_test_add_func("/arm/pauth/add-auth-strip-by-level", test_add_auth_strip);
    g_test_add_func("/arm/pauth/tagged-pointers", test_tagged);
    g_test_add_func("/arm/pauth/non-canonical", test_non_canonical);
}
