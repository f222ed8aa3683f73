/* SPDX-License-Identifier: MIT */
/*
 * Ways out of a block.
 *
 * Within the guest page: jmp (or jcc) rel32 that tb_link patches, aligned so that one store changes it. To other pages and for
 * indirect jumps: the jump cache, tag and all. Calls push the jump cache's entry for the return address, as it is, on the return
 * stack: it holds a tag of its own, so that a stale or foreign entry just does not match.
 *
 * A tag keeps flags and context in bits 62:52, where a canonical pc has copies of bit 55 only: an indirect target is checked to
 * be canonical first, or a guest could name another context's block.
 */
#include "accel/host/x86_64/jit_internal.h"

#define PAGE_BITS 12

static void store_pc(Ctx *c, uint64_t pc)
{
    if (pc == (uint64_t)(int64_t)(int32_t)pc) {
        mov_mi(&c->a, true, ENV(jit_target->pc_offset), (uint32_t)pc);
    } else {
        mov_ri(&c->a, RAX, pc);
        mov_mr(&c->a, true, ENV(jit_target->pc_offset), RAX);
    }
}

static void leave(Ctx *c, uint64_t result)
{
    mov_ri(&c->a, RAX, result);
    jmp_to(&c->a, jit_thunk_leave);
}

/* imm: pc; insn: what to return, or a link's number. */
static void stub_leave(Ctx *c, Stub *s)
{
    store_pc(c, s->imm);
    leave(c, s->insn);
}

static void stub_unlinked(Ctx *c, Stub *s)
{
    TBLink *l = &c->tb->links[s->insn];
    l->unlinked_offset = (uint32_t)(c->a.p - c->a.start);
    store_pc(c, s->imm);
    leave(c, (uint64_t)(uintptr_t)c->tb | s->insn);
}

/* The pc is in rax. */
static void stub_leave_rax(Ctx *c, Stub *s)
{
    mov_mr(&c->a, true, ENV(jit_target->pc_offset), RAX);
    leave(c, s->insn);
}

static Stub *leave_stub(Ctx *c, void (*emit)(Ctx *, Stub *), uint64_t pc, unsigned result)
{
    Stub *s = stub_new(c, emit);
    s->imm = pc;
    s->insn = (IRRef)result;
    return s;
}

static void emit_poll(Ctx *c, Stub *s)
{
    alu_mi(&c->a, ALU_CMP, false, CPU_FIELD(exit_request), 0);
    s->jump[1] = jcc32(&c->a, CC_NE);
}

static bool same_page(const Ctx *c, const IRExit *e) { return !((e->pc ^ c->f->pc) >> PAGE_BITS); }

/*
 * Nops such that a rel32 that follows len bytes of opcode lies within 8 aligned bytes. They go before a compare that has just
 * been emitted, so that host CPUs still take compare and jump as one.
 */
static void align_rel32(Ctx *c, unsigned len)
{
    unsigned at = (uintptr_t)(c->a.p + len) & 7, n = at > 4 ? 8 - at : 0;
    size_t moved = c->compare ? (size_t)(c->a.p - c->compare) : 0;
    if (!n)
        return;
    if (!moved || moved > 15) {
        nops(&c->a, n);
        return;
    }
    uint8_t insn[15];
    memcpy(insn, c->compare, moved);
    c->a.p = c->compare;
    nops(&c->a, n);
    memcpy(c->a.p, insn, moved);
    c->a.p += moved;
}

static void add_link(Ctx *c, uint8_t *rel32, const IRExit *e)
{
    unsigned n = c->n_links++;
    c->tb->links[n].pc = e->pc;
    c->tb->links[n].flags = e->flags;
    c->tb->links[n].patch_offset = (uint32_t)(rel32 - c->a.start);
    Stub *s = leave_stub(c, stub_unlinked, e->pc, n);
    s->jump[0] = rel32;
}

