/* SPDX-License-Identifier: MIT */
/* vCPUs whose guest code is a loop in C that polls exit_request, and what a test may have them do there. */
#ifndef TESTS_UNIT_CPUS_FAKE_H
#define TESTS_UNIT_CPUS_FAKE_H

#include <glib.h>

#include "cpus/cpu.h"

#define FAKE_MAX 8

typedef struct Fake {
    CPUState parent;
    int inside;          /* (a) in its guest code */
    uint64_t rounds;     /* (a) of its guest code */
    uint64_t entries;    /* (a) to exec */
    bool want_work;      /* (a) has_work says so */
    bool yields;         /* (a) its guest code says that it spins, after each round */
    bool step;           /* (a) the next round asks to be stepped alone */
    uint64_t steps;      /* (a) done alone */
    void (*hook)(CPUState *cpu); /* (a) called once from within guest code */
    void (*each_round)(CPUState *cpu); /* (a) called every round */
} Fake;

extern CPUState *cpus[FAKE_MAX];
extern int n_cpus;
extern bool fake_single_thread;

static inline Fake *fake(CPUState *cpu)
{
    return (Fake *)cpu;
}

/* Strips --single from the arguments, makes n vCPUs and starts them. Big lock held from here on. */
void fakes_init(int *argc, char ***argv, int n);
CPUState *fake_new(int index);
/* Runs the tests, ends the threads. */
int fakes_run(void);
bool fake_any_inside(void);
/* Waits, big lock dropped, until cond is true. */
#define WAIT_UNTIL(cond) do { bql_unlock(); while (!(cond)) g_usleep(50); bql_lock(); } while (0)
uint64_t fake_rounds(int i);
/* Waits until vCPU i has made a round that began after this was called. */
void fake_wait_round(int i);
void fake_set_halted(int i);
void fake_wake(int i);

#endif
