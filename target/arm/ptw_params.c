/* SPDX-License-Identifier: MIT */
/*
 * What TCR_EL1 and the ID registers say about an address: region size, granule, tags, ASID.
 *
 * Implementation choices where the manual leaves one: a TnSZ out of range faults every access through that half
 * (D8.2.6), a reserved or absent granule stands for one that the CPU has, an IPS above PARange stands for PARange.
 */
#include "accel/mmu/mmu.h"
#include "base/bits.h"
#include "target/arm/ptw.h"

enum { TG_4K = 12, TG_16K = 14, TG_64K = 16 };

static unsigned size_of_ps(unsigned ps)
{
    static const uint8_t bits[8] = { 32, 36, 40, 42, 44, 48, 52, 52 };
    return bits[ps];
}

static bool granule_present(uint64_t mmfr0, unsigned page_bits)
{
    switch (page_bits) {
    case TG_4K:
        return extract64(mmfr0, 28, 4) != 0xf;
    case TG_64K:
        return extract64(mmfr0, 24, 4) != 0xf;
    default:
        return extract64(mmfr0, 20, 4) != 0;
    }
}

static unsigned granule(const ArmCPU *cpu, bool upper)
{
    static const uint8_t tg0[4] = { TG_4K, TG_64K, TG_16K, 0 }, tg1[4] = { 0, TG_16K, TG_4K, TG_64K };
    uint64_t tcr = cpu->env.tcr_el1;
    unsigned bits = upper ? tg1[extract64(tcr, 30, 2)] : tg0[extract64(tcr, 14, 2)];

    if (bits && granule_present(cpu->id.aa64mmfr0, bits))
        return bits;
    return granule_present(cpu->id.aa64mmfr0, TG_4K) ? TG_4K : TG_64K;
}

ArmVaParams arm_va_params(const ArmCPU *cpu, bool upper)
{
    uint64_t tcr = cpu->env.tcr_el1, mmfr2 = cpu->id.aa64mmfr2;
    unsigned hafdbs = extract64(cpu->id.aa64mmfr1, 0, 4);
    unsigned ps = MIN_OF(extract64(tcr, 32, 3), extract64(cpu->id.aa64mmfr0, 0, 4));
    ArmVaParams p = { .page_bits = granule(cpu, upper) };
    bool lva = extract64(mmfr2, 16, 4) && p.page_bits == TG_64K;
    bool small_tables = extract64(mmfr2, 28, 4);
    unsigned min = lva ? 12 : 16;
    unsigned max = !small_tables ? 39 : p.page_bits == TG_64K ? 47 : 48;
    unsigned tsz = extract64(tcr, upper ? 16 : 0, 6);
    bool tbi = tcr >> (upper ? 38 : 37) & 1;
    bool tbid = arm_has(cpu, ARM_FEAT_pauth) && (tcr >> (upper ? 52 : 51) & 1);

    p.tsz_bad = tsz < min || tsz > max;
    p.tsz = MIN_OF(MAX_OF(tsz, min), max);
    p.tbi_data = tbi;
    p.tbi_insn = tbi && !tbid;
    p.epd = tcr >> (upper ? 23 : 7) & 1;
    p.e0pd = extract64(mmfr2, 60, 4) && (tcr >> (upper ? 56 : 55) & 1);
    p.hpd = extract64(cpu->id.aa64mmfr1, 12, 4) && (tcr >> (upper ? 42 : 41) & 1);
    p.ha = hafdbs >= 1 && (tcr >> 39 & 1);
    p.hd = hafdbs >= 2 && p.ha && (tcr >> 40 & 1);
    p.pa_bits = size_of_ps(ps);
    p.pa_max_bits = size_of_ps(extract64(cpu->id.aa64mmfr0, 0, 3));
    if (p.pa_bits > 48 && p.page_bits != TG_64K)
        p.pa_bits = 48;
    return p;
}

uint32_t arm_current_asid(const CPUARMState *env)
{
    uint64_t ttbr = env->tcr_el1 >> 22 & 1 ? env->ttbr1_el1 : env->ttbr0_el1;
    uint32_t asid = ttbr >> 48;
    return env->tcr_el1 >> 36 & 1 ? asid : asid & 0xff;
}

void arm_update_asid(ArmCPU *cpu)
{
    mmu_set_asid(&cpu->parent, arm_current_asid(&cpu->env));
}

uint64_t arm_strip_address(CPUState *cs, uint64_t va, unsigned idx)
{
    bool upper = va >> 55 & 1;
    bool tbi = arm_env(cs)->tcr_el1 >> (upper ? 38 : 37) & 1;
    return tbi ? (uint64_t)sextract64(va, 0, 56) : va;
}
