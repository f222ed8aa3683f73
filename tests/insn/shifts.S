/* SPDX-License-Identifier: MIT */
/* Shifts by register, counting and reversing bits. */
#include "insn.h"

        begin
        test    "lslv, lsrv, asrv, rorv: the amount is taken modulo the size"
        ldr     x1, =0x923456789abcdef1
        mov     x2, #4
        lsl     x0, x1, x2
        check   x0, 0x23456789abcdef10
        lsr     x0, x1, x2
        check   x0, 0x0923456789abcdef
        asr     x0, x1, x2
        check   x0, 0xf923456789abcdef
        ror     x0, x1, x2
        check   x0, 0x1923456789abcdef
        mov     x2, #64
        lsl     x0, x1, x2
        check   x0, 0x923456789abcdef1
        asr     x0, x1, x2
        check   x0, 0x923456789abcdef1
        mov     x2, #127
        lsr     x0, x1, x2
        check   x0, 1
        asr     x0, x1, x2
        check   x0, -1
        mov     x2, #-4                         // 60
        ror     x0, x1, x2
        check   x0, 0x23456789abcdef19

        test    "32-bit shifts by register"
        mov     w2, #36                         // 4
        lsl     w0, w1, w2
        check   x0, 0xabcdef10
        lsr     w0, w1, w2
        check   x0, 0x09abcdef
        asr     w0, w1, w2
        check   x0, 0xf9abcdef
        ror     w0, w1, w2
        check   x0, 0x19abcdef
        mov     w2, #32
        lsl     w0, w1, w2
        check   x0, 0x9abcdef1

        test    "clz, cls"
        mov     x1, #0
        clz     x0, x1
        check   x0, 64
        clz     w0, w1
        check   x0, 32
        cls     x0, x1
        check   x0, 63
        cls     w0, w1
        check   x0, 31
        mov     x1, #1
        clz     x0, x1
        check   x0, 63
        mov     x1, #-1
        clz     x0, x1
        check   x0, 0
        cls     x0, x1
        check   x0, 63
        ldr     x1, =0xffff000080000000
        cls     x0, x1
        check   x0, 15
        cls     w0, w1
        check   x0, 0
        clz     w0, w1
        check   x0, 0

        test    "rbit, rev, rev16, rev32"
        ldr     x1, =0x0123456789abcdef
        rbit    x0, x1
        check   x0, 0xf7b3d591e6a2c480
        rbit    w0, w1
        check   x0, 0xf7b3d591
        rev     x0, x1
        check   x0, 0xefcdab8967452301
        rev     w0, w1
        check   x0, 0xefcdab89
        rev16   x0, x1
        check   x0, 0x23016745ab89efcd
        rev16   w0, w1
        check   x0, 0xab89efcd
        rev32   x0, x1
        check   x0, 0x67452301efcdab89
        finish
