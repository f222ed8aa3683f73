/* SPDX-License-Identifier: MIT */
/* The list of vCPUs and their common initialisation. vCPUs are appended and never removed while threads run, so readers need no lock. */
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "cpus/cpus_internal.h"

#define CPU_ALIGN 64 /* of the fields that vector instructions and cache lines care for */

static CPUState *first;  /* (a) */
static CPUState *last;   /* (B) */
static int count;        /* (a) */

__thread CPUState *current_cpu;
const CpuExecOps *cpu_exec_ops;

void cpus_set_exec_ops(const CpuExecOps *ops)
{
    cpu_exec_ops = ops;
}

void *cpu_alloc(size_t size, int index, GError **error)
{
    void *cpu = aligned_alloc(CPU_ALIGN, ALIGN_UP(size, CPU_ALIGN));
    if (cpu)
        memset(cpu, 0, size);
    else
        error_set(error, "no memory for CPU %d", index);
    return cpu;
}

void cpu_init_common(CPUState *cpu, const struct TargetOps *target, int index)
{
    cpu->target = target;
    cpu->index = index;
    cpu->exception_index = -1;
    cpu->timers = timer_list_new(cpu_alarm_update, cpu);
    lock_init(&cpu->work_lock, LOCK_CPU_WORK, "vCPU work queue");
    cond_init(&cpu->work_cond);
    lock_init(&cpu->leave_lock, LOCK_CPU_WORK, "vCPU's leaving");
    cond_init(&cpu->leave_cond);
    cpu->halt_lock = &cpu->work_lock;
    cpu->halt_cond = &cpu->work_cond;
    cpu->work_last = &cpu->work_first;
    if (last)
        __atomic_store_n(&last->next, cpu, __ATOMIC_RELEASE);
    else
        __atomic_store_n(&first, cpu, __ATOMIC_RELEASE);
    last = cpu;
    __atomic_fetch_add(&count, 1, __ATOMIC_RELEASE);
}

CPUState *cpu_first(void)
{
    return __atomic_load_n(&first, __ATOMIC_ACQUIRE);
}

CPUState *cpu_by_index(int index)
{
    CPU_FOREACH (cpu) {
        if (cpu->index == index)
            return cpu;
    }
    return NULL;
}

int cpu_count(void)
{
    return __atomic_load_n(&count, __ATOMIC_ACQUIRE);
}
