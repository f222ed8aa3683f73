/* SPDX-License-Identifier: MIT */
/*
 * What a guest architecture tells the translator: one constant struct of operations. The only header of target/ that accel sees.
 */
#ifndef TARGET_API_TARGET_H
#define TARGET_API_TARGET_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "accel/ir/ir.h"
#include "cpus/cpu.h"

typedef enum MMUAccess { MMU_DATA_LOAD, MMU_DATA_STORE, MMU_INST_FETCH } MMUAccess;

/* Reference floating point: the guest's rules in integer C. Operands and results are bits, in the low part. They read rounding and modes from the CPU's state and accumulate exception flags there. */
typedef struct TargetFpOps {
    uint64_t (*add[2])(CPUState *, uint64_t a, uint64_t b); /* [0] F32, [1] F64 throughout */
    uint64_t (*sub[2])(CPUState *, uint64_t a, uint64_t b);
    uint64_t (*mul[2])(CPUState *, uint64_t a, uint64_t b);
    uint64_t (*div[2])(CPUState *, uint64_t a, uint64_t b);
    uint64_t (*sqrt[2])(CPUState *, uint64_t a);
    uint64_t (*madd[2])(CPUState *, uint64_t a, uint64_t b, uint64_t c); /* a * b + c */
    uint64_t (*cvt[2])(CPUState *, uint64_t a);             /* [0] to F32 from F64, [1] to F64 from F32 */
    uint32_t (*cmp[2])(CPUState *, uint64_t a, uint64_t b, bool signalling); /* flags value as fl_fcmp */
    uint64_t (*i2f[2])(CPUState *, uint64_t a, bool is_signed); /* of a 64-bit integer (an I32 is extended first) */
    uint64_t (*f2i[2])(CPUState *, uint64_t a, bool is_signed, IRRound round, unsigned width); /* width 32 or 64 */
    uint64_t (*round[2])(CPUState *, uint64_t a, IRRound round, bool exact);
    /* Host instructions may stand for the above when host_ok: rounding, tininess and NaN rules as rule says. */
    /* Reference of the vx operations that IR_VX_FP marks (accel/ir/vx.def). NULL when the target emits none. */
    void (*vx)(CPUState *, unsigned id, V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm);
    enum { FP_RULE_ARM, FP_RULE_X86 } rule;
    uint32_t mxcsr_offset; /* byte offset in CPUState of a uint32_t: guest rounding mode as x86's MXCSR (exceptions masked, sticky flags in the low six bits). Loaded into the host's register while generated code runs; see host_fp_harvest and host_fp_reload below */
} TargetFpOps;

/* Translation of one block, as the translator's loop hands it to the target. */
typedef struct TransContext {
    IRFunc *f;
    CPUState *cpu;
    uint64_t pc;            /* of the instruction to translate */
    uint64_t flags;         /* block flags */
    uint32_t max_insns;     /* translate at most so many; 1 when stepping */
    uint32_t n_insns;       /* translated so far */
    bool ended;             /* the target emitted an ending exit */
    void *target_data;      /* the target's own, from trans_init */
} TransContext;

/* Fetch guest code at pc: for translation. May leave by a guest fault only while n_insns is 0: the target must end the block before an instruction that reaches a page that the block does not start on (trans_same_page tells). */
uint32_t trans_fetch32(TransContext *t, uint64_t pc);
uint8_t trans_fetch8(TransContext *t, uint64_t pc);
bool trans_same_page(const TransContext *t, uint64_t pc);
/* For instructions of any length: copies up to max bytes from pc on, of the page that the block starts on, and returns how many; 0: code is not in RAM, use trans_fetch8. trans_fetched then says which of them count. */
unsigned trans_fetch_ahead(TransContext *t, uint64_t pc, uint8_t *out, unsigned max);
void trans_fetched(TransContext *t, uint64_t pc, unsigned len);

