/* SPDX-License-Identifier: MIT */
/*
 * Virtual memory control: SCTLR, TTBRs, TCR, MAIR, TLB maintenance and address translation.
 *
 * A TTBR write changes the ASID and nothing else: entries of the old table base stay until the guest invalidates them, as the
 * manual lets a TLB do. TCR, MAIR and the translation bits of SCTLR are rarely written; there the TLB is emptied.
 */
#include "accel/mmu/mmu.h"
#include "base/bits.h"
#include "target/arm/internals.h"
#include "target/arm/ptw.h"

#define SCTLR_M (1ull << 0)
#define SCTLR_WXN (1ull << 19)
#define SCTLR_EE (1ull << 25)
#define SCTLR_PAUTH (1ull << 31 | 1ull << 30 | 1ull << 27 | 1ull << 13)
#define SCTLR_BT (1ull << 35 | 1ull << 36)
#define SCTLR_DSSBS (1ull << 44)
#define SCTLR_RES1 0x30500800ull /* LSMAOE, nTLSMD, EIS, TSCXT, EOS: nothing that they control is built */

static void write_sctlr(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    uint64_t old = cpu->env.sctlr_el1, mask;

    mask = SCTLR_M | 2 | 4 | 8 | 16 | 1 << 9 | 1 << 12 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 18 | SCTLR_WXN | 1 << 24 | SCTLR_EE | 1 << 26;
    mask |= arm_has(cpu, ARM_FEAT_pan) ? 1ull << 23 : 0;
    mask |= arm_has(cpu, ARM_FEAT_pauth) ? SCTLR_PAUTH : 0;
    mask |= arm_has(cpu, ARM_FEAT_bti) ? SCTLR_BT : 0;
    mask |= arm_has(cpu, ARM_FEAT_ssbs) ? SCTLR_DSSBS : 0;
    mask |= extract64(cpu->id.aa64mmfr2, 12, 4) ? 1ull << 21 : 0; /* IESB */
    value = (value & mask) | SCTLR_RES1 | (arm_has(cpu, ARM_FEAT_pan) ? 0 : 1ull << 23);
    cpu->env.sctlr_el1 = value;
    if ((old ^ value) & (SCTLR_M | SCTLR_WXN | SCTLR_EE))
        mmu_flush(&cpu->parent, ARM_MMU_ALL);
}

static void write_ttbr(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    *arm_sysreg_field(cpu, r) = value;
    arm_update_asid(cpu);
}

static void write_tcr(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    if (value == cpu->env.tcr_el1)
        return;
    cpu->env.tcr_el1 = value;
    arm_pauth_refresh(cpu);
    mmu_flush(&cpu->parent, ARM_MMU_ALL);
    arm_update_asid(cpu);
}

static void write_mair(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    if (value == cpu->env.mair_el1)
        return;
    cpu->env.mair_el1 = value;
    mmu_flush(&cpu->parent, ARM_MMU_ALL);
}

/* ---- TLB maintenance: CRm says the shareability and op2 what to drop ---- */
static bool tlbi_is_shared(const ARMSysReg *r)
{
    unsigned crm = r->enc >> 3 & 15;
    return crm == 3 || crm == 1 || crm == 2 || crm == 5;
}

static uint32_t tlbi_asid(const ArmCPU *cpu, uint64_t value)
{
    uint32_t asid = value >> 48;
    return cpu->env.tcr_el1 >> 36 & 1 ? asid : asid & 0xff;
}

static void tlbi_range(ArmCPU *cpu, const ARMSysReg *r, uint64_t va, uint64_t n, unsigned page_bits, uint32_t asid)
{
    if (tlbi_is_shared(r))
        mmu_flush_range_all(&cpu->parent, va, n, page_bits, asid, ARM_MMU_ALL);
    else
        mmu_flush_range(&cpu->parent, va, n, page_bits, asid, ARM_MMU_ALL);
}

static void write_tlbi_vmalle1(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    if (tlbi_is_shared(r))
        mmu_flush_all(&cpu->parent, ARM_MMU_ALL);
    else
        mmu_flush(&cpu->parent, ARM_MMU_ALL);
}

static void write_tlbi_aside1(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    if (tlbi_is_shared(r))
        mmu_flush_asid_all(&cpu->parent, tlbi_asid(cpu, value), ARM_MMU_ALL);
    else
        mmu_flush_asid(&cpu->parent, tlbi_asid(cpu, value), ARM_MMU_ALL);
}

