/* SPDX-License-Identifier: MIT */
/*
 * CPUID (SDM vol. 2, CPUID; AMD APM vol. 3 app. E).
 *
 * Feature bits come from features.def's rows; the leaves here add what is not a yes or no: names, sizes, rates; topology and caches are in topology.c.
 * A leaf past the last basic one gives the last one's data on Intel's processors, zeros on AMD's.
 */
#include <string.h>

#include "base/bits.h"
#include "target/x86/topology.h"

#define HYPERVISOR_BASE 0x40000000u
#define HYPERVISOR_LAST 0x40000010u
#define CACHE_LINE 64u

typedef uint32_t Regs[4]; /* EAX, EBX, ECX, EDX */
enum { A, B, C, D };

static void add_features(const X86CPU *cpu, uint32_t leaf, uint32_t subleaf, Regs out)
{
    for (unsigned f = 1; f < X86_FEAT_NEVER; f++) {
        const X86FeatureInfo *i = &x86_feature_info[f];
        if (i->leaf == leaf && i->subleaf == subleaf && x86_has(&cpu->features, f))
            out[i->reg] |= 1u << i->bit;
    }
}

static uint32_t signature(const X86CPU *cpu)
{
    const X86Identity *id = &cpu->id;
    uint32_t family = MIN_OF(id->family, 15u), extended = id->family - family;

    return id->stepping | (id->model & 15) << 4 | family << 8 | (id->model >> 4) << 16 | extended << 20;
}

/* Twelve characters in the order of leaf 0. */
static void vendor(const char *name, Regs out)
{
    memcpy(&out[B], name, 4);
    memcpy(&out[D], name + 4, 4);
    memcpy(&out[C], name + 8, 4);
}

static void leaf_1(X86CPU *cpu, Regs out)
{
    out[A] = signature(cpu);
    out[B] = (CACHE_LINE / 8) << 8;
    x86_topology_leaf_1(cpu, out);
    if (cpu->env.cr4 & CR4_OSXSAVE)
        out[C] |= 1u << 27;
    if (cpu->apic_off)
        out[D] &= ~(1u << 9);
}

/* ---- XSAVE: leaf 0xd ---- */
typedef struct XsaveComponent { uint8_t number; X86Feature feature; uint16_t size, offset; } XsaveComponent; /* offset: in the standard form */
static const XsaveComponent components[] = { { 2, X86_FEAT_AVX, 256, 576 }, { 9, X86_FEAT_PKU, 8, 832 } };

uint64_t x86_xcr0_supported(const X86CPU *cpu)
{
    uint64_t mask = XCR0_X87 | XCR0_SSE;

    if (!x86_has(&cpu->features, X86_FEAT_XSAVE))
        return 0;
    for (size_t i = 0; i < ARRAY_SIZE(components); i++)
        mask |= x86_has(&cpu->features, components[i].feature) ? BIT(components[i].number) : 0;
    return mask;
}

uint32_t x86_xsave_size(const X86CPU *cpu, uint64_t mask, bool compacted)
{
    uint32_t end = 576;

    for (size_t i = 0; i < ARRAY_SIZE(components); i++)
        if (mask >> components[i].number & 1)
            end = (compacted ? end : components[i].offset) + components[i].size;
    return end;
}

static void leaf_d(const X86CPU *cpu, uint32_t subleaf, Regs out)
{
    uint64_t supported = x86_xcr0_supported(cpu);

    if (!supported)
        return;
    if (subleaf == 0) {
        out[A] = (uint32_t)supported;
        out[B] = x86_xsave_size(cpu, cpu->env.xcr0, false);
        out[C] = x86_xsave_size(cpu, supported, false);
        out[D] = (uint32_t)(supported >> 32);
    } else if (subleaf == 1 && x86_has(&cpu->features, X86_FEAT_XSAVEC)) {
        out[B] = x86_xsave_size(cpu, cpu->env.xcr0 | cpu->env.xss, true);
    }
    for (size_t i = 0; i < ARRAY_SIZE(components); i++) {
        if (components[i].number == subleaf && supported >> subleaf & 1) {
            out[A] = components[i].size;
            out[B] = components[i].offset;
        }
    }
}

/* ---- rates ---- */
/* The crystal's clock is the APIC timer's. TSC / crystal = EBX / EAX. */
static void leaf_15(const X86CPU *cpu, Regs out)
{
    const uint32_t crystal_hz = 1000000000;
    uint64_t a = crystal_hz, b = cpu->tsc_hz, x = a, y = b;

    while (y) {
        uint64_t r = x % y;
        x = y;
        y = r;
    }
    a /= x;
    b /= x;
    if (b > UINT32_MAX)
        return;
    out[A] = (uint32_t)a;
    out[B] = (uint32_t)b;
    out[C] = crystal_hz;
}

