/* SPDX-License-Identifier: MIT */
/*
 * The x86 instruction decoder: prefixes, opcode maps, ModRM and SIB, displacement, immediates (SDM vol. 2 ch. 2).
 *
 * Bytes are fetched one by one and none past the instruction's last, so that a block's end on a page is exact. The opcode and ModRM choose
 * the row; what the row says of operands tells which immediates follow.
 *
 * Of prefixes of one group the last wins (F3 and F2 are one group here: the last one is the mandatory prefix). REX counts only right before the opcode. 66 is only the
 * operand size for rows that do not look at it. VEX forms have no legacy prefix but segment, address size.
 */
#include <string.h>

#include "target/x86/cpu.h"
#include "target/x86/decode_internal.h"

#define MAX_LENGTH 15

typedef struct Decoder {
    const X86Fetch *fetch;
    X86Insn *i;
    unsigned mode;
    unsigned map;
    int seg;              /* override, or -1 */
    bool address_prefix;
    uint8_t rep_prefix;   /* 0xf3, 0xf2 or 0 */
    bool failed;          /* result says why */
    X86DecodeResult result;
} Decoder;

static void fail(Decoder *d, X86DecodeResult why)
{
    if (!d->failed) {
        d->failed = true;
        d->result = why;
    }
}

static uint8_t next(Decoder *d)
{
    uint8_t byte = 0;

    if (d->failed)
        return 0;
    if (d->i->length == MAX_LENGTH)
        fail(d, X86_DECODE_TOO_LONG);
    else if (!d->fetch->byte(d->fetch->opaque, d->i->length, &byte))
        fail(d, X86_DECODE_NEXT_PAGE);
    else
        d->i->length++;
    return byte;
}

static uint64_t next_bytes(Decoder *d, unsigned n)
{
    uint64_t v = 0;
    for (unsigned k = 0; k < n; k++)
        v |= (uint64_t)next(d) << k * 8;
    return v;
}

static int64_t next_signed(Decoder *d, unsigned n)
{
    unsigned shift = 64 - n * 8;
    return (int64_t)(next_bytes(d, n) << shift) >> shift;
}

/* ---- prefixes ---- */
static void segment_override(Decoder *d, unsigned seg)
{
    if (d->mode != 3 || seg >= X86_SEG_FS)
        d->seg = (int)seg;
}

/* One legacy prefix; false: byte is none. */
static bool legacy_prefix(Decoder *d, uint8_t byte)
{
    switch (byte) {
    case 0x26: case 0x2e: case 0x36: case 0x3e:
        segment_override(d, byte >> 3 & 3);
        return true;
    case 0x64: case 0x65:
        segment_override(d, X86_SEG_FS + (byte & 1));
        return true;
    case 0x66:
        return d->i->data16 = true;
    case 0x67:
        return d->address_prefix = true;
    case 0xf0:
        return d->i->lock = true;
    case 0xf2: case 0xf3:
        d->rep_prefix = byte;
        return true;
    default:
        return false;
    }
}

/* All prefixes; the byte after them. */
static uint8_t take_prefixes(Decoder *d)
{
    for (;;) {
        uint8_t byte = next(d);
        if (d->failed)
            return 0;
        if (legacy_prefix(d, byte))
            d->i->rex = 0;
        else if (d->mode == 3 && (byte & 0xf0) == 0x40)
            d->i->rex = byte;
        else
            return byte;
    }
}

/* ---- VEX (SDM vol. 2, 2.3) ---- */
static void take_vex_payload(Decoder *d, uint8_t first, uint8_t last)
{
    static const uint8_t rep[4] = { 0, 0, 0xf3, 0xf2 };
    X86Insn *i = d->i;
    bool long_mode = d->mode == 3;

    i->vex = true;
    i->rex = 0x40 | (~first >> 5 & 7);
    i->vvvv = ~last >> 3 & 15;
    if (!long_mode) {
        i->rex = 0x40;
        i->vvvv &= 7;
    }
    i->vex_l = last >> 2 & 1;
    i->data16 = (last & 3) == 1;
    d->rep_prefix = rep[last & 3];
}

