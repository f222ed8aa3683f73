/* SPDX-License-Identifier: MIT */
/* Branches: conditional, compare and test, calls and returns, indirect; over page boundaries. */
#include "insn.h"

        begin
        test    "b, forward and back"
        mov     x0, #0
        b       2f
1:      add     x0, x0, #2
        b       3f
2:      add     x0, x0, #1
        b       1b
3:      check   x0, 3

        test    "cbz, cbnz look at their size"
        ldr     x1, =0x100000000
        mov     x0, #0
        cbz     w1, 1f
        add     x0, x0, #1
1:      cbz     x1, 2f
        add     x0, x0, #2
2:      cbnz    w1, 3f
        add     x0, x0, #4
3:      cbnz    x1, 4f
        add     x0, x0, #8
4:      check   x0, 6
        cbz     wzr, 5f
        add     x0, x0, #16
5:      check   x0, 6

        test    "tbz, tbnz: each bit"
        mov     x0, #0
        .irp    bit, 0, 1, 7, 15, 31, 32, 33, 47, 62, 63
        mov     x1, #1 << \bit
        tbz     x1, #\bit, 1f
        mvn     x1, x1
        tbnz    x1, #\bit, 1f
        add     x0, x0, #1
1:
        .endr
        check   x0, 10
        mov     x1, #-1
        mov     x0, #0
        tbnz    w1, #31, 2f
        add     x0, x0, #1
2:      tbz     w1, #0, 3f
        add     x0, x0, #2
3:      check   x0, 2

        test    "bl and ret nest"
        mov     x0, #10
        bl      factorial_sum
        check   x0, 55

        test    "bl sets x30"
        bl      1f
1:      mov     x0, x30
        check   x0, 1b

        test    "blr x30 reads the target before it writes x30"
        ldr     x30, =1f
        blr     x30
2:      nop
1:      mov     x0, x30
        check   x0, 2b

        test    "ret by another register"
        ldr     x5, =1f
        ret     x5
        b       insn_done
1:      mov     x0, #1
        check   x0, 1

        test    "br: a table of targets"
        mov     x0, #0
        mov     x1, #0
1:      ldr     x2, =targets
        and     x3, x1, #3
        ldr     x2, [x2, x3, lsl #3]
        br      x2
target0: add    x0, x0, #1
        b       2f
target1: add    x0, x0, #0x100
        b       2f
target2: add    x0, x0, #0x10000
        b       2f
target3: add    x0, x0, #0x100000
2:      add     x1, x1, #1
        cmp     x1, #100
        b.ne    1b
        check   x0, 0x1a91919

        test    "returns that do not match their calls"
        mov     x0, #0
        bl      3f
        add     x0, x0, #1                      // not run
1:      add     x0, x0, #2
        b       4f
3:      ldr     x30, =1b
        ret
4:      check   x0, 2

        test    "deep calls, more than a return stack holds"
        mov     x0, #1000
        bl      factorial_sum
        check   x0, 500500

        test    "a target elsewhere, then back: 128 MiB of b are not needed"
        mov     x0, #0
        mov     x1, #50
1:      bl      far_function
        sub     x1, x1, #1
        cbnz    x1, 1b
        check   x0, 150

        test    "a block of nothing but nop, longer than a page"
        mov     x0, #7
        .rept   1100
        nop
        .endr
        check   x0, 7

        test    "conditional branches over a page boundary, both ways"
        mov     x1, #20
        mov     x0, #0
        b       edge
        .ltorg
        .balign 4096
        .skip   4096 - 12
edge:   cmp     x1, #10
        b.hi    1f
        add     x0, x0, #1                      // the page's last
1:      add     x0, x0, #0x100                  // the next page's first
        subs    x1, x1, #1
        b.ne    edge
        check   x0, 0x140a
        finish

/* x0 = x0 + ... + 1, by recursion. */
factorial_sum:
        cbz     x0, 1f
        stp     x0, x30, [sp, #-16]!
        sub     x0, x0, #1
        bl      factorial_sum
        ldp     x1, x30, [sp], #16
        add     x0, x0, x1
1:      ret

        .balign 4096
far_function:
        add     x0, x0, #3
        ret

        .data
        .balign 8
targets: .quad  target0, target1, target2, target3
