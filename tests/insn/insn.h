/* SPDX-License-Identifier: MIT */
/*
 * Macros for the instruction tests: bare metal at EL1, results as TAP on the PL011, end by PSCI SYSTEM_OFF.
 *
 * A file defines insn_main and looks like this:
 *
 *     begin
 *     test "adds: carry out of bit 63"
 *         ldr     x1, =0xffffffffffffffff
 *         adds    x0, x1, #1
 *         check   x0, 0
 *         check_nzcv 0b0110
 *     finish
 *
 * insn_lib.S starts with: MMU on, 4 KiB granule, 39-bit addresses, one table:
 *
 *     0x00000000  1 GiB   device memory
 *     0x40000000  1 GiB   RAM: EL1 reads, writes and executes
 *     0x80000000  1 GiB   the same RAM once more, for EL0 (EL0_ALIAS): EL1 reads and writes, EL0 also executes
 *     0xc0000000  to the end of the 39 bits: nothing
 *
 * x16, x17 and x18 belong to these macros, as do TPIDR_EL1 and TPIDRRO_EL0; everything else, the flags too, passes through them
 * unchanged.
 */
#define EL0_ALIAS 0x40000000
#define UNMAPPED 0xc0000000
#define FREE_RAM 0x41000000  /* 16 MiB that nothing uses: code and data of the image lie below, a device tree may lie above */

/* Offsets into exc_record. */
#define EXC_VECTOR 0
#define EXC_ESR 8
#define EXC_ELR 16
#define EXC_SPSR 24
#define EXC_FAR 32
#define EXC_RESUME 40   /* where the next exception goes on; 0: it is unexpected, and the run ends */
#define EXC_CATCH_PC 48 /* of the instruction under "catch" */
#define EXC_COUNT 56

/* Vectors, as in the table's order. */
#define SP0_SYNC 0
#define EL1_SYNC 4
#define EL1_IRQ 5
#define EL0_SYNC 8
#define EL0_IRQ 9

/* SPSR values: everything masked. */
#define SPSR_EL0 0x3c0
#define SPSR_EL1H 0x3c5

#define SCTLR_BASE 0x30d00800                         /* RES1 bits and SPAN */
#define SCTLR_MMU (SCTLR_BASE | 1 | 1 << 2 | 1 << 12) /* M C I */

/* ESR_EL1: class and syndrome, 32-bit instruction. */
#define ESR(ec, iss) ((ec) << 26 | 1 << 25 | (iss))

        .macro  begin
        .text
        .globl  insn_main
insn_main:
        .endm

        .macro  finish
        b       insn_done
        .ltorg
        .endm

/* Ends the test before and starts the next. */
        .macro  test name
        mov     x18, x30
        ldr     x16, =.Lname\@
        bl      insn_test
        mov     x30, x18
        .pushsection .rodata
.Lname\@: .asciz "\name"
        .popsection
        .endm

/* An X register or SP has this value. */
        .macro  check reg, value
        mov     x18, x30
        mov     x17, \reg
        ldr     x16, =\value
        bl      insn_check
        mov     x30, x18
        .endm

/* A W register has this value. */
        .macro  checkw reg, value
        mov     x18, x30
        mov     w17, \reg
        ldr     x16, =\value
        bl      insn_check
        mov     x30, x18
        .endm

/* Two X registers are equal. */
        .macro  check_same reg, other
        mov     x18, x30
        mov     x17, \reg
        mov     x16, \other
        bl      insn_check
        mov     x30, x18
        .endm

        .macro  check_nzcv value
        mov     x18, x30
        mrs     x17, nzcv
        lsr     x17, x17, #28
        mov     x16, #\value
        bl      insn_check
        mov     x30, x18
        .endm

        .macro  set_nzcv value
        mov     x16, #\value
        lsl     x16, x16, #28
        msr     nzcv, x16
        .endm

/* The 8 bytes at label (or at a register's address) have this value. */
        .macro  check_mem addr, value
        mov     x18, x30
        ldr     x17, =\addr
        ldr     x17, [x17]
        ldr     x16, =\value
        bl      insn_check
        mov     x30, x18
        .endm

/* Vector register n: check_v 3, high, low. */
        .macro  check_v n, high, low
        mov     x18, x30
        mov     x17, v\n\().d[1]
        ldr     x16, =\high
        bl      insn_check
        mov     x17, v\n\().d[0]
        ldr     x16, =\low
        bl      insn_check
        mov     x30, x18
        .endm

        .macro  set_v n, high, low
        ldr     x16, =\low
        fmov    d\n, x16
        ldr     x16, =\high
        mov     v\n\().d[1], x16
        .endm

        .macro  check_d n, value
        mov     x18, x30
        fmov    x17, d\n
        ldr     x16, =\value
        bl      insn_check
        mov     x30, x18
        .endm

        .macro  check_s n, value
        mov     x18, x30
        fmov    w17, s\n
        ldr     x16, =\value
        bl      insn_check
        mov     x30, x18
        .endm

        .macro  set_d n, value
        ldr     x16, =\value
        fmov    d\n, x16
        .endm

        .macro  set_s n, value
        ldr     x16, =\value
        fmov    s\n, w16
        .endm

        .macro  check_fpsr value
        mov     x18, x30
        mrs     x17, fpsr
        ldr     x16, =\value
        bl      insn_check
        mov     x30, x18
        .endm

/* Runs one instruction that must raise an exception, and goes on behind it. */
        .macro  catch insn:vararg
        prepare_catch .Lat\@, .Lafter\@
.Lat\@: \insn
.Lafter\@:
        .endm

        .macro  prepare_catch at, after
        ldr     x16, =exc_record
        mov     x17, #-1
        str     x17, [x16, #EXC_VECTOR]
        ldr     x17, =\at
        str     x17, [x16, #EXC_CATCH_PC]
        ldr     x17, =\after
        str     x17, [x16, #EXC_RESUME]
        .endm

/* Runs EL0 code at label, through the alias, until its exception; x16 and x17 are the macro's. */
        .macro  run_el0 label, spsr=SPSR_EL0
        prepare_catch \label + EL0_ALIAS, .Lafter\@
        msr     elr_el1, x17
        ldr     x17, =\label + EL0_ALIAS
        msr     elr_el1, x17
        ldr     x17, =\spsr
        msr     spsr_el1, x17
        isb
        eret
.Lafter\@:
        .endm

        .macro  check_exc field, value
        mov     x18, x30
        ldr     x17, =exc_record
        ldr     x17, [x17, #\field]
        ldr     x16, =\value
        bl      insn_check
        mov     x30, x18
        .endm

/* ELR_EL1, from the instruction under catch (or the start of the EL0 code). */
        .macro  check_elr offset
        mov     x18, x30
        ldr     x17, =exc_record
        ldr     x16, [x17, #EXC_CATCH_PC]
        ldr     x17, [x17, #EXC_ELR]
        sub     x17, x17, x16
        ldr     x16, =\offset
        bl      insn_check
        mov     x30, x18
        .endm

        .macro  expect vector, esr, elr=0
        check_exc EXC_VECTOR, \vector
        check_exc EXC_ESR, \esr
        check_elr \elr
        .endm

/* The last "catch" raised nothing. */
        .macro  expect_nothing
        check_exc EXC_VECTOR, -1
        ldr     x16, =exc_record
        str     xzr, [x16, #EXC_RESUME]
        .endm
