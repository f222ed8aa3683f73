/* SPDX-License-Identifier: MIT */
/*
 * Stage 1 translation through TTBR1, with each granule: pages, blocks, faults, access flag and dirty state by hardware.
 *
 * Tables at TABLES: level 1 (if there is one), level 2, level 3, 64 KiB apart. Page n of the first level 3 table is page frame
 * FRAME(n), 64 KiB apart as well, which the identity map reaches for the checks.
 */
#include "insn.h"

#define TABLES FREE_RAM
#define FRAMES (FREE_RAM + 0x100000)
#define FRAME(n) (FRAMES + (n) * 0x10000)
#define PAGE_DESC (3 | 3 << 8 | 1 << 10 | 3 << 53)      /* AF, EL1 only, never executable */
#define NO_AF (3 | 3 << 8 | 3 << 53)
#define READ_ONLY (1 << 7)
#define DBM (1 << 51)
#define CONTIGUOUS (1 << 52)
#define TCR_BASE (25 | 1 << 8 | 1 << 10 | 3 << 12 | 2 << 32 | 1 << 24 | 1 << 26 | 3 << 28)
#define TCR_HA (1 << 39)
#define TCR_HD (1 << 40)

        .macro  flush
        dsb     ish
        tlbi    vmalle1
        dsb     ish
        isb
        .endm

