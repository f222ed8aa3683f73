/* SPDX-License-Identifier: MIT */
/* The part of the runtime that is the same for both guests: see smp.h. */
#include <stdarg.h>

#include "smp_internal.h"

char smp_stacks[SMP_MAX_CPUS][STACK_BYTES] ALIGNED(CACHE_LINE);
unsigned smp_cpus;

/* A vCPU's mailbox. job: set by who gives work, cleared by the vCPU when it is done. */
static struct Mailbox {
    SmpFn *job ALIGNED(CACHE_LINE);
    uint64_t random;
    bool up;
} mailbox[SMP_MAX_CPUS];

static SmpFn *ipi_handler[8];

/* ---- work ---- */
void smp_start(unsigned cpu, SmpFn *fn)
{
    __atomic_store_n(&mailbox[cpu].job, fn, __ATOMIC_RELEASE);
    machine_ipi(cpu, WAKE_IPI);
}

void smp_wait(unsigned cpu)
{
    SPIN_UNTIL(!__atomic_load_n(&mailbox[cpu].job, __ATOMIC_ACQUIRE));
}

void smp_run(unsigned n, SmpFn *fn)
{
    if (n > smp_cpus)
        bail_out("%u vCPUs are needed, there are %u", n, smp_cpus);
    for (unsigned i = 1; i < n; i++)
        smp_start(i, fn);
    fn(0);
    for (unsigned i = 1; i < n; i++)
        smp_wait(i);
}

void smp_secondary(unsigned cpu)
{
    struct Mailbox *m = &mailbox[cpu];
    machine_init_cpu(cpu);
    __atomic_store_n(&m->up, true, __ATOMIC_RELEASE);
    for (;;) {
        SmpFn *fn = __atomic_load_n(&m->job, __ATOMIC_ACQUIRE);
        if (!fn) {
            machine_sleep((void *const *)&m->job);
            continue;
        }
        fn(cpu);
        __atomic_store_n(&m->job, NULL, __ATOMIC_RELEASE);
    }
}

bool smp_is_up(unsigned cpu)
{
    return __atomic_load_n(&mailbox[cpu].up, __ATOMIC_ACQUIRE);
}

static void turn_off(unsigned cpu)
{
    __atomic_store_n(&mailbox[cpu].job, NULL, __ATOMIC_RELEASE);
    machine_off();
}

void smp_cpu_off(unsigned cpu)
{
    __atomic_store_n(&mailbox[cpu].up, false, __ATOMIC_RELAXED);
    smp_start(cpu, turn_off);
    smp_wait(cpu);
    SPIN_UNTIL(machine_is_off(cpu));
}

void smp_cpu_on(unsigned cpu)
{
    machine_start(cpu);
    SPIN_UNTIL(smp_is_up(cpu));
}

/*
 * Who comes last opens the barrier by a new generation; count is ready for the next round before that. Two keep their host cores
 * for a while when they wait: vCPUs that run at the same time go on at the same time, which is when they get into each other's way.
 */
void barrier_wait(Barrier *b, unsigned n)
{
    unsigned generation = __atomic_load_n(&b->generation, __ATOMIC_ACQUIRE);
    if (__atomic_add_fetch(&b->count, 1, __ATOMIC_ACQ_REL) == n) {
        __atomic_store_n(&b->count, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&b->generation, generation + 1, __ATOMIC_RELEASE);
        return;
    }
    uint64_t patient_until = smp_ticks() + smp_ticks_per_ms() / (n > 2 ? 100 : 1);
    for (unsigned polls = 1; __atomic_load_n(&b->generation, __ATOMIC_ACQUIRE) == generation; polls++) {
        if (polls % 64 == 0 && smp_ticks() > patient_until)
            smp_relax();
    }
}

/* ---- interrupts ---- */
void smp_on_ipi(unsigned n, SmpFn *handler)
{
    __atomic_store_n(&ipi_handler[n], handler, __ATOMIC_RELEASE);
}

void smp_ipi(unsigned cpu, unsigned n)
{
    machine_ipi(cpu, n);
}

