/* SPDX-License-Identifier: MIT */
/* GICv3 CPU interface registers: forwarded to the interrupt controller that the board wired up; absent without one. */
#include "base/bits.h"
#include "target/arm/internals.h"

static uint64_t read_icc(ArmCPU *cpu, const ARMSysReg *r)
{
    uint64_t value = 0;
    if (!cpu->gic.read(cpu->gic.opaque, &cpu->parent, r->enc, &value))
        arm_raise_undefined(cpu, cpu->sysreg_ra);
    return value;
}

static void write_icc(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    if (!cpu->gic.write(cpu->gic.opaque, &cpu->parent, r->enc, value))
        arm_raise_undefined(cpu, cpu->sysreg_ra);
}

#define ICC_ROW(rname, crn, crm, op2, rel, wel) \
    { .name = #rname, .enc = SYSREG_ENC(3, 0, crn, crm, op2), .min_el_read = rel, .min_el_write = wel, .flags = SYSREG_IO, \
      .read = read_icc, .write = write_icc },

static const ARMSysReg rows[] = {
    /*      name             CRn CRm op2 read write */
    ICC_ROW(ICC_PMR_EL1,      4,  6,  0, EL1, EL1)
    ICC_ROW(ICC_IAR0_EL1,    12,  8,  0, EL1, ELX)
    ICC_ROW(ICC_EOIR0_EL1,   12,  8,  1, ELX, EL1)
    ICC_ROW(ICC_HPPIR0_EL1,  12,  8,  2, EL1, ELX)
    ICC_ROW(ICC_BPR0_EL1,    12,  8,  3, EL1, EL1)
    ICC_ROW(ICC_AP0R0_EL1,   12,  8,  4, EL1, EL1)
    ICC_ROW(ICC_AP0R1_EL1,   12,  8,  5, EL1, EL1)
    ICC_ROW(ICC_AP0R2_EL1,   12,  8,  6, EL1, EL1)
    ICC_ROW(ICC_AP0R3_EL1,   12,  8,  7, EL1, EL1)
    ICC_ROW(ICC_AP1R0_EL1,   12,  9,  0, EL1, EL1)
    ICC_ROW(ICC_AP1R1_EL1,   12,  9,  1, EL1, EL1)
    ICC_ROW(ICC_AP1R2_EL1,   12,  9,  2, EL1, EL1)
    ICC_ROW(ICC_AP1R3_EL1,   12,  9,  3, EL1, EL1)
    ICC_ROW(ICC_DIR_EL1,     12, 11,  1, ELX, EL1)
    ICC_ROW(ICC_RPR_EL1,     12, 11,  3, EL1, ELX)
    ICC_ROW(ICC_SGI1R_EL1,   12, 11,  5, ELX, EL1)
    ICC_ROW(ICC_ASGI1R_EL1,  12, 11,  6, ELX, EL1)
    ICC_ROW(ICC_SGI0R_EL1,   12, 11,  7, ELX, EL1)
    ICC_ROW(ICC_IAR1_EL1,    12, 12,  0, EL1, ELX)
    ICC_ROW(ICC_EOIR1_EL1,   12, 12,  1, ELX, EL1)
    ICC_ROW(ICC_HPPIR1_EL1,  12, 12,  2, EL1, ELX)
    ICC_ROW(ICC_BPR1_EL1,    12, 12,  3, EL1, EL1)
    ICC_ROW(ICC_CTLR_EL1,    12, 12,  4, EL1, EL1)
    ICC_ROW(ICC_SRE_EL1,     12, 12,  5, EL1, EL1)
    ICC_ROW(ICC_IGRPEN0_EL1, 12, 12,  6, EL1, EL1)
    ICC_ROW(ICC_IGRPEN1_EL1, 12, 12,  7, EL1, EL1)
};
const ArmSysRegTable arm_sysregs_gic = { rows, ARRAY_SIZE(rows) };
