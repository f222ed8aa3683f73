/* SPDX-License-Identifier: MIT */
/*
 * Random blocks of IR, and a made-up CPU to run them on: the same block run in two ways (before and after the optimiser, by
 * the interpreter and by a back end) must leave the same state.
 *
 * Everything follows from a seed. A block is straight integer, flag and vector code on RANDOM_NB_X integer slots, a flags slot
 * and RANDOM_NB_V vector slots, with loads, stores and side exits where asked for. All exits are to other pages, so that they
 * miss the (empty) jump cache: enter returns HOST_EXIT_LOOKUP with the pc of the exit.
 *
 * Guest RAM is RANDOM_RAM_SIZE bytes at RANDOM_RAM_BASE, reached through the TLB's fast path; every other address must be
 * served by the slow path from the same bytes, the address taken modulo the size. fake_mmu.c is such a slow path.
 */
#ifndef TESTS_UNIT_IR_RANDOM_IR_H
#define TESTS_UNIT_IR_RANDOM_IR_H

#include "accel/ir/ir.h"
#include "cpus/cpu.h"
#include "target/api/target.h"

#define RANDOM_NB_X 20
#define RANDOM_NB_V 10
#define RANDOM_SLOT_FLAGS RANDOM_NB_X
#define RANDOM_SLOT_V (RANDOM_NB_X + 1)
#define RANDOM_RAM_BASE 0x40000000ull
#define RANDOM_RAM_SIZE 0x4000u

typedef struct RandomState {
    V128 v[RANDOM_NB_V];
    uint64_t x[RANDOM_NB_X];
    uint64_t pc;
    uint32_t flags;
    uint8_t ram[RANDOM_RAM_SIZE] __attribute__((aligned(64)));
} RandomState;

typedef struct RandomCPU {
    CPUState parent;
    RandomState state;      /* all that a block can change */
    CPUTLBEntry tlb[8];     /* of MMU index 0: the RAM's pages */
    uint64_t helper_calls;
} RandomCPU;

extern const TargetOps random_ir_target;

#define RANDOM_MEMORY 1u    /* ld, st, st2, ldptr and hld */
#define RANDOM_BRANCHES 2u  /* br and fl_br */
#define RANDOM_CALLS 4u     /* calls of helpers that read or write slots */
#define RANDOM_VECTORS 8u
#define RANDOM_ALL 15u

/* A generator of its own, so that a seed means the same everywhere. */
uint64_t random_next(uint64_t *rng);
/* A CPU with random registers and RAM and a TLB that maps the RAM. Allocated zeroed; free with free(). */
RandomCPU *random_cpu_new(void);
void random_cpu_fill(RandomCPU *cpu, uint64_t seed);
/* Builds about n_insns insns into f, ended by an exit. */
void random_ir_build(IRFunc *f, uint64_t seed, unsigned n_insns, unsigned features);
/* NULL when a and b are the same, else a sentence (g_free) that names the first difference. Only NZCV of the flags slot counts when flags_only. */
char *random_state_diff(const RandomState *a, const RandomState *b, bool flags_only);

#endif
