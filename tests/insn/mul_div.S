/* SPDX-License-Identifier: MIT */
/* Multiply, multiply-add, long and high products, division with its special cases. */
#include "insn.h"

        begin
        test    "madd, msub, mul, mneg"
        ldr     x1, =0x100000001
        mov     x2, #-3
        mov     x3, #10
        mul     x0, x1, x2
        check   x0, 0xfffffffcfffffffd
        madd    x0, x1, x2, x3
        check   x0, 0xfffffffd00000007
        msub    x0, x1, x2, x3
        check   x0, 0x30000000d
        mneg    x0, x1, x2
        check   x0, 0x300000003
        mul     w0, w1, w2
        check   x0, 0xfffffffd
        madd    w0, w1, w2, w3
        check   x0, 7

        test    "smull, umull, smaddl, umsubl"
        ldr     x1, =0xdeadbeef80000000         // the upper half does not take part
        ldr     x2, =0x12345678ffffffff
        smull   x0, w1, w2
        check   x0, 0x80000000
        umull   x0, w1, w2
        check   x0, 0x7fffffff80000000
        mov     x3, #1
        smaddl  x0, w1, w2, x3
        check   x0, 0x80000001
        umaddl  x0, w1, w2, x3
        check   x0, 0x7fffffff80000001
        smsubl  x0, w1, w2, x3
        check   x0, 0xffffffff80000001
        umsubl  x0, w1, w2, x3
        check   x0, 0x8000000080000001
        smnegl  x0, w1, w2
        check   x0, -0x80000000
        umnegl  x0, w1, w2
        check   x0, 0x8000000080000000

        test    "smulh, umulh"
        mov     x1, #-1
        mov     x2, #-1
        umulh   x0, x1, x2
        check   x0, -2
        smulh   x0, x1, x2
        check   x0, 0
        ldr     x1, =0x8000000000000000
        umulh   x0, x1, x1
        check   x0, 0x4000000000000000
        smulh   x0, x1, x1
        check   x0, 0x4000000000000000
        smulh   x0, x1, x2
        check   x0, 0
        mov     x2, #2
        smulh   x0, x1, x2
        check   x0, -1

        test    "udiv, sdiv"
        mov     x1, #-7
        mov     x2, #2
        udiv    x0, x1, x2
        check   x0, 0x7ffffffffffffffc
        sdiv    x0, x1, x2                      // towards zero
        check   x0, -3
        sdiv    w0, w1, w2
        check   x0, 0xfffffffd
        udiv    w0, w1, w2
        check   x0, 0x7ffffffc

        test    "division by zero gives 0, minimum by -1 the minimum"
        udiv    x0, x1, xzr
        check   x0, 0
        sdiv    x0, x1, xzr
        check   x0, 0
        udiv    w0, w1, wzr
        check   x0, 0
        sdiv    w0, w1, wzr
        check   x0, 0
        ldr     x1, =0x8000000000000000
        mov     x2, #-1
        sdiv    x0, x1, x2
        check   x0, 0x8000000000000000
        mov     w1, #0x80000000
        sdiv    w0, w1, w2
        check   x0, 0x80000000
        udiv    x0, x1, x2
        check   x0, 0
        finish
