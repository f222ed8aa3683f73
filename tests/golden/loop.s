// A counting loop: the block links to itself.
        ldr     x2, [x1], #8
        add     x0, x0, x2
        subs    x3, x3, #1
        b.ne    .-12
