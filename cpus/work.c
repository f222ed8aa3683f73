/* SPDX-License-Identifier: MIT */
/*
 * Work queues: functions that run on a vCPU's thread between blocks, in the order of their arrival.
 *
 * An item that asks for it runs inside an exclusive section. A waiting caller must be outside cpu_exec_start..end: a vCPU that
 * waited there for another could be what that other's exclusive section waits for.
 */
#include <glib.h>

#include "base/sync_profile.h"
#include "cpus/cpus_internal.h"

typedef struct CpuWorkItem {
    CPUWorkFn *fn;
    void *data;
    struct CpuWorkItem *next;
    bool exclusive, waited, done; /* done: work_lock */
} CpuWorkItem;

bool cpu_has_queued_work(const CPUState *cpu)
{
    return __atomic_load_n(&cpu->work_first, __ATOMIC_ACQUIRE) != NULL;
}

/* Wakes the thread out of a stop: it does work while stopped. In rr it waits at the first vCPU. */
static void wake_stopped(CPUState *cpu)
{
    CPUState *at = cpus_single_thread ? cpu_first() : cpu;
    lock_acquire(&at->work_lock);
    cond_broadcast(&at->work_cond);
    lock_release(&at->work_lock);
    cpu_kick(cpu);
}

static void enqueue_locked(CPUState *cpu, CpuWorkItem *item)
{
    item->next = NULL;
    *cpu->work_last = item;
    cpu->work_last = &item->next;
}

static void enqueue(CPUState *cpu, CPUWorkFn *fn, void *data, bool exclusive)
{
    CpuWorkItem *item = g_new0(CpuWorkItem, 1);
    *item = (CpuWorkItem){ .fn = fn, .data = data, .exclusive = exclusive };
    lock_acquire(&cpu->work_lock);
    enqueue_locked(cpu, item);
    lock_release(&cpu->work_lock);
    wake_stopped(cpu);
}

void async_run_on_cpu(CPUState *cpu, CPUWorkFn *fn, void *data)
{
    enqueue(cpu, fn, data, false);
}

void async_safe_run_on_cpu(CPUState *cpu, CPUWorkFn *fn, void *data)
{
    enqueue(cpu, fn, data, true);
}

void run_on_cpu(CPUState *cpu, CPUWorkFn *fn, void *data)
{
    if (cpu_is_self(cpu) || !cpu->created) {
        fn(cpu, data);
        return;
    }
    bool had_big_lock = bql_locked();
    if (had_big_lock)
        bql_unlock();
    CpuWorkItem item = { .fn = fn, .data = data, .waited = true };
    lock_acquire(&cpu->work_lock);
    enqueue_locked(cpu, &item);
    lock_release(&cpu->work_lock);
    wake_stopped(cpu);
    lock_acquire(&cpu->work_lock);
    while (!item.done)
        cond_wait(&cpu->work_cond, &cpu->work_lock);
    lock_release(&cpu->work_lock);
    if (had_big_lock)
        bql_lock();
}

static void run_item(CPUState *cpu, CpuWorkItem *item)
{
    if (item->exclusive)
        start_exclusive();
    sync_event(SYNC_WORK);
    item->fn(cpu, item->data);
    if (item->exclusive)
        end_exclusive();
}

void cpu_process_work(CPUState *cpu)
{
    if (!cpu_has_queued_work(cpu))
        return;
    lock_acquire(&cpu->work_lock);
    while (cpu->work_first) {
        CpuWorkItem *item = cpu->work_first;
        cpu->work_first = item->next;
        if (!cpu->work_first)
            cpu->work_last = &cpu->work_first;
        lock_release(&cpu->work_lock);
        run_item(cpu, item);
        lock_acquire(&cpu->work_lock);
        if (item->waited)
            item->done = true; /* the item is the waiter's: not touched after the lock is released */
        else
            g_free(item);
    }
    cond_broadcast(&cpu->work_cond);
    lock_release(&cpu->work_lock);
}
