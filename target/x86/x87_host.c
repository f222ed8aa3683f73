/* SPDX-License-Identifier: MIT */
/* Running x87 instructions on the host. */
#include "target/x86/x87_host.h"

bool x87_host_off;

#ifdef __x86_64__

typedef char Tenbytes[10];

static const uint16_t host_cw = 0x37f; /* the ABI's */

/* Flags are cleared first: x87_host_arith leaves some, and guest_cw may unmask them. The registers hold b and a only, so that instructions that push find room; two results are stored whether or not two are left. */
#define RUN(insn) \
    __asm__ volatile("fnclex\n\tfldcw %[cw]\n\tfldt %[b]\n\tfldt %[a]\n\tfnclex\n\t" insn "\n\tfnstsw %[sw]\n\tfnclex\n\tfldcw %[host]\n\tfstpt %[top]\n\tfstpt %[second]\n\tfninit" \
                     : [top] "=m"(*(Tenbytes *)&r->top), [second] "=m"(*(Tenbytes *)&r->second), [sw] "=m"(r->sw) \
                     : [cw] "m"(cw), [host] "m"(host_cw), [a] "m"(*(const Tenbytes *)&a), [b] "m"(*(const Tenbytes *)&b))

bool x87_host_run(unsigned op, Float80 a, Float80 b, uint16_t guest_cw, X87HostResult *r)
{
    uint16_t cw = guest_cw | FPX_BEFORE | FPX_P;

    if (x87_host_off)
        return false;
    switch (op) {
    case X87_2XM1: RUN("f2xm1"); break;
    case X87_YL2X: RUN("fyl2x"); break;
    case X87_YL2XP1: RUN("fyl2xp1"); break;
    case X87_PATAN: RUN("fpatan"); break;
    case X87_SIN: RUN("fsin"); break;
    case X87_COS: RUN("fcos"); break;
    case X87_PTAN: RUN("fptan"); break;
    case X87_SINCOS: RUN("fsincos"); break;
    default: return false;
    }
    return true;
}

/* The host's sticky flags may hold what the guest's do already: clearing them is slow. */
static void clear_flags_but(uint16_t guest_sw)
{
    uint16_t sw;
    __asm__ volatile("fnstsw %0" : "=a"(sw));
    if (UNLIKELY(sw & ~guest_sw & FPX_ALL))
        __asm__ volatile("fnclex");
}

#define ARITH(insn) \
    __asm__ volatile("fldt %[b]\n\tfldt %[a]\n\t" insn "\n\tfnstsw %[sw]\n\tfstpt %[r]" \
                     : [r] "=m"(*(Tenbytes *)r), [sw] "=&a"(flags) : [a] "m"(*(const Tenbytes *)&a), [b] "m"(*(const Tenbytes *)&b))

/* Of unmasked exceptions none is in guest_sw but with ES: what is found is new. */
bool x87_host_arith(unsigned op, Float80 a, Float80 b, uint16_t guest_cw, uint16_t guest_sw, Float80 *r, uint16_t *sw)
{
    uint16_t cw = guest_cw | FPX_ALL, flags;

    if (x87_host_off || !(guest_cw & FPX_U) || guest_sw & FPUS_ES)
        return false;
    clear_flags_but(guest_sw);
    if (cw != host_cw)
        __asm__ volatile("fldcw %0" : : "m"(cw));
    switch (op) { /* the reversed forms in bytes, for assemblers differ about their names */
    case X87_ADD: ARITH("faddp"); break;
    case X87_MUL: ARITH("fmulp"); break;
    case X87_SUB: ARITH(".byte 0xde, 0xe1"); break;  /* ST(1) = ST(0) - ST(1), pop */
    case X87_SUBR: ARITH(".byte 0xde, 0xe9"); break; /* ST(1) = ST(1) - ST(0), pop */
    case X87_DIV: ARITH(".byte 0xde, 0xf1"); break;
    case X87_DIVR: ARITH(".byte 0xde, 0xf9"); break;
    default: __asm__ volatile("fldt %[a]\n\tfsqrt\n\tfnstsw %[sw]\n\tfstpt %[r]" : [r] "=m"(*(Tenbytes *)r), [sw] "=&a"(flags) : [a] "m"(*(const Tenbytes *)&a)); break;
    }
    if (cw != host_cw)
        __asm__ volatile("fldcw %0" : : "m"(host_cw));
    *sw = flags;
    return !(flags & ~guest_cw & FPX_O);
}

#else

bool x87_host_arith(unsigned op, Float80 a, Float80 b, uint16_t guest_cw, uint16_t guest_sw, Float80 *r, uint16_t *sw)
{
    return false;
}

bool x87_host_run(unsigned op, Float80 a, Float80 b, uint16_t guest_cw, X87HostResult *r)
{
    return false;
}

#endif
