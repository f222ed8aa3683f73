// Shifts, fields, bit counts.
        ubfx    x0, x1, #7, #13
        sbfx    w2, w3, #4, #8
        bfi     x4, x5, #16, #16
        ror     w6, w7, #9
        lsl     x8, x9, x10
        clz     x11, x12
        rbit    w13, w14
        tbz     x15, #33, .+0x40
