/* SPDX-License-Identifier: MIT */
/*
 * Atomicity: nothing is lost between read-modify-writes of all sizes, aligned or not, and no load sees half of a store.
 *
 * Sums: all vCPUs add to the same bytes, each by another form of instruction where there are several; the total must be what was
 * added, and the bytes around must be untouched. Tearing: some store values whose bytes are all alike, the others load and
 * compare bytes. Each on plain memory, and on a page that holds translated code, where stores are helper calls.
 */
#include "smp.h"

static char *pages;                          /* two plain ones, and two with a function at CODE_AT in each */
#define CODE_AT 0x800u
static uint64_t deadline, done[SMP_MAX_CPUS];
static char *where;

/* ---- forms of access ---- */
typedef struct Sum {
    const char *name;
    unsigned size, offset;                   /* of the bytes, from the first page's start */
    void (*add)(void *p);                    /* 1 */
} Sum;

typedef struct Tear {
    const char *name;
    unsigned size, offset;
    void (*store)(void *p, uint64_t pattern);/* 8 bytes of pattern, or twice that */
    void (*load)(void *p, uint64_t out[2]);
} Tear;

#define ATOMIC_ADD(bits) static void add##bits(void *p) { __atomic_fetch_add((uint##bits##_t *)p, 1, __ATOMIC_RELAXED); }
ATOMIC_ADD(8) ATOMIC_ADD(16) ATOMIC_ADD(32) ATOMIC_ADD(64)

static void store8(void *p, uint64_t v) { *(volatile uint64_t *)p = v; }
static void load8(void *p, uint64_t out[2]) { out[0] = out[1] = *(volatile uint64_t *)p; }

#ifdef __aarch64__
static bool has_atomics(void)
{
    uint64_t isar0;
    __asm__("mrs %0, id_aa64isar0_el1" : "=r"(isar0));
    return (isar0 >> 20 & 15) >= 2;
}

static bool has_lse2(void)
{
    uint64_t mmfr2;
    __asm__("mrs %0, id_aa64mmfr2_el1" : "=r"(mmfr2));
    return mmfr2 >> 32 & 15;
}

