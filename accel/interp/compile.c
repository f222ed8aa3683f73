/* SPDX-License-Identifier: MIT */
/*
 * The interpreter as a host: a block's IR is copied into the code buffer with what can be worked out beforehand. Useful on a
 * host without a back end, and as the oracle that back ends are compared with.
 */
#include <string.h>

#include "accel/interp/interp_internal.h"
#include "base/bits.h"

#define GUEST_PAGE_MASK (~0xfffull)

static bool interp_init(CodeBuf *buf, const TargetOps *target, GError **error)
{
    return true; /* nothing is shared between blocks */
}

static bool needs_unwind(const IRInsn *insn) { return insn->op == IR_call || strchr(ir_op_info[insn->op].flags, 'M'); }

static uint32_t count_unwind(const IRFunc *f)
{
    uint32_t n = 0;
    for (uint32_t i = 1; i < f->n_insns; i++)
        n += needs_unwind(&f->insns[i]);
    return n;
}

/* Gives the exits of f their tags and links; returns the number of links. */
static unsigned compile_exits(const IRFunc *f, InterpExit *out, TranslationBlock *tb)
{
    unsigned n_links = 0;
    for (uint32_t i = 0; i < f->n_exits; i++) {
        const IRExit *e = &f->exits[i];
        bool chain = e->kind == IR_EXIT_CHAIN, has_tag = chain || e->kind >= IR_EXIT_JUMP;
        out[i] = (InterpExit){
            .exit = *e,
            .tag_base = has_tag ? tb_jump_tag(f->target, 0, e->flags, 0) : 0,
            .link = -1,
            .poll = chain ? e->pc <= f->pc : has_tag,
        };
        if (chain && !((e->pc ^ f->pc) & GUEST_PAGE_MASK) && n_links < TB_MAX_LINKS) {
            tb->links[n_links].pc = e->pc;
            tb->links[n_links].flags = e->flags;
            out[i].link = n_links++;
        }
    }
    return n_links;
}

static void compile_insns(const IRFunc *f, InterpBlock *block, TBUnwind *unwind)
{
    uint32_t guest_insn = 0, n_starts = 0;
    for (uint32_t i = 0; i < f->n_insns; i++) {
        IRInsn *insn = &block->insns[i];
        *insn = f->insns[i];
        if (insn->op == IR_insn_start)
            guest_insn = n_starts++;
        if (needs_unwind(insn))
            *unwind++ = (TBUnwind){ .host_offset = (uint32_t)(INTERP_RA(insn) - (uintptr_t)block), .guest_insn = guest_insn };
        if (insn->op == IR_call)
            insn->imm = (uintptr_t)interp_call_of((const IRHelper *)(uintptr_t)insn->imm);
    }
}

static bool interp_compile(const IRFunc *f, TranslationBlock *tb, CodeBuf *buf)
{
    uint32_t n_unwind = count_unwind(f);
    uint8_t *start = (uint8_t *)ALIGN_UP((uintptr_t)buf->rw, 16);
    size_t exits_at = sizeof(InterpBlock) + f->n_insns * sizeof(IRInsn);
    size_t args_at = exits_at + f->n_exits * sizeof(InterpExit);
    size_t code_size = args_at + f->n_call_args * sizeof(IRRef);
    size_t unwind_at = ALIGN_UP(code_size, 16);
    size_t total = unwind_at + n_unwind * sizeof(TBUnwind);

    if (start > buf->end || total > (size_t)(buf->end - start))
        return false;
    InterpBlock *block = (InterpBlock *)start;
    const uint8_t *code = start + buf->rx_delta;
    *block = (InterpBlock){
        .tb = tb, .target = f->target, .n_insns = f->n_insns, .n_exits = f->n_exits, .n_call_args = f->n_call_args, .alone = f->alone,
        .exits = (const InterpExit *)(code + exits_at), .call_args = (const IRRef *)(code + args_at),
    };
    compile_insns(f, block, (TBUnwind *)(start + unwind_at));
    unsigned n_links = compile_exits(f, (InterpExit *)(start + exits_at), tb);
    memcpy(start + args_at, f->call_args, f->n_call_args * sizeof(IRRef));

    tb->code = code;
    tb->code_size = code_size;
    tb->unwind = (const TBUnwind *)(code + unwind_at);
    tb->n_unwind = n_unwind;
    for (unsigned n = 0; n < TB_MAX_LINKS; n++) {
        uint32_t at = offsetof(InterpBlock, link) + n * sizeof(block->link[0]);
        tb->links[n].patch_offset = tb->links[n].unlinked_offset = n < n_links ? at : 0;
    }
    buf->rw = start + total;
    return true;
}

static void interp_patch(TranslationBlock *tb, unsigned n, const TranslationBlock *target, uint8_t *rw)
{
    InterpBlock *block = (InterpBlock *)rw;
    __atomic_store_n(&block->link[n], target ? target->code : NULL, __ATOMIC_RELEASE); /* pairs with take_chain */
}

static void interp_kill(TranslationBlock *tb, uint8_t *rw)
{
    __atomic_store_n(&((InterpBlock *)rw)->killed, 1, __ATOMIC_RELEASE); /* pairs with interp_enter */
}

/* There is no host code to show: the IR is what runs. */
static void interp_disas(const TranslationBlock *tb, FILE *out)
{
    const InterpBlock *block = (const InterpBlock *)tb->code;
    IRFunc *f = g_new(IRFunc, 1);

    ir_reset(f, block->target, tb->pc, tb->flags);
    f->n_insns = block->n_insns;
    f->n_exits = block->n_exits;
    f->n_call_args = block->n_call_args;
    memcpy(f->insns, block->insns, block->n_insns * sizeof(IRInsn));
    memcpy(f->call_args, block->call_args, block->n_call_args * sizeof(IRRef));
    for (uint32_t i = 0; i < f->n_exits; i++)
        f->exits[i] = block->exits[i].exit;
    ir_dump(f, out);
    g_free(f);
}

const HostOps host_ops_interp = {
    .name = "interp",
    .init = interp_init,
    .compile = interp_compile,
    .patch = interp_patch,
    .kill = interp_kill,
    .enter = interp_enter,
    .disas = interp_disas,
};
