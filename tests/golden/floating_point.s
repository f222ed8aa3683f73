// Scalar floating point.
        fadd    d0, d1, d2
        fmadd   s3, s4, s5, s6
        fcvtzs  x0, d0
        scvtf   d7, w1
        fsqrt   d8, d7
        fcmp    d8, d0
        fcsel   d9, d8, d0, gt
        b.mi    .+0x80
