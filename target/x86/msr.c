/* SPDX-License-Identifier: MIT */
/*
 * Model-specific registers: one row each (SDM vol. 4; AMD APM vol. 2 app. A).
 *
 * A register that has no row, whose feature is absent, or whose value has reserved bits set raises #GP(0): systems probe for
 * registers by that. What machine checks would report stays quiet: ten banks that never hold an error.
 * IA32_APIC_BASE, x2APIC's registers and IA32_TSC_DEADLINE are the local APIC's, reached by X86ApicOps.
 * IA32_DEBUGCTL is kept without effect: there are no branch records, and BTF does not change what TF does.
 * Performance counters are not built, and CPUID says so; IA32_PERF_STATUS gives the constant ratio that old systems divide by.
 */
#include "base/bits.h"
#include "base/log.h"
#include "target/x86/msr.h"
#include "target/x86/paging.h"

#define APIC_BASE_ENABLE (1u << 11)
#define TSC_DEADLINE 0x6e0u

/* RDCL_NO, IBRS_ALL, SKIP_L1DFL, SSB_NO, MDS_NO, PSCHANGE_MC_NO, TAA_NO, SBDR_SSDP_NO, FBSDP_NO, PSDP_NO, BHI_NO, PBRSB_NO, GDS_NO, RFDS_NO, ITS_NO */
#define ARCH_CAPABILITIES (BIT(0) | BIT(1) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(8) | BIT(13) | BIT(14) | BIT(15) | BIT(20) | BIT(24) | BIT(26) | BIT(27) | BIT(62))

/* ---- the local APIC's ---- */
static bool read_apic_base(X86CPU *cpu, const MsrRow *row, uint32_t n, uint64_t *value)
{
    if (!cpu->apic.get_base)
        return false;
    *value = cpu->apic.get_base(cpu->apic.opaque);
    return true;
}

static bool write_apic_base(X86CPU *cpu, const MsrRow *row, uint32_t n, uint64_t value)
{
    if (!cpu->apic.set_base || !cpu->apic.set_base(cpu->apic.opaque, value))
        return false;
    cpu->apic_off = !(value & APIC_BASE_ENABLE);
    return true;
}

static bool read_apic(X86CPU *cpu, const MsrRow *row, uint32_t n, uint64_t *value)
{
    return cpu->apic.msr_read && cpu->apic.msr_read(cpu->apic.opaque, row->index + n, value);
}

static bool write_apic(X86CPU *cpu, const MsrRow *row, uint32_t n, uint64_t value)
{
    return cpu->apic.msr_write && cpu->apic.msr_write(cpu->apic.opaque, row->index + n, value);
}

/* ---- the time-stamp counter ---- */
/* The counter jumps: the APIC's deadline, a value of the counter, comes at another time. */
static void tsc_moved(X86CPU *cpu, uint64_t by)
{
    const MsrRow row = { .index = TSC_DEADLINE };
    uint64_t deadline;

    cpu->env.tsc_offset += by;
    if (x86_has(&cpu->features, X86_FEAT_TSC_DEADLINE) && read_apic(cpu, &row, 0, &deadline) && deadline)
        write_apic(cpu, &row, 0, deadline);
}

static bool read_tsc(X86CPU *cpu, const MsrRow *row, uint32_t n, uint64_t *value)
{
    *value = x86_read_tsc(cpu);
    return true;
}

static bool write_tsc(X86CPU *cpu, const MsrRow *row, uint32_t n, uint64_t value)
{
    uint64_t by = value - x86_read_tsc(cpu);

    cpu->env.tsc_adjust += by;
    tsc_moved(cpu, by);
    return true;
}

static bool write_tsc_adjust(X86CPU *cpu, const MsrRow *row, uint32_t n, uint64_t value)
{
    uint64_t by = value - cpu->env.tsc_adjust;

    cpu->env.tsc_adjust = value;
    tsc_moved(cpu, by);
    return true;
}

/* ---- EFER and segment bases ---- */
static uint64_t efer_valid(const X86CPU *cpu)
{
    const X86Features *f = &cpu->features;

    return EFER_LMA | (x86_has(f, X86_FEAT_SYSCALL) ? EFER_SCE : 0) | (x86_has(f, X86_FEAT_LM) ? EFER_LME : 0) | (x86_has(f, X86_FEAT_NX) ? EFER_NXE : 0) |
           (x86_has(f, X86_FEAT_FXSR_OPT) ? EFER_FFXSR : 0) | (x86_has(f, X86_FEAT_AUTO_IBRS) ? EFER_AIBRSE : 0);
}

