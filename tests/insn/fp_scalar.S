/* SPDX-License-Identifier: MIT */
/* Scalar floating point: arithmetic, rounding, conversions, comparisons, NaNs, denormals, cumulative flags. */
#include "insn.h"

#define IOC 1
#define DZC 2
#define OFC 4
#define UFC 8
#define IXC 16
#define IDC 128
#define ONE 0x3ff0000000000000
#define INF 0x7ff0000000000000
#define QNAN 0x7ff8000000000000
#define SNAN 0x7ff0000000000001
#define MINUS 0x8000000000000000

/* d0 = op(d1, d2), from FPSR 0: result and flags. */
        .macro  two op, a, b, want, flags
        set_d   1, \a
        set_d   2, \b
        msr     fpsr, xzr
        \op     d0, d1, d2
        check_d 0, \want
        check_fpsr \flags
        .endm

        .macro  one op, a, want, flags
        set_d   1, \a
        msr     fpsr, xzr
        \op     d0, d1
        check_d 0, \want
        check_fpsr \flags
        .endm

        begin
        msr     fpcr, xzr
        test    "fadd, fsub"
        two     fadd, ONE, 0x4000000000000000, 0x4008000000000000, 0
        two     fadd, ONE, 0x3ca0000000000000, ONE, IXC         // 1 + 2^-53: ties to even
        two     fadd, 0x3ff0000000000001, 0x3ca0000000000000, 0x3ff0000000000002, IXC
        two     fsub, ONE, ONE, 0, 0
        two     fsub, INF, INF, QNAN, IOC
        two     fadd, 0x7fefffffffffffff, 0x7fefffffffffffff, INF, OFC | IXC
        two     fadd, MINUS, 0, 0, 0
        two     fadd, MINUS, MINUS, MINUS, 0

        test    "fmul, fdiv, fnmul"
        two     fmul, 0x4008000000000000, 0x4014000000000000, 0x402e000000000000, 0 // 3 * 5
        two     fmul, INF, 0, QNAN, IOC
        two     fmul, 0x0010000000000000, 0x3fe0000000000001, 0x0008000000000000, UFC | IXC
        two     fmul, 0x0010000000000000, 0x3fe0000000000000, 0x0008000000000000, 0 // exact: no underflow
        two     fdiv, ONE, 0x4008000000000000, 0x3fd5555555555555, IXC
        two     fdiv, ONE, 0, INF, DZC
        two     fdiv, ONE, MINUS, INF | MINUS, DZC
        two     fdiv, 0, 0, QNAN, IOC
        two     fnmul, 0x4008000000000000, ONE, 0xc008000000000000, 0

        test    "NaNs: the first signalling operand, quietened; else the first"
        two     fadd, QNAN | 5, SNAN, QNAN | 1, IOC
        two     fadd, QNAN | 5, QNAN | 6, QNAN | 5, 0
        two     fadd, ONE, MINUS | QNAN | 7, MINUS | QNAN | 7, 0
        two     fmul, SNAN, SNAN + 1, QNAN | 1, IOC
        mov     x0, #1 << 25                                    // FPCR.DN
        msr     fpcr, x0
        two     fadd, QNAN | 5, ONE, QNAN, 0
        msr     fpcr, xzr

        test    "rounding modes: 1/3 and -1/3"
        .macro  rounded mode, plus, minus
        mov     x0, #\mode << 22
        msr     fpcr, x0
        two     fdiv, ONE, 0x4008000000000000, \plus, IXC
        two     fdiv, ONE | MINUS, 0x4008000000000000, \minus, IXC
        msr     fpcr, xzr
        .endm
        rounded 0, 0x3fd5555555555555, 0xbfd5555555555555
        rounded 1, 0x3fd5555555555556, 0xbfd5555555555555       // towards plus infinity
        rounded 2, 0x3fd5555555555555, 0xbfd5555555555556
        rounded 3, 0x3fd5555555555555, 0xbfd5555555555555

        test    "flush to zero"
        mov     x0, #1 << 24
        msr     fpcr, x0
        two     fadd, 1, ONE, ONE, IDC                          // a denormal input counts as 0
        two     fmul, 0x0010000000000000, 0x3fe0000000000000, 0, UFC
        msr     fpcr, xzr

        test    "fsqrt, fabs, fneg"
        one     fsqrt, 0x4010000000000000, 0x4000000000000000, 0
        one     fsqrt, 0x4000000000000000, 0x3ff6a09e667f3bcd, IXC
        one     fsqrt, ONE | MINUS, QNAN, IOC
        one     fsqrt, MINUS, MINUS, 0
        one     fabs, SNAN | MINUS, SNAN, 0                     // no flag, not quietened
        one     fneg, SNAN, SNAN | MINUS, 0

        test    "fused multiply-add rounds once"
        set_d   1, 0x3ff0000000000001                           // 1 + 2^-52
        set_d   2, 0x3ff0000000000001
        set_d   3, 0xbff0000000000002                           // -(1 + 2^-51)
        fmadd   d0, d1, d2, d3
        check_d 0, 0x3970000000000000                           // 2^-104
        fmsub   d0, d1, d2, d3                                  // d3 - d1 * d2
        check_d 0, 0xc000000000000002
        fnmadd  d0, d1, d2, d3                                  // -d3 - d1 * d2
        check_d 0, 0xb970000000000000
        fnmsub  d0, d1, d2, d3                                  // d1 * d2 - d3
        check_d 0, 0x4000000000000002
        set_d   1, INF
        set_d   2, 0
        set_d   3, QNAN | 9
        msr     fpsr, xzr
        fmadd   d0, d1, d2, d3                                  // the default NaN, not the addend's
        check_d 0, QNAN
        check_fpsr IOC

        test    "fmin, fmax and the NM forms"
        two     fmax, MINUS, 0, 0, 0
        two     fmin, 0, MINUS, MINUS, 0
        two     fmax, ONE, QNAN | 3, QNAN | 3, 0
        two     fmaxnm, ONE, QNAN | 3, ONE, 0
        two     fminnm, QNAN, ONE, ONE, 0
        two     fminnm, SNAN, ONE, QNAN | 1, IOC

        test    "fcmp, fcmpe"
        .macro  compare op, a, b, nzcv, flags
        set_d   1, \a
        set_d   2, \b
        msr     fpsr, xzr
        \op     d1, d2
        check_nzcv \nzcv
        check_fpsr \flags
        .endm
        compare fcmp, ONE, ONE, 0b0110, 0
        compare fcmp, ONE, INF, 0b1000, 0
        compare fcmp, ONE, MINUS, 0b0010, 0
        compare fcmp, 0, MINUS, 0b0110, 0
        compare fcmp, ONE, QNAN, 0b0011, 0
        compare fcmp, ONE, SNAN, 0b0011, IOC
        compare fcmpe, ONE, QNAN, 0b0011, IOC
        fcmp    d1, #0.0
        check_nzcv 0b0010
        set_nzcv 0b0000
        fccmp   d1, d1, #0b1001, eq
        check_nzcv 0b1001
        set_nzcv 0b0100
        fccmp   d1, d1, #0b1001, eq
        check_nzcv 0b0110
        set_d   2, 0
        fcsel   d0, d1, d2, ne
        check_d 0, 0

        test    "to integers: each direction, saturating, NaN is 0"
        .macro  to_int op, a, want, flags
        set_d   1, \a
        msr     fpsr, xzr
        \op     x0, d1
        check   x0, \want
        check_fpsr \flags
        .endm
        to_int  fcvtzs, 0xc004000000000000, -2, IXC             // -2.5
        to_int  fcvtms, 0xc004000000000000, -3, IXC
        to_int  fcvtps, 0xc004000000000000, -2, IXC
        to_int  fcvtns, 0xc004000000000000, -2, IXC
        to_int  fcvtas, 0xc004000000000000, -3, IXC
        to_int  fcvtns, 0x400c000000000000, 4, IXC              // 3.5
        to_int  fcvtzs, 0x43e0000000000000, 0x7fffffffffffffff, IOC
        to_int  fcvtzs, 0xc3e0000000000000, 0x8000000000000000, 0
        to_int  fcvtzu, 0x43e0000000000000, 0x8000000000000000, 0
        to_int  fcvtzu, ONE | MINUS, 0, IOC
        to_int  fcvtzu, 0xbfe0000000000000, 0, IXC              // -0.5
        to_int  fcvtzs, QNAN, 0, IOC
        to_int  fcvtzs, INF, 0x7fffffffffffffff, IOC
        set_d   1, 0x41e0000000000000                           // 2^31
        fcvtzs  w0, d1
        check   x0, 0x7fffffff
        fcvtzu  w0, d1
        check   x0, 0x80000000
        set_d   1, 0x3ff8000000000000                           // 1.5 as fixed point
        fcvtzs  x0, d1, #4
        check   x0, 24

        test    "from integers"
        mov     x1, #-3
        scvtf   d0, x1
        check_d 0, 0xc008000000000000
        ucvtf   d0, x1
        check_d 0, 0x43f0000000000000
        scvtf   d0, w1
        check_d 0, 0xc008000000000000
        ucvtf   s0, w1
        check_s 0, 0x4f800000
        scvtf   d0, x1, #1
        check_d 0, 0xbff8000000000000
        ldr     x1, =0x7fffffffffffffff
        scvtf   s0, x1
        check_s 0, 0x5f000000

        test    "between precisions"
        set_d   1, 0x3ff0000010000000                           // 1 + 2^-24: a tie
        msr     fpsr, xzr
        fcvt    s0, d1
        check_s 0, 0x3f800000
        check_fpsr IXC
        set_s   1, 0x7f800001                                   // signalling
        msr     fpsr, xzr
        fcvt    d0, s1
        check_d 0, 0x7ff8000020000000
        check_fpsr IOC
        set_s   1, 0x477ff000                                   // 65520 overflows half precision
        fcvt    h0, s1
        check_d 0, 0x7c00
        set_s   1, 0x3c00
        fcvt    s0, h1
        check_s 0, 0x3f800000
        mov     x0, #1 << 26                                    // FPCR.AHP
        msr     fpcr, x0
        set_s   1, 0x7c00
        fcvt    s0, h1
        check_s 0, 0x47800000                                   // no infinities there
        msr     fpcr, xzr

        test    "frint: to integral"
        one     frintn, 0x4004000000000000, 0x4000000000000000, 0 // 2.5, inexact is not reported
        one     frinta, 0x4004000000000000, 0x4008000000000000, 0
        one     frintz, 0xbfe0000000000000, MINUS, 0            // -0.5
        one     frintm, 0xbfe0000000000000, ONE | MINUS, 0
        one     frintp, 0xbfe0000000000000, MINUS, 0
        one     frintx, 0x4004000000000000, 0x4000000000000000, IXC
        one     frint32z, 0x41e0000000000000, 0xc1e0000000000000, IOC

        test    "moves and constants"
        fmov    d0, #-0.125
        check_d 0, 0xbfc0000000000000
        fmov    s0, #31.0
        check_v 0, 0, 0x41f80000
        set_v   1, 0x1111111122222222, 0x3333333344444444
        fmov    d0, d1
        check_v 0, 0, 0x3333333344444444
        fmov    s0, s1
        check_v 0, 0, 0x44444444
        mov     x1, #0x77
        fmov    v1.d[1], x1
        check_v 1, 0x77, 0x3333333344444444
        fmov    h0, #1.0
        check_v 0, 0, 0x3c00

        test    "half precision arithmetic"
        fmov    h1, #3.0
        fmov    h2, #0.5
        fadd    h0, h1, h2
        check_v 0, 0, 0x4300
        fdiv    h0, h2, h1
        check_v 0, 0, 0x3155

        test    "fjcvtzs: modulo 2^32, Z when exact"
        set_d   1, 0x41f0000000100000                           // 2^32 + 1
        fjcvtzs w0, d1
        check   x0, 1
        check_nzcv 0b0000
        set_d   1, 0xc008000000000000
        fjcvtzs w0, d1
        check   x0, 0xfffffffd
        check_nzcv 0b0100

        test    "FPCR and FPSR hold their bits only"
        mov     x0, #-1
        msr     fpsr, x0
        mrs     x0, fpsr
        and     x0, x0, #0x0fffffff
        check   x0, 0x0800009f
        msr     fpsr, xzr
        mov     x0, #-1
        msr     fpcr, x0
        mrs     x0, fpcr
        msr     fpcr, xzr
        ubfx    x0, x0, #22, #5                 // AHP DN FZ RMode
        check   x0, 31
        finish