typedef struct TargetOps {
    const char *name;           /* "aarch64", "x86_64" */
    const IRSlot *slots;
    unsigned n_slots;
    unsigned n_mmu_modes;
    uint32_t pc_offset;         /* byte offset in CPUState of the uint64_t pc, written on exits */
    const TargetFpOps *fp;
    int cap_arch;               /* capstone's, for logs */
    int (*cap_mode)(uint64_t block_flags);
    bool open_bus_ones;         /* a read that no device answers, and that bus_error lets pass, gives all ones (x86), else 0 */
    bool tso;                   /* loads and stores are in total store order (x86): a weaker host must add fences */

    /* ---- translation ---- */
    /* pc and flags of the block to run next, from the CPU's state. Flags are everything but pc that translation depends on. */
    void (*get_block_state)(CPUState *cpu, uint64_t *pc, uint64_t *flags);
    /* MMU index that instruction fetches of blocks with these flags use. */
    unsigned (*code_mmu_index)(uint64_t flags);
    /* Whether code at va with these flags is in the half of the address space whose mappings are normally global: its jump-cache tags leave CPUState.jump_context out. Never so when the flags come from a CPU with CPUState.high_by_asid. */
    bool (*jump_is_global)(uint64_t va, uint64_t flags);
    /* Once a block. */
    void (*trans_init)(TransContext *t);
    /* Translates the instruction at t->pc: calls ir_insn_start first, advances t->pc; sets t->ended after emitting an end. */
    void (*trans_insn)(TransContext *t);
    /* Called when the block is cut before the target ended it: emits the exit to t->pc. */
    void (*trans_end)(TransContext *t);

    /* ---- running ---- */
    /* Sets the CPU's pc (and what extra holds) to the instruction that ir_insn_start(pc, extra) described. */
    void (*restore_state)(CPUState *cpu, uint64_t pc, uint32_t extra);
    /* Walks the page tables for va and calls mmu_set_page on success (true). va of a data access has its tag, which the fault reports and the page's va has not (strip_address). On a guest fault: returns false when probe, else raises it by cpu_loop_exit_restore(cpu, ra). */
    bool (*tlb_fill)(CPUState *cpu, uint64_t va, unsigned size, MMUAccess access, unsigned mmu_idx, bool probe, uintptr_t ra);
    /* An access that must be aligned is not: raises the fault, does not return. */
    void (*unaligned_access)(CPUState *cpu, uint64_t va, MMUAccess access, unsigned mmu_idx, uintptr_t ra) __attribute__((noreturn));
    /* The memory system answered with an error: raises the fault, or returns when the architecture ignores it. */
    void (*bus_error)(CPUState *cpu, uint64_t va, uint64_t pa, unsigned size, MMUAccess access, unsigned mmu_idx, int result, uintptr_t ra);
    /* An access to [va, va + size) of a page that was filled with MMUPage.watched, allowed by the tables and before it is made: raises the watchpoint's exception or returns. va is stripped; the bytes lie in one page. May be NULL when the target marks no page. */
    void (*check_watch)(CPUState *cpu, uint64_t va, unsigned size, MMUAccess access, unsigned mmu_idx, uintptr_t ra);
    /* Canonical form of a data address for the TLB: tags removed (TBI). NULL: the identity. */
    uint64_t (*strip_address)(CPUState *cpu, uint64_t va, unsigned mmu_idx);
    /* Takes the exception in cpu->exception_index (below EXCP_FIRST). */
    void (*do_exception)(CPUState *cpu);
    /* Interrupts are pending in cpu->interrupt_request: takes one if the CPU's state lets it. True: taken, pc changed. */
    bool (*do_interrupt)(CPUState *cpu, uint32_t request);
    bool (*has_work)(CPUState *cpu);
    /* Between blocks of the main loop: entering and leaving exec (CPU timers, cycle counters). May be NULL. */
    void (*exec_enter)(CPUState *cpu);
    void (*exec_leave)(CPUState *cpu);
    /* A debugger's translation without side effects: physical address of va's page, or ~0. */
    uint64_t (*debug_translate)(CPUState *cpu, uint64_t va);
    void (*reset)(CPUState *cpu);
    void (*dump)(CPUState *cpu, FILE *out);  /* -d cpu, "info registers" */
} TargetOps;

/* ---- what accel offers to targets' helpers (accel/exec) ---- */
/* Leaves the helper for the top of cpu_exec; the CPU's state must be right. */
void cpu_loop_exit(CPUState *cpu) __attribute__((noreturn));
/* The same, after restore_state for the guest instruction that contains host return address ra (0: the state is right already). */
void cpu_loop_exit_restore(CPUState *cpu, uintptr_t ra) __attribute__((noreturn));
/* Only the restore. Returns false when ra is not in generated code. */
bool cpu_restore_state(CPUState *cpu, uintptr_t ra);
/* The instruction at ra must be run alone: leaves with EXCP_ATOMIC. */
void cpu_loop_exit_atomic(CPUState *cpu, uintptr_t ra) __attribute__((noreturn));
/*
 * While generated code runs (and in helpers called from it), the host's MXCSR holds the guest's rounding mode and gathers
 * sticky exception flags. host_fp_harvest stores the host's flags into the word at TargetFpOps.mxcsr_offset (or-ing): call it in a helper before reading the guest's
 * status register. host_fp_reload loads the host register from that word: call it after changing rounding or clearing flags. Both are no-ops outside generated code
 * and on hosts without such a register.
 */
void host_fp_harvest(CPUState *cpu);
void host_fp_reload(CPUState *cpu);
/* The return address into generated code, in a helper called from there. */
#define GETPC() ((uintptr_t)__builtin_extract_return_addr(__builtin_return_address(0)))
/*
 * The address inside a block's code that ra stands for. Under the interpreter a helper's GETPC() lies in C code; what identifies the insn is then
 * cpu->interp_ra, an address within the block's code as tb_of_host_pc and the unwind table know it. Whoever looks ra up must come through here; 0 stays 0.
 */
static inline uintptr_t cpu_code_ra(const CPUState *cpu, uintptr_t ra) { return ra && cpu->interp_ra ? cpu->interp_ra : ra; }

#endif
