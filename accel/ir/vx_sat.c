/* SPDX-License-Identifier: MIT */
/* References of vx.def: saturating sums and differences, packing, signs, differences of pairs. */
#include "accel/ir/vx_internal.h"

VX_LANES(paddsb,  s8,  16, vx_sat_s8(a->s8[i] + b->s8[i]))
VX_LANES(paddsw,  s16, 8,  vx_sat_s16(a->s16[i] + b->s16[i]))
VX_LANES(paddusb, u8,  16, vx_sat_u8(a->u8[i] + b->u8[i]))
VX_LANES(paddusw, u16, 8,  vx_sat_u16(a->u16[i] + b->u16[i]))
VX_LANES(psubsb,  s8,  16, vx_sat_s8(a->s8[i] - b->s8[i]))
VX_LANES(psubsw,  s16, 8,  vx_sat_s16(a->s16[i] - b->s16[i]))
VX_LANES(psubusb, u8,  16, vx_sat_u8(a->u8[i] - b->u8[i]))
VX_LANES(psubusw, u16, 8,  vx_sat_u16(a->u16[i] - b->u16[i]))

/* Lane i of a, then of b, of n lanes each. */
#define PAIR(lane, n, i) ((i) < (n) ? a->lane[(i)] : b->lane[(i) - (n)])
VX_LANES(packsswb, s8,  16, vx_sat_s8(PAIR(s16, 8, i)))
VX_LANES(packuswb, u8,  16, vx_sat_u8(PAIR(s16, 8, i)))
VX_LANES(packssdw, s16, 8,  vx_sat_s16(PAIR(s32, 4, i)))
VX_LANES(packusdw, u16, 8,  vx_sat_u16(PAIR(s32, 4, i)))

VX_LANES(phaddsw, s16, 8, vx_sat_s16(PAIR(s16, 8, 2 * i) + PAIR(s16, 8, 2 * i + 1)))
VX_LANES(phsubsw, s16, 8, vx_sat_s16(PAIR(s16, 8, 2 * i) - PAIR(s16, 8, 2 * i + 1)))
VX_LANES(phsubw,  u16, 8, (uint16_t)(PAIR(u16, 8, 2 * i) - PAIR(u16, 8, 2 * i + 1)))
VX_LANES(phsubd,  u32, 4, PAIR(u32, 4, 2 * i) - PAIR(u32, 4, 2 * i + 1))

#define SIGN(s, u) (b->s[i] < 0 ? 0u - a->u[i] : b->s[i] > 0 ? a->u[i] : 0u)
VX_LANES(psignb, u8,  16, (uint8_t)SIGN(s8, u8))
VX_LANES(psignw, u16, 8,  (uint16_t)SIGN(s16, u16))
VX_LANES(psignd, u32, 4,  SIGN(s32, u32))
