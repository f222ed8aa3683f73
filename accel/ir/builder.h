/* SPDX-License-Identifier: MIT */
/*
 * Building IR: one inline function an operation, named ir_<op>.
 *
 * Types follow the arguments: ir_add of two I32 values gives an I32. Where an op's result type cannot be told from its
 * arguments, it is the first parameter. When the function is full, f->overflow is set and further insns are dropped (they
 * return ref 0): the caller finishes the guest instruction as if nothing had happened and the block is translated again, shorter.
 */
#ifndef ACCEL_IR_BUILDER_H
#define ACCEL_IR_BUILDER_H

#include "accel/ir/ir.h"

static inline IRRef ir_emit(IRFunc *f, IROp op, IRType type, IRRef a, IRRef b, IRRef c, IRRef d, unsigned sz, uint32_t aux, uint64_t imm)
{
    if (f->n_insns >= IR_MAX_INSNS) {
        f->overflow = true;
        return IR_NONE;
    }
    f->insns[f->n_insns] = (IRInsn){ .op = op, .type = type, .sz = sz, .arg = { a, b, c, d }, .aux = aux, .imm = imm };
    return f->n_insns++;
}

/* Constants. An I32's upper half must be (and is made) zero. */
static inline IRRef ir_i32(IRFunc *f, uint32_t v) { return ir_emit(f, IR_const, IR_I32, 0, 0, 0, 0, 0, 0, v); }
static inline IRRef ir_i64(IRFunc *f, uint64_t v) { return ir_emit(f, IR_const, IR_I64, 0, 0, 0, 0, 0, 0, v); }
static inline IRRef ir_int(IRFunc *f, IRType t, uint64_t v) { return t == IR_I32 ? ir_i32(f, v) : ir_i64(f, v); }

static inline void ir_insn_start(IRFunc *f, uint64_t pc, uint32_t extra) { ir_emit(f, IR_insn_start, IR_VOID, 0, 0, 0, 0, 0, extra, pc); }
static inline IRRef ir_get(IRFunc *f, IRType t, unsigned slot) { return ir_emit(f, IR_get, t, 0, 0, 0, 0, 0, slot, 0); }
static inline void ir_put(IRFunc *f, unsigned slot, IRRef v) { ir_emit(f, IR_put, IR_VOID, v, 0, 0, 0, 0, slot, 0); }
static inline IRRef ir_ldenv(IRFunc *f, IRType t, size_t offset, unsigned sz, bool sign) { return ir_emit(f, IR_ldenv, t, 0, 0, 0, 0, sz, sign, offset); }
static inline void ir_stenv(IRFunc *f, size_t offset, unsigned sz, IRRef v) { ir_emit(f, IR_stenv, IR_VOID, v, 0, 0, 0, sz, 0, offset); }

#define IR_UN(name) static inline IRRef ir_##name(IRFunc *f, IRRef a) { return ir_emit(f, IR_##name, ir_type(f, a), a, 0, 0, 0, 0, 0, 0); }
#define IR_BIN(name) static inline IRRef ir_##name(IRFunc *f, IRRef a, IRRef b) { return ir_emit(f, IR_##name, ir_type(f, a), a, b, 0, 0, 0, 0, 0); }
#define IR_TER(name) static inline IRRef ir_##name(IRFunc *f, IRRef a, IRRef b, IRRef c) { return ir_emit(f, IR_##name, ir_type(f, a), a, b, c, 0, 0, 0, 0); }
IR_UN(mov) IR_UN(not) IR_UN(neg) IR_UN(clz) IR_UN(ctz) IR_UN(popcnt) IR_UN(rbit)
IR_BIN(add) IR_BIN(sub) IR_BIN(mul) IR_BIN(mulhs) IR_BIN(mulhu) IR_BIN(divs) IR_BIN(divu)
IR_BIN(and) IR_BIN(or) IR_BIN(xor) IR_BIN(andn) IR_BIN(orn) IR_BIN(eqv)
IR_BIN(shl) IR_BIN(shr) IR_BIN(sar) IR_BIN(rotr)
IR_TER(adc)
IR_UN(fsqrt) IR_UN(fabs) IR_UN(fneg) IR_BIN(fadd) IR_BIN(fsub) IR_BIN(fmul) IR_BIN(fdiv) IR_TER(fmadd)
/* Vectors: type V128 throughout. */
IR_UN(vnot) IR_UN(vzlow) IR_UN(vpopcnt)
IR_BIN(vand) IR_BIN(vor) IR_BIN(vxor) IR_BIN(vandn) IR_BIN(vorn) IR_BIN(vtbl) IR_TER(vbsl)
#undef IR_UN
#undef IR_BIN
#undef IR_TER

