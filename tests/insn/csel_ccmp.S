/* SPDX-License-Identifier: MIT */
/* Conditional select, compare and set: each condition with each value of the flags. */
#include "insn.h"

/* Bit n of the result: the condition holds with NZCV = n. Counted by CSEL and by B.cond, which must agree. */
        .macro  condition cond, want
        test    "condition \cond"
        mov     x0, #0
        mov     x3, #0
        mov     x1, #0
1:      lsl     x2, x1, #28
        msr     nzcv, x2
        cset    x2, \cond
        lsl     x2, x2, x1
        orr     x0, x0, x2
        lsl     x2, x1, #28
        msr     nzcv, x2
        b.\cond 2f
        b       3f
2:      mov     x4, #1
        lsl     x4, x4, x1
        orr     x3, x3, x4
3:      add     x1, x1, #1
        tbz     x1, #4, 1b
        check   x0, \want
        check   x3, \want
        .endm

        begin
        // N is bit 3, Z bit 2, C bit 1, V bit 0 of the number.
        condition eq, 0xf0f0
        condition ne, 0x0f0f
        condition cs, 0xcccc
        condition cc, 0x3333
        condition mi, 0xff00
        condition pl, 0x00ff
        condition vs, 0xaaaa
        condition vc, 0x5555
        condition hi, 0x0c0c
        condition ls, 0xf3f3
        condition ge, 0xaa55
        condition lt, 0x55aa
        condition gt, 0x0a05
        condition le, 0xf5fa

        test    "al and nv always hold"
        mov     x1, #1
        mov     x2, #2
        csel    x0, x1, x2, al
        check   x0, 1
        csel    x0, x1, x2, nv
        check   x0, 1

        test    "csel, csinc, csinv, csneg"
        ldr     x1, =0x1111111111111111
        ldr     x2, =0x8000000000000001
        set_nzcv 0b0100
        csel    x0, x1, x2, eq
        check   x0, 0x1111111111111111
        csel    x0, x1, x2, ne
        check   x0, 0x8000000000000001
        csinc   x0, x1, x2, ne
        check   x0, 0x8000000000000002
        csinv   x0, x1, x2, ne
        check   x0, 0x7ffffffffffffffe
        csneg   x0, x1, x2, ne
        check   x0, 0x7fffffffffffffff
        csinc   x0, x1, x2, eq
        check   x0, 0x1111111111111111
        csinc   w0, w1, w2, ne
        check   x0, 2
        csinv   w0, w1, w2, ne
        check   x0, 0xfffffffe
        csneg   w0, w1, w2, ne
        check   x0, 0xffffffff
        csetm   x0, eq
        check   x0, -1
        csetm   w0, eq
        check   x0, 0xffffffff
        csel    w0, w1, w2, eq
        check   x0, 0x11111111

        test    "ccmp, ccmn: compare when the condition holds, else the immediate"
        mov     x1, #5
        mov     x2, #7
        set_nzcv 0b0100
        ccmp    x1, x2, #0b0101, eq
        check_nzcv 0b1000
        set_nzcv 0b0100
        ccmp    x1, x2, #0b0101, ne
        check_nzcv 0b0101
        set_nzcv 0b0100
        ccmp    x1, #5, #0, eq
        check_nzcv 0b0110
        set_nzcv 0b0000
        ccmp    x1, #5, #0b1111, eq
        check_nzcv 0b1111
        mov     w3, #-5
        set_nzcv 0b0010
        ccmn    w1, w3, #0, cs
        check_nzcv 0b0110
        set_nzcv 0b0010
        ccmn    w3, #31, #0b1010, cc
        check_nzcv 0b1010
        set_nzcv 0b0010
        ccmn    w3, #3, #0b1010, cs
        check_nzcv 0b1000

        test    "a chain of ccmp is an and of conditions"
        mov     x1, #10
        cmp     x1, #10
        ccmp    x1, #9, #0b0100, eq                // and x1 > 9
        ccmp    x1, #11, #0b0010, gt            // and x1 < 11 unsigned
        cset    x0, lo
        check   x0, 1
        cmp     x1, #11
        ccmp    x1, #9, #0b0100, eq
        ccmp    x1, #11, #0b0010, gt
        cset    x0, lo
        check   x0, 0
        finish
