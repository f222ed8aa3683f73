/* SPDX-License-Identifier: MIT */
/* SMI and RSM, with real guest physical memory for the save area. */
#include "base/lock.h"
#include "tests/unit/x86/sys_fakes.h"

#define SMBASE 0x30000u

static void add_smram(void)
{
    static MemoryRegion mr;
    GError *error = NULL;

    if (mr.size)
        return;
    bql_lock();
    g_assert_true(memory_region_init_ram(&mr, "smram", 0x100000, &error));
    memory_region_add_subregion(memory_system_root(), 0, &mr);
    bql_unlock();
}

static uint64_t saved(unsigned offset, unsigned bytes)
{
    return address_space_ld(&address_space_memory, SMBASE + 0xfe00 + offset, bytes, MEMTXATTRS_NONE, NULL);
}

static void smi(X86CPU *cpu, void *arg)
{
    x86_do_interrupt(&cpu->parent, CPU_INTERRUPT_SMI);
}

static void rsm(X86CPU *cpu, void *arg)
{
    x86_leave_smm(cpu, 0);
}

static void assert_same_segment(const X86Segment *a, const X86Segment *b)
{
    g_assert_cmphex(a->base, ==, b->base);
    g_assert_cmphex(a->limit, ==, b->limit);
    g_assert_cmphex(a->attr, ==, b->attr);
    g_assert_cmphex(a->selector, ==, b->selector);
}

static void round_trip(void)
{
    X86CPU *cpu = sys_cpu(MODE_LONG);
    CPUX86State *env = &cpu->env, before;

    add_smram();
    sys_user(cpu, 0x123456789a);
    env->smbase = SMBASE;
    for (unsigned i = 0; i < 16; i++)
        env->regs[i] = 0x1111111111111111ull * i;
    env->segs[X86_SEG_GS].base = 0xffff888000001000;
    env->cr3 = 0x5000;
    before = *env;
    g_assert_cmpint(sys_try(cpu, smi, NULL), ==, -1);
    g_assert_true(env->smm && fake.in_smm && env->nmi_masked);
    g_assert_cmphex(env->pc, ==, SMBASE + 0x8000);
    g_assert_cmphex(env->cr0 & (CR0_PE | CR0_PG), ==, 0);
    g_assert_cmphex(env->efer, ==, 0);
    g_assert_cmpuint(x86_cpl(env), ==, 0);
    g_assert_false(env->eflags & EF_IF);
    g_assert_cmphex(saved(0x178, 8), ==, 0x123456789a);
    g_assert_cmphex(saved(0x1f8, 8), ==, 0);                  /* RAX */
    g_assert_cmphex(saved(0x180, 8), ==, 0xffffffffffffffff); /* R15 */
    g_assert_cmphex(saved(0xfc, 4), ==, 0x20064);
    env->regs[3] = 99;
    g_assert_cmpint(sys_try(cpu, rsm, NULL), ==, -1);
    g_assert_false(env->smm || fake.in_smm || env->nmi_masked);
    g_assert_cmpmem(env->regs, sizeof(env->regs), before.regs, sizeof(before.regs));
    for (unsigned i = 0; i < X86_NB_SEGS; i++)
        assert_same_segment(&env->segs[i], &before.segs[i]);
    g_assert_cmphex(env->pc, ==, before.pc);
    g_assert_cmphex(env->hflags, ==, before.hflags);
    g_assert_cmphex(env->cr0, ==, before.cr0);
    g_assert_cmphex(env->efer, ==, before.efer);
    g_assert_cmphex(x86_get_eflags(env), ==, EF_1 | EF_IF);
}

static void relocation(void)
{
    X86CPU *cpu = sys_cpu(MODE_REAL);

    add_smram();
    cpu->env.smbase = SMBASE;
    sys_try(cpu, smi, NULL);
    address_space_st(&address_space_memory, SMBASE + 0xff00, 0x40000, 4, MEMTXATTRS_NONE, NULL);
    sys_try(cpu, rsm, NULL);
    g_assert_cmphex(cpu->env.pc, ==, 0x4000);
    g_assert_cmphex(cpu->env.smbase, ==, 0x40000);
    sys_try(cpu, smi, NULL);
    g_assert_cmphex(cpu->env.pc, ==, 0x48000);
    g_assert_cmphex(cpu->env.segs[X86_SEG_CS].selector, ==, 0x4000);
}

static void outside_smm(void)
{
    X86CPU *cpu = sys_cpu(MODE_PM32);
    g_assert_cmpint(sys_try(cpu, rsm, NULL), ==, EXCP_UD);
}

/* A save area that no processor would have written shuts it down. */
static void bad_state(void)
{
    X86CPU *cpu = sys_cpu(MODE_LONG);

    add_smram();
    cpu->env.smbase = SMBASE;
    sys_try(cpu, smi, NULL);
    address_space_st(&address_space_memory, SMBASE + 0xfe00 + 0x158, CR0_PG, 8, MEMTXATTRS_NONE, NULL);
    g_assert_cmpint(sys_try(cpu, rsm, NULL), ==, EXCP_HLT);
    g_assert_true(cpu->parent.halted);
}

void add_smm_tests(void)
{
    g_test_add_func("/x86/smm/round-trip", round_trip);
    g_test_add_func("/x86/smm/relocation", relocation);
    g_test_add_func("/x86/smm/rsm-outside-is-ud", outside_smm);
    g_test_add_func("/x86/smm/bad-state-shuts-down", bad_state);
}