/* C5: R vvvv L pp. C4: R X B map, W vvvv L pp. */
static void take_vex(Decoder *d, uint8_t escape, uint8_t first)
{
    X86Insn *i = d->i;

    if (i->rex || i->data16 || d->rep_prefix || i->lock) {
        fail(d, X86_DECODE_UD);
        return;
    }
    if (escape == 0xc5) {
        d->map = 1;
        take_vex_payload(d, first | 0x60, first);
    } else {
        uint8_t last = next(d);
        d->map = first & 31;
        take_vex_payload(d, first, last);
        i->w = last >> 7;
        if (d->map < 1 || d->map > 3)
            fail(d, X86_DECODE_UD);
    }
    i->opcode = next(d);
}

/* C4, C5 and 62 are LES, LDS and BOUND outside 64-bit mode unless what would be their ModRM byte says mod 3. True: the opcode has been dealt with; else the byte in *modrm is ModRM. */
static bool take_vector_escape(Decoder *d, uint8_t byte, uint8_t *modrm)
{
    *modrm = next(d);
    if (d->failed)
        return true;
    if (d->mode != 3 && *modrm < 0xc0)
        return false;
    if (byte == 0x62)
        fail(d, X86_DECODE_UD);
    else
        take_vex(d, byte, *modrm);
    return true;
}

/* ---- opcode ---- */
static void take_opcode(Decoder *d, bool *has_early, uint8_t *early)
{
    uint8_t byte = take_prefixes(d);

    d->i->opcode = byte;
    if (d->failed)
        return;
    if (byte == 0xc4 || byte == 0xc5 || byte == 0x62) {
        if (!take_vector_escape(d, byte, early))
            *has_early = true;
        return;
    }
    d->i->w = d->i->rex >> 3 & 1;
    if (byte != 0x0f)
        return;
    byte = next(d);
    d->map = 1;
    if (byte == 0x38 || byte == 0x3a) {
        d->map = byte == 0x38 ? 2 : 3;
        byte = next(d);
    }
    d->i->opcode = byte;
}

static void set_sizes(Decoder *d)
{
    X86Insn *i = d->i;
    bool data16 = i->data16 && !i->vex;

    if (d->mode == 3) {
        i->osz = i->w ? 3 : data16 ? 1 : 2;
        i->asz = d->address_prefix ? 2 : 3;
    } else {
        i->osz = data16 ? 3 - d->mode : d->mode;
        i->asz = d->address_prefix ? 3 - d->mode : d->mode;
    }
}

/* Operand size under a row's attributes. */
static unsigned row_osz(const Decoder *d, const X86Row *row)
{
    if (d->mode == 3 && row->attr & X86_ATTR_F64)
        return 3;
    return d->mode == 3 && d->i->osz == 2 && row->attr & X86_ATTR_D64 ? 3 : d->i->osz;
}

/* ---- choosing the row ---- */
static uint64_t match_bits(const Decoder *d, bool modrm)
{
    const X86Insn *i = d->i;
    unsigned prefix = d->rep_prefix ? (d->rep_prefix == 0xf3 ? 2 : 3) : i->data16;
    uint64_t bits = 1ull << (X86_MATCH_PFX + prefix) | 1ull << (X86_MATCH_W + i->w) | 1ull << (X86_MATCH_L + i->vex_l) | 1ull << (X86_MATCH_ENC + i->vex) |
                    1ull << (X86_MATCH_ASZ + i->asz - 1) | 1ull << (X86_MATCH_MODE + (d->mode == 3));

    if (modrm)
        bits |= 1ull << (X86_MATCH_MOD + (i->mod == 3)) | 1ull << (X86_MATCH_REG + (i->reg & 7)) | 1ull << (X86_MATCH_RM + (i->rm & 7));
    return bits;
}

typedef struct FeatureTest { bool (*has)(const void *opaque, unsigned feature); const void *opaque; } FeatureTest;

static bool feature_allows(const Decoder *d, const X86Row *row, const FeatureTest *ft)
{
    unsigned f = row->feature[d->i->vex ? 1 + d->i->vex_l : 0];
    return ft->has(ft->opaque, f & ~X86_FEATURE_ABSENT) != !!(f & X86_FEATURE_ABSENT);
}

static const X86Row *find_row(const Decoder *d, unsigned first, unsigned end, const FeatureTest *ft)
{
    uint64_t bits = match_bits(d, x86_rows[first].match & X86_MATCH_HAS_MODRM);

    for (const X86Row *row = &x86_rows[first]; row < &x86_rows[end]; row++) {
        uint64_t all = bits | 1ull << (X86_MATCH_OSZ + row_osz(d, row) - 1);
        if (!(all & ~row->match) && !(row->match & X86_MATCH_NO_VVVV && d->i->vvvv) && feature_allows(d, row, ft))
            return row;
    }
    return NULL;
}

