/* SPDX-License-Identifier: MIT */
/*
 * A toy guest for tests of the translator, the soft MMU and the loop: sixteen 64-bit registers, a dozen instructions of one
 * word, and an MMU whose "page tables" are a list in the test.
 *
 *   op << 24 | a << 20 | b << 16 | imm        imm: 16 bits, signed except in LI and LUI
 */
#ifndef TESTS_UNIT_EXEC_TOY_H
#define TESTS_UNIT_EXEC_TOY_H

#include <glib.h>

#include "accel/exec/exec.h"
#include "accel/host/host.h"
#include "accel/mmu/mmu_internal.h"
#include "accel/tb/tb_internal.h"

enum {
    TOY_LI = 1, /* ra = imm */
    TOY_LUI,    /* ra |= imm << 16 */
    TOY_ADD,    /* ra = rb + imm */
    TOY_LD,     /* ra = 64 bits at rb + imm */
    TOY_ST,     /* 64 bits at rb + imm = ra */
    TOY_ST32,   /* 32 bits */
    TOY_B,      /* to pc + 4 * imm */
    TOY_BNE,    /* the same when ra != rb */
    TOY_BLT,    /* ... when ra < rb, unsigned */
    TOY_JR,     /* to ra */
    TOY_HLT,
    TOY_ATOM,   /* ra = 64 bits at rb, which grow by imm, atomically */
    TOY_TLBI,   /* the page of ra is flushed in all vCPUs */
    TOY_SVC,    /* exception: counted, execution goes on behind it */
    TOY_HOOK,   /* toy_hook(cpu, ra, imm), from within guest code */
    TOY_LDX,    /* ra = 64 bits at rb, load-exclusive that watches */
    TOY_STX,    /* 64 bits at rb = ra, store-exclusive; r15 = 0 when it has stored, else 1 */
    TOY_BL,     /* ra = pc + 4, then as B */
    TOY_RET,    /* to ra, which a BL has set */
    TOY_RARE,   /* as ATOM, but by a block of its own with TOY_RARE_FORM, to which the common form leaves */
};
#define TOY(op, a, b, imm) ((uint32_t)(op) << 24 | (uint32_t)(a) << 20 | (uint32_t)(b) << 16 | ((uint32_t)(imm) & 0xffff))

enum { TOY_EXCP_FAULT, TOY_EXCP_SVC };
enum { TOY_USER, TOY_KERNEL, TOY_NB_MMU }; /* TOY_USER is kept by ASID */
#define TOY_RARE_FORM (1u << 21) /* block flag: the first instruction's rare form; the CPU's state never says so */
#define TOY_HIGH_ASID (1u << 20) /* block flag: CPUState.high_by_asid */

typedef struct ToyCPU {
    CPUState parent;
    uint64_t r[16], pc, flags;
    uint32_t asid;
    uint64_t fault_va, fault_pc; /* of the last fault; the vCPU halts then */
    int bus_errors, unaligned, svcs, fills;
    uint64_t watch_va;     /* 0: none */
    unsigned watch_checks;
    MMUAccess watch_access; /* of the last check */
} ToyCPU;

typedef struct ToyMap {
    uint64_t va, pa;
    unsigned page_bits, prot;
    bool global;
    uint32_t asid; /* of a mapping that is not global */
} ToyMap;

#define TOY_RAM_SIZE (8ull << 20)
#define TOY_MMIO 0x10000000ull /* a page: a device of 8-byte registers */
#define TOY_SMALL_MMIO 0x10001000ull /* a device of 0x200 bytes, alone on its page */

extern const TargetOps toy_target;
extern uint8_t *toy_ram;        /* guest physical 0 */
extern uint64_t toy_regs[512];  /* the device's registers */
extern unsigned toy_last_size;  /* of the last access to it */
extern MemoryRegion toy_ram_mr;
extern void (*toy_hook)(ToyCPU *cpu, uint64_t a, uint64_t imm);
extern void (*toy_trans_hook)(uint64_t pc); /* before the instruction at pc is fetched for translation; may be NULL */

/* Once: memory, RAM, the device, the accelerator: the interpreter, or the host's back end where TOY_JIT is defined. */
void toy_init(uint64_t tb_size);
ToyCPU *toy_new_cpu(int index);
/* For tests with vCPU threads: takes --single off the arguments' front, and says whether it was there. */
bool toy_single(int *argc, char ***argv);
/* toy_init, then n halted vCPUs and their threads. */
void toy_start(ToyCPU **c, unsigned n, uint64_t tb_size, bool single);
/* g_test_run, then the threads end. */
int toy_run_tests(void);
/* Mappings; any thread, while vCPUs run too. */
void toy_unmap_all(void);
void toy_map(uint64_t va, uint64_t pa, unsigned page_bits, unsigned prot, bool global, uint32_t asid);
/* Lets the mapping that was added last for va lead to pa. */
void toy_remap(uint64_t va, uint64_t pa);
/* Puts code at guest physical address pa, as a device would. */
void toy_code(uint64_t pa, const uint32_t *words, unsigned n);
/* Runs on this thread from pc until the vCPU halts. Returns the last reason. */
int toy_run(ToyCPU *cpu, uint64_t pc);

#endif
