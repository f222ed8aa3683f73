/* SPDX-License-Identifier: MIT */
/*
 * Start and exceptions of the multi-vCPU tests on q35: see amd64.c.
 *
 * vCPU 0 comes from the multiboot loader in flat 32-bit mode, the others from a SIPI in real mode at TRAMPOLINE, where vCPU 0
 * has put a copy of the code below. Both go on in cpu_start with their number in EBX.
 */
#define STACK_SHIFT 14
#define TRAMPOLINE 0x8000
#define CODE32 0x08
#define DATA 0x10
#define CODE64 0x18

        .section .multiboot, "ax"
        .align  4
        .long   0x1badb002, 0x10000, -(0x1badb002 + 0x10000)
        .long   load_start, load_start, load_end, image_end, _start

        .text
        .code16
        .globl  amd64_trampoline, amd64_trampoline_end
amd64_trampoline:
        cli
        xor     %ax, %ax
        mov     %ax, %ds
        lgdtl   TRAMPOLINE + (trampoline_gdt - amd64_trampoline)
        mov     %cr0, %eax
        or      $1, %al
        mov     %eax, %cr0
        ljmpl   $CODE32, $secondary
trampoline_gdt:
        .word   gdt_end - gdt - 1
        .long   gdt
amd64_trampoline_end:

        .code32
secondary:
        mov     $DATA, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        mov     $0xffffffff, %ebx       /* finds its number when it runs C: see amd64_find_self */
1:      lock btsl $0, start_lock        /* one at a time: they share a stack until then */
        jnc     2f
        pause
        jmp     1b
2:      mov     $start_stack_end, %esp
        jmp     cpu_start

        .globl  _start
_start:
        cli
        lgdt    gdt_pointer
        xor     %ebx, %ebx
        mov     $0xff, %al              /* no interrupts from the 8259s */
        out     %al, $0x21
        out     %al, $0xa1
        mov     $smp_stacks + (1 << STACK_SHIFT), %esp
        mov     $DATA, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss

/* Long mode. */
cpu_start:
        mov     $0x620, %eax            /* PAE, OSFXSR, OSXMMEXCPT */
        mov     %eax, %cr4
        mov     $amd64_pml4, %eax
        mov     %eax, %cr3
        mov     $0xc0000080, %ecx
        rdmsr
        or      $0x100, %eax            /* LME */
        wrmsr
        mov     %cr0, %eax
        and     $~0x6000000c, %eax      /* caches on */
        or      $0x80010022, %eax       /* PG, WP, NE, MP */
        mov     %eax, %cr0
        ljmp    $CODE64, $1f
        .code64
1:      test    %ebx, %ebx
        jz      boot
        call    amd64_find_self
        mov     %eax, %edi
        mov     %eax, %ecx
        inc     %ecx
        shl     $STACK_SHIFT, %ecx
        lea     smp_stacks(%rcx), %rsp
        movl    $0, start_lock
        call    smp_secondary
boot:   call    smp_boot

        .globl  smp_try_load, smp_try_store, amd64_try_load_at, amd64_try_store_at, amd64_try_failed
smp_try_load:
amd64_try_load_at:
        mov     (%rdi), %rax
        mov     %rax, (%rsi)
        mov     $1, %eax
        ret
smp_try_store:
amd64_try_store_at:
        mov     %rsi, (%rdi)
        mov     $1, %eax
        ret
amd64_try_failed:
        xor     %eax, %eax
        ret

/* ---- exceptions and interrupts: 256 stubs of 16 bytes ---- */
        .align  16
        .globl  amd64_stubs
amd64_stubs:
        .set    vector, 0
        .rept   256
        .align  16
        .if     !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17)
        pushq   $0
        .endif
        pushq   $vector
        jmp     event
        .set    vector, vector + 1
        .endr

event:  push    %rax
        push    %rcx
        push    %rdx
        push    %rsi
        push    %rdi
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        mov     %rsp, %rdi              /* struct Frame of amd64.c */
        push    %rbp
        mov     %rsp, %rbp
        and     $-16, %rsp
        cld
        call    amd64_event
        mov     %rbp, %rsp
        pop     %rbp
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rdi
        pop     %rsi
        pop     %rdx
        pop     %rcx
        pop     %rax
        add     $16, %rsp
        iretq

        .data
        .align  16
gdt:    .quad   0
        .quad   0x00cf9a000000ffff      /* CODE32 */
        .quad   0x00cf92000000ffff      /* DATA */
        .quad   0x00af9a000000ffff      /* CODE64 */
gdt_end:
gdt_pointer:
        .word   gdt_end - gdt - 1
        .quad   gdt
        .align  4
start_lock: .long 0

/* Present and writable: 3; large: 0x80; uncached: 0x18. */
        .align  4096
        .globl  amd64_window
amd64_pml4:
        .quad   pdpt + 3
        .fill   511, 8, 0
pdpt:   .quad   low + 3, 0, window + 3, high + 3
        .fill   508, 8, 0
low:    .set    page, 0
        .rept   512
        .quad   page << 21 | 0x83
        .set    page, page + 1
        .endr
window: .set    page, 0
        .rept   8
        .quad   amd64_window + page * 4096 + 3
        .set    page, page + 1
        .endr
        .fill   504, 8, 0
high:   .fill   503, 8, 0
        .quad   0xfee0009b
        .fill   8, 8, 0

        .bss
        .align  4096
amd64_window: .skip 8 * 4096
start_stack: .skip 4096
start_stack_end:
