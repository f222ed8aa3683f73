/* SPDX-License-Identifier: MIT */
/*
 * The translation driver: guest instructions -> IR -> host code, one block.
 *
 * A block ends where the target ends it, at the limit of instructions, or at the end of the guest page on which it starts (only
 * its first instruction may reach the next page). When IR or host code does not fit, the block is made again with half the
 * instructions; one instruction always fits an empty chunk.
 *
 * Code that does not lie in RAM (a guest that jumps into a device) is fetched through the device, one instruction at a time, and
 * never kept. Nor is a block kept whose page was written while it was read, or is settling: see code_page.c.
 */
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accel/mmu/mmu_internal.h"
#include "accel/opt/opt.h"
#include "accel/tb/tb_internal.h"
#include "base/bits.h"
#include "base/log.h"

typedef struct Translation {
    TransContext t;         /* first: fetches come back from the target with it */
    TbThread *th;
    uint64_t start;         /* guest pc of the block */
    MmuCode page[2];        /* of the page that the block starts on, and of the next; page 1: host NULL until it is reached */
    bool second;            /* page[1] is valid */
    uint32_t size;          /* guest bytes fetched, from start */
} Translation;

/* ---- fetching ---- */
bool trans_same_page(const TransContext *t, uint64_t pc)
{
    return !((pc ^ ((const Translation *)t)->start) & MEM_PAGE_MASK);
}

static const MmuCode *page_for(Translation *tr, uint64_t pc)
{
    if (trans_same_page(&tr->t, pc))
        return &tr->page[0];
    if (!tr->second) {
        CPUState *cpu = tr->t.cpu;
        mmu_code_page(cpu, pc & MEM_PAGE_MASK, cpu->target->code_mmu_index(tr->t.flags), true, &tr->page[1]);
        tr->second = true;
        if (tr->page[1].ram != RAM_ADDR_INVALID && tr->th->pages[0])
            code_page_begin(tr->th, 1, tr->page[1].ram & MEM_PAGE_MASK);
    }
    return &tr->page[1];
}

/*
 * Copies len bytes within a page of RAM, as the translation has seen or sees them first. Each aligned eight bytes are read once and
 * at once: a guest that patches code under another vCPU's feet by one such store finds that vCPU in the old or the new code.
 */
static void read_code(TbThread *th, unsigned slot, const uint8_t *host, unsigned offset, unsigned len, void *out)
{
    CodeBytes *b = &th->bytes[slot];
    if (th->pages[slot])
        code_page_mark(th->pages[slot], offset, len);
    for (unsigned w = offset / 8; w <= (offset + len - 1) / 8; w++) {
        if (b->have[w / 64] & BIT(w % 64))
            continue;
        b->words[w] = __atomic_load_n((const uint64_t *)(const void *)host + w, __ATOMIC_RELAXED);
        b->have[w / 64] |= BIT(w % 64);
    }
    memcpy(out, (const uint8_t *)b->words + offset, len);
}

/* len bytes that do not cross a page. */
static uint32_t fetch(TransContext *t, uint64_t pc, unsigned len)
{
    Translation *tr = (Translation *)t;
    const MmuCode *page = page_for(tr, pc);
    unsigned offset = pc & ~MEM_PAGE_MASK;
    uint32_t v = 0;
    tr->size = MAX_OF(tr->size, (uint32_t)(pc + len - tr->start));
    if (!page->host)
        return (uint32_t)mmu_fetch_io(t->cpu, pc, len, t->cpu->target->code_mmu_index(t->flags));
    read_code(tr->th, page == &tr->page[1], page->host, offset, len, &v);
    return v;
}

uint8_t trans_fetch8(TransContext *t, uint64_t pc)
{
    return (uint8_t)fetch(t, pc, 1);
}

uint32_t trans_fetch32(TransContext *t, uint64_t pc)
{
    if ((pc & ~MEM_PAGE_MASK) <= MEM_PAGE_SIZE - 4)
        return fetch(t, pc, 4);
    uint32_t v = 0;
    for (unsigned i = 0; i < 4; i++)
        v |= (uint32_t)trans_fetch8(t, pc + i) << i * 8;
    return v;
}

unsigned trans_fetch_ahead(TransContext *t, uint64_t pc, uint8_t *out, unsigned max)
{
    const Translation *tr = (const Translation *)t;
    unsigned offset = pc & ~MEM_PAGE_MASK, n = MIN_OF(max, (unsigned)MEM_PAGE_SIZE - offset);
    if (!tr->page[0].host || !trans_same_page(t, pc))
        return 0;
    read_code(tr->th, 0, tr->page[0].host, offset, n, out);
    return n;
}

