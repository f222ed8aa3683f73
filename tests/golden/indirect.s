// A table of functions.
        ldr     x16, [x0, x1, lsl #3]
        blr     x16
