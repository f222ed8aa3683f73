/* SPDX-License-Identifier: MIT */
/* Exclusives, LSE atomics, acquire and release. One vCPU: what they do, not how they order. */
#include "insn.h"

        begin
        ldr     x21, =FREE_RAM

        test    "ldxr, stxr: success, once"
        ldr     x1, =0x1122334455667788
        str     x1, [x21]
        ldxr    x0, [x21]
        check   x0, 0x1122334455667788
        mov     x2, #5
        stxr    w3, x2, [x21]
        check   x3, 0
        ldr     x0, [x21]
        check   x0, 5
        mov     x2, #6
        stxr    w3, x2, [x21]                   // the monitor is open
        check   x3, 1
        ldr     x0, [x21]
        check   x0, 5

        test    "clrex opens the monitor"
        ldxr    x0, [x21]
        clrex
        stxr    w3, x2, [x21]
        check   x3, 1

        test    "stxr elsewhere fails"
        ldxr    x0, [x21]
        add     x1, x21, #256
        stxr    w3, x2, [x1]
        check   x3, 1

        test    "an exception return opens the monitor"
        ldxr    x0, [x21]
        catch   svc #0
        stxr    w3, x2, [x21]
        check   x3, 1

        test    "exclusive bytes, halfwords, words"
        ldr     x1, =0x1122334455667788
        str     x1, [x21]
        mov     x2, #-1
        ldxrb   w0, [x21]
        check   x0, 0x88
        stxrb   w3, w2, [x21]
        check   x3, 0
        add     x4, x21, #2
        ldaxrh  w0, [x4]
        check   x0, 0x5566
        stlxrh  w3, wzr, [x4]
        check   x3, 0
        add     x4, x21, #4
        ldaxr   w0, [x4]
        check   x0, 0x11223344
        stlxr   w3, w2, [x4]
        check   x3, 0
        ldr     x0, [x21]
        check   x0, 0xffffffff000077ff

        test    "exclusive pairs"
        mov     x1, #1
        mov     x2, #2
        stp     x1, x2, [x21]
        ldxp    x4, x5, [x21]
        check   x4, 1
        check   x5, 2
        stxp    w3, x2, x1, [x21]
        check   x3, 0
        ldaxp   x4, x5, [x21]
        check   x4, 2
        check   x5, 1
        stlxp   w3, x1, x1, [x21]
        check   x3, 0
        stp     w1, w2, [x21]
        ldxp    w4, w5, [x21]
        check   x4, 1
        check   x5, 2
        stxp    w3, w2, w1, [x21]
        check   x3, 0
        ldr     x0, [x21]
        check   x0, 0x100000002

        test    "a store between makes stxr fail when the value changed"
        mov     x1, #9
        ldxr    x0, [x21]
        str     x1, [x21]
        ldxr    x0, [x21]
        stxr    w3, x1, [x21]
        check   x3, 0

        test    "loops of exclusives end, whatever lies between"
        str     xzr, [x21]
