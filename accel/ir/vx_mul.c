/* SPDX-License-Identifier: MIT */
/* References of vx.def: products and sums of neighbours. */
#include <stdlib.h>

#include "accel/ir/vx_internal.h"

void vx_pmaddwd(V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    V128 r;
    for (unsigned i = 0; i < 4; i++)
        r.u32[i] = (uint32_t)(a->s16[2 * i] * b->s16[2 * i]) + (uint32_t)(a->s16[2 * i + 1] * b->s16[2 * i + 1]);
    *d = r;
}

void vx_psadbw(V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    V128 r;
    for (unsigned half = 0; half < 2; half++) {
        r.u64[half] = 0;
        for (unsigned i = half * 8; i < half * 8 + 8; i++)
            r.u64[half] += (uint64_t)abs(a->u8[i] - b->u8[i]);
    }
    *d = r;
}
