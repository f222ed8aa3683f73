/* SPDX-License-Identifier: MIT */
/*
 * Running one instruction alone: for atomic operations that the host cannot do atomically.
 *
 * All other vCPUs stay outside generated code meanwhile, so a plain load and store are atomic enough. Since they wait, only what
 * must be alone is: the instruction is translated before, and its exits lead to no other block (IRFunc.alone). Between the two
 * this vCPU is outside guest code: another may have rewritten the instruction, which is as if it had done so after it was fetched,
 * or may have taken the block's room away, which shows in code_buffer_retired, and then it is translated again.
 *
 * Interrupts are not looked at: none is taken before the instruction is done. A fault that it raises is left in exception_index
 * for the next cpu_exec, and so is that the debugger's single step is over. Work that others have queued, and full buffers, are
 * for the thread's loop before it comes here again.
 */
#include "accel/exec/exec_internal.h"
#include "accel/mmu/mmu_internal.h"
#include "accel/tb/tb_internal.h"

static TranslationBlock *translate(CPUState *cpu)
{
    uint64_t pc, flags;
    exec_next_block(cpu, &(Next){ 0 }, &pc, &flags);
    return tb_translate(cpu, pc, flags, 1, true);
}

/* NULL: that raised an exception, or the buffer is full. retired: how many chunks were retired at that time. */
static TranslationBlock *translate_before(CPUState *cpu, uint64_t *retired)
{
    TranslationBlock *volatile tb = NULL; /* the jump may come back after it was written */
    cpu_exec_start(cpu);
    exec_begin(cpu);
    *retired = code_buffer_retired();
    if (!sigsetjmp(cpu->jmp_env, 0))
        tb = translate(cpu);
    else
        exec_recover(cpu);
    exec_end(cpu);
    cpu_exec_end(cpu);
    return tb;
}

static void run(CPUState *cpu, TranslationBlock *tb, uint64_t retired)
{
    Next next = { 0 };
    if (UNLIKELY(code_buffer_retired() != retired)) {
        tb = translate(cpu);
        exec_settle(cpu, true); /* that may have made room */
    }
    exec_one_insn(cpu, tb, &next);
    if (cpu->singlestep & CPU_STEP_ENABLE)
        cpu->exception_index = EXCP_DEBUG;
}

void cpu_exec_step_atomic(CPUState *cpu)
{
    uint64_t retired;
    TranslationBlock *tb = translate_before(cpu, &retired);
    if (!tb)
        return;
    start_exclusive();
    exec_begin(cpu);
    if (!sigsetjmp(cpu->jmp_env, 0))
        run(cpu, tb, retired);
    else
        exec_recover(cpu);
    exec_end(cpu);
    end_exclusive();
}
