/* SPDX-License-Identifier: MIT */
/* Self-hosted debug: hardware breakpoints and watchpoints, and when debug exceptions are enabled. See debug.c. */
#ifndef TARGET_ARM_DEBUG_H
#define TARGET_ARM_DEBUG_H

#include "target/arm/cpu.h"

#define MDSCR_SS (1ull << 0)
#define MDSCR_KDE (1ull << 13)
#define MDSCR_MDE (1ull << 15)

/* ISS of debug exceptions. */
#define DEBUG_FSC 0x22u
#define SS_EX (1u << 6)   /* software step: a load-exclusive was stepped */
#define SS_ISV (1u << 24) /* software step: EX is valid */
#define WATCH_WNR (1u << 6)
#define WATCH_CM (1u << 8)

/* The OS lock or the OS double lock suspends debug exceptions, BRK excepted. */
static inline bool arm_debug_locked(const CPUARMState *env) { return (env->oslar_el1 | env->osdlr_el1) & 1; }

/* GenerateDebugExceptionsFrom (D2.4): at el, with PSTATE.D as in pstate. */
static inline bool arm_debug_enabled(const CPUARMState *env, unsigned el, uint32_t pstate)
{
    return !arm_debug_locked(env) && (el == 0 || ((env->mdscr_el1 & MDSCR_KDE) && !(pstate & PSTATE_D)));
}

/* Software step is active (D2.12.3). */
static inline bool arm_step_active(const CPUARMState *env)
{
    return (env->mdscr_el1 & MDSCR_SS) && arm_debug_enabled(env, arm_el(env), env->pstate);
}

/* The bit of CPUARMState.bp_filter that stands for an instruction at pc. */
static inline uint64_t arm_breakpoint_bit(uint64_t pc) { return 1ull << (pc >> 2 & 63); }
/* A breakpoint matches the instruction at pc, which is about to run. */
bool arm_breakpoint_matches(const ArmCPU *cpu, uint64_t pc);

/* Whether the page of va holds an address that an enabled watchpoint looks at. */
bool arm_page_watched(const ArmCPU *cpu, uint64_t va);
/* TargetOps.check_watch: raises the watchpoint exception of an access that one matches. */
void arm_check_watch(CPUState *cs, uint64_t va, unsigned size, MMUAccess access, unsigned mmu_idx, uintptr_t ra);
/* The same for DC IVAC on the line of size bytes at va (CM = 1). */
void arm_check_watch_cm(ArmCPU *cpu, uint64_t va, unsigned size, unsigned mmu_idx, uintptr_t ra);

/* After a change of MDSCR_EL1, the OS locks, or a breakpoint's registers. */
void arm_debug_refresh(ArmCPU *cpu);
/* Sets DBGWVR<n> or DBGWCR<n> (field points to it). */
void arm_watch_write(ArmCPU *cpu, unsigned n, uint64_t *field, uint64_t value);

#endif