void trans_fetched(TransContext *t, uint64_t pc, unsigned len)
{
    Translation *tr = (Translation *)t;
    tr->size = MAX_OF(tr->size, (uint32_t)(pc + len - tr->start));
}

/* ---- guest to IR ---- */
static void build(Translation *tr, uint32_t max_insns)
{
    TransContext *t = &tr->t;
    const TargetOps *ops = t->cpu->target;
    ir_reset(t->f, ops, tr->start, t->flags);
    t->pc = tr->start;
    t->n_insns = 0;
    t->ended = false;
    t->max_insns = max_insns;
    ops->trans_init(t);
    while (!t->ended && !t->f->overflow && t->n_insns < t->max_insns && trans_same_page(t, t->pc)) {
        ops->trans_insn(t);
        t->n_insns++;
    }
    if (!t->ended)
        ops->trans_end(t);
    t->f->n_guest = t->n_insns;
}

static void verify(const IRFunc *f)
{
#if CALQUE_DEBUG_LOCKS
    char *complaint = ir_verify(f);
    if (complaint) {
        ir_dump(f, stderr);
        fprintf(stderr, "calque: bad IR for the block at 0x%llx: %s\n", (unsigned long long)f->pc, complaint);
        abort();
    }
#endif
}

static void log_guest(const Translation *tr)
{
    unsigned offset = tr->start & ~MEM_PAGE_MASK;
    if (log_enabled(LOG_IN_ASM) && tr->page[0].host)
        tb_log_guest(tr->t.f, tr->page[0].host + offset, MIN_OF(tr->size, MEM_PAGE_SIZE - offset));
}

static void prepare_ir(const Translation *tr)
{
    IRFunc *f = tr->t.f;
    verify(f);
    log_guest(tr);
    if (log_enabled(LOG_OP))
        tb_log_ir(f, LOG_OP);
    if (tb_config.no_opt)
        return;
    ir_optimise(f);
    verify(f);
    if (log_enabled(LOG_OP_OPT))
        tb_log_ir(f, LOG_OP_OPT);
}

/* ---- IR to host ---- */
static uint16_t collect_insns(const IRFunc *f, TBInsn *out)
{
    uint16_t n = 0;
    for (uint32_t i = 0; i < f->n_insns; i++) {
        if (f->insns[i].op == IR_insn_start)
            out[n++] = (TBInsn){ (int32_t)(f->insns[i].imm - f->pc), f->insns[i].aux };
    }
    return n;
}

static uint32_t count_starts(const IRFunc *f)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < f->n_insns; i++)
        n += f->insns[i].op == IR_insn_start;
    return n;
}

/* Takes room from the chunk's upper end; NULL: there is not enough. */
static void *take_top(CodeBuf *buf, size_t bytes, size_t align)
{
    if (!buf->rw || bytes + align > (size_t)(buf->end - buf->rw))
        return NULL;
    buf->end = (uint8_t *)ALIGN_DOWN((uintptr_t)buf->end - bytes, align);
    return buf->end;
}

/* Gives tb the links that the host has used, in place of the scratch array. */
static bool keep_links(TranslationBlock *tb, CodeBuf *buf)
{
    const TBLink *scratch = tb->links;
    while (tb->n_links < TB_MAX_LINKS && scratch[tb->n_links].patch_offset)
        tb->n_links++;
    tb->links = take_top(buf, tb->n_links * sizeof(TBLink), 8);
    if (!tb->links)
        return false;
    memcpy(tb->links, scratch, tb->n_links * sizeof(TBLink));
    return true;
}

static TranslationBlock *emit_in_chunk(TbThread *th, const IRFunc *f)
{
    CodeBuf buf = th->buf;
    TBLink links[TB_MAX_LINKS] = { 0 };
    TranslationBlock *tb = take_top(&buf, sizeof(TranslationBlock) + count_starts(f) * sizeof(TBInsn), alignof(TranslationBlock));
    if (!tb)
        return NULL;
    TBInsn *insns = (TBInsn *)(tb + 1);
    *tb = (TranslationBlock){ .pc = f->pc, .flags = f->flags, .phys = RAM_ADDR_INVALID, .phys2 = RAM_ADDR_INVALID, .no_cache = true };
    tb->insns = insns;
    tb->n_guest = collect_insns(f, insns);
    tb->flag_id = tb_intern_flags(f->target, f->flags);
    for (unsigned i = 0; i < TB_MAX_LINKS; i++)
        links[i].from = tb;
    tb->links = links;
    buf.rw = (uint8_t *)ALIGN_UP((uintptr_t)buf.rw, 16);
    if (buf.rw >= buf.end || !host_ops->compile(f, tb, &buf) || !keep_links(tb, &buf))
        return NULL;
    th->before_last = th->buf;
    th->buf = buf;
    code_buffer_add(th, tb);
    return tb;
}

