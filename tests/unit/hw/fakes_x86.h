/* SPDX-License-Identifier: MIT */
/* x86 CPUs that are only pins, for tests of the PC's devices: what target/api/machine.h promises, without a guest. */
#ifndef TESTS_UNIT_HW_FAKES_X86_H
#define TESTS_UNIT_HW_FAKES_X86_H

#include "target/api/machine.h"

#define FAKE_X86_CPUS 4
typedef struct FakeX86 {
    CPUState cpu;
    bool intr;                     /* (a) */
    unsigned kicks;                /* (a) how often intr was raised, high or not */
    bool a20;
    unsigned nmi, smi, init, sipi; /* how often */
    uint8_t sipi_vector;
    X86ApicOps apic;
    X86MachineHooks hooks;
    X86BootState boot;
} FakeX86;
extern FakeX86 *fake_x86[FAKE_X86_CPUS];
/* The TSC counts the virtual clock at this rate. */
#define FAKE_TSC_HZ 2000000000ull

/* Makes them, each with a timer list. */
void fakes_x86_init(void);

#endif