void smp_ipi_arrived(unsigned n)
{
    SmpFn *handler = n < 8 ? __atomic_load_n(&ipi_handler[n], __ATOMIC_ACQUIRE) : NULL;
    if (handler)
        handler(smp_self());
    else if (n != WAKE_IPI)
        bail_out("interrupt %u came, which nobody waits for", n);
}

/* ---- memory ---- */
void *smp_pages(size_t n)
{
    static size_t used;
    size_t at = __atomic_fetch_add(&used, n * PAGE, __ATOMIC_RELAXED);
    if (at + n * PAGE > machine_free_bytes)
        bail_out("out of memory");
    return __builtin_memset(machine_free_ram + at, 0, n * PAGE);
}

void smp_map(uint64_t va, void *ram)
{
    machine_map(va, (uint64_t)ram);
}

void smp_unmap(uint64_t va)
{
    machine_unmap(va);
}

/* ---- chance: xorshift64* ---- */
uint64_t smp_random(void)
{
    uint64_t *state = &mailbox[smp_self()].random, x = *state;
    if (!x)
        x = (smp_ticks() << 8 | smp_self()) * 0x9e3779b97f4a7c15u | 1;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * 0x2545f4914f6cdd1d;
}

/* ---- results ---- */
static void put_string(const char *s)
{
    while (*s)
        machine_put_char(*s++);
}

static void put_number(unsigned long v, unsigned base)
{
    char digits[24];
    unsigned n = 0;
    do
        digits[n++] = "0123456789abcdef"[v % base];
    while (v /= base);
    while (n)
        machine_put_char(digits[--n]);
}

static void put_format(const char *f, va_list ap)
{
    for (; *f; f++) {
        bool is_long = false;
        if (*f != '%') {
            machine_put_char(*f);
            continue;
        }
        if (f[1] == 'l') {
            is_long = true;
            f++;
        }
        f++;
        if (*f == 's')
            put_string(va_arg(ap, const char *));
        else
            put_number(is_long ? va_arg(ap, unsigned long) : va_arg(ap, unsigned), *f == 'x' ? 16 : 10);
    }
}

static const char *test_name, *failed_what;
static unsigned test_number, failed_line, failures;

void test_begin(const char *name)
{
    test_name = name;
    __atomic_store_n(&failures, 0, __ATOMIC_RELEASE);
}

void test_failed(const char *what, unsigned line)
{
    if (__atomic_fetch_add(&failures, 1, __ATOMIC_ACQ_REL) == 0) {
        failed_line = line;
        __atomic_store_n(&failed_what, what, __ATOMIC_RELEASE);
    }
}

void test_end(void)
{
    test_end_as(NULL);
}

void test_end_as(const char *remark)
{
    unsigned n = __atomic_load_n(&failures, __ATOMIC_ACQUIRE);
    if (n)
        note("failed %u times, first in line %u: %s", n, failed_line, failed_what);
    put_string(n ? "not ok " : "ok ");
    put_number(++test_number, 10);
    put_string(" - ");
    put_string(test_name);
    if (remark) {
        put_string(": ");
        put_string(remark);
    }
    put_string("\n");
}

void note(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    put_string("# ");
    put_format(format, ap);
    put_string("\n");
    va_end(ap);
}

void bail_out(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    put_string("Bail out! ");
    put_format(format, ap);
    put_string("\n");
    va_end(ap);
    machine_power_off();
}

/* ---- start ---- */
void smp_boot(void)
{
    machine_init();
    machine_init_cpu(0);
    for (unsigned i = 1; i < smp_cpus; i++)
        machine_start(i);
    for (unsigned i = 1; i < smp_cpus; i++)
        SPIN_UNTIL(smp_is_up(i));
    mailbox[0].up = true;
    smp_main();
    put_string("1..");
    put_number(test_number, 10);
    put_string("\n");
    machine_power_off();
}

/* The compiler may call these. */
void *memset(void *p, int c, size_t n);
void *memcpy(void *to, const void *from, size_t n);

__attribute__((optimize("no-tree-loop-distribute-patterns"))) void *memset(void *p, int c, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((char *)p)[i] = (char)c;
    return p;
}

__attribute__((optimize("no-tree-loop-distribute-patterns"))) void *memcpy(void *to, const void *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((char *)to)[i] = ((const char *)from)[i];
    return to;
}
