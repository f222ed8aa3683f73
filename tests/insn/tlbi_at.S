/* SPDX-License-Identifier: MIT */
/* TLB maintenance after changes of mappings, ASIDs, and address translation instructions. */
#include "insn.h"

#define TABLES FREE_RAM
#define FRAME(n) (FREE_RAM + 0x100000 + (n) * 0x1000)
#define VA 0xffffff8000000000
#define PAGE_DESC (3 | 3 << 8 | 1 << 10 | 3 << 53)
#define NG (1 << 11)
#define TCR (25 | 1 << 8 | 1 << 10 | 3 << 12 | 2 << 32 | 25 << 16 | 1 << 24 | 1 << 26 | 3 << 28 | 2 << 30 | 1 << 36)

/* Maps page n to frame f, and then: the operation, DSB, ISB. */
        .macro  remap n, f, attrs, op:vararg
        ldr     x0, =TABLES + 0x2000 + \n * 8
        ldr     x1, =FRAME(\f) + PAGE_DESC + \attrs
        str     x1, [x0]
        dsb     ishst
        \op
        dsb     ish
        isb
        .endm

        .macro  page_is n, value
        ldr     x0, =VA + \n * 0x1000
        ldr     x0, [x0]
        check   x0, \value
        .endm

/* Page 1 is remapped by each operation in turn, between frames 1 and 2. */
        .macro  by_operation name, arg, op:vararg
        test    "\name"
        remap   1, 1, NG, tlbi vmalle1
        page_is 1, 0x101
        ldr     x2, =\arg
        remap   1, 2, NG, \op
        page_is 1, 0x102
        page_is 0, 0x100
        .endm

        begin
        ldr     x0, =TABLES
        ldr     x1, =TABLES + 0x1000 + 3
        str     x1, [x0]
        add     x1, x1, #0x1000
        str     x1, [x0, #0x1000]
        mov     x2, #0x100
        ldr     x1, =FRAME(0)
1:      str     x2, [x1]
        add     x1, x1, #0x1000
        add     x2, x2, #1
        cmp     x2, #0x108
        b.ne    1b
        msr     ttbr1_el1, x0
        ldr     x0, =TCR
        msr     tcr_el1, x0
        isb
        remap   0, 0, 0, tlbi vmalle1

        by_operation "tlbi vae1", (VA >> 12) & 0xfffffffffff | 1, tlbi vae1, x2
        by_operation "tlbi vae1is", (VA >> 12) & 0xfffffffffff | 1, tlbi vae1is, x2
        by_operation "tlbi vale1", (VA >> 12) & 0xfffffffffff | 1, tlbi vale1, x2
        by_operation "tlbi vaae1", (VA >> 12) & 0xfffffffffff | 1, tlbi vaae1, x2
        by_operation "tlbi vaale1is", (VA >> 12) & 0xfffffffffff | 1, tlbi vaale1is, x2
        by_operation "tlbi aside1", 0, tlbi aside1, x2
        by_operation "tlbi vmalle1is", 0, tlbi vmalle1is

        test    "a break of the mapping is seen, also by stores"
        remap   1, 1, 0, tlbi vmalle1
        ldr     x4, =VA + 0x1000
        ldr     x5, =0x55
        str     x5, [x4, #8]
        ldr     x0, =TABLES + 0x2008
        str     xzr, [x0]
        dsb     ishst
        tlbi    vmalle1
        dsb     ish
        isb
        catch   str x5, [x4, #8]
        expect  EL1_SYNC, ESR(0x25, 1 << 6 | 0x07)

        test    "what was invalid needs no maintenance"
        catch   ldr x5, [x4]
        ldr     x0, =TABLES + 0x2008
        ldr     x1, =FRAME(1) + PAGE_DESC
        str     x1, [x0]
        dsb     ishst
        isb
        ldr     x5, [x4, #8]
        check   x5, 0x55

        test    "write protection is seen"
        remap   1, 1, 1 << 7, tlbi vmalle1
        catch   str x5, [x4]
        expect  EL1_SYNC, ESR(0x25, 1 << 6 | 0x0f)

        test    "ASIDs: non-global pages are separate, global ones common"
        ldr     x6, =insn_level1
        ldr     x7, =insn_level1 + (1 << 48)
        ldr     x8, =insn_level1 + (2 << 48)
        msr     ttbr0_el1, x7
        isb
        remap   3, 3, NG, tlbi vmalle1
        page_is 3, 0x103
        msr     ttbr0_el1, x8
        isb
        ldr     x0, =TABLES + 0x2018            // no maintenance: another ASID has not seen it
        ldr     x1, =FRAME(4) + PAGE_DESC + NG
        str     x1, [x0]
        dsb     ishst
        isb
        page_is 3, 0x104
        ldr     x2, =1 << 48
        tlbi    aside1, x2
        dsb     ish
        isb
        msr     ttbr0_el1, x7
        isb
        page_is 3, 0x104
        remap   3, 5, 0, tlbi vmalle1           // global
        page_is 3, 0x105
        msr     ttbr0_el1, x8
        isb
        page_is 3, 0x105
        msr     ttbr0_el1, x6
        isb

        test    "at s1e1r, s1e1w, s1e0r, s1e0w"
        remap   1, 1, 1 << 7, tlbi vmalle1
        ldr     x4, =VA + 0x1234
        at      s1e1r, x4
        isb
        mrs     x0, par_el1
        and     x1, x0, #0xfffffffff000
        bfxil   x1, x0, #0, #1                  // PA and F
        check   x1, FRAME(1)
        lsr     x1, x0, #56
        check   x1, 0xff                        // write-back
        at      s1e1w, x4
        isb
        mrs     x0, par_el1
        and     x0, x0, #0x7f                   // F, permission fault of level 3
        check   x0, 0x0f << 1 | 1
        at      s1e0r, x4
        isb
        mrs     x0, par_el1
        and     x0, x0, #0x7f
        check   x0, 0x0f << 1 | 1
        ldr     x4, =FREE_RAM + EL0_ALIAS
        at      s1e0w, x4
        isb
        mrs     x0, par_el1
        and     x1, x0, #0xfffffffff000
        bfxil   x1, x0, #0, #1
        check   x1, FREE_RAM
        ldr     x4, =UNMAPPED
        at      s1e1r, x4
        isb
        mrs     x0, par_el1
        and     x0, x0, #0x7f
        check   x0, 0x05 << 1 | 1

        test    "at s1e1rp follows PAN"
        ldr     x4, =FREE_RAM + EL0_ALIAS
        msr     pan, #1
        at      s1e1rp, x4
        isb
        mrs     x0, par_el1
        at      s1e1r, x4
        isb
        mrs     x1, par_el1
        msr     pan, #0
        and     x0, x0, #0x7f
        check   x0, 0x0d << 1 | 1
        and     x1, x1, #1
        check   x1, 0
        finish
