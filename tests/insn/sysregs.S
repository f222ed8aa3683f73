/* SPDX-License-Identifier: MIT */
/* System registers and PSTATE: fields, immediates, what may not be accessed. */
#include "insn.h"

        begin
        test    "CurrentEL, SPSel, DAIF"
        mrs     x0, CurrentEL
        check   x0, 4
        mrs     x0, SPSel
        check   x0, 1
        mrs     x0, DAIF
        check   x0, 0x3c0
        msr     DAIFClr, #0b1001
        mrs     x0, DAIF
        check   x0, 0x180
        msr     DAIFSet, #0b1000
        mrs     x0, DAIF
        check   x0, 0x380
        mov     x0, #0x3c0
        msr     DAIF, x0
        mrs     x0, DAIF
        check   x0, 0x3c0

        test    "SP_EL0 and SPSel"
        mov     x19, sp
        ldr     x1, =0x12345670
        msr     sp_el0, x1
        msr     SPSel, #0
        mov     x0, sp
        add     sp, sp, #16
        msr     SPSel, #1
        check   x0, 0x12345670
        mrs     x0, sp_el0
        check   x0, 0x12345680
        mov     x0, sp
        check_same x0, x19
        msr     SPSel, #0
        catch   mrs x0, sp_el0                  // of the stack pointer in use
        msr     SPSel, #1
        expect  EL1_SYNC - 4, ESR(0, 0)         // vector of SP_EL0

        test    "NZCV, upper and lower bits are ignored"
        mov     x0, #-1
        msr     nzcv, x0
        mrs     x0, nzcv
        check   x0, 0xf0000000
        msr     nzcv, xzr
        mrs     x0, nzcv
        check   x0, 0

        test    "PAN, UAO, DIT, SSBS by register and by immediate"
        .irp    field, pan, uao, dit, ssbs
        msr     \field, #1
        mrs     x0, \field
        cmp     x0, #0
        cset    x0, ne
        check   x0, 1
        mov     x0, #-1
        msr     \field, xzr
        mrs     x0, \field
        check   x0, 0
        .endr
        msr     pan, #1
        mrs     x0, pan
        check   x0, 1 << 22
        msr     pan, #0
        msr     uao, #1
        mrs     x0, uao
        check   x0, 1 << 23
        msr     uao, #0
        msr     dit, #1
        mrs     x0, dit
        check   x0, 1 << 24
        msr     dit, #0

        test    "software registers hold 64 bits"
        ldr     x1, =0xfedcba9876543210
        msr     tpidr_el0, x1
        mrs     x0, tpidr_el0
        check   x0, 0xfedcba9876543210
        mov     w2, w1
        msr     contextidr_el1, x2
        mrs     x0, contextidr_el1
        check   x0, 0x76543210
        msr     afsr0_el1, xzr
        mrs     x0, afsr0_el1
        check   x0, 0
        msr     elr_el1, x1
        mrs     x0, elr_el1
        check   x0, 0xfedcba9876543210
        msr     far_el1, x1
        mrs     x0, far_el1
        check   x0, 0xfedcba9876543210
        msr     mair_el1, x1
        mrs     x0, mair_el1
        check   x0, 0xfedcba9876543210
        mov     x1, #0xff
        msr     mair_el1, x1
        isb
        ldr     x1, =0x40400000
        mrs     x2, vbar_el1
        add     x0, x1, #0x7ff                  // bits 10:0 are 0
        msr     vbar_el1, x0
        mrs     x0, vbar_el1
        msr     vbar_el1, x2
        check   x0, 0x40400000

        test    "identification"
        mrs     x0, dczid_el0
        check   x0, 4
        mrs     x0, id_aa64pfr0_el1
        and     x0, x0, #0xff                   // EL0 and EL1: AArch64 only, or both
        sub     x1, x0, #0x11
        mov     x2, #0x11
        bic     x1, x1, x2
        check   x1, 0
        mrs     x0, mpidr_el1
        ubfx    x0, x0, #0, #24
        check   x0, 0
        mrs     x0, ctr_el0
        ubfx    x1, x0, #16, #4                 // 64-byte lines
        check   x1, 4
        mrs     x0, s3_0_c0_c4_7                // not allocated ID space reads as 0
        check   x0, 0
        mrs     x0, s3_0_c0_c7_7
        check   x0, 0
        mrs     x0, revidr_el1
        mrs     x0, aidr_el1
        check   x0, 0

        test    "writes of read-only registers and unknown registers are undefined"
        catch   msr s3_0_c0_c0_0, x0            // MIDR_EL1
        expect  EL1_SYNC, ESR(0, 0)
        catch   msr s3_3_c0_c0_1, x0            // CTR_EL0
        expect  EL1_SYNC, ESR(0, 0)
        catch   mrs x0, s3_0_c15_c15_7
        expect  EL1_SYNC, ESR(0, 0)
        catch   mrs x0, s3_4_c1_c1_0            // HCR_EL2
        expect  EL1_SYNC, ESR(0, 0)
        catch   mrs x0, s3_6_c1_c1_0            // SCR_EL3
        expect  EL1_SYNC, ESR(0, 0)
        catch   msr s3_0_c1_c0_7, x0
        expect  EL1_SYNC, ESR(0, 0)

        test    "hints do nothing"
        .irp    n, 0, 1, 4, 5, 7, 20, 31, 63, 64, 100, 127
        hint    #\n
        .endr
        sevl
        wfe
        dmb     ish
        dsb     sy
        isb
        sb
        csdb
        ssbb
        check   xzr, 0

        test    "sevl sets the event that wfe waits for"
        sev
        wfe
        sevl
        wfe
        check   xzr, 0
        finish