static void push_return(Ctx *c, uint64_t ret_pc)
{
    Asm *a = &c->a;
    mov_rm(a, false, RCX, CPU_FIELD(return_top));
    movups_load(a, XSCRATCH, ENV(offsetof(CPUState, jump_cache) + tb_jump_offset(ret_pc)));
    alu_ri(a, ALU_ADD, false, RCX, sizeof(CPUReturnEntry));
    alu_ri(a, ALU_AND, false, RCX, (CPU_RETURN_STACK_SIZE - 1) * sizeof(CPUReturnEntry));
    mov_mr(a, false, CPU_FIELD(return_top), RCX);
    Mem top = CPU_FIELD(return_stack);
    top.index = RCX;
    movups_store(a, top, XSCRATCH);
}

/* To a known pc by the jump cache. */
static void emit_cross_page(Ctx *c, const IRExit *e)
{
    Asm *a = &c->a;
    Mem entry = ENV(offsetof(CPUState, jump_cache) + tb_jump_offset(e->pc));
    mov_ri(a, RAX, tb_jump_tag(jit_target, e->pc, e->flags, 0));
    if (!jit_target->jump_is_global(e->pc, e->flags))
        alu_rm(a, ALU_XOR, true, RAX, CPU_FIELD(jump_context));
    alu_rm(a, ALU_CMP, true, RAX, entry);
    Stub *s = leave_stub(c, stub_leave, e->pc, HOST_EXIT_LOOKUP);
    s->jump[0] = jcc32(a, CC_NE);
    entry.disp += offsetof(CPUJumpEntry, code);
    jmp_m(a, entry);
}

/* All slots are in place; temporaries are free. */
static void emit_chain(Ctx *c, const IRExit *e)
{
    c->compare = NULL;
    if (e->is_call)
        push_return(c, e->ret_pc);
    if (e->pc <= c->f->pc)
        emit_poll(c, leave_stub(c, stub_leave, e->pc, HOST_EXIT_POLL));
    if (!same_page(c, e) || c->n_links == TB_MAX_LINKS) {
        if (c->f->alone)
            leave_stub(c, stub_leave, e->pc, HOST_EXIT_LOOKUP)->jump[0] = jmp32(&c->a);
        else
            emit_cross_page(c, e);
        return;
    }
    align_rel32(c, 1);
    add_link(c, jmp32(&c->a), e);
}

static void stub_side_exit(Ctx *c, Stub *s)
{
    stub_store_dirty(c, s);
    emit_chain(c, &c->f->exits[s->imm]);
}

static bool any_dirty(const Ctx *c) { return c->dirty[0] | c->dirty[1]; }

static void stub_leave_dirty(Ctx *c, Stub *s)
{
    stub_store_dirty(c, s);
    stub_leave(c, s);
}

/*
 * A loop's back edge: polls before the compare, so that the conditional jump itself can be the link. The poll leaves at the
 * guest instruction that is being lowered, which must not have had an effect yet.
 */
static bool poll_before(Ctx *c)
{
    const IRFunc *f = c->f;
    unsigned i = c->i;
    while (f->insns[--i].op != IR_insn_start)
        if (i == 0 || !op_is_pure(f->insns[i].op))
            return false;
    Stub *s = stub_new(c, stub_leave_dirty);
    stub_snapshot(c, s);
    s->imm = f->insns[i].imm;
    s->insn = HOST_EXIT_POLL;
    emit_poll(c, s);
    c->hf.kind = HF_NONE;
    return true;
}

static bool is_back_edge(const Ctx *c, IRRef i)
{
    const IRExit *e = &c->f->exits[c->f->insns[i].aux];
    return c->f->insns[i + 1].op == IR_exit && same_page(c, e) && !e->is_call && c->n_links < TB_MAX_LINKS && e->pc <= c->f->pc;
}

void poll_before_flags(Ctx *c)
{
    const IRInsn *fl = cur_insn(c), *n;
    IRRef i = c->i;
    do
        n = &c->f->insns[++i];
    while ((n->op == IR_put && jit_slot_pin[n->aux] == NOREG) || n->op == IR_insn_start || (op_is_pure(n->op) && c->dead[i]));
    /* A pinned register may have been given its next value early, for a put that follows: the poll would show it. */
    if (n->op == IR_br && c->root[n->arg[0]] == c->root[fl->arg[0]] && c->root[n->arg[1]] == c->root[fl->arg[1]] && is_back_edge(c, i) &&
        poll_before(c))
        c->polled = i;
}

