/* SPDX-License-Identifier: MIT */
/* Registers of the generic timer, and CNTKCTL_EL1's traps of EL0 (D17.11). */
#include "base/bits.h"
#include "target/arm/internals.h"
#include "target/arm/timer.h"

#define EL0PCTEN (1u << 0)
#define EL0VCTEN (1u << 1)
#define EL0VTEN (1u << 8)
#define EL0PTEN (1u << 9)

static void require(ArmCPU *cpu, uint64_t any_of, uint32_t syndrome, uintptr_t ra)
{
    if (arm_el(&cpu->env) == 0 && !(cpu->env.cntkctl_el1 & any_of))
        arm_raise_sync(cpu, syndrome, NULL, ra);
}

#define CHECK_FN(name, bits) \
    static void name(ArmCPU *cpu, const ARMSysReg *r, bool is_read, uint32_t syndrome, uintptr_t ra) { require(cpu, bits, syndrome, ra); }
CHECK_FN(check_frq, EL0PCTEN | EL0VCTEN)
CHECK_FN(check_pct, EL0PCTEN)
CHECK_FN(check_vct, EL0VCTEN)
CHECK_FN(check_ptimer, EL0PTEN)
CHECK_FN(check_vtimer, EL0VTEN)

/* CNTP_* have CRm 2, CNTV_* CRm 3. */
static ArmTimerLine line_of(const ARMSysReg *r)
{
    return (r->enc >> 3 & 15) == 2 ? ARM_TIMER_PHYS : ARM_TIMER_VIRT;
}

static uint64_t read_count(ArmCPU *cpu, const ARMSysReg *r) { return arm_counter(cpu); }
static uint64_t read_ctl(ArmCPU *cpu, const ARMSysReg *r) { return arm_timer_get_ctl(cpu, line_of(r)); }
static uint64_t read_tval(ArmCPU *cpu, const ARMSysReg *r) { return arm_timer_get_tval(cpu, line_of(r)); }
static void write_ctl(ArmCPU *cpu, const ARMSysReg *r, uint64_t v) { arm_timer_set_ctl(cpu, line_of(r), v); }
static void write_cval(ArmCPU *cpu, const ARMSysReg *r, uint64_t v) { arm_timer_set_cval(cpu, line_of(r), v); }
static void write_tval(ArmCPU *cpu, const ARMSysReg *r, uint64_t v) { arm_timer_set_tval(cpu, line_of(r), v); }

#define TIMER_ROW(rname, crm, op2, wel, rd, wr, field, chk) \
    { .name = #rname, .enc = SYSREG_ENC(3, 3, 14, crm, op2), .min_el_read = EL0, .min_el_write = wel, .flags = SYSREG_IO, .read = rd, \
      .write = wr, .env_offset = field, .check = chk },

static const ARMSysReg rows[] = {
    { .name = "CNTKCTL_EL1", .enc = SYSREG_ENC(3, 0, 14, 1, 0), .min_el_read = EL1, .min_el_write = EL1, .mask = 0x3ff,
      .env_offset = ENV_OFFSET(cntkctl_el1) },
    /*        name          CRm op2 write */
    TIMER_ROW(CNTFRQ_EL0,    0,  0, EL1, NULL,       NULL,       ENV_OFFSET(cntfrq),    check_frq)
    TIMER_ROW(CNTPCT_EL0,    0,  1, ELX, read_count, NULL,       0,                     check_pct)
    TIMER_ROW(CNTVCT_EL0,    0,  2, ELX, read_count, NULL,       0,                     check_vct)
    TIMER_ROW(CNTP_TVAL_EL0, 2,  0, EL0, read_tval,  write_tval, 0,                     check_ptimer)
    TIMER_ROW(CNTP_CTL_EL0,  2,  1, EL0, read_ctl,   write_ctl,  0,                     check_ptimer)
    TIMER_ROW(CNTP_CVAL_EL0, 2,  2, EL0, NULL,       write_cval, ENV_OFFSET(cntp_cval), check_ptimer)
    TIMER_ROW(CNTV_TVAL_EL0, 3,  0, EL0, read_tval,  write_tval, 0,                     check_vtimer)
    TIMER_ROW(CNTV_CTL_EL0,  3,  1, EL0, read_ctl,   write_ctl,  0,                     check_vtimer)
    TIMER_ROW(CNTV_CVAL_EL0, 3,  2, EL0, NULL,       write_cval, ENV_OFFSET(cntv_cval), check_vtimer)
};
const ArmSysRegTable arm_sysregs_timer = { rows, ARRAY_SIZE(rows) };
