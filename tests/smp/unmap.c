/* SPDX-License-Identifier: MIT */
/*
 * Pages that are taken away while others use them.
 *
 * vCPU 0 puts pages at addresses, takes them away again and gives them to somebody else; the others load from and store to the
 * addresses all the time, and get along with faults. When a page has been taken away (smp_unmap has returned), no load by its
 * address may give what its next owner writes there, and no store may land.
 */
#include "smp.h"

#define ADDRESSES 8u
#define PAGES 4u
#define WORDS (PAGE / 8)
#define NEXT_OWNER 0xbad0000000000000ul

static uint64_t *page[PAGES];
static unsigned over;
static uint64_t hits[SMP_MAX_CPUS], faults[SMP_MAX_CPUS], unmaps;

/* Words of a page at address n: loaders find LOADED | n in even ones; storers write to odd ones. */
#define LOADED 0x600d000000000000ul

static uint64_t address(unsigned n) { return WINDOW + n * 3 * PAGE; }

static void use(unsigned cpu)
{
    while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE)) {
        uint64_t r = smp_random(), v;
        unsigned n = r % ADDRESSES, word = (unsigned)(r >> 8) % WORDS & ~1u;
        bool there = r >> 63 ? smp_try_store(address(n) + (word + 1) * 8, r | 1) : smp_try_load(address(n) + word * 8, &v);
        if (there && !(r >> 63))
            CHECK(v == (LOADED | n));
        uint64_t *count = there ? &hits[cpu] : &faults[cpu];
        __atomic_store_n(count, *count + 1, __ATOMIC_RELAXED);
    }
}

static uint64_t accesses(void)
{
    uint64_t n = 0;
    for (unsigned i = 1; i < smp_cpus; i++)
        n += __atomic_load_n(&hits[i], __ATOMIC_RELAXED);
    return n;
}

/* Until somebody has used a page, and a random time longer; not for ever. */
static void let_others(void)
{
    uint64_t before = accesses(), limit = smp_ticks() + 50 * smp_ticks_per_ms();
    while (accesses() == before && smp_ticks() < limit)
        smp_relax();
    for (unsigned i = (unsigned)smp_random() & 0x3ff; i; i--)
        __asm__ volatile("");
}

/* p is at an address for a while, then its next owner's. */
static void give_and_take(uint64_t *p)
{
    unsigned n = (unsigned)smp_random() % ADDRESSES;
    for (unsigned i = 0; i < WORDS; i += 2)
        __atomic_store_n(&p[i], LOADED | n, __ATOMIC_RELAXED);
    smp_map(address(n), p);
    let_others();
    smp_unmap(address(n));
    unmaps++;
    for (unsigned i = 0; i < WORDS; i++)
        __atomic_store_n(&p[i], NEXT_OWNER | i, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < WORDS; i++)
        CHECK(__atomic_load_n(&p[i], __ATOMIC_RELAXED) == (NEXT_OWNER | i));
}

static void loop(unsigned cpu)
{
    if (cpu) {
        use(cpu);
        return;
    }
    for (uint64_t deadline = smp_deadline(); smp_ticks() < deadline || unmaps < 100;)
        give_and_take(page[unmaps % PAGES]);
    __atomic_store_n(&over, 1, __ATOMIC_RELEASE);
}

void smp_main(void)
{
    uint64_t hit = 0, fault = 0;
    for (unsigned i = 0; i < PAGES; i++)
        page[i] = smp_pages(1);
    test_begin("pages are taken away from under loads and stores");
    smp_run(smp_cpus, loop);
    for (unsigned i = 0; i < smp_cpus; i++) {
        hit += hits[i];
        fault += faults[i];
    }
    note("%lu pages taken away, %lu accesses, %lu faults", unmaps, hit, fault);
    CHECK(hit > 0);
    test_end();
}
