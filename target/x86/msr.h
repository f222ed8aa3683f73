/* SPDX-License-Identifier: MIT */
/* The table of model-specific registers, for msr.c, mtrr.c and their tests. */
#ifndef TARGET_X86_MSR_H
#define TARGET_X86_MSR_H

#include "target/x86/cpu.h"

typedef struct MsrRow {
    uint32_t index, count;   /* registers index .. index + count - 1 */
    const char *name;
    uint16_t feature;        /* X86_FEAT_* that it comes with */
    uint16_t kind;           /* MSR_* */
    uint16_t offset;         /* in CPUX86State of a uint64_t (an array when count > 1); 0: none */
    uint64_t mask;           /* bits that may be set; MSR_CONST: the value */
    bool (*read)(X86CPU *, const struct MsrRow *, uint32_t n, uint64_t *);       /* n: which of count. NULL: by kind */
    bool (*write)(X86CPU *, const struct MsrRow *, uint32_t n, uint64_t value);
} MsrRow;

enum {
    MSR_FIELD,      /* the field; writes: mask */
    MSR_CANONICAL,  /* the field, an address: writes must be canonical */
    MSR_CONST,      /* mask is the value; writes raise #GP */
    MSR_IGNORE,     /* reads as mask, writes are lost */
    MSR_WRITE_ONLY, /* reads raise #GP; writes: bits in mask, and no more happens */
};

/* Sorted by index. *n: their number. */
const MsrRow *x86_msr_rows(size_t *n);
const MsrRow *x86_msr_find(const X86CPU *cpu, uint32_t index);

/* ---- mtrr.c ---- */
bool x86_mtrr_write_fixed(X86CPU *, const MsrRow *, uint32_t n, uint64_t value);
bool x86_mtrr_read_var(X86CPU *, const MsrRow *, uint32_t n, uint64_t *value);
bool x86_mtrr_write_var(X86CPU *, const MsrRow *, uint32_t n, uint64_t value);
bool x86_mtrr_write_def_type(X86CPU *, const MsrRow *, uint32_t n, uint64_t value);
/* As firmware leaves them: RAM below 1 MiB and all that no range names is write-back. */
void x86_mtrr_firmware(CPUX86State *env);
bool x86_pat_write(X86CPU *, const MsrRow *, uint32_t n, uint64_t value);

#endif
