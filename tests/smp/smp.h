/* SPDX-License-Identifier: MIT */
/*
 * What the multi-vCPU tests stand on: bare metal on several vCPUs, in C, for both guests.
 *
 * A test program defines smp_main, which runs on vCPU 0 with the caches and the MMU on; the others sleep until smp_run gives
 * them work. Results are TAP on the serial port. A program looks like this:
 *
 *     static void count(unsigned cpu) { for (int i = 0; i < 1000; i++) __atomic_fetch_add(&n, 1, __ATOMIC_RELAXED); }
 *
 *     void smp_main(void)
 *     {
 *         test_begin("every increment counts");
 *         smp_run(4, count);
 *         CHECK(n == 4000);
 *         test_end();
 *     }
 *
 * There may be more vCPUs than host cores, so whoever waits gives way (smp_relax), and nothing may depend on how long another
 * vCPU takes. RAM is mapped to itself, writable and executable; the window is 16 MiB of addresses that smp_map fills page by
 * page. The runtime asks for no feature beyond Armv8.0 and x86-64, and C code for no floating point register.
 */
#ifndef TESTS_SMP_SMP_H
#define TESTS_SMP_SMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SMP_MAX_CPUS 64
#define PAGE 4096u
#define CACHE_LINE 64
#define ALIGNED(n) __attribute__((aligned(n)))

typedef void SmpFn(unsigned cpu);

void smp_main(void);

/* ---- vCPUs ---- */
extern unsigned smp_cpus;            /* how many there are; 0 .. smp_cpus - 1 */
unsigned smp_self(void);
/* Runs fn on vCPUs 0 .. n - 1 and waits for all. On vCPU 0. */
void smp_run(unsigned n, SmpFn *fn);
/* The two halves of it, for others than 0 while 0 goes on. */
void smp_start(unsigned cpu, SmpFn *fn);
void smp_wait(unsigned cpu);
/* Turns vCPU cpu, which is waiting for work, off, and returns when it is; and on again, waiting for work. On vCPU 0. */
void smp_cpu_off(unsigned cpu);
void smp_cpu_on(unsigned cpu);
/* Gives way to another vCPU, in a loop that waits. */
void smp_relax(void);
#define SPIN_UNTIL(condition) do { while (!(condition)) smp_relax(); } while (0)

/* All n that call it leave it together. */
typedef struct Barrier { unsigned count ALIGNED(CACHE_LINE), generation; } Barrier;
void barrier_wait(Barrier *b, unsigned n);

/* ---- interrupts between vCPUs; n: 1 .. 7 ---- */
void smp_on_ipi(unsigned n, SmpFn *handler);
void smp_ipi(unsigned cpu, unsigned n);
/* amd64: from now on by x2APIC; false: the machine has none. */
bool amd64_use_x2apic(void);

/* ---- memory ---- */
#define WINDOW 0x80000000ul
#define WINDOW_PAGES 4096u
/* Zeroed pages of RAM, never given back. */
void *smp_pages(size_t n);
/* Puts the page of RAM at ram at va, in the window. Nothing was there, or smp_unmap has taken it away. */
void smp_map(uint64_t va, void *ram);
/* Takes it away on all vCPUs: no access by the old mapping is made after it returns. */
void smp_unmap(uint64_t va);
/* Loads or stores the 8 bytes at va; false when nothing is mapped there. */
bool smp_try_load(uint64_t va, uint64_t *out);
bool smp_try_store(uint64_t va, uint64_t value);

/* ---- code ---- */
/* What the architecture asks of whoever has written code, and then of each vCPU that is about to run it. */
void smp_code_written(const void *code, size_t len);
void smp_code_sync(void);
/* A function at p that returns value. */
#define RETURN_CODE_BYTES 8
void smp_write_return(void *p, uint32_t value);

/* ---- time and chance ---- */
uint64_t smp_ticks(void);
uint64_t smp_ticks_per_ms(void);
/* Tests that run for a time rather than a number of rounds run so long. */
#ifndef DURATION_MS
#define DURATION_MS 150
#endif
static inline uint64_t smp_deadline(void) { return smp_ticks() + DURATION_MS * smp_ticks_per_ms(); }
uint64_t smp_random(void);           /* each vCPU has its own sequence */

/* ---- results; on vCPU 0 unless they say otherwise ---- */
void test_begin(const char *name);
void test_end(void);
void test_end_as(const char *remark);    /* the same, with a word behind the name */
/* Any vCPU. */
#define CHECK(condition) ((condition) ? (void)0 : test_failed(#condition, __LINE__))
void test_failed(const char *what, unsigned line);
/* %s, %u, %x (unsigned), %lu, %lx (unsigned long). */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Ends the run at once. Any vCPU. */
void bail_out(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
