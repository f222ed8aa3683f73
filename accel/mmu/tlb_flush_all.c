/* SPDX-License-Identifier: MIT */
/*
 * TLB flushes that reach every vCPU.
 *
 * The others get the flush as queued work, which they do before they run guest code again. The vCPU that asks does its own at
 * once, and gets a piece of work that needs an exclusive section: when its block ends and the queue is worked off, all others
 * have left generated code, so no access by an old entry is under way any more, and they find their work before they go on.
 * Nothing here takes the big lock.
 */
#include "accel/mmu/mmu_internal.h"

typedef struct FlushRequest {
    enum { FLUSH_WHOLE, FLUSH_ASID, FLUSH_RANGE } kind;
    uint64_t va, n_pages;
    unsigned page_bits;
    uint32_t asid, idx_mask;
} FlushRequest;

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

static void apply_work(CPUState *cpu, void *data)
{
    apply(cpu, data);
    g_free(data);
}

/* The exclusive section is all that is wanted. */
static void others_have_left(CPUState *cpu, void *data)
{
}

static void broadcast(CPUState *src, const FlushRequest *r)
{
    bool others = false;
    CPU_FOREACH (cpu) {
        if (cpu == src || !cpu->mmu)
            continue;
        async_run_on_cpu(cpu, apply_work, g_memdup2(r, sizeof *r));
        others = true;
    }
    apply(src, r);
    if (others)
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
