/* SPDX-License-Identifier: MIT */
/*
 * Translating interrupt-flag instructions, control and debug registers, MSRs, SMAP's flag, system calls.
 *
 * STAC and CLAC sit around every access of a kernel to user memory, so they are done in line: they change the block flags' MMU index, and the
 * translation goes on with the new one where it is known at this point that SMAP is in force.
 */
#include "target/x86/helper_sys.h"
#include "target/x86/translate_internal.h"
#include "target/x86/translate_system.h"

/* ---- EFLAGS.IF ---- */
static IRRef load_eflags(DisasContext *s) { return ir_ldenv(s->f, IR_I32, ENV_OFFSET(eflags), 2, false); }
static void store_eflags(DisasContext *s, IRRef v) { ir_stenv(s->f, ENV_OFFSET(eflags), 2, v); }

void trans_cli(DisasContext *s, const X86Insn *i)
{
    if (s->flags & BF_IOPL_OK)
        store_eflags(s, ir_and(s->f, load_eflags(s), ir_i32(s->f, ~EF_IF)));
    else
        ir_call(s->f, &ir_helper_x86_cli);
}

static void set_inhibit(DisasContext *s, IRRef bit)
{
    IRRef hflags = ir_ldenv(s->f, IR_I32, ENV_OFFSET(hflags), 2, false);
    ir_stenv(s->f, ENV_OFFSET(hflags), 2, ir_or(s->f, hflags, bit));
}

/*
 * Interrupts stay out for one instruction more when IF was 0. That matters when one waits already: then the next instruction is a block of its own, which
 * looks at them after it. One that comes later finds the block's next poll, which is no earlier, unless the block is cut before the next instruction.
 */
void trans_sti(DisasContext *s, const X86Insn *i)
{
    if (!(s->flags & BF_IOPL_OK)) {
        ir_call(s->f, &ir_helper_x86_sti);
        return;
    }
    IRRef old = load_eflags(s), zero = ir_i32(s->f, 0);
    IRRef shadow = ir_shl(s->f, ir_extract(s->f, ir_not(s->f, old), 9, 1), ir_i32(s->f, 12));
    if (is_slow(s)) {
        store_eflags(s, ir_or(s->f, old, ir_i32(s->f, EF_IF)));
        if (!(s->flags & BF_TF)) /* a #DB follows, which STI does not hold off, and ends the shadow */
            set_inhibit(s, shadow);
        gen_exit_next(s, true);
        return;
    }
    IRRef waiting = ir_ldenv(s->f, IR_I32, offsetof(CPUState, interrupt_request), 2, false);
    IRRef now = ir_select(s->f, IR_NE, waiting, zero, shadow, zero);
    store_eflags(s, ir_or(s->f, old, ir_i32(s->f, EF_IF)));
    set_inhibit(s, now);
    unsigned exit = exit_to_eip(s, next_eip(s));
    s->f->exits[exit].flags |= BF_INHIBIT;
    ir_br(s->f, IR_NE, now, zero, exit);
    s->sti_shadow = shadow;
}

void cut_after_sti(DisasContext *s)
{
    set_inhibit(s, s->sti_shadow);
    gen_exit_next(s, true);
}
_Static_assert(BF_INHIBIT == 1u << 12 && EF_IF == 1u << 9, "trans_sti moves the one to the other");

void trans_hlt(DisasContext *s, const X86Insn *i)
{
    sync_cc(s);
    if (!(s->flags & BF_TF)) /* else the #DB ends it at once */
        ir_call(s->f, &ir_helper_x86_hlt, ir_i64(s->f, s->next_pc));
    gen_exit_next(s, true);
}

/* ---- control registers ---- */
static size_t cr_offset(unsigned n)
{
    switch (n) {
    case 0: return ENV_OFFSET(cr0);
    case 2: return ENV_OFFSET(cr2);
    case 3: return ENV_OFFSET(cr3);
    default: return ENV_OFFSET(cr4);
    }
}

static bool cr_exists(unsigned n) { return n == 0 || n == 2 || n == 3 || n == 4 || n == 8; }

/* A register that is none is #UD even to a user program. */
static bool check_register(DisasContext *s, bool exists)
{
    if (!exists)
        gen_ud(s);
    else if (s->cpl)
        gen_exception_error(s, EXCP_GP, 0);
    return exists && !s->cpl;
}

void trans_mov_from_cr(DisasContext *s, const X86Insn *i)
{
    unsigned n = i->op[1].reg, bytes = i->op[0].bytes;

    if (!check_register(s, cr_exists(n)))
        return;
    IRRef v = n == 8 ? ir_call(s->f, &ir_helper_x86_read_cr8) : ir_ldenv(s->f, IR_I64, cr_offset(n), 3, false);
    write_reg(s, i->op[0].reg, bytes, bytes == 8 ? v : ir_trunc(s->f, v));
}

