/* SPDX-License-Identifier: MIT */
/*
 * A stack without locks: pop takes the first node when nobody has touched the head since it was read.
 *
 * With few nodes the head is soon the same again while what lies behind it has changed (ABA). Whoever takes "the head has its
 * old value" for "nobody has touched it" then makes a node the head that somebody else owns. On arm64 head, next and new head
 * are LDXR, LDR and STXR; the store-exclusive must fail when the head was written in between, by whatever value. On amd64 the
 * head has a count beside it, and CMPXCHG16B changes both. A node that is popped must have been free, and in the end all nodes
 * are on the stack once.
 */
#include "smp.h"

#define NODES 4u

typedef struct Node { struct Node *next ALIGNED(CACHE_LINE); unsigned owner; } Node;

static struct { Node *first; uint64_t count; } head ALIGNED(CACHE_LINE);
static Node nodes[NODES];
static uint64_t deadline, popped[SMP_MAX_CPUS], retries[SMP_MAX_CPUS];

#ifdef __aarch64__
/* delay turns of nothing between the load-exclusive and the store, so that others come in between. */
static bool try_pop(Node **out, unsigned delay)
{
    Node *first, *next;
    uint64_t turns = delay;
    uint32_t failed;
    __asm__ volatile("ldaxr %0, [%4]\n"
                     "mov %w2, #0\n"
                     "cbz %0, 2f\n"
                     "1: subs %3, %3, #1\n"
                     "b.pl 1b\n"
                     "ldr %1, [%0]\n"
                     "stxr %w2, %1, [%4]\n"
                     "2:"
                     : "=&r"(first), "=&r"(next), "=&r"(failed), "+r"(turns) : "r"(&head.first) : "memory", "cc");
    *out = first;
    return !failed;
}

static bool try_push(Node *n)
{
    Node *first;
    uint32_t failed;
    __asm__ volatile("ldxr %0, [%2]\n"
                     "str %0, [%3]\n"
                     "stlxr %w1, %3, [%2]\n"
                     : "=&r"(first), "=&r"(failed) : "r"(&head.first), "r"(n) : "memory");
    return !failed;
}
#else
static bool cmpxchg_head(Node *first, uint64_t count, Node *new_first)
{
    bool ok;
    __asm__ volatile("lock cmpxchg16b %1" : "=@ccz"(ok), "+m"(head), "+a"(first), "+d"(count) : "b"(new_first), "c"(count + 1) : "memory");
    return ok;
}

static bool try_pop(Node **out, unsigned delay)
{
    uint64_t count = __atomic_load_n(&head.count, __ATOMIC_ACQUIRE);
    Node *first = __atomic_load_n(&head.first, __ATOMIC_ACQUIRE);
    *out = first;
    if (!first)
        return true;
    Node *next = __atomic_load_n(&first->next, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < delay; i++)
        __asm__ volatile("");
    return cmpxchg_head(first, count, next);
}

static bool try_push(Node *n)
{
    uint64_t count = __atomic_load_n(&head.count, __ATOMIC_ACQUIRE);
    Node *first = __atomic_load_n(&head.first, __ATOMIC_ACQUIRE);
    __atomic_store_n(&n->next, first, __ATOMIC_RELAXED);
    return cmpxchg_head(first, count, n);
}
#endif

/* NULL: the stack was empty. */
static Node *pop(unsigned cpu)
{
    Node *n;
    while (!try_pop(&n, (unsigned)(smp_random() & 127)))
        retries[cpu]++;
    if (n) {
        CHECK(__atomic_exchange_n(&n->owner, cpu + 1, __ATOMIC_RELAXED) == 0);
        popped[cpu]++;
    }
    return n;
}

static void push(unsigned cpu, Node *n)
{
    if (!n)
        return;
    CHECK(__atomic_exchange_n(&n->owner, 0, __ATOMIC_RELAXED) == cpu + 1);
    while (!try_push(n))
        retries[cpu]++;
}

/* Two come off and go back in the same order: the head is the same again, what is behind it is not. */
static void loop(unsigned cpu)
{
    do {
        Node *a = pop(cpu), *b = pop(cpu);
        push(cpu, a);
        push(cpu, b);
    } while (smp_ticks() < deadline);
}

void smp_main(void)
{
    uint64_t pops = 0, again = 0;
    unsigned left = 0;
    test_begin("stack without locks");
    for (unsigned i = 0; i < NODES; i++) {
        nodes[i].next = head.first;
        head.first = &nodes[i];
    }
    deadline = smp_deadline();
    smp_run(smp_cpus, loop);
    for (Node *n = head.first; n && left <= NODES; n = n->next)
        left++;
    CHECK(left == NODES);
    for (unsigned i = 0; i < smp_cpus; i++) {
        pops += popped[i];
        again += retries[i];
    }
    CHECK(pops > 0);
    note("%lu nodes popped, %lu attempts failed", pops, again);
    test_end();
}
