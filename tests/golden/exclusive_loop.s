// A lock's loop on exclusives.
        ldaxr   w1, [x0]
        cbnz    w1, .+0x10
        stxr    w2, w3, [x0]
        cbnz    w2, .-12
