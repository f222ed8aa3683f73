/* SPDX-License-Identifier: MIT */
/*
 * HostOps for x86-64: the driver of a compilation, link patching, entry.
 *
 * What is emitted for a block: its way out for when it has been killed, the body from tb->code up, the stubs, then (in the same
 * buffer) its unwind table.
 *
 * Killing. The way out lies right before tb->code, so that a jump of two bytes reaches it: one aligned store of two bytes puts it
 * in the place of the body's beginning. A thread that is just about to run the first instruction runs the old or the new one;
 * none can be between the two bytes, since no block begins with an instruction of one byte, and no link is patched there
 * (begins_short).
 */
#include <capstone/capstone.h>

#include "accel/host/x86_64/jit_internal.h"

#define LOOP_SPAN 256u /* bytes of guest code */

static __thread Ctx *ctx;

/* ---- stubs ---- */
Stub *stub_new(Ctx *c, void (*emit)(Ctx *, Stub *))
{
    g_assert(c->n_stubs < MAX_STUBS);
    Stub *s = &c->stubs[c->n_stubs++];
    s->emit = emit;
    memset(s->jump, 0, sizeof(s->jump));
    s->insn = c->i;
    s->guest_insn = (uint16_t)c->guest_insn;
    s->n_dirty = 0;
    s->group_reg = NOREG;
    s->kill = 0;
    s->recent = 0;
    return s;
}

static unsigned count_dirty(const Ctx *c)
{
    return (unsigned)(__builtin_popcountll(c->dirty[0]) + __builtin_popcountll(c->dirty[1]));
}

void stub_snapshot(Ctx *c, Stub *s)
{
    if (count_dirty(c) > MAX_DIRTY)
        flush_dirty(c);
    s->n_dirty = 0;
    for (unsigned w = 0; w < ARRAY_SIZE(c->dirty); w++)
        for (uint64_t bits = c->dirty[w]; bits; bits &= bits - 1) {
            unsigned slot = w * 64 + ctz64(bits);
            s->dirty[s->n_dirty].slot = (uint8_t)slot;
            s->dirty[s->n_dirty].value = c->cur[slot];
            s->dirty[s->n_dirty++].reg = c->reg[c->cur[slot]];
        }
    s->kill = (uint16_t)c->reserved;
    s->save_vec = false;
    for (int r = 16; r < 32; r++)
        s->save_vec |= c->rv[r] != 0 || (c->lock >> r & 1);
}

void stub_store_dirty(Ctx *c, const Stub *s)
{
    for (unsigned n = 0; n < s->n_dirty; n++)
        store_home(c, s->dirty[n].slot, s->dirty[n].value, s->dirty[n].reg);
}

void unwind_here(Ctx *c, uint32_t guest_insn)
{
    c->unwind[c->n_unwind++] = (TBUnwind){ (uint32_t)(c->a.p - c->a.start), guest_insn };
}

void stub_call(Ctx *c, const Stub *s, SlowFn *fn, bool may_fault)
{
    call_to(&c->a, jit_slow_thunk(fn, s->save_vec));
    if (may_fault)
        unwind_here(c, s->guest_insn);
}

/* ---- compilation ---- */
static void lower_insn(Ctx *c)
{
    const IRInsn *in = cur_insn(c);
    unsigned op = in->op;
    groups_begin_insn(c);
    if (op == IR_st || op == IR_st2 || op == IR_call)
        c->drained = false;
    else if (op == IR_atom_rmw || op == IR_atom_cas)
        c->drained = !host_one_thread; /* else it may be a plain store */
    c->lock = c->reserved;
    while (c->n_dying_spills)
        c->free_spills[c->n_free_spills++] = c->dying_spills[--c->n_dying_spills];
    if (op == IR_nop || op == IR_insn_start)
        c->guest_insn += op == IR_insn_start;
    else if (op >= IR_setcc && op <= IR_fl_select && op != IR_fl_fcmp && op != IR_fl_comis)
        lower_flags(c);
    else if ((op >= IR_shl && op <= IR_deposit && op != IR_trunc))
        lower_bits(c);
    else if (op <= IR_eqv || op == IR_not || op == IR_neg)
        lower_int(c);
    else if (op >= IR_atom_rmw && op <= IR_atom_cas)
        lower_atomic(c);
    else if (op >= IR_ld && op <= IR_fence)
        lower_mem(c);
    else if (op == IR_call)
        lower_call(c);
    else if (op >= IR_br && op <= IR_exit_jump)
        lower_exit(c);
    else if (op == IR_vx || op == IR_vxf)
        lower_vx(c);
    else if ((op >= IR_fadd && op <= IR_vfromf) || op >= IR_vfadd || op == IR_fl_fcmp || op == IR_fl_comis)
        lower_fp(c);
    else
        lower_vec(c);
}

