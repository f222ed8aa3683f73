/* SPDX-License-Identifier: MIT */
/*
 * APIC ids and CPUID's topology, read as software does: by the fields' widths. For every arrangement of up to 64 CPUs and each way of
 * telling it (leaf 1 and 4, leaf 0xb, leaf 0x1f, AMD's 0x80000008 and 0x8000001e), each CPU is found at its place.
 */
#include "base/bits.h"
#include "target/x86/topology.h"
#include "tests/unit/x86/mmu_fakes.h"

enum { A, B, C, D };
typedef uint32_t Regs[4];
typedef void CheckFn(X86CPU *cpu, const CpuTopology *t, CpuPlace p);

static unsigned width(unsigned n)
{
    unsigned bits = 0;

    while (1u << bits < n)
        bits++;
    return bits;
}

static uint32_t field(uint32_t id, unsigned from, unsigned to)
{
    return id >> from & ((1u << (to - from)) - 1);
}

/* Each arrangement of at most 64 CPUs, and each CPU of it. */
static void for_all(const char *model, unsigned max_dies, CheckFn *check)
{
    X86CPU *cpu = fake_cpu(model);
    CpuTopologyRequest r;

    for (r = (CpuTopologyRequest){ .sockets = 1 }; r.sockets <= 64; r.sockets++)
        for (r.dies = 1; r.dies <= max_dies && r.sockets * r.dies <= 64; r.dies++)
            for (r.cores = 1; r.sockets * r.dies * r.cores <= 64; r.cores++)
                for (r.threads = 1; r.sockets * r.dies * r.cores * r.threads <= 64; r.threads++) {
                    g_assert_true(cpu_topology_fill(&r, &cpu->topology, NULL));
                    for (unsigned i = 0; i < cpu->topology.cpus; i++) {
                        cpu->parent.index = (int)i;
                        cpu->apic_id = x86_topology_apic_id(&cpu->topology, i);
                        check(cpu, &cpu->topology, cpu_topology_place(&cpu->topology, i));
                    }
                }
}

/* Ids are unique, since they grow with the number, and no I/O APIC or broadcast is among them. */
static void check_ids(X86CPU *cpu, const CpuTopology *t, CpuPlace p)
{
    unsigned i = (unsigned)cpu->parent.index;

    g_assert_cmpuint(cpu->apic_id, <, 255);
    if (i)
        g_assert_cmpuint(cpu->apic_id, >, x86_topology_apic_id(t, i - 1));
    if (t->sockets == 1 && t->dies == 1 && t->threads == 1)
        g_assert_cmpuint(cpu->apic_id, ==, i);
}

static void test_ids(void)
{
    for_all("max", 64, check_ids);
}

static void check_leaf(X86CPU *cpu, const CpuTopology *t, CpuPlace p, uint32_t leaf, bool dies)
{
    unsigned shift[4] = { 0 }, n = 0, core_end;
    Regs r;

    for (;; n++) {
        x86_cpuid(cpu, leaf, n, r);
        g_assert_cmpuint(r[D], ==, cpu->apic_id);
        g_assert_cmpuint(r[C] & 0xff, ==, n);
        if (!(r[C] >> 8))
            break;
        g_assert_cmpuint(n, <, 3);
        g_assert_cmpuint(r[C] >> 8, ==, ((unsigned[]){ 1, 2, 5 })[n]);
        g_assert_cmpuint(r[B], ==, ((unsigned[]){ t->threads, t->cores * t->threads * (dies && t->dies > 1 ? 1 : t->dies), t->dies * t->cores * t->threads })[n]);
        shift[n] = r[A];
    }
    g_assert_cmpuint(r[A] | r[B], ==, 0);
    g_assert_cmpuint(n, ==, dies && t->dies > 1 ? 3 : 2);
    core_end = n == 3 ? shift[1] : shift[1] - width(t->dies);
    g_assert_cmpuint(field(cpu->apic_id, 0, shift[0]), ==, p.thread);
    g_assert_cmpuint(field(cpu->apic_id, shift[0], core_end), ==, p.core);
    g_assert_cmpuint(field(cpu->apic_id, core_end, shift[n - 1]), ==, p.die);
    g_assert_cmpuint(cpu->apic_id >> shift[n - 1], ==, p.socket);
}

