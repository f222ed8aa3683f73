/* SPDX-License-Identifier: MIT */
/*
 * Advanced SIMD: instructions of each family, on operands whose lanes meet their edges (signs, carries, saturation).
 *
 *     v1 = A = 8000ff7f01fe0203 00ff7f8000010203
 *     v2 = B = 0102030405060708 ff01ff7f80018001
 */
#include "insn.h"

#define AH 0x8000ff7f01fe0203
#define AL 0x00ff7f8000010203
#define BH 0x0102030405060708
#define BL 0xff01ff7f80018001

/* One instruction on v1 = A, v2 = B; what is in v0 then. */
        .macro  three insn, high, low
        set_v   1, AH, AL
        set_v   2, BH, BL
        \insn
        check_v 0, \high, \low
        .endm

        begin
        test    "add, sub by lane size; the half form clears the upper half"
        three   "add v0.16b, v1.16b, v2.16b", 0x810202830604090b, 0xff007eff80028204
        three   "sub v0.16b, v1.16b, v2.16b", 0x7ffefc7bfcf8fbfb, 0x01fe800180008202
        three   "add v0.8b, v1.8b, v2.8b", 0x0000000000000000, 0xff007eff80028204
        three   "sub v0.8b, v1.8b, v2.8b", 0x0000000000000000, 0x01fe800180008202
        three   "add v0.8h, v1.8h, v2.8h", 0x810202830704090b, 0x00007eff80028204
        three   "sub v0.8h, v1.8h, v2.8h", 0x7efefc7bfcf8fafb, 0x01fe800180008202
        three   "add v0.4h, v1.4h, v2.4h", 0x0000000000000000, 0x00007eff80028204
        three   "sub v0.4h, v1.4h, v2.4h", 0x0000000000000000, 0x01fe800180008202
        three   "add v0.4s, v1.4s, v2.4s", 0x810302830704090b, 0x00017eff80028204
        three   "sub v0.4s, v1.4s, v2.4s", 0x7efefc7bfcf7fafb, 0x01fd80017fff8202
        three   "add v0.2s, v1.2s, v2.2s", 0x0000000000000000, 0x00017eff80028204
        three   "sub v0.2s, v1.2s, v2.2s", 0x0000000000000000, 0x01fd80017fff8202
        three   "add v0.2d, v1.2d, v2.2d", 0x810302830704090b, 0x00017eff80028204
        three   "sub v0.2d, v1.2d, v2.2d", 0x7efefc7afcf7fafb, 0x01fd80007fff8202

        test    "saturating: sqadd, uqadd, sqsub, uqsub"
        three   "sqadd v0.16b, v1.16b, v2.16b", 0x8102027f0604090b, 0xff007eff80028204
        three   "uqadd v0.16b, v1.16b, v2.16b", 0x8102ff8306ff090b, 0xffffffff80028204
        three   "sqsub v0.16b, v1.16b, v2.16b", 0x80fefc7bfcf8fbfb, 0x01fe7f807f007f02
        three   "uqsub v0.16b, v1.16b, v2.16b", 0x7f00fc7b00f80000, 0x00fe000100000002
        three   "sqadd v0.8h, v1.8h, v2.8h", 0x810202830704090b, 0x00007eff80028204
        three   "uqadd v0.8h, v1.8h, v2.8h", 0x8102ffff0704090b, 0xffffffff80028204
        three   "sqsub v0.8h, v1.8h, v2.8h", 0x8000fc7bfcf8fafb, 0x01fe7fff7fff7fff
        three   "uqsub v0.8h, v1.8h, v2.8h", 0x7efefc7b00000000, 0x0000000000000000
        three   "sqadd v0.4s, v1.4s, v2.4s", 0x810302830704090b, 0x00017eff80028204
        three   "uqadd v0.4s, v1.4s, v2.4s", 0x810302830704090b, 0xffffffff80028204
        three   "sqsub v0.4s, v1.4s, v2.4s", 0x80000000fcf7fafb, 0x01fd80017fff8202
        three   "uqsub v0.4s, v1.4s, v2.4s", 0x7efefc7b00000000, 0x0000000000000000
        three   "sqadd v0.2d, v1.2d, v2.2d", 0x810302830704090b, 0x00017eff80028204
        three   "uqadd v0.2d, v1.2d, v2.2d", 0x810302830704090b, 0xffffffffffffffff
        three   "sqsub v0.2d, v1.2d, v2.2d", 0x8000000000000000, 0x01fd80007fff8202
        three   "uqsub v0.2d, v1.2d, v2.2d", 0x7efefc7afcf7fafb, 0x0000000000000000

        test    "halving: shadd, uhadd, srhadd, urhadd, shsub"
        three   "shadd v0.16b, v1.16b, v2.16b", 0xc001014103020405, 0xff003fffc001c102
        three   "uhadd v0.16b, v1.16b, v2.16b", 0x4001814103820405, 0x7f80bf7f40014102
        three   "srhadd v0.16b, v1.16b, v2.16b", 0xc101014203020506, 0x00003f00c001c102
        three   "urhadd v0.16b, v1.16b, v2.16b", 0x4101814203820506, 0x8080bf8040014102
        three   "shsub v0.16b, v1.16b, v2.16b", 0xbffffe3dfefcfdfd, 0x00ff408040004101
        three   "shadd v0.8h, v1.8h, v2.8h", 0xc081014103820485, 0x00003f7fc001c102
        three   "uhadd v0.8h, v1.8h, v2.8h", 0x4081814103820485, 0x8000bf7f40014102
        three   "srhadd v0.8h, v1.8h, v2.8h", 0xc081014203820486, 0x00003f80c001c102
        three   "urhadd v0.8h, v1.8h, v2.8h", 0x4081814203820486, 0x8000bf8040014102
        three   "shsub v0.8h, v1.8h, v2.8h", 0xbf7ffe3dfe7cfd7d, 0x00ff400040004101
        three   "shadd v0.4s, v1.4s, v2.4s", 0xc081814103820485, 0x0000bf7fc0014102
        three   "uhadd v0.4s, v1.4s, v2.4s", 0x4081814103820485, 0x8000bf7f40014102
        three   "srhadd v0.4s, v1.4s, v2.4s", 0xc081814203820486, 0x0000bf80c0014102
        three   "urhadd v0.4s, v1.4s, v2.4s", 0x4081814203820486, 0x8000bf8040014102
        three   "shsub v0.4s, v1.4s, v2.4s", 0xbf7f7e3dfe7bfd7d, 0x00fec0003fffc101

        test    "logical: and, bic, orr, orn, eor, not"
        three   "and v0.16b, v1.16b, v2.16b", 0x0000030401060200, 0x00017f0000010001
        three   "bic v0.16b, v1.16b, v2.16b", 0x8000fc7b00f80003, 0x00fe008000000202
        three   "orr v0.16b, v1.16b, v2.16b", 0x8102ff7f05fe070b, 0xffffffff80018203
        three   "orn v0.16b, v1.16b, v2.16b", 0xfefdfffffbfffaf7, 0x00ff7f807fff7fff
        three   "eor v0.16b, v1.16b, v2.16b", 0x8102fc7b04f8050b, 0xfffe80ff80008202
        three   "not v0.16b, v1.16b", 0x7fff0080fe01fdfc, 0xff00807ffffefdfc

        test    "compare: all ones or zero"
        three   "cmeq v0.16b, v1.16b, v2.16b", 0x0000000000000000, 0x0000000000ff0000
        three   "cmeq v0.2d, v1.2d, v2.2d", 0x0000000000000000, 0x0000000000000000
        three   "cmgt v0.16b, v1.16b, v2.16b", 0x000000ff00000000, 0xff00ff00ff00ffff
        three   "cmgt v0.2d, v1.2d, v2.2d", 0x0000000000000000, 0xffffffffffffffff
        three   "cmge v0.16b, v1.16b, v2.16b", 0x000000ff00000000, 0xff00ff00ffffffff
        three   "cmge v0.2d, v1.2d, v2.2d", 0x0000000000000000, 0xffffffffffffffff
        three   "cmhi v0.16b, v1.16b, v2.16b", 0xff00ffff00ff0000, 0x00ff00ff000000ff
        three   "cmhi v0.2d, v1.2d, v2.2d", 0xffffffffffffffff, 0x0000000000000000
        three   "cmhs v0.16b, v1.16b, v2.16b", 0xff00ffff00ff0000, 0x00ff00ff00ff00ff
        three   "cmhs v0.2d, v1.2d, v2.2d", 0xffffffffffffffff, 0x0000000000000000
        three   "cmtst v0.16b, v1.16b, v2.16b", 0x0000ffffffffff00, 0x00ffff0000ff00ff
        three   "cmtst v0.2d, v1.2d, v2.2d", 0xffffffffffffffff, 0xffffffffffffffff
        three   "cmlt v0.16b, v1.16b, #0", 0xff00ff0000ff0000, 0x00ff00ff00000000
        three   "cmle v0.4s, v1.4s, #0", 0xffffffff00000000, 0x0000000000000000

        test    "minimum, maximum, absolute difference"
        three   "smax v0.16b, v1.16b, v2.16b", 0x0102037f05060708, 0x00017f7f00010203
        three   "umin v0.16b, v1.16b, v2.16b", 0x0100030401060203, 0x00017f7f00010201
        three   "sabd v0.16b, v1.16b, v2.16b", 0x8102047b04080505, 0x010280ff80008202
        three   "uabd v0.16b, v1.16b, v2.16b", 0x7f02fc7b04f80505, 0xfffe800180007e02
        three   "abs v0.16b, v1.16b", 0x8000017f01020203, 0x00017f8000010203
        three   "neg v0.16b, v1.16b", 0x80000181ff02fefd, 0x0001818000fffefd
        three   "sqneg v0.16b, v1.16b", 0x7f000181ff02fefd, 0x0001817f00fffefd
        three   "smax v0.8h, v1.8h, v2.8h", 0x0102030405060708, 0x00ff7f8000010203
        three   "umin v0.8h, v1.8h, v2.8h", 0x0102030401fe0203, 0x00ff7f8000010203
        three   "sabd v0.8h, v1.8h, v2.8h", 0x8102038503080505, 0x01fe800180008202
        three   "uabd v0.8h, v1.8h, v2.8h", 0x7efefc7b03080505, 0xfe027fff80007dfe
        three   "abs v0.8h, v1.8h", 0x8000008101fe0203, 0x00ff7f8000010203
        three   "neg v0.8h, v1.8h", 0x80000081fe02fdfd, 0xff018080fffffdfd
        three   "sqneg v0.8h, v1.8h", 0x7fff0081fe02fdfd, 0xff018080fffffdfd
        three   "smax v0.4s, v1.4s, v2.4s", 0x0102030405060708, 0x00ff7f8000010203
        three   "umin v0.4s, v1.4s, v2.4s", 0x0102030401fe0203, 0x00ff7f8000010203
        three   "sabd v0.4s, v1.4s, v2.4s", 0x8101038503080505, 0x01fd80017fff8202
        three   "uabd v0.4s, v1.4s, v2.4s", 0x7efefc7b03080505, 0xfe027fff80007dfe
        three   "abs v0.4s, v1.4s", 0x7fff008101fe0203, 0x00ff7f8000010203
        three   "neg v0.4s, v1.4s", 0x7fff0081fe01fdfd, 0xff008080fffefdfd
        three   "sqneg v0.4s, v1.4s", 0x7fff0081fe01fdfd, 0xff008080fffefdfd

        test    "multiply: mul, mla, pmul, long, by element"
        three   "mul v0.16b, v1.16b, v2.16b", 0x8000fdfc05f40e18, 0x00ff818000010003
        three   "mul v0.8h, v1.8h, v2.8h", 0x00007afc01f42518, 0x01ffc08080018203
        three   "mul v0.4s, v1.4s, v2.4s", 0x81007afc1d102518, 0xfe40c08003058203
        three   "pmul v0.16b, v1.16b, v2.16b", 0x800001fc05040e18, 0x00ffd58000010003
        three   "smull v0.8h, v1.8b, v2.8b", 0x0000ffffff81c080, 0x00000001ff000003
        three   "umull2 v0.4s, v1.8h, v2.8h", 0x0081000003027afc, 0x000a01f4000e2518
        three   "smull2 v0.2d, v1.4s, v2.4s", 0xff7eff7f81007afc, 0x000a020c1d102518
        three   "sqdmull v0.4s, v1.4h, v2.4h", 0xfffe03feff7f8100, 0xffff0002fdfd0406
        three   "sqdmulh v0.8h, v1.8h, v2.8h", 0xfefefffc0014001c, 0xfffeff7ffffffdfd
        three   "sqrdmulh v0.4s, v1.4s, v2.4s", 0xfefdfeff00140418, 0xfffe04fefffefe00
        three   "mul v0.8h, v1.8h, v2.h[3]", 0x8000807f03feff03, 0x01ffff80ff01ff03
        three   "umull v0.2d, v1.2s, v2.s[2]", 0x0005038181787c00, 0x0000051022282518

        test    "widening and narrowing"
        three   "saddl v0.8h, v1.8b, v2.8b", 0xffff0000007effff, 0xff800002ff820004
        three   "usubl2 v0.2d, v1.4s, v2.4s", 0x000000007efefc7b, 0xfffffffffcf7fafb
        three   "uaddw v0.4s, v1.4s, v2.4h", 0x8001fe8001ff0182, 0x00ffff8100018204
        three   "addhn v0.8b, v1.8h, v2.8h", 0x0000000000000000, 0x81020709007e8082
        three   "raddhn v0.4h, v1.4s, v2.4s", 0x0000000000000000, 0x8103070400018003
        three   "xtn v0.8b, v1.8h", 0x0000000000000000, 0x007ffe03ff800103
        three   "sqxtn v0.8b, v1.8h", 0x0000000000000000, 0x80807f7f7f7f017f
        three   "sqxtun v0.4h, v1.4s", 0x0000000000000000, 0x0000ffffffffffff
        three   "uqxtn v0.2s, v1.2d", 0x0000000000000000, 0xffffffffffffffff
        three   "sxtl v0.8h, v1.8b", 0x0000ffff007fff80, 0x0000000100020003
        three   "uxtl2 v0.4s, v1.8h", 0x000080000000ff7f, 0x000001fe00000203

        test    "shifts by immediate"
        three   "shl v0.16b, v1.16b, #5", 0x0000e0e020c04060, 0x00e0e00000204060
        three   "sshr v0.16b, v1.16b, #8", 0xff00ff0000ff0000, 0x00ff00ff00000000
        three   "ushr v0.16b, v1.16b, #3", 0x10001f0f001f0000, 0x001f0f1000000000
        three   "srshr v0.16b, v1.16b, #2", 0xe000002000000101, 0x000020e000000101
        three   "sqshl v0.16b, v1.16b, #1", 0x8000fe7f02fc0406, 0x00fe7f8000020406
        three   "shl v0.8h, v1.8h, #13", 0x0000e000c0006000, 0xe000000020006000
        three   "sshr v0.8h, v1.8h, #16", 0xffffffff00000000, 0x0000000000000000
        three   "ushr v0.8h, v1.8h, #3", 0x10001fef003f0040, 0x001f0ff000000040
        three   "srshr v0.8h, v1.8h, #2", 0xe000ffe000800081, 0x00401fe000000081
        three   "sqshl v0.8h, v1.8h, #1", 0x8000fefe03fc0406, 0x01fe7fff00020406
        three   "shl v0.4s, v1.4s, #29", 0xe000000060000000, 0x0000000060000000
        three   "sshr v0.4s, v1.4s, #32", 0xffffffff00000000, 0x0000000000000000
        three   "ushr v0.4s, v1.4s, #3", 0x10001fef003fc040, 0x001feff000002040
        three   "srshr v0.4s, v1.4s, #2", 0xe0003fe0007f8081, 0x003fdfe000004081
        three   "sqshl v0.4s, v1.4s, #1", 0x8000000003fc0406, 0x01feff0000020406
        three   "shl v0.2d, v1.2d, #61", 0x6000000000000000, 0x6000000000000000
        three   "sshr v0.2d, v1.2d, #64", 0xffffffffffffffff, 0x0000000000000000
        three   "ushr v0.2d, v1.2d, #3", 0x10001fefe03fc040, 0x001feff000002040
        three   "srshr v0.2d, v1.2d, #2", 0xe0003fdfc07f8081, 0x003fdfe000004081
        three   "sqshl v0.2d, v1.2d, #1", 0x8000000000000000, 0x01feff0000020406
        three   "sshll v0.8h, v1.8b, #7", 0x0000ff803f80c000, 0x0000008001000180
        three   "shrn v0.4h, v1.4s, #9", 0x0000000000000000, 0x007fff017fbf0081
        three   "sqshrun v0.8b, v1.8h, #4", 0x0000000000000000, 0x00001f200fff0020

        test    "shifts by register: the lowest byte is signed"
        three   "sshl v0.16b, v1.16b, v2.16b", 0x0000f8f020800000, 0x00fe3f0000020006
        three   "ushl v0.16b, v1.16b, v2.16b", 0x0000f8f020800000, 0x00fe3f0000020006
        three   "sshl v0.8h, v1.8h, v2.8h", 0x0000f7f07f800300, 0x01fe000000020406
        three   "ushl v0.8h, v1.8h, v2.8h", 0x0000f7f07f800300, 0x01fe000000020406
        three   "sshl v0.4s, v1.4s, v2.4s", 0x000ff7f0fe020300, 0x0000000000020406
        three   "ushl v0.4s, v1.4s, v2.4s", 0x000ff7f0fe020300, 0x0000000000020406
        three   "sshl v0.2d, v1.2d, v2.2d", 0x00ff7f01fe020300, 0x01feff0000020406
        three   "ushl v0.2d, v1.2d, v2.2d", 0x00ff7f01fe020300, 0x01feff0000020406

        test    "permutes: zip, uzp, trn, ext, rev, tbl, tbx"
        three   "zip1 v0.16b, v1.16b, v2.16b", 0xff0001ffff7f7f80, 0x8000010180020103
        three   "zip2 v0.16b, v1.16b, v2.16b", 0x0180020003ff047f, 0x050106fe07020803
        three   "uzp1 v0.16b, v1.16b, v2.16b", 0x02040608017f0101, 0x007ffe03ff800103
        three   "uzp2 v0.16b, v1.16b, v2.16b", 0x01030507ffff8080, 0x80ff0102007f0002
        three   "trn1 v0.16b, v1.16b, v2.16b", 0x0200047f06fe0803, 0x01ff7f8001010103
        three   "trn2 v0.16b, v1.16b, v2.16b", 0x018003ff05010702, 0xff00ff7f80008002
        three   "zip1 v0.8h, v1.8h, v2.8h", 0xff0100ffff7f7f80, 0x8001000180010203
        three   "zip2 v0.8h, v1.8h, v2.8h", 0x010280000304ff7f, 0x050601fe07080203
        three   "uzp1 v0.8h, v1.8h, v2.8h", 0x03040708ff7f8001, 0xff7f02037f800203
        three   "uzp2 v0.8h, v1.8h, v2.8h", 0x01020506ff018001, 0x800001fe00ff0001
        three   "trn1 v0.8h, v1.8h, v2.8h", 0x0304ff7f07080203, 0xff7f7f8080010203
        three   "trn2 v0.8h, v1.8h, v2.8h", 0x01028000050601fe, 0xff0100ff80010001
        three   "zip1 v0.4s, v1.4s, v2.4s", 0xff01ff7f00ff7f80, 0x8001800100010203
        three   "zip2 v0.4s, v1.4s, v2.4s", 0x010203048000ff7f, 0x0506070801fe0203
        three   "uzp1 v0.4s, v1.4s, v2.4s", 0x0506070880018001, 0x01fe020300010203
        three   "uzp2 v0.4s, v1.4s, v2.4s", 0x01020304ff01ff7f, 0x8000ff7f00ff7f80
        three   "trn1 v0.4s, v1.4s, v2.4s", 0x0506070801fe0203, 0x8001800100010203
        three   "trn2 v0.4s, v1.4s, v2.4s", 0x010203048000ff7f, 0xff01ff7f00ff7f80
        three   "zip1 v0.2d, v1.2d, v2.2d", 0xff01ff7f80018001, 0x00ff7f8000010203
        three   "zip2 v0.2d, v1.2d, v2.2d", 0x0102030405060708, 0x8000ff7f01fe0203
        three   "uzp1 v0.2d, v1.2d, v2.2d", 0xff01ff7f80018001, 0x00ff7f8000010203
        three   "uzp2 v0.2d, v1.2d, v2.2d", 0x0102030405060708, 0x8000ff7f01fe0203
        three   "trn1 v0.2d, v1.2d, v2.2d", 0xff01ff7f80018001, 0x00ff7f8000010203
        three   "trn2 v0.2d, v1.2d, v2.2d", 0x0102030405060708, 0x8000ff7f01fe0203
        three   "ext v0.16b, v1.16b, v2.16b, #5", 0x7f800180018000ff, 0x7f01fe020300ff7f
        three   "ext v0.8b, v1.8b, v2.8b, #3", 0x0000000000000000, 0x01800100ff7f8000
        three   "rev64 v0.16b, v1.16b", 0x0302fe017fff0080, 0x03020100807fff00
        three   "rev32 v0.8h, v1.8h", 0xff7f8000020301fe, 0x7f8000ff02030001
        three   "rev16 v0.16b, v1.16b", 0x00807ffffe010302, 0xff00807f01000302
        three   "tbl v0.16b, {v1.16b}, v2.16b", 0x020100807fff0003, 0x0002000000020002
        three   "tbl v0.16b, {v1.16b, v2.16b}, v2.16b", 0x020100807fff0003, 0x0002000000020002
        set_v   0, 0x1111111111111111, 0x2222222222222222
        three   "tbx v0.16b, {v1.16b}, v2.16b", 0x020100807fff0003, 0x2202222222022202

        test    "across lanes and pairwise"
        three   "addv h0, v1.8h", 0x0000000000000000, 0x0000000000000603
        three   "saddlv h0, v1.16b", 0x0000000000000000, 0x0000000000000006
        three   "uaddlv d0, v1.4s", 0x0000000000000000, 0x0000000082ff8305
        three   "smaxv b0, v1.16b", 0x0000000000000000, 0x000000000000007f
        three   "uminv h0, v1.8h", 0x0000000000000000, 0x0000000000000001
        three   "addp v0.8h, v1.8h, v2.8h", 0x04060c0efe800002, 0x7f7f0401807f0204
        three   "umaxp v0.8h, v1.8h, v2.8h", 0x03040708ff7f8001, 0xff7f02037f800203
        three   "addp d0, v1.2d", 0x0000000000000000, 0x81007eff01ff0406
        three   "saddlp v0.8h, v1.16b", 0xff80007effff0005, 0xffffffff00010005

        test    "select: bsl, bit, bif"
        set_v   0, 0x00ff00ff0f0f0f0f, 0xffff0000f0f0f0f0
        three   "bsl v0.16b, v1.16b, v2.16b", 0x0100037f010e0203, 0x00ffff7f00010001
        set_v   0, 0x00ff00ff0f0f0f0f, 0xffff0000f0f0f0f0
        three   "bit v0.16b, v1.16b, v2.16b", 0x00fd03ff0b0f0a07, 0x00ff7f0070f170f1
        set_v   0, 0x00ff00ff0f0f0f0f, 0xffff0000f0f0f0f0
        three   "bif v0.16b, v1.16b, v2.16b", 0x8002fc7f05fe070b, 0xffff008080008202

        test    "accumulate: mla, mls, saba, ssra, sli, sri, sqdmlal"
        set_v   0, 0x00ff00ff0f0f0f0f, 0xffff0000f0f0f0f0
        three   "mla v0.8h, v1.8h, v2.8h", 0x00ff7bfb11033427, 0x01fec08070f172f3
        set_v   0, 0x00ff00ff0f0f0f0f, 0xffff0000f0f0f0f0
        three   "mls v0.4s, v1.4s, v2.4s", 0x7ffe8603f1fee9f7, 0x01be3f80edeb6eed
        set_v   0, 0x00ff00ff0f0f0f0f, 0xffff0000f0f0f0f0
        three   "uaba v0.16b, v1.16b, v2.16b", 0x7f01fc7a13071414, 0xfefd800170f06ef2
        set_v   0, 0x00ff00ff0f0f0f0f, 0xffff0000f0f0f0f0
        three   "ssra v0.4s, v1.4s, #7", 0xffff02fd0f130b13, 0x0000fefff0f0f2f4
        set_v   0, 0x00ff00ff0f0f0f0f, 0xffff0000f0f0f0f0
        three   "sli v0.8h, v1.8h, #5", 0x001fefff3fcf406f, 0x1ffff00000304070
        set_v   0, 0x00ff00ff0f0f0f0f, 0xffff0000f0f0f0f0
        three   "sri v0.8h, v1.8h, #5", 0x040007fb080f0810, 0xf80703fcf000f010

        test    "bits: cnt, clz, cls, rbit"
        three   "cnt v0.16b, v1.16b", 0x0100080701070102, 0x0008070100010102
        three   "clz v0.4s, v1.4s", 0x0000000000000007, 0x000000080000000f
        three   "cls v0.8h, v1.8h", 0x0000000700060005, 0x00070000000e0005
        three   "rbit v0.16b, v1.16b", 0x0100fffe807f40c0, 0x00fffe01008040c0

        test    "dup, ins, umov, smov, movi, mvni"
        three   "dup v0.8h, v1.h[3]", 0x00ff00ff00ff00ff, 0x00ff00ff00ff00ff
        three   "dup v0.2s, v1.s[2]", 0x0000000000000000, 0x01fe020301fe0203
        set_v   0, 0x00ff00ff0f0f0f0f, 0xffff0000f0f0f0f0
        three   "ins v0.b[5], v1.b[15]", 0x00ff00ff0f0f0f0f, 0xffff8000f0f0f0f0
        three   "movi v0.8h, #0xab, lsl #8", 0xab00ab00ab00ab00, 0xab00ab00ab00ab00
        three   "mvni v0.4s, #0x12, msl #16", 0xffed0000ffed0000, 0xffed0000ffed0000
        three   "movi v0.2d, #0xff00ff0000ff00ff", 0xff00ff0000ff00ff, 0xff00ff0000ff00ff
        three   "fmov v0.2d, #1.0", 0x3ff0000000000000, 0x3ff0000000000000
        umov    w0, v1.b[15]
        check   x0, 0x80
        smov    x0, v1.b[15]
        check   x0, -0x80
        smov    w0, v1.h[5]
        check   x0, 0x1fe

        test    "dot products and matrix multiply"
        set_v   0, 0x00ff00ff0f0f0f0f, 0xffff0000f0f0f0f0
        three   "udot v0.4s, v1.16b, v2.16b", 0x00ff06780f0f152e, 0xffffbf00f0f0f1f4
        set_v   0, 0x00ff00ff0f0f0f0f, 0xffff0000f0f0f0f0
        three   "sdot v0.4s, v1.16b, v2.4b[1]", 0x00ff40810f0f1087, 0xfffec000f0f0f26c
        set_v   0, 0x00ff00ff0f0f0f0f, 0xffff0000f0f0f0f0
        three   "smmla v0.4s, v1.16b, v2.16b", 0x00ff02970f0f4d12, 0xfffeffa7f0f0aff4

        test    "FPSR.QC is set by saturation and stays"
        msr     fpsr, xzr
        set_v   1, AH, AL
        sqadd   v0.16b, v1.16b, v1.16b
        check_fpsr 1 << 27
        add     v0.16b, v1.16b, v1.16b
        check_fpsr 1 << 27
        msr     fpsr, xzr
        sqadd   v0.2d, v0.2d, v0.2d
        msr     fpsr, xzr

        test    "floating point: lanes, pairs, estimates"
        set_v   1, 0x3f80000040000000, 0x404000007f800000       // 1 2 3 inf
        set_v   2, 0x40000000c0000000, 0x3f00000000000000       // 2 -2 0.5 0
        fadd    v0.4s, v1.4s, v2.4s
        check_v 0, 0x4040000000000000, 0x406000007f800000
        fmul    v0.4s, v1.4s, v2.4s
        check_v 0, 0x40000000c0800000, 0x3fc000007fc00000
        check_fpsr 1
        fmla    v2.4s, v1.4s, v1.4s
        check_v 2, 0x4040000040000000, 0x411800007f800000
        faddp   v0.4s, v1.4s, v1.4s
        check_v 0, 0x404000007f800000, 0x404000007f800000
        fmaxv   s0, v1.4s
        check_v 0, 0, 0x7f800000
        fcmgt   v0.4s, v1.4s, #0.0
        check_v 0, -1, -1
        scvtf   v0.4s, v0.4s
        check_v 0, 0xbf800000bf800000, 0xbf800000bf800000
        fcvtzs  v0.4s, v1.4s
        check_v 0, 0x0000000100000002, 0x000000037fffffff
        frecpe  v0.4s, v1.4s
        check_v 0, 0x3f7f80003eff8000, 0x3eaa800000000000
        frsqrte v0.4s, v1.4s
        check_v 0, 0x3f7f80003f348000, 0x3f13800000000000
        fcvtl   v0.2d, v1.2s
        check_v 0, 0x4008000000000000, 0x7ff0000000000000
        fcvtn   v0.2s, v0.2d
        check_v 0, 0, 0x404000007f800000

        test    "structures: ld1 to ld4, st1 to st4"
        ldr     x1, =FREE_RAM
        mov     x0, #0
