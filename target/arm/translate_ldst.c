/* SPDX-License-Identifier: MIT */
/*
 * Loads and stores of one register: literal, immediate, register offset, unprivileged, LDAPUR, LDRAA, prefetch; general and
 * SIMD&FP registers.
 *
 * Registers are written after everything that may fault: the load or store first, then Rt, then the base. With
 * writeback and Rt = Rn (CONSTRAINED UNPREDICTABLE) the base's new value stays.
 */
#include "a64_decode.h"
#include "base/bits.h"
#include "target/arm/ldst.h"

IRRef read_base(DisasContext *s, unsigned rn)
{
    check_sp_alignment(s, rn);
    return read_xsp(s, rn, true);
}

void write_base(DisasContext *s, unsigned rn, IRRef base, int64_t offset)
{
    bool still_aligned = rn == 31 && s->sp_aligned && (offset & 15) == 0;

    write_xsp(s, rn, ir_add(s->f, base, ir_i64(s->f, (uint64_t)offset)));
    if (still_aligned)
        s->sp_aligned = true;
}

/* ---- SIMD&FP registers as memory values; size: log2 bytes, 0..4 ---- */
IRRef load_v(DisasContext *s, IRRef addr, int64_t offset, unsigned size, IRMemOp mo)
{
    if (size == 4 && (mo & MO_BSWAP)) { /* one 16-byte value */
        IRMemOp half = (mo & ~7u) | MO_64;
        IRRef high = ir_ld(s->f, IR_I64, addr, offset, half);
        return ir_vpair(s->f, ir_ld(s->f, IR_I64, addr, offset + 8, half & ~(7u << MO_ALIGN_SHIFT)), high);
    }
    if (size == 4)
        return ir_ld(s->f, IR_V128, addr, offset, mo);
    if (size == 3 && !(mo & MO_BSWAP))
        return ir_ld(s->f, IR_F64, addr, offset, mo);
    if (size == 2 && !(mo & MO_BSWAP))
        return ir_ld(s->f, IR_F32, addr, offset, mo);
    return ir_bitsf(s->f, ir_ld(s->f, size == 3 ? IR_I64 : IR_I32, addr, offset, mo));
}

void store_v(DisasContext *s, IRRef addr, int64_t offset, unsigned rt, unsigned size, IRMemOp mo)
{
    if (size == 4 && (mo & MO_BSWAP)) {
        IRRef v = read_v(s, rt);
        ir_st2(s->f, addr, offset, ir_vgetl(s->f, IR_I64, 3, v, 1, false), ir_vgetl(s->f, IR_I64, 3, v, 0, false), (mo & ~7u) | MO_64);
    } else if (size == 4) {
        ir_st(s->f, addr, offset, read_v(s, rt), mo);
    } else if (size >= 2 && !(mo & MO_BSWAP)) {
        ir_st(s->f, addr, offset, read_f(s, rt, size == 3 ? IR_F64 : IR_F32), mo);
    } else {
        ir_st(s->f, addr, offset, ir_vgetl(s->f, size == 3 ? IR_I64 : IR_I32, size, read_v(s, rt), 0, false), mo);
    }
}

/* ---- literals ---- */
static IRRef literal_addr(DisasContext *s, int imm19) { return ir_i64(s->f, s->pc + (uint64_t)((int64_t)imm19 * 4)); }

bool trans_LDR_lit(DisasContext *s, const arg_LDR_lit *a)
{
    write_x(s, a->rt, ir_ld(s->f, int_type(a->sf), literal_addr(s, a->imm19), 0, a64_data_memop(s, a->sz, a->sign)));
    return true;
}

bool trans_LDR_lit_v(DisasContext *s, const arg_LDR_lit_v *a)
{
    if (a->opc == 3)
        return false;
    if (fp_access_check(s))
        write_v(s, a->rt, load_v(s, literal_addr(s, a->imm19), 0, 2 + a->opc, a64_data_memop(s, 2 + a->opc, false)));
    return true;
}

bool trans_PRFM(DisasContext *s, const arg_PRFM *a) { return true; }

/* ---- general registers ---- */
/* opc: 0 store, 1 load, 2 load sign-extended to 64 bits, 3 to 32. False: no such form. */
static bool ldst_form_ok(unsigned sz, unsigned opc)
{
    return opc < 2 || (opc == 2 ? sz < 3 : sz < 2);
}

/* The access of Rt at addr + offset. Returns the loaded value, IR_NONE for a store. */
static IRRef gen_access(DisasContext *s, unsigned sz, unsigned opc, unsigned rt, IRRef addr, int64_t offset, IRMemOp mo)
{
    if (opc == 0) {
        ir_st(s->f, addr, offset, read_x(s, rt, sz == 3), mo);
        return IR_NONE;
    }
    return ir_ld(s->f, opc == 1 ? int_type(sz == 3) : int_type(opc == 2), addr, offset, mo | (opc >= 2 ? MO_SIGN : 0));
}

/* Unprivileged accesses are made as EL0 does, unless UAO says otherwise. */
static IRMemOp unprivileged(const DisasContext *s, IRMemOp mo)
{
    if (s->el == 0 || (s->flags & BF_UNPRIV_EL1))
        return mo;
    return (mo & ~(15u << MO_IDX_SHIFT)) | ARM_MMU_EL0 << MO_IDX_SHIFT;
}