1:      ldxr    x0, [x21]
        ldr     x1, [x21, #64]                  // another access
        str     x1, [x21, #8]                   // one to the same granule, by this CPU
        add     x0, x0, #1
        stxr    w3, x0, [x21]
        cbnz    w3, 1b
1:      ldxr    x0, [x21]
        mov     x5, #3
2:      subs    x5, x5, #1                      // a loop
        b.ne    2b
        add     x0, x0, #1
        stxr    w3, x0, [x21]
        cbnz    w3, 1b
1:      ldxr    x0, [x21]
        cbnz    x0, 3f                          // a way to a store of its own
        stxr    w3, x0, [x21]
        cbnz    w3, 1b
        b       4f
3:      add     x0, x0, #1
        stxr    w3, x0, [x21]
        cbnz    w3, 1b
4:      ldr     x0, [x21]
        check   x0, 3

        test    "exclusives abort on device memory"
        ldr     x4, =0x09000018                 // the UART's flags
        catch   ldxr w0, [x4]
        ldr     x1, [x21]
        stxr    w3, w1, [x4]
        expect  EL1_SYNC, ESR(0x25, 0x35)
        check_exc EXC_FAR, 0x09000018
        check   x3, 1

        test    "ldadd and its relatives return the old value"
        mov     x1, #7
        str     x1, [x21]
        mov     x2, #-2
        ldadd   x2, x0, [x21]                   // 7 - 2
        check   x0, 7
        ldaddal x2, x0, [x21]                   // 5 - 2
        check   x0, 5
        mov     x2, #0b0110
        ldseta  x2, x0, [x21]                   // 3 | 6
        check   x0, 3
        ldclrl  x2, x0, [x21]                   // 7 & ~6
        check   x0, 7
        mov     x2, #-1
        ldeor   x2, x0, [x21]                   // 1 ^ -1
        check   x0, 1
        swp     x1, x0, [x21]
        check   x0, -2
        stadd   x1, [x21]
        ldr     x0, [x21]
        check   x0, 14

        test    "ldsmax, ldsmin, ldumax, ldumin"
        mov     x1, #-5
        mov     x2, #3
        str     x1, [x21]
        ldsmax  x2, x0, [x21]
        check   x0, -5
        ldsmin  x1, x0, [x21]
        check   x0, 3
        ldumin  x2, x0, [x21]
        check   x0, -5
        ldumax  x1, x0, [x21]
        check   x0, 3
        ldr     x0, [x21]
        check   x0, -5

        test    "narrow atomics leave their neighbours"
        ldr     x1, =0x11223344556677ff
        str     x1, [x21]
        mov     w2, #1
        ldaddb  w2, w0, [x21]                   // wraps within the byte
        check   x0, 0xff
        add     x4, x21, #2
        ldsmaxh w2, w0, [x4]
        check   x0, 0x5566
        mov     w2, #0x8000
        ldsminh w2, w0, [x4]                    // -0x8000 as a halfword
        check   x0, 0x5566
        add     x4, x21, #4
        swpalb  w2, w0, [x4]
        check   x0, 0x44
        ldr     x0, [x21]
        check   x0, 0x1122330080007700
        ldumaxb wzr, w0, [x21]
        check   x0, 0
        ldr     x1, =0xffffffff00000001
        ldset   w1, w0, [x21]
        checkw  w0, 0x80007700
        ldr     x0, [x21]
        check   x0, 0x1122330080007701

        test    "cas: writes only when equal, returns what was there"
        mov     x1, #10
        str     x1, [x21]
        mov     x0, #11
        mov     x2, #12
        cas     x0, x2, [x21]
        check   x0, 10
        ldr     x3, [x21]
        check   x3, 10
        casal   x0, x2, [x21]
        check   x0, 10
        ldr     x3, [x21]
        check   x3, 12
        ldr     x0, =0xffffffffffffff0c         // only the byte is compared
        mov     x2, #0x44
        casb    w0, w2, [x21]
        check   x0, 12
        ldr     x3, [x21]
        check   x3, 0x44
        ldr     x0, =0x1234567800000044
        cas     w0, w2, [x21]
        check   x0, 0x44

        test    "casp"
        mov     x0, #1
        mov     x1, #2
        mov     x2, #3
        mov     x3, #4
        stp     x0, x1, [x21]
        mov     x1, #9
        casp    x0, x1, x2, x3, [x21]
        check   x0, 1
        check   x1, 2
        caspal  x0, x1, x2, x3, [x21]
        ldp     x4, x5, [x21]
        check   x4, 3
        check   x5, 4
        stp     w0, w1, [x21]
        casp    w0, w1, w2, w3, [x21]
        ldr     x4, [x21]
        check   x4, 0x400000003

        test    "ldar, stlr, ldapr, ldlar, stllr"
        ldr     x1, =0x8877665544332211
        stlr    x1, [x21]
        ldar    x0, [x21]
        check   x0, 0x8877665544332211
        ldarb   w0, [x21]
        check   x0, 0x11
        ldarh   w0, [x21]
        check   x0, 0x2211
        ldapr   w0, [x21]
        check   x0, 0x44332211
        stlrb   wzr, [x21]
        stlrh   wzr, [x21]
        ldapr   x0, [x21]
        check   x0, 0x8877665544330000
        stllr   x1, [x21]
        ldlar   w0, [x21]
        check   x0, 0x44332211
        stlur   w1, [x21, #4]
        ldapur  x0, [x21]
        check   x0, 0x4433221144332211
        ldapursb x0, [x21, #7]
        check   x0, 0x44

        test    "alignment: exclusives and atomics fault, whatever SCTLR_EL1.A says"
        add     x4, x21, #1
        mov     x2, #77
        catch   ldxr x0, [x4]
        expect  EL1_SYNC, ESR(0x25, 0x21)
        check_exc EXC_FAR, FREE_RAM + 1
        catch   stlr x2, [x4, #0]
        expect  EL1_SYNC, ESR(0x25, 1 << 6 | 0x21)
        add     x4, x21, #12                    // over a 16-byte boundary
        catch   ldadd x2, x0, [x4]
        expect  EL1_SYNC, ESR(0x25, 0x21)       // a read would fault as well: WnR is 0
        check_exc EXC_FAR, FREE_RAM + 12
        add     x4, x21, #8
        catch   ldxp x0, x1, [x4]
        expect  EL1_SYNC, ESR(0x25, 0x21)
        add     x4, x21, #15
        catch   ldar x0, [x4]
        expect  EL1_SYNC, ESR(0x25, 0x21)
        check   x2, 77

        test    "atomics on memory that is not there: a read would fault as well"
        ldr     x4, =UNMAPPED
        catch   ldadd x2, x0, [x4]
        expect  EL1_SYNC, ESR(0x25, 0x05)
        mov     x0, #0
        catch   cas x0, x2, [x4]                // also when the comparison would fail
        expect  EL1_SYNC, ESR(0x25, 0x05)
        catch   ldxr x0, [x4]
        expect  EL1_SYNC, ESR(0x25, 0x05)
        finish
