/* SPDX-License-Identifier: MIT */
/*
 * The x86-64 CPU: its state, the block flags, and the contracts between the files of target/x86.
 *
 * pc is the linear address of the next instruction: CS.base + EIP, cut to 32 bits outside 64-bit mode; blocks are keyed by it.
 * What translation needs of CS.base is in the upper half of the block flags.
 *
 * Arithmetic flags are lazy: cc_op says what the last flag-making instruction was, the slots CC_DST, CC_SRC and CC_SRC2 hold
 * what it made them from (cc.h). Within a block cc_op is known to the translator; the field is written at exits and before helpers that
 * look, and restored on a fault from the word given to ir_insn_start. eflags holds the other bits only, and always 0 in the
 * arithmetic ones (and DF, which is in df).
 *
 * Vector registers are arrays of V128 pieces, lowest first, so that a 256-bit instruction is two 128-bit ones for the IR, and a
 * 512-bit one four; slots exist for the pieces that are built. Pieces of a register are contiguous: a back end may fuse them.
 */
#ifndef TARGET_X86_CPU_H
#define TARGET_X86_CPU_H

#include "accel/mmu/mmu.h"
#include "base/clock.h"
#include "target/api/machine.h"
#include "target/api/target.h"
#include "target/x86/features.h"
#include "target/x86/regs.h"

/* A segment register with its hidden part. attr: the descriptor's second dword with only bits 8..23 kept (type, S, DPL, P, AVL, L, D/B, G). */
typedef struct X86Segment {
    uint64_t base;
    uint32_t limit;           /* bytes - 1, G applied */
    uint32_t attr;
    uint16_t selector;
} X86Segment;
typedef struct X86Table { uint64_t base; uint32_t limit; } X86Table; /* GDTR, IDTR */

/* An x87 register: 64-bit significand, sign and exponent. MMX uses the significand. */
typedef struct X87Reg { uint64_t frac; uint16_t se; uint16_t pad[3]; } X87Reg;

#define X86_VEC_PIECES 4 /* of 128 bits: up to 512 */
#define X86_NB_VEC 32
typedef struct X86VecReg { V128 q[X86_VEC_PIECES]; } X86VecReg;

enum { X86_SEG_ES, X86_SEG_CS, X86_SEG_SS, X86_SEG_DS, X86_SEG_FS, X86_SEG_GS, X86_NB_SEGS };
enum { X86_RAX, X86_RCX, X86_RDX, X86_RBX, X86_RSP, X86_RBP, X86_RSI, X86_RDI, X86_R8, X86_R15 = 15 };

typedef enum X86SlotNumber {
    SLOT_RAX,                               /* .. R15, in encoding order */
    SLOT_CC_DST = 16, SLOT_CC_SRC, SLOT_CC_SRC2,
    SLOT_FS_BASE, SLOT_GS_BASE,             /* segs[].base of FS and GS: always through these slots in generated code, those of the others by ldenv */
    SLOT_XMM0,                              /* bits 127:0 of vec[0..15] */
    SLOT_YMMH0 = SLOT_XMM0 + 16,            /* bits 255:128 */
    SLOT_CC_INC = SLOT_YMMH0 + 16,          /* cc.h */
    X86_NB_SLOTS
} X86SlotNumber;

/* MMU indexes. Implicit supervisor accesses (descriptor tables, TSS) use x86_system_mmu_index. */
enum {
    X86_MMU_USER,        /* CPL 3 */
    X86_MMU_KERNEL,      /* CPL 0-2, no SMAP or EFLAGS.AC set */
    X86_MMU_KERNEL_SMAP, /* CPL 0-2, SMAP in force */
    X86_NB_MMU
};

#define X86_MC_BANKS 10

