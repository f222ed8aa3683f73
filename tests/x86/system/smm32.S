/* SPDX-License-Identifier: MIT */
/*
 * System management mode: entry by an interrupt command of the local APIC, the save area, RSM, relocation. The handler stands at
 * SMBASE's reset value, so this is for a machine on which no firmware has run.
 */
#include "system.h"

#define ICR 0xfee00300
#define SPURIOUS 0xfee000f0
#define SMI_TO_SELF 0x44200
#define SMBASE 0x30000
#define SMBASE_NEW 0x50000
#define MARKS 0x200000

        .macro  smi
        movl    $SMI_TO_SELF, ICR
        jmp     .Lsoon\@                /* it arrives between blocks of code */
.Lsoon\@:
        jmp     .Lnow\@
.Lnow\@:
        .endm

        begin
        movl    $apic_pages+1, pdpt+24
        movl    $0xfee0009f, apic_pages+0x1f7*8
        mov     %cr3, %eax
        mov     %eax, %cr3
        movl    $0x1ff, SPURIOUS
        call    install

        testcase "SMI: the handler runs, RSM returns, registers come from the save area"
        mov     $0x11111111, %eax
        mov     $0x22222222, %ebx
        smi
        check   %eax, 0x77777777
        check   %ebx, 0x22222222
        check   MARKS, 1
        mov     MARKS+4, %eax
        check   %eax, 0x30003000        /* CS selector and the same once more */
        mov     MARKS+8, %eax
        check   %eax, 0x20064
        mov     MARKS+12, %eax
        and     $0x80000001, %eax
        check   %eax, 0                 /* CR0 in the handler */
        mov     MARKS+16, %eax
        and     $0x80000001, %eax
        check   %eax, 0x80000001        /* and in the save area */
        mov     %cs, %eax
        check   %eax, CODE0
        mov     %cr0, %eax
        and     $0x80000001, %eax
        check   %eax, 0x80000001

        testcase "flags and the debug registers come back"
        mov     $0x401, %eax
        mov     %eax, %dr7
        stc
        std
        smi
        pushf
        pop     %ecx
        cld
        and     $0x401, %ecx
        check   %ecx, 0x401
        mov     %dr7, %ecx
        check   %ecx, 0x401
        mov     $0x400, %ecx
        mov     %ecx, %dr7

        testcase "exceptions work again after RSM; RSM outside is #UD"
        catch   rsm
        expect  6

        testcase "SMBASE relocation"
        movl    $SMBASE_NEW, relocate
        movl    $0, MARKS
        smi
        check   MARKS, 1
        mov     MARKS+4, %eax
        check   %eax, 0x30003000
        smi
        check   MARKS, 2
        mov     MARKS+4, %eax
        check   %eax, 0x50005000

        testcase "an SMI at level 3"
        run_user user_smi
        check   EXC_FIELD(EXC_VECTOR), 0x80
        check   EXC_FIELD(EXC_CS), CODE3
        check   MARKS, 3
        finish

user_smi:
        mov     $DATA3, %eax
        mov     %eax, %ds
        smi
        int     $0x80

/* Copies the handler to both places. */
install:
        mov     $handler, %esi
        mov     $SMBASE+0x8000, %edi
        mov     $handler_end-handler, %ecx
        rep     movsb
        mov     $handler, %esi
        mov     $SMBASE_NEW+0x8000, %edi
        mov     $handler_end-handler, %ecx
        rep     movsb
        ret

        .code16
handler:
        xor     %ax, %ax
        mov     %ax, %ds
        addr32 incl MARKS
        mov     %cs, %ax
        addr32 mov %ax, MARKS+4
        addr32 mov %ax, MARKS+6
        mov     %cs, %ax
        movzwl  %ax, %ebx
        shll    $4, %ebx
        addr32 movl 0xfefc(%ebx), %eax
        addr32 movl %eax, MARKS+8
        mov     %cr0, %eax
        addr32 movl %eax, MARKS+12
        addr32 movl 0xff58(%ebx), %eax
        addr32 movl %eax, MARKS+16
        addr32 movl $0x77777777, 0xfff8(%ebx)
        addr32 movl relocate, %eax
        test    %eax, %eax
        jz      1f
        addr32 movl %eax, 0xff00(%ebx)
1:      rsm
handler_end:

        .data
relocate: .long 0
        .bss
        .align  4096
apic_pages: .skip 4096
