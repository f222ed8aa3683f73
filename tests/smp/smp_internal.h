/* SPDX-License-Identifier: MIT */
/* Between smp.c and what knows the machine: arm64.c, amd64.c. */
#ifndef TESTS_SMP_SMP_INTERNAL_H
#define TESTS_SMP_SMP_INTERNAL_H

#include "smp.h"

#define STACK_BYTES 16384
#define WAKE_IPI 0                   /* of those that smp_ipi sends: only to end a sleep */

/* Start code finds its stack here by number: the end of each. */
extern char smp_stacks[SMP_MAX_CPUS][STACK_BYTES];

/* ---- smp.c ---- */
void smp_boot(void) __attribute__((noreturn));                  /* vCPU 0, after the machine's own start */
void smp_secondary(unsigned cpu) __attribute__((noreturn));     /* the others */
void smp_ipi_arrived(unsigned n);                               /* in the interrupt's handler */
bool smp_is_up(unsigned cpu);

/* ---- the machine ---- */
void machine_init(void);             /* on vCPU 0: interrupts, and the number of vCPUs */
void machine_init_cpu(unsigned cpu); /* on each */
void machine_start(unsigned cpu);    /* lets it run smp_secondary; it was never started, or is off */
bool machine_is_off(unsigned cpu);
void machine_off(void) __attribute__((noreturn)); /* this vCPU */
/* Sleeps until an interrupt has been handled, unless *word is not zero. */
void machine_sleep(void *const *word);
void machine_ipi(unsigned cpu, unsigned n);
void machine_map(uint64_t va, uint64_t pa);
void machine_unmap(uint64_t va);
void machine_put_char(char c);
void machine_power_off(void) __attribute__((noreturn));
extern char machine_free_ram[];
extern const size_t machine_free_bytes;

#endif
