/* SPDX-License-Identifier: MIT */
/*
 * The list of vCPUs and their common initialisation.
 *
 * Read-copy-update without the wait: a vCPU is complete before a releasing store publishes it, in the list and in the array by
 * index, and since none is ever taken away no grace period is needed, and readers need neither a lock nor rcu_read_lock. A vCPU
 * may be added while threads run: a reader that misses it is one that came before.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "cpus/cpus_internal.h"

#define CPU_ALIGN 64 /* of the fields that vector instructions and cache lines care for */

static_assert(offsetof(CPUState, interrupt_request) % CPU_ALIGN == 0 && offsetof(CPUState, exception_index) % CPU_ALIGN == 0,
              "what others write has a cache line of its own");

static CPUState *first;              /* (a) */
static CPUState *last;               /* (B) */
static CPUState *by_index[CPUS_MAX]; /* (a) */
static int count;                    /* (a) */

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
    assert(index >= 0 && index < CPUS_MAX && !by_index[index]);
    cpu->target = target;
    cpu->index = index;
    cpu->exception_index = -1;
    cpu->timers = timer_list_new(cpu_alarm_update, cpu);
    cpu->park = cpus_single_thread ? rr_park() : &cpu->own_park;
    cpu_work_init(cpu);
    __atomic_store_n(&by_index[index], cpu, __ATOMIC_RELEASE);
    __atomic_store_n(last ? &last->next : &first, cpu, __ATOMIC_RELEASE);
    last = cpu;
    __atomic_fetch_add(&count, 1, __ATOMIC_RELEASE);
}

CPUState *cpu_first(void)
{
    return __atomic_load_n(&first, __ATOMIC_ACQUIRE);
}

CPUState *cpu_by_index(int index)
{
    return index >= 0 && index < CPUS_MAX ? __atomic_load_n(&by_index[index], __ATOMIC_ACQUIRE) : NULL;
}

int cpu_count(void)
{
    return __atomic_load_n(&count, __ATOMIC_ACQUIRE);
}

bool cpu_is_self(const CPUState *cpu)
{
    return cpu == current_cpu || rr_is_self();
}

bool cpu_self_in_exec(void)
{
    return current_cpu && __atomic_load_n(&current_cpu->running, __ATOMIC_RELAXED) != CPU_OUTSIDE;
}
