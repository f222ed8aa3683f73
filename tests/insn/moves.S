/* SPDX-License-Identifier: MIT */
/* Wide moves, PC-relative addresses, register moves. */
#include "insn.h"

        begin
        test    "movz, movn, movk"
        movz    x0, #0x1234, lsl #48
        check   x0, 0x1234000000000000
        movk    x0, #0x5678, lsl #32
        movk    x0, #0x9abc, lsl #16
        movk    x0, #0xdef0
        check   x0, 0x123456789abcdef0
        movn    x0, #0xff00, lsl #16
        check   x0, 0xffffffff00ffffff
        movn    w0, #0
        check   x0, 0xffffffff
        movn    w0, #0x8000, lsl #16
        check   x0, 0x7fffffff
        mov     x0, #-1
        movk    w0, #0x1234, lsl #16            // the upper half is cleared
        check   x0, 0x1234ffff
        movz    w0, #0xffff, lsl #16
        check   x0, 0xffff0000

        test    "adr, adrp"
1:      adr     x0, 1b
        check   x0, 1b
        adr     x0, 2f
        check   x0, 2f
2:      adrp    x0, here_and_there
        add     x0, x0, :lo12:here_and_there
        check   x0, here_and_there
        adrp    x0, .                           // this page
        adr     x1, .
        and     x1, x1, #~0xfff
        check_same x0, x1
        adr     x1, . + 0xffffc
3:      ldr     x2, =3b + 0xffff8
        check_same x1, x2
        adr     x1, . - 0x100000
4:      ldr     x2, =4b - 4 - 0x100000
        check_same x1, x2

        test    "mov: register, wide, from SP"
        ldr     x1, =0xfedcba9876543210
        mov     x0, x1
        check   x0, 0xfedcba9876543210
        mov     w0, w1
        check   x0, 0x76543210
        mov     w0, w0
        check   x0, 0x76543210
        mov     x0, xzr
        check   x0, 0
        mov     x0, sp
        add     x1, sp, #0
        check_same x0, x1
        finish

        .data
        .skip   5000
here_and_there:
        .word   0
