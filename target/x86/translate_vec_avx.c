/* SPDX-License-Identifier: MIT */
/* AVX and AVX2: masked moves and gathers, whose masked-off lanes must not fault. */
#include "target/x86/translate_vec.h"

/* A masked move's word: memory operation of a lane (arg: log2 of its bytes), segment where the helper must check each lane. */
static IRRef mask_word(DisasContext *s, const X86Insn *i)
{
    IRMemOp mo = data_memop(s, 1u << i->row->arg, false) & ~(7u << MO_ALIGN_SHIFT); /* no #AC */
    return ir_i32(s->f, mo | (s->code64 ? 0 : MASK_SEG(i->mem.seg)));
}

/* Address of lane 0: linear in 64-bit mode, elsewhere effective. */
static IRRef mask_address(DisasContext *s, const X86Insn *i, unsigned pieces) { return s->code64 ? gen_mem(s, i, pieces * 16, false) : gen_ea(s, i); }

static IRRef plus(DisasContext *s, IRRef addr, unsigned n) { return n ? ir_add(s->f, addr, ir_i64(s->f, n)) : addr; }

/* V = M where H's top bits are set, else 0. */
void trans_vec_maskload(DisasContext *s, const X86Insn *i)
{
    unsigned pieces = vec_pieces(&i->op[0]);
    Vec mask = vec_reg(s, i->op[1].reg, pieces), r = { { IR_NONE, IR_NONE } };
    IRRef addr = mask_address(s, i, pieces), word = mask_word(s, i);
    for (unsigned n = 0; n < pieces; n++)
        r.q[n] = ir_call(s->f, &ir_helper_mask_load, plus(s, addr, n * 16), word, mask.q[n]);
    vec_write(s, i, i->op[0].reg, pieces, r);
}

/* M = V where H's top bits are set. */
void trans_vec_maskstore(DisasContext *s, const X86Insn *i)
{
    unsigned pieces = vec_pieces(&i->op[2]);
    Vec mask = vec_reg(s, i->op[1].reg, pieces), v = vec_reg(s, i->op[2].reg, pieces);
    IRRef addr = mask_address(s, i, pieces), word = mask_word(s, i);
    for (unsigned n = 0; n < pieces; n++)
        ir_call(s->f, &ir_helper_mask_probe, plus(s, addr, n * 16), word, mask.q[n]);
    for (unsigned n = 0; n < pieces; n++)
        ir_call(s->f, &ir_helper_mask_store, plus(s, addr, n * 16), word, mask.q[n], v.q[n]);
}

/* VGATHERxx, VPGATHERxx V, vector-indexed M, H: lanes whose bit in H is set are loaded one by one, and their bits cleared. */
void trans_vec_gather(DisasContext *s, const X86Insn *i)
{
    unsigned dst = i->op[0].reg, mask = i->op[2].reg, index = (unsigned)i->mem.index & 15;
    X86Insn base = *i;
    if (dst == mask || dst == index || mask == index) {
        gen_ud(s);
        return;
    }
    base.mem.index = X86_NO_REG;
    uint32_t word = GATHER_WORD(dst, index, mask, i->mem.shift, i->mem.seg);
    word |= (i->row->arg & 1 ? GATHER_DATA8 : 0) | (i->row->arg & 2 ? GATHER_INDEX8 : 0) | (i->vex_l ? GATHER_WIDE : 0) | (i->asz == 2 ? GATHER_ADDRESS32 : 0);
    IRRef ea = gen_ea(s, &base);
    ir_call(s->f, &ir_helper_gather, ea, ir_i32(s->f, word), ir_i32(s->f, data_memop(s, i->row->arg & 1 ? 8 : 4, false)));
}
