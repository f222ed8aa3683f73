/* SPDX-License-Identifier: MIT */
/* Exclusive accesses that are not made inline: translate_exclusive.c. */
#include "accel/mmu/mmu.h"
#include "target/arm/helper_a64.h"
#include "target/arm/ptw.h"

static V128 load(CPUState *cs, uint64_t va, uint32_t mo, uintptr_t ra)
{
    V128 v = { .u64 = { 0, 0 } };

    if (!mmu_ld_exclusive(cs, va, mo, ra, &v))
        arm_unsupported_exclusive(cs, va, MMU_DATA_LOAD, ra);
    arm_cpu(cs)->env.exclusive = EXCLUSIVE_WATCHED;
    return v;
}

uint64_t helper_ld_exclusive(CPUState *cs, uint64_t va, uint32_t mo) { return load(cs, va, mo, GETPC()).u64[0]; }
void helper_ld_exclusive16(CPUState *cs, V128 *v, uint64_t va, uint32_t mo) { *v = load(cs, va, mo, GETPC()); }

/* Ws. The monitor is open afterwards, also when this leaves: an exception would open it anyway. */
static uint32_t store(CPUState *cs, uint64_t va, const V128 *v, uint32_t mo, uintptr_t ra)
{
    uint64_t *exclusive = &arm_cpu(cs)->env.exclusive, how = *exclusive;
    ExclusiveResult result = EXCLUSIVE_FAILED;

    *exclusive = EXCLUSIVE_OPEN;
    if (how == EXCLUSIVE_WATCHED)
        result = mmu_st_exclusive(cs, va, v, mo, ra);
    else if (how & EXCLUSIVE_LIGHT)
        mmu_exclusive_make_strict(cs, how & ~(uint64_t)EXCLUSIVE_LIGHT, arm_el(&arm_cpu(cs)->env) ? ARM_MMU_EL1 : ARM_MMU_EL0);
    if (result == EXCLUSIVE_UNSUPPORTED)
        arm_unsupported_exclusive(cs, va, MMU_DATA_STORE, ra);
    return result != EXCLUSIVE_STORED;
}

uint32_t helper_st_exclusive(CPUState *cs, uint64_t va, uint64_t value, uint32_t mo)
{
    return store(cs, va, &(V128){ .u64 = { value } }, mo, GETPC());
}

uint32_t helper_st_exclusive16(CPUState *cs, uint64_t va, const V128 *value, uint32_t mo)
{
    return store(cs, va, value, mo, GETPC());
}
