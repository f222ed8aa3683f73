/* SPDX-License-Identifier: MIT */
/* Helpers of integer instructions that are too rare or too long to be inline. */
#include "base/bits.h"
#include "target/x86/helper_int.h"

/* ---- RCL, RCR: a rotation of width + 1 bits ---- */
#define DESC_LEFT 0x100u
#define DESC_SIGNED 0x100u

/* Counts of 8- and 16-bit operands go round more than once; those of wider ones are below the width. */
static unsigned carry_count(uint32_t count, unsigned bits) { return count % (bits + 1); }

static unsigned __int128 rotate_with_carry(uint64_t a, uint32_t count, uint32_t fl, uint32_t desc)
{
    unsigned bits = (desc & 0xff) * 8, n = carry_count(count, bits);
    unsigned __int128 ring = (unsigned __int128)(fl & IR_FL_C ? 1 : 0) << bits | (a & MASK64(bits)), all = ((unsigned __int128)2 << bits) - 1;

    if (!n)
        return ring;
    return (desc & DESC_LEFT ? ring << n | ring >> (bits + 1 - n) : ring >> n | ring << (bits + 1 - n)) & all;
}

uint64_t helper_rotate_carry(uint64_t a, uint32_t count, uint32_t fl, uint32_t desc) { return (uint64_t)rotate_with_carry(a, count, fl, desc); }

/* OF, where it is undefined, is that of a rotation by 1. A whole number of rounds changes nothing. */
uint32_t helper_rotate_carry_fl(uint64_t a, uint32_t count, uint32_t fl, uint32_t desc)
{
    unsigned bits = (desc & 0xff) * 8;
    bool cf = rotate_with_carry(a, count, fl, desc) >> bits & 1, next = desc & DESC_LEFT ? a >> (bits - 2) & 1 : !!(fl & IR_FL_C);
    bool of = (a >> (bits - 1) & 1) != next;

    if (!carry_count(count, bits))
        return fl;
    return (fl & ~(IR_FL_C | IR_FL_O)) | (cf ? IR_FL_C : 0) | (of ? IR_FL_O : 0);
}

/* ---- CRC32C, reflected, a byte at a time ---- */
static uint32_t crc_table[256];

static void __attribute__((constructor)) crc_init(void)
{
    for (unsigned i = 0; i < 256; i++) {
        uint32_t c = i;
        for (unsigned k = 0; k < 8; k++)
            c = c >> 1 ^ (c & 1 ? 0x82f63b78u : 0); /* 0x1edc6f41 reflected */
        crc_table[i] = c;
    }
}

uint32_t helper_x86_crc32(uint32_t crc, uint64_t data, uint32_t bytes)
{
    for (; bytes; bytes--, data >>= 8)
        crc = crc >> 8 ^ crc_table[(crc ^ data) & 0xff];
    return crc;
}

/* ---- PDEP, PEXT ---- */
uint64_t helper_pdep(uint64_t a, uint64_t mask)
{
    uint64_t res = 0;

    for (; mask; mask &= mask - 1, a >>= 1)
        res |= a & 1 ? mask & -mask : 0;
    return res;
}

uint64_t helper_pext(uint64_t a, uint64_t mask)
{
    uint64_t res = 0;

    for (unsigned n = 0; mask; mask &= mask - 1, n++)
        res |= (uint64_t)!!(a & mask & -mask) << n;
    return res;
}

/* ---- decimal adjustment (SDM vol. 2). SF, ZF and PF follow AL; AAA and AAS leave them as Intel's parts do ---- */
static uint32_t flags_of_al(uint8_t al)
{
    return (al & 0x80 ? IR_FL_S : 0) | (al ? 0 : IR_FL_Z) | (__builtin_parity(al) ? 0 : IR_FL_P);
}

static uint32_t pack(uint32_t ax, uint32_t fl) { return (ax & 0xffff) | fl << 16; }

static uint32_t decimal_adjust(uint32_t ax, uint32_t fl, int sign)
{
    uint8_t old = (uint8_t)ax, al = old;
    bool low = (old & 15) > 9 || fl & IR_FL_A, high = old > 0x99 || fl & IR_FL_C, borrow;

    borrow = low && sign < 0 && old < 6; /* DAS: of the low digit's subtraction */
    al = (uint8_t)(al + sign * ((low ? 6 : 0) + (high ? 0x60 : 0)));
    return pack((ax & 0xff00) | al, flags_of_al(al) | (low ? IR_FL_A : 0) | (high || borrow ? IR_FL_C : 0));
}

