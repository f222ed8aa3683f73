/* SPDX-License-Identifier: MIT */
/* A made-up guest for tests of the host: slots, two pages of fast memory, one that is always slow, and a reference evaluator. */
#ifndef TESTS_UNIT_HOST_FAKE_H
#define TESTS_UNIT_HOST_FAKE_H

#include "accel/host/host.h"
#include "accel/ir/builder.h"
#include "target/api/target.h"

#define FAKE_NB_X 33 /* the last one is the flags slot, I32 */
#define FAKE_FLAGS 32
#define FAKE_V0 33
#define FAKE_NB_SLOTS (FAKE_V0 + 32)
#define FAKE_MEM_BASE 0x10000ull
#define FAKE_MEM_SIZE 0x3000u /* the third page never hits the TLB */

typedef struct FakeState {
    V128 v[32];
    uint64_t x[32];
    uint64_t pc;
    uint32_t flags;
} FakeState;

typedef struct FakeCPU {
    CPUState parent;
    FakeState s;
    uint32_t mxcsr, fp_flags;
    CPUTLBEntry tlb[2];
    uint8_t mem[FAKE_MEM_SIZE] __attribute__((aligned(4096)));
} FakeCPU;

extern const TargetOps fake_target;
extern const TargetFpOps fake_fp_ops;
extern FakeCPU fake_cpu;

/* Guest instruction index -> state that slow paths must find in memory; filled by the reference. */
extern FakeState fake_expected[TB_MAX_GUEST_INSNS + 1];
extern bool fake_check_slow;
extern const TranslationBlock *fake_tb; /* the block being run */
extern unsigned fake_slow_calls;

void fake_init(void);
extern CodeBuf fake_code;
/* Forgets all compiled blocks. */
void fake_code_reset(void);
void fake_compile(const IRFunc *f, TranslationBlock *tb);
uint64_t fake_run(const TranslationBlock *tb);
void fake_patch(TranslationBlock *tb, unsigned n, const TranslationBlock *to);
/* Compiles f alone and runs it. Returns the exit. */
uint64_t fake_compile_run(IRFunc *f, TranslationBlock *tb);
/* Evaluates f from *s and mem; leaves final state there. Returns the index of the exit taken; *jump_pc is exit_jump's. */
unsigned fake_reference(const IRFunc *f, FakeState *s, uint8_t *mem, uint64_t *jump_pc);
/* Fills f with a random block. */
void random_ir(IRFunc *f, uint64_t seed);

extern const IRHelper fake_helper_pure, fake_helper_reads, fake_helper_writes, fake_helper_vec, fake_helper_many;
uint64_t fake_pure(uint64_t a, uint32_t b, uint64_t c);
void fake_reads(CPUState *cpu, uint64_t a);
uint64_t fake_writes(CPUState *cpu, uint64_t a, uint32_t b);
void fake_vec(V128 *out, const V128 *a, const V128 *b, uint64_t x);
uint64_t fake_many(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f);

#endif
