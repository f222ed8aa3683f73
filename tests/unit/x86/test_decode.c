/* SPDX-License-Identifier: MIT */
/*
 * The decoder against capstone: lengths, and operands of general instructions, over random byte strings in 16-, 32- and 64-bit code.
 *
 * Compared are instructions that have rows; what capstone refuses or accepts for reasons of its own is in excused(). More rounds than
 * the suite's: set X86_DECODE_ROUNDS.
 */
#include <capstone/capstone.h>
#include <glib.h>
#include <string.h>

#include "target/x86/cpu.h"
#include "target/x86/decode_internal.h"

typedef struct Bytes { const uint8_t *p; unsigned n, fetched; } Bytes;

static bool fetch_byte(void *opaque, unsigned offset, uint8_t *out)
{
    Bytes *b = opaque;
    if (offset >= b->n)
        return false;
    *out = b->p[offset];
    b->fetched = MAX(b->fetched, offset + 1);
    return true;
}

static bool has_all(const void *opaque, unsigned feature) { return feature != X86_FEAT_NEVER; }

static X86DecodeResult decode(const uint8_t *p, unsigned n, unsigned mode, X86Insn *i)
{
    Bytes b = { p, n, 0 };
    X86Fetch fetch = { fetch_byte, &b };
    X86DecodeResult r = x86_decode(&fetch, mode, has_all, NULL, i);
    g_assert_cmpuint(b.fetched, ==, i->length);
    return r;
}

/* ---- random instructions ---- */
static uint64_t seed = 0x9e3779b97f4a7c15ull;

static uint32_t rnd(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 32) % n;
}

static void random_bytes(uint8_t *p)
{
    static const uint8_t prefix[] = { 0x66, 0x67, 0xf2, 0xf3, 0x2e, 0x36, 0x26, 0x3e, 0x64, 0x65, 0x48, 0x41, 0x44, 0x4f, 0x42 };
    unsigned n = 0;

    for (unsigned k = 0; k < 24; k++)
        p[k] = (uint8_t)rnd(256);
    while (n < 4 && rnd(3) == 0)
        p[n++] = prefix[rnd(sizeof prefix)];
    switch (rnd(6)) {
    case 0: case 1: p[n] = 0x0f; break;
    case 2: p[n++] = 0x0f; p[n] = rnd(2) ? 0x38 : 0x3a; break;
    case 3: p[n] = rnd(2) ? 0xc4 : 0xc5; if (p[n] == 0xc4) p[n + 1] = (p[n + 1] & 0xe0) | (1 + rnd(3)); break;
    default: break;
    }
}

