/* SPDX-License-Identifier: MIT */
/* What the system files of target/arm (registers, exceptions, timers, PMU) share among themselves and with ERET's helper. */
#ifndef TARGET_ARM_INTERNALS_H
#define TARGET_ARM_INTERNALS_H

#include "target/arm/cpu.h"

/* ---- exception.c ---- */
void arm_raise_undefined(ArmCPU *cpu, uintptr_t ra) __attribute__((noreturn));
/* PSTATE bits that the CPU's features give it. */
uint32_t arm_pstate_mask(const ArmCPU *cpu);
bool arm_interrupt_deliverable(const ArmCPU *cpu);
/* After PSTATE.I or F was cleared: makes the vCPU leave generated code if an interrupt waits. */
void arm_check_interrupts(ArmCPU *cpu);

/* ---- cpu.c ---- */
/* arm_reset but for the power state. */
void arm_reset_state(CPUState *cpu);
/* What MPIDR_EL1 of CPU index says. */
uint64_t arm_mpidr_of(const CpuTopology *t, unsigned index);
/* Drives an output line (timers, PMU); calls the board when the level changes. vCPU's thread, or while it is stopped. */
void arm_set_output(ArmCPU *cpu, ArmTimerLine line, bool level);

/* ---- pauth.c ---- */
/* After TCR_EL1 or the ID registers were set. */
void arm_pauth_refresh(ArmCPU *cpu);

/* ---- timer.c ---- */
#define ARM_TIMER_HZ 62500000ull
#define ARM_TIMER_PERIOD_NS (1000000000ull / ARM_TIMER_HZ)
void arm_timers_init(ArmCPU *cpu);
void arm_timers_reset(ArmCPU *cpu);
/* ---- pmu.c ---- */
void arm_pmu_init(ArmCPU *cpu);
void arm_pmu_reset(ArmCPU *cpu);
/* Brings the counters up to now, and sets the interrupt and the next overflow's timer. */
void arm_pmu_sync(ArmCPU *cpu);
bool arm_pmu_present(const ArmCPU *cpu);

/* ---- idregs.c ---- */
/* Parses "model,prop=val,..." into id, features, pauth; compatible may be NULL. */
typedef struct ArmModelConfig {
    ARMIdRegs id;
    PauthAlgorithm pauth;
    const char *dt_compatible;
} ArmModelConfig;
bool arm_model_parse(const char *spec, ArmModelConfig *out, GError **error);
uint64_t arm_features_of(const ARMIdRegs *id);
void arm_model_help(GString *out);
#define ARM_N_MODELS 6
extern const CpuModel arm_models[ARM_N_MODELS];

/* ---- sysreg tables ---- */
typedef struct ArmSysRegTable { const ARMSysReg *rows; unsigned n; } ArmSysRegTable;
extern const ArmSysRegTable arm_sysregs_id, arm_sysregs_vm, arm_sysregs_timer, arm_sysregs_pmu, arm_sysregs_debug, arm_sysregs_misc,
    arm_sysregs_cache, arm_sysregs_gic;
/* Sets constant-at-reset fields by the rows' architecture: called by arm_reset. */
void arm_sysregs_reset(ArmCPU *cpu);

#define ROW_ANY ARM_FEAT_base
#define EL0 0
#define EL1 1
#define ELX 2 /* never: no such access */

/* The field that a row names. */
static inline uint64_t *arm_sysreg_field(ArmCPU *cpu, const ARMSysReg *r) { return (uint64_t *)((char *)cpu + r->env_offset); }

#endif
