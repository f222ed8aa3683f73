/* SPDX-License-Identifier: MIT */
/*
 * Vector operations: native ones are in lower_vec_arith.c and lower_vec_perm.c, which say whether they took the insn; the rest are
 * done by ir_eval_vec, out of line.
 */
#include "accel/host/x86_64/jit_internal.h"

/* A copy of the insn, for the C end, behind the code. imm: type of argument 0. */
static void stub_insn_copy(Ctx *c, Stub *s)
{
    Asm *a = &c->a;
    IRInsn copy = c->f->insns[s->insn];
    copy.arg[3] = (IRRef)s->imm;
    nops(a, -(uintptr_t)a->p & 7);
    fix32(s->jump[0], a->p);
    s->jump[0] = NULL;
    memcpy(a->p, &copy, sizeof(copy));
    a->p += sizeof(copy);
}

/* fn with arguments and result in the SlowFrame. */
static void call_frame(Ctx *c, SlowFn *fn)
{
    Asm *a = &c->a;
    const IRInsn *in = cur_insn(c);
    unsigned n = jit_nargs(in->op), n_vec = 0, n_int = 0;
    bool fp = fn == slow_fp;
    Mem cells[3] = { SLOW_FIELD(a), SLOW_FIELD(b), SLOW_FIELD(c) }, ints[2] = { SLOW_FIELD(va), SLOW_FIELD(mo) };
    c->hf.kind = HF_NONE;
    take_reg(c, RAX);
    for (unsigned k = 0; k < n; k++) {
        int r = use_reg(c, k);
        if (r >= 16)
            movups_store(a, cells[n_vec++], r);
        else
            mov_mr(a, true, fp ? cells[n_vec++] : ints[n_int++], r);
    }
    Stub *s = stub_new(c, stub_insn_copy);
    s->imm = n ? arg_type(c, 0) : 0;
    put_op(a, 0x8d | OP_W, RAX, 0, 0); /* lea rax, [rip + copy] */
    put8(a, RAX << 3 | 5);
    put32(a, 0);
    s->jump[0] = a->p - 4;
    mov_mr(a, true, SLOW_FIELD(insn), RAX);
    mov_ri(a, RAX, (uint64_t)(uintptr_t)fn);
    mov_mr(a, true, SLOW_FIELD(fn), RAX);
    args_done(c);
    int rd = def_reg(c, NOREG);
    call_to(a, jit_thunk_slow[1]);
    if (rd >= 16)
        movups_load(a, rd, SLOW_FIELD(result));
    else
        mov_rm(a, type_w(in->type), rd, SLOW_FIELD(result));
}

void lower_vec_call(Ctx *c) { call_frame(c, slow_vec); }
void lower_vx_call(Ctx *c) { call_frame(c, slow_vx); }
void lower_fp_call(Ctx *c) { call_frame(c, slow_fp); }

void lower_vec(Ctx *c)
{
    if (!lower_vec_arith(c) && !lower_vec_perm(c))
        lower_vec_call(c);
}