/* Lane ops: sz is log2 of the lane's bytes. */
#define IR_VUN(name) static inline IRRef ir_##name(IRFunc *f, unsigned sz, IRRef a) { return ir_emit(f, IR_##name, IR_V128, a, 0, 0, 0, sz, 0, 0); }
#define IR_VIMM(name) static inline IRRef ir_##name(IRFunc *f, unsigned sz, IRRef a, unsigned n) { return ir_emit(f, IR_##name, IR_V128, a, 0, 0, 0, sz, 0, n); }
#define IR_VBIN(name) static inline IRRef ir_##name(IRFunc *f, unsigned sz, IRRef a, IRRef b) { return ir_emit(f, IR_##name, IR_V128, a, b, 0, 0, sz, 0, 0); }
IR_VUN(vneg) IR_VUN(vabs) IR_VUN(vdup) IR_VUN(vsxtl) IR_VUN(vuxtl) IR_VUN(vxtn)
IR_VIMM(vshli) IR_VIMM(vshri) IR_VIMM(vsari) IR_VIMM(vduplane) IR_VIMM(vrev)
IR_VBIN(vadd) IR_VBIN(vsub) IR_VBIN(vmul) IR_VBIN(vceq) IR_VBIN(vcgt) IR_VBIN(vcge) IR_VBIN(vchi) IR_VBIN(vchs)
IR_VBIN(vsmin) IR_VBIN(vsmax) IR_VBIN(vumin) IR_VBIN(vumax) IR_VBIN(vuavg) IR_VBIN(vuabd) IR_VBIN(vsabd) IR_VBIN(vpadd)
IR_VBIN(vzip1) IR_VBIN(vzip2) IR_VBIN(vuzp1) IR_VBIN(vuzp2) IR_VBIN(vtrn1) IR_VBIN(vtrn2)
IR_VBIN(vfadd) IR_VBIN(vfsub) IR_VBIN(vfmul) IR_VBIN(vfdiv)
#undef IR_VUN
#undef IR_VIMM
#undef IR_VBIN
static inline IRRef ir_vfmla(IRFunc *f, unsigned sz, IRRef acc, IRRef b, IRRef c, bool negate) { return ir_emit(f, IR_vfmla, IR_V128, acc, b, c, 0, sz, negate, 0); }
static inline IRRef ir_vext(IRFunc *f, IRRef a, IRRef b, unsigned n) { return ir_emit(f, IR_vext, IR_V128, a, b, 0, 0, 0, 0, n); }
static inline IRRef ir_vconst(IRFunc *f, uint64_t both_halves) { return ir_emit(f, IR_vconst, IR_V128, 0, 0, 0, 0, 0, 0, both_halves); }
static inline IRRef ir_vpair(IRFunc *f, IRRef lo, IRRef hi) { return ir_emit(f, IR_vpair, IR_V128, lo, hi, 0, 0, 0, 0, 0); }
static inline IRRef ir_vgetl(IRFunc *f, IRType t, unsigned sz, IRRef v, unsigned lane, bool sign) { return ir_emit(f, IR_vgetl, t, v, 0, 0, 0, sz, sign, lane); }
static inline IRRef ir_vmask(IRFunc *f, unsigned sz, IRRef v) { return ir_emit(f, IR_vmask, IR_I32, v, 0, 0, 0, sz, 0, 0); }
static inline IRRef ir_vinsl(IRFunc *f, unsigned sz, IRRef v, unsigned lane, IRRef x) { return ir_emit(f, IR_vinsl, IR_V128, v, x, 0, 0, sz, 0, lane); }
static inline IRRef ir_vinsv(IRFunc *f, unsigned sz, IRRef v, unsigned dst, IRRef w, unsigned src) { return ir_emit(f, IR_vinsv, IR_V128, v, w, 0, 0, sz, 0, dst | src << 8); }
static inline IRRef ir_vlow(IRFunc *f, IRType t, IRRef v) { return ir_emit(f, IR_vlow, t, v, 0, 0, 0, 0, 0, 0); }
static inline IRRef ir_vfromf(IRFunc *f, IRRef a) { return ir_emit(f, IR_vfromf, IR_V128, a, 0, 0, 0, 0, 0, 0); }
/* Rows of vx.def. Arguments that the row has not may be IR_NONE: the first stands in for them. */
static inline IRRef ir_vx(IRFunc *f, IRVx id, IRRef a, IRRef b, IRRef c, unsigned imm)
{
    return ir_emit(f, ir_vx_info[id].fp ? IR_vxf : IR_vx, IR_V128, a, ir_vx_info[id].nargs > 1 ? b : a, ir_vx_info[id].nargs > 2 ? c : a, 0, 0, id, imm);
}

