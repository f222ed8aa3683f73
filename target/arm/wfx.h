/* SPDX-License-Identifier: MIT */
/* Helpers of WFI, WFE, SEV and YIELD. */
#ifndef TARGET_ARM_WFX_H
#define TARGET_ARM_WFX_H

#include "accel/ir/helper.h"
#include "cpus/cpu.h"

void helper_wfi(CPUState *cpu);
void helper_wfe(CPUState *cpu);
void helper_yield(CPUState *cpu);
void helper_sev(CPUState *cpu);
void helper_sevl(CPUState *cpu);

#define HELPER IR_HELPER_DECLARE
#include "target/arm/helper_sys.def"
#undef HELPER

#endif
