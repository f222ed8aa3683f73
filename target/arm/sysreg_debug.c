/* SPDX-License-Identifier: MIT */
/*
 * Self-hosted debug registers (D17.3).
 *
 * What they do is in debug.c, which hears of every change. There is no external debugger: the debug communications channel is
 * empty and swallows what is sent.
 */
#include "base/bits.h"
#include "target/arm/debug.h"
#include "target/arm/internals.h"

#define MDSCR_SELF_HOSTED 0xb001ull /* MDE KDE TDCC SS */
#define MDSCR_ALL 0x6ce8f041ull     /* and those that mirror EDSCR: RXfull TXfull RXO TXU INTdis TDA SC2 HDE ERR */
#define MDSCR_TDCC (1u << 12)
#define OSLSR_OSLM_IMPLEMENTED 8u /* OSLM = 0b10: the OS lock is there */
#define CLAIM_TAGS 0xffu
#define BCR_BAS (15u << 5) /* RES1 without AArch32 */

/* Before a write that may make software step active: what comes next was not preceded by a stepped instruction then. */
static void before_change(ArmCPU *cpu)
{
    if (!arm_step_active(&cpu->env))
        cpu->env.step_iss = 0;
}

/* The mirrored bits may be written only while the OS lock is held, to save and restore them. */
static void write_mdscr(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    uint64_t mask = cpu->env.oslar_el1 & 1 ? MDSCR_ALL : MDSCR_SELF_HOSTED;
    before_change(cpu);
    cpu->env.mdscr_el1 = (cpu->env.mdscr_el1 & ~mask) | (value & mask);
    arm_debug_refresh(cpu);
}

static void check_dcc(ArmCPU *cpu, const ARMSysReg *r, bool is_read, uint32_t syndrome, uintptr_t ra)
{
    if (arm_el(&cpu->env) == 0 && (cpu->env.mdscr_el1 & MDSCR_TDCC))
        arm_raise_sync(cpu, syndrome, NULL, ra);
}

static void write_oslar(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    before_change(cpu);
    cpu->env.oslar_el1 = value & 1;
    arm_debug_refresh(cpu);
}

static void write_osdlr(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    before_change(cpu);
    cpu->env.osdlr_el1 = value & 1;
    arm_debug_refresh(cpu);
}

static void write_bvr(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    *arm_sysreg_field(cpu, r) = value;
    arm_debug_refresh(cpu);
}

static void write_bcr(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    *arm_sysreg_field(cpu, r) = value | BCR_BAS;
    arm_debug_refresh(cpu);
}

static void write_watch(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    arm_watch_write(cpu, r->enc >> 3 & 15, arm_sysreg_field(cpu, r), value);
}

static uint64_t read_oslsr(ArmCPU *cpu, const ARMSysReg *r)
{
    return OSLSR_OSLM_IMPLEMENTED | (cpu->env.oslar_el1 & 1) << 1;
}

static uint64_t read_claimset(ArmCPU *cpu, const ARMSysReg *r)
{
    return CLAIM_TAGS;
}

static void write_claimset(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    cpu->env.dbgclaim |= value & CLAIM_TAGS;
}

static void write_claimclr(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
    cpu->env.dbgclaim &= ~value;
}

static void write_ignored(ArmCPU *cpu, const ARMSysReg *r, uint64_t value)
{
}

#define DEBUG_ROW(rname, crn, crm, op2, fld, wmask, wr) \
    { .name = rname, .enc = SYSREG_ENC(2, 0, crn, crm, op2), .min_el_read = EL1, .min_el_write = EL1, .flags = SYSREG_EXIT, .mask = wmask, \
      .env_offset = ENV_OFFSET(fld), .write = wr },
