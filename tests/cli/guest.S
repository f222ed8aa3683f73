/* SPDX-License-Identifier: MIT */
/*
 * A guest of a few instructions, as an arm64 Image: says hello, makes a system call, then does what the selector names.
 * The test writes the selector into the header (offset 32, unused by the boot protocol).
 */
    b start                     // 0: code0
    nop
    .quad 0                     // 8: text_offset
    .quad 0x10000               // 16: image_size
    .quad 0                     // 24: flags
selector:
    .quad 0                     // 32: 0 power off, 1 reset, 2 wait for ever, 3 answer each byte with the next one, 4 run wild
    .quad 0, 0
    .ascii "ARM\x64"            // 56: magic
    .long 0
start:
    mov x9, #0x09000000         // PL011
    mov w12, #0x301
    str w12, [x9, #0x30]        // CR: UARTEN, TXE, RXE
    adr x10, vectors
    msr vbar_el1, x10
    isb
    adr x11, text
1:  ldrb w12, [x11], #1
    cbz w12, 2f
    str w12, [x9]
    b 1b
2:  svc #7
    ldr x0, selector
    cmp x0, #1
    b.lo off
    b.eq reset
    cmp x0, #3
    b.lo wait
    b.eq echo
wild:
    mov x1, #0x123400000000     // nothing there
    ldr x2, [x1]
    mov x1, #0x09000000
    ldr x2, [x1, #0x800]        // no register there
    str x2, [x1, #0x808]
    .word 0xffffffff            // UNDEFINED
    b off
off:
    mov w0, #8                  // PSCI SYSTEM_OFF
    movk w0, #0x8400, lsl #16
    hvc #0
reset:
    mov w0, #9                  // PSCI SYSTEM_RESET
    movk w0, #0x8400, lsl #16
    hvc #0
wait:
    wfi
    b wait
echo:
    ldr w12, [x9, #0x18]        // FR.RXFE: nothing received
    tbnz w12, #4, echo
    ldr w12, [x9]
    cmp w12, #'q'
    b.eq off
    add w12, w12, #1
    str w12, [x9]
    b echo
text:
    .asciz "hello from the guest\n"
    .balign 2048
vectors:
    .org vectors + 0x200        // synchronous, SP_ELx: SVC returns behind itself, anything else is skipped
    mrs x3, esr_el1
    lsr x3, x3, #26
    cmp x3, #0x15
    b.eq 1f
    mrs x3, elr_el1
    add x3, x3, #4
    msr elr_el1, x3
1:  eret
    .org vectors + 0x800
