/* SPDX-License-Identifier: MIT */
/*
 * RCPPS and RSQRTPS as Intel's parts compute them.
 *
 * The argument's significand is cut to 11 bits (RSQRT: 10, and the exponent's lowest), and the result is that of the middle of the interval, rounded to
 * 12 bits of fraction. Denormals count as zero, results below the normal range become zero, whatever MXCSR says; no exception is raised.
 */
#include "target/x86/fp_vx.h"

#define F32_SIGN 0x80000000u
#define F32_INF 0x7f800000u
#define F32_QUIET 0x00400000u
#define F32_DEFAULT_NAN 0xffc00000u

/* The NaN, infinity or zero that needs no table; true: *r is the result. */
static bool special(uint32_t a, bool root, uint32_t *r)
{
    uint32_t sign = a & F32_SIGN, magnitude = a & ~F32_SIGN;

    if (magnitude > F32_INF)
        *r = a | F32_QUIET;
    else if (magnitude < 0x00800000u)
        *r = sign | F32_INF;
    else if (root && sign)
        *r = F32_DEFAULT_NAN;
    else if (magnitude == F32_INF)
        *r = sign;
    else
        return false;
    return true;
}

static uint32_t rcp(uint32_t a)
{
    uint32_t r, i = a >> 12 & 0x7ff;
    int exp = 253 - (int)(a >> 23 & 0xff);

    if (special(a, false, &r))
        return r;
    if (exp <= 0)
        return a & F32_SIGN;
    uint32_t d = 4097 + 2 * i, q = ((1u << 26) + d) / (2 * d); /* 2 / (d / 4096) in units of 1/4096, rounded */
    return (a & F32_SIGN) | (uint32_t)exp << 23 | (q & 0xfff) << 11;
}

static uint32_t rsqrt(uint32_t a)
{
    uint32_t r, i = a >> 13 & 0x3ff;
    int exp = (int)(a >> 23 & 0xff) - 127, odd = exp & 1;

    if (special(a, true, &r))
        return r;
    uint64_t d = (uint64_t)(2049 + 2 * i) << odd, q = 0; /* sqrt(2^37 / d), rounded: the largest q with (2q - 1)^2 d <= 2^39 */
    for (uint64_t bit = 1u << 13; bit; bit >>= 1)
        if ((2 * (q | bit) - 1) * (2 * (q | bit) - 1) * d <= 1ull << 39)
            q |= bit;
    return (uint32_t)(126 - (exp - odd) / 2) << 23 | (uint32_t)(q & 0xfff) << 11;
}

static void lanes(uint32_t (*fn)(uint32_t), unsigned param, V128 *d, const V128 *a, const V128 *b)
{
    V128 r = *a;
    if (param & VX_SCALAR)
        r.u32[0] = fn(b->u32[0]);
    else
        for (unsigned i = 0; i < 4; i++)
            r.u32[i] = fn(a->u32[i]);
    *d = r;
}

void x86_vx_rcp(CPUState *cpu, unsigned param, V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    lanes(rcp, param, d, a, b);
}

void x86_vx_rsqrt(CPUState *cpu, unsigned param, V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    lanes(rsqrt, param, d, a, b);
}