typedef enum EmitResult { EMIT_OK, EMIT_TOO_BIG, EMIT_NO_ROOM } EmitResult;

static EmitResult emit(TbThread *th, const IRFunc *f, TranslationBlock **tb)
{
    *tb = emit_in_chunk(th, f);
    if (*tb)
        return EMIT_OK;
    if (!code_buffer_next_chunk(th, code_page_retire))
        return EMIT_NO_ROOM;
    *tb = emit_in_chunk(th, f);
    return *tb ? EMIT_OK : EMIT_TOO_BIG;
}

/* The buffer is full. Returns only when room could be made at once. */
static void make_room(TbThread *th)
{
    code_page_end(th, NULL);
    if (in_exclusive_section()) {
        tb_evict_now();
        return;
    }
    tb_evict_request(th->cpu);
    cpu_loop_exit(th->cpu);
}

TranslationBlock *tb_emit(TbThread *th, IRFunc *f)
{
    TranslationBlock *tb;
    EmitResult r = emit(th, f, &tb);
    if (r == EMIT_NO_ROOM) {
        tb_flush_now();
        emit(th, f, &tb);
    }
    return tb;
}

void tb_discard(CPUState *cpu, TranslationBlock *tb)
{
    code_buffer_drop(cpu->tb, tb);
}

/* ---- the whole ---- */
static TranslationBlock *finish(Translation *tr, TranslationBlock *tb, bool no_cache)
{
    TbThread *th = tr->th;
    tb->phys = tr->page[0].ram;
    tb->phys2 = tr->second ? tr->page[1].ram : RAM_ADDR_INVALID;
    tb->size = tr->size;
    tb->no_cache = no_cache || !tr->page[0].host || (tr->second && !tr->page[1].host);
    tb_count_translated();
    if (log_enabled(LOG_OUT_ASM))
        tb_log_host(tb);
    TranslationBlock *published = code_page_end(th, tb->no_cache ? NULL : tb);
    if (published && published != tb)
        tb_discard(th->cpu, tb);
    if (published)
        return published;
    tb->no_cache = true;
    return tb;
}

/* Starts the translation: the first page is looked up (a fault leaves from here) and will be followed. */
static void start(Translation *tr, CPUState *cpu, uint64_t pc, uint64_t flags)
{
    for (unsigned i = 0; i < ARRAY_SIZE(cpu->tb->bytes); i++)
        memset(cpu->tb->bytes[i].have, 0, sizeof cpu->tb->bytes[i].have);
    *tr = (Translation){ .t = { .f = cpu->tb->f, .cpu = cpu, .flags = flags }, .th = cpu->tb, .start = pc };
    mmu_code_page(cpu, pc, cpu->target->code_mmu_index(flags), true, &tr->page[0]);
    if (tr->page[0].ram != RAM_ADDR_INVALID && code_page_possible(tr->page[0].ram))
        code_page_begin(tr->th, 0, tr->page[0].ram);
}

TranslationBlock *tb_translate(CPUState *cpu, uint64_t pc, uint64_t flags, uint32_t max_insns, bool no_cache)
{
    Translation tr;
    start(&tr, cpu, pc, flags);
    if (!tr.page[0].host)
        max_insns = 1;
    for (;;) {
        TranslationBlock *tb;
        build(&tr, max_insns);
        tr.t.f->alone = no_cache;
        if (!tr.t.f->overflow) {
            prepare_ir(&tr);
            EmitResult r = emit(tr.th, tr.t.f, &tb);
            if (r == EMIT_OK)
                return finish(&tr, tb, no_cache);
            if (r == EMIT_NO_ROOM) {
                make_room(tr.th);
                start(&tr, cpu, pc, flags);
                continue;
            }
        }
        assert(tr.t.n_insns > 1); /* one instruction's IR and code fit */
        max_insns = tr.t.n_insns / 2;
        tr.size = 0;
    }
}

void tb_translate_abort(CPUState *cpu)
{
    if (cpu->tb->pages[0] || cpu->tb->pages[1])
        code_page_end(cpu->tb, NULL);
}
