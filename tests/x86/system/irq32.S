/* SPDX-License-Identifier: MIT */
/* When interrupts are taken: IF, the shadow of STI, HLT, priorities, NMI. They come from the local APIC, sent to itself. */
#include "system.h"

#define ICR 0xfee00300
#define SPURIOUS 0xfee000f0
#define TPR 0xfee00080
#define EOI 0xfee000b0
#define FIXED 0x44000
#define NMI 0x44400

        .macro  eoi
        movl    $0, EOI
        .endm

/* Between blocks of code, where what was sent arrives. */
        .macro  settle
        jmp     .Lsoon\@
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

        testcase "STI: one instruction later"
        cli
        movl    $FIXED+0x40, ICR
        settle
        xor     %ecx, %ecx
        prepare_catch 1f, 3f
1:      sti
        inc     %ecx
2:      inc     %ecx
        cli
3:      check   EXC_FIELD(EXC_VECTOR), 0x40
        check   EXC_FIELD(EXC_IP), 2b
        check   EXC_FIELD(EXC_FLAGS), 0x202
        check   %ecx, 1
        eoi

        testcase "STI; CLI lets nothing in"
        movl    $FIXED+0x41, ICR
        settle
        prepare_catch 1f, 2f
1:      sti
        cli
        nop
        nop
2:      expect_nothing

        testcase "POPF: at once"
        prepare_catch 1f, 3f
1:      push    $0x202
        popf
2:      nop
3:      cli
        check   EXC_FIELD(EXC_VECTOR), 0x41
        check   EXC_FIELD(EXC_IP), 2b
        eoi

        testcase "IRET: at once"
        movl    $FIXED+0x42, ICR
        settle
        prepare_catch 1f, 3f
1:      push    $0x202
        push    $CODE0
        push    $2f
        iretl
2:      nop
3:      cli
        check   EXC_FIELD(EXC_VECTOR), 0x42
        check   EXC_FIELD(EXC_IP), 2b
        eoi

        testcase "STI; HLT wakes: the interrupt is taken after the HLT"
        movl    $FIXED+0x43, ICR
        settle
        prepare_catch 1f, 3f
1:      sti
        hlt
2:      nop
3:      cli
        check   EXC_FIELD(EXC_VECTOR), 0x43
        check   EXC_FIELD(EXC_IP), 2b
        eoi

        testcase "the task priority holds back its class and what is below"
        movl    $0x50, TPR
        movl    $FIXED+0x51, ICR
        settle
        prepare_catch 1f, 2f
1:      sti
        nop
        nop
        cli
2:      expect_nothing
        prepare_catch 1f, 2f
1:      movl    $0x40, TPR
        sti
        nop
        nop
2:      cli
        check   EXC_FIELD(EXC_VECTOR), 0x51
        movl    $FIXED+0x55, ICR        /* not while a higher class, or the same, is served */
        settle
        prepare_catch 1f, 2f
1:      sti
        nop
        nop
        cli
2:      expect_nothing
        prepare_catch 1f, 2f
1:      eoi
        sti
        nop
        nop
2:      cli
        check   EXC_FIELD(EXC_VECTOR), 0x55
        eoi
        movl    $0, TPR

        testcase "NMI: whatever IF says; the next waits for IRET"
        prepare_catch 1f, 2f
1:      movl    $NMI, ICR
        settle
2:      check   EXC_FIELD(EXC_VECTOR), 2
        prepare_catch 1f, 2f
1:      movl    $NMI, ICR
        settle
2:      expect_nothing
        prepare_catch 1f, 3f
1:      pushf
        push    $CODE0
        push    $2f
        iretl
2:      nop
3:      check   EXC_FIELD(EXC_VECTOR), 2
        check   EXC_FIELD(EXC_IP), 2b
        pushf                           /* NMIs are open again */
        push    $CODE0
        push    $4f
        iretl
4:      movl    $0, EXC_FIELD(EXC_RESUME)

        testcase "level 3 with interrupts on: taken there, on the stack of level 0"
        movl    $FIXED+0x46, ICR
        settle
        run_user user_loop, 0x202
        cli
        check   EXC_FIELD(EXC_VECTOR), 0x46
        check   EXC_FIELD(EXC_IP), user_loop
        check   EXC_FIELD(EXC_CS), CODE3
        check   EXC_FIELD(EXC_FLAGS), 0x202
        check   EXC_FIELD(EXC_FRAME), kernel_stack_top-28
        eoi
        finish

user_loop:
        jmp     user_loop

        .bss
        .align  4096
apic_pages: .skip 4096
