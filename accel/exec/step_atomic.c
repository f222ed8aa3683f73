/* SPDX-License-Identifier: MIT */
/*
 * Running one instruction alone: for atomic operations that the host cannot do atomically.
 *
 * All other vCPUs stay outside generated code meanwhile, so a plain load and store are atomic enough. A fault that the instruction
 * raises is left in exception_index for the next cpu_exec.
 */
#include "accel/exec/exec_internal.h"
#include "accel/tb/tb_internal.h"

static void step(CPUState *cpu)
{
    uint64_t pc, flags;
    exec_settle(cpu);
    cpu->target->get_block_state(cpu, &pc, &flags);
    TranslationBlock *tb = tb_translate(cpu, pc, flags, 1, true);
    host_ops->enter(cpu, tb->code);
    tb_discard(cpu, tb);
}

void cpu_exec_step_atomic(CPUState *cpu)
{
    start_exclusive();
    exec_begin(cpu);
    if (!sigsetjmp(cpu->jmp_env, 0))
        step(cpu);
    else
        exec_recover(cpu);
    exec_end(cpu);
    end_exclusive();
}
