/* SPDX-License-Identifier: MIT */
/*
 * What the files of accel/tb share with each other and with accel/mmu and accel/exec.
 *
 * Locks, outermost first (base/lock.h):
 *   LOCK_TB_OUTSIDE  one: threads that touch blocks while they are outside cpu_exec_start..end (devices' DMA, work items), against
 *                    the use again of memory that blocks were in; vCPUs in guest code never take it to invalidate
 *   LOCK_TB          a lock for each page of guest RAM that has code (CodePage), never two at a time; one for the list of chunks of
 *                    the code buffer; one for new numbers of flags. None is held while another of them is taken
 *   LOCK_TLB         a vCPU's TLB: taken inside a page's lock when it becomes a code page
 * The table of blocks takes none.
 */
#ifndef ACCEL_TB_TB_INTERNAL_H
#define ACCEL_TB_TB_INTERNAL_H

#include "accel/host/host.h"
#include "accel/tb/tb.h"
#include "base/lock.h"
#include "target/api/target.h"

#define TB_FLAG_ID_NONE 127u /* the flags have no number: never in a jump cache */
#define CODE_PAGE_WORDS (MEM_PAGE_SIZE / 4)

/* A page of RAM that code was translated from. Never freed. */
typedef struct CodePage {
    ram_addr_t addr;                      /* (c) */
    Lock lock;
    uintptr_t blocks;                     /* (P) .lock, read (a): list of blocks: pointer | which of the block's two pages this is */
    uint32_t n_blocks;                    /* (P) */
    uint32_t translators;                 /* (P) translations that are reading the page */
    uint32_t overwritten;                 /* (a) how often code on it was overwritten; written under the lock */
    uint32_t idle_stores;                 /* (a) slow stores since the page lost its last block */
    uint32_t settling;                    /* (a) vCPUs that may still have a fast store to the page in flight */
    uint64_t words[CODE_PAGE_WORDS / 64]; /* (a) a bit for each 4 bytes that code was, or is being, read from; cleared under the lock */
} CodePage;

/* Where in the jump cache a page may have entries: jump_cache.c. */
#define JUMP_ROW_BITS 10
#define JUMP_ROW_RECORDS 4
typedef struct JumpRecord { uint64_t page, groups; } JumpRecord;

/* What a translation has read of a page: each aligned eight bytes once, so that no block mixes what was there before and after a store to them. */
typedef struct CodeBytes {
    uint64_t have[MEM_PAGE_SIZE / 8 / 64]; /* a bit for each of words */
    uint64_t words[MEM_PAGE_SIZE / 8];
} CodeBytes;

/* Counts of what a vCPU has done; a thread that is no vCPU's has a set of its own kind. */
typedef struct TbCounts { uint64_t added, removed, invalidated, translated; /* (a) relaxed, written by one thread at a time */ } TbCounts;

/* A vCPU's part. All (v) unless marked. */
typedef struct TbThread {
    CPUState *cpu;                        /* (c) */
    CodeBuf buf;                          /* the rest of this thread's chunk; rw NULL: no chunk */
    CodeBuf before_last;                  /* buf as it was before the last block */
    unsigned chunk;
    uint64_t settled;                     /* (a) code_buffer_retired() as this vCPU has last carried it out */
    IRFunc *f;
    TranslationBlock *jump_tb[CPU_JUMP_CACHE_SIZE]; /* whose code jump_cache[i].code is */
    JumpRecord jump_records[1u << JUMP_ROW_BITS][JUMP_ROW_RECORDS];
    uint32_t next_record;                 /* whose place in a full row is taken next */
    uint32_t contexts;                    /* a bit for each jump_context >> 59 that may have entries */
    bool nonglobal_high;                  /* a jump cache entry without ASID stands for non-global code */
    uint32_t high_flushes;                /* how often an ASID switch emptied the jump cache because of that */
    bool one_insn;                        /* the next block is to be one instruction, translated afresh */
    CodePage *pages[2];                   /* of the translation in progress */
    uint32_t overwritten[2];              /* their counts when it began */
    CodeBytes bytes[2];                   /* what it has read of them */
    TbCounts counts __attribute__((aligned(64)));
} TbThread;

typedef struct TbConfig {
    const TargetOps *target;
    uint32_t max_insns;
    bool no_opt;
    bool one_vcpu;   /* there is never a second one */
} TbConfig;
extern TbConfig tb_config;                /* (c) after accel_init */

/* ---- code_buffer.c ---- */
bool code_buffer_init(uint64_t size, GError **error);
/* Lets the host emit its shared code at the start. */
bool code_buffer_init_host(const TargetOps *target, GError **error);
uint64_t code_buffer_size(void);
uint64_t code_buffer_used(void);
ptrdiff_t code_buffer_rx_delta(void);
/*
 * Gives th an empty chunk, and has the oldest retired when few are left; false: none is to be had just now. retire ends a block
 * whose memory is to be used again.
 */
bool code_buffer_next_chunk(TbThread *th, void (*retire)(TranslationBlock *tb));
/* Makes some chunks free at once. Exclusive section, or nothing runs. */
void code_buffer_evict(void (*retire)(TranslationBlock *tb));
/* How many chunks have been retired. A vCPU that sees it grow must drop what it knows of code in them before it runs guest code. */
uint64_t code_buffer_retired(void);
/* Calls fn for the blocks of chunks that were retired after the first since and up to now, by a vCPU that has been in guest code since: else they may be gone. False: too many. */
bool code_buffer_foreach_retired(uint64_t since, uint64_t now, void (*fn)(CPUState *cpu, const TranslationBlock *tb), CPUState *cpu);
/* Whether code lies in a chunk that was retired after the first so many. */
bool code_buffer_is_retired(const void *code, uint64_t since);
/* Files tb, just emitted into th's chunk, for tb_of_host_pc. */
void code_buffer_add(TbThread *th, TranslationBlock *tb);
/* Takes back the block that was added last, unless others may know it. */
void code_buffer_drop(TbThread *th, TranslationBlock *tb);
/* All chunks are free again. Exclusive section, or nothing runs. */
void code_buffer_reset(void);

