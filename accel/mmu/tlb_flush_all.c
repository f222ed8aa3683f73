/* SPDX-License-Identifier: MIT */
/*
 * TLB flushes that reach every vCPU.
 *
 * A request is put on each other vCPU's list, which that vCPU works off before it runs guest code (mmu_apply_pending). One that is
 * not inside cpu_exec_start..end is not even woken: it sets cpu->running, with a fence, before it looks at its list, and the
 * requester puts the request there, with a fence, before it looks at cpu->running. When some vCPU was running, it is told to
 * leave generated code, and the requester gets a piece of work that needs an exclusive section: when the requester's block ends
 * and its queue is worked off, all others have left, so no access by an old entry is under way any more.
 *
 * A list is short; a flush of everything stands for what does not fit. Nothing here takes the big lock.
 */
#include "accel/mmu/mmu_internal.h"
#include "base/sync_profile.h"

static void apply(CPUState *cpu, const FlushRequest *r)
{
    switch (r->kind) {
    case FLUSH_WHOLE:
        mmu_flush(cpu, r->idx_mask);
        break;
    case FLUSH_ASID:
        mmu_flush_asid(cpu, r->asid, r->idx_mask);
        break;
    case FLUSH_RANGE:
        mmu_flush_range(cpu, r->va, r->n_pages, r->page_bits, r->asid, r->idx_mask);
        break;
    }
}

void mmu_apply_pending(CPUState *cpu)
{
    CpuMmu *m = cpu->mmu;
    FlushRequest todo[TLB_PENDING];
    if (LIKELY(!__atomic_load_n(&m->n_pending, __ATOMIC_ACQUIRE)))
        return;
    lock_acquire(&m->lock);
    unsigned n = m->n_pending;
    for (unsigned i = 0; i < n; i++)
        todo[i] = m->pending[i];
    __atomic_store_n(&m->n_pending, 0, __ATOMIC_RELAXED);
    lock_release(&m->lock);
    for (unsigned i = 0; i < n; i++)
        apply(cpu, &todo[i]);
}

/* Puts r on cpu's list. True: cpu is running guest code. */
static bool send(CPUState *cpu, const FlushRequest *r)
{
    CpuMmu *m = cpu->mmu;
    lock_acquire(&m->lock);
    if (m->n_pending == TLB_PENDING) {
        m->pending[0] = (FlushRequest){ .kind = FLUSH_WHOLE, .idx_mask = ~0u };
        m->n_pending = 1;
    } else {
        m->pending[m->n_pending] = *r;
        __atomic_store_n(&m->n_pending, m->n_pending + 1, __ATOMIC_RELEASE);
    }
    lock_release(&m->lock);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return __atomic_load_n(&cpu->running, __ATOMIC_SEQ_CST);
}

/* The exclusive section is all that is wanted. */
static void others_have_left(CPUState *cpu, void *data)
{
}

static void broadcast(CPUState *src, const FlushRequest *r)
{
    bool wait = false;
    sync_event(SYNC_TLB_BROADCAST);
    CPU_FOREACH (cpu) {
        if (cpu == src || !cpu->mmu || !send(cpu, r))
            continue;
        cpu_exit(cpu);
        wait = true;
    }
    apply(src, r);
    if (wait)
        async_safe_run_on_cpu(src, others_have_left, NULL);
}

void mmu_flush_all(CPUState *src, uint32_t idx_mask)
{
    broadcast(src, &(FlushRequest){ .kind = FLUSH_WHOLE, .idx_mask = idx_mask });
}

void mmu_flush_asid_all(CPUState *src, uint32_t asid, uint32_t idx_mask)
{
    broadcast(src, &(FlushRequest){ .kind = FLUSH_ASID, .asid = asid, .idx_mask = idx_mask });
}

void mmu_flush_range_all(CPUState *src, uint64_t va, uint64_t n_pages, unsigned page_bits, uint32_t asid, uint32_t idx_mask)
{
    broadcast(src, &(FlushRequest){ FLUSH_RANGE, va, n_pages, page_bits, asid, idx_mask });
}

static void flush_everything(CPUState *cpu, void *data)
{
    mmu_flush(cpu, ~0u);
}

void mmu_commit_listener(void *opaque)
{
    CPU_FOREACH (cpu) {
        if (!cpu->mmu)
            continue;
        if (cpu == current_cpu || !cpu->created)
            flush_everything(cpu, NULL);
        else
            async_run_on_cpu(cpu, flush_everything, NULL);
    }
}