typedef struct CPUX86State {
    /* ---- slots ---- */
    uint64_t regs[16];
    uint64_t cc_dst, cc_src, cc_src2, cc_inc;
    X86VecReg vec[X86_NB_VEC] __attribute__((aligned(64)));

    /* ---- other state that generated code touches ---- */
    uint64_t pc;              /* linear */
    uint32_t cc_op;           /* CC_OP_*, never CC_OP_DYNAMIC, and CC_INC_* */
    int32_t df;               /* 1 or -1: direction of string instructions */
    uint32_t eflags;          /* without CF PF AF ZF SF OF DF */
    uint32_t hflags;          /* block flags as of now (BF_*), low half; kept by x86_update_hflags */
    uint32_t mxcsr;           /* masks, rounding and modes; its sticky flags are in host_mxcsr */
    uint32_t host_mxcsr;      /* TargetFpOps.mxcsr_offset: rounding, FZ, DAZ of mxcsr, all exceptions masked, sticky flags */
    uint32_t fp_pending;      /* exceptions of the pieces of an SSE instruction that is being checked for #XM a byte a step (helper_vec.c); 0 between instructions */
    uint64_t opmask[8];       /* k0..k7 */

    /* ---- x87 (Intel SDM vol. 1 ch. 8) ---- */
    X87Reg fpregs[8];         /* physical; ST(i) is (fpstt + i) & 7 */
    uint32_t fpstt;           /* TOP */
    uint16_t fpuc, fpus;      /* control word; status word without TOP */
    uint8_t fptag_valid;      /* bit i: physical register i is not empty */
    uint16_t fpop, fpcs, fpds;
    uint64_t fpip, fpdp;
    uint16_t fp_insn_op, fp_insn_ds; /* of the instruction that runs: opcode, and of its memory operand segment and offset; kept if it faults */
    uint64_t fp_insn_dp;
    bool fp_ferr;             /* FERR# was raised for the pending exception */

    /* ---- system ---- */
    X86Segment segs[X86_NB_SEGS], ldt, tr;
    X86Table gdt, idt;
    uint64_t cr0, cr2, cr3, cr4, xcr0, efer;
    uint64_t dr[8];           /* 4 and 5 unused */
    uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
    uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
    uint64_t pat, tsc_aux, misc_enable, xss, spec_ctrl, debugctl, mcg_status, mcg_ctl, mc_ctl[X86_MC_BANKS];
    uint64_t amd_syscfg, amd_hwcr, amd_nb_cfg, amd_de_cfg, amd_int_pending;
    uint32_t pkru;
    uint64_t tsc_offset;      /* guest TSC = clock scaled + tsc_offset */
    uint64_t tsc_adjust;      /* IA32_TSC_ADJUST: what writes to the TSC have moved it by */
    uint64_t mtrr_fixed[11], mtrr_def_type;
    struct { uint64_t base, mask; } mtrr_var[8];
    uint64_t pdpte[4];        /* PAE: loaded by MOV CR3 */
    uint64_t smbase;
    uint32_t a20_mask_low;    /* ~0, or ~(1 << 20) while A20 is masked: and-ed with the low half of physical addresses */
    bool smm, nmi_masked;
    bool wait_for_sipi;

    /* ---- the exception being raised ---- */
    uint32_t error_code;
    bool has_error_code, is_soft_int; /* INT n, INT3, INTO: pc is that of the next instruction, pushed as is; DPL is checked */
    uint32_t watch_hits;      /* DR6 bits of data and I/O breakpoints hit by the instruction that runs alone */
    bool watching;            /* DR7 has data breakpoints: pages in the TLB may be marked */
    bool watch_step;          /* it does: after it x86_raise_db looks at watch_hits */
    int32_t delivering;       /* vector whose delivery faulted (#DF logic), -1: none */
    uint32_t last_extra;      /* ir_insn_start's extra word of the instruction that restore_state went to last */
    uint64_t monitor_address; bool monitor_armed;
} CPUX86State;

/* Who CPUID says the CPU is. */
typedef struct X86Identity {
    char vendor[13], brand[49]; /* with their final zeros */
    unsigned family, model, stepping;
    uint32_t level, xlevel;     /* last basic and extended leaf */
} X86Identity;

/* What MONITOR found and MWAIT waits with: mwait.c. */
#define X86_MONITOR_LINE 64
typedef struct X86Monitor {
    const uint64_t *line;     /* in host memory; NULL: not plain RAM */
    uint64_t copy[X86_MONITOR_LINE / 8];
    bool waiting;             /* halted by MWAIT, not by anything else since */
    bool any_interrupt;       /* masked ones end the wait, too */
    int64_t wait_ns, waited_ns;
    Timer *timer;
} X86Monitor;

