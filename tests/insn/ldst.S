/* SPDX-License-Identifier: MIT */
/* Loads and stores of one general register: sizes, extensions, every addressing mode; unaligned and over pages. */
#include "insn.h"

        begin
        ldr     x20, =bytes                     // 80 81 82 ... 8f
        ldr     x21, =FREE_RAM

        test    "loads: sizes and extensions"
        ldrb    w0, [x20, #1]
        check   x0, 0x81
        ldrsb   x0, [x20, #1]
        check   x0, -0x7f
        ldrsb   w0, [x20, #1]
        check   x0, 0xffffff81
        ldrh    w0, [x20, #2]
        check   x0, 0x8382
        ldrsh   x0, [x20, #2]
        check   x0, -0x7c7e
        ldrsh   w0, [x20, #2]
        check   x0, 0xffff8382
        ldr     w0, [x20, #4]
        check   x0, 0x87868584
        ldrsw   x0, [x20, #4]
        check   x0, 0xffffffff87868584
        ldr     x0, [x20, #8]
        check   x0, 0x8f8e8d8c8b8a8988

        test    "stores write their size only"
        mov     x0, #-1
        str     x0, [x21]
        mov     x1, #0
        strb    w1, [x21, #1]
        ldr     x0, [x21]
        check   x0, 0xffffffffffff00ff
        strh    w1, [x21, #4]
        ldr     x0, [x21]
        check   x0, 0xffff0000ffff00ff
        str     w1, [x21]
        ldr     x0, [x21]
        check   x0, 0xffff000000000000
        str     xzr, [x21]
        ldr     x0, [x21]
        check   x0, 0

        test    "unscaled offsets"
        add     x1, x20, #8
        ldur    x0, [x1, #-7]
        check   x0, 0x8887868584838281
        ldurb   w0, [x1, #-8]
        check   x0, 0x80
        ldursh  x0, [x1, #-5]
        check   x0, -0x7b7d
        ldursw  x0, [x1, #1]
        check   x0, 0xffffffff8c8b8a89
        add     x1, x21, #256
        ldr     x2, =0x1122334455667788
        stur    x2, [x1, #-256]
        stur    w2, [x1, #-249]
        ldr     x0, [x21]
        check   x0, 0x8822334455667788
        ldr     x0, [x21, #8]
        check   x0, 0x556677

        test    "pre-index and post-index"
        mov     x1, x20
        ldrb    w0, [x1, #3]!
        check   x0, 0x83
        sub     x2, x1, x20
        check   x2, 3
        ldrb    w0, [x1], #-2
        check   x0, 0x83
        sub     x2, x1, x20
        check   x2, 1
        mov     x1, x21
        mov     x2, #0x77
        str     x2, [x1], #8
        str     x2, [x1, #16]!
        sub     x2, x1, x21
        check   x2, 24
        ldr     x0, [x21]
        check   x0, 0x77
        ldr     x0, [x21, #24]
        check   x0, 0x77
        mov     x1, x21
        ldr     x0, [x1], #255
        sub     x2, x1, x21
        check   x2, 255
        ldrsw   x0, [x20, #0]
        mov     x3, sp
        str     x0, [sp, #-16]!
        ldr     x4, [sp], #16
        check_same x4, x0
        mov     x4, sp
        check_same x4, x3

        test    "register offsets: extended and scaled"
        mov     x1, #4
        ldrb    w0, [x20, x1]
        check   x0, 0x84
        mov     x1, #1
        ldr     x0, [x20, x1, lsl #3]
        check   x0, 0x8f8e8d8c8b8a8988
        ldrh    w0, [x20, x1, lsl #1]
        check   x0, 0x8382
        ldr     w0, [x20, x1, lsl #2]
        check   x0, 0x87868584
        add     x2, x20, #8
        ldr     x1, =0x00000001ffffffff         // -1 as a word
        ldrb    w0, [x2, w1, sxtw]
        check   x0, 0x87
        ldr     w0, [x2, w1, sxtw #2]
        check   x0, 0x87868584
        mov     x1, #-2
        ldrsb   x0, [x2, x1, sxtx]
        check   x0, -0x7a
        ldr     x1, =0xabcd000000000003
        ldrb    w0, [x20, w1, uxtw]
        check   x0, 0x83
        ldrh    w0, [x20, w1, uxtw #1]
        check   x0, 0x8786
        mov     x1, #2
        mov     x2, #0x55
        str     w2, [x21, x1, lsl #2]
        ldr     w0, [x21, #8]
        check   x0, 0x55

        test    "literals"
        ldr     x0, 1f
        check   x0, 0xfedcba9876543210
        ldr     w0, 1f
        check   x0, 0x76543210
        ldrsw   x0, 1f + 4
        check   x0, 0xfffffffffedcba98
        b       2f
        .balign 8
1:      .quad   0xfedcba9876543210
2:
        test    "unaligned accesses of normal memory, within and over a page"
        ldr     x1, =FREE_RAM + 0x1ffd
        ldr     x2, =0x8877665544332211
        str     x2, [x1]
        ldr     x0, [x1]
        check   x0, 0x8877665544332211
        ldrh    w0, [x1, #2]
        check   x0, 0x4433
        ldr     w0, [x1, #1]
        check   x0, 0x55443322
        ldrb    w0, [x1, #3]
        check   x0, 0x44
        strh    w2, [x1, #2]
        ldr     x0, [x1]
        check   x0, 0x8877665522112211

        test    "the largest offsets"
        mov     x2, #0x99
        str     x2, [x21, #32760]
        ldr     x1, =FREE_RAM + 32760
        ldr     x0, [x1]
        check   x0, 0x99
        strb    w2, [x21, #4095]
        ldrb    w0, [x21, #4095]
        check   x0, 0x99

        test    "ldr of the base register"
        ldr     x1, =pointer
        ldr     x1, [x1]
        ldr     x1, [x1]
        check   x1, 0x8786858483828180

        test    "a load of the zero register still reads"
        ldr     x1, =UNMAPPED
        catch   ldr xzr, [x1]
        expect  EL1_SYNC, ESR(0x25, 0x05)
        check_exc EXC_FAR, UNMAPPED

        test    "prefetch never faults"
        ldr     x1, =UNMAPPED
        catch   prfm pldl1keep, [x1]
        expect_nothing
        catch   prfum pstl3strm, [x1, #-3]
        expect_nothing
        catch   prfm plil2keep, [x1, x1]
        expect_nothing
        catch   prfm pldl1keep, insn_main
        expect_nothing

        test    "unprivileged loads and stores: at EL1 they use EL0's rights"
        ldr     x1, =FREE_RAM + EL0_ALIAS       // EL0 may
        ldr     x2, =0x1020304050607080
        sttr    x2, [x1]
        ldtr    x0, [x1]
        check   x0, 0x1020304050607080
        ldtrb   w0, [x1, #1]
        check   x0, 0x70
        ldtrsb  x0, [x1, #0]
        check   x0, -0x80
        ldtrsh  w0, [x1, #0]
        check   x0, 0x7080
        ldtrsw  x0, [x1, #4]
        check   x0, 0x10203040
        sttrh   wzr, [x1, #2]
        ldtr    w0, [x1]
        check   x0, 0x7080
        ldr     x1, =FREE_RAM                   // EL0 may not
        catch   ldtr x0, [x1, #8]
        expect  EL1_SYNC, ESR(0x25, 0x0d)       // permission fault, level 1
        check_exc EXC_FAR, FREE_RAM + 8
        catch   sttrb w0, [x1]
        expect  EL1_SYNC, ESR(0x25, 1 << 6 | 0x0d)
        finish

        .data
        .balign 16
bytes:  .byte   0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f
pointer: .quad  bytes