1:      strb    w0, [x1, x0]
        add     x0, x0, #1
        cmp     x0, #64
        b.ne    1b
        ld1     {v0.16b, v1.16b}, [x1]
        check_v 1, 0x1f1e1d1c1b1a1918, 0x1716151413121110
        ld2     {v0.8h, v1.8h}, [x1]
        check_v 0, 0x1d1c191815141110, 0x0d0c090805040100
        check_v 1, 0x1f1e1b1a17161312, 0x0f0e0b0a07060302
        ld3     {v0.8b, v1.8b, v2.8b}, [x1]
        check_v 2, 0, 0x1714110e0b080502
        mov     x2, x1
        ld4     {v0.4s, v1.4s, v2.4s, v3.4s}, [x2], #64
        check_v 3, 0x3f3e3d3c2f2e2d2c, 0x1f1e1d1c0f0e0d0c
        sub     x0, x2, x1
        check   x0, 64
        st4     {v0.4s, v1.4s, v2.4s, v3.4s}, [x2]
        ldr     q4, [x2, #48]
        check_v 4, 0x3f3e3d3c3b3a3938, 0x3736353433323130
        st2     {v0.16b, v1.16b}, [x2]
        ldr     q4, [x2]
        check_v 4, 0x1713161215111410, 0x0703060205010400
        ld1     {v4.h}[3], [x1]
        check_v 4, 0x1713161215111410, 0x0100060205010400
        ld1r    {v5.4s}, [x1]
        check_v 5, 0x0302010003020100, 0x0302010003020100
        mov     x3, #4
        ld2     {v4.b, v5.b}[15], [x1], x3
        check_v 4, 0x0013161215111410, 0x0100060205010400
        check_v 5, 0x0102010003020100, 0x0302010003020100
        st1     {v5.d}[1], [x2]
        ldr     x0, [x2]
        check   x0, 0x0102010003020100

        test    "scalar forms clear the rest of the register"
        set_v   1, AH, AL
        set_v   2, BH, BL
        add     d0, d1, d2
        check_v 0, 0, 0x00017eff80028204
        sqadd   b0, b1, b2
        check_v 0, 0, 0x04
        cmgt    d0, d1, d2
        check_v 0, 0, -1
        sshr    d0, d1, #8
        check_v 0, 0, 0x0000ff7f80000102
        finish
