/* SPDX-License-Identifier: MIT */
/* Debug exceptions: single step, instruction, data and I/O breakpoints, DR6 and DR7, INT1. */
#include "system.h"

#define DR6_CLEAR 0xffff0ff0

        .macro  clear_dr6
        mov     $DR6_CLEAR, %eax
        mov     %eax, %dr6
        .endm

        .macro  check_dr6 bits
        mov     %dr6, %eax
        and     $0xe00f, %eax
        check   %eax, \bits
        .endm

        .macro  set_dr7 value
        mov     $\value, %eax
        mov     %eax, %dr7
        .endm

/* Steps n instructions after the POPF. */
        .macro  step n
        movl    $0, step_count
        movl    $\n, steps_left
        pushf
        orl     $FL_TF, (%esp)
        popf
        .endm

        .macro  check_step n, label
        mov     step_ips+4*\n, %eax
        check   %eax, \label
        .endm

        begin
        testcase "single step: after each instruction, not after the POPF that sets TF"
        clear_dr6
        step    3
        nop
1:      inc     %eax
2:      nop
3:      nop
        check   step_count, 3
        check_step 0, 1b
        check_step 1, 2b
        check_step 2, 3b
        check_dr6 0x4000

        testcase "single step: each iteration of a REP, then behind it"
        mov     $0x200000, %edi
        mov     $2, %ecx
        xor     %eax, %eax
        step    3
1:      rep     stosb
2:      nop
3:      nop
        check_step 0, 1b
        check_step 1, 2b
        check_step 2, 3b

        testcase "single step: no trap between MOV SS and the next"
        mov     %ss, %ecx
        step    2
        mov     %ecx, %ss
1:      nop
2:      nop
3:      nop
        check_step 0, 2b
        check_step 1, 3b

        testcase "single step: a trap between STI and the next"
        step    2
        sti
1:      nop
2:      cli
        check_step 0, 1b
        check_step 1, 2b

        testcase "single step: INT n runs unstepped"
        clear_dr6
        prepare_catch 1f, 2f
        movl    $0, step_count
        movl    $1, steps_left
        pushf
        orl     $FL_TF, (%esp)
        popf
1:      int     $0x80
2:      check   EXC_FIELD(EXC_VECTOR), 0x80
        check   steps_left, 1
        movl    $0, steps_left

        testcase "instruction breakpoint: a fault, RF passes it"
        clear_dr6
        mov     $1f, %eax
        mov     %eax, %dr1
        set_dr7 0x408                   /* G1 */
        movl    $0, EXC_FIELD(EXC_COUNT)
        prepare_catch 1f, 2f
1:      inc     %ecx
2:      expect  1
        check_dr6 2
        mov     $3f, %eax
        mov     %eax, %dr1
        xor     %ecx, %ecx
        movl    $0, EXC_FIELD(EXC_RESUME)
        pushf
        orl     $FL_RF, (%esp)
        push    %cs
        push    $3f
        iretl
3:      inc     %ecx
        check   %ecx, 1
        set_dr7 0x400

        testcase "data breakpoint: a trap behind the instruction"
        clear_dr6
        mov     $0x200100, %eax
        mov     %eax, %dr0
        set_dr7 0x000d0402              /* G0, writes, 4 bytes */
        catch   movb $1, 0x200103
        expect  1, 0, 7
        check_dr6 1
        clear_dr6
        catch   movb $1, 0x200104
        expect_nothing
        mov     0x200100, %eax
        check   EXC_FIELD(EXC_VECTOR), -1
        set_dr7 0x000f0402              /* reads too */
        catch   mov 0x2000fe, %eax
        expect  1, 0, 5
        check_dr6 1
        set_dr7 0x400
        movzbl  0x200103, %eax
        check   %eax, 1

        testcase "data breakpoint in a string instruction"
        clear_dr6
        set_dr7 0x000d0402
        mov     $0x2000f8, %edi
        mov     $32, %ecx
        prepare_catch 1f, 2f
1:      rep     stosb
2:      check   EXC_FIELD(EXC_VECTOR), 1
        check_dr6 1
        check   %edi, 0x200101
        set_dr7 0x400

        testcase "I/O breakpoint"
        clear_dr6
        mov     $0x80, %eax
        mov     %eax, %dr3
        mov     %cr4, %eax
        or      $8, %eax                /* DE */
        mov     %eax, %cr4
        set_dr7 0x20000480              /* G3, I/O, 1 byte */
        catch   out %al, $0x80
        expect  1, 0, 2
        check_dr6 8
        catch   out %al, $0x81
        expect_nothing
        set_dr7 0x400
        catch   mov %dr4, %eax
        expect  6
        mov     %cr4, %eax
        and     $~8, %eax
        mov     %eax, %cr4

        testcase "general detect"
        clear_dr6
        set_dr7 0x2400
        catch   mov %dr0, %eax
        expect  1
        mov     %dr7, %eax
        check   %eax, 0x400
        check_dr6 0x2000

        testcase "INT1"
        clear_dr6
        catch   .byte 0xf1
        expect  1, 0, 1
        check_dr6 0

        testcase "breakpoints stop nothing once they are off"
        mov     $0x200100, %eax
        mov     %eax, %dr0
        catch   movb $1, 0x200103
        expect_nothing
        finish
