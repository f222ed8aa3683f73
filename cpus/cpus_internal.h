/* SPDX-License-Identifier: MIT */
/* What the files of cpus/ share. */
#ifndef CPUS_CPUS_INTERNAL_H
#define CPUS_CPUS_INTERNAL_H

#include "cpus/cpu.h"

extern const CpuExecOps *cpu_exec_ops;
extern bool cpus_single_thread;

/* ---- list.c ---- */
/* Whether this thread is inside cpu_exec_start..end, where it may wait for no vCPU. */
bool cpu_self_in_exec(void);

/* ---- work.c ---- */
void cpu_work_init(CPUState *cpu);
/* From here on work is left to cpu's thread. */
void cpu_work_open(CPUState *cpu);
/* The thread ends: does what is queued; from here on run_on_cpu runs in its caller. */
void cpu_work_close(CPUState *cpu);
/* Does the work that somebody waits for, and what was queued before it. */
void cpu_process_waited_work(CPUState *cpu);

/* ---- threads.c ---- */
bool cpus_quitting(void);
/* On the thread that is to run cpu: it is there. */
void cpu_thread_begin(CPUState *cpu);
void cpu_thread_end(CPUState *cpu);
/* Forgets kicks of cpu. A fence (park_begin) is to follow before their reasons are looked at. */
void cpu_forget_kick(CPUState *cpu);
/* Runs guest code until something wants the loop. Returns EXCP_*. */
int cpu_run(CPUState *cpu);
bool cpu_is_idle(CPUState *cpu);

/* ---- pause.c ---- */
/* cpu gets a thread: whether it starts stopped. */
void cpu_pause_join(CPUState *cpu);
void cpu_pause_created(CPUState *cpu, bool created);
void cpu_pause_wait_created(CPUState *cpu);
/* On cpu's thread: was asked to stop? Then it is stopped when this returns, waited work done. */
bool cpu_stop_here(CPUState *cpu);

/* ---- rr.c ---- */
/* This thread runs all vCPUs in turn. */
bool rr_is_self(void);
Park *rr_park(void);
/* Before the vCPUs are started; there is one at least. */
void rr_init(void);
void rr_adopt(CPUState *cpu);
void rr_join(void);
/* cpu is kicked: whoever runs is to give way. */
void rr_kick(CPUState *cpu);

/* ---- alarm.c: the thread that wakes running vCPUs for their timers ---- */
void cpu_alarm_start(void);
void cpu_alarm_stop(void);
/* A vCPU's earliest deadline came nearer. Any thread. */
void cpu_alarm_update(void *cpu);

#endif
