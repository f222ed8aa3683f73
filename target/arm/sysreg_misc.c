/* SPDX-License-Identifier: MIT */
/*
 * The remaining registers: PSTATE fields, exception state, thread ids, pointer authentication keys, FPCR and FPSR, RAS,
 * limited ordering regions, random numbers.
 *
 * RAS without error records: ERRIDR_EL1 is 0 and no SError is ever deferred, so DISR_EL1 holds what software wrote.
 * LORID_EL1 is 0: no regions, every access is outside one. RNDR is a counter-keyed mix of a seed from the host, read through
 * the entropy gate at reset, so that a replayed machine sees the same numbers.
 */
#include "base/bits.h"
#include "target/arm/internals.h"

#define SCTLR_UMA (1ull << 9)
#define CPACR_FPEN 0x300000ull
#define ISS_FP_TRAP 0x1e00000u /* CV = 1, COND = 0b1110 */
#define DAIF_BITS (PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F)

/* ---- PSTATE ---- */
static uint64_t read_nzcv(ArmCPU *cpu, const ARMSysReg *r)
{
    return arm_nzcv_to_arch(cpu->env.nzcv);
}

static void write_nzcv(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    cpu->env.nzcv = arm_nzcv_from_arch((uint32_t)value);
}

static void check_daif(ArmCPU *cpu, const ARMSysReg *r, bool is_read, uint32_t syndrome, uintptr_t ra)
{
    if (arm_el(&cpu->env) == 0 && !(cpu->env.sctlr_el1 & SCTLR_UMA))
        arm_raise_sync(cpu, syndrome, NULL, ra);
}

/* A register that shows bits of PSTATE at PSTATE's own places; the row's mask names them. */
static uint64_t read_pstate(ArmCPU *cpu, const ARMSysReg *r)
{
    return cpu->env.pstate & r->mask;
}

static void write_pstate(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    cpu->env.pstate = (cpu->env.pstate & ~(uint32_t)r->mask) | (uint32_t)value;
    arm_check_interrupts(cpu);
}

static void write_spsel(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    uint32_t spsr = arm_get_spsr(&cpu->env);
    arm_set_pstate(cpu, (spsr & ~PSTATE_SP) | (value & 1 ? PSTATE_SP : 0));
}

/* ---- exception state ---- */
static uint64_t read_isr(ArmCPU *cpu, const ARMSysReg *r)
{
    uint32_t level = __atomic_load_n(&cpu->irq_level, __ATOMIC_RELAXED);
    return (level >> ARM_LINE_IRQ & 1) << 7 | (level >> ARM_LINE_FIQ & 1) << 6;
}

/* ---- FP ---- */
static void check_fp(ArmCPU *cpu, const ARMSysReg *r, bool is_read, uint32_t syndrome, uintptr_t ra)
{
    unsigned fpen = extract64(cpu->env.cpacr_el1, 20, 2);
    if (!(fpen & 1) || (fpen == 1 && arm_el(&cpu->env) == 0))
        arm_raise_sync(cpu, ARM_SYN(EC_FP_TRAP, ISS_FP_TRAP), NULL, ra);
}

static uint64_t read_fpcr(ArmCPU *cpu, const ARMSysReg *r) { return arm_fpcr_get(&cpu->parent); }
static void write_fpcr(ArmCPU *cpu, const ARMSysReg *r, uint64_t v) { arm_fpcr_set(&cpu->parent, (uint32_t)v); }
static uint64_t read_fpsr(ArmCPU *cpu, const ARMSysReg *r) { return arm_fpsr_get(&cpu->parent); }
static void write_fpsr(ArmCPU *cpu, const ARMSysReg *r, uint64_t v) { arm_fpsr_set(&cpu->parent, (uint32_t)v); }

/* ---- random numbers ---- */
/* splitmix64; NZCV becomes 0000: a number was there. */
static uint64_t read_rndr(ArmCPU *cpu, const ARMSysReg *r)
{
    uint64_t x = cpu->env.rndr_state += 0x9e3779b97f4a7c15ull;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ x >> 27) * 0x94d049bb133111ebull;
    cpu->env.nzcv = arm_nzcv_from_arch(0);
    return x ^ x >> 31;
}

