/* SPDX-License-Identifier: MIT */
/* Logical: bitmask immediates, shifted registers, inverted forms, flags; to SP. */
#include "insn.h"

        begin
        test    "bitmask immediates of each element size"
        mov     x1, #-1
        and     x0, x1, #0x5555555555555555     // 2 bits
        check   x0, 0x5555555555555555
        and     x0, x1, #0xeeeeeeeeeeeeeeee     // 4 bits, rotated
        check   x0, 0xeeeeeeeeeeeeeeee
        and     x0, x1, #0x8181818181818181     // 8 bits
        check   x0, 0x8181818181818181
        and     x0, x1, #0xf00ff00ff00ff00f     // 16 bits
        check   x0, 0xf00ff00ff00ff00f
        and     x0, x1, #0x0001fffe0001fffe     // 32 bits
        check   x0, 0x0001fffe0001fffe
        and     x0, x1, #0x8000000000000001     // 64 bits
        check   x0, 0x8000000000000001
        orr     w0, wzr, #0x80000001
        check   x0, 0x80000001

        test    "and, orr, eor: immediate"
        ldr     x1, =0x123456789abcdef0
        and     x0, x1, #0xff00ff00ff00ff00
        check   x0, 0x120056009a00de00
        orr     x0, x1, #0x00ff00ff00ff00ff
        check   x0, 0x12ff56ff9affdeff
        eor     x0, x1, #0xffffffff00000000
        check   x0, 0xedcba9879abcdef0
        eor     w0, w1, #0xffff0000
        check   x0, 0x6543def0

        test    "ands: N and Z, C and V cleared"
        set_nzcv 0b0011
        ldr     x1, =0x8000000000000001
        ands    x0, x1, #0x8000000000000000
        check   x0, 0x8000000000000000
        check_nzcv 0b1000
        set_nzcv 0b1011
        ands    x0, x1, #2
        check   x0, 0
        check_nzcv 0b0100
        set_nzcv 0b1111
        ands    w0, w1, #1
        check   x0, 1
        check_nzcv 0b0000
        mov     w2, #0x80000000
        tst     w2, w2
        check_nzcv 0b1000
        tst     x2, #0x80000000                 // bit 31 is no sign of 64 bits
        check_nzcv 0b0000

        test    "shifted registers"
        ldr     x1, =0x00000000ffffffff
        ldr     x2, =0x8000000000000001
        and     x0, x1, x2, lsl #4
        check   x0, 0x10
        orr     x0, x1, x2, lsr #60
        check   x0, 0xffffffff
        eor     x0, x1, x2, asr #62
        check   x0, 0xffffffff00000001
        orr     x0, xzr, x2, ror #1
        check   x0, 0xc000000000000000
        ldr     w2, =0x80000001
        orr     w0, wzr, w2, ror #4
        check   x0, 0x18000000
        orr     w0, wzr, w2, asr #31
        check   x0, 0xffffffff

        test    "bic, orn, eon, mvn"
        ldr     x1, =0xf0f0f0f0f0f0f0f0
        ldr     x2, =0xff00ff00ff00ff00
        bic     x0, x1, x2
        check   x0, 0x00f000f000f000f0
        orn     x0, x1, x2
        check   x0, 0xf0fff0fff0fff0ff
        eon     x0, x1, x2
        check   x0, 0xf00ff00ff00ff00f
        mvn     x0, x2
        check   x0, 0x00ff00ff00ff00ff
        mvn     w0, w2, lsl #8
        check   x0, 0xff00ffff                    // ~0x00ff0000
        bics    x0, x1, x1
        check   x0, 0
        check_nzcv 0b0100
        bics    w0, w1, wzr
        check   x0, 0xf0f0f0f0
        check_nzcv 0b1000

        test    "immediate form writes SP, register form the zero register"
        mov     x19, sp
        mov     x1, x19
        and     sp, x1, #0xffffffffffffff00
        mov     x0, sp
        bic     x2, x19, #0xff
        mov     sp, x19
        check_same x0, x2
        orr     xzr, x1, x1
        mov     x0, sp
        check_same x0, x19
        finish
