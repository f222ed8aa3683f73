/* SPDX-License-Identifier: MIT */
/* Code that writes code: another page, its own page, ahead in the running block, loops that rewrite what they call. DC ZVA. */
#include "insn.h"

#define MOVZ_W0 0x52800000      /* movz w0, #imm: imm << 5 */
#define RET 0xd65f03c0
#define CODE (FREE_RAM + 0x10000)

        .macro  sync addr
        dc      cvau, \addr
        dsb     ish
        ic      ivau, \addr
        dsb     ish
        isb
        .endm

        begin
        test    "code in another page"
        ldr     x20, =CODE
        ldr     w1, =RET
        str     w1, [x20, #4]
        mov     x21, #0
1:      ldr     w1, =MOVZ_W0
        add     w1, w1, w21, lsl #5
        str     w1, [x20]
        sync    x20
        blr     x20
        sub     x0, x0, x21
        check   x0, 0
        add     x21, x21, #1
        cmp     x21, #300
        b.ne    1b

        test    "code in the same page"
        mov     x21, #0
        ldr     x22, =patched
2:      ldr     w1, =MOVZ_W0
        add     w1, w1, w21, lsl #5
        str     w1, [x22]
        sync    x22
        bl      patched
        sub     x0, x0, x21
        check   x0, 0
        add     x21, x21, #1
        cmp     x21, #100
        b.ne    2b

        test    "the next instructions of the running block, with the barriers that are asked for"
        mov     x21, #0
        ldr     x22, =3f
4:      ldr     w1, =MOVZ_W0
        add     w1, w1, w21, lsl #5
        str     w1, [x22]
        sync    x22
3:      movz    w0, #0xffff
        sub     x0, x0, x21
        check   x0, 0
        add     x21, x21, #1
        cmp     x21, #50
        b.ne    4b

        test    "by its alias, and by a pair, a vector, an atomic, DC ZVA"
        ldr     w1, =MOVZ_W0 | 1 << 5
        ldr     w2, =RET
        ldr     x3, =CODE + EL0_ALIAS
        str     w1, [x3]
        sync    x20
        blr     x20
        check   x0, 1
        ldr     w1, =MOVZ_W0 | 2 << 5
        stp     w1, w2, [x20]
        sync    x20
        blr     x20
        check   x0, 2
        ldr     x1, =RET << 32 | MOVZ_W0 | 3 << 5
        fmov    d0, x1
        str     d0, [x20]
        sync    x20
        blr     x20
        check   x0, 3
        ldr     w1, =MOVZ_W0 | 4 << 5
        swp     w1, w3, [x20]
        sync    x20
        blr     x20
        check   x0, 4
        mov     w1, #1 << 5
        stadd   w1, [x20]
        sync    x20
        blr     x20
        check   x0, 5
        ldxr    w1, [x20]
        add     w1, w1, #1 << 5
        stxr    w3, w1, [x20]
        sync    x20
        blr     x20
        check   x0, 6
        dc      zva, x20
        sync    x20
        prepare_catch CODE, 5f
        blr     x20
5:      expect  EL1_SYNC, ESR(0, 0)             // zeroes are UDF
        check_exc EXC_ELR, CODE

        test    "data beside code: stores that change no code"
        ldr     w1, =MOVZ_W0 | 9 << 5
        ldr     w2, =RET
        stp     w1, w2, [x20]
        sync    x20
        mov     x21, #500
        mov     x23, #0
6:      str     x21, [x20, #256]
        blr     x20
        add     x23, x23, x0
        ldr     x1, [x20, #256]
        sub     x1, x1, x21
        add     x23, x23, x1
        subs    x21, x21, #1
        b.ne    6b
        check   x23, 4500

        test    "a compiler's loop: write a function of eight instructions, run it, write the next beside it"
        mov     x21, #0
        ldr     x24, =CODE + 0x1000
        mov     x23, #0
7:      ldr     w1, =MOVZ_W0
        add     w1, w1, w21, lsl #5
        str     w1, [x24]
        ldr     w1, =0x11000400                 // add w0, w0, #1
        .irp    n, 4, 8, 12, 16, 20, 24
        str     w1, [x24, #\n]
        .endr
        ldr     w1, =RET
        str     w1, [x24, #28]
        sync    x24
        blr     x24
        add     x23, x23, x0
        add     x24, x24, #32
        add     x21, x21, #1
        cmp     x21, #400
        b.ne    7b
        check   x23, 79800 + 2400

        test    "a patched branch: nop to b and back"
        ldr     x22, =8f
        mov     x21, #0
        mov     x23, #0
9:      tst     x21, #1
        ldr     w1, =0xd503201f
        ldr     w2, =0x14000002                 // b .+8
        csel    w1, w1, w2, eq
        str     w1, [x22]
        sync    x22
        b       8f
        .balign 64
8:      nop
        add     x23, x23, #1
        add     x21, x21, #1
        cmp     x21, #40
        b.ne    9b
        check   x23, 20

        test    "dc zva: a block of 64 bytes, aligned down"
        ldr     x20, =FREE_RAM + 0x20000
        mov     x1, #-1
        mov     x2, #24
        mov     x3, x20
1:      str     x1, [x3], #8
        subs    x2, x2, #1
        b.ne    1b
        add     x3, x20, #64 + 37
        dc      zva, x3
        ldr     x0, [x20, #56]
        check   x0, -1
        ldr     x0, [x20, #64]
        check   x0, 0
        ldr     x0, [x20, #120]
        check   x0, 0
        ldr     x0, [x20, #128]
        check   x0, -1

        test    "dc zva where nothing is mapped; of device memory"
        ldr     x3, =UNMAPPED + 5
        catch   dc zva, x3
        expect  EL1_SYNC, ESR(0x25, 1 << 6 | 0x05)
        check_exc EXC_FAR, UNMAPPED + 5
        ldr     x3, =0x09000000
        catch   dc zva, x3
        expect  EL1_SYNC, ESR(0x25, 1 << 6 | 0x21)

        test    "other cache maintenance by address: translated, harmless"
        ldr     x3, =FREE_RAM
        dc      cvac, x3
        dc      civac, x3
        dc      ivac, x3
        dc      cvap, x3
        ic      iallu
        ic      ialluis
        ldr     x3, =UNMAPPED
        catch   dc cvac, x3
        expect  EL1_SYNC, ESR(0x25, 1 << 8 | 1 << 6 | 0x05) // CM
        finish

patched:
        movz    w0, #0
        ret
