/* SPDX-License-Identifier: MIT */
/* MASKMOVQ: writable bytes are asked for whether or not the mask has them, as Intel's parts do; then what it has is stored. */
#include "target/x86/helper_mmx.h"

#include "base/bits.h"
#include "accel/mmu/mmu.h"

void helper_mmx_maskmov(CPUState *cpu, uint64_t va, uint64_t data, uint64_t mask, uint32_t mo)
{
    unsigned first = (unsigned)MIN_OF(8, 4096 - (va & 4095));

    mmu_probe(cpu, va, first, MMU_DATA_STORE, MO_IDX(mo), false, NULL, GETPC());
    if (first < 8)
        mmu_probe(cpu, va + first, 8 - first, MMU_DATA_STORE, MO_IDX(mo), false, NULL, GETPC());
    for (unsigned i = 0; i < 8; i++)
        if (mask >> (8 * i + 7) & 1)
            mmu_st(cpu, va + i, data >> (8 * i) & 0xff, mo, GETPC());
}

#define HELPER IR_HELPER_DEFINE
#include "target/x86/helper_mmx.def"
#undef HELPER
