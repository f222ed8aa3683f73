/* SPDX-License-Identifier: MIT */
/*
 * Identification and cache-geometry registers.
 *
 * With FEAT_IDST an EL0 read of the ID space traps with its own syndrome, without it the instruction is UNDEFINED there
 * (D17.3.1); the kernel emulates both.
 */
#include "base/bits.h"
#include "target/arm/internals.h"

#define SCTLR_DZE (1ull << 14)
#define SCTLR_UCT (1ull << 15)

static void check_idst(ArmCPU *cpu, const ARMSysReg *r, bool is_read, uint32_t syndrome, uintptr_t ra)
{
    if (arm_el(&cpu->env) != 0)
        return;
    if (extract64(cpu->id.aa64mmfr2, 36, 4))
        arm_raise_sync(cpu, syndrome, NULL, ra);
    arm_raise_undefined(cpu, ra);
}

static void check_uct(ArmCPU *cpu, const ARMSysReg *r, bool is_read, uint32_t syndrome, uintptr_t ra)
{
    if (arm_el(&cpu->env) == 0 && !(cpu->env.sctlr_el1 & SCTLR_UCT))
        arm_raise_sync(cpu, syndrome, NULL, ra);
}

static uint64_t read_pfr0(ArmCPU *cpu, const ARMSysReg *r)
{
    return deposit64(cpu->id.aa64pfr0, 24, 4, cpu->gic.read ? 1 : 0);
}

/* BS is the block size that DC ZVA has; DZP says that it is prohibited here. */
static uint64_t read_dczid(ArmCPU *cpu, const ARMSysReg *r)
{
    bool prohibited = arm_el(&cpu->env) == 0 && !(cpu->env.sctlr_el1 & SCTLR_DZE);
    return (cpu->id.dczid & 15) | (prohibited ? 16 : 0);
}

static uint64_t read_ccsidr(ArmCPU *cpu, const ARMSysReg *r)
{
    return cpu->id.ccsidr[cpu->env.csselr_el1 & 15];
}

#define ID_ROW(rname, op1, crm, op2, field) \
    { .name = #rname, .enc = SYSREG_ENC(3, op1, 0, crm, op2), .min_el_read = EL0, .min_el_write = ELX, \
      .env_offset = offsetof(ArmCPU, id.field), .check = check_idst },
#define ID_READ(rname, op1, crm, op2, fn) \
    { .name = #rname, .enc = SYSREG_ENC(3, op1, 0, crm, op2), .min_el_read = EL0, .min_el_write = ELX, .read = fn, .check = check_idst },

static const ARMSysReg rows[] = {
    /*      name              op1 CRm op2 */
    ID_ROW (MIDR_EL1,          0,  0,  0, midr)
    { .name = "MPIDR_EL1",  .enc = SYSREG_ENC(3, 0, 0, 0, 5), .min_el_read = EL0, .min_el_write = ELX, .check = check_idst,
      .env_offset = offsetof(ArmCPU, mpidr) },
    ID_ROW (REVIDR_EL1,        0,  0,  6, revidr)
    ID_READ(ID_AA64PFR0_EL1,   0,  4,  0, read_pfr0)
    ID_ROW (ID_AA64PFR1_EL1,   0,  4,  1, aa64pfr1)
    ID_ROW (ID_AA64ZFR0_EL1,   0,  4,  4, aa64zfr0)
    ID_ROW (ID_AA64SMFR0_EL1,  0,  4,  5, aa64smfr0)
    ID_ROW (ID_AA64DFR0_EL1,   0,  5,  0, aa64dfr0)
    ID_ROW (ID_AA64DFR1_EL1,   0,  5,  1, aa64dfr1)
    ID_ROW (ID_AA64ISAR0_EL1,  0,  6,  0, aa64isar0)
    ID_ROW (ID_AA64ISAR1_EL1,  0,  6,  1, aa64isar1)
    ID_ROW (ID_AA64ISAR2_EL1,  0,  6,  2, aa64isar2)
    ID_ROW (ID_AA64MMFR0_EL1,  0,  7,  0, aa64mmfr0)
    ID_ROW (ID_AA64MMFR1_EL1,  0,  7,  1, aa64mmfr1)
    ID_ROW (ID_AA64MMFR2_EL1,  0,  7,  2, aa64mmfr2)
    ID_READ(CCSIDR_EL1,        1,  0,  0, read_ccsidr)
    ID_ROW (CLIDR_EL1,         1,  0,  1, clidr)
    { .name = "AIDR_EL1",   .enc = SYSREG_ENC(3, 1, 0, 0, 7), .min_el_read = EL0, .min_el_write = ELX, .check = check_idst },
    { .name = "CSSELR_EL1", .enc = SYSREG_ENC(3, 2, 0, 0, 0), .min_el_read = EL0, .min_el_write = EL1, .check = check_idst, .mask = 0xf,
      .env_offset = ENV_OFFSET(csselr_el1) },
    { .name = "CTR_EL0",    .enc = SYSREG_ENC(3, 3, 0, 0, 1), .min_el_read = EL0, .min_el_write = ELX, .check = check_uct,
      .env_offset = offsetof(ArmCPU, id.ctr) },
    { .name = "DCZID_EL0",  .enc = SYSREG_ENC(3, 3, 0, 0, 7), .min_el_read = EL0, .min_el_write = ELX, .read = read_dczid },
};
const ArmSysRegTable arm_sysregs_id = { rows, ARRAY_SIZE(rows) };
