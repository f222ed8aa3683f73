/* SPDX-License-Identifier: MIT */
/*
 * Litmus tests: what a test is, and what a guest's table of them (litmus_arm64.c, litmus_amd64.c) gives to the harness.
 *
 * A test is a row of a table:
 *
 *     L(SB, "SB", 2, SEEN, a == 0 && b == 0,
 *       ST(x, 1) LD(a, y),
 *       ST(y, 1) LD(b, x),,)
 *
 * number of threads, verdict, condition, one column of operations a thread. x, y and z are memory, 0 at first; a to d are
 * registers, each loaded by one thread at most, 0 elsewhere. The condition is about the registers and the memory's last values.
 * A column is assembled as it stands: the guest's header says what its operations are.
 */
#ifndef TESTS_SMP_LITMUS_H
#define TESTS_SMP_LITMUS_H

#include "smp.h"

#define LITMUS_THREADS 4

typedef enum Verdict {
    NEVER,               /* forbidden */
    MAYBE,               /* allowed: counted */
    SEEN,                /* allowed, and met wherever threads really run at once: the harness is too tame otherwise */
} Verdict;

typedef struct Litmus {
    const char *name;
    unsigned n;
    Verdict verdict;
    /* A thread's code, at an instance's x, y and z; the registers, a in the lowest byte. */
    uint32_t (*thread[LITMUS_THREADS])(uint32_t *x, uint32_t *y, uint32_t *z);
    bool (*condition)(unsigned a, unsigned b, unsigned c, unsigned d, unsigned x, unsigned y, unsigned z);
} Litmus;

extern const Litmus litmus_table[];
extern const unsigned litmus_count;

/* This vCPU watches the 8 bytes at each of n places (up to 4), which nobody touches; every access to their pages is slow then. 0: no more. */
void litmus_watch(char *const *at, unsigned n);

/* A table is an X-macro TABLE(L); this makes code, conditions and rows of it. */
#define LITMUS_CODE(id, name, n, verdict, condition, p0, p1, p2, p3) \
    LITMUS_THREAD(id, 0, p0) LITMUS_THREAD(id, 1, p1) LITMUS_THREAD(id, 2, p2) LITMUS_THREAD(id, 3, p3) \
    static bool condition_##id(unsigned a, unsigned b, unsigned c, unsigned d, unsigned x, unsigned y, unsigned z) { return condition; }
#define LITMUS_THREAD(id, t, code) \
    extern uint32_t litmus_##id##_##t(uint32_t *x, uint32_t *y, uint32_t *z); \
    __asm__(".text\nlitmus_" #id "_" #t ":\n" LITMUS_PROLOGUE code LITMUS_EPILOGUE);
#define LITMUS_ROW(id, name, n, verdict, condition, p0, p1, p2, p3) \
    { name, n, verdict, { litmus_##id##_0, litmus_##id##_1, litmus_##id##_2, litmus_##id##_3 }, condition_##id },
#define LITMUS_TABLE(table) \
    table(LITMUS_CODE) \
    const Litmus litmus_table[] = { table(LITMUS_ROW) }; \
    const unsigned litmus_count = sizeof(litmus_table) / sizeof(litmus_table[0]);

#endif
