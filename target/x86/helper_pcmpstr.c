/* SPDX-License-Identifier: MIT */
/* PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM (SDM vol. 1, 12.5 and vol. 2, 4.1). Operand 1 is a, operand 2 is b. */
#include "target/x86/helper_vec.h"

enum { EQUAL_ANY, RANGES, EQUAL_EACH, EQUAL_ORDERED };

typedef struct Strings {
    const V128 *a, *b;
    unsigned n, la, lb;    /* elements in a vector; valid ones of each */
    bool words, is_signed;
} Strings;

static int element(const Strings *t, const V128 *v, unsigned i)
{
    if (t->words)
        return t->is_signed ? v->s16[i] : v->u16[i];
    return t->is_signed ? v->s8[i] : v->u8[i];
}

static unsigned implicit_length(const Strings *t, const V128 *v)
{
    unsigned i = 0;
    while (i < t->n && element(t, v, i))
        i++;
    return i;
}

static unsigned explicit_length(const Strings *t, uint64_t length)
{
    uint64_t magnitude = (int64_t)length < 0 ? 0 - length : length;
    return (unsigned)MIN(magnitude, t->n);
}

static Strings strings_of(uint32_t word, uint64_t la, uint64_t lb, const V128 *a, const V128 *b)
{
    Strings t = { .a = a, .b = b, .n = word & 1 ? 8 : 16, .words = word & 1, .is_signed = word >> 1 & 1 };
    t.la = word & PCMPSTR_EXPLICIT ? explicit_length(&t, la) : implicit_length(&t, a);
    t.lb = word & PCMPSTR_EXPLICIT ? explicit_length(&t, lb) : implicit_length(&t, b);
    return t;
}

static bool equal(const Strings *t, unsigned i, unsigned j) { return element(t, t->a, i) == element(t, t->b, j); }

static bool equals_any(const Strings *t, unsigned j)
{
    for (unsigned i = 0; i < t->la; i++)
        if (equal(t, i, j))
            return true;
    return false;
}

/* Pairs of a are closed ranges; half a pair is none. */
static bool in_ranges(const Strings *t, unsigned j)
{
    int x = element(t, t->b, j);
    for (unsigned i = 0; i + 1 < t->la; i += 2)
        if (element(t, t->a, i) <= x && x <= element(t, t->a, i + 1))
            return true;
    return false;
}

/* Whether a occurs in b at j, as far as the vector goes. */
static bool occurs_at(const Strings *t, unsigned j)
{
    for (unsigned i = 0; i < t->la && j + i < t->n; i++)
        if (j + i >= t->lb || !equal(t, i, j + i))
            return false;
    return true;
}

/* IntRes1's bit j. */
static bool result_bit(const Strings *t, unsigned how, unsigned j)
{
    switch (how) {
    case EQUAL_ANY: return j < t->lb && equals_any(t, j);
    case RANGES: return j < t->lb && in_ranges(t, j);
    case EQUAL_EACH: return j < t->la && j < t->lb ? equal(t, j, j) : j >= t->la && j >= t->lb;
    default: return occurs_at(t, j);
    }
}

/* IntRes2 */
static uint32_t result_bits(const Strings *t, uint32_t word)
{
    uint32_t r = 0, all = (1u << t->n) - 1;
    for (unsigned j = 0; j < t->n; j++)
        r |= (uint32_t)result_bit(t, word >> 2 & 3, j) << j;
    if ((word >> 4 & 3) == 1)
        r ^= all;
    else if ((word >> 4 & 3) == 3)
        r ^= (1u << t->lb) - 1;
    return r;
}

uint64_t helper_pcmpstr_index(uint32_t word, uint64_t la, uint64_t lb, const V128 *a, const V128 *b)
{
    Strings t = strings_of(word, la, lb, a, b);
    uint32_t r = result_bits(&t, word), index = t.n;
    if (r)
        index = word & 0x40 ? 31 - (uint32_t)__builtin_clz(r) : (uint32_t)__builtin_ctz(r);
    uint32_t fl = (r ? IR_FL_C : 0) | (t.lb < t.n ? IR_FL_Z : 0) | (t.la < t.n ? IR_FL_S : 0) | (r & 1 ? IR_FL_O : 0);
    return (uint64_t)fl << 32 | index;
}

void helper_pcmpstr_mask(V128 *d, uint32_t word, uint64_t la, uint64_t lb, const V128 *a, const V128 *b)
{
    Strings t = strings_of(word, la, lb, a, b);
    uint32_t bits = result_bits(&t, word);
    V128 r = { .u64 = { bits, 0 } };
    for (unsigned j = 0; j < t.n && word & 0x40; j++) {
        if (t.words)
            r.u16[j] = bits >> j & 1 ? 0xffff : 0;
        else
            r.u8[j] = bits >> j & 1 ? 0xff : 0;
    }
    *d = r;
}