bool trans_LDST_imm(DisasContext *s, const arg_LDST_imm *a)
{
    if (!ldst_form_ok(a->sz, a->opc))
        return false;
    IRMemOp mo = a64_data_memop(s, a->sz, false);
    if (a->w == 2)
        mo = unprivileged(s, mo);
    IRRef base = read_base(s, a->rn), v;
    v = gen_access(s, a->sz, a->opc, a->rt, base, a->w == 1 ? 0 : a->imm9, mo);
    if (a->opc)
        write_x(s, a->rt, v);
    if (a->w & 1)
        write_base(s, a->rn, base, a->imm9);
    return true;
}

bool trans_LDST_uimm(DisasContext *s, const arg_LDST_uimm *a)
{
    if (!ldst_form_ok(a->sz, a->opc))
        return false;
    IRRef v = gen_access(s, a->sz, a->opc, a->rt, read_base(s, a->rn), (int64_t)a->imm12 << a->sz, a64_data_memop(s, a->sz, false));
    if (a->opc)
        write_x(s, a->rt, v);
    return true;
}

/* Xn|SP plus the extended or shifted Xm. */
static IRRef register_offset_addr(DisasContext *s, unsigned rn, unsigned rm, unsigned option, unsigned shift)
{
    IRRef base = read_base(s, rn);
    return ir_add(s->f, base, read_extended(s, rm, option, shift, true));
}

bool trans_LDST_reg(DisasContext *s, const arg_LDST_reg *a)
{
    if (!(a->option & 2) || !ldst_form_ok(a->sz, a->opc))
        return false;
    IRRef addr = register_offset_addr(s, a->rn, a->rm, a->option, a->s ? a->sz : 0);
    IRRef v = gen_access(s, a->sz, a->opc, a->rt, addr, 0, a64_data_memop(s, a->sz, false));
    if (a->opc)
        write_x(s, a->rt, v);
    return true;
}

/* ---- SIMD&FP registers; size is sz, or 4 with opc<1> ---- */
static bool v_size(unsigned sz, unsigned opc, unsigned *size)
{
    *size = opc & 2 ? 4 : sz;
    return !(opc & 2) || sz == 0;
}

static void gen_access_v(DisasContext *s, bool load, unsigned size, unsigned rt, IRRef addr, int64_t offset, unsigned rn, bool writeback,
                         IRRef base, int64_t base_offset)
{
    IRMemOp mo = a64_data_memop(s, size, false);
    IRRef v = IR_NONE;

    if (load)
        v = load_v(s, addr, offset, size, mo);
    else
        store_v(s, addr, offset, rt, size, mo);
    if (writeback)
        write_base(s, rn, base, base_offset);
    if (load)
        write_v(s, rt, v);
}

bool trans_LDST_imm_v(DisasContext *s, const arg_LDST_imm_v *a)
{
    unsigned size;

    if (!v_size(a->sz, a->opc, &size))
        return false;
    if (!fp_access_check(s))
        return true;
    IRRef base = read_base(s, a->rn);
    gen_access_v(s, a->opc & 1, size, a->rt, base, a->w == 1 ? 0 : a->imm9, a->rn, a->w != 0, base, a->imm9);
    return true;
}

bool trans_LDST_uimm_v(DisasContext *s, const arg_LDST_uimm_v *a)
{
    unsigned size;

    if (!v_size(a->sz, a->opc, &size))
        return false;
    if (fp_access_check(s))
        gen_access_v(s, a->opc & 1, size, a->rt, read_base(s, a->rn), (int64_t)a->imm12 << size, 0, false, IR_NONE, 0);
    return true;
}

bool trans_LDST_reg_v(DisasContext *s, const arg_LDST_reg_v *a)
{
    unsigned size;

    if (!(a->option & 2) || !v_size(a->sz, a->opc, &size))
        return false;
    if (fp_access_check(s)) {
        IRRef addr = register_offset_addr(s, a->rn, a->rm, a->option, a->s ? size : 0);
        gen_access_v(s, a->opc & 1, size, a->rt, addr, 0, 0, false, IR_NONE, 0);
    }
    return true;
}

/* ---- LRCPC2: unscaled, acquire and release; accesses may be unaligned within 16 bytes in later versions, here they must be aligned ---- */
bool trans_LDAPUR(DisasContext *s, const arg_LDAPUR *a)
{
    if (!ldst_form_ok(a->sz, a->opc))
        return false;
    IRMemOp mo = with_align(a64_data_memop(s, a->sz, false), a->sz) | (a->opc ? MO_ACQ_PC : MO_REL);
    IRRef v = gen_access(s, a->sz, a->opc, a->rt, read_base(s, a->rn), a->imm9, mo);
    if (a->opc)
        write_x(s, a->rt, v);
    return true;
}

/* LDRAA, LDRAB: the base is authenticated with a data key and a zero modifier; pre-index writes it back authenticated. */
bool trans_LDRA(DisasContext *s, const arg_LDRA *a)
{
    int64_t offset = ((int64_t)a->imm_s * 512 + a->imm9) * 8;
    IRRef base = read_base(s, a->rn);

    base = gen_auth(s, base, ir_i64(s->f, 0), 2 + a->m, true);
    IRRef v = ir_ld(s->f, IR_I64, base, offset, a64_data_memop(s, 3, false));
    write_x(s, a->rt, v);
    if (a->w)
        write_base(s, a->rn, base, offset);
    return true;
}
