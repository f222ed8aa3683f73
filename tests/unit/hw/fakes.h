/* SPDX-License-Identifier: MIT */
/* CPUs that are only lines, for tests of devices: what target/api/machine.h promises, without a guest. */
#ifndef TESTS_UNIT_HW_FAKES_H
#define TESTS_UNIT_HW_FAKES_H

#include "hw/core/device.h"
#include "target/api/machine.h"

#define FAKE_CPUS 512
typedef struct FakeCpu {
    CPUState cpu;
    bool irq, fiq;                 /* (a) */
    bool created, off, psci;
    const ArmGicCpuIf *gic;
    uint64_t boot_pc, boot_x0;
    struct { void (*fn)(void *opaque, int level); void *opaque; } out[ARM_NB_OUT_LINES];
} FakeCpu;
extern FakeCpu *fake_cpus[FAKE_CPUS];
extern CPUState *fake_cpu_array[FAKE_CPUS];

/* memory, RCU and the big lock, which stays held; FAKE_CPUS CPUs. */
void fakes_init(void);
/* Register access to a device's region, as vCPU cpu makes it. */
uint64_t rd(MemoryRegion *mr, hwaddr offset, unsigned size, unsigned cpu);
void wr(MemoryRegion *mr, hwaddr offset, uint64_t value, unsigned size, unsigned cpu);
/* Set: a thread that drives a CPU's line is now and then late, so that others overtake it. */
extern bool fakes_dawdle;
void fakes_maybe_dawdle(void);
/* Where a device's output goes. */
typedef struct Probe { int level, changes; } Probe;
IrqLine probe_line(Probe *p);

/* System registers of the GICv3 CPU interface of cpu, which must exist. */
uint64_t mrs(unsigned cpu, uint32_t enc);
void msr(unsigned cpu, uint32_t enc, uint64_t v);

#endif
