// LSE atomics, acquire and release.
        ldaddal x0, x1, [x2]
        casa    w3, w4, [x2]
        swpl    x5, x6, [x2]
        ldar    x7, [x8]
        stlr    x7, [x9]
        dmb     ish
        ret
