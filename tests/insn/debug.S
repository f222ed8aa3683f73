/* SPDX-License-Identifier: MIT */
/* Self-hosted debug (D2): breakpoints, watchpoints, software step, BRK and HLT. */
#include "insn.h"

#define SS 1
#define KDE (1 << 13)
#define MDE (1 << 15)
#define EL1_ONLY (1 << 1)
#define EL0_ONLY (2 << 1)
#define BCR(type, lbn, el) ((type) << 20 | (lbn) << 16 | 0xf << 5 | (el) | 1)
#define WCR(bas, lsc, el) ((bas) << 5 | (lsc) << 3 | (el) | 1)
#define LINK(lbn) (1 << 20 | (lbn) << 16)
#define MASK(n) ((n) << 24)
#define LOADS 1
#define STORES 2
#define BKPT ESR(0x30, 0x22)
#define BKPT_EL1 ESR(0x31, 0x22)
#define WATCH_LD ESR(0x34, 0x22)
#define WATCH_ST ESR(0x34, 0x62)
#define STEP(ex) ESR(0x32, 1 << 24 | (ex) << 6 | 0x22)
#define STEP_AFTER_OTHER ESR(0x32, 0x22)
#define DONE ESR(0x15, 0xee)
#define DATA (FREE_RAM + 0x2000)
#define EL0_DATA (DATA + EL0_ALIAS)
#define SPSR_SS (1 << 21)
#define SPSR_EL1_DEBUG 0x1c5    /* EL1h, D clear */

        .macro  mdscr value
        ldr     x16, =\value
        msr     mdscr_el1, x16
        isb
        .endm

        .macro  breakpoint n, addr, cr
        ldr     x16, =\addr
        msr     dbgbvr\n\()_el1, x16
        ldr     x16, =\cr
        msr     dbgbcr\n\()_el1, x16
        isb
        .endm

        .macro  watch n, addr, cr
        ldr     x16, =\addr
        msr     dbgwvr\n\()_el1, x16
        ldr     x16, =\cr
        msr     dbgwcr\n\()_el1, x16
        isb
        .endm

        .macro  oslock value
        mov     x16, #\value
        msr     oslar_el1, x16
        isb
        .endm

        .macro  context value
        mov     x16, #\value
        msr     contextidr_el1, x16
        isb
        .endm

        .macro  el0_case code:vararg
        b       2f
        .balign 4
1:      \code
        svc     #0xee
2:      run_el0 1b
        .endm

/* Four instructions at EL0; with a breakpoint or not. */
        .macro  run_counted
        mov     x0, #0
        run_el0 counted
        .endm

        .macro  expect_done
        expect  EL0_SYNC, DONE, 16
        check   x0, 3
        .endm

/* One EL1 instruction with D clear. */
        .macro  el1_debugged insn:vararg
        prepare_catch 1f, 2f
        msr     daifclr, #8
1:      \insn
2:      msr     daifset, #8
        .endm

        begin
        b       go
        .balign 4
counted:
        mov     x0, #1
        mov     x0, #2
        mov     x0, #3
        svc     #0xee
go:
        test    "without MDE or with the OS lock a breakpoint matches nothing"
        oslock  1
        run_counted
        expect_done
        breakpoint 0, counted + EL0_ALIAS + 4, BCR(0, 0, EL0_ONLY)
        mdscr   MDE
        run_counted
        expect_done
        mdscr   0
        oslock  0
        run_counted
        expect_done

        test    "breakpoint at EL0, in the middle of a known block"
        mdscr   MDE
        run_counted
        expect  EL0_SYNC, BKPT, 4
        check   x0, 1
        check_exc EXC_SPSR, SPSR_EL0
        oslock  1
        run_counted
        expect_done
        oslock  0
        run_counted
        expect  EL0_SYNC, BKPT, 4
        breakpoint 0, counted + EL0_ALIAS, BCR(0, 0, EL0_ONLY)
        run_counted
        expect  EL0_SYNC, BKPT, 0
        check   x0, 0
        breakpoint 0, counted + EL0_ALIAS + 4, BCR(0, 0, EL0_ONLY) - 1
        run_counted
        expect_done
        mrs     x0, dbgbcr0_el1
        check   x0, 0x1e4

        test    "an address that only collides matches nothing"
        breakpoint 0, counted + EL0_ALIAS + 0x104, BCR(0, 0, EL0_ONLY)
        run_counted
        expect_done

        test    "breakpoint at each instruction of a block with more exits than links"
        b       4f