/* op2 1 and 5 name an ASID, 3 and 7 mean all; the last-level forms (5, 7) may drop as much as the others. */
static void write_tlbi_va(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    uint64_t va = (uint64_t)sextract64(value, 0, 44) << 12;
    unsigned page_bits = arm_va_params(cpu, va >> 55 & 1).page_bits;
    uint32_t asid = (r->enc & 7) == 1 || (r->enc & 7) == 5 ? tlbi_asid(cpu, value) : MMU_ASID_ANY;

    tlbi_range(cpu, r, ALIGN_DOWN(va, 1ull << page_bits), 1, page_bits, asid);
}

static void write_tlbi_rva(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    static const uint8_t granules[4] = { 0, 12, 14, 16 };
    unsigned page_bits = granules[extract64(value, 46, 2)];
    uint64_t n = (extract64(value, 39, 5) + 1) << (5 * extract64(value, 44, 2) + 1);
    uint32_t asid = (r->enc & 7) == 1 || (r->enc & 7) == 5 ? tlbi_asid(cpu, value) : MMU_ASID_ANY;

    if (page_bits)
        tlbi_range(cpu, r, (uint64_t)sextract64(value, 0, 37) << page_bits, n, page_bits, asid);
}

/* The OS and range forms came together, in ID_AA64ISAR0_EL1.TLB. */
static void check_tlbi_range(ArmCPU *cpu, const ARMSysReg *r, bool is_read, uint32_t syndrome, uintptr_t ra)
{
    unsigned crm = r->enc >> 3 & 15;
    if (extract64(cpu->id.aa64isar0, 56, 4) < (crm == 1 ? 1u : 2u))
        arm_raise_undefined(cpu, ra);
}

/* ---- AT: translates as the named access would, result in PAR_EL1 ---- */
static void address_translate(ArmCPU *cpu, uint64_t va, unsigned idx, MMUAccess access)
{
    ArmWalk w = { .va = va, .mmu_idx = idx, .access = access };

    if (arm_walk(cpu, &w)) {
        cpu->env.par_el1 = (w.pa & MASK64(52) & MEM_PAGE_MASK) | (uint64_t)w.mair_attr << 56 | 1ull << 11 | (uint64_t)w.shareability << 7;
        if ((w.mair_attr & 0xf0) == 0 || w.mair_attr == 0x44)
            cpu->env.par_el1 |= 2ull << 7; /* Device and Non-cacheable memory is outer shareable */
        return;
    }
    if (w.fsc >= FSC_EXTERNAL && w.fsc < 0x18)
        arm_raise_cm_abort(cpu, va, w.fsc, cpu->sysreg_ra);
    cpu->env.par_el1 = 1ull << 11 | (uint64_t)w.fsc << 1 | 1;
}

static void write_at(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    unsigned op2 = r->enc & 7, crm = r->enc >> 3 & 15;
    unsigned idx = op2 >= 2 ? ARM_MMU_EL0 : crm == 9 && (cpu->env.pstate & PSTATE_PAN) ? ARM_MMU_EL1_PAN : ARM_MMU_EL1;

    address_translate(cpu, value, idx, op2 & 1 ? MMU_DATA_STORE : MMU_DATA_LOAD);
}

#define VM_ROW(rname, op1, crn, crm, op2, field) \
    { .name = #rname, .enc = SYSREG_ENC(3, op1, crn, crm, op2), .min_el_read = EL1, .min_el_write = EL1, .flags = SYSREG_PLAIN, \
      .env_offset = ENV_OFFSET(field) },
#define VM_WRITE(rname, op1, crn, crm, op2, field, fn) \
    { .name = #rname, .enc = SYSREG_ENC(3, op1, crn, crm, op2), .min_el_read = EL1, .min_el_write = EL1, .flags = SYSREG_EXIT, \
      .env_offset = ENV_OFFSET(field), .write = fn },
#define TLBI_ROW(rname, crm, op2, fn, chk) \
    { .name = "TLBI " #rname, .enc = SYSREG_ENC(1, 0, 8, crm, op2), .min_el_read = ELX, .min_el_write = EL1, .flags = SYSREG_NEXT, \
      .write = fn, .check = chk },