typedef struct X86CPU {
    CPUState parent;          /* first */
    CPUX86State env;
    /* ---- (c) after creation ---- */
    X86Features features;     /* what CPUID says, and translation obeys */
    X86Identity id;
    bool is_amd;              /* behave as AMD's where the two differ: SYSCALL and SYSRET outside 64-bit mode, CPUID beyond the last leaf */
    uint8_t phys_bits;        /* MAXPHYADDR */
    uint64_t tsc_hz;
    uint32_t apic_id;
    CpuTopology topology;
    X86Monitor monitor;       /* (v) */
    bool start_halted;        /* an application processor: waits for INIT, SIPI */
    X86ApicOps apic;          /* (c) after wiring */
    X86MachineHooks hooks;    /* (c) after wiring */
    bool boot_set; X86BootState boot;
    /* ---- others ---- */
    uint8_t sipi_vector;      /* (a) of the last SIPI: set before CPU_INTERRUPT_SIPI */
    bool apic_off;            /* (v) IA32_APIC_BASE disables the local APIC: CPUID says that there is none */
    uint16_t tlb_pkeys;       /* (v) protection keys of pages that may be in the TLB */
} X86CPU;

static inline X86CPU *x86_cpu(CPUState *cpu) { return (X86CPU *)cpu; }
static inline CPUX86State *x86_env(CPUState *cpu) { return &((X86CPU *)cpu)->env; }
#define ENV_OFFSET(field) (offsetof(X86CPU, env) + offsetof(CPUX86State, field))
#define SEG_OFFSET(n, field) (ENV_OFFSET(segs[0]) + (n) * sizeof(X86Segment) + offsetof(X86Segment, field))

extern const TargetOps target_x86_64;       /* target_x86.c */
extern const IRSlot x86_slots[X86_NB_SLOTS];
extern const TargetFpOps x86_fp_ops;        /* fp_ops.c */

/*
 * ---- block flags: low half env->hflags, high half CS.base (0 in 64-bit mode) ----
 * All that translation depends on beside pc. Keep the number of combinations small: accel numbers them (accel/tb/jump_cache.c).
 */
#define BF_CPL_SHIFT 0             /* 2 bits */
#define BF_MMU_SHIFT 2             /* 2 bits: index of data accesses. Fetches use USER at CPL 3, else KERNEL */
#define BF_CS64 (1u << 4)          /* 64-bit mode (EFER.LMA and CS.L) */
#define BF_CS32 (1u << 5)          /* CS.D */
#define BF_SS32 (1u << 6)          /* SS.B: ESP, else SP (not in 64-bit mode: RSP) */
#define BF_SEGMENTED (1u << 7)     /* not 64-bit mode, and some of ES, SS, DS, (CS for loads) is not flat, or is read-only or null: bases are added, limits and types checked. FS and GS are always treated so outside 64-bit mode */
#define BF_PE (1u << 8)            /* CR0.PE */
#define BF_VM (1u << 9)            /* virtual-8086 mode */
#define BF_LMA (1u << 10)          /* EFER.LMA */
#define BF_TF (1u << 11)           /* single step: one instruction, then #DB */
#define BF_INHIBIT (1u << 12)      /* interrupt shadow of STI, MOV SS, POP SS: one instruction, then it is cleared */
#define BF_IOPL_OK (1u << 13)      /* CPL <= IOPL: CLI, STI, PUSHF (VM) and I/O need no further check. Always set in real mode */
#define BF_EM (1u << 14)           /* CR0.EM */
#define BF_TS (1u << 15)           /* CR0.TS */
#define BF_MP (1u << 16)           /* CR0.MP */
#define BF_OSFXSR (1u << 17)       /* CR4.OSFXSR */
#define BF_AVX (1u << 18)          /* CR4.OSXSAVE and XCR0[2:1] = 3 */
#define BF_FP_SLOW (1u << 19)      /* MXCSR has an unmasked exception: every SSE floating-point operation by a helper that may raise #XM */
#define BF_ALIGN (1u << 20)        /* CR0.AM, EFLAGS.AC, CPL 3: misaligned accesses raise #AC */
#define BF_BREAK (1u << 21)        /* DR7 enables an instruction breakpoint */
#define BF_SLOW (1u << 22)         /* the first instruction is translated alone with its rare cases, see translate.c */
#define BF_LA57 (1u << 23)         /* CR4.LA57: canonical addresses have 57 bits */
#define BF_SMM (1u << 24)
#define BF_RF (1u << 25)           /* EFLAGS.RF: no instruction breakpoint on the first instruction, then it is cleared */
#define BF_IOBREAK (1u << 26)      /* DR7 with CR4.DE has an I/O breakpoint */
#define BF_HIGH_ASID (1u << 27)    /* CPUState.high_by_asid, CPL 0-2: kernel code has its address space in jump tags */
#define BF_CS_BASE(flags) ((uint32_t)((flags) >> 32))

