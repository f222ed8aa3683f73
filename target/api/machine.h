/* SPDX-License-Identifier: MIT */
/*
 * The machine's view of guest CPUs: how boards create them, wire interrupts to them, and lend them devices that are reached by
 * system registers. hw includes this and never target/arm or target/x86.
 */
#ifndef TARGET_API_MACHINE_H
#define TARGET_API_MACHINE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "cpus/cpu.h"
#include "cpus/topology.h"

/* A CPU model of a guest architecture, and creation by name. */
typedef struct CpuModel { const char *name, *description; } CpuModel;
typedef struct CpuArch {
    const char *name;                                     /* "aarch64" */
    const struct TargetOps *ops;
    const CpuModel *models; unsigned n_models;
    /* Checks "-cpu model,prop=val,..." before anything is created; true: fine. */
    bool (*check)(const char *spec, GError **error);
    /* New vCPU at its place in the topology (copied; NULL: each CPU is a socket), reset, halted when start_powered_off. Big lock held. */
    CPUState *(*create)(const char *spec, const CpuTopology *topology, int index, bool start_powered_off, GError **error);
    void (*help)(GString *out);                           /* models and properties for "-cpu help" */
} CpuArch;
extern const CpuArch cpu_arch_aarch64, cpu_arch_x86_64;

/* ---- aarch64 ---- */
typedef enum ArmIrqLine { ARM_LINE_IRQ, ARM_LINE_FIQ, ARM_LINE_VIRQ, ARM_LINE_VFIQ } ArmIrqLine;
typedef enum ArmTimerLine { ARM_TIMER_PHYS, ARM_TIMER_VIRT, ARM_TIMER_HYP, ARM_TIMER_SEC, ARM_PMU_IRQ, ARM_NB_OUT_LINES } ArmTimerLine;

/* Inputs; any thread. */
void arm_cpu_set_irq(CPUState *cpu, ArmIrqLine line, bool level);
/* Outputs of the CPU (timer and PMU interrupts): fn is called on any thread when the level changes. */
void arm_cpu_set_output(CPUState *cpu, ArmTimerLine line, void (*fn)(void *opaque, int level), void *opaque);
uint64_t arm_cpu_mpidr(CPUState *cpu);
/* Register state for a direct kernel boot: x0 = dtb, pc = entry, EL1, everything else as after reset (Linux Documentation/arm64/booting). */
void arm_cpu_set_boot(CPUState *cpu, uint64_t pc, uint64_t x0);
uint64_t arm_timer_frequency_hz(CPUState *cpu);
/* The "compatible" strings of the CPU's device-tree node, and features the board must know. */
const char *arm_cpu_dt_compatible(CPUState *cpu);
bool arm_cpu_has_pmu(CPUState *cpu);

/* GICv3 CPU interface: ICC_* registers live in the interrupt controller. enc: op0:op1:CRn:CRm:op2 as op0<<14|op1<<11|crn<<7|crm<<3|op2. False: no such register (UNDEFINED). */
typedef struct ArmGicCpuIf {
    bool (*read)(void *opaque, CPUState *cpu, uint32_t enc, uint64_t *value);
    bool (*write)(void *opaque, CPUState *cpu, uint32_t enc, uint64_t value);
    void *opaque;
} ArmGicCpuIf;
void arm_cpu_set_gic(CPUState *cpu, const ArmGicCpuIf *gic); /* NULL members: ID_AA64PFR0_EL1.GIC is 0 */

/* PSCI by HVC (DEN0022), served by target/arm; SYSTEM_OFF and SYSTEM_RESET go to runstate_request. */
void arm_cpu_enable_psci_hvc(CPUState *cpu);

/* ---- x86 ---- */
/* The local APIC, as the CPU sees it. Called on the vCPU's thread; no lock is needed, and none but the big lock may be held. */
typedef struct X86ApicOps {
    /* Whether get_interrupt would give a vector now. Takes no lock. NULL: while INTR is high. */
    bool (*has_interrupt)(void *opaque);
    /* Acknowledges the interrupt that is to be taken: its vector, or -1 when there is none any more (spurious without PIC). */
    int (*get_interrupt)(void *opaque);
    /* CR8 and the TPR's upper four bits. */
    uint8_t (*get_cr8)(void *opaque);
    void (*set_cr8)(void *opaque, uint8_t value);
    /* IA32_APIC_BASE; set: false for a value that raises #GP. */
    uint64_t (*get_base)(void *opaque);
    bool (*set_base)(void *opaque, uint64_t value);
    /* x2APIC's MSRs 0x800..0x8ff and IA32_TSC_DEADLINE (0x6e0). False: #GP. */
    bool (*msr_read)(void *opaque, uint32_t index, uint64_t *value);
    bool (*msr_write)(void *opaque, uint32_t index, uint64_t value);
    void *opaque;
} X86ApicOps;
void x86_cpu_set_apic(CPUState *cpu, const X86ApicOps *ops);
uint32_t x86_cpu_apic_id(CPUState *cpu);
bool x86_cpu_is_bsp(CPUState *cpu);

/* What the machine around the CPU does for it; each may be NULL. Big lock held. */
typedef struct X86MachineHooks {
    void (*smm_changed)(void *opaque, bool in_smm); /* SMRAM comes and goes */
    void (*ferr)(void *opaque);                     /* FERR#: an x87 exception with CR0.NE = 0 (IRQ 13) */
    void *opaque;
} X86MachineHooks;
void x86_cpu_set_hooks(CPUState *cpu, const X86MachineHooks *hooks);

/* Inputs; any thread. INTR is a level: the APIC or PIC has something. The others are edges. */
void x86_cpu_set_intr(CPUState *cpu, bool level);
void x86_cpu_nmi(CPUState *cpu);
void x86_cpu_smi(CPUState *cpu);
void x86_cpu_init(CPUState *cpu);
void x86_cpu_sipi(CPUState *cpu, uint8_t vector);
void x86_cpu_set_a20(CPUState *cpu, bool enabled);

/* The time-stamp counter: its rate, its value, and the virtual clock (ns) at which it reaches tsc. Big lock or own thread. */
uint64_t x86_cpu_tsc_hz(CPUState *cpu);
uint64_t x86_cpu_read_tsc(CPUState *cpu);
int64_t x86_cpu_tsc_to_ns(CPUState *cpu, uint64_t tsc);

/* Register state for a direct boot (Linux/x86 boot protocol, multiboot): what a firmware would leave. Reached at each reset. */
typedef struct X86BootState {
    enum { X86_BOOT_RESET, X86_BOOT_PM32, X86_BOOT_LONG } mode; /* PM32: flat protected mode, paging off. LONG: 64-bit, cr3 given */
    uint64_t rip, rsp, rax, rbx, rsi, cr3;
    uint64_t gdt_base; uint32_t gdt_limit;                      /* a table in guest memory with the segments below */
    uint16_t cs, ds;
} X86BootState;
void x86_cpu_set_boot(CPUState *cpu, const X86BootState *boot);
/* Whether the CPU's CPUID has a named feature ("nx", "x2apic", ...). */
bool x86_cpu_has_feature(CPUState *cpu, const char *name);
/* CPUID as the guest sees it, for tables that firmware interfaces carry. */
void x86_cpu_cpuid(CPUState *cpu, uint32_t leaf, uint32_t subleaf, uint32_t out[4]);

#endif