#define AT_ROW(rname, crm, op2, feat) \
    { .name = "AT " #rname, .enc = SYSREG_ENC(1, 0, 7, crm, op2), .min_el_read = ELX, .min_el_write = EL1, .feature = feat, .write = write_at },

static const ARMSysReg rows[] = {
    /*       name             op1 CRn CRm op2 */
    VM_WRITE(SCTLR_EL1,        0,  1,  0,  0, sctlr_el1, write_sctlr)
    VM_ROW  (ACTLR_EL1,        0,  1,  0,  1, actlr_el1)
    VM_WRITE(TTBR0_EL1,        0,  2,  0,  0, ttbr0_el1, write_ttbr)
    VM_WRITE(TTBR1_EL1,        0,  2,  0,  1, ttbr1_el1, write_ttbr)
    VM_WRITE(TCR_EL1,          0,  2,  0,  2, tcr_el1,   write_tcr)
    VM_ROW  (AFSR0_EL1,        0,  5,  1,  0, afsr0_el1)
    VM_ROW  (AFSR1_EL1,        0,  5,  1,  1, afsr1_el1)
    VM_ROW  (FAR_EL1,          0,  6,  0,  0, far_el1)
    VM_ROW  (PAR_EL1,          0,  7,  4,  0, par_el1)
    VM_WRITE(MAIR_EL1,         0, 10,  2,  0, mair_el1,  write_mair)
    VM_ROW  (AMAIR_EL1,        0, 10,  3,  0, amair_el1)
    VM_ROW  (CONTEXTIDR_EL1,   0, 13,  0,  1, contextidr_el1)

    /*       operation   CRm op2 */
    TLBI_ROW(VMALLE1OS,   1,  0, write_tlbi_vmalle1, check_tlbi_range)
    TLBI_ROW(VAE1OS,      1,  1, write_tlbi_va,      check_tlbi_range)
    TLBI_ROW(ASIDE1OS,    1,  2, write_tlbi_aside1,  check_tlbi_range)
    TLBI_ROW(VAAE1OS,     1,  3, write_tlbi_va,      check_tlbi_range)
    TLBI_ROW(VALE1OS,     1,  5, write_tlbi_va,      check_tlbi_range)
    TLBI_ROW(VAALE1OS,    1,  7, write_tlbi_va,      check_tlbi_range)
    TLBI_ROW(RVAE1IS,     2,  1, write_tlbi_rva,     check_tlbi_range)
    TLBI_ROW(RVAAE1IS,    2,  3, write_tlbi_rva,     check_tlbi_range)
    TLBI_ROW(RVALE1IS,    2,  5, write_tlbi_rva,     check_tlbi_range)
    TLBI_ROW(RVAALE1IS,   2,  7, write_tlbi_rva,     check_tlbi_range)
    TLBI_ROW(VMALLE1IS,   3,  0, write_tlbi_vmalle1, NULL)
    TLBI_ROW(VAE1IS,      3,  1, write_tlbi_va,      NULL)
    TLBI_ROW(ASIDE1IS,    3,  2, write_tlbi_aside1,  NULL)
    TLBI_ROW(VAAE1IS,     3,  3, write_tlbi_va,      NULL)
    TLBI_ROW(VALE1IS,     3,  5, write_tlbi_va,      NULL)
    TLBI_ROW(VAALE1IS,    3,  7, write_tlbi_va,      NULL)
    TLBI_ROW(RVAE1OS,     5,  1, write_tlbi_rva,     check_tlbi_range)
    TLBI_ROW(RVAAE1OS,    5,  3, write_tlbi_rva,     check_tlbi_range)
    TLBI_ROW(RVALE1OS,    5,  5, write_tlbi_rva,     check_tlbi_range)
    TLBI_ROW(RVAALE1OS,   5,  7, write_tlbi_rva,     check_tlbi_range)
    TLBI_ROW(RVAE1,       6,  1, write_tlbi_rva,     check_tlbi_range)
    TLBI_ROW(RVAAE1,      6,  3, write_tlbi_rva,     check_tlbi_range)
    TLBI_ROW(RVALE1,      6,  5, write_tlbi_rva,     check_tlbi_range)
    TLBI_ROW(RVAALE1,     6,  7, write_tlbi_rva,     check_tlbi_range)
    TLBI_ROW(VMALLE1,     7,  0, write_tlbi_vmalle1, NULL)
    TLBI_ROW(VAE1,        7,  1, write_tlbi_va,      NULL)
    TLBI_ROW(ASIDE1,      7,  2, write_tlbi_aside1,  NULL)
    TLBI_ROW(VAAE1,       7,  3, write_tlbi_va,      NULL)
    TLBI_ROW(VALE1,       7,  5, write_tlbi_va,      NULL)
    TLBI_ROW(VAALE1,      7,  7, write_tlbi_va,      NULL)

    /*     operation CRm op2 */
    AT_ROW(S1E1R,     8,  0, ARM_FEAT_base)
    AT_ROW(S1E1W,     8,  1, ARM_FEAT_base)
    AT_ROW(S1E0R,     8,  2, ARM_FEAT_base)
    AT_ROW(S1E0W,     8,  3, ARM_FEAT_base)
    AT_ROW(S1E1RP,    9,  0, ARM_FEAT_pan2)
    AT_ROW(S1E1WP,    9,  1, ARM_FEAT_pan2)
};
const ArmSysRegTable arm_sysregs_vm = { rows, ARRAY_SIZE(rows) };
