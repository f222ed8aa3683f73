/* SPDX-License-Identifier: MIT */
/* Helpers of base instructions: system registers, DC ZVA, pointer authentication, CRC32. */
#include "accel/mmu/mmu.h"
#include "base/bits.h"
#include "target/arm/helper_a64.h"

/* ---- system registers ---- */
uint64_t helper_mrs(CPUState *cs, uint64_t row, uint32_t syndrome)
{
    return arm_sysreg_read(arm_cpu(cs), (const ARMSysReg *)(uintptr_t)row, syndrome, GETPC());
}

/* For registers whose reading changes flags. */
uint64_t helper_mrs_flags(CPUState *cs, uint64_t row, uint32_t syndrome)
{
    return arm_sysreg_read(arm_cpu(cs), (const ARMSysReg *)(uintptr_t)row, syndrome, GETPC());
}

void helper_msr(CPUState *cs, uint64_t row, uint64_t value, uint32_t syndrome)
{
    arm_sysreg_write(arm_cpu(cs), (const ARMSysReg *)(uintptr_t)row, value, syndrome, GETPC());
}

/* ---- memory ---- */
void helper_dc_zva(CPUState *cs, uint64_t va, uint32_t mo)
{
    unsigned size = 4u << (arm_cpu(cs)->id.dczid & 15);
    uintptr_t ra = GETPC();
    void *p;

    if (va & (size - 1)) /* a fault names the address that was given */
        mmu_probe(cs, va, 1, MMU_DATA_STORE, MO_IDX(mo), false, NULL, ra);
    va &= ~(uint64_t)(size - 1);
    p = mmu_probe_store(cs, va, size, MO_IDX(mo), ra);
    if (p) {
        __builtin_memset(p, 0, size);
        return;
    }
    for (unsigned i = 0; i < size; i += 8)
        mmu_st(cs, va + i, 0, MO_64 | (mo & 15u << MO_IDX_SHIFT), ra);
}

/* ---- pointer authentication; key: 0..3 as IA IB DA DB ---- */
uint64_t helper_pac_add(CPUState *cs, uint64_t ptr, uint64_t modifier, uint32_t key)
{
    return arm_pac_add(arm_cpu(cs), ptr, modifier, key, key >= 2);
}

uint64_t helper_pac_auth(CPUState *cs, uint64_t ptr, uint64_t modifier, uint32_t key, uint32_t combined)
{
    return arm_pac_auth(arm_cpu(cs), ptr, modifier, key, key >= 2, combined, GETPC());
}

uint64_t helper_pac_strip(CPUState *cs, uint64_t ptr, uint32_t data)
{
    return arm_pac_strip(arm_cpu(cs), ptr, data);
}

uint64_t helper_pac_generic(CPUState *cs, uint64_t x, uint64_t y)
{
    return arm_pac_generic(arm_cpu(cs), x, y);
}

/* ---- CRC (C6.2.72): no inversion before or after ---- */
static uint32_t crc_table[2][256];

static void __attribute__((constructor)) crc_init(void)
{
    static const uint32_t poly[2] = { 0xedb88320u, 0x82f63b78u }; /* 0x04c11db7 and 0x1edc6f41, reflected */

    for (unsigned t = 0; t < 2; t++) {
        for (unsigned i = 0; i < 256; i++) {
            uint32_t c = i;
            for (unsigned k = 0; k < 8; k++)
                c = c >> 1 ^ (c & 1 ? poly[t] : 0);
            crc_table[t][i] = c;
        }
    }
}

static uint32_t crc_bytes(unsigned table, uint32_t crc, uint64_t data, uint32_t bytes)
{
    for (; bytes; bytes--, data >>= 8)
        crc = crc >> 8 ^ crc_table[table][(crc ^ data) & 0xff];
    return crc;
}

uint32_t helper_crc32(uint32_t crc, uint64_t data, uint32_t bytes)
{
    return crc_bytes(0, crc, data, bytes);
}

uint32_t helper_crc32c(uint32_t crc, uint64_t data, uint32_t bytes)
{
    return crc_bytes(1, crc, data, bytes);
}

#define HELPER IR_HELPER_DEFINE
#include "target/arm/helper_a64.def"
#undef HELPER
