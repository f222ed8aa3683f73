// A call and a jump to other pages, with constants made on the way.
        mov     x0, #0x1234
        movk    x0, #0xabcd, lsl #32
        adrp    x1, .+0x5000
        add     x1, x1, #0x120
        bl      .+0x10000
