/* SPDX-License-Identifier: MIT */
/*
 * Work queues: functions that run on a vCPU's thread between blocks, in the order of their arrival.
 *
 *   any thread: push on work_new (compare-and-swap), kick  ->  the vCPU's thread: takes all of work_new, turns it round, appends
 *                                                              it to work_todo; runs the first of that, one after the other
 *
 * Bit 0 of work_new says that a thread serves the queue. run_on_cpu looks at it and pushes in one step, so that an item can be
 * neither left behind by a thread that ends nor waited for where there is none; then the caller runs it.
 *
 * Waiting. An item of run_on_cpu lives on its caller's stack, and its Park says when it is done. A caller that is a vCPU's thread
 * sleeps at its vCPU's place instead, is kicked when the item is done, and serves its own queue until then: two vCPUs whose
 * functions wait for each other's go on. It must be outside cpu_exec_start..end: inside, it could be what the other's exclusive
 * section waits for. An owner of an exclusive section must not wait either: the other vCPU may be held back at cpu_exec_start.
 *
 * A paused vCPU does only what somebody waits for, and what came before it, so that whoever paused it can use its state. The rest
 * waits until it goes on.
 */
#include <assert.h>
#include <glib.h>

#include "base/sync_profile.h"
#include "cpus/cpus_internal.h"

#define WORK_OPEN ((uintptr_t)1)

typedef struct CpuWorkItem {
    CPUWorkFn *fn;
    void *data;
    struct CpuWorkItem *next;
    bool exclusive, waited;
    CPUState *waiter; /* the vCPU whose thread waits, if it is one */
    Park done;
} CpuWorkItem;

void cpu_work_init(CPUState *cpu)
{
    cpu->work_todo_last = &cpu->work_todo;
}

void cpu_work_open(CPUState *cpu)
{
    __atomic_fetch_or(&cpu->work_new, WORK_OPEN, __ATOMIC_SEQ_CST);
}

/* False, and nothing is queued, if a thread is needed and there is none. */
static bool push(CPUState *cpu, CpuWorkItem *item)
{
    uintptr_t old = __atomic_load_n(&cpu->work_new, __ATOMIC_RELAXED);
    do {
        if (item->waited && !(old & WORK_OPEN))
            return false;
        item->next = (CpuWorkItem *)(old & ~WORK_OPEN);
    } while (!__atomic_compare_exchange_n(&cpu->work_new, &old, (uintptr_t)item | (old & WORK_OPEN), true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    cpu_kick(cpu);
    return true;
}

static void push_new(CPUState *cpu, CPUWorkFn *fn, void *data, bool exclusive)
{
    CpuWorkItem *item = g_new(CpuWorkItem, 1);
    *item = (CpuWorkItem){ .fn = fn, .data = data, .exclusive = exclusive };
    push(cpu, item);
}

void async_run_on_cpu(CPUState *cpu, CPUWorkFn *fn, void *data)
{
    push_new(cpu, fn, data, false);
}

void async_safe_run_on_cpu(CPUState *cpu, CPUWorkFn *fn, void *data)
{
    push_new(cpu, fn, data, true);
}

/* Appends what others have queued to what is to be done. */
static void take_new(CPUState *cpu)
{
    if (!(__atomic_load_n(&cpu->work_new, __ATOMIC_RELAXED) & ~WORK_OPEN))
        return;
    CpuWorkItem *newest = (CpuWorkItem *)(__atomic_fetch_and(&cpu->work_new, WORK_OPEN, __ATOMIC_SEQ_CST) & ~WORK_OPEN);
    CpuWorkItem *oldest = NULL, **last = &newest->next;
    while (newest) {
        CpuWorkItem *next = newest->next;
        cpu->work_waited += newest->waited;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    *cpu->work_todo_last = oldest;
    cpu->work_todo_last = last;
}

static CpuWorkItem *pop(CPUState *cpu)
{
    CpuWorkItem *item = cpu->work_todo;
    cpu->work_todo = item->next;
    if (!cpu->work_todo)
        cpu->work_todo_last = &cpu->work_todo;
    cpu->work_waited -= item->waited;
    return item;
}

static void finish(CpuWorkItem *item)
{
    CPUState *waiter = item->waiter;
    if (!item->waited) {
        g_free(item);
        return;
    }
    park_wake(&item->done); /* the item is its caller's again */
    if (waiter)
        cpu_kick(waiter);
}

static void run_first(CPUState *cpu)
{
    CpuWorkItem *item = pop(cpu);
    if (item->exclusive)
        start_exclusive();
    sync_event(SYNC_WORK);
    item->fn(cpu, item->data);
    if (item->exclusive)
        end_exclusive();
    finish(item);
}

void cpu_process_work(CPUState *cpu)
{
    for (take_new(cpu); cpu->work_todo; take_new(cpu))
        run_first(cpu);
}

void cpu_process_waited_work(CPUState *cpu)
{
    for (take_new(cpu); cpu->work_waited; take_new(cpu))
        run_first(cpu);
}

void cpu_work_close(CPUState *cpu)
{
    uintptr_t empty;
    do {
        cpu_process_work(cpu);
        empty = WORK_OPEN;
    } while (!__atomic_compare_exchange_n(&cpu->work_new, &empty, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
}

/* rr: the caller's thread is cpu's, too. */
static void run_here(CPUState *cpu, CPUWorkFn *fn, void *data)
{
    CPUState *self = current_cpu;
    current_cpu = cpu;
    cpu_process_work(cpu); /* what was queued before comes first */
    fn(cpu, data);
    current_cpu = self;
}

static void wait_as_vcpu(CPUState *self, const CpuWorkItem *item)
{
    park_begin(self->park);
    while (!park_woken(&item->done)) {
        cpu_process_work(self);
        park_sleep(self->park, -1);
        park_begin(self->park);
    }
    park_wake(self->park); /* what was begun further out is to look again: this may have taken its wake-up */
}

void run_on_cpu(CPUState *cpu, CPUWorkFn *fn, void *data)
{
    CpuWorkItem item = { .fn = fn, .data = data, .waited = true, .waiter = current_cpu };
    if (cpu == current_cpu) {
        fn(cpu, data);
        return;
    }
    assert(!cpu_self_in_exec() && !in_exclusive_section());
    if (rr_is_self()) {
        run_here(cpu, fn, data);
    } else if (!push(cpu, &item)) {
        fn(cpu, data);
    } else {
        bool had_big_lock = bql_locked();
        if (had_big_lock)
            bql_unlock();
        lock_check_none_held("run_on_cpu");
        if (current_cpu)
            wait_as_vcpu(current_cpu, &item);
        else
            park_sleep(&item.done, -1);
        if (had_big_lock)
            bql_lock();
    }
}