/* ---- comparing operands ---- */
/* Number and bytes of a general register of capstone's; high: AH..BH. False: another kind. */
static bool gpr_of(csh h, unsigned reg, unsigned *n, unsigned *bytes, bool *high)
{
    static const char *const names[4][16] = {
        { "al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", "r8b", "r9b", "r10b", "r11b", "r12b", "r13b", "r14b", "r15b" },
        { "ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8w", "r9w", "r10w", "r11w", "r12w", "r13w", "r14w", "r15w" },
        { "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d", "r15d" },
        { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15" },
    };
    static const char *const highs[4] = { "ah", "ch", "dh", "bh" };
    const char *name = cs_reg_name(h, reg);

    *high = false;
    for (unsigned k = 0; name && k < 64; k++) {
        if (g_str_equal(names[k / 16][k % 16], name)) {
            *n = k % 16;
            *bytes = 1u << k / 16;
            return true;
        }
    }
    for (unsigned k = 0; name && k < 4; k++) {
        if (g_str_equal(highs[k], name)) {
            *n = k;
            *bytes = 1;
            return *high = true;
        }
    }
    return false;
}

static bool same_reg(csh h, int ours, unsigned theirs, unsigned asz)
{
    unsigned n, bytes;
    bool high;
    const char *name = theirs ? cs_reg_name(h, theirs) : NULL;

    if (ours == X86_NO_REG)
        return !theirs || g_str_has_suffix(name, "iz"); /* the SIB form without an index */
    if (ours == X86_BASE_RIP)
        return name && g_str_has_suffix(name, "ip");
    return gpr_of(h, theirs, &n, &bytes, &high) && (int)n == ours && bytes == 1u << asz;
}

static bool same_memory(csh h, const X86Insn *i, const x86_op_mem *m)
{
    uint64_t mask = i->asz == 3 ? ~0ull : (1ull << (8 << i->asz)) - 1;
    return same_reg(h, i->mem.base, m->base, i->asz) && same_reg(h, i->mem.index, m->index, i->asz) &&
           (i->mem.index == X86_NO_REG || m->scale == 1 << i->mem.shift) && !(((uint64_t)i->mem.disp ^ (uint64_t)m->disp) & mask);
}

static const char *compare_operands(csh h, const X86Insn *i, const cs_insn *ci)
{
    const cs_x86 *x = &ci->detail->x86;
    unsigned mine = i->n_operands;

    if (mine != x->op_count)
        return NULL; /* capstone counts implied ones, too */
    for (unsigned k = 0; k < mine; k++) {
        const X86Operand *o = &i->op[k];
        unsigned n, bytes;
        bool high;
        if (o->kind == OPK_MEM && x->operands[k].type == X86_OP_MEM && !same_memory(h, i, &x->operands[k].mem))
            return "memory operand";
        if ((o->kind == OPK_REG || o->kind == OPK_REG8H) && x->operands[k].type == X86_OP_REG && gpr_of(h, x->operands[k].reg, &n, &bytes, &high) &&
            (n != o->reg || bytes != o->bytes || high != (o->kind == OPK_REG8H)))
            return "register operand";
        if (o->kind == OPK_IMM && x->operands[k].type == X86_OP_IMM && o->bytes && (o->imm ^ (uint64_t)x->operands[k].imm) << (64 - o->bytes * 8))
            return "immediate";
    }
    return NULL;
}

/* ---- what is different for good ---- */
/* Where capstone 4 departs from the SDM. opcode: the map in bits 9:8, and the byte. */
static bool unknown_to_capstone(const X86Insn *i)
{
    switch (i->row->feature[i->vex]) {
    case X86_FEAT_GFNI: case X86_FEAT_VAES: case X86_FEAT_VPCLMULQDQ: case X86_FEAT_RDPID: case X86_FEAT_CLZERO: case X86_FEAT_PKU: case X86_FEAT_XSAVES:
        return true;
    default:
        return i->vex && i->vex_l && i->row->feature[2] != i->row->feature[1] && i->row->feature[2] != X86_FEAT_AVX2;
    }
}

static unsigned legacy_prefixes(const uint8_t *p)
{
    unsigned n = 0;
    while (strchr("\x26\x2e\x36\x3e\x64\x65\x66\x67\xf0\xf2\xf3", p[n]) || (p[n] & 0xf0) == 0x40)
        n++;
    return n;
}

static bool excused_prefixes(unsigned mode, const X86Insn *i, const uint8_t *p)
{
    bool later = i->row->feature[0] != X86_FEAT_NONE || i->vex;
    if (i->lock) /* whether LOCK is allowed is for translation to say */
        return true;
    if (i->data16 && (i->rep || i->repne) && !i->vex) /* it drops the operand size beside F3 or F2 */
        return true;
    if (mode == 3 && (i->data16 || i->asz != 3) && i->row->attr & X86_ATTR_F64) /* it obeys 66 as AMD's near branches do */
        return true;
    return later && (mode == 1 || legacy_prefixes(p) > 1); /* it expects a mandatory prefix right before the opcode, and none in 16-bit code */
}

static bool excused(unsigned mode, unsigned opcode, const X86Insn *i, const uint8_t *p)
{
    if (excused_prefixes(mode, i, p) || unknown_to_capstone(i))
        return true;
    switch (opcode) {
    case 0x090: case 0x091: case 0x092: case 0x093: case 0x094: case 0x095: case 0x096: case 0x097: /* it names AX EAX */
        return mode == 3 && i->data16;
    case 0x1ae: /* fences: it knows rm 0 only */
        return i->mod == 3;
    case 0x322: /* PINSRD: it heeds VEX.W outside 64-bit mode */
        return i->vex && mode != 3;
    case 0x25a: /* VBROADCASTI128: it knows no VEX.X there */
    case 0x068: /* PUSH: it does not sign-extend */
    case 0x063: /* MOVSXD without REX.W: it names 64-bit registers */
    case 0x0e5: case 0x0e7: case 0x0ed: case 0x0ef: /* IN, OUT: it names AX for REX.W */
    case 0x08c: case 0x08e: case 0x102: case 0x103: /* MOV Sreg, LAR, LSL: of the source's size; REX.R is ignored for a segment */
    case 0x290: case 0x291: case 0x292: case 0x293: /* gathers: it takes 32-bit bases for scales */
    case 0x10d: case 0x118: case 0x119: case 0x11a: case 0x11b: case 0x11c: case 0x11d: case 0x11e: case 0x11f: /* it does not know all hint NOPs */
    case 0x1b9: case 0x1ff: /* UD1 and UD0: it leaves out the ModRM byte */
        return true;
    default:
        return false;
    }
}

static unsigned opcode_key(const X86Insn *i)
{
    return (unsigned)(i->row ? (i->row - x86_rows) : 0);
}

static unsigned map_opcode(const X86Insn *i)
{
    unsigned row = opcode_key(i), k = 0;
    while (k < 1023 && x86_row_first[k + 1] <= row)
        k++;
    return (k & 0x300) | i->opcode;
}

static unsigned complaints;

static void complain(unsigned mode, const uint8_t *p, const X86Insn *i, const cs_insn *ci, const char *what)
{
    GString *s = g_string_new(NULL);
    for (unsigned k = 0; k < 15; k++)
        g_string_append_printf(s, "%02x ", p[k]);
    g_test_message("mode %u: %s: %s; ours %s length %u, capstone %s %s length %u", mode, s->str, what, i->row ? i->row->mnemonic : "(none)", i->length,
                   ci ? ci->mnemonic : "(bad)", ci ? ci->op_str : "", ci ? ci->size : 0);
    g_string_free(s, TRUE);
    complaints++;
    g_test_fail();
}

static unsigned compare_one(csh h, cs_insn *ci, unsigned mode, const uint8_t *p)
{
    X86Insn i;
    const uint8_t *code = p;
    size_t left = 15;
    uint64_t at = 0;
    const char *why;

    X86DecodeResult r = decode(p, 24, mode, &i);
    bool theirs = cs_disasm_iter(h, &code, &left, &at, ci);
    if (r != X86_DECODED)
        return 0;
    if (excused(mode, map_opcode(&i), &i, p))
        return 0;
    if (!theirs)
        complain(mode, p, &i, NULL, "not an instruction");
    else if (ci->size != i.length)
        complain(mode, p, &i, ci, "length");
    else if ((why = compare_operands(h, &i, ci)))
        complain(mode, p, &i, ci, why);
    return 1;
}

static void against_capstone(gconstpointer data)
{
    static const cs_mode cs_modes[] = { 0, CS_MODE_16, CS_MODE_32, CS_MODE_64 };
    unsigned mode = GPOINTER_TO_UINT(data), compared = 0;
    const char *rounds_text = g_getenv("X86_DECODE_ROUNDS");
    unsigned rounds = rounds_text ? (unsigned)atoi(rounds_text) : 300000;
    uint8_t p[24];
    csh h;

    g_assert_cmpint(cs_open(CS_ARCH_X86, cs_modes[mode], &h), ==, CS_ERR_OK);
    cs_option(h, CS_OPT_DETAIL, CS_OPT_ON);
    cs_insn *ci = cs_malloc(h);
    for (unsigned k = 0; k < rounds && complaints < 40; k++) {
        random_bytes(p);
        compared += compare_one(h, ci, mode, p);
    }
    g_assert_true(complaints || compared > rounds / 20);
    cs_free(ci, 1);
    cs_close(&h);
}

/* ---- rules ---- */
static X86Insn decode_as(const char *bytes, unsigned n, unsigned mode, X86DecodeResult expected)
{
    X86Insn i;
    g_assert_cmpint(decode((const uint8_t *)bytes, n, mode, &i), ==, expected);
    return i;
}
#define DECODE(bytes, mode, expected) decode_as(bytes, sizeof(bytes) - 1, mode, expected)

static void test_prefixes(void)
{
    X86Insn i = DECODE("\x48\x66\x89\xc8", 3, X86_DECODED); /* REX counts only right before the opcode */
    g_assert_cmpuint(i.osz, ==, 1);
    i = DECODE("\x66\x48\x89\xc8", 3, X86_DECODED);
    g_assert_cmpuint(i.osz, ==, 3);
    i = DECODE("\x64\x3e\x8b\x00", 3, X86_DECODED); /* DS does not take FS's place in 64-bit mode, */
    g_assert_cmpuint(i.mem.seg, ==, X86_SEG_FS);
    i = DECODE("\x64\x3e\x8b\x00", 2, X86_DECODED); /* elsewhere the last one wins */
    g_assert_cmpuint(i.mem.seg, ==, X86_SEG_DS);
    i = DECODE("\xf0\x01\x08", 3, X86_DECODED);
    g_assert_true(i.lock);
    i = DECODE("\x66\x90", 1, X86_DECODED);
    g_assert_cmpuint(i.osz, ==, 2);
    i = DECODE("\x88\xe0", 3, X86_DECODED); /* mov al, ah; with REX: spl */
    g_assert_cmpuint(i.op[1].kind, ==, OPK_REG8H);
    i = DECODE("\x40\x88\xe0", 3, X86_DECODED);
    g_assert_cmpuint(i.op[1].kind, ==, OPK_REG);
}

static void test_ends(void)
{
    DECODE("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x90", 3, X86_DECODED);
    DECODE("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x90", 3, X86_DECODE_TOO_LONG);
    X86Insn i = DECODE("\x48\x81\xc0\x00\x00\x00", 3, X86_DECODE_NEXT_PAGE);
    g_assert_cmpuint(i.length, ==, 6);
    i = DECODE("\x06", 3, X86_DECODE_UD); /* PUSH ES */
    g_assert_cmpuint(i.length, ==, 1);
}

static void test_vex(void)
{
    X86Insn i = DECODE("\xc5\xf8\x77", 3, X86_DECODED);
    g_assert_true(i.vex);
    DECODE("\x66\xc5\xf8\x77", 3, X86_DECODE_UD); /* no legacy prefix before it */
    DECODE("\x48\xc5\xf8\x77", 3, X86_DECODE_UD);
    DECODE("\xf0\xc5\xf8\x77", 3, X86_DECODE_UD);
    i = DECODE("\xc5\x38", 2, X86_DECODED); /* LDS */
    g_assert_false(i.vex);
    g_assert_cmpuint(i.length, ==, 2);
    DECODE("\xc5\xe8\x77", 3, X86_DECODE_UD); /* vvvv must be 1111b */
    DECODE("\x62\xf1\x7c\x48\x58\xc0", 3, X86_DECODE_UD); /* EVEX */
}

static bool has_no_bmi1(const void *opaque, unsigned feature) { return feature != X86_FEAT_BMI1 && feature != X86_FEAT_NEVER; }

/* F3 0F BC is BSF where TZCNT is missing. */
static void test_absent_feature(void)
{
    Bytes b = { (const uint8_t *)"\xf3\x0f\xbc\xc1", 4, 0 };
    X86Fetch fetch = { fetch_byte, &b };
    X86Insn i;

    x86_decode(&fetch, 3, has_all, NULL, &i);
    g_assert_cmpstr(i.row->mnemonic, ==, "TZCNT");
    x86_decode(&fetch, 3, has_no_bmi1, NULL, &i);
    g_assert_cmpstr(i.row->mnemonic, ==, "BSF");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/x86/decode/capstone-16", GUINT_TO_POINTER(1), against_capstone);
    g_test_add_data_func("/x86/decode/capstone-32", GUINT_TO_POINTER(2), against_capstone);
    g_test_add_data_func("/x86/decode/capstone-64", GUINT_TO_POINTER(3), against_capstone);
    g_test_add_func("/x86/decode/prefixes", test_prefixes);
    g_test_add_func("/x86/decode/ends", test_ends);
    g_test_add_func("/x86/decode/vex", test_vex);
    g_test_add_func("/x86/decode/absent-feature", test_absent_feature);
    return g_test_run();
}
