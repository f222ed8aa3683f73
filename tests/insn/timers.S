/* SPDX-License-Identifier: MIT */
/* Generic timers, WFI, interrupts through the GICv3's CPU interface, the PMU's cycle counter, random numbers. */
#include "insn.h"

#define GICD 0x08000000
#define GICR 0x080a0000
#define SGI_BASE 0x10000

        begin
        // Group 1 for all, CNTP (30), CNTV (27) and SGI 1 enabled.
        ldr     x0, =GICD
        mov     w1, #0x12
        str     w1, [x0]
        ldr     x0, =GICR
        str     wzr, [x0, #0x14]                // GICR_WAKER
1:      ldr     w1, [x0, #0x14]
        tbnz    w1, #2, 1b
        ldr     x0, =GICR + SGI_BASE
        mov     w1, #-1
        str     w1, [x0, #0x80]                 // GICR_IGROUPR0
        ldr     w1, =1 << 30 | 1 << 27 | 1 << 1
        str     w1, [x0, #0x100]                // GICR_ISENABLER0
        mov     x1, #7
        msr     s3_0_c12_c12_5, x1              // ICC_SRE_EL1
        isb
        mov     x1, #0xf0
        msr     s3_0_c4_c6_0, x1                // ICC_PMR_EL1
        mov     x1, #1
        msr     s3_0_c12_c12_7, x1              // ICC_IGRPEN1_EL1
        isb

        test    "the counters run, and are one"
        mrs     x0, cntfrq_el0
        cmp     x0, #0
        cset    x1, ne
        check   x1, 1
        mrs     x0, cntvct_el0
        isb
        mrs     x1, cntpct_el0
        isb
        mrs     x2, cntvct_el0
        cmp     x1, x0
        cset    x3, hs
        check   x3, 1
        cmp     x2, x1
        cset    x3, hs
        check   x3, 1

        .macro  timer name, intid
        test    "\name: WFI ends when it fires, though masked"
        mrs     x4, cntfrq_el0
        mov     x1, #500
        udiv    x4, x4, x1                      // 2 ms
        mrs     x5, cntpct_el0
        msr     \name\()_tval_el0, x4
        mov     x1, #1
        msr     \name\()_ctl_el0, x1
        isb
        mrs     x0, \name\()_ctl_el0
        and     x0, x0, #3                      // it may have fired already
        check   x0, 1
2:      wfi
        mrs     x0, \name\()_ctl_el0
        tbz     x0, #2, 2b                      // ISTATUS
        mrs     x6, cntpct_el0
        sub     x6, x6, x5
        cmp     x6, x4
        cset    x0, hs
        check   x0, 1
        mrs     x0, isr_el1
        check   x0, 1 << 7

        test    "\name: the interrupt is taken when unmasked, acknowledged, and gone when disabled"
        catch_irq
        check_exc EXC_VECTOR, EL1_IRQ
        check_exc EXC_SPSR, 0x345
        mrs     x0, s3_0_c12_c12_0              // ICC_IAR1_EL1
        check   x0, \intid
        msr     \name\()_ctl_el0, xzr
        isb
        msr     s3_0_c12_c12_1, x0              // ICC_EOIR1_EL1
        isb
        mrs     x0, isr_el1
        check   x0, 0

        test    "\name: IMASK keeps the status and stops the interrupt"
        mov     x1, #-1
        msr     \name\()_tval_el0, x1           // in the past
        mov     x1, #3
        msr     \name\()_ctl_el0, x1
        isb
        mrs     x0, \name\()_ctl_el0
        check   x0, 7
        mrs     x0, isr_el1
        check   x0, 0
        msr     \name\()_ctl_el0, xzr
        mov     x1, #0x1234
        msr     \name\()_cval_el0, x1
        mrs     x0, \name\()_cval_el0
        check   x0, 0x1234
        .endm

/* Unmasks IRQs for one instruction, at which one must be taken. */
        .macro  catch_irq
        prepare_catch .Lirq\@, .Lend\@
        msr     nzcv, xzr
        msr     DAIFClr, #2
.Lirq\@: nop
        isb
        nop
.Lend\@: msr    DAIFSet, #2
        .endm

        timer   cntv, 27
        timer   cntp, 30

        test    "an SGI to oneself"
        ldr     x0, =1 << 24 | 1
        msr     s3_0_c12_c11_5, x0              // ICC_SGI1R_EL1
        isb
        wfi
        catch_irq
        check_exc EXC_VECTOR, EL1_IRQ
        mrs     x0, s3_0_c12_c12_0
        check   x0, 1
        msr     s3_0_c12_c12_1, x0
        mrs     x0, s3_0_c12_c12_0
        check   x0, 1023

        test    "an interrupt leaves a loop that never exits by itself"
        mrs     x4, cntfrq_el0
        mov     x1, #1000
        udiv    x4, x4, x1
        msr     cntv_tval_el0, x4
        mov     x1, #1
        msr     cntv_ctl_el0, x1
        prepare_catch 3f, 4f
        msr     DAIFClr, #2
3:      b       3b
4:      check_exc EXC_VECTOR, EL1_IRQ
        check_elr 0
        msr     cntv_ctl_el0, xzr
        mrs     x0, s3_0_c12_c12_0
        msr     s3_0_c12_c12_1, x0

        test    "PMU: the cycle counter"
        mov     x0, #1                          // E
        msr     pmcr_el0, x0
        mov     x0, #1 << 31
        msr     pmcntenset_el0, x0
        msr     pmccfiltr_el0, xzr
        isb
        mrs     x1, pmccntr_el0
        mov     x3, #1000
5:      subs    x3, x3, #1
        b.ne    5b
        isb
        mrs     x2, pmccntr_el0
        cmp     x2, x1
        cset    x0, hi
        check   x0, 1
        mrs     x0, pmcntenset_el0
        check   x0, 1 << 31
        mov     x0, #1 << 31
        msr     pmcntenclr_el0, x0
        isb
        mrs     x1, pmccntr_el0
        isb
        mrs     x2, pmccntr_el0
        check_same x1, x2                       // stopped
        ldr     x1, =0x123456789
        msr     pmccntr_el0, x1
        isb
        mrs     x0, pmccntr_el0
        check   x0, 0x123456789
        mov     x0, #5                          // C: reset the cycle counter
        msr     pmcr_el0, x0
        isb
        mrs     x0, pmccntr_el0
        check   x0, 0
        msr     pmcr_el0, xzr

        test    "RNDR: Z says whether there was a number, numbers differ"
        set_nzcv 0b1111
        mrs     x0, s3_3_c2_c4_0                // RNDR
        check_nzcv 0
        mrs     x1, s3_3_c2_c4_1                // RNDRRS
        check_nzcv 0
        cmp     x0, x1
        cset    x0, ne
        check   x0, 1
        finish