/* Descriptor n of the table at offset from TABLES. */
        .macro  entry table, n, value
        ldr     x0, =TABLES + \table * 0x10000
        ldr     x1, =\value
        str     x1, [x0, #\n * 8]
        .endm

/* start: the level of the first table; block, base: size and output of the block at index 1 of level 2. */
        .macro  granule name, bits, tg1, t1sz, start, va, block_bits, block_base
        test    "\name: pages, read-only pages, nothing"
        bl      clear_tables
        .if     \start == 1
        entry   0, 0, TABLES + 0x10000 + 3
        .endif
        entry   1, 0, TABLES + 0x20000 + 3
        entry   1, 1, \block_base + (PAGE_DESC - 2)
        entry   2, 0, FRAME(0) + PAGE_DESC
        entry   2, 1, FRAME(1) + PAGE_DESC + READ_ONLY
        entry   2, 2, FRAME(2) + NO_AF
        entry   2, 4, FRAME(4) + PAGE_DESC + READ_ONLY + DBM
        entry   2, 5, (1 << 44) + PAGE_DESC     // beyond the 40 bits of TCR_EL1.IPS
        entry   2, 6, FRAME(6) + PAGE_DESC - 2  // no page descriptor
        ldr     x0, =TCR_BASE | \t1sz << 16 | \tg1 << 30
        msr     tcr_el1, x0
        ldr     x0, =TABLES + (\start - 1) * 0x10000
        msr     ttbr1_el1, x0
        flush
        ldr     x20, =\va
        mov     x2, #0x51
        str     x2, [x20, #0x18]
        check_mem (FRAME(0) + 0x18), 0x51
        ldr     x4, =\va + (1 << \bits)
        ldr     x0, [x4]
        check   x0, 0x1111
        catch   str x2, [x4]
        expect  EL1_SYNC, ESR(0x25, 1 << 6 | 0x0f) // permission, level 3
        ldr     x4, =\va + (3 << \bits)
        catch   ldr x0, [x4, #8]
        expect  EL1_SYNC, ESR(0x25, 0x07)       // translation, level 3
        check_exc EXC_FAR, \va + (3 << \bits) + 8
        ldr     x4, =\va + (6 << \bits)
        catch   ldr x0, [x4]
        expect  EL1_SYNC, ESR(0x25, 0x07)
        ldr     x4, =\va + (5 << \bits)
        catch   ldr x0, [x4]
        expect  EL1_SYNC, ESR(0x25, 0x03)       // address size, level 3
        ldr     x4, =\va + (2 << \block_bits)
        catch   ldr x0, [x4]
        expect  EL1_SYNC, ESR(0x25, 0x06)       // translation, level 2
        mov     x4, #-1 << 56
        catch   ldr x0, [x4]                    // bits that differ from bit 55
        expect  EL1_SYNC, ESR(0x25, 0x04)

        test    "\name: a block"
        ldr     x4, =\va + (1 << \block_bits) + FRAME(7) - \block_base
        ldr     x0, [x4]
        check   x0, 0x7777

        test    "\name: an access over two pages, and one whose second page is not there"
        ldr     x4, =\va + (1 << \bits) - 4
        ldr     x0, [x4]
        check   x0, 0x00001111 << 32
        catch   str x0, [x4]                    // nothing is written
        expect  EL1_SYNC, ESR(0x25, 1 << 6 | 0x0f)
        check_exc EXC_FAR, \va + (1 << \bits)
        ldr     x4, =\va + (3 << \bits) - 8
        entry   2, 2, FRAME(2) + PAGE_DESC
        flush
        mov     x0, #1
        mov     x1, #2
        catch   ldp x0, x1, [x4], #16
        expect  EL1_SYNC, ESR(0x25, 0x07)
        check_exc EXC_FAR, \va + (3 << \bits)
        check   x0, 1
        check   x1, 2
        check   x4, \va + (3 << \bits) - 8
        entry   2, 2, FRAME(2) + NO_AF
        flush

        test    "\name: access flag"
        ldr     x4, =\va + (2 << \bits)
        catch   ldr x0, [x4]
        expect  EL1_SYNC, ESR(0x25, 0x0b)
        catch   str x2, [x4]
        expect  EL1_SYNC, ESR(0x25, 1 << 6 | 0x0b)
        mrs     x0, tcr_el1
        orr     x0, x0, #TCR_HA
        msr     tcr_el1, x0
        isb
        ldr     x0, [x4]
        check   x0, 0x2222
        check_mem (TABLES + 0x20010), FRAME(2) + PAGE_DESC

        test    "\name: dirty state"
        ldr     x4, =\va + (4 << \bits)
        catch   str x2, [x4]                    // HD is clear: read-only
        expect  EL1_SYNC, ESR(0x25, 1 << 6 | 0x0f)
        mrs     x0, tcr_el1
        orr     x0, x0, #TCR_HD
        msr     tcr_el1, x0
        flush
        ldr     x0, [x4]                        // a read leaves it clean
        check_mem (TABLES + 0x20020), FRAME(4) + PAGE_DESC + READ_ONLY + DBM
        str     x2, [x4]
        check_mem (TABLES + 0x20020), FRAME(4) + PAGE_DESC + DBM
        check_mem FRAME(4), 0x51
        .endm

        begin
        granule "4K", 12, 2, 25, 1, 0xffffff8000000000, 21, 0x41000000
        granule "16K", 14, 1, 25, 1, 0xffffff8000000000, 25, 0x40000000
        granule "64K", 16, 3, 22, 2, 0xfffffc0000000000, 29, 0x40000000

        test    "4K: contiguous pages"
        bl      clear_tables
        ldr     x0, =TCR_BASE | 25 << 16 | 2 << 30
        msr     tcr_el1, x0
        ldr     x0, =TABLES
        msr     ttbr1_el1, x0
        entry   0, 0, TABLES + 0x10000 + 3
        entry   1, 0, TABLES + 0x20000 + 3
        ldr     x0, =TABLES + 0x20000 + 16 * 8
        ldr     x1, =FRAME(0) + PAGE_DESC + CONTIGUOUS
        mov     x2, #16
1:      str     x1, [x0], #8
        add     x1, x1, #4096
        subs    x2, x2, #1
        b.ne    1b
        flush
        ldr     x4, =0xffffff8000010000
        ldr     x5, =FRAME(0)
        mov     x2, #0
2:      str     x2, [x4, #16]
        ldr     x0, [x5, #16]
        sub     x0, x0, x2
        check   x0, 0
        add     x4, x4, #4096
        add     x5, x5, #4096
        add     x2, x2, #1
        cmp     x2, #16
        b.ne    2b

        test    "hierarchical rights of table descriptors"
        entry   1, 0, TABLES + 0x20000 + 3 + (1 << 62) // read-only below
        flush
        ldr     x4, =0xffffff8000010000
        ldr     x0, [x4]
        catch   str x0, [x4]
        expect  EL1_SYNC, ESR(0x25, 1 << 6 | 0x0f)
        mrs     x0, tcr_el1
        orr     x1, x0, #1 << 42                // HPD1
        msr     tcr_el1, x1
        flush
        catch   str x0, [x4]
        expect_nothing
        entry   1, 0, TABLES + 0x20000 + 3
        mrs     x0, tcr_el1
        bic     x0, x0, #1 << 42
        msr     tcr_el1, x0
        flush

        test    "PAN: EL1 may not touch what EL0 may"
        entry   2, 0, FRAME(0) + PAGE_DESC + (1 << 6)
        flush
        ldr     x4, =0xffffff8000000000
        str     xzr, [x4]
        msr     pan, #1
        catch   ldr x0, [x4]
        expect  EL1_SYNC, ESR(0x25, 0x0f)
        msr     pan, #1
        catch   str x0, [x4]
        expect  EL1_SYNC, ESR(0x25, 1 << 6 | 0x0f)
        msr     pan, #1
        catch   ldtr x0, [x4]                   // with EL0's rights it may
        expect_nothing
        msr     pan, #0
        catch   ldr x0, [x4]
        expect_nothing

        test    "UAO: unprivileged accesses are privileged ones"
        entry   2, 1, FRAME(1) + PAGE_DESC
        flush
        ldr     x4, =0xffffff8000001000
        catch   ldtr x0, [x4]
        expect  EL1_SYNC, ESR(0x25, 0x0f)
        msr     uao, #1
        catch   ldtr x0, [x4]
        msr     uao, #0
        expect_nothing

        test    "execute-never at EL1"
        ldr     x4, =0xffffff8000002000
        ldr     x1, =0xd65f03c0                 // ret
        ldr     x0, =FRAME(2)
        str     w1, [x0]
        entry   2, 2, FRAME(2) + PAGE_DESC
        flush
        prepare_catch 0xffffff8000002000, 1f
        br      x4
1:      expect  EL1_SYNC, ESR(0x21, 0x0f)
        entry   2, 2, FRAME(2) + PAGE_DESC - (1 << 53)
        flush
        blr     x4                              // comes back
        entry   2, 2, FRAME(2) + PAGE_DESC - (1 << 53) + READ_ONLY
        flush
        blr     x4
        check   xzr, 0

        test    "TTBR1 with EPD1"
        mrs     x0, tcr_el1
        orr     x1, x0, #1 << 23
        msr     tcr_el1, x1
        flush
        catch   ldr x3, [x4]
        expect  EL1_SYNC, ESR(0x25, 0x04)
        msr     tcr_el1, x0
        flush
        catch   ldr x3, [x4]
        expect_nothing

        test    "MMU off: flat, data is device memory"
        ldr     x0, =SCTLR_BASE
        msr     sctlr_el1, x0
        isb
        ldr     x1, =FREE_RAM + 0x800000
        mov     x2, #0x99
        str     x2, [x1]
        ldr     x3, [x1]
        ldr     x0, =SCTLR_MMU
        msr     sctlr_el1, x0
        isb
        check   x3, 0x99
        check_mem (FREE_RAM + 0x800000), 0x99
        finish

/* Zeroes the tables; frame n starts with 0x1111 * n, its last 8 bytes are 0 for every size of page. */
clear_tables:
        ldr     x0, =TABLES
        mov     x1, #0x30000
1:      stp     xzr, xzr, [x0], #16
        subs    x1, x1, #16
        b.ne    1b
        ldr     x0, =FRAMES
        mov     x1, #0
        mov     x3, #0x1111
2:      mul     x2, x1, x3
        str     x2, [x0]
        str     xzr, [x0, #4088]
        mov     x4, #0x4000 - 8
        str     xzr, [x0, x4]
        mov     x4, #0xfff8
        str     xzr, [x0, x4]
        add     x0, x0, #0x10000
        add     x1, x1, #1
        cmp     x1, #8
        b.ne    2b
        ret
