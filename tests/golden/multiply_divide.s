// Products and quotients, with division's special cases.
        madd    x0, x1, x2, x3
        umull   x4, w5, w6
        smulh   x7, x8, x9
        udiv    x10, x11, x12
        sdiv    w13, w14, w15
        ret
