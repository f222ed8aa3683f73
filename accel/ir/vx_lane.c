/* SPDX-License-Identifier: MIT */
/* References of vx.def: choosing, blending and widening lanes. */
#include "accel/ir/vx_internal.h"

/* Lane n's field of w bits in an immediate. */
#define FIELD(n, w) (imm >> (n) * (w) & ((1u << (w)) - 1))
VX_LANES(pshufb,  u8,  16, b->u8[i] & 0x80 ? 0 : a->u8[b->u8[i] & 15])
VX_LANES(pshufd,  u32, 4,  a->u32[FIELD(i, 2)])
VX_LANES(pshuflw, u16, 8,  i < 4 ? a->u16[FIELD(i, 2)] : a->u16[i])
VX_LANES(pshufhw, u16, 8,  i < 4 ? a->u16[i] : a->u16[4 + FIELD(i - 4, 2)])
VX_LANES(shufps,  u32, 4,  (i < 2 ? a : b)->u32[FIELD(i, 2)])
VX_LANES(shufpd,  u64, 2,  (i < 1 ? a : b)->u64[FIELD(i, 1)])
VX_LANES(permilps, u32, 4, a->u32[b->u32[i] & 3])
VX_LANES(permilpd, u64, 2, a->u64[b->u64[i] >> 1 & 1])
VX_LANES(blendps, u32, 4,  (FIELD(i, 1) ? b : a)->u32[i])
VX_LANES(blendpd, u64, 2,  (FIELD(i, 1) ? b : a)->u64[i])
VX_LANES(pblendw, u16, 8,  (FIELD(i, 1) ? b : a)->u16[i])
VX_LANES(blendvps, u32, 4, (c->s32[i] < 0 ? b : a)->u32[i])
VX_LANES(blendvpd, u64, 2, (c->s64[i] < 0 ? b : a)->u64[i])
VX_LANES(pblendvb, u8, 16, (c->s8[i] < 0 ? b : a)->u8[i])
/* imm bits 7:6: b's lane; 5:4: a's lane; 3:0: lanes to clear. */
VX_LANES(insertps, u32, 4, FIELD(i, 1) ? 0 : i == (imm >> 4 & 3) ? b->u32[imm >> 6 & 3] : a->u32[i])
VX_LANES(pmovsxbd, s32, 4, a->s8[i])
VX_LANES(pmovsxbq, s64, 2, a->s8[i])
VX_LANES(pmovsxwq, s64, 2, a->s16[i])
VX_LANES(pmovzxbd, u32, 4, a->u8[i])
VX_LANES(pmovzxbq, u64, 2, a->u8[i])
VX_LANES(pmovzxwq, u64, 2, a->u16[i])
