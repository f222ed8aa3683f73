/* SPDX-License-Identifier: MIT */
/*
 * The log of broadcast flushes: what every vCPU's TLB has to forget, in the order of arrival.
 *
 * A ring of the last requests; log.tail counts all that there ever were. A vCPU keeps the position up to which it has applied
 * them, and catches up at points where it has no access of its own under way: before it enters guest code, and at the top of
 * the loop when CPU_EXIT_SETTLE was set. A vCPU that is outside guest code is neither woken nor written to, however
 * many requests there are; one that was left behind by more than the ring holds flushes everything.
 *
 * A request at position p has taken effect on a vCPU that is outside cpu_exec_start..end or has applied more than p:
 *
 *     requester:  append (tail = p + 1); fence; read running     vCPU:  running = 1; fence; read tail, apply
 *
 * If the requester sees running == 0, then the vCPU, when it enters guest code again, reads a tail above p (the fences pair),
 * and what it did before is over: the store of running comes after its accesses. If it sees running == 1, it sets
 * CPU_EXIT_SETTLE after the append: the vCPU comes to the loop's top, clears the bit, reads the tail, and so applies p; or it
 * leaves guest code and comes back as above (the store of 0 to exit_request comes before cpu_exec_start's fence). The store
 * of applied comes after all its accesses by old entries and before those by new ones, so whoever reads applied > p has them
 * behind it.
 *
 * Writers append under log_lock, some dozen stores; readers take no lock. A slot is written again only a whole ring later: a
 * reader copies it and then looks at the tail again. The fences around the copies make a reader that met a single word of the new
 * request see the tail at which it was being written, and that one tells it that it was left behind.
 */
#include "accel/mmu/mmu_internal.h"

#define WORDS (sizeof(FlushRequest) / sizeof(uint64_t))
static_assert(sizeof(FlushRequest) % sizeof(uint64_t) == 0, "requests are copied by words");

typedef struct LogSlot { uint64_t words[WORDS]; } LogSlot; /* (a) */

static struct {
    uint64_t tail __attribute__((aligned(64))); /* (a), written under lock */
    Lock lock __attribute__((aligned(64)));
    LogSlot slots[TLB_LOG_SIZE];
} tlb_log = { .lock = { .mutex = PTHREAD_MUTEX_INITIALIZER, .class = LOCK_TLB, .name = "TLB flushes" } };

static void slot_write(uint64_t pos, const FlushRequest *r)
{
    uint64_t words[WORDS];
    memcpy(words, r, sizeof words);
    for (unsigned i = 0; i < WORDS; i++)
        __atomic_store_n(&tlb_log.slots[pos % TLB_LOG_SIZE].words[i], words[i], __ATOMIC_RELAXED);
}

uint64_t tlb_log_append(const FlushRequest *r, unsigned n)
{
    lock_acquire(&tlb_log.lock);
    uint64_t pos = tlb_log.tail;
    for (unsigned i = 0; i < n; i++) {
        __atomic_thread_fence(__ATOMIC_RELEASE); /* the tail before the slot: see above */
        slot_write(pos++, &r[i]);
        __atomic_store_n(&tlb_log.tail, pos, __ATOMIC_RELEASE);
    }
    lock_release(&tlb_log.lock);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return pos;
}

uint64_t tlb_log_tail(void)
{
    return __atomic_load_n(&tlb_log.tail, __ATOMIC_ACQUIRE);
}

/* Copies the request at pos; false: it may have been written over. */
static bool slot_read(uint64_t pos, FlushRequest *r)
{
    uint64_t words[WORDS];
    for (unsigned i = 0; i < WORDS; i++)
        words[i] = __atomic_load_n(&tlb_log.slots[pos % TLB_LOG_SIZE].words[i], __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (__atomic_load_n(&tlb_log.tail, __ATOMIC_RELAXED) - pos >= TLB_LOG_SIZE)
        return false;
    memcpy(r, words, sizeof *r);
    return true;
}

void tlb_flush_request_apply(CPUState *cpu, const FlushRequest *r)
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

/* Where to begin: what comes before a flush of everything says nothing more. */
static uint64_t skip_to_whole(uint64_t pos, uint64_t tail)
{
    FlushRequest r;
    for (uint64_t p = tail; p-- != pos;) {
        if (!slot_read(p, &r) || (r.kind == FLUSH_WHOLE && r.idx_mask == ~0u))
            return p;
    }
    return pos;
}

static void apply_until(CPUState *cpu, uint64_t pos, uint64_t tail)
{
    FlushRequest r;
    for (pos = skip_to_whole(pos, tail); pos != tail; pos++) {
        if (!slot_read(pos, &r)) {
            mmu_flush(cpu, ~0u);
            return;
        }
        if (r.source != cpu->index) /* it has done so itself */
            tlb_flush_request_apply(cpu, &r);
    }
}

void mmu_apply_pending(CPUState *cpu)
{
    CpuMmu *m = cpu->mmu;
    uint64_t tail = tlb_log_tail();
    if (LIKELY(m->applied == tail))
        return;
    apply_until(cpu, m->applied, tail);
    __atomic_store_n(&m->applied, tail, __ATOMIC_SEQ_CST);
    if (cpu_left(cpu))
        cpu->tlb_sync |= CPU_SYNC_GIVE_WAY;
}
