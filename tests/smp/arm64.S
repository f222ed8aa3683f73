/* SPDX-License-Identifier: MIT */
/* Start and exceptions of the multi-vCPU tests on the virt board: see arm64.c. */
#define STACK_SHIFT 14
#define FRAME 192

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
start:  mov     x19, #0
        bl      cpu_init
        b       smp_boot

/* PSCI CPU_ON enters here with the vCPU's number in x0. */
        .globl  arm64_secondary
arm64_secondary:
        mov     x19, x0
        bl      cpu_init
        mov     x0, x19
        b       smp_secondary

/* Stack, vectors, MMU and caches of vCPU x19: 4 KiB granule, 39 bits. */
cpu_init:
        ldr     x0, =smp_stacks
        add     x1, x19, #1
        add     x0, x0, x1, lsl #STACK_SHIFT
        mov     sp, x0
        msr     tpidr_el1, x19
        mov     x0, #3 << 20            // floating point registers, for accesses of 16 bytes
        msr     cpacr_el1, x0
        ldr     x0, =vectors
        msr     vbar_el1, x0
        mov     x0, #0xff               // attribute 0: normal, write-back; 1: device
        msr     mair_el1, x0
        ldr     x0, =25 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23 | 2 << 32
        msr     tcr_el1, x0
        ldr     x0, =arm64_level1
        msr     ttbr0_el1, x0
        dsb     ish
        tlbi    vmalle1
        dsb     ish
        isb
        ldr     x0, =0x30d00800 | 1 | 1 << 2 | 1 << 12 // SCTLR_EL1: RES1, SPAN; M, C, I
        msr     sctlr_el1, x0
        isb
        ret

        .globl  smp_try_load, smp_try_store, arm64_try_load_at, arm64_try_store_at, arm64_try_failed
smp_try_load:
arm64_try_load_at:
        ldr     x2, [x0]
        str     x2, [x1]
        mov     w0, #1
        ret
smp_try_store:
arm64_try_store_at:
        str     x1, [x0]
        mov     w0, #1
        ret
arm64_try_failed:
        mov     w0, #0
        ret

/* ---- exceptions: x0 of the C function is where the registers are, and gives ELR_EL1 ---- */
        .macro  vector fn
        .balign 128
        sub     sp, sp, #FRAME
        stp     x0, x1, [sp]
        adr     x0, \fn
        b       exception
        .endm

        .balign 2048
vectors:
        .rept   4
        vector  arm64_unexpected
        .endr
        vector  arm64_synchronous
        vector  arm64_interrupt
        .rept   10
        vector  arm64_unexpected
        .endr

exception:
        stp     x2, x3, [sp, #16]
        stp     x4, x5, [sp, #32]
        stp     x6, x7, [sp, #48]
        stp     x8, x9, [sp, #64]
        stp     x10, x11, [sp, #80]
        stp     x12, x13, [sp, #96]
        stp     x14, x15, [sp, #112]
        stp     x16, x17, [sp, #128]
        stp     x18, x30, [sp, #144]
        mrs     x1, elr_el1
        mrs     x2, spsr_el1
        stp     x1, x2, [sp, #160]
        mov     x3, x0
        mov     x0, x1
        blr     x3
        ldr     x2, [sp, #168]
        msr     elr_el1, x0
        msr     spsr_el1, x2
        ldp     x2, x3, [sp, #16]
        ldp     x4, x5, [sp, #32]
        ldp     x6, x7, [sp, #48]
        ldp     x8, x9, [sp, #64]
        ldp     x10, x11, [sp, #80]
        ldp     x12, x13, [sp, #96]
        ldp     x14, x15, [sp, #112]
        ldp     x16, x17, [sp, #128]
        ldp     x18, x30, [sp, #144]
        ldp     x0, x1, [sp], #FRAME
        eret
        .ltorg
