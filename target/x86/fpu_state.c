/* SPDX-License-Identifier: MIT */
/*
 * x87's registers as instructions and FXSAVE see them (SDM vol. 1, 8.1).
 *
 * TOP is kept apart from the status word, and of each tag only whether the register is empty: the rest follows from its contents.
 */
#include "target/x86/fp_status.h"

void x87_reset(CPUX86State *env)
{
    env->fpuc = FPUC_RESET;
    env->fpus = 0;
    env->fpstt = 0;
    env->fptag_valid = 0;
    env->fpop = env->fpcs = env->fpds = 0;
    env->fpip = env->fpdp = 0;
    env->fp_ferr = false;
}

uint16_t x87_get_fpus(const CPUX86State *env)
{
    return (uint16_t)((env->fpus & ~FPUS_TOP) | (env->fpstt & 7) << FPUS_TOP_SHIFT);
}

enum { TAG_VALID, TAG_ZERO, TAG_SPECIAL, TAG_EMPTY };

static unsigned tag_of(const X87Reg *r)
{
    unsigned exp = r->se & 0x7fffu;

    if (exp == 0 && r->frac == 0)
        return TAG_ZERO;
    return exp == 0 || exp == 0x7fff || !(r->frac >> 63) ? TAG_SPECIAL : TAG_VALID;
}

uint16_t x87_get_tag_word(const CPUX86State *env)
{
    unsigned tags = 0;

    for (unsigned i = 0; i < 8; i++)
        tags |= (env->fptag_valid >> i & 1 ? tag_of(&env->fpregs[i]) : (unsigned)TAG_EMPTY) << (2 * i);
    return (uint16_t)tags;
}