/* Width changes and bit fields. */
static inline IRRef ir_trunc(IRFunc *f, IRRef a) { return ir_emit(f, IR_trunc, IR_I32, a, 0, 0, 0, 0, 0, 0); }
static inline IRRef ir_sext(IRFunc *f, IRType t, unsigned sz, IRRef a) { return ir_emit(f, IR_sext, t, a, 0, 0, 0, sz, 0, 0); }
static inline IRRef ir_zext(IRFunc *f, IRType t, unsigned sz, IRRef a) { return ir_emit(f, IR_zext, t, a, 0, 0, 0, sz, 0, 0); }
static inline IRRef ir_bswap(IRFunc *f, unsigned sz, IRRef a) { return ir_emit(f, IR_bswap, ir_type(f, a), a, 0, 0, 0, sz, 0, 0); }
static inline IRRef ir_extract(IRFunc *f, IRRef a, unsigned lsb, unsigned len) { return ir_emit(f, IR_extract, ir_type(f, a), a, 0, 0, 0, 0, 0, lsb | len << 8); }
static inline IRRef ir_sextract(IRFunc *f, IRRef a, unsigned lsb, unsigned len) { return ir_emit(f, IR_sextract, ir_type(f, a), a, 0, 0, 0, 0, 0, lsb | len << 8); }
static inline IRRef ir_deposit(IRFunc *f, IRRef a, IRRef b, unsigned lsb, unsigned len) { return ir_emit(f, IR_deposit, ir_type(f, a), a, b, 0, 0, 0, 0, lsb | len << 8); }
static inline IRRef ir_extr(IRFunc *f, IRRef lo, IRRef hi, unsigned n) { return ir_emit(f, IR_extr, ir_type(f, lo), lo, hi, 0, 0, 0, 0, n); }

