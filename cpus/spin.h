/* SPDX-License-Identifier: MIT */
/*
 * Guests that wait by polling: see spin.c.
 */
#ifndef CPUS_SPIN_H
#define CPUS_SPIN_H

#include <stdbool.h>
#include <stdint.h>

typedef struct CPUState CPUState;

/* A vCPU's own data, part of CPUState (v). */
typedef struct CpuSpin {
    int core;          /* (a) one more than the number of the host's core on which guest code was last entered; 0: asleep, or not known */
    uint32_t polls;    /* hints since the last look */
    bool may_sleep;    /* the guest allows the next EXCP_YIELD to sleep sleep_ns, whether others want the core or not */
    int64_t sleep_ns;  /* of the last sleep */
    int64_t ended_ns;  /* CLOCK_RT at its end */
} CpuSpin;

/* How much a hint counts: PAUSE and YIELD stand in loops of a few instructions, WFE says that it may take long. */
#define CPU_SPIN_POLL 1u
#define CPU_SPIN_WAIT 8u

/* The guest executed a hint that it polls for another CPU's doing. True: the vCPU leaves guest code with EXCP_YIELD, so that others can run. Own thread. */
bool cpu_spin_poll(CPUState *cpu, unsigned weight);
/* The guest gives up the CPU for ns nanoseconds, or less if anything happens (WFE, MWAIT); below 0: as long as a spinning vCPU. EXCP_YIELD is to follow. */
void cpu_spin_may_sleep(CPUState *cpu, int64_t ns);

/* ---- for the threads' loop ---- */
/* Guest code was left with EXCP_YIELD: how long to sleep, unless kicked. Then cpu_spin_end. */
int64_t cpu_spin_begin(CPUState *cpu);
void cpu_spin_end(CPUState *cpu);
/* A vCPU's thread wants a host core (1), or does not any more (-1). */
void cpu_spin_count_awake(int change);
/* It enters guest code, and it goes to sleep, which counts. */
void cpu_spin_enter(CPUState *cpu);
void cpu_spin_sleeps(CPUState *cpu);

#endif
