/* SPDX-License-Identifier: MIT */
/* FlagM and FlagM2. */
#include "insn.h"

        begin
        test    "cfinv"
        set_nzcv 0b1010
        cfinv
        check_nzcv 0b1000
        cfinv
        check_nzcv 0b1010

        test    "rmif: rotate, insert under mask"
        ldr     x1, =0x00000000000000a0
        set_nzcv 0b0101
        rmif    x1, #4, #0b1111                 // 0xa
        check_nzcv 0b1010
        set_nzcv 0b0101
        rmif    x1, #4, #0b1000
        check_nzcv 0b1101
        set_nzcv 0b1111
        rmif    x1, #63, #0b0110                // bits 2:0 of the result are bits 1:0 and 63 of x1
        check_nzcv 0b1001

        test    "setf8, setf16: N Z V of a narrow result, C stays"
        mov     w1, #0x80
        set_nzcv 0b0010
        setf8   w1                              // bit 8 differs from bit 7
        check_nzcv 0b1011
        mov     w1, #0x180
        set_nzcv 0b0000
        setf8   w1
        check_nzcv 0b1000
        mov     w1, #0x100
        setf8   w1
        check_nzcv 0b0101
        mov     w1, #0x8000
        setf16  w1
        check_nzcv 0b1001
        mov     w1, #0x10000
        setf16  w1
        check_nzcv 0b0101
        mov     w1, #0x1234
        setf16  w1
        check_nzcv 0b0000

        test    "axflag: from FCMP's flags to the other convention"
        set_nzcv 0b1000                         // less
        axflag
        check_nzcv 0b0000
        set_nzcv 0b0110                         // equal
        axflag
        check_nzcv 0b0110
        set_nzcv 0b0010                         // greater
        axflag
        check_nzcv 0b0010
        set_nzcv 0b0011                         // unordered
        axflag
        check_nzcv 0b0100

        test    "xaflag is its inverse"
        set_nzcv 0b0000
        xaflag
        check_nzcv 0b1000
        set_nzcv 0b0110
        xaflag
        check_nzcv 0b0110
        set_nzcv 0b0010
        xaflag
        check_nzcv 0b0010
        set_nzcv 0b0100
        xaflag
        check_nzcv 0b0011
        finish
