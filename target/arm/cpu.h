/* SPDX-License-Identifier: MIT */
/*
 * The AArch64 CPU: EL0 and EL1, AArch64 state only.
 */
#ifndef TARGET_ARM_CPU_H
#define TARGET_ARM_CPU_H

#include "accel/ir/ir.h"
#include "cpus/cpu.h"
#include "target/api/machine.h"
#include "target/api/target.h"

/* MMU indexes. */
enum {
    ARM_MMU_EL0,      /* EL0, and EL1's LDTR/STTR; by ASID */
    ARM_MMU_EL1,      /* EL1, PAN clear */
    ARM_MMU_EL1_PAN,  /* EL1, PAN set */
    ARM_NB_MMU
};
#define ARM_MMU_ALL ((1u << ARM_NB_MMU) - 1)

/* MMUPage.target_bits. */
#define ARM_PAGE_GUARDED 1u /* stage 1 GP: indirect branches must land on a BTI */
#define ARM_PAGE_DEVICE 2u  /* Device memory */

/* Slots: X0..X30, SP (of the current EL and SPSel), flags, V0..V31. */
enum { SLOT_X0 = 0, SLOT_X30 = 30, SLOT_SP = 31, SLOT_NZCV = 32, SLOT_V0 = 33, ARM_NB_SLOTS = SLOT_V0 + 32 };

/* PSTATE bits at their places in SPSR_EL1. */
#define PSTATE_SP (1u << 0)
#define PSTATE_EL_SHIFT 2
#define PSTATE_F (1u << 6)
#define PSTATE_I (1u << 7)
#define PSTATE_A (1u << 8)
#define PSTATE_D (1u << 9)
#define PSTATE_BTYPE_SHIFT 10
#define PSTATE_BTYPE (3u << 10)
#define PSTATE_SSBS (1u << 12)
#define PSTATE_IL (1u << 20)
#define PSTATE_SS (1u << 21)
#define PSTATE_PAN (1u << 22)
#define PSTATE_UAO (1u << 23)
#define PSTATE_DIT (1u << 24)
#define PSTATE_TCO (1u << 25)
#define PSTATE_V (1u << 28)
#define PSTATE_C (1u << 29)
#define PSTATE_Z (1u << 30)
#define PSTATE_N (1u << 31)

/* How the last load-exclusive was made (translate_exclusive.c); open: there is none. */
#define EXCLUSIVE_OPEN 0u
#define EXCLUSIVE_WATCHED 1u
#define EXCLUSIVE_LIGHT 2u /* or-ed to its pc */

typedef struct CPUARMState {
    V128 v[32];               /* first: 16-byte aligned */
    uint64_t x[31];
    uint64_t sp;              /* of the current EL and SPSel; the other is in sp_el */
    uint64_t pc;
    uint32_t nzcv;            /* flags value: IR_FL_* with C inverted (borrow) */
    uint32_t pstate;          /* all but NZCV; EL, SP, DAIF, BTYPE ... */
    uint64_t sp_el[2];        /* SP_EL0, SP_EL1: that which is not current is valid here */
    uint32_t fpcr, fpsr;      /* fpsr without what the host has gathered since */
    uint32_t mxcsr;           /* TargetFpOps.mxcsr_offset */
    uint32_t qc;              /* nonzero: FPSR.QC, gathered by saturating helpers */
    uint64_t exclusive;       /* the monitor: EXCLUSIVE_* */
    uint64_t rndr_state;

    /* System registers, by their architectural names. Each array [2] is by EL where the manual has _EL0 and _EL1. */
    uint64_t tpidr_el0, tpidrro_el0, tpidr_el1, contextidr_el1;
    uint64_t sctlr_el1, actlr_el1, cpacr_el1, ttbr0_el1, ttbr1_el1, tcr_el1, mair_el1, amair_el1, vbar_el1;
    uint64_t spsr_el1, elr_el1, esr_el1, far_el1, afsr0_el1, afsr1_el1, par_el1;
    uint64_t csselr_el1, mdscr_el1, oslar_el1, osdlr_el1, mdccint_el1;
    uint64_t dbgbvr[16], dbgbcr[16], dbgwvr[16], dbgwcr[16], dbgclaim;
    uint64_t bp_filter[2];    /* by EL: a bit for each address (arm_breakpoint_bit) that a breakpoint may match there; derived, debug.c */
    uint32_t watch_active;    /* bit for each watchpoint that can match; derived, debug.c */
    uint32_t step_iss;        /* ISV and EX of a software step exception that comes next: SS_ISV after a stepped instruction */
    uint64_t cntfrq, disr_el1;
    uint64_t cntkctl_el1, cntp_cval, cntp_ctl, cntv_cval, cntv_ctl, cntvoff;
    uint64_t pmcr, pmcnten, pmovs, pminten, pmuserenr, pmccntr, pmccfiltr, pmselr, pmevcntr[31], pmevtyper[31];
    uint64_t pmccntr_base;    /* what virtual time stood for when pmccntr was last brought up to date */
    struct { uint64_t lo, hi; } key_ia, key_ib, key_da, key_db, key_ga;

    /* Pending exception: what exception_index (ARM_EXCP_*) means. */
    struct { uint32_t syndrome; uint64_t far; bool far_valid; } exc;
} CPUARMState;

