/* SPDX-License-Identifier: MIT */
/* Pointer authentication instructions. A key that SCTLR_EL1 turns off makes them no-operations, PACGA and XPAC excepted. */
#include "a64_decode.h"
#include "target/arm/helper_a64.h"

bool pauth_enabled(const DisasContext *s, unsigned key) { return s->flags >> (BF_PAUTH_SHIFT + key) & 1; }

IRRef gen_pac(DisasContext *s, IRRef ptr, IRRef modifier, unsigned key)
{
    if (!pauth_enabled(s, key))
        return ptr;
    return ir_call(s->f, &ir_helper_pac_add, ptr, modifier, ir_i32(s->f, key));
}

IRRef gen_auth(DisasContext *s, IRRef ptr, IRRef modifier, unsigned key, bool combined)
{
    if (!pauth_enabled(s, key))
        return ptr;
    return ir_call(s->f, &ir_helper_pac_auth, ptr, modifier, ir_i32(s->f, key), ir_i32(s->f, combined));
}

typedef IRRef GenPac(DisasContext *s, IRRef ptr, IRRef modifier, unsigned key);

static IRRef gen_plain_auth(DisasContext *s, IRRef ptr, IRRef modifier, unsigned key) { return gen_auth(s, ptr, modifier, key, false); }

/* Xd = op(Xd, modifier). */
static void gen_on(DisasContext *s, GenPac *op, unsigned rd, IRRef modifier, unsigned key)
{
    if (pauth_enabled(s, key))
        write_x(s, rd, op(s, read_x(s, rd, true), modifier, key));
}

static bool gen_data(DisasContext *s, GenPac *op, bool z, unsigned rd, unsigned rn, unsigned key)
{
    if (z && rn != 31)
        return false;
    gen_on(s, op, rd, z ? ir_i64(s->f, 0) : read_xsp(s, rn, true), key);
    return true;
}

bool trans_PAC(DisasContext *s, const arg_PAC *a) { return gen_data(s, gen_pac, a->z, a->rd, a->rn, a->key); }
bool trans_AUT(DisasContext *s, const arg_AUT *a) { return gen_data(s, gen_plain_auth, a->z, a->rd, a->rn, a->key); }

bool trans_PAC_1716(DisasContext *s, const arg_PAC_1716 *a)
{
    gen_on(s, gen_pac, 17, read_x(s, 16, true), a->b);
    return true;
}

bool trans_AUT_1716(DisasContext *s, const arg_AUT_1716 *a)
{
    gen_on(s, gen_plain_auth, 17, read_x(s, 16, true), a->b);
    return true;
}

static IRRef sp_or_zero(DisasContext *s, bool sp) { return sp ? read_xsp(s, 31, true) : ir_i64(s->f, 0); }

bool trans_PAC_SP(DisasContext *s, const arg_PAC_SP *a)
{
    gen_on(s, gen_pac, 30, sp_or_zero(s, a->sp), a->b);
    return true;
}

bool trans_AUT_SP(DisasContext *s, const arg_AUT_SP *a)
{
    gen_on(s, gen_plain_auth, 30, sp_or_zero(s, a->sp), a->b);
    return true;
}

static bool gen_strip(DisasContext *s, unsigned rd, bool data)
{
    write_x(s, rd, ir_call(s->f, &ir_helper_pac_strip, read_x(s, rd, true), ir_i32(s->f, data)));
    return true;
}

bool trans_XPAC(DisasContext *s, const arg_XPAC *a) { return gen_strip(s, a->rd, a->data); }
bool trans_XPACLRI(DisasContext *s, const arg_XPACLRI *a) { return gen_strip(s, 30, false); }

bool trans_PACGA(DisasContext *s, const arg_PACGA *a)
{
    write_x(s, a->rd, ir_call(s->f, &ir_helper_pac_generic, read_x(s, a->rn, true), read_xsp(s, a->rm, true)));
    return true;
}
