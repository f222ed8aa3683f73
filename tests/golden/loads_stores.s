// Sizes, extensions, addressing modes.
        ldrb    w0, [x1, #3]
        ldrsh   x2, [x1, x3, lsl #1]
        ldr     w4, [x1, w5, sxtw #2]
        str     x0, [x6, #16]!
        strh    w2, [x6], #-2
        ldur    x7, [sp, #-8]
        ret
