/* SPDX-License-Identifier: MIT */
/* Running x87 instructions on the host. */
#include "target/x86/x87_host.h"

bool x87_host_off;

#ifdef __x86_64__

typedef char Tenbytes[10];

static const uint16_t host_cw = 0x37f; /* the ABI's */

/* The registers hold b and a only, so that instructions that push find room; two results are stored whether or not two are left. */
#define RUN(insn) \
    __asm__ volatile("fldcw %[cw]\n\tfldt %[b]\n\tfldt %[a]\n\tfnclex\n\t" insn "\n\tfnstsw %[sw]\n\tfnclex\n\tfldcw %[host]\n\tfstpt %[top]\n\tfstpt %[second]\n\tfninit" \
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

#else

bool x87_host_run(unsigned op, Float80 a, Float80 b, uint16_t guest_cw, X87HostResult *r)
{
    return false;
}

#endif
