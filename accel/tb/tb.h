/* SPDX-License-Identifier: MIT */
/*
 * Translation blocks: the table, links between blocks, invalidation, and the code buffer.
 *
 * A block is keyed by {pc, flags, ram_addr of its first byte}. Lookup and insertion take no lock; links, and the lists by which
 * a page finds its blocks, are under the lock of the page of guest RAM (code_page.c). Blocks live in the code buffer beside their
 * code. The oldest go when room is wanted, and their memory is used again when no vCPU can know them any more: a pointer that a
 * vCPU has found is good until it looks at exec_settle again, between two blocks or outside cpu_exec_start..end.
 *
 * An invalidated block cannot be entered: its first instruction has become a jump to the loop (HostOps.kill), whatever way a
 * vCPU comes by. Nobody has to look for pointers to it.
 *
 * Ways from block to block:
 *  - within a guest page: a direct jump in the code, patched when the target exists, unpatched when it is invalidated.
 *  - to another page, and for indirect jumps: an inline probe of CPUState.jump_cache. A tag is
 *        pc ^ (uint64_t)flag_id << 52 ^ (global ? 0 : jump_context)
 *    Executable pcs have bits 63:52 all equal to bit 55, so 12 bits are free: flag_id (7 bits, interned block flags) and a
 *    5-bit number of the current ASID's tables, both below bit 63's... exactly: flag_id at 52..58, ASID set at 59..62.
 *    Whatever drops a code mapping (TLB flush) drops the entries of its pages: jump_cache_flush_page, jump_cache_flush.
 *  - a call pushes {tag of the return address, code} on the return stack; a return pops and compares, then falls back to the
 *    jump cache. The return stack is emptied wherever the jump cache is.
 */
#ifndef ACCEL_TB_TB_H
#define ACCEL_TB_TB_H

#include "accel/ir/ir.h"
#include "cpus/cpu.h"
#include "memory/memory.h"

#define TB_MAX_LINKS 8 /* direct links out of a block; further exits go through the jump cache */
#define TB_MAX_GUEST_INSNS 256

typedef struct TranslationBlock TranslationBlock;

/* Where a fault or exit inside a block's code happened: sorted by host_offset, one entry per call that may look at guest state. host_offset is that of the return address from the code's start. */
typedef struct TBUnwind { uint32_t host_offset; uint32_t guest_insn; } TBUnwind;
/* A guest instruction, as given to ir_insn_start. pc_offset is from the block's pc. */
typedef struct TBInsn { int32_t pc_offset; uint32_t extra; } TBInsn;

typedef struct TBLink {
    uint32_t patch_offset;        /* (c) of the rel32 in the code; 0: no such link */
    uint32_t unlinked_offset;     /* (c) where the jump goes while unlinked */
    uint64_t pc, flags;           /* (c) of the exit (IRExit): what the target must have, whatever the CPU's state says */
    TranslationBlock *to;         /* (P) the lock of the page that both blocks start on; NULL: unlinked */
    TranslationBlock *from;       /* (c) the block that this link belongs to */
    struct TBLink *next_in;       /* (P) list of links into .to */
} TBLink;

struct TranslationBlock {
    uint64_t pc, flags;           /* (c) */
    ram_addr_t phys;              /* (c) of the first byte */
    ram_addr_t phys2;             /* (c) of the first byte on a second page, or RAM_ADDR_INVALID */
    uint32_t size;                /* (c) guest bytes */
    uint16_t n_guest;             /* (c) guest instructions */
    uint16_t flag_id;             /* (c) interned flags */
    bool no_cache;                /* (c) one-shot: not in the table */
    bool listed;                  /* (v) of its translator: it has been in a page's list, so others may know it */
    uint32_t invalid;             /* (a) set when invalidated, before HostOps.kill: it may not be found or linked to any more */
    const uint8_t *code;          /* (c) executable mapping */
    uint32_t code_size;           /* (c) bytes */
    uint32_t n_unwind;            /* (c) */
    const TBUnwind *unwind;       /* (c) */
    const TBInsn *insns;          /* (c) n_guest entries */
    uint32_t n_links;             /* (c) */
    TBLink *links;                /* (c) n_links of them; while the host compiles, room for TB_MAX_LINKS */
    TBLink *incoming;             /* (P) of the page that it starts on */
    uintptr_t hash_next;          /* (a) the next in the table's chain; bit 0: this one is out of it */
    TranslationBlock *page_next[2]; /* (P) of the page in question: blocks of the same page */
    TranslationBlock *doomed;     /* (v) of the thread that set invalid: what else it has to bury */
} __attribute__((aligned(16)));

/* What an exit that leaves generated code returns to the loop: a block pointer with a number in its low four bits, or a HOST_EXIT_*. */
#define TB_EXIT_MASK 15u
/* 0..TB_MAX_LINKS-1: the link of that number is not patched yet: pc has been stored. */
#define TB_EXIT_STALE 8u /* the block has been invalidated and nothing of it was run; pc has not been stored: it is the block's */

/* Sets up the code buffer (size bytes; 0: the default) and the table. */
bool tb_init(uint64_t size, GError **error);
void tb_thread_init(CPUState *cpu);
/* The block for the state, translated if it is not there yet. May leave by a guest fault. */
TranslationBlock *tb_find(CPUState *cpu, uint64_t pc, uint64_t flags);
/* Lookup only: in the jump cache, then in the table. NULL: not there, or its page is not mapped just now. */
TranslationBlock *tb_lookup(CPUState *cpu, uint64_t pc, uint64_t flags);
/* Links exit n of tb to target when both are valid and on the same guest page. */
void tb_link(TranslationBlock *tb, unsigned n, TranslationBlock *target);
/* Drops the blocks that overlap [addr, addr + len) of RAM. Any thread. */
void tb_invalidate(ram_addr_t addr, uint64_t len);
/* The block whose code contains host address pc, or NULL. */
TranslationBlock *tb_of_host_pc(uintptr_t pc);
/* Empties the code buffer when all vCPUs have left generated code. */
void tb_flush_request(CPUState *cpu);

uint16_t tb_intern_flags(const struct TargetOps *target, uint64_t flags);
uint64_t tb_jump_tag(const struct TargetOps *target, uint64_t pc, uint64_t flags, uint64_t jump_context);
/* Byte offset of pc's entry in CPUState.jump_cache: (((pc >> 2) ^ (pc >> 14)) & (CPU_JUMP_CACHE_SIZE - 1)) * 16, which generated code computes inline. */
static inline uint32_t tb_jump_offset(uint64_t pc) { return (uint32_t)(((pc >> 2) ^ (pc >> 14)) & (CPU_JUMP_CACHE_SIZE - 1)) * sizeof(CPUJumpEntry); }
void jump_cache_flush(CPUState *cpu);
void jump_cache_flush_page(CPUState *cpu, uint64_t va);
/* Statistics for "info jit". */
typedef struct TBStats { uint64_t blocks, code_bytes, buffer_bytes, retired /* parts of the buffer */, stops /* exclusive sections to make room */, invalidations, translated; } TBStats;
void tb_get_stats(TBStats *out);

#endif
