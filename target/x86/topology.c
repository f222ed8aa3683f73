/* SPDX-License-Identifier: MIT */
/*
 * APIC ids, and CPUID's leaves about topology and caches: see topology.h.
 *
 * Caches are those of a middling server core, made up but consistent in all leaves that tell of them: 32 KiB of L1 each and 2 MiB of L2
 * for a core, 32 MiB of L3 for a die. Where a leaf counts ids, it counts those that the fields could hold, where it counts processors, those that are there.
 */
#include "target/x86/topology.h"

#include "base/bits.h"

#define CACHE_LINE 64u

enum { A, B, C, D };
enum { LEVEL_THREAD = 1, LEVEL_CORE = 2, LEVEL_DIE = 5 };
enum { CACHE_DATA = 1, CACHE_CODE = 2, CACHE_BOTH = 3 };

/* ---- APIC ids ---- */
/* How many bits numbers below n need. */
static unsigned bits_for(unsigned n)
{
    return n > 1 ? 64 - (unsigned)clz64(n - 1) : 0;
}

/* Where the fields above the thread's begin. */
static unsigned core_shift(const CpuTopology *t) { return bits_for(t->threads); }
static unsigned die_shift(const CpuTopology *t) { return core_shift(t) + bits_for(t->clusters * t->cores); }
static unsigned socket_shift(const CpuTopology *t) { return die_shift(t) + bits_for(t->dies); }

uint32_t x86_topology_apic_id(const CpuTopology *t, unsigned index)
{
    CpuPlace p = cpu_topology_place(t, index);

    return p.socket << socket_shift(t) | p.die << die_shift(t) | (p.cluster * t->cores + p.core) << core_shift(t) | p.thread;
}

static uint32_t ids_less_one(unsigned bits, uint32_t most)
{
    return MIN_OF((1u << bits) - 1, most);
}

/* ---- who is where ---- */
void x86_topology_leaf_1(const X86CPU *cpu, uint32_t out[4])
{
    unsigned n = cpu_topology_per_socket(&cpu->topology);

    out[B] |= MIN_OF(n, 255u) << 16 | (cpu->apic_id & 0xff) << 24;
    out[D] |= n > 1 ? 1u << 28 : 0; /* HTT: more than one logical processor in the package */
}

void x86_topology_leaf_extended(const X86CPU *cpu, bool dies, uint32_t subleaf, uint32_t out[4])
{
    const CpuTopology *t = &cpu->topology;
    bool with_dies = dies && t->dies > 1;
    const struct { unsigned type, shift, count; } levels[] = {
        { LEVEL_THREAD, core_shift(t), t->threads },
        { LEVEL_CORE, with_dies ? die_shift(t) : socket_shift(t), with_dies ? cpu_topology_per_die(t) : cpu_topology_per_socket(t) },
        { LEVEL_DIE, socket_shift(t), cpu_topology_per_socket(t) },
    };

    out[C] = subleaf & 0xff;
    out[D] = cpu->apic_id;
    if (subleaf >= (with_dies ? 3u : 2u))
        return;
    out[A] = levels[subleaf].shift;
    out[B] = levels[subleaf].count;
    out[C] |= levels[subleaf].type << 8;
}

/* CmpLegacy: older software may take the logical processors of a package for cores. */
void x86_topology_leaf_80000001(const X86CPU *cpu, uint32_t out[4])
{
    if (cpu->is_amd && cpu_topology_per_socket(&cpu->topology) > 1)
        out[C] |= 2;
}

void x86_topology_leaf_80000008(const X86CPU *cpu, uint32_t out[4])
{
    const CpuTopology *t = &cpu->topology;

    if (cpu->is_amd)
        out[C] = (MIN_OF(cpu_topology_per_socket(t), 256u) - 1) | socket_shift(t) << 12;
}

void x86_topology_leaf_8000001e(const X86CPU *cpu, uint32_t out[4])
{
    const CpuTopology *t = &cpu->topology;
    CpuPlace p = cpu_topology_place(t, (unsigned)cpu->parent.index);

    out[A] = cpu->apic_id;
    out[B] = (t->threads - 1) << 8 | ((p.cluster * t->cores + p.core) & 0xff);
    out[C] = (t->dies - 1) << 8 | (cpu->apic_id >> die_shift(t) & 0xff); /* nodes are dies */
}

/* ---- caches ---- */
typedef struct Cache { uint8_t type, level, ways; uint32_t sets; bool of_die; } Cache;
static const Cache caches[] = {
    { CACHE_DATA, 1, 8, 64, false }, { CACHE_CODE, 1, 8, 64, false }, { CACHE_BOTH, 2, 16, 2048, false }, { CACHE_BOTH, 3, 16, 32768, true },
};

static uint32_t cache_kib(const Cache *c)
{
    return c->ways * c->sets * CACHE_LINE / 1024;
}

/* What Intel's leaf 4 and AMD's 0x8000001d have alike: EAX with the number of ids that share the cache, EBX, ECX. */
static void put_cache(const X86CPU *cpu, const Cache *c, uint32_t out[4])
{
    unsigned shared = c->of_die ? die_shift(&cpu->topology) : core_shift(&cpu->topology);

    out[A] = c->type | (uint32_t)c->level << 5 | 1u << 8 | ids_less_one(shared, 0xfff) << 14;
    out[B] = (CACHE_LINE - 1) | (uint32_t)(c->ways - 1) << 22;
    out[C] = c->sets - 1;
}

void x86_topology_leaf_4(const X86CPU *cpu, uint32_t subleaf, uint32_t out[4])
{
    unsigned core_bits = socket_shift(&cpu->topology) - core_shift(&cpu->topology);

    if (subleaf >= ARRAY_SIZE(caches) || cpu->is_amd)
        return;
    put_cache(cpu, &caches[subleaf], out);
    out[A] |= ids_less_one(core_bits, 63) << 26;
}

void x86_topology_leaf_8000001d(const X86CPU *cpu, uint32_t subleaf, uint32_t out[4])
{
    if (subleaf < ARRAY_SIZE(caches))
        put_cache(cpu, &caches[subleaf], out);
}

/* L1 */
void x86_topology_leaf_80000005(const X86CPU *cpu, uint32_t out[4])
{
    if (!cpu->is_amd)
        return;
    out[A] = out[B] = 0xff40ff40; /* TLBs: 64 entries, fully associative */
    out[C] = cache_kib(&caches[0]) << 24 | (uint32_t)caches[0].ways << 16 | 1 << 8 | CACHE_LINE;
    out[D] = cache_kib(&caches[1]) << 24 | (uint32_t)caches[1].ways << 16 | 1 << 8 | CACHE_LINE;
}

/* L2, and AMD's L3; associativity by code: 8 is 16 ways */
void x86_topology_leaf_80000006(const X86CPU *cpu, uint32_t out[4])
{
    out[C] = cache_kib(&caches[2]) << 16 | 8 << 12 | (cpu->is_amd ? 1 << 8 : 0) | CACHE_LINE;
    if (cpu->is_amd) {
        out[A] = out[B] = 0x42004200; /* TLBs: 512 entries, 4 ways */
        out[D] = (cache_kib(&caches[3]) / 512) << 18 | 8 << 12 | 1 << 8 | CACHE_LINE;
    }
}
