/* SPDX-License-Identifier: MIT */
/*
 * What a host must provide: turning IR into something runnable. accel/host/x86_64 emits machine code; accel/interp keeps the IR
 * and interprets it. Chosen once, at start-up.
 *
 * Code is written through one mapping (CodeBuf.rw) and runs from another (rw + rx_delta).
 *
 * Entering and leaving. enter(cpu, code) loads the fixed registers and runs from code until an exit leaves: then all slots
 * are in CPUState, pc (TargetOps.pc_offset) is where to go on, and the result says why:
 *     block | n  (n < TB_MAX_LINKS): a CHAIN exit whose link n is not patched: the loop may link it
 *     HOST_EXIT_LOOKUP: look up by the CPU's state and go on
 *     HOST_EXIT_MAIN: go to the main loop's top (interrupts, exceptions)
 *     HOST_EXIT_POLL: exit_request was seen
 *     block | TB_EXIT_STALE: the block had been killed before it was entered; pc is not stored
 * Polls of CPUState.exit_request are at CHAIN exits whose pc is not after the current block's pc, at JUMP, CALL and RET exits, and at cross-page exits that go backward.
 */
#ifndef ACCEL_HOST_HOST_H
#define ACCEL_HOST_HOST_H

#include "accel/ir/ir.h"
#include "accel/tb/tb.h"

#define HOST_EXIT_LOOKUP 0x7ull
#define HOST_EXIT_MAIN 0xfull
#define HOST_EXIT_POLL 0x17ull

typedef struct CodeBuf {
    uint8_t *rw;        /* next free byte, writable mapping */
    uint8_t *end;       /* end of the writable room */
    ptrdiff_t rx_delta; /* executable address - writable address */
} CodeBuf;

typedef struct HostOps {
    const char *name;
    /* Emits what all code shares (entry, exits, slow-path thunks) once, at the start of the buffer. */
    bool (*init)(CodeBuf *buf, const struct TargetOps *target, GError **error);
    /* Emits f. tb->links has room for TB_MAX_LINKS. Sets tb->code, code_size, unwind, n_unwind and links[].patch_offset/unlinked_offset (unwind is allocated in buf after the code) and advances buf. Returns false when the room did not suffice (nothing changed). */
    bool (*compile)(const IRFunc *f, TranslationBlock *tb, CodeBuf *buf);
    /* Points the link's jump at target's code, or (NULL) back at its unlinked path. Atomic against running code. rw: writable address of tb->code. */
    void (*patch)(TranslationBlock *tb, unsigned n, const TranslationBlock *target, uint8_t *rw);
    /* From now on whoever enters tb leaves with TB_EXIT_STALE at once; who is inside goes on. Atomic against running code, may be done twice. rw as for patch. */
    void (*kill)(TranslationBlock *tb, uint8_t *rw);
    uint64_t (*enter)(CPUState *cpu, const void *code);
    /* Prints code for -d out_asm. */
    void (*disas)(const TranslationBlock *tb, FILE *out);
    /* Floating-point state of the host: see below. May be NULL. */
    void (*fp_harvest)(CPUState *cpu);
    void (*fp_reload)(CPUState *cpu);
    /* Generated code was left by a long jump out of a helper (cpu_loop_exit, after fp_harvest): the host's own floating-point state is put back. May be NULL. */
    void (*left)(CPUState *cpu);
} HostOps;

extern const HostOps *host_ops;      /* (c) after accel_init */
extern const HostOps host_ops_x86_64, host_ops_interp;

/* Host features in use; a subset of what the CPU has, -accel tcg,host-features=... can turn them off for tests. */
typedef struct HostFeatures { bool avx, avx2, fma, bmi1, bmi2, lzcnt, popcnt, f16c, movbe, avx512, aes, pclmul, sha, gfni; } HostFeatures;
extern HostFeatures host_features;
/* (c) after accel_init. Guest code runs in one thread at a time: read-modify-writes are seen whole by all that reads, without being locked. */
extern bool host_one_thread;
/* "-avx2,-bmi2" removes; "none" leaves the baseline x86-64-v2. False: unknown name. */
bool host_features_init(const char *remove, GError **error);

#endif