/* ID registers and choices of a CPU model; constant once created. */
typedef struct ARMIdRegs {
    uint64_t midr, revidr, ctr, dczid, clidr, ccsidr[16];
    uint64_t aa64pfr0, aa64pfr1, aa64isar0, aa64isar1, aa64isar2, aa64mmfr0, aa64mmfr1, aa64mmfr2, aa64dfr0, aa64dfr1, aa64zfr0, aa64smfr0;
    uint64_t pmceid0, pmceid1;
    unsigned n_pmu_counters;
} ARMIdRegs;

/* Features that gate decode rows, derived from the ID registers. ARM_FEATURE(name in rows) */
#define ARM_FEATURES(X) \
    X(base) X(fp) X(simd) X(fp16) X(crc32) X(aes) X(pmull) X(sha1) X(sha256) X(sha512) X(sha3) X(lse) X(rdm) X(dotprod) X(fcma) X(jscvt) \
    X(lrcpc) X(lrcpc2) X(pauth) X(pauth2) X(bti) X(flagm) X(flagm2) X(frintts) X(dit) X(sb) X(ssbs) X(rng) X(i8mm) X(bf16) X(dpb) X(dpb2) \
    X(pan) X(uao) X(fhm) X(pan2) X(lor) X(ras)
typedef enum ARMFeature {
#define X(n) ARM_FEAT_##n,
    ARM_FEATURES(X)
#undef X
    ARM_NB_FEATURES
} ARMFeature;

typedef enum PauthAlgorithm { PAUTH_NONE, PAUTH_QARMA5, PAUTH_IMPDEF } PauthAlgorithm;

/* Power states, numbered as PSCI's AFFINITY_INFO tells them. */
enum { ARM_POWER_ON, ARM_POWER_OFF, ARM_POWER_ON_PENDING, ARM_POWER_CLAIMED };

typedef struct ArmCPU {
    CPUState parent;          /* first */
    CPUARMState env;
    ARMIdRegs id;             /* (c) */
    uint64_t features;        /* (c) bit for each ARMFeature */
    PauthAlgorithm pauth;     /* (c) */
    uint64_t mpidr;           /* (c) as MPIDR_EL1 */
    struct {
        uint64_t field[2][2]; /* (v) bits that a PAC takes, by half (VA bit 55) and instruction or data */
        bool any_tbi[2];      /* (v) */
        uint8_t level;        /* (c) of the ID field APA or API */
    } pac;                    /* what pointer authentication needs of TCR_EL1: arm_pauth_refresh */
    const char *dt_compatible;/* (c) */
    uint32_t irq_level;       /* (a) bit for each ArmIrqLine */
    uint32_t power;           /* (a) ARM_POWER_* */
    uint64_t on_entry, on_context; /* of whoever made power ARM_POWER_CLAIMED; once it is ARM_POWER_ON_PENDING (v) */
    bool event;               /* (a) the event register: SEV of any CPU sets it, WFE clears it */
    bool waiting_event;       /* (a) halted by WFE: SEV has to kick */
    uintptr_t sysreg_ra;      /* (v) return address of the arm_sysreg_* call being served, for faults in read and write */
    bool start_powered_off, psci_hvc; /* (c) after wiring */
    uint64_t boot_pc, boot_x0; bool boot_set;
    ArmGicCpuIf gic;          /* (c) after wiring */
    struct { void (*fn)(void *, int); void *opaque; int level; } out[ARM_NB_OUT_LINES];
    Timer *phys_timer, *virt_timer, *pmu_timer, *wfx_timer; /* on parent.timers */
} ArmCPU;