/* Conditions and flags. */
static inline IRRef ir_setcc(IRFunc *f, IRType t, IRCond cc, IRRef a, IRRef b) { return ir_emit(f, IR_setcc, t, a, b, 0, 0, 0, cc, 0); }
static inline IRRef ir_select(IRFunc *f, IRCond cc, IRRef a, IRRef b, IRRef x, IRRef y) { return ir_emit(f, IR_select, ir_type(f, x), a, b, x, y, 0, cc, 0); }
static inline IRRef ir_fl_add(IRFunc *f, IRRef a, IRRef b, unsigned fl) { return ir_emit(f, IR_fl_add, IR_I32, a, b, 0, 0, 0, fl, 0); }
static inline IRRef ir_fl_sub(IRFunc *f, IRRef a, IRRef b, unsigned fl) { return ir_emit(f, IR_fl_sub, IR_I32, a, b, 0, 0, 0, fl, 0); }
static inline IRRef ir_fl_and(IRFunc *f, IRRef a, IRRef b, unsigned fl) { return ir_emit(f, IR_fl_and, IR_I32, a, b, 0, 0, 0, fl, 0); }
static inline IRRef ir_fl_adc(IRFunc *f, IRRef a, IRRef b, IRRef c, unsigned fl) { return ir_emit(f, IR_fl_adc, IR_I32, a, b, c, 0, 0, fl, 0); }
static inline IRRef ir_fl_sbb(IRFunc *f, IRRef a, IRRef b, IRRef c, unsigned fl) { return ir_emit(f, IR_fl_sbb, IR_I32, a, b, c, 0, 0, fl, 0); }
static inline IRRef ir_fl_fcmp(IRFunc *f, IRRef a, IRRef b, bool signalling) { return ir_emit(f, IR_fl_fcmp, IR_I32, a, b, 0, 0, 0, signalling ? 2 : 0, 0); }
/* Flags of 8- and 16-bit operations: bytes is 1 or 2 (4 and 8: the type's own width). */
static inline IRRef ir_fl_sized(IRFunc *f, IROp op, unsigned bytes, IRRef a, IRRef b, IRRef c) { return ir_emit(f, op, IR_I32, a, b, c, 0, bytes < 4 ? bytes : 0, 0, 0); }
static inline IRRef ir_fl_comis(IRFunc *f, IRRef a, IRRef b, bool signalling) { return ir_emit(f, IR_fl_comis, IR_I32, a, b, 0, 0, 0, signalling ? 2 : 0, 0); }
static inline IRRef ir_fl_cc(IRFunc *f, IRType t, IRCond cc, IRRef flags) { return ir_emit(f, IR_fl_cc, t, flags, 0, 0, 0, 0, cc, 0); }
static inline IRRef ir_fl_select(IRFunc *f, IRCond cc, IRRef flags, IRRef x, IRRef y) { return ir_emit(f, IR_fl_select, ir_type(f, x), flags, x, y, 0, 0, cc, 0); }

/* Guest memory. disp is added to the address modulo 2^64. */
static inline IRRef ir_ld(IRFunc *f, IRType t, IRRef addr, int64_t disp, IRMemOp mo) { return ir_emit(f, IR_ld, t, addr, 0, 0, 0, 0, mo, disp); }
static inline void ir_st(IRFunc *f, IRRef addr, int64_t disp, IRRef v, IRMemOp mo) { ir_emit(f, IR_st, IR_VOID, addr, v, 0, 0, 0, mo, disp); }
static inline IRRef ir_ldptr(IRFunc *f, IRRef addr, int64_t disp, IRMemOp mo) { return ir_emit(f, IR_ldptr, IR_PTR, addr, 0, 0, 0, 0, mo, disp); }
static inline IRRef ir_hld(IRFunc *f, IRType t, IRRef ptr, unsigned offset, IRMemOp mo) { return ir_emit(f, IR_hld, t, ptr, 0, 0, 0, 0, mo, offset); }
static inline void ir_st2(IRFunc *f, IRRef addr, int64_t disp, IRRef v, IRRef w, IRMemOp mo) { ir_emit(f, IR_st2, IR_VOID, addr, v, w, 0, 0, mo, disp); }
static inline IRRef ir_atom_rmw(IRFunc *f, IRType t, IRAtomic op, IRRef addr, IRRef v, IRMemOp mo) { return ir_emit(f, IR_atom_rmw, t, addr, v, 0, 0, op, mo, 0); }
static inline IRRef ir_atom_cas(IRFunc *f, IRType t, IRRef addr, IRRef expected, IRRef desired, IRMemOp mo) { return ir_emit(f, IR_atom_cas, t, addr, expected, desired, 0, 0, mo, 0); }
static inline void ir_fence(IRFunc *f, unsigned pairs) { ir_emit(f, IR_fence, IR_VOID, 0, 0, 0, 0, 0, pairs, 0); }

