/* SPDX-License-Identifier: MIT */
/* Exceptions taken from EL1: syndrome, return address, saved state, fault address, each exact. */
#include "insn.h"

        begin
        test    "svc"
        set_nzcv 0b1010
        catch   svc #0x1234
        check_nzcv 0b1010
        expect  EL1_SYNC, ESR(0x15, 0x1234), 4  // ELR is behind it
        check_exc EXC_SPSR, 0xa00003c5

        test    "svc with other masks"
        msr     DAIFClr, #0b1010
        msr     nzcv, xzr
        catch   svc #0
        check_exc EXC_SPSR, 0x145
        mrs     x0, daif                        // the library went on with all masked
        check   x0, 0x3c0

        test    "the exception masks, and selects SP_EL1"
        mov     x19, sp
        ldr     x0, =FREE_RAM
        msr     sp_el0, x0
        msr     SPSel, #0
        catch   svc #1
        expect  SP0_SYNC, ESR(0x15, 1), 4
        check_exc EXC_SPSR, 0x3c4
        mov     x0, sp
        check_same x0, x19

        test    "brk"
        catch   brk #0xabcd
        expect  EL1_SYNC, ESR(0x3c, 0xabcd)

        test    "undefined instructions"
        catch   .inst 0x00000000                // UDF #0
        expect  EL1_SYNC, ESR(0, 0)
        catch   .inst 0x0000ffff
        expect  EL1_SYNC, ESR(0, 0)
        catch   hlt #1                          // no external debugger
        expect  EL1_SYNC, ESR(0, 0)
        catch   smc #0                          // no EL3
        expect  EL1_SYNC, ESR(0, 0)
        catch   .inst 0xffffffff
        expect  EL1_SYNC, ESR(0, 0)
        catch   .inst 0x9b408000                // SMULH's group, unallocated op31
        catch   .inst 0x1ac0f000                // two sources, unallocated
        expect  EL1_SYNC, ESR(0, 0)
        catch   .inst 0x13400000                // SBFM of 32 bits with N = 1
        expect  EL1_SYNC, ESR(0, 0)
        catch   drps
        expect  EL1_SYNC, ESR(0, 0)

        test    "data aborts: read and write"
        ldr     x1, =UNMAPPED + 0x123
        catch   ldrb w0, [x1]
        expect  EL1_SYNC, ESR(0x25, 0x05)       // translation fault, level 1
        check_exc EXC_FAR, UNMAPPED + 0x123
        catch   strb w0, [x1, #1]
        expect  EL1_SYNC, ESR(0x25, 1 << 6 | 0x05)
        check_exc EXC_FAR, UNMAPPED + 0x124
        ldr     x1, =0x8000000000               // beyond 39 bits
        catch   ldr x0, [x1]
        expect  EL1_SYNC, ESR(0x25, 0x04)       // translation fault, level 0
        check_exc EXC_FAR, 0x8000000000
        mov     x1, #-16                        // TTBR1, EPD1
        catch   ldr x0, [x1]
        expect  EL1_SYNC, ESR(0x25, 0x04)
        check_exc EXC_FAR, -16

        test    "an access over two pages names the byte that faults"
        ldr     x1, =insn_level1                // 0xc0000000 maps RAM for this test; 0x100000000 does not
        ldr     x2, =0x40000000 | 1 | 1 << 10 | 3 << 8
        str     x2, [x1, #24]
        dsb     ish
        ldr     x1, =0x100000000 - 4
        catch   str x0, [x1, #5]
        check_exc EXC_FAR, 0x100000001
        ldr     x1, =insn_level1
        str     xzr, [x1, #24]
        dsb     ish
        tlbi    vmalle1
        dsb     ish
        isb

        test    "instruction aborts"
        ldr     x1, =UNMAPPED
        prepare_catch UNMAPPED, 1f
        br      x1
1:      expect  EL1_SYNC, ESR(0x21, 0x05)
        check_exc EXC_FAR, UNMAPPED
        ldr     x1, =1f + EL0_ALIAS             // EL0 may write there: never executable at EL1
        prepare_catch 1f + EL0_ALIAS, 1f
        br      x1
1:      expect  EL1_SYNC, ESR(0x21, 0x0d)       // permission fault, level 1
        check_exc EXC_FAR, 1b + EL0_ALIAS
        ldr     x1, =0x09000000                 // device memory, execute-never
        prepare_catch 0x09000000, 1f
        br      x1
1:      expect  EL1_SYNC, ESR(0x21, 0x0d)

        test    "PC alignment"
        ldr     x1, =1f + 2
        prepare_catch 1f + 2, 1f
        br      x1
1:      expect  EL1_SYNC, ESR(0x22, 0)
        check_exc EXC_FAR, 1b + 2

        test    "SP alignment, when SCTLR_EL1.SA is set"
        ldr     x0, =SCTLR_MMU | 1 << 3
        msr     sctlr_el1, x0
        isb
        mov     x19, sp
        add     sp, sp, #-40
        catch   ldr x0, [sp, #8]
        mov     sp, x19
        expect  EL1_SYNC, ESR(0x26, 0)
        add     sp, sp, #-40
        mov     x1, sp
        catch   ldr x0, [x1]                    // by another register: no check
        mov     sp, x19
        expect_nothing
        ldr     x0, =SCTLR_MMU
        msr     sctlr_el1, x0
        isb
        add     sp, sp, #-40
        catch   ldr x0, [sp, #8]
        mov     sp, x19
        expect_nothing

        test    "alignment faults, when SCTLR_EL1.A is set"
        ldr     x0, =SCTLR_MMU | 1 << 1
        msr     sctlr_el1, x0
        isb
        ldr     x1, =FREE_RAM
        catch   ldr x0, [x1, #1]
        expect  EL1_SYNC, ESR(0x25, 0x21)
        check_exc EXC_FAR, FREE_RAM + 1
        catch   strh w0, [x1, #3]
        expect  EL1_SYNC, ESR(0x25, 1 << 6 | 0x21)
        catch   ldp w0, w2, [x1, #4]            // aligned to its elements
        expect_nothing
        catch   ldur q0, [x1, #8]
        expect  EL1_SYNC, ESR(0x25, 0x21)
        ldr     x0, =SCTLR_MMU
        msr     sctlr_el1, x0
        isb
        catch   ldr x0, [x1, #1]
        expect_nothing

        test    "alignment faults of device memory"
        ldr     x1, =0x09000018                 // the PL011's flags
        catch   ldr w0, [x1]
        expect_nothing
        catch   ldur w0, [x1, #1]
        expect  EL1_SYNC, ESR(0x25, 0x21)

        test    "FP and SIMD, when CPACR_EL1.FPEN traps"
        msr     cpacr_el1, xzr
        isb
        catch   fadd d0, d0, d0
        expect  EL1_SYNC, ESR(0x07, 0x1e00000)  // CV, COND 14
        catch   ldr q0, [x1]
        expect  EL1_SYNC, ESR(0x07, 0x1e00000)
        catch   mrs x0, fpcr
        expect  EL1_SYNC, ESR(0x07, 0x1e00000)
        mov     x0, #3 << 20
        msr     cpacr_el1, x0
        isb
        catch   fadd d0, d0, d0
        expect_nothing

        test    "an illegal return sets PSTATE.IL and stays"
        mov     x0, #0x3c9                      // EL2h
        bl      return_to_1f
        expect  EL1_SYNC, ESR(0x0e, 0)
        check_exc EXC_SPSR, 0x1003c5
        mov     x0, #0x3d0                      // AArch32, EL0
        bl      return_to_1f
        expect  EL1_SYNC, ESR(0x0e, 0)
        mov     x0, #0x3c1                      // EL0 with SP_EL1
        bl      return_to_1f
        expect  EL1_SYNC, ESR(0x0e, 0)

        test    "a return with SPSR.IL set"
        ldr     x0, =0x1003c5
        bl      return_to_1f
        expect  EL1_SYNC, ESR(0x0e, 0)
        check_exc EXC_SPSR, 0x1003c5

        test    "eret restores all of PSTATE"
        ldr     x0, =0x60c00185 | 1 << 24       // Z C DIT UAO PAN, A and I
        msr     spsr_el1, x0
        ldr     x0, =1f
        msr     elr_el1, x0
        eret
1:      mrs     x0, nzcv
        mrs     x1, daif
        mrs     x2, pan
        mrs     x3, uao
        mrs     x4, dit
        check   x0, 0x60000000
        check   x1, 0x180
        check   x2, 1 << 22
        check   x3, 1 << 23
        check   x4, 1 << 24
        catch   svc #0                          // and an exception saves it
        check_exc EXC_SPSR, 0x61c00185
        mrs     x0, pan
        check   x0, 0                           // SPAN is set: it would have stayed; the library cleared it
        msr     DAIFSet, #15

        test    "exception entry sets PAN when SCTLR_EL1.SPAN is clear, clears UAO"
        ldr     x0, =SCTLR_MMU & ~(1 << 23)
        msr     sctlr_el1, x0
        ldr     x0, =own_vectors
        msr     vbar_el1, x0
        msr     uao, #1
        isb
        svc     #0
        mov     x2, x0
        ldr     x0, =vectors
        msr     vbar_el1, x0
        ldr     x0, =SCTLR_MMU
        msr     sctlr_el1, x0
        isb
        msr     uao, #0
        check   x2, 1 << 22
        check   x1, 0
        finish

/* Returns with SPSR x0; the exception that follows comes back to the caller. */
return_to_1f:
        msr     spsr_el1, x0
        ldr     x0, =1f
        msr     elr_el1, x0
        mov     x19, x30
        prepare_catch 1f, 2f
        eret
1:      b       insn_done
2:      ret     x19

        .balign 2048
own_vectors:
        .skip   0x200
        mrs     x0, pan
        mrs     x1, uao
        eret
