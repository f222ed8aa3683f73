/* SPDX-License-Identifier: MIT */
/*
 * Registers of the performance monitors (D17.5), and PMUSERENR_EL0's traps of EL0.
 *
 * Every access brings the counters up to date first, and recomputes the interrupt and the next overflow after a write.
 */
#include "base/bits.h"
#include "target/arm/internals.h"
#include "target/arm/pmu.h"

#define USER_EN 1u
#define USER_SW 2u
#define USER_CR 4u
#define USER_ER 8u
#define PMCR_P 2u
#define PMCR_C 4u
#define PMCR_STORED 0x79u /* E, D, X, DP, LC */
#define PMCR_IMP_ARM 0x41000000u
#define PMSELR_CYCLE 31u

static void require(ArmCPU *cpu, uint64_t any_of, uint32_t syndrome, uintptr_t ra)
{
    if (arm_el(&cpu->env) == 0 && !(cpu->env.pmuserenr & any_of))
        arm_raise_sync(cpu, syndrome, NULL, ra);
}

#define CHECK_FN(name, on_read, on_write) \
    static void name(ArmCPU *cpu, const ARMSysReg *r, bool is_read, uint32_t syndrome, uintptr_t ra) \
    { require(cpu, is_read ? (on_read) : (on_write), syndrome, ra); }
CHECK_FN(check_en, USER_EN, USER_EN)
CHECK_FN(check_sw, USER_EN | USER_SW, USER_EN | USER_SW)
CHECK_FN(check_cycles, USER_EN | USER_CR, USER_EN)
CHECK_FN(check_events, USER_EN | USER_ER, USER_EN)
CHECK_FN(check_select, USER_EN | USER_ER, USER_EN | USER_ER)

static uint64_t read_pmcr(ArmCPU *cpu, const ARMSysReg *r)
{
    return cpu->env.pmcr | PMCR_IMP_ARM | (uint64_t)cpu->id.n_pmu_counters << 11;
}

static void write_pmcr(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    arm_pmu_sync(cpu);
    if (value & PMCR_C)
        cpu->env.pmccntr = 0;
    if (value & PMCR_P)
        for (unsigned i = 0; i < cpu->id.n_pmu_counters; i++)
            cpu->env.pmevcntr[i] = 0;
    cpu->env.pmcr = value & PMCR_STORED;
    arm_pmu_sync(cpu);
}

static uint64_t read_synced_field(ArmCPU *cpu, const ARMSysReg *r)
{
    arm_pmu_sync(cpu);
    return *arm_sysreg_field(cpu, r);
}

static void write_field(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    arm_pmu_sync(cpu);
    *arm_sysreg_field(cpu, r) = value;
    arm_pmu_sync(cpu);
}

static void write_set(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    arm_pmu_sync(cpu);
    *arm_sysreg_field(cpu, r) |= value & arm_pmu_counter_mask(cpu);
    arm_pmu_sync(cpu);
}

static void write_clear(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    arm_pmu_sync(cpu);
    *arm_sysreg_field(cpu, r) &= ~value;
    arm_pmu_sync(cpu);
}

static void write_swinc(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    arm_pmu_sync(cpu);
    for (unsigned i = 0; i < cpu->id.n_pmu_counters; i++) {
        bool counting = (cpu->env.pmcr & 1) && (cpu->env.pmcnten >> i & 1);
        if (counting && (value >> i & 1) && (cpu->env.pmevtyper[i] & 0xffff) == PMU_EVENT_SW_INCR)
            arm_pmu_add(cpu, i, 1);
    }
    arm_pmu_sync(cpu);
}

/* The counter that PMXEV* name, by PMSELR_EL0.SEL; NULL for those that this CPU lacks: they read as zero and ignore writes. */
static uint64_t *selected_type(ArmCPU *cpu)
{
    unsigned n = cpu->env.pmselr;
    return n == PMSELR_CYCLE ? &cpu->env.pmccfiltr : n < cpu->id.n_pmu_counters ? &cpu->env.pmevtyper[n] : NULL;
}

static uint64_t read_pmxevtyper(ArmCPU *cpu, const ARMSysReg *r)
{
    uint64_t *p = selected_type(cpu);
    return p ? *p : 0;
}

static void write_pmxevtyper(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    uint64_t *p = selected_type(cpu);

    arm_pmu_sync(cpu);
    if (p)
        *p = value & (p == &cpu->env.pmccfiltr ? 0xc0000000ull : 0xc000ffffull);
    arm_pmu_sync(cpu);
}

static uint64_t read_pmxevcntr(ArmCPU *cpu, const ARMSysReg *r)
{
    arm_pmu_sync(cpu);
    return cpu->env.pmselr < cpu->id.n_pmu_counters ? cpu->env.pmevcntr[cpu->env.pmselr] : 0;
}

static void write_pmxevcntr(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    arm_pmu_sync(cpu);
    if (cpu->env.pmselr < cpu->id.n_pmu_counters)
        cpu->env.pmevcntr[cpu->env.pmselr] = (uint32_t)value;
    arm_pmu_sync(cpu);
}

#define PMU_ROW(rname, crm, op2, rel, wel, fld, wmask, rd, wr, chk) \
    { .name = #rname, .enc = SYSREG_ENC(3, 3, 9, crm, op2), .min_el_read = rel, .min_el_write = wel, .flags = SYSREG_IO, \
      .env_offset = fld, .mask = wmask, .read = rd, .write = wr, .check = chk },