static void lower_branch(Ctx *c)
{
    const IRInsn *in = cur_insn(c);
    const IRExit *e = &c->f->exits[in->aux];
    bool last = c->f->insns[c->i + 1].op == IR_exit;
    bool local = same_page(c, e) && !e->is_call && c->n_links < TB_MAX_LINKS;
    if (last)
        flush_dirty(c);
    bool back = is_back_edge(c, c->i) && (c->polled == c->i || poll_before(c));
    c->compare = NULL;
    unsigned cc = in->op == IR_br ? emit_compare(c, in->sz, 0) : emit_flags_test(c, in->sz, 0);
    args_done(c);
    if (local && !any_dirty(c) && (back || e->pc > c->f->pc)) {
        align_rel32(c, 2);
        add_link(c, jcc32(&c->a, cc), e);
    } else if (local && last) { /* a loop's back edge: inline, the other way jumps over it */
        uint8_t *over = jcc32(&c->a, cc ^ 1);
        emit_chain(c, e);
        fix32(over, c->a.p);
    } else {
        Stub *s = stub_new(c, stub_side_exit);
        stub_snapshot(c, s);
        s->imm = in->aux;
        s->jump[0] = jcc32(&c->a, cc);
    }
}

static void lower_ending(Ctx *c)
{
    const IRExit *e = &c->f->exits[cur_insn(c)->aux];
    flush_dirty(c);
    if (e->kind == IR_EXIT_CHAIN) {
        emit_chain(c, e);
        return;
    }
    if (!e->dynamic_pc)
        store_pc(c, e->pc);
    leave(c, e->kind == IR_EXIT_MAIN ? HOST_EXIT_MAIN : HOST_EXIT_LOOKUP);
}

typedef enum Half { HALF_UNKNOWN, HALF_LOW, HALF_HIGH } Half;

/* What the block has found out about the target by itself: "br ne (pc >> n), 0" or "br ne (pc sar n), -1" right before, n at most 52. */
static Half known_half(const Ctx *c)
{
    for (unsigned i = c->i - 1u; i > 0 && i + 12 > c->i; i--) {
        const IRInsn *br = &c->f->insns[i], *shift = &c->f->insns[br->arg[0]];
        uint64_t n, k;
        if (br->op != IR_br)
            continue;
        if (br->sz != IR_NE || (shift->op != IR_shr && shift->op != IR_sar) || c->root[shift->arg[0]] != arg_root(c, 0) ||
            !value_const(c, c->root[shift->arg[1]], &n) || n < 32 || n > 52 || !value_const(c, c->root[br->arg[1]], &k))
            return HALF_UNKNOWN;
        return shift->op == IR_shr && k == 0 ? HALF_LOW : shift->op == IR_sar && k == ~0ull ? HALF_HIGH : HALF_UNKNOWN;
    }
    return HALF_UNKNOWN;
}

/* rdx = tag of the pc in rax. Non-canonical pcs go to cold. */
static void emit_tag(Ctx *c, const IRExit *e, Stub *cold)
{
    Asm *a = &c->a;
    bool low_global = jit_target->jump_is_global(0, e->flags), high_global = jit_target->jump_is_global(~3ull, e->flags);
    uint64_t id = tb_jump_tag(jit_target, 0, e->flags, 0);
    Half half = known_half(c);
    if (half != HALF_UNKNOWN) {
        bool global = half == HALF_LOW ? low_global : high_global;
        if (id)
            mov_ri(a, RDX, id);
        else
            alu_rr(a, ALU_XOR, false, RDX, RDX);
        alu_rr(a, ALU_XOR, true, RDX, RAX);
        if (!global)
            alu_rm(a, ALU_XOR, true, RDX, CPU_FIELD(jump_context));
        return;
    }
    mov_rr(a, true, RDX, RAX);
    shift_ri(a, SH_SAR, true, RDX, 52);
    lea(a, false, RCX, mem_at(RDX, 1));
    alu_ri(a, ALU_CMP, false, RCX, 1);
    cold->jump[0] = jcc32(a, CC_A);
    if (low_global && high_global) {
        mov_rr(a, true, RDX, RAX);
    } else if (!low_global && !high_global) {
        mov_rm(a, true, RDX, CPU_FIELD(jump_context));
        alu_rr(a, ALU_XOR, true, RDX, RAX);
    } else {
        if (high_global)
            not_r(a, true, RDX);
        alu_rm(a, ALU_AND, true, RDX, CPU_FIELD(jump_context));
        alu_rr(a, ALU_XOR, true, RDX, RAX);
    }
    if (id) {
        mov_ri(a, RCX, id);
        alu_rr(a, ALU_XOR, true, RDX, RCX);
    }
}

