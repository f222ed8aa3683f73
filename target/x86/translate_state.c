/* SPDX-License-Identifier: MIT */
/*
 * FXSAVE, XSAVE and their kin, MXCSR, PKRU: calls of the helpers in xsave.c.
 *
 * What loads MXCSR may change which blocks are right (BF_FP_SLOW), so it ends the block.
 */
#include "target/x86/helper_state.h"
#include "target/x86/translate.h"

#define FXSAVE_BYTES 512
#define XSAVE_BYTES 576 /* legacy region and header */

static void gen_area_call(DisasContext *s, const X86Insn *i, const IRHelper *helper, unsigned bytes, bool write)
{
    ir_call(s->f, helper, gen_mem(s, i, bytes, write), ir_i32(s->f, i->w));
    if (!write)
        gen_exit_next(s, false);
}

void trans_fxsave(DisasContext *s, const X86Insn *i)
{
    gen_area_call(s, i, &ir_helper_fxsave, FXSAVE_BYTES, true);
}

void trans_fxrstor(DisasContext *s, const X86Insn *i)
{
    gen_area_call(s, i, &ir_helper_fxrstor, FXSAVE_BYTES, false);
}

void trans_xsave(DisasContext *s, const X86Insn *i)
{
    gen_area_call(s, i, &ir_helper_xsave, XSAVE_BYTES, true);
}

void trans_xsaveopt(DisasContext *s, const X86Insn *i)
{
    gen_area_call(s, i, &ir_helper_xsaveopt, XSAVE_BYTES, true);
}

void trans_xsavec(DisasContext *s, const X86Insn *i)
{
    gen_area_call(s, i, &ir_helper_xsavec, XSAVE_BYTES, true);
}

void trans_xsaves(DisasContext *s, const X86Insn *i)
{
    gen_area_call(s, i, &ir_helper_xsaves, XSAVE_BYTES, true);
}

void trans_xrstor(DisasContext *s, const X86Insn *i)
{
    gen_area_call(s, i, &ir_helper_xrstor, XSAVE_BYTES, false);
}

void trans_xrstors(DisasContext *s, const X86Insn *i)
{
    gen_area_call(s, i, &ir_helper_xrstors, XSAVE_BYTES, false);
}

void trans_ldmxcsr(DisasContext *s, const X86Insn *i)
{
    ir_call(s->f, &ir_helper_ldmxcsr, load_op(s, i, 0));
    gen_exit_next(s, false);
}

void trans_stmxcsr(DisasContext *s, const X86Insn *i)
{
    store_op(s, i, 0, ir_call(s->f, &ir_helper_stmxcsr));
}

void trans_rdpkru(DisasContext *s, const X86Insn *i)
{
    ir_call(s->f, &ir_helper_rdpkru);
}

void trans_wrpkru(DisasContext *s, const X86Insn *i)
{
    ir_call(s->f, &ir_helper_wrpkru);
}
