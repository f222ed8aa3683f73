/* SPDX-License-Identifier: MIT */
/* Real mode, entered from protected mode and left again: interrupts by the vector table, wrapping, "big real mode", far transfers. */
#include "system.h"

#define REAL_CODE 0x7000        /* linear; the segment is 0x700 */
#define RESULTS 0x6000

        begin
        mov     $real_start, %esi
        mov     $REAL_CODE, %edi
        mov     $real_end-real_start, %ecx
        rep     movsb
        mov     %esp, saved_sp
        mov     $SMALL, %eax            /* base 0x200000, limit 0xff: stays in FS */
        mov     %eax, %fs
        mov     $DATA0, %eax
        mov     %eax, %gs
        mov     $DATA16, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        mov     $0x6ff0, %esp
        lidt    %cs:real_idt
        mov     %cr0, %eax
        and     $0x7fffffff, %eax
        mov     %eax, %cr0
        ljmp    $CODE16, $REAL_CODE+to_real-real_start

        .code16
real_start:
to_real:
        mov     %cr0, %eax
        and     $~1, %al
        mov     %eax, %cr0
        ljmp    $0x700, $in_real-real_start
in_real:
        xor     %ax, %ax
        mov     %ax, %ds
        mov     %ax, %es
        mov     %ax, %ss
        mov     $0x6ff0, %sp
        movw    $on_int-real_start, 0x80*4
        movw    $0x700, 0x80*4+2
        movw    $on_de-real_start, 0*4  /* #DE */
        movw    $0x700, 0*4+2
        movw    $on_gp-real_start, 13*4
        movw    $0x700, 13*4+2
        mov     $RESULTS, %edi
        sti
        int     $0x80
after_int:
        movw    %ax, (%di)              /* 0: flags in the handler */
        movw    %bx, 2(%di)             /* 2: the return address, from the segment */
        pushf
        popw    4(%di)                  /* 4: flags after it */
        cli
        xor     %cx, %cx
        mov     $1, %ax
        xor     %dx, %dx
at_div: div     %cx
        nop
        movw    %bx, 6(%di)             /* 6: a fault's return address is the instruction (the handler steps over) */
/* A word at 0xffff: #GP. */
        mov     $0xffff, %si
        movw    $0, 8(%di)
at_gp:  movw    (%si), %ax
        nop
        mov     %ax, 10(%di)            /* 10: what the handler left */
/* GS was loaded in protected mode with 4 GiB. */
        mov     $0x12345678, %eax
        mov     $0x200004, %ebx
        addr32 movl %eax, %gs:(%ebx)
        mov     $0x10, %ax
        mov     %ax, %gs                /* the base changes, the limit stays */
        addr32 movl %gs:-0x100(%ebx), %ecx
        mov     %ecx, 12(%di)           /* 12 */
        lcall   $0x700, $far_routine-real_start
        movw    %ax, 16(%di)            /* 16 */
        mov     %sp, 18(%di)            /* 18 */
/* The stack pointer wraps in 16 bits. */
        mov     %sp, %bp
        mov     $0x10006ff0, %esp
        push    %ax
        mov     %esp, 20(%di)           /* 20: the upper half stays */
        movzwl  %bp, %esp
        smsw    %ax
        mov     %ax, 24(%di)            /* 24 */
        mov     %cs, 26(%di)
        mov     %cr0, %eax
        or      $1, %al
        mov     %eax, %cr0
        ljmpl   $CODE0, $back

on_int: mov     %sp, %bp
        movw    (%bp), %bx
        pushf
        pop     %ax
        iret
/* #DE and #GP: over two bytes. */
on_de:  mov     %sp, %bp
        movw    (%bp), %bx
        addw    $2, (%bp)
        iret
on_gp:  mov     $0x4444, %ax
        mov     %sp, %bp
        addw    $2, (%bp)
        iret
far_routine:
        mov     $0x7777, %ax
        lret
real_end:
        .code32

back:   mov     $DATA0, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        mov     saved_sp, %esp
        mov     %cr0, %eax
        or      $0x80000000, %eax
        mov     %eax, %cr0
        lidt    idt_pointer

        testcase "INT and IRET by the vector table"
        movzwl  RESULTS, %eax
        and     $0x300, %eax
        check   %eax, 0
        movzwl  RESULTS+2, %eax
        check   %eax, after_int-real_start
        movzwl  RESULTS+4, %eax
        and     $0x200, %eax
        check   %eax, 0x200

        testcase "faults return to the instruction"
        movzwl  RESULTS+6, %eax
        check   %eax, at_div-real_start
        movzwl  RESULTS+10, %eax
        check   %eax, 0x4444

        testcase "limits of protected mode stay in real mode"
        mov     RESULTS+12, %eax
        check   %eax, 0x12345678

        testcase "far call and return"
        movzwl  RESULTS+16, %eax
        check   %eax, 0x7777
        movzwl  RESULTS+18, %eax
        check   %eax, 0x6ff0

        testcase "a 16-bit stack pointer leaves the upper half"
        mov     RESULTS+20, %eax
        check   %eax, 0x10006fee
        movzwl  RESULTS+24, %eax
        and     $1, %eax
        check   %eax, 0
        movzwl  RESULTS+26, %eax
        check   %eax, 0x700
        finish

        .data
real_idt: .word 0x3ff
        .long   0
saved_sp: .long 0