/* rcx = tb_jump_offset(rax), then compare and jump. */
static void emit_cache_jump(Ctx *c, Stub *cold)
{
    Asm *a = &c->a;
    mov_rr(a, false, RSI, RAX);
    put_op(a, 0x8d, RCX, RAX, 0); /* lea ecx, [rax * 4] */
    put8(a, RCX << 3 | 4);
    put8(a, 2 << 6 | RAX << 3 | 5);
    put32(a, 0);
    shift_ri(a, SH_SHR, false, RSI, 10);
    alu_rr(a, ALU_XOR, false, RCX, RSI);
    alu_ri(a, ALU_AND, false, RCX, (CPU_JUMP_CACHE_SIZE - 1) * (int32_t)sizeof(CPUJumpEntry));
    Mem entry = CPU_FIELD(jump_cache);
    entry.index = RCX;
    alu_rm(a, ALU_CMP, true, RDX, entry);
    cold->jump[1] = jcc32(a, CC_NE);
    entry.disp += offsetof(CPUJumpEntry, code);
    jmp_m(a, entry);
}
static_assert(sizeof(CPUJumpEntry) == 16 && sizeof(CPUReturnEntry) == 16, "offsets are scaled by 16 inline");

static void lower_jump(Ctx *c)
{
    Asm *a = &c->a;
    const IRExit *e = &c->f->exits[cur_insn(c)->aux];
    flush_dirty(c);
    int r = use_reg(c, 0);
    args_done(c);
    if (r != RAX)
        mov_rr(a, true, RAX, r); /* nothing else is live */
    if (e->kind == IR_EXIT_CALL)
        push_return(c, e->ret_pc);
    Stub *cold = leave_stub(c, stub_leave_rax, 0, HOST_EXIT_LOOKUP);
    if (c->f->alone) {
        cold->jump[0] = jmp32(a);
        return;
    }
    Stub *poll = leave_stub(c, stub_leave_rax, 0, HOST_EXIT_POLL);
    emit_poll(c, poll);
    emit_tag(c, e, cold);
    if (e->kind == IR_EXIT_RET) {
        mov_rm(a, false, RCX, CPU_FIELD(return_top));
        lea(a, false, RSI, mem_at(RCX, -(int32_t)sizeof(CPUReturnEntry)));
        alu_ri(a, ALU_AND, false, RSI, (CPU_RETURN_STACK_SIZE - 1) * sizeof(CPUReturnEntry));
        mov_mr(a, false, CPU_FIELD(return_top), RSI);
        Mem top = CPU_FIELD(return_stack);
        top.index = RCX;
        alu_rm(a, ALU_CMP, true, RDX, top);
        uint8_t *miss = jcc8(a, CC_NE);
        top.disp += offsetof(CPUReturnEntry, code);
        jmp_m(a, top);
        fix8(a, miss);
    }
    emit_cache_jump(c, cold);
}

void lower_exit(Ctx *c)
{
    switch (cur_insn(c)->op) {
    case IR_br:
    case IR_fl_br: lower_branch(c); break;
    case IR_exit: lower_ending(c); break;
    default: lower_jump(c); break;
    }
}
