/* SPDX-License-Identifier: MIT */
/*
 * Locks as systems write them: ticket, MCS, a queued spinlock's compact form, reader-writer, seqlock.
 *
 * Under each lock two counters on different cache lines are incremented by plain code, apart by a few instructions; they must
 * never be seen to differ there, and in the end be as large as what the vCPUs say they have done. On arm64 the atomics are
 * exclusives, or LSE's in the build that says so.
 */
#include "smp.h"

static struct { uint64_t first ALIGNED(CACHE_LINE), second ALIGNED(CACHE_LINE); } shared;
static uint64_t done[SMP_MAX_CPUS], deadline;

/* Within the lock. */
static void work(unsigned cpu)
{
    uint64_t a = *(volatile uint64_t *)&shared.first, b = *(volatile uint64_t *)&shared.second;
    CHECK(a == b);
    *(volatile uint64_t *)&shared.first = a + 1;
    for (unsigned i = 0; i < (cpu & 7); i++)
        __asm__ volatile("");
    *(volatile uint64_t *)&shared.second = b + 1;
    done[cpu]++;
}

/* ---- ticket ---- */
static struct { uint32_t next ALIGNED(CACHE_LINE), serving; } ticket;

static void ticket_lock(void)
{
    uint32_t mine = __atomic_fetch_add(&ticket.next, 1, __ATOMIC_RELAXED);
    SPIN_UNTIL(__atomic_load_n(&ticket.serving, __ATOMIC_ACQUIRE) == mine);
}

static void ticket_unlock(void) { __atomic_store_n(&ticket.serving, ticket.serving + 1, __ATOMIC_RELEASE); }

static void ticket_loop(unsigned cpu)
{
    do {
        ticket_lock();
        work(cpu);
        ticket_unlock();
    } while (smp_ticks() < deadline);
}

/* ---- MCS: each waits for its own word ---- */
typedef struct Node { struct Node *next ALIGNED(CACHE_LINE); unsigned waiting; } Node;
static Node *mcs_tail;

static void mcs_lock(Node *n)
{
    n->next = NULL;
    n->waiting = 1;
    Node *before = __atomic_exchange_n(&mcs_tail, n, __ATOMIC_ACQ_REL);
    if (!before)
        return;
    __atomic_store_n(&before->next, n, __ATOMIC_RELEASE);
    SPIN_UNTIL(!__atomic_load_n(&n->waiting, __ATOMIC_ACQUIRE));
}

