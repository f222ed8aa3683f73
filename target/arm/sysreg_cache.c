/* SPDX-License-Identifier: MIT */
/*
 * Cache maintenance. Caches are not modelled and stores invalidate translated code by themselves, so the operations only
 * check: SCTLR_EL1.UCI at EL0, and for those by address a translation that allows reads (C5.3: an operation by VA at EL0
 * needs read permission; at EL1 it faults like a load as well). DC ZVA is the translator's.
 */
#include "accel/mmu/mmu.h"
#include "base/bits.h"
#include "target/arm/debug.h"
#include "target/arm/internals.h"
#include "target/arm/ptw.h"

#define SCTLR_UCI (1ull << 26)

static void check_uci(ArmCPU *cpu, const ARMSysReg *r, bool is_read, uint32_t syndrome, uintptr_t ra)
{
    if (arm_el(&cpu->env) == 0 && !(cpu->env.sctlr_el1 & SCTLR_UCI))
        arm_raise_sync(cpu, syndrome, NULL, ra);
}

static void by_address(ArmCPU *cpu, uint64_t va, MMUAccess access)
{
    unsigned idx = arm_data_mmu_index(&cpu->env);
    ArmWalk w = { .va = va, .mmu_idx = idx, .access = access };
    bool fault = false;

    mmu_probe(&cpu->parent, arm_strip_address(&cpu->parent, va, idx), 1, access, idx, true, &fault, cpu->sysreg_ra);
    if (fault && !arm_walk(cpu, &w))
        arm_raise_cm_abort(cpu, va, w.fsc, cpu->sysreg_ra);
}

static void write_clean(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    by_address(cpu, value, MMU_DATA_LOAD);
}

/* DC IVAC discards data: it needs write permission (D7.5.8), and watchpoints take it for a store (D2.9.4). */
static void write_invalidate(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    unsigned idx = arm_data_mmu_index(&cpu->env), line = 4u << (cpu->id.ctr >> 16 & 15);

    by_address(cpu, value, MMU_DATA_STORE);
    arm_check_watch_cm(cpu, arm_strip_address(&cpu->parent, value, idx), line, idx, cpu->sysreg_ra);
}

#define NOP_ROW(rname, crm, op2) \
    { .name = #rname, .enc = SYSREG_ENC(1, 0, 7, crm, op2), .min_el_read = ELX, .min_el_write = EL1, .flags = SYSREG_NOP },
#define VA_ROW(rname, op1, crm, op2, el, feat, fn) \
    { .name = #rname, .enc = SYSREG_ENC(1, op1, 7, crm, op2), .min_el_read = ELX, .min_el_write = el, .feature = feat, .write = fn, \
      .check = check_uci },

static const ARMSysReg rows[] = {
    /*      operation    CRm op2 */
    NOP_ROW(IC IALLUIS,   1,  0)
    NOP_ROW(IC IALLU,     5,  0)
    NOP_ROW(DC ISW,       6,  2)
    NOP_ROW(DC CSW,      10,  2)
    NOP_ROW(DC CISW,     14,  2)
    /*      operation op1 CRm op2 */
    VA_ROW(IC IVAU,    3,  5,  1, EL0, ARM_FEAT_base, write_clean)
    VA_ROW(DC IVAC,    0,  6,  1, EL1, ARM_FEAT_base, write_invalidate)
    VA_ROW(DC CVAC,    3, 10,  1, EL0, ARM_FEAT_base, write_clean)
    VA_ROW(DC CVAU,    3, 11,  1, EL0, ARM_FEAT_base, write_clean)
    VA_ROW(DC CVAP,    3, 12,  1, EL0, ARM_FEAT_dpb,  write_clean)
    VA_ROW(DC CVADP,   3, 13,  1, EL0, ARM_FEAT_dpb2, write_clean)
    VA_ROW(DC CIVAC,   3, 14,  1, EL0, ARM_FEAT_base, write_clean)
};
const ArmSysRegTable arm_sysregs_cache = { rows, ARRAY_SIZE(rows) };
