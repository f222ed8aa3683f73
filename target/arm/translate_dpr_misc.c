/* SPDX-License-Identifier: MIT */
/* Conditional compare and select, CRC32, and the flag manipulations of FEAT_FlagM and FEAT_FlagM2. */
#include "a64_decode.h"
#include "base/bits.h"
#include "target/arm/a64_cond.h"
#include "target/arm/helper_a64.h"

bool trans_CCMP(DisasContext *s, const arg_CCMP *a)
{
    IRRef n = read_x(s, a->rn, a->sf);
    IRRef m = a->imm ? ir_int(s->f, int_type(a->sf), a->y) : read_x(s, a->y, a->sf);
    IRRef fl = a->op ? ir_fl_sub(s->f, n, m, 0) : ir_fl_add(s->f, n, m, IR_FL_INVC);

    if (a->cond < 14) {
        uint32_t other = arm_nzcv_from_arch((uint32_t)a->nzcv << 28);
        fl = ir_fl_select(s->f, a64_cond(a->cond), ir_get(s->f, IR_I32, SLOT_NZCV), fl, ir_i32(s->f, other));
    }
    ir_put(s->f, SLOT_NZCV, fl);
    return true;
}

bool trans_CSEL(DisasContext *s, const arg_CSEL *a)
{
    IRType t = int_type(a->sf);

    if (a->cond >= 14) {
        write_x(s, a->rd, read_x(s, a->rn, a->sf));
        return true;
    }
    IRRef fl = ir_get(s->f, IR_I32, SLOT_NZCV);
    if (a->rn == 31 && a->rm == 31 && a->else_inc != a->else_inv) { /* CSET, CSETM: 1 or -1 when the condition fails */
        IRRef one = ir_fl_cc(s->f, t, a64_cond(a->cond ^ 1), fl);
        write_x(s, a->rd, a->else_inv ? ir_neg(s->f, one) : one);
        return true;
    }
    IRRef m = read_x(s, a->rm, a->sf);
    if (a->else_inv)
        m = a->else_inc ? ir_neg(s->f, m) : ir_not(s->f, m);
    else if (a->else_inc)
        m = ir_add(s->f, m, ir_int(s->f, t, 1));
    write_x(s, a->rd, ir_fl_select(s->f, a64_cond(a->cond), fl, read_x(s, a->rn, a->sf), m));
    return true;
}

bool trans_CRC32(DisasContext *s, const arg_CRC32 *a)
{
    const IRHelper *h = a->c ? &ir_helper_crc32c : &ir_helper_crc32;
    write_x(s, a->rd, ir_call(s->f, h, read_x(s, a->rn, false), read_x(s, a->rm, true), ir_i32(s->f, 1u << a->sz)));
    return true;
}

/* ---- FlagM ---- */
/* 1 or 0 from bit n of x, moved to the place of one flag. */
static IRRef flag_of(DisasContext *s, IRRef x, unsigned bit, uint32_t flag)
{
    return ir_shl(s->f, ir_extract(s->f, x, bit, 1), ir_i32(s->f, ctz64(flag)));
}

bool trans_RMIF(DisasContext *s, const arg_RMIF *a)
{
    IRRef x = ir_rotr(s->f, read_x(s, a->rn, true), ir_i32(s->f, a->imm6));
    IRRef w = ir_trunc(s->f, x), fl = ir_get(s->f, IR_I32, SLOT_NZCV);
    static const uint32_t flags[] = { IR_FL_O, IR_FL_C, IR_FL_Z, IR_FL_S };

    for (unsigned bit = 0; bit < 4; bit++) {
        if (!(a->mask >> bit & 1))
            continue;
        IRRef v = flag_of(s, w, bit, flags[bit]);
        if (bit == 1)
            v = ir_xor(s->f, v, ir_i32(s->f, IR_FL_C));
        fl = ir_or(s->f, ir_and(s->f, fl, ir_i32(s->f, ~flags[bit])), v);
    }
    ir_put(s->f, SLOT_NZCV, fl);
    return true;
}

/* SETF8, SETF16: N and Z of the low part, V when the bit above differs from its sign; C is left alone. */
bool trans_SETF(DisasContext *s, const arg_SETF *a)
{
    unsigned sign = a->sz ? 15 : 7;
    IRRef n = read_x(s, a->rn, false), fl = ir_get(s->f, IR_I32, SLOT_NZCV);
    IRRef top = ir_shl(s->f, n, ir_i32(s->f, 31 - sign));
    IRRef nz = ir_and(s->f, ir_fl_and(s->f, top, top, 0), ir_i32(s->f, IR_FL_S | IR_FL_Z));
    IRRef v = ir_xor(s->f, ir_extract(s->f, n, sign + 1, 1), ir_extract(s->f, n, sign, 1));

    fl = ir_and(s->f, fl, ir_i32(s->f, IR_FL_C));
    ir_put(s->f, SLOT_NZCV, ir_or(s->f, ir_or(s->f, fl, nz), v)); /* IR_FL_O is bit 0 */
    return true;
}

bool trans_CFINV(DisasContext *s, const arg_CFINV *a)
{
    ir_put(s->f, SLOT_NZCV, ir_xor(s->f, ir_get(s->f, IR_I32, SLOT_NZCV), ir_i32(s->f, IR_FL_C)));
    return true;
}

/* N, Z, C (not inverted) and V as 0 or 1. */
typedef struct Flags { IRRef n, z, c, v; } Flags;

static Flags read_flags(DisasContext *s)
{
    IRRef fl = ir_get(s->f, IR_I32, SLOT_NZCV);
    return (Flags){ ir_fl_cc(s->f, IR_I32, IR_MI, fl), ir_fl_cc(s->f, IR_I32, IR_EQ, fl), ir_fl_cc(s->f, IR_I32, IR_GEU, fl),
                    ir_fl_cc(s->f, IR_I32, IR_VS, fl) };
}

static IRRef place(DisasContext *s, IRRef bit, uint32_t flag) { return ir_shl(s->f, bit, ir_i32(s->f, ctz64(flag))); }

static void write_flags(DisasContext *s, Flags fl)
{
    IRRef c = ir_xor(s->f, place(s, fl.c, IR_FL_C), ir_i32(s->f, IR_FL_C));
    IRRef nz = ir_or(s->f, place(s, fl.n, IR_FL_S), place(s, fl.z, IR_FL_Z));
    ir_put(s->f, SLOT_NZCV, ir_or(s->f, nz, ir_or(s->f, c, fl.v)));
}

/* C6.2.25: less, greater, unordered from the alternative format to Arm's, and back. */
bool trans_XAFLAG(DisasContext *s, const arg_XAFLAG *a)
{
    Flags o = read_flags(s);
    IRRef one = ir_i32(s->f, 1);
    IRRef not_c = ir_xor(s->f, o.c, one), not_z = ir_xor(s->f, o.z, one);

    write_flags(s, (Flags){ .n = ir_and(s->f, not_c, not_z), .z = ir_and(s->f, o.z, o.c), .c = ir_or(s->f, o.c, o.z),
                            .v = ir_and(s->f, not_c, o.z) });
    return true;
}

bool trans_AXFLAG(DisasContext *s, const arg_AXFLAG *a)
{
    Flags o = read_flags(s);
    IRRef zero = ir_i32(s->f, 0);

    write_flags(s, (Flags){ .n = zero, .z = ir_or(s->f, o.z, o.v), .c = ir_andn(s->f, o.c, o.v), .v = zero });
    return true;
}