void x86_set_efer(X86CPU *cpu, uint64_t value)
{
    uint64_t changed = cpu->env.efer ^ value;

    cpu->env.efer = value;
    x86_update_hflags(&cpu->env);
    if (changed & (EFER_NXE | EFER_LMA))
        x86_paging_flush(cpu, true);
}

/* LMA is the processor's to change; LME only while paging is off. */
static bool write_efer(X86CPU *cpu, const MsrRow *row, uint32_t n, uint64_t value)
{
    CPUX86State *env = &cpu->env;

    if (value & ~efer_valid(cpu) || ((value ^ env->efer) & EFER_LME && env->cr0 & CR0_PG))
        return false;
    x86_set_efer(cpu, (value & ~(uint64_t)EFER_LMA) | (env->efer & EFER_LMA));
    return true;
}

/* ---- others ---- */
static bool write_spec_ctrl(X86CPU *cpu, const MsrRow *row, uint32_t n, uint64_t value)
{
    uint64_t valid = 1 | (x86_has(&cpu->features, X86_FEAT_SSBD) ? 4 : 0) | (x86_has(&cpu->features, X86_FEAT_BHI_CTRL) ? 0x400 : 0); /* IBRS, SSBD, BHI_DIS_S */

    if (value & ~valid)
        return false;
    cpu->env.spec_ctrl = value;
    return true;
}

/* Only with all bits set or clear do machine-check controls make sense; any value is taken. STATUS, ADDR and MISC hold nothing. */
static bool read_mc(X86CPU *cpu, const MsrRow *row, uint32_t n, uint64_t *value)
{
    *value = n % 4 ? 0 : cpu->env.mc_ctl[n / 4];
    return true;
}

static bool write_mc(X86CPU *cpu, const MsrRow *row, uint32_t n, uint64_t value)
{
    if (n % 4)
        return value == 0;
    cpu->env.mc_ctl[n / 4] = value;
    return true;
}

static bool read_smbase(X86CPU *cpu, const MsrRow *row, uint32_t n, uint64_t *value)
{
    *value = cpu->env.smbase;
    return cpu->env.smm;
}

static bool has_tsc_aux(const X86CPU *cpu)
{
    return x86_has(&cpu->features, X86_FEAT_RDTSCP) || x86_has(&cpu->features, X86_FEAT_RDPID);
}

static bool read_tsc_aux(X86CPU *cpu, const MsrRow *row, uint32_t n, uint64_t *value)
{
    *value = cpu->env.tsc_aux;
    return has_tsc_aux(cpu);
}

static bool write_tsc_aux(X86CPU *cpu, const MsrRow *row, uint32_t n, uint64_t value)
{
    if (!has_tsc_aux(cpu) || value >> 32)
        return false;
    cpu->env.tsc_aux = value;
    return true;
}

/* SVM is not there; AMD's system configuration has no encryption. */
static bool read_amd(X86CPU *cpu, const MsrRow *row, uint32_t n, uint64_t *value)
{
    *value = *(uint64_t *)((char *)&cpu->env + row->offset);
    return cpu->is_amd;
}

static bool write_amd(X86CPU *cpu, const MsrRow *row, uint32_t n, uint64_t value)
{
    if (!cpu->is_amd || value & ~row->mask)
        return false;
    *(uint64_t *)((char *)&cpu->env + row->offset) = value;
    return true;
}

/* ---- the table ---- */
#define E(field) offsetof(CPUX86State, field)
#define FT(f) X86_FEAT_##f
#define ANY X86_FEAT_NONE
#define ALL_BITS (~0ull)

static const MsrRow rows[] = {
    { 0x00000000, 2,  "P5_MC_ADDR",         FT(MCE),               MSR_IGNORE,     0, 0, NULL, NULL },
    { 0x00000010, 1,  "TSC",                FT(TSC),               MSR_FIELD,      0, 0, read_tsc, write_tsc },
    { 0x00000017, 1,  "PLATFORM_ID",        ANY,                   MSR_CONST,      0, 0, NULL, NULL },
    { 0x0000001b, 1,  "APIC_BASE",          FT(APIC),              MSR_FIELD,      0, 0, read_apic_base, write_apic_base },
    { 0x0000003b, 1,  "TSC_ADJUST",         FT(TSC_ADJUST),        MSR_FIELD,      E(tsc_adjust), 0, NULL, write_tsc_adjust },
    { 0x00000048, 1,  "SPEC_CTRL",          FT(SPEC_CTRL),         MSR_FIELD,      E(spec_ctrl), 0, NULL, write_spec_ctrl },
    { 0x00000049, 1,  "PRED_CMD",           FT(SPEC_CTRL),         MSR_WRITE_ONLY, 0, 1, NULL, NULL },
    { 0x00000079, 1,  "BIOS_UPDT_TRIG",     ANY,                   MSR_WRITE_ONLY, 0, ALL_BITS, NULL, NULL },
    { 0x0000008b, 1,  "BIOS_SIGN_ID",       ANY,                   MSR_IGNORE,     0, 0x100000000, NULL, NULL },
    { 0x0000009e, 1,  "SMBASE",             ANY,                   MSR_FIELD,      E(smbase), 0, read_smbase, NULL },
    { 0x000000fe, 1,  "MTRRCAP",            FT(MTRR),              MSR_CONST,      0, 0x508, NULL, NULL }, /* WC, fixed ranges, 8 variable ones */
    { 0x0000010a, 1,  "ARCH_CAPABILITIES",  FT(ARCH_CAPABILITIES), MSR_CONST,      0, ARCH_CAPABILITIES, NULL, NULL },
    { 0x00000174, 1,  "SYSENTER_CS",        FT(SEP),               MSR_FIELD,      E(sysenter_cs), ALL_BITS, NULL, NULL },
    { 0x00000175, 1,  "SYSENTER_ESP",       FT(SEP),               MSR_CANONICAL,  E(sysenter_esp), 0, NULL, NULL },
    { 0x00000176, 1,  "SYSENTER_EIP",       FT(SEP),               MSR_CANONICAL,  E(sysenter_eip), 0, NULL, NULL },
    { 0x00000179, 1,  "MCG_CAP",            FT(MCA),               MSR_CONST,      0, 0x100 | X86_MC_BANKS, NULL, NULL },
    { 0x0000017a, 1,  "MCG_STATUS",         FT(MCA),               MSR_FIELD,      E(mcg_status), 7, NULL, NULL },
    { 0x0000017b, 1,  "MCG_CTL",            FT(MCA),               MSR_FIELD,      E(mcg_ctl), ALL_BITS, NULL, NULL },
    { 0x00000198, 1,  "PERF_STATUS",        ANY,                   MSR_CONST,      0, 1000 | 4ull << 40, NULL, NULL },
    { 0x000001a0, 1,  "MISC_ENABLE",        ANY,                   MSR_FIELD,      E(misc_enable), 0x400c51889, NULL, NULL },
    { 0x000001d9, 1,  "DEBUGCTL",           ANY,                   MSR_FIELD,      E(debugctl), 3, NULL, NULL },
    { 0x00000200, 16, "MTRR_PHYSBASE0",     FT(MTRR),              MSR_FIELD,      0, 0, x86_mtrr_read_var, x86_mtrr_write_var },
    { 0x00000250, 1,  "MTRR_FIX64K_00000",  FT(MTRR),              MSR_FIELD,      E(mtrr_fixed[0]), 0, NULL, x86_mtrr_write_fixed },
    { 0x00000258, 2,  "MTRR_FIX16K_80000",  FT(MTRR),              MSR_FIELD,      E(mtrr_fixed[1]), 0, NULL, x86_mtrr_write_fixed },
    { 0x00000268, 8,  "MTRR_FIX4K_C0000",   FT(MTRR),              MSR_FIELD,      E(mtrr_fixed[3]), 0, NULL, x86_mtrr_write_fixed },
    { 0x00000277, 1,  "PAT",                FT(PAT),               MSR_FIELD,      E(pat), 0, NULL, x86_pat_write },
    { 0x000002ff, 1,  "MTRR_DEF_TYPE",      FT(MTRR),              MSR_FIELD,      E(mtrr_def_type), 0, NULL, x86_mtrr_write_def_type },
    { 0x00000400, 4 * X86_MC_BANKS, "MC0_CTL", FT(MCA),            MSR_FIELD,      0, 0, read_mc, write_mc },
    { 0x000006e0, 1,  "TSC_DEADLINE",       FT(TSC_DEADLINE),      MSR_FIELD,      0, 0, read_apic, write_apic },
    { 0x00000800, 256, "X2APIC",            FT(X2APIC),            MSR_FIELD,      0, 0, read_apic, write_apic },
    { 0x00000da0, 1,  "XSS",                FT(XSAVES),            MSR_FIELD,      E(xss), 0, NULL, NULL },
    { 0xc0000080, 1,  "EFER",               ANY,                   MSR_FIELD,      E(efer), 0, NULL, write_efer },
    { 0xc0000081, 1,  "STAR",               FT(SYSCALL),           MSR_FIELD,      E(star), ALL_BITS, NULL, NULL },
    { 0xc0000082, 1,  "LSTAR",              FT(LM),                MSR_CANONICAL,  E(lstar), 0, NULL, NULL },
    { 0xc0000083, 1,  "CSTAR",              FT(LM),                MSR_CANONICAL,  E(cstar), 0, NULL, NULL },
    { 0xc0000084, 1,  "FMASK",              FT(LM),                MSR_FIELD,      E(sfmask), 0xffffffff, NULL, NULL },
    { 0xc0000100, 1,  "FS_BASE",            FT(LM),                MSR_CANONICAL,  E(segs[X86_SEG_FS].base), 0, NULL, NULL },
    { 0xc0000101, 1,  "GS_BASE",            FT(LM),                MSR_CANONICAL,  E(segs[X86_SEG_GS].base), 0, NULL, NULL },
    { 0xc0000102, 1,  "KERNEL_GS_BASE",     FT(LM),                MSR_CANONICAL,  E(kernel_gs_base), 0, NULL, NULL },
    { 0xc0000103, 1,  "TSC_AUX",            ANY,                   MSR_FIELD,      0, 0, read_tsc_aux, write_tsc_aux },
    { 0xc0010010, 1,  "SYSCFG",             ANY,                   MSR_FIELD,      E(amd_syscfg), 0x7c0000, read_amd, write_amd },
    { 0xc0010015, 1,  "HWCR",               ANY,                   MSR_FIELD,      E(amd_hwcr), 0xffffffff, read_amd, write_amd },
    { 0xc001001f, 1,  "NB_CFG",             ANY,                   MSR_FIELD,      E(amd_nb_cfg), ALL_BITS, read_amd, write_amd },
    { 0xc0010055, 1,  "INT_PENDING",        ANY,                   MSR_FIELD,      E(amd_int_pending), 0, read_amd, write_amd },
    { 0xc0011029, 1,  "DE_CFG",             ANY,                   MSR_FIELD,      E(amd_de_cfg), ALL_BITS, read_amd, write_amd },
};