static void check_extended(X86CPU *cpu, const CpuTopology *t, CpuPlace p)
{
    check_leaf(cpu, t, p, 0xb, false);
    check_leaf(cpu, t, p, 0x1f, true);
}

static void test_extended(void)
{
    for_all("max", 64, check_extended);
}

/* Leaf 1 and 4 alone; the widths of SDM vol. 3, 8.9.4. One die. */
static void check_legacy(X86CPU *cpu, const CpuTopology *t, CpuPlace p)
{
    unsigned per_package = t->cores * t->threads, core_ids, package, core;
    Regs r;

    x86_cpuid(cpu, 1, 0, r);
    g_assert_cmpuint(r[B] >> 24, ==, cpu->apic_id);
    g_assert_cmpuint(r[B] >> 16 & 0xff, ==, per_package);
    g_assert_cmpuint(r[D] >> 28 & 1, ==, per_package > 1);
    x86_cpuid(cpu, 4, 0, r);
    core_ids = (r[A] >> 26) + 1;
    core = width((r[A] >> 14 & 0xfff) + 1); /* who shares an L1 is a core */
    g_assert_cmpuint(core, ==, width(t->threads));
    package = core + width(core_ids);
    g_assert_cmpuint(field(cpu->apic_id, 0, core), ==, p.thread);
    g_assert_cmpuint(field(cpu->apic_id, core, package), ==, p.core);
    g_assert_cmpuint(cpu->apic_id >> package, ==, p.socket);
    x86_cpuid(cpu, 4, 3, r);
    g_assert_cmpuint(width((r[A] >> 14 & 0xfff) + 1), ==, package); /* L3: of the package */
}

static void test_legacy(void)
{
    for_all("Nehalem", 1, check_legacy);
}

static void check_amd(X86CPU *cpu, const CpuTopology *t, CpuPlace p)
{
    unsigned per_package = t->dies * t->cores * t->threads, size;
    Regs r;

    x86_cpuid(cpu, 0x80000001, 0, r);
    g_assert_cmpuint(r[C] >> 1 & 1, ==, per_package > 1);
    g_assert_cmpuint(r[C] >> 22 & 1, ==, 1);
    x86_cpuid(cpu, 0x80000008, 0, r);
    g_assert_cmpuint((r[C] & 0xff) + 1, ==, per_package);
    size = r[C] >> 12 & 15;
    g_assert_cmpuint(cpu->apic_id >> size, ==, p.socket);
    x86_cpuid(cpu, 0x8000001e, 0, r);
    g_assert_cmpuint(r[A], ==, cpu->apic_id);
    g_assert_cmpuint(r[B] & 0xff, ==, p.core);
    g_assert_cmpuint((r[B] >> 8 & 0xff) + 1, ==, t->threads);
    g_assert_cmpuint((r[C] >> 8 & 7), ==, (t->dies - 1) & 7);
    g_assert_cmpuint(r[C] & 0xff & ((1u << width(t->dies)) - 1), ==, p.die);
    x86_cpuid(cpu, 0x8000001d, 2, r);
    g_assert_cmpuint(r[A] & 0xff, ==, 0x43);
    g_assert_cmpuint((r[A] >> 14 & 0xfff) + 1, ==, 1u << width(t->threads));
    x86_cpuid(cpu, 0x8000001d, 4, r);
    g_assert_cmpuint(r[A], ==, 0);
    x86_cpuid(cpu, 4, 0, r);
    g_assert_cmpuint(r[A], ==, 0);
}

static void test_amd(void)
{
    for_all("EPYC", 8, check_amd);
}

void add_topology_tests(void)
{
    g_test_add_func("/x86/topology/apic-ids", test_ids);
    g_test_add_func("/x86/topology/leaves-b-and-1f", test_extended);
    g_test_add_func("/x86/topology/leaves-1-and-4", test_legacy);
    g_test_add_func("/x86/topology/amd", test_amd);
}
