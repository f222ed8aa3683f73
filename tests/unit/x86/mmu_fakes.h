/* SPDX-License-Identifier: MIT */
/* A vCPU without accel or the rest of the target: what paging, MSRs and state saving call there are fakes that record what they are asked. */
#ifndef TESTS_X86_MMU_FAKES_H
#define TESTS_X86_MMU_FAKES_H

#include "accel/mmu/mmu.h"
#include "target/x86/cpu.h"
#include "target/x86/models.h"
#include "target/x86/msr.h"
#include "target/x86/paging.h"

#define RAM_SIZE (1ull << 20) /* from physical address 0 */

typedef struct FakeLog {
    unsigned flushes;          /* calls of any mmu_flush* */
    char flush[16];            /* the last: "all", "asid", "range" */
    uint64_t flush_va;
    uint32_t flush_asid, asid; /* asid: by mmu_set_asid */
    MMUPage page;              /* by mmu_set_page */
    unsigned page_idx;
    uint32_t extra;            /* what cpu_restore_state gives to last_extra */
    uint64_t no_host;          /* mmu_probe gives no pointer to this page */
} FakeLog;
extern FakeLog fake;

/* A fresh vCPU of the spec, reset; memory is set up with the first. */
X86CPU *fake_cpu(const char *spec);
uint8_t *fake_ram(void);
/* Runs fn(cpu, arg); the vector of the exception that it raised, or -1. The error code is in env. */
int fake_raises(X86CPU *cpu, void (*fn)(X86CPU *, void *), void *arg);
/* A random number; seeded alike in each run. */
uint64_t fake_random(void);

void add_paging_tests(void);
void add_model_tests(void);
void add_msr_tests(void);
void add_topology_tests(void);
void add_xsave_tests(void);

#endif
