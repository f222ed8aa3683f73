/* SPDX-License-Identifier: MIT */
/* A vCPU without accel: the functions that target/arm calls there are fakes which record what they are asked. */
#ifndef TESTS_ARM_SYS_FAKES_H
#define TESTS_ARM_SYS_FAKES_H

#include "accel/mmu/mmu.h"
#include "target/arm/internals.h"
#include "target/arm/ptw.h"

#define RAM_BASE 0x40000000ull
#define RAM_SIZE (4ull << 20)

typedef struct FakeLog {
    unsigned flushes;          /* calls of any mmu_flush* */
    char flush[16];            /* the last: "all", "asid", "range", with "*" for the _all forms */
    uint64_t flush_va, flush_pages;
    unsigned flush_page_bits;
    uint32_t flush_asid, asid; /* asid: by mmu_set_asid */
    MMUPage page;              /* by mmu_set_page */
    unsigned page_idx, loop_exits;
    bool probe_faults;         /* what mmu_probe is to answer */
} FakeLog;
extern FakeLog fake;

/* A fresh vCPU of the spec, reset; memory (RAM_SIZE bytes at RAM_BASE) is set up with the first. */
ArmCPU *sys_cpu(const char *spec);
uint8_t *sys_ram(void);
/* Runs fn(arg) and says whether it left by cpu_loop_exit*. */
bool sys_leaves(ArmCPU *cpu, void (*fn)(ArmCPU *, void *), void *arg);
/* MRS or MSR by encoding; true: done, false: it left by an exception, whose syndrome is in env.exc. */
bool sys_mrs(ArmCPU *cpu, uint32_t enc, uint64_t *value);
bool sys_msr(ArmCPU *cpu, uint32_t enc, uint64_t value);
#define SYS_TRAP ARM_SYN(EC_SYSREG, 0x123) /* the syndrome that these two pass */
#define EC_OF(syn) ((unsigned)(syn) >> 26)

void sys_add_ptw_tests(void);
void sys_add_exception_tests(void);
void sys_add_register_tests(void);
void sys_add_timer_tests(void);
void sys_add_pauth_tests(void);
void sys_add_psci_tests(void);
void sys_add_debug_tests(void);

#endif
