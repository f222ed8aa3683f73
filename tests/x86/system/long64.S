/* SPDX-License-Identifier: MIT */
/* 64-bit mode: exceptions, stacks of the TSS, IRET, SYSCALL, canonical addresses, compatibility mode. */
#include "system.h"

#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_FMASK 0xc0000084
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_GS_BASE 0xc0000101
#define BAD 0x0000800000000000

        .macro  set_msr msr, value
        mov     $\msr, %ecx
        mov     $\value, %rax
        mov     %rax, %rdx
        shr     $32, %rdx
        wrmsr
        .endm

        begin
        testcase "the frame: always five words, on a boundary of 16"
        sub     $8, %rsp
        mov     %rsp, %rbx
        catch   ud2
        expect  6
        check   EXC_FIELD(EXC_SP), stack_top-8
        check   EXC_FIELD(EXC_SS), DATA0
        check   EXC_FIELD(EXC_CS), CODE64
        check   EXC_FIELD(EXC_FRAME), stack_top-16-40-16
        add     $8, %rsp

        testcase "not canonical: #GP(0), and #SS(0) through the stack"
        mov     $BAD, %rax
        catch   mov (%rax), %rcx
        expect  13
        mov     $BAD, %rbp
        catch   mov (%rbp), %rcx
        expect  12
        catch   mov %gs:(%rax), %cl
        expect  13
        mov     %rsp, %rbx
        mov     $BAD+16, %rcx
        movb    $1, idt+12*16+4         /* a good stack for the exception */
        prepare_catch 1f, 2f
        mov     %rcx, %rsp
1:      push    %rax
2:      expect  12
        movb    $0, idt+12*16+4
        mov     $BAD, %rax
        catch   jmp *%rax
        expect  13

        testcase "what 64-bit mode has not: #UD"
        catch   .byte 0x06
        expect  6
        catch   .byte 0x27
        expect  6
        catch   .byte 0xce
        expect  6
        catch   .byte 0xea, 0, 0, 0, 0, 8, 0
        expect  6
        catch   .byte 0x9a, 0, 0, 0, 0, 8, 0
        expect  6

        testcase "level 3: entry by RSP0, IST, IRETQ"
        run_user user_int
        expect  0x80, 0, 2
        check   EXC_FIELD(EXC_CS), CODE64_3
        check   EXC_FIELD(EXC_SS), DATA3
        check   EXC_FIELD(EXC_SP), user_stack_top
        check   EXC_FIELD(EXC_FRAME), kernel_stack_top-40-16
        mov     %ss, %eax
        check   %rax, 0
        movb    $1, idt+0x80*16+4
        run_user user_int
        check   EXC_FIELD(EXC_FRAME), ist1_top-40-16
        movb    $0, idt+0x80*16+4
        mov     $DATA0, %eax
        mov     %eax, %ss

        testcase "gates: #GP and #NP with the vector"
        run_user user_int3
        expect  13, 0x1a
        movb    $0x6e, idt+0x80*16+5
        catch   int $0x80
        expect  11, 0x402
        movb    $0xee, idt+0x80*16+5
        movw    $CODE0, idt+0x80*16+2
        catch   int $0x80
        expect  13, CODE0
        movw    $CODE64, idt+0x80*16+2

        testcase "IRETQ: what it refuses"
        prepare_catch 1f, 2f
        push    $DATA0
        push    $0x5000
        push    $2
        push    $CODE64_3
        push    $user_int
1:      iretq
2:      expect  13, DATA0
        prepare_catch 1f, 2f
        push    $0
        push    $0x5000
        push    $2
        push    $CODE64_3
        push    $user_int
1:      iretq
2:      expect  13, 0
        prepare_catch 1f, 2f
        push    $DATA0
        push    $0x5000
        push    $0x4002                 /* NT: there are no tasks */
        popfq
1:      iretq
2:      expect  13, 0
        pushq   $2
        popfq

        testcase "SYSCALL and SYSRET"
        set_msr MSR_STAR, 0x0033001000000000
        set_msr MSR_LSTAR, syscall_entry
        set_msr MSR_FMASK, 0x4400
        prepare_catch user_syscall, 1f
        movw    $0x0010, %ax
        mov     $user_syscall, %rcx
        mov     $0x602, %r11
        mov     $user_stack_top, %rsp
        cli
        sysretq
