/* SPDX-License-Identifier: MIT */
/*
 * Pointer authentication codes (D8.8): AddPAC, Auth, Strip and the two ciphers.
 *
 * The cipher is QARMA5 as the manual's ComputePAC2 defines it, or an implementation-defined hash, which the ID registers then
 * say (API instead of APA): two rounds of multiply-and-fold, some twenty times faster. Whether a failed Auth corrupts the
 * pointer or faults, and whether the code is xor-ed into the address, follow from the level in the same field:
 * 1 PAuth, 2 EPAC, 3 PAuth2, 4 FPAC, 5 FPACCOMBINE.
 */
#include "base/bits.h"
#include "target/arm/internals.h"
#include "target/arm/pauth.h"
#include "target/arm/ptw.h"

enum { LEVEL_EPAC = 2, LEVEL_PAUTH2 = 3, LEVEL_FPAC = 4, LEVEL_FPAC_COMBINE = 5 };

/* Folds the 128-bit product of two odd-whitened words: every input bit reaches every output bit after two rounds. */
static inline uint64_t fold_multiply(uint64_t a, uint64_t b)
{
    unsigned __int128 p = (unsigned __int128)a * b;
    return (uint64_t)p ^ (uint64_t)(p >> 64);
}

static inline uint64_t impdef(uint64_t data, uint64_t modifier, uint64_t key_hi, uint64_t key_lo)
{
    uint64_t x = fold_multiply(data ^ key_hi ^ 0x9e3779b97f4a7c15ull, (modifier ^ key_lo) | 1);
    x ^= data + ror64(modifier, 29) + key_lo;
    x = fold_multiply(x ^ key_hi, 0xd6e8feb86659fd93ull);
    return x ^ x >> 32;
}

uint64_t arm_pac_impdef(uint64_t data, uint64_t modifier, uint64_t key_hi, uint64_t key_lo)
{
    return impdef(data, modifier, key_hi, key_lo);
}

static inline uint64_t compute(const ArmCPU *cpu, uint64_t data, uint64_t modifier, unsigned key)
{
    static const uint16_t keys[5] = { offsetof(CPUARMState, key_ia), offsetof(CPUARMState, key_ib), offsetof(CPUARMState, key_da),
                                      offsetof(CPUARMState, key_db), offsetof(CPUARMState, key_ga) };
    const uint64_t *k = (const uint64_t *)((const char *)&cpu->env + keys[key]); /* lo, hi */

    return cpu->pauth == PAUTH_QARMA5 ? arm_pac_qarma5(data, modifier, k[1], k[0]) : impdef(data, modifier, k[1], k[0]);
}

/* A code takes bits 54:64-TnSZ and, unless tags are ignored, 63:56. */
void arm_pauth_refresh(ArmCPU *cpu)
{
    cpu->pac.level = MAX_OF(extract64(cpu->id.aa64isar1, 4, 4), extract64(cpu->id.aa64isar1, 8, 4));
    cpu->pac.any_tbi[0] = cpu->pac.any_tbi[1] = false;
    for (unsigned upper = 0; upper < 2; upper++) {
        ArmVaParams p = arm_va_params(cpu, upper);
        uint64_t low = MASK64(55) & ~MASK64(64 - p.tsz);
        cpu->pac.field[upper][0] = p.tbi_insn ? low : low | 0xffull << 56;
        cpu->pac.field[upper][1] = p.tbi_data ? low : low | 0xffull << 56;
        cpu->pac.any_tbi[0] |= p.tbi_insn;
        cpu->pac.any_tbi[1] |= p.tbi_data;
    }
}

static inline bool tags_ignored(uint64_t field)
{
    return !(field >> 56);
}

static uint64_t extend(uint64_t ptr, uint64_t field, bool upper)
{
    uint64_t ext = field | 1ull << 55;
    return upper ? ptr | ext : ptr & ~ext;
}

/*
 * AddPAC. The half is that of bit 55 when either half ignores tags, else of bit 63; whether tags are ignored is always asked
 * of bit 55's half. A pointer that was not canonical gets a code that will not authenticate.
 */
uint64_t arm_pac_add(ArmCPU *cpu, uint64_t ptr, uint64_t modifier, unsigned key, bool data)
{
    bool bit55 = ptr >> 55 & 1, upper = ptr >> (cpu->pac.any_tbi[data] ? 55 : 63) & 1;
    bool tbi = tags_ignored(cpu->pac.field[bit55][data]);
    uint64_t low = cpu->pac.field[upper][data] & MASK64(55), field = tbi ? low : low | 0xffull << 56;
    uint64_t checked = field | 1ull << 55;
    uint64_t pac = compute(cpu, extend(ptr, field, upper), modifier, key);

    if ((ptr & checked) != 0 && (ptr & checked) != checked) {
        if (cpu->pac.level == LEVEL_EPAC)
            pac = 0;
        else if (cpu->pac.level < LEVEL_PAUTH2)
            pac ^= 1ull << (tbi ? 54 : 62);
    }
    if (cpu->pac.level >= LEVEL_PAUTH2)
        pac ^= ptr;
    ptr = (ptr & ~checked) | (pac & field);
    return upper ? ptr | 1ull << 55 : ptr;
}

static G_NORETURN void auth_fault(ArmCPU *cpu, unsigned key, bool data, uintptr_t ra)
{
    arm_raise_sync(cpu, ARM_SYN(EC_PAC_FAIL, (data ? 2 : 0) | (key & 1)), NULL, ra);
}

uint64_t arm_pac_auth(ArmCPU *cpu, uint64_t ptr, uint64_t modifier, unsigned key, bool data, bool is_combined, uintptr_t ra)
{
    bool upper = ptr >> 55 & 1;
    uint64_t field = cpu->pac.field[upper][data], original = extend(ptr, field, upper);
    uint64_t pac = compute(cpu, original, modifier, key);
    unsigned level = cpu->pac.level;

    if (level >= LEVEL_PAUTH2) {
        uint64_t result = ptr ^ (pac & field);
        bool faults = level >= LEVEL_FPAC_COMBINE || (level == LEVEL_FPAC && !is_combined);
        if (faults && result != original)
            auth_fault(cpu, key, data, ra);
        return result;
    }
    if (((pac ^ ptr) & field) == 0)
        return original;
    return deposit64(original, tags_ignored(field) ? 53 : 61, 2, key & 1 ? 2 : 1);
}

uint64_t arm_pac_strip(ArmCPU *cpu, uint64_t ptr, bool data)
{
    bool upper = ptr >> 55 & 1;
    return extend(ptr, cpu->pac.field[upper][data], upper);
}

uint64_t arm_pac_generic(ArmCPU *cpu, uint64_t x, uint64_t y)
{
    return compute(cpu, x, y, 4) & ~MASK64(32);
}
