/* SPDX-License-Identifier: MIT */
/*
 * Macros for the x86 system tests: bare metal, started as a multiboot kernel, results as TAP on COM1, end by a triple fault
 * (the program is run with -no-reboot).
 *
 * A file defines system_main and looks like this (LONG: 64-bit mode instead of flat 32-bit protected mode, both at level 0):
 *
 *     begin
 *     testcase "DIV by zero"
 *         xor     %ecx, %ecx
 *         catch   div %ecx
 *         expect  0, 0
 *     finish
 *
 * "catch" runs one instruction that must fault and goes on behind it; run_user runs code at level 3 until its exception. All
 * registers pass through these macros unchanged but those that are named; check also keeps the flags.
 *
 * Paging is on, with PAE: 2 MiB pages map the first 16 MiB to themselves, for level 3 too; the page at UNMAPPED is not there.
 */
#ifdef LONG
#define PUSH pushq
#define WORD .quad
#define WORD_BYTES 8
#define SP %rsp
#else
#define PUSH pushl
#define WORD .long
#define WORD_BYTES 4
#define SP %esp
#endif

#define UNMAPPED 0x1000000

/* Selectors. */
#define CODE0 0x08
#define DATA0 0x10
#define CODE3 0x1b
#define DATA3 0x23
#define TSS_SEL 0x28        /* two entries */
#define CODE64 0x38
#define CODE64_3 0x43
#define CONFORMING 0x48
#define CODE_ABSENT 0x50
#define READONLY 0x58
#define CODE16 0x60
#define DATA16 0x68
#define TSS2_SEL 0x70
#define GATE 0x80           /* two entries */
#define SMALL 0x90          /* data at 0x200000, 0x100 bytes */
#define EXPAND_DOWN 0x98    /* data above 0xfff, to 64 KiB */
#define DATA_ABSENT 0xa0
#define EXEC_ONLY 0xa8
#define GDT_END 0xb0

/* Offsets into exc_record, in words. */
#define EXC_VECTOR 0
#define EXC_ERROR 1
#define EXC_IP 2
#define EXC_CS 3
#define EXC_FLAGS 4
#define EXC_SP 5
#define EXC_SS 6
#define EXC_RESUME 7
#define EXC_AT 8            /* of the instruction under catch */
#define EXC_CATCH_SP 9
#define EXC_COUNT 10
#define EXC_FRAME 11        /* where the CPU's frame was: its lowest word, the error code's if there is one */
#define EXC_FIELD(n) exc_record+n*WORD_BYTES

#define FL_TF 0x100
#define FL_IF 0x200
#define FL_NT 0x4000
#define FL_RF 0x10000
#define FL_VM 0x20000

        .macro  begin
#ifdef LONG
        .code64
#else
        .code32
#endif
        .text
        .globl  system_main
system_main:
        .endm

        .macro  finish
        jmp     system_done
        .endm

        .macro  testcase name
        PUSH    $.Lname\@
        call    system_test
        .pushsection .rodata
.Lname\@: .asciz "\name"
        .popsection
        .endm

/* What PUSH takes (a register, memory, $constant) has this value. */
        .macro  check what, value
        PUSH    \what
        PUSH    .Lvalue\@
        call    system_check
        .pushsection .rodata
.Lvalue\@: WORD \value
        .popsection
        .endm

        .macro  prepare_catch at, after
#ifdef LONG
        movq    $-1, EXC_FIELD(EXC_VECTOR)
        movq    $\at, EXC_FIELD(EXC_AT)
        movq    $\after, EXC_FIELD(EXC_RESUME)
        movq    %rsp, EXC_FIELD(EXC_CATCH_SP)
#else
        movl    $-1, EXC_FIELD(EXC_VECTOR)
        movl    $\at, EXC_FIELD(EXC_AT)
        movl    $\after, EXC_FIELD(EXC_RESUME)
        movl    %esp, EXC_FIELD(EXC_CATCH_SP)
#endif
        .endm

        .macro  catch insn:vararg
        prepare_catch .Lat\@, .Lafter\@
.Lat\@: \insn
.Lafter\@:
        .endm

/* The last catch: vector, error code, and the distance of the saved instruction pointer from the instruction. */
        .macro  expect vector, error=0, offset=0
        check   EXC_FIELD(EXC_VECTOR), \vector
        check   EXC_FIELD(EXC_ERROR), \error
        call    system_ip_offset
        check   ip_offset, \offset
        .endm

        .macro  expect_nothing
        check   EXC_FIELD(EXC_VECTOR), -1
        .endm

/* Goes to label at level 3 until an exception; flags as given. */
        .macro  run_user label, flags=2
        prepare_catch \label, .Lafter\@
        PUSH    $DATA3
        PUSH    $user_stack_top
        PUSH    $\flags
#ifdef LONG
        PUSH    $CODE64_3
        PUSH    $\label
        iretq
#else
        PUSH    $CODE3
        PUSH    $\label
        iretl
#endif
.Lafter\@:
        .endm
