/* SPDX-License-Identifier: MIT */
/* Far transfers of 32-bit protected mode: call gates, conforming code, far returns, task switches, virtual-8086 mode, 16-bit code. */
#include "system.h"

        .macro  set_call_gate type, dpl, selector, offset, params=0
        movl    $\offset, %eax
        movw    %ax, gdt+GATE
        movw    $\selector, gdt+GATE+2
        movb    $\params, gdt+GATE+4
        movb    $(0x80|(\dpl<<5)|\type), gdt+GATE+5
        shrl    $16, %eax
        movw    %ax, gdt+GATE+6
        .endm

        begin
        testcase "far jump and call within a level"
        ljmp    $CODE0, $1f
        ud2
1:      lcall   $CODE0, $far_same
        check   %ebx, 77
        lcall   $CONFORMING, $far_same
        check   %ebx, 77

        testcase "far jump: #GP and #NP with the selector"
        catch   ljmp $DATA0, $0
        expect  13, DATA0
        catch   ljmp $CODE3, $0
        expect  13, 0x18
        catch   ljmp $CODE_ABSENT, $0
        expect  11, CODE_ABSENT
        catch   ljmp $0, $0
        expect  13, 0
        catch   ljmp $CODE16, $0x10000
        expect  13, 0

        testcase "call gate to level 0: stack, parameters, return"
        set_call_gate 12, 3, CODE0, gate_target, 2
        run_user user_gate
        expect  0x80, 0, "user_gate_end-user_gate"
        check   gate_cs, CODE0
        check   gate_ss, DATA0
        check   gate_sp, kernel_stack_top-24
        check   gate_param1, 0x1111
        check   gate_param2, 0x2222
        check   gate_old_sp, user_stack_top-8
        check   EXC_FIELD(EXC_SP), user_stack_top

        testcase "call gate: #GP(gate) below its DPL, #NP absent"
        set_call_gate 12, 0, CODE0, gate_target, 0
        run_user user_gate_only
        expect  13, GATE
        set_call_gate 12, 3, CODE0, gate_target, 0
        movb    $0x6c, gdt+GATE+5
        run_user user_gate_only
        expect  11, GATE
        set_call_gate 12, 3, DATA0, gate_target, 0
        run_user user_gate_only
        expect  13, DATA0

        testcase "return to level 3: data segments of level 0 become null"
        mov     $DATA0, %eax
        mov     %eax, %fs
        mov     $DATA3, %eax
        mov     %eax, %gs
        prepare_catch user_ret, 1f
        push    $DATA3
        push    $user_stack_top
        push    $CODE3
        push    $user_ret
        lret
1:      expect  0x80, 0, 2
        mov     %fs, %eax
        check   %eax, 0
        mov     %gs, %eax
        check   %eax, DATA3

        testcase "IRET: #GP for a null CS, #GP(SS) for a stack of another level"
        prepare_catch 1f, 2f
        push    $2
        push    $0
        push    $0
1:      iretl
2:      expect  13, 0
        prepare_catch 1f, 2f
        push    $DATA0
        push    $0x5000
        push    $2
        push    $CODE3
        push    $user_ret
1:      iretl
2:      expect  13, DATA0

        testcase "16-bit code"
        movb    $0x10, gdt+CODE16+4     /* base 0x100000 */
        movl    $1f-0x100000, %eax
        mov     %eax, code16_pointer
        lcall   *code16_pointer
        check   %ebx, 0x1234
        jmp     2f
        .code16
1:      mov     $0, %ebx
        mov     $0x1234, %bx
        lretl
        .code32
2:

        testcase "task switch by CALL and IRET"
        call    fill_tss2
        mov     $0xbeef, %esi
        lcall   $TSS2_SEL, $0
        check   %esi, 0xbeef
        check   task_esi, 0x6666
        check   task_flags, 0x4002      /* NT */
        check   task_tr, TSS2_SEL
        str     %eax
        check   %eax, TSS_SEL
        mov     %cr0, %eax
        and     $8, %eax
        check   %eax, 8                 /* TS */
        clts
        movzwl  tss2, %eax
        check   %eax, TSS_SEL
        movzbl  gdt+TSS2_SEL+5, %eax
        check   %eax, 0x89
        movzbl  gdt+TSS_SEL+5, %eax
        check   %eax, 0x8b

        testcase "task gate in the IDT: error code on the new stack"
        call    fill_tss2
        movl    $task_fault, tss2+0x20
        movw    $TSS2_SEL, idt+10*8+2
        movb    $0x85, idt+10*8+5
        movw    $READONLY, tss+8        /* #TS when level 3 comes in */
        push    $DATA3
        push    $user_stack_top
        push    $2
        push    $CODE3
        push    $user_int80
        iretl