#define PMU_EL1_ROW(rname, op2, wr) \
    { .name = #rname, .enc = SYSREG_ENC(3, 0, 9, 14, op2), .min_el_read = EL1, .min_el_write = EL1, .flags = SYSREG_IO, \
      .env_offset = ENV_OFFSET(pminten), .write = wr },
/* Counter n at CRm base + n / 8, op2 n % 8. */
#define COUNTER_ROW(n) \
    { .name = "PMEVCNTR" #n "_EL0", .enc = SYSREG_ENC(3, 3, 14, 8 + (n) / 8, (n) % 8), .flags = SYSREG_IO, .mask = 0xffffffff, \
      .env_offset = ENV_OFFSET(pmevcntr[n]), .read = read_synced_field, .write = write_field, .check = check_events }, \
    { .name = "PMEVTYPER" #n "_EL0", .enc = SYSREG_ENC(3, 3, 14, 12 + (n) / 8, (n) % 8), .flags = SYSREG_IO, .mask = 0xc000ffff, \
      .env_offset = ENV_OFFSET(pmevtyper[n]), .write = write_field, .check = check_en },

#define CNTEN ENV_OFFSET(pmcnten)
#define OVS ENV_OFFSET(pmovs)

static const ARMSysReg rows[] = {
    /*      name           CRm op2 read write field              mask                        */
    PMU_ROW(PMCR_EL0,       12, 0, EL0, EL0, 0,                     0, read_pmcr,         write_pmcr,  check_en)
    PMU_ROW(PMCNTENSET_EL0, 12, 1, EL0, EL0, CNTEN,                 0, NULL,              write_set,   check_en)
    PMU_ROW(PMCNTENCLR_EL0, 12, 2, EL0, EL0, CNTEN,                 0, NULL,              write_clear, check_en)
    PMU_ROW(PMOVSCLR_EL0,   12, 3, EL0, EL0, OVS,                   0, read_synced_field, write_clear, check_en)
    PMU_ROW(PMSWINC_EL0,    12, 4, ELX, EL0, 0,                     0, NULL,              write_swinc, check_sw)
    PMU_ROW(PMSELR_EL0,     12, 5, EL0, EL0, ENV_OFFSET(pmselr), 0x1f, NULL,              NULL,        check_select)
    { .name = "PMCEID0_EL0", .enc = SYSREG_ENC(3, 3, 9, 12, 6), .min_el_write = ELX, .env_offset = offsetof(ArmCPU, id.pmceid0), .check = check_en },
    { .name = "PMCEID1_EL0", .enc = SYSREG_ENC(3, 3, 9, 12, 7), .min_el_write = ELX, .env_offset = offsetof(ArmCPU, id.pmceid1), .check = check_en },
    PMU_ROW(PMCCNTR_EL0,    13, 0, EL0, EL0, ENV_OFFSET(pmccntr),   0, read_synced_field, write_field, check_cycles)
    PMU_ROW(PMXEVTYPER_EL0, 13, 1, EL0, EL0, 0,                     0, read_pmxevtyper,   write_pmxevtyper, check_en)
    PMU_ROW(PMXEVCNTR_EL0,  13, 2, EL0, EL0, 0,                     0, read_pmxevcntr,    write_pmxevcntr,  check_events)
    PMU_ROW(PMUSERENR_EL0,  14, 0, EL0, EL1, ENV_OFFSET(pmuserenr), 0xf, NULL,            NULL,        NULL)
    PMU_ROW(PMOVSSET_EL0,   14, 3, EL0, EL0, OVS,                   0, read_synced_field, write_set,   check_en)
    PMU_EL1_ROW(PMINTENSET_EL1, 1, write_set)
    PMU_EL1_ROW(PMINTENCLR_EL1, 2, write_clear)
    { .name = "PMCCFILTR_EL0", .enc = SYSREG_ENC(3, 3, 14, 15, 7), .flags = SYSREG_IO, .mask = 0xc0000000,
      .env_offset = ENV_OFFSET(pmccfiltr), .write = write_field, .check = check_en },
    COUNTER_ROW(0) COUNTER_ROW(1) COUNTER_ROW(2) COUNTER_ROW(3) COUNTER_ROW(4) COUNTER_ROW(5) COUNTER_ROW(6) COUNTER_ROW(7)
    COUNTER_ROW(8) COUNTER_ROW(9) COUNTER_ROW(10) COUNTER_ROW(11) COUNTER_ROW(12) COUNTER_ROW(13) COUNTER_ROW(14) COUNTER_ROW(15)
    COUNTER_ROW(16) COUNTER_ROW(17) COUNTER_ROW(18) COUNTER_ROW(19) COUNTER_ROW(20) COUNTER_ROW(21) COUNTER_ROW(22) COUNTER_ROW(23)
    COUNTER_ROW(24) COUNTER_ROW(25) COUNTER_ROW(26) COUNTER_ROW(27) COUNTER_ROW(28) COUNTER_ROW(29) COUNTER_ROW(30)
};
const ArmSysRegTable arm_sysregs_pmu = { rows, ARRAY_SIZE(rows) };
