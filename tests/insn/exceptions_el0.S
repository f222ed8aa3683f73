/* SPDX-License-Identifier: MIT */
/* Exceptions taken from EL0, and what EL0 may and may not do. */
#include "insn.h"

        .macro  el0_case code:vararg
        b       2f
        .balign 4
1:      \code
        svc     #0xee
2:      run_el0 1b
        .endm

/* A trapped MSR or MRS (EC 0x18): op0 op2 op1 CRn Rt CRm direction. */
#define TRAP(op0, op1, crn, crm, op2, rt, read) \
        ESR(0x18, (op0) << 20 | (op2) << 17 | (op1) << 14 | (crn) << 10 | (rt) << 5 | (crm) << 1 | (read))

        begin
        test    "svc, brk, undefined"
        el0_case nop
        expect  EL0_SYNC, ESR(0x15, 0xee), 8
        check_exc EXC_SPSR, 0x3c0
        el0_case svc #7
        expect  EL0_SYNC, ESR(0x15, 7), 4
        el0_case brk #7
        expect  EL0_SYNC, ESR(0x3c, 7)
        el0_case .inst 0
        expect  EL0_SYNC, ESR(0, 0)
        el0_case hvc #0
        expect  EL0_SYNC, ESR(0, 0)
        el0_case eret
        expect  EL0_SYNC, ESR(0, 0)

        test    "data and instruction aborts"
        ldr     x1, =FREE_RAM                   // EL1 only
        el0_case ldr x0, [x1]
        expect  EL0_SYNC, ESR(0x24, 0x0d)
        check_exc EXC_FAR, FREE_RAM
        el0_case str x0, [x1, #8]
        expect  EL0_SYNC, ESR(0x24, 1 << 6 | 0x0d)
        el0_case br x1
        check_exc EXC_VECTOR, EL0_SYNC
        check_exc EXC_ESR, ESR(0x20, 0x0d)
        check_exc EXC_ELR, FREE_RAM
        check_exc EXC_FAR, FREE_RAM
        ldr     x1, =UNMAPPED
        el0_case ldr x0, [x1]
        expect  EL0_SYNC, ESR(0x24, 0x05)
        ldr     x1, =FREE_RAM + EL0_ALIAS
        mov     x2, #0x5a
        el0_case str x2, [x1]
        expect  EL0_SYNC, ESR(0x15, 0xee), 8
        check_mem FREE_RAM, 0x5a

        test    "SP of EL0 is SP_EL0"
        ldr     x0, =FREE_RAM + EL0_ALIAS + 0x100
        msr     sp_el0, x0
        el0_case str x2, [sp, #-16]!
        expect  EL0_SYNC, ESR(0x15, 0xee), 8
        mrs     x0, sp_el0
        check   x0, FREE_RAM + EL0_ALIAS + 0xf0
        check_mem (FREE_RAM + 0xf0), 0x5a

        test    "SP alignment, when SCTLR_EL1.SA0 is set"
        ldr     x0, =SCTLR_MMU | 1 << 4
        msr     sctlr_el1, x0
        ldr     x0, =FREE_RAM + EL0_ALIAS + 0x108
        msr     sp_el0, x0
        el0_case ldr x0, [sp]
        expect  EL0_SYNC, ESR(0x26, 0)
        ldr     x0, =SCTLR_MMU
        msr     sctlr_el1, x0

        test    "system registers of EL1 are undefined; identification is trapped"
        el0_case mrs x0, sctlr_el1
        expect  EL0_SYNC, ESR(0, 0)
        el0_case msr vbar_el1, x0
        expect  EL0_SYNC, ESR(0, 0)
        el0_case mrs x3, midr_el1               // FEAT_IDST
        expect  EL0_SYNC, TRAP(3, 0, 0, 0, 0, 3, 1)
        el0_case mrs x5, id_aa64isar0_el1
        expect  EL0_SYNC, TRAP(3, 0, 0, 6, 0, 5, 1)
        el0_case mrs x0, CurrentEL
        expect  EL0_SYNC, ESR(0, 0)

        test    "DAIF by SCTLR_EL1.UMA"
        el0_case msr DAIFSet, #1
        expect  EL0_SYNC, TRAP(0, 3, 4, 1, 6, 31, 0)
        el0_case mrs x4, daif
        expect  EL0_SYNC, TRAP(3, 3, 4, 2, 1, 4, 1)
        ldr     x0, =SCTLR_MMU | 1 << 9
        msr     sctlr_el1, x0
        el0_case mrs x4, daif
        expect  EL0_SYNC, ESR(0x15, 0xee), 8
        check   x4, 0x3c0

        test    "CTR_EL0 by UCT, DC ZVA by DZE, cache maintenance by UCI"
        ldr     x0, =SCTLR_MMU
        msr     sctlr_el1, x0
        ldr     x1, =FREE_RAM + EL0_ALIAS
        el0_case mrs x7, ctr_el0
        expect  EL0_SYNC, TRAP(3, 3, 0, 0, 1, 7, 1)
        el0_case dc zva, x1
        expect  EL0_SYNC, TRAP(1, 3, 7, 4, 1, 1, 0)
        el0_case dc cvau, x1
        expect  EL0_SYNC, TRAP(1, 3, 7, 11, 1, 1, 0)
        el0_case ic ivau, x1
        expect  EL0_SYNC, TRAP(1, 3, 7, 5, 1, 1, 0)
        ldr     x0, =SCTLR_MMU | 1 << 15 | 1 << 14 | 1 << 26
        msr     sctlr_el1, x0
        el0_case mrs x7, ctr_el0
        expect  EL0_SYNC, ESR(0x15, 0xee), 8
        el0_case dc zva, x1
        expect  EL0_SYNC, ESR(0x15, 0xee), 8
        el0_case dc cvau, x1
        expect  EL0_SYNC, ESR(0x15, 0xee), 8
        el0_case tlbi vmalle1
        expect  EL0_SYNC, ESR(0, 0)

        test    "WFI and WFE by nTWI and nTWE"
        ldr     x0, =SCTLR_MMU
        msr     sctlr_el1, x0
        el0_case wfi
        expect  EL0_SYNC, ESR(0x01, 0x1e00000)
        el0_case wfe
        expect  EL0_SYNC, ESR(0x01, 0x1e00001)

        test    "counters by CNTKCTL_EL1"
        msr     cntkctl_el1, xzr
        el0_case mrs x2, cntvct_el0
        expect  EL0_SYNC, TRAP(3, 3, 14, 0, 2, 2, 1)
        mov     x0, #2
        msr     cntkctl_el1, x0
        el0_case mrs x2, cntvct_el0
        expect  EL0_SYNC, ESR(0x15, 0xee), 8
        el0_case mrs x2, cntv_ctl_el0
        expect  EL0_SYNC, TRAP(3, 3, 14, 3, 1, 2, 1)

        test    "FP by CPACR_EL1.FPEN"
        mov     x0, #1 << 20
        msr     cpacr_el1, x0
        el0_case fmov d0, x0
        expect  EL0_SYNC, ESR(0x07, 0x1e00000)
        mov     x0, #3 << 20
        msr     cpacr_el1, x0
        el0_case fmov d0, x0
        expect  EL0_SYNC, ESR(0x15, 0xee), 8

        test    "E0PD1: EL0 and the upper half"
        mov     x1, #-4096
        el0_case ldr x0, [x1]
        expect  EL0_SYNC, ESR(0x24, 0x04)
        check_exc EXC_FAR, -4096

        test    "tags are ignored with TBI0, and FAR has them"
        mrs     x3, tcr_el1
        orr     x0, x3, #1 << 37
        msr     tcr_el1, x0
        isb
        ldr     x1, =FREE_RAM + EL0_ALIAS + 0xab00000000000000
        mov     x2, #0x77
        el0_case str x2, [x1]
        expect  EL0_SYNC, ESR(0x15, 0xee), 8
        check_mem FREE_RAM, 0x77
        ldr     x1, =UNMAPPED + 0xab00000000000000
        el0_case str x2, [x1]
        expect  EL0_SYNC, ESR(0x24, 1 << 6 | 0x05)
        check_exc EXC_FAR, UNMAPPED + 0xab00000000000000
        msr     tcr_el1, x3
        isb
        finish