const MsrRow *x86_msr_rows(size_t *n)
{
    *n = ARRAY_SIZE(rows);
    return rows;
}

const MsrRow *x86_msr_find(const X86CPU *cpu, uint32_t index)
{
    size_t low = 0, high = ARRAY_SIZE(rows);

    while (low < high) {
        size_t mid = (low + high) / 2;
        if (index < rows[mid].index)
            high = mid;
        else if (index - rows[mid].index >= rows[mid].count)
            low = mid + 1;
        else
            return x86_has(&cpu->features, rows[mid].feature) ? &rows[mid] : NULL;
    }
    return NULL;
}

static bool unknown(uint32_t index, const char *what)
{
    log_printf(LOG_GUEST_ERROR, "x86_64: %s of MSR 0x%x is refused\n", what, index);
    return false;
}

bool x86_read_msr(X86CPU *cpu, uint32_t index, uint64_t *value)
{
    const MsrRow *row = x86_msr_find(cpu, index);

    if (!row || row->kind == MSR_WRITE_ONLY)
        return unknown(index, "a read");
    if (row->read)
        return row->read(cpu, row, index - row->index, value);
    if (row->kind == MSR_CONST || row->kind == MSR_IGNORE)
        *value = row->mask;
    else
        *value = ((uint64_t *)((char *)&cpu->env + row->offset))[index - row->index];
    return true;
}

bool x86_write_msr(X86CPU *cpu, uint32_t index, uint64_t value)
{
    const MsrRow *row = x86_msr_find(cpu, index);

    if (!row || row->kind == MSR_CONST)
        return unknown(index, "a write");
    if (row->write)
        return row->write(cpu, row, index - row->index, value);
    if (row->kind == MSR_IGNORE)
        return true;
    if (row->kind == MSR_CANONICAL ? !x86_is_canonical(&cpu->env, value) : (value & ~row->mask) != 0)
        return unknown(index, "a write");
    if (row->kind != MSR_WRITE_ONLY)
        *(uint64_t *)((char *)&cpu->env + row->offset) = value;
    return true;
}
