/* SPDX-License-Identifier: MIT */
/* Start, tables, exception handling and output of the x86 system tests: see system.h. */
#include "system.h"

        .section .multiboot, "ax"
        .align  4
        .long   0x1badb002, 0x10000, -(0x1badb002 + 0x10000)
        .long   _start_header, 0x100000, load_end, image_end, _start
        .set    _start_header, 0x100000

        .text
        .code32
        .globl  _start
_start:
        cli
        mov     $stack_top, %esp
        mov     $0xff, %al              /* no interrupts from the 8259s */
        out     %al, $0x21
        out     %al, $0xa1
        mov     $pages, %edi
        mov     $0x87, %eax             /* present, writable, user, large */
        mov     $8, %ecx
1:      mov     %eax, (%edi)
        add     $8, %edi
        add     $0x200000, %eax
        loop    1b
#ifdef LONG
        movl    $pages + 7, pdpt
        movl    $pdpt + 7, pml4
#else
        movl    $pages + 1, pdpt
#endif
        mov     $0x620, %eax            /* PAE, OSFXSR, OSXMMEXCPT */
        mov     %eax, %cr4
#ifdef LONG
        mov     $pml4, %eax
        mov     %eax, %cr3
        mov     $0xc0000080, %ecx
        rdmsr
        or      $0x901, %eax            /* NXE, LME, SCE */
        wrmsr
#else
        mov     $pdpt, %eax
        mov     %eax, %cr3
#endif
        mov     %cr0, %eax
        and     $~0x6000000c, %eax
        or      $0x80010022, %eax       /* PG, WP, NE, MP */
        mov     %eax, %cr0
        lgdt    gdt_pointer
#ifdef LONG
        ljmp    $CODE64, $start_mode
#else
        ljmp    $CODE0, $start_mode
#endif

#ifdef LONG
        .code64
#endif
start_mode:
        mov     $DATA0, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        xor     %eax, %eax
        mov     %eax, %fs
        mov     %eax, %gs
        mov     $tss, %ecx
        mov     %cx, gdt + TSS_SEL + 2
        shr     $16, %ecx
        mov     %cl, gdt + TSS_SEL + 4
        mov     $tss2, %ecx
        mov     %cx, gdt + TSS2_SEL + 2
        shr     $16, %ecx
        mov     %cl, gdt + TSS2_SEL + 4
        mov     $TSS_SEL, %eax
        ltr     %ax
        call    fill_idt
        lidt    idt_pointer
        xor     %ebx, %ebx
        jmp     system_main

/* 256 interrupt gates of DPL 0, 3 for vectors from 0x20 on. */
fill_idt:
        mov     $stubs, %eax
        mov     $idt, %edi
        xor     %ecx, %ecx
1:      mov     %ax, (%edi)
#ifdef LONG
        movw    $CODE64, 2(%edi)
#else
        movw    $CODE0, 2(%edi)
#endif
        movw    $0x8e00, 4(%edi)
        cmp     $0x20, %ecx
        jb      2f
        movw    $0xee00, 4(%edi)
2:      mov     %eax, %edx
        shr     $16, %edx
        mov     %dx, 6(%edi)
        add     $16, %eax
        add     $2 * WORD_BYTES, %edi
        inc     %ecx
        cmp     $256, %ecx
        jb      1b
        ret

/* ---- exceptions ---- */
#define FIELD(n, from) MOV from, A; MOV A, EXC_FIELD(n)
#ifdef LONG
#define A %rax
#define B %rbx
#define C %rcx
#define D %rdx
#define S %rsi
#define DI %rdi
#define MOV movq
#define IRET iretq
#else
#define A %eax
#define B %ebx
#define C %ecx
#define D %edx
#define S %esi
#define DI %edi
#define MOV movl
#define IRET iretl
#endif

        .macro  call_save where
        MOV     A, \where
        MOV     B, \where + WORD_BYTES
        MOV     C, \where + 2 * WORD_BYTES
        MOV     D, \where + 3 * WORD_BYTES
        MOV     S, \where + 4 * WORD_BYTES
        MOV     DI, \where + 5 * WORD_BYTES
        .endm

        .macro  call_load where
        MOV     \where, A
        MOV     \where + WORD_BYTES, B
        MOV     \where + 2 * WORD_BYTES, C
        MOV     \where + 3 * WORD_BYTES, D
        MOV     \where + 4 * WORD_BYTES, S
        MOV     \where + 5 * WORD_BYTES, DI
        .endm

/* Each pushes its vector above the CPU's frame. */
        .align  16
