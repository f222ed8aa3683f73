/* SPDX-License-Identifier: MIT */
/*
 * Memory types: MTRRs and PAT (SDM vol. 3, 12.11 and 12.12). They are kept and checked as the processor does; all memory
 * behaves as write-back whatever they say.
 */
#include "base/bits.h"
#include "target/x86/msr.h"

/* UC, WC, WT, WP, WB; PAT has UC- (7), too. */
static bool valid_type(uint8_t type, bool pat)
{
    return type <= 1 || (type >= 4 && type <= 6) || (pat && type == 7);
}

static bool valid_types(uint64_t value, bool pat)
{
    for (unsigned i = 0; i < 64; i += 8)
        if (!valid_type((uint8_t)(value >> i), pat))
            return false;
    return true;
}

bool x86_mtrr_write_fixed(X86CPU *cpu, const MsrRow *row, uint32_t n, uint64_t value)
{
    if (!valid_types(value, false))
        return false;
    ((uint64_t *)((char *)&cpu->env + row->offset))[n] = value;
    return true;
}

bool x86_mtrr_read_var(X86CPU *cpu, const MsrRow *row, uint32_t n, uint64_t *value)
{
    *value = n & 1 ? cpu->env.mtrr_var[n / 2].mask : cpu->env.mtrr_var[n / 2].base;
    return true;
}

bool x86_mtrr_write_var(X86CPU *cpu, const MsrRow *row, uint32_t n, uint64_t value)
{
    uint64_t reserved = ~MASK64(cpu->phys_bits);

    if (n & 1) { /* PHYSMASK: V is bit 11 */
        if (value & (reserved | 0x7ff))
            return false;
        cpu->env.mtrr_var[n / 2].mask = value;
        return true;
    }
    if (value & (reserved | 0xf00) || !valid_type((uint8_t)value, false))
        return false;
    cpu->env.mtrr_var[n / 2].base = value;
    return true;
}

bool x86_mtrr_write_def_type(X86CPU *cpu, const MsrRow *row, uint32_t n, uint64_t value)
{
    if (value & ~0xcffull || !valid_type((uint8_t)value, false))
        return false;
    cpu->env.mtrr_def_type = value;
    return true;
}

void x86_mtrr_firmware(CPUX86State *env)
{
    env->mtrr_fixed[0] = env->mtrr_fixed[1] = 0x0606060606060606; /* to 0x9ffff: WB */
    env->mtrr_fixed[2] = 0;                                       /* 0xa0000: UC */
    for (unsigned i = 3; i < 11; i++)
        env->mtrr_fixed[i] = 0x0505050505050505;                  /* 0xc0000 to 0xfffff: WP */
    env->mtrr_def_type = 0xc06;                                   /* enabled, with fixed ranges, WB */
}

bool x86_pat_write(X86CPU *cpu, const MsrRow *row, uint32_t n, uint64_t value)
{
    if (!valid_types(value, true))
        return false;
    cpu->env.pat = value;
    return true;
}
