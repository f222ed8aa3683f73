/* SPDX-License-Identifier: MIT */
/* The page walk, as paging.c's callers and its tests see it. */
#ifndef TARGET_X86_PAGING_H
#define TARGET_X86_PAGING_H

#include "target/x86/cpu.h"

typedef struct X86Walk {
    /* ---- in ---- */
    uint64_t va;            /* canonical; legacy modes use the low half */
    unsigned mmu_idx;       /* X86_MMU_* */
    MMUAccess access;
    bool no_side_effects;   /* a debugger's: sets no A and D bits, and permissions do not count */
    /* ---- out ---- */
    uint64_t pa;
    unsigned page_bits, prot;
    bool global, user;
    uint8_t pkey;           /* of a user page while CR4.PKE is in force */
    uint32_t error;         /* #PF's error code, when x86_walk says false */
} X86Walk;

/* rcu_read_lock held. False: #PF with w->error. */
bool x86_walk(X86CPU *cpu, X86Walk *w);
/* The TLB's key of the current address space: the PCID, 0 without. */
uint32_t x86_asid(const CPUX86State *env);

#endif
