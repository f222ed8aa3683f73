/* SPDX-License-Identifier: MIT */
/* Add and subtract: immediate, shifted and extended register, with carry, to and from SP, flags. */
#include "insn.h"

        begin
        test    "add, sub: immediate"
        ldr     x1, =0x123456789abcdef0
        add     x0, x1, #0xfff
        check   x0, 0x123456789abceeef
        add     x0, x1, #0xabc, lsl #12
        check   x0, 0x123456789b689ef0          // + 0xabc000
        sub     x0, x1, #1
        check   x0, 0x123456789abcdeef
        add     w0, w1, #0xfff                  // the upper half is cleared
        check   x0, 0x9abceeef
        sub     w0, w1, #0xfff, lsl #12
        check   x0, 0x99bceef0                  // 0x9abcdef0 - 0xfff000
        mov     w1, #-1
        add     w0, w1, #1                      // no carry into bit 32
        check   x0, 0

        test    "add, sub: SP as source and destination"
        mov     x19, sp
        sub     sp, sp, #32
        add     x0, sp, #32
        check_same x0, x19
        mov     x1, #16
        add     sp, sp, x1, lsl #1              // extended register form, UXTX #1
        mov     x0, sp
        check_same x0, x19
        sub     sp, x19, w1, sxtw #2
        mov     x0, sp
        sub     x0, x19, x0
        check   x0, 64
        mov     sp, x19

        test    "adds: flags of 64 bits"
        mov     x1, #-1
        adds    x0, x1, #1                      // carry out, zero
        check   x0, 0
        check_nzcv 0b0110
        ldr     x1, =0x7fffffffffffffff
        adds    x0, x1, #1                      // signed overflow to negative
        check   x0, 0x8000000000000000
        check_nzcv 0b1001
        ldr     x1, =0x8000000000000000
        adds    x0, x1, x1                      // carry, overflow, zero
        check   x0, 0
        check_nzcv 0b0111
        mov     x1, #1
        adds    x0, x1, x1
        check   x0, 2
        check_nzcv 0b0000

        test    "adds: flags of 32 bits"
        mov     w1, #-1
        adds    w0, w1, #1
        check   x0, 0
        check_nzcv 0b0110
        mov     w1, #0x7fffffff
        adds    w0, w1, #1
        check   x0, 0x80000000
        check_nzcv 0b1001
        ldr     x1, =0xffffffff00000001         // the upper half does not take part
        adds    w0, w1, w1
        check   x0, 2
        check_nzcv 0b0000

        test    "subs: C is no borrow"
        mov     x1, #5
        subs    x0, x1, #5
        check   x0, 0
        check_nzcv 0b0110
        subs    x0, x1, #6
        check   x0, -1
        check_nzcv 0b1000
        subs    x0, x1, #4
        check   x0, 1
        check_nzcv 0b0010
        ldr     x1, =0x8000000000000000
        subs    x0, x1, #1                      // overflow
        check   x0, 0x7fffffffffffffff
        check_nzcv 0b0011
        mov     x2, #0
        subs    x0, x2, x1                      // 0 - minimum: borrow and overflow
        check   x0, 0x8000000000000000
        check_nzcv 0b1001

        test    "cmp, cmn with the zero register"
        mov     x1, #0
        cmp     xzr, x1
        check_nzcv 0b0110
        cmn     xzr, x1
        check_nzcv 0b0100
        mov     w1, #0x80000000
        cmp     wzr, w1
        check_nzcv 0b1001
        cmp     w1, #1
        check_nzcv 0b0011

        test    "add, sub: shifted register"
        mov     x1, #0x100
        ldr     x2, =0x8000000000000011
        add     x0, x1, x2, lsl #4
        check   x0, 0x210
        add     x0, x1, x2, lsr #4
        check   x0, 0x0800000000000101
        add     x0, x1, x2, asr #4
        check   x0, 0xf800000000000101
        sub     x0, x1, x2, asr #63
        check   x0, 0x101
        ldr     w2, =0x80000010
        add     w0, w1, w2, asr #4
        check   x0, 0xf8000101
        sub     w0, w1, w2, lsr #31
        check   x0, 0xff
        neg     x0, x1
        check   x0, -0x100
        negs    w0, wzr
        check   x0, 0
        check_nzcv 0b0110

        test    "add, sub: extended register"
        mov     x1, #0
        ldr     x2, =0x89abcdef92345686
        add     x0, x1, w2, uxtb
        check   x0, 0x86
        add     x0, x1, w2, uxth #1
        check   x0, 0xad0c
        add     x0, x1, w2, uxtw #2
        check   x0, 0x248d15a18
        add     x0, x1, x2, uxtx #4
        check   x0, 0x9abcdef923456860
        add     x0, x1, w2, sxtb
        check   x0, -0x7a
        add     x0, x1, w2, sxth #3
        check   x0, 0x2b430
        add     x0, x1, w2, sxtw #1
        check   x0, 0xffffffff2468ad0c
        add     w0, w1, w2, sxtb #4
        check   x0, 0xfffff860
        mov     x1, #0x86
        cmp     x1, w2, uxtb
        check_nzcv 0b0110
        subs    x0, x1, w2, sxtb
        check   x0, 0x100
        check_nzcv 0b0000

        test    "adc, sbc: all carries"
        mov     x1, #-1
        mov     x2, #0
        set_nzcv 0b0010
        adcs    x0, x1, x2                      // -1 + 0 + 1
        check   x0, 0
        check_nzcv 0b0110
        set_nzcv 0b0000
        adcs    x0, x1, x2
        check   x0, -1
        check_nzcv 0b1000
        set_nzcv 0b0010
        sbcs    x0, x2, x1                      // 0 - -1 - 0
        check   x0, 1
        check_nzcv 0b0000
        set_nzcv 0b0000
        sbcs    x0, x2, x1                      // 0 - -1 - 1
        check   x0, 0
        check_nzcv 0b0100
        ldr     x1, =0x7fffffffffffffff
        set_nzcv 0b0010
        adcs    x0, x1, x2                      // overflow by the carry alone
        check   x0, 0x8000000000000000
        check_nzcv 0b1001
        mov     w1, #-1
        set_nzcv 0b0010
        adcs    w0, w1, w1
        check   x0, 0xffffffff
        check_nzcv 0b1010
        set_nzcv 0b0000
        ngc     x0, x2                          // 0 - 0 - 1
        check   x0, -1
        set_nzcv 0b0010
        ngcs    w0, w1
        check   x0, 1
        check_nzcv 0b0000

        test    "128-bit sum and difference"
        ldr     x0, =0xffffffffffffffff
        ldr     x1, =0x00000000fffffffe
        ldr     x2, =0x2
        ldr     x3, =0x1
        adds    x4, x0, x2
        adc     x5, x1, x3
        check   x4, 1
        check   x5, 0x100000000
        subs    x4, x4, x2
        sbc     x5, x5, x3
        check   x4, 0xffffffffffffffff
        check   x5, 0x00000000fffffffe

        test    "destination is a source"
        mov     x0, #3
        add     x0, x0, x0, lsl #3
        check   x0, 27
        subs    x0, x0, x0
        check   x0, 0
        check_nzcv 0b0110
        finish