static void mcs_unlock(Node *n)
{
    Node *self = n;
    if (!__atomic_load_n(&n->next, __ATOMIC_ACQUIRE)) {
        if (__atomic_compare_exchange_n(&mcs_tail, &self, NULL, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
            return;
        SPIN_UNTIL(__atomic_load_n(&n->next, __ATOMIC_ACQUIRE));
    }
    __atomic_store_n(&n->next->waiting, 0, __ATOMIC_RELEASE);
}

static void mcs_loop(unsigned cpu)
{
    static Node nodes[SMP_MAX_CPUS];
    do {
        mcs_lock(&nodes[cpu]);
        work(cpu);
        mcs_unlock(&nodes[cpu]);
    } while (smp_ticks() < deadline);
}

/* ---- queued: a byte that is held, a bit for the next in line, accessed by different sizes ---- */
#define Q_LOCKED 1u
#define Q_PENDING 0x100u
static uint32_t queued;

static void queued_lock(void)
{
    uint32_t old = 0;
    while (!__atomic_compare_exchange_n(&queued, &old, Q_LOCKED, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        if (!(__atomic_fetch_or(&queued, Q_PENDING, __ATOMIC_ACQUIRE) & Q_PENDING)) {
            SPIN_UNTIL(!(__atomic_load_n(&queued, __ATOMIC_ACQUIRE) & Q_LOCKED));
            __atomic_store_n((uint16_t *)&queued, (uint16_t)Q_LOCKED, __ATOMIC_RELAXED); /* both halves at once: no longer pending */
            return;
        }
        smp_relax();
        old = 0;
    }
}

static void queued_unlock(void) { __atomic_store_n((uint8_t *)&queued, 0, __ATOMIC_RELEASE); }

static void queued_loop(unsigned cpu)
{
    do {
        queued_lock();
        work(cpu);
        queued_unlock();
    } while (smp_ticks() < deadline);
}

/* ---- readers and writers ---- */
#define WRITER 0x80000000u
static uint32_t rw;

static void rw_loop(unsigned cpu)
{
    do {
        if (smp_random() % 4) {
            while (__atomic_fetch_add(&rw, 1, __ATOMIC_ACQUIRE) & WRITER) {
                __atomic_fetch_sub(&rw, 1, __ATOMIC_RELAXED);
                smp_relax();
            }
            CHECK(*(volatile uint64_t *)&shared.first == *(volatile uint64_t *)&shared.second);
            __atomic_fetch_sub(&rw, 1, __ATOMIC_RELEASE);
        } else {
            uint32_t old = 0;
            while (!__atomic_compare_exchange_n(&rw, &old, WRITER, true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
                smp_relax();
                old = 0;
            }
            work(cpu);
            __atomic_fetch_and(&rw, ~WRITER, __ATOMIC_RELEASE);
        }
    } while (smp_ticks() < deadline);
}

/* ---- seqlock: vCPU 0 writes, the others read what must belong together ---- */
static struct { uint32_t sequence; uint64_t data[6]; } seq ALIGNED(CACHE_LINE);

static void seq_write(void)
{
    uint64_t v = seq.data[0] + 1;
    __atomic_store_n(&seq.sequence, seq.sequence + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    for (unsigned i = 0; i < 6; i++)
        __atomic_store_n(&seq.data[i], v + i, __ATOMIC_RELAXED);
    __atomic_store_n(&seq.sequence, seq.sequence + 1, __ATOMIC_RELEASE);
    done[0]++;
}

static void seq_read(unsigned cpu)
{
    uint64_t v[6];
    uint32_t s = __atomic_load_n(&seq.sequence, __ATOMIC_ACQUIRE);
    if (s & 1) {
        smp_relax();
        return;
    }
    for (unsigned i = 0; i < 6; i++)
        v[i] = __atomic_load_n(&seq.data[i], __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (__atomic_load_n(&seq.sequence, __ATOMIC_RELAXED) != s)
        return;
    for (unsigned i = 1; i < 6; i++)
        CHECK(v[i] == v[0] + i);
    done[cpu]++;
}

static void seq_loop(unsigned cpu)
{
    do {
        if (cpu == 0)
            seq_write();
        else
            seq_read(cpu);
    } while (smp_ticks() < deadline);
}

static uint64_t run(const char *name, SmpFn *loop)
{
    uint64_t sum = 0;
    shared.first = shared.second = 0;
    for (unsigned i = 0; i < SMP_MAX_CPUS; i++)
        done[i] = 0;
    test_begin(name);
    deadline = smp_deadline();
    smp_run(smp_cpus, loop);
    for (unsigned i = 0; i < smp_cpus; i++)
        sum += done[i];
    note("%s: %lu in %u ms", name, sum, (unsigned)DURATION_MS);
    return sum;
}

static void run_lock(const char *name, SmpFn *loop)
{
    uint64_t sum = run(name, loop);
    CHECK(sum == shared.first && sum == shared.second && sum > 0);
    test_end();
}

void smp_main(void)
{
    run_lock("ticket lock", ticket_loop);
    run_lock("MCS lock", mcs_loop);
    run_lock("queued lock", queued_loop);
    run_lock("readers and writers", rw_loop);
    for (unsigned i = 0; i < 6; i++)
        seq.data[i] = i;
    run("seqlock", seq_loop);
    CHECK(seq.data[0] == done[0]);
    test_end();
}
