/* SPDX-License-Identifier: MIT */
/* How wide a value can be: lets extensions and masks of values that are narrow already go away. */
#include "accel/opt/opt_internal.h"
#include "base/bits.h"

/* Lane ops that make 0 of zeros: with arguments whose high halves are zero the result's is, too. */
static bool zero_of_zeros(IROp op)
{
    switch (op) {
    case IR_vor: case IR_vxor: case IR_vadd: case IR_vsub: case IR_vmul: case IR_vneg: case IR_vabs: case IR_vshli: case IR_vshri: case IR_vsari:
    case IR_vcgt: case IR_vchi: case IR_vsmin: case IR_vsmax: case IR_vumin: case IR_vumax: case IR_vuavg: case IR_vuabd: case IR_vsabd: case IR_vpopcnt:
        return true;
    default:
        return false;
    }
}

static unsigned vector_bits(const Opt *o, const IRInsn *insn)
{
    unsigned a = o->bits[insn->arg[0]], b = o->bits[insn->arg[1]];
    switch (insn->op) {
    case IR_vfromf: case IR_vzlow: case IR_vxtn: return 64;
    case IR_vconst: return insn->imm ? 128 : 64;
    case IR_vpair: return b ? 128 : 64; /* the high half is an integer */
    case IR_vand: return MIN_OF(a, b);
    case IR_vandn: case IR_vrev: return a;
    default: return zero_of_zeros(insn->op) ? MAX_OF(a, b) : 128; /* no second argument: insn 0, of 0 bits */
    }
}

unsigned opt_known_bits(const Opt *o, const IRInsn *insn)
{
    unsigned width = 8 * opt_type_bytes(insn->type), a = o->bits[insn->arg[0]], b = o->bits[insn->arg[1]];

    if (insn->type == IR_V128)
        return vector_bits(o, insn);
    switch (insn->op) {
    case IR_const: return 64 - clz64(insn->imm);
    case IR_ld: case IR_hld: return insn->aux & MO_SIGN ? width : MIN_OF(width, 8u << MO_SIZE(insn->aux));
    case IR_ldenv: return insn->aux & 1 ? width : MIN_OF(width, 8u << insn->sz);
    case IR_atom_rmw: case IR_atom_cas: return MIN_OF(width, 8u << MO_SIZE(insn->aux));
    case IR_and: return MIN_OF(a, b);
    case IR_andn: case IR_divu: return a;
    case IR_or: case IR_xor: return MAX_OF(a, b);
    case IR_shr: return opt_is_const(o, insn->arg[1]) ? a - MIN_OF(a, opt_value(o, insn->arg[1]) & (width - 1)) : a;
    case IR_zext: return MIN_OF(a, 8u << insn->sz);
    case IR_trunc: return MIN_OF(a, 32);
    case IR_extract: return insn->imm >> 8;
    case IR_deposit: return MAX_OF(a, (unsigned)((insn->imm & 0xff) + (insn->imm >> 8)));
    case IR_vgetl: return insn->aux & 1 ? width : MIN_OF(width, 8u << insn->sz);
    case IR_vmask: return 16u >> insn->sz;
    case IR_setcc: case IR_fl_cc: return 1;
    case IR_clz: case IR_ctz: case IR_popcnt: return 7;
    case IR_select: return MAX_OF(o->bits[insn->arg[2]], o->bits[insn->arg[3]]);
    case IR_fl_select: return MAX_OF(b, o->bits[insn->arg[2]]);
    default: return width;
    }
}