/* ir_insn_start's extra word: cc_op as of the instruction's start (0: env->cc_op is right), and what a fault must know. */
#define EXTRA_CC_OP 0xffu
#define EXTRA_STACK_TOO 0x200u     /* the memory operand is elsewhere, but the instruction pushes or pops as well (PUSH, POP and CALL of memory) */
#define EXTRA_ALIGN 0x400u         /* a misaligned memory operand raises #GP(0), though alignment be checked */
#define EXTRA_STACK 0x100u         /* the memory operand is in SS: a non-canonical address raises #SS(0), not #GP(0) */

/* Target's own bits of CPUState.interrupt_request. */
#define CPU_INTERRUPT_NMI CPU_INTERRUPT_TGT(0)
#define CPU_INTERRUPT_SMI CPU_INTERRUPT_TGT(1)
#define CPU_INTERRUPT_INIT CPU_INTERRUPT_TGT(2)
#define CPU_INTERRUPT_SIPI CPU_INTERRUPT_TGT(3)
#define CPU_INTERRUPT_POLL CPU_INTERRUPT_TGT(4) /* ask the APIC again */

/* ---- exception.c: raising ---- */
/* Raises a fault at the instruction that ra names (0: state is right). Both set env->error_code and has_error_code. */
void x86_raise(X86CPU *cpu, int vector, uintptr_t ra) __attribute__((noreturn));
void x86_raise_error(X86CPU *cpu, int vector, uint32_t error, uintptr_t ra) __attribute__((noreturn));
static inline void __attribute__((noreturn)) x86_raise_gp0(X86CPU *cpu, uintptr_t ra) { x86_raise_error(cpu, EXCP_GP, 0, ra); }
/* A trap-like #DB after an instruction has completed: dr6 bits are or-ed into DR6. */
void x86_raise_db(X86CPU *cpu, uint64_t dr6, uintptr_t ra) __attribute__((noreturn));
void x86_do_exception(CPUState *);          /* delivers cpu->exception_index */
bool x86_do_interrupt(CPUState *, uint32_t request);
bool x86_has_work(CPUState *);
/* mwait.c */
void x86_mwait_init(X86CPU *cpu);
/* Whether the vCPU was halted by MWAIT and has waited long enough, or for what it waits for. */
bool x86_mwait_is_over(const X86CPU *cpu);
/* Delivers vector through the IDT by the current mode. Faults during delivery raise (do_exception handles #DF and triple fault). */
void x86_deliver(X86CPU *cpu, int vector, bool is_soft, uint32_t error, bool has_error, uint64_t return_eip, bool is_hw);

/* ---- flags: cc.c ---- */
/* Arithmetic flags of the current state in the IR_FL_* layout; and all of EFLAGS in architectural form. */
uint32_t x86_flags_of(uint32_t cc_op, uint64_t dst, uint64_t src, uint64_t src2, uint64_t inc);
static inline uint32_t x86_compute_fl(const CPUX86State *env) { return x86_flags_of(env->cc_op, env->cc_dst, env->cc_src, env->cc_src2, env->cc_inc); }
uint32_t x86_get_eflags(const CPUX86State *env);
/* Writes the bits in mask (RF and VM too); arithmetic ones become CC_OP_FL. Calls x86_update_hflags. */
void x86_set_eflags(CPUX86State *env, uint32_t value, uint32_t mask);