static void write_ignored(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
}

#define PLAIN(rname, op1, crn, crm, op2, rel, wel, field) \
    { .name = #rname, .enc = SYSREG_ENC(3, op1, crn, crm, op2), .min_el_read = rel, .min_el_write = wel, .flags = SYSREG_PLAIN, \
      .env_offset = ENV_OFFSET(field) },
#define MASKED(rname, op1, crn, crm, op2, fl, field, wmask) \
    { .name = #rname, .enc = SYSREG_ENC(3, op1, crn, crm, op2), .min_el_read = EL1, .min_el_write = EL1, .flags = fl, \
      .env_offset = ENV_OFFSET(field), .mask = wmask },
#define PSTATE_ROW(rname, op1, op2, el, feat, bits, chk) \
    { .name = #rname, .enc = SYSREG_ENC(3, op1, 4, 2, op2), .min_el_read = el, .min_el_write = el, .flags = SYSREG_EXIT, .feature = feat, \
      .mask = bits, .read = read_pstate, .write = write_pstate, .check = chk },
#define FP_ROW(rname, op2, fl, rd, wr) \
    { .name = #rname, .enc = SYSREG_ENC(3, 3, 4, 4, op2), .flags = fl, .read = rd, .write = wr, .check = check_fp },
#define KEY_ROW(rname, crm, op2, field) \
    { .name = #rname, .enc = SYSREG_ENC(3, 0, 2, crm, op2), .min_el_read = EL1, .min_el_write = EL1, .flags = SYSREG_PLAIN, \
      .feature = ARM_FEAT_pauth, .env_offset = ENV_OFFSET(field) },
#define ZERO_ROW(rname, crn, crm, op2, feat, wel) \
    { .name = #rname, .enc = SYSREG_ENC(3, 0, crn, crm, op2), .min_el_read = EL1, .min_el_write = wel, .feature = feat, .write = write_ignored },

static const ARMSysReg rows[] = {
    /*    name             op1 CRn CRm op2 read write field */
    PLAIN(TPIDR_EL0,        3, 13,  0,  2, EL0, EL0, tpidr_el0)
    PLAIN(TPIDRRO_EL0,      3, 13,  0,  3, EL0, EL1, tpidrro_el0)
    PLAIN(TPIDR_EL1,        0, 13,  0,  4, EL1, EL1, tpidr_el1)
    PLAIN(ELR_EL1,          0,  4,  0,  1, EL1, EL1, elr_el1)
    PLAIN(SP_EL0,           0,  4,  1,  0, EL1, EL1, sp_el[0])
    MASKED(CPACR_EL1,       0,  1,  0,  2, SYSREG_EXIT, cpacr_el1, CPACR_FPEN)
    MASKED(VBAR_EL1,        0, 12,  0,  0, 0, vbar_el1, ~0x7ffull)
    MASKED(ESR_EL1,         0,  5,  2,  0, 0, esr_el1, 0xffffffffull)
    MASKED(SPSR_EL1,        0,  4,  0,  0, 0, spsr_el1, 0xffffffffull)
    { .name = "RVBAR_EL1", .enc = SYSREG_ENC(3, 0, 12, 0, 1), .min_el_read = EL1, .min_el_write = ELX },
    { .name = "ISR_EL1", .enc = SYSREG_ENC(3, 0, 12, 1, 0), .min_el_read = EL1, .min_el_write = ELX, .flags = SYSREG_IO, .read = read_isr },

    { .name = "NZCV", .enc = SYSREG_ENC(3, 3, 4, 2, 0), .read = read_nzcv, .write = write_nzcv },
    /*         name    op1 op2  EL   feature        bits */
    PSTATE_ROW(DAIF,     3, 1, EL0, ARM_FEAT_base, DAIF_BITS,   check_daif)
    PSTATE_ROW(PAN,      0, 3, EL1, ARM_FEAT_pan,  PSTATE_PAN,  NULL)
    PSTATE_ROW(UAO,      0, 4, EL1, ARM_FEAT_uao,  PSTATE_UAO,  NULL)
    PSTATE_ROW(DIT,      3, 5, EL0, ARM_FEAT_dit,  PSTATE_DIT,  NULL)
    PSTATE_ROW(SSBS,     3, 6, EL0, ARM_FEAT_ssbs, PSTATE_SSBS, NULL)
    { .name = "SPSel", .enc = SYSREG_ENC(3, 0, 4, 2, 0), .min_el_read = EL1, .min_el_write = EL1, .flags = SYSREG_EXIT, .mask = PSTATE_SP,
      .read = read_pstate, .write = write_spsel },
    { .name = "CurrentEL", .enc = SYSREG_ENC(3, 0, 4, 2, 2), .min_el_read = EL1, .min_el_write = ELX, .mask = 3u << PSTATE_EL_SHIFT,
      .read = read_pstate },

    FP_ROW(FPCR, 0, SYSREG_EXIT, read_fpcr, write_fpcr)
    FP_ROW(FPSR, 1, 0,           read_fpsr, write_fpsr)

    /*      name            CRm op2 */
    KEY_ROW(APIAKeyLo_EL1,   1,  0, key_ia.lo)
    KEY_ROW(APIAKeyHi_EL1,   1,  1, key_ia.hi)
    KEY_ROW(APIBKeyLo_EL1,   1,  2, key_ib.lo)
    KEY_ROW(APIBKeyHi_EL1,   1,  3, key_ib.hi)
    KEY_ROW(APDAKeyLo_EL1,   2,  0, key_da.lo)
    KEY_ROW(APDAKeyHi_EL1,   2,  1, key_da.hi)
    KEY_ROW(APDBKeyLo_EL1,   2,  2, key_db.lo)
    KEY_ROW(APDBKeyHi_EL1,   2,  3, key_db.hi)
    KEY_ROW(APGAKeyLo_EL1,   3,  0, key_ga.lo)
    KEY_ROW(APGAKeyHi_EL1,   3,  1, key_ga.hi)

    { .name = "RNDR",   .enc = SYSREG_ENC(3, 3, 2, 4, 0), .min_el_write = ELX, .feature = ARM_FEAT_rng, .flags = SYSREG_IO, .read = read_rndr },
    { .name = "RNDRRS", .enc = SYSREG_ENC(3, 3, 2, 4, 1), .min_el_write = ELX, .feature = ARM_FEAT_rng, .flags = SYSREG_IO, .read = read_rndr },

    { .name = "DISR_EL1", .enc = SYSREG_ENC(3, 0, 12, 1, 1), .min_el_read = EL1, .min_el_write = EL1, .feature = ARM_FEAT_ras,
      .mask = 0x81ffffff, .env_offset = ENV_OFFSET(disr_el1) },
    /*       name            CRn CRm op2 */
    ZERO_ROW(ERRIDR_EL1,       5,  3,  0, ARM_FEAT_ras, ELX)
    ZERO_ROW(ERRSELR_EL1,      5,  3,  1, ARM_FEAT_ras, EL1)
    ZERO_ROW(ERXFR_EL1,        5,  4,  0, ARM_FEAT_ras, ELX)
    ZERO_ROW(ERXCTLR_EL1,      5,  4,  1, ARM_FEAT_ras, EL1)
    ZERO_ROW(ERXSTATUS_EL1,    5,  4,  2, ARM_FEAT_ras, EL1)
    ZERO_ROW(ERXADDR_EL1,      5,  4,  3, ARM_FEAT_ras, EL1)
    ZERO_ROW(ERXMISC0_EL1,     5,  5,  0, ARM_FEAT_ras, EL1)
    ZERO_ROW(ERXMISC1_EL1,     5,  5,  1, ARM_FEAT_ras, EL1)
    ZERO_ROW(LORSA_EL1,       10,  4,  0, ARM_FEAT_lor, EL1)
    ZERO_ROW(LOREA_EL1,       10,  4,  1, ARM_FEAT_lor, EL1)
    ZERO_ROW(LORN_EL1,        10,  4,  2, ARM_FEAT_lor, EL1)
    ZERO_ROW(LORC_EL1,        10,  4,  3, ARM_FEAT_lor, EL1)
    ZERO_ROW(LORID_EL1,       10,  4,  7, ARM_FEAT_lor, ELX)
};
const ArmSysRegTable arm_sysregs_misc = { rows, ARRAY_SIZE(rows) };
