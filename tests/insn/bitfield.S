/* SPDX-License-Identifier: MIT */
/* Bitfield moves and their aliases, extract. */
#include "insn.h"

        begin
        test    "ubfm: ubfx, ubfiz, lsl, lsr, uxt"
        ldr     x1, =0x123456789abcdef0
        ubfx    x0, x1, #4, #12
        check   x0, 0xdef
        ubfx    x0, x1, #60, #4
        check   x0, 1
        ubfx    x0, x1, #0, #64
        check   x0, 0x123456789abcdef0
        ubfiz   x0, x1, #8, #12
        check   x0, 0xef000
        ubfiz   x0, x1, #56, #8
        check   x0, 0xf000000000000000
        lsl     x0, x1, #63
        check   x0, 0
        lsl     x0, x1, #4
        check   x0, 0x23456789abcdef00
        lsr     x0, x1, #60
        check   x0, 1
        ubfx    w0, w1, #28, #4
        check   x0, 9
        lsl     w0, w1, #28
        check   x0, 0
        lsr     w0, w1, #31
        check   x0, 1
        uxtb    w0, w1
        check   x0, 0xf0
        uxth    w0, w1
        check   x0, 0xdef0

        test    "sbfm: sbfx, sbfiz, asr, sxt"
        sbfx    x0, x1, #4, #12
        check   x0, -0x211
        sbfx    x0, x1, #60, #4
        check   x0, 1
        sbfiz   x0, x1, #8, #12
        check   x0, -0x11000
        sbfiz   x0, x1, #60, #4
        check   x0, 0
        asr     x0, x1, #60
        check   x0, 1
        asr     w0, w1, #28
        check   x0, 0xfffffff9
        sbfx    w0, w1, #28, #4
        check   x0, 0xfffffff9
        sxtb    x0, w1
        check   x0, -0x10
        sxtb    w0, w1
        check   x0, 0xfffffff0
        sxth    x0, w1
        check   x0, -0x2110
        sxtw    x0, w1
        check   x0, 0xffffffff9abcdef0

        test    "bfm: bfi, bfxil, bfc"
        mov     x0, #-1
        bfi     x0, x1, #16, #8
        check   x0, 0xfffffffffff0ffff
        mov     x0, #-1
        bfxil   x0, x1, #56, #8
        check   x0, 0xffffffffffffff12
        mov     x0, #-1
        bfc     x0, #4, #56
        check   x0, 0xf00000000000000f
        mov     x0, #-1
        bfi     w0, w1, #24, #8                 // the upper half is cleared
        check   x0, 0xf0ffffff
        mov     x0, #-1
        bfi     x0, x1, #0, #64
        check   x0, 0x123456789abcdef0
        bfi     x0, x0, #32, #32                // source is destination
        check   x0, 0x9abcdef09abcdef0

        test    "extr, ror"
        ldr     x2, =0xfedcba9876543210
        extr    x0, x1, x2, #8
        check   x0, 0xf0fedcba98765432
        extr    x0, x1, x2, #0
        check   x0, 0xfedcba9876543210
        extr    x0, x1, x2, #63
        check   x0, 0x2468acf13579bde1
        extr    w0, w1, w2, #16
        check   x0, 0xdef07654
        ror     x0, x1, #12
        check   x0, 0xef0123456789abcd
        ror     w0, w1, #12
        check   x0, 0xef09abcd
        finish