/* ---- ModRM, SIB, displacement ---- */
static void split_modrm(Decoder *d, uint8_t modrm)
{
    X86Insn *i = d->i;

    i->modrm = modrm;
    i->mod = modrm >> 6;
    i->reg = (modrm >> 3 & 7) | (i->rex & 4) << 1;
    i->rm = (modrm & 7) | (i->rex & 1) << 3;
    if (d->map == 1 && (i->opcode & 0xfc) == 0x20) /* MOV to and from control and debug registers: mod is ignored */
        i->mod = 3;
}

static void memory16(Decoder *d)
{
    static const int8_t base[8] = { X86_RBX, X86_RBX, X86_RBP, X86_RBP, X86_RSI, X86_RDI, X86_RBP, X86_RBX };
    static const int8_t index[8] = { X86_RSI, X86_RDI, X86_RSI, X86_RDI, X86_NO_REG, X86_NO_REG, X86_NO_REG, X86_NO_REG };
    X86Insn *i = d->i;
    unsigned rm = i->rm & 7;

    i->mem.base = base[rm];
    i->mem.index = index[rm];
    if (i->mod == 0 && rm == 6) {
        i->mem.base = X86_NO_REG;
        i->mem.disp = (int64_t)next_bytes(d, 2);
    } else if (i->mod) {
        i->mem.disp = next_signed(d, i->mod);
    }
    i->mem.seg = i->mem.base == X86_RBP ? X86_SEG_SS : X86_SEG_DS;
}

/* The SIB byte; the encoded base's low three bits. */
static unsigned take_sib(Decoder *d, bool vector_index)
{
    X86Mem *mem = &d->i->mem;
    uint8_t sib = next(d);
    unsigned index = (sib >> 3 & 7) | (d->i->rex & 2) << 2;

    mem->index = index == 4 && !vector_index ? X86_NO_REG : (int8_t)index;
    mem->shift = sib >> 6;
    mem->base = (int8_t)((sib & 7) | (d->i->rex & 1) << 3);
    return sib & 7;
}

static void memory32(Decoder *d, const X86Row *row)
{
    X86Insn *i = d->i;
    X86Mem *mem = &i->mem;
    bool sib = (i->rm & 7) == 4;
    unsigned low = i->rm & 7;

    mem->base = (int8_t)i->rm;
    mem->index = X86_NO_REG;
    if (sib)
        low = take_sib(d, row->attr & X86_ATTR_VSIB);
    else if (row->attr & X86_ATTR_VSIB)
        fail(d, X86_DECODE_UD);
    if (i->mod == 0 && low == 5) {
        mem->base = !sib && d->mode == 3 ? X86_BASE_RIP : X86_NO_REG;
        mem->disp = next_signed(d, 4);
    } else if (i->mod) {
        mem->disp = next_signed(d, i->mod == 1 ? 1 : 4);
    }
    mem->seg = mem->base == X86_RSP || mem->base == X86_RBP ? X86_SEG_SS : X86_SEG_DS;
}

static void take_memory(Decoder *d, const X86Row *row)
{
    if (d->i->asz == 1 && row->attr & X86_ATTR_VSIB)
        fail(d, X86_DECODE_UD); /* there is no SIB byte */
    else if (d->i->asz == 1)
        memory16(d);
    else
        memory32(d, row);
    if (d->seg >= 0)
        d->i->mem.seg = (uint8_t)d->seg;
}

/* ---- operands ---- */
static unsigned size_of(const Decoder *d, unsigned size, bool memory)
{
    const X86Insn *i = d->i;
    unsigned x = i->vex_l ? 32 : 16;

    switch (size) {
    case X86_SZ_b: return 1;
    case X86_SZ_w: return 2;
    case X86_SZ_d: return 4;
    case X86_SZ_q: return 8;
    case X86_SZ_v: return 1u << i->osz;
    case X86_SZ_z: return i->osz == 1 ? 2 : 4;
    case X86_SZ_y: return i->osz == 3 ? 8 : 4;
    case X86_SZ_x: return x;
    case X86_SZ_xh: return x / 2;
    case X86_SZ_xq: return x / 4;
    case X86_SZ_xe: return x / 8;
    case X86_SZ_dq: return 16;
    case X86_SZ_qq: return 32;
    case X86_SZ_t: return 10;
    case X86_SZ_s: return 1;
    case X86_SZ_db: return memory ? 1 : 4;
    case X86_SZ_dw: return memory ? 2 : 4;
    case X86_SZ_vw: return memory ? 2 : 1u << i->osz;
    default: return 0;
    }
}