stubs:
        .set    vector, 0
        .rept   256
        .align  16
        PUSH    $vector
        .byte   0xe9
        .if     vector == 8 || (vector >= 10 && vector <= 14) || vector == 17
        .long   with_error - . - 4
        .else
        .long   no_error - . - 4
        .endif
        .set    vector, vector + 1
        .endr

no_error:
#ifdef LONG
        pushq   (%rsp)                  /* the vector moves down, 0 takes its place */
        movq    $0, 8(%rsp)
#else
        pushl   (%esp)
        movl    $0, %ss:4(%esp)
#endif
with_error:
        PUSH    A                       /* DS may be anything */
        MOV     $DATA0, A
        mov     %eax, %ds
        mov     %eax, %es
        pop     A
        call_save saved
        FIELD(EXC_VECTOR, 0(SP))
        FIELD(EXC_ERROR, WORD_BYTES(SP))
        FIELD(EXC_IP, 2 * WORD_BYTES(SP))
        FIELD(EXC_CS, 3 * WORD_BYTES(SP))
        FIELD(EXC_FLAGS, 4 * WORD_BYTES(SP))
        FIELD(EXC_SP, 5 * WORD_BYTES(SP))
        FIELD(EXC_SS, 6 * WORD_BYTES(SP))
        MOV     SP, EXC_FIELD(EXC_FRAME)
        incl    EXC_FIELD(EXC_COUNT)
        cmpl    $1, EXC_FIELD(EXC_VECTOR)
        jne     1f
        cmpl    $0, steps_left
        jne     step
1:      cmpl    $0, EXC_FIELD(EXC_RESUME)
        je      unexpected
        MOV     EXC_FIELD(EXC_RESUME), A
        MOV     A, resume_at
        movl    $0, EXC_FIELD(EXC_RESUME)
        MOV     EXC_FIELD(EXC_CATCH_SP), SP
        call_load saved
        jmp     *resume_at

/* Stepping: notes where, and goes on; at the last step TF is cleared. */
step:
        mov     step_count, %ecx
        MOV     EXC_FIELD(EXC_IP), A
        MOV     A, step_ips(, C, WORD_BYTES)
        incl    step_count
        decl    steps_left
        jnz     1f
        andl    $~FL_TF, 4 * WORD_BYTES(SP)
1:      call_load saved
        lea     2 * WORD_BYTES(SP), SP
        IRET

unexpected:
        mov     $bail, %esi
        call    puts
        MOV     EXC_FIELD(EXC_VECTOR), A
        call    put_hex
        MOV     EXC_FIELD(EXC_IP), A
        call    put_hex
        MOV     EXC_FIELD(EXC_ERROR), A
        call    put_hex
        call    newline
        jmp     stop

/* ---- checks ---- */
        .globl  system_check, system_test, system_done, system_ip_offset
system_ip_offset:
        pushf
        PUSH    A
        MOV     EXC_FIELD(EXC_IP), A
        sub     EXC_FIELD(EXC_AT), A
        MOV     A, ip_offset
        pop     A
        popf
        ret

/* Stack: return address, expected, actual. */
system_check:
        pushf
        call_save saved_check
        MOV     2 * WORD_BYTES(SP), A
        cmp     3 * WORD_BYTES(SP), A
        je      1f
        movl    $1, failed
        mov     $text_at, %esi
        call    puts
        MOV     1 * WORD_BYTES(SP), A
        call    put_hex
        mov     $text_got, %esi
        call    puts
        MOV     3 * WORD_BYTES(SP), A
        call    put_hex
        mov     $text_expected, %esi
        call    puts
        MOV     2 * WORD_BYTES(SP), A
        call    put_hex
        call    newline
1:      call_load saved_check
        popf
        ret     $2 * WORD_BYTES

/* Ends a test and begins the next. Stack: return address, name. */
system_test:
        call_save saved_check
        call    end_test
        MOV     WORD_BYTES(SP), A
        MOV     A, test_name
        call_load saved_check
        ret     $WORD_BYTES

end_test:
        cmpl    $0, test_name
        je      2f
        incl    test_number
        mov     $text_not_ok, %esi
        cmpl    $0, failed
        jne     1f
        mov     $text_ok, %esi
1:      call    puts
        mov     test_number, %eax
        call    put_decimal
        mov     $text_dash, %esi
        call    puts
        MOV     test_name, S
        call    puts
        call    newline
2:      movl    $0, failed
        ret

system_done:
        call    end_test
        mov     $text_plan, %esi
        call    puts
        mov     test_number, %eax
        call    put_decimal
        call    newline
