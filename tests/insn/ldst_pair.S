/* SPDX-License-Identifier: MIT */
/* Load and store pair: sizes, modes, what a fault in the second half leaves. */
#include "insn.h"

        begin
        ldr     x21, =FREE_RAM
        ldr     x2, =0x1111111122222222
        ldr     x3, =0x3333333384444444

        test    "stp, ldp: signed offset"
        stp     x2, x3, [x21, #16]
        ldp     x0, x1, [x21, #16]
        check   x0, 0x1111111122222222
        check   x1, 0x3333333384444444
        stp     w2, w3, [x21]
        ldr     x0, [x21]
        check   x0, 0x8444444422222222
        ldp     w0, w1, [x21]
        check   x0, 0x22222222
        check   x1, 0x84444444
        ldpsw   x0, x1, [x21]
        check   x0, 0x22222222
        check   x1, 0xffffffff84444444
        add     x4, x21, #512
        stp     x3, x2, [x4, #-512]
        ldr     x0, [x21]
        check   x0, 0x3333333384444444

        test    "stp, ldp: pre-index and post-index"
        mov     x4, x21
        stp     x2, x3, [x4, #32]!
        sub     x0, x4, x21
        check   x0, 32
        ldp     x0, x1, [x4], #-16
        check   x0, 0x1111111122222222
        check   x1, 0x3333333384444444
        sub     x0, x4, x21
        check   x0, 16
        mov     x4, sp
        stp     x2, x3, [sp, #-16]!
        ldp     x0, x1, [sp], #16
        check   x1, 0x3333333384444444
        mov     x0, sp
        check_same x0, x4

        test    "stnp, ldnp"
        stnp    x3, x2, [x21, #64]
        ldnp    x0, x1, [x21, #64]
        check   x0, 0x3333333384444444
        check   x1, 0x1111111122222222

        test    "a pair loads over its base"
        mov     x4, x21
        stp     x2, x3, [x4]
        ldp     x4, x5, [x4]
        check   x4, 0x1111111122222222
        mov     x4, x21
        ldp     x5, x4, [x4]
        check   x4, 0x3333333384444444

        test    "pairs of vector registers"
        set_v   0, 0x0f0e0d0c0b0a0908, 0x0706050403020100
        set_v   1, 0x1f1e1d1c1b1a1918, 0x1716151413121110
        stp     q0, q1, [x21, #32]
        ldp     q2, q3, [x21, #32]
        check_v 2, 0x0f0e0d0c0b0a0908, 0x0706050403020100
        check_v 3, 0x1f1e1d1c1b1a1918, 0x1716151413121110
        ldp     d2, d3, [x21, #40]
        check_v 2, 0, 0x0f0e0d0c0b0a0908
        check_v 3, 0, 0x1716151413121110
        mov     x4, x21
        stp     s0, s1, [x4], #8
        ldp     s3, s2, [x4, #-8]!
        check_v 3, 0, 0x03020100
        check_v 2, 0, 0x13121110

        test    "a pair over a page"
        ldr     x4, =FREE_RAM + 0x1ff8
        stp     x2, x3, [x4]
        ldp     x0, x1, [x4]
        check   x0, 0x1111111122222222
        check   x1, 0x3333333384444444
        str     xzr, [x4, #16]
        add     x4, x4, #3                      // unaligned as well
        ldp     x0, x1, [x4]
        check   x0, 0x4444441111111122
        check   x1, 0x0000003333333384

        test    "a fault leaves base and registers as they were"
        ldr     x4, =UNMAPPED
        mov     x0, #1
        mov     x1, #2
        catch   ldp x0, x1, [x4], #16
        expect  EL1_SYNC, ESR(0x25, 0x05)
        check_exc EXC_FAR, UNMAPPED
        check   x0, 1
        check   x1, 2
        check   x4, UNMAPPED
        catch   stp x0, x1, [x4, #16]!
        expect  EL1_SYNC, ESR(0x25, 1 << 6 | 0x05)
        check_exc EXC_FAR, UNMAPPED + 16
        check   x4, UNMAPPED
        catch   ldp x4, x1, [x4]
        check   x4, UNMAPPED
        finish