static void leaf_hypervisor(const X86CPU *cpu, uint32_t leaf, Regs out)
{
    if (leaf == HYPERVISOR_BASE) {
        out[A] = HYPERVISOR_LAST;
        memcpy(&out[B], "calqueCalque", 12);
    } else if (leaf == HYPERVISOR_LAST) { /* rates in kHz: TSC, APIC bus */
        out[A] = (uint32_t)(cpu->tsc_hz / 1000);
        out[B] = 1000000;
    }
}

/* ECX counts for these alone. */
static bool has_subleaves(uint32_t leaf) { return leaf == 4 || leaf == 7 || leaf == 0xb || leaf == 0xd || leaf == 0x1f; }

static void leaf_basic(X86CPU *cpu, uint32_t leaf, uint32_t subleaf, Regs out)
{
    add_features(cpu, leaf, has_subleaves(leaf) ? subleaf : 0, out);
    switch (leaf) {
    case 0:
        out[A] = cpu->id.level;
        vendor(cpu->id.vendor, out);
        break;
    case 1:
        leaf_1(cpu, out);
        break;
    case 2:
        out[A] = cpu->is_amd ? 0 : 0xff01; /* see leaf 4 */
        break;
    case 4:
        x86_topology_leaf_4(cpu, subleaf, out);
        break;
    case 5:
        if (x86_has(&cpu->features, X86_FEAT_MONITOR)) {
            out[A] = out[B] = CACHE_LINE;
            out[C] = 3; /* enumerated; interrupts wake even when masked. EDX 0, no C-states: Linux halts idle CPUs by HLT, which costs less than mwait.c's looking */
        }
        break;
    case 7:
        if (subleaf == 0) {
            out[A] = x86_has(&cpu->features, X86_FEAT_BHI_CTRL) ? 2 : 0; /* last subleaf */
            out[C] |= cpu->env.cr4 & CR4_PKE ? 1u << 4 : 0;              /* OSPKE */
        }
        break;
    case 0xb:
    case 0x1f:
        x86_topology_leaf_extended(cpu, leaf == 0x1f, subleaf, out);
        break;
    case 0xd:
        leaf_d(cpu, subleaf, out);
        break;
    case 0x15:
        leaf_15(cpu, out);
        break;
    case 0x16:
        out[A] = out[B] = (uint32_t)(cpu->tsc_hz / 1000000);
        out[C] = 100;
        break;
    }
}

/* What AMD's leaf 0x80000001 repeats of leaf 1's EDX. */
#define AMD_REPEATED 0x0183f3ffu

static void leaf_extended(X86CPU *cpu, uint32_t leaf, uint32_t subleaf, Regs out)
{
    Regs basic = { 0 };

    add_features(cpu, leaf, 0, out);
    switch (leaf) {
    case 0x80000000:
        out[A] = cpu->id.xlevel;
        if (cpu->is_amd)
            vendor(cpu->id.vendor, out);
        break;
    case 0x80000001:
        if (cpu->is_amd) {
            add_features(cpu, 1, 0, basic);
            out[A] = signature(cpu);
            x86_topology_leaf_80000001(cpu, out);
            out[D] |= basic[D] & AMD_REPEATED;
        }
        break;
    case 0x80000002: case 0x80000003: case 0x80000004:
        memcpy(out, cpu->id.brand + 16 * (leaf - 0x80000002), 16);
        break;
    case 0x80000005:
        x86_topology_leaf_80000005(cpu, out);
        break;
    case 0x80000006:
        x86_topology_leaf_80000006(cpu, out);
        break;
    case 0x80000008:
        out[A] = cpu->phys_bits | (x86_has(&cpu->features, X86_FEAT_LA57) ? 57u : 48u) << 8;
        x86_topology_leaf_80000008(cpu, out);
        break;
    case 0x8000001d:
        if (x86_has(&cpu->features, X86_FEAT_TOPOEXT))
            x86_topology_leaf_8000001d(cpu, subleaf, out);
        break;
    case 0x8000001e:
        if (x86_has(&cpu->features, X86_FEAT_TOPOEXT))
            x86_topology_leaf_8000001e(cpu, out);
        break;
    }
}

void x86_cpuid(X86CPU *cpu, uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    memset(out, 0, sizeof(Regs));
    if (leaf >= HYPERVISOR_BASE && leaf <= HYPERVISOR_BASE + 0xff && x86_has(&cpu->features, X86_FEAT_HYPERVISOR)) {
        leaf_hypervisor(cpu, leaf, out);
        return;
    }
    if (leaf >= 0x80000000 && leaf <= cpu->id.xlevel) {
        leaf_extended(cpu, leaf, subleaf, out);
        return;
    }
    if (leaf > cpu->id.level) {
        if (cpu->is_amd)
            return;
        leaf = cpu->id.level;
    }
    leaf_basic(cpu, leaf, subleaf, out);
}
