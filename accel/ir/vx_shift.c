/* SPDX-License-Identifier: MIT */
/* References of vx.def: shifts by a variable count. Counts are unsigned; one that is not below the lane's width gives 0, or the sign. */
#include "accel/ir/vx_internal.h"

#define COUNT (b->u64[0])
VX_LANES(psllw, u16, 8, (uint16_t)(COUNT < 16 ? a->u16[i] << COUNT : 0))
VX_LANES(pslld, u32, 4, COUNT < 32 ? a->u32[i] << COUNT : 0)
VX_LANES(psllq, u64, 2, COUNT < 64 ? a->u64[i] << COUNT : 0)
VX_LANES(psrlw, u16, 8, (uint16_t)(COUNT < 16 ? a->u16[i] >> COUNT : 0))
VX_LANES(psrld, u32, 4, COUNT < 32 ? a->u32[i] >> COUNT : 0)
VX_LANES(psrlq, u64, 2, COUNT < 64 ? a->u64[i] >> COUNT : 0)
VX_LANES(psraw, s16, 8, (int16_t)(a->s16[i] >> (COUNT < 16 ? COUNT : 15)))
VX_LANES(psrad, s32, 4, a->s32[i] >> (COUNT < 32 ? COUNT : 31))
VX_LANES(psllvd, u32, 4, b->u32[i] < 32 ? a->u32[i] << b->u32[i] : 0)
VX_LANES(psllvq, u64, 2, b->u64[i] < 64 ? a->u64[i] << b->u64[i] : 0)
VX_LANES(psrlvd, u32, 4, b->u32[i] < 32 ? a->u32[i] >> b->u32[i] : 0)
VX_LANES(psrlvq, u64, 2, b->u64[i] < 64 ? a->u64[i] >> b->u64[i] : 0)
VX_LANES(psravd, s32, 4, a->s32[i] >> (b->u32[i] < 32 ? b->u32[i] : 31))
