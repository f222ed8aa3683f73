/* SPDX-License-Identifier: MIT */
/* What the handlers of shifts, bits, multiplication, strings and atomics share. */
#ifndef TARGET_X86_TRANSLATE_INT_H
#define TARGET_X86_TRANSLATE_INT_H

#include "target/x86/helper_int.h"
#include "target/x86/translate.h"

/* v of 1 or 2 bytes with its upper bits defined; wider ones as they are. */
static inline IRRef extend(DisasContext *s, IRRef v, unsigned bytes, bool sign)
{
    if (bytes >= 4)
        return v;
    return sign ? ir_sext(s->f, IR_I32, log2_bytes(bytes), v) : ir_zext(s->f, IR_I32, log2_bytes(bytes), v);
}

/* Bit n of v as an I32. */
static inline IRRef bit_of(DisasContext *s, IRRef v, unsigned n)
{
    IRRef bit = ir_extract(s->f, v, n, 1);
    return ir_type(s->f, v) == IR_I64 ? ir_trunc(s->f, bit) : bit;
}

static inline IRRef zero_of(DisasContext *s, IRRef v) { return ir_int(s->f, ir_type(s->f, v), 0); }
/* The flag made of bit (0 or 1, I32). */
static inline IRRef flag_if(DisasContext *s, IRRef bit, uint32_t flag) { return ir_shl(s->f, bit, ir_i32(s->f, (uint32_t)__builtin_ctz(flag))); }
/* fl with the flags in mask replaced by those in value. */
static inline IRRef replace_flags(DisasContext *s, IRRef fl, uint32_t mask, IRRef value)
{
    return ir_or(s->f, ir_and(s->f, fl, ir_i32(s->f, ~mask & 0xffff)), value);
}

/* EIP of this instruction. */
static inline uint64_t this_eip(const DisasContext *s) { return s->code64 ? s->pc : (uint32_t)(s->pc - s->cs_base); }

/* The load of load_rmw, for handlers that make the address themselves. */
static inline IRRef load_for_write(DisasContext *s, IRRef addr, unsigned bytes) { return ir_ld(s->f, op_type(bytes), addr, 0, data_memop(s, bytes, false) | MO_RMW); }

#endif
