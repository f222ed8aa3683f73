/* SPDX-License-Identifier: MIT */
/* References of vx.def: products, sums of products, sums of absolute differences, the least word. */
#include <stdlib.h>

#include "accel/ir/vx_internal.h"

VX_LANES(pmulhw,  u16, 8, (uint16_t)((uint32_t)(a->s16[i] * b->s16[i]) >> 16))
VX_LANES(pmulhuw, u16, 8, (uint16_t)((uint32_t)a->u16[i] * b->u16[i] >> 16))
VX_LANES(pmulhrsw, u16, 8, (uint16_t)(((a->s16[i] * b->s16[i] >> 14) + 1) >> 1))
VX_LANES(pmuludq, u64, 2, (uint64_t)a->u32[2 * i] * b->u32[2 * i])
VX_LANES(pmuldq,  s64, 2, (int64_t)a->s32[2 * i] * b->s32[2 * i])
VX_LANES(pmaddwd, u32, 4, (uint32_t)(a->s16[2 * i] * b->s16[2 * i]) + (uint32_t)(a->s16[2 * i + 1] * b->s16[2 * i + 1]))
VX_LANES(pmaddubsw, s16, 8, vx_sat_s16(a->u8[2 * i] * b->s8[2 * i] + a->u8[2 * i + 1] * b->s8[2 * i + 1]))

/* The sum of n absolute differences of bytes. */
static uint64_t sum_abs_diff(const uint8_t *a, const uint8_t *b, unsigned n)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < n; i++)
        sum += (uint64_t)abs(a[i] - b[i]);
    return sum;
}
VX_LANES(psadbw, u64, 2, sum_abs_diff(a->u8 + 8 * i, b->u8 + 8 * i, 8))
/* imm bits 1:0: which four bytes of b; bit 2: where in a the eight overlapping ones start. */
VX_LANES(mpsadbw, u16, 8, (uint16_t)sum_abs_diff(a->u8 + (imm >> 2 & 1) * 4 + i, b->u8 + (imm & 3) * 4, 4))

void vx_phminposuw(V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    unsigned least = 0;
    for (unsigned i = 1; i < 8; i++)
        if (a->u16[i] < a->u16[least])
            least = i;
    *d = (V128){ .u16 = { a->u16[least], (uint16_t)least } };
}
