/* SPDX-License-Identifier: MIT */
/*
 * TLB flushes that reach every vCPU, and the wait for their completion.
 *
 * A broadcast flush acts at once on the vCPU that makes it, and is owed to the others until the guest's barrier (Arm's DSB; a target
 * that has no barrier calls mmu_sync after each). Until then requests gather in the vCPU's batch, where neighbouring pages
 * become a range: a loop of single-page flushes costs the other vCPUs one. The barrier's generated code looks at
 * CPUState.tlb_sync alone; when something is owed it comes to the loop's top, where
 *
 *  - mmu_sync_try appends the batch to the log (tlb_log.c), makes the vCPUs that are in guest code settle, and spins for a short
 *    time until the last has done so; as it spins, it settles what others want of it, so that two barriers do not wait for
 *    each other;
 *  - when that was not enough (a vCPU is in a device's code, or has no host CPU), the vCPU leaves guest code, counts as done
 *    for everybody, and sleeps in mmu_sync_wait.
 *
 * Nobody is stopped, and a vCPU that is outside guest code is not even looked for twice: once it has been seen outside, or
 * with the requests applied, it stays done. Nothing here takes the big lock.
 */
#include "accel/mmu/mmu_internal.h"
#include "base/sync_profile.h"

#define SPINS 200          /* looks at the others before sleep: some microseconds */
#define MERGE_DEPTH 4      /* requests of the batch that a new one may extend: loops flush a page for several ASIDs in turn */
#define SOURCE_NONE (-1)

static void pause_host(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
}

static bool is_alone(const CPUState *cpu)
{
    return cpu == cpu_first() && !__atomic_load_n(&cpu->next, __ATOMIC_ACQUIRE);
}

/* ---- the batch ---- */
static bool is_same_scope(const FlushRequest *a, const FlushRequest *b)
{
    return a->kind == b->kind && a->asid == b->asid && a->idx_mask == b->idx_mask;
}

/* Whether old can say what r says, too; then it does. */
static bool merge(FlushRequest *old, const FlushRequest *r)
{
    if (!is_same_scope(old, r))
        return false;
    if (r->kind != FLUSH_RANGE)
        return true;
    if (old->page_bits != r->page_bits)
        return false;
    uint64_t offset = (r->va - old->va) >> old->page_bits; /* huge when r lies before */
    if (offset > old->n_pages || r->n_pages > UINT32_MAX)
        return false;
    old->n_pages = MAX_OF(old->n_pages, offset + r->n_pages);
    return true;
}

static bool merge_with_last(CpuMmu *m, const FlushRequest *r)
{
    for (unsigned i = m->n_batch; i-- && m->n_batch - i <= MERGE_DEPTH;) {
        if (merge(&m->batch[i], r))
            return true;
    }
    return false;
}

/* The vCPUs that are in guest code and have not applied everything up to pos are told to. */
static void settle_others(CPUState *src, uint64_t pos)
{
    CPU_FOREACH (cpu) {
        if (cpu != src && cpu->mmu && __atomic_load_n(&cpu->running, __ATOMIC_SEQ_CST) != CPU_OUTSIDE
            && __atomic_load_n(&cpu->mmu->applied, __ATOMIC_SEQ_CST) < pos)
            cpu_exit_settle(cpu);
    }
}

static void send_batch(CPUState *cpu)
{
    CpuMmu *m = cpu->mmu;
    if (!m->n_batch)
        return;
    m->sync_pos = tlb_log_append(m->batch, m->n_batch);
    m->n_batch = 0;
    settle_others(cpu, m->sync_pos);
}

static void broadcast(CPUState *src, const FlushRequest *r)
{
    CpuMmu *m = src->mmu;
    sync_event(SYNC_TLB_BROADCAST);
    tlb_flush_request_apply(src, r);
    if (is_alone(src))
        return;
    src->tlb_sync |= CPU_SYNC_UNSENT;
    if (merge_with_last(m, r))
        return;
    if (m->n_batch == TLB_BATCH)
        send_batch(src);
    m->batch[m->n_batch++] = *r;
}

void mmu_flush_all(CPUState *src, uint32_t idx_mask)
{
    broadcast(src, &(FlushRequest){ .kind = FLUSH_WHOLE, .source = src->index, .idx_mask = idx_mask });
}

void mmu_flush_asid_all(CPUState *src, uint32_t asid, uint32_t idx_mask)
{
    broadcast(src, &(FlushRequest){ .kind = FLUSH_ASID, .source = src->index, .asid = asid, .idx_mask = idx_mask });
}

void mmu_flush_range_all(CPUState *src, uint64_t va, uint64_t n_pages, unsigned page_bits, uint32_t asid, uint32_t idx_mask)
{
    broadcast(src, &(FlushRequest){ .kind = FLUSH_RANGE, .page_bits = page_bits, .source = src->index, .asid = asid, .idx_mask = idx_mask,
                                    .va = va & ~MASK64(page_bits), .n_pages = n_pages });
}

/* ---- completion ---- */
void mmu_sync(CPUState *cpu)
{
    cpu->tlb_sync |= CPU_SYNC_WAIT;
}

static bool has_applied(CPUState *cpu, uint64_t pos)
{
    return __atomic_load_n(&cpu->mmu->applied, __ATOMIC_SEQ_CST) >= pos;
}

static bool is_done(CPUState *cpu, uint64_t pos)
{
    return !cpu->mmu || __atomic_load_n(&cpu->running, __ATOMIC_SEQ_CST) == CPU_OUTSIDE || has_applied(cpu, pos);
}

/* The first vCPU from cpu on that src must still wait for. */
static CPUState *first_undone(CPUState *src, CPUState *cpu)
{
    while (cpu && (cpu == src || is_done(cpu, src->mmu->sync_pos)))
        cpu = __atomic_load_n(&cpu->next, __ATOMIC_ACQUIRE);
    return cpu;
}

bool mmu_sync_try(CPUState *cpu)
{
    send_batch(cpu);
    CPUState *undone = first_undone(cpu, cpu_first());
    for (unsigned i = 0; undone && i < SPINS && !(__atomic_load_n(&cpu->exit_request, __ATOMIC_RELAXED) & CPU_EXIT_LEAVE); i++) {
        pause_host();
        mmu_apply_pending(cpu);
        undone = first_undone(cpu, undone);
    }
    if (!undone)
        cpu->tlb_sync &= CPU_SYNC_GIVE_WAY;
    return !undone;
}

void mmu_sync_wait(CPUState *cpu)
{
    send_batch(cpu);
    CPU_FOREACH (other) {
        if (other != cpu && other->mmu)
            cpu_wait_left(other, has_applied, cpu->mmu->sync_pos);
    }
    cpu->tlb_sync &= CPU_SYNC_GIVE_WAY;
}

/* ---- memory ---- */
void mmu_commit_listener(void *opaque)
{
    CPUState *self = current_cpu;
    uint64_t pos = tlb_log_append(&(FlushRequest){ .kind = FLUSH_WHOLE, .source = SOURCE_NONE, .idx_mask = ~0u }, 1);
    settle_others(self, pos);
    if (!self || !self->mmu)
        return;
    mmu_flush(self, ~0u);
    self->mmu->sync_pos = MAX_OF(self->mmu->sync_pos, pos);
    mmu_sync(self);
    cpu_exit_settle(self);
}
