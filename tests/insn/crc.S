/* SPDX-License-Identifier: MIT */
/* CRC32 and CRC32C: the check value of "123456789" of each polynomial, and each operand size. */
#include "insn.h"

        begin
        test    "crc32b: 123456789 is 0xcbf43926"
        mov     w0, #-1
        ldr     x1, =digits
1:      ldrb    w2, [x1], #1
        cbz     w2, 2f
        crc32b  w0, w0, w2
        b       1b
2:      mvn     w0, w0
        check   x0, 0xcbf43926

        test    "crc32cb: 123456789 is 0xe3069283"
        mov     w0, #-1
        ldr     x1, =digits
1:      ldrb    w2, [x1], #1
        cbz     w2, 2f
        crc32cb w0, w0, w2
        b       1b
2:      mvn     w0, w0
        check   x0, 0xe3069283

        test    "wider operands are their bytes in order"
        ldr     x1, =digits
        ldr     x2, [x1]
        ldrb    w3, [x1, #8]
        mov     w0, #-1
        crc32x  w0, w0, x2
        crc32b  w0, w0, w3
        mvn     w0, w0
        check   x0, 0xcbf43926
        mov     w0, #-1
        crc32w  w0, w0, w2
        lsr     x4, x2, #32
        crc32h  w0, w0, w4
        lsr     x4, x2, #48
        crc32h  w0, w0, w4
        crc32b  w0, w0, w3
        mvn     w0, w0
        check   x0, 0xcbf43926
        mov     w0, #-1
        crc32cx w0, w0, x2
        crc32cb w0, w0, w3
        mvn     w0, w0
        check   x0, 0xe3069283
        mov     w0, #-1
        crc32cw w0, w0, w2
        lsr     x4, x2, #32
        crc32ch w0, w0, w4
        lsr     x4, x2, #48
        crc32ch w0, w0, w4
        crc32cb w0, w0, w3
        mvn     w0, w0
        check   x0, 0xe3069283

        test    "upper bits of narrow operands do not take part"
        mov     w1, #0x31
        ldr     x2, =0xffffffffffffff31
        crc32b  w0, wzr, w1
        crc32b  w3, wzr, w2
        check_same x0, x3
        crc32ch w0, wzr, w1
        ldr     w2, =0xffff0031
        crc32ch w3, wzr, w2
        check_same x0, x3
        finish

        .section .rodata
digits: .asciz  "123456789"
