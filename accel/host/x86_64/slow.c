/* SPDX-License-Identifier: MIT */
/* The C ends of slow paths: arguments and results are in the vCPU's SlowFrame, so that generated code needs no shuffling. */
#include "accel/host/x86_64/jit_internal.h"
#include "accel/mmu/mmu.h"

void slow_ld(CPUState *cpu, uintptr_t ra)
{
    SlowFrame *s = slow_frame(cpu);
    uint64_t r = mmu_ld_slow(cpu, s->va, (IRMemOp)s->mo, ra);
    s->result.u64[0] = r;
}

void slow_ld16(CPUState *cpu, uintptr_t ra)
{
    SlowFrame *s = slow_frame(cpu);
    V128 r;
    mmu_ld16_slow(cpu, s->va, (IRMemOp)s->mo, ra, &r);
    s->result = r;
}

void slow_ldptr(CPUState *cpu, uintptr_t ra)
{
    SlowFrame *s = slow_frame(cpu);
    void *p = mmu_ldptr_slow(cpu, s->va, (IRMemOp)s->mo, ra);
    s->result.u64[0] = (uintptr_t)p;
}

void slow_st(CPUState *cpu, uintptr_t ra)
{
    SlowFrame *s = slow_frame(cpu);
    mmu_st_slow(cpu, s->va, s->a.u64[0], (IRMemOp)s->mo, ra);
}

void slow_st16(CPUState *cpu, uintptr_t ra)
{
    SlowFrame *s = slow_frame(cpu);
    V128 v = s->a;
    mmu_st16_slow(cpu, s->va, &v, (IRMemOp)s->mo, ra);
}

void slow_st2(CPUState *cpu, uintptr_t ra)
{
    SlowFrame *s = slow_frame(cpu);
    V128 v = s->a, w = s->b;
    mmu_st2_slow(cpu, s->va, &v, &w, (IRMemOp)s->mo, ra);
}

void slow_atom_rmw(CPUState *cpu, uintptr_t ra)
{
    SlowFrame *s = slow_frame(cpu);
    uint64_t r = mmu_atom_rmw(cpu, s->va, (IRAtomic)s->op, s->a.u64[0], (IRMemOp)s->mo, ra);
    s->result.u64[0] = r;
}

void slow_atom_cas(CPUState *cpu, uintptr_t ra)
{
    SlowFrame *s = slow_frame(cpu);
    uint64_t r = mmu_atom_cas(cpu, s->va, s->a.u64[0], s->b.u64[0], (IRMemOp)s->mo, ra);
    s->result.u64[0] = r;
}

void slow_atom_cas16(CPUState *cpu, uintptr_t ra)
{
    SlowFrame *s = slow_frame(cpu);
    V128 a = s->a, b = s->b;
    V128 r = mmu_atom_cas16(cpu, s->va, &a, &b, (IRMemOp)s->mo, ra);
    s->result = r;
}

void slow_vec(CPUState *cpu, uintptr_t ra)
{
    SlowFrame *s = slow_frame(cpu);
    V128 d;
    uint64_t r = ir_eval_vec(s->insn, &d, &s->a, &s->b, &s->c, s->va, s->mo);
    if (s->insn->op == IR_vgetl || s->insn->op == IR_vmask)
        s->result.u64[0] = r;
    else
        s->result = d;
}

void slow_vx(CPUState *cpu, uintptr_t ra)
{
    SlowFrame *s = slow_frame(cpu);
    const IRInsn *in = s->insn;
    V128 d;
    if (in->op == IR_vxf)
        jit_target->fp->vx(cpu, in->aux, &d, &s->a, &s->b, &s->c, (unsigned)in->imm);
    else
        ir_vx_info[in->aux].eval(&d, &s->a, &s->b, &s->c, (unsigned)in->imm);
    s->result = d;
}

/* One scalar operation by the target's table; arg[3] of the insn's copy holds the type of argument 0. */
static uint64_t fp_scalar(CPUState *cpu, const IRInsn *in, uint64_t a, uint64_t b, uint64_t c)
{
    const TargetFpOps *fp = jit_target->fp;
    unsigned d = in->type == IR_F64, s = in->arg[3] == IR_F64;
    switch (in->op) {
    case IR_fadd: return fp->add[d](cpu, a, b);
    case IR_fsub: return fp->sub[d](cpu, a, b);
    case IR_fmul: return fp->mul[d](cpu, a, b);
    case IR_fdiv: return fp->div[d](cpu, a, b);
    case IR_fsqrt: return fp->sqrt[d](cpu, a);
    case IR_fmadd: return fp->madd[d](cpu, a, b, c);
    case IR_fcvt: return d == s ? a : fp->cvt[d](cpu, a);
    case IR_fi2f: return fp->i2f[d](cpu, in->arg[3] == IR_I32 ? (in->aux & 1 ? (uint64_t)(int32_t)a : (uint32_t)a) : a, in->aux & 1);
    case IR_ff2i: return fp->f2i[s](cpu, a, in->aux & 1, (IRRound)in->imm, in->type == IR_I64 ? 64 : 32);
    case IR_fround: return fp->round[d](cpu, a, (IRRound)in->imm, in->aux & 1);
    default: return fp->cmp[s](cpu, a, b, in->aux >> 1 & 1);
    }
}

static uint64_t lane_op(CPUState *cpu, const IRInsn *in, unsigned d, uint64_t a, uint64_t b, uint64_t c)
{
    const TargetFpOps *fp = jit_target->fp;
    switch (in->op) {
    case IR_vfadd: return fp->add[d](cpu, a, b);
    case IR_vfsub: return fp->sub[d](cpu, a, b);
    case IR_vfmul: return fp->mul[d](cpu, a, b);
    case IR_vfdiv: return fp->div[d](cpu, a, b);
    default: return fp->madd[d](cpu, in->aux & 1 ? b ^ (d ? 1ull << 63 : 1ull << 31) : b, c, a);
    }
}

void slow_fp(CPUState *cpu, uintptr_t ra)
{
    SlowFrame *s = slow_frame(cpu);
    const IRInsn *in = s->insn;
    V128 r;
    if (in->op < IR_vfadd || in->op > IR_vfmla) {
        bool f32 = in->arg[3] == IR_F32 || in->arg[3] == IR_I32;
        uint64_t m = f32 ? 0xffffffffu : ~0ull;
        r.u64[0] = fp_scalar(cpu, in, s->a.u64[0] & m, s->b.u64[0] & m, s->c.u64[0] & m);
        r.u64[1] = 0;
    } else if (in->sz == 3) {
        for (unsigned i = 0; i < 2; i++)
            r.u64[i] = lane_op(cpu, in, 1, s->a.u64[i], s->b.u64[i], s->c.u64[i]);
    } else {
        for (unsigned i = 0; i < 4; i++)
            r.u32[i] = (uint32_t)lane_op(cpu, in, 0, s->a.u32[i], s->b.u32[i], s->c.u32[i]);
    }
    s->result = r;
}