/* Scalar floating point with parameters. */
static inline IRRef ir_fcvt(IRFunc *f, IRType to, IRRef a) { return ir_emit(f, IR_fcvt, to, a, 0, 0, 0, 0, 0, 0); }
static inline IRRef ir_fi2f(IRFunc *f, IRType to, IRRef a, bool is_signed) { return ir_emit(f, IR_fi2f, to, a, 0, 0, 0, 0, is_signed, 0); }
static inline IRRef ir_ff2i(IRFunc *f, IRType to, IRRef a, bool is_signed, IRRound r) { return ir_emit(f, IR_ff2i, to, a, 0, 0, 0, 0, is_signed, r); }
static inline IRRef ir_fround(IRFunc *f, IRRef a, IRRound r, bool exact) { return ir_emit(f, IR_fround, ir_type(f, a), a, 0, 0, 0, 0, exact, r); }
static inline IRRef ir_fbits(IRFunc *f, IRRef a) { return ir_emit(f, IR_fbits, ir_type(f, a) == IR_F32 ? IR_I32 : IR_I64, a, 0, 0, 0, 0, 0, 0); }
static inline IRRef ir_bitsf(IRFunc *f, IRRef a) { return ir_emit(f, IR_bitsf, ir_type(f, a) == IR_I32 ? IR_F32 : IR_F64, a, 0, 0, 0, 0, 0, 0); }

/* Calls: ir_call(f, &helper, n, args): the CPUState and result pointers are not among args. Returns IR_NONE for void. */
static inline IRRef ir_calln(IRFunc *f, const IRHelper *h, const IRRef *args)
{
    if (f->n_call_args + h->nargs > IR_MAX_CALL_ARGS) {
        f->overflow = true;
        return IR_NONE;
    }
    uint32_t first = f->n_call_args;
    for (unsigned i = 0; i < h->nargs; i++)
        f->call_args[f->n_call_args++] = args[i];
    IRRef r = ir_emit(f, IR_call, (IRType)h->ret, 0, 0, 0, 0, 0, first, (uintptr_t)h);
    return h->ret == IR_VOID ? IR_NONE : r;
}
#define ir_call(f, helper, ...) ir_calln((f), (helper), (const IRRef[]){ __VA_ARGS__ __VA_OPT__(,) IR_NONE })

/* Ways out. ir_add_exit gives the index that the others take. */
static inline unsigned ir_add_exit(IRFunc *f, IRExit e)
{
    if (f->n_exits >= IR_MAX_EXITS) {
        f->overflow = true;
        return 0;
    }
    f->exits[f->n_exits] = e;
    return f->n_exits++;
}
static inline void ir_br(IRFunc *f, IRCond cc, IRRef a, IRRef b, unsigned exit) { ir_emit(f, IR_br, IR_VOID, a, b, 0, 0, cc, exit, 0); }
static inline void ir_fl_br(IRFunc *f, IRCond cc, IRRef flags, unsigned exit) { ir_emit(f, IR_fl_br, IR_VOID, flags, 0, 0, 0, cc, exit, 0); }
static inline void ir_exit(IRFunc *f, unsigned exit) { ir_emit(f, IR_exit, IR_VOID, 0, 0, 0, 0, 0, exit, 0); }
static inline void ir_exit_jump(IRFunc *f, IRRef pc, unsigned exit) { ir_emit(f, IR_exit_jump, IR_VOID, pc, 0, 0, 0, 0, exit, 0); }

#endif