uint32_t helper_daa(uint32_t ax, uint32_t fl) { return decimal_adjust(ax, fl, 1); }
uint32_t helper_das(uint32_t ax, uint32_t fl) { return decimal_adjust(ax, fl, -1); }

static uint32_t ascii_adjust(uint32_t ax, uint32_t fl, int sign)
{
    bool adjust = (ax & 15) > 9 || fl & IR_FL_A;

    if (adjust)
        ax = (uint32_t)((int)ax + sign * 0x106);
    ax &= 0xff0f;
    return pack(ax, flags_of_al((uint8_t)ax) | (adjust ? IR_FL_A | IR_FL_C : 0));
}

uint32_t helper_aaa(uint32_t ax, uint32_t fl) { return ascii_adjust(ax, fl, 1); }
uint32_t helper_aas(uint32_t ax, uint32_t fl) { return ascii_adjust(ax, fl, -1); }

/* ---- DIV, IDIV ---- */
/* rDX:rAX, or AX, as a number. */
static unsigned __int128 dividend(const CPUX86State *env, unsigned bytes, bool sign)
{
    uint64_t a = env->regs[X86_RAX], d = env->regs[X86_RDX];
    unsigned bits = bytes * 8;
    if (bytes == 8)
        return (unsigned __int128)d << 64 | a;
    uint64_t v = bytes == 1 ? a & 0xffff : (a & MASK64(bits)) | (d & MASK64(bits)) << bits;
    return sign ? (unsigned __int128)(__int128)sextract64(v, 0, 2 * bits) : v;
}

static bool divide_unsigned(unsigned __int128 n, uint64_t d, unsigned bits, uint64_t *q, uint64_t *r)
{
    if (!d || n >> bits >= d)
        return false;
    *q = (uint64_t)(n / d);
    *r = (uint64_t)(n % d);
    return true;
}

/* On magnitudes: the quotient's may reach 2^(bits-1) when it is negative. */
static bool divide_signed(__int128 n, int64_t d, unsigned bits, uint64_t *q, uint64_t *r)
{
    bool negative = (n < 0) != (d < 0);
    unsigned __int128 un = n < 0 ? -(unsigned __int128)n : (unsigned __int128)n;
    uint64_t ud = d < 0 ? -(uint64_t)d : (uint64_t)d;

    if (!ud || un / ud > (1ull << (bits - 1)) - !negative)
        return false;
    *q = (uint64_t)(un / ud);
    *r = (uint64_t)(un % ud);
    *q = negative ? -*q : *q;
    *r = n < 0 ? -*r : *r;
    return true;
}

static void put_result(CPUX86State *env, unsigned bytes, uint64_t q, uint64_t r)
{
    switch (bytes) {
    case 1: env->regs[X86_RAX] = deposit64(env->regs[X86_RAX], 0, 16, (q & 0xff) | (r & 0xff) << 8); break;
    case 2:
        env->regs[X86_RAX] = deposit64(env->regs[X86_RAX], 0, 16, q);
        env->regs[X86_RDX] = deposit64(env->regs[X86_RDX], 0, 16, r);
        break;
    case 4:
        env->regs[X86_RAX] = (uint32_t)q;
        env->regs[X86_RDX] = (uint32_t)r;
        break;
    default:
        env->regs[X86_RAX] = q;
        env->regs[X86_RDX] = r;
    }
}

void helper_divide(CPUState *cs, uint64_t divisor, uint32_t desc)
{
    CPUX86State *env = x86_env(cs);
    unsigned bytes = desc & 0xff, bits = bytes * 8;
    bool sign = desc & DESC_SIGNED;
    uint64_t q, r;
    unsigned __int128 n = dividend(env, bytes, sign);
    bool ok = sign ? divide_signed((__int128)n, sextract64(divisor, 0, bits), bits, &q, &r) : divide_unsigned(n, divisor & MASK64(bits), bits, &q, &r);

    if (!ok)
        x86_raise(x86_cpu(cs), EXCP_DE, GETPC());
    put_result(env, bytes, q, r);
}

void helper_bound(CPUState *cs, uint32_t outside)
{
    if (outside)
        x86_raise(x86_cpu(cs), EXCP_BR, GETPC());
}

#define HELPER IR_HELPER_DEFINE
#include "target/x86/helper_int.def"
#undef HELPER