3:      .rept   16
        add     x0, x0, #1
        .endr
        svc     #0xee
4:      .irp    k, 0, 5, 7, 8, 9, 15
        breakpoint 0, 3b + EL0_ALIAS + 4 * \k, BCR(0, 0, EL0_ONLY)
        mov     x0, #0
        run_el0 3b
        expect  EL0_SYNC, BKPT, 4 * \k
        check   x0, \k
        .endr

        test    "breakpoints: privilege, reserved states and types"
        breakpoint 0, counted + EL0_ALIAS + 4, BCR(0, 0, EL1_ONLY)
        run_counted
        expect_done
        breakpoint 0, counted + EL0_ALIAS + 4, BCR(0, 0, 0)
        run_counted
        expect_done
        breakpoint 0, counted + EL0_ALIAS + 4, BCR(0, 0, EL0_ONLY | EL1_ONLY)
        run_counted
        expect  EL0_SYNC, BKPT, 4

        test    "address linked to a context"
        context 0x123
        breakpoint 5, 0x123, BCR(3, 0, EL0_ONLY)
        breakpoint 0, counted + EL0_ALIAS + 8, BCR(1, 5, EL0_ONLY)
        run_counted
        expect  EL0_SYNC, BKPT, 8
        check   x0, 2
        context 0x122
        run_counted
        expect_done
        context 0x123
        breakpoint 5, 0x123, BCR(3, 0, EL0_ONLY) - 1
        run_counted
        expect_done
        breakpoint 5, 0x123, 0
        breakpoint 0, 0, 0

        test    "breakpoint at EL1: KDE, and D clear"
        breakpoint 1, 3f, BCR(0, 0, EL1_ONLY)
        catch   b 3f
        b       4f
3:      nop
4:      expect_nothing
        mdscr   MDE | KDE
        prepare_catch 3f, 4f
        breakpoint 1, 3f, BCR(0, 0, EL1_ONLY)
        nop
3:      nop                                     // D is set
4:      expect_nothing
        prepare_catch 3f, 4f
        breakpoint 1, 3f, BCR(0, 0, EL1_ONLY)
        set_nzcv 0
        msr     daifclr, #8
        nop
3:      nop
4:      expect  EL1_SYNC, BKPT_EL1
        check_exc EXC_SPSR, SPSR_EL1_DEBUG
        prepare_catch 3f, 4f
        breakpoint 1, 3f, BCR(0, 0, EL1_ONLY)
        msr     daifclr, #8
        msr     daifset, #8
