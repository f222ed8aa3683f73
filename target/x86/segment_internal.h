/* SPDX-License-Identifier: MIT */
/*
 * Descriptors, stacks and code targets: what far transfers, event delivery, IRET and task switches share.
 *
 * A transfer reads and checks everything first, pushes what it pushes, and writes the CPU's state last: a fault on the way
 * leaves registers as they were. ra is the return address into generated code that a fault is to be unwound by, or 0.
 */
#ifndef TARGET_X86_SEGMENT_INTERNAL_H
#define TARGET_X86_SEGMENT_INTERNAL_H

#include "target/x86/cpu.h"

/* Types of system descriptors (SDM vol. 3 table 3-2). */
enum {
    SYS_TSS16 = 1, SYS_LDT = 2, SYS_TSS16_BUSY = 3, SYS_CALL_GATE16 = 4, SYS_TASK_GATE = 5, SYS_INT_GATE16 = 6, SYS_TRAP_GATE16 = 7,
    SYS_TSS32 = 9, SYS_TSS32_BUSY = 11, SYS_CALL_GATE32 = 12, SYS_INT_GATE32 = 14, SYS_TRAP_GATE32 = 15,
};
#define SEG_BUSY 0x200u /* of a TSS descriptor */
#define EF_ALL (EF_ARITH | EF_TF | EF_IF | EF_DF | EF_IOPL | EF_NT | EF_RF | EF_VM | EF_AC | EF_VIF | EF_VIP | EF_ID)

typedef struct X86Desc {
    uint64_t addr;      /* linear */
    uint32_t lo, hi;
    uint16_t selector;
} X86Desc;

/* The selector's part of an error code. */
static inline uint32_t x86_sel_error(uint16_t selector) { return selector & 0xfffcu; }
static inline bool x86_sel_null(uint16_t selector) { return !(selector & 0xfffcu); }
static inline bool x86_real_or_vm(const CPUX86State *env) { return !(env->cr0 & CR0_PE) || (env->eflags & EF_VM); }
static inline bool x86_lma(const CPUX86State *env) { return env->efer & EFER_LMA; }
static inline bool x86_desc_is_code(const X86Desc *d) { return (d->hi & (SEG_S | SEG_CODE)) == (SEG_S | SEG_CODE); }
static inline unsigned x86_sys_type(const X86Desc *d) { return SEG_TYPE(d->hi); }
/* Whether the descriptor is a writable data segment: what SS takes. */
static inline bool x86_desc_is_stack(const X86Desc *d) { return (d->hi & (SEG_S | SEG_CODE | SEG_W)) == (SEG_S | SEG_W); }

/* Implicit accesses to descriptor tables and TSSs: supervisor ones at any CPL. size: log2 bytes. */
uint64_t x86_ld_system(X86CPU *cpu, uint64_t va, unsigned size, uintptr_t ra);
void x86_st_system(X86CPU *cpu, uint64_t va, uint64_t value, unsigned size, uintptr_t ra);
/* Reads the descriptor that selector names; false: it is outside its table. */
bool x86_read_desc(X86CPU *cpu, uint16_t selector, X86Desc *d, uintptr_t ra);
/* The same with #GP(selector) for a null selector (error 0) or one outside the table; ext is or-ed to the error code. */
void x86_need_desc(X86CPU *cpu, uint16_t selector, uint32_t ext, X86Desc *d, uintptr_t ra);
uint32_t x86_desc_limit(const X86Desc *d);
uint32_t x86_desc_base32(const X86Desc *d);
X86Segment x86_desc_segment(const X86Desc *d, uint16_t selector);
/* Sets the bits in the type byte (accessed, or busy), atomically where the table is RAM. */
void x86_desc_set(X86CPU *cpu, const X86Desc *d, uint8_t bits, uintptr_t ra);
void x86_desc_clear(X86CPU *cpu, const X86Desc *d, uint8_t bits, uintptr_t ra);
void x86_desc_set_accessed(X86CPU *cpu, const X86Desc *d, uintptr_t ra);
static inline X86Segment x86_null_segment(uint16_t selector) { return (X86Segment){ .selector = selector }; }
/* SS of 64-bit mode without a descriptor. */
X86Segment x86_null_stack(uint16_t selector, unsigned dpl);
X86Segment x86_vm86_segment(uint16_t selector);
/* LLDT and LTR, and the loads of a task switch, share the reading of 16-byte descriptors. */
uint64_t x86_system_base(X86CPU *cpu, const X86Desc *d, uintptr_t ra);