static inline ArmCPU *arm_cpu(CPUState *cpu) { return (ArmCPU *)cpu; }
static inline bool arm_is_on(const ArmCPU *cpu) { return __atomic_load_n(&cpu->power, __ATOMIC_ACQUIRE) == ARM_POWER_ON; }
static inline CPUARMState *arm_env(CPUState *cpu) { return &((ArmCPU *)cpu)->env; }
/* The index of plain data accesses at the current EL. */
static inline unsigned arm_data_mmu_index(const CPUARMState *env)
{
    if ((env->pstate >> PSTATE_EL_SHIFT & 3) == 0)
        return ARM_MMU_EL0;
    return env->pstate & PSTATE_PAN ? ARM_MMU_EL1_PAN : ARM_MMU_EL1;
}
static inline bool arm_has(const ArmCPU *cpu, ARMFeature f) { return cpu->features >> f & 1; }
static inline unsigned arm_el(const CPUARMState *env) { return env->pstate >> PSTATE_EL_SHIFT & 3; }
#define ENV_OFFSET(field) (offsetof(ArmCPU, env) + offsetof(CPUARMState, field))

extern const TargetOps target_aarch64;      /* target_arm.c */
extern const IRSlot arm_slots[ARM_NB_SLOTS];
extern const TargetFpOps arm_fp_ops;        /* fp_ops.c */

/* ---- block flags (get_block_state; what translation depends on) ---- */
#define BF_EL_SHIFT 0            /* 2 bits: 0 or 1 */
#define BF_MMU_SHIFT 2           /* 4 bits: index of plain data accesses and of fetches */
#define BF_FP_TRAP (1u << 6)     /* CPACR_EL1.FPEN traps FP and SIMD here */
#define BF_FP_SLOW (1u << 7)     /* FPCR: FZ, FZ16 or other: no inline floating point */
#define BF_BTYPE_SHIFT 8         /* 2 bits: PSTATE.BTYPE at the block's first instruction */
#define BF_SS (1u << 10)         /* software step is active: one instruction, then the step exception (MDSCR_EL1.SS, not masked) */
#define BF_SS_PSTATE (1u << 11)  /* PSTATE.SS is set */
#define BF_ALIGN (1u << 12)      /* SCTLR_EL1.A */
#define BF_ALIGN_SP (1u << 13)   /* SCTLR_EL1.SA or SA0 for this EL */
#define BF_UNPRIV_EL1 (1u << 14) /* LDTR/STTR act as plain EL1 accesses (PSTATE.UAO) */
#define BF_IL (1u << 15)         /* PSTATE.IL */
#define BF_TBI_SHIFT 16          /* 2 bits: TBI0, TBI1 for instruction addresses (TBI and not TBID) */
#define BF_BIG_ENDIAN (1u << 18) /* SCTLR_EL1.EE or E0E for this EL */
#define BF_PAUTH_SHIFT 19        /* 4 bits: SCTLR_EL1.EnIA, EnIB, EnDA, EnDB */
#define BF_BT (1u << 23)         /* SCTLR_EL1.BT0/BT1 for this EL: PACIxSP as landing pad */
#define BF_UCI (1u << 24)        /* EL0: SCTLR_EL1.UCI; cache maintenance allowed */
#define BF_DZE (1u << 25)        /* EL0: SCTLR_EL1.DZE */
#define BF_SPSEL (1u << 26)      /* PSTATE.SP: which of the two stack pointers SLOT_SP is (moving it is a helper's matter) */
#define BF_HIGH_ASID (1u << 28)  /* EL1: the kernel is mapped non-global (KPTI), CPUState.high_by_asid: jumps tell its code by ASID */
#define BF_SLOW (1u << 27)       /* the first instruction is translated alone, with its rare cases (SP misaligned, a breakpoint's address, branch to a non-canonical address); its fast form leaves to here */
#define BF_BREAK (1u << 29)      /* bp_filter[EL] is not empty and debug exceptions are enabled: each instruction's address is tested */