static void cas64(void *p)
{
    uint64_t old = __atomic_load_n((uint64_t *)p, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n((uint64_t *)p, &old, old + 1, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

static void ldxp_stxp(void *p)
{
    uint64_t a, b;
    uint32_t failed;
    do
        __asm__ volatile("ldxp %0, %1, [%3]\n adds %0, %0, #1\n adc %1, %1, xzr\n stxp %w2, %0, %1, [%3]"
                         : "=&r"(a), "=&r"(b), "=&r"(failed) : "r"(p) : "memory", "cc");
    while (failed);
}

static void casp(void *p)
{
    register uint64_t a __asm__("x2"), b __asm__("x3"), c __asm__("x4"), d __asm__("x5");
    uint64_t old_a, old_b;
    a = ((volatile uint64_t *)p)[0];
    b = ((volatile uint64_t *)p)[1];
    do {
        old_a = a;
        old_b = b;
        c = a + 1;
        d = b + (c == 0);
        __asm__ volatile(".arch_extension lse\n casp x2, x3, x4, x5, [%4]" : "+r"(a), "+r"(b) : "r"(c), "r"(d), "r"(p) : "memory");
    } while (a != old_a || b != old_b);
}

static void ldadd64(void *p) { __asm__ volatile(".arch_extension lse\n ldadd %0, xzr, [%1]" : : "r"(1ul), "r"(p) : "memory"); }
static void ldadd8(void *p) { __asm__ volatile(".arch_extension lse\n ldaddb %w0, wzr, [%1]" : : "r"(1), "r"(p) : "memory"); }

static void stp(void *p, uint64_t v) { __asm__ volatile("stp %0, %0, [%1]" : : "r"(v), "r"(p) : "memory"); }
static void ldp(void *p, uint64_t out[2]) { __asm__ volatile("ldp %0, %1, [%2]" : "=&r"(out[0]), "=&r"(out[1]) : "r"(p) : "memory"); }
/* Without LSE2, pairs are atomic by exclusives alone (B2.2.1): the load is one when its store succeeds. */
static void stxp(void *p, uint64_t v)
{
    uint64_t a, b;
    uint32_t failed;
    do
        __asm__ volatile("ldxp %0, %1, [%4]\n stlxp %w2, %3, %3, [%4]" : "=&r"(a), "=&r"(b), "=&r"(failed) : "r"(v), "r"(p) : "memory");
    while (failed);
}

static void ldxp(void *p, uint64_t out[2])
{
    uint32_t failed;
    do
        __asm__ volatile("ldaxp %0, %1, [%3]\n stxp %w2, %0, %1, [%3]" : "=&r"(out[0]), "=&r"(out[1]), "=&r"(failed) : "r"(p) : "memory");
    while (failed);
}

static const Sum plain_sums[] = {
    { "1 byte", 1, 3, add8 }, { "2 bytes", 2, 6, add16 }, { "4 bytes", 4, 20, add32 }, { "8 bytes", 8, 64, add64 }, { "8 bytes by exchange", 8, 72, cas64 },
    { "16 bytes by LDXP and STXP", 16, 32, ldxp_stxp },
};
static const Sum lse_sums[] = { { "LDADDB", 1, 3, ldadd8 }, { "LDADD", 8, 64, ldadd64 }, { "CASP", 16, 32, casp } };
static const Tear plain_tears[] = { { "8 bytes", 8, 64, store8, load8 }, { "LDXP and STXP", 16, 32, stxp, ldxp } };
static const Tear lse2_tears[] = { { "LDP and STP", 16, 32, stp, ldp }, { "8 bytes within 16", 8, 67, store8, load8 } };
#else
#define LOCKED(name, asm) static void name(void *p) { __asm__ volatile("lock " asm : : "r"(p) : "memory", "cc", "rax", "rcx"); }
LOCKED(lock_add64, "addq $1, (%0)")
LOCKED(lock_inc32, "incl (%0)")
LOCKED(lock_sub16, "subw $-1, (%0)")
static void xadd64(void *p) { uint64_t v = 1; __asm__ volatile("lock xaddq %0, (%1)" : "+r"(v) : "r"(p) : "memory", "cc"); }
static void xadd32(void *p) { uint32_t v = 1; __asm__ volatile("lock xaddl %0, (%1)" : "+r"(v) : "r"(p) : "memory", "cc"); }
static void cmpxchg64(void *p)
{
    uint64_t old = *(volatile uint64_t *)p;
    bool ok;
    do
        __asm__ volatile("lock cmpxchgq %3, (%2)" : "=@ccz"(ok), "+a"(old) : "r"(p), "r"(old + 1) : "memory");
    while (!ok);
}

static void cmpxchg16b(void *p)
{
    uint64_t a = ((volatile uint64_t *)p)[0], d = ((volatile uint64_t *)p)[1];
    bool ok;
    do
        __asm__ volatile("lock cmpxchg16b (%3)" : "=@ccz"(ok), "+a"(a), "+d"(d) : "r"(p), "b"(a + 1), "c"(d + (a + 1 == 0)) : "memory");
    while (!ok);
}

static void cmpxchg8b(void *p)
{
    uint32_t a = ((volatile uint32_t *)p)[0], d = ((volatile uint32_t *)p)[1];
    bool ok;
    do
        __asm__ volatile("lock cmpxchg8b (%3)" : "=@ccz"(ok), "+a"(a), "+d"(d) : "r"(p), "b"(a + 1), "c"(d + (a + 1 == 0)) : "memory");
    while (!ok);
}

static void movaps_store(void *p, uint64_t v) { __asm__ volatile("movq %0, %%xmm0\n punpcklqdq %%xmm0, %%xmm0\n movaps %%xmm0, (%1)" : : "r"(v), "r"(p) : "memory"); }
static void movaps_load(void *p, uint64_t out[2]) { __asm__ volatile("movaps (%1), %%xmm1\n movups %%xmm1, (%0)" : : "r"(out), "r"(p) : "memory"); }

static const Sum plain_sums[] = {
    { "1 byte", 1, 3, add8 }, { "2 bytes", 2, 6, add16 }, { "4 bytes", 4, 20, add32 }, { "8 bytes", 8, 64, add64 },
    { "8 bytes by CMPXCHG", 8, 72, cmpxchg64 }, { "CMPXCHG16B", 16, 32, cmpxchg16b }, { "CMPXCHG8B", 8, 104, cmpxchg8b },
    { "8 bytes at 3", 8, 3, lock_add64 }, { "4 bytes at 1, XADD", 4, 1, xadd32 }, { "8 bytes at 5, CMPXCHG", 8, 5, cmpxchg64 },
    { "8 bytes across a line", 8, 61, lock_add64 }, { "4 bytes across a line", 4, 127, lock_inc32 },
    { "8 bytes across a page", 8, 4093, xadd64 }, { "2 bytes across a page", 2, 4095, lock_sub16 }, { "8 bytes across a page, CMPXCHG", 8, 4089, cmpxchg64 },
    { "CMPXCHG8B across a page", 8, 4092, cmpxchg8b },
};
/* SDM 9.1.1: within a cache line; 16 aligned bytes on processors with AVX. */
static const Tear plain_tears[] = { { "8 bytes", 8, 64, store8, load8 }, { "8 bytes at 3", 8, 3, store8, load8 }, { "MOVAPS", 16, 32, movaps_store, movaps_load } };
#endif

/* ---- sums ---- */
static const Sum *sum;

static void sum_loop(unsigned cpu)
{
    char *p = where + sum->offset;
    uint64_t n = 0;
    while (smp_ticks() < deadline) {
        for (unsigned i = 0; i < 32; i++)
            sum->add(p);
        n += 32;
    }
    done[cpu] = n;
}

static bool only_these_bytes(char *from, char *to)
{
    for (unsigned i = 1; i <= 8; i++) {
        if ((from - i >= where && from[-(int)i]) || to[i - 1])
            return false;
    }
    return true;
}

static void check_sum(const Sum *s, unsigned places)
{
    uint64_t total = 0, found = 0;
    char *p = where + s->offset;
    sum = s;
    __builtin_memset(p, 0, s->size);
    deadline = smp_ticks() + DURATION_MS * smp_ticks_per_ms() / places;
    smp_run(smp_cpus, sum_loop);
    for (unsigned i = 0; i < smp_cpus; i++)
        total += done[i];
    for (unsigned i = 0; i < s->size && i < 8; i++)
        found |= (uint64_t)(uint8_t)p[i] << i * 8;
    if (s->size < 8)
        total &= (1ul << s->size * 8) - 1;
    CHECK(found == total);
    CHECK(only_these_bytes(p, p + s->size));
    __builtin_memset(p, 0, s->size);
}

/* ---- tearing: the first two vCPUs store ---- */
static const Tear *tear;

static void tear_loop(unsigned cpu)
{
    void *p = where + tear->offset;
    uint64_t v[2];
    while (smp_ticks() < deadline) {
        for (unsigned i = 0; i < 32; i++) {
            if (cpu == 0 || (cpu == 1 && smp_cpus > 2)) {
                tear->store(p, (smp_random() & 255) * 0x0101010101010101u);
                continue;
            }
            tear->load(p, v);
            CHECK(v[0] == (v[0] & 255) * 0x0101010101010101u);
            CHECK(tear->size == 8 || v[0] == v[1]);
        }
    }
}

static void check_tear(const Tear *t, unsigned places)
{
    tear = t;
    deadline = smp_ticks() + DURATION_MS * smp_ticks_per_ms() / places;
    smp_run(smp_cpus, tear_loop);
    __builtin_memset(where + t->offset, 0, t->size);
}

/* ---- both, at both places ---- */
static void use_code_pages(void)
{
    where = pages + 2 * PAGE;
    for (unsigned i = 0; i < 2; i++)
        CHECK(((uint32_t (*)(void))(where + i * PAGE + CODE_AT))() == i);
}

static void run(const char *name, const Sum *s, unsigned n_sums, const Tear *t, unsigned n_tears)
{
    unsigned places = 2 * (n_sums + n_tears);
    test_begin(name);
    for (unsigned i = 0; i < n_sums + n_tears; i++) {
        for (unsigned place = 0; place < 2; place++) {
            where = pages;
            if (place)
                use_code_pages();
            if (i < n_sums)
                check_sum(&s[i], places);
            else
                check_tear(&t[i - n_sums], places);
        }
    }
    test_end();
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void smp_main(void)
{
    pages = smp_pages(4);
    for (unsigned i = 0; i < 2; i++)
        smp_write_return(pages + (2 + i) * PAGE + CODE_AT, i);
    smp_code_written(pages, 4 * PAGE);
    run("sums", plain_sums, COUNT(plain_sums), NULL, 0);
    run("no load sees half of a store", NULL, 0, plain_tears, COUNT(plain_tears));
#ifdef __aarch64__
    if (has_atomics())
        run("sums by LSE", lse_sums, COUNT(lse_sums), NULL, 0);
    if (has_lse2())
        run("pairs, and within 16 bytes (LSE2)", NULL, 0, lse2_tears, COUNT(lse2_tears));
    else
        note("the CPU does not claim LSE2");
#endif
}
