/* SPDX-License-Identifier: MIT */
/* PSCI 1.1 and the SMC calling convention's version call, by HVC (Arm DEN0022, DEN0028). */
#ifndef TARGET_ARM_PSCI_H
#define TARGET_ARM_PSCI_H

#include "target/arm/cpu.h"

/*
 * Serves the call in x0..x3 on the vCPU's own thread, x0 gets the result. False: not a function of PSCI or SMCCC, x0 = -1.
 * CPU_OFF, SYSTEM_OFF and SYSTEM_RESET do not return (cpu_loop_exit).
 */
bool arm_psci_call(ArmCPU *cpu);

#endif
