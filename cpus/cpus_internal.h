/* SPDX-License-Identifier: MIT */
/* What the files of cpus/ share. */
#ifndef CPUS_CPUS_INTERNAL_H
#define CPUS_CPUS_INTERNAL_H

#include "cpus/cpu.h"

extern const CpuExecOps *cpu_exec_ops;
extern bool cpus_single_thread;

/* work.c: whether something is queued. */
bool cpu_has_queued_work(const CPUState *cpu);

/* alarm.c: the thread that wakes running vCPUs for their timers. */
void cpu_alarm_start(void);
void cpu_alarm_stop(void);
/* A vCPU's earliest deadline came nearer. Any thread. */
void cpu_alarm_update(void *cpu);

#endif
