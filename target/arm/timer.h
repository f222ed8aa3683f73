/* SPDX-License-Identifier: MIT */
/* The generic timer, between its registers (sysreg_timer.c) and its state (timer.c). line: ARM_TIMER_PHYS or ARM_TIMER_VIRT. */
#ifndef TARGET_ARM_TIMER_H
#define TARGET_ARM_TIMER_H

#include "target/arm/cpu.h"

/* CNTPCT_EL0 and, without EL2, CNTVCT_EL0. */
uint64_t arm_counter(ArmCPU *cpu);
/* Output and next deadline from CTL and CVAL. */
void arm_timer_update(ArmCPU *cpu, ArmTimerLine line);
uint64_t arm_timer_get_ctl(ArmCPU *cpu, ArmTimerLine line);
void arm_timer_set_ctl(ArmCPU *cpu, ArmTimerLine line, uint64_t value);
void arm_timer_set_cval(ArmCPU *cpu, ArmTimerLine line, uint64_t value);
uint64_t arm_timer_get_tval(ArmCPU *cpu, ArmTimerLine line);
void arm_timer_set_tval(ArmCPU *cpu, ArmTimerLine line, uint64_t value);

#endif
