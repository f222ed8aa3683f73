/* SPDX-License-Identifier: MIT */
/* What the files of accel/exec share. */
#ifndef ACCEL_EXEC_EXEC_INTERNAL_H
#define ACCEL_EXEC_EXEC_INTERNAL_H

#include "accel/exec/exec.h"
#include "accel/tb/tb.h"

/* What the last block's exit says of the block that comes next. */
typedef struct Next {
    bool led;               /* it led there: .flags are the next block's, which may say more than the CPU's state (the targets' slow blocks) */
    uint64_t flags;
    TranslationBlock *from; /* by its link .n, which is to be patched when the next block is known; NULL: not by a link */
    unsigned n;
} Next;

/* pc and flags of the block to run next. */
void exec_next_block(CPUState *cpu, const Next *next, uint64_t *pc, uint64_t *flags);
/*
 * Runs tb, a block of one instruction for one use, and, where it leaves for another form of the same instruction (a slow block),
 * that one too: else what is always done by single instructions would come to the common form for ever.
 */
void exec_one_insn(CPUState *cpu, TranslationBlock *tb, Next *next);
/* Enters and leaves the state in which guest code may run: RCU read side, the target's clocks. */
void exec_begin(CPUState *cpu);
void exec_end(CPUState *cpu);
/* Carries out what other vCPUs' flushes, and blocks whose memory is wanted, ask of this one, before guest code runs. entering: for the first time since it came from outside. True: no pointer to a block from before is good. */
bool exec_settle(CPUState *cpu, bool entering);
/* After a helper or a fetch left by cpu_loop_exit: nothing of what was under way stays. */
void exec_recover(CPUState *cpu);

#endif
