/* SPDX-License-Identifier: MIT */
/* MASKMOVQ: a fault may leave the bytes before it stored; the instruction is then run again whole. */
#include "target/x86/helper_mmx.h"

#include "accel/mmu/mmu.h"

void helper_mmx_maskmov(CPUState *cpu, uint64_t va, uint64_t data, uint64_t mask, uint32_t mo)
{
    for (unsigned i = 0; i < 8; i++)
        if (mask >> (8 * i + 7) & 1)
            mmu_st(cpu, va + i, data >> (8 * i) & 0xff, mo, GETPC());
}

#define HELPER IR_HELPER_DEFINE
#include "target/x86/helper_mmx.def"
#undef HELPER