/* ---- state.c ---- */
void x86_update_hflags(CPUX86State *env);   /* after any change of CPL, CS, SS, DS, ES, CR0, CR4, EFER, XCR0, EFLAGS(TF, IOPL, VM, AC, RF), MXCSR, DR7 */
static inline unsigned x86_cpl(const CPUX86State *env) { return env->hflags >> BF_CPL_SHIFT & 3; }
static inline unsigned x86_data_mmu_index(const CPUX86State *env) { return env->hflags >> BF_MMU_SHIFT & 3; }
static inline unsigned x86_system_mmu_index(const CPUX86State *env) { return env->cr4 & CR4_SMAP ? X86_MMU_KERNEL_SMAP : X86_MMU_KERNEL; }
static inline uint64_t x86_get_eip(const CPUX86State *env)
{
    return env->hflags & BF_CS64 ? env->pc : (uint32_t)(env->pc - env->segs[X86_SEG_CS].base);
}
static inline void x86_set_eip(CPUX86State *env, uint64_t eip)
{
    env->pc = env->hflags & BF_CS64 ? eip : (uint32_t)(env->segs[X86_SEG_CS].base + eip);
}
bool x86_is_canonical(const CPUX86State *env, uint64_t va);
void x86_get_block_state(CPUState *, uint64_t *pc, uint64_t *flags);

/* ---- segment.c: loading segment registers with all checks (SDM vol. 3 ch. 5); raise on a fault ---- */
/* MOV/POP Sreg, LDS.. (not CS). */
void x86_load_seg(X86CPU *cpu, unsigned seg, uint16_t selector, uintptr_t ra);
/* Sets the hidden part without checks: real mode, VM86, SYSCALL and friends. Calls x86_update_hflags. */
void x86_set_seg(CPUX86State *env, unsigned seg, uint16_t selector, uint64_t base, uint32_t limit, uint32_t attr);
/* Segment limit, type and canonical checks of an access of size bytes at offset within seg (BF_SEGMENTED); returns the linear address. */
uint64_t x86_seg_linear(X86CPU *cpu, unsigned seg, uint64_t offset, unsigned size, bool write, uintptr_t ra);
void x86_far_jump(X86CPU *cpu, uint16_t selector, uint64_t offset, unsigned op_size, uint64_t next_eip, uintptr_t ra);
void x86_far_call(X86CPU *cpu, uint16_t selector, uint64_t offset, unsigned op_size, uint64_t next_eip, uintptr_t ra);
void x86_far_return(X86CPU *cpu, unsigned op_size, unsigned pop_bytes, uintptr_t ra);
void x86_iret(X86CPU *cpu, unsigned op_size, uint64_t next_eip, uintptr_t ra);
enum { X86_TASK_JMP, X86_TASK_CALL, X86_TASK_IRET, X86_TASK_GATE, X86_TASK_SOFT_INT }; /* GATE: an event through the IDT; SOFT_INT: INT n there */
void x86_task_switch(X86CPU *cpu, uint16_t tss_selector, int source, bool has_error, uint32_t error, uint64_t next_eip, uintptr_t ra); /* task.c */

/* ---- cregs.c: control and debug registers; msr.c ---- */
void x86_write_cr0(X86CPU *cpu, uint64_t value, uintptr_t ra);
void x86_write_cr3(X86CPU *cpu, uint64_t value, uintptr_t ra);
void x86_write_cr4(X86CPU *cpu, uint64_t value, uintptr_t ra);
void x86_write_dr(X86CPU *cpu, unsigned n, uint64_t value, uintptr_t ra);
uint64_t x86_read_dr(X86CPU *cpu, unsigned n, uintptr_t ra);
/* False: no such MSR, or a value that it refuses: the caller raises #GP(0). */
bool x86_read_msr(X86CPU *cpu, uint32_t index, uint64_t *value);
bool x86_write_msr(X86CPU *cpu, uint32_t index, uint64_t value);
uint64_t x86_read_tsc(X86CPU *cpu);
/* Writes EFER without checks, LMA included, and does what follows from it: block flags, TLB (msr.c). */
void x86_set_efer(X86CPU *cpu, uint64_t value);

