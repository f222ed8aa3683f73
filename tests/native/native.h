/* SPDX-License-Identifier: MIT */
/* What the parts of the native differential test share: a program's state, its outcome, where things are mapped. */
#ifndef TESTS_NATIVE_H
#define TESTS_NATIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "target/x86/decode.h"

/* Where the program sees its pages, natively and as a guest. All else near them is unmapped. */
#define NATIVE_CODE 0x10000000ull
#define NATIVE_CODE_PAGES 2u
#define NATIVE_DATA 0x20000000ull
#define NATIVE_DATA_PAGES 2u
#define NATIVE_DATA_SIZE (NATIVE_DATA_PAGES * 4096u)
#define NATIVE_MIDDLE (NATIVE_DATA + NATIVE_DATA_SIZE / 2)
#define NATIVE_FILL 0xf4     /* HLT: #GP. All code bytes that are not the program */

/*
 * Width of the program's code: 64; 32: compatibility mode, flat; 16: compatibility mode, code and data segments that are the mapped pages, so that
 * addresses are offsets. FS and GS: in 64-bit code by their bases, otherwise segments of the data pages, GS expand-down.
 */
extern unsigned native_bits;
#define NATIVE_GS_LIMIT 0x1ffu /* expand-down: offsets above it are good */
static inline uint64_t native_data_base(void) { return native_bits == 16 ? NATIVE_DATA : 0; }
static inline uint64_t native_code_base(void) { return native_bits == 16 ? NATIVE_CODE : 0; }

#define NATIVE_MAX_INSNS 8
#define NATIVE_MAX_BYTES (NATIVE_MAX_INSNS * 21) /* POPF has a PUSH or two before it */

/* User-level state. fx: as FXSAVE64 lays it out. */
typedef struct NativeState {
    uint64_t regs[16], rip, rflags;
    uint64_t fs_base, gs_base;
    uint8_t fx[512] __attribute__((aligned(16)));
    uint8_t ymmh[16][16];
    uint8_t mem[NATIVE_DATA_SIZE];
} NativeState;

typedef struct NativeOutcome {
    NativeState state;       /* rip: of the instruction that faulted */
    uint32_t vector, error;
    uint64_t cr2;            /* #PF */
    bool hung;
} NativeOutcome;

typedef struct NativeCase {
    NativeState in;
    uint8_t code[NATIVE_MAX_BYTES];
    unsigned length, n_insns;
    unsigned offset[NATIVE_MAX_INSNS + 1]; /* of each instruction in code; the last: length */
    const X86Row *rows[NATIVE_MAX_INSNS];
    uint64_t code_at;        /* address of the first byte */
} NativeCase;

/* fxsave image. */
#define FX_FCW 0
#define FX_FSW 2
#define FX_FTW 4
#define FX_FOP 6
#define FX_FIP 8
#define FX_FDP 16
#define FX_MXCSR 24
#define FX_MXCSR_MASK 28
#define FX_ST0 32
#define FX_XMM0 160
#define FX_END 416

/* host.c */
void native_host_init(void);
void native_host_run(const NativeCase *c, NativeOutcome *out);

/* guest.c */
typedef enum NativeMode { NATIVE_TRANSLATED, NATIVE_UNOPTIMISED, NATIVE_INTERPRETED } NativeMode;
void native_guest_init(NativeMode mode);
void native_guest_run(const NativeCase *c, NativeOutcome *out);
bool native_guest_has(const void *unused, unsigned feature);
void native_guest_finish(void);

/* generate.c */
typedef struct NativeFilter { const char *match, *feature; } NativeFilter; /* of mnemonics (a regular expression), of features; NULL: all */
/* Looks for an encoding of each row; returns how many rows there are to test. has: what both sides can do. */
unsigned native_generate_init(const NativeFilter *filter);
unsigned native_row_count(void);
const char *native_row_feature(unsigned n);
const X86Row *native_row(unsigned n);
void native_seed(uint64_t seed);
/* A program whose last instruction is of row n; those before it are of any. */
void native_generate(NativeCase *c, unsigned n, unsigned n_insns);

/* compare.c: prints differences; true: none. */
bool native_compare(const NativeCase *c, const NativeOutcome *host, NativeOutcome *guest, bool print);
void native_print_case(const NativeCase *c);
/* Why a row is not tested, or NULL. */
const char *native_skip_reason(const X86Row *row);

#endif
