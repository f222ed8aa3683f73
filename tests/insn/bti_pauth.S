/* SPDX-License-Identifier: MIT */
/* Branch target identification in a guarded image; pointer authentication there and back. */
#include "insn.h"

#define SCTLR_PAUTH (SCTLR_MMU | 1 << 31 | 1 << 30 | 1 << 27 | 1 << 13)
#define GUARDED (1 << 50)

/* Branches by insn to a landing pad; 0: lands, else BTYPE of the exception. */
        .macro  branch insn, pad:vararg
        ldr     x5, =.Lpad\@
        prepare_catch .Lpad\@, .Lend\@
        mov     x15, #0
        mov     x16, x5
        \insn
        nop
.Lpad\@: \pad
        mov     x15, #1
.Lend\@:
        .endm

        .macro  lands insn, pad:vararg
        branch  "\insn", \pad
        check   x15, 1
        expect_nothing
        .endm

        .macro  faults btype, insn, pad:vararg
        branch  "\insn", \pad
        check   x15, 0
        expect  EL1_SYNC, ESR(0x0d, \btype)
        check_exc EXC_SPSR, 0x3c5 | \btype << 10
        .endm

        begin
        msr     nzcv, xzr
        ldr     x0, =insn_level1                // guard the image
        ldr     x1, [x0, #8]
        orr     x1, x1, #GUARDED
        str     x1, [x0, #8]
        dsb     ish
        tlbi    vmalle1
        dsb     ish
        isb

        test    "br"
        faults  3, "br x5", nop
        lands   "br x5", bti j
        lands   "br x5", bti jc
        faults  3, "br x5", bti c
        faults  3, "br x5", bti
        lands   "br x16", bti c                 // BTYPE 1
        lands   "br x16", bti j
        faults  1, "br x16", nop

        test    "blr"
        faults  2, "blr x5", nop
        faults  2, "blr x5", bti j
        lands   "blr x5", bti c
        lands   "blr x5", bti jc

        test    "paciasp is a landing pad for calls, and for jumps when SCTLR_EL1.BT1 is clear"
        lands   "blr x5", paciasp
        lands   "br x5", paciasp
        ldr     x0, =SCTLR_MMU | 1 << 36
        msr     sctlr_el1, x0
        isb
        lands   "blr x5", paciasp
        faults  3, "br x5", paciasp
        lands   "br x16", pacibsp
        ldr     x0, =SCTLR_MMU
        msr     sctlr_el1, x0
        isb

        test    "ret and direct branches land anywhere"
        lands   "ret x5", nop
        lands   "cbz xzr, .+8", nop
        branch  "br x5", brk #7                 // takes its own exception
        expect  EL1_SYNC, ESR(0x3c, 7)

        test    "BTYPE is 0 in the exception's handler and after one instruction"
        lands   "br x5", hint #36               // bti j, as a hint
        catch   svc #0
        check_exc EXC_SPSR, 0x3c5

        ldr     x0, =insn_level1
        ldr     x1, [x0, #8]
        and     x1, x1, #~GUARDED
        str     x1, [x0, #8]
        dsb     ish
        tlbi    vmalle1
        dsb     ish
        isb
        test    "an unguarded page"
        lands   "br x5", nop
        lands   "blr x5", nop

        // ---- pointer authentication ----
        ldr     x0, =SCTLR_PAUTH
        msr     sctlr_el1, x0
        ldr     x0, =0x0123456789abcdef
        .irp    key, 0, 1, 2, 3
        msr     s3_0_c2_c1_\key, x0
        ror     x0, x0, #7
        msr     s3_0_c2_c2_\key, x0
        ror     x0, x0, #7
        .endr
        msr     s3_0_c2_c3_0, x0
        msr     s3_0_c2_c3_1, x0
        isb

        .macro  roundtrip sign, auth, strip
        test    "\sign, \auth"
        ldr     x1, =0x0000001234567890
        ldr     x2, =0x1122334455667788
        mov     x0, x1
        \sign   x0, x2
        mov     x3, x0
        \auth   x0, x2
        check   x0, 0x0000001234567890
        mov     x0, x3
        \strip  x0
        check   x0, 0x0000001234567890
        cmp     x3, x1
        cset    x0, ne
        check   x0, 1
        mov     x1, #-0x1000                    // an upper address stays one
        mov     x0, x1
        \sign   x0, x2
        \auth   x0, x2
        check   x0, -0x1000
        .endm
        roundtrip pacia, autia, xpaci
        roundtrip pacib, autib, xpaci
        roundtrip pacda, autda, xpacd
        roundtrip pacdb, autdb, xpacd

        test    "zero modifier, SP modifier, x17 by x16"
        ldr     x1, =0x1234567890
        mov     x0, x1
        paciza  x0
        autiza  x0
        check_same x0, x1
        mov     x30, x1
        paciasp
        mov     x3, x30
        autiasp
        check_same x30, x1
        mov     x30, x1
        pacia   x30, sp
        check_same x30, x3

        test    "keys and modifiers differ"
        mov     x0, x1
        pacia   x0, x2
        mov     x3, x1
        pacib   x3, x2
        cmp     x0, x3
        cset    x4, ne
        check   x4, 1
        mov     x3, x1
        pacia   x3, x1
        cmp     x0, x3
        cset    x4, ne
        check   x4, 1

        test    "pacga: 32 bits in the upper half"
        pacga   x0, x1, x2
        checkw  w0, 0
        lsr     x0, x0, #32
        cmp     x0, #0
        cset    x0, ne
        check   x0, 1

        test    "a wrong pointer fails: FPAC, with the key in the syndrome"
        mov     x0, x1
        pacia   x0, x2
        eor     x0, x0, #1 << 50
        catch   autia x0, x2
        expect  EL1_SYNC, ESR(0x1c, 0)
        catch   autib x0, x2
        expect  EL1_SYNC, ESR(0x1c, 1)
        catch   autda x0, x2
        expect  EL1_SYNC, ESR(0x1c, 2)
        catch   autdb x0, x2
        expect  EL1_SYNC, ESR(0x1c, 3)

        test    "retaa, braa, blraa, ldraa"
        bl      1f
        b       2f
1:      paciasp
        retaa
2:      ldr     x0, =3f
        pacia   x0, x2
        braa    x0, x2
        b       insn_done
3:      ldr     x0, =4f
        paciza  x0
        blraaz  x0
4:      check   x30, 4b
        ldr     x0, =value - 8
        pacdza  x0
        ldraa   x3, [x0, #8]
        check   x3, 0x5566778899
        ldr     x0, =value
        pacdza  x0
        ldraa   x3, [x0, #0]!
        check   x0, value

        test    "disabled keys leave pointers alone"
        ldr     x0, =SCTLR_MMU
        msr     sctlr_el1, x0
        isb
        mov     x0, x1
        pacia   x0, x2
        check_same x0, x1
        autia   x0, x2
        check_same x0, x1
        finish

        .data
        .balign 8
value:  .quad   0x5566778899
