/* SPDX-License-Identifier: MIT */
/* What translation of exclusive and of atomic accesses shares. */
#ifndef TARGET_ARM_TRANSLATE_ATOMIC_H
#define TARGET_ARM_TRANSLATE_ATOMIC_H

#include "target/arm/translate.h"

static inline IRMemOp atomic_memop(const DisasContext *s, unsigned size) { return with_align(a64_data_memop(s, size, false), size); }

/* Two registers in one atomic value: the first is at the lower address, which is the high half of big-endian data. */
IRRef join32(DisasContext *s, IRRef first, IRRef second);
void split32(DisasContext *s, IRRef v, IRRef out[2]);
/* 16-byte values are in memory's order of bytes; each half is swapped for big-endian data. */
IRRef join64(DisasContext *s, IRRef first, IRRef second);
void split64(DisasContext *s, IRRef v, IRRef out[2]);
static inline IRMemOp memop16(const DisasContext *s) { return (atomic_memop(s, 4) & ~MO_BSWAP) | MO_ATOM16; }
IRRef gen_cas16(DisasContext *s, IRRef addr, IRRef expected, IRRef desired);

#endif