stop:   mov     $0x3fd, %edx            /* until the last byte is out */
1:      in      %dx, %al
        test    $0x40, %al
        jz      1b
        lidt    no_idt
        int3

/* ---- output ---- */
put_char:
        mov     %al, %ah
        mov     $0x3fd, %edx
1:      in      %dx, %al
        test    $0x20, %al
        jz      1b
        mov     $0x3f8, %edx
        mov     %ah, %al
        out     %al, %dx
        ret

puts:   movb    (S), %al
        test    %al, %al
        jz      1f
        call    put_char
        inc     S
        jmp     puts
1:      ret

newline:
        mov     $10, %al
        jmp     put_char

put_hex:
        MOV     A, B
        mov     $text_0x, %esi
        call    puts
        mov     $2 * WORD_BYTES, %edi
1:      rol     $4, B
        mov     %ebx, %eax
        and     $15, %eax
        movb    digits(A), %al
        call    put_char
        dec     %edi
        jnz     1b
        ret

put_decimal:
        mov     $10, %ecx
        xor     %edx, %edx
        div     %ecx
        test    %eax, %eax
        jz      1f
        PUSH    D
        call    put_decimal
        pop     D
1:      lea     '0'(D), %eax
        jmp     put_char

        .section .rodata
bail:   .asciz  "Bail out! unexpected exception: vector, address, error "
text_at: .asciz "# at "
text_got: .asciz ": got "
text_expected: .asciz ", expected "
text_ok: .asciz "ok "
text_not_ok: .asciz "not ok "
text_dash: .asciz " - "
text_plan: .asciz "1.."
text_0x: .asciz "0x"
digits: .ascii  "0123456789abcdef"

        .data
        .align  16
        .globl  gdt
gdt:    .quad   0
        .quad   0x00cf9a000000ffff      /* CODE0 */
        .quad   0x00cf92000000ffff      /* DATA0 */
        .quad   0x00cffa000000ffff      /* CODE3 */
        .quad   0x00cff2000000ffff      /* DATA3 */
        .quad   0x0000890000002068, 0   /* TSS, with a bitmap to the limit */
        .quad   0x00af9a000000ffff      /* CODE64 */
        .quad   0x00affa000000ffff      /* CODE64_3 */
        .quad   0x00cf9e000000ffff      /* CONFORMING */
        .quad   0x00cf1a000000ffff      /* CODE_ABSENT */
        .quad   0x00cf90000000ffff      /* READONLY */
        .quad   0x00009a000000ffff      /* CODE16 */
        .quad   0x000092000000ffff      /* DATA16 */
        .quad   0x0000890000000067, 0   /* TSS2 */
        .quad   0, 0                    /* GATE */
        .quad   0x00409220000000ff      /* SMALL */
        .quad   0x0000960000000fff      /* EXPAND_DOWN */
        .quad   0x00cf12000000ffff      /* DATA_ABSENT */
        .quad   0x00cf98000000ffff      /* EXEC_ONLY */
gdt_end:
        .globl  pdpt, gdt_pointer, idt_pointer, tss, tss2, idt
gdt_pointer: .word gdt_end - gdt - 1
        WORD    gdt
idt_pointer: .word 256 * 2 * WORD_BYTES - 1
        WORD    idt
no_idt: .word   0
        WORD    0

        .align  16
tss:
#ifdef LONG
        .long   0
        .quad   kernel_stack_top, 0, 0, 0, ist1_top, 0, 0, 0, 0, 0, 0, 0
        .word   0, 0x68
#else
        .long   0, kernel_stack_top, DATA0
        .fill   22, 4, 0
        .word   0, 0x68
#endif
        .fill   0x2001, 1, 0xff
        .align  16
tss2:   .fill   0x68, 1, 0

        .bss
        .align  4096
pages:  .skip   4096
pdpt:   .skip   4096
pml4:   .skip   4096
idt:    .skip   4096
        .skip   8192
stack_top:
        .skip   4096
        .globl  kernel_stack_top, user_stack_top, ist1_top, stack_top
kernel_stack_top:
        .skip   4096
user_stack_top:
        .skip   4096
ist1_top:
        .globl  exc_record, ip_offset, steps_left, step_count, step_ips
exc_record: .skip 16 * WORD_BYTES
ip_offset: .skip 8
resume_at: .skip 8
saved:  .skip   16 * WORD_BYTES
saved_check: .skip 16 * WORD_BYTES
failed: .skip   8
test_name: .skip 8
test_number: .skip 8
steps_left: .skip 8
step_count: .skip 8
step_ips: .skip 64 * WORD_BYTES
