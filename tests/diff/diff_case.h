/* SPDX-License-Identifier: MIT */
/*
 * Differential tests: the case and result records.
 *
 * A case is a machine state and a few instructions; a result is the state after them. The same cases go through runner.c, a
 * bare program that a reference (hardware, or another emulator's user mode) executes, and through calque's harness, and the
 * results must be equal byte for byte. Both put code and data at the same addresses, so that PC-relative results agree.
 *
 *   DIFF_CODE - 4096 .. DIFF_CODE      BRK #0
 *   DIFF_CODE                          the instructions, then BRK #0
 *   DIFF_CODE + 4096                   end of the page of BRKs
 *   DIFF_DATA .. DIFF_DATA + 512       state.mem, in the middle of zeroed pages
 *
 * A case ends with the first exception, of which the result tells kind and PC: a BRK that was reached, by falling through or by a
 * branch; an instruction that is UNDEFINED; an access outside the mapped pages (its PC only).
 */
#ifndef TESTS_DIFF_CASE_H
#define TESTS_DIFF_CASE_H

#include <stdint.h>

#define DIFF_CODE 0x42001000ull
#define DIFF_CODE_MAP 0x42000000ull /* two pages */
#define DIFF_DATA 0x41001000ull
#define DIFF_DATA_MAP 0x41000000ull /* three pages, zero but for mem */
#define DIFF_DATA_PAGES 3
#define DIFF_MAX_INSNS 7

typedef struct DiffState {
    uint64_t x[31], sp;
    uint64_t pc;        /* result: where the exception was taken; ignored in a case */
    uint64_t nzcv;      /* at bits 31:28 */
    uint64_t fpcr, fpsr;
    uint64_t v[32][2];
    uint8_t mem[512];
} DiffState;

typedef struct DiffCase {
    uint32_t n_insns, insns[DIFF_MAX_INSNS];
    DiffState in;
} DiffCase;

enum DiffEnd { DIFF_BRK, DIFF_UNDEFINED, DIFF_FAULT };

typedef struct DiffResult {
    uint64_t end;       /* enum DiffEnd */
    DiffState out;
} DiffResult;

#endif
