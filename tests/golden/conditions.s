// Conditional selects and compares on the same flags.
        cmp     w0, #10
        ccmp    w1, #20, #2, ne
        csel    x2, x3, x4, hi
        cset    w5, eq
        csneg   x6, x7, x8, lt
        adc     x9, x10, x11
        b.vs    .+0x20
