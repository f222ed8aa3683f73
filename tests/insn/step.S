/* SPDX-License-Identifier: MIT */
/* Software step: from EL0 and EL1, what SPSR.SS does. The syndrome's EX is left out: it is never set. */
#include "insn.h"

#define EC_STEP 0x32
#define ISS_STEP 0x22
#define ISS_ISV (1 << 24)
#define SPSR_SS (1 << 21)

        begin
        msr     oslar_el1, xzr
        mov     x0, #1                          // MDSCR_EL1.SS
        msr     mdscr_el1, x0
        isb

        test    "one instruction of EL0"
        mov     x1, #10
        b       2f
1:      add     x1, x1, #1
        add     x1, x1, #2
        svc     #0
2:      run_el0 1b, SPSR_EL0 & ~0x200 | SPSR_SS
        check   x1, 11
        expect  EL0_SYNC, ESR(EC_STEP, ISS_STEP | ISS_ISV), 4
        check_exc EXC_SPSR, 0x1c0               // SS is clear

        test    "a branch"
        b       2f
1:      b       3f
        nop
3:      nop
2:      run_el0 1b, 0x1c0 | SPSR_SS
        expect  EL0_SYNC, ESR(EC_STEP, ISS_STEP | ISS_ISV), 8

        test    "with SPSR.SS clear the step is pending at once"
        mov     x1, #10
        b       2f
1:      add     x1, x1, #1
2:      run_el0 1b, 0x1c0
        check   x1, 10
        check_exc EXC_VECTOR, EL0_SYNC
        check_elr 0

        test    "an instruction with an exception of its own takes that"
        b       2f
1:      svc     #3
2:      run_el0 1b, 0x1c0 | SPSR_SS
        check_exc EXC_VECTOR, EL0_SYNC
        check_exc EXC_ESR, ESR(0x15, 3)
        check_elr 4

        test    "not from EL1 without KDE"
        catch   nop
        expect_nothing

        test    "EL1 with KDE and D clear"
        ldr     x0, =1 | 1 << 13
        msr     mdscr_el1, x0
        isb
        prepare_catch 1f, 2f
        ldr     x0, =0x1c5 | SPSR_SS
        msr     spsr_el1, x0
        ldr     x0, =1f
        msr     elr_el1, x0
        mov     x1, #5
        eret
1:      add     x1, x1, #1
        add     x1, x1, #1
2:      expect  EL1_SYNC, ESR(EC_STEP + 1, ISS_STEP | ISS_ISV), 4
        check   x1, 6
        msr     mdscr_el1, xzr
        isb

        test    "MDSCR_EL1.SS clear: no step"
        b       2f
1:      nop
        nop
        svc     #9
2:      run_el0 1b, 0x1c0 | SPSR_SS
        expect  EL0_SYNC, ESR(0x15, 9), 12
        finish