/* ---- shared between translation and system files of target/arm ---- */
/* PSTATE with NZCV in architectural form, as SPSR holds it, and back (banks SP when EL or SPSel change; does not touch pc). */
uint32_t arm_get_spsr(CPUARMState *env);
void arm_set_pstate(ArmCPU *cpu, uint32_t spsr);
static inline uint32_t arm_nzcv_to_arch(uint32_t fl)
{
    return (fl & IR_FL_S ? PSTATE_N : 0) | (fl & IR_FL_Z ? PSTATE_Z : 0) | (fl & IR_FL_C ? 0 : PSTATE_C) | (fl & IR_FL_O ? PSTATE_V : 0);
}
static inline uint32_t arm_nzcv_from_arch(uint32_t p)
{
    return (p & PSTATE_N ? IR_FL_S : 0) | (p & PSTATE_Z ? IR_FL_Z : 0) | (p & PSTATE_C ? 0 : IR_FL_C) | (p & PSTATE_V ? IR_FL_O : 0);
}

/* Exceptions (D1.10, D13.2.37). */
enum { ARM_EXCP_SYNC, ARM_EXCP_IRQ, ARM_EXCP_FIQ, ARM_EXCP_SERROR };
#define EC_UNKNOWN 0x00
#define EC_WFX 0x01
#define EC_FP_TRAP 0x07
#define EC_PAUTH_TRAP 0x09
#define EC_BTI 0x0d
#define EC_ILLEGAL 0x0e
#define EC_SVC64 0x15
#define EC_HVC64 0x16
#define EC_SMC64 0x17
#define EC_SYSREG 0x18
#define EC_PAC_FAIL 0x1c
#define EC_IABORT_LOWER 0x20
#define EC_IABORT_SAME 0x21
#define EC_PC_ALIGN 0x22
#define EC_DABORT_LOWER 0x24
#define EC_DABORT_SAME 0x25
#define EC_SP_ALIGN 0x26
#define EC_FP_EXC 0x2c
#define EC_SERROR 0x2f
#define EC_BKPT_LOWER 0x30
#define EC_STEP_LOWER 0x32
#define EC_WATCH_LOWER 0x34
#define EC_BRK 0x3c
#define ARM_SYN(ec, iss) ((uint32_t)(ec) << 26 | 1u << 25 | (uint32_t)(iss))
/* Raises a synchronous exception at the instruction that ra names (0: state is right). far: NULL when FAR_EL1 is left alone. */
void arm_raise_sync(ArmCPU *cpu, uint32_t syndrome, const uint64_t *far, uintptr_t ra) __attribute__((noreturn));
/* Takes an exception to EL1 now: SPSR, ELR = return_pc, ESR, PSTATE, pc. vector_kind: 0 sync, 0x80 IRQ, 0x100 FIQ, 0x180 SError. */
void arm_take_exception(ArmCPU *cpu, unsigned vector_kind, uint64_t return_pc);

/*
 * System instructions and registers: MSR, MRS, SYS, SYSL. The decoder finds the row of the encoding at translation time:
 * arm_sysreg_find gives NULL for UNDEFINED. Access checks that depend on state (EL0 traps) are made when it runs.
 */