static X86Operand gpr(const Decoder *d, unsigned reg, unsigned bytes)
{
    if (bytes == 1 && reg >= 4 && reg < 8 && !d->i->rex)
        return (X86Operand){ OPK_REG8H, 1, (uint16_t)(reg - 4), 0 };
    return (X86Operand){ OPK_REG, (uint8_t)bytes, (uint16_t)reg, 0 };
}

static X86Operand vec_of_imm8(Decoder *d, unsigned bytes)
{
    uint8_t imm = next(d);
    return (X86Operand){ OPK_VEC, (uint8_t)bytes, (uint16_t)(imm >> 4 & (d->mode == 3 ? 15 : 7)), imm };
}

static X86Operand immediate(Decoder *d, unsigned size, unsigned bytes)
{
    if (size == X86_SZ_s || size == X86_SZ_z)
        return (X86Operand){ OPK_IMM, (uint8_t)(1u << d->i->osz), 0, (uint64_t)next_signed(d, bytes) };
    return (X86Operand){ OPK_IMM, (uint8_t)bytes, 0, next_bytes(d, bytes) };
}

static X86Operand far_pointer(Decoder *d)
{
    X86Operand op = { OPK_FAR, (uint8_t)(1u << d->i->osz), 0, next_bytes(d, 1u << d->i->osz) };
    op.reg = (uint16_t)next_bytes(d, 2);
    return op;
}

static X86Operand string_operand(Decoder *d, unsigned kind, unsigned bytes)
{
    d->i->mem.seg = d->seg >= 0 ? (uint8_t)d->seg : X86_SEG_DS; /* of the one at rSI */
    return (X86Operand){ (uint8_t)kind, (uint8_t)bytes, kind == OPK_STR_X ? X86_RSI : X86_RDI, 0 };
}

static X86Operand moffs(Decoder *d, unsigned bytes)
{
    d->i->mem = (X86Mem){ .base = X86_NO_REG, .index = X86_NO_REG, .seg = d->seg >= 0 ? (uint8_t)d->seg : X86_SEG_DS };
    return (X86Operand){ OPK_MOFFS, (uint8_t)bytes, 0, next_bytes(d, 1u << d->i->asz) };
}

static X86Operand segment_register(Decoder *d)
{
    unsigned n = d->i->reg & 7;
    if (n >= X86_NB_SEGS)
        fail(d, X86_DECODE_UD);
    return (X86Operand){ OPK_SEG, 2, (uint16_t)n, 0 };
}

/* ModRM.rm as a register of this kind, or memory. */
static X86Operand reg_or_memory(const Decoder *d, unsigned kind, const X86OperandSpec *spec)
{
    const X86Insn *i = d->i;
    unsigned bytes = size_of(d, spec->size, i->mod != 3);

    if (i->mod != 3)
        return (X86Operand){ OPK_MEM, (uint8_t)bytes, 0, 0 };
    if (kind == OPK_REG)
        return gpr(d, i->rm, bytes);
    return (X86Operand){ (uint8_t)kind, (uint8_t)bytes, kind == OPK_VEC ? i->rm : i->rm & 7, 0 };
}

static X86Operand vvvv_vector(const Decoder *d, unsigned bytes)
{
    const X86Insn *i = d->i;
    unsigned reg = i->vex ? i->vvvv : i->op[0].kind == OPK_VEC ? i->op[0].reg : i->reg;
    return (X86Operand){ OPK_VEC, (uint8_t)bytes, (uint16_t)reg, 0 };
}