1:      check   EXC_FIELD(EXC_VECTOR), 0x80
        check   EXC_FIELD(EXC_CS), 0x43
        check   EXC_FIELD(EXC_SS), 0x3b
        check   syscall_rcx, user_syscall_next
        check   syscall_r11, 0x602
        check   syscall_flags, 0x202
        check   syscall_cs, 0x10
        check   syscall_ss, 0x18

        testcase "SYSRET to an address that is not canonical: #GP(0) at level 0"
        mov     $BAD, %rcx
        catch   sysretq
        expect  13
        check   EXC_FIELD(EXC_CS), CODE64
        mov     $0xc0000080, %ecx
        rdmsr
        and     $~1, %eax
        wrmsr
        catch   syscall
        expect  6
        catch   sysretq
        expect  6

        testcase "SWAPGS and the bases"
        set_msr MSR_GS_BASE, 0x200000
        set_msr MSR_KERNEL_GS_BASE, 0x200100
        movq    $0x1111, 0x200000
        movq    $0x2222, 0x200100
        mov     %gs:0, %rax
        check   %rax, 0x1111
        swapgs
        mov     %gs:0, %rax
        check   %rax, 0x2222
        xor     %eax, %eax
        mov     %eax, %gs
        mov     $MSR_KERNEL_GS_BASE, %ecx
        rdmsr
        check   %rax, 0x200000
        mov     $BAD, %rdx
        shr     $32, %rdx
        xor     %eax, %eax
        catch   wrmsr
        expect  13

        testcase "compatibility mode and back"
        movq    $DATA3, -8(%rsp)
        prepare_catch compat, 1f
        push    $DATA3
        push    $user_stack_top
        push    $2
        push    $CODE3
        push    $compat
        iretq
1:      check   EXC_FIELD(EXC_VECTOR), 0x80
        check   EXC_FIELD(EXC_CS), CODE3
        check   %rax, 0xfffffff0

        testcase "control registers: IA-32e mode must stay as it is"
        mov     %cr0, %rax
        and     $0x7fffffff, %eax
        catch   mov %rax, %cr0
        expect  13
        mov     %cr4, %rax
        and     $~0x20, %rax
        catch   mov %rax, %cr4
        expect  13
        mov     $0xc0000080, %ecx
        rdmsr
        and     $~0x100, %eax           /* LME while paging is on */
        catch   wrmsr
        expect  13
        mov     $16, %eax
        catch   mov %rax, %cr8
        expect  13
        mov     $5, %eax
        mov     %rax, %cr8
        mov     %cr8, %rcx
        check   %rcx, 5
        xor     %eax, %eax
        mov     %rax, %cr8

        testcase "#DF by its own stack, after a #PF that cannot be delivered"
        movb    $1, idt+8*16+4
        movw    $GDT_END, idt+14*16+2
        catch   mov UNMAPPED, %rax
        expect  8
        check   EXC_FIELD(EXC_FRAME), ist1_top-48-8
        movw    $CODE64, idt+14*16+2
        finish

user_int:
        int     $0x80
user_int3:
        int     $3
user_syscall:
        syscall
user_syscall_next:
        int     $0x80

syscall_entry:
        mov     %rcx, syscall_rcx
        mov     %r11, syscall_r11
        mov     %cs, syscall_cs
        mov     %ss, syscall_ss
        mov     $kernel_stack_top-64, %rsp
        pushfq
        pop     syscall_flags
        mov     $user_stack_top, %rsp
        sysretq

        .code32
compat: mov     $0x10, %eax
        neg     %eax
        .byte   0x40                    /* INC EAX here, REX in 64-bit mode */
        dec     %eax
        int     $0x80

        .bss
        .align  8
syscall_rcx: .skip 8
syscall_r11: .skip 8
syscall_cs: .skip 8
syscall_ss: .skip 8
syscall_flags: .skip 8