/* A context-aware breakpoint's DBGBVR may hold any context ID: its low bits are kept. */
#define BREAK_ROW(n) \
    DEBUG_ROW("DBGBVR" #n "_EL1", 0, n, 4, dbgbvr[n], 0,          write_bvr) \
    DEBUG_ROW("DBGBCR" #n "_EL1", 0, n, 5, dbgbcr[n], 0x00ffe1e7, write_bcr) \
    DEBUG_ROW("DBGWVR" #n "_EL1", 0, n, 6, dbgwvr[n], ~3ull,      write_watch) \
    DEBUG_ROW("DBGWCR" #n "_EL1", 0, n, 7, dbgwcr[n], 0x1f1fffff, write_watch)
#define DBG_ROW(rname, crn, crm, op2, rel, wel, fld, wmask, rd, wr) \
    { .name = #rname, .enc = SYSREG_ENC(2, 0, crn, crm, op2), .min_el_read = rel, .min_el_write = wel, .env_offset = fld, .mask = wmask, \
      .read = rd, .write = wr },
#define DCC_ROW(rname, op1, crm, op2, el, wel) \
    { .name = #rname, .enc = SYSREG_ENC(2, op1, 0, crm, op2), .min_el_read = el, .min_el_write = wel, .write = write_ignored, .check = check_dcc },

static const ARMSysReg rows[] = {
    DCC_ROW(OSDTRRX_EL1,  0, 0, 2, EL1, EL1)
    DCC_ROW(OSDTRTX_EL1,  0, 3, 2, EL1, EL1)
    DCC_ROW(OSECCR_EL1,   0, 6, 2, EL1, EL1)
    DCC_ROW(MDCCSR_EL0,   3, 1, 0, EL0, ELX)
    DCC_ROW(DBGDTR_EL0,   3, 4, 0, EL0, EL0)
    DCC_ROW(DBGDTRTX_EL0, 3, 5, 0, EL0, EL0)
    /*      name              CRn CRm op2 read write field               mask */
    DBG_ROW(MDCCINT_EL1,        0,  2,  0, EL1, EL1, ENV_OFFSET(mdccint_el1), 0x60000000, NULL, NULL)
    DEBUG_ROW("MDSCR_EL1",      0,  2,  2, mdscr_el1, 0, write_mdscr)
    DBG_ROW(MDRAR_EL1,          1,  0,  0, EL1, ELX, 0, 0, NULL, NULL)
    { .name = "OSLAR_EL1", .enc = SYSREG_ENC(2, 0, 1, 0, 4), .min_el_read = ELX, .min_el_write = EL1, .flags = SYSREG_EXIT,
      .write = write_oslar },
    DBG_ROW(OSLSR_EL1,          1,  1,  4, EL1, ELX, 0, 0, read_oslsr, NULL)
    DEBUG_ROW("OSDLR_EL1",      1,  3,  4, osdlr_el1, 1, write_osdlr)
    DBG_ROW(DBGPRCR_EL1,        1,  4,  4, EL1, EL1, 0, 0, NULL, write_ignored)
    DBG_ROW(DBGCLAIMSET_EL1,    7,  8,  6, EL1, EL1, 0, 0, read_claimset, write_claimset)
    DBG_ROW(DBGCLAIMCLR_EL1,    7,  9,  6, EL1, EL1, ENV_OFFSET(dbgclaim), 0, NULL, write_claimclr)
    DBG_ROW(DBGAUTHSTATUS_EL1,  7, 14,  6, EL1, ELX, 0, 0, NULL, NULL)
    BREAK_ROW(0) BREAK_ROW(1) BREAK_ROW(2) BREAK_ROW(3) BREAK_ROW(4) BREAK_ROW(5) BREAK_ROW(6) BREAK_ROW(7)
    BREAK_ROW(8) BREAK_ROW(9) BREAK_ROW(10) BREAK_ROW(11) BREAK_ROW(12) BREAK_ROW(13) BREAK_ROW(14) BREAK_ROW(15)
};
const ArmSysRegTable arm_sysregs_debug = { rows, ARRAY_SIZE(rows) };