/* ---- tb_table.c ---- */
TranslationBlock *tb_table_lookup(uint64_t pc, uint64_t flags, ram_addr_t phys);
/* Adds tb, or returns the equal block that is there already. */
TranslationBlock *tb_table_insert(TranslationBlock *tb);
/* Takes tb out; once for each block. */
void tb_table_remove(TranslationBlock *tb);
void tb_table_init(uint64_t buffer_bytes);
void tb_table_reset(void);

/* ---- code_page.c ---- */
/* Whether bytes [addr, addr + len), within a page, may have been translated. */
bool code_page_overlaps(ram_addr_t addr, unsigned len);
/* Whether the page of addr can be followed; else its code is translated afresh for each execution. */
bool code_page_possible(ram_addr_t addr);
/* th's translation is about to read the page of addr: slot 0 or 1. */
void code_page_begin(TbThread *th, unsigned slot, ram_addr_t addr);
/* The page of addr is about to be written: it is a code page no longer if nothing has been left of its code for some time, or at all when all of it will be. */
void code_page_release(ram_addr_t addr, bool all);
/* Marks bytes as read; before they are read. */
void code_page_mark(CodePage *page, unsigned offset, unsigned len);
/*
 * Ends the translation. Publishes tb when it may be: returns the published block, or an equal one that was there first.
 * NULL: tb may be used once. tb NULL: gives up.
 */
TranslationBlock *code_page_end(TbThread *th, TranslationBlock *tb);
/* Forgets all blocks; the pages stay code pages, so that they need not be made so again. Exclusive section. */
void code_pages_reset(void);
/* Ends a block whose room is wanted. */
void code_page_retire(TranslationBlock *tb);
/* The lock of the page that tb starts on. */
Lock *code_page_lock_of(const TranslationBlock *tb);
/* Held by threads outside cpu_exec_start..end while they are busy with blocks. */
extern Lock tb_outside_lock;

/* ---- tb_link.c ---- */
/* Undoes tb's links in both directions; under the lock of the page that it starts on. */
void tb_unlink_locked(TranslationBlock *tb);

/* ---- jump_cache.c ---- */
void jump_cache_insert(CPUState *cpu, TranslationBlock *tb, bool global_mapping);
TranslationBlock *jump_cache_lookup(CPUState *cpu, uint64_t pc, uint64_t flags);
/* Forgets a killed block, in the caller's own vCPU. */
void jump_cache_forget(CPUState *cpu, const TranslationBlock *tb);
/* Drops the entries of one jump_context's code (and what cannot be told apart from them). */
void jump_cache_flush_context(CPUState *cpu, uint64_t context);
/* jump_context has changed. */
void jump_cache_switch(CPUState *cpu);
/* Drops the entries of code at addresses first to last. */
void jump_cache_flush_span(CPUState *cpu, uint64_t first, uint64_t last);
/* Drops what this vCPU knows of code whose room is wanted, before it runs guest code. entering: it was outside cpu_exec_start..end since it did so last. True: there may have been some, so no pointer to a block from before is good. */
bool jump_cache_settle(CPUState *cpu, bool entering);
void tb_flags_reset(void);

/* ---- tb_translate.c ---- */
/* Translates; no_cache: for one use, at most max_insns instructions. May leave by a guest fault or because the buffer is full. */
TranslationBlock *tb_translate(CPUState *cpu, uint64_t pc, uint64_t flags, uint32_t max_insns, bool no_cache);
/* Emits f's code as a block for one use; NULL: it does not fit even an empty chunk. */
TranslationBlock *tb_emit(TbThread *th, IRFunc *f);
/* The translation in progress, if any, was left by a fault. */
void tb_translate_abort(CPUState *cpu);
/* A one-use block was run: its room is used again. */
void tb_discard(CPUState *cpu, TranslationBlock *tb);

/* ---- tb_flush.c ---- */
/* Empties everything. Exclusive section, or no vCPU runs. */
void tb_flush_now(void);
/* Makes room by dropping the oldest blocks. Exclusive section, or no vCPU runs. */
void tb_evict_now(void);
/* The same when all vCPUs have left generated code. */
void tb_evict_request(CPUState *cpu);
/* The calling thread's counts. Only of other threads than vCPUs' are they shared. */
void tb_count_added(void);
void tb_count_removed(bool invalidated);
void tb_count_translated(void);

/* ---- tb_log.c ---- */
void tb_log_guest(const IRFunc *f, const uint8_t *bytes, uint32_t size);
void tb_log_ir(const IRFunc *f, uint32_t item);
void tb_log_host(const TranslationBlock *tb);

/* ---- tb_store.c: for accel/mmu's stores ---- */
/*
 * Before a store of len bytes (within a page) to a page with code: drops the blocks it overwrites. When the running block is
 * one of them and goes on after this instruction, leaves, and the instruction is run again alone.
 */
void tb_store_begin(CPUState *cpu, ram_addr_t addr, unsigned len, uintptr_t ra);
/* After it: drops what was translated from the old bytes meanwhile. */
void tb_store_end(ram_addr_t addr, unsigned len);

#endif