static X86Operand take_operand(Decoder *d, const X86OperandSpec *spec)
{
    const X86Insn *i = d->i;
    unsigned bytes = size_of(d, spec->size, false);
    uint8_t b = (uint8_t)bytes;

    switch (spec->addressing) {
    case X86_AM_A: return far_pointer(d);
    case X86_AM_B: return gpr(d, i->vvvv, bytes);
    case X86_AM_C: return (X86Operand){ OPK_CR, b, i->reg, 0 };
    case X86_AM_D: return (X86Operand){ OPK_DR, b, i->reg, 0 };
    case X86_AM_E: case X86_AM_M: case X86_AM_R: return reg_or_memory(d, OPK_REG, spec);
    case X86_AM_F: return (X86Operand){ OPK_ST, 10, 0, 0 };
    case X86_AM_STI: return (X86Operand){ OPK_ST, 10, i->rm & 7, 0 };
    case X86_AM_G: return gpr(d, i->reg, bytes);
    case X86_AM_H: return vvvv_vector(d, bytes);
    case X86_AM_I: return immediate(d, spec->size, bytes);
    case X86_AM_J: return (X86Operand){ OPK_REL, b, 0, (uint64_t)next_signed(d, bytes) };
    case X86_AM_L: return vec_of_imm8(d, bytes);
    case X86_AM_N: case X86_AM_Q: return reg_or_memory(d, OPK_MMX, spec);
    case X86_AM_O: return moffs(d, bytes);
    case X86_AM_P: return (X86Operand){ OPK_MMX, b, i->reg & 7, 0 };
    case X86_AM_S: return segment_register(d);
    case X86_AM_U: case X86_AM_W: return reg_or_memory(d, OPK_VEC, spec);
    case X86_AM_V: return (X86Operand){ OPK_VEC, b, i->reg, 0 };
    case X86_AM_X: return string_operand(d, OPK_STR_X, bytes);
    case X86_AM_Y: return string_operand(d, OPK_STR_Y, bytes);
    case X86_AM_Z: return gpr(d, (i->opcode & 7) | (i->rex & 1) << 3, bytes);
    case X86_AM_ONE: return (X86Operand){ OPK_IMM, 1, 0, 1 };
    case X86_AM_GPR: return bytes == 1 && spec->reg >= 4 ? (X86Operand){ OPK_REG8H, 1, spec->reg - 4u, 0 } : (X86Operand){ OPK_REG, b, spec->reg, 0 };
    case X86_AM_SEGNAME: return (X86Operand){ OPK_SEG, 2, spec->reg, 0 };
    case X86_AM_XMM: return (X86Operand){ OPK_VEC, b, spec->reg, 0 };
    default: return (X86Operand){ 0 };
    }
}

static void take_operands(Decoder *d, const X86Row *row)
{
    X86Insn *i = d->i;

    for (unsigned n = 0; n < X86_MAX_OPERANDS && row->operand[n]; n++) {
        i->op[n] = take_operand(d, &x86_operand_specs[row->operand[n]]);
        i->n_operands = (uint8_t)(n + 1);
    }
}

static void decode(Decoder *d, const FeatureTest *ft)
{
    X86Insn *i = d->i;
    bool has_early = false;
    uint8_t early = 0;

    take_opcode(d, &has_early, &early);
    if (d->failed)
        return;
    set_sizes(d);
    unsigned first = x86_row_first[d->map << 8 | i->opcode], end = x86_row_first[(d->map << 8 | i->opcode) + 1];
    if (first == end) {
        fail(d, X86_DECODE_UD);
        return;
    }
    bool modrm = x86_rows[first].match & X86_MATCH_HAS_MODRM;
    if (modrm)
        split_modrm(d, has_early ? early : next(d));
    if (d->failed)
        return;
    i->row = find_row(d, first, end, ft);
    if (!i->row) {
        fail(d, X86_DECODE_UD);
        return;
    }
    i->osz = (uint8_t)row_osz(d, i->row);
    if (modrm && i->mod != 3)
        take_memory(d, i->row);
    take_operands(d, i->row);
}

X86DecodeResult x86_decode(const X86Fetch *fetch, unsigned mode, bool (*has)(const void *opaque, unsigned feature), const void *has_opaque, X86Insn *out)
{
    Decoder d = { .fetch = fetch, .i = out, .mode = mode, .seg = -1, .result = X86_DECODED };
    FeatureTest ft = { has, has_opaque };

    memset(out, 0, sizeof *out);
    out->mem.base = out->mem.index = X86_NO_REG;
    decode(&d, &ft);
    out->rep = d.rep_prefix == 0xf3;
    out->repne = d.rep_prefix == 0xf2;
    out->has_seg = d.seg >= 0;
    if (out->has_seg) /* of implied operands too */
        out->mem.seg = (uint8_t)d.seg;
    return d.failed ? d.result : X86_DECODED;
}
