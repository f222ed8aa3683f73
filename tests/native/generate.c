/* SPDX-License-Identifier: MIT */
/*
 * Making programs from the decode rows.
 *
 * An instruction is made by choosing one value in each dimension that the row constrains (prefix, ModRM.mod, operand size ...; decode_internal.h),
 * writing the bytes, and asking the decoder whether they are of this row: what does not fit is tried again. So
 * a new row is tested without further work.
 *
 * Memory operands are confined by construction: some registers hold pointers into the data pages, others small indexes, and the
 * addressing form is made of those; an instruction that writes such a register takes it out of the set. Jumps go to the next
 * instruction or out of the program, forward: there are no loops. Values are mostly corner cases.
 */
#include <cpuid.h>
#include <glib.h>
#include <string.h>

#include "base/bits.h"
#include "target/x86/cpu.h"
#include "target/x86/decode_internal.h"
#include "tests/native/native.h"

#define TRIES 400
#define FIRST_INDEX_XMM 12 /* 12..15 hold small indexes, for gathers */

/* ---- random numbers ---- */
static uint64_t rng_state = 1;

/* splitmix64 */
static uint64_t rnd(void)
{
    uint64_t z = rng_state += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

void native_seed(uint64_t seed)
{
    rng_state = seed * 0xd1342543de82ef95ull + 1;
    rng_state = rnd();
}

static unsigned below(unsigned n) { return (unsigned)(rnd() >> 33) % n; }
static bool chance(unsigned percent) { return below(100) < percent; }
/* One of the bits set in set, as its number. */
static unsigned any_bit(uint64_t set)
{
    unsigned n = below((unsigned)__builtin_popcountll(set));
    while (n--)
        set &= set - 1;
    return ctz64(set);
}

/* ---- rows ---- */
static unsigned *chosen, n_chosen;
static uint8_t *opcode_of, *map_of; /* by row */

static bool host_has(unsigned feature)
{
    static const struct { uint32_t leaf, subleaf; unsigned reg, bit; } info[] = {
#define EAX 0
#define EBX 1
#define ECX 2
#define EDX 3
#define FEATURE(id, name, leaf, subleaf, reg, bit) [X86_FEAT_##id] = { leaf, subleaf, reg, bit },
#include "target/x86/features.def"
#undef FEATURE
    };
    uint32_t r[4];
    return __get_cpuid_count(info[feature].leaf, info[feature].subleaf, &r[0], &r[1], &r[2], &r[3]) && r[info[feature].reg] >> info[feature].bit & 1;
}

static const char *feature_name(unsigned feature)
{
    static const char *const names[] = {
        [X86_FEAT_NONE] = "base",
#define FEATURE(id, name, ...) [X86_FEAT_##id] = name,
#include "target/x86/features.def"
#undef FEATURE
        [X86_FEAT_NEVER] = "never",
    };
    return names[feature];
}

static bool both_have(const void *unused, unsigned feature)
{
    static int8_t known[X86_NB_FEATURES];
    if (feature == X86_FEAT_NONE)
        return true;
    if (feature == X86_FEAT_NEVER)
        return false;
    if (!known[feature])
        known[feature] = native_guest_has(NULL, feature) && host_has(feature) ? 1 : -1;
    return known[feature] > 0;
}

/* The first of a row's features that is one; VEX-only rows have none for a legacy form. */
static unsigned row_feature(const X86Row *row)
{
    for (unsigned k = row->match >> X86_MATCH_ENC & 1 ? 0 : 1; k < 3; k++) {
        if (row->feature[k] != X86_FEAT_NEVER)
            return row->feature[k] & ~X86_FEATURE_ABSENT;
    }
    return X86_FEAT_NEVER;
}

static bool row_is_there(const X86Row *row)
{
    for (unsigned k = 0; k < 3; k++) {
        unsigned f = row->feature[k];
        if (f & X86_FEATURE_ABSENT ? !both_have(NULL, f & ~X86_FEATURE_ABSENT) : both_have(NULL, f))
            return true;
    }
    return false;
}

static bool row_is_wanted(const X86Row *row, const NativeFilter *filter)
{
    if (!(row->match >> X86_MATCH_MODE & (native_bits == 64 ? 2 : 1)) || !row_is_there(row) || native_skip_reason(row))
        return false;
    if (filter->match && !g_regex_match_simple(filter->match, row->mnemonic, G_REGEX_ANCHORED | G_REGEX_CASELESS, 0))
        return false;
    return !filter->feature || !g_ascii_strcasecmp(filter->feature, feature_name(row_feature(row)));
}

const X86Row *native_row(unsigned n) { return &x86_rows[chosen[n]]; }
unsigned native_row_count(void) { return n_chosen; }
const char *native_row_feature(unsigned n) { return feature_name(row_feature(native_row(n))); }

/* ---- addresses ---- */
/* Registers by what they hold. */
static uint16_t pointers, indexes;
#define OLD_POINTERS (1u << X86_RBX | 1u << X86_RSP | 1u << X86_RBP | 1u << X86_RSI | 1u << X86_RDI)
#define POINTERS (native_bits == 64 ? OLD_POINTERS | 1u << 12 | 1u << 13 | 1u << 14 : OLD_POINTERS)
#define INDEXES (native_bits == 64 ? 1u << 9 | 1u << 10 : 1u << X86_RDX)
/* As the program's addresses have it. */
#define MIDDLE (NATIVE_MIDDLE - native_data_base())

/* An instruction under construction. */
typedef struct Maker {
    uint8_t bytes[40];
    unsigned n;
    uint64_t match;
    bool vex, memory;
    uint8_t rex;      /* WRXB */
    unsigned modrm_at, disp_at, disp_size;
    bool rip_relative;
} Maker;

static void byte(Maker *m, unsigned b) { m->bytes[m->n++] = (uint8_t)b; }

static void displacement(Maker *m, int32_t disp, unsigned size)
{
    m->disp_at = m->n;
    m->disp_size = size;
    for (unsigned k = 0; k < size; k++)
        byte(m, (uint32_t)disp >> 8 * k);
}

/* Mostly near and aligned; seldom to the end of the data, where it faults. */
static int32_t some_displacement(void)
{
    if (chance(3))
        return (int32_t)(NATIVE_DATA_SIZE / 2 - 64 + below(80));
    return chance(60) ? (int32_t)below(16) * 16 - 128 : (int32_t)below(256) - 128;
}

/* The form of a memory operand: ModRM, SIB and displacement; REX's X and B are decided before (they are written first). */
typedef struct Address { uint8_t mod, rm, sib, base, index; bool has_sib; int32_t disp; unsigned disp_size; } Address;

/* 16-bit addressing: mostly of one register, also of two, which leaves the segment or wraps. */
static Address some_address16(void)
{
    static const uint8_t rm_of[8] = { [X86_RSI] = 4, [X86_RDI] = 5, [X86_RBP] = 6, [X86_RBX] = 7 };
    unsigned usable = pointers & ~(1u << X86_RSP);
    Address a = { .base = 0xff, .index = 0xff, .disp = some_displacement(), .rm = 6, .disp_size = 2 };
    if (!usable || chance(12)) {
        a.disp += (int32_t)MIDDLE;
        return a;
    }
    a.rm = chance(90) ? rm_of[any_bit(usable)] : (uint8_t)below(4);
    a.disp_size = a.disp >= -128 && a.disp < 128 ? 1 : 2;
    a.mod = a.disp_size;
    return a;
}

static Address some_address(bool vsib, bool a16)
{
    if (a16)
        return some_address16();
    Address a = { .disp = some_displacement(), .base = 0xff, .index = 0xff };
    if (!vsib && chance(12)) { /* RIP-relative, or absolute through SIB */
        a.mod = 0;
        a.disp_size = 4;
        a.rm = 5;
        if (chance(30)) {
            a.rm = 4;
            a.has_sib = true;
            a.sib = 0x25;
        }
        if (a.has_sib || native_bits != 64)
            a.disp = (int32_t)MIDDLE + some_displacement();
        return a;
    }
    a.base = (uint8_t)(pointers ? any_bit(pointers) : below(native_bits == 64 ? 16 : 8));
    a.has_sib = vsib || (a.base & 7) == 4 || chance(25);
    if (vsib)
        a.index = (uint8_t)(FIRST_INDEX_XMM + below(4)) & (native_bits == 64 ? 15 : 7);
    else if (a.has_sib && indexes && chance(60))
        a.index = (uint8_t)any_bit(indexes);
    a.disp_size = a.disp == 0 && (a.base & 7) != 5 ? 0 : a.disp >= -128 && a.disp < 128 ? 1 : 4;
    a.mod = a.disp_size == 0 ? 0 : a.disp_size == 1 ? 1 : 2;
    a.rm = a.has_sib ? 4 : a.base & 7;
    a.sib = (uint8_t)(below(4) << 6 | (a.index == 0xff ? 4 : a.index & 7) << 3 | (a.base & 7));
    return a;
}

/* ---- one try at an instruction ---- */
/* Default address size as a number of X86_MATCH_ASZ. */
static unsigned default_size(void) { return native_bits == 64 ? 2 : native_bits == 32 ? 1 : 0; }

/* The default one mostly. */
static unsigned some_address_size(const X86Row *row)
{
    unsigned set = row->match >> X86_MATCH_ASZ & 7 & (native_bits == 64 ? 6 : 3), usual = default_size();
    return set >> usual & 1 && chance(94) ? usual : set ? any_bit(set) : usual;
}

static void prefixes(Maker *m, const X86Row *row, unsigned pfx, unsigned osz, unsigned asz)
{
    if (m->memory && row->attr & X86_ATTR_LOCK && chance(30))
        byte(m, 0xf0);
    if (chance(4)) {
        static const uint8_t segs[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x65 };
        byte(m, segs[below(sizeof(segs))]);
    }
    if (asz != default_size())
        byte(m, 0x67);
    if (m->vex)
        return;
    if (pfx == 1 || osz + (native_bits == 16) == 0 || (native_bits == 16 && osz == 1)) /* another operand size than the default */
        byte(m, 0x66);
    if (pfx >= 2)
        byte(m, pfx == 2 ? 0xf3 : 0xf2);
}

static void vex_prefix(Maker *m, unsigned map, unsigned pfx, unsigned w, unsigned l)
{
    unsigned vvvv = chance(40) ? 0 : below(native_bits == 64 ? 16 : 8), low = (~vvvv & 15) << 3 | l << 2 | pfx;

    if (map == 1 && !w && !(m->rex & 3) && chance(70)) {
        byte(m, 0xc5);
        byte(m, (m->rex & 4 ? 0 : 0x80) | low);
        return;
    }
    byte(m, 0xc4);
    byte(m, (m->rex & 4 ? 0 : 0x80) | (m->rex & 2 ? 0 : 0x40) | (m->rex & 1 ? 0 : 0x20) | map);
    byte(m, w << 7 | low);
}

static void opcode(Maker *m, unsigned map, unsigned op)
{
    if (!m->vex && map >= 1)
        byte(m, 0x0f);
    if (!m->vex && map >= 2)
        byte(m, map == 2 ? 0x38 : 0x3a);
    byte(m, op);
}

static uint64_t some_integer(void);

/* Immediate bytes: jumps take what is left of these too. */
static void immediate(Maker *m, bool branch)
{
    uint64_t v = some_integer();
    if (branch) {
        static const uint64_t targets[] = { 0, 0, 0, 0x7f, 0x80, 0x7f000000, 0x10001000 };
        v = targets[below(7)];
    }
    for (unsigned k = 0; k < 8; k++)
        byte(m, (unsigned)(v >> 8 * k) & 0xff);
    byte(m, 0);
}

static bool is_branch(const X86Row *row)
{
    for (unsigned k = 0; k < X86_MAX_OPERANDS; k++) {
        if (x86_operand_specs[row->operand[k]].addressing == X86_AM_J)
            return true;
    }
    return false;
}

static void make(Maker *m, const X86Row *row, unsigned map, unsigned op)
{
    uint64_t match = row->match;
    unsigned osz_set = match >> X86_MATCH_OSZ & 7 & (native_bits == 64 ? 7 : 3);
    unsigned pfx = any_bit(match >> X86_MATCH_PFX & 15), osz = osz_set ? any_bit(osz_set) : 1, w = any_bit(match >> X86_MATCH_W & 3), asz = some_address_size(row);
    Address a = { 0 };

    *m = (Maker){ .vex = any_bit(match >> X86_MATCH_ENC & 3) };
    if (pfx && (match >> X86_MATCH_PFX & 15) == 15 && chance(row->attr & X86_ATTR_REP ? 20 : 85))
        pfx = 0; /* a prefix that means nothing, but for string instructions */
    m->memory = match & X86_MATCH_HAS_MODRM && any_bit(match >> X86_MATCH_MOD & 3) == 0;
    m->rex = (uint8_t)(native_bits == 64 && chance(60) ? below(8) : 0);
    if (m->memory)
        a = some_address(row->attr & X86_ATTR_VSIB, asz == 0);
    if (m->memory && native_bits == 64) {
        m->rex = (uint8_t)((m->rex & 4) | (a.index != 0xff && a.index > 7 ? 2 : 0) | (a.base != 0xff && a.base > 7 ? 1 : 0));
    }
    prefixes(m, row, pfx, osz, asz);
    if (m->vex)
        vex_prefix(m, map, pfx, w, any_bit(match >> X86_MATCH_L & 3));
    else if (native_bits == 64 && (w || osz == 2 || m->rex || chance(10)))
        byte(m, 0x40 | m->rex | (w || osz == 2 ? 8 : 0));
    opcode(m, map, op);
    if (match & X86_MATCH_HAS_MODRM) {
        unsigned reg = any_bit(match >> X86_MATCH_REG & 255) << 3;
        if (m->memory) {
            byte(m, (unsigned)a.mod << 6 | reg | a.rm);
            if (a.has_sib)
                byte(m, a.sib);
            m->rip_relative = native_bits == 64 && a.mod == 0 && a.rm == 5;
            displacement(m, a.disp, a.disp_size);
        } else {
            byte(m, 0xc0 | reg | any_bit(match >> X86_MATCH_RM & 255));
        }
    }
    immediate(m, is_branch(row));
}

/* ---- decoding what was made ---- */
static bool fetch_byte(void *opaque, unsigned offset, uint8_t *out)
{
    const Maker *m = opaque;
    if (offset >= sizeof(m->bytes))
        return false;
    *out = m->bytes[offset];
    return true;
}

static bool decode(Maker *m, X86Insn *out)
{
    X86Fetch fetch = { fetch_byte, m };
    return x86_decode(&fetch, native_bits == 64 ? 3 : native_bits == 32 ? 2 : 1, both_have, NULL, out) == X86_DECODED;
}

/* A displacement from the next instruction that reaches the data. */
static void fix_rip(Maker *m, const X86Insn *i, uint64_t at)
{
    int64_t disp = (int64_t)(NATIVE_MIDDLE - (at + i->length)) + some_displacement();
    for (unsigned k = 0; k < 4; k++)
        m->bytes[m->disp_at + k] = (uint8_t)((uint64_t)disp >> 8 * k);
}

static uint16_t written(const X86Insn *i)
{
    uint16_t set = 0;
    bool two = !strncmp(i->row->mnemonic, "X", 1) || !strncmp(i->row->mnemonic, "MULX", 4);
    for (unsigned k = 0; k < (two ? 2u : 1u); k++) {
        if (i->op[k].kind == OPK_REG || i->op[k].kind == OPK_REG8H)
            set |= (uint16_t)(1u << (i->op[k].reg & 15));
    }
    return set;
}

/* What POPF is to find: only flags that have no consequences. Operand-size prefixes cut it or not. */
static void push_flags(NativeCase *c)
{
    uint32_t v = (uint32_t)rnd() & (EF_ARITH | EF_DF);
    uint8_t push[5] = { 0x68, (uint8_t)v, (uint8_t)(v >> 8), 0, 0 };
    unsigned n = native_bits == 16 ? 3 : 5;
    if (native_bits == 16) { /* two, for a POPF of 32 bits: the upper half first */
        memcpy(c->code + c->length, (uint8_t[]){ 0x68, 0, 0 }, 3);
        c->length += 3;
    }
    memcpy(c->code + c->length, push, n);
    c->length += n;
}

static bool append(NativeCase *c, unsigned row)
{
    Maker m;
    X86Insn i;
    for (unsigned k = 0; k < TRIES; k++) {
        make(&m, &x86_rows[row], map_of[row], opcode_of[row]);
        if (!decode(&m, &i) || i.row != &x86_rows[row] || i.length > m.n)
            continue;
        if (k < TRIES / 2 && written(&i) & (pointers | indexes) && chance(85))
            continue;
        c->offset[c->n_insns] = c->length;
        if (!strcmp(i.row->mnemonic, "POPF"))
            push_flags(c);
        if (m.rip_relative)
            fix_rip(&m, &i, c->code_at + c->length);
        memcpy(c->code + c->length, m.bytes, i.length);
        c->rows[c->n_insns++] = i.row;
        c->length += i.length;
        c->offset[c->n_insns] = c->length;
        pointers &= (uint16_t)~written(&i);
        indexes &= (uint16_t)~written(&i);
        return true;
    }
    return false;
}

/* ---- values ---- */
static uint64_t some_integer(void)
{
    static const uint64_t corners[] = { 0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff,
                                        0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff, 0x8080808080808080, 0x5555555555555555 };
    switch (below(4)) {
    case 0: return corners[below(sizeof(corners) / sizeof(corners[0]))];
    case 1: return below(64);
    case 2: return rnd() >> below(64);
    default: return rnd();
    }
}

static uint32_t some_f32(void)
{
    static const uint32_t corners[] = { 0, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc12345, 0x7f800001, 0xff923456,
                                        1, 0x80000001, 0x007fffff, 0x00800000, 0x7f7fffff, 0xff7fffff, 0x4f000000, 0xcf000000, 0x4effffff, 0x3f000000, 0x40200000, 0x5f000000 };
    switch (below(5)) {
    case 0: return corners[below(sizeof(corners) / sizeof(corners[0]))];
    case 1: return (uint32_t)rnd();
    case 2: return (uint32_t)(below(2) << 31 | (127 + below(40) - 20) << 23 | (rnd() & 0x7fffff));
    case 3: return (uint32_t)(below(2) << 31 | (127 + below(30)) << 23 | (rnd() & 0x7f0000));
    default: return (uint32_t)(below(2) << 31 | below(256) << 23 | (rnd() & 0x7fffff & (0xffffffffu << below(23))));
    }
}

static uint64_t some_f64(void)
{
    static const uint64_t corners[] = { 0, 0x8000000000000000, 0x3ff0000000000000, 0xbff0000000000000, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000,
                                        0xfff8000000012345, 0x7ff0000000000001, 0xfff0000200000000, 1, 0x8000000000000001, 0x000fffffffffffff, 0x0010000000000000,
                                        0x7fefffffffffffff, 0x41e0000000000000, 0xc1e0000000000000, 0x41dfffffffc00000, 0x43e0000000000000, 0xc3e0000000000000,
                                        0x3fe0000000000000, 0x4004000000000000, 0x36a0000000000000, 0x47efffffe0000000 };
    switch (below(5)) {
    case 0: return corners[below(sizeof(corners) / sizeof(corners[0]))];
    case 1: return rnd();
    case 2: return (uint64_t)below(2) << 63 | (uint64_t)(1023 + below(80) - 40) << 52 | (rnd() & 0xfffffffffffffull);
    case 3: return (uint64_t)below(2) << 63 | (uint64_t)(1023 + below(60)) << 52 | (rnd() & 0xfffff00000000ull);
    default: return (uint64_t)below(2) << 63 | (uint64_t)below(2048) << 52 | (rnd() & 0xfffffffffffffull & (~0ull << below(52)));
    }
}

static void some_vector(uint8_t *p, unsigned bytes)
{
    unsigned kind = below(5);
    for (unsigned at = 0; at < bytes; at += 8) {
        uint64_t v = kind == 0 ? some_f64() : kind == 1 ? some_f32() | (uint64_t)some_f32() << 32 : kind == 2 ? some_integer() : rnd();
        if (kind == 4)
            v &= 0x0f0f0f0f0f0f0f0full; /* indexes of bytes */
        memcpy(p + at, &v, 8);
    }
}

/* An x87 register: mostly a normal number; also each of the kinds that have their own rules, unnormals among them. */
static void some_x87(uint8_t *p)
{
    uint64_t frac = rnd() | 1ull << 63;
    unsigned exponent = chance(70) ? 16383 + below(80) - 40 : below(32768);

    switch (below(10)) {
    case 0: frac = 0; exponent = 0; break;
    case 1: frac = 1ull << 63; break;
    case 2: exponent = 32767; frac = chance(50) ? 1ull << 63 : frac; break;
    case 3: exponent = 0; frac = rnd() >> below(64); break;
    case 4: frac = chance(20) ? rnd() : frac & (~0ull << below(64)); break;
    default: break;
    }
    uint16_t se = (uint16_t)(exponent | below(2) << 15);
    memcpy(p, &frac, 8);
    memcpy(p + 8, &se, 2);
}

static void put16(uint8_t *p, unsigned v) { p[0] = (uint8_t)v; p[1] = (uint8_t)(v >> 8); }
static void put32(uint8_t *p, uint32_t v) { memcpy(p, &v, 4); }

static void some_fp(NativeState *st)
{
    memset(st->fx, 0, sizeof(st->fx));
    put16(st->fx + FX_FCW, chance(60) ? 0x37f : 0x40 | below(64) | below(4) << 8 | below(4) << 10 | (chance(80) ? 0x3f : 0));
    put16(st->fx + FX_FSW, (chance(80) ? 0 : below(8)) << 11 | (chance(70) ? 0 : below(16) << 8 & 0x4700));
    st->fx[FX_FTW] = chance(40) ? 0xff : (uint8_t)rnd();
    put32(st->fx + FX_MXCSR, 0x1f80u | (chance(60) ? 0 : below(4) << 13) | (chance(85) ? 0 : below(2) << 15 | below(2) << 6) | (chance(80) ? 0 : below(64)));
    if (chance(8))
        put32(st->fx + FX_MXCSR, (below(64) << 7 | below(4) << 13));
    for (unsigned i = 0; i < 8; i++)
        some_x87(st->fx + FX_ST0 + 16 * i);
    for (unsigned i = 0; i < 16; i++) {
        some_vector(st->fx + FX_XMM0 + 16 * i, 16);
        some_vector(st->ymmh[i], 16);
    }
    for (unsigned i = FIRST_INDEX_XMM; i < 16; i++) {
        for (unsigned at = 0; at < 16; at += i & 1 ? 4 : 8) {
            put32(st->fx + FX_XMM0 + 16 * i + at, below(64));
            put32(st->ymmh[i] + at, below(64));
            if (!(i & 1)) {
                put32(st->fx + FX_XMM0 + 16 * i + at + 4, 0);
                put32(st->ymmh[i] + at + 4, 0);
            }
        }
    }
}

static void some_state(NativeCase *c)
{
    NativeState *st = &c->in;
    for (unsigned i = 0; i < 16; i++)
        st->regs[i] = POINTERS >> i & 1 ? MIDDLE + below(32) * 16 - 256 + (chance(70) ? 0 : below(16)) : some_integer();
    for (unsigned i = 0; i < 16; i++)
        st->regs[i] = INDEXES >> i & 1 ? below(33) : st->regs[i];
    if (chance(60))
        st->regs[X86_RCX] = below(40);
    for (unsigned i = 0; native_bits != 64 && i < 16; i++)
        st->regs[i] = i < 8 ? (uint32_t)st->regs[i] : 0;
    st->rip = c->code_at - native_code_base();
    st->rflags = (rnd() & EF_ARITH) | (chance(20) ? EF_DF : 0);
    st->fs_base = NATIVE_DATA + below(64);
    st->gs_base = chance(90) ? below(64) : NATIVE_DATA;
    some_fp(st);
    for (unsigned at = 0; at < NATIVE_DATA_SIZE; at += 16)
        some_vector(st->mem + at, 16);
}

/* ---- interface ---- */
void native_generate(NativeCase *c, unsigned n, unsigned n_insns)
{
    c->code_at = NATIVE_CODE + 4096 + below(64) - (chance(5) ? below(40) : 0);
    c->length = c->n_insns = 0;
    pointers = POINTERS;
    indexes = INDEXES;
    some_state(c);
    while (c->n_insns + 1 < n_insns)
        append(c, chosen[below(n_chosen)]);
    append(c, chosen[n]);
}

/* Which opcode and map each row belongs to; rows of a range of opcodes count under their first. */
static void find_opcodes(void)
{
    opcode_of = g_new0(uint8_t, x86_nb_rows);
    map_of = g_new0(uint8_t, x86_nb_rows);
    for (unsigned o = 0; o < 4 * 256; o++) {
        for (unsigned r = x86_row_first[o]; r < x86_row_first[o + 1]; r++) {
            opcode_of[r] = (uint8_t)o;
            map_of[r] = (uint8_t)(o >> 8);
        }
    }
}

unsigned native_generate_init(const NativeFilter *filter)
{
    find_opcodes();
    chosen = g_new0(unsigned, x86_nb_rows);
    for (unsigned r = 0; r < x86_nb_rows; r++) {
        NativeCase probe = { .code_at = NATIVE_CODE };
        if (!row_is_wanted(&x86_rows[r], filter))
            continue;
        if (append(&probe, r))
            chosen[n_chosen++] = r;
    }
    return n_chosen;
}