static bool lower_body(Ctx *c)
{
    const IRFunc *f = c->f;
    c->drained = false;
    for (c->i = 1; c->i < f->n_insns; c->i++) {
        if (c->dead[c->i])
            continue;
        if (c->a.end - c->a.p < EMIT_MARGIN)
            return false;
        lower_insn(c);
    }
    return true;
}

static bool emit_stubs(Ctx *c)
{
    for (unsigned n = 0; n < c->n_stubs; n++) {
        if (c->a.end - c->a.p < EMIT_MARGIN)
            return false;
        Stub *s = &c->stubs[n];
        for (unsigned j = 0; j < ARRAY_SIZE(s->jump); j++)
            if (s->jump[j])
                fix32(s->jump[j], c->a.p);
        s->emit(c, s);
    }
    return true;
}

/* A short way back, or an interpreter's dispatch. */
static bool block_loops(const IRFunc *f)
{
    for (unsigned n = 0; n < f->n_exits; n++) {
        const IRExit *e = &f->exits[n];
        if (e->kind == IR_EXIT_JUMP || (e->kind == IR_EXIT_CHAIN && !e->is_call && f->pc - e->pc < LOOP_SPAN))
            return true;
    }
    return false;
}

#define KILLED_BYTES 16 /* the way out's room: mov rax, imm64; jmp rel32 */
#define JMP_KILLED (0xeb | (uint16_t)(uint8_t)(-KILLED_BYTES - 2) << 8)

static void emit_killed(Asm *a, const TranslationBlock *tb)
{
    uint8_t *end = a->p + KILLED_BYTES;
    uint64_t result = (uint64_t)(uintptr_t)tb | TB_EXIT_STALE;
    put8(a, 0x48);
    put8(a, 0xb8 | RAX);
    put32(a, (uint32_t)result);
    put32(a, (uint32_t)(result >> 32));
    jmp_to(a, jit_thunk_leave);
    a->p = end;
}

/* Whether the instruction at p may have one byte, erring on the safe side, or a link in its second. */
static bool begins_short(const uint8_t *p)
{
    return p[0] == 0xe9 || (p[0] >= 0x50 && p[0] < 0x60) || (p[0] >= 0x90 && p[0] < 0xb0) || p[0] == 0xc3 || p[0] == 0xc9 || p[0] == 0xcc || p[0] == 0xf5 ||
        (p[0] >= 0xf8 && p[0] < 0xfe);
}

/* lead: bytes of nop to begin with. */
static bool compile(const IRFunc *f, TranslationBlock *tb, CodeBuf *buf, unsigned lead)
{
    Ctx *c = ctx;
    uint8_t *start = (uint8_t *)(((uintptr_t)buf->rw + 15) & ~(uintptr_t)15);
    if (buf->end - start < EMIT_MARGIN + KILLED_BYTES)
        return false;
    c->a = (Asm){ .p = start, .start = start + KILLED_BYTES, .end = buf->end, .rx = buf->rx_delta };
    emit_killed(&c->a, tb);
    start += KILLED_BYTES;
    c->f = f;
    c->tb = tb;
    c->guest_insn = ~0u;
    c->loops = block_loops(f);
    c->n_recent = 0;
    c->n_links = c->n_stubs = c->n_unwind = 0;
    for (unsigned n = 0; n < TB_MAX_LINKS; n++)
        tb->links[n].patch_offset = tb->links[n].unlinked_offset = 0;
    nops(&c->a, lead);
    scan_block(c);
    regs_start(c);
    if (!lower_body(c) || !emit_stubs(c))
        return false;
    Asm *a = &c->a;
    uint32_t size = (uint32_t)(a->p - start);
    nops(a, -(uintptr_t)a->p & 7);
    size_t table = c->n_unwind * sizeof(TBUnwind);
    if ((size_t)(a->end - a->p) < table)
        return false;
    memcpy(a->p, c->unwind, table);
    tb->unwind = (const TBUnwind *)(void *)(a->p + a->rx);
    tb->n_unwind = c->n_unwind;
    tb->code = start + a->rx;
    tb->code_size = size;
    buf->rw = a->p + table;
    return true;
}

static bool x86_compile(const IRFunc *f, TranslationBlock *tb, CodeBuf *buf)
{
    const CodeBuf before = *buf;
    if (!ctx)
        ctx = g_malloc(sizeof(*ctx));
    if (!compile(f, tb, buf, 0))
        return false;
    if (!begins_short(tb->code - buf->rx_delta))
        return true;
    *buf = before;
    return compile(f, tb, buf, 2);
}

