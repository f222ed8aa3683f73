/* SPDX-License-Identifier: MIT */
/*
 * A CPU for tests of target/x86's system part: flat linear memory in place of the MMU, and tables laid out as below.
 *
 *   0x1000 GDT   0x2000 IDT   0x3000 TSS (legacy or 64-bit)   0x3800 second TSS   0x4000 code   0x8000 stack of level 3, 0x9000 of level 0
 *
 * The memory is 1 MiB; an access beyond it is a #PF, as is one to the page fake.absent.
 */
#ifndef TESTS_UNIT_X86_SYS_FAKES_H
#define TESTS_UNIT_X86_SYS_FAKES_H

#include "target/x86/segment_internal.h"

#define GDT 0x1000u
#define IDT 0x2000u
#define TSS 0x3000u
#define TSS2 0x3800u
#define RAM_BYTES 0x100000u

/* Selectors. */
enum {
    CODE0 = 0x08, DATA0 = 0x10, CODE3 = 0x1b, DATA3 = 0x23, TSS_SEL = 0x28, CODE64 = 0x38, CODE64_3 = 0x43, CONFORMING = 0x48,
    CODE_ABSENT = 0x50, READONLY = 0x58, CODE16 = 0x60, DATA16 = 0x68, TSS2_SEL = 0x70, GATE = 0x80, LDT_SEL = 0x90, DATA1 = 0xa1,
    GDT_BYTES = 0xb0,
};

typedef struct Fake {
    uint64_t absent;      /* page that faults */
    unsigned flushes, exits;
    bool reset_requested, in_smm;
    int cr8;
    int interrupt;        /* what the APIC has */
} Fake;
extern Fake fake;
extern uint8_t ram[RAM_BYTES];

enum { MODE_REAL, MODE_PM32, MODE_LONG };
X86CPU *sys_cpu(int mode);
/* To level 3 of the mode: CS, SS, RSP = 0x8000, eip. */
void sys_user(X86CPU *cpu, uint64_t eip);
void sys_vm86(X86CPU *cpu, uint16_t cs, uint16_t ip);
void set_gate(X86CPU *cpu, unsigned vector, unsigned type, unsigned dpl, uint16_t selector, uint64_t offset, unsigned ist);
void set_desc(uint16_t selector, uint32_t base, uint32_t limit, uint32_t attr);
uint64_t rd(uint64_t va, unsigned bytes);
void wr(uint64_t va, uint64_t value, unsigned bytes);
/* Calls fn; the vector that it raised, or -1. The error code is in the CPU's state. */
int sys_try(X86CPU *cpu, void (*fn)(X86CPU *cpu, void *arg), void *arg);
/* Delivers vector as the loop does, with what its delivery raises; the number of exceptions that took, or -1 for a shutdown. */
int sys_take(X86CPU *cpu, int vector, bool has_error, uint32_t error);
/* The same for what has just been raised. */
int sys_take_raised(X86CPU *cpu);

void add_deliver_tests(void);
void add_transfer_tests(void);
void add_task_tests(void);
void add_control_tests(void);
void add_smm_tests(void);
void add_random_tests(void);

#endif
