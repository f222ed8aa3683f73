/* SPDX-License-Identifier: MIT */
/* The performance monitors, between their registers (sysreg_pmu.c) and the counters (pmu.c). */
#ifndef TARGET_ARM_PMU_H
#define TARGET_ARM_PMU_H

#include "target/arm/cpu.h"

#define PMU_CYCLE_COUNTER 31
#define PMU_EVENT_SW_INCR 0x00
#define PMU_EVENT_CPU_CYCLES 0x11

/* Bits of the counters that this CPU has, as in PMCNTENSET_EL0. */
uint64_t arm_pmu_counter_mask(const ArmCPU *cpu);
/* Adds to a counter, noting its overflow; arm_pmu_sync is called afterwards. */
void arm_pmu_add(ArmCPU *cpu, unsigned n, uint64_t count);

#endif