static void x86_patch(TranslationBlock *tb, unsigned n, const TranslationBlock *target, uint8_t *rw)
{
    const TBLink *l = &tb->links[n];
    const uint8_t *to = target ? target->code : tb->code + l->unlinked_offset;
    int32_t rel = (int32_t)(to - (tb->code + l->patch_offset + 4));
    __atomic_store_n((int32_t *)(void *)(rw + l->patch_offset), rel, __ATOMIC_RELEASE);
}

static void x86_kill(TranslationBlock *tb, uint8_t *rw)
{
    __atomic_store_n((uint16_t *)(void *)rw, JMP_KILLED, __ATOMIC_RELEASE);
}

static ptrdiff_t thunk_rx;

static bool x86_init(CodeBuf *buf, const TargetOps *target, GError **error)
{
    thunk_rx = buf->rx_delta;
    return emit_thunks(buf, target, error);
}

static uint64_t x86_enter(CPUState *cpu, const void *code)
{
    uint64_t (*enter)(CPUState *, const void *) = (uint64_t(*)(CPUState *, const void *))(uintptr_t)(jit_thunk_enter + thunk_rx);
    return enter(cpu, code);
}

/*
 * The bytes that the short jump before code skips, when they are data: an insn that a stub gives the reference (lower_fp.c). Its
 * address is what the code behind stores, in two halves: "mov dword ptr [rbp + x], imm" twice.
 */
static size_t skipped_data(const cs_insn *jump, const uint8_t *code, size_t size)
{
    uint32_t low, high;
    size_t n = jump->size == 2 && jump->bytes[0] == 0xeb && jump->bytes[1] < 0x80 ? jump->bytes[1] : 0;
    const uint8_t *mov = code + n;
    if (!n || n + 20 > size || mov[0] != 0xc7 || mov[1] != 0x85 || mov[10] != 0xc7 || mov[11] != 0x85)
        return 0;
    memcpy(&low, mov + 6, 4);
    memcpy(&high, mov + 16, 4);
    return ((uint64_t)high << 32 | low) - (uint64_t)(uintptr_t)code < n ? n : 0;
}

static void x86_disas(const TranslationBlock *tb, FILE *out)
{
    csh handle;
    if (cs_open(CS_ARCH_X86, CS_MODE_64, &handle) != CS_ERR_OK)
        return;
    cs_option(handle, CS_OPT_SKIPDATA, CS_OPT_ON);
    cs_insn *insn = cs_malloc(handle);
    const uint8_t *code = tb->code;
    size_t size = tb->code_size;
    uint64_t address = (uint64_t)(uintptr_t)code;
    while (cs_disasm_iter(handle, &code, &size, &address, insn)) {
        fprintf(out, "  %08" PRIx64 ":  %-8s %s\n", insn->address, insn->mnemonic, insn->op_str);
        size_t data = skipped_data(insn, code, size);
        if (data)
            fprintf(out, "  %08" PRIx64 ":  .skip    %zu\n", address, data);
        code += data;
        size -= data;
        address += data;
    }
    cs_free(insn, 1);
    cs_close(&handle);
}

/* ---- MXCSR, while generated code or a helper of it runs ---- */
static uint32_t *mxcsr_word(CPUState *cpu)
{
    if (!jit_target || !jit_target->fp || !slow_frame(cpu)->inside)
        return NULL;
    return (uint32_t *)(void *)((char *)cpu + jit_target->fp->mxcsr_offset);
}

static void x86_fp_harvest(CPUState *cpu)
{
    uint32_t *word = mxcsr_word(cpu);
    if (word)
        *word |= __builtin_ia32_stmxcsr() & 0x3f;
}

static void x86_fp_reload(CPUState *cpu)
{
    uint32_t *word = mxcsr_word(cpu);
    if (word)
        __builtin_ia32_ldmxcsr(*word);
}

/* cpu_loop_exit has harvested. */
static void x86_left(CPUState *cpu)
{
    if (mxcsr_word(cpu)) {
        slow_frame(cpu)->inside = 0;
        __builtin_ia32_ldmxcsr(0x1f80);
    }
}

const HostOps host_ops_x86_64 = {
    .name = "x86_64",
    .init = x86_init,
    .compile = x86_compile,
    .patch = x86_patch,
    .kill = x86_kill,
    .enter = x86_enter,
    .disas = x86_disas,
    .fp_harvest = x86_fp_harvest,
    .fp_reload = x86_fp_reload,
    .left = x86_left,
};
