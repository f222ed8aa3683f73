/* SPDX-License-Identifier: MIT */
/* The word that describes a repeated string instruction to its helper. Bits 1:0: log2 of an element's bytes. */
#ifndef TARGET_X86_HELPER_STRING_H
#define TARGET_X86_HELPER_STRING_H

#include "target/x86/cpu.h"

#define STR_LOG2(d) ((d) & 3u)
#define STR_ASZ_SHIFT 2   /* 2 bits: log2 of the address size, 1..3 */
#define STR_SEG_SHIFT 4   /* 3 bits: segment of rSI */
#define STR_REPNE 0x80u   /* CMPS, SCAS: while not equal */
#define STR_ONE 0x100u    /* single-stepped: one element, then #DB if some are left */
#define STR_SINGLE 0x200u /* INS, OUTS without a repeat prefix: rCX does not count */

/* A repeated instruction under way. Registers in env are right for all elements done, at any time. */
typedef struct StringRun {
    X86CPU *cpu;
    CPUX86State *env;
    uintptr_t ra;
    unsigned lg, bytes, seg, idx;  /* lg: log2 of bytes; idx: MMU index */
    uint64_t mask;                 /* of the address size */
    uint64_t count;                /* elements left */
    uint64_t budget;               /* elements that may be done before the loop is polled */
    bool single, one;
} StringRun;

void x86_string_begin(StringRun *r, CPUState *cs, uint32_t desc, uint64_t budget, uintptr_t ra);
/* n elements are done: the registers in use move on. */
void x86_string_done(StringRun *r, uint64_t n, bool si, bool di);
/* 1 when elements are left. Raises #DB then when single-stepping. */
uint32_t x86_string_end(StringRun *r);
/* Linear address of the element that rSI or rDI points to, checked. */
uint64_t x86_string_linear(StringRun *r, unsigned reg, unsigned bytes, bool write);

#endif