3:      nop
4:      expect_nothing
        breakpoint 1, 0, 0
        mdscr   MDE

        test    "watchpoint: loads and stores"
        ldr     x1, =EL0_DATA
        ldr     x2, =DATA
        mov     x3, #0x77
        str     x3, [x2]
        str     x3, [x2, #8]
        el0_case ldr x0, [x1]
        expect  EL0_SYNC, DONE, 8
        watch   0, EL0_DATA, WCR(0xff, LOADS | STORES, EL0_ONLY)
        mov     x0, #1
        el0_case ldr x0, [x1]
        expect  EL0_SYNC, WATCH_LD
        check_exc EXC_FAR, EL0_DATA
        check   x0, 1
        el0_case str x0, [x1]
        expect  EL0_SYNC, WATCH_ST
        check_mem DATA, 0x77
        el0_case str x0, [x1, #8]
        expect  EL0_SYNC, DONE, 8
        check_mem DATA + 8, 1
        watch   0, EL0_DATA, WCR(0xff, LOADS, EL0_ONLY)
        el0_case str x0, [x1]
        expect  EL0_SYNC, DONE, 8
        el0_case ldrb w0, [x1, #7]
        expect  EL0_SYNC, WATCH_LD
        check_exc EXC_FAR, EL0_DATA + 7
        watch   0, EL0_DATA, WCR(0xff, STORES, EL0_ONLY)
        el0_case ldr x0, [x1]
        expect  EL0_SYNC, DONE, 8
        watch   0, EL0_DATA, WCR(0xff, LOADS, EL1_ONLY)
        el0_case ldr x0, [x1]
        expect  EL0_SYNC, DONE, 8

        test    "watchpoint: bytes"
        watch   0, EL0_DATA, WCR(0x04, LOADS | STORES, EL0_ONLY)
        el0_case ldrb w0, [x1, #1]
        expect  EL0_SYNC, DONE, 8
        el0_case ldrb w0, [x1, #3]
        expect  EL0_SYNC, DONE, 8
        el0_case ldrh w0, [x1, #1]
        expect  EL0_SYNC, WATCH_LD
        watch   0, EL0_DATA + 4, WCR(0x0c, LOADS | STORES, EL0_ONLY) // bytes 6 and 7
        el0_case ldrh w0, [x1, #4]
        expect  EL0_SYNC, DONE, 8
        el0_case strb w0, [x1, #6]
        expect  EL0_SYNC, WATCH_ST
        check_exc EXC_FAR, EL0_DATA + 6

        test    "watchpoint: wide accesses, runs, page crossing"
        watch   0, EL0_DATA + 16, WCR(0xff, LOADS | STORES, EL0_ONLY)
        b       4f
3:      ldr     x4, [x1]
        ldr     x5, [x1, #8]
        ldr     x6, [x1, #16]
        ldr     x7, [x1, #24]
        svc     #0xee
4:      mov     x6, #0
        run_el0 3b
        expect  EL0_SYNC, WATCH_LD, 8
        check   x6, 0
        el0_case ldp x4, x5, [x1, #8]
        expect  EL0_SYNC, WATCH_LD
        el0_case ldp x4, x5, [x1]
        expect  EL0_SYNC, DONE, 8
        el0_case stp x4, x5, [x1, #16]!
        expect  EL0_SYNC, WATCH_ST
        check   x1, EL0_DATA
        el0_case ldr q0, [x1, #16]
        expect  EL0_SYNC, WATCH_LD
        el0_case str q0, [x1, #16]
        expect  EL0_SYNC, WATCH_ST
        el0_case ldur x4, [x1, #23]
        expect  EL0_SYNC, WATCH_LD
        watch   0, EL0_DATA + 0x1000, WCR(0x03, LOADS | STORES, EL0_ONLY)
        add     x4, x1, #0xffc
        el0_case ldr x5, [x4]
        expect  EL0_SYNC, WATCH_LD
        el0_case stur x5, [x4, #-5]
        expect  EL0_SYNC, DONE, 8

        test    "watchpoint: masks"
        watch   0, EL0_DATA, WCR(0xff, LOADS, EL0_ONLY) | MASK(12)
        el0_case ldr x5, [x1, #0xff8]
        expect  EL0_SYNC, WATCH_LD
        el0_case ldr x5, [x1, #0x1000]
        expect  EL0_SYNC, DONE, 8
        watch   0, 0x80000000, WCR(0xff, LOADS, EL0_ONLY) | MASK(31)
        el0_case ldr x5, [x1, #0x1000]
        expect  EL0_SYNC, WATCH_LD
        watch   0, 0, 0
        el0_case ldr x5, [x1, #0x1000]
        expect  EL0_SYNC, DONE, 8

        test    "watchpoint: atomics are reads first"
        watch   0, EL0_DATA, WCR(0xff, LOADS | STORES, EL0_ONLY)
        el0_case ldadd x4, x5, [x1]
        expect  EL0_SYNC, WATCH_LD
        watch   0, EL0_DATA, WCR(0xff, STORES, EL0_ONLY)
        el0_case ldadd x4, x5, [x1]
        expect  EL0_SYNC, WATCH_ST

        test    "watchpoint linked to a context"
        breakpoint 5, 0x123, BCR(3, 0, EL0_ONLY)
        context 0x123
        watch   0, EL0_DATA, WCR(0xff, STORES, EL0_ONLY) | LINK(5)
        el0_case str x4, [x1]
        expect  EL0_SYNC, WATCH_ST
        context 0x122
        el0_case str x4, [x1]
        expect  EL0_SYNC, DONE, 8
        breakpoint 5, 0, 0

        test    "watchpoint at EL1: KDE and D, LDTR as EL0"
        mdscr   MDE | KDE
        watch   0, EL0_DATA, WCR(0xff, LOADS | STORES, EL1_ONLY)
        catch   ldr x4, [x1]
        expect_nothing
        el1_debugged ldr x4, [x1]
        expect  EL1_SYNC, ESR(0x35, 0x22)
        el1_debugged str x4, [x1]
        expect  EL1_SYNC, ESR(0x35, 0x62)
        el1_debugged ldtr x4, [x1]
        expect_nothing
        watch   0, EL0_DATA, WCR(0xff, LOADS | STORES, EL0_ONLY)
        el1_debugged ldtr x4, [x1]
        expect  EL1_SYNC, ESR(0x35, 0x22)
        el1_debugged ldr x4, [x1]
        expect_nothing
        watch   0, EL0_DATA + 8, WCR(0xff, STORES, EL1_ONLY)
        el1_debugged dc zva, x1
        expect  EL1_SYNC, ESR(0x35, 0x62)
        el1_debugged dc cvac, x1
        expect_nothing
        el1_debugged dc ivac, x1
        expect  EL1_SYNC, ESR(0x35, 0x162)
        watch   0, 0, 0

        test    "software step at EL0: one instruction"
        mdscr   SS
        mov     x0, #0
        run_el0 counted, SPSR_EL0 | SPSR_SS
        expect  EL0_SYNC, STEP(0), 4
        check   x0, 1
        check_exc EXC_SPSR, SPSR_EL0
        run_el0 counted + 4, SPSR_EL0 | SPSR_SS
        expect  EL0_SYNC, STEP(0), 4
        check   x0, 2

        test    "software step: nothing was stepped before"
        mov     x0, #0
        run_el0 counted, SPSR_EL0
        expect  EL0_SYNC, STEP_AFTER_OTHER, 0
        check   x0, 0

        test    "software step: load-exclusives"
        b       4f
3:      ldxr    x4, [x1]
5:      ldaxp   x4, x5, [x1]
6:      ldar    x4, [x1]
4:      run_el0 3b, SPSR_EL0 | SPSR_SS
        expect  EL0_SYNC, STEP(1), 4
        run_el0 5b, SPSR_EL0 | SPSR_SS
        expect  EL0_SYNC, STEP(1), 4
        run_el0 6b, SPSR_EL0 | SPSR_SS
        expect  EL0_SYNC, STEP(0), 4

        test    "software step: SVC, faults, BRK, breakpoints"
        run_el0 counted + 12, SPSR_EL0 | SPSR_SS
        expect  EL0_SYNC, DONE, 4
        check_exc EXC_SPSR, SPSR_EL0
        b       4f
3:      brk     #5
5:      hlt     #5
4:      run_el0 3b, SPSR_EL0 | SPSR_SS
        expect  EL0_SYNC, ESR(0x3c, 5)
        check_exc EXC_SPSR, SPSR_EL0 | SPSR_SS
        run_el0 5b, SPSR_EL0 | SPSR_SS
        expect  EL0_SYNC, ESR(0, 0)
        check_exc EXC_SPSR, SPSR_EL0 | SPSR_SS
        mdscr   SS | MDE
        breakpoint 0, counted + EL0_ALIAS, BCR(0, 0, EL0_ONLY)
        run_el0 counted, SPSR_EL0 | SPSR_SS
        expect  EL0_SYNC, BKPT, 0
        check_exc EXC_SPSR, SPSR_EL0 | SPSR_SS
        run_el0 counted + 4, SPSR_EL0 | SPSR_SS
        expect  EL0_SYNC, STEP(0), 4
        breakpoint 0, 0, 0

        test    "software step: the OS lock"
        oslock  1
        run_el0 counted, SPSR_EL0 | SPSR_SS
        expect_done
        oslock  0

        test    "software step at EL1 begins when D is cleared"
        mdscr   SS | KDE
        prepare_catch 3f, 4f
        msr     daifclr, #8
3:      nop
4:      expect  EL1_SYNC, ESR(0x33, 0x22)
        prepare_catch 3f, 4f
        ldr     x16, =SPSR_EL1_DEBUG | SPSR_SS
        msr     spsr_el1, x16
        adr     x16, 3f
        msr     elr_el1, x16
        eret
3:      mov     x0, #0x55
        mov     x0, #0x66
4:      expect  EL1_SYNC, ESR(0x33, 1 << 24 | 0x22), 4
        check   x0, 0x55
        mdscr   0

        test    "HLT is undefined, BRK is not masked"
        oslock  1
        catch   hlt #7
        expect  EL1_SYNC, ESR(0, 0)
        catch   brk #7
        expect  EL1_SYNC, ESR(0x3c, 7)
        finish