void trans_mov_to_cr(DisasContext *s, const X86Insn *i)
{
    unsigned n = i->op[0].reg;

    if (!check_register(s, cr_exists(n)))
        return;
    IRRef v = load_op_ext(s, i, 1, 8, false);
    sync_cc(s);
    ir_call(s->f, &ir_helper_x86_write_cr, ir_i32(s->f, n), v);
    gen_exit_next(s, true);
}

void trans_mov_from_dr(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = i->op[0].bytes;

    if (!check_register(s, i->op[1].reg < 8))
        return;
    sync_cc(s);
    IRRef v = ir_call(s->f, &ir_helper_x86_read_dr, ir_i32(s->f, i->op[1].reg));
    write_reg(s, i->op[0].reg, bytes, bytes == 8 ? v : ir_trunc(s->f, v));
}

void trans_mov_to_dr(DisasContext *s, const X86Insn *i)
{
    if (!check_register(s, i->op[0].reg < 8))
        return;
    IRRef v = load_op_ext(s, i, 1, 8, false);

    sync_cc(s);
    ir_call(s->f, &ir_helper_x86_write_dr, ir_i32(s->f, i->op[0].reg), v);
    gen_exit_next(s, true);
}

void trans_smsw(DisasContext *s, const X86Insn *i)
{
    check_umip(s);
    store_op(s, i, 0, ir_ldenv(s->f, op_type(i->op[0].bytes), ENV_OFFSET(cr0), i->op[0].bytes == 8 ? 3 : 2, false));
}

void trans_lmsw(DisasContext *s, const X86Insn *i)
{
    IRRef v = load_op_ext(s, i, 0, 4, false);

    sync_cc(s);
    ir_call(s->f, &ir_helper_x86_lmsw, v);
    gen_exit_next(s, true);
}

void trans_clts(DisasContext *s, const X86Insn *i)
{
    ir_call(s->f, &ir_helper_x86_clts);
    gen_exit_next(s, false);
}

/* INVD and WBINVD: there is no cache. */
void trans_cache_nop(DisasContext *s, const X86Insn *i) {}

/* ---- TLB ---- */
/* INVLPG makes no access: the segment's base counts, its limit does not. */
static IRRef address_only(DisasContext *s, const X86Insn *i)
{
    IRRef ea = gen_ea(s, i);
    unsigned seg = i->mem.seg;

    if (s->code64 || (seg < X86_SEG_FS && !(s->flags & BF_SEGMENTED)))
        return gen_linear(s, seg, ea, 1, false);
    IRRef base = seg < X86_SEG_FS ? ir_ldenv(s->f, IR_I64, SEG_OFFSET(seg, base), 3, false)
                                  : ir_get(s->f, IR_I64, seg == X86_SEG_FS ? SLOT_FS_BASE : SLOT_GS_BASE);
    return ir_zext(s->f, IR_I64, 2, ir_trunc(s->f, ir_add(s->f, ea, base)));
}

void trans_invlpg(DisasContext *s, const X86Insn *i)
{
    sync_cc(s);
    ir_call(s->f, &ir_helper_x86_invlpg, address_only(s, i));
    gen_exit_next(s, true);
}

void trans_invpcid(DisasContext *s, const X86Insn *i)
{
    if (!(s->flags & BF_PE)) {
        gen_ud(s);
        return;
    }
    IRRef type = load_op_ext(s, i, 0, 8, false), addr = gen_mem(s, i, 16, false);
    IRRef pcid = ir_ld(s->f, IR_I64, addr, 0, data_memop(s, 8, false));
    IRRef va = ir_ld(s->f, IR_I64, addr, 8, data_memop(s, 8, false));
    sync_cc(s);
    ir_call(s->f, &ir_helper_x86_invpcid, type, pcid, va);
    gen_exit_next(s, true);
}

/* ---- MSRs, XCR0, bases ---- */
void trans_rdmsr(DisasContext *s, const X86Insn *i)
{
    ir_call(s->f, &ir_helper_x86_rdmsr);
}

void trans_wrmsr(DisasContext *s, const X86Insn *i)
{
    sync_cc(s);
    ir_call(s->f, &ir_helper_x86_wrmsr);
    gen_exit_next(s, true);
}

void trans_xgetbv(DisasContext *s, const X86Insn *i)
{
    ir_call(s->f, &ir_helper_x86_xgetbv);
}

void trans_xsetbv(DisasContext *s, const X86Insn *i)
{
    sync_cc(s);
    ir_call(s->f, &ir_helper_x86_xsetbv);
    gen_exit_next(s, false);
}

void trans_swapgs(DisasContext *s, const X86Insn *i)
{
    IRRef gs = ir_get(s->f, IR_I64, SLOT_GS_BASE), other = ir_ldenv(s->f, IR_I64, ENV_OFFSET(kernel_gs_base), 3, false);

    ir_put(s->f, SLOT_GS_BASE, other);
    ir_stenv(s->f, ENV_OFFSET(kernel_gs_base), 3, gs);
}

