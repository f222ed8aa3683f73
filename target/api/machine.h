/* SPDX-License-Identifier: MIT */
/*
 * The machine's view of guest CPUs: how boards create them, wire interrupts to them, and lend them devices that are reached by
 * system registers. hw includes this and never target/arm or target/x86.
 */
#ifndef TARGET_API_MACHINE_H
#define TARGET_API_MACHINE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "cpus/cpu.h"

/* A CPU model of a guest architecture, and creation by name. */
typedef struct CpuModel { const char *name, *description; } CpuModel;
typedef struct CpuArch {
    const char *name;                                     /* "aarch64" */
    const struct TargetOps *ops;
    const CpuModel *models; unsigned n_models;
    /* Checks "-cpu model,prop=val,..." before anything is created; true: fine. */
    bool (*check)(const char *spec, GError **error);
    /* New vCPU, reset, halted when start_powered_off. Big lock held. */
    CPUState *(*create)(const char *spec, int index, bool start_powered_off, GError **error);
    void (*help)(GString *out);                           /* models and properties for "-cpu help" */
} CpuArch;
extern const CpuArch cpu_arch_aarch64;

/* ---- aarch64 ---- */
typedef enum ArmIrqLine { ARM_LINE_IRQ, ARM_LINE_FIQ, ARM_LINE_VIRQ, ARM_LINE_VFIQ } ArmIrqLine;
typedef enum ArmTimerLine { ARM_TIMER_PHYS, ARM_TIMER_VIRT, ARM_TIMER_HYP, ARM_TIMER_SEC, ARM_PMU_IRQ, ARM_NB_OUT_LINES } ArmTimerLine;

/* Inputs; any thread. */
void arm_cpu_set_irq(CPUState *cpu, ArmIrqLine line, bool level);
/* Outputs of the CPU (timer and PMU interrupts): fn is called on any thread when the level changes. */
void arm_cpu_set_output(CPUState *cpu, ArmTimerLine line, void (*fn)(void *opaque, int level), void *opaque);
uint64_t arm_cpu_mpidr(CPUState *cpu);
/* Register state for a direct kernel boot: x0 = dtb, pc = entry, EL1, everything else as after reset (Linux Documentation/arm64/booting). */
void arm_cpu_set_boot(CPUState *cpu, uint64_t pc, uint64_t x0);
uint64_t arm_timer_frequency_hz(CPUState *cpu);
/* The "compatible" strings of the CPU's device-tree node, and features the board must know. */
const char *arm_cpu_dt_compatible(CPUState *cpu);
bool arm_cpu_has_pmu(CPUState *cpu);

/* GICv3 CPU interface: ICC_* registers live in the interrupt controller. enc: op0:op1:CRn:CRm:op2 as op0<<14|op1<<11|crn<<7|crm<<3|op2. False: no such register (UNDEFINED). */
typedef struct ArmGicCpuIf {
    bool (*read)(void *opaque, CPUState *cpu, uint32_t enc, uint64_t *value);
    bool (*write)(void *opaque, CPUState *cpu, uint32_t enc, uint64_t value);
    void *opaque;
} ArmGicCpuIf;
void arm_cpu_set_gic(CPUState *cpu, const ArmGicCpuIf *gic); /* NULL members: ID_AA64PFR0_EL1.GIC is 0 */

/* PSCI by HVC (DEN0022), served by target/arm; SYSTEM_OFF and SYSTEM_RESET go to runstate_request. */
void arm_cpu_enable_psci_hvc(CPUState *cpu);

#endif
