/* SPDX-License-Identifier: MIT */
/* Cryptographic instructions, by the vectors of their standards. */
#include "insn.h"

        begin
        test    "AES-128: FIPS 197, appendix B"
        // Key 2b7e1516 28aed2a6 abf71588 09cf4f3c, plaintext 3243f6a8 885a308d 313198a2 e0370734.
        ldr     x0, =aes_keys
        ldp     q1, q2, [x0]
        ldp     q3, q4, [x0, #32]
        ldp     q5, q6, [x0, #64]
        ldp     q7, q8, [x0, #96]
        ldp     q9, q10, [x0, #128]
        ldr     q11, [x0, #160]
        ldr     x0, =aes_plain
        ldr     q0, [x0]
        .irp    k, 1, 2, 3, 4, 5, 6, 7, 8, 9
        aese    v0.16b, v\k\().16b
        aesmc   v0.16b, v0.16b
        .endr
        aese    v0.16b, v10.16b
        eor     v0.16b, v0.16b, v11.16b
        check_v 0, 0x320b6a19978511dc, 0xfb09dc021d842539 // 3925841d 02dc09fb dc118597 196a0b32

        test    "AES-128 decrypts it again"
        aesd    v0.16b, v11.16b
        aesimc  v0.16b, v0.16b
        .irp    k, 10, 9, 8, 7, 6, 5, 4, 3
        aesimc  v12.16b, v\k\().16b
        aesd    v0.16b, v12.16b
        aesimc  v0.16b, v0.16b
        .endr
        aesimc  v12.16b, v2.16b
        aesd    v0.16b, v12.16b
        eor     v0.16b, v0.16b, v1.16b
        check_v 0, 0x340737e0a2983131, 0x8d305a88a8f64332

        test    "PMULL, PMULL2"
        set_v   1, 0x8000000000000001, 0x0000000000000003
        set_v   2, 0xc000000000000000, 0x0000000000000007
        pmull   v0.1q, v1.1d, v2.1d             // (x + 1)(x^2 + x + 1) = x^3 + 1
        check_v 0, 0, 9
        pmull2  v0.1q, v1.2d, v2.2d
        check_v 0, 0x6000000000000000, 0xc000000000000000
        set_v   1, 0, 0x0102030405060780
        pmull   v0.8h, v1.8b, v1.8b             // squares
        check_v 0, 0x0001000400050010, 0x0011001400154000

        test    "SHA-1: one block, abc"
        ldr     x0, =sha_block
        ldp     q16, q17, [x0]
        ldp     q18, q19, [x0, #32]
        .irp    r, 16, 17, 18, 19
        rev32   v\r\().16b, v\r\().16b
        .endr
        set_v   0, 0x1032547698badcfe, 0xefcdab8967452301
        mov     v5.16b, v0.16b
        ldr     w1, =0xc3d2e1f0
        fmov    s1, w1
        fmov    s6, w1
        ldr     x3, =sha1_k
        // Rounds of four: hash with w + k, then the schedule makes the next words from the last 16.
        .macro  sha1_rounds f, k
        ldr     w2, [x3, #\k * 4]
        dup     v3.4s, w2
        add     v4.4s, v16.4s, v3.4s
        sha1h   s7, s0
        sha1\f  q0, s1, v4.4s
        fmov    s1, s7
        mov     v8.16b, v16.16b
        sha1su0 v8.4s, v17.4s, v18.4s
        sha1su1 v8.4s, v19.4s
        mov     v16.16b, v17.16b
        mov     v17.16b, v18.16b
        mov     v18.16b, v19.16b
        mov     v19.16b, v8.16b
        .endm
        .rept   5
        sha1_rounds c, 0
        .endr
        .rept   5
        sha1_rounds p, 1
        .endr
        .rept   5
        sha1_rounds m, 2
        .endr
        .rept   5
        sha1_rounds p, 3
        .endr
        add     v0.4s, v0.4s, v5.4s
        add     v1.2s, v1.2s, v6.2s
        check_v 0, 0x7850c26cba3e2571, 0x4706816aa9993e36 // a9993e36 4706816a ba3e2571 7850c26c
        fmov    w0, s1
        check   x0, 0x9cd0d89d

        test    "SHA-256: one block, abc"
        ldr     x0, =sha_block
        ldp     q16, q17, [x0]
        ldp     q18, q19, [x0, #32]
        .irp    r, 16, 17, 18, 19
        rev32   v\r\().16b, v\r\().16b
        .endr
        ldr     x0, =sha256_init
        ldp     q0, q1, [x0]
        ldp     q5, q6, [x0]
        ldr     x3, =sha256_k
        mov     x4, #16
1:      ldr     q3, [x3], #16
        add     v4.4s, v16.4s, v3.4s
        mov     v7.16b, v0.16b
        sha256h q0, q1, v4.4s
        sha256h2 q1, q7, v4.4s
        mov     v8.16b, v16.16b
        sha256su0 v8.4s, v17.4s
        sha256su1 v8.4s, v18.4s, v19.4s
        mov     v16.16b, v17.16b
        mov     v17.16b, v18.16b
        mov     v18.16b, v19.16b
        mov     v19.16b, v8.16b
        subs    x4, x4, #1
        b.ne    1b
        add     v0.4s, v0.4s, v5.4s
        add     v1.4s, v1.4s, v6.4s
        check_v 0, 0x5dae2223414140de, 0x8f01cfeaba7816bf // ba7816bf 8f01cfea 414140de 5dae2223
        check_v 1, 0xf20015adb410ff61, 0x96177a9cb00361a3 // b00361a3 96177a9c b410ff61 f20015ad

        test    "SHA-3: EOR3, BCAX, RAX1, XAR"
        set_v   1, 0xffff0000ffff0000, 0x8000000000000001
        set_v   2, 0x00ff00ff00ff00ff, 0x8000000000000000
        set_v   3, 0x0f0f0f0f0f0f0f0f, 0x0000000000000003
        eor3    v0.16b, v1.16b, v2.16b, v3.16b
        check_v 0, 0xf00f0ff0f00f0ff0, 0x0000000000000002
        bcax    v0.16b, v1.16b, v2.16b, v3.16b  // v1 ^ (v2 & ~v3)
        check_v 0, 0xff0f00f0ff0f00f0, 0x0000000000000001
        rax1    v0.2d, v1.2d, v2.2d             // v1 ^ rotate left by 1
        check_v 0, 0xfe0101fefe0101fe, 0x8000000000000000
        xar     v0.2d, v1.2d, v2.2d, #8         // (v1 ^ v2) rotated right
        check_v 0, 0xffff0000ffff0000, 0x0100000000000000

        test    "SHA-512: the two functions of its schedule and state, on known words"
        set_v   0, 0, 0x8000000000000000
        set_v   1, 0, 1
        sha512su0 v0.2d, v1.2d                  // x0 + sigma0(x1), x1 + sigma0(y0)
        check_v 0, 0x8100000000000000, 0x8000000000000000
        finish

        .section .rodata
        .balign 16
aes_plain: .byte 0x32, 0x43, 0xf6, 0xa8, 0x88, 0x5a, 0x30, 0x8d, 0x31, 0x31, 0x98, 0xa2, 0xe0, 0x37, 0x07, 0x34
/* The expanded key (appendix A.1), words in big-endian order. */
        .macro  be a, b, c, d
        .irp    w, \a, \b, \c, \d
        .byte   \w >> 24 & 255, \w >> 16 & 255, \w >> 8 & 255, \w & 255
        .endr
        .endm
aes_keys:
        be      0x2b7e1516, 0x28aed2a6, 0xabf71588, 0x09cf4f3c
        be      0xa0fafe17, 0x88542cb1, 0x23a33939, 0x2a6c7605
        be      0xf2c295f2, 0x7a96b943, 0x5935807a, 0x7359f67f
        be      0x3d80477d, 0x4716fe3e, 0x1e237e44, 0x6d7a883b
        be      0xef44a541, 0xa8525b7f, 0xb671253b, 0xdb0bad00
        be      0xd4d1c6f8, 0x7c839d87, 0xcaf2b8bc, 0x11f915bc
        be      0x6d88a37a, 0x110b3efd, 0xdbf98641, 0xca0093fd
        be      0x4e54f70e, 0x5f5fc9f3, 0x84a64fb2, 0x4ea6dc4f
        be      0xead27321, 0xb58dbad2, 0x312bf560, 0x7f8d292f
        be      0xac7766f3, 0x19fadc21, 0x28d12941, 0x575c006e
        be      0xd014f9a8, 0xc9ee2589, 0xe13f0cc8, 0xb6630ca6
sha_block:
        .ascii  "abc"
        .byte   0x80
        .skip   58
        .byte   0, 24                           // bits
sha1_k: .word   0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6
        .balign 16
sha256_init:
        .word   0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19
sha256_k:
        .word   0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5
        .word   0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174
        .word   0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da
        .word   0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967
        .word   0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85
        .word   0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070
        .word   0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3
        .word   0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
