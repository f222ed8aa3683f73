/* SPDX-License-Identifier: MIT */
/* The accelerator's entry points: set-up, and the loop that runs a vCPU. */
#ifndef ACCEL_EXEC_EXEC_H
#define ACCEL_EXEC_EXEC_H

#include <glib.h>

#include "cpus/cpu.h"
#include "target/api/target.h"

typedef struct AccelConfig {
    bool single_thread;     /* thread=single */
    bool interp;            /* host=interp */
    bool no_opt;            /* opt=off */
    uint64_t tb_size;       /* bytes; 0: an eighth of the memory that the cgroup allows, at most 256 MiB */
    uint32_t max_insns;     /* guest instructions a block, 1..TB_MAX_GUEST_INSNS; 0: the default */
    const char *host_features;
    uint32_t max_vcpus;     /* as many as the machine can ever have; 0: nobody knows */
    bool locked_atomics;    /* atomics=locked: as if there could be more */
} AccelConfig;

/* Before any vCPU is created. */
bool accel_init(const AccelConfig *config, const TargetOps *target, GError **error);
/* Prepares accel's part of a new vCPU: TLB, block thread data. */
void accel_init_cpu(CPUState *cpu);
/* Runs until the loop is needed: EXCP_*. */
int cpu_exec(CPUState *cpu);
void cpu_exec_step_atomic(CPUState *cpu);
/* Runs one block whose IR a test built, without a table; returns the host's exit. */
uint64_t accel_run_ir(CPUState *cpu, IRFunc *f, bool optimise);

#endif