task_fault_back:
        check   task_error, READONLY
        movw    $DATA0, tss+8
        mov     %cr0, %eax
        and     $~8, %eax
        mov     %eax, %cr0

        testcase "virtual-8086 mode: segments, privileged instructions, return"
        movl    $0xfa90cd90, 0x8000     /* nop; int ... */
        movw    $0x80cd, 0x8001
        prepare_catch 0, 1f
        push    $0x700                  /* GS FS DS ES SS ESP EFLAGS CS EIP */
        push    $0x600
        push    $0x500
        push    $0x400
        push    $0x300
        push    $0xf00
        push    $0x23002                /* VM, IOPL 3 */
        push    $0x800
        push    $0
        iretl
1:      check   EXC_FIELD(EXC_VECTOR), 0x80
        check   EXC_FIELD(EXC_IP), 3
        check   EXC_FIELD(EXC_CS), 0x800
        check   EXC_FIELD(EXC_FLAGS), 0x23002
        check   EXC_FIELD(EXC_SP), 0xf00
        check   EXC_FIELD(EXC_SS), 0x300
        mov     %fs, %eax
        check   %eax, 0
        mov     EXC_FIELD(EXC_FRAME), %eax
        movl    28(%eax), %ecx
        check   %ecx, 0x400
        movl    40(%eax), %ecx
        check   %ecx, 0x700

        testcase "virtual-8086 mode with IOPL 0: INT and CLI are #GP(0)"
        prepare_catch 0, 1f
        push    $0
        push    $0
        push    $0
        push    $0
        push    $0x300
        push    $0xf00
        push    $0x20002
        push    $0x800
        push    $0
        iretl
1:      check   EXC_FIELD(EXC_VECTOR), 13
        check   EXC_FIELD(EXC_ERROR), 0
        check   EXC_FIELD(EXC_IP), 1
        finish

far_same:
        mov     $77, %ebx
        lret

user_gate:
        push    $0x2222
        push    $0x1111
        lcall   $GATE+3, $0
        int     $0x80
user_gate_end:
user_gate_only:
        lcall   $GATE+3, $0
user_ret:
user_int80:
        int     $0x80

gate_target:
        mov     $DATA0, %eax            /* level 3 has left it null */
        mov     %eax, %ds
        mov     %cs, gate_cs
        mov     %ss, gate_ss
        mov     %esp, gate_sp
        mov     8(%esp), %eax
        mov     %eax, gate_param1
        mov     12(%esp), %eax
        mov     %eax, gate_param2
        mov     16(%esp), %eax
        mov     %eax, gate_old_sp
        lret    $8

fill_tss2:
        mov     %cr3, %eax
        mov     %eax, tss2+0x1c
        mov     %eax, tss+0x1c
        movl    $task2, tss2+0x20
        movl    $2, tss2+0x24
        movl    $0x6666, tss2+0x40
        movl    $kernel_stack_top, tss2+0x38
        movl    $DATA0, tss2+0x48
        movl    $CODE0, tss2+0x4c
        movl    $DATA0, tss2+0x50
        movl    $DATA0, tss2+0x54
        movl    $0, tss2+0x58
        movl    $0, tss2+0x5c
        ret

task2:  mov     %esi, task_esi
        pushf
        pop     task_flags
        str     task_tr
        iret

task_fault:
        pop     task_error
        clts
        andb    $0xfd, gdt+TSS_SEL+5    /* back by a jump: the old task is not busy then */
        pushf
        andl    $~FL_NT, (%esp)
        popf
        movl    $stack_top-256, tss+0x38
        movl    $task_fault_back, tss+0x20
        movl    $2, tss+0x24
        movl    $CODE0, tss+0x4c
        movl    $DATA0, tss+0x50
        movl    $DATA0, tss+0x54
        movl    $DATA0, tss+0x48
        ljmp    $TSS_SEL, $0

        .data
code16_pointer: .long 0
        .word   CODE16
        .bss
        .align  4
gate_cs: .skip  4
gate_ss: .skip  4
gate_sp: .skip  4
gate_param1: .skip 4
gate_param2: .skip 4
gate_old_sp: .skip 4
task_esi: .skip 4
task_flags: .skip 4
task_tr: .skip  4
task_error: .skip 4
