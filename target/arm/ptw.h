/* SPDX-License-Identifier: MIT */
/* VMSAv8-64 stage 1 translation of the EL1&0 regime: what the walk shares with AT, cache maintenance and pointer authentication. */
#ifndef TARGET_ARM_PTW_H
#define TARGET_ARM_PTW_H

#include "accel/mmu/mmu.h"
#include "memory/memory.h"
#include "target/arm/cpu.h"

/* Fault status codes (ESR_ELx.DFSC, IFSC); the level is or-ed in where there is one. */
#define FSC_ADDRESS_SIZE 0x00u
#define FSC_TRANSLATION 0x04u
#define FSC_ACCESS_FLAG 0x08u
#define FSC_PERMISSION 0x0cu
#define FSC_EXTERNAL 0x10u
#define FSC_EXTERNAL_WALK 0x14u
#define FSC_ALIGNMENT 0x21u
#define FSC_EXCLUSIVE 0x35u /* unsupported exclusive or atomic access */

/* What TCR_EL1 says of one half of the address space (bit 55 of the address chooses), limits applied. */
typedef struct ArmVaParams {
    unsigned tsz;           /* TnSZ, clamped to what is implemented */
    unsigned page_bits;     /* of the granule: 12, 14, 16 */
    bool tsz_bad;           /* TnSZ is out of range: every access faults */
    bool tbi_data, tbi_insn;/* top byte ignored */
    bool epd, e0pd, hpd, ha, hd;
    unsigned pa_bits;       /* output size by IPS and PARange */
    unsigned pa_max_bits;   /* by PARange alone */
} ArmVaParams;
ArmVaParams arm_va_params(const ArmCPU *cpu, bool upper);

typedef struct ArmWalk {
    /* in */
    uint64_t va;
    unsigned mmu_idx;
    MMUAccess access;
    bool no_side_effects;   /* a debugger looks: no access-flag update, and a clear one does not fault */
    /* out */
    uint64_t pa;
    unsigned page_bits, prot;
    bool global;
    uint8_t target_bits, mair_attr, shareability;
    uint8_t fsc;            /* when the walk failed */
} ArmWalk;
/* False: fsc says why. rcu_read_lock held. */
bool arm_walk(ArmCPU *cpu, ArmWalk *w);

/* The ASID that TCR_EL1.A1 selects; call arm_update_asid after TTBRn_EL1 or TCR_EL1 change. */
uint32_t arm_current_asid(const CPUARMState *env);
void arm_update_asid(ArmCPU *cpu);
/* Raises the data abort for a cache or address operation at va: CM and WnR set. */
/* An exclusive access to what is not RAM. */
void arm_unsupported_exclusive(CPUState *cs, uint64_t va, MMUAccess access, uintptr_t ra) __attribute__((noreturn));
void arm_raise_cm_abort(ArmCPU *cpu, uint64_t va, uint8_t fsc, uintptr_t ra) __attribute__((noreturn));

#endif