typedef struct ARMSysReg ARMSysReg;
#define SYSREG_ENC(op0, op1, crn, crm, op2) ((uint32_t)(op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
enum {
    SYSREG_PLAIN = 1,      /* a read or write is just the field at env_offset: translated as ldenv/stenv when EL allows */
    SYSREG_EXIT = 2,       /* a write may change block flags or translations: end the block (IR_EXIT_MAIN) */
    SYSREG_NEXT = 8,       /* a write drops mappings: the next instruction is looked up (IR_EXIT_LOOKUP) */
    SYSREG_NOP = 4,        /* does nothing */
    SYSREG_IO = 8,         /* reads or sets time, interrupts, devices */
};
struct ARMSysReg {
    const char *name;
    uint32_t enc;
    uint8_t min_el_read, min_el_write; /* 0 or 1; 2: never (UNDEFINED) */
    uint8_t flags;
    uint8_t feature;                   /* ARMFeature */
    uint32_t env_offset;               /* in CPUState, 8-byte field; 0: none */
    uint64_t mask;                     /* bits that a write may change, the others are RES0; 0: all. Not with PLAIN */
    uint64_t reset;                    /* value of a constant register: no env_offset, no read */
    uint64_t (*read)(ArmCPU *cpu, const ARMSysReg *r);
    void (*write)(ArmCPU *cpu, const ARMSysReg *r, uint64_t value);
    /* May raise a trap (EL0 enables and the like). iss_read: 1 for a read. NULL: no check. Does not return when it traps. */
    void (*check)(ArmCPU *cpu, const ARMSysReg *r, bool is_read, uint32_t syndrome, uintptr_t ra);
};
const ARMSysReg *arm_sysreg_find(ArmCPU *cpu, uint32_t enc);
/* Called by the helpers that translation emits; no read and no write function: the field at env_offset; include check and min_el. syndrome: ARM_SYN(EC_SYSREG, ...) for traps. */
uint64_t arm_sysreg_read(ArmCPU *cpu, const ARMSysReg *r, uint32_t syndrome, uintptr_t ra);
void arm_sysreg_write(ArmCPU *cpu, const ARMSysReg *r, uint64_t value, uint32_t syndrome, uintptr_t ra);

/* The pieces that TargetOps points to, by file. */
void arm_get_block_state(CPUState *cpu, uint64_t *pc, uint64_t *flags);                 /* block_state.c */
void arm_trans_init(TransContext *t);                                                   /* translate.c */
void arm_trans_insn(TransContext *t);
void arm_trans_end(TransContext *t);
bool arm_tlb_fill(CPUState *, uint64_t va, unsigned size, MMUAccess, unsigned idx, bool probe, uintptr_t ra); /* ptw.c */
void arm_unaligned_access(CPUState *, uint64_t va, MMUAccess, unsigned idx, uintptr_t ra) __attribute__((noreturn));
void arm_bus_error(CPUState *, uint64_t va, uint64_t pa, unsigned size, MMUAccess, unsigned idx, int result, uintptr_t ra);
uint64_t arm_strip_address(CPUState *, uint64_t va, unsigned idx);
uint64_t arm_debug_translate(CPUState *, uint64_t va);
void arm_do_exception(CPUState *);                                                      /* exception.c */
bool arm_do_interrupt(CPUState *, uint32_t request);
bool arm_has_work(CPUState *);
void arm_reset(CPUState *);                                                             /* cpu.c */
void arm_dump(CPUState *, FILE *);
/* FPCR and FPSR (fp_state.c): moving between the architectural form, softfloat's and the host's. */
uint32_t arm_fpsr_get(CPUState *);
void arm_fpsr_set(CPUState *, uint32_t);
uint32_t arm_fpcr_get(CPUState *);
void arm_fpcr_set(CPUState *, uint32_t);
/* Pointer authentication (pauth.c). Results as the manual's AddPAC, Auth, Strip; key_number 0..4: IA IB DA DB GA. */
uint64_t arm_pac_add(ArmCPU *, uint64_t ptr, uint64_t modifier, unsigned key, bool data);
uint64_t arm_pac_auth(ArmCPU *, uint64_t ptr, uint64_t modifier, unsigned key, bool data, bool is_combined, uintptr_t ra);
uint64_t arm_pac_strip(ArmCPU *, uint64_t ptr, bool data);
uint64_t arm_pac_generic(ArmCPU *, uint64_t x, uint64_t y);

#endif