/* ---- a stack in the making ---- */
typedef struct X86Stack {
    uint64_t base, sp, mask;  /* mask: of the stack pointer's width */
    uint32_t limit, attr;
    uint32_t error;           /* of #SS */
    unsigned mmu_idx;
    bool flat64;              /* 64-bit mode: no limit, canonical addresses */
} X86Stack;

X86Stack x86_current_stack(const CPUX86State *env);
/* A stack of privilege cpl in segment ss. */
X86Stack x86_new_stack(const CPUX86State *env, const X86Segment *ss, uint64_t sp, unsigned cpl, bool flat64);
void x86_stack_push(X86CPU *cpu, X86Stack *st, uint64_t value, unsigned bytes, uintptr_t ra);
uint64_t x86_stack_pop(X86CPU *cpu, X86Stack *st, unsigned bytes, uintptr_t ra);
/* RSP from st, by the width of its pointer. */
void x86_set_sp(CPUX86State *env, const X86Stack *st);
/* SS:eSP of privilege level dpl, from the current TSS; 64-bit: level 0..2 gives RSPn, 3 + n gives ISTn, and no selector. */
void x86_tss_stack(X86CPU *cpu, unsigned level, uint16_t *ss, uint64_t *sp, uint32_t ext, uintptr_t ra);
/* Checks selector as an inner stack (#TS, #SS) and gives its descriptor. */
void x86_check_inner_ss(X86CPU *cpu, uint16_t selector, unsigned cpl, uint32_t ext, X86Desc *d, uintptr_t ra);

/* ---- code targets ---- */
/* The rules of L and D in IA-32e mode, and P: #GP, #NP(selector). */
void x86_check_code_mode(X86CPU *cpu, const X86Desc *d, uint32_t ext, uintptr_t ra);
/* #GP(0) for an offset outside the segment or not canonical. */
void x86_check_code_offset(X86CPU *cpu, const X86Segment *cs, uint64_t offset, uint32_t error, uintptr_t ra);
static inline bool x86_seg_is_code64(const CPUX86State *env, const X86Segment *cs) { return x86_lma(env) && (cs->attr & SEG_L); }
/* Return to an outer level: data segments that it may not use become null. */
void x86_drop_data_segments(CPUX86State *env, unsigned cpl);
/* The part that RETF and IRET in protected mode share: loads CS:eip popped from st, and SS:eSP when the level changes. flags are applied by the caller after. */
void x86_return_to(X86CPU *cpu, X86Stack *st, uint16_t selector, uint64_t eip, unsigned op_size, unsigned pop_bytes, bool is_iret, uintptr_t ra);

/* ---- exception.c, for others ---- */
/* Leaves generated code soon when an interrupt has become deliverable: after IF was set. */
void x86_check_interrupts(X86CPU *cpu);
/* The CPU stops for good and the machine is reset. */
void x86_shutdown(X86CPU *cpu) __attribute__((noreturn));
/* INT n in virtual-8086 mode with CR4.VME, where the redirection bitmap says so: by the 8086 program's own table. */
bool x86_vme_redirect(X86CPU *cpu, int vector, uint64_t next_eip, uintptr_t ra);

/* ---- cregs.c ---- */
/* CR4's bits that this CPU has not. */
uint64_t x86_cr4_reserved(const X86CPU *cpu);
void x86_load_msw(X86CPU *cpu, uint16_t value, uintptr_t ra);
uint64_t x86_read_cr8(X86CPU *cpu);
void x86_write_cr8(X86CPU *cpu, uint64_t value, uintptr_t ra);
uint64_t x86_xgetbv(X86CPU *cpu, uint32_t index, uintptr_t ra);
void x86_xsetbv(X86CPU *cpu, uint32_t index, uint64_t value, uintptr_t ra);

/* ---- syscall.c ---- */
void x86_syscall(X86CPU *cpu, uint64_t next_eip, uintptr_t ra);
void x86_sysret(X86CPU *cpu, unsigned op_size, uintptr_t ra);
void x86_sysenter(X86CPU *cpu, uintptr_t ra);
void x86_sysexit(X86CPU *cpu, unsigned op_size, uintptr_t ra);

#endif