static void check_fsgsbase(DisasContext *s)
{
    if (is_slow(s)) {
        ir_call(s->f, &ir_helper_x86_check_fsgsbase);
        return;
    }
    IRRef cr4 = ir_ldenv(s->f, IR_I32, ENV_OFFSET(cr4), 2, false);
    ir_br(s->f, IR_TSTEQ, cr4, ir_i32(s->f, CR4_FSGSBASE), slow_exit(s));
}

void trans_read_base(DisasContext *s, const X86Insn *i)
{
    unsigned bytes = i->op[0].bytes;

    check_fsgsbase(s);
    write_reg(s, i->op[0].reg, bytes, ir_get(s->f, op_type(bytes), (unsigned)i->row->arg));
}

void trans_write_base(DisasContext *s, const X86Insn *i)
{
    check_fsgsbase(s);
    IRRef v = load_op_ext(s, i, 0, 8, false);
    if (i->op[0].bytes == 8)
        ir_call(s->f, &ir_helper_x86_check_base, v);
    ir_put(s->f, (unsigned)i->row->arg, v);
}

/* ---- EFLAGS.AC for SMAP ---- */
static void change_mmu_index(DisasContext *s, unsigned idx)
{
    s->flags = (s->flags & ~(3ull << BF_MMU_SHIFT)) | (uint64_t)idx << BF_MMU_SHIFT;
    s->mmu_idx = idx;
}

static void store_mmu_index(DisasContext *s, IRRef idx)
{
    IRRef hflags = ir_ldenv(s->f, IR_I32, ENV_OFFSET(hflags), 2, false);
    ir_stenv(s->f, ENV_OFFSET(hflags), 2, ir_deposit(s->f, hflags, idx, BF_MMU_SHIFT, 2));
}

/* CLAC where CR4.SMAP is not known: both cases go on in blocks of their own. */
static void clear_ac_unknown(DisasContext *s)
{
    IRRef smap = ir_extract(s->f, ir_ldenv(s->f, IR_I32, ENV_OFFSET(cr4), 2, false), 21, 1);

    store_mmu_index(s, ir_add(s->f, smap, ir_i32(s->f, X86_MMU_KERNEL)));
    if (s->flags & (BF_TF | BF_INHIBIT)) {
        gen_exit_next(s, true);
        return;
    }
    ir_br(s->f, IR_EQ, smap, ir_i32(s->f, 0), exit_to_eip(s, next_eip(s)));
    change_mmu_index(s, X86_MMU_KERNEL_SMAP);
    gen_goto_eip(s, next_eip(s), false);
}
_Static_assert(CR4_SMAP == 1u << 21 && X86_MMU_KERNEL_SMAP == X86_MMU_KERNEL + 1, "clear_ac_unknown computes the index");

void trans_set_ac(DisasContext *s, const X86Insn *i)
{
    bool on = i->row->arg, began_with_smap = (s->t->flags >> BF_MMU_SHIFT & 3) == X86_MMU_KERNEL_SMAP;

    if (s->cpl) {
        gen_ud(s);
        return;
    }
    IRRef eflags = load_eflags(s);
    store_eflags(s, on ? ir_or(s->f, eflags, ir_i32(s->f, EF_AC)) : ir_and(s->f, eflags, ir_i32(s->f, ~EF_AC)));
    if (on == (s->mmu_idx == X86_MMU_KERNEL) && (on || s->mmu_idx == X86_MMU_KERNEL_SMAP))
        return; /* it was so */
    if (!on && !began_with_smap) {
        clear_ac_unknown(s);
        return;
    }
    change_mmu_index(s, on ? X86_MMU_KERNEL : X86_MMU_KERNEL_SMAP);
    store_mmu_index(s, ir_i32(s->f, s->mmu_idx));
}

/* ---- system calls, SMM ---- */
/* SYSCALL's mask normally clears TF: what stepping there is goes by the new flags. */
void trans_syscall(DisasContext *s, const X86Insn *i)
{
    sync_cc(s);
    ir_call(s->f, &ir_helper_x86_syscall, ir_i64(s->f, next_eip(s)));
    forget_cc(s);
    end_event(s, false);
}

void trans_sysret(DisasContext *s, const X86Insn *i)
{
    sync_cc(s);
    ir_call(s->f, &ir_helper_x86_sysret, ir_i32(s->f, 1u << i->osz));
    forget_cc(s);
    end_event(s, false);
}

void trans_sysenter(DisasContext *s, const X86Insn *i)
{
    sync_cc(s);
    ir_call(s->f, &ir_helper_x86_sysenter);
    end_system(s, false);
}

void trans_sysexit(DisasContext *s, const X86Insn *i)
{
    sync_cc(s);
    ir_call(s->f, &ir_helper_x86_sysexit, ir_i32(s->f, 1u << i->osz));
    end_system(s, false);
}

void trans_rsm(DisasContext *s, const X86Insn *i)
{
    sync_cc(s);
    ir_call(s->f, &ir_helper_x86_rsm);
    forget_cc(s);
    end_event(s, true);
}
