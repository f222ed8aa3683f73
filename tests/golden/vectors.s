// Vector integer and floating point; a loop over 32 bytes.
        ldp     q0, q1, [x0], #32
        add     v2.4s, v0.4s, v1.4s
        cmeq    v3.16b, v0.16b, v1.16b
        fmla    v4.4s, v0.4s, v1.4s
        zip1    v5.8h, v0.8h, v1.8h
        umaxv   b6, v3.16b
        str     q2, [x1], #16
        fmov    w2, s6
        cbz     w2, .-32
