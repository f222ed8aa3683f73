/* SPDX-License-Identifier: MIT */
/*
 * What each instruction test is linked with: the arm64 Image header, start, vectors, checks, output. See insn.h.
 *
 * The checks use no instruction that sets flags before they have found a difference, and no stack.
 */
#include "insn.h"

#define UART 0x09000000
#define UART_DR 0
#define UART_FR 0x18
#define UART_CR 0x30
#define PSCI_SYSTEM_OFF 0x84000008

        .section .head, "ax"
        b       start
        .word   0
        .quad   0                       // text_offset: 2 MiB into RAM is where that puts the image
        .quad   image_size
        .quad   0xa                     // little-endian, 4 KiB pages
        .quad   0, 0, 0
        .ascii  "ARM\x64"
        .word   0

        .text
start:
        ldr     x0, =stack_top
        mov     sp, x0
        mov     x0, #3 << 20
        msr     cpacr_el1, x0
        ldr     x0, =vectors
        msr     vbar_el1, x0
        ldr     x0, =UART
        mov     w1, #0x301              // UARTEN, TXE, RXE
        str     w1, [x0, #UART_CR]
        bl      insn_mmu_on
        b       insn_main

// The table of insn.h. Tests come back to it with this.
        .globl  insn_mmu_on
insn_mmu_on:
        ldr     x0, =0xff               // attribute 0: normal, write-back; 1: device
        msr     mair_el1, x0
        ldr     x0, =25 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23 | 2 << 32 // 39 bits, 4 KiB, EPD1, 40-bit PA
        msr     tcr_el1, x0
        ldr     x0, =insn_level1
        msr     ttbr0_el1, x0
        dsb     ish
        tlbi    vmalle1
        dsb     ish
        isb
        ldr     x0, =SCTLR_MMU
        msr     sctlr_el1, x0
        isb
        ret

        .data
        .balign 4096
#define BLOCK (1 | 1 << 10 | 3 << 8)    // valid, AF, inner shareable
        .globl  insn_level1
insn_level1: .quad   0x00000000 | BLOCK | 1 << 2 | 3 << 53   // attribute 1, UXN, PXN
        .quad   0x40000000 | BLOCK | 1 << 54            // UXN
        .quad   0x40000000 | BLOCK | 1 << 6             // EL0
        .fill   509, 8, 0

/* ---- exceptions ---- */
        .text
        .macro  vector n
        .balign 128
        msr     tpidr_el1, x16
        mov     x16, #\n
        b       exception
        .endm

        .balign 2048
        .globl  vectors
vectors:
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        vector  \n
        .endr

exception:
        msr     tpidrro_el0, x17
        ldr     x17, =exc_record
        str     x16, [x17, #EXC_VECTOR]
        mrs     x16, esr_el1
        str     x16, [x17, #EXC_ESR]
        mrs     x16, elr_el1
        str     x16, [x17, #EXC_ELR]
        mrs     x16, spsr_el1
        str     x16, [x17, #EXC_SPSR]
        mrs     x16, far_el1
        str     x16, [x17, #EXC_FAR]
        ldr     x16, [x17, #EXC_COUNT]
        add     x16, x16, #1
        str     x16, [x17, #EXC_COUNT]
        ldr     x16, [x17, #EXC_RESUME]
        cbz     x16, unexpected
        str     xzr, [x17, #EXC_RESUME]
        msr     elr_el1, x16
        mrs     x16, spsr_el1           // on at EL1 with the flags of before
        and     x16, x16, #0xf0000000
        mov     x17, #SPSR_EL1H
        orr     x16, x16, x17
        msr     spsr_el1, x16
        mrs     x17, tpidrro_el0
        mrs     x16, tpidr_el1
        eret

unexpected:
        ldr     x0, =stack_top
        mov     sp, x0
        mov     x19, x17
        ldr     x0, =bail_text
        bl      print
        mov     x20, #0
1:      ldr     x0, =space
        bl      print
        ldr     x0, [x19, x20]
        bl      print_hex
        add     x20, x20, #8
        cmp     x20, #EXC_RESUME
        b.ne    1b
        ldr     x0, =newline
        bl      print
        b       power_off

/* ---- checks ---- */
// x17: what is there; x16: what should be. Only x16 and x17 change.
        .globl  insn_check
insn_check:
        sub     x16, x17, x16
        cbnz    x16, 1f
        ret
1:      msr     tpidr_el1, x18
        ldr     x18, =saved
        stp     x0, x1, [x18]
        stp     x2, x3, [x18, #16]
        stp     x19, x30, [x18, #32]
        mrs     x0, nzcv
        str     x0, [x18, #48]
        sub     x16, x17, x16
        ldr     x0, =failed
        mov     x1, #1
        str     x1, [x0]
        ldr     x0, =at_text
        bl      print
        ldr     x0, [x18, #40]
        bl      print_hex
        ldr     x0, =is_text
        bl      print
        mov     x0, x17
        bl      print_hex
        ldr     x0, =should_text
        bl      print
        mov     x0, x16
        bl      print_hex
        ldr     x0, =newline
        bl      print
        ldr     x0, [x18, #48]
        msr     nzcv, x0
        ldp     x0, x1, [x18]
        ldp     x2, x3, [x18, #16]
        ldp     x19, x30, [x18, #32]
        mrs     x18, tpidr_el1
        ret

// x16: name of the test that starts, 0: none.
        .globl  insn_test
insn_test:
        msr     tpidr_el1, x18
        ldr     x18, =saved
        stp     x0, x1, [x18]
        stp     x2, x3, [x18, #16]
        stp     x19, x30, [x18, #32]
        mrs     x0, nzcv
        str     x0, [x18, #48]
        ldr     x19, =current
        ldr     x17, [x19]              // the name of the test that ends
        str     x16, [x19]
        cbz     x17, 2f
        ldr     x1, =failed
        ldr     x2, [x1]
        str     xzr, [x1]
        ldr     x0, =ok_text
        ldr     x1, =not_ok_text
        cmp     x2, #0
        csel    x0, x0, x1, eq
        bl      print
        ldr     x1, =number
        ldr     x0, [x1]
        add     x0, x0, #1
        str     x0, [x1]
        bl      print_decimal
        ldr     x0, =dash_text
        bl      print
        mov     x0, x17
        bl      print
        ldr     x0, =newline
        bl      print
2:      ldr     x0, [x18, #48]
        msr     nzcv, x0
        ldp     x0, x1, [x18]
        ldp     x2, x3, [x18, #16]
        ldp     x19, x30, [x18, #32]
        mrs     x18, tpidr_el1
        ret

        .globl  insn_done
insn_done:
        mov     x16, #0
        bl      insn_test
        ldr     x0, =plan_text
        bl      print
        ldr     x0, =number
        ldr     x0, [x0]
        bl      print_decimal
        ldr     x0, =newline
        bl      print
power_off:
        ldr     x0, =PSCI_SYSTEM_OFF
        hvc     #0
1:      wfi
        b       1b

/* ---- output: x0 to x3 change ---- */
print:
        ldr     x1, =UART
1:      ldrb    w2, [x0], #1
        cbz     w2, 3f
2:      ldr     w3, [x1, #UART_FR]
        tbnz    w3, #5, 2b              // TXFF
        str     w2, [x1, #UART_DR]
        b       1b
3:      ret

print_hex:
        ldr     x1, =UART
        mov     w3, #16
1:      ror     x0, x0, #60
        and     w2, w0, #15
        add     w2, w2, #'0'
        cmp     w2, #'9'
        b.ls    2f
        add     w2, w2, #'a' - '9' - 1
2:      str     w2, [x1, #UART_DR]
        sub     w3, w3, #1
        cbnz    w3, 1b
        ret

// Up to 999.
print_decimal:
        ldr     x1, =UART
        mov     w2, #100
        udiv    w3, w0, w2
        msub    w0, w3, w2, w0
        add     w3, w3, #'0'
        str     w3, [x1, #UART_DR]
        mov     w2, #10
        udiv    w3, w0, w2
        msub    w0, w3, w2, w0
        add     w3, w3, #'0'
        str     w3, [x1, #UART_DR]
        add     w0, w0, #'0'
        str     w0, [x1, #UART_DR]
        ret
        .ltorg

        .section .rodata
bail_text:      .asciz "Bail out! exception: vector, ESR, ELR, SPSR, FAR ="
at_text:        .asciz "# at 0x"
is_text:        .asciz ": 0x"
should_text:    .asciz ", should be 0x"
ok_text:        .asciz "ok "
not_ok_text:    .asciz "not ok "
dash_text:      .asciz " - "
plan_text:      .asciz "1.."
space:          .asciz " "
newline:        .asciz "\n"

        .bss
        .balign 16
        .globl  exc_record
exc_record:     .skip 64
saved:          .skip 64
current:        .skip 8
failed:         .skip 8
number:         .skip 8
        .balign 16
        .skip   16384
        .globl  stack_top
stack_top:
