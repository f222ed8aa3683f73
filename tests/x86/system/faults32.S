/* SPDX-License-Identifier: MIT */
/* Exceptions of 32-bit protected mode: vectors, error codes, saved addresses; what level 3 may not do; segment checks. */
#include "system.h"

        begin
        testcase "#DE: DIV by zero, at the instruction"
        xor     %ecx, %ecx
        catch   div %ecx
        expect  0

        testcase "#BP and INT n return behind the instruction"
        catch   int3
        expect  3, 0, 1
        catch   int $0x80
        expect  0x80, 0, 2

        testcase "#OF: INTO only with OF"
        xor     %eax, %eax
        catch   into
        expect_nothing
        mov     $0x7fffffff, %eax
        prepare_catch 1f, 2f
        add     $1, %eax
1:      into
2:      expect  4, 0, 1

        testcase "#UD: UD2, LOCK on a register, RSM outside SMM"
        catch   ud2
        expect  6
        catch   .byte 0xf0, 0x01, 0xc0
        expect  6
        catch   rsm
        expect  6

        testcase "#PF: error code and CR2"
        catch   mov UNMAPPED + 8, %eax
        expect  14, 0
        mov     %cr2, %eax
        check   %eax, UNMAPPED+8
        catch   movl $1, UNMAPPED
        expect  14, 2
        catch   mov %eax, UNMAPPED - 2
        expect  14, 2
        mov     %cr2, %eax
        check   %eax, UNMAPPED

        testcase "#GP with the selector: loads of segment registers"
        mov     $GDT_END, %eax
        catch   mov %eax, %es
        expect  13, GDT_END
        mov     $0x0c, %eax             /* LDT, there is none */
        catch   mov %eax, %es
        expect  13, 0x0c
        mov     $EXEC_ONLY, %eax
        catch   mov %eax, %ds
        expect  13, EXEC_ONLY
        mov     $TSS_SEL, %eax
        catch   mov %eax, %ds
        expect  13, TSS_SEL
        mov     $READONLY, %eax
        catch   mov %eax, %ss
        expect  13, READONLY
        mov     $DATA3, %eax
        catch   mov %eax, %ss
        expect  13, 0x20
        xor     %eax, %eax
        catch   mov %eax, %ss
        expect  13, 0

        testcase "#NP and #SS with the selector of an absent segment"
        mov     $DATA_ABSENT, %eax
        catch   mov %eax, %gs
        expect  11, DATA_ABSENT
        catch   mov %eax, %ss
        expect  12, DATA_ABSENT

        testcase "#GP(0): beyond a limit, through a null or read-only segment"
        mov     $SMALL, %eax
        mov     %eax, %es
        catch   mov %es:0xfc, %eax
        expect_nothing
        catch   mov %es:0xfd, %eax
        expect  13
        mov     $READONLY, %eax
        mov     %eax, %es
        catch   mov %es:0x200000, %eax
        expect_nothing
        mov     $READONLY, %eax
        mov     %eax, %es
        catch   movb $0, %es:0x200000
        expect  13
        xor     %eax, %eax
        mov     %eax, %fs
        catch   mov %fs:0x200000, %eax
        expect  13

        testcase "expand-down: above the limit, below 64 KiB"
        mov     $EXPAND_DOWN, %eax
        mov     %eax, %fs
        catch   mov %fs:0x1000, %eax
        expect_nothing
        catch   mov %fs:0xfff, %eax
        expect  13
        catch   mov %fs:0xfffe, %eax
        expect  13

        testcase "#SS(0): a stack outside its limit"
        mov     $SMALL, %ecx
        mov     $0x100, %edx
        prepare_catch 1f, 2f
        mov     %ecx, %ss
        mov     %edx, %esp
        pop     %eax                    /* at the limit: faults */
        ud2
1:
2:      mov     $DATA0, %eax
        mov     %eax, %ss
        check   EXC_FIELD(EXC_VECTOR), 12
        check   EXC_FIELD(EXC_ERROR), 0

        testcase "base of a segment"
        movl    $0x12345678, 0x200010
        mov     $SMALL, %eax
        mov     %eax, %gs
        mov     %gs:0x10, %eax
        check   %eax, 0x12345678

        testcase "control registers: what #GP(0) refuses"
        mov     %cr0, %ecx
        mov     %ecx, %eax
        and     $~1, %eax               /* PG without PE */
        catch   mov %eax, %cr0
        expect  13
        mov     %ecx, %eax
        or      $0x20000000, %eax       /* NW without CD */
        catch   mov %eax, %cr0
        expect  13
        mov     %cr4, %eax
        or      $0x80000000, %eax
        catch   mov %eax, %cr4
        expect  13
        catch   .byte 0x0f, 0x22, 0xc8  /* CR1 */
        expect  6

        testcase "MSRs that are not there"
        mov     $0x12345, %ecx
        catch   rdmsr
        expect  13
        catch   wrmsr
        expect  13

        testcase "level 3: privileged instructions"
        run_user user_hlt
        expect  13
        run_user user_cli
        expect  13
        run_user user_in
        expect  13
        run_user user_cr0
        expect  13
        run_user user_lgdt
        expect  13
        run_user user_int
        expect  13, 0x1a                /* vector 3's gate has DPL 0 */
        run_user user_int80
        expect  0x80, 0, 2
        check   EXC_FIELD(EXC_CS), CODE3
        check   EXC_FIELD(EXC_SS), DATA3
        check   EXC_FIELD(EXC_SP), user_stack_top
        check   EXC_FIELD(EXC_FRAME), kernel_stack_top-28

        testcase "level 3: segment registers"
        run_user user_load_kernel
        check   EXC_FIELD(EXC_VECTOR), 13
        check   EXC_FIELD(EXC_ERROR), DATA0

        testcase "level 3: SGDT, SMSW, STR are allowed without UMIP"
        run_user user_sgdt
        check   EXC_FIELD(EXC_VECTOR), 0x80

        testcase "faults push RF, traps and interrupts do not"
        xor     %eax, %eax
        catch   ud2
        check   EXC_FIELD(EXC_FLAGS), 0x10046
        xor     %eax, %eax
        catch   int $0x81
        check   EXC_FIELD(EXC_FLAGS), 0x46

        testcase "LAR, LSL, VERR, VERW"
        xor     %ecx, %ecx
        mov     $DATA3, %edx
        lar     %edx, %ecx
        check   %ecx, 0xcff300
        mov     $SMALL, %edx
        lsl     %edx, %ecx
        check   %ecx, 0xff
        mov     $DATA0, %edx
        lsl     %edx, %ecx
        check   %ecx, 0xffffffff
        mov     $GDT_END, %edx
        mov     $5, %ecx
        lar     %edx, %ecx
        setz    %al
        movzbl  %al, %eax
        check   %eax, 0
        check   %ecx, 5
        mov     $READONLY, %edx
        verr    %dx
        setz    %al
        movzbl  %al, %eax
        check   %eax, 1
        verw    %dx
        setz    %al
        movzbl  %al, %eax
        check   %eax, 0

        testcase "ARPL"
        mov     $0x10, %eax
        mov     $3, %ecx
        arpl    %cx, %ax
        check   %eax, 0x13
        setz    %cl
        movzbl  %cl, %ecx
        check   %ecx, 1

        testcase "a push of a segment register writes two bytes of the four"
        push    $-1
        pop     %eax
        push    %ds
        pop     %eax
        check   %eax, 0xffff0010

        testcase "#DF: a fault while a fault is delivered"
        movw    $GDT_END, idt + 13 * 8 + 2      /* #GP's gate leads nowhere */
        mov     $GDT_END, %eax
        catch   mov %eax, %es
        expect  8
        movw    $CODE0, idt + 13 * 8 + 2
        movb    $0x0e, idt + 14 * 8 + 5         /* #PF's gate is absent: #NP after #PF */
        catch   mov UNMAPPED, %eax
        expect  8
        movb    $0x8e, idt + 14 * 8 + 5
        finish

user_hlt: hlt
user_cli: cli
user_in: in     %dx, %al
user_cr0: mov   %cr0, %eax
user_lgdt: lgdt gdt_pointer
user_int: int   $3
user_int80: int $0x80
user_load_kernel:
        mov     $DATA0, %eax
        mov     %eax, %fs
user_sgdt:
        sub     $16, %esp
        sgdt    (%esp)
        smsw    %eax
        str     %eax
        int     $0x80
