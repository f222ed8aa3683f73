/* SPDX-License-Identifier: MIT */
/*
 * Port I/O, and the instructions about the CPU itself: counters, identification, random numbers, waiting, cache lines.
 *
 * OUT ends the block through the main loop: a device may have reset the machine, moved A20 or raised an interrupt.
 */
#include "target/x86/translate_int.h"

static IRRef port_of(DisasContext *s, const X86Operand *o)
{
    return o->kind == OPK_IMM ? ir_i32(s->f, (uint32_t)o->imm & 0xff) : read_reg(s, X86_RDX, 2);
}

void trans_in(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = i->op[0].bytes;
    write_reg(s, X86_RAX, bytes, ir_call(s->f, &ir_helper_in, port_of(s, &i->op[1]), ir_i32(s->f, bytes)));
}

void trans_out(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = i->op[1].bytes;
    IRRef value = extend(s, read_reg(s, X86_RAX, bytes), bytes, false);
    ir_call(s->f, &ir_helper_out, port_of(s, &i->op[0]), value, ir_i32(s->f, bytes));
    gen_exit_next(s, true);
}

/* ---- counters and identification ---- */
void trans_cpuid(DisasContext *s, const X86Insn *i) { ir_calln(s->f, &ir_helper_cpuid, NULL); }

static void write_pair(DisasContext *s, IRRef v)
{
    write_reg(s, X86_RAX, 4, ir_trunc(s->f, v));
    write_reg(s, X86_RDX, 4, ir_trunc(s->f, ir_shr(s->f, v, ir_i32(s->f, 32))));
}

void trans_rdtsc(DisasContext *s, const X86Insn *i) { write_pair(s, ir_calln(s->f, &ir_helper_rdtsc, NULL)); }

void trans_rdtscp(DisasContext *s, const X86Insn *i)
{
    trans_rdtsc(s, i);
    write_reg(s, X86_RCX, 4, ir_ldenv(s->f, IR_I32, ENV_OFFSET(tsc_aux), 2, false));
}

/* All of the register outside of 32-bit modes. */
void trans_rdpid(DisasContext *s, const X86Insn *i)
{
    write_reg(s, i->op[0].reg, 4, ir_ldenv(s->f, IR_I32, ENV_OFFSET(tsc_aux), 2, false));
}

void trans_rdpmc(DisasContext *s, const X86Insn *i) { ir_calln(s->f, &ir_helper_rdpmc, NULL); }

/* RDRAND, RDSEED: always successful. */
void trans_rdrand(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = i->op[0].bytes;
    IRRef v = ir_calln(s->f, &ir_helper_random, NULL);
    write_reg(s, i->op[0].reg, bytes, bytes == 8 ? v : ir_trunc(s->f, v));
    set_cc_fl(s, ir_i32(s->f, IR_FL_C));
}

/* ---- waiting: not for user programs ---- */
void trans_monitor(DisasContext *s, const X86Insn *i)
{
    if (s->cpl) {
        gen_ud(s);
        return;
    }
    IRRef rax = read_reg(s, X86_RAX, 8), offset = i->asz == 3 ? rax : ir_zext(s->f, IR_I64, i->asz, rax);
    ir_call(s->f, &ir_helper_monitor, gen_linear(s, i->has_seg ? i->mem.seg : X86_SEG_DS, offset, 1, false));
}

void trans_mwait(DisasContext *s, const X86Insn *i)
{
    if (s->cpl) {
        gen_ud(s);
        return;
    }
    sync_cc(s);
    ir_call(s->f, &ir_helper_mwait, ir_i64(s->f, s->next_pc));
    gen_exit_next(s, true);
}

/* ---- cache lines ---- */
/* There is no cache to flush; the address is checked as a load's. */
void trans_clflush(DisasContext *s, const X86Insn *i)
{
    ir_call(s->f, &ir_helper_probe_read, gen_mem(s, i, 1, false), ir_i32(s->f, data_memop(s, 1, false)));
}

void trans_clzero(DisasContext *s, const X86Insn *i)
{
    IRRef rax = read_reg(s, X86_RAX, 8), offset = i->asz == 3 ? rax : ir_zext(s->f, IR_I64, i->asz, rax), zero = ir_vconst(s->f, 0);
    IRRef addr = gen_linear(s, i->has_seg ? i->mem.seg : X86_SEG_DS, ir_and(s->f, offset, ir_i64(s->f, ~63ull)), 64, true);
    for (unsigned n = 0; n < 64; n += 16)
        ir_st(s->f, addr, n, zero, data_memop(s, 16, false));
}

