/* SPDX-License-Identifier: MIT */
/* Floating-point ops of the interpreter: the target's reference functions, scalar or lane by lane; and the rows of vx.def by theirs. */
#include "accel/interp/interp_internal.h"
#include "base/bits.h"

static uint64_t get_lane(const V128 *v, bool f64, unsigned i) { return f64 ? v->u64[i] : v->u32[i]; }

static void set_lane(V128 *v, bool f64, unsigned i, uint64_t x)
{
    if (f64)
        v->u64[i] = x;
    else
        v->u32[i] = x;
}

static void vector(InterpRun *r, const IRInsn *insn, V128 *d)
{
    const TargetFpOps *fp = r->block->target->fp;
    const V128 *a = &r->cells[insn->arg[0]], *b = &r->cells[insn->arg[1]], *c = &r->cells[insn->arg[2]];
    bool f64 = insn->sz == 3;
    uint64_t sign = insn->op == IR_vfmla && insn->aux & 1 ? BIT(f64 ? 63 : 31) : 0;
    V128 out;

    for (unsigned i = 0; i < 16u >> insn->sz; i++) {
        uint64_t x = get_lane(a, f64, i), y = get_lane(b, f64, i), z;
        switch (insn->op) {
        case IR_vfadd: z = fp->add[f64](r->cpu, x, y); break;
        case IR_vfsub: z = fp->sub[f64](r->cpu, x, y); break;
        case IR_vfmul: z = fp->mul[f64](r->cpu, x, y); break;
        case IR_vfdiv: z = fp->div[f64](r->cpu, x, y); break;
        default: z = fp->madd[f64](r->cpu, y ^ sign, get_lane(c, f64, i), x); break; /* vfmla */
        }
        set_lane(&out, f64, i, z);
    }
    *d = out;
}

static uint64_t int_to_float(InterpRun *r, const IRInsn *insn, IRType from, uint64_t a)
{
    bool is_signed = insn->aux & 1;
    if (from == IR_I32 && is_signed)
        a = (uint64_t)(int32_t)a;
    return r->block->target->fp->i2f[insn->type == IR_F64](r->cpu, a, is_signed);
}

static uint64_t scalar(InterpRun *r, const IRInsn *insn)
{
    const TargetFpOps *fp = r->block->target->fp;
    IRType from = r->block->insns[insn->arg[0]].type;
    uint64_t a = r->cells[insn->arg[0]].u64[0], b = r->cells[insn->arg[1]].u64[0], c = r->cells[insn->arg[2]].u64[0];
    bool f64 = insn->type == IR_F64, arg_f64 = from == IR_F64;

    switch (insn->op) {
    case IR_fadd: return fp->add[f64](r->cpu, a, b);
    case IR_fsub: return fp->sub[f64](r->cpu, a, b);
    case IR_fmul: return fp->mul[f64](r->cpu, a, b);
    case IR_fdiv: return fp->div[f64](r->cpu, a, b);
    case IR_fsqrt: return fp->sqrt[f64](r->cpu, a);
    case IR_fmadd: return fp->madd[f64](r->cpu, a, b, c);
    case IR_fcvt: return fp->cvt[f64](r->cpu, a);
    case IR_fi2f: return int_to_float(r, insn, from, a);
    case IR_ff2i: return fp->f2i[arg_f64](r->cpu, a, insn->aux & 1, insn->imm, insn->type == IR_I64 ? 64 : 32);
    case IR_fround: return fp->round[f64](r->cpu, a, insn->imm, insn->aux & 1);
    default: /* fl_fcmp, fl_comis */
        return fp->cmp[arg_f64](r->cpu, a, b, insn->aux & 2) ^ (insn->aux & IR_FL_INVC ? IR_FL_C : 0);
    }
}

static void table_op(InterpRun *r, const IRInsn *insn, V128 *d)
{
    const V128 *a = &r->cells[insn->arg[0]], *b = &r->cells[insn->arg[1]], *c = &r->cells[insn->arg[2]];
    if (insn->op == IR_vxf)
        r->block->target->fp->vx(r->cpu, insn->aux, d, a, b, c, (unsigned)insn->imm);
    else
        ir_vx_info[insn->aux].eval(d, a, b, c, (unsigned)insn->imm);
}

void interp_float(InterpRun *r, const IRInsn *insn, V128 *d)
{
    if (insn->op == IR_vx || insn->op == IR_vxf) {
        table_op(r, insn, d);
        return;
    }
    if (insn->type == IR_V128) {
        vector(r, insn, d);
        return;
    }
    uint64_t v = scalar(r, insn);
    cell_set(d, interp_type_bytes(insn->type) == 4 ? (uint32_t)v : v);
}