/* ---- paging.c ---- */
bool x86_tlb_fill(CPUState *, uint64_t va, unsigned size, MMUAccess, unsigned idx, bool probe, uintptr_t ra);
void x86_unaligned_access(CPUState *, uint64_t va, MMUAccess, unsigned idx, uintptr_t ra) __attribute__((noreturn));
void x86_bus_error(CPUState *, uint64_t va, uint64_t pa, unsigned size, MMUAccess, unsigned idx, int result, uintptr_t ra);
uint64_t x86_debug_translate(CPUState *, uint64_t va);
/* MOV CR3, and the key of the current address space for mmu_set_asid (PCID or not). */
void x86_paging_new_cr3(X86CPU *cpu, bool keep_tlb);
/* PAE: reads the four PDPTEs; false: a reserved bit is set. */
bool x86_load_pdptes(X86CPU *cpu, uint64_t cr3);
void x86_paging_flush(X86CPU *cpu, bool global);
void x86_invlpg(X86CPU *cpu, uint64_t va);
/* Raises #GP(0) for what the operands' rules forbid (SDM vol. 2, INVPCID). */
void x86_invpcid(X86CPU *cpu, unsigned type, uint64_t pcid, uint64_t va, uintptr_t ra);
/* WRPKRU and XRSTOR: permissions of pages with keys follow. */
void x86_set_pkru(X86CPU *cpu, uint32_t value);

/* ---- debug.c: breakpoints and watchpoints of DR0-DR3 ---- */
/* #DB when DR0-DR3 have a breakpoint for the instruction at linear address pc. */
void x86_check_breakpoint(X86CPU *cpu, uint64_t pc, uintptr_t ra);
void x86_check_watch(CPUState *, uint64_t va, unsigned size, MMUAccess, unsigned idx, uintptr_t ra);
void x86_debug_update(X86CPU *cpu);         /* after DR0-3, DR7 changed */
bool x86_page_watched(X86CPU *cpu, uint64_t va); /* for MMUPage.watched */

/* ---- smm.c ---- */
void x86_enter_smm(X86CPU *cpu);
void x86_leave_smm(X86CPU *cpu, uintptr_t ra); /* RSM */

/* ---- fpu_state.c, mxcsr.c, xsave.c ---- */
uint16_t x87_get_fpus(const CPUX86State *env);  /* with TOP and B */
uint16_t x87_get_tag_word(const CPUX86State *env); /* the full form */
void x87_reset(CPUX86State *env);               /* FNINIT */
uint32_t x86_get_mxcsr(CPUState *cpu);          /* harvests the host's flags first */
void x86_set_mxcsr(CPUState *cpu, uint32_t value); /* valid bits only; reloads the host, updates hflags */
#define MXCSR_VALID 0xffffu

/* ---- cpu.c, cpuid.c, models.c ---- */
void x86_reset(CPUState *);                     /* power-on; SDM vol. 3 table 9-1 */
void x86_init_signal(X86CPU *cpu);              /* INIT: keeps what INIT keeps; an application processor then waits for a SIPI */
void x86_sipi(X86CPU *cpu);                     /* start-up IPI, by sipi_vector: begins to run, if it was waiting for one */
void x86_dump(CPUState *, FILE *);
void x86_cpuid(X86CPU *cpu, uint32_t leaf, uint32_t subleaf, uint32_t out[4]);
/* XCR0 bits that the features allow. */
uint64_t x86_xcr0_supported(const X86CPU *cpu);
/* Bytes that XSAVE's standard form needs for the components in mask. */
uint32_t x86_xsave_size(const X86CPU *cpu, uint64_t mask, bool compacted);

/* ---- translation (translate.c) ---- */
void x86_trans_init(TransContext *t);
void x86_trans_insn(TransContext *t);
void x86_trans_end(TransContext *t);

#endif
