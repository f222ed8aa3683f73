/* SPDX-License-Identifier: MIT */
/* The table of decode rows and the search in it, apart from translation, so that tests and tools can use them alone. */
#ifndef TARGET_ARM_DECODE_H
#define TARGET_ARM_DECODE_H

#include "target/arm/cpu.h"

typedef struct A64Row {
    const char *name;     /* of the handler */
    const char *where;    /* file:line */
    uint32_t mask, value; /* matches when (insn & mask) == value */
    uint8_t feature;      /* ARMFeature */
} A64Row;

extern const A64Row a64_rows[];
extern const unsigned a64_nb_rows;
/* Index of the row for insn on a CPU with these features, or -1: UNDEFINED. */
int a64_find_row(uint32_t insn, uint64_t features);

#endif
